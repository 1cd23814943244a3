//! The built programs on a terminal, for tests that type and look.

use std::io::{Read, Write};
use std::num::NonZero;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::fake_server::FakeServer;

/// Longest wait for anything; a loaded machine needs some of it.
const LIMIT: Duration = Duration::from_secs(60);

/// Longer than the client waits for two completions, and for a machine that is slow.
const COMPLETION_LIMIT: Duration = Duration::from_secs(12);

const ROWS: NonZero<u16> = NonZero::new(40).expect("not 0");
const COLUMNS: NonZero<u16> = NonZero::new(120).expect("not 0");

/// Among the local modes of a terminal on Linux: it shows what is typed, it gathers lines.
const ECHO: u32 = 0o10;
const ICANON: u32 = 0o2;

const PROMPT: &str = "ndb_mgm> ";

/// What the program wrote so far, as bytes and as the screen shows them.
struct Seen {
    raw: String,
    screen: vt100::Parser,
    ended: bool,
    reading: Reading,
}

/// What the terminal does with what the program writes.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    Goes,
    Rests,
    Ends,
}

/// A program in a terminal of 40 rows and, as a rule, 120 columns.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    /// None once it is closed.
    pty: Option<Box<dyn MasterPty + Send>>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    /// Where the home directory is; removed at the end.
    pub(crate) home: tempfile::TempDir,
}

impl Terminal {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    pub(crate) fn start_in(home: tempfile::TempDir, arguments: &[&str]) -> Self {
        Self::run(env!("CARGO_BIN_EXE_ndb_mgm"), home, arguments)
    }

    /// With these variables beside, or instead of, the usual ones.
    pub(crate) fn with_environment(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let program = env!("CARGO_BIN_EXE_ndb_mgm");
        Self::run_with(program, home, COLUMNS, variables, arguments)
    }

    pub(crate) fn of_width(columns: u16, arguments: &[&str]) -> Self {
        let (program, home) = (env!("CARGO_BIN_EXE_ndb_mgm"), tempfile::tempdir().unwrap());
        let columns = NonZero::new(columns).unwrap();
        Self::run_with(program, home, columns, &[], arguments)
    }

    /// With these arguments behind those that name the server.
    pub(crate) fn at_server_with(
        server: &FakeServer,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Self {
        let usual = [
            "--no-defaults",
            "-c",
            &server.address,
            "--connect-retries=1",
        ];
        let arguments: Vec<&str> = usual.iter().chain(arguments).copied().collect();
        Self::with_environment(variables, &arguments)
    }

    /// Any program of ours, in its home directory.
    pub(crate) fn run(program: &str, home: tempfile::TempDir, arguments: &[&str]) -> Self {
        Self::run_with(program, home, COLUMNS, &[], arguments)
    }

    fn run_with(
        program: &str,
        home: tempfile::TempDir,
        columns: NonZero<u16>,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize {
                rows: ROWS.get(),
                cols: columns.get(),
                ..PtySize::default()
            })
            .unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm");
        for (name, value) in variables {
            command.env(name, value);
        }
        command.cwd(home.path());
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let seen = Arc::new((
            Mutex::new(Seen {
                raw: String::new(),
                screen: vt100::Parser::new(ROWS, columns, 0),
                ended: false,
                reading: Reading::Goes,
            }),
            Condvar::new(),
        ));
        let reader = pty.master.try_clone_reader().unwrap();
        let keyboard = pty.master.take_writer().unwrap();
        watch(reader, Arc::clone(&seen));
        Self {
            child,
            keyboard,
            pty: Some(pty.master),
            seen,
            home,
        }
    }

    pub(crate) fn at_server(server: &FakeServer) -> Self {
        Self::start(&[
            "--no-defaults",
            "-c",
            &server.address,
            "--connect-retries=1",
        ])
    }

    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until the screen satisfies the test, and returns its text.
    pub(crate) fn wait_until(&self, what: &str, satisfied: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + LIMIT;
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        loop {
            let screen = without_hint(seen.screen.screen());
            if satisfied(&screen) {
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what}; the screen is:\n{screen}");
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// The second screen is shown, which leaves the first as it was.
    pub(crate) fn has_second_screen(&self) -> bool {
        self.seen
            .0
            .lock()
            .unwrap()
            .screen
            .screen()
            .alternate_screen()
    }

    pub(crate) fn hides_cursor(&self) -> bool {
        self.seen.0.lock().unwrap().screen.screen().hide_cursor()
    }

    /// Waits until the second screen was left.
    pub(crate) fn wait_for_first_screen(&self) {
        let deadline = Instant::now() + LIMIT;
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        while seen.screen.screen().alternate_screen() {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the second screen stays");
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until the program has written this so many times, be it shown or not.
    pub(crate) fn wait_for_written(&self, text: &str, times: usize) {
        let deadline = Instant::now() + LIMIT;
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        while seen.raw.matches(text).count() < times {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{text:?} was not written {times} times");
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Gives the terminal another size, of which the program is told.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let size = [rows, columns].map(|cells| NonZero::new(cells).unwrap());
        let mut seen = self.seen.0.lock().unwrap();
        seen.screen.screen_mut().set_size(size[0], size[1]);
        let size = PtySize {
            rows,
            cols: columns,
            ..PtySize::default()
        };
        self.pty.as_ref().unwrap().resize(size).unwrap();
    }

    /// Waits until the screen shows the text.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until what the prompt offers behind the typed text, which is dim, is this.
    pub(crate) fn wait_for_hint(&self, hint: &str) {
        let deadline = Instant::now() + LIMIT;
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        loop {
            let shown = hint_of(seen.screen.screen());
            if shown == hint {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {hint:?}; the hint is {shown:?}");
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Colour of the first letter of the text where it stands last on the screen, and whether all
    /// of it is bold.
    pub(crate) fn look_of(&self, text: &str) -> (vt100::Color, bool) {
        let seen = self.seen.0.lock().unwrap();
        let screen = seen.screen.screen();
        let (_, columns) = screen.size();
        let rows: Vec<String> = screen.rows(0, columns.get()).collect();
        let found = rows.iter().enumerate().rev().find_map(|(row, line)| {
            let at = line.rfind(text)?;
            Some((row, line[..at].chars().count()))
        });
        let (row, column) = found.unwrap_or_else(|| panic!("no {text} in:\n{}", rows.join("\n")));
        let cell = |at: usize| screen.cell(row as u16, (column + at) as u16).unwrap();
        let is_bold = (0..text.chars().count()).all(|at| cell(at).bold());
        (cell(0).fgcolor(), is_bold)
    }

    /// Waits until the cursor's line is the prompt and what is typed at it.
    pub(crate) fn wait_for_line(&self, typed: &str) -> String {
        let line = format!("{PROMPT}{typed}");
        self.wait_until(&line, |screen| ends_in(screen, &line))
    }

    /// Types keys with a Tab for what the server knows until they make this line: a question that
    /// is not answered in two seconds completes nothing, and is asked again.
    pub(crate) fn complete(&mut self, keys: &str, line: &str) {
        let line = format!("{PROMPT}{line}");
        let deadline = Instant::now() + LIMIT;
        loop {
            self.type_keys(keys);
            let (seen, changed) = &*self.seen;
            let is_other = |seen: &mut Seen| !ends_in(&without_hint(seen.screen.screen()), &line);
            let guard = seen.lock().unwrap();
            let wait = changed.wait_timeout_while(guard, COMPLETION_LIMIT, is_other);
            let (guard, result) = wait.unwrap();
            if !result.timed_out() {
                return;
            }
            let screen = guard.screen.screen().contents();
            assert!(Instant::now() < deadline, "no {line}:\n{screen}");
            drop(guard);
            self.type_keys("\x15");
            self.wait_for_line("");
        }
    }

    /// Waits until the terminal does not echo: passwords may be typed.
    pub(crate) fn wait_for_no_echo(&self) {
        let deadline = Instant::now() + LIMIT;
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        while self.local_modes() & ECHO != 0 {
            assert!(Instant::now() < deadline, "the terminal echoes");
            let moment = Duration::from_millis(5);
            seen = changed.wait_timeout(seen, moment).unwrap().0;
        }
    }

    /// The terminal gathers lines and shows what is typed, as it did when the program started.
    pub(crate) fn echoes_lines(&self) -> bool {
        self.local_modes() & (ECHO | ICANON) == ECHO | ICANON
    }

    fn local_modes(&self) -> u32 {
        let modes = self.pty.as_ref().unwrap().get_termios();
        modes.unwrap().local_flags.bits()
    }

    /// Lets the terminal take nothing any more, but for what it may be about to take now.
    pub(crate) fn stop_reading(&self) {
        self.set_reading(Reading::Rests);
    }

    /// Waits until the program has written most of what a terminal that rests can hold, some
    /// 8 KiB on Linux.
    pub(crate) fn wait_until_full(&self) {
        let written = || {
            let counts = std::fs::read_to_string(format!("/proc/{}/io", self.pid())).unwrap();
            let line = counts.lines().find_map(|line| line.strip_prefix("wchar: "));
            line.unwrap().parse::<u64>().unwrap()
        };
        let (before, deadline) = (self.everything().len() as u64, Instant::now() + LIMIT);
        while written() < before + (4 << 10) {
            assert!(Instant::now() < deadline, "little is written");
            thread::yield_now();
        }
    }

    /// Waits for the end of the program, and gives the most memory that it ever had, in KiB.
    pub(crate) fn wait_for_last_peak(&self) -> u64 {
        last_peak(self.pid())
    }

    fn set_reading(&self, reading: Reading) {
        let (seen, changed) = &*self.seen;
        // A test that has failed meanwhile ends the terminal, too.
        let seen = seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner).reading = reading;
        changed.notify_all();
    }

    /// Closes the terminal while the program waits at its prompt; the program's status.
    pub(crate) fn close(&mut self) -> u32 {
        self.set_reading(Reading::Ends);
        // Who reads is waiting for something to read, a blank that is shown.
        self.type_keys(" ");
        self.wait_for_last_read();
        // The keyboard says good-bye with keys, which the program is not to see.
        self.pause();
        self.keyboard = Box::new(std::io::sink());
        self.pty = None;
        self.wait_for_status()
    }

    /// Lets the program stand still until it is resumed, or its terminal is closed.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
        let state = format!("/proc/{}/stat", self.pid());
        let deadline = Instant::now() + LIMIT;
        while !std::fs::read_to_string(&state).unwrap().contains(") T ") {
            assert!(Instant::now() < deadline, "it does not stop");
            thread::yield_now();
        }
    }

    /// Lets the program go on.
    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    /// Waits for the status of a program whose terminal is not read.
    pub(crate) fn wait_for_status(&mut self) -> u32 {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "still running");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Types a password at its prompt.
    pub(crate) fn type_password(&mut self, prompt: &str, keys: &str) {
        self.wait_for(prompt);
        self.wait_for_no_echo();
        self.type_keys(keys);
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Ends the program as nothing else does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.wait_for_end();
    }

    pub(crate) fn everything(&self) -> String {
        self.seen.0.lock().unwrap().raw.clone()
    }

    /// Waits for the program's end and returns its status.
    pub(crate) fn wait_for_end(&mut self) -> u32 {
        self.wait_for_last_read();
        self.child.wait().unwrap().exit_code()
    }

    fn wait_for_last_read(&self) {
        let deadline = Instant::now() + LIMIT;
        let (seen, changed) = &*self.seen;
        let mut guard = seen.lock().unwrap();
        while !guard.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "still running:\n{}",
                guard.screen.screen().contents()
            );
            guard = changed.wait_timeout(guard, left).unwrap().0;
        }
    }

    /// Types a command and waits until the prompt is back.
    pub(crate) fn run_command(&mut self, command: &str) -> String {
        self.type_keys(command);
        self.wait_for_line(command);
        self.type_keys("\r");
        self.wait_for_line("")
    }

    pub(crate) fn quit(mut self) -> String {
        self.type_keys("QUIT\r");
        assert_eq!(self.wait_for_end(), 0);
        let text = self.everything();
        text.replace('\r', "")
    }

    pub(crate) fn history(&self) -> (String, u32) {
        let path = self.home.path().join(".ndb_mgm_history");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        (std::fs::read_to_string(path).unwrap(), mode & 0o777)
    }
}

/// True if the cursor's line is this one, but for blanks at its end.
fn ends_in(screen: &str, line: &str) -> bool {
    let last = screen.trim_end_matches('\n').lines().last();
    last.map(str::trim_end) == Some(line.trim_end())
}

/// Text of the screen but for dim letters, which nobody typed.
fn without_hint(screen: &vt100::Screen) -> String {
    let is_dim = |row, column| screen.cell(row, column).is_some_and(vt100::Cell::dim);
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let has_hint = (0..rows).any(|row| (0..columns).any(|column| is_dim(row, column)));
    if !has_hint {
        return screen.contents();
    }
    let mut text = String::new();
    for row in 0..rows {
        let mut line = String::new();
        for column in (0..columns).filter(|column| !is_dim(row, *column)) {
            match screen.cell(row, column).map(vt100::Cell::contents) {
                Some("") | None => line.push(' '),
                Some(letter) => line.push_str(letter),
            }
        }
        text.push_str(line.trim_end());
        if !screen.row_wrapped(row) {
            text.push('\n');
        }
    }
    text.trim_end_matches('\n').to_owned()
}

/// The dim letters of the screen.
fn hint_of(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let cells = (0..rows.get())
        .flat_map(|row| (0..columns.get()).filter_map(move |column| screen.cell(row, column)));
    cells
        .filter(|cell| cell.dim())
        .map(vt100::Cell::contents)
        .collect()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.set_reading(Reading::Ends);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watch(mut reader: Box<dyn Read + Send>, seen: Arc<(Mutex<Seen>, Condvar)>) {
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        loop {
            let size = reader.read(&mut chunk).unwrap_or(0);
            let (state, changed) = &*seen;
            let mut state = state.lock().unwrap();
            state.raw.push_str(&String::from_utf8_lossy(&chunk[..size]));
            state.screen.process(&chunk[..size]);
            state.ended = size == 0 || state.reading == Reading::Ends;
            changed.notify_all();
            while state.reading == Reading::Rests {
                state = changed.wait(state).unwrap();
            }
            if state.ended {
                return;
            }
        }
    });
}

/// Waits for the end of a child that nobody has waited for yet, and gives the most memory that it
/// ever had, in KiB.
pub(crate) fn last_peak(pid: u32) -> u64 {
    let status = format!("/proc/{pid}/status");
    let (mut last, deadline) = (0, Instant::now() + 3 * LIMIT);
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(peak) = peak else { return last };
        last = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(Instant::now() < deadline, "still running");
        thread::sleep(Duration::from_millis(5));
    }
}

//! The built programs on a terminal, for tests that type and look.

use std::io::{Read, Write};
use std::num::NonZero;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::fake_server::FakeServer;

/// Longest wait for anything; a loaded machine needs some of it.
const LIMIT: Duration = Duration::from_secs(20);

const ROWS: NonZero<u16> = NonZero::new(40).expect("not 0");
const COLUMNS: NonZero<u16> = NonZero::new(120).expect("not 0");

const PROMPT: &str = "ndb_mgm> ";

/// What the program wrote so far, as bytes and as the screen shows them.
struct Seen {
    raw: String,
    screen: vt100::Parser,
    ended: bool,
}

/// A program in a terminal of 40 rows and 120 columns.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    pty: Box<dyn MasterPty + Send>,
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
        Self::run_with(env!("CARGO_BIN_EXE_ndb_mgm"), home, variables, arguments)
    }

    /// Any program of ours, in its home directory.
    pub(crate) fn run(program: &str, home: tempfile::TempDir, arguments: &[&str]) -> Self {
        Self::run_with(program, home, &[], arguments)
    }

    fn run_with(
        program: &str,
        home: tempfile::TempDir,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize {
                rows: ROWS.get(),
                cols: COLUMNS.get(),
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
                screen: vt100::Parser::new(ROWS, COLUMNS, 0),
                ended: false,
            }),
            Condvar::new(),
        ));
        let reader = pty.master.try_clone_reader().unwrap();
        let keyboard = pty.master.take_writer().unwrap();
        watch(reader, Arc::clone(&seen));
        Self {
            child,
            keyboard,
            pty: pty.master,
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
            let screen = seen.screen.screen().contents();
            if satisfied(&screen) {
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what}; the screen is:\n{screen}");
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until the screen shows the text.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the cursor's line is the prompt and what is typed at it.
    pub(crate) fn wait_for_line(&self, typed: &str) -> String {
        let line = format!("{PROMPT}{typed}");
        self.wait_until(&line, |screen| {
            screen
                .trim_end_matches('\n')
                .lines()
                .last()
                .map(str::trim_end)
                == Some(line.trim_end())
        })
    }

    /// Waits until the terminal does not echo: passwords may be typed.
    pub(crate) fn wait_for_no_echo(&self) {
        /// ECHO among the local modes of a terminal on Linux.
        const ECHO: u32 = 0o10;
        let deadline = Instant::now() + LIMIT;
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        while self
            .pty
            .get_termios()
            .is_none_or(|modes| modes.local_flags.bits() & ECHO != 0)
        {
            assert!(Instant::now() < deadline, "the terminal echoes");
            let moment = Duration::from_millis(5);
            seen = changed.wait_timeout(seen, moment).unwrap().0;
        }
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
        drop(guard);
        self.child.wait().unwrap().exit_code()
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

impl Drop for Terminal {
    fn drop(&mut self) {
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
            state.ended = size == 0;
            changed.notify_all();
            if size == 0 {
                return;
            }
        }
    });
}

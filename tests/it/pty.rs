//! The built client on a terminal.

use std::io::{Read, Write};
use std::num::NonZero;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
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
const BANNER: &str = "-- NDB Cluster -- Management Client --";

/// What the client wrote so far, as bytes and as the screen shows them.
struct Seen {
    raw: String,
    screen: vt100::Parser,
    ended: bool,
}

/// The client in a terminal of 40 rows and 120 columns.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    pty: Box<dyn MasterPty + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    /// Where the home directory is; removed at the end.
    home: tempfile::TempDir,
}

impl Terminal {
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    fn start_in(home: tempfile::TempDir, arguments: &[&str]) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize {
                rows: ROWS.get(),
                cols: COLUMNS.get(),
                ..PtySize::default()
            })
            .unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ndb_mgm"));
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm");
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

    fn at_server(server: &FakeServer) -> Self {
        Self::start(&[
            "--no-defaults",
            "-c",
            &server.address,
            "--connect-retries=1",
        ])
    }

    fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until the screen satisfies the test, and returns its text.
    fn wait_until(&self, what: &str, satisfied: impl Fn(&str) -> bool) -> String {
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
    fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the cursor's line is the prompt and what is typed at it.
    fn wait_for_line(&self, typed: &str) -> String {
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
    fn wait_for_no_echo(&self) {
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
    fn type_password(&mut self, prompt: &str, keys: &str) {
        self.wait_for(prompt);
        self.wait_for_no_echo();
        self.type_keys(keys);
    }

    fn everything(&self) -> String {
        self.seen.0.lock().unwrap().raw.clone()
    }

    /// Waits for the client's end and returns its status.
    fn wait_for_end(&mut self) -> u32 {
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

    fn history(&self) -> (String, u32) {
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

#[test]
fn control_d_ends_the_client_with_success() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    let screen = terminal.wait_for_line("");
    assert!(screen.starts_with(BANNER), "{screen}");
    terminal.type_keys("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn control_c_at_the_prompt_forgets_the_line() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("HELP NOTHING");
    terminal.wait_for_line("HELP NOTHING");
    terminal.type_keys("\x03");
    terminal.wait_for_line("");
    terminal.type_keys("\rQUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(!terminal.everything().contains("No help for"));
}

#[test]
fn two_lines_in_one_write_both_run() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("HELP FOO\rHELP BAR\rQUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    let everything = terminal.everything();
    assert!(
        everything.contains("No help for FOO available"),
        "{everything}"
    );
    assert!(
        everything.contains("No help for BAR available"),
        "{everything}"
    );
}

#[test]
fn tab_completes_keywords() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP SNAPSHOTS\t");
    terminal.wait_for("START BACKUP SNAPSHOTSTART");
}

#[test]
fn typed_text_survives_an_event() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("PURGE STALE SESSIONS\r");
    terminal.wait_for("No sessions purged");
    terminal.wait_for_line("");
    terminal.type_keys("ALL STA");
    terminal.wait_for_line("ALL STA");
    server.backup_started(12);
    let screen = terminal.wait_until("event and line", |screen| {
        screen.contains("Node 2: Backup 12 started from node 1\nndb_mgm> ALL STA")
    });
    assert_eq!(screen.matches("ALL STA").count(), 1, "{screen}");
}

#[test]
fn control_c_during_a_wait_gives_the_prompt_back() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 31\r");
    server.wait_for_request("start backup");
    server.backup_started(31);
    terminal.wait_for("Node 2: Backup 31 started from node 1");
    terminal.type_keys("\x03");
    terminal.wait_for("ABORT BACKUP 31");
    terminal.wait_for_line("");
    // Commands use another connection, and the outcome comes as an event line does.
    terminal.type_keys("PURGE STALE SESSIONS\r");
    terminal.wait_for("No sessions purged");
    terminal.wait_for_line("");
    server.answer_backup(
        "result: Backup aborted by user request: Permanent error: User defined error",
    );
    terminal.wait_for("*  3001: Could not start backup");
    terminal.wait_for_line("");
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn the_event_comes_before_the_failure() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 32\r");
    server.wait_for_request("start backup");
    server.answer_backup(
        "result: Backup aborted by user request: Permanent error: User defined error",
    );
    server.backup_aborted(32);
    let screen = terminal.wait_for("Could not start backup");
    let event = screen.find("Node 2: Backup 32 started from 1 has been aborted. Error: 1321 - Backup aborted by user request");
    let failure = screen.find("Backup failed");
    assert!(event.is_some() && event < failure, "{screen}");
}

#[test]
fn the_backup_password_is_asked_for_twice_without_echo() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 33 ENCRYPT NOWAIT\r");
    terminal.type_password("Enter backup password:", "open sesame\r");
    terminal.type_password("Enter backup password again:", "open sesame\r");
    let request = server.wait_for_request("start backup");
    assert!(request.contains("encryption_password:\"open sesame\""));
    server.answer_backup("result: Ok");
    terminal.wait_for_line("");
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(!terminal.everything().contains("sesame"));
}

#[test]
fn control_c_at_the_password_starts_nothing() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 34 ENCRYPT\r");
    terminal.type_password("Enter backup password:", "open ses\x03");
    terminal.wait_for_line("");
    // The terminal echoes again.
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(terminal.everything().contains("QUIT"));
    let requests = server.requests();
    assert!(!requests.contains("start backup"), "{requests}");
}

#[test]
fn the_history_is_private_and_has_no_passwords() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".ndb_mgm_history");
    std::fs::write(
        &path,
        "_HiStOrY_V2_\nSTART\\040BACKUP\\040ENCRYPT\\040PASSWORD='older'\n",
    )
    .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut terminal = Terminal::start_in(
        home,
        &["--no-defaults", "--connect-retries=1", "-c", "127.0.0.1:1"],
    );
    terminal.wait_for_line("");
    terminal.type_keys("HELP FOO\rSTART BACKUP 5 ENCRYPT PASSWORD='hidden' NOWAIT\r");
    terminal.wait_for("Unable to connect");
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP ENCRYPT PASSWORD='unfinished\rQUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    let (history, mode) = terminal.history();
    assert_eq!(mode, 0o600);
    assert!(history.starts_with("_HiStOrY_V2_\n"), "{history}");
    assert!(history.contains("HELP\\040FOO"), "{history}");
    for secret in ["hidden", "older", "unfinished"] {
        assert!(!history.contains(secret), "{history}");
    }
    assert!(Path::new(&terminal.home.path().join(".ndb_mgm_history")).is_file());
}

#[test]
fn an_earlier_session_is_remembered_and_searched() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join(".ndb_mgm_history"),
        "_HiStOrY_V2_\nHELP\\040SHOW\nHELP\\040QUIT\n",
    )
    .unwrap();
    let mut terminal = Terminal::start_in(home, &["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("\x1b[A");
    terminal.wait_for_line("HELP QUIT");
    terminal.type_keys("\x12SHO");
    terminal.wait_for("HELP SHOW");
    terminal.type_keys("\x03");
}

/// The document's cluster: management server 5 and four data nodes. Writing slowly makes a backup
/// take about two seconds.
const DOCUMENT_CLUSTER: &str = "\
[ndbd default]
NoOfReplicas=2
MinDiskWriteSpeed=1M
MaxDiskWriteSpeed=1M
MaxDiskWriteSpeedOtherNodeRestart=1M
MaxDiskWriteSpeedOwnRestart=1M
[ndb_mgmd]
NodeId=5
HostName=127.0.0.1
[ndbd]
NodeId=1
HostName=127.0.0.1
[ndbd]
NodeId=2
HostName=127.0.0.1
[ndbd]
NodeId=3
HostName=127.0.0.1
[ndbd]
NodeId=4
HostName=127.0.0.1
[mysqld]
NodeId=6
";

impl Terminal {
    /// The client with the document's cluster simulated inside it.
    fn with_simulated_cluster() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config.ini"), DOCUMENT_CLUSTER).unwrap();
        let terminal = Self::start_in(home, &["--no-defaults", "--sim=config.ini"]);
        terminal.wait_for_line("");
        terminal
    }

    /// Types a command and waits until the prompt is back.
    fn run_command(&mut self, command: &str) -> String {
        self.type_keys(command);
        self.wait_for_line(command);
        self.type_keys("\r");
        self.wait_for_line("")
    }

    fn quit(mut self) -> String {
        self.type_keys("QUIT\r");
        assert_eq!(self.wait_for_end(), 0);
        let text = self.everything();
        text.replace('\r', "")
    }
}

#[test]
fn the_client_says_that_its_cluster_is_simulated() {
    let terminal = Terminal::with_simulated_cluster();
    let text = terminal.quit();
    assert!(text.contains("SIMULATED"), "{text}");
    assert!(
        text.contains("The cluster is simulated inside this process"),
        "{text}"
    );
}

#[test]
fn the_documents_session_with_the_default_wait() {
    let mut terminal = Terminal::with_simulated_cluster();
    let screen = terminal.run_command("START BACKUP");
    let story = [
        "ndb_mgm> START BACKUP\n",
        "Waiting for completed, this may take several minutes\n",
        "Node 1: Backup 1 started from node 5\n",
        "Node 1: Backup 1 started from node 5 completed\n StartGCP: ",
    ];
    let mut from = 0;
    for line in story {
        let found = screen[from..].find(line);
        from += found.unwrap_or_else(|| panic!("no {line} in\n{screen}")) + line.len();
    }
    let screen = &screen[from..];
    assert!(
        screen.contains(" StopGCP: ") && screen.contains("\n #Records: "),
        "{screen}"
    );
    assert!(screen.contains(" bytes Log: 0 bytes\nndb_mgm>"), "{screen}");
    for node in 1..=4 {
        let file = format!("ndb-sim-data/node-{node}/BACKUP/BACKUP-1/BACKUP-1.{node}.ctl");
        assert!(terminal.home.path().join(&file).is_file(), "{file}");
    }
    terminal.quit();
}

#[test]
fn the_documents_session_with_wait_started() {
    let mut terminal = Terminal::with_simulated_cluster();
    let screen = terminal.run_command("START BACKUP 3 WAIT STARTED");
    assert!(
        screen.contains(
            "Waiting for started, this may take several minutes\n\
             Node 1: Backup 3 started from node 5\n\
             ndb_mgm>"
        ),
        "{screen}"
    );
    terminal.wait_for("Node 1: Backup 3 started from node 5 completed");
    terminal.wait_for_line("");
    terminal.quit();
}

#[test]
fn the_documents_session_with_nowait() {
    let mut terminal = Terminal::with_simulated_cluster();
    terminal.run_command("ALL STATUS");
    terminal.type_keys("START BACKUP NOWAIT\r");
    // The prompt can be used while the backup is under way.
    terminal.wait_for("Node 1: Backup 1 started from node 5");
    let screen = terminal.run_command("ALL REPORT BackupStatus");
    assert!(screen.contains("backup 1 started from node 5"), "{screen}");
    terminal.wait_for("Node 1: Backup 1 started from node 5 completed");
    let text = terminal.quit();
    assert!(!text.contains("Waiting for"), "{text}");
}

#[test]
fn the_documents_session_with_abort() {
    let mut terminal = Terminal::with_simulated_cluster();
    terminal.run_command("START BACKUP 3 NOWAIT");
    terminal.wait_for("Node 1: Backup 3 started from node 5");
    terminal.type_keys("ABORT BACKUP 3\r");
    terminal.wait_for("Abort of backup 3 ordered");
    let aborted = |node: u32, error: &str| {
        format!("Node {node}: Backup 3 started from 5 has been aborted. Error: {error}\n")
    };
    let by_user = "1321 - Backup aborted by user request: Permanent error: User defined error";
    let by_order = "1323 - 1323: Permanent error: Internal error";
    let screen = terminal.wait_until("four aborted nodes", |screen| {
        (1..=4).all(|node| {
            screen.contains(&aborted(node, by_user)) || screen.contains(&aborted(node, by_order))
        })
    });
    assert_eq!(screen.matches(by_user).count(), 1, "{screen}");
    assert_eq!(screen.matches(by_order).count(), 3, "{screen}");
    terminal.wait_for_line("");
    let screen = terminal.run_command("ABORT BACKUP 3");
    assert!(
        screen.contains("ndb_mgm> ABORT BACKUP 3\nndb_mgm>"),
        "{screen}"
    );
    for node in 1..=4 {
        let directory = format!("ndb-sim-data/node-{node}/BACKUP/BACKUP-3");
        assert!(
            !terminal.home.path().join(&directory).exists(),
            "{directory}"
        );
    }
    terminal.quit();
}

#[test]
fn an_existing_backup_fails_after_its_event() {
    let mut terminal = Terminal::with_simulated_cluster();
    terminal.run_command("START BACKUP 4");
    let screen = terminal.run_command("START BACKUP 4");
    assert!(
        screen.contains(
            "Node 1: Backup 4 started from 5 has been aborted. Error: 1350 - Backup failed: file \
             already exists"
        ),
        "{screen}"
    );
    let event = screen.rfind("Error: 1350");
    assert!(
        event < screen.rfind("Backup failed\n*  3001: Could not start backup"),
        "{screen}"
    );
    terminal.quit();
}

//! A simulated cluster of two nodegroups within the test, and the built `ndb_mgm` at work on it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use ndbmgm::sim::{FaultPlan, parse_config_file};

use crate::server::Server;

/// Longest wait for a line or for the end of a program.
const LIMIT: Duration = Duration::from_secs(120);

/// Management server 1, data nodes 2 and 3 in nodegroup 0, 4 and 5 in nodegroup 1, API node 10.
pub(crate) const CONFIG: &str = "\
[ndbd default]
NoOfReplicas=2
[ndb_mgmd]
NodeId=1
HostName=localhost
[ndbd]
NodeId=2
[ndbd]
NodeId=3
[ndbd]
NodeId=4
[ndbd]
NodeId=5
[mysqld]
NodeId=10
";

pub(crate) struct FourNodes {
    pub(crate) server: Server,
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

impl FourNodes {
    /// A start phase or a step of a shutdown takes so many milliseconds.
    pub(crate) fn start(phase: u64) -> FourNodes {
        FourNodes::with(CONFIG, phase)
    }

    pub(crate) fn with(config: &str, phase: u64) -> FourNodes {
        FourNodes::with_rows(config, phase, 100)
    }

    /// Its database has so many rows.
    pub(crate) fn with_rows(config: &str, phase: u64, rows: u64) -> FourNodes {
        let server = Server::start(|sim, _| {
            sim.rows = rows;
            sim.topology = parse_config_file(config, Path::new("config.ini")).unwrap();
            sim.phase_time = Duration::from_millis(phase);
        });
        FourNodes { server }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.handle.port())
    }

    /// Adds faults; `after 0s` is now.
    pub(crate) fn fault(&self, lines: &str) {
        let plan = FaultPlan::parse(lines).unwrap();
        self.server.handle.add_faults(plan);
    }

    /// `ndb_mgm` with these arguments, in the background.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Running {
        begin(&self.address(), arguments)
    }

    /// Runs `ndb_mgm` with these arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.begin(arguments).wait()
    }

    /// Carries a command out; its text without the line about the connection.
    pub(crate) fn command(&self, command: &str) -> Done {
        let mut done = self.run(&["-e", command]);
        done.stdout = without_connection(&done.stdout);
        done
    }

    /// Carries out a command that must do what it says.
    pub(crate) fn good(&self, command: &str) -> String {
        let done = self.command(command);
        assert_eq!(done.status, 0, "{command}: {done:#?}");
        done.stdout
    }
}

pub(crate) fn without_connection(stdout: &str) -> String {
    let is_about_it = |line: &&str| line.starts_with("Connected to management server at");
    let lines = stdout.lines().filter(|line| !is_about_it(line));
    lines.map(|line| format!("{line}\n")).collect()
}

/// `ndb_mgm` at this address, in the background.
pub(crate) fn begin(address: &str, arguments: &[&str]) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(["--no-defaults", "-c", address])
        .args(arguments)
        .env_remove("NDB_CONNECTSTRING")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = Told::of(child.stdout.take().unwrap());
    let stderr = Told::of(child.stderr.take().unwrap());
    Running {
        child,
        stdout,
        stderr,
    }
}

/// What a program writes to one of its outputs, line by line.
struct Told {
    lines: Receiver<String>,
    /// The lines that have been received.
    seen: String,
}

impl Told {
    fn of(output: impl Read + Send + 'static) -> Told {
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                let mut line = String::new();
                let is_there = matches!(output.read_line(&mut line), Ok(1..));
                if !is_there || sender.send(line).is_err() {
                    return;
                }
            }
        });
        let seen = String::new();
        Told { lines, seen }
    }

    /// Waits for a line that begins so.
    fn wait_for(&mut self, start: &str) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("no line {start}: {}", self.seen));
            self.seen.push_str(&line);
            if line.starts_with(start) {
                return;
            }
        }
    }

    /// Waits until the program has closed it; all of it.
    fn whole(&mut self, deadline: Instant) -> String {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.seen.push_str(&line),
                Err(RecvTimeoutError::Timeout) => panic!("does not end: {}", self.seen),
                Err(RecvTimeoutError::Disconnected) => return std::mem::take(&mut self.seen),
            }
        }
    }
}

/// A program at work; it ends with the test.
pub(crate) struct Running {
    child: Child,
    stdout: Told,
    stderr: Told,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of standard output that begins so.
    pub(crate) fn wait_for(&mut self, start: &str) {
        self.stdout.wait_for(start);
    }

    /// Waits for a line of standard error that begins so.
    pub(crate) fn wait_for_advice(&mut self, start: &str) {
        self.stderr.wait_for(start);
    }

    /// Sends Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Done {
        let deadline = Instant::now() + LIMIT;
        let (stdout, stderr) = (self.stdout.whole(deadline), self.stderr.whole(deadline));
        let status = self.child.wait().unwrap();
        Done {
            stdout,
            stderr,
            status: status.code().unwrap_or(-1),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The built `ndb_sim`, and shell commands that find the built `ndb_mgm` and its address.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use tempfile::TempDir;

use crate::backup_files::backup_path;
use crate::server::ask;

/// Management server 1, data nodes 2 and 3, two API slots.
pub(crate) const TWO_NODES: &str = "\
[ndbd default]
NoOfReplicas=2
BackupReportFrequency=1
[ndb_mgmd]
NodeId=1
HostName=localhost
[ndbd]
NodeId=2
[ndbd]
NodeId=3
[mysqld]
NodeId=10
[mysqld]
NodeId=11
";

/// Management server 1, data node 2, one API slot; the parameters are the data node's.
pub(crate) fn one_node(parameters: &str) -> String {
    format!(
        "[ndbd default]\nNoOfReplicas=1\n{parameters}\n[ndb_mgmd]\nNodeId=1\n\
         HostName=localhost\n[mysqld]\nNodeId=10\n[ndbd]\nNodeId=2\n"
    )
}

/// A simulator of one test; it ends with the test.
pub(crate) struct Simulator {
    process: Child,
    stdout: BufReader<ChildStdout>,
    /// Host and port, as it says them.
    pub(crate) address: String,
    pub(crate) port: u16,
    /// Home of the clients, and where everything is that anybody writes.
    pub(crate) place: TempDir,
    /// The filter of all programs' logs; empty for none.
    log: &'static str,
}

/// What a shell command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

impl Simulator {
    pub(crate) fn start(config: &str, arguments: &[&str]) -> Simulator {
        Self::start_logging(config, arguments, "")
    }

    /// It and its clients log what the filter says.
    pub(crate) fn start_logging(config: &str, arguments: &[&str], log: &'static str) -> Simulator {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("config.ini");
        std::fs::write(&file, config).expect("config.ini");
        let stderr = std::fs::File::create(place.path().join("ndb_sim.err")).expect("a file");
        let mut process = Command::new(env!("CARGO_BIN_EXE_ndb_sim"))
            .arg("--config-file")
            .arg(&file)
            .args(["--port", "0", "--phase-time", "5"])
            .args(arguments)
            .arg("--data-dir")
            .arg(place.path().join("cluster"))
            .env("NDB_MGM_LOG", log)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the simulator starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut ready = String::new();
        stdout
            .read_line(&mut ready)
            .expect("the simulator says where it listens");
        let address = ready.trim().to_owned();
        let port = address.rsplit(':').next().and_then(|it| it.parse().ok());
        Simulator {
            process,
            stdout,
            port: port.unwrap_or_else(|| panic!("no port in {ready:?}")),
            address,
            place,
            log,
        }
    }

    /// Ends it; what it wrote, and what it said on stdout after its address.
    pub(crate) fn stop(mut self) -> (TempDir, Vec<u8>) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
        let mut rest = Vec::new();
        self.stdout.read_to_end(&mut rest).expect("a pipe");
        let empty = tempfile::tempdir().expect("a directory");
        (std::mem::replace(&mut self.place, empty), rest)
    }

    /// Sends it a signal and waits for its end; what it said on stderr.
    pub(crate) fn end_by(&mut self, signal: &str) -> (std::process::ExitStatus, String) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.expect("kill").success());
        let status = self.process.wait().expect("it ends");
        (status, self.said())
    }

    /// Sends it a signal that does not end it.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill").success());
    }

    /// What it said on stderr so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.place.path().join("ndb_sim.err")).expect("its stderr")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("a child").is_none()
    }

    /// Most memory that it ever had, in KiB, where the system tells.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("it listens")
    }

    /// Where a further management server listens.
    pub(crate) fn port_of(&self, server: u32) -> u16 {
        let mut stream = self.connect();
        let request = format!("show config\nNodeId: {server}\nName: PortNumber\n\n");
        let reply = ask(&mut stream, &request);
        let mut lines = reply.lines();
        let port = lines.find_map(|line| line.strip_prefix("PortNumber="));
        port.and_then(|it| it.parse().ok())
            .unwrap_or_else(|| panic!("no port of {server}: {reply}"))
    }

    /// Runs a program of ours with its home in this test's directory.
    pub(crate) fn program(&self, path: &str, arguments: &[&str], stdin: &str) -> Output {
        let mut child = Command::new(path)
            .arg("--no-defaults")
            .args(arguments)
            .current_dir(self.place.path())
            .env("HOME", self.place.path())
            .env("NDB_MGM_LOG", self.log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a program of ours");
        // The program may end without reading it.
        let mut input = child.stdin.take().expect("a pipe");
        let _ = input.write_all(stdin.as_bytes());
        drop(input);
        child.wait_with_output().expect("it ends")
    }

    pub(crate) fn client(&self, arguments: &[&str], stdin: &str) -> Output {
        let arguments = [&["-c", &self.address, "--connect-retries=1"], arguments].concat();
        self.program(env!("CARGO_BIN_EXE_ndb_mgm"), &arguments, stdin)
    }

    /// Where a data node has a backup.
    pub(crate) fn backup_dir(&self, node: u32, id: u32) -> PathBuf {
        self.cluster()
            .join(format!("node-{node}/BACKUP/BACKUP-{id}"))
    }

    /// A file of it, by its suffix.
    pub(crate) fn backup_file(&self, node: u32, id: u32, kind: &str) -> PathBuf {
        let base = self.cluster().join(format!("node-{node}"));
        backup_path(&base, node, id, kind)
    }

    /// Where the data nodes and management servers keep their files.
    pub(crate) fn cluster(&self) -> PathBuf {
        self.place.path().join("cluster")
    }

    /// Runs a script with bash in a directory of this test. `$C` is the connect string, `$H`
    /// and `$P` its two parts; `ndb_mgm` is ours and has no option files.
    pub(crate) fn bash(&self, script: &str) -> Outcome {
        let programs = Path::new(env!("CARGO_BIN_EXE_ndb_mgm")).parent();
        let programs = programs.expect("a directory").display();
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("timeout")
            .args(["180", "bash", "-c", script])
            .current_dir(self.place.path())
            .env("PATH", format!("{programs}:{path}"))
            .env("HOME", self.place.path())
            .env("LC_ALL", "C")
            .env("H", "127.0.0.1")
            .env("P", self.port.to_string())
            .env("C", format!("127.0.0.1:{}", self.port))
            .env_remove("NDB_CONNECTSTRING")
            .env_remove("NDB_MGM_AUTO_BACKUP_ID")
            .stdin(Stdio::null())
            .output()
            .expect("bash runs");
        Outcome {
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
            status: output.status.code().expect("an exit status"),
        }
    }

    /// Runs a script that must end well; what it printed, without the last newline.
    pub(crate) fn good(&self, script: &str) -> String {
        let outcome = self.bash(script);
        assert_eq!(outcome.status, 0, "{script}\n{outcome:#?}");
        outcome.stdout.trim_end_matches('\n').to_owned()
    }

    /// Runs a script that must fail with this status; what it printed.
    pub(crate) fn bad(&self, script: &str, status: i32) -> String {
        let outcome = self.bash(script);
        assert_eq!(outcome.status, status, "{script}\n{outcome:#?}");
        outcome.stdout
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

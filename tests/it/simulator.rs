//! The built `ndb_sim`, and shell commands that find the built `ndb_mgm` and its address.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

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

/// A simulator of one test; it ends with the test.
pub(crate) struct Simulator {
    process: Child,
    pub(crate) port: u16,
    directory: tempfile::TempDir,
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
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("config.ini");
        std::fs::write(&file, config).expect("config.ini");
        let mut process = Command::new(env!("CARGO_BIN_EXE_ndb_sim"))
            .arg("--config-file")
            .arg(&file)
            .args(["--port", "0", "--phase-time", "5"])
            .args(arguments)
            .arg("--data-dir")
            .arg(directory.path().join("cluster"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the simulator starts");
        let mut ready = String::new();
        let stdout = process.stdout.take().expect("a pipe");
        BufReader::new(stdout)
            .read_line(&mut ready)
            .expect("the simulator says where it listens");
        let port = ready
            .trim()
            .rsplit(':')
            .next()
            .and_then(|it| it.parse().ok());
        Simulator {
            process,
            port: port.unwrap_or_else(|| panic!("no port in {ready:?}")),
            directory,
        }
    }

    /// Where the data nodes and management servers keep their files.
    pub(crate) fn cluster(&self) -> std::path::PathBuf {
        self.directory.path().join("cluster")
    }

    /// Runs a script with bash in a directory of this test. `$C` is the connect string, `$H`
    /// and `$P` its two parts; `ndb_mgm` is ours and has no option files.
    pub(crate) fn bash(&self, script: &str) -> Outcome {
        let programs = Path::new(env!("CARGO_BIN_EXE_ndb_mgm")).parent();
        let programs = programs.expect("a directory").display();
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("timeout")
            .args(["60", "bash", "-c", script])
            .current_dir(self.directory.path())
            .env("PATH", format!("{programs}:{path}"))
            .env("HOME", self.directory.path())
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

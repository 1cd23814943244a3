//! A simulated cluster in a process of its own, the largest that there can be.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) const DATA_NODES: usize = 144;
pub(crate) const SERVERS: usize = 2;
pub(crate) const API_SLOTS: usize = 100;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

pub(crate) struct Simulator {
    pub(crate) process: Child,
    pub(crate) address: String,
}

impl Simulator {
    pub(crate) fn start(directory: &std::path::Path) -> Outcome<Self> {
        let mut config = String::from("[ndbd default]\nNoOfReplicas=2\n");
        let sections = [
            ("ndbd", DATA_NODES),
            ("ndb_mgmd", SERVERS),
            ("mysqld", API_SLOTS),
        ];
        let mut id = 0;
        for (section, count) in sections {
            for _ in 0..count {
                id += 1;
                writeln!(config, "[{section}]\nNodeId={id}")?;
                if section == "ndb_mgmd" {
                    config.push_str("HostName=127.0.0.1\n");
                }
            }
        }
        let file = directory.join("config.ini");
        std::fs::write(&file, config)?;
        let mut process = Command::new(env!("CARGO_BIN_EXE_ndb_sim"))
            .arg("--config-file")
            .arg(&file)
            .args(["--port", "0", "--data-dir"])
            .arg(directory.join("cluster"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("no pipe")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Simulator {
            process,
            address: address.trim().to_owned(),
        })
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

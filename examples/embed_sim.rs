//! Starts a simulated cluster inside this process, makes a backup over the real management
//! protocol, and shows the files that the data nodes have written.
//!
//! ```text
//! cargo run --example embed_sim
//! ```
//!
//! Any client can be used; this one speaks the protocol by hand, to show how little it takes.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use ndbmgm::sim::{self, SimConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let mut config = SimConfig::new(directory.path());
    config.rows = 1000;
    // Some changes while the backup runs, so that its log is not empty.
    config.updates = 20;
    let cluster = sim::start(config)?;
    println!("simulated cluster on {}", cluster.address());

    for line in request(&cluster, "start backup\ncompleted: 2\nbackuppoint: 0\n\n")? {
        println!("{line}");
    }
    cluster.shutdown()?;

    for node in ["node-2", "node-3"] {
        let files = directory.path().join(node).join("BACKUP/BACKUP-1");
        let mut names: Vec<_> = std::fs::read_dir(files)?.collect::<Result<_, _>>()?;
        names.sort_by_key(std::fs::DirEntry::file_name);
        for file in names {
            let bytes = file.metadata()?.len();
            println!("{node}: {} ({bytes} bytes)", file.file_name().display());
        }
    }
    Ok(())
}

/// Sends one request and returns the lines of its reply.
fn request(cluster: &sim::SimHandle, text: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mut stream = TcpStream::connect(cluster.address())?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(text.as_bytes())?;
    let mut lines = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    Ok(lines)
}

//! The built simulator against clients that flood it, stall, send garbage or leave half-way: it goes
//! on to answer others, and its memory stays small.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

/// Connections that are opened and closed.
const FLOOD: usize = 10_000;

/// Connections that stay open.
const LINGERING: usize = 200;

/// Far more than a simulator of one small cluster needs, in KiB.
const MEMORY_MAX: u64 = 96 * 1024;

struct Simulator {
    process: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Simulator {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_ndb_sim"))
            .args(["--port", "0", "--rows", "100", "--data-dir"])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            process,
            address: address.trim().to_owned(),
            _directory: directory,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        stream
    }

    /// An honest client gets its answer, whatever the others do.
    fn check_answers(&self, meanwhile: &str) {
        let mut stream = self.connect();
        stream.write_all(b"check connection\n\n").unwrap();
        let expected = "check connection reply\nresult: Ok\n\n";
        let mut reply = vec![0; expected.len()];
        stream.read_exact(&mut reply).expect(meanwhile);
        assert_eq!(String::from_utf8_lossy(&reply), expected, "{meanwhile}");
    }

    /// Most memory that the simulator ever had, in KiB.
    fn peak_memory(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn floods_stalls_and_garbage_leave_the_simulator_answering_and_small() {
    let mut simulator = Simulator::start();
    simulator.check_answers("at first");

    for _ in 0..FLOOD {
        drop(simulator.connect());
    }
    simulator.check_answers("after connections that only came and went");

    // Each holds a command without its end.
    let stalled: Vec<TcpStream> = (0..LINGERING)
        .map(|_| {
            let mut stream = simulator.connect();
            stream.write_all(b"get status\ntypes: N").unwrap();
            stream
        })
        .collect();
    simulator.check_answers("while others stall in a request");

    // Each asks again and again, and never reads.
    let deaf: Vec<TcpStream> = (0..5)
        .map(|_| {
            let mut stream = simulator.connect();
            stream
                .set_write_timeout(Some(Duration::from_millis(50)))
                .unwrap();
            // It blocks once the simulator has stopped reading, which is right.
            let _ = stream.write_all(&b"get status\n\n".repeat(20_000));
            stream
        })
        .collect();
    simulator.check_answers("while others do not read their replies");

    for seed in 0..LINGERING {
        let mut stream = simulator.connect();
        let garbage: Vec<u8> = (0..4096)
            .map(|index| ((index * 31 + seed * 17) % 251) as u8)
            .collect();
        // The simulator may close before all of it is written.
        let _ = stream.write_all(&garbage);
    }
    simulator.check_answers("after garbage");

    for _ in 0..20 {
        let mut stream = simulator.connect();
        let line = [b'a'; 64 * 1024];
        while stream.write_all(&line).is_ok() {}
    }
    simulator.check_answers("after lines without end");

    for _ in 0..LINGERING {
        let mut stream = simulator.connect();
        stream.write_all(b"get status").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        // Closed without an answer: what is incomplete is never run.
        let _ = stream.read_to_end(&mut rest);
        assert_eq!(rest, b"");
    }
    simulator.check_answers("after half-closed connections");

    drop((stalled, deaf));
    simulator.check_answers("at last");
    assert!(simulator.process.try_wait().unwrap().is_none());
    if let Some(memory) = simulator.peak_memory() {
        println!("peak memory of the simulator: {memory} KiB");
        assert!(memory < MEMORY_MAX, "{memory} KiB");
    }
}

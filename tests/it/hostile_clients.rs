//! The built simulator against clients that flood it, stall, send garbage or leave half-way: it goes
//! on to answer others, and its memory stays small.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::simulator::{Simulator, TWO_NODES};

const LIMIT: Duration = Duration::from_secs(60);

/// Connections that are opened and closed.
const FLOOD: usize = 10_000;

/// So many wait at most until they are accepted: the system lets one more wait for seconds.
const QUEUE: usize = 100;

/// Connections that stay open.
const LINGERING: usize = 200;

/// Far more than a simulator of one small cluster needs, in KiB.
const MEMORY_MAX: u64 = 96 * 1024;

fn connect(simulator: &Simulator) -> TcpStream {
    let stream = simulator.connect();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

/// An honest client gets its answer, whatever the others do.
fn check_answers(simulator: &Simulator, meanwhile: &str) {
    let mut stream = connect(simulator);
    stream.write_all(b"check connection\n\n").unwrap();
    let expected = "check connection reply\nresult: Ok\n\n";
    let mut reply = vec![0; expected.len()];
    stream.read_exact(&mut reply).expect(meanwhile);
    assert_eq!(String::from_utf8_lossy(&reply), expected, "{meanwhile}");
}

#[test]
fn floods_stalls_and_garbage_leave_the_simulator_answering_and_small() {
    let mut simulator = Simulator::start(TWO_NODES, &["--rows", "100"]);
    check_answers(&simulator, "at first");

    for _ in 0..FLOOD / QUEUE {
        for _ in 0..QUEUE {
            drop(connect(&simulator));
        }
        check_answers(&simulator, "between connections that only came and went");
    }
    check_answers(&simulator, "after connections that only came and went");

    // Each holds a command without its end.
    let stalled: Vec<TcpStream> = (0..LINGERING)
        .map(|_| {
            let mut stream = connect(&simulator);
            stream.write_all(b"get status\ntypes: N").unwrap();
            stream
        })
        .collect();
    check_answers(&simulator, "while others stall in a request");

    // Each asks again and again, and never reads.
    let deaf: Vec<TcpStream> = (0..5)
        .map(|_| {
            let mut stream = connect(&simulator);
            stream
                .set_write_timeout(Some(Duration::from_millis(50)))
                .unwrap();
            // It blocks once the simulator has stopped reading, which is right.
            let _ = stream.write_all(&b"get status\n\n".repeat(20_000));
            stream
        })
        .collect();
    check_answers(&simulator, "while others do not read their replies");

    for seed in 0..LINGERING {
        let mut stream = connect(&simulator);
        let garbage: Vec<u8> = (0..4096)
            .map(|index| ((index * 31 + seed * 17) % 251) as u8)
            .collect();
        // The simulator may close before all of it is written.
        let _ = stream.write_all(&garbage);
    }
    check_answers(&simulator, "after garbage");

    for _ in 0..20 {
        let mut stream = connect(&simulator);
        let line = [b'a'; 64 * 1024];
        while stream.write_all(&line).is_ok() {}
    }
    check_answers(&simulator, "after lines without end");

    for _ in 0..LINGERING {
        let mut stream = connect(&simulator);
        stream.write_all(b"get status").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        // Closed without an answer: what is incomplete is never run.
        let _ = stream.read_to_end(&mut rest);
        assert_eq!(rest, b"");
    }
    check_answers(&simulator, "after half-closed connections");

    drop((stalled, deaf));
    check_answers(&simulator, "at last");
    assert!(simulator.is_running());
    if let Some(memory) = simulator.peak_memory() {
        println!("peak memory of the simulator: {memory} KiB");
        assert!(memory < MEMORY_MAX, "{memory} KiB");
    }
}

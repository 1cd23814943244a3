//! Every recorded client, played back to our simulator.
//!
//! Each request must be answered with the recorded reply's lines in the recorded order. Values may
//! differ (addresses, counters, ports), but not the outcome in a `result:` line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::simulator::Simulator;
use crate::trace::{Chunk, Side, Trace};

const LIMIT: Duration = Duration::from_secs(60);

const CONFIG: &str = "\
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
[mysqld]
NodeId=12
[mysqld]
NodeId=13
";

/// The recorded cluster, simulated; `slow` makes a backup last long enough to be seen running.
fn recorded_cluster(slow: bool) -> Simulator {
    let speed = "\nMaxDiskWriteSpeed=1M\nMinDiskWriteSpeed=1M\n[ndb_mgmd]";
    if slow {
        let config = CONFIG.replacen("\n[ndb_mgmd]", speed, 1);
        Simulator::start(&config, &["--rows", "200000"])
    } else {
        Simulator::start(CONFIG, &["--rows", "300"])
    }
}

fn connect(simulator: &Simulator) -> Line {
    let socket = TcpStream::connect(("127.0.0.1", simulator.port)).expect("the simulator listens");
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    Line {
        reader: BufReader::new(socket.try_clone().unwrap()),
        socket,
    }
}

/// One connection, read line by line.
struct Line {
    socket: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Line {
    fn send(&mut self, text: &str) {
        self.socket
            .write_all(text.as_bytes())
            .expect("the simulator reads");
    }

    fn read(&mut self) -> String {
        let mut line = String::new();
        self.reader
            .read_line(&mut line)
            .expect("a line within the limit");
        assert!(line.ends_with('\n'), "the connection ended in {line:?}");
        line.pop();
        line
    }

    /// Reads to the end of a block.
    fn read_block(&mut self) -> Vec<String> {
        let mut block = Vec::new();
        let deadline = Instant::now() + LIMIT;
        loop {
            assert!(Instant::now() < deadline, "only PINGs within the limit");
            let line = self.read();
            if line == "<PING>" {
                continue;
            }
            if line.is_empty() {
                return block;
            }
            block.push(line);
        }
    }

    fn ask(&mut self, request: &str) -> Vec<String> {
        self.send(request);
        self.read_block()
    }
}

/// Requests that bring about what was so when the recording was made.
fn prepare(name: &str, simulator: &Simulator) -> Option<Line> {
    let requests: &[&str] = match name {
        "backup_201_exists" => &["start backup\nbackupid: 201\ncompleted: 2\n\n"],
        "piped_backup_exists" => &["start backup\nbackupid: 231\ncompleted: 2\n\n"],
        "backup_already_running"
        | "backup_already_running_nowait"
        | "report_backup_running"
        | "abort_running" => &["start backup\nbackupid: 242\ncompleted: 1\n\n"],
        "abort_246" => &["start backup\nbackupid: 246\ncompleted: 1\n\n"],
        "clusterlog_toggle_back" => &[
            "set logfilter\nenable: 0\nlevel: 2\n\n",
            "set logfilter\nenable: 0\nlevel: 4\n\n",
        ],
        "stop_last" => &["stop v2\nnode: 3\nabort: 0\nforce: 0\n\n"],
        _ => return None,
    };
    let mut line = connect(simulator);
    for request in requests {
        let reply = line.ask(request);
        let done = ["result: Ok", "result: 0"].contains(&reply[1].as_str());
        assert!(done, "{name}: preparation: {reply:?}");
    }
    Some(line)
}

/// Recordings that show a running backup.
fn is_slow(name: &str) -> bool {
    matches!(
        name,
        "backup_already_running"
            | "backup_already_running_nowait"
            | "backup_aborted_wait_completed"
            | "backup_slow_nowait"
            | "abort_246"
            | "abort_running"
            | "piped_backup_wait_started_then_abort"
            | "piped_nowait_progress_abort"
            | "report_backup_running"
    )
}

/// Name of a line: what stands before its separator.
fn key(line: &str) -> &str {
    line.split([':', '=']).next().unwrap_or(line)
}

fn assert_same_line(name: &str, have: &str, want: &str) {
    // Node ids are part of the names; the recorded cluster has the same nodes as ours.
    assert_eq!(
        key(have),
        key(want),
        "{name}: line {have:?} where {want:?} was recorded"
    );
    if want.starts_with("result:") {
        assert_eq!(have, want, "{name}: another outcome");
    }
}

/// Plays the recorded requests of one connection and compares the replies.
fn converse(name: &str, line: &mut Line, chunks: &[Chunk], simulator: &Simulator) -> usize {
    let mut compared = 0;
    for (index, chunk) in chunks.iter().enumerate() {
        match chunk.side {
            Side::Client => {
                if chunk.lines[0] == "abort backup" && name.starts_with("piped_") {
                    // The recorded session slept until there was something to see.
                    wait_until_running(simulator);
                }
                line.send(&chunk.text());
                if chunk.lines[0] == "start backup" && name == "backup_aborted_wait_completed" {
                    let mut other = wait_until_running(simulator);
                    let reply = other.ask("abort backup\nid: 241\n\n");
                    assert_eq!(reply, ["abort backup reply", "result: Ok"]);
                }
            }
            Side::Server => {
                compare_reply(name, line, chunk);
                compared += 1;
            }
        }
        let last_of_its_side = chunks
            .get(index + 1)
            .is_none_or(|next| next.side != chunk.side);
        assert!(last_of_its_side, "{name}: chunks of one side are merged");
    }
    compared
}

fn compare_reply(name: &str, line: &mut Line, chunk: &Chunk) {
    // How much a node has saved of its past is its own; every record has the same lines.
    let lines = if name == "report_eventlog" && chunk.lines[0] == "dump events reply" {
        let records = chunk.lines.split(|line| line.is_empty()).take(8);
        records
            .flat_map(|record| record.iter().cloned().chain([String::new()]))
            .collect()
    } else {
        chunk.lines.clone()
    };
    for want in &lines {
        if want.is_empty() {
            assert_eq!(line.read(), "", "{name}: end of a block");
            continue;
        }
        let have = line.read();
        if let Some(length) = have.strip_prefix("Content-Length: ") {
            assert!(want.starts_with("Content-Length: "), "{name}: {want:?}");
            let rest = line.read_block();
            assert_eq!(
                rest,
                [
                    "Content-Type: ndbconfig/octet-stream",
                    "Content-Transfer-Encoding: base64"
                ]
            );
            let length: usize = length.parse().unwrap();
            assert!(
                length < 1 << 20,
                "{name}: a configuration of {length} bytes"
            );
            let mut payload = vec![0; length + 1];
            line.reader
                .read_exact(&mut payload)
                .expect("the whole configuration");
            assert_eq!(payload.pop(), Some(b'\n'));
            assert!(
                payload.starts_with(b"TkRCQ09ORjI"),
                "{name}: the packed configuration's magic"
            );
            return;
        }
        assert_same_line(name, &have, want);
    }
}

/// Waits until the data nodes report a backup that has written something.
fn wait_until_running(simulator: &Simulator) -> Line {
    let mut line = connect(simulator);
    let deadline = Instant::now() + LIMIT;
    loop {
        assert!(Instant::now() < deadline, "no backup ran");
        let reply = line.ask("dump events\ntype: 62\n\n");
        let events: usize = reply[2]["events: ".len()..].parse().unwrap();
        let written = |event: &Vec<String>| {
            event.iter().any(|line| {
                line.strip_prefix("n_bytes_lo=")
                    .is_some_and(|bytes| bytes != "0")
            })
        };
        if (0..events)
            .map(|_| line.read_block())
            .filter(written)
            .count()
            > 0
        {
            return line;
        }
    }
}

/// Types of the backup events among an event connection's lines, one for several in a row.
fn backup_events(lines: &[String]) -> Vec<&str> {
    let mut types: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("type="))
        .filter(|kind| matches!(*kind, "54" | "55" | "56" | "57"))
        .collect();
    types.dedup();
    types
}

fn replay(trace: &Trace) -> usize {
    let name = trace.name.as_str();
    let simulator = recorded_cluster(is_slow(name));
    let _prepared = prepare(name, &simulator);
    let listens = |chunks: &&Vec<Chunk>| {
        chunks
            .first()
            .is_some_and(|chunk| chunk.lines[0] == "listen event")
    };
    let mut listeners: Vec<(Line, Vec<&str>)> = Vec::new();
    for chunks in trace.connections.iter().filter(listens) {
        let mut line = connect(&simulator);
        line.send(&chunks[0].text());
        assert_eq!(line.read_block(), ["listen event", "result: 0"], "{name}");
        listeners.push((line, backup_events(&chunks[1].lines)));
    }
    let mut compared = listeners.len();
    for chunks in trace.connections.iter().filter(|chunks| !listens(chunks)) {
        compared += converse(name, &mut connect(&simulator), chunks, &simulator);
    }
    for (line, want) in &mut listeners {
        let mut have: Vec<String> = Vec::new();
        while backup_events(&have).len() < want.len() {
            have.extend(line.read_block());
        }
        assert_eq!(&backup_events(&have), want, "{name}: events");
    }
    compared
}

#[test]
fn the_simulator_answers_every_recorded_request_with_the_recorded_lines() {
    let mut requests = 0;
    let mut failures = Vec::new();
    for trace in Trace::all() {
        let name = trace.name.clone();
        match std::panic::catch_unwind(|| replay(&trace)) {
            Ok(compared) => requests += compared,
            Err(_) => failures.push(name),
        }
    }
    println!("{requests} replies compared");
    assert_eq!(failures, Vec::<String>::new());
}

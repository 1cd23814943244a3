//! The raw requests of the recorded sessions, sent to our simulator byte by byte.
//!
//! The reply must be the recorded one. What may differ is listed here, with the reason.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use ndbmgm::sim::{FaultPlan, SimConfig, parse_config_file};

use crate::exchanges::{self, Block, Exchange};
use crate::server::Server;

const LIMIT: Duration = Duration::from_secs(60);

/// Lines whose value may differ: first line of the request, prefix of the line, why.
const MAY_DIFFER: [(&str, &str, &str); 12] = [
    (
        "list sessions",
        "session: ",
        "sessions are counted from the server's start",
    ),
    (
        "list sessions",
        "session.",
        "the same number is part of the name",
    ),
    ("get session id", "id: ", "the same"),
    ("get tls stats", "accepted: ", "all connections so far"),
    (
        "show variables",
        "configdir: ",
        "the simulator has no directory of configurations",
    ),
    ("show variables", "port: ", "a free one"),
    ("dump events", "n_bytes_lo=", "a running backup's progress"),
    (
        "dump events",
        "n_records_lo=",
        "a running backup's progress",
    ),
    ("dump events", "pages_used=", "another database"),
    (
        "dump events",
        "pages_total=",
        "DataMemory is not the recorded cluster's",
    ),
    (
        "dump events",
        "events: ",
        "how much a node remembers is its own",
    ),
    ("dump events", "data=", "what it remembers too"),
];

/// Management server 49, data nodes 1 and 2, API nodes 50 to 52, as recorded.
struct Recorded(Server);

impl Recorded {
    fn start(api_nodes: &str, speed: &str, adjust: impl FnOnce(&mut SimConfig)) -> Recorded {
        Recorded(Server::start(|settings, root| {
            let root = root.display();
            let config = format!(
                "[system]\nName=MC_20261122060502\nConfigGenerationNumber=0\n\
                 [ndbd default]\nNoOfReplicas=2\nDataDir={root}/d\n{speed}\n\
                 [ndb_mgmd]\nNodeId=49\nHostName=localhost\n[ndbd]\nNodeId=1\n[ndbd]\nNodeId=2\n\
                 {api_nodes}"
            );
            settings.topology = parse_config_file(&config, Path::new("config.ini")).unwrap();
            adjust(settings);
        }))
    }

    /// Brings about what a block of the recording presupposes.
    fn prepare(&self, block: &str) {
        for request in before(block) {
            let mut stream = self.0.connect();
            stream.write_all(request.as_bytes()).unwrap();
            let reply = read_lines(&mut stream, 2);
            let done = ["result: Ok\n", "result: 1\n"]
                .iter()
                .any(|it| reply.ends_with(it));
            assert!(done, "{reply}");
        }
    }

    /// Plays a block on a connection of its own and ends it cleanly.
    fn play(&self, block: &Block) {
        let mut stream = self.0.connect();
        for exchange in &block.exchanges {
            if !self.exchange(&mut stream, &block.name, exchange) {
                return;
            }
        }
        // Its session is gone once the server closes, so that the next block sees none.
        stream.write_all(b"bye\n\n").unwrap();
        assert_eq!(rest(&mut stream), "", "{}", block.name);
    }

    /// Plays one exchange; false if the connection is not usable afterwards.
    fn exchange(&self, stream: &mut TcpStream, name: &str, exchange: &Exchange) -> bool {
        let Exchange { request, reply } = exchange;
        let directory = self.0.directory.path().display().to_string();
        let want = reply.replace("/var/lib/mysql-cluster", &directory);
        let command = request.trim_start().lines().next().unwrap();
        let deadline = Instant::now() + LIMIT;
        loop {
            stream.write_all(request.as_bytes()).unwrap();
            if want == "<EOF>" || command == "transporter connect" {
                assert_eq!(rest(stream), "", "{name}: {request:?}");
                return false;
            }
            if let Some(end) = want.find("<PING>\n") {
                // The interval between PINGs is half a second; two of the recorded ones do.
                let want = format!("{}<PING>\n<PING>\n", &want[..end]);
                assert_eq!(read_lines(stream, want.lines().count()), want, "{name}");
                return false;
            }
            let have = read_reply(stream, command, &want);
            let (have, want) = (masked(command, &have), masked(command, &want));
            // The data nodes take their time to report and to remove what an abort leaves.
            let may_wait = command == "dump events" && Instant::now() < deadline;
            if have == want || !may_wait {
                assert_eq!(have, want, "{name}: {request:?}");
                return true;
            }
        }
    }
}

/// Reads as many lines as the recorded reply has. How many events come a reply says itself; the
/// recorded ones that were cut off end with a whole record.
fn read_reply(stream: &mut TcpStream, command: &str, want: &str) -> String {
    if command != "dump events" || !want.contains("events: ") {
        return read_lines(stream, want.matches('\n').count());
    }
    let mut have = read_lines(stream, 4);
    let count = have.lines().find_map(|line| line.strip_prefix("events: "));
    let count: usize = count.unwrap().parse().unwrap();
    let wanted = want.matches("log event reply\n").count();
    for index in 0..count {
        let mut record = String::new();
        while !record.ends_with("\n\n") {
            record.push_str(&read_lines(stream, 1));
        }
        if index < wanted {
            have.push_str(&record);
        }
    }
    have
}

fn read_lines(stream: &mut TcpStream, count: usize) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    let mut lines = 0;
    while lines < count {
        stream.read_exact(&mut byte).unwrap_or_else(|error| {
            panic!("{error} after {:?}", String::from_utf8_lossy(&bytes));
        });
        lines += usize::from(byte[0] == b'\n');
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).unwrap()
}

fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    // A reset is an end too.
    let _ = stream.read_to_string(&mut text);
    text
}

/// The reply without what may differ. The nodes' records come in no particular order.
fn masked(command: &str, reply: &str) -> String {
    let masked: String = reply
        .lines()
        .map(|line| {
            let rule = MAY_DIFFER
                .iter()
                .find(|(of, prefix, _)| *of == command && line.starts_with(prefix));
            match rule {
                Some((_, prefix, _)) if line.starts_with("session.") => {
                    let (_, field) = line[prefix.len()..].split_once('.').unwrap();
                    format!("{prefix}{field}\n")
                }
                Some((_, prefix, _)) => format!("{prefix}\n"),
                None => format!("{line}\n"),
            }
        })
        .collect();
    if command != "dump events" {
        return masked;
    }
    let mut records: Vec<&str> = masked.split("\n\n").collect();
    records[1..].sort_unstable();
    records.join("\n\n")
}

#[test]
fn a_server_without_data_nodes_answers_as_recorded() {
    let api_nodes = "[mysqld]\nNodeId=50\nHostName=localhost\n[mysqld]\nNodeId=51\n";
    let server = Recorded::start(api_nodes, "", |settings| {
        let script = "after 0ms fail-node 1\nafter 0ms fail-node 2\n";
        settings.faults = FaultPlan::parse(script).unwrap();
    });
    let blocks = exchanges::read("no-data-nodes");
    assert!(blocks.len() > 50, "{} blocks", blocks.len());
    for block in &blocks {
        server.prepare(&block.name);
        server.play(block);
    }
}

/// What the recorded server had gone through before this block, as requests.
fn before(block: &str) -> &'static [&'static str] {
    match block {
        "default completed" => &["start backup\nbackupid: 302\n\n"],
        "backupid 0" => &["start backup\nbackupid: 303\n\n"],
        // DEBUG, off at first, was on when the two toggles were recorded.
        "logfilter" => &["set logfilter\nlevel: 1\nenable: 1\n\n"],
        _ => &[],
    }
}

#[test]
fn a_cluster_in_service_answers_as_recorded() {
    let api_nodes = "[mysqld]\nNodeId=50\n[mysqld]\nNodeId=51\n[mysqld]\nNodeId=52\n";
    let blocks = exchanges::read("live");
    assert_eq!(blocks.len(), 8);
    for block in &blocks {
        // The recorded backup was caught in its 50 milliseconds; ours lasts until the abort.
        let is_slow = block.name == "abort running backup (completed 1)";
        let (speed, rows) = match is_slow {
            true => ("MinDiskWriteSpeed=1M\nMaxDiskWriteSpeed=1M", 100_000),
            false => ("", 100),
        };
        let server = Recorded::start(api_nodes, speed, |settings| settings.rows = rows);
        server.prepare(&block.name);
        server.play(block);
    }
}

/// A request, and the reply of ours where it is not the recorded one.
#[test]
fn lines_over_the_limit_and_unended_requests_run_nothing() {
    let server = Recorded::start("[mysqld]\nNodeId=50\n", "", |_| {});
    let mut stream = server.0.connect();
    // The longest line that is read: as recorded.
    let longest = "x".repeat(510);
    stream
        .write_all(format!("{longest}\n\n").as_bytes())
        .unwrap();
    let want = format!("result: Unknown command, '{longest}'\n\n");
    assert_eq!(read_lines(&mut stream, 2), want);
    stream
        .write_all(format!("x{longest}\n\n").as_bytes())
        .unwrap();
    assert_eq!(
        rest(&mut stream),
        "",
        "as recorded: the connection is closed"
    );
    // The original runs these: the first without its password, the second without its end.
    let mut stream = server.0.connect();
    let over = "a".repeat(600);
    let request = format!("start backup\nencryption_password: {over}\npassword_length: 1\n\n");
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(rest(&mut stream), "");
    let mut stream = server.0.connect();
    stream.write_all(b"start backup\nbackupid: 5\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(rest(&mut stream), "");
    // The original ends the whole server here.
    let mut stream = server.0.connect();
    stream
        .write_all(b"get status\ntypes: NDB\ntypes: NDB\n\n")
        .unwrap();
    assert_eq!(
        read_lines(&mut stream, 2),
        "result: Argument given twice, 'types'\n\n"
    );
    stream
        .write_all(b"start backup\n+encryption_password: a\n\n")
        .unwrap();
    let reply = read_lines(&mut stream, 2);
    assert_eq!(
        reply,
        "result: Argument given twice, '+encryption_password'\n\n"
    );
    stream
        .write_all(b"report event\nlength: 3\ndata: 54 131072 7\n\n")
        .unwrap();
    assert_eq!(
        read_lines(&mut stream, 3),
        "report event reply\nresult: ok\n\n"
    );
    // None of the three backups ran.
    stream.write_all(b"start backup\n\n").unwrap();
    assert_eq!(
        read_lines(&mut stream, 4),
        "start backup reply\nresult: Ok\nid: 1\n\n"
    );
}

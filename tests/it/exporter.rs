//! `ndb_exporter`: what it shows, over HTTP and in a file, of clusters that are well, ill and silent.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ndbmgm::client::{ConnectOptions, connect};
use ndbmgm::cluster::ConnectString;

use crate::fake_server::{Answer, FakeServer};
use crate::four_nodes::FourNodes;
use crate::server::Nobody;

/// Longest wait for an answer, or for what is to be heard.
const LIMIT: Duration = Duration::from_secs(60);

fn command(address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ndb_exporter"));
    command
        .args(["--no-defaults", "-c", address])
        .args(arguments)
        .env_remove("NDB_CONNECTSTRING")
        .stdin(Stdio::null());
    command
}

/// It must end by itself.
fn run(address: &str, arguments: &[&str]) -> Output {
    let mut child = command(address, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + LIMIT;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("does not end: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// An exporter that answers; it ends with the test.
struct Exporter {
    child: Child,
    address: String,
}

impl Exporter {
    fn start(address: &str, arguments: &[&str]) -> Exporter {
        let mut child = command(address, arguments)
            .arg("--listen=127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("http://").unwrap();
        let address = address.strip_suffix("/metrics").unwrap().to_owned();
        Exporter { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    /// The answer to these bytes, whole.
    fn ask(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn scrape(&self) -> String {
        let answer = self.ask(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let length = format!("\r\nContent-Length: {}\r\n", body.len());
        assert!(head.contains(&length), "{head}");
        assert!(
            head.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
            "{head}"
        );
        body.to_owned()
    }

    /// Scrapes until all these lines are there.
    fn scrape_until(&self, lines: &[&str]) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            let text = self.scrape();
            let missing: Vec<&&str> = lines.iter().filter(|line| !has(&text, line)).collect();
            if missing.is_empty() {
                return text;
            }
            assert!(Instant::now() < deadline, "{missing:?}: {text}");
        }
    }

    /// Ends it with SIGTERM; its status.
    fn end(mut self) -> i32 {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sample that begins so.
fn has(text: &str, start: &str) -> bool {
    text.lines().any(|line| line.starts_with(start))
}

/// Makes an event of a data node.
fn report(address: &str, words: &[u32]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let options = ConnectOptions::once(ConnectString::parse(address).unwrap());
    runtime.block_on(async {
        let mut session = connect(&options).await.unwrap();
        session.report_event(words).await.unwrap();
    });
}

/// The first column of the tables of docs/metrics.md.
fn documented() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/metrics.md")).unwrap();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next())
        .map(str::to_owned)
        .collect()
}

fn families(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// What node_exporter's textfile collector wants of a file beside the format: it refuses one with
/// timestamps, or with a family that is told of twice.
fn check_textfile_rules(text: &str) {
    assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
    let mut told = BTreeSet::new();
    let mut series = BTreeSet::new();
    let mut lines = text.lines();
    let mut family = "";
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap();
            assert!(told.insert(family), "{family} is told of twice");
            assert!(
                !family.starts_with("node_"),
                "{family} is node_exporter's own"
            );
            let start = format!("# TYPE {family} ");
            assert!(lines.next().unwrap().starts_with(&start), "{line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        // With a time there would be a value before it.
        let labels = name.strip_prefix(family).unwrap();
        let is_series = labels.is_empty() || labels.starts_with('{') && labels.ends_with('}');
        assert!(is_series, "{line}");
        assert!(series.insert(name), "{name} is there twice");
    }
}

/// With Prometheus's own tool: the one that `PROMTOOL` names, or else one that is installed.
fn check_with_promtool(text: &str) {
    let named = std::env::var_os("PROMTOOL");
    let tool = Command::new(named.as_deref().unwrap_or(OsStr::new("promtool")))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut tool = match tool {
        Ok(tool) => tool,
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
            return eprintln!("NOT CHECKED: the metrics, by promtool, which is not installed");
        }
        Err(error) => panic!("promtool {named:?}: {error}"),
    };
    let mut stdin = tool.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = tool.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

const NIGHTLY: &str = r#"{"schema": 1,
"last": {"backup_id": 9, "started": "2026-01-02T02:00:00Z", "ended": "2026-01-02T02:10:00Z",
    "result": "failed", "failed_step": "gather", "exit_status": 21, "bytes": null},
"last_success": {"backup_id": 8, "started": "2026-01-01T02:00:00Z",
    "ended": "2026-01-01T02:10:00Z", "result": "ok", "exit_status": 0, "bytes": 4711}}"#;

#[test]
fn a_scrape_tells_everything_that_is_documented_and_the_last_backup_outlives_the_exporter() {
    let cluster = FourNodes::start(5);
    let place = tempfile::tempdir().unwrap();
    let nightly = place.path().join("ndb_backup.state.json");
    fs::write(&nightly, NIGHTLY).unwrap();
    let state = place.path().join("state.json");
    let state_option = format!("--state-file={}", state.display());
    let nightly_option = format!("--backup-state={}", nightly.display());
    let exporter = Exporter::start(&cluster.address(), &[&state_option, &nightly_option]);
    exporter.scrape_until(&["ndb_exporter_listening 1"]);
    cluster.good("START BACKUP 7 WAIT COMPLETED");
    // TransReportCounters, OperationReportCounters and MissedHeartbeat of node 2.
    report(
        &cluster.address(),
        &[35 | 2 << 16, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
    );
    report(&cluster.address(), &[36 | 2 << 16, 21]);
    report(&cluster.address(), &[44 | 2 << 16, 3, 1]);
    let text = exporter.scrape_until(&[
        "ndb_last_backup_id 7",
        "ndb_heartbeats_missed_total{node=\"2\",silent_node=\"3\"} 1",
        "ndb_transactions_total{node=\"2\"} 11",
        "ndb_concurrent_operations{node=\"2\"} ",
        "ndb_aborts_total{node=\"2\"} 18",
        "ndb_operations_total{node=\"2\"} 2",
    ]);
    for line in [
        "ndb_cluster_condition{condition=\"ok\"} 1",
        "ndb_node_up{node=\"5\",nodegroup=\"1\",type=\"data\"} 1",
        "ndb_backups_running 0",
        "ndb_memory_used_bytes{kind=\"data\",node=\"2\"} ",
        "ndb_last_backup_success 1",
        "ndb_last_backup_duration_seconds ",
        "ndb_nightly_backup_state_readable 1",
        "ndb_nightly_backup_running 0",
        "ndb_nightly_backup_exit_status 21",
        "ndb_nightly_backup_id 9",
        "ndb_nightly_backup_end_timestamp_seconds 1767319800",
        "ndb_nightly_backup_last_success_id 8",
        "ndb_nightly_backup_last_success_timestamp_seconds 1767233400",
        "ndb_nightly_backup_last_success_size_bytes 4711",
        "ndb_exporter_scrape_success 1",
        "ndb_exporter_scrape_errors_total 0",
    ] {
        assert!(has(&text, line), "{line}: {text}");
    }
    assert_eq!(families(&text), documented());
    check_with_promtool(&text);
    check_textfile_rules(&text);
    assert_eq!(exporter.end(), 0);
    // Nobody tells the next one anything.
    fs::write(&nightly, "{").unwrap();
    let nobody = Nobody::new();
    let again = Exporter::start(&nobody.address, &[&state_option, &nightly_option]);
    let later = again.scrape();
    let last = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter(|line| line.starts_with("ndb_last_backup"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(last(&later), last(&text));
    for line in [
        "ndb_cluster_condition{condition=\"unknown\"} 1",
        "ndb_exporter_listening 0",
        "ndb_exporter_scrape_success 0",
        "ndb_nightly_backup_state_readable 0",
    ] {
        assert!(has(&later, line), "{line}: {later}");
    }
    check_with_promtool(&later);
    check_textfile_rules(&later);
}

#[test]
fn a_backup_that_nobody_listened_to_is_recalled() {
    let cluster = FourNodes::start(5);
    cluster.good("START BACKUP 7 WAIT COMPLETED");
    let exporter = Exporter::start(&cluster.address(), &[]);
    exporter.scrape_until(&[
        "ndb_exporter_listening 1",
        "ndb_last_backup_id 7",
        "ndb_last_backup_success 1",
    ]);
}

#[test]
fn a_server_that_stalls_does_not_hold_a_scrape_beyond_its_limit() {
    const SILENT: &[(&str, Answer)] = &[("get status", Answer::SayAndStall(""))];
    let server = FakeServer::lying(SILENT);
    let exporter = Exporter::start(&server.address, &["--scrape-timeout=1"]);
    for count in 1..=2 {
        let start = Instant::now();
        let text = exporter.scrape();
        // Without a limit it would not end at all.
        assert!(start.elapsed() < LIMIT / 2, "{:?}", start.elapsed());
        for line in [
            "ndb_cluster_condition{condition=\"unknown\"} 1",
            "ndb_health_grade 3",
            "ndb_exporter_scrape_success 0",
            &format!("ndb_exporter_scrape_errors_total {count}"),
        ] {
            assert!(has(&text, line), "{line}: {text}");
        }
    }
}

#[test]
fn requests_that_are_no_scrape_are_refused_and_the_next_one_is_answered() {
    let nobody = Nobody::new();
    let exporter = Exporter::start(&nobody.address, &["--scrape-timeout=1"]);
    let long = format!("GET /metrics HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(9000));
    for (request, status) in [
        ("POST /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
        ("GET /else HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("hello\n\n", "400 Bad Request"),
        (&*long, "431 Request Header Fields Too Large"),
        ("GET / HTTP/1.0\r\n\r\n", "200 OK"),
    ] {
        let answer = exporter.ask(request.as_bytes());
        let start = format!("HTTP/1.1 {status}\r\n");
        assert!(answer.starts_with(&start), "{request}: {answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    }
    let head = exporter.ask(b"HEAD /metrics HTTP/1.1\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    exporter.scrape();
}

#[test]
fn clients_that_say_nothing_are_cut_off_and_hold_nobody_up_for_long() {
    let nobody = Nobody::new();
    let exporter = Exporter::start(&nobody.address, &["--scrape-timeout=1"]);
    // More than it serves at the same time.
    let mut silent: Vec<TcpStream> = (0..20).map(|_| exporter.connect()).collect();
    exporter.scrape();
    let mut nothing = Vec::new();
    let read = silent[0].read_to_end(&mut nothing);
    assert!(matches!(read, Ok(0)), "{read:?}");
}

#[test]
fn the_textfile_is_whole_and_readable_or_the_last_one_stays() {
    let cluster = FourNodes::start(5);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("ndb.prom");
    let option = format!("--textfile={}", file.display());
    let done = run(&cluster.address(), &[&option, "--once"]);
    assert!(done.status.success(), "{done:?}");
    let text = fs::read_to_string(&file).unwrap();
    assert!(has(&text, "ndb_exporter_scrape_success 1"), "{text}");
    check_textfile_rules(&text);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    // That nothing is known is known.
    let nobody = Nobody::new();
    let done = run(&nobody.address, &[&option, "--once", "--scrape-timeout=1"]);
    assert!(done.status.success(), "{done:?}");
    let unknown = fs::read_to_string(&file).unwrap();
    assert!(has(&unknown, "ndb_exporter_scrape_success 0"), "{unknown}");
    // Nothing else is left.
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    // A name that node_exporter does not read.
    let done = run(&nobody.address, &["--once", "--textfile=ndb.txt"]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    // A name that a directory has.
    let taken = place.path().join("taken.prom");
    fs::create_dir(&taken).unwrap();
    let option = format!("--textfile={}", taken.display());
    let done = run(&cluster.address(), &[&option, "--once"]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("taken.prom"), "{said}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
}

#[test]
fn a_textfile_is_written_again_and_again() {
    let cluster = FourNodes::start(5);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("ndb.prom");
    let option = format!("--textfile={}", file.display());
    let mut child = command(&cluster.address(), &[&option, "--interval=1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + LIMIT;
    // Only a later one than the first can have this.
    let mut is_heard = false;
    while !is_heard && Instant::now() < deadline {
        let text = fs::read_to_string(&file).unwrap_or_default();
        is_heard = has(&text, "ndb_exporter_listening 1");
        assert!(text.is_empty() || has(&text, "ndb_exporter_scrape_duration_seconds "));
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    assert!(is_heard);
}

#[test]
fn an_address_that_is_taken_and_a_wrong_connect_string_end_it_with_a_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let nobody = Nobody::new();
    let done = run(&nobody.address, &[&format!("--listen={address}")]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains(&address), "{said}");
    let done = run("a:x", &["--listen=127.0.0.1:0"]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
}

/// 144 data nodes, 2 management servers, 100 API nodes.
#[test]
fn a_scrape_of_the_largest_cluster_has_all_its_nodes() {
    let mut config = String::from("[ndbd default]\nNoOfReplicas=2\n");
    let sections = [
        ("ndbd", 1..=144),
        ("ndb_mgmd", 145..=146),
        ("api", 147..=246),
    ];
    for (section, ids) in sections {
        for id in ids {
            writeln!(config, "[{section}]\nNodeId={id}").unwrap();
            if section == "ndb_mgmd" {
                config.push_str("HostName=127.0.0.1\n");
            }
        }
    }
    let cluster = FourNodes::with_rows(&config, 1, 1);
    let exporter = Exporter::start(&cluster.address(), &["--scrape-timeout=60"]);
    exporter.scrape_until(&["ndb_cluster_condition{condition=\"ok\"} 1"]);
    let mut took = Vec::new();
    for _ in 0..11 {
        let start = Instant::now();
        let text = exporter.scrape();
        took.push(start.elapsed());
        let nodes = text.lines().filter(|line| line.starts_with("ndb_node_up{"));
        assert_eq!(nodes.count(), 246);
        let memory = text
            .lines()
            .filter(|line| line.starts_with("ndb_memory_used_bytes{"));
        assert_eq!(memory.count(), 288);
        assert!(has(&text, "ndb_exporter_scrape_success 1"), "{text}");
    }
    took.sort_unstable();
    println!(
        "scrape of 246 nodes: {:?}, at worst {:?}",
        took[took.len() / 2],
        took[took.len() - 1]
    );
}

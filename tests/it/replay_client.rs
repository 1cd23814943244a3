//! Every recording of a management server, played back to our client.
//!
//! The mock knows no protocol: it compares the bytes that the client sends with the recorded ones and
//! answers with the recorded ones. What the client prints must be what the original printed, byte for
//! byte; a difference that was decided on has a test of its own, which says what differs and why.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::data_schema;
use crate::trace::{Chunk, Side, Trace};

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(120);

/// Longest SLEEP that is slept, in seconds. During a longer one the original waited for events,
/// up to 32 s; here the next line is given to the client once it has printed them.
const SLEEP_MAX: u64 = 2;

/// What the commands after such a SLEEP print first.
const AFTER_SLEEP: [(&str, &str); 4] = [
    ("ABORT BACKUP 244\n", "Abort of backup 244 ordered\n"),
    ("ABORT BACKUP 245\n", "Abort of backup 245 ordered\n"),
    (
        "ALL REPORT BackupStatus\n",
        "Node 2: Local backup status: backup 245 started from node 1\n #Records: 14347 ",
    ),
    ("ALL STATUS\n", "Node 2: started (mysql"),
];

/// What came of a run.
#[derive(Debug)]
struct Outcome {
    stdout: String,
    stderr: String,
    exit: i32,
    /// What the client sent that was not recorded, per connection.
    surprises: Vec<String>,
}

/// Output of the client so far; the mock waits for it to keep the recorded order.
#[derive(Default)]
struct Output {
    text: Mutex<(String, bool)>,
    grown: Condvar,
}

impl Output {
    fn append(&self, text: &str) {
        self.text.lock().unwrap().0.push_str(text);
        self.grown.notify_all();
    }

    fn close(&self) {
        self.text.lock().unwrap().1 = true;
        self.grown.notify_all();
    }

    /// Waits until `length` bytes have been printed; false when the client ended before.
    fn wait_for(&self, length: usize) -> bool {
        let (guard, timeout) = self
            .grown
            .wait_timeout_while(self.text.lock().unwrap(), LIMIT, |(text, closed)| {
                text.len() < length && !*closed
            })
            .unwrap();
        !timeout.timed_out() && guard.0.len() >= length
    }
}

/// One step of a scripted connection.
#[derive(Debug, Clone)]
enum Step {
    /// The client must send these bytes.
    Expect(String),
    /// Send these bytes once the client has printed that much.
    SendAfter(usize, String),
}

/// Turns a recorded conversation into steps. Event records wait for the output that came before their
/// text in the recording, and the reply to START BACKUP waits for the events that came before it.
fn script(chunks: &[Chunk], stdout: &str) -> Vec<Step> {
    let mut printed = 0;
    let mut steps = Vec::new();
    for chunk in chunks {
        match chunk.side {
            Side::Client => steps.push(Step::Expect(chunk.text())),
            Side::Server
                if chunk
                    .lines
                    .first()
                    .is_some_and(|line| line == "listen event") =>
            {
                for record in records(&chunk.lines) {
                    let place = event_text(&record).and_then(|text| {
                        let found = stdout[printed..].find(&text)? + printed;
                        printed = found + text.len();
                        Some(found)
                    });
                    let after = if record.starts_with("log event reply") {
                        // An event without a text of its own comes after all that has one.
                        place.unwrap_or(printed)
                    } else {
                        0
                    };
                    steps.push(Step::SendAfter(after, record));
                }
            }
            Side::Server => {
                let after = if chunk
                    .lines
                    .first()
                    .is_some_and(|line| line == "start backup reply")
                {
                    end_of_backup_events(stdout)
                } else {
                    0
                };
                steps.push(Step::SendAfter(after, chunk.text()));
            }
        }
    }
    steps
}

/// Splits an event connection's lines into the reply, the records and the PINGs.
fn records(lines: &[String]) -> Vec<String> {
    let mut records = Vec::new();
    let mut record = String::new();
    for line in lines {
        record.push_str(line);
        record.push('\n');
        if line.is_empty() || (line == "<PING>" && record == "<PING>\n") {
            records.push(std::mem::take(&mut record));
        }
    }
    assert!(
        record.is_empty(),
        "an event record without its end: {record:?}"
    );
    records
}

/// First line of an event's text at the prompt, written here a second time on purpose.
fn event_text(record: &str) -> Option<String> {
    let field = |name: &str| {
        record
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
    };
    let node = field("source_nodeid")?;
    let from = field("starting_node").unwrap_or_default();
    let id = field("backup_id").unwrap_or_default();
    let text = match field("type")?.as_str() {
        "54" => format!("Backup {id} started from node {from}\n"),
        "56" => format!("Backup {id} started from node {from} completed\n"),
        "57" => format!(
            "Backup {id} started from {from} has been aborted. Error: {}",
            field("error")?
        ),
        "62" => format!("Local backup status: backup {id} started from node {from}\n"),
        "10" => "Start initiated".to_owned(),
        "11" => "Started".to_owned(),
        "17" => "Node shutdown initiated".to_owned(),
        "53" => "Node shutdown completed".to_owned(),
        _ => return None,
    };
    Some(format!("Node {node}: {text}"))
}

/// Length of the output up to the end of what the waited-for backup's events print, in a session that
/// shows events as they come; 0 where nothing has to be waited for.
fn end_of_backup_events(stdout: &str) -> usize {
    let Some(wait) = stdout.find("Waiting for ") else {
        return 0;
    };
    if !stdout.starts_with("-- NDB Cluster") {
        return 0;
    }
    let rest = &stdout[wait..];
    let last = if rest.starts_with("Waiting for started") {
        " started from node 1\n"
    } else if rest.contains("Backup failed\n") {
        return wait + rest.find("Backup failed\n").unwrap();
    } else {
        " bytes\n"
    };
    wait + rest.find(last).map_or(0, |found| found + last.len())
}

/// A recording with the changes a decision makes to it.
struct Replay {
    trace: Trace,
    /// Requests that may come in between, with their answers.
    extra: Vec<(String, String)>,
}

impl Replay {
    fn of(name: &str) -> Replay {
        Replay {
            trace: Trace::read(name),
            extra: Vec::new(),
        }
    }

    /// Runs the built client against the mock.
    fn run(&self) -> Outcome {
        self.run_with(&[])
    }

    fn run_with(&self, more_args: &[&str]) -> Outcome {
        self.play(more_args, true)
    }

    /// Plays the recording; `as_text` keeps the recorded order of what is sent and printed.
    fn play(&self, more_args: &[&str], as_text: bool) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().unwrap().port();
        let expected = self
            .trace
            .stdout
            .replace("port 1186", &format!("port {port}"));
        let expected = if as_text { expected } else { String::new() };
        let output = Arc::new(Output::default());
        let surprises = Arc::new(Mutex::new(Vec::new()));
        let scripts: Vec<Vec<Step>> = self
            .trace
            .connections
            .iter()
            .map(|chunks| script(chunks, &expected))
            .collect();
        let mock = Mock {
            scripts: Mutex::new(scripts.into_iter().map(Some).collect()),
            extra: self.extra.clone(),
            output: Arc::clone(&output),
            surprises: Arc::clone(&surprises),
        };
        // The threads end with the sockets, or with the test process.
        std::thread::spawn(move || mock.serve(&listener));

        let child = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
            .args([
                "--no-defaults",
                "-c",
                &format!("localhost:{port}"),
                "--connect-retries=1",
            ])
            .args(&self.trace.argv)
            .args(more_args)
            .env_remove("NDB_CONNECTSTRING")
            .env_remove("NDB_MGM_AUTO_BACKUP_ID")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the client starts");
        let input = pieces(self.trace.stdin.as_deref().unwrap_or_default(), &expected);
        let (stdout, stderr, exit) = drive(child, input, &output);
        let surprises = std::mem::take(&mut *surprises.lock().unwrap());
        let port_as_recorded = |text: String| text.replace(&format!("port {port}"), "port 1186");
        Outcome {
            stdout: port_as_recorded(stdout),
            stderr,
            exit,
            surprises,
        }
    }
}

/// The input in pieces, each with the length of the output before it is given.
fn pieces(stdin: &str, expected: &str) -> Vec<(usize, String)> {
    let mut pieces = vec![(0, String::new())];
    let mut after_sleep = false;
    for line in stdin.split_inclusive('\n') {
        if after_sleep {
            let first = AFTER_SLEEP.iter().find(|(command, _)| *command == line);
            let printed = match first {
                Some((_, first)) if !expected.is_empty() => {
                    expected.find(first).expect("the recorded output has it")
                }
                _ => expected.len(),
            };
            pieces.push((printed, String::new()));
        }
        let seconds = line.strip_prefix("SLEEP ").map(str::trim_end);
        let seconds: Option<u64> = seconds.and_then(|seconds| seconds.parse().ok());
        after_sleep = seconds.is_some_and(|seconds| seconds > SLEEP_MAX);
        let line = if after_sleep { "SLEEP 0\n" } else { line };
        pieces.last_mut().expect("the first one").1.push_str(line);
    }
    pieces
}

/// Feeds the child its input and collects what it prints, within the limit.
fn drive(
    mut child: Child,
    pieces: Vec<(usize, String)>,
    output: &Arc<Output>,
) -> (String, String, i32) {
    let mut input = child.stdin.take().unwrap();
    let printed = Arc::clone(output);
    let feeder = std::thread::spawn(move || {
        for (length, piece) in pieces {
            // A client that ends early closes the pipe; that is not the mock's business.
            if !printed.wait_for(length) || input.write_all(piece.as_bytes()).is_err() {
                return;
            }
        }
    });
    let mut stdout = child.stdout.take().unwrap();
    let grown = Arc::clone(output);
    let reader = std::thread::spawn(move || {
        let mut all = String::new();
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = stdout.read(&mut piece) {
            let text = String::from_utf8_lossy(&piece[..length]);
            grown.append(&text);
            all.push_str(&text);
        }
        grown.close();
        all
    });
    let mut stderr = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut all = String::new();
        let _ = stderr.read_to_string(&mut all);
        all
    });
    let deadline = Instant::now() + LIMIT;
    let exit = loop {
        if let Some(status) = child.try_wait().expect("the client can be waited for") {
            break status.code().unwrap_or(-1);
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            break -2;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    };
    let texts = (reader.join().unwrap(), errors.join().unwrap());
    feeder.join().unwrap();
    (texts.0, texts.1, exit)
}

struct Mock {
    scripts: Mutex<Vec<Option<Vec<Step>>>>,
    extra: Vec<(String, String)>,
    output: Arc<Output>,
    surprises: Arc<Mutex<Vec<String>>>,
}

impl Mock {
    fn serve(self, listener: &TcpListener) {
        let mock = Arc::new(self);
        for socket in listener.incoming().flatten() {
            let mock = Arc::clone(&mock);
            std::thread::spawn(move || mock.converse(socket));
        }
    }

    /// Plays the recorded connection whose first request the client sends.
    fn converse(&self, mut socket: TcpStream) {
        let _ = socket.set_read_timeout(Some(LIMIT));
        let mut received = String::new();
        let Some(steps) = self.choose(&mut socket, &mut received) else {
            return;
        };
        for step in steps {
            match step {
                Step::Expect(bytes) => {
                    if !self.expect(&mut socket, &mut received, &bytes) {
                        return;
                    }
                }
                Step::SendAfter(length, bytes) => {
                    if !self.output.wait_for(length) || socket.write_all(bytes.as_bytes()).is_err()
                    {
                        return;
                    }
                }
            }
        }
        // Nothing more was recorded: the client should close.
        while read_some(&mut socket, &mut received) {}
        self.report_surprise(&received);
    }

    fn choose(&self, socket: &mut TcpStream, received: &mut String) -> Option<Vec<Step>> {
        loop {
            {
                let mut scripts = self.scripts.lock().unwrap();
                let found = scripts.iter_mut().find(|script| {
                    matches!(script.as_deref(), Some([Step::Expect(first), ..])
                        if received.starts_with(first.as_str()))
                });
                if let Some(found) = found {
                    return found.take();
                }
            }
            if !read_some(socket, received) {
                self.report_surprise(received);
                return None;
            }
        }
    }

    fn expect(&self, socket: &mut TcpStream, received: &mut String, bytes: &str) -> bool {
        loop {
            if let Some(rest) = received.strip_prefix(bytes) {
                *received = rest.to_owned();
                return true;
            }
            let extra = self
                .extra
                .iter()
                .find(|(request, _)| received.starts_with(request.as_str()));
            if let Some((request, answer)) = extra {
                *received = received[request.len()..].to_owned();
                if socket.write_all(answer.as_bytes()).is_err() {
                    return false;
                }
                continue;
            }
            if !bytes.starts_with(received.as_str()) && received.ends_with("\n\n") {
                self.report_surprise(received);
                return false;
            }
            if !read_some(socket, received) {
                self.report_surprise(received);
                return false;
            }
        }
    }

    fn report_surprise(&self, received: &str) {
        if !received.is_empty() {
            self.surprises.lock().unwrap().push(received.to_owned());
        }
    }
}

fn read_some(socket: &mut TcpStream, received: &mut String) -> bool {
    let mut piece = [0; 4096];
    loop {
        match socket.read(&mut piece) {
            Ok(length @ 1..) => {
                received.push_str(&String::from_utf8_lossy(&piece[..length]));
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return false,
        }
    }
}

fn assert_as_recorded(trace: &Trace, outcome: &Outcome) {
    assert_eq!(
        outcome.surprises,
        Vec::<String>::new(),
        "{}: unrecorded requests",
        trace.name
    );
    assert_eq!(
        outcome.stdout, trace.stdout,
        "{}: stdout\nstderr: {}",
        trace.name, outcome.stderr
    );
    assert_eq!(
        outcome.exit, trace.exit,
        "{}: exit status\nstderr: {}",
        trace.name, outcome.stderr
    );
    // What we say beyond it is advice; what the original said must be there.
    assert!(
        outcome.stderr.contains(&trace.stderr),
        "{}: stderr {:?} without {:?}",
        trace.name,
        outcome.stderr,
        trace.stderr
    );
}

/// Recordings that a decision changes; each has its own test below.
const DECIDED: &[&str] = &[
    "abort_246",
    "abort_running",
    "abort_unknown",
    "backup_auto_id",
    "backup_encrypt_bad_char",
    "backup_encrypt_empty",
    "backup_encrypt_nowait_is_not_encrypted",
    "backup_encrypt_too_long",
    "backup_encrypt_unquoted",
    "node_clusterlog_bad",
    "node_id_out_of_range",
    "piped",
    "piped_backup_exists",
    "piped_backup_wait_started_then_abort",
    "piped_nowait_progress_abort",
];

#[test]
fn the_client_prints_what_the_original_printed() {
    let mut compared = 0;
    let mut failures = Vec::new();
    let handles: Vec<_> = Trace::all()
        .into_iter()
        .filter(|trace| !DECIDED.contains(&trace.name.as_str()))
        .map(|trace| {
            std::thread::spawn(move || {
                let name = trace.name.clone();
                let outcome = Replay::of(&name).run();
                std::panic::catch_unwind(|| assert_as_recorded(&trace, &outcome)).map_err(|_| name)
            })
        })
        .collect();
    for handle in handles {
        compared += 1;
        if let Err(name) = handle.join().unwrap() {
            failures.push(name);
        }
    }
    println!(
        "{compared} recordings compared whole, {} by their own tests",
        DECIDED.len()
    );
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(
        compared + DECIDED.len(),
        Trace::all().len(),
        "a recording was skipped"
    );
}

/// A `dump events` reply that reports this backup on both data nodes; 0 means none runs.
fn backup_status(backup_id: u32) -> (String, String) {
    let starting_node = u32::from(backup_id != 0);
    let mut reply = "dump events reply\nresult: Ok\nevents: 2\n\n".to_owned();
    for node in [2, 3] {
        reply.push_str(&format!(
            "log event reply\ntype=62\ntime=0\nsource_nodeid={node}\nstarting_node={starting_node}\n\
             backup_id={backup_id}\nn_bytes_lo=0\nn_bytes_hi=0\nn_records_lo=0\nn_records_hi=0\n\
             n_log_bytes_lo=0\nn_log_bytes_hi=0\nn_log_records_lo=0\nn_log_records_hi=0\n\n"
        ));
    }
    ("dump events\ntype: 62\n\n".to_owned(), reply)
}

/// Drops the conversation from START BACKUP on: the client must not get that far.
fn without_start_backup(replay: &mut Replay) {
    replay.trace.connections.truncate(1);
    let main = &mut replay.trace.connections[0];
    let asks = |chunk: &Chunk, line: &str| chunk.lines.first().is_some_and(|first| first == line);
    if let Some(index) = main.iter().position(|chunk| asks(chunk, "get version")) {
        main.truncate(index);
    }
}

fn assert_secret_absent(outcome: &Outcome, secret: &str) {
    assert!(
        !outcome.stdout.contains(secret),
        "the password is on stdout"
    );
    assert!(
        !outcome.stderr.contains(secret),
        "the password is on stderr"
    );
}

// Decision: an unknown backup id makes no response.

#[test]
fn every_recording_gives_objects_of_the_schema_and_the_same_status() {
    // A prompt that waits for events needs them after the reply, which only the text run minds.
    let waits = |trace: &Trace| {
        trace
            .stdin
            .as_ref()
            .is_some_and(|stdin| stdin.contains("WAIT"))
    };
    let played: Vec<_> = Trace::all()
        .into_iter()
        .filter(|trace| !DECIDED.contains(&trace.name.as_str()) && !waits(trace))
        .map(|trace| {
            std::thread::spawn(move || {
                let replay = Replay::of(&trace.name);
                let text = replay.play(&[], false);
                let data = replay.play(&["--output=jsonl"], false);
                (trace.name, text, data)
            })
        })
        .collect();
    let mut objects = 0;
    for handle in played {
        let (name, text, data) = handle.join().unwrap();
        let told = data_schema::objects(&data.stdout);
        if let Some(last) = told.iter().rfind(|object| object["type"] == "command") {
            assert_eq!(last["ok"], last["status"] == 0, "{name}: {last}");
        }
        objects += told.len();
        assert_eq!(data.exit, text.exit, "{name}: {}", data.stderr);
    }
    assert!(objects > 100, "{objects}");
}

#[test]
fn abort_of_a_running_backup_prints_the_recorded_line() {
    let mut replay = Replay::of("abort_running");
    replay.extra.push(backup_status(242));
    assert_as_recorded(&replay.trace, &replay.run());
}

#[test]
fn abort_of_an_unknown_backup_is_sent_but_prints_nothing() {
    for (name, id) in [("abort_unknown", 999), ("abort_246", 246)] {
        let mut replay = Replay::of(name);
        replay.extra.push(backup_status(0));
        let ordered = format!("Abort of backup {id} ordered\n");
        replay.trace.stdout = replay.trace.stdout.replace(&ordered, "");
        assert_as_recorded(&replay.trace, &replay.run());
    }
}

#[test]
fn abort_prints_the_recorded_line_when_the_status_cannot_be_had() {
    let mut replay = Replay::of("abort_unknown");
    let (request, _) = backup_status(0);
    let refusal = "dump events reply\nresult: failed to dump events\n\n".to_owned();
    replay.extra.push((request, refusal));
    // After a failure the client makes sure that its connection still works.
    let check = (
        "check connection\n\n",
        "check connection reply\nresult: Ok\n\n",
    );
    replay.extra.push((check.0.to_owned(), check.1.to_owned()));
    assert_as_recorded(&replay.trace, &replay.run());
}

// Decision: one-shot START BACKUP needs an id.

#[test]
fn start_backup_without_an_id_is_as_recorded_with_auto_backup_id() {
    let replay = Replay::of("backup_auto_id");
    assert_as_recorded(&replay.trace, &replay.run_with(&["--auto-backup-id"]));
}

#[test]
fn start_backup_without_an_id_is_refused_one_shot() {
    let mut replay = Replay::of("backup_auto_id");
    without_start_backup(&mut replay);
    let outcome = replay.run();
    assert_eq!(outcome.exit, 255);
    assert_eq!(outcome.surprises, Vec::<String>::new());
    let said = outcome.stdout + &outcome.stderr;
    assert!(
        said.contains("--auto-backup-id"),
        "the message names the way out: {said}"
    );
}

// Decision: the password is checked before anything is sent.

#[test]
fn a_password_that_breaks_a_rule_is_never_sent_nor_shown() {
    for (name, secret, says) in [
        ("backup_encrypt_bad_char", "a$b", "position 2"),
        ("backup_encrypt_too_long", "xxx", "257"),
    ] {
        let mut replay = Replay::of(name);
        without_start_backup(&mut replay);
        let outcome = replay.run();
        assert_eq!(outcome.exit, 255, "{name}");
        assert_eq!(outcome.surprises, Vec::<String>::new(), "{name}");
        assert!(outcome.stdout.contains(says), "{name}: {}", outcome.stdout);
        assert_secret_absent(&outcome, secret);
    }
}

#[test]
fn an_empty_password_is_sent_with_a_warning() {
    let replay = Replay::of("backup_encrypt_empty");
    let outcome = replay.run();
    assert_as_recorded(&replay.trace, &outcome);
    assert!(
        outcome.stderr.contains("empty"),
        "stderr: {}",
        outcome.stderr
    );
}

#[test]
fn an_unquoted_password_is_refused_without_repeating_it() {
    let mut replay = Replay::of("backup_encrypt_unquoted");
    replay.trace.stdout = replay.trace.stdout.replace("PASSWORD=abc", "PASSWORD=***");
    assert_as_recorded(&replay.trace, &replay.run());
}

// Decision: ENCRYPT encrypts in every position.

#[test]
fn encrypt_before_another_option_needs_a_password() {
    let mut replay = Replay::of("backup_encrypt_nowait_is_not_encrypted");
    without_start_backup(&mut replay);
    let outcome = replay.run();
    assert_eq!(outcome.exit, 255);
    assert_eq!(outcome.surprises, Vec::<String>::new());
    assert!(
        outcome.stdout.contains("Encryption need password"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn encrypt_before_another_option_uses_the_default_password() {
    let mut replay = Replay::of("backup_encrypt_nowait_is_not_encrypted");
    for chunk in replay.trace.connections.iter_mut().flatten() {
        if chunk.lines[0] == "start backup" {
            let password = [
                "password_length: 12",
                "encryption_password:\"opt password\"",
            ];
            chunk.lines.splice(1..1, password.map(str::to_owned));
        }
    }
    let outcome = replay.run_with(&["--backup-password=opt password"]);
    assert_as_recorded(&replay.trace, &outcome);
    assert_secret_absent(&outcome, "opt password");
}

// Decision: what failed does not exit with 0.

#[test]
fn a_failed_piped_command_decides_the_exit_status() {
    let mut replay = Replay::of("piped");
    replay.trace.exit = 255;
    assert_as_recorded(&replay.trace, &replay.run());
}

#[test]
fn an_unknown_category_is_a_failure() {
    let mut replay = Replay::of("node_clusterlog_bad");
    replay.trace.exit = 255;
    assert_as_recorded(&replay.trace, &replay.run());
}

#[test]
fn a_node_id_out_of_range_is_a_failure() {
    let mut replay = Replay::of("node_id_out_of_range");
    replay.trace.exit = 255;
    assert_as_recorded(&replay.trace, &replay.run());
}

// Decision: a report may be named in two words.

#[test]
fn a_report_in_two_words_is_the_report_in_one() {
    for (name, line) in [
        ("report_backup", "ALL REPORT BACKUP STATUS"),
        ("report_memory", "2 REPORT MEMORY USAGE"),
        ("report_eventlog", "2 REPORT EVENT LOG"),
    ] {
        let mut replay = Replay::of(name);
        let execute = replay.trace.argv.iter().position(|word| word == "-e");
        replay.trace.argv[execute.expect("-e") + 1] = line.to_owned();
        assert_as_recorded(&replay.trace, &replay.run());
    }
}

// Decision: an aborted backup says why.

const BY_USER: &str = "1321 - Backup aborted by user request: Permanent error: User defined error";

#[test]
fn an_existing_backup_is_explained_beside_its_number() {
    let mut replay = Replay::of("piped_backup_exists");
    replay.trace.exit = 255;
    replay.trace.stdout = replay.trace.stdout.replace(
        "Error: 1350\n",
        "Error: 1350 - Backup failed: file already exists (use 'START BACKUP <backup id>'): \
         Temporary error: Temporary Resource error\n",
    );
    assert_as_recorded(&replay.trace, &replay.run());
}

#[test]
fn an_abort_at_the_prompt_is_explained_beside_its_number() {
    for (name, id) in [
        ("piped_backup_wait_started_then_abort", 244),
        ("piped_nowait_progress_abort", 245),
    ] {
        let mut replay = Replay::of(name);
        replay.trace.stdout = replay
            .trace
            .stdout
            .replace("Error: 1321\n", &format!("Error: {BY_USER}\n"));
        replay.extra.push(backup_status(id));
        assert_as_recorded(&replay.trace, &replay.run());
    }
}

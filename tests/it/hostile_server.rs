//! The built client against servers that close, stall, lie or send garbage, and against commands
//! that are none: one clear message, an exit status that is not 0, no panic, and an end in time.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::fake_server::Answer::{
    self, Dribble, Freeze, Say, SayAndClose, SayAndDribble, SayAndStall, SayEndlessly,
};
use crate::fake_server::FakeServer;
use crate::terminal::last_peak;

/// Longest wait for the end of a client; a hang shows, a busy machine does not.
const LIMIT: Duration = Duration::from_secs(120);

/// What the client is told to wait for an answer at most, in seconds. A busy machine answers in
/// time what is answered at all.
const PATIENCE: &str = "--request-timeout=4";

const COMPLETED: &str = "log event reply\ntype=56\ntime=0\nsource_nodeid=2\nstarting_node=1\n\
    backup_id=7\nstart_gci=35\nstop_gci=38\nn_bytes=5\nn_records=7\nn_log_bytes=0\n\
    n_log_records=0\nn_bytes_hi=0\nn_records_hi=0\nn_log_bytes_hi=0\nn_log_records_hi=0\n\n";

/// How a run of the client ended.
struct Ended {
    stdout: String,
    stderr: String,
    status: Option<i32>,
}

/// Runs the client with one command: with `-e`, or on standard input.
fn run(server: &str, command: &str, piped: bool) -> Ended {
    let mut client = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"));
    client
        .args(["--no-defaults", "--connect-retries=1", PATIENCE])
        .args(["-c", server])
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !piped {
        client.args(["-e", command]);
    }
    let mut client = client.spawn().unwrap();
    let mut stdin = client.stdin.take().unwrap();
    if piped {
        // The client may end before it reads.
        let _ = stdin.write_all(format!("{command}\n").as_bytes());
    }
    drop(stdin);
    let stdout = collect(client.stdout.take().unwrap());
    let stderr = collect(client.stderr.take().unwrap());
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = client.try_wait().unwrap() {
            break status.code();
        }
        if Instant::now() > deadline {
            client.kill().unwrap();
            client.wait().unwrap();
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    Ended {
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
        status,
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The message is said once, the client does not panic, and it ends in time with 255.
fn check_failure(case: &str, ended: &Ended, message: &str) {
    let Ended {
        stdout,
        stderr,
        status,
    } = ended;
    let said = format!("{stdout}{stderr}");
    let told = format!("{case}\nstatus {status:?}\nstdout: {stdout:.2000}\nstderr: {stderr:.2000}");
    assert_eq!(*status, Some(255), "{told}");
    assert!(!stderr.contains("panicked"), "{told}");
    let obeyed = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    assert!(!said.contains(obeyed), "control characters: {told}");
    assert_eq!(
        said.matches(message).count(),
        1,
        "not once: {message}\n{told}"
    );
    assert!(said.len() < 4000, "too much was said: {told}");
}

/// What is wrong, the command, what the server does instead of answering which request, and what
/// the client has to say.
type Case = (
    &'static str,
    &'static str,
    &'static [(&'static str, Answer)],
    &'static str,
);

/// Runs a command with -e and on standard input against a server that lies.
fn check_lies(cases: &'static [Case]) {
    let runs: Vec<_> = cases
        .iter()
        .flat_map(|case| [(case, false), (case, true)])
        .map(|((name, command, lies, message), piped)| {
            thread::spawn(move || {
                let server = FakeServer::lying(lies);
                let ended = run(&server.address, command, piped);
                check_failure(&format!("{name}, piped: {piped}"), &ended, message);
            })
        })
        .collect();
    let failed = runs.into_iter().filter_map(|run| run.join().err()).count();
    assert_eq!(failed, 0, "see above");
}

#[test]
fn a_server_that_closes_or_stalls_is_named_as_the_reason() {
    check_lies(&[
        (
            "closes at once",
            "ALL STATUS",
            &[("check connection", SayAndClose(""))],
            "check connection: the management server closed the connection",
        ),
        (
            "closes at the request",
            "ALL STATUS",
            &[("get status", SayAndClose(""))],
            "get status: the management server closed the connection",
        ),
        (
            "closes in the middle of a reply",
            "ALL STATUS",
            &[(
                "get status",
                SayAndClose("node status\nnodes: 1\nnode.2.type: N"),
            )],
            "get status: the management server closed the connection",
        ),
        (
            "closes in the middle of a configuration",
            "SHOW",
            &[(
                "get config_v2",
                SayAndClose(
                    "get config reply\nresult: Ok\nContent-Length: 400\nContent-Type: \
                     ndbconfig/octet-stream\nContent-Transfer-Encoding: base64\n\nTkRC",
                ),
            )],
            "the management server closed the connection",
        ),
        (
            "stalls at once",
            "ALL STATUS",
            &[("check connection", SayAndStall(""))],
            "cmd: check connection, error: Time out talking to management server, timeout: 4000",
        ),
        (
            "stalls in the middle of a reply",
            "ALL STATUS",
            &[("get status", SayAndStall("node status\nnodes: 1\n"))],
            "cmd: get status, error: Time out talking to management server, timeout: 4000",
        ),
        (
            "sends just enough to look alive",
            "ALL STATUS",
            &[("get status", Dribble)],
            "cmd: get status, error: Time out talking to management server, timeout: 4000",
        ),
    ]);
}

#[test]
fn garbage_is_refused_and_named() {
    check_lies(&[
        (
            "garbage",
            "ALL STATUS",
            &[("get status", Say("\u{1b}[2J\u{7}<html>\u{0}\u{1}\n\n"))],
            "Could not get status",
        ),
        (
            "an endless line",
            "ALL STATUS",
            &[("get status", SayEndlessly("node status\n", "aaaaaaaaaa"))],
            "get status: ",
        ),
        (
            "endless lines",
            "ALL STATUS",
            &[(
                "get status",
                SayEndlessly("node status\n", "node.2.type: NDB\n"),
            )],
            "get status: ",
        ),
        (
            "zero bytes",
            "ALL STATUS",
            &[("get status", SayEndlessly("", "\0"))],
            "get status: ",
        ),
        (
            "an unknown field",
            "ALL STATUS",
            &[(
                "check connection",
                Say("check connection reply\nresult: Ok\nfoo: 1\n\n"),
            )],
            "Error in mgm protocol parser. cmd: >check connection< status: 5 curr: foo",
        ),
        (
            "a wrong header",
            "ALL STATUS",
            &[("check connection", Say("ok\nresult: Ok\n\n"))],
            "Error in mgm protocol parser. cmd: >check connection< status: 4 curr: ok",
        ),
        (
            "an unknown field of a node",
            "ALL STATUS",
            &[(
                "get status",
                Say("node status\nnodes: 1\nnode.2.colour: red\n\n"),
            )],
            "Unknown field",
        ),
        (
            "a thousand million nodes",
            "ALL STATUS",
            &[("get status", Say("node status\nnodes: 1000000000\n\n"))],
            "Node count mismatch",
        ),
        (
            "a thousand million events",
            "ALL REPORT BackupStatus",
            &[(
                "dump events",
                Say("dump events reply\nresult: Ok\nevents: 1000000000\n\n"),
            )],
            "dump events: ",
        ),
        (
            "a version that is none",
            "START BACKUP 7 NOWAIT",
            &[("get version", Say("version\nid: x\n\n"))],
            "Backup failed",
        ),
        (
            "not authorized",
            "ALL STATUS",
            &[(
                "get status",
                Say("Authorization failed\nError: Requires TLS\n\n"),
            )],
            "*  1502: ",
        ),
    ]);
}

#[test]
fn a_configuration_that_is_none_is_refused() {
    check_lies(&[
        (
            "a huge length",
            "SHOW",
            &[(
                "get config_v2",
                Say(
                    "get config reply\nresult: Ok\nContent-Length: 4294967295\nContent-Type: \
                     ndbconfig/octet-stream\nContent-Transfer-Encoding: base64\n\n",
                ),
            )],
            "Could not get configuration",
        ),
        (
            "no base64",
            "SHOW",
            &[(
                "get config_v2",
                Say(
                    "get config reply\nresult: Ok\nContent-Length: 4\nContent-Type: \
                     ndbconfig/octet-stream\nContent-Transfer-Encoding: base64\n\n!!!!\n",
                ),
            )],
            "Failed to decode buffer",
        ),
        (
            "base64 of nothing",
            "SHOW",
            &[(
                "get config_v2",
                Say(
                    "get config reply\nresult: Ok\nContent-Length: 4\nContent-Type: \
                     ndbconfig/octet-stream\nContent-Transfer-Encoding: base64\n\nAAAA\n",
                ),
            )],
            "Failed to unpack buffer",
        ),
    ]);
}

#[test]
fn a_backup_without_an_answer_is_no_success() {
    check_lies(&[
        (
            "closes during the wait",
            "START BACKUP 7",
            &[("start backup", SayAndClose(""))],
            "Error: start backup: the management server closed the connection",
        ),
        (
            "stalls with nothing to wait for",
            "START BACKUP 7 NOWAIT",
            &[("start backup", SayAndStall(""))],
            "cmd: start backup, error: Time out talking to management server, timeout: 4000",
        ),
        (
            "answers nobody any more",
            "START BACKUP 7",
            &[
                ("listen event", SayAndClose("listen event\nresult: 0\n\n")),
                ("start backup", Freeze),
            ],
            "cmd: check connection, error: Time out talking to management server, timeout: 4000",
        ),
    ]);
}

/// One-shot only: at the prompt the reply decides, and events are only shown.
#[test]
fn a_wait_that_loses_its_events_is_no_success() {
    let cases: &[(&str, &'static [(&'static str, Answer)])] = &[
        (
            "closed",
            &[("listen event", SayAndClose("listen event\nresult: 0\n\n"))],
        ),
        (
            "silent",
            &[("listen event", SayAndStall("listen event\nresult: 0\n\n"))],
        ),
        (
            "an endless line",
            &[(
                "listen event",
                SayEndlessly("listen event\nresult: 0\n\n", "type=56 "),
            )],
        ),
        (
            "endless lines that are no events",
            &[(
                "listen event",
                SayEndlessly("listen event\nresult: 0\n\n", "abc=1\n"),
            )],
        ),
        (
            "an endless record",
            &[(
                "listen event",
                SayEndlessly("listen event\nresult: 0\n\nlog event reply\n", "abc=1\n"),
            )],
        ),
        (
            "a record that trickles",
            &[(
                "listen event",
                SayAndDribble("listen event\nresult: 0\n\nlog event reply\n"),
            )],
        ),
        (
            "garbage",
            &[(
                "listen event",
                SayAndStall("listen event\nresult: 0\n\n\u{1}\u{2}=\n\n"),
            )],
        ),
    ];
    let commands = ["START BACKUP 7", "START BACKUP 7 WAIT STARTED"];
    thread::scope(|scope| {
        for (case, lies) in cases {
            for command in commands {
                scope.spawn(move || {
                    let ended = run(&FakeServer::lying(lies).address, command, false);
                    check_failure(case, &ended, "Backup 7 was accepted by the cluster");
                });
            }
        }
    });
}

#[test]
fn events_of_unknown_types_and_fields_are_passed_over() {
    for strange in [
        "log event reply\ntype=999\ntime=0\nsource_nodeid=2\n\n",
        "log event reply\ntype=300\ntime=0\nsource_nodeid=2\nfoo=bar\n\n",
        "<PING>\n\n\n<PING>\n",
    ] {
        let text = format!("listen event\nresult: 0\n\n{strange}{COMPLETED}");
        let lies = vec![("listen event", SayAndStall(text.leak()))];
        let ended = run(
            &FakeServer::lying(lies.leak()).address,
            "START BACKUP 7",
            false,
        );
        assert_eq!(ended.status, Some(0), "{strange}: {}", ended.stderr);
        assert!(ended.stdout.contains("StartGCP: 35"), "{}", ended.stdout);
    }
}

#[test]
fn commands_that_are_none_are_refused_before_they_are_sent() {
    let server = crate::fake_server::FakeServer::start();
    let digits = "123456789012345678901234567890";
    let mut cases = vec![
        ("FROBNICATE".to_owned(), "Invalid command: FROBNICATE"),
        (
            "START BACKUP 7 SNAPSHOTSTRAT".to_owned(),
            "did you mean SNAPSHOTSTART?",
        ),
        ("START BACKUP 7 WAIT".to_owned(), "STARTED or COMPLETED"),
        (
            "START BACKUP 7 ENCRYPT PASSWORD=x".to_owned(),
            "within quotes",
        ),
        (
            "START BACKUP 7 ENCRYPT PASSWORD='a^b'".to_owned(),
            "at position 2",
        ),
        (
            "ABORT BACKUP".to_owned(),
            "Invalid arguments: expected <BackupId>",
        ),
        ("ALL".to_owned(), "Expected a command after ALL."),
        (";;;\u{1}".to_owned(), "Invalid command"),
    ];
    for id in ["0", "-1", "4294967295", "5x", digits] {
        cases.push((
            format!("START BACKUP {id} NOWAIT"),
            "Invalid command: BACKUP ",
        ));
        cases.push((format!("ABORT BACKUP {id}"), "Invalid arguments: "));
    }
    for (command, message) in &cases {
        for piped in [false, true] {
            let ended = run(&server.address, command, piped);
            check_failure(&format!("{command}, piped: {piped}"), &ended, message);
        }
    }
    let requests = server.requests();
    assert!(!requests.contains(" backup"), "{requests}");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    for piped in [false, true] {
        let ended = run("127.0.0.1:1", "SHOW", piped);
        check_failure("nobody listens", &ended, "Connection refused");
        let ended = run("nobody.invalid", "SHOW", piped);
        check_failure("no such name", &ended, "Unable to resolve");
        let ended = run("localhost:99999", "SHOW", piped);
        check_failure("no such port", &ended, "localhost:99999");
    }
}

#[test]
fn pings_are_no_news_of_a_backup() {
    let pings = [(
        "listen event",
        SayEndlessly("listen event\nresult: 0\n\n", "<PING>\n"),
    )];
    let server = FakeServer::lying(Vec::from(pings).leak());
    server.report_backup(0);
    let ended = run(&server.address, "START BACKUP 7", false);
    check_failure("pings", &ended, "the end of backup 7 was not heard");
}

#[test]
fn a_server_that_always_has_something_to_say_is_not_listened_to_for_ever() {
    check_lies(&[
        (
            "blank lines",
            "ALL STATUS",
            &[("get status", SayEndlessly("", "\n"))],
            "get status: a received reply is longer than",
        ),
        (
            "blank lines instead of a restart",
            "2 RESTART",
            &[
                (
                    "get status",
                    Say(
                        "node status\nnodes: 1\nnode.2.type: NDB\nnode.2.status: STARTED\n\
                         node.2.version: 591618\nnode.2.mysql_version: 591618\n\
                         node.2.startphase: 0\nnode.2.dynamic_id: 1\nnode.2.node_group: 0\n\
                         node.2.connect_count: 0\nnode.2.address: 127.0.0.1\n\
                         node.2.is_single_user: 0\n\n",
                    ),
                ),
                ("restart node v2", SayEndlessly("", "\n")),
            ],
            "restart node v2: a received reply is longer than",
        ),
    ]);
    // Keys that are nobody's make each record so long that no machine reads a million in time.
    let record = format!(
        "log event reply\ntype=54\ntime=0\nsource_nodeid=2\nstarting_node=1\nbackup_id=7\n{}\n",
        format!("padding={}\n", "0".repeat(200)).repeat(40)
    );
    let head = "dump events reply\nresult: Ok\nevents: 1000000\n\n";
    let lie = ("dump events", SayEndlessly(head, record.leak()));
    let case: Case = (
        "events as fast as they are read",
        "ALL REPORT BackupStatus",
        vec![lie].leak(),
        "cmd: dump events, error: Time out talking to management server, timeout: 4000",
    );
    check_lies(vec![case].leak());
}

/// As text they are printed part by part, and kept in little more than their words.
#[test]
fn a_hundred_thousand_saved_events_take_little_memory() {
    const EVENTS: usize = 100_000;
    let mut reply = format!("dump events reply\nresult: Ok\nevents: {EVENTS}\n\n");
    for at in 0..EVENTS {
        reply += &format!(
            "log event reply\ntype=81\ntime=0\nsource_nodeid={}\ndata=9 {at} 1795328049 49 \
             1717990722 1852404325 1634541671 1970104696 1885675629 1936221039 808464672 0 \n\n",
            2 + at % 4
        );
    }
    let lies = vec![("dump events", Answer::Say(reply.leak()))];
    let server = FakeServer::lying(lies.leak());
    let mut client = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args([
            "--no-defaults",
            "--connect-retries=1",
            "-c",
            &server.address,
        ])
        .args(["-e", "ALL REPORT EVENTLOG"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdout = collect(client.stdout.take().unwrap());
    let peak = last_peak(client.id());
    assert!(client.wait().unwrap().success());
    let lines = stdout.join().unwrap();
    assert_eq!(lines.matches("2026-11-22T").count(), EVENTS);
    assert!(peak < 32 << 10, "{peak} KiB");
}

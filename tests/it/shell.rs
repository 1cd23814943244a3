//! The built client with -e and with commands on standard input: what it decides by itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::fake_server::FakeServer;
use crate::simulator::{Simulator, TWO_NODES};

const LIMIT: Duration = Duration::from_secs(60);

fn client(server: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"));
    command
        .args(["--no-defaults", "-c", server, "--connect-retries=1"])
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for the client's end, and kills it past the limit.
fn finish(mut child: Child) -> Output {
    let deadline = Instant::now() + LIMIT;
    let (sender, ended) = std::sync::mpsc::channel();
    let mut stdout = child.stdout.take().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    std::thread::spawn(move || {
        let mut texts = (Vec::new(), Vec::new());
        let _ = stdout.read_to_end(&mut texts.0);
        let _ = stderr.read_to_end(&mut texts.1);
        let _ = sender.send(texts);
    });
    let left = deadline.saturating_duration_since(Instant::now());
    let Ok((stdout, stderr)) = ended.recv_timeout(left) else {
        child.kill().unwrap();
        panic!("the client does not end");
    };
    let status = child.wait().unwrap();
    Output {
        status,
        stdout,
        stderr,
    }
}

/// Standard output without the line that names the port, standard error, exit status.
fn texts(output: &Output) -> (String, String, i32) {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stdout: String = stdout
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("Connected to management server"))
        .collect();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (stdout, stderr, output.status.code().unwrap_or(-1))
}

fn run(server: &FakeServer, arguments: &[&str]) -> (String, String, i32) {
    texts(&finish(client(&server.address, arguments).spawn().unwrap()))
}

fn run_piped(server: &FakeServer, commands: &str) -> (String, String, i32) {
    let mut child = client(&server.address, &[])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(commands.as_bytes()).unwrap();
    drop(stdin);
    texts(&finish(child))
}

#[test]
fn one_shot_start_backup_needs_an_id_unless_told_otherwise() {
    let server = FakeServer::start();
    let (stdout, stderr, status) = run(&server, &["-e", "START BACKUP"]);
    assert_eq!(
        stdout,
        "Backup failed\n*  3001: Could not start backup\n\
         *        START BACKUP needs a backup id with -e\n"
    );
    assert_eq!(status, 255);
    for way_out in [
        "START BACKUP 7",
        "--auto-backup-id",
        "auto-backup-id below [ndb_mgm] in my.cnf",
    ] {
        assert!(stderr.contains(way_out), "{stderr}");
    }
    assert_eq!(server.requests(), "");

    server.answer_backup("result: Ok");
    let (stdout, _, status) = run(&server, &["--auto-backup-id", "-e", "START BACKUP NOWAIT"]);
    assert_eq!((stdout.as_str(), status), ("", 0));
    assert!(
        server
            .requests()
            .contains("start backup | backuppoint: 0 | completed: 0")
    );
}

#[test]
fn an_option_file_lets_the_cluster_choose_the_id() {
    for line in ["auto-backup-id", "auto_backup_id=1", "loose-auto-backup-id"] {
        let server = FakeServer::start();
        server.answer_backup("result: Ok");
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[ndb_mgm]\n{line}").unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
            .arg(format!("--defaults-file={}", file.path().display()))
            .args(["-c", &server.address, "-e", "START BACKUP NOWAIT"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let (stdout, stderr, status) = texts(&finish(child.unwrap()));
        assert_eq!(
            (stdout.as_str(), stderr.as_str(), status),
            ("", "", 0),
            "{line}"
        );
        assert!(server.requests().contains("start backup | backuppoint: 0"));
    }
}

#[test]
fn commands_of_several_options_run_in_order_up_to_the_first_that_fails() {
    let server = FakeServer::start();
    let purge = "No sessions purged\n";
    let (stdout, _, status) = run(
        &server,
        &[
            "-e",
            "PURGE STALE SESSIONS",
            "--execute=HELP x",
            "-ePURGE STALE SESSIONS",
        ],
    );
    assert_eq!(stdout, format!("{purge}No help for x available\n"));
    assert_eq!(status, 255);
    let twice = ["-e", "PURGE STALE SESSIONS", "-e", "PURGE STALE SESSIONS"];
    let (stdout, stderr, status) = run(&server, &twice);
    assert_eq!(
        (stdout, stderr, status),
        (purge.repeat(2), String::new(), 0)
    );
    let quit = ["-e", "QUIT", "-e", "PURGE STALE SESSIONS"];
    assert_eq!(run(&server, &quit), (String::new(), String::new(), 0));
}

#[test]
fn an_abort_under_wait_started_is_a_failure() {
    let server = FakeServer::start();
    let child = client(&server.address, &["-e", "START BACKUP 7 WAIT STARTED"])
        .spawn()
        .unwrap();
    server.wait_for_request("start backup");
    server.backup_aborted(7);
    server.answer_backup("result: Ok\nid: 7");
    let (stdout, stderr, status) = texts(&finish(child));
    assert_eq!(
        stdout,
        "Waiting for started, this may take several minutes\n\
         Node 2: Backup 7 started from 1 has been aborted. Error: 1321 - Backup aborted by user \
         request: Permanent error: User defined error\n"
    );
    assert_eq!(status, 255);
    assert!(stderr.contains("backup 7"), "{stderr}");
}

#[test]
fn a_lost_event_connection_is_a_failure_and_says_so() {
    let server = FakeServer::start();
    let child = client(&server.address, &["-e", "START BACKUP 7"])
        .spawn()
        .unwrap();
    server.wait_for_request("start backup");
    server.backup_started(7);
    server.close_listeners();
    server.answer_backup("result: Ok\nid: 7");
    let (stdout, stderr, status) = texts(&finish(child));
    assert!(
        stdout.ends_with("Node 2: Backup 7 started from node 1\n"),
        "{stdout}"
    );
    assert_eq!(status, 255);
    assert!(stderr.contains("event connection was lost"), "{stderr}");
}

#[test]
fn events_of_other_backups_are_not_told_and_totals_have_64_bits() {
    let server = FakeServer::start();
    let child = client(&server.address, &["-e", "START BACKUP 7"])
        .spawn()
        .unwrap();
    server.wait_for_request("start backup");
    server.backup_completed(6);
    server.backup_started(7);
    server.answer_backup("result: Ok\nid: 7");
    server.backup_aborted(8);
    server.backup_completed(7);
    let (stdout, stderr, status) = texts(&finish(child));
    assert_eq!(
        stdout,
        "Waiting for completed, this may take several minutes\n\
         Node 2: Backup 7 started from node 1\n\
         Node 2: Backup 7 started from node 1 completed\n \
         StartGCP: 35 StopGCP: 38\n \
         #Records: 7 #LogRecords: 0\n \
         Data: 4294967301 bytes Log: 0 bytes\n"
    );
    assert_eq!((stderr.as_str(), status), ("", 0));
}

#[test]
fn abort_backup_says_only_on_stderr_that_a_backup_does_not_run() {
    let server = FakeServer::start();
    server.report_backup(0);
    let result = run(&server, &["-v", "0", "-e", "ABORT BACKUP 9"]);
    assert_eq!(result, (String::new(), String::new(), 0));
    let requests = server.requests();
    assert!(
        requests.contains("dump events | type: 62\nabort backup | id: 9\n"),
        "{requests}"
    );

    server.report_backup(8);
    for verbose in [&[][..], &["--verbose=1"], &["-v", "2"]] {
        let arguments = [verbose, &["-e", "ABORT BACKUP 9"]].concat();
        let (stdout, stderr, status) = run(&server, &arguments);
        assert_eq!((stdout.as_str(), status), ("", 0));
        assert!(stderr.contains("backup 9 is not running"), "{stderr}");
    }
}

#[test]
fn abort_backup_answers_for_a_running_backup_and_when_the_status_is_unknown() {
    let server = FakeServer::start();
    let ordered = ("Abort of backup 9 ordered\n".to_owned(), String::new(), 0);
    assert_eq!(run(&server, &["-e", "ABORT BACKUP 9"]), ordered);
    server.report_backup(9);
    assert_eq!(run(&server, &["-e", "ABORT BACKUP 9"]), ordered);
}

#[test]
fn piped_commands_all_run_and_the_first_failure_is_the_status() {
    let server = FakeServer::start();
    let (stdout, _, status) = run_piped(&server, "PURGE STALE SESSIONS\nBOGUS\n\nHELP FOO");
    assert_eq!(
        stdout,
        "-- NDB Cluster -- Management Client --\n\
         No sessions purged\n\
         Invalid command: BOGUS\nType HELP for help.\n\n\
         No help for FOO available\n"
    );
    assert_eq!(status, 255);
    let (_, _, status) = run_piped(&server, "PURGE STALE SESSIONS\nQUIT\nBOGUS\n");
    assert_eq!(status, 0);
}

#[test]
fn a_line_that_is_too_long_is_no_command_and_the_next_line_runs() {
    let server = FakeServer::start();
    let commands = format!("#\n{}\nPURGE STALE SESSIONS\n", "x".repeat(200_000));
    let (stdout, stderr, status) = run_piped(&server, &commands);
    assert!(stdout.contains("the line is too long"), "{stdout}");
    assert!(stdout.ends_with("No sessions purged\n"), "{stdout}");
    let told = "ndb_mgm: standard input, line 2: no command is longer than 65536 bytes\n";
    assert_eq!((stderr.as_str(), status), (told, 255));
}

#[test]
fn a_file_without_an_end_fails_at_once_and_names_the_line() {
    let server = FakeServer::start();
    let too_long =
        |place: &str| format!("ndb_mgm: {place}, line 1: no command is longer than 65536 bytes\n");
    let endless =
        |place: &str| format!("ndb_mgm: {place}: the line does not end; nothing more is read\n");

    let (stdout, stderr, status) = run(&server, &["--file=/dev/zero"]);
    assert!(stdout.contains("the line is too long"), "{stdout}");
    assert_eq!((stderr, status), (too_long("/dev/zero"), 255));

    let all = ["--file=/dev/zero", "--keep-going", "--exit-codes=detailed"];
    let (_, stderr, status) = run(&server, &all);
    let both = too_long("/dev/zero") + &endless("/dev/zero");
    assert_eq!((stderr, status), (both, 2));

    let zeros = std::fs::File::open("/dev/zero").unwrap();
    let child = client(&server.address, &[]).stdin(zeros).spawn().unwrap();
    let (_, stderr, status) = texts(&finish(child));
    let both = too_long("standard input") + &endless("standard input");
    assert_eq!((stderr, status), (both, 255));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_command() {
    let server = FakeServer::start();
    let commands = "\u{feff}PURGE STALE SESSIONS\n";
    let (stdout, _, status) = run_piped(&server, commands);
    assert!(stdout.ends_with("No sessions purged\n"), "{stdout}");
    assert_eq!(status, 0);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("commands");
    std::fs::write(&file, commands).unwrap();
    let (stdout, _, status) = run(&server, &["--file", file.to_str().unwrap()]);
    assert_eq!((stdout.as_str(), status), ("No sessions purged\n", 0));
}

#[test]
fn no_server_is_one_clear_failure() {
    let child = client("127.0.0.1:1", &["-e", "SHOW"]).spawn().unwrap();
    let (stdout, stderr, status) = texts(&finish(child));
    assert_eq!(
        stdout,
        "ERROR: Unable to connect with connect string: nodeid=0,127.0.0.1:1\n"
    );
    assert!(stderr.contains("--sim"), "{stderr}");
    assert_eq!(status, 255);
}

#[test]
fn who_has_lost_a_server_is_not_told_to_simulate_one() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let mut child = client(&simulator.address, &[])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all(b"SHOW\n").unwrap();
    let mut line = String::new();
    while !line.starts_with("id=11") {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "the client ended");
    }
    simulator.stop();
    // The first notices that the connection is gone.
    stdin.write_all(b"SHOW\nSHOW\n").unwrap();
    drop(stdin);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    let advice = String::from_utf8(output.stderr).unwrap();
    assert!(
        rest.contains("Unable to connect with connect string"),
        "{rest}{advice}"
    );
    assert!(!advice.contains("--sim"), "{advice}");
    assert_eq!(output.status.code(), Some(255));
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let server = FakeServer::start();
    let mut child = client(&server.address, &["-e", "HELP"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(stderr, "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn advice_names_what_was_probably_meant() {
    let server = FakeServer::start();
    for (command, advice) in [
        ("restart 3", "nodes stand first: 3 RESTART"),
        ("RESTART 2 3 -n", "nodes stand first: 2 3 RESTART .."),
        ("START 3", "nodes stand first: 3 START"),
        ("STATUS all;", "nodes stand first: all STATUS"),
        ("RESTART", "write ALL RESTART, or <node id> RESTART"),
        ("ALL REPORT Bakup", "did you mean BackupStatus?"),
        ("ALL REPORT Memroy Usage", "did you mean MemoryUsage?"),
        (
            "START BACKUP 5 ENCRYPT PASSWORD=*** NOWAIT",
            "the history hides passwords: write yours in quotes where the asterisks are",
        ),
    ] {
        let (_, stderr, status) = run(&server, &["-e", command]);
        assert!(
            stderr.ends_with(&format!("{advice}\n")),
            "{command}: {stderr}"
        );
        assert_eq!(status, 255, "{command}");
    }
}

#[test]
fn the_line_after_a_backup_that_lacks_its_password_is_never_shown() {
    let server = FakeServer::start();
    let (stdout, stderr, status) =
        run_piped(&server, "START BACKUP 5 ENCRYPT\nopensesame\nBOGUS\n");
    assert!(
        !format!("{stdout}{stderr}").contains("sesame"),
        "{stdout}{stderr}"
    );
    assert!(stdout.contains("Invalid command: ***\n"), "{stdout}");
    assert!(stdout.contains("Invalid command: BOGUS\n"), "{stdout}");
    assert!(stderr.contains("--backup-password-from-stdin"), "{stderr}");
    assert_eq!(status, 255);
}

#[test]
fn a_name_that_does_not_resolve_is_no_reason_to_simulate() {
    let child = client("no-such-host.invalid", &["-e", "SHOW"])
        .spawn()
        .unwrap();
    let (stdout, stderr, status) = texts(&finish(child));
    assert!(
        stdout.starts_with("Unable to resolve any of the address"),
        "{stdout}"
    );
    assert!(stderr.contains("no-such-host.invalid"), "{stderr}");
    assert!(!stderr.contains("--sim"), "{stderr}");
    assert_eq!(status, 255);
}

#[test]
fn a_server_of_another_protocol_is_called_that() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 64];
        let _ = stream.read(&mut request).unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            .unwrap();
    });
    let child = client(&address, &["-e", "SHOW"]).spawn().unwrap();
    let (_, stderr, status) = texts(&finish(child));
    server.join().unwrap();
    assert!(
        stderr.contains(
            "does not speak the management protocol; it says \"HTTP/1.1 400 Bad Request\""
        ),
        "{stderr}"
    );
    assert_eq!(status, 255);
}

#[test]
fn a_password_line_that_ends_in_a_carriage_return_says_so() {
    let server = FakeServer::start();
    let mut child = client(
        &server.address,
        &["--backup-password-from-stdin", "-e", "SHOW"],
    )
    .stdin(Stdio::piped())
    .spawn()
    .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"open sesame\r\n")
        .unwrap();
    let (stdout, stderr, status) = texts(&finish(child));
    assert_eq!((stdout.as_str(), status), ("", 2));
    assert!(stderr.contains("carriage return"), "{stderr}");
    assert!(!stderr.contains("sesame"), "{stderr}");
}

#[test]
fn a_password_never_reaches_the_output() {
    let server = FakeServer::start();
    let commands = [
        "START BACKUP 5 ENCRYPT PASSWORD='open!sesame'",
        "START BACKUP 5 ENCRYPT PASSWORD=opensesame",
        "START BACKUP 5 ENCRYPT PASSWORD='opensesame",
    ];
    for command in commands {
        let (stdout, stderr, status) = run(&server, &["-e", command]);
        assert_eq!(status, 255, "{command}");
        assert!(!stdout.contains("sesame"), "{stdout}");
        assert!(!stderr.contains("sesame"), "{stderr}");
    }
    assert!(!server.requests().contains("start backup"));
}

/// What the client does with START BACKUP 7 in each mode without a terminal.
fn one_shot_and_piped(
    server: impl Fn() -> FakeServer,
    script: impl Fn(&FakeServer),
) -> [(String, String, i32); 2] {
    [false, true].map(|piped| {
        let server = server();
        let mut child = if piped {
            client(&server.address, &[])
        } else {
            client(&server.address, &["-e", "START BACKUP 7"])
        };
        let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        if piped {
            stdin.write_all(b"START BACKUP 7\n").unwrap();
        }
        drop(stdin);
        server.wait_for_request("start backup");
        script(&server);
        texts(&finish(child))
    })
}

#[test]
fn a_wait_whose_completion_event_is_lost_ends_and_is_no_success() {
    let results = one_shot_and_piped(FakeServer::start, |server| {
        server.report_backup(0);
        server.backup_started(7);
        server.answer_backup("result: Ok\nid: 7");
    });
    for (stdout, stderr, status) in results {
        assert!(
            stdout.contains("Backup 7 started from node 1\n"),
            "{stdout}"
        );
        assert!(
            stderr.contains("the end of backup 7 was not heard"),
            "{stderr}"
        );
        assert!(stderr.contains("says that it completed"), "{stderr}");
        assert_eq!(status, 255);
    }
}

#[test]
fn a_wait_without_an_answer_ends_once_no_node_reports_the_backup() {
    let results = one_shot_and_piped(FakeServer::start, |server| {
        server.report_backup(7);
        server.backup_started(7);
        server.wait_for_request("dump events");
        server.report_backup(0);
    });
    for (stdout, stderr, status) in results {
        assert!(
            stdout.contains("Backup 7 started from node 1\n"),
            "{stdout}"
        );
        assert!(
            stderr.contains("the end of backup 7 was not heard"),
            "{stderr}"
        );
        assert_eq!(status, 255);
    }
}

#[test]
fn a_wait_goes_on_while_a_node_reports_the_backup() {
    let results = one_shot_and_piped(FakeServer::start, |server| {
        server.report_backup(7);
        server.backup_started(7);
        server.answer_backup("result: Ok\nid: 7");
        server.wait_for_request("dump events");
        server.backup_completed(7);
    });
    for (stdout, stderr, status) in results {
        assert!(stdout.contains("StartGCP: 35"), "{stdout}");
        assert_eq!((stderr.as_str(), status), ("", 0));
    }
}

#[test]
fn a_full_disk_is_advised_about_with_the_node_that_an_event_named() {
    let results = one_shot_and_piped(FakeServer::start, |server| {
        server.backup_started(7);
        server.backup_aborted_by(3, 7, 1325);
        server.answer_backup("result: File or scan error: Permanent error: Internal error");
    });
    for (stdout, stderr, status) in results {
        let line = "*        File or scan error: Permanent error: Internal error\n";
        assert!(stdout.contains(line), "{stdout}");
        assert!(stderr.contains("the disk is full"), "{stderr}");
        assert!(stderr.contains("BackupDataDir"), "{stderr}");
        assert!(stderr.contains("node 3"), "{stderr}");
        assert_eq!(status, 255);
    }
}

#[test]
fn piped_commands_tell_of_lost_events_on_standard_error() {
    let server = FakeServer::start();
    let mut child = client(&server.address, &["--connect-retry-delay=0"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"PURGE STALE SESSIONS\n").unwrap();
    server.wait_for_request("purge stale sessions");
    server.close_listeners();
    server.wait_for_requests("listen event", 2);
    stdin.write_all(b"PURGE STALE SESSIONS\n").unwrap();
    server.wait_for_requests("purge stale sessions", 2);
    drop(stdin);
    let (stdout, stderr, status) = texts(&finish(child));
    assert!(!stdout.contains("Events:"), "{stdout}");
    let lost = format!("Events: connection to {} lost\n", server.address);
    assert!(stderr.contains(&lost), "{stderr}");
    assert_eq!(status, 0);
}

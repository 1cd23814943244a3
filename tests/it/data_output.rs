//! `--output=json` and `jsonl`, and the statuses that go with them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::data_schema::{check, objects};
use crate::server::Nobody;
use crate::simulator::{Simulator, TWO_NODES};

/// The objects of a run and its status.
fn run(simulator: &Simulator, arguments: &[&str], stdin: &str) -> (Vec<Value>, i32) {
    let output = simulator.client(arguments, stdin);
    let stdout = String::from_utf8(output.stdout).unwrap();
    (objects(&stdout), output.status.code().unwrap())
}

fn one(simulator: &Simulator, command: &str) -> Value {
    let (mut told, status) = run(simulator, &["--output=json", "-e", command], "");
    assert_eq!(told.len(), 1, "{command}: {told:?}");
    let object = told.remove(0);
    let word = command.split(' ').next().unwrap();
    let told = object["command"].as_str().unwrap();
    assert!(told.starts_with(word), "{command}: {told}");
    assert_eq!(object["status"], status, "{object}");
    object
}

#[test]
fn a_command_is_one_object_with_typed_results() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let show = one(&simulator, "SHOW");
    assert_eq!((&show["ok"], &show["error"]), (&true.into(), &Value::Null));
    assert_eq!(show["server"], simulator.address);
    let nodes = show["result"]["nodes"].as_array().unwrap();
    let told: Vec<_> = nodes
        .iter()
        .map(|node| {
            (
                node["id"].as_u64().unwrap(),
                node["type"].as_str().unwrap(),
                node["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, "data", "started"),
            (3, "data", "started"),
            (1, "management", "connected"),
            (10, "api", "no_contact"),
            (11, "api", "no_contact"),
        ]
    );
    assert_eq!(
        (&nodes[0]["master"], &nodes[1]["master"]),
        (&true.into(), &false.into())
    );
    assert_eq!(nodes[1]["nodegroup"], 0);

    let status = one(&simulator, "3 STATUS");
    assert_eq!(status["result"]["nodes"][0]["ndb_version"], "9.7.2");

    let memory = one(&simulator, "ALL REPORT MemoryUsage");
    let data = &memory["result"]["nodes"][0];
    assert_eq!((&data["node"], &data["kind"]), (&2.into(), &"data".into()));
    let bytes = |key: &str| data[key].as_u64().unwrap();
    assert_eq!(
        bytes("bytes_total"),
        bytes("page_size") * bytes("pages_total")
    );

    let backup = one(&simulator, "START BACKUP 6 WAIT COMPLETED");
    let result = &backup["result"];
    assert_eq!(
        (&result["id"], &result["state"]),
        (&6.into(), &"completed".into())
    );
    assert!(
        result["start_gcp"].as_u64() < result["stop_gcp"].as_u64(),
        "{result}"
    );
    assert!(result["totals"]["bytes"].as_u64() > Some(0), "{result}");
    assert_eq!(backup["steps"][0]["wait_for"], "completed");
    assert_eq!(backup["steps"][1]["event"]["event"], "BackupStarted");

    let again = one(&simulator, "START BACKUP 6 WAIT COMPLETED");
    assert_eq!(
        (&again["ok"], &again["error"]["kind"]),
        (&false.into(), &"refused".into())
    );
    assert_eq!(
        (&again["error"]["number"], &again["status"]),
        (&3001.into(), &255.into())
    );

    let log = one(&simulator, "ALL REPORT EventLog");
    let events = log["result"]["events"].as_array().unwrap();
    let completed = events
        .iter()
        .find(|event| event["event"] == "BackupCompleted");
    let completed = completed.expect("the backup in the log");
    assert_eq!(completed["values"]["n_bytes"], result["totals"]["bytes"]);
    assert_eq!(completed["values"]["stop_gci"], result["stop_gcp"]);
}

#[test]
fn every_command_gives_an_object() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    for (command, kind) in [
        ("HELP", "help"),
        ("PROMPT x", "prompt"),
        ("SLEEP 0", "done"),
        ("ALL STATUS", "status"),
        ("ALL REPORT BackupStatus", "backup_status"),
        ("CLUSTERLOG INFO", "cluster_log_filter"),
        ("CLUSTERLOG OFF", "cluster_log_switched"),
        ("CLUSTERLOG ON INFO", "done"),
        ("ALL CLUSTERLOG STARTUP=15", "done"),
        ("2 LOGLEVEL BACKUP=7", "done"),
        ("2 DUMP 1000 2", "done"),
        ("2 NODELOG DEBUG ON", "done"),
        ("2 LOG", "done"),
        ("2 TESTON", "done"),
        ("2 TESTOFF", "done"),
        ("PURGE STALE SESSIONS", "sessions_purged"),
        ("TLS INFO", "tls"),
        ("ENTER SINGLE USER MODE 10", "single_user_mode_entered"),
        ("EXIT SINGLE USER MODE", "single_user_mode_ending"),
        ("ABORT BACKUP 99", "abort_ordered"),
        ("3 RESTART -n", "restarting"),
        ("QUIT", "quit"),
    ] {
        let object = one(&simulator, command);
        assert_eq!(object["ok"], true, "{object}");
        assert_eq!(object["result"]["type"], kind, "{object}");
    }
    let wait = r#"while ! ndb_mgm -c $C -e "3 STATUS" | grep -q "not started"; do :; done"#;
    assert_eq!(simulator.bash(wait).status, 0);
    let started = one(&simulator, "3 START");
    assert_eq!(started["result"]["nodes"][0], 3);
    let wait = r#"while ! ndb_mgm -c $C -e "3 STATUS" | grep -q ": started"; do :; done"#;
    assert_eq!(simulator.bash(wait).status, 0);
    let shut_down = one(&simulator, "SHUTDOWN");
    assert_eq!(shut_down["result"]["disconnected"], true, "{shut_down}");
}

/// Every failure of the table in the manual page of statuses has its own with
/// `--exit-codes=detailed`, and 255 without.
#[test]
fn failures_can_be_told_apart() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    for (command, kind, detailed) in [
        ("BOGUS", "usage", 2),
        ("300 STATUS", "usage", 2),
        ("START BACKUP", "usage", 2),
        ("CONNECT nodeid=x", "usage", 2),
        ("99 RESTART", "refused", 5),
        ("10 REPORT MemoryUsage", "refused", 5),
        ("DROP NODEGROUP 9", "refused", 5),
    ] {
        let (told, status) = run(&simulator, &["--output=json", "-e", command], "");
        assert_eq!(
            (&told[0]["error"]["kind"], status),
            (&kind.into(), 255),
            "{command}"
        );
        let told_apart = ["--output=json", "--exit-codes=detailed", "-e", command];
        let (told, status) = run(&simulator, &told_apart, "");
        assert_eq!(
            (&told[0]["error"]["kind"], status),
            (&kind.into(), detailed),
            "{command}"
        );
    }
    let text = simulator.client(&["--exit-codes=detailed", "-e", "BOGUS"], "");
    assert_eq!(text.status.code(), Some(2));
}

#[test]
fn what_cannot_be_reached_or_does_not_answer_is_told_apart() {
    let nobody = Nobody::new();
    let mut faults = tempfile::NamedTempFile::new().unwrap();
    writeln!(faults, "no-reply get status").unwrap();
    let faults_path = faults.path().to_str().unwrap();
    let silent = Simulator::start(TWO_NODES, &["--faults", faults_path]);
    for (server, kind, detailed) in [
        (nobody.address.as_str(), "unreachable", 3),
        (silent.address.as_str(), "outcome_unknown", 8),
        ("nodeid=x", "usage", 2),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
            .args(["--no-defaults", "-c", server, "--connect-retries=0"])
            .args([
                "--request-timeout=4",
                "--output=json",
                "--exit-codes=detailed",
            ])
            .args(["-e", "ALL STATUS"])
            .env_clear()
            .output()
            .unwrap();
        let told = objects(&String::from_utf8_lossy(&output.stdout));
        assert_eq!(told.len(), 1, "{server}");
        assert_eq!(told[0]["error"]["kind"], kind, "{}", told[0]);
        assert_eq!(output.status.code(), Some(detailed), "{}", told[0]);
    }
}

/// A program can read a run line by line while it goes on.
#[test]
fn lines_of_a_backup_that_is_not_waited_for_come_as_it_runs() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(["--no-defaults", "-c", &simulator.address, "--output=jsonl"])
        .env("HOME", simulator.place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"START BACKUP 7 NOWAIT\n").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = Vec::new();
    // Standard input stays open, so nothing ends before the backup has. A client that is slow may
    // hear of the end before it tells that the backup was ordered.
    let all = ["ordered", "BackupStarted", "BackupCompleted"];
    while !all.iter().all(|name| seen.iter().any(|told| told == name)) {
        let line = lines.next().expect("more lines").unwrap();
        let object: Value = serde_json::from_str(&line).unwrap();
        check(&object);
        let name = object.get("event").unwrap_or(&object["result"]["state"]);
        seen.push(name.as_str().unwrap_or_default().to_owned());
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert!(child.wait().unwrap().success());
    for name in all {
        assert_eq!(
            seen.iter().filter(|told| *told == name).count(),
            1,
            "{seen:?}"
        );
    }
}

#[test]
fn events_of_a_waited_for_backup_are_lines_of_their_own_once() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let command = "START BACKUP 8 WAIT COMPLETED";
    let (told, status) = run(&simulator, &["--output=jsonl", "-e", command], "");
    assert_eq!(status, 0);
    let names: Vec<_> = told.iter().map(|object| object["event"].as_str()).collect();
    assert_eq!(
        names,
        [Some("BackupStarted"), Some("BackupCompleted"), None]
    );
    assert_eq!(told[2]["result"]["stop_gcp"], told[1]["values"]["stop_gci"]);
}

#[test]
fn standard_output_holds_nothing_but_objects_and_no_password() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let commands = "SHOW\n# a comment\n\nSTART BACKUP 9 ENCRYPT PASSWORD='s3cret'\nBOGUS\n\
                    START BACKUP 9 ENCRYPT PASSWORD='s3cret' BOGUS\nQUIT\nSHOW\n";
    for format in ["json", "jsonl"] {
        let output = simulator.client(&[&format!("--output={format}")], commands);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = objects(&stdout);
        let commands: Vec<_> = told
            .iter()
            .filter_map(|object| object["command"].as_str())
            .collect();
        assert_eq!(
            commands,
            [
                "SHOW",
                "START BACKUP 9 ENCRYPT PASSWORD=***",
                "BOGUS",
                "START BACKUP 9 ENCRYPT PASSWORD=***",
                "QUIT"
            ],
            "{format}"
        );
        assert!(!(stdout + &stderr).contains("s3cret"), "{format}");
        assert!(
            stderr.contains("Connected to management server"),
            "{stderr}"
        );
    }
}

#[test]
fn the_pager_is_named_in_the_objects() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let lines = "PAGER less -S\nNOPAGER\n";
    let (told, status) = run(&simulator, &["--output=jsonl"], lines);
    let results: Vec<_> = told.iter().map(|object| &object["result"]).collect();
    assert_eq!(results.len(), 2, "{told:?}");
    assert_eq!(
        (&results[0]["type"], &results[0]["program"]),
        (&"pager".into(), &"less -S".into())
    );
    assert_eq!(results[1]["program"], Value::Null);
    assert_eq!(status, 0);
}

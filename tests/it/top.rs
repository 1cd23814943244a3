//! TOP without a terminal: an object on each line.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::data_schema;
use crate::fake_server::FakeServer;
use crate::four_nodes::FourNodes;
use crate::simulator::{Simulator, TWO_NODES};

/// Longest wait for a line that is to come; a loaded machine needs some of it.
const LIMIT: Duration = Duration::from_secs(60);

/// TOP in the background, and its lines.
struct Top {
    child: Child,
    lines: Receiver<String>,
}

impl Top {
    fn start(address: &str, command: &str) -> Top {
        Top::run(&["-c", address, "-e", command])
    }

    fn run(arguments: &[&str]) -> Top {
        let home = std::env::temp_dir();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
            .args(["--no-defaults", "--output=jsonl", "--connect-retries=1"])
            .args(arguments)
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Top { child, lines }
    }

    /// The next line, which is an object of its schema.
    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(LIMIT).expect("another line");
        let object = serde_json::from_str(&line).expect("JSON");
        data_schema::check(&object);
        object
    }

    /// The first object, from now on, for which the test is true.
    fn wait_until(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LIMIT;
        loop {
            let object = self.next();
            if is_it(&object) {
                return object;
            }
            assert!(Instant::now() < deadline, "no {what}: {object}");
        }
    }
}

impl Drop for Top {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn node(object: &Value, id: u32) -> &Value {
    let mut nodes = object["nodes"].as_array().unwrap().iter();
    nodes.find(|node| node["id"] == id).expect("a node")
}

#[test]
fn each_picture_is_an_object_on_a_line() {
    let cluster = FourNodes::start(5);
    let top = Top::start(&cluster.address(), "TOP EVERY 0.2");
    let mut times = BTreeSet::new();
    for _ in 0..3 {
        let object = top.next();
        assert_eq!(object["type"], "top");
        assert_eq!(object["contact"]["held"], true);
        assert!(times.insert(object["time"].as_str().unwrap().to_owned()));
    }
    let object = top.wait_until("survey", |object| {
        node(object, 5)["data_memory"].is_object() && object["contact"]["server_id"] == 1
    });
    assert_eq!(object["condition"], "ok");
    assert_eq!(object["findings"], Value::Array(vec![]));
    let ids: Vec<&Value> = object["nodes"].as_array().unwrap().iter().collect();
    let ids: Vec<u64> = ids.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [2, 3, 4, 5, 1, 10]);
    let last = node(&object, 5);
    assert_eq!(
        (&last["nodegroup"], &last["state"]),
        (&1.into(), &"started".into())
    );
}

#[test]
fn what_happens_is_told_and_a_node_that_left_keeps_its_nodegroup() {
    let cluster = FourNodes::start(5);
    let top = Top::start(&cluster.address(), "TOP EVERY 0.2");
    top.wait_until("survey", |object| {
        node(object, 5)["data_memory"].is_object()
    });
    assert_eq!(cluster.run(&["-e", "5 STOP"]).status, 0);
    // The stop may be heard of with the loss, before it or after it.
    let is_told = Cell::new(false);
    let object = top.wait_until("stop and loss", |object| {
        let mut events = object["events"].as_array().unwrap().iter();
        if events.any(|event| event["event"] == "NDBStopStarted" && event["node"] == 5) {
            is_told.set(true);
        }
        let is_lost = node(object, 5)["state"] == "no_contact";
        is_told.get() && is_lost && object["condition"] == "degraded"
    });
    assert_eq!(node(&object, 5)["nodegroup"], 1);
    assert_eq!(node(&object, 5)["data_memory"], Value::Null);
    assert_eq!(cluster.run(&["-e", "START BACKUP 3"]).status, 0);
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let object = top.next();
        let events = object["events"].as_array().unwrap();
        let names = events.iter().map(|event| event["event"].clone());
        heard.extend(names.filter(|name| name == "BackupStarted" || name == "BackupCompleted"));
    }
    assert_eq!(heard, ["BackupStarted", "BackupCompleted"]);
}

#[test]
fn reports_of_the_data_nodes_become_figures() {
    let cluster = FourNodes::start(5);
    let top = Top::start(&cluster.address(), "TOP");
    // The second report of each kind comes ten seconds after the cluster has begun.
    let object = top.wait_until("rates", |object| {
        node(object, 2)["per_second"]["operations"].is_number()
            && node(object, 2)["per_second"]["transactions"].is_number()
    });
    assert_eq!(node(&object, 2)["per_second"]["transactions"], 0.0);
    assert!(node(&object, 2)["per_second"]["operations"].as_f64() > Some(0.0));
}

#[test]
fn a_lost_server_is_told_and_another_one_goes_on() {
    let (first, second) = (
        Simulator::start(TWO_NODES, &[]),
        Simulator::start(TWO_NODES, &[]),
    );
    let both = format!("{},{}", first.address, second.address);
    let top = Top::start(&both, "TOP EVERY 0.2");
    top.wait_until("contact", |object| object["contact"]["held"] == true);
    let port = |simulator: &Simulator| format!(":{}", simulator.port);
    let (first_port, second_port) = (port(&first), port(&second));
    let is_at = move |object: &Value, port: &str| {
        let server = object["contact"]["server"].as_str();
        server.is_some_and(|server| server.ends_with(port))
    };
    top.wait_until("the first", |object| is_at(object, &first_port));
    drop(first);
    top.wait_until("the second", |object| is_at(object, &second_port));
    drop(second);
    let object = top.wait_until("loss", |object| object["contact"]["held"] == false);
    assert_eq!(object["condition"], "unknown");
    assert!(object["contact"]["reason"].is_string() && object["contact"]["lost_since"].is_string());
    // What was seen last.
    assert_eq!(object["nodes"].as_array().unwrap().len(), 5);
}

#[test]
fn a_server_that_falls_silent_is_lost_and_comes_back() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let arguments = [
        "-c",
        &simulator.address,
        "--request-timeout=1",
        "-e",
        "TOP EVERY 0.2",
    ];
    let top = Top::run(&arguments);
    top.wait_until("contact", |object| object["contact"]["held"] == true);
    simulator.signal("STOP");
    let object = top.wait_until("loss", |object| object["contact"]["held"] == false);
    assert_eq!(object["contact"]["reason"], "no answer within 1 s");
    // The lines go on meanwhile.
    assert_eq!(top.next()["contact"]["held"], false);
    simulator.signal("CONT");
    let object = top.wait_until("return", |object| object["contact"]["held"] == true);
    assert_eq!(node(&object, 3)["state"], "started");
}

#[test]
fn a_limit_of_time_ends_it() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let arguments = ["--timeout=6", "--output=jsonl", "-e", "TOP EVERY 0.2"];
    let output = simulator.client(&arguments, "");
    assert_eq!(output.status.code(), Some(0));
    let objects = data_schema::objects(&String::from_utf8(output.stdout).unwrap());
    let (last, before) = objects.split_last().unwrap();
    assert!(!before.is_empty() && before.iter().all(|object| object["type"] == "top"));
    assert_eq!(
        (&last["type"], &last["command"]),
        (&"command".into(), &"TOP EVERY 0.2".into())
    );
    assert_eq!(last["ok"], true);
}

#[test]
fn it_ends_silently_when_its_reader_has_seen_enough() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let outcome = simulator.bash(
        "ndb_mgm -c $C --output=jsonl -e 'TOP EVERY 0.1' 2>said | head -n 3; \
         echo ${PIPESTATUS[0]} $(grep -v ^Connected said)",
    );
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{outcome:#?}");
    assert_eq!(lines[3], "0", "{outcome:#?}");
}

#[test]
fn control_c_ends_it_in_a_run_with_a_simulated_cluster() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("cluster");
    let directory = format!("--sim-dir={}", directory.display());
    let mut top = Top::run(&["--sim", &directory, "-e", "TOP EVERY 0.2"]);
    assert_eq!(top.next()["type"], "top");
    let pid = top.child.id().to_string();
    let sent = Command::new("kill").args(["-s", "INT", &pid]).status();
    assert!(sent.unwrap().success());
    let last = top.wait_until("the end", |object| object["type"] == "command");
    assert_eq!(
        (&last["command"], &last["ok"]),
        (&"TOP EVERY 0.2".into(), &true.into())
    );
    assert_eq!(top.child.wait().unwrap().code(), Some(0));
}

#[test]
fn without_a_terminal_it_wants_lines_before_anything_is_sent() {
    let server = FakeServer::start();
    let run = |arguments: &[&str], stdin: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
            .args(["--no-defaults", "-c", &server.address])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    for (arguments, stdin, status) in [
        (&["-e", "TOP"][..], "", 255),
        (&["--exit-codes=detailed", "-e", "TOP"], "", 2),
        (&["--output=json", "-e", "top every 5"], "", 255),
        (&[], "TOP\n", 255),
    ] {
        let output = run(arguments, stdin);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        let advice = String::from_utf8(output.stderr).unwrap();
        assert!(advice.contains("--output=jsonl"), "{advice}");
    }
    assert_eq!(server.requests(), "");
}

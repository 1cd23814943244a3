//! A node that has been told to restart, and is still STARTED for five seconds: neither WAIT FOR
//! .. AFTER RESTART nor ROLLING RESTART takes it for one that is back.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::fake_server::next_request;
use crate::four_nodes::begin;

/// How long a node stays in service after the order, and how long it is away then.
const STAYS: Duration = Duration::from_secs(5);
const AWAY: Duration = Duration::from_secs(1);

/// The moments at which the data nodes 2 and 3 were told to restart.
type Orders = Arc<Mutex<BTreeMap<u32, Instant>>>;

/// A management server whose data nodes leave late, and which confirms orders at once.
fn serve() -> (String, Orders) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let orders = Orders::default();
    let served = Arc::clone(&orders);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let orders = Arc::clone(&served);
            thread::spawn(move || answer_all(stream, &orders));
        }
    });
    (address, orders)
}

/// Ends when the client is gone.
fn answer_all(mut stream: TcpStream, orders: &Mutex<BTreeMap<u32, Instant>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    loop {
        let request = next_request(&mut lines)?;
        let reply = answer(&request, orders);
        stream.write_all(format!("{reply}\n\n").as_bytes()).ok()?;
    }
}

fn answer(request: &[String], orders: &Mutex<BTreeMap<u32, Instant>>) -> String {
    match request.first().map_or("", String::as_str) {
        "get version" => "version\nid: 591618\nmajor: 9\nminor: 7\nbuild: 2\n\
             string: mysql-9.7.2 ndb-9.7.2\nmysql_major: 9\nmysql_minor: 7\nmysql_build: 2"
            .to_owned(),
        "get mgmd nodeid" => "get mgmd nodeid reply\nnodeid:1".to_owned(),
        "dump events" => "dump events reply\nresult: Ok\nevents: 0".to_owned(),
        "get status" => status(&orders.lock().unwrap()),
        "restart node v2" => {
            let node = request.iter().find_map(|line| line.strip_prefix("node:"));
            let node = node.unwrap().trim_matches('"').parse().unwrap();
            orders.lock().unwrap().insert(node, Instant::now());
            "restart reply\nresult: Ok\nrestarted: 1\ndisconnect: 0".to_owned()
        }
        name => format!("{name} reply\nresult: Ok"),
    }
}

fn status(orders: &BTreeMap<u32, Instant>) -> String {
    let mut text = String::from("node status\nnodes: 2");
    for node in [2, 3] {
        let since = orders.get(&node).map(Instant::elapsed);
        let (status, joined) = match since {
            None => ("STARTED", 0),
            Some(since) if since < STAYS => ("STARTED", 0),
            Some(since) if since < STAYS + AWAY => ("STARTING", 0),
            Some(_) => ("STARTED", 10),
        };
        for (name, value) in [
            ("type", "NDB".to_owned()),
            ("status", status.to_owned()),
            ("version", "591618".to_owned()),
            ("mysql_version", "591618".to_owned()),
            ("startphase", "0".to_owned()),
            ("dynamic_id", (node + joined).to_string()),
            ("node_group", "0".to_owned()),
            ("connect_count", "1".to_owned()),
            ("address", "127.0.0.1".to_owned()),
            ("is_single_user", "0".to_owned()),
        ] {
            text.push_str(&format!("\nnode.{node}.{name}: {value}"));
        }
    }
    text
}

#[test]
fn a_rolling_restart_waits_for_a_node_that_leaves_late() {
    let (address, orders) = serve();
    let done = begin(&address, &["-e", "ROLLING RESTART"]).wait();
    assert_eq!(done.status, 0, "{done:#?}");
    let orders = orders.lock().unwrap();
    let between = orders[&3].duration_since(orders[&2]);
    assert!(between >= STAYS + AWAY, "{between:?}");
    let left = done.stdout.find("Node 2: has left\n").unwrap();
    assert!(
        left < done.stdout.find("Node 2: started\n").unwrap(),
        "{done:#?}"
    );
}

#[test]
fn a_wait_after_a_restart_is_not_over_before_the_node_has_left() {
    let (address, orders) = serve();
    let arguments = ["-e", "2 RESTART", "-e", "WAIT FOR 2 STARTED AFTER RESTART"];
    let done = begin(&address, &arguments).wait();
    assert_eq!(done.status, 0, "{done:#?}");
    let waited = orders.lock().unwrap()[&2].elapsed();
    assert!(waited >= STAYS + AWAY, "{waited:?}");
    // The trap: without it the node is there at once.
    let done = begin(&address, &["-e", "3 RESTART", "-e", "WAIT FOR 3 STARTED"]).wait();
    assert_eq!(done.status, 0, "{done:#?}");
    assert!(
        done.stdout
            .ends_with("is being restarted\n\nNode 3: started\n"),
        "{done:#?}"
    );
}

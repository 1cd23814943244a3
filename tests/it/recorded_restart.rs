//! Restarts as they were recorded of a real cluster (management protocol, 3.2): the reply to the order
//! comes when the node is down, the start is a second order, a node that has not joined yet is
//! reported in nodegroup 0, and data nodes are busy with a start a little longer than the server
//! says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ndbmgm::cluster::ErrorNumber;

use crate::data_schema::objects;
use crate::fake_server::next_request;
use crate::four_nodes::begin;

/// Node ids and nodegroups.
const NODES: [(u32, u32); 4] = [(2, 0), (3, 0), (4, 1), (5, 1)];

/// How long the node takes for each of its states after the order: STARTED, four steps of
/// SHUTTING_DOWN, no contact. Then it waits for the order to start.
const STAYS: u64 = 300;
const STEP: u64 = 100;
const DOWN: u64 = 300;
const REPLY: u64 = STAYS + 4 * STEP;

/// After the order to start: start phases, each so long.
const PHASES: [u32; 6] = [0, 1, 5, 9, 100, 101];
const PHASE: u64 = 250;

/// How long after a start is done the next order is refused.
const BUSY: Duration = Duration::from_millis(1500);

/// What is wrong with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Nothing.
    Well,
    /// It gives up waiting (5025), and never gives the order to start.
    GivesUp,
    /// While a node is away, it sees no data node for a second.
    Blinks,
    /// It refuses every order, and never says otherwise.
    Refuses,
}

/// When a data node was told to restart, and to start.
#[derive(Debug, Clone, Copy)]
struct Life {
    told: Instant,
    started: Option<Instant>,
    /// An order was refused since.
    has_refused: bool,
}

struct Cluster {
    mood: Mood,
    lives: Mutex<BTreeMap<u32, Life>>,
    orders: Mutex<Vec<String>>,
}

fn serve(mood: Mood) -> (String, Arc<Cluster>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let cluster = Arc::new(Cluster {
        mood,
        lives: Mutex::default(),
        orders: Mutex::default(),
    });
    let served = Arc::clone(&cluster);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let cluster = Arc::clone(&served);
            thread::spawn(move || cluster.answer_all(stream));
        }
    });
    (address, cluster)
}

fn passed(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap()
}

/// Status, start phase, and the place in the order of joining.
fn state(node: u32, life: Option<&Life>) -> (&'static str, u32, i64) {
    let first = if node == 2 { -1 } else { i64::from(node) };
    let Some(life) = life else {
        return ("STARTED", 0, first);
    };
    let new = i64::from(node) + 10;
    if let Some(started) = life.started {
        let phase = passed(started) / PHASE;
        return match PHASES.get(phase as usize) {
            Some(0) => ("STARTING", 0, 0),
            Some(phase) => ("STARTING", *phase, new),
            None => ("STARTED", 0, new),
        };
    }
    match passed(life.told) {
        time if time < STAYS => ("STARTED", 0, first),
        time if time < REPLY => ("SHUTTING_DOWN", 1 + ((time - STAYS) / STEP) as u32, first),
        time if time < REPLY + DOWN => ("NO_CONTACT", 0, 0),
        _ => ("NOT_STARTED", 0, 0),
    }
}

fn refused(number: u32) -> String {
    let text = ErrorNumber(number).text();
    format!("restart reply\nresult: {number}-{text}\nrestarted: 0\ndisconnect: 0")
}

impl Cluster {
    /// Ends when the client is gone.
    fn answer_all(&self, mut stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        loop {
            let request = next_request(&mut lines)?;
            let reply = self.answer(&request);
            stream.write_all(format!("{reply}\n\n").as_bytes()).ok()?;
        }
    }

    fn answer(&self, request: &[String]) -> String {
        let node = || {
            let mut lines = request.iter();
            let node = lines.find_map(|line| line.strip_prefix("node:")).unwrap();
            node.trim().trim_matches('"').parse::<u32>().unwrap()
        };
        match request.first().map_or("", String::as_str) {
            "get version" => "version\nid: 591618\nmajor: 9\nminor: 7\nbuild: 2\n\
                 string: mysql-9.7.2 ndb-9.7.2\nmysql_major: 9\nmysql_minor: 7\nmysql_build: 2"
                .to_owned(),
            "get mgmd nodeid" => "get mgmd nodeid reply\nnodeid:1".to_owned(),
            "dump events" => "dump events reply\nresult: Ok\nevents: 0".to_owned(),
            "get status" => self.status(),
            "restart node v2" => self.restart(node()),
            "start" => {
                self.start(node());
                "start reply\nresult: Ok".to_owned()
            }
            name => format!("{name} reply\nresult: Ok"),
        }
    }

    fn note(&self, order: String) {
        self.orders.lock().unwrap().push(order);
    }

    /// At least one order after each restart is refused, however late it comes.
    fn refuses(&self) -> bool {
        let ready = Duration::from_millis(PHASES.len() as u64 * PHASE) + BUSY;
        let is_done = |life: &Life| life.started.is_some_and(|at| at.elapsed() >= ready);
        let mut lives = self.lives.lock().unwrap();
        let refuses = lives
            .values()
            .any(|life| !life.has_refused || !is_done(life));
        for life in lives.values_mut() {
            life.has_refused |= refuses;
        }
        refuses || self.mood == Mood::Refuses
    }

    fn restart(&self, node: u32) -> String {
        if self.refuses() {
            self.note(format!("refused {node}"));
            return refused(5063);
        }
        self.note(format!("restart {node}"));
        let life = Life {
            told: Instant::now(),
            started: None,
            has_refused: false,
        };
        self.lives.lock().unwrap().insert(node, life);
        // The server answers once the node waits for its second order, and gives it.
        thread::sleep(Duration::from_millis(REPLY + DOWN));
        if self.mood == Mood::GivesUp {
            return refused(5025);
        }
        self.start(node);
        "restart reply\nresult: Ok\nrestarted: 1\ndisconnect: 0".to_owned()
    }

    fn start(&self, node: u32) {
        self.note(format!("start {node}"));
        if let Some(life) = self.lives.lock().unwrap().get_mut(&node) {
            life.started.get_or_insert_with(Instant::now);
        }
    }

    fn status(&self) -> String {
        let lives = self.lives.lock().unwrap();
        let is_blind = self.mood == Mood::Blinks
            && lives.values().any(|life| {
                let away = life.started.map(passed);
                away.is_some_and(|time| (PHASE..PHASE + 1000).contains(&time))
            });
        let mut text = String::from("node status\nnodes: 4");
        for (node, nodegroup) in NODES {
            let (status, phase, joined) = match is_blind {
                true => ("NO_CONTACT", 0, 0),
                false => state(node, lives.get(&node)),
            };
            let is_there = status != "NO_CONTACT";
            let version = if is_there { "591618" } else { "0" };
            let group = match (status, joined) {
                ("NOT_STARTED", _) => "-1".to_owned(),
                (_, 0) => "0".to_owned(),
                _ => nodegroup.to_string(),
            };
            for (name, value) in [
                ("type", "NDB".to_owned()),
                ("status", status.to_owned()),
                ("version", version.to_owned()),
                ("mysql_version", version.to_owned()),
                ("startphase", phase.to_string()),
                ("dynamic_id", joined.to_string()),
                ("node_group", group),
                ("connect_count", "1".to_owned()),
                (
                    "address",
                    if is_there { "127.0.0.1" } else { "" }.to_owned(),
                ),
                ("is_single_user", "0".to_owned()),
            ] {
                text.push_str(&format!("\nnode.{node}.{name}: {value}"));
            }
        }
        text
    }

    fn orders(&self) -> Vec<String> {
        let mut orders = self.orders.lock().unwrap().clone();
        // How often is chance.
        orders.dedup();
        orders
    }
}

#[test]
fn a_server_that_refuses_while_a_start_ends_is_asked_again() {
    let (address, cluster) = serve(Mood::Well);
    let done = begin(&address, &["--output=jsonl", "-e", "ROLLING RESTART"]).wait();
    assert_eq!(done.status, 0, "{done:#?}");
    let mut orders = cluster.orders();
    assert!(
        orders.iter().any(|order| order == "refused 3"),
        "{orders:?}"
    );
    orders.retain(|order| !order.starts_with("refused"));
    let expected = [2, 3, 4, 5].map(|node| [format!("restart {node}"), format!("start {node}")]);
    assert_eq!(orders, expected.concat());
    // Each step has begun once, and each node was seen on its way.
    let steps = objects(&done.stdout);
    let of = |step: &'static str| steps.iter().filter(move |it| it["step"]["type"] == step);
    assert_eq!(of("roll_step_begins").count(), 4);
    assert_eq!(of("roll_step_done").count(), 4);
    for node in 2..=5 {
        let mut moved = of("node_moved").filter(|it| it["step"]["node"] == node);
        assert!(
            moved.any(|it| it["step"]["state"] == "starting"),
            "{done:#?}"
        );
    }
}

#[test]
fn a_server_that_goes_on_refusing_ends_the_roll() {
    let (address, cluster) = serve(Mood::Refuses);
    let done = begin(&address, &["-e", "ROLLING RESTART 4"]).wait();
    assert_eq!(done.status, 255, "{done:#?}");
    let end = "\
Rolling restart stopped: the management server refused: 5063-Operation not allowed while nodes are \
starting or stopping.: Permanent error: Application error
Restarted: none
Not restarted: 4
Resume with: ROLLING RESTART 4
";
    assert!(done.stdout.ends_with(end), "{done:#?}");
    assert_eq!(cluster.orders(), ["refused 4"]);
}

#[test]
fn a_node_whose_server_gave_up_gets_its_order_to_start() {
    let (address, cluster) = serve(Mood::GivesUp);
    let done = begin(&address, &["-e", "ROLLING RESTART 5"]).wait();
    assert_eq!(done.status, 0, "{done:#?}");
    assert_eq!(cluster.orders(), ["restart 5", "start 5"]);
    let told = "Node 5: waits for the order to start, which it gets now\n";
    assert!(done.stdout.contains(told), "{done:#?}");
    assert!(
        done.stderr.contains("does not wait any longer"),
        "{done:#?}"
    );
}

#[test]
fn a_server_that_sees_no_node_for_a_moment_has_not_lost_the_cluster() {
    let (address, cluster) = serve(Mood::Blinks);
    let done = begin(&address, &["-e", "ROLLING RESTART 3"]).wait();
    assert_eq!(done.status, 0, "{done:#?}");
    assert_eq!(cluster.orders(), ["restart 3", "start 3"]);
}

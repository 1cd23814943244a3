//! The events of a node's stop, start and death, against those of a real cluster.
//!
//! The recorded stretch of life is played on the model: the same orders, and the events a listener
//! at the highest level gets must be the recorded ones, by type, source and node, in their order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::*;
use super::LOOPBACK;
use crate::cluster::Event;
use crate::sim::parse_config_file;
use crate::wire::{EventItem, EventReader, EventsRequest, NodesRequest};

/// The recorded cluster.
const CONFIG: &str = "\
[ndb_mgmd]
NodeId=1
[ndbd default]
NoOfReplicas=2
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

const SERVER: u32 = 1;
const PHASE: Duration = Duration::from_millis(10);

/// Reports of traffic and checkpoints that go on all the time, whatever the nodes do.
const ALWAYS: [u32; 4] = [4, 5, 35, 36];

fn node(id: u32) -> NodeId {
    NodeId::new(id).unwrap()
}

fn is_always(event: &Event) -> bool {
    ALWAYS.contains(&event.body.kind().number())
}

/// The recorded events but those that go on all the time.
fn recorded() -> Vec<Event> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/events/cluster-life.parsable.txt");
    let mut reader = EventReader::new();
    let text = std::fs::read_to_string(path).unwrap();
    let (_, events) = text.split_once("\n\n").expect("the reply comes first");
    events_of(&mut reader, events.as_bytes())
}

fn events_of(reader: &mut EventReader, bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    reader.push(bytes);
    while let Some(item) = reader.next().unwrap() {
        if let EventItem::Event(event) = item
            && !is_always(&event)
        {
            events.push(event);
        }
    }
    events
}

/// The recorded events from the nth one of a type on, before the nth one of another type.
fn stretch(from: (EventKind, usize), to: Option<(EventKind, usize)>) -> Vec<Event> {
    let events = recorded();
    let place = |(kind, count): (EventKind, usize)| {
        let mut places = events
            .iter()
            .enumerate()
            .filter(|(_, event)| event.body.kind() == kind);
        places.nth(count).expect("it is recorded").0
    };
    let end = to.map_or(events.len(), place);
    events[place(from)..end].to_vec()
}

/// The recorded cluster with a clock that only the test moves, and a listener.
struct Life {
    cluster: Cluster,
    now: Now,
    session: SessionId,
    reader: EventReader,
    log: Vec<String>,
}

impl Life {
    fn begin() -> Self {
        Life::with(CONFIG)
    }

    fn with(config: &str) -> Self {
        let topology = parse_config_file(config, Path::new("config.ini")).unwrap();
        let pace = Pace {
            phase: PHASE,
            ..Pace::default()
        };
        let now = Duration::from_secs(1_000_000);
        let saved = SavedState::default();
        let mut cluster = Cluster::new(Arc::new(topology), pace, saved, now);
        let session = cluster.session_opened(node(SERVER), LOOPBACK);
        let listener = cluster.session_opened(node(SERVER), LOOPBACK);
        let all = (250..=262).map(|category| format!("{category}=15"));
        let request = Request::Events(EventsRequest::ListenEvent {
            filter: all.collect::<Vec<_>>().join(" "),
            parsable: true,
        });
        cluster.apply(listener, request, now);
        cluster.take_effects();
        Life {
            cluster,
            now,
            session,
            reader: EventReader::new(),
            log: Vec::new(),
        }
    }

    fn order(&mut self, request: Request) {
        let (session, now) = (self.session, self.now);
        self.cluster.apply(session, request, now);
    }

    /// Lets the cluster come to rest; what the listener got, and the cluster log aside.
    fn events(&mut self) -> Vec<Event> {
        let end = self.now + PHASE * 40;
        while self.now < end {
            self.now = self.cluster.next_deadline().max(self.now).min(end);
            let now = self.now;
            self.cluster.tick(now);
        }
        let mut events = Vec::new();
        for effect in self.cluster.take_effects() {
            match effect {
                Effect::Event { bytes, .. } => events.extend(events_of(&mut self.reader, &bytes)),
                Effect::Log { text, .. } => self.log.push(text),
                _ => {}
            }
        }
        events
    }
}

/// Type, source, and the first word where it says which node or phase is meant.
fn shape(event: &Event) -> (String, u32, Option<u32>) {
    let kind = event.body.kind();
    let words = event.body.words();
    let is_text = kind == EventKind::INFO_EVENT;
    let name = match is_text {
        // The beginning of a text, without the figures that follow.
        true => format!("{} {}", kind.name(), text_shape(&event.render_text())),
        false => kind.name().to_owned(),
    };
    // Numbers of checkpoints, and the parts of the log, which are read side by side.
    let counts = [6, 7, 79, 86];
    let first = words
        .first()
        .filter(|_| !is_text && !counts.contains(&kind.number()));
    (name, event.source.get(), first.copied())
}

/// A text without its figures and names that differ between databases.
fn text_shape(text: &str) -> String {
    let text = match text.split_once("DICT: activate index") {
        Some(_) => "DICT: activate index",
        None => text,
    };
    let mut short: String = text
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    while short.contains("00") {
        short = short.replace("00", "0");
    }
    short.truncate(60);
    short
}

/// Compares two sequences in which the management server's own reports and those of the two ends
/// of a connection come at no fixed place among the others: each source's own order counts.
fn assert_same(have: &[Event], want: &[Event]) {
    let by_source = |events: &[Event]| {
        let mut sources: BTreeMap<u32, Vec<(String, Option<u32>)>> = BTreeMap::new();
        for event in events {
            let (name, source, word) = shape(event);
            sources.entry(source).or_default().push((name, word));
        }
        for own in sources.values_mut() {
            // The recordings themselves have these two both ways round.
            for at in 1..own.len() {
                if own[at - 1].0 == "FIND_NEIGHBOURS" && own[at].0 == "Disconnected" {
                    own.swap(at - 1, at);
                }
            }
        }
        sources
    };
    let (have, want) = (by_source(have), by_source(want));
    for source in [SERVER, 2, 3] {
        let (have, want) = (have.get(&source), want.get(&source));
        let (have, want) = (
            have.cloned().unwrap_or_default(),
            want.cloned().unwrap_or_default(),
        );
        for (index, pair) in have.iter().zip(&want).enumerate() {
            assert_eq!(pair.0, pair.1, "event {index} of node {source}\n{have:#?}");
        }
        assert_eq!(have.len(), want.len(), "of node {source}");
    }
}

#[test]
fn a_restart_without_start_and_the_start_report_what_a_real_node_does() {
    let mut life = Life::begin();
    life.order(Request::Nodes(NodesRequest::RestartNode {
        nodes: "3".to_owned(),
        initial: false,
        nostart: true,
        abort: false,
        force: Some(false),
    }));
    let stop = life.events();
    let started = (EventKind::NODE_START_STARTED, 0);
    let want = stretch((EventKind::NODE_STOP_STARTED, 0), Some(started));
    assert_same(&stop, &want);
    life.order(Request::Nodes(NodesRequest::Start { node: 3 }));
    let start = life.events();
    let want = stretch(started, Some((EventKind::NODE_STOP_STARTED, 1)));
    assert_same(&start, &want);
}

#[test]
fn a_stop_and_a_new_process_report_what_a_real_node_does() {
    let mut life = Life::begin();
    life.cluster.take_effects();
    life.log.clear();
    life.order(Request::Nodes(NodesRequest::Stop {
        nodes: "3".to_owned(),
        abort: false,
        force: Some(false),
    }));
    let mut have = life.events();
    let now = life.now;
    life.cluster.launch_node(node(3), true, now);
    have.extend(life.events());
    // The recorded process came up before anybody had asked it for these two.
    have.retain(|event| {
        event.body.kind() != EventKind::NODE_START_STARTED
            && !event.render_text().starts_with("Buffering maximum epochs")
    });
    let backup = (EventKind::BACKUP_STARTED, 3);
    let mut want = stretch((EventKind::NODE_STOP_STARTED, 1), Some(backup));
    assert_eq!(shape(&want[4]).0, "NDBStopCompleted");
    // What was written about an earlier restart of the recorded node.
    assert_same(&rename(have), &rename(std::mem::take(&mut want)));
    let own = |line: &&String| !line.contains(": ");
    let own: Vec<&String> = life.log.iter().filter(own).collect();
    assert_eq!(
        own,
        [
            "Node 1 transporter to node 3 (id 2) disconnected ",
            "Alloc node id 3 succeeded",
            "Nodeid 3 allocated for NDB at 127.0.0.1"
        ]
    );
}

/// Drops the first report of a failure's handling: it names what was before, an earlier restart
/// of the recorded node and nothing of ours.
fn rename(mut events: Vec<Event>) -> Vec<Event> {
    events.retain(|event| {
        let text = event.render_text();
        !text.ends_with("NEW=Node failed, fail handling ongoing")
    });
    events
}

#[test]
fn a_death_reports_what_a_real_one_does() {
    let mut life = Life::begin();
    let now = life.now;
    life.cluster.fail_node(node(3), now);
    let have = life.events();
    let mut want = stretch((EventKind::BACKUP_COMPLETED, 3), None);
    want.remove(0);
    // Three seconds later the recorded node was let in again, dead or not; ours when it is back.
    assert_eq!(
        want.pop().unwrap().body.kind(),
        EventKind::COMMUNICATION_OPENED
    );
    assert_same(&rename(have.clone()), &rename(want));
    let handling = have.iter().filter(|event| {
        event.render_text()
            == "NR Status: node=3,OLD=Initial state,NEW=Node failed, fail handling ongoing"
    });
    assert_eq!(handling.count(), 1);
}

#[test]
fn single_user_mode_reports_its_three_steps_from_every_node() {
    let mut life = Life::begin();
    life.order(Request::Nodes(NodesRequest::EnterSingleUser { node: 10 }));
    let mut have = life.events();
    life.order(Request::Nodes(NodesRequest::ExitSingleUser));
    have.extend(life.events());
    let last = (EventKind::LOCAL_CHECKPOINT_STARTED, 0);
    let want = stretch((EventKind::SINGLE_USER, 0), Some(last));
    assert_same(&have, &want);
    let entered: Vec<String> = have[2..4].iter().map(Event::render_text).collect();
    let text = "Entered single user mode Node 10 has exclusive access";
    assert_eq!(entered, [text, text]);
}

/// Phases and kinds of start that a node reports, and the texts of the first two.
fn phases(events: &[Event], node: u32) -> (Vec<(u32, u32)>, Vec<String>) {
    let own = events.iter().filter(|event| {
        event.source.get() == node && event.body.kind() == EventKind::START_PHASE_COMPLETED
    });
    let own: Vec<&Event> = own.collect();
    let words = own.iter().map(|event| {
        let words = event.body.words();
        (words[0], words[1])
    });
    let texts = own.iter().take(2).map(|event| event.render_text());
    (words.collect(), texts.collect())
}

const PHASES: [u32; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50, 101];

#[test]
fn the_kind_of_a_start_is_what_is_known_of_it_so_far() {
    // Kinds: 0 initial, 1 system, 2 node restart, 3 initial node restart, 5 unknown.
    let cases = [
        ("3", false, [1, 1, 2]),
        ("3", true, [5, 0, 3]),
        ("2 3", false, [1, 1, 1]),
        ("2 3", true, [5, 0, 0]),
    ];
    for (nodes, initial, kinds) in cases {
        let mut life = Life::begin();
        life.order(Request::Nodes(NodesRequest::RestartNode {
            nodes: nodes.to_owned(),
            initial,
            nostart: false,
            abort: false,
            force: Some(true),
        }));
        let events = life.events();
        let (have, texts) = phases(&events, 3);
        let want: Vec<(u32, u32)> = PHASES
            .iter()
            .enumerate()
            .map(|(index, phase)| (*phase, kinds[index.min(2)]))
            .collect();
        assert_eq!(have, want, "{nodes} initial {initial}");
        if initial {
            // The blank at the end is the original's.
            assert_eq!(texts[0], "Start phase 0 completed ");
        }
        let last = events
            .iter()
            .rfind(|event| event.source.get() == 3)
            .unwrap();
        assert_eq!(last.body.kind(), EventKind::NODE_START_COMPLETED);
    }
}

#[test]
fn a_first_start_waits_for_all_nodes_and_elects_a_president() {
    let mut life = Life::begin();
    life.order(Request::Nodes(NodesRequest::RestartAll {
        initial: true,
        nostart: false,
        abort: false,
    }));
    let events = life.events();
    let texts = |node: u32, kind: EventKind| -> Vec<String> {
        let own = events
            .iter()
            .filter(|event| event.source.get() == node && event.body.kind() == kind);
        own.map(Event::render_text).collect()
    };
    assert_eq!(
        texts(2, EventKind::NODE_STOP_STARTED),
        ["Cluster shutdown initiated"]
    );
    assert_eq!(
        texts(2, EventKind::START_REPORT),
        ["Initial start, waiting for 3 to connect,  nodes [ all: 2 and 3 connected: 2 no-wait:  ]"]
    );
    let confirmed = |node| texts(node, EventKind::CM_REGCONF);
    assert_eq!(
        confirmed(2),
        ["CM_REGCONF president = 2, own Node = 2, our dynamic id = 0/1"]
    );
    assert_eq!(
        confirmed(3),
        ["CM_REGCONF president = 2, own Node = 3, our dynamic id = 0/2"]
    );
    assert!(texts(2, EventKind::NODE_RESTART_COPY_DICT).is_empty());
}

#[test]
fn a_node_reports_its_version_of_mysql_too() {
    let mut life = Life::begin();
    life.order(Request::Nodes(NodesRequest::RestartNode {
        nodes: "3".to_owned(),
        initial: false,
        nostart: false,
        abort: false,
        force: Some(false),
    }));
    life.events();
    for text in [
        "Node 3: Start initiated (mysql-9.7.2 ndb-9.7.2)",
        "Node 3: Started (mysql-9.7.2 ndb-9.7.2)",
        "Node 2: Node 3: API mysql-9.7.2 ndb-9.7.2",
    ] {
        assert!(life.log.iter().any(|line| line == text), "{text}");
    }
}

#[test]
fn the_loss_of_a_nodegroup_takes_the_rest_down() {
    let mut life = Life::begin();
    let now = life.now;
    life.cluster.fail_node(node(2), now);
    life.events();
    life.log.clear();
    let now = life.now;
    life.cluster.fail_node(node(3), now);
    let events = life.events();
    let lost: Vec<(u32, u32)> = events
        .iter()
        .map(|it| (it.source.get(), it.body.words()[0]))
        .collect();
    assert_eq!(lost, [(SERVER, 3)], "nobody else is left to report it");
    let four = CONFIG.replace(
        "[mysqld]\nNodeId=10",
        "[ndbd]\nNodeId=4\n[ndbd]\nNodeId=5\n[mysqld]\nNodeId=10",
    );
    let mut life = Life::with(&four);
    let now = life.now;
    life.cluster.fail_node(node(3), now);
    let text = |events: &[Event], kind: EventKind| -> Vec<String> {
        let own = events.iter().filter(|event| event.body.kind() == kind);
        own.map(Event::render_text).collect()
    };
    let won = "Arbitration check won - all node groups and more than 1/2 nodes left";
    assert_eq!(text(&life.events(), EventKind::ARBIT_RESULT), [won]);
    let now = life.now;
    life.cluster.fail_node(node(2), now);
    let events = life.events();
    let lost = "Arbitration check lost - missing node group";
    assert_eq!(text(&events, EventKind::ARBIT_RESULT), [lost]);
    assert_eq!(text(&events, EventKind::NODE_STOP_FORCED).len(), 2);
}

#[test]
fn counters_and_memory_are_reported_at_their_intervals() {
    let config = CONFIG.replace("NoOfReplicas=2", "NoOfReplicas=2\nMemReportFrequency=2");
    let mut life = Life::with(&config);
    let end = life.now + Duration::from_millis(10_500);
    while life.now < end {
        life.now = life.cluster.next_deadline().min(end);
        let now = life.now;
        life.cluster.tick(now);
    }
    let mut reader = EventReader::new();
    for effect in life.cluster.take_effects() {
        if let Effect::Event { bytes, .. } = effect {
            reader.push(&bytes);
        }
    }
    let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    while let Some(item) = reader.next().unwrap() {
        if let EventItem::Event(event) = item {
            let of = (event.body.kind().number(), event.source.get());
            *counts.entry(of).or_default() += 1;
        }
    }
    for node in [2, 3] {
        assert_eq!(counts.get(&(35, node)), Some(&2), "transactions, every 5 s");
        assert_eq!(counts.get(&(36, node)), Some(&2), "operations, every 5 s");
        // Data and index; the first interval begins with the first report of anything.
        assert_eq!(counts.get(&(50, node)), Some(&10), "memory, every 2 s");
    }
}

#[test]
fn a_cluster_that_has_lived_before_starts_from_its_files() {
    let phases = |saved: SavedState| -> Vec<String> {
        let topology = parse_config_file(CONFIG, Path::new("config.ini")).unwrap();
        let now = Duration::from_secs(1_000_000);
        let mut cluster = Cluster::new(Arc::new(topology), Pace::default(), saved, now);
        let texts = cluster.take_effects().into_iter().filter_map(|effect| {
            let Effect::Log { text, .. } = effect else {
                return None;
            };
            text.strip_prefix("Node 2: Start phase 3 completed ")
                .map(str::to_owned)
        });
        texts.collect()
    };
    assert_eq!(phases(SavedState::default()), ["(initial start)"]);
    let saved = SavedState {
        backup_sequence: 7,
        ..SavedState::default()
    };
    assert_eq!(phases(saved), ["(system restart)"]);
}

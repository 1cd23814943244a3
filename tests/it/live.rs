//! A live view made of recorded events, by a clock that the test sets.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use ndbmgm::cluster::live::{Contact, EVENTS_MAX, Live, LiveNode, Rates, Snapshot};
use ndbmgm::cluster::state::{
    ClusterState, Condition, Finding, Layout, MemoryKind, MemoryLimits, MemoryUse,
};
use ndbmgm::cluster::{
    BackupTotals, ErrorNumber, Event, EventBody, EventKind, Gci, Membership, NodeId, NodeState,
    NodeStatus, NodeType, Nodegroup, Severity, Version,
};
use ndbmgm::wire::{EventItem, EventReader};

const SERVER: &str = "mgm1:1186";

fn recorded() -> Vec<Event> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/events/cluster-life.parsable.txt");
    let mut reader = EventReader::new();
    reader.push(&fs::read(path).expect("the fixture is there"));
    let mut events = Vec::new();
    while let Some(EventItem::Event(event)) = reader.next().expect("well formed") {
        events.push(event);
    }
    events
}

fn id(number: u32) -> NodeId {
    NodeId::new(number).expect("a node id")
}

/// This many seconds after the view began.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_331_000 + seconds).expect("a time")
}

fn data_node(number: u32, status: NodeStatus) -> NodeState {
    let state = NodeState::without_contact(id(number), NodeType::Ndb);
    if status == NodeStatus::NoContact {
        return NodeState {
            nodegroup: Membership::Unknown,
            ..state
        };
    }
    NodeState {
        status,
        version: Some(Version::OURS),
        nodegroup: Membership::Of(Nodegroup((number as u16 - 2) / 2)),
        ..state
    }
}

/// Data nodes from 2 on, two to a nodegroup, management server 1 and API node 10.
fn nodes(statuses: &[NodeStatus]) -> Vec<NodeState> {
    let data_nodes = (2..).zip(statuses);
    let mut nodes: Vec<NodeState> = data_nodes
        .map(|(number, status)| data_node(number, *status))
        .collect();
    nodes.push(NodeState {
        status: NodeStatus::Connected,
        version: Some(Version::OURS),
        ..NodeState::without_contact(id(1), NodeType::Mgm)
    });
    nodes.push(NodeState::without_contact(id(10), NodeType::Api));
    nodes
}

fn layout(data_nodes: usize) -> Layout {
    Layout {
        replicas: 2,
        nodegroups: (2..).take(data_nodes).map(|it| (id(it), None)).collect(),
    }
}

fn memory(node: u32, used: u32) -> MemoryUse {
    MemoryUse {
        node: id(node),
        kind: MemoryKind::Data,
        used,
        total: 100,
        page_size: 32768,
    }
}

/// A survey of these nodes, of which those in service have a tenth of their memory in use.
fn survey(live: &mut Live, statuses: &[NodeStatus]) {
    let layout = layout(statuses.len());
    let state = ClusterState::new(nodes(statuses), Some(&layout));
    let used = state.in_service().map(|node| memory(node.node.get(), 10));
    let used = used.collect();
    live.survey(state.with_memory(used), Some(layout), Some(id(1)));
}

const UP: NodeStatus = NodeStatus::Started;

/// A view of two data nodes that are up.
fn two_nodes() -> Live {
    let mut live = Live::new(MemoryLimits::default(), at(0));
    live.look(nodes(&[UP, UP]), SERVER.to_owned());
    survey(&mut live, &[UP, UP]);
    live
}

fn node(snapshot: &Snapshot, number: u32) -> &LiveNode {
    let mut nodes = snapshot.nodes.iter();
    let found = nodes.find(|node| node.node.node == id(number));
    found.expect("a node of the cluster")
}

fn other(source: u32, kind: EventKind, words: &[u32]) -> Event {
    Event {
        source: id(source),
        body: EventBody::Other {
            kind,
            words: words.to_vec(),
        },
    }
}

fn transactions(source: u32, count: u32) -> Event {
    let words = [count, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    other(source, EventKind::TRANS_REPORT_COUNTERS, &words)
}

fn event(source: u32, body: EventBody) -> Event {
    Event {
        source: id(source),
        body,
    }
}

fn started(backup_id: u32) -> Event {
    let starting_node = 1;
    event(
        2,
        EventBody::BackupStarted {
            starting_node,
            backup_id,
        },
    )
}

fn progress(source: u32, backup_id: u32, bytes: u64) -> Event {
    let totals = BackupTotals {
        bytes,
        records: bytes / 10,
        ..BackupTotals::default()
    };
    event(
        source,
        EventBody::BackupStatus {
            starting_node: u32::from(backup_id != 0),
            backup_id,
            totals,
        },
    )
}

fn completed(backup_id: u32, bytes: u64) -> Event {
    event(
        2,
        EventBody::BackupCompleted {
            starting_node: 1,
            backup_id,
            start_gci: Gci(1),
            stop_gci: Gci(2),
            totals: BackupTotals {
                bytes,
                ..BackupTotals::default()
            },
        },
    )
}

#[test]
fn recorded_reports_become_rates_by_the_time_between_them() {
    let mut live = two_nodes();
    let events = recorded();
    // Both kinds of reports came every five seconds; those of one kind within a moment.
    let mut seen = 0;
    for (index, event) in events.iter().take(50).enumerate() {
        let time = match (index, event.body.kind()) {
            (..10, _) => at(0),
            (10..40, _) => at(2),
            (_, EventKind::TRANS_REPORT_COUNTERS) => at(5),
            _ => at(7),
        };
        seen += 1;
        live.hear(event.clone(), time);
    }
    assert_eq!(seen, 50);
    let snapshot = live.snapshot(at(8));
    let expected = Rates {
        operations: Some(0.2),
        transactions: Some(0.6),
        commits: Some(0.6),
        aborts: Some(0.0),
        reads: Some(0.0),
        writes: Some(0.6),
        scans: Some(0.0),
    };
    assert_eq!(node(&snapshot, 2).rates, Some(expected));
    // Reports are figures, and no part of what happened.
    let shown = |event: &Event| {
        let kind = event.body.kind();
        kind != EventKind::TRANS_REPORT_COUNTERS && kind != EventKind::OPERATION_REPORT_COUNTERS
    };
    let kept: Vec<&Event> = snapshot.events.iter().map(|live| &live.event).collect();
    let happened: Vec<&Event> = events[..50].iter().filter(|event| shown(event)).collect();
    assert_eq!(kept, happened);
    // The other kind is gone first.
    let snapshot = live.snapshot(at(21));
    let rates = node(&snapshot, 2).rates.expect("operations are fresh");
    assert_eq!((rates.operations, rates.transactions), (Some(0.2), None));
    assert_eq!(node(&live.snapshot(at(23)), 2).rates, None);
}

#[test]
fn a_rate_needs_two_reports_in_a_row_from_one_life_of_the_node() {
    let mut live = two_nodes();
    let rate = |live: &mut Live, time| {
        let snapshot = live.snapshot(time);
        node(&snapshot, 2)
            .rates
            .and_then(|rates| rates.transactions)
    };
    live.hear(transactions(2, 1000), at(0));
    assert_eq!(rate(&mut live, at(1)), None);
    live.hear(transactions(2, 50), at(5));
    assert_eq!(rate(&mut live, at(5)), Some(10.0));
    // Held up on the way: it was not twice as much in no time.
    live.hear(transactions(2, 50), at(10));
    live.hear(transactions(2, 70), at(10));
    live.hear(transactions(2, 30), at(15));
    assert_eq!(rate(&mut live, at(15)), Some(20.0));
    // After a gap nobody knows since when is counted.
    live.hear(transactions(2, 50), at(40));
    assert_eq!(rate(&mut live, at(40)), None);
    live.hear(transactions(2, 5), at(45));
    assert_eq!(rate(&mut live, at(45)), Some(1.0));
    // The clock was set back.
    live.hear(transactions(2, 5), at(30));
    assert_eq!(rate(&mut live, at(30)), None);
    live.hear(transactions(2, 5), at(35));
    assert_eq!(rate(&mut live, at(35)), Some(1.0));
    live.look(nodes(&[NodeStatus::NoContact, UP]), SERVER.to_owned());
    assert_eq!(rate(&mut live, at(36)), None);
    live.look(nodes(&[UP, UP]), SERVER.to_owned());
    live.hear(transactions(2, 5), at(40));
    assert_eq!(rate(&mut live, at(40)), None);
    live.hear(transactions(2, 10), at(45));
    live.miss_events();
    assert_eq!(rate(&mut live, at(45)), None);
}

#[test]
fn missed_heartbeats_count_for_the_silent_node() {
    let mut live = two_nodes();
    for (time, silent) in [(1, 3), (2, 3), (3, 0)] {
        let missed = other(2, EventKind::MISSED_HEARTBEAT, &[silent, 1]);
        live.hear(missed, at(time));
    }
    let snapshot = live.snapshot(at(4));
    let (silent, other) = (node(&snapshot, 3), node(&snapshot, 2));
    assert_eq!(silent.missed_heartbeats, 2);
    assert_eq!(silent.last_missed_heartbeat, Some(at(2)));
    assert_eq!(
        (other.missed_heartbeats, other.last_missed_heartbeat),
        (0, None)
    );
    let severities: Vec<Severity> = snapshot.events.iter().map(|it| it.severity).collect();
    assert_eq!(severities, [Severity::Warning; 3]);
    // They have been told.
    assert_eq!(live.snapshot(at(5)).events, []);
}

#[test]
fn of_too_many_events_the_newest_are_kept_and_the_others_counted() {
    let mut live = two_nodes();
    let total = EVENTS_MAX as u32 + 7;
    for gci in 0..total {
        let gci = Gci(gci);
        live.hear(event(2, EventBody::GlobalCheckpointStarted { gci }), at(1));
    }
    let snapshot = live.snapshot(at(2));
    assert_eq!((snapshot.events.len(), snapshot.lost), (EVENTS_MAX, 7));
    let first = Gci(7);
    assert_eq!(
        snapshot.events[0].event.body,
        EventBody::GlobalCheckpointStarted { gci: first }
    );
    assert_eq!(live.snapshot(at(3)).lost, 0);
}

#[test]
fn nodes_stand_by_nodegroup_and_the_judgement_is_that_of_health() {
    let mut live = Live::new(MemoryLimits::default(), at(0));
    let statuses = [UP, NodeStatus::NoContact, UP, NodeStatus::Starting];
    live.look(nodes(&statuses), SERVER.to_owned());
    // Of nodes out of service nobody has told yet where they belong.
    let ids = |snapshot: &Snapshot| -> Vec<u32> {
        let nodes = snapshot.nodes.iter();
        nodes.map(|node| node.node.node.get()).collect()
    };
    let snapshot = live.snapshot(at(1));
    assert_eq!(ids(&snapshot), [2, 4, 3, 5, 1, 10]);
    assert_eq!(node(&snapshot, 3).place, Membership::Unknown);
    survey(&mut live, &statuses);
    let snapshot = live.snapshot(at(2));
    assert_eq!(ids(&snapshot), [2, 3, 4, 5, 1, 10]);
    assert_eq!(node(&snapshot, 3).place, Membership::Of(Nodegroup(0)));
    assert_eq!(snapshot.condition, Condition::Degraded);
    assert_eq!(snapshot.findings, []);
    let server = SERVER.to_owned();
    let held = Contact::Held {
        server,
        id: Some(id(1)),
    };
    assert_eq!(snapshot.contact, held);
    // Also in the looks that follow.
    let statuses = [NodeStatus::NoContact, NodeStatus::NoContact, UP, UP];
    live.look(nodes(&statuses), SERVER.to_owned());
    let snapshot = live.snapshot(at(3));
    assert_eq!(snapshot.condition, Condition::Offline);
    assert_eq!(ids(&snapshot), [2, 3, 4, 5, 1, 10]);
    assert_eq!(snapshot.contact, held);
}

#[test]
fn a_node_that_has_just_come_is_not_blamed_for_unknown_memory() {
    let mut live = Live::new(MemoryLimits::default(), at(0));
    let down = [UP, NodeStatus::NoContact];
    live.look(nodes(&down), SERVER.to_owned());
    assert!(live.is_survey_stale());
    // Where it belongs is not known before.
    let lost = Finding::Unplaced(id(3), NodeStatus::NoContact);
    assert_eq!(live.snapshot(at(0)).findings, [lost]);
    survey(&mut live, &down);
    assert!(!live.is_survey_stale());
    live.look(nodes(&[UP, UP]), SERVER.to_owned());
    assert!(live.is_survey_stale());
    let snapshot = live.snapshot(at(1));
    assert_eq!(
        (snapshot.condition, snapshot.findings),
        (Condition::Ok, vec![])
    );
    // It was asked, and did not answer.
    let layout = layout(2);
    let state = ClusterState::new(nodes(&[UP, UP]), Some(&layout));
    let state = state.with_memory(vec![memory(2, 10)]);
    live.survey(state, Some(layout), None);
    let snapshot = live.snapshot(at(2));
    assert_eq!(snapshot.findings, [Finding::MemoryUnknown(vec![id(3)])]);
}

#[test]
fn memory_above_its_limit_is_the_worst_finding_until_the_node_is_gone() {
    let mut live = two_nodes();
    let used = |pages_used| EventBody::MemoryUsage {
        change: 1,
        page_size: 32768,
        pages_used,
        pages_total: 100,
        block: MemoryKind::Data.block(),
    };
    live.hear(event(2, used(85)), at(1));
    live.hear(event(3, used(97)), at(1));
    let snapshot = live.snapshot(at(2));
    let whose = |finding: &Finding| match finding {
        Finding::Memory { memory, .. } => memory.node.get(),
        other => panic!("{other:?}"),
    };
    let blamed: Vec<u32> = snapshot.findings.iter().map(whose).collect();
    assert_eq!(blamed, [3, 2]);
    // That a threshold was passed is news, too.
    assert_eq!(snapshot.events.len(), 2);
    live.look(nodes(&[UP, NodeStatus::NoContact]), SERVER.to_owned());
    let snapshot = live.snapshot(at(3));
    assert_eq!(snapshot.findings.iter().map(whose).collect::<Vec<_>>(), [2]);
    assert_eq!(node(&snapshot, 3).data_memory, None);
}

#[test]
fn without_contact_nothing_is_judged_and_the_nodes_are_those_seen_last() {
    let mut live = Live::new(MemoryLimits::default(), at(0));
    let snapshot = live.snapshot(at(0));
    assert_eq!(
        (snapshot.condition, snapshot.nodes),
        (Condition::Unknown, vec![])
    );
    let mut live = two_nodes();
    live.lose_contact("refused".to_owned(), at(5));
    live.lose_contact("no answer within 5 s".to_owned(), at(9));
    let snapshot = live.snapshot(at(10));
    let lost = Contact::Lost {
        since: at(5),
        reason: "no answer within 5 s".to_owned(),
    };
    assert_eq!(snapshot.contact, lost);
    assert_eq!(snapshot.condition, Condition::Unknown);
    assert_eq!(snapshot.nodes.len(), 4);
    live.look(nodes(&[UP, UP]), "mgm2:1186".to_owned());
    let snapshot = live.snapshot(at(11));
    let held = Contact::Held {
        server: "mgm2:1186".to_owned(),
        id: None,
    };
    assert_eq!(
        (snapshot.contact, snapshot.condition),
        (held, Condition::Ok)
    );
}

#[test]
fn a_backup_is_shown_from_its_start_to_its_end_with_an_estimate() {
    let mut live = two_nodes();
    live.hear(started(7), at(1));
    assert!(live.has_backup() && live.lacks_estimate());
    // The nodes do not know it yet.
    live.survey_backups(&[progress(2, 0, 0), progress(3, 0, 0)], at(2));
    let backups = live.snapshot(at(2)).backups;
    assert_eq!(backups.len(), 1);
    assert_eq!((backups[0].bytes, backups[0].started), (0, Some(at(1))));
    assert_eq!(backups[0].nodes, []);
    live.survey_backups(&[progress(2, 7, 1000), progress(3, 7, 500)], at(3));
    let backups = live.snapshot(at(3)).backups;
    assert_eq!((backups[0].bytes, backups[0].records), (1500, 150));
    assert_eq!(backups[0].nodes, [id(2), id(3)]);
    // A tenth of 100 pages of each node.
    assert_eq!(backups[0].estimated_total, Some(2 * 10 * 32768));
    live.hear(completed(7, 4000), at(4));
    assert!(!live.lacks_estimate());
    // The nodes were asked before its end, and are heard after it.
    live.survey_backups(&[progress(2, 7, 2000), progress(3, 7, 2000)], at(5));
    assert_eq!(live.snapshot(at(5)).backups, []);
    live.hear(started(7), at(6));
    live.survey_backups(&[progress(2, 7, 1000), progress(3, 7, 900)], at(7));
    let backups = live.snapshot(at(7)).backups;
    assert_eq!(backups[0].estimated_total, Some(4000));
    live.survey_backups(&[progress(2, 7, 3000), progress(3, 7, 1000)], at(8));
    assert_eq!(live.snapshot(at(8)).backups[0].estimated_total, None);
    // Its end was not heard.
    live.survey_backups(&[progress(2, 0, 0), progress(3, 0, 0)], at(9));
    assert_eq!(live.snapshot(at(9)).backups, []);
}

#[test]
fn a_backup_that_nobody_reports_does_not_stay() {
    let mut live = two_nodes();
    live.hear(started(8), at(1));
    live.survey_backups(&[], at(12));
    assert!(!live.has_backup());
    live.hear(started(9), at(13));
    let error = ErrorNumber(1321);
    let aborted = EventBody::BackupAborted {
        starting_node: 1,
        backup_id: 9,
        error,
    };
    live.hear(event(2, aborted), at(14));
    assert!(!live.has_backup());
    live.hear(started(10), at(15));
    let down = [NodeStatus::NoContact, NodeStatus::NoContact];
    live.look(nodes(&down), SERVER.to_owned());
    assert!(!live.has_backup());
}

#[test]
fn the_recorded_life_of_a_cluster_leaves_no_backup_and_no_event_untold() {
    let mut live = two_nodes();
    let events = recorded();
    let (mut told, mut now) = (0, at(0));
    for chunk in events.chunks(20) {
        for event in chunk {
            live.hear(event.clone(), now);
        }
        now += SignedDuration::from_secs(1);
        let snapshot = live.snapshot(now);
        assert_eq!(snapshot.lost, 0);
        told += snapshot.events.len();
    }
    let counters = |event: &&Event| {
        let number = event.body.kind().number();
        number == 35 || number == 36
    };
    assert_eq!(told, events.len() - events.iter().filter(counters).count());
    assert!(!live.has_backup());
}

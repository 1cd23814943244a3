//! Snapshots of clusters, with events that were recorded and a clock that stands.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::cluster::live::{Contact, LiveBackup, LiveEvent, LiveNode, Rates, Snapshot};
use crate::cluster::state::{Condition, MemoryKind, MemoryUse};
use crate::cluster::{
    Event, Membership, NodeId, NodeState, NodeStatus, NodeType, Nodegroup, Version,
};
use crate::wire::{EventItem, EventReader};

pub(in crate::shell::top::screen) fn id(id: u32) -> NodeId {
    NodeId::new(id).expect("a node id")
}

/// So many seconds after the first moment of the tests.
pub(in crate::shell::top::screen) fn at(second: u64) -> Timestamp {
    let first: Timestamp = "2026-11-22T07:34:11Z".parse().expect("a time");
    first + Duration::from_secs(second)
}

/// The events of one stretch of a cluster's life.
pub(in crate::shell::top::screen) fn recorded() -> Vec<Event> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/events/cluster-life.parsable.txt");
    let mut reader = EventReader::new();
    reader.push(&fs::read(file).expect("the fixture is there"));
    let mut events = Vec::new();
    while let Some(item) = reader.next().expect("well formed") {
        match item {
            EventItem::Event(event) => events.push(event),
            other => panic!("{other:?}"),
        }
    }
    events
}

/// Events that are heard ten a second, the last of them at this second.
pub(in crate::shell::top::screen) fn heard(events: &[Event], last: u64) -> Vec<LiveEvent> {
    let tenths = |count: usize| Duration::from_millis(100 * count as u64);
    let of = |(before, event): (usize, &Event)| LiveEvent {
        at: at(last) - tenths(before),
        severity: event.body.kind().severity(),
        event: event.clone(),
    };
    let heard = events.iter().rev().enumerate().map(of);
    let mut heard: Vec<LiveEvent> = heard.collect();
    heard.reverse();
    heard
}

pub(in crate::shell::top::screen) fn memory(
    node: u32,
    kind: MemoryKind,
    used: u32,
    total: u32,
) -> Option<MemoryUse> {
    Some(MemoryUse {
        node: id(node),
        kind,
        used,
        total,
        page_size: 32768,
    })
}

/// A data node at work.
pub(in crate::shell::top::screen) fn data_node(node: u32, nodegroup: u16) -> LiveNode {
    let place = Membership::Of(Nodegroup(nodegroup));
    LiveNode {
        node: NodeState {
            status: NodeStatus::Started,
            version: Some(Version::OURS),
            mysql_version: Some(Version::OURS),
            nodegroup: place,
            address: Some(format!("10.0.0.{node}")),
            ..NodeState::without_contact(id(node), NodeType::Ndb)
        },
        place,
        data_memory: memory(node, MemoryKind::Data, 1000 + 50 * node, 3200),
        index_memory: memory(node, MemoryKind::Index, 100 + node, 2336),
        rates: Some(Rates {
            operations: Some(1234.5 * f64::from(node)),
            transactions: Some(310.0 + f64::from(node)),
            commits: Some(300.0),
            aborts: Some(0.4 * f64::from(node - 2)),
            reads: Some(5210.0),
            writes: Some(87.6),
            scans: Some(0.0),
        }),
        missed_heartbeats: 0,
        last_missed_heartbeat: None,
    }
}

pub(in crate::shell::top::screen) fn lost(live: LiveNode) -> LiveNode {
    let id = live.node.node;
    LiveNode {
        node: NodeState::without_contact(id, live.node.node_type),
        rates: None,
        ..live
    }
}

pub(in crate::shell::top::screen) fn other(
    node: u32,
    node_type: NodeType,
    address: Option<&str>,
) -> LiveNode {
    let status = match address {
        Some(_) => NodeStatus::Connected,
        None => NodeStatus::NoContact,
    };
    LiveNode {
        node: NodeState {
            status,
            version: address.map(|_| Version::OURS),
            address: address.map(str::to_owned),
            ..NodeState::without_contact(id(node), node_type)
        },
        place: Membership::None,
        data_memory: None,
        index_memory: None,
        rates: None,
        missed_heartbeats: 0,
        last_missed_heartbeat: None,
    }
}

/// Two nodegroups of two, a management server, and four API nodes of which two are there.
pub(in crate::shell::top::screen) fn two_by_two() -> Snapshot {
    let mut nodes: Vec<LiveNode> = [(2, 0), (3, 0), (4, 1), (5, 1)]
        .into_iter()
        .map(|(node, nodegroup)| data_node(node, nodegroup))
        .collect();
    nodes.push(other(1, NodeType::Mgm, Some("10.0.0.1")));
    nodes.push(other(10, NodeType::Api, Some("10.0.1.10")));
    nodes.push(other(11, NodeType::Api, Some("10.0.1.11")));
    nodes.push(other(12, NodeType::Api, None));
    nodes.push(other(13, NodeType::Api, None));
    Snapshot {
        at: at(0),
        contact: Contact::Held {
            server: "mgm1:1186".to_owned(),
            id: Some(id(1)),
        },
        condition: Condition::Ok,
        findings: Vec::new(),
        nodes,
        backups: Vec::new(),
        events: heard(&recorded(), 0),
        lost: 0,
    }
}

/// The data node with this id.
pub(in crate::shell::top::screen) fn node_of(snapshot: &mut Snapshot, node: u32) -> &mut LiveNode {
    let mut nodes = snapshot.nodes.iter_mut();
    nodes
        .find(|live| live.node.node == id(node))
        .expect("the node is configured")
}

pub(in crate::shell::top::screen) fn backup(backup: u32) -> LiveBackup {
    LiveBackup {
        id: backup,
        starting_node: 1,
        records: 60_299,
        bytes: 28_539_084,
        log_bytes: 1_234_567,
        nodes: [2, 3, 4, 5].map(id).to_vec(),
        started: Some(at(0) - Duration::from_secs(72)),
        estimated_total: Some(66_000_000),
    }
}

/// 72 nodegroups of two, and 100 API nodes.
pub(in crate::shell::top::screen) fn largest() -> Snapshot {
    let mut nodes: Vec<LiveNode> = (1..=144)
        .map(|node| data_node_of_many(node, (node - 1) as u16 / 2))
        .collect();
    nodes.push(other(145, NodeType::Mgm, Some("10.0.1.145")));
    nodes.push(other(146, NodeType::Mgm, None));
    for node in 147..=246 {
        let address = format!("10.0.1.{node}");
        let is_there = node % 4 != 0;
        nodes.push(other(node, NodeType::Api, is_there.then_some(&address)));
    }
    Snapshot {
        nodes,
        condition: Condition::Degraded,
        ..two_by_two()
    }
}

fn data_node_of_many(node: u32, nodegroup: u16) -> LiveNode {
    let live = LiveNode {
        data_memory: memory(node, MemoryKind::Data, 37 * node % 3200, 3200),
        rates: Some(Rates {
            operations: Some(f64::from(node * node)),
            aborts: Some(f64::from(node % 3)),
            ..Rates::default()
        }),
        missed_heartbeats: u64::from(node % 50 / 49 * node),
        ..data_node(node + 1, nodegroup)
    };
    let live = LiveNode {
        node: NodeState {
            node: id(node),
            address: Some(format!("10.0.0.{node}")),
            ..live.node
        },
        ..live
    };
    match node {
        17 | 88 => lost(live),
        42 => LiveNode {
            node: NodeState {
                status: NodeStatus::Starting,
                start_phase: 101,
                ..live.node
            },
            ..live
        },
        _ => live,
    }
}

//! What holds for any snapshot on any terminal.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::clusters::{at, heard, id};
use super::{cells, screen, text_of};
use crate::cluster::live::{Contact, LiveBackup, LiveNode, Rates, Snapshot};
use crate::cluster::state::{Condition, Finding, Grade, MemoryKind, MemoryUse};
use crate::cluster::{
    Event, EventBody, EventKind, Membership, NodeState, NodeStatus, NodeType, Nodegroup, Version,
};
use crate::shell::top::screen::Key;

const KEYS: [Key; 16] = [
    Key::Char('f'),
    Key::Char('s'),
    Key::Char('l'),
    Key::Char('h'),
    Key::Char('x'),
    Key::Char('\u{9b}'),
    Key::Tab,
    Key::Up,
    Key::Down,
    Key::Left,
    Key::Right,
    Key::PageUp,
    Key::PageDown,
    Key::Home,
    Key::End,
    Key::Escape,
];

fn status() -> impl Strategy<Value = NodeStatus> {
    prop_oneof![
        Just(NodeStatus::Unknown),
        Just(NodeStatus::NoContact),
        Just(NodeStatus::NotStarted),
        Just(NodeStatus::Starting),
        Just(NodeStatus::Started),
        Just(NodeStatus::ShuttingDown),
        Just(NodeStatus::Restarting),
        Just(NodeStatus::SingleUserMode),
        Just(NodeStatus::Resume),
        Just(NodeStatus::Connected),
    ]
}

fn node_type() -> impl Strategy<Value = NodeType> {
    prop_oneof![
        3 => Just(NodeType::Ndb),
        1 => Just(NodeType::Mgm),
        1 => Just(NodeType::Api)
    ]
}

fn place() -> impl Strategy<Value = Membership> {
    prop_oneof![
        any::<u16>().prop_map(|nodegroup| Membership::Of(Nodegroup(nodegroup))),
        Just(Membership::None),
        Just(Membership::Unknown),
    ]
}

fn memory() -> impl Strategy<Value = Option<MemoryUse>> {
    option::of(
        (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(used, total, page_size)| MemoryUse {
            node: id(1),
            kind: MemoryKind::Data,
            used,
            total,
            page_size,
        }),
    )
}

fn rates() -> impl Strategy<Value = Option<Rates>> {
    option::of(vec(option::of(any::<f64>()), 7).prop_map(|of| Rates {
        operations: of[0],
        transactions: of[1],
        commits: of[2],
        aborts: of[3],
        reads: of[4],
        writes: of[5],
        scans: of[6],
    }))
}

fn live_node() -> impl Strategy<Value = LiveNode> {
    let state = (
        1..=255_u32,
        node_type(),
        status(),
        any::<u32>(),
        option::of("\\PC{0,60}|(?s).{0,20}"),
    );
    (state, place(), memory(), memory(), rates(), any::<u64>()).prop_map(
        |((node, node_type, status, start_phase, address), place, data, index, rates, missed)| {
            LiveNode {
                node: NodeState {
                    status,
                    start_phase,
                    address,
                    version: Some(Version(start_phase)),
                    is_single_user: missed % 2 == 0,
                    ..NodeState::without_contact(id(node), node_type)
                },
                place,
                data_memory: data,
                index_memory: index,
                rates,
                missed_heartbeats: missed,
                last_missed_heartbeat: None,
            }
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let kinds: Vec<EventKind> = EventKind::all().collect();
    let kind = proptest::sample::select(kinds);
    (1..=255_u32, kind, vec(any::<u32>(), 24)).prop_map(|(source, kind, words)| Event {
        source: id(source),
        body: EventBody::from_words(kind, &words).expect("enough words"),
    })
}

fn backup() -> impl Strategy<Value = LiveBackup> {
    (
        any::<[u64; 3]>(),
        any::<u32>(),
        option::of(0..100_000_u64),
        option::of(any::<u64>()),
        vec(1..=255_u32, 0..20),
    )
        .prop_map(
            |(totals, number, started, estimated_total, nodes)| LiveBackup {
                id: number,
                starting_node: number,
                records: totals[0],
                bytes: totals[1],
                log_bytes: totals[2],
                nodes: nodes.into_iter().map(id).collect(),
                started: started.map(at),
                estimated_total,
            },
        )
}

fn findings() -> impl Strategy<Value = Vec<Finding>> {
    let memory = memory().prop_map(|memory| match memory {
        Some(memory) => Finding::Memory {
            memory,
            grade: Grade::Critical,
        },
        None => Finding::SingleUserMode(None),
    });
    let others = prop_oneof![
        Just(Finding::ServerDown(id(50))),
        Just(Finding::MixedVersions(vec![(Version::OURS, vec![id(2)])])),
        Just(Finding::MemoryUnknown(vec![])),
        memory,
    ];
    vec(others, 0..4)
}

fn contact() -> impl Strategy<Value = Contact> {
    prop_oneof![
        "(?s).{0,60}".prop_map(|server| Contact::Held {
            server,
            id: Some(id(1))
        }),
        ("(?s).{0,60}", 0..100_000_u64).prop_map(|(reason, second)| Contact::Lost {
            since: at(second),
            reason
        }),
    ]
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let condition = prop_oneof![
        Just(Condition::Ok),
        Just(Condition::Degraded),
        Just(Condition::Offline),
        Just(Condition::Unknown),
    ];
    (
        (0..100_000_u64, contact(), condition, findings()),
        vec(live_node(), 0..30),
        vec(backup(), 0..5),
        vec(event(), 0..20),
        prop_oneof![Just(0), any::<u64>()],
    )
        .prop_map(
            |((second, contact, condition, findings), nodes, backups, events, lost)| Snapshot {
                at: at(second),
                contact,
                condition,
                findings,
                nodes,
                backups,
                events: heard(&events, second),
                lost,
            },
        )
}

fn key() -> impl Strategy<Value = Key> {
    proptest::sample::select(KEYS.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_snapshot_is_drawn_on_any_terminal(
        steps in vec((snapshot(), vec(key(), 0..4), 0..=250_u16, 0..=80_u16), 1..4),
    ) {
        let mut screen = screen(true);
        for (snapshot, keys, width, height) in steps {
            screen.take(snapshot);
            for key in keys {
                screen.press(key);
                cells(&mut screen, (width, height));
            }
            let buffer = cells(&mut screen, (width, height));
            let text = text_of(&buffer);
            let is_text = |letter: char| letter == '\n' || !crate::cli::is_harmful(letter);
            prop_assert!(text.chars().all(is_text), "{:?}", text);
            // The last row has the keys, and the first one has something, wherever there is room.
            if width >= 40 && height >= 12 {
                prop_assert!(text.lines().next().is_some_and(|line| !line.is_empty()));
            }
        }
    }
}

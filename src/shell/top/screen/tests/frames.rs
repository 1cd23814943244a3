//! Frames as files: `NDBMGM_WRITE_FRAMES=1` writes them, to be looked at.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use super::clusters::{
    at, backup, data_node, heard, id, largest, lost, memory, node_of, other, recorded, two_by_two,
};
use super::{cells, screen, shown, text_of};
use crate::cluster::live::{Contact, Live, LiveNode, Rates, Snapshot};
use crate::cluster::state::{
    ClusterState, Condition, Finding, Grade, Layout, MemoryKind, MemoryLimits,
};
use crate::cluster::{Event, EventBody, EventKind, Membership, NodeStatus, NodeType, Version};
use crate::shell::top::screen::{Key, Pressed, Screen};

const WRITE: &str = "NDBMGM_WRITE_FRAMES";

const USUAL: (u16, u16) = (80, 24);

fn file(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures/top").join(name)
}

#[track_caller]
fn assert_frame(screen: &mut Screen, size: (u16, u16), name: &str) {
    let file = file(&format!("{name}-{}x{}.txt", size.0, size.1));
    let frame = text_of(&cells(screen, size));
    if env::var_os(WRITE).is_some() {
        fs::write(&file, &frame).expect("a frame can be written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        frame == expected,
        "{} ({WRITE}=1 writes it):\n{frame}",
        file.display()
    );
}

#[test]
fn a_healthy_cluster() {
    for size in [(40, 12), USUAL, (120, 30), (200, 60)] {
        assert_frame(&mut shown(two_by_two(), size, &[]), size, "healthy");
    }
}

/// Node 2 starts, node 5 is gone.
fn starting_beside_lost() -> Snapshot {
    let mut snapshot = two_by_two();
    let starting = node_of(&mut snapshot, 2);
    starting.node.status = NodeStatus::Starting;
    starting.node.start_phase = 4;
    starting.rates = None;
    starting.data_memory = None;
    starting.index_memory = None;
    let gone = node_of(&mut snapshot, 5);
    *gone = lost(gone.clone());
    gone.missed_heartbeats = 4;
    snapshot.condition = Condition::Degraded;
    snapshot.findings = vec![Finding::ServerDown(id(50))];
    snapshot
}

#[test]
fn a_node_that_starts_beside_one_that_is_lost() {
    for size in [(40, 12), USUAL] {
        let mut screen = shown(starting_beside_lost(), size, &[]);
        assert_frame(&mut screen, size, "starting-beside-lost");
    }
}

#[test]
fn the_document_shows_a_frame_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/top.md")).expect("the document is there");
    let frame = text_of(&cells(
        &mut shown(starting_beside_lost(), USUAL, &[]),
        USUAL,
    ));
    assert!(
        document.contains(&format!("```text\n{frame}```\n")),
        "{frame}"
    );
}

#[test]
fn a_nodegroup_that_is_offline() {
    let mut snapshot = starting_beside_lost();
    let gone = node_of(&mut snapshot, 4);
    *gone = lost(gone.clone());
    snapshot.condition = Condition::Offline;
    let mut screen = shown(snapshot, USUAL, &[]);
    assert_frame(&mut screen, USUAL, "offline");
}

#[test]
fn contact_is_lost() {
    let snapshot = Snapshot {
        at: at(95),
        contact: Contact::Lost {
            since: at(60),
            reason: "Connection refused (os error 111)".to_owned(),
        },
        condition: Condition::Unknown,
        ..starting_beside_lost()
    };
    for size in [(40, 12), USUAL] {
        let mut screen = shown(snapshot.clone(), size, &[]);
        assert_frame(&mut screen, size, "contact-lost");
    }
    let long_ago = Snapshot {
        at: at(200_000),
        ..snapshot
    };
    let frame = text_of(&cells(&mut shown(long_ago, USUAL, &[]), USUAL));
    assert!(
        frame.contains("No contact since 2026-11-22 07:35:11: Conn"),
        "{frame}"
    );
}

/// Two ticks later a node is lost, and something was heard.
fn later() -> Snapshot {
    Snapshot {
        at: at(2),
        events: heard(&recorded()[..12], 2),
        lost: 3,
        ..starting_beside_lost()
    }
}

#[test]
fn a_frozen_picture_stands_and_counts_what_is_heard() {
    for size in [(40, 12), USUAL, (120, 30)] {
        let mut screen = shown(two_by_two(), size, &[Key::Char('f')]);
        screen.take(later());
        assert_frame(&mut screen, size, "frozen");
        screen.take(Snapshot {
            at: at(3),
            ..later()
        });
        let frame = text_of(&cells(&mut screen, size));
        assert!(frame.contains("go on (30 events since)"), "{frame}");
        // Then it is the present again, with everything that was heard.
        assert_eq!(screen.press(Key::Char(' ')), Pressed::Redraw);
        assert_frame(&mut screen, size, "gone-on");
    }
}

#[test]
fn a_backup_that_runs() {
    for size in [(40, 12), USUAL, (120, 30)] {
        let snapshot = Snapshot {
            backups: vec![backup(6)],
            ..two_by_two()
        };
        assert_frame(&mut shown(snapshot, size, &[]), size, "backup");
    }
}

#[test]
fn what_is_not_known_of_a_backup_is_not_claimed() {
    let mut unknown = backup(6);
    unknown.started = None;
    unknown.estimated_total = None;
    let mut surpassed = backup(7);
    surpassed.estimated_total = Some(surpassed.bytes - 1);
    let snapshot = Snapshot {
        backups: vec![unknown, surpassed, backup(8), backup(u32::MAX - 1)],
        ..two_by_two()
    };
    let mut screen = shown(snapshot, USUAL, &[]);
    assert_frame(&mut screen, USUAL, "backups");
}

#[test]
fn the_fullest_nodes_first() {
    let mut snapshot = two_by_two();
    node_of(&mut snapshot, 3).index_memory = memory(3, MemoryKind::Index, 2330, 2336);
    node_of(&mut snapshot, 4).data_memory = memory(4, MemoryKind::Data, 2720, 3200);
    node_of(&mut snapshot, 2).data_memory = None;
    node_of(&mut snapshot, 2).index_memory = memory(2, MemoryKind::Index, 0, 0);
    let finding = |node, kind, used, total, grade| Finding::Memory {
        memory: memory(node, kind, used, total).expect("there is some"),
        grade,
    };
    snapshot.findings = vec![
        finding(3, MemoryKind::Index, 2330, 2336, Grade::Critical),
        finding(4, MemoryKind::Data, 2720, 3200, Grade::Warning),
        Finding::MemoryUnknown(vec![id(2)]),
    ];
    let keys = [Key::Char('s'), Key::Char('s')];
    let mut screen = shown(snapshot, USUAL, &keys);
    assert_frame(&mut screen, USUAL, "by-memory");
}

#[test]
fn the_severe_events_only() {
    let keys = [Key::Char('l'), Key::Char('l')];
    assert_frame(&mut shown(two_by_two(), USUAL, &keys), USUAL, "severe");
}

#[test]
fn events_of_a_while_ago() {
    let keys = [Key::PageUp, Key::Up, Key::Right];
    let mut screen = shown(two_by_two(), USUAL, &keys);
    assert_frame(&mut screen, USUAL, "older-events");
    // They stay where they are while others come.
    let before = text_of(&cells(&mut screen, USUAL));
    screen.take(Snapshot {
        events: heard(&recorded()[..12], 1),
        ..two_by_two()
    });
    let after = text_of(&cells(&mut screen, USUAL));
    let events = |frame: &str| -> Vec<String> {
        let below = frame.lines().skip_while(|line| !line.starts_with("Events"));
        below.skip(1).map(str::to_owned).collect()
    };
    assert_eq!(events(&before), events(&after));
}

#[test]
fn the_page_of_keys() {
    for size in [(40, 12), USUAL] {
        let mut screen = shown(two_by_two(), size, &[Key::Char('?')]);
        assert_frame(&mut screen, size, "help");
    }
}

#[test]
fn many_nodes_scrolled() {
    let keys = [Key::PageDown, Key::PageDown, Key::Down];
    assert_frame(&mut shown(largest(), USUAL, &keys), USUAL, "many-scrolled");
    let by_state = [Key::Char('s')];
    for size in [(40, 12), USUAL, (200, 60)] {
        let mut screen = shown(largest(), size, &by_state);
        assert_frame(&mut screen, size, "many-by-state");
    }
    let older = [Key::Tab, Key::PageUp];
    let mut screen = shown(largest(), USUAL, &older);
    assert_frame(&mut screen, USUAL, "many-older-events");
    let busiest = [Key::Char('s'), Key::Char('s'), Key::Char('s')];
    assert_frame(
        &mut shown(largest(), USUAL, &busiest),
        USUAL,
        "many-by-operations",
    );
}

#[test]
fn a_terminal_that_is_too_small() {
    for size in [(39, 24), (40, 11), (12, 4)] {
        assert_frame(&mut shown(two_by_two(), size, &[]), size, "too-small");
    }
}

#[test]
fn nothing_is_known_yet() {
    let mut screen = screen(false);
    assert_frame(&mut screen, (40, 12), "first");
    // There is nothing to freeze.
    screen.press(Key::Char('f'));
    screen.take(two_by_two());
    assert_frame(&mut screen, (40, 12), "healthy");
}

#[test]
fn no_server_has_answered_yet() {
    let snapshot = Snapshot {
        contact: Contact::Lost {
            since: at(0),
            reason: "no management server has been asked yet".to_owned(),
        },
        condition: Condition::Unknown,
        nodes: Vec::new(),
        events: Vec::new(),
        ..two_by_two()
    };
    assert_frame(
        &mut shown(snapshot, (80, 12), &[]),
        (80, 12),
        "nothing-seen",
    );
}

#[test]
fn nodes_of_different_versions_one_alone_and_one_without_a_nodegroup() {
    let mut snapshot = two_by_two();
    let old = Version::new(8, 0, 40);
    node_of(&mut snapshot, 3).node.version = Some(old);
    node_of(&mut snapshot, 4).node.status = NodeStatus::SingleUserMode;
    node_of(&mut snapshot, 10).node.is_single_user = true;
    let mut spare = data_node(6, 0);
    spare.place = Membership::None;
    let unplaced = LiveNode {
        place: Membership::Unknown,
        ..lost(data_node(7, 0))
    };
    snapshot.nodes.splice(4..4, [unplaced, spare]);
    snapshot.condition = Condition::Degraded;
    snapshot.findings = vec![
        Finding::Unplaced(id(7), NodeStatus::NoContact),
        Finding::MixedVersions(vec![
            (old, vec![id(3)]),
            (Version::OURS, [2, 4, 5].map(id).to_vec()),
        ]),
        Finding::SingleUserMode(Some(id(10))),
    ];
    for size in [USUAL, (120, 30)] {
        let mut screen = shown(snapshot.clone(), size, &[]);
        assert_frame(&mut screen, size, "mixed");
    }
}

/// Hosts, reasons and events are what someone sent.
fn hostile() -> Snapshot {
    let mut snapshot = starting_beside_lost();
    for (node, address) in [
        (2, "\x1b[2J\x1b[31mgotcha\x07"),
        (3, "漢字漢字漢字漢字漢字"),
        (4, "\u{202e}drawkcab\u{200b}\r\n"),
        (1, "x\x1b]0;title\x07\u{9b}5m"),
    ] {
        node_of(&mut snapshot, node).node.address = Some(address.to_owned());
    }
    node_of(&mut snapshot, 3).rates = Some(Rates {
        operations: Some(f64::NAN),
        transactions: Some(-1.0),
        aborts: Some(f64::MAX),
        ..Rates::default()
    });
    node_of(&mut snapshot, 3).missed_heartbeats = u64::MAX;
    let words: Vec<u32> = b"\x1b[2J\x1b[Hall \xe2\x80\xae\xe6\xbc\xa2 gone\x07\n\x1b[31mnow!"
        .chunks(4)
        .map(|word| {
            let mut bytes = [0; 4];
            bytes[..word.len()].copy_from_slice(word);
            u32::from_le_bytes(bytes)
        })
        .collect();
    snapshot.events = heard(
        &[Event {
            source: id(2),
            body: EventBody::from_words(EventKind::INFO_EVENT, &words).expect("raw words"),
        }],
        0,
    );
    snapshot
}

#[test]
fn what_a_terminal_would_obey_never_reaches_it() {
    for size in [USUAL, (120, 30)] {
        let mut screen = shown(hostile(), size, &[]);
        assert_frame(&mut screen, size, "hostile");
    }
    let lost = Snapshot {
        contact: Contact::Lost {
            since: at(0),
            reason: "bad\x1b[2J\nreason\u{202e}".to_owned(),
        },
        ..hostile()
    };
    for snapshot in [hostile(), lost] {
        let mut screen = shown(snapshot, (200, 60), &[]);
        let frame = text_of(&cells(&mut screen, (200, 60)));
        let is_text = |letter: char| letter == '\n' || !crate::cli::is_harmful(letter);
        assert!(frame.chars().all(is_text), "{frame:?}");
    }
}

/// Wide characters take their columns, and what stands behind them stays where it is.
#[test]
fn columns_stand_below_their_titles() {
    let frame = cells(&mut shown(hostile(), (120, 30), &[]), (120, 30));
    let column_of = |y: u16, text: &str| {
        let row: Vec<&str> = (0..120).map(|x| frame[(x, y)].symbol()).collect();
        let found = (0..120).find(|x| row[*x..].concat().starts_with(text));
        found.unwrap_or_else(|| panic!("{text} is in {}", row.concat()))
    };
    let titles = titles_of(&text_of(&frame));
    let title = column_of(titles, "State");
    assert_eq!(column_of(titles + 1, "starting"), title);
    assert_eq!(column_of(titles + 2, "started"), title);
    assert_eq!(column_of(titles + 4, "not connected"), title);
}

/// The row of the titles of columns.
fn titles_of(frame: &str) -> u16 {
    let row = frame.lines().position(|line| line.starts_with(" Id"));
    row.expect("a table") as u16
}

#[test]
fn an_address_begins_where_its_column_does_unless_it_is_cut() {
    let mut snapshot = two_by_two();
    node_of(&mut snapshot, 2).node.address = Some("größer".to_owned());
    node_of(&mut snapshot, 3).node.address = Some("fe80::1234:5678:9abc:def0".to_owned());
    let frame = text_of(&cells(&mut shown(snapshot, USUAL, &[]), USUAL));
    assert!(frame.contains("\n  2  0 größer      started "), "{frame}");
    assert!(frame.contains("\n  3  0 ..9abc:def0 started "), "{frame}");
}

#[test]
fn colours_say_nothing_that_words_do_not() {
    use ratatui::style::Color;

    let mut plain = screen(false);
    let mut colored = screen(true);
    for screen in [&mut plain, &mut colored] {
        screen.take(starting_beside_lost());
    }
    let (plain, colored) = (cells(&mut plain, USUAL), cells(&mut colored, USUAL));
    assert_eq!(text_of(&plain), text_of(&colored));
    let has_colour = |buffer: &ratatui::buffer::Buffer| {
        let mut cells = buffer.content.iter();
        cells.any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(!has_colour(&plain) && has_colour(&colored));
    // `DEGRADED`, `starting`, `started` and `not connected`.
    let text = text_of(&plain);
    let titles = titles_of(&text);
    let line = text.lines().nth(usize::from(titles));
    let state = line.and_then(|line| line.find("State")).expect("a title") as u16;
    assert_eq!(colored[(11, 0)].fg, Color::Yellow);
    assert_eq!(colored[(state, titles + 1)].fg, Color::Yellow);
    assert_eq!(colored[(state, titles + 2)].fg, Color::Green);
    assert_eq!(colored[(state, titles + 4)].fg, Color::Red);
}

#[test]
fn a_node_of_another_type_is_no_row_of_the_table() {
    let mut snapshot = two_by_two();
    snapshot.nodes = vec![other(1, NodeType::Mgm, Some("10.0.0.1"))];
    snapshot.condition = Condition::Unknown;
    let frame = text_of(&cells(&mut shown(snapshot, USUAL, &[]), USUAL));
    assert!(
        frame.contains("Data nodes: 0 of 0") || frame.contains("NDB 0 of 0"),
        "{frame}"
    );
}

/// Two data nodes, of which the second goes and comes as its events tell.
#[test]
fn a_recorded_life_as_it_goes_by() {
    let nodes = |second: LiveNode| {
        let server = other(1, NodeType::Mgm, Some("10.0.0.1"));
        [data_node(2, 0), second, server].map(|live| live.node)
    };
    let up = data_node(3, 0);
    let mut starting = up.clone();
    starting.node.status = NodeStatus::Starting;
    let server = "mgm1:1186".to_owned();
    let mut live = Live::new(MemoryLimits::default(), at(0));
    let layout = Layout {
        replicas: 2,
        nodegroups: [(id(2), None), (id(3), None)].into(),
    };
    let memory = [2, 3].map(|node| memory(node, MemoryKind::Data, 800 * node, 3200));
    let state = ClusterState::new(nodes(up.clone()).to_vec(), Some(&layout))
        .with_memory(memory.into_iter().flatten().collect());
    live.look(nodes(up.clone()).to_vec(), server.clone());
    live.survey(state, Some(layout), Some(id(1)));
    let mut screen = screen(false);
    // Ten events a second.
    for (count, event) in recorded().into_iter().enumerate() {
        let now = at(0) + Duration::from_millis(100 * count as u64);
        let seen = match event.body {
            EventBody::Disconnected { node: 3 } => Some(lost(up.clone())),
            EventBody::NodeStartStarted { .. } if event.source == id(3) => Some(starting.clone()),
            EventBody::NodeStartCompleted { .. } if event.source == id(3) => Some(up.clone()),
            _ => None,
        };
        if let Some(second) = seen {
            live.look(nodes(second).to_vec(), server.clone());
        }
        live.hear(event, now);
        if count % 10 == 9 {
            screen.take(live.snapshot(now));
        }
        if count == 299 {
            assert_frame(&mut screen, USUAL, "recorded-after-30-s");
        }
    }
    assert_frame(&mut screen, USUAL, "recorded-end");
}

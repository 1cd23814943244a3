//! Events against the recordings of one stretch of a cluster's life.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ndbmgm::cluster::{Event, EventBody, EventKind, SavedEvent};
use ndbmgm::wire::{EventItem, EventReader, decode_event, encode_event};

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    fs::read_to_string(path).expect("the fixture is there")
}

/// What comes before the first record: the reply to `listen event`.
const REPLY: &str = "listen event\nresult: 0\n\n";

fn recorded() -> Vec<Event> {
    let mut reader = EventReader::new();
    reader.push(fixture("events/cluster-life.parsable.txt").as_bytes());
    let mut events = Vec::new();
    while let Some(item) = reader.next().expect("well formed") {
        match item {
            EventItem::Event(event) => events.push(event),
            other => panic!("{other:?}"),
        }
    }
    events
}

#[test]
fn every_recorded_event_reads_and_writes_back() {
    let mut written = REPLY.as_bytes().to_vec();
    for event in recorded() {
        encode_event(&event, &mut written);
    }
    let written = String::from_utf8_lossy(&written);
    let recorded = fixture("events/cluster-life.parsable.txt");
    for (number, (written, recorded)) in written.lines().zip(recorded.lines()).enumerate() {
        assert_eq!(written, recorded, "line {}", number + 1);
    }
    assert_eq!(written.len(), recorded.len());
}

/// The words that parsable records leave off, taken from the text that has them.
fn with_unsent_words(event: &Event, line: &str) -> Event {
    let numbers = |text: &str| -> Vec<u32> {
        text.split(|character: char| !character.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    let mut event = event.clone();
    let EventBody::Other { kind, words } = &mut event.body else {
        return event;
    };
    let tail = |marker: &str| line.split_once(marker).map(|(_, tail)| numbers(tail));
    match *kind {
        EventKind::TRANS_REPORT_COUNTERS => words.extend(tail(", Local").expect("two counters")),
        EventKind::NODE_RESTART_COPY_FRAG_DONE => {
            let tail = tail(" rows: ").expect("rows and bytes");
            words.extend([tail[0], 0, tail[1], 0]);
        }
        _ => {}
    }
    event
}

#[test]
fn every_event_has_the_text_of_the_pretty_listener() {
    let pretty = fixture("events/cluster-life.pretty.txt");
    let lines: Vec<&str> = pretty
        .strip_prefix(REPLY)
        .expect("the reply comes first")
        .lines()
        .collect();
    let events = recorded();
    assert_eq!(events.len(), lines.len());
    for (event, line) in events.iter().zip(&lines) {
        assert_eq!(with_unsent_words(event, line).render_pretty(), *line);
        let sent = event.render_pretty();
        assert!(line.starts_with(sent.trim_end()), "{sent}");
    }
}

#[test]
fn every_line_of_the_cluster_log_is_an_events_text() {
    let texts: BTreeSet<String> = recorded()
        .iter()
        .map(|event| {
            format!(
                "{:<8} -- Node {}: {}",
                event.body.kind().severity().name(),
                event.source,
                event.render_text()
            )
        })
        .collect();
    let log = fixture("events/cluster-life.cluster-log.txt");
    let mut compared = 0;
    for line in log.lines() {
        let (_, text) = line.split_once("[MgmtSrvr] ").expect("a log line");
        let (_, message) = text.split_once(" -- ").expect("a severity");
        // The server's own messages.
        let own = ["Alloc node id", "Nodeid ", "Node 1 transporter"]
            .iter()
            .any(|start| message.starts_with(start));
        if own {
            continue;
        }
        assert!(texts.contains(text), "{text}");
        compared += 1;
    }
    assert!(compared > 190, "only {compared} lines");
}

#[test]
fn saved_events_have_the_texts_of_report_eventlog() {
    let trace = fixture("console/report_eventlog.trace");
    let mut saved = Vec::new();
    let mut reader = ndbmgm::wire::ReplyReader::new();
    for line in trace.lines().filter_map(|line| line.strip_prefix("S: ")) {
        reader.push(line.as_bytes());
        reader.push(b"\n");
        let Some(block) = reader.next().expect("well formed") else {
            continue;
        };
        if let Ok(EventItem::Event(event)) = decode_event(&block) {
            saved.push(SavedEvent::from_event(&event).expect("an event inside"));
        }
    }
    saved.sort_by_key(|saved| (saved.time, saved.sequence, saved.event.source));
    let printed: Vec<&str> = trace
        .lines()
        .filter_map(|line| line.strip_prefix("O: "))
        .filter_map(|line| line.split_once("Z ").map(|(_, text)| text))
        .collect();
    let rendered: Vec<String> = saved
        .iter()
        .map(|saved| format!("Node {}: {}", saved.event.source, saved.event.render_text()))
        .collect();
    assert_eq!(rendered, printed);
    assert_eq!(rendered.len(), 442);
}

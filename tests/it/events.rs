//! Events against the recordings of one stretch of a cluster's life.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ndbmgm::cluster::{Event, EventBody, EventKind, NodeId, SavedEvent};
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
    // Every recorded node is of one version of NDB and MySQL.
    if let EventBody::NodeStartStarted {
        version,
        mysql_version,
    }
    | EventBody::NodeStartCompleted {
        version,
        mysql_version,
    } = &mut event.body
    {
        *mysql_version = *version;
    }
    let EventBody::Other { kind, words } = &mut event.body else {
        return event;
    };
    let tail = |marker: &str| line.split_once(marker).map(|(_, tail)| numbers(tail));
    match *kind {
        EventKind::CONNECTED_API_VERSION => words.push(words[1]),
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
    }
}

#[test]
fn every_line_of_the_cluster_log_is_an_events_text() {
    let pretty = fixture("events/cluster-life.pretty.txt");
    let lines = pretty.strip_prefix(REPLY).expect("the reply comes first");
    let texts: BTreeSet<String> = recorded()
        .iter()
        .zip(lines.lines())
        .map(|(event, line)| with_unsent_words(event, line))
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

/// A row of the table of saved events.
struct SavedText {
    kind: EventKind,
    words: Vec<u32>,
    /// With `Node n: `.
    text: String,
}

fn saved_texts() -> Vec<SavedText> {
    fixture("events/saved-event-texts.tsv")
        .lines()
        .map(|row| {
            let [kind, words, text] = row.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{row}");
            };
            let number = |word: &str| word.parse().expect("a number");
            SavedText {
                kind: EventKind::from_number(number(kind)).expect("a type"),
                words: words.split(' ').map(number).collect(),
                text: text.replace("\\n", "\n"),
            }
        })
        .collect()
}

/// What REPORT EventLog prints for the words of a saved event.
fn saved_line(kind: EventKind, words: &[u32]) -> String {
    let source = NodeId::new(2).expect("in range");
    let mut saved = vec![words.len() as u32 + 1, 1, 0, kind.number() | 2 << 16];
    saved.extend(words);
    let body = EventBody::from_words(EventKind::SAVED_EVENT, &saved).expect("raw words");
    SavedEvent::from_event(&Event { source, body })
        .expect("an event inside")
        .render_line()
}

/// The original reads the sets of a start report from behind its words, if their size says
/// so: zeros at first, then the addresses and random numbers that lie there. Such a text
/// cannot be made again. This is what the original would print if only zeros lay there; none
/// if all of the text is of that kind.
fn without_foreign_memory(row: &SavedText) -> Option<String> {
    const BUFFER_WORDS: u32 = 64;
    let size = row.words[2];
    if row.kind != EventKind::START_REPORT || 3 + 4 * size <= BUFFER_WORDS {
        return Some(row.text.clone());
    }
    // What is always found there begins and ends with the same nodes.
    let (before, rest) = row.text.split_once("320, 325, 326")?;
    let (_, after) = rest.rsplit_once("541")?;
    Some(format!("{before}{after}"))
}

#[test]
fn every_saved_event_has_the_originals_text() {
    let (mut whole, mut in_part, mut foreign) = (0, 0, 0);
    let mut wrong = Vec::new();
    for row in saved_texts() {
        let line = saved_line(row.kind, &row.words);
        match without_foreign_memory(&row) {
            Some(text) if text == line && text == row.text => whole += 1,
            Some(text) if text == line => in_part += 1,
            // The list comes first, and is longer than the line may be.
            None if row.text.starts_with("Node 2: Initial start, waiting for ")
                && row.text.len() == 970
                && line.starts_with("Node 2: Initial start, waiting for  to connect,") =>
            {
                foreign += 1
            }
            _ => wrong.push(format!("{:?}\n {line}\n {}", row.words, row.text)),
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((whole, in_part, foreign), (2948, 45, 11));
}

//! Event records and the event stream (management protocol, 4.1 and 4.3).

use super::line::{self, push_line};
use super::{Block, Framer, LONG_LINE_MAX, ReplyReader, WireError};
use crate::cluster::{Event, EventBody, EventKind, NodeId};

/// What a server sends to every listener twice a second, between records.
pub const PING: &[u8] = b"<PING>\n";

/// First line of a record.
const HEADER: &str = "log event reply";

/// More lines than any type has keys.
const RECORD_LINES_MAX: usize = 64;

/// Most bytes of lines that are no events between two items. Servers send none.
const OUTSIDE_MAX: usize = 64 << 10;

/// What a stream of events holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventItem {
    /// A sign of life.
    Ping,
    /// An event.
    Event(Event),
    /// A record of a type that this crate does not know.
    Unknown {
        /// Number of the type.
        kind: u32,
    },
}

/// Appends a parsable record. Values are signed, the time is always 0, both as in the
/// original. Words past the last key of the type are left off.
pub fn encode_event(event: &Event, out: &mut Vec<u8>) {
    let kind = event.body.kind();
    push_line(out, format_args!("{HEADER}"));
    push_line(out, format_args!("type={}", kind.number()));
    push_line(out, format_args!("time=0"));
    push_line(out, format_args!("source_nodeid={}", event.source));
    let words = event.body.words();
    match kind.keys() {
        Some(keys) => {
            for (key, word) in keys.iter().zip(words) {
                push_line(out, format_args!("{key}={}", word.cast_signed()));
            }
        }
        None => {
            let list: String = words.iter().map(|word| format!("{word} ")).collect();
            push_line(out, format_args!("data={list}"));
        }
    }
    out.push(b'\n');
}

/// Reads a record that came as a block, as after `dump events`.
///
/// # Errors
/// A missing key.
pub fn decode_event(block: &Block) -> Result<EventItem, WireError> {
    if block.header != HEADER {
        return Err(WireError::BadEvent { key: HEADER });
    }
    decode_fields(&block.fields)
}

fn decode_fields(fields: &[(String, String)]) -> Result<EventItem, WireError> {
    // SingleUser has a key of its own that is called `type` too: the second one.
    let type_word = fields
        .iter()
        .filter(|(name, _)| name == "type")
        .nth(1)
        .and_then(|(_, value)| line::parse_int(value.as_bytes()));
    let value = |key: &'static str| {
        fields
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_bytes())
            .ok_or(WireError::BadEvent { key })
    };
    let number =
        |key: &'static str| line::parse_int(value(key)?).ok_or(WireError::BadEvent { key });
    let kind_number = number("type")?;
    number("time")?;
    let source = number("source_nodeid")?;
    let Some(kind) = EventKind::from_number(kind_number) else {
        return Ok(EventItem::Unknown { kind: kind_number });
    };
    let source = NodeId::new(source).ok_or(WireError::BadEvent {
        key: "source_nodeid",
    })?;
    let words = match kind.keys() {
        Some(keys) => keys
            .iter()
            .map(|key| match *key {
                "type" => type_word.ok_or(WireError::BadEvent { key: "type" }),
                key => number(key),
            })
            .collect::<Result<Vec<u32>, _>>()?,
        None => value("data")?
            .split(|byte| *byte == b' ')
            .map_while(line::parse_int)
            .collect(),
    };
    let body = EventBody::from_words(kind, &words).ok_or(WireError::BadEvent { key: "data" })?;
    Ok(EventItem::Event(Event { source, body }))
}

/// Reads the stream of events that a session becomes after `listen event`.
#[derive(Debug)]
pub struct EventReader {
    framer: Framer,
    /// Lines of the record that has begun.
    record: Option<Vec<(String, String)>>,
    /// Bytes of lines outside a record since the last item.
    outside: usize,
}

impl Default for EventReader {
    fn default() -> Self {
        Self::new()
    }
}

impl EventReader {
    /// A reader before the first record.
    pub fn new() -> Self {
        Self::with_framer(Framer::new(LONG_LINE_MAX))
    }

    /// Goes on with what was received past the reply to `listen event`.
    pub fn after(replies: ReplyReader) -> Self {
        Self::with_framer(replies.into_framer())
    }

    fn with_framer(framer: Framer) -> Self {
        EventReader {
            framer,
            record: None,
            outside: 0,
        }
    }

    /// True if a record has begun and its end has not come.
    pub fn is_inside_record(&self) -> bool {
        self.record.is_some()
    }

    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.framer.push(bytes);
    }

    /// The next item; none if more bytes are needed. Lines outside a record mean nothing.
    /// Not an iterator: more may follow.
    ///
    /// # Errors
    /// A line or record over the limit, too much that is no event, or a record that lacks a key.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<EventItem>, WireError> {
        while let Some(bytes) = self.framer.next_line()? {
            let Some(record) = &mut self.record else {
                if bytes == HEADER.as_bytes() {
                    self.record = Some(Vec::new());
                    self.outside = 0;
                } else if bytes == b"<PING>" {
                    self.outside = 0;
                    return Ok(Some(EventItem::Ping));
                } else {
                    self.outside += bytes.len() + 1;
                    if self.outside > OUTSIDE_MAX {
                        return Err(WireError::NotEvents { limit: OUTSIDE_MAX });
                    }
                }
                continue;
            };
            if line::is_empty(bytes) {
                let item = decode_fields(record);
                self.record = None;
                return item.map(Some);
            }
            if record.len() == RECORD_LINES_MAX {
                return Err(WireError::EventTooLong {
                    limit: RECORD_LINES_MAX,
                });
            }
            let (name, value) = line::split(bytes);
            record.push((line::text(name), line::text(value.unwrap_or_default())));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<Result<EventItem, WireError>> {
        let mut reader = EventReader::new();
        let mut items = Vec::new();
        reader.push(bytes);
        loop {
            match reader.next() {
                Ok(Some(item)) => items.push(Ok(item)),
                Ok(None) => return items,
                Err(error) => {
                    items.push(Err(error));
                    return items;
                }
            }
        }
    }

    #[test]
    fn extra_keys_and_lines_outside_records_are_passed_over() {
        let items = read(
            b"junk\n\n<PING>\nlog event reply\ntype=54\ntime=0\nsource_nodeid=2\ncolour=red\n\
              starting_node=1\nbackup_id: -1\nbackup_id=7\n\n",
        );
        let body = EventBody::BackupStarted {
            starting_node: 1,
            backup_id: u32::MAX,
        };
        let source = NodeId::new(2).expect("in range");
        assert_eq!(
            items,
            [
                Ok(EventItem::Ping),
                Ok(EventItem::Event(Event { source, body }))
            ]
        );
    }

    #[test]
    fn a_missing_key_is_named_and_an_unknown_type_is_not_fatal() {
        let fault = |key| Err(WireError::BadEvent { key });
        let start = "log event reply\ntype=54\n";
        assert_eq!(
            read(format!("{start}time=0\nsource_nodeid=2\nstarting_node=1\n\n").as_bytes()),
            [fault("backup_id")]
        );
        assert_eq!(read(format!("{start}\n").as_bytes()), [fault("time")]);
        assert_eq!(
            read(
                format!("{start}time=0\nsource_nodeid=0\nstarting_node=1\nbackup_id=2\n\n")
                    .as_bytes()
            ),
            [fault("source_nodeid")]
        );
        assert_eq!(
            read(b"log event reply\ntype=61\ntime=0\nsource_nodeid=2\n\n"),
            [Ok(EventItem::Unknown { kind: 61 })]
        );
    }

    #[test]
    fn an_endless_record_fails() {
        let record = format!("log event reply\n{}", "a=1\n".repeat(1000));
        assert_eq!(
            read(record.as_bytes()),
            [Err(WireError::EventTooLong { limit: 64 })]
        );
    }

    #[test]
    fn endless_lines_that_are_no_events_fail() {
        for line in ["\n", "abc=1\n"] {
            let items = read(line.repeat(OUTSIDE_MAX + 1).as_bytes());
            assert_eq!(items, [Err(WireError::NotEvents { limit: OUTSIDE_MAX })]);
        }
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let kinds: Vec<EventKind> = EventKind::all().collect();
        (
            1..=255u32,
            prop::sample::select(kinds),
            prop::collection::vec(any::<u32>(), 14),
        )
            .prop_map(|(source, kind, mut words)| {
                words.truncate(kind.keys().map_or(words.len(), <[_]>::len));
                Event {
                    source: NodeId::new(source).expect("in range"),
                    body: EventBody::from_words(kind, &words).expect("enough words"),
                }
            })
    }

    proptest! {
        #[test]
        fn events_read_back(events in prop::collection::vec(any_event(), 0..5)) {
            let mut bytes = Vec::new();
            for event in &events {
                encode_event(event, &mut bytes);
                bytes.extend_from_slice(PING);
                prop_assert!(event.render_pretty().len() <= 511);
            }
            let mut expected = Vec::new();
            for event in events {
                expected.push(Ok(EventItem::Event(event)));
                expected.push(Ok(EventItem::Ping));
            }
            prop_assert_eq!(read(&bytes), expected);
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..300),
                "(log event reply\n|type=[0-9]{1,2}\n|time=0\n|source_nodeid=2\n|data=[0-9 ]{0,30}\n|\n){0,20}"
                    .prop_map(String::into_bytes),
            ],
        ) {
            for item in read(&bytes) {
                if let Ok(EventItem::Event(event)) = item {
                    event.render_pretty();
                }
            }
        }
    }
}

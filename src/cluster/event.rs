//! Events of the cluster: what nodes report (management protocol, 4).

use super::event_kind::EventKind;
use super::event_text;
use super::event_words::Words;
use super::{ErrorNumber, Gci, NodeId, Version};

/// An event and the node that reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The reporting node. For [`EventBody::Connected`] and [`EventBody::Disconnected`] it
    /// may be a management server.
    pub source: NodeId,
    /// What happened.
    pub body: EventBody,
}

/// What a backup has written so far, or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackupTotals {
    /// Bytes of table contents.
    pub bytes: u64,
    /// Rows.
    pub records: u64,
    /// Bytes of the undo or redo log.
    pub log_bytes: u64,
    /// Entries of the undo or redo log.
    pub log_records: u64,
}

/// How a data node goes down: bits as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StopAction(pub u32);

impl StopAction {
    /// Puts the bits together.
    pub fn new(restart: bool, no_start: bool, initial: bool) -> Self {
        StopAction(u32::from(restart) | u32::from(no_start) << 1 | u32::from(initial) << 2)
    }

    /// The process comes up again.
    pub fn restart(self) -> bool {
        self.0 & 1 != 0
    }

    /// It then waits for a start order.
    pub fn no_start(self) -> bool {
        self.0 & 2 != 0
    }

    /// It then starts without its files.
    pub fn initial(self) -> bool {
        self.0 & 4 != 0
    }
}

/// What happened, by type. Counters are unsigned 32-bit words on the wire; 64-bit totals
/// are put together from two words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum EventBody {
    /// A backup runs. `starting_node` is the management server that ran the command.
    BackupStarted { starting_node: u32, backup_id: u32 },
    /// A backup was refused before it ran.
    BackupFailedToStart {
        starting_node: u32,
        error: ErrorNumber,
    },
    /// A backup is complete on all nodes.
    BackupCompleted {
        starting_node: u32,
        backup_id: u32,
        start_gci: Gci,
        stop_gci: Gci,
        totals: BackupTotals,
    },
    /// A node's progress; `starting_node` 0 means that no backup runs there.
    BackupStatus {
        starting_node: u32,
        backup_id: u32,
        totals: BackupTotals,
    },
    /// A backup ended early.
    BackupAborted {
        starting_node: u32,
        backup_id: u32,
        error: ErrorNumber,
    },
    /// A data node begins to start. Parsable records leave `mysql_version` off: it is 0.
    NodeStartStarted {
        version: Version,
        mysql_version: Version,
    },
    /// A data node is in service.
    NodeStartCompleted {
        version: Version,
        mysql_version: Version,
    },
    /// A shutdown begins, of the whole cluster or of the reporting node.
    NodeStopStarted { cluster: bool },
    /// A shutdown was called off.
    NodeStopAborted,
    /// A node is down; `signal` is 0 or the signal that asked for it.
    NodeStopCompleted { action: StopAction, signal: u32 },
    /// A node went down because of a fault. `start_phase` is 255 outside a start.
    NodeStopForced {
        action: StopAction,
        signal: u32,
        error: u32,
        start_phase: u32,
        extra: u32,
    },
    /// Memory in pages of `page_size` bytes. `change` is 0 in a report, 1 and -1 when a
    /// threshold was passed; `block` is 249 for data, 248 for indexes.
    MemoryUsage {
        change: i32,
        page_size: u32,
        pages_used: u32,
        pages_total: u32,
        block: u32,
    },
    /// A connection to `node` is up.
    Connected { node: u32 },
    /// The connection to `node` is gone.
    Disconnected { node: u32 },
    /// A global checkpoint begins.
    GlobalCheckpointStarted { gci: Gci },
    /// A global checkpoint is on disk.
    GlobalCheckpointCompleted { gci: Gci },
    /// Every other type. The words follow the order of [`EventKind::keys`], or are those
    /// of a `data=` line. Words past the last key show in texts but are not sent in
    /// parsable records; a receiver of such records has none.
    Other { kind: EventKind, words: Vec<u32> },
}

/// Longest line of the pretty listener, in bytes.
const PRETTY_MAX: usize = 511;

/// Longest line of REPORT EventLog behind the time, in bytes.
const SAVED_MAX: usize = 970;

/// As many words as the original reads of a saved event, whatever was sent.
const SIGNAL_WORDS: usize = 24;

fn low(value: u64) -> u32 {
    (value & u64::from(u32::MAX)) as u32
}

fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

impl Event {
    /// The text without a `Node n: ` prefix, as in the cluster log. May hold newlines.
    pub fn render_text(&self) -> String {
        let (kind, words) = self.body.parts();
        kind.text(&words)
    }

    /// `Node n: ` and the text.
    pub fn render_line(&self) -> String {
        format!("Node {}: {}", self.source, self.render_text())
    }

    /// The pretty listener's line without its newline: `Node n: `, the text, and for
    /// events with an error number ` - ` and the number's text.
    pub fn render_pretty(&self) -> String {
        let (kind, words) = self.body.parts();
        let error = kind
            .keys()
            .and_then(|keys| keys.iter().position(|key| *key == "error"))
            .and_then(|index| words.get(index));
        let mut line = self.render_line();
        if let Some(error) = error {
            line += &event_text::error_and_reason(ErrorNumber(*error));
        }
        truncated(line, PRETTY_MAX)
    }
}

fn truncated(mut line: String, limit: usize) -> String {
    line.truncate(line.floor_char_boundary(limit));
    line
}

impl EventBody {
    /// The event's type.
    pub fn kind(&self) -> EventKind {
        self.parts().0
    }

    /// The words in the order of the keys of a parsable record; see [`EventBody::Other`]
    /// for words past the last key.
    pub fn words(&self) -> Vec<u32> {
        self.parts().1
    }

    /// The type and the words.
    pub(super) fn parts(&self) -> (EventKind, Vec<u32>) {
        match *self {
            EventBody::BackupStarted {
                starting_node,
                backup_id,
            } => (EventKind::BACKUP_STARTED, vec![starting_node, backup_id]),
            EventBody::BackupFailedToStart {
                starting_node,
                error,
            } => (
                EventKind::BACKUP_FAILED_TO_START,
                vec![starting_node, error.0],
            ),
            EventBody::BackupCompleted {
                starting_node,
                backup_id,
                start_gci,
                stop_gci,
                totals,
            } => {
                let mut words = vec![starting_node, backup_id, start_gci.0, stop_gci.0];
                let totals = totals.in_order();
                words.extend(totals.map(low));
                words.extend(totals.map(high));
                (EventKind::BACKUP_COMPLETED, words)
            }
            EventBody::BackupStatus {
                starting_node,
                backup_id,
                totals,
            } => {
                let mut words = vec![starting_node, backup_id];
                for total in totals.in_order() {
                    words.extend([low(total), high(total)]);
                }
                (EventKind::BACKUP_STATUS, words)
            }
            EventBody::BackupAborted {
                starting_node,
                backup_id,
                error,
            } => (
                EventKind::BACKUP_ABORTED,
                vec![starting_node, backup_id, error.0],
            ),
            EventBody::NodeStartStarted {
                version,
                mysql_version,
            } => (
                EventKind::NODE_START_STARTED,
                vec![version.0, mysql_version.0],
            ),
            EventBody::NodeStartCompleted {
                version,
                mysql_version,
            } => (
                EventKind::NODE_START_COMPLETED,
                vec![version.0, mysql_version.0],
            ),
            EventBody::NodeStopStarted { cluster } => {
                (EventKind::NODE_STOP_STARTED, vec![u32::from(cluster)])
            }
            EventBody::NodeStopAborted => (EventKind::NODE_STOP_ABORTED, Vec::new()),
            EventBody::NodeStopCompleted { action, signal } => {
                (EventKind::NODE_STOP_COMPLETED, vec![action.0, signal])
            }
            EventBody::NodeStopForced {
                action,
                signal,
                error,
                start_phase,
                extra,
            } => (
                EventKind::NODE_STOP_FORCED,
                vec![action.0, signal, error, start_phase, extra],
            ),
            EventBody::MemoryUsage {
                change,
                page_size,
                pages_used,
                pages_total,
                block,
            } => (
                EventKind::MEMORY_USAGE,
                vec![
                    change.cast_unsigned(),
                    page_size,
                    pages_used,
                    pages_total,
                    block,
                ],
            ),
            EventBody::Connected { node } => (EventKind::CONNECTED, vec![node]),
            EventBody::Disconnected { node } => (EventKind::DISCONNECTED, vec![node]),
            EventBody::GlobalCheckpointStarted { gci } => {
                (EventKind::GLOBAL_CHECKPOINT_STARTED, vec![gci.0])
            }
            EventBody::GlobalCheckpointCompleted { gci } => {
                (EventKind::GLOBAL_CHECKPOINT_COMPLETED, vec![gci.0])
            }
            EventBody::Other { kind, ref words } => (kind, words.clone()),
        }
    }

    /// The event with these words, in the order of [`EventBody::words`]. None if a key's
    /// word is missing.
    pub fn from_words(kind: EventKind, words: &[u32]) -> Option<EventBody> {
        if words.len() < kind.keys().map_or(0, <[_]>::len) {
            return None;
        }
        let d = Words(words);
        Some(match kind {
            EventKind::BACKUP_STARTED => EventBody::BackupStarted {
                starting_node: d[1],
                backup_id: d[2],
            },
            EventKind::BACKUP_FAILED_TO_START => EventBody::BackupFailedToStart {
                starting_node: d[1],
                error: ErrorNumber(d[2]),
            },
            EventKind::BACKUP_COMPLETED => EventBody::BackupCompleted {
                starting_node: d[1],
                backup_id: d[2],
                start_gci: Gci(d[3]),
                stop_gci: Gci(d[4]),
                totals: BackupTotals::from_order([
                    d.wide(5, 9),
                    d.wide(6, 10),
                    d.wide(7, 11),
                    d.wide(8, 12),
                ]),
            },
            EventKind::BACKUP_STATUS => EventBody::BackupStatus {
                starting_node: d[1],
                backup_id: d[2],
                totals: BackupTotals::from_order([
                    d.wide(3, 4),
                    d.wide(5, 6),
                    d.wide(7, 8),
                    d.wide(9, 10),
                ]),
            },
            EventKind::BACKUP_ABORTED => EventBody::BackupAborted {
                starting_node: d[1],
                backup_id: d[2],
                error: ErrorNumber(d[3]),
            },
            EventKind::NODE_START_STARTED => EventBody::NodeStartStarted {
                version: Version(d[1]),
                mysql_version: Version(d[2]),
            },
            EventKind::NODE_START_COMPLETED => EventBody::NodeStartCompleted {
                version: Version(d[1]),
                mysql_version: Version(d[2]),
            },
            EventKind::NODE_STOP_STARTED => EventBody::NodeStopStarted { cluster: d[1] == 1 },
            EventKind::NODE_STOP_ABORTED => EventBody::NodeStopAborted,
            EventKind::NODE_STOP_COMPLETED => EventBody::NodeStopCompleted {
                action: StopAction(d[1]),
                signal: d[2],
            },
            EventKind::NODE_STOP_FORCED => EventBody::NodeStopForced {
                action: StopAction(d[1]),
                signal: d[2],
                error: d[3],
                start_phase: d[4],
                extra: d[5],
            },
            EventKind::MEMORY_USAGE => EventBody::MemoryUsage {
                change: d.int(1),
                page_size: d[2],
                pages_used: d[3],
                pages_total: d[4],
                block: d[5],
            },
            EventKind::CONNECTED => EventBody::Connected { node: d[1] },
            EventKind::DISCONNECTED => EventBody::Disconnected { node: d[1] },
            EventKind::GLOBAL_CHECKPOINT_STARTED => {
                EventBody::GlobalCheckpointStarted { gci: Gci(d[1]) }
            }
            EventKind::GLOBAL_CHECKPOINT_COMPLETED => {
                EventBody::GlobalCheckpointCompleted { gci: Gci(d[1]) }
            }
            kind => EventBody::Other {
                kind,
                words: words.to_vec(),
            },
        })
    }

    /// The event that data nodes keep as a signal: the words d1, d2 .. of the table of
    /// event types. Missing words count as 0, as senders leave off what a type does not use.
    pub fn from_signal(kind: EventKind, signal: &[u32]) -> Option<EventBody> {
        let mut words = signal.to_vec();
        // The texts of types without keys depend on how many words there are.
        if kind.keys().is_some() {
            words.resize(words.len().max(SIGNAL_WORDS), 0);
        }
        match kind {
            EventKind::BACKUP_STARTED
            | EventKind::BACKUP_FAILED_TO_START
            | EventKind::BACKUP_ABORTED
            | EventKind::BACKUP_STATUS => words[0] &= 0xFFFF,
            EventKind::BACKUP_COMPLETED => {
                words[0] &= 0xFFFF;
                // Two words that are not part of the record.
                words.drain(8..10);
            }
            _ => {}
        }
        EventBody::from_words(kind, &words)
    }
}

impl BackupTotals {
    /// The order of the wire.
    fn in_order(self) -> [u64; 4] {
        [self.bytes, self.records, self.log_bytes, self.log_records]
    }

    fn from_order([bytes, records, log_bytes, log_records]: [u64; 4]) -> Self {
        BackupTotals {
            bytes,
            records,
            log_bytes,
            log_records,
        }
    }
}

/// An event that a data node kept, as `dump events` of type 81 returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedEvent {
    /// Position in the node's sequence of events.
    pub sequence: u32,
    /// When it happened, in seconds since 1970.
    pub time: u32,
    /// The event. Its source is the node that kept it.
    pub event: Event,
}

impl SavedEvent {
    /// The line of REPORT EventLog without its time and newline.
    pub fn render_line(&self) -> String {
        truncated(self.event.render_line(), SAVED_MAX)
    }

    /// Reads the event inside a `SavedEvent`; none if `saved` is of another type, is cut
    /// short, or holds an unknown type.
    pub fn from_event(saved: &Event) -> Option<Self> {
        let EventBody::Other {
            kind: EventKind::SAVED_EVENT,
            words,
        } = &saved.body
        else {
            return None;
        };
        let [length, sequence, time, signal @ ..] = words.as_slice() else {
            return None;
        };
        let signal = signal.get(..usize::try_from(*length).ok()?)?;
        let (first, signal) = signal.split_first()?;
        let kind = EventKind::from_number(first & 0xFFFF)?;
        Some(SavedEvent {
            sequence: *sequence,
            time: *time,
            event: Event {
                source: saved.source,
                body: EventBody::from_signal(kind, signal)?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_for_every_type() {
        for kind in EventKind::all() {
            let count = kind.keys().map_or(5, <[_]>::len) as u32;
            let words: Vec<u32> = (0..count).map(|word| word ^ 1).collect();
            let body = EventBody::from_words(kind, &words).expect("enough words");
            assert_eq!(body.kind(), kind);
            if body != EventBody::NodeStopAborted {
                assert!(body.words().starts_with(&words), "{kind:?}");
            }
            assert_eq!(EventBody::from_words(kind, &body.words()), Some(body));
            if kind.keys().is_some() {
                assert_eq!(EventBody::from_words(kind, &words[1..]), None, "{kind:?}");
            }
        }
    }

    #[test]
    fn totals_are_64_bits_wide() {
        let totals = BackupTotals {
            bytes: 5 << 32 | 7,
            records: 6 << 32,
            log_bytes: u64::MAX,
            log_records: 1,
        };
        let completed = EventBody::BackupCompleted {
            starting_node: 1,
            backup_id: u32::MAX - 1,
            start_gci: Gci(1),
            stop_gci: Gci(2),
            totals,
        };
        assert_eq!(
            completed.words()[4..],
            [7, 0, u32::MAX, 1, 5, 6, u32::MAX, 0]
        );
        assert_eq!(
            EventBody::from_words(EventKind::BACKUP_COMPLETED, &completed.words()),
            Some(completed)
        );
    }

    #[test]
    fn a_saved_event_holds_the_signal() {
        let saved = |words: &[u32]| {
            SavedEvent::from_event(&Event {
                source: NodeId::new(2).expect("in range"),
                body: EventBody::from_words(EventKind::SAVED_EVENT, words).expect("raw words"),
            })
        };
        let words = [
            15,
            9,
            1_795_331_426,
            56 | 2 << 16,
            2_147_745_793,
            201,
            35,
            38,
            433_680,
            362,
            0,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
        ];
        let completed = saved(&words).expect("complete");
        assert_eq!((completed.sequence, completed.time), (9, 1_795_331_426));
        let EventBody::BackupCompleted {
            starting_node: 1,
            backup_id: 201,
            totals,
            ..
        } = completed.event.body
        else {
            panic!("{completed:?}");
        };
        assert_eq!(totals.bytes, 1 << 32 | 433_680);
        assert_eq!(saved(&words[..17]), None);
        assert_eq!(saved(&[1, 2, 3, 61]), None);
        assert_eq!(saved(&[0, 2, 3]), None);
        assert!(saved(&[2, 0, 0, 52, 0]).is_some());
    }

    #[test]
    fn a_saved_event_that_is_cut_short_reads_as_zeros() {
        let text = |kind: EventKind, words: &[u32]| {
            let body = EventBody::from_signal(kind, words).expect("any words do");
            let source = NodeId::new(2).expect("in range");
            Event { source, body }.render_text()
        };
        assert_eq!(
            text(EventKind::BACKUP_STARTED, &[0x8002_0031]),
            "Backup 0 started from node 49"
        );
        assert_eq!(
            text(EventKind::NODE_RESTART_COPY_FRAG_DONE, &[3, 4]),
            "Table ID = 4, fragment ID = 0 have been synced to Node 3 rows: 0 bytes: 0 "
        );
        for kind in EventKind::all() {
            let long = vec![u32::MAX; 100];
            for count in 0..long.len() {
                text(kind, &long[..count]);
            }
        }
    }

    #[test]
    fn lines_have_their_limits() {
        let source = NodeId::new(2).expect("in range");
        let words = vec![u32::from_le_bytes(*b"abcd"); 500];
        let body = EventBody::from_words(EventKind::INFO_EVENT, &words).expect("raw words");
        let event = Event { source, body };
        assert_eq!(event.render_pretty().len(), 511);
        let saved = SavedEvent {
            sequence: 1,
            time: 0,
            event,
        };
        assert_eq!(saved.render_line().len(), 970);
    }
}

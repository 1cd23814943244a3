//! Events of the cluster: what nodes report (management protocol, 4).

use super::event_kind::EventKind;
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
    /// A data node begins to start.
    NodeStartStarted { version: Version },
    /// A data node is in service.
    NodeStartCompleted { version: Version },
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

/// Puts a 64-bit quantity together.
pub(super) fn wide(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn low(value: u64) -> u32 {
    (value & u64::from(u32::MAX)) as u32
}

fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

impl EventBody {
    /// The event's type.
    pub fn kind(&self) -> EventKind {
        match self {
            EventBody::BackupStarted { .. } => EventKind::BACKUP_STARTED,
            EventBody::BackupFailedToStart { .. } => EventKind::BACKUP_FAILED_TO_START,
            EventBody::BackupCompleted { .. } => EventKind::BACKUP_COMPLETED,
            EventBody::BackupStatus { .. } => EventKind::BACKUP_STATUS,
            EventBody::BackupAborted { .. } => EventKind::BACKUP_ABORTED,
            EventBody::NodeStartStarted { .. } => EventKind::NODE_START_STARTED,
            EventBody::NodeStartCompleted { .. } => EventKind::NODE_START_COMPLETED,
            EventBody::NodeStopStarted { .. } => EventKind::NODE_STOP_STARTED,
            EventBody::NodeStopAborted => EventKind::NODE_STOP_ABORTED,
            EventBody::NodeStopCompleted { .. } => EventKind::NODE_STOP_COMPLETED,
            EventBody::NodeStopForced { .. } => EventKind::NODE_STOP_FORCED,
            EventBody::MemoryUsage { .. } => EventKind::MEMORY_USAGE,
            EventBody::Connected { .. } => EventKind::CONNECTED,
            EventBody::Disconnected { .. } => EventKind::DISCONNECTED,
            EventBody::GlobalCheckpointStarted { .. } => EventKind::GLOBAL_CHECKPOINT_STARTED,
            EventBody::GlobalCheckpointCompleted { .. } => EventKind::GLOBAL_CHECKPOINT_COMPLETED,
            EventBody::Other { kind, .. } => *kind,
        }
    }

    /// The words in the order of the keys of a parsable record; see [`EventBody::Other`]
    /// for words past the last key.
    pub fn words(&self) -> Vec<u32> {
        match self {
            EventBody::BackupStarted {
                starting_node,
                backup_id,
            } => vec![*starting_node, *backup_id],
            EventBody::BackupFailedToStart {
                starting_node,
                error,
            } => vec![*starting_node, error.0],
            EventBody::BackupCompleted {
                starting_node,
                backup_id,
                start_gci,
                stop_gci,
                totals,
            } => {
                let mut words = vec![*starting_node, *backup_id, start_gci.0, stop_gci.0];
                let totals = totals.in_order();
                words.extend(totals.map(low));
                words.extend(totals.map(high));
                words
            }
            EventBody::BackupStatus {
                starting_node,
                backup_id,
                totals,
            } => {
                let mut words = vec![*starting_node, *backup_id];
                for total in totals.in_order() {
                    words.extend([low(total), high(total)]);
                }
                words
            }
            EventBody::BackupAborted {
                starting_node,
                backup_id,
                error,
            } => vec![*starting_node, *backup_id, error.0],
            EventBody::NodeStartStarted { version } | EventBody::NodeStartCompleted { version } => {
                vec![version.0]
            }
            EventBody::NodeStopStarted { cluster } => vec![u32::from(*cluster)],
            EventBody::NodeStopAborted => Vec::new(),
            EventBody::NodeStopCompleted { action, signal } => vec![action.0, *signal],
            EventBody::NodeStopForced {
                action,
                signal,
                error,
                start_phase,
                extra,
            } => vec![action.0, *signal, *error, *start_phase, *extra],
            EventBody::MemoryUsage {
                change,
                page_size,
                pages_used,
                pages_total,
                block,
            } => vec![
                change.cast_unsigned(),
                *page_size,
                *pages_used,
                *pages_total,
                *block,
            ],
            EventBody::Connected { node } | EventBody::Disconnected { node } => vec![*node],
            EventBody::GlobalCheckpointStarted { gci }
            | EventBody::GlobalCheckpointCompleted { gci } => vec![gci.0],
            EventBody::Other { words, .. } => words.clone(),
        }
    }

    /// The event with these words, in the order of [`EventBody::words`]. None if a key's
    /// word is missing.
    pub fn from_words(kind: EventKind, words: &[u32]) -> Option<EventBody> {
        if words.len() < kind.keys().map_or(0, <[_]>::len) {
            return None;
        }
        let body = match (kind, words) {
            (EventKind::BACKUP_STARTED, &[starting_node, backup_id, ..]) => {
                EventBody::BackupStarted {
                    starting_node,
                    backup_id,
                }
            }
            (EventKind::BACKUP_FAILED_TO_START, &[starting_node, error, ..]) => {
                EventBody::BackupFailedToStart {
                    starting_node,
                    error: ErrorNumber(error),
                }
            }
            (EventKind::BACKUP_COMPLETED, _) => backup_completed(words)?,
            (EventKind::BACKUP_STATUS, &[starting_node, backup_id, ref totals @ ..]) => {
                let total = |index: usize| wide(totals[2 * index], totals[2 * index + 1]);
                EventBody::BackupStatus {
                    starting_node,
                    backup_id,
                    totals: BackupTotals::from_order([total(0), total(1), total(2), total(3)]),
                }
            }
            (EventKind::BACKUP_ABORTED, &[starting_node, backup_id, error, ..]) => {
                EventBody::BackupAborted {
                    starting_node,
                    backup_id,
                    error: ErrorNumber(error),
                }
            }
            (EventKind::NODE_STOP_FORCED, &[action, signal, error, start_phase, extra, ..]) => {
                EventBody::NodeStopForced {
                    action: StopAction(action),
                    signal,
                    error,
                    start_phase,
                    extra,
                }
            }
            (EventKind::MEMORY_USAGE, &[change, page_size, pages_used, pages_total, block, ..]) => {
                EventBody::MemoryUsage {
                    change: change.cast_signed(),
                    page_size,
                    pages_used,
                    pages_total,
                    block,
                }
            }
            (EventKind::NODE_STOP_COMPLETED, &[action, signal, ..]) => {
                EventBody::NodeStopCompleted {
                    action: StopAction(action),
                    signal,
                }
            }
            (EventKind::NODE_STOP_ABORTED, _) => EventBody::NodeStopAborted,
            (_, &[word, ..]) => match one_word(kind, word) {
                Some(body) => body,
                None => other(kind, words),
            },
            _ => other(kind, words),
        };
        Some(body)
    }

    /// The event that data nodes keep as a signal: the words d1, d2 .. of the table of
    /// event types. Missing words count as 0, as senders leave off what a type does not use.
    pub fn from_signal(kind: EventKind, signal: &[u32]) -> Option<EventBody> {
        let mut words = signal.to_vec();
        let keys = kind.keys().map_or(0, <[_]>::len);
        // BackupCompleted has two signal words that are not sent on.
        words.resize(words.len().max(keys + 2), 0);
        match kind {
            EventKind::BACKUP_STARTED
            | EventKind::BACKUP_FAILED_TO_START
            | EventKind::BACKUP_ABORTED
            | EventKind::BACKUP_STATUS => words[0] &= 0xFFFF,
            EventKind::BACKUP_COMPLETED => {
                words[0] &= 0xFFFF;
                words.drain(8..10);
            }
            _ if kind.keys().is_none() => words.truncate(signal.len()),
            _ => words.truncate(signal.len().max(keys)),
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

fn other(kind: EventKind, words: &[u32]) -> EventBody {
    EventBody::Other {
        kind,
        words: words.to_vec(),
    }
}

fn one_word(kind: EventKind, word: u32) -> Option<EventBody> {
    Some(match kind {
        EventKind::NODE_START_STARTED => EventBody::NodeStartStarted {
            version: Version(word),
        },
        EventKind::NODE_START_COMPLETED => EventBody::NodeStartCompleted {
            version: Version(word),
        },
        EventKind::NODE_STOP_STARTED => EventBody::NodeStopStarted { cluster: word == 1 },
        EventKind::CONNECTED => EventBody::Connected { node: word },
        EventKind::DISCONNECTED => EventBody::Disconnected { node: word },
        EventKind::GLOBAL_CHECKPOINT_STARTED => {
            EventBody::GlobalCheckpointStarted { gci: Gci(word) }
        }
        EventKind::GLOBAL_CHECKPOINT_COMPLETED => {
            EventBody::GlobalCheckpointCompleted { gci: Gci(word) }
        }
        _ => return None,
    })
}

fn backup_completed(words: &[u32]) -> Option<EventBody> {
    let words: &[u32; 12] = words.first_chunk()?;
    let total = |index: usize| wide(words[4 + index], words[8 + index]);
    Some(EventBody::BackupCompleted {
        starting_node: words[0],
        backup_id: words[1],
        start_gci: Gci(words[2]),
        stop_gci: Gci(words[3]),
        totals: BackupTotals::from_order([total(0), total(1), total(2), total(3)]),
    })
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
                assert_eq!(body.words(), words, "{kind:?}");
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
}

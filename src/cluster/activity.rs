//! What events tell about the work that data nodes do (management protocol, 4.4; types 35, 36 and 44).

use super::{Event, EventBody, EventKind, NodeId};

/// What a data node did as a coordinator of transactions since its last report (event 35).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransactionCounts {
    /// Transactions that were begun.
    pub transactions: u64,
    /// Transactions that were committed.
    pub commits: u64,
    /// Transactions that were aborted.
    pub aborts: u64,
    /// Rows that were read by key.
    pub reads: u64,
    /// Rows that were read without a lock that is kept.
    pub simple_reads: u64,
    /// Rows that were written.
    pub writes: u64,
    /// Scans of tables.
    pub scans: u64,
    /// Scans of ordered indexes.
    pub range_scans: u64,
    /// Words of attribute information that were sent.
    pub attribute_words: u64,
    /// Operations at the same time, at the moment of the report: the only one that is no count.
    pub concurrent_operations: u64,
}

impl TransactionCounts {
    /// What a `TransReportCounters` event reports; none if it lacks words.
    pub fn from_event(event: &Event) -> Option<Self> {
        let EventBody::Other {
            kind: EventKind::TRANS_REPORT_COUNTERS,
            words,
        } = &event.body
        else {
            return None;
        };
        let words: &[u32; 10] = words.first_chunk()?;
        let [
            transactions,
            commits,
            reads,
            simple_reads,
            writes,
            attribute_words,
            concurrent_operations,
            aborts,
            scans,
            range_scans,
        ] = words.map(u64::from);
        Some(TransactionCounts {
            transactions,
            commits,
            aborts,
            reads,
            simple_reads,
            writes,
            scans,
            range_scans,
            attribute_words,
            concurrent_operations,
        })
    }

    /// These and those of a later report.
    #[must_use]
    pub fn and(self, later: TransactionCounts) -> Self {
        TransactionCounts {
            transactions: self.transactions.saturating_add(later.transactions),
            commits: self.commits.saturating_add(later.commits),
            aborts: self.aborts.saturating_add(later.aborts),
            reads: self.reads.saturating_add(later.reads),
            simple_reads: self.simple_reads.saturating_add(later.simple_reads),
            writes: self.writes.saturating_add(later.writes),
            scans: self.scans.saturating_add(later.scans),
            range_scans: self.range_scans.saturating_add(later.range_scans),
            attribute_words: self.attribute_words.saturating_add(later.attribute_words),
            concurrent_operations: later.concurrent_operations,
        }
    }
}

/// Operations that a data node carried out on its own fragments since its last report (event 36);
/// none if the event is of another type or lacks its word.
pub fn operations_of(event: &Event) -> Option<u64> {
    match &event.body {
        EventBody::Other {
            kind: EventKind::OPERATION_REPORT_COUNTERS,
            words,
        } => words.first().copied().map(u64::from),
        _ => None,
    }
}

/// The node whose heartbeat the source of the event has missed (event 44); none
/// if the event is of another type or names no node.
pub fn silent_node_of(event: &Event) -> Option<NodeId> {
    match &event.body {
        EventBody::Other {
            kind: EventKind::MISSED_HEARTBEAT,
            words,
        } => words.first().copied().and_then(NodeId::new),
        _ => None,
    }
}

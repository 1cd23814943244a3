//! What one node is heard to do.

use jiff::Timestamp;

use super::REPORT_AGE_MAX;
use super::snapshot::Rates;
use crate::cluster::TransactionCounts;

/// Reports that come closer to each other than this many milliseconds are taken as one: they were
/// held up on their way, and what they count took longer.
const SPAN_MIN: i64 = 1000;

/// What was heard of one node since the view began.
#[derive(Debug, Default)]
pub(super) struct NodeActivity {
    transactions: Window<TransactionCounts>,
    operations: Window<u64>,
    /// How often others have missed its heartbeat.
    pub(super) missed_heartbeats: u64,
    /// When that was last.
    pub(super) last_missed: Option<Timestamp>,
}

impl NodeActivity {
    pub(super) fn count_transactions(&mut self, counts: TransactionCounts, now: Timestamp) {
        self.transactions.push(counts, now, TransactionCounts::and);
    }

    pub(super) fn count_operations(&mut self, operations: u64, now: Timestamp) {
        self.operations.push(operations, now, u64::saturating_add);
    }

    pub(super) fn miss_heartbeat(&mut self, now: Timestamp) {
        self.missed_heartbeats = self.missed_heartbeats.saturating_add(1);
        self.last_missed = Some(now);
    }

    /// The node is gone, or nobody listened for a while: what is counted next began nobody knows
    /// when.
    pub(super) fn forget_reports(&mut self) {
        self.transactions = Window::default();
        self.operations = Window::default();
    }

    /// What it does in a second, as of `now`; none if nothing is known.
    pub(super) fn rates(&self, now: Timestamp) -> Option<Rates> {
        let operations = self.operations.measured(now);
        let transactions = self.transactions.measured(now);
        if operations.is_none() && transactions.is_none() {
            return None;
        }
        let per_second = |count: fn(TransactionCounts) -> u64| {
            transactions.map(|(counts, span)| rate(count(counts), span))
        };
        Some(Rates {
            operations: operations.map(|(count, span)| rate(count, span)),
            transactions: per_second(|counts| counts.transactions),
            commits: per_second(|counts| counts.commits),
            aborts: per_second(|counts| counts.aborts),
            reads: per_second(|counts| counts.reads.saturating_add(counts.simple_reads)),
            writes: per_second(|counts| counts.writes),
            scans: per_second(|counts| counts.scans.saturating_add(counts.range_scans)),
        })
    }
}

/// Events in a second.
fn rate(count: u64, milliseconds: i64) -> f64 {
    count as f64 * 1000.0 / milliseconds as f64
}

/// Reports of one kind, each of what was since the one before.
#[derive(Debug, Default)]
struct Window<T> {
    /// When the report before those of `sum` came.
    began: Option<Timestamp>,
    sum: T,
    /// What was counted last, over how many milliseconds, and when that was known.
    last: Option<(T, i64, Timestamp)>,
}

impl<T: Copy + Default> Window<T> {
    fn push(&mut self, count: T, now: Timestamp, add: fn(T, T) -> T) {
        let span = self.began.map(|began| milliseconds(began, now));
        match span {
            Some(0..SPAN_MIN) => {
                self.sum = add(self.sum, count);
                return;
            }
            Some(span @ SPAN_MIN..) if span <= age_max() => {
                self.last = Some((add(self.sum, count), span, now));
            }
            // The first one, one after a gap, or the clock was set back.
            _ => self.last = None,
        }
        self.began = Some(now);
        self.sum = T::default();
    }

    /// What was counted last and over how many milliseconds, unless it is too old.
    fn measured(&self, now: Timestamp) -> Option<(T, i64)> {
        let (count, span, at) = self.last?;
        (milliseconds(at, now) <= age_max()).then_some((count, span))
    }
}

fn milliseconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond().saturating_sub(from.as_millisecond())
}

fn age_max() -> i64 {
    i64::try_from(REPORT_AGE_MAX.as_millis()).unwrap_or(i64::MAX)
}

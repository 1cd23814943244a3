//! What the events of a cluster tell: counters, and how the last backup ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exposition::{Exposition, MetricKind};
use crate::cluster::{
    Event, EventBody, NodeId, SavedEvent, TransactionCounts, operations_of, silent_node_of,
};

/// A backup that a listener heard end is not the same as a saved one that ended so many seconds
/// later; clocks of data nodes may be off.
const CLOCK_SLACK: i64 = 60;

/// What is counted of a transaction's events, and how.
const COUNTERS: [Counter; 9] = [
    Counter(
        |counts| counts.transactions,
        "ndb_transactions_total",
        "Transactions that were begun, by the node that coordinated them.",
    ),
    Counter(
        |counts| counts.commits,
        "ndb_commits_total",
        "Transactions that were committed.",
    ),
    Counter(
        |counts| counts.aborts,
        "ndb_aborts_total",
        "Transactions that were aborted.",
    ),
    Counter(
        |counts| counts.reads,
        "ndb_reads_total",
        "Rows that were read by key.",
    ),
    Counter(
        |counts| counts.simple_reads,
        "ndb_simple_reads_total",
        "Rows that were read without a lock that is kept.",
    ),
    Counter(
        |counts| counts.writes,
        "ndb_writes_total",
        "Rows that were written.",
    ),
    Counter(|counts| counts.scans, "ndb_scans_total", "Scans of tables."),
    Counter(
        |counts| counts.range_scans,
        "ndb_range_scans_total",
        "Scans of ordered indexes.",
    ),
    Counter(
        |counts| counts.attribute_words,
        "ndb_attribute_words_total",
        "Words of attribute information that were sent.",
    ),
];

/// A figure, the metric that adds it up, and its help.
struct Counter(fn(&TransactionCounts) -> u64, &'static str, &'static str);

/// How a backup ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// Its id.
    pub id: u32,
    /// It is complete; false if it was aborted.
    pub is_complete: bool,
    /// When it ended, in seconds since 1970.
    pub ended: i64,
    /// Bytes of rows and logs; 0 if it was aborted.
    pub bytes: u64,
    /// How long it took, in seconds, if its start was heard of.
    pub seconds: Option<u64>,
}

/// What was heard of a cluster since the listener began.
#[derive(Debug, Default)]
pub struct Activity {
    transactions: BTreeMap<NodeId, TransactionCounts>,
    operations: BTreeMap<NodeId, u64>,
    /// By the node that waited, and the one that was silent.
    missed_heartbeats: BTreeMap<(NodeId, NodeId), u64>,
    /// The running backup and when it began.
    running: Option<(u32, i64)>,
    last_backup: Option<LastBackup>,
}

impl Activity {
    /// Nothing was heard yet but how this backup ended.
    pub fn new(last_backup: Option<LastBackup>) -> Self {
        Activity {
            last_backup,
            ..Activity::default()
        }
    }

    /// The backup that ended last.
    pub fn last_backup(&self) -> Option<LastBackup> {
        self.last_backup
    }

    /// Counts an event that is heard `now`, in seconds since 1970. Data nodes report what was since
    /// their last report.
    pub fn hear(&mut self, event: &Event, now: i64) {
        if let Some(counts) = TransactionCounts::from_event(event) {
            let sums = self.transactions.entry(event.source).or_default();
            *sums = sums.and(counts);
        } else if let Some(operations) = operations_of(event) {
            let sum = self.operations.entry(event.source).or_default();
            *sum = sum.saturating_add(operations);
        } else if let Some(silent) = silent_node_of(event) {
            let pair = (event.source, silent);
            *self.missed_heartbeats.entry(pair).or_default() += 1;
        } else if let Some(ended) = end_of(&event.body, &mut self.running, now) {
            // Every data node may tell of one end.
            let told = self.last_backup.is_some_and(|last| {
                last.id == ended.id && ended.seconds.is_none() && last.is_near(&ended)
            });
            if !told {
                self.last_backup = Some(ended);
            }
        }
    }

    /// Learns from what data nodes kept, by time, how a backup ended that nobody listened to.
    pub fn recall(&mut self, saved: impl Iterator<Item = SavedEvent>) {
        let mut running = None;
        let mut found: Option<LastBackup> = None;
        for saved in saved {
            let ended = end_of(&saved.event.body, &mut running, i64::from(saved.time));
            // Only the first of several ends of one backup knows its start.
            found = match (ended, found) {
                (Some(ended), Some(before))
                    if before.id == ended.id
                        && ended.seconds.is_none()
                        && before.is_near(&ended) =>
                {
                    Some(before)
                }
                (Some(ended), _) => Some(ended),
                (None, before) => before,
            };
        }
        self.running = self.running.or(running);
        let Some(found) = found else {
            return;
        };
        let is_news = match &self.last_backup {
            None => true,
            Some(last) if last.id == found.id => found.ended > last.ended + CLOCK_SLACK,
            Some(last) => found.ended > last.ended,
        };
        if is_news {
            self.last_backup = Some(found);
        }
    }

    /// The counters and the last backup.
    pub fn push(&self, out: &mut Exposition) {
        for Counter(figure, name, help) in COUNTERS {
            out.family(name, MetricKind::Counter, help);
            for (node, sums) in &self.transactions {
                out.sample(&[("node", &node.to_string())], figure(sums));
            }
        }
        out.family(
            "ndb_concurrent_operations",
            MetricKind::Gauge,
            "Operations at the same time, as the node reported last.",
        );
        for (node, sums) in &self.transactions {
            let count = sums.concurrent_operations;
            out.sample(&[("node", &node.to_string())], count);
        }
        out.family(
            "ndb_operations_total",
            MetricKind::Counter,
            "Operations that the node carried out on its own fragments.",
        );
        for (node, sum) in &self.operations {
            out.sample(&[("node", &node.to_string())], *sum);
        }
        out.family(
            "ndb_heartbeats_missed_total",
            MetricKind::Counter,
            "Warnings of a node that another one's heartbeat did not come.",
        );
        for ((node, silent), sum) in &self.missed_heartbeats {
            let labels = [
                ("node", &*node.to_string()),
                ("silent_node", &*silent.to_string()),
            ];
            out.sample(&labels, *sum);
        }
        if let Some(last) = &self.last_backup {
            last.push(out);
        }
    }
}

/// How a backup ended, if the event tells; `running` is kept up to date.
fn end_of(body: &EventBody, running: &mut Option<(u32, i64)>, now: i64) -> Option<LastBackup> {
    let (id, is_complete, bytes) = match body {
        EventBody::BackupStarted { backup_id, .. } => {
            *running = Some((*backup_id, now));
            return None;
        }
        EventBody::BackupCompleted {
            backup_id, totals, ..
        } => (
            *backup_id,
            true,
            totals.bytes.saturating_add(totals.log_bytes),
        ),
        EventBody::BackupAborted { backup_id, .. } => (*backup_id, false, 0),
        _ => return None,
    };
    let began = running.take_if(|(of, _)| *of == id).map(|(_, began)| began);
    Some(LastBackup {
        id,
        is_complete,
        ended: now,
        bytes,
        seconds: began.map(|began| u64::try_from(now - began).unwrap_or(0)),
    })
}

impl LastBackup {
    fn is_near(&self, other: &LastBackup) -> bool {
        self.ended.abs_diff(other.ended) <= CLOCK_SLACK.unsigned_abs()
    }

    fn push(&self, out: &mut Exposition) {
        let mut gauge = |name, help, value| {
            out.family(name, MetricKind::Gauge, help);
            out.sample(&[], value);
        };
        gauge(
            "ndb_last_backup_id",
            "Id of the backup that ended last.",
            u64::from(self.id),
        );
        gauge(
            "ndb_last_backup_success",
            "1 if it is complete, 0 if it was aborted.",
            u64::from(self.is_complete),
        );
        gauge(
            "ndb_last_backup_end_timestamp_seconds",
            "When it ended, in seconds since 1970.",
            u64::try_from(self.ended).unwrap_or(0),
        );
        gauge(
            "ndb_last_backup_size_bytes",
            "Bytes of its rows and logs; 0 if it was aborted.",
            self.bytes,
        );
        if let Some(seconds) = self.seconds {
            gauge(
                "ndb_last_backup_duration_seconds",
                "How long it took, if its start was heard of.",
                seconds,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{BackupTotals, ErrorNumber, EventKind, Gci};

    fn event(node: u32, body: EventBody) -> Event {
        let source = NodeId::new(node).expect("a node id");
        Event { source, body }
    }

    fn other(node: u32, kind: EventKind, words: &[u32]) -> Event {
        let words = words.to_vec();
        event(node, EventBody::Other { kind, words })
    }

    fn started(id: u32) -> EventBody {
        EventBody::BackupStarted {
            starting_node: 1,
            backup_id: id,
        }
    }

    fn completed(id: u32) -> EventBody {
        EventBody::BackupCompleted {
            starting_node: 1,
            backup_id: id,
            start_gci: Gci(1),
            stop_gci: Gci(2),
            totals: BackupTotals {
                bytes: 100,
                records: 3,
                log_bytes: 20,
                log_records: 1,
            },
        }
    }

    fn aborted(id: u32) -> EventBody {
        EventBody::BackupAborted {
            starting_node: 1,
            backup_id: id,
            error: ErrorNumber(1321),
        }
    }

    fn saved(time: u32, body: EventBody) -> SavedEvent {
        SavedEvent {
            sequence: time,
            time,
            event: event(2, body),
        }
    }

    fn text(activity: &Activity) -> String {
        let mut out = Exposition::new();
        activity.push(&mut out);
        out.into_text()
    }

    #[test]
    fn reports_add_up_by_node_but_what_is_at_the_same_time_does_not() {
        let mut activity = Activity::default();
        for _ in 0..2 {
            let words = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
            activity.hear(&other(2, EventKind::TRANS_REPORT_COUNTERS, &words), 0);
        }
        activity.hear(&other(3, EventKind::OPERATION_REPORT_COUNTERS, &[40]), 0);
        activity.hear(
            &other(3, EventKind::OPERATION_REPORT_COUNTERS, &[u32::MAX]),
            0,
        );
        // A report that lacks its words counts nothing.
        activity.hear(&other(3, EventKind::OPERATION_REPORT_COUNTERS, &[]), 0);
        let text = text(&activity);
        for line in [
            "ndb_transactions_total{node=\"2\"} 2\n",
            "ndb_commits_total{node=\"2\"} 4\n",
            "ndb_aborts_total{node=\"2\"} 16\n",
            "ndb_range_scans_total{node=\"2\"} 20\n",
            "ndb_concurrent_operations{node=\"2\"} 7\n",
            "ndb_operations_total{node=\"3\"} 4294967335\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(!text.contains("ndb_last_backup"), "{text}");
    }

    #[test]
    fn missed_heartbeats_name_both_nodes_and_no_number_that_is_no_node() {
        let mut activity = Activity::default();
        for silent in [3, 3, 0, u32::MAX] {
            activity.hear(&other(2, EventKind::MISSED_HEARTBEAT, &[silent, 1]), 0);
        }
        let text = text(&activity);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("ndb_heartbeats"))
            .collect();
        assert_eq!(
            lines,
            ["ndb_heartbeats_missed_total{node=\"2\",silent_node=\"3\"} 2"]
        );
    }

    #[test]
    fn the_first_end_of_a_backup_counts_and_a_later_run_of_its_id_does_too() {
        let mut activity = Activity::default();
        activity.hear(&event(2, started(7)), 1000);
        activity.hear(&event(2, completed(7)), 1030);
        activity.hear(&event(3, completed(7)), 1031);
        let first = LastBackup {
            id: 7,
            is_complete: true,
            ended: 1030,
            bytes: 120,
            seconds: Some(30),
        };
        assert_eq!(activity.last_backup(), Some(first));
        activity.hear(&event(2, started(7)), 1040);
        activity.hear(&event(2, aborted(7)), 1041);
        let second = LastBackup {
            is_complete: false,
            ended: 1041,
            bytes: 0,
            seconds: Some(1),
            ..first
        };
        assert_eq!(activity.last_backup(), Some(second));
    }

    #[test]
    fn what_nobody_listened_to_is_recalled_unless_something_newer_is_known() {
        let known = LastBackup {
            id: 6,
            is_complete: true,
            ended: 500,
            bytes: 9,
            seconds: None,
        };
        let kept = || {
            vec![
                saved(400, started(5)),
                saved(450, completed(5)),
                saved(600, started(7)),
                saved(620, completed(7)),
                saved(621, completed(7)),
            ]
        };
        let mut activity = Activity::new(Some(known));
        activity.recall(kept().into_iter());
        let recalled = activity.last_backup().expect("a backup");
        assert_eq!(
            (recalled.id, recalled.ended, recalled.seconds),
            (7, 620, Some(20))
        );
        // What was heard at 650 by this clock is the same end by another one.
        let heard = LastBackup {
            id: 7,
            ended: 650,
            ..known
        };
        for last in [
            heard,
            LastBackup {
                ended: 900,
                id: 8,
                ..known
            },
        ] {
            let mut activity = Activity::new(Some(last));
            activity.recall(kept().into_iter());
            assert_eq!(activity.last_backup(), Some(last));
        }
    }

    #[test]
    fn a_backup_that_runs_while_the_listener_comes_has_its_duration() {
        let mut activity = Activity::default();
        activity.recall([saved(100, started(4))].into_iter());
        activity.hear(&event(2, completed(4)), 160);
        let last = activity.last_backup().expect("a backup");
        assert_eq!(last.seconds, Some(60));
    }
}

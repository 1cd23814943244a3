//! Reports that data nodes make all the time, whatever is asked of them.

use std::time::Duration;

use super::{Cluster, Now};
use crate::cluster::{Event, EventKind, NodeId};

/// Interval of the reports about transactions and operations, as recorded, about.
const COUNTERS_INTERVAL: Duration = Duration::from_secs(5);

/// Words of the report about transactions.
const TRANSACTION_COUNTERS: usize = 10;

/// When the next reports are due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reports {
    counters: Now,
    /// Never, unless MemReportFrequency is set.
    memory: Option<Now>,
}

impl Reports {
    pub(super) fn new(now: Now) -> Self {
        Reports {
            counters: now + COUNTERS_INTERVAL,
            memory: None,
        }
    }

    pub(super) fn next(&self) -> Now {
        self.memory
            .map_or(self.counters, |memory| memory.min(self.counters))
    }
}

impl Cluster {
    /// Makes the reports that are due.
    pub(super) fn report_statistics(&mut self, now: Now) {
        if self.reports.counters <= now {
            self.reports.counters = now + COUNTERS_INTERVAL;
            // Nobody but the cluster itself is at work.
            for source in self.started_nodes() {
                let none = vec![0; TRANSACTION_COUNTERS];
                self.emit_words(source, EventKind::TRANS_REPORT_COUNTERS, none, now);
            }
            for source in self.started_nodes() {
                self.emit_words(source, EventKind::OPERATION_REPORT_COUNTERS, vec![1], now);
            }
        }
        if self.reports.memory.is_some_and(|at| at <= now) {
            for source in self.started_nodes() {
                self.report_memory(source, now);
            }
            self.reports.memory = None;
        }
        if self.reports.memory.is_none() {
            self.reports.memory = self.memory_interval().map(|interval| now + interval);
        }
    }

    /// MemReportFrequency of the first data node, in seconds; 0 is never.
    fn memory_interval(&self) -> Option<Duration> {
        let first = self.data_nodes.keys().next()?;
        let seconds = self.topology.nodes.get(first)?.number("MemReportFrequency");
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// A node's memory usage as events.
    pub(super) fn report_memory(&mut self, source: NodeId, now: Now) {
        for body in self.memory_usage(source) {
            self.emit(Event { source, body }, now);
        }
    }
}

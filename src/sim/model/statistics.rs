//! Reports that data nodes make all the time, whatever is asked of them.

use std::time::Duration;

use super::{Cluster, Now};
use crate::cluster::state::MemoryKind;
use crate::cluster::{Event, EventBody, EventKind, NodeId};

/// Interval of the reports about transactions and operations, as recorded, about.
const COUNTERS_INTERVAL: Duration = Duration::from_secs(5);

/// Words of the report about transactions.
const TRANSACTION_COUNTERS: usize = 10;

/// Size of a page of data memory in bytes.
const PAGE_BYTES: u32 = 32768;

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

    /// Data memory and index memory of a node.
    pub(super) fn memory_usage(&self, node: NodeId) -> [EventBody; 2] {
        let total = self
            .topology
            .nodes
            .get(&node)
            .map_or(0, |node| node.number("DataMemory"));
        let pages = |bytes: u64| u32::try_from(bytes / u64::from(PAGE_BYTES)).unwrap_or(u32::MAX);
        let usage = |pages_used: u32, block| EventBody::MemoryUsage {
            change: 0,
            page_size: PAGE_BYTES,
            pages_used,
            pages_total: pages(total).max(pages_used),
            block,
        };
        let data = pages(self.pace.data_bytes) + 1;
        let index = pages(self.pace.data_bytes / 8) + 1;
        [
            usage(data, MemoryKind::Data.block()),
            usage(index, MemoryKind::Index.block()),
        ]
    }
}

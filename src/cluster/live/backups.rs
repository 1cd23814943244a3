//! The backups that are heard of and reported.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::snapshot::LiveBackup;
use crate::cluster::{BackupTotals, Event, EventBody, NodeId, SavedEvent};

/// How long data nodes may take until they report a backup that has started, and how long a report
/// that was made before the end of a backup may come after it.
const REPORT_DELAY: SignedDuration = SignedDuration::from_secs(10);

/// What a backup will come to. All of it is an estimate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupEstimate {
    /// Bytes of table contents of the last complete backup, all nodes together.
    pub last_backup: Option<u64>,
    /// Bytes of data memory in use, by node.
    pub memory: BTreeMap<NodeId, u64>,
}

impl BackupEstimate {
    /// Bytes of table contents that one of `nodes` data nodes will write.
    pub fn of(&self, node: NodeId, nodes: usize) -> Option<u64> {
        let by_backup = self.last_backup.map(|bytes| bytes / nodes.max(1) as u64);
        by_backup.or_else(|| self.memory.get(&node).copied())
    }

    /// Learns what the last backup came to from what data nodes have kept, by time.
    pub fn recall(&mut self, kept: &[SavedEvent]) {
        let ends = kept.iter().rev();
        let mut totals = ends.filter_map(|saved| match saved.event.body {
            EventBody::BackupCompleted { totals, .. } => Some(totals.bytes),
            _ => None,
        });
        self.last_backup = totals.next();
    }
}

/// The backups that run, as far as events and reports tell.
#[derive(Debug, Default)]
pub(super) struct Backups {
    running: BTreeMap<u32, Running>,
    /// The backup that ended last, and when that was heard.
    ended: Option<(u32, Timestamp)>,
}

#[derive(Debug, Default)]
struct Running {
    starting_node: u32,
    started: Option<Timestamp>,
    totals: BTreeMap<NodeId, BackupTotals>,
    /// Data nodes have reported it.
    is_reported: bool,
}

impl Backups {
    /// True while one runs.
    pub(super) fn any(&self) -> bool {
        !self.running.is_empty()
    }

    /// Follows starts, ends and progress. The totals of one that has completed.
    pub(super) fn hear(&mut self, event: &Event, now: Timestamp) -> Option<BackupTotals> {
        match event.body {
            EventBody::BackupStarted {
                starting_node,
                backup_id,
            } => {
                self.ended = self.ended.filter(|(id, _)| *id != backup_id);
                let running = self.running.entry(backup_id).or_default();
                running.starting_node = starting_node;
                running.started.get_or_insert(now);
                None
            }
            EventBody::BackupCompleted {
                backup_id, totals, ..
            } => {
                self.end(backup_id, now);
                Some(totals)
            }
            EventBody::BackupAborted { backup_id, .. } => {
                self.end(backup_id, now);
                None
            }
            EventBody::BackupStatus {
                starting_node,
                backup_id,
                totals,
            } => {
                self.report(event.source, starting_node, (backup_id, totals), now);
                None
            }
            _ => None,
        }
    }

    /// What all data nodes report at once: a backup that none of them reports has ended.
    pub(super) fn survey(&mut self, reports: &[Event], now: Timestamp) {
        for event in reports {
            self.hear(event, now);
        }
        let is_awaited = |started: Timestamp| now.duration_since(started) < REPORT_DELAY;
        self.running.retain(|_, running| {
            let may_come = !running.is_reported && running.started.is_some_and(is_awaited);
            !running.totals.is_empty() || may_come
        });
    }

    /// No data node is in service.
    pub(super) fn clear(&mut self) {
        self.running.clear();
    }

    fn end(&mut self, id: u32, now: Timestamp) {
        self.running.remove(&id);
        self.ended = Some((id, now));
    }

    /// A node's progress; with the starting node 0 it takes part in none.
    fn report(
        &mut self,
        node: NodeId,
        starting_node: u32,
        (id, totals): (u32, BackupTotals),
        now: Timestamp,
    ) {
        for running in self.running.values_mut() {
            running.totals.remove(&node);
        }
        let is_late = self
            .ended
            .is_some_and(|(ended, at)| ended == id && now.duration_since(at) < REPORT_DELAY);
        if starting_node == 0 || is_late {
            return;
        }
        let running = self.running.entry(id).or_default();
        running.starting_node = starting_node;
        running.is_reported = true;
        running.totals.insert(node, totals);
    }

    /// The backups that run, by id.
    pub(super) fn all(&self, estimate: &BackupEstimate) -> Vec<LiveBackup> {
        let of = |(id, running): (&u32, &Running)| {
            let sum = |figure: fn(&BackupTotals) -> u64| {
                let figures = running.totals.values().map(figure);
                figures.fold(0, u64::saturating_add)
            };
            let bytes = sum(|totals| totals.bytes);
            let count = running.totals.len();
            let parts = running.totals.keys().map(|node| estimate.of(*node, count));
            // Nothing is estimated unless the part of each node is.
            let total: Option<u64> = parts.sum();
            LiveBackup {
                id: *id,
                starting_node: running.starting_node,
                records: sum(|totals| totals.records),
                bytes,
                log_bytes: sum(|totals| totals.log_bytes),
                nodes: running.totals.keys().copied().collect(),
                started: running.started,
                estimated_total: total.filter(|total| *total > bytes),
            }
        };
        self.running.iter().map(of).collect()
    }
}

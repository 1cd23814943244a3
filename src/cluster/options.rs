//! How nodes are stopped and restarted, what the cluster log lets through, what is reported.

use super::{EventKind, Severity};

/// How nodes are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StopOptions {
    /// `-a`: at once, without a clean shutdown.
    pub abort: bool,
    /// `-f`: even if the cluster can't go on without the node.
    pub force: bool,
}

/// How nodes are restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RestartOptions {
    /// `-n`: come up, but wait for START.
    pub nostart: bool,
    /// `-i`: come up without the old data.
    pub initial: bool,
    /// `-a`: at once, without a clean shutdown.
    pub abort: bool,
    /// `-f`: even if the cluster can't go on without the node.
    pub force: bool,
}

/// What stopping all nodes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopScope {
    /// Every data node.
    DataNodes,
    /// Every data node and every management server.
    Cluster,
}

/// What is done with a filter of the cluster log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterSwitch {
    /// ON
    On,
    /// OFF
    Off,
    /// TOGGLE, or FILTER
    Toggle,
}

/// What a [`FilterSwitch`] switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFilter {
    /// The cluster log as a whole.
    Log,
    /// One severity.
    Severity(Severity),
    /// Every severity at once.
    AllSeverities,
}

/// The reports of the data nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// Progress of a running backup.
    BackupStatus,
    /// Data and index memory in use.
    MemoryUsage,
    /// The events that the nodes have saved.
    EventLog,
}

impl ReportKind {
    /// The reports, in the order in which a prefix is looked up.
    pub const ALL: [ReportKind; 3] = [
        ReportKind::BackupStatus,
        ReportKind::MemoryUsage,
        ReportKind::EventLog,
    ];

    /// The type of the events that the report is made of.
    pub fn event_kind(self) -> EventKind {
        match self {
            ReportKind::BackupStatus => EventKind::BACKUP_STATUS,
            ReportKind::MemoryUsage => EventKind::MEMORY_USAGE,
            ReportKind::EventLog => EventKind::SAVED_EVENT,
        }
    }

    /// The report that is made of events of this type; the type's number stands in a
    /// request for it (management protocol, 3.2, `dump events`).
    pub fn from_event_number(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.event_kind().number() == number)
    }

    /// The name at the prompt.
    pub fn name(self) -> &'static str {
        match self {
            ReportKind::BackupStatus => "BackupStatus",
            ReportKind::MemoryUsage => "MemoryUsage",
            ReportKind::EventLog => "EventLog",
        }
    }

    /// The two words of the name: `Backup` and `Status`.
    pub fn words(self) -> (&'static str, &'static str) {
        let name = self.name();
        name.split_at(name.rfind(|c: char| c.is_ascii_uppercase()).unwrap_or(0))
    }
}

//! What commands say before they end.

use jiff::Timestamp;
use serde::Serialize;

use crate::cluster::WaitFor;
use crate::command::Severities;
use crate::shell::outcome::Step;

use super::error::ErrorReport;
use super::event::EventReport;

/// What happened on the way of a command.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Step"))]
pub(super) enum StepReport {
    /// START BACKUP is sent.
    BackupRequested {
        /// What is waited for.
        wait_for: WaitWord,
    },
    /// A default password exists, yet this backup is not encrypted.
    BackupUnencrypted,
    /// An event of the backup that is waited for.
    Heard {
        /// The event.
        event: EventReport,
    },
    /// The order to start all data nodes was given, once.
    AllStarting,
    /// The order to stop all data nodes is sent.
    StoppingAll,
    /// The order to restart all data nodes is sent.
    RestartingAll,
    /// A management server is among the nodes to restart.
    RestartingManagementServer {
        /// Its node id.
        node: u32,
    },
    /// How the two connections of the prompt are protected.
    Connections {
        /// The main connection uses TLS.
        main_is_tls: bool,
        /// The event connection does; null if there is none.
        events_are_tls: Option<bool>,
    },
    /// Severities of the cluster log were switched.
    SeveritiesSwitched {
        /// One severity, or `ALL`.
        severity: &'static str,
        /// They are logged from now on.
        enabled: bool,
    },
    /// A level of the cluster log was set.
    ClusterLogLevelSet {
        /// The node whose events it is for.
        node: u32,
        /// The category.
        category: &'static str,
        /// The level, 0 to 15.
        level: u32,
    },
    /// A level of a node's own log was set.
    LogLevelSet {
        /// The node.
        node: u32,
    },
    /// A dump signal is sent.
    Dumping {
        /// Its words.
        words: Vec<u32>,
    },
    /// A part of the command failed; the others were gone on with.
    Failed {
        /// Why.
        error: ErrorReport,
    },
}

/// What START BACKUP waits for.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub(super) enum WaitWord {
    Nothing,
    Started,
    Completed,
}

impl From<WaitFor> for WaitWord {
    fn from(wait: WaitFor) -> Self {
        match wait {
            WaitFor::Nothing => WaitWord::Nothing,
            WaitFor::Started => WaitWord::Started,
            WaitFor::Completed => WaitWord::Completed,
        }
    }
}

impl StepReport {
    pub(super) fn of(step: &Step, now: Timestamp) -> Self {
        match step {
            Step::BackupRequested(wait) => StepReport::BackupRequested {
                wait_for: (*wait).into(),
            },
            Step::BackupUnencrypted => StepReport::BackupUnencrypted,
            Step::BackupEvent(event) => StepReport::Heard {
                event: EventReport::of(event, now),
            },
            Step::AllStarting => StepReport::AllStarting,
            Step::StoppingAll => StepReport::StoppingAll,
            Step::RestartingAll => StepReport::RestartingAll,
            Step::RestartingManagementServer(node) => {
                StepReport::RestartingManagementServer { node: node.get() }
            }
            Step::Connections {
                main_is_tls,
                events_are_tls,
            } => StepReport::Connections {
                main_is_tls: *main_is_tls,
                events_are_tls: *events_are_tls,
            },
            Step::SeveritiesSwitched(severities, enabled) => StepReport::SeveritiesSwitched {
                severity: match severities {
                    Severities::All => "ALL",
                    Severities::One(severity) => severity.name(),
                },
                enabled: *enabled,
            },
            Step::ClusterLogLevelSet(node, level) => StepReport::ClusterLogLevelSet {
                node: node.get(),
                category: level.category.name(),
                level: level.level.get(),
            },
            Step::LogLevelSet(node) => StepReport::LogLevelSet { node: node.get() },
            Step::Dumping(words) => StepReport::Dumping {
                words: words.clone(),
            },
        }
    }
}

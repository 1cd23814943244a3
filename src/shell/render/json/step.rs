//! What commands say before they end.

use jiff::Timestamp;
use serde::Serialize;

use crate::cluster::state::{AwaitedState, Sighting};
use crate::cluster::{NodeStatus, WaitFor};
use crate::command::Severities;
use crate::shell::outcome::{RollNote, Step};

use super::error::ErrorReport;
use super::event::EventReport;
use super::node::StateWord;
use super::roll::{AwaitedWord, PlanReport, ids};

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
    /// A node that is waited for has left service, or is another process than at first.
    NodeLeft {
        /// The node.
        node: u32,
    },
    /// A node that is waited for is on its way.
    NodeMoved {
        /// The node.
        node: u32,
        /// Its state.
        state: StateWord,
        /// Last completed start phase, or step of a shutdown; null in other states.
        phase: Option<u32>,
    },
    /// A node is where it is waited for.
    NodeArrived {
        /// The node.
        node: u32,
        /// The state that is waited for.
        state: AwaitedWord,
    },
    /// The configuration does not have a node any more.
    NodeVanished {
        /// The node.
        node: u32,
    },
    /// A rolling restart begins.
    RollBegins {
        /// What it will do.
        plan: PlanReport,
    },
    /// A step of a rolling restart begins.
    RollStepBegins {
        /// Its number, from 1.
        step: u32,
        /// How many there are.
        of: u32,
        /// Its nodes.
        nodes: Vec<u32>,
    },
    /// A data node that is no part of the step has left service.
    BystanderLost {
        /// The node.
        node: u32,
        /// Its state.
        state: StateWord,
    },
    /// The nodes of STOP ONLY are down.
    RollStopped {
        /// The nodes.
        nodes: Vec<u32>,
        /// True: the post-stop command runs. False: somebody else is to start them.
        has_command: bool,
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
            Step::Sighted(sighting, awaited) => seen(*sighting, *awaited),
            Step::Roll(note) => noted(note),
        }
    }
}

/// A node has moved.
fn seen(sighting: Sighting, awaited: AwaitedState) -> StepReport {
    match sighting {
        Sighting::Left(node) => StepReport::NodeLeft { node: node.get() },
        Sighting::Moved(node, status, phase) => {
            let has_phase = matches!(status, NodeStatus::Starting | NodeStatus::ShuttingDown);
            StepReport::NodeMoved {
                node: node.get(),
                state: status.into(),
                phase: has_phase.then_some(phase),
            }
        }
        Sighting::Arrived(node) => StepReport::NodeArrived {
            node: node.get(),
            state: awaited.into(),
        },
        Sighting::Vanished(node) => StepReport::NodeVanished { node: node.get() },
    }
}

/// A rolling restart goes on.
fn noted(note: &RollNote) -> StepReport {
    match note {
        RollNote::Begins(plan) => StepReport::RollBegins {
            plan: PlanReport::of(plan, &[]),
        },
        RollNote::StepBegins { step, of, nodes } => StepReport::RollStepBegins {
            step: u32::try_from(*step).unwrap_or(u32::MAX),
            of: u32::try_from(*of).unwrap_or(u32::MAX),
            nodes: ids(nodes),
        },
        RollNote::BystanderLost(node, status) => StepReport::BystanderLost {
            node: node.get(),
            state: (*status).into(),
        },
        RollNote::Stopped { nodes, has_command } => StepReport::RollStopped {
            nodes: ids(nodes),
            has_command: *has_command,
        },
    }
}

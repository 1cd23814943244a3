//! What commands say before they end.

use jiff::Timestamp;
use serde::Serialize;

use crate::cluster::state::{AwaitedState, Sighting};
use crate::cluster::{NodeStatus, WaitFor};
use crate::command::Severities;
use crate::shell::outcome::{FailureKind, RollNote, Step};

use super::error::ErrorReport;
use super::event::EventReport;
use super::health::Remark;
use super::node::StateWord;
use super::roll::{AwaitedWord, PlanReport, RollStepAt, ids, remark};
use super::{SCHEMA, Time};

/// A step of a command that may take hours, on a line of its own, as it comes.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(title = "Step", rename = "StepLine")
)]
pub(super) struct StepLine {
    /// Version of this object; see `docs/scripts.md`.
    schema: u32,
    /// Always `step`; the command's own object, which follows, is a `command`.
    r#type: StepType,
    /// When it happened.
    time: Time,
    /// What happened.
    step: StepReport,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
enum StepType {
    Step,
}

impl StepLine {
    /// A step, heard at `now`.
    pub(super) fn of(step: &Step, now: Timestamp) -> Self {
        StepLine {
            schema: SCHEMA,
            r#type: StepType::Step,
            time: Time::of(now),
            step: StepReport::of(step, now),
        }
    }
}

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
    /// What stands against a step of a rolling restart was looked for.
    RollChecked {
        /// The step.
        #[serde(flatten)]
        at: RollStepAt,
        /// What was found; nothing if the step is made.
        obstacles: Vec<Remark>,
    },
    /// A step of a rolling restart begins.
    RollStepBegins(RollStepAt),
    /// The management server has confirmed the order of the step.
    RollOrdered {
        /// The nodes that were told to restart, or to stop.
        nodes: Vec<u32>,
    },
    /// All nodes of a step are back.
    RollStepDone(RollStepAt),
    /// A step that had begun failed, which ends the rolling restart.
    RollStepFailed {
        /// The step.
        #[serde(flatten)]
        at: RollStepAt,
        /// What a program can tell apart; the command's `error` says more.
        kind: FailureKind,
    },
    /// A data node that is no part of the step has left service.
    BystanderLost {
        /// The node.
        node: u32,
        /// Its state.
        state: StateWord,
    },
    /// A node waited for the order to start, which its server owed it, and got it from here.
    RollStartOrdered {
        /// The node.
        node: u32,
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
        RollNote::Checked(at, obstacles) => StepReport::RollChecked {
            at: at.into(),
            obstacles: obstacles.iter().map(remark).collect(),
        },
        RollNote::StepBegins(at) => StepReport::RollStepBegins(at.into()),
        RollNote::Ordered(nodes) => StepReport::RollOrdered { nodes: ids(nodes) },
        RollNote::StepDone(at) => StepReport::RollStepDone(at.into()),
        RollNote::StepFailed(at, kind) => StepReport::RollStepFailed {
            at: at.into(),
            kind: *kind,
        },
        RollNote::BystanderLost(node, status) => StepReport::BystanderLost {
            node: node.get(),
            state: (*status).into(),
        },
        RollNote::StartOrdered(node) => StepReport::RollStartOrdered { node: node.get() },
        RollNote::Stopped { nodes, has_command } => StepReport::RollStopped {
            nodes: ids(nodes),
            has_command: *has_command,
        },
    }
}

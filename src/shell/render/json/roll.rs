//! WAIT FOR and ROLLING RESTART.

use serde::Serialize;

use crate::cluster::state::{AwaitedState, Obstacle, RollPlan, RollStep};
use crate::cluster::{NodeId, NodeStatus};
use crate::shell::outcome::{RollFailure, StepAt};
use crate::shell::render::render_obstacle;

use super::health::Remark;
use super::node::StateWord;

/// What can be waited for.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "AwaitedState"))]
pub(super) enum AwaitedWord {
    /// Data nodes in service, other nodes connected.
    Started,
    /// Data nodes that wait for a start order.
    NotStarted,
    /// Nodes that are down.
    NoContact,
}

impl From<AwaitedState> for AwaitedWord {
    fn from(state: AwaitedState) -> Self {
        match state {
            AwaitedState::Started => AwaitedWord::Started,
            AwaitedState::NotStarted => AwaitedWord::NotStarted,
            AwaitedState::NoContact => AwaitedWord::NoContact,
        }
    }
}

/// A node and its state.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LastState"))]
pub(super) struct LastState {
    /// The node.
    node: u32,
    /// Its state; null if the configuration does not have it any more.
    state: Option<StateWord>,
}

impl LastState {
    pub(super) fn of((node, status): &(NodeId, Option<NodeStatus>)) -> Self {
        LastState {
            node: node.get(),
            state: status.map(StateWord::from),
        }
    }
}

/// Nodes that are restarted at once.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RollStep"))]
pub(super) struct PlannedStep {
    /// The nodes.
    nodes: Vec<u32>,
    /// True for a management server.
    management: bool,
}

/// What a rolling restart would do.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RollPlan"))]
pub(super) struct PlanReport {
    /// The steps, in order.
    steps: Vec<PlannedStep>,
    /// Management servers that were not named, and are left alone.
    left_out: Vec<u32>,
    /// What stands against the first step now.
    obstacles: Vec<Remark>,
}

/// How far a rolling restart came that ended early.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RollEnd"))]
pub(super) struct RollEnd {
    /// The nodes that were restarted.
    restarted: Vec<u32>,
    /// The nodes that were not, as far as is known.
    not_restarted: Vec<u32>,
    /// Nodes that are out of service, which stands against going on.
    out_of_service: Vec<LastState>,
    /// The command that restarts the rest; null if nothing is left.
    resume: Option<String>,
}

/// A step of a rolling restart.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub(super) struct RollStepAt {
    /// Its number, from 1.
    step: u32,
    /// How many there are.
    of: u32,
    /// Its nodes.
    nodes: Vec<u32>,
}

impl From<&StepAt> for RollStepAt {
    fn from(at: &StepAt) -> Self {
        RollStepAt {
            step: u32::try_from(at.step).unwrap_or(u32::MAX),
            of: u32::try_from(at.of).unwrap_or(u32::MAX),
            nodes: ids(&at.nodes),
        }
    }
}

/// Their numbers.
pub(super) fn ids(nodes: &[NodeId]) -> Vec<u32> {
    nodes.iter().map(|node| node.get()).collect()
}

impl PlanReport {
    pub(super) fn of(plan: &RollPlan, obstacles: &[Obstacle]) -> Self {
        PlanReport {
            steps: plan
                .steps
                .iter()
                .map(|step| PlannedStep {
                    nodes: ids(step.nodes()),
                    management: matches!(step, RollStep::Server(_)),
                })
                .collect(),
            left_out: ids(&plan.left_out),
            obstacles: obstacles.iter().map(remark).collect(),
        }
    }
}

pub(super) fn remark(obstacle: &Obstacle) -> Remark {
    let (kind, nodes) = match obstacle {
        Obstacle::NotStarted(node, _) => ("not_started", vec![*node]),
        Obstacle::BackupRuns(_) => ("backup_runs", Vec::new()),
        Obstacle::BackupsUnknown => ("backups_unknown", Vec::new()),
        Obstacle::SingleUserMode => ("single_user_mode", Vec::new()),
        Obstacle::ServersDiffer(difference) => ("servers_differ", vec![difference.node]),
        Obstacle::LastOfNodegroup(_) => ("last_of_nodegroup", Vec::new()),
        Obstacle::NoSuchNode(node) => ("no_such_node", vec![*node]),
    };
    Remark::new(kind, nodes, render_obstacle(obstacle))
}

impl RollEnd {
    pub(super) fn of(failure: &RollFailure) -> Self {
        RollEnd {
            restarted: ids(&failure.done),
            not_restarted: ids(&failure.left),
            out_of_service: failure
                .out
                .iter()
                .map(|(node, status)| LastState::of(&(*node, Some(*status))))
                .collect(),
            resume: (!failure.left.is_empty()).then(|| failure.resume.to_string()),
        }
    }
}

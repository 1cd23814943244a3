//! WAIT FOR and ROLLING RESTART.

use std::time::Duration;

use crate::cluster::state::{AwaitedState, Obstacle, RollPlan, RollPlanError, RollStep, Sighting};
use crate::cluster::{NodeId, NodeStatus};
use crate::command::{Command, Targets, WaitForNodes};
use crate::shell::outcome::{RollFailure, RollFault, RollNote, StepAt};

use super::health::render_difference;
use super::status::state_words;
use super::{comma_list, counted_nodes};

/// For standard error: Ctrl-C during a step.
pub(in crate::shell) const ROLL_ENDS_AFTER_STEP: &str =
    "Ctrl-C: the rolling restart ends after this step. Once more leaves it at once.\n";

/// For standard error: nobody can be asked at the moment.
pub(in crate::shell) fn render_no_server_answers(reason: &str) -> String {
    format!("Note: no management server answers at the moment ({reason}); trying again\n")
}

/// For standard error: the server does not wait for nodes any more.
pub(in crate::shell) fn render_server_gave_up(reason: &str) -> String {
    format!(
        "Note: the management server does not wait any longer ({reason}); looking at the nodes further\n"
    )
}

/// For standard error: a node that waits for the order to start did not get it.
pub(in crate::shell) fn render_not_started(node: NodeId, reason: &str) -> String {
    format!("Note: the order to start node {node} failed ({reason})\n")
}

/// What is new about a node that is waited for.
pub(super) fn render_sighting(sighting: Sighting, awaited: AwaitedState) -> String {
    let line = |node: NodeId, words: &str| format!("Node {node}: {words}\n");
    match sighting {
        Sighting::Left(node) => line(node, "has left"),
        Sighting::Moved(node, status, phase) => match status {
            NodeStatus::Starting | NodeStatus::ShuttingDown => {
                let words = state_words(status);
                line(node, &format!("{words} (last completed phase {phase})"))
            }
            status => line(node, state_words(status)),
        },
        Sighting::Arrived(node) => line(node, awaited_words(awaited)),
        Sighting::Vanished(node) => line(node, "not in the configuration any more"),
    }
}

fn awaited_words(awaited: AwaitedState) -> &'static str {
    match awaited {
        AwaitedState::Started => state_words(NodeStatus::Started),
        AwaitedState::NotStarted => state_words(NodeStatus::NotStarted),
        AwaitedState::NoContact => state_words(NodeStatus::NoContact),
    }
}

/// WAIT FOR: the time is over.
pub(super) fn render_not_reached(
    nodes: &[(NodeId, Option<NodeStatus>)],
    awaited: AwaitedState,
    limit: Duration,
) -> String {
    let are: Vec<String> = nodes
        .iter()
        .map(|(node, status)| format!("node {node} is {}", last_words(*status)))
        .collect();
    let wanted = match awaited {
        AwaitedState::Started => "STARTED",
        AwaitedState::NotStarted => "NOT STARTED",
        AwaitedState::NoContact => "NO CONTACT",
    };
    format!(
        "{wanted} not reached within {} s: {}\n",
        limit.as_secs(),
        are.join(", ")
    )
}

fn last_words(status: Option<NodeStatus>) -> &'static str {
    status.map_or("not in the configuration", state_words)
}

/// DRY RUN: the steps, and what stands against the first.
pub(super) fn render_roll_plan(plan: &RollPlan, obstacles: &[Obstacle]) -> String {
    let mut text = beginning(plan);
    for (index, step) in plan.steps.iter().enumerate() {
        text.push_str(&format!("Step {}: {}\n", index + 1, render_roll_step(step)));
    }
    match obstacles {
        [] => text.push_str("Nothing stands against the first step. Nothing was done.\n"),
        obstacles => {
            for obstacle in obstacles {
                text.push_str(&format!("Obstacle: {}\n", render_obstacle(obstacle)));
            }
            text.push_str("Nothing was done.\n");
        }
    }
    text
}

fn render_roll_step(step: &RollStep) -> String {
    match step {
        RollStep::DataNodes(nodes) => counted_nodes(nodes),
        RollStep::Server(node) => format!("management server {node}"),
    }
}

/// How much there is to do, and what is left out.
fn beginning(plan: &RollPlan) -> String {
    let mut text = format!(
        "Rolling restart of {} node(s) in {} step(s)\n",
        plan.node_count(),
        plan.steps.len()
    );
    if !plan.left_out.is_empty() {
        let (servers, name) = match &plan.left_out[..] {
            [server] => (format!("Management server {server} is"), "it"),
            servers => (
                format!("Management servers {} are", comma_list(servers)),
                "them",
            ),
        };
        text.push_str(&format!(
            "{servers} left out: clients lose a server that restarts. Name {name} to restart {name}.\n"
        ));
    }
    text
}

/// What a rolling restart has to say while it goes on.
pub(super) fn render_roll_note(note: &RollNote) -> String {
    match note {
        RollNote::Begins(plan) => beginning(plan),
        // The line of the step that begins, of its nodes, or of the end tells it.
        RollNote::Checked(..)
        | RollNote::Ordered(_)
        | RollNote::StepDone(_)
        | RollNote::StepFailed(..) => String::new(),
        RollNote::StepBegins(StepAt { step, of, nodes }) => {
            format!("Step {step} of {of}: restarting {}\n", counted_nodes(nodes))
        }
        RollNote::BystanderLost(node, status) => format!(
            "Node {node}: {}, though this step does not restart it\n",
            state_words(*status)
        ),
        RollNote::StartOrdered(node) => {
            format!("Node {node}: waits for the order to start, which it gets now\n")
        }
        RollNote::Stopped {
            nodes,
            has_command: true,
        } => format!(
            "Running the post-stop command for {}\n",
            counted_nodes(nodes)
        ),
        RollNote::Stopped {
            nodes,
            has_command: false,
        } => format!("Waiting until somebody starts {}\n", counted_nodes(nodes)),
    }
}

/// ROLLING RESTART is done.
pub(super) fn render_rolled(nodes: &[NodeId]) -> String {
    format!("Rolling restart done: {}\n", counted_nodes(nodes))
}

/// Nodes that can't be restarted.
pub(super) fn render_no_roll(error: RollPlanError) -> String {
    match error {
        RollPlanError::NoSuchNode(node) => format!("{node}: Node not found\n"),
        RollPlanError::ApiNode(node) => {
            format!("Node {node} is an API node, which a management server does not restart\n")
        }
        RollPlanError::NoDataNodes => "There are no data nodes to restart\n".to_owned(),
    }
}

/// Why a rolling restart ended, what was done and what not, and how to go on.
pub(super) fn render_roll_failure(failure: &RollFailure) -> String {
    let mut text = String::new();
    for reason in reasons(&failure.fault) {
        text.push_str(&format!("Rolling restart stopped: {reason}\n"));
    }
    let or_none = |nodes: &[NodeId]| match nodes {
        [] => "none".to_owned(),
        nodes => comma_list(nodes),
    };
    text.push_str(&format!("Restarted: {}\n", or_none(&failure.done)));
    text.push_str(&format!("Not restarted: {}\n", or_none(&failure.left)));
    if failure.left.is_empty() {
        return text;
    }
    if let Some(first) = first_of_all(&failure.out) {
        text.push_str(&format!("First: {first}\n"));
    }
    if failure.has_command {
        text.push_str("Give --post-stop-command again.\n");
    }
    text.push_str(&format!("Resume with: {}\n", failure.resume));
    text
}

/// What brings nodes back that are out of service: without them nothing is restarted.
pub(in crate::shell::render) fn first_of_all(out: &[(NodeId, NodeStatus)]) -> Option<String> {
    let is_down = |status| matches!(status, NodeStatus::NoContact | NodeStatus::Unknown);
    let ids = |wanted: &dyn Fn(NodeStatus) -> bool| -> Vec<NodeId> {
        let found = out.iter().filter(|(_, status)| wanted(*status));
        found.map(|(node, _)| *node).collect()
    };
    let mut orders = Vec::new();
    match &ids(&is_down)[..] {
        [] => {}
        [node] => orders.push(format!("start node {node} on its host")),
        nodes => orders.push(format!("start nodes {} on their hosts", comma_list(nodes))),
    }
    for node in ids(&|status| status == NodeStatus::NotStarted) {
        let targets = Targets::Nodes(vec![node]);
        orders.push(Command::Start(targets).to_string());
    }
    let all = ids(&|_| true);
    if all.is_empty() {
        return None;
    }
    let wait = Command::WaitFor(WaitForNodes {
        targets: Targets::Nodes(all),
        state: AwaitedState::Started,
        after_restart: false,
        timeout: None,
    });
    orders.push(wait.to_string());
    Some(orders.join(", then "))
}

fn reasons(fault: &RollFault) -> Vec<String> {
    let one = |text: String| vec![text];
    match fault {
        RollFault::Obstacles(obstacles) => obstacles.iter().map(render_obstacle).collect(),
        RollFault::Refused(error) => one(format!("the management server refused: {error}")),
        RollFault::NoServer(error) => one(format!("no management server answers: {error}")),
        RollFault::NotBack { nodes, limit } => nodes
            .iter()
            .map(|(node, status, has_left)| {
                let seconds = limit.as_secs();
                match (has_left, status) {
                    (false, _) => format!(
                        "node {node} was told to restart, but has not left within {seconds} s"
                    ),
                    (true, status) => format!(
                        "node {node} has left, but is not back within {seconds} s: it is {}",
                        last_words(*status)
                    ),
                }
            })
            .collect(),
        RollFault::ClusterDown => one("no data node is connected any more".to_owned()),
        RollFault::Interrupted => one("Ctrl-C".to_owned()),
        RollFault::OutOfTime(limit) => {
            one(format!("the {} s of --timeout are over", limit.as_secs()))
        }
        RollFault::Abandoned => {
            one("Ctrl-C; the order of this step is still carried out".to_owned())
        }
        RollFault::PostStopCommand(reason) | RollFault::NoSuchServer(reason) => one(reason.clone()),
    }
}

/// What stands against a step, in a line without its end.
pub(in crate::shell::render) fn render_obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::NotStarted(node, status) => format!("node {node} is {}", state_words(*status)),
        Obstacle::BackupRuns(backup) => format!("backup {} runs", backup.id),
        Obstacle::BackupsUnknown => "whether a backup runs could not be found out".to_owned(),
        Obstacle::SingleUserMode => "the cluster is in single user mode".to_owned(),
        Obstacle::ServersDiffer(difference) => render_difference(difference),
        Obstacle::LastOfNodegroup(nodegroup) => {
            format!("nodegroup {nodegroup} would have no node in service (error 5028)")
        }
        Obstacle::NoSuchNode(node) => format!("node {node} is not in the configuration any more"),
    }
}

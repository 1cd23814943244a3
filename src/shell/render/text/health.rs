//! HEALTH and OK TO STOP.

use crate::cluster::state::{
    Difference, Finding, Grade, Health, MemoryLimits, MemoryUse, NodegroupHealth, StopCaution,
    StopRefusal, StopVerdict, UnknownCause,
};
use crate::cluster::{NodeId, NodeState, NodeStatus};

use super::status::state_words;
use super::{comma_list, counted_nodes};

/// HEALTH: the condition, the nodegroups with their nodes, and what else is wrong.
pub(super) fn render_health(health: &Health, limits: MemoryLimits) -> String {
    let mut text = format!("Cluster is {}\n", health.condition.name());
    if let Some(cause) = &health.cause {
        text = format!(
            "Cluster is {}: {}\n",
            health.condition.name(),
            render_unknown_cause(cause)
        );
    }
    for nodegroup in &health.nodegroups {
        text.push_str(&render_nodegroup(nodegroup));
    }
    if health.servers > 0 {
        text.push_str(&format!(
            "Management servers: {} of {} asked\n",
            health.servers_asked, health.servers
        ));
    }
    for finding in &health.findings {
        let grade = match finding.grade() {
            Grade::Ok => "Note",
            grade => grade.name(),
        };
        text.push_str(&format!("{grade}: {}\n", render_finding(finding, limits)));
    }
    text
}

fn render_nodegroup(nodegroup: &NodegroupHealth) -> String {
    let mut text = format!(
        "Nodegroup {}: {}, {} of {} data nodes in service\n",
        nodegroup.nodegroup,
        nodegroup.condition().name(),
        nodegroup.in_service(),
        nodegroup.size()
    );
    for node in &nodegroup.members {
        text.push_str(&format!("  Node {}: {}\n", node.node, node_state(node)));
    }
    if nodegroup.absent > 0 {
        let more = nodegroup.absent;
        text.push_str(&format!("  {more} more: not connected, id not known\n"));
    }
    text
}

/// `node 5 starting (last completed phase 4)` of a node that is not in service.
pub(in crate::shell::render) fn render_member_state(node: &NodeState) -> Option<String> {
    (!node.status.is_in_service()).then(|| format!("node {} {}", node.node, node_state(node)))
}

/// `starting (last completed phase 4)`
fn node_state(node: &NodeState) -> String {
    let words = state_words(node.status);
    match node.status {
        NodeStatus::Starting | NodeStatus::ShuttingDown => {
            format!("{words} (last completed phase {})", node.start_phase)
        }
        _ => words.to_owned(),
    }
}

/// Why nothing is known, in a line without its end.
pub(in crate::shell::render) fn render_unknown_cause(cause: &UnknownCause) -> String {
    match cause {
        UnknownCause::NoContact(reason) => format!("no contact to a management server: {reason}"),
        UnknownCause::NoAnswer(reason) => {
            format!("the management server does not answer: {reason}")
        }
        UnknownCause::NotAuthorized(reason) => format!("not authorized: {reason}"),
        UnknownCause::Refused(reason) => {
            format!("the management server did not tell the nodes' states: {reason}")
        }
        UnknownCause::NoDataNodes => "the configuration has no data nodes".to_owned(),
    }
}

/// A finding in a line without its end.
pub(in crate::shell) fn render_finding(finding: &Finding, limits: MemoryLimits) -> String {
    match finding {
        Finding::Unplaced(node, status) => format!(
            "node {node} is {}; its nodegroup is not known",
            state_words(*status)
        ),
        Finding::Spare(node, status) => format!(
            "node {node} is {}; it belongs to no nodegroup",
            state_words(*status)
        ),
        Finding::Memory { memory, grade } => render_memory(memory, *grade, limits),
        Finding::MemoryUnknown(nodes) => {
            format!("memory of {} is not known", counted_nodes(nodes))
        }
        Finding::MixedVersions(versions) => {
            let parts = versions
                .iter()
                .map(|(version, nodes)| format!("{} with {version}", counted_nodes(nodes)));
            let parts: Vec<String> = parts.collect();
            format!("different versions: {}", parts.join("; "))
        }
        Finding::ServerDown(server) => format!("management server {server} is not connected"),
        Finding::ServerUnreachable {
            server,
            address,
            reason,
            ..
        } => format!(
            "{} could not be asked: {reason}",
            server_name(*server, address)
        ),
        Finding::ServersDiffer(difference) => render_difference(difference),
        Finding::SingleUserMode(Some(node)) => {
            format!("single user mode: only API node {node} has access")
        }
        Finding::SingleUserMode(None) => "single user mode".to_owned(),
    }
}

fn render_memory(memory: &MemoryUse, grade: Grade, limits: MemoryLimits) -> String {
    let limit = match grade {
        Grade::Critical => limits.critical,
        _ => limits.warning,
    };
    format!(
        "node {}: {} memory is {} % full ({} of {} pages), limit {limit} %",
        memory.node,
        memory.kind.name(),
        memory.percent(),
        memory.used,
        memory.total
    )
}

fn server_name(server: Option<NodeId>, address: &str) -> String {
    match server {
        Some(id) => format!("management server {id} at {address}"),
        None => format!("management server at {address}"),
    }
}

/// `management servers differ: node 3 is started here, not connected for ..`
pub(super) fn render_difference(difference: &Difference) -> String {
    let words = |status: Option<NodeStatus>| status.map_or("not configured", state_words);
    format!(
        "management servers differ: node {} is {} here, but {} for {}",
        difference.node,
        words(difference.here),
        words(difference.there),
        server_name(difference.server, &difference.address)
    )
}

/// OK TO STOP: yes or no, and why.
pub(super) fn render_stop_verdict(verdict: &StopVerdict) -> String {
    let nodes = counted_nodes(&verdict.nodes);
    let mut text = match verdict.is_ok() {
        true => format!("OK to stop {nodes}: yes\n"),
        false => format!("OK to stop {nodes}: no\n"),
    };
    for refusal in &verdict.refusals {
        text.push_str(&format!("Reason: {}\n", render_refusal(refusal)));
    }
    for caution in &verdict.cautions {
        text.push_str(&format!("Note: {}\n", render_caution(caution)));
    }
    text
}

/// Why nodes may not be stopped, in a line without its end.
pub(in crate::shell::render) fn render_refusal(refusal: &StopRefusal) -> String {
    let reason = match refusal {
        StopRefusal::LastOfNodegroup { nodegroup, nodes } => {
            let are = if nodes.len() == 1 { "is" } else { "are" };
            format!(
                "nodegroup {nodegroup} would have no node in service: {} {are} its last",
                comma_list(nodes)
            )
        }
        StopRefusal::NodesStarting(nodes) => {
            let are = if nodes.len() == 1 { "is" } else { "are" };
            format!("{} {are} starting", counted_nodes(nodes))
        }
        StopRefusal::ShuttingDown(node) => format!("node {node} is shutting down already"),
        StopRefusal::ApiNode(node) => {
            format!("node {node} is an API node, which a management server does not stop")
        }
    };
    format!("{reason} (error {})", refusal.error().0)
}

/// What to think of, in a line without its end.
pub(in crate::shell::render) fn render_caution(caution: &StopCaution) -> String {
    match caution {
        StopCaution::NotConnected(node) => format!("node {node} is not connected"),
        StopCaution::OneAfterAnother => {
            "stop them one after another: a server stops several at once only with -A (error 5031)"
                .to_owned()
        }
        StopCaution::BackupRuns(backup) => {
            format!("backup {} runs and would be aborted", backup.id)
        }
        StopCaution::BackupsUnknown => {
            "whether a backup runs, which would be aborted, could not be found out".to_owned()
        }
        StopCaution::SingleUserMode => "the cluster is in single user mode".to_owned(),
        StopCaution::NoServerLeft => {
            "no management server would be left: nodes could not join the cluster".to_owned()
        }
    }
}

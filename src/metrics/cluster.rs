//! Nodes, nodegroups, memory and health as metrics.

use std::collections::BTreeMap;

use super::exposition::{Exposition, MetricKind};
use crate::cluster::state::{ClusterState, Condition, Health};
use crate::cluster::{Membership, NodeState, NodeStatus, NodeType};

/// Whether the cluster is healthy. Says so also when nothing else is known.
pub fn push_health(out: &mut Exposition, health: &Health) {
    out.family(
        "ndb_cluster_condition",
        MetricKind::Gauge,
        "Whether the cluster does its work: 1 for the condition that it is in.",
    );
    for condition in [
        Condition::Ok,
        Condition::Degraded,
        Condition::Offline,
        Condition::Unknown,
    ] {
        let name = condition.name().to_ascii_lowercase();
        let is_so = health.condition == condition;
        out.sample(&[("condition", &name)], u64::from(is_so));
    }
    out.family(
        "ndb_health_grade",
        MetricKind::Gauge,
        "Status of HEALTH: 0 OK, 1 DEGRADED or a warning, 2 OFFLINE or critical, 3 UNKNOWN.",
    );
    out.sample(&[], health.grade() as u64);
    out.family(
        "ndb_health_findings",
        MetricKind::Gauge,
        "How much is not as it should be, beside the condition.",
    );
    let mut grades: BTreeMap<&str, u64> = BTreeMap::from([("CRITICAL", 0), ("WARNING", 0)]);
    for finding in &health.findings {
        // A mere note is nothing to count.
        if let Some(count) = grades.get_mut(finding.grade().name()) {
            *count += 1;
        }
    }
    for (grade, count) in grades {
        out.sample(&[("grade", &grade.to_ascii_lowercase())], count);
    }
    if health.nodegroups.is_empty() {
        return;
    }
    out.family(
        "ndb_nodegroup_nodes",
        MetricKind::Gauge,
        "How many data nodes a nodegroup should have.",
    );
    for nodegroup in &health.nodegroups {
        let number = nodegroup.nodegroup.to_string();
        out.sample(&[("nodegroup", &number)], nodegroup.size() as u64);
    }
    out.family(
        "ndb_nodegroup_nodes_in_service",
        MetricKind::Gauge,
        "How many data nodes of a nodegroup are in service.",
    );
    for nodegroup in &health.nodegroups {
        let number = nodegroup.nodegroup.to_string();
        out.sample(&[("nodegroup", &number)], nodegroup.in_service() as u64);
    }
}

/// The nodes and their states, versions and memory.
pub fn push_cluster(out: &mut Exposition, state: &ClusterState) {
    out.family(
        "ndb_node_up",
        MetricKind::Gauge,
        "1 for a data node in service and for any other node that is connected.",
    );
    for node in state.nodes() {
        let (id, of, nodegroup) = labels(state, node);
        let labels = [("node", &*id), ("nodegroup", &*nodegroup), ("type", of)];
        out.sample(&labels, u64::from(is_up(node)));
    }
    out.family(
        "ndb_node_state",
        MetricKind::Gauge,
        "1 for the state of the node as the management server sees it.",
    );
    for node in state.nodes() {
        let (id, of, _) = labels(state, node);
        out.sample(
            &[
                ("node", &*id),
                ("state", state_word(node.status)),
                ("type", of),
            ],
            1,
        );
    }
    out.family(
        "ndb_node_start_phase",
        MetricKind::Gauge,
        "Last completed start phase of a data node that starts.",
    );
    for node in state.of_type(NodeType::Ndb) {
        if node.status == NodeStatus::Starting {
            out.sample(&[("node", &node.node.to_string())], node.start_phase.into());
        }
    }
    out.family(
        "ndb_node_version_info",
        MetricKind::Gauge,
        "1, with the NDB version of a connected node.",
    );
    for node in state.nodes() {
        if let Some(version) = node.version {
            let labels = [
                ("node", &*node.node.to_string()),
                ("version", &version.to_string()),
            ];
            out.sample(&labels, 1);
        }
    }
    out.family(
        "ndb_single_user_mode",
        MetricKind::Gauge,
        "1 while only one API node has access.",
    );
    out.sample(&[], u64::from(state.is_single_user()));
    push_servers(out, state);
    push_memory(out, state);
    push_backups(out, state);
}

fn push_servers(out: &mut Exposition, state: &ClusterState) {
    let servers = || state.of_type(NodeType::Mgm);
    out.family(
        "ndb_management_servers",
        MetricKind::Gauge,
        "How many management servers are configured.",
    );
    out.sample(&[], servers().count() as u64);
    out.family(
        "ndb_management_servers_connected",
        MetricKind::Gauge,
        "How many of them the asked one is connected to, itself included.",
    );
    out.sample(&[], servers().filter(|node| is_up(node)).count() as u64);
    out.family(
        "ndb_management_server_differences",
        MetricKind::Gauge,
        "How often another management server sees a data node in another state.",
    );
    out.sample(&[], state.differences().len() as u64);
}

fn push_memory(out: &mut Exposition, state: &ClusterState) {
    let Some(memory) = state.memory() else {
        return;
    };
    out.family(
        "ndb_memory_used_bytes",
        MetricKind::Gauge,
        "Memory of a data node in use.",
    );
    for memory in memory {
        let labels = [
            ("kind", memory.kind.name()),
            ("node", &*memory.node.to_string()),
        ];
        out.sample(&labels, memory.bytes_used());
    }
    out.family(
        "ndb_memory_size_bytes",
        MetricKind::Gauge,
        "Memory that a data node has.",
    );
    for memory in memory {
        let labels = [
            ("kind", memory.kind.name()),
            ("node", &*memory.node.to_string()),
        ];
        out.sample(&labels, memory.bytes_total());
    }
}

fn push_backups(out: &mut Exposition, state: &ClusterState) {
    if let Some(backups) = state.backups() {
        out.family(
            "ndb_backups_running",
            MetricKind::Gauge,
            "How many backups data nodes report.",
        );
        out.sample(&[], backups.len() as u64);
    }
}

fn labels(state: &ClusterState, node: &NodeState) -> (String, &'static str, String) {
    let of = match node.node_type {
        NodeType::Ndb => "data",
        NodeType::Mgm => "management",
        NodeType::Api => "api",
    };
    let nodegroup = match (node.node_type, state.place(node.node)) {
        (NodeType::Ndb, Membership::Of(nodegroup)) => nodegroup.to_string(),
        _ => String::new(),
    };
    (node.node.to_string(), of, nodegroup)
}

fn is_up(node: &NodeState) -> bool {
    matches!(
        node.status,
        NodeStatus::Started | NodeStatus::SingleUserMode | NodeStatus::Connected
    )
}

/// `single_user_mode`
fn state_word(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Unknown => "unknown",
        NodeStatus::NoContact => "no_contact",
        NodeStatus::NotStarted => "not_started",
        NodeStatus::Starting => "starting",
        NodeStatus::Started => "started",
        NodeStatus::ShuttingDown => "shutting_down",
        NodeStatus::Restarting => "restarting",
        NodeStatus::SingleUserMode => "single_user_mode",
        NodeStatus::Resume => "resume",
        NodeStatus::Connected => "connected",
    }
}

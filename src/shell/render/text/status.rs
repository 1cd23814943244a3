//! SHOW and STATUS (management protocol, 6.7).

use std::collections::BTreeMap;

use crate::client::NodeState;
use crate::cluster::{Membership, NodeId, NodeStatus, NodeType, Version};
use crate::shell::render::{is_master, master_dynamic_id};

/// SHOW: all nodes by type, with the HostName of those that the configuration knows.
pub(super) fn render_show(nodes: &[NodeState], hosts: &BTreeMap<NodeId, String>) -> String {
    let mut text = String::from("Cluster Configuration\n---------------------\n");
    let master = master_dynamic_id(nodes);
    for (node_type, title) in [
        (NodeType::Ndb, "ndbd(NDB)"),
        (NodeType::Mgm, "ndb_mgmd(MGM)"),
        (NodeType::Api, "mysqld(API)"),
    ] {
        let of_type: Vec<&NodeState> = nodes
            .iter()
            .filter(|node| node.node_type == node_type)
            .collect();
        text.push_str(&format!("[{title}]\t{} node(s)\n", of_type.len()));
        for node in of_type {
            text.push_str(&show_line(
                node,
                master,
                hosts.get(&node.node).map(String::as_str),
            ));
        }
        text.push('\n');
    }
    text
}

fn show_line(node: &NodeState, master: Option<i32>, host: Option<&str>) -> String {
    let Some(version) = node.version else {
        return not_connected_line(node, host);
    };
    let mut text = format!("id={}", node.node);
    match node.address.as_deref() {
        None | Some("0.0.0.0" | "::") => text.push(' '),
        Some(address) => text.push_str(&format!("\t@{address}")),
    }
    text.push_str(&format!(
        "  ({}",
        Version::product_string(or_zero(node.mysql_version), version)
    ));
    if node.node_type == NodeType::Ndb {
        text.push_str(&data_node_extras(node, master));
    } else if node.is_single_user {
        text.push_str(", allowed single user");
    }
    text.push_str(")\n");
    text
}

fn not_connected_line(node: &NodeState, host: Option<&str>) -> String {
    let Some(host) = host else {
        return format!("Unable to find node with id: {}\n", node.node);
    };
    let host = if host.is_empty() { "any host" } else { host };
    let single_user = if node.node_type == NodeType::Api && node.is_single_user {
        ", allowed single user"
    } else {
        ""
    };
    format!(
        "id={} (not connected, accepting connect from {host}{single_user})\n",
        node.node
    )
}

fn data_node_extras(node: &NodeState, master: Option<i32>) -> String {
    let mut text = String::new();
    if node.status != NodeStatus::Started {
        text.push_str(&format!(", {}", state_words(node.status)));
    }
    match node.nodegroup {
        Membership::Of(nodegroup) => text.push_str(&format!(", Nodegroup: {nodegroup}")),
        Membership::None => text.push_str(", no nodegroup"),
        Membership::Unknown => {}
    }
    if is_master(node, master) {
        text.push_str(", *");
    }
    text
}

/// A state as SHOW and STATUS call it.
pub(in crate::shell) fn state_words(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::NoContact => "not connected",
        NodeStatus::NotStarted => "not started",
        NodeStatus::Starting => "starting",
        NodeStatus::Started => "started",
        NodeStatus::ShuttingDown => "shutting down",
        NodeStatus::Restarting => "restarting",
        NodeStatus::SingleUserMode => "single user mode",
        NodeStatus::Unknown | NodeStatus::Resume | NodeStatus::Connected => "unknown state",
    }
}

/// How a version that is not known is printed.
fn or_zero(version: Option<Version>) -> Version {
    version.unwrap_or(Version(0))
}

/// One line of STATUS.
pub(super) fn render_status(node: &NodeState) -> String {
    let id = node.node;
    if node.node_type != NodeType::Ndb {
        return if node.status == NodeStatus::Connected {
            format!("Node {id}: connected (Version {})\n", or_zero(node.version))
        } else {
            format!("Node {id}: not connected\n")
        };
    }
    let mut text = format!("Node {id}: {}", state_words(node.status));
    if matches!(node.status, NodeStatus::Starting | NodeStatus::ShuttingDown) {
        text.push_str(&format!(" (Last completed phase {})", node.start_phase));
    }
    if node.status != NodeStatus::NoContact {
        text.push_str(&format!(
            " ({})",
            Version::product_string(or_zero(node.mysql_version), or_zero(node.version))
        ));
    }
    text.push('\n');
    text
}

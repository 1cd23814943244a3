//! Commands to nodes and to the whole cluster: start, stop, restart, levels, dumps, single user
//! mode, nodegroups (management protocol, 6.6).

use crate::cluster::{NodeId, Nodegroup, Severity};

/// ` 1 2`: node ids as the prompt lists them after `Node`.
fn node_list(nodes: &[NodeId]) -> String {
    nodes.iter().map(|node| format!(" {node}")).collect()
}

pub(in crate::shell) const STATUS_UNAVAILABLE: &str = "Could not get status\n";
pub(in crate::shell) const CONFIG_UNAVAILABLE: &str = "Could not get configuration\n";

pub(in crate::shell) fn render_node_status_unavailable(node: NodeId) -> String {
    format!("Can't get status of node {node}.\n")
}

pub(in crate::shell) fn render_shutdown_done(stopped: u32) -> String {
    format!("{stopped} NDB Cluster node(s) have shutdown.\n")
}

pub(in crate::shell) const SHUTDOWN_DISCONNECTS: &str =
    "Disconnecting to allow management server to shutdown.\n";
pub(in crate::shell) const SHUTDOWN_FAILED: &str = "Shutdown of NDB Cluster node(s) failed.\n";

pub(in crate::shell) const STOPPING_ALL: &str = "Executing STOP on all nodes.\n";
pub(in crate::shell) const ALL_STOPPED: &str = "NDB Cluster has shutdown.\n";
pub(in crate::shell) const STOP_FAILED: &str = "Shutdown failed.\n";
pub(in crate::shell) const STOP_DISCONNECTS: &str =
    "Disconnecting to allow Management Server to shutdown\n";

pub(in crate::shell) fn render_nodes_stopped(nodes: &[NodeId]) -> String {
    format!("Node{} has shutdown.\n", node_list(nodes))
}

pub(in crate::shell) const RESTARTING_ALL: &str = "Executing RESTART on all nodes.\n\
     Starting shutdown. This may take a while. Please wait...\n";
pub(in crate::shell) const ALL_RESTARTING: &str = "All DB nodes are being restarted.\n";
pub(in crate::shell) const RESTART_FAILED: &str = "Restart failed.\n";
pub(in crate::shell) const RESTART_IN_SINGLE_USER_MODE: &str =
    "Cannot restart nodes: single user mode\n";

pub(in crate::shell) fn render_nodes_restarting(nodes: &[NodeId]) -> String {
    format!("Node{} is being restarted\n", node_list(nodes))
}

pub(in crate::shell) fn render_management_server_restarting(node: NodeId) -> String {
    format!("Shutting down MGM node {node} for restart\n")
}

pub(in crate::shell) const ALL_STARTING: &str = "NDB Cluster is being started.\n";
pub(in crate::shell) const START_FAILED: &str = "Start failed.\n";

pub(in crate::shell) fn render_node_starting(node: NodeId) -> String {
    format!("Database node {node} is being started.\n")
}

pub(in crate::shell) fn render_nodes_starting(nodes: &[NodeId]) -> String {
    format!("Node{} is being started\n", node_list(nodes))
}

pub(in crate::shell) fn render_single_user_entered(api_node: NodeId) -> String {
    format!("Single user mode entered\nAccess is granted for API node {api_node} only.\n")
}

pub(in crate::shell) fn render_single_user_refused(api_node: NodeId) -> String {
    format!("Entering single user mode for node {api_node} failed\n")
}

pub(in crate::shell) const SINGLE_USER_EXITING: &str = "Exiting single user mode in progress.\n\
     Use ALL STATUS or SHOW to see when single user mode has been exited.\n";
pub(in crate::shell) const SINGLE_USER_EXIT_FAILED: &str = "Exiting single user mode failed.\n";

/// The words of a DUMP, four on a line, each followed by a blank.
pub(in crate::shell) fn render_dump(words: &[u32]) -> String {
    let mut text = String::from("Sending dump signal with data:\n");
    for (index, word) in words.iter().enumerate() {
        text.push_str(&format!("0x{word:08x} "));
        if index % 4 == 3 {
            text.push('\n');
        }
    }
    if !words.len().is_multiple_of(4) {
        text.push('\n');
    }
    text
}

/// One `category=level` of a CLUSTERLOG of one node; the spelling is the user's.
pub(in crate::shell) fn render_clusterlog_set(
    specification: &str,
    node: NodeId,
    ok: bool,
) -> String {
    let result = if ok { "OK!" } else { "failed." };
    format!("Executing CLUSTERLOG {specification} on node {node} {result}\n")
}

pub(in crate::shell) fn render_loglevel_set(node: NodeId, ok: bool) -> String {
    let result = if ok { "OK!" } else { "failed." };
    format!("Executing LOGLEVEL on node {node} {result}\n")
}

/// CLUSTERLOG INFO: the severities that reach the cluster log.
pub(in crate::shell) fn render_clusterlog_filter(enabled: bool, severities: &[Severity]) -> String {
    if !enabled {
        return "Cluster logging is disabled.\n".to_owned();
    }
    let names: String = severities
        .iter()
        .map(|severity| format!("{} ", severity.name()))
        .collect();
    format!("Severities enabled: {names}\n")
}

/// The whole cluster log was switched. The second text has no full stop, as in the original.
pub(in crate::shell) fn render_clusterlog_switched(enabled: bool) -> &'static str {
    if enabled {
        "Cluster logging is enabled.\n"
    } else {
        "Cluster logging is disabled\n"
    }
}

pub(in crate::shell) fn render_severity_switched(severity: Severity, enabled: bool) -> String {
    let state = if enabled { "enabled" } else { "disabled" };
    format!("{} {state}\n", severity.name())
}

pub(in crate::shell) const CLUSTERLOG_UNAVAILABLE: &str = "Couldn't get status\n";
pub(in crate::shell) const CLUSTERLOG_NOT_SET: &str = "Couldn't set filter\n";

pub(in crate::shell) fn render_nodegroup_created(nodegroup: Nodegroup) -> String {
    format!("Nodegroup {nodegroup} created\n")
}

pub(in crate::shell) fn render_nodegroup_dropped(nodegroup: Nodegroup) -> String {
    format!("Drop Node Group {nodegroup} done\n")
}

pub(in crate::shell) fn render_sessions_purged(purged: Option<&str>) -> String {
    match purged {
        Some(nodes) => format!("Purged sessions with node id's: {nodes}\n"),
        None => "No sessions purged\n".to_owned(),
    }
}

pub(in crate::shell) const PURGE_FAILED: &str = "Command failed\n";

pub(in crate::shell) fn render_log_signals_failed(node: NodeId) -> String {
    format!("Execute LOG on node {node} failed.\n")
}

pub(in crate::shell) fn render_test_failed(on: bool) -> &'static str {
    if on {
        "Execute TESTON failed.\n"
    } else {
        "Execute TESTOFF failed.\n"
    }
}

//! What is about to happen: questions before it, and dry runs.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cluster::{NodeId, Nodegroup};
use crate::shell::outcome::{Check, CheckVerdict, Danger};

/// Names what a command is about to do, and asks.
pub(in crate::shell) fn render_danger(
    danger: &Danger,
    nodes: &BTreeSet<NodeId>,
    lost: &[Nodegroup],
) -> String {
    let named = listed(nodes);
    let mut text = match danger {
        Danger::Shutdown => format!("SHUTDOWN stops the whole cluster: {named}.\n"),
        Danger::StopAll => format!("ALL STOP stops every data node: {named}.\n"),
        Danger::InitialRestart => {
            format!("RESTART -i starts without its files, which are removed: {named}.\n")
        }
        Danger::SingleUserMode(node) if nodes.is_empty() => {
            format!("Only API node {node} will have access.\n")
        }
        Danger::SingleUserMode(node) => {
            format!("Only API node {node} will have access; those that lose it: {named}.\n")
        }
    };
    for nodegroup in lost {
        text.push_str(&format!("Nodegroup {nodegroup} loses its last node.\n"));
    }
    text.push_str("Go on? [y/N] ");
    text
}

fn listed(nodes: &BTreeSet<NodeId>) -> String {
    let ids: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    match ids.as_slice() {
        [] => "no node that runs".to_owned(),
        [id] => format!("node {id}"),
        ids => format!("nodes {}", ids.join(", ")),
    }
}

/// What a dry run has found out.
pub(super) fn render_rehearsed(command: &str, checks: &[Check]) -> String {
    let mut text = format!("Dry run, not sent: {command}\n");
    for check in checks {
        let word = match check.verdict() {
            CheckVerdict::Ok => "ok",
            CheckVerdict::Unproven => "unproven",
            CheckVerdict::Refused => "refused",
        };
        text.push_str(&format!("  {word}: {}\n", render_check(check)));
    }
    text
}

/// One finding of a dry run.
pub(in crate::shell) fn render_check(check: &Check) -> String {
    let list = |nodes: &[NodeId]| listed(&nodes.iter().copied().collect());
    match check {
        Check::AllStarted => "all data nodes are started".to_owned(),
        Check::NotStarted(nodes) => format!("{} not started", list(nodes)),
        Check::NoBackupRuns => "no backup runs".to_owned(),
        Check::BackupRuns(id) => format!("backup {id} runs"),
        Check::BackupDoesNotRun(id) => format!("backup {id} does not run"),
        Check::AnotherBackupRuns(id) => format!("backup {id} runs, and only one can"),
        Check::IdUsed(id) => format!("the data nodes remember a complete backup {id}"),
        Check::IdUnproven(id) => format!(
            "the data nodes remember no backup {id}; whether its files exist only they can tell"
        ),
        Check::Encrypted => "the backup would be encrypted".to_owned(),
        Check::EncryptionRequired => {
            "RequireEncryptedBackup is on, and the backup would not be encrypted".to_owned()
        }
        Check::EncryptionUnknown => {
            "whether encryption is required: the configuration could not be had".to_owned()
        }
        Check::NoSuchNode(node) => format!("the cluster has no node {node}"),
        Check::MayStop => "every nodegroup keeps a node in service".to_owned(),
        Check::LastOfNodegroup(nodegroup) => {
            format!("nodegroup {nodegroup} would lose its last node (error 5028)")
        }
        Check::NodesStarting(nodes) => format!("{} starting (error 5063)", list(nodes)),
        Check::ShuttingDown(node) => format!("node {node} is going down already"),
        Check::ApiNode(node) => format!("node {node} is an API node"),
    }
}

/// For standard error: `--file` names nothing that can be read.
pub(in crate::shell) fn render_unreadable_file(path: &Path, error: &std::io::Error) -> String {
    format!(
        "ndb_mgm: cannot read the commands in {}: {error}\n",
        path.display()
    )
}

/// For standard error: the line that is too long hides whatever comes after it.
pub(in crate::shell) fn render_endless_line(place: &str) -> String {
    format!("ndb_mgm: {place}: the line does not end; nothing more is read\n")
}

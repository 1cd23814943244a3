//! HEALTH and OK TO STOP.

use serde::Serialize;

use crate::cluster::NodeId;
use crate::cluster::state::{
    Condition, Finding, Grade, MemoryKind, MemoryLimits, NodegroupHealth, StopCaution, StopRefusal,
    StopVerdict, UnknownCause,
};
use crate::shell::outcome::HealthReport;
use crate::shell::render::{render_caution, render_finding, render_refusal, render_unknown_cause};

use super::node::NodeReport;

/// Whether a cluster is healthy.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Health"))]
pub(super) struct HealthJson {
    /// Whether the cluster does its work.
    condition: ConditionWord,
    /// The worst of condition and findings.
    grade: GradeWord,
    /// Why nothing is known; null if the condition is.
    cause: Option<Cause>,
    /// The nodegroups by number.
    nodegroups: Vec<Nodegroup>,
    /// How many management servers there are.
    servers: u32,
    /// How many of them were asked for their view.
    servers_asked: u32,
    /// Memory of the data nodes that reported it.
    memory: Vec<Memory>,
    /// Percentage of memory in use from which on a warning is given.
    memory_warning: u8,
    /// Percentage of memory in use from which on it is critical.
    memory_critical: u8,
    /// What else is not as it should be.
    findings: Vec<Remark>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Condition"))]
pub(super) enum ConditionWord {
    /// Every data node that belongs to a nodegroup is in service.
    Ok,
    /// The data is complete, but a data node is missing or starting.
    Degraded,
    /// No node of some nodegroup is in service.
    Offline,
    /// It could not be found out.
    Unknown,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Grade"))]
enum GradeWord {
    /// Status 0.
    Ok,
    /// Status 1.
    Warning,
    /// Status 2.
    Critical,
    /// Status 3.
    Unknown,
}

/// Why nothing is known about a cluster.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "UnknownCause"))]
struct Cause {
    /// What a program can tell apart.
    kind: CauseKind,
    /// The same for people.
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
enum CauseKind {
    NoContact,
    NoAnswer,
    NotAuthorized,
    Refused,
    NoDataNodes,
}

/// A nodegroup and its data nodes.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Nodegroup"))]
struct Nodegroup {
    /// Its number.
    nodegroup: u16,
    /// Its part in the cluster's condition.
    condition: ConditionWord,
    /// How many of its nodes are in service.
    in_service: u32,
    /// How many nodes it should have.
    size: u32,
    /// Its nodes, by id.
    nodes: Vec<NodeReport>,
}

/// Memory of one kind of a data node.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MemoryPercent"))]
struct Memory {
    /// The data node.
    node: u32,
    /// `data` or `index`.
    kind: &'static str,
    /// Whole percent in use, rounded down.
    percent: u64,
    /// Bytes in use.
    bytes_used: u64,
    /// Bytes in all.
    bytes_total: u64,
}

/// Something to know, for programs and for people.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Remark"))]
pub(super) struct Remark {
    /// What it is: a word that stays.
    kind: &'static str,
    /// How bad it is; null where that has no meaning.
    grade: Option<GradeWord>,
    /// Number of the error with which the server refuses; null without one.
    error: Option<u32>,
    /// The nodes that it is about.
    nodes: Vec<u32>,
    /// The same for people.
    message: String,
}

/// Whether nodes may be stopped.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "StopVerdict"))]
pub(super) struct StopJson {
    /// The nodes, by id.
    nodes: Vec<u32>,
    /// True if the cluster goes on without them.
    ok: bool,
    /// What stands against it.
    reasons: Vec<Remark>,
    /// If nothing does, what else to think of.
    notes: Vec<Remark>,
}

impl From<Condition> for ConditionWord {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Ok => ConditionWord::Ok,
            Condition::Degraded => ConditionWord::Degraded,
            Condition::Offline => ConditionWord::Offline,
            Condition::Unknown => ConditionWord::Unknown,
        }
    }
}

impl From<Grade> for GradeWord {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Ok => GradeWord::Ok,
            Grade::Warning => GradeWord::Warning,
            Grade::Critical => GradeWord::Critical,
            Grade::Unknown => GradeWord::Unknown,
        }
    }
}

impl Remark {
    /// What is not as it should be; memory is judged by these limits.
    pub(super) fn of_finding(finding: &Finding, limits: MemoryLimits) -> Self {
        let (kind, nodes) = what(finding);
        Remark {
            grade: Some(finding.grade().into()),
            ..Remark::new(kind, nodes, render_finding(finding, limits))
        }
    }

    pub(super) fn new(kind: &'static str, nodes: Vec<NodeId>, message: String) -> Self {
        Remark {
            kind,
            grade: None,
            error: None,
            nodes: nodes.into_iter().map(NodeId::get).collect(),
            message,
        }
    }
}

impl HealthJson {
    pub(super) fn of(report: &HealthReport) -> Self {
        let health = &report.health;
        let memory = report.state.as_ref().and_then(|state| state.memory());
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        HealthJson {
            condition: health.condition.into(),
            grade: health.grade().into(),
            cause: health.cause.as_ref().map(cause),
            nodegroups: health.nodegroups.iter().map(nodegroup).collect(),
            servers: number(health.servers),
            servers_asked: number(health.servers_asked),
            memory: memory
                .unwrap_or_default()
                .iter()
                .map(|memory| Memory {
                    node: memory.node.get(),
                    kind: memory.kind.name(),
                    percent: memory.percent(),
                    bytes_used: memory.bytes_used(),
                    bytes_total: memory.bytes_total(),
                })
                .collect(),
            memory_warning: report.limits.warning,
            memory_critical: report.limits.critical,
            findings: health
                .findings
                .iter()
                .map(|finding| Remark::of_finding(finding, report.limits))
                .collect(),
        }
    }
}

fn cause(cause: &UnknownCause) -> Cause {
    Cause {
        kind: match cause {
            UnknownCause::NoContact(_) => CauseKind::NoContact,
            UnknownCause::NoAnswer(_) => CauseKind::NoAnswer,
            UnknownCause::NotAuthorized(_) => CauseKind::NotAuthorized,
            UnknownCause::Refused(_) => CauseKind::Refused,
            UnknownCause::NoDataNodes => CauseKind::NoDataNodes,
        },
        message: render_unknown_cause(cause),
    }
}

fn nodegroup(nodegroup: &NodegroupHealth) -> Nodegroup {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Nodegroup {
        nodegroup: nodegroup.nodegroup.0,
        condition: nodegroup.condition().into(),
        in_service: number(nodegroup.in_service()),
        size: number(nodegroup.size()),
        nodes: nodegroup.members.iter().map(NodeReport::of).collect(),
    }
}

fn what(finding: &Finding) -> (&'static str, Vec<NodeId>) {
    match finding {
        Finding::Unplaced(node, _) => ("nodegroup_unknown", vec![*node]),
        Finding::Spare(node, _) => ("no_nodegroup", vec![*node]),
        Finding::Memory { memory, .. } => match memory.kind {
            MemoryKind::Data => ("data_memory", vec![memory.node]),
            MemoryKind::Index => ("index_memory", vec![memory.node]),
        },
        Finding::MemoryUnknown(nodes) => ("memory_unknown", nodes.clone()),
        Finding::MixedVersions(versions) => {
            let nodes = versions.iter().flat_map(|(_, nodes)| nodes);
            ("mixed_versions", nodes.copied().collect())
        }
        Finding::ServerDown(server) => ("server_down", vec![*server]),
        Finding::ServerUnreachable { server, .. } => {
            ("server_unreachable", server.iter().copied().collect())
        }
        Finding::ServersDiffer(difference) => ("servers_differ", vec![difference.node]),
        Finding::SingleUserMode(node) => ("single_user_mode", node.iter().copied().collect()),
    }
}

impl StopJson {
    pub(super) fn of(verdict: &StopVerdict) -> Self {
        StopJson {
            nodes: verdict.nodes.iter().map(|node| node.get()).collect(),
            ok: verdict.is_ok(),
            reasons: verdict.refusals.iter().map(reason).collect(),
            notes: verdict.cautions.iter().map(note).collect(),
        }
    }
}

fn reason(refusal: &StopRefusal) -> Remark {
    let (kind, nodes) = match refusal {
        StopRefusal::LastOfNodegroup { nodes, .. } => ("last_of_nodegroup", nodes.clone()),
        StopRefusal::NodesStarting(nodes) => ("nodes_starting", nodes.clone()),
        StopRefusal::ShuttingDown(node) => ("shutting_down", vec![*node]),
        StopRefusal::ApiNode(node) => ("api_node", vec![*node]),
    };
    Remark {
        error: Some(refusal.error().0),
        ..Remark::new(kind, nodes, render_refusal(refusal))
    }
}

fn note(caution: &StopCaution) -> Remark {
    let (kind, nodes) = match caution {
        StopCaution::NotConnected(node) => ("not_connected", vec![*node]),
        StopCaution::OneAfterAnother => ("one_after_another", Vec::new()),
        StopCaution::BackupRuns(_) => ("backup_runs", Vec::new()),
        StopCaution::BackupsUnknown => ("backups_unknown", Vec::new()),
        StopCaution::SingleUserMode => ("single_user_mode", Vec::new()),
        StopCaution::NoServerLeft => ("no_server_left", Vec::new()),
    };
    Remark::new(kind, nodes, render_caution(caution))
}

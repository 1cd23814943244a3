//! Is the cluster healthy?

use std::collections::BTreeMap;

use super::cluster_state::{ClusterState, Difference, MemoryUse, serves};
use crate::cluster::{Membership, NodeId, NodeState, NodeStatus, NodeType, Nodegroup, Version};

/// Whether a cluster does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// Every data node that belongs to a nodegroup is in service.
    Ok,
    /// The data is complete, but a data node is missing or starting.
    Degraded,
    /// No node of some nodegroup is in service: the data is not complete.
    Offline,
    /// It could not be found out.
    Unknown,
}

impl Condition {
    /// `OK`, `DEGRADED`, `OFFLINE` or `UNKNOWN`.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Ok => "OK",
            Condition::Degraded => "DEGRADED",
            Condition::Offline => "OFFLINE",
            Condition::Unknown => "UNKNOWN",
        }
    }
}

/// How bad something is, in the grades and by the numbers of monitoring plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// 0
    Ok,
    /// 1
    Warning,
    /// 2
    Critical,
    /// 3
    Unknown,
}

impl Grade {
    /// `OK`, `WARNING`, `CRITICAL` or `UNKNOWN`.
    pub fn name(self) -> &'static str {
        match self {
            Grade::Ok => "OK",
            Grade::Warning => "WARNING",
            Grade::Critical => "CRITICAL",
            Grade::Unknown => "UNKNOWN",
        }
    }
}

/// Percentages of memory in use from which on a warning is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimits {
    /// From here on a warning.
    pub warning: u8,
    /// From here on critical.
    pub critical: u8,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        MemoryLimits {
            warning: 80,
            critical: 95,
        }
    }
}

impl MemoryLimits {
    fn grade(self, percent: u64) -> Grade {
        if percent >= u64::from(self.critical) {
            Grade::Critical
        } else if percent >= u64::from(self.warning) {
            Grade::Warning
        } else {
            Grade::Ok
        }
    }
}

/// Why nothing is known about a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownCause {
    /// No management server could be reached, or the one that was has gone.
    NoContact(String),
    /// A management server did not answer in time.
    NoAnswer(String),
    /// It wants TLS or a certificate.
    NotAuthorized(String),
    /// It answered something else than the states of nodes.
    Refused(String),
    /// It knows no data nodes.
    NoDataNodes,
}

/// A nodegroup and its data nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodegroupHealth {
    /// The nodegroup.
    pub nodegroup: Nodegroup,
    /// Its nodes, by id.
    pub members: Vec<NodeState>,
    /// How many more it should have, whose ids are not known.
    pub absent: usize,
}

impl NodegroupHealth {
    /// How many of its nodes are in service.
    pub fn in_service(&self) -> usize {
        self.members.iter().filter(|node| serves(node)).count()
    }

    /// How many nodes it should have.
    pub fn size(&self) -> usize {
        self.members.len() + self.absent
    }

    /// Its part in the cluster's condition.
    pub fn condition(&self) -> Condition {
        match self.in_service() {
            0 => Condition::Offline,
            all if all == self.size() => Condition::Ok,
            _ => Condition::Degraded,
        }
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A data node that is not in service, and whose nodegroup is not known.
    Unplaced(NodeId, NodeStatus),
    /// A data node that belongs to no nodegroup and is not in service.
    Spare(NodeId, NodeStatus),
    /// Memory from a limit on.
    Memory {
        /// Whose, and how much.
        memory: MemoryUse,
        /// Which limit.
        grade: Grade,
    },
    /// Data nodes in service whose memory is not known.
    MemoryUnknown(Vec<NodeId>),
    /// Data nodes and management servers run different versions of NDB.
    MixedVersions(Vec<(Version, Vec<NodeId>)>),
    /// A management server without contact to the one that was asked.
    ServerDown(NodeId),
    /// A management server that could not be asked.
    ServerUnreachable {
        /// Its node id, if it is known.
        server: Option<NodeId>,
        /// Host and port.
        address: String,
        /// Why not.
        reason: String,
        /// The user named it; otherwise it is only a note.
        is_named: bool,
    },
    /// Management servers see a data node in different states.
    ServersDiffer(Difference),
    /// Only one API node has access, this one if it is known.
    SingleUserMode(Option<NodeId>),
}

impl Finding {
    /// How bad it is.
    pub fn grade(&self) -> Grade {
        match self {
            Finding::Memory { grade, .. } => *grade,
            Finding::ServerUnreachable {
                is_named: false, ..
            } => Grade::Ok,
            Finding::ServerUnreachable { .. }
            | Finding::Unplaced(..)
            | Finding::Spare(..)
            | Finding::MemoryUnknown(_)
            | Finding::MixedVersions(_)
            | Finding::ServerDown(_)
            | Finding::ServersDiffer(_)
            | Finding::SingleUserMode(_) => Grade::Warning,
        }
    }
}

/// The health of a cluster, and what speaks against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether the cluster does its work.
    pub condition: Condition,
    /// Why that is not known.
    pub cause: Option<UnknownCause>,
    /// The nodegroups by number.
    pub nodegroups: Vec<NodegroupHealth>,
    /// How many management servers there are, and how many of them were asked for their view.
    pub servers: usize,
    /// See `servers`.
    pub servers_asked: usize,
    /// What else is not as it should be.
    pub findings: Vec<Finding>,
}

impl Health {
    /// Nothing is known.
    pub fn unknown(cause: UnknownCause) -> Self {
        Health {
            condition: Condition::Unknown,
            cause: Some(cause),
            nodegroups: Vec::new(),
            servers: 0,
            servers_asked: 0,
            findings: Vec::new(),
        }
    }

    /// The worst of condition and findings.
    pub fn grade(&self) -> Grade {
        let condition = match self.condition {
            Condition::Ok => Grade::Ok,
            Condition::Degraded => Grade::Warning,
            Condition::Offline => Grade::Critical,
            Condition::Unknown => Grade::Unknown,
        };
        let findings = self.findings.iter().map(Finding::grade);
        findings.fold(condition, Grade::max)
    }
}

impl ClusterState {
    /// Judges the cluster by its nodes, and its memory by these limits.
    pub fn health(&self, limits: MemoryLimits) -> Health {
        if self.of_type(NodeType::Ndb).next().is_none() {
            return Health::unknown(UnknownCause::NoDataNodes);
        }
        let nodegroups = self.nodegroups();
        let mut findings = self.loose_nodes();
        let condition = self.condition(&nodegroups, &findings);
        findings.extend(self.memory_findings(limits));
        findings.extend(self.mixed_versions());
        findings.extend(self.server_findings());
        if self.is_single_user() {
            let allowed = self.nodes.iter().find(|node| node.is_single_user);
            findings.push(Finding::SingleUserMode(allowed.map(|node| node.node)));
        }
        let asked = 1 + self.others.iter().filter(|view| view.nodes.is_ok()).count();
        Health {
            condition,
            cause: None,
            nodegroups,
            servers: self.of_type(NodeType::Mgm).count().max(asked),
            servers_asked: asked,
            findings,
        }
    }

    fn condition(&self, nodegroups: &[NodegroupHealth], loose: &[Finding]) -> Condition {
        if self.in_service().next().is_none() {
            return Condition::Offline;
        }
        let is_unplaced = |finding: &Finding| matches!(finding, Finding::Unplaced(..));
        let floor = match loose.iter().any(is_unplaced) {
            true => Condition::Degraded,
            false => Condition::Ok,
        };
        let conditions = nodegroups.iter().map(NodegroupHealth::condition);
        conditions.fold(floor, Condition::max)
    }

    /// The nodegroups that are known, by number.
    pub fn nodegroups(&self) -> Vec<NodegroupHealth> {
        let mut members: BTreeMap<Nodegroup, Vec<NodeState>> = BTreeMap::new();
        for node in self.of_type(NodeType::Ndb) {
            if let Membership::Of(nodegroup) = self.place(node.node) {
                members.entry(nodegroup).or_default().push(node.clone());
            }
        }
        let size = self.replicas.unwrap_or(0);
        members
            .into_iter()
            .map(|(nodegroup, members)| NodegroupHealth {
                nodegroup,
                absent: size.saturating_sub(members.len()),
                members,
            })
            .collect()
    }

    /// Data nodes out of service that are in no nodegroup, or in nobody knows which.
    fn loose_nodes(&self) -> Vec<Finding> {
        self.of_type(NodeType::Ndb)
            .filter(|node| !serves(node))
            .filter_map(|node| match self.place(node.node) {
                Membership::Of(_) => None,
                Membership::None => Some(Finding::Spare(node.node, node.status)),
                Membership::Unknown => Some(Finding::Unplaced(node.node, node.status)),
            })
            .collect()
    }

    fn memory_findings(&self, limits: MemoryLimits) -> Vec<Finding> {
        let reports = self.memory.as_deref().unwrap_or_default();
        let silent: Vec<NodeId> = self
            .in_service()
            .map(|node| node.node)
            .filter(|id| !reports.iter().any(|memory| memory.node == *id))
            .collect();
        let mut found: Vec<Finding> = reports
            .iter()
            .map(|memory| (memory, limits.grade(memory.percent())))
            .filter(|(_, grade)| *grade != Grade::Ok)
            .map(|(memory, grade)| Finding::Memory {
                memory: *memory,
                grade,
            })
            .collect();
        if !silent.is_empty() {
            found.push(Finding::MemoryUnknown(silent));
        }
        found
    }

    fn mixed_versions(&self) -> Option<Finding> {
        let mut versions: BTreeMap<Version, Vec<NodeId>> = BTreeMap::new();
        let parts = self
            .nodes
            .iter()
            .filter(|node| node.node_type != NodeType::Api);
        for node in parts {
            if let Some(version) = node.version {
                versions.entry(version).or_default().push(node.node);
            }
        }
        (versions.len() > 1).then(|| Finding::MixedVersions(versions.into_iter().collect()))
    }

    fn server_findings(&self) -> Vec<Finding> {
        let is_down = |node: &&NodeState| node.status == NodeStatus::NoContact;
        let down = self.of_type(NodeType::Mgm).filter(is_down);
        let mut found: Vec<Finding> = down.map(|node| Finding::ServerDown(node.node)).collect();
        for view in &self.others {
            let is_known = view.server.is_some_and(|id| {
                let state = self.node(id);
                state.is_some_and(|node| node.status == NodeStatus::NoContact)
            });
            if let Err(reason) = &view.nodes
                && !is_known
            {
                found.push(Finding::ServerUnreachable {
                    server: view.server,
                    address: view.address.clone(),
                    reason: reason.clone(),
                    is_named: view.is_named,
                });
            }
        }
        found.extend(self.differences().into_iter().map(Finding::ServersDiffer));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::cluster_state::{MemoryKind, ServerView};
    use super::super::placement::Layout;
    use super::*;

    fn id(id: u32) -> NodeId {
        NodeId::new(id).unwrap()
    }

    fn data_node(number: u32, status: NodeStatus) -> NodeState {
        let state = NodeState::without_contact(id(number), NodeType::Ndb);
        if status == NodeStatus::NoContact {
            return state;
        }
        NodeState {
            status,
            version: Some(Version::OURS),
            nodegroup: Membership::Of(Nodegroup((number as u16 - 2) / 2)),
            ..state
        }
    }

    fn server(number: u32, status: NodeStatus) -> NodeState {
        NodeState {
            status,
            version: (status == NodeStatus::Connected).then_some(Version::OURS),
            ..NodeState::without_contact(id(number), NodeType::Mgm)
        }
    }

    /// Data nodes from 2 on, two to a nodegroup, and management server 1.
    fn cluster(statuses: &[NodeStatus]) -> ClusterState {
        let data_nodes = (2..).zip(statuses);
        let mut nodes: Vec<NodeState> = data_nodes
            .map(|(number, status)| data_node(number, *status))
            .collect();
        nodes.push(server(1, NodeStatus::Connected));
        let state = ClusterState::new(nodes, Some(&layout(statuses.len())));
        let memory = state.in_service().map(|node| memory(node.node, 10));
        ClusterState {
            memory: Some(memory.collect()),
            ..state
        }
    }

    fn layout(data_nodes: usize) -> Layout {
        let ids = (2..).take(data_nodes);
        Layout {
            replicas: 2,
            nodegroups: ids.map(|number| (id(number), None)).collect(),
        }
    }

    fn memory(node: NodeId, percent: u32) -> MemoryUse {
        MemoryUse {
            node,
            kind: MemoryKind::Data,
            used: percent,
            total: 100,
            page_size: 32768,
        }
    }

    const ALL: [NodeStatus; 9] = [
        NodeStatus::Unknown,
        NodeStatus::NoContact,
        NodeStatus::NotStarted,
        NodeStatus::Starting,
        NodeStatus::Started,
        NodeStatus::ShuttingDown,
        NodeStatus::Restarting,
        NodeStatus::SingleUserMode,
        NodeStatus::Resume,
    ];

    fn in_service(status: NodeStatus) -> bool {
        matches!(status, NodeStatus::Started | NodeStatus::SingleUserMode)
    }

    #[test]
    fn all_6561_states_of_two_nodegroups_are_judged_by_who_is_in_service() {
        for first in ALL {
            for second in ALL {
                for third in ALL {
                    for fourth in ALL {
                        let statuses = [first, second, third, fourth];
                        let up = statuses.map(in_service);
                        let expected = match up {
                            [true, true, true, true] => Condition::Ok,
                            [false, false, ..] | [.., false, false] => Condition::Offline,
                            _ => Condition::Degraded,
                        };
                        let health = cluster(&statuses).health(MemoryLimits::default());
                        assert_eq!(health.condition, expected, "{statuses:?}");
                        let is_clean = expected == Condition::Ok
                            && !statuses.contains(&NodeStatus::SingleUserMode);
                        assert_eq!(health.grade() == Grade::Ok, is_clean, "{statuses:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_member_down_is_never_healthy_even_if_its_nodegroup_is_not_known() {
        let nodes = vec![
            data_node(2, NodeStatus::Started),
            data_node(3, NodeStatus::NoContact),
        ];
        let health = ClusterState::new(nodes, None).health(MemoryLimits::default());
        assert_eq!(health.condition, Condition::Degraded);
        assert!(
            health
                .findings
                .contains(&Finding::Unplaced(id(3), NodeStatus::NoContact))
        );
    }

    #[test]
    fn a_new_nodegroup_with_a_missing_member_is_degraded() {
        let spare = Layout {
            replicas: 2,
            nodegroups: [(id(2), Some(65536)), (id(3), Some(65536))].into(),
        };
        let nodes = vec![
            data_node(2, NodeStatus::Started),
            data_node(3, NodeStatus::NoContact),
        ];
        let health = ClusterState::new(nodes, Some(&spare)).health(MemoryLimits::default());
        assert_eq!(health.condition, Condition::Degraded);
        assert_eq!(health.nodegroups[0].absent, 1);
    }

    #[test]
    fn a_cluster_without_data_nodes_is_unknown() {
        let nodes = vec![server(1, NodeStatus::Connected)];
        let health = ClusterState::new(nodes, None).health(MemoryLimits::default());
        assert_eq!(health.cause, Some(UnknownCause::NoDataNodes));
        assert_eq!(health.grade(), Grade::Unknown);
    }

    #[test]
    fn memory_is_graded_from_each_limit_on() {
        let limits = MemoryLimits {
            warning: 80,
            critical: 95,
        };
        for (percent, grade) in [
            (79, Grade::Ok),
            (80, Grade::Warning),
            (94, Grade::Warning),
            (95, Grade::Critical),
            (100, Grade::Critical),
        ] {
            let mut state = cluster(&[NodeStatus::Started; 2]);
            state.memory = Some(vec![memory(id(2), percent), memory(id(3), 10)]);
            assert_eq!(state.health(limits).grade(), grade, "{percent}");
        }
    }

    #[test]
    fn memory_that_nobody_reported_is_a_warning() {
        let mut state = cluster(&[NodeStatus::Started; 2]);
        state.memory = Some(vec![memory(id(2), 10)]);
        let health = state.health(MemoryLimits::default());
        assert_eq!(health.findings, [Finding::MemoryUnknown(vec![id(3)])]);
        assert_eq!(health.grade(), Grade::Warning);
    }

    #[test]
    fn versions_of_data_nodes_and_servers_are_compared() {
        let mut state = cluster(&[NodeStatus::Started; 2]);
        let old = Version::new(8, 4, 0);
        for node in &mut state.nodes {
            if node.node == id(3) {
                node.version = Some(old);
            }
        }
        let health = state.health(MemoryLimits::default());
        let versions = vec![(old, vec![id(3)]), (Version::OURS, vec![id(1), id(2)])];
        assert_eq!(health.findings, [Finding::MixedVersions(versions)]);
    }

    #[test]
    fn a_server_that_is_down_is_named_once() {
        let mut state = cluster(&[NodeStatus::Started; 2]);
        state.nodes.push(server(50, NodeStatus::NoContact));
        let view = |server| ServerView {
            server,
            address: "mgm2:1186".to_owned(),
            is_named: true,
            nodes: Err("refused".to_owned()),
        };
        let known = state.clone().with_servers(vec![view(NodeId::new(50))]);
        let findings = known.health(MemoryLimits::default()).findings;
        assert_eq!(findings, [Finding::ServerDown(id(50))]);
        let other = state.with_servers(vec![view(None)]);
        let findings = other.health(MemoryLimits::default()).findings;
        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn a_server_that_nobody_named_need_not_be_reachable_from_here() {
        let unreachable = |is_named| ServerView {
            server: NodeId::new(50),
            address: "10.0.0.2:1186".to_owned(),
            is_named,
            nodes: Err("timed out".to_owned()),
        };
        let grade = |is_named| {
            let mut state = cluster(&[NodeStatus::Started; 2]);
            state.nodes.push(server(50, NodeStatus::Connected));
            let health = state
                .with_servers(vec![unreachable(is_named)])
                .health(MemoryLimits::default());
            assert_eq!((health.servers, health.servers_asked), (2, 1));
            assert_eq!(health.findings.len(), 1);
            health.grade()
        };
        assert_eq!(grade(true), Grade::Warning);
        assert_eq!(grade(false), Grade::Ok);
    }

    #[test]
    fn servers_that_differ_and_single_user_mode_are_warnings() {
        let state = cluster(&[NodeStatus::Started; 2]);
        let view = ServerView {
            server: NodeId::new(50),
            address: "mgm2:1186".to_owned(),
            is_named: true,
            nodes: Ok(cluster(&[NodeStatus::Started, NodeStatus::NoContact]).nodes),
        };
        let health = state
            .with_servers(vec![view])
            .health(MemoryLimits::default());
        assert_eq!(health.condition, Condition::Ok);
        assert!(matches!(health.findings[..], [Finding::ServersDiffer(_)]));
        assert_eq!(health.grade(), Grade::Warning);
        let health = cluster(&[NodeStatus::SingleUserMode; 2]).health(MemoryLimits::default());
        assert_eq!(health.findings, [Finding::SingleUserMode(None)]);
    }
}

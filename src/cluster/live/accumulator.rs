//! What is heard and seen of a cluster, put together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use super::backups::{BackupEstimate, Backups};
use super::node_activity::NodeActivity;
use super::snapshot::{Contact, LiveEvent, LiveNode, Snapshot};
use crate::cluster::state::{
    ClusterState, Condition, Finding, Health, Layout, MemoryKind, MemoryLimits, MemoryUse,
};
use crate::cluster::{
    Event, EventBody, EventCategory, Membership, NodeId, NodeState, NodeType, SavedEvent,
    TransactionCounts, operations_of, silent_node_of,
};

/// Most events of one snapshot; of more, the oldest are left out.
pub const EVENTS_MAX: usize = 1000;

/// From this level on events of statistics are counters, which come every few seconds.
const COUNTER_LEVEL: u32 = 8;

/// A cluster that is listened to and looked at. Every method is told what time it is.
#[derive(Debug)]
pub struct Live {
    limits: MemoryLimits,
    contact: Contact,
    /// By the last look, with what was found out beside it before.
    state: ClusterState,
    layout: Option<Layout>,
    /// The data nodes that were in service when all was found out last.
    surveyed: BTreeSet<NodeId>,
    memory: BTreeMap<(NodeId, MemoryKind), MemoryUse>,
    activity: BTreeMap<NodeId, NodeActivity>,
    backups: Backups,
    estimate: BackupEstimate,
    events: VecDeque<LiveEvent>,
    lost: u64,
}

impl Live {
    /// Nothing was seen yet, since `now`; memory is judged by these limits.
    pub fn new(limits: MemoryLimits, now: Timestamp) -> Self {
        Live {
            limits,
            contact: Contact::Lost {
                since: now,
                reason: "no management server has been asked yet".to_owned(),
            },
            state: ClusterState::new(Vec::new(), None),
            layout: None,
            surveyed: BTreeSet::new(),
            memory: BTreeMap::new(),
            activity: BTreeMap::new(),
            backups: Backups::default(),
            estimate: BackupEstimate::default(),
            events: VecDeque::new(),
            lost: 0,
        }
    }

    /// Takes an event of the stream.
    pub fn hear(&mut self, event: Event, now: Timestamp) {
        if let Some(counts) = TransactionCounts::from_event(&event) {
            let node = self.activity.entry(event.source).or_default();
            node.count_transactions(counts, now);
        } else if let Some(operations) = operations_of(&event) {
            let node = self.activity.entry(event.source).or_default();
            node.count_operations(operations, now);
        } else if let Some(silent) = silent_node_of(&event) {
            self.activity.entry(silent).or_default().miss_heartbeat(now);
        } else if let Some(memory) = MemoryUse::from_event(&event) {
            self.memory.insert((memory.node, memory.kind), memory);
        } else if let Some(totals) = self.backups.hear(&event, now) {
            self.estimate.last_backup = Some(totals.bytes);
        }
        if !is_figure(&event) {
            self.keep(event, now);
        }
    }

    fn keep(&mut self, event: Event, now: Timestamp) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
        self.events.push_back(LiveEvent {
            at: now,
            severity: event.body.kind().severity(),
            event,
        });
    }

    /// Events were missed, nobody knows how many: nobody listened for a while.
    pub fn miss_events(&mut self) {
        for node in self.activity.values_mut() {
            node.forget_reports();
        }
    }

    /// The states of all nodes, from this server.
    pub fn look(&mut self, nodes: Vec<NodeState>, server: String) {
        let id = match &self.contact {
            Contact::Held { server: held, id } if *held == server => *id,
            Contact::Held { .. } | Contact::Lost { .. } => None,
        };
        self.contact = Contact::Held { server, id };
        self.take_nodes(nodes);
    }

    fn take_nodes(&mut self, nodes: Vec<NodeState>) {
        let before: BTreeSet<NodeId> = self.in_service();
        let state = std::mem::replace(&mut self.state, ClusterState::new(Vec::new(), None));
        self.state = state.with_nodes(nodes, self.layout.as_ref());
        let after = self.in_service();
        for gone in before.difference(&after) {
            // A process that comes back counts from its own beginning.
            if let Some(node) = self.activity.get_mut(gone) {
                node.forget_reports();
            }
            self.memory.retain(|(node, _), _| node != gone);
            self.surveyed.remove(gone);
        }
        if after.is_empty() {
            self.backups.clear();
        }
    }

    /// Everything that HEALTH asks for: the nodes, what other management servers say, and memory;
    /// with the configured nodegroups, and the id of the server, as far as they are known.
    pub fn survey(&mut self, state: ClusterState, layout: Option<Layout>, server: Option<NodeId>) {
        if let Contact::Held { id, .. } = &mut self.contact {
            *id = server;
        }
        self.layout = layout;
        for memory in state.memory().unwrap_or_default() {
            self.memory.insert((memory.node, memory.kind), *memory);
        }
        let nodes = self.state.nodes().to_vec();
        self.state = state;
        self.surveyed = self.in_service();
        if !nodes.is_empty() {
            // What was seen meanwhile is newer.
            self.take_nodes(nodes);
        }
    }

    /// The data nodes' answers about backups, of all that answer.
    pub fn survey_backups(&mut self, reports: &[Event], now: Timestamp) {
        self.backups.survey(reports, now);
    }

    /// What data nodes have kept, by time.
    pub fn recall(&mut self, kept: &[SavedEvent]) {
        self.estimate.recall(kept);
    }

    /// No management server answers.
    pub fn lose_contact(&mut self, said: String, now: Timestamp) {
        match &mut self.contact {
            Contact::Lost { reason, .. } => *reason = said,
            Contact::Held { .. } => {
                self.contact = Contact::Lost {
                    since: now,
                    reason: said,
                };
            }
        }
    }

    /// True while a backup runs, so that its progress is worth asking for.
    pub fn has_backup(&self) -> bool {
        self.backups.any()
    }

    /// True if it is not known what an earlier backup came to.
    pub fn lacks_estimate(&self) -> bool {
        self.estimate.last_backup.is_none()
    }

    /// True if a data node has come into service since all was found out last.
    pub fn is_survey_stale(&self) -> bool {
        !self.in_service().is_subset(&self.surveyed)
    }

    fn in_service(&self) -> BTreeSet<NodeId> {
        self.state.in_service().map(|node| node.node).collect()
    }

    /// The cluster at `now`. The events are those since the last call.
    pub fn snapshot(&mut self, now: Timestamp) -> Snapshot {
        let (condition, findings) = match &self.contact {
            Contact::Held { .. } => self.judge(),
            Contact::Lost { .. } => (Condition::Unknown, Vec::new()),
        };
        let memory = |(node, kind): &(NodeId, MemoryKind), memory: &MemoryUse| {
            (*kind == MemoryKind::Data).then(|| (*node, memory.bytes_used()))
        };
        self.estimate.memory = self
            .memory
            .iter()
            .filter_map(|(key, use_)| memory(key, use_))
            .collect();
        Snapshot {
            at: now,
            contact: self.contact.clone(),
            condition,
            findings,
            nodes: self.live_nodes(now),
            backups: self.backups.all(&self.estimate),
            events: self.events.drain(..).collect(),
            lost: std::mem::take(&mut self.lost),
        }
    }

    /// As HEALTH judges.
    fn judge(&self) -> (Condition, Vec<Finding>) {
        let memory = self.memory.values().copied().collect();
        let state = self.state.clone().with_memory(memory);
        let Health {
            condition,
            mut findings,
            ..
        } = state.health(self.limits);
        // A node that has just come was not asked yet.
        findings.retain_mut(|finding| match finding {
            Finding::MemoryUnknown(nodes) => {
                nodes.retain(|node| self.surveyed.contains(node));
                !nodes.is_empty()
            }
            _ => true,
        });
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.grade()));
        (condition, findings)
    }

    fn live_nodes(&self, now: Timestamp) -> Vec<LiveNode> {
        let memory = |node, kind| self.memory.get(&(node, kind)).copied();
        let mut nodes: Vec<LiveNode> = self
            .state
            .nodes()
            .iter()
            .map(|node| {
                let id = node.node;
                let is_data_node = node.node_type == NodeType::Ndb;
                let activity = self.activity.get(&id);
                LiveNode {
                    node: node.clone(),
                    place: match is_data_node {
                        true => self.state.place(id),
                        false => Membership::None,
                    },
                    data_memory: memory(id, MemoryKind::Data),
                    index_memory: memory(id, MemoryKind::Index),
                    rates: activity.and_then(|activity| activity.rates(now)),
                    missed_heartbeats: activity.map_or(0, |it| it.missed_heartbeats),
                    last_missed_heartbeat: activity.and_then(|it| it.last_missed),
                }
            })
            .collect();
        nodes.sort_by_key(order);
        nodes
    }
}

/// Data nodes by nodegroup, those without one and those of which it is not known last; then
/// management servers, then API nodes; by id among equals.
fn order(node: &LiveNode) -> (u8, u32, u32) {
    let nodegroup = match node.place {
        Membership::Of(nodegroup) => u32::from(nodegroup.0),
        Membership::None => u32::from(u16::MAX) + 1,
        Membership::Unknown => u32::from(u16::MAX) + 2,
    };
    let node_type = match node.node.node_type {
        NodeType::Ndb => 0,
        NodeType::Mgm => 1,
        NodeType::Api => 2,
    };
    (node_type, nodegroup, node.node.node.get())
}

/// True for an event that only carries figures, which are shown as such.
fn is_figure(event: &Event) -> bool {
    let kind = event.body.kind();
    let is_counter =
        kind.category() == EventCategory::Statistics && kind.threshold().get() >= COUNTER_LEVEL;
    let is_report = matches!(
        event.body,
        EventBody::MemoryUsage { change: 0, .. } | EventBody::BackupStatus { .. }
    );
    is_counter || is_report
}

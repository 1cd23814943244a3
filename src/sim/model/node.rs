//! Data nodes: their states and how these follow each other.

use std::collections::VecDeque;

use super::{Cluster, Effect, Now};
use crate::cluster::{
    ErrorNumber, Event, EventBody, EventKind, NodeId, NodeStatus, StopAction, Version,
};

/// Events that a data node keeps for `REPORT EventLog`.
const SAVED_EVENTS_MAX: usize = 500;

/// The start phases, each reported when it is completed.
pub(super) const START_PHASES: [u32; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50, 101];

/// Steps of a shutdown; the last ends it.
const SHUTDOWN_STEPS: u32 = 4;

/// What a node reports that does not know yet how it starts.
const UNKNOWN_START: u32 = 5;

/// How a node starts (event StartPhaseCompleted).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartKind {
    Initial = 0,
    System = 1,
    NodeRestart = 2,
    InitialNodeRestart = 3,
}

impl StartKind {
    /// What the node reports as its kind: until it has joined the others it counts as the start
    /// of a whole system.
    fn reported(self, phase: u32) -> u32 {
        match self {
            StartKind::NodeRestart if phase < 2 => StartKind::System as u32,
            // Nothing on its disk says what it is.
            StartKind::Initial | StartKind::InitialNodeRestart if phase == 0 => UNKNOWN_START,
            StartKind::InitialNodeRestart if phase == 1 => StartKind::Initial as u32,
            kind => kind as u32,
        }
    }
}

/// State of a data node's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No process.
    Down,
    /// The process waits for a start order.
    NotStarted,
    /// The process comes up and connects, then does as `Ok` to start or waits.
    Connecting { at: Now, start: bool, initial: bool },
    /// So many start phases are done.
    Starting {
        done: usize,
        at: Now,
        kind: StartKind,
    },
    /// In service.
    Started,
    /// A shutdown is at this step, 1 to 4.
    ShuttingDown {
        step: u32,
        at: Now,
        action: StopAction,
        /// The whole cluster goes down.
        cluster: bool,
        /// The node was in service, and others go on.
        hands_over: bool,
    },
}

/// A data node.
#[derive(Debug)]
pub(super) struct DataNode {
    pub(super) id: NodeId,
    pub(super) nodegroup: Option<u16>,
    pub(super) phase: Phase,
    /// Position in the order of joining; 0 if it has not joined.
    pub(super) dynamic_id: u32,
    /// Elected when the cluster started.
    pub(super) president: bool,
    pub(super) connect_count: u32,
    /// How far its restart or the handling of its failure is, as the coordinator reports it.
    pub(super) restart_status: &'static str,
    pub(super) saved_events: VecDeque<(u32, u32, Event)>,
    pub(super) next_saved: u32,
}

impl DataNode {
    pub(super) fn new(id: NodeId, nodegroup: Option<u16>) -> Self {
        DataNode {
            id,
            nodegroup,
            phase: Phase::Down,
            dynamic_id: 0,
            president: false,
            connect_count: 0,
            restart_status: "Initial state",
            saved_events: VecDeque::new(),
            next_saved: 0,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        !matches!(self.phase, Phase::Down | Phase::Connecting { .. })
    }

    pub(super) fn is_down(&self) -> bool {
        self.phase == Phase::Down
    }

    pub(super) fn is_started(&self) -> bool {
        self.phase == Phase::Started
    }

    pub(super) fn is_starting(&self) -> bool {
        matches!(
            self.phase,
            Phase::Starting { .. } | Phase::Connecting { .. }
        )
    }

    /// State and start phase as `get status` reports them.
    pub(super) fn status(&self, single_user: bool) -> (NodeStatus, u32) {
        match self.phase {
            Phase::Down | Phase::Connecting { .. } => (NodeStatus::NoContact, 0),
            Phase::NotStarted => (NodeStatus::NotStarted, 0),
            Phase::Starting { done, .. } => {
                let last = done.checked_sub(1).map_or(0, |index| START_PHASES[index]);
                (NodeStatus::Starting, last)
            }
            Phase::Started if single_user => (NodeStatus::SingleUserMode, 0),
            Phase::Started => (NodeStatus::Started, 0),
            Phase::ShuttingDown { step, .. } => (NodeStatus::ShuttingDown, step),
        }
    }

    pub(super) fn deadline(&self) -> Option<Now> {
        match self.phase {
            Phase::Connecting { at, .. }
            | Phase::Starting { at, .. }
            | Phase::ShuttingDown { at, .. } => Some(at),
            Phase::Down | Phase::NotStarted | Phase::Started => None,
        }
    }

    /// Keeps an event of this node for later reports.
    pub(super) fn save_event(&mut self, event: &Event, now: Now) {
        if self.saved_events.len() == SAVED_EVENTS_MAX {
            self.saved_events.pop_front();
        }
        let seconds = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
        self.saved_events
            .push_back((self.next_saved, seconds, event.clone()));
        self.next_saved = self.next_saved.wrapping_add(1);
    }
}

impl Cluster {
    /// The data node that coordinates: of those in service, the one that joined first.
    pub(super) fn master(&self) -> Option<NodeId> {
        self.data_nodes
            .values()
            .filter(|node| node.is_started())
            .min_by_key(|node| node.dynamic_id)
            .map(|node| node.id)
    }

    pub(super) fn started_nodes(&self) -> Vec<NodeId> {
        self.data_nodes
            .values()
            .filter(|node| node.is_started())
            .map(|node| node.id)
            .collect()
    }

    pub(super) fn any_starting(&self) -> bool {
        self.data_nodes.values().any(DataNode::is_starting)
    }

    fn version_event(&self, node: NodeId, kind: EventKind) -> Event {
        let (version, mysql_version) = (Version::OURS, Version::OURS);
        let body = match kind {
            EventKind::NODE_START_STARTED => EventBody::NodeStartStarted {
                version,
                mysql_version,
            },
            _ => EventBody::NodeStartCompleted {
                version,
                mysql_version,
            },
        };
        Event { source: node, body }
    }

    /// The start of the whole cluster, before anybody is connected.
    pub(super) fn start_all_at_once(&mut self, now: Now) {
        let ids: Vec<NodeId> = self.data_nodes.keys().copied().collect();
        // A cluster that has lived before has files to start from.
        let kind = match self.has_lived {
            true => StartKind::System,
            false => StartKind::Initial,
        };
        for id in ids {
            let is_first = self.joined == 0;
            for source in self.serving() {
                let body = EventBody::Connected { node: id.get() };
                self.emit(Event { source, body }, now);
            }
            self.emit(self.version_event(id, EventKind::NODE_START_STARTED), now);
            self.emit_info(id, "Buffering maximum epochs 100", now);
            self.join(id);
            for phase in START_PHASES {
                self.emit_phase(id, phase, kind, now);
            }
            if let Some(node) = self.data_nodes.get_mut(&id) {
                node.phase = Phase::Started;
                node.president = is_first;
            }
            self.emit(self.version_event(id, EventKind::NODE_START_COMPLETED), now);
        }
    }

    fn emit_phase(&mut self, node: NodeId, phase: u32, kind: StartKind, now: Now) {
        self.emit_words(
            node,
            EventKind::START_PHASE_COMPLETED,
            vec![phase, kind.reported(phase)],
            now,
        );
    }

    fn join(&mut self, id: NodeId) {
        // The numbers begin anew with a new cluster.
        if self.joined_nodes() == 0 {
            self.joined = 0;
        }
        self.joined += 1;
        let joined = self.joined;
        if let Some(node) = self.data_nodes.get_mut(&id) {
            node.dynamic_id = joined;
        }
    }

    fn set_phase(&mut self, id: NodeId, phase: Phase) {
        if let Some(node) = self.data_nodes.get_mut(&id) {
            node.phase = phase;
        }
    }

    /// Starts a node that waits for it.
    pub(super) fn start_node(&mut self, id: NodeId, initial: bool, now: Now) {
        self.emit(self.version_event(id, EventKind::NODE_START_STARTED), now);
        self.emit_info(id, "Buffering maximum epochs 100", now);
        let kind = match (self.started_nodes().is_empty(), initial) {
            (true, true) => StartKind::Initial,
            (true, false) => StartKind::System,
            (false, true) => StartKind::InitialNodeRestart,
            (false, false) => StartKind::NodeRestart,
        };
        let at = now + self.pace.phase;
        self.set_phase(id, Phase::Starting { done: 0, at, kind });
    }

    /// Begins the shutdown of a node.
    pub(super) fn begin_shutdown(
        &mut self,
        id: NodeId,
        action: StopAction,
        cluster: bool,
        now: Now,
    ) {
        let body = EventBody::NodeStopStarted { cluster };
        self.emit(Event { source: id, body }, now);
        if action.restart() {
            self.effects.push_back(Effect::RestartBegan(id));
        }
        let hands_over = !cluster && self.data_nodes.get(&id).is_some_and(DataNode::is_started);
        let phase = Phase::ShuttingDown {
            step: 1,
            at: now + self.pace.phase,
            action,
            cluster,
            hands_over,
        };
        self.set_phase(id, phase);
    }

    /// Ends a node's process at once, as a kill does, and lets the others notice.
    pub(in crate::sim) fn fail_node(&mut self, id: NodeId, now: Now) {
        let (was_connected, was_member) = match self.data_nodes.get(&id) {
            Some(node) => (node.is_connected(), node.dynamic_id > 0),
            None => return,
        };
        self.leave(id);
        if was_connected {
            self.log_transporter(id);
            self.report_loss(id, was_member, now);
        }
        self.backup_lost_node(id);
        if !self.nodegroups_are_covered(&self.started_nodes()) {
            self.crash_survivors(now);
        }
    }

    /// Without one node of each nodegroup the data is not complete: the rest goes down too.
    fn crash_survivors(&mut self, now: Now) {
        for id in self.started_nodes() {
            let body = EventBody::NodeStopForced {
                action: StopAction::default(),
                signal: 0,
                error: 2305,
                start_phase: 255,
                extra: 0,
            };
            self.emit(Event { source: id, body }, now);
            self.leave(id);
            self.log_transporter(id);
            for source in self.serving() {
                let body = EventBody::Disconnected { node: id.get() };
                self.emit(Event { source, body }, now);
            }
            self.backup_lost_node(id);
        }
    }

    /// Brings a process that was down back: it connects, and starts if `start` says so.
    pub(in crate::sim) fn launch_node(&mut self, id: NodeId, start: bool, now: Now) {
        if self
            .data_nodes
            .get(&id)
            .is_some_and(|node| node.phase == Phase::Down)
        {
            let at = now + self.pace.phase;
            let initial = false;
            self.set_phase(id, Phase::Connecting { at, start, initial });
        }
    }

    /// True if `remaining` has a node of every nodegroup.
    pub(super) fn nodegroups_are_covered(&self, remaining: &[NodeId]) -> bool {
        self.data_nodes
            .values()
            .filter_map(|node| node.nodegroup)
            .all(|group| {
                remaining.iter().any(|id| {
                    self.data_nodes
                        .get(id)
                        .is_some_and(|node| node.nodegroup == Some(group))
                })
            })
    }

    fn leave(&mut self, id: NodeId) {
        if let Some(node) = self.data_nodes.get_mut(&id) {
            node.phase = Phase::Down;
            node.dynamic_id = 0;
            node.president = false;
        }
    }

    /// Moves the nodes whose time has come one step on.
    pub(super) fn advance_nodes(&mut self, now: Now) {
        let due: Vec<(NodeId, Phase)> = self
            .data_nodes
            .values()
            .filter(|node| node.deadline().is_some_and(|at| at <= now))
            .map(|node| (node.id, node.phase))
            .collect();
        for (id, phase) in due {
            match phase {
                Phase::Connecting { start, initial, .. } => {
                    self.set_phase(id, Phase::NotStarted);
                    if let Some(node) = self.data_nodes.get_mut(&id) {
                        node.connect_count += 1;
                    }
                    self.report_connection(id, now);
                    if start {
                        self.start_node(id, initial, now);
                    }
                }
                Phase::Starting { done, kind, .. } => self.advance_start(id, done, kind, now),
                shutdown @ Phase::ShuttingDown { .. } => {
                    self.advance_shutdown(id, shutdown, now);
                }
                Phase::Down | Phase::NotStarted | Phase::Started => {}
            }
        }
    }

    fn advance_start(&mut self, id: NodeId, done: usize, kind: StartKind, now: Now) {
        let Some(phase) = START_PHASES.get(done) else {
            self.set_phase(id, Phase::Started);
            self.emit(self.version_event(id, EventKind::NODE_START_COMPLETED), now);
            self.report_unlock(id, kind, now);
            return;
        };
        if *phase == 1 {
            let is_first = self.started_nodes().is_empty() && self.joined_nodes() == 0;
            self.join(id);
            if let Some(node) = self.data_nodes.get_mut(&id) {
                node.president = is_first;
            }
        }
        self.report_before_phase(id, *phase, now);
        self.emit_phase(id, *phase, kind, now);
        self.report_after_phase(id, *phase, kind, now);
        let at = now + self.pace.phase;
        let done = done + 1;
        self.set_phase(id, Phase::Starting { done, at, kind });
    }

    fn joined_nodes(&self) -> usize {
        self.data_nodes
            .values()
            .filter(|node| node.dynamic_id > 0)
            .count()
    }

    fn advance_shutdown(&mut self, id: NodeId, shutdown: Phase, now: Now) {
        let Phase::ShuttingDown {
            step,
            action,
            cluster,
            hands_over,
            ..
        } = shutdown
        else {
            return;
        };
        let at = now + self.pace.phase;
        if step < SHUTDOWN_STEPS {
            let step = step + 1;
            if hands_over && step == SHUTDOWN_STEPS {
                self.report_handover_away(id, now);
            }
            let phase = Phase::ShuttingDown {
                step,
                at,
                action,
                cluster,
                hands_over,
            };
            return self.set_phase(id, phase);
        }
        if hands_over && self.handover_partners(id).is_some() {
            self.emit_info(id, "Suma: handover complete", now);
        }
        self.log_transporter(id);
        let body = EventBody::NodeStopCompleted { action, signal: 0 };
        self.emit(Event { source: id, body }, now);
        let was_member = self
            .data_nodes
            .get(&id)
            .is_some_and(|node| node.dynamic_id > 0);
        self.leave(id);
        self.report_loss(id, was_member, now);
        self.backup_lost_node(id);
        if !cluster && !self.nodegroups_are_covered(&self.started_nodes()) {
            self.crash_survivors(now);
        }
        if action.restart() {
            // Its start, if one is wanted, is a second order once it waits for it.
            let (start, initial) = (false, action.initial());
            self.set_phase(id, Phase::Connecting { at, start, initial });
        }
    }

    /// What stands against an order to a data node's process.
    pub(super) fn check_data_node(&self, id: u32) -> Result<NodeId, ErrorNumber> {
        let node = NodeId::new(id)
            .and_then(|id| self.data_nodes.get(&id))
            .ok_or(ErrorNumber::WRONG_PROCESS_TYPE)?;
        if node.is_connected() {
            Ok(node.id)
        } else {
            Err(ErrorNumber::NO_CONTACT_WITH_PROCESS)
        }
    }
}

//! Orders to nodes: stop, restart, start, single user mode.

use std::collections::BTreeSet;
use std::time::Duration;

use super::node::Phase;
use super::{Cluster, Now, SessionId};
use crate::cluster::{ErrorNumber, EventKind, NodeId, NodeType, StopAction};
use crate::wire::{Refusal, Reply, RestartReply, StartAllReply, StopReply};

/// Nodes that are not down after this are given up.
const STOP_TIMEOUT: Duration = Duration::from_secs(120);

/// A node, or the whole cluster, is going down already.
const NODE_SHUTDOWN: ErrorNumber = ErrorNumber(5026);
const SYSTEM_SHUTDOWN: ErrorNumber = ErrorNumber(5027);

const ENTER_SINGLE_USER: &str = "enter single user";

/// Options of a restart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Restart {
    pub(super) initial: bool,
    pub(super) nostart: bool,
}

/// An order whose reply waits for nodes.
#[derive(Debug)]
pub(super) enum Order {
    /// The nodes go down; `disconnect` is the line to send, if any.
    Stop {
        session: SessionId,
        nodes: Vec<NodeId>,
        /// How many the reply counts.
        stopped: u32,
        disconnect: Option<bool>,
        servers: Vec<NodeId>,
        until: Now,
    },
    /// The nodes go down and wait for a start order, which follows unless `nostart`.
    Restart {
        session: SessionId,
        nodes: Vec<NodeId>,
        restart: Restart,
        disconnect: Option<bool>,
        servers: Vec<NodeId>,
        until: Now,
    },
    /// Single user mode begins once no backup step or start is under way.
    SingleUser {
        session: SessionId,
        node: NodeId,
        at: Now,
    },
}

impl Order {
    /// When it is settled at the latest.
    pub(super) fn deadline(&self) -> Option<Now> {
        match self {
            Order::Stop { until, .. } | Order::Restart { until, .. } => Some(*until),
            Order::SingleUser { at, .. } => Some(*at),
        }
    }
}

/// Ids of a blank-separated list.
pub(super) fn parse_nodes(list: &str) -> Option<Vec<u32>> {
    list.split_ascii_whitespace()
        .map(|word| word.parse().ok())
        .collect()
}

impl Cluster {
    pub(super) fn stop_nodes(
        &mut self,
        session: SessionId,
        list: &str,
        abort: bool,
        force: Option<bool>,
        now: Now,
    ) {
        let is_v2 = force.is_some();
        let force = force.unwrap_or(false);
        match self.check_stop(list, abort, force) {
            Err(error) => self.refuse_stop(session, error, is_v2.then_some(false)),
            Ok((nodes, servers)) => {
                let stops_own = servers.iter().any(|id| id.get() == self.server_of(session));
                for id in &nodes {
                    self.begin_shutdown(*id, StopAction::default(), false, now);
                }
                self.orders.push(Order::Stop {
                    session,
                    stopped: nodes.len() as u32,
                    nodes,
                    disconnect: is_v2.then_some(stops_own),
                    servers,
                    until: now + STOP_TIMEOUT,
                });
                self.settle_orders(now);
            }
        }
    }

    /// The data nodes and the management servers to stop, or what stands against it.
    fn check_stop(
        &self,
        list: &str,
        abort: bool,
        force: bool,
    ) -> Result<(Vec<NodeId>, Vec<NodeId>), ErrorNumber> {
        let (mut nodes, mut servers) = (Vec::new(), Vec::new());
        for id in parse_nodes(list).ok_or(ErrorNumber::WRONG_PROCESS_TYPE)? {
            match self.topology.node(id) {
                Some(node) if node.node_type == NodeType::Ndb => nodes.push(node.id),
                Some(node) if node.node_type == NodeType::Mgm => servers.push(node.id),
                _ => return Err(ErrorNumber::WRONG_PROCESS_TYPE),
            }
        }
        if self.any_starting() && !abort && !force {
            return Err(ErrorNumber::NODES_STARTING_OR_STOPPING);
        }
        self.check_no_shutdown(&nodes)?;
        let is_connected = |id: &NodeId| self.data_nodes[id].is_connected();
        if !nodes.iter().all(is_connected) {
            return Err(ErrorNumber::SEND_OR_RECEIVE_FAILED);
        }
        if nodes.len() > 1 && !abort && !force {
            return Err(ErrorNumber::MULTI_NODE_SHUTDOWN);
        }
        let stopped: BTreeSet<NodeId> = nodes.iter().copied().collect();
        let was_started = self.started_nodes();
        let remaining: Vec<NodeId> = was_started
            .iter()
            .copied()
            .filter(|id| !stopped.contains(id))
            .collect();
        let stops_service = was_started.len() != remaining.len();
        if stops_service && !self.nodegroups_are_covered(&remaining) {
            match (force, abort, &nodes[..]) {
                // Forced: the whole cluster stops.
                (true, ..) => nodes = self.connected_nodes(),
                // Nobody asks what an abort does to the others; they will go down, too.
                (false, true, [_]) => {}
                _ => return Err(ErrorNumber::SYSTEM_CRASH),
            }
        }
        Ok((nodes, servers))
    }

    /// A node that is on its way down takes no second order.
    fn check_no_shutdown(&self, nodes: &[NodeId]) -> Result<(), ErrorNumber> {
        for id in nodes {
            match self.data_nodes[id].phase {
                Phase::ShuttingDown { cluster: true, .. } => return Err(SYSTEM_SHUTDOWN),
                Phase::ShuttingDown { .. } => return Err(NODE_SHUTDOWN),
                _ => {}
            }
        }
        Ok(())
    }

    fn connected_nodes(&self) -> Vec<NodeId> {
        self.data_nodes
            .values()
            .filter(|node| node.is_connected())
            .map(|node| node.id)
            .collect()
    }

    pub(super) fn stop_all(
        &mut self,
        session: SessionId,
        abort: bool,
        stop: Option<String>,
        now: Now,
    ) {
        let kinds = stop.as_deref().unwrap_or("db");
        let has = |kind: &str| kinds.split(',').any(|word| word.trim() == kind);
        let nodes = if has("db") {
            self.connected_nodes()
        } else {
            Vec::new()
        };
        let servers = if has("mgm") {
            self.serving()
        } else {
            Vec::new()
        };
        if let Err(error) = self.check_stop_all(&nodes, abort) {
            return self.refuse_stop(session, error, stop.is_some().then_some(false));
        }
        for id in &nodes {
            self.begin_shutdown(*id, StopAction::default(), true, now);
        }
        // Recorded: of two servers both are counted, one that ends alone is not.
        let counted = if servers.len() > 1 { servers.len() } else { 0 };
        self.orders.push(Order::Stop {
            session,
            stopped: (nodes.len() + counted) as u32,
            nodes,
            disconnect: stop.is_some().then_some(!servers.is_empty()),
            servers,
            until: now + STOP_TIMEOUT,
        });
        self.settle_orders(now);
    }

    fn check_stop_all(&self, nodes: &[NodeId], abort: bool) -> Result<(), ErrorNumber> {
        if !nodes.is_empty() && self.any_starting() && !abort {
            return Err(ErrorNumber::NODES_STARTING_OR_STOPPING);
        }
        self.check_no_shutdown(nodes)
    }

    pub(super) fn restart_nodes(
        &mut self,
        session: SessionId,
        list: &str,
        restart: Restart,
        abort: bool,
        force: Option<bool>,
        now: Now,
    ) {
        let check = if self.single_user.is_some() {
            Err(ErrorNumber::NODES_STARTING_OR_STOPPING)
        } else {
            self.check_stop(list, abort, force.unwrap_or(false))
        };
        match check {
            Err(error) => self.refuse_restart(session, error, force.map(|_| false)),
            Ok((nodes, servers)) => {
                let stops_own = servers.iter().any(|id| id.get() == self.server_of(session));
                let disconnect = force.map(|_| stops_own);
                self.begin_restart(session, (nodes, servers), restart, disconnect, now);
            }
        }
    }

    fn refuse_stop(&mut self, session: SessionId, error: ErrorNumber, disconnect: Option<bool>) {
        let refusal = Refusal::Stop {
            error,
            stopped: 0,
            disconnect,
        };
        self.reply(session, Reply::Refused(refusal));
    }

    fn refuse_restart(&mut self, session: SessionId, error: ErrorNumber, disconnect: Option<bool>) {
        let refusal = Refusal::Restart {
            error,
            restarted: 0,
            disconnect,
        };
        self.reply(session, Reply::Refused(refusal));
    }

    pub(super) fn restart_all(
        &mut self,
        session: SessionId,
        restart: Restart,
        abort: bool,
        now: Now,
    ) {
        let nodes = self.connected_nodes();
        match self.check_stop_all(&nodes, abort) {
            Err(error) => self.refuse_restart(session, error, None),
            Ok(()) => self.begin_restart(session, (nodes, Vec::new()), restart, None, now),
        }
    }

    fn begin_restart(
        &mut self,
        session: SessionId,
        (nodes, servers): (Vec<NodeId>, Vec<NodeId>),
        restart: Restart,
        disconnect: Option<bool>,
        now: Now,
    ) {
        let cluster = !nodes.is_empty() && nodes == self.connected_nodes();
        // The start is a second order, so the shutdown says "no start" in any case.
        let action = StopAction::new(true, true, restart.initial);
        for id in &nodes {
            self.begin_shutdown(*id, action, cluster, now);
        }
        self.orders.push(Order::Restart {
            session,
            nodes,
            restart,
            disconnect,
            servers,
            until: now + STOP_TIMEOUT,
        });
        self.settle_orders(now);
    }

    /// Answers the orders whose nodes have got where they were sent.
    pub(super) fn settle_orders(&mut self, now: Now) {
        for order in std::mem::take(&mut self.orders) {
            if self.is_settled(&order, now) {
                self.settle(order, now);
            } else {
                self.orders.push(order);
            }
        }
    }

    fn is_settled(&self, order: &Order, now: Now) -> bool {
        let phase = |id: &NodeId| self.data_nodes[id].phase;
        match order {
            Order::Stop { nodes, until, .. } => {
                *until <= now || nodes.iter().all(|id| phase(id) == Phase::Down)
            }
            Order::Restart { nodes, until, .. } => {
                *until <= now || nodes.iter().all(|id| phase(id) == Phase::NotStarted)
            }
            Order::SingleUser { at, .. } => *at <= now,
        }
    }

    fn settle(&mut self, order: Order, now: Now) {
        match order {
            Order::Stop {
                session,
                stopped,
                disconnect,
                servers,
                until,
                ..
            } => {
                let reply = match in_time(until, now) {
                    Ok(()) => Reply::Stop(StopReply {
                        stopped,
                        disconnect,
                    }),
                    Err(error) => Reply::Refused(Refusal::Stop {
                        error,
                        stopped,
                        disconnect,
                    }),
                };
                self.reply(session, reply);
                for server in servers {
                    self.stop_server(server);
                }
            }
            Order::Restart {
                session,
                nodes,
                restart,
                disconnect,
                servers,
                until,
            } => {
                if !restart.nostart {
                    for id in &nodes {
                        if self.data_nodes[id].phase == Phase::NotStarted {
                            self.start_node(*id, restart.initial, now);
                        }
                    }
                }
                let restarted = (nodes.len() + servers.len()) as u32;
                let reply = match in_time(until, now) {
                    Ok(()) => Reply::Restart(RestartReply {
                        restarted,
                        disconnect,
                    }),
                    Err(error) => Reply::Refused(Refusal::Restart {
                        error,
                        restarted,
                        disconnect,
                    }),
                };
                self.reply(session, reply);
                for server in servers {
                    self.restart_server(server);
                }
            }
            Order::SingleUser { session, node, .. } => {
                self.single_user = Some(node);
                self.emit_single_user(1, node.get(), now);
                self.done(session, ENTER_SINGLE_USER);
            }
        }
    }

    pub(super) fn start_one(&mut self, session: SessionId, node: u32, now: Now) {
        let result = self.check_data_node(node).map(|id| {
            if self.data_nodes[&id].phase == Phase::NotStarted {
                self.start_node(id, false, now);
            }
        });
        self.conclude(session, "start", result);
    }

    pub(super) fn start_all(&mut self, session: SessionId, now: Now) {
        let nodes = self.connected_nodes();
        for id in &nodes {
            if self.data_nodes[id].phase == Phase::NotStarted {
                self.start_node(*id, false, now);
            }
        }
        let started = nodes.len() as u32;
        self.reply(session, Reply::StartAll(StartAllReply { started }));
    }

    fn emit_single_user(&mut self, step: u32, node: u32, now: Now) {
        for source in self.started_nodes() {
            self.emit_words(source, EventKind::SINGLE_USER, vec![step, node], now);
        }
    }

    pub(super) fn enter_single_user(&mut self, session: SessionId, node: u32, now: Now) {
        let is_api = self
            .topology
            .node(node)
            .filter(|node| node.node_type == NodeType::Api);
        let check = match is_api {
            None => Err(ErrorNumber::NOT_AN_API_NODE),
            Some(_) if self.master().is_none() => Err(ErrorNumber::SEND_OR_RECEIVE_FAILED),
            Some(_) if self.any_starting() => Err(ErrorNumber::NODES_STARTING_OR_STOPPING),
            Some(node) => Ok(node.id),
        };
        match check {
            Err(error) => self.conclude(session, ENTER_SINGLE_USER, Err(error)),
            Ok(node) => {
                self.emit_single_user(0, node.get(), now);
                let at = now + self.pace.phase;
                self.orders.push(Order::SingleUser { session, node, at });
            }
        }
    }

    pub(super) fn exit_single_user(&mut self, session: SessionId, now: Now) {
        if let Some(node) = self.single_user.take() {
            self.emit_single_user(2, node.get(), now);
        }
        self.done(session, "exit single user");
    }
}

fn in_time(until: Now, now: Now) -> Result<(), ErrorNumber> {
    if now < until {
        Ok(())
    } else {
        Err(ErrorNumber::SHUTDOWN_NOT_COMPLETING)
    }
}

//! Orders to nodes: stop, restart, start, single user mode, nodegroups.

use std::collections::BTreeSet;
use std::time::Duration;

use super::node::Phase;
use super::reply::Reply;
use super::{Cluster, Now, SessionId};
use crate::cluster::{ErrorNumber, EventKind, NodeId, NodeType, StopAction};

/// A node of a new nodegroup is in one already. Recorded; the number has no name.
const IN_NODEGROUP: &str = "322-Invalid node(s) specified for new nodegroup, \
                            node already in nodegroup: Permanent error: Application error";

/// Nodes that are not down after this are given up.
const STOP_TIMEOUT: Duration = Duration::from_secs(120);

/// The shutdown did not complete in time.
const STOP_TIMED_OUT: ErrorNumber = ErrorNumber(5025);

/// A node, or the whole cluster, is going down already.
const NODE_SHUTDOWN: ErrorNumber = ErrorNumber(5026);
const SYSTEM_SHUTDOWN: ErrorNumber = ErrorNumber(5027);

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
            Err(error) => {
                let reply = Reply::new("stop reply")
                    .result(Err(error))
                    .field("stopped", 0);
                let reply = if is_v2 {
                    reply.field("disconnect", 0)
                } else {
                    reply
                };
                self.reply(session, reply.end());
            }
            Ok((nodes, servers)) => {
                let stops_own = servers.iter().any(|id| id.get() == self.server_of(session));
                for id in &nodes {
                    self.begin_shutdown(*id, StopAction::default(), false, now);
                }
                self.orders.push(Order::Stop {
                    session,
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
            if !force {
                return Err(ErrorNumber::SYSTEM_CRASH);
            }
            // Forced: the whole cluster stops.
            nodes = self.connected_nodes();
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
            let reply = Reply::new("stop reply")
                .result(Err(error))
                .field("stopped", 0);
            let reply = with_disconnect(reply, stop.is_some().then_some(false));
            return self.reply(session, reply.end());
        }
        for id in &nodes {
            self.begin_shutdown(*id, StopAction::default(), true, now);
        }
        self.orders.push(Order::Stop {
            session,
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

    fn refuse_restart(&mut self, session: SessionId, error: ErrorNumber, disconnect: Option<bool>) {
        let reply = Reply::new("restart reply")
            .field("result", format_args!("{error}-{}", error.text()))
            .field("restarted", 0);
        let reply = with_disconnect(reply, disconnect);
        self.reply(session, reply.end());
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
                nodes,
                disconnect,
                servers,
                until,
            } => {
                let reply = Reply::new("stop reply")
                    .result(in_time(until, now))
                    .field("stopped", nodes.len());
                let reply = with_disconnect(reply, disconnect);
                self.reply(session, reply.end());
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
                let reply = match in_time(until, now) {
                    Ok(()) => Reply::new("restart reply").result(Ok(())),
                    Err(error) => Reply::new("restart reply")
                        .field("result", format_args!("{error}-{}", error.text())),
                };
                let reply = reply.field("restarted", nodes.len() + servers.len());
                let reply = with_disconnect(reply, disconnect);
                self.reply(session, reply.end());
                for server in servers {
                    self.restart_server(server);
                }
            }
            Order::SingleUser { session, node, .. } => {
                self.single_user = Some(node);
                self.emit_single_user(1, node.get(), now);
                let reply = Reply::new("enter single user reply").result(Ok(()));
                self.reply(session, reply.end());
            }
        }
    }

    pub(super) fn start_one(&mut self, session: SessionId, node: u32, now: Now) {
        let result = self.check_data_node(node).map(|id| {
            if self.data_nodes[&id].phase == Phase::NotStarted {
                self.start_node(id, false, now);
            }
        });
        self.reply(session, Reply::new("start reply").result(result).end());
    }

    pub(super) fn start_all(&mut self, session: SessionId, now: Now) {
        let nodes = self.connected_nodes();
        for id in &nodes {
            if self.data_nodes[id].phase == Phase::NotStarted {
                self.start_node(*id, false, now);
            }
        }
        let reply = Reply::new("start reply")
            .result(Ok(()))
            .field("started", nodes.len());
        self.reply(session, reply.end());
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
            Err(error) => {
                let reply = Reply::new("enter single user reply").result(Err(error));
                self.reply(session, reply.end());
            }
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
        self.reply_ok(session, "exit single user reply");
    }

    pub(super) fn create_nodegroup(&mut self, session: SessionId, list: &str) {
        let reply = Reply::new("create nodegroup reply");
        let failure = |error: ErrorNumber| format!("{error}-{}", error.text());
        let refusal = match parse_nodes(list) {
            _ if self.master().is_none() => {
                let error = ErrorNumber::SEND_OR_RECEIVE_FAILED;
                Err((error.0, failure(error)))
            }
            None => {
                let error = ErrorNumber::SEND_OR_RECEIVE_FAILED;
                Err((error.0, failure(error)))
            }
            Some(nodes) => self.check_new_nodegroup(&nodes),
        };
        let reply = match refusal {
            Err((code, text)) => reply
                .field("ng", -1)
                .field("error_code", code)
                .field("result", text),
            Ok(nodes) => {
                let group = self.free_nodegroup();
                for id in nodes {
                    if let Some(node) = self.data_nodes.get_mut(&id) {
                        node.nodegroup = Some(group);
                    }
                }
                reply.field("ng", group).field("result", "Ok")
            }
        };
        self.reply(session, reply.end());
    }

    fn check_new_nodegroup(&self, nodes: &[u32]) -> Result<Vec<NodeId>, (u32, String)> {
        let unknown = || {
            let text = "Unknown error code: Unknown result: Unknown error code";
            (321, format!("321-{text}"))
        };
        let mut ids = Vec::new();
        for node in nodes {
            let node = NodeId::new(*node)
                .and_then(|id| self.data_nodes.get(&id))
                .filter(|node| node.is_started())
                .ok_or_else(unknown)?;
            if node.nodegroup.is_some() {
                return Err((322, IN_NODEGROUP.to_owned()));
            }
            ids.push(node.id);
        }
        if ids.len() == self.topology.replicas() {
            Ok(ids)
        } else {
            Err(unknown())
        }
    }

    fn free_nodegroup(&self) -> u16 {
        let used: BTreeSet<u16> = self
            .data_nodes
            .values()
            .filter_map(|node| node.nodegroup)
            .collect();
        (0..u16::MAX)
            .find(|group| !used.contains(group))
            .unwrap_or(0)
    }

    /// A nodegroup whose nodes hold data cannot be dropped: all configured ones do.
    pub(super) fn drop_nodegroup(&mut self, session: SessionId, nodegroup: u32) {
        let configured: BTreeSet<u32> = self
            .topology
            .nodegroups()
            .into_values()
            .flatten()
            .map(u32::from)
            .collect();
        let members: Vec<NodeId> = self
            .data_nodes
            .values()
            .filter(|node| node.nodegroup.map(u32::from) == Some(nodegroup))
            .map(|node| node.id)
            .collect();
        let reply = Reply::new("drop nodegroup reply");
        let reply = if self.master().is_none() {
            let error = ErrorNumber::SEND_OR_RECEIVE_FAILED;
            reply.field("result", format_args!("error: {error}"))
        } else if members.is_empty() || configured.contains(&nodegroup) {
            reply.field("result", "error: -2")
        } else {
            for id in members {
                if let Some(node) = self.data_nodes.get_mut(&id) {
                    node.nodegroup = None;
                }
            }
            reply.field("result", "Ok")
        };
        self.reply(session, reply.end());
    }
}

fn in_time(until: Now, now: Now) -> Result<(), ErrorNumber> {
    if now < until {
        Ok(())
    } else {
        Err(STOP_TIMED_OUT)
    }
}

fn with_disconnect(reply: Reply, disconnect: Option<bool>) -> Reply {
    match disconnect {
        Some(disconnect) => reply.field("disconnect", u32::from(disconnect)),
        None => reply,
    }
}

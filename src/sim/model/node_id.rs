//! Node ids: who may have which, and who has it.

use std::net::{IpAddr, Ipv4Addr};

use super::{Cluster, SessionId};
use crate::cluster::{NodeId, NodeType, Severity};
use crate::sim::topology::NodeConfig;

/// Error numbers of `get nodeid`.
const NOT_READY: u32 = 1101;
const CONFIGURATION: u32 = 1102;
const OTHER_HOST: u32 = 1103;

/// Where every client of the simulator comes from, as far as node ids are concerned.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn type_name(node_type: NodeType) -> &'static str {
    match node_type {
        NodeType::Ndb => "ndbd(NDB)",
        NodeType::Api => "mysqld(API)",
        NodeType::Mgm => "ndb_mgmd(MGM)",
    }
}

/// The address that a node must connect from, if it is not this host's. Names are not resolved:
/// the simulator's clients are all on this host.
fn other_host(node: &NodeConfig) -> Option<IpAddr> {
    let address: IpAddr = node.text("HostName")?.parse().ok()?;
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// Number and text of the error.
pub(super) type Refused = (u32, String);

impl Cluster {
    pub(super) fn allocate(
        &mut self,
        session: SessionId,
        node_type: NodeType,
        wanted: u32,
    ) -> Result<NodeId, Refused> {
        let id = match wanted {
            0 => self.choose_free(node_type)?,
            wanted => self.check_wanted(session, node_type, wanted)?,
        };
        if node_type == NodeType::Api && self.master().is_none() {
            let text = "Cluster not ready for nodeid allocation.";
            return Err((NOT_READY, text.to_owned()));
        }
        if self.is_allocated(id) {
            let text = format!("Id {id} already allocated by another node.");
            return Err((NOT_READY, text));
        }
        if let Some(session) = self.sessions.get_mut(&session) {
            session.reserved.insert(id);
        }
        Ok(id)
    }

    /// The first free id of a type that this host may have. Management servers are not
    /// interchangeable: of several none is chosen, free or not.
    fn choose_free(&self, node_type: NodeType) -> Result<NodeId, Refused> {
        let here: Vec<NodeId> = self
            .topology
            .of_type(node_type)
            .filter(|node| other_host(node).is_none())
            .map(|node| node.id)
            .collect();
        if here.is_empty() {
            let text = format!(
                "Connection done from host ip {CLIENT}, not matching any (resolved) \
                 configured address."
            );
            return Err((OTHER_HOST, text));
        }
        if let (NodeType::Mgm, [first, second, ..]) = (node_type, &here[..]) {
            let text = format!(
                "Ambiguous node id's {first} and {second}. Suggest specifying node id in \
                 connectstring, or specifying unique host names in config file."
            );
            return Err((CONFIGURATION, text));
        }
        let mut free = here.into_iter().filter(|id| !self.is_allocated(*id));
        free.next().ok_or_else(|| {
            let text = format!("No free node id found for {}.", type_name(node_type));
            (NOT_READY, text)
        })
    }

    fn check_wanted(
        &self,
        session: SessionId,
        node_type: NodeType,
        wanted: u32,
    ) -> Result<NodeId, Refused> {
        let node = self.topology.node(wanted).ok_or_else(|| {
            let text = format!("No node defined with id={wanted} in config file.");
            (CONFIGURATION, text)
        })?;
        if node.node_type != node_type {
            let text = format!(
                "Id {wanted} configured as {}, connect attempted as {}.",
                type_name(node.node_type),
                type_name(node_type)
            );
            return Err((CONFIGURATION, text));
        }
        if wanted == self.server_of(session) {
            let text = format!("Id {wanted} is already allocated by this ndb_mgmd");
            return Err((CONFIGURATION, text));
        }
        if let Some(address) = other_host(node) {
            let text = format!(
                "Connection with id {wanted} done from host ip {CLIENT}, not matching \
                 expected {address}({address})."
            );
            return Err((OTHER_HOST, text));
        }
        Ok(node.id)
    }

    /// Handed out to a session, or in use by a simulated process.
    fn is_allocated(&self, id: NodeId) -> bool {
        let is_running = self
            .data_nodes
            .get(&id)
            .is_some_and(|node| node.is_connected());
        let is_serving = self.serving().contains(&id);
        is_running
            || is_serving
            || self
                .sessions
                .values()
                .any(|session| session.reserved.contains(&id))
    }

    /// A node id was given to a process on this host.
    pub(super) fn log_allocation(&mut self, id: NodeId, node_type: NodeType) {
        self.log_everywhere(Severity::Info, &format!("Alloc node id {id} succeeded"));
        let kind = node_type.wire_name();
        let text = format!("Nodeid {id} allocated for {kind} at {CLIENT}");
        self.log_everywhere(Severity::Info, &text);
    }

    pub(super) fn log_no_allocation(&mut self, session: SessionId, wanted: NodeType, why: &str) {
        if let Some(server) = self.sessions.get(&session).map(|session| session.server) {
            let kind = wanted.wire_name();
            let line = format!(
                "Unable to allocate nodeid for {kind} at {CLIENT}. Returned error: '{why}'"
            );
            self.log(server, Severity::Warning, line);
        }
    }
}

//! The nodes and their states.

use super::Request;
use super::command::{Command, command};
use crate::cluster::{Membership, NodeId, NodeState, NodeStatus, NodeType, Nodegroup, Version};
use crate::wire::arguments::optional_text;
use crate::wire::line::{self, push_line};
use crate::wire::writer::Writer;
use crate::wire::{Block, ReplyError};

/// Requests about the states of the nodes.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum StatusRequest {
    /// `get status`. Without types: data nodes, management servers, API nodes. At most three
    /// types count.
    GetStatus { types: Option<Vec<NodeType>> },
}

pub(super) const COMMANDS: &[Command] = &[command(
    "get status",
    "node status",
    &[optional_text("types")],
    |from| {
        let types = from.text("types").map(|types| status_types(&types));
        Request::Status(StatusRequest::GetStatus { types })
    },
)];

/// At most this many types count.
const TYPES_MAX: usize = 3;

/// Reading stops at the first unknown or empty word.
fn status_types(list: &str) -> Vec<NodeType> {
    list.split(' ')
        .map_while(|word| match word {
            "NDB" | "DB" | "ndbd" => Some(NodeType::Ndb),
            "API" | "mysqld" => Some(NodeType::Api),
            "MGM" | "ndb_mgmd" => Some(NodeType::Mgm),
            _ => None,
        })
        .take(TYPES_MAX)
        .collect()
}

impl StatusRequest {
    pub(super) fn name(&self) -> &'static str {
        match self {
            StatusRequest::GetStatus { .. } => "get status",
        }
    }

    pub(super) fn write(&self, to: &mut Writer<'_>) {
        match self {
            StatusRequest::GetStatus { types: None } => {}
            StatusRequest::GetStatus { types: Some(types) } => {
                let names = types.iter().map(|of| format!("{} ", of.wire_name()));
                to.bare_text("types", &names.collect::<String>());
            }
        }
    }
}

/// Number of a data node without a nodegroup.
const NO_NODEGROUP: i32 = -256;
/// Number of a data node whose nodegroup is not known.
const UNKNOWN_NODEGROUP: i32 = -1;

fn nodegroup_number(nodegroup: Membership) -> i32 {
    match nodegroup {
        Membership::Of(Nodegroup(number)) => i32::from(number),
        Membership::None => NO_NODEGROUP,
        Membership::Unknown => UNKNOWN_NODEGROUP,
    }
}

fn nodegroup_of(number: i32) -> Membership {
    match (number, u16::try_from(number)) {
        (_, Ok(number)) => Membership::Of(Nodegroup(number)),
        (NO_NODEGROUP, Err(_)) => Membership::None,
        (_, Err(_)) => Membership::Unknown,
    }
}

/// Reply to `get status`. A client sorts the nodes by id; a server sends them in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReply {
    /// The nodes.
    pub nodes: Vec<NodeState>,
    /// Whether the lines `is_single_user` are sent: to clients that have declared version
    /// 8.0.22 or later.
    pub single_user: bool,
}

impl StatusReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let number = |version: Option<Version>| version.map_or(0, |version| version.0);
        out.extend_from_slice(b"node status\n");
        push_line(out, format_args!("nodes: {}", self.nodes.len()));
        for state in &self.nodes {
            let id = state.node;
            let mut field = |name: &str, value: &dyn std::fmt::Display| {
                push_line(out, format_args!("node.{id}.{name}: {value}"));
            };
            field("type", &state.node_type.wire_name());
            field("status", &state.status.wire_name());
            field("version", &number(state.version));
            field("mysql_version", &number(state.mysql_version));
            field("startphase", &state.start_phase);
            field("dynamic_id", &state.dynamic_id.unwrap_or(0));
            field("node_group", &nodegroup_number(state.nodegroup));
            field("connect_count", &state.connect_count);
            field("address", &state.address.as_deref().unwrap_or_default());
            if self.single_user {
                field("is_single_user", &u32::from(state.is_single_user));
            }
        }
        out.push(b'\n');
    }

    /// Reads the reply; the nodes come out sorted by id.
    ///
    /// # Errors
    /// [`ReplyError::BadStatus`] with the original's texts.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        if let Some(error) = block.not_authorized() {
            return Err(error);
        }
        if block.header != "node status" {
            return Err(ReplyError::Illegal);
        }
        let Some(((first, count), fields)) = block.fields.split_first() else {
            return Err(ReplyError::Illegal);
        };
        if first != "nodes" {
            return Err(ReplyError::Illegal);
        }
        let count = line::parse_int(count.as_bytes()).unwrap_or(0);
        let mut reply = StatusReply {
            nodes: Vec::new(),
            single_user: false,
        };
        for (name, value) in fields {
            reply.read_field(name, value)?;
        }
        if reply.nodes.len() != count as usize {
            return Err(ReplyError::BadStatus("Node count mismatch"));
        }
        reply.nodes.sort_by_key(|state| state.node);
        Ok(reply)
    }

    /// One line `node.<id>.<name>: <value>`. A node begins where the id changes.
    fn read_field(&mut self, name: &str, value: &str) -> Result<(), ReplyError> {
        let unknown = ReplyError::BadStatus("Unknown field");
        let Some((id, name)) = name
            .strip_prefix("node.")
            .and_then(|rest| rest.split_once('.'))
        else {
            return Err(unknown);
        };
        let node = line::parse_int(id.as_bytes())
            .and_then(NodeId::new)
            .ok_or(ReplyError::BadStatus("Illegal node id"))?;
        if self.nodes.last().is_none_or(|last| last.node != node) {
            self.nodes
                .push(NodeState::without_contact(node, NodeType::Ndb));
        }
        let Some(state) = self.nodes.last_mut() else {
            return Err(unknown);
        };
        let number = line::parse_int(value.as_bytes()).unwrap_or(0);
        let version = || (number != 0).then_some(Version(number));
        match name {
            "type" => {
                state.node_type = NodeType::from_wire_name(value)
                    .ok_or(ReplyError::BadStatus("Unknown node type"))?;
            }
            "status" => state.status = NodeStatus::from_wire_name(value),
            "version" => state.version = version(),
            "mysql_version" => state.mysql_version = version(),
            "startphase" => state.start_phase = number,
            "dynamic_id" => state.dynamic_id = (number != 0).then_some(number.cast_signed()),
            "node_group" => state.nodegroup = nodegroup_of(number.cast_signed()),
            "connect_count" => state.connect_count = number,
            "address" => state.address = (!value.is_empty()).then(|| value.to_owned()),
            "is_single_user" => {
                self.single_user = true;
                state.is_single_user = number != 0;
            }
            _ => return Err(unknown),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(fields: &[(&str, &str)]) -> Block {
        Block {
            header: "node status".to_owned(),
            fields: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn a_bad_node_list_is_named_as_by_the_original() {
        for (fields, text) in [
            (
                &[("nodes", "1"), ("node.2.colour", "red")][..],
                "Unknown field",
            ),
            (&[("nodes", "1"), ("nodex", "red")], "Unknown field"),
            (
                &[("nodes", "2"), ("node.2.type", "NDB")],
                "Node count mismatch",
            ),
            (&[("nodes", "1"), ("node.0.type", "NDB")], "Illegal node id"),
            (
                &[("nodes", "1"), ("node.256.type", "NDB")],
                "Illegal node id",
            ),
        ] {
            assert_eq!(
                StatusReply::decode(&block(fields)),
                Err(ReplyError::BadStatus(text))
            );
        }
        assert_eq!(StatusReply::decode(&block(&[])), Err(ReplyError::Illegal));
    }

    #[test]
    fn nodes_are_sorted_and_signed_numbers_read() {
        let reply = StatusReply::decode(&block(&[
            ("nodes", "2"),
            ("node.9.type", "API"),
            ("node.9.address", "::1"),
            ("node.2.type", "NDB"),
            ("node.2.status", "SINGLE USER MODE"),
            ("node.2.dynamic_id", "-1"),
            ("node.2.node_group", "-256"),
        ]))
        .expect("well formed");
        assert_eq!(reply.nodes[0].node.get(), 2);
        assert_eq!(reply.nodes[0].status, NodeStatus::SingleUserMode);
        assert_eq!(reply.nodes[0].dynamic_id, Some(-1));
        assert_eq!(reply.nodes[0].nodegroup, Membership::None);
        assert_eq!(reply.nodes[1].address.as_deref(), Some("::1"));
        assert!(!reply.single_user);
    }
}

//! Orders to nodes: stop, restart, start, single user mode, nodegroups.

use super::Request;
use super::command::{Command, Fields, command, fields};
use crate::wire::arguments::{Argument, Arguments, int, optional_int, optional_text, text};
use crate::wire::line::push_line;
use crate::wire::writer::Writer;
use crate::wire::{Block, ReplyError};

/// Orders to nodes.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum NodesRequest {
    /// `stop`, or `stop v2` when `force` is given
    Stop {
        nodes: String,
        abort: bool,
        force: Option<bool>,
    },
    /// `stop all`; `stop` is `db`, `mgm` or `mgm,db`
    StopAll { abort: bool, stop: Option<String> },
    /// `restart node`, or `restart node v2` when `force` is given
    RestartNode {
        nodes: String,
        initial: bool,
        nostart: bool,
        abort: bool,
        force: Option<bool>,
    },
    /// `restart all`
    RestartAll {
        initial: bool,
        nostart: bool,
        abort: bool,
    },
    /// `start`
    Start { node: u32 },
    /// `start all`
    StartAll,
    /// `enter single user`
    EnterSingleUser { node: u32 },
    /// `exit single user`
    ExitSingleUser,
    /// `create nodegroup`
    CreateNodegroup { nodes: String },
    /// `drop nodegroup`
    DropNodegroup { nodegroup: u32 },
}

pub(super) const COMMANDS: &[Command] = &[
    command(
        "stop",
        "stop reply",
        &[text("node"), int("abort")],
        |from| read_stop(from, None),
    ),
    command(
        "stop v2",
        "stop reply",
        &[text("node"), int("abort"), optional_int("force")],
        |from| read_stop(from, Some(from.flag("force"))),
    ),
    command(
        "stop all",
        "stop reply",
        &[int("abort"), optional_text("stop")],
        |from| {
            Request::Nodes(NodesRequest::StopAll {
                abort: from.flag("abort"),
                stop: from.text("stop"),
            })
        },
    ),
    command(
        "restart node",
        "restart reply",
        &[
            text("node"),
            optional_int("initialstart"),
            optional_int("nostart"),
            optional_int("abort"),
        ],
        |from| read_restart(from, None),
    ),
    command(
        "restart node v2",
        "restart reply",
        &[
            text("node"),
            optional_int("initialstart"),
            optional_int("nostart"),
            optional_int("abort"),
            optional_int("force"),
        ],
        |from| read_restart(from, Some(from.flag("force"))),
    ),
    command(
        "restart all",
        "restart reply",
        &[
            optional_int("initialstart"),
            optional_int("nostart"),
            optional_int("abort"),
        ],
        |from| {
            Request::Nodes(NodesRequest::RestartAll {
                initial: from.flag("initialstart"),
                nostart: from.flag("nostart"),
                abort: from.flag("abort"),
            })
        },
    ),
    command("start", "start reply", &[int("node")], |from| {
        let node = from.mandatory_int("node");
        Request::Nodes(NodesRequest::Start { node })
    }),
    command("start all", "start reply", &[], |_| {
        Request::Nodes(NodesRequest::StartAll)
    }),
    command(
        "enter single user",
        "enter single user reply",
        &[int("nodeId")],
        |from| {
            let node = from.mandatory_int("nodeId");
            Request::Nodes(NodesRequest::EnterSingleUser { node })
        },
    ),
    command("exit single user", "exit single user reply", &[], |_| {
        Request::Nodes(NodesRequest::ExitSingleUser)
    }),
    command(
        "create nodegroup",
        "create nodegroup reply",
        &[text("nodes")],
        |from| {
            let nodes = from.mandatory_text("nodes");
            Request::Nodes(NodesRequest::CreateNodegroup { nodes })
        },
    ),
    command(
        "drop nodegroup",
        "drop nodegroup reply",
        &[int("ng")],
        |from| {
            let nodegroup = from.mandatory_int("ng");
            Request::Nodes(NodesRequest::DropNodegroup { nodegroup })
        },
    ),
];

fn read_stop(from: &Arguments, force: Option<bool>) -> Request {
    Request::Nodes(NodesRequest::Stop {
        nodes: from.mandatory_text("node"),
        abort: from.flag("abort"),
        force,
    })
}

fn read_restart(from: &Arguments, force: Option<bool>) -> Request {
    Request::Nodes(NodesRequest::RestartNode {
        nodes: from.mandatory_text("node"),
        initial: from.flag("initialstart"),
        nostart: from.flag("nostart"),
        abort: from.flag("abort"),
        force,
    })
}

impl NodesRequest {
    pub(super) fn name(&self) -> &'static str {
        match self {
            NodesRequest::Stop { force: None, .. } => "stop",
            NodesRequest::Stop { force: Some(_), .. } => "stop v2",
            NodesRequest::StopAll { .. } => "stop all",
            NodesRequest::RestartNode { force: None, .. } => "restart node",
            NodesRequest::RestartNode { force: Some(_), .. } => "restart node v2",
            NodesRequest::RestartAll { .. } => "restart all",
            NodesRequest::Start { .. } => "start",
            NodesRequest::StartAll => "start all",
            NodesRequest::EnterSingleUser { .. } => "enter single user",
            NodesRequest::ExitSingleUser => "exit single user",
            NodesRequest::CreateNodegroup { .. } => "create nodegroup",
            NodesRequest::DropNodegroup { .. } => "drop nodegroup",
        }
    }

    pub(super) fn write(&self, to: &mut Writer<'_>) {
        match self {
            NodesRequest::Stop {
                nodes,
                abort,
                force,
            } => {
                to.optional_int("force", force.map(u32::from))
                    .flag("abort", *abort)
                    .text("node", nodes);
            }
            NodesRequest::StopAll { abort, stop } => {
                to.optional_text("stop", stop).flag("abort", *abort);
            }
            NodesRequest::RestartNode {
                nodes,
                initial,
                nostart,
                abort,
                force,
            } => {
                to.optional_int("force", force.map(u32::from))
                    .flag("nostart", *nostart)
                    .flag("initialstart", *initial)
                    .flag("abort", *abort)
                    .text("node", nodes);
            }
            NodesRequest::RestartAll {
                initial,
                nostart,
                abort,
            } => {
                to.flag("nostart", *nostart)
                    .flag("initialstart", *initial)
                    .flag("abort", *abort);
            }
            NodesRequest::Start { node } => {
                to.int("node", *node);
            }
            NodesRequest::EnterSingleUser { node } => {
                to.int("nodeId", *node);
            }
            NodesRequest::CreateNodegroup { nodes } => {
                to.text("nodes", nodes);
            }
            NodesRequest::DropNodegroup { nodegroup } => {
                to.int("ng", *nodegroup);
            }
            NodesRequest::StartAll | NodesRequest::ExitSingleUser => {}
        }
    }
}

/// Reply to `stop`, `stop v2` and `stop all` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopReply {
    /// How many nodes stop.
    pub stopped: u32,
    /// Whether this server stops too, so that the client must disconnect. Not sent in the
    /// reply to `stop`, and in that to `stop all` only if it named what to stop.
    pub disconnect: Option<bool>,
}

impl StopReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode_count("stop reply", "stopped", self.stopped, self.disconnect, out);
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the text of the error.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("result"), int("stopped"), optional_int("disconnect")];
        let reply = fields("stop v2", block, FIELDS)?;
        reply.check_ok()?;
        Ok(StopReply {
            stopped: reply.arguments.mandatory_int("stopped"),
            disconnect: disconnect(&reply),
        })
    }
}

/// Reply to `restart node`, `restart node v2` and `restart all` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartReply {
    /// How many nodes restart.
    pub restarted: u32,
    /// As in [`StopReply`]; sent in the reply to `restart node v2` only.
    pub disconnect: Option<bool>,
}

impl RestartReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode_count(
            "restart reply",
            "restarted",
            self.restarted,
            self.disconnect,
            out,
        );
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the number and the text of the error.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("result"), int("restarted"), optional_int("disconnect")];
        let reply = fields("restart node v2", block, FIELDS)?;
        reply.check_ok()?;
        Ok(RestartReply {
            restarted: reply.arguments.mandatory_int("restarted"),
            disconnect: disconnect(&reply),
        })
    }
}

fn encode_count(header: &str, name: &str, count: u32, disconnect: Option<bool>, out: &mut Vec<u8>) {
    push_line(out, format_args!("{header}"));
    push_line(out, format_args!("result: Ok"));
    push_line(out, format_args!("{name}: {count}"));
    if let Some(disconnect) = disconnect {
        push_line(out, format_args!("disconnect: {}", u32::from(disconnect)));
    }
    out.push(b'\n');
}

fn disconnect(reply: &Fields) -> Option<bool> {
    reply.arguments.int("disconnect").map(|value| value != 0)
}

/// Reply to `start all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartAllReply {
    /// How many data nodes the order was sent to.
    pub started: u32,
}

impl StartAllReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode_count("start reply", "started", self.started, None, out);
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the text of the error.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("result"), int("started")];
        let reply = fields("start all", block, FIELDS)?;
        reply.check_ok()?;
        Ok(StartAllReply {
            started: reply.arguments.mandatory_int("started"),
        })
    }
}

/// Reply to `create nodegroup` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateNodegroupReply {
    /// Number of the new nodegroup.
    pub nodegroup: i32,
}

impl CreateNodegroupReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("create nodegroup reply"));
        push_line(out, format_args!("ng: {}", self.nodegroup));
        push_line(out, format_args!("result: Ok"));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::RefusedWithCode`] with the error's number and text.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[int("ng"), optional_int("error_code"), text("result")];
        let reply = fields("create nodegroup", block, FIELDS)?;
        let code = reply.arguments.int("error_code");
        match (reply.check_ok(), code) {
            (Err(ReplyError::Refused(text)), Some(code)) => {
                Err(ReplyError::RefusedWithCode { code, text })
            }
            (Err(error), _) => Err(error),
            (Ok(()), _) => Ok(CreateNodegroupReply {
                nodegroup: reply.arguments.mandatory_int("ng").cast_signed(),
            }),
        }
    }
}

//! Replies to orders to nodes.

use super::super::ReplyError;
use super::super::block::{Block, Reply};
use super::super::command::{Argument, int, optional_int, text};
use super::super::line::push_line;

/// Reply to `start backup` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartBackupReply {
    /// Id of the backup; none if the request did not wait.
    pub id: Option<u32>,
}

impl StartBackupReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("start backup reply"));
        push_line(out, format_args!("result: Ok"));
        if let Some(id) = self.id {
            // Printed as signed by the original.
            push_line(out, format_args!("id: {}", id.cast_signed()));
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the text of the error.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("result"), optional_int("id")];
        let reply = block.expect("start backup", FIELDS)?;
        reply.check_ok()?;
        Ok(StartBackupReply {
            id: reply.arguments.int("id"),
        })
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
        let reply = block.expect("stop v2", FIELDS)?;
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
        let reply = block.expect("restart node v2", FIELDS)?;
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

fn disconnect(reply: &Reply) -> Option<bool> {
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
        let reply = block.expect("start all", FIELDS)?;
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
        let reply = block.expect("create nodegroup", FIELDS)?;
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

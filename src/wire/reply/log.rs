//! Replies about the cluster log and events.

use super::super::block::Block;
use super::super::command::{Argument, int, optional_int, optional_text, text};
use super::super::line::push_line;
use super::super::{ReplyError, encode_event};
use crate::cluster::{Event, EventCategory};

/// Names of the severities in `get info clusterlog`; the first is the whole log.
const SEVERITIES: [&str; 7] = [
    "enabled", "debug", "info", "warning", "error", "critical", "alert",
];

/// Reply to `get info clusterlog`: what the cluster log lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterlogReply {
    /// The whole log, then the severities debug, info, warning, error, critical and alert.
    pub enabled: [bool; 7],
}

impl ClusterlogReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("clusterlog"));
        for (name, enabled) in SEVERITIES.iter().zip(self.enabled) {
            push_line(out, format_args!("{name}: {}", u32::from(enabled)));
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[
            int("enabled"),
            int("debug"),
            int("info"),
            int("warning"),
            int("error"),
            int("critical"),
            int("alert"),
        ];
        let reply = block.expect("get info clusterlog", FIELDS)?;
        reply.check_complete()?;
        Ok(ClusterlogReply {
            enabled: SEVERITIES.map(|name| reply.arguments.mandatory_int(name) != 0),
        })
    }
}

/// Reply to `get cluster loglevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterLoglevelReply {
    /// Levels in the order of [`EventCategory::ALL`].
    pub levels: [u32; 13],
}

impl ClusterLoglevelReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("get cluster loglevel"));
        for (category, level) in EventCategory::ALL.iter().zip(self.levels) {
            push_line(out, format_args!("{}: {level}", category.key()));
        }
        out.push(b'\n');
    }

    /// Reads the reply. Servers before 7.x have no `schema`; its level is then 0.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[
            int("startup"),
            int("shutdown"),
            int("statistics"),
            int("checkpoint"),
            int("noderestart"),
            int("connection"),
            int("info"),
            int("warning"),
            int("error"),
            int("congestion"),
            int("debug"),
            int("backup"),
            optional_int("schema"),
        ];
        let reply = block.expect("get cluster loglevel", FIELDS)?;
        reply.check_complete()?;
        Ok(ClusterLoglevelReply {
            levels: EventCategory::ALL
                .map(|category| reply.arguments.mandatory_int(category.key())),
        })
    }
}

/// Reply to `set logfilter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogfilterReply {
    /// The new state.
    pub enabled: bool,
}

impl LogfilterReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("set logfilter reply"));
        push_line(out, format_args!("result: {}", u32::from(self.enabled)));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[int("result")];
        let reply = block.expect("set logfilter", FIELDS)?;
        reply.check_complete()?;
        Ok(LogfilterReply {
            enabled: reply.arguments.mandatory_int("result") != 0,
        })
    }
}

/// Reply to `listen event` after which events come; a refusal leaves the session as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenReply;

impl ListenReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("listen event"));
        push_line(out, format_args!("result: 0"));
        out.push(b'\n');
    }

    /// Reads the reply. The original takes every result for a success; this does not.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's text.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[int("result"), optional_text("msg")];
        let reply = block.expect("listen event", FIELDS)?;
        reply.check_complete()?;
        match reply.arguments.mandatory_int("result") {
            0 => Ok(ListenReply),
            _ => Err(ReplyError::Refused(reply.arguments.mandatory_text("msg"))),
        }
    }
}

/// Reply to `dump events`: as many records follow, each a block of its own for
/// [`super::super::decode_event`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DumpEventsReply {
    /// How many records follow.
    pub events: u32,
}

impl DumpEventsReply {
    /// Appends the reply and the records.
    pub fn encode(events: &[Event], out: &mut Vec<u8>) {
        push_line(out, format_args!("dump events reply"));
        push_line(out, format_args!("result: Ok"));
        push_line(out, format_args!("events: {}", events.len()));
        out.push(b'\n');
        for event in events {
            encode_event(event, out);
        }
    }

    /// Reads the reply without the records.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's text.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("result"), int("events")];
        let reply = block.expect("dump events", FIELDS)?;
        reply.check_ok()?;
        Ok(DumpEventsReply {
            events: reply.arguments.mandatory_int("events"),
        })
    }
}

//! Events: listening, asking for them, making them.

use super::Request;
use super::command::{Command, command, fields};
use crate::cluster::Event;
use crate::wire::arguments::{Argument, Arguments, int, optional_int, optional_text, text};
use crate::wire::line::{self, push_line};
use crate::wire::writer::Writer;
use crate::wire::{Block, ReplyError, encode_event};

/// Requests about events.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum EventsRequest {
    /// `listen event`
    ListenEvent { filter: String, parsable: bool },
    /// `dump events`; `nodes` is a list such as `1,2,5-7`
    DumpEvents { kind: u32, nodes: Option<String> },
    /// `report event`; word 0 holds the type and the node << 16
    ReportEvent { words: Vec<u32> },
}

pub(super) const COMMANDS: &[Command] = &[
    command(
        "listen event",
        "listen event",
        &[
            optional_int("node"),
            text("filter"),
            optional_int("parsable"),
        ],
        |from| {
            Request::Events(EventsRequest::ListenEvent {
                filter: from.mandatory_text("filter"),
                parsable: from.flag("parsable"),
            })
        },
    ),
    command(
        "dump events",
        "dump events reply",
        &[int("type"), optional_text("nodes")],
        |from| {
            Request::Events(EventsRequest::DumpEvents {
                kind: from.mandatory_int("type"),
                nodes: from.text("nodes"),
            })
        },
    ),
    command(
        "report event",
        "report event reply",
        &[int("length"), text("data")],
        |from| {
            let words = event_words(from);
            Request::Events(EventsRequest::ReportEvent { words })
        },
    ),
];

/// As many words of `data` as `length` says, fewer than 25.
fn event_words(from: &Arguments) -> Vec<u32> {
    let length = from.mandatory_int("length").min(24) as usize;
    from.mandatory_text("data")
        .split_ascii_whitespace()
        .map_while(|word| line::parse_int(word.as_bytes()))
        .take(length)
        .collect()
}

impl EventsRequest {
    pub(super) fn name(&self) -> &'static str {
        match self {
            EventsRequest::ListenEvent { .. } => "listen event",
            EventsRequest::DumpEvents { .. } => "dump events",
            EventsRequest::ReportEvent { .. } => "report event",
        }
    }

    pub(super) fn write(&self, to: &mut Writer<'_>) {
        match self {
            EventsRequest::ListenEvent { filter, parsable } => {
                to.text("filter", filter).flag("parsable", *parsable);
            }
            EventsRequest::DumpEvents { kind, nodes } => {
                to.optional_text("nodes", nodes).int("type", *kind);
            }
            EventsRequest::ReportEvent { words } => {
                let list: Vec<String> = words.iter().map(u32::to_string).collect();
                to.text("data", &list.join(" "))
                    .int("length", words.len() as u32);
            }
        }
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
        let reply = fields("listen event", block, FIELDS)?;
        reply.check_complete()?;
        match reply.arguments.mandatory_int("result") {
            0 => Ok(ListenReply),
            _ => Err(ReplyError::Refused(reply.arguments.mandatory_text("msg"))),
        }
    }
}

/// Reply to `dump events`: as many records follow, each a block of its own for
/// [`crate::wire::decode_event`].
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
        let reply = fields("dump events", block, FIELDS)?;
        reply.check_ok()?;
        Ok(DumpEventsReply {
            events: reply.arguments.mandatory_int("events"),
        })
    }
}

//! The cluster log and the levels of events.

use super::Request;
use super::command::{Command, command, fields};
use crate::cluster::EventCategory;
use crate::wire::arguments::{Argument, int, optional_int};
use crate::wire::line::push_line;
use crate::wire::writer::Writer;
use crate::wire::{Block, ReplyError};

/// Requests about the cluster log and the levels of events.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum LogsRequest {
    /// `set loglevel`
    SetLoglevel {
        node: u32,
        category: u32,
        level: u32,
    },
    /// `set cluster loglevel`
    SetClusterLoglevel {
        node: u32,
        category: u32,
        level: u32,
    },
    /// `get cluster loglevel`
    GetClusterLoglevel,
    /// `get info clusterlog`
    GetInfoClusterlog,
    /// `set logfilter`; `level` is a severity, 0 the whole log, 7 all; `enable` is 0 off,
    /// positive on, negative toggle
    SetLogfilter { level: u32, enable: i32 },
}

pub(super) const COMMANDS: &[Command] = &[
    command("set loglevel", "set loglevel reply", LEVEL, |from| {
        Request::Logs(LogsRequest::SetLoglevel {
            node: from.mandatory_int("node"),
            category: from.mandatory_int("category"),
            level: from.mandatory_int("level"),
        })
    }),
    command(
        "set cluster loglevel",
        "set cluster loglevel reply",
        LEVEL,
        |from| {
            Request::Logs(LogsRequest::SetClusterLoglevel {
                node: from.mandatory_int("node"),
                category: from.mandatory_int("category"),
                level: from.mandatory_int("level"),
            })
        },
    ),
    command("get cluster loglevel", "get cluster loglevel", &[], |_| {
        Request::Logs(LogsRequest::GetClusterLoglevel)
    }),
    command("get info clusterlog", "clusterlog", &[], |_| {
        Request::Logs(LogsRequest::GetInfoClusterlog)
    }),
    command(
        "set logfilter",
        "set logfilter reply",
        &[int("level"), int("enable")],
        |from| {
            Request::Logs(LogsRequest::SetLogfilter {
                level: from.mandatory_int("level"),
                enable: from.mandatory_int("enable").cast_signed(),
            })
        },
    ),
];

const LEVEL: &[Argument] = &[int("node"), int("category"), int("level")];

impl LogsRequest {
    pub(super) fn name(&self) -> &'static str {
        match self {
            LogsRequest::SetLoglevel { .. } => "set loglevel",
            LogsRequest::SetClusterLoglevel { .. } => "set cluster loglevel",
            LogsRequest::GetClusterLoglevel => "get cluster loglevel",
            LogsRequest::GetInfoClusterlog => "get info clusterlog",
            LogsRequest::SetLogfilter { .. } => "set logfilter",
        }
    }

    pub(super) fn write(&self, to: &mut Writer<'_>) {
        match self {
            LogsRequest::SetLoglevel {
                node,
                category,
                level,
            }
            | LogsRequest::SetClusterLoglevel {
                node,
                category,
                level,
            } => {
                to.int("level", *level)
                    .int("category", *category)
                    .int("node", *node);
            }
            LogsRequest::SetLogfilter { level, enable } => {
                to.int("enable", enable.cast_unsigned())
                    .int("level", *level);
            }
            LogsRequest::GetClusterLoglevel | LogsRequest::GetInfoClusterlog => {}
        }
    }
}

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
        let reply = fields("get info clusterlog", block, FIELDS)?;
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
        let reply = fields("get cluster loglevel", block, FIELDS)?;
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
        let reply = fields("set logfilter", block, FIELDS)?;
        reply.check_complete()?;
        Ok(LogfilterReply {
            enabled: reply.arguments.mandatory_int("result") != 0,
        })
    }
}

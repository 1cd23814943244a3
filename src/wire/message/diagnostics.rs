//! Looking into data nodes, and making them fail. The replies are `result: Ok` alone.

use super::Request;
use super::command::{Command, command};
use crate::wire::arguments::{int, optional_int, text};
use crate::wire::writer::Writer;

/// Requests that look into data nodes.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum DiagnosticsRequest {
    /// `dump state`; `args` are decimal numbers separated by blanks
    DumpState { node: u32, args: String },
    /// `insert error`
    InsertError {
        node: u32,
        error: u32,
        extra: Option<u32>,
    },
    /// `set trace`
    SetTrace { node: u32, trace: u32 },
    /// `log signals`; `blocks` are separated by `|`
    LogSignals {
        node: u32,
        blocks: String,
        r#in: u32,
        out: u32,
    },
    /// `start signallog`
    StartSignallog { node: u32 },
    /// `stop signallog`
    StopSignallog { node: u32 },
}

pub(super) const COMMANDS: &[Command] = &[
    command(
        "dump state",
        "dump state reply",
        &[int("node"), text("args")],
        |from| {
            Request::Diagnostics(DiagnosticsRequest::DumpState {
                node: from.mandatory_int("node"),
                args: from.mandatory_text("args"),
            })
        },
    ),
    command(
        "insert error",
        "insert error reply",
        &[int("node"), int("error"), optional_int("extra")],
        |from| {
            Request::Diagnostics(DiagnosticsRequest::InsertError {
                node: from.mandatory_int("node"),
                error: from.mandatory_int("error"),
                extra: from.int("extra"),
            })
        },
    ),
    command(
        "set trace",
        "set trace reply",
        &[int("node"), int("trace")],
        |from| {
            Request::Diagnostics(DiagnosticsRequest::SetTrace {
                node: from.mandatory_int("node"),
                trace: from.mandatory_int("trace"),
            })
        },
    ),
    command(
        "log signals",
        "log signals reply",
        &[int("node"), text("blocks"), int("in"), int("out")],
        |from| {
            Request::Diagnostics(DiagnosticsRequest::LogSignals {
                node: from.mandatory_int("node"),
                blocks: from.mandatory_text("blocks"),
                r#in: from.mandatory_int("in"),
                out: from.mandatory_int("out"),
            })
        },
    ),
    command(
        "start signallog",
        "start signallog reply",
        &[int("node")],
        |from| {
            let node = from.mandatory_int("node");
            Request::Diagnostics(DiagnosticsRequest::StartSignallog { node })
        },
    ),
    command(
        "stop signallog",
        "stop signallog reply",
        &[int("node")],
        |from| {
            let node = from.mandatory_int("node");
            Request::Diagnostics(DiagnosticsRequest::StopSignallog { node })
        },
    ),
];

impl DiagnosticsRequest {
    pub(super) fn name(&self) -> &'static str {
        match self {
            DiagnosticsRequest::DumpState { .. } => "dump state",
            DiagnosticsRequest::InsertError { .. } => "insert error",
            DiagnosticsRequest::SetTrace { .. } => "set trace",
            DiagnosticsRequest::LogSignals { .. } => "log signals",
            DiagnosticsRequest::StartSignallog { .. } => "start signallog",
            DiagnosticsRequest::StopSignallog { .. } => "stop signallog",
        }
    }

    pub(super) fn write(&self, to: &mut Writer<'_>) {
        match self {
            DiagnosticsRequest::DumpState { node, args } => {
                to.text("args", args).int("node", *node);
            }
            DiagnosticsRequest::InsertError { node, error, extra } => {
                to.optional_int("extra", *extra)
                    .int("error", *error)
                    .int("node", *node);
            }
            DiagnosticsRequest::SetTrace { node, trace } => {
                to.int("trace", *trace).int("node", *node);
            }
            DiagnosticsRequest::LogSignals {
                node,
                blocks,
                r#in,
                out,
            } => {
                to.int("out", *out)
                    .int("in", *r#in)
                    .text("blocks", blocks)
                    .int("node", *node);
            }
            DiagnosticsRequest::StartSignallog { node }
            | DiagnosticsRequest::StopSignallog { node } => {
                to.int("node", *node);
            }
        }
    }
}

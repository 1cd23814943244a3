//! Replies that refuse a request (management protocol, 3 and 8.1).

use super::command::reply_header;
use crate::cluster::ErrorNumber;
use crate::wire::line::push_line;

/// The reply to a request that is not carried out: one variant per layout. The texts are the
/// server's words; clients read them as [`crate::wire::ReplyError::Refused`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// `result: <text>` alone, of every command that has no variant of its own.
    Result {
        /// Name of the refused command, as of [`super::Request::name`].
        command: &'static str,
        /// Why.
        text: String,
    },
    /// Of any command but the first ones of a connection, on a server that requires TLS.
    NotAuthorized,
    /// Of `listen event`.
    Listen {
        /// Why.
        text: String,
    },
    /// Of `stop`, `stop v2` and `stop all`.
    Stop {
        /// Why.
        error: ErrorNumber,
        /// How many nodes were told to stop: none, unless they are late.
        stopped: u32,
        /// As in [`super::StopReply`].
        disconnect: Option<bool>,
    },
    /// Of `restart node`, `restart node v2` and `restart all`.
    Restart {
        /// Why.
        error: ErrorNumber,
        /// How many nodes were told to restart: none, unless they are late.
        restarted: u32,
        /// As in [`super::RestartReply`].
        disconnect: Option<bool>,
    },
    /// Of `get nodeid`.
    GetNodeid {
        /// Why.
        text: String,
        /// Number of the error, for clients that ask for it.
        code: Option<u32>,
    },
    /// Of `set parameter`.
    SetParameter {
        /// Why.
        text: String,
    },
    /// Of `set connection parameter`.
    SetConnectionParameter {
        /// Why.
        text: String,
    },
    /// Of `get connection parameter`.
    GetConnectionParameter {
        /// Why.
        text: String,
    },
    /// Of `create nodegroup`.
    CreateNodegroup {
        /// Why.
        error: ErrorNumber,
    },
    /// Of `drop nodegroup`: the number alone. Data nodes have negative ones, too.
    DropNodegroup {
        /// Number of the error.
        code: i32,
    },
}

impl Refusal {
    /// The refusal of `command` for an error of the table, for commands whose reply has
    /// nothing but `result:`.
    pub fn error(command: &'static str, error: ErrorNumber) -> Self {
        Refusal::Result {
            command,
            text: error.text(),
        }
    }

    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Refusal::Result { command, text } => {
                // `list sessions` and the like have no header, and are never refused.
                if let Some(header) = reply_header(command) {
                    push_line(out, format_args!("{header}"));
                }
                push_line(out, format_args!("result: {text}"));
            }
            Refusal::NotAuthorized => {
                push_line(out, format_args!("Authorization failed"));
                push_line(out, format_args!("Error: Requires TLS"));
            }
            Refusal::Listen { text } => {
                push_line(out, format_args!("listen event"));
                push_line(out, format_args!("result: -1"));
                push_line(out, format_args!("msg: {text}"));
            }
            Refusal::Stop {
                error,
                stopped,
                disconnect,
            } => {
                push_line(out, format_args!("stop reply"));
                push_line(out, format_args!("result: {}", error.text()));
                push_line(out, format_args!("stopped: {stopped}"));
                push_disconnect(*disconnect, out);
            }
            Refusal::Restart {
                error,
                restarted,
                disconnect,
            } => {
                push_line(out, format_args!("restart reply"));
                push_line(out, format_args!("result: {error}-{}", error.text()));
                push_line(out, format_args!("restarted: {restarted}"));
                push_disconnect(*disconnect, out);
            }
            Refusal::GetNodeid { text, code } => {
                push_line(out, format_args!("get nodeid reply"));
                push_line(out, format_args!("result: {text}"));
                if let Some(code) = code {
                    push_line(out, format_args!("error_code: {code}"));
                }
            }
            Refusal::SetParameter { text } => {
                push_line(out, format_args!("set parameter reply"));
                push_line(out, format_args!("message: {text}"));
                push_line(out, format_args!("result: -1"));
            }
            Refusal::SetConnectionParameter { text } => {
                push_line(out, format_args!("set connection parameter reply"));
                push_line(out, format_args!("message: {text}"));
                push_line(out, format_args!("result: Failed"));
            }
            Refusal::GetConnectionParameter { text } => {
                push_line(out, format_args!("get connection parameter reply"));
                push_line(out, format_args!("value: 0"));
                push_line(out, format_args!("result: {text}"));
            }
            Refusal::CreateNodegroup { error } => {
                push_line(out, format_args!("create nodegroup reply"));
                push_line(out, format_args!("ng: -1"));
                push_line(out, format_args!("error_code: {error}"));
                push_line(out, format_args!("result: {error}-{}", error.text()));
            }
            Refusal::DropNodegroup { code } => {
                push_line(out, format_args!("drop nodegroup reply"));
                push_line(out, format_args!("result: error: {code}"));
            }
        }
        out.push(b'\n');
    }
}

fn push_disconnect(disconnect: Option<bool>, out: &mut Vec<u8>) {
    if let Some(disconnect) = disconnect {
        push_line(out, format_args!("disconnect: {}", u32::from(disconnect)));
    }
}

//! What can go wrong in a session.

use std::time::Duration;

use crate::cluster::{ConnectStringError, ErrorNumber};
use crate::wire::{ReplyError, WireError};

/// Number of a timeout: the system's ETIMEDOUT, which the original reports.
const TIMED_OUT: u32 = 110;
/// Number of a refusal whose request has no number of its own: the system's EINVAL.
pub(super) const INVALID_ARGUMENT: u32 = 22;
/// Status of the reply parser: what came does not begin as the reply must.
const WRONG_HEADER: u32 = 4;
/// Number of a reply that is not understood.
pub(super) const ILLEGAL_REPLY: u32 = 1006;

/// What the original makes of a refused request: the number of its error, and the name of the
/// call in its programming interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call(pub(super) u32, pub(super) &'static str);

/// Name of the call behind [`Session::listen`](super::Session::listen).
pub(super) const LISTEN: &str = "ndb_mgm_listen_event";
/// Name of the call behind [`Session::get_config`](super::Session::get_config).
pub(super) const GET_CONFIGURATION: &str = "ndb_mgm_get_configuration";

/// A request that failed, or a connection that could not be had.
///
/// [`ClientError::number`] and [`ClientError::description`] are what the original's prompt
/// prints under `*  1006: Illegal reply from server`; `Display` is for everyone else.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The connect string has no meaning.
    #[error(transparent)]
    ConnectString(#[from] ConnectStringError),
    /// No server of the connect string could be reached.
    #[error(
        "unable to connect with connect string: {connect_string}{}",
        because(cause)
    )]
    Unreachable {
        /// The connect string in its canonical form.
        connect_string: String,
        /// Why the last host that was tried could not be reached.
        cause: Option<String>,
    },
    /// The server did not answer in time. The session is closed.
    #[error("{command}: no answer from the management server within {} ms", limit.as_millis())]
    TimedOut {
        /// The command that was sent.
        command: &'static str,
        /// The limit that was kept.
        limit: Duration,
    },
    /// The server closed the connection, or an earlier failure did.
    #[error("{command}: the management server closed the connection")]
    Disconnected {
        /// The command that was to be answered.
        command: &'static str,
    },
    /// The server closed the connection in the middle of something that is no reply to the
    /// request. Its lines may end in CR LF, whose empty line ends no reply.
    #[error("{command}: the server said \"{line}\" and closed the connection")]
    Foreign {
        /// The command that was to be answered.
        command: &'static str,
        /// The first line that it said.
        line: String,
    },
    /// The connection failed.
    #[error("{command}: {source}")]
    Socket {
        /// The command that was under way.
        command: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// The server understood the request and refused it.
    #[error("{text}")]
    Refused {
        /// Number of the error, such as 3001.
        number: u32,
        /// The server's `result:` text.
        text: String,
    },
    /// The server wants TLS or a certificate.
    #[error("not authorized: {text}")]
    NotAuthorized {
        /// The server's text, such as `Requires TLS`.
        text: String,
        /// Number of the error: 1502 TLS, 1503 a certificate, 1501 anything else; 0 for
        /// `listen event`, whose call in the original does not look at the reply.
        number: u32,
        /// Name of the call in the original's programming interface.
        call: &'static str,
    },
    /// The configuration could not be had (error 4012).
    #[error("{text}")]
    NoConfiguration {
        /// What the original's client library prints to stdout about it.
        text: String,
    },
    /// The reply was not what the protocol asks for.
    #[error("{0}")]
    Reply(ReplyError),
    /// What came is no protocol; the session is closed.
    #[error("{command}: {source}")]
    Protocol {
        /// The command that was under way.
        command: &'static str,
        /// What was wrong.
        source: WireError,
    },
    /// The request cannot be sent as it is, so nothing was sent.
    #[error("{0}")]
    NotSendable(WireError),
    /// The server is too old for what was asked; nothing was sent.
    #[error("{text}")]
    NotSupported {
        /// Number of the error, such as 3001.
        number: u32,
        /// What the server lacks.
        text: &'static str,
    },
    /// TLS could not be started.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An event stream was silent, although a server writes twice a second.
    #[error("no sign of life from the management server for {} s", limit.as_secs())]
    Silent {
        /// The limit that was kept.
        limit: Duration,
    },
}

/// Why a connection could not be changed to TLS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// This client has no key and certificate that it can use.
    #[error("this client has no valid certificate")]
    NoCertificate,
    /// The connection uses TLS already.
    #[error("the connection uses TLS already")]
    AlreadyInUse,
    /// The server answered that it will not.
    #[error("the management server refused TLS: it has no valid certificate itself")]
    Refused,
    /// One of the two did not accept the other. The connection is closed.
    #[error("TLS with {host}: {reason}")]
    Handshake {
        /// The host as it was connected to.
        host: String,
        /// What happened.
        reason: String,
    },
}

impl TlsError {
    fn number(&self) -> u32 {
        match self {
            TlsError::NoCertificate | TlsError::AlreadyInUse => 1014,
            TlsError::Refused => 1015,
            TlsError::Handshake { .. } => 1016,
        }
    }

    fn description(&self) -> &'static str {
        match self {
            TlsError::NoCertificate => "SSL CTX required",
            TlsError::AlreadyInUse => "Socket already has TLS",
            TlsError::Refused => "Server refused upgrade",
            TlsError::Handshake { .. } => "Handshake failed",
        }
    }
}

fn because(cause: &Option<String>) -> String {
    match cause {
        Some(cause) => format!(" ({cause})"),
        None => String::new(),
    }
}

impl ClientError {
    /// Number of the error (management protocol, 8.3). Its generic message is
    /// [`generic_message`](crate::cluster::generic_message).
    pub fn number(&self) -> u32 {
        match self {
            ClientError::ConnectString(_) => 1001,
            ClientError::Unreachable { .. } => 1011,
            ClientError::TimedOut { .. } | ClientError::Silent { .. } => TIMED_OUT,
            ClientError::Disconnected { .. }
            | ClientError::Foreign { .. }
            | ClientError::Protocol { .. } => ILLEGAL_REPLY,
            ClientError::Socket { source, .. } => source
                .raw_os_error()
                .and_then(|errno| u32::try_from(errno).ok())
                .unwrap_or(ILLEGAL_REPLY),
            ClientError::Refused { number, .. }
            | ClientError::NotAuthorized { number, .. }
            | ClientError::NotSupported { number, .. } => *number,
            ClientError::Reply(ReplyError::BadStatus(_)) => 1008,
            ClientError::Reply(ReplyError::Refused(_)) => INVALID_ARGUMENT,
            ClientError::Reply(ReplyError::RefusedWithCode { code, .. }) => *code,
            ClientError::Reply(_) => ILLEGAL_REPLY,
            ClientError::NoConfiguration { .. } => 4012,
            ClientError::NotSendable(_) => 5001,
            ClientError::Tls(error) => error.number(),
        }
    }

    /// True if the request may have been sent but no answer to it came.
    pub fn is_unanswered(&self) -> bool {
        matches!(
            self,
            ClientError::TimedOut { .. }
                | ClientError::Disconnected { .. }
                | ClientError::Foreign { .. }
                | ClientError::Unreachable { .. }
                | ClientError::Socket { .. }
                | ClientError::Protocol { .. }
                | ClientError::Tls(TlsError::Handshake { .. })
        )
    }

    /// True if the server understood the request and did not carry it out, or this client knows
    /// that it can't.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            ClientError::Refused { .. }
                | ClientError::NotSupported { .. }
                | ClientError::NoConfiguration { .. }
                | ClientError::Reply(
                    ReplyError::BadStatus(_)
                        | ReplyError::Refused(_)
                        | ReplyError::RefusedWithCode { .. }
                )
        )
    }

    /// True if the server refused with this error of its own: replies have its text, those to
    /// `restart node` its number before it.
    pub fn is_refused_with(&self, error: ErrorNumber) -> bool {
        match self {
            ClientError::Refused { text, .. } => {
                let number = format!("{error}-");
                text.strip_prefix(&number).unwrap_or(text) == error.text()
            }
            ClientError::Reply(ReplyError::RefusedWithCode { code, .. }) => *code == error.0,
            _ => false,
        }
    }

    /// The text that the original's prompt prints below the number; may be empty.
    pub fn description(&self) -> String {
        match self {
            ClientError::ConnectString(error) => error.text.clone(),
            ClientError::Unreachable { connect_string, .. } => {
                format!("ERROR: Unable to connect with connect string: {connect_string}")
            }
            ClientError::TimedOut { command, limit } => format!(
                "cmd: {command}, error: Time out talking to management server, timeout: {}",
                limit.as_millis()
            ),
            ClientError::Disconnected { .. } | ClientError::Foreign { .. } => String::new(),
            ClientError::Refused { text, .. } => text.clone(),
            ClientError::NotAuthorized { call, .. } => format!("Executing: {call}"),
            ClientError::Reply(error) => match error {
                // Printed by itself, see `ClientError::parser_line`.
                ReplyError::Unexpected { .. } | ReplyError::Illegal => String::new(),
                error => error.to_string(),
            },
            ClientError::NoConfiguration { .. } => format!("Executing: {GET_CONFIGURATION}"),
            ClientError::NotSendable(error) => error.to_string(),
            ClientError::NotSupported { text, .. } => (*text).to_owned(),
            ClientError::Tls(error) => error.description().to_owned(),
            ClientError::Socket { .. }
            | ClientError::Protocol { .. }
            | ClientError::Silent { .. } => self.to_string(),
        }
    }

    /// The line that the original's client library prints to stdout by itself when it refuses
    /// a reply, before the prompt prints the error.
    pub fn parser_line(&self) -> Option<String> {
        match self {
            ClientError::NoConfiguration { text } => Some(text.clone()),
            ClientError::Reply(error @ ReplyError::Unexpected { .. }) => Some(error.to_string()),
            _ => None,
        }
    }

    /// What the server said where the reply to the request was to begin, if that is no such
    /// reply: the first line of another protocol, perhaps.
    pub fn foreign_line(&self) -> Option<&str> {
        match self {
            ClientError::Reply(ReplyError::Unexpected {
                status: WRONG_HEADER,
                current,
                ..
            }) => Some(current),
            ClientError::Foreign { line, .. } => Some(line),
            _ => None,
        }
    }

    /// Makes a refusal what the original calls it.
    pub(super) fn from_reply(error: ReplyError, Call(number, call): Call) -> Self {
        match error {
            ReplyError::Refused(text) => ClientError::Refused { number, text },
            ReplyError::NotAuthorized(text) => ClientError::NotAuthorized {
                number: match text.as_str() {
                    _ if call == LISTEN => 0,
                    "Requires TLS" => 1502,
                    "Requires TLS Client Certificate" => 1503,
                    _ => 1501,
                },
                text,
                call,
            },
            error => ClientError::Reply(error),
        }
    }
}

//! The session itself, and the management server that it is with.

use super::Request;
use super::command::{Command, command, fields};
use crate::cluster::{NodeId, Version};
use crate::wire::arguments::{Argument, int, optional_int, optional_text, text};
use crate::wire::line::push_line;
use crate::wire::writer::Writer;
use crate::wire::{Block, ReplyError};

/// Requests about the session and the server that it is with.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum SessionRequest {
    /// `check connection`
    CheckConnection,
    /// `get version`
    GetVersion,
    /// `set clientversion`
    SetClientVersion { version: Version },
    /// `get mgmd nodeid`
    GetMgmdNodeid,
    /// `get nodeid`
    GetNodeid {
        version: u32,
        node_type: u32,
        node: u32,
        user: String,
        password: String,
        public_key: String,
        transporter: Option<String>,
        endian: Option<String>,
        name: Option<String>,
        timeout: Option<u32>,
        log_event: Option<u32>,
    },
    /// `start tls`
    StartTls,
    /// `end session`
    EndSession,
    /// `bye`
    Bye,
    /// `list sessions`
    ListSessions,
    /// `get session id`
    GetSessionId,
    /// `get session`
    GetSession { id: u32 },
    /// `purge stale sessions`
    PurgeStaleSessions,
    /// `list certs`
    ListCerts,
    /// `get tls stats`
    GetTlsStats,
    /// `transporter connect`
    TransporterConnect,
}

impl SessionRequest {
    /// True if a server that requires TLS takes it before TLS (management protocol, 1.8).
    pub fn is_bootstrap(&self) -> bool {
        match self {
            SessionRequest::CheckConnection
            | SessionRequest::GetVersion
            | SessionRequest::SetClientVersion { .. }
            | SessionRequest::GetMgmdNodeid
            | SessionRequest::StartTls
            | SessionRequest::EndSession => true,
            SessionRequest::GetNodeid { .. }
            | SessionRequest::Bye
            | SessionRequest::ListSessions
            | SessionRequest::GetSessionId
            | SessionRequest::GetSession { .. }
            | SessionRequest::PurgeStaleSessions
            | SessionRequest::ListCerts
            | SessionRequest::GetTlsStats
            | SessionRequest::TransporterConnect => false,
        }
    }
}

pub(super) const COMMANDS: &[Command] = &[
    command("check connection", "check connection reply", &[], |_| {
        Request::Session(SessionRequest::CheckConnection)
    }),
    command("get version", "version", &[], |_| {
        Request::Session(SessionRequest::GetVersion)
    }),
    command(
        "set clientversion",
        "set clientversion reply",
        &[int("major"), int("minor"), int("build")],
        |from| {
            let byte = |name: &str| from.mandatory_int(name) & 0xFF;
            let version = Version(byte("major") << 16 | byte("minor") << 8 | byte("build"));
            Request::Session(SessionRequest::SetClientVersion { version })
        },
    ),
    command("get mgmd nodeid", "get mgmd nodeid reply", &[], |_| {
        Request::Session(SessionRequest::GetMgmdNodeid)
    }),
    command(
        "get nodeid",
        "get nodeid reply",
        &[
            int("version"),
            int("nodetype"),
            optional_text("transporter"),
            optional_int("nodeid"),
            text("user"),
            text("password"),
            text("public key"),
            optional_text("endian"),
            optional_text("name"),
            optional_int("timeout"),
            optional_int("log_event"),
        ],
        |from| {
            Request::Session(SessionRequest::GetNodeid {
                version: from.mandatory_int("version"),
                node_type: from.mandatory_int("nodetype"),
                node: from.mandatory_int("nodeid"),
                user: from.mandatory_text("user"),
                password: from.mandatory_text("password"),
                public_key: from.mandatory_text("public key"),
                transporter: from.text("transporter"),
                endian: from.text("endian"),
                name: from.text("name"),
                timeout: from.int("timeout"),
                log_event: from.int("log_event"),
            })
        },
    ),
    command("start tls", "start tls reply", &[], |_| {
        Request::Session(SessionRequest::StartTls)
    }),
    command("end session", "end session reply", &[], |_| {
        Request::Session(SessionRequest::EndSession)
    }),
    command("bye", "", &[], |_| Request::Session(SessionRequest::Bye)),
    command("list sessions", "", &[], |_| {
        Request::Session(SessionRequest::ListSessions)
    }),
    command("get session id", "get session id reply", &[], |_| {
        Request::Session(SessionRequest::GetSessionId)
    }),
    command("get session", "get session reply", &[int("id")], |from| {
        let id = from.mandatory_int("id");
        Request::Session(SessionRequest::GetSession { id })
    }),
    command(
        "purge stale sessions",
        "purge stale sessions reply",
        &[],
        |_| Request::Session(SessionRequest::PurgeStaleSessions),
    ),
    command("list certs", "list certs reply", &[], |_| {
        Request::Session(SessionRequest::ListCerts)
    }),
    command("get tls stats", "get tls stats reply", &[], |_| {
        Request::Session(SessionRequest::GetTlsStats)
    }),
    command("transporter connect", "", &[], |_| {
        Request::Session(SessionRequest::TransporterConnect)
    }),
];

impl SessionRequest {
    pub(super) fn name(&self) -> &'static str {
        match self {
            SessionRequest::CheckConnection => "check connection",
            SessionRequest::GetVersion => "get version",
            SessionRequest::SetClientVersion { .. } => "set clientversion",
            SessionRequest::GetMgmdNodeid => "get mgmd nodeid",
            SessionRequest::GetNodeid { .. } => "get nodeid",
            SessionRequest::StartTls => "start tls",
            SessionRequest::EndSession => "end session",
            SessionRequest::Bye => "bye",
            SessionRequest::ListSessions => "list sessions",
            SessionRequest::GetSessionId => "get session id",
            SessionRequest::GetSession { .. } => "get session",
            SessionRequest::PurgeStaleSessions => "purge stale sessions",
            SessionRequest::ListCerts => "list certs",
            SessionRequest::GetTlsStats => "get tls stats",
            SessionRequest::TransporterConnect => "transporter connect",
        }
    }

    pub(super) fn write(&self, to: &mut Writer<'_>) {
        match self {
            SessionRequest::SetClientVersion { version } => {
                to.int("build", version.build())
                    .int("minor", version.minor())
                    .int("major", version.major());
            }
            SessionRequest::GetNodeid {
                version,
                node_type,
                node,
                user,
                password,
                public_key,
                transporter,
                endian,
                name,
                timeout,
                log_event,
            } => {
                to.optional_int("log_event", *log_event)
                    .optional_int("timeout", *timeout)
                    .optional_text("name", name)
                    .optional_text("endian", endian)
                    .text("public key", public_key)
                    .text("password", password)
                    .text("user", user)
                    .int("nodeid", *node)
                    .optional_text("transporter", transporter)
                    .int("nodetype", *node_type)
                    .int("version", *version);
            }
            SessionRequest::GetSession { id } => {
                to.int("id", *id);
            }
            SessionRequest::CheckConnection
            | SessionRequest::GetVersion
            | SessionRequest::GetMgmdNodeid
            | SessionRequest::StartTls
            | SessionRequest::EndSession
            | SessionRequest::Bye
            | SessionRequest::ListSessions
            | SessionRequest::GetSessionId
            | SessionRequest::PurgeStaleSessions
            | SessionRequest::ListCerts
            | SessionRequest::GetTlsStats
            | SessionRequest::TransporterConnect => {}
        }
    }
}

/// Reply to `get version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionReply {
    /// NDB version.
    pub version: Version,
    /// Version as a text, such as `mysql-9.7.2 ndb-9.7.2`.
    pub text: String,
    /// MySQL version; old servers leave it off.
    pub mysql_version: Option<Version>,
}

impl VersionReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("version"));
        push_line(out, format_args!("id: {}", self.version.0));
        push_line(out, format_args!("major: {}", self.version.major()));
        push_line(out, format_args!("minor: {}", self.version.minor()));
        push_line(out, format_args!("build: {}", self.version.build()));
        push_line(out, format_args!("string: {}", self.text));
        if let Some(mysql) = self.mysql_version {
            push_line(out, format_args!("mysql_major: {}", mysql.major()));
            push_line(out, format_args!("mysql_minor: {}", mysql.minor()));
            push_line(out, format_args!("mysql_build: {}", mysql.build()));
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[
            int("id"),
            int("major"),
            int("minor"),
            optional_int("build"),
            text("string"),
            optional_int("mysql_major"),
            optional_int("mysql_minor"),
            optional_int("mysql_build"),
        ];
        let reply = fields("get version", block, FIELDS)?;
        reply.check_complete()?;
        let number = |name: &str| reply.arguments.int(name);
        let byte = |name: &str| number(name).unwrap_or(0) & 0xFF;
        Ok(VersionReply {
            // As the original: the build number is that of the id.
            version: Version(byte("major") << 16 | byte("minor") << 8 | byte("id")),
            text: reply.arguments.mandatory_text("string"),
            mysql_version: number("mysql_major").map(|_| {
                Version(byte("mysql_major") << 16 | byte("mysql_minor") << 8 | byte("mysql_build"))
            }),
        })
    }
}

/// Reply to `get mgmd nodeid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MgmdNodeidReply {
    /// The server's own node id.
    pub node: NodeId,
}

impl MgmdNodeidReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("get mgmd nodeid reply"));
        push_line(out, format_args!("nodeid:{}", self.node));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none, or no node id.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[int("nodeid")];
        let reply = fields("get mgmd nodeid", block, FIELDS)?;
        reply.check_complete()?;
        NodeId::new(reply.arguments.mandatory_int("nodeid"))
            .map(|node| MgmdNodeidReply { node })
            .ok_or(ReplyError::Illegal)
    }
}

/// Reply to `get nodeid` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetNodeidReply {
    /// The node id given out.
    pub node: NodeId,
}

impl GetNodeidReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("get nodeid reply"));
        push_line(out, format_args!("nodeid: {}", self.node));
        push_line(out, format_args!("result: Ok"));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] or [`ReplyError::RefusedWithCode`] with the server's text.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[
            optional_int("nodeid"),
            text("result"),
            optional_int("error_code"),
        ];
        let reply = fields("get nodeid", block, FIELDS)?;
        match (reply.check_ok(), reply.arguments.int("error_code")) {
            (Err(ReplyError::Refused(text)), Some(code)) => {
                Err(ReplyError::RefusedWithCode { code, text })
            }
            (Err(error), _) => Err(error),
            (Ok(()), _) => reply
                .arguments
                .int("nodeid")
                .and_then(NodeId::new)
                .map(|node| GetNodeidReply { node })
                .ok_or(ReplyError::Illegal),
        }
    }
}

/// Reply to `get session id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionIdReply {
    /// The session's id, from 1.
    pub id: u64,
}

impl SessionIdReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("get session id reply"));
        push_line(out, format_args!("id: {}", self.id));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("id")];
        let reply = fields("get session id", block, FIELDS)?;
        reply.check_complete()?;
        let id = reply.arguments.mandatory_text("id").parse().ok();
        id.map(|id| SessionIdReply { id })
            .ok_or(ReplyError::Illegal)
    }
}

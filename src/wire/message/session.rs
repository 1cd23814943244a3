//! The session itself, and the management server that it is with.

use super::Request;
use super::command::{Command, check_header, command, fields, unexpected};
use crate::cluster::{NodeId, Version};
use crate::wire::arguments::{Argument, int, optional_int, optional_text, text};
use crate::wire::line::{self, push_line};
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

/// A session as `list sessions` and `get session` report it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionState {
    /// Id, from 1; 1 is the server's own session.
    pub id: u64,
    /// The session is ending itself.
    pub stop_self: bool,
    /// The session is being ended.
    pub stop: bool,
    /// The session uses TLS.
    pub tls: bool,
    /// Bytes of the line being read.
    pub buffer_length: u32,
    /// The line being read, a newline as `\n`; not sent in `get session`.
    pub buffer: String,
    /// Status of the parser (management protocol, 1.5).
    pub parser_status: u32,
}

/// Reply to `get session`; none for an unknown id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionReply {
    /// The session.
    pub session: Option<SessionState>,
}

impl SessionReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("get session reply"));
        match &self.session {
            None => push_line(out, format_args!("id: 0")),
            Some(session) => {
                push_line(out, format_args!("id: {}", session.id));
                push_line(
                    out,
                    format_args!("m_stopSelf: {}", u32::from(session.stop_self)),
                );
                push_line(out, format_args!("m_stop: {}", u32::from(session.stop)));
                push_line(out, format_args!("tls: {}", u32::from(session.tls)));
                push_line(
                    out,
                    format_args!("parser_buffer_len: {}", session.buffer_length),
                );
                push_line(
                    out,
                    format_args!("parser_status: {}", session.parser_status),
                );
            }
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[
            text("id"),
            optional_int("m_stopSelf"),
            optional_int("m_stop"),
            optional_int("tls"),
            optional_int("parser_buffer_len"),
            optional_int("parser_status"),
        ];
        let reply = fields("get session", block, FIELDS)?;
        reply.check_complete()?;
        let number = |name: &str| reply.arguments.mandatory_int(name);
        let id = reply.arguments.mandatory_text("id");
        let id: u64 = id.parse().map_err(|_| ReplyError::Illegal)?;
        Ok(SessionReply {
            session: (id != 0).then(|| SessionState {
                id,
                stop_self: number("m_stopSelf") != 0,
                stop: number("m_stop") != 0,
                tls: number("tls") != 0,
                buffer_length: number("parser_buffer_len"),
                buffer: String::new(),
                parser_status: number("parser_status"),
            }),
        })
    }
}

/// Reply to `list sessions`, the only one without a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSessionsReply {
    /// The sessions; there is at least the one that asks.
    pub sessions: Vec<SessionState>,
}

impl ListSessionsReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for session in &self.sessions {
            let id = session.id;
            push_line(out, format_args!("session: {id}"));
            let mut field = |name: &str, value: &dyn std::fmt::Display| {
                push_line(out, format_args!("session.{id}.{name}: {value}"));
            };
            field("m_stopSelf", &u32::from(session.stop_self));
            field("m_stop", &u32::from(session.stop));
            field("tls", &u32::from(session.tls));
            field("parser.buffer.len", &session.buffer_length);
            field("parser.buffer", &session.buffer);
            field("parser.status", &session.parser_status);
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Illegal`] for anything but sessions.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        if let Some(error) = block.not_authorized() {
            return Err(error);
        }
        let header = line::split(block.header.as_bytes());
        let first = (
            line::text(header.0),
            line::text(header.1.unwrap_or_default()),
        );
        let mut sessions: Vec<SessionState> = Vec::new();
        for (name, value) in std::iter::once(&first).chain(&block.fields) {
            if name == "session" {
                let id = value.parse().map_err(|_| ReplyError::Illegal)?;
                sessions.push(SessionState {
                    id,
                    ..SessionState::default()
                });
                continue;
            }
            let session = sessions.last_mut().ok_or(ReplyError::Illegal)?;
            let field = name
                .strip_prefix("session.")
                .and_then(|rest| rest.split_once('.'))
                .filter(|(id, _)| *id == session.id.to_string())
                .map(|(_, field)| field)
                .ok_or(ReplyError::Illegal)?;
            let number = line::parse_int(value.as_bytes()).unwrap_or(0);
            match field {
                "m_stopSelf" => session.stop_self = number != 0,
                "m_stop" => session.stop = number != 0,
                "tls" => session.tls = number != 0,
                "parser.buffer.len" => session.buffer_length = number,
                "parser.buffer" => session.buffer.clone_from(value),
                "parser.status" => session.parser_status = number,
                _ => return Err(ReplyError::Illegal),
            }
        }
        Ok(ListSessionsReply { sessions })
    }
}

/// The certificate of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificate {
    /// Id of the session.
    pub session: u64,
    /// Address of the client.
    pub address: String,
    /// Serial number.
    pub serial: String,
    /// Name of the subject.
    pub name: String,
    /// Last day, such as `22-Nov-2026`.
    pub expires: String,
}

/// Reply to `list certs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCertsReply {
    /// One for each session that uses TLS.
    pub certificates: Vec<Certificate>,
}

impl ListCertsReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("list certs reply"));
        for certificate in &self.certificates {
            push_line(out, format_args!("session: {}", certificate.session));
            push_line(out, format_args!("address: {}", certificate.address));
            push_line(out, format_args!("serial: {}", certificate.serial));
            push_line(out, format_args!("name: {}", certificate.name));
            push_line(out, format_args!("expires: {}", certificate.expires));
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const COMMAND: &str = "list certs";
        check_header(COMMAND, block)?;
        let unexpected = |status, current: &str| unexpected(COMMAND, status, current);
        let mut certificates: Vec<Certificate> = Vec::new();
        for (name, value) in &block.fields {
            if name == "session" {
                certificates.push(Certificate {
                    session: value.parse().map_err(|_| unexpected(6, name))?,
                    ..Certificate::default()
                });
                continue;
            }
            let certificate = certificates.last_mut().ok_or_else(|| unexpected(5, name))?;
            let field = match name.as_str() {
                "address" => &mut certificate.address,
                "serial" => &mut certificate.serial,
                "name" => &mut certificate.name,
                "expires" => &mut certificate.expires,
                _ => return Err(unexpected(5, name)),
            };
            field.clone_from(value);
        }
        Ok(ListCertsReply { certificates })
    }
}

/// Reply to `get tls stats`: counts since the server started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TlsStatsReply {
    /// Connections accepted.
    pub accepted: u32,
    /// Connections that changed to TLS.
    pub upgraded: u32,
    /// Connections open now.
    pub current: u32,
    /// Connections open now that use TLS.
    pub tls: u32,
    /// Requests refused for want of authorization.
    pub authfail: u32,
}

impl TlsStatsReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("get tls stats reply"));
        push_line(out, format_args!("accepted: {}", self.accepted));
        push_line(out, format_args!("upgraded: {}", self.upgraded));
        push_line(out, format_args!("current: {}", self.current));
        push_line(out, format_args!("tls: {}", self.tls));
        push_line(out, format_args!("authfail: {}", self.authfail));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[
            int("accepted"),
            int("upgraded"),
            int("current"),
            int("tls"),
            int("authfail"),
        ];
        let reply = fields("get tls stats", block, FIELDS)?;
        reply.check_ok()?;
        let number = |name: &str| reply.arguments.mandatory_int(name);
        Ok(TlsStatsReply {
            accepted: number("accepted"),
            upgraded: number("upgraded"),
            current: number("current"),
            tls: number("tls"),
            authfail: number("authfail"),
        })
    }
}

//! Replies about the session itself.

use super::super::ReplyError;
use super::super::block::Block;
use super::super::command::{Argument, int, optional_int, reply_header, text};
use super::super::line::{self, push_line};
use crate::cluster::{NodeId, Version};

/// Reply with nothing but `result: Ok`, of every request that has no type of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultReply;

impl ResultReply {
    /// Appends the reply to the command.
    pub fn encode(command: &str, out: &mut Vec<u8>) {
        if let Some(header) = reply_header(command) {
            push_line(out, format_args!("{header}"));
        }
        match command {
            "report event" => push_line(out, format_args!("result: ok")),
            _ => push_line(out, format_args!("result: Ok")),
        }
        out.push(b'\n');
    }

    /// Reads the reply to the command.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's text for every other result.
    pub fn decode(command: &'static str, block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("result")];
        let reply = block.expect(command, FIELDS)?;
        if command == "report event" && reply.arguments.text("result").as_deref() == Some("ok") {
            return Ok(ResultReply);
        }
        reply.check_ok()?;
        Ok(ResultReply)
    }
}

/// Appends the reply to a request that needs TLS (management protocol, 1.8).
pub fn encode_not_authorized(out: &mut Vec<u8>) {
    out.extend_from_slice(b"Authorization failed\nError: Requires TLS\n\n");
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
        let reply = block.expect("get version", FIELDS)?;
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
        let reply = block.expect("get mgmd nodeid", FIELDS)?;
        reply.check_complete()?;
        NodeId::new(reply.arguments.mandatory_int("nodeid"))
            .map(|node| MgmdNodeidReply { node })
            .ok_or(ReplyError::Illegal)
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
        let reply = block.expect("get session id", FIELDS)?;
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
        let reply = block.expect("get session", FIELDS)?;
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
        if let Some(error) = block.not_authorized() {
            return Err(error);
        }
        let unexpected = |status, current: &str| ReplyError::Unexpected {
            command: COMMAND,
            status,
            current: current.to_owned(),
        };
        if Some(block.header.as_str()) != reply_header(COMMAND) {
            return Err(unexpected(4, &block.header));
        }
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
        let reply = block.expect("get tls stats", FIELDS)?;
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

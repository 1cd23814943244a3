//! What a management server tells of its sessions and their TLS.

use super::command::{check_header, fields, unexpected};
use crate::wire::arguments::{Argument, int, optional_int, text};
use crate::wire::line::{self, push_line};
use crate::wire::{Block, ReplyError};

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

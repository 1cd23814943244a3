//! Sessions: one per connection.

use std::sync::Arc;

use super::events::Listener;
use super::reply::Reply;
use super::{Cluster, Effect};
use crate::cluster::{NodeId, Version};

/// Id of a session, from 2; 1 is the server's connection to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What the model knows of a connection.
#[derive(Debug)]
pub(super) struct Session {
    /// The management server it is connected to.
    pub(super) server: NodeId,
    pub(super) client_version: Version,
    pub(super) listener: Option<Listener>,
    /// A node id handed out to this session.
    pub(super) reserved: Option<NodeId>,
}

impl Cluster {
    /// A connection to this management server is open.
    pub fn session_opened(&mut self, server: NodeId) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        if let Some(server) = self.servers.get_mut(&server) {
            server.accepted = server.accepted.wrapping_add(1);
        }
        self.sessions.insert(
            id,
            Session {
                server,
                client_version: Version(0),
                listener: None,
                reserved: None,
            },
        );
        id
    }

    /// A connection is gone. What it started goes on.
    pub fn session_closed(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }

    /// The management server a session talks to.
    pub(super) fn server_of(&self, session: SessionId) -> u32 {
        self.sessions
            .get(&session)
            .map_or(0, |session| session.server.get())
    }

    pub(super) fn reply(&mut self, session: SessionId, bytes: impl Into<Arc<[u8]>>) {
        if self.sessions.contains_key(&session) {
            let bytes = bytes.into();
            self.effects.push_back(Effect::Reply { session, bytes });
        }
    }

    pub(super) fn reply_ok(&mut self, session: SessionId, header: &str) {
        self.reply(session, Reply::new(header).field("result", "Ok").end());
    }

    pub(super) fn get_version(&mut self, session: SessionId) {
        let version = Version::OURS;
        let reply = Reply::new("version")
            .field("id", version.0)
            .field("major", version.major())
            .field("minor", version.minor())
            .field("build", version.build())
            .field("string", Version::product_string(version, version))
            .field("mysql_major", version.major())
            .field("mysql_minor", version.minor())
            .field("mysql_build", version.build());
        self.reply(session, reply.end());
    }

    pub(super) fn set_client_version(&mut self, session: SessionId, version: Version) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.client_version = version;
        }
        self.reply_ok(session, "set clientversion reply");
    }

    pub(super) fn get_mgmd_nodeid(&mut self, session: SessionId) {
        let server = self.server_of(session);
        let reply = Reply::new("get mgmd nodeid reply").line(format_args!("nodeid:{server}"));
        self.reply(session, reply.end());
    }

    pub(super) fn start_tls(&mut self, session: SessionId) {
        // The simulator has no certificate.
        let reply = Reply::new("start tls reply").field("result", "Failed");
        self.reply(session, reply.end());
    }

    pub(super) fn end_session(&mut self, session: SessionId) {
        self.reply(session, Reply::new("end session reply").unended());
    }

    pub(super) fn close_session(&mut self, session: SessionId) {
        self.effects.push_back(Effect::Close { session });
    }

    pub(super) fn list_sessions(&mut self, session: SessionId) {
        let server = self.server_of(session);
        let ids: Vec<u64> = std::iter::once(1)
            .chain(
                self.sessions
                    .iter()
                    .filter(|(_, other)| other.server.get() == server)
                    .map(|(id, _)| id.0),
            )
            .collect();
        let mut reply = Reply::default();
        for id in ids {
            // The asking session has just read its empty line.
            let (length, buffer) = if id == session.0 { (1, "\\n") } else { (0, "") };
            reply = reply
                .field("session", id)
                .field(format_args!("session.{id}.m_stopSelf"), 0)
                .field(format_args!("session.{id}.m_stop"), 0)
                .field(format_args!("session.{id}.tls"), 0)
                .field(format_args!("session.{id}.parser.buffer.len"), length)
                .field(format_args!("session.{id}.parser.buffer"), buffer)
                .field(format_args!("session.{id}.parser.status"), 0);
        }
        self.reply(session, reply.end());
    }

    pub(super) fn get_session_id(&mut self, session: SessionId) {
        let reply = Reply::new("get session id reply").field("id", session.0);
        self.reply(session, reply.end());
    }

    pub(super) fn get_session(&mut self, session: SessionId, id: u32) {
        let wanted = SessionId(u64::from(id));
        let reply = Reply::new("get session reply");
        let server = self.server_of(session);
        let is_known =
            id == 1 || (self.sessions.contains_key(&wanted) && self.server_of(wanted) == server);
        // The asking session has just read its empty line.
        let length = u32::from(wanted == session);
        let reply = if is_known {
            reply
                .field("id", id)
                .field("m_stopSelf", 0)
                .field("m_stop", 0)
                .field("tls", 0)
                .field("parser_buffer_len", length)
                .field("parser_status", 0)
        } else {
            reply.field("id", 0)
        };
        self.reply(session, reply.end());
    }

    pub(super) fn get_tls_stats(&mut self, session: SessionId) {
        let own = self.sessions.get(&session).map(|session| session.server);
        let accepted = own
            .and_then(|own| self.servers.get(&own))
            .map_or(0, |server| server.accepted);
        // The server's connection to itself counts.
        let current = self
            .sessions
            .values()
            .filter(|session| Some(session.server) == own)
            .count()
            + 1;
        let reply = Reply::new("get tls stats reply")
            .field("accepted", accepted.saturating_add(1))
            .field("upgraded", 0)
            .field("current", current)
            .field("tls", 0)
            .field("authfail", 0);
        self.reply(session, reply.end());
    }
}

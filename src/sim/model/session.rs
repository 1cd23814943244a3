//! Sessions: one per connection.

use std::collections::BTreeSet;

use super::events::Listener;
use super::session_id::SessionId;
use super::{Cluster, Effect};
use crate::cluster::{ErrorNumber, NodeId, NodeType, Version};
use crate::wire::{
    GetNodeidReply, ListCertsReply, ListSessionsReply, MgmdNodeidReply, Refusal, Reply,
    SessionIdReply, SessionReply, SessionState, TlsStatsReply, VersionReply,
};

/// Id of the server's connection to itself.
const OWN_SESSION: u64 = 1;

const NODE_ID_MAX: u32 = 255;

/// What the model knows of a connection.
#[derive(Debug)]
pub(super) struct Session {
    /// The management server it is connected to.
    pub(super) server: NodeId,
    pub(super) client_version: Version,
    pub(super) listener: Option<Listener>,
    /// Node ids handed out to this session; they are its own until it ends.
    pub(super) reserved: BTreeSet<NodeId>,
}

impl Cluster {
    /// A connection to this management server is open.
    pub(in crate::sim) fn session_opened(&mut self, server: NodeId) -> SessionId {
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
                reserved: BTreeSet::new(),
            },
        );
        id
    }

    /// A connection is gone. What it started goes on.
    pub(in crate::sim) fn session_closed(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }

    /// The management server a session talks to.
    pub(super) fn server_of(&self, session: SessionId) -> u32 {
        self.sessions
            .get(&session)
            .map_or(0, |session| session.server.get())
    }

    pub(super) fn reply(&mut self, session: SessionId, reply: Reply) {
        if self.sessions.contains_key(&session) {
            self.effects.push_back(Effect::Reply { session, reply });
        }
    }

    /// Answers a command whose reply is nothing but `result: Ok`.
    pub(super) fn done(&mut self, session: SessionId, command: &'static str) {
        self.reply(session, Reply::Done { command });
    }

    /// Refuses a command whose reply is nothing but `result: <text>`.
    pub(super) fn refuse(
        &mut self,
        session: SessionId,
        command: &'static str,
        text: impl Into<String>,
    ) {
        let text = text.into();
        self.reply(session, Reply::Refused(Refusal::Result { command, text }));
    }

    /// Answers or refuses such a command.
    pub(super) fn conclude(
        &mut self,
        session: SessionId,
        command: &'static str,
        result: Result<(), ErrorNumber>,
    ) {
        match result {
            Ok(()) => self.done(session, command),
            Err(error) => self.reply(session, Reply::Refused(Refusal::error(command, error))),
        }
    }

    pub(super) fn get_version(&mut self, session: SessionId) {
        let version = Version::OURS;
        let reply = VersionReply {
            version,
            text: Version::product_string(version, version),
            mysql_version: Some(version),
        };
        self.reply(session, Reply::Version(reply));
    }

    pub(super) fn set_client_version(&mut self, session: SessionId, version: Version) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.client_version = version;
        }
        self.done(session, "set clientversion");
    }

    pub(super) fn get_mgmd_nodeid(&mut self, session: SessionId) {
        if let Some(node) = self.sessions.get(&session).map(|it| it.server) {
            self.reply(session, Reply::MgmdNodeid(MgmdNodeidReply { node }));
        }
    }

    pub(super) fn start_tls(&mut self, session: SessionId) {
        // The simulator has no certificate.
        self.refuse(session, "start tls", "Failed");
    }

    pub(super) fn close_session(&mut self, session: SessionId) {
        self.effects.push_back(Effect::Close { session });
    }

    /// A session as another, or itself, is told about it.
    fn session_state(&self, id: u64, asking: SessionId) -> SessionState {
        // The asking session has just read its empty line.
        let (buffer_length, buffer) = if id == asking.0 { (1, "\\n") } else { (0, "") };
        SessionState {
            id,
            buffer_length,
            buffer: buffer.to_owned(),
            ..SessionState::default()
        }
    }

    pub(super) fn list_sessions(&mut self, session: SessionId) {
        let server = self.server_of(session);
        let others = self.sessions.iter();
        let others = others.filter(|(_, other)| other.server.get() == server);
        let sessions = std::iter::once(OWN_SESSION)
            .chain(others.map(|(id, _)| id.0))
            .map(|id| self.session_state(id, session))
            .collect();
        self.reply(session, Reply::ListSessions(ListSessionsReply { sessions }));
    }

    pub(super) fn get_session_id(&mut self, session: SessionId) {
        self.reply(session, Reply::SessionId(SessionIdReply { id: session.0 }));
    }

    pub(super) fn get_session(&mut self, session: SessionId, id: u32) {
        let id = u64::from(id);
        let wanted = SessionId(id);
        let server = self.server_of(session);
        let is_known = id == OWN_SESSION
            || (self.sessions.contains_key(&wanted) && self.server_of(wanted) == server);
        let state = is_known.then(|| self.session_state(id, session));
        self.reply(session, Reply::Session(SessionReply { session: state }));
    }

    /// None: no session uses TLS.
    pub(super) fn list_certs(&mut self, session: SessionId) {
        let certificates = Vec::new();
        self.reply(session, Reply::ListCerts(ListCertsReply { certificates }));
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
        let reply = TlsStatsReply {
            accepted: accepted.saturating_add(1),
            current: current as u32,
            ..TlsStatsReply::default()
        };
        self.reply(session, Reply::TlsStats(reply));
    }

    /// `what` is the type and the wanted id. `log_event` is 0 if a refusal is not to be logged; its
    /// presence brings the error's number into the reply.
    pub(super) fn get_nodeid(
        &mut self,
        session: SessionId,
        what: (u32, u32),
        endian: Option<&str>,
        log_event: Option<u32>,
    ) {
        let (number, wanted) = what;
        let own_order = if cfg!(target_endian = "little") {
            "little"
        } else {
            "big"
        };
        let checked = match type_from_number(number) {
            _ if endian.is_some_and(|endian| endian != own_order) => {
                let text = "Node does not have the same endianness as the management server.";
                Err(text.to_owned())
            }
            None => Err(format!("unknown nodetype {number}")),
            Some(_) if wanted > NODE_ID_MAX => Err(format!("illegal nodeid {wanted}")),
            Some(node_type) => Ok(node_type),
        };
        let reply = match checked {
            Err(text) => Reply::Refused(Refusal::GetNodeid { text, code: None }),
            Ok(node_type) => match self.allocate(session, node_type, wanted) {
                Ok(node) => {
                    self.log_allocation(node, node_type);
                    Reply::GetNodeid(GetNodeidReply { node })
                }
                Err((code, text)) => {
                    if log_event != Some(0) {
                        self.log_no_allocation(session, node_type, &text);
                    }
                    let code = log_event.map(|_| code);
                    Reply::Refused(Refusal::GetNodeid { text, code })
                }
            },
        };
        self.reply(session, reply);
    }
}

fn type_from_number(number: u32) -> Option<NodeType> {
    match number {
        0 => Some(NodeType::Ndb),
        1 => Some(NodeType::Api),
        2 => Some(NodeType::Mgm),
        _ => None,
    }
}

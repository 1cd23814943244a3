//! Sessions: one per connection.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::events::Listener;
use super::session_id::SessionId;
use super::{Cluster, Effect};
use crate::cluster::{ErrorNumber, NodeId, NodeType, Severity, Version};
use crate::tls::CertificateDescription;
use crate::wire::{
    Certificate, GetNodeidReply, ListCertsReply, ListSessionsReply, MgmdNodeidReply, Refusal,
    Reply, SessionIdReply, SessionReply, SessionState, TlsStatsReply, VersionReply,
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
    /// Where the client is.
    address: IpAddr,
    tls: TlsState,
    /// A listener is no session any more, but `list certs` still names it once.
    pub(super) lingers: bool,
}

/// How far a session's change to TLS is.
#[derive(Debug)]
enum TlsState {
    /// Not begun.
    Cleartext,
    /// Agreed on.
    Handshake,
    /// Done, with this certificate of the client.
    Secured(CertificateDescription),
}

impl Cluster {
    /// A connection to this management server is open.
    pub(in crate::sim) fn session_opened(&mut self, server: NodeId, address: IpAddr) -> SessionId {
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
                address,
                tls: TlsState::Cleartext,
                lingers: false,
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
        const COMMAND: &str = "start tls";
        let Some(state) = self.sessions.get_mut(&session) else {
            return;
        };
        let server = self.servers.get(&state.server);
        let has_certificate = server.is_some_and(|server| server.certificate.is_some());
        match state.tls {
            TlsState::Cleartext if has_certificate => {
                state.tls = TlsState::Handshake;
                self.done(session, COMMAND);
            }
            TlsState::Cleartext => self.refuse(session, COMMAND, "Failed"),
            TlsState::Handshake | TlsState::Secured(_) => {
                self.refuse(session, COMMAND, "Already Connected");
            }
        }
    }

    /// True if the session's last reply has agreed on TLS.
    pub(in crate::sim) fn changes_to_tls(&self, session: SessionId) -> bool {
        let session = self.sessions.get(&session);
        session.is_some_and(|session| matches!(session.tls, TlsState::Handshake))
    }

    /// A session uses TLS from now on.
    pub(in crate::sim) fn session_secured(
        &mut self,
        session: SessionId,
        certificate: CertificateDescription,
    ) {
        let Some(session) = self.sessions.get_mut(&session) else {
            return;
        };
        session.tls = TlsState::Secured(certificate);
        if let Some(server) = self.servers.get_mut(&session.server) {
            server.upgraded = server.upgraded.saturating_add(1);
        }
    }

    /// A session's change to TLS failed; what its server logs.
    pub(in crate::sim) fn session_not_secured(&mut self, session: SessionId, lines: Vec<String>) {
        let Some(server) = self.sessions.get(&session).map(|session| session.server) else {
            return;
        };
        for line in lines {
            self.log(server, Severity::Error, line);
        }
    }

    /// True if the session's server requires TLS and the session does not use it; counted.
    pub(super) fn lacks_tls(&mut self, session: SessionId) -> bool {
        let Some(session) = self.sessions.get(&session) else {
            return false;
        };
        let is_secured = matches!(session.tls, TlsState::Secured(_));
        let Some(server) = self.servers.get_mut(&session.server) else {
            return false;
        };
        if is_secured || !server.requires_tls {
            return false;
        }
        server.not_authorized = server.not_authorized.saturating_add(1);
        true
    }

    pub(super) fn close_session(&mut self, session: SessionId) {
        self.effects.push_back(Effect::Close { session });
    }

    /// A session as another, or itself, is told about it.
    fn session_state(&self, id: u64, asking: SessionId) -> SessionState {
        let tls = match self.sessions.get(&SessionId(id)) {
            Some(session) => matches!(session.tls, TlsState::Secured(_)),
            None => self.own_certificate(asking).is_some(),
        };
        // The asking session has just read its empty line.
        let (buffer_length, buffer) = if id == asking.0 { (1, "\\n") } else { (0, "") };
        SessionState {
            id,
            tls,
            buffer_length,
            buffer: buffer.to_owned(),
            ..SessionState::default()
        }
    }

    /// The certificate of the server that a session talks to.
    fn own_certificate(&self, session: SessionId) -> Option<&CertificateDescription> {
        let server = self.sessions.get(&session)?.server;
        self.servers.get(&server)?.certificate.as_ref()
    }

    /// The sessions of the server that one of them talks to, without the server's own: listeners
    /// are none any more.
    fn sessions_beside(&self, session: SessionId) -> impl Iterator<Item = (SessionId, &Session)> {
        let server = self.sessions.get(&session).map(|session| session.server);
        let all = self.sessions.iter().map(|(id, session)| (*id, session));
        all.filter(move |(_, other)| Some(other.server) == server && other.listener.is_none())
    }

    pub(super) fn list_sessions(&mut self, session: SessionId) {
        let others = self.sessions_beside(session);
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

    /// The certificates of the sessions that use TLS, the server's own first. A session that has
    /// become a listener since the last time is named once more, without its address.
    pub(super) fn list_certs(&mut self, session: SessionId) {
        let own = self.own_certificate(session);
        let localhost = Ipv4Addr::LOCALHOST.to_string();
        let own = own.map(|own| certificate(OWN_SESSION, localhost, own));
        let mut certificates: Vec<Certificate> = own.into_iter().collect();
        let server = self.sessions.get(&session).map(|session| session.server);
        for (id, other) in &mut self.sessions {
            if Some(other.server) != server {
                continue;
            }
            let address = match other.listener {
                None => other.address.to_string(),
                Some(_) if std::mem::take(&mut other.lingers) => Ipv6Addr::UNSPECIFIED.to_string(),
                Some(_) => continue,
            };
            if let TlsState::Secured(theirs) = &other.tls {
                certificates.push(certificate(id.0, address, theirs));
            }
        }
        let certificates = ListCertsReply { certificates };
        self.reply(session, Reply::ListCerts(certificates));
    }

    pub(super) fn get_tls_stats(&mut self, session: SessionId) {
        let own = self.sessions.get(&session).map(|session| session.server);
        let Some(server) = own.and_then(|own| self.servers.get(&own)) else {
            return;
        };
        let is_secured = |(_, it): &(_, &Session)| matches!(it.tls, TlsState::Secured(_));
        let secured = self.sessions_beside(session).filter(is_secured).count();
        // The server's connection to itself counts.
        let reply = TlsStatsReply {
            accepted: server.accepted.saturating_add(1),
            upgraded: server.upgraded,
            current: self.sessions_beside(session).count() as u32 + 1,
            tls: secured as u32 + u32::from(server.certificate.is_some()),
            authfail: server.not_authorized,
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

fn certificate(session: u64, address: String, of: &CertificateDescription) -> Certificate {
    Certificate {
        session,
        address,
        serial: of.serial_text(),
        name: of.name.clone(),
        expires: of.expires_text(),
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

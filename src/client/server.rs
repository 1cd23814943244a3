//! The management server itself: its sessions, node ids and TLS.

use super::error::ClientError;
use super::session::Session;
use crate::cluster::{NodeId, NodeType, Version};
use crate::wire::{
    Certificate, GetNodeidReply, ListCertsReply, ListSessionsReply, MgmdNodeidReply, ReplyError,
    Request, ResultReply, SessionIdReply, SessionReply, SessionState, TlsStatsReply,
};

const ILLEGAL_REPLY: u32 = 1006;
/// Most words of an event that is reported.
const REPORTED_WORDS_MAX: usize = 24;

/// A node id that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeIdRequest {
    /// The id wanted, or `None` for any.
    pub node: Option<NodeId>,
    /// Type of the node.
    pub node_type: NodeType,
    /// Name of the process, for the cluster log.
    pub name: Option<String>,
    /// Seconds for which the id stays reserved until the node connects.
    pub timeout: u32,
}

impl Session {
    /// Node id of the management server.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_mgmd_nodeid(&mut self) -> Result<NodeId, ClientError> {
        let block = self
            .exchange(&Request::GetMgmdNodeid, self.timeout())
            .await?;
        MgmdNodeidReply::decode(&block)
            .map(|reply| reply.node)
            .map_err(|error| self_error(error, "ndb_mgm_get_mgmd_nodeid"))
    }

    /// Reserves a node id for a process that will join the cluster.
    ///
    /// # Errors
    ///
    /// 1101 to 1103 with the server's text.
    pub async fn get_nodeid(&mut self, wanted: NodeIdRequest) -> Result<NodeId, ClientError> {
        let request = Request::GetNodeid {
            version: Version::OURS.0,
            node_type: match wanted.node_type {
                NodeType::Ndb => 0,
                NodeType::Api => 1,
                NodeType::Mgm => 2,
            },
            node: wanted.node.map_or(0, NodeId::get),
            // The words that every client sends; servers only want them to be there.
            user: "mysqld".to_owned(),
            password: "mysqld".to_owned(),
            public_key: "a public key".to_owned(),
            transporter: None,
            endian: Some(
                if cfg!(target_endian = "big") {
                    "big"
                } else {
                    "little"
                }
                .to_owned(),
            ),
            name: wanted.name,
            timeout: Some(wanted.timeout),
            log_event: Some(1),
        };
        let block = self.exchange(&request, self.timeout()).await?;
        GetNodeidReply::decode(&block)
            .map(|reply| reply.node)
            .map_err(|error| ClientError::from_reply(error, 1101, "ndb_mgm_alloc_nodeid"))
    }

    /// Id of this session at the server.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_session_id(&mut self) -> Result<u64, ClientError> {
        let block = self
            .exchange(&Request::GetSessionId, self.timeout())
            .await?;
        SessionIdReply::decode(&block)
            .map(|reply| reply.id)
            .map_err(|error| self_error(error, "ndb_mgm_get_session_id"))
    }

    /// A session of the server, or `None` if there is none with this id.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_session(&mut self, id: u32) -> Result<Option<SessionState>, ClientError> {
        let block = self
            .exchange(&Request::GetSession { id }, self.timeout())
            .await?;
        SessionReply::decode(&block)
            .map(|reply| reply.session)
            .map_err(|error| self_error(error, "ndb_mgm_get_session"))
    }

    /// All sessions of the server.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn list_sessions(&mut self) -> Result<Vec<SessionState>, ClientError> {
        let block = self
            .exchange(&Request::ListSessions, self.timeout())
            .await?;
        ListSessionsReply::decode(&block)
            .map(|reply| reply.sessions)
            .map_err(|error| self_error(error, "list sessions"))
    }

    /// Frees node ids whose owners are gone; gives the ids, which servers since 9 never name.
    ///
    /// # Errors
    ///
    /// 1006 with the server's text.
    pub async fn purge_stale_sessions(&mut self) -> Result<Option<String>, ClientError> {
        let request = Request::PurgeStaleSessions;
        let mut block = self.exchange(&request, self.timeout()).await?;
        let purged = block.field("purged").map(str::to_owned);
        block.fields.retain(|(name, _)| name != "purged");
        ResultReply::decode(request.name(), &block)
            .map(|_| purged)
            .map_err(|error| self_error(error, "ndb_mgm_purge_stale_sessions"))
    }

    /// The certificates of the sessions that use TLS.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn list_certs(&mut self) -> Result<Vec<Certificate>, ClientError> {
        let block = self.exchange(&Request::ListCerts, self.timeout()).await?;
        ListCertsReply::decode(&block)
            .map(|reply| reply.certificates)
            .map_err(|error| self_error(error, "ndb_mgm_list_certs"))
    }

    /// The server's counts of connections and of TLS.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_tls_stats(&mut self) -> Result<TlsStatsReply, ClientError> {
        let block = self.exchange(&Request::GetTlsStats, self.timeout()).await?;
        TlsStatsReply::decode(&block).map_err(|error| self_error(error, "ndb_mgm_get_tls_stats"))
    }

    /// Injects an event into the cluster log and to all listeners: word 0 holds the type and
    /// the node << 16; at most 24 words count.
    ///
    /// # Errors
    ///
    /// 1006 with the server's text.
    pub async fn report_event(&mut self, words: &[u32]) -> Result<(), ClientError> {
        let request = Request::ReportEvent {
            words: words.iter().copied().take(REPORTED_WORDS_MAX).collect(),
        };
        self.order(&request, ILLEGAL_REPLY, "ndb_mgm_report_event")
            .await
    }

    /// Says that the session is over. The server answers and keeps the session, as the protocol
    /// has it; drop the session, or go on.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn end_session(&mut self) -> Result<(), ClientError> {
        let mut exchange = self.begin(&Request::EndSession, self.timeout()).await?;
        // This reply alone has no empty line.
        let line = exchange.line().await?;
        exchange.end();
        if line == "end session reply" {
            return Ok(());
        }
        Err(ClientError::Reply(ReplyError::Unexpected {
            command: "end session",
            status: 4,
            current: line,
        }))
    }

    /// Says good-bye. The server closes the connection without an answer.
    ///
    /// # Errors
    ///
    /// The words could not be sent.
    pub async fn bye(mut self) -> Result<(), ClientError> {
        self.begin(&Request::Bye, self.timeout()).await.map(drop)
    }
}

fn self_error(error: ReplyError, call: &'static str) -> ClientError {
    ClientError::from_reply(error, ILLEGAL_REPLY, call)
}

#[cfg(test)]
mod tests {
    use super::super::mock::{Step, serve};
    use Step::{AwaitClose, Expect, Send};

    #[tokio::test]
    async fn the_replies_that_are_unlike_all_others_are_read() {
        let (mut session, server) = serve(vec![
            Expect("get mgmd nodeid\n\n"),
            Send("get mgmd nodeid reply\nnodeid:49\n\n"),
            Expect("end session\n\n"),
            Send("end session reply\n"),
            Expect("report event\ndata:\"59 1\"\nlength: 2\n\n"),
            Send("report event reply\nresult: ok\n\n"),
            Expect("purge stale sessions\n\n"),
            Send("purge stale sessions reply\nresult: Ok\n\n"),
            Expect("purge stale sessions\n\n"),
            Send("purge stale sessions reply\npurged: 4 5\nresult: Ok\n\n"),
            Expect("get session\nid: 99\n\n"),
            Send("get session reply\nid: 0\n\n"),
            Expect("bye\n\n"),
            AwaitClose,
        ])
        .await;
        assert_eq!(session.get_mgmd_nodeid().await.unwrap().get(), 49);
        session.end_session().await.unwrap();
        session.report_event(&[59, 1]).await.unwrap();
        assert_eq!(session.purge_stale_sessions().await.unwrap(), None);
        let purged = session.purge_stale_sessions().await.unwrap();
        assert_eq!(purged.as_deref(), Some("4 5"));
        assert_eq!(session.get_session(99).await.unwrap(), None);
        session.bye().await.unwrap();
        server.await.unwrap();
    }
}

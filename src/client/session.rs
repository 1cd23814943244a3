//! A connection to a management server, and the exchange of one request for one reply.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::error::{Call, ClientError, ILLEGAL_REPLY};
use super::transport::Transport;
use crate::cluster::{ConnectHost, NodeId, NodeType, Version};
use crate::wire::{
    Block, Certificate, EventReader, GetNodeidReply, ListCertsReply, ListSessionsReply,
    MgmdNodeidReply, ReplyError, ReplyReader, Request, ResultReply, SessionIdReply, SessionReply,
    SessionRequest, SessionState, TlsStatsReply, VersionReply, WireError, is_reply_header,
};

/// Most bytes taken from the socket at once.
const READ_SIZE: usize = 32 * 1024;

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

/// A connection to a management server: one request, one reply, in turn.
///
/// Every request is one write. After a time limit, a cut connection, bytes that are no protocol,
/// or a request whose future was dropped half-way, the connection is closed and every further
/// request fails with [`ClientError::Disconnected`]: a late reply is never taken for the
/// answer to another request. A complete reply that says something unexpected leaves
/// the session open, as in the original.
///
/// The server's version is asked for before the first request whose form depends on it, and the
/// server is then told ours.
pub struct Session {
    pub(super) transport: Option<Transport>,
    host: ConnectHost,
    limit: Duration,
    server_version: Option<Version>,
    is_local: bool,
}

impl Session {
    pub(super) fn new(transport: Transport, host: ConnectHost, limit: Duration) -> Self {
        Session {
            is_local: transport.is_local(),
            transport: Some(transport),
            host,
            limit,
            server_version: None,
        }
    }

    /// Host as written in the connect string, without brackets.
    pub fn host(&self) -> &str {
        &self.host.address.host
    }

    /// Port of the server.
    pub fn port(&self) -> u16 {
        self.host.address.port
    }

    /// The entry of the connect string that was reached, for a further connection to it.
    pub fn server(&self) -> &ConnectHost {
        &self.host
    }

    /// True if the server is on this machine, so that what is sent does not leave it.
    pub fn is_local(&self) -> bool {
        self.is_local
    }

    /// As if the server were on another machine, which a test has none of.
    #[cfg(test)]
    pub(crate) fn move_server_away(&mut self) {
        self.is_local = false;
    }

    /// False once the connection is known to be closed. Only
    /// [`check_connection`](Session::check_connection) finds out about the server.
    pub fn is_open(&self) -> bool {
        self.transport.is_some()
    }

    /// Time limit of requests that have none of their own.
    pub fn timeout(&self) -> Duration {
        self.limit
    }

    /// Sets the time limit of requests that have none of their own.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Asks whether the server is there (`check connection`).
    ///
    /// # Errors
    ///
    /// After any error the session is closed.
    pub async fn check_connection(&mut self) -> Result<(), ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_check_connection");
        let result = self
            .order(&Request::Session(SessionRequest::CheckConnection), call)
            .await;
        if result.is_err() {
            self.transport = None;
        }
        result
    }

    /// The server's version (`get version`, followed by `set clientversion` if the server is new
    /// enough); sent once per connection, then remembered.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn server_version(&mut self) -> Result<Version, ClientError> {
        if let Some(version) = self.server_version {
            return Ok(version);
        }
        let block = self
            .exchange(&Request::Session(SessionRequest::GetVersion), self.limit)
            .await?;
        let version = VersionReply::decode(&block)
            .map_err(ClientError::Reply)?
            .version;
        if version >= Version::SET_CLIENTVERSION {
            let request = Request::Session(SessionRequest::SetClientVersion {
                version: Version::OURS,
            });
            let call = Call(ILLEGAL_REPLY, "ndb_mgm_set_clientversion");
            self.order(&request, call).await?;
        }
        tracing::debug!(%version, "server version");
        self.server_version = Some(version);
        Ok(version)
    }

    /// Node id of the management server.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_mgmd_nodeid(&mut self) -> Result<NodeId, ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_get_mgmd_nodeid");
        let reply = self
            .ask(
                &Request::Session(SessionRequest::GetMgmdNodeid),
                MgmdNodeidReply::decode,
                call,
            )
            .await?;
        Ok(reply.node)
    }

    /// Reserves a node id for a process that will join the cluster.
    ///
    /// # Errors
    ///
    /// 1101 to 1103 with the server's text.
    pub async fn get_nodeid(&mut self, wanted: NodeIdRequest) -> Result<NodeId, ClientError> {
        let request = Request::Session(SessionRequest::GetNodeid {
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
        });
        let call = Call(1101, "ndb_mgm_alloc_nodeid");
        let reply = self.ask(&request, GetNodeidReply::decode, call).await?;
        Ok(reply.node)
    }

    /// Id of this session at the server.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_session_id(&mut self) -> Result<u64, ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_get_session_id");
        let reply = self
            .ask(
                &Request::Session(SessionRequest::GetSessionId),
                SessionIdReply::decode,
                call,
            )
            .await?;
        Ok(reply.id)
    }

    /// A session of the server, or `None` if there is none with this id.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_session(&mut self, id: u32) -> Result<Option<SessionState>, ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_get_session");
        let reply = self
            .ask(
                &Request::Session(SessionRequest::GetSession { id }),
                SessionReply::decode,
                call,
            )
            .await?;
        Ok(reply.session)
    }

    /// All sessions of the server.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn list_sessions(&mut self) -> Result<Vec<SessionState>, ClientError> {
        let call = Call(ILLEGAL_REPLY, "list sessions");
        let reply = self
            .ask(
                &Request::Session(SessionRequest::ListSessions),
                ListSessionsReply::decode,
                call,
            )
            .await?;
        Ok(reply.sessions)
    }

    /// Frees node ids whose owners are gone; gives the ids, which servers since 9 never name.
    ///
    /// # Errors
    ///
    /// 1006 with the server's text.
    pub async fn purge_stale_sessions(&mut self) -> Result<Option<String>, ClientError> {
        let request = Request::Session(SessionRequest::PurgeStaleSessions);
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_purge_stale_sessions");
        let mut block = self.exchange(&request, self.timeout()).await?;
        let purged = block.field("purged").map(str::to_owned);
        block.fields.retain(|(name, _)| name != "purged");
        ResultReply::decode(request.name(), &block)
            .map_err(|error| ClientError::from_reply(error, call))?;
        Ok(purged)
    }

    /// The certificates of the sessions that use TLS.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn list_certs(&mut self) -> Result<Vec<Certificate>, ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_list_certs");
        let reply = self
            .ask(
                &Request::Session(SessionRequest::ListCerts),
                ListCertsReply::decode,
                call,
            )
            .await?;
        Ok(reply.certificates)
    }

    /// The server's counts of connections and of TLS.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_tls_stats(&mut self) -> Result<TlsStatsReply, ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_get_tls_stats");
        self.ask(
            &Request::Session(SessionRequest::GetTlsStats),
            TlsStatsReply::decode,
            call,
        )
        .await
    }

    /// Says that the session is over. The server answers and keeps the session, as the protocol
    /// has it; drop the session, or go on.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn end_session(&mut self) -> Result<(), ClientError> {
        let mut exchange = self
            .begin(
                &Request::Session(SessionRequest::EndSession),
                self.timeout(),
            )
            .await?;
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
        self.begin(&Request::Session(SessionRequest::Bye), self.timeout())
            .await
            .map(drop)
    }

    /// Sends a request whose reply is `result: Ok` within the session's time limit.
    pub(super) async fn order(&mut self, request: &Request, call: Call) -> Result<(), ClientError> {
        let decode = |block: &Block| ResultReply::decode(request.name(), block);
        self.ask(request, decode, call).await?;
        Ok(())
    }

    /// Sends a request and reads its reply within the session's time limit.
    pub(super) async fn ask<T>(
        &mut self,
        request: &Request,
        decode: impl FnOnce(&Block) -> Result<T, ReplyError>,
        call: Call,
    ) -> Result<T, ClientError> {
        self.ask_within(self.limit, request, decode, call).await
    }

    /// As [`Session::ask`], within this time.
    pub(super) async fn ask_within<T>(
        &mut self,
        limit: Duration,
        request: &Request,
        decode: impl FnOnce(&Block) -> Result<T, ReplyError>,
        call: Call,
    ) -> Result<T, ClientError> {
        let block = self.exchange(request, limit).await?;
        decode(&block)
            .map_err(|error| ClientError::from_reply(error.for_command(request.name()), call))
    }

    /// Sends a request and reads the one block that answers it.
    pub(super) async fn exchange(
        &mut self,
        request: &Request,
        limit: Duration,
    ) -> Result<Block, ClientError> {
        self.begin(request, limit).await?.only_block().await
    }

    /// Sends a request. The connection belongs to the exchange until its
    /// [`end`](Exchange::end); dropped earlier, it is closed.
    pub(super) async fn begin(
        &mut self,
        request: &Request,
        limit: Duration,
    ) -> Result<Exchange<'_>, ClientError> {
        let command = request.name();
        // Holds a password at times, so it must not grow and leave copies.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2048));
        request
            .encode(&mut bytes)
            .map_err(ClientError::NotSendable)?;
        let disconnected = || ClientError::Disconnected { command };
        let mut transport = self.transport.take().ok_or_else(disconnected)?;
        if transport.has_stray_input() {
            return Err(disconnected());
        }
        let mut exchange = Exchange {
            session: self,
            transport,
            reader: ReplyReader::new(),
            command,
            limit,
            deadline: Instant::now() + limit,
        };
        tracing::trace!(command, "request");
        exchange.send(&bytes).await?;
        Ok(exchange)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("host", &self.host)
            .field("is_open", &self.is_open())
            .field("server_version", &self.server_version)
            .finish_non_exhaustive()
    }
}

/// A request that was sent and whose reply is being read.
pub(super) struct Exchange<'s> {
    session: &'s mut Session,
    pub(super) transport: Transport,
    pub(super) reader: ReplyReader,
    command: &'static str,
    limit: Duration,
    deadline: Instant,
}

impl Exchange<'_> {
    async fn send(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        match timeout_at(self.deadline, self.transport.send(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.socket_error(error)),
            Err(_) => Err(self.timed_out()),
        }
    }

    /// Reads up to the next empty line.
    pub(super) async fn block(&mut self) -> Result<Block, ClientError> {
        loop {
            match self.reader.next() {
                Ok(Some(block)) => return Ok(block),
                Ok(None) => self.fill().await?,
                Err(source) => return Err(self.protocol_error(source)),
            }
        }
    }

    /// Reads the one block that is all of the reply.
    pub(super) async fn only_block(mut self) -> Result<Block, ClientError> {
        let block = self.block().await?;
        self.end();
        Ok(block)
    }

    /// Reads the `count` bytes that follow a block, part by part, and their newline; the
    /// caller bounds the count.
    pub(super) async fn body(
        &mut self,
        count: usize,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), ClientError> {
        let mut left = count;
        loop {
            let part = self.reader.take_body(left.saturating_add(1));
            let (text, newline) = part.split_at(part.len().min(left));
            take(text);
            left -= text.len();
            if !newline.is_empty() {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Reads one line.
    pub(super) async fn line(&mut self) -> Result<String, ClientError> {
        loop {
            match self.reader.next_line() {
                Ok(Some(line)) => return Ok(line),
                Ok(None) => self.fill().await?,
                Err(source) => return Err(self.protocol_error(source)),
            }
        }
    }

    /// Gives the connection back to the session, unless the server wrote more than was
    /// asked for.
    pub(super) fn end(self) {
        if self.reader.is_empty() {
            self.session.transport = Some(self.transport);
        }
    }

    /// Keeps the connection, and what was read past the reply.
    pub(super) fn into_events(self) -> (Transport, EventReader) {
        (self.transport, EventReader::after(self.reader))
    }

    async fn fill(&mut self) -> Result<(), ClientError> {
        // A server that always has something to say would never let the timer have its turn.
        if Instant::now() >= self.deadline {
            return Err(self.timed_out());
        }
        // On the heap: what waits for it is moved about, and nested.
        let mut chunk = vec![0; READ_SIZE];
        match timeout_at(self.deadline, self.transport.receive(&mut chunk)).await {
            Ok(Ok(0)) => Err(self.closed()),
            Ok(Ok(size)) => {
                self.reader.push(&chunk[..size]);
                Ok(())
            }
            Ok(Err(error)) => Err(self.socket_error(error)),
            Err(_) => Err(self.timed_out()),
        }
    }

    /// The server closed the connection before its reply was complete.
    fn closed(&self) -> ClientError {
        let command = self.command;
        match self.reader.unfinished_header() {
            Some(line) if !is_reply_header(command, line) => ClientError::Foreign {
                command,
                line: line.to_owned(),
            },
            _ => ClientError::Disconnected { command },
        }
    }

    /// What came is no protocol.
    pub(super) fn protocol_error(&self, source: WireError) -> ClientError {
        ClientError::Protocol {
            command: self.command,
            source,
        }
    }

    fn timed_out(&self) -> ClientError {
        ClientError::TimedOut {
            command: self.command,
            limit: self.limit,
        }
    }

    fn socket_error(&self, source: io::Error) -> ClientError {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};

        let command = self.command;
        match source.kind() {
            // TLS without its goodbye ends in UnexpectedEof.
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => {
                ClientError::Disconnected { command }
            }
            _ => ClientError::Socket { command, source },
        }
    }
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

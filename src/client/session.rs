//! A connection to a management server, and the exchange of one request for one reply.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::error::ClientError;
use super::transport::Transport;
use crate::cluster::{ConnectHost, Version};
use crate::wire::{Block, EventReader, ReplyReader, Request, ResultReply, VersionReply, WireError};

/// Most bytes taken from the socket at once.
const READ_SIZE: usize = 32 * 1024;

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
    transport: Option<Transport>,
    host: ConnectHost,
    limit: Duration,
    server_version: Option<Version>,
}

impl Session {
    pub(super) fn new(transport: Transport, host: ConnectHost, limit: Duration) -> Self {
        Session {
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
        let call = "ndb_mgm_check_connection";
        let result = self.order(&Request::CheckConnection, 1006, call).await;
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
        let block = self.exchange(&Request::GetVersion, self.limit).await?;
        let version = VersionReply::decode(&block)
            .map_err(ClientError::Reply)?
            .version;
        if version >= Version::SET_CLIENTVERSION {
            let request = Request::SetClientVersion {
                version: Version::OURS,
            };
            self.order(&request, 1006, "ndb_mgm_set_clientversion")
                .await?;
        }
        tracing::debug!(%version, "server version");
        self.server_version = Some(version);
        Ok(version)
    }

    /// Sends a request whose reply is `result: Ok` within the session's time limit.
    pub(super) async fn order(
        &mut self,
        request: &Request,
        number: u32,
        call: &'static str,
    ) -> Result<(), ClientError> {
        let block = self.exchange(request, self.limit).await?;
        ResultReply::decode(request.name(), &block)
            .map(|_| ())
            .map_err(|error| ClientError::from_reply(error, number, call))
    }

    /// Sends a request and reads the one block that answers it.
    pub(super) async fn exchange(
        &mut self,
        request: &Request,
        limit: Duration,
    ) -> Result<Block, ClientError> {
        let mut exchange = self.begin(request, limit).await?;
        let block = exchange.block().await?;
        exchange.end();
        Ok(block)
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
    transport: Transport,
    reader: ReplyReader,
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
        (self.transport, self.reader.into_events())
    }

    async fn fill(&mut self) -> Result<(), ClientError> {
        let mut chunk = [0; READ_SIZE];
        match timeout_at(self.deadline, self.transport.receive(&mut chunk)).await {
            Ok(Ok(0)) => Err(ClientError::Disconnected {
                command: self.command,
            }),
            Ok(Ok(size)) => {
                self.reader.push(&chunk[..size]);
                Ok(())
            }
            Ok(Err(error)) => Err(self.socket_error(error)),
            Err(_) => Err(self.timed_out()),
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
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};

        let command = self.command;
        match source.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset => {
                ClientError::Disconnected { command }
            }
            _ => ClientError::Socket { command, source },
        }
    }
}

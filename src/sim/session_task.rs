//! One connection: bytes in, requests to the loop, replies and events out.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use zeroize::{Zeroize, Zeroizing};

use super::model::SessionId;
use super::tls::{ServerTls, TlsConnection};
use super::unfinished::{Held, Unfinished};
use crate::tls::CertificateDescription;
use crate::wire::{Incoming, Request, RequestReader};

/// Limit of a started request and of a reply being written (management protocol, 1.7).
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Limit of a write to a listener.
const LISTENER_TIMEOUT: Duration = Duration::from_secs(1);

/// A listener's records are gathered for this long after a write, so that a burst of events
/// costs few writes; the first one after a pause goes out at once.
const GATHER_TIME: Duration = Duration::from_millis(10);

/// Records for a listener are written together up to this many bytes.
const BATCH_BYTES: usize = 64 * 1024;

/// Limit of the goodbye of a connection that uses TLS.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

const READ_BYTES: usize = 4096;

/// What the loop sends to a session.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// The reply to its request, and what becomes of the session.
    Reply { bytes: Arc<[u8]>, then: Then },
    /// Something for a listener.
    Event(Arc<[u8]>),
    /// The end.
    Close,
}

/// What follows a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The next request.
    Request,
    /// Events.
    Listen,
    /// TLS, and then the next request.
    Secure,
}

/// What a session tells the loop.
#[derive(Debug)]
pub(super) enum FromSession {
    /// A request; the next one comes after the reply.
    Request(SessionId, Request),
    /// The connection uses TLS from now on; this certificate came with it.
    Secured(SessionId, CertificateDescription),
    /// It does not, and ends: lines for the cluster log.
    NotSecured(SessionId, Vec<String>),
    /// The connection is gone.
    Closed(SessionId),
}

/// The bytes of a connection.
pub(super) enum Stream {
    /// They go as they are.
    Cleartext(TcpStream),
    /// They are encrypted.
    Tls(Box<TlsConnection>),
    /// Between the two, and after that failed.
    None,
}

impl Stream {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Cleartext(stream) => stream.read(buffer).await,
            Stream::Tls(stream) => stream.read(buffer).await,
            Stream::None => Ok(0),
        }
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Stream::Cleartext(stream) => stream.write_all(bytes).await,
            Stream::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            Stream::None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Says goodbye, where that is more than closing.
    async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Stream::Cleartext(_) | Stream::None => Ok(()),
            Stream::Tls(stream) => stream.shutdown().await,
        }
    }
}

/// A connection and its two ways to the loop.
pub(super) struct SessionTask {
    pub(super) id: SessionId,
    pub(super) stream: Stream,
    /// What the server needs for TLS, if it has it.
    pub(super) tls: Option<Arc<ServerTls>>,
    /// Everything but the first requests needs TLS.
    pub(super) requires_tls: bool,
    pub(super) outgoing: UnboundedReceiver<Outgoing>,
    /// Bytes of events on their way to this session.
    pub(super) queued: Arc<AtomicUsize>,
    /// What the unfinished requests of all sessions hold.
    pub(super) unfinished: Unfinished,
    pub(super) inbox: UnboundedSender<FromSession>,
}

impl SessionTask {
    /// Serves the connection until it ends.
    pub(super) async fn run(mut self) {
        self.serve().await;
        // A client that does not read it is gone.
        let _ = timeout(GOODBYE_TIMEOUT, self.stream.shutdown()).await;
        // The loop may be gone already.
        let _ = self.inbox.send(FromSession::Closed(self.id));
    }

    async fn serve(&mut self) -> Option<()> {
        let mut reader = match self.requires_tls {
            true => RequestReader::without_bodies(),
            false => RequestReader::new(),
        };
        // A password may pass through it.
        let mut buffer = Zeroizing::new(vec![0; READ_BYTES]);
        let mut held = Held::new(self.unfinished.clone());
        let mut started = Instant::now();
        loop {
            match reader.next() {
                Incoming::NeedMore => {
                    if reader.is_idle() {
                        started = Instant::now();
                    }
                    let limit = (!reader.is_idle()).then(|| started + REQUEST_TIMEOUT);
                    let count = self.read(&mut buffer, limit).await?;
                    if count == 0 {
                        return None;
                    }
                    if reader.is_idle() {
                        started = Instant::now();
                    }
                    reader.push(&buffer[..count]);
                    buffer[..count].zeroize();
                    if !held.may_hold(reader.waiting()) {
                        return None;
                    }
                }
                Incoming::Request(request) => {
                    held.may_hold(reader.waiting());
                    self.inbox
                        .send(FromSession::Request(self.id, request))
                        .ok()?;
                    match self.finish_request().await? {
                        Then::Request => {}
                        Then::Listen => return self.listen().await,
                        Then::Secure => {
                            self.secure(reader.take_rest()).await?;
                            reader = RequestReader::new();
                        }
                    }
                    started = Instant::now();
                }
                Incoming::Refused(text) => self.write(text.as_bytes(), REQUEST_TIMEOUT).await?,
                Incoming::Close => return None,
            }
        }
    }

    /// Reads what has come; ends when the loop says so.
    async fn read(&mut self, buffer: &mut [u8], limit: Option<Instant>) -> Option<usize> {
        let deadline = limit.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400 * 365));
        tokio::select! {
            // Without a message there is none to answer: only the end can come.
            _ = self.outgoing.recv() => None,
            read = timeout_at(deadline, self.stream.read(buffer)) => read.ok()?.ok(),
        }
    }

    /// Waits for the reply, however long it takes.
    async fn finish_request(&mut self) -> Option<Then> {
        match self.outgoing.recv().await? {
            Outgoing::Reply { bytes, then } => {
                self.write(&bytes, REQUEST_TIMEOUT).await?;
                Some(then)
            }
            Outgoing::Event(_) | Outgoing::Close => None,
        }
    }

    /// Changes to TLS. Nobody else waits for the client's part of it.
    async fn secure(&mut self, surplus: Vec<u8>) -> Option<()> {
        let tls = Arc::clone(self.tls.as_ref()?);
        let Stream::Cleartext(stream) = std::mem::replace(&mut self.stream, Stream::None) else {
            return None;
        };
        match tls.accept(stream, surplus).await {
            Ok((stream, certificate)) => {
                self.stream = Stream::Tls(stream);
                let secured = FromSession::Secured(self.id, certificate);
                self.inbox.send(secured).ok()
            }
            Err(failed) => {
                let _ = self
                    .inbox
                    .send(FromSession::NotSecured(self.id, failed.log));
                None
            }
        }
    }

    async fn listen(&mut self) -> Option<()> {
        let mut batch = Vec::new();
        let mut next_write = Instant::now();
        loop {
            let mut next = Some(self.outgoing.recv().await?);
            sleep_until(next_write).await;
            let mut ends = false;
            batch.clear();
            while let Some(outgoing) = next.take() {
                match outgoing {
                    Outgoing::Event(bytes) => batch.extend_from_slice(&bytes),
                    Outgoing::Reply { .. } => {}
                    Outgoing::Close => ends = true,
                }
                if !ends && batch.len() < BATCH_BYTES {
                    next = self.outgoing.try_recv().ok();
                }
            }
            self.write(&batch, LISTENER_TIMEOUT).await?;
            self.queued.fetch_sub(batch.len(), Ordering::AcqRel);
            next_write = Instant::now() + GATHER_TIME;
            if ends {
                return None;
            }
        }
    }

    async fn write(&mut self, bytes: &[u8], limit: Duration) -> Option<()> {
        timeout(limit, self.stream.write_all(bytes))
            .await
            .ok()?
            .ok()
    }
}

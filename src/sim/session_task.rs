//! One connection: bytes in, requests to the loop, replies and events out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::model::SessionId;
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

const READ_BYTES: usize = 4096;

/// What the loop sends to a session.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// The reply to its request; afterwards it may be a listener.
    Reply { bytes: Arc<[u8]>, listens: bool },
    /// Something for a listener.
    Event(Arc<[u8]>),
    /// The end.
    Close,
}

/// What a session tells the loop.
#[derive(Debug)]
pub(super) enum FromSession {
    /// A request; the next one comes after the reply.
    Request(SessionId, Request),
    /// The connection is gone.
    Closed(SessionId),
}

/// A connection and its two ways to the loop.
pub(super) struct SessionTask {
    pub(super) id: SessionId,
    pub(super) stream: TcpStream,
    pub(super) outgoing: UnboundedReceiver<Outgoing>,
    /// Bytes of events on their way to this session.
    pub(super) queued: Arc<AtomicUsize>,
    pub(super) inbox: UnboundedSender<FromSession>,
}

impl SessionTask {
    /// Serves the connection until it ends.
    pub(super) async fn run(mut self) {
        self.serve().await;
        // The loop may be gone already.
        let _ = self.inbox.send(FromSession::Closed(self.id));
    }

    async fn serve(&mut self) -> Option<()> {
        let mut reader = RequestReader::new();
        let mut buffer = vec![0; READ_BYTES];
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
                }
                Incoming::Request(request) => {
                    self.inbox
                        .send(FromSession::Request(self.id, request))
                        .ok()?;
                    if self.finish_request().await? {
                        return self.listen().await;
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

    /// Waits for the reply, however long it takes; true if the session listens from now on.
    async fn finish_request(&mut self) -> Option<bool> {
        match self.outgoing.recv().await? {
            Outgoing::Reply { bytes, listens } => {
                self.write(&bytes, REQUEST_TIMEOUT).await?;
                Some(listens)
            }
            Outgoing::Event(_) | Outgoing::Close => None,
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

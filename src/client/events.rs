//! The event stream of a management server.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::error::ClientError;
use super::transport::Transport;
use crate::cluster::Event;
use crate::wire::{EventItem, EventReader};

/// Longest silence of a live server: it writes a PING every 500 ms, so this many seconds
/// without a byte are some sixty missed ones.
pub const SILENCE_LIMIT: Duration = Duration::from_secs(30);

const COMMAND: &str = "listen event";
const READ_SIZE: usize = 16 * 1024;

/// Events as the server sends them, made by [`Session::listen`](super::Session::listen).
///
/// Nothing more can be asked on the connection; drop the stream to end it. Dropping the
/// future of a call loses no event.
pub struct EventStream {
    transport: Option<Transport>,
    reader: EventReader,
    silence_limit: Duration,
    /// How long was waited since the server last wrote anything, PINGs included. A caller
    /// that does something else meanwhile must not take its own pause for silence.
    waited: Duration,
}

impl EventStream {
    pub(super) fn new(transport: Transport, reader: EventReader) -> Self {
        EventStream {
            transport: Some(transport),
            reader,
            silence_limit: SILENCE_LIMIT,
            waited: Duration::ZERO,
        }
    }

    /// Sets how long the server may be silent, [`SILENCE_LIMIT`] at first.
    pub fn set_silence_limit(&mut self, limit: Duration) {
        self.silence_limit = limit;
    }

    /// The next event, whenever it comes: hours may pass while the cluster is quiet.
    ///
    /// # Errors
    ///
    /// The server closed the connection, fell silent or sent what is no event. Then the
    /// stream is at its end and every further call fails.
    pub async fn next(&mut self) -> Result<Event, ClientError> {
        loop {
            if let Some(event) = self.decoded()? {
                return Ok(event);
            }
            self.fill(None).await?;
        }
    }

    /// The next event, or `None` if there is none within `limit`. PINGs do not extend it.
    ///
    /// # Errors
    ///
    /// As [`EventStream::next`].
    pub async fn next_within(&mut self, limit: Duration) -> Result<Option<Event>, ClientError> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(event) = self.decoded()? {
                return Ok(Some(event));
            }
            if !self.fill(Some(deadline)).await? {
                return Ok(None);
            }
        }
    }

    /// An event that has been received completely.
    fn decoded(&mut self) -> Result<Option<Event>, ClientError> {
        loop {
            match self.reader.next() {
                Ok(Some(EventItem::Event(event))) => return Ok(Some(event)),
                Ok(Some(EventItem::Ping)) => {}
                Ok(Some(unknown)) => tracing::debug!(?unknown, "event of an unknown type"),
                Ok(None) => return Ok(None),
                Err(source) => {
                    self.transport = None;
                    return Err(ClientError::Protocol {
                        command: COMMAND,
                        source,
                    });
                }
            }
        }
    }

    /// Reads once. False: `deadline` passed first.
    async fn fill(&mut self, deadline: Option<Instant>) -> Result<bool, ClientError> {
        let transport = self
            .transport
            .as_mut()
            .ok_or(ClientError::Disconnected { command: COMMAND })?;
        let start = Instant::now();
        let silence_ends = start + self.silence_limit.saturating_sub(self.waited);
        let until = deadline.map_or(silence_ends, |deadline| deadline.min(silence_ends));
        let mut chunk = [0; READ_SIZE];
        let error = match timeout_at(until, transport.receive(&mut chunk)).await {
            Ok(Ok(0)) => ClientError::Disconnected { command: COMMAND },
            Ok(Ok(size)) => {
                self.waited = Duration::ZERO;
                self.reader.push(&chunk[..size]);
                return Ok(true);
            }
            Ok(Err(source)) => ClientError::Socket {
                command: COMMAND,
                source,
            },
            Err(_) if deadline.is_some_and(|deadline| deadline <= silence_ends) => {
                self.waited += start.elapsed();
                return Ok(false);
            }
            Err(_) => ClientError::Silent {
                limit: self.silence_limit,
            },
        };
        self.transport = None;
        Err(error)
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream")
            .field("is_open", &self.transport.is_some())
            .field("silence_limit", &self.silence_limit)
            .finish_non_exhaustive()
    }
}

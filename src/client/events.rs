//! Events: the stream of a management server, and events asked for and made.

use std::cmp::Reverse;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::error::{Call, ClientError, ILLEGAL_REPLY, LISTEN};
use super::session::Session;
use super::transport::Transport;
use crate::cluster::{Event, EventBody, EventCategory, LogLevel, NodeId, ReportKind, SavedEvents};
use crate::wire::{
    DumpEventsReply, EventItem, EventReader, EventsRequest, ListenReply, Request, WireError,
    decode_event, encode_filter,
};

/// Longest silence of a live server: it writes a PING every 500 ms, so this many seconds
/// without a byte are some sixty missed ones.
pub const SILENCE_LIMIT: Duration = Duration::from_secs(30);

const COMMAND: &str = "listen event";
const READ_SIZE: usize = 16 * 1024;

/// More events than the reports of a whole cluster hold.
const DUMPED_EVENTS_MAX: u32 = 1_000_000;

/// Most words in all of them, of types without keys: 32 for each event.
const DUMPED_WORDS_MAX: usize = 32 << 20;

/// Most words of an event that is reported.
const REPORTED_WORDS_MAX: usize = 24;

/// Events as the server sends them, made by [`Session::listen_to`](super::Session::listen_to).
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
    /// How long the rest of a record that has begun was waited for.
    waited_for_record: Duration,
}

impl EventStream {
    pub(super) fn new(transport: Transport, reader: EventReader) -> Self {
        EventStream {
            transport: Some(transport),
            reader,
            silence_limit: SILENCE_LIMIT,
            waited: Duration::ZERO,
            waited_for_record: Duration::ZERO,
        }
    }

    /// Sets how long the server may be silent, and how long one record may take,
    /// [`SILENCE_LIMIT`] at first.
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
                Ok(Some(EventItem::Event(event))) => {
                    self.waited_for_record = Duration::ZERO;
                    return Ok(Some(event));
                }
                Ok(Some(EventItem::Ping)) => self.waited_for_record = Duration::ZERO,
                Ok(Some(unknown)) => {
                    self.waited_for_record = Duration::ZERO;
                    tracing::debug!(?unknown, "event of an unknown type");
                }
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
        // On the heap: what waits for it is moved about, and nested.
        let mut chunk = vec![0; READ_SIZE];
        let error = match timeout_at(until, transport.receive(&mut chunk)).await {
            Ok(Ok(0)) => ClientError::Disconnected { command: COMMAND },
            Ok(Ok(size)) => {
                self.waited = Duration::ZERO;
                self.reader.push(&chunk[..size]);
                if self.reader.is_inside_record() {
                    self.waited_for_record += start.elapsed();
                }
                if self.waited_for_record < self.silence_limit {
                    return Ok(true);
                }
                ClientError::TimedOut {
                    command: COMMAND,
                    limit: self.silence_limit,
                }
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

impl Session {
    /// Lets these data nodes report, or all if there are none.
    /// Sorted by node; of one node, data memory before index memory. Nodes without a
    /// connection do not report.
    ///
    /// # Errors
    ///
    /// Not a data node, or a report that the server does not know.
    pub async fn dump_events(
        &mut self,
        kind: ReportKind,
        nodes: &[NodeId],
    ) -> Result<Vec<Event>, ClientError> {
        let mut events = Vec::new();
        self.dump_each_event(kind, nodes, |event| events.push(event))
            .await?;
        let block = |event: &Event| match event.body {
            EventBody::MemoryUsage { block, .. } => block,
            _ => 0,
        };
        events.sort_by_key(|event| (event.source, Reverse(block(event))));
        Ok(events)
    }

    /// What these data nodes have kept of their events, or all if there are none.
    ///
    /// # Errors
    ///
    /// As [`dump_events`](Session::dump_events).
    pub async fn dump_saved_events(
        &mut self,
        nodes: &[NodeId],
    ) -> Result<SavedEvents, ClientError> {
        let mut saved = SavedEvents::default();
        self.dump_each_event(ReportKind::EventLog, nodes, |event| saved.push(event))
            .await?;
        Ok(saved)
    }

    /// Takes each event as it is read.
    async fn dump_each_event(
        &mut self,
        kind: ReportKind,
        nodes: &[NodeId],
        mut take: impl FnMut(Event),
    ) -> Result<(), ClientError> {
        let list: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
        let request = Request::Events(EventsRequest::DumpEvents {
            kind: kind.event_kind().number(),
            nodes: (!list.is_empty()).then(|| list.join(",")),
        });
        let mut exchange = self.begin(&request, self.timeout()).await?;
        let block = exchange.block().await?;
        let reply = match DumpEventsReply::decode(&block) {
            Ok(reply) => reply,
            Err(error) => {
                exchange.end();
                let call = Call(ILLEGAL_REPLY, "ndb_mgm_dump_events");
                return Err(ClientError::from_reply(error, call));
            }
        };
        if reply.events > DUMPED_EVENTS_MAX {
            let limit = DUMPED_EVENTS_MAX as usize;
            return Err(exchange.protocol_error(WireError::ReplyTooLong { limit }));
        }
        let mut words_left = DUMPED_WORDS_MAX;
        for _ in 0..reply.events {
            let block = exchange.block().await?;
            match decode_event(&block) {
                Ok(EventItem::Event(event)) => {
                    let words = match &event.body {
                        EventBody::Other { words, .. } => words.len(),
                        _ => 0,
                    };
                    let Some(left) = words_left.checked_sub(words) else {
                        let limit = DUMPED_WORDS_MAX;
                        return Err(exchange.protocol_error(WireError::ReplyTooLong { limit }));
                    };
                    words_left = left;
                    take(event);
                }
                Ok(_) => {}
                Err(source) => return Err(exchange.protocol_error(source)),
            }
        }
        exchange.end();
        Ok(())
    }

    /// Makes this session a stream of the events of these categories, up to these levels.
    ///
    /// # Errors
    ///
    /// A filter that the server does not understand; not authorized (number 0, as in the
    /// original, whose call does not look at the reply).
    pub async fn listen_to(
        mut self,
        filter: &[(EventCategory, LogLevel)],
    ) -> Result<EventStream, ClientError> {
        let request = Request::Events(EventsRequest::ListenEvent {
            filter: encode_filter(filter),
            parsable: true,
        });
        let mut exchange = self.begin(&request, self.timeout()).await?;
        let block = exchange.block().await?;
        ListenReply::decode(&block)
            .map_err(|error| ClientError::from_reply(error, Call(0, LISTEN)))?;
        let (transport, reader) = exchange.into_events();
        let mut events = EventStream::new(transport, reader);
        events.set_silence_limit(SILENCE_LIMIT.min(self.timeout()));
        Ok(events)
    }

    /// Injects an event into the cluster log and to all listeners: word 0 holds the type and
    /// the node << 16; at most 24 words count.
    ///
    /// # Errors
    ///
    /// 1006 with the server's text.
    pub async fn report_event(&mut self, words: &[u32]) -> Result<(), ClientError> {
        let request = Request::Events(EventsRequest::ReportEvent {
            words: words.iter().copied().take(REPORTED_WORDS_MAX).collect(),
        });
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_report_event");
        self.order(&request, call).await
    }
}

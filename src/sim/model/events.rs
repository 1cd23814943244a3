//! Events: who gets them, what nodes keep of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::logs::LogLevels;
use super::{Cluster, Effect, Now, SessionId};
use crate::cluster::{Event, EventBody, EventKind, Gci, NodeId, NodeType, ReportKind};
use crate::wire::{self, ListenReply, Refusal, Reply};

/// Longest text of a line in the cluster log, in bytes (management protocol, 4.6).
const LOG_TEXT_MAX: usize = 383;

/// What a listener asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listener {
    pub(super) levels: LogLevels,
    pub(super) parsable: bool,
}

impl Cluster {
    /// An event of a type whose words have no names of their own.
    pub(super) fn emit_words(
        &mut self,
        source: NodeId,
        kind: EventKind,
        words: Vec<u32>,
        now: Now,
    ) {
        if let Some(body) = EventBody::from_words(kind, &words) {
            self.emit(Event { source, body }, now);
        }
    }

    /// Hands an event to the listeners, the cluster log and the node's own memory.
    pub(super) fn emit(&mut self, event: Event, now: Now) {
        let kind = event.body.kind();
        if let Some(node) = self.data_nodes.get_mut(&event.source) {
            node.save_event(&event, now);
        }
        // What a management server reports itself stays with it.
        let only = self
            .servers
            .contains_key(&event.source)
            .then_some(event.source);
        self.deliver(&event, true, only);
        self.deliver(&event, false, only);
        let mut text = format!("Node {}: {}", event.source, event.render_text());
        truncate(&mut text, LOG_TEXT_MAX);
        let logging: Vec<NodeId> = self
            .serving()
            .into_iter()
            .filter(|id| only.is_none_or(|only| only == *id))
            .filter(|id| self.servers[id].log.takes(kind))
            .collect();
        for server in logging {
            self.effects.push_back(Effect::Log {
                server,
                severity: kind.severity(),
                text: text.clone(),
            });
        }
    }

    /// Newest listeners are served first.
    fn deliver(&mut self, event: &Event, parsable: bool, only: Option<NodeId>) {
        let kind = event.body.kind();
        let sessions: Vec<SessionId> = self
            .sessions
            .iter()
            .rev()
            .filter(|(_, session)| only.is_none_or(|only| session.server == only))
            .filter(|(_, session)| {
                session
                    .listener
                    .is_some_and(|it| it.parsable == parsable && it.levels.takes(kind))
            })
            .map(|(id, _)| *id)
            .collect();
        if sessions.is_empty() {
            return;
        }
        let mut bytes = Vec::new();
        if parsable {
            wire::encode_event(event, &mut bytes);
        } else {
            bytes.extend_from_slice(event.render_pretty().as_bytes());
            bytes.push(b'\n');
        }
        self.effects.push_back(Effect::Event {
            sessions,
            bytes: Arc::from(bytes),
            kind: Some(kind),
        });
    }

    /// Finds dead listeners.
    pub(super) fn ping(&mut self) {
        let sessions: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.listener.is_some())
            .map(|(id, _)| *id)
            .collect();
        if !sessions.is_empty() {
            self.effects.push_back(Effect::Event {
                sessions,
                bytes: Arc::from(&b"<PING>\n"[..]),
                kind: None,
            });
        }
    }

    /// Ends the current global checkpoint and begins the next.
    pub(super) fn advance_checkpoint(&mut self, now: Now) {
        let milliseconds = self
            .topology
            .of_type(NodeType::Ndb)
            .next()
            .map_or(2000, |node| node.number("TimeBetweenGlobalCheckpoints"));
        self.next_checkpoint = now + std::time::Duration::from_millis(milliseconds);
        self.force_checkpoint(now);
    }

    pub(super) fn force_checkpoint(&mut self, now: Now) {
        let gci = self.saved.gci;
        if let Some(source) = self.master() {
            let started = EventBody::GlobalCheckpointStarted { gci };
            self.emit(
                Event {
                    source,
                    body: started,
                },
                now,
            );
            let completed = EventBody::GlobalCheckpointCompleted { gci };
            self.emit(
                Event {
                    source,
                    body: completed,
                },
                now,
            );
        }
        self.saved.gci = Gci(gci.0.checked_add(1).unwrap_or(1));
        self.effects
            .push_back(Effect::GlobalCheckpoint(self.saved.gci));
    }

    pub(super) fn listen_event(&mut self, session: SessionId, filter: &str, parsable: bool) {
        let items = match wire::parse_filter(filter) {
            Ok(items) => items,
            Err(text) => {
                return self.reply(session, Reply::Refused(Refusal::Listen { text }));
            }
        };
        let mut levels = LogLevels::none();
        for (category, wanted) in items {
            levels.set(category, wanted);
        }
        self.reply(session, Reply::Listen(ListenReply));
        if let Some(session) = self.sessions.get_mut(&session) {
            session.listener = Some(Listener { levels, parsable });
            session.lingers = true;
        }
        // A new listener makes the server look for dead ones.
        self.ping();
    }

    pub(super) fn dump_events(&mut self, session: SessionId, number: u32, nodes: Option<&str>) {
        const COMMAND: &str = "dump events";
        let report = match ReportKind::from_event_number(number) {
            Some(report) => report,
            None => {
                let text = format!("ndb_logevent_type {number} not supported");
                return self.refuse(session, COMMAND, text);
            }
        };
        let wanted = match nodes.map(|list| (list, parse_node_ranges(list))) {
            None => None,
            Some((_, Some(wanted))) => Some(wanted),
            Some((list, None)) => {
                let text = format!("invalid nodes: '{list}'");
                return self.refuse(session, COMMAND, text);
            }
        };
        let events: Vec<Event> = self
            .data_nodes
            .values()
            .filter(|node| node.is_connected())
            .map(|node| node.id)
            .filter(|id| wanted.as_ref().is_none_or(|set| set.contains(&id.get())))
            .flat_map(|id| self.node_reports(id, report))
            .collect();
        self.reply(session, Reply::DumpEvents(events));
    }

    fn node_reports(&self, source: NodeId, report: ReportKind) -> Vec<Event> {
        let bodies = match report {
            ReportKind::BackupStatus => vec![self.backup_status(source)],
            ReportKind::MemoryUsage => self.memory_usage(source).to_vec(),
            ReportKind::EventLog => self.saved_events(source),
        };
        let event = |body| Event { source, body };
        bodies.into_iter().map(event).collect()
    }

    /// The events a node has kept: length, sequence number, seconds, then the signal.
    fn saved_events(&self, node: NodeId) -> Vec<EventBody> {
        let Some(node) = self.data_nodes.get(&node) else {
            return Vec::new();
        };
        let body = |(sequence, seconds, event): &(u32, u32, Event)| {
            let signal = signal_words(event);
            let mut words = vec![signal.len() as u32, *sequence, *seconds];
            words.extend(signal);
            EventBody::Other {
                kind: EventKind::SAVED_EVENT,
                words,
            }
        };
        node.saved_events.iter().map(body).collect()
    }

    /// Injects an event; word 0 is its type and its node.
    pub(super) fn report_event(&mut self, session: SessionId, words: &[u32], now: Now) {
        if let [first, signal @ ..] = words {
            let kind = EventKind::from_number(first & 0xFFFF);
            let source = NodeId::new(first >> 16);
            let body = kind.and_then(|kind| EventBody::from_signal(kind, signal));
            if let (Some(source), Some(body)) = (source, body) {
                self.emit(Event { source, body }, now);
            }
        }
        self.done(session, "report event");
    }
}

/// The words of an event as its node sent them, first its type and its node.
fn signal_words(event: &Event) -> Vec<u32> {
    let kind = event.body.kind();
    let mut words = vec![kind.number() | event.source.get() << 16];
    words.extend(event.body.words());
    if kind == EventKind::BACKUP_COMPLETED {
        // Two words of the signal are not part of the record.
        words.splice(9..9, [0, 0]);
    }
    words
}

/// A list such as `1,2,5-7`; ids 1 to 144.
fn parse_node_ranges(list: &str) -> Option<BTreeSet<u32>> {
    let mut nodes = BTreeSet::new();
    for item in list.split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let id = |text: &str| {
            let id: u32 = text.trim().parse().ok()?;
            (1..=u32::from(NodeId::DATA_NODE_MAX))
                .contains(&id)
                .then_some(id)
        };
        nodes.extend(id(first)?..=id(last)?);
    }
    Some(nodes)
}

/// Cuts at a character boundary.
fn truncate(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(end);
    }
}

//! Events: who gets them.

use std::sync::Arc;

use super::reply::Reply;
use super::{Cluster, Effect, Now, SessionId, level};
use crate::cluster::{Event, EventBody, EventCategory, EventKind, Gci, LogLevel, NodeId, NodeType};
use crate::wire;

/// Longest text of a line in the cluster log, in bytes (management protocol, 4.6).
const LOG_TEXT_MAX: usize = 383;

/// A level for each category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogLevels([LogLevel; 13]);

impl LogLevels {
    /// Level 0 everywhere.
    pub(super) fn none() -> Self {
        LogLevels([LogLevel::MIN; 13])
    }

    /// What the cluster log takes by default (management protocol, 3.2).
    pub(super) fn cluster_log_defaults() -> Self {
        let mut levels = LogLevels([level(7); 13]);
        levels.set(EventCategory::Error, LogLevel::MAX);
        levels.set(EventCategory::Backup, LogLevel::MAX);
        levels.set(EventCategory::Connection, level(8));
        levels
    }

    pub(super) fn set(&mut self, category: EventCategory, to: LogLevel) {
        self.0[category.index()] = to;
    }

    pub(super) fn get(&self, category: EventCategory) -> LogLevel {
        self.0[category.index()]
    }

    pub(super) fn takes(&self, kind: EventKind) -> bool {
        kind.threshold() <= self.get(kind.category())
    }
}

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
        let reply = Reply::new("listen event");
        let items = match wire::parse_filter(filter) {
            Ok(items) => items,
            Err(message) => {
                let reply = reply.field("result", -1).field("msg", message);
                return self.reply(session, reply.end());
            }
        };
        let mut levels = LogLevels::none();
        for (category, wanted) in items {
            levels.set(category, wanted);
        }
        self.reply(session, reply.field("result", 0).end());
        if let Some(session) = self.sessions.get_mut(&session) {
            session.listener = Some(Listener { levels, parsable });
        }
        // A new listener makes the server look for dead ones.
        self.ping();
    }

    pub(super) fn set_loglevel(&mut self, session: SessionId, wanted: u32) {
        let reply = Reply::new("set loglevel reply");
        let result = if wanted > 15 {
            "Invalid loglevel: "
        } else {
            "Ok"
        };
        self.reply(session, reply.field("result", result).end());
    }
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

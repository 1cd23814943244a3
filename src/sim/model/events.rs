//! Events: who gets them, and the log filters.

use std::sync::Arc;

use super::reply::Reply;
use super::{Cluster, Effect, Now, SessionId, level};
use crate::cluster::{
    Event, EventBody, EventCategory, EventKind, Gci, LogLevel, NodeId, NodeType, Severity,
};
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
        self.deliver(&event, true);
        self.deliver(&event, false);
        let severity = kind.severity();
        if self.log_enabled
            && self.cluster_levels.takes(kind)
            && self.severities.contains(&severity)
        {
            let mut text = format!("Node {}: {}", event.source, event.render_text());
            truncate(&mut text, LOG_TEXT_MAX);
            self.effects.push_back(Effect::Log { severity, text });
        }
    }

    /// Newest listeners are served first.
    fn deliver(&mut self, event: &Event, parsable: bool) {
        let kind = event.body.kind();
        let sessions: Vec<SessionId> = self
            .sessions
            .iter()
            .rev()
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

    /// A line of the management server's own.
    pub(super) fn log(&mut self, severity: Severity, text: String) {
        if self.log_enabled && self.severities.contains(&severity) {
            self.effects.push_back(Effect::Log { severity, text });
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

    pub(super) fn set_cluster_loglevel(&mut self, session: SessionId, category: u32, wanted: u32) {
        let reply = Reply::new("set cluster loglevel reply");
        let reply = match (LogLevel::new(wanted), EventCategory::from_number(category)) {
            (None, _) => reply.field("result", format_args!("Invalid loglevel {wanted}")),
            (_, None) => {
                let number = i64::from(category) - 250;
                reply.field("result", format_args!("Invalid category {number}"))
            }
            (Some(wanted), Some(category)) => {
                self.cluster_levels.set(category, wanted);
                reply.field("result", "Ok")
            }
        };
        self.reply(session, reply.end());
    }

    pub(super) fn get_cluster_loglevel(&mut self, session: SessionId) {
        let mut reply = Reply::new("get cluster loglevel");
        for category in EventCategory::ALL {
            reply = reply.field(category.key(), self.cluster_levels.get(category));
        }
        self.reply(session, reply.end());
    }

    pub(super) fn get_info_clusterlog(&mut self, session: SessionId) {
        let mut reply = Reply::new("clusterlog").field("enabled", u32::from(self.log_enabled));
        for severity in Severity::ALL {
            let on = u32::from(self.severities.contains(&severity));
            reply = reply.field(severity.name().to_ascii_lowercase(), on);
        }
        self.reply(session, reply.end());
    }

    /// `number` 0 is the switch of the whole log, 7 all severities; `enable` is 0 for off,
    /// positive for on, negative to toggle.
    pub(super) fn set_logfilter(&mut self, session: SessionId, number: u32, enable: i32) {
        let switch = |is_on: bool| match enable {
            0 => false,
            1.. => true,
            _ => !is_on,
        };
        let state = match (number, Severity::from_number(number)) {
            (0, _) => {
                self.log_enabled = switch(self.log_enabled);
                self.log_enabled
            }
            (7, _) => {
                let on = switch(self.severities.len() == Severity::ALL.len());
                self.severities.clear();
                if on {
                    self.severities.extend(Severity::ALL);
                }
                on
            }
            (_, Some(severity)) => {
                let on = switch(self.severities.contains(&severity));
                if on {
                    self.severities.insert(severity);
                } else {
                    self.severities.remove(&severity);
                }
                on
            }
            (_, None) => false,
        };
        let reply = Reply::new("set logfilter reply").field("result", u32::from(state));
        self.reply(session, reply.end());
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

//! Cluster logs: what each lets through.

use std::collections::BTreeSet;

use super::{Cluster, SessionId};
use crate::cluster::{EventCategory, EventKind, LogLevel, Severity};
use crate::wire::{ClusterLoglevelReply, ClusterlogReply, LogfilterReply, Reply};

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

/// What decides about the lines of a cluster log (management protocol, 4.6).
#[derive(Debug)]
pub(super) struct LogFilter {
    levels: LogLevels,
    severities: BTreeSet<Severity>,
    is_on: bool,
}

impl Default for LogFilter {
    /// All severities but DEBUG.
    fn default() -> Self {
        LogFilter {
            levels: LogLevels::cluster_log_defaults(),
            severities: Severity::ALL.into_iter().skip(1).collect(),
            is_on: true,
        }
    }
}

impl LogFilter {
    pub(super) fn takes_severity(&self, severity: Severity) -> bool {
        self.is_on && self.severities.contains(&severity)
    }

    pub(super) fn takes(&self, kind: EventKind) -> bool {
        self.takes_severity(kind.severity()) && self.levels.takes(kind)
    }

    /// `number` 0 is the switch of the whole log, 7 all severities; `enable` is 0 for off,
    /// positive for on, negative to toggle. The new state.
    fn switch(&mut self, number: u32, enable: i32) -> bool {
        let switch = |is_on: bool| match enable {
            0 => false,
            1.. => true,
            _ => !is_on,
        };
        match (number, Severity::from_number(number)) {
            (0, _) => {
                self.is_on = switch(self.is_on);
                self.is_on
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
        }
    }

    /// The whole log, then the severities from DEBUG on.
    fn switches(&self) -> [bool; 7] {
        let mut switches = [self.is_on; 7];
        for (switch, severity) in switches[1..].iter_mut().zip(Severity::ALL) {
            *switch = self.severities.contains(&severity);
        }
        switches
    }
}

impl Cluster {
    /// The log filter of the server a session talks to.
    fn filter(&mut self, session: SessionId) -> Option<&mut LogFilter> {
        let server = self.sessions.get(&session)?.server;
        Some(&mut self.servers.get_mut(&server)?.log)
    }

    pub(super) fn set_cluster_loglevel(&mut self, session: SessionId, category: u32, wanted: u32) {
        const COMMAND: &str = "set cluster loglevel";
        match (LogLevel::new(wanted), EventCategory::from_number(category)) {
            (None, _) => self.refuse(session, COMMAND, format!("Invalid loglevel {wanted}")),
            (_, None) => {
                let number = i64::from(category) - i64::from(EventCategory::ALL[0].number());
                self.refuse(session, COMMAND, format!("Invalid category {number}"));
            }
            (Some(wanted), Some(category)) => {
                if let Some(filter) = self.filter(session) {
                    filter.levels.set(category, wanted);
                }
                self.done(session, COMMAND);
            }
        }
    }

    pub(super) fn get_cluster_loglevel(&mut self, session: SessionId) {
        let Some(filter) = self.filter(session) else {
            return;
        };
        let levels = EventCategory::ALL.map(|category| filter.levels.get(category).get());
        let reply = ClusterLoglevelReply { levels };
        self.reply(session, Reply::ClusterLoglevel(reply));
    }

    pub(super) fn get_info_clusterlog(&mut self, session: SessionId) {
        let Some(filter) = self.filter(session) else {
            return;
        };
        let enabled = filter.switches();
        self.reply(session, Reply::Clusterlog(ClusterlogReply { enabled }));
    }

    pub(super) fn set_logfilter(&mut self, session: SessionId, number: u32, enable: i32) {
        let Some(filter) = self.filter(session) else {
            return;
        };
        let enabled = filter.switch(number, enable);
        self.reply(session, Reply::Logfilter(LogfilterReply { enabled }));
    }

    /// Levels of a session's own, which have no effect.
    pub(super) fn set_loglevel(&mut self, session: SessionId, wanted: u32) {
        const COMMAND: &str = "set loglevel";
        match LogLevel::new(wanted) {
            Some(_) => self.done(session, COMMAND),
            None => self.refuse(session, COMMAND, "Invalid loglevel: "),
        }
    }
}

fn level(number: u32) -> LogLevel {
    LogLevel::new(number).unwrap_or(LogLevel::MAX)
}

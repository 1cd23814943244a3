//! Event categories, severities and log levels (management protocol, 4.2).

use std::fmt;

/// Category of an event; numbers 250 to 262 on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventCategory {
    /// Start of nodes and of the cluster.
    Startup,
    /// Shutdown of nodes and of the cluster.
    Shutdown,
    /// Counters and memory usage.
    Statistics,
    /// Global and local checkpoints.
    Checkpoint,
    /// Restart and failure of single nodes.
    NodeRestart,
    /// Connections between nodes.
    Connection,
    /// Information.
    Info,
    /// Warnings; has no name at the prompt.
    Warning,
    /// Errors.
    Error,
    /// Congestion.
    Congestion,
    /// Debugging.
    Debug,
    /// Backup and restore.
    Backup,
    /// Schema changes.
    Schema,
}

impl EventCategory {
    /// All categories in the order of their numbers.
    pub const ALL: [EventCategory; 13] = [
        EventCategory::Startup,
        EventCategory::Shutdown,
        EventCategory::Statistics,
        EventCategory::Checkpoint,
        EventCategory::NodeRestart,
        EventCategory::Connection,
        EventCategory::Info,
        EventCategory::Warning,
        EventCategory::Error,
        EventCategory::Congestion,
        EventCategory::Debug,
        EventCategory::Backup,
        EventCategory::Schema,
    ];

    /// Number on the wire, 250 to 262.
    pub fn number(self) -> u32 {
        250 + self.index() as u32
    }

    /// Position among [`EventCategory::ALL`], 0 to 12.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The category with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        let index = usize::try_from(number.checked_sub(250)?).ok()?;
        Self::ALL.get(index).copied()
    }

    /// Lower-case name, as the keys of `get cluster loglevel` spell it.
    pub fn key(self) -> &'static str {
        self.spellings().0
    }

    /// The categories that filters and commands can name: `warning` has a number but no name
    /// there.
    pub fn named() -> impl Iterator<Item = EventCategory> {
        Self::ALL
            .into_iter()
            .filter(|category| *category != EventCategory::Warning)
    }

    /// Upper-case name, as at the prompt.
    pub fn name(self) -> &'static str {
        self.level_word().trim_end_matches('=')
    }

    /// What a level begins with at the prompt: `BACKUP=`.
    pub fn level_word(self) -> &'static str {
        self.spellings().1
    }

    fn spellings(self) -> (&'static str, &'static str) {
        match self {
            EventCategory::Startup => ("startup", "STARTUP="),
            EventCategory::Shutdown => ("shutdown", "SHUTDOWN="),
            EventCategory::Statistics => ("statistics", "STATISTICS="),
            EventCategory::Checkpoint => ("checkpoint", "CHECKPOINT="),
            EventCategory::NodeRestart => ("noderestart", "NODERESTART="),
            EventCategory::Connection => ("connection", "CONNECTION="),
            EventCategory::Info => ("info", "INFO="),
            EventCategory::Warning => ("warning", "WARNING="),
            EventCategory::Error => ("error", "ERROR="),
            EventCategory::Congestion => ("congestion", "CONGESTION="),
            EventCategory::Debug => ("debug", "DEBUG="),
            EventCategory::Backup => ("backup", "BACKUP="),
            EventCategory::Schema => ("schema", "SCHEMA="),
        }
    }

    /// The category with this name in any case, as filters and commands spell it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::named().find(|category| category.key().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for EventCategory {
    /// The upper-case name of the prompt.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How severe an event is; numbers 1 to 6 on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Debugging.
    Debug,
    /// Information.
    Info,
    /// Warning.
    Warning,
    /// Error.
    Error,
    /// Critical.
    Critical,
    /// Needs action at once.
    Alert,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Severity; 6] = [
        Severity::Debug,
        Severity::Info,
        Severity::Warning,
        Severity::Error,
        Severity::Critical,
        Severity::Alert,
    ];

    /// Number on the wire (`set logfilter`), 1 to 6.
    pub fn number(self) -> u32 {
        self as u32 + 1
    }

    /// The severity with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        Self::ALL.get(index).copied()
    }

    /// Upper-case name, as in the cluster log.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Debug => "DEBUG",
            Severity::Info => "INFO",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
            Severity::Critical => "CRITICAL",
            Severity::Alert => "ALERT",
        }
    }

    /// The severity with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name().eq_ignore_ascii_case(name))
    }
}

/// Threshold of a category, 0 to 15; an event passes when its own level is not above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogLevel(u8);

impl LogLevel {
    /// Everything.
    pub const MAX: LogLevel = LogLevel(15);
    /// Only events of level 0.
    pub const MIN: LogLevel = LogLevel(0);

    /// The level, if it is 0 to 15.
    pub const fn new(level: u32) -> Option<Self> {
        if level <= 15 {
            Some(LogLevel(level as u8))
        } else {
            None
        }
    }

    /// The level as a number.
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_and_severities_read_back() {
        for category in EventCategory::ALL {
            assert_eq!(
                EventCategory::from_number(category.number()),
                Some(category)
            );
            assert_eq!(category.name(), category.key().to_ascii_uppercase());
        }
        for severity in Severity::ALL {
            assert_eq!(Severity::from_number(severity.number()), Some(severity));
            assert_eq!(Severity::from_name(severity.name()), Some(severity));
        }
        assert_eq!(EventCategory::from_number(249), None);
        assert_eq!(EventCategory::from_number(263), None);
        assert_eq!(
            EventCategory::from_name("bAcKuP"),
            Some(EventCategory::Backup)
        );
        assert_eq!(EventCategory::from_name("WARNING"), None);
        assert_eq!(LogLevel::new(16), None);
    }
}

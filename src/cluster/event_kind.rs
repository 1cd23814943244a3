//! Types of events and what is fixed for each (management protocol, 4.4).

use super::event_table::{ROWS, Row};
use super::level::{EventCategory, LogLevel, Severity};

/// Type of an event: 0 to 88 without 61.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind(pub(super) u8);

impl EventKind {
    /// Every type, in ascending order of their numbers.
    pub fn all() -> impl Iterator<Item = EventKind> {
        (0..=88).filter_map(EventKind::from_number)
    }

    /// The type with this number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        match u8::try_from(number) {
            Ok(61) | Ok(89..) | Err(_) => None,
            Ok(number) => Some(EventKind(number)),
        }
    }

    /// The number, as in `type=54`.
    pub fn number(self) -> u32 {
        u32::from(self.0)
    }

    /// Name of the type, such as `BackupStarted`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The category whose level decides who gets the event.
    pub fn category(self) -> EventCategory {
        self.row().category
    }

    /// Lowest level of the category at which a listener gets the event.
    pub fn threshold(self) -> LogLevel {
        LogLevel::new(self.row().threshold).unwrap_or(LogLevel::MAX)
    }

    /// Severity in the cluster log.
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// Keys of a parsable record in their order; none for the types whose words are sent
    /// in one `data=` line.
    pub fn keys(self) -> Option<&'static [&'static str]> {
        self.row().keys
    }

    fn row(self) -> &'static Row {
        let index = usize::from(self.0);
        &ROWS[if index > 61 { index - 1 } else { index }]
    }
}

impl std::fmt::Debug for EventKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventKind({} {})", self.0, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_but_61_has_a_row() {
        assert_eq!(EventKind::all().count(), 88);
        assert_eq!(EventKind::from_number(61), None);
        assert_eq!(EventKind::from_number(89), None);
        assert_eq!(EventKind::from_number(u32::MAX), None);
        assert_eq!(EventKind::START_REPORT.name(), "StartReport");
        assert_eq!(EventKind::BACKUP_STATUS.name(), "BackupStatus");
        assert_eq!(EventKind::LATE_HEARTBEAT.keys(), Some(&["node", "ms"][..]));
    }

    #[test]
    fn thresholds_are_levels() {
        for kind in EventKind::all() {
            assert_eq!(kind.threshold().get(), kind.row().threshold, "{kind:?}");
        }
        assert_eq!(EventKind::BACKUP_ABORTED.severity(), Severity::Alert);
        assert_eq!(EventKind::BACKUP_ABORTED.category(), EventCategory::Backup);
    }
}

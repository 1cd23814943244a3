//! The events that were heard, as far as the screen tells them.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::cluster::live::{LiveEvent, Snapshot};
use crate::cluster::{Event, EventKind, LogLevel, Severity};

/// Events that can be scrolled back to.
const KEPT_MAX: usize = 1000;

/// Events above this level come every few seconds in a cluster where nothing happens, such as those
/// of global checkpoints, and would push out all others.
const LEVEL_MAX: u32 = 8;

/// Reports whose figures have columns and rows of their own.
const SHOWN_ELSEWHERE: [EventKind; 4] = [
    EventKind::TRANS_REPORT_COUNTERS,
    EventKind::OPERATION_REPORT_COUNTERS,
    EventKind::MEMORY_USAGE,
    EventKind::BACKUP_STATUS,
];

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// An event.
    Heard(LiveEvent),
    /// So many events came too fast, some time before this.
    LeftOut { at: Timestamp, count: u64 },
}

impl Entry {
    /// True if a filter shows it. That something is missing is shown always.
    pub(super) fn passes(&self, least: Severity) -> bool {
        match self {
            Entry::Heard(heard) => heard.severity >= least,
            Entry::LeftOut { .. } => true,
        }
    }
}

/// The last events, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
}

impl Log {
    /// Adds what was heard since the snapshot before; how many of it a filter shows.
    pub(super) fn add(&mut self, snapshot: &Snapshot, least: Severity) -> usize {
        // They came before those that are left.
        let before = snapshot
            .events
            .first()
            .map_or(snapshot.at, |heard| heard.at);
        let lost = (snapshot.lost > 0).then_some(Entry::LeftOut {
            at: before,
            count: snapshot.lost,
        });
        let heard = snapshot.events.iter().filter(|heard| is_told(&heard.event));
        let entries = lost.into_iter().chain(heard.cloned().map(Entry::Heard));
        let mut passing = 0;
        for entry in entries {
            passing += usize::from(entry.passes(least));
            self.push(entry);
        }
        passing
    }

    /// Adds a later log.
    pub(super) fn append(&mut self, later: Log) {
        for entry in later.entries {
            self.push(entry);
        }
    }

    fn push(&mut self, entry: Entry) {
        if self.entries.len() == KEPT_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What a filter shows, newest first.
    pub(super) fn newest(&self, least: Severity) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter().rev();
        entries.filter(move |entry| entry.passes(least))
    }
}

/// True for what the prompt would print, and for what else is worth a line.
fn is_told(event: &Event) -> bool {
    let kind = event.body.kind();
    match kind {
        // Passing a threshold is an event, a report of memory is none.
        EventKind::MEMORY_USAGE => event.render_prompt().is_some(),
        kind if SHOWN_ELSEWHERE.contains(&kind) => false,
        kind => {
            let is_grave = kind.severity() >= Severity::Warning;
            is_grave || Some(kind.threshold()) <= LogLevel::new(LEVEL_MAX)
        }
    }
}

/// The text of an event on one line: that of the prompt, or of the cluster log where the prompt
/// has none.
pub(super) fn line_of(event: &Event) -> String {
    let text = event.render_prompt();
    let text = text.unwrap_or_else(|| event.render_line());
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::EventBody;
    use crate::shell::top::screen::tests::clusters::{heard, id, recorded, two_by_two};

    fn event(kind: EventKind, words: &[u32]) -> Event {
        let mut words = words.to_vec();
        words.resize(24, 0);
        Event {
            source: id(2),
            body: EventBody::from_words(kind, &words).expect("enough words"),
        }
    }

    fn snapshot(events: &[Event], lost: u64) -> Snapshot {
        Snapshot {
            events: heard(events, 0),
            lost,
            ..two_by_two()
        }
    }

    fn told(events: &[Event]) -> Vec<String> {
        let mut log = Log::default();
        log.add(&snapshot(events, 0), Severity::Debug);
        let newest = log.newest(Severity::Debug);
        newest
            .filter_map(|entry| match entry {
                Entry::Heard(heard) => Some(line_of(&heard.event)),
                Entry::LeftOut { .. } => None,
            })
            .collect()
    }

    #[test]
    fn what_the_prompt_prints_is_told_but_for_reports_with_a_row_of_their_own() {
        for event in recorded() {
            let is_report = matches!(event.body, EventBody::BackupStatus { .. });
            if event.render_prompt().is_some() && !is_report {
                assert_eq!(told(std::slice::from_ref(&event)).len(), 1, "{event:?}");
            }
        }
        let grown = event(EventKind::MEMORY_USAGE, &[1, 32768, 80, 100, 249]);
        let text = "Node 2: Data usage increased to 80%(80 32K pages of total 100)";
        assert_eq!(told(&[grown]), [text]);
    }

    #[test]
    fn reports_and_what_comes_all_the_time_are_not_told() {
        let silent = [
            event(EventKind::MEMORY_USAGE, &[0, 32768, 80, 100, 249]),
            event(EventKind::TRANS_REPORT_COUNTERS, &[]),
            event(EventKind::OPERATION_REPORT_COUNTERS, &[]),
            event(EventKind::BACKUP_STATUS, &[1, 6]),
            event(EventKind::GLOBAL_CHECKPOINT_STARTED, &[7]),
            event(EventKind::SENT_HEARTBEAT, &[3]),
        ];
        assert_eq!(told(&silent), [""; 0]);
        let grave = event(EventKind::MISSED_HEARTBEAT, &[3, 2]);
        assert_eq!(told(&[grave]).len(), 1);
    }

    #[test]
    fn a_text_of_several_lines_is_one() {
        let completed = event(EventKind::BACKUP_COMPLETED, &[1, 6, 3, 6, 10, 11, 12, 13]);
        assert_eq!(
            told(&[completed]),
            [
                "Node 2: Backup 6 started from node 1 completed StartGCP: 3 StopGCP: 6 \
              #Records: 11 #LogRecords: 13 Data: 10 bytes Log: 12 bytes"
            ]
        );
    }

    #[test]
    fn the_oldest_go_and_what_was_lost_is_always_shown() {
        let info = event(EventKind::CONNECTED, &[3]);
        let alert = event(EventKind::DISCONNECTED, &[3]);
        let mut log = Log::default();
        let first = snapshot(&[alert.clone(), info.clone()], 5);
        assert_eq!(log.add(&first, Severity::Warning), 2);
        assert_eq!(log.len(), 3);
        let left_out = Entry::LeftOut {
            at: first.events[0].at,
            count: 5,
        };
        assert_eq!(log.newest(Severity::Alert).last(), Some(&left_out));
        let many = vec![info; KEPT_MAX];
        assert_eq!(log.add(&snapshot(&many, 0), Severity::Warning), 0);
        assert_eq!(log.len(), KEPT_MAX);
        assert_eq!(log.newest(Severity::Warning).count(), 0);
        let mut later = Log::default();
        later.add(&snapshot(&[alert], 0), Severity::Debug);
        log.append(later);
        assert_eq!(log.len(), KEPT_MAX);
        assert_eq!(log.newest(Severity::Warning).count(), 1);
    }
}

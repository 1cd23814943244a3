//! What data nodes have kept of their events (management protocol, event 81).

use std::collections::{BTreeMap, VecDeque};

use super::{Event, EventBody, EventKind, NodeId, SavedEvent};

/// Clocks of data nodes may be off by so many seconds.
const CLOCK_SLACK: i64 = 60;

/// What data nodes have kept, in little memory: a reply may tell of a million events.
#[derive(Debug, Default)]
pub struct SavedEvents {
    /// The words of each `SavedEvent`: length, sequence, time, and the event's.
    by_node: BTreeMap<NodeId, VecDeque<Box<[u32]>>>,
}

/// Length, sequence and time come before the words of a kept event.
const HEAD: usize = 3;

impl SavedEvents {
    /// Adds an event that a node has kept; any other is passed over.
    pub fn push(&mut self, event: Event) {
        if SavedEvent::from_event(&event).is_none() {
            return;
        }
        if let EventBody::Other { mut words, .. } = event.body {
            words.truncate(words[0] as usize + HEAD);
            let of_node = self.by_node.entry(event.source).or_default();
            of_node.push_back(words.into_boxed_slice());
        }
    }

    /// By time, but the events of one node stay in the order in which that node saved them, even
    /// if its clock was set back.
    pub fn into_time_order(mut self) -> impl Iterator<Item = SavedEvent> {
        for saved in self.by_node.values_mut() {
            saved.make_contiguous().sort_by_key(|words| words[1]);
        }
        std::iter::from_fn(move || self.pop_first())
    }

    fn pop_first(&mut self) -> Option<SavedEvent> {
        let firsts = self.by_node.iter().filter_map(|(node, saved)| {
            let first = saved.front()?;
            Some((first[2], first[1], *node))
        });
        let (_, _, source) = firsts.min()?;
        let words = self.by_node.get_mut(&source)?.pop_front()?.into_vec();
        let kind = EventKind::SAVED_EVENT;
        let body = EventBody::Other { kind, words };
        SavedEvent::from_event(&Event { source, body })
    }
}

impl SavedEvent {
    /// As [`SavedEvents::into_time_order`].
    pub fn in_time_order(events: &[Event]) -> Vec<SavedEvent> {
        let mut kept = SavedEvents::default();
        events.iter().for_each(|event| kept.push(event.clone()));
        kept.into_time_order().collect()
    }

    /// The event that ended backup `id`, which began at `began` (seconds since 1970), among all that
    /// were kept, by time. An id may have been used before; `has_started` says that the start of this
    /// backup was heard of, so that the last start is its own.
    pub fn end_of_backup(
        kept: &[SavedEvent],
        id: u32,
        began: i64,
        has_started: bool,
    ) -> Option<&Event> {
        let is_start = |body: &EventBody| matches!(body, EventBody::BackupStarted { backup_id, .. } if *backup_id == id);
        let is_end = |body: &EventBody| match body {
            EventBody::BackupCompleted { backup_id, .. }
            | EventBody::BackupAborted { backup_id, .. } => *backup_id == id,
            _ => false,
        };
        let is_recent = |saved: &SavedEvent| i64::from(saved.time) >= began - CLOCK_SLACK;
        let start = kept.iter().rposition(|saved| is_start(&saved.event.body));
        let after = match start {
            Some(start) if has_started || is_recent(&kept[start]) => &kept[start..],
            Some(_) => return None,
            None => kept,
        };
        let end = after.iter().find(|saved| is_end(&saved.event.body))?;
        (start.is_some() || is_recent(end)).then_some(&end.event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ErrorNumber;

    fn saved(node: u32, sequence: u32, time: u32) -> Event {
        let inner = [54 | node << 16, 1, sequence];
        let mut words = vec![inner.len() as u32, sequence, time];
        words.extend(inner);
        let kind = EventKind::SAVED_EVENT;
        Event {
            source: NodeId::new(node).expect("a node id"),
            body: EventBody::Other { kind, words },
        }
    }

    #[test]
    fn saved_events_merge_by_time_and_keep_each_nodes_order() {
        let events = [
            saved(3, 2, 30),
            saved(3, 1, 10),
            saved(2, 7, 20),
            // The clock of node 2 was set back.
            saved(2, 8, 5),
        ];
        let order: Vec<(u32, u32)> = SavedEvent::in_time_order(&events)
            .iter()
            .map(|saved| (saved.event.source.get(), saved.sequence))
            .collect();
        assert_eq!(order, [(3, 1), (2, 7), (2, 8), (3, 2)]);
    }

    fn kept(time: u32, body: EventBody) -> SavedEvent {
        SavedEvent {
            sequence: time,
            time,
            event: Event {
                source: NodeId::new(2).expect("a node id"),
                body,
            },
        }
    }

    fn started(time: u32, backup_id: u32) -> SavedEvent {
        let starting_node = 1;
        kept(
            time,
            EventBody::BackupStarted {
                starting_node,
                backup_id,
            },
        )
    }

    fn aborted(time: u32, backup_id: u32) -> SavedEvent {
        let body = EventBody::BackupAborted {
            starting_node: 1,
            backup_id,
            error: ErrorNumber::BACKUP_ABORTED_BY_USER,
        };
        kept(time, body)
    }

    #[test]
    fn the_end_of_an_earlier_backup_of_the_same_id_is_not_taken() {
        let earlier = [started(1000, 6), aborted(1001, 6)];
        assert!(SavedEvent::end_of_backup(&earlier, 6, 2000, false).is_none());
        let again = [started(1000, 6), aborted(1001, 6), started(2001, 6)];
        assert!(SavedEvent::end_of_backup(&again, 6, 2000, true).is_none());
        let ended = [started(1000, 6), started(2001, 6), aborted(2002, 6)];
        assert!(SavedEvent::end_of_backup(&ended, 6, 2000, true).is_some());
        assert!(SavedEvent::end_of_backup(&ended, 7, 2000, true).is_none());
    }

    #[test]
    fn an_end_whose_start_was_not_kept_counts_if_it_is_recent() {
        assert!(SavedEvent::end_of_backup(&[aborted(1990, 6)], 6, 2000, true).is_some());
        assert!(SavedEvent::end_of_backup(&[aborted(1000, 6)], 6, 2000, true).is_none());
    }
}

//! REPORT.

use std::collections::{BTreeMap, VecDeque};

use crate::cluster::{Event, EventBody, NodeId, NodeType, ReportKind, SavedEvent};
use crate::command::Target;

use super::super::Shell;
use super::super::outcome::{Attempt, Failure, Outcome};

impl Shell {
    pub(super) async fn report(
        &mut self,
        target: Target,
        kind: ReportKind,
    ) -> Result<Outcome, Failure> {
        let nodes = match target {
            Target::All => Vec::new(),
            Target::Node(node) => {
                self.require_data_node(node).await?;
                vec![node]
            }
        };
        let events = self.session()?.dump_events(kind, &nodes).await;
        let events = events.map_err(Attempt::Report.failed())?;
        Ok(match kind {
            ReportKind::BackupStatus => Outcome::BackupStatus(in_node_order(events)),
            ReportKind::MemoryUsage => Outcome::MemoryUsage(in_node_order(events)),
            ReportKind::EventLog => Outcome::EventLog(in_time_order(&events)),
        })
    }

    async fn require_data_node(&mut self, id: NodeId) -> Result<(), Failure> {
        let nodes = self.session()?.get_status(Some(vec![NodeType::Ndb])).await;
        let nodes = nodes.map_err(Attempt::ReportStatus.failed())?;
        match nodes.iter().any(|node| node.node == id) {
            true => Ok(()),
            false => Err(Failure::NotADataNode(id)),
        }
    }
}

/// By node; of one node, data memory before index memory.
fn in_node_order(mut events: Vec<Event>) -> Vec<Event> {
    let block = |event: &Event| match event.body {
        EventBody::MemoryUsage { block, .. } => block,
        _ => 0,
    };
    events.sort_by_key(|event| (event.source, std::cmp::Reverse(block(event))));
    events
}

/// By time, but the events of one node stay in the order in which that node saved them, even
/// if its clock was set back.
fn in_time_order(events: &[Event]) -> Vec<SavedEvent> {
    let mut by_node: BTreeMap<NodeId, VecDeque<SavedEvent>> = BTreeMap::new();
    for event in events {
        if let Some(saved) = SavedEvent::from_event(event) {
            by_node.entry(event.source).or_default().push_back(saved);
        }
    }
    for saved in by_node.values_mut() {
        saved.make_contiguous().sort_by_key(|saved| saved.sequence);
    }
    let mut merged = Vec::new();
    loop {
        let first = by_node
            .iter()
            .filter_map(|(node, saved)| {
                saved
                    .front()
                    .map(|saved| (saved.time, saved.sequence, *node))
            })
            .min();
        let Some((_, _, node)) = first else {
            return merged;
        };
        merged.extend(by_node.get_mut(&node).and_then(VecDeque::pop_front));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::EventKind;

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
        let order: Vec<(u32, u32)> = in_time_order(&events)
            .iter()
            .map(|saved| (saved.event.source.get(), saved.sequence))
            .collect();
        assert_eq!(order, [(3, 1), (2, 7), (2, 8), (3, 2)]);
    }
}

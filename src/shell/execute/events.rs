//! REPORT.

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
            ReportKind::EventLog => Outcome::EventLog(SavedEvent::in_time_order(&events)),
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

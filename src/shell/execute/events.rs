//! REPORT.

use tokio::task::yield_now;

use crate::cluster::{Event, EventBody, NodeId, NodeType, ReportKind, SavedEvent};
use crate::command::Target;

use super::super::Shell;
use super::super::outcome::{Attempt, Failure, Outcome};
use super::super::output::Format;

/// Bytes of saved events that are printed at once.
const PART: usize = 16 << 10;

impl Shell {
    pub(super) async fn report(
        &mut self,
        target: Target,
        kind: ReportKind,
    ) -> Result<Outcome, Failure> {
        match kind {
            ReportKind::BackupStatus => {
                let events = self.reported(kind, target).await?;
                Ok(Outcome::BackupStatus(in_node_order(events)))
            }
            ReportKind::MemoryUsage => {
                let events = self.reported(kind, target).await?;
                Ok(Outcome::MemoryUsage(in_node_order(events)))
            }
            ReportKind::EventLog => {
                let saved = self.saved_events(target).await?;
                let as_they_come = self.output.format() == Format::Text && !self.has_pager();
                Ok(match as_they_come {
                    true => self.print_saved(saved).await,
                    false => Outcome::EventLog(saved.collect()),
                })
            }
        }
    }

    async fn reported(&mut self, kind: ReportKind, target: Target) -> Result<Vec<Event>, Failure> {
        let nodes = self.data_nodes(target).await?;
        let events = self.session()?.dump_events(kind, &nodes).await;
        events.map_err(Attempt::Report.failed())
    }

    /// What the data nodes have kept of their events, by time.
    pub(super) async fn saved_events(
        &mut self,
        target: Target,
    ) -> Result<impl Iterator<Item = SavedEvent> + use<>, Failure> {
        let nodes = self.data_nodes(target).await?;
        let saved = self.session()?.dump_saved_events(&nodes).await;
        Ok(saved.map_err(Attempt::Report.failed())?.into_time_order())
    }

    /// The nodes of a request; none for all.
    async fn data_nodes(&mut self, target: Target) -> Result<Vec<NodeId>, Failure> {
        match target {
            Target::All => Ok(Vec::new()),
            Target::Node(node) => {
                self.require_data_node(node).await?;
                Ok(vec![node])
            }
        }
    }

    /// Prints them part by part: they may be many.
    async fn print_saved(&self, saved: impl Iterator<Item = SavedEvent>) -> Outcome {
        let mut text = String::new();
        for saved in saved {
            text.push_str(&self.output.saved_event_text(&saved));
            if text.len() >= PART {
                self.output.print_shown(&text);
                text.clear();
                // Ctrl-C ends it here.
                yield_now().await;
            }
        }
        self.output.print_shown(&text);
        Outcome::Done
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

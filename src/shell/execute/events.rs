//! REPORT.

use tokio::task::yield_now;

use crate::cluster::{Event, EventBody, NodeId, NodeType, ReportKind, SavedEvent};
use crate::command::Target;

use super::super::outcome::{Attempt, Failure, Outcome};
use super::super::output::Format;
use super::super::{Shell, render};

/// Bytes of saved events that are printed at once.
const PART: usize = 16 << 10;

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
        match kind {
            ReportKind::BackupStatus => {
                let events = self.reported(kind, &nodes).await?;
                Ok(Outcome::BackupStatus(in_node_order(events)))
            }
            ReportKind::MemoryUsage => {
                let events = self.reported(kind, &nodes).await?;
                Ok(Outcome::MemoryUsage(in_node_order(events)))
            }
            ReportKind::EventLog => {
                let saved = self.session()?.dump_saved_events(&nodes).await;
                let saved = saved.map_err(Attempt::Report.failed())?.into_time_order();
                let as_they_come = self.output.format() == Format::Text && !self.has_pager();
                Ok(match as_they_come {
                    true => self.print_saved(saved).await,
                    false => Outcome::EventLog(saved.collect()),
                })
            }
        }
    }

    async fn reported(
        &mut self,
        kind: ReportKind,
        nodes: &[NodeId],
    ) -> Result<Vec<Event>, Failure> {
        let events = self.session()?.dump_events(kind, nodes).await;
        events.map_err(Attempt::Report.failed())
    }

    /// Prints them part by part: they may be many.
    async fn print_saved(&self, saved: impl Iterator<Item = SavedEvent>) -> Outcome {
        let mut text = String::new();
        for saved in saved {
            text.push_str(&render::render_saved_event(&saved));
            if text.len() >= PART {
                self.output.print(&text);
                text.clear();
                // Ctrl-C ends it here.
                yield_now().await;
            }
        }
        self.output.print(&text);
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

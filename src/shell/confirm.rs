//! Questions before commands that take nodes out of service or data away: at a prompt on a
//! terminal only, so that no script is ever asked.

use std::collections::BTreeSet;

use crate::cluster::state::{ClusterState, StopRefusal};
use crate::cluster::{NodeId, NodeType};
use crate::command::{Command, Targets};

use super::lines::{Input, Lines};
use super::outcome::{Attempt, Danger, Failure};
use super::{Mode, Shell, render};

impl Danger {
    fn of(command: &Command) -> Option<Self> {
        match command {
            Command::Shutdown => Some(Danger::Shutdown),
            Command::Stop {
                targets: Targets::All,
                ..
            } => Some(Danger::StopAll),
            Command::Restart { options, .. } if options.initial => Some(Danger::InitialRestart),
            Command::EnterSingleUserMode(node) => Some(Danger::SingleUserMode(*node)),
            _ => None,
        }
    }

    /// The nodes that stop, or lose their access.
    fn nodes(&self, command: &Command, state: &ClusterState) -> BTreeSet<NodeId> {
        let of_type = |wanted: NodeType| {
            let nodes = state.of_type(wanted);
            nodes
                .filter(|node| node.version.is_some())
                .map(|node| node.node)
        };
        match (self, command) {
            (Danger::Shutdown, _) => of_type(NodeType::Ndb)
                .chain(of_type(NodeType::Mgm))
                .collect(),
            (
                Danger::InitialRestart,
                Command::Restart {
                    targets: Targets::Nodes(nodes),
                    ..
                },
            ) => nodes.iter().copied().collect(),
            (Danger::StopAll | Danger::InitialRestart, _) => of_type(NodeType::Ndb).collect(),
            (Danger::SingleUserMode(alone), _) => of_type(NodeType::Api)
                .filter(|node| node != alone)
                .collect(),
        }
    }
}

impl Shell {
    /// Asks, if the command is one to be asked about.
    pub(super) async fn confirm(&mut self, command: &Command) -> Result<(), Failure> {
        if self.mode != Mode::Terminal || self.settings.yes {
            return Ok(());
        }
        let Some(danger) = Danger::of(command) else {
            return Ok(());
        };
        let nodes = self.session()?.get_status(None).await;
        let state = ClusterState::new(nodes.map_err(Attempt::Status.failed())?, None);
        let nodes = danger.nodes(command, &state);
        let lost: Vec<_> = match danger {
            Danger::SingleUserMode(_) => Vec::new(),
            _ => lost_nodegroups(&state, &nodes),
        };
        let question = render::render_danger(&danger, &nodes, &lost);
        let Some(mut lines) = self.lines.take() else {
            return Ok(());
        };
        let answer = self.answer(&mut lines, &question).await;
        self.lines = Some(lines);
        match answer {
            true => Ok(()),
            false => Err(Failure::NotConfirmed),
        }
    }

    async fn answer(&mut self, lines: &mut Lines, question: &str) -> bool {
        let (told, asked) = question.rsplit_once('\n').unwrap_or(("", question));
        if !told.is_empty() {
            self.output.talk(&format!("{told}\n"));
        }
        self.output.begin_line(Some(asked));
        let input = lines.ask(asked).await;
        self.output.end_line(true);
        match input {
            Input::Line(text) => {
                let text = text.trim().to_ascii_lowercase();
                matches!(text.as_str(), "y" | "yes")
            }
            Input::Interrupted
            | Input::TooLong(_)
            | Input::Endless
            | Input::End
            | Input::HungUp
            | Input::Failed(_) => false,
        }
    }
}

fn lost_nodegroups(
    state: &ClusterState,
    nodes: &BTreeSet<NodeId>,
) -> Vec<crate::cluster::Nodegroup> {
    let refusals = state.may_stop(nodes).refusals;
    refusals
        .into_iter()
        .filter_map(|refusal| match refusal {
            StopRefusal::LastOfNodegroup { nodegroup, .. } => Some(nodegroup),
            _ => None,
        })
        .collect()
}

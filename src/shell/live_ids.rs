//! Ids that only the cluster knows, for Tab.
//!
//! The editor asks while the shell waits for its line. The question goes over a connection of its
//! own, as the main one may be busy with a backup that was left.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::client::{ClientError, ConnectOptions, Retries, connect};
use crate::cluster::{EventBody, Membership, NodeType, ReportKind};
use crate::command::LiveIds;

use super::Shell;

/// Longest wait for a completion: typing goes on without it.
const LIMIT: Duration = Duration::from_secs(2);

/// What the editor wants to know.
pub(super) struct Question {
    ids: LiveIds,
    answer: mpsc::Sender<Vec<u32>>,
}

/// Where the editor asks.
pub(super) struct Questions(UnboundedSender<Question>);

impl Questions {
    /// The two ends of the way to the shell.
    pub(super) fn new() -> (Self, UnboundedReceiver<Question>) {
        let (sender, questions) = unbounded_channel();
        (Questions(sender), questions)
    }

    /// Asks, and waits for the answer; none in time are no ids.
    pub(super) fn ask(&self, ids: LiveIds) -> Vec<u32> {
        let (answer, answered) = mpsc::channel();
        if self.0.send(Question { ids, answer }).is_err() {
            return Vec::new();
        }
        // The shell keeps to the limit; the rest is for a machine that is slow.
        answered.recv_timeout(2 * LIMIT).unwrap_or_default()
    }
}

impl Shell {
    /// Answers a question of the editor; with nothing if the cluster does not answer in time.
    pub(super) async fn tell_ids(&self, question: Question) {
        let server = match &self.session {
            Some(session) => self.same_server(session),
            None => ConnectOptions {
                tls: self.settings.tls.policy(),
                ..self.settings.connect.clone()
            },
        };
        let server = ConnectOptions {
            retries: Retries::Attempts(1),
            ..server
        };
        let ids = match timeout(LIMIT, ids(&server, question.ids)).await {
            Ok(Ok(ids)) => ids.into_iter().collect(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        // The editor may have stopped waiting.
        let _ = question.answer.send(ids);
    }
}

async fn ids(server: &ConnectOptions, wanted: LiveIds) -> Result<BTreeSet<u32>, ClientError> {
    let mut session = connect(server).await?;
    let types = match wanted {
        LiveIds::RunningBackups => {
            let reports = session.dump_events(ReportKind::BackupStatus, &[]).await?;
            let running = reports.iter().filter_map(|event| match event.body {
                EventBody::BackupStatus {
                    starting_node,
                    backup_id,
                    ..
                } => (starting_node != 0).then_some(backup_id),
                _ => None,
            });
            return Ok(running.collect());
        }
        LiveIds::Nodes => None,
        LiveIds::ApiNodes => Some(vec![NodeType::Api]),
        LiveIds::NodesWithoutNodegroup | LiveIds::Nodegroups => Some(vec![NodeType::Ndb]),
    };
    let nodes = session.get_status(types).await?;
    let ids = nodes
        .iter()
        .filter_map(|node| match (wanted, node.nodegroup) {
            (LiveIds::Nodegroups, Membership::Of(nodegroup)) => Some(u32::from(nodegroup.0)),
            (LiveIds::Nodegroups, Membership::None | Membership::Unknown)
            | (LiveIds::NodesWithoutNodegroup, Membership::Of(_) | Membership::Unknown) => None,
            _ => Some(node.node.get()),
        });
    Ok(ids.collect())
}

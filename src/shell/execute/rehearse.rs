//! `--dry-run`: what stands against a command, as far as questions can tell.

use std::collections::BTreeSet;

use crate::cluster::state::{ClusterState, RunningBackup, StopRefusal};
use crate::cluster::{EventBody, NodeId, NodeStatus, NodeType, ReportKind, SavedEvent};
use crate::command::{Command, StartBackup, Target, Targets};

use super::super::Shell;
use super::super::outcome::{Attempt, Check, Failure, Outcome};

/// The parameter of data nodes that refuses backups without a password.
const REQUIRE_ENCRYPTED_BACKUP: &str = "RequireEncryptedBackup";

impl Shell {
    /// Checks a command that would change something, and sends nothing that does.
    pub(super) async fn rehearse(&mut self, command: &Command) -> Result<Outcome, Failure> {
        let nodes = self.session()?.get_status(None).await;
        let state = ClusterState::new(nodes.map_err(Attempt::Status.failed())?, None);
        let mut checks: Vec<Check> = named(command)
            .into_iter()
            .filter(|node| state.node(*node).is_none())
            .map(Check::NoSuchNode)
            .collect();
        match command {
            Command::StartBackup(backup) => checks.extend(self.check_backup(backup, &state).await?),
            Command::AbortBackup(id) => {
                let running = self.running_backup().await?;
                checks.push(match running {
                    Some(running) if running == id.get() => Check::BackupRuns(running),
                    _ => Check::BackupDoesNotRun(id.get()),
                });
            }
            Command::Stop { targets, options } if !options.abort => {
                checks.extend(refusals(&state, targets));
            }
            Command::Restart { targets, options } if !options.abort => {
                checks.extend(refusals(&state, targets));
            }
            _ => {}
        }
        Ok(Outcome::Rehearsed {
            command: command.to_string(),
            checks,
        })
    }

    async fn check_backup(
        &mut self,
        backup: &StartBackup,
        state: &ClusterState,
    ) -> Result<Vec<Check>, Failure> {
        let not_started: Vec<NodeId> = state
            .of_type(NodeType::Ndb)
            .filter(|node| node.status != NodeStatus::Started)
            .map(|node| node.node)
            .collect();
        let mut checks = vec![match not_started.is_empty() {
            true => Check::AllStarted,
            false => Check::NotStarted(not_started),
        }];
        checks.push(match self.running_backup().await? {
            Some(id) => Check::AnotherBackupRuns(id),
            None => Check::NoBackupRuns,
        });
        if let Some(id) = backup.id {
            let kept = self.session()?.dump_events(ReportKind::EventLog, &[]).await;
            let kept = SavedEvent::in_time_order(&kept.unwrap_or_default());
            let is_used = kept.iter().any(|saved| {
                matches!(saved.event.body,
                    EventBody::BackupCompleted { backup_id, .. } if backup_id == id.get())
            });
            checks.push(match is_used {
                true => Check::IdUsed(id.get()),
                false => Check::IdUnproven(id.get()),
            });
        }
        let is_encrypted = backup.encryption.is_some() || self.settings.encrypt_backup;
        checks.extend(
            match (self.is_encryption_required(state).await, is_encrypted) {
                (_, true) => Some(Check::Encrypted),
                (Some(true), false) => Some(Check::EncryptionRequired),
                (Some(false), false) => None,
                (None, false) => Some(Check::EncryptionUnknown),
            },
        );
        Ok(checks)
    }

    async fn running_backup(&mut self) -> Result<Option<u32>, Failure> {
        let reports = self
            .session()?
            .dump_events(ReportKind::BackupStatus, &[])
            .await;
        let reports = reports.map_err(Attempt::Report.failed())?;
        Ok(RunningBackup::among(&reports, None).map(|backup| backup.id))
    }

    /// None if no configuration tells.
    async fn is_encryption_required(&mut self, state: &ClusterState) -> Option<bool> {
        let node = state.of_type(NodeType::Ndb).next()?.node;
        let name = REQUIRE_ENCRYPTED_BACKUP.to_owned();
        let session = self.session().ok()?;
        let sections = session
            .show_config(None, Some(node), Some(name))
            .await
            .ok()?;
        let mut values = sections.into_iter().flat_map(|(_, values)| values);
        let (_, value) = values.find(|(name, _)| name == REQUIRE_ENCRYPTED_BACKUP)?;
        Some(!matches!(value.as_str(), "0" | "false"))
    }
}

/// The nodes that a command names.
fn named(command: &Command) -> Vec<NodeId> {
    let of = |targets: &Targets| match targets {
        Targets::All => Vec::new(),
        Targets::Nodes(nodes) => nodes.clone(),
    };
    match command {
        Command::Start(targets)
        | Command::Stop { targets, .. }
        | Command::Restart { targets, .. } => of(targets),
        Command::ClusterLogLevels { target, .. }
        | Command::LogLevels { target, .. }
        | Command::NodeLogDebug { target, .. }
        | Command::Dump { target, .. }
        | Command::Log(target)
        | Command::TestOn(target)
        | Command::TestOff(target) => match target {
            Target::All => Vec::new(),
            Target::Node(node) => vec![*node],
        },
        Command::EnterSingleUserMode(node) => vec![*node],
        Command::CreateNodegroup(nodes) => nodes.clone(),
        _ => Vec::new(),
    }
}

/// What a server would say to the order to stop these nodes; to stop all is no question.
fn refusals(state: &ClusterState, targets: &Targets) -> Vec<Check> {
    let nodes: BTreeSet<NodeId> = match targets {
        Targets::All => return Vec::new(),
        Targets::Nodes(nodes) => nodes.iter().copied().collect(),
    };
    let refusals = state.may_stop(&nodes).refusals;
    if refusals.is_empty() {
        return vec![Check::MayStop];
    }
    let text = |refusal: StopRefusal| match refusal {
        StopRefusal::LastOfNodegroup { nodegroup, .. } => Check::LastOfNodegroup(nodegroup),
        StopRefusal::NodesStarting(nodes) => Check::NodesStarting(nodes),
        StopRefusal::ShuttingDown(node) => Check::ShuttingDown(node),
        StopRefusal::ApiNode(node) => Check::ApiNode(node),
    };
    refusals.into_iter().map(text).collect()
}

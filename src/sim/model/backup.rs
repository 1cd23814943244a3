//! Backups: ids, the steps of a backup, its end (management protocol, 7).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{BackupOrder, Cluster, Effect, NodeProgress, NodeReport, Now, SavedState, SessionId};
use crate::cluster::{
    BACKUP_ID_MAX, BackupId, BackupPassword, BackupTotals, ErrorNumber, Event, EventBody, Gci,
    NodeId, PasswordError, SnapshotPoint,
};
use crate::wire::{Refusal, Reply, StartBackupReply, WirePassword};

/// Diskless=1 on a participant.
const DISKLESS: ErrorNumber = ErrorNumber(1306);

/// A backup has at least this many global checkpoints, the first included not.
const CHECKPOINTS_AT_LEAST: u32 = 3;

/// How far a participant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Defining,
    Defined,
    Scanned,
    Completed,
    /// No files of this attempt are left.
    Removed,
}

#[derive(Debug)]
struct Participant {
    step: Step,
    totals: BackupTotals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Defining,
    Scanning,
    Finishing,
    /// Files are being removed, because of this error.
    Removing {
        error: ErrorNumber,
        was_started: bool,
    },
}

/// Who waits for what of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiter {
    Started(SessionId),
    Completed(SessionId),
}

/// The backup that holds the cluster's only backup record.
#[derive(Debug)]
pub(super) struct RunningBackup {
    attempt: u64,
    id: BackupId,
    automatic: bool,
    /// Management server that ran the command.
    starting_node: u32,
    master: NodeId,
    snapshot: SnapshotPoint,
    /// Kept until the files are made: the next free id may need another attempt.
    password: Option<Arc<BackupPassword>>,
    participants: BTreeMap<NodeId, Participant>,
    stage: Stage,
    waiter: Option<Waiter>,
    start_gci: Gci,
    announced_abort: bool,
    pub(super) next_status: Option<Now>,
}

impl RunningBackup {
    fn all(&self, test: impl Fn(Step) -> bool) -> bool {
        self.participants.values().all(|it| test(it.step))
    }
}

impl Cluster {
    pub(super) fn start_backup(
        &mut self,
        session: SessionId,
        wait: u32,
        id: Option<u32>,
        point: u32,
        password: Option<WirePassword>,
        now: Now,
    ) {
        // Only the two low bits reach the data nodes.
        let wait = wait & 3;
        let Some(master) = self.master() else {
            let error = match password {
                Some(_) => ErrorNumber::ENCRYPTION_NOT_SUPPORTED,
                None => ErrorNumber::SEND_OR_RECEIVE_FAILED,
            };
            return self.refuse_backup(session, error);
        };
        let starting_node = self.server_of(session);
        let password = match self.check_backup(password) {
            Ok(password) => password,
            Err(error) => {
                let body = EventBody::BackupFailedToStart {
                    starting_node,
                    error,
                };
                self.emit(
                    Event {
                        source: master,
                        body,
                    },
                    now,
                );
                return match wait {
                    // Without waiting the order counts as carried out once the master has it.
                    0 => self.accept_backup(session, None),
                    _ => self.refuse_backup(session, error),
                };
            }
        };
        let explicit = id.filter(|id| *id != 0).map(|id| id.min(BACKUP_ID_MAX));
        let waiter = match wait {
            0 => None,
            1 => Some(Waiter::Started(session)),
            _ => Some(Waiter::Completed(session)),
        };
        let number = explicit.unwrap_or_else(|| self.next_backup_id());
        let Some(id) = BackupId::new(number) else {
            return;
        };
        let snapshot = match point {
            1 => SnapshotPoint::Start,
            _ => SnapshotPoint::End,
        };
        self.backup = Some(RunningBackup {
            attempt: 0,
            id,
            automatic: explicit.is_none(),
            starting_node,
            master,
            snapshot,
            password,
            participants: BTreeMap::new(),
            stage: Stage::Defining,
            waiter,
            start_gci: Gci(0),
            announced_abort: false,
            next_status: None,
        });
        self.define_backup(id, now);
        if wait == 0 {
            self.accept_backup(session, None);
        }
    }

    pub(super) fn next_backup_id(&self) -> u32 {
        match self.saved.backup_sequence {
            last @ 0..BACKUP_ID_MAX => last + 1,
            _ => 1,
        }
    }

    /// What the master checks before it defines a backup.
    fn check_backup(
        &self,
        password: Option<WirePassword>,
    ) -> Result<Option<Arc<BackupPassword>>, ErrorNumber> {
        if self.backup.is_some() {
            return Err(ErrorNumber::BACKUP_ALREADY_RUNNING);
        }
        let is_on = |name: &str| {
            self.started_nodes()
                .iter()
                .filter_map(|id| self.topology.nodes.get(id))
                .any(|node| node.is_on(name))
        };
        if is_on("Diskless") {
            return Err(DISKLESS);
        }
        match password {
            None if is_on("RequireEncryptedBackup") => Err(ErrorNumber::PASSWORD_REQUIRED),
            None => Ok(None),
            Some(password) if password.expose().is_empty() => Err(ErrorNumber::PASSWORD_EMPTY),
            // The manual has nothing against it; data nodes do (management protocol, 7.4).
            Some(password) if password.expose().contains(&b'`') => {
                Err(ErrorNumber::PASSWORD_BAD_CHARACTER)
            }
            Some(password) => match BackupPassword::new(password.into_bytes()) {
                Ok(password) => Ok(Some(Arc::new(password))),
                Err(PasswordError::TooLong { .. }) => Err(ErrorNumber::PASSWORD_TOO_LONG),
                Err(_) => Err(ErrorNumber::PASSWORD_BAD_CHARACTER),
            },
        }
    }

    /// Has the data nodes make the files of the current backup under this id.
    fn define_backup(&mut self, id: BackupId, now: Now) {
        let nodes = self.started_nodes();
        self.attempts += 1;
        let attempt = self.attempts;
        self.save(SavedState {
            backup_sequence: id.get(),
            unfinished: Some(id),
            ..self.saved
        });
        let Some(backup) = &mut self.backup else {
            return;
        };
        backup.attempt = attempt;
        backup.id = id;
        backup.stage = Stage::Defining;
        backup.participants = nodes
            .iter()
            .map(|node| {
                let step = Step::Defining;
                let totals = BackupTotals::default();
                (*node, Participant { step, totals })
            })
            .collect();
        let order = BackupOrder {
            attempt,
            id,
            master: backup.master,
            nodes,
            snapshot: backup.snapshot,
            password: backup.password.clone(),
            clock: (now.as_millis() & u128::from(u32::MAX)) as u32,
        };
        self.effects.push_back(Effect::DefineBackup(order));
    }

    fn save(&mut self, state: SavedState) {
        self.saved = state;
        self.effects.push_back(Effect::Save(state));
    }

    /// Takes a participant's report.
    pub(super) fn backup_report(&mut self, report: NodeReport, now: Now) {
        let Some(backup) = self
            .backup
            .as_mut()
            .filter(|backup| backup.attempt == report.attempt)
        else {
            return;
        };
        let stage = backup.stage;
        let Some(participant) = backup.participants.get_mut(&report.node) else {
            return;
        };
        match report.progress {
            NodeProgress::Defined => {
                participant.step = Step::Defined;
                if stage == Stage::Defining && backup.all(|step| step == Step::Defined) {
                    self.backup_started(now);
                }
            }
            NodeProgress::Refused(error) => {
                participant.step = Step::Removed;
                self.remove_backup(error);
                self.finish_removal(now);
            }
            NodeProgress::Written(totals) => participant.totals = totals,
            NodeProgress::Scanned(totals) => {
                participant.totals = totals;
                participant.step = Step::Scanned;
                if stage == Stage::Scanning && backup.all(|step| step == Step::Scanned) {
                    self.backup_scanned(now);
                }
            }
            NodeProgress::Completed(totals) => {
                participant.totals = totals;
                participant.step = Step::Completed;
                if stage == Stage::Finishing && backup.all(|step| step == Step::Completed) {
                    self.backup_completed(now);
                }
            }
            NodeProgress::Failed(error) => self.remove_backup(error),
            NodeProgress::Removed => {
                participant.step = Step::Removed;
                self.announce_abort(report.node, now);
                self.finish_removal(now);
            }
        }
    }

    fn backup_started(&mut self, now: Now) {
        self.force_checkpoint(now);
        let start_gci = Gci(self.saved.gci.0.saturating_sub(1));
        let frequency = self
            .topology
            .of_type(crate::cluster::NodeType::Ndb)
            .map(|node| node.number("BackupReportFrequency"))
            .find(|seconds| *seconds > 0);
        let Some(backup) = &mut self.backup else {
            return;
        };
        backup.stage = Stage::Scanning;
        backup.start_gci = start_gci;
        backup.password = None;
        backup.next_status = frequency.map(|seconds| now + Duration::from_secs(seconds));
        let (attempt, id, source) = (backup.attempt, backup.id, backup.master);
        let starting_node = backup.starting_node;
        let waiter = backup.waiter;
        if let Some(Waiter::Started(_)) = waiter {
            backup.waiter = None;
        }
        let backup_id = id.get();
        let body = EventBody::BackupStarted {
            starting_node,
            backup_id,
        };
        self.emit(Event { source, body }, now);
        if let Some(Waiter::Started(session)) = waiter {
            self.accept_backup(session, Some(id));
        }
        self.effects.push_back(Effect::ScanBackup { attempt });
    }

    fn backup_scanned(&mut self, now: Now) {
        let Some(backup) = &mut self.backup else {
            return;
        };
        backup.stage = Stage::Finishing;
        let (attempt, start_gci) = (backup.attempt, backup.start_gci);
        let at_least = start_gci.0.saturating_add(CHECKPOINTS_AT_LEAST);
        // Changes of the current checkpoint are in the log, so it has to be complete.
        loop {
            self.force_checkpoint(now);
            if self.saved.gci.0 > at_least {
                break;
            }
        }
        let stop_gci = Gci(self.saved.gci.0.saturating_sub(1));
        self.effects.push_back(Effect::FinishBackup {
            attempt,
            start_gci,
            stop_gci,
        });
        if let Some(backup) = &mut self.backup {
            backup.next_status = None;
        }
    }

    fn backup_completed(&mut self, now: Now) {
        let Some(backup) = self.backup.take() else {
            return;
        };
        let mut totals = BackupTotals::default();
        for participant in backup.participants.values() {
            let it = participant.totals;
            totals.bytes = totals.bytes.saturating_add(it.bytes);
            totals.records = totals.records.saturating_add(it.records);
            totals.log_bytes = totals.log_bytes.saturating_add(it.log_bytes);
            totals.log_records = totals.log_records.saturating_add(it.log_records);
        }
        self.save(SavedState {
            unfinished: None,
            ..self.saved
        });
        let body = EventBody::BackupCompleted {
            starting_node: backup.starting_node,
            backup_id: backup.id.get(),
            start_gci: backup.start_gci,
            stop_gci: Gci(self.saved.gci.0.saturating_sub(1)),
            totals,
        };
        let source = backup.master;
        self.emit(Event { source, body }, now);
        let attempt = backup.attempt;
        self.effects.push_back(Effect::BackupEnded { attempt });
        self.answer(backup.waiter, Ok(()), backup.id);
    }

    fn answer(&mut self, waiter: Option<Waiter>, result: Result<(), ErrorNumber>, id: BackupId) {
        if let Some(Waiter::Started(session) | Waiter::Completed(session)) = waiter {
            match result {
                Ok(()) => self.accept_backup(session, Some(id)),
                Err(error) => self.refuse_backup(session, error),
            }
        }
    }

    fn accept_backup(&mut self, session: SessionId, id: Option<BackupId>) {
        let id = id.map(BackupId::get);
        self.reply(session, Reply::StartBackup(StartBackupReply { id }));
    }

    fn refuse_backup(&mut self, session: SessionId, error: ErrorNumber) {
        let refusal = Refusal::error("start backup", error);
        self.reply(session, Reply::Refused(refusal));
    }

    pub(super) fn abort_backup(&mut self, session: SessionId, id: u32) {
        const COMMAND: &str = "abort backup";
        if !self.data_nodes.values().any(|node| node.is_connected()) {
            let error = ErrorNumber::NO_CONTACT_WITH_DATA_NODES;
            return self.conclude(session, COMMAND, Err(error));
        }
        self.done(session, COMMAND);
        // An unknown id is ignored: no event, no line in the cluster log.
        if self.backup.as_ref().is_some_and(|it| it.id.get() == id) {
            self.remove_backup(ErrorNumber::BACKUP_ABORTED_BY_USER);
        }
    }

    /// Ends the running backup as a user's abort would, before the simulator stops.
    pub(in crate::sim) fn abort_running_backup(&mut self) {
        self.remove_backup(ErrorNumber::BACKUP_ABORTED_BY_USER);
    }

    /// A participant or the master is gone.
    pub(super) fn backup_lost_node(&mut self, node: NodeId) {
        let takes_part = self
            .backup
            .as_ref()
            .is_some_and(|backup| backup.participants.contains_key(&node));
        if takes_part {
            self.remove_backup(ErrorNumber::BACKUP_NODE_FAILURE);
            let master = self.master();
            if let (Some(backup), Some(master)) = (&mut self.backup, master)
                && backup.master == node
            {
                backup.master = master;
            }
        }
    }

    /// Orders the removal of the running backup's files; the first reason counts.
    fn remove_backup(&mut self, error: ErrorNumber) {
        let Some(backup) = &mut self.backup else {
            return;
        };
        let was_started = match backup.stage {
            Stage::Removing { .. } => return,
            Stage::Defining => false,
            Stage::Scanning | Stage::Finishing => true,
        };
        backup.stage = Stage::Removing { error, was_started };
        backup.next_status = None;
        let attempt = backup.attempt;
        self.effects.push_back(Effect::RemoveBackup { attempt });
    }

    /// The first node that has removed its files reports the user's request, the others that
    /// they were ordered to.
    fn announce_abort(&mut self, node: NodeId, now: Now) {
        let by_user = ErrorNumber::BACKUP_ABORTED_BY_USER;
        let alive = self.data_nodes.get(&node).is_some_and(|it| it.is_started());
        let Some(backup) = self.backup.as_mut().filter(|backup| {
            alive && matches!(backup.stage, Stage::Removing { error, .. } if error == by_user)
        }) else {
            return;
        };
        let error = if backup.announced_abort {
            ErrorNumber::BACKUP_ABORTED_BY_ORDER
        } else {
            by_user
        };
        backup.announced_abort = true;
        let body = EventBody::BackupAborted {
            starting_node: backup.starting_node,
            backup_id: backup.id.get(),
            error,
        };
        self.emit(Event { source: node, body }, now);
    }

    /// Ends the backup once no participant has files of it.
    fn finish_removal(&mut self, now: Now) {
        let Some(backup) = self.backup.as_ref() else {
            return;
        };
        let Stage::Removing { error, was_started } = backup.stage else {
            return;
        };
        if !backup.all(|step| step == Step::Removed) {
            return;
        }
        let attempt = backup.attempt;
        let exists = error == ErrorNumber::BACKUP_FILE_EXISTS;
        if exists && backup.automatic && !was_started && self.master().is_some() {
            self.effects.push_back(Effect::BackupEnded { attempt });
            // The next available id is wanted, not the next number.
            if let Some(id) = BackupId::new(self.next_backup_id()) {
                return self.define_backup(id, now);
            }
        }
        let Some(backup) = self.backup.take() else {
            return;
        };
        self.save(SavedState {
            unfinished: None,
            ..self.saved
        });
        if !backup.announced_abort {
            let body = EventBody::BackupAborted {
                starting_node: backup.starting_node,
                backup_id: backup.id.get(),
                error,
            };
            let source = backup.master;
            self.emit(Event { source, body }, now);
        }
        self.effects.push_back(Effect::BackupEnded { attempt });
        self.answer(backup.waiter, Err(error), backup.id);
    }

    /// The status of one node, as its event reports it.
    pub(super) fn backup_status(&self, node: NodeId) -> EventBody {
        match &self.backup {
            Some(backup) if backup.participants.contains_key(&node) => EventBody::BackupStatus {
                starting_node: backup.starting_node,
                backup_id: backup.id.get(),
                totals: backup.participants[&node].totals,
            },
            _ => EventBody::BackupStatus {
                starting_node: 0,
                backup_id: 0,
                totals: BackupTotals::default(),
            },
        }
    }

    /// BackupReportFrequency: a status event from each participant.
    pub(super) fn report_backup_status(&mut self, now: Now) {
        let Some(backup) = &self.backup else {
            return;
        };
        if backup.next_status.is_none_or(|at| at > now) {
            return;
        }
        let nodes: Vec<NodeId> = backup.participants.keys().copied().collect();
        let mut shortest = None;
        for source in nodes {
            let seconds = self
                .topology
                .nodes
                .get(&source)
                .map_or(0, |node| node.number("BackupReportFrequency"));
            if seconds > 0 {
                shortest = Some(shortest.map_or(seconds, |other: u64| other.min(seconds)));
                let body = self.backup_status(source);
                self.emit(Event { source, body }, now);
            }
        }
        if let Some(backup) = &mut self.backup {
            backup.next_status = shortest.map(|seconds| now + Duration::from_secs(seconds));
        }
    }
}

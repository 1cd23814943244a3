//! What the model wants to happen, carried out.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::config_file::{ConfigFileError, read_config_file};
use super::super::fault::ReplyFault;
use super::super::model::{Effect, SavedState, SessionId};
use super::super::session_task::{Outgoing, Then};
use super::super::signal::Command;
use super::super::topology::Topology;
use super::{Loop, node_settings, write_log};
use crate::cluster::NodeId;

/// A listener that has this much unread is dropped.
const QUEUE_BYTES_MAX: usize = 8 << 20;

impl Loop {
    /// Carries out what the model wants.
    pub(super) fn perform(&mut self) {
        loop {
            let effects = self.cluster.take_effects();
            self.is_writing
                .store(self.cluster.backup_is_running(), Ordering::Release);
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.perform_one(effect);
            }
        }
    }

    fn perform_one(&mut self, effect: Effect) {
        match effect {
            Effect::Reply { session, reply } => self.reply(session, reply.into_bytes()),
            Effect::Event {
                sessions,
                bytes,
                kind,
            } => match kind.filter(|kind| self.faults.lost_events.contains(kind)) {
                None => self.send_event(&sessions, &bytes),
                Some(kind) if self.told_lost.insert(kind) => {
                    let number = kind.number();
                    (self.narrate)(&format!("fault: events of type {number} are lost"));
                }
                Some(_) => {}
            },
            Effect::Close { session } => self.close(session),
            Effect::Log {
                server,
                severity,
                text,
            } => {
                let now = self.now();
                if let Some(log) = self.log.get_mut(&server) {
                    write_log(log, severity, &text, now);
                }
            }
            Effect::RestartBegan(node) => self.arm_restart_faults(node),
            Effect::DefineBackup(order) => self.writers.define(order, &self.settings),
            Effect::ScanBackup { attempt } => {
                self.writers.command(attempt, Command::Scan);
                self.arm_backup_faults();
            }
            Effect::FinishBackup {
                attempt,
                start_gci,
                stop_gci,
            } => {
                let command = Command::Finish {
                    start_gci,
                    stop_gci,
                };
                self.writers.command(attempt, command);
            }
            Effect::RemoveBackup { attempt } => self.writers.command(attempt, Command::Remove),
            Effect::BackupEnded { attempt } => self.writers.command(attempt, Command::Release),
            Effect::GlobalCheckpoint(gci) => self.writers.set_checkpoint(gci),
            Effect::Save(state) => self.save(state),
            Effect::ReadConfig { session, path } => {
                let read = read_regular_file(&path);
                self.cluster.config_read(session, &path, read);
            }
            Effect::ConfigChanged => {
                let topology = self.cluster.topology();
                self.settings = node_settings(topology, &self.directory, &self.faults);
            }
            Effect::StopServer(server) => self.stop_server(server),
        }
    }

    fn reply(&mut self, session: SessionId, bytes: Arc<[u8]>) {
        let Some(connection) = self.connections.get_mut(&session) else {
            return;
        };
        connection.is_busy = false;
        let command = connection.command;
        let outgoing = connection.outgoing.clone();
        let then = if self.cluster.is_listener(session) {
            Then::Listen
        } else if self.cluster.changes_to_tls(session) {
            Then::Secure
        } else {
            Then::Request
        };
        let reply = Outgoing::Reply { bytes, then };
        match self.faults.replies.get(command) {
            None => {
                // The connection may have ended; its message to that effect is on its way.
                let _ = outgoing.send(reply);
            }
            Some(ReplyFault::Missing) => {
                (self.narrate)(&format!("fault: a reply to {command} is left out"));
            }
            Some(ReplyFault::Late(time)) => {
                (self.narrate)(&format!("fault: a reply to {command} is late"));
                let time = *time;
                self.sessions.spawn(async move {
                    tokio::time::sleep(time).await;
                    let _ = outgoing.send(reply);
                });
            }
        }
    }

    fn send_event(&mut self, sessions: &[SessionId], bytes: &Arc<[u8]>) {
        for session in sessions {
            let Some(connection) = self.connections.get(session) else {
                continue;
            };
            let queued = connection.queued.fetch_add(bytes.len(), Ordering::AcqRel);
            if queued + bytes.len() > QUEUE_BYTES_MAX {
                tracing::info!("a listener that does not read is dropped");
                connection.task.abort();
                self.forget(*session);
            } else {
                let _ = connection.outgoing.send(Outgoing::Event(Arc::clone(bytes)));
            }
        }
    }

    pub(super) fn close(&mut self, session: SessionId) {
        if let Some(connection) = self.connections.remove(&session) {
            let _ = connection.outgoing.send(Outgoing::Close);
        }
        self.cluster.session_closed(session);
    }

    fn save(&mut self, state: SavedState) {
        if let Err(error) = self.directory.save(state) {
            tracing::error!("{error}");
            (self.narrate)(&format!(
                "the state cannot be kept for the next run: {error}"
            ));
        }
    }

    /// Stops accepting; the sessions end once their replies are out.
    fn stop_server(&mut self, server: NodeId) {
        if let Some(accepting) = self.accepting.remove(&server) {
            accepting.abort();
        }
        let sessions: Vec<SessionId> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.server == server)
            .map(|(id, _)| *id)
            .collect();
        for session in sessions {
            self.close(session);
        }
    }
}

/// Reads the config.ini that a client names: opening a pipe would wait for who fills it.
fn read_regular_file(path: &Path) -> Result<Topology, ConfigFileError> {
    let fault = |source| ConfigFileError::Read {
        path: path.to_owned(),
        source,
    };
    if !std::fs::metadata(path).map_err(fault)?.is_file() {
        return Err(fault(std::io::Error::other("not a file")));
    }
    read_config_file(path)
}

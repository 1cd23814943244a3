//! START BACKUP and ABORT BACKUP (management protocol, 6.5).
//!
//! What the management server answers decides whether a backup failed; events only tell the
//! story. One-shot runs read them here, the prompt has its event connection for them.

use std::io::{self, IsTerminal};
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::cli::{SecretFault, prompt_secret};
use crate::client::{ClientError, ConnectOptions, Retries, Session, StartBackupOptions, connect};
use crate::cluster::{BackupId, BackupPassword, EventBody, ReportKind, WaitFor};
use crate::command::{Encryption, StartBackup};

use super::super::events::{EventFeed, listen_to_backups};
use super::super::interrupt::Interrupt;
use super::super::options::BACKUP_PASSWORD;
use super::super::outcome::{Attempt, Failure, Outcome, PasswordFault, Step};
use super::super::output::Output;
use super::super::{Mode, Shell, announce_failure, render};
use super::backup_watch::{BackupWatch, Verdict};

/// How long the prompt waits for the event that belongs to a reply.
const EVENT_AFTER_REPLY: Duration = Duration::from_secs(1);

/// Who aborts a backup does not want to wait long for its status.
const STATUS_LIMIT: Duration = Duration::from_secs(10);

/// The server's answer to `start backup`: the id, unless nothing was waited for.
type Replied = Result<Option<BackupId>, ClientError>;

impl Shell {
    pub(super) async fn start_backup(&mut self, backup: StartBackup) -> Result<Outcome, Failure> {
        let command = backup.to_string();
        let password = match backup.encryption {
            Some(Encryption::Password(given)) => Some(given),
            None if !self.settings.encrypt_backup => None,
            Some(Encryption::AskPassword) | None => Some(self.own_password(command)?),
        };
        match &password {
            Some(password) if password.is_empty() => {
                self.output.advise(render::EMPTY_PASSWORD_WARNING);
            }
            None if self.settings.backup_password.is_some() && self.settings.verbose > 0 => {
                self.step(Step::BackupUnencrypted);
            }
            Some(_) | None => {}
        }
        let options = StartBackupOptions {
            id: backup.id,
            wait: backup.wait,
            snapshot: backup.snapshot,
            password,
        };
        self.step(Step::BackupRequested(options.wait));
        if self.mode == Mode::OneShot && options.wait != WaitFor::Nothing {
            self.backup_once(options).await
        } else {
            self.backup_at_prompt(options).await
        }
    }

    /// The password of the options, else of the user, for a command that gives none.
    fn own_password(&self, command: String) -> Result<BackupPassword, Failure> {
        let password = match &self.settings.backup_password {
            Some(password) => Ok(password.clone()),
            None => self.typed_password()?,
        };
        password
            .and_then(|password| BackupPassword::new(password).map_err(PasswordFault::Broken))
            .map_err(|fault| Failure::BackupPassword { command, fault })
    }

    /// The outer error: the user gave up. The inner one: no password, or none that can be used.
    fn typed_password(&self) -> Result<Result<Zeroizing<Vec<u8>>, PasswordFault>, Failure> {
        // A terminal that nobody looks at must not hold up a script.
        if !io::stdin().is_terminal() && !io::stderr().is_terminal() {
            return Ok(Err(PasswordFault::Needed));
        }
        // Typing Ctrl-C must not end the program before the terminal echoes again.
        let _ = Interrupt::end_command();
        let typed = prompt_secret(BACKUP_PASSWORD, "Enter backup password: ").and_then(|first| {
            let again = prompt_secret(BACKUP_PASSWORD, "Enter backup password again: ")?;
            Ok((first, again))
        });
        Ok(match typed {
            Ok((first, again)) if first == again => Ok(first),
            Ok(_) => Err(PasswordFault::Differs),
            Err(error) if error.is_given_up() => {
                if error.fault == SecretFault::NoEnd {
                    self.output.end_typed_line();
                }
                return Err(Failure::NoPasswordTyped);
            }
            Err(error) => Err(match error.fault {
                SecretFault::TerminalFailed(_) => PasswordFault::Needed,
                _ => PasswordFault::Unreadable(error.to_string()),
            }),
        })
    }

    /// One-shot with WAIT: an event connection of its own, whose events are shown once the
    /// server has said that the backup went as asked.
    async fn backup_once(&mut self, options: StartBackupOptions) -> Result<Outcome, Failure> {
        let server = self.same_server(self.session.as_ref().ok_or(Failure::ConnectionLost)?);
        let stream = listen_to_backups(&server).await;
        let stream = stream.map_err(Failure::BackupUnheard)?;
        let mut watch = BackupWatch::new(stream, options.id, options.wait);
        let ctrl_c = Interrupt::end_command().unwrap_or(Interrupt::ENDS_PROGRAM);
        let replied = {
            let session = self.session()?;
            let reply = session.start_backup(options);
            tokio::select! {
                replied = watch.collect_until(reply, server_is_gone(&server, || false)) => Some(replied),
                () = ctrl_c.next() => None,
            }
        };
        let Some(replied) = replied else {
            return Err(self.leave_backup(watch.id()));
        };
        let id = replied.map_err(Attempt::Backup.failed())?;
        let verdict = tokio::select! {
            verdict = watch.tell(id, |event| self.step(Step::BackupEvent(event))) => verdict,
            () = ctrl_c.next() => return Err(self.leave_backup(watch.id())),
        };
        match verdict {
            Verdict::AsAsked(event) => Ok(Outcome::Backup(event)),
            Verdict::Aborted(id, event) => Err(Failure::BackupAborted { id, event }),
            Verdict::Silence(id) => Err(Failure::BackupSilent(id)),
            Verdict::ConnectionLost(id, error) => Err(Failure::BackupEventsLost(id, error)),
        }
    }

    /// Ctrl-C in a WAIT without a prompt to go back to.
    fn leave_backup(&mut self, id: Option<u32>) -> Failure {
        self.session = None;
        self.output.end_typed_line();
        match self.settings.simulated {
            true => Failure::SimulatedBackupLeft,
            false => Failure::BackupLeft(id),
        }
    }

    /// At the prompt the event connection prints; Ctrl-C gives the prompt back while the
    /// request goes on.
    async fn backup_at_prompt(&mut self, options: StartBackupOptions) -> Result<Outcome, Failure> {
        let (wait, given_id) = (options.wait, options.id.map(BackupId::get));
        let mut events = self
            .feed
            .as_ref()
            .filter(|feed| feed.is_running())
            .map(EventFeed::backups);
        let mut session = self.session.take().ok_or(Failure::ConnectionLost)?;
        let server = self.same_server(&session);
        let mut request = tokio::spawn(async move {
            let replied = session.start_backup(options).await;
            (session, replied)
        });
        let (session, replied) = tokio::select! {
            finished = &mut request => finished.map_err(|_| Failure::ConnectionLost)?,
            error = server_is_gone(&server, || self.has_events()) => {
                request.abort();
                return Err(Attempt::Backup.failed()(error));
            }
            () = self.interrupt.next() => {
                let started = given_id.or(events.as_mut().and_then(last_started));
                if self.mode != Mode::Terminal {
                    return Err(self.leave_backup(started));
                }
                self.output.end_typed_line();
                tokio::spawn(report_in_background(request, self.output.clone()));
                return Ok(Outcome::BackupLeft(started));
            }
        };
        self.session = Some(session);
        if let Some(events) = events
            && wait != WaitFor::Nothing
        {
            let printed = event_of_reply(events, wait, given_id, &replied);
            let _ = timeout(EVENT_AFTER_REPLY, printed).await;
        }
        replied.map_err(Attempt::Backup.failed())?;
        Ok(Outcome::Done)
    }

    pub(super) async fn abort_backup(&mut self, id: BackupId) -> Result<Outcome, Failure> {
        let running = self.is_running(id).await?;
        let aborted = self.session()?.abort_backup(id).await;
        aborted.map_err(Attempt::AbortBackup(id).failed())?;
        if running != Some(false) {
            return Ok(Outcome::AbortOrdered(id));
        }
        if self.settings.verbose >= 2 {
            self.output.advise(&render::render_not_running(id));
        }
        Ok(Outcome::Done)
    }

    /// Whether a data node reports this backup, or `None` if no node reports anything.
    async fn is_running(&mut self, id: BackupId) -> Result<Option<bool>, Failure> {
        let session = self.session()?;
        let limit = session.timeout();
        session.set_timeout(limit.min(STATUS_LIMIT));
        let status = session.dump_events(ReportKind::BackupStatus, &[]).await;
        session.set_timeout(limit);
        match status {
            Ok(events) if events.is_empty() => Ok(None),
            Ok(events) => Ok(Some(events.iter().any(|event| {
                matches!(
                    event.body,
                    EventBody::BackupStatus { starting_node, backup_id, .. }
                        if starting_node != 0 && backup_id == id.get()
                )
            }))),
            Err(_) => {
                // The order to abort needs a connection that works.
                self.prepare().await?;
                Ok(None)
            }
        }
    }
}

/// Waits until the server does not answer any more. It says nothing between the start of a
/// backup and its end, which may be two days; so, unless an event connection tells, it is asked
/// from time to time on a connection of its own whether it is there.
async fn server_is_gone(server: &ConnectOptions, has_events: impl Fn() -> bool) -> ClientError {
    let once = ConnectOptions {
        retries: Retries::Attempts(1),
        ..server.clone()
    };
    loop {
        sleep(server.timeout).await;
        if has_events() {
            continue;
        }
        let asked = async {
            let mut session = connect(&once).await?;
            session.check_connection().await
        };
        if let Err(error) = asked.await {
            return error;
        }
    }
}

/// Shows the failure of a backup whose WAIT was left.
async fn report_in_background(request: JoinHandle<(Session, Replied)>, output: Output) {
    if let Ok((_, Err(error))) = request.await {
        announce_failure(&output, &Attempt::Backup.failed()(error));
    }
}

/// The id of the backup that started last, as far as events told.
fn last_started(events: &mut broadcast::Receiver<EventBody>) -> Option<u32> {
    let mut started = None;
    while let Ok(event) = events.try_recv() {
        if let EventBody::BackupStarted { backup_id, .. } = event {
            started = Some(backup_id);
        }
    }
    started
}

/// Waits until the event that belongs to the reply has been printed, so that it comes before
/// what the command prints next.
async fn event_of_reply(
    mut events: broadcast::Receiver<EventBody>,
    wait: WaitFor,
    given_id: Option<u32>,
    replied: &Replied,
) {
    let id = match replied {
        Ok(id) => id.map(BackupId::get).or(given_id),
        Err(ClientError::Refused { .. }) => given_id,
        // Nothing was sent, or the connection is lost.
        Err(_) => return,
    };
    let is_ours = |backup_id: u32| id.is_none_or(|id| id == backup_id);
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let found = match event {
            EventBody::BackupStarted { backup_id, .. } => {
                replied.is_ok() && wait == WaitFor::Started && is_ours(backup_id)
            }
            EventBody::BackupCompleted { backup_id, .. }
            | EventBody::BackupAborted { backup_id, .. } => is_ours(backup_id),
            EventBody::BackupFailedToStart { .. } => replied.is_err(),
            _ => false,
        };
        if found {
            return;
        }
    }
}

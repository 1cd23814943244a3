//! START BACKUP and ABORT BACKUP (management protocol, 6.5).
//!
//! What the management server answers decides whether a backup failed; events only tell the
//! story. One-shot runs read them here, the prompt has its event connection for them.

use std::future::Future;
use std::io::{self, IsTerminal};
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::cli::{Exit, SecretFault, SecretKind, SecretOption, prompt_secret};
use crate::client::{ClientError, ConnectOptions, Retries, Session, StartBackupOptions, connect};
use crate::cluster::{BackupId, BackupPassword, EventBody, ReportKind, WaitFor};
use crate::command::{Encryption, StartBackup};

use super::super::events::{EventFeed, listen_to_backups};
use super::super::interrupt::Interrupt;
use super::super::{Mode, Shell, render};
use super::backup_watch::{BackupWatch, Verdict};

/// How long the prompt waits for the event that belongs to a reply.
const EVENT_AFTER_REPLY: Duration = Duration::from_secs(1);

/// Who aborts a backup does not want to wait long for its status.
const STATUS_LIMIT: Duration = Duration::from_secs(10);

const PASSWORD: SecretOption = SecretOption {
    prefix: "backup",
    kind: SecretKind::Password,
};

/// The server's answer to `start backup`: the id, unless nothing was waited for.
type Replied = Result<Option<BackupId>, ClientError>;

impl Shell {
    pub(super) async fn start_backup(&mut self, backup: StartBackup) -> Result<(), Exit> {
        if backup.id.is_none() && self.mode == Mode::OneShot && !self.settings.auto_backup_id {
            self.output.advise(render::ID_NEEDED);
            return Err(Exit::CommandFailed);
        }
        let interrupt = self.interrupt;
        let options = tokio::select! {
            options = self.backup_options(backup) => options?,
            () = interrupt.next() => return Err(self.leave_request()),
        };
        self.output.print(render::render_waiting(options.wait));
        if self.mode == Mode::OneShot && options.wait != WaitFor::Nothing {
            self.backup_once(options).await
        } else {
            self.backup_at_prompt(options).await
        }
    }

    /// Connects and finds the password; everything is decided before the request is sent.
    async fn backup_options(
        &mut self,
        mut backup: StartBackup,
    ) -> Result<StartBackupOptions, Exit> {
        self.prepare().await?;
        let password = self.password_of(&mut backup)?;
        match &password {
            Some(password) if password.is_empty() => {
                self.output.advise(render::EMPTY_PASSWORD_WARNING);
            }
            Some(_) => {}
            None if self.settings.backup_password.is_some() && self.settings.verbose > 0 => {
                self.output.print(render::UNENCRYPTED_WARNING);
            }
            None => {}
        }
        Ok(StartBackupOptions {
            id: backup.id,
            wait: backup.wait,
            snapshot: backup.snapshot,
            password,
        })
    }

    /// The password of the command, else of the options, else of the user; none if the backup
    /// is not to be encrypted.
    fn password_of(&mut self, backup: &mut StartBackup) -> Result<Option<BackupPassword>, Exit> {
        let command = backup.to_string();
        let asked = match backup.encryption.take() {
            Some(Encryption::Password(given)) => return Ok(Some(given)),
            None if !self.settings.encrypt_backup => return Ok(None),
            Some(Encryption::AskPassword) | None => self.default_or_typed_password()?,
        };
        asked
            .and_then(|password| BackupPassword::new(password).map_err(|error| error.to_string()))
            .map(Some)
            .map_err(|fault| {
                let command = command.strip_prefix("START ").unwrap_or(&command);
                self.output
                    .print(&render::render_invalid_backup(command, &fault));
                Exit::CommandFailed
            })
    }

    /// The outer error: the user gave up. The inner one: no password, or none that can be used.
    fn default_or_typed_password(&self) -> Result<Result<Zeroizing<Vec<u8>>, String>, Exit> {
        if let Some(password) = &self.settings.backup_password {
            return Ok(Ok(password.clone()));
        }
        // A terminal that nobody looks at must not hold up a script.
        if !io::stdin().is_terminal() && !io::stderr().is_terminal() {
            return Ok(Err(render::PASSWORD_NEEDED.to_owned()));
        }
        // Typing Ctrl-C must not end the program before the terminal echoes again.
        let _ = Interrupt::end_command();
        let typed = prompt_secret(PASSWORD, "Enter backup password: ").and_then(|first| {
            let again = prompt_secret(PASSWORD, "Enter backup password again: ")?;
            Ok((first, again))
        });
        Ok(match typed {
            Ok((first, again)) if first == again => Ok(first),
            Ok(_) => Err(render::PASSWORDS_DIFFER.to_owned()),
            Err(error) if error.is_given_up() => {
                if error.fault == SecretFault::NoEnd {
                    self.output.end_typed_line();
                }
                self.output.advise(render::NO_PASSWORD_TYPED);
                return Err(Exit::Interrupted);
            }
            Err(error) => Err(match error.fault {
                SecretFault::TerminalFailed(_) => render::PASSWORD_NEEDED.to_owned(),
                _ => error.to_string(),
            }),
        })
    }

    /// One-shot with WAIT: an event connection of its own, whose events are printed once the
    /// server has said that the backup went as asked.
    async fn backup_once(&mut self, options: StartBackupOptions) -> Result<(), Exit> {
        let session = self.session.as_ref().ok_or(Exit::CommandFailed)?;
        let server = self.same_server(session);
        let stream = match listen_to_backups(&server).await {
            Ok(stream) => stream,
            Err(error) => {
                self.output.print(render::BACKUP_EVENTS_FAILED);
                self.output
                    .print(&render::render_error(0, "Executing: ndb_mgm_listen_event"));
                self.output
                    .advise(&render::render_no_event_connection(&error.to_string()));
                self.check_after_error().await;
                return Err(Exit::CommandFailed);
            }
        };
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
        match replied {
            None => Err(self.leave_backup(watch.id())),
            Some(Err(error)) => Err(self.backup_failed(&error).await),
            Some(Ok(id)) => {
                let output = self.output.clone();
                let verdict = tokio::select! {
                    verdict = watch.tell(id, |text| output.print(text)) => verdict,
                    () = ctrl_c.next() => return Err(self.leave_backup(watch.id())),
                };
                self.judge(verdict)
            }
        }
    }

    /// Ctrl-C in a WAIT without a prompt to go back to. The simulator of this process ends with it and says so itself.
    fn leave_backup(&mut self, id: Option<u32>) -> Exit {
        self.session = None;
        self.output.end_typed_line();
        if !self.settings.simulated {
            self.output.advise(&render::render_detached(id));
        }
        Exit::Interrupted
    }

    fn judge(&self, verdict: Verdict) -> Result<(), Exit> {
        match verdict {
            Verdict::AsAsked => return Ok(()),
            Verdict::Aborted(id) => self.output.advise(&render::render_unexpected_end(id)),
            Verdict::Silence(id) => {
                self.output.print(render::BACKUP_EVENTS_LOST);
                self.output.advise(&render::render_events_ended(id, None));
            }
            Verdict::ConnectionLost(id, error) => {
                let reason = error.to_string();
                self.output
                    .advise(&render::render_events_ended(id, Some(&reason)));
            }
        }
        Err(Exit::CommandFailed)
    }

    /// At the prompt the event connection prints; Ctrl-C gives the prompt back while the
    /// request goes on.
    async fn backup_at_prompt(&mut self, options: StartBackupOptions) -> Result<(), Exit> {
        let (wait, given_id) = (options.wait, options.id.map(BackupId::get));
        let mut events = self
            .feed
            .as_ref()
            .filter(|feed| feed.is_running())
            .map(EventFeed::backups);
        let mut session = self.session.take().ok_or(Exit::CommandFailed)?;
        let server = self.same_server(&session);
        let mut request = tokio::spawn(async move {
            let replied = session.start_backup(options).await;
            (session, replied)
        });
        let (session, replied) = tokio::select! {
            finished = &mut request => finished.map_err(|_| Exit::CommandFailed)?,
            error = server_is_gone(&server, || self.has_events()) => {
                request.abort();
                return Err(self.backup_failed(&error).await);
            }
            () = self.interrupt.next() => {
                let started = given_id.or(events.as_mut().and_then(last_started));
                if self.mode != Mode::Terminal {
                    return Err(self.leave_backup(started));
                }
                self.output.end_typed_line();
                self.output.print(&render::render_detached(started));
                let output = self.output.clone();
                tokio::spawn(report_in_background(request, output));
                return Ok(());
            }
        };
        self.session = Some(session);
        if let Some(events) = events
            && wait != WaitFor::Nothing
        {
            let printed = event_of_reply(events, wait, given_id, &replied);
            let _ = timeout(EVENT_AFTER_REPLY, printed).await;
        }
        match replied {
            Ok(_) => Ok(()),
            Err(error) => Err(self.backup_failed(&error).await),
        }
    }

    /// Says that START BACKUP failed; without an answer nobody knows what became of the backup.
    async fn backup_failed(&mut self, error: &ClientError) -> Exit {
        let exit = self.fail(render::BACKUP_FAILED, error).await;
        if error.is_unanswered() {
            self.output.advise(render::BACKUP_UNKNOWN);
        }
        exit
    }

    pub(super) async fn abort_backup(&mut self, id: BackupId) -> Result<(), Exit> {
        let running = self.is_running(id).await?;
        if let Err(error) = self.session()?.abort_backup(id).await {
            return Err(self.fail(&render::render_abort_failed(id), &error).await);
        }
        if running != Some(false) {
            self.output.print(&render::render_abort_ordered(id));
        } else if self.settings.verbose >= 2 {
            self.output.advise(&render::render_not_running(id));
        }
        Ok(())
    }

    /// Whether a data node reports this backup, or `None` if no node reports anything.
    async fn is_running(&mut self, id: BackupId) -> Result<Option<bool>, Exit> {
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

/// Prints the failure of a backup whose WAIT was left.
async fn report_in_background(
    request: impl Future<Output = Result<(Session, Replied), tokio::task::JoinError>>,
    output: super::super::output::Output,
) {
    if let Ok((_, Err(error))) = request.await {
        output.announce(format!(
            "{}{}",
            render::BACKUP_FAILED,
            render::render_error(error.number(), &error.description())
        ));
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

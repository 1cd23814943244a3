//! START BACKUP and ABORT BACKUP (management protocol, 6.5).
//!
//! What the management server answers decides whether a backup failed; events only tell the
//! story. One-shot runs read them here, the prompt has its event connection for them.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{self, IsTerminal};
use std::pin::{Pin, pin};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::broadcast::{
    self,
    error::{RecvError, TryRecvError},
};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::client::{ClientError, ConnectOptions, Session, StartBackupOptions};
use crate::cluster::state::RunningBackup;
use crate::cluster::{BackupId, Event, EventBody, ReportKind, WaitFor};
use crate::command::{Encryption, StartBackup};

use super::super::events::EventFeed;
use super::super::interrupt::Interrupt;
use super::super::outcome::{Attempt, EndUnheard, Failure, Outcome, Step};
use super::super::output::Output;
use super::super::progress::ProgressDisplay;
use super::super::tell::{Spoken, announce_failure};
use super::super::{ExitCodes, Mode, Shell, render};
use super::backup_lost::{Fate, LostBackup, kept_end};
use super::backup_poll::{Heard, Unheard, end_unheard};
use super::out_of_time;

/// How long an event that belongs to a reply is waited for.
pub(super) const EVENT_AFTER_REPLY: Duration = Duration::from_secs(1);

/// The same for the end of a backup, for a server that tells nothing of its data nodes either.
const EVENT_LIMIT: Duration = Duration::from_secs(3 * 60);

/// Who aborts a backup does not want to wait long for its status.
const STATUS_LIMIT: Duration = Duration::from_secs(10);

/// The server's answer to `start backup`: the id, unless nothing was waited for.
pub(super) type Replied = Result<Option<BackupId>, ClientError>;

impl Shell {
    pub(super) async fn start_backup(&mut self, backup: StartBackup) -> Result<Outcome, Failure> {
        let command = backup.to_string();
        let password = match backup.encryption {
            Some(Encryption::Password(given)) => Some(given),
            None if !self.settings.encrypt_backup => None,
            Some(Encryption::AskPassword) | None => Some(self.own_password(command.clone())?),
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
        if password
            .as_ref()
            .is_some_and(|password| !password.is_empty())
        {
            self.warn_of_readable_password();
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
            self.backup_at_prompt(options, Spoken::now(command)).await
        }
    }

    /// Asks the other management servers about a backup whose server was lost.
    pub(super) async fn find_lost_backup(
        &self,
        wait: WaitFor,
        heard: Heard,
        began: Timestamp,
        when_heard: impl Fn(&Event) + Clone + 'static,
    ) -> Fate {
        let server = self.last_server.clone();
        self.output
            .notify(&render::render_server_lost(heard.id, server.as_ref()))
            .await;
        let mut lost = LostBackup::new(self.settings.connect.clone(), server, wait, heard, began);
        lost.find(when_heard).await
    }

    /// What ends a wait before what is waited for.
    pub(super) fn left(&self, interrupt: Interrupt) -> impl Future<Output = Left> + use<> {
        let limits = self.settings.limits;
        let limit = [limits.wait, limits.command].into_iter().flatten().min();
        async move {
            tokio::select! {
                () = interrupt.next() => Left::Interrupted,
                limit = out_of_time(limit) => Left::OutOfTime(limit),
            }
        }
    }

    /// The end of a WAIT, not of its backup, without a prompt to go back to.
    pub(super) fn leave_backup(&mut self, id: Option<u32>, left: Left) -> Failure {
        self.session = None;
        match left {
            Left::OutOfTime(limit) => Failure::WaitOutOfTime(id, limit),
            Left::Interrupted => {
                self.output.end_typed_line();
                match self.settings.simulated {
                    true => Failure::SimulatedBackupLeft,
                    false => Failure::BackupLeft(id),
                }
            }
        }
    }

    /// At the prompt the event connection prints; Ctrl-C gives the prompt back while the
    /// request goes on.
    async fn backup_at_prompt(
        &mut self,
        options: StartBackupOptions,
        spoken: Spoken,
    ) -> Result<Outcome, Failure> {
        let mut session = self.session.take().ok_or(Failure::ConnectionLost)?;
        let order = Order {
            wait: options.wait,
            given_id: options.id.map(BackupId::get),
            server: self.same_server(&session),
            began: Timestamp::now(),
        };
        let events = self.backup_events();
        let listener = RefCell::new(self.backup_events());
        let known = Cell::new(Heard {
            id: order.given_id,
            ..Heard::default()
        });
        let heard = || {
            let mut heard = known.get();
            if let Some(listener) = listener.borrow_mut().as_mut() {
                note_events(listener, &mut heard);
            }
            heard.has_events = self.has_events();
            known.set(heard);
            heard
        };
        let mut left = pin!(self.left(self.interrupt));
        let _display = match order.wait {
            WaitFor::Nothing => None,
            WaitFor::Started | WaitFor::Completed => {
                ProgressDisplay::start(self.settings.progress, &order.server, &self.output)
            }
        };
        let request = tokio::spawn(async move {
            let replied = session.start_backup(options).await;
            (session, replied)
        });
        let answer = order.answer(request, &heard, left.as_mut()).await?;
        let heard = heard();
        let (session, replied) = match answer {
            Answer::Reply(session, replied) => (session, replied),
            Answer::ServerLost(error) => {
                return self.end_of_lost(error, events, &order, heard, left).await;
            }
            Answer::NotReported => return order.kept_end(heard, without_answer(heard)).await,
            Answer::Left(left, request) => {
                return self.leave_at_prompt(heard.id, left, request, spoken);
            }
        };
        self.session = Some(session);
        match events.filter(|_| order.wait != WaitFor::Nothing) {
            Some(events) => self.end_of_answered(&order, replied, events, left).await,
            None => {
                let replied = replied.map_err(Attempt::Backup(None).failed())?;
                let id = replied.map(BackupId::get).or(order.given_id);
                Ok(match order.wait {
                    WaitFor::Nothing | WaitFor::Started => Outcome::BackupOrdered(id),
                    WaitFor::Completed => Outcome::BackupConfirmed(id),
                })
            }
        }
    }

    /// The end of a WAIT that is left while its request is not answered.
    fn leave_at_prompt(
        &mut self,
        id: Option<u32>,
        left: Left,
        request: Request,
        spoken: Spoken,
    ) -> Result<Outcome, Failure> {
        if self.mode != Mode::Terminal {
            return Err(self.leave_backup(id, left));
        }
        let (output, codes) = (self.output.clone(), self.settings.exit_codes);
        tokio::spawn(report_in_background(request, output, codes, spoken));
        self.go_on_without(id, left)
    }

    /// Lets the event that belongs to the answer be printed before the command ends.
    async fn end_of_answered(
        &self,
        order: &Order,
        replied: Replied,
        events: broadcast::Receiver<Event>,
        left: Pin<&mut impl Future<Output = Left>>,
    ) -> Result<Outcome, Failure> {
        let printed = event_of_reply(events, order.wait, order.given_id, &replied);
        let told = match &replied {
            Ok(id) if order.wait == WaitFor::Completed && self.has_events() => {
                let heard = Heard {
                    id: id.map(BackupId::get).or(order.given_id),
                    has_started: true,
                    has_ended: false,
                    has_events: true,
                };
                let unheard = timeout(EVENT_LIMIT, end_unheard(&order.server, || heard));
                tokio::select! {
                    told = printed => told,
                    _ = unheard => {
                        let unheard = Failure::BackupEndUnheard(heard.id, EndUnheard::Event);
                        return order.kept_end(heard, unheard).await;
                    }
                    left = left => return self.go_on_without(heard.id, left),
                }
            }
            Ok(_) | Err(_) => timeout(EVENT_AFTER_REPLY, printed)
                .await
                .unwrap_or_default(),
        };
        let replied = replied.map_err(|error| {
            Attempt::Backup(told.as_ref().map(|event| event.source)).failed()(error)
        })?;
        let id = replied.map(BackupId::get).or(order.given_id);
        Ok(match (told, order.wait) {
            (Some(event), _) => Outcome::BackupTold(event),
            (None, WaitFor::Completed) => Outcome::BackupConfirmed(id),
            (None, WaitFor::Nothing | WaitFor::Started) => Outcome::BackupOrdered(id),
        })
    }

    /// Gives the prompt back while the backup goes on.
    fn go_on_without(&self, id: Option<u32>, left: Left) -> Result<Outcome, Failure> {
        match left {
            Left::Interrupted => {
                self.output.end_typed_line();
                Ok(Outcome::BackupLeft(id))
            }
            Left::OutOfTime(limit) => Err(Failure::WaitOutOfTime(id, limit)),
        }
    }

    /// At the prompt, what became of a backup whose server was lost. Its end is shown by the event
    /// connection if that was as quick.
    async fn end_of_lost(
        &mut self,
        error: ClientError,
        events: Option<broadcast::Receiver<Event>>,
        order: &Order,
        known: Heard,
        left: Pin<&mut impl Future<Output = Left>>,
    ) -> Result<Outcome, Failure> {
        let lost = Attempt::Backup(None).failed()(error);
        let fate = tokio::select! {
            fate = self.find_lost_backup(order.wait, known, order.began, |_: &Event| {}) => fate,
            left = left => {
                return match self.mode {
                    Mode::Terminal => self.go_on_without(known.id, left),
                    Mode::OneShot | Mode::Piped => Err(self.leave_backup(known.id, left)),
                };
            }
        };
        let event = match fate {
            Fate::Unknown(reason) => return Err(lost_for_good(lost, known.id, reason)),
            Fate::Runs(id) => return Ok(Outcome::BackupRuns(id)),
            Fate::Told(event) => event,
        };
        let is_shown = match events {
            None => false,
            Some(events) => timeout(EVENT_AFTER_REPLY, is_among(events, &event))
                .await
                .unwrap_or_default(),
        };
        if !is_shown && let Some(feed) = &self.feed {
            feed.know_end_of(&event);
        }
        let event = told(event)?;
        Ok(match is_shown {
            true => Outcome::BackupTold(event),
            false => Outcome::Backup(event),
        })
    }

    /// Events about backups that the prompt prints from now on.
    fn backup_events(&self) -> Option<broadcast::Receiver<Event>> {
        let feed = self.feed.as_ref().filter(|feed| feed.is_running());
        feed.map(EventFeed::backups)
    }

    pub(super) async fn abort_backup(&mut self, id: BackupId) -> Result<Outcome, Failure> {
        let running = self.is_running(id).await?;
        let aborted = self.session()?.abort_backup(id).await;
        aborted.map_err(Attempt::AbortBackup(id).failed())?;
        if running != Some(false) {
            return Ok(Outcome::AbortOrdered(id));
        }
        if self.settings.verbose > 0 || io::stderr().is_terminal() {
            self.output.advise(&render::render_not_running(id));
        }
        Ok(Outcome::NothingToAbort(id))
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
            Ok(events) => Ok(Some(
                RunningBackup::among(&events, Some(id.get())).is_some(),
            )),
            Err(_) => {
                // The order to abort needs a connection that works.
                self.prepare().await?;
                Ok(None)
            }
        }
    }
}

/// A START BACKUP that is sent, and its answer.
type Request = JoinHandle<(Session, Replied)>;

/// A START BACKUP of the prompt.
struct Order {
    wait: WaitFor,
    given_id: Option<u32>,
    /// The management server that it is sent to.
    server: ConnectOptions,
    began: Timestamp,
}

/// How the wait for the answer to a START BACKUP of the prompt ended.
enum Answer {
    Reply(Session, Replied),
    /// There will be none.
    ServerLost(ClientError),
    /// No data node reports the backup any more.
    NotReported,
    /// The user, or a limit, was quicker.
    Left(Left, Request),
}

impl Order {
    /// Waits for the answer, while the data nodes report the backup.
    async fn answer(
        &self,
        mut request: Request,
        heard: impl Fn() -> Heard,
        left: Pin<&mut impl Future<Output = Left>>,
    ) -> Result<Answer, Failure> {
        tokio::select! {
            finished = &mut request => {
                let (session, replied) = finished.map_err(|_| Failure::ConnectionLost)?;
                Ok(match replied {
                    Err(error) if self.wait != WaitFor::Nothing && error.is_unanswered() => {
                        Answer::ServerLost(error)
                    }
                    replied => Answer::Reply(session, replied),
                })
            }
            unheard = end_unheard(&self.server, heard) => {
                request.abort();
                Ok(match unheard {
                    Unheard::ServerGone(error) => Answer::ServerLost(error),
                    Unheard::NotReported => Answer::NotReported,
                })
            }
            left = left => Ok(Answer::Left(left, request)),
        }
    }

    /// The end of a backup that nobody reports, if the data nodes have kept it.
    async fn kept_end(&self, heard: Heard, unheard: Failure) -> Result<Outcome, Failure> {
        match kept_end(&self.server, heard, self.began).await {
            Some(event) => told(event).map(Outcome::Backup),
            None => Err(unheard),
        }
    }
}

/// Why a WAIT ended before what it waited for.
pub(super) enum Left {
    Interrupted,
    OutOfTime(Duration),
}

/// The failure of a START BACKUP that will not be answered any more.
pub(super) fn without_answer(heard: Heard) -> Failure {
    let missing = match heard.has_ended {
        true => EndUnheard::Reply,
        false => EndUnheard::Both,
    };
    Failure::BackupEndUnheard(heard.id, missing)
}

/// The failure of a backup whose server was lost, and of which no other could tell.
pub(super) fn lost_for_good(lost: Failure, id: Option<u32>, reason: String) -> Failure {
    Failure::BackupLost {
        lost: Box::new(lost),
        id,
        reason,
    }
}

pub(super) fn is_start(event: &Event) -> bool {
    matches!(event.body, EventBody::BackupStarted { .. })
}

/// An event that ends a wait, unless it tells a failure.
pub(super) fn told(event: Event) -> Result<Event, Failure> {
    match event.body {
        EventBody::BackupAborted { backup_id: id, .. } => Err(Failure::BackupAborted { id, event }),
        _ => Ok(event),
    }
}

/// Waits until the event connection has shown the event.
async fn is_among(mut events: broadcast::Receiver<Event>, wanted: &Event) -> bool {
    loop {
        match events.recv().await {
            Ok(event) if event.body == wanted.body => return true,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return false,
        }
    }
}

/// Shows the failure of a backup whose WAIT was left.
async fn report_in_background(request: Request, output: Output, codes: ExitCodes, spoken: Spoken) {
    if let Ok((_, Err(error))) = request.await {
        let failure = Attempt::Backup(None).failed()(error);
        announce_failure(&output, codes, &spoken, &failure).await;
    }
}

/// Adds what the events told about the backup that is waited for.
fn note_events(events: &mut broadcast::Receiver<Event>, heard: &mut Heard) {
    loop {
        let event = match events.try_recv() {
            Ok(event) => event,
            Err(TryRecvError::Lagged(_)) => continue,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return,
        };
        match event.body {
            EventBody::BackupStarted { backup_id, .. }
                if heard.id.is_none_or(|id| id == backup_id) =>
            {
                heard.id = Some(backup_id);
                heard.has_started = true;
            }
            EventBody::BackupCompleted { backup_id, .. }
            | EventBody::BackupAborted { backup_id, .. }
                if heard.id == Some(backup_id) =>
            {
                heard.has_started = true;
                heard.has_ended = true;
            }
            _ => {}
        }
    }
}

/// Waits until the event that belongs to the reply has been printed, so that it comes before
/// what the command prints next; gives that event.
async fn event_of_reply(
    mut events: broadcast::Receiver<Event>,
    wait: WaitFor,
    given_id: Option<u32>,
    replied: &Replied,
) -> Option<Event> {
    let id = match replied {
        Ok(id) => id.map(BackupId::get).or(given_id),
        Err(ClientError::Refused { .. }) => given_id,
        // Nothing was sent, or the connection is lost.
        Err(_) => return None,
    };
    let is_ours = |backup_id: u32| id.is_none_or(|id| id == backup_id);
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return None,
        };
        let found = match event.body {
            EventBody::BackupStarted { backup_id, .. } => {
                replied.is_ok() && wait == WaitFor::Started && is_ours(backup_id)
            }
            EventBody::BackupCompleted { backup_id, .. }
            | EventBody::BackupAborted { backup_id, .. } => is_ours(backup_id),
            EventBody::BackupFailedToStart { .. } => replied.is_err(),
            _ => false,
        };
        if found {
            return Some(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::cli::Environment;
    use crate::client::connect;
    use crate::cluster::ConnectString;
    use crate::command::{Command, parse};
    use crate::shell::options::{Options, PROGRAM};

    fn shell() -> Shell {
        let arguments = ["ndb_mgm", "--ndb-tls-search-path=", "-e", "SHOW"];
        let parsed = PROGRAM.parse_from(arguments.map(Into::into), &Environment::default());
        let options: Options = parsed
            .unwrap_or_else(|stop| panic!("{}", stop.stderr))
            .options;
        let tls = options
            .tls(&mut |_| None)
            .unwrap_or_else(|stop| panic!("{}", stop.stderr));
        Shell::new(options.into_settings(tls, None).unwrap())
    }

    /// What START BACKUP says on standard error before a server hangs up.
    async fn advice(command: &str, is_far: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move { listener.accept().await.map(drop) });
        let options = ConnectOptions::once(ConnectString::to_server("127.0.0.1", port));
        let mut session = connect(&options).await.unwrap();
        server.await.unwrap().unwrap();
        if is_far {
            session.move_server_away();
        }
        let mut shell = shell();
        shell.session = Some(session);
        let Ok(Command::StartBackup(backup)) = parse(command) else {
            panic!("{command} is no START BACKUP");
        };
        assert!(Box::pin(shell.start_backup(backup)).await.is_err());
        shell.output.advice()
    }

    #[tokio::test]
    async fn a_password_that_leaves_this_machine_in_cleartext_is_warned_about() {
        let encrypted = "START BACKUP 7 ENCRYPT PASSWORD='x' NOWAIT";
        let far = advice(encrypted, true).await;
        assert!(far.contains(render::PASSWORD_IN_CLEARTEXT), "{far}");
        assert_eq!(advice(encrypted, false).await, "");
        assert_eq!(advice("START BACKUP 7 NOWAIT", true).await, "");
    }
}

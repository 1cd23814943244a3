//! START BACKUP with WAIT from a command line: no prompt, and an event connection of its own.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;

use jiff::Timestamp;

use crate::client::{ClientError, ConnectOptions, StartBackupOptions};
use crate::cluster::{Event, WaitFor};

use super::super::Shell;
use super::super::events::listen_to_backups;
use super::super::interrupt::Interrupt;
use super::super::outcome::{Attempt, EndUnheard, FILE_OR_SCAN_ERROR, Failure, Outcome, Step};
use super::super::output::Format;
use super::super::progress::ProgressDisplay;
use super::super::render;
use super::backup::{EVENT_AFTER_REPLY, Replied, is_start, lost_for_good, told, without_answer};
use super::backup_lost::{Fate, kept_end};
use super::backup_poll::{Heard, Unheard, end_unheard};
use super::backup_watch::{BackupWatch, Verdict};

/// How a wait stands once there is an answer, or none will come.
enum Settled {
    /// It is over.
    Over(Result<Outcome, Failure>),
    /// The server was lost in this way.
    Lost(Failure),
}

impl Shell {
    /// Its events are shown once the server has said that the backup went as asked.
    pub(super) async fn backup_once(
        &mut self,
        options: StartBackupOptions,
    ) -> Result<Outcome, Failure> {
        let server = self.same_server(self.session.as_ref().ok_or(Failure::ConnectionLost)?);
        let stream = listen_to_backups(&server).await;
        let stream = stream.map_err(Failure::BackupUnheard)?;
        let wait = options.wait;
        let start_shown = Rc::new(Cell::new(false));
        let when_heard = self.when_heard(wait, &start_shown);
        let mut watch = BackupWatch::new(stream, options.id, wait, Box::new(when_heard.clone()));
        let interrupt = Interrupt::end_command().unwrap_or(Interrupt::ENDS_PROGRAM);
        let mut left = pin!(self.left(interrupt));
        let began = Timestamp::now();
        let heard = watch.heard();
        let _display = ProgressDisplay::start(self.settings.progress, &server, &self.output);
        let waited = {
            let session = self.session()?;
            let reply = session.start_backup(options);
            let unheard = end_unheard(&server, || heard.get());
            tokio::select! {
                waited = watch.collect_until(reply, unheard) => waited,
                left = &mut left => return Err(self.leave_backup(watch.id(), left)),
            }
        };
        let settled = tokio::select! {
            settled = self.settle(waited, &mut watch, &server, began, &start_shown) => settled,
            left = &mut left => return Err(self.leave_backup(heard.get().id, left)),
        };
        let lost = match settled {
            Settled::Lost(lost) => lost,
            Settled::Over(result) => return result,
        };
        let early = watch.take_early();
        let known = Heard {
            id: watch.id(),
            ..heard.get()
        };
        drop(watch);
        let fate = tokio::select! {
            fate = self.find_lost_backup(wait, known, began, when_heard) => fate,
            left = &mut left => return Err(self.leave_backup(known.id, left)),
        };
        match fate {
            Fate::Unknown(reason) => Err(lost_for_good(lost, known.id, reason)),
            Fate::Runs(id) => Ok(Outcome::BackupRuns(id)),
            Fate::Told(event) => {
                for event in early {
                    self.step_unless_shown(event, &start_shown);
                }
                told(event).map(Outcome::Backup)
            }
        }
    }

    /// What is done with an event at once: a line where each has one, and a start whose user
    /// watches the progress. Without progress a start is shown with what comes of it.
    fn when_heard(
        &self,
        wait: WaitFor,
        start_shown: &Rc<Cell<bool>>,
    ) -> impl Fn(&Event) + Clone + use<> {
        let shows_start = self.settings.progress.is_shown()
            && wait == WaitFor::Completed
            && self.output.format() == Format::Text;
        let (output, shown) = (self.output.clone(), Rc::clone(start_shown));
        move |event: &Event| {
            output.print_event(event);
            if shows_start && is_start(event) && !shown.replace(true) {
                output.print(&render::render_step(&Step::BackupEvent(event.clone())));
            }
        }
    }

    /// Tells an event of the backup, but for a start that was shown when it came.
    fn step_unless_shown(&self, event: Event, start_shown: &Cell<bool>) {
        if !(start_shown.get() && is_start(&event)) {
            self.step(Step::BackupEvent(event));
        }
    }

    /// Makes of the answer what the command comes to.
    async fn settle(
        &self,
        waited: Result<Replied, Unheard>,
        watch: &mut BackupWatch,
        server: &ConnectOptions,
        began: Timestamp,
        start_shown: &Cell<bool>,
    ) -> Settled {
        let heard = watch.heard();
        let error = match waited {
            Ok(Ok(id)) => {
                let show = |event| self.step_unless_shown(event, start_shown);
                let verdict = watch.tell(id, server, show).await;
                return of_verdict(verdict, server, heard.get(), began).await;
            }
            Ok(Err(error)) => error,
            Err(unheard) => {
                for event in watch.take_early() {
                    self.step_unless_shown(event, start_shown);
                }
                match unheard {
                    Unheard::ServerGone(error) => error,
                    Unheard::NotReported => {
                        let failure = without_answer(heard.get());
                        return of_kept(server, heard.get(), began, failure).await;
                    }
                }
            }
        };
        let gave_up = match &error {
            ClientError::Refused { text, .. } if text.starts_with(FILE_OR_SCAN_ERROR) => {
                watch.gave_up(EVENT_AFTER_REPLY).await
            }
            _ => None,
        };
        let is_lost = error.is_unanswered();
        let failure = Attempt::Backup(gave_up).failed()(error);
        match is_lost {
            true => Settled::Lost(failure),
            false => Settled::Over(Err(failure)),
        }
    }
}

async fn of_verdict(
    verdict: Verdict,
    server: &ConnectOptions,
    heard: Heard,
    began: Timestamp,
) -> Settled {
    match verdict {
        Verdict::AsAsked(event) => Settled::Over(Ok(Outcome::Backup(event))),
        Verdict::Aborted(id, event) => Settled::Over(Err(Failure::BackupAborted { id, event })),
        Verdict::Silence(id) => Settled::Over(Err(Failure::BackupSilent(id))),
        Verdict::NotReported(id) => {
            let failure = Failure::BackupEndUnheard(id, EndUnheard::Event);
            of_kept(server, Heard { id, ..heard }, began, failure).await
        }
        Verdict::ConnectionLost(id, error) => Settled::Lost(Failure::BackupEventsLost(id, error)),
    }
}

/// The end of a backup that no event told, if a data node has kept it.
async fn of_kept(
    server: &ConnectOptions,
    heard: Heard,
    began: Timestamp,
    failure: Failure,
) -> Settled {
    Settled::Over(match kept_end(server, heard, began).await {
        Some(event) => told(event).map(Outcome::Backup),
        None => Err(failure),
    })
}

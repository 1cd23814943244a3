//! `\WATCH`: a query again and again.

use std::pin::pin;
use std::time::Duration;

use jiff::Zoned;
use tokio::time::{Instant, sleep_until};

use crate::cluster::ReportKind;
use crate::command::{Command, Query};

use super::super::outcome::{Failure, Interrupted, Outcome};
use super::super::output::{Format, Screen};
use super::super::tell::Spoken;
use super::super::type_ahead::Keys;
use super::super::{Mode, Shell, render};
use super::out_of_time;

impl Shell {
    /// Asks until a key is pressed, at the prompt, or Ctrl-C, or the time is over; or until a turn
    /// fails.
    pub(super) async fn watch(&mut self, seconds: u32, query: Query) -> Result<Outcome, Failure> {
        let every = Duration::from_secs(u64::from(seconds));
        let interrupt = self.interrupt;
        let mut ctrl_c = pin!(interrupt.next());
        let mut too_late = pin!(out_of_time(self.settings.limits.command));
        let keys = self.keys_at_prompt();
        let mut screen = None;
        let mut last = None;
        loop {
            let began = Instant::now();
            let spoken = Spoken::now(Command::from(query.clone()).to_string());
            // Keys wait until it has answered: a session whose reply is half read is of no use.
            let outcome = tokio::select! {
                outcome = self.ask(&query) => outcome?,
                () = &mut ctrl_c => {
                    self.session = None;
                    return Ok(Outcome::Done);
                }
                limit = &mut too_late => {
                    self.session = None;
                    // An answer may be on its way when the time is over.
                    return last.filter(|_| began.elapsed() < every).map_or(
                        Err(Failure::OutOfTime(Interrupted::Waiting, limit)),
                        watched,
                    );
                }
            };
            if keys.is_some() && screen.is_none() {
                // What comes before the first turn, such as that it is connected, stays.
                screen = self.output.open_screen();
            }
            let query = query.clone();
            self.show_turn(
                &spoken,
                &outcome,
                Command::Watch { seconds, query },
                &mut screen,
            );
            // Nobody can see another turn.
            if self.output.has_failed() {
                return Ok(Outcome::Done);
            }
            tokio::select! {
                () = sleep_until(began + every) => {}
                () = Keys::pressed(keys.as_ref()) => return Ok(Outcome::Done),
                () = &mut ctrl_c => return Ok(Outcome::Done),
                _ = &mut too_late => return watched(outcome),
            }
            last = Some(outcome);
        }
    }

    /// Listens to the keys that end a command which goes on and on. Elsewhere what can be
    /// read is the next command.
    pub(super) fn keys_at_prompt(&self) -> Option<Keys> {
        match self.mode {
            Mode::Terminal => Keys::listen(),
            Mode::OneShot | Mode::Piped => None,
        }
    }

    async fn ask(&mut self, query: &Query) -> Result<Outcome, Failure> {
        match query {
            Query::Show => self.show().await,
            Query::Status(target) => self.status(*target).await,
            // As a whole: a turn has a title.
            Query::Report {
                target,
                kind: ReportKind::EventLog,
            } => Ok(Outcome::EventLog(
                self.saved_events(*target).await?.collect(),
            )),
            Query::Report { target, kind } => self.report(*target, *kind).await,
            Query::ClusterLogInfo => self.cluster_log_info().await,
            Query::Health => Ok(self.health().await),
            Query::OkToStop(nodes) => self.ok_to_stop(nodes.clone()).await,
        }
    }

    /// A turn over the one before, on a screen, else below it.
    fn show_turn(
        &mut self,
        spoken: &Spoken,
        outcome: &Outcome,
        watch: Command,
        screen: &mut Option<Screen>,
    ) {
        if self.output.format() != Format::Text {
            return self.print_object(spoken, Ok(outcome), "");
        }
        let title = render::render_turn_title(&Zoned::now(), &watch);
        let text = title + &render::render_outcome(outcome);
        match screen {
            Some(screen) => screen.draw(&text),
            None => self.output.print(&(text + "\n")),
        }
    }
}

/// The end that was asked for; its status is that of the last turn.
fn watched(last: Outcome) -> Result<Outcome, Failure> {
    Ok(Outcome::Watched(Box::new(last)))
}

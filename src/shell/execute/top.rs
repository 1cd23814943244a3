//! TOP.

use std::future::pending;
use std::io::{self, IsTerminal};
use std::pin::pin;
use std::time::Duration;

use crate::client::ConnectOptions;

use super::super::colors::has_cursor_control;
use super::super::interrupt::Interrupt;
use super::super::outcome::{Failure, Interrupted, Outcome};
use super::super::output::Format;
use super::super::render::json;
use super::super::top::{Feed, Picture, Wish, keyboard};
use super::super::type_ahead::{Keys, TerminalModes};
use super::super::{Mode, Shell, stuck_terminal};
use super::others::ANSWER_LIMIT;
use super::out_of_time;

impl Shell {
    /// True if TOP can show what it sees: on a screen, or as an object on each line.
    pub(super) fn has_place_for_top(&self) -> bool {
        match self.output.format() {
            Format::JsonLines => true,
            Format::Text => {
                let has_screen = io::stdout().is_terminal() && has_cursor_control();
                has_screen && self.output.size().is_some() && keyboard().is_ok()
            }
            Format::Json | Format::Nagios | Format::Prometheus => false,
        }
    }

    pub(super) async fn top(&mut self, milliseconds: u32) -> Result<Outcome, Failure> {
        let every = Duration::from_millis(milliseconds.into());
        let servers = self.servers_for_top()?;
        let feed = Feed::start(&servers, self.settings.memory_limits, every);
        match self.output.format() {
            Format::JsonLines => self.print_snapshots(feed).await,
            Format::Text | Format::Json | Format::Nagios | Format::Prometheus => {
                self.show_pictures(feed).await
            }
        }
    }

    /// All servers of the connect string, that of the main connection first.
    fn servers_for_top(&mut self) -> Result<ConnectOptions, Failure> {
        let session = self.session.as_ref().ok_or(Failure::ConnectionLost)?;
        let limit = self.settings.connect.timeout.min(ANSWER_LIMIT);
        let mut servers = self.options_for_servers(session, limit);
        let main = session.server();
        let hosts = &mut servers.connect_string.hosts;
        hosts.sort_by_key(|host| host != main);
        Ok(servers)
    }

    /// An object for each snapshot, until a key is pressed, at the prompt, or Ctrl-C.
    async fn print_snapshots(&mut self, mut feed: Feed) -> Result<Outcome, Failure> {
        let limits = self.settings.memory_limits;
        let interrupt = self.interrupt;
        let mut ctrl_c = pin!(interrupt.next());
        let mut too_late = pin!(out_of_time(self.settings.limits.command));
        let keys = self.keys_at_prompt();
        let mut has_shown = false;
        loop {
            let snapshot = tokio::select! {
                snapshot = feed.next() => snapshot,
                () = Keys::pressed(keys.as_ref()) => return Ok(Outcome::Done),
                () = &mut ctrl_c => return Ok(Outcome::Done),
                limit = &mut too_late => return over(has_shown, limit),
            };
            has_shown = true;
            self.output.print(&json::render_snapshot(&snapshot, limits));
            // Nobody can read another line.
            if self.output.has_failed() {
                return Ok(Outcome::Done);
            }
        }
    }

    /// Pictures on the whole terminal, until its user has seen enough.
    async fn show_pictures(&mut self, mut feed: Feed) -> Result<Outcome, Failure> {
        self.catch_signals().map_err(|_| Failure::NoScreen)?;
        let interrupt = self.interrupt;
        let mut ctrl_c = pin!(interrupt.next());
        let mut too_late = pin!(out_of_time(self.settings.limits.command));
        let limits = self.settings.memory_limits;
        let mut picture = Picture::open(&self.output, limits).map_err(|_| Failure::NoScreen)?;
        let mut has_shown = false;
        loop {
            picture.draw();
            if self.output.has_failed() || !picture.is_shown() {
                return Ok(Outcome::Done);
            }
            let wish = tokio::select! {
                snapshot = feed.next() => {
                    picture.take(snapshot);
                    has_shown = true;
                    Wish::GoOn
                }
                wish = picture.next_wish() => wish,
                () = &mut ctrl_c => Wish::Interrupt,
                limit = &mut too_late => return over(has_shown, limit),
            };
            match (wish, self.mode) {
                (Wish::GoOn, _) => {}
                (Wish::Quit, _) | (Wish::Interrupt | Wish::Gone, Mode::Terminal) => {
                    return Ok(Outcome::Done);
                }
                (Wish::Interrupt, Mode::OneShot | Mode::Piped) => {
                    return Err(Failure::Interrupted(Interrupted::Waiting));
                }
                (Wish::Gone, Mode::OneShot | Mode::Piped) => {
                    self.ending.end(crate::cli::Exit::HungUp);
                    return pending().await;
                }
            }
        }
    }

    /// Signals must not end the program while the terminal is not as it was: what the run has begun
    /// is dropped in order, or it ends after a while all the same.
    fn catch_signals(&mut self) -> io::Result<()> {
        // A prompt on a terminal has always caught them.
        if self.mode == Mode::Terminal || self.catches_signals {
            return Ok(());
        }
        self.interrupt = Interrupt::end_command()?;
        self.ending.catch_signals()?;
        if let Some(modes) = TerminalModes::now() {
            stuck_terminal::watch(self.output.terminal(), modes)?;
        }
        self.catches_signals = true;
        Ok(())
    }
}

/// The limit for the whole command: the end that was asked for, once there was something to see.
fn over(has_shown: bool, limit: Duration) -> Result<Outcome, Failure> {
    match has_shown {
        true => Ok(Outcome::Done),
        false => Err(Failure::OutOfTime(Interrupted::Waiting, limit)),
    }
}

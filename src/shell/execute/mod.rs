//! Commands: requests to the management server, and what their results mean (management
//! protocol, 6.6). This is the one translation from [`Command`] to requests, by the nouns of
//! [`client`](crate::client).

mod backup;
mod backup_lost;
mod backup_once;
mod backup_password;
mod backup_poll;
mod backup_watch;
mod diagnostics;
mod events;
mod health;
mod logs;
mod lookout;
mod nodes;
mod others;
mod post_stop;
mod rehearse;
mod rolling;
mod rolling_nodes;
mod rolling_server;
mod session;
mod status;
mod stop_check;
mod top;
mod wait;
mod watch;

use std::pin::pin;
use std::time::Duration;

use crate::client::Session;
use crate::cluster::{NodeId, NodeType};
use crate::command::{
    self, Command, HelpTopic, ParseError, ParseErrorKind, RollingRestart, Target,
};

use super::outcome::{Attempt, Failure, Interrupted, Outcome};
use super::{Mode, Shell, render};

/// Waits as long as a limit allows, and gives it; for ever without one.
pub(super) async fn out_of_time(limit: Option<Duration>) -> Duration {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            limit
        }
        None => std::future::pending().await,
    }
}

impl Shell {
    /// Carries a command out, unless Ctrl-C comes first.
    pub(super) async fn execute(&mut self, command: Command) -> Result<Outcome, Failure> {
        let within = match &command {
            Command::Connect(_) => Interrupted::Connecting,
            // Whoever only asks leaves nothing behind.
            Command::Health | Command::WaitFor(_) | Command::OkToStop(_) | Command::Top { .. } => {
                Interrupted::Waiting
            }
            command if command.needs_connection() => Interrupted::Connecting,
            _ => Interrupted::Waiting,
        };
        let mut ctrl_c = pin!(self.interrupt.next());
        let mut too_late = pin!(out_of_time(self.settings.limits.command));
        tokio::select! {
            ready = self.make_ready(&command) => ready?,
            () = &mut ctrl_c => return Err(Failure::Interrupted(self.interrupted(within))),
            limit = &mut too_late => return Err(Failure::OutOfTime(self.give_up(within), limit)),
        }
        // These can be left without being given up, and see to that themselves.
        let can_be_left = matches!(
            command,
            Command::StartBackup(_)
                | Command::RollingRestart(_)
                | Command::Watch { .. }
                | Command::Top { .. }
        );
        // HEALTH has an answer to that, too.
        let keeps_time = can_be_left || matches!(command, Command::Health);
        tokio::select! {
            result = self.perform(command) => result,
            () = &mut ctrl_c, if !can_be_left => Err(Failure::Interrupted(self.interrupted(within))),
            limit = &mut too_late, if !keeps_time => {
                Err(Failure::OutOfTime(self.give_up(within), limit))
            }
        }
    }

    /// What comes before any request.
    async fn make_ready(&mut self, command: &Command) -> Result<(), Failure> {
        if let Command::StartBackup(backup) = command
            && backup.id.is_none()
            && self.mode == Mode::OneShot
            && !self.settings.auto_backup_id
        {
            return Err(Failure::BackupIdNeeded);
        }
        if matches!(command, Command::Top { .. }) && !self.has_place_for_top() {
            return Err(Failure::NoScreen);
        }
        match command.needs_connection() {
            true => self.prepare().await,
            false => Ok(()),
        }
    }

    /// Ctrl-C while connecting, during a request, or in a command for which neither counts.
    fn interrupted(&mut self, within: Interrupted) -> Interrupted {
        self.output.end_typed_line();
        self.give_up(within)
    }

    /// Leaves a command where it is.
    fn give_up(&mut self, within: Interrupted) -> Interrupted {
        match within {
            // A reply may be half read, so the session is of no use any more.
            Interrupted::Connecting if self.session.take().is_some() => Interrupted::Request,
            within => within,
        }
    }

    async fn perform(&mut self, command: Command) -> Result<Outcome, Failure> {
        if self.settings.dry_run && command.changes_state() {
            return match command {
                Command::RollingRestart(rolling) => {
                    let dry_run = true;
                    let rolling = RollingRestart { dry_run, ..rolling };
                    Box::pin(self.rolling_restart(rolling)).await
                }
                command => self.rehearse(&command).await,
            };
        }
        self.confirm(&command).await?;
        match command {
            Command::Nothing => Ok(Outcome::Done),
            Command::Quit => Ok(Outcome::Quit),
            Command::Help(topic) => Ok(Outcome::Help(self.pages(topic.as_ref()))),
            Command::Prompt(text) => Ok(self.set_prompt(text)),
            Command::Sleep(seconds) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(Outcome::Done)
            }
            Command::Watch { seconds, query } => self.watch(seconds, query).await,
            Command::Pager(program) => Ok(self.set_pager(program)),
            Command::NoPager => Ok(self.set_no_pager()),
            Command::Connect(string) => self.reconnect(string).await,
            Command::PurgeStaleSessions => self.purge_stale_sessions().await,
            Command::TlsInfo => self.tls_info().await,
            Command::StartTls => self.start_tls().await,
            Command::Show => self.show().await,
            Command::Status(target) => self.status(target).await,
            Command::StartBackup(backup) => self.start_backup(backup).await,
            Command::AbortBackup(id) => self.abort_backup(id).await,
            Command::Report { target, kind } => self.report(target, kind).await,
            Command::Start(targets) => self.start(targets).await,
            Command::Stop { targets, options } => self.stop(targets, options).await,
            Command::Restart { targets, options } => self.restart(targets, options).await,
            Command::Shutdown => self.shutdown().await,
            Command::EnterSingleUserMode(node) => self.enter_single_user_mode(node).await,
            Command::ExitSingleUserMode => self.exit_single_user_mode().await,
            Command::CreateNodegroup(nodes) => self.create_nodegroup(&nodes).await,
            Command::DropNodegroup(nodegroup) => self.drop_nodegroup(nodegroup).await,
            Command::ClusterLogInfo => self.cluster_log_info().await,
            Command::ClusterLogFilter { switch, severities } => {
                self.cluster_log_filter(switch, severities).await
            }
            Command::ClusterLogLevels { target, levels } => {
                self.cluster_log_levels(target, levels).await
            }
            Command::LogLevels { target, levels } => self.log_levels(target, levels).await,
            Command::NodeLogDebug { target, on } => self.node_log_debug(target, on).await,
            Command::Dump { target, words } => self.dump(target, &words).await,
            Command::Log(target) => self.log_signals(target).await,
            Command::TestOn(target) => self.signal_log(target, true).await,
            Command::TestOff(target) => self.signal_log(target, false).await,
            // Boxed, as are the largest: what others need of the stack does not grow with them.
            Command::Health => Ok(Box::pin(self.health()).await),
            Command::WaitFor(wait) => Box::pin(self.wait_for(wait)).await,
            Command::OkToStop(nodes) => Box::pin(self.ok_to_stop(nodes)).await,
            Command::RollingRestart(rolling) => Box::pin(self.rolling_restart(rolling)).await,
            Command::Top { milliseconds } => Box::pin(self.top(milliseconds)).await,
        }
    }

    /// Why a line is no command; like the original, after connecting.
    pub(super) async fn refuse(&mut self, error: ParseError) -> Failure {
        let ready = async {
            if error.needs_connection() {
                self.prepare().await?;
            }
            if error.kind() == ParseErrorKind::ClusterLogArgumentUnknown {
                self.cluster_log_state().await?;
            }
            Ok(())
        };
        match ready.await {
            Ok(()) => Failure::NotACommand(Box::new(error)),
            Err(failure) => failure,
        }
    }

    /// The pages of HELP, for the width of the terminal.
    fn pages(&self, topic: Option<&HelpTopic>) -> String {
        let pages = command::help(topic);
        match self.output.columns() {
            Some(columns) => render::fold(&pages, columns),
            None => pages,
        }
    }

    pub(super) fn set_prompt(&mut self, text: Option<String>) -> Outcome {
        self.prompt.clone_from(&text);
        Outcome::Prompt(text)
    }

    /// The main connection while a command uses it.
    pub(super) fn session(&mut self) -> Result<&mut Session, Failure> {
        self.session.as_mut().ok_or(Failure::ConnectionLost)
    }

    /// The nodes that a command is for; ALL stands for every configured data node.
    async fn nodes_of(&mut self, target: Target) -> Result<Vec<NodeId>, Failure> {
        if let Target::Node(node) = target {
            return Ok(vec![node]);
        }
        let status = self.session()?.get_status(None).await;
        Ok(status
            .map_err(Attempt::Status.failed())?
            .iter()
            .filter(|node| node.node_type == NodeType::Ndb)
            .map(|node| node.node)
            .collect())
    }
}

//! Commands: requests to the management server, and what their results mean (management
//! protocol, 6.6). This is the one translation from [`Command`] to requests.

mod backup;
mod backup_watch;
mod cluster;
mod logs;
mod report;
mod restart;
mod show;

use std::time::Duration;

use crate::cli::Exit;
use crate::client::{ClientError, Session};
use crate::cluster::{NodeId, NodeType};
use crate::command::{self, Command, ParseError, ParseErrorKind, Target};

use super::connection::print_parser_line;
use super::{Shell, render};

impl Shell {
    /// Carries a command out. What went wrong has been printed.
    pub(super) async fn execute(&mut self, command: Command) -> Result<(), Exit> {
        if let Command::StartBackup(options) = command {
            return self.start_backup(options).await;
        }
        let interrupt = self.interrupt;
        let connects = command.needs_connection() || matches!(command, Command::Connect(_));
        tokio::select! {
            result = self.execute_to_its_end(command) => return result,
            () = interrupt.next() => {}
        }
        if connects {
            return Err(self.leave_request());
        }
        self.output.end_typed_line();
        Err(Exit::Interrupted)
    }

    /// Ctrl-C while connecting or during a request.
    pub(super) fn leave_request(&mut self) -> Exit {
        // A reply may be half read.
        let was_connected = self.session.take().is_some();
        self.output.end_typed_line();
        self.output
            .advise(render::render_interrupted(was_connected));
        Exit::Interrupted
    }

    async fn execute_to_its_end(&mut self, command: Command) -> Result<(), Exit> {
        if command.needs_connection() {
            self.prepare().await?;
        }
        let ends_with_empty_line = command.ends_with_empty_line();
        let result = self.dispatch(command).await;
        if ends_with_empty_line {
            self.output.print("\n");
        }
        result
    }

    async fn dispatch(&mut self, command: Command) -> Result<(), Exit> {
        match command {
            // QUIT ends the loop over the lines; START BACKUP has been dealt with.
            Command::Nothing | Command::Quit => Ok(()),
            Command::StartBackup(options) => self.start_backup(options).await,
            Command::AbortBackup(id) => self.abort_backup(id).await,
            Command::Help(topic) => self.help(topic.as_deref()),
            Command::Connect(string) => self.reconnect(string).await,
            Command::Prompt(text) => {
                self.set_prompt(text.as_deref());
                Ok(())
            }
            Command::Sleep(seconds) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(())
            }
            Command::Show => self.show().await,
            Command::Status(target) => self.status(target).await,
            Command::Report { target, kind } => self.report(target, kind).await,
            Command::Start(targets) => self.start(targets).await,
            Command::Stop { targets, options } => self.stop(targets, options).await,
            Command::Restart { targets, options } => self.restart(targets, options).await,
            Command::Shutdown => self.shutdown().await,
            Command::EnterSingleUserMode(node) => self.enter_single_user_mode(node).await,
            Command::ExitSingleUserMode => self.exit_single_user_mode().await,
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
            Command::CreateNodegroup(nodes) => self.create_nodegroup(&nodes).await,
            Command::DropNodegroup(nodegroup) => self.drop_nodegroup(nodegroup).await,
            Command::PurgeStaleSessions => self.purge_stale_sessions().await,
            Command::TlsInfo => self.tls_info().await,
            Command::StartTls => self.start_tls().await,
        }
    }

    /// Says why a line is no command; like the original, after connecting.
    pub(super) async fn refuse(&mut self, line: &str, error: &ParseError) -> Exit {
        if error.needs_connection()
            && let Err(exit) = self.prepare().await
        {
            return exit;
        }
        if error.kind() == ParseErrorKind::ClusterLogArgumentUnknown
            && let Err(exit) = self.cluster_log_state().await
        {
            return exit;
        }
        self.output.print(&error.stdout_text(line));
        if let Some(advice) = error.advice() {
            self.output.advise(&format!("{advice}\n"));
        }
        Exit::CommandFailed
    }

    fn help(&mut self, topic: Option<&str>) -> Result<(), Exit> {
        match command::help(topic) {
            Some(text) => {
                self.output.print(&text);
                Ok(())
            }
            None => {
                self.output
                    .print(&render::render_no_help(topic.unwrap_or_default()));
                Err(Exit::CommandFailed)
            }
        }
    }

    fn set_prompt(&mut self, text: Option<&str>) {
        self.output.print(&render::render_prompt_set(text));
        self.prompt = match text {
            Some(text) => format!("{text} "),
            None => render::DEFAULT_PROMPT.to_owned(),
        };
    }

    /// The main connection while a command uses it.
    fn session(&mut self) -> Result<&mut Session, Exit> {
        self.session.as_mut().ok_or(Exit::CommandFailed)
    }

    /// Prints what failed and why.
    async fn fail(&mut self, text: &str, error: &ClientError) -> Exit {
        print_parser_line(&self.output, error);
        self.output.print(text);
        self.print_error(error).await;
        Exit::CommandFailed
    }

    /// The nodes that a command is for; ALL stands for every configured data node.
    async fn nodes_of(&mut self, target: Target) -> Result<Vec<NodeId>, Exit> {
        let Target::All = target else {
            return Ok(match target {
                Target::Node(node) => vec![node],
                Target::All => Vec::new(),
            });
        };
        match self.session()?.get_status(None).await {
            Ok(nodes) => Ok(nodes
                .iter()
                .filter(|node| node.node_type == NodeType::Ndb)
                .map(|node| node.node)
                .collect()),
            Err(error) => Err(self.fail(render::STATUS_UNAVAILABLE, &error).await),
        }
    }
}

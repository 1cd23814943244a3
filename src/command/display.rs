//! Canonical spelling of the commands.

use std::fmt;

use crate::cluster::state::AwaitedState;
use crate::cluster::{FilterSwitch, NodeId, RestartOptions, SnapshotPoint, StopOptions, WaitFor};

use super::ast::{
    CategoryLevel, Command, Encryption, ItemError, RollingRestart, Severities, StartBackup,
    TOP_MILLISECONDS, Target, Targets, WaitForNodes,
};

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Nothing => Ok(()),
            Command::StartBackup(backup) => backup.fmt(f),
            Command::AbortBackup(id) => write!(f, "ABORT BACKUP {id}"),
            Command::Help(topic) => {
                with_text(f, "HELP", topic.as_ref().map(|topic| topic.0.as_str()))
            }
            Command::Quit => f.write_str("QUIT"),
            Command::Connect(text) => with_text(f, "CONNECT", text.as_deref()),
            Command::Prompt(text) => with_text(f, "PROMPT", text.as_deref()),
            Command::Sleep(seconds) => write!(f, "SLEEP {seconds}"),
            Command::Watch { seconds, query } => {
                write!(f, "\\WATCH {seconds} {}", Command::from(query.clone()))
            }
            Command::Pager(program) => with_text(f, "PAGER", program.as_deref()),
            Command::NoPager => f.write_str("NOPAGER"),
            Command::Show => f.write_str("SHOW"),
            Command::Status(target) => write!(f, "{target} STATUS"),
            Command::Report { target, kind } => write!(f, "{target} REPORT {}", kind.name()),
            Command::Start(targets) => write!(f, "{targets} START"),
            Command::Stop { targets, options } => write!(f, "{targets} STOP{options}"),
            Command::Restart { targets, options } => write!(f, "{targets} RESTART{options}"),
            Command::Shutdown => f.write_str("SHUTDOWN"),
            Command::EnterSingleUserMode(node) => write!(f, "ENTER SINGLE USER MODE {node}"),
            Command::ExitSingleUserMode => f.write_str("EXIT SINGLE USER MODE"),
            Command::ClusterLogInfo => f.write_str("CLUSTERLOG INFO"),
            Command::ClusterLogFilter { switch, severities } => {
                write!(f, "CLUSTERLOG {switch}")?;
                severities.iter().try_for_each(|item| match item {
                    Ok(severities) => write!(f, " {severities}"),
                    Err(fault) => write!(f, " {}", as_typed(fault)),
                })
            }
            Command::ClusterLogLevels { target, levels } => {
                write!(f, "{target} CLUSTERLOG")?;
                fmt_levels(f, levels)
            }
            Command::LogLevels { target, levels } => {
                write!(f, "{target} LOGLEVEL")?;
                fmt_levels(f, levels)
            }
            Command::NodeLogDebug { target, on } => {
                write!(
                    f,
                    "{target} NODELOG DEBUG {}",
                    if *on { "ON" } else { "OFF" }
                )
            }
            Command::Dump { target, words } => {
                write!(f, "{target} DUMP")?;
                words.iter().try_for_each(|word| write!(f, " {word}"))
            }
            Command::Log(target) => write!(f, "{target} LOG"),
            Command::TestOn(target) => write!(f, "{target} TESTON"),
            Command::TestOff(target) => write!(f, "{target} TESTOFF"),
            Command::CreateNodegroup(nodes) => {
                let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
                write!(f, "CREATE NODEGROUP {}", nodes.join(","))
            }
            Command::DropNodegroup(nodegroup) => write!(f, "DROP NODEGROUP {nodegroup}"),
            Command::PurgeStaleSessions => f.write_str("PURGE STALE SESSIONS"),
            Command::TlsInfo => f.write_str("TLS INFO"),
            Command::StartTls => f.write_str("START TLS"),
            Command::Health => f.write_str("HEALTH"),
            Command::WaitFor(wait) => wait.fmt(f),
            Command::OkToStop(nodes) => write!(f, "OK TO STOP {}", id_list(nodes)),
            Command::RollingRestart(rolling) => rolling.fmt(f),
            Command::Top { milliseconds } => top(f, *milliseconds),
        }
    }
}

/// Without the seconds that are the default.
fn top(f: &mut fmt::Formatter<'_>, milliseconds: u32) -> fmt::Result {
    f.write_str("TOP")?;
    if milliseconds == TOP_MILLISECONDS {
        return Ok(());
    }
    write!(f, " EVERY {}", milliseconds / 1000)?;
    match milliseconds % 1000 {
        0 => Ok(()),
        rest => write!(f, ".{}", format!("{rest:03}").trim_end_matches('0')),
    }
}

fn with_text(f: &mut fmt::Formatter<'_>, command: &str, text: Option<&str>) -> fmt::Result {
    match text {
        Some(text) => write!(f, "{command} {text}"),
        None => f.write_str(command),
    }
}

fn fmt_levels(
    f: &mut fmt::Formatter<'_>,
    levels: &[Result<CategoryLevel, ItemError>],
) -> fmt::Result {
    levels.iter().try_for_each(|item| match item {
        Ok(level) => write!(f, " {level}"),
        Err(fault) => write!(f, " {}", as_typed(fault)),
    })
}

/// The word that the fault is about.
fn as_typed(fault: &ItemError) -> String {
    match fault {
        ItemError::UnknownSeverity(word) | ItemError::NotALevel(word) => word.clone(),
        ItemError::UnknownCategory { category, level } => format!("{category}={level}"),
        ItemError::LevelOutOfRange { category, level } => format!("{category}={level}"),
    }
}

impl fmt::Display for StartBackup {
    /// Without the options that are the defaults.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("START BACKUP")?;
        if let Some(id) = self.id {
            write!(f, " {id}")?;
        }
        match self.encryption {
            Some(Encryption::Password(_)) => f.write_str(" ENCRYPT PASSWORD=***")?,
            Some(Encryption::AskPassword) => f.write_str(" ENCRYPT")?,
            None => (),
        }
        match self.wait {
            WaitFor::Nothing => f.write_str(" NOWAIT")?,
            WaitFor::Started => f.write_str(" WAIT STARTED")?,
            WaitFor::Completed => (),
        }
        match self.snapshot {
            SnapshotPoint::Start => f.write_str(" SNAPSHOTSTART"),
            SnapshotPoint::End => Ok(()),
        }
    }
}

/// The ids with blanks between them.
fn id_list(nodes: &[NodeId]) -> String {
    let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    nodes.join(" ")
}

impl fmt::Display for WaitForNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            AwaitedState::Started => "STARTED",
            AwaitedState::NotStarted => "NOT STARTED",
            AwaitedState::NoContact => "NO CONTACT",
        };
        write!(f, "WAIT FOR {} {state}", self.targets)?;
        flags(f, &[(self.after_restart, " AFTER RESTART")])?;
        timeout(f, self.timeout)
    }
}

impl fmt::Display for RollingRestart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ROLLING RESTART {}", self.targets)?;
        let options = [
            (self.per_nodegroup, " PER NODEGROUP"),
            (self.initial, " INITIAL"),
            (self.stop_only, " STOP ONLY"),
        ];
        flags(f, &options)?;
        timeout(f, self.timeout)?;
        flags(f, &[(self.dry_run, " DRY RUN")])
    }
}

fn timeout(f: &mut fmt::Formatter<'_>, seconds: Option<u32>) -> fmt::Result {
    match seconds {
        Some(seconds) => write!(f, " TIMEOUT {seconds}"),
        None => Ok(()),
    }
}

impl fmt::Display for Severities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severities::All => "ALL",
            Severities::One(severity) => severity.name(),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::All => f.write_str("ALL"),
            Target::Node(node) => node.fmt(f),
        }
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Targets::All => f.write_str("ALL"),
            Targets::Nodes(nodes) => f.write_str(&id_list(nodes)),
        }
    }
}

impl fmt::Display for StopOptions {
    /// Each option with a blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        flags(f, &[(self.abort, " -A"), (self.force, " -F")])
    }
}

impl fmt::Display for RestartOptions {
    /// Each option with a blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        flags(
            f,
            &[
                (self.nostart, " -N"),
                (self.initial, " -I"),
                (self.abort, " -A"),
                (self.force, " -F"),
            ],
        )
    }
}

fn flags(f: &mut fmt::Formatter<'_>, flags: &[(bool, &str)]) -> fmt::Result {
    let set = flags.iter().filter(|(set, _)| *set);
    set.into_iter().try_for_each(|(_, flag)| f.write_str(flag))
}

impl fmt::Display for FilterSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FilterSwitch::On => "ON",
            FilterSwitch::Off => "OFF",
            FilterSwitch::Toggle => "TOGGLE",
        })
    }
}

impl fmt::Display for CategoryLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.category, self.level)
    }
}

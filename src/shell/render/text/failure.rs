//! Why commands failed: the original's lines for standard output, and advice of our own for
//! standard error (management protocol, 6.3 and 6.6).

use crate::client::ClientError;
use crate::cluster::NodeId;
use crate::command::{ParseError, ParseErrorKind as Kind, WATCH_SECONDS_MAX};
use crate::shell::lines::LINE_MAX;
use crate::shell::outcome::{
    Attempt, EndUnheard, FILE_OR_SCAN_ERROR, Failure, Interrupted, PasswordFault,
};

use super::{
    LINE_TOO_LONG, NO_CERTIFICATE, SIM_ADVICE, detached, render_error, render_event,
    render_illegal_connect_string, render_unreachable, rolling,
};

/// Client error: START BACKUP (management protocol, `start backup`).
const START_BACKUP_ERROR: u32 = 3001;

/// Most characters that are repeated of what is no protocol.
const SAID_MAX: usize = 60;

/// The lines of a failure on standard output.
pub(in crate::shell) fn render_failure(failure: &Failure) -> String {
    match failure {
        Failure::Request { attempt, error } => request(attempt, error),
        Failure::NotACommand(error) => render_parse_error(error),
        Failure::Item(error) => format!("{error}\n"),
        Failure::ConnectString(error) => render_illegal_connect_string(&error.text),
        Failure::LineTooLong { .. } => LINE_TOO_LONG.to_owned(),
        Failure::NodeNotFound(node) => format!("{node}: Node not found\n"),
        Failure::NotADataNode(node) => format!("ERROR: node {node} is not a NDB node!\n"),
        Failure::NothingRestarted => {
            let error = render_error(0, "Executing: ndb_mgm_restart4");
            format!("{}{error}", attempted(&Attempt::Restart))
        }
        Failure::SingleUserMode => "Cannot restart nodes: single user mode\n".to_owned(),
        Failure::NoValidCertificate => NO_CERTIFICATE.to_owned(),
        Failure::BackupPassword { command, fault } => {
            let reason = password_fault(fault);
            match fault {
                PasswordFault::Needed => {
                    invalid_command(after_word(command), &format!("{reason}\n"))
                }
                PasswordFault::Differs
                | PasswordFault::Unreadable(_)
                | PasswordFault::Broken(_) => backup_refused(&reason),
            }
        }
        Failure::BackupUnheard(_) => format!(
            "Initializing start of backup failed\n{}",
            render_error(0, "Executing: ndb_mgm_listen_event")
        ),
        Failure::BackupAborted { event, .. } => render_event(event).unwrap_or_default(),
        Failure::BackupSilent(_) => "get backup event failed for 3 times\n".to_owned(),
        Failure::BackupIdNeeded => backup_refused("START BACKUP needs a backup id with -e"),
        // As if no other server had been asked.
        Failure::BackupLost { lost, .. } => render_failure(lost),
        Failure::NotReached {
            nodes,
            state,
            limit,
        } => rolling::render_not_reached(nodes, *state, *limit),
        Failure::NoRoll(error) => rolling::render_no_roll(*error),
        Failure::Roll(failure) => rolling::render_roll_failure(failure),
        Failure::Unreachable { .. }
        | Failure::ConnectionLost
        | Failure::NoScreen
        | Failure::WaitOutOfTime(..)
        | Failure::OutOfTime(..)
        | Failure::ConnectOutOfTime(_)
        | Failure::NoPasswordTyped
        | Failure::NotConfirmed
        | Failure::BackupEndUnheard(..)
        | Failure::BackupEventsLost(..)
        | Failure::BackupLeft(_)
        | Failure::SimulatedBackupLeft
        | Failure::Interrupted(_) => String::new(),
    }
}

/// What the original's client library says about a reply by itself, what failed, and why.
fn request(attempt: &Attempt, error: &ClientError) -> String {
    let text = attempted(attempt);
    match attempt {
        // In the original none has a reason; a refused DUMP is silent.
        Attempt::PurgeSessions | Attempt::Dump | Attempt::TlsInfo => return text,
        _ => {}
    }
    let own_line = error.parser_line().map_or(String::new(), |line| {
        format!("{}\n", line.trim_end_matches('\n'))
    });
    let reason = render_error(error.number(), &error.description());
    format!("{own_line}{text}{reason}")
}

/// What failed.
fn attempted(attempt: &Attempt) -> String {
    let text = match attempt {
        Attempt::Connection | Attempt::Nodegroup | Attempt::Dump | Attempt::StartTls => "",
        Attempt::Configuration => "Could not get configuration\n",
        Attempt::Status | Attempt::ShutdownStatus => "Could not get status\n",
        Attempt::NodeStatus(node) => return format!("Can't get status of node {node}.\n"),
        Attempt::Report => "ERROR: failed to fetch report!\n",
        Attempt::ReportStatus => "ERROR: couldn't fetch cluster status\n",
        Attempt::Start => "Start failed.\n",
        Attempt::Stop => "Shutdown failed.\n",
        Attempt::Shutdown => "Shutdown of NDB Cluster node(s) failed.\n",
        Attempt::Restart => "Restart failed.\n",
        Attempt::EnterSingleUserMode(node) => {
            return format!("Entering single user mode for node {node} failed\n");
        }
        Attempt::ExitSingleUserMode => "Exiting single user mode failed.\n",
        Attempt::PurgeSessions => "Command failed\n",
        Attempt::TlsInfo => " failed. \n",
        Attempt::ClusterLogState => "Couldn't get status\n",
        Attempt::ClusterLogFilter => "Couldn't set filter\n",
        Attempt::ClusterLogLevel(node, level) => {
            return format!("Executing CLUSTERLOG {level} on node {node} failed.\n");
        }
        Attempt::LogLevel(node) => return format!("Executing LOGLEVEL on node {node} failed.\n"),
        Attempt::LogSignals(node) => return format!("Execute LOG on node {node} failed.\n"),
        Attempt::SignalLog { on: true } => "Execute TESTON failed.\n",
        Attempt::SignalLog { on: false } => "Execute TESTOFF failed.\n",
        Attempt::Backup(_) => "Backup failed\n",
        Attempt::AbortBackup(id) => return format!("Abort of backup {id} failed\n"),
    };
    text.to_owned()
}

/// A backup that this client refuses, in the form of a server's refusal.
fn backup_refused(reason: &str) -> String {
    format!(
        "{}{}",
        attempted(&Attempt::Backup(None)),
        render_error(START_BACKUP_ERROR, reason)
    )
}

fn password_fault(fault: &PasswordFault) -> String {
    match fault {
        PasswordFault::Needed => "Encryption need password".to_owned(),
        PasswordFault::Differs => "The two passwords differ".to_owned(),
        PasswordFault::Unreadable(reason) => reason.clone(),
        PasswordFault::Broken(error) => error.to_string(),
    }
}

/// What standard error says about a failure: what happened, where standard output does not tell,
/// and what to do next.
pub(in crate::shell) fn render_advice(failure: &Failure) -> String {
    match failure {
        Failure::Request { attempt, error } => request_advice(attempt, error),
        Failure::Unreachable { error, hint } => {
            let hint = if *hint { SIM_ADVICE } else { "" };
            format!("{}{hint}", render_unreachable(&error.to_string()))
        }
        Failure::NotACommand(error) => line_of(error.advice()),
        Failure::Item(error) => line_of(error.advice()),
        Failure::BackupIdNeeded => "\
Error: with -e, START BACKUP needs a backup id. Nothing was sent. Three ways out:
       give the id, as in \"START BACKUP 7\"; or let the cluster choose it, with the option
       --auto-backup-id; or for all runs with auto-backup-id below [ndb_mgm] in my.cnf
       (or NDB_MGM_AUTO_BACKUP_ID=1 in the environment).
"
        .to_owned(),
        Failure::NoScreen => "\
Error: TOP needs a terminal for its screen, on standard output and to type on. Nothing was
       sent. For a file, a pipe or a program use --output=jsonl: an object on each line.
"
        .to_owned(),
        Failure::NotConfirmed => "Nothing was sent.\n".to_owned(),
        Failure::NoPasswordTyped => "No password was typed. Nothing was sent.\n".to_owned(),
        Failure::BackupUnheard(error) => {
            format!("Error: no event connection, so nothing was started: {error}\n")
        }
        Failure::BackupAborted { id, .. } => {
            format!("Error: backup {id} started, but was aborted.\n")
        }
        Failure::BackupSilent(id) => backup_unseen(*id, "no event told how the backup ended"),
        Failure::BackupEndUnheard(id, missing) => end_unheard(*id, *missing),
        Failure::BackupEventsLost(id, error) => {
            backup_unseen(*id, &format!("the event connection was lost ({error})"))
        }
        Failure::BackupLost { lost, reason, .. } => {
            format!("Error: {reason}.\n{}", render_advice(lost))
        }
        Failure::WaitOutOfTime(id, limit) => {
            format!(
                "Error: stopped waiting after {} s. {}",
                limit.as_secs(),
                detached(*id)
            )
        }
        Failure::ConnectOutOfTime(limit) => format!(
            "Error: no management server could be reached within {} s\n",
            limit.as_secs()
        ),
        Failure::OutOfTime(at, limit) => {
            let sent = match at {
                Interrupted::Request => {
                    " What was sent to the management server is still carried out."
                }
                Interrupted::Connecting => " Nothing was sent.",
                Interrupted::Waiting => "",
            };
            format!("Error: stopped after {} s.{sent}\n", limit.as_secs())
        }
        Failure::LineTooLong { place, line } => {
            format!("ndb_mgm: {place}, line {line}: no command is longer than {LINE_MAX} bytes\n")
        }
        Failure::BackupLeft(id) => detached(*id),
        Failure::Interrupted(Interrupted::Request) => {
            "Interrupted. What was sent to the management server is still carried out.\n".to_owned()
        }
        Failure::Interrupted(Interrupted::Connecting) => {
            "Interrupted. Nothing was sent.\n".to_owned()
        }
        Failure::Interrupted(Interrupted::Waiting)
        | Failure::ConnectionLost
        | Failure::ConnectString(_)
        | Failure::NodeNotFound(_)
        | Failure::NotADataNode(_)
        | Failure::NothingRestarted
        | Failure::SingleUserMode
        | Failure::NoValidCertificate
        | Failure::BackupPassword { .. }
        | Failure::SimulatedBackupLeft
        | Failure::NotReached { .. }
        | Failure::NoRoll(_)
        | Failure::Roll(_) => String::new(),
    }
}

/// Where the original's lines leave the reason out, it is told; and without an answer nobody
/// knows what became of a backup.
fn request_advice(attempt: &Attempt, error: &ClientError) -> String {
    let mut text = match attempt {
        Attempt::PurgeSessions | Attempt::Dump => String::new(),
        Attempt::TlsInfo => render_unreachable(&error.to_string()),
        // What it said says more.
        _ if error.foreign_line().is_some() => String::new(),
        _ if error.description().is_empty() && error.parser_line().is_none() => {
            render_unreachable(&error.to_string())
        }
        _ => String::new(),
    };
    if let (Attempt::Backup(node), ClientError::Refused { text: reason, .. }) = (attempt, error)
        && reason.starts_with(FILE_OR_SCAN_ERROR)
    {
        text.push_str(&file_or_scan_error(*node));
    }
    if let Some(line) = error.foreign_line() {
        let said: String = line.chars().take(SAID_MAX).collect();
        text.push_str(&format!(
            "Error: what answers there does not speak the management protocol; it says \"{said}\".\n       \
             Is that the port of a management server (1186, unless configured)?\n"
        ));
    }
    if matches!(attempt, Attempt::Backup(_)) && error.is_unanswered() {
        text.push_str(
            "\
Error: the management server did not answer; the backup may run, be complete or not exist.
       ALL REPORT BackupStatus and the cluster log tell, once the server is back.
",
        );
    }
    text
}

/// The reason is known only to the data node.
fn file_or_scan_error(node: Option<NodeId>) -> String {
    let place = node.map_or("a data node".to_owned(), |node| {
        format!("a data node (node {node} reported it)")
    });
    format!(
        "\
Note: {place} could not write or read on. Usual causes: the disk is full, or BackupDataDir is not
      writable. See the data node's own log (ndb_<id>_out.log) and the space under its BackupDataDir.
"
    )
}

fn line_of(advice: Option<String>) -> String {
    advice.map_or(String::new(), |advice| format!("{advice}\n"))
}

/// No data node reports the backup any more.
fn end_unheard(id: Option<u32>, missing: EndUnheard) -> String {
    let backup = id.map_or("the backup".to_owned(), |id| format!("backup {id}"));
    let known = match missing {
        EndUnheard::Event => {
            "The management server says that it completed, but the event that tells its result \
             did not come"
        }
        EndUnheard::Reply => {
            "An event told its end (see above), but the management server did not answer"
        }
        EndUnheard::Both => {
            "Neither an answer nor an event came; it may be complete, aborted or not exist"
        }
    };
    format!(
        "Error: the end of {backup} was not heard, and no data node reports it any more.\n       \
         {known}.\n       The cluster log and the backup's files tell how it ended.\n"
    )
}

/// The backup's end was not seen.
fn backup_unseen(id: Option<u32>, fault: &str) -> String {
    let backup = id.map_or("The backup".to_owned(), |id| format!("Backup {id}"));
    format!(
        "Error: {fault}. {backup} was accepted by the cluster; \
         ALL REPORT BackupStatus and the cluster log tell how it went on.\n"
    )
}

/// What the client prints on standard output about a line that is no command: complete lines.
///
/// Words of the line are repeated as they were typed, but a password is shown as `***`
/// (management protocol, 6.2 and 6.6).
pub fn render_parse_error(error: &ParseError) -> String {
    let word = error.word();
    let text = match error.kind() {
        Kind::NotACommand
        | Kind::AnotherWordExpected
        | Kind::SecondsExpected
        | Kind::OptionRepeated => invalid_command(error.command(), ""),
        Kind::NotANodeCommand => invalid_command(word, ""),
        Kind::NotANodeListCommand => format!(
            "Invalid command: '{word}' after multi node id list. \
             Expected STOP, START, or RESTART.\n"
        ),
        Kind::CommandMissing => "Expected a command after ALL.\n".to_owned(),
        Kind::NodeIdOutOfRange => format!("Invalid node ID: {word}.\n"),
        Kind::BackupOption => invalid_backup(error, ""),
        Kind::BackupIdOutOfRange => {
            invalid_backup(error, "Backup ID out of range [1 - 4294967294]\n")
        }
        Kind::BackupIdNotANumber => {
            invalid_backup(error, "Backup ID is not a whole number [1 - 4294967294]\n")
        }
        Kind::PasswordNotQuoted => {
            invalid_backup(error, "Encryption password should be within quotes\n")
        }
        Kind::Password(fault) => invalid_backup(error, &format!("{fault}\n")),
        Kind::AbortIdExpected => "Invalid arguments: expected <BackupId>\n".to_owned(),
        Kind::AbortIdOutOfRange => {
            "Invalid arguments: <BackupId> out of range [1-4294967294]\n".to_owned()
        }
        Kind::HelpTopicUnknown => format!("No help for {word} available\n"),
        Kind::ShowArgument => format!("Invalid argument: '{word}'\n"),
        Kind::UnexpectedParameter => "No parameters expected to this command.\n".to_owned(),
        Kind::ReportTypeMissing => "ERROR: missing report type specifier!\n".to_owned(),
        Kind::ReportTypeUnknown => format!("ERROR: '{word}' - report type specifier unknown!\n"),
        Kind::StopOptionUnknown => {
            format!("Invalid option: {word}. Expecting -A or -F after STOP\n")
        }
        Kind::RestartOptionUnknown => {
            format!("Invalid option: {word}. Expecting -A,-N,-I or -F after RESTART\n")
        }
        Kind::WatchSecondsOutOfRange => {
            format!("Invalid seconds: {word}. Expecting 1 to {WATCH_SECONDS_MAX} after \\WATCH\n")
        }
        Kind::TopSecondsOutOfRange => {
            format!("Invalid seconds: {word}. Expecting 0.1 to {WATCH_SECONDS_MAX} after EVERY\n")
        }
        Kind::QueryExpected => "Expected a command after \\WATCH that only asks: \
             SHOW, STATUS, REPORT, HEALTH, OK TO STOP or CLUSTERLOG INFO.\n"
            .to_owned(),
        Kind::ApiNodeExpected => "Invalid arguments: expected <NodeId>\n\
             Use SHOW to see what API nodes are configured\n"
            .to_owned(),
        Kind::ClusterLogArgumentMissing => "ERROR: Missing argument(s).\n".to_owned(),
        Kind::ClusterLogArgumentUnknown | Kind::NodeLogArgumentUnknown => {
            "Invalid argument.\n".to_owned()
        }
        Kind::LevelMissing => "Expected argument\n".to_owned(),
        Kind::NodeLogArgumentCount => "ERROR: Wrong number of argument(s).\n".to_owned(),
        Kind::DumpWordMissing => "ERROR: Expected argument!\n".to_owned(),
        Kind::DumpWordsTooMany => "ERROR: Too many arguments, max 25 allowed\n".to_owned(),
        Kind::DumpWordIllegal => format!(
            "ERROR: Illegal value '{word}' in argument to signal.\n\
             (Value must be between 0 and 0xffffffff.)\n"
        ),
        Kind::NodeListExpected => "Invalid arguments: expected <id>,<id>...\n".to_owned(),
        Kind::NodegroupExpected => "Invalid arguments: expected <NG>\n".to_owned(),
        Kind::PurgeIncomplete => "Unexpected command, expected: PURGE STALE SESSIONS\n".to_owned(),
    };
    let ending = if error.is_of_node_command() { "\n" } else { "" };
    text + ending
}

fn invalid_command(echo: &str, reason: &str) -> String {
    format!("Invalid command: {echo}\n{reason}Type HELP for help.\n\n")
}

/// Faults of START BACKUP repeat the line from BACKUP on.
fn invalid_backup(error: &ParseError, reason: &str) -> String {
    invalid_command(after_word(error.command()), reason)
}

fn after_word(text: &str) -> &str {
    let is_blank = |c| matches!(c, ' ' | '\t');
    let rest = text.split_once(is_blank).map_or("", |(_, rest)| rest);
    rest.trim_start_matches(is_blank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::ExitCodes;

    /// The lines of standard output in a recording, without the banner of the connection.
    fn recorded(trace: &str) -> String {
        trace
            .lines()
            .filter_map(|line| line.strip_prefix("O: "))
            .filter(|line| !line.starts_with("Connected to management server"))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    #[test]
    fn a_line_that_is_no_command_ends_with_the_status_of_a_failure() {
        for line in ["BOGUS", "300 STATUS", "2 STOP -x", "HELP me"] {
            let error = crate::command::parse(line).expect_err(line);
            let failure = Failure::NotACommand(Box::new(error));
            assert_eq!(failure.exit(ExitCodes::Original).status(), 255, "{line}");
        }
    }

    #[test]
    fn a_full_disk_is_named_among_the_causes_and_the_node_if_it_is_known() {
        let refused = |text: &str| ClientError::Refused {
            number: 3001,
            text: text.to_owned(),
        };
        let full = refused("File or scan error: Permanent error: Internal error");
        let failure = Attempt::Backup(NodeId::new(3)).failed()(full);
        let advice = render_advice(&failure);
        for part in [
            "disk is full",
            "BackupDataDir",
            "ndb_<id>_out.log",
            "node 3",
        ] {
            assert!(advice.contains(part), "{part}: {advice}");
        }
        let exists = refused("Backup failed: file already exists");
        assert_eq!(render_advice(&Attempt::Backup(None).failed()(exists)), "");
    }

    #[test]
    fn encryption_without_any_password_is_answered_as_recorded() {
        let failure = Failure::BackupPassword {
            command: "START BACKUP 212 ENCRYPT".to_owned(),
            fault: PasswordFault::Needed,
        };
        let trace =
            include_str!("../../../../tests/fixtures/console/backup_encrypt_no_password.trace");
        assert_eq!(render_failure(&failure), recorded(trace));
        assert_eq!(failure.exit(ExitCodes::Original).status(), 255);
    }
}

//! What commands say while they run, and what they gave (management protocol, 6.6).

use crate::cluster::WaitFor;
use crate::command::{Command, Targets};
use crate::shell::outcome::{Outcome, Step};

use super::{DEFAULT_PROMPT, detached, event, health, node_list, plan, rolling, status, tls};

/// The text of what a command gave.
pub(in crate::shell) fn render_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done
        | Outcome::DoneInPart
        | Outcome::Watched(_)
        | Outcome::Quit
        | Outcome::BackupTold(_)
        | Outcome::BackupOrdered(_)
        | Outcome::BackupConfirmed(_)
        | Outcome::NothingToAbort(_) => String::new(),
        Outcome::Rehearsed { command, checks } => plan::render_rehearsed(command, checks),
        Outcome::Help(pages) => pages.clone(),
        Outcome::Prompt(Some(text)) => format!("Prompt set to {text} \n"),
        Outcome::Prompt(None) => format!("Returning to default prompt of {DEFAULT_PROMPT}\n"),
        Outcome::Pager(Some(program)) => format!("PAGER set to '{program}'\n"),
        Outcome::Pager(None) => "PAGER set to stdout\n".to_owned(),
        Outcome::SessionsPurged(Some(nodes)) => {
            format!("Purged sessions with node id's: {nodes}\n")
        }
        Outcome::SessionsPurged(None) => "No sessions purged\n".to_owned(),
        Outcome::Tls {
            certificates,
            stats,
        } => tls::render_tls_info(certificates, stats),
        Outcome::TlsStarted => "TLS started.\n".to_owned(),
        Outcome::Show { nodes, hosts } => status::render_show(nodes, hosts),
        Outcome::Status(nodes) => nodes.iter().map(status::render_status).collect(),
        Outcome::BackupStatus(events) => events.iter().filter_map(event::render_event).collect(),
        Outcome::MemoryUsage(events) => events
            .iter()
            .filter_map(event::render_memory_report)
            .collect(),
        Outcome::EventLog(saved) => saved.iter().map(event::render_saved_event).collect(),
        Outcome::Starting(nodes) => match nodes.as_slice() {
            [node] => format!("Database node {node} is being started.\n"),
            nodes => format!("Node{} is being started\n", node_list(nodes)),
        },
        Outcome::Stopped {
            targets,
            disconnected,
        } => stopped(targets, *disconnected),
        Outcome::ShutDown {
            stopped,
            disconnected,
        } => shut_down(*stopped, *disconnected),
        Outcome::Restarting(Targets::All) => "All DB nodes are being restarted.\n".to_owned(),
        Outcome::Restarting(Targets::Nodes(nodes)) => {
            format!("Node{} is being restarted\n", node_list(nodes))
        }
        Outcome::SingleUserModeEntered(node) => {
            format!("Single user mode entered\nAccess is granted for API node {node} only.\n")
        }
        Outcome::SingleUserModeEnding => "Exiting single user mode in progress.\n\
             Use ALL STATUS or SHOW to see when single user mode has been exited.\n"
            .to_owned(),
        Outcome::NodegroupCreated(nodegroup) => format!("Nodegroup {nodegroup} created\n"),
        Outcome::NodegroupDropped(nodegroup) => format!("Drop Node Group {nodegroup} done\n"),
        Outcome::ClusterLogFilter(filter) if !filter.enabled => {
            "Cluster logging is disabled.\n".to_owned()
        }
        Outcome::ClusterLogFilter(filter) => {
            let names = filter.severities.iter().map(|severity| severity.name());
            let names: String = names.map(|name| format!("{name} ")).collect();
            format!("Severities enabled: {names}\n")
        }
        // The second text has no full stop, as in the original.
        Outcome::ClusterLogSwitched(true) => "Cluster logging is enabled.\n".to_owned(),
        Outcome::ClusterLogSwitched(false) => "Cluster logging is disabled\n".to_owned(),
        Outcome::Backup(event) => event::render_event(event).unwrap_or_default(),
        Outcome::BackupRuns(id) => format!("Backup {id} has started.\n"),
        Outcome::BackupLeft(id) => detached(*id),
        Outcome::AbortOrdered(id) => format!("Abort of backup {id} ordered\n"),
        Outcome::Health(report) => health::render_health(&report.health, report.limits),
        // The steps have told.
        Outcome::Awaited(..) => String::new(),
        Outcome::StopVerdict(verdict) => health::render_stop_verdict(verdict),
        Outcome::RollPlanned(plan, obstacles) => rolling::render_roll_plan(plan, obstacles),
        Outcome::Rolled(nodes) => rolling::render_rolled(nodes),
    }
}

fn stopped(targets: &Targets, disconnected: bool) -> String {
    let mut text = match targets {
        Targets::All => "NDB Cluster has shutdown.\n".to_owned(),
        Targets::Nodes(nodes) => format!("Node{} has shutdown.\n", node_list(nodes)),
    };
    if disconnected {
        text.push_str("Disconnecting to allow Management Server to shutdown\n");
    }
    text
}

fn shut_down(stopped: u32, disconnected: bool) -> String {
    let mut text = format!("{stopped} NDB Cluster node(s) have shutdown.\n");
    if disconnected {
        text.push_str("Disconnecting to allow management server to shutdown.\n");
    }
    text
}

/// The text of what a command has to say before it ends.
pub(in crate::shell) fn render_step(step: &Step) -> String {
    match step {
        Step::BackupRequested(WaitFor::Nothing) => String::new(),
        Step::BackupRequested(WaitFor::Started) => {
            "Waiting for started, this may take several minutes\n".to_owned()
        }
        Step::BackupRequested(WaitFor::Completed) => {
            "Waiting for completed, this may take several minutes\n".to_owned()
        }
        Step::BackupUnencrypted => {
            "Warning, unencrypted backup requested although backup password is provided.\n"
                .to_owned()
        }
        Step::BackupEvent(event) => event::render_event(event).unwrap_or_default(),
        Step::AllStarting => "NDB Cluster is being started.\n".to_owned(),
        Step::StoppingAll => "Executing STOP on all nodes.\n".to_owned(),
        Step::RestartingAll => "Executing RESTART on all nodes.\n\
             Starting shutdown. This may take a while. Please wait...\n"
            .to_owned(),
        Step::RestartingManagementServer(node) => {
            format!("Shutting down MGM node {node} for restart\n")
        }
        Step::Connections {
            main_is_tls,
            events_are_tls,
        } => tls::render_tls_connections(*main_is_tls, *events_are_tls),
        Step::SeveritiesSwitched(severities, enabled) => {
            let state = if *enabled { "enabled" } else { "disabled" };
            format!("{severities} {state}\n")
        }
        Step::ClusterLogLevelSet(node, level) => {
            format!("Executing CLUSTERLOG {level} on node {node} OK!\n")
        }
        Step::LogLevelSet(node) => format!("Executing LOGLEVEL on node {node} OK!\n"),
        Step::Dumping(words) => dumping(words),
        Step::Sighted(sighting, awaited) => rolling::render_sighting(*sighting, *awaited),
        Step::Roll(note) => rolling::render_roll_note(note),
    }
}

/// The words of a DUMP, four on a line, each followed by a blank.
fn dumping(words: &[u32]) -> String {
    let mut text = String::from("Sending dump signal with data:\n");
    for line in words.chunks(4) {
        text.extend(line.iter().map(|word| format!("0x{word:08x} ")));
        text.push('\n');
    }
    text
}

/// What ends the text of a command: an empty line for those of one node or of ALL.
pub(in crate::shell) fn ending(command: &Command) -> &'static str {
    match command {
        Command::Status(_)
        | Command::Report { .. }
        | Command::ClusterLogLevels { .. }
        | Command::LogLevels { .. }
        | Command::NodeLogDebug { .. }
        | Command::Dump { .. }
        | Command::Log(_)
        | Command::TestOn(_)
        | Command::TestOff(_) => "\n",
        Command::Start(targets)
        | Command::Stop { targets, .. }
        | Command::Restart { targets, .. }
            if !targets.is_list() =>
        {
            "\n"
        }
        _ => "",
    }
}

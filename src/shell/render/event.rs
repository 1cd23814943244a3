//! Events as the prompt shows them (management protocol, 6.4).
//!
//! They differ from the cluster log's texts: a completed backup takes four lines here, and the
//! reason of an abort follows its number.

use crate::cluster::{BackupTotals, ErrorNumber, Event, EventBody, StopAction};

/// The text of an event at the prompt, or `None` for events that the prompt leaves out.
pub(in crate::shell) fn render_event(event: &Event) -> Option<String> {
    let text = match &event.body {
        EventBody::BackupStarted {
            starting_node,
            backup_id,
        } => format!("Backup {backup_id} started from node {starting_node}\n"),
        EventBody::BackupFailedToStart {
            starting_node,
            error,
        } => format!(
            "Backup request from {starting_node} failed to start. {}",
            error_and_reason(*error)
        ),
        EventBody::BackupCompleted {
            starting_node,
            backup_id,
            start_gci,
            stop_gci,
            totals,
        } => format!(
            "Backup {backup_id} started from node {starting_node} completed\n \
             StartGCP: {start_gci} StopGCP: {stop_gci}\n{}",
            totals_lines(totals)
        ),
        EventBody::BackupStatus {
            starting_node,
            backup_id,
            totals,
        } => backup_status(*starting_node, *backup_id, totals),
        EventBody::BackupAborted {
            starting_node,
            backup_id,
            error,
        } => format!(
            "Backup {backup_id} started from {starting_node} has been aborted. {}",
            error_and_reason(*error)
        ),
        EventBody::NodeStartStarted { version } => {
            format!("Start initiated (version {version})\n")
        }
        EventBody::NodeStartCompleted { version } => format!("Started (version {version})\n"),
        EventBody::NodeStopStarted { cluster: true } => "Cluster shutdown initiated\n".to_owned(),
        EventBody::NodeStopStarted { cluster: false } => "Node shutdown initiated\n".to_owned(),
        EventBody::NodeStopAborted => "Node shutdown aborted\n".to_owned(),
        EventBody::NodeStopCompleted { action, signal } => format!(
            "Node shutdown completed{}.{}\n",
            stop_action(*action),
            initiated_by_signal(*signal)
        ),
        EventBody::NodeStopForced {
            action,
            signal,
            error,
            start_phase,
            extra,
        } => format!(
            "Forced node shutdown completed{}.{}{}\n",
            stop_action(*action),
            during_start_phase(*start_phase),
            cause(*signal, *error, *extra)
        ),
        EventBody::MemoryUsage { change: 0, .. } => return None,
        EventBody::MemoryUsage { .. } => memory_usage(&event.body)?,
        _ => return None,
    };
    Some(format!("Node {}: {text}", event.source))
}

/// `Error: 1321 - Backup aborted by user request: Permanent error: User defined error`.
fn error_and_reason(error: ErrorNumber) -> String {
    format!("Error: {error} - {}\n", error.text())
}

fn totals_lines(totals: &BackupTotals) -> String {
    format!(
        " #Records: {} #LogRecords: {}\n Data: {} bytes Log: {} bytes\n",
        totals.records, totals.log_records, totals.bytes, totals.log_bytes
    )
}

fn backup_status(starting_node: u32, backup_id: u32, totals: &BackupTotals) -> String {
    if starting_node == 0 {
        return "Backup not started\n".to_owned();
    }
    format!(
        "Local backup status: backup {backup_id} started from node {starting_node}\n{}",
        totals_lines(totals)
    )
}

/// `Data usage is 3%(120 32K pages of total 4087)`.
fn memory_usage(body: &EventBody) -> Option<String> {
    let EventBody::MemoryUsage {
        change,
        page_size,
        pages_used,
        pages_total,
        block,
    } = body
    else {
        return None;
    };
    let kind = match block {
        249 => "Data",
        248 => "Index",
        _ => "<unknown>",
    };
    let change = match change {
        0 => "is",
        1.. => "increased to",
        ..0 => "decreased to",
    };
    let percent = match u64::from(*pages_total) {
        0 => 0,
        total => u64::from(*pages_used) * 100 / total,
    };
    Some(format!(
        "{kind} usage {change} {percent}%({pages_used} {}K pages of total {pages_total})\n",
        page_size / 1024
    ))
}

/// A line of REPORT MemoryUsage.
pub(in crate::shell) fn render_memory_report(event: &Event) -> Option<String> {
    memory_usage(&event.body).map(|text| format!("Node {}: {text}", event.source))
}

fn stop_action(action: StopAction) -> String {
    let mut text = String::new();
    if action.restart() {
        text.push_str(", restarting");
    }
    if action.no_start() {
        text.push_str(", no start");
    }
    if action.initial() {
        text.push_str(", initial");
    }
    text
}

fn initiated_by_signal(signal: u32) -> String {
    match signal {
        0 => String::new(),
        signal => format!(" Initiated by signal {signal}."),
    }
}

fn during_start_phase(phase: u32) -> String {
    if phase < 255 {
        format!(" Occurred during startphase {phase}.")
    } else {
        String::new()
    }
}

fn cause(signal: u32, error: u32, extra: u32) -> String {
    let mut text = initiated_by_signal(signal);
    if error != 0 {
        text.push_str(&format!(" Caused by error {error}."));
        if extra != 0 {
            text.push_str(&format!(" (extra info {extra})"));
        }
    }
    text
}

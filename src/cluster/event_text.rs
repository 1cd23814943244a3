//! Texts of events, as the cluster log and the pretty listener print them
//! (management protocol, 4.5).

use std::fmt::Write;

use super::event::{BackupTotals, Event, EventBody, StopAction, wide};
use super::event_kind::EventKind;
use super::restart_text;
use super::{ErrorNumber, Version};

/// Longest line of the pretty listener, in bytes.
const PRETTY_MAX: usize = 511;

impl Event {
    /// The text without a `Node n: ` prefix, as in the cluster log. May hold newlines.
    pub fn render_text(&self) -> String {
        render(&self.body)
    }

    /// The pretty listener's line without its newline: `Node n: `, the text, and for
    /// events with an error number ` - ` and the number's text.
    pub fn render_pretty(&self) -> String {
        let mut line = format!("Node {}: {}", self.source, render(&self.body));
        let error = match self.body {
            EventBody::BackupFailedToStart { error, .. }
            | EventBody::BackupAborted { error, .. } => Some(error),
            EventBody::NodeStopForced { error, .. } => Some(ErrorNumber(error)),
            _ => None,
        };
        if let Some(error) = error {
            push(&mut line, format_args!(" - {}", error.text()));
        }
        if line.len() > PRETTY_MAX {
            line.truncate(line.floor_char_boundary(PRETTY_MAX));
        }
        line
    }
}

pub(super) fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(more);
}

fn render(body: &EventBody) -> String {
    match body {
        EventBody::BackupStarted {
            starting_node,
            backup_id,
        } => format!("Backup {backup_id} started from node {starting_node}"),
        EventBody::BackupFailedToStart {
            starting_node,
            error,
        } => format!("Backup request from {starting_node} failed to start. Error: {error}"),
        EventBody::BackupCompleted {
            starting_node,
            backup_id,
            start_gci,
            stop_gci,
            totals,
        } => format!(
            "Backup {backup_id} started from node {starting_node} completed. \
             StartGCP: {start_gci} StopGCP: {stop_gci} #Records: {} #LogRecords: {} \
             Data: {} bytes Log: {} bytes",
            totals.records, totals.log_records, totals.bytes, totals.log_bytes
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
            "Backup {backup_id} started from {starting_node} has been aborted. Error: {error}"
        ),
        EventBody::NodeStartStarted { version } => {
            format!(
                "Start initiated ({})",
                Version::product_string(*version, *version)
            )
        }
        EventBody::NodeStartCompleted { version } => {
            format!("Started ({})", Version::product_string(*version, *version))
        }
        EventBody::NodeStopStarted { cluster: true } => "Cluster shutdown initiated".to_owned(),
        EventBody::NodeStopStarted { cluster: false } => "Node shutdown initiated".to_owned(),
        EventBody::NodeStopAborted => "Node shutdown aborted".to_owned(),
        EventBody::NodeStopCompleted { action, signal } => {
            let mut text = format!("Node shutdown completed{}.", action_text(*action));
            if *signal != 0 {
                push(&mut text, format_args!(" Initiated by signal {signal}."));
            }
            text
        }
        EventBody::NodeStopForced {
            action,
            signal,
            error,
            start_phase,
            extra,
        } => node_stop_forced(*action, *signal, *error, *start_phase, *extra),
        EventBody::MemoryUsage {
            change,
            page_size,
            pages_used,
            pages_total,
            block,
        } => memory_usage(*change, *page_size, *pages_used, *pages_total, *block),
        EventBody::Connected { node } => format!("Node {node} Connected"),
        EventBody::Disconnected { node } => format!("Node {node} Disconnected"),
        EventBody::GlobalCheckpointStarted { gci } => format!("Global checkpoint {gci} started"),
        EventBody::GlobalCheckpointCompleted { gci } => {
            format!("Global checkpoint {gci} completed")
        }
        EventBody::Other { kind, words } => {
            other(*kind, words).unwrap_or_else(|| plain(*kind, words))
        }
    }
}

fn backup_status(starting_node: u32, backup_id: u32, totals: &BackupTotals) -> String {
    if starting_node == 0 {
        return "Backup not started".to_owned();
    }
    format!(
        "Local backup status: backup {backup_id} started from node {starting_node}\n \
         #Records: {} #LogRecords: {}\n Data: {} bytes Log: {} bytes",
        totals.records, totals.log_records, totals.bytes, totals.log_bytes
    )
}

fn action_text(action: StopAction) -> String {
    let mut text = String::new();
    for (set, words) in [
        (action.restart(), ", restarting"),
        (action.no_start(), ", no start"),
        (action.initial(), ", initial"),
    ] {
        if set {
            text.push_str(words);
        }
    }
    text
}

fn node_stop_forced(
    action: StopAction,
    signal: u32,
    error: u32,
    start_phase: u32,
    extra: u32,
) -> String {
    // The original names the action only when a signal is involved.
    let action = if signal == 0 {
        String::new()
    } else {
        action_text(action)
    };
    let mut text = format!("Forced node shutdown completed{action}.");
    if start_phase < 255 {
        push(
            &mut text,
            format_args!(" Occurred during startphase {start_phase}."),
        );
    }
    if signal != 0 {
        push(&mut text, format_args!(" Initiated by signal {signal}."));
    }
    if error != 0 {
        let error_text = ErrorNumber(error).text();
        let mut parts = error_text.rsplitn(3, ": ");
        let (classification, status, message) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        push(
            &mut text,
            format_args!(" Caused by error {error}: '{message}({classification}). {status}'."),
        );
        if extra != 0 {
            push(
                &mut text,
                format_args!(" (extra info {})", extra.cast_signed()),
            );
        }
    }
    text
}

fn memory_usage(change: i32, page_size: u32, used: u32, total: u32, block: u32) -> String {
    let memory = match block {
        249 => "Data",
        248 => "Index",
        _ => "<unknown>",
    };
    let verb = match change.signum() {
        0 => "is",
        1 => "increased to",
        _ => "decreased to",
    };
    let percent = (u64::from(used) * 100)
        .checked_div(u64::from(total))
        .unwrap_or(0);
    format!(
        "{memory} usage {verb} {percent}%({used} {}K pages of total {total})",
        page_size / 1024
    )
}

/// The texts of the types without a variant of their own; none if the words do not fit.
fn other(kind: EventKind, words: &[u32]) -> Option<String> {
    match kind.number() {
        0..=9 => checkpoint_and_connection(kind, words),
        10..=21 | 71..=73 | 77..=80 | 86 => restart_text::start(kind, words),
        22..=34 | 82..=84 => restart_text::node_restart(kind, words),
        35..=41 => statistics(kind, words),
        42..=52 | 88 => error_and_state(kind, words),
        60 => restart_text::start_report(words),
        63..=67 => restore(kind, words),
        74..=76 => schema(kind, words),
        _ => None,
    }
}

/// For types whose text no recording shows: the name and the words with their keys.
fn plain(kind: EventKind, words: &[u32]) -> String {
    let mut text = kind.name().to_owned();
    match kind.keys() {
        Some(keys) => {
            for (key, word) in keys.iter().zip(words) {
                push(&mut text, format_args!(" {key}={word}"));
            }
        }
        None => {
            for word in words {
                push(&mut text, format_args!(" {word}"));
            }
        }
    }
    text
}

fn checkpoint_and_connection(kind: EventKind, words: &[u32]) -> Option<String> {
    Some(match (kind, words) {
        (EventKind::COMMUNICATION_CLOSED, [node, ..]) => {
            format!("Communication to Node {node} closed")
        }
        (EventKind::COMMUNICATION_OPENED, [node, ..]) => {
            format!("Communication to Node {node} opened")
        }
        (EventKind::LOCAL_CHECKPOINT_STARTED, [id, keep, restore, ..]) => format!(
            "Local checkpoint {id} started. Keep GCI = {keep} oldest restorable GCI = {restore}"
        ),
        (EventKind::LOCAL_CHECKPOINT_COMPLETED, [id, ..]) => {
            format!("Local checkpoint {id} completed")
        }
        _ => return None,
    })
}

fn statistics(kind: EventKind, words: &[u32]) -> Option<String> {
    Some(match (kind, words) {
        (
            EventKind::TRANS_REPORT_COUNTERS,
            [
                trans,
                commit,
                read,
                simple_read,
                write,
                attrinfo,
                operations,
                abort,
                scans,
                range_scans,
                local @ ..,
            ],
        ) => {
            let mut text = format!(
                "Trans. Count = {trans}, Commit Count = {commit}, Read Count = {read}, \
                 Simple Read Count = {simple_read}, Write Count = {write}, \
                 AttrInfo Count = {attrinfo}, Concurrent Operations = {operations}, \
                 Abort Count = {abort} Scans = {scans} Range scans = {range_scans}"
            );
            // Parsable records leave these two words off.
            if let [reads, writes, ..] = local {
                push(
                    &mut text,
                    format_args!(", Local Read Count = {reads} Local Write Count = {writes}"),
                );
            }
            text
        }
        (EventKind::OPERATION_REPORT_COUNTERS, [operations, ..]) => {
            format!("Operations={operations}")
        }
        (EventKind::RECEIVE_BYTES_STATISTIC, [node, bytes, ..]) => {
            format!("Mean receive size to Node = {node} last 4096 sends = {bytes} bytes")
        }
        // Worded after the recorded type 41.
        (EventKind::SEND_BYTES_STATISTIC, [node, bytes, ..]) => {
            format!("Mean send size to Node = {node} last 4096 sends = {bytes} bytes")
        }
        _ => return None,
    })
}

fn error_and_state(kind: EventKind, words: &[u32]) -> Option<String> {
    Some(match (kind, words) {
        (EventKind::MISSED_HEARTBEAT, [node, count, ..]) => {
            format!("Node {node} missed heartbeat {count}")
        }
        (EventKind::LATE_HEARTBEAT, [node, milliseconds, ..]) => {
            format!("Node {node} late heartbeat {milliseconds}ms")
        }
        (EventKind::DEAD_DUE_TO_HEARTBEAT, [node, ..]) => {
            format!("Node {node} declared dead due to missed heartbeat")
        }
        (EventKind::TRANSPORTER_ERROR | EventKind::TRANSPORTER_WARNING, [node, code, ..]) => {
            format!("Transporter to node {node} reported error 0x{code:x}")
        }
        (EventKind::WARNING_EVENT | EventKind::INFO_EVENT, words) => free_text(words),
        (EventKind::CONNECTED_API_VERSION, [node, version, ..]) => {
            let version = Version(*version);
            format!(
                "Node {node}: API {}",
                Version::product_string(version, version)
            )
        }
        (EventKind::SINGLE_USER, [0, ..]) => "Entering single user mode".to_owned(),
        (EventKind::SINGLE_USER, [1, node, ..]) => {
            format!("Entered single user mode Node {node} has exclusive access")
        }
        (EventKind::SINGLE_USER, [2, ..]) => "Exiting single user mode".to_owned(),
        _ => return None,
    })
}

/// Text packed into words, first byte lowest, ended by a zero byte. What follows it is
/// whatever the sender had in memory.
fn free_text(words: &[u32]) -> String {
    let bytes: Vec<u8> = words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .take_while(|byte| *byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn restore(kind: EventKind, words: &[u32]) -> Option<String> {
    Some(match (kind, words) {
        (
            EventKind::RESTORE_META_DATA,
            [
                id,
                node,
                tables,
                tablespaces,
                logfile_groups,
                datafiles,
                undofiles,
                ..,
            ],
        ) => format!(
            "Restore meta data: backup {id} from node {node} #Tables: {tables}\n \
             #Tablespaces: {tablespaces} #Logfilegroups: {logfile_groups} \
             #datafiles: {datafiles} #undofiles: {undofiles}"
        ),
        (
            EventKind::RESTORE_DATA | EventKind::RESTORE_LOG,
            &[
                id,
                node,
                records_low,
                records_high,
                bytes_low,
                bytes_high,
                ..,
            ],
        ) => format!(
            "Restore {}: backup {id} from node {node} #Records: {} Data: {} bytes",
            if kind == EventKind::RESTORE_DATA {
                "data"
            } else {
                "log"
            },
            wide(records_low, records_high),
            wide(bytes_low, bytes_high)
        ),
        (EventKind::RESTORE_STARTED, [id, node, ..]) => {
            format!("Restore started: backup {id} from node {node}")
        }
        (EventKind::RESTORE_COMPLETED, [id, node, ..]) => {
            format!("Restore completed: backup {id} from node {node}")
        }
        _ => return None,
    })
}

fn schema(kind: EventKind, words: &[u32]) -> Option<String> {
    let verb = match kind {
        EventKind::CREATE_SCHEMA_OBJECT => "create",
        EventKind::ALTER_SCHEMA_OBJECT => "alter",
        EventKind::DROP_SCHEMA_OBJECT => "drop",
        _ => return None,
    };
    let [id, version, _, node, ..] = words else {
        return None;
    };
    Some(format!(
        "{verb} object id: {id} version: {version} (from {node})"
    ))
}

//! Texts of events, as the cluster log and the pretty listener print them
//! (management protocol, 4.5).

use std::fmt::Write;

use super::event::{BackupTotals, Event, EventBody, StopAction, wide};
use super::event_kind::EventKind;
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

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
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
        10..=21 | 71..=73 | 77..=80 | 86 => start(kind, words),
        22..=34 | 82..=84 => node_restart(kind, words),
        35..=41 => statistics(kind, words),
        42..=52 | 88 => error_and_state(kind, words),
        60 => start_report(words),
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

fn start(kind: EventKind, words: &[u32]) -> Option<String> {
    Some(match (kind, words) {
        (EventKind::START_PHASE_COMPLETED, [phase, start_type, ..]) => {
            let start_type = match start_type {
                0 => "(initial start)".to_owned(),
                1 => "(system restart)".to_owned(),
                2 => "(node restart)".to_owned(),
                3 => "(initial node restart)".to_owned(),
                5 => String::new(),
                unknown => format!("(unknown = {unknown})"),
            };
            format!("Start phase {phase} completed {start_type}")
        }
        (EventKind::CM_REGCONF, [own, president, dynamic, ..]) => format!(
            "CM_REGCONF president = {president}, own Node = {own}, our dynamic id = {}/{}",
            dynamic >> 16,
            dynamic & 0xFFFF
        ),
        (EventKind::CM_REGREF, [own, other, cause, ..]) => {
            let cause = match cause {
                0 => "Busy",
                1 | 2 => "Election with wait = false",
                3 => "Not president",
                4 => "Election without selecting new candidate",
                _ => "No such cause",
            };
            format!("CM_REGREF from Node {other} to our Node {own}. Cause = {cause}")
        }
        (EventKind::FIND_NEIGHBOURS, [own, left, right, dynamic, ..]) => format!(
            "We are Node {own} with dynamic ID {dynamic}, our left neighbour is Node {left}, \
             our right is Node {right}"
        ),
        (EventKind::START_REDO_LOG, [node, keep, completed, restorable, ..]) => format!(
            "Node: {node} StartLog: [GCI Keep: {keep} LastCompleted: {completed} \
             NewestRestorable: {restorable}]"
        ),
        (EventKind::LOG_FILE_INIT_STATUS, words) => log_files("status", words)?,
        (EventKind::LOG_FILE_INIT_COMP_STATUS, words) => log_files("completed", words)?,
        (EventKind::START_READ_LCP, [table, fragment, ..]) => {
            format!("Start reading LCP for table {table} fragment: {fragment}")
        }
        (EventKind::READ_LCP_COMPLETE, [table, fragment, high, low, ..]) => format!(
            "Restored LCP for table {table} fragment: {fragment} rows: {}",
            wide(*low, *high)
        ),
        (EventKind::RUN_REDO, words) => run_redo(words)?,
        (EventKind::LCP_RESTORED, [id, ..]) => {
            format!("Node Start completed restore of LCP id: {id}")
        }
        _ => return None,
    })
}

fn log_files(what: &str, words: &[u32]) -> Option<String> {
    let [_, files, files_done, megabytes, megabytes_done, ..] = words else {
        return None;
    };
    Some(format!(
        "Local redo log file initialization {what}: #Total files: {files}, \
         Completed: {files_done} #Total MBytes: {megabytes}, Completed: {megabytes_done}"
    ))
}

fn run_redo(words: &[u32]) -> Option<String> {
    let &[
        part,
        phase,
        start,
        current,
        stop,
        start_file,
        start_mb,
        _,
        _,
        stop_file,
        stop_mb,
        ..,
    ] = words
    else {
        return None;
    };
    if current == start {
        Some(format!(
            "Log part: {part} phase: {phase} run redo from  gci: {start} (file: {start_file} \
             mb: {start_mb}) to  gci: {stop} (file: {stop_file} mb: {stop_mb})"
        ))
    } else if current == stop {
        Some(format!(
            "Log part: {part} phase: {phase} found stop  gci: {stop} (file: {stop_file} \
             mb: {stop_mb})"
        ))
    } else {
        None
    }
}

fn node_restart(kind: EventKind, words: &[u32]) -> Option<String> {
    Some(match (kind, words) {
        (EventKind::NODE_RESTART_COPY_DICT, words) => copied("dictionary", words),
        (EventKind::NODE_RESTART_COPY_DISTR, words) => copied("distribution", words),
        (EventKind::NODE_RESTART_COPY_FRAGS_STARTED, [node, ..]) => {
            format!("Node restart starting to copy the fragments to Node {node}")
        }
        (EventKind::NODE_RESTART_COPY_FRAG_DONE, [node, table, fragment, more @ ..]) => {
            let mut text = format!(
                "Table ID = {table}, fragment ID = {fragment} have been synced to Node {node} "
            );
            // Parsable records leave these four words off.
            if let [rows_low, rows_high, bytes_low, bytes_high, ..] = *more {
                push(
                    &mut text,
                    format_args!(
                        "rows: {} bytes: {} ",
                        wide(rows_low, rows_high),
                        wide(bytes_low, bytes_high)
                    ),
                );
            }
            text
        }
        (EventKind::NODE_RESTART_COPY_FRAGS_COMPLETED, [node, ..]) => {
            format!("Node restart completed copying the fragments to Node {node}")
        }
        (EventKind::NODE_FAIL_COMPLETED, [0, failed, 0, ..]) => {
            format!("All nodes completed failure of Node {failed}")
        }
        (EventKind::NODE_FAIL_COMPLETED, [0, failed, completing, ..]) => {
            format!("Node {completing} completed failure of Node {failed}")
        }
        (EventKind::NODE_FAIL_COMPLETED, [block, failed, ..]) => {
            let block = match block {
                245 => "DBTC",
                246 => "DBDIH",
                247 => "DBLQH",
                250 => "DBDICT",
                267 => "DBQLQH",
                _ => return None,
            };
            format!("Node failure of {failed} {block} completed")
        }
        (EventKind::NODE_FAILREP, [failed, state, ..]) => {
            format!("Node {failed} has failed. The Node state at failure was {state}")
        }
        (EventKind::ARBIT_STATE, [code, node, ticket_0, ticket_1, ..]) => {
            arbitration_state(*code, *node, *ticket_0, *ticket_1)?
        }
        (EventKind::ARBIT_RESULT, [code, node, ..]) => arbitration_result(*code, *node)?,
        (EventKind::GCP_TAKEOVER_STARTED, _) => "GCP Take over started".to_owned(),
        (EventKind::GCP_TAKEOVER_COMPLETED, _) => "GCP Take over completed".to_owned(),
        (EventKind::LCP_TAKEOVER_STARTED, _) => "LCP Take over started".to_owned(),
        (EventKind::LCP_TAKEOVER_COMPLETED, [state, ..]) => {
            format!("LCP Take over completed (state = {})", state.cast_signed())
        }
        _ => return None,
    })
}

fn copied(what: &str, words: &[u32]) -> String {
    let mut text = format!("Node restart completed copy of {what} information");
    if let Some(node) = words.first() {
        push(&mut text, format_args!(" to Node {node}"));
    }
    text
}

/// `code` holds the state in its upper half. Codes 11, 23 and 31 are recorded.
fn arbitration_state(code: u32, node: u32, ticket_0: u32, ticket_1: u32) -> Option<String> {
    let verb = match code & 0xFFFF {
        11 => {
            return Some(format!(
                "President restarts arbitration thread [state={}]",
                code >> 16
            ));
        }
        23 => "Receive",
        31 => "Started",
        _ => return None,
    };
    Some(format!(
        "{verb} arbitrator node {node} [ticket={ticket_0:08x}{ticket_1:08x}]"
    ))
}

/// Codes 45 and 46 are recorded; the others follow from the order of the texts.
fn arbitration_result(code: u32, node: u32) -> Option<String> {
    let text = match code & 0xFFFF {
        41 => "Arbitration check lost - less than 1/2 nodes left",
        42 => "Arbitration check won - all node groups and more than 1/2 nodes left",
        43 => "Arbitration check won - node group majority",
        44 => "Arbitration check lost - missing node group",
        45 => "Network partitioning - arbitration required",
        46 => return Some(format!("Arbitration won - positive reply from node {node}")),
        47 => {
            return Some(format!(
                "Arbitration lost - negative reply from node {node}"
            ));
        }
        48 => "Network partitioning - no arbitrator available",
        49 => "Network partitioning - no arbitrator configured",
        _ => return None,
    };
    Some(text.to_owned())
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

/// Words: what is waited for, seconds, words per node set, then five node sets: all,
/// connected, no-wait, missing, without nodegroup.
fn start_report(words: &[u32]) -> Option<String> {
    let [state, seconds, size, sets @ ..] = words else {
        return None;
    };
    let size = usize::try_from(*size).ok().filter(|size| *size <= 8)?;
    let set = |index: usize| sets.get(index * size..(index + 1) * size).map(node_list);
    let (all, connected, no_wait, missing) = (set(0)?, set(1)?, set(2)?, set(3)?);
    let nodes = format!("nodes [ all: {all} connected: {connected} no-wait: {no_wait} ]");
    let lacking = format!("[ missing: {missing} no-wait: {no_wait} ]");
    Some(match state {
        1 => format!("Initial start, waiting for {missing} to connect,  {nodes}"),
        2 => format!("Waiting until nodes: {missing} connects, {nodes}"),
        3 => format!("Waiting {seconds} sec for nodes {missing} to connect, {nodes}"),
        0x8000 => format!("Initial start with nodes {connected} {lacking}"),
        0x8001 => format!("Start with all nodes {connected}"),
        0x8002 => format!("Start with nodes {connected} {lacking}"),
        _ => return None,
    })
}

/// `1, 2 and 3` for a set of nodes, one bit each.
fn node_list(bits: &[u32]) -> String {
    let nodes: Vec<String> = bits
        .iter()
        .enumerate()
        .flat_map(|(index, word)| {
            (0..32)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| (index * 32 + bit).to_string())
        })
        .collect();
    match nodes.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

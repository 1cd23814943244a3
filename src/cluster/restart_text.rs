//! Texts of events around the start and restart of nodes (management protocol, 4.5).

use super::event::wide;
use super::event_kind::EventKind;
use super::event_text::push;

pub(super) fn start(kind: EventKind, words: &[u32]) -> Option<String> {
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

pub(super) fn node_restart(kind: EventKind, words: &[u32]) -> Option<String> {
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

/// Words: what is waited for, seconds, words per node set, then five node sets: all,
/// connected, no-wait, missing, without nodegroup.
pub(super) fn start_report(words: &[u32]) -> Option<String> {
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

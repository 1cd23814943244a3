//! Texts of events around the start, restart and failure of nodes, as far as they take more
//! than a line of the table of types (management protocol, 4.5).

use super::event_words::Words;

pub(super) fn start_phase(d: Words<'_>) -> String {
    let start_type = match d.int(2) {
        0 => "(initial start)".to_owned(),
        1 => "(system restart)".to_owned(),
        2 => "(node restart)".to_owned(),
        3 => "(initial node restart)".to_owned(),
        5 => String::new(),
        unknown => format!("(unknown = {unknown})"),
    };
    format!("Start phase {} completed {start_type}", d[1])
}

pub(super) fn registration_refused(d: Words<'_>) -> String {
    let cause = match d[3] {
        0 => "Busy",
        1 | 2 => "Election with wait = false",
        3 => "Not president",
        4 => "Election without selecting new candidate",
        _ => "No such cause",
    };
    format!(
        "CM_REGREF from Node {} to our Node {}. Cause = {cause}",
        d[2], d[1]
    )
}

pub(super) fn undo_records(d: Words<'_>) -> String {
    let block = match d[1] {
        248 => "DBACC",
        249 => "DBTUP",
        _ => "",
    };
    let records: Vec<String> = (3..=11).map(|word| d.int(word).to_string()).collect();
    format!(" UNDO {block} {} [{}]", d.int(2), records.join(" "))
}

/// The node is named when its word is the only one, as data nodes send it.
pub(super) fn copied(what: &str, d: Words<'_>) -> String {
    let node = match d.count() {
        1 => format!(" to Node {}", d[1]),
        _ => String::new(),
    };
    format!("Node restart completed copy of {what} information{node}")
}

/// Parsable records leave the counts off.
pub(super) fn fragment_copied(d: Words<'_>) -> String {
    let mut text = format!(
        "Table ID = {}, fragment ID = {} have been synced to Node {} ",
        d[2], d[3], d[1]
    );
    if d.count() > 3 {
        text += &format!("rows: {} bytes: {} ", d.wide(4, 5), d.wide(6, 7));
    }
    text
}

/// Parsable records leave the checkpoints off.
pub(super) fn fragment_checkpointed(d: Words<'_>) -> String {
    let mut text = format!(
        "Table ID = {}, fragment ID = {} has completed LCP on Node {}",
        d[2], d[3], d[1]
    );
    if d.count() > 3 {
        text += &format!(" maxGciStarted: {} maxGciCompleted: {}", d.int(4), d.int(5));
    }
    text
}

pub(super) fn failure_completed(d: Words<'_>) -> String {
    let block = match d[1] {
        0 if d[3] == 0 => return format!("All nodes completed failure of Node {}", d[2]),
        0 => return format!("Node {} completed failure of Node {}", d[3], d[2]),
        245 => "DBTC",
        246 => "DBDIH",
        247 => "DBLQH",
        250 => "DBDICT",
        267 => "DBQLQH",
        _ => "",
    };
    format!("Node failure of {} {block} completed", d[2])
}

/// The first word holds the arbitration's code and, in its upper half, its state.
fn code_and_state(d: Words<'_>) -> (u32, u32) {
    (d[1] & 0xFFFF, d[1] >> 16)
}

pub(super) fn arbitration_state(d: Words<'_>) -> String {
    let (code, state) = code_and_state(d);
    let node = d[2];
    let ticket = format!("[ticket={:08x}{:08x}]", d[3], d[4]);
    match code {
        11 => format!("President restarts arbitration thread [state={state}]"),
        // Not recorded; the code before 23 is the only one left beside it.
        22 => format!("Prepare arbitrator node {node} {ticket}"),
        23 => format!("Receive arbitrator node {node} {ticket}"),
        31 => format!("Started arbitrator node {node} {ticket}"),
        32 => format!("Lost arbitrator node {node} - process failure [state={state}]"),
        33 => format!("Lost arbitrator node {node} - process exit [state={state}]"),
        _ => format!("Lost arbitrator node {node} - unknown error [code={code}] [state={state}]"),
    }
}

pub(super) fn arbitration_result(d: Words<'_>) -> String {
    let (code, state) = code_and_state(d);
    let text = match code {
        41 => "Arbitration check lost - less than 1/2 nodes left",
        42 => "Arbitration check won - all node groups and more than 1/2 nodes left",
        43 => "Arbitration check won - node group majority",
        44 => "Arbitration check lost - missing node group",
        45 => "Network partitioning - arbitration required",
        46 => return format!("Arbitration won - positive reply from node {}", d[2]),
        47 => return format!("Arbitration lost - negative reply from node {}", d[2]),
        48 => "Network partitioning - no arbitrator available",
        49 => "Network partitioning - no arbitrator configured",
        50 => {
            return format!(
                "Continuing after wait for external arbitration, nodes: {}",
                hex_set((5..=12).map(|word| d[word]))
            );
        }
        _ => {
            return format!("Arbitration failure - unknown error [code={code}] [state={state}]");
        }
    };
    text.to_owned()
}

/// A set of nodes in hexadecimal, highest word first.
fn hex_set(words: impl DoubleEndedIterator<Item = u32>) -> String {
    words.rev().map(|word| format!("{word:08x}")).collect()
}

pub(super) fn run_redo(d: Words<'_>) -> String {
    let (part, phase) = (d[1], d[2]);
    let (start, current, stop) = (d[3], d[4], d[5]);
    let log = format!("Log part: {part} phase: {phase}");
    if current == start {
        format!(
            "{log} run redo from  gci: {start} (file: {} mb: {}) to  gci: {stop} (file: {} \
             mb: {})",
            d[6], d[7], d[10], d[11]
        )
    } else if current == stop {
        format!(
            "{log} found stop  gci: {stop} (file: {} mb: {})",
            d[10], d[11]
        )
    } else {
        format!("{log} at  gci: {current} (file: {} mb: {})", d[8], d[9])
    }
}

/// Words: how many nodes, why, for which node, words of the set, the set.
pub(super) fn connect_check_started(d: Words<'_>) -> String {
    let length = usize::try_from(d[4]).unwrap_or(usize::MAX);
    let nodes = hex_set(d.slice(5, length).iter().copied());
    format!(
        "Connectivity Check of {} other nodes ({nodes}) started due to UNKNOWN from node {}.",
        d[1], d[3]
    )
}

/// Words: checked, still suspect, failed.
pub(super) fn connect_check_completed(d: Words<'_>) -> String {
    let repeating = match d[2] {
        0 => "",
        _ => ", repeating check",
    };
    format!(
        "Connectivity Check completed on {} nodes.  {} nodes failed.  {} nodes still \
         suspect{repeating}.",
        d[1], d[3], d[2]
    )
}

pub(super) fn failure_rejected(d: Words<'_>) -> String {
    let cause = match d[1] {
        5 => "Link Failure",
        9 => "Connect Check Failure",
        _ => "Unknown",
    };
    format!(
        "Received FAIL_REP ({cause} ({})) for node {} sourced by suspect node {}.  Rejecting as \
         failure of node {}.",
        d[1], d[2], d[3], d[3]
    )
}

/// Words: what is waited for, seconds, words per set of nodes, then five sets: all,
/// connected, no-wait, missing, without nodegroup. The last one may be missing.
pub(super) fn start_report(d: Words<'_>) -> String {
    let (state, seconds) = (d[1], d[2]);
    let size = usize::try_from(d[3]).unwrap_or(usize::MAX);
    let set = |index: usize| {
        let first = size.saturating_mul(index).saturating_add(4);
        node_list(d.slice(first, size))
    };
    let [all, connected, no_wait, missing] = [set(0), set(1), set(2), set(3)];
    let no_nodegroup = if size.saturating_mul(5).saturating_add(3) <= d.count() {
        set(4)
    } else {
        "<unknown>".to_owned()
    };
    let present = format!("nodes [ all: {all} connected: {connected}");
    let lacking = format!("[ missing: {missing} no-wait: {no_wait} ]");
    // 4 and 8 are not recorded; they are worded after 5, without seconds and with the last set.
    match state {
        1 => format!(
            "Initial start, waiting for {missing} to connect,  {present} no-wait: {no_wait} ]"
        ),
        2 => format!("Waiting until nodes: {missing} connects, {present} no-wait: {no_wait} ]"),
        3 => format!(
            "Waiting {seconds} sec for nodes {missing} to connect, {present} no-wait: {no_wait} ]"
        ),
        4 => format!(
            "Waiting for non partitioned start, {present} missing: {missing} no-wait: {no_wait} ]"
        ),
        5 => format!(
            "Waiting {seconds} sec for non partitioned start, {present} missing: {missing} \
             no-wait: {no_wait} ]"
        ),
        6 => format!(
            "Initial start, waiting {seconds} for {no_nodegroup} to connect, {present} \
             missing: {missing} no-wait: {no_wait} no-nodegroup: {no_nodegroup} ]"
        ),
        7 => format!(
            "Waiting {seconds} sec for nodes {missing} to connect, {present} no-wait: {no_wait} \
             no-nodegroup: {no_nodegroup} ]"
        ),
        8 => format!(
            "Waiting {seconds} sec for non partitioned start, {present} missing: {missing} \
             no-wait: {no_wait} no-nodegroup: {no_nodegroup} ]"
        ),
        0x8000 => format!("Initial start with nodes {connected} {lacking}"),
        0x8001 => format!("Start with all nodes {connected}"),
        0x8002 => format!("Start with nodes {connected} {lacking}"),
        unknown => {
            format!("Unknown startreport: 0x{unknown:x} [ {all} {connected} {no_wait} {missing} ]")
        }
    }
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

//! Texts of events that take more than a line of the table of types (management protocol,
//! 4.5).

use super::event_words::Words;
use super::{ErrorNumber, Version};

/// The versions that a node reports: of NDB, then of MySQL. Parsable records leave the
/// second off.
pub(super) fn version(ndb: u32, mysql: u32) -> String {
    match mysql {
        0 => format!("ndb-{}", Version(ndb)),
        mysql => Version::product_string(Version(mysql), Version(ndb)),
    }
}

pub(super) fn stop_started(d: Words<'_>) -> String {
    let what = if d[1] == 1 { "Cluster" } else { "Node" };
    format!("{what} shutdown initiated")
}

pub(super) fn stop_completed(d: Words<'_>) -> String {
    format!(
        "Node shutdown completed{}.{}",
        stop_action(d[1]),
        initiated_by_signal(d.int(2))
    )
}

/// In logs the action is named only when a signal is involved, and the error's text is
/// given.
pub(super) fn stop_forced(d: Words<'_>) -> String {
    let action = match d[2] {
        0 => String::new(),
        _ => stop_action(d[1]),
    };
    let cause = match d[3] {
        0 => String::new(),
        error => {
            let (message, classification, status) = stop_cause(error);
            format!(
                " Caused by error {}: '{message}({classification}). {status}'.{}",
                d.int(3),
                extra_info(d.int(5))
            )
        }
    };
    forced(d, &action, &cause)
}

/// At the prompt the action is always named, and the error has no text.
pub(super) fn stop_forced_at_prompt(d: Words<'_>) -> String {
    let cause = match d.int(3) {
        0 => String::new(),
        error => format!(" Caused by error {error}.{}", extra_info(d.int(5))),
    };
    forced(d, &stop_action(d[1]), &cause)
}

fn forced(d: Words<'_>, action: &str, cause: &str) -> String {
    // 255 outside a start; compared with a sign, printed without.
    let phase = if d.int(4) < 255 {
        format!(" Occurred during startphase {}.", d[4])
    } else {
        String::new()
    };
    let signal = initiated_by_signal(d.int(2));
    format!("Forced node shutdown completed{action}.{phase}{signal}{cause}")
}

/// Bits: 2 no start, 4 initial; any bit at all means that the process comes up again.
fn stop_action(action: u32) -> String {
    [
        (u32::MAX, ", restarting"),
        (2, ", no start"),
        (4, ", initial"),
    ]
    .into_iter()
    .filter(|(bits, _)| action & bits != 0)
    .map(|(_, words)| words)
    .collect()
}

fn initiated_by_signal(signal: i32) -> String {
    match signal {
        0 => String::new(),
        signal => format!(" Initiated by signal {signal}."),
    }
}

fn extra_info(extra: i32) -> String {
    match extra {
        0 => String::new(),
        extra => format!(" (extra info {extra})"),
    }
}

/// Message, classification and status of the numbers with which a data node ends. These are
/// numbers of their own, not those of [`ErrorNumber`].
fn stop_cause(error: u32) -> (&'static str, &'static str, &'static str) {
    const RESTART: &str = "Temporary error, restart node";
    const INTERNAL: &str =
        "Internal error, programming error or missing error message, please report a bug";
    match error {
        2305 => (
            "Node lost connection to other nodes and can not form a unpartitioned cluster, \
             please investigate if there are error(s) on other node(s)",
            "Arbitration error",
            RESTART,
        ),
        2308 => (
            "Another node failed during system restart, please investigate error(s) on other \
             node(s)",
            "Restart error",
            RESTART,
        ),
        2310 => (
            "Error while reading the REDO log",
            "Ndbd file system inconsistency error, please report a bug",
            "Ndbd file system error, restart node initial",
        ),
        2341 => (
            "Internal program error (failed ndbrequire)",
            INTERNAL,
            RESTART,
        ),
        2801 => ("No file system path", INTERNAL, RESTART),
        _ => (
            "No message slogan found (please report a bug if you get this error code)",
            "Unknown",
            "Unknown",
        ),
    }
}

pub(super) fn backup_completed(d: Words<'_>) -> String {
    format!(
        "Backup {} started from node {} completed. StartGCP: {} StopGCP: {} #Records: {} \
         #LogRecords: {} Data: {} bytes Log: {} bytes",
        d[2],
        d[1],
        d[3],
        d[4],
        d.wide(6, 10),
        d.wide(8, 12),
        d.wide(5, 9),
        d.wide(7, 11)
    )
}

/// Four lines, where logs have one.
pub(super) fn backup_completed_at_prompt(d: Words<'_>) -> String {
    format!(
        "Backup {} started from node {} completed\n StartGCP: {} StopGCP: {}\n \
         #Records: {} #LogRecords: {}\n Data: {} bytes Log: {} bytes",
        d[2],
        d[1],
        d[3],
        d[4],
        d.wide(6, 10),
        d.wide(8, 12),
        d.wide(5, 9),
        d.wide(7, 11)
    )
}

pub(super) fn backup_status(d: Words<'_>) -> String {
    if d[1] == 0 {
        return "Backup not started".to_owned();
    }
    format!(
        "Local backup status: backup {} started from node {}\n #Records: {} #LogRecords: {}\n \
         Data: {} bytes Log: {} bytes",
        d[2],
        d[1],
        d.wide(5, 6),
        d.wide(9, 10),
        d.wide(3, 4),
        d.wide(7, 8)
    )
}

/// What follows an error number: ` - Backup aborted by user request: Permanent error: ..`.
pub(super) fn error_and_reason(error: ErrorNumber) -> String {
    format!(" - {}", error.text())
}

pub(super) fn memory_usage(d: Words<'_>) -> String {
    let memory = match d[5] {
        249 => "Data",
        248 => "Index",
        _ => "<unknown>",
    };
    let change = match d.int(1) {
        0 => "is",
        1.. => "increased to",
        ..0 => "decreased to",
    };
    let percent = percent(u64::from(d[3]), u64::from(d[4]));
    format!(
        "{memory} usage {change} {percent}%({} {}K pages of total {})",
        d.int(3),
        d.int(2) / 1024,
        d.int(4)
    )
}

/// Whole percent, rounded down; 0 of nothing. The original divides by 0 there and ends.
fn percent(part: u64, whole: u64) -> u64 {
    part.wrapping_mul(100).checked_div(whole).unwrap_or(0)
}

/// Parsable records leave the last two words off.
pub(super) fn transaction_counters(d: Words<'_>) -> String {
    let mut text = format!(
        "Trans. Count = {}, Commit Count = {}, Read Count = {}, Simple Read Count = {}, \
         Write Count = {}, AttrInfo Count = {}, Concurrent Operations = {}, Abort Count = {} \
         Scans = {} Range scans = {}",
        d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10]
    );
    if d.count() > 10 {
        text += &format!(
            ", Local Read Count = {} Local Write Count = {}",
            d[11], d[12]
        );
    }
    text
}

pub(super) fn transporter_error(d: Words<'_>) -> String {
    let reason = match d[2] {
        2 => "Error found before accept. The transporter will retry",
        7 => "Error found while listening to server socket",
        _ => "unknown error",
    };
    format!(
        "Transporter to node {} reported error 0x{:x}: {reason}",
        d.int(1),
        d[2]
    )
}

pub(super) fn single_user(d: Words<'_>) -> String {
    match d.int(1) {
        0 => "Entering single user mode".to_owned(),
        1 => format!(
            "Entered single user mode Node {} has exclusive access",
            d.int(2)
        ),
        2 => "Exiting single user mode".to_owned(),
        unknown => format!("Unknown single user report {unknown}"),
    }
}

pub(super) fn subscription_status(d: Words<'_>) -> String {
    match d[1] {
        1 => format!(
            "Disconnecting node {} because it has exceeded MaxBufferedEpochs ({} >= {}), \
             epoch {}/{}",
            d[2], d[5], d[6], d[4], d[3]
        ),
        2 => format!(
            "Nodefailure while out of event buffer: informing subscribers of possibly missing \
             event data, epoch {}/{}",
            d[4], d[3]
        ),
        3 => format!(
            "Forcing disconnect of node {} as it did not connect within {} seconds.",
            d[2], d[3]
        ),
        _ => String::new(),
    }
}

pub(super) fn redo_status(d: Words<'_>) -> String {
    let (total, free) = (d.wide(7, 6), d.wide(9, 8));
    format!(
        "Logpart: {} head=[ file: {} mbyte: {} ] tail=[ file: {} mbyte: {} ] total mb: {total} \
         free mb: {free} free%: {}",
        d[1],
        d[2],
        d[3],
        d[4],
        d[5],
        percent(free, total)
    )
}

/// Words: used, allocated, most; epochs applied and latest, low word first.
pub(super) fn event_buffer(d: Words<'_>) -> String {
    let [used, allocated, most] = [d[1], d[2], d[3]];
    format!(
        "Event buffer status: max={} used={}({}% of max) alloc={} apply_epoch={}/{} \
         latest_epoch={}/{}",
        size(most),
        size(used),
        percent(u64::from(used), u64::from(most)),
        size(allocated),
        d[5],
        d[4],
        d[7],
        d[6]
    )
}

/// The original has no blank between `alloc` and what follows.
pub(super) fn event_buffer_2(d: Words<'_>) -> String {
    let [used, allocated, most] = [d[1], d[2], d[3]];
    format!(
        "Event buffer status (0x{:x}): max={} used={}({}% of max) alloc={}{}",
        d[8],
        size(most),
        size(used),
        percent(u64::from(used), u64::from(most)),
        size(allocated),
        buffered_epochs(d)
    )
}

pub(super) fn event_buffer_3(d: Words<'_>) -> String {
    let [used, allocated, most] = [d.wide(1, 10), d.wide(2, 11), d.wide(3, 12)];
    format!(
        "Event buffer status (0x{:x}): max={} used={}({}% of max) alloc={} {}",
        d[8],
        wide_size(most),
        wide_size(used),
        percent(used, most),
        wide_size(allocated),
        buffered_epochs(d)
    )
}

fn buffered_epochs(d: Words<'_>) -> String {
    // 1, 3, 4 and 6 are not recorded; they follow from the names of their neighbours.
    let reason = match d[9] {
        0 => "NO_REPORT",
        1 => "COMPLETELY_BUFFERING",
        2 => "PARTIALLY_DISCARDING",
        3 => "COMPLETELY_DISCARDING",
        4 => "PARTIALLY_BUFFERING",
        5 => "BUFFERED_EPOCHS_OVER_THRESHOLD",
        6 => "ENOUGH_FREE_EVENTBUFFER",
        7 => "LOW_FREE_EVENTBUFFER",
        8 => "EVENTBUFFER_USAGE_HIGH",
        _ => "UNKNOWN reason code",
    };
    format!(
        "latest_consumed_epoch={}/{} latest_buffered_epoch={}/{} report_reason={reason}",
        d[5], d[4], d[7], d[6]
    )
}

const KILO: u32 = 1 << 10;
const MEGA: u32 = 1 << 20;

/// A unit is used up to this many times itself. Recorded are 2801 as the largest in bytes,
/// 329516 and 460316 in KB.
const UNITS_MAX: u32 = 10;

/// Whole units, rounded up. The sum wraps at 32 bits, so the largest sizes read `0MB`.
fn size(bytes: u32) -> String {
    if bytes <= UNITS_MAX * KILO {
        format!("{bytes}B")
    } else if bytes <= UNITS_MAX * MEGA {
        format!("{}KB", bytes.div_ceil(KILO))
    } else {
        format!("{}MB", bytes.wrapping_add(MEGA - 1) / MEGA)
    }
}

fn wide_size(bytes: u64) -> String {
    match u32::try_from(bytes) {
        Ok(bytes) if bytes <= UNITS_MAX * MEGA => size(bytes),
        _ => format!("{}MB", bytes.div_ceil(u64::from(MEGA))),
    }
}

/// The envelope of another event; nothing is known of its text.
pub(super) fn saved_event(d: Words<'_>) -> String {
    let words: String = d
        .slice(1, d.count())
        .iter()
        .map(|word| format!(" {word}"))
        .collect();
    format!("SavedEvent{words}")
}

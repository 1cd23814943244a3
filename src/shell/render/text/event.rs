//! Events as the prompt shows them: lines of the table of event types.

use crate::cluster::{Event, EventBody, HostPort, SavedEvent};

/// The order to stop a backup that another data node can't go on with (management protocol, 7.4).
pub(in crate::shell) const STOPPED_WITH_OTHERS: u32 = 1323;

/// The lines of an event at the prompt, or `None` for events that the prompt leaves out.
pub(in crate::shell) fn render_event(event: &Event) -> Option<String> {
    event.render_prompt().map(|text| text + "\n")
}

/// In the place of events that came faster than they could be shown.
pub(in crate::shell) fn render_left_out(count: u64) -> String {
    let number = grouped(count);
    let events = if count == 1 { "event" } else { "events" };
    format!("{number} {events} left out\n")
}

/// A number with commas between its thousands.
pub(in crate::shell) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut number = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            number.push(',');
        }
        number.push(digit);
    }
    number
}

/// The event connection ended; the backup was running when it was heard of last.
pub(in crate::shell) fn render_events_lost(server: &HostPort, backup: Option<u32>) -> String {
    let backup = backup.map_or(String::new(), |id| format!("; backup {id} may still run"));
    format!("Events: connection to {server} lost{backup}\n")
}

/// What is known of a backup once events come again.
pub(in crate::shell) enum BackupFate {
    /// A data node reports it.
    Runs,
    /// The event of its end was kept by a data node.
    Ended(Event),
    /// No data node reports it, and none has kept its end.
    Unknown,
}

/// Events come again, and what is known of the backup that was running.
pub(in crate::shell) fn render_events_back(
    server: &HostPort,
    backup: Option<&(u32, BackupFate)>,
) -> String {
    let backup = match backup {
        Some((id, BackupFate::Runs)) => format!("; backup {id} runs"),
        Some((id, BackupFate::Ended(_))) => format!("; backup {id} has ended:"),
        Some((id, BackupFate::Unknown)) => format!(
            "; no data node reports backup {id} any more, the cluster log tells how it ended"
        ),
        None => String::new(),
    };
    format!("Events: connected to {server}{backup}\n")
}

/// Below the first of the lines of an aborted backup that give no reason of their own.
pub(in crate::shell) fn render_stopped_with_others(id: u32) -> String {
    format!(
        "Note: error {STOPPED_WITH_OTHERS} is no reason of its own: these data nodes stopped \
         backup {id} because the first one did.\n"
    )
}

/// A line of REPORT MemoryUsage.
pub(super) fn render_memory_report(event: &Event) -> Option<String> {
    match event.body {
        EventBody::MemoryUsage { .. } => Some(event.render_line() + "\n"),
        _ => None,
    }
}

/// A line of REPORT EventLog: whole seconds, in UTC (management protocol, 6.7).
pub(in crate::shell) fn render_saved_event(saved: &SavedEvent) -> String {
    let time = jiff::Timestamp::from_second(i64::from(saved.time)).unwrap_or_default();
    format!(
        "{} {}\n",
        time.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        saved.render_line()
    )
}

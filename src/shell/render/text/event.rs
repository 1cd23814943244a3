//! Events as the prompt shows them: lines of the table of event types.

use crate::cluster::{Event, EventBody, SavedEvent};

/// The lines of an event at the prompt, or `None` for events that the prompt leaves out.
pub(in crate::shell) fn render_event(event: &Event) -> Option<String> {
    event.render_prompt().map(|text| text + "\n")
}

/// A line of REPORT MemoryUsage.
pub(super) fn render_memory_report(event: &Event) -> Option<String> {
    match event.body {
        EventBody::MemoryUsage { .. } => Some(event.render_line() + "\n"),
        _ => None,
    }
}

/// A line of REPORT EventLog: whole seconds, in UTC (management protocol, 6.7).
pub(super) fn render_saved_event(saved: &SavedEvent) -> String {
    let time = jiff::Timestamp::from_second(i64::from(saved.time)).unwrap_or_default();
    format!(
        "{} {}\n",
        time.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        saved.render_line()
    )
}

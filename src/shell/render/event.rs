//! Events as the prompt shows them: lines of the table of event types.

use crate::cluster::{Event, EventBody};

/// The lines of an event at the prompt, or `None` for events that the prompt leaves out.
pub(in crate::shell) fn render_event(event: &Event) -> Option<String> {
    event.render_prompt().map(|text| text + "\n")
}

/// A line of REPORT MemoryUsage.
pub(in crate::shell) fn render_memory_report(event: &Event) -> Option<String> {
    match event.body {
        EventBody::MemoryUsage { .. } => Some(event.render_line() + "\n"),
        _ => None,
    }
}

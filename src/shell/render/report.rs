//! REPORT BackupStatus, MemoryUsage and EventLog (management protocol, 6.7).

use crate::cluster::{NodeId, SavedEvent};

pub(in crate::shell) const REPORT_FAILED: &str = "ERROR: failed to fetch report!\n";
pub(in crate::shell) const REPORT_STATUS_UNAVAILABLE: &str =
    "ERROR: couldn't fetch cluster status\n";

pub(in crate::shell) fn render_not_a_data_node(node: NodeId) -> String {
    format!("ERROR: node {node} is not a NDB node!\n")
}

/// A line of REPORT EventLog: whole seconds, in UTC.
pub(in crate::shell) fn render_saved_event(saved: &SavedEvent) -> String {
    let time = jiff::Timestamp::from_second(i64::from(saved.time)).unwrap_or_default();
    format!(
        "{} {}\n",
        time.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        saved.render_line()
    )
}

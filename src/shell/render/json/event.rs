//! Events of the cluster.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::cluster::{BackupTotals, ErrorNumber, Event, EventBody, SavedEvent};

use super::{SCHEMA, Time};

/// An event of the cluster: what a node has reported.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(title = "Event", rename = "Event")
)]
pub(super) struct EventReport {
    /// Version of this object; see `docs/scripts.md`.
    schema: u32,
    /// Always `event`; a command's is `command`.
    r#type: EventType,
    /// When it was heard; of a saved event, when it happened.
    time: Time,
    /// The reporting node.
    node: u32,
    /// Name of its type, such as `BackupCompleted`.
    event: &'static str,
    /// Number of its type.
    number: u32,
    /// Its category, such as `BACKUP`.
    category: &'static str,
    /// The least log level at which it is reported, 0 to 15.
    level: u32,
    /// How grave it is: `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL` or `ALERT`.
    severity: &'static str,
    /// What it tells, by the names of the management protocol; totals of backups are 64 bits
    /// wide. Empty for types without names.
    values: BTreeMap<&'static str, u64>,
    /// The text of its error; null unless `values` has an `error`.
    reason: Option<String>,
    /// The line of the cluster log, without the time and the node.
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
enum EventType {
    Event,
}

impl EventReport {
    /// An event that was heard at `now`.
    pub(super) fn of(event: &Event, now: Timestamp) -> Self {
        let kind = event.body.kind();
        let values = values(&event.body);
        let error = values
            .get("error")
            .and_then(|error| u32::try_from(*error).ok());
        EventReport {
            schema: SCHEMA,
            r#type: EventType::Event,
            time: Time::of(now),
            node: event.source.get(),
            event: kind.name(),
            number: kind.number(),
            category: kind.category().name(),
            level: kind.threshold().get(),
            severity: kind.severity().name(),
            values,
            reason: error.map(|error| ErrorNumber(error).text()),
            text: event.render_text(),
        }
    }

    /// An event that a data node has kept.
    pub(super) fn of_saved(saved: &SavedEvent) -> Self {
        let time = Timestamp::from_second(i64::from(saved.time)).unwrap_or_default();
        EventReport::of(&saved.event, time)
    }
}

/// What an event tells, by name.
fn values(body: &EventBody) -> BTreeMap<&'static str, u64> {
    let mut values: BTreeMap<_, _> = match body {
        EventBody::BackupCompleted {
            starting_node,
            backup_id,
            start_gci,
            stop_gci,
            ..
        } => [
            ("starting_node", *starting_node),
            ("backup_id", *backup_id),
            ("start_gci", start_gci.0),
            ("stop_gci", stop_gci.0),
        ]
        .map(wide)
        .into(),
        EventBody::BackupStatus {
            starting_node,
            backup_id,
            ..
        } => [("starting_node", *starting_node), ("backup_id", *backup_id)]
            .map(wide)
            .into(),
        body => {
            let keys = body.kind().keys().unwrap_or_default();
            keys.iter().copied().zip(body.words()).map(wide).collect()
        }
    };
    if let EventBody::BackupCompleted { totals, .. } | EventBody::BackupStatus { totals, .. } = body
    {
        values.extend(named(*totals));
    }
    values
}

fn wide((name, word): (&'static str, u32)) -> (&'static str, u64) {
    (name, u64::from(word))
}

fn named(totals: BackupTotals) -> [(&'static str, u64); 4] {
    [
        ("n_bytes", totals.bytes),
        ("n_records", totals.records),
        ("n_log_bytes", totals.log_bytes),
        ("n_log_records", totals.log_records),
    ]
}

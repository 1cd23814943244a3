//! How far a backup is.

use serde::Serialize;

use crate::shell::outcome::{Look, NodeProgress};

use super::result::Totals;
use super::{SCHEMA, Time};

/// How far a backup is that is waited for; on standard error, with `--progress=json`.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(title = "Progress", rename = "Progress")
)]
pub(super) struct ProgressReport {
    /// Version of this object; see `docs/scripts.md`.
    schema: u32,
    /// Always `progress`.
    r#type: ProgressType,
    /// When the data nodes were asked.
    time: Time,
    /// The backup.
    id: u32,
    /// Seconds since the wait began.
    elapsed: u64,
    /// The data nodes that report it.
    nodes: Vec<NodeReport>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
enum ProgressType {
    Progress,
}

/// What a data node has written.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "NodeProgress"))]
struct NodeReport {
    /// The data node.
    node: u32,
    /// What has been written so far.
    totals: Totals,
    /// Bytes a second since the last question.
    rate: u64,
    /// Percent of what will be written, by an earlier backup or the memory in use; null if
    /// nothing tells, or the estimate has proven wrong.
    estimated_percent: Option<u8>,
}

impl ProgressReport {
    pub(super) fn of(look: &Look, time: Time) -> Self {
        let node = |of: &NodeProgress| NodeReport {
            node: of.node.get(),
            totals: of.totals.into(),
            rate: of.rate,
            estimated_percent: of.estimate,
        };
        ProgressReport {
            schema: SCHEMA,
            r#type: ProgressType::Progress,
            time,
            id: look.id,
            elapsed: look.elapsed.as_secs(),
            nodes: look.nodes.iter().map(node).collect(),
        }
    }
}

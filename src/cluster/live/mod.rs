//! A cluster as it lives: what is heard of it and seen of it again and again ([`Live`]), as one
//! [`Snapshot`] for each moment.

mod accumulator;
mod backups;
mod node_activity;
mod snapshot;

use std::time::Duration;

pub use accumulator::{EVENTS_MAX, Live};
pub use backups::BackupEstimate;
pub use snapshot::{Contact, LiveBackup, LiveEvent, LiveNode, Rates, Snapshot};

/// Age of a report from which on its rates say nothing of the present: data nodes report about
/// every 5 s.
pub const REPORT_AGE_MAX: Duration = Duration::from_secs(15);

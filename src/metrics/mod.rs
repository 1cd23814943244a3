//! Figures of a cluster in Prometheus's text format, version 0.0.4.
//!
//! Pure: no IO, no clock, no printing. `docs/metrics.md` lists every metric.

mod activity;
mod cluster;
mod exposition;
mod nightly;

pub use activity::{Activity, LastBackup};
pub use cluster::{push_cluster, push_health};
pub use exposition::{Exposition, MetricKind};
pub use nightly::{NightlyRun, NightlyRuns, push_nightly};

//! The runs of the nightly job, as its state file tells.

use super::exposition::{Exposition, MetricKind};

/// A run of `ndb_backup run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NightlyRun {
    /// The id of its backup, if it came so far.
    pub backup_id: Option<u32>,
    /// When it began, in seconds since 1970.
    pub started: Option<i64>,
    /// When it ended; none while it runs.
    pub ended: Option<i64>,
    /// Its exit status; none while it runs.
    pub exit_status: Option<u8>,
    /// Bytes of the gathered files.
    pub bytes: Option<u64>,
}

/// The last run, and the last one that ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NightlyRuns {
    /// Whatever came of it.
    pub last: NightlyRun,
    /// Ended with status 0.
    pub last_success: Option<NightlyRun>,
}

fn time(seconds: Option<i64>) -> Option<u64> {
    seconds.and_then(|seconds| u64::try_from(seconds).ok())
}

/// The nightly job; without `runs` the state file could not be read.
pub fn push_nightly(out: &mut Exposition, runs: Option<&NightlyRuns>) {
    let mut gauge = |name, help, value: Option<u64>| {
        if let Some(value) = value {
            out.family(name, MetricKind::Gauge, help);
            out.sample(&[], value);
        }
    };
    gauge(
        "ndb_nightly_backup_state_readable",
        "1 if the state file of ndb_backup could be read.",
        Some(u64::from(runs.is_some())),
    );
    let Some(NightlyRuns { last, last_success }) = runs else {
        return;
    };
    gauge(
        "ndb_nightly_backup_running",
        "1 while the last run of ndb_backup is at work, or if it was killed.",
        Some(u64::from(last.exit_status.is_none())),
    );
    gauge(
        "ndb_nightly_backup_exit_status",
        "Exit status of the last run of ndb_backup.",
        last.exit_status.map(u64::from),
    );
    gauge(
        "ndb_nightly_backup_id",
        "Id of the backup of the last run.",
        last.backup_id.map(u64::from),
    );
    gauge(
        "ndb_nightly_backup_start_timestamp_seconds",
        "When the last run began, in seconds since 1970.",
        time(last.started),
    );
    gauge(
        "ndb_nightly_backup_end_timestamp_seconds",
        "When the last run ended, in seconds since 1970.",
        time(last.ended),
    );
    let success = last_success.as_ref();
    gauge(
        "ndb_nightly_backup_last_success_timestamp_seconds",
        "When the last run that succeeded ended, in seconds since 1970.",
        time(success.and_then(|run| run.ended)),
    );
    gauge(
        "ndb_nightly_backup_last_success_id",
        "Id of the backup of the last run that succeeded.",
        success.and_then(|run| run.backup_id).map(u64::from),
    );
    gauge(
        "ndb_nightly_backup_last_success_size_bytes",
        "Bytes of the files that it gathered.",
        success.and_then(|run| run.bytes),
    );
}

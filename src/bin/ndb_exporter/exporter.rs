//! What is asked for a scrape, and the text that comes of it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ndbmgm::client::{ClientError, ConnectOptions, Questions, connect};
use ndbmgm::cluster::state::{ClusterState, Health, MemoryLimits, UnknownCause};
use ndbmgm::metrics::{Activity, Exposition, MetricKind, push_cluster, push_health, push_nightly};
use tokio::time::timeout;

use crate::complain;
use crate::files::read_nightly;

/// Everything that a scrape shows.
const QUESTIONS: Questions = Questions {
    backups: true,
    memory: true,
};

/// The cluster, and what was heard of it.
pub(crate) struct Exporter {
    /// Each answer has a part of the time of the scrape.
    pub(crate) connect: ConnectOptions,
    /// Longest time of a scrape.
    pub(crate) limit: Duration,
    pub(crate) activity: Mutex<Activity>,
    pub(crate) is_listening: AtomicBool,
    pub(crate) errors: AtomicU64,
    pub(crate) state_file: Option<PathBuf>,
    pub(crate) backup_state: Option<PathBuf>,
}

impl Exporter {
    /// What was heard; that another thread died has not spoilt it.
    pub(crate) fn activity(&self) -> MutexGuard<'_, Activity> {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All metrics, within the limit.
    pub(crate) async fn scrape(&self) -> String {
        let start = Instant::now();
        let asked = self.ask().await;
        let is_complete = asked
            .as_ref()
            .is_ok_and(|state| state.memory().is_some() && state.backups().is_some());
        if !is_complete {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        let mut out = Exposition::new();
        match asked {
            Ok(state) => {
                push_health(&mut out, &state.health(MemoryLimits::default()));
                push_cluster(&mut out, &state);
            }
            Err(cause) => {
                tracing::debug!(?cause, "scrape");
                push_health(&mut out, &Health::unknown(cause));
            }
        }
        self.activity().push(&mut out);
        self.push_nightly(&mut out);
        self.push_own(&mut out, is_complete, start.elapsed());
        out.into_text()
    }

    async fn ask(&self) -> Result<ClusterState, UnknownCause> {
        let seen = timeout(self.limit, async {
            let mut session = connect(&self.connect).await?;
            let seen = session.look_around(QUESTIONS, &self.connect).await?;
            Ok::<_, ClientError>(seen.state)
        });
        match seen.await {
            Ok(seen) => seen.map_err(|error| UnknownCause::from(&error)),
            Err(_) => Err(UnknownCause::NoAnswer(format!(
                "no answer within {} s",
                self.limit.as_secs()
            ))),
        }
    }

    fn push_nightly(&self, out: &mut Exposition) {
        let Some(path) = &self.backup_state else {
            return;
        };
        let runs = read_nightly(path);
        if let Err(error) = &runs {
            tracing::debug!(%error, path = %path.display(), "state of the nightly job");
        }
        push_nightly(out, runs.as_ref().ok());
    }

    fn push_own(&self, out: &mut Exposition, is_complete: bool, took: Duration) {
        out.family(
            "ndb_exporter_listening",
            MetricKind::Gauge,
            "1 while the exporter hears the events that its counters need.",
        );
        out.sample(&[], u64::from(self.is_listening.load(Ordering::Relaxed)));
        out.family(
            "ndb_exporter_scrape_success",
            MetricKind::Gauge,
            "1 if the cluster answered all that this scrape asked.",
        );
        out.sample(&[], u64::from(is_complete));
        out.family(
            "ndb_exporter_scrape_errors_total",
            MetricKind::Counter,
            "Scrapes in which it did not.",
        );
        out.sample(&[], self.errors.load(Ordering::Relaxed));
        out.family(
            "ndb_exporter_scrape_duration_seconds",
            MetricKind::Gauge,
            "How long this scrape took.",
        );
        out.sample_seconds(&[], took);
    }

    /// Writes down how the last backup ended, if that is wanted.
    pub(crate) fn remember(&self) {
        let last = self.activity().last_backup();
        if let (Some(path), Some(last)) = (&self.state_file, last)
            && let Err(error) = crate::files::write_last_backup(path, last)
        {
            complain(&format!(
                "cannot write {}: {error}; after a restart the last backup is not known",
                path.display()
            ));
        }
    }
}

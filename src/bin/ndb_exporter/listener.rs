//! The events of the cluster, listened to all the time.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ndbmgm::client::{ClientError, ConnectOptions, SILENCE_LIMIT, connect};
use ndbmgm::cluster::{EventCategory, LogLevel};
use tokio::time::sleep;

use crate::complain;
use crate::exporter::Exporter;

/// Pause before a lost connection is made again.
const PAUSE: Duration = Duration::from_secs(2);

/// Counters, missed heartbeats, and backups.
const FILTER: [(EventCategory, LogLevel); 3] = [
    (EventCategory::Statistics, LogLevel::MAX),
    (EventCategory::Error, LogLevel::MAX),
    (EventCategory::Backup, LogLevel::MAX),
];

impl Exporter {
    /// Listens, and goes on at another server when one is lost. Says why once for each loss.
    pub(crate) async fn listen(&self) {
        let mut has_complained = false;
        loop {
            let Err(error) = self.follow().await;
            if self.is_listening.swap(false, Ordering::Relaxed) || !has_complained {
                complain(&format!(
                    "no events of the cluster: {error}; trying again every {} s",
                    PAUSE.as_secs()
                ));
                has_complained = true;
            }
            sleep(PAUSE).await;
        }
    }

    /// Hears events until the connection is lost.
    async fn follow(&self) -> Result<std::convert::Infallible, ClientError> {
        let options = self.listening_options();
        let mut events = connect(&options).await?.listen_to(&FILTER).await?;
        // Only now: what ends meanwhile is heard.
        if let Err(error) = self.recall().await {
            tracing::debug!(%error, "saved events");
        }
        self.is_listening.store(true, Ordering::Relaxed);
        loop {
            let event = events.next().await?;
            let before = self.activity().last_backup();
            self.activity().hear(&event, now());
            if self.activity().last_backup() != before {
                self.remember();
            }
        }
    }

    /// Asks the data nodes for what they kept, to know the backup that ended last.
    ///
    /// # Errors
    ///
    /// Nobody tells.
    pub(crate) async fn recall(&self) -> Result<(), ClientError> {
        let mut session = connect(&self.listening_options()).await?;
        let saved = session.dump_saved_events(&[]).await?;
        self.activity().recall(saved.into_time_order());
        self.remember();
        Ok(())
    }

    /// Nobody waits for the answers.
    fn listening_options(&self) -> ConnectOptions {
        ConnectOptions {
            timeout: SILENCE_LIMIT,
            ..self.connect.clone()
        }
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

//! The event connection of the prompt (management protocol, 6.4).
//!
//! A task reads events and prints them, while commands use the main connection.

use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::client::{ClientError, ConnectOptions, EventStream, Session};
use crate::cluster::{Event, EventBody, EventCategory, EventKind, LogLevel};

use super::output::Output;
use super::render;

/// What a one-shot START BACKUP listens to.
const ALL_ABOUT_BACKUPS: (EventCategory, LogLevel) = (EventCategory::Backup, LogLevel::MAX);

/// What the prompt listens to: backups, starts and stops without their phases, memory
/// thresholds without other counters.
fn prompt_filter() -> [(EventCategory, LogLevel); 3] {
    let up_to = |kind: EventKind| (kind.category(), kind.threshold());
    [
        ALL_ABOUT_BACKUPS,
        up_to(EventKind::NODE_START_STARTED),
        up_to(EventKind::MEMORY_USAGE),
    ]
}

/// Events about backups that a waiting command can fall behind by.
const BACKLOG: usize = 64;

/// A running event connection.
pub(super) struct EventFeed {
    task: JoinHandle<()>,
    backups: broadcast::Sender<EventBody>,
    /// Found out whether the server wants TLS; stays open and idle, as the original's does.
    _probe: Session,
}

/// Why there is no event connection.
pub(super) enum NoFeed {
    /// The server wants TLS.
    NeedsTls,
    /// Anything else.
    Failed(ClientError),
}

impl EventFeed {
    /// Connects and starts printing.
    pub(super) async fn open(options: &ConnectOptions, output: Output) -> Result<Self, NoFeed> {
        let mut probe = connect_quietly(options).await.map_err(NoFeed::Failed)?;
        if let Err(error) = probe.get_info_clusterlog().await {
            return Err(if is_tls_required(&error) {
                NoFeed::NeedsTls
            } else {
                NoFeed::Failed(error)
            });
        }
        let stream = listen(options, &prompt_filter())
            .await
            .map_err(NoFeed::Failed)?;
        let (backups, _) = broadcast::channel(BACKLOG);
        let task = tokio::spawn(print_events(stream, output, backups.clone()));
        Ok(Self {
            task,
            backups,
            _probe: probe,
        })
    }

    /// Events about backups that are printed from now on.
    pub(super) fn backups(&self) -> broadcast::Receiver<EventBody> {
        self.backups.subscribe()
    }

    /// True until the connection is lost.
    pub(super) fn is_running(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for EventFeed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Opens the event connection of a one-shot START BACKUP.
pub(super) async fn listen_to_backups(
    options: &ConnectOptions,
) -> Result<EventStream, ClientError> {
    listen(options, &[ALL_ABOUT_BACKUPS]).await
}

async fn listen(
    options: &ConnectOptions,
    filter: &[(EventCategory, LogLevel)],
) -> Result<EventStream, ClientError> {
    connect_quietly(options).await?.listen_to(filter).await
}

async fn connect_quietly(options: &ConnectOptions) -> Result<Session, ClientError> {
    crate::client::connect(options).await
}

fn is_tls_required(error: &ClientError) -> bool {
    matches!(error.number(), 1501..=1503)
}

/// Prints events until the connection ends; the next command notices that the server is gone.
async fn print_events(
    mut stream: EventStream,
    output: Output,
    backups: broadcast::Sender<EventBody>,
) {
    while let Ok(event) = stream.next().await {
        let Event { body, .. } = &event;
        if let Some(text) = render::render_event(&event) {
            output.announce(text);
        }
        if is_about_backup(body) {
            // Nobody may be waiting for it.
            let _ = backups.send(event.body);
        }
    }
}

/// Start and end of backups; not their progress, which comes often.
fn is_about_backup(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::BackupStarted { .. }
            | EventBody::BackupFailedToStart { .. }
            | EventBody::BackupCompleted { .. }
            | EventBody::BackupAborted { .. }
    )
}

//! The event connection of the prompt (management protocol, 6.4).
//!
//! A task reads events and prints them, while commands use the main connection. When the connection
//! is lost it says so and tries the servers of the connect string until one answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::sleep;

use crate::client::{ClientError, ConnectOptions, EventStream, Retries, Session};
use crate::cluster::state::RunningBackup;
use crate::cluster::{
    ConnectString, Event, EventBody, EventCategory, EventKind, HostPort, LogLevel, ReportKind,
    SavedEvent,
};

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

/// How long the loss of the connection is kept quiet: a command that ends it, as SHUTDOWN does,
/// says so itself.
const QUIET: Duration = Duration::from_secs(1);

/// Longest wait for the backup status once events come again.
const STATUS_LIMIT: Duration = Duration::from_secs(10);

/// An event connection that is made again when it is lost.
pub(super) struct EventFeed {
    task: JoinHandle<()>,
    backups: broadcast::Sender<Event>,
    is_connected: Arc<AtomicBool>,
    /// The backup whose end was told by a command, or 0.
    ended: Arc<AtomicU32>,
    is_tls: bool,
}

/// Why there is no event connection.
pub(super) enum NoFeed {
    /// The server wants TLS.
    NeedsTls,
    /// Anything else.
    Failed(ClientError),
}

impl EventFeed {
    /// Connects to `server` and starts printing. Once that is lost, the servers of `others` are
    /// tried.
    pub(super) async fn open(
        server: &ConnectOptions,
        others: ConnectOptions,
        output: Output,
    ) -> Result<Self, NoFeed> {
        let connection = Connection::open(server).await?;
        let (backups, _) = broadcast::channel(BACKLOG);
        let is_connected = Arc::new(AtomicBool::new(true));
        let ended = Arc::new(AtomicU32::new(0));
        let reader = FeedReader {
            others: ConnectOptions {
                retries: Retries::Attempts(1),
                tls: server.tls.clone(),
                ..others
            },
            output,
            backups: backups.clone(),
            is_connected: Arc::clone(&is_connected),
            ended: Arc::clone(&ended),
            running: None,
            explained: None,
        };
        Ok(Self {
            is_tls: connection.probe.is_tls(),
            task: tokio::spawn(reader.run(connection)),
            backups,
            is_connected,
            ended,
        })
    }

    /// Events about backups that are printed from now on.
    pub(super) fn backups(&self) -> broadcast::Receiver<Event> {
        self.backups.subscribe()
    }

    /// The end of a backup that a command tells itself.
    pub(super) fn know_end_of(&self, event: &Event) {
        if let EventBody::BackupCompleted { backup_id, .. }
        | EventBody::BackupAborted { backup_id, .. } = event.body
        {
            self.ended.store(backup_id, Ordering::Relaxed);
        }
    }

    /// True if it uses TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// False while the connection is lost.
    pub(super) fn is_running(&self) -> bool {
        self.is_connected.load(Ordering::Relaxed)
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

/// The two connections for events.
struct Connection {
    stream: EventStream,
    /// Found out whether the server wants TLS; stays open and idle, as the original's does.
    probe: Session,
}

impl Connection {
    async fn open(options: &ConnectOptions) -> Result<Self, NoFeed> {
        let mut probe = connect_quietly(options).await.map_err(NoFeed::Failed)?;
        if !probe.is_tls()
            && let Err(error) = probe.get_info_clusterlog().await
        {
            return Err(if is_tls_required(&error) {
                NoFeed::NeedsTls
            } else {
                NoFeed::Failed(error)
            });
        }
        let same_server = ConnectOptions {
            connect_string: ConnectString {
                node_id: 0,
                hosts: vec![probe.server().clone()],
            },
            ..options.clone()
        };
        let stream = listen(&same_server, &prompt_filter())
            .await
            .map_err(NoFeed::Failed)?;
        Ok(Self { stream, probe })
    }

    fn server(&self) -> HostPort {
        self.probe.server().address.clone()
    }
}

/// Prints the events of one connection after the other.
struct FeedReader {
    others: ConnectOptions,
    output: Output,
    backups: broadcast::Sender<Event>,
    is_connected: Arc<AtomicBool>,
    /// The backup whose end was told by a command, or 0.
    ended: Arc<AtomicU32>,
    /// The backup that started last and did not end, as far as events told.
    running: Option<u32>,
    /// The aborted backup whose lines have been explained.
    explained: Option<u32>,
}

impl FeedReader {
    async fn run(mut self, mut connection: Connection) {
        loop {
            let connected = Instant::now();
            self.print_events(&mut connection.stream).await;
            let server = connection.server();
            drop(connection);
            self.is_connected.store(false, Ordering::Relaxed);
            sleep(QUIET).await;
            let lost = render::render_events_lost(&server, self.running);
            self.output.notify(&lost).await;
            // A server that accepts and closes is not to be asked in a loop.
            sleep(self.pause().saturating_sub(connected.elapsed())).await;
            connection = self.reconnect().await;
            self.is_connected.store(true, Ordering::Relaxed);
            let fate = self.fate_of_backup(&mut connection.probe).await;
            let back = render::render_events_back(&connection.server(), fate.as_ref());
            self.output.notify(&back).await;
            if let Some((_, render::BackupFate::Ended(event))) = fate {
                if let Some(text) = self.output.event_text(&event) {
                    self.output.announce_surely(&text).await;
                }
                // Nobody may be waiting for it.
                let _ = self.backups.send(event);
            }
        }
    }

    /// Prints events until the connection ends.
    async fn print_events(&mut self, stream: &mut EventStream) {
        while let Ok(event) = stream.next().await {
            let is_about_backup = is_about_backup(&event.body);
            if let Some(text) = self.output.event_text(&event) {
                if is_about_backup {
                    self.output.announce_surely(&text).await;
                } else {
                    self.output.announce(&text);
                }
            }
            if is_about_backup {
                self.follow_backup(&event.body).await;
                // Nobody may be waiting for it.
                let _ = self.backups.send(event);
            }
            // A flood must not keep commands from running.
            yield_now().await;
        }
    }

    async fn follow_backup(&mut self, body: &EventBody) {
        match *body {
            EventBody::BackupStarted { backup_id, .. } => self.running = Some(backup_id),
            EventBody::BackupCompleted { backup_id, .. } => self.ended(backup_id),
            EventBody::BackupAborted {
                backup_id, error, ..
            } => {
                self.ended(backup_id);
                if error.0 == render::STOPPED_WITH_OTHERS && self.explained != Some(backup_id) {
                    self.explained = Some(backup_id);
                    let note = render::render_stopped_with_others(backup_id);
                    self.output.notify(&note).await;
                }
            }
            _ => {}
        }
    }

    fn ended(&mut self, id: u32) {
        if self.running == Some(id) {
            self.running = None;
        }
    }

    /// Tries all servers until one lets itself be listened to; each by itself, as one that accepts
    /// and says nothing must not stand before the others.
    async fn reconnect(&self) -> Connection {
        loop {
            for host in &self.others.connect_string.hosts {
                let server = ConnectOptions {
                    connect_string: ConnectString {
                        node_id: 0,
                        hosts: vec![host.clone()],
                    },
                    ..self.others.clone()
                };
                if let Ok(connection) = Connection::open(&server).await {
                    return connection;
                }
            }
            sleep(self.pause()).await;
        }
    }

    fn pause(&self) -> Duration {
        self.others.delay.max(QUIET)
    }

    /// What became of the backup that may still run, if the data nodes tell.
    async fn fate_of_backup(&mut self, probe: &mut Session) -> Option<(u32, render::BackupFate)> {
        let id = self.running?;
        if self.ended.load(Ordering::Relaxed) == id {
            self.running = None;
            return None;
        }
        probe.set_timeout(self.others.timeout.min(STATUS_LIMIT));
        let events = probe.dump_events(ReportKind::BackupStatus, &[]).await;
        let events = events.ok().filter(|events| !events.is_empty())?;
        if RunningBackup::among(&events, Some(id)).is_some() {
            return Some((id, render::BackupFate::Runs));
        }
        self.running = None;
        let kept = probe.dump_events(ReportKind::EventLog, &[]).await;
        // A command may have told its end while the data nodes were asked.
        if self.ended.load(Ordering::Relaxed) == id {
            return None;
        }
        let kept = SavedEvent::in_time_order(&kept.unwrap_or_default());
        // Its start was heard of, so that no time is needed to tell it from an earlier one.
        let end = SavedEvent::end_of_backup(&kept, id, 0, true).cloned();
        Some((
            id,
            end.map_or(render::BackupFate::Unknown, render::BackupFate::Ended),
        ))
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

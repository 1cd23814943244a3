//! The events of one backup, read by the run that started it.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::timeout;

use crate::client::{ClientError, ConnectOptions, EventStream};
use crate::cluster::{BackupId, Event, EventBody, NodeId, WaitFor};

use super::backup_poll::{Heard, Unheard, end_unheard};

/// Longest wait for one event, and how many such waits in a row are enough (management
/// protocol, 6.5).
const PATIENCE: Duration = Duration::from_secs(60);
const WAITS_MAX: u32 = 3;

/// Events kept while the reply is awaited. One backup has three; the rest is other backups'.
const EARLY_MAX: usize = 256;

/// What became of a backup whose start was confirmed. Ids are those of the backup, if known.
pub(super) enum Verdict {
    /// It started, or completed, as it was waited for; the event that says so.
    AsAsked(Event),
    /// It was aborted; the event that says so.
    Aborted(u32, Event),
    /// No event came for too long.
    Silence(Option<u32>),
    /// No data node reports it any more, and no event told its end.
    NotReported(Option<u32>),
    /// The event connection ended, for this reason.
    ConnectionLost(Option<u32>, ClientError),
}

/// Reads the events of one backup.
pub(super) struct BackupWatch {
    stream: EventStream,
    id: Option<u32>,
    wait: WaitFor,
    early: Vec<Event>,
    lost: Option<ClientError>,
    heard: Rc<Cell<Heard>>,
    /// Called for each event of the backup when it comes.
    when_heard: Box<dyn Fn(&Event)>,
}

impl BackupWatch {
    pub(super) fn new(
        stream: EventStream,
        id: Option<BackupId>,
        wait: WaitFor,
        when_heard: Box<dyn Fn(&Event)>,
    ) -> Self {
        Self {
            stream,
            id: id.map(BackupId::get),
            wait,
            early: Vec::new(),
            lost: None,
            heard: Rc::new(Cell::new(Heard {
                id: id.map(BackupId::get),
                has_events: true,
                ..Heard::default()
            })),
            when_heard,
        }
    }

    /// Of a backup that runs, to its end.
    pub(super) fn of_running(
        stream: EventStream,
        heard: Heard,
        when_heard: Box<dyn Fn(&Event)>,
    ) -> Self {
        let watch = Self::new(stream, None, WaitFor::Completed, when_heard);
        watch.heard.set(heard);
        Self {
            id: heard.id,
            ..watch
        }
    }

    /// What has been heard of the backup, kept up to date.
    pub(super) fn heard(&self) -> Rc<Cell<Heard>> {
        Rc::clone(&self.heard)
    }

    /// The events of the backup that were kept while the reply was awaited.
    pub(super) fn take_early(&mut self) -> Vec<Event> {
        let mut early = std::mem::take(&mut self.early);
        early.retain(|event| self.is_ours(event));
        early
    }

    /// The backup's id, as far as it is known.
    pub(super) fn id(&self) -> Option<u32> {
        self.id.or_else(|| {
            self.early.iter().rev().find_map(|event| match event.body {
                EventBody::BackupStarted { backup_id, .. } => Some(backup_id),
                _ => None,
            })
        })
    }

    /// The data node that was the first to say that the backup is aborted, if an event says so
    /// within `limit`.
    pub(super) async fn gave_up(&mut self, limit: Duration) -> Option<NodeId> {
        let says_so = |event: &Event| matches!(event.body, EventBody::BackupAborted { .. });
        let early = self.take_early().into_iter().find(says_so);
        let event = match early {
            Some(event) => event,
            None => timeout(limit, self.next_of_backup(says_so)).await.ok()??,
        };
        Some(event.source)
    }

    async fn next_of_backup(&mut self, is_wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        loop {
            let event = self.stream.next().await.ok()?;
            if self.is_ours(&event) {
                (self.when_heard)(&event);
                if is_wanted(&event) {
                    return Some(event);
                }
            }
        }
    }

    /// Keeps events while `reply` is under way: a server drops a listener that does not read.
    /// `unheard` may end the wait.
    pub(super) async fn collect_until<T>(
        &mut self,
        reply: impl Future<Output = T>,
        unheard: impl Future<Output = Unheard>,
    ) -> Result<T, Unheard> {
        let mut reply = pin!(reply);
        let mut unheard = pin!(unheard);
        loop {
            let event = tokio::select! {
                biased;
                replied = &mut reply => return Ok(replied),
                unheard = &mut unheard => return Err(unheard),
                event = self.stream.next(), if self.lost.is_none() => event,
            };
            match event {
                Ok(event) if is_told(&event) && self.early.len() < EARLY_MAX => {
                    self.note(&event);
                    self.early.push(event);
                }
                Ok(_) => {}
                Err(error) => {
                    self.lost = Some(error);
                    self.heard.set(Heard {
                        has_events: false,
                        ..self.heard.get()
                    });
                }
            }
        }
    }

    /// Remembers what the event tells about the backup.
    fn note(&self, event: &Event) {
        if !self.is_ours(event) {
            return;
        }
        (self.when_heard)(event);
        let heard = self.heard.get();
        self.heard.set(match event.body {
            EventBody::BackupStarted { backup_id, .. } => Heard {
                id: Some(backup_id),
                has_started: true,
                ..heard
            },
            _ => Heard {
                has_started: true,
                has_ended: true,
                ..heard
            },
        });
    }

    /// Shows the events of the backup until the one that decides. `id` is the server's; an old
    /// server may not tell it, and then the next backup to start is the one.
    pub(super) async fn tell(
        &mut self,
        id: Option<BackupId>,
        server: &ConnectOptions,
        show: impl Fn(Event),
    ) -> Verdict {
        self.id = id.map(BackupId::get).or(self.id);
        for event in std::mem::take(&mut self.early) {
            if let Some(verdict) = self.observe(event, &show) {
                return verdict;
            }
        }
        if let Some(error) = self.lost.take() {
            return Verdict::ConnectionLost(self.id, error);
        }
        // The reply has said that it started.
        self.heard.set(Heard {
            id: self.id,
            has_started: true,
            ..self.heard.get()
        });
        let heard = self.heard();
        let mut unheard = pin!(end_unheard(server, || heard.get()));
        let mut silent = 0;
        while silent < WAITS_MAX {
            let observed = tokio::select! {
                observed = timeout(PATIENCE, self.next_verdict(&show)) => observed,
                unheard = &mut unheard => return match unheard {
                    Unheard::NotReported => Verdict::NotReported(self.id),
                    Unheard::ServerGone(error) => Verdict::ConnectionLost(self.id, error),
                },
            };
            match observed {
                Ok(Some(verdict)) => return verdict,
                Ok(None) => silent = 0,
                Err(_) => silent += 1,
            }
        }
        Verdict::Silence(self.id)
    }

    /// Reads up to the next event of this backup.
    async fn next_verdict(&mut self, show: &impl Fn(Event)) -> Option<Verdict> {
        loop {
            let event = match self.stream.next().await {
                Ok(event) => event,
                Err(error) => return Some(Verdict::ConnectionLost(self.id, error)),
            };
            if self.is_ours(&event) {
                (self.when_heard)(&event);
                return self.observe(event, show);
            }
        }
    }

    fn is_ours(&self, event: &Event) -> bool {
        backup_id(event).is_some_and(|backup_id| self.id.is_none_or(|id| id == backup_id))
    }

    fn observe(&mut self, event: Event, show: &impl Fn(Event)) -> Option<Verdict> {
        if !self.is_ours(&event) {
            return None;
        }
        self.id = backup_id(&event);
        match event.body {
            EventBody::BackupStarted { .. } if self.wait == WaitFor::Started => {
                Some(Verdict::AsAsked(event))
            }
            EventBody::BackupCompleted { .. } => Some(Verdict::AsAsked(event)),
            EventBody::BackupAborted { backup_id, .. } => Some(Verdict::Aborted(backup_id, event)),
            _ => {
                show(event);
                None
            }
        }
    }
}

/// Start and end carry the id; other events are not printed by a one-shot run.
fn backup_id(event: &Event) -> Option<u32> {
    match event.body {
        EventBody::BackupStarted { backup_id, .. }
        | EventBody::BackupCompleted { backup_id, .. }
        | EventBody::BackupAborted { backup_id, .. } => Some(backup_id),
        _ => None,
    }
}

fn is_told(event: &Event) -> bool {
    backup_id(event).is_some()
}

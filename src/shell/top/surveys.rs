//! The connection that asks for what takes longer to answer: memory, what other management servers
//! say, and how far backups are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep_until};

use crate::client::{ClientError, ConnectOptions, Questions, Session, Surroundings, connect};
use crate::cluster::{Event, ReportKind, SavedEvent};

use super::looks::{Servers, within};

/// Time between two surveys.
const INTERVAL: Duration = Duration::from_secs(5);

/// Time between two questions about a backup that runs.
const BACKUP_INTERVAL: Duration = Duration::from_secs(1);

/// How much longer than one answer a survey may take, which asks several servers.
const PATIENCE: u32 = 4;

/// Backups are asked for by themselves, with their totals.
const QUESTIONS: Questions = Questions {
    backups: false,
    memory: true,
};

/// What was answered.
pub(super) enum Answer {
    /// Everything that HEALTH asks for.
    Surroundings(Box<Surroundings>),
    /// What the data nodes report of backups.
    Backups(Vec<Event>),
    /// What the data nodes have kept, by time.
    Kept(Vec<SavedEvent>),
}

/// What is worth asking for.
#[derive(Default)]
pub(super) struct Interest {
    /// A backup runs.
    pub(super) has_backup: AtomicBool,
    /// It is not known what a backup comes to.
    pub(super) lacks_estimate: AtomicBool,
    /// A survey is wanted before its time.
    pub(super) is_stale: Notify,
}

/// Asks until nobody wants to know any more, and goes on at another server when one is lost.
pub(super) async fn survey(
    servers: Servers,
    others: ConnectOptions,
    interest: Arc<Interest>,
    answers: Sender<Answer>,
) {
    let mut surveyor = Surveyor {
        servers,
        others,
        session: None,
        has_recalled: false,
    };
    let mut next_survey = Instant::now();
    loop {
        let is_due = Instant::now() >= next_survey;
        if is_due {
            next_survey = Instant::now() + INTERVAL;
        }
        let has_backup = interest.has_backup.load(Ordering::Relaxed);
        let lacks_estimate = has_backup && interest.lacks_estimate.load(Ordering::Relaxed);
        for answer in surveyor.ask(is_due, lacks_estimate).await {
            if answers.send(answer).await.is_err() {
                return;
            }
        }
        let pause = Instant::now() + BACKUP_INTERVAL;
        tokio::select! {
            () = sleep_until(pause), if interest.has_backup.load(Ordering::Relaxed) => {}
            () = sleep_until(next_survey) => {}
            () = interest.is_stale.notified() => next_survey = Instant::now(),
        }
    }
}

struct Surveyor {
    servers: Servers,
    others: ConnectOptions,
    session: Option<Session>,
    /// What the data nodes have kept was asked for.
    has_recalled: bool,
}

impl Surveyor {
    /// The answers that could be had.
    async fn ask(&mut self, is_due: bool, lacks_estimate: bool) -> Vec<Answer> {
        let mut answers = Vec::new();
        let session = match self.session.take() {
            Some(session) => Some(session),
            None => self.connect().await,
        };
        let Some(mut session) = session else {
            return answers;
        };
        let recalls = lacks_estimate && !self.has_recalled;
        let limit = self.others.timeout * PATIENCE;
        let asked = self.ask_on(&mut session, (is_due, recalls), &mut answers);
        if within(limit, asked).await.is_ok() {
            self.session = Some(session);
            self.has_recalled |= recalls;
        }
        answers
    }

    async fn connect(&self) -> Option<Session> {
        for server in self.servers.each() {
            let connected = within(server.timeout, connect(server)).await;
            if let Ok(session) = connected {
                return Some(session);
            }
        }
        None
    }

    async fn ask_on(
        &self,
        session: &mut Session,
        (is_due, recalls): (bool, bool),
        answers: &mut Vec<Answer>,
    ) -> Result<(), ClientError> {
        if is_due {
            let seen = session.look_around(QUESTIONS, &self.others).await?;
            answers.push(Answer::Surroundings(Box::new(seen)));
        }
        match session.dump_events(ReportKind::BackupStatus, &[]).await {
            Ok(reports) => answers.push(Answer::Backups(reports)),
            // A server that has no such reports has the rest.
            Err(error) if error.is_refusal() => {}
            Err(error) => return Err(error),
        }
        if recalls {
            match session.dump_saved_events(&[]).await {
                Ok(kept) => answers.push(Answer::Kept(kept.into_time_order().collect())),
                Err(error) if error.is_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

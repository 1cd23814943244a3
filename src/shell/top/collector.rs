//! Puts what is seen and heard of the cluster together: a snapshot for each tick.
//!
//! Three tasks have a connection each, so that none waits for another's answer, and a fourth, the
//! collector, has what they tell. It goes on whatever is done with the snapshots.

use std::future::pending;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::client::ConnectOptions;
use crate::cluster::live::{Live, Snapshot};
use crate::cluster::state::MemoryLimits;

use super::events::{Heard, listen};
use super::looks::{Look, Looker, Servers, no_answer};
use super::surveys::{Answer, Interest, survey};

/// Snapshots that wait to be taken. The next one then has what they do not.
const SNAPSHOTS_MAX: usize = 2;

/// Events that wait for the collector; the rest waits in the connection.
const EVENTS_MAX: usize = 1024;

/// Longest wait of the first snapshot for the first survey, without which a node that is down
/// belongs nobody knows where.
const FIRST_SURVEY: Duration = Duration::from_secs(1);

/// Shortest time between two attempts to reach a server.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The snapshots of a cluster. Everything that makes them ends when it is dropped.
pub(in crate::shell) struct Feed {
    snapshots: Receiver<Snapshot>,
    tasks: JoinSet<()>,
}

impl Feed {
    /// Begins to ask and to listen; each answer has the time limit of the options.
    pub(in crate::shell) fn start(
        options: &ConnectOptions,
        limits: MemoryLimits,
        every: Duration,
    ) -> Self {
        let servers = Servers::of(options);
        let interest = Arc::new(Interest::default());
        let (events_in, events) = channel(EVENTS_MAX);
        let (answers_in, answers) = channel(1);
        let (snapshots_in, snapshots) = channel(SNAPSHOTS_MAX);
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let collector = Collector {
            live: Live::new(limits, Timestamp::now()),
            limit: options.timeout,
            ticks,
            looker: Some(Looker::new(servers.clone())),
            looking: None,
            is_due: false,
            waits_until: Some(Instant::now() + FIRST_SURVEY),
            next_try: Instant::now(),
            events,
            answers,
            interest: Arc::clone(&interest),
            snapshots: snapshots_in,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(servers.clone(), events_in));
        tasks.spawn(survey(servers, options.clone(), interest, answers_in));
        tasks.spawn(collector.run());
        Feed { snapshots, tasks }
    }

    /// The next snapshot. Nothing is lost when this is called off.
    ///
    /// # Panics
    ///
    /// If one of the tasks has.
    pub(in crate::shell) async fn next(&mut self) -> Snapshot {
        loop {
            tokio::select! {
                Some(snapshot) = self.snapshots.recv() => return snapshot,
                Some(ended) = self.tasks.join_next() => if let Err(error) = ended
                    && let Ok(cause) = error.try_into_panic()
                {
                    resume_unwind(cause);
                },
                else => pending().await,
            }
        }
    }
}

/// A question for the states of the nodes, and when it was asked; with the answer comes who asks
/// the next one.
struct Looking {
    since: Instant,
    answer: Pin<Box<dyn Future<Output = (Looker, Look)> + Send>>,
}

struct Collector {
    live: Live,
    /// Longest wait for the states before the contact counts as lost.
    limit: Duration,
    ticks: Interval,
    /// Who asks for the states; none while a question is under way.
    looker: Option<Looker>,
    looking: Option<Looking>,
    /// The snapshot of this tick was not made yet.
    is_due: bool,
    /// Until then it waits for the first survey.
    waits_until: Option<Instant>,
    /// No server is tried before.
    next_try: Instant,
    events: Receiver<Heard>,
    answers: Receiver<Answer>,
    interest: Arc<Interest>,
    snapshots: Sender<Snapshot>,
}

impl Collector {
    /// Ends when nobody takes snapshots any more.
    async fn run(mut self) {
        while !self.snapshots.is_closed() {
            let first_wait = self.waits_until;
            tokio::select! {
                _ = self.ticks.tick() => self.tick(),
                (looker, look) = answer_of(&mut self.looking) => self.take_look(looker, look),
                Some(heard) = self.events.recv() => self.hear(heard),
                Some(answer) = self.answers.recv() => self.take_answer(answer),
                () = until(first_wait) => {
                    self.waits_until = None;
                    self.show_if_due();
                }
            }
        }
    }

    fn tick(&mut self) {
        // The server is slow: what is known is shown all the same.
        if self.is_due && self.waits_until.is_none() {
            self.note_silence();
            self.show();
        }
        self.is_due = true;
        if Instant::now() >= self.next_try
            && let Some(looker) = self.looker.take()
        {
            self.looking = Some(Looking {
                since: Instant::now(),
                answer: Box::pin(looker.look()),
            });
        } else {
            self.note_silence();
            self.show_if_due();
        }
    }

    /// A question without an answer for so long is a lost contact.
    fn note_silence(&mut self) {
        if self.is_silent() {
            self.live
                .lose_contact(no_answer(self.limit), Timestamp::now());
        }
    }

    fn is_silent(&self) -> bool {
        let asked = self.looking.as_ref();
        asked.is_some_and(|looking| looking.since.elapsed() >= self.limit)
    }

    fn take_look(&mut self, looker: Looker, look: Look) {
        self.looking = None;
        self.looker = Some(looker);
        match look {
            Ok((nodes, server)) => {
                self.live.look(nodes, server);
                if self.live.is_survey_stale() {
                    self.interest.is_stale.notify_one();
                }
            }
            Err(reason) => {
                self.next_try = Instant::now() + RETRY_PAUSE;
                // There will be no survey either.
                self.waits_until = None;
                self.live.lose_contact(reason, Timestamp::now());
            }
        }
        self.note_interest();
        self.show_if_due();
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Event(event) => self.live.hear(event, Timestamp::now()),
            Heard::Again => self.live.miss_events(),
        }
        self.note_interest();
    }

    fn take_answer(&mut self, answer: Answer) {
        match answer {
            Answer::Surroundings(seen) => {
                self.live.survey(seen.state, seen.layout, seen.own);
                self.waits_until = None;
                self.show_if_due();
            }
            Answer::Backups(reports) => self.live.survey_backups(&reports, Timestamp::now()),
            Answer::Kept(kept) => self.live.recall(&kept),
        }
        self.note_interest();
    }

    fn note_interest(&self) {
        let had_backup = &self.interest.has_backup;
        let has_backup = self.live.has_backup();
        self.interest
            .lacks_estimate
            .store(self.live.lacks_estimate(), Ordering::Relaxed);
        if !had_backup.swap(has_backup, Ordering::Relaxed) && has_backup {
            self.interest.is_stale.notify_one();
        }
    }

    /// Makes the snapshot of this tick, once the question is answered and there was a survey.
    fn show_if_due(&mut self) {
        let is_answered = self.looking.is_none() || self.is_silent();
        if self.is_due && is_answered && self.waits_until.is_none() {
            self.show();
        }
    }

    fn show(&mut self) {
        self.is_due = false;
        match self.snapshots.try_reserve() {
            Ok(place) => place.send(self.live.snapshot(Timestamp::now())),
            // Nobody took the last ones: the next one has what this one had.
            Err(TrySendError::Full(())) => {}
            // The loop ends.
            Err(TrySendError::Closed(())) => {}
        }
    }
}

async fn answer_of(looking: &mut Option<Looking>) -> (Looker, Look) {
    match looking {
        Some(looking) => looking.answer.as_mut().await,
        None => pending().await,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

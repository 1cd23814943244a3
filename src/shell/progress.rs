//! How far a backup that is waited for is: live lines on a terminal, or lines for logs. All of it
//! goes to standard error.
//!
//! The data nodes are asked on a connection of its own, so that the wait itself is not disturbed;
//! a question without an answer shows nothing and is asked again.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::client::{ClientError, ConnectOptions, Retries, Session, connect};
use crate::cluster::live::BackupEstimate;
use crate::cluster::state::{MemoryKind, MemoryUse};
use crate::cluster::{BackupTotals, Event, EventBody, NodeId, ReportKind, SavedEvent};

use super::outcome::{Look, NodeProgress};
use super::output::Output;
use super::render::{self, json};

/// Pause between two questions.
const INTERVAL: Duration = Duration::from_secs(1);

/// Longest wait for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Progress {
    /// A live line for each data node if standard error is a terminal, else nothing
    Auto,
    /// A line a minute, for logs
    Plain,
    /// A JSON object each time, on one line
    Json,
    /// Nothing
    None,
}

/// What is to be shown, and how often lines for logs come.
#[derive(Debug, Clone, Copy)]
pub struct ProgressSettings {
    /// As it was asked for; none if it was not.
    pub asked: Option<Progress>,
    /// Time between two lines.
    pub interval: Duration,
}

impl ProgressSettings {
    /// Something is shown during a wait.
    pub(super) fn is_shown(self) -> bool {
        self.way() != Progress::None
    }

    /// Status events take one line instead of three.
    pub(super) fn folds(self) -> bool {
        self.asked.is_some_and(|asked| asked != Progress::None)
    }

    /// `Auto` stands for live lines.
    fn way(self) -> Progress {
        match self.asked.unwrap_or(Progress::Auto) {
            Progress::Auto if !io::stderr().is_terminal() => Progress::None,
            asked => asked,
        }
    }
}

/// Shows progress until it is dropped; live lines are gone then.
pub(super) struct ProgressDisplay {
    task: JoinHandle<()>,
    output: Output,
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        self.task.abort();
        self.output.end_live_lines();
    }
}

impl ProgressDisplay {
    /// Begins to ask `server`. None if nothing is to be shown.
    pub(super) fn start(
        settings: ProgressSettings,
        server: &ConnectOptions,
        output: &Output,
    ) -> Option<Self> {
        let way = settings.way();
        let pause = match way {
            Progress::None => return None,
            Progress::Auto => INTERVAL,
            Progress::Plain | Progress::Json => settings.interval,
        };
        let asker = Asker {
            server: ConnectOptions {
                retries: Retries::Attempts(1),
                ..server.clone()
            },
            session: None,
            began: Instant::now(),
            last: BTreeMap::new(),
            expected: None,
        };
        let task = tokio::spawn(show(way, pause, asker, output.clone()));
        Some(Self {
            task,
            output: output.clone(),
        })
    }
}

async fn show(way: Progress, pause: Duration, mut asker: Asker, output: Output) {
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first comes at once, when there is nothing to see yet.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let Some(look) = asker.look().await else {
            // Lines that stand still would tell of a backup that may have ended.
            output.end_live_lines();
            continue;
        };
        match way {
            Progress::Auto => output.show_live_lines(&look),
            Progress::Plain => output.advise(&render::render_look(&look, Timestamp::now())),
            Progress::Json => output.advise(&json::render_look(&look, Timestamp::now())),
            Progress::None => return,
        }
    }
}

/// Asks the data nodes how far they are.
struct Asker {
    server: ConnectOptions,
    session: Option<Session>,
    began: Instant,
    /// The last answer of each node, and when it came.
    last: BTreeMap<NodeId, (Instant, u64)>,
    /// Bytes that each node will write, as far as is known; none before the question.
    expected: Option<BackupEstimate>,
}

impl Asker {
    async fn look(&mut self) -> Option<Look> {
        let answer = self.ask().await;
        if answer.is_err() {
            self.session = None;
        }
        let (reports, now) = (answer.ok()?, Instant::now());
        let mut running = None;
        let mut written = Vec::new();
        for report in &reports {
            let EventBody::BackupStatus {
                starting_node,
                backup_id,
                totals,
            } = report.body
            else {
                continue;
            };
            if starting_node != 0 {
                running = Some(backup_id);
                written.push((report.source, totals));
            }
        }
        written.sort_by_key(|(node, _)| *node);
        let count = written.len();
        let nodes = written
            .into_iter()
            .map(|(node, totals)| self.progress_of(node, totals, count, now))
            .collect();
        Some(Look {
            id: running?,
            elapsed: self.began.elapsed(),
            nodes,
        })
    }

    fn progress_of(
        &mut self,
        node: NodeId,
        totals: BackupTotals,
        count: usize,
        now: Instant,
    ) -> NodeProgress {
        let (then, before) = self
            .last
            .insert(node, (now, totals.bytes))
            .unwrap_or((self.began, 0));
        let expected = self.expected.as_ref().and_then(|it| it.of(node, count));
        NodeProgress {
            node,
            totals,
            rate: rate(totals.bytes.saturating_sub(before), now - then),
            estimate: expected.and_then(|expected| share(totals.bytes, expected)),
        }
    }

    async fn ask(&mut self) -> Result<Vec<Event>, ClientError> {
        let session = match &mut self.session {
            Some(session) => session,
            None => {
                let mut session = connect(&self.server).await?;
                session.set_timeout(self.server.timeout.min(ANSWER_LIMIT));
                self.session.insert(session)
            }
        };
        if self.expected.is_none() {
            self.expected = Some(expected(session).await?);
        }
        session.dump_events(ReportKind::BackupStatus, &[]).await
    }
}

/// What a backup will come to, by what the data nodes remember.
async fn expected(session: &mut Session) -> Result<BackupEstimate, ClientError> {
    let mut expected = BackupEstimate::default();
    let kept = match session.dump_events(ReportKind::EventLog, &[]).await {
        Err(error) if error.is_refusal() => Vec::new(),
        kept => SavedEvent::in_time_order(&kept?),
    };
    expected.recall(&kept);
    let memory = match session.dump_events(ReportKind::MemoryUsage, &[]).await {
        Err(error) if error.is_refusal() => Vec::new(),
        memory => memory?,
    };
    let used = memory.iter().filter_map(MemoryUse::from_event);
    let of_rows = used.filter(|memory| memory.kind == MemoryKind::Data);
    expected.memory = of_rows
        .map(|memory| (memory.node, memory.bytes_used()))
        .collect();
    Ok(expected)
}

fn rate(bytes: u64, time: Duration) -> u64 {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    bytes.saturating_mul(1000) / milliseconds
}

/// Percent; none where the estimate has proven wrong.
fn share(bytes: u64, expected: u64) -> Option<u8> {
    let percent = bytes.saturating_mul(100).checked_div(expected)?;
    u8::try_from(percent).ok().filter(|percent| *percent < 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_bytes_a_second_and_an_estimate_never_reaches_the_whole() {
        assert_eq!(rate(500, Duration::from_millis(500)), 1000);
        assert_eq!(rate(500, Duration::ZERO), 500_000);
        assert_eq!(share(50, 200), Some(25));
        assert_eq!(share(200, 200), None);
        assert_eq!(share(50, 0), None);
    }
}

//! The question that a wait for a backup asks every few seconds: does any data node still report
//! it? An answer or an event that was lost would otherwise keep the wait for days.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::client::{ClientError, ConnectOptions, Retries, Session, connect};
use crate::cluster::state::RunningBackup;
use crate::cluster::{Event, ReportKind};

/// Pause between two questions. A server that was told to be impatient is asked more often.
const INTERVAL: Duration = Duration::from_secs(3);

/// Longest wait for one answer; the next question comes anyway.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// So many answers in a row that nobody reports the backup end the wait. The time between them is
/// the grace for the event and the reply, which come a moment after the end.
const ABSENT_MAX: u32 = 2;

/// The same, as long as nobody heard that the backup started or no data node says anything: a
/// large cluster takes its time to begin.
const UNSEEN_MAX: u32 = 10;

/// What the wait knows from elsewhere when it asks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// The backup, if its id is known; otherwise any backup counts, as only one runs at a time.
    pub(super) id: Option<u32>,
    /// Its start was heard of.
    pub(super) has_started: bool,
    /// Its end was heard of.
    pub(super) has_ended: bool,
    /// The event connection shows signs of life.
    pub(super) has_events: bool,
}

/// Why there is nothing more to wait for.
pub(super) enum Unheard {
    /// No management server answers any more, on this connection or on a new one.
    ServerGone(ClientError),
    /// No data node reports the backup.
    NotReported,
}

/// Waits until a backup can't be heard of any more.
///
/// The server says nothing between the start of a backup and its end, which may be two days, so
/// it is asked on a connection of its own.
pub(super) async fn end_unheard(server: &ConnectOptions, heard: impl Fn() -> Heard) -> Unheard {
    let once = ConnectOptions {
        retries: Retries::Attempts(1),
        ..server.clone()
    };
    let mut session = None;
    let mut was_reported = false;
    let mut absent = 0;
    let mut unanswered_since = None;
    loop {
        sleep(INTERVAL.min(server.timeout)).await;
        let asked = Instant::now();
        let answer = ask(&mut session, &once).await;
        let known = heard();
        match answer {
            Ok(Answer::Reports(events)) => {
                unanswered_since = None;
                if RunningBackup::among(&events, known.id).is_some() {
                    was_reported = true;
                    absent = 0;
                    continue;
                }
                absent += 1;
                let is_certain = !events.is_empty() && (was_reported || known.has_started);
                if absent >= if is_certain { ABSENT_MAX } else { UNSEEN_MAX } {
                    return Unheard::NotReported;
                }
            }
            Ok(Answer::NoReports) => unanswered_since = None,
            Err(error) => {
                session = None;
                let since = *unanswered_since.get_or_insert(asked);
                if !known.has_events && since.elapsed() >= server.timeout {
                    return Unheard::ServerGone(error);
                }
            }
        }
    }
}

enum Answer {
    /// The backup status of the data nodes that answered.
    Reports(Vec<Event>),
    /// The server lives, but knows or says nothing of the data nodes.
    NoReports,
}

/// An error: the server does not answer at all.
async fn ask(
    session: &mut Option<Session>,
    server: &ConnectOptions,
) -> Result<Answer, ClientError> {
    let asked = match session {
        Some(asked) => asked,
        None => session.insert(connect(server).await?),
    };
    asked.check_connection().await?;
    asked.set_timeout(server.timeout.min(ANSWER_LIMIT));
    let reports = asked.dump_events(ReportKind::BackupStatus, &[]).await;
    if !asked.is_open() {
        *session = None;
    }
    Ok(reports.map_or(Answer::NoReports, Answer::Reports))
}

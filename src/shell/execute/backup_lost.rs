//! A backup whose management server was lost. The data nodes go on with it, and every other
//! management server of the cluster hears how it ends; what has ended meanwhile the data nodes have
//! kept among their saved events.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use crate::client::{ClientError, ConnectOptions, Retries, Session, connect};
use crate::cluster::state::RunningBackup;
use crate::cluster::{ConnectString, Event, HostPort, ReportKind, SavedEvent, WaitFor};

use super::super::events::listen_to_backups;
use super::backup_poll::Heard;
use super::backup_watch::{BackupWatch, Verdict};

/// Longest wait for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How often a server is asked that has not heard of the backup, and the pause between: data nodes
/// report to it anew, and a backup takes its time to begin.
const QUESTIONS_MAX: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// What became of a backup.
pub(super) enum Fate {
    /// The event that ends the wait: `BackupCompleted` or `BackupAborted`, or for WAIT STARTED
    /// `BackupStarted`.
    Told(Event),
    /// It runs, which is all that WAIT STARTED wants to know.
    Runs(u32),
    /// Nobody knows, for this reason.
    Unknown(String),
}

/// A backup that is looked for.
pub(super) struct LostBackup {
    /// Where to look: one attempt at each of these servers, so many passes.
    servers: ConnectOptions,
    wait: WaitFor,
    heard: Heard,
    /// When START BACKUP was sent.
    began: Timestamp,
}

impl LostBackup {
    /// `lost` is the server that was lost; those behind it in the connect string come first.
    pub(super) fn new(
        mut servers: ConnectOptions,
        lost: Option<HostPort>,
        wait: WaitFor,
        heard: Heard,
        began: Timestamp,
    ) -> Self {
        let hosts = &mut servers.connect_string.hosts;
        let place = lost.and_then(|lost| hosts.iter().position(|host| host.address == lost));
        if let Some(place) = place {
            let next = (place + 1) % hosts.len();
            hosts.rotate_left(next);
        }
        Self {
            servers,
            wait,
            heard,
            began,
        }
    }

    /// Goes from server to server until one can tell. `when_heard` gets each event of the backup.
    pub(super) async fn find(&mut self, when_heard: impl Fn(&Event) + Clone + 'static) -> Fate {
        let mut left = match self.servers.retries {
            Retries::Attempts(attempts) => Some(attempts.max(1)),
            Retries::Endless => None,
        };
        loop {
            let mut unreachable = String::new();
            for host in self.servers.connect_string.hosts.clone() {
                let server = ConnectOptions {
                    connect_string: ConnectString {
                        node_id: 0,
                        hosts: vec![host],
                    },
                    retries: Retries::Attempts(1),
                    ..self.servers.clone()
                };
                match self.ask(&server, when_heard.clone()).await {
                    Ok(fate) => return fate,
                    Err(error) => unreachable = error.to_string(),
                }
            }
            left = left.map(|left| left - 1);
            if left == Some(0) {
                return Fate::Unknown(format!("no management server can be asked: {unreachable}"));
            }
            sleep(self.servers.delay).await;
        }
    }

    /// Asks one server, and stays with it while the backup runs. An error: it was lost, too.
    async fn ask(
        &mut self,
        server: &ConnectOptions,
        when_heard: impl Fn(&Event) + 'static,
    ) -> Result<Fate, ClientError> {
        // Subscribed before the question, so that no end falls in between.
        let stream = listen_to_backups(server).await?;
        let mut session = connect(server).await?;
        session.set_timeout(server.timeout.min(ANSWER_LIMIT));
        let mut questions = 0;
        while let Some(running) = self.question(&mut session).await? {
            match running {
                State::Ended(event) => {
                    when_heard(&event);
                    return Ok(Fate::Told(event));
                }
                State::Runs(id) if self.wait == WaitFor::Started => return Ok(Fate::Runs(id)),
                State::Runs(id) => {
                    self.heard.id = Some(id);
                    self.heard.has_started = true;
                    drop(session);
                    return self.stay(server, stream, when_heard).await;
                }
                State::Unseen => {
                    questions += 1;
                    if questions == QUESTIONS_MAX {
                        break;
                    }
                    sleep(PAUSE).await;
                }
            }
        }
        Ok(Fate::Unknown(self.not_known()))
    }

    /// Reads events while the backup runs.
    async fn stay(
        &mut self,
        server: &ConnectOptions,
        stream: crate::client::EventStream,
        when_heard: impl Fn(&Event) + 'static,
    ) -> Result<Fate, ClientError> {
        let mut watch = BackupWatch::of_running(stream, self.heard, Box::new(when_heard));
        match watch.tell(None, server, |_| {}).await {
            Verdict::AsAsked(event) | Verdict::Aborted(_, event) => Ok(Fate::Told(event)),
            Verdict::ConnectionLost(_, error) => Err(error),
            Verdict::Silence(_) | Verdict::NotReported(_) => {
                let mut session = connect(server).await?;
                session.set_timeout(server.timeout.min(ANSWER_LIMIT));
                match kept_end_in(&mut session, self.heard, self.began).await? {
                    Some(event) => Ok(Fate::Told(event)),
                    None => Ok(Fate::Unknown(self.not_known())),
                }
            }
        }
    }

    /// None if the server knows no data node that could tell.
    async fn question(&self, session: &mut Session) -> Result<Option<State>, ClientError> {
        let reports = match session.dump_events(ReportKind::BackupStatus, &[]).await {
            Err(error) if error.is_refusal() => return Ok(Some(State::Unseen)),
            reports => reports?,
        };
        if let Some(backup) = RunningBackup::among(&reports, self.heard.id) {
            return Ok(Some(State::Runs(backup.id)));
        }
        Ok(Some(
            match kept_end_in(session, self.heard, self.began).await? {
                Some(event) => State::Ended(event),
                None => State::Unseen,
            },
        ))
    }

    fn not_known(&self) -> String {
        match self.heard.id {
            Some(id) => format!(
                "no data node reports backup {id}, and none has kept an event that tells its end"
            ),
            None => "its id was not told, and no data node reports a backup".to_owned(),
        }
    }
}

/// The end of a backup, that nobody reports any more, among the events that the data nodes have
/// kept; none if the server does not tell.
pub(super) async fn kept_end(
    server: &ConnectOptions,
    heard: Heard,
    began: Timestamp,
) -> Option<Event> {
    let once = ConnectOptions {
        retries: Retries::Attempts(1),
        ..server.clone()
    };
    let mut session = connect(&once).await.ok()?;
    session.set_timeout(server.timeout.min(ANSWER_LIMIT));
    kept_end_in(&mut session, heard, began).await.ok()?
}

async fn kept_end_in(
    session: &mut Session,
    heard: Heard,
    began: Timestamp,
) -> Result<Option<Event>, ClientError> {
    let Some(id) = heard.id else {
        return Ok(None);
    };
    let kept = match session.dump_events(ReportKind::EventLog, &[]).await {
        Err(error) if error.is_refusal() => return Ok(None),
        kept => SavedEvent::in_time_order(&kept?),
    };
    let began = began.as_second();
    Ok(SavedEvent::end_of_backup(&kept, id, began, heard.has_started).cloned())
}

/// How a backup looks from a server.
enum State {
    Runs(u32),
    Ended(Event),
    Unseen,
}

//! A connection that looks at the nodes again and again, for as long as a command waits for them.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::client::{ClientError, ConnectOptions, Retries, Session, connect};
use crate::cluster::{NodeId, NodeState};

/// Pause between two looks.
pub(super) const INTERVAL: Duration = Duration::from_millis(200);

/// Longest wait for one answer, or for one new connection.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A connection to whichever management server answers.
pub(super) struct Lookout {
    session: Option<Session>,
    servers: ConnectOptions,
}

impl Lookout {
    /// Begins with this session, if there is one; when it is lost, goes on with the servers.
    pub(super) fn new(session: Option<Session>, servers: &ConnectOptions) -> Self {
        Lookout {
            session,
            servers: ConnectOptions {
                retries: Retries::Attempts(1),
                timeout: servers.timeout.min(ANSWER_LIMIT),
                ..servers.clone()
            },
        }
    }

    /// The states of all nodes. After an error the next look tries a new connection.
    pub(super) async fn look(&mut self) -> Result<Vec<NodeState>, ClientError> {
        let limit = self.servers.timeout;
        let seen = timeout_at(Instant::now() + limit, self.look_once()).await;
        let seen = seen.unwrap_or(Err(ClientError::TimedOut {
            command: "get status",
            limit,
        }));
        if seen.is_err() {
            self.session = None;
        }
        seen
    }

    async fn look_once(&mut self) -> Result<Vec<NodeState>, ClientError> {
        self.connected().await?.get_status(None).await
    }

    /// Gives a data node the order to start.
    pub(super) async fn start(&mut self, node: NodeId) -> Result<(), ClientError> {
        let limit = self.servers.timeout;
        let started = timeout_at(Instant::now() + limit, self.start_once(node)).await;
        let started = started.unwrap_or(Err(ClientError::TimedOut {
            command: "start",
            limit,
        }));
        if started.as_ref().is_err_and(ClientError::is_unanswered) {
            self.session = None;
        }
        started
    }

    async fn start_once(&mut self, node: NodeId) -> Result<(), ClientError> {
        self.connected().await?.start(node).await
    }

    async fn connected(&mut self) -> Result<&mut Session, ClientError> {
        match &mut self.session {
            Some(session) => Ok(session),
            none => Ok(none.insert(connect(&self.servers).await?)),
        }
    }

    /// The connection, for others to go on with.
    pub(super) fn into_session(self) -> Option<Session> {
        self.session
    }
}

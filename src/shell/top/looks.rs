//! The connection that asks for the states of the nodes, for each tick.

use std::time::Duration;

use tokio::time::timeout;

use crate::client::{ClientError, ConnectOptions, Session, connect};
use crate::cluster::NodeState;

/// How each management server is reached: one attempt each, in the order in which they are tried.
/// Each has the time limit of its options, for everything together.
#[derive(Clone)]
pub(super) struct Servers(Vec<ConnectOptions>);

impl Servers {
    /// The servers of these options, each by itself: one that accepts and says nothing must not
    /// stand before the others.
    pub(super) fn of(options: &ConnectOptions) -> Self {
        let hosts = options.connect_string.hosts.iter();
        Servers(hosts.map(|host| options.to_host(host.clone())).collect())
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &ConnectOptions> {
        self.0.iter()
    }
}

/// Asks for the states, and goes on at another server when one is lost.
pub(super) struct Looker {
    servers: Servers,
    session: Option<Session>,
}

/// The states of all nodes, and host and port of the server that told them; or why none did.
pub(super) type Look = Result<(Vec<NodeState>, String), String>;

impl Looker {
    pub(super) fn new(servers: Servers) -> Self {
        Looker {
            servers,
            session: None,
        }
    }

    /// Asks once: the server that answered last, then each, that one last.
    pub(super) async fn look(mut self) -> (Self, Look) {
        let mut reason = "no management server is named".to_owned();
        let mut lost = None;
        if let Some(session) = self.session.take() {
            let limit = session.timeout();
            lost = Some(session.server().clone());
            match within(limit, ask(session)).await {
                Ok((session, nodes)) => return self.found(session, nodes),
                Err(error) => reason = error,
            }
        }
        let mut servers: Vec<ConnectOptions> = self.servers.each().cloned().collect();
        servers.sort_by_key(|server| server.connect_string.hosts.first() == lost.as_ref());
        for server in &servers {
            match within(server.timeout, open(server)).await {
                Ok((session, nodes)) => return self.found(session, nodes),
                Err(error) => reason = error,
            }
        }
        (self, Err(reason))
    }

    fn found(mut self, session: Session, nodes: Vec<NodeState>) -> (Self, Look) {
        let server = session.server().address.to_string();
        self.session = Some(session);
        (self, Ok((nodes, server)))
    }
}

async fn open(server: &ConnectOptions) -> Result<(Session, Vec<NodeState>), ClientError> {
    ask(connect(server).await?).await
}

async fn ask(mut session: Session) -> Result<(Session, Vec<NodeState>), ClientError> {
    let nodes = session.get_status(None).await?;
    Ok((session, nodes))
}

/// What the future gives, or why it does not, in words.
pub(super) async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, String> {
    match timeout(limit, asked).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(no_answer(limit)),
    }
}

/// The words for a server that is silent.
pub(super) fn no_answer(limit: Duration) -> String {
    format!("no answer within {} s", limit.as_secs_f32())
}

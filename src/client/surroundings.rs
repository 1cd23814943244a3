//! What is to be known about a cluster before it is judged: its nodes, their nodegroups, what the
//! other management servers say, backups and memory.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connect::{ConnectOptions, connect};
use super::error::ClientError;
use super::layout::ConfiguredLayout;
use super::session::Session;
use crate::cluster::state::{ClusterState, Layout, ServerView, UnknownCause};
use crate::cluster::{
    ConnectHost, ConnectString, Event, HostPort, NodeId, NodeState, NodeStatus, ReportKind,
};

/// Servers are not asked at the same moment: what they seem to differ in is looked at again, so
/// often and after this time.
const SECOND_LOOKS: u32 = 2;
const SECOND_LOOK: Duration = Duration::from_millis(300);

/// What is asked beside the states of the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Questions {
    /// The data nodes' reports of backups, for which they take their time.
    pub backups: bool,
    /// The data nodes' reports of memory.
    pub memory: bool,
}

/// A cluster, and where its management servers are.
#[derive(Debug)]
pub struct Surroundings {
    /// What was told.
    pub state: ClusterState,
    /// The nodegroups as they are configured; none if the configuration could not be had.
    pub layout: Option<Layout>,
    /// The management server of the session.
    pub own: Option<NodeId>,
    /// Where all of them listen, as configured.
    pub servers: Vec<(NodeId, HostPort)>,
}

impl Session {
    /// Asks this server for everything, and the others for their view: those of the connect string
    /// of `others`, and those that are configured and running. The time limit of `others` is that of
    /// each answer, here too. Only the states of the nodes have to be had: the rest is unknown if
    /// nobody tells it.
    ///
    /// # Errors
    ///
    /// No states of the nodes.
    pub async fn look_around(
        &mut self,
        questions: Questions,
        others: &ConnectOptions,
    ) -> Result<Surroundings, ClientError> {
        let limit = others.timeout;
        let nodes = within(limit, "get status", self.get_status(None)).await?;
        let own = within(limit, "get mgmd nodeid", self.get_mgmd_nodeid()).await;
        let layout = within(limit, "get config", self.get_layout()).await;
        let (own, layout) = (own.ok(), layout.ok());
        let nodegroups = layout.as_ref().map(|layout| &layout.nodegroups);
        let mut state = ClusterState::new(nodes, nodegroups);
        if questions.backups
            && let Some(events) = reports(self, ReportKind::BackupStatus, limit).await
        {
            state = state.with_backup_status(&events);
        }
        if questions.memory
            && let Some(events) = reports(self, ReportKind::MemoryUsage, limit).await
        {
            state = state.with_memory_usage(&events);
        }
        let state = self
            .compare_servers(state, own, layout.as_ref(), others)
            .await;
        Ok(Surroundings {
            state,
            own,
            layout: layout.as_ref().map(|layout| layout.nodegroups.clone()),
            servers: layout.map_or(Vec::new(), |layout| layout.servers),
        })
    }

    /// Adds what the other management servers say.
    async fn compare_servers(
        &mut self,
        mut state: ClusterState,
        own: Option<NodeId>,
        layout: Option<&ConfiguredLayout>,
        others: &ConnectOptions,
    ) -> ClusterState {
        let views = self.ask_servers(&state, own, layout, others).await;
        state = state.with_servers(views);
        for _ in 0..SECOND_LOOKS {
            if state.differences().is_empty() {
                break;
            }
            sleep(SECOND_LOOK).await;
            let nodes = within(others.timeout, "get status", self.get_status(None)).await;
            let Ok(nodes) = nodes else {
                break;
            };
            let nodegroups = layout.map(|layout| &layout.nodegroups);
            state = state.with_nodes(nodes, nodegroups);
            let views = self.ask_servers(&state, own, layout, others).await;
            state = state.with_servers(views);
        }
        state
    }

    /// What the servers of the connect string say, and those that are configured and running, each
    /// once, all at the same time.
    async fn ask_servers(
        &self,
        state: &ClusterState,
        own: Option<NodeId>,
        layout: Option<&ConfiguredLayout>,
        others: &ConnectOptions,
    ) -> Vec<ServerView> {
        let main = self.server();
        let named = others.connect_string.hosts.iter();
        let named = named.filter(|host| *host != main).cloned();
        let configured = layout.map_or(&[][..], |layout| &layout.servers);
        let id_at = |host: &ConnectHost| {
            let found = configured.iter().find(|(_, at)| *at == host.address);
            found.map(|(id, _)| *id)
        };
        let named: Vec<_> = named.map(|host| (id_at(&host), host)).collect();
        let mut views = ask_all(others, named, true).await;
        views.retain(|view| view.server.is_none() || view.server != own);
        let is_running = |id: &NodeId| {
            let node = state.node(*id);
            node.is_some_and(|node| node.status == NodeStatus::Connected)
        };
        let is_asked = |id: &NodeId, address: &HostPort| {
            Some(*id) == own
                || *address == main.address
                || views
                    .iter()
                    .any(|view| view.server == Some(*id) || view.address == address.to_string())
        };
        let further: Vec<_> = configured
            .iter()
            .filter(|(id, address)| is_running(id) && !is_asked(id, address))
            .map(|(id, address)| (Some(*id), host(address.clone())))
            .collect();
        views.extend(ask_all(others, further, false).await);
        let mut seen = Vec::new();
        views.retain(|view| {
            let is_new = view.server.is_none() || !seen.contains(&view.server);
            seen.push(view.server);
            is_new
        });
        views
    }
}

/// A host to connect to from any address.
fn host(address: HostPort) -> ConnectHost {
    ConnectHost {
        address,
        bind_address: None,
    }
}

impl ConnectOptions {
    /// The same options for this host only.
    #[must_use]
    pub fn to_host(&self, host: ConnectHost) -> ConnectOptions {
        ConnectOptions {
            connect_string: ConnectString {
                node_id: 0,
                hosts: vec![host],
            },
            ..self.clone()
        }
    }
}

impl From<&ClientError> for UnknownCause {
    fn from(error: &ClientError) -> Self {
        let text = error.to_string();
        match error {
            ClientError::NotAuthorized { text, .. } => UnknownCause::NotAuthorized(text.clone()),
            ClientError::Tls(_) => UnknownCause::NotAuthorized(text),
            ClientError::TimedOut { .. } | ClientError::Silent { .. } => {
                UnknownCause::NoAnswer(text)
            }
            ClientError::Refused { .. }
            | ClientError::Reply(_)
            | ClientError::Protocol { .. }
            | ClientError::Foreign { .. }
            | ClientError::NoConfiguration { .. }
            | ClientError::NotSendable(_)
            | ClientError::NotSupported { .. } => UnknownCause::Refused(text),
            ClientError::ConnectString(_)
            | ClientError::Unreachable { .. }
            | ClientError::Disconnected { .. }
            | ClientError::Socket { .. } => UnknownCause::NoContact(text),
        }
    }
}

async fn reports(session: &mut Session, kind: ReportKind, limit: Duration) -> Option<Vec<Event>> {
    let events = within(limit, "dump events", session.dump_events(kind, &[])).await;
    events.ok()
}

async fn within<T>(
    limit: Duration,
    command: &'static str,
    answer: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    timeout(limit, answer)
        .await
        .unwrap_or(Err(ClientError::TimedOut { command, limit }))
}

/// The views of these servers, in their order; the id is the one that is configured, if any.
async fn ask_all(
    options: &ConnectOptions,
    servers: Vec<(Option<NodeId>, ConnectHost)>,
    is_named: bool,
) -> Vec<ServerView> {
    let mut asked = JoinSet::new();
    for (place, (id, server)) in servers.into_iter().enumerate() {
        let options = options.to_host(server.clone());
        asked.spawn(async move {
            let limit = options.timeout;
            let view = match timeout(limit, ask(&options)).await {
                Ok(Ok((answered, nodes))) => ServerView {
                    server: Some(answered),
                    address: server.address.to_string(),
                    is_named,
                    nodes: Ok(nodes),
                },
                failed => ServerView {
                    server: id,
                    address: server.address.to_string(),
                    is_named,
                    nodes: Err(match failed {
                        Ok(Err(error)) => error.to_string(),
                        _ => format!("no answer within {} s", limit.as_secs()),
                    }),
                },
            };
            (place, view)
        });
    }
    let mut views = asked.join_all().await;
    views.sort_by_key(|(place, _)| *place);
    views.into_iter().map(|(_, view)| view).collect()
}

async fn ask(options: &ConnectOptions) -> Result<(NodeId, Vec<NodeState>), ClientError> {
    let mut session = connect(options).await?;
    let id = session.get_mgmd_nodeid().await?;
    Ok((id, session.get_status(None).await?))
}

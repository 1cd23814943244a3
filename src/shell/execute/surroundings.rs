//! What is to be known about a cluster before it is judged: its nodes, their nodegroups, what the
//! other management servers say, backups and memory.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::{ClientError, ConfiguredLayout, ConnectOptions, Retries, Session, connect};
use crate::cluster::state::{ClusterState, ServerView};
use crate::cluster::{
    ConnectHost, ConnectString, Event, HostPort, NodeId, NodeState, NodeStatus, ReportKind,
};
use crate::shell::tls::TlsRequirement;

use super::super::Shell;

/// Longest wait for a server that is asked for its view.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Servers are not asked at the same moment: what they seem to differ in is looked at again, so
/// often and after this time.
const SECOND_LOOKS: u32 = 2;
const SECOND_LOOK: Duration = Duration::from_millis(300);

/// What is asked beside the states of the nodes.
#[derive(Clone, Copy)]
pub(super) struct Questions {
    pub(super) backups: bool,
    pub(super) memory: bool,
}

/// A cluster, and where its management servers are.
pub(super) struct Surroundings {
    pub(super) state: ClusterState,
    /// The management server of the main connection.
    pub(super) own: Option<NodeId>,
    /// Where the others listen, as configured.
    pub(super) servers: Vec<(NodeId, HostPort)>,
}

impl Shell {
    /// Asks the main connection's server for everything, and the others for their view. Only the
    /// states of the nodes have to be had: the rest is unknown if nobody tells it.
    pub(super) async fn look_around(
        &mut self,
        questions: Questions,
    ) -> Result<Surroundings, ClientError> {
        let limit = self.settings.connect.timeout.min(ANSWER_LIMIT);
        let session = self.session.as_mut().ok_or(ClientError::Disconnected {
            command: "get status",
        })?;
        let nodes = within(limit, "get status", session.get_status(None)).await?;
        let own = within(limit, "get mgmd nodeid", session.get_mgmd_nodeid()).await;
        let layout = within(limit, "get config", session.get_layout()).await;
        let (own, layout) = (own.ok(), layout.ok());
        let nodegroups = layout.as_ref().map(|layout| &layout.nodegroups);
        let mut state = ClusterState::new(nodes, nodegroups);
        if questions.backups
            && let Some(events) = reports(session, ReportKind::BackupStatus, limit).await
        {
            state = state.with_backup_status(&events);
        }
        if questions.memory
            && let Some(events) = reports(session, ReportKind::MemoryUsage, limit).await
        {
            state = state.with_memory_usage(&events);
        }
        let state = self
            .compare_servers(state, own, layout.as_ref(), limit)
            .await;
        Ok(Surroundings {
            state,
            own,
            servers: layout.map_or(Vec::new(), |layout| layout.servers),
        })
    }

    /// Adds what the other management servers say.
    async fn compare_servers(
        &mut self,
        mut state: ClusterState,
        own: Option<NodeId>,
        layout: Option<&ConfiguredLayout>,
        limit: Duration,
    ) -> ClusterState {
        let views = self.ask_servers(&state, own, layout, limit).await;
        state = state.with_servers(views);
        for _ in 0..SECOND_LOOKS {
            if state.differences().is_empty() {
                break;
            }
            sleep(SECOND_LOOK).await;
            let Some(session) = &mut self.session else {
                break;
            };
            let Ok(nodes) = within(limit, "get status", session.get_status(None)).await else {
                break;
            };
            let nodegroups = layout.map(|layout| &layout.nodegroups);
            state = state.with_nodes(nodes, nodegroups);
            let views = self.ask_servers(&state, own, layout, limit).await;
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
        limit: Duration,
    ) -> Vec<ServerView> {
        let Some(session) = &self.session else {
            return Vec::new();
        };
        let main = session.server();
        let options = self.options_for_servers(session, limit);
        let named = self.settings.connect.connect_string.hosts.iter();
        let named = named.filter(|host| *host != main).cloned();
        let configured = layout.map_or(&[][..], |layout| &layout.servers);
        let id_at = |host: &ConnectHost| {
            let found = configured.iter().find(|(_, at)| *at == host.address);
            found.map(|(id, _)| *id)
        };
        let named: Vec<_> = named.map(|host| (id_at(&host), host)).collect();
        let mut views = ask_all(&options, named, true).await;
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
        views.extend(ask_all(&options, further, false).await);
        let mut seen = Vec::new();
        views.retain(|view| {
            let is_new = view.server.is_none() || !seen.contains(&view.server);
            seen.push(view.server);
            is_new
        });
        views
    }

    /// How a further server is reached: once, and with TLS as the main connection is.
    pub(super) fn options_for_servers(&self, session: &Session, limit: Duration) -> ConnectOptions {
        let tls = match self.settings.tls.requirement {
            TlsRequirement::Deferred => self.settings.tls.policy_beside(session),
            TlsRequirement::Relaxed | TlsRequirement::Strict => self.settings.tls.policy(),
        };
        ConnectOptions {
            retries: Retries::Attempts(1),
            timeout: limit,
            tls,
            ..self.settings.connect.clone()
        }
    }
}

/// A host to connect to from any address.
pub(super) fn host(address: HostPort) -> ConnectHost {
    ConnectHost {
        address,
        bind_address: None,
    }
}

/// The same options for this host only.
pub(super) fn to_host(options: &ConnectOptions, host: ConnectHost) -> ConnectOptions {
    ConnectOptions {
        connect_string: ConnectString {
            node_id: 0,
            hosts: vec![host],
        },
        ..options.clone()
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
        let options = to_host(options, server.clone());
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

//! Nodes: their states, and orders to them.

use std::time::Duration;

use super::error::ClientError;
use super::session::Session;
use crate::cluster::{NodeId, NodeType, Nodegroup, Version};
use crate::wire::{
    CreateNodegroupReply, NodeState, ReplyError, Request, RestartReply, StartAllReply, StatusReply,
    StopReply,
};

/// A stop or a restart may take this long, if the session's own limit is not longer.
const STOP_LIMIT: Duration = Duration::from_secs(300);

const STOP_FAILED: u32 = 2002;
const RESTART_FAILED: u32 = 2003;
const ILLEGAL_REPLY: u32 = 1006;
const NO_SINGLE_USER_MODE: u32 = 4001;
const NO_EXIT_FROM_SINGLE_USER_MODE: u32 = 4002;
/// The system's EINVAL: what the original reports where a call has no number of its own.
const INVALID_ARGUMENT: u32 = 22;

const STOP: &str = "ndb_mgm_stop4";
const RESTART: &str = "ndb_mgm_restart4";

/// How nodes are restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RestartRequest {
    /// `-i`: start without the files of the node.
    pub initial: bool,
    /// `-n`: wait for a start order.
    pub nostart: bool,
    /// `-a`: stop at once.
    pub abort: bool,
    /// `-f`: even if that stops the cluster.
    pub force: bool,
}

/// What a stop order did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// How many nodes stop.
    pub stopped: u32,
    /// This server stops too: disconnect.
    pub disconnect: bool,
}

/// What a restart order did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restarted {
    /// How many nodes restart.
    pub restarted: u32,
    /// This server restarts too: disconnect.
    pub disconnect: bool,
}

impl Session {
    /// The nodes of these types, or of all, by id.
    ///
    /// # Errors
    ///
    /// 1008 for a list of nodes that can't be read.
    pub async fn get_status(
        &mut self,
        types: Option<Vec<NodeType>>,
    ) -> Result<Vec<NodeState>, ClientError> {
        self.server_version().await?;
        let call = match &types {
            Some(_) => "ndb_mgm_get_status",
            None => "ndb_mgm_get_status3",
        };
        let request = Request::GetStatus { types };
        let block = self.exchange(&request, self.timeout()).await?;
        StatusReply::decode(&block)
            .map(|reply| reply.nodes)
            .map_err(|error| ClientError::from_reply(error, ILLEGAL_REPLY, call))
    }

    /// Stops nodes.
    ///
    /// # Errors
    ///
    /// 2002 with the server's text.
    pub async fn stop(
        &mut self,
        nodes: &[NodeId],
        abort: bool,
        force: bool,
    ) -> Result<Stopped, ClientError> {
        let version = self.server_version().await?;
        let request = Request::Stop {
            nodes: list_of(nodes),
            abort,
            force: takes_force(version).then_some(force),
        };
        self.stop_order(&request).await
    }

    /// Stops every data node (`stop` is `db`), and the management servers too (`mgm,db`).
    ///
    /// # Errors
    ///
    /// 2002 with the server's text.
    pub async fn stop_all(&mut self, abort: bool, stop: &str) -> Result<Stopped, ClientError> {
        self.server_version().await?;
        let request = Request::StopAll {
            abort,
            stop: Some(stop.to_owned()),
        };
        self.stop_order(&request).await
    }

    async fn stop_order(&mut self, request: &Request) -> Result<Stopped, ClientError> {
        let limit = self.timeout().max(STOP_LIMIT);
        let block = self.exchange(request, limit).await?;
        let reply = StopReply::decode(&block)
            .map_err(|error| error.for_command(request.name()))
            .map_err(|error| ClientError::from_reply(error, STOP_FAILED, STOP))?;
        Ok(Stopped {
            stopped: reply.stopped,
            disconnect: reply.disconnect.unwrap_or(false),
        })
    }

    /// Restarts nodes.
    ///
    /// # Errors
    ///
    /// 2003 with the server's text.
    pub async fn restart(
        &mut self,
        nodes: &[NodeId],
        how: RestartRequest,
    ) -> Result<Restarted, ClientError> {
        let version = self.server_version().await?;
        let request = Request::RestartNode {
            nodes: list_of(nodes),
            initial: how.initial,
            nostart: how.nostart,
            abort: how.abort,
            force: takes_force(version).then_some(how.force),
        };
        self.restart_order(&request).await
    }

    /// Restarts all data nodes; `force` has no meaning here.
    ///
    /// # Errors
    ///
    /// 2003 with the server's text.
    pub async fn restart_all(&mut self, how: RestartRequest) -> Result<Restarted, ClientError> {
        self.server_version().await?;
        let request = Request::RestartAll {
            initial: how.initial,
            nostart: how.nostart,
            abort: how.abort,
        };
        self.restart_order(&request).await
    }

    async fn restart_order(&mut self, request: &Request) -> Result<Restarted, ClientError> {
        let limit = self.timeout().max(STOP_LIMIT);
        let block = self.exchange(request, limit).await?;
        let reply = RestartReply::decode(&block)
            .map_err(|error| error.for_command(request.name()))
            .map_err(|error| ClientError::from_reply(error, RESTART_FAILED, RESTART))?;
        Ok(Restarted {
            restarted: reply.restarted,
            disconnect: reply.disconnect.unwrap_or(false),
        })
    }

    /// Starts a data node that waits for the order.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn start(&mut self, node: NodeId) -> Result<(), ClientError> {
        let request = Request::Start { node: node.get() };
        self.order(&request, INVALID_ARGUMENT, "ndb_mgm_start")
            .await
    }

    /// Starts all data nodes that wait for the order; gives the number of nodes reached.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn start_all(&mut self) -> Result<u32, ClientError> {
        let block = self.exchange(&Request::StartAll, self.timeout()).await?;
        StartAllReply::decode(&block)
            .map(|reply| reply.started)
            .map_err(|error| ClientError::from_reply(error, INVALID_ARGUMENT, "ndb_mgm_start"))
    }

    /// Lets only one API node use the cluster.
    ///
    /// # Errors
    ///
    /// 4001 with the server's text.
    pub async fn enter_single_user(&mut self, node: NodeId) -> Result<(), ClientError> {
        let request = Request::EnterSingleUser { node: node.get() };
        self.order(&request, NO_SINGLE_USER_MODE, "ndb_mgm_enter_single_user")
            .await
    }

    /// Opens the cluster to all again.
    ///
    /// # Errors
    ///
    /// 4002 with the server's text.
    pub async fn exit_single_user(&mut self) -> Result<(), ClientError> {
        let (number, call) = (NO_EXIT_FROM_SINGLE_USER_MODE, "ndb_mgm_exit_single_user");
        self.order(&Request::ExitSingleUser, number, call).await
    }

    /// Makes a nodegroup of data nodes that belong to none.
    ///
    /// # Errors
    ///
    /// The number that the server sends, and its text.
    pub async fn create_nodegroup(&mut self, nodes: &[NodeId]) -> Result<Nodegroup, ClientError> {
        let request = Request::CreateNodegroup {
            nodes: list_of(nodes),
        };
        let block = self.exchange(&request, self.timeout()).await?;
        let call = "ndb_mgm_create_nodegroup";
        let reply = CreateNodegroupReply::decode(&block)
            .map_err(|error| ClientError::from_reply(error, ILLEGAL_REPLY, call))?;
        u16::try_from(reply.nodegroup)
            .map(Nodegroup)
            .map_err(|_| ClientError::Reply(ReplyError::Illegal))
    }

    /// Dissolves a nodegroup that holds no data.
    ///
    /// # Errors
    ///
    /// 1006 with the server's text, as in the original.
    pub async fn drop_nodegroup(&mut self, nodegroup: Nodegroup) -> Result<(), ClientError> {
        let request = Request::DropNodegroup {
            nodegroup: u32::from(nodegroup.0),
        };
        self.order(&request, ILLEGAL_REPLY, "ndb_mgm_create_nodegroup")
            .await
    }

    /// Sends a dump code and its arguments to a data node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn dump_state(&mut self, node: NodeId, words: &[u32]) -> Result<(), ClientError> {
        let words: Vec<String> = words.iter().map(u32::to_string).collect();
        let request = Request::DumpState {
            node: node.get(),
            args: words.join(" "),
        };
        self.order(&request, INVALID_ARGUMENT, "ndb_mgm_dump_state")
            .await
    }

    /// Makes a data node fail on purpose.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn insert_error(
        &mut self,
        node: NodeId,
        error: u32,
        extra: Option<u32>,
    ) -> Result<(), ClientError> {
        let request = Request::InsertError {
            node: node.get(),
            error,
            extra,
        };
        self.order(&request, INVALID_ARGUMENT, "ndb_mgm_insert_error")
            .await
    }

    /// Sets the trace number of a data node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn set_trace(&mut self, node: NodeId, trace: u32) -> Result<(), ClientError> {
        let request = Request::SetTrace {
            node: node.get(),
            trace,
        };
        self.order(&request, INVALID_ARGUMENT, "ndb_mgm_set_trace")
            .await
    }

    /// Logs signals that a data node receives and sends; `blocks` are separated by `|`,
    /// none means all.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn log_signals(
        &mut self,
        node: NodeId,
        received: bool,
        sent: bool,
        blocks: &str,
    ) -> Result<(), ClientError> {
        let request = Request::LogSignals {
            node: node.get(),
            blocks: blocks.to_owned(),
            r#in: u32::from(received),
            out: u32::from(sent),
        };
        self.order(&request, INVALID_ARGUMENT, "ndb_mgm_log_signals")
            .await
    }

    /// Starts the signal log of a data node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn start_signallog(&mut self, node: NodeId) -> Result<(), ClientError> {
        let request = Request::StartSignallog { node: node.get() };
        self.order(&request, INVALID_ARGUMENT, "ndb_mgm_start_signallog")
            .await
    }

    /// Stops the signal log of a data node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn stop_signallog(&mut self, node: NodeId) -> Result<(), ClientError> {
        let request = Request::StopSignallog { node: node.get() };
        self.order(&request, INVALID_ARGUMENT, "ndb_mgm_stop_signallog")
            .await
    }
}

fn takes_force(version: Version) -> bool {
    version >= Version::new(7, 1, 8) || in_series(version, 7, 0, 19)
}

/// Of a series that got a feature late: `major.minor.build` and later builds.
fn in_series(version: Version, major: u32, minor: u32, build: u32) -> bool {
    version.major() == major && version.minor() == minor && version.build() >= build
}

fn list_of(nodes: &[NodeId]) -> String {
    let nodes: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
    nodes.join(" ")
}

//! Orders to nodes: stop, restart, start, single user mode, nodegroups.

use std::time::Duration;

use super::error::{Call, ClientError, ILLEGAL_REPLY, INVALID_ARGUMENT};
use super::session::Session;
use crate::cluster::{NodeId, Nodegroup, RestartOptions, StopOptions, StopScope, Version};
use crate::wire::{
    CreateNodegroupReply, NodesRequest, ReplyError, Request, RestartReply, StartAllReply, StopReply,
};

/// A stop or a restart may take this long, if the session's own limit is not longer.
const STOP_LIMIT: Duration = Duration::from_secs(300);

const NO_SINGLE_USER_MODE: u32 = 4001;
const NO_EXIT_FROM_SINGLE_USER_MODE: u32 = 4002;

const STOP: Call = Call(2002, "ndb_mgm_stop4");
const RESTART: Call = Call(2003, "ndb_mgm_restart4");

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
    /// Stops nodes.
    ///
    /// # Errors
    ///
    /// 2002 with the server's text.
    pub async fn stop(
        &mut self,
        nodes: &[NodeId],
        how: StopOptions,
    ) -> Result<Stopped, ClientError> {
        let version = self.server_version().await?;
        let request = Request::Nodes(NodesRequest::Stop {
            nodes: list_of(nodes),
            abort: how.abort,
            force: takes_force(version).then_some(how.force),
        });
        self.stop_order(&request).await
    }

    /// Stops every data node, or the whole cluster; `abort` stops at once, without a clean
    /// shutdown.
    ///
    /// # Errors
    ///
    /// 2002 with the server's text.
    pub async fn stop_all(
        &mut self,
        scope: StopScope,
        abort: bool,
    ) -> Result<Stopped, ClientError> {
        self.server_version().await?;
        let stop = match scope {
            StopScope::DataNodes => "db",
            StopScope::Cluster => "mgm,db",
        };
        let request = Request::Nodes(NodesRequest::StopAll {
            abort,
            stop: Some(stop.to_owned()),
        });
        self.stop_order(&request).await
    }

    async fn stop_order(&mut self, request: &Request) -> Result<Stopped, ClientError> {
        let limit = self.timeout().max(STOP_LIMIT);
        let reply = self
            .ask_within(limit, request, StopReply::decode, STOP)
            .await?;
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
        how: RestartOptions,
    ) -> Result<Restarted, ClientError> {
        let version = self.server_version().await?;
        let request = Request::Nodes(NodesRequest::RestartNode {
            nodes: list_of(nodes),
            initial: how.initial,
            nostart: how.nostart,
            abort: how.abort,
            force: takes_force(version).then_some(how.force),
        });
        self.restart_order(&request).await
    }

    /// Restarts all data nodes; `force` has no meaning here.
    ///
    /// # Errors
    ///
    /// 2003 with the server's text.
    pub async fn restart_all(&mut self, how: RestartOptions) -> Result<Restarted, ClientError> {
        self.server_version().await?;
        let request = Request::Nodes(NodesRequest::RestartAll {
            initial: how.initial,
            nostart: how.nostart,
            abort: how.abort,
        });
        self.restart_order(&request).await
    }

    async fn restart_order(&mut self, request: &Request) -> Result<Restarted, ClientError> {
        let limit = self.timeout().max(STOP_LIMIT);
        let reply = self
            .ask_within(limit, request, RestartReply::decode, RESTART)
            .await?;
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
        let request = Request::Nodes(NodesRequest::Start { node: node.get() });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_start");
        self.order(&request, call).await
    }

    /// Starts all data nodes that wait for the order; gives the number of nodes reached.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn start_all(&mut self) -> Result<u32, ClientError> {
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_start");
        let reply = self
            .ask(
                &Request::Nodes(NodesRequest::StartAll),
                StartAllReply::decode,
                call,
            )
            .await?;
        Ok(reply.started)
    }

    /// Lets only one API node use the cluster.
    ///
    /// # Errors
    ///
    /// 4001 with the server's text.
    pub async fn enter_single_user(&mut self, node: NodeId) -> Result<(), ClientError> {
        let request = Request::Nodes(NodesRequest::EnterSingleUser { node: node.get() });
        let call = Call(NO_SINGLE_USER_MODE, "ndb_mgm_enter_single_user");
        self.order(&request, call).await
    }

    /// Opens the cluster to all again.
    ///
    /// # Errors
    ///
    /// 4002 with the server's text.
    pub async fn exit_single_user(&mut self) -> Result<(), ClientError> {
        let call = Call(NO_EXIT_FROM_SINGLE_USER_MODE, "ndb_mgm_exit_single_user");
        self.order(&Request::Nodes(NodesRequest::ExitSingleUser), call)
            .await
    }

    /// Makes a nodegroup of data nodes that belong to none.
    ///
    /// # Errors
    ///
    /// The number that the server sends, and its text.
    pub async fn create_nodegroup(&mut self, nodes: &[NodeId]) -> Result<Nodegroup, ClientError> {
        let request = Request::Nodes(NodesRequest::CreateNodegroup {
            nodes: list_of(nodes),
        });
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_create_nodegroup");
        let reply = self
            .ask(&request, CreateNodegroupReply::decode, call)
            .await?;
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
        let request = Request::Nodes(NodesRequest::DropNodegroup {
            nodegroup: u32::from(nodegroup.0),
        });
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_create_nodegroup");
        self.order(&request, call).await
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

#[cfg(test)]
mod tests {
    use super::super::mock::{GREETING, Step, serve};
    use super::*;
    use Step::{Expect, Send};

    fn nodes(ids: &[u32]) -> Vec<NodeId> {
        ids.iter().filter_map(|id| NodeId::new(*id)).collect()
    }

    fn number_and_description<T>(result: Result<T, ClientError>) -> (u32, String) {
        let error = result.err().expect("an error");
        (error.number(), error.description())
    }

    #[tokio::test]
    async fn orders_to_nodes_are_sent_as_recorded() {
        let mut steps = vec![
            Expect("start\nnode: 2\n\n"),
            Send(
                "start reply\nresult: No contact with the process (dead ?).: Permanent error: Application error\n\n",
            ),
        ];
        steps.extend(GREETING);
        steps.extend([
            Expect("stop v2\nforce: 0\nabort: 1\nnode:\"2 3\"\n\n"),
            Send("stop reply\nresult: Ok\nstopped: 2\ndisconnect: 0\n\n"),
            Expect("stop all\nstop:\"mgm,db\"\nabort: 0\n\n"),
            Send("stop reply\nresult: Node shutdown would cause system crash: Permanent error: Application error\nstopped: 0\ndisconnect: 0\n\n"),
            Expect("restart node v2\nforce: 0\nnostart: 1\ninitialstart: 0\nabort: 0\nnode:\"1\"\n\n"),
            Send("restart reply\nresult: 5005-Send to process or receive failed.: Permanent error: Application error\nrestarted: 0\ndisconnect: 0\n\n"),
            Expect("restart all\nnostart: 0\ninitialstart: 1\nabort: 0\n\n"),
            Send("restart reply\nresult: Ok\nrestarted: 2\n\n"),
        ]);
        let (mut session, server) = serve(steps).await;
        let refused = session.start(nodes(&[2])[0]).await;
        let text = "No contact with the process (dead ?).: Permanent error: Application error";
        assert_eq!(number_and_description(refused), (22, text.to_owned()));
        let at_once = StopOptions {
            abort: true,
            force: false,
        };
        let stopped = session.stop(&nodes(&[2, 3]), at_once).await.unwrap();
        assert_eq!((stopped.stopped, stopped.disconnect), (2, false));
        let text = "Node shutdown would cause system crash: Permanent error: Application error";
        let refused = session.stop_all(StopScope::Cluster, false).await;
        assert_eq!(number_and_description(refused), (2002, text.to_owned()));
        let how = RestartOptions {
            nostart: true,
            ..RestartOptions::default()
        };
        let text = "5005-Send to process or receive failed.: Permanent error: Application error";
        let refused = session.restart(&nodes(&[1]), how).await;
        assert_eq!(number_and_description(refused), (2003, text.to_owned()));
        let how = RestartOptions {
            initial: true,
            ..RestartOptions::default()
        };
        assert_eq!(session.restart_all(how).await.unwrap().restarted, 2);
        server.await.unwrap();
    }

    #[tokio::test]
    async fn nodegroup_refusals_have_the_originals_numbers() {
        let (mut session, server) = serve(vec![
            Expect("create nodegroup\nnodes:\"1 2\"\n\n"),
            Send("create nodegroup reply\nng: -1\nerror_code: 5005\nresult: 5005-Send to process or receive failed.: Permanent error: Application error\n\n"),
            Expect("create nodegroup\nnodes:\"4 5\"\n\n"),
            Send("create nodegroup reply\nng: 1\nresult: Ok\n\n"),
            Expect("drop nodegroup\nng: 0\n\n"),
            Send("drop nodegroup reply\nresult: error: 5005\n\n"),
        ])
        .await;
        let refused = session.create_nodegroup(&nodes(&[1, 2])).await;
        let text = "5005-Send to process or receive failed.: Permanent error: Application error";
        assert_eq!(number_and_description(refused), (5005, text.to_owned()));
        let made = session.create_nodegroup(&nodes(&[4, 5])).await.unwrap();
        assert_eq!(made, Nodegroup(1));
        let refused = session.drop_nodegroup(Nodegroup(0)).await;
        assert_eq!(
            number_and_description(refused),
            (1006, "error: 5005".to_owned())
        );
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_may_take_five_minutes() {
        let mut steps = Vec::from(GREETING);
        steps.push(Expect("stop all\nstop:\"db\"\nabort: 0\n\n"));
        steps.push(Step::AwaitClose);
        let (mut session, _server) = serve(steps).await;
        let error = session
            .stop_all(StopScope::DataNodes, false)
            .await
            .unwrap_err();
        assert!(error.description().ends_with("timeout: 300000"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_restart_whose_reply_trickles_takes_five_minutes_at_most() {
        let mut steps = Vec::from(GREETING);
        steps.extend([Step::Skip, Step::Dribble]);
        let (mut session, _server) = serve(steps).await;
        let asked = tokio::time::Instant::now();
        let error = session
            .restart(&nodes(&[2]), RestartOptions::default())
            .await
            .unwrap_err();
        assert!(error.description().ends_with("timeout: 300000"), "{error}");
        assert!(asked.elapsed() < std::time::Duration::from_secs(310));
    }

    #[test]
    fn force_came_in_two_series() {
        for (version, takes) in [
            (Version::new(7, 0, 18), false),
            (Version::new(7, 0, 19), true),
            (Version::new(7, 1, 7), false),
            (Version::new(7, 1, 8), true),
            (Version::OURS, true),
        ] {
            assert_eq!(takes_force(version), takes, "{version}");
        }
    }
}

//! The step of a rolling restart that restarts data nodes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::client::{ClientError, ConnectOptions, Session};
use crate::cluster::state::{AwaitedState, ClusterState, Watch};
use crate::cluster::{
    ErrorNumber, NodeId, NodeState, NodeStatus, NodeType, RestartOptions, StopOptions,
};
use crate::command::RollingRestart;

use super::super::outcome::{RollFault, RollNote, Step};
use super::super::{Shell, render};
use super::lookout::{INTERVAL, Lookout};
use super::post_stop::PostStop;
use super::rolling::{Patience, StepFault, StepOrder};

/// A management server restarts a node by two orders: to go down, and to start once it waits for
/// that. One that has given up (5025) or was lost in between never gives the second. A node that
/// waits so long gets it from here.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// How long no data node must have been connected before the cluster is called down: a server that
/// has just been started sees none for a moment.
const DOWN_PATIENCE: Duration = Duration::from_secs(10);

/// How long a node may stay after the server has given up, or has been lost.
const LEAVE_PATIENCE: Duration = Duration::from_secs(60);

/// The server does not wait any more for the nodes to begin to go down, or to be down; they may go
/// all the same.
const GIVEN_UP: [ErrorNumber; 2] = [
    ErrorNumber::SHUTDOWN_NOT_STARTING,
    ErrorNumber::SHUTDOWN_NOT_COMPLETING,
];

impl Shell {
    pub(super) async fn roll_data_nodes(
        &mut self,
        nodes: &[NodeId],
        step: &StepOrder<'_>,
        state: &ClusterState,
    ) -> Result<(), StepFault> {
        let lost = || {
            RollFault::NoServer(ClientError::Disconnected {
                command: "restart node v2",
            })
        };
        let mut session = self.session.take().ok_or_else(lost)?;
        let mut lookout = Lookout::new(None, &self.lookout_options(&session));
        let mut view = StepView::new(nodes, state);
        match lookout.look().await {
            Ok(nodes) => view.observe(self, &nodes),
            Err(error) => {
                self.session = Some(session);
                return Err(RollFault::NoServer(error).into());
            }
        }
        let mut order = Box::pin(async move {
            let ordered = order(&mut session, nodes, step.rolling).await;
            (session, ordered)
        });
        let mut run = StepRun::new(nodes, step, view);
        loop {
            tokio::select! {
                (session, ordered) = &mut order, if !run.is_ordered => {
                    run.is_ordered = true;
                    self.session = Some(session);
                    self.note_order(&mut run, ordered)?;
                }
                () = sleep(INTERVAL) => {}
                () = run.patience.first() => self.output.advise(render::ROLL_ENDS_AFTER_STEP),
                () = run.patience.second() => return Err(run.view.fault(RollFault::Abandoned)),
            }
            match lookout.look().await {
                Ok(nodes) => run.view.observe(self, &nodes),
                Err(error) => run.view.lose_sight(self, &error),
            }
            if self.is_step_done(&mut run, &mut lookout).await? {
                return Ok(());
            }
        }
    }

    /// Goes on with a step after a look at the nodes; true once all of them are back.
    async fn is_step_done(
        &mut self,
        run: &mut StepRun<'_>,
        lookout: &mut Lookout,
    ) -> Result<bool, StepFault> {
        if run.is_ordered && !run.is_started && run.view.are_gone() {
            run.is_started = true;
            let started = self.after_stop(run.nodes, run.deadline, &run.patience);
            started.await.map_err(|fault| run.view.fault(fault))?;
        }
        if run.view.watch.is_done() && run.is_ordered {
            return Ok(true);
        }
        if run.is_ordered && !run.step.rolling.stop_only {
            for node in run.view.forgotten() {
                self.start_forgotten(node, lookout).await;
            }
        }
        if run.view.is_cluster_down() {
            return Err(run.view.fault(RollFault::ClusterDown));
        }
        let is_overdue = |since: &Instant| since.elapsed() >= LEAVE_PATIENCE;
        if run.view.stay()
            && let Some((fault, _)) = run.given_up.take_if(|(_, since)| is_overdue(since))
        {
            return Err(run.view.fault(fault));
        }
        match Instant::now() >= run.deadline {
            true => Err(run.view.fault(run.view.not_back(run.step.limit))),
            false => Ok(false),
        }
    }

    /// What came of the order; whatever does not tell that the nodes stay is waited for.
    fn note_order(
        &mut self,
        run: &mut StepRun<'_>,
        ordered: Result<(), ClientError>,
    ) -> Result<(), StepFault> {
        match ordered {
            Ok(()) => self.step(Step::Roll(RollNote::Ordered(run.nodes.to_vec()))),
            Err(error) if error.is_unanswered() => {
                self.session_lost(&error);
                run.given_up = Some((RollFault::NoServer(error), Instant::now()));
            }
            Err(error) if GIVEN_UP.iter().any(|number| error.is_refused_with(*number)) => {
                let text = render::render_server_gave_up(&error.to_string());
                self.output.advise(&text);
                run.given_up = Some((RollFault::Refused(error), Instant::now()));
            }
            Err(error) => return Err(run.view.fault(RollFault::Refused(error))),
        }
        Ok(())
    }

    /// Gives a node the order to start that its server owes it.
    async fn start_forgotten(&self, node: NodeId, lookout: &mut Lookout) {
        self.step(Step::Roll(RollNote::StartOrdered(node)));
        if let Err(error) = lookout.start(node).await {
            let text = render::render_not_started(node, &error.to_string());
            self.output.advise(&text);
        }
    }

    /// The nodes of STOP ONLY are down: runs the command for it, if there is one.
    pub(super) async fn after_stop(
        &self,
        nodes: &[NodeId],
        deadline: Instant,
        patience: &Patience<'_>,
    ) -> Result<(), RollFault> {
        let command = self.settings.post_stop_command.as_deref();
        self.step(Step::Roll(RollNote::Stopped {
            nodes: nodes.to_vec(),
            has_command: command.is_some(),
        }));
        let Some(command) = command else {
            return Ok(());
        };
        for node in nodes {
            let started = PostStop::start(command, *node);
            let mut running = started.map_err(RollFault::PostStopCommand)?;
            loop {
                tokio::select! {
                    ended = running.ended(deadline) => {
                        break ended.map_err(RollFault::PostStopCommand)?;
                    }
                    () = patience.first() => self.output.advise(render::ROLL_ENDS_AFTER_STEP),
                    () = patience.second() => {
                        running.end().await;
                        return Err(RollFault::Abandoned);
                    }
                }
            }
        }
        Ok(())
    }

    /// The main connection's server, and behind it all others.
    fn lookout_options(&self, session: &Session) -> ConnectOptions {
        let mut options = self.options_for_servers(session, self.settings.connect.timeout);
        let main = session.server().clone();
        let hosts = &mut options.connect_string.hosts;
        hosts.retain(|host| *host != main);
        hosts.insert(0, main);
        options
    }

    /// An order may have been carried out although no answer came.
    pub(super) fn session_lost(&mut self, error: &ClientError) {
        self.session = None;
        let text = render::render_no_server_answers(&error.to_string());
        self.output.advise(&text);
    }
}

async fn order(
    session: &mut Session,
    nodes: &[NodeId],
    rolling: &RollingRestart,
) -> Result<(), ClientError> {
    // A server stops several nodes at once only so (error 5031).
    let abort = nodes.len() > 1;
    if rolling.stop_only {
        let how = StopOptions {
            abort,
            force: false,
        };
        return session.stop(nodes, how).await.map(|_| ());
    }
    let how = RestartOptions {
        initial: rolling.initial,
        nostart: false,
        abort,
        force: false,
    };
    session.restart(nodes, how).await.map(|_| ())
}

/// A step under way.
struct StepRun<'a> {
    nodes: &'a [NodeId],
    step: &'a StepOrder<'a>,
    view: StepView,
    deadline: Instant,
    patience: Patience<'a>,
    /// The order has been answered, or never will be.
    is_ordered: bool,
    /// Nobody has to be told any more that the nodes of STOP ONLY are down.
    is_started: bool,
    /// Why the order need not be carried out, since when that is known.
    given_up: Option<(RollFault, Instant)>,
}

impl<'a> StepRun<'a> {
    fn new(nodes: &'a [NodeId], step: &'a StepOrder<'a>, view: StepView) -> Self {
        StepRun {
            nodes,
            step,
            view,
            deadline: Instant::now() + step.limit,
            patience: Patience::new(step.interrupts),
            is_ordered: false,
            is_started: !step.rolling.stop_only,
            given_up: None,
        }
    }
}

/// What is seen of the nodes during a step.
struct StepView {
    nodes: Vec<NodeId>,
    watch: Watch,
    /// Data nodes that were no part of the service when the step began: spare ones.
    spares: Vec<NodeId>,
    /// Data nodes out of service that are no part of the step, and have been told of.
    bystanders: BTreeMap<NodeId, NodeStatus>,
    /// Since when nodes of the step wait for the order to start; none once they got it from here.
    waiting: BTreeMap<NodeId, Option<Instant>>,
    /// Since when no data node is connected.
    down_since: Option<Instant>,
    is_lost: bool,
}

impl StepView {
    fn new(nodes: &[NodeId], state: &ClusterState) -> Self {
        let mut watch = Watch::new(nodes.to_vec(), AwaitedState::Started).after_leaving();
        watch.observe(state.nodes());
        let is_out = |node: &&NodeState| node.status != NodeStatus::Started;
        let out = state.of_type(NodeType::Ndb).filter(is_out);
        StepView {
            nodes: nodes.to_vec(),
            watch,
            spares: out.map(|node| node.node).collect(),
            bystanders: BTreeMap::new(),
            waiting: BTreeMap::new(),
            down_since: None,
            is_lost: false,
        }
    }

    fn observe(&mut self, shell: &Shell, nodes: &[NodeState]) {
        self.is_lost = false;
        let now = Instant::now();
        for sighting in self.watch.observe(nodes) {
            shell.step(Step::Sighted(sighting, AwaitedState::Started));
        }
        let data_nodes = || nodes.iter().filter(|node| node.node_type == NodeType::Ndb);
        for node in data_nodes() {
            if self.nodes.contains(&node.node) {
                match node.status {
                    NodeStatus::NotStarted => {
                        self.waiting.entry(node.node).or_insert(Some(now));
                    }
                    _ => {
                        self.waiting.remove(&node.node);
                    }
                }
            } else if self.spares.contains(&node.node) {
                // What becomes of it is no matter of this step.
            } else if node.status == NodeStatus::Started {
                self.bystanders.remove(&node.node);
            } else if self.bystanders.insert(node.node, node.status).is_none() {
                let note = RollNote::BystanderLost(node.node, node.status);
                shell.step(Step::Roll(note));
            }
        }
        let is_gone = |node: &NodeState| node.status == NodeStatus::NoContact;
        match data_nodes().all(is_gone) {
            true => _ = self.down_since.get_or_insert(now),
            false => self.down_since = None,
        }
    }

    fn lose_sight(&mut self, shell: &Shell, error: &ClientError) {
        // What was seen before need not have lasted.
        self.down_since = None;
        self.waiting.retain(|_, since| since.is_none());
        if !std::mem::replace(&mut self.is_lost, true) {
            let text = render::render_no_server_answers(&error.to_string());
            shell.output.advise(&text);
        }
    }

    fn have_left(&self) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.all(|node| self.watch.has_seen_leaving(*node))
    }

    /// True if a node is seen, and has not gone.
    fn stay(&self) -> bool {
        !self.is_lost && !self.have_left()
    }

    /// True once the processes that were told to stop are no more; new ones may run already.
    fn are_gone(&self) -> bool {
        let is_going = |node: &NodeId| {
            matches!(
                self.watch.last_seen(*node),
                Some(NodeStatus::ShuttingDown | NodeStatus::Restarting)
            )
        };
        self.have_left() && !self.nodes.iter().any(is_going)
    }

    /// The nodes whose order to start is overdue, each once.
    fn forgotten(&mut self) -> Vec<NodeId> {
        let mut found = Vec::new();
        for (node, since) in &mut self.waiting {
            if since.is_some_and(|since| since.elapsed() >= START_PATIENCE) {
                *since = None;
                found.push(*node);
            }
        }
        found
    }

    fn is_cluster_down(&self) -> bool {
        let since = self.down_since;
        since.is_some_and(|since| since.elapsed() >= DOWN_PATIENCE)
    }

    fn fault(&self, fault: RollFault) -> StepFault {
        let missing = self.watch.missing();
        let is_back = |node: &NodeId| !missing.contains(node);
        let own = missing.iter().filter_map(|node| {
            let status = self.watch.last_seen(*node)?;
            (status != NodeStatus::Started).then_some((*node, status))
        });
        let mut out: Vec<_> = own.collect();
        out.extend(
            self.bystanders
                .iter()
                .map(|(node, status)| (*node, *status)),
        );
        StepFault {
            fault,
            back: self.nodes.iter().copied().filter(is_back).collect(),
            out,
        }
    }

    fn not_back(&self, limit: Duration) -> RollFault {
        let missing = self.watch.missing().into_iter();
        RollFault::NotBack {
            nodes: missing
                .map(|node| {
                    let has_left = self.watch.has_seen_leaving(node);
                    (node, self.watch.last_seen(node), has_left)
                })
                .collect(),
            limit,
        }
    }
}

//! ROLLING RESTART: everything is checked before each step, and each node has to be seen leaving
//! and coming back before the next one goes.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::client::{ClientError, ConnectOptions, Questions, Session, Surroundings};
use crate::cluster::state::{AwaitedState, ClusterState, Obstacle, RollPlan, RollStep, Watch};
use crate::cluster::{NodeId, NodeState, NodeStatus, NodeType, RestartOptions, StopOptions};
use crate::command::{RollingRestart, Targets};

use super::super::interrupt::{Interrupt, Interrupts};
use super::super::outcome::{Attempt, Failure, Outcome, RollFailure, RollFault, RollNote, Step};
use super::super::{Shell, render};
use super::lookout::{INTERVAL, Lookout};
use super::post_stop;

/// How long a step may take unless TIMEOUT says otherwise, in seconds: a large node copies its
/// data for a long time.
const DEFAULT_TIMEOUT: u32 = 3600;

/// How long management servers may see the nodes in different states after a step.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);

const QUESTIONS: Questions = Questions {
    backups: true,
    memory: false,
};

/// Why a step failed, and which of its nodes are back nevertheless.
pub(super) struct StepFault {
    pub(super) fault: RollFault,
    pub(super) back: Vec<NodeId>,
}

impl From<RollFault> for StepFault {
    fn from(fault: RollFault) -> Self {
        StepFault {
            fault,
            back: Vec::new(),
        }
    }
}

impl Shell {
    pub(super) async fn rolling_restart(
        &mut self,
        rolling: RollingRestart,
    ) -> Result<Outcome, Failure> {
        let began = Instant::now();
        let seen = Box::pin(self.look_around(QUESTIONS)).await;
        let state = seen.map_err(Attempt::Status.failed())?.state;
        let named = match &rolling.targets {
            Targets::All => None,
            Targets::Nodes(nodes) => Some(&nodes[..]),
        };
        let plan = state.plan_roll(named, rolling.per_nodegroup);
        let plan = plan.map_err(Failure::NoRoll)?;
        if rolling.dry_run {
            let first = plan.steps.first();
            let obstacles = first.map_or(Vec::new(), |step| state.obstacles(step));
            return Ok(Outcome::RollPlanned(plan, obstacles));
        }
        let interrupts = Interrupts::listen().ok();
        if interrupts.is_some() {
            self.interrupt = Interrupt::end_command().unwrap_or(self.interrupt);
        }
        self.step(Step::Roll(RollNote::Begins(plan.clone())));
        let mut done = Vec::new();
        for (index, step) in plan.steps.iter().enumerate() {
            let is_interrupted = interrupts.as_ref().is_some_and(|it| it.count() > 0);
            let result = match self.settings.limits.command {
                _ if is_interrupted => Err(RollFault::Interrupted.into()),
                Some(limit) if began.elapsed() >= limit => Err(RollFault::OutOfTime(limit).into()),
                _ => {
                    let step = self.roll_step(&rolling, &plan, index, interrupts.as_ref());
                    Box::pin(step).await
                }
            };
            match result {
                Ok(()) => done.extend(step.nodes()),
                Err(StepFault { fault, back }) => {
                    done.extend(&back);
                    let left = plan.nodes_from(index);
                    return Err(ended_early(&rolling, fault, done, left));
                }
            }
        }
        match self.check_end().await {
            Ok(()) => Ok(Outcome::Rolled(done)),
            Err(fault) => Err(ended_early(&rolling, fault, done, Vec::new())),
        }
    }

    /// A node that was lost during the last step has not been noticed yet.
    async fn check_end(&mut self) -> Result<(), RollFault> {
        Box::pin(self.prepare()).await.map_err(no_server)?;
        let seen = Box::pin(self.look_around(QUESTIONS)).await;
        let state = seen.map_err(RollFault::NoServer)?.state;
        let step = RollStep::DataNodes(Vec::new());
        let mut obstacles = state.obstacles(&step);
        obstacles.retain(|obstacle| matches!(obstacle, Obstacle::NotStarted(..)));
        match obstacles.is_empty() {
            true => Ok(()),
            false => Err(RollFault::Obstacles(obstacles)),
        }
    }

    async fn roll_step(
        &mut self,
        rolling: &RollingRestart,
        plan: &RollPlan,
        index: usize,
        interrupts: Option<&Interrupts>,
    ) -> Result<(), StepFault> {
        let step = &plan.steps[index];
        let seen = self.check_step(step).await?;
        self.step(Step::Roll(RollNote::StepBegins {
            step: index + 1,
            of: plan.steps.len(),
            nodes: step.nodes().to_vec(),
        }));
        let limit = Duration::from_secs(rolling.timeout.unwrap_or(DEFAULT_TIMEOUT).into());
        match step {
            RollStep::Server(server) => {
                self.roll_server(*server, rolling, &seen, limit, interrupts)
                    .await
            }
            RollStep::DataNodes(nodes) => {
                self.roll_data_nodes(nodes, rolling, &seen.state, limit, interrupts)
                    .await
            }
        }
    }

    /// What stands against a step; servers that differ get a moment to agree.
    async fn check_step(&mut self, step: &RollStep) -> Result<Surroundings, RollFault> {
        let until = Instant::now() + SETTLE_LIMIT;
        loop {
            Box::pin(self.prepare()).await.map_err(no_server)?;
            let seen = Box::pin(self.look_around(QUESTIONS)).await;
            let seen = seen.map_err(RollFault::NoServer)?;
            let obstacles = seen.state.obstacles(step);
            if obstacles.is_empty() {
                return Ok(seen);
            }
            let differs = |obstacle: &Obstacle| matches!(obstacle, Obstacle::ServersDiffer(_));
            if !obstacles.iter().all(differs) || Instant::now() >= until {
                return Err(RollFault::Obstacles(obstacles));
            }
            sleep(INTERVAL).await;
        }
    }

    async fn roll_data_nodes(
        &mut self,
        nodes: &[NodeId],
        rolling: &RollingRestart,
        state: &ClusterState,
        limit: Duration,
        interrupts: Option<&Interrupts>,
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
        let deadline = Instant::now() + limit;
        let mut order = Box::pin(async move {
            let ordered = order(&mut session, nodes, rolling).await;
            (session, ordered)
        });
        let mut is_ordered = false;
        let mut is_started = !rolling.stop_only;
        let patience = Patience::new(interrupts);
        loop {
            tokio::select! {
                (session, ordered) = &mut order, if !is_ordered => {
                    is_ordered = true;
                    self.session = Some(session);
                    match ordered {
                        Err(error) if !error.is_unanswered() => {
                            return Err(view.fault(RollFault::Refused(error)));
                        }
                        Err(error) => self.session_lost(&error),
                        Ok(()) => {}
                    }
                }
                () = sleep(INTERVAL) => {}
                () = patience.first() => self.output.advise(render::ROLL_ENDS_AFTER_STEP),
                () = patience.second() => return Err(view.fault(RollFault::Abandoned)),
            }
            match lookout.look().await {
                Ok(nodes) => view.observe(self, &nodes),
                Err(error) => view.lose_sight(self, &error),
            }
            if is_ordered && !is_started && view.have_left() {
                is_started = true;
                if let Err(fault) = self.after_stop(nodes, deadline, &patience).await {
                    return Err(view.fault(fault));
                }
            }
            if view.watch.is_done() && is_ordered {
                return Ok(());
            }
            if view.is_cluster_down {
                return Err(view.fault(RollFault::ClusterDown));
            }
            if Instant::now() >= deadline {
                return Err(view.fault(view.not_back(limit)));
            }
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
        if let Some(command) = command {
            for node in nodes {
                let mut run = pin!(post_stop::run(command, *node, deadline));
                loop {
                    tokio::select! {
                        ended = &mut run => break ended.map_err(RollFault::PostStopCommand)?,
                        () = patience.first() => self.output.advise(render::ROLL_ENDS_AFTER_STEP),
                        () = patience.second() => return Err(RollFault::Abandoned),
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

fn no_server(failure: Failure) -> RollFault {
    RollFault::NoServer(match failure {
        Failure::Unreachable { error, .. } | Failure::Request { error, .. } => error,
        _ => ClientError::Disconnected {
            command: "check connection",
        },
    })
}

fn ended_early(
    rolling: &RollingRestart,
    fault: RollFault,
    done: Vec<NodeId>,
    mut left: Vec<NodeId>,
) -> Failure {
    left.retain(|node| !done.contains(node));
    let resume = RollingRestart {
        targets: Targets::Nodes(left.clone()),
        ..rolling.clone()
    };
    Failure::Roll(Box::new(RollFailure {
        fault,
        done,
        left,
        resume,
    }))
}

/// What is seen of the nodes during a step.
struct StepView {
    nodes: Vec<NodeId>,
    watch: Watch,
    /// Data nodes out of service that are no part of the step, and have been told of.
    bystanders: BTreeSet<NodeId>,
    is_cluster_down: bool,
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
            bystanders: out.map(|node| node.node).collect(),
            is_cluster_down: false,
            is_lost: false,
        }
    }

    fn observe(&mut self, shell: &Shell, nodes: &[NodeState]) {
        self.is_lost = false;
        for sighting in self.watch.observe(nodes) {
            shell.step(Step::Sighted(sighting, AwaitedState::Started));
        }
        let data_nodes = || nodes.iter().filter(|node| node.node_type == NodeType::Ndb);
        for node in data_nodes() {
            let is_out = node.status != NodeStatus::Started && !self.nodes.contains(&node.node);
            if !is_out {
                self.bystanders.remove(&node.node);
            } else if self.bystanders.insert(node.node) {
                let note = RollNote::BystanderLost(node.node, node.status);
                shell.step(Step::Roll(note));
            }
        }
        let is_gone = |node: &NodeState| node.status == NodeStatus::NoContact;
        self.is_cluster_down = data_nodes().all(is_gone);
    }

    fn lose_sight(&mut self, shell: &Shell, error: &ClientError) {
        if !std::mem::replace(&mut self.is_lost, true) {
            let text = render::render_no_server_answers(&error.to_string());
            shell.output.advise(&text);
        }
    }

    fn have_left(&self) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.all(|node| self.watch.has_seen_leaving(*node))
    }

    fn fault(&self, fault: RollFault) -> StepFault {
        let missing = self.watch.missing();
        let is_back = |node: &NodeId| !missing.contains(node);
        StepFault {
            fault,
            back: self.nodes.iter().copied().filter(is_back).collect(),
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

/// Ctrl-C within a step: the first ends the roll after it, the second at once.
pub(super) struct Patience<'a> {
    interrupts: Option<&'a Interrupts>,
    is_warned: Cell<bool>,
}

impl<'a> Patience<'a> {
    pub(super) fn new(interrupts: Option<&'a Interrupts>) -> Self {
        Patience {
            interrupts,
            is_warned: Cell::new(false),
        }
    }

    /// Waits for the first Ctrl-C; for ever once it has come.
    pub(super) async fn first(&self) {
        match self.interrupts {
            Some(interrupts) if !self.is_warned.get() => interrupts.reach(1).await,
            _ => pending().await,
        }
        self.is_warned.set(true);
    }

    /// Waits for the second.
    pub(super) async fn second(&self) {
        match self.interrupts {
            Some(interrupts) => interrupts.reach(2).await,
            None => pending().await,
        }
    }
}

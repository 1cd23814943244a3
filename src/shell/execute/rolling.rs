//! ROLLING RESTART: everything is checked before each step, and each node has to be seen leaving
//! and coming back before the next one goes.

use std::cell::Cell;
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::client::{ClientError, Questions, Surroundings};
use crate::cluster::state::{Obstacle, RollPlan, RollStep};
use crate::cluster::{ErrorNumber, NodeId, NodeStatus};
use crate::command::{RollingRestart, Targets};

use super::super::Shell;
use super::super::interrupt::{Interrupt, Interrupts};
use super::super::outcome::{
    Attempt, Failure, Outcome, RollFailure, RollFault, RollNote, Step, StepAt,
};
use super::lookout::INTERVAL;

/// How long a step may take unless TIMEOUT says otherwise, in seconds: a large node copies its
/// data for a long time.
const DEFAULT_TIMEOUT: u32 = 3600;

/// How long what passes by itself may stand against a step: views of management servers lag
/// behind by a heartbeat or two, and a busy data node may be late with its report.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);

/// Pause before a step that the server refused for a moment is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

const QUESTIONS: Questions = Questions {
    backups: true,
    memory: false,
};

/// Why a step failed, and what is known of its nodes.
pub(super) struct StepFault {
    pub(super) fault: RollFault,
    /// Those that are back nevertheless.
    pub(super) back: Vec<NodeId>,
    /// Nodes that are out of service, as far as was seen.
    pub(super) out: Vec<(NodeId, NodeStatus)>,
}

impl From<RollFault> for StepFault {
    fn from(fault: RollFault) -> Self {
        let out = match &fault {
            RollFault::Obstacles(obstacles) => obstacles.iter().filter_map(not_started).collect(),
            _ => Vec::new(),
        };
        StepFault {
            fault,
            back: Vec::new(),
            out,
        }
    }
}

/// How a step is made, whichever nodes it restarts.
pub(super) struct StepOrder<'a> {
    pub(super) rolling: &'a RollingRestart,
    pub(super) limit: Duration,
    pub(super) interrupts: Option<&'a Interrupts>,
}

impl Shell {
    pub(super) async fn rolling_restart(
        &mut self,
        mut rolling: RollingRestart,
    ) -> Result<Outcome, Failure> {
        rolling.stop_only |= self.settings.stop_only;
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
                    let order = StepOrder {
                        rolling: &rolling,
                        limit: step_limit(&rolling),
                        interrupts: interrupts.as_ref(),
                    };
                    Box::pin(self.roll_step(&order, &plan, index, &done)).await
                }
            };
            match result {
                Ok(()) => done.extend(step.nodes()),
                Err(fault) => {
                    done.extend(&fault.back);
                    let left = plan.nodes_from(index);
                    return Err(self.ended_early(&rolling, fault, done, left));
                }
            }
        }
        match self.check_end(&done).await {
            Ok(()) => Ok(Outcome::Rolled(done)),
            Err(fault) => Err(self.ended_early(&rolling, fault.into(), done, Vec::new())),
        }
    }

    /// A node that was lost during the last step has not been noticed yet.
    async fn check_end(&mut self, done: &[NodeId]) -> Result<(), RollFault> {
        let until = Instant::now() + SETTLE_LIMIT;
        let nothing = RollStep::DataNodes(Vec::new());
        loop {
            let seen = self.see().await?;
            let mut obstacles = seen.state.obstacles(&nothing);
            obstacles.retain(|obstacle| matches!(obstacle, Obstacle::NotStarted(..)));
            if obstacles.is_empty() {
                return Ok(());
            }
            if !obstacles.iter().all(|it| may_pass(it, done)) || Instant::now() >= until {
                return Err(RollFault::Obstacles(obstacles));
            }
            sleep(INTERVAL).await;
        }
    }

    async fn roll_step(
        &mut self,
        order: &StepOrder<'_>,
        plan: &RollPlan,
        index: usize,
        done: &[NodeId],
    ) -> Result<(), StepFault> {
        let step = &plan.steps[index];
        let at = StepAt {
            step: index + 1,
            of: plan.steps.len(),
            nodes: step.nodes().to_vec(),
        };
        let note = |note: RollNote| Step::Roll(note);
        let until = Instant::now() + SETTLE_LIMIT;
        let mut has_begun = false;
        loop {
            let seen = match self.check_step(step, done).await {
                Ok(seen) => seen,
                Err(fault) => {
                    if let RollFault::Obstacles(obstacles) = &fault {
                        let checked = RollNote::Checked(at, obstacles.clone());
                        self.step(note(checked));
                    }
                    return Err(fault.into());
                }
            };
            if !has_begun {
                has_begun = true;
                self.step(note(RollNote::Checked(at.clone(), Vec::new())));
                self.step(note(RollNote::StepBegins(at.clone())));
            }
            let result = match step {
                RollStep::Server(server) => self.roll_server(*server, order, &seen).await,
                RollStep::DataNodes(nodes) => self.roll_data_nodes(nodes, order, &seen.state).await,
            };
            match result {
                Ok(()) => {
                    self.step(note(RollNote::StepDone(at)));
                    return Ok(());
                }
                Err(StepFault {
                    fault: RollFault::Refused(error),
                    ..
                }) if is_for_a_moment(&error) && Instant::now() < until => {
                    sleep(RETRY_PAUSE).await;
                }
                Err(fault) => {
                    self.step(note(RollNote::StepFailed(at, fault.fault.kind())));
                    return Err(fault);
                }
            }
        }
    }

    /// What stands against a step; what passes by itself gets a moment to do so.
    async fn check_step(
        &mut self,
        step: &RollStep,
        done: &[NodeId],
    ) -> Result<Surroundings, RollFault> {
        let until = Instant::now() + SETTLE_LIMIT;
        loop {
            let seen = self.see().await?;
            let obstacles = seen.state.obstacles(step);
            if obstacles.is_empty() {
                return Ok(seen);
            }
            if !obstacles.iter().all(|it| may_pass(it, done)) || Instant::now() >= until {
                return Err(RollFault::Obstacles(obstacles));
            }
            sleep(INTERVAL).await;
        }
    }

    /// The cluster now, by a connection that lives.
    async fn see(&mut self) -> Result<Surroundings, RollFault> {
        Box::pin(self.prepare()).await.map_err(no_server)?;
        let seen = Box::pin(self.look_around(QUESTIONS)).await;
        seen.map_err(RollFault::NoServer)
    }

    fn ended_early(
        &self,
        rolling: &RollingRestart,
        fault: StepFault,
        done: Vec<NodeId>,
        mut left: Vec<NodeId>,
    ) -> Failure {
        left.retain(|node| !done.contains(node));
        let resume = RollingRestart {
            targets: Targets::Nodes(left.clone()),
            ..rolling.clone()
        };
        let has_command = rolling.stop_only && self.settings.post_stop_command.is_some();
        Failure::Roll(Box::new(RollFailure {
            fault: fault.fault,
            done,
            left,
            out: fault.out,
            resume,
            has_command,
        }))
    }
}

fn step_limit(rolling: &RollingRestart) -> Duration {
    Duration::from_secs(rolling.timeout.unwrap_or(DEFAULT_TIMEOUT).into())
}

fn not_started(obstacle: &Obstacle) -> Option<(NodeId, NodeStatus)> {
    match obstacle {
        Obstacle::NotStarted(node, status) => Some((*node, *status)),
        _ => None,
    }
}

/// True for what need not be true any more when it is looked at again. A node that has been seen to
/// be back, and is starting in the view of another server, is one.
fn may_pass(obstacle: &Obstacle, done: &[NodeId]) -> bool {
    match obstacle {
        Obstacle::ServersDiffer(_) | Obstacle::BackupsUnknown => true,
        Obstacle::NotStarted(node, NodeStatus::Starting) => done.contains(node),
        Obstacle::NotStarted(..)
        | Obstacle::BackupRuns(_)
        | Obstacle::SingleUserMode
        | Obstacle::LastOfNodegroup(_)
        | Obstacle::NoSuchNode(_) => false,
    }
}

/// The data nodes may still be busy with the end of a start that the server sees as done.
fn is_for_a_moment(error: &ClientError) -> bool {
    error.is_refused_with(ErrorNumber::NODES_STARTING_OR_STOPPING)
}

fn no_server(failure: Failure) -> RollFault {
    RollFault::NoServer(match failure {
        Failure::Unreachable { error, .. } | Failure::Request { error, .. } => error,
        _ => ClientError::Disconnected {
            command: "check connection",
        },
    })
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

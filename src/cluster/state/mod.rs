//! What is known of a cluster at one moment, and what follows from it.
//!
//! A [`ClusterState`] is made of replies of management servers. Each judgement is a function of it
//! alone: [health](ClusterState::health), [whether nodes may be stopped](ClusterState::may_stop),
//! [what stands against the next step of a rolling restart](ClusterState::obstacles). A [`Watch`]
//! follows nodes from one state to the next.

mod cluster_state;
mod health;
mod placement;
mod roll;
mod stop;
mod watch;

pub use cluster_state::{
    ClusterState, Difference, MemoryKind, MemoryUse, RunningBackup, ServerView,
};
pub use health::{Condition, Finding, Grade, Health, MemoryLimits, NodegroupHealth, UnknownCause};
pub use placement::Layout;
pub use roll::{Obstacle, RollPlan, RollPlanError, RollStep};
pub use stop::{StopCaution, StopRefusal, StopVerdict};
pub use watch::{AwaitedState, Sighting, Watch};

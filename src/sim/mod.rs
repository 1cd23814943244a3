//! The simulated cluster: management servers and data nodes behind the real management
//! protocol, with real backup files.
//!
//! ```text
//! socket -> session task -> Request -> model -> effects -> replies, events, files
//! ```
//!
//! | part | what it is |
//! |---|---|
//! | [`Topology`] | the configured nodes, from config.ini or the default |
//! | [`FaultPlan`] | scripted faults |
//! | [`start`] | the simulator on a thread of its own, with a [`SimHandle`] |
//! | [`run`], [`prepare`] | the simulator in the caller's runtime, as a [`Simulator`] |
//!
//! A simulated backup is a real fileset in the real formats, of made-up rows. Passwords and
//! keys are never stored and never logged.

mod backup_file;
mod cluster_log;
mod config;
mod config_file;
mod data_node;
mod database;
mod disk;
mod error;
mod fault;
mod handle;
mod listener;
#[cfg(feature = "programs")]
mod make_certificates;
mod model;
mod node_files;
mod parameter;
mod parameter_table;
mod payload;
mod saved_state;
mod server;
mod session_task;
mod signal;
mod text_file;
mod thread_config;
mod tls;
mod topology;
mod unfinished;
mod workload;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::net::TcpListener;

pub use config::{DEFAULT_ROWS, SimConfig, SimTls};
pub use config_file::{ConfigFileError, parse_config_file, read_config_file};
pub use error::SimError;
pub use fault::{FaultError, FaultErrors, FaultFileError, FaultPlan};
pub use handle::{SimHandle, start};
#[cfg(feature = "programs")]
pub use make_certificates::{MakeCertificatesError, make_certificates};
pub use saved_state::DirectoryError;
pub use server::Simulator;
pub use topology::{ConnectionConfig, NodeConfig, Topology, TopologyError};

/// Serves the simulated cluster in the caller's runtime until `shutdown` is done or the
/// management servers are stopped. A backup that runs then is aborted and its files removed.
///
/// # Errors
///
/// If the simulator cannot be set up; nothing is left behind.
pub async fn run(
    listener: TcpListener,
    config: SimConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SimError> {
    prepare(listener, config).await?.run(shutdown).await
}

/// Sets the simulated cluster up: it listens and holds its directory, but serves nobody until
/// [`Simulator::run`].
///
/// # Errors
///
/// If it cannot be set up; nothing is left behind.
pub async fn prepare(listener: TcpListener, config: SimConfig) -> Result<Simulator, SimError> {
    config.check()?;
    Simulator::prepare(listener, config, Arc::new(AtomicBool::new(false))).await
}

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
mod config_file;
mod data_node;
mod database;
mod disk;
mod fault;
mod listener;
#[cfg(feature = "programs")]
mod make_certificates;
mod model;
mod parameter;
mod parameter_table;
mod payload;
mod saved_state;
mod server;
mod session_task;
mod topology;
mod workload;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::cluster::NodeId;
use model::Pace;

pub use config_file::{ConfigFileError, parse_config_file, read_config_file};
pub use fault::{FaultError, FaultPlan};
#[cfg(feature = "programs")]
pub use make_certificates::{MakeCertificatesError, make_certificates};
pub use saved_state::DirectoryError;
pub use server::Simulator;
pub use topology::{ConnectionConfig, NodeConfig, Topology, TopologyError};

/// Rows of the synthetic database unless told otherwise.
pub const DEFAULT_ROWS: u64 = 7000;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// The nodes. The default is one management server (1), two data nodes (2 and 3) with two
    /// replicas, and API nodes 4 to 7.
    pub topology: Topology,
    /// The simulator's directory; one simulator at a time may use it.
    pub directory: PathBuf,
    /// Address of the management servers.
    pub host: IpAddr,
    /// Port of the first management server; 0 for any free one.
    pub port: u16,
    /// Rows of the synthetic database, about.
    pub rows: u64,
    /// Changes that each data node's clients make during each backup.
    pub updates: u64,
    /// How long a start phase or a step of a shutdown takes.
    pub phase_time: Duration,
    /// Scripted faults.
    pub faults: FaultPlan,
}

impl SimConfig {
    /// The default cluster in this directory, on a free port of 127.0.0.1.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        SimConfig {
            topology: Topology::default(),
            directory: directory.into(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            rows: DEFAULT_ROWS,
            updates: 0,
            phase_time: Pace::default().phase,
            faults: FaultPlan::default(),
        }
    }
}

/// The simulator cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// Its directory is in use or cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A file of a node cannot be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A management server cannot listen.
    #[error("cannot listen: {0}")]
    Listen(std::io::Error),
    /// The nodes do not make a cluster.
    #[error(transparent)]
    Topology(TopologyError),
    /// A management server is to require TLS.
    #[error("RequireTls of management server {0}: the simulator has no certificate")]
    RequireTls(NodeId),
    /// A fault names a node that is no data node.
    #[error("a scripted fault names node {0}, which is no data node")]
    FaultNode(NodeId),
    /// The runtime or its thread cannot be made.
    #[error("cannot start the simulator: {0}")]
    Runtime(std::io::Error),
    /// The thread ended early.
    #[error("the simulator ended unexpectedly")]
    Ended,
}

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
    check(&config)?;
    Simulator::prepare(listener, config, Arc::new(AtomicBool::new(false))).await
}

fn check(config: &SimConfig) -> Result<(), SimError> {
    match config.faults.unknown_nodes(&config.topology).first() {
        Some(node) => Err(SimError::FaultNode(*node)),
        None => Ok(()),
    }
}

/// Starts the simulated cluster on a thread of its own.
///
/// # Errors
///
/// If it cannot be set up; nothing is left behind.
pub fn start(config: SimConfig) -> Result<SimHandle, SimError> {
    check(&config)?;
    let is_writing = Arc::new(AtomicBool::new(false));
    let (ready_sender, ready) = oneshot::channel();
    let (shutdown_sender, shutdown) = oneshot::channel::<()>();
    let writing = Arc::clone(&is_writing);
    let thread = std::thread::Builder::new()
        .name("simulated cluster".to_owned())
        .spawn(move || serve(config, writing, ready_sender, shutdown))
        .map_err(SimError::Runtime)?;
    let address = ready.blocking_recv().map_err(|_| SimError::Ended)??;
    Ok(SimHandle {
        address,
        is_writing,
        shutdown: Some(shutdown_sender),
        thread: Some(thread),
    })
}

fn serve(
    config: SimConfig,
    is_writing: Arc<AtomicBool>,
    ready: oneshot::Sender<Result<SocketAddr, SimError>>,
    shutdown: oneshot::Receiver<()>,
) -> Result<(), SimError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(SimError::Runtime(error)));
            return Ok(());
        }
    };
    runtime.block_on(async {
        let prepared = async {
            let listener = TcpListener::bind((config.host, config.port))
                .await
                .map_err(SimError::Listen)?;
            let address = listener.local_addr().map_err(SimError::Listen)?;
            let simulator = Simulator::prepare(listener, config, is_writing).await?;
            Ok((address, simulator))
        };
        match prepared.await {
            Ok((address, simulator)) => {
                if ready.send(Ok(address)).is_err() {
                    return Ok(());
                }
                // A dropped handle ends the simulator too.
                simulator.run(async { drop(shutdown.await) }).await
            }
            Err(error) => {
                let _ = ready.send(Err(error));
                Ok(())
            }
        }
    })
}

/// A running simulated cluster. Dropping it ends the cluster cleanly.
#[derive(Debug)]
pub struct SimHandle {
    address: SocketAddr,
    is_writing: Arc<AtomicBool>,
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), SimError>>>,
}

impl SimHandle {
    /// Port of the first management server.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Address of the first management server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many backups are being written or removed: 0 or 1.
    pub fn backups_running(&self) -> usize {
        usize::from(self.is_writing.load(Ordering::Acquire))
    }

    /// True once the cluster has ended by itself, after SHUTDOWN say.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Ends the cluster: a running backup is aborted and its files are removed.
    ///
    /// # Errors
    ///
    /// If the simulator has failed, or its last state could not be kept.
    pub fn shutdown(mut self) -> Result<(), SimError> {
        self.end()
    }

    /// Waits until the cluster has ended by itself.
    ///
    /// # Errors
    ///
    /// As [`SimHandle::shutdown`].
    pub fn wait(mut self) -> Result<(), SimError> {
        self.join()
    }

    fn end(&mut self) -> Result<(), SimError> {
        if let Some(shutdown) = self.shutdown.take() {
            // It may have ended by itself.
            let _ = shutdown.send(());
        }
        self.join()
    }

    fn join(&mut self) -> Result<(), SimError> {
        match self.thread.take() {
            Some(thread) => thread.join().unwrap_or(Err(SimError::Ended)),
            None => Ok(()),
        }
    }
}

impl Drop for SimHandle {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!("{error}");
        }
    }
}

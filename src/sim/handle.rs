//! The simulator on a thread of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::config::SimConfig;
use super::error::SimError;
use super::fault::FaultPlan;
use super::server::Simulator;

/// Starts the simulated cluster on a thread of its own.
///
/// # Errors
///
/// If it cannot be set up; nothing is left behind.
pub fn start(config: SimConfig) -> Result<SimHandle, SimError> {
    config.check()?;
    let is_writing = Arc::new(AtomicBool::new(false));
    let (ready_sender, ready) = oneshot::channel();
    let (shutdown_sender, shutdown) = oneshot::channel::<()>();
    let writing = Arc::clone(&is_writing);
    let thread = std::thread::Builder::new()
        .name("simulated cluster".to_owned())
        .spawn(move || serve(config, writing, ready_sender, shutdown))
        .map_err(SimError::Runtime)?;
    let (address, faults) = ready.blocking_recv().map_err(|_| SimError::Ended)??;
    Ok(SimHandle {
        address,
        faults,
        is_writing,
        shutdown: Some(shutdown_sender),
        thread: Some(thread),
    })
}

/// Where the first management server listens, and where faults can be added.
type Ready = (SocketAddr, UnboundedSender<FaultPlan>);

fn serve(
    config: SimConfig,
    is_writing: Arc<AtomicBool>,
    ready: oneshot::Sender<Result<Ready, SimError>>,
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
                if ready.send(Ok((address, simulator.faults()))).is_err() {
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
    faults: UnboundedSender<FaultPlan>,
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

    /// Adds faults while the cluster runs: `after` counts from now on. Disks stay as they are.
    pub fn add_faults(&self, faults: FaultPlan) {
        // A cluster that has ended has no faults any more.
        let _ = self.faults.send(faults);
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

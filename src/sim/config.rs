//! What to simulate.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::SimError;
use super::fault::FaultPlan;
use super::model::Pace;
use super::topology::Topology;
use crate::tls::SearchPath;

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
    /// TLS of the management servers.
    pub tls: SimTls,
    /// Is told, in a sentence each, what happens to the cluster: faults that happen, files that
    /// are removed, disks that are full.
    pub narrate: fn(&str),
}

/// TLS of the simulated management servers.
#[derive(Debug, Clone)]
pub struct SimTls {
    /// Where the servers' keys and certificates are. `DIR/ID` comes before each directory
    /// `DIR`, so that server `ID` can have its own.
    pub search_path: SearchPath,
    /// Longest handshake. The original has no limit, and its other sessions wait for it.
    pub handshake_limit: Duration,
    /// Asks for the pass phrase of a server's key.
    pub ask_pass_phrase: fn(&Path) -> Option<Zeroizing<String>>,
}

impl Default for SimTls {
    /// No certificate.
    fn default() -> Self {
        SimTls {
            search_path: SearchPath::default(),
            handshake_limit: Duration::from_secs(10),
            ask_pass_phrase: |_| None,
        }
    }
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
            tls: SimTls::default(),
            narrate: |_| {},
        }
    }

    /// Refuses what could only be a mistake.
    pub(super) fn check(&self) -> Result<(), SimError> {
        match self.faults.unknown_nodes(&self.topology).first() {
            Some(node) => Err(SimError::FaultNode(*node)),
            None => Ok(()),
        }
    }
}

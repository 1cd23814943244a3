//! Why a simulator cannot run.

use std::path::PathBuf;

use super::saved_state::DirectoryError;
use super::topology::TopologyError;
use crate::cluster::NodeId;

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
    /// A management server is to have a certificate, by RequireTls or RequireCertificate.
    #[error("management server {node}: this node does not have a valid TLS certificate: {reason}")]
    NoCertificate {
        /// The server.
        node: NodeId,
        /// Why not.
        reason: String,
    },
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

//! The options of `ndb_sim`.

use std::path::PathBuf;

use clap::Parser;
use ndbmgm::cli::{Examples, Exit, help_ending};
use ndbmgm::sim;
use ndbmgm::tls::SearchPath;

pub(crate) const EXAMPLES: Examples = &[
    (
        "ndb_sim",
        "management server 1 on port 1186, data nodes 2 and 3",
    ),
    (
        "ndb_sim --config-file=config.ini --data-dir=demo --rows=2000000",
        "a cluster of another shape, with backups that take a while",
    ),
    (
        "ndb_sim --faults=bad-day.txt",
        "nodes that die and disks that are full, as the file says",
    ),
    (
        "ndb_sim --make-certificates=tls",
        "keys and certificates to practise TLS with",
    ),
];

/// Simulate an NDB Cluster: a management server and data nodes that write real backup files
/// of made-up rows.
///
/// Prints one line when it is ready: the connect string of its first management server. All
/// servers and their addresses are on standard error, and what happens to the cluster. SIGINT,
/// SIGTERM, SIGHUP and SIGQUIT stop it: a backup that runs then is aborted and its files are removed.
#[derive(Debug, Parser)]
#[command(
    name = "ndb_sim",
    version,
    after_help = help_ending(EXAMPLES, Exit::OF_NDB_SIM, &[])
)]
pub(crate) struct Options {
    /// The cluster's config.ini; without it: management server 1, data nodes 2 and 3
    #[arg(long, short = 'f', value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// Port of the first management server, 0 for any free one; else PortNumber of
    /// config.ini, else 1186
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) bind_address: std::net::IpAddr,
    /// The simulator's directory; relative directories of config.ini start there
    #[arg(long, value_name = "DIR", default_value = "./ndb-sim-data")]
    pub(crate) data_dir: PathBuf,
    /// Rows of the made-up database
    #[arg(long, value_name = "N", default_value_t = sim::DEFAULT_ROWS)]
    pub(crate) rows: u64,
    /// Changes that clients make on each data node during each backup
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) updates: u64,
    /// How long a start phase or a step of a shutdown takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub(crate) phase_time: u64,
    /// Script of faults: nodes that die, slow and full disks, lost events, late replies
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Directories of the management servers' TLS keys and certificates, with colons between
    /// them; DIR/ID comes before DIR, for server ID
    #[arg(long, value_name = "PATH", default_value = SearchPath::DEFAULT)]
    pub(crate) ndb_tls_search_path: String,
    /// Write a new CA's certificate, and keys and certificates of a management server and of a
    /// client to practise TLS with, into this directory, and end
    #[arg(long, value_name = "DIR", exclusive = true)]
    pub(crate) make_certificates: Option<PathBuf>,
}

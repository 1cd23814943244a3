//! The options of `ndb_exporter`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use ndbmgm::cli::{Exit, Number, Program, ServerOptions};

/// `ndb_exporter` among the programs that read option files.
pub(crate) const PROGRAM: Program = Program {
    name: "ndb_exporter",
    groups: &["mysql_cluster", "ndb_exporter"],
    numbers: &[
        Number {
            option: "scrape-timeout",
            min: 1,
            max: 3600,
        },
        Number {
            option: "interval",
            min: 1,
            max: 86_400,
        },
    ],
    secrets: &[],
    bad_usage: Exit::BadUsage,
    help_after_error: false,
    examples: &[
        (
            "ndb_exporter -c mgm1,mgm2",
            "answers GET /metrics on 127.0.0.1:9186",
        ),
        (
            "ndb_exporter -c mgm1,mgm2 --textfile=/var/lib/prometheus/node-exporter/ndb.prom",
            "keeps a file up to date for node_exporter",
        ),
        (
            "ndb_exporter -c mgm1 --state-file=/var/lib/ndb_exporter/state.json \
             --backup-state=/backups/ndb_backup.state.json",
            "remembers the last backup, and watches the nightly job",
        ),
    ],
    exits: Exit::OF_NDB_EXPORTER,
    detailed_exits: &[],
};

/// Prometheus metrics of an NDB Cluster: over HTTP, or in a file for node_exporter
///
/// Each scrape asks a management server. Transactions, operations, missed heartbeats and the ends of
/// backups come from events, to which it listens all the time. SIGTERM and SIGINT end it.
#[derive(Debug, Parser)]
#[command(name = "ndb_exporter")]
pub(crate) struct Options {
    /// Where GET /metrics is answered, without encryption or password; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9186")]
    pub(crate) listen: SocketAddr,
    /// Keep this file up to date instead, written whole and then renamed; its name ends in .prom
    #[arg(long, value_name = "PATH")]
    pub(crate) textfile: Option<PathBuf>,
    /// Seconds between two times that the file is written
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub(crate) interval: u32,
    /// Write the file once, and end: without counters, which need a listener
    #[arg(long, requires = "textfile")]
    pub(crate) once: bool,
    /// Longest time in seconds for a scrape, whatever the cluster does; less than Prometheus's
    #[arg(long, value_name = "SECONDS", default_value_t = 8)]
    pub(crate) scrape_timeout: u32,
    /// Where the last backup is remembered when the exporter is started anew
    #[arg(long, value_name = "PATH")]
    pub(crate) state_file: Option<PathBuf>,
    /// The state file of the nightly job: ndb_backup.state.json in its directory
    #[arg(long, value_name = "PATH")]
    pub(crate) backup_state: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

//! What the subcommands take.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};
use ndbmgm::cli::ServerOptions;
use ndbmgm::client::DEFAULT_TIMEOUT;

/// Form of exported rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Fields with commas between them; NULL is \N
    Csv,
    /// One JSON object per line
    Jsonl,
    /// INSERT statements
    Sql,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// What every subcommand takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Password of encrypted backups; without a value it is asked for
    #[arg(short = 'P', long, value_name = "PASSWORD", num_args = 0..=1, require_equals = true)]
    backup_password: Option<String>,
    /// Read the password from the first line of stdin
    #[arg(long)]
    backup_password_from_stdin: bool,
    /// Take the password from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    backup_password_source: Option<String>,
    /// Key of encrypted files as hexadecimal digits; without a value it is asked for
    #[arg(short = 'K', long, value_name = "HEX", num_args = 0..=1, require_equals = true)]
    backup_key: Option<String>,
    /// Read the key from the first line of stdin
    #[arg(long)]
    backup_key_from_stdin: bool,
    /// Take the digits of the key from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    backup_key_source: Option<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

/// One set, and where it may lie.
#[derive(Debug, Args)]
pub(crate) struct SetOptions {
    /// Id of the backup
    #[arg(value_name = "ID", required = true)]
    pub(crate) id: String,
    /// Where to look [default: the current directory]
    #[arg(value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
}

/// List the backup sets under directories
///
/// A set is known by the names of its files. They may lie in data nodes' directories
/// (DIR/BACKUP/BACKUP-7), in gathered ones, several nodes' files in one directory, in parts. Only
/// headers, the files' ends and ctl files are read; `verify` reads everything.
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup list [options] [DIR]..")]
pub(crate) struct ListOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Where to look [default: the current directory]
    #[arg(value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
}

/// Show what a backup set holds
///
/// Tables with their columns, rows, fragments and nodes, indexes, foreign keys, and the files.
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup show [options] ID [DIR]..")]
pub(crate) struct ShowOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) set: SetOptions,
}

/// Read all of a backup set and say what is wrong with it
///
/// A finding names the file, the place in it, what was found and what was expected.
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup verify [options] ID [DIR]..")]
pub(crate) struct VerifyOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Fail with status 4 if there is no manifest to prove the contents with
    #[arg(long)]
    pub(crate) require_manifest: bool,
    /// Read every M-th file only, from the N-th on: a part of the work for each night
    #[arg(long, value_name = "N/M")]
    pub(crate) subset: Option<String>,
    /// Look at this node's files only (several times: at these nodes')
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Vec<u32>,
    /// Files to read at the same time [default: one for each core]
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: u32,
    /// Leave no record of the verification beside the set
    #[arg(long)]
    pub(crate) no_record: bool,
    /// Show no progress
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) set: SetOptions,
}

/// Verify a backup set and write its manifest
///
/// The manifest holds the size and SHA-256 of every file: with it `verify` proves that the
/// contents are what they were. It is written whole or not at all, and only if the set is sound.
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup manifest [options] ID [DIR]..")]
pub(crate) struct ManifestOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Directory to write to [default: that of the set, or the first of them]
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// Replace a manifest that is there: the files as they are now become the truth
    #[arg(long)]
    pub(crate) replace: bool,
    /// Show no progress
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) set: SetOptions,
}

/// Write the rows of a table as they were at the snapshot point
///
/// The logs are applied to the rows, and blobs are put together from their parts.
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup export [options] ID TABLE [DIR]..")]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Form of the rows
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub(crate) format: Format,
    /// Columns, in this order, with commas between them [default: all]
    #[arg(long, value_name = "NAMES")]
    pub(crate) columns: Option<String>,
    /// The row with this primary key only: a value for each of its columns, as a line of CSV
    #[arg(long, value_name = "VALUES")]
    pub(crate) where_key: Option<String>,
    /// At most so many rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Log entries and blob parts to keep in memory, 24 bytes each; for more the files are
    /// read several times
    #[arg(long, value_name = "N", default_value_t = ndbmgm::backup::INDEX_MAX)]
    pub(crate) index_entries: usize,
    /// Id of the backup
    #[arg(value_name = "ID", required = true)]
    pub(crate) id: String,
    /// The table: shop.customer, or customer if there is only one of that name
    #[arg(value_name = "TABLE", required = true)]
    pub(crate) table: String,
    /// Where to look [default: the current directory]
    #[arg(value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
}

/// How the management server is reached: the client's options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Management server")]
pub(crate) struct ConnectionOptions {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    /// How often all management servers are tried; -1 tries for ever
    #[arg(
        short = 't',
        long,
        value_name = "N",
        default_value_t = 12,
        allow_negative_numbers = true
    )]
    pub(crate) connect_retries: i32,
    /// Seconds between two attempts
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(crate) connect_retry_delay: u32,
    /// Longest wait in seconds for a connection or an answer
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_TIMEOUT.as_secs())]
    pub(crate) request_timeout: u64,
}

/// Where files come from, and what becomes of them.
#[derive(Debug, Args)]
pub(crate) struct SourceOptions {
    /// A data node's files, instead of asking a management server: node id, host if it is
    /// another one, and the node's BackupDataDir or a directory in it (once for each node)
    #[arg(long, value_name = "NODE=[HOST:]DIR")]
    pub(crate) from: Vec<String>,
    /// How other hosts are reached
    #[arg(long, value_name = "COMMAND", default_value = "ssh -o BatchMode=yes")]
    pub(crate) ssh_command: String,
    /// Puts the gathered set elsewhere: a shell command that finds it in $DIR, its name in
    /// $NAME, its id in $ID
    #[arg(long, value_name = "COMMAND")]
    pub(crate) store_command: Option<String>,
    /// Brings what was stored back into $DIR, to be compared with the manifest
    #[arg(long, value_name = "COMMAND")]
    pub(crate) fetch_command: Option<String>,
    /// Remove the data nodes' files once the copies were proven
    #[arg(long)]
    pub(crate) remove_sources: bool,
}

/// Copy a backup set from all data nodes into one directory, and prove it
///
/// The copies are compared with their sources and verified, and a manifest is written; then the set
/// gets its name, DIR/BACKUP-7. Sources are removed last, if at all. A copy that fails removes nothing;
/// the next run goes on where one ended.
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup gather [options] --to=DIR ID")]
pub(crate) struct GatherOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Directory for sets
    #[arg(long, value_name = "DIR", required = true)]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) source: SourceOptions,
    /// Show no progress
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionOptions,
    /// Id of the backup
    #[arg(value_name = "ID", required = true)]
    pub(crate) id: String,
}

/// Remove sets that no rule keeps
///
/// A set stays if any rule keeps it. Only sets that are complete count, with --verified-only those
/// that were verified; sets of which nothing is known stay. On a terminal nothing is removed
/// without --yes.
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup expire [options] DIR")]
pub(crate) struct ExpireOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Keep the newest N complete sets
    #[arg(long, value_name = "N")]
    pub(crate) keep_last: Option<usize>,
    /// Keep complete sets of the last N days
    #[arg(long, value_name = "N")]
    pub(crate) keep_days: Option<u32>,
    /// Keep the newest complete set of each of the last N weeks that have one
    #[arg(long, value_name = "N")]
    pub(crate) keep_weekly: Option<usize>,
    /// Never leave fewer complete sets than this
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) min_redundancy: usize,
    /// Count only sets that were verified
    #[arg(long)]
    pub(crate) verified_only: bool,
    /// Remove, on a terminal too
    #[arg(long)]
    pub(crate) yes: bool,
    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Directory of sets
    #[arg(value_name = "DIR", required = true)]
    pub(crate) directory: PathBuf,
}

/// Pin a set: expire never removes it
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup keep [options] ID [DIR]..")]
pub(crate) struct KeepOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Why, for those who find it later
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
    #[command(flatten)]
    pub(crate) set: SetOptions,
}

/// Release a set that was pinned
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup release [options] ID [DIR]..")]
pub(crate) struct ReleaseOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) set: SetOptions,
}

/// The moment whose state is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Snapshot {
    /// When the backup begins
    Start,
    /// When it ends
    End,
}

/// Back up, gather, verify, expire: the nightly job
///
/// Each step only after the one before it. With a password the backup is encrypted.
#[derive(Debug, Parser)]
#[command(override_usage = "ndb_backup run [options] --to=DIR")]
pub(crate) struct RunOptions {
    /// Password: encrypt the backup; without a value it is asked for
    #[arg(short = 'P', long, value_name = "PASSWORD", num_args = 0..=1, require_equals = true)]
    backup_password: Option<String>,
    /// Read the password from the first line of stdin
    #[arg(long)]
    backup_password_from_stdin: bool,
    /// Take the password from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    backup_password_source: Option<String>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// Directory for sets; the state file lies there too
    #[arg(long, value_name = "DIR", required = true)]
    pub(crate) to: PathBuf,
    /// Id of the backup [default: one more than the last in the directory]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// The moment whose state is saved
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Snapshot::End)]
    pub(crate) snapshot: Snapshot,
    #[command(flatten)]
    pub(crate) source: SourceOptions,
    /// Then keep the newest N complete sets
    #[arg(long, value_name = "N")]
    pub(crate) keep_last: Option<usize>,
    /// Then keep complete sets of the last N days
    #[arg(long, value_name = "N")]
    pub(crate) keep_days: Option<u32>,
    /// Then keep the newest complete set of each of the last N weeks that have one
    #[arg(long, value_name = "N")]
    pub(crate) keep_weekly: Option<usize>,
    /// Never leave fewer complete sets than this
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) min_redundancy: usize,
    /// Count only sets that were verified
    #[arg(long)]
    pub(crate) verified_only: bool,
    /// Show no progress
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionOptions,
}

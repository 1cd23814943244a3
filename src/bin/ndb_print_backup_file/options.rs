//! The options of `ndb_print_backup_file`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use ndbmgm::cli::{Exit, Number, Program, SecretKind, SecretOption};
use ndbmgm::xfrm::KEY_DERIVATION_MAX;

const SECRETS: &[SecretOption] = &[
    SecretOption {
        prefix: "backup",
        kind: SecretKind::Key,
    },
    SecretOption {
        prefix: "backup",
        kind: SecretKind::Password,
    },
];

pub(crate) const PROGRAM: Program = Program {
    name: "ndb_print_backup_file",
    groups: &["ndb_print_backup_file"],
    numbers: &[
        Number {
            option: "verbose",
            min: 0,
            max: u32::MAX as i64,
        },
        Number {
            option: "decrypt-kdf-iter-max",
            min: 1,
            max: i64::MAX,
        },
    ],
    secrets: SECRETS,
    bad_usage: Exit::Failure,
    help_after_error: true,
    examples: &[
        (
            "ndb_print_backup_file -v1 BACKUP-6-0.2.Data",
            "the rows, as words",
        ),
        (
            "ndb_print_backup_file --output=json BACKUP-6-0.2.Data | jq .",
            "the rows with the names of their columns, from the ctl file beside",
        ),
        (
            "ndb_print_backup_file -P BACKUP-6.2.ctl",
            "an encrypted file, with a password that is asked for",
        ),
    ],
    exits: Exit::OF_NDB_PRINT_BACKUP_FILE,
    detailed_exits: &[],
};

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// As the original prints it.
    Text,
    /// One JSON object per line.
    Json,
}

/// Print the contents of a backup file
///
/// The file may be a ctl, Data or log file of a backup. Compressed and encrypted files are
/// recognised; an encrypted one needs the password of its backup. On a terminal control
/// characters are shown as `?`.
#[derive(Debug, Parser)]
#[command(
    name = "ndb_print_backup_file",
    override_usage = "ndb_print_backup_file [options] <file>"
)]
pub(crate) struct Options {
    /// Password of an encrypted file, right after the letter or the `=`; without a value it is
    /// asked for
    #[arg(short = 'P', long, value_name = "PASSWORD", num_args = 0..=1, require_equals = true)]
    backup_password: Option<String>,
    /// Read the password from the first line of stdin
    #[arg(long)]
    backup_password_from_stdin: bool,
    /// Take the password from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    backup_password_source: Option<String>,
    /// Key of an encrypted file as hexadecimal digits; without a value it is asked for
    #[arg(short = 'K', long, value_name = "HEX", num_args = 0..=1, require_equals = true)]
    backup_key: Option<String>,
    /// Read the key from the first line of stdin
    #[arg(long)]
    backup_key_from_stdin: bool,
    /// Take the digits of the key from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    backup_key_source: Option<String>,
    /// With 1 or more: print the words of each record and the attributes of each log entry
    #[arg(short = 'v', long, value_name = "LEVEL", default_value_t = 0)]
    pub(crate) verbose: u32,
    /// Print words 2 to 5 of each record on a line of their own
    #[arg(short = 'h', long)]
    pub(crate) print_header_words: bool,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// For JSON: the ctl file of the backup, which names the columns [default: the one beside
    /// the file]
    #[arg(long, value_name = "FILE")]
    pub(crate) ctl: Option<PathBuf>,
    /// Most iterations of key derivation to go through for a file: a forged or damaged one
    /// could ask for hours of them
    #[arg(long, default_value_t = KEY_DERIVATION_MAX, value_name = "N")]
    pub(crate) decrypt_kdf_iter_max: u64,
    #[command(flatten)]
    pub(crate) checkpoint: CheckpointOptions,
    /// The backup file; if it is not whole the status is 1, whatever was printed
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// Options of the original for sets of local checkpoint files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted, without effect on backup files")]
pub(crate) struct CheckpointOptions {
    /// Print the rows that a checkpoint restores
    #[arg(long)]
    pub(crate) print_restored_rows: bool,
    /// Number of checkpoint control file
    #[arg(short = 'c', value_name = "N")]
    pub(crate) control_number: Option<u32>,
    /// Fragment
    #[arg(short = 'f', value_name = "N")]
    pub(crate) fragment: Option<u32>,
    /// Table
    #[arg(short = 't', value_name = "N")]
    pub(crate) table: Option<u32>,
    /// Ignore rows outside the checkpoint
    #[arg(short = 'i')]
    pub(crate) ignore: bool,
    /// Another file
    #[arg(short = 'n', value_name = "FILE")]
    pub(crate) name: Option<PathBuf>,
    /// Print pages
    #[arg(short = 'p')]
    pub(crate) pages: bool,
    /// Print rows
    #[arg(short = 'U', long)]
    pub(crate) print_rows: bool,
    /// Do not print rows
    #[arg(short = 'u', long)]
    pub(crate) no_print_rows: bool,
}

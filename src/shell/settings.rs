//! What a run of the shell is to do.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::client::ConnectOptions;
use crate::cluster::state::MemoryLimits;

use super::colors::ColorWhen;
use super::outcome::ExitCodes;
use super::output::Format;
use super::progress::ProgressSettings;
use super::tls::TlsSettings;

/// How long commands may take; none: without a limit of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// To reach a management server, all attempts together.
    pub connect: Option<Duration>,
    /// For a whole command.
    pub command: Option<Duration>,
    /// For a WAIT, which leaves the backup alone.
    pub wait: Option<Duration>,
}

/// What a run of the shell is to do, options and secrets included.
pub struct Settings {
    /// How to reach the management server; whether with TLS is in `tls`.
    pub connect: ConnectOptions,
    /// TLS of the connections.
    pub tls: TlsSettings,
    /// The commands to carry out (`-e`), or none for those of standard input.
    pub execute: Vec<String>,
    /// Commands after those: a file, or `-` for standard input.
    pub file: Option<PathBuf>,
    /// A command that fails does not end those of the options.
    pub keep_going: bool,
    /// Commands that change something are checked, not sent.
    pub dry_run: bool,
    /// Nobody is asked before dangerous commands.
    pub yes: bool,
    /// The first prompt on a terminal; none for the default.
    pub prompt: Option<String>,
    /// Results at a prompt that are longer than the screen go to a program: this one, or the usual
    /// one.
    pub pager: Option<Option<String>>,
    /// 0 prints only what commands print, 1 is the default, 2 adds notes on standard error.
    pub verbose: u32,
    /// Password for encrypted backups whose command gives none.
    pub backup_password: Option<Zeroizing<Vec<u8>>>,
    /// Every backup is to be encrypted.
    pub encrypt_backup: bool,
    /// START BACKUP without an id may be a one-shot command.
    pub auto_backup_id: bool,
    /// How long commands may take.
    pub limits: Limits,
    /// How progress of a backup that is waited for is shown.
    pub progress: ProgressSettings,
    /// How results are written.
    pub output: Format,
    /// Which exit statuses failures have.
    pub exit_codes: ExitCodes,
    /// From which use of memory on HEALTH warns.
    pub memory_limits: MemoryLimits,
    /// ROLLING RESTART only stops nodes, whether it says so or not.
    pub stop_only: bool,
    /// Run by ROLLING RESTART .. STOP ONLY once a node is down, by `sh -c`.
    pub post_stop_command: Option<String>,
    /// When text is coloured.
    pub color: ColorWhen,
    /// The cluster is simulated in this process, which the banner says.
    pub simulated: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("connect", &self.connect)
            .field("verbose", &self.verbose)
            .field("encrypt_backup", &self.encrypt_backup)
            .field("auto_backup_id", &self.auto_backup_id)
            .field("simulated", &self.simulated)
            .finish_non_exhaustive()
    }
}

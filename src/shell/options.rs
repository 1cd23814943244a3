//! The command line of `ndb_mgm` (management protocol, 6.1).

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use zeroize::Zeroizing;

use crate::cli::{Exit, Number, Program, SecretKind, SecretOption, Stop, TlsVerify};
use crate::client::{ClientTls, ConnectOptions, DEFAULT_TIMEOUT, Retries, TlsPolicy};
use crate::cluster::state::MemoryLimits;
use crate::cluster::{ConnectString, ConnectStringError};
use crate::tls::{AskPassPhrase, CertificateKind, Identity, SearchPath};

use super::colors::ColorWhen;
use super::outcome::ExitCodes;
use super::output::Format;
use super::progress::{Progress, ProgressSettings};
use super::settings::{Limits, Settings};
use super::tls::{TlsRequirement, TlsSettings};

/// Environment variable that stands for `--auto-backup-id` when it is `1`.
const AUTO_BACKUP_ID: &str = "NDB_MGM_AUTO_BACKUP_ID";

/// The password for encrypted backups.
pub const BACKUP_PASSWORD: SecretOption = SecretOption {
    prefix: "backup",
    kind: SecretKind::Password,
};

/// `ndb_mgm` among the programs that read option files.
pub const PROGRAM: Program = Program {
    name: "ndb_mgm",
    groups: &["mysql_cluster", "ndb_mgm"],
    numbers: &[
        Number::CONNECT_RETRIES,
        Number::CONNECT_RETRY_DELAY,
        Number::REQUEST_TIMEOUT,
        seconds("connect-timeout"),
        seconds("timeout"),
        seconds("wait-timeout"),
        seconds("progress-interval"),
        Number {
            option: "memory-warning",
            min: 1,
            max: 100,
        },
        Number {
            option: "memory-critical",
            min: 1,
            max: 100,
        },
        Number {
            option: "verbose",
            min: 0,
            max: i32::MAX as i64,
        },
        Number {
            option: "ndb-nodeid",
            min: 0,
            max: i32::MAX as i64,
        },
    ],
    secrets: &[BACKUP_PASSWORD],
    bad_usage: Exit::BadUsage,
    help_after_error: false,
    examples: &[
        ("ndb_mgm", "a prompt; HELP lists the commands"),
        (
            "ndb_mgm --sim",
            "the same, with a simulated cluster to learn on",
        ),
        (
            "ndb_mgm -c mgm1,mgm2 -e SHOW",
            "the nodes of the cluster, from the first server that answers",
        ),
        (
            r#"ndb_mgm -e "ALL STATUS; ALL REPORT MEMORY""#,
            "two commands, the second only if the first succeeds",
        ),
        (
            r#"ndb_mgm -e "START BACKUP 7 WAIT COMPLETED""#,
            "back up; the status tells whether that worked",
        ),
        (
            r#"ndb_mgm --backup-password-source=file:/etc/ndb.password -e "START BACKUP 7 ENCRYPT""#,
            "the same, encrypted",
        ),
    ],
    exits: Exit::OF_NDB_MGM,
    detailed_exits: Exit::OF_NDB_MGM_DETAILED,
};

/// A limit in whole seconds.
const fn seconds(option: &'static str) -> Number {
    Number {
        option,
        min: 1,
        max: u32::MAX as i64,
    }
}

fn duration(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

/// Management client for MySQL NDB Cluster: START BACKUP, SHOW and all other commands, at a prompt,
/// with -e, or on standard input
#[derive(Debug, Parser)]
#[command(name = "ndb_mgm")]
pub struct Options {
    /// Management servers, as "host1:1186,host2"; default localhost:1186
    #[arg(short = 'c', long = "ndb-connectstring", value_name = "STRING",
          visible_aliases = ["connect-string", "ndb-mgmd-host"])]
    pub connect_string: Option<String>,
    /// How often all management servers are tried; -1 tries for ever
    #[arg(
        short = 't',
        long,
        visible_alias = "try-reconnect",
        value_name = "N",
        default_value_t = 12,
        allow_negative_numbers = true
    )]
    pub connect_retries: i32,
    /// Seconds between two attempts
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub connect_retry_delay: u32,
    /// Longest wait in seconds for a connection, an answer or a sign of life of the management
    /// server; a backup that is waited for may take longer
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_TIMEOUT.as_secs())]
    pub request_timeout: u64,
    /// Longest time in seconds to reach a management server, all attempts together
    #[arg(long, value_name = "SECONDS")]
    pub connect_timeout: Option<u32>,
    /// Longest time in seconds for a whole command
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u32>,
    /// Longest time in seconds that START BACKUP waits (WAIT STARTED, WAIT COMPLETED); the backup
    /// then goes on, and the exit status is 7
    #[arg(long, value_name = "SECONDS")]
    pub wait_timeout: Option<u32>,
    /// Carry out this command and end; several with semicolons between them or in several -e, in
    /// order, up to the first that fails
    #[arg(short = 'e', long, value_name = "COMMAND")]
    pub execute: Vec<String>,
    /// Carry out the commands in this file, a line each, after those of -e; - for standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Go on after a command of -e or --file that failed
    #[arg(long, overrides_with = "stop_on_error")]
    pub keep_going: bool,
    /// End with the first command of -e or --file that fails; the default
    #[arg(long, overrides_with = "keep_going")]
    pub stop_on_error: bool,
    /// Check commands that change something, say what stands against them, and send none
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before SHUTDOWN, ALL STOP, RESTART -i and ENTER SINGLE USER MODE, which a prompt
    /// on a terminal does
    #[arg(long)]
    pub yes: bool,
    /// Prompt to begin with
    #[arg(short = 'p', long, value_name = "TEXT")]
    pub prompt: Option<String>,
    /// Give results at a prompt that are longer than the screen to a program, as PAGER does: this
    /// one, or that of the environment variable PAGER, or less
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, require_equals = true)]
    pub pager: Option<Option<String>>,
    /// 0 prints results only, 2 adds notes on standard error
    #[arg(short = 'v', long, value_name = "LEVEL", default_value_t = 1)]
    pub verbose: u32,
    /// Password for encrypted backups; asked for at the terminal if the value is missing
    #[arg(long, value_name = "PASSWORD", num_args = 0..=1, require_equals = true)]
    pub backup_password: Option<Option<String>>,
    /// Read the password for encrypted backups from one line of standard input
    #[arg(long)]
    pub backup_password_from_stdin: bool,
    /// Take the password for encrypted backups from env:NAME (no child inherits the variable),
    /// file:PATH (nobody else may read the file), fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    pub backup_password_source: Option<String>,
    /// Encrypt every backup
    #[arg(long)]
    pub encrypt_backup: bool,
    /// How far a backup is that is waited for, on standard error: auto (live lines on a terminal),
    /// plain (a line a minute), json or none; if given, status events take one line at the prompt
    #[arg(long, value_name = "HOW", value_enum)]
    pub progress: Option<Progress>,
    /// Seconds between two lines of --progress=plain and json
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub progress_interval: u32,
    /// How results are written: text, json (an object for each command), jsonl (one on each line,
    /// and one for each event and each step of ROLLING RESTART and WAIT FOR, as it comes); for -e HEALTH also nagios and prometheus
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,
    /// Colours of states, severities and keywords: auto (on a terminal, unless NO_COLOR is set or TERM
    /// is dumb), always or never
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub color: ColorWhen,
    /// Exit statuses: original (255 for nearly every failure) or detailed
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub exit_codes: ExitCodes,
    /// Let -e "START BACKUP" choose the id (also auto-backup-id in an option file, and
    /// NDB_MGM_AUTO_BACKUP_ID=1)
    #[arg(long)]
    pub auto_backup_id: bool,
    /// HEALTH warns from this use of memory on, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = MemoryLimits::default().warning)]
    pub memory_warning: u8,
    /// HEALTH calls this use of memory critical, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = MemoryLimits::default().critical)]
    pub memory_critical: u8,
    /// ROLLING RESTART stops nodes and waits until somebody else has started them, as with STOP ONLY
    #[arg(long)]
    pub stop_only: bool,
    /// ROLLING RESTART .. STOP ONLY runs this command (sh -c) once a node is down; NDB_NODE_ID is
    /// the node
    #[arg(long, value_name = "COMMAND")]
    pub post_stop_command: Option<String>,
    /// TLS of the connections: relaxed (if both sides can), strict (always) or deferred (after
    /// START TLS)
    #[arg(long, value_name = "WHEN", default_value = "relaxed")]
    pub ndb_mgm_tls: String,
    /// Directories of this client's TLS key and certificate, with colons between them
    #[arg(long, value_name = "PATH", default_value = SearchPath::DEFAULT)]
    pub ndb_tls_search_path: String,
    /// What is demanded of a management server's certificate: full, or ca (any certificate of the
    /// cluster, for any host)
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub ndb_tls_verify: TlsVerify,
    /// Connect once with TLS, say whether that worked, and end
    #[arg(long)]
    pub test_tls: bool,
    /// Accepted, without effect
    #[arg(long, value_name = "ID", default_value_t = 0)]
    pub ndb_nodeid: u32,
    /// Simulate a cluster inside this process, by default or as config.ini says
    #[arg(long, value_name = "CONFIG.INI", num_args = 0..=1, require_equals = true)]
    pub sim: Option<Option<PathBuf>>,
    /// Where the simulated cluster keeps its files
    #[arg(long, value_name = "DIR", default_value = "ndb-sim-data")]
    pub sim_dir: PathBuf,
    /// Rows of the simulated cluster's made-up database: more of them, longer backups
    #[arg(long, value_name = "N")]
    pub sim_rows: Option<u64>,
    /// Host of the management server, and its port
    #[arg(value_name = "HOST [PORT]", num_args = 0..=2)]
    pub server: Vec<String>,
}

impl Options {
    /// Where keys and certificates are.
    pub fn tls_search_path(&self) -> SearchPath {
        SearchPath::from_environment(&self.ndb_tls_search_path)
    }

    /// Reads this client's key and certificate, if there are any.
    ///
    /// # Errors
    ///
    /// `--ndb-mgm-tls` has no meaning.
    pub fn tls(&self, ask: &mut AskPassPhrase<'_>) -> Result<TlsSettings, Stop> {
        let requirement = TlsRequirement::parse(&self.ndb_mgm_tls).ok_or_else(|| {
            let line = format!(
                "ndb_mgm: [ERROR] ndb_mgm: Error while setting value '{}' to 'ndb-mgm-tls'.\n",
                self.ndb_mgm_tls
            );
            Stop::with_error(line, Exit::UnknownChoice)
        })?;
        let verification = self.ndb_tls_verify.into();
        let identity = Identity::load(CertificateKind::Client, &self.tls_search_path(), ask);
        Ok(TlsSettings {
            requirement,
            client: identity.map(|identity| ClientTls::new(identity, verification)),
        })
    }

    /// What the shell is to do, for a cluster that is reached through the connect string.
    ///
    /// # Errors
    ///
    /// The connect string has no meaning.
    pub fn into_settings(
        self,
        tls: TlsSettings,
        backup_password: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Settings, ConnectStringError> {
        let positional = (!self.server.is_empty()).then(|| self.server.join(" "));
        let variable = std::env::var("NDB_CONNECTSTRING").ok();
        let connect_string = ConnectString::choose(
            positional.as_deref().or(self.connect_string.as_deref()),
            variable.as_deref(),
        )?;
        Ok(Settings {
            connect: ConnectOptions {
                connect_string,
                retries: Retries::from_option(self.connect_retries),
                delay: Duration::from_secs(u64::from(self.connect_retry_delay)),
                timeout: Duration::from_secs(self.request_timeout),
                tls: TlsPolicy::Never,
            },
            tls,
            execute: self.execute,
            file: self.file,
            keep_going: self.keep_going,
            dry_run: self.dry_run,
            yes: self.yes,
            prompt: self.prompt,
            pager: self.pager,
            verbose: self.verbose,
            backup_password,
            encrypt_backup: self.encrypt_backup,
            auto_backup_id: self.auto_backup_id
                || std::env::var_os(AUTO_BACKUP_ID).is_some_and(|value| value == "1"),
            limits: Limits {
                connect: self.connect_timeout.map(duration),
                command: self.timeout.map(duration),
                wait: self.wait_timeout.map(duration),
            },
            progress: ProgressSettings {
                asked: self.progress,
                interval: duration(self.progress_interval),
            },
            output: self.output,
            exit_codes: self.exit_codes,
            memory_limits: MemoryLimits {
                warning: self.memory_warning,
                critical: self.memory_critical,
            },
            stop_only: self.stop_only,
            post_stop_command: self.post_stop_command,
            color: self.color,
            simulated: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Environment;
    use clap::CommandFactory;

    fn options(arguments: &[&str]) -> Options {
        let arguments = std::iter::once(&"ndb_mgm").chain(arguments);
        PROGRAM
            .parse_from::<Options>(arguments.map(Into::into), &Environment::default())
            .unwrap_or_else(|stop| panic!("{}", stop.stderr))
            .options
    }

    fn no_tls() -> TlsSettings {
        let path = SearchPath::default();
        let identity = Identity::load(CertificateKind::Client, &path, &mut |_| None);
        TlsSettings {
            requirement: TlsRequirement::Relaxed,
            client: identity.map(|identity| ClientTls::new(identity, TlsVerify::Full.into())),
        }
    }

    #[test]
    fn a_beginning_or_a_number_says_when_tls_is_used() {
        use TlsRequirement::{Deferred, Relaxed, Strict};
        let cases = [
            ("relaxed", Some(Relaxed)),
            ("STRICT", Some(Strict)),
            ("str", Some(Strict)),
            ("d", Some(Deferred)),
            ("0", Some(Relaxed)),
            ("1", Some(Strict)),
            ("2", Some(Deferred)),
            ("3", None),
            ("disabled", None),
            ("strictly", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(TlsRequirement::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_options_are_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn scripts_spellings_are_understood() {
        assert_eq!(options(&["-e", "show", "-t1"]).connect_retries, 1);
        assert_eq!(options(&["--try-reconnect=1"]).connect_retries, 1);
        assert_eq!(options(&["--connect-retries=-1"]).connect_retries, -1);
        assert_eq!(
            options(&["--ndb-mgmd-host=h1,h2"])
                .connect_string
                .as_deref(),
            Some("h1,h2")
        );
        assert_eq!(options(&["host", "1187"]).server, ["host", "1187"]);
        assert_eq!(options(&["--verbose=0"]).verbose, 0);
        assert_eq!(options(&["--sim"]).sim, Some(None));
        assert_eq!(
            options(&["--sim=config.ini"]).sim,
            Some(Some("config.ini".into()))
        );
    }

    #[test]
    fn a_positional_host_wins_over_the_option() {
        let settings = options(&["-c", "other", "somewhere", "1187"])
            .into_settings(no_tls(), None)
            .expect("a good connect string");
        let string = settings.connect.connect_string.to_string();
        assert_eq!(string, "nodeid=0,somewhere:1187");
    }
}

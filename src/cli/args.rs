//! From the process's arguments to a program's options.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};
use nix::sys::signal::{SigSet, Signal};

use super::clap_error::sentence_of;
use super::defaults::{Arguments, Environment, collect_arguments};
use super::exit::{Exit, ExitTable};
use super::exposed::ProcessArguments;
use super::help::{Examples, help_ending};
use super::normalise::{HELP, Normalised, Request, UsageError, VERSION, normalise, without_secret};
use super::number::Number;
use super::password::SecretRequests;
use super::secret::SecretOption;
use super::stop::Stop;

/// First line of `--version`, without the newline: scripts compare it with the original's.
const VERSION_LINE: &str = "MySQL distrib mysql-9.7.2 ndb-9.7.2, for Linux (x86_64)";

/// Where option files are looked for.
const OPTION_FILES: &str = "\
Option files: /etc/my.cnf /etc/mysql/my.cnf $MYSQL_HOME/my.cnf ~/.my.cnf";

const OPTION_FILE_CHOICE: &str = "\
These are only accepted before all other arguments:
  --no-defaults                 read no option file
  --defaults-file=FILE          read this option file only
  --defaults-extra-file=FILE    read this option file too
  --defaults-group-suffix=TEXT  read the groups with this suffix as well
  --print-defaults              print the arguments that result, and end
  --login-path=NAME             accepted, without effect: no login file is read
  --no-login-paths              accepted, without effect";

/// What a program tells about itself. Its options are a clap struct, in which
///
/// * the letters `-?` and `-V` and the names `help`, `usage` and `version` stay free,
/// * an option with an optional value has `num_args = 0..=1, require_equals = true`,
/// * the options of `secrets` exist for the help only: their values come from [`Parsed::secrets`].
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Used where the process has no name.
    pub name: &'static str,
    /// Groups of option files.
    pub groups: &'static [&'static str],
    /// Options that are numbers: brought into their range with a warning.
    pub numbers: &'static [Number],
    /// Passwords and keys, in the order in which their errors are printed.
    pub secrets: &'static [SecretOption],
    /// How bad options end the program.
    pub bad_usage: Exit,
    /// Print the help on stdout after an error.
    pub help_after_error: bool,
    /// Commands to begin with, for the help.
    pub examples: Examples,
    /// How the program may end.
    pub exits: ExitTable,
    /// The same with its option for detailed statuses; empty if it has none.
    pub detailed_exits: ExitTable,
}

/// Options that were understood.
pub struct Parsed<T> {
    /// Name the program was called by, for messages.
    pub program: String,
    /// The options.
    pub options: T,
    /// Secrets still to be read.
    pub secrets: SecretRequests,
    /// Complete lines for stderr, already printed by [`Program::parse`].
    pub warnings: Vec<String>,
    /// Arguments of the command line that hold a secret, counted from its end.
    exposed: Vec<usize>,
}

impl Program {
    /// Reads this process's arguments and option files; prints warnings. Blocks SIGXFSZ in this
    /// thread and those that it will start, so that the write fails instead. A process that was
    /// given a secret in its arguments or its environment is started anew, with the secret
    /// masked in the list of processes and without the variable: call it before anything else
    /// is done.
    ///
    /// # Errors
    ///
    /// [`Stop`] if the program is to end: `--help`, `--version`, or a fault.
    pub fn parse<T: CommandFactory + FromArgMatches>(&self) -> Result<Parsed<T>, Stop> {
        self.parse_process(ProcessArguments::read())
    }

    /// The same for a program of several commands, which has looked at its arguments already.
    ///
    /// # Errors
    ///
    /// [`Stop`] if the program is to end: `--help`, `--version`, or a fault.
    pub fn parse_process<T: CommandFactory + FromArgMatches>(
        &self,
        arguments: ProcessArguments,
    ) -> Result<Parsed<T>, Stop> {
        // A file that reaches its largest size is a failed write, which is cleaned up after
        // and reported, and not the end of the program.
        let _ = SigSet::from(Signal::SIGXFSZ).thread_block();
        let mut parsed = self.parse_from(arguments.to_vec(), &Environment::of_process())?;
        let variables = parsed.secrets.variables();
        arguments
            .hide(&parsed.exposed, &variables)
            .map_err(|error| {
                let line = format!(
                    "{}: [ERROR] cannot take a secret out of the environment: {error}\n",
                    parsed.program
                );
                Stop::with_error(line, self.bad_usage)
            })?;
        parsed.secrets.provide(arguments.into_variables());
        for warning in &parsed.warnings {
            let _ = writeln!(io::stderr(), "{warning}");
        }
        Ok(parsed)
    }

    /// Like [`Program::parse`] with these arguments (the program's name first) and surroundings.
    ///
    /// # Errors
    ///
    /// [`Stop`] if the program is to end: `--help`, `--version`, or a fault.
    pub fn parse_from<T: CommandFactory + FromArgMatches>(
        &self,
        arguments: impl IntoIterator<Item = OsString>,
        environment: &Environment,
    ) -> Result<Parsed<T>, Stop> {
        let collected = collect_arguments(arguments, self.name, self.groups, environment)
            .map_err(|error| self.fault::<T>(self.name, &[], &error.to_string()))?;
        let program = collected.program.clone();
        let framed = |text: &String| format!("{program}: [Warning] {text}");
        let mut warnings: Vec<String> = collected.warnings.iter().map(framed).collect();
        if collected.print {
            return Err(print_defaults(&collected, &warnings));
        }
        let command = self.command::<T>();
        let request = normalise(
            &command,
            self.numbers,
            self.secrets,
            collected.from_files,
            collected.command_line,
        );
        let normalised = match request {
            Ok(Request::Run(normalised)) => normalised,
            Ok(Request::Help) => return Err(says(self.help::<T>())),
            Ok(Request::Version) => return Err(says(version_text(self.name))),
            Err(error) => return Err(self.fault::<T>(&program, &warnings, &error.to_string())),
        };
        warnings.extend(normalised.warnings.iter().map(framed));
        match options_of::<T>(command, &normalised) {
            Ok(options) => Ok(Parsed {
                program,
                options,
                secrets: normalised.secrets,
                warnings,
                exposed: normalised.exposed,
            }),
            Err(error) => Err(self.fault::<T>(&program, &warnings, &error.to_string())),
        }
    }

    /// The help page: options, examples, exit statuses, and where option files are looked for.
    pub fn help<T: CommandFactory>(&self) -> String {
        format!(
            "{}\n{}\n{}",
            self.command::<T>().render_help(),
            help_ending(self.examples, self.exits, self.detailed_exits),
            self.option_files()
        )
    }

    /// Which option files are read, and what chooses others.
    pub fn option_files(&self) -> String {
        let groups = self.groups.iter().map(|group| format!("[{group}]"));
        let groups: Vec<String> = groups.collect();
        format!(
            "{OPTION_FILES}, groups {}.\n{OPTION_FILE_CHOICE}\n",
            groups.join(" ")
        )
    }

    /// The options as clap knows them, for manuals and completions.
    pub fn command<T: CommandFactory>(&self) -> Command {
        let mut command = T::command()
            .name(self.name)
            .bin_name(self.name)
            .disable_help_flag(true)
            .disable_version_flag(true)
            .arg(
                Arg::new(HELP)
                    .short('?')
                    .long("help")
                    .visible_alias("usage")
                    .action(ArgAction::SetTrue)
                    .help("Print this page"),
            )
            .arg(
                Arg::new(VERSION)
                    .short('V')
                    .long("version")
                    .action(ArgAction::SetTrue)
                    .help("Print the version"),
            );
        command.build();
        command
    }

    fn fault<T: CommandFactory>(&self, program: &str, warnings: &[String], text: &str) -> Stop {
        let mut stderr: String = warnings.iter().map(|line| format!("{line}\n")).collect();
        stderr.push_str(&format!("{program}: [ERROR] {text}\n"));
        let stdout = if self.help_after_error {
            self.help::<T>()
        } else {
            String::new()
        };
        Stop {
            stdout,
            stderr,
            exit: self.bad_usage,
        }
    }
}

/// What `--version` prints: the original's line, and whose program this really is.
pub fn version_text(program: &str) -> String {
    format!(
        "{VERSION_LINE}\n{program} of {} {}\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION")
    )
}

fn says(stdout: String) -> Stop {
    Stop {
        stdout,
        stderr: String::new(),
        exit: Exit::Success,
    }
}

fn print_defaults(collected: &Arguments, warnings: &[String]) -> Stop {
    use std::os::unix::ffi::OsStrExt;

    let files = collected.from_files.iter().map(|text| without_secret(text));
    let line = collected.command_line.iter();
    let line = line.map(|text| without_secret(text.as_bytes()));
    let arguments: Vec<String> = files.chain(line).collect();
    Stop {
        stdout: format!(
            "{} would have been started with the following arguments:\n{}\n",
            collected.program,
            arguments.join(" ")
        ),
        stderr: warnings.iter().map(|line| format!("{line}\n")).collect(),
        exit: Exit::Success,
    }
}

fn options_of<T: FromArgMatches>(
    command: Command,
    normalised: &Normalised,
) -> Result<T, UsageError> {
    let command = command.no_binary_name(true);
    command
        .try_get_matches_from(&normalised.arguments)
        .and_then(|matches| T::from_arg_matches(&matches))
        .map_err(|error| UsageError::Other(sentence_of(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::SecretKind;

    #[derive(clap::Parser, Debug, Default, PartialEq)]
    struct Options {
        #[arg(short = 'c', long, alias = "connect-string", alias = "ndb-mgmd-host")]
        ndb_connectstring: Option<String>,
        #[arg(short = 't', long, alias = "try-reconnect", default_value_t = 12)]
        connect_retries: i32,
        #[arg(long, default_value_t = 5)]
        connect_retry_delay: u32,
        #[arg(short, long)]
        execute: Option<String>,
        #[arg(short, long, default_value_t = 1)]
        verbose: u32,
        #[arg(long)]
        encrypt_backup: bool,
        #[arg(short = 'i')]
        ignore: bool,
        #[arg(short = 'P', long, num_args = 0..=1, require_equals = true)]
        backup_password: Option<Option<String>>,
        #[arg(long)]
        backup_password_from_stdin: bool,
        #[arg(long, default_value = "relaxed", value_parser = ["relaxed", "strict"])]
        ndb_mgm_tls: String,
        #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "")]
        sim: Option<String>,
        host: Vec<String>,
    }

    const PROGRAM: Program = Program {
        name: "ndb_mgm",
        groups: &["mysql_cluster", "ndb_mgm"],
        numbers: &[
            Number {
                option: "connect-retries",
                min: -1,
                max: i32::MAX as i64,
            },
            Number {
                option: "connect-retry-delay",
                min: 1,
                max: u32::MAX as i64,
            },
        ],
        secrets: &[SecretOption {
            prefix: "backup",
            kind: SecretKind::Password,
        }],
        bad_usage: Exit::BadUsage,
        help_after_error: false,
        examples: &[("ndb_mgm -e SHOW", "the nodes")],
        exits: Exit::OF_NDB_MGM,
        detailed_exits: &[],
    };

    fn parse(arguments: &[&str]) -> Result<Parsed<Options>, Stop> {
        let arguments = [&["/usr/bin/ndb_mgm"], arguments].concat();
        PROGRAM.parse_from(
            arguments.into_iter().map(OsString::from),
            &Environment::default(),
        )
    }

    fn parse_file(text: &str, arguments: &[&str]) -> Result<Parsed<Options>, Stop> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("my.cnf");
        std::fs::write(&path, text).unwrap();
        let file = format!("--defaults-file={}", path.display());
        parse(&[&[file.as_str()], arguments].concat())
    }

    fn options(arguments: &[&str]) -> Options {
        parse(arguments)
            .unwrap_or_else(|stop| panic!("{stop:?}"))
            .options
    }

    fn error(arguments: &[&str]) -> String {
        let stop = parse(arguments).err().expect("an error");
        assert_eq!((stop.exit, stop.stdout.as_str()), (Exit::BadUsage, ""));
        stop.stderr
    }

    #[test]
    fn options_may_follow_execute_and_hosts() {
        let expected = Options {
            execute: Some("show".into()),
            connect_retries: 1,
            verbose: 1,
            connect_retry_delay: 5,
            ndb_mgm_tls: "relaxed".into(),
            host: vec!["somewhere".into(), "1186".into()],
            ..Options::default()
        };
        for arguments in [
            &["-e", "show", "-t1", "somewhere", "1186"][..],
            &["somewhere", "-eshow", "1186", "-t", "1"],
            &["somewhere", "--execute=show", "1186", "--try-reconnect=1"],
            &[
                "--exec",
                "show",
                "--connect_retries=1",
                "--",
                "somewhere",
                "1186",
            ],
            &[
                "-t9",
                "-e",
                "quit",
                "--connect-retries",
                "1",
                "-e",
                "show",
                "somewhere",
                "1186",
            ],
        ] {
            assert_eq!(options(arguments), expected, "{arguments:?}");
        }
    }

    #[test]
    fn names_may_be_shortened_while_they_are_unique() {
        assert_eq!(
            options(&["--connect-s=h:1"]).ndb_connectstring.as_deref(),
            Some("h:1")
        );
        assert_eq!(
            options(&["--ndb_mgmd", "h"]).ndb_connectstring.as_deref(),
            Some("h")
        );
        assert_eq!(
            error(&["--connect-r=1"]),
            "ndb_mgm: [ERROR] ambiguous option '--connect-r' \
             (connect-retries, connect-retry-delay).\n"
        );
    }

    #[test]
    fn a_flag_is_turned_on_and_off() {
        for on in [
            "--encrypt-backup",
            "--encrypt_b=1",
            "--enable-encrypt-backup",
            "--enc=ON",
        ] {
            assert!(
                options(&["--skip-encrypt-backup", on]).encrypt_backup,
                "{on}"
            );
        }
        for off in [
            "--skip-encrypt-backup",
            "--disable-encrypt-backup",
            "--encrypt-backup=0",
        ] {
            assert!(!options(&["--encrypt-backup", off]).encrypt_backup, "{off}");
        }
        assert!(options(&["-iv2"]).ignore);
    }

    #[test]
    fn an_optional_value_needs_an_equals_sign() {
        let parsed = options(&["--sim", "config.ini"]);
        assert_eq!((parsed.sim.as_deref(), parsed.host.len()), (Some(""), 1));
        assert_eq!(
            options(&["--sim=config.ini"]).sim.as_deref(),
            Some("config.ini")
        );
        assert_eq!(options(&["--sim", "--skip-sim"]).sim, None);
    }

    #[test]
    fn faults_are_told_in_the_originals_style() {
        let table: [(&[&str], &str); 11] = [
            (&["--foo"], "unknown option '--foo'."),
            (&["--foo=secret"], "unknown option '--foo'."),
            (
                &["--excute=SHOW"],
                "unknown option '--excute'. Did you mean '--execute'?",
            ),
            (
                &["--conect_string=h"],
                "unknown option '--conect-string'. Did you mean '--connect-string'?",
            ),
            (&["-x"], "unknown option '-x'."),
            (&["--skip-execute"], "unknown option '--skip-execute'."),
            (&["-e"], "option '--execute' requires an argument."),
            (
                &["--connect-retries=5x"],
                "option 'connect-retries': '5x' is not a number.",
            ),
            (
                &["--encrypt-backup=2"],
                "option '--encrypt-backup': '2' is neither 0 nor 1.",
            ),
            (
                &["-e", "x", "--no-defaults"],
                "option '--no-defaults' only counts before all other arguments.",
            ),
            (
                &["--ndb-mgm-tls=lax"],
                "option '--ndb-mgm-tls': 'lax' is not one of relaxed, strict.",
            ),
        ];
        for (arguments, message) in table {
            assert_eq!(error(arguments), format!("ndb_mgm: [ERROR] {message}\n"));
        }
        assert!(error(&["--verbose=x"]).starts_with("ndb_mgm: [ERROR] option '--verbose': 'x': "));
    }

    #[test]
    fn numbers_are_brought_into_their_range_with_a_warning() {
        let parsed = parse(&["--connect-retry-delay=-1", "-t", "-7"])
            .ok()
            .unwrap();
        assert_eq!(parsed.options.connect_retry_delay, 1);
        assert_eq!(parsed.options.connect_retries, -1);
        assert_eq!(
            parsed.warnings,
            [
                "ndb_mgm: [Warning] option 'connect-retry-delay': signed value -1 adjusted to 1.",
                "ndb_mgm: [Warning] option 'connect-retries': signed value -7 adjusted to -1.",
            ]
        );
        assert_eq!(options(&["-t", "2K"]).connect_retries, 2048);
    }

    #[test]
    fn help_and_version_come_before_later_faults() {
        let version = parse(&["-V", "--foo"]).err().unwrap();
        assert_eq!(
            (version.stdout, version.exit),
            (version_text("ndb_mgm"), Exit::Success)
        );
        for help in ["--help", "--usage", "-?", "--he"] {
            let page = parse(&[help]).err().unwrap();
            assert!(
                page.stdout.contains("--connect-retry-delay"),
                "{}",
                page.stdout
            );
            assert!(page.stdout.contains("Usage: ndb_mgm [OPTIONS]"));
            assert!(page.stdout.contains("[mysql_cluster] [ndb_mgm]"));
            assert_eq!(page.exit, Exit::Success);
        }
    }

    #[test]
    fn a_password_never_reaches_the_options_and_warns_on_the_command_line_only() {
        let warning = "ndb_mgm: [Warning] Using a password on the command line \
                       interface can be insecure.";
        for given in ["--backup-password=secret", "-Psecret", "--backup-password="] {
            let parsed = parse(&[given]).ok().unwrap();
            assert_eq!(parsed.options.backup_password, None);
            assert_eq!(parsed.warnings, [warning]);
            assert!(!parsed.secrets.is_empty());
        }
        let parsed = parse_file("[ndb_mgm]\nbackup_password=' a#b '\n", &[])
            .ok()
            .unwrap();
        assert!(parsed.warnings.is_empty());
        let mut secrets = parsed.secrets.read().unwrap();
        let password = secrets.take("backup", SecretKind::Password).unwrap();
        assert_eq!(password.as_slice(), b" a#b ");
        let cancelled = parse(&["--backup-password=x", "--skip-backup-password"])
            .ok()
            .unwrap();
        assert!(cancelled.secrets.is_empty());
        let stdin = parse(&["--backup-password-from-stdin"]).ok().unwrap();
        assert!(stdin.secrets.reads_stdin());
    }

    #[test]
    fn the_command_line_wins_over_option_files() {
        let file =
            "[mysql_cluster]\nndb-connectstring=a\n[ndb_mgm]\nconnect-retries = 3\n[mysqld]\nx\n";
        let parsed = parse_file(file, &["-c", "b"]).ok().unwrap();
        assert_eq!(parsed.options.ndb_connectstring.as_deref(), Some("b"));
        assert_eq!(parsed.options.connect_retries, 3);
    }

    #[test]
    fn unknown_options_of_files_are_errors_unless_loose() {
        let stop = parse_file("[ndb_mgm]\nfoo=1\n", &[]).err().unwrap();
        assert_eq!(stop.stderr, "ndb_mgm: [ERROR] unknown option '--foo'.\n");
        let parsed = parse_file("[ndb_mgm]\nloose_foo=1\n", &[]).ok().unwrap();
        assert_eq!(
            parsed.warnings,
            ["ndb_mgm: [Warning] unknown option '--loose-foo'."]
        );
    }

    #[test]
    fn print_defaults_hides_passwords() {
        let stop = parse_file(
            "[ndb_mgm]\nbackup-password=secret\nverbose=0\n",
            &[
                "--print-defaults",
                "-Ppw",
                "-e",
                "start backup encrypt password='pw'",
            ],
        );
        assert_eq!(
            stop.err().unwrap().stdout,
            "ndb_mgm would have been started with the following arguments:\n\
             --backup-password=***** --verbose=0 -P***** -e start backup encrypt \
             password=*****\n"
        );
    }

    #[test]
    fn a_missing_defaults_file_is_named() {
        let message = error(&["--defaults-file=/none/my.cnf"]);
        assert_eq!(
            message,
            "ndb_mgm: [ERROR] cannot read option file '/none/my.cnf': \
             No such file or directory (os error 2)\n"
        );
    }
}

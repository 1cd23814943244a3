//! Prints the contents of a backup file: ctl, Data or log, plain, compressed or encrypted.

use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use ndbmgm::backup::{self, BackupError, CtlFile, FileError, PrintOptions, Printed};
use ndbmgm::cli::{Exit, Number, Program, SecretKind, SecretOption, TerminalText};
use ndbmgm::xfrm::{KEY_DERIVATION_MAX, ReadAhead, ReadOptions, Secret, XfrmError, XfrmReader};

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

const PROGRAM: Program = Program {
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
};

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
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
struct Options {
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
    verbose: u32,
    /// Print words 2 to 5 of each record on a line of their own
    #[arg(short = 'h', long)]
    print_header_words: bool,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// For JSON: the ctl file of the backup, which names the columns [default: the one beside
    /// the file]
    #[arg(long, value_name = "FILE")]
    ctl: Option<PathBuf>,
    /// Most iterations of key derivation to go through for a file: a forged or damaged one
    /// could ask for hours of them
    #[arg(long, default_value_t = KEY_DERIVATION_MAX, value_name = "N")]
    decrypt_kdf_iter_max: u64,
    #[command(flatten)]
    checkpoint: CheckpointOptions,
    /// The backup file; if it is not whole the status is 1, whatever was printed
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Options of the original for sets of local checkpoint files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted, without effect on backup files")]
struct CheckpointOptions {
    /// Print the rows that a checkpoint restores
    #[arg(long)]
    print_restored_rows: bool,
    /// Number of checkpoint control file
    #[arg(short = 'c', value_name = "N")]
    control_number: Option<u32>,
    /// Fragment
    #[arg(short = 'f', value_name = "N")]
    fragment: Option<u32>,
    /// Table
    #[arg(short = 't', value_name = "N")]
    table: Option<u32>,
    /// Ignore rows outside the checkpoint
    #[arg(short = 'i')]
    ignore: bool,
    /// Another file
    #[arg(short = 'n', value_name = "FILE")]
    name: Option<PathBuf>,
    /// Print pages
    #[arg(short = 'p')]
    pages: bool,
    /// Print rows
    #[arg(short = 'U', long)]
    print_rows: bool,
    /// Do not print rows
    #[arg(short = 'u', long)]
    no_print_rows: bool,
}

impl CheckpointOptions {
    fn say_without_effect(&self) {
        let given: Vec<&str> = [
            (self.print_restored_rows, "--print-restored-rows"),
            (self.control_number.is_some(), "-c"),
            (self.fragment.is_some(), "-f"),
            (self.table.is_some(), "-t"),
            (self.ignore, "-i"),
            (self.name.is_some(), "-n"),
            (self.pages, "-p"),
            (self.print_rows, "--print-rows"),
            (self.no_print_rows, "--no-print-rows"),
        ]
        .into_iter()
        .filter_map(|(is_given, option)| is_given.then_some(option))
        .collect();
        if !given.is_empty() {
            let given = given.join(", ");
            say(&format!(
                "Note: without effect, because they are for local checkpoint files: {given}"
            ));
        }
    }
}

fn main() -> ExitCode {
    let mut parsed = match PROGRAM.parse::<Options>() {
        Ok(parsed) => parsed,
        Err(stop) => return stop.report(),
    };
    if parsed.options.files.len() > 1 && parsed.secrets.asks_terminal() {
        // Before it asks for what the user believes to have given.
        say("Error: Need one filename for a backup file to print.");
        say(
            "A password stands right behind its option, as in -Ppassword or \
             --backup-password=password; --backup-password-from-stdin hides it from others.",
        );
        return Exit::Failure.into();
    }
    parsed.options.checkpoint.say_without_effect();
    let mut secrets = match parsed.secrets.read() {
        Ok(secrets) => secrets,
        Err(errors) => {
            for error in errors {
                say(&format!("Error: {}: {error}", error.option));
            }
            let _ = io::stdout().write_all(PROGRAM.help::<Options>().as_bytes());
            return Exit::Failure.into();
        }
    };
    let key = secrets.take("backup", SecretKind::Key);
    let password = secrets.take("backup", SecretKind::Password);
    if key.is_some() && password.is_some() {
        say("Error: Both backup key and backup password are set.");
        return Exit::BadUsage.into();
    }
    let secret = key.or(password).map(Secret::new);
    let files = std::mem::take(&mut parsed.options.files);
    let [path] = &files[..] else {
        say("Error: Need one filename for a backup file to print.");
        return Exit::Failure.into();
    };
    let opener = Opener {
        secret,
        options: ReadOptions {
            key_derivation_max: parsed.options.decrypt_kdf_iter_max,
            ..ReadOptions::default()
        },
    };
    let stdout = io::stdout().lock();
    // What is in a damaged file, or in one that somebody made up, is not for the terminal.
    let mut out: Box<dyn Write> = match stdout.is_terminal() {
        true => Box::new(TerminalText::new(stdout)),
        false => Box::new(stdout),
    };
    let done = match parsed.options.output {
        Output::Text => print_text(path, &opener, &parsed.options, &mut *out),
        Output::Json => print_json(path, &opener, parsed.options.ctl.as_deref(), &mut *out),
    };
    match done {
        Ok(()) => Exit::Success.into(),
        Err(Failure(reason)) => {
            if let Some(reason) = reason {
                say(&format!("{}: {}: {reason}", parsed.program, path.display()));
            }
            Exit::Failure.into()
        }
    }
}

/// Why the program fails, if that is to be said: nobody listens after a broken pipe.
struct Failure(Option<String>);

impl Failure {
    fn new(error: &dyn Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Failure(Some(text))
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Container(XfrmError::KeyDerivationTooLong { .. }) => {
                Failure(Some(format!("{error} (--decrypt-kdf-iter-max raises it)")))
            }
            FileError::Container(XfrmError::SecretNeeded) => {
                Failure(Some(format!("{error} (-P asks for the password)")))
            }
            FileError::Contents(error) => error.into(),
            error => Failure::new(&error),
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Write(source) if source.kind() == io::ErrorKind::BrokenPipe => {
                Failure(None)
            }
            error => Failure::new(&error),
        }
    }
}

fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// How files are opened.
struct Opener {
    secret: Option<Secret>,
    options: ReadOptions,
}

impl Opener {
    fn open(&self, path: &Path) -> Result<XfrmReader<File>, FileError> {
        let reader = backup::open_file(path, self.secret.as_ref(), self.options)?;
        if reader.container().is_unchecked() {
            say(&format!(
                "Note: the contents of {} can't be checked: it holds no checksum",
                path.display()
            ));
        }
        Ok(reader)
    }

    fn read_ctl(&self, path: &Path) -> Result<CtlFile, Failure> {
        backup::read_ctl(path, self.secret.as_ref(), self.options).map_err(|error| {
            let Failure(reason) = error.into();
            Failure(reason.map(|reason| format!("ctl file {}: {reason}", path.display())))
        })
    }
}

/// Reading is half of the work, and there is a core for it.
fn in_background(reader: XfrmReader<File>) -> Result<ReadAhead, Failure> {
    ReadAhead::start(reader).map_err(|error| Failure::new(&error))
}

fn print_text(
    path: &Path,
    opener: &Opener,
    options: &Options,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let reader = opener.open(path).inspect_err(|_| {
        // The original prints a name that it does not have; scripts know the line.
        let _ = writeln!(out, "Failed to open file '(null)', error: -1");
    })?;
    let options = PrintOptions {
        verbose: options.verbose > 0,
        header_words: options.print_header_words,
    };
    let is_encrypted = reader.container().is_encrypted();
    match backup::print(in_background(reader)?, out, options)? {
        Printed::Whole => Ok(()),
        Printed::Invalid(error) => Err(FileError::of_contents(error, is_encrypted).into()),
    }
}

fn print_json(
    path: &Path,
    opener: &Opener,
    ctl: Option<&Path>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let ctl = match ctl {
        Some(ctl) => Some(opener.read_ctl(ctl)?),
        None => match backup::ctl_beside(path) {
            Some(ctl) if ctl.exists() => Some(opener.read_ctl(&ctl)?),
            Some(ctl) => {
                say(&format!(
                    "Note: without {} rows are printed as they lie in the file.",
                    ctl.display()
                ));
                None
            }
            None => None,
        },
    };
    let reader = opener.open(path)?;
    let is_encrypted = reader.container().is_encrypted();
    backup::print_json(in_background(reader)?, out, ctl.as_ref())
        .map_err(|error| FileError::of_contents(error, is_encrypted).into())
}

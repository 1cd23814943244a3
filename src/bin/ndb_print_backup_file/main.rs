//! Prints the contents of a backup file: ctl, Data or log, plain, compressed or encrypted.

mod options;

use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use ndbmgm::backup::{self, BackupError, CtlFile, FileError, PrintOptions, Printed};
use ndbmgm::cli::{Exit, SecretKind, TerminalText};
use ndbmgm::xfrm::{ReadAhead, ReadOptions, Secret, XfrmError, XfrmReader};

use options::{CheckpointOptions, Options, Output, PROGRAM};

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

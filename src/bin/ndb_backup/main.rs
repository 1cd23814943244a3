//! `ndb_backup`: backup sets of NDB Cluster that can be trusted.

mod connection;
mod copy;
mod expire;
mod export;
mod fault;
mod gather;
mod gathered;
mod list;
mod manifest;
mod options;
mod origin;
mod output;
mod programs;
mod run;
mod sets;
mod show;
mod verify;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use ndbmgm::cli::{
    Exit, Parsed, ProcessArguments, Program, SecretKind, SecretRequests, help_ending, version_text,
};
use ndbmgm::xfrm::Secret;

use zeroize::Zeroizing;

use output::{complain, say};
use programs::{EXAMPLES, OVERVIEW};

/// Why a command ends, and how.
pub(crate) struct Failure {
    /// For stderr; nothing if nobody listens any more.
    pub(crate) message: String,
    pub(crate) exit: Exit,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure {
            message: message.into(),
            exit,
        }
    }

    /// Something that the system does not let be done with a file or directory.
    pub(crate) fn cannot(action: &str, path: &Path, error: &io::Error) -> Self {
        let message = format!("cannot {action} {}: {error}", path.display());
        Failure::new(Exit::Failure, message)
    }

    /// An error and its causes.
    pub(crate) fn of(exit: Exit, error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Failure::new(exit, text)
    }
}

fn main() -> ExitCode {
    let mut arguments = ProcessArguments::read();
    let command = arguments.take_command();
    let Some(command) = command.map(|it| it.to_string_lossy().into_owned()) else {
        return without_command(&arguments);
    };
    match command.as_str() {
        "list" => run(&programs::LIST, arguments, list::run),
        "show" => run(&programs::SHOW, arguments, show::run),
        "verify" => run(&programs::VERIFY, arguments, verify::run),
        "export" => run(&programs::EXPORT, arguments, export::run),
        "gather" => run(&programs::GATHER, arguments, gather::run),
        "expire" => run(&programs::EXPIRE, arguments, expire::run),
        "keep" => run(&programs::KEEP, arguments, expire::keep),
        "release" => run(&programs::RELEASE, arguments, expire::release),
        "run" => run_with(&programs::RUN, arguments, |secret| secret, run::run),
        "manifest" => run(&programs::MANIFEST, arguments, manifest::run),
        other => {
            complain(&format!(
                "ndb_backup: [ERROR] there is no command '{other}'."
            ));
            complain("'ndb_backup --help' lists them.");
            Exit::BadUsage.into()
        }
    }
}

fn overview() -> String {
    let ending = help_ending(EXAMPLES, Exit::OF_NDB_BACKUP, &[]);
    format!("{OVERVIEW}\n{ending}")
}

fn without_command(arguments: &ProcessArguments) -> ExitCode {
    let arguments = arguments.to_vec();
    let asks = |names: [&str; 2]| {
        let mut given = arguments.iter().skip(1);
        given.any(|argument| names.iter().any(|name| argument == name))
    };
    if asks(["--version", "-V"]) {
        say(&version_text("ndb_backup"));
        return ended(Exit::Success);
    }
    if asks(["--help", "-?"]) {
        say(&overview());
        return ended(Exit::Success);
    }
    complain(overview().trim_end());
    Exit::BadUsage.into()
}

/// Parses a command's options, reads its secrets, and runs it.
fn run<T: CommandFactory + FromArgMatches>(
    program: &Program,
    arguments: ProcessArguments,
    command: fn(T, Option<Secret>) -> Result<Exit, Failure>,
) -> ExitCode {
    run_with(
        program,
        arguments,
        |secret| secret.map(Secret::new),
        command,
    )
}

/// The same for a command that wants its secret in another form.
fn run_with<T: CommandFactory + FromArgMatches, S>(
    program: &Program,
    arguments: ProcessArguments,
    form: fn(Option<Zeroizing<Vec<u8>>>) -> S,
    command: fn(T, S) -> Result<Exit, Failure>,
) -> ExitCode {
    let Parsed {
        options, secrets, ..
    } = match program.parse_process::<T>(arguments) {
        Ok(parsed) => parsed,
        Err(stop) => return stop.report(),
    };
    let secret = match read_secret(secrets) {
        Ok(secret) => secret,
        Err(lines) => {
            lines.iter().for_each(|line| complain(line));
            return Exit::BadUsage.into();
        }
    };
    match command(options, form(secret)) {
        Ok(exit) => ended(exit),
        Err(Failure { message, exit }) => {
            if !message.is_empty() {
                complain(&format!("{}: {message}", program.name));
            }
            exit.into()
        }
    }
}

/// The status of a command that did its work: no success if its result could not be written.
fn ended(exit: Exit) -> ExitCode {
    match output::failure() {
        Some(error) => {
            complain(&format!(
                "ndb_backup: could not write to standard output: {error}"
            ));
            exit.or(Exit::Failure).into()
        }
        None => exit.into(),
    }
}

/// The password, or the key, that was asked for.
fn read_secret(requests: SecretRequests) -> Result<Option<Zeroizing<Vec<u8>>>, Vec<String>> {
    let mut secrets = requests.read().map_err(|errors| -> Vec<String> {
        let line = |error: &ndbmgm::cli::SecretError| format!("Error: {error}");
        errors.iter().map(line).collect()
    })?;
    let key = secrets.take("backup", SecretKind::Key);
    let password = secrets.take("backup", SecretKind::Password);
    if key.is_some() && password.is_some() {
        return Err(vec![
            "Error: Both backup key and backup password are set.".to_owned(),
        ]);
    }
    Ok(key.or(password))
}

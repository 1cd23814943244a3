//! `ndbxfrm`: encrypt, decrypt, compress and inspect backup files (backup format, 9).

mod destination;
mod hidden;
mod options;
mod source;
mod transform;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ndbmgm::cli::{Exit, Parsed, SecretKind};
use ndbmgm::xfrm::{self, Secret};

use options::{Options, PROGRAM};
use source::Source;
use transform::Failure;

fn main() -> ExitCode {
    match PROGRAM.parse::<Options>() {
        Ok(parsed) => run(parsed).into(),
        Err(stop) => stop.report(),
    }
}

/// The passwords or keys for both ends.
struct Secrets {
    decrypt: Option<Secret>,
    encrypt: Option<Secret>,
}

fn run(parsed: Parsed<Options>) -> Exit {
    let options = parsed.options;
    let secrets = match read_secrets(parsed.secrets) {
        Ok(secrets) => secrets,
        Err(lines) => {
            for line in lines {
                complain(&line);
            }
            return Exit::BadUsage;
        }
    };
    if options.info || options.detailed_info {
        return describe_all(&options.files, options.detailed_info);
    }
    let [source, destination] = options.files.as_slice() else {
        complain("Error: Need one source file and one destination file.");
        return Exit::Failure;
    };
    match transform::transform(source, destination, &options, &secrets) {
        Ok(()) => Exit::Success,
        Err(Failure { lines, exit }) => {
            for line in lines {
                complain(&line);
            }
            exit
        }
    }
}

fn read_secrets(requests: ndbmgm::cli::SecretRequests) -> Result<Secrets, Vec<String>> {
    let mut read = requests.read().map_err(|errors| -> Vec<String> {
        errors
            .iter()
            .map(|error| format!("Error: {error}"))
            .collect()
    })?;
    let mut end = |prefix: &str| {
        let key = read.take(prefix, SecretKind::Key);
        let password = read.take(prefix, SecretKind::Password);
        if key.is_some() && password.is_some() {
            return Err(vec![format!(
                "Error: Both {prefix} key and {prefix} password is set."
            )]);
        }
        Ok(key.or(password).map(Secret::new))
    };
    Ok(Secrets {
        decrypt: end("decrypt")?,
        encrypt: end("encrypt")?,
    })
}

/// Prints what each file is, and goes on after one that can't be read.
fn describe_all(files: &[PathBuf], detailed: bool) -> Exit {
    let mut exit = Exit::Success;
    let mut stdout = io::stdout();
    for file in files {
        let text = match describe(file, detailed) {
            Ok(text) => text,
            Err(lines) => {
                lines.iter().for_each(|line| complain(line));
                exit = Exit::Failure;
                continue;
            }
        };
        let written = stdout.write_all(text.as_bytes());
        match written.and_then(|()| stdout.flush()) {
            Ok(()) => {}
            // A reader that went away is no concern any more.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return exit,
            Err(error) => {
                complain(&perror(Path::new("stdout"), &error));
                return Exit::Failure;
            }
        }
    }
    exit
}

/// What a file is, or the lines that say why that can't be told.
fn describe(file: &Path, detailed: bool) -> Result<String, [String; 2]> {
    let name = file.display();
    let source = Source::open(file).map_err(|error| {
        let line = format!("Error: Could not open file '{name}' for read.");
        [line, perror(file, &error)]
    })?;
    let container = source.inspect().map_err(|error| {
        let line = format!("Error: Could not read file '{name}'.");
        [line, explain(file, &error)]
    })?;
    let mut text = container.render_line(&name.to_string());
    if detailed {
        text.push_str(&container.render_detailed());
    }
    Ok(text)
}

/// A line on stderr.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// `name: No such file or directory`.
fn perror(file: &Path, error: &io::Error) -> String {
    let text = error.to_string();
    // The system's text, without the number that std adds.
    let text = text.split(" (os error").next().unwrap_or_default();
    format!("{}: {text}", file.display())
}

/// `name: truncated file: ...`.
fn explain(file: &Path, error: &xfrm::XfrmError) -> String {
    match error {
        xfrm::XfrmError::Io(error) => perror(file, error),
        other => format!("{}: {other}", file.display()),
    }
}

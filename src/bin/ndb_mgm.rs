//! The management client.

use std::process::ExitCode;

use ndbmgm::cli::{Exit, SecretKind, Stop, start_logging};
use ndbmgm::shell::{self, Options, PROGRAM};

fn main() -> ExitCode {
    run().map_or_else(Stop::report, ExitCode::from)
}

fn run() -> Result<Exit, Stop> {
    let parsed = PROGRAM.parse::<Options>()?;
    start_logging(None).map_err(|text| stopped(format!("ndb_mgm: {text}\n"), Exit::BadUsage))?;
    let options = parsed.options;
    if options.requires_tls() {
        return Ok(shell::refuse_strict_tls(&options));
    }
    let mut secrets = parsed.secrets.read().map_err(|errors| {
        let lines = errors
            .iter()
            .map(|error| format!("Error: backup password: {error}\n"));
        stopped(lines.collect(), Exit::BadUsage)
    })?;
    let password = secrets.take("backup", SecretKind::Password);
    match options.into_settings(password) {
        Ok(settings) => Ok(shell::run(settings)),
        Err(error) => Ok(shell::refuse_connect_string(&error)),
    }
}

fn stopped(stderr: String, exit: Exit) -> Stop {
    Stop {
        stdout: String::new(),
        stderr,
        exit,
    }
}

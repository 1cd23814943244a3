//! The management client.

use std::fmt::Display;
use std::process::ExitCode;

use ndbmgm::cli::{Exit, SecretKind, Stop, ask_pass_phrase, start_logging};
use ndbmgm::cluster::ConnectString;
use ndbmgm::shell::{self, Options, PROGRAM, Settings};
use ndbmgm::sim::{self, SimConfig, SimHandle};
use zeroizing_alloc::ZeroAlloc;

/// Wipes memory as it is freed: option parser, line editor and TLS hold passwords for a moment, and
/// know nothing of secrets.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    run().map_or_else(Stop::report, ExitCode::from)
}

fn run() -> Result<Exit, Stop> {
    let parsed = PROGRAM.parse::<Options>()?;
    start_logging(None).map_err(|error| stop(error, Exit::BadUsage))?;
    let options = parsed.options;
    let tls = options.tls(&mut ask_pass_phrase)?;
    let test_tls = options.test_tls;
    let (output, exit_codes) = (options.output, options.exit_codes);
    let secrets = parsed.secrets.read();
    let mut secrets = secrets.map_err(|errors| {
        let lines = errors
            .iter()
            .map(|error| format!("Error: backup password: {error}\n"));
        Stop::with_error(lines.collect(), Exit::BadUsage)
    })?;
    let simulator = simulate(&options)?;
    match options.into_settings(tls, secrets.take("backup", SecretKind::Password)) {
        Err(error) => Ok(shell::refuse_connect_string(error, output, exit_codes)),
        Ok(settings) => match simulator {
            None if test_tls => Ok(shell::test_tls(settings)),
            None => Ok(shell::run(settings)),
            Some(simulator) => run_simulated(settings, simulator, test_tls),
        },
    }
}

fn simulate(options: &Options) -> Result<Option<SimHandle>, Stop> {
    let Some(config_file) = &options.sim else {
        return Ok(None);
    };
    let mut config = SimConfig::new(&options.sim_dir);
    config.rows = options.sim_rows.unwrap_or(config.rows);
    config.tls.search_path = options.tls_search_path();
    config.tls.ask_pass_phrase = ask_pass_phrase;
    if let Some(path) = config_file {
        config.topology =
            sim::read_config_file(path).map_err(|error| stop(error, Exit::BadUsage))?;
    }
    let simulator = sim::start(config).map_err(|error| stop(error, Exit::CommandFailed))?;
    shell::announce_simulation(&options.sim_dir);
    Ok(Some(simulator))
}

fn run_simulated(
    mut settings: Settings,
    simulator: SimHandle,
    test_tls: bool,
) -> Result<Exit, Stop> {
    settings.simulated = true;
    settings.connect.connect_string = ConnectString::to_server("localhost", simulator.port());
    let exit = match test_tls {
        true => shell::test_tls(settings),
        false => shell::run(settings),
    };
    let is_busy = || simulator.backups_running() > 0;
    let was_told_to_end = matches!(exit, Exit::Interrupted | Exit::Terminated | Exit::HungUp);
    let is_left = !was_told_to_end && shell::wait_for_simulated_backup(is_busy);
    simulator
        .shutdown()
        .map_err(|error| stop(error, Exit::CommandFailed))?;
    Ok(if is_left { Exit::Interrupted } else { exit })
}

fn stop(error: impl Display, exit: Exit) -> Stop {
    Stop::with_error(format!("ndb_mgm: {error}\n"), exit)
}

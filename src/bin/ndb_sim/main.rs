//! `ndb_sim`: a simulated cluster that stays until it is told to stop.

mod options;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::task::Poll;
use std::time::Duration;

use clap::Parser;
use ndbmgm::cli::ask_pass_phrase;
use ndbmgm::sim::{self, FaultPlan, SimConfig};
use ndbmgm::tls::SearchPath;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use options::Options;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(answer) => return give(&answer),
    };
    let result = match &options.make_certificates {
        Some(directory) => make_certificates(directory),
        None => run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.to_string().lines().for_each(narrate);
            ExitCode::FAILURE
        }
    }
}

/// Prints what the options ask for, as help, or what is wrong with them.
fn give(answer: &clap::Error) -> ExitCode {
    match answer.print().and_then(|()| io::stdout().flush()) {
        Ok(()) => ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(1)),
        Err(error) => {
            narrate(&cannot_print(&error));
            ExitCode::FAILURE
        }
    }
}

/// Prints a line on standard output, at once.
fn print_line(line: &str) -> Result<(), String> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(|error| cannot_print(&error))
}

fn cannot_print(error: &io::Error) -> String {
    format!("could not write to standard output: {error}")
}

/// Says something on standard error; that nobody may read is no reason to end.
fn narrate(text: &str) {
    let _ = writeln!(io::stderr(), "ndb_sim: {text}");
}

type Error = Box<dyn std::error::Error>;

fn make_certificates(directory: &Path) -> Result<(), Error> {
    for path in sim::make_certificates(directory)? {
        print_line(&path.display().to_string())?;
    }
    narrate(&format!(
        "these certificates are for practice on this machine (localhost): the CA's key \
         is not kept. A real cluster's are made with ndb_sign_keys.\n\
         ndb_sim: try: ndb_mgm --sim --ndb-tls-search-path={} -e 'TLS INFO'",
        directory.display()
    ));
    Ok(())
}

fn configure(options: &Options) -> Result<SimConfig, Error> {
    let mut config = SimConfig::new(&options.data_dir);
    if let Some(path) = &options.config_file {
        config.topology = sim::read_config_file(path)?;
    }
    if let Some(path) = &options.faults {
        config.faults = FaultPlan::read(path)?;
    }
    config.host = options.bind_address;
    config.port = options.port.unwrap_or_else(|| config.topology.port());
    config.rows = options.rows;
    config.updates = options.updates;
    config.tls.search_path = SearchPath::from_environment(&options.ndb_tls_search_path);
    config.tls.ask_pass_phrase = ask_pass_phrase;
    config.phase_time = Duration::from_millis(options.phase_time);
    config.narrate = narrate;
    Ok(config)
}

fn cannot_listen(address: std::net::SocketAddr, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => "; --port 0 takes any free port, --port N another one",
        _ => "",
    };
    format!("cannot listen on {address}: {error}{hint}")
}

/// Waits for a signal that ends the simulator.
async fn wait_for_signal(signals: &mut [(&'static str, Signal)]) {
    let name = std::future::poll_fn(|context| {
        for (name, signal) in signals.iter_mut() {
            if signal.poll_recv(context).is_ready() {
                return Poll::Ready(*name);
            }
        }
        Poll::Pending
    })
    .await;
    narrate(&format!("{name}: the cluster ends"));
}

fn run(options: &Options) -> Result<(), Error> {
    let config = configure(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = [
            ("SIGINT", signal(SignalKind::interrupt())?),
            ("SIGTERM", signal(SignalKind::terminate())?),
            ("SIGHUP", signal(SignalKind::hangup())?),
            ("SIGQUIT", signal(SignalKind::quit())?),
        ];
        let address = std::net::SocketAddr::from((config.host, config.port));
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| cannot_listen(address, &error))?;
        let address = listener.local_addr()?;
        let directory = config.directory.clone();
        let shutdown = async move { wait_for_signal(&mut signals).await };
        let simulator = sim::prepare(listener, config).await?;
        narrate(&format!(
            "simulated cluster in {}; its backups hold made-up rows",
            directory.display()
        ));
        for (node, address) in simulator.addresses() {
            narrate(&format!("management server {node} listens at {address}"));
        }
        print_line(&address.to_string())?;
        simulator.run(shutdown).await?;
        Ok(())
    })
}

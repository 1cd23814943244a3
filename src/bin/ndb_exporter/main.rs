//! `ndb_exporter`: metrics of a cluster for Prometheus.

mod connection;
mod exporter;
mod files;
mod http;
mod listener;
mod options;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ndbmgm::cli::{Exit, Stop, start_logging};
use ndbmgm::metrics::{Activity, LastBackup};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, timeout};

use exporter::Exporter;
use options::{Options, PROGRAM};

/// A scrape waits for one answer after the other, so none of them may have all of its time.
const ANSWERS: u32 = 4;

fn main() -> ExitCode {
    run().map_or_else(Stop::report, ExitCode::from)
}

/// Says something to whoever watches; that nobody may read is no reason to end.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "ndb_exporter: {text}");
}

fn stop(error: &dyn Display, exit: Exit) -> Stop {
    Stop::with_error(format!("ndb_exporter: {error}\n"), exit)
}

fn run() -> Result<Exit, Stop> {
    let options = PROGRAM.parse::<Options>()?.options;
    start_logging(None).map_err(|error| stop(&error, Exit::BadUsage))?;
    if let Some(path) = &options.textfile
        && path.extension().is_none_or(|extension| extension != "prom")
    {
        let text = format!(
            "--textfile={}: node_exporter reads names that end in .prom only",
            path.display()
        );
        return Err(stop(&text, Exit::BadUsage));
    }
    let limit = Duration::from_secs(u64::from(options.scrape_timeout));
    let exporter = Arc::new(Exporter {
        connect: options.connect_options(limit / ANSWERS)?,
        limit,
        activity: Mutex::new(Activity::new(remembered(options.state_file.as_deref()))),
        is_listening: AtomicBool::new(false),
        errors: AtomicU64::new(0),
        state_file: options.state_file.clone(),
        backup_state: options.backup_state.clone(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| stop(&error, Exit::Failure))?;
    runtime.block_on(async {
        match &options.textfile {
            Some(path) if options.once => write_once(&exporter, path).await,
            Some(path) => {
                let every = Duration::from_secs(u64::from(options.interval));
                until_signal(&exporter, keep_writing(&exporter, path, every)).await
            }
            None => {
                let listener = TcpListener::bind(options.listen).await.map_err(|error| {
                    let at = options.listen;
                    let text = format!("cannot listen on {at}: {error}; --listen takes another");
                    stop(&text, Exit::Failure)
                })?;
                tell_address(&listener)?;
                until_signal(&exporter, http::serve(listener, Arc::clone(&exporter))).await
            }
        }
    })
}

/// A file that cannot be read is no reason to show nothing.
fn remembered(path: Option<&Path>) -> Option<LastBackup> {
    let path = path?;
    files::read_last_backup(path).unwrap_or_else(|error| {
        complain(&format!(
            "cannot read {}: {error}; the last backup is asked of the data nodes",
            path.display()
        ));
        None
    })
}

/// Prints where the metrics are, for whoever let a free port be chosen.
fn tell_address(listener: &TcpListener) -> Result<(), Stop> {
    let told = listener.local_addr().and_then(|address| {
        let mut stdout = io::stdout();
        writeln!(stdout, "http://{address}/metrics")?;
        stdout.flush()
    });
    told.map_err(|error| {
        let text = format!("cannot write to standard output: {error}");
        stop(&text, Exit::Failure)
    })
}

/// Does this work, and listens to events meanwhile, until a signal ends both.
async fn until_signal(exporter: &Exporter, work: impl Future<Output = ()>) -> Result<Exit, Stop> {
    let signal = |kind| signal(kind).map_err(|error| stop(&error, Exit::Failure));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = exporter.listen() => {}
        () = work => {}
    }
    Ok(Exit::Success)
}

/// A file that cannot be written now may be written the next time.
async fn keep_writing(exporter: &Exporter, path: &Path, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let text = exporter.scrape().await;
        if let Err(error) = files::write_whole(path, &text) {
            complain(&cannot_write(path, &error));
        }
    }
}

async fn write_once(exporter: &Exporter, path: &Path) -> Result<Exit, Stop> {
    let recalled = timeout(exporter.limit, exporter.recall()).await;
    if !matches!(recalled, Ok(Ok(()))) {
        tracing::debug!("no saved events");
    }
    let text = exporter.scrape().await;
    files::write_whole(path, &text)
        .map_err(|error| stop(&cannot_write(path, &error), Exit::Failure))?;
    Ok(Exit::Success)
}

fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!(
        "cannot write {}: {error}; what was there is left",
        path.display()
    )
}

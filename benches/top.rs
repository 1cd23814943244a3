//! TOP at the largest cluster: 144 data nodes, 2 management servers, 100 API slots.
//!
//! Two pictures a second on a terminal of 60 rows and 200 columns, for 20 s. Prints which share of
//! one core the client alone takes, and fails above the limit. `benches/top.sh` runs it.

use std::io::Read;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

mod simulator;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use simulator::{DATA_NODES, Outcome, Simulator};

const ROWS: u16 = 60;
const COLUMNS: u16 = 200;

const TIME: Duration = Duration::from_secs(20);
/// Percent of one core.
const LIMIT: f64 = 5.0;

/// Ticks of a second in `/proc/<pid>/stat`, the same on every Linux.
const TICKS: f64 = 100.0;

/// Then nothing is drawn.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("top: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<bool> {
    let directory = tempfile::tempdir()?;
    let simulator = Simulator::start(directory.path())?;
    let pty = native_pty_system().openpty(PtySize {
        rows: ROWS,
        cols: COLUMNS,
        ..PtySize::default()
    })?;
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ndb_mgm"));
    command.args(["--no-defaults", "-c", &simulator.address]);
    command.args(["-e", "TOP EVERY 0.5"]);
    command.env_clear();
    command.env("TERM", "xterm");
    let mut client = pty.slave.spawn_command(command)?;
    drop(pty.slave);
    let drawn = drawn(pty.master.try_clone_reader()?);
    let measured = measure(client.process_id().ok_or("no process")?, &drawn);
    client.kill()?;
    client.wait()?;
    let (share, bytes) = measured?;
    println!(
        "TOP EVERY 0.5 of {DATA_NODES} data nodes: {share:.1} % of one core (limit {LIMIT} %), \
         {bytes} bytes a second drawn"
    );
    Ok(share <= LIMIT)
}

/// Percent of one core, and bytes drawn in a second.
fn measure(client: u32, drawn: &Receiver<Vec<u8>>) -> Outcome<(f64, u64)> {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = String::new();
    // Colours and cursor movements stand between words.
    while !seen.contains("started") {
        let left = deadline.saturating_duration_since(Instant::now());
        seen += &String::from_utf8_lossy(&drawn.recv_timeout(left)?);
    }
    let (began, before) = (Instant::now(), ticks(client)?);
    let mut bytes = 0;
    while let Some(left) = TIME.checked_sub(began.elapsed()) {
        if let Ok(chunk) = drawn.recv_timeout(left) {
            bytes += chunk.len() as u64;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let used = (ticks(client)? - before) as f64 / TICKS;
    Ok((100.0 * used / seconds, bytes / TIME.as_secs()))
}

/// What is drawn, as it comes.
fn drawn(mut reader: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut chunk = [0; 1 << 14];
        while let Ok(size @ 1..) = reader.read(&mut chunk) {
            if sender.send(chunk[..size].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Time that the process has had, in its own mode and in the kernel's.
fn ticks(process: u32) -> Outcome<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("no fields")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let field =
        |index: usize| -> Outcome<u64> { Ok(fields.get(index).ok_or("too few fields")?.parse()?) };
    Ok(field(11)? + field(12)?)
}

//! The largest cluster: 144 data nodes, 2 management servers, 100 API slots.
//!
//! Times SHOW and OK TO STOP from a cold client (the whole process), scrapes of `ndb_exporter`, and
//! 100 listeners that each receive 20,000 events in order while one more has stopped reading.
//! Prints the figures and fails above the limits. `benches/cluster.sh` runs it.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

mod simulator;

use ndbmgm::client::{ConnectOptions, EventStream, connect};
use ndbmgm::cluster::{ConnectString, EventCategory, LogLevel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use simulator::{API_SLOTS, DATA_NODES, Outcome, SERVERS, Simulator};

const RUNS: usize = 31;
const SHOW_LIMIT: Duration = Duration::from_millis(15);
const STOP_LIMIT: Duration = Duration::from_millis(50);
const SCRAPE_LIMIT: Duration = Duration::from_millis(100);

const LISTENERS: usize = 100;
const EVENTS: u32 = 20_000;
const EVENTS_LIMIT: Duration = Duration::from_secs(10);
/// More than the kernel keeps for a connection that nobody reads.
const EVENTS_TO_SILENT: u32 = 200_000;
/// What the listeners may add to the server's memory at most.
const GROWTH_LIMIT_KIB: u64 = 32 * 1024;

/// Then a listener gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at the server's sessions.
const POLL_TIME: Duration = Duration::from_millis(20);

/// Event 47 of node 2, of the category Info; its one word is the number.
const EVENT: u32 = (2 << 16) | 47;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cluster: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<bool> {
    let directory = tempfile::tempdir()?;
    let simulator = Simulator::start(directory.path())?;
    let mut is_quick = time_show(&simulator)?;
    is_quick &= time_scrape(&simulator)?;
    is_quick &= time_ok_to_stop(&simulator)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let heard = runtime.block_on(time_listeners(&simulator))?;
    Ok(is_quick && heard)
}

/// A line of the simulator's state, in KiB: `VmRSS` now, `VmHWM` at its peak.
fn memory(simulator: &Simulator, key: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", simulator.process.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_ascii_whitespace().nth(1));
    Ok(number.ok_or("no such line")?.parse()?)
}

/// What a cold client prints, and how long its process took.
fn run_client(simulator: &Simulator, command: &str) -> Outcome<(String, Duration)> {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(["--no-defaults", "-c", &simulator.address, "-e", command])
        .output()?;
    let took = start.elapsed();
    match output.status.success() {
        true => Ok((String::from_utf8(output.stdout)?, took)),
        false => Err(format!("{command}: {output:?}").into()),
    }
}

/// Prints the times but for the first, which found nothing in the caches; true if their median is
/// within the limit.
fn judge(what: &str, mut times: Vec<Duration>, limit: Duration) -> bool {
    times.remove(0);
    times.sort();
    let (median, last) = (times[times.len() / 2], times.len() - 1);
    println!(
        "{what} of {DATA_NODES} data nodes, {SERVERS} servers, {API_SLOTS} API slots, {} times: min \
         {:.1?}, median {median:.1?}, max {:.1?} (limit {limit:?})",
        times.len(),
        times[0],
        times[last]
    );
    median <= limit
}

fn time_show(simulator: &Simulator) -> Outcome<bool> {
    let mut times = Vec::new();
    for _ in 0..=RUNS {
        let (text, took) = run_client(simulator, "SHOW")?;
        times.push(took);
        let nodes = text.lines().filter(|line| line.starts_with("id=")).count();
        if nodes != DATA_NODES + SERVERS + API_SLOTS {
            return Err(format!("SHOW printed {nodes} nodes").into());
        }
    }
    Ok(judge("SHOW by cold clients", times, SHOW_LIMIT))
}

fn time_ok_to_stop(simulator: &Simulator) -> Outcome<bool> {
    let mut times = Vec::new();
    for _ in 0..=RUNS {
        let (text, took) = run_client(simulator, "OK TO STOP 1")?;
        times.push(took);
        if !text.ends_with("OK to stop node 1: yes\n") {
            return Err(text.into());
        }
    }
    Ok(judge("OK TO STOP by cold clients", times, STOP_LIMIT))
}

fn time_scrape(simulator: &Simulator) -> Outcome<bool> {
    let exporter = Exporter::start(simulator)?;
    let until = Instant::now() + PATIENCE;
    while !exporter
        .scrape()?
        .contains("ndb_cluster_condition{condition=\"ok\"} 1\n")
    {
        if Instant::now() >= until {
            return Err("the cluster did not come up".into());
        }
    }
    let mut times = Vec::new();
    for _ in 0..=RUNS {
        let start = Instant::now();
        let text = exporter.scrape()?;
        times.push(start.elapsed());
        let nodes = text.matches("\nndb_node_up{").count();
        let memories = text.matches("\nndb_memory_used_bytes{").count();
        let is_complete = text.contains("\nndb_exporter_scrape_success 1\n");
        if !is_complete || nodes != DATA_NODES + SERVERS + API_SLOTS || memories != 2 * DATA_NODES {
            return Err(format!("a scrape had {nodes} nodes, {memories} memories").into());
        }
    }
    Ok(judge("scrape by ndb_exporter", times, SCRAPE_LIMIT))
}

/// An exporter that answers; it ends with this value.
struct Exporter {
    process: Child,
    address: String,
}

impl Exporter {
    fn start(simulator: &Simulator) -> Outcome<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ndb_exporter"))
            .args(["--no-defaults", "-c", &simulator.address])
            .arg("--listen=127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("no pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim_end().strip_prefix("http://");
        let address = address.and_then(|rest| rest.strip_suffix("/metrics"));
        Ok(Exporter {
            process,
            address: address.ok_or("no address")?.to_owned(),
        })
    }

    fn scrape(&self) -> Outcome<String> {
        let mut stream = std::net::TcpStream::connect(&self.address)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn time_listeners(simulator: &Simulator) -> Outcome<bool> {
    let options = ConnectOptions::once(ConnectString::parse(&simulator.address)?);
    let level = LogLevel::new(15).ok_or("levels end at 15")?;
    let mut observer = connect(&options).await?;
    let sessions = observer.list_sessions().await?.len();
    let silent = listen_and_never_read(&simulator.address).await?;
    let mut listeners = Vec::new();
    for _ in 0..LISTENERS {
        let session = connect(&options).await?;
        listeners.push(session.listen_to(&[(EventCategory::Info, level)]).await?);
    }
    let before = memory(simulator, "VmRSS")?;
    let start = Instant::now();
    let mut injector = TcpStream::connect(&simulator.address).await?;
    let inject = tokio::spawn(async move {
        report(&mut injector, 0..EVENTS).await?;
        Ok::<_, io::Error>((injector, start.elapsed()))
    });
    let tasks: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(hear_all(listener)))
        .collect();
    let (mut injector, injected) = inject.await??;
    for task in tasks {
        task.await??;
    }
    let elapsed = start.elapsed();
    report(&mut injector, EVENTS..EVENTS_TO_SILENT).await?;
    let dropping = Instant::now();
    // Of those that came, only the injector stays.
    while observer.list_sessions().await?.len() > sessions + 1 {
        if dropping.elapsed() > PATIENCE {
            return Err("the listener that did not read was never dropped".into());
        }
        tokio::time::sleep(POLL_TIME).await;
    }
    let growth = memory(simulator, "VmHWM")?.saturating_sub(before);
    let unread = read_to_end(silent).await?;
    println!(
        "{EVENTS} events in order to each of {LISTENERS} listeners: {elapsed:.2?} (limit \
         {EVENTS_LIMIT:?}), made in {injected:.2?}; {:.0} records per second",
        f64::from(EVENTS) * LISTENERS as f64 / elapsed.as_secs_f64()
    );
    println!(
        "server memory: {:.1} MiB before, at most {:.1} MiB more (limit {} MiB)",
        before as f64 / 1024.0,
        growth as f64 / 1024.0,
        GROWTH_LIMIT_KIB / 1024
    );
    println!("listener that did not read: dropped after {unread} of {EVENTS_TO_SILENT} events");
    Ok(elapsed <= EVENTS_LIMIT && growth <= GROWTH_LIMIT_KIB && unread < EVENTS_TO_SILENT as usize)
}

/// Makes events, some at a time: the time that a request and its reply are on their way has no
/// part in how fast events are passed on.
async fn report(injector: &mut TcpStream, numbers: Range<u32>) -> io::Result<()> {
    const AT_A_TIME: usize = 100;
    const REPLY: &[u8] = b"report event reply\nresult: ok\n\n";
    let numbers: Vec<u32> = numbers.collect();
    for numbers in numbers.chunks(AT_A_TIME) {
        let mut requests = String::new();
        for number in numbers {
            let _ = write!(
                requests,
                "report event\nlength: 2\ndata: {EVENT} {number}\n\n"
            );
        }
        injector.write_all(requests.as_bytes()).await?;
        let mut replies = vec![0; REPLY.len() * numbers.len()];
        injector.read_exact(&mut replies).await?;
        if replies.chunks(REPLY.len()).any(|reply| reply != REPLY) {
            return Err(io::Error::other("an event was refused"));
        }
    }
    Ok(())
}

async fn hear_all(mut listener: EventStream) -> Result<(), String> {
    for number in 0..EVENTS {
        let event = listener.next_within(PATIENCE).await;
        let event = event.map_err(|error| error.to_string())?;
        let event = event.ok_or(format!("event {number} did not come"))?;
        if event.body.words().first() != Some(&number) {
            return Err(format!("event {number} expected, {event:?} came"));
        }
    }
    Ok(())
}

/// A listener with a small window, so that the server soon notices that nobody reads.
async fn listen_and_never_read(address: &str) -> Outcome<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let mut stream = socket.connect(address.parse()?).await?;
    stream
        .write_all(b"listen event\nfilter: 256=15\nparsable: 1\n\n")
        .await?;
    Ok(stream)
}

/// Events that are left in a connection whose server has closed it.
async fn read_to_end(mut stream: TcpStream) -> Outcome<usize> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes));
    // A reset is an end too; no end at all is the failure.
    let _ = read
        .await
        .map_err(|_| "the listener that did not read was never dropped")?;
    Ok(String::from_utf8_lossy(&bytes).matches("type=47\n").count())
}

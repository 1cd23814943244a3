//! What the client says of each fault, in every mode and format: `docs/faults.md` is made of it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::data_schema::objects;
use crate::server::Nobody;
use crate::simulator::{Simulator, TWO_NODES};
use crate::terminal::Terminal;

/// Longest time for one run: no fault takes longer.
const LIMIT: Duration = Duration::from_secs(120);

/// Set to write the document anew.
const WRITE: &str = "NDBMGM_WRITE_FAULTS";

/// What answers, or does not.
enum Place {
    /// Nobody listens.
    Nobody,
    /// A server that takes connections and says nothing.
    Silent,
    /// A server that says this to every request, and closes.
    Says(&'static str),
    /// A simulated cluster: what its config.ini has more, its faults, and commands that come
    /// before, one of them beside the command itself.
    Cluster {
        config: &'static str,
        faults: &'static str,
        before: &'static str,
        beside: &'static str,
    },
}

struct Fault {
    name: &'static str,
    place: Place,
    command: &'static str,
}

const CALM: Place = Place::Cluster {
    config: "",
    faults: "",
    before: "",
    beside: "",
};

fn faults() -> Vec<Fault> {
    let wait = "START BACKUP 7 WAIT COMPLETED";
    let cluster = |config, faults, before, beside| Place::Cluster {
        config,
        faults,
        before,
        beside,
    };
    let of = |name, place, command| Fault {
        name,
        place,
        command,
    };
    // Half a minute, unless it is ended before.
    let slow = "slow-disk 2 20K\nslow-disk 3 20K\n";
    vec![
        of("no server", Place::Nobody, wait),
        of("wrong command", CALM, "START BACKUP 7 SNAPSHOTSTRAT"),
        of(
            "refused",
            cluster("RequireEncryptedBackup=1\n", "", "", ""),
            wait,
        ),
        of("stalled", Place::Silent, wait),
        of(
            "closed mid-reply",
            Place::Says("check connection reply\nresu"),
            wait,
        ),
        of(
            "garbage",
            Place::Says("HTTP/1.1 400 Bad Request\r\n\r\n"),
            wait,
        ),
        of(
            "authorization failed",
            cluster("RequireTls", "", "", ""),
            wait,
        ),
        of("id exists", cluster("", "", wait, ""), wait),
        of(
            "already running",
            cluster("", slow, "START BACKUP 6 WAIT STARTED", ""),
            wait,
        ),
        of("aborted", cluster("", slow, "", "ABORT BACKUP 7"), wait),
        of(
            "node failed",
            cluster("", "slow-disk 2 20K\nin-backup 100ms fail-node 3\n", "", ""),
            wait,
        ),
        of(
            "completion event lost",
            cluster("", "lose-events 56\n", "", ""),
            wait,
        ),
        of(
            "server lost during WAIT",
            cluster("", "slow-disk 2 20K\nin-backup 100ms kill-server\n", "", ""),
            wait,
        ),
        of(
            "server lost during WAIT, and there is a second one",
            cluster(
                "[ndb_mgmd]\nNodeId=9\n",
                "slow-disk 2 200K\nin-backup 100ms kill-server 1\n",
                "",
                "",
            ),
            wait,
        ),
        of("disk full", cluster("", "disk-full 2 10K\n", "", ""), wait),
    ]
}

/// How the client is run.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    OneShot,
    Piped,
    Terminal,
}

/// What was seen of a run.
struct Seen {
    text: String,
    status: i32,
}

/// What answers while a run lasts.
struct Standing {
    string: String,
    /// How long the client waits for an answer: no longer than it has to where none comes, and
    /// for the others as long as a busy machine may need.
    patience: &'static str,
    /// They end with it.
    _simulator: Option<Simulator>,
    _nobody: Option<Nobody>,
}

impl Standing {
    fn of(fault: &Fault) -> Self {
        match &fault.place {
            Place::Nobody => {
                let nobody = Nobody::new();
                let string = nobody.address.clone();
                Standing {
                    _nobody: Some(nobody),
                    ..Standing::at(string)
                }
            }
            Place::Silent => Standing {
                patience: "--request-timeout=2",
                ..Standing::serving("")
            },
            Place::Says(text) => Standing::serving(text),
            Place::Cluster {
                config,
                faults,
                before,
                ..
            } => Standing::cluster(config, faults, before),
        }
    }

    fn at(string: String) -> Self {
        Standing {
            string,
            patience: "--request-timeout=5",
            _simulator: None,
            _nobody: None,
        }
    }

    fn serving(text: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let string = listener.local_addr().unwrap().to_string();
        // It ends with the test.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || answer(stream, text));
            }
        });
        Standing::at(string)
    }

    fn cluster(config: &str, faults: &str, before: &str) -> Self {
        let script = tempfile::NamedTempFile::new().unwrap();
        fs::write(script.path(), faults).unwrap();
        let config = match config {
            "RequireTls" => TWO_NODES.replace("[ndb_mgmd]\n", "[ndb_mgmd]\nRequireTls=1\n"),
            config if config.starts_with('[') => format!("{TWO_NODES}{config}"),
            config => TWO_NODES.replace("[ndbd default]\n", &format!("[ndbd default]\n{config}")),
        };
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls/keys/mgmd");
        let keys = format!("--ndb-tls-search-path={}", keys.display());
        let arguments = [&keys, "--faults", script.path().to_str().unwrap()];
        let simulator = Simulator::start(&config, &arguments);
        let mut string = simulator.address.clone();
        if config.contains("NodeId=9\n") {
            string = format!("{string},127.0.0.1:{}", simulator.port_of(9));
        }
        if !before.is_empty() {
            let output = simulator.client(&["-e", before], "");
            assert!(output.status.success(), "{before}: {output:?}");
        }
        Standing {
            _simulator: Some(simulator),
            ..Standing::at(string)
        }
    }
}

/// A server's side of a connection; silent if there is nothing to say.
fn answer(mut stream: TcpStream, text: &str) {
    let mut request = [0; 256];
    while let Ok(1..) = stream.read(&mut request) {
        if !text.is_empty() {
            let _ = stream.write_all(text.as_bytes());
            return;
        }
    }
}

fn arguments<'a>(standing: &'a Standing, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = [
        "--no-defaults",
        "-c",
        &standing.string,
        "-t1",
        standing.patience,
    ];
    [&fixed[..], more].concat()
}

fn run(fault: &Fault, mode: Mode, more: &[&str]) -> Seen {
    let standing = Standing::of(fault);
    let abort = beside(fault, &standing);
    let began = Instant::now();
    let seen = match mode {
        Mode::Terminal => on_terminal(fault, &standing),
        Mode::OneShot | Mode::Piped => on_pipes(fault, &standing, mode, more),
    };
    assert!(began.elapsed() < LIMIT, "{}", fault.name);
    if let Some(abort) = abort {
        abort.join().unwrap();
    }
    seen
}

/// Sends what comes beside the command once its backup has begun to write: it is reported before it
/// has started, and the event of its start is to come first.
fn beside(fault: &Fault, standing: &Standing) -> Option<thread::JoinHandle<()>> {
    let Place::Cluster { beside, .. } = fault.place else {
        return None;
    };
    if beside.is_empty() {
        return None;
    }
    let string = standing.string.clone();
    Some(thread::spawn(move || {
        let ask = |command: &str| {
            let output = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
                .args(["--no-defaults", "-c", &string, "-e", command])
                .env_clear()
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let deadline = Instant::now() + LIMIT;
        loop {
            let status = ask("ALL REPORT BackupStatus");
            let writes = |line: &str| {
                let records = line.trim_start().strip_prefix("#Records: ");
                records.is_some_and(|records| !records.starts_with('0'))
            };
            if status.contains("backup 7 started") && status.lines().any(writes) {
                break;
            }
            assert!(Instant::now() < deadline, "{status}");
        }
        ask(beside);
    }))
}

fn on_pipes(fault: &Fault, standing: &Standing, mode: Mode, more: &[&str]) -> Seen {
    let command = format!("{}\n", fault.command);
    let mut arguments = arguments(standing, more);
    if mode == Mode::OneShot {
        arguments.extend(["-e", fault.command]);
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    if mode == Mode::Piped {
        let _ = stdin.write_all(command.as_bytes());
    }
    drop(stdin);
    let output: Output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let is_data = more.iter().any(|argument| argument.starts_with("--output"));
    Seen {
        text: if is_data { stdout } else { stdout + &stderr },
        status: output
            .status
            .code()
            .unwrap_or_else(|| panic!("{}: {}", fault.name, output.status)),
    }
}

/// The command at the prompt: what is on the screen once the prompt is there again.
fn on_terminal(fault: &Fault, standing: &Standing) -> Seen {
    // Without colours the text is what it is on a pipe.
    let mut terminal = Terminal::start(&arguments(standing, &["--color=never"]));
    terminal.wait_for("ndb_mgm> ");
    terminal.type_keys(&format!("{}\r", fault.command));
    terminal.wait_until("the prompt again", |screen| {
        screen.matches("ndb_mgm> ").count() == 2
    });
    terminal.type_keys("QUIT\r");
    let status = terminal.wait_for_end();
    Seen {
        text: terminal.everything(),
        status: i32::try_from(status).unwrap(),
    }
}

/// What differs from run to run, by a name.
fn normalised(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("Connected to management server") {
            continue;
        }
        let mut line = line.to_owned();
        for (before, name) in [("127.0.0.1:", "<port>"), ("localhost:", "<port>")] {
            line = number_after(&line, before, name);
        }
        for (before, name) in [
            ("StartGCP: ", "<gcp>"),
            ("StopGCP: ", "<gcp>"),
            ("#LogRecords: ", "<n>"),
            ("#Records: ", "<n>"),
            ("Data: ", "<n>"),
            ("Log: ", "<n>"),
        ] {
            line = number_after(&line, before, name);
        }
        lines.push(line);
    }
    lines.join("\n")
}

fn number_after(line: &str, before: &str, name: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(before) {
        let (head, tail) = rest.split_at(at + before.len());
        let digits = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        text.push_str(head);
        text.push_str(if digits > 0 { name } else { "" });
        rest = &tail[digits..];
    }
    text + rest
}

/// The section of a fault, after all its runs.
fn section(fault: &Fault) -> String {
    let text = run(fault, Mode::OneShot, &[]);
    let data = run(
        fault,
        Mode::OneShot,
        &["--output=json", "--exit-codes=detailed"],
    );
    let piped = run(fault, Mode::Piped, &[]);
    let lines = run(
        fault,
        Mode::Piped,
        &["--output=jsonl", "--exit-codes=detailed"],
    );
    let terminal = run(fault, Mode::Terminal, &[]);
    let told = object(&data.text);
    let piped_told = object(&lines.text);
    let kind = |object: &Value| {
        object["error"]["kind"]
            .as_str()
            .unwrap_or("none")
            .to_owned()
    };
    // Whatever the way, the failure is the same.
    assert_eq!(kind(&told), kind(&piped_told), "{}", fault.name);
    assert_eq!(told["status"], data.status, "{}", fault.name);
    assert_eq!(
        (piped.status, lines.status),
        (text.status, data.status),
        "{}",
        fault.name
    );
    assert_eq!(terminal.status, 0, "{}", fault.name);
    let shown = normalised(&text.text);
    let at_prompt = normalised(&piped.text);
    let is_news = |line: &&str| {
        let is_known = ["Waiting", "-- NDB", "Server requires"];
        !line.is_empty() && !is_known.iter().any(|known| line.starts_with(known))
    };
    let first = at_prompt.lines().find(is_news).unwrap_or_default();
    let on_screen = normalised(&terminal.text.replace('\r', ""));
    let beginning: String = first.chars().take(60).collect();
    assert!(
        on_screen.contains(&beginning),
        "{}: {first}: {on_screen}",
        fault.name
    );

    let mut section = format!("## {}\n\n`{}`\n\n", fault.name, fault.command);
    writeln!(
        section,
        "| | status | with `--exit-codes=detailed` | `error.kind` |\n|---|---|---|---|\n\
         | `-e`, standard input | {} | {} | {} |\n",
        text.status,
        data.status,
        kind(&told)
    )
    .unwrap();
    writeln!(section, "```text\n{shown}\n```\n").unwrap();
    section
}

/// The object of the command, after those of its events.
fn object(stdout: &str) -> Value {
    let told = objects(stdout);
    let object = told.into_iter().rfind(|object| object["type"] == "command");
    object.unwrap_or_else(|| panic!("no object of a command: {stdout}"))
}

#[test]
fn every_fault_has_its_message_and_status_in_every_mode() {
    let faults = faults();
    let sections = Mutex::new(vec![String::new(); faults.len()]);
    let next = Mutex::new(0..faults.len());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(index) = next.lock().unwrap().next() else {
                        return;
                    };
                    let section = section(&faults[index]);
                    sections.lock().unwrap()[index] = section;
                }
            });
        }
    });
    let made = format!(
        "# Faults, and what `ndb_mgm` says of them\n\n\
         Made by the test `fault_matrix`, which runs each fault with `-e`, with commands on standard \
         input and\nat a prompt, as text and as JSON. At a prompt the same lines come, and its \
         status is 0. `<port>`, `<gcp>`\nand `<n>` stand for numbers that differ.\n\n{}",
        sections.into_inner().unwrap().concat().trim_end()
    ) + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    if std::env::var_os(WRITE).is_some() {
        fs::write(&file, &made).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == made,
        "docs/faults.md is stale: {WRITE}=1 cargo test --test it fault_matrix writes it anew:\n{made}"
    );
}

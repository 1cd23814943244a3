//! Every recorded run of the original client with TLS: our client against our simulator, or
//! against a server that the test directs, with keys in the same state. Output and exit status
//! are the same to the byte, or differ for a reason that is named here.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ndbmgm::sim::{self, FaultPlan, SimConfig, SimHandle};
use ndbmgm::tls::SearchPath;

use crate::server::Nobody;
use crate::tls_fake::{FakeTlsServer, data_node, until_starting};
use crate::tls_keys::{Keys, fixtures};

/// A recorded run.
#[derive(Debug, Clone)]
struct Run {
    name: String,
    arguments: Vec<String>,
    stdin: Option<String>,
    stdout: String,
    /// None: it hung.
    exit: Option<i32>,
}

/// Why ours differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// The original calls TLS good before the server has looked at the client's certificate.
    RejectedIsNotGood,
    /// The server's certificate is bound to another host, or is no management server's.
    NotThatServer,
    /// Piped commands end with the status of the first that failed.
    StatusOfPipedCommands,
    /// All connections of a client are as its main connection is.
    OneRuleForAllConnections,
    /// The original hangs.
    NoHang,
    /// The help pages are our own.
    OwnHelp,
    /// Nothing to do with TLS: how the simulator counts one server that ends alone, and when its
    /// nodes choose a president.
    SimulatedCluster,
}

fn runs() -> Vec<Run> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(fixtures().join("console")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_client = ["ndb_mgm-", "fakeserver-", "dn-", "d2-"];
        let text = || fs::read_to_string(&path).unwrap();
        if is_client.iter().any(|prefix| name.starts_with(prefix)) {
            runs.push(parse(name, &text()));
        } else if name.starts_with("pty-") {
            runs.push(parse_terminal(name, &text()));
        }
    }
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    runs
}

fn parse(name: String, text: &str) -> Run {
    let (head, rest) = text.split_once("--- stdout ---\n").unwrap();
    let (stdout, _) = rest.split_once("--- stderr ---\n").unwrap();
    let (head, stdin) = match head.split_once("--- stdin ---\n") {
        Some((head, stdin)) => (head, Some(stdin.to_owned())),
        None => (head, None),
    };
    let mut lines = head.lines();
    let argv = lines.next().unwrap().strip_prefix("argv: ").unwrap();
    let (_, arguments) = argv.split_once("ndb_mgm ").unwrap();
    let exit = lines.next().unwrap().strip_prefix("exit: ").unwrap();
    Run {
        name,
        arguments: words(arguments),
        stdin,
        stdout: stdout.to_owned(),
        exit: exit.parse().ok(),
    }
}

/// A run on a terminal, whose commands stand after prompts or were typed ahead. Commands on
/// standard input print the same, but for the prompts.
fn parse_terminal(name: String, text: &str) -> Run {
    let mut lines = text.lines();
    let argv = lines.next().unwrap().strip_prefix("argv: ").unwrap();
    let (_, arguments) = argv.split_once("ndb_mgm ").unwrap();
    let (mut stdin, mut stdout) = (String::new(), String::new());
    // A line about the transcript, and the status of a process that was killed.
    for line in lines.skip(2).take_while(|line| !line.starts_with("[still")) {
        let typed = line.strip_prefix("ndb_mgm> ");
        let typed_ahead = ["TLS INFO", "QUIT"].contains(&line).then_some(line);
        match typed.or(typed_ahead) {
            Some(command) => stdin += &format!("{command}\n"),
            None => stdout += &format!("{line}\n"),
        }
    }
    Run {
        exit: name.contains("relaxed").then_some(0),
        name,
        arguments: words(arguments),
        stdin: Some(stdin),
        // The empty line before the last, which was left out.
        stdout: stdout.strip_suffix('\n').unwrap().to_owned(),
    }
}

/// Words of a command line, with single quotes only.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words
}

impl Run {
    /// Port of the recorded server: it says which server it was.
    fn port(&self) -> &str {
        self.arguments[1].rsplit(':').next().unwrap()
    }

    fn server(&self) -> &'static str {
        match self.port() {
            "13001" => "tls",
            "13002" => "reqtls",
            "13003" => "notls",
            "13004" => "foreign",
            "13005" => "wronghost",
            "13006" => "datanode",
            _ if self.name.starts_with("fakeserver-") => "fake",
            _ => "none",
        }
    }

    fn has(&self, argument: &str) -> bool {
        self.arguments.iter().any(|given| given == argument)
    }

    fn command(&self) -> &str {
        let at = self.arguments.iter().position(|given| given == "-e");
        at.map_or("", |at| &self.arguments[at + 1])
    }

    fn keys(&self) -> &str {
        let option = "--ndb-tls-search-path=<dir>/keys/";
        let mut given = self.arguments.iter();
        given.find_map(|it| it.strip_prefix(option)).unwrap_or("")
    }

    fn is_deferred(&self) -> bool {
        self.has("--ndb-mgm-tls=deferred")
    }

    /// The client tries to speak TLS with its keys, which are in order.
    fn tries_tls(&self) -> bool {
        !self.is_deferred() || self.command() == "START TLS"
    }

    /// The server refuses the client's certificate, which the client thinks is in order.
    fn is_rejected(&self) -> bool {
        let of_server = ["tls", "reqtls", "wronghost"].contains(&self.server());
        match self.keys() {
            "future" | "client-ekuserver" | "foreign-leaf-bothca" => of_server,
            _ => self.name == "fakeserver-server-rejects-client",
        }
    }

    /// The client has a good certificate of the server's CA, but it is not the server that it
    /// wanted.
    fn is_wrong_server(&self) -> bool {
        match self.server() {
            "wronghost" => self.keys() == "client",
            "fake" => matches!(
                self.name.as_str(),
                "fakeserver-wronghost"
                    | "fakeserver-oddcn"
                    | "fakeserver-client-cert-as-server"
                    | "fakeserver-datanode-cert-as-server"
            ),
            _ => false,
        }
    }

    /// What ours does, and why it differs.
    fn expected(&self) -> (String, i32, Vec<Why>) {
        let recorded = self.stdout.clone();
        let exit = self.exit.unwrap_or_default();
        if self.stdin.is_some() {
            return self.expected_interactive();
        }
        let failed = if self.has("--test-tls") { 1 } else { 255 };
        if self.tries_tls() && (self.is_rejected() || self.is_wrong_server()) {
            let why = match self.is_rejected() {
                true => Why::RejectedIsNotGood,
                false => Why::NotThatServer,
            };
            let connected = match self.is_deferred() {
                true => first_line(&recorded),
                false => "",
            };
            return (format!("{connected}{HANDSHAKE_FAILED}"), failed, vec![why]);
        }
        let simulated = match self.name.as_str() {
            "d2-shutdown" => recorded.replace("2 NDB Cluster", "1 NDB Cluster"),
            "dn-SHOW" => recorded.replace("Nodegroup: 0, *", "Nodegroup: 0"),
            _ => return (recorded, exit, Vec::new()),
        };
        (simulated, exit, vec![Why::SimulatedCluster])
    }

    fn expected_interactive(&self) -> (String, i32, Vec<Why>) {
        let mut why = Vec::new();
        if self.name == "pty-relaxed-reqtls-client" {
            return (self.ours().unwrap(), 0, vec![Why::OwnHelp]);
        }
        // START TLS fails in each of the others, so the status does too.
        if self.exit == Some(0) {
            why.push(Why::StatusOfPipedCommands);
        }
        if !self.is_deferred() && self.is_rejected() {
            why.push(Why::RejectedIsNotGood);
            let text = format!("{BANNER}{}", HANDSHAKE_FAILED.repeat(5));
            return (text, 255, why);
        }
        match self.ours() {
            Some(text) => {
                why.push(match (self.exit, self.is_rejected()) {
                    (None, _) => Why::NoHang,
                    (_, true) => Why::RejectedIsNotGood,
                    (_, false) => Why::OneRuleForAllConnections,
                });
                (text, 255, why)
            }
            None => (self.stdout.clone(), 255, why),
        }
    }

    /// The whole output of a run that differs in more than a line or two.
    fn ours(&self) -> Option<String> {
        fs::read_to_string(fixtures().join(format!("ours/{}.txt", self.name))).ok()
    }
}

const BANNER: &str = "-- NDB Cluster -- Management Client --\n";
const HANDSHAKE_FAILED: &str = "*  1016: Error\n*        Handshake failed\n";

fn first_line(text: &str) -> &str {
    text.split_inclusive('\n').next().unwrap_or_default()
}

/// The cluster of the recordings: one data node that is not there, three API slots.
const CONFIG: &str = "\
[ndbd default]
NoOfReplicas=1
[ndb_mgmd]
NodeId=1
HostName=localhost
{REQUIRE}
[ndbd]
NodeId=2
HostName=localhost
[mysqld]
NodeId=3
[mysqld]
NodeId=4
[mysqld]
NodeId=5
";

/// A simulated server of the recordings.
pub(crate) struct Server {
    handle: SimHandle,
    _directory: tempfile::TempDir,
}

impl Server {
    pub(crate) fn port(&self) -> u16 {
        self.handle.port()
    }

    /// Of `notls`, `tls`, `reqtls`, `foreign`, `wronghost` and the others of this file.
    pub(crate) fn start(keys: &Keys, which: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = SimConfig::new(directory.path());
        let require = match which {
            "reqtls" | "datanode" | "starting" => "RequireTls=1",
            _ => "",
        };
        let text = CONFIG.replace("{REQUIRE}", require);
        config.topology = sim::parse_config_file(&text, Path::new("config.ini")).unwrap();
        let own = match which {
            "notls" => "nocert",
            "foreign" => "foreign-mgmd",
            "wronghost" => "mgmd-wronghost",
            _ => "mgmd",
        };
        let own = keys.directory(own);
        config.tls.search_path = SearchPath::from_environment(own.to_str().unwrap());
        match which {
            "datanode" => config.phase_time = Duration::from_millis(5),
            // Its data node dies, comes back and takes its time.
            "starting" => {
                config.phase_time = Duration::from_millis(500);
                let script = "after 0s fail-node 2\nafter 1ms launch-node 2";
                config.faults = FaultPlan::parse(script).unwrap();
            }
            _ => config.faults = FaultPlan::parse("after 0s fail-node 2").unwrap(),
        }
        Server {
            handle: sim::start(config).unwrap(),
            _directory: directory,
        }
    }
}

/// What a client that ended left.
struct Ended {
    stdout: String,
    stderr: String,
    exit: Option<i32>,
}

/// Runs our client as the original was run.
fn run_client(run: &Run, keys: &Keys, port: u16, more: &[&str]) -> Ended {
    let home = keys.path().join("home");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"));
    command.arg("--no-defaults");
    for argument in &run.arguments {
        let argument = argument.replace("<dir>", keys.path().to_str().unwrap());
        let argument = argument.replace("/keys/", "/");
        command.arg(argument.replace(run.port(), &port.to_string()));
    }
    command
        .args(more)
        .current_dir(keys.path())
        .env_clear()
        .env("HOME", home)
        .env("KD", keys.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if run.name == "ndb_mgm-defaultpath-missing" {
        command.env("HOME", keys.path());
    }
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    if let Some(text) = &run.stdin {
        stdin.write_all(text.as_bytes()).unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ended {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        exit: output.status.code(),
    }
}

/// Text without what the history of a server and the test's surroundings decide: ports, the
/// dates of certificates, and what is counted, relative to the first count.
fn comparable(text: &str, port: &str) -> String {
    let mut first: BTreeMap<&str, i64> = BTreeMap::new();
    for line in text.lines() {
        if let Some((label, number)) = counted(line) {
            first.entry(label).or_insert(number);
        }
    }
    let accepted = first.get(ACCEPTED).copied().unwrap_or_default();
    let mut comparable = String::new();
    for line in text.lines() {
        match counted(line) {
            Some((label, number)) => {
                comparable += &format!("{label} first + {}\n", number - first[label]);
            }
            None => match line.strip_prefix(SESSION_ID) {
                Some(id) if id.trim() != "1" => {
                    let id: i64 = id.trim().parse().unwrap();
                    comparable += &format!("{SESSION_ID} accepted + {}\n", id - accepted);
                }
                _ => {
                    comparable += line;
                    comparable.push('\n');
                }
            },
        }
    }
    comparable
        .replace(&format!("port {port} "), "port PORT ")
        .replace(&format!("localhost:{port}\n"), "localhost:PORT\n")
        .replace("-2027\n", "-2045\n")
}

const ACCEPTED: &str = "  Total accepted connections:";
const SESSION_ID: &str = "  Session ID:";

fn counted(line: &str) -> Option<(&'static str, i64)> {
    let labels = [
        ACCEPTED,
        "  Total connections upgraded to TLS:",
        "  Authorization failures:",
    ];
    labels.into_iter().find_map(|label| {
        let number = line.strip_prefix(label)?.trim().parse().ok()?;
        Some((label, number))
    })
}

/// Servers that several runs use one after another; runs that count connections have one of
/// their own.
struct Servers<'k> {
    keys: &'k Keys,
    shared: BTreeMap<&'static str, Server>,
}

impl Servers<'_> {
    fn run(&mut self, run: &Run, more: &[&str]) -> Ended {
        let keys = self.keys;
        match run.server() {
            "none" => {
                let nobody = Nobody::new();
                self.ended(run, nobody.port().parse().unwrap(), more)
            }
            "fake" => {
                let server = FakeTlsServer::start(keys, &run.name);
                self.ended(run, server.port, more)
            }
            which if run.stdin.is_some() || run.command() == "TLS INFO" || which == "datanode" => {
                let which = match run.name.as_str() {
                    "dn-SHOW" => "starting",
                    _ => which,
                };
                let server = Server::start(keys, which);
                let _others = match run.name.as_str() {
                    "dn-TLS_INFO" => Some(data_node(keys, server.handle.port())),
                    "dn-SHOW" => {
                        until_starting(keys, server.handle.port());
                        None
                    }
                    _ => None,
                };
                self.ended(run, server.handle.port(), more)
            }
            which => {
                let server = self.shared.entry(which);
                let server = server.or_insert_with(|| Server::start(keys, which));
                let port = server.handle.port();
                self.ended(run, port, more)
            }
        }
    }

    fn ended(&self, run: &Run, port: u16, more: &[&str]) -> Ended {
        let mut ended = run_client(run, self.keys, port, more);
        ended.stdout = comparable(&ended.stdout, &port.to_string());
        ended
    }
}

fn keys() -> Keys {
    let keys = Keys::make();
    let home = keys.path().join("home/ndb-tls");
    fs::create_dir_all(&home).unwrap();
    for file in ["ndb-api-private-key", "ndb-api-cert"] {
        fs::copy(keys.directory("client").join(file), home.join(file)).unwrap();
    }
    keys
}

/// The keys that this run used, where a test cannot have the very same.
fn arranged(run: &Run) -> Run {
    let mut run = run.clone();
    if run.name.starts_with("ndb_mgm-unreadable-key") {
        // Recorded as another user; a directory is a file that nobody can read.
        for argument in &mut run.arguments {
            *argument = argument.replace("/keys/client", "/keys/unreadable");
        }
    }
    run
}

/// Runs all of these and says everything that is not as expected.
fn check(is_wanted: impl Fn(&Run) -> bool) {
    let keys = keys();
    let mut servers = Servers {
        keys: &keys,
        shared: BTreeMap::new(),
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for run in runs().iter().filter(|run| is_wanted(run)) {
        let (stdout, exit, _) = run.expected();
        let expected = comparable(&stdout, run.port());
        let ended = servers.run(&arranged(run), &[]);
        if ended.stdout != expected || ended.exit != Some(exit) {
            wrong.push(format!(
                "{}: exit {:?}, not {exit}\n--- ours\n{}--- expected\n{expected}--- stderr\n{}",
                run.name, ended.exit, ended.stdout, ended.stderr
            ));
        }
        count += 1;
    }
    assert!(count > 0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_matrix(run: &Run, command: &str) -> bool {
    run.server() != "fake" && run.stdin.is_none() && run.command() == command
}

#[test]
fn test_tls() {
    check(|run| run.server() != "fake" && run.has("--test-tls"));
}

#[test]
fn show_strict() {
    check(|run| is_matrix(run, "SHOW") && run.has("--ndb-mgm-tls=strict"));
}

#[test]
fn show_relaxed() {
    check(|run| is_matrix(run, "SHOW") && run.has("--ndb-mgm-tls=relaxed"));
}

#[test]
fn show_deferred() {
    check(|run| is_matrix(run, "SHOW") && run.is_deferred());
}

#[test]
fn start_tls() {
    check(|run| is_matrix(run, "START TLS"));
}

#[test]
fn commands_on_standard_input() {
    check(|run| run.stdin.is_some());
}

#[test]
fn servers_with_a_certificate_or_a_cipher_of_their_own() {
    check(|run| run.server() == "fake");
}

#[test]
fn everything_else() {
    check(|run| !is_in_a_group(run));
}

fn is_in_a_group(run: &Run) -> bool {
    let has_mode = ["strict", "relaxed", "deferred"];
    run.server() == "fake"
        || run.stdin.is_some()
        || run.has("--test-tls")
        || run.command() == "START TLS"
        || run.command() == "SHOW"
            && has_mode
                .iter()
                .any(|mode| run.has(&format!("--ndb-mgm-tls={mode}")))
}

/// How many runs there are, and how many of them differ for which reason.
#[test]
fn most_runs_are_the_same_to_the_byte() {
    let runs = runs();
    let mut reasons: BTreeMap<Why, usize> = BTreeMap::new();
    let mut exact = 0;
    for run in &runs {
        let (stdout, exit, why) = run.expected();
        let is_same = stdout == run.stdout && Some(exit) == run.exit;
        assert_eq!(is_same, why.is_empty(), "{}: {why:?}", run.name);
        exact += usize::from(is_same);
        for why in why {
            *reasons.entry(why).or_default() += 1;
        }
    }
    println!("{} runs, {exact} exact, {reasons:#?}", runs.len());
    assert_eq!((runs.len(), exact), (347, 280));
}

/// What `--ndb-tls-verify=ca` is for: clusters whose certificates name other hosts.
#[test]
fn with_the_opt_out_another_server_is_accepted_as_the_original_does() {
    let keys = keys();
    let mut servers = Servers {
        keys: &keys,
        shared: BTreeMap::new(),
    };
    let mut count = 0;
    for run in runs()
        .iter()
        .filter(|run| run.is_wrong_server() && run.stdin.is_none())
    {
        let ended = servers.run(&arranged(run), &["--ndb-tls-verify=ca"]);
        let expected = comparable(&run.stdout, run.port());
        assert_eq!(ended.stdout, expected, "{}: {}", run.name, ended.stderr);
        assert_eq!(ended.exit, run.exit, "{}", run.name);
        count += 1;
    }
    assert_eq!(count, 8);
}

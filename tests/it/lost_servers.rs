//! A wait for a backup whose management server is lost, and waits that are limited.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ndbmgm::sim::{FaultPlan, read_config_file};

use crate::data_schema::{check, objects};
use crate::server::{self, Nobody, Server, ask};
use crate::terminal::Terminal;

const CONFIG: &str = "\
[ndbd default]
NoOfReplicas=2
[ndb_mgmd]
NodeId=9
[ndb_mgmd]
NodeId=10
[ndbd]
NodeId=2
[ndbd]
NodeId=3
[mysqld]
NodeId=50
";

/// A cluster whose backups take a third of a second, unless `faults` make its disks slower still,
/// and its connect string.
fn cluster(config: &str, faults: &str) -> (Server, String) {
    let slow = "slow-disk 2 64K\nslow-disk 3 64K\n";
    let server = Server::start(|settings, directory| {
        let file = directory.join("config.ini");
        fs::write(&file, config).unwrap();
        settings.topology = read_config_file(&file).unwrap();
        settings.faults = FaultPlan::parse(&format!("{slow}{faults}")).unwrap();
    });
    let first = server.handle.port();
    let mut string = format!("127.0.0.1:{first}");
    if config.contains("NodeId=10") {
        let reply = ask(
            &mut server::connect(first),
            "show config\nNodeId: 10\nName: PortNumber\n\n",
        );
        let second = reply
            .lines()
            .find_map(|line| line.strip_prefix("PortNumber="));
        string.push_str(&format!(",127.0.0.1:{}", second.unwrap()));
    }
    (server, string)
}

fn client(string: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"));
    command
        .args(["--no-defaults", "-c", string, "--connect-retries=1"])
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null());
    command
}

fn run(string: &str, arguments: &[&str]) -> (String, String, i32) {
    texts(&client(string, arguments).output().unwrap())
}

fn texts(output: &Output) -> (String, String, i32) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        output.status.code().unwrap_or(-1),
    )
}

fn piped(string: &str, commands: &str) -> (String, String, i32) {
    let mut child = client(string, &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(commands.as_bytes()).unwrap();
    drop(stdin);
    texts(&child.wait_with_output().unwrap())
}

/// True if both data nodes have whole files of backup 7.
fn is_on_disk(server: &Server) -> bool {
    [2, 3].iter().all(|node| {
        let ctl = format!("node-{node}/BACKUP/BACKUP-7/BACKUP-7.{node}.ctl");
        server.directory.path().join(ctl).exists()
    })
}

/// The server is killed at moments all over the backup and behind its end; every fourth backup is
/// aborted by the failure of a data node.
#[test]
fn a_wait_tells_the_true_result_whenever_its_server_dies() {
    let results: Vec<_> = (0..20)
        .map(|turn| {
            let kill = format!("in-backup {}ms kill-server 9\n", turn * 25);
            let fails = turn % 4 == 3;
            let fail = if fails {
                "in-backup 120ms fail-node 3\n"
            } else {
                ""
            };
            let (server, string) = cluster(CONFIG, &(kill + fail));
            let command = [
                "--exit-codes=detailed",
                "-e",
                "START BACKUP 7 WAIT COMPLETED",
            ];
            let (stdout, stderr, status) = run(&string, &command);
            let completed = stdout.contains("Backup 7 started from node 9 completed\n");
            // 6: it was aborted; any other status would mean that nobody knows.
            let wanted = if completed { 0 } else { 6 };
            assert_eq!(status, wanted, "{turn}: {stdout}{stderr}");
            // The aborted one's files are removed; the completed one's are there.
            assert_eq!(completed, is_on_disk(&server), "{turn}: {stdout}{stderr}");
            (completed, stderr.contains("was lost"))
        })
        .collect();
    let count = |wanted| results.iter().filter(|result| **result == wanted).count();
    // Some of each, or the test would show nothing.
    assert!(count((true, true)) >= 5, "{results:?}");
    assert!(
        count((false, true)) + count((false, false)) >= 3,
        "{results:?}"
    );
}

#[test]
fn a_server_that_comes_back_tells_the_result() {
    let alone = CONFIG.replace("[ndb_mgmd]\nNodeId=10\n", "");
    let faults = "in-backup 50ms kill-server\nin-backup 150ms start-server\n";
    let (_server, string) = cluster(&alone, faults);
    let arguments = [
        "--connect-retry-delay=1",
        "-t",
        "20",
        "-e",
        "START BACKUP 7 WAIT COMPLETED",
    ];
    let (stdout, stderr, status) = run(&string, &arguments);
    assert!(
        stdout.contains("Backup 7 started from node 9 completed\n"),
        "{stdout}{stderr}"
    );
    assert_eq!(status, 0);
}

#[test]
fn without_any_server_the_result_is_unknown_and_says_so() {
    let (_server, string) = cluster(CONFIG, "in-backup 50ms kill-server\n");
    let arguments = [
        "--output=json",
        "--exit-codes=detailed",
        "-e",
        "START BACKUP 7 WAIT COMPLETED",
    ];
    let began = Instant::now();
    let (stdout, stderr, status) = run(&string, &arguments);
    assert!(began.elapsed() < Duration::from_secs(60));
    let told = objects(&stdout);
    assert_eq!(told[0]["error"]["kind"], "outcome_unknown", "{stdout}");
    assert_eq!(told[0]["result"]["state"], "unknown", "{stdout}");
    assert_eq!(told[0]["result"]["id"], 7, "{stdout}");
    assert_eq!(status, 8);
    assert!(
        stderr.contains("no management server can be asked"),
        "{stderr}"
    );
}

#[test]
fn piped_commands_are_told_the_result_once() {
    for moment in [0, 60, 150, 300] {
        let kill = format!("in-backup {moment}ms kill-server 9\n");
        let (server, string) = cluster(CONFIG, &kill);
        let (stdout, stderr, status) =
            piped(&string, "START BACKUP 7 WAIT COMPLETED\nALL STATUS\n");
        let completed = "Backup 7 started from node 9 completed\n";
        assert_eq!(
            stdout.matches(completed).count(),
            1,
            "{moment}: {stdout}{stderr}"
        );
        assert!(stdout.contains("Node 3: started"), "{stdout}{stderr}");
        assert_eq!(status, 0, "{moment}: {stdout}{stderr}");
        assert!(is_on_disk(&server));
    }
}

#[test]
fn a_wait_that_is_limited_leaves_the_backup_alone() {
    // It takes some seven seconds.
    let (server, string) = cluster(CONFIG, "slow-disk 2 5K\n");
    let command = "START BACKUP 7 WAIT COMPLETED";
    let (stdout, stderr, status) = run(&string, &["--wait-timeout=1", "-e", command]);
    assert_eq!(status, 7, "{stdout}{stderr}");
    let said = "Error: stopped waiting after 1 s. Backup 7 goes on. Follow it with ALL REPORT \
                BackupStatus, or abort it with ABORT BACKUP 7.\n";
    assert!(stderr.ends_with(said), "{stderr}");
    assert!(server.handle.backups_running() > 0);
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.handle.backups_running() > 0 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(is_on_disk(&server));
}

#[test]
fn a_command_and_a_connection_have_limits() {
    let (_server, string) = cluster(CONFIG, "no-reply get status\n");
    let began = Instant::now();
    let (_, stderr, status) = run(&string, &["--timeout=4", "-e", "ALL STATUS"]);
    assert_eq!(status, 255);
    assert!(
        stderr.contains("Error: stopped after 4 s. What was sent"),
        "{stderr}"
    );
    let nobody = Nobody::new();
    let arguments = [
        "-t",
        "100",
        "--connect-timeout=1",
        "--exit-codes=detailed",
        "-e",
        "SHOW",
    ];
    let (_, stderr, status) = run(&nobody.address, &arguments);
    assert_eq!(status, 3);
    let said = "Error: no management server could be reached within 1 s\n";
    assert!(stderr.contains(said), "{stderr}");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn progress_goes_to_standard_error_and_standard_output_stays_the_same() {
    let command = "START BACKUP 7 WAIT COMPLETED";
    let (_server, string) = cluster(CONFIG, "");
    let (quiet, _, status) = run(&string, &["-e", command]);
    assert_eq!(status, 0);
    for way in ["plain", "json"] {
        // Some five seconds, so that there is progress to tell of.
        let (_server, string) = cluster(CONFIG, "slow-disk 2 8K\nslow-disk 3 8K\n");
        let progress = format!("--progress={way}");
        let arguments = [&progress, "--progress-interval=1", "-e", command];
        let (stdout, stderr, status) = run(&string, &arguments);
        let lines = |text: &str| -> Vec<String> {
            // Ports and GCPs differ from cluster to cluster.
            let is_same =
                |line: &&str| !line.contains("management server") && !line.contains("GCP");
            text.lines().filter(is_same).map(str::to_owned).collect()
        };
        assert_eq!(lines(&stdout), lines(&quiet), "{way}");
        assert_eq!(status, 0);
        let told: Vec<&str> = stderr.lines().collect();
        assert!(!told.is_empty(), "{way}: {stderr}");
        for line in told {
            match way {
                "plain" => assert!(line.contains(" backup 7: 2 data nodes, "), "{line}"),
                _ => {
                    let object: serde_json::Value = serde_json::from_str(line).unwrap();
                    check(&object);
                    assert_eq!(object["id"], 7);
                }
            }
        }
    }
}

#[test]
fn a_terminal_shows_a_live_line_for_each_data_node_that_is_gone_at_the_end() {
    let (_server, string) = cluster(CONFIG, "slow-disk 2 5K\nslow-disk 3 5K\n");
    let command = "START BACKUP 7 WAIT COMPLETED";
    let mut terminal = Terminal::start(&["--no-defaults", "-c", &string, "-e", command]);
    let screen = terminal.wait_until("live lines", |screen| {
        ["Node 2: backup 7, ", "Node 3: backup 7, "]
            .iter()
            .all(|line| screen.contains(line))
    });
    // The start is told when it is heard of.
    assert!(
        screen.contains(": Backup 7 started from node 9\n"),
        "{screen}"
    );
    assert_eq!(terminal.wait_for_end(), 0);
    let screen = terminal.wait_for(" completed");
    assert!(!screen.contains("Node 2: backup 7, "), "{screen}");
}

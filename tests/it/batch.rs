//! Several commands in options and files, dry runs, and questions at a terminal.

use std::fs;

use crate::data_schema::objects;
use crate::simulator::{Simulator, TWO_NODES};
use crate::terminal::Terminal;

/// Standard output without the line of the connection, standard error, and the status.
fn run(simulator: &Simulator, arguments: &[&str], stdin: &str) -> (String, String, i32) {
    let output = simulator.client(arguments, stdin);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stdout = stdout
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("Connected to management server"))
        .collect();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (stdout, stderr, output.status.code().unwrap())
}

const STATUS: &str = "Node 2: started (mysql-9.7.2 ndb-9.7.2)\n\n";

#[test]
fn commands_with_semicolons_run_in_order_up_to_the_first_that_fails() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let (stdout, _, status) = run(&simulator, &["-e", "2 STATUS; BOGUS; 2 STATUS"], "");
    let refused = "Invalid command: BOGUS\nType HELP for help.\n\n";
    assert_eq!(stdout, format!("{STATUS}{refused}"));
    assert_eq!(status, 255);
    let all = ["--keep-going", "-e", "2 STATUS; BOGUS;", "-e", "2 STATUS"];
    let (stdout, _, status) = run(&simulator, &all, "");
    assert_eq!(stdout, format!("{STATUS}{refused}{STATUS}"));
    assert_eq!(status, 255);
}

#[test]
fn a_semicolon_in_a_password_separates_nothing() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let commands = "START BACKUP 5 ENCRYPT PASSWORD='a;b'; 2 STATUS";
    let (stdout, stderr, status) = run(&simulator, &["-e", commands], "");
    assert!(stdout.ends_with(STATUS), "{stdout}{stderr}");
    assert!(
        stdout.contains("Backup 5 started from node 1 completed\n"),
        "{stdout}"
    );
    assert_eq!(status, 0);
}

#[test]
fn commands_of_a_file_and_of_standard_input_follow_those_of_the_options() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let file = simulator.place.path().join("commands");
    let text = "# the nightly job\n\n2 STATUS; 2 STATUS\nQUIT\nBOGUS\n";
    fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let (stdout, _, status) = run(&simulator, &["--file", path, "-e", "2 STATUS"], "");
    assert_eq!((stdout, status), (STATUS.repeat(3), 0));
    let (stdout, _, status) = run(&simulator, &["--file=-"], text);
    assert_eq!((stdout, status), (STATUS.repeat(2), 0));
    let (stdout, stderr, status) = run(&simulator, &["--file=nowhere"], "");
    assert_eq!((stdout.as_str(), status), ("", 2));
    assert!(
        stderr.starts_with("ndb_mgm: cannot read the commands in nowhere: "),
        "{stderr}"
    );
}

#[test]
fn a_dry_run_says_what_stands_against_commands_and_sends_none() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let dry = |command: &str| run(&simulator, &["--dry-run", "-e", command], "");
    let (stdout, _, status) = dry("START BACKUP 7 ENCRYPT PASSWORD='s3cret'; 2 STATUS");
    assert_eq!(
        stdout,
        format!(
            "Dry run, not sent: START BACKUP 7 ENCRYPT PASSWORD=***\n  \
             ok: all data nodes are started\n  \
             ok: no backup runs\n  \
             unproven: the data nodes remember no backup 7; whether its files exist only they can tell\n  \
             ok: the backup would be encrypted\n{STATUS}"
        )
    );
    assert_eq!(status, 0);
    assert!(!simulator.backup_dir(2, 7).exists());

    assert_eq!(run(&simulator, &["-e", "START BACKUP 7"], "").2, 0);
    let (stdout, _, status) = dry("START BACKUP 7");
    assert!(
        stdout.contains("refused: the data nodes remember a complete backup 7"),
        "{stdout}"
    );
    assert_eq!(status, 255);
    let detailed = [
        "--dry-run",
        "--exit-codes=detailed",
        "--output=json",
        "-e",
        "2 3 STOP",
    ];
    let (stdout, _, status) = run(&simulator, &detailed, "");
    let told = objects(&stdout);
    assert_eq!(
        told[0]["result"]["checks"][0]["verdict"], "refused",
        "{stdout}"
    );
    assert_eq!(status, 5);
    for command in [
        "SHUTDOWN",
        "2 RESTART -i",
        "ALL DUMP 1000",
        "ALL CLUSTERLOG BACKUP=15",
    ] {
        let (stdout, stderr, status) = dry(command);
        assert!(
            stdout.starts_with("Dry run, not sent: "),
            "{stdout}{stderr}"
        );
        assert_eq!(status, 0, "{command}: {stdout}");
    }
    let (stdout, _, _) = run(&simulator, &["-e", "ALL STATUS"], "");
    assert_eq!(stdout.matches(": started (").count(), 2, "{stdout}");
}

#[test]
fn a_dry_run_knows_when_a_password_is_required() {
    let config = TWO_NODES.replace(
        "[ndbd default]\n",
        "[ndbd default]\nRequireEncryptedBackup=1\n",
    );
    let simulator = Simulator::start(&config, &[]);
    let (stdout, _, status) = run(&simulator, &["--dry-run", "-e", "START BACKUP 7"], "");
    assert!(
        stdout.contains("  refused: RequireEncryptedBackup is on"),
        "{stdout}"
    );
    assert_eq!(status, 255);
}

#[test]
fn no_script_is_ever_asked() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let (stdout, stderr, status) = run(&simulator, &[], "ENTER SINGLE USER MODE 10\nALL STOP\n");
    assert!(
        stdout.contains("NDB Cluster has shutdown.\n"),
        "{stdout}{stderr}"
    );
    assert!(!(stdout + &stderr).contains("Go on?"));
    assert_eq!(status, 0);
}

#[test]
fn a_terminal_is_asked_before_nodes_stop_and_yes_is_no_command() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let server = ["--no-defaults", "-c", &simulator.address];
    let mut terminal = Terminal::start(&server);
    terminal.wait_for_line("");
    terminal.run_command("ALL STATUS");
    terminal.type_keys("SHUTDOWN\r");
    let screen = terminal.wait_for("Go on? [y/N]");
    assert!(
        screen.contains("SHUTDOWN stops the whole cluster: nodes 1, 2, 3."),
        "{screen}"
    );
    assert!(
        screen.contains("Nodegroup 0 loses its last node."),
        "{screen}"
    );
    terminal.type_keys("n\r");
    terminal.wait_for("Nothing was sent.");
    terminal.type_keys("2 RESTART -i\r");
    let screen = terminal.wait_for("node 2.");
    assert!(
        screen.contains("RESTART -i starts without its files"),
        "{screen}"
    );
    terminal.type_keys("y\r");
    terminal.wait_for("Node 2 is being restarted");
    let (history, _) = terminal.history();
    assert!(
        !history.lines().any(|line| line == "y" || line == "n"),
        "{history}"
    );
    terminal.quit();
    // No node may be starting when single user mode begins.
    simulator.good("ndb_mgm -c $C -e 'WAIT FOR 2 STARTED TIMEOUT 60'");
    let mut terminal = Terminal::start(&[&server[..], &["--yes"]].concat());
    terminal.wait_for_line("");
    terminal.type_keys("ENTER SINGLE USER MODE 10\r");
    terminal.wait_until("an answer", |screen| {
        screen.contains("Single user mode entered") || screen.contains("Entering single user mode")
    });
    assert!(!terminal.everything().contains("Go on?"));
}

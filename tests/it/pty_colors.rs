//! Colours, hints and the history at the prompt.

use std::process::{Command, Stdio};

use vt100::Color;

use crate::fake_server::FakeServer;
use crate::simulator::{Simulator, TWO_NODES};
use crate::terminal::Terminal;

const RED: Color = Color::Idx(1);
const GREEN: Color = Color::Idx(2);
const YELLOW: Color = Color::Idx(3);
const CYAN: Color = Color::Idx(6);

const ESCAPE: char = '\x1b';

#[test]
fn states_severities_and_keywords_are_coloured() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let mut terminal = Terminal::start(&["--no-defaults", "-c", &simulator.address]);
    terminal.wait_for_line("");
    terminal.run_command("SHOW");
    assert_eq!(terminal.look_of("not connected"), (RED, false));
    terminal.run_command("all status");
    assert_eq!(terminal.look_of("started"), (GREEN, false));
    assert_eq!(terminal.look_of("Node 2:"), (Color::Default, false));
    assert_eq!(
        terminal.look_of("all status"),
        (CYAN, false),
        "the blank has no look"
    );
    assert_eq!(terminal.look_of("status"), (CYAN, true));
    terminal.run_command("HEALTH");
    assert_eq!(terminal.look_of("OK, 2 of 2 data nodes"), (GREEN, false));
    terminal.run_command("CLUSTERLOG INFO");
    for (severity, color) in [("INFO WARNING", GREEN), ("WARNING", YELLOW), ("ALERT", RED)] {
        assert_eq!(terminal.look_of(severity).0, color, "{severity}");
    }
    terminal.run_command("SHWO");
    assert_eq!(terminal.look_of("Invalid command:"), (RED, false));
    assert_eq!(terminal.look_of("SHWO"), (Color::Default, false));
    terminal.type_keys("HELP STATUS\r");
    terminal.wait_for("{<node id> | ALL} STATUS");
    assert_eq!(terminal.look_of("ALL} STATUS"), (CYAN, false));
    assert_eq!(terminal.look_of("<node id>"), (Color::Default, false));
    terminal.quit();
}

#[test]
fn an_event_that_needs_action_is_red() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.run_command("PURGE STALE SESSIONS");
    server.wait_for_request("listen event");
    server.backup_started(12);
    server.backup_aborted(12);
    terminal.wait_for("has been aborted. Error: 1321");
    assert_eq!(terminal.look_of("has been aborted"), (RED, false));
    assert_eq!(
        terminal.look_of("Backup 12 started from node 1"),
        (Color::Default, false)
    );
    terminal.wait_for_line("");
}

#[test]
fn one_command_on_a_terminal_is_coloured_unless_that_is_forbidden() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let run = |variables: &[(&str, &str)], options: &[&str]| {
        let usual = [
            "--no-defaults",
            "-c",
            &simulator.address,
            "-e",
            "ALL STATUS",
        ];
        let arguments: Vec<&str> = usual.iter().chain(options).copied().collect();
        let mut terminal = Terminal::with_environment(variables, &arguments);
        assert_eq!(terminal.wait_for_end(), 0);
        terminal.everything()
    };
    let colored = run(&[], &[]);
    assert!(
        colored.contains("Node 2: \x1b[32mstarted\x1b[0m ("),
        "{colored:?}"
    );
    let plain = run(&[("NO_COLOR", "1")], &[]);
    assert!(plain.contains("Node 2: started ("), "{plain:?}");
    assert_eq!(
        colored.replace("\x1b[32m", "").replace("\x1b[0m", ""),
        plain
    );
    assert_eq!(run(&[("NO_COLOR", "")], &[]), colored);
    assert_eq!(run(&[("TERM", "dumb")], &[]), plain);
    assert_eq!(run(&[("TERM", "")], &[]), plain);
    assert_eq!(run(&[], &["--color=never"]), plain);
    assert_eq!(run(&[("NO_COLOR", "1")], &["--color=always"]), colored);
    let object = run(&[], &["--color=always", "--output=json"]);
    assert!(
        object.contains("\"started\"") && !object.contains(ESCAPE),
        "{object:?}"
    );
}

#[test]
fn a_pipe_is_coloured_on_demand_only() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let run = |option: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
            .args([
                "--no-defaults",
                "-c",
                &simulator.address,
                option,
                "-e",
                "ALL STATUS",
            ])
            .env("TERM", "xterm")
            .env("HOME", simulator.place.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!run("--color=auto").contains(ESCAPE));
    assert!(run("--color=always").contains("\x1b[32mstarted\x1b[0m"));
    assert!(!run("--output=jsonl").contains(ESCAPE));
}

#[test]
fn a_saved_event_that_needs_action_is_red() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let restarted = "2 RESTART -n; WAIT FOR 2 NOT STARTED";
    assert!(simulator.client(&["-e", restarted], "").status.success());
    let log = |color: &str| {
        let output = simulator.client(&[color, "-e", "3 REPORT EventLog"], "");
        String::from_utf8(output.stdout).unwrap()
    };
    let told = "Z Node 3: \x1b[31mAll nodes completed failure of Node 2\x1b[0m\n";
    let colored = log("--color=always");
    assert!(colored.contains(told), "{colored}");
    assert!(!log("--color=auto").contains(ESCAPE));
}

#[test]
fn a_prompt_without_colours_sets_none_and_hints_at_nothing() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server_with(&server, &[("NO_COLOR", "1")], &[]);
    terminal.wait_for_line("");
    terminal.type_keys("CLUSTERLOG INF");
    terminal.wait_for_line("CLUSTERLOG INF");
    terminal.type_keys("O\r");
    terminal.wait_for("Severities enabled: INFO WARNING ERROR CRITICAL ALERT");
    terminal.wait_for_hint("");
    let everything = terminal.quit();
    let sets_look = |part: &str| {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';');
        end.is_some_and(|end| part[end..].starts_with('m'))
    };
    assert!(
        !everything.split("\x1b[").skip(1).any(sets_look),
        "{everything:?}"
    );
}

#[test]
fn the_rest_of_the_syntax_is_hinted_at() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    for (keys, line, hint) in [
        ("SLE", "SLE", "EP <seconds>"),
        ("EP ", "SLEEP ", "<seconds>"),
        ("5", "SLEEP 5", ""),
        (
            "\x15START BACKUP WAIT ",
            "START BACKUP WAIT ",
            "STARTED | COMPLETED",
        ),
        (
            "\x15start backup 7 nowait snapshotend",
            "start backup 7 nowait snapshotend",
            " [ENCRYPT [PASSWORD='..']]",
        ),
        // A password is nobody's hint.
        (
            "\x15START BACKUP ENCRYPT PASSWORD='x NOW",
            "START BACKUP ENCRYPT PASSWORD='x NOW",
            "",
        ),
        // The arrow takes the rest of the word.
        ("\x15enter si", "enter si", "ngle USER MODE <node id>"),
        ("\x1b[C", "enter single", " USER MODE <node id>"),
        ("\x15", "", ""),
    ] {
        terminal.type_keys(keys);
        terminal.wait_for_hint(hint);
        terminal.wait_for_line(line);
    }
    // What was hinted at is not on the line that has been typed.
    terminal.type_keys("HELP NOTHING\r");
    terminal.wait_for("No help for NOTHING available");
    let screen = terminal.wait_for_line("");
    assert!(screen.contains("ndb_mgm> HELP NOTHING\n"), "{screen}");
    terminal.quit();
}

#[test]
fn a_hint_never_begins_another_row() {
    let mut terminal = Terminal::of_width(40, &["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP ");
    terminal.wait_for_hint("[<backup id>] ..");
    terminal.wait_for_line("START BACKUP");
    terminal.type_keys("7 SNAPSHOTSTART");
    terminal.wait_for_line("START BACKUP 7 SNAPSHOTSTART");
    terminal.wait_for_hint("");
    terminal.type_keys("\x15");
    terminal.wait_for_line("");
    terminal.quit();
}

#[test]
fn all_lines_of_a_paste_run_in_order() {
    let lines: Vec<String> = (1..=12)
        .map(|number| format!("HELP PASTE{number}"))
        .collect();
    for newline in ["\r", "\n"] {
        let mut terminal = Terminal::start(&["--no-defaults"]);
        terminal.wait_for_line("");
        terminal.type_keys(&(lines.join(newline) + newline));
        terminal.wait_for("No help for PASTE12 available");
        let screen = terminal.wait_for_line("");
        let told: Vec<&str> = screen
            .lines()
            .filter(|line| line.starts_with("No help"))
            .collect();
        let expected: Vec<String> = (1..=12)
            .map(|number| format!("No help for PASTE{number} available"))
            .collect();
        assert_eq!(told, expected);
        terminal.quit();
    }
}

#[test]
fn a_line_with_a_blank_in_front_is_not_remembered() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.run_command("HELP FOO");
    terminal.type_keys(" HELP BAR\r");
    terminal.wait_for("No help for BAR available");
    terminal.wait_for_line("");
    terminal.type_keys("\x1b[A");
    terminal.wait_for_line("HELP FOO");
    terminal.type_keys("\x15QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    let (history, _) = terminal.history();
    assert_eq!(history, "_HiStOrY_V2_\nHELP\\040FOO\nQUIT\n");
}

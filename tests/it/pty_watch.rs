//! `\WATCH` and PAGER.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::data_schema;
use crate::fake_server::FakeServer;
use crate::simulator::{Simulator, TWO_NODES};
use crate::terminal::Terminal;

const SEVERITIES: &str = "Severities enabled: INFO WARNING ERROR CRITICAL ALERT";

/// The titles of turns, which begin with a time.
fn titles(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.contains(" \\WATCH 1 CLUSTERLOG INFO"))
        .collect()
}

fn is_title(line: &str) -> bool {
    let time = line.split(" \\WATCH").next().unwrap_or_default();
    let digits = time.bytes().filter(u8::is_ascii_digit).count();
    time.len() == "2026-11-30 21:20:11".len() && digits == 14
}

/// Watches until there was a second turn; its screen.
fn watch_two_turns(terminal: &mut Terminal, server: &FakeServer) -> String {
    terminal.type_keys("\\watch 1 clusterlog info\r");
    let first = terminal.wait_until("first turn", |screen| {
        screen.lines().next().is_some_and(is_title) && screen.contains(SEVERITIES)
    });
    server.wait_for_requests("get info clusterlog", 3);
    let first = first.lines().next().unwrap().to_owned();
    terminal.wait_until("second turn", |screen| {
        let title = screen.lines().next();
        title.is_some_and(|title| is_title(title) && title != first)
    })
}

#[test]
fn a_watched_command_has_the_screen_until_a_key_is_pressed() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.run_command("PURGE STALE SESSIONS");
    let screen = watch_two_turns(&mut terminal, &server);
    assert_eq!(titles(&screen).len(), 1, "{screen}");
    assert!(
        !screen.contains("ndb_mgm>") && !screen.contains("No sessions"),
        "{screen}"
    );
    // An event waits until the screen is everybody's again.
    server.backup_started(61);
    let turns = server.requests().matches("get info clusterlog").count();
    server.wait_for_requests("get info clusterlog", turns + 2);
    assert!(!terminal.wait_for(SEVERITIES).contains("Backup 61"));
    terminal.type_keys("x");
    let screen = terminal.wait_for_line("");
    assert!(screen.contains("No sessions purged"), "{screen}");
    let end = format!("{SEVERITIES} \nNode 2: Backup 61 started from node 1\nndb_mgm>");
    assert!(screen.contains(&end), "{screen}");
    assert_eq!(titles(&screen).len(), 1, "{screen}");
    // The key is not typed, and the terminal shows again what is.
    terminal.run_command("HELP FOO");
    terminal.quit();
}

#[test]
fn control_c_ends_a_watch_and_keeps_the_connection() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    watch_two_turns(&mut terminal, &server);
    terminal.type_keys("\x03");
    let screen = terminal.wait_for_line("");
    assert!(
        screen.contains(SEVERITIES) && !screen.contains("^C"),
        "{screen}"
    );
    let versions = server.requests().matches("get version").count();
    terminal.run_command("PURGE STALE SESSIONS");
    assert_eq!(server.requests().matches("get version").count(), versions);
    terminal.quit();
}

#[test]
fn a_watch_fits_a_narrow_terminal() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let mut terminal = Terminal::of_width(40, &["--no-defaults", "-c", &simulator.address]);
    terminal.wait_for_line("");
    terminal.type_keys("\\WATCH SHOW\r");
    let screen = terminal.wait_until("a turn", |screen| {
        screen.lines().next().is_some_and(is_title) && screen.contains("[mysqld(API)]")
    });
    assert!(
        screen.lines().next().unwrap().ends_with(" \\WATCH 2 SHOW"),
        "{screen}"
    );
    assert!(
        screen.contains("\nid=2    @127.0.0.1  (mysql-9.7.2 ndb-9.\nid=3"),
        "{screen}"
    );
    terminal.type_keys("q");
    terminal.wait_for_line("");
    terminal.quit();
}

#[test]
fn on_a_plain_terminal_turns_follow_each_other() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server_with(&server, &[("TERM", "dumb")], &[]);
    terminal.wait_for_line("");
    terminal.type_keys("\\watch 1 clusterlog info\r");
    let screen = terminal.wait_until("two turns", |screen| titles(screen).len() >= 2);
    assert!(titles(&screen).into_iter().all(is_title), "{screen}");
    terminal.type_keys(" ");
    terminal.wait_for_line("");
    let everything = terminal.quit();
    assert!(!everything.contains('\x1b'), "{everything:?}");
}

#[test]
fn a_turn_that_fails_ends_the_watch() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("\\watch 9 STATUS\r");
    terminal.wait_for("Invalid command: \\watch 9 STATUS");
    terminal.wait_for_line("");
    terminal.type_keys("\\watch 3 status\r");
    terminal.wait_for_line("");
    terminal.type_keys("\\watch 1 3 status\r");
    terminal.wait_for("3: Node not found");
    terminal.wait_for_line("");
    terminal.type_keys("\\watch SHUTDOWN\r");
    terminal.wait_for("Expected a command after \\WATCH that only asks");
    assert!(
        !server.requests().contains("stop all"),
        "{}",
        server.requests()
    );
    terminal.wait_for_line("");
    terminal.quit();
}

#[test]
fn without_a_prompt_each_turn_is_a_result_until_the_end() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let mut client = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(["--no-defaults", "-c", &simulator.address, "--output=jsonl"])
        .args(["-e", "\\watch 1 ALL STATUS"])
        .env("HOME", simulator.place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    let mut began = Vec::new();
    for _ in 0..2 {
        let line = lines.next().unwrap().unwrap();
        let object = serde_json::from_str(&line).unwrap();
        data_schema::check(&object);
        assert_eq!(object["command"], "ALL STATUS");
        assert_eq!(object["result"]["nodes"].as_array().unwrap().len(), 2);
        began.push(object["began"].as_str().unwrap().to_owned());
    }
    assert!(began[0] < began[1], "{began:?}");
    client.kill().unwrap();
    client.wait().unwrap();
}

#[test]
fn a_limit_of_time_ends_a_watch_as_its_last_turn_ended() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let watch = |turn: &str, options: &[&str]| {
        let command = format!("\\watch 5 {turn}; PROMPT next>");
        let usual = ["--timeout=6", "-e", &command];
        let output = simulator.client(&[&usual, options].concat(), "");
        let advice = String::from_utf8(output.stderr).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (text, advice, output.status.code().unwrap())
    };
    let (text, advice, status) = watch("ALL STATUS", &[]);
    assert!(text.matches("Node 2: started").count() >= 1, "{text}");
    // What follows it is carried out.
    assert!(text.ends_with("Prompt set to next> \n"), "{text}");
    assert_eq!((advice.as_str(), status), ("", 0));

    let (text, advice, status) = watch("OK TO STOP 2 3", &["--output=jsonl"]);
    let told = data_schema::objects(&text);
    let watch = told.last().unwrap();
    assert_eq!(watch["command"], "\\WATCH 5 OK TO STOP 2 3");
    assert_eq!(watch["result"]["type"], "done");
    assert_eq!((&watch["ok"], &watch["status"]), (&false.into(), &1.into()));
    assert!(!advice.contains("stopped after"), "{advice}");
    assert_eq!(status, 1);
}

#[test]
fn a_limit_of_time_that_leaves_a_turn_without_an_answer_is_a_failure() {
    let server = FakeServer::start();
    let client = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(["--no-defaults", "-c", &server.address, "--timeout=10"])
        .args(["-e", "\\watch 1 CLUSTERLOG INFO"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first has been answered then.
    server.wait_for_requests("get info clusterlog", 2);
    server.fall_silent();
    let output = client.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(255));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(SEVERITIES), "{text}");
    let advice = String::from_utf8(output.stderr).unwrap();
    assert_eq!(advice, "Error: stopped after 10 s.\n");
}

#[test]
fn a_watch_that_nobody_can_read_ends() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let watch = |stdout: Stdio| {
        Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
            .args(["--no-defaults", "-c", &simulator.address, "--timeout=60"])
            .args(["-e", "\\watch 1 ALL STATUS"])
            .env("HOME", simulator.place.path())
            .stdin(Stdio::null())
            .stdout(stdout)
            .output()
            .unwrap()
    };
    // As with `| head`, once it has seen enough.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = watch(writer.into());
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ended = watch(full.into());
    assert_eq!(ended.status.code(), Some(255));
    let advice = String::from_utf8(ended.stderr).unwrap();
    assert!(
        advice.starts_with("Error: could not write to standard output: "),
        "{advice}"
    );
}

#[test]
fn a_long_result_goes_through_the_pager_and_a_short_one_does_not() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.run_command("PAGER sed 's/^/paged: /'");
    assert!(
        terminal
            .everything()
            .contains("PAGER set to 'sed 's/^/paged: /''")
    );
    terminal.type_keys("HELP\r");
    terminal.wait_for("paged: HELP <command> has more");
    terminal.wait_for_line("");
    // Such a program gets text without colours.
    assert!(
        terminal
            .everything()
            .contains("paged: START BACKUP [<backup id>]")
    );
    let screen = terminal.run_command("CLUSTERLOG INFO");
    assert!(screen.contains(&format!("\n{SEVERITIES}")), "{screen}");
    terminal.run_command("NOPAGER");
    terminal.type_keys("HELP\r");
    terminal.wait_for("\nHELP <command> has more");
    terminal.wait_for_line("");
    terminal.quit();
}

#[test]
fn an_option_sets_the_pager_of_the_prompt() {
    let server = FakeServer::start();
    let option = ["--pager=sed 's/^/paged: /'"];
    let mut terminal = Terminal::at_server_with(&server, &[], &option);
    terminal.wait_for("PAGER set to 'sed 's/^/paged: /''");
    terminal.type_keys("HELP\r");
    terminal.wait_for("paged: HELP <command> has more");
    terminal.wait_for_line("");
    terminal.quit();
    let variable = [("PAGER", "sed 's/^/usual: /'")];
    let mut terminal = Terminal::at_server_with(&server, &variable, &["--pager"]);
    terminal.wait_for_line("");
    terminal.type_keys("HELP\r");
    terminal.wait_for("usual: HELP <command> has more");
    terminal.wait_for_line("");
    terminal.quit();
    // Nobody reads page by page what a command prints.
    let output = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(["--no-defaults", "--pager=false", "-e", "HELP"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("HELP <command> has more"), "{text}");
    assert!(!text.contains("PAGER set to"), "{text}");
}

#[test]
fn a_pager_that_is_missing_hides_no_result() {
    let mut terminal =
        Terminal::with_environment(&[("PAGER", "no-such-pager")], &["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.run_command("PAGER");
    terminal.type_keys("HELP\r");
    terminal.wait_for("\nHELP <command> has more");
    terminal.wait_for_line("");
    let everything = terminal.quit();
    assert!(
        everything.contains("PAGER set to 'no-such-pager'\n"),
        "{everything}"
    );
    assert!(
        everything.contains("the pager 'no-such-pager' can't be used: exit status: 127\n"),
        "{everything}"
    );
}

#[test]
fn a_reader_that_has_seen_enough_gets_the_prompt_back() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.run_command("PAGER head -n 1 && read key </dev/tty && echo got $key");
    terminal.type_keys("HELP\r");
    terminal.wait_for("Commands, in any case");
    // The terminal is the pager's: it gathers a line and shows it.
    terminal.type_keys("enough\r");
    terminal.wait_for("got enough");
    terminal.wait_for_line("");
    terminal.quit();
}

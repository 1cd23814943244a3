//! TOP on a terminal: how it is drawn, left, and given back.

use crate::fake_server::FakeServer;
use crate::simulator::{Simulator, TWO_NODES};
use crate::terminal::Terminal;

const SIMULATED: [&str; 4] = ["--no-defaults", "--sim", "-e", "TOP EVERY 0.2"];

/// TOP in a run of its own, once it has drawn two data nodes in service.
fn simulated() -> Terminal {
    drawn(Terminal::start(&SIMULATED))
}

fn drawn(terminal: Terminal) -> Terminal {
    terminal.wait_until("picture", is_drawn);
    assert!(terminal.has_second_screen() && terminal.hides_cursor());
    assert!(!terminal.echoes_lines());
    terminal
}

fn is_drawn(screen: &str) -> bool {
    screen.contains("Cluster is OK") && screen.matches(" started ").count() >= 2
}

#[track_caller]
fn check_given_back(terminal: &Terminal) {
    assert!(!terminal.has_second_screen() && !terminal.hides_cursor());
    assert!(terminal.echoes_lines());
}

#[test]
fn q_and_escape_end_it_and_the_terminal_is_what_it_was() {
    for key in ["q", "\x1b"] {
        let mut terminal = simulated();
        terminal.type_keys(key);
        assert_eq!(terminal.wait_for_end(), 0);
        check_given_back(&terminal);
    }
}

#[test]
fn control_c_ends_it_and_the_commands_that_follow() {
    let arguments = [&SIMULATED[..], &["-e", "SHOW"]].concat();
    let mut terminal = drawn(Terminal::start(&arguments));
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    check_given_back(&terminal);
    assert!(!terminal.everything().contains("Cluster Configuration"));
}

#[test]
fn sigterm_ends_it_and_gives_the_terminal_back() {
    let mut terminal = simulated();
    terminal.signal("TERM");
    assert_eq!(terminal.wait_for_end(), 143);
    check_given_back(&terminal);
}

#[test]
fn sigterm_still_ends_a_command_that_follows_it() {
    let arguments = [&SIMULATED[..], &["-e", "SLEEP 600"]].concat();
    let mut terminal = drawn(Terminal::start(&arguments));
    terminal.type_keys("q");
    terminal.wait_for_first_screen();
    terminal.signal("TERM");
    assert_eq!(terminal.wait_for_end(), 143);
}

/// The variable means something in builds with assertions only.
#[cfg(debug_assertions)]
#[test]
fn a_panic_is_read_on_a_terminal_that_was_given_back() {
    let variables = [("NDBMGM_PANIC_AT_PICTURE", "2")];
    let mut terminal = Terminal::with_environment(&variables, &SIMULATED);
    assert_eq!(terminal.wait_for_end(), 101);
    check_given_back(&terminal);
    let screen = terminal.wait_for("a picture that a test does not want");
    assert!(!screen.contains("Cluster is"), "{screen}");
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut terminal = simulated();
    terminal.resize(12, 40);
    let screen = terminal.wait_until("small picture", |screen| {
        is_drawn(screen) && screen.lines().count() == 12
    });
    assert!(
        screen.lines().all(|line| line.chars().count() <= 40),
        "{screen}"
    );
    terminal.resize(3, 20);
    terminal.wait_for("TOP needs");
    terminal.resize(30, 100);
    terminal.wait_until("large picture", |screen| {
        is_drawn(screen) && screen.lines().any(|line| line.chars().count() > 80)
    });
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
}

/// What takes the terminal from the screen that was there before.
const ENTER: &str = "\x1b[?1049h";

#[test]
fn when_the_program_goes_on_after_a_stop_all_is_drawn_anew() {
    let terminal = simulated();
    terminal.signal("STOP");
    terminal.signal("CONT");
    terminal.wait_for_written(ENTER, 2);
    terminal.wait_for_written("quit", 2);
    let mut terminal = drawn(terminal);
    // Somebody else has written over it.
    terminal.type_keys("\x0c");
    terminal.wait_for_written("quit", 3);
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    check_given_back(&terminal);
}

#[test]
fn it_says_that_the_server_is_lost_and_goes_on_when_it_is_back() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let arguments = [
        "--no-defaults",
        "--request-timeout=1",
        "-c",
        &simulator.address,
    ];
    let arguments = [&arguments[..], &["-e", "TOP EVERY 0.2"]].concat();
    let mut terminal = drawn(Terminal::start(&arguments));
    simulator.signal("STOP");
    let screen = terminal.wait_for("No contact since");
    assert!(screen.contains("Cluster is UNKNOWN"), "{screen}");
    assert!(screen.contains("no answer within 1 s"), "{screen}");
    simulator.signal("CONT");
    terminal.wait_until("return", is_drawn);
    drop(simulator);
    terminal.wait_for("No contact since");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    check_given_back(&terminal);
}

#[test]
fn between_two_lines_of_the_prompt_it_leaves_no_key_behind() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let mut terminal = Terminal::start(&["--no-defaults", "-c", &simulator.address]);
    terminal.wait_for_line("");
    terminal.run_command("PROMPT");
    for last in ["q", "\x03"] {
        terminal.type_keys("TOP EVERY 0.2\r");
        terminal.wait_until("picture", is_drawn);
        terminal.type_keys("h");
        terminal.wait_for("Keys (");
        terminal.type_keys("s");
        terminal.wait_until("picture", is_drawn);
        terminal.type_keys("f");
        terminal.wait_for("FROZEN");
        // Nothing of what follows the key that ends it is for anybody.
        terminal.type_keys(last);
        terminal.wait_for_first_screen();
        terminal.wait_for_line("");
    }
    let screen = terminal.run_command("PURGE STALE SESSIONS");
    assert!(screen.contains("No sessions purged"), "{screen}");
    let everything = terminal.quit();
    assert!(!everything.contains("Invalid command"), "{everything}");
}

#[test]
fn sigterm_at_a_prompt_gives_the_terminal_back_too() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let mut terminal = Terminal::start(&["--no-defaults", "-c", &simulator.address]);
    terminal.wait_for_line("");
    terminal.type_keys("TOP EVERY 0.2\r");
    let mut terminal = drawn(terminal);
    terminal.signal("TERM");
    assert_eq!(terminal.wait_for_end(), 143);
    check_given_back(&terminal);
}

#[test]
fn events_of_the_prompt_wait_until_it_has_ended() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("TOP EVERY 0.2\r");
    terminal.wait_for("q quit");
    // The prompt has one, and TOP another.
    server.wait_for_requests("listen event", 2);
    server.backup_started(71);
    terminal.wait_for("Node 2: Backup 71 started from node 1");
    terminal.type_keys("q");
    terminal.wait_for_first_screen();
    terminal.wait_for("Node 2: Backup 71 started from node 1\nndb_mgm>");
    terminal.quit();
}

#[test]
fn on_a_terminal_without_cursor_control_it_wants_lines() {
    let variables = [("TERM", "dumb")];
    let mut terminal = Terminal::with_environment(&variables, &SIMULATED);
    assert_eq!(terminal.wait_for_end(), 255);
    let everything = terminal.everything();
    assert!(everything.contains("--output=jsonl"), "{everything}");
}

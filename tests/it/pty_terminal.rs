//! The prompt and its terminal: what is typed while a command runs, narrow and plain terminals,
//! and how the terminal is left when a signal, or its own end, ends the client.

use crate::fake_server::{Answer, FakeServer};
use crate::terminal::Terminal;

#[test]
fn what_is_typed_during_a_wait_and_events_stand_on_lines_of_their_own() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 41\r");
    server.wait_for_request("start backup");
    server.report_backup(41);
    terminal.wait_for("Waiting for completed");
    terminal.type_keys("SHO");
    terminal.wait_for("SHO");
    server.backup_started(41);
    terminal.wait_for("SHO\nNode 2: Backup 41 started from node 1");
    terminal.type_keys("W");
    terminal.wait_for("from node 1\nW");
    server.backup_completed(41);
    server.answer_backup("result: Ok\nid: 41");
    terminal.wait_for("\nW\nNode 2: Backup 41 started from node 1 completed");
    // It was typed at the next prompt.
    let screen = terminal.wait_for_line("SHOW");
    // Without typing no line is broken.
    terminal.type_keys("\x15START BACKUP 42\r");
    server.wait_for_requests("start backup", 2);
    server.report_backup(42);
    server.backup_started(42);
    server.backup_completed(42);
    server.answer_backup("result: Ok\nid: 42");
    terminal.wait_for(
        "Waiting for completed, this may take several minutes\n\
         Node 2: Backup 42 started from node 1\nNode 2: Backup 42 started from node 1 completed",
    );
    assert!(!screen.contains("SHONode"), "{screen}");
}

#[test]
fn a_terminal_without_cursor_control_has_events_on_lines_of_their_own() {
    let server = FakeServer::start();
    let arguments = [
        "--no-defaults",
        "--connect-retries=1",
        "-c",
        &server.address,
    ];
    let mut terminal = Terminal::with_environment(&[("TERM", "dumb")], &arguments);
    terminal.wait_for_line("");
    terminal.type_keys("PURGE STALE SESSIONS\r");
    terminal.wait_for("No sessions purged");
    terminal.wait_for_line("");
    terminal.type_keys("HELP");
    terminal.wait_for_line("HELP");
    server.backup_started(43);
    terminal.wait_for("ndb_mgm> HELP\nNode 2: Backup 43 started from node 1\nndb_mgm>");
    // What was typed is not shown again, but kept.
    terminal.type_keys(" FOO\r");
    terminal.wait_for("No help for FOO available");
    terminal.type_keys("START BACKUP 44\r");
    server.wait_for_request("start backup");
    server.report_backup(44);
    terminal.wait_for("Waiting for completed");
    terminal.type_keys("HELP");
    terminal.wait_for("\nHELP");
    server.backup_started(44);
    terminal.wait_for("\nHELP\nNode 2: Backup 44 started from node 1");
    server.answer_backup("result: Backup failed");
    terminal.wait_for("Could not start backup");
    terminal.wait_for_line("");
    terminal.type_keys(" BAR\r");
    terminal.wait_for("No help for BAR available");
    let everything = terminal.quit();
    assert!(!everything.contains('\x1b'), "{everything:?}");
}

#[test]
fn help_on_a_narrow_terminal_breaks_between_words() {
    let mut terminal = Terminal::of_width(40, &["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("HELP ABORT BACKUP\r");
    terminal.wait_for(
        "  The line \"Abort of backup .. ordered\"\n  says that the order was passed on. The",
    );
    terminal.wait_for_line("");
}

#[test]
fn a_signal_that_ends_the_prompt_leaves_the_terminal_as_it_was() {
    for (signal, status) in [("TERM", 143), ("HUP", 129)] {
        let mut terminal = Terminal::start(&["--no-defaults"]);
        terminal.wait_for_line("");
        terminal.run_command("HELP FOO");
        terminal.type_keys("HELP B");
        terminal.wait_for_line("HELP B");
        assert!(!terminal.echoes_lines(), "the editor echoes by itself");
        terminal.signal(signal);
        assert_eq!(terminal.wait_for_end(), status, "SIG{signal}");
        assert!(terminal.echoes_lines(), "SIG{signal}");
        let (history, _) = terminal.history();
        assert_eq!(history, "_HiStOrY_V2_\nHELP\\040FOO\n", "SIG{signal}");
    }
}

#[test]
fn a_signal_ends_a_wait_and_leaves_the_terminal_as_it_was() {
    let server = FakeServer::start();
    server.report_backup(45);
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 45\r");
    server.wait_for_request("start backup");
    terminal.wait_for("Waiting for completed");
    terminal.signal("TERM");
    assert_eq!(terminal.wait_for_end(), 143);
    assert!(terminal.echoes_lines());
    let (history, _) = terminal.history();
    assert_eq!(history, "_HiStOrY_V2_\nSTART\\040BACKUP\\04045\n");
}

#[test]
fn a_closed_terminal_ends_the_prompt_and_loses_no_history() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.run_command("HELP FOO");
    terminal.run_command("HELP BAR");
    // The end of the input may be seen before the signal.
    assert!([0, 129].contains(&terminal.close()));
    let (history, mode) = terminal.history();
    assert_eq!(history, "_HiStOrY_V2_\nHELP\\040FOO\nHELP\\040BAR\n");
    assert_eq!(mode, 0o600);
}

#[test]
fn the_terminal_is_as_it_was_when_the_prompt_has_ended() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.run_command("HELP FOO");
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(terminal.echoes_lines());
}

/// Most memory of a prompt that is flooded, in KiB. Without a limit it takes as much in a second.
const FLOODED_MAX: u64 = 64 << 10;

/// At a server whose events come.
fn listening(server: &FakeServer) -> Terminal {
    let mut terminal = Terminal::at_server(server);
    terminal.wait_for_line("");
    terminal.run_command("PURGE STALE SESSIONS");
    server.wait_for_request("listen event");
    terminal
}

#[test]
fn quit_is_obeyed_by_a_terminal_that_takes_nothing() {
    let server = FakeServer::start();
    let mut terminal = listening(&server);
    terminal.stop_reading();
    server.flood();
    terminal.wait_until_full();
    server.wait_for_flood(200_000);
    terminal.type_keys("QUIT\r");
    let peak = terminal.wait_for_last_peak();
    assert_eq!(terminal.wait_for_status(), 0);
    assert!(peak < FLOODED_MAX, "{peak} KiB");
}

#[test]
fn a_flood_of_events_takes_little_memory() {
    let server = FakeServer::start();
    let mut terminal = listening(&server);
    server.flood();
    server.wait_for_flood(200_000);
    terminal.wait_for("events left out");
    terminal.type_keys("QUIT\r");
    let peak = terminal.wait_for_last_peak();
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(peak < FLOODED_MAX, "{peak} KiB");
}

#[test]
fn control_c_ends_what_a_terminal_does_not_take() {
    let record =
        "log event reply\ntype=81\ntime=0\nsource_nodeid=2\ndata=2 4 1795328050 65539 2 \n\n";
    let reply = format!(
        "dump events reply\nresult: Ok\nevents: 5000\n\n{}",
        record.repeat(5000)
    );
    let lies = vec![("dump events", Answer::Say(reply.leak()))];
    let server = FakeServer::lying(lies.leak());
    let mut terminal = listening(&server);
    terminal.type_keys("ALL REPORT EVENTLOG");
    terminal.wait_for_line("ALL REPORT EVENTLOG");
    terminal.stop_reading();
    terminal.type_keys("\r");
    terminal.wait_until_full();
    terminal.type_keys("\x03");
    // The prompt is back, though nobody sees it.
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_status(), 0);
}

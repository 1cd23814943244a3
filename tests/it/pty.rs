//! The prompt: editing, events, Ctrl-C, passwords and history.

use std::os::unix::fs::PermissionsExt;

use crate::fake_server::FakeServer;
use crate::simulator::{Simulator, TWO_NODES};
use crate::terminal::Terminal;

const BANNER: &str = "-- NDB Cluster -- Management Client --";

#[test]
fn control_d_ends_the_client_with_success() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    let screen = terminal.wait_for_line("");
    assert!(screen.starts_with(BANNER), "{screen}");
    terminal.type_keys("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn control_c_at_the_prompt_forgets_the_line() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("HELP NOTHING");
    terminal.wait_for_line("HELP NOTHING");
    terminal.type_keys("\x03");
    terminal.wait_for_line("");
    terminal.type_keys("\rQUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(!terminal.everything().contains("No help for"));
}

#[test]
fn two_lines_in_one_write_both_run() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("HELP FOO\rHELP BAR\rQUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    let everything = terminal.everything();
    assert!(
        everything.contains("No help for FOO available"),
        "{everything}"
    );
    assert!(
        everything.contains("No help for BAR available"),
        "{everything}"
    );
}

#[test]
fn tab_completes_keywords() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP SNAPSHOTS\t");
    terminal.wait_for("START BACKUP SNAPSHOTSTART");
}

#[test]
fn typed_text_survives_an_event() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("PURGE STALE SESSIONS\r");
    terminal.wait_for("No sessions purged");
    terminal.wait_for_line("");
    terminal.type_keys("ALL STA");
    terminal.wait_for_line("ALL STA");
    server.backup_started(12);
    let screen = terminal.wait_until("event and line", |screen| {
        screen.contains("Node 2: Backup 12 started from node 1\nndb_mgm> ALL STA")
    });
    assert_eq!(screen.matches("ALL STA").count(), 1, "{screen}");
}

#[test]
fn control_c_during_a_wait_gives_the_prompt_back() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 31\r");
    server.wait_for_request("start backup");
    server.backup_started(31);
    terminal.wait_for("Node 2: Backup 31 started from node 1");
    terminal.type_keys("\x03");
    terminal.wait_for("ABORT BACKUP 31");
    terminal.wait_for_line("");
    // Commands use another connection, and the outcome comes as an event line does.
    terminal.type_keys("PURGE STALE SESSIONS\r");
    terminal.wait_for("No sessions purged");
    terminal.wait_for_line("");
    server.answer_backup(
        "result: Backup aborted by user request: Permanent error: User defined error",
    );
    terminal.wait_for("*  3001: Could not start backup");
    terminal.wait_for_line("");
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn the_event_comes_before_the_failure() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 32\r");
    server.wait_for_request("start backup");
    // The reply comes first, but the client does not wait longer for the event than it has to.
    terminal.pause();
    server.answer_backup_now(
        "result: Backup aborted by user request: Permanent error: User defined error",
    );
    server.backup_aborted(32);
    terminal.resume();
    let screen = terminal.wait_for("Could not start backup");
    let event = screen.find("Node 2: Backup 32 started from 1 has been aborted. Error: 1321 - Backup aborted by user request");
    let failure = screen.find("Backup failed");
    assert!(event.is_some() && event < failure, "{screen}");
}

#[test]
fn the_backup_password_is_asked_for_twice_without_echo() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 33 ENCRYPT NOWAIT\r");
    terminal.type_password("Enter backup password:", "open sesame\r");
    terminal.type_password("Enter backup password again:", "open sesame\r");
    let request = server.wait_for_request("start backup");
    assert!(request.contains("encryption_password:\"open sesame\""));
    server.answer_backup("result: Ok");
    terminal.wait_for_line("");
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(!terminal.everything().contains("sesame"));
}

#[test]
fn a_bad_character_in_a_password_is_told_before_it_is_typed_again() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 33 ENCRYPT\r");
    terminal.type_password("Enter backup password:", "open$sesame\r");
    let screen = terminal.wait_for("not allowed at position 5");
    assert!(!screen.contains("again"), "{screen}");
    assert!(!screen.contains("Invalid command"), "{screen}");
    terminal.wait_for_line("");
}

#[test]
fn passwords_that_differ_are_not_called_an_invalid_command() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 33 ENCRYPT\r");
    terminal.type_password("Enter backup password:", "open sesame\r");
    terminal.type_password("Enter backup password again:", "open sesamr\r");
    let screen = terminal.wait_for("*        The two passwords differ");
    assert!(screen.contains("Backup failed"), "{screen}");
    assert!(!screen.contains("Invalid command"), "{screen}");
    terminal.wait_for_line("");
}

#[test]
fn control_c_at_the_password_starts_nothing() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 34 ENCRYPT\r");
    terminal.type_password("Enter backup password:", "open ses\x03");
    terminal.wait_for_line("");
    // The terminal echoes again.
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(terminal.everything().contains("QUIT"));
    let requests = server.requests();
    assert!(!requests.contains("start backup"), "{requests}");
}

#[test]
fn a_client_that_is_killed_has_kept_its_history() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.run_command("HELP FOO");
    terminal.run_command("HELP BAR");
    terminal.kill();
    let (history, mode) = terminal.history();
    assert_eq!(history, "_HiStOrY_V2_\nHELP\\040FOO\nHELP\\040BAR\n");
    assert_eq!(mode, 0o600);
}

#[test]
fn a_history_that_is_a_symbolic_link_is_refused_with_a_note() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("target");
    std::fs::write(&target, "mine\n").unwrap();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&target, home.path().join(".ndb_mgm_history")).unwrap();
    let mut terminal = Terminal::start_in(home, &["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("HELP FOO\r");
    terminal.wait_for("it is a symbolic link");
    terminal.wait_for_line("");
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    let (history, mode) = terminal.history();
    assert_eq!((history.as_str(), mode), ("mine\n", 0o644));
}

#[test]
fn control_r_finds_a_line_in_any_case() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.run_command("HELP FOO");
    terminal.type_keys("\x12help f");
    terminal.wait_for("`help f': HELP FOO");
}

#[test]
fn a_unique_word_is_completed_with_a_blank() {
    let mut terminal = Terminal::start(&["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("STAR\tB\t9 ENC\tPASS\t");
    terminal.wait_for_line("START BACKUP 9 ENCRYPT PASSWORD='");
}

#[test]
fn the_history_is_private_and_has_no_passwords() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".ndb_mgm_history");
    std::fs::write(
        &path,
        "_HiStOrY_V2_\nSTART\\040BACKUP\\040ENCRYPT\\040PASSWORD='older'\n",
    )
    .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut terminal = Terminal::start_in(
        home,
        &["--no-defaults", "--connect-retries=1", "-c", "127.0.0.1:1"],
    );
    terminal.wait_for_line("");
    terminal.type_keys("HELP FOO\rSTART BACKUP 5 ENCRYPT PASSWORD='hidden' NOWAIT\r");
    terminal.wait_for("Unable to connect");
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP ENCRYPT PASSWORD='unfinished\rQUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    let (history, mode) = terminal.history();
    assert_eq!(mode, 0o600);
    assert!(history.starts_with("_HiStOrY_V2_\n"), "{history}");
    assert!(history.contains("HELP\\040FOO"), "{history}");
    for secret in ["hidden", "older", "unfinished"] {
        assert!(!history.contains(secret), "{history}");
    }
}

#[test]
fn an_earlier_session_is_remembered_and_searched() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join(".ndb_mgm_history"),
        "_HiStOrY_V2_\nHELP\\040SHOW\nHELP\\040QUIT\n",
    )
    .unwrap();
    let mut terminal = Terminal::start_in(home, &["--no-defaults"]);
    terminal.wait_for_line("");
    terminal.type_keys("\x1b[A");
    terminal.wait_for_line("HELP QUIT");
    terminal.type_keys("\x12SHO");
    terminal.wait_for("HELP SHOW");
    terminal.type_keys("\x03");
}

#[test]
fn a_lost_completion_event_is_told_at_the_prompt() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 35\r");
    server.wait_for_request("start backup");
    server.report_backup(0);
    server.backup_started(35);
    server.answer_backup("result: Ok\nid: 35");
    terminal.wait_for("the end of backup 35 was not heard");
    terminal.wait_for_line("");
}

#[test]
fn a_prompt_that_nobody_reads_ends_without_a_complaint() {
    let home = tempfile::tempdir().unwrap();
    // A pipe whose reader is gone, as with `| head`.
    let script = "mkfifo \"$1\"; exec 3<>\"$1\" 4>\"$1\" 3<&-; \
                  \"$0\" --no-defaults >&4 4>&-; echo status $?";
    let pipe = home.path().join("pipe").to_str().unwrap().to_owned();
    let client = env!("CARGO_BIN_EXE_ndb_mgm");
    let terminal = Terminal::run("/bin/sh", home, &["-c", script, client, &pipe]);
    let screen = terminal.wait_for("status 0");
    assert!(!screen.contains("rror"), "{screen}");
}

#[test]
fn progress_that_is_not_known_any_more_is_not_shown() {
    let server = FakeServer::start();
    server.report_backup(35);
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 35\r");
    server.wait_for_request("start backup");
    terminal.wait_for("Node 2: backup 35, ");
    server.fall_silent();
    // The wait itself is more patient.
    terminal.wait_until("end of the live line", |screen| {
        !screen.contains("Node 2: backup 35, ")
    });
    assert!(!terminal.everything().contains("Backup failed"));
    terminal.kill();
}

#[test]
fn a_server_that_dies_is_announced_and_the_next_one_is_listened_to() {
    let (first, second) = (FakeServer::start(), FakeServer::start());
    let servers = format!("{},{}", first.address, second.address);
    let mut terminal = Terminal::start(&[
        "--no-defaults",
        "-c",
        &servers,
        "--connect-retries=1",
        "--connect-retry-delay=1",
        // A listener that hears nothing for so long is given up, too.
        "--request-timeout=5",
    ]);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 36 NOWAIT\r");
    first.answer_backup("result: Ok");
    first.wait_for_request("start backup");
    first.backup_started(36);
    terminal.wait_for("Backup 36 started");
    second.report_backup(36);
    first.fall_silent();
    // Nothing is typed.
    terminal.wait_for(&format!(
        "Events: connection to {} lost; backup 36 may still run",
        first.address
    ));
    terminal.wait_for(&format!(
        "Events: connected to {}; backup 36 runs",
        second.address
    ));
    second.backup_completed(36);
    terminal.wait_for("StartGCP: 35");
}

#[test]
fn the_lines_of_nodes_that_stopped_with_the_first_are_explained_once() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 37 NOWAIT\r");
    server.answer_backup("result: Ok");
    server.wait_for_request("start backup");
    server.backup_started(37);
    server.backup_aborted_by(2, 37, 1325);
    for node in [3, 4, 5] {
        server.backup_aborted_by(node, 37, 1323);
    }
    let screen =
        terminal.wait_for("Node 5: Backup 37 started from 1 has been aborted. Error: 1323");
    assert_eq!(screen.matches("has been aborted. Error: 1323").count(), 3);
    assert_eq!(screen.matches("Note: error 1323").count(), 1, "{screen}");
}

#[test]
fn quit_is_obeyed_in_a_flood_of_events() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.type_keys("PURGE STALE SESSIONS\r");
    server.wait_for_request("listen event");
    terminal.wait_for("No sessions purged");
    terminal.wait_for_line("");
    server.flood();
    terminal.wait_for("events left out");
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn ids_of_the_live_cluster_are_completed() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let arguments = ["--no-defaults", "--connect-retries=1", "-c"];
    let mut terminal = Terminal::start(&[&arguments[..], &[&simulator.address]].concat());
    terminal.wait_for_line("");
    // No command has connected yet.
    for (keys, line) in [
        ("3\tSTATU\t", "3 STATUS "),
        ("ENTER SINGLE USER MODE \t1\t", "ENTER SINGLE USER MODE 11 "),
        ("DROP NODEGROUP \t", "DROP NODEGROUP 0 "),
    ] {
        terminal.complete(keys, line);
        terminal.type_keys("\x15");
        terminal.wait_for_line("");
    }
    let before = terminal.everything();
    assert!(!before.contains("Connected"), "{before}");
}

#[test]
fn the_id_of_a_running_backup_is_completed_and_a_silent_server_does_not_hold_up_typing() {
    let server = FakeServer::start();
    let mut terminal = Terminal::at_server(&server);
    terminal.wait_for_line("");
    terminal.run_command("PURGE STALE SESSIONS");
    server.report_backup(4711);
    terminal.complete("ABORT BACKUP \t", "ABORT BACKUP 4711 ");
    server.report_backup(0);
    terminal.type_keys("\x15ABORT BACKUP \t");
    terminal.wait_for_line("ABORT BACKUP ");
    server.fall_silent();
    terminal.type_keys("4\t2");
    terminal.wait_for_line("ABORT BACKUP 42");
}

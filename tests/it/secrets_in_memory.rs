//! No copy of a backup's password is left in the client's memory once it has been sent.
//!
//! The tests read the memory of the client, their child, which Linux lets a parent do. Where it is
//! forbidden (Yama's `ptrace_scope` 2 and 3, some sandboxes) they say so and check nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::fake_server::FakeServer;
use crate::terminal::Terminal;

/// Longest wait for the memory to be wiped: the server has the request a moment earlier.
const LIMIT: Duration = Duration::from_secs(60);

/// Nothing else has it in its memory.
const PASSWORD: &str = "Quokka-7-Zephyr";

/// A command that waits until the server says how the backup ended: never, in these tests.
const ENCRYPT: &str = "START BACKUP 7 ENCRYPT";

fn with_password() -> String {
    format!("{ENCRYPT} PASSWORD='{PASSWORD}'")
}

/// How often each text stands in what a process may write to, its environment included.
fn count<const N: usize>(pid: u32, texts: [&str; N]) -> io::Result<[usize; N]> {
    const PIECE: usize = 1 << 20;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut found = [0; N];
    for line in fs::read_to_string(format!("/proc/{pid}/maps"))?.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let address = |digits| u64::from_str_radix(digits, 16).unwrap();
        if !rest.starts_with("rw") {
            continue;
        }
        // A text may stand across the end of a piece.
        let longest = texts.map(str::len).into_iter().max().unwrap();
        let mut carried = Vec::new();
        let mut at = address(start);
        while at < address(end) {
            let size = PIECE.min((address(end) - at) as usize);
            let mut piece = vec![0; size];
            // Some of what is mapped can't be read by anyone.
            let Ok(()) = memory.read_exact_at(&mut piece, at) else {
                break;
            };
            at += size as u64;
            carried.extend_from_slice(&piece);
            for (text, found) in texts.iter().zip(&mut found) {
                let windows = carried.windows(text.len());
                *found += windows.filter(|window| *window == text.as_bytes()).count();
            }
            let kept = carried.len().min(longest - 1);
            carried.drain(..carried.len() - kept);
        }
    }
    Ok(found)
}

/// Waits until the process has so many copies of the password; it still waits for its backup
/// then, as its environment is there.
fn assert_copies(what: &str, pid: u32, server: &FakeServer, expected: usize) {
    let request = server.wait_for_request("start backup");
    assert!(request.contains(PASSWORD), "{what}: {request}");
    let mark = format!("NDB_MARK={}", server.address);
    let deadline = Instant::now() + LIMIT;
    loop {
        let [copies, marks] = match count(pid, [PASSWORD, &mark]) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                eprintln!(
                    "NOT CHECKED: this system does not let a process read its child: {error}"
                );
                return;
            }
            counted => counted.unwrap(),
        };
        assert!(
            marks > 0,
            "{what}: the client's memory is not what was read"
        );
        if copies == expected {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{what}: {copies} copies are left"
        );
        std::thread::yield_now();
    }
}

/// A server whose backup 7 runs for ever.
fn server() -> FakeServer {
    let server = FakeServer::start();
    server.report_backup(7);
    server
}

fn client(server: &FakeServer, arguments: &[&str], stdin: &str) -> Child {
    let mut client = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args([
            "--no-defaults",
            "--connect-retries=1",
            "-c",
            &server.address,
        ])
        .args(arguments)
        .env("NDB_MARK", &server.address)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = client.stdin.take().unwrap();
    pipe.write_all(stdin.as_bytes()).unwrap();
    drop(pipe);
    client
}

fn check(what: &str, arguments: &[&str], stdin: &str, expected: usize) {
    let server = server();
    let mut client = client(&server, arguments, stdin);
    let checked = std::panic::catch_unwind(|| {
        assert_copies(what, client.id(), &server, expected);
    });
    client.kill().unwrap();
    client.wait().unwrap();
    checked.unwrap();
}

#[test]
fn a_one_shot_backup_keeps_no_copy_of_its_password() {
    let command = with_password();
    let line = format!("{PASSWORD}\n");
    let option = format!("--backup-password={PASSWORD}");
    check("in the command", &["-e", &command], "", 0);
    check("in an option", &[&option, "-e", ENCRYPT], "", 0);
    let from_stdin = ["--backup-password-from-stdin", "-e", ENCRYPT];
    check("on standard input", &from_stdin, &line, 0);
}

#[test]
fn the_password_of_an_option_is_there_for_every_command() {
    let server = FakeServer::start();
    for _ in 0..3 {
        server.answer_backup("result: Ok");
    }
    let option = format!("--backup-password={PASSWORD}");
    let commands = "START BACKUP 1 ENCRYPT NOWAIT; START BACKUP 2 ENCRYPT NOWAIT";
    let third = ["-e", "START BACKUP 3 ENCRYPT NOWAIT"];
    let arguments = [&[&option, "-e", commands][..], &third].concat();
    let status = client(&server, &arguments, "").wait().unwrap();
    assert!(status.success(), "{status}");
    let requests = server.requests();
    assert_eq!(requests.matches(PASSWORD).count(), 3, "{requests}");
}

#[test]
fn piped_commands_keep_no_copy_but_that_of_their_option() {
    let commands = with_password() + "\nSHOW\n";
    check("in a command", &[], &commands, 0);
    // It is for further backups, too.
    let option = format!("--backup-password={PASSWORD}");
    check("in an option", &[&option], &format!("{ENCRYPT}\n"), 1);
}

#[test]
fn the_prompt_keeps_no_copy_of_what_was_typed() {
    let server = server();
    let mut terminal = marked_terminal(&server);
    terminal.wait_for_line("");
    terminal.type_keys(&format!("{ENCRYPT}\r"));
    for prompt in ["Enter backup password:", "Enter backup password again:"] {
        terminal.type_password(prompt, &format!("{PASSWORD}\r"));
    }
    assert_copies("typed when asked", terminal.pid(), &server, 0);
}

#[test]
fn the_prompt_keeps_no_copy_of_a_command_with_a_password() {
    let server = server();
    let mut terminal = marked_terminal(&server);
    terminal.wait_for_line("");
    // Key by key, as a person types.
    let command = with_password();
    for (at, key) in command.char_indices() {
        terminal.type_keys(key.encode_utf8(&mut [0; 4]));
        terminal.wait_for_line(&command[..=at]);
    }
    terminal.type_keys("\r");
    assert_copies("typed in the command", terminal.pid(), &server, 0);
}

fn marked_terminal(server: &FakeServer) -> Terminal {
    let arguments = [
        "--no-defaults",
        "--connect-retries=1",
        "-c",
        &server.address,
    ];
    Terminal::with_environment(&[("NDB_MARK", &server.address)], &arguments)
}

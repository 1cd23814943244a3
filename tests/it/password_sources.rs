//! `--X-password-source`: every source works in every program, and the secret is seen nowhere.

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::simulator::{Outcome, Simulator, TWO_NODES};
use crate::terminal::Terminal;

const SECRET: &str = "s3cret of the night";

/// Longest wait for anything; a loaded machine needs some of it.
const LIMIT: Duration = Duration::from_secs(60);

fn simulator() -> Simulator {
    let simulator = Simulator::start(TWO_NODES, &["--rows", "200"]);
    let file = simulator.place.path().join("password");
    private_file(&file, format!("{SECRET}\r\n"));
    simulator
}

fn private_file(path: &Path, text: String) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn assert_secret_unseen(outcome: &Outcome) {
    let told = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn every_source_encrypts() {
    let place = simulator();
    // What stands before the program, the source that it gets, and what is open for it.
    for (before, source, open) in [
        ("PW='s3cret of the night'", "env:PW", ""),
        ("", "file:password", ""),
        ("", "file:/dev/fd/8", "8< <(cat password)"),
        ("", "fd:7", "7<password"),
        ("", "fd:7", "7< <(printf 's3cret of the night\\n')"),
        ("", "stdin", "<<<'s3cret of the night'"),
        ("", "fd:0", "<password"),
    ] {
        let call =
            format!("{before} ndbxfrm --encrypt-password-source {source} -k3 words o {open}");
        let outcome = place.bash(&format!(
            "seq 1000 >words; rm -f o p; {call} && ndbxfrm --info o | grep -q encryption=yes &&
             ndbxfrm --decrypt-password='{SECRET}' o p && cmp words p"
        ));
        assert_eq!(outcome.status, 0, "{call}: {outcome:#?}");
        assert_secret_unseen(&outcome);
    }
}

#[test]
fn every_program_takes_a_source() {
    let simulator = simulator();
    let outcome = simulator.bash(
        "ndb_mgm -c $C --backup-password-source=fd:3 -e 'START BACKUP 1 ENCRYPT WAIT COMPLETED' \
             3<password || exit 1
         ctl=cluster/node-2/BACKUP/BACKUP-1/BACKUP-1.2.ctl
         PW='s3cret of the night' ndb_print_backup_file --backup-password-source=env:PW $ctl || exit 2
         ndbxfrm --decrypt-password-source=file:password $ctl plain || exit 3
         ndb_backup show --backup-password-source=stdin 1 cluster <password",
    );
    assert_eq!(outcome.status, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("customer"), "{outcome:#?}");
    assert_secret_unseen(&outcome);
}

#[test]
fn a_source_of_hexadecimal_digits_is_a_key() {
    let simulator = simulator();
    private_file(&simulator.place.path().join("key"), "53 6".to_owned());
    let text = simulator.bad("ndbxfrm --encrypt-key-source=file:key password o 2>&1", 2);
    assert_eq!(text, "Error: encrypt key has some bad character.\n");
    private_file(&simulator.place.path().join("key"), "536563\r\n".to_owned());
    simulator.good(
        "ndbxfrm --encrypt-key-source=file:key -k3 password o && \
         ndbxfrm --decrypt-password-source=fd:3 o p 3<<<Sec && cmp password p",
    );
}

#[test]
fn a_source_that_cannot_be_trusted_is_refused_before_anything_is_done() {
    let simulator = simulator();
    simulator.good("printf 's3cret\\n' >open; chmod 644 open; printf 's3cret\\nb\\n' >two; chmod 600 two; mkfifo pipe; : >empty; chmod 600 empty");
    for (source, message) in [
        (
            "file:open",
            "Failed to read backup password: open can be read or written by others (mode 0644): chmod 600 open.",
        ),
        (
            "file:none",
            "Failed to read backup password: cannot read none: No such file or directory (os error 2).",
        ),
        (
            "file:pipe",
            "Failed to read backup password: pipe is not a file (a pipe is given as fd:N).",
        ),
        (
            "file:.",
            "Failed to read backup password: . is not a file (a pipe is given as fd:N).",
        ),
        (
            "file:two",
            "Failed to read backup password: two has more than one line.",
        ),
        (
            "file:empty",
            "Failed to read backup password: empty is empty.",
        ),
        (
            "fd:250",
            "Failed to read backup password: cannot read descriptor 250: Bad file descriptor (os error 9).",
        ),
        (
            "env:s3cret",
            "Failed to read backup password: env: names a variable that is not set (it takes the name, without $).",
        ),
    ] {
        for (program, rest, frame, status) in [
            (
                "ndb_mgm -c $C",
                "-e 'START BACKUP 1 ENCRYPT'",
                "Error: backup password: ",
                2,
            ),
            (
                "ndb_print_backup_file",
                "password",
                "Error: backup password: ",
                1,
            ),
            ("ndb_backup verify", "1", "Error: ", 2),
        ] {
            let script = format!("{program} --backup-password-source={source} {rest}");
            let outcome = simulator.bash(&script);
            assert_eq!(outcome.status, status, "{script}: {outcome:#?}");
            assert_eq!(outcome.stderr, format!("{frame}{message}\n"), "{script}");
            assert_secret_unseen(&outcome);
        }
    }
    assert!(!simulator.backup_dir(2, 1).exists());
}

#[test]
fn what_is_no_source_is_not_shown() {
    let simulator = simulator();
    for given in ["=s3cret", "=pass:s3cret", "=fd:s3cret", " s3cret"] {
        let outcome = simulator.bash(&format!(
            "ndb_mgm -c $C --backup-password-source{given} -e SHOW"
        ));
        assert_eq!(
            outcome.stderr,
            "ndb_mgm: [ERROR] option '--backup-password-source' takes env:NAME, file:PATH, fd:N, \
             stdin or prompt.\n"
        );
        assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""));
    }
    let defaults =
        simulator.good("ndb_mgm --print-defaults --backup-password-source=file:s3cret | tail -n 1");
    assert_eq!(defaults, "--backup-password-source=*****");
}

#[test]
fn the_command_line_can_take_an_option_files_source_back() {
    let simulator = simulator();
    let script = "printf '[ndb_mgm]\\nbackup-password-source=file:none\\n' >~/.my.cnf
        ndb_mgm -c $C --skip-backup-password-source -e 'ALL STATUS' && ndb_mgm -c $C -e SHOW";
    let outcome = simulator.bash(script);
    assert_eq!(outcome.status, 2, "{outcome:#?}");
    assert!(outcome.stdout.contains("Node 2: started"));
    assert!(outcome.stderr.contains("cannot read none"), "{outcome:#?}");
}

/// What others may see of a process: its arguments, or its environment.
fn seen(process: u32, what: &str) -> String {
    let bytes = fs::read(format!("/proc/{process}/{what}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', "\n")
}

/// Ends it, and hands over what it said on stderr.
fn end(mut child: Child) -> String {
    child.kill().unwrap();
    child.wait().unwrap();
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    said
}

/// Waits for a client.
fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + LIMIT;
    loop {
        match listener.accept() {
            Ok((connected, _)) => return connected,
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
        }
        assert!(Instant::now() < deadline, "nobody connects");
        thread::yield_now();
    }
}

#[test]
fn a_variable_leaves_the_environment_of_the_program_itself() {
    for program in [
        &[env!("CARGO_BIN_EXE_ndb_mgm"), "--no-defaults", "-eSHOW"][..],
        &[
            env!("CARGO_BIN_EXE_ndb_backup"),
            "run",
            "--no-defaults",
            "--to=.",
        ],
    ] {
        // It accepts and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = silent.local_addr().unwrap().to_string();
        let place = tempfile::tempdir().unwrap();
        let child = Command::new(program[0])
            .args(&program[1..])
            .args(["-c", &server, "--backup-password-source=env:NIGHT"])
            .current_dir(place.path())
            .env("NIGHT", SECRET)
            .env("NDB_MGM_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It is there until the program has started itself anew, and then never again.
        let connected = accept(&silent);
        let environment = seen(child.id(), "environ");
        assert!(environment.contains("NDB_MGM_LOG=trace"), "{environment}");
        assert!(!environment.contains("NIGHT"), "{environment}");
        let arguments = seen(child.id(), "cmdline");
        assert!(arguments.contains("env:NIGHT"), "{arguments}");
        assert!(!arguments.contains("s3cret"), "{arguments}");
        drop(connected);
        let said = end(child);
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn neither_data_nor_a_rehearsal_has_the_secret() {
    let simulator = simulator();
    for (options, said) in [
        ("--output=jsonl --dry-run", "the backup would be encrypted"),
        (
            "--output=text --dry-run --verbose=2",
            "the backup would be encrypted",
        ),
        ("--output=jsonl --verbose=2", "\"state\":\"completed\""),
    ] {
        let outcome = simulator.bash(&format!(
            "NDB_MGM_LOG=trace ndb_mgm -c $C {options} --backup-password-source=file:password \\
                 -e 'START BACKUP 1 ENCRYPT WAIT COMPLETED'"
        ));
        assert_eq!(outcome.status, 0, "{outcome:#?}");
        assert!(outcome.stdout.contains(said), "{outcome:#?}");
        assert_secret_unseen(&outcome);
    }
}

#[test]
fn children_of_a_nightly_job_find_no_secret() {
    let simulator = simulator();
    let sources = [
        ("NIGHT='s3cret of the night'", "env:NIGHT", ""),
        ("", "fd:7", "7<password"),
    ];
    for (index, (before, source, redirection)) in sources.iter().enumerate() {
        let child = "{ env; ls -l /proc/self/fd; tr '\\0' '\\n' </proc/$PPID/environ; \
                     tr '\\0' '\\n' </proc/$PPID/cmdline; echo END; } >>$HOME/seen";
        let script = format!(
            "{before} NDB_MGM_LOG=trace ndb_backup run -c $C --to=sets --id={} \
             --from=2=cluster/node-2 --from=3=cluster/node-3 --store-command=\"$CHILD\" \
             --backup-password-source={source} {redirection}",
            index + 1
        );
        let outcome = simulator.bash(&format!(
            "CHILD=\"{}\"\n{script}",
            child.replace('$', "\\$")
        ));
        assert_eq!(outcome.status, 0, "{outcome:#?}");
        assert_secret_unseen(&outcome);
        let ctl = format!("sets/BACKUP-{0}/BACKUP-{0}.2.ctl", index + 1);
        simulator.good(&format!("ndbxfrm --info {ctl} | grep encryption=yes"));
    }
    let seen = fs::read_to_string(simulator.place.path().join("seen")).unwrap();
    assert_eq!(seen.matches("\nEND\n").count(), sources.len(), "{seen}");
    assert!(
        seen.contains("--backup-password-source=env:NIGHT"),
        "{seen}"
    );
    for hidden in ["s3cret", "NIGHT=", "/password\n"] {
        assert!(!seen.contains(hidden), "{hidden} in {seen}");
    }
}

#[test]
fn a_prompt_with_a_source_keeps_no_secret() {
    let simulator = simulator();
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::run(
        "/usr/bin/env",
        home,
        &[
            &format!("NIGHT={SECRET}"),
            "NDB_MGM_LOG=trace",
            env!("CARGO_BIN_EXE_ndb_mgm"),
            "--no-defaults",
            "-c",
            &simulator.address,
            "--backup-password-source=env:NIGHT",
        ],
    );
    terminal.wait_for("ndb_mgm> ");
    terminal.type_keys("START BACKUP 1 ENCRYPT WAIT COMPLETED\r");
    terminal.wait_for("Backup 1 started from node 1 completed");
    terminal.type_keys("QUIT\r");
    assert_eq!(terminal.wait_for_end(), 0);
    let (history, _) = terminal.history();
    assert!(
        history.contains("START\\040BACKUP\\0401\\040ENCRYPT"),
        "{history}"
    );
    for text in [history, terminal.everything()] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    let ctl = simulator.backup_file(2, 1, "ctl");
    simulator.good(&format!(
        "ndbxfrm --info {} | grep encryption=yes",
        ctl.display()
    ));
}

#[test]
fn a_source_that_is_a_prompt_asks_at_the_terminal() {
    let simulator = simulator();
    let mut terminal = Terminal::start(&[
        "--no-defaults",
        "-c",
        &simulator.address,
        "--backup-password-source=prompt",
        "-e",
        "START BACKUP 1 ENCRYPT WAIT COMPLETED",
    ]);
    terminal.type_password("Enter backup password: ", &format!("{SECRET}\r"));
    terminal.wait_for("Backup 1 started from node 1 completed");
    assert_eq!(terminal.wait_for_end(), 0);
    let ctl = simulator.backup_file(2, 1, "ctl");
    simulator.good(&format!(
        "ndb_print_backup_file --backup-password-source=file:password {}",
        ctl.display()
    ));
}

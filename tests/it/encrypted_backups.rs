//! Encrypted backups from the command to the files on disk, by the built programs.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use ndbmgm::xfrm::{self, Container, Secret};

use crate::simulator::{Simulator, one_node};
use crate::terminal::Terminal;

const LIMIT: Duration = Duration::from_secs(60);

/// Nothing that is printed has it by chance.
const PASSWORD: &str = "Zq7-Wombat-55x";

/// A simulator of one data node, whose parameters these are; everybody logs all there is.
fn simulator(parameters: &str, arguments: &[&str]) -> Simulator {
    Simulator::start_logging(&one_node(parameters), arguments, "trace")
}

fn backup(simulator: &Simulator, command: &str, arguments: &[&str]) {
    let output = simulator.client(&[&["-e", command], arguments].concat(), "");
    assert!(output.status.success(), "{command}: {output:?}");
}

fn wait_for_backup(simulator: &Simulator, id: u32) {
    let log = simulator.cluster().join("node-1/ndb_1_cluster.log");
    let end = format!(": Backup {id} started from node 1 completed. StartGCP");
    let deadline = Instant::now() + LIMIT;
    while !fs::read_to_string(&log).is_ok_and(|text| text.contains(&end)) {
        assert!(Instant::now() < deadline, "backup {id} does not end");
        std::thread::yield_now();
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Where the password comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Command,
    Option,
    Stdin,
    /// `--encrypt-backup`, with and without ENCRYPT in the command.
    Always,
    Typed,
}

impl Source {
    const ALL: [Source; 5] = [
        Source::Command,
        Source::Option,
        Source::Stdin,
        Source::Always,
        Source::Typed,
    ];

    fn clause(self) -> String {
        match self {
            Source::Command => format!("ENCRYPT PASSWORD='{PASSWORD}'"),
            _ => "ENCRYPT".to_owned(),
        }
    }

    fn arguments(self) -> Vec<String> {
        let option = format!("--backup-password={PASSWORD}");
        match self {
            Source::Command | Source::Typed => Vec::new(),
            Source::Option => vec![option],
            Source::Stdin => vec!["--backup-password-from-stdin".to_owned()],
            Source::Always => vec!["--encrypt-backup".to_owned(), option],
        }
    }
}

/// All orders of the words.
fn orders(words: &[String]) -> Vec<Vec<String>> {
    if words.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..words.len() {
        let mut rest = words.to_vec();
        let first = rest.remove(index);
        for mut order in orders(&rest) {
            order.insert(0, first.clone());
            all.push(order);
        }
    }
    all
}

/// Gives the command; true if the client says that the backup was started.
fn start_backup(simulator: &Simulator, source: Source, command: &str, is_valid: bool) -> bool {
    let mut arguments = source.arguments();
    arguments.extend(["-e".to_owned(), command.to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if source != Source::Typed {
        let stdin = format!("{PASSWORD}\n");
        return simulator.client(&arguments, &stdin).status.success();
    }
    let address = [
        "--no-defaults",
        "--connect-retries=1",
        "-c",
        &simulator.address,
    ];
    let mut terminal = Terminal::start(&[&address[..], &arguments].concat());
    if is_valid {
        let keys = format!("{PASSWORD}\r");
        terminal.type_password("Enter backup password:", &keys);
        terminal.type_password("Enter backup password again:", &keys);
    }
    let status = terminal.wait_for_end();
    assert!(!terminal.everything().contains(PASSWORD), "{command}");
    status == 0
}

/// Three files, encrypted with the password.
fn assert_is_encrypted(simulator: &Simulator, id: u32, what: &str) {
    let files = files_below(&simulator.backup_dir(2, id));
    assert_eq!(files.len(), 3, "{what}");
    for path in files {
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(b"NDBXFRM1"), "{what}: {}", path.display());
    }
    let log = fs::File::open(simulator.backup_file(2, id, "log")).unwrap();
    let secret = Secret::new(PASSWORD.as_bytes().to_vec());
    let mut plain = Vec::new();
    let mut reader = xfrm::open(log, Some(&secret)).unwrap();
    reader.read_to_end(&mut plain).unwrap();
    assert!(plain.starts_with(b"NDBBCKUP"), "{what}");
}

/// Gives the command in all orders of its parts; those with the id in front must make an
/// encrypted backup, the others fail and leave no file.
fn check_orders(simulator: &Simulator, source: Source, turn: usize, has_clause: bool) {
    let mut id = 100 * (turn as u32 + 1);
    for index in 0..if has_clause { 24 } else { 6 } {
        id += 1;
        let snapshot = ["SNAPSHOTSTART", "SNAPSHOTEND"][index % 2];
        let wait = ["NOWAIT", "WAIT STARTED", "WAIT COMPLETED"][(index + turn) % 3];
        let mut words = vec![id.to_string(), snapshot.to_owned(), wait.to_owned()];
        if has_clause {
            words.push(source.clause());
        }
        let order = orders(&words).swap_remove(index);
        let is_valid = order[0] == words[0];
        let command = format!("START BACKUP {}", order.join(" "));
        let what = format!("{source:?}: {command}");
        assert_eq!(
            start_backup(simulator, source, &command, is_valid),
            is_valid,
            "{what}"
        );
        if is_valid {
            wait_for_backup(simulator, id);
            assert_is_encrypted(simulator, id, &what);
        } else {
            assert!(!simulator.backup_dir(2, id).exists(), "{what}");
        }
    }
}

#[test]
fn in_every_order_and_from_every_source_a_backup_is_encrypted_or_fails() {
    // One simulator for each source: a cluster makes one backup at a time.
    std::thread::scope(|scope| {
        for (turn, source) in Source::ALL.into_iter().enumerate() {
            scope.spawn(move || {
                let simulator = simulator("", &["--rows", "20"]);
                check_orders(&simulator, source, turn, true);
                if source == Source::Always {
                    check_orders(&simulator, source, turn + Source::ALL.len(), false);
                }
                for path in files_below(&simulator.cluster().join("node-2/BACKUP")) {
                    let bytes = fs::read(&path).unwrap();
                    assert!(bytes.starts_with(b"NDBXFRM1"), "{}", path.display());
                }
            });
        }
    });
}

#[test]
fn without_a_password_no_backup_is_made() {
    let simulator = simulator("", &["--rows", "20"]);
    let commands = ["START BACKUP 5 ENCRYPT", "START BACKUP 5 ENCRYPT NOWAIT"];
    for command in commands {
        assert!(!simulator.client(&["-e", command], "").status.success());
    }
    let always = ["--encrypt-backup", "-e", "START BACKUP 5"];
    assert!(!simulator.client(&always, "").status.success());
    let stdin = [
        "--backup-password-from-stdin",
        "-e",
        "START BACKUP 5 ENCRYPT",
    ];
    // Nothing on stdin is not the empty password.
    let output = simulator.client(&stdin, "");
    assert!(!output.status.success(), "{output:?}");
    assert!(!simulator.backup_dir(2, 5).exists());
}

/// What a text would look like in a file that gives it away.
fn disguises(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let words: Vec<u8> = secret.bytes().flat_map(|byte| [byte, 0]).collect();
    let base64 = BASE64_STANDARD.encode(secret);
    // The last group of base64 depends on what follows.
    let base64 = base64.as_bytes()[..base64.len() / 4 * 4 - 4].to_vec();
    vec![
        secret.as_bytes().to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        words,
        base64,
    ]
}

fn assert_has_none(what: &str, bytes: &[u8], secrets: &[&str]) {
    for secret in secrets {
        for disguise in disguises(secret) {
            let found = bytes.windows(disguise.len()).any(|part| part == disguise);
            let shown = String::from_utf8_lossy(bytes);
            assert!(!found, "{secret} is in {what}:\n{shown}");
        }
    }
}

/// Passwords that are refused, mistyped or wrong.
const WRONG: &str = "Kp3-Lemur-99y";
const REFUSED: &str = "Hj8-Tapir\u{e9}-21w";

/// Every program, with passwords in every place that takes one.
fn use_passwords_everywhere(simulator: &Simulator) -> Vec<(String, Output)> {
    let encrypt = |rest: &str| format!("START BACKUP {rest}");
    let given = format!("--backup-password={PASSWORD}");
    let wrong = format!("--backup-password={WRONG}");
    let mut outputs = Vec::new();
    let mut client = |arguments: &[&str], stdin: &str| {
        let output = simulator.client(arguments, stdin);
        outputs.push((format!("ndb_mgm {arguments:?}"), output));
    };
    client(
        &["-e", &encrypt(&format!("1 ENCRYPT PASSWORD='{PASSWORD}'"))],
        "",
    );
    client(&["-e", "START BACKUP 2 ENCRYPT SNAPSHOTSTART", &given], "");
    let from_stdin = [
        "--backup-password-from-stdin",
        "-e",
        "START BACKUP 3 ENCRYPT",
    ];
    client(&from_stdin, PASSWORD);
    for refused in [
        format!("1 ENCRYPT PASSWORD='{PASSWORD}'"),
        format!("ENCRYPT PASSWORD='{PASSWORD}' 4"),
        format!("4 ENCRYPT PASSWORD='{PASSWORD}"),
        format!("4 ENCRYPT PASSWORD={PASSWORD}"),
        format!("4 ENCRYPT PASWORD='{PASSWORD}'"),
        format!("4 ENCRYPT PASSWORD '{PASSWORD}'"),
        format!("4 ENCRYPT PASSWORD='{PASSWORD}' NOWAT"),
        format!("4 PASSWORD='{PASSWORD}'"),
        format!("4 ENCRYPT PASSWORD='{REFUSED}'"),
        format!("4 ENCRYPT PASSWORD='{}'", PASSWORD.repeat(20)),
        format!("4 ENCRYPT --backup-password={PASSWORD}"),
    ] {
        client(&["-e", &encrypt(&refused)], "");
    }
    let lines = format!(
        "SHOW\nSTART BACKUP 5 ENCRYPT PASSWORD=\"{PASSWORD}\"\nSTRAT ENCRYPT PASSWORD='{WRONG}'\n"
    );
    client(&[], &lines);
    client(&["--help", &given], "");
    client(&["--print-defaults", &given], "");
    client(&["--no-such-option", &given], "");
    client(
        &["--backup-password-from-stdin", &given, "-e", "SHOW"],
        PASSWORD,
    );
    client(
        &[
            "-e",
            "START BACKUP 6 ENCRYPT",
            &format!("--backup-password={REFUSED}"),
        ],
        "",
    );
    client(&["-e", "ALL REPORT BACKUPSTATUS", &given], "");

    let file = simulator.backup_file(2, 1, "Data");
    let file = file.to_str().unwrap();
    let mut tool = |path: &str, arguments: &[&str], stdin: &str| {
        let output = simulator.program(path, arguments, stdin);
        outputs.push((format!("{path} {arguments:?}"), output));
    };
    let print = env!("CARGO_BIN_EXE_ndb_print_backup_file");
    tool(print, &[&given, "-v1", "-h", file], "");
    tool(print, &[&given, "--output=json", file], "");
    tool(print, &["--backup-password-from-stdin", file], PASSWORD);
    tool(print, &[&wrong, file], "");
    tool(print, &["--backup-password-from-stdin", file], WRONG);
    tool(print, &["--help", &given], "");
    let xfrm = env!("CARGO_BIN_EXE_ndbxfrm");
    let given = format!("--decrypt-password={PASSWORD}");
    let wrong = format!("--decrypt-password={WRONG}");
    tool(xfrm, &[&given, file, "plain"], "");
    tool(xfrm, &[&wrong, file, "not-plain"], "");
    tool(
        xfrm,
        &[&format!("--encrypt-password={WRONG}"), "plain", "again"],
        "",
    );
    tool(xfrm, &["--detailed-info", file, &wrong], "");
    tool(xfrm, &["--help", &given], "");
    outputs
}

/// The prompt, where everything but the password's own prompt echoes.
fn use_passwords_at_the_prompt(simulator: &Simulator) -> Terminal {
    let arguments = [
        "--no-defaults",
        "--connect-retries=1",
        "-c",
        &simulator.address,
    ];
    let mut terminal = Terminal::start(&arguments);
    terminal.wait_for_line("");
    terminal.type_keys("START BACKUP 7 ENCRYPT NOWAIT\r");
    terminal.type_password("Enter backup password:", &format!("{PASSWORD}\r"));
    terminal.type_password("Enter backup password again:", &format!("{WRONG}\r"));
    terminal.wait_until("an error", |screen| screen.contains("passwords differ"));
    terminal.wait_for_line("");
    assert_has_none(
        "the terminal",
        terminal.everything().as_bytes(),
        &[PASSWORD, WRONG],
    );
    terminal.run_command("HELP START BACKUP");
    terminal.type_keys(&format!(
        "START BACKUP 8 ENCRYPT PASSWORD='{PASSWORD}' NOWAT\r"
    ));
    terminal.type_keys(&format!("START BACKUP 8 ENCRYPT PASSWORD='{WRONG}\r"));
    terminal.type_keys(&format!("START BACKUP ENCRYPT PASSWORD=\"{PASSWORD}\" 8\r"));
    terminal.type_keys("QUIT\r");
    terminal.wait_for_end();
    terminal
}

#[test]
fn no_file_and_no_output_has_the_password() {
    let simulator = simulator("CompressedBackup=1", &["--rows", "50"]);
    let secrets = [PASSWORD, WRONG, "Hj8-Tapir"];
    let outputs = use_passwords_everywhere(&simulator);
    let succeeded = outputs.iter().filter(|(_, output)| output.status.success());
    assert!(succeeded.count() >= 10);
    for (what, output) in &outputs {
        assert_has_none(&format!("stdout of {what}"), &output.stdout, &secrets);
        assert_has_none(&format!("stderr of {what}"), &output.stderr, &secrets);
    }
    let traced = |output: &Output| String::from_utf8_lossy(&output.stderr).contains("TRACE");
    assert!(outputs.iter().any(|(_, output)| traced(output)));

    let terminal = use_passwords_at_the_prompt(&simulator);
    let history = files_below(terminal.home.path());
    assert!(
        history
            .iter()
            .any(|path| path.ends_with(".ndb_mgm_history"))
    );
    let (place, stdout) = simulator.stop();
    assert_has_none("the simulator's stdout", &stdout, &secrets);
    let files = files_below(place.path());
    // Four backups, the cluster log and what the simulator says.
    assert!(files.len() > 4 * 3 + 2, "{files:?}");
    for path in files.iter().chain(&history) {
        let bytes = fs::read(path).unwrap();
        assert_has_none(&path.display().to_string(), &bytes, &secrets);
    }
}

/// The rows as JSON, in an order that does not depend on the backup.
fn rows(simulator: &Simulator, id: u32, arguments: &[&str]) -> Vec<String> {
    let print = env!("CARGO_BIN_EXE_ndb_print_backup_file");
    let file = simulator.backup_file(2, id, "Data");
    let file = file.to_str().unwrap();
    let arguments = [arguments, &["--output=json", file]].concat();
    let output = simulator.program(print, &arguments, "");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(str::to_owned);
    let mut rows: Vec<String> = lines
        .filter(|line| line.contains(r#""section":"row""#))
        .collect();
    rows.sort_unstable();
    rows
}

/// `ndbxfrm` gives a plain file, which prints as the encrypted one does with its password.
fn assert_decrypts(simulator: &Simulator, file: &Path) {
    let plain = simulator.place.path().join("decrypted");
    let (file, plain_name) = (file.to_str().unwrap(), plain.to_str().unwrap());
    let decrypt = format!("--decrypt-password={PASSWORD}");
    let xfrm = env!("CARGO_BIN_EXE_ndbxfrm");
    let done = simulator.program(xfrm, &[&decrypt, file, plain_name], "");
    assert!(done.status.success(), "{file}: {done:?}");
    assert!(fs::read(&plain).unwrap().starts_with(b"NDBBCKUP"));
    let print = env!("CARGO_BIN_EXE_ndb_print_backup_file");
    let given = format!("-P{PASSWORD}");
    let printed = simulator.program(print, &[&given, "-v1", file], "");
    assert!(printed.status.success(), "{file}: {printed:?}");
    let expected = simulator.program(print, &["-v1", plain_name], "");
    assert!(expected.status.success(), "{file}: {expected:?}");
    assert!(printed.stdout == expected.stdout, "{file}");
    fs::remove_file(plain).unwrap();
}

fn check_files(
    simulator: &Simulator,
    id: u32,
    is_encrypted: bool,
    deflates: impl Fn(&str) -> bool,
) {
    for kind in ["ctl", "Data", "log"] {
        let path = simulator.backup_file(2, id, kind);
        let container = xfrm::inspect(fs::File::open(&path).unwrap()).unwrap();
        let what = path.display();
        assert_eq!(container.is_encrypted(), is_encrypted, "{what}");
        assert_eq!(container.is_compressed(), deflates(kind), "{what}");
        let is_plain = matches!(container, Container::Raw);
        assert_eq!(is_plain, !is_encrypted && !deflates(kind), "{what}");
        if is_encrypted {
            assert_decrypts(simulator, &path);
        }
    }
}

#[test]
fn an_encrypted_backup_has_the_rows_of_a_plain_one() {
    for compress in [false, true] {
        let parameters = format!("CompressedBackup={}", u32::from(compress));
        let simulator = simulator(&parameters, &["--rows", "300"]);
        let given = format!("--backup-password={PASSWORD}");
        backup(&simulator, "START BACKUP 1", &[]);
        let expected = rows(&simulator, 1, &[]);
        assert!(expected.len() >= 300);
        for (id, snapshot) in [(2, "SNAPSHOTSTART"), (3, "SNAPSHOTEND")] {
            let command = format!("START BACKUP {id} ENCRYPT {snapshot}");
            backup(&simulator, &command, &[&given]);
            assert!(rows(&simulator, id, &[&given]) == expected, "{command}");
        }
        // The log of a SNAPSHOTSTART backup is read backwards, so it is never deflated.
        check_files(&simulator, 1, false, |_| compress);
        check_files(&simulator, 2, true, |kind| compress && kind != "log");
        check_files(&simulator, 3, true, |_| compress);
    }
}

#[test]
fn the_log_of_changes_is_encrypted_and_an_undo_log_never_deflated() {
    let arguments = ["--rows", "100", "--updates", "60"];
    let simulator = simulator("CompressedBackup=1", &arguments);
    let given = format!("--backup-password={PASSWORD}");
    backup(&simulator, "START BACKUP 1 SNAPSHOTSTART", &[]);
    backup(
        &simulator,
        "START BACKUP 2 SNAPSHOTSTART ENCRYPT",
        &[&given],
    );
    check_files(&simulator, 1, false, |kind| kind != "log");
    check_files(&simulator, 2, true, |kind| kind != "log");
    let print = env!("CARGO_BIN_EXE_ndb_print_backup_file");
    let log = simulator.backup_file(2, 2, "log");
    let output = simulator.program(print, &[&given, log.to_str().unwrap()], "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("FileType: 5\n"), "{text}");
    assert!(text.matches("LogEntry Table: ").count() > 10, "{text}");
}

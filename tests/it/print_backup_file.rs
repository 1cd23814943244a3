//! The program `ndb_print_backup_file` on the recorded backups.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use ndbmgm::xfrm::{self, Encryption, Secret};

use crate::xfrm::{FEW, write_all};

const PASSWORD: &str = "Fixture pass #1 (a-z)";

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// `BACKUP-7-0.2.Data` is in the directory `BACKUP-7`.
fn backup_file(name: &str) -> String {
    let backup: String = name.chars().take_while(|c| *c != '.').collect();
    let backup = backup.trim_end_matches("-0");
    let path = fixtures().join("backups").join(backup).join(name);
    path.to_str().unwrap().to_owned()
}

fn run_with(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ndb_print_backup_file"))
        .arg("--no-defaults")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end without reading it.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    run_with(arguments, b"")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn every_fixture_is_printed_as_the_original_prints_it() {
    let mut checked = 0;
    for entry in fs::read_dir(fixtures().join("golden")).unwrap() {
        let golden = entry.unwrap();
        let golden_name = golden.file_name().into_string().unwrap();
        let Some(name) = golden_name.strip_suffix(".print.txt") else {
            continue;
        };
        let password = format!("--backup-password={PASSWORD}");
        let output = run(&[&password, &backup_file(name)]);
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(output.stdout == fs::read(golden.path()).unwrap(), "{name}");
        checked += 1;
    }
    assert_eq!(checked, 10);
}

#[test]
fn a_password_is_taken_from_stdin_without_a_newline() {
    let file = backup_file("BACKUP-5.2.log");
    let arguments = ["--backup-password-from-stdin", &file];
    let output = run_with(&arguments, PASSWORD.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("LogEntry Table: "));
}

#[test]
fn a_file_that_cannot_be_opened_is_said_to_be_one() {
    let encrypted = backup_file("BACKUP-5.2.log");
    for arguments in [&["nosuch"][..], &["/"], &[&encrypted]] {
        let output = run(arguments);
        let line = "Failed to open file '(null)', error: -1\n";
        assert_eq!(text(&output.stdout), line, "{arguments:?}");
        assert_eq!(output.status.code(), Some(1));
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn a_wrong_password_is_an_invalid_file() {
    for name in ["BACKUP-5.2.log", "BACKUP-2.2.log", "BACKUP-7-0.2.Data"] {
        let output = run(&["--backup-password=tell-nobody", &backup_file(name)]);
        assert!(text(&output.stdout).ends_with("Invalid file!\n"), "{name}");
        assert_eq!(output.status.code(), Some(1));
        assert!(!text(&output.stderr).contains("tell-nobody"));
    }
}

/// The end of such a file, which would show that the password is wrong, is not read.
#[test]
fn a_wrong_password_of_a_large_file_shows_other_bytes_than_a_backups() {
    let recorded = fs::read(backup_file("BACKUP-1-0.2.Data")).unwrap();
    let secret = Secret::new(b"right".to_vec());
    let encryption = Encryption {
        keys: FEW,
        ..Encryption::backup(&secret)
    };
    let options = xfrm::Options {
        encryption: Some(encryption),
        ..xfrm::Options::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let large = directory.path().join("BACKUP-1-0.2.Data");
    fs::write(&large, write_all(&recorded.repeat(20), options)).unwrap();
    let large = large.to_str().unwrap();
    let output = run(&["-Pwrong", large]);
    let shown = text(&output.stdout);
    let (found, rest) = shown.split_once("\nExpect: ").unwrap();
    assert!(
        found.starts_with("Incorrect file-header!\nFound:  0x"),
        "{shown}"
    );
    assert_eq!(
        rest,
        "0x4e 0x44 0x42 0x42 0x43 0x4b 0x55 0x50 \nInvalid file!\n"
    );
    assert_eq!(output.status.code(), Some(1));
    let reason = "wrong password or key, or not a backup file: it starts with [";
    assert!(text(&output.stderr).contains(reason), "{output:?}");
    let output = run(&["-Pwrong", "--output=json", large]);
    assert_eq!(
        (output.status.code(), &output.stdout[..]),
        (Some(1), &b""[..])
    );
    assert!(text(&output.stderr).contains(reason), "{output:?}");
}

#[test]
fn usage_faults_have_the_originals_statuses() {
    let file = backup_file("BACKUP-1.2.log");
    let file = file.as_str();
    let faults: [(&[&str], i32, &str); 5] = [
        (
            &[][..],
            1,
            "Error: Need one filename for a backup file to print.\n",
        ),
        (&[file, file], 1, "Need one filename"),
        (&["--bogus"], 1, "unknown option '--bogus'"),
        (
            &["-Ppw", "-Kab", file],
            2,
            "Error: Both backup key and backup password are set.\n",
        ),
        (
            &["--backup-key=0", file],
            1,
            "Error: backup key: backup key need even number of hex digits.\n",
        ),
    ];
    for (arguments, status, message) in faults {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(text(&output.stderr).contains(message), "{arguments:?}");
    }
    // A password that nothing needs is ignored.
    assert_eq!(run(&["-Ppw", file]).status.code(), Some(0));
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Usage: ndb_print_backup_file [options] <file>\n"));
    for option in ["--backup-password", "--ctl", "--print-header-words", "-U"] {
        assert!(text(&help.stdout).contains(option), "{option}");
    }
}

#[test]
fn json_has_names_types_and_values_from_the_ctl_file() {
    let password = format!("-P{PASSWORD}");
    for (name, section) in [
        ("BACKUP-1.2.ctl", "hash map"),
        ("BACKUP-7-0.2.Data", "row"),
        ("BACKUP-4.2.log", "log entry"),
    ] {
        let output = run(&["--output=json", &password, &backup_file(name)]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let lines: Vec<serde_json::Value> = text(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0]["section"], "file header");
        let found = lines
            .iter()
            .find(|line| line["section"] == section)
            .unwrap();
        match section {
            "hash map" => assert_eq!(found["name"], "DEFAULT-HASHMAP-3840-2"),
            "row" => {
                assert_eq!(found["table"], "TEST_DB/def/T6");
                assert!(found["values"]["PK1"].is_u64());
                assert!(found["values"]["BIT000"].is_u64());
            }
            _ => {
                assert_eq!(found["table"], "TEST_DB/def/T1");
                assert_eq!(found["event"], "UPDATE");
                assert!(found["key"]["KOL1"].is_u64() && found["values"]["KOL2"].is_u64());
            }
        }
    }
}

#[test]
fn json_without_a_ctl_file_shows_rows_as_they_lie() {
    let directory = tempfile::tempdir().unwrap();
    let lone = directory.path().join("BACKUP-1-0.2.Data");
    fs::copy(backup_file("BACKUP-1-0.2.Data"), &lone).unwrap();
    let lone = lone.to_str().unwrap();
    let output = run(&["--output=json", lone]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("BACKUP-1.2.ctl"));
    assert!(text(&output.stdout).contains("\"packed\":\""));
    let foreign = backup_file("BACKUP-3.2.ctl");
    let output = run(&["--output=json", "--ctl", &foreign, lone]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("another backup"));
}

/// A compressed ctl file can hold a thousand times its size, and is held in memory.
#[test]
fn a_ctl_file_that_is_much_larger_than_it_looks_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("BACKUP-1-0.2.Data");
    fs::copy(backup_file("BACKUP-1-0.2.Data"), &data).unwrap();
    let ctl = directory.path().join("BACKUP-1.2.ctl");
    let compressed = xfrm::Options {
        compress: true,
        ..xfrm::Options::default()
    };
    let recorded = fs::read(backup_file("BACKUP-1.2.ctl")).unwrap();
    fs::write(&ctl, write_all(&recorded, compressed)).unwrap();
    let output = run(&["--output=json", data.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    // One object again and again.
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|w| w.to_be_bytes()).collect() };
    let count = 100_000;
    let mut forged = recorded[..48].to_vec();
    forged.extend(words(&[4, 2 + count]));
    forged.resize(forged.len() + 4 * count as usize, 0);
    let object = [words(&[5, 3 + 160, 20]), words(&[9, 0].repeat(80))].concat();
    forged.extend(object.repeat(count as usize));
    forged.extend(words(&[6, 4, 1, 2]));
    let file = write_all(&forged, compressed);
    assert!(file.len() < 500_000, "{}", file.len());
    fs::write(&ctl, file).unwrap();
    let output = run(&["--output=json", data.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("the ctl file at offset 0 is"), "{said}");
}

#[test]
fn rounds_of_key_derivation_are_limited_and_the_limit_can_be_raised() {
    let secret = Secret::new(b"right".to_vec());
    let encryption = Encryption {
        keys: xfrm::Keys::Derived { iterations: 9 },
        ..Encryption::backup(&secret)
    };
    let options = xfrm::Options {
        encryption: Some(encryption),
        ..xfrm::Options::default()
    };
    let recorded = fs::read(backup_file("BACKUP-1.2.ctl")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("BACKUP-1.2.ctl");
    fs::write(&file, write_all(&recorded, options)).unwrap();
    let file = file.to_str().unwrap();
    let output = run(&["-Pright", "--decrypt-kdf-iter-max=8", file]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("the limit is 8 (--decrypt-kdf-iter-max raises it)"),
        "{said}"
    );
    let output = run(&["-Pright", "--decrypt-kdf-iter-max=9", file]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_truncated_file_is_an_error() {
    let bytes = fs::read(backup_file("BACKUP-1-0.2.Data")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let cut = directory.path().join("cut");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let output = run(&[cut.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("INSERT: RecNo: 0:"));
    assert!(text(&output.stderr).contains("the file ends inside the record"));
}

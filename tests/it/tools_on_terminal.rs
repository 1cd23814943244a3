//! `ndbxfrm` and `ndb_print_backup_file` on a terminal: passwords that are typed, the progress
//! bar, and what is not written there.

use std::fs::{self, File};
use std::process::Command;

use ndbmgm::xfrm::{Encryption, Keys, Options, Secret};
use tempfile::TempDir;

use crate::terminal::Terminal;
use crate::xfrm::{FIXTURE_PASSWORD, backup_file, read_all, write_all};

const NDBXFRM: &str = env!("CARGO_BIN_EXE_ndbxfrm");
const PRINT: &str = env!("CARGO_BIN_EXE_ndb_print_backup_file");

const TEXT: &[u8] = b"Plain text,\nin two lines.\n";

/// Smallest file that has a progress bar.
const LARGE: u64 = 64 << 20;

/// A directory with a text, also encrypted with the password `open sesame`.
fn place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let secret = Secret::new(b"open sesame".to_vec());
    let encryption = Encryption {
        keys: Keys::Derived { iterations: 9 },
        ..Encryption::backup(&secret)
    };
    let options = Options {
        encryption: Some(encryption),
        ..Options::default()
    };
    fs::write(place.path().join("a.txt"), TEXT).unwrap();
    fs::write(place.path().join("a.enc"), write_all(TEXT, options)).unwrap();
    place
}

fn ndbxfrm(arguments: &[&str]) -> Terminal {
    Terminal::run(NDBXFRM, place(), &[&["--no-defaults"], arguments].concat())
}

fn printer(arguments: &[&str]) -> Terminal {
    Terminal::run(PRINT, place(), &[&["--no-defaults"], arguments].concat())
}

/// Waits for the end; its status and all that was shown.
#[track_caller]
fn assert_ends(terminal: &mut Terminal, status: u32, shown: &str) {
    let found = terminal.wait_for_end();
    let everything = terminal.everything().replace('\r', "");
    assert_eq!((found, everything.as_str()), (status, shown));
}

fn exists(terminal: &Terminal, name: &str) -> bool {
    terminal.home.path().join(name).exists()
}

#[test]
fn passwords_for_both_ends_are_asked_for_in_their_order_without_echo() {
    let options = [
        "--decrypt-password",
        "--encrypt-password",
        "-k9",
        "a.enc",
        "b.enc",
    ];
    let mut terminal = ndbxfrm(&options);
    terminal.type_password("Enter decrypt password: ", "open sesame\r");
    terminal.type_password("Enter encrypt password: ", "close sesame\r");
    terminal.type_password("Enter encrypt password again: ", "close sesame\r");
    let shown = "Enter decrypt password: \nEnter encrypt password: \n\
                 Enter encrypt password again: \n";
    assert_ends(&mut terminal, 0, shown);
    let written = fs::read(terminal.home.path().join("b.enc")).unwrap();
    let secret = Secret::new(b"close sesame".to_vec());
    assert_eq!(read_all(&written, Some(&secret)).unwrap(), TEXT);
}

#[test]
fn a_password_to_encrypt_with_that_was_mistyped_makes_no_file() {
    let mut terminal = ndbxfrm(&["--encrypt-password", "a.txt", "b.enc"]);
    terminal.type_password("Enter encrypt password: ", "close sesame\r");
    terminal.type_password("Enter encrypt password again: ", "close sesamr\r");
    let shown = "Enter encrypt password: \nEnter encrypt password again: \n\
                 Error: the two encrypt passwords differ.\n";
    assert_ends(&mut terminal, 2, shown);
    assert!(!exists(&terminal, "b.enc"));
}

#[test]
fn a_line_of_stdin_is_asked_for_where_stdin_is_a_terminal() {
    let mut terminal = ndbxfrm(&["--decrypt-password-from-stdin", "a.enc", "-"]);
    terminal.type_password("Enter decrypt password: ", "open sesame\r");
    let text = String::from_utf8_lossy(TEXT);
    assert_ends(
        &mut terminal,
        0,
        &format!("Enter decrypt password: \n{text}"),
    );
}

#[test]
fn a_key_is_asked_for_and_checked() {
    let digits: String = b"open sesame"
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut terminal = ndbxfrm(&["--decrypt-key", "a.enc", "b.txt"]);
    terminal.type_password("Enter decrypt key: ", &format!("{digits}\r"));
    assert_ends(&mut terminal, 0, "Enter decrypt key: \n");
    assert_eq!(fs::read(terminal.home.path().join("b.txt")).unwrap(), TEXT);

    let mut terminal = ndbxfrm(&["--decrypt-key", "a.enc", "b.txt"]);
    terminal.type_password("Enter decrypt key: ", "open sesame!\r");
    let shown = "Enter decrypt key: \nError: decrypt key has some bad character.\n";
    assert_ends(&mut terminal, 2, shown);
    assert!(!exists(&terminal, "b.txt"));
}

#[test]
fn what_is_typed_wrongly_is_not_shown_and_leaves_no_file() {
    let prompt = "Enter decrypt password: ";
    for (keys, message) in [
        (
            "sesame\r",
            "Error: Can not read file a.enc, bad password or key?",
        ),
        (
            "open\u{e9}sesame\r",
            "Error: decrypt password has some bad character.",
        ),
        ("\x04", "Error: decrypt password has no end."),
    ] {
        let mut terminal = ndbxfrm(&["--decrypt-password", "a.enc", "b.txt"]);
        terminal.type_password(prompt, keys);
        assert_ends(&mut terminal, 2, &format!("{prompt}\n{message}\n"));
        assert!(!exists(&terminal, "b.txt"));
    }
}

#[test]
fn control_c_at_the_password_ends_the_tool_and_leaves_a_terminal_that_echoes() {
    for tool in [
        format!("'{NDBXFRM}' --no-defaults --decrypt-password a.enc b.txt"),
        format!("'{PRINT}' --no-defaults -P a.enc"),
        format!("'{PRINT}' --no-defaults --backup-password-from-stdin a.enc"),
    ] {
        // The shell is not interrupted: Ctrl-C is a key like others at the prompt.
        let command = format!("{tool}; echo status $?; stty -a");
        let mut terminal = Terminal::run("/bin/sh", place(), &["-c", &command]);
        terminal.type_password(" password: ", "open ses\x03");
        assert_eq!(terminal.wait_for_end(), 0, "{tool}");
        let everything = terminal.everything();
        assert!(everything.contains("status 130"), "{everything}");
        for mode in ["echo ", "icanon ", "isig "] {
            assert!(everything.contains(mode), "{everything}");
            assert!(!everything.contains(&format!("-{mode}")), "{everything}");
        }
        assert!(!everything.contains("ses"), "{everything}");
        assert!(!exists(&terminal, "b.txt"));
    }
}

#[test]
fn the_printer_asks_for_the_password_of_a_backup() {
    let file = backup_file("BACKUP-6.2.log");
    let file = file.to_str().unwrap();
    let password = String::from_utf8_lossy(FIXTURE_PASSWORD);
    for option in ["-P", "--backup-password", "--backup-password-from-stdin"] {
        let mut terminal = printer(&[option, file]);
        terminal.type_password("Enter backup password: ", &format!("{password}\r"));
        assert_eq!(terminal.wait_for_end(), 0, "{option}");
        let shown = terminal.everything().replace('\r', "");
        assert!(
            shown.starts_with("Enter backup password: \n-- FileHeader:\nMagic: NDBBCKUP\n"),
            "{shown}"
        );
        assert!(!shown.contains(&*password));
    }
    let digits: String = FIXTURE_PASSWORD
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut terminal = printer(&["-K", file]);
    terminal.type_password("Enter backup key: ", &format!("{digits}\r"));
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn a_word_after_the_password_option_is_said_to_be_a_file() {
    for option in ["-P", "--backup-password"] {
        let mut terminal = printer(&[option, "pw", "a.txt"]);
        assert_eq!(terminal.wait_for_end(), 1);
        let shown = terminal.everything().replace('\r', "");
        let (first, hint) = shown.split_once('\n').unwrap();
        assert_eq!(
            first,
            "Error: Need one filename for a backup file to print."
        );
        for form in ["-Ppassword", "--backup-password-from-stdin"] {
            assert!(hint.contains(form), "{hint}");
        }
    }
}

/// A ctl file whose only table has this name.
fn ctl_with_name(name: &[u8]) -> Vec<u8> {
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|w| w.to_be_bytes()).collect() };
    let mut file = fs::read(backup_file("BACKUP-1.2.ctl")).unwrap()[..48].to_vec();
    file.extend(words(&[4, 3, 1]));
    let padded = name.len().next_multiple_of(4);
    file.extend(words(&[
        5,
        3 + 2 + padded as u32 / 4,
        2,
        1 << 16 | 1,
        name.len() as u32,
    ]));
    file.extend(name);
    file.resize(file.len() + padded - name.len(), 0);
    file.extend(words(&[6, 4, 18, 20]));
    file
}

#[test]
fn a_terminal_gets_no_control_characters_from_a_file() {
    let place = place();
    let hostile = "a\x1b]0;title\x07b\u{9b}c\u{202e}d\u{200b}\u{e9}\0";
    fs::write(
        place.path().join("f.ctl"),
        ctl_with_name(hostile.as_bytes()),
    )
    .unwrap();
    let piped = Command::new(PRINT)
        .args(["--no-defaults", "f.ctl"])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert!(piped.status.success());
    // What is piped is as the original prints it.
    let raw = hostile.trim_end_matches('\0');
    assert!(String::from_utf8(piped.stdout).unwrap().contains(raw));

    let mut terminal = Terminal::run(PRINT, place, &["--no-defaults", "f.ctl"]);
    assert_eq!(terminal.wait_for_end(), 0);
    let shown = terminal.everything();
    assert!(shown.contains("\"a?]0;title?b?c?d?\u{e9}\""), "{shown}");
}

fn make_sparse(place: &TempDir, size: u64) {
    let file = File::create(place.path().join("zeros")).unwrap();
    file.set_len(size).unwrap();
}

/// Writes zeros to nowhere, with stderr on the terminal.
fn compress_on_terminal(size: u64) -> Terminal {
    let place = place();
    make_sparse(&place, size);
    let command = format!("'{NDBXFRM}' --no-defaults -c zeros - >/dev/null");
    Terminal::run("/bin/sh", place, &["-c", &command])
}

#[test]
fn a_large_file_has_a_progress_bar_that_goes_away() {
    let mut terminal = compress_on_terminal(LARGE);
    assert_eq!(terminal.wait_for_end(), 0);
    let everything = terminal.everything();
    assert!(everything.contains('%'), "{everything:?}");
    assert!(everything.contains("of 64.00 MiB"), "{everything:?}");
    terminal.wait_until("empty screen", |screen| screen.trim().is_empty());
}

#[test]
fn a_smaller_file_has_no_progress_bar() {
    assert_ends(&mut compress_on_terminal(LARGE - 1), 0, "");
}

#[test]
fn a_pipe_gets_no_progress_bar() {
    let place = place();
    make_sparse(&place, LARGE);
    let output = Command::new(NDBXFRM)
        .args(["--no-defaults", "-c", "zeros", "o"])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()));
}

#[test]
fn binary_output_is_not_written_to_a_terminal() {
    let refused = "-: binary output is not written to a terminal\n";
    for option in ["-c", "--encrypt-password=x"] {
        let mut terminal = ndbxfrm(&[option, "a.txt", "-"]);
        assert_eq!(terminal.wait_for_end(), 1, "{option}");
        let shown = terminal.everything().replace('\r', "");
        let expected = format!("Error: Could not create file '-'.\n{refused}");
        assert!(shown.ends_with(&expected), "{shown}");
        assert!(!shown.contains("NDBXFRM1"));
    }
    // Raw data shows what it is only when it is read.
    let place = place();
    fs::write(place.path().join("raw"), b"text\x1b[2J").unwrap();
    let mut terminal = Terminal::run(NDBXFRM, place, &["--no-defaults", "raw", "-"]);
    let shown = format!("Error: Can not write file -.\n{refused}");
    assert_ends(&mut terminal, 2, &shown);
}

#[test]
fn text_is_written_to_a_terminal() {
    let text = String::from_utf8_lossy(TEXT);
    assert_ends(&mut ndbxfrm(&["a.txt", "-"]), 0, &text);
}

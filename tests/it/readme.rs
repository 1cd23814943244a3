//! What the README shows of the programs is what they print.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const PROMPT: &str = "ndb_mgm> ";

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    fs::read_to_string(path).unwrap()
}

/// The block of the README that begins so, without its fences.
fn block(beginning: &str) -> String {
    let text = readme();
    let blocks = text.split("\n```").skip(1).step_by(2);
    let mut bodies = blocks.filter_map(|block| block.split_once('\n'));
    let (_, body) = bodies
        .find(|(_, body)| body.starts_with(beginning))
        .unwrap();
    format!("{body}\n")
}

/// The text with every port and global checkpoint as 0: they are others each time.
fn without_chance(text: &str) -> String {
    let mut shown = String::new();
    for line in text.lines() {
        let words = line.split(' ');
        let mut before = "";
        let words = words.map(|word| {
            let is_chance = matches!(before, "port" | "StartGCP:" | "StopGCP:");
            before = word;
            if is_chance { "0" } else { word }
        });
        shown.push_str(&words.collect::<Vec<_>>().join(" "));
        shown.push('\n');
    }
    shown
}

/// What the client prints on stdout.
fn client(arguments: &[&str], commands: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ndb_mgm"))
        .args(arguments)
        .current_dir(home.path())
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(commands.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_session_is_one_that_the_client_has() {
    let session = block("$ ndb_mgm --sim");
    let (_, session) = session.split_once('\n').unwrap();
    let mut commands = String::new();
    let mut expected = String::new();
    for line in session.lines() {
        match line.strip_prefix(PROMPT) {
            Some(command) => commands.push_str(&format!("{command}\n")),
            None => expected.push_str(&format!("{line}\n")),
        }
    }
    assert_eq!(commands.lines().count(), 3, "{commands}");
    let printed = client(&["--sim"], &commands);
    assert_eq!(without_chance(&printed), without_chance(&expected));
}

#[test]
fn the_first_command_prints_what_is_shown_below_it() {
    let readme = readme();
    let (_, rest) = readme
        .split_once("cargo run --release -- --sim -e \"")
        .unwrap();
    let (command, _) = rest.split_once('"').unwrap();
    let printed = client(&["--sim", "-e", command], "");
    let shown = block("Connected to management server");
    assert_eq!(without_chance(&printed), without_chance(&shown));
}

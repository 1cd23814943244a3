//! The lines of `docs/scripts.md`.

use std::process::Command;

use crate::simulator::{Simulator, TWO_NODES};

const DOCUMENT: &str = include_str!("../../docs/scripts.md");

fn lines() -> Vec<&'static str> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in DOCUMENT.lines() {
        match line {
            "```sh" => is_code = true,
            "```" => is_code = false,
            line if is_code => lines.push(line),
            _ => {}
        }
    }
    lines
}

/// Where jq is not installed, the options of each line are tried without it.
#[test]
fn each_line_prints_something_and_succeeds() {
    let simulator = Simulator::start(TWO_NODES, &[]);
    let has_jq = Command::new("jq").arg("--version").output().is_ok();
    let lines = lines();
    assert!(lines.len() >= 15, "{lines:?}");
    for line in lines {
        let (client, _) = line.split_once(" | jq ").expect("a line with jq");
        let script = if has_jq { line } else { client };
        let script = format!("set -o pipefail; export NDB_CONNECTSTRING=$C; {script}");
        let outcome = simulator.bash(&script);
        assert_eq!(
            outcome.status, 0,
            "{line}: {}{}",
            outcome.stdout, outcome.stderr
        );
        assert!(!outcome.stdout.trim().is_empty(), "{line}");
        // A field that is not there any more is null; only a backup that does not run has none.
        let may_lack = line.contains("REPORT BackupStatus");
        assert!(
            may_lack || !outcome.stdout.contains("null"),
            "{line}: {}",
            outcome.stdout
        );
    }
}

//! The examples of docs/differences.md, run against a simulated cluster.

use std::fs;
use std::path::Path;

use crate::simulator::{Simulator, TWO_NODES};

/// A row of a table whose examples can be run.
struct Example {
    command: String,
    /// Part of what is printed; none if nothing is.
    says: Option<String>,
    status: i32,
}

/// The rows of four columns whose first is a command and whose last is a number.
fn examples() -> Vec<Example> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/differences.md");
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter_map(example).collect()
}

fn example(row: &str) -> Option<Example> {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [command, _original, here, status] = cells[..] else {
        return None;
    };
    let (command, status) = (quoted(command)?, status.parse().ok()?);
    let says = (!here.starts_with("nothing")).then(|| quoted(here).expect(row));
    Some(Example {
        command,
        says,
        status,
    })
}

/// What a cell has between backticks at its start.
fn quoted(cell: &str) -> Option<String> {
    let (text, _) = cell.strip_prefix('`')?.split_once('`')?;
    Some(text.to_owned())
}

#[test]
fn every_example_of_the_differences_is_true() {
    let examples = examples();
    assert!(examples.len() > 20, "{} examples", examples.len());
    let simulator = Simulator::start(TWO_NODES, &["--rows", "100"]);
    for Example {
        command,
        says,
        status,
    } in examples
    {
        let output = simulator.client(&["-e", &command], "");
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stdout: String = stdout
            .split_inclusive('\n')
            .filter(|line| !line.starts_with("Connected to management server"))
            .collect();
        assert_eq!(output.status.code(), Some(status), "{command}: {stdout}");
        match says {
            Some(text) => assert!(stdout.contains(&text), "{command}: {stdout}"),
            None => assert_eq!(stdout, "", "{command}"),
        }
    }
    let cluster = simulator.client(&["-e", "ALL STATUS"], "");
    let status = String::from_utf8(cluster.stdout).unwrap();
    assert_eq!(status.matches(": started").count(), 2, "{status}");
}

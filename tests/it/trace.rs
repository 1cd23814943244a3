//! Recordings of the original client against a real cluster, and what they hold.
//!
//! A trace is one invocation: its arguments, input, output and exit status, and per TCP connection
//! what went over the wire, in order.

use std::path::{Path, PathBuf};

/// Which side sent a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// Lines that one side sent without a break.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    pub(crate) side: Side,
    pub(crate) lines: Vec<String>,
}

impl Chunk {
    /// The bytes of the chunk: every line ends in a newline.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// One recorded invocation.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) name: String,
    pub(crate) argv: Vec<String>,
    pub(crate) stdin: Option<String>,
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) connections: Vec<Vec<Chunk>>,
}

impl Trace {
    /// Reads `tests/fixtures/console/<name>.trace`.
    pub(crate) fn read(name: &str) -> Trace {
        let path = console_dir().join(format!("{name}.trace"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        parse(name, &text)
    }

    /// All traces, by name.
    pub(crate) fn all() -> Vec<Trace> {
        let mut names: Vec<String> = std::fs::read_dir(console_dir())
            .expect("the recordings are part of the project")
            .map(|entry| entry.expect("readable directory").path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "trace")
            })
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.iter().map(|name| Trace::read(name)).collect()
    }
}

fn console_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/console")
}

fn parse(name: &str, text: &str) -> Trace {
    let mut trace = Trace {
        name: name.to_owned(),
        argv: Vec::new(),
        stdin: None,
        exit: 0,
        stdout: String::new(),
        stderr: String::new(),
        connections: Vec::new(),
    };
    let mut stdout = Vec::new();
    for line in text.lines() {
        if let Some(json) = line.strip_prefix("# argv: ") {
            trace.argv = serde_json::from_str(json).expect("argv is a JSON array");
        } else if let Some(json) = line.strip_prefix("# stdin: ") {
            trace.stdin = Some(serde_json::from_str(json).expect("stdin is a JSON string"));
        } else if let Some(status) = line.strip_prefix("# exit: ") {
            trace.exit = status.parse().expect("exit status");
        } else if line.starts_with("# connection ") {
            trace.connections.push(Vec::new());
        } else if let Some(output) = line.strip_prefix("O: ") {
            stdout.push(output);
        } else if let Some(output) = line.strip_prefix("E: ") {
            trace.stderr.push_str(output);
            trace.stderr.push('\n');
        } else if let Some(sent) = line.strip_prefix("C: ") {
            push(&mut trace, Side::Client, sent);
        } else if let Some(sent) = line.strip_prefix("S: ") {
            push(&mut trace, Side::Server, sent);
        } else {
            panic!("{name}: unexpected line {line:?}");
        }
    }
    // A lone empty line stands for no output at all.
    if stdout != [""] {
        trace.stdout = stdout.iter().map(|line| format!("{line}\n")).collect();
    }
    trace
}

fn push(trace: &mut Trace, side: Side, line: &str) {
    let chunks = trace
        .connections
        .last_mut()
        .expect("a line before its connection");
    match chunks.last_mut() {
        Some(chunk) if chunk.side == side => chunk.lines.push(line.to_owned()),
        _ => chunks.push(Chunk {
            side,
            lines: vec![line.to_owned()],
        }),
    }
}

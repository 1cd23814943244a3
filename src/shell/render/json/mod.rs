//! Results as data: one object for a command, and one for an event.
//!
//! Pure: no IO, no clock. The objects are described by the JSON Schema files of `docs/schema`, which
//! are made from these types. Numbers are exact: the largest are unsigned 64-bit.

mod error;
mod event;
mod health;
mod node;
mod progress;
mod result;
mod roll;
#[cfg(test)]
mod schema;
mod step;
mod top;

use std::fmt::Write;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::is_harmful;
use crate::cluster::Event;
use crate::cluster::live::Snapshot;
use crate::cluster::state::MemoryLimits;
use crate::shell::outcome::{Failure, Look, Outcome, Step};

use error::ErrorReport;
use event::EventReport;
use progress::ProgressReport;
use result::ResultReport;
use step::{StepLine, StepReport};
use top::SnapshotReport;

/// Version of the objects. A later one may add fields; it is counted up when one changes its
/// meaning or goes.
const SCHEMA: u32 = 1;

/// How an object is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Layout {
    /// Over several lines, for people.
    Indented,
    /// On one line, for programs that read line by line.
    Line,
}

/// A command that has ended.
pub(in crate::shell) struct Ended<'a> {
    /// Its canonical spelling, without a password.
    pub(in crate::shell) command: &'a str,
    /// The management server, as `host:port`, if there was one.
    pub(in crate::shell) server: Option<&'a str>,
    /// When it began.
    pub(in crate::shell) began: Timestamp,
    /// When it ended.
    pub(in crate::shell) ended: Timestamp,
    /// What it said before it ended.
    pub(in crate::shell) steps: &'a [Told],
    /// What came of it.
    pub(in crate::shell) result: Result<&'a Outcome, &'a Failure>,
    /// The status with which the program would end now.
    pub(in crate::shell) status: u8,
    /// What is to be done about a failure.
    pub(in crate::shell) advice: &'a str,
}

/// Something that a command said before it ended.
pub(in crate::shell) struct Told(StepReport);

impl Told {
    /// A step, heard at `now`.
    pub(in crate::shell) fn step(step: &Step, now: Timestamp) -> Self {
        Told(StepReport::of(step, now))
    }

    /// A part that failed.
    pub(in crate::shell) fn failure(failure: &Failure, advice: &str) -> Self {
        Told(StepReport::Failed {
            error: ErrorReport::of(failure, advice),
        })
    }
}

/// One command and what came of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "Command"))]
struct CommandReport<'a> {
    /// Version of this object; see `docs/scripts.md`.
    schema: u32,
    /// Always `command`; an event's is `event`.
    r#type: CommandType,
    /// The command in its canonical spelling, a password as `***`.
    command: &'a str,
    /// The management server as `host:port`; null if none was reached.
    server: Option<&'a str>,
    /// When the command began.
    began: Time,
    /// When it ended.
    ended: Time,
    /// True if all of it was done.
    ok: bool,
    /// The exit status of a run of this command alone.
    status: u8,
    /// Why it failed; null if it did not.
    error: Option<ErrorReport>,
    /// What happened on the way, in order.
    steps: Vec<&'a StepReport>,
    /// What it gave; null for a failure that left nothing to tell.
    result: Option<ResultReport>,
}

/// A moment as RFC 3339 writes it, in UTC, to the millisecond.
#[derive(Serialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline, extend("format" = "date-time")))]
struct Time(String);

impl Time {
    fn of(moment: Timestamp) -> Self {
        Time(moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
enum CommandType {
    Command,
}

/// The object of a command, with its newline.
pub(in crate::shell) fn render_command(ended: &Ended<'_>, layout: Layout) -> String {
    let (error, result) = match ended.result {
        Ok(outcome) => (None, Some(ResultReport::of(outcome))),
        Err(failure) => (
            Some(ErrorReport::of(failure, ended.advice)),
            ResultReport::of_failure(failure),
        ),
    };
    let report = CommandReport {
        schema: SCHEMA,
        r#type: CommandType::Command,
        command: ended.command,
        server: ended.server,
        began: Time::of(ended.began),
        ended: Time::of(ended.ended),
        ok: ended.status == 0,
        status: ended.status,
        error,
        steps: ended.steps.iter().map(|told| &told.0).collect(),
        result,
    };
    render(&report, layout)
}

/// The object of an event that was heard at `now`, on one line.
pub(in crate::shell) fn render_event(event: &Event, now: Timestamp) -> String {
    render(&EventReport::of(event, now), Layout::Line)
}

/// The object of a step that happened at `now`, on one line.
pub(in crate::shell) fn render_step(step: &Step, now: Timestamp) -> String {
    render(&StepLine::of(step, now), Layout::Line)
}

/// The object of a look at a backup, on one line.
pub(in crate::shell) fn render_look(look: &Look, now: Timestamp) -> String {
    render(&ProgressReport::of(look, Time::of(now)), Layout::Line)
}

/// The object of a picture of TOP, on one line; memory is judged by these limits.
pub(in crate::shell) fn render_snapshot(snapshot: &Snapshot, limits: MemoryLimits) -> String {
    render(&SnapshotReport::of(snapshot, limits), Layout::Line)
}

fn render(report: &impl Serialize, layout: Layout) -> String {
    let text = match layout {
        Layout::Indented => serde_json::to_string_pretty(report),
        Layout::Line => serde_json::to_string(report),
    };
    let mut text = escaped(text.expect("only strings are keys, and nothing is written to"));
    text.push('\n');
    text
}

/// JSON whose strings hold nothing that a terminal would obey or hide.
fn escaped(json: String) -> String {
    let is_hidden = |c: char| c != '\n' && is_harmful(c);
    if !json.contains(is_hidden) {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_means_the_same() {
        let said = "gr\u{fc}n \u{202e}x\u{1b}[2J\u{9b}";
        let json = escaped(serde_json::to_string(said).expect("a string"));
        assert_eq!(json, "\"gr\u{fc}n \\u202ex\\u001b[2J\\u009b\"");
        let read: String = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read, said);
    }
}

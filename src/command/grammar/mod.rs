//! The nom grammar, one function per production.

mod backup;
mod batch;
mod care;
mod fault;
mod general;
mod lexical;
mod log;
mod node;

use nom::Parser;
use nom::branch::alt;
use nom::combinator::cut;

use super::ast::{Command, Query, WATCH_SECONDS, WATCH_SECONDS_MAX};
use super::error::{ParseError, ParseErrorKind};
use super::keyword::Keyword;
use super::redact::{redact, redact_span};
use super::suggest;
use super::syntax;
use super::text::{body, is_blank, split_word};
use fault::{Fault, Parsed, refuse_rest, refuse_word};
use lexical::{is_number, keyword};

pub use batch::split;

/// Reads one line.
///
/// ```text
/// line = blanks [ comment | command ] { ";" | blank }
/// ```
///
/// Blanks and TABs around it and semicolons at its end do not count.
///
/// # Errors
///
/// A [`ParseError`] says what is wrong and where.
pub fn parse(line: &str) -> Result<Command, ParseError> {
    let text = body(line);
    if text.is_empty() || comment(text) {
        return Ok(Command::Nothing);
    }
    let fault = match command(text) {
        Ok((_, command)) => return Ok(command),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => fault,
        Err(nom::Err::Incomplete(_)) => Fault::word(text, ParseErrorKind::NotACommand),
    };
    Err(explain(line, text, fault))
}

/// ```text
/// comment = "#" text
/// ```
fn comment(text: &str) -> bool {
    text.starts_with('#')
}

/// ```text
/// command = watch | single-command
/// ```
fn command(input: &str) -> Parsed<'_, Command> {
    alt((watch, single_command)).parse(input)
}

/// ```text
/// watch = "\WATCH" [ number ] single-command        ; 1 to 86400; one that only asks
/// ```
fn watch(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Watch)(input)?;
    let (word, after) = split_word(input);
    let (seconds, line) = match is_number(word) {
        true => (word.parse().unwrap_or(u32::MAX), after),
        false => (WATCH_SECONDS, input),
    };
    if !(1..=WATCH_SECONDS_MAX).contains(&seconds) {
        return refuse_word(input, ParseErrorKind::WatchSecondsOutOfRange);
    }
    if line.is_empty() {
        return refuse_word(line, ParseErrorKind::QueryExpected);
    }
    let (rest, command) = cut(single_command).parse(line)?;
    match Query::of(command) {
        Some(query) => Ok((rest, Command::Watch { seconds, query })),
        None => refuse_rest(line, ParseErrorKind::QueryExpected),
    }
}

/// ```text
/// single-command = start | abort-backup | node-line | general-command | clusterlog
///                | nodegroup-command | care-command
/// ```
fn single_command(input: &str) -> Parsed<'_, Command> {
    alt((
        backup::start,
        backup::abort_backup,
        node::node_line,
        general::general_command,
        log::clusterlog,
        node::nodegroup_command,
        care::care_command,
    ))
    .parse(input)
}

/// Places a fault of `text`, a part of `line`, in the line, and adds what was expected there.
fn explain(line: &str, text: &str, fault: Fault) -> ParseError {
    let lead = line.len() - line.trim_start_matches(is_blank).len();
    let start = lead + text.len().saturating_sub(fault.rest);
    let span = start..start + fault.length;
    let before = line.get(..span.start).unwrap_or_default();
    let word = line.get(span.clone()).unwrap_or_default();
    let next = syntax::next(&redact(before));
    let after = line.get(span.end..).unwrap_or_default();
    let advice = suggest::advice(before, word, after, fault.kind, &next);
    ParseError {
        kind: fault.kind,
        expected: next.into_iter().map(syntax::Next::text).collect(),
        advice,
        command: redact(text).into(),
        word: redact_span(line, span.clone()).into(),
        is_of_node_command: fault.is_of_node_command,
        span,
    }
}

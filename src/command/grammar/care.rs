//! Taking care of a cluster: HEALTH, WAIT FOR, OK TO STOP, ROLLING RESTART, TOP.

use nom::Parser;
use nom::branch::alt;

use crate::cluster::NodeId;
use crate::cluster::state::AwaitedState;
use crate::command::ast::{
    Command, RollingRestart, TOP_MILLISECONDS, TOP_MILLISECONDS_MAX, TOP_MILLISECONDS_MIN, Targets,
    WaitForNodes,
};
use crate::command::error::ParseErrorKind as Kind;
use crate::command::keyword::Keyword;
use crate::command::text::is_blank;

use super::fault::{Parsed, refuse_word};
use super::general::node_id;
use super::lexical::{end, is_number, keyword, must_be, word};

/// The options of the command line, which may stand in ROLLING RESTART as well.
const STOP_ONLY: &str = "--stop-only";
const DRY_RUN: &str = "--dry-run";

/// ```text
/// care-command = health | wait-for | ok-to-stop | rolling-restart | top
/// ```
pub(super) fn care_command(input: &str) -> Parsed<'_, Command> {
    alt((health, wait_for, ok_to_stop, rolling_restart, top)).parse(input)
}

/// ```text
/// health = "HEALTH"
/// ```
fn health(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Health)(input)?;
    let (input, ()) = end(input, Kind::NotACommand)?;
    Ok((input, Command::Health))
}

/// ```text
/// wait-for = "WAIT" "FOR" node-set awaited-state { "AFTER" "RESTART" | timeout }
/// node-set = "ALL" | node-ids
/// ```
fn wait_for(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Wait)(input)?;
    let (input, ()) = must_be(input, Keyword::For, Kind::AnotherWordExpected)?;
    let (input, targets) = node_set(input)?;
    let (mut input, state) = awaited_state(input)?;
    let mut wait = WaitForNodes {
        targets,
        state,
        after_restart: false,
        timeout: None,
    };
    while !input.is_empty() {
        let (rest, word) = word(input)?;
        if Keyword::After.is(word) {
            let (rest, ()) = must_be(rest, Keyword::Restart, Kind::AnotherWordExpected)?;
            once(input, wait.after_restart)?;
            wait.after_restart = true;
            input = rest;
        } else {
            once(input, wait.timeout.is_some() && Keyword::Timeout.is(word))?;
            let (rest, seconds) = timeout(input)?;
            wait.timeout = Some(seconds);
            input = rest;
        }
    }
    Ok((input, Command::WaitFor(wait)))
}

/// ```text
/// awaited-state = "STARTED" | "NOT" "STARTED" | "NO" "CONTACT"
/// ```
fn awaited_state(input: &str) -> Parsed<'_, AwaitedState> {
    if let Ok((rest, ())) = keyword(Keyword::Started)(input) {
        Ok((rest, AwaitedState::Started))
    } else if let Ok((rest, ())) = keyword(Keyword::Not)(input) {
        let (rest, ()) = must_be(rest, Keyword::Started, Kind::AnotherWordExpected)?;
        Ok((rest, AwaitedState::NotStarted))
    } else {
        let (rest, ()) = must_be(input, Keyword::No, Kind::AnotherWordExpected)?;
        let (rest, ()) = must_be(rest, Keyword::Contact, Kind::AnotherWordExpected)?;
        Ok((rest, AwaitedState::NoContact))
    }
}

/// ```text
/// ok-to-stop = "OK" "TO" "STOP" node-ids
/// ```
fn ok_to_stop(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Ok)(input)?;
    let (input, ()) = must_be(input, Keyword::To, Kind::AnotherWordExpected)?;
    let (input, ()) = must_be(input, Keyword::Stop, Kind::AnotherWordExpected)?;
    let (input, nodes) = node_ids(input)?;
    let (input, ()) = end(input, Kind::AnotherWordExpected)?;
    Ok((input, Command::OkToStop(nodes)))
}

/// ```text
/// rolling-restart = "ROLLING" "RESTART" [ node-set ] { rolling-option }
/// rolling-option = "PER" "NODEGROUP" | "INITIAL" | stop-only | timeout | dry-run
/// stop-only = "STOP" "ONLY" | "--stop-only"
/// dry-run = "DRY" "RUN" | "--dry-run"
/// ```
fn rolling_restart(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Rolling)(input)?;
    let (mut input, ()) = must_be(input, Keyword::Restart, Kind::AnotherWordExpected)?;
    let mut targets = Targets::All;
    if begins_with_node(input) || keyword(Keyword::All)(input).is_ok() {
        (input, targets) = node_set(input)?;
    }
    let mut rolling = RollingRestart {
        targets,
        per_nodegroup: false,
        initial: false,
        stop_only: false,
        timeout: None,
        dry_run: false,
    };
    while !input.is_empty() {
        input = rolling_option(input, &mut rolling)?.0;
    }
    Ok((input, Command::RollingRestart(rolling)))
}

fn rolling_option<'a>(input: &'a str, rolling: &mut RollingRestart) -> Parsed<'a, ()> {
    let (rest, word) = word(input)?;
    let (second, option) = if word.eq_ignore_ascii_case(STOP_ONLY) {
        (None, &mut rolling.stop_only)
    } else if word.eq_ignore_ascii_case(DRY_RUN) {
        (None, &mut rolling.dry_run)
    } else if Keyword::Per.is(word) {
        (Some(Keyword::Nodegroup), &mut rolling.per_nodegroup)
    } else if Keyword::Initial.is(word) {
        (None, &mut rolling.initial)
    } else if Keyword::Stop.is(word) {
        (Some(Keyword::Only), &mut rolling.stop_only)
    } else if Keyword::Dry.is(word) {
        (Some(Keyword::Run), &mut rolling.dry_run)
    } else {
        once(
            input,
            rolling.timeout.is_some() && Keyword::Timeout.is(word),
        )?;
        let (rest, seconds) = timeout(input)?;
        rolling.timeout = Some(seconds);
        return Ok((rest, ()));
    };
    once(input, *option)?;
    *option = true;
    match second {
        Some(second) => must_be(rest, second, Kind::AnotherWordExpected),
        None => Ok((rest, ())),
    }
}

/// ```text
/// top = "TOP" [ "EVERY" interval ]
/// interval = digit { digit } [ "." digit { digit } ] blanks        ; 0.1 to 86400
/// ```
fn top(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Top)(input)?;
    if input.is_empty() {
        let milliseconds = TOP_MILLISECONDS;
        return Ok((input, Command::Top { milliseconds }));
    }
    let (input, ()) = must_be(input, Keyword::Every, Kind::AnotherWordExpected)?;
    match word(input) {
        Ok((rest, word)) => match interval(word) {
            Some(milliseconds) => {
                let (rest, ()) = end(rest, Kind::AnotherWordExpected)?;
                Ok((rest, Command::Top { milliseconds }))
            }
            None => refuse_word(input, Kind::TopSecondsOutOfRange),
        },
        Err(_) => refuse_word(input, Kind::TopSecondsOutOfRange),
    }
}

/// Seconds with a fraction, of which the milliseconds count.
fn interval(word: &str) -> Option<u32> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, "0"));
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let fraction: String = fraction.chars().chain("00".chars()).take(3).collect();
    let whole: u32 = whole.parse().ok()?;
    let milliseconds = whole
        .checked_mul(1000)?
        .checked_add(fraction.parse().ok()?)?;
    (TOP_MILLISECONDS_MIN..=TOP_MILLISECONDS_MAX)
        .contains(&milliseconds)
        .then_some(milliseconds)
}

/// Fails if the option at `input` has been given before.
fn once(input: &str, given: bool) -> Parsed<'_, ()> {
    match given {
        true => refuse_word(input, Kind::OptionRepeated),
        false => Ok((input, ())),
    }
}

/// ```text
/// timeout = "TIMEOUT" seconds
/// seconds = number        ; 0 to 4294967295
/// ```
fn timeout(input: &str) -> Parsed<'_, u32> {
    let (input, ()) = must_be(input, Keyword::Timeout, Kind::AnotherWordExpected)?;
    match word(input) {
        Ok((rest, word)) if is_number(word) => match word.parse() {
            Ok(seconds) => Ok((rest, seconds)),
            Err(_) => refuse_word(input, Kind::SecondsExpected),
        },
        _ => refuse_word(input, Kind::SecondsExpected),
    }
}

fn node_set(input: &str) -> Parsed<'_, Targets> {
    match keyword(Keyword::All)(input) {
        Ok((rest, ())) => Ok((rest, Targets::All)),
        Err(_) => {
            let (rest, nodes) = node_ids(input)?;
            Ok((rest, Targets::Nodes(nodes)))
        }
    }
}

fn begins_with_node(input: &str) -> bool {
    input.starts_with(|c: char| c.is_ascii_digit())
}

/// Commas, blanks, or both stand between ids.
///
/// ```text
/// node-ids = node-id { [ "," ] blanks node-id }
/// ```
fn node_ids(mut input: &str) -> Parsed<'_, Vec<NodeId>> {
    let mut nodes = Vec::new();
    if !begins_with_node(input) {
        return refuse_word(input, Kind::AnotherWordExpected);
    }
    while begins_with_node(input) {
        let (rest, word) = word(input)?;
        let mut parts = word.split(',').peekable();
        while let Some(part) = parts.next() {
            match node_id(part) {
                Some(node) => nodes.push(node),
                // A comma at the end of a word leads to the next one.
                None if part.is_empty() && parts.peek().is_none() && begins_with_node(rest) => {}
                None => return refuse_word(input, Kind::NodeIdOutOfRange),
            }
        }
        input = rest;
        if let Some(more) = rest.strip_prefix(',') {
            let more = more.trim_start_matches(is_blank);
            if !begins_with_node(more) {
                return refuse_word(rest, Kind::AnotherWordExpected);
            }
            input = more;
        }
    }
    Ok((input, nodes))
}

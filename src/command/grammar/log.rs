//! CLUSTERLOG, LOGLEVEL and NODELOG.

use crate::cluster::{EventCategory, FilterSwitch, LogLevel, Severity};
use crate::command::ast::{CategoryLevel, Command, ItemError, Severities, Target};
use crate::command::error::ParseErrorKind as Kind;
use crate::command::keyword::Keyword;
use crate::command::text::words;

use super::fault::{Parsed, refuse_word};
use super::lexical::{end, is_number, keyword, must_be, word};

/// ```text
/// clusterlog = "CLUSTERLOG" ( "INFO" | filter-switch { severity } )
/// filter-switch = "ON" | "OFF" | "TOGGLE" | "FILTER"
/// severity = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL" | "ALERT" | "ALL"
/// ```
pub(super) fn clusterlog(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Clusterlog)(input)?;
    if input.is_empty() {
        return refuse_word(input, Kind::ClusterLogArgumentMissing);
    }
    let (rest, first) = word(input)?;
    if Keyword::Info.is(first) {
        let (rest, ()) = end(rest, Kind::ClusterLogArgumentUnknown)?;
        return Ok((rest, Command::ClusterLogInfo));
    }
    let switch = if Keyword::On.is(first) {
        FilterSwitch::On
    } else if Keyword::Off.is(first) {
        FilterSwitch::Off
    } else if Keyword::Toggle.is(first) || Keyword::Filter.is(first) {
        FilterSwitch::Toggle
    } else {
        return refuse_word(input, Kind::ClusterLogArgumentUnknown);
    };
    let severities = words(rest).map(severities).collect();
    Ok((
        &rest[rest.len()..],
        Command::ClusterLogFilter { switch, severities },
    ))
}

fn severities(word: &str) -> Result<Severities, ItemError> {
    if Keyword::All.is(word) {
        return Ok(Severities::All);
    }
    Severity::from_name(word)
        .map(Severities::One)
        .ok_or_else(|| ItemError::UnknownSeverity(word.into()))
}

/// ```text
/// clusterlog-levels = "CLUSTERLOG" level { level }
/// ```
pub(super) fn clusterlog_levels(input: &str, target: Target) -> Parsed<'_, Command> {
    let (rest, levels) = levels(input)?;
    Ok((rest, Command::ClusterLogLevels { target, levels }))
}

/// ```text
/// loglevel = "LOGLEVEL" level { level }
/// ```
pub(super) fn loglevel(input: &str, target: Target) -> Parsed<'_, Command> {
    let (rest, levels) = levels(input)?;
    Ok((rest, Command::LogLevels { target, levels }))
}

type Levels = Vec<Result<CategoryLevel, ItemError>>;

fn levels(input: &str) -> Parsed<'_, Levels> {
    if input.is_empty() {
        return refuse_word(input, Kind::LevelMissing);
    }
    Ok((&input[input.len()..], words(input).map(level).collect()))
}

/// ```text
/// level = category "=" number        ; 0 to 15
/// category = "STARTUP" | "SHUTDOWN" | "STATISTICS" | "CHECKPOINT" | "NODERESTART"
///          | "CONNECTION" | "INFO" | "ERROR" | "CONGESTION" | "DEBUG" | "BACKUP" | "SCHEMA"
/// ```
fn level(word: &str) -> Result<CategoryLevel, ItemError> {
    let (name, level) = word
        .split_once('=')
        .ok_or_else(|| ItemError::NotALevel(word.into()))?;
    let category = EventCategory::from_name(name).ok_or_else(|| ItemError::UnknownCategory {
        category: name.into(),
        level: level.into(),
    })?;
    let number = level.parse().ok().filter(|_| is_number(level));
    match number.and_then(LogLevel::new) {
        Some(level) => Ok(CategoryLevel { category, level }),
        None => Err(ItemError::LevelOutOfRange {
            category,
            level: level.into(),
        }),
    }
}

/// ```text
/// nodelog = "NODELOG" "DEBUG" ( "ON" | "OFF" )
/// ```
pub(super) fn nodelog(input: &str, target: Target) -> Parsed<'_, Command> {
    let kind = match words(input).count() {
        2 => Kind::NodeLogArgumentUnknown,
        _ => Kind::NodeLogArgumentCount,
    };
    let (input, ()) = must_be(input, Keyword::Debug, kind)?;
    let (rest, on) = match keyword(Keyword::On)(input) {
        Ok((rest, ())) => (rest, true),
        Err(_) => (must_be(input, Keyword::Off, kind)?.0, false),
    };
    let (rest, ()) = end(rest, kind)?;
    Ok((rest, Command::NodeLogDebug { target, on }))
}

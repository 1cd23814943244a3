//! The commands of nodes: `<id> ..`, `<id> <id> ..`, `ALL ..`; and the nodegroups.

use nom::Parser;
use nom::branch::alt;

use crate::cluster::{NodeId, Nodegroup, ReportKind, RestartOptions, StopOptions};
use crate::command::ast::{Command, DUMP_WORDS_MAX, Target, Targets};
use crate::command::error::ParseErrorKind as Kind;
use crate::command::keyword::Keyword;
use crate::command::text::{is_blank, split_word};

use super::fault::{Parsed, not_this, refuse_rest, refuse_word};
use super::general::node_id;
use super::lexical::{end, is_number, keyword, must_be, word};
use super::log::{clusterlog_levels, loglevel, nodelog};

/// ```text
/// node-line = targets node-command
/// ```
pub(super) fn node_line(input: &str) -> Parsed<'_, Command> {
    let (rest, targets) = targets(input)?;
    if rest.is_empty() {
        return match targets {
            Targets::All => refuse_word(rest, Kind::CommandMissing),
            Targets::Nodes(_) => refuse_word(rest, Kind::NotACommand),
        };
    }
    let parsed = match targets {
        Targets::All => node_command(rest, Target::All),
        Targets::Nodes(nodes) => match nodes.as_slice() {
            [node] => node_command(rest, Target::Node(*node)),
            _ => return node_list_command(rest, Targets::Nodes(nodes)),
        },
    };
    parsed.map_err(|fault| {
        fault.map(|mut fault| {
            fault.is_of_node_command = fault.kind != Kind::NotANodeCommand;
            fault
        })
    })
}

/// ```text
/// targets = "ALL" | node-id { node-id }
/// ```
fn targets(input: &str) -> Parsed<'_, Targets> {
    if let Ok((rest, ())) = keyword(Keyword::All)(input) {
        return Ok((rest, Targets::All));
    }
    let mut nodes = Vec::new();
    let mut input = input;
    while input.starts_with(|c: char| c.is_ascii_digit()) {
        let (rest, word) = word(input)?;
        match node_id(word) {
            Some(node) => nodes.push(node),
            // A number alone is no command, whatever its value.
            None if nodes.is_empty() && rest.is_empty() => {
                return refuse_word(input, Kind::NotACommand);
            }
            None => return refuse_word(input, Kind::NodeIdOutOfRange),
        }
        input = rest;
    }
    match nodes.is_empty() {
        true => not_this(input),
        false => Ok((input, Targets::Nodes(nodes))),
    }
}

/// ```text
/// node-list-command = node-start | stop | restart
/// ```
fn node_list_command(input: &str, targets: Targets) -> Parsed<'_, Command> {
    let (rest, word) = word(input)?;
    if Keyword::Start.is(word) {
        node_start(rest, targets)
    } else if Keyword::Stop.is(word) {
        stop(rest, targets)
    } else if Keyword::Restart.is(word) {
        restart(rest, targets)
    } else {
        refuse_word(input, Kind::NotANodeListCommand)
    }
}

/// ```text
/// node-command = node-list-command | status | report | clusterlog-levels | loglevel
///              | nodelog | dump | log | teston | testoff
/// ```
fn node_command(input: &str, target: Target) -> Parsed<'_, Command> {
    let targets = match target {
        Target::All => Targets::All,
        Target::Node(node) => Targets::Nodes(vec![node]),
    };
    let (rest, word) = word(input)?;
    match node_keyword(word) {
        Some(Keyword::Start | Keyword::Stop | Keyword::Restart) => {
            node_list_command(input, targets)
        }
        Some(Keyword::Status) => status(rest, target),
        Some(Keyword::Report) => report(rest, target),
        Some(Keyword::Clusterlog) => clusterlog_levels(rest, target),
        Some(Keyword::Loglevel) => loglevel(rest, target),
        Some(Keyword::Nodelog) => nodelog(rest, target),
        Some(Keyword::Dump) => dump(rest, target),
        Some(Keyword::Log) => log(rest, target),
        Some(Keyword::TestOn) => teston(rest, target),
        Some(Keyword::TestOff) => testoff(rest, target),
        _ => refuse_word(input, Kind::NotANodeCommand),
    }
}

fn node_keyword(word: &str) -> Option<Keyword> {
    [
        Keyword::Status,
        Keyword::Report,
        Keyword::Start,
        Keyword::Stop,
        Keyword::Restart,
        Keyword::Clusterlog,
        Keyword::Loglevel,
        Keyword::Nodelog,
        Keyword::Dump,
        Keyword::Log,
        Keyword::TestOn,
        Keyword::TestOff,
    ]
    .into_iter()
    .find(|keyword| keyword.is(word))
}

/// ```text
/// status = "STATUS"
/// ```
fn status(input: &str, target: Target) -> Parsed<'_, Command> {
    let (input, ()) = end(input, Kind::UnexpectedParameter)?;
    Ok((input, Command::Status(target)))
}

/// ```text
/// log = "LOG"
/// ```
fn log(input: &str, target: Target) -> Parsed<'_, Command> {
    let (input, ()) = end(input, Kind::UnexpectedParameter)?;
    Ok((input, Command::Log(target)))
}

/// ```text
/// teston = "TESTON"
/// ```
fn teston(input: &str, target: Target) -> Parsed<'_, Command> {
    let (input, ()) = end(input, Kind::UnexpectedParameter)?;
    Ok((input, Command::TestOn(target)))
}

/// ```text
/// testoff = "TESTOFF"
/// ```
fn testoff(input: &str, target: Target) -> Parsed<'_, Command> {
    let (input, ()) = end(input, Kind::UnexpectedParameter)?;
    Ok((input, Command::TestOff(target)))
}

/// ```text
/// node-start = "START"
/// ```
fn node_start(input: &str, targets: Targets) -> Parsed<'_, Command> {
    let (input, ()) = end(input, Kind::UnexpectedParameter)?;
    Ok((input, Command::Start(targets)))
}

/// ```text
/// stop = "STOP" { "-A" | "-F" }
/// ```
fn stop(mut input: &str, targets: Targets) -> Parsed<'_, Command> {
    let mut options = StopOptions::default();
    while !input.is_empty() {
        let (rest, word) = word(input)?;
        match flag(word) {
            Some('A') => options.abort = true,
            Some('F') => options.force = true,
            _ => return refuse_word(input, Kind::StopOptionUnknown),
        }
        input = rest;
    }
    Ok((input, Command::Stop { targets, options }))
}

/// ```text
/// restart = "RESTART" { "-N" | "-I" | "-A" | "-F" }
/// ```
fn restart(mut input: &str, targets: Targets) -> Parsed<'_, Command> {
    let mut options = RestartOptions::default();
    while !input.is_empty() {
        let (rest, word) = word(input)?;
        match flag(word) {
            Some('N') => options.nostart = true,
            Some('I') => options.initial = true,
            Some('A') => options.abort = true,
            Some('F') => options.force = true,
            _ => return refuse_word(input, Kind::RestartOptionUnknown),
        }
        input = rest;
    }
    Ok((input, Command::Restart { targets, options }))
}

/// The letter of a `-x` option, upper case.
fn flag(word: &str) -> Option<char> {
    match word.as_bytes() {
        [b'-', letter] => Some(letter.to_ascii_uppercase() as char),
        _ => None,
    }
}

/// ```text
/// report = "REPORT" report-type
/// report-type = ? a prefix of BackupStatus, MemoryUsage or EventLog ?
///             | ? a prefix of Backup, Memory or Event ? blanks ? of Status, Usage or Log ?
/// ```
fn report(input: &str, target: Target) -> Parsed<'_, Command> {
    if input.is_empty() {
        return refuse_word(input, Kind::ReportTypeMissing);
    }
    let named = |kind: &ReportKind| names_report(input, *kind);
    match ReportKind::ALL.into_iter().find(named) {
        Some(kind) => Ok((&input[input.len()..], Command::Report { target, kind })),
        None => refuse_rest(input, Kind::ReportTypeUnknown),
    }
}

/// True for the start of the report's name, and for the starts of both of its words.
fn names_report(text: &str, kind: ReportKind) -> bool {
    let begins = |name: &str, start: &str| {
        name.get(..start.len())
            .is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
    };
    match (split_word(text), kind.words()) {
        ((only, ""), _) => begins(kind.name(), only),
        ((first, second), words) => begins(words.0, first) && begins(words.1, second),
    }
}

/// ```text
/// dump = "DUMP" dump-word { dump-word }        ; at most 25
/// ```
fn dump(mut input: &str, target: Target) -> Parsed<'_, Command> {
    if input.is_empty() {
        return refuse_word(input, Kind::DumpWordMissing);
    }
    let mut words = Vec::new();
    while !input.is_empty() {
        if words.len() == DUMP_WORDS_MAX {
            return refuse_rest(input, Kind::DumpWordsTooMany);
        }
        let (rest, word) = word(input)?;
        match dump_word(word) {
            Some(word) => words.push(word),
            None => return refuse_word(input, Kind::DumpWordIllegal),
        }
        input = rest;
    }
    Ok((input, Command::Dump { target, words }))
}

/// ```text
/// dump-word = number | "0x" hex-digit { hex-digit } blanks        ; 0 to 0xffffffff
/// hex-digit = ? 0 to 9, a to f, A to F ?
/// ```
///
/// A leading zero is refused: some would read `010` as eight, others as ten, and a wrong dump
/// code can stop a node.
fn dump_word(word: &str) -> Option<u32> {
    if let Some(hex) = word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        let digits = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        return digits.then(|| u32::from_str_radix(hex, 16).ok())?;
    }
    let plain = is_number(word) && (word == "0" || !word.starts_with('0'));
    plain.then(|| word.parse().ok())?
}

/// ```text
/// nodegroup-command = create-nodegroup | drop-nodegroup
/// ```
pub(super) fn nodegroup_command(input: &str) -> Parsed<'_, Command> {
    alt((create_nodegroup, drop_nodegroup)).parse(input)
}

/// ```text
/// create-nodegroup = "CREATE" "NODEGROUP" node-id { "," node-id }
/// ```
fn create_nodegroup(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Create)(input)?;
    let (input, ()) = must_be(input, Keyword::Nodegroup, Kind::NotACommand)?;
    let nodes: Option<Vec<NodeId>> = input
        .split(',')
        .map(|part| node_id(part.trim_matches(is_blank)))
        .collect();
    match nodes {
        Some(nodes) => Ok((&input[input.len()..], Command::CreateNodegroup(nodes))),
        None => refuse_rest(input, Kind::NodeListExpected),
    }
}

/// ```text
/// drop-nodegroup = "DROP" "NODEGROUP" number        ; 0 to 65535
/// ```
fn drop_nodegroup(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Drop)(input)?;
    let (input, ()) = must_be(input, Keyword::Nodegroup, Kind::NotACommand)?;
    let (word, rest) = split_word(input);
    let (rest, ()) = end(rest, Kind::NodegroupExpected)?;
    match word.parse() {
        Ok(nodegroup) if is_number(word) => {
            Ok((rest, Command::DropNodegroup(Nodegroup(nodegroup))))
        }
        _ => refuse_word(input, Kind::NodegroupExpected),
    }
}

//! The commands without a node: HELP, QUIT, CONNECT, PROMPT, SLEEP, SHOW and the like.

use nom::Parser;
use nom::branch::alt;

use crate::cluster::NodeId;
use crate::command::ast::{Command, HelpTopic};
use crate::command::error::ParseErrorKind as Kind;
use crate::command::keyword::Keyword;
use crate::command::text::split_word;

use super::fault::{Parsed, refuse_rest, refuse_word};
use super::lexical::{end, is_number, keyword, must_be, text};

/// ```text
/// general-command = help | quit | exit | connect | prompt | sleep | pager | no-pager | show
///                 | shutdown | enter-single-user-mode | purge | tls-info
/// ```
pub(super) fn general_command(input: &str) -> Parsed<'_, Command> {
    alt((
        help_command,
        quit,
        exit,
        connect,
        prompt,
        sleep,
        pager,
        no_pager,
        show,
        shutdown,
        enter_single_user_mode,
        purge,
        tls_info,
    ))
    .parse(input)
}

/// ```text
/// help = ( "HELP" | "?" ) [ topic ]
/// topic = keyword { keyword }        ; one that HELP has a page for
/// ```
fn help_command(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = alt((keyword(Keyword::Help), keyword(Keyword::QuestionMark))).parse(input)?;
    let rest = &input[input.len()..];
    if input.is_empty() {
        return Ok((rest, Command::Help(None)));
    }
    match HelpTopic::new(input) {
        Some(topic) => Ok((rest, Command::Help(Some(topic)))),
        None => refuse_rest(input, Kind::HelpTopicUnknown),
    }
}

/// ```text
/// quit = "QUIT" | "BYE"
/// ```
fn quit(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = alt((keyword(Keyword::Quit), keyword(Keyword::Bye))).parse(input)?;
    let (input, ()) = end(input, Kind::NotACommand)?;
    Ok((input, Command::Quit))
}

/// ```text
/// exit = "EXIT" [ "SINGLE" "USER" "MODE" ]
/// ```
fn exit(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Exit)(input)?;
    if input.is_empty() {
        return Ok((input, Command::Quit));
    }
    let (input, ()) = single_user_mode(input)?;
    let (input, ()) = end(input, Kind::NotACommand)?;
    Ok((input, Command::ExitSingleUserMode))
}

fn single_user_mode(input: &str) -> Parsed<'_, ()> {
    let (input, ()) = must_be(input, Keyword::Single, Kind::NotACommand)?;
    let (input, ()) = must_be(input, Keyword::User, Kind::NotACommand)?;
    must_be(input, Keyword::Mode, Kind::NotACommand)
}

/// ```text
/// enter-single-user-mode = "ENTER" "SINGLE" "USER" "MODE" node-id
/// ```
fn enter_single_user_mode(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Enter)(input)?;
    let (input, ()) = single_user_mode(input)?;
    let (word, rest) = split_word(input);
    let (rest, ()) = end(rest, Kind::ApiNodeExpected)?;
    match node_id(word) {
        Some(node) => Ok((rest, Command::EnterSingleUserMode(node))),
        None => refuse_word(input, Kind::ApiNodeExpected),
    }
}

/// ```text
/// node-id = number        ; 1 to 255
/// ```
pub(super) fn node_id(word: &str) -> Option<NodeId> {
    NodeId::new(is_number(word).then(|| word.parse().ok())??)
}

/// ```text
/// connect = "CONNECT" [ text ]
/// ```
fn connect(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Connect)(input)?;
    text.map(Command::Connect).parse(input)
}

/// ```text
/// prompt = "PROMPT" [ text ]
/// ```
fn prompt(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Prompt)(input)?;
    text.map(Command::Prompt).parse(input)
}

/// ```text
/// sleep = "SLEEP" number
/// ```
fn sleep(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Sleep)(input)?;
    let (word, rest) = split_word(input);
    let (rest, ()) = end(rest, Kind::NotACommand)?;
    match word.parse() {
        Ok(seconds) if is_number(word) => Ok((rest, Command::Sleep(seconds))),
        _ => refuse_word(input, Kind::NotACommand),
    }
}

/// ```text
/// pager = "PAGER" [ text ]
/// ```
fn pager(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Pager)(input)?;
    text.map(Command::Pager).parse(input)
}

/// ```text
/// no-pager = "NOPAGER"
/// ```
fn no_pager(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Nopager)(input)?;
    let (input, ()) = end(input, Kind::NotACommand)?;
    Ok((input, Command::NoPager))
}

/// ```text
/// show = "SHOW"
/// ```
fn show(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Show)(input)?;
    if !input.is_empty() {
        return refuse_rest(input, Kind::ShowArgument);
    }
    Ok((input, Command::Show))
}

/// ```text
/// shutdown = "SHUTDOWN"
/// ```
fn shutdown(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Shutdown)(input)?;
    let (input, ()) = end(input, Kind::NotACommand)?;
    Ok((input, Command::Shutdown))
}

/// ```text
/// purge = "PURGE" "STALE" "SESSIONS"
/// ```
fn purge(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Purge)(input)?;
    let (input, ()) = must_be(input, Keyword::Stale, Kind::PurgeIncomplete)?;
    let (input, ()) = must_be(input, Keyword::Sessions, Kind::PurgeIncomplete)?;
    let (input, ()) = end(input, Kind::PurgeIncomplete)?;
    Ok((input, Command::PurgeStaleSessions))
}

/// ```text
/// tls-info = "TLS" "INFO"
/// ```
fn tls_info(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Tls)(input)?;
    let (input, ()) = must_be(input, Keyword::Info, Kind::NotACommand)?;
    let (input, ()) = end(input, Kind::NotACommand)?;
    Ok((input, Command::TlsInfo))
}

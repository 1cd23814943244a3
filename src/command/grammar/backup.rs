//! START BACKUP and ABORT BACKUP, and START TLS, which shares the first word.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::tag_no_case;
use nom::combinator::{opt, value};
use zeroize::Zeroizing;

use crate::cluster::{BackupId, BackupPassword, SnapshotPoint, WaitFor};
use crate::command::ast::{Command, Encryption, StartBackup};
use crate::command::error::ParseErrorKind as Kind;
use crate::command::keyword::Keyword;
use crate::command::text::{is_blank, split_word};

use super::fault::{Parsed, not_this, refuse_rest, refuse_word};
use super::lexical::{blanks, end, is_number, keyword, must_be, word};

/// Longest backup id, in digits; longer ones, if only by leading zeros, are out of range.
const ID_DIGITS_MAX: usize = 12;

/// ```text
/// start = start-backup | start-tls
/// ```
pub(super) fn start(input: &str) -> Parsed<'_, Command> {
    let (rest, ()) = keyword(Keyword::Start)(input)?;
    match alt((start_backup, start_tls)).parse(rest) {
        Err(nom::Err::Error(_)) => refuse_word(rest, Kind::NotACommand),
        parsed => parsed,
    }
}

/// ```text
/// start-tls = "START" "TLS"
/// ```
fn start_tls(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Tls)(input)?;
    let (input, ()) = end(input, Kind::NotACommand)?;
    Ok((input, Command::StartTls))
}

/// ```text
/// start-backup = "START" "BACKUP" [ backup-id ] { backup-option }
/// ```
///
/// The id comes directly after BACKUP; the options follow in any order, each kind once.
fn start_backup(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Backup)(input)?;
    let (mut input, id) = opt(backup_id).parse(input)?;
    let (mut encryption, mut wait, mut snapshot) = (None, None, None);
    while !input.is_empty() {
        let (rest, option) = backup_option(input)?;
        let repeated = match option {
            BackupOption::Encrypt(option) => encryption.replace(option).is_some(),
            BackupOption::Wait(option) => wait.replace(option).is_some(),
            BackupOption::Snapshot(option) => snapshot.replace(option).is_some(),
        };
        if repeated {
            return refuse_word(input, Kind::BackupOption);
        }
        input = rest;
    }
    let backup = StartBackup {
        id,
        encryption,
        wait: wait.unwrap_or_default(),
        snapshot: snapshot.unwrap_or_default(),
    };
    Ok((input, Command::StartBackup(backup)))
}

/// ```text
/// backup-id = number        ; 1 to 4294967294
/// ```
///
/// Any word that begins as a number is meant as an id: `0`, `-1` and `5x` are faults.
fn backup_id(input: &str) -> Parsed<'_, BackupId> {
    let (rest, word) = word(input)?;
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return not_this(input);
    }
    match id_from(word) {
        Some(id) => Ok((rest, id)),
        None if is_number(unsigned) => refuse_word(input, Kind::BackupIdOutOfRange),
        None => refuse_word(input, Kind::BackupIdNotANumber),
    }
}

fn id_from(word: &str) -> Option<BackupId> {
    let short = is_number(word) && word.len() <= ID_DIGITS_MAX;
    BackupId::new(short.then(|| word.parse().ok())??)
}

enum BackupOption {
    Encrypt(Encryption),
    Wait(WaitFor),
    Snapshot(SnapshotPoint),
}

/// ```text
/// backup-option = encryption-option | wait-option | snapshot-option
/// ```
fn backup_option(input: &str) -> Parsed<'_, BackupOption> {
    let parsed = alt((
        wait_option.map(BackupOption::Wait),
        snapshot_option.map(BackupOption::Snapshot),
        encryption_option.map(BackupOption::Encrypt),
    ))
    .parse(input);
    match parsed {
        Err(nom::Err::Error(_)) => refuse_word(input, Kind::BackupOption),
        parsed => parsed,
    }
}

/// ```text
/// wait-option = "WAIT" ( "STARTED" | "COMPLETED" ) | "NOWAIT"
/// ```
fn wait_option(input: &str) -> Parsed<'_, WaitFor> {
    if let Ok((rest, ())) = keyword(Keyword::Nowait)(input) {
        return Ok((rest, WaitFor::Nothing));
    }
    let (input, ()) = keyword(Keyword::Wait)(input)?;
    let parsed = alt((
        value(WaitFor::Started, keyword(Keyword::Started)),
        value(WaitFor::Completed, keyword(Keyword::Completed)),
    ))
    .parse(input);
    match parsed {
        Err(nom::Err::Error(_)) => refuse_word(input, Kind::BackupOption),
        parsed => parsed,
    }
}

/// ```text
/// snapshot-option = "SNAPSHOTSTART" | "SNAPSHOTEND"
/// ```
fn snapshot_option(input: &str) -> Parsed<'_, SnapshotPoint> {
    alt((
        value(SnapshotPoint::Start, keyword(Keyword::SnapshotStart)),
        value(SnapshotPoint::End, keyword(Keyword::SnapshotEnd)),
    ))
    .parse(input)
}

/// ```text
/// encryption-option = "ENCRYPT" [ password-option ]
/// ```
///
/// Without a password the client finds one or asks, in whatever order the options stand.
fn encryption_option(input: &str) -> Parsed<'_, Encryption> {
    let (input, ()) = keyword(Keyword::Encrypt)(input)?;
    let (input, password) = opt(password_option).parse(input)?;
    Ok((
        input,
        password.map_or(Encryption::AskPassword, Encryption::Password),
    ))
}

/// ```text
/// password-option = "PASSWORD" "=" ( "'" password "'" | '"' password '"' ) blanks
/// password = { password-character }        ; at most 256
/// password-character = ? printable ASCII, none of ! ' " $ % \ ^ ?
/// ```
///
/// No blanks stand between PASSWORD and the first quote.
///
/// The value ends at the first quote of its kind with a blank or the end behind it, so that
/// a quote inside is reported as the character that is not allowed.
fn password_option(input: &str) -> Parsed<'_, BackupPassword> {
    let (secret, _) = (tag_no_case(Keyword::Password.text()), tag_no_case("=")).parse(input)?;
    let Some((password, rest)) = quoted(secret) else {
        return refuse_rest(input, Kind::PasswordNotQuoted);
    };
    match BackupPassword::new(Zeroizing::new(password.as_bytes().to_vec())) {
        Ok(password) => blanks(rest).map(|(rest, _)| (rest, password)),
        Err(fault) => {
            let fault = Kind::Password(fault);
            refuse_rest(input, fault)
        }
    }
}

/// The text between the quotes, and what follows them.
fn quoted(input: &str) -> Option<(&str, &str)> {
    let quote = input.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inside = &input[1..];
    let (end, _) = inside.match_indices(quote).find(|(end, _)| {
        let behind = inside[end + 1..].chars().next();
        behind.is_none_or(is_blank)
    })?;
    Some((&inside[..end], &inside[end + 1..]))
}

/// ```text
/// abort-backup = "ABORT" "BACKUP" backup-id
/// ```
pub(super) fn abort_backup(input: &str) -> Parsed<'_, Command> {
    let (input, ()) = keyword(Keyword::Abort)(input)?;
    let (input, ()) = must_be(input, Keyword::Backup, Kind::NotACommand)?;
    let (word, rest) = split_word(input);
    let (rest, ()) = end(rest, Kind::AbortIdExpected)?;
    match id_from(word) {
        Some(id) => Ok((rest, Command::AbortBackup(id))),
        None if is_number(word.strip_prefix('-').unwrap_or(word)) => {
            refuse_word(input, Kind::AbortIdOutOfRange)
        }
        None => refuse_word(input, Kind::AbortIdExpected),
    }
}

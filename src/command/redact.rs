//! Lines without their passwords.

use std::ops::Range;

use super::keyword::Keyword;
use super::nearest::nearest;
use super::text::{is_blank, split_word, words};

/// What stands for a password.
pub(super) const SHOWN: &str = "***";

/// The line with its password as `PASSWORD=***`, for the history and for messages.
///
/// Rather too much than too little: a password without quotes, or whose quotes do not match,
/// takes the rest of the line with it. In a line about backups a misspelt `PASSWROD='..'`, a
/// quoted text that stands alone and a strange word after ENCRYPT are hidden as well. Any
/// other line comes back unchanged.
pub fn redact(line: &str) -> String {
    match secret(line) {
        Some(secret) => format!("{}{SHOWN}{}", &line[..secret.start], &line[secret.end..]),
        None => line.to_owned(),
    }
}

/// The part of the line for which [`redact`] shows [`SHOWN`].
pub(super) fn secret(line: &str) -> Option<Range<usize>> {
    let start = shown_secret(line)?;
    Some(start..line.len() - after_secret(&line[start..]).len())
}

/// A part of a line, without what belongs to its password or comes after it.
pub(super) fn redact_span(line: &str, span: Range<usize>) -> String {
    match shown_secret(line) {
        Some(start) if span.end > start => {
            format!("{}{SHOWN}", line.get(span.start..start).unwrap_or_default())
        }
        _ => line.get(span).unwrap_or_default().to_owned(),
    }
}

/// Where the secret begins, if there is one, or an equals sign that asks for one.
fn shown_secret(line: &str) -> Option<usize> {
    secret_start(line).filter(|start| *start < line.len() || line.ends_with('='))
}

/// Where the secret begins: after PASSWORD and an equals sign; in a line about backups also
/// after any equals sign, at any quote, and where ENCRYPT is not followed by an option.
fn secret_start(line: &str) -> Option<usize> {
    let mut starts = find_ignore_case(line, Keyword::Password.text());
    if about_backups(line) {
        let value = line.find('=').map(|at| at + 1);
        let quote = line.find(['\'', '"']);
        let strange = strange_word(line);
        starts = [starts, value, quote, strange].into_iter().flatten().min();
    }
    let rest = &line[starts?..];
    let rest = rest.trim_start_matches(is_blank);
    let rest = match rest.strip_prefix('=') {
        Some(value) => value.trim_start_matches(is_blank),
        None => rest,
    };
    Some(line.len() - rest.len())
}

/// Start of the first word after ENCRYPT that is no option and, as far as can be seen, was not
/// meant to be one; if it was meant to be PASSWORD, the place behind it.
fn strange_word(line: &str) -> Option<usize> {
    let mut encrypt = false;
    let mut rest = line;
    while !rest.is_empty() {
        let (word, next) = split_word(rest);
        if encrypt && !word.trim_end_matches(';').is_empty() {
            let start = line.len() - rest.trim_start_matches(is_blank).len();
            match nearest(word.trim_end_matches(';'), &OPTIONS) {
                Some("PASSWORD") => return Some(start + word.len()),
                Some(_) => (),
                None if word.contains('=') => return None,
                None => return Some(start),
            }
        }
        encrypt |= Keyword::Encrypt.is(word);
        rest = next;
    }
    None
}

/// The words that may follow ENCRYPT.
const OPTIONS: [&str; 8] = [
    "ENCRYPT",
    "PASSWORD",
    "WAIT",
    "STARTED",
    "COMPLETED",
    "NOWAIT",
    "SNAPSHOTSTART",
    "SNAPSHOTEND",
];

/// Index after the first occurrence of `word`, which is ASCII.
fn find_ignore_case(line: &str, word: &str) -> Option<usize> {
    line.as_bytes()
        .windows(word.len())
        .position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
        .map(|at| at + word.len())
}

fn about_backups(line: &str) -> bool {
    words(line).any(|word| Keyword::Encrypt.is(word) || Keyword::Backup.is(word))
}

/// True if the line ends within its secret, as far as can be seen: what would come next may
/// still belong to it.
pub(super) fn ends_in_secret(line: &str) -> bool {
    let line = line.trim_end_matches(is_blank);
    shown_secret(line).is_some_and(|start| options_after(&line[start..]).is_none())
}

/// What follows a secret, as it may be shown.
fn after_secret(secret: &str) -> &str {
    options_after(secret).unwrap_or_default()
}

/// What follows a quoted secret, which reaches to the last quote of its kind that ends a word.
/// None if that is not the end of the secret for sure, because strange words follow.
fn options_after(secret: &str) -> Option<&str> {
    let quote = secret.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let ends_word = |rest: &str| rest.chars().next().is_none_or(|c| is_blank(c) || c == ';');
    secret
        .rmatch_indices(quote)
        .filter(|(at, _)| *at > 0)
        .map(|(at, _)| &secret[at + 1..])
        .find(|rest| ends_word(rest))
        .filter(|rest| words(rest).all(is_option))
}

/// True for an option, even a misspelt one, and for semicolons alone.
fn is_option(word: &str) -> bool {
    let word = word.trim_end_matches(';');
    word.is_empty() || nearest(word, &OPTIONS).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (line, shown) in [
            (
                "START BACKUP 5 ENCRYPT PASSWORD='a b' NOWAIT",
                "START BACKUP 5 ENCRYPT PASSWORD=*** NOWAIT",
            ),
            (
                "start backup encrypt password=\"a;#'b\";",
                "start backup encrypt password=***;",
            ),
            (
                "START BACKUP ENCRYPT PASSWORD=abc def",
                "START BACKUP ENCRYPT PASSWORD=***",
            ),
            (
                "START BACKUP ENCRYPT PASSWORD = 'abc' NOWAIT",
                "START BACKUP ENCRYPT PASSWORD = *** NOWAIT",
            ),
            (
                "START BACKUP ENCRYPT PASSWORD 'abc'",
                "START BACKUP ENCRYPT PASSWORD ***",
            ),
            (
                "START BACKUP ENCRYPT PASSWORD='it's me' NOWAIT",
                "START BACKUP ENCRYPT PASSWORD=*** NOWAIT",
            ),
            (
                "START BACKUP ENCRYPT PASSWORD='abc NOWAIT",
                "START BACKUP ENCRYPT PASSWORD=***",
            ),
            (
                "START BACKUP ENCRYPT PASSWORD='abc\" NOWAIT",
                "START BACKUP ENCRYPT PASSWORD=***",
            ),
            (
                "START BACKUP ENCRYPT PASSWROD='abc' NOWAIT",
                "START BACKUP ENCRYPT PASSWROD=*** NOWAIT",
            ),
            ("START BACKUP ENCRYPT 'abc'", "START BACKUP ENCRYPT ***"),
            (
                "START BACKUP ENCRYPT PASSWORD='abc' def\" NOWAIT",
                "START BACKUP ENCRYPT PASSWORD=***",
            ),
            ("START BACKUP 'x' ENCRYPT PASSWORD='y'", "START BACKUP ***"),
            (
                "START BACKUP 1 ENCRYPTPASSWORD='y'",
                "START BACKUP 1 ENCRYPTPASSWORD=***",
            ),
            ("PASSWORD=", "PASSWORD=***"),
            (
                "START BACKUP 1 ENCRYPT PASSWROD abc NOWAIT",
                "START BACKUP 1 ENCRYPT PASSWROD ***",
            ),
            (
                "START BACKUP ENCRYPT abc NOWAIT",
                "START BACKUP ENCRYPT ***",
            ),
            (
                "START BACKUP ENCRYPT NOWAIT abc",
                "START BACKUP ENCRYPT NOWAIT ***",
            ),
        ] {
            assert_eq!(redact(line), shown);
        }
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for line in [
            "",
            "ALL CLUSTERLOG BACKUP=15",
            "CONNECT nodeid=5,localhost:1186",
            "PROMPT it's>",
            "START BACKUP 7 ENCRYPT NOWAIT",
            "START BACKUP ENCRYPT PASSWORD",
            "HELP START BACKUP",
            "START BACKUP 7 ENCRYPT NOWIAT SNAPSHOTSTRAT;",
            "START BACKUP FOO",
        ] {
            assert_eq!(redact(line), line);
        }
    }
}

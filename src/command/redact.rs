//! Lines without their passwords.

use super::keyword::Keyword;
use super::text::{is_blank, words};

const SHOWN: &str = "***";

/// The line with its password as `PASSWORD=***`, for the history and for messages.
///
/// Rather too much than too little: a password without quotes, or whose quotes do not match,
/// takes the rest of the line with it; in a line about backups a misspelt `PASSWROD='..'`, or
/// a quoted text that stands alone, is hidden as well. Any other line comes back unchanged.
pub fn redact(line: &str) -> String {
    let Some(start) = secret_start(line) else {
        return line.to_owned();
    };
    let (before, secret) = line.split_at(start);
    if secret.is_empty() && !before.ends_with('=') {
        return line.to_owned();
    }
    format!("{before}{SHOWN}{}", after_secret(secret))
}

/// Where the secret begins: after PASSWORD and an equals sign; in a line about backups also
/// after any equals sign, and at any quote.
fn secret_start(line: &str) -> Option<usize> {
    let mut starts = find_ignore_case(line, Keyword::Password.text());
    if about_backups(line) {
        let value = line.find('=').map(|at| at + 1);
        let quote = line.find(['\'', '"']);
        starts = [starts, value, quote].into_iter().flatten().min();
    }
    let start = starts?;
    let rest = &line[start..];
    let rest = rest.trim_start_matches(is_blank);
    let rest = match rest.strip_prefix('=') {
        Some(value) => value.trim_start_matches(is_blank),
        None => rest,
    };
    Some(line.len() - rest.len())
}

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

/// What follows a quoted secret: it reaches to the last quote of its kind that ends a word.
fn after_secret(secret: &str) -> &str {
    let Some(quote) = secret.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        return "";
    };
    let ends_word = |rest: &str| rest.chars().next().is_none_or(|c| is_blank(c) || c == ';');
    secret
        .rmatch_indices(quote)
        .filter(|(at, _)| *at > 0)
        .map(|(at, _)| &secret[at + 1..])
        .find(|rest| ends_word(rest))
        .unwrap_or_default()
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
            ("START BACKUP 'x' ENCRYPT PASSWORD='y'", "START BACKUP ***"),
            (
                "START BACKUP 1 ENCRYPTPASSWORD='y'",
                "START BACKUP 1 ENCRYPTPASSWORD=***",
            ),
            ("PASSWORD=", "PASSWORD=***"),
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
        ] {
            assert_eq!(redact(line), line);
        }
    }
}

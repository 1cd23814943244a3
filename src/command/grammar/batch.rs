//! Several commands in one text.

use crate::command::redact::ends_in_secret;
use crate::command::text::{body, is_blank};

/// The lines of a text, in their order, without the semicolons between them. One that is alone
/// is the text as it was given, unless a semicolon begins it: a fault repeats it.
///
/// ```text
/// batch = line { ";" line }
/// ```
///
/// A semicolon separates nothing in quotes, which begin a word or follow an equals sign; in a
/// comment; and behind what may be a password without quotes: no part of one is to be taken
/// for a command, and shown. A quote that is not closed lasts to the end: it is a slip, and what
/// follows one may not be what its user wants.
pub fn split(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    let mut quote = None;
    for (index, letter) in text.char_indices() {
        match (letter, quote) {
            (';', None) => {
                let line = &text[start..index];
                if is_comment(line) || ends_in_secret(line) {
                    break;
                }
                lines.push(line);
                start = index + 1;
            }
            ('\'' | '"', None) if is_blank(before) || matches!(before, '=' | ';') => {
                quote = Some(letter);
            }
            (letter, Some(open)) if letter == open && ends_word(&text[index + 1..]) => quote = None,
            _ => {}
        }
        before = letter;
    }
    lines.push(&text[start..]);
    lines.retain(|line| !body(line).is_empty());
    match lines.as_slice() {
        // No command begins so, and a fault of what is between would be laid to the semicolon.
        [_] if text.trim_start_matches(is_blank).starts_with(';') => lines,
        [] | [_] => vec![text],
        _ => lines,
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start_matches(is_blank).starts_with('#')
}

fn ends_word(rest: &str) -> bool {
    let next = rest.chars().next();
    next.is_none_or(|next| is_blank(next) || next == ';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_separate_commands() {
        for (text, lines) in [
            ("SHOW", &["SHOW"][..]),
            ("show;", &["show;"]),
            ("SHOW; ALL STATUS", &["SHOW", " ALL STATUS"]),
            (";; SHOW ;\t; 2 STOP ;", &[" SHOW ", " 2 STOP "]),
            (" ; ;2 STATUS ;", &["2 STATUS "]),
            ("", &[""]),
            (" ; ", &[" ; "]),
            ("# a; b", &["# a; b"]),
            ("SHOW; # a; b", &["SHOW", " # a; b"]),
        ] {
            assert_eq!(split(text), lines, "{text}");
        }
    }

    #[test]
    fn a_semicolon_in_quotes_separates_nothing() {
        for (text, lines) in [
            ("2 LOG 'a; b'; SHOW", &["2 LOG 'a; b'", " SHOW"][..]),
            ("2 LOG \"it's; b\"; SHOW", &["2 LOG \"it's; b\"", " SHOW"]),
            ("PROMPT it's>; SHOW", &["PROMPT it's>", " SHOW"]),
            ("2 LOG 'a; ALL STOP", &["2 LOG 'a; ALL STOP"]),
        ] {
            assert_eq!(split(text), lines, "{text}");
        }
    }

    #[test]
    fn no_part_of_a_password_is_a_command() {
        for (text, lines) in [
            (
                "START BACKUP 1 ENCRYPT PASSWORD='a;b' NOWAIT; SHOW",
                &["START BACKUP 1 ENCRYPT PASSWORD='a;b' NOWAIT", " SHOW"][..],
            ),
            (
                "START BACKUP 1 ENCRYPT PASSWORD=\"a';b\";SHOW;",
                &["START BACKUP 1 ENCRYPT PASSWORD=\"a';b\"", "SHOW"],
            ),
            (
                "START BACKUP 1 ENCRYPT PASSWORD='it's;x'; SHOW",
                &["START BACKUP 1 ENCRYPT PASSWORD='it's;x'", " SHOW"],
            ),
            (
                "START BACKUP 1 ENCRYPT; SHOW",
                &["START BACKUP 1 ENCRYPT", " SHOW"],
            ),
            (
                "START BACKUP 1 ENCRYPT PASSWORD=a;b; SHOW",
                &["START BACKUP 1 ENCRYPT PASSWORD=a;b; SHOW"],
            ),
            (
                "START BACKUP 1 ENCRYPT PASSWORD= ;b",
                &["START BACKUP 1 ENCRYPT PASSWORD= ;b"],
            ),
            (
                "START BACKUP 1 ENCRYPT PASSWORD='a; SHUTDOWN",
                &["START BACKUP 1 ENCRYPT PASSWORD='a; SHUTDOWN"],
            ),
            (
                "START BACKUP 1 ENCRYPT PASSWROD='a;b'; SHOW",
                &["START BACKUP 1 ENCRYPT PASSWROD='a;b'", " SHOW"],
            ),
            (
                "START BACKUP 1 ENCRYPT a;b",
                &["START BACKUP 1 ENCRYPT a;b"],
            ),
        ] {
            assert_eq!(split(text), lines, "{text}");
        }
    }
}

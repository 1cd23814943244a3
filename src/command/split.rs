//! Several commands in one text.

use std::ops::Range;

/// The commands of a text that has semicolons between them. One within quotes, as in a password,
/// separates nothing; a quote that is not closed lasts to the end, and so does a comment.
pub fn split(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut piece = Range { start: 0, end: 0 };
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (letter, quote) {
            (';', None) if !is_comment(&text[piece.start..at]) => {
                piece.end = at;
                pieces.push(&text[piece.clone()]);
                piece.start = at + 1;
            }
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            _ => {}
        }
    }
    pieces.push(&text[piece.start..]);
    pieces.retain(|piece| !piece.trim().is_empty());
    match pieces.as_slice() {
        // As it was given: a fault repeats the line.
        [] | [_] => vec![text],
        _ => pieces,
    }
}

fn is_comment(piece: &str) -> bool {
    piece.trim_start().starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_separate_but_within_quotes_and_comments() {
        for (text, commands) in [
            ("SHOW; ALL STATUS", &["SHOW", " ALL STATUS"][..]),
            ("show;", &["show;"]),
            (" ; ", &[" ; "]),
            ("", &[""]),
            (
                "START BACKUP 1 ENCRYPT PASSWORD='a;b'; SHOW",
                &["START BACKUP 1 ENCRYPT PASSWORD='a;b'", " SHOW"],
            ),
            (
                "START BACKUP 1 ENCRYPT PASSWORD=\"a';b\";SHOW;",
                &["START BACKUP 1 ENCRYPT PASSWORD=\"a';b\"", "SHOW"],
            ),
            (
                "START BACKUP 1 ENCRYPT PASSWORD='a; SHUTDOWN",
                &["START BACKUP 1 ENCRYPT PASSWORD='a; SHUTDOWN"],
            ),
            ("# a; b", &["# a; b"]),
            ("SHOW; # a; b", &["SHOW", " # a; b"]),
        ] {
            assert_eq!(split(text), commands, "{text}");
        }
    }
}

//! Which words of a line, or of a help page, are keywords.

use std::ops::Range;

use super::keyword::Keyword;
use super::redact::{SHOWN, redact, secret};
use super::syntax::{Next, next};
use super::text::is_blank;

/// Longer lines are no commands, and what may follow a word is asked for each of them.
const LINE_MAX: usize = 400;

/// The words of a line that stand where the grammar has them, in any case; none of them is within
/// a password.
pub fn keywords(line: &str) -> Vec<Range<usize>> {
    if line.len() > LINE_MAX {
        return Vec::new();
    }
    let shown = redact(line);
    let secret = secret(line);
    // Where a byte of what is shown stands in the line.
    let place = |at: usize| match &secret {
        Some(secret) if at >= secret.start + SHOWN.len() => {
            at - (secret.start + SHOWN.len()) + secret.end
        }
        _ => at,
    };
    words_of(&shown, is_blank)
        .filter_map(|word| {
            let length = keyword_length(&shown[..word.start], &shown[word.clone()])?;
            Some(place(word.start)..place(word.start + length))
        })
        .collect()
}

/// How much of a word behind `before` is a keyword, or begins with one and an equals sign.
fn keyword_length(before: &str, word: &str) -> Option<usize> {
    // A line may end with semicolons.
    let word = word.trim_end_matches(';');
    next(before)
        .into_iter()
        .filter_map(Next::word)
        .find_map(|candidate| {
            let (name, is_whole) = match candidate.split_once('=') {
                Some((name, _)) => (name, false),
                None => (candidate, true),
            };
            let starts = word.get(..name.len())?.eq_ignore_ascii_case(name);
            let rest = &word[name.len()..];
            let fits = if is_whole {
                rest.is_empty()
            } else {
                rest.starts_with('=')
            };
            (starts && fits).then_some(name.len())
        })
}

/// The keywords of a help page, which writes them in upper case and nothing else so.
pub fn keywords_of_page(page: &str) -> Vec<Range<usize>> {
    let is_between = |c: char| !(c.is_ascii_alphabetic() || matches!(c, '\\' | '?'));
    words_of(page, is_between)
        .filter(|word| {
            let text = &page[word.clone()];
            Keyword::ALL.iter().any(|keyword| keyword.text() == text)
        })
        .collect()
}

fn words_of(text: &str, is_between: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(|c| !is_between(c))?;
        let end = text[start..]
            .find(&is_between)
            .map_or(text.len(), |length| start + length);
        at = end;
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(line: &str) -> Vec<&str> {
        keywords(line).into_iter().map(|span| &line[span]).collect()
    }

    #[test]
    fn keywords_are_found_where_the_grammar_has_them() {
        for (line, expected) in [
            ("START BACKUP 7 NOWAIT;", &["START", "BACKUP", "NOWAIT"][..]),
            ("  all  status", &["all", "status"]),
            ("2 restart -n", &["restart", "-n"]),
            ("BACKUP START", &[]),
            ("PROMPT SHOW", &["PROMPT"]),
            ("ALL CLUSTERLOG BACKUP=15", &["ALL", "CLUSTERLOG", "BACKUP"]),
            ("all report memory", &["all", "report"]),
            ("", &[]),
            ("SHOWS", &[]),
        ] {
            assert_eq!(marked(line), expected, "{line}");
        }
        assert!(keywords(&"ALL ".repeat(200)).is_empty());
    }

    #[test]
    fn no_word_of_a_password_is_a_keyword() {
        assert_eq!(
            marked("START BACKUP ENCRYPT PASSWORD='a NOWAIT WAIT b' NOWAIT"),
            ["START", "BACKUP", "ENCRYPT", "PASSWORD", "NOWAIT"]
        );
        let line = "START BACKUP ENCRYPT PASSWORD='\u{e4} NOWAIT";
        assert_eq!(marked(line), ["START", "BACKUP", "ENCRYPT", "PASSWORD"]);
    }

    #[test]
    fn pages_have_their_keywords_in_upper_case() {
        let page = "{<node id> | ALL} STATUS\n  Show ALL; a STATUSES, starting. HELP:";
        let found: Vec<&str> = keywords_of_page(page)
            .into_iter()
            .map(|span| &page[span])
            .collect();
        assert_eq!(found, ["ALL", "STATUS", "ALL", "HELP"]);
    }
}

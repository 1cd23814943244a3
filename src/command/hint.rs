//! What may still be typed, shown behind the line.

use super::complete::{Completion, complete};
use super::grammar::parse;
use super::redact::{redact, secret};
use super::syntax::{self, Next};
use super::text::is_blank;

/// The rest of a line, as far as it is certain, and of its syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// All of it, such as `US` behind `ALL STAT`, or ` <seconds>` behind `SLEEP`.
    pub shown: String,
    /// How many bytes of it are the rest of the last word, and may be taken over.
    pub word: usize,
}

/// Steps after which a syntax is cut: more do not fit a line.
const STEPS_MAX: usize = 6;

/// What may follow `line`, whose end is the cursor; none if nothing may, or if its last word may
/// become several. `[]` stands around what may be left out, `|` between what excludes each other.
pub fn hint(line: &str) -> Option<Hint> {
    let Completion {
        start, candidates, ..
    } = complete(line, line.len());
    let (before, word) = line.split_at_checked(start)?;
    if ends_in_secret(before) {
        return None;
    }
    if word.is_empty() {
        return (!before.trim_matches(is_blank).is_empty())
            .then(|| rest(before))
            .flatten()
            .map(|shown| Hint { shown, word: 0 });
    }
    let whole = candidates
        .iter()
        .find(|found| found.eq_ignore_ascii_case(word));
    let ending = match (whole, candidates.as_slice()) {
        (Some(_), _) => "",
        (None, [only]) => only.get(word.len()..)?,
        // It may be something of the user's own.
        (None, []) if has_place(before) && !ends_in_secret(line) => "",
        (None, _) => return None,
    };
    let mut shown = ending.to_owned();
    let is_open = |c: char| !matches!(c, '=' | '\'');
    if ending.chars().next_back().is_none_or(is_open)
        && !word.ends_with('\'')
        && let Some(rest) = rest(&format!("{line}{ending} "))
    {
        shown.push(' ');
        shown.push_str(&rest);
    }
    (!shown.is_empty()).then_some(Hint {
        word: ending.len(),
        shown,
    })
}

/// True if what is typed next belongs to a password, or may.
fn ends_in_secret(line: &str) -> bool {
    secret(line).is_some_and(|secret| secret.end == line.len())
}

/// True if what follows `before` may be a number, a name or the like.
fn has_place(before: &str) -> bool {
    let next = syntax::next(&redact(before));
    next.into_iter().any(|next| next.word().is_none())
}

/// The syntax behind `before`, which ends with a blank.
fn rest(before: &str) -> Option<String> {
    let mut line = redact(before);
    if let Some(rest) = syntax::rest_of_backup(&line) {
        return (!rest.is_empty()).then_some(rest);
    }
    let mut shown = String::new();
    for _ in 0..STEPS_MAX {
        let next = syntax::next(&line);
        let texts: Vec<&str> = next.iter().copied().map(Next::text).collect();
        if texts.is_empty() {
            break;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        let joined = texts.join(" | ");
        if parse(&line).is_ok() {
            shown.push_str(&format!("[{joined}]"));
            break;
        }
        shown.push_str(&joined);
        match next.as_slice() {
            [Next::Word(word)] => line.push_str(&format!("{word} ")),
            _ => break,
        }
    }
    (!shown.is_empty()).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        hint(line).map_or(String::new(), |hint| hint.shown)
    }

    #[test]
    fn the_rest_of_the_syntax_stands_behind_the_line() {
        for (line, expected) in [
            ("", ""),
            ("  ", ""),
            ("S", ""),
            ("SLE", "EP <seconds>"),
            ("sle", "ep <seconds>"),
            ("SLEEP", " <seconds>"),
            ("SLEEP ", "<seconds>"),
            ("SLEEP 5", ""),
            ("SHOW", ""),
            ("SHOW ", ""),
            ("ENTER ", "SINGLE USER MODE <node id>"),
            ("ent", "er SINGLE USER MODE <node id>"),
            ("START", " BACKUP | TLS"),
            ("CONNECT ", "[<connect string>]"),
            ("2 REPORT ", "BackupStatus | MemoryUsage | EventLog"),
            ("all restart ", "[-N | -I | -A | -F]"),
            ("ALL RESTART -N ", "[-I | -A | -F]"),
            ("ALL STAT", "US"),
            ("2 NODELOG ", "DEBUG ON | OFF"),
            ("FOO ", ""),
            ("PROMPT it's", ""),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
        assert_eq!(hint("all stat").map(|hint| hint.word), Some(2));
        assert_eq!(hint("SLEEP").map(|hint| hint.word), Some(0));
    }

    #[test]
    fn the_options_of_a_backup_are_those_that_are_left() {
        for (line, expected) in [
            (
                "START BACKUP ",
                "[<backup id>] [ENCRYPT [PASSWORD='..']] [WAIT STARTED | WAIT COMPLETED | NOWAIT] \
                 [SNAPSHOTSTART | SNAPSHOTEND]",
            ),
            (
                "start backup 7",
                " [ENCRYPT [PASSWORD='..']] [WAIT STARTED | WAIT COMPLETED | NOWAIT] \
                 [SNAPSHOTSTART | SNAPSHOTEND]",
            ),
            (
                "START BACKUP 7 ENCRYPT NOWAIT ",
                "[SNAPSHOTSTART | SNAPSHOTEND]",
            ),
            ("START BACKUP WAIT ", "STARTED | COMPLETED"),
            (
                "START BACKUP NOWAIT SNAPSHOTE",
                "ND [ENCRYPT [PASSWORD='..']]",
            ),
            (
                "START BACKUP NOWAIT SNAPSHOTEND ENCRYPT ",
                "[PASSWORD='..']",
            ),
            ("START BACKUP ENCRYPT PASSW", "ORD='"),
            ("START BACKUP NOWAIT SNAPSHOTEND ENCRYPT PASSWORD='x' ", ""),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }

    #[test]
    fn a_password_has_no_hint() {
        for line in [
            "START BACKUP ENCRYPT PASSWORD='",
            "START BACKUP ENCRYPT PASSWORD='abc",
            "START BACKUP ENCRYPT PASSWORD='abc ",
            "START BACKUP ENCRYPT PASSWORD='abc NOW",
        ] {
            assert_eq!(hint(line), None, "{line}");
        }
    }
}

//! The word that was probably meant.

use super::error::{ParseErrorKind, did_you_mean};
use super::keyword::Keyword;
use super::syntax::{self, Next};
use super::text::words;

/// Longer words are not compared: nobody mistypes a keyword that much, and the time it takes
/// grows with the length.
const LONGEST: usize = 24;

/// A hint about `word`, which stands behind `before` where `next` was expected.
pub(super) fn advice(
    before: &str,
    word: &str,
    kind: ParseErrorKind,
    next: &[Next],
) -> Option<String> {
    let candidates: Vec<&'static str> = next.iter().filter_map(|next| next.word()).collect();
    if word.is_empty() {
        return (kind == ParseErrorKind::BackupOption && !candidates.is_empty())
            .then(|| format!("the command goes on with {}", candidates.join(" or ")));
    }
    if word.contains(';') && !word.contains(['\'', '"']) {
        return Some("a line is one command: semicolons do not separate commands".into());
    }
    let particular = match kind {
        ParseErrorKind::BackupOption => backup_advice(before, word, &candidates),
        ParseErrorKind::PasswordNotQuoted => {
            Some("write PASSWORD='..' or PASSWORD=\"..\", without blanks before the quote".into())
        }
        ParseErrorKind::ClusterLogArgumentUnknown if word.contains('=') => Some(format!(
            "write ALL CLUSTERLOG {word}, or <node id> CLUSTERLOG {word}"
        )),
        ParseErrorKind::NotACommand if before.trim().is_empty() => command_advice(word),
        ParseErrorKind::NotANodeCommand => node_command_advice(word),
        ParseErrorKind::DumpWordIllegal if word.starts_with('0') => {
            Some("write the number without leading zeros, or as 0x..".into())
        }
        _ => None,
    };
    particular.or_else(|| nearest(word, &candidates).map(did_you_mean))
}

fn backup_advice(before: &str, word: &str, candidates: &[&str]) -> Option<String> {
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("the backup id stands directly after BACKUP".into());
    }
    let after_encrypt = words(before)
        .last()
        .is_some_and(|last| Keyword::Encrypt.is(last));
    let starts_password = word
        .get(..Keyword::Password.text().len())
        .is_some_and(|start| Keyword::Password.is(start));
    if starts_password {
        return Some(match after_encrypt {
            true => "write PASSWORD='..' without blanks around the equals sign".into(),
            false => "PASSWORD='..' stands directly after ENCRYPT".into(),
        });
    }
    let known = |key: &Keyword| key.is(word) && !candidates.contains(&key.text());
    [
        Keyword::Encrypt,
        Keyword::Wait,
        Keyword::Nowait,
        Keyword::SnapshotStart,
        Keyword::SnapshotEnd,
    ]
    .iter()
    .any(known)
    .then(|| "each kind of option can be given once".into())
}

/// Node commands need a node.
fn command_advice(word: &str) -> Option<String> {
    let command = syntax::next("ALL")
        .into_iter()
        .filter_map(Next::word)
        .find(|command| command.eq_ignore_ascii_case(word))?;
    Some(format!("write ALL {command}, or <node id> {command}"))
}

/// Other commands have none.
fn node_command_advice(word: &str) -> Option<String> {
    let command = syntax::next("")
        .into_iter()
        .filter_map(Next::word)
        .find(|command| command.eq_ignore_ascii_case(word))?;
    Some(format!("{command} stands alone, without a node"))
}

/// Most letters that may be wrong.
const WRONG_MAX: usize = 2;

/// The candidate nearest to `word`, if a third of it or less is wrong, two letters at most. The
/// first one wins.
pub(super) fn nearest(word: &str, candidates: &[&'static str]) -> Option<&'static str> {
    if word.len() > LONGEST || !word.is_ascii() {
        return None;
    }
    let scored = candidates.iter().filter_map(|candidate| {
        if candidate.len() > LONGEST || candidate.len().abs_diff(word.len()) > WRONG_MAX {
            return None;
        }
        let wrong = distance(word.as_bytes(), candidate.as_bytes());
        let allowed = (candidate.len().max(word.len()) / 3).min(WRONG_MAX);
        (wrong <= allowed).then_some((wrong, *candidate))
    });
    scored
        .min_by_key(|(wrong, _)| *wrong)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the
/// other, in any case. Neither is longer than [`LONGEST`].
fn distance(left: &[u8], right: &[u8]) -> usize {
    let same = |a: u8, b: u8| a.eq_ignore_ascii_case(&b);
    let mut before_last = [0; LONGEST + 1];
    let mut last: [usize; LONGEST + 1] = std::array::from_fn(|index| index);
    for (i, a) in left.iter().enumerate() {
        let mut current = [0; LONGEST + 1];
        current[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = last[j] + usize::from(!same(*a, *b));
            let mut best = replaced.min(last[j + 1] + 1).min(current[j] + 1);
            if i > 0 && j > 0 && same(*a, right[j - 1]) && same(left[i - 1], *b) {
                best = best.min(before_last[j - 1] + 1);
            }
            current[j + 1] = best;
        }
        before_last = last;
        last = current;
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let candidates = ["WAIT", "NOWAIT", "SNAPSHOTSTART", "SNAPSHOTEND", "ENCRYPT"];
        assert_eq!(nearest("snapshotstrat", &candidates), Some("SNAPSHOTSTART"));
        assert_eq!(nearest("NO_WAIT", &candidates), Some("NOWAIT"));
        assert_eq!(nearest("ENCYRPT", &candidates), Some("ENCRYPT"));
        assert_eq!(nearest("WIAT", &candidates), Some("WAIT"));
        assert_eq!(nearest("FOO", &candidates), None);
        assert_eq!(nearest("STOP", &["SHOW"]), None);
        assert_eq!(nearest("OF", &["ON", "OFF"]), Some("OFF"));
        assert_eq!(nearest("", &candidates), None);
        assert_eq!(nearest(&"x".repeat(10_000), &candidates), None);
    }
}

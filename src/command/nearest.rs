//! Words that are nearly right.

/// Longer words are not compared: nobody mistypes a keyword that much, and the time it takes
/// grows with the length.
const LONGEST: usize = 24;

pub(super) fn did_you_mean(word: &str) -> String {
    format!("did you mean {word}?")
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

//! Lines and words, before any meaning.

/// True for what separates words. The original knows the blank only; a TAB pasted from a
/// runbook means the same to everybody who reads the line.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// The line without what surrounds a command: blanks, line ends, and the semicolons at the end.
pub(super) fn body(line: &str) -> &str {
    let line = line.trim_start_matches(is_blank);
    line.trim_end_matches(|c| is_blank(c) || matches!(c, ';' | '\r' | '\n'))
}

/// The first word and, from its first word on, the rest.
pub(super) fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(is_blank);
    let end = text.find(is_blank).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start_matches(is_blank))
}

/// The words of a text, separated by blanks.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_blank).filter(|word| !word.is_empty())
}

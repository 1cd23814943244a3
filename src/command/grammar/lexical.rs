//! Words and numbers. Each production takes the blanks behind it too.

use nom::Parser;
use nom::bytes::complete::{take_while, take_while1};
use nom::sequence::terminated;

use crate::command::error::ParseErrorKind;
use crate::command::keyword::Keyword;
use crate::command::text::is_blank;

use super::fault::{Parsed, not_this, refuse_word};

/// ```text
/// blanks = { blank }
/// blank = " " | ? TAB ?
/// ```
pub(super) fn blanks(input: &str) -> Parsed<'_, &str> {
    take_while(is_blank).parse(input)
}

/// ```text
/// word = character { character } blanks
/// character = ? any but a blank ?
/// ```
pub(super) fn word(input: &str) -> Parsed<'_, &str> {
    terminated(take_while1(|c| !is_blank(c)), blanks).parse(input)
}

/// What the grammar has in double quotes: a whole word, in any case.
///
/// ```text
/// keyword = word
/// ```
pub(super) fn keyword(keyword: Keyword) -> impl Fn(&str) -> Parsed<'_, ()> {
    move |input| match word(input)? {
        (rest, found) if keyword.is(found) => Ok((rest, ())),
        _ => not_this(input),
    }
}

/// The first word must be the keyword, else the command fails with `kind`.
pub(super) fn must_be(input: &str, wanted: Keyword, kind: ParseErrorKind) -> Parsed<'_, ()> {
    match keyword(wanted)(input) {
        Ok(parsed) => Ok(parsed),
        Err(_) => refuse_word(input, kind),
    }
}

/// The command must end here, else it fails with `kind`.
pub(super) fn end(input: &str, kind: ParseErrorKind) -> Parsed<'_, ()> {
    if input.is_empty() {
        Ok((input, ()))
    } else {
        refuse_word(input, kind)
    }
}

/// All that is left.
///
/// ```text
/// text = { character | blank }
/// ```
pub(super) fn text(input: &str) -> Parsed<'_, Option<String>> {
    let text = (!input.is_empty()).then(|| input.to_owned());
    Ok((&input[input.len()..], text))
}

/// ```text
/// number = digit { digit } blanks
/// digit = ? 0 to 9 ?
/// ```
pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

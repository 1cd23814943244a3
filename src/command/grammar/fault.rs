//! The grammar's own error, so that nom's does not leak.

use nom::IResult;
use nom::error::ErrorKind;

use crate::command::error::ParseErrorKind;
use crate::command::text::split_word;

/// What a production returns: the rest and a value, `Error` if the input is not this
/// production, `Failure` if it is, but wrong.
pub(super) type Parsed<'a, T> = IResult<&'a str, T, Fault>;

/// A fault at a place of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Bytes from the fault to the end of the input.
    pub(super) rest: usize,
    /// Bytes that are wrong.
    pub(super) length: usize,
    pub(super) kind: ParseErrorKind,
    pub(super) is_of_node_command: bool,
}

impl Fault {
    /// The first word of `at` is wrong, or missing if there is none.
    pub(super) fn word(at: &str, kind: ParseErrorKind) -> Self {
        Self::new(at, split_word(at).0.len(), kind)
    }

    /// All of `at` is wrong.
    pub(super) fn rest(at: &str, kind: ParseErrorKind) -> Self {
        Self::new(at, at.len(), kind)
    }

    fn new(at: &str, length: usize, kind: ParseErrorKind) -> Self {
        Fault {
            rest: at.len(),
            length,
            kind,
            is_of_node_command: false,
        }
    }
}

impl nom::error::ParseError<&str> for Fault {
    fn from_error_kind(input: &str, _: ErrorKind) -> Self {
        Fault::word(input, ParseErrorKind::NotACommand)
    }

    fn append(_: &str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Fails for good: the first word of `at` is wrong.
pub(super) fn refuse_word<T>(at: &str, kind: ParseErrorKind) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Fault::word(at, kind)))
}

/// Fails for good: all of `at` is wrong.
pub(super) fn refuse_rest<T>(at: &str, kind: ParseErrorKind) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Fault::rest(at, kind)))
}

/// Fails: the input is not this production, another one may fit.
pub(super) fn not_this<T>(at: &str) -> Parsed<'_, T> {
    Err(nom::Err::Error(Fault::word(
        at,
        ParseErrorKind::NotACommand,
    )))
}

//! The text of replies: a header, `name: value` lines, an empty line.

use std::fmt::{Display, Write};

use crate::cluster::ErrorNumber;

/// A reply under construction.
#[derive(Debug, Default)]
pub(super) struct Reply(String);

impl Reply {
    /// A reply with this header line.
    pub(super) fn new(header: &str) -> Self {
        Reply(format!("{header}\n"))
    }

    /// Adds `name: value`.
    pub(super) fn field(mut self, name: impl Display, value: impl Display) -> Self {
        writeln!(self.0, "{name}: {value}").expect("a String takes every text");
        self
    }

    /// Adds a line as it is.
    pub(super) fn line(mut self, line: impl Display) -> Self {
        writeln!(self.0, "{line}").expect("a String takes every text");
        self
    }

    /// Adds `result: Ok` or `result: <error text>`.
    pub(super) fn result(self, result: Result<(), ErrorNumber>) -> Self {
        match result {
            Ok(()) => self.field("result", "Ok"),
            Err(error) => self.field("result", error.text()),
        }
    }

    /// Ends the reply with its empty line.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.push('\n');
        self.0.into_bytes()
    }

    /// The bytes without an empty line, for the one reply that has none.
    pub(super) fn unended(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

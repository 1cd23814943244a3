//! The grammar of the management client's commands: [`parse`] makes a [`Command`] of a line.
//!
//! Pure: text in, values out. `GRAMMAR.md` has the productions in one piece; each stands as
//! the doc comment of the function that reads it. Completion, help and suggestions come from
//! one table of syntaxes, and tests hold the table against the grammar.
//!
//! ```
//! use ndbmgm::command::{Command, parse};
//!
//! let Ok(Command::StartBackup(backup)) = parse("start backup 7 nowait;") else {
//!     panic!("this is a command");
//! };
//! assert_eq!(backup.id.map(|id| id.get()), Some(7));
//!
//! let line = "START BACKUP 7 SNAPSHOTSTRAT";
//! let error = parse(line).unwrap_err();
//! assert_eq!(error.advice().as_deref(), Some("did you mean SNAPSHOTSTART?"));
//! assert!(error.stdout_text(line).starts_with("Invalid command: BACKUP 7 SNAPSHOTSTRAT\n"));
//! ```

mod ast;
mod complete;
mod display;
mod error;
mod grammar;
mod help;
mod keyword;
mod pages;
mod redact;
mod suggest;
mod syntax;
mod text;
#[cfg(test)]
mod walk;

pub use ast::{CategoryLevel, Command, DUMP_WORDS_MAX, Encryption, StartBackup, Target, Targets};
pub use complete::{Completion, complete};
pub use error::{ItemError, ParseError, ParseErrorKind, render_refused_backup};
pub use grammar::parse;
pub use help::help;
pub use redact::redact;

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
//! assert_eq!(&line[error.span()], "SNAPSHOTSTRAT");
//! assert_eq!(
//!     error.to_string(),
//!     "invalid command at byte 15, expected ENCRYPT or WAIT or NOWAIT or SNAPSHOTSTART or SNAPSHOTEND"
//! );
//! ```

mod ast;
mod complete;
mod display;
mod error;
mod grammar;
mod help;
mod highlight;
mod hint;
mod keyword;
mod nearest;
mod pages;
mod redact;
mod suggest;
mod syntax;
mod text;
#[cfg(test)]
mod walk;

pub use ast::{
    CategoryLevel, Command, DUMP_WORDS_MAX, Encryption, HelpTopic, ItemError, Query,
    RollingRestart, Severities, StartBackup, TOP_MILLISECONDS, TOP_MILLISECONDS_MAX,
    TOP_MILLISECONDS_MIN, Target, Targets, WATCH_SECONDS, WATCH_SECONDS_MAX, WaitForNodes,
};
pub use complete::{Completion, LiveIds, complete};
pub use error::{ParseError, ParseErrorKind};
pub use grammar::{parse, split};
pub use help::help;
pub use highlight::{keywords, keywords_of_page};
pub use hint::{Hint, hint};
pub use redact::redact;

//! What is wrong with a line, and the text that says so.

use std::fmt;
use std::ops::Range;

use crate::cluster::PasswordError;

use super::redact::SHOWN;

/// A line that is not a command. Nothing in it shows a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    pub(super) span: Range<usize>,
    pub(super) kind: ParseErrorKind,
    pub(super) expected: Vec<&'static str>,
    pub(super) advice: Option<String>,
    pub(super) command: Box<str>,
    pub(super) word: Box<str>,
    pub(super) is_of_node_command: bool,
}

/// The fault of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The line begins with no command, or goes on with a word the command does not take.
    NotACommand,
    /// No command of a node has this name.
    NotANodeCommand,
    /// After several node ids there is something else than STOP, START or RESTART.
    NotANodeListCommand,
    /// ALL alone.
    CommandMissing,
    /// A node id that can't be.
    NodeIdOutOfRange,
    /// START BACKUP: a word that is no option, or not in this place, or not again.
    BackupOption,
    /// START BACKUP: a number that is no backup id.
    BackupIdOutOfRange,
    /// START BACKUP: the id is not a whole number.
    BackupIdNotANumber,
    /// START BACKUP: the password has no quotes, or they do not match.
    PasswordNotQuoted,
    /// START BACKUP: the password breaks a rule.
    Password(PasswordError),
    /// ABORT BACKUP: no id, or more than that.
    AbortIdExpected,
    /// ABORT BACKUP: a number that is no backup id.
    AbortIdOutOfRange,
    /// HELP: no page for this topic.
    HelpTopicUnknown,
    /// SHOW takes no argument.
    ShowArgument,
    /// The node command takes no parameter.
    UnexpectedParameter,
    /// REPORT: no type.
    ReportTypeMissing,
    /// REPORT: no such type.
    ReportTypeUnknown,
    /// STOP: no such option.
    StopOptionUnknown,
    /// RESTART: no such option.
    RestartOptionUnknown,
    /// \WATCH: a number of seconds that can't be.
    WatchSecondsOutOfRange,
    /// TOP: EVERY without a number of seconds that can be.
    TopSecondsOutOfRange,
    /// \WATCH: no command, or one that does more than ask.
    QueryExpected,
    /// ENTER SINGLE USER MODE: no node id, or more than that.
    ApiNodeExpected,
    /// CLUSTERLOG: nothing follows.
    ClusterLogArgumentMissing,
    /// CLUSTERLOG: neither INFO, ON, OFF, TOGGLE nor FILTER. The original says so after it has
    /// asked the server for the filter (`get info clusterlog`).
    ClusterLogArgumentUnknown,
    /// CLUSTERLOG or LOGLEVEL of a node: nothing follows.
    LevelMissing,
    /// NODELOG: not two words.
    NodeLogArgumentCount,
    /// NODELOG: not DEBUG ON or DEBUG OFF.
    NodeLogArgumentUnknown,
    /// DUMP: nothing follows.
    DumpWordMissing,
    /// DUMP: more than [`DUMP_WORDS_MAX`](super::DUMP_WORDS_MAX) words.
    DumpWordsTooMany,
    /// DUMP: not a number from 0 to 0xffffffff.
    DumpWordIllegal,
    /// CREATE NODEGROUP: not a list of node ids.
    NodeListExpected,
    /// DROP NODEGROUP: not a nodegroup.
    NodegroupExpected,
    /// PURGE: not PURGE STALE SESSIONS.
    PurgeIncomplete,
    /// WAIT FOR, OK TO STOP, ROLLING RESTART, TOP: another word than those that may stand here, or none.
    AnotherWordExpected,
    /// The same: TIMEOUT without a whole number of seconds.
    SecondsExpected,
    /// The same: an option for the second time.
    OptionRepeated,
}

impl ParseError {
    /// The bytes of the line that are wrong; empty at the place where something is missing.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The fault.
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// What may stand at the start of the span: keywords as they are, the rest as `<name>`.
    pub fn expected(&self) -> &[&'static str] {
        &self.expected
    }

    /// A hint for the user, to be printed on stderr: `did you mean SNAPSHOTSTART?`
    pub fn advice(&self) -> Option<String> {
        self.advice.clone()
    }

    /// True if the client connects before it shows the fault: always, but for HELP.
    pub fn needs_connection(&self) -> bool {
        self.kind != ParseErrorKind::HelpTopicUnknown
    }

    /// The line without what surrounds the command, a password as `***`.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The same fault of a line that may be a password all in all: nothing of it is shown, and
    /// `advice` says why.
    #[must_use]
    pub fn hidden(self, advice: &str) -> Self {
        Self {
            command: SHOWN.into(),
            word: SHOWN.into(),
            advice: Some(advice.to_owned()),
            ..self
        }
    }

    /// What stands at the span, a password as `***`.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// True if the line names a node, or ALL, and a command of nodes.
    pub fn is_of_node_command(&self) -> bool {
        self.is_of_node_command
    }
}

impl fmt::Display for ParseError {
    /// One line for logs; shows nothing of the input.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid command at byte {}", self.span.start)?;
        match self.expected.as_slice() {
            [] => Ok(()),
            expected => write!(f, ", expected {}", expected.join(" or ")),
        }
    }
}

impl std::error::Error for ParseError {}

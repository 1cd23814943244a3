//! What is wrong with a line, and the text that says so.

use std::fmt;
use std::ops::Range;

use crate::cluster::{EventCategory, PasswordError, Severity};

use super::redact::redact;
use super::suggest::nearest;
use super::text::{body, split_word};

/// A line that is not a command.
///
/// [`ParseError::stdout_text`] is what the client prints, [`ParseError::advice`] what it may
/// add on stderr. Neither shows a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    pub(super) span: Range<usize>,
    pub(super) kind: ParseErrorKind,
    pub(super) expected: Vec<&'static str>,
    pub(super) advice: Option<String>,
    pub(super) ends_with_empty_line: bool,
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

    /// True if the client connects before it prints the text: always, but for HELP.
    pub fn needs_connection(&self) -> bool {
        self.kind != ParseErrorKind::HelpTopicUnknown
    }

    /// The exit status of a one-shot client, 0 to 255: always 255.
    pub fn exit_status(&self) -> u8 {
        255
    }

    /// What the client prints on stdout: complete lines, each ended by `\n`.
    ///
    /// `line` is the line that was parsed. Words of it are repeated as they were typed, but a
    /// password is shown as `***` (management protocol, 6.2 and 6.6).
    pub fn stdout_text(&self, line: &str) -> String {
        let mut text = self.message(line);
        text.push('\n');
        if self.ends_with_empty_line {
            text.push('\n');
        }
        text
    }

    fn message(&self, line: &str) -> String {
        use ParseErrorKind as Kind;
        let word = redact(line.get(self.span.clone()).unwrap_or_default());
        match self.kind {
            Kind::NotACommand => invalid_command(&redact(body(line)), None),
            Kind::NotANodeCommand => invalid_command(&word, None),
            Kind::NotANodeListCommand => format!(
                "Invalid command: '{word}' after multi node id list. \
                 Expected STOP, START, or RESTART."
            ),
            Kind::CommandMissing => "Expected a command after ALL.".into(),
            Kind::NodeIdOutOfRange => format!("Invalid node ID: {word}."),
            Kind::BackupOption => invalid_backup(line, None),
            Kind::BackupIdOutOfRange => {
                invalid_backup(line, Some("Backup ID out of range [1 - 4294967294]"))
            }
            Kind::BackupIdNotANumber => invalid_backup(
                line,
                Some("Backup ID is not a whole number [1 - 4294967294]"),
            ),
            Kind::PasswordNotQuoted => {
                invalid_backup(line, Some("Encryption password should be within quotes"))
            }
            Kind::Password(fault) => invalid_backup(line, Some(&fault.to_string())),
            Kind::AbortIdExpected => "Invalid arguments: expected <BackupId>".into(),
            Kind::AbortIdOutOfRange => {
                "Invalid arguments: <BackupId> out of range [1-4294967294]".into()
            }
            Kind::HelpTopicUnknown => format!("No help for {word} available"),
            Kind::ShowArgument => format!("Invalid argument: '{word}'"),
            Kind::UnexpectedParameter => "No parameters expected to this command.".into(),
            Kind::ReportTypeMissing => "ERROR: missing report type specifier!".into(),
            Kind::ReportTypeUnknown => {
                format!("ERROR: '{word}' - report type specifier unknown!")
            }
            Kind::StopOptionUnknown => {
                format!("Invalid option: {word}. Expecting -A or -F after STOP")
            }
            Kind::RestartOptionUnknown => {
                format!("Invalid option: {word}. Expecting -A,-N,-I or -F after RESTART")
            }
            Kind::ApiNodeExpected => "Invalid arguments: expected <NodeId>\n\
                 Use SHOW to see what API nodes are configured"
                .into(),
            Kind::ClusterLogArgumentMissing => "ERROR: Missing argument(s).".into(),
            Kind::ClusterLogArgumentUnknown | Kind::NodeLogArgumentUnknown => {
                "Invalid argument.".into()
            }
            Kind::LevelMissing => "Expected argument".into(),
            Kind::NodeLogArgumentCount => "ERROR: Wrong number of argument(s).".into(),
            Kind::DumpWordMissing => "ERROR: Expected argument!".into(),
            Kind::DumpWordsTooMany => "ERROR: Too many arguments, max 25 allowed".into(),
            Kind::DumpWordIllegal => format!(
                "ERROR: Illegal value '{word}' in argument to signal.\n\
                 (Value must be between 0 and 0xffffffff.)"
            ),
            Kind::NodeListExpected => "Invalid arguments: expected <id>,<id>...".into(),
            Kind::NodegroupExpected => "Invalid arguments: expected <NG>".into(),
            Kind::PurgeIncomplete => "Unexpected command, expected: PURGE STALE SESSIONS".into(),
        }
    }
}

/// The layout of an invalid command, without the newline that ends its empty line.
fn invalid_command(echo: &str, extra: Option<&str>) -> String {
    match extra {
        None => format!("Invalid command: {echo}\nType HELP for help.\n"),
        Some(extra) => format!("Invalid command: {echo}\n{extra}\nType HELP for help.\n"),
    }
}

/// What the client prints on stdout for a START BACKUP that is refused for a reason outside
/// the grammar, as `Encryption need password`: `line` from BACKUP on, its password hidden, then
/// the reason. Complete lines, as in [`ParseError::stdout_text`].
pub fn render_refused_backup(line: &str, reason: &str) -> String {
    invalid_backup(line, Some(reason)) + "\n"
}

/// Faults of START BACKUP repeat the line from BACKUP on.
fn invalid_backup(line: &str, extra: Option<&str>) -> String {
    let redacted = redact(body(line));
    let (_, from_backup) = split_word(&redacted);
    invalid_command(from_backup, extra)
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

/// One part of a CLUSTERLOG or LOGLEVEL command that can't be carried out. `Display` is the
/// line that the client prints on stdout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ItemError {
    /// No severity has this name.
    #[error("Invalid severity level: {0}")]
    UnknownSeverity(String),
    /// Not of the form `<category>=<level>`.
    #[error("Invalid loglevel specification: {0}")]
    NotALevel(String),
    /// No category has this name.
    #[error("Unknown category: \"{category}\"")]
    UnknownCategory {
        /// The name.
        category: String,
        /// What follows the equals sign.
        level: String,
    },
    /// Not a number from 0 to 15.
    #[error("Invalid level: {level}")]
    LevelOutOfRange {
        /// The category, whose name is right.
        category: EventCategory,
        /// What is not a level.
        level: String,
    },
}

impl ItemError {
    /// A hint for the user, to be printed on stderr: `did you mean BACKUP?`
    pub fn advice(&self) -> Option<String> {
        match self {
            ItemError::UnknownSeverity(word) => {
                nearest(word, &Severity::ALL.map(Severity::name)).map(did_you_mean)
            }
            ItemError::UnknownCategory { category, .. } => {
                let names: Vec<&str> = EventCategory::named().map(EventCategory::name).collect();
                nearest(category, &names).map(did_you_mean)
            }
            ItemError::NotALevel(_) => Some("write <category>=<level>, as BACKUP=15".into()),
            ItemError::LevelOutOfRange { .. } => Some("a level is a number from 0 to 15".into()),
        }
    }
}

pub(super) fn did_you_mean(word: &str) -> String {
    format!("did you mean {word}?")
}

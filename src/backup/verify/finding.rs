//! What can be wrong with a backup set.

use std::fmt;

use crate::backup::{BackupError, RowError};
use crate::xfrm::XfrmError;

/// What a finding is about. Each kind has a [`Severity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// The system does not let the file be read.
    Unreadable,
    /// The file is encrypted and no password was given.
    PasswordNeeded,
    /// The password is wrong.
    WrongPassword,
    /// The container (compression, encryption) is damaged: size, checksum, header or trailer.
    Container,
    /// The file breaks a rule of its format, or ends early.
    Structure,
    /// The file belongs to another backup, or is of another kind than its name says.
    Foreign,
    /// The size is not the manifest's.
    Size,
    /// The SHA-256 is not the manifest's.
    Checksum,
    /// A file of the set is not in the manifest.
    NotInManifest,
    /// The manifest itself can't be used.
    Manifest,
    /// A row does not fit its table.
    Row,
    /// A log entry does not fit its table.
    LogEntry,
    /// A count in the files is not that of the rows read.
    Count,
    /// Descriptions of the cluster's tables contradict each other.
    Dictionary,
    /// A fragment lies in more than one place.
    DuplicateFragment,
    /// A fragment of a table lies in no Data file, although all nodes' files are there.
    LostFragment,
    /// A fragment lies in no Data file, and nodes' files are missing.
    MissingFragment,
    /// A file is missing.
    MissingFile,
    /// All files of a node are missing.
    MissingNode,
    /// The backup never completed: it was aborted, or is running.
    Unfinished,
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is not there: what is there may be good.
    Incomplete,
    /// The set was never whole.
    Unfinished,
    /// What is there is not what was written.
    Damage,
    /// Nothing can be said without the right password.
    Password,
}

impl FindingKind {
    /// What follows from a finding of this kind.
    pub fn severity(self) -> Severity {
        match self {
            FindingKind::PasswordNeeded | FindingKind::WrongPassword => Severity::Password,
            FindingKind::MissingFragment | FindingKind::MissingFile | FindingKind::MissingNode => {
                Severity::Incomplete
            }
            FindingKind::Unfinished => Severity::Unfinished,
            FindingKind::Unreadable
            | FindingKind::Container
            | FindingKind::Structure
            | FindingKind::Foreign
            | FindingKind::Size
            | FindingKind::Checksum
            | FindingKind::NotInManifest
            | FindingKind::Manifest
            | FindingKind::Row
            | FindingKind::LogEntry
            | FindingKind::Count
            | FindingKind::Dictionary
            | FindingKind::DuplicateFragment
            | FindingKind::LostFragment => Severity::Damage,
        }
    }

    /// The kind's name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            FindingKind::Unreadable => "unreadable",
            FindingKind::PasswordNeeded => "password_needed",
            FindingKind::WrongPassword => "wrong_password",
            FindingKind::Container => "container",
            FindingKind::Structure => "structure",
            FindingKind::Foreign => "foreign",
            FindingKind::Size => "size",
            FindingKind::Checksum => "checksum",
            FindingKind::NotInManifest => "not_in_manifest",
            FindingKind::Manifest => "manifest",
            FindingKind::Row => "row",
            FindingKind::LogEntry => "log_entry",
            FindingKind::Count => "count",
            FindingKind::Dictionary => "dictionary",
            FindingKind::DuplicateFragment => "duplicate_fragment",
            FindingKind::LostFragment => "lost_fragment",
            FindingKind::MissingFragment => "missing_fragment",
            FindingKind::MissingFile => "missing_file",
            FindingKind::MissingNode => "missing_node",
            FindingKind::Unfinished => "unfinished",
        }
    }
}

/// Something that is wrong with a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub kind: FindingKind,
    /// Name of the file inside the set, if it is about one.
    pub file: Option<String>,
    /// Where in the file: bytes from the start of the decoded file; none if it is about all.
    pub offset: Option<u64>,
    /// What was found.
    pub found: String,
    /// What should be there.
    pub expected: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.offset) {
            (Some(file), Some(offset)) => write!(f, "{file}: offset {offset}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, _) => {}
        }
        write!(f, "found {}, expected {}", self.found, self.expected)
    }
}

impl Finding {
    pub(super) fn new(
        kind: FindingKind,
        file: &str,
        offset: Option<u64>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Finding {
            kind,
            file: Some(file.to_owned()),
            offset,
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// What an error in the contents of a file means. `encrypted` makes unreadable beginnings
    /// a sign of a wrong password; the whole set is looked at before that is said.
    pub(super) fn of_contents(file: &str, error: BackupError, encrypted: bool) -> Self {
        let structure = |offset: u64, found: String, expected: String| {
            Finding::new(FindingKind::Structure, file, Some(offset), found, expected)
        };
        match error {
            BackupError::Read { offset, source, .. } => {
                let mut finding = Finding::of_container(file, XfrmError::from(source));
                finding.offset.get_or_insert(offset);
                finding
            }
            BackupError::NotABackup { found } => Finding::new(
                if encrypted {
                    FindingKind::WrongPassword
                } else {
                    FindingKind::Structure
                },
                file,
                Some(0),
                format!("bytes {found:02x?}"),
                "the bytes NDBBCKUP",
            ),
            BackupError::UnsupportedVersion { version, newest } => structure(
                8,
                format!("backup version 0x{version:x}"),
                format!("at most 0x{newest:x}"),
            ),
            BackupError::WrongFileType { expected, found } => Finding::new(
                FindingKind::Foreign,
                file,
                Some(20),
                format!("file type {found}"),
                expected,
            ),
            BackupError::Truncated { what, offset } => structure(
                offset,
                "the end of the file".to_owned(),
                format!("a whole {what}"),
            ),
            BackupError::TooLong {
                what,
                offset,
                length,
                limit,
            } => structure(
                offset,
                format!("a {what} of length {length}"),
                format!("at most {limit}"),
            ),
            BackupError::Malformed { what, offset, why } => {
                structure(offset, why.to_owned(), format!("a sound {what}"))
            }
            BackupError::UnknownTable { table_id, offset } => structure(
                offset,
                format!("table {table_id}"),
                "a table of the ctl file".to_owned(),
            ),
            BackupError::Row { offset, source } => Finding::row(file, offset, &source),
            other => structure(0, other.to_string(), "a sound file".to_owned()),
        }
    }

    pub(super) fn row(file: &str, offset: u64, error: &RowError) -> Self {
        Finding::new(
            FindingKind::Row,
            file,
            Some(offset),
            error.to_string(),
            "a row of its table",
        )
    }

    /// What an error of the container means.
    pub(super) fn of_container(file: &str, error: XfrmError) -> Self {
        let (kind, expected) = match &error {
            XfrmError::Io(_) => (FindingKind::Unreadable, "a file that can be read"),
            XfrmError::SecretNeeded => (FindingKind::PasswordNeeded, "the password"),
            XfrmError::WrongKey | XfrmError::WrongSecretOrDamaged(_) => {
                (FindingKind::WrongPassword, "the right password")
            }
            _ => (FindingKind::Container, "a sound container"),
        };
        Finding::new(kind, file, None, error.to_string(), expected)
    }
}

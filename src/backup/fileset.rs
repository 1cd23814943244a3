//! Filesets: which files a backup consists of, what they are called, and opening them
//! (backup format, 1).
//!
//! | layout | directory below `BackupDataDir` | files |
//! |---|---|---|
//! | one part | `BACKUP/BACKUP-7` | `BACKUP-7.2.ctl`, `BACKUP-7-0.2.Data`, `BACKUP-7.2.log` |
//! | several | `BACKUP/BACKUP-7/BACKUP-7-PART-1-OF-2` | the same names in each part's directory |
//!
//! The first number is the backup's id, the one before the suffix the data node's.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::BackupError;
use super::ctl::{CTL_BYTES_MAX, CtlFile};
use crate::cluster::{BackupId, NodeId};
use crate::xfrm::{self, ReadOptions, Secret, XfrmError, XfrmReader};

/// What a file of a backup is, by its name (backup format, 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// `.ctl`: the dictionary, the GCP range and the fragments.
    Ctl,
    /// `.Data`: the rows.
    Data,
    /// `.log`: the changes made meanwhile.
    Log,
}

impl FileKind {
    /// Every kind: one file of each makes a node's files, or a part of them.
    pub const ALL: [FileKind; 3] = [FileKind::Ctl, FileKind::Data, FileKind::Log];

    /// What the name of such a file ends in, without the point.
    pub fn suffix(self) -> &'static str {
        match self {
            FileKind::Ctl => "ctl",
            FileKind::Data => "Data",
            FileKind::Log => "log",
        }
    }
}

/// Name of a file of a backup: `BACKUP-7.2.ctl`, `BACKUP-7-0.2.Data` or `BACKUP-7.2.log`
/// (backup format, 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileName {
    /// Id of the backup.
    pub backup: BackupId,
    /// The data node that wrote the file.
    pub node: NodeId,
    /// What it is.
    pub kind: FileKind,
}

impl FileName {
    /// The name, if it is one, exactly as a data node writes it.
    pub fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("BACKUP-")?;
        let (rest, suffix) = rest.rsplit_once('.')?;
        let kind = FileKind::ALL
            .into_iter()
            .find(|kind| kind.suffix() == suffix)?;
        let (backup, node) = rest.split_once('.')?;
        let backup = match kind {
            FileKind::Data => backup.strip_suffix("-0")?,
            FileKind::Ctl | FileKind::Log => backup,
        };
        Some(FileName {
            backup: BackupId::new(number(backup)?)?,
            node: NodeId::new(number(node)?)?,
            kind,
        })
    }

    /// The name of the file at this path.
    pub fn of(path: &Path) -> Option<Self> {
        FileName::parse(path.file_name()?.to_str()?)
    }

    /// The name of another of the node's files.
    pub fn with_kind(self, kind: FileKind) -> Self {
        FileName { kind, ..self }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FileName { backup, node, kind } = self;
        // Data files are numbered, and a data node writes number 0 only.
        let number = match kind {
            FileKind::Data => "-0",
            FileKind::Ctl | FileKind::Log => "",
        };
        write!(out, "BACKUP-{backup}{number}.{node}.{}", kind.suffix())
    }
}

/// A part of a node's files: what one of several LDM threads wrote (backup format, 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    number: u32,
    of: u32,
}

impl Part {
    /// Part `number`, from 1, of `of`.
    pub fn new(number: u32, of: u32) -> Option<Self> {
        (1..=of).contains(&number).then_some(Part { number, of })
    }

    /// Which part it is, from 1.
    pub fn number(self) -> u32 {
        self.number
    }

    /// How many parts the node's files have.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Name of the part's directory: `BACKUP-7-PART-1-OF-2`.
    pub fn directory_name(self, backup: BackupId) -> String {
        format!("BACKUP-{backup}-PART-{}-OF-{}", self.number, self.of)
    }

    /// The backup and the part that a directory of this name is for.
    pub fn parse_directory_name(name: &str) -> Option<(BackupId, Self)> {
        let (backup, part) = name.strip_prefix("BACKUP-")?.split_once("-PART-")?;
        let (part, of) = part.split_once("-OF-")?;
        let part = Part::new(number(part)?, number(of)?)?;
        Some((BackupId::new(number(backup)?)?, part))
    }
}

/// A number as it stands in names: digits without a sign or leading zeros.
fn number(digits: &str) -> Option<u32> {
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// Name of the directory of a backup's files: `BACKUP-7`.
pub fn directory_name(backup: BackupId) -> String {
    format!("BACKUP-{backup}")
}

/// The files that one data node writes for a backup, or one part of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFiles {
    set_directory: PathBuf,
    part: Option<Part>,
    backup: BackupId,
    node: NodeId,
}

impl NodeFiles {
    /// The files below a data node's `BackupDataDir`, all in one part.
    pub fn below(backup_data_dir: &Path, backup: BackupId, node: NodeId) -> Self {
        NodeFiles {
            set_directory: backup_data_dir.join("BACKUP").join(directory_name(backup)),
            part: None,
            backup,
            node,
        }
    }

    /// One part of them.
    pub fn in_part(self, part: Part) -> Self {
        NodeFiles {
            part: Some(part),
            ..self
        }
    }

    /// The directory that they lie in.
    pub fn directory(&self) -> PathBuf {
        match self.part {
            None => self.set_directory.clone(),
            Some(part) => self.set_directory.join(part.directory_name(self.backup)),
        }
    }

    /// The directory of the whole backup: that one, or the one above all parts'.
    pub fn set_directory(&self) -> &Path {
        &self.set_directory
    }

    /// Path of one of them.
    pub fn path(&self, kind: FileKind) -> PathBuf {
        let name = FileName {
            backup: self.backup,
            node: self.node,
            kind,
        };
        self.directory().join(name.to_string())
    }
}

/// A file of a backup where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its name inside the set: with its part's directory, if it has one. Files of one backup
    /// belong together as long as these names differ.
    pub name: String,
    /// Id of the backup.
    pub backup: BackupId,
    /// The data node that wrote it.
    pub node: NodeId,
    /// Its part, from 1.
    pub part: u32,
    /// Parts of its node's files.
    pub parts: u32,
    /// What it is.
    pub kind: FileKind,
}

impl SetFile {
    /// The file at this path, if its name is that of a file of a backup. The name of its
    /// directory says whether it is a part.
    pub fn at(path: &Path) -> Option<Self> {
        let name = FileName::of(path)?;
        let directory = path.parent().and_then(Path::file_name);
        let part = directory
            .and_then(|directory| Part::parse_directory_name(directory.to_str()?))
            .filter(|(backup, _)| *backup == name.backup)
            .map(|(_, part)| part);
        Some(SetFile {
            path: path.to_owned(),
            name: match part {
                Some(part) => format!("{}/{name}", part.directory_name(name.backup)),
                None => name.to_string(),
            },
            backup: name.backup,
            node: name.node,
            part: part.map_or(1, Part::number),
            parts: part.map_or(1, Part::of),
            kind: name.kind,
        })
    }

    /// The set's directory: the one of the file, or the one above its part's.
    pub fn set_directory(&self) -> &Path {
        let levels = Path::new(&self.name).components().count();
        self.path.ancestors().nth(levels).unwrap_or(&self.path)
    }
}

/// Path of the ctl file that describes what is in a Data or log file; none if the file's name
/// is not that of one.
pub fn ctl_beside(path: &Path) -> Option<PathBuf> {
    let name = FileName::of(path)?;
    match name.kind {
        FileKind::Ctl => None,
        FileKind::Data | FileKind::Log => {
            Some(path.with_file_name(name.with_kind(FileKind::Ctl).to_string()))
        }
    }
}

/// Why a file of a backup can't be opened or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file can't be opened, or its container is not whole.
    #[error(transparent)]
    Container(#[from] XfrmError),
    /// The contents are not a backup file's.
    #[error(transparent)]
    Contents(BackupError),
    /// What was decrypted is no backup file. A wrong password makes any bytes of the first
    /// ones, and its own fault shows only at the end of the file.
    #[error("wrong password or key, or {0} once decrypted")]
    WrongSecret(BackupError),
}

impl FileError {
    /// The error for contents that can't be read, of a file that is encrypted or not.
    pub fn of_contents(error: BackupError, is_encrypted: bool) -> Self {
        match error {
            BackupError::NotABackup { .. } if is_encrypted => FileError::WrongSecret(error),
            error => FileError::Contents(error),
        }
    }
}

/// Opens a file of a backup, whatever container it is in.
///
/// # Errors
///
/// If there is no such file, or as [`xfrm::open`].
pub fn open_file(
    path: &Path,
    secret: Option<&Secret>,
    options: ReadOptions,
) -> Result<XfrmReader<File>, FileError> {
    let file = File::open(path).map_err(XfrmError::from)?;
    Ok(xfrm::open_with(file, secret, options)?)
}

/// How much larger than its file the contents of a compressed ctl file can be: three times
/// what is usual. A forged one could be a thousand times larger, and is held in memory.
const CTL_RATIO_MAX: u64 = 64;
/// What is allowed in any case, in bytes.
const CTL_ROOM: u64 = 1 << 20;

/// Reads a ctl file, whatever container it is in.
///
/// # Errors
///
/// If it can't be opened, or as [`CtlFile::read`]; also if its contents are 64 times as large as
/// the file, and more.
pub fn read_ctl(
    path: &Path,
    secret: Option<&Secret>,
    options: ReadOptions,
) -> Result<CtlFile, FileError> {
    let file = File::open(path).map_err(XfrmError::from)?;
    let size = file.metadata().map_err(XfrmError::from)?.len();
    let limit = match size {
        // A pipe or a device says nothing.
        0 => CTL_BYTES_MAX,
        size => CTL_BYTES_MAX.min(size.saturating_mul(CTL_RATIO_MAX) + CTL_ROOM),
    };
    let reader = xfrm::open_with(file, secret, options)?;
    let is_encrypted = reader.container().is_encrypted();
    CtlFile::read_at_most(reader, limit)
        .map_err(|error| FileError::of_contents(error, is_encrypted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(id: u32) -> BackupId {
        BackupId::new(id).unwrap()
    }

    #[test]
    fn a_file_name_is_read_as_it_is_written() {
        for (text, id, node, kind) in [
            ("BACKUP-7.2.ctl", 7, 2, FileKind::Ctl),
            ("BACKUP-7-0.2.Data", 7, 2, FileKind::Data),
            (
                "BACKUP-4294967294.144.log",
                u32::MAX - 1,
                144,
                FileKind::Log,
            ),
        ] {
            let name = FileName::parse(text).unwrap();
            let node = NodeId::new(node).unwrap();
            let expected = FileName {
                backup: backup(id),
                node,
                kind,
            };
            assert_eq!(name, expected);
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn other_names_are_no_backup_files() {
        for text in [
            "BACKUP-7.2.data",
            "BACKUP-7.2.Data",
            "BACKUP-7-1.2.Data",
            "BACKUP-7-0.2.ctl",
            "BACKUP-07.2.ctl",
            "BACKUP-+7.2.ctl",
            "BACKUP-0.2.ctl",
            "BACKUP-4294967295.2.ctl",
            "BACKUP-7.0.ctl",
            "BACKUP-7.2.ctl.gz",
            "BACKUP-7.ctl",
            "BACKUP-.2.ctl",
            "backup-7.2.ctl",
            "T2F0.Data",
            "",
        ] {
            assert_eq!(FileName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_part_is_known_by_its_directory() {
        let part = Part::new(1, 2).unwrap();
        assert_eq!(part.directory_name(backup(7)), "BACKUP-7-PART-1-OF-2");
        let found = Part::parse_directory_name("BACKUP-7-PART-1-OF-2");
        assert_eq!(found, Some((backup(7), part)));
        for text in [
            "BACKUP-7",
            "BACKUP-7-PART-0-OF-2",
            "BACKUP-7-PART-3-OF-2",
            "BACKUP-7-PART-1-OF-",
        ] {
            assert_eq!(Part::parse_directory_name(text), None, "{text}");
        }

        let path = Path::new("/b/BACKUP-7/BACKUP-7-PART-2-OF-4/BACKUP-7-0.3.Data");
        let file = SetFile::at(path).unwrap();
        assert_eq!(file.name, "BACKUP-7-PART-2-OF-4/BACKUP-7-0.3.Data");
        assert_eq!((file.part, file.parts), (2, 4));
        assert_eq!(file.set_directory(), Path::new("/b/BACKUP-7"));

        // The directory of another backup's part says nothing.
        let path = Path::new("/b/BACKUP-8-PART-2-OF-4/BACKUP-7.3.ctl");
        let file = SetFile::at(path).unwrap();
        assert_eq!(file.name, "BACKUP-7.3.ctl");
        assert_eq!((file.part, file.parts), (1, 1));
        assert_eq!(file.set_directory(), path.parent().unwrap());
    }

    #[test]
    fn a_ctl_file_lies_beside_the_files_that_it_describes() {
        let beside = |path: &str| ctl_beside(Path::new(path));
        let ctl = Some(PathBuf::from("/b/BACKUP-7.2.ctl"));
        assert_eq!(beside("/b/BACKUP-7-0.2.Data"), ctl);
        assert_eq!(beside("/b/BACKUP-7.2.log"), ctl);
        assert_eq!(beside("/b/BACKUP-7.2.ctl"), None);
        assert_eq!(beside("/b/some.log"), None);
    }

    #[test]
    fn a_nodes_files_lie_below_its_directory() {
        let files = NodeFiles::below(Path::new("/d"), backup(7), NodeId::new(2).unwrap());
        assert_eq!(files.directory(), Path::new("/d/BACKUP/BACKUP-7"));
        let names: Vec<PathBuf> = FileKind::ALL.map(|kind| files.path(kind)).into();
        let expected = ["BACKUP-7.2.ctl", "BACKUP-7-0.2.Data", "BACKUP-7.2.log"];
        assert_eq!(names, expected.map(|name| files.directory().join(name)));
        let part = files.in_part(Part::new(2, 3).unwrap());
        assert_eq!(part.set_directory(), Path::new("/d/BACKUP/BACKUP-7"));
        assert_eq!(
            part.path(FileKind::Log),
            Path::new("/d/BACKUP/BACKUP-7/BACKUP-7-PART-2-OF-3/BACKUP-7.2.log")
        );
    }
}

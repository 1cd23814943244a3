//! The file header that every backup file starts with (backup format, 2).
//!
//! | offset | size | field | value written |
//! |---|---|---|---|
//! | 0 | 8 | magic | `NDBBCKUP` |
//! | 8 | 4 | backup version | 0x0006030B |
//! | 12 | 4 | section type | 1 |
//! | 16 | 4 | section length | 9: words from the section type on |
//! | 20 | 4 | file type | [`FileType`] |
//! | 24 | 4 | backup id | |
//! | 28 | 8 | backup key | master node id << 16 \| backup id & 0xFFFF; the master's clock |
//! | 36 | 4 | byte order | 0x12345678 in the writer's own order |
//! | 40 | 4 | NDB version | absent below 0x0006030B |
//! | 44 | 4 | MySQL version | absent below 0x0006030B |
//!
//! All words but the byte order are big-endian.

use std::io::Read;

use super::BackupError;
use super::source::{Source, be_word};
use crate::cluster::{BackupId, NodeId, Version};

/// First eight bytes of every backup file (backup format, 2).
pub const MAGIC: [u8; 8] = *b"NDBBCKUP";
/// The version of the format that is written, 6.3.11.
pub(crate) const BACKUP_VERSION: u32 = 0x0006_030B;
/// The newest backup version that can be read.
pub(crate) const NEWEST_VERSION: u32 = Version::OURS.0;

/// Bytes of the header that follow the magic and the backup version, in the old form.
const OLD_REST: usize = 28;
/// The same with the two version words.
const REST: usize = 36;

/// What a backup file holds, as the file header numbers it (backup format, 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// The dictionary, the GCP range and the fragments: `.ctl`.
    Ctl,
    /// Changes made during a SNAPSHOTEND backup: `.log`.
    RedoLog,
    /// The rows: `.Data`.
    Data,
    /// Rows of a local checkpoint.
    LcpData,
    /// Changes made during a SNAPSHOTSTART backup, to be undone: `.log`.
    UndoLog,
    /// Control file of a local checkpoint.
    LcpCtl,
    /// A number without a meaning here.
    Other(u32),
}

impl FileType {
    /// The number in the header.
    pub fn number(self) -> u32 {
        match self {
            FileType::Ctl => 1,
            FileType::RedoLog => 2,
            FileType::Data => 3,
            FileType::LcpData => 4,
            FileType::UndoLog => 5,
            FileType::LcpCtl => 6,
            FileType::Other(number) => number,
        }
    }

    /// The file type with this number.
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => FileType::Ctl,
            2 => FileType::RedoLog,
            3 => FileType::Data,
            4 => FileType::LcpData,
            5 => FileType::UndoLog,
            6 => FileType::LcpCtl,
            other => FileType::Other(other),
        }
    }
}

/// Order of the bytes of row payloads; all framing is big-endian (backup format, 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ByteOrder {
    /// Least significant byte first: what is written here, and by every x86 or ARM node.
    #[default]
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// Reads a word in this order.
    pub fn word(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }

    /// Reads a half word in this order.
    pub(crate) fn half_word(self, bytes: [u8; 2]) -> u16 {
        match self {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// The file header: 48 bytes, or 40 in files before version 6.3.11 (backup format, 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHeader {
    /// Version of the format, packed as a [`Version`].
    pub backup_version: u32,
    /// What the file holds.
    pub file_type: FileType,
    /// Id of the backup; not checked, a file may hold any number.
    pub backup_id: u32,
    /// The backup's key: the same in all files of one backup.
    pub backup_key: [u32; 2],
    /// Order of the bytes of the row payloads.
    pub byte_order: ByteOrder,
    /// NDB version of the writer.
    pub ndb_version: Version,
    /// MySQL version of the writer, 0 if unknown.
    pub mysql_version: Version,
}

impl FileHeader {
    /// The header a data node of version 9.7.2 writes. `clock` is the low half of the master's
    /// millisecond clock, the same for all files of one backup.
    pub fn new(file_type: FileType, backup_id: BackupId, master: NodeId, clock: u32) -> Self {
        FileHeader {
            backup_version: BACKUP_VERSION,
            file_type,
            backup_id: backup_id.get(),
            backup_key: [master.get() << 16 | backup_id.get() & 0xFFFF, clock],
            byte_order: ByteOrder::Little,
            ndb_version: Version::OURS,
            mysql_version: Version::OURS,
        }
    }

    /// The same header for another file of the same backup.
    pub(crate) fn with_file_type(&self, file_type: FileType) -> Self {
        FileHeader {
            file_type,
            ..self.clone()
        }
    }

    /// Number of words from the section type on.
    pub(crate) fn section_length(&self) -> u32 {
        if self.backup_version < BACKUP_VERSION {
            7
        } else {
            9
        }
    }

    /// Appends the header's 48 bytes (40 for a version below 6.3.11).
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        for word in [
            self.backup_version,
            1,
            self.section_length(),
            self.file_type.number(),
            self.backup_id,
            self.backup_key[0],
            self.backup_key[1],
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.extend_from_slice(&match self.byte_order {
            ByteOrder::Little => 0x1234_5678_u32.to_le_bytes(),
            ByteOrder::Big => 0x1234_5678_u32.to_be_bytes(),
        });
        if self.backup_version >= BACKUP_VERSION {
            out.extend_from_slice(&self.ndb_version.0.to_be_bytes());
            out.extend_from_slice(&self.mysql_version.0.to_be_bytes());
        }
    }

    /// Reads the header at the start of a backup file, and not a byte more.
    pub fn read(mut reader: impl Read) -> Result<Self, BackupError> {
        let mut start = [0; 12];
        let short = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::UnexpectedEof => BackupError::Truncated {
                what: WHAT,
                offset: 0,
            },
            _ => BackupError::Read {
                what: WHAT,
                offset: 0,
                source,
            },
        };
        reader.read_exact(&mut start).map_err(short)?;
        let mut rest = [0; REST];
        let rest = &mut rest[..rest_length(&start)?];
        reader.read_exact(rest).map_err(short)?;
        decode(&start, rest)
    }

    pub(crate) fn take<R: Read>(source: &mut Source<R>) -> Result<Self, BackupError> {
        let start = *source
            .take(12, WHAT)?
            .first_chunk::<12>()
            .expect("the slice has the length asked for");
        let rest = source.take(rest_length(&start)?, WHAT)?;
        decode(&start, rest)
    }

    /// Fails unless the file is of one of these types.
    pub(crate) fn expect_type(
        &self,
        accepted: &[FileType],
        expected: &'static str,
    ) -> Result<(), BackupError> {
        if accepted.contains(&self.file_type) {
            return Ok(());
        }
        Err(self.other_type(expected))
    }

    /// The error for a file of a type that is none of the expected.
    pub(crate) fn other_type(&self, expected: &'static str) -> BackupError {
        match self.file_type {
            FileType::LcpData | FileType::LcpCtl => BackupError::Checkpoint,
            FileType::Ctl
            | FileType::RedoLog
            | FileType::Data
            | FileType::UndoLog
            | FileType::Other(_) => BackupError::WrongFileType {
                expected,
                found: self.file_type.number(),
            },
        }
    }
}

const WHAT: &str = "file header";

/// Checks the magic, and tells how much follows the first twelve bytes.
fn rest_length(start: &[u8; 12]) -> Result<usize, BackupError> {
    let found = *start.first_chunk::<8>().expect("twelve bytes hold eight");
    if found != MAGIC {
        return Err(BackupError::NotABackup { found });
    }
    if be_word(start, 2) < BACKUP_VERSION {
        Ok(OLD_REST)
    } else {
        Ok(REST)
    }
}

fn decode(start: &[u8; 12], rest: &[u8]) -> Result<FileHeader, BackupError> {
    let malformed = |why| BackupError::Malformed {
        what: WHAT,
        offset: 12,
        why,
    };
    let backup_version = be_word(start, 2);
    if be_word(rest, 0) != 1 {
        return Err(malformed("the section type is not 1"));
    }
    if be_word(rest, 1) as usize != rest.len() / 4 {
        return Err(malformed("the section length is not that of its version"));
    }
    if backup_version > NEWEST_VERSION {
        return Err(BackupError::UnsupportedVersion {
            version: backup_version,
            newest: NEWEST_VERSION,
        });
    }
    let byte_order = match be_word(rest, 6) {
        0x7856_3412 => ByteOrder::Little,
        0x1234_5678 => ByteOrder::Big,
        _ => return Err(malformed("the byte order mark is not 0x12345678")),
    };
    let old = rest.len() == OLD_REST;
    Ok(FileHeader {
        backup_version,
        file_type: FileType::from_number(be_word(rest, 2)),
        backup_id: be_word(rest, 3),
        backup_key: [be_word(rest, 4), be_word(rest, 5)],
        byte_order,
        ndb_version: Version(if old {
            backup_version
        } else {
            be_word(rest, 7)
        }),
        mysql_version: Version(if old { 0 } else { be_word(rest, 8) }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> FileHeader {
        let backup = BackupId::new(1).unwrap();
        FileHeader::new(FileType::Ctl, backup, NodeId::new(2).unwrap(), 0xB_8FB4)
    }

    #[test]
    fn encodes_as_a_real_master_does_but_for_the_key() {
        let mut bytes = Vec::new();
        header().encode(&mut bytes);
        let words: Vec<u32> = (2..12).map(|index| be_word(&bytes, index)).collect();
        assert_eq!(
            words,
            [
                0x0006_030b,
                1,
                9,
                1,
                1,
                0x0002_0001,
                0xB_8FB4,
                0x7856_3412,
                0x0009_0702,
                0x0009_0702
            ]
        );
        assert_eq!(FileHeader::read(&bytes[..]).unwrap(), header());
    }

    #[test]
    fn the_old_form_has_no_version_words() {
        let old = FileHeader {
            backup_version: 0x0005_0103,
            ndb_version: Version(0x0005_0103),
            mysql_version: Version(0),
            byte_order: ByteOrder::Big,
            ..header()
        };
        let mut bytes = Vec::new();
        old.encode(&mut bytes);
        assert_eq!(bytes.len(), 40);
        assert_eq!(FileHeader::read(&bytes[..]).unwrap(), old);
    }

    #[test]
    fn every_fault_is_named() {
        let mut bytes = Vec::new();
        header().encode(&mut bytes);
        let fault = |index: usize, byte: u8| {
            let mut bad = bytes.clone();
            bad[index] = byte;
            FileHeader::read(&bad[..]).unwrap_err().to_string()
        };
        assert!(fault(0, 0).starts_with("not a backup file"));
        assert!(fault(9, 10).contains("later than"));
        assert!(fault(15, 2).contains("section type"));
        assert!(fault(19, 7).contains("section length"));
        assert!(fault(36, 0).contains("byte order"));
        assert!(matches!(
            FileHeader::read(&bytes[..47]),
            Err(BackupError::Truncated { .. })
        ));
    }
}

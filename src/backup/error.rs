//! What can be wrong with a backup file.

use std::io;

/// A backup file that can't be read or written: what it is about, where, and why.
///
/// Offsets are bytes from the start of the decoded file (after decryption and decompression).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The source failed; a container error (wrong password, checksum) arrives here too.
    #[error("cannot read the {what} at offset {offset}")]
    Read {
        /// What was being read.
        what: &'static str,
        /// Where the read began.
        offset: u64,
        /// The source's error.
        source: io::Error,
    },
    /// The destination failed.
    #[error("cannot write the output")]
    Write(#[from] io::Error),
    /// The first eight bytes are not `NDBBCKUP`.
    #[error("not a backup file: it starts with {found:02x?}")]
    NotABackup {
        /// The bytes found.
        found: [u8; 8],
    },
    /// The file was written by a later version than this crate knows.
    #[error("backup version 0x{version:x} is later than 0x{newest:x}, the newest known")]
    UnsupportedVersion {
        /// The version in the header.
        version: u32,
        /// The newest version that can be read.
        newest: u32,
    },
    /// A sound header, but of another kind of file.
    #[error("the header says file type {found}, not {expected}")]
    WrongFileType {
        /// What the reader is for.
        expected: &'static str,
        /// The file type in the header.
        found: u32,
    },
    /// A file of a local checkpoint, which a data node keeps for itself.
    #[error("a local checkpoint file, not a backup")]
    Checkpoint,
    /// The file ends early.
    #[error("the file ends inside the {what} at offset {offset}")]
    Truncated {
        /// What is incomplete.
        what: &'static str,
        /// Where it begins.
        offset: u64,
    },
    /// A length is beyond what the format allows.
    #[error("the {what} at offset {offset} is {length} long, the limit is {limit}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Where it begins.
        offset: u64,
        /// The length found, in the unit of the limit.
        length: u64,
        /// The largest length accepted.
        limit: u64,
    },
    /// Bytes that break a rule of the format.
    #[error("the {what} at offset {offset} is malformed: {why}")]
    Malformed {
        /// What is malformed.
        what: &'static str,
        /// Where it begins.
        offset: u64,
        /// The rule it breaks.
        why: &'static str,
    },
    /// A record or log entry of a table that the ctl file does not describe.
    #[error("table {table_id} at offset {offset} is not in the ctl file")]
    UnknownTable {
        /// Id of the table.
        table_id: u32,
        /// Where the fragment header or log entry begins.
        offset: u64,
    },
    /// The ctl file belongs to another backup.
    #[error("the ctl file is of another backup: key {ctl:08x?}, not {file:08x?}")]
    ForeignCtl {
        /// Backup key in the ctl file.
        ctl: [u32; 2],
        /// Backup key in the Data or log file.
        file: [u32; 2],
    },
    /// A row that does not fit its table.
    #[error("the row at offset {offset} does not fit its table")]
    Row {
        /// Where the record begins.
        offset: u64,
        /// What is wrong with the row.
        source: RowError,
    },
    /// The caller asked for something the format cannot hold.
    #[error("cannot write the {what}: {why}")]
    Unencodable {
        /// What was to be written.
        what: &'static str,
        /// Why it can't be.
        why: &'static str,
    },
}

/// A row, or one of its values, that does not fit its table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The packed row does not start with its attribute header (backup format, 4.1).
    #[error("the row does not start with a packed row header of this table")]
    BadHeader,
    /// The row's bytes end inside a column.
    #[error("the row ends inside column `{column}`")]
    Truncated {
        /// Name of the column.
        column: String,
    },
    /// The bitmap says that the column is absent, which a backup never does.
    #[error("column `{column}` is absent")]
    Absent {
        /// Name of the column.
        column: String,
    },
    /// Bytes are left after the last column.
    #[error("{bytes} bytes are left after the last column")]
    Leftover {
        /// How many.
        bytes: usize,
    },
    /// The row has another number of values than the table has columns.
    #[error("the row has {values} values, the table {columns} columns")]
    WrongCount {
        /// Values in the row.
        values: usize,
        /// Columns of the table.
        columns: usize,
    },
    /// A value that its column can't hold.
    #[error("column `{column}` cannot hold the value: {why}")]
    BadValue {
        /// Name of the column.
        column: String,
        /// Why not.
        why: &'static str,
    },
    /// A log entry names a column that the table does not have.
    #[error("the table has no column number {id}")]
    UnknownColumn {
        /// Column number, from 0.
        id: u16,
    },
    /// The row is longer than a record can be.
    #[error("the row is {bytes} bytes long, the limit is {limit}")]
    TooLong {
        /// Length of the packed row.
        bytes: usize,
        /// Longest possible row.
        limit: usize,
    },
}

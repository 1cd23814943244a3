//! Why a table can't be exported.

use std::io;

use crate::backup::{BackupError, FileError};
use crate::cluster::Version;

/// Why a table can't be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The set has no such table.
    #[error("there is no table '{name}'; the set has {known}")]
    NoTable {
        /// What was asked for.
        name: String,
        /// Tables that there are.
        known: String,
    },
    /// Several tables have this name.
    #[error("there are several tables '{name}': {known}")]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Their internal names.
        known: String,
    },
    /// The table has no such column.
    #[error("table {table} has no column '{name}'; it has {known}")]
    NoColumn {
        /// The table.
        table: String,
        /// What was asked for.
        name: String,
        /// Its columns.
        known: String,
    },
    /// The key given has another number of values.
    #[error("the key of table {table} has {expected} column(s), {found} value(s) were given")]
    KeyLength {
        /// The table.
        table: String,
        /// Columns of its key.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// A file can't be opened.
    #[error("{file}")]
    Open {
        /// Its name inside the set.
        file: String,
        /// Why.
        source: FileError,
    },
    /// A file can't be read to its end.
    #[error("{file}")]
    Contents {
        /// Its name inside the set.
        file: String,
        /// Why.
        source: BackupError,
    },
    /// Rows that have the form of versions before 6.3.11, which is not read.
    #[error("{file} was written by NDB {version}: rows from before 6.3.11 can't be decoded")]
    OldRows {
        /// Its name inside the set.
        file: String,
        /// The version.
        version: Version,
    },
    /// A part of a blob is not in the set.
    #[error("part {part} of blob column `{column}` of the row with key {key} is missing")]
    MissingPart {
        /// The column.
        column: String,
        /// The row's key, as CSV has it.
        key: String,
        /// Number of the part.
        part: u64,
    },
    /// More changes of the same few keys than can be kept.
    #[error("there are too many changes of one row")]
    TooManyChanges,
    /// The temporary file for changes and blob parts failed.
    #[error("cannot use a temporary file")]
    Spool(#[source] io::Error),
    /// A thread failed.
    #[error("cannot work in the background")]
    Worker(#[source] io::Error),
    /// The output failed.
    #[error("cannot write the output")]
    Write(#[source] io::Error),
}

//! The backup files of a data node: readers, writers, printer.
//!
//! A backup of one node is three files, all of which start with the same [`FileHeader`]:
//!
//! | file | content | read with | written with |
//! |---|---|---|---|
//! | `BACKUP-<id>.<node>.ctl` | tables, GCP range, fragments | [`CtlFile::read`] | [`CtlFile::write`] |
//! | `BACKUP-<id>-0.<node>.Data` | rows | [`DataReader`] | [`DataWriter`] |
//! | `BACKUP-<id>.<node>.log` | changes made meanwhile | [`LogReader`] | [`LogWriter`] |
//!
//! [`FileName`], [`NodeFiles`] and [`SetFile`] know what the files are called and where they lie.
//!
//! Everything works over plain [`std::io::Read`] and [`std::io::Write`]: a compressed or
//! encrypted file is read through [`crate::xfrm`]. Readers hold one section, record or entry at
//! a time and check every length before they allocate for it; writers pass on large slices.
//!
//! Framing is big-endian; what lies in rows is in the writer's own order, which the header
//! announces. Both orders are read, little-endian is written.

mod charset;
mod column;
mod ctl;
mod data;
mod decimal;
mod error;
mod expiry;
mod export;
mod fileset;
mod header;
mod json;
mod json_object;
mod json_value;
mod layout;
mod log;
mod manifest;
mod print;
mod properties;
mod record;
mod row;
mod source;
mod summary;
mod table;
mod temporal;
mod text;
mod type_text;
mod value;
mod verify;

pub use charset::Charset;
pub use column::{ArrayType, Column, ColumnDefault, ColumnType, LATIN1, UTF8MB4};
pub use ctl::{CtlFile, DictObject, FragmentEntry, GcpEntry, HashMap};
pub use data::{DataItem, DataReader, DataWriter};
pub use error::{BackupError, RowError};
pub use expiry::{Candidate, Decision, KeepRules, Worth, decide};
pub use export::{
    ExportError, ExportFormat, ExportOptions, ExportReport, INDEX_MAX, Undecoded, export,
};
pub use fileset::{
    FileError, FileKind, FileName, NodeFiles, Part, SetFile, ctl_beside, directory_name, open_file,
    read_ctl,
};
pub use header::{ByteOrder, FileHeader, FileType, MAGIC};
pub use json::print_json;
pub use log::{Change, LogEntry, LogEvent, LogKind, LogReader, LogValue, LogWriter};
pub use manifest::{
    FileDigest, MANIFEST_SCHEMA, Manifest, ManifestError, ManifestFile, sync_directory, write_whole,
};
pub use print::{PrintOptions, Printed, print};
pub use properties::{Property, PropertyValue};
pub use record::{Verified, is_kept, keep_file_name, manifest_of, set_directories, verified_of};
pub use row::Row;
pub use summary::{FileState, FileSummary, SetState, SetSummary, summarise};
pub use table::{FragmentPlacement, IndexOf, NO_OBJECT, Table, TableKind};
pub use temporal::{Date, DateTime, Time};
pub use value::Value;
pub use verify::{
    FileReport, Finding, FindingKind, FragmentSeen, LogSeen, Proof, SetReport, Severity, Slice,
    Verdict, VerifyOptions, verify,
};

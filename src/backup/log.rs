//! The log file: changes made while the backup ran (backup format, 5).
//!
//! A redo log (SNAPSHOTEND) holds what came after the rows were read, an undo log
//! (SNAPSHOTSTART) what they were before. File header, entries, one zero word. An entry:
//!
//! | word | content |
//! |---|---|
//! | 0 | length: words that follow, without the undo tail |
//! | 1 | table id |
//! | 2 | event: 0 insert, 1 delete, 2 update; 0x10000 if a GCI follows the attributes |
//! | 3 | fragment |
//! | .. | attributes: id << 16 \| bytes, then the value, zero padded to a word |
//! | last | GCI, if it differs from the last entry's; always in an undo log |
//! | tail | the length again, in an undo log only |
//!
//! All words but the attributes are big-endian.

use std::io::{Read, Write};

use super::ctl::push_words;
use super::header::{ByteOrder, FileHeader, FileType};
use super::row::Row;
use super::source::{Source, be_word};
use super::table::Table;
use super::value::{Value, decode_value, encode_value};
use super::{BackupError, RowError};
use crate::cluster::Gci;

/// Longest entry in words (backup format, 5.3).
pub(crate) const ENTRY_WORDS_MAX: u32 = 32767;

const GCI_FLAG: u32 = 0x1_0000;
const SLICE: usize = 256 * 1024;
/// First version whose entries have a fragment word (backup format, 5.3).
const FRAGMENT_SINCE: u32 = 0x0005_0106;

/// Whether a log is applied forwards (backup format, 5.1) or backwards (5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// Applied forwards: SNAPSHOTEND.
    Redo,
    /// Applied backwards: SNAPSHOTSTART.
    Undo,
}

impl LogKind {
    /// What the header of such a file says.
    pub fn file_type(self) -> FileType {
        match self {
            LogKind::Redo => FileType::RedoLog,
            LogKind::Undo => FileType::UndoLog,
        }
    }
}

/// What happened to a row, as entries number it (backup format, 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogEvent {
    /// A row was inserted.
    Insert,
    /// A row was deleted.
    Delete,
    /// A row was changed.
    Update,
    /// A number without a meaning.
    Other(u16),
}

impl LogEvent {
    /// The number in the entry.
    pub fn number(self) -> u16 {
        match self {
            LogEvent::Insert => 0,
            LogEvent::Delete => 1,
            LogEvent::Update => 2,
            LogEvent::Other(number) => number,
        }
    }

    /// The event with this number.
    pub fn from_number(number: u16) -> Self {
        match number {
            0 => LogEvent::Insert,
            1 => LogEvent::Delete,
            2 => LogEvent::Update,
            other => LogEvent::Other(other),
        }
    }
}

/// A change of a row, from which an entry is made (backup format, 5.1 and 5.2).
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// This row is new.
    Insert(&'a Row),
    /// This row is gone.
    Delete(&'a Row),
    /// A row was changed; its key is the same.
    Update {
        /// As it was.
        before: &'a Row,
        /// As it is.
        after: &'a Row,
    },
}

/// A column value in an entry (backup format, 5.1).
#[derive(Debug, Clone, PartialEq)]
pub struct LogValue {
    /// Column number, from 0.
    pub column: u16,
    /// The value.
    pub value: Value,
}

/// An entry as it lies in the file (backup format, 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEntry<'a> {
    /// Offset of the entry in bytes.
    pub offset: u64,
    /// Id of the table.
    pub table_id: u32,
    /// What happened.
    pub event: LogEvent,
    /// Number of the fragment; 0 in a log older than 5.1.6.
    pub fragment: u32,
    /// GCI, if this entry carries one.
    pub own_gci: Option<Gci>,
    /// GCI of the change: its own, or that of the entry before it.
    pub gci: Gci,
    /// The attribute list.
    attributes: &'a [u8],
    order: ByteOrder,
}

impl<'a> LogEntry<'a> {
    /// Length of the attribute list in words.
    pub(crate) fn attribute_words(&self) -> usize {
        self.attributes.len() / 4
    }

    /// The attributes: column number and the value's storage form (empty for NULL), up to the
    /// first that does not lie inside the entry.
    pub fn attributes(
        &self,
    ) -> impl Iterator<Item = Result<(u16, &'a [u8]), BackupError>> + use<'a> {
        let (mut rest, order, offset) = (self.attributes, self.order, self.offset);
        std::iter::from_fn(move || {
            let (head, after) = rest.split_first_chunk::<4>()?;
            let head = order.word(*head);
            let length = (head & 0xFFFF) as usize;
            let Some(value) = after.get(..length) else {
                rest = &[];
                return Some(Err(BackupError::Malformed {
                    what: "log entry",
                    offset,
                    why: "an attribute is longer than the entry",
                }));
            };
            rest = after.get(length.next_multiple_of(4)..).unwrap_or_default();
            Some(Ok(((head >> 16) as u16, value)))
        })
    }

    /// Byte order of the values.
    pub(super) fn order(&self) -> ByteOrder {
        self.order
    }

    /// The values of the entry, of this table.
    ///
    /// # Errors
    ///
    /// If an attribute is malformed, or of a column that the table does not have.
    pub fn values(&self, table: &Table) -> Result<Vec<LogValue>, BackupError> {
        let attributes = self.attributes_of(table)?;
        let value_of = |(id, bytes): (u16, &[u8])| {
            let column = table.columns.get(usize::from(id))?;
            let value = match bytes {
                [] => Value::Null,
                bytes => decode_value(column, bytes, self.order),
            };
            Some(LogValue { column: id, value })
        };
        Ok(attributes.into_iter().filter_map(value_of).collect())
    }

    /// All attributes, each of a column that the table has.
    pub(super) fn attributes_of(&self, table: &Table) -> Result<Vec<(u16, &'a [u8])>, BackupError> {
        let known = |attribute: Result<(u16, &'a [u8]), BackupError>| {
            let (id, bytes) = attribute?;
            if usize::from(id) >= table.columns.len() {
                return Err(BackupError::Row {
                    offset: self.offset,
                    source: RowError::UnknownColumn { id },
                });
            }
            Ok((id, bytes))
        };
        self.attributes().map(known).collect()
    }
}

/// Reads a redo or undo log forwards, holding one entry at a time (backup format, 5).
pub struct LogReader<R> {
    source: Source<R>,
    header: FileHeader,
    kind: LogKind,
    gci: Gci,
    ended: bool,
}

impl<R: Read> LogReader<R> {
    /// Reads the file header.
    ///
    /// # Errors
    ///
    /// If it is not that of a log file.
    pub fn new(reader: R) -> Result<Self, BackupError> {
        let mut source = Source::new(reader);
        let header = FileHeader::take(&mut source)?;
        header.expect_type(&[FileType::RedoLog, FileType::UndoLog], "2 or 5 (log)")?;
        Ok(Self::after_header(source, header))
    }

    pub(crate) fn after_header(source: Source<R>, header: FileHeader) -> Self {
        let kind = match header.file_type {
            FileType::UndoLog => LogKind::Undo,
            _ => LogKind::Redo,
        };
        LogReader {
            source,
            header,
            kind,
            gci: Gci(0),
            ended: false,
        }
    }

    /// The file header.
    pub fn header(&self) -> &FileHeader {
        &self.header
    }

    /// Kind of log.
    pub fn kind(&self) -> LogKind {
        self.kind
    }

    /// The next entry; none after the zero word.
    ///
    /// # Errors
    ///
    /// If the file ends without the zero word, goes on after it, or an entry is malformed.
    pub fn next_entry(&mut self) -> Result<Option<LogEntry<'_>>, BackupError> {
        const WHAT: &str = "log entry";
        let offset = self.source.offset();
        if self.ended {
            return Ok(None);
        }
        let length = self.source.word(WHAT)?;
        if length == 0 {
            self.ended = true;
            if !self.source.at_end(WHAT)? {
                return Err(BackupError::Malformed {
                    what: "log",
                    offset,
                    why: "something follows its end",
                });
            }
            return Ok(None);
        }
        if length > ENTRY_WORDS_MAX {
            return Err(BackupError::TooLong {
                what: WHAT,
                offset,
                length: length.into(),
                limit: ENTRY_WORDS_MAX.into(),
            });
        }
        let malformed = |why| BackupError::Malformed {
            what: WHAT,
            offset,
            why,
        };
        let head_words = if self.header.backup_version < FRAGMENT_SINCE {
            2
        } else {
            3
        };
        let (kind, order) = (self.kind, self.header.byte_order);
        let tail = usize::from(kind == LogKind::Undo);
        let words = length as usize;
        let bytes = self.source.take(4 * (words + tail), WHAT)?;
        if tail == 1 && be_word(bytes, words) != length {
            return Err(malformed("its tail is not its length"));
        }
        let event = be_word(bytes, 1);
        let has_gci = event & GCI_FLAG != 0;
        let end = words - usize::from(has_gci);
        let Some(attributes) = bytes.get(4 * head_words..4 * end) else {
            return Err(malformed("it is too short"));
        };
        let own_gci = has_gci.then(|| Gci(be_word(bytes, end)));
        self.gci = own_gci.unwrap_or(self.gci);
        Ok(Some(LogEntry {
            offset,
            table_id: be_word(bytes, 0),
            event: LogEvent::from_number((event & 0xFFFF) as u16),
            fragment: if head_words == 3 {
                be_word(bytes, 2)
            } else {
                0
            },
            own_gci,
            gci: self.gci,
            attributes,
            order,
        }))
    }
}

/// Writes a redo or undo log (backup format, 5).
///
/// What is written is collected and passed on in large slices. Dropping the writer without
/// finishing leaves the incomplete file that an aborted backup leaves.
pub struct LogWriter<W> {
    out: W,
    buffer: Vec<u8>,
    kind: LogKind,
    gci: Option<Gci>,
    passed_on: u64,
    header_bytes: u64,
    entries: u64,
}

impl<W: Write> LogWriter<W> {
    /// Starts the file. The file type in `header` is set here.
    pub fn new(out: W, header: &FileHeader, kind: LogKind) -> Self {
        let mut buffer = Vec::with_capacity(SLICE);
        header.with_file_type(kind.file_type()).encode(&mut buffer);
        LogWriter {
            out,
            header_bytes: buffer.len() as u64,
            buffer,
            kind,
            gci: None,
            passed_on: 0,
            entries: 0,
        }
    }

    /// Logs a change of a row: in a redo log the key and the new values, in an undo log the key
    /// and the old ones.
    ///
    /// # Errors
    ///
    /// If a row does not fit the table, or the destination fails. After a row that does not fit
    /// the file is as before.
    pub fn write_change(
        &mut self,
        table: &Table,
        fragment: u32,
        gci: Gci,
        change: Change<'_>,
    ) -> Result<(), BackupError> {
        let (event, row, other) = match (change, self.kind) {
            (Change::Insert(row), _) => (LogEvent::Insert, row, None),
            (Change::Delete(row), _) => (LogEvent::Delete, row, None),
            (Change::Update { before, after }, LogKind::Redo) => {
                (LogEvent::Update, after, Some(before))
            }
            (Change::Update { before, after }, LogKind::Undo) => {
                (LogEvent::Update, before, Some(after))
            }
        };
        let all = matches!(
            (event, self.kind),
            (LogEvent::Insert, LogKind::Redo) | (LogEvent::Delete, LogKind::Undo)
        );
        let keys = table
            .columns
            .iter()
            .zip(0..)
            .filter(|(column, _)| column.key);
        let mut columns: Vec<u16> = keys.map(|(_, id)| id).collect();
        for (index, id) in (0..table.columns.len()).zip(0..) {
            let changed = other.is_some_and(|other| other.0.get(index) != row.0.get(index));
            if all || changed {
                columns.push(id);
            }
        }
        let value = |id: u16| row.0.get(usize::from(id)).map(|value| (id, value));
        let values: Vec<(u16, &Value)> = columns.into_iter().filter_map(value).collect();
        self.write_values(table, fragment, gci, event, &values)
    }

    /// Logs an entry with these columns, in this order; the key's columns come first.
    ///
    /// # Errors
    ///
    /// As [`LogWriter::write_change`].
    pub fn write_values(
        &mut self,
        table: &Table,
        fragment: u32,
        gci: Gci,
        event: LogEvent,
        values: &[(u16, &Value)],
    ) -> Result<(), BackupError> {
        let start = self.buffer.len();
        let with_gci = self.kind == LogKind::Undo || self.gci != Some(gci);
        let flag = if with_gci { GCI_FLAG } else { 0 };
        let event = u32::from(event.number()) | flag;
        push_words(&mut self.buffer, &[0, table.id, event, fragment]);
        let mut written = Ok(());
        for (id, value) in values {
            written = written.and_then(|()| push_attribute(table, *id, value, &mut self.buffer));
        }
        if let Err(source) = written {
            self.buffer.truncate(start);
            return Err(BackupError::Row {
                offset: self.bytes_written(),
                source,
            });
        }
        if with_gci {
            push_words(&mut self.buffer, &[gci.0]);
        }
        let length = (self.buffer.len() - start) / 4 - 1;
        if length > ENTRY_WORDS_MAX as usize {
            self.buffer.truncate(start);
            return Err(BackupError::Unencodable {
                what: "log entry",
                why: "it is longer than 32767 words",
            });
        }
        self.buffer[start..start + 4].copy_from_slice(&(length as u32).to_be_bytes());
        if self.kind == LogKind::Undo {
            push_words(&mut self.buffer, &[length as u32]);
        }
        self.gci = Some(gci);
        self.entries += 1;
        if self.buffer.len() >= SLICE {
            self.flush()?;
        }
        Ok(())
    }

    /// Entries written so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Bytes of the entries: what a data node reports as the size of its log.
    pub fn content_bytes(&self) -> u64 {
        self.bytes_written() - self.header_bytes
    }

    /// Bytes written so far, those not yet passed on included.
    pub fn bytes_written(&self) -> u64 {
        self.passed_on + self.buffer.len() as u64
    }

    /// Passes on what is collected.
    ///
    /// # Errors
    ///
    /// If the destination fails.
    pub fn flush(&mut self) -> Result<(), BackupError> {
        self.out.write_all(&self.buffer)?;
        self.passed_on += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the end word and gives the destination back.
    ///
    /// # Errors
    ///
    /// If the destination fails.
    pub fn finish(mut self) -> Result<W, BackupError> {
        push_words(&mut self.buffer, &[0]);
        self.flush()?;
        Ok(self.out)
    }
}

fn push_attribute(
    table: &Table,
    id: u16,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<(), RowError> {
    let column = table
        .columns
        .get(usize::from(id))
        .ok_or(RowError::UnknownColumn { id })?;
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    if *value != Value::Null {
        encode_value(column, value, out)?;
    } else if !column.nullable {
        return Err(RowError::BadValue {
            column: column.name.clone(),
            why: "it is NULL and the column is not nullable",
        });
    }
    let length = out.len() - start - 4;
    // A value is at most as long as a row, which fits 16 bits.
    let head = u32::from(id) << 16 | length as u32 & 0xFFFF;
    out[start..start + 4].copy_from_slice(&head.to_le_bytes());
    out.resize(out.len() + length.next_multiple_of(4) - length, 0);
    Ok(())
}

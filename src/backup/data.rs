//! The Data file: the rows (backup format, 4).
//!
//! File header, then for each fragment a header, its records, a zero word and a footer:
//!
//! | part | words |
//! |---|---|
//! | fragment header | 2, 5, table id, fragment, 0 |
//! | record | type << 16 \| n, then n words of payload |
//! | end of records | 0 |
//! | fragment footer | 3, 6, table id, fragment, records (low word), 0 |
//! | padding, anywhere between fragments | 8, n, then n - 2 words |
//!
//! All words but the payload are big-endian. The type of a record is 0 in a backup.

use std::io::{Read, Write};

use super::ctl::push_words;
use super::header::{FileHeader, FileType};
use super::row::Row;
use super::source::{Source, be_word};
use super::table::Table;
use super::{BackupError, RowError};

const FRAGMENT_HEADER: u32 = 2;
const FRAGMENT_FOOTER: u32 = 3;
const EMPTY_ENTRY: u32 = 8;

/// Bytes the writer collects before it passes them on.
const SLICE: usize = 256 * 1024;

/// A part of a Data file (backup format, 4).
#[derive(Debug, PartialEq, Eq)]
pub enum DataItem<'a> {
    /// A fragment begins.
    FragmentHeader {
        /// Id of its table.
        table_id: u32,
        /// Its number, from 0.
        fragment: u32,
        /// Kind of checksum; always 0, none.
        checksum_type: u32,
    },
    /// A record of the fragment.
    Record {
        /// Kind of record; 0 (insert) in a backup.
        kind: u16,
        /// The packed row.
        payload: &'a [u8],
    },
    /// The records of the fragment are over.
    EndOfRecords,
    /// The fragment ends.
    FragmentFooter {
        /// Id of its table.
        table_id: u32,
        /// Its number.
        fragment: u32,
        /// Low word of the number of records.
        records: u32,
        /// Checksum; always 0.
        checksum: u32,
    },
    /// Padding.
    Empty,
}

/// What the file holds next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Between,
    Records,
    Footer,
}

/// Reads a Data file, holding one record at a time (backup format, 4).
pub struct DataReader<R> {
    source: Source<R>,
    header: FileHeader,
    place: Place,
    /// Table, fragment and number of records read of the open fragment.
    open: (u32, u32, u64),
    item_offset: u64,
}

impl<R: Read> DataReader<R> {
    /// Reads the file header.
    ///
    /// # Errors
    ///
    /// If it is not that of a Data file.
    pub fn new(reader: R) -> Result<Self, BackupError> {
        let mut source = Source::new(reader);
        let header = FileHeader::take(&mut source)?;
        header.expect_type(&[FileType::Data], "3 (Data)")?;
        Ok(Self::after_header(source, header))
    }

    pub(crate) fn after_header(source: Source<R>, header: FileHeader) -> Self {
        DataReader {
            source,
            header,
            place: Place::Between,
            open: (0, 0, 0),
            item_offset: 0,
        }
    }

    /// The file header.
    pub fn header(&self) -> &FileHeader {
        &self.header
    }

    /// Offset of the item that was read last, in bytes.
    pub fn item_offset(&self) -> u64 {
        self.item_offset
    }

    /// The next item; none at the end of the file, which can only be between fragments.
    ///
    /// # Errors
    ///
    /// If the file ends elsewhere, or something stands in the place of a header or footer, or a
    /// footer is not that of its fragment.
    pub fn next_item(&mut self) -> Result<Option<DataItem<'_>>, BackupError> {
        let mut unfitting = None;
        let item = self.next_unchecked(&mut unfitting)?;
        match unfitting {
            Some(error) => Err(error),
            None => Ok(item),
        }
    }

    /// [`DataReader::next_item`], but a footer that is not that of its fragment is given like
    /// any, and the error in `unfitting`.
    pub(crate) fn next_unchecked(
        &mut self,
        unfitting: &mut Option<BackupError>,
    ) -> Result<Option<DataItem<'_>>, BackupError> {
        self.item_offset = self.source.offset();
        match self.place {
            Place::Between if self.source.at_end("fragment header")? => Ok(None),
            Place::Between => self.header_or_padding().map(Some),
            Place::Records => self.record().map(Some),
            Place::Footer => self.footer(unfitting).map(Some),
        }
    }

    fn header_or_padding(&mut self) -> Result<DataItem<'_>, BackupError> {
        let offset = self.item_offset;
        let malformed = |why| BackupError::Malformed {
            what: "fragment header",
            offset,
            why,
        };
        let head = self.source.take(8, "fragment header")?;
        match (be_word(head, 0), be_word(head, 1)) {
            (FRAGMENT_HEADER, 5) => {
                let rest = self.source.take(12, "fragment header")?;
                let (table_id, fragment) = (be_word(rest, 0), be_word(rest, 1));
                self.open = (table_id, fragment, 0);
                self.place = Place::Records;
                Ok(DataItem::FragmentHeader {
                    table_id,
                    fragment,
                    checksum_type: be_word(rest, 2),
                })
            }
            (EMPTY_ENTRY, words @ 2..) => {
                let mut left = u64::from(words - 2) * 4;
                while left > 0 {
                    let step = left.min(64 * 1024);
                    self.source.take(step as usize, "padding")?;
                    left -= step;
                }
                Ok(DataItem::Empty)
            }
            (FRAGMENT_HEADER | EMPTY_ENTRY, _) => Err(malformed("its length is wrong")),
            _ => Err(malformed("another section stands in its place")),
        }
    }

    fn record(&mut self) -> Result<DataItem<'_>, BackupError> {
        let word = self.source.word("record")?;
        if word == 0 {
            self.place = Place::Footer;
            return Ok(DataItem::EndOfRecords);
        }
        self.open.2 += 1;
        let payload = self.source.take(4 * (word & 0xFFFF) as usize, "record")?;
        Ok(DataItem::Record {
            kind: (word >> 16) as u16,
            payload,
        })
    }

    fn footer(&mut self, unfitting: &mut Option<BackupError>) -> Result<DataItem<'_>, BackupError> {
        let offset = self.item_offset;
        let bytes = self.source.take(24, "fragment footer")?;
        if (be_word(bytes, 0), be_word(bytes, 1)) != (FRAGMENT_FOOTER, 6) {
            return Err(BackupError::Malformed {
                what: "fragment footer",
                offset,
                why: "another section stands in its place",
            });
        }
        self.place = Place::Between;
        let (table_id, fragment) = (be_word(bytes, 2), be_word(bytes, 3));
        let records = be_word(bytes, 4);
        let (open_table, open_fragment, counted) = self.open;
        if (table_id, fragment, records) != (open_table, open_fragment, counted as u32) {
            *unfitting = Some(BackupError::Malformed {
                what: "fragment footer",
                offset,
                why: "it is not the footer of the fragment before it",
            });
        }
        Ok(DataItem::FragmentFooter {
            table_id,
            fragment,
            records,
            checksum: be_word(bytes, 5),
        })
    }
}

/// Writes a Data file (backup format, 4).
///
/// What is written is collected and passed on in large slices; a fragment is begun, its rows
/// follow, and the next fragment or [`DataWriter::finish`] ends it. Dropping the writer without
/// finishing leaves the incomplete file that an aborted backup leaves.
pub struct DataWriter<W> {
    out: W,
    buffer: Vec<u8>,
    passed_on: u64,
    open: Option<(u32, u32)>,
    fragment_records: u64,
    records: u64,
    content_bytes: u64,
}

impl<W: Write> DataWriter<W> {
    /// Starts the file. The file type in `header` is set here.
    pub fn new(out: W, header: &FileHeader) -> Self {
        let mut buffer = Vec::with_capacity(SLICE + 64 * 1024);
        header.with_file_type(FileType::Data).encode(&mut buffer);
        DataWriter {
            out,
            buffer,
            passed_on: 0,
            open: None,
            fragment_records: 0,
            records: 0,
            content_bytes: 0,
        }
    }

    /// Ends the open fragment, if any, and begins the next.
    ///
    /// # Errors
    ///
    /// If the destination fails.
    pub fn begin_fragment(&mut self, table_id: u32, fragment: u32) -> Result<(), BackupError> {
        self.end_fragment()?;
        let start = self.buffer.len();
        push_words(
            &mut self.buffer,
            &[FRAGMENT_HEADER, 5, table_id, fragment, 0],
        );
        self.content_bytes += (self.buffer.len() - start) as u64;
        self.open = Some((table_id, fragment));
        Ok(())
    }

    /// Adds a row to the open fragment.
    ///
    /// # Errors
    ///
    /// If no fragment is open, the row does not fit the table, or the destination fails. After
    /// a row that does not fit the file is as before.
    pub fn write_row(&mut self, table: &Table, row: &Row) -> Result<(), BackupError> {
        self.expect_fragment()?;
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        let encoded = row.encode(table, &mut self.buffer);
        let words = (self.buffer.len() - start - 4) / 4;
        if let Err(source) = encoded {
            self.buffer.truncate(start);
            return Err(BackupError::Row {
                offset: self.bytes_written(),
                source,
            });
        }
        self.buffer[start..start + 4].copy_from_slice(&(words as u32).to_be_bytes());
        self.count_record(start)
    }

    /// Adds a row that is packed already.
    ///
    /// # Errors
    ///
    /// If no fragment is open, the payload is not a whole number of words, or too long, or the
    /// destination fails.
    pub fn write_packed(&mut self, payload: &[u8]) -> Result<(), BackupError> {
        self.expect_fragment()?;
        let words = payload.len() / 4;
        if !payload.len().is_multiple_of(4) || words == 0 || words > 0xFFFF {
            return Err(BackupError::Row {
                offset: self.bytes_written(),
                source: RowError::BadHeader,
            });
        }
        let start = self.buffer.len();
        push_words(&mut self.buffer, &[words as u32]);
        self.buffer.extend_from_slice(payload);
        self.count_record(start)
    }

    /// Records written so far, in all fragments.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Bytes of the records and of the headers of their fragments: what a data node reports as
    /// the size of its backup.
    pub fn content_bytes(&self) -> u64 {
        self.content_bytes
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

    /// Ends the last fragment and gives the destination back.
    ///
    /// # Errors
    ///
    /// If the destination fails.
    pub fn finish(mut self) -> Result<W, BackupError> {
        self.end_fragment()?;
        self.flush()?;
        Ok(self.out)
    }

    /// [`DataWriter::finish`] with the padding that a node writes with `ODirect`: an empty
    /// entry that makes the file a multiple of 32768 bytes.
    ///
    /// # Errors
    ///
    /// If the destination fails.
    pub fn finish_padded(mut self) -> Result<W, BackupError> {
        self.end_fragment()?;
        const BLOCK: u64 = 32768;
        let length = self.bytes_written();
        let mut padding = length.next_multiple_of(BLOCK) - length;
        if padding != 0 {
            if padding < 8 {
                padding += BLOCK;
            }
            push_words(&mut self.buffer, &[EMPTY_ENTRY, (padding / 4) as u32]);
            let end = self.buffer.len() + padding as usize - 8;
            self.buffer.resize(end, 0);
        }
        self.finish()
    }

    fn expect_fragment(&self) -> Result<(), BackupError> {
        match self.open {
            Some(_) => Ok(()),
            None => Err(BackupError::Unencodable {
                what: "record",
                why: "no fragment is open",
            }),
        }
    }

    /// Counts the record that begins at `start` of the buffer.
    fn count_record(&mut self, start: usize) -> Result<(), BackupError> {
        self.fragment_records += 1;
        self.records += 1;
        self.content_bytes += (self.buffer.len() - start) as u64;
        if self.buffer.len() >= SLICE {
            self.flush()?;
        }
        Ok(())
    }

    fn end_fragment(&mut self) -> Result<(), BackupError> {
        if let Some((table_id, fragment)) = self.open.take() {
            let records = std::mem::take(&mut self.fragment_records) as u32;
            push_words(
                &mut self.buffer,
                &[0, FRAGMENT_FOOTER, 6, table_id, fragment, records, 0],
            );
        }
        if self.buffer.len() >= SLICE {
            self.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::{Column, ColumnType};
    use super::super::value::Value;
    use super::*;
    use crate::cluster::{BackupId, NodeId};

    fn header() -> FileHeader {
        let backup = BackupId::new(1).unwrap();
        FileHeader::new(FileType::Data, backup, NodeId::new(2).unwrap(), 1)
    }

    fn table() -> Table {
        let columns = vec![Column::new("id", ColumnType::Unsigned).primary_key()];
        Table::new("a/def/b", 9, columns, 1, &[vec![2]])
    }

    #[test]
    fn a_padded_file_is_a_multiple_of_the_block() {
        for rows in [0, 1, 2726, 2727, 2728] {
            let mut writer = DataWriter::new(Vec::new(), &header());
            writer.begin_fragment(9, 0).unwrap();
            for id in 0..rows {
                let row = Row(vec![Value::Unsigned(id)]);
                writer.write_row(&table(), &row).unwrap();
            }
            assert_eq!(writer.records(), rows);
            let bytes = writer.finish_padded().unwrap();
            assert!(bytes.len().is_multiple_of(32768));
            let mut reader = DataReader::new(&bytes[..]).unwrap();
            let mut records = 0;
            while let Some(item) = reader.next_item().unwrap() {
                records += u64::from(matches!(item, DataItem::Record { .. }));
            }
            assert_eq!(records, rows);
        }
    }

    #[test]
    fn a_record_needs_a_fragment_and_a_bad_row_leaves_no_trace() {
        let mut writer = DataWriter::new(Vec::new(), &header());
        let row = Row(vec![Value::Unsigned(1)]);
        assert!(writer.write_row(&table(), &row).is_err());
        writer.begin_fragment(9, 0).unwrap();
        let before = writer.bytes_written();
        assert!(writer.write_row(&table(), &Row(vec![Value::Null])).is_err());
        assert_eq!(writer.bytes_written(), before);
    }

    #[test]
    fn a_footer_of_another_fragment_is_an_error() {
        let mut writer = DataWriter::new(Vec::new(), &header());
        writer.begin_fragment(9, 0).unwrap();
        let mut bytes = writer.finish().unwrap();
        let count = bytes.len() - 8;
        bytes[count + 3] = 1;
        let mut reader = DataReader::new(&bytes[..]).unwrap();
        assert!(reader.next_item().unwrap().is_some());
        assert_eq!(reader.next_item().unwrap(), Some(DataItem::EndOfRecords));
        assert!(reader.next_item().is_err());
    }
}

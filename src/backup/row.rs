//! Packed rows (backup format, 4.1).
//!
//! A row is a sequence of words in the writer's byte order:
//!
//! | words | content |
//! |---|---|
//! | 1 | 0xFFF3 << 16 \| 4 * M |
//! | M | bitmap, bit b in word b / 32 at b % 32: for each column "present", and "is NULL" if it is nullable |
//! | .. | the columns that are not NULL |
//!
//! Elements of 8 and 16 bits follow each other unaligned, those of 32 and 64 bits start at a
//! word, bit columns share words. Pad bytes are written as zero; a real node leaves garbage in
//! them.

use super::RowError;
use super::column::{Column, ROW_BYTES_MAX, Storage};
use super::header::ByteOrder;
use super::table::Table;
use super::value::{Value, decode_value, encode_value};

/// Attribute id in the first word of a packed row.
const PACKED: u32 = 0xFFF3;

/// One row: a value for each column of its table; packed in a Data file (backup format, 4.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// Reads a packed row of this table. `order` is that of the file's header.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly one packed row of this table.
    pub fn decode(table: &Table, payload: &[u8], order: ByteOrder) -> Result<Row, RowError> {
        let mut values = Vec::with_capacity(table.columns.len());
        walk_columns(&table.columns, payload, order, |column, stored| {
            values.push(match stored {
                None => Value::Null,
                Some((bytes, order)) => decode_value(column, bytes, order),
            });
        })?;
        Ok(Row(values))
    }

    /// Appends the packed row, little-endian, pad bytes zero.
    ///
    /// # Errors
    ///
    /// If a value does not fit its column. What was appended is then of no use.
    pub fn encode(&self, table: &Table, out: &mut Vec<u8>) -> Result<(), RowError> {
        let columns = &table.columns;
        if self.0.len() != columns.len() {
            return Err(RowError::WrongCount {
                values: self.0.len(),
                columns: columns.len(),
            });
        }
        let start = out.len();
        let words = bitmap_words(columns);
        out.extend_from_slice(&(PACKED << 16 | (4 * words) as u32).to_le_bytes());
        out.resize(start + 4 + 4 * words, 0);
        let mut bit = 0;
        let mut writer = RowWriter {
            base: out.len(),
            out,
            bits: 0,
            scratch: Vec::new(),
        };
        for (column, value) in columns.iter().zip(&self.0) {
            writer.set_bit(start + 4, bit);
            bit += 1;
            let null = *value == Value::Null;
            if column.nullable {
                if null {
                    writer.set_bit(start + 4, bit);
                }
                bit += 1;
            }
            match (null, column.nullable) {
                (true, true) => {}
                (true, false) => {
                    return Err(RowError::BadValue {
                        column: column.name.clone(),
                        why: "it is NULL and the column is not nullable",
                    });
                }
                (false, _) => writer.value(column, value)?,
            }
        }
        writer.align();
        let bytes = out.len() - start;
        if bytes > ROW_BYTES_MAX {
            return Err(RowError::TooLong {
                bytes,
                limit: ROW_BYTES_MAX,
            });
        }
        Ok(())
    }
}

/// Goes through the columns of a packed row: the storage form of each value and its byte order,
/// none for NULL. Without an error `visit` was called for each column, in their order.
pub(crate) fn walk_columns(
    columns: &[Column],
    payload: &[u8],
    order: ByteOrder,
    mut visit: impl FnMut(&Column, Option<(&[u8], ByteOrder)>),
) -> Result<(), RowError> {
    let words = bitmap_words(columns);
    let header = word(payload, 0, order).ok_or(RowError::BadHeader)?;
    if header != PACKED << 16 | (4 * words) as u32 {
        return Err(RowError::BadHeader);
    }
    let mut reader = RowReader {
        bytes: payload.get(4 + 4 * words..).ok_or(RowError::BadHeader)?,
        order,
        position: 0,
        bits: 0,
        bit_words: Vec::new(),
    };
    let mut bit = 0;
    let mut next_bit = || {
        let word = word(payload, 1 + bit / 32, order).unwrap_or(0);
        let set = word >> (bit % 32) & 1 == 1;
        bit += 1;
        set
    };
    for column in columns {
        if !next_bit() {
            return Err(RowError::Absent {
                column: column.name.clone(),
            });
        }
        if column.nullable && next_bit() {
            visit(column, None);
            continue;
        }
        visit(column, Some(reader.stored(column)?));
    }
    match reader.leftover() {
        0 => Ok(()),
        bytes => Err(RowError::Leftover { bytes }),
    }
}

/// Words of the bitmap.
pub(super) fn bitmap_words(columns: &[Column]) -> usize {
    let nullable = columns.iter().filter(|column| column.nullable).count();
    (columns.len() + nullable).div_ceil(32)
}

/// Bytes that the value at the start of `rest` takes, and the most that its column allows.
fn stored_length(storage: Storage, rest: &[u8]) -> Option<(u64, u64)> {
    Some(match storage {
        Storage::Short { max } => (1 + u64::from(*rest.first()?), 1 + max),
        Storage::Medium { max } => {
            let length = u16::from_le_bytes(*rest.first_chunk()?);
            (2 + u64::from(length), 2 + max)
        }
        Storage::Fixed { size, .. } => (size, size),
        Storage::Bits(bits) => (bits.div_ceil(32) * 4, bits.div_ceil(32) * 4),
    })
}

fn word(bytes: &[u8], index: usize, order: ByteOrder) -> Option<u32> {
    let bytes = bytes.get(4 * index..)?.first_chunk::<4>()?;
    Some(order.word(*bytes))
}

/// Where the next column starts: byte `position`, or, after a bit column, bit `bits` of the
/// word there.
struct RowReader<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
    position: usize,
    bits: u64,
    /// The bit column that was read last, moved to the start of its words.
    bit_words: Vec<u8>,
}

impl RowReader<'_> {
    fn stored(&mut self, column: &Column) -> Result<(&[u8], ByteOrder), RowError> {
        let truncated = || RowError::Truncated {
            column: column.name.clone(),
        };
        let storage = column.storage();
        if let Storage::Bits(bits) = storage {
            let stored = self.bits(bits).ok_or_else(truncated)?;
            // Their words are in order already.
            return Ok((stored, ByteOrder::Little));
        }
        self.flush_bits();
        if matches!(storage, Storage::Fixed { element: 4.., .. }) {
            self.position = self.position.next_multiple_of(4);
        }
        let rest = self.bytes.get(self.position..).ok_or_else(truncated)?;
        let (length, limit) = stored_length(storage, rest).ok_or_else(truncated)?;
        if length > limit {
            return Err(RowError::BadValue {
                column: column.name.clone(),
                why: "it is longer than its column",
            });
        }
        let length = usize::try_from(length).map_err(|_| truncated())?;
        let stored = rest.get(..length).ok_or_else(truncated)?;
        self.position += length;
        Ok((stored, self.order))
    }

    fn bits(&mut self, bits: u64) -> Option<&[u8]> {
        self.position = self.position.next_multiple_of(4);
        let end = self.position as u64 + (self.bits + bits).div_ceil(32) * 4;
        if end > self.bytes.len() as u64 {
            return None;
        }
        let first = self.position / 4;
        let fetch = |index: usize| word(self.bytes, index, self.order).unwrap_or(0);
        self.bit_words.clear();
        for index in first..first + bits.div_ceil(32) as usize {
            let both = u64::from(fetch(index + 1)) << 32 | u64::from(fetch(index));
            let aligned = (both >> self.bits) as u32;
            self.bit_words.extend_from_slice(&aligned.to_le_bytes());
        }
        self.position += ((self.bits + bits) / 32 * 4) as usize;
        self.bits = (self.bits + bits) % 32;
        Some(&self.bit_words)
    }

    fn flush_bits(&mut self) {
        if self.bits != 0 {
            self.position += 4;
            self.bits = 0;
        }
    }

    fn leftover(mut self) -> usize {
        self.flush_bits();
        let end = self.position.next_multiple_of(4);
        self.bytes.len().saturating_sub(end)
    }
}

struct RowWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Index of the first column's first byte.
    base: usize,
    /// Bits used of the last word; 0 when no bit column is open.
    bits: u32,
    scratch: Vec<u8>,
}

impl RowWriter<'_> {
    fn set_bit(&mut self, bitmap: usize, bit: usize) {
        self.out[bitmap + bit / 8] |= 1 << (bit % 8);
    }

    fn align(&mut self) {
        let length = self.out.len() - self.base;
        self.out.resize(self.base + length.next_multiple_of(4), 0);
    }

    fn value(&mut self, column: &Column, value: &Value) -> Result<(), RowError> {
        match column.storage() {
            Storage::Bits(bits) => {
                self.scratch.clear();
                encode_value(column, value, &mut self.scratch)?;
                self.align();
                let words = std::mem::take(&mut self.scratch);
                self.put_bits(bits, &words);
                self.scratch = words;
                Ok(())
            }
            storage => {
                self.bits = 0;
                if matches!(storage, Storage::Fixed { element: 4.., .. }) {
                    self.align();
                }
                encode_value(column, value, self.out)
            }
        }
    }

    fn put_bits(&mut self, bits: u64, words: &[u8]) {
        let mut left = bits;
        for bytes in words.chunks_exact(4) {
            let word = bytes
                .first_chunk::<4>()
                .map_or(0, |b| u32::from_le_bytes(*b));
            let count = left.min(32) as u32;
            left -= u64::from(count);
            let word = u64::from(word) & ((1 << count) - 1);
            if self.bits == 0 {
                self.out.extend_from_slice(&[0; 4]);
            }
            let shifted = word << self.bits;
            let last = self.out.len() - 4;
            for (slot, byte) in self.out[last..]
                .iter_mut()
                .zip((shifted as u32).to_le_bytes())
            {
                *slot |= byte;
            }
            if self.bits + count > 32 {
                self.out
                    .extend_from_slice(&((shifted >> 32) as u32).to_le_bytes());
            }
            self.bits = (self.bits + count) % 32;
        }
    }
}

//! Where the columns of a packed row lie, worked out once for a table.
//!
//! [`walk_columns`](super::row::walk_columns) asks each column anew for every row, and names what
//! is wrong; whoever reads all rows of a table wants neither. A row that this walk refuses is
//! walked again by the other for the reason.

use super::RowError;
use super::column::{Column, Storage};
use super::header::ByteOrder;
use super::row::{bitmap_words, walk_columns};

/// Attribute id in the first word of a packed row.
const PACKED: u32 = 0xFFF3;

/// How one column is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// So many bytes, unaligned.
    Bytes(usize),
    /// So many bytes from the next word on.
    Words(usize),
    /// One length byte and at most so many bytes.
    Short(usize),
    /// Two length bytes and at most so many bytes.
    Medium(usize),
    /// So many bits.
    Bits(usize),
}

/// The columns of a table as a packed row has them.
#[derive(Debug)]
pub(crate) struct Layout {
    places: Vec<(Place, bool)>,
    header: u32,
    bitmap_words: usize,
}

/// Where a column's value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// NULL.
    Null,
    /// In the row, in the byte order of the file: from one byte of the payload to another.
    Stored(usize, usize),
    /// A bit column: the same of [`Cells::words`], little-endian.
    Words(usize, usize),
}

/// Where the values of a row lie; kept from row to row for its memory.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// In the order of the columns.
    cells: Vec<Cell>,
    /// Words of the bit columns, moved to the start of their words.
    words: Vec<u8>,
}

impl Cells {
    /// The storage form of a column's value and its byte order, none for NULL. `payload` and
    /// `order` are those that were walked.
    pub(crate) fn stored<'a>(
        &'a self,
        column: usize,
        payload: &'a [u8],
        order: ByteOrder,
    ) -> Option<(&'a [u8], ByteOrder)> {
        match self.cells[column] {
            Cell::Null => None,
            Cell::Stored(start, end) => Some((&payload[start..end], order)),
            Cell::Words(start, end) => Some((&self.words[start..end], ByteOrder::Little)),
        }
    }
}

impl Layout {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let place = |column: &Column| match column.storage() {
            Storage::Fixed { element: 4.., size } => Place::Words(clamp(size)),
            Storage::Fixed { size, .. } => Place::Bytes(clamp(size)),
            Storage::Short { max } => Place::Short(clamp(max)),
            Storage::Medium { max } => Place::Medium(clamp(max)),
            Storage::Bits(bits) => Place::Bits(clamp(bits)),
        };
        let words = bitmap_words(columns);
        Layout {
            places: columns
                .iter()
                .map(|column| (place(column), column.nullable))
                .collect(),
            header: PACKED << 16 | (4 * words) as u32,
            bitmap_words: words,
        }
    }

    /// Finds the values of a packed row.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly one packed row of these columns, from which the layout was
    /// made.
    pub(crate) fn walk(
        &self,
        columns: &[Column],
        payload: &[u8],
        order: ByteOrder,
        cells: &mut Cells,
    ) -> Result<(), RowError> {
        cells.cells.clear();
        cells.words.clear();
        let found = self.try_walk(payload, order, |found| cells.take(payload, order, found));
        found.map_or_else(|| self.reason(columns, payload, order), Ok)
    }

    /// [`Layout::walk`] for who does not want the values.
    ///
    /// # Errors
    ///
    /// As [`Layout::walk`].
    pub(crate) fn check(
        &self,
        columns: &[Column],
        payload: &[u8],
        order: ByteOrder,
    ) -> Result<(), RowError> {
        let found = self.try_walk(payload, order, |_| {});
        found.map_or_else(|| self.reason(columns, payload, order), Ok)
    }

    /// What is wrong with a row that was refused.
    fn reason(&self, columns: &[Column], payload: &[u8], order: ByteOrder) -> Result<(), RowError> {
        let reason = walk_columns(columns, payload, order, |_, _| {});
        // Both walks follow the same rules; should they ever differ, the row is refused.
        Err(reason.err().unwrap_or(RowError::BadHeader))
    }

    /// Tells where each value lies, in the order of the columns.
    #[inline]
    fn try_walk(
        &self,
        payload: &[u8],
        order: ByteOrder,
        mut tell: impl FnMut(Found),
    ) -> Option<()> {
        let base = 4 + 4 * self.bitmap_words;
        let bytes = payload.get(base..)?;
        if word(payload, 0, order)? != self.header {
            return None;
        }
        let mut bitmap = Bitmap {
            payload,
            order,
            index: 1,
            word: 0,
            left: 0,
        };
        let (mut position, mut bits) = (0_usize, 0_usize);
        for (place, nullable) in &self.places {
            if !bitmap.next_bit() {
                return None;
            }
            if *nullable && bitmap.next_bit() {
                tell(Found::Null);
                continue;
            }
            if let Place::Bits(count) = *place {
                position = position.next_multiple_of(4);
                if position + (bits + count).div_ceil(32) * 4 > bytes.len() {
                    return None;
                }
                tell(Found::Bits {
                    start: base + position,
                    shift: bits,
                    count,
                });
                position += (bits + count) / 32 * 4;
                bits = (bits + count) % 32;
                continue;
            }
            if bits != 0 {
                position += 4;
                bits = 0;
            }
            let length = match *place {
                Place::Bytes(size) => size,
                Place::Words(size) => {
                    position = position.next_multiple_of(4);
                    size
                }
                Place::Short(max) => var_length(usize::from(*bytes.get(position)?), 1, max)?,
                Place::Medium(max) => {
                    let length = bytes.get(position..)?.first_chunk()?;
                    var_length(usize::from(u16::from_le_bytes(*length)), 2, max)?
                }
                Place::Bits(_) => return None,
            };
            let end = position.checked_add(length)?;
            if end > bytes.len() {
                return None;
            }
            tell(Found::Stored(base + position, base + end));
            position = end;
        }
        if bits != 0 {
            position += 4;
        }
        (bytes.len() <= position.next_multiple_of(4)).then_some(())
    }
}

/// Where a value was found in the payload.
enum Found {
    Null,
    Stored(usize, usize),
    /// So many bits, from this bit of the word at `start` on.
    Bits {
        start: usize,
        shift: usize,
        count: usize,
    },
}

impl Cells {
    fn take(&mut self, payload: &[u8], order: ByteOrder, found: Found) {
        self.cells.push(match found {
            Found::Null => Cell::Null,
            Found::Stored(start, end) => Cell::Stored(start, end),
            Found::Bits {
                start,
                shift,
                count,
            } => {
                let first = self.words.len();
                for index in 0..count.div_ceil(32) {
                    let at = start / 4 + index;
                    let low = word(payload, at, order).unwrap_or(0);
                    let high = word(payload, at + 1, order).unwrap_or(0);
                    let both = u64::from(high) << 32 | u64::from(low);
                    let aligned = (both >> shift) as u32;
                    self.words.extend_from_slice(&aligned.to_le_bytes());
                }
                Cell::Words(first, self.words.len())
            }
        });
    }
}

/// The bits of the bitmap, one after the other.
struct Bitmap<'a> {
    payload: &'a [u8],
    order: ByteOrder,
    /// The word that comes next.
    index: usize,
    word: u32,
    left: u32,
}

impl Bitmap<'_> {
    #[inline]
    fn next_bit(&mut self) -> bool {
        if self.left == 0 {
            self.word = word(self.payload, self.index, self.order).unwrap_or(0);
            self.index += 1;
            self.left = 32;
        }
        let set = self.word & 1 == 1;
        self.word >>= 1;
        self.left -= 1;
        set
    }
}

#[inline]
fn var_length(length: usize, length_bytes: usize, max: usize) -> Option<usize> {
    (length <= max).then_some(length + length_bytes)
}

/// Longer than any row is as long as can be.
fn clamp(size: u64) -> usize {
    size.min(1 << 30) as usize
}

#[inline]
fn word(bytes: &[u8], index: usize, order: ByteOrder) -> Option<u32> {
    let bytes = bytes.get(4 * index..)?.first_chunk::<4>()?;
    Some(order.word(*bytes))
}

#[cfg(test)]
mod tests {
    use super::super::column::ColumnType;
    use super::super::row::Row;
    use super::super::table::Table;
    use super::super::value::Value;
    use super::*;

    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", ColumnType::Unsigned).primary_key(),
            Column::sized("vc", ColumnType::Varbinary, 20).nullable(),
            Column::sized("c", ColumnType::Binary, 5).nullable(),
            Column::new("i16", ColumnType::Smallint),
            Column::sized("b3", ColumnType::Bit, 3),
            Column::sized("b40", ColumnType::Bit, 40).nullable(),
            Column::new("bi", ColumnType::Bigint).nullable(),
            Column::sized("lvb", ColumnType::Longvarbinary, 300),
            Column::sized("b70", ColumnType::Bit, 70),
            Column::new("ti", ColumnType::Tinyint),
        ]
    }

    fn packed() -> Vec<u8> {
        let row = Row(vec![
            Value::Unsigned(1),
            Value::Bytes(b"hello".to_vec()),
            Value::Bytes(b"abcde".to_vec()),
            Value::Signed(-5),
            Value::Bits(vec![5]),
            Value::Bits(vec![0xCDEF_0123, 0xAB]),
            Value::Signed(-1),
            Value::Bytes(b"xyz".to_vec()),
            Value::Bits(vec![1, 2, 0x3F]),
            Value::Signed(-7),
        ]);
        let mut out = Vec::new();
        row.encode(&Table::new("a/def/b", 1, columns(), 1, &[]), &mut out)
            .unwrap();
        out
    }

    fn same(payload: &[u8], order: ByteOrder) -> Result<(), RowError> {
        let columns = columns();
        let mut expected = Vec::new();
        let told = walk_columns(&columns, payload, order, |_, stored| {
            expected.push(stored.map(|(bytes, order)| (bytes.to_vec(), order)));
        });
        let mut cells = Cells::default();
        let found = Layout::new(&columns).walk(&columns, payload, order, &mut cells);
        assert_eq!(found, told);
        assert_eq!(Layout::new(&columns).check(&columns, payload, order), told);
        if found.is_ok() {
            for (column, expected) in expected.iter().enumerate() {
                let stored = cells.stored(column, payload, order);
                let stored = stored.map(|(bytes, order)| (bytes.to_vec(), order));
                assert_eq!(stored, *expected, "column {column}");
            }
        }
        found
    }

    #[test]
    fn finds_what_the_walk_with_reasons_finds() {
        let payload = packed();
        assert_eq!(same(&payload, ByteOrder::Little), Ok(()));
        let mut refused = 0;
        for index in 0..payload.len() {
            for flip in [1, 0x80] {
                let mut bad = payload.clone();
                bad[index] ^= flip;
                refused += usize::from(same(&bad, ByteOrder::Little).is_err());
            }
        }
        for length in 0..payload.len() {
            refused += usize::from(same(&payload[..length], ByteOrder::Little).is_err());
        }
        assert!(refused > payload.len());
    }

    #[test]
    fn reads_the_other_byte_order() {
        let columns = [
            Column::new("id", ColumnType::Unsigned).primary_key(),
            Column::sized("b", ColumnType::Bit, 3),
        ];
        let payload = [0xFF, 0xF3, 0, 4, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 5];
        let mut cells = Cells::default();
        let layout = Layout::new(&columns);
        layout
            .walk(&columns, &payload, ByteOrder::Big, &mut cells)
            .unwrap();
        assert_eq!(
            cells.stored(0, &payload, ByteOrder::Big),
            Some((&[0, 0, 0, 9][..], ByteOrder::Big))
        );
        assert_eq!(
            cells.stored(1, &payload, ByteOrder::Big),
            Some((&[5, 0, 0, 0][..], ByteOrder::Little))
        );
    }
}

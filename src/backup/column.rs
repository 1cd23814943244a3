//! Columns: their types, sizes and descriptions (backup format, 3.5).

use super::decimal::decimal_size;
use super::properties::{PropertyWriter, RawValue};

/// Most columns of a table: the bitmap of a row has room for two bits of each.
pub(crate) const COLUMNS_MAX: usize = 512;

/// Longest packed row in bytes: 7500 words of columns, the header and the bitmap (backup
/// format, 4.1). No column is longer.
pub(crate) const ROW_BYTES_MAX: usize = 4 * (7500 + 1 + 32);

/// Charset number of `latin1_swedish_ci`.
pub const LATIN1: u16 = 8;
/// Charset number of `utf8mb4_0900_ai_ci`.
pub const UTF8MB4: u16 = 255;

/// Type of a column, as item 1013 of its description numbers it (backup format, 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the format's own
pub enum ColumnType {
    Tinyint = 1,
    Tinyunsigned = 2,
    Smallint = 3,
    Smallunsigned = 4,
    Mediumint = 5,
    Mediumunsigned = 6,
    Int = 7,
    Unsigned = 8,
    Bigint = 9,
    Bigunsigned = 10,
    Float = 11,
    Double = 12,
    Olddecimal = 13,
    Char = 14,
    Varchar = 15,
    Binary = 16,
    Varbinary = 17,
    Datetime = 18,
    Date = 19,
    Blob = 20,
    Text = 21,
    Bit = 22,
    Longvarchar = 23,
    Longvarbinary = 24,
    Time = 25,
    Year = 26,
    Timestamp = 27,
    Olddecimalunsigned = 28,
    Decimal = 29,
    Decimalunsigned = 30,
    Time2 = 31,
    Datetime2 = 32,
    Timestamp2 = 33,
}

const TYPES: [(ColumnType, &str); 33] = [
    (ColumnType::Tinyint, "Tinyint"),
    (ColumnType::Tinyunsigned, "Tinyunsigned"),
    (ColumnType::Smallint, "Smallint"),
    (ColumnType::Smallunsigned, "Smallunsigned"),
    (ColumnType::Mediumint, "Mediumint"),
    (ColumnType::Mediumunsigned, "Mediumunsigned"),
    (ColumnType::Int, "Int"),
    (ColumnType::Unsigned, "Unsigned"),
    (ColumnType::Bigint, "Bigint"),
    (ColumnType::Bigunsigned, "Bigunsigned"),
    (ColumnType::Float, "Float"),
    (ColumnType::Double, "Double"),
    (ColumnType::Olddecimal, "Olddecimal"),
    (ColumnType::Char, "Char"),
    (ColumnType::Varchar, "Varchar"),
    (ColumnType::Binary, "Binary"),
    (ColumnType::Varbinary, "Varbinary"),
    (ColumnType::Datetime, "Datetime"),
    (ColumnType::Date, "Date"),
    (ColumnType::Blob, "Blob"),
    (ColumnType::Text, "Text"),
    (ColumnType::Bit, "Bit"),
    (ColumnType::Longvarchar, "Longvarchar"),
    (ColumnType::Longvarbinary, "Longvarbinary"),
    (ColumnType::Time, "Time"),
    (ColumnType::Year, "Year"),
    (ColumnType::Timestamp, "Timestamp"),
    (ColumnType::Olddecimalunsigned, "Olddecimalunsigned"),
    (ColumnType::Decimal, "Decimal"),
    (ColumnType::Decimalunsigned, "Decimalunsigned"),
    (ColumnType::Time2, "Time2"),
    (ColumnType::Datetime2, "Datetime2"),
    (ColumnType::Timestamp2, "Timestamp2"),
];

impl ColumnType {
    /// The number in the description.
    pub fn number(self) -> u32 {
        self as u32
    }

    /// The type with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        TYPES.get(index).map(|(column_type, _)| *column_type)
    }

    /// The type's name, as the format calls it.
    pub fn name(self) -> &'static str {
        TYPES[self as usize - 1].1
    }

    /// True for the types whose values are text in a charset.
    pub(crate) fn is_character(self) -> bool {
        use ColumnType::{Char, Longvarchar, Text, Varchar};
        matches!(self, Char | Varchar | Longvarchar | Text)
    }
}

/// How the bytes of a value are delimited (backup format, 3.5, item 1019).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArrayType {
    /// Always the same number of bytes.
    Fixed,
    /// One length byte, then that many bytes.
    ShortVar,
    /// Two length bytes (little-endian), then that many bytes.
    MediumVar,
    /// Fixed, of a key column made of variable sized ones.
    NoneVar,
}

impl ArrayType {
    fn number(self) -> u32 {
        match self {
            ArrayType::Fixed => 0,
            ArrayType::ShortVar => 1,
            ArrayType::MediumVar => 2,
            ArrayType::NoneVar => 3,
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(ArrayType::Fixed),
            1 => Some(ArrayType::ShortVar),
            2 => Some(ArrayType::MediumVar),
            3 => Some(ArrayType::NoneVar),
            _ => None,
        }
    }
}

/// Default value of a column (backup format, 3.5, items 1020 and 1021).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ColumnDefault {
    /// No items at all: the columns of system tables and indexes.
    Absent,
    /// No default, or NULL.
    #[default]
    None,
    /// A value in its storage form, little-endian, with length bytes if it has any.
    Stored(Vec<u8>),
}

/// A column of a table (backup format, 3.5, items from 1000).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, unique in the table.
    pub name: String,
    /// Type of the values.
    pub column_type: ColumnType,
    /// Part of the primary key.
    pub key: bool,
    /// May be NULL.
    pub nullable: bool,
    /// Stored in the dynamic part of the row, so that it can be added online.
    pub dynamic: bool,
    /// Decides with others in which fragment a row lies.
    pub distribution_key: bool,
    /// How values are delimited.
    pub array_type: ArrayType,
    /// Charset (collation) number of a character type, else 0.
    pub charset: u16,
    /// Digits of a decimal, fraction digits of a time, inline bytes of a blob.
    pub precision: u16,
    /// Fraction digits of a decimal, part size of a blob.
    pub scale: u32,
    /// Length in elements, bytes or bits; stripe size of a blob.
    pub length: u32,
    /// Takes its values from a counter.
    pub auto_increment: bool,
    /// Stored on disk.
    pub on_disk: bool,
    /// Value of a column that is not given.
    pub default: ColumnDefault,
}

/// How a value lies in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// `size` bytes of elements of `element` bytes.
    Fixed { element: u64, size: u64 },
    /// One length byte and at most `max` bytes.
    Short { max: u64 },
    /// Two length bytes and at most `max` bytes.
    Medium { max: u64 },
    /// This many bits.
    Bits(u64),
}

impl Column {
    /// A column of this type, not NULL, of length 1 and without a default.
    pub fn new(name: &str, column_type: ColumnType) -> Self {
        use ColumnType::{Blob, Longvarbinary, Longvarchar, Text, Varbinary, Varchar};
        let array_type = match column_type {
            Varchar | Varbinary => ArrayType::ShortVar,
            Longvarchar | Longvarbinary | Blob | Text => ArrayType::MediumVar,
            _ => ArrayType::Fixed,
        };
        Column {
            name: name.to_owned(),
            column_type,
            key: false,
            nullable: false,
            dynamic: false,
            distribution_key: false,
            array_type,
            charset: 0,
            precision: 0,
            scale: 0,
            length: 1,
            auto_increment: false,
            on_disk: false,
            default: ColumnDefault::None,
        }
    }

    /// A binary, varbinary, longvarbinary or bit column of this length (bytes or bits), or an
    /// array of `length` numbers.
    pub fn sized(name: &str, column_type: ColumnType, length: u32) -> Self {
        Column {
            length,
            ..Column::new(name, column_type)
        }
    }

    /// A char, varchar or longvarchar column of `length` bytes in this charset.
    pub fn text(name: &str, column_type: ColumnType, length: u32, charset: u16) -> Self {
        Column {
            length,
            charset,
            ..Column::new(name, column_type)
        }
    }

    /// A decimal column of `precision` digits, `scale` of them after the point.
    pub fn decimal(name: &str, precision: u16, scale: u32) -> Self {
        Column {
            precision,
            scale,
            ..Column::new(name, ColumnType::Decimal)
        }
    }

    /// A time2, datetime2 or timestamp2 column with `fraction` digits of a second, 0 to 6.
    pub fn temporal(name: &str, column_type: ColumnType, fraction: u16) -> Self {
        Column {
            precision: fraction,
            ..Column::new(name, column_type)
        }
    }

    /// A blob column (V2) with 256 bytes inline and parts of 2000 bytes.
    pub fn blob(name: &str) -> Self {
        Column {
            precision: 256,
            scale: 2000,
            length: 0,
            ..Column::new(name, ColumnType::Blob)
        }
    }

    /// The same column as part of the primary key; it decides on the fragment too.
    pub fn primary_key(mut self) -> Self {
        self.key = true;
        self
    }

    /// The same column, nullable.
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The same column, dynamic.
    pub fn dynamic(mut self) -> Self {
        self.dynamic = true;
        self
    }

    /// The same column, numbered by a counter.
    pub fn auto_increment(mut self) -> Self {
        self.auto_increment = true;
        self
    }

    /// The same column without default items, as in system tables.
    pub fn without_default(mut self) -> Self {
        self.default = ColumnDefault::Absent;
        self
    }

    /// log2 of the bits of an element (item 1003).
    pub(crate) fn element_code(&self) -> u32 {
        match self.element_bytes() {
            0 => 0,
            1 => 3,
            2 => 4,
            4 => 5,
            _ => 6,
        }
    }

    /// Number of elements, or bits (item 1005).
    pub(crate) fn array_size(&self) -> u64 {
        use ColumnType as T;
        let length = u64::from(self.length);
        let (precision, scale) = (u64::from(self.precision), u64::from(self.scale));
        let fraction = u64::from(scale > 0);
        match self.column_type {
            T::Mediumint | T::Mediumunsigned | T::Date | T::Time => 3 * length,
            T::Olddecimal => (1 + precision + fraction) * length,
            T::Olddecimalunsigned => (precision + fraction) * length,
            T::Decimal | T::Decimalunsigned => decimal_size(precision, scale) * length,
            T::Varchar | T::Varbinary => length + 1,
            T::Longvarchar | T::Longvarbinary => length + 2,
            T::Datetime => 8 * length,
            T::Timestamp => 4 * length,
            T::Time2 => (3 + precision.div_ceil(2)) * length,
            T::Datetime2 => (5 + precision.div_ceil(2)) * length,
            T::Timestamp2 => (4 + precision.div_ceil(2)) * length,
            T::Blob | T::Text if self.array_type == ArrayType::MediumVar => 16 + precision,
            T::Blob | T::Text => 8 + precision,
            _ => length,
        }
    }

    /// Bytes of an element; 0 for bits.
    fn element_bytes(&self) -> u64 {
        use ColumnType as T;
        match self.column_type {
            T::Bit => 0,
            T::Smallint | T::Smallunsigned => 2,
            T::Int | T::Unsigned | T::Float => 4,
            T::Bigint | T::Bigunsigned | T::Double => 8,
            _ => 1,
        }
    }

    pub(crate) fn storage(&self) -> Storage {
        let element = self.element_bytes();
        let size = element * self.array_size();
        match self.array_type {
            _ if element == 0 => Storage::Bits(u64::from(self.length)),
            ArrayType::ShortVar => Storage::Short {
                max: size.saturating_sub(1).min(0xFF),
            },
            ArrayType::MediumVar => Storage::Medium {
                max: size.saturating_sub(2).min(0xFFFF),
            },
            ArrayType::Fixed | ArrayType::NoneVar => Storage::Fixed { element, size },
        }
    }

    /// Words the column takes in a key (item 12 is their sum).
    pub(crate) fn key_words(&self) -> u64 {
        match self.storage() {
            Storage::Bits(bits) => bits.div_ceil(32),
            _ => (self.element_bytes() * self.array_size()).div_ceil(4),
        }
    }

    /// No row has room for a value of the column.
    pub(crate) fn is_too_long(&self) -> bool {
        4 * self.key_words() > ROW_BYTES_MAX as u64
    }

    /// Why the column can't be written, if it can't.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        use ColumnType as T;
        let variable = match self.column_type {
            T::Varchar | T::Varbinary => self.array_type == ArrayType::ShortVar,
            T::Longvarchar | T::Longvarbinary => self.array_type == ArrayType::MediumVar,
            T::Blob | T::Text => {
                matches!(self.array_type, ArrayType::MediumVar | ArrayType::Fixed)
            }
            _ => matches!(self.array_type, ArrayType::Fixed | ArrayType::NoneVar),
        };
        let too_long = match self.column_type {
            T::Varchar | T::Varbinary => self.length > 0xFF,
            T::Longvarchar | T::Longvarbinary => self.length > 0xFFFF,
            _ => false,
        };
        if !variable {
            Some("the array type is not that of the column type")
        } else if self.column_type.is_character() && self.charset == 0 {
            Some("a character column needs a charset")
        } else if !self.column_type.is_character() && self.charset != 0 {
            Some("only character columns have a charset")
        } else if too_long {
            Some("the length does not fit the length bytes")
        } else if self.is_too_long() {
            Some("the column is longer than a row can be")
        } else if self.name.is_empty() || self.name.len() >= 128 || self.name.contains('\0') {
            Some("a column name is 1 to 127 bytes long and holds no NUL")
        } else {
            None
        }
    }

    /// Appends the column's items in the order a data node writes them.
    pub(crate) fn encode(&self, id: u32, out: &mut PropertyWriter<'_>) {
        out.text(1000, self.name.as_bytes());
        out.number(1001, id);
        out.number(1006, self.key.into());
        out.number(1003, self.element_code());
        out.number(1005, self.array_size() as u32);
        out.number(1019, self.array_type.number());
        out.number(1008, self.nullable.into());
        out.number(1009, self.dynamic.into());
        out.number(1010, self.distribution_key.into());
        out.number(1013, self.column_type.number());
        out.number(
            1014,
            u32::from(self.charset) << 16 | u32::from(self.precision),
        );
        out.number(1015, self.scale);
        out.number(1016, self.length);
        out.number(1017, self.auto_increment.into());
        out.number(1007, self.on_disk.into());
        let default = match &self.default {
            ColumnDefault::Absent => Vec::new(),
            ColumnDefault::None => vec![0; 4],
            ColumnDefault::Stored(value) => {
                let mut bytes = (value.len() as u32).to_be_bytes().to_vec();
                bytes.extend_from_slice(value);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                bytes
            }
        };
        out.number(1020, default.len() as u32);
        out.binary(1021, &default);
        out.number(1999, 1);
    }

    /// Takes one item of the column's description; false if it is malformed.
    pub(crate) fn take(&mut self, key: u16, value: RawValue<'_>) -> bool {
        if key == 1000 {
            return value.text(128).map(|name| self.name = name).is_some();
        }
        if key == 1021 {
            return value
                .binary()
                .and_then(decode_default)
                .map(|default| self.default = default)
                .is_some();
        }
        let known = matches!(key, 1003 | 1005..=1010 | 1013..=1017 | 1019..=1020);
        let Some(number) = value.number() else {
            return !known;
        };
        match key {
            1006 => self.key = number != 0,
            1019 => {
                return ArrayType::from_number(number)
                    .map(|t| self.array_type = t)
                    .is_some();
            }
            1008 => self.nullable = number != 0,
            1009 => self.dynamic = number != 0,
            1010 => self.distribution_key = number != 0,
            1013 => {
                return ColumnType::from_number(number)
                    .map(|t| self.column_type = t)
                    .is_some();
            }
            1014 => {
                self.precision = (number & 0xFFFF) as u16;
                self.charset = (number >> 16) as u16;
            }
            1015 => self.scale = number,
            1016 => self.length = number,
            1017 => self.auto_increment = number != 0,
            1007 => self.on_disk = number != 0,
            // 1001 must equal the position, 1003 and 1005 follow from the type, 1020 from 1021.
            _ => {}
        }
        true
    }

    /// A column before its first item: every item at the format's default.
    pub(crate) fn undescribed() -> Self {
        Column {
            array_type: ArrayType::Fixed,
            default: ColumnDefault::Absent,
            length: 0,
            ..Column::new("", ColumnType::Unsigned)
        }
    }
}

/// Reads item 1021: an attribute header and the value.
fn decode_default(bytes: Vec<u8>) -> Option<ColumnDefault> {
    let Some(header) = bytes.first_chunk::<4>() else {
        return bytes.is_empty().then_some(ColumnDefault::Absent);
    };
    match u32::from_be_bytes(*header) & 0xFFFF {
        0 => Some(ColumnDefault::None),
        length => {
            let value = bytes[4..].get(..length as usize)?;
            Some(ColumnDefault::Stored(value.to_vec()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_numbers_and_names_agree() {
        for (index, (column_type, name)) in TYPES.iter().enumerate() {
            assert_eq!(column_type.number() as usize, index + 1);
            assert_eq!(
                ColumnType::from_number(column_type.number()),
                Some(*column_type)
            );
            assert_eq!(column_type.name(), *name);
        }
        assert_eq!(ColumnType::from_number(0), None);
        assert_eq!(ColumnType::from_number(34), None);
    }

    #[test]
    fn sizes_follow_from_type_length_precision_and_scale() {
        let size = |column: Column| (column.element_code(), column.array_size());
        assert_eq!(size(Column::new("c", ColumnType::Mediumint)), (3, 3));
        assert_eq!(size(Column::new("c", ColumnType::Bigunsigned)), (6, 1));
        assert_eq!(size(Column::decimal("c", 10, 2)), (3, 5));
        assert_eq!(
            size(Column::temporal("c", ColumnType::Datetime2, 6)),
            (3, 8)
        );
        assert_eq!(size(Column::temporal("c", ColumnType::Time2, 0)), (3, 3));
        assert_eq!(size(Column::blob("c")), (3, 272));
        assert_eq!(size(Column::sized("c", ColumnType::Bit, 40)), (0, 40));
        assert_eq!(size(Column::sized("c", ColumnType::Varbinary, 50)), (3, 51));
    }

    #[test]
    fn hostile_lengths_do_not_overflow() {
        for number in 1..=33 {
            let column = Column {
                length: u32::MAX,
                precision: u16::MAX,
                scale: u32::MAX,
                ..Column::new("c", ColumnType::from_number(number).unwrap())
            };
            assert!(column.key_words() > 0);
            assert!(column.fault().is_some());
        }
    }
}

//! Column values and their storage form.

use super::RowError;
use super::column::{ArrayType, Column, ColumnDefault, ColumnType, ROW_BYTES_MAX, Storage};
use super::decimal::{parse_decimal, render_decimal};
use super::header::ByteOrder;
use super::temporal::{self, Date, DateTime, Time};

/// A value of a column; its storage form follows from the column (backup format, 3.5 and 4.1).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// Of the signed integer types.
    Signed(i64),
    /// Of the unsigned integer types.
    Unsigned(u64),
    /// Of a float column.
    Float(f32),
    /// Of a double column.
    Double(f64),
    /// Of the packed decimal types, in decimal notation.
    Decimal(String),
    /// Of the char, binary and old decimal types. A char or binary value shorter than its
    /// column is padded (with spaces, with zeros) when written, and read back padded.
    Bytes(Vec<u8>),
    /// Of a bit column: words, least significant bit and word first, unused bits zero.
    Bits(Vec<u32>),
    /// Of a date column.
    Date(Date),
    /// Of the time types.
    Time(Time),
    /// Of the datetime types.
    DateTime(DateTime),
    /// Of the timestamp types.
    Timestamp {
        /// Seconds since 1970-01-01 00:00:00 UTC.
        seconds: u32,
        /// Millionths of a second.
        microseconds: u32,
    },
    /// Of a year column.
    Year(u16),
    /// Of a blob or text column (V2): the part that lies in the row.
    Blob {
        /// Length of the whole blob in bytes.
        length: u64,
        /// Its first bytes, at most the column's inline size.
        inline: Vec<u8>,
    },
    /// Of a column that holds several elements.
    Array(Vec<Value>),
    /// The storage form of a value that is none of its type's (a month 15, say), or of a type
    /// without a representation here.
    Raw(Vec<u8>),
}

impl Column {
    /// The same column with a default value; NULL is no default.
    ///
    /// # Errors
    ///
    /// If the value is not one of the column's.
    pub fn with_default(mut self, value: &Value) -> Result<Self, RowError> {
        self.default = match value {
            Value::Null => ColumnDefault::None,
            value => {
                let mut bytes = Vec::new();
                encode_value(&self, value, &mut bytes)?;
                ColumnDefault::Stored(bytes)
            }
        };
        Ok(self)
    }
}

/// Reads the storage form of a value, length bytes included. Never fails: what is not a value
/// of the type is [`Value::Raw`].
pub(crate) fn decode_value(column: &Column, bytes: &[u8], order: ByteOrder) -> Value {
    match order {
        ByteOrder::Little => decode_little(column, bytes),
        ByteOrder::Big => {
            let mut swapped = bytes.to_vec();
            swap(column, &mut swapped);
            decode_little(column, &swapped)
        }
    }
}

/// Turns a value from big-endian storage form to little-endian (backup format, 2).
pub(super) fn swap(column: &Column, bytes: &mut [u8]) {
    let unit = match (column.column_type, column.storage()) {
        (ColumnType::Datetime, _) => 8,
        (ColumnType::Timestamp, _) | (_, Storage::Bits(_)) => 4,
        (ColumnType::Blob | ColumnType::Text, Storage::Fixed { .. }) => {
            if let Some(head) = bytes.first_chunk_mut::<8>() {
                head.reverse();
            }
            return;
        }
        (_, Storage::Fixed { element, .. }) => element as usize,
        _ => return,
    };
    bytes.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
}

fn decode_little(column: &Column, bytes: &[u8]) -> Value {
    let raw = || Value::Raw(bytes.to_vec());
    match column.storage() {
        Storage::Bits(bits) => decode_bits(bits, bytes).unwrap_or_else(raw),
        Storage::Short { .. } | Storage::Medium { .. } => {
            decode_variable(column, bytes).unwrap_or_else(raw)
        }
        Storage::Fixed { size, .. } => {
            if bytes.len() as u64 != size {
                return raw();
            }
            decode_fixed(column, bytes).unwrap_or_else(raw)
        }
    }
}

fn decode_bits(bits: u64, bytes: &[u8]) -> Option<Value> {
    if bytes.len() as u64 != bits.div_ceil(32) * 4 {
        return None;
    }
    let mut words: Vec<u32> = bytes
        .chunks_exact(4)
        .filter_map(|word| Some(u32::from_le_bytes(*word.first_chunk()?)))
        .collect();
    if let Some(last) = words.last_mut().filter(|_| !bits.is_multiple_of(32)) {
        *last &= (1 << (bits % 32)) - 1;
    }
    Some(Value::Bits(words))
}

fn decode_variable(column: &Column, bytes: &[u8]) -> Option<Value> {
    let (length, content) = match column.array_type {
        ArrayType::ShortVar => {
            let (length, content) = bytes.split_first()?;
            (usize::from(*length), content)
        }
        _ => {
            let (length, content) = bytes.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*length)), content)
        }
    };
    if content.len() != length {
        return None;
    }
    match column.column_type {
        ColumnType::Blob | ColumnType::Text => {
            let (head, inline) = content.split_first_chunk::<14>()?;
            let length = head.last_chunk::<8>()?;
            (head[..6] == [0; 6]).then(|| Value::Blob {
                length: u64::from_le_bytes(*length),
                inline: inline.to_vec(),
            })
        }
        ColumnType::Varchar
        | ColumnType::Varbinary
        | ColumnType::Longvarchar
        | ColumnType::Longvarbinary => Some(Value::Bytes(content.to_vec())),
        _ => None,
    }
}

fn decode_fixed(column: &Column, bytes: &[u8]) -> Option<Value> {
    use ColumnType as T;
    match column.column_type {
        T::Char | T::Binary | T::Olddecimal | T::Olddecimalunsigned => {
            Some(Value::Bytes(bytes.to_vec()))
        }
        T::Blob | T::Text | T::Varchar | T::Varbinary | T::Longvarchar | T::Longvarbinary => None,
        _ if column.length == 1 => decode_element(column, bytes),
        _ => {
            let count = usize::try_from(column.length).ok()?;
            let unit = bytes.len().checked_div(count).filter(|unit| *unit > 0)?;
            let elements: Option<Vec<Value>> = bytes
                .chunks(unit)
                .map(|element| decode_element(column, element))
                .collect();
            Some(Value::Array(elements?))
        }
    }
}

/// Reads one element, and makes sure that writing it gives the same bytes.
fn decode_element(column: &Column, bytes: &[u8]) -> Option<Value> {
    use ColumnType as T;
    let value = match column.column_type {
        T::Tinyint | T::Smallint | T::Mediumint | T::Int | T::Bigint => {
            return Some(Value::Signed(signed(bytes)?));
        }
        T::Tinyunsigned | T::Smallunsigned | T::Mediumunsigned | T::Unsigned | T::Bigunsigned => {
            return Some(Value::Unsigned(unsigned(bytes)?));
        }
        T::Float => Value::Float(f32::from_le_bytes(bytes.try_into().ok()?)),
        T::Double => Value::Double(f64::from_le_bytes(bytes.try_into().ok()?)),
        T::Decimal | T::Decimalunsigned => Value::Decimal(render_decimal(
            bytes,
            column.precision.into(),
            column.scale.into(),
        )?),
        T::Date => Value::Date(temporal::decode_date(bytes.try_into().ok()?)),
        T::Time => Value::Time(temporal::decode_time(bytes.try_into().ok()?)),
        T::Year => Value::Year(match *bytes.first()? {
            0 => 0,
            since => 1900 + u16::from(since),
        }),
        T::Datetime => Value::DateTime(temporal::decode_datetime(unsigned(bytes)?)?),
        T::Timestamp => Value::Timestamp {
            seconds: u32::try_from(unsigned(bytes)?).ok()?,
            microseconds: 0,
        },
        T::Time2 => Value::Time(temporal::decode_time2(bytes, column.precision)?),
        T::Datetime2 => Value::DateTime(temporal::decode_datetime2(bytes, column.precision)?),
        T::Timestamp2 => {
            let (seconds, microseconds) = temporal::decode_timestamp2(bytes, column.precision)?;
            Value::Timestamp {
                seconds,
                microseconds,
            }
        }
        _ => return None,
    };
    let mut again = Vec::with_capacity(bytes.len());
    encode_element(column, &value, &mut again)?;
    (again == bytes).then_some(value)
}

/// A little-endian number of at most 8 bytes.
pub(crate) fn unsigned(bytes: &[u8]) -> Option<u64> {
    let mut wide = [0; 8];
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(wide))
}

/// A little-endian number of 1 to 8 bytes.
pub(crate) fn signed(bytes: &[u8]) -> Option<i64> {
    let unused = 64_u32.checked_sub(8 * bytes.len() as u32)?;
    Some(((unsigned(bytes)? as i64).checked_shl(unused)?) >> unused)
}

/// Appends the storage form of a value that is not NULL, little-endian, length bytes included.
pub(crate) fn encode_value(
    column: &Column,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<(), RowError> {
    let start = out.len();
    let done = match column.storage() {
        Storage::Fixed { size, .. } if size > ROW_BYTES_MAX as u64 => Err("the column is too long"),
        Storage::Bits(bits) if bits > 8 * ROW_BYTES_MAX as u64 => Err("the column is too long"),
        Storage::Bits(bits) => encode_bits(bits, value, out),
        Storage::Short { max } => encode_variable(column, value, 1, max, out),
        Storage::Medium { max } => encode_variable(column, value, 2, max, out),
        Storage::Fixed { size, .. } => {
            encode_fixed(column, value, size as usize, out).ok_or("it is not one of its type")
        }
    };
    done.map_err(|why| {
        out.truncate(start);
        RowError::BadValue {
            column: column.name.clone(),
            why,
        }
    })
}

fn encode_bits(bits: u64, value: &Value, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let words = bits.div_ceil(32) as usize;
    match value {
        Value::Raw(bytes) if bytes.len() == 4 * words => out.extend_from_slice(bytes),
        Value::Bits(given) => {
            let unused = words as u64 * 32 - bits;
            let spare = given
                .last()
                .is_some_and(|last| last.leading_zeros() < unused as u32);
            if given.len() != words || spare {
                return Err("it has another number of bits");
            }
            given
                .iter()
                .for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        }
        _ => return Err("it is not one of its type"),
    }
    Ok(())
}

fn encode_variable(
    column: &Column,
    value: &Value,
    length_bytes: usize,
    max: u64,
    out: &mut Vec<u8>,
) -> Result<(), &'static str> {
    let start = out.len();
    out.resize(start + length_bytes, 0);
    let blob = matches!(column.column_type, ColumnType::Blob | ColumnType::Text);
    match value {
        Value::Bytes(bytes) if !blob => out.extend_from_slice(bytes),
        Value::Blob { length, inline } if blob => {
            out.extend_from_slice(&[0; 6]);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(inline);
        }
        Value::Raw(bytes) => {
            let content = bytes.get(length_bytes..).unwrap_or_default();
            out.extend_from_slice(content);
        }
        _ => return Err("it is not one of its type"),
    }
    let length = out.len() - start - length_bytes;
    if length as u64 > max {
        return Err("it is longer than its column");
    }
    out[start..start + length_bytes].copy_from_slice(&length.to_le_bytes()[..length_bytes]);
    Ok(())
}

fn encode_fixed(column: &Column, value: &Value, size: usize, out: &mut Vec<u8>) -> Option<()> {
    use ColumnType as T;
    let start = out.len();
    match (value, column.column_type) {
        (Value::Raw(bytes), _) => out.extend_from_slice(bytes),
        (Value::Bytes(bytes), T::Char | T::Binary) => {
            if bytes.len() > size {
                return None;
            }
            out.extend_from_slice(bytes);
            let pad = if column.column_type == T::Char {
                b' '
            } else {
                0
            };
            out.resize(start + size, pad);
        }
        (Value::Bytes(bytes), T::Olddecimal | T::Olddecimalunsigned) => {
            out.extend_from_slice(bytes);
        }
        (Value::Array(elements), _) if column.length != 1 => {
            for element in elements {
                encode_element(column, element, out)?;
            }
        }
        (value, _) => encode_element(column, value, out)?,
    }
    (out.len() - start == size).then_some(())
}

fn encode_element(column: &Column, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    use ColumnType as T;
    let precision = column.precision;
    match (column.column_type, value) {
        (T::Float, Value::Float(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (T::Double, Value::Double(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (T::Decimal | T::Decimalunsigned, Value::Decimal(text)) => {
            let unsigned = column.column_type == T::Decimalunsigned;
            if unsigned && text.starts_with('-') {
                return None;
            }
            out.extend_from_slice(&parse_decimal(text, precision.into(), column.scale.into())?);
        }
        (T::Date, Value::Date(date)) => out.extend_from_slice(&temporal::encode_date(*date)?),
        (T::Time, Value::Time(time)) => out.extend_from_slice(&temporal::encode_time(*time)?),
        (T::Year, Value::Year(0)) => out.push(0),
        (T::Year, Value::Year(year)) => {
            out.push(u8::try_from(year.checked_sub(1900).filter(|since| *since > 0)?).ok()?);
        }
        (T::Datetime, Value::DateTime(moment)) => {
            out.extend_from_slice(&temporal::encode_datetime(*moment)?.to_le_bytes());
        }
        (
            T::Timestamp,
            Value::Timestamp {
                seconds,
                microseconds: 0,
            },
        ) => out.extend_from_slice(&seconds.to_le_bytes()),
        (T::Time2, Value::Time(time)) => {
            out.extend_from_slice(&temporal::encode_time2(*time, precision)?);
        }
        (T::Datetime2, Value::DateTime(moment)) => {
            out.extend_from_slice(&temporal::encode_datetime2(*moment, precision)?);
        }
        (
            T::Timestamp2,
            Value::Timestamp {
                seconds,
                microseconds,
            },
        ) => out.extend_from_slice(&temporal::encode_timestamp2(
            *seconds,
            *microseconds,
            precision,
        )?),
        (_, Value::Signed(number)) => encode_integer(column.column_type, (*number).into(), out)?,
        (_, Value::Unsigned(number)) => encode_integer(column.column_type, (*number).into(), out)?,
        _ => return None,
    }
    Some(())
}

fn encode_integer(column_type: ColumnType, number: i128, out: &mut Vec<u8>) -> Option<()> {
    use ColumnType as T;
    let (bits, signed) = match column_type {
        T::Tinyint => (8, true),
        T::Tinyunsigned => (8, false),
        T::Smallint => (16, true),
        T::Smallunsigned => (16, false),
        T::Mediumint => (24, true),
        T::Mediumunsigned => (24, false),
        T::Int => (32, true),
        T::Unsigned => (32, false),
        T::Bigint => (64, true),
        T::Bigunsigned => (64, false),
        _ => return None,
    };
    let range = if signed {
        -(1_i128 << (bits - 1))..1_i128 << (bits - 1)
    } else {
        0..1_i128 << bits
    };
    if !range.contains(&number) {
        return None;
    }
    out.extend_from_slice(&number.to_le_bytes()[..bits / 8]);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(column: &Column, value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_value(column, value, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn integers_are_refused_out_of_range() {
        let column = Column::new("c", ColumnType::Mediumint);
        assert_eq!(stored(&column, &Value::Signed(-2)), [0xFE, 0xFF, 0xFF]);
        assert_eq!(
            decode_value(&column, &[0xFE, 0xFF, 0xFF], ByteOrder::Little),
            Value::Signed(-2)
        );
        let mut out = vec![1];
        assert!(encode_value(&column, &Value::Signed(1 << 23), &mut out).is_err());
        assert_eq!(out, [1]);
    }

    #[test]
    fn a_blob_head_includes_its_length_bytes() {
        let column = Column::blob("b");
        let value = Value::Blob {
            length: 300,
            inline: vec![7; 3],
        };
        let bytes = stored(&column, &value);
        assert_eq!(bytes.len(), 19);
        assert_eq!(bytes[..4], [17, 0, 0, 0]);
        assert_eq!(decode_value(&column, &bytes, ByteOrder::Little), value);
    }

    #[test]
    fn what_is_no_value_of_the_type_stays_raw() {
        let date = Column::new("d", ColumnType::Datetime2);
        let bytes = vec![0; 5];
        let value = decode_value(&date, &bytes, ByteOrder::Little);
        assert_eq!(value, Value::Raw(bytes.clone()));
        assert_eq!(stored(&date, &value), bytes);
    }

    #[test]
    fn the_other_byte_order_is_turned_by_element() {
        let order = ByteOrder::Big;
        let words = Column::sized("w", ColumnType::Smallunsigned, 2);
        assert_eq!(
            decode_value(&words, &[0, 1, 0, 2], order),
            Value::Array(vec![Value::Unsigned(1), Value::Unsigned(2)])
        );
        let moment = Column::new("t", ColumnType::Timestamp);
        assert_eq!(
            decode_value(&moment, &[0, 0, 0, 9], order),
            Value::Timestamp {
                seconds: 9,
                microseconds: 0
            }
        );
        let text = Column::sized("v", ColumnType::Varbinary, 5);
        assert_eq!(
            decode_value(&text, &[2, 1, 2], order),
            Value::Bytes(vec![1, 2])
        );
    }
}

//! Column values as JSON.

use super::column::{ArrayType, Column, ColumnType, Storage};
use super::header::ByteOrder;
use super::json_object::{Object, push_display, push_hex_string, push_list, push_string};
use super::text::push_decimal;
use super::value::{Value, decode_value, signed, unsigned};

/// The same as [`push_value`] of the decoded value, without the detour where the column's type
/// is a common one.
pub(super) fn push_stored(out: &mut Vec<u8>, column: &Column, stored: &[u8], order: ByteOrder) {
    if order != ByteOrder::Little || !push_common(out, column, stored) {
        push_value(out, column, &decode_value(column, stored, order));
    }
}

/// Writes a little-endian value of a common type; false if it is none.
fn push_common(out: &mut Vec<u8>, column: &Column, stored: &[u8]) -> bool {
    use ColumnType as T;
    match (column.column_type, column.array_type) {
        (T::Varchar | T::Varbinary, ArrayType::ShortVar) => match stored.split_first() {
            Some((length, content)) if content.len() == usize::from(*length) => {
                push_bytes(out, column, content);
            }
            _ => return false,
        },
        (T::Longvarchar | T::Longvarbinary, ArrayType::MediumVar) => {
            match stored.split_first_chunk() {
                Some((length, content))
                    if content.len() == usize::from(u16::from_le_bytes(*length)) =>
                {
                    push_bytes(out, column, content);
                }
                _ => return false,
            }
        }
        (_, ArrayType::ShortVar | ArrayType::MediumVar) => return false,
        (column_type, _) => {
            let size = match column.storage() {
                Storage::Fixed { size, .. } => size,
                Storage::Bits(bits) => return push_few_bits(out, bits, stored),
                _ => return false,
            };
            if stored.len() as u64 != size {
                return false;
            }
            match column_type {
                T::Char | T::Binary => push_bytes(out, column, stored),
                _ if column.length != 1 => return false,
                T::Tinyint | T::Smallint | T::Mediumint | T::Int | T::Bigint => {
                    let Some(number) = signed(stored) else {
                        return false;
                    };
                    push_signed(out, number);
                }
                T::Tinyunsigned
                | T::Smallunsigned
                | T::Mediumunsigned
                | T::Unsigned
                | T::Bigunsigned => {
                    let Some(number) = unsigned(stored) else {
                        return false;
                    };
                    push_decimal(out, number);
                }
                _ => return false,
            }
        }
    }
    true
}

/// Text as a string, or as digits if it is not UTF-8.
pub(super) fn push_text(out: &mut Vec<u8>, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => push_string(out, text),
        Err(_) => push_tagged(out, "hex", bytes),
    }
}

fn push_tagged(out: &mut Vec<u8>, tag: &str, bytes: &[u8]) {
    let mut object = Object::new(out);
    object.hex(tag, bytes);
    object.end();
}

/// Writes 1 to 64 bits as a number; false if they are not.
fn push_few_bits(out: &mut Vec<u8>, bits: u64, stored: &[u8]) -> bool {
    if !(1..=64).contains(&bits) || stored.len() as u64 != bits.div_ceil(32) * 4 {
        return false;
    }
    let Some(number) = unsigned(stored) else {
        return false;
    };
    push_decimal(out, number & u64::MAX >> (64 - bits));
    true
}

fn push_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_decimal(out, number.unsigned_abs());
}

/// As a string, of a value whose text has nothing to escape.
fn push_quoted(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    out.push(b'"');
    push_display(out, value);
    out.push(b'"');
}

pub(super) fn push_value(out: &mut Vec<u8>, column: &Column, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Signed(number) => push_signed(out, *number),
        Value::Unsigned(number) => push_decimal(out, *number),
        Value::Year(year) => push_decimal(out, (*year).into()),
        Value::Float(number) if number.is_finite() => push_display(out, number),
        Value::Double(number) if number.is_finite() => push_display(out, number),
        Value::Float(number) => push_string(out, &number.to_string()),
        Value::Double(number) => push_string(out, &number.to_string()),
        Value::Decimal(text) => push_string(out, text),
        Value::Date(date) => push_quoted(out, date),
        Value::Time(time) => push_quoted(out, time),
        Value::DateTime(moment) => push_quoted(out, moment),
        Value::Timestamp {
            seconds,
            microseconds,
        } => push_timestamp(out, *seconds, *microseconds),
        Value::Bytes(bytes) => push_bytes(out, column, bytes),
        Value::Bits(words) => push_bits(out, words),
        Value::Blob { length, inline } => {
            let mut object = Object::new(out);
            object.number("length", *length);
            push_bytes(object.key("inline"), column, inline);
            object.end();
        }
        Value::Array(values) => push_list(out, values, |out, value| {
            push_value(out, column, value);
        }),
        Value::Raw(bytes) => push_tagged(out, "raw", bytes),
    }
}

fn push_bytes(out: &mut Vec<u8>, column: &Column, bytes: &[u8]) {
    match column.column_type {
        // The padding of a char value is not part of it.
        ColumnType::Char => {
            let end = bytes.iter().rposition(|byte| *byte != b' ');
            push_text(out, &bytes[..end.map_or(0, |last| last + 1)]);
        }
        ColumnType::Olddecimal | ColumnType::Olddecimalunsigned => push_text(out, bytes),
        other if other.is_character() => push_text(out, bytes),
        _ => push_hex_string(out, bytes),
    }
}

fn push_bits(out: &mut Vec<u8>, words: &[u32]) {
    match *words {
        [] => out.push(b'0'),
        [low] => push_decimal(out, low.into()),
        [low, high] => push_decimal(out, u64::from(high) << 32 | u64::from(low)),
        _ => {
            let bytes = words.iter().rev().flat_map(|word| word.to_be_bytes());
            push_hex_string(out, &bytes.collect::<Vec<u8>>());
        }
    }
}

fn push_timestamp(out: &mut Vec<u8>, seconds: u32, microseconds: u32) {
    let nanoseconds = i32::try_from(microseconds)
        .unwrap_or(0)
        .saturating_mul(1000);
    match jiff::Timestamp::new(seconds.into(), nanoseconds) {
        Ok(moment) => push_quoted(out, moment),
        Err(_) => push_decimal(out, seconds.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::LATIN1;
    use super::*;

    fn json(column: &Column, value: &Value) -> String {
        let mut out = Vec::new();
        push_value(&mut out, column, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn stored_values_are_written_as_their_decoded_values_are() {
        let mut state = 1_u32;
        let mut dice = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for number in 1..=33 {
            let column_type = ColumnType::from_number(number).unwrap();
            for length in [0, 1, 2, 9, 40] {
                let columns = [
                    Column::sized("c", column_type, length),
                    Column {
                        array_type: ArrayType::MediumVar,
                        ..Column::sized("c", column_type, length)
                    },
                    Column {
                        precision: 5,
                        scale: 2,
                        ..Column::sized("c", column_type, length)
                    },
                ];
                for (column, size) in columns.iter().flat_map(|c| (0..60).map(move |n| (c, n))) {
                    for order in [ByteOrder::Little, ByteOrder::Big] {
                        let mut stored: Vec<u8> = (0..size).map(|_| dice()).collect();
                        // Random length bytes are hardly ever right.
                        if let (Some(head), 0) = (stored.first_mut(), number % 2) {
                            *head = size as u8 - 1;
                        } else if let Some(head) = stored.first_chunk_mut::<2>() {
                            *head = [size as u8 - 2, 0];
                        }
                        let mut found = Vec::new();
                        push_stored(&mut found, column, &stored, order);
                        let value = decode_value(column, &stored, order);
                        let found = String::from_utf8(found).unwrap();
                        assert_eq!(found, json(column, &value), "{column:?} {stored:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn values_are_json() {
        let any = Column::new("c", ColumnType::Unsigned);
        let text = Column::text("c", ColumnType::Char, 5, LATIN1);
        let binary = Column::sized("c", ColumnType::Varbinary, 5);
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        for (column, value, expected) in [
            (&any, Value::Null, "null"),
            (&any, Value::Signed(-5), "-5"),
            (&any, Value::Signed(i64::MIN), "-9223372036854775808"),
            (&any, Value::Signed(i64::MAX), "9223372036854775807"),
            (&any, Value::Unsigned(u64::MAX), "18446744073709551615"),
            (&any, Value::Double(0.5), "0.5"),
            (&any, Value::Float(f32::NAN), "\"NaN\""),
            (&any, Value::Bits(vec![1, 2]), "8589934593"),
            (
                &any,
                Value::Bits(vec![1, 2, 3]),
                "\"000000030000000200000001\"",
            ),
            (&text, bytes(b"a\"b  "), "\"a\\\"b\""),
            (&text, bytes(b"\\\n\x1f/\x7f"), "\"\\\\\\n\\u001f/\x7f\""),
            (&text, bytes("\u{e9}".as_bytes()), "\"\u{e9}\""),
            (&text, bytes(&[0xFF]), "{\"hex\":\"ff\"}"),
            (&binary, bytes(b"ab"), "\"6162\""),
            (&any, Value::Raw(vec![1]), "{\"raw\":\"01\"}"),
            (
                &binary,
                Value::Blob {
                    length: 9,
                    inline: vec![1],
                },
                "{\"length\":9,\"inline\":\"01\"}",
            ),
            (
                &any,
                Value::Timestamp {
                    seconds: 0,
                    microseconds: 500_000,
                },
                "\"1970-01-01T00:00:00.5Z\"",
            ),
            (&any, Value::Array(vec![Value::Null]), "[null]"),
        ] {
            assert_eq!(json(column, &value), expected);
        }
    }
}

//! A column's value as text of a format.

use super::moment::push_moment;
use super::text::Decoder;
use super::{ExportFormat, Undecoded};
use crate::backup::column::{Column, ColumnType, Storage};
use crate::backup::decimal::push_decimal_digits;
use crate::backup::header::ByteOrder;
use crate::backup::json_object::{push_display, push_hex_string, push_string};
use crate::backup::json_value::push_value;
use crate::backup::text::{push_decimal, push_hex_bytes};
use crate::backup::value::{decode_value, signed, unsigned};
use crate::backup::{Charset, Value};

/// How CSV writes NULL.
pub(super) const CSV_NULL: &[u8] = b"\\N";

/// A float from here on has no fraction.
const WHOLE_FLOAT: f32 = 16_777_216.0;

/// A column that is written.
pub(super) struct Shown {
    pub(super) column: Column,
    pub(super) decoder: Decoder,
    /// `_latin1` before a literal of its bytes.
    introducer: &'static str,
}

impl Shown {
    pub(super) fn new(column: &Column) -> Self {
        let charset = column.column_type.is_character().then_some(column.charset);
        Shown {
            column: column.clone(),
            decoder: Decoder::of_collation(column.charset),
            introducer: charset
                .and_then(Charset::of_collation)
                .map_or("", Charset::name),
        }
    }

    /// Appends a value's text; no bytes are NULL. `stored` is the storage form, little-endian.
    pub(super) fn push(
        &self,
        format: ExportFormat,
        stored: Option<&[u8]>,
        out: &mut Vec<u8>,
        undecoded: &mut Undecoded,
    ) {
        let Some(stored) = stored else {
            out.extend_from_slice(match format {
                ExportFormat::Csv => CSV_NULL,
                ExportFormat::JsonLines => b"null",
                ExportFormat::Sql => b"NULL",
            });
            return;
        };
        if !self.push_known(format, stored, out, undecoded) {
            self.push_other(format, stored, out, undecoded);
        }
    }

    /// A value of the types that have a way of their own; false if it is none.
    fn push_known(
        &self,
        format: ExportFormat,
        stored: &[u8],
        out: &mut Vec<u8>,
        undecoded: &mut Undecoded,
    ) -> bool {
        use ColumnType as T;
        let column = &self.column;
        let is_one = column.length == 1;
        match column.column_type {
            T::Tinyint | T::Smallint | T::Mediumint | T::Int | T::Bigint if is_one => {
                let Some(number) = signed(stored).filter(|_| !stored.is_empty()) else {
                    return false;
                };
                if number < 0 {
                    out.push(b'-');
                }
                push_decimal(out, number.unsigned_abs());
            }
            T::Tinyunsigned
            | T::Smallunsigned
            | T::Mediumunsigned
            | T::Unsigned
            | T::Bigunsigned
                if is_one =>
            {
                let Some(number) = unsigned(stored) else {
                    return false;
                };
                push_decimal(out, number);
            }
            T::Decimal | T::Decimalunsigned if is_one => {
                let start = out.len();
                quote(format == ExportFormat::JsonLines, out);
                let (precision, scale) = (column.precision.into(), column.scale.into());
                if !push_decimal_digits(out, stored, precision, scale) {
                    out.truncate(start);
                    return false;
                }
                quote(format == ExportFormat::JsonLines, out);
            }
            T::Date
            | T::Time
            | T::Datetime
            | T::Timestamp
            | T::Time2
            | T::Datetime2
            | T::Timestamp2
                if is_one =>
            {
                let start = out.len();
                let mark = if format == ExportFormat::Sql {
                    b'\''
                } else {
                    b'"'
                };
                let marked = format != ExportFormat::Csv;
                if marked {
                    out.push(mark);
                }
                if !push_moment(out, column, stored) {
                    out.truncate(start);
                    return false;
                }
                if marked {
                    out.push(mark);
                }
            }
            T::Char => self.push_text(format, stored, out, undecoded),
            T::Varchar => match stored.split_first() {
                Some((length, content)) if content.len() == usize::from(*length) => {
                    self.push_text(format, content, out, undecoded);
                }
                _ => return false,
            },
            T::Longvarchar => match medium(stored) {
                Some(content) => self.push_text(format, content, out, undecoded),
                None => return false,
            },
            T::Binary => push_binary(format, stored, out),
            T::Varbinary => match stored.split_first() {
                Some((length, content)) if content.len() == usize::from(*length) => {
                    push_binary(format, content, out);
                }
                _ => return false,
            },
            T::Longvarbinary => match medium(stored) {
                Some(content) => push_binary(format, content, out),
                None => return false,
            },
            T::Bit => return push_bits(format, column, stored, out),
            _ => return false,
        }
        true
    }

    /// Values of the other types, and what is no value of its type.
    fn push_other(
        &self,
        format: ExportFormat,
        stored: &[u8],
        out: &mut Vec<u8>,
        undecoded: &mut Undecoded,
    ) {
        let value = decode_value(&self.column, stored, ByteOrder::Little);
        match (&value, format) {
            (Value::Raw(bytes), ExportFormat::Csv | ExportFormat::Sql) => {
                undecoded.values += 1;
                push_binary(format, bytes, out);
            }
            (Value::Year(year), _) => push_decimal(out, (*year).into()),
            // Every digit of a large float counts: the shortest text would end in zeros.
            (Value::Float(number), _) if number.is_finite() && number.abs() >= WHOLE_FLOAT => {
                push_display(out, f64::from(*number));
            }
            (Value::Float(number), _) if number.is_finite() => push_display(out, number),
            (Value::Double(number), _) if number.is_finite() => push_display(out, number),
            (Value::Bytes(bytes), _) => {
                // An old decimal is text of digits, filled with blanks or zeros before them.
                let text = String::from_utf8_lossy(bytes);
                push_string_of(format, text.trim_matches([' ', '\0']), out);
            }
            (value, ExportFormat::JsonLines) => push_value(out, &self.column, value),
            (value, _) => {
                let mut json = Vec::new();
                push_value(&mut json, &self.column, value);
                let text = String::from_utf8_lossy(&json).into_owned();
                push_string_of(format, text.trim_matches('"'), out);
            }
        }
    }

    /// Text of the column's character set.
    pub(super) fn push_text(
        &self,
        format: ExportFormat,
        bytes: &[u8],
        out: &mut Vec<u8>,
        undecoded: &mut Undecoded,
    ) {
        let Some(text) = self.decoder.decode(bytes) else {
            undecoded.texts += 1;
            match format {
                ExportFormat::Csv => push_binary(format, bytes, out),
                ExportFormat::JsonLines => {
                    out.extend_from_slice(b"{\"hex\":");
                    push_hex_string(out, bytes);
                    out.push(b'}');
                }
                ExportFormat::Sql => {
                    if !self.introducer.is_empty() {
                        out.push(b'_');
                        out.extend_from_slice(self.introducer.as_bytes());
                        out.push(b' ');
                    }
                    push_binary(format, bytes, out);
                }
            }
            return;
        };
        // The padding of a char value is not part of it.
        let text = match self.column.column_type {
            ColumnType::Char => text.trim_end_matches(' '),
            _ => &text,
        };
        push_string_of(format, text, out);
    }
}

fn quote(wanted: bool, out: &mut Vec<u8>) {
    if wanted {
        out.push(b'"');
    }
}

/// The content of a value with two length bytes.
pub(super) fn medium(stored: &[u8]) -> Option<&[u8]> {
    let (length, content) = stored.split_first_chunk::<2>()?;
    (content.len() == usize::from(u16::from_le_bytes(*length))).then_some(content)
}

/// Any text, quoted where the format asks for it.
pub(super) fn push_string_of(format: ExportFormat, text: &str, out: &mut Vec<u8>) {
    match format {
        ExportFormat::Csv => push_csv(text.as_bytes(), out),
        ExportFormat::JsonLines => push_string(out, text),
        ExportFormat::Sql => push_sql(text, out),
    }
}

/// A field, in quotes if it is empty, could be taken for NULL, or has what ends fields.
fn push_csv(text: &[u8], out: &mut Vec<u8>) {
    let is_special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    let needs_quotes = text.is_empty() || text == CSV_NULL || text.iter().any(is_special);
    if !needs_quotes {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// A literal that means the same whatever the server's sql_mode says of backslashes.
fn push_sql(text: &str, out: &mut Vec<u8>) {
    let needs_digits = |byte: u8| byte == b'\\' || byte < b' ' || byte == 0x7F;
    if text.bytes().any(needs_digits) {
        out.extend_from_slice(b"_utf8mb4 X'");
        push_hex_bytes(out, text.as_bytes());
        out.push(b'\'');
        return;
    }
    out.push(b'\'');
    for byte in text.bytes() {
        if byte == b'\'' {
            out.push(b'\'');
        }
        out.push(byte);
    }
    out.push(b'\'');
}

/// Bytes as hexadecimal digits.
pub(super) fn push_binary(format: ExportFormat, bytes: &[u8], out: &mut Vec<u8>) {
    match format {
        ExportFormat::Csv if bytes.is_empty() => out.extend_from_slice(b"\"\""),
        ExportFormat::Csv => {
            out.extend_from_slice(b"0x");
            let start = out.len();
            push_hex_bytes(out, bytes);
            out[start..].make_ascii_uppercase();
        }
        ExportFormat::JsonLines => push_hex_string(out, bytes),
        ExportFormat::Sql => {
            out.extend_from_slice(b"X'");
            push_hex_bytes(out, bytes);
            out.push(b'\'');
        }
    }
}

/// The bits of a bit column; false if the bytes are none.
fn push_bits(format: ExportFormat, column: &Column, stored: &[u8], out: &mut Vec<u8>) -> bool {
    let Storage::Bits(bits) = column.storage() else {
        return false;
    };
    let (words, rest) = stored.as_chunks::<4>();
    if words.len() as u64 != bits.div_ceil(32) || !rest.is_empty() || bits == 0 {
        return false;
    }
    if bits > 64 {
        let bytes: Vec<u8> = stored.iter().rev().copied().collect();
        push_binary(format, &bytes, out);
        return true;
    }
    let low = u32::from_le_bytes(words[0]);
    let high = words.get(1).map_or(0, |word| u32::from_le_bytes(*word));
    let number = (u64::from(high) << 32 | u64::from(low)) & u64::MAX >> (64 - bits);
    match format {
        ExportFormat::Csv => push_display(out, format_args!("0x{number:X}")),
        ExportFormat::JsonLines => push_decimal(out, number),
        ExportFormat::Sql => push_display(out, format_args!("b'{number:b}'")),
    }
    true
}

//! A table with a column of every type, and blobs of every length.
//!
//! Its first row has the least value of each column, its second one the most, its third one NULL
//! wherever a column takes it.

use super::numbers::mix;
use crate::backup::{Column, ColumnType, Date, DateTime, LATIN1, Row, Table, Time, UTF8MB4, Value};

/// Bytes of a blob that lie in the row, and in each of its parts.
const INLINE_BYTES: usize = 256;
const PART_BYTES: usize = 2000;

/// More parts than any blob has.
pub(super) const PARTS_MAX: u64 = 4;

/// Where in the range of its column a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    Least,
    Most,
    /// Somewhere, as this number says.
    Any(u64),
}

/// A blob column, and the table of its parts.
pub(super) struct Parts {
    /// Place of the column among those of the table.
    pub(super) place: usize,
    /// Columns of the part table.
    pub(super) columns: Vec<Column>,
}

pub(super) fn columns() -> Vec<Column> {
    use ColumnType as T;
    let sized = Column::sized;
    vec![
        Column::new("id", T::Unsigned).primary_key(),
        Column::new("tinyint", T::Tinyint),
        with_default("tinyunsigned", T::Tinyunsigned, Value::Unsigned(200)),
        Column::new("smallint", T::Smallint).nullable(),
        Column::new("smallunsigned", T::Smallunsigned),
        Column::new("mediumint", T::Mediumint),
        Column::new("mediumunsigned", T::Mediumunsigned).nullable(),
        with_default("int", T::Int, Value::Signed(-1)),
        Column::new("unsigned", T::Unsigned).nullable(),
        Column::new("bigint", T::Bigint).nullable(),
        Column::new("bigunsigned", T::Bigunsigned),
        with_default("float", T::Float, Value::Float(0.5)).nullable(),
        Column::new("double", T::Double),
        old_decimal("olddecimal", T::Olddecimal),
        old_decimal("olddecimalunsigned", T::Olddecimalunsigned).nullable(),
        Column::decimal("decimal", 65, 30).nullable(),
        Column {
            column_type: T::Decimalunsigned,
            ..Column::decimal("decimalunsigned", 5, 0)
        },
        Column::text("char", T::Char, 9, LATIN1).nullable(),
        Column::text("varchar", T::Varchar, 60, UTF8MB4)
            .nullable()
            .with_default(&Value::Bytes(b"as it was".to_vec()))
            .expect("a text that fits its column"),
        Column::text("longvarchar", T::Longvarchar, 400, UTF8MB4),
        sized("binary", T::Binary, 7).nullable(),
        sized("varbinary", T::Varbinary, 30),
        sized("longvarbinary", T::Longvarbinary, 300).nullable(),
        sized("bit", T::Bit, 1),
        sized("bits", T::Bit, 37).nullable(),
        sized("more_bits", T::Bit, 64),
        Column::new("date", T::Date).nullable(),
        Column::new("time", T::Time),
        Column::new("datetime", T::Datetime).nullable(),
        Column::new("timestamp", T::Timestamp),
        with_default("year", T::Year, Value::Year(2024)),
        Column::temporal("time2", T::Time2, 0),
        Column::temporal("time2_6", T::Time2, 6).nullable(),
        Column::temporal("datetime2", T::Datetime2, 3),
        Column::temporal("timestamp2", T::Timestamp2, 2).nullable(),
        Column::temporal("timestamp2_6", T::Timestamp2, 6),
        // What is stored of a value is its number, and a set's bits.
        Column::new("enum", T::Tinyunsigned).nullable(),
        Column::new("set", T::Smallunsigned),
        Column {
            column_type: T::Text,
            charset: UTF8MB4,
            ..Column::blob("text").nullable()
        },
        Column::blob("blob"),
        Column::blob("document").nullable(),
    ]
}

fn with_default(name: &str, column_type: ColumnType, value: Value) -> Column {
    Column::new(name, column_type)
        .with_default(&value)
        .expect("a number of the column's range")
}

fn old_decimal(name: &str, column_type: ColumnType) -> Column {
    Column {
        precision: 5,
        scale: 2,
        ..Column::new(name, column_type)
    }
}

fn is_blob(column: &Column) -> bool {
    matches!(column.column_type, ColumnType::Blob | ColumnType::Text)
}

/// The blob columns of the table.
pub(super) fn blobs(columns: &[Column]) -> Vec<Parts> {
    let of_blob = |(place, column): (usize, &Column)| {
        let data = match column.column_type {
            ColumnType::Text => ColumnType::Longvarchar,
            _ => ColumnType::Longvarbinary,
        };
        let columns = vec![
            Column::new("id", ColumnType::Unsigned).primary_key(),
            Column::new("NDB$PART", ColumnType::Unsigned).primary_key(),
            Column::new("NDB$PKID", ColumnType::Unsigned),
            Column::text("NDB$DATA", data, PART_BYTES as u32, column.charset),
        ];
        Parts { place, columns }
    };
    let numbered = columns.iter().enumerate();
    numbered
        .filter(|(_, column)| is_blob(column))
        .map(of_blob)
        .collect()
}

/// What blobs are made of.
const SENTENCE: &str = "Größe: 5 µm – 日本語\n";

/// Length of the blob in this column of this row: NULL, nothing, some bytes in the row, one part,
/// several. It never changes, as nothing would change its parts.
fn blob_length(column: &Column, place: usize, key: u64) -> Option<usize> {
    let sentences = match (key + place as u64) % 5 {
        0 if column.nullable => return None,
        0 | 1 => 0,
        2 => 6,
        3 => 30 + key as usize % 20,
        _ => 170 + key as usize % 20,
    };
    Some(sentences * SENTENCE.len())
}

/// The whole blob in this column of this row.
fn blob(column: &Column, place: usize, key: u64) -> Option<Vec<u8>> {
    let length = blob_length(column, place, key)?;
    Some(SENTENCE.bytes().cycle().take(length).collect())
}

/// Number of parts that the blob in this column of this row has.
pub(super) fn parts_of(column: &Column, place: usize, key: u64) -> u64 {
    let length = blob_length(column, place, key).unwrap_or(0);
    length.saturating_sub(INLINE_BYTES).div_ceil(PART_BYTES) as u64
}

/// A part of the blob in this column of this row.
pub(super) fn part_row(column: &Column, place: usize, key: u64, part: u64) -> Row {
    let blob = blob(column, place, key).unwrap_or_default();
    let beyond = blob.get(INLINE_BYTES..).unwrap_or_default();
    let bytes = beyond.chunks(PART_BYTES).nth(part as usize);
    Row(vec![
        Value::Unsigned(key + 1),
        Value::Unsigned(part),
        Value::Unsigned(0),
        Value::Bytes(bytes.unwrap_or_default().to_vec()),
    ])
}

/// The row with this key, changed so often.
pub(super) fn row(table: &Table, key: u64, generation: u32, varied: u64) -> Row {
    let value = |(place, column): (usize, &Column)| {
        if column.key {
            return Value::Unsigned(key + 1);
        }
        if is_blob(column) {
            return blob(column, place, key).map_or(Value::Null, |mut bytes| {
                let length = bytes.len() as u64;
                bytes.truncate(INLINE_BYTES);
                Value::Blob {
                    length,
                    inline: bytes,
                }
            });
        }
        let hash = mix(varied.wrapping_add(place as u64));
        let spot = match (key, generation) {
            (0, 0) => Spot::Least,
            (1, 0) => Spot::Most,
            (2, 0) if column.nullable => return Value::Null,
            _ if column.nullable && hash & 7 == 0 => return Value::Null,
            _ => Spot::Any(hash),
        };
        value_of(column, spot)
    };
    Row(table.columns.iter().enumerate().map(value).collect())
}

/// A value of a column that is no blob.
fn value_of(column: &Column, spot: Spot) -> Value {
    use ColumnType as T;
    let text = || Value::Bytes(text_of(column, spot));
    match column.column_type {
        T::Tinyint => signed(8, spot),
        T::Smallint => signed(16, spot),
        T::Mediumint => signed(24, spot),
        T::Int => signed(32, spot),
        T::Bigint => signed(64, spot),
        T::Tinyunsigned => unsigned(8, spot),
        T::Smallunsigned => unsigned(16, spot),
        T::Mediumunsigned => unsigned(24, spot),
        T::Unsigned => unsigned(32, spot),
        T::Bigunsigned => unsigned(64, spot),
        T::Float => Value::Float(match spot {
            Spot::Least => f32::MIN,
            Spot::Most => f32::MAX,
            Spot::Any(hash) => (hash as i32 >> 8) as f32 / 1024.0,
        }),
        T::Double => Value::Double(match spot {
            Spot::Least => f64::MIN,
            Spot::Most => f64::MAX,
            Spot::Any(hash) => (hash as i64 >> 16) as f64 / 65536.0,
        }),
        T::Decimal | T::Decimalunsigned => Value::Decimal(decimal(column, spot)),
        T::Olddecimal | T::Olddecimalunsigned => {
            // Filled with blanks up to the column's width.
            let sign = usize::from(column.column_type == T::Olddecimal);
            let width = sign + usize::from(column.precision) + 1;
            Value::Bytes(format!("{:>width$}", decimal(column, spot)).into_bytes())
        }
        T::Char | T::Varchar | T::Longvarchar => text(),
        T::Binary | T::Varbinary | T::Longvarbinary => Value::Bytes(bytes_of(column, spot)),
        T::Bit => bits(column.length, spot),
        T::Date => Value::Date(moment(spot).date),
        T::Datetime | T::Datetime2 => {
            let DateTime { microsecond, .. } = moment(spot);
            Value::DateTime(DateTime {
                microsecond: fraction(column, microsecond),
                ..moment(spot)
            })
        }
        T::Time | T::Time2 => Value::Time(time(column, spot)),
        T::Timestamp | T::Timestamp2 => {
            let (seconds, microseconds) = match spot {
                Spot::Least => (1, 0),
                Spot::Most => (i32::MAX as u32, 999_999),
                Spot::Any(hash) => (hash as u32 >> 1, (hash >> 32) as u32 % 1_000_000),
            };
            Value::Timestamp {
                seconds,
                microseconds: fraction(column, microseconds),
            }
        }
        T::Year => Value::Year(match spot {
            Spot::Least => 1901,
            Spot::Most => 2155,
            Spot::Any(hash) => 1901 + (hash % 255) as u16,
        }),
        T::Blob | T::Text => Value::Null,
    }
}

fn signed(bits: u32, spot: Spot) -> Value {
    let unused = 64 - bits;
    Value::Signed(match spot {
        Spot::Least => i64::MIN >> unused,
        Spot::Most => i64::MAX >> unused,
        Spot::Any(hash) => hash as i64 >> unused,
    })
}

fn unsigned(bits: u32, spot: Spot) -> Value {
    let unused = 64 - bits;
    Value::Unsigned(match spot {
        Spot::Least => 0,
        Spot::Most => u64::MAX >> unused,
        Spot::Any(hash) => hash >> unused,
    })
}

/// Digits of a decimal of this column; an unsigned one has no sign.
fn decimal(column: &Column, spot: Spot) -> String {
    let (precision, scale) = (usize::from(column.precision), column.scale as usize);
    let is_signed = matches!(
        column.column_type,
        ColumnType::Decimal | ColumnType::Olddecimal
    );
    let (sign, digits) = match spot {
        Spot::Least if is_signed => ("-", "9".repeat(precision)),
        Spot::Least => ("", "0".repeat(precision)),
        Spot::Most => ("", "9".repeat(precision)),
        Spot::Any(hash) => {
            let sign = if is_signed && hash & 1 == 1 { "-" } else { "" };
            let mut digits = format!("{hash:020}").repeat(precision.div_ceil(20));
            digits.truncate(precision);
            (sign, digits)
        }
    };
    let (whole, fraction) = digits.split_at(precision.saturating_sub(scale));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// Text of the column's character set.
fn text_of(column: &Column, spot: Spot) -> Vec<u8> {
    const LATIN: [&[u8]; 4] = [b"caf\xE9", b"", b"a b", b"\xA3 5,-"];
    const ANY: [&str; 4] = [
        "Žluťoučký kůň",
        "",
        "it's \"quoted\", \\ and\ttabbed",
        "日本語 🙂",
    ];
    match spot {
        Spot::Least => Vec::new(),
        Spot::Most => vec![b'z'; column.length as usize],
        Spot::Any(hash) => {
            let index = (hash >> 8) as usize % 4;
            match column.charset {
                LATIN1 => LATIN[index].to_vec(),
                _ => ANY[index].as_bytes().to_vec(),
            }
        }
    }
}

fn bytes_of(column: &Column, spot: Spot) -> Vec<u8> {
    let length = column.length as usize;
    match spot {
        Spot::Least => Vec::new(),
        Spot::Most => vec![0xFF; length],
        Spot::Any(hash) => {
            let bytes = hash.to_le_bytes().into_iter().cycle();
            bytes.take(hash as usize % (length + 1)).collect()
        }
    }
}

fn bits(count: u32, spot: Spot) -> Value {
    let all = u64::MAX >> 64_u32.saturating_sub(count);
    let bits = match spot {
        Spot::Least => 0,
        Spot::Most => all,
        Spot::Any(hash) => hash & all,
    };
    let mut words = vec![bits as u32, (bits >> 32) as u32];
    words.truncate(count.div_ceil(32) as usize);
    Value::Bits(words)
}

fn moment(spot: Spot) -> DateTime {
    let at = |year, month, day, hour, minute, second, microsecond| DateTime {
        date: Date { year, month, day },
        hour,
        minute,
        second,
        microsecond,
    };
    match spot {
        Spot::Least => at(1000, 1, 1, 0, 0, 0, 0),
        Spot::Most => at(9999, 12, 31, 23, 59, 59, 999_999),
        Spot::Any(hash) => at(
            1900 + (hash % 200) as u16,
            1 + (hash >> 8) as u8 % 12,
            1 + (hash >> 16) as u8 % 28,
            (hash >> 24) as u8 % 24,
            (hash >> 32) as u8 % 60,
            (hash >> 40) as u8 % 60,
            (hash >> 44) as u32 % 1_000_000,
        ),
    }
}

fn time(column: &Column, spot: Spot) -> Time {
    let at = |negative, hours, minutes, seconds, microseconds| Time {
        negative,
        hours,
        minutes,
        seconds,
        microseconds: fraction(column, microseconds),
    };
    match spot {
        Spot::Least => at(true, 838, 59, 59, 0),
        Spot::Most => at(false, 838, 59, 59, 0),
        Spot::Any(hash) => at(
            hash & 1 == 1,
            1 + (hash >> 8) as u16 % 838,
            (hash >> 24) as u8 % 60,
            (hash >> 32) as u8 % 60,
            (hash >> 44) as u32 % 1_000_000,
        ),
    }
}

/// Cuts a fraction of a second to the column's digits.
fn fraction(column: &Column, microseconds: u32) -> u32 {
    let unit = 10_u32.pow(6_u32.saturating_sub(column.precision.into()));
    microseconds / unit * unit
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_has_a_column_and_some_have_defaults() {
        let columns = columns();
        let types: BTreeSet<u32> = columns.iter().map(|it| it.column_type.number()).collect();
        let all: BTreeSet<u32> = (1..)
            .map_while(|number| ColumnType::from_number(number).map(ColumnType::number))
            .collect();
        assert_eq!(types, all);
        let stored =
            |column: &&Column| matches!(column.default, crate::backup::ColumnDefault::Stored(_));
        assert!(columns.iter().filter(stored).count() >= 5);
    }

    #[test]
    fn the_first_rows_have_the_ends_of_each_range_and_all_nulls() {
        let table = Table::new("a/def/b", 1, columns(), 1, &[]);
        let rows: Vec<Row> = (0..200).map(|key| row(&table, key, 0, mix(key))).collect();
        let values = |column: &str| {
            let place = table.columns.iter().position(|it| it.name == column);
            let place = place.unwrap();
            rows.iter().map(move |row| &row.0[place])
        };
        let firsts = |column| values(column).take(3).cloned().collect::<Vec<Value>>();
        assert_eq!(
            firsts("bigint"),
            [
                Value::Signed(i64::MIN),
                Value::Signed(i64::MAX),
                Value::Null
            ]
        );
        assert_eq!(firsts("bits")[1], Value::Bits(vec![u32::MAX, 0x1F]));
        let decimal = |digits: &str| Value::Decimal(digits.to_owned());
        assert_eq!(
            firsts("decimalunsigned")[..2],
            [decimal("0"), decimal("99999")]
        );
        for column in table.columns.iter().filter(|it| it.nullable) {
            let nulls = values(&column.name)
                .filter(|it| **it == Value::Null)
                .count();
            assert!((1..100).contains(&nulls), "{} {nulls}", column.name);
        }
    }

    #[test]
    fn blobs_have_no_part_one_part_and_several() {
        let columns = columns();
        for parts in blobs(&columns) {
            let column = &columns[parts.place];
            let counts: BTreeSet<u64> = (0..40)
                .map(|key| parts_of(column, parts.place, key))
                .collect();
            assert!(counts.contains(&0) && counts.contains(&1) && counts.contains(&3));
            assert!(counts.iter().all(|count| *count < PARTS_MAX));
            for key in 0..40 {
                let Some(whole) = blob(column, parts.place, key) else {
                    continue;
                };
                let mut again = whole[..whole.len().min(INLINE_BYTES)].to_vec();
                for part in 0..parts_of(column, parts.place, key) {
                    let row = part_row(column, parts.place, key, part);
                    let Value::Bytes(bytes) = &row.0[3] else {
                        panic!("{row:?}");
                    };
                    assert!(!bytes.is_empty());
                    again.extend_from_slice(bytes);
                }
                assert_eq!(again, whole);
            }
        }
    }
}

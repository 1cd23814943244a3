//! Rows and log entries as JSON: each value is the one that the library decodes.

use std::fmt::Write;
use std::fs;
use std::io::Cursor;

use ndbmgm::backup::{
    self, Column, ColumnType, CtlFile, DataItem, DataReader, DataWriter, Date, DateTime,
    FileHeader, FileType, LATIN1, LogReader, LogValue, Row, Table, Time, UTF8MB4, Value,
};
use ndbmgm::cluster::{BackupId, NodeId};
use serde_json::{Value as Json, json};

use crate::xfrm::{backup_file, fixture_password, plaintexts, read_all};

fn plain(name: &str) -> Vec<u8> {
    let file = fs::read(backup_file(name)).unwrap();
    read_all(&file, Some(&fixture_password())).unwrap()
}

fn ctl_of(name: &str) -> CtlFile {
    let backup = &name[.."BACKUP-0".len()];
    let node = name.rsplit('.').nth(1).unwrap();
    CtlFile::read(Cursor::new(plain(&format!("{backup}.{node}.ctl")))).unwrap()
}

/// The lines of a section.
fn lines(file: &[u8], ctl: Option<&CtlFile>, section: &str) -> Vec<Json> {
    let mut text = Vec::new();
    backup::print_json(file, &mut text, ctl).unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Json| line["section"] == section)
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn text(bytes: &[u8]) -> Json {
    match String::from_utf8(bytes.to_vec()) {
        Ok(text) => json!(text),
        Err(_) => json!({ "hex": hex(bytes) }),
    }
}

fn bytes(column: &Column, bytes: &[u8]) -> Json {
    use ColumnType::{Char, Longvarchar, Olddecimal, Olddecimalunsigned, Text, Varchar};
    match column.column_type {
        Char => {
            let mut shown = bytes.to_vec();
            while shown.last() == Some(&b' ') {
                shown.pop();
            }
            text(&shown)
        }
        Varchar | Longvarchar | Text | Olddecimal | Olddecimalunsigned => text(bytes),
        _ => json!(hex(bytes)),
    }
}

fn fraction(microseconds: u32) -> String {
    match microseconds {
        0 => String::new(),
        some => format!(".{some:06}"),
    }
}

fn date(date: &Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// What the value is as JSON, by other means than the printer's.
fn expected(column: &Column, value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Signed(number) => json!(number),
        Value::Unsigned(number) => json!(number),
        Value::Year(year) => json!(year),
        Value::Float(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Value::Double(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Value::Decimal(text) => json!(text),
        Value::Date(day) => json!(date(day)),
        Value::Time(time) => {
            let sign = if time.negative { "-" } else { "" };
            let (hours, minutes, seconds) = (time.hours, time.minutes, time.seconds);
            let fraction = fraction(time.microseconds);
            json!(format!(
                "{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}"
            ))
        }
        Value::DateTime(moment) => {
            let (hour, minute, second) = (moment.hour, moment.minute, moment.second);
            let (day, fraction) = (date(&moment.date), fraction(moment.microsecond));
            json!(format!("{day} {hour:02}:{minute:02}:{second:02}{fraction}"))
        }
        Value::Timestamp {
            seconds,
            microseconds,
        } => {
            let all = i64::from(*seconds) * 1_000_000 + i64::from(*microseconds);
            json!(jiff::Timestamp::from_microsecond(all).unwrap().to_string())
        }
        Value::Bytes(content) => bytes(column, content),
        Value::Bits(words) if words.len() <= 2 => {
            let number = words
                .iter()
                .rev()
                .fold(0_u64, |all, word| all << 32 | u64::from(*word));
            json!(number)
        }
        Value::Bits(words) => {
            let text = words.iter().rev().map(|word| format!("{word:08x}"));
            json!(text.collect::<String>())
        }
        Value::Blob { length, inline } => json!({
            "length": length,
            "inline": bytes(column, inline),
        }),
        Value::Array(values) => values.iter().map(|value| expected(column, value)).collect(),
        Value::Raw(stored) => json!({ "raw": hex(stored) }),
    }
}

/// How many rows are as expected; all are.
fn check_rows(name: &str, file: &[u8], ctl: &CtlFile) -> usize {
    let mut printed = lines(file, Some(ctl), "row").into_iter();
    let mut reader = DataReader::new(file).unwrap();
    let order = reader.header().byte_order;
    let mut table: Option<&Table> = None;
    let mut count = 0;
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            DataItem::FragmentHeader { table_id, .. } => {
                table = ctl.table(table_id);
            }
            DataItem::Record { payload, .. } => {
                let table = table.unwrap();
                let Row(values) = Row::decode(table, payload, order).unwrap();
                let columns = table.columns.iter().zip(&values);
                let row: serde_json::Map<String, Json> = columns
                    .map(|(column, value)| (column.name.clone(), expected(column, value)))
                    .collect();
                let line = printed.next().unwrap();
                assert_eq!(line["table"], json!(table.name), "{name}");
                assert_eq!(line["values"], Json::Object(row), "{name}, row {count}");
                count += 1;
            }
            _ => {}
        }
    }
    assert_eq!(printed.next(), None);
    count
}

#[test]
fn every_recorded_row_has_the_values_that_are_decoded() {
    let mut count = 0;
    for (name, _, _) in plaintexts() {
        if name.ends_with(".Data") {
            count += check_rows(&name, &plain(&name), &ctl_of(&name));
        }
    }
    assert!(count > 1000, "{count}");
}

fn check_entries(name: &str, ctl: &CtlFile) -> usize {
    let file = plain(name);
    let mut printed = lines(&file, Some(ctl), "log entry").into_iter();
    let mut reader = LogReader::new(&file[..]).unwrap();
    let mut count = 0;
    while let Some(entry) = reader.next_entry().unwrap() {
        let table = ctl.table(entry.table_id).unwrap();
        let values = entry.values(table).unwrap();
        let object = |part: &[LogValue]| -> Json {
            let named = part.iter().map(|item| {
                let column = &table.columns[usize::from(item.column)];
                (column.name.clone(), expected(column, &item.value))
            });
            Json::Object(named.collect())
        };
        let (key, rest) = values.split_at(table.key_columns().count());
        let line = printed.next().unwrap();
        assert_eq!(line["table"], json!(table.name), "{name}");
        assert_eq!(line["gci"], json!(entry.gci.0), "{name}");
        assert_eq!(line["key"], object(key), "{name}, entry {count}");
        assert_eq!(line["values"], object(rest), "{name}, entry {count}");
        count += 1;
    }
    assert_eq!(printed.next(), None);
    count
}

#[test]
fn every_recorded_log_entry_has_the_values_that_are_decoded() {
    let mut count = 0;
    for (name, _, _) in plaintexts() {
        if name.ends_with(".log") {
            count += check_entries(&name, &ctl_of(&name));
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn every_recorded_table_has_its_columns() {
    let mut count = 0;
    for (name, _, _) in plaintexts() {
        if !name.ends_with(".ctl") {
            continue;
        }
        let file = plain(&name);
        let ctl = CtlFile::read(&file[..]).unwrap();
        let mut text = Vec::new();
        backup::print_json(&file[..], &mut text, None).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let mut printed = lines.filter(|line: &Json| line.get("columns").is_some());
        for table in ctl.tables() {
            let line = printed.next().unwrap();
            assert_eq!(line["id"], json!(table.id), "{name}");
            assert_eq!(line["name"], json!(table.name), "{name}");
            let columns = line["columns"].as_array().unwrap();
            assert_eq!(columns.len(), table.columns.len());
            for (found, column) in columns.iter().zip(&table.columns) {
                assert_eq!(found["name"], json!(column.name), "{name}");
                assert_eq!(found["type"], json!(column.column_type.name()));
                assert_eq!(found["length"], json!(column.length));
                assert_eq!(found["nullable"], json!(column.nullable));
                assert_eq!(found["primary_key"], json!(column.key));
                count += 1;
            }
        }
        assert_eq!(printed.next(), None);
    }
    assert!(count > 1000, "{count}");
}

/// NULL stands wherever it can unless there is `some`.
fn awkward_row(id: u64, signed: i64, content: &[u8], some: bool) -> Row {
    let or_null = |value: Value| if some { value } else { Value::Null };
    let day = Date {
        year: 2024,
        month: 2,
        day: 29,
    };
    let time = Time {
        negative: true,
        hours: 838,
        minutes: 59,
        seconds: 58,
        microseconds: 1,
    };
    let moment = DateTime {
        date: day,
        hour: 23,
        minute: 0,
        second: 7,
        microsecond: 120_000,
    };
    let stamp = Value::Timestamp {
        seconds: u32::MAX,
        microseconds: 999_999,
    };
    let mut padded = content[..content.len().min(12)].to_vec();
    padded.resize(12, b' ');
    let numbers = [-1, 0, 32767].map(Value::Signed).to_vec();
    Row(vec![
        Value::Unsigned(id),
        or_null(Value::Signed(signed)),
        Value::Bytes(padded),
        or_null(Value::Bytes(content.to_vec())),
        Value::Bytes(vec![0, 0xFF, b'"', 0, 1]),
        or_null(Value::Bytes(content[..content.len().min(40)].to_vec())),
        or_null(Value::Decimal("-1234567890123456.0700".to_owned())),
        Value::Double(-1.5e-300),
        or_null(Value::Float(3.25)),
        Value::Date(day),
        Value::Time(time),
        Value::DateTime(moment),
        stamp,
        Value::Year(2155),
        Value::Bits(vec![5]),
        or_null(Value::Bits(vec![1, u32::MAX])),
        Value::Bits(vec![1, 2, 0x3F]),
        Value::Array(numbers),
        or_null(Value::Blob {
            length: 1 << 40,
            inline: content.to_vec(),
        }),
        Value::Signed(-128),
        Value::Signed(-(1 << 23)),
    ])
}

/// A table with all that could go wrong between a value and its JSON.
fn awkward_table() -> (Table, Vec<Row>) {
    use ColumnType as T;
    let columns = vec![
        Column::new("id", T::Bigunsigned).primary_key(),
        Column::new("a \"name\"\\\n", T::Bigint).nullable(),
        Column::text("char", T::Char, 12, LATIN1),
        Column::text("text", T::Longvarchar, 300, UTF8MB4).nullable(),
        Column::sized("binary", T::Binary, 5),
        Column::sized("varbinary", T::Varbinary, 40).nullable(),
        Column::decimal("decimal", 20, 4).nullable(),
        Column::new("double", T::Double),
        Column::new("float", T::Float).nullable(),
        Column::new("date", T::Date),
        Column::temporal("time", T::Time2, 6),
        Column::temporal("moment", T::Datetime2, 3),
        Column::temporal("stamp", T::Timestamp2, 6),
        Column::new("year", T::Year),
        Column::sized("bits", T::Bit, 3),
        Column::sized("more bits", T::Bit, 64).nullable(),
        Column::sized("most bits", T::Bit, 70),
        Column::sized("numbers", T::Smallint, 3),
        Column::blob("blob").nullable(),
        Column::new("tiny", T::Tinyint),
        Column::new("medium", T::Mediumint),
    ];
    let every_byte: Vec<u8> = (0..=0x7F).collect();
    let rows = vec![
        awkward_row(u64::MAX, i64::MIN, b"\"quoted\" \\ /", true),
        awkward_row(0, i64::MAX, &every_byte, true),
        awkward_row(1, 0, "\u{e9}\u{1F600}\u{2028}\0".as_bytes(), true),
        awkward_row(2, -1, &[0xFF, 0xFE, b'a'], true),
        awkward_row(3, 1, b"", true),
        awkward_row(4, 1, b"", false),
    ];
    (Table::new("a/def/\"t\"", 900, columns, 1, &[vec![2]]), rows)
}

#[test]
fn awkward_values_are_the_same_after_a_parser_read_them() {
    let (table, rows) = awkward_table();
    let mut ctl = ctl_of("BACKUP-1-0.2.Data");
    let backup = BackupId::new(1).unwrap();
    let header = FileHeader::new(FileType::Data, backup, NodeId::new(2).unwrap(), 7);
    ctl.header.backup_key = header.backup_key;
    ctl.objects.push(backup::DictObject::Table(table.clone()));
    let mut writer = DataWriter::new(Vec::new(), &header);
    writer.begin_fragment(table.id, 0).unwrap();
    for row in &rows {
        writer.write_row(&table, row).unwrap();
    }
    let file = writer.finish().unwrap();
    assert_eq!(check_rows("made up", &file, &ctl), rows.len());
    let printed = lines(&file, Some(&ctl), "row");
    assert_eq!(printed[0]["values"]["id"], json!(u64::MAX));
    assert_eq!(printed[0]["values"]["a \"name\"\\\n"], json!(i64::MIN));
    assert_eq!(printed[0]["values"]["text"], json!("\"quoted\" \\ /"));
    assert_eq!(
        printed[0]["values"]["decimal"],
        json!("-1234567890123456.0700")
    );
    assert_eq!(
        printed[0]["values"]["moment"],
        json!("2024-02-29 23:00:07.120000")
    );
    assert_eq!(
        printed[0]["values"]["stamp"],
        json!("2106-02-07T06:28:15.999999Z")
    );
    assert_eq!(
        printed[0]["values"]["more bits"],
        json!(0xFFFF_FFFF_0000_0001_u64)
    );
    assert_eq!(printed[3]["values"]["text"], json!({ "hex": "fffe61" }));
    assert_eq!(printed[5]["values"]["text"], Json::Null);
}

//! Backup files as JSON: one object per line for each section, row and log entry.
//!
//! | value | JSON |
//! |---|---|
//! | NULL | `null` |
//! | integers, years, float and double | number; a float that is none (NaN) is a string |
//! | decimals, dates and times | string; timestamps are in UTC |
//! | text | string; an object `{"hex": ..}` if it is not UTF-8 |
//! | binary | string of hexadecimal digits |
//! | bits | number up to 64 bits, else a string of hexadecimal digits |
//! | blob | object with the whole `length` and the `inline` part |
//! | several elements | array |
//! | no value of the type | object `{"raw": ..}` with hexadecimal digits |
//!
//! Names, types and values need the tables of the ctl file; without it rows and attributes are
//! hexadecimal digits as they lie in the file.

use std::io::{Read, Write};

use super::BackupError;
use super::column::{Column, ColumnDefault, ColumnType};
use super::ctl::{CtlFile, CtlReader, CtlSection, DictObject};
use super::data::{DataItem, DataReader};
use super::header::{ByteOrder, FileHeader, FileType};
use super::log::{LogEntry, LogEvent, LogReader};
use super::properties::PropertyValue;
use super::row::Row;
use super::source::{Counted, Source};
use super::table::{Table, TableKind};
use super::text::{TextOut, push_hex_bytes};
use super::value::{Value, decode_value};
use crate::cluster::Version;

/// Prints a backup file as JSON. `ctl` has the tables of a Data or log file; a ctl file needs
/// none.
///
/// # Errors
///
/// If the output fails or the file is malformed. What comes before that is printed. The reader
/// is read to its end, so a container that is damaged after what is printed is an error too.
pub fn print_json(
    reader: impl Read,
    out: &mut dyn Write,
    ctl: Option<&CtlFile>,
) -> Result<(), BackupError> {
    let mut text = TextOut::new(out);
    let mut reader = Counted::new(reader);
    let printed = print_to(Source::new(&mut reader), &mut text, ctl);
    text.flush()?;
    printed?;
    reader.exhaust()
}

fn print_to<R: Read>(
    mut source: Source<R>,
    out: &mut TextOut<'_>,
    ctl: Option<&CtlFile>,
) -> Result<(), BackupError> {
    let header = FileHeader::take(&mut source)?;
    if let Some(ctl) = ctl.filter(|ctl| ctl.header.backup_key != header.backup_key) {
        return Err(BackupError::ForeignCtl {
            ctl: ctl.header.backup_key,
            file: header.backup_key,
        });
    }
    print_header(&header, out);
    match header.file_type {
        FileType::Ctl => print_ctl(CtlReader::after_header(source, header), out),
        FileType::Data => print_data(DataReader::after_header(source, header), out, ctl),
        FileType::RedoLog | FileType::UndoLog => {
            print_log(LogReader::after_header(source, header), out, ctl)
        }
        other => Err(BackupError::WrongFileType {
            expected: "1, 2, 3 or 5",
            found: other.number(),
        }),
    }
}

/// An object that is being written on a line of its own.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    /// Begins the object of a section.
    fn section(out: &'a mut TextOut<'_>, section: &str) -> Self {
        let mut object = Object::new(out.buffer());
        object.text("section", section);
        object
    }

    fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, first: true }
    }

    /// Writes the key, and gives the buffer for its value.
    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        push_string(self.out, key);
        self.out.push(b':');
        self.out
    }

    fn text(&mut self, key: &str, text: &str) {
        push_string(self.key(key), text);
    }

    fn number(&mut self, key: &str, number: u64) {
        push_display(self.key(key), number);
    }

    fn flag(&mut self, key: &str, flag: bool) {
        push_display(self.key(key), flag);
    }

    fn hex(&mut self, key: &str, bytes: &[u8]) {
        push_hex_string(self.key(key), bytes);
    }

    fn list<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        push: impl FnMut(&mut Vec<u8>, T),
    ) {
        push_list(self.key(key), items, push);
    }

    fn end(self) {
        self.out.push(b'}');
    }

    fn end_line(self) {
        self.out.extend_from_slice(b"}\n");
    }
}

fn push_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string is JSON and a vector takes all writes");
}

fn push_display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("a vector takes all writes");
}

fn push_hex_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    push_hex_bytes(out, bytes);
    out.push(b'"');
}

fn push_list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}

fn print_header(header: &FileHeader, out: &mut TextOut<'_>) {
    let mut object = Object::section(out, "file header");
    let file_type = match header.file_type {
        FileType::Ctl => "ctl",
        FileType::RedoLog => "redo log",
        FileType::Data => "Data",
        FileType::LcpData => "LCP data",
        FileType::UndoLog => "undo log",
        FileType::LcpCtl => "LCP ctl",
        FileType::Other(_) => "unknown",
    };
    let byte_order = match header.byte_order {
        ByteOrder::Little => "little",
        ByteOrder::Big => "big",
    };
    object.text("file_type", file_type);
    object.number("backup_id", header.backup_id.into());
    object.list("backup_key", header.backup_key, push_display);
    object.text(
        "backup_version",
        &Version(header.backup_version).to_string(),
    );
    object.text("ndb_version", &header.ndb_version.to_string());
    object.text("mysql_version", &header.mysql_version.to_string());
    object.text("byte_order", byte_order);
    object.end_line();
}

fn print_ctl<R: Read>(mut reader: CtlReader<R>, out: &mut TextOut<'_>) -> Result<(), BackupError> {
    while let Some(section) = reader.next_section()? {
        match section {
            CtlSection::TableList(ids) => {
                let mut object = Object::section(out, "table list");
                object.list("ids", ids, push_display);
                object.end_line();
            }
            CtlSection::Object(object) => print_object(&object, out),
            CtlSection::Gcp(entry) => {
                let mut object = Object::section(out, "gcp");
                object.number("start_gci", entry.start.0.into());
                object.number("stop_gci", entry.stop().0.into());
                object.end_line();
            }
            CtlSection::Fragment(fragment) => {
                let mut object = Object::section(out, "fragment");
                object.number("table_id", fragment.table_id.into());
                object.number("fragment", fragment.fragment.into());
                object.number("records", fragment.records);
                object.end_line();
            }
        }
        out.offer()?;
    }
    Ok(())
}

fn print_object(object: &DictObject, out: &mut TextOut<'_>) {
    match object {
        DictObject::Table(table) => print_table(table, out),
        DictObject::HashMap(map) => {
            let mut object = Object::section(out, "hash map");
            object.number("id", map.id.into());
            object.text("name", &map.name);
            object.number("version", map.version.into());
            object.list("buckets", &map.buckets, push_display);
            object.end_line();
        }
        DictObject::Other { kind, properties } => {
            let mut object = Object::section(out, "object");
            object.number("kind", (*kind).into());
            object.list("properties", properties, |out, property| {
                let mut item = Object::new(out);
                item.number("key", property.key.into());
                match &property.value {
                    PropertyValue::Number(number) => item.number("value", (*number).into()),
                    PropertyValue::Text(text) => push_text(item.key("value"), text),
                    PropertyValue::Binary(bytes) => item.hex("value", bytes),
                }
                item.end();
            });
            object.end_line();
        }
    }
}

fn print_table(table: &Table, out: &mut TextOut<'_>) {
    let kind = match table.kind {
        TableKind::System => "system table",
        TableKind::User => "table",
        TableKind::UniqueHashIndex => "unique hash index",
        TableKind::HashIndex => "hash index",
        TableKind::UniqueOrderedIndex => "unique ordered index",
        TableKind::OrderedIndex => "ordered index",
    };
    let mut object = Object::section(out, kind);
    object.number("id", table.id.into());
    object.text("name", &table.name);
    object.number("version", table.version.into());
    if let Some(index) = &table.index_of {
        object.text("index_of", &index.primary_table);
    }
    if let Some((id, _)) = table.hash_map {
        object.number("hash_map", id.into());
    }
    object.list("columns", &table.columns, push_column);
    object.list("fragments", &table.fragments, |out, fragment| {
        push_list(out, &fragment.nodes, push_display);
    });
    object.end_line();
}

fn push_column(out: &mut Vec<u8>, column: &Column) {
    let mut object = Object::new(out);
    object.text("name", &column.name);
    object.text("type", column.column_type.name());
    object.number("length", column.length.into());
    if column.precision != 0 {
        object.number("precision", column.precision.into());
    }
    if column.scale != 0 {
        object.number("scale", column.scale.into());
    }
    if column.charset != 0 {
        object.number("charset", column.charset.into());
    }
    object.flag("primary_key", column.key);
    object.flag("nullable", column.nullable);
    if let ColumnDefault::Stored(bytes) = &column.default {
        let value = decode_value(column, bytes, ByteOrder::Little);
        push_value(object.key("default"), column, &value);
    }
    object.end();
}

fn print_data<R: Read>(
    mut reader: DataReader<R>,
    out: &mut TextOut<'_>,
    ctl: Option<&CtlFile>,
) -> Result<(), BackupError> {
    let order = reader.header().byte_order;
    let mut table: Option<&Table> = None;
    let mut number = 0;
    loop {
        let Some(item) = reader.next_item()? else {
            return Ok(());
        };
        let mut failed = None;
        match item {
            DataItem::FragmentHeader {
                table_id, fragment, ..
            } => {
                number = fragment;
                table = ctl.and_then(|ctl| ctl.table(table_id));
                let mut object = Object::section(out, "fragment header");
                object.number("table_id", table_id.into());
                push_table_name(&mut object, table);
                object.number("fragment", fragment.into());
                object.end_line();
                if ctl.is_some() && table.is_none() {
                    failed = Some((None, table_id));
                }
            }
            DataItem::Record { payload, .. } => {
                let start = out.buffer().len();
                if let Err(error) = print_row(payload, order, table, number, out) {
                    out.buffer().truncate(start);
                    failed = Some((Some(error), 0));
                }
            }
            DataItem::FragmentFooter {
                table_id,
                fragment,
                records,
                ..
            } => {
                let mut object = Object::section(out, "fragment footer");
                object.number("table_id", table_id.into());
                push_table_name(&mut object, table);
                object.number("fragment", fragment.into());
                object.number("records", records.into());
                object.end_line();
            }
            DataItem::EndOfRecords | DataItem::Empty => {}
        }
        let offset = reader.item_offset();
        match failed {
            Some((Some(source), _)) => return Err(BackupError::Row { offset, source }),
            Some((None, table_id)) => return Err(BackupError::UnknownTable { table_id, offset }),
            None => out.offer()?,
        }
    }
}

fn push_table_name(object: &mut Object<'_>, table: Option<&Table>) {
    if let Some(table) = table {
        object.text("table", &table.name);
    }
}

fn print_row(
    payload: &[u8],
    order: ByteOrder,
    table: Option<&Table>,
    fragment: u32,
    out: &mut TextOut<'_>,
) -> Result<(), super::RowError> {
    let mut object = Object::section(out, "row");
    push_table_name(&mut object, table);
    object.number("fragment", fragment.into());
    match table {
        None => object.hex("packed", payload),
        Some(table) => {
            let row = Row::decode(table, payload, order)?;
            let mut values = Object::new(object.key("values"));
            for (column, value) in table.columns.iter().zip(&row.0) {
                push_value(values.key(&column.name), column, value);
            }
            values.end();
        }
    }
    object.end_line();
    Ok(())
}

fn print_log<R: Read>(
    mut reader: LogReader<R>,
    out: &mut TextOut<'_>,
    ctl: Option<&CtlFile>,
) -> Result<(), BackupError> {
    let mut table: Option<&Table> = None;
    while let Some(entry) = reader.next_entry()? {
        let (table_id, offset) = (entry.table_id, entry.offset);
        if table.is_none_or(|table| table.id != table_id) {
            table = ctl.and_then(|ctl| ctl.table(table_id));
        }
        if ctl.is_some() && table.is_none() {
            return Err(BackupError::UnknownTable { table_id, offset });
        }
        print_entry(&entry, table, out)?;
        out.offer()?;
    }
    Ok(())
}

fn print_entry(
    entry: &LogEntry<'_>,
    table: Option<&Table>,
    out: &mut TextOut<'_>,
) -> Result<(), BackupError> {
    // Everything that can fail comes before the first byte of the line.
    let values = table.map(|table| entry.values(table)).transpose()?;
    let attributes = entry.attributes().collect::<Result<Vec<_>, _>>()?;
    let mut object = Object::section(out, "log entry");
    object.number("table_id", entry.table_id.into());
    push_table_name(&mut object, table);
    object.number("fragment", entry.fragment.into());
    match entry.event {
        LogEvent::Insert => object.text("event", "INSERT"),
        LogEvent::Delete => object.text("event", "DELETE"),
        LogEvent::Update => object.text("event", "UPDATE"),
        LogEvent::Other(number) => object.number("event", number.into()),
    }
    object.number("gci", entry.gci.0.into());
    match (table, values) {
        (Some(table), Some(values)) => {
            // The key's columns come first, and again among the values of a whole row.
            let keys = table.key_columns().count().min(values.len());
            let (key, rest) = values.split_at(keys);
            for (name, part) in [("key", key), ("values", rest)] {
                let mut columns = Object::new(object.key(name));
                for item in part {
                    if let Some(column) = table.columns.get(usize::from(item.column)) {
                        push_value(columns.key(&column.name), column, &item.value);
                    }
                }
                columns.end();
            }
        }
        _ => object.list("attributes", attributes, |out, (id, bytes)| {
            let mut attribute = Object::new(out);
            attribute.number("column", id.into());
            attribute.hex("stored", bytes);
            attribute.end();
        }),
    }
    object.end_line();
    Ok(())
}

/// Text as a string, or as digits if it is not UTF-8.
fn push_text(out: &mut Vec<u8>, bytes: &[u8]) {
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

fn push_value(out: &mut Vec<u8>, column: &Column, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Signed(number) => push_display(out, number),
        Value::Unsigned(number) => push_display(out, number),
        Value::Year(year) => push_display(out, year),
        Value::Float(number) if number.is_finite() => push_display(out, number),
        Value::Double(number) if number.is_finite() => push_display(out, number),
        Value::Float(number) => push_string(out, &number.to_string()),
        Value::Double(number) => push_string(out, &number.to_string()),
        Value::Decimal(text) => push_string(out, text),
        Value::Date(date) => push_string(out, &date.to_string()),
        Value::Time(time) => push_string(out, &time.to_string()),
        Value::DateTime(moment) => push_string(out, &moment.to_string()),
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
        [low] => push_display(out, low),
        [low, high] => push_display(out, u64::from(high) << 32 | u64::from(low)),
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
        Ok(moment) => push_string(out, &moment.to_string()),
        Err(_) => push_display(out, seconds),
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
    fn values_are_json() {
        let any = Column::new("c", ColumnType::Unsigned);
        let text = Column::text("c", ColumnType::Char, 5, LATIN1);
        let binary = Column::sized("c", ColumnType::Varbinary, 5);
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        for (column, value, expected) in [
            (&any, Value::Null, "null"),
            (&any, Value::Signed(-5), "-5"),
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

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

use std::collections::BTreeMap;
use std::io::{Read, Write};

use super::BackupError;
use super::column::{Column, ColumnDefault};
use super::ctl::{CtlFile, CtlReader, CtlSection, DictObject};
use super::data::{DataItem, DataReader};
use super::header::{ByteOrder, FileHeader, FileType};
use super::json_object::{Key, Object, push_list, push_number};
use super::json_value::{push_stored, push_text};
use super::log::{LogEntry, LogEvent, LogReader};
use super::properties::PropertyValue;
use super::row::walk_columns;
use super::source::{Counted, Source};
use super::table::{Table, TableKind};
use super::text::TextOut;
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
        FileType::LcpData | FileType::LcpCtl | FileType::Other(_) => {
            Err(header.other_type("1, 2, 3 or 5"))
        }
    }
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
    object.list("backup_key", header.backup_key, push_number);
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
                object.list("ids", ids, push_number);
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
            object.list("buckets", map.buckets.iter().copied(), push_number);
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
        push_list(out, fragment.nodes.iter().copied(), push_number);
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
        push_stored(object.key("default"), column, bytes, ByteOrder::Little);
    }
    object.end();
}

/// A table, and its columns' names as the keys that they are in each row.
struct Described<'a> {
    table: &'a Table,
    keys: Vec<Key>,
}

impl<'a> Described<'a> {
    fn new(table: &'a Table) -> Self {
        let names = table.columns.iter().map(|column| &column.name);
        Described {
            table,
            keys: names.map(|name| Key::new(name)).collect(),
        }
    }
}

fn print_data<R: Read>(
    mut reader: DataReader<R>,
    out: &mut TextOut<'_>,
    ctl: Option<&CtlFile>,
) -> Result<(), BackupError> {
    let order = reader.header().byte_order;
    let mut table: Option<Described<'_>> = None;
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
                table = ctl.and_then(|ctl| ctl.table(table_id)).map(Described::new);
                let mut object = Object::section(out, "fragment header");
                object.number("table_id", table_id.into());
                push_table_name(&mut object, table.as_ref());
                object.number("fragment", fragment.into());
                object.end_line();
                if ctl.is_some() && table.is_none() {
                    failed = Some((None, table_id));
                }
            }
            DataItem::Record { payload, .. } => {
                let start = out.buffer().len();
                if let Err(error) = print_row(payload, order, table.as_ref(), number, out) {
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
                push_table_name(&mut object, table.as_ref());
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

fn push_table_name(object: &mut Object<'_>, table: Option<&Described<'_>>) {
    if let Some(described) = table {
        object.text("table", &described.table.name);
    }
}

fn print_row(
    payload: &[u8],
    order: ByteOrder,
    table: Option<&Described<'_>>,
    fragment: u32,
    out: &mut TextOut<'_>,
) -> Result<(), super::RowError> {
    let mut object = Object::section(out, "row");
    push_table_name(&mut object, table);
    object.number("fragment", fragment.into());
    match table {
        None => object.hex("packed", payload),
        Some(Described { table, keys }) => {
            let mut values = Object::new(object.key("values"));
            let mut keys = keys.iter();
            walk_columns(&table.columns, payload, order, |column, stored| {
                // There is a key for each column.
                let Some(key) = keys.next() else { return };
                let out = values.ready_key(key);
                match stored {
                    None => out.extend_from_slice(b"null"),
                    Some((bytes, order)) => push_stored(out, column, bytes, order),
                }
            })?;
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
    let order = reader.header().byte_order;
    let mut tables: BTreeMap<u32, Described<'_>> = BTreeMap::new();
    while let Some(entry) = reader.next_entry()? {
        let (table_id, offset) = (entry.table_id, entry.offset);
        if let (Some(ctl), false) = (ctl, tables.contains_key(&table_id)) {
            let table = ctl.table(table_id);
            let table = table.ok_or(BackupError::UnknownTable { table_id, offset })?;
            tables.insert(table_id, Described::new(table));
        }
        print_entry(&entry, order, tables.get(&table_id), out)?;
        out.offer()?;
    }
    Ok(())
}

fn print_entry(
    entry: &LogEntry<'_>,
    order: ByteOrder,
    table: Option<&Described<'_>>,
    out: &mut TextOut<'_>,
) -> Result<(), BackupError> {
    // Everything that can fail comes before the first byte of the line.
    let attributes = match table {
        Some(described) => entry.attributes_of(described.table)?,
        None => entry.attributes().collect::<Result<Vec<_>, _>>()?,
    };
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
    match table {
        Some(Described { table, keys }) => {
            // The key's columns come first, and again among the values of a whole row.
            let count = table.key_columns().count().min(attributes.len());
            let (key, rest) = attributes.split_at(count);
            for (name, part) in [("key", key), ("values", rest)] {
                let mut columns = Object::new(object.key(name));
                for &(id, stored) in part {
                    let index = usize::from(id);
                    let (Some(column), Some(key)) = (table.columns.get(index), keys.get(index))
                    else {
                        continue;
                    };
                    let out = columns.ready_key(key);
                    match stored {
                        [] => out.extend_from_slice(b"null"),
                        stored => push_stored(out, column, stored, order),
                    }
                }
                columns.end();
            }
        }
        None => object.list("attributes", attributes, |out, (id, bytes)| {
            let mut attribute = Object::new(out);
            attribute.number("column", id.into());
            attribute.hex("stored", bytes);
            attribute.end();
        }),
    }
    object.end_line();
    Ok(())
}

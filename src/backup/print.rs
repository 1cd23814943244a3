//! The text that `ndb_print_backup_file` prints (backup format, 10.3).
//!
//! Every block ends with an empty line. Faults that the original prints on stdout are part of
//! the text, and errors too, as are those that it passes over in silence or dies of.

use std::io::{Read, Write};

use super::BackupError;
use super::ctl::{DESCRIPTION, FRAGMENT, GCP_ENTRY, TABLE_LIST, take_section};
use super::data::{DataItem, DataReader};
use super::header::{ByteOrder, FileHeader, FileType, MAGIC, NEWEST_VERSION};
use super::log::LogReader;
use super::properties::{Properties, RawValue};
use super::source::{Counted, Source, be_word, word_at};
use super::text::TextOut;

/// What to print beyond the sections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrintOptions {
    /// The words of each record, and the attributes of each log entry.
    pub verbose: bool,
    /// The words that follow the first two of each record.
    pub header_words: bool,
}

/// How far printing came.
#[derive(Debug)]
pub enum Printed {
    /// To the end of the file.
    Whole,
    /// As far as the file is one of a backup; the text ends as the original's does, the error
    /// says why.
    Invalid(BackupError),
}

/// Longest text or binary item that is shown.
const SHOWN_MAX: usize = 1024;

/// Prints a backup file of any type.
///
/// # Errors
///
/// If the output fails, or the file is not whole. What comes before that is printed. The reader is read to its end, so a container that is damaged where
/// nothing is printed from is an error too.
pub fn print(
    reader: impl Read,
    out: &mut dyn Write,
    options: PrintOptions,
) -> Result<Printed, BackupError> {
    let mut text = TextOut::new(out);
    let mut reader = Counted::new(reader);
    let printed = print_to(Source::new(&mut reader), &mut text, options);
    text.flush()?;
    let printed = printed?;
    if let Printed::Whole = printed {
        reader.exhaust()?;
    }
    Ok(printed)
}

fn print_to<R: Read>(
    mut source: Source<R>,
    out: &mut TextOut<'_>,
    options: PrintOptions,
) -> Result<Printed, BackupError> {
    let header = match FileHeader::take(&mut source) {
        Ok(header) => header,
        Err(error) => {
            print_refusal(&error, out);
            return Ok(Printed::Invalid(error));
        }
    };
    print_header(&header, out);
    match header.file_type {
        FileType::Ctl => print_ctl(source, out),
        FileType::Data => print_data(DataReader::after_header(source, header), out, options),
        FileType::LcpData => {
            // Records like those of a backup are shown as the original shows them, but whatever
            // else is in there is no damage.
            match print_data(DataReader::after_header(source, header), out, options) {
                Err(error @ (BackupError::Read { .. } | BackupError::Write(_))) => Err(error),
                _ => Ok(Printed::Invalid(BackupError::Checkpoint)),
            }
        }
        FileType::RedoLog | FileType::UndoLog => {
            print_log(LogReader::after_header(source, header), out, options)
        }
        FileType::LcpCtl | FileType::Other(_) => {
            let number = header.file_type.number();
            out.line("Unsupported file type for printer: ", number);
            Ok(Printed::Invalid(header.other_type("1, 2, 3 or 5")))
        }
    }
}

/// Why the file header was refused.
fn print_refusal(error: &BackupError, out: &mut TextOut<'_>) {
    match error {
        BackupError::NotABackup { found } => {
            out.text("Incorrect file-header!\n");
            for (label, bytes) in [("Found:  ", found), ("Expect: ", &MAGIC)] {
                out.text(label);
                for byte in bytes {
                    out.text(&format!("0x{byte:02x} "));
                }
                out.text("\n");
            }
        }
        BackupError::UnsupportedVersion { version, .. } => {
            out.text(&format!(
                "incorrect versions, file: 0x{version:x} expect: 0x{NEWEST_VERSION:x}\n"
            ));
        }
        _ => {}
    }
    out.text("Invalid file!\n");
}

fn print_header(header: &FileHeader, out: &mut TextOut<'_>) {
    let byte_order = match header.byte_order {
        ByteOrder::Little => 0x1234_5678,
        ByteOrder::Big => 0x7856_3412,
    };
    out.text("-- FileHeader:\nMagic: NDBBCKUP\nBackupVersion: ");
    out.hex_word(header.backup_version);
    out.text("\nSectionType: 1\n");
    out.line("SectionLength: ", header.section_length());
    out.line("FileType: ", header.file_type.number());
    out.line("BackupId: ", header.backup_id);
    out.text("BackupKey: [ ");
    out.hex_word(header.backup_key[0]);
    out.text(" ");
    out.hex_word(header.backup_key[1]);
    out.text(" ]\nByteOrder: ");
    out.hex_word(byte_order);
    out.text("\n\n");
}

fn print_ctl<R: Read>(
    mut source: Source<R>,
    out: &mut TextOut<'_>,
) -> Result<Printed, BackupError> {
    let list = match take_section(&mut source, &TABLE_LIST) {
        Ok((list, _)) => list,
        Err(error) => return invalid(error, "Invalid file! No table list\n", out),
    };
    let tables = list.len() / 4 - 2;
    print_table_list(list, out);
    let mut fault = None;
    for _ in 0..tables {
        match take_section(&mut source, &DESCRIPTION) {
            Ok((description, _)) => print_description(description, out),
            Err(error) => {
                fault = Some(invalid(
                    error,
                    "Invalid file missing table description\n",
                    out,
                )?);
                break;
            }
        }
        out.offer()?;
    }
    match take_section(&mut source, &GCP_ENTRY) {
        Ok((entry, _)) => {
            out.text("-- GCP Entry:\nSectionType: 6\nSectionLength: 4\n");
            out.line("Start GCP: ", be_word(entry, 2));
            out.line("Stop GCP: ", be_word(entry, 3));
            out.text("\n");
        }
        Err(error) => {
            let invalid = invalid(error, "Invalid file! GCP ENtry\n", out)?;
            return Ok(fault.unwrap_or(invalid));
        }
    }
    // The fragments are not shown, but a file that is cut among them is not whole.
    while !source.at_end("fragment entry")? {
        take_section(&mut source, &FRAGMENT)?;
    }
    Ok(fault.unwrap_or(Printed::Whole))
}

/// The text ends with the original's line for a file that is no ctl file from here on. A fault
/// of the container is none of the contents.
fn invalid(error: BackupError, line: &str, out: &mut TextOut<'_>) -> Result<Printed, BackupError> {
    match error {
        error @ BackupError::Read { .. } => Err(error),
        error => {
            out.text(line);
            Ok(Printed::Invalid(error))
        }
    }
}

fn print_table_list(list: &[u8], out: &mut TextOut<'_>) {
    out.text("-- Table List:\nSectionType: 4\n");
    out.line("SectionLength: ", be_word(list, 1));
    out.text("Tables: ");
    for index in 2..list.len() / 4 {
        out.decimal(be_word(list, index));
        out.text(" ");
        if (index - 1).is_multiple_of(16) {
            out.text("\n");
        }
    }
    out.text("\n\n");
}

fn print_description(description: &[u8], out: &mut TextOut<'_>) {
    out.text("-- Table Description:\nSectionType: 5\n");
    out.line("SectionLength: ", be_word(description, 1));
    out.line("TableType: ", be_word(description, 2));
    let mut items = Properties::new(&description[12..], 0);
    // A malformed item ends the stream, as an unknown type of value does.
    while let Ok(Some((key, value))) = items.next_item() {
        out.text("Key: ");
        out.decimal(key.into());
        match value {
            RawValue::Number(number) => out.line(" value(4) : ", number),
            RawValue::Text(bytes) => {
                print_length(" value(", bytes, out);
                out.text(") : \"");
                if bytes.len() < SHOWN_MAX {
                    let end = bytes.iter().position(|byte| *byte == 0);
                    let shown = &bytes[..end.unwrap_or(bytes.len())];
                    out.buffer().extend_from_slice(shown);
                } else {
                    out.text("<TOO LONG>");
                }
                out.text("\"\n");
            }
            RawValue::Binary(bytes) if bytes.len() < SHOWN_MAX => {
                print_length(" binary value len = ", bytes, out);
                out.text("\n");
            }
            RawValue::Binary(bytes) => {
                print_length(" value(", bytes, out);
                out.text(") : \"<TOO LONG>\"\n");
            }
        }
    }
    out.text("\n");
}

/// The length is shown modulo 65536.
fn print_length(label: &str, bytes: &[u8], out: &mut TextOut<'_>) {
    out.text(label);
    out.decimal((bytes.len() & 0xFFFF) as u32);
}

/// Records of a fragment by kind.
#[derive(Default)]
struct Counts {
    by_kind: [u32; 4],
    ignored: u32,
    all: u32,
}

fn print_data<R: Read>(
    mut reader: DataReader<R>,
    out: &mut TextOut<'_>,
    options: PrintOptions,
) -> Result<Printed, BackupError> {
    let order = reader.header().byte_order;
    let mut counts = Counts::default();
    let mut fault = None;
    // The original's text ends at the first padding. What follows is read as well: it may be
    // damaged.
    let mut is_shown = true;
    loop {
        let mut unfitting = None;
        let Some(item) = reader.next_unchecked(&mut unfitting)? else {
            break;
        };
        if fault.is_none() {
            fault = unfitting;
        }
        is_shown &= item != DataItem::Empty;
        if is_shown {
            print_item(&item, &mut counts, order, out, options);
        }
        out.offer()?;
    }
    Ok(fault.map_or(Printed::Whole, Printed::Invalid))
}

fn print_item(
    item: &DataItem<'_>,
    counts: &mut Counts,
    order: ByteOrder,
    out: &mut TextOut<'_>,
    options: PrintOptions,
) {
    match *item {
        DataItem::FragmentHeader {
            table_id,
            fragment,
            checksum_type,
        } => {
            *counts = Counts::default();
            out.text("-- Fragment header:\nSectionType: 2\nSectionLength: 5\n");
            out.line("TableId: ", table_id);
            out.line("FragmentNo: ", fragment);
            out.line("ChecksumType: ", checksum_type);
            out.text("\n");
        }
        DataItem::Record { kind, payload } => {
            print_record(counts, kind, payload, order, out, options);
        }
        DataItem::EndOfRecords => print_counts(counts, out),
        DataItem::FragmentFooter {
            table_id,
            fragment,
            records,
            checksum,
        } => {
            out.text("-- Fragment footer:\nSectionType: 3\nSectionLength: 6\n");
            out.line("TableId: ", table_id);
            out.line("FragmentNo: ", fragment);
            out.line("NoOfRecords: ", records);
            out.line("Checksum: ", checksum);
            out.text("\n");
        }
        DataItem::Empty => {}
    }
}

fn print_record(
    counts: &mut Counts,
    kind: u16,
    payload: &[u8],
    order: ByteOrder,
    out: &mut TextOut<'_>,
    options: PrintOptions,
) {
    match kind {
        0 => out.text("INSERT: RecNo: "),
        1 => out.text("WRITE: RecNo: "),
        2 => out.text("DELETE_BY_ROWID: RecNo: "),
        3 => out.text("DELETE_BY_PAGEID: RecNo: "),
        other => {
            out.line("Wrong header type ", other.into());
            counts.ignored += 1;
            counts.all += 1;
            return;
        }
    }
    out.decimal(counts.all);
    out.text(": Len: ");
    out.hex((payload.len() / 4) as u32);
    out.text(", page(");
    out.decimal(word_at(payload, 0).map_or(0, |word| order.word(word)));
    if kind != 3 {
        out.text(",");
        out.decimal(word_at(payload, 1).map_or(0, |word| order.word(word)));
    }
    out.text(")\n");
    counts.by_kind[usize::from(kind)] += 1;
    counts.all += 1;
    let native = |index| word_at(payload, index).map_or(0, u32::from_le_bytes);
    if options.header_words {
        out.text("Header_words[Header:");
        out.hex(native(2));
        out.text(",GCI:");
        out.decimal(native(3));
        out.text(",Checksum: ");
        out.hex(native(4));
        out.text(", X: ");
        out.hex(native(5));
        out.text("]\n");
    }
    if options.verbose {
        out.text("-> ");
        out.hex_words(payload);
        out.text("\n");
    }
}

fn print_counts(counts: &Counts, out: &mut TextOut<'_>) {
    let [inserts, writes, by_rowid, by_pageid] = counts.by_kind;
    for (count, what) in [
        (inserts, " INSERT"),
        (writes, " WRITE"),
        (by_rowid, " DELETE BY ROWID"),
        (by_pageid, " DELETE BY PAGEID"),
        (counts.ignored, " IGNOREd"),
        (counts.all, ""),
    ] {
        out.text("Found ");
        out.decimal(count);
        out.text(what);
        out.text(" records\n");
    }
}

fn print_log<R: Read>(
    mut reader: LogReader<R>,
    out: &mut TextOut<'_>,
    options: PrintOptions,
) -> Result<Printed, BackupError> {
    while let Some(entry) = reader.next_entry()? {
        out.text("LogEntry Table: ");
        out.decimal(entry.table_id);
        out.text(" Event: ");
        out.decimal(entry.event.number().into());
        out.text(" Length: ");
        out.decimal(entry.attribute_words() as u32);
        if let Some(gci) = entry.own_gci {
            out.text(" GCP: ");
            out.decimal(gci.0);
        }
        out.text("\n");
        if options.verbose {
            for attribute in entry.attributes() {
                let (id, value) = attribute?;
                out.text(" Attribut: ");
                out.decimal(id.into());
                out.text(" Size: ");
                out.decimal(value.len().div_ceil(4) as u32);
                out.text("\n");
            }
        }
        out.offer()?;
    }
    Ok(Printed::Whole)
}

#[cfg(test)]
mod tests {
    use super::super::log::{LogEvent, LogKind, LogWriter};
    use super::super::{Column, ColumnType, DataWriter, Table, Value};
    use super::*;
    use crate::cluster::{BackupId, Gci, NodeId};

    fn header(file_type: FileType) -> FileHeader {
        let backup = BackupId::new(1).unwrap();
        FileHeader::new(file_type, backup, NodeId::new(2).unwrap(), 1)
    }

    fn printed(bytes: &[u8], options: PrintOptions) -> (Printed, String) {
        let mut out = Vec::new();
        let printed = print(bytes, &mut out, options).unwrap();
        (printed, String::from_utf8(out).unwrap())
    }

    const ALL: PrintOptions = PrintOptions {
        verbose: true,
        header_words: true,
    };

    #[test]
    fn a_record_is_shown_with_its_words() {
        let mut writer = DataWriter::new(Vec::new(), &header(FileType::Data));
        writer.begin_fragment(7, 0).unwrap();
        let words: [u32; 6] = [
            0xFFF3_0004,
            0x1AEB,
            1,
            0x6C65_6805,
            0x6261_6F6C,
            0xFB20_2063,
        ];
        let payload: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        writer.write_packed(&payload).unwrap();
        let (_, text) = printed(&writer.finish().unwrap(), ALL);
        let record = "INSERT: RecNo: 0: Len: 6, page(4294115332,6891)\n\
            Header_words[Header:1,GCI:1818585093,Checksum: 62616f6c, X: fb202063]\n\
            -> 0xfff30004 0x00001aeb 0x00000001 0x6c656805 0x62616f6c 0xfb202063 \n\
            Found 1 INSERT records\n";
        assert!(text.contains(record), "{text}");
    }

    #[test]
    fn log_attributes_are_shown_with_their_words() {
        let columns = vec![
            Column::new("id", ColumnType::Unsigned).primary_key(),
            Column::sized("v", ColumnType::Varbinary, 20).nullable(),
        ];
        let table = Table::new("a/def/b", 7, columns, 1, &[vec![2]]);
        let mut writer = LogWriter::new(Vec::new(), &header(FileType::RedoLog), LogKind::Redo);
        let values = [
            (0, &Value::Unsigned(1)),
            (1, &Value::Bytes(vec![0; 4])),
            (1, &Value::Null),
        ];
        writer
            .write_values(&table, 0, Gci(101), LogEvent::Update, &values)
            .unwrap();
        let (_, text) = printed(&writer.finish().unwrap(), ALL);
        assert!(text.ends_with(
            "\n\nLogEntry Table: 7 Event: 2 Length: 6 GCP: 101\n \
             Attribut: 0 Size: 1\n Attribut: 1 Size: 2\n Attribut: 1 Size: 0\n"
        ));
    }

    #[test]
    fn what_is_no_backup_file_is_said_to_be_none() {
        let (result, text) = printed(b"Hello, NDB! This is plain text.", ALL);
        assert!(matches!(result, Printed::Invalid(_)));
        assert_eq!(
            text,
            "Incorrect file-header!\nFound:  0x48 0x65 0x6c 0x6c 0x6f 0x2c 0x20 0x4e \n\
             Expect: 0x4e 0x44 0x42 0x42 0x43 0x4b 0x55 0x50 \nInvalid file!\n"
        );
        let mut bytes = Vec::new();
        header(FileType::Ctl).encode(&mut bytes);
        assert_eq!(printed(&bytes[..40], ALL).1, "Invalid file!\n");
        bytes[8..12].copy_from_slice(&0x0009_0703_u32.to_be_bytes());
        assert_eq!(
            printed(&bytes, ALL).1,
            "incorrect versions, file: 0x90703 expect: 0x90702\nInvalid file!\n"
        );
    }

    #[test]
    fn missing_sections_of_a_ctl_are_said_to_be_missing() {
        let mut bytes = Vec::new();
        header(FileType::Ctl).encode(&mut bytes);
        assert!(
            printed(&bytes, ALL)
                .1
                .ends_with("\n\nInvalid file! No table list\n")
        );
        bytes.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 9]);
        assert!(printed(&bytes, ALL).1.ends_with(
            "Tables: 9 \n\nInvalid file missing table description\nInvalid file! GCP ENtry\n"
        ));
        let (result, text) = printed(
            &{
                let mut other = Vec::new();
                header(FileType::LcpCtl).encode(&mut other);
                other
            },
            ALL,
        );
        assert!(matches!(result, Printed::Invalid(BackupError::Checkpoint)));
        assert!(text.ends_with("Unsupported file type for printer: 6\n"));
    }
}

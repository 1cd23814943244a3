//! The entries of a log file, each looked at.

use std::io::Read;

use super::finding::{Finding, FindingKind};
use super::seen::{Dictionary, FileRead};
use crate::backup::column::{Column, Storage};
use crate::backup::{BackupError, LogEntry, LogEvent, LogReader, Table};

/// Reads a log file to its end word, or to the first thing that stands where it can't.
///
/// Entries of different GCPs may interleave (backup format, 5.1), so their order says nothing.
pub(super) fn read(
    read: &mut FileRead,
    source: impl Read,
    name: &str,
    dictionary: Option<&Dictionary>,
) -> Result<(), BackupError> {
    let mut reader = LogReader::new(source)?;
    let header = reader.header().clone();
    let packed = header.has_packed_rows();
    read.header = Some(header);
    while let Some(entry) = reader.next_entry()? {
        let fault = match dictionary {
            _ if read.log.entries == 0 && entry.own_gci.is_none() => {
                Some("the first entry has no GCI".to_owned())
            }
            Some(dictionary) => fault_of(&entry, dictionary, packed),
            None => None,
        };
        read.log.entries += 1;
        let (low, high) = read.log.gcis.unwrap_or((entry.gci, entry.gci));
        read.log.gcis = Some((low.min(entry.gci), high.max(entry.gci)));
        if let Some(fault) = fault {
            let kind = FindingKind::LogEntry;
            let expected = "an entry that fits its table";
            read.find(Finding::new(
                kind,
                name,
                Some(entry.offset),
                fault,
                expected,
            ));
        }
    }
    read.ended = true;
    Ok(())
}

/// What is wrong with an entry, if anything is.
fn fault_of(entry: &LogEntry<'_>, dictionary: &Dictionary, packed: bool) -> Option<String> {
    let Some((table, _)) = dictionary.table(entry.table_id) else {
        return Some(format!("table {}", entry.table_id));
    };
    if let LogEvent::Other(number) = entry.event {
        return Some(format!("event {number}"));
    }
    if table.fragment_count > 0 && entry.fragment >= table.fragment_count {
        return Some(format!("fragment {} of {}", entry.fragment, table.name));
    }
    let mut keys = 0;
    let key_columns = table.key_columns().count();
    for attribute in entry.attributes() {
        let (id, bytes) = match attribute {
            Ok(attribute) => attribute,
            Err(error) => return Some(error.to_string()),
        };
        let Some(column) = table.columns.get(usize::from(id)) else {
            return Some(format!("column number {id} of {}", table.name));
        };
        if keys < key_columns && !column.key {
            return Some(format!("column `{}` before the whole key", column.name));
        }
        keys += usize::from(column.key);
        if packed && !fits(column, bytes) {
            return Some(format!(
                "a value of {} bytes in column `{}` of {}",
                bytes.len(),
                column.name,
                table.name
            ));
        }
    }
    (keys < key_columns).then(|| incomplete_key(table))
}

fn incomplete_key(table: &Table) -> String {
    format!("an incomplete key of {}", table.name)
}

/// True if these bytes can be the storage form of a value of the column; no bytes are NULL.
fn fits(column: &Column, bytes: &[u8]) -> bool {
    let Some(first) = bytes.first() else {
        return column.nullable;
    };
    match column.storage() {
        Storage::Fixed { size, .. } => bytes.len() as u64 == size,
        Storage::Short { max } => {
            let length = u64::from(*first);
            length <= max && bytes.len() as u64 == 1 + length
        }
        Storage::Medium { max } => match bytes.first_chunk::<2>() {
            Some(length) => {
                let length = u64::from(u16::from_le_bytes(*length));
                length <= max && bytes.len() as u64 == 2 + length
            }
            None => false,
        },
        Storage::Bits(bits) => bytes.len() as u64 == 4 * bits.div_ceil(32),
    }
}

//! The rows of a Data file, each looked at.

use std::io::Read;

use super::finding::{Finding, FindingKind};
use super::seen::{Dictionary, FileRead, FragmentSeen};
use crate::backup::layout::Layout;
use crate::backup::{BackupError, DataItem, DataReader, FileHeader, Table};

/// The fragment that is being read.
struct Open<'a> {
    seen: FragmentSeen,
    known: Option<(&'a Table, &'a Layout)>,
}

/// Reads a Data file to its end, or to the first thing that stands where it can't.
pub(super) fn read(
    read: &mut FileRead,
    source: impl Read,
    name: &str,
    dictionary: Option<&Dictionary>,
) -> Result<(), BackupError> {
    let mut reader = DataReader::new(source)?;
    let header = reader.header().clone();
    let order = header.byte_order;
    // Rows of the old form are counted, not decoded.
    let dictionary_of_rows = dictionary.filter(|_| header.has_packed_rows());
    read.header = Some(header);
    let mut open: Option<Open<'_>> = None;
    loop {
        let Some(item) = reader.next_unchecked(&mut None)? else {
            return Ok(());
        };
        match item {
            DataItem::FragmentHeader {
                table_id, fragment, ..
            } => {
                read.ended = false;
                let offset = reader.item_offset();
                if dictionary.is_some_and(|it| it.table(table_id).is_none()) {
                    read.find(unknown_table(name, offset, table_id));
                }
                open = Some(Open {
                    seen: FragmentSeen {
                        table_id,
                        fragment,
                        rows: 0,
                        offset,
                    },
                    known: dictionary_of_rows.and_then(|it| it.table(table_id)),
                });
            }
            DataItem::Record { kind, payload } => {
                let Some(open) = &mut open else { continue };
                open.seen.rows += 1;
                let fault = match open.known {
                    _ if kind != 0 => Some(format!("a record of type {kind}")),
                    Some((table, layout)) => layout
                        .check(&table.columns, payload, order)
                        .err()
                        .map(|error| error.to_string()),
                    None => None,
                };
                if let Some(fault) = fault {
                    let offset = reader.item_offset();
                    read.find(bad_row(name, offset, &open.seen, open.known, &fault));
                }
            }
            DataItem::EndOfRecords | DataItem::Empty => {}
            DataItem::FragmentFooter {
                table_id,
                fragment,
                records,
                ..
            } => {
                read.ended = true;
                let offset = reader.item_offset();
                if let Some(Open { seen, .. }) = open.take() {
                    footer(read, name, offset, &seen, (table_id, fragment, records));
                    read.fragments.push(seen);
                }
            }
        }
    }
}

fn unknown_table(name: &str, offset: u64, table_id: u32) -> Finding {
    Finding::new(
        FindingKind::Structure,
        name,
        Some(offset),
        format!("a fragment of table {table_id}"),
        "a table of the ctl file",
    )
}

fn bad_row(
    name: &str,
    offset: u64,
    seen: &FragmentSeen,
    known: Option<(&Table, &Layout)>,
    fault: &str,
) -> Finding {
    let table = known.map_or_else(
        || format!("table {}", seen.table_id),
        |(table, _)| table.name.clone(),
    );
    Finding::new(
        FindingKind::Row,
        name,
        Some(offset),
        fault,
        format!("row {} of fragment {} of {table}", seen.rows, seen.fragment),
    )
}

/// Compares a footer with what came before it.
fn footer(
    read: &mut FileRead,
    name: &str,
    offset: u64,
    seen: &FragmentSeen,
    (table_id, fragment, records): (u32, u32, u32),
) {
    if (table_id, fragment) != (seen.table_id, seen.fragment) {
        read.find(Finding::new(
            FindingKind::Structure,
            name,
            Some(offset),
            format!("the footer of fragment {fragment} of table {table_id}"),
            format!(
                "that of fragment {} of table {}",
                seen.fragment, seen.table_id
            ),
        ));
    }
    // The footer holds the low half of the count.
    if records != seen.rows as u32 {
        read.find(Finding::new(
            FindingKind::Count,
            name,
            Some(offset),
            format!("{} rows", seen.rows),
            format!("{records} rows, by the footer of the fragment"),
        ));
    }
}

impl FileHeader {
    /// True if rows are packed (backup format, 4.1), as they are since version 6.3.11.
    pub(crate) fn has_packed_rows(&self) -> bool {
        self.ndb_version.0 >= 0x0006_030B
    }
}

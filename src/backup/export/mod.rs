//! The rows of a table as they were at the snapshot point, as CSV, JSON lines or SQL.
//!
//! A Data file holds rows as they were when the node came by; what changed meanwhile is in the
//! logs. For a SNAPSHOTEND backup the redo log is applied to the rows, for a SNAPSHOTSTART one the
//! undo log, backwards. Blobs are put together from the rows of their part tables.
//!
//! Rows stream. What the logs say of the table, and the parts of its blobs, are found by key; if
//! there is more of them than may be kept, the table is exported in several passes, each for a
//! slice of the keys.
//!
//! | value | CSV | JSON lines | SQL |
//! |---|---|---|---|
//! | NULL | `\N` | `null` | `NULL` |
//! | numbers | as they are | numbers, decimals as strings | as they are |
//! | dates and times, timestamps in UTC | text | strings | strings |
//! | text, in UTF-8 | quoted if needed; `""` is empty | strings | literals |
//! | bits | `0x5` | number | `b'101'` |
//! | binary, blobs | `0xAB01` | string of digits | `X'ab01'` |
//! | text that is none of its character set | like binary | `{"hex": ..}` | `_latin1 X'..'` |
//!
//! Enum, set and year are the numbers that are stored; JSON columns are the bytes of a blob.

mod cell;
mod changes;
mod code_pages;
mod error;
mod moment;
mod plan;
mod row;
mod scan;
mod text;

use std::collections::BTreeSet;
use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use super::{CtlFile, SetFile};
use crate::xfrm::{Lanes, Secret};
use changes::KeySlice;
pub use error::ExportError;
use plan::Plan;
use row::{Batch, Formatter, Written};
use scan::{Collected, Source};

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Fields with commas between them, a line of column names first.
    Csv,
    /// One JSON object per line.
    JsonLines,
    /// INSERT statements.
    Sql,
}

/// What to export, and how.
#[derive(Debug)]
pub struct ExportOptions<'a> {
    /// Form of the output.
    pub format: ExportFormat,
    /// The columns, in this order; all if empty.
    pub columns: &'a [String],
    /// The row with this key only: a value for each column of the primary key, as CSV has it.
    pub key: Option<&'a [String]>,
    /// At most so many rows.
    pub limit: Option<u64>,
    /// Password or key of encrypted files.
    pub secret: Option<&'a Secret>,
    /// Log entries and blob parts whose places are kept in memory at a time; 24 bytes each.
    pub index_max: usize,
}

/// Values that could not be written as what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Undecoded {
    /// Texts that are none of their character set; their bytes were written.
    pub texts: u64,
    /// Other values that are none of their type; their bytes were written.
    pub values: u64,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReport {
    /// Internal name of the table.
    pub table: String,
    /// Rows written.
    pub rows: u64,
    /// Values that could not be written as what they are.
    pub undecoded: Undecoded,
    /// Fragments of the table that are in no Data file: their rows are missing.
    pub missing_fragments: Vec<u32>,
    /// The limit was reached; there may be more rows.
    pub is_limited: bool,
}

/// The finest slices: what is still too much then are changes of one row.
const SLICES_MAX: u64 = 1 << 24;

/// Places kept in memory by default: 48 MiB of them.
pub const INDEX_MAX: usize = 2 << 20;

/// Exports a table of a set. `table` is its internal name (`shop/def/customer`), or
/// `shop.customer`, or `customer` if there is only one of that name.
///
/// # Errors
///
/// If there is no such table or column, a file can't be read to its end, a blob's part is missing,
/// or the output fails. What was written before that is of no use.
pub fn export(
    files: &[SetFile],
    ctl: &CtlFile,
    table: &str,
    options: &ExportOptions<'_>,
    out: &mut dyn Write,
) -> Result<ExportReport, ExportError> {
    let plan = Arc::new(Plan::new(ctl, table, options)?);
    let source = Source {
        files,
        secret: options.secret,
        plan: &plan,
    };
    let mut export = Export {
        out,
        written: Written::default(),
        left: options.limit,
        fragments: BTreeSet::new(),
    };
    export.text(&plan.head())?;
    let mut slices = vec![KeySlice { number: 0, of: 1 }];
    while let Some(slice) = slices.pop() {
        if export.left == Some(0) {
            break;
        }
        match source.collect(slice, options.index_max)? {
            Collected::Whole(collected) => {
                let formatter = Formatter::new(Arc::clone(&plan), collected, slice);
                export.pass(&source, &Arc::new(formatter))?;
            }
            Collected::TooMany if slice.of < SLICES_MAX => slices.extend(slice.halves()),
            Collected::TooMany => return Err(ExportError::TooManyChanges),
        }
    }
    export.out.flush().map_err(ExportError::Write)?;
    let all = 0..plan.fragments;
    let missing = all.filter(|fragment| !export.fragments.contains(fragment));
    Ok(ExportReport {
        table: plan.table.name.clone(),
        rows: export.written.rows,
        undecoded: export.written.undecoded,
        missing_fragments: missing.collect(),
        is_limited: export.left == Some(0),
    })
}

/// An export under way.
struct Export<'a> {
    out: &'a mut dyn Write,
    written: Written,
    /// Rows that may still be written.
    left: Option<u64>,
    /// Fragments that were seen.
    fragments: BTreeSet<u32>,
}

impl Export<'_> {
    fn text(&mut self, text: &[u8]) -> Result<(), ExportError> {
        self.out.write_all(text).map_err(ExportError::Write)
    }

    /// Writes what a batch became.
    fn take(&mut self, written: Written) -> Result<(), ExportError> {
        self.text(&written.text)?;
        self.written.count(&written);
        self.left = self.left.map(|left| left.saturating_sub(written.rows));
        Ok(())
    }

    /// Writes the rows of one slice of the keys.
    fn pass(&mut self, source: &Source<'_>, formatter: &Arc<Formatter>) -> Result<(), ExportError> {
        let mut fragments = std::mem::take(&mut self.fragments);
        let mut lanes = match self.left {
            Some(_) => None,
            None => Some(start_lanes(formatter)?),
        };
        source.rows(&mut fragments, &mut |batch| {
            let Some(lanes) = &mut lanes else {
                let written = formatter.format(&batch, self.left)?;
                self.take(written)?;
                return Ok(self.left != Some(0));
            };
            while lanes.is_full() {
                if let Some(written) = lanes.pop().map_err(ExportError::Worker)? {
                    self.take(written?)?;
                }
            }
            lanes.push(batch).map_err(ExportError::Worker)?;
            Ok(true)
        })?;
        if let Some(lanes) = &mut lanes {
            while let Some(written) = lanes.pop().map_err(ExportError::Worker)? {
                self.take(written?)?;
            }
        }
        self.fragments = fragments;
        // Rows that were not in the Data files and are there at the snapshot point.
        let mut from = 0;
        while self.left != Some(0) {
            let written = formatter.format_new(&mut from, self.left)?;
            if written.is_end {
                self.take(written)?;
                break;
            }
            self.take(written)?;
        }
        Ok(())
    }
}

/// Threads that turn batches of rows into text.
fn start_lanes(
    formatter: &Arc<Formatter>,
) -> Result<Lanes<Batch, Result<Written, ExportError>>, ExportError> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let works = (0..cores.min(16)).map(|_| {
        let formatter = Arc::clone(formatter);
        move |batch: Batch| formatter.format(&batch, None)
    });
    Lanes::start(works).map_err(ExportError::Worker)
}

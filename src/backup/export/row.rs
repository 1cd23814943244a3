//! Rows as text.

use std::borrow::Cow;
use std::sync::Arc;

use super::cell::{CSV_NULL, medium, push_binary};
use super::changes::{Changes, Effect, KeySlice, Stored, hash_of};
use super::plan::{BlobForm, BlobPlan, Plan, ShownColumn};
use super::{ExportError, ExportFormat, Undecoded};
use crate::backup::column::{Column, ColumnType};
use crate::backup::header::ByteOrder;
use crate::backup::layout::Cells;
use crate::backup::value::swap;
use crate::backup::{BackupError, RowError};

/// Bytes after which an INSERT statement ends.
const STATEMENT_BYTES: usize = 512 * 1024;
/// New rows that are written at a time.
const NEW_ROWS: u64 = 1000;

/// Packed rows of one fragment.
pub(super) struct Batch {
    /// Name of the file, for errors.
    pub(super) file: Arc<str>,
    pub(super) order: ByteOrder,
    pub(super) bytes: Vec<u8>,
    /// Where each row ends, and its offset in the file.
    pub(super) rows: Vec<(usize, u64)>,
}

/// Text of rows.
#[derive(Default)]
pub(super) struct Written {
    pub(super) text: Vec<u8>,
    pub(super) rows: u64,
    pub(super) undecoded: Undecoded,
    /// There are no more new rows.
    pub(super) is_end: bool,
    /// Where the open statement begins.
    statement: Option<usize>,
}

impl Written {
    /// Adds up, without the text.
    pub(super) fn count(&mut self, other: &Written) {
        self.rows += other.rows;
        self.undecoded.texts += other.undecoded.texts;
        self.undecoded.values += other.undecoded.values;
    }
}

/// Values that are found by key: of the table, and of each blob's parts.
pub(super) struct Stores {
    pub(super) changes: Changes,
    pub(super) parts: Vec<Changes>,
}

/// A row's values, wherever they lie.
enum View<'a> {
    Packed {
        payload: &'a [u8],
        cells: &'a Cells,
        order: ByteOrder,
    },
    Owned(&'a [Stored]),
}

impl View<'_> {
    /// A column's value in the order of its file.
    fn stored(&self, index: usize) -> Option<(&[u8], ByteOrder)> {
        match self {
            View::Packed {
                payload,
                cells,
                order,
            } => cells.stored(index, payload, *order),
            View::Owned(values) => values
                .get(index)?
                .as_deref()
                .map(|bytes| (bytes, ByteOrder::Little)),
        }
    }

    /// A column's value, little-endian.
    fn little(&self, columns: &[Column], index: usize) -> Option<Cow<'_, [u8]>> {
        self.stored(index)
            .map(|(bytes, order)| to_little(&columns[index], bytes, order))
    }
}

/// A stored value, little-endian.
pub(super) fn to_little<'a>(column: &Column, bytes: &'a [u8], order: ByteOrder) -> Cow<'a, [u8]> {
    match order {
        ByteOrder::Little => Cow::Borrowed(bytes),
        ByteOrder::Big => {
            let mut swapped = bytes.to_vec();
            swap(column, &mut swapped);
            Cow::Owned(swapped)
        }
    }
}

/// A key of these values: each with its length.
pub(super) fn push_key(key: &mut Vec<u8>, value: &[u8]) {
    key.extend_from_slice(&(value.len() as u16).to_le_bytes());
    key.extend_from_slice(value);
}

/// Turns rows into text.
pub(super) struct Formatter {
    plan: Arc<Plan>,
    stores: Stores,
    slice: KeySlice,
    /// The key of a row has to be known.
    needs_key: bool,
}

impl Formatter {
    pub(super) fn new(plan: Arc<Plan>, stores: Stores, slice: KeySlice) -> Self {
        let needs_key = slice.of > 1 || !stores.changes.is_empty() || !plan.blobs.is_empty();
        Formatter {
            plan,
            stores,
            slice,
            needs_key,
        }
    }

    /// Writes the rows of a batch as they are at the snapshot point, at most `limit`.
    pub(super) fn format(&self, batch: &Batch, limit: Option<u64>) -> Result<Written, ExportError> {
        let mut written = Written::default();
        written.text.reserve(2 * batch.bytes.len());
        let (mut cells, mut key, mut start) = (Cells::default(), Vec::new(), 0);
        let columns = &self.plan.table.columns;
        for (end, offset) in &batch.rows {
            if limit.is_some_and(|limit| written.rows >= limit) {
                break;
            }
            let payload = &batch.bytes[start..*end];
            start = *end;
            let walked = self
                .plan
                .layout
                .walk(columns, payload, batch.order, &mut cells);
            walked.map_err(|source| bad_row(batch, *offset, source))?;
            let view = View::Packed {
                payload,
                cells: &cells,
                order: batch.order,
            };
            if !self.needs_key {
                self.push_row(&view, &key, &mut written)?;
                continue;
            }
            self.key_of(&view, &mut key);
            let hash = hash_of(&key);
            if !self.slice.holds(hash) {
                continue;
            }
            let effects = if self.stores.changes.has_none(hash) {
                Vec::new()
            } else {
                self.stores
                    .changes
                    .of_key(&key)
                    .map_err(ExportError::Spool)?
            };
            if effects.is_empty() {
                self.push_row(&view, &key, &mut written)?;
                continue;
            }
            let before = (0..columns.len())
                .map(|index| view.little(columns, index).map(Cow::into_owned))
                .collect();
            if let Some(row) = apply(Some(before), effects, columns.len()) {
                self.push_row(&View::Owned(&row), &key, &mut written)?;
            }
        }
        self.end_statement(&mut written);
        Ok(written)
    }

    /// Writes some rows that were in no Data file and are there at the snapshot point.
    pub(super) fn format_new(
        &self,
        from: &mut usize,
        limit: Option<u64>,
    ) -> Result<Written, ExportError> {
        let mut written = Written::default();
        let columns = self.plan.table.columns.len();
        let limit = limit.unwrap_or(u64::MAX).min(NEW_ROWS);
        while written.rows < limit {
            let next = self.stores.changes.next_unused(from);
            let Some(key) = next.map_err(ExportError::Spool)? else {
                written.is_end = true;
                break;
            };
            let effects = self
                .stores
                .changes
                .of_key(&key)
                .map_err(ExportError::Spool)?;
            if let Some(row) = apply(None, effects, columns) {
                self.push_row(&View::Owned(&row), &key, &mut written)?;
            }
        }
        self.end_statement(&mut written);
        Ok(written)
    }

    fn key_of(&self, view: &View<'_>, key: &mut Vec<u8>) {
        key.clear();
        for index in &self.plan.key {
            let value = view.little(&self.plan.table.columns, *index);
            push_key(key, &value.unwrap_or_default());
        }
    }

    /// The key as CSV has it: for a row that is looked for, and for errors.
    fn shown_key(&self, view: &View<'_>) -> Vec<Vec<u8>> {
        let mut undecoded = Undecoded::default();
        let columns = &self.plan.table.columns;
        let shown = |(index, shown): (&usize, &super::cell::Shown)| {
            let mut text = Vec::new();
            let value = view.little(columns, *index);
            shown.push(
                ExportFormat::Csv,
                value.as_deref(),
                &mut text,
                &mut undecoded,
            );
            unquoted(text)
        };
        self.plan
            .key
            .iter()
            .zip(&self.plan.key_shown)
            .map(shown)
            .collect()
    }

    fn push_row(
        &self,
        view: &View<'_>,
        key: &[u8],
        written: &mut Written,
    ) -> Result<(), ExportError> {
        if let Some(wanted) = &self.plan.wanted_key
            && self.shown_key(view) != *wanted
        {
            return Ok(());
        }
        let format = self.plan.format;
        match format {
            ExportFormat::Csv => {}
            ExportFormat::JsonLines => written.text.push(b'{'),
            ExportFormat::Sql => self.begin_sql_row(written),
        }
        let columns = &self.plan.table.columns;
        for (shown, position) in self.plan.columns.iter().zip(0..) {
            if position > 0 {
                written.text.push(b',');
            }
            if format == ExportFormat::JsonLines {
                written.text.extend_from_slice(&shown.json_key);
            }
            let Written {
                text, undecoded, ..
            } = written;
            match view.stored(shown.index) {
                Some((bytes, ByteOrder::Little)) if !is_blob(&columns[shown.index]) => {
                    shown.shown.push(format, Some(bytes), text, undecoded);
                }
                None => shown.shown.push(format, None, text, undecoded),
                Some((bytes, order)) => {
                    let value = to_little(&columns[shown.index], bytes, order);
                    if is_blob(&columns[shown.index]) {
                        let content = self.blob(shown, &value, view, key)?;
                        self.push_blob(shown, &content, text, undecoded);
                    } else {
                        shown.shown.push(format, Some(&value), text, undecoded);
                    }
                }
            }
        }
        match format {
            ExportFormat::Csv => written.text.push(b'\n'),
            ExportFormat::JsonLines => written.text.extend_from_slice(b"}\n"),
            ExportFormat::Sql => written.text.push(b')'),
        }
        written.rows += 1;
        Ok(())
    }

    fn begin_sql_row(&self, written: &mut Written) {
        let is_full = |start: usize| written.text.len() - start > STATEMENT_BYTES;
        if written.statement.is_some_and(is_full) {
            self.end_statement(written);
        }
        match written.statement {
            Some(_) => written.text.extend_from_slice(b",\n("),
            None => {
                written.statement = Some(written.text.len());
                self.plan.push_insert(&mut written.text);
                written.text.push(b'(');
            }
        }
    }

    fn end_statement(&self, written: &mut Written) {
        if written.statement.take().is_some() {
            written.text.extend_from_slice(b";\n");
        }
    }

    fn push_blob(
        &self,
        shown: &ShownColumn,
        content: &[u8],
        text: &mut Vec<u8>,
        undecoded: &mut Undecoded,
    ) {
        let format = self.plan.format;
        match shown.shown.column.column_type {
            ColumnType::Text => shown.shown.push_text(format, content, text, undecoded),
            _ => push_binary(format, content, text),
        }
    }

    /// The whole blob: what lies in the row and its parts.
    fn blob(
        &self,
        shown: &ShownColumn,
        stored: &[u8],
        view: &View<'_>,
        key: &[u8],
    ) -> Result<Vec<u8>, ExportError> {
        let column = &shown.shown.column;
        let missing = |part: u64| {
            let key = self.shown_key(view);
            let key: Vec<String> = key
                .iter()
                .map(|it| String::from_utf8_lossy(it).into())
                .collect();
            ExportError::MissingPart {
                column: column.name.clone(),
                key: key.join(","),
                part,
            }
        };
        let (length, inline) = blob_head(stored).ok_or_else(|| missing(0))?;
        let in_row = length.min(inline.len() as u64) as usize;
        let mut content = inline[..in_row].to_vec();
        let Some(number) = shown.blob else {
            return if (content.len() as u64) < length {
                Err(missing(0))
            } else {
                Ok(content)
            };
        };
        let (plan, parts) = (&self.plan.blobs[number], &self.stores.parts[number]);
        let row_key = match plan.form {
            BlobForm::New => key.to_vec(),
            BlobForm::Old => self.packed_key(view),
        };
        let mut part = 0;
        while (content.len() as u64) < length {
            let mut part_key = row_key.clone();
            push_key(&mut part_key, &(part as u32).to_le_bytes());
            let effects = parts.of_key(&part_key).map_err(ExportError::Spool)?;
            let row = apply(None, effects, plan.parts.columns.len());
            let stored = row.and_then(|mut row| row.get_mut(plan.data)?.take());
            let bytes = stored.as_deref().and_then(|it| part_bytes(plan, it));
            let bytes = bytes
                .filter(|it| !it.is_empty())
                .ok_or_else(|| missing(part))?;
            let wanted = (length - content.len() as u64).min(bytes.len() as u64) as usize;
            content.extend_from_slice(&bytes[..wanted]);
            part += 1;
        }
        Ok(content)
    }

    /// The key as the parts of old blobs have it: each value filled up to its whole words.
    fn packed_key(&self, view: &View<'_>) -> Vec<u8> {
        let mut packed = Vec::new();
        for index in &self.plan.key {
            let start = packed.len();
            if let Some((bytes, _)) = view.stored(*index) {
                packed.extend_from_slice(bytes);
            }
            let words = self.plan.table.columns[*index].key_words() as usize;
            packed.resize(start + 4 * words, 0);
        }
        let mut key = Vec::new();
        push_key(&mut key, &packed);
        key
    }
}

fn is_blob(column: &Column) -> bool {
    matches!(column.column_type, ColumnType::Blob | ColumnType::Text)
}

/// Length of a blob, and what of it lies in the row. Old ones begin with their length; new ones
/// with the length of what is stored, which no old one is long enough to look like.
fn blob_head(stored: &[u8]) -> Option<(u64, &[u8])> {
    if let Some(content) = medium(stored) {
        let (head, inline) = content.split_first_chunk::<14>()?;
        return Some((u64::from_le_bytes(*head.last_chunk()?), inline));
    }
    let (length, inline) = stored.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*length), inline))
}

/// The bytes of a part.
fn part_bytes<'a>(plan: &BlobPlan, stored: &'a [u8]) -> Option<&'a [u8]> {
    match plan.parts.columns[plan.data].column_type {
        ColumnType::Longvarbinary | ColumnType::Longvarchar => medium(stored),
        ColumnType::Varbinary | ColumnType::Varchar => stored.split_first().map(|(_, rest)| rest),
        _ => Some(stored),
    }
}

/// What a row is after all that happened to it.
fn apply(before: Option<Vec<Stored>>, effects: Vec<Effect>, columns: usize) -> Option<Vec<Stored>> {
    let mut row = before;
    for effect in effects {
        match effect {
            Effect::Put(values) => {
                let fresh = row.insert(vec![None; columns]);
                set(fresh, values);
            }
            Effect::Set(values) => {
                if let Some(row) = &mut row {
                    set(row, values);
                }
            }
            Effect::Remove => row = None,
        }
    }
    row
}

fn set(row: &mut [Stored], values: Vec<(u16, Stored)>) {
    for (column, value) in values {
        if let Some(slot) = row.get_mut(usize::from(column)) {
            *slot = value;
        }
    }
}

/// A CSV field without its quotes.
fn unquoted(field: Vec<u8>) -> Vec<u8> {
    match &field[..] {
        [b'"', inner @ .., b'"'] => {
            let text = String::from_utf8_lossy(inner).replace("\"\"", "\"");
            text.into_bytes()
        }
        _ if field == CSV_NULL => field,
        _ => field,
    }
}

fn bad_row(batch: &Batch, offset: u64, source: RowError) -> ExportError {
    ExportError::Contents {
        file: batch.file.to_string(),
        source: BackupError::Row { offset, source },
    }
}

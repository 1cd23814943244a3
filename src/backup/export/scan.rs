//! Reading the files of a set for an export.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ExportError;
use super::changes::{Changes, Collector, Effect, KeySlice, Stored, TooMany, hash_of};
use super::plan::{BlobForm, BlobPlan, Plan};
use super::row::{Batch, Stores, push_key, to_little};
use crate::backup::column::Column;
use crate::backup::header::ByteOrder;
use crate::backup::layout::Cells;
use crate::backup::{
    BackupError, DataItem, DataReader, FileKind, LogEntry, LogKind, LogReader, SetFile, open_file,
};
use crate::xfrm::{ReadAhead, ReadOptions, Secret};

/// Bytes of rows that are handed on at once.
const BATCH_BYTES: usize = 128 * 1024;

/// The files and what is read from them.
pub(super) struct Source<'a> {
    pub(super) files: &'a [SetFile],
    pub(super) secret: Option<&'a Secret>,
    pub(super) plan: &'a Plan,
}

/// What was collected of a slice of the keys.
pub(super) enum Collected {
    Whole(Stores),
    /// There is more than may be kept: smaller slices are needed.
    TooMany,
}

/// Stops an inner reading early.
enum Stop {
    TooMany,
    Failed(ExportError),
}

impl From<ExportError> for Stop {
    fn from(error: ExportError) -> Self {
        Stop::Failed(error)
    }
}

impl From<TooMany> for Stop {
    fn from(_: TooMany) -> Self {
        Stop::TooMany
    }
}

/// Collectors of the table's changes and of each blob's parts.
struct Collectors {
    changes: Collector,
    parts: Vec<Collector>,
}

impl Source<'_> {
    fn of_kind(&self, kind: FileKind) -> impl Iterator<Item = &SetFile> {
        self.files.iter().filter(move |file| file.kind == kind)
    }

    fn open(&self, file: &SetFile) -> Result<ReadAhead, ExportError> {
        let reader = open_file(&file.path, self.secret, ReadOptions::default());
        let reader = reader.map_err(|source| ExportError::Open {
            file: file.name.clone(),
            source,
        })?;
        ReadAhead::start(reader).map_err(ExportError::Worker)
    }

    /// Collects the changes of the table and the parts of its blobs, of a slice of the keys.
    pub(super) fn collect(&self, slice: KeySlice, limit: usize) -> Result<Collected, ExportError> {
        let blobs = &self.plan.blobs;
        let each = (limit / (1 + blobs.len())).max(1);
        let mut collectors = Collectors {
            changes: Collector::new(each),
            parts: blobs.iter().map(|_| Collector::new(each)).collect(),
        };
        match self.collect_into(&mut collectors, slice) {
            Ok(()) => {}
            Err(Stop::TooMany) => return Ok(Collected::TooMany),
            Err(Stop::Failed(error)) => return Err(error),
        }
        let finish = |it: Collector| it.finish().map_err(ExportError::Spool);
        let parts: Result<Vec<Changes>, _> = collectors.parts.into_iter().map(finish).collect();
        Ok(Collected::Whole(Stores {
            changes: finish(collectors.changes)?,
            parts: parts?,
        }))
    }

    fn collect_into(&self, collectors: &mut Collectors, slice: KeySlice) -> Result<(), Stop> {
        for file in self.of_kind(FileKind::Log) {
            let contents = |source| contents(file, source);
            let mut reader = LogReader::new(self.open(file)?).map_err(contents)?;
            let kind = reader.kind();
            let mut number = 0;
            while let Some(entry) = reader.next_entry().map_err(contents)? {
                number += 1;
                let counts = match kind {
                    LogKind::Redo => entry.gci <= self.plan.gcp.stop(),
                    LogKind::Undo => entry.gci > self.plan.gcp.start,
                };
                // An undo log is applied from its end on.
                let order = match kind {
                    LogKind::Redo => number,
                    LogKind::Undo => u64::MAX - number,
                };
                if counts {
                    self.entry(&entry, kind, order, slice, collectors).map_err(
                        |stop| match stop {
                            EntryStop::TooMany => Stop::TooMany,
                            EntryStop::Spool(error) => Stop::Failed(ExportError::Spool(error)),
                            EntryStop::Contents(source) => Stop::Failed(contents(source)),
                        },
                    )?;
                }
            }
        }
        if self.plan.blobs.is_empty() {
            return Ok(());
        }
        for file in self.of_kind(FileKind::Data) {
            self.parts_of(file, slice, collectors)?;
        }
        Ok(())
    }

    fn entry(
        &self,
        entry: &LogEntry<'_>,
        kind: LogKind,
        order: u64,
        slice: KeySlice,
        collectors: &mut Collectors,
    ) -> Result<(), EntryStop> {
        let plan = self.plan;
        if entry.table_id == plan.table.id {
            let values = stored_values(entry, &plan.table.columns)?;
            let key = key_of(&values, &plan.key);
            if !slice.holds(hash_of(&key)) {
                return Ok(());
            }
            let values = values.into_iter().map(|(column, value, _)| (column, value));
            let effect = Effect::of(kind, entry.event, values.collect());
            if let Some(effect) = effect {
                collectors.changes.add(&key, order, &effect)??;
            }
            return Ok(());
        }
        for (blob, parts) in plan.blobs.iter().zip(&mut collectors.parts) {
            if entry.table_id != blob.parts.id {
                continue;
            }
            let values = stored_values(entry, &blob.parts.columns)?;
            let mut key = match blob.form {
                BlobForm::New => key_of(&values, &blob.row_key),
                BlobForm::Old => raw_key_of(&values, &blob.row_key),
            };
            if is_of_other_slice(blob, &key, slice) {
                continue;
            }
            let part = key_of(&values, &[blob.part]);
            key.extend_from_slice(&part);
            let values = values.into_iter().map(|(column, value, _)| (column, value));
            if let Some(effect) = Effect::of(kind, entry.event, values.collect()) {
                parts.add(&key, order, &effect)??;
            }
        }
        Ok(())
    }

    /// Collects the parts of blobs that lie in a Data file.
    fn parts_of(
        &self,
        file: &SetFile,
        slice: KeySlice,
        collectors: &mut Collectors,
    ) -> Result<(), Stop> {
        let contents = |source| contents(file, source);
        let mut reader = self.data_reader(file)?;
        let order = reader.header().byte_order;
        let mut cells = Cells::default();
        let mut open: Option<usize> = None;
        while let Some(item) = reader.next_item().map_err(contents)? {
            match item {
                DataItem::FragmentHeader { table_id, .. } => {
                    let mut blobs = self.plan.blobs.iter();
                    open = blobs.position(|blob| blob.parts.id == table_id);
                }
                DataItem::Record { payload, .. } => {
                    let Some(number) = open else { continue };
                    let blob = &self.plan.blobs[number];
                    let columns = &blob.parts.columns;
                    let walked = blob.layout.walk(columns, payload, order, &mut cells);
                    let found = walked.map(|()| {
                        let data = cells.stored(blob.data, payload, order);
                        let value = data.map(|(bytes, _)| bytes.to_vec());
                        (part_key(blob, &cells, payload, order), value)
                    });
                    let ((mut key, part), value) = match found {
                        Ok(found) => found,
                        Err(source) => {
                            let offset = reader.item_offset();
                            return Err(contents(BackupError::Row { offset, source }).into());
                        }
                    };
                    if is_of_other_slice(blob, &key, slice) {
                        continue;
                    }
                    key.extend_from_slice(&part);
                    let effect = Effect::Put(vec![(blob.data as u16, value)]);
                    let added = collectors.parts[number].add(&key, 0, &effect);
                    added.map_err(ExportError::Spool)??;
                }
                DataItem::EndOfRecords | DataItem::FragmentFooter { .. } | DataItem::Empty => {}
            }
        }
        Ok(())
    }

    fn data_reader(&self, file: &SetFile) -> Result<DataReader<ReadAhead>, ExportError> {
        let reader = DataReader::new(self.open(file)?).map_err(|source| contents(file, source))?;
        if reader.header().has_packed_rows() {
            return Ok(reader);
        }
        Err(ExportError::OldRows {
            file: file.name.clone(),
            version: reader.header().ndb_version,
        })
    }

    /// Hands on the rows of the table in batches, until `take` says that it is enough. Notes
    /// the fragments that were seen.
    pub(super) fn rows(
        &self,
        fragments: &mut BTreeSet<u32>,
        take: &mut dyn FnMut(Batch) -> Result<bool, ExportError>,
    ) -> Result<(), ExportError> {
        for file in self.of_kind(FileKind::Data) {
            let contents = |source| contents(file, source);
            let mut reader = self.data_reader(file)?;
            let order = reader.header().byte_order;
            let name: Arc<str> = Arc::from(&file.name[..]);
            let new_batch = || Batch {
                file: Arc::clone(&name),
                order,
                bytes: Vec::with_capacity(BATCH_BYTES + 32 * 1024),
                rows: Vec::new(),
            };
            let mut batch = new_batch();
            let mut is_open = false;
            while let Some(item) = reader.next_item().map_err(contents)? {
                match item {
                    DataItem::FragmentHeader {
                        table_id, fragment, ..
                    } => {
                        is_open = table_id == self.plan.table.id;
                        if is_open {
                            fragments.insert(fragment);
                        }
                    }
                    DataItem::Record { payload, .. } if is_open => {
                        batch.bytes.extend_from_slice(payload);
                        batch.rows.push((batch.bytes.len(), reader.item_offset()));
                        if batch.bytes.len() >= BATCH_BYTES
                            && !take(std::mem::replace(&mut batch, new_batch()))?
                        {
                            return Ok(());
                        }
                    }
                    DataItem::Record { .. }
                    | DataItem::EndOfRecords
                    | DataItem::FragmentFooter { .. }
                    | DataItem::Empty => {}
                }
            }
            if !batch.rows.is_empty() && !take(batch)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Why an entry ends the collecting.
enum EntryStop {
    TooMany,
    Spool(std::io::Error),
    Contents(BackupError),
}

impl From<TooMany> for EntryStop {
    fn from(_: TooMany) -> Self {
        EntryStop::TooMany
    }
}

impl From<std::io::Error> for EntryStop {
    fn from(error: std::io::Error) -> Self {
        EntryStop::Spool(error)
    }
}

impl From<BackupError> for EntryStop {
    fn from(error: BackupError) -> Self {
        EntryStop::Contents(error)
    }
}

fn contents(file: &SetFile, source: BackupError) -> ExportError {
    ExportError::Contents {
        file: file.name.clone(),
        source,
    }
}

/// A column's number, its value little-endian, and as it lies in the file.
type LoggedValue<'a> = (u16, Stored, &'a [u8]);

/// The values of an entry.
fn stored_values<'a>(
    entry: &LogEntry<'a>,
    columns: &[Column],
) -> Result<Vec<LoggedValue<'a>>, BackupError> {
    let mut values = Vec::new();
    for attribute in entry.attributes() {
        let (id, bytes) = attribute?;
        let Some(column) = columns.get(usize::from(id)) else {
            return Err(BackupError::Row {
                offset: entry.offset,
                source: crate::backup::RowError::UnknownColumn { id },
            });
        };
        let stored =
            (!bytes.is_empty()).then(|| to_little(column, bytes, entry.order()).into_owned());
        values.push((id, stored, bytes));
    }
    Ok(values)
}

/// The key, of the first values of its columns: what follows may be new ones.
fn key_of(values: &[LoggedValue<'_>], columns: &[usize]) -> Vec<u8> {
    let mut key = Vec::new();
    for column in columns {
        let found = values.iter().find(|(id, _, _)| usize::from(*id) == *column);
        let value = found.and_then(|(_, value, _)| value.as_deref());
        push_key(&mut key, value.unwrap_or_default());
    }
    key
}

/// The same of the bytes as they lie in the file.
fn raw_key_of(values: &[LoggedValue<'_>], columns: &[usize]) -> Vec<u8> {
    let mut key = Vec::new();
    for column in columns {
        let found = values.iter().find(|(id, _, _)| usize::from(*id) == *column);
        push_key(&mut key, found.map_or(&[][..], |(_, _, raw)| raw));
    }
    key
}

/// The key of the row that a part belongs to, and the part's number.
fn part_key(
    blob: &BlobPlan,
    cells: &Cells,
    payload: &[u8],
    order: ByteOrder,
) -> (Vec<u8>, Vec<u8>) {
    let (mut key, mut part) = (Vec::new(), Vec::new());
    let columns = &blob.parts.columns;
    for index in &blob.row_key {
        let (bytes, order) = cells.stored(*index, payload, order).unwrap_or((&[], order));
        match blob.form {
            BlobForm::New => push_key(&mut key, &to_little(&columns[*index], bytes, order)),
            BlobForm::Old => push_key(&mut key, bytes),
        }
    }
    let (bytes, order) = cells
        .stored(blob.part, payload, order)
        .unwrap_or((&[], order));
    push_key(&mut part, &to_little(&columns[blob.part], bytes, order));
    (key, part)
}

/// Parts go with their row. The packed key of old blobs is not the row's: all are kept.
fn is_of_other_slice(blob: &BlobPlan, row_key: &[u8], slice: KeySlice) -> bool {
    blob.form == BlobForm::New && !slice.holds(hash_of(row_key))
}

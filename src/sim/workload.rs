//! Changes that clients of the simulated database make while a backup runs.

use super::backup_file::BackupFile;
use super::database::{Database, RowChange, SyntheticTable, mix};
use crate::backup::{BackupError, Change, LogWriter};
use crate::cluster::Gci;

/// Keys of each table that a workload touches: this many from the first and, where rows can
/// be added, as many after the last. Bounds what the database has to remember.
const HOT_KEYS: u64 = 512;

/// Spreads a number of changes evenly over the rows that a node reads.
pub(super) struct Workload<'a> {
    targets: Vec<(&'a SyntheticTable, u64, u32)>,
    wanted: u64,
    made: u64,
    rows_read: u64,
    rows_expected: u64,
    seed: u64,
}

impl<'a> Workload<'a> {
    /// `wanted` changes of rows in these fragments.
    pub(super) fn new(database: &'a Database, fragments: &[u32], wanted: u64, seed: u64) -> Self {
        let mut targets = Vec::new();
        let mut rows = 0;
        for table in database.tables() {
            rows += table.initial_rows();
            if wanted == 0 || !table.changes_in_service() {
                continue;
            }
            let initial = table.initial_keys();
            let added = if table.grows() { HOT_KEYS } else { 0 };
            for key in (0..initial.min(HOT_KEYS)).chain(initial..initial + added) {
                let fragment = database.fragment_of(table, key);
                if fragments.contains(&fragment) {
                    targets.push((table, key, fragment));
                }
            }
        }
        let share = rows * fragments.len() as u64 / u64::from(database.fragments().max(1));
        Workload {
            wanted: if targets.is_empty() { 0 } else { wanted },
            targets,
            made: 0,
            rows_read: 0,
            rows_expected: share.max(1),
            seed,
        }
    }

    /// One more row was read: makes the changes that are due.
    pub(super) fn row_was_read(
        &mut self,
        log: &mut LogWriter<BackupFile>,
        gci: Gci,
    ) -> Result<(), BackupError> {
        self.rows_read += 1;
        let due = self.wanted.saturating_mul(self.rows_read) / self.rows_expected;
        self.catch_up(due.min(self.wanted), log, gci)
    }

    /// Makes the changes that are left.
    pub(super) fn finish(
        &mut self,
        log: &mut LogWriter<BackupFile>,
        gci: Gci,
    ) -> Result<(), BackupError> {
        self.catch_up(self.wanted, log, gci)
    }

    fn catch_up(
        &mut self,
        due: u64,
        log: &mut LogWriter<BackupFile>,
        gci: Gci,
    ) -> Result<(), BackupError> {
        while self.made < due {
            self.made += 1;
            let hash = self.next_random();
            let (table, key, fragment) = self.targets[(hash % self.targets.len() as u64) as usize];
            let change = table.change(key, hash >> 60 < 5);
            let change = match &change {
                RowChange::Inserted(row) => Change::Insert(row),
                RowChange::Deleted(row) => Change::Delete(row),
                RowChange::Updated { old, new } => Change::Update {
                    before: old,
                    after: new,
                },
            };
            log.write_change(&table.table, fragment, gci, change)?;
        }
        Ok(())
    }

    fn next_random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.seed)
    }
}

//! The data nodes' part of a backup: one thread per node writes that node's files, one part
//! after the other.
//!
//! Whatever ends a backup early removes them; what a killed simulator leaves behind, the next
//! start removes.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::backup_file::{BackupFile, Protection};
use super::database::Database;
use super::disk::{Disk, DiskLimits};
use super::model::{BackupOrder, NodeProgress, NodeReport};
use super::node_files::{Opened, Places};
use super::signal::{Command, Signal};
use super::workload::Workload;
use crate::backup::{
    BackupError, CtlFile, DataWriter, FileHeader, FileType, FragmentEntry, GcpEntry, LogKind,
    LogWriter,
};
use crate::cluster::{BackupTotals, ErrorNumber, Gci, NodeId, SnapshotPoint};
use crate::xfrm::XfrmError;

/// Progress is reported at most this often.
const REPORT_INTERVAL: Duration = Duration::from_millis(50);

/// Rows are handed to the disk when this many bytes have come together, so that a slow disk
/// shows steady progress.
const FLUSH_BYTES: u64 = 32 * 1024;

/// Settings of one data node that its backups depend on.
#[derive(Debug, Clone)]
pub(super) struct NodeSettings {
    /// Where its `BACKUP` directory is.
    pub(super) directory: PathBuf,
    pub(super) limits: DiskLimits,
    /// CompressedBackup.
    pub(super) compressed: bool,
    /// EnableMultithreadedBackup.
    pub(super) multithreaded: bool,
    /// LDM threads, by ThreadConfig.
    pub(super) ldm_count: u32,
}

/// Gets the reports of the writers.
pub(super) type ReportSink = Arc<dyn Fn(NodeReport) + Send + Sync>;

/// What the threads of one attempt share.
#[derive(Debug)]
struct Attempt {
    order: BackupOrder,
    signal: Arc<Signal>,
    /// Rows per table and fragment, of all nodes.
    records: Mutex<BTreeMap<(u32, u32), u64>>,
}

/// Carries out the backup orders of the model.
pub(super) struct BackupWriters {
    database: Arc<Database>,
    gci: Arc<AtomicU32>,
    updates: u64,
    report: ReportSink,
    narrate: fn(&str),
    attempts: BTreeMap<u64, Arc<Attempt>>,
}

impl BackupWriters {
    pub(super) fn new(
        database: Arc<Database>,
        updates: u64,
        report: ReportSink,
        narrate: fn(&str),
    ) -> Self {
        BackupWriters {
            database,
            gci: Arc::new(AtomicU32::new(0)),
            updates,
            report,
            narrate,
            attempts: BTreeMap::new(),
        }
    }

    /// Changes made from now on belong to this checkpoint.
    pub(super) fn set_checkpoint(&self, gci: Gci) {
        self.gci.store(gci.0, Ordering::Release);
    }

    /// Starts a thread for each participant.
    pub(super) fn define(&mut self, order: BackupOrder, settings: &BTreeMap<NodeId, NodeSettings>) {
        let attempt = Arc::new(Attempt {
            order,
            signal: Arc::new(Signal::new()),
            records: Mutex::new(BTreeMap::new()),
        });
        self.attempts
            .insert(attempt.order.attempt, Arc::clone(&attempt));
        // In parts if the master wants it and all nodes can (backup format, 1.2).
        let master = settings.get(&attempt.order.master);
        let mut nodes = attempt.order.nodes.iter();
        let in_parts = master.is_some_and(|node| node.multithreaded)
            && nodes.all(|node| settings.get(node).is_some_and(|it| it.ldm_count > 1));
        for node in attempt.order.nodes.clone() {
            let report = Arc::clone(&self.report);
            let Some(settings) = settings.get(&node).cloned() else {
                continue;
            };
            let parts = if in_parts { settings.ldm_count } else { 1 };
            let writer = NodeWriter {
                node,
                attempt: Arc::clone(&attempt),
                parts,
                settings,
                database: Arc::clone(&self.database),
                gci: Arc::clone(&self.gci),
                updates: self.updates,
                report: Arc::clone(&report),
                narrate: self.narrate,
                last_report: Instant::now(),
            };
            let spawned = std::thread::Builder::new()
                .name(format!("data node {node}"))
                .spawn(move || writer.run());
            if spawned.is_err() {
                report(NodeReport {
                    attempt: attempt.order.attempt,
                    node,
                    progress: NodeProgress::Refused(ErrorNumber::BACKUP_FILE_OR_SCAN),
                });
            }
        }
    }

    /// Passes an order on to the threads of an attempt.
    pub(super) fn command(&mut self, attempt: u64, command: Command) {
        if let Some(running) = self.attempts.get(&attempt) {
            running.signal.set(command);
        }
        if command == Command::Release {
            self.attempts.remove(&attempt);
        }
    }
}

/// Why a node's files could not be made or written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("file exists")]
    Exists,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Xfrm(#[from] XfrmError),
}

impl WriteError {
    fn number(&self) -> ErrorNumber {
        match self {
            WriteError::Exists => ErrorNumber::BACKUP_FILE_EXISTS,
            _ => ErrorNumber::BACKUP_FILE_OR_SCAN,
        }
    }

    /// True if somewhere below the disk had no room.
    fn is_full_disk(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let io = error.downcast_ref::<io::Error>();
            if io.is_some_and(|io| io.kind() == io::ErrorKind::StorageFull) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// One part of a node's files: those of one LDM, or of all.
struct Files {
    /// The fragments whose rows and changes are in them.
    fragments: Vec<u32>,
    ctl: BackupFile,
    data: DataWriter<BackupFile>,
    log: LogWriter<BackupFile>,
}

/// One participant's thread.
struct NodeWriter {
    node: NodeId,
    attempt: Arc<Attempt>,
    /// How many parts its files have.
    parts: u32,
    settings: NodeSettings,
    database: Arc<Database>,
    gci: Arc<AtomicU32>,
    updates: u64,
    report: ReportSink,
    narrate: fn(&str),
    last_report: Instant,
}

impl NodeWriter {
    fn send(&self, progress: NodeProgress) {
        (self.report)(NodeReport {
            attempt: self.attempt.order.attempt,
            node: self.node,
            progress,
        });
    }

    /// Says why this node's part of the backup cannot be written.
    fn tell(&self, error: &WriteError) {
        let (node, id) = (self.node, self.attempt.order.id);
        (self.narrate)(&match error.is_full_disk() {
            true => format!("data node {node}: its disk is full, backup {id} fails"),
            false => format!("data node {node}: backup {id} fails: {error}"),
        });
    }

    fn run(mut self) {
        let id = self.attempt.order.id;
        let places = Places::new(&self.settings.directory, id, self.node, self.parts);
        let files = match self.create(&places) {
            Ok(files) => files,
            Err(error) => {
                self.tell(&error);
                return self.send(NodeProgress::Refused(error.number()));
            }
        };
        self.send(NodeProgress::Defined);
        if let Err(error) = self.write(files)
            && self.attempt.signal.get() != Command::Remove
        {
            self.tell(&error);
            self.send(NodeProgress::Failed(error.number()));
        }
        if self.wait_for_end() == Command::Remove {
            places.remove();
            self.send(NodeProgress::Removed);
        }
    }

    /// Waits until the backup is over or its files have to go.
    fn wait_for_end(&self) -> Command {
        loop {
            match self.attempt.signal.get() {
                end @ (Command::Remove | Command::Release) => return end,
                other => {
                    self.attempt.signal.wait_past(&[other]);
                }
            }
        }
    }

    /// Makes the files of all parts and begins them; none is left if that cannot be done.
    fn create(&self, places: &Places) -> Result<Vec<Files>, WriteError> {
        let opened = places.create().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => WriteError::Exists,
            _ => WriteError::Io(error),
        })?;
        let disk = Disk::new(self.settings.limits, Arc::clone(&self.attempt.signal));
        let begun: Result<Vec<Files>, WriteError> = (0..)
            .zip(opened)
            .map(|(part, opened)| self.begin(part, opened, &disk))
            .collect();
        begun.inspect_err(|_| {
            places.remove();
        })
    }

    /// The fragments of part number `part`, from 0.
    fn fragments(&self, part: u32) -> Vec<u32> {
        let nodes = &self.attempt.order.nodes;
        let fragments = self.database.fragments_of(self.node, nodes);
        let of_part = fragments
            .iter()
            .filter(|(_, ldm)| ldm % self.parts == part)
            .map(|(fragment, _)| *fragment);
        of_part.collect()
    }

    fn begin(&self, part: u32, opened: Opened, disk: &Arc<Disk>) -> Result<Files, WriteError> {
        let order = &self.attempt.order;
        let kind = match order.snapshot {
            SnapshotPoint::Start => LogKind::Undo,
            SnapshotPoint::End => LogKind::Redo,
        };
        let compressed = self.settings.compressed;
        // An undo log is read backwards, which no compressed file can be.
        let log_compressed = compressed && kind == LogKind::Redo;
        let contain = |file, compress| {
            let protection = Protection {
                password: order.password.as_deref(),
                compress,
            };
            BackupFile::new(file, Arc::clone(disk), &protection)
        };
        let log_type = kind.file_type();
        Ok(Files {
            fragments: self.fragments(part),
            ctl: contain(opened.ctl, compressed)?,
            data: DataWriter::new(
                contain(opened.data, compressed)?,
                &self.header(FileType::Data),
            ),
            log: LogWriter::new(
                contain(opened.log, log_compressed)?,
                &self.header(log_type),
                kind,
            ),
        })
    }

    fn header(&self, file_type: FileType) -> FileHeader {
        let order = &self.attempt.order;
        FileHeader::new(file_type, order.id, order.master, order.clock)
    }

    fn write(&mut self, mut files: Vec<Files>) -> Result<(), WriteError> {
        let signal = Arc::clone(&self.attempt.signal);
        if signal.wait_past(&[Command::Wait]) != Command::Scan {
            return Ok(());
        }
        for part in 0..files.len() {
            self.scan(&mut files, part)?;
        }
        let totals = totals(&files);
        self.send(NodeProgress::Scanned(totals));
        let Command::Finish {
            start_gci,
            stop_gci,
        } = signal.wait_past(&[Command::Scan])
        else {
            return Ok(());
        };
        let is_master = self.node == self.attempt.order.master;
        for (part, files) in files.into_iter().enumerate() {
            files.data.finish()?.finish()?;
            files.log.finish()?.finish()?;
            let mut ctl = files.ctl;
            // Only the first part of the master knows how many rows each fragment has.
            self.describe(start_gci, stop_gci, is_master && part == 0)
                .write(&mut ctl)?;
            ctl.finish()?;
        }
        self.send(NodeProgress::Completed(totals));
        Ok(())
    }

    /// Writes the rows of a part's fragments, and the changes a workload makes meanwhile.
    fn scan(&mut self, all: &mut [Files], part: usize) -> Result<(), WriteError> {
        let database = Arc::clone(&self.database);
        let fragments = all[part].fragments.clone();
        let seed = self.attempt.order.attempt << 16 | (part as u64) << 8;
        let mut workload = Workload::new(
            &database,
            &fragments,
            self.updates_of(part, all.len()),
            seed | u64::from(self.node.get()),
        );
        let mut flushed = 0;
        for table in database.tables() {
            for fragment in &fragments {
                let files = &mut all[part];
                files.data.begin_fragment(table.table.id, *fragment)?;
                let mut records = 0;
                let mut key = 0;
                // A workload can add keys while the fragment is read.
                while key < table.key_end() {
                    let files = &mut all[part];
                    if database.fragment_of(table, key) == *fragment
                        && let Some(row) = table.row(key)
                    {
                        files.data.write_row(&table.table, &row)?;
                        records += 1;
                        workload.row_was_read(&mut files.log, self.checkpoint())?;
                    }
                    key += 1;
                    if files.data.bytes_written() - flushed >= FLUSH_BYTES {
                        flushed = files.data.bytes_written();
                        files.data.flush()?;
                        self.report_progress(all);
                    }
                }
                self.attempt
                    .records
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert((table.table.id, *fragment), records);
            }
        }
        let files = &mut all[part];
        workload.finish(&mut files.log, self.checkpoint())?;
        files.data.flush()?;
        files.log.flush()?;
        Ok(())
    }

    /// This part's share of the changes that are made on the node.
    fn updates_of(&self, part: usize, parts: usize) -> u64 {
        let (part, parts) = (part as u64, parts.max(1) as u64);
        self.updates / parts + u64::from(part < self.updates % parts)
    }

    fn checkpoint(&self) -> Gci {
        Gci(self.gci.load(Ordering::Acquire))
    }

    fn report_progress(&mut self, files: &[Files]) {
        if self.last_report.elapsed() >= REPORT_INTERVAL {
            self.last_report = Instant::now();
            self.send(NodeProgress::Written(totals(files)));
        }
    }

    /// The ctl file: all objects, with the numbers of rows if they are wanted.
    fn describe(&self, start: Gci, stop: Gci, counted: bool) -> CtlFile {
        let objects = self.database.objects().to_vec();
        let counts = self
            .attempt
            .records
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut fragments = Vec::new();
        for table in self.database.tables() {
            for fragment in 0..self.database.fragments() {
                let table_id = table.table.id;
                let records = match counted {
                    true => counts.get(&(table_id, fragment)).copied().unwrap_or(0),
                    false => 0,
                };
                fragments.push(FragmentEntry {
                    table_id,
                    fragment,
                    records,
                });
            }
        }
        CtlFile {
            header: self.header(FileType::Ctl),
            table_list: self.database.object_ids(),
            objects,
            gcp: GcpEntry::new(start, stop),
            fragments,
        }
    }
}

/// What was written so far, of all parts.
fn totals(parts: &[Files]) -> BackupTotals {
    let sum = |count: fn(&Files) -> u64| parts.iter().map(count).sum();
    BackupTotals {
        bytes: sum(|files| files.data.content_bytes()),
        records: sum(|files| files.data.records()),
        log_bytes: sum(|files| files.log.content_bytes()),
        log_records: sum(|files| files.log.entries()),
    }
}

//! The data nodes' part of a backup: one thread per node writes that node's files.
//!
//! Files have their final names from the start, as on a real data node, and are made
//! exclusively. Whatever ends a backup early removes them; what a killed simulator leaves
//! behind, the next start removes.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::backup_file::{BackupFile, Protection};
use super::database::Database;
use super::disk::{Disk, DiskLimits};
use super::model::{BackupOrder, NodeProgress, NodeReport};
use super::signal::{Command, Signal};
use super::workload::Workload;
use crate::backup::{
    BackupError, CtlFile, DataWriter, FileHeader, FileKind, FileType, FragmentEntry, GcpEntry,
    LogKind, LogWriter, NodeFiles,
};
use crate::cluster::{BackupId, BackupTotals, ErrorNumber, Gci, NodeId, SnapshotPoint};
use crate::xfrm::XfrmError;

/// Modes of the directories and files that a backup makes; the umask can only narrow them.
const DIRECTORY_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o640;

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
        for node in attempt.order.nodes.clone() {
            let report = Arc::clone(&self.report);
            let Some(settings) = settings.get(&node).cloned() else {
                continue;
            };
            let writer = NodeWriter {
                node,
                attempt: Arc::clone(&attempt),
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

/// Removes the files, and the directory once it is empty. How many files there were.
fn remove(files: &NodeFiles) -> usize {
    let mut removed = 0;
    for kind in FileKind::ALL {
        let path = files.path(kind);
        match fs::remove_file(&path) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("cannot remove {}: {error}", path.display()),
        }
    }
    // Other nodes may share the directory: only the last can remove it.
    let _ = fs::remove_dir(files.directory());
    removed
}

/// Removes what a backup that never completed has left. How many files there were.
pub(super) fn remove_unfinished(base: &Path, id: BackupId, node: NodeId) -> usize {
    remove(&NodeFiles::below(base, id, node))
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

/// The files as they were made.
struct Opened {
    ctl: File,
    log: File,
    data: File,
}

struct Files {
    ctl: BackupFile,
    data: DataWriter<BackupFile>,
    log: LogWriter<BackupFile>,
}

/// One participant's thread.
struct NodeWriter {
    node: NodeId,
    attempt: Arc<Attempt>,
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
        let order = &self.attempt.order;
        let places = NodeFiles::below(&self.settings.directory, order.id, self.node);
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
            remove(&places);
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

    /// Makes the three files; none is left if one cannot be made.
    fn create(&self, places: &NodeFiles) -> Result<Files, WriteError> {
        DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(places.directory())?;
        let mut made: Vec<PathBuf> = Vec::new();
        let mut create = |kind| {
            let path = places.path(kind);
            let mut options = OpenOptions::new();
            let file = options.write(true).create_new(true).mode(FILE_MODE);
            let file = file.open(&path);
            if file.is_ok() {
                made.push(path);
            }
            file
        };
        let mut opened = || -> io::Result<Opened> {
            Ok(Opened {
                ctl: create(FileKind::Ctl)?,
                log: create(FileKind::Log)?,
                data: create(FileKind::Data)?,
            })
        };
        match opened() {
            Ok(opened) => self.begin(opened).inspect_err(|_| {
                remove(places);
            }),
            Err(error) => {
                for path in made {
                    let _ = fs::remove_file(path);
                }
                let _ = fs::remove_dir(places.directory());
                Err(match error.kind() {
                    io::ErrorKind::AlreadyExists => WriteError::Exists,
                    _ => WriteError::Io(error),
                })
            }
        }
    }

    fn begin(&self, opened: Opened) -> Result<Files, WriteError> {
        let order = &self.attempt.order;
        let disk = Disk::new(self.settings.limits, Arc::clone(&self.attempt.signal));
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
            BackupFile::new(file, Arc::clone(&disk), &protection)
        };
        let log_type = kind.file_type();
        Ok(Files {
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

    fn write(&mut self, mut files: Files) -> Result<(), WriteError> {
        let signal = Arc::clone(&self.attempt.signal);
        if signal.wait_past(&[Command::Wait]) != Command::Scan {
            return Ok(());
        }
        let totals = self.scan(&mut files)?;
        self.send(NodeProgress::Scanned(totals));
        let Command::Finish {
            start_gci,
            stop_gci,
        } = signal.wait_past(&[Command::Scan])
        else {
            return Ok(());
        };
        files.data.finish()?.finish()?;
        files.log.finish()?.finish()?;
        let mut ctl = files.ctl;
        self.describe(start_gci, stop_gci).write(&mut ctl)?;
        ctl.finish()?;
        self.send(NodeProgress::Completed(totals));
        Ok(())
    }

    /// Writes the rows of this node's fragments, and the changes a workload makes meanwhile.
    fn scan(&mut self, files: &mut Files) -> Result<BackupTotals, WriteError> {
        let database = Arc::clone(&self.database);
        let fragments = database.fragments_of(self.node, &self.attempt.order.nodes);
        let seed = self.attempt.order.attempt << 8 | u64::from(self.node.get());
        let mut workload = Workload::new(&database, &fragments, self.updates, seed);
        let mut flushed = 0;
        for table in database.tables() {
            for fragment in &fragments {
                files.data.begin_fragment(table.table.id, *fragment)?;
                let mut records = 0;
                let mut key = 0;
                // A workload can add keys while the fragment is read.
                while key < table.key_end() {
                    if database.fragment_of(key) == *fragment
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
                        self.report_progress(files);
                    }
                }
                self.attempt
                    .records
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert((table.table.id, *fragment), records);
            }
        }
        workload.finish(&mut files.log, self.checkpoint())?;
        files.data.flush()?;
        files.log.flush()?;
        Ok(totals(files))
    }

    fn checkpoint(&self) -> Gci {
        Gci(self.gci.load(Ordering::Acquire))
    }

    fn report_progress(&mut self, files: &Files) {
        if self.last_report.elapsed() >= REPORT_INTERVAL {
            self.last_report = Instant::now();
            self.send(NodeProgress::Written(totals(files)));
        }
    }

    /// The ctl file: all objects; only the master knows how many rows each fragment has.
    fn describe(&self, start: Gci, stop: Gci) -> CtlFile {
        let objects = self.database.objects().to_vec();
        let counts = self
            .attempt
            .records
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_master = self.node == self.attempt.order.master;
        let mut fragments = Vec::new();
        for table in self.database.tables() {
            for fragment in 0..self.database.fragments() {
                let table_id = table.table.id;
                let records = match is_master {
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

/// What was written so far.
fn totals(files: &Files) -> BackupTotals {
    BackupTotals {
        bytes: files.data.content_bytes(),
        records: files.data.records(),
        log_bytes: files.log.content_bytes(),
        log_records: files.log.entries(),
    }
}

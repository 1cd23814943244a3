//! Reading all of a backup set and saying what is wrong with it.
//!
//! Every byte of every file is read once, on all cores, with a bounded amount of memory. What
//! is checked:
//!
//! * against the manifest, if there is one: each file's size and SHA-256;
//! * the containers: their checksum and size, nothing after their end;
//! * the headers: id, key, version, byte order and kind of file;
//! * the ctl files: sections, table list against descriptions, the GCP entry, the fragments;
//! * the Data files: every row against its table, the footers' counts;
//! * the logs: every entry against its table, the end word;
//! * the set: every fragment once, every file there, all nodes' dictionaries the same.
//!
//! Without a manifest the contents stay [`Proof::Unproven`]: a plain file has no checksum, and
//! a flipped bit of an integer is another integer.

mod data;
mod file;
mod finding;
mod hashed;
mod log;
mod seen;
mod set;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{
    FileDigest, FileHeader, FileKind, FileType, GcpEntry, MANIFEST_SCHEMA, Manifest, ManifestFile,
    SetFile,
};
use crate::cluster::{NodeId, SnapshotPoint};
use crate::xfrm::Secret;
use file::{Reading, read_file};
pub use finding::{Finding, FindingKind, Severity};
use seen::{Dictionary, FileRead};
pub use seen::{FragmentSeen, LogSeen};

/// Every `of`-th file, from number `number` on, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Which one.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

/// How to verify.
#[derive(Debug)]
pub struct VerifyOptions<'a> {
    /// Password or key of encrypted files.
    pub secret: Option<&'a Secret>,
    /// What the files should be.
    pub manifest: Option<&'a Manifest>,
    /// Take digests though there is no manifest: to make one.
    pub with_digests: bool,
    /// Look at these files only, and not at what only the whole set can tell.
    pub slice: Option<Slice>,
    /// Look at these nodes' files only; all if empty. The others' are not missed.
    pub nodes: &'a [NodeId],
    /// Files that are read at the same time.
    pub threads: usize,
    /// Counts bytes of the files as they are read.
    pub counter: Arc<AtomicU64>,
}

impl Default for VerifyOptions<'_> {
    fn default() -> Self {
        VerifyOptions {
            secret: None,
            manifest: None,
            with_digests: false,
            slice: None,
            nodes: &[],
            threads: 2,
            counter: Arc::new(AtomicU64::new(0)),
        }
    }
}

/// How sure it is that the contents are what the nodes wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Size and SHA-256 of every file were compared with the manifest's.
    Manifest,
    /// There was nothing to compare the contents with.
    Unproven,
}

/// What all findings together say of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Sound,
    /// Files or parts of them are missing.
    Incomplete,
    /// The backup never completed: it was aborted, or is running.
    Unfinished,
    /// What is there is not what was written.
    Damaged,
    /// Nothing can be said without a password, and none was given.
    PasswordNeeded,
    /// Nothing can be said without the right password.
    WrongPassword,
}

/// What was found out about a file.
#[derive(Debug, Clone)]
pub struct FileReport {
    /// Its name inside the set.
    pub name: String,
    /// Data node that wrote it.
    pub node: NodeId,
    /// Its part, from 1.
    pub part: u32,
    /// What it is.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256, if it was taken.
    pub digest: Option<FileDigest>,
    /// Rows or log entries read.
    pub records: u64,
}

/// What was found out about a set.
#[derive(Debug, Clone)]
pub struct SetReport {
    /// Id of the backup, by the files' names.
    pub backup_id: u32,
    /// The files that were read.
    pub files: Vec<FileReport>,
    /// What is wrong, by file.
    pub findings: Vec<Finding>,
    /// How sure the contents are.
    pub proof: Proof,
    /// Nodes whose files are there.
    pub nodes: Vec<NodeId>,
    /// Nodes that hold replicas and wrote no file, though every fragment is there.
    pub absent_nodes: Vec<NodeId>,
    /// Header of the set's ctl file.
    pub header: Option<FileHeader>,
    /// The GCP range.
    pub gcp: Option<GcpEntry>,
    /// The moment whose state the set holds.
    pub snapshot: Option<SnapshotPoint>,
    /// Tables that users made.
    pub tables: Option<u64>,
    /// Rows read.
    pub rows: u64,
    /// Log entries read.
    pub log_entries: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// A file is encrypted.
    pub encrypted: bool,
    /// A file is compressed.
    pub compressed: bool,
    /// Rows were counted but not decoded: they have the form of versions before 6.3.11.
    pub rows_not_decoded: bool,
    /// The slice that was looked at.
    pub slice: Option<Slice>,
}

impl SetReport {
    fn has(&self, kind: FindingKind) -> bool {
        self.findings.iter().any(|finding| finding.kind == kind)
    }

    /// What all findings together say.
    pub fn verdict(&self) -> Verdict {
        // What differs from the manifest is damaged, whatever the password is.
        if self.has(FindingKind::Size) || self.has(FindingKind::Checksum) {
            return Verdict::Damaged;
        }
        let worst = self.findings.iter().map(|it| it.kind.severity()).max();
        match worst {
            None => Verdict::Sound,
            Some(Severity::Incomplete) => Verdict::Incomplete,
            Some(Severity::Unfinished) => Verdict::Unfinished,
            Some(Severity::Damage) => Verdict::Damaged,
            Some(Severity::Password) if self.has(FindingKind::WrongPassword) => {
                Verdict::WrongPassword
            }
            Some(Severity::Password) => Verdict::PasswordNeeded,
        }
    }
}

impl SetReport {
    /// The manifest of the files as they were read, which was with digests.
    pub fn manifest(&self, made_at: &str, made_by: &str) -> Manifest {
        let files = self.files.iter().map(|file| ManifestFile {
            name: file.name.clone(),
            node: file.node.get(),
            part: file.part,
            size: file.size,
            sha256: file.digest.map(|it| it.to_string()).unwrap_or_default(),
        });
        let mut files: Vec<ManifestFile> = files.collect();
        files.sort();
        let header = self.header.as_ref();
        let snapshot = self.snapshot.map(|it| match it {
            SnapshotPoint::Start => "start",
            SnapshotPoint::End => "end",
        });
        Manifest {
            schema: MANIFEST_SCHEMA,
            backup_id: self.backup_id,
            backup_key: header.map(|it| it.backup_key),
            ndb_version: header.map(|it| it.ndb_version.to_string()),
            start_gcp: self.gcp.map(|it| it.start.0),
            stop_gcp: self.gcp.map(|it| it.stop().0),
            snapshot: snapshot.map(str::to_owned),
            nodes: self.nodes.iter().map(|it| it.get()).collect(),
            parts: self.files.iter().map(|it| it.part).max().unwrap_or(1),
            tables: self.tables,
            rows: Some(self.rows),
            bytes: self.bytes,
            encrypted: self.encrypted,
            compressed: self.compressed,
            made_at: made_at.to_owned(),
            made_by: made_by.to_owned(),
            files,
        }
    }
}

/// Files from this size on take a while, in bytes.
const LARGE: u64 = 4 << 20;

/// A file and what was read from it.
struct Seen<'a> {
    file: &'a SetFile,
    read: FileRead,
}

/// Reads the files of a set and says what is wrong with them.
pub fn verify(backup_id: u32, files: &[SetFile], options: &VerifyOptions<'_>) -> SetReport {
    let mut wanted: Vec<&SetFile> = files
        .iter()
        .filter(|file| options.nodes.is_empty() || options.nodes.contains(&file.node))
        .collect();
    wanted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut reading = Reading {
        ahead: false,
        secret: options.secret,
        with_digest: options.with_digests || options.manifest.is_some(),
        counter: &options.counter,
    };
    let mut seen: Vec<Seen<'_>> = Vec::new();
    let dictionary = first_dictionary(backup_id, &wanted, &reading, &mut seen);
    let done: Vec<&str> = seen.iter().map(|it| &it.file.name[..]).collect();
    let mut todo: Vec<&SetFile> = wanted
        .iter()
        .copied()
        .zip(0_u32..)
        .filter(|(_, index)| {
            options
                .slice
                .is_none_or(|slice| index % slice.of.max(1) == slice.number.wrapping_sub(1))
        })
        .map(|(file, _)| file)
        .filter(|file| !done.contains(&&file.name[..]))
        .collect();
    // The largest first, so that no core is left with one at the end.
    todo.sort_by_key(|file| std::cmp::Reverse(size_of(file)));
    let large = todo.iter().filter(|file| size_of(file) > LARGE).count();
    reading.ahead = large < options.threads;
    seen.extend(read_all(
        &todo,
        dictionary.as_ref(),
        &reading,
        options.threads,
    ));
    seen.sort_by(|a, b| a.file.name.cmp(&b.file.name));
    set::report(backup_id, &wanted, seen, dictionary.as_ref(), options)
}

fn size_of(file: &SetFile) -> u64 {
    std::fs::metadata(&file.path).map_or(0, |it| it.len())
}

/// Reads ctl files until one is good: it tells what all others are compared with.
fn first_dictionary<'a>(
    backup_id: u32,
    files: &[&'a SetFile],
    reading: &Reading<'_>,
    seen: &mut Vec<Seen<'a>>,
) -> Option<Dictionary> {
    for file in files.iter().filter(|file| file.kind == FileKind::Ctl) {
        let mut read = read_file(&file.path, &file.name, file.kind, None, reading);
        let ctl = read.ctl.take();
        let is_of_set = read
            .header
            .as_ref()
            .is_some_and(|it| it.backup_id == backup_id);
        let dictionary = ctl.filter(|_| is_of_set).map(Dictionary::new);
        if let Some(dictionary) = &dictionary {
            set::check_ctl(&mut read, file, &dictionary.ctl, None);
        }
        seen.push(Seen { file, read });
        if dictionary.is_some() {
            return dictionary;
        }
    }
    None
}

/// Reads files, several at a time.
fn read_all<'a>(
    files: &[&'a SetFile],
    dictionary: Option<&Dictionary>,
    reading: &Reading<'_>,
    threads: usize,
) -> Vec<Seen<'a>> {
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(Vec::with_capacity(files.len()));
    let work = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut read = read_file(&file.path, &file.name, file.kind, dictionary, reading);
            if let (Some(ctl), Some(dictionary)) = (read.ctl.take(), dictionary) {
                set::check_ctl(&mut read, file, &ctl, Some(&dictionary.ctl));
            }
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(Seen { file, read });
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.clamp(1, files.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    seen.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What the log's kind says of the moment whose state the set holds.
fn snapshot_of(file_type: FileType) -> Option<SnapshotPoint> {
    match file_type {
        FileType::RedoLog => Some(SnapshotPoint::End),
        FileType::UndoLog => Some(SnapshotPoint::Start),
        FileType::Ctl
        | FileType::Data
        | FileType::LcpData
        | FileType::LcpCtl
        | FileType::Other(_) => None,
    }
}

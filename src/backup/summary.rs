//! What a backup set is, from headers, ends and ctl files: no file's rows are read.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, SystemTime};

use super::source::be_word;
use super::{
    BackupError, CtlFile, FileHeader, FileKind, FileType, GcpEntry, Manifest, SetFile, Table,
    Verified, is_kept, manifest_of, verified_of,
};
use crate::cluster::{NodeId, SnapshotPoint};
use crate::xfrm::{self, Container, Secret, XfrmError};

/// A file that lacks its end and was written to within this time may still be growing.
const STILL_WRITTEN: Duration = Duration::from_secs(300);

/// Bytes of a fragment footer.
const FOOTER: u64 = 24;

/// What can be said of a set without reading its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetState {
    /// Every file is there and has its end.
    Complete,
    /// The files are encrypted and were closed properly; which nodes belong to the set is not
    /// known without the password or a manifest.
    Sealed,
    /// Files lack their ends and were written to a moment ago.
    Running,
    /// No file has its end: the backup was aborted, or a node died.
    Unfinished,
    /// Files are missing: which.
    Incomplete(Vec<String>),
    /// A file is not what it should be: the first one, and why.
    Damaged(String),
}

/// What a file looks like from its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// It has its header and its end.
    Whole,
    /// It is encrypted and has the container's end; no password was given.
    Sealed,
    /// It has no end.
    Unfinished,
    /// It can't be read, or is not what its name says.
    Bad(String),
}

/// A file of a set.
#[derive(Debug, Clone)]
pub struct FileSummary {
    /// The file.
    pub file: SetFile,
    /// Size in bytes.
    pub size: u64,
    /// When it was last written to.
    pub modified: Option<SystemTime>,
    /// It is encrypted.
    pub encrypted: bool,
    /// It is compressed.
    pub compressed: bool,
    /// What it looks like.
    pub state: FileState,
}

/// A set.
#[derive(Debug, Clone)]
pub struct SetSummary {
    /// Id of the backup, by the files' names.
    pub backup_id: u32,
    /// What can be said of it.
    pub state: SetState,
    /// When its last file was written.
    pub modified: Option<SystemTime>,
    /// Nodes whose files are there.
    pub nodes: Vec<NodeId>,
    /// Nodes that hold replicas, by the ctl file or the manifest; none if not known.
    pub expected_nodes: Option<Vec<NodeId>>,
    /// Parts of a node's files, at most.
    pub parts: u32,
    /// A file is encrypted.
    pub encrypted: bool,
    /// A file is compressed.
    pub compressed: bool,
    /// The moment whose state the set holds, if known.
    pub snapshot: Option<SnapshotPoint>,
    /// The GCP range, if known.
    pub gcp: Option<GcpEntry>,
    /// Tables of users, without the part tables of blobs, if known.
    pub tables: Option<u64>,
    /// Rows of all tables, by the master's ctl file or the manifest.
    pub rows: Option<u64>,
    /// Bytes of all files.
    pub bytes: u64,
    /// Header of the ctl file, if it could be read.
    pub header: Option<FileHeader>,
    /// The whole ctl file, if it could be read.
    pub ctl: Option<CtlFile>,
    /// The set has a manifest, and all files are there with the sizes it says.
    pub manifest: Option<Manifest>,
    /// Why the manifest that is there can't be used.
    pub manifest_fault: Option<String>,
    /// When it was last verified.
    pub verified: Option<Verified>,
    /// It is not to be removed.
    pub kept: bool,
    /// The files.
    pub files: Vec<FileSummary>,
}

/// Looks at the files of a set. `now` is the time of the clock that dates the files.
pub fn summarise(
    backup_id: u32,
    files: &[SetFile],
    secret: Option<&Secret>,
    now: SystemTime,
) -> SetSummary {
    let looked: Vec<Looked> = files
        .iter()
        .map(|file| look(backup_id, file, secret))
        .collect();
    let ctl = read_ctl(backup_id, &looked, secret);
    let snapshot = looked.iter().find_map(|it| it.snapshot);
    let snapshot = snapshot.or_else(|| snapshot_of_locked(&looked, secret));
    let nodes: BTreeSet<NodeId> = files.iter().map(|file| file.node).collect();
    let (manifest, manifest_fault) = match manifest_of(files, backup_id) {
        None => (None, None),
        Some(path) => match Manifest::read(&path) {
            Ok(manifest) => (Some(manifest), None),
            Err(error) => (None, Some(error.to_string())),
        },
    };
    let mut summary = SetSummary {
        backup_id,
        state: SetState::Complete,
        modified: looked.iter().filter_map(|it| it.summary.modified).max(),
        nodes: nodes.into_iter().collect(),
        expected_nodes: ctl.as_ref().and_then(replica_nodes),
        parts: files.iter().map(|file| file.parts).max().unwrap_or(1),
        encrypted: looked.iter().any(|it| it.summary.encrypted),
        compressed: looked.iter().any(|it| it.summary.compressed),
        snapshot,
        gcp: ctl.as_ref().map(|it| it.gcp),
        tables: ctl
            .as_ref()
            .map(|ctl| ctl.tables().filter(|it| it.is_user_table()).count() as u64),
        rows: ctl.as_ref().and_then(rows_of),
        bytes: looked.iter().map(|it| it.summary.size).sum(),
        header: ctl.as_ref().map(|it| it.header.clone()),
        ctl,
        manifest,
        manifest_fault,
        verified: verified_of(files, backup_id),
        kept: is_kept(files, backup_id),
        files: looked.into_iter().map(|it| it.summary).collect(),
    };
    summary.take_from_manifest();
    summary.state = summary.judge(now);
    summary
}

impl SetSummary {
    /// What the manifest knows and the files do not tell.
    fn take_from_manifest(&mut self) {
        let Some(manifest) = &self.manifest else {
            return;
        };
        let nodes = manifest.nodes.iter();
        self.expected_nodes = Some(nodes.filter_map(|id| NodeId::new(*id)).collect());
        self.tables = self.tables.or(manifest.tables);
        self.rows = self.rows.or(manifest.rows);
        self.snapshot = self.snapshot.or(match manifest.snapshot.as_deref() {
            Some("start") => Some(SnapshotPoint::Start),
            Some("end") => Some(SnapshotPoint::End),
            _ => None,
        });
    }

    fn judge(&self, now: SystemTime) -> SetState {
        let missing = self.missing();
        let bad = self.files.iter().find_map(|it| match &it.state {
            FileState::Bad(why) => Some(format!("{}: {why}", it.file.name)),
            FileState::Whole | FileState::Sealed | FileState::Unfinished => None,
        });
        let unfinished = |it: &&FileSummary| it.state == FileState::Unfinished;
        let first_unfinished = self.files.iter().find(unfinished);
        if let Some(bad) = bad {
            return SetState::Damaged(bad);
        }
        if let Some(first) = first_unfinished {
            let is_fresh = |modified: SystemTime| {
                now.duration_since(modified)
                    .is_ok_and(|age| age < STILL_WRITTEN)
            };
            return if self.modified.is_some_and(is_fresh) {
                SetState::Running
            } else if self.files.iter().any(|it| it.state == FileState::Whole) {
                SetState::Damaged(format!("{}: it is cut off", first.file.name))
            } else {
                SetState::Unfinished
            };
        }
        if !missing.is_empty() {
            return SetState::Incomplete(missing);
        }
        if self.expected_nodes.is_none()
            && self.files.iter().any(|it| it.state == FileState::Sealed)
        {
            return SetState::Sealed;
        }
        SetState::Complete
    }

    /// Nodes, parts and files that should be there.
    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if let Some(manifest) = &self.manifest {
            for known in &manifest.files {
                let found = self.files.iter().find(|it| it.file.name == known.name);
                match found {
                    None => missing.push(format!("{} is missing", known.name)),
                    Some(file) if file.size != known.size => missing.push(format!(
                        "{} has {} bytes, {} by the manifest",
                        known.name, file.size, known.size
                    )),
                    Some(_) => {}
                }
            }
            return missing;
        }
        for node in self.expected_nodes.iter().flatten() {
            if !self.nodes.contains(node) {
                missing.push(format!("node {node} is missing"));
            }
        }
        for node in &self.nodes {
            let of_node: Vec<&SetFile> = self
                .files
                .iter()
                .map(|it| &it.file)
                .filter(|file| file.node == *node)
                .collect();
            let parts = of_node.iter().map(|file| file.parts).max().unwrap_or(1);
            for part in 1..=parts {
                for kind in FileKind::ALL {
                    if of_node.iter().any(|it| it.part == part && it.kind == kind) {
                        continue;
                    }
                    let of = if parts > 1 {
                        format!(", part {part} of {parts},")
                    } else {
                        String::new()
                    };
                    missing.push(format!(
                        "the {} file of node {node}{of} is missing",
                        kind.suffix()
                    ));
                }
            }
        }
        missing
    }
}

impl Table {
    /// True for a table that a user made: not the cluster's own, not the part table of a blob.
    pub fn is_user_table(&self) -> bool {
        let name = self.name.rsplit('/').next().unwrap_or_default();
        self.kind == super::TableKind::User && !name.starts_with("NDB$BLOB_")
    }
}

/// A file, and what its ends told beyond the summary.
struct Looked {
    summary: FileSummary,
    container: Option<Container>,
    header: Option<FileHeader>,
    snapshot: Option<SnapshotPoint>,
}

fn look(backup_id: u32, file: &SetFile, secret: Option<&Secret>) -> Looked {
    let mut looked = Looked {
        summary: FileSummary {
            file: file.clone(),
            size: 0,
            modified: None,
            encrypted: false,
            compressed: false,
            state: FileState::Whole,
        },
        container: None,
        header: None,
        snapshot: None,
    };
    if let Err(state) = looked.look_inside(backup_id, secret) {
        looked.summary.state = state;
    }
    looked
}

impl Looked {
    fn look_inside(&mut self, backup_id: u32, secret: Option<&Secret>) -> Result<(), FileState> {
        let bad = |error: io::Error| FileState::Bad(error.to_string());
        let mut file = File::open(&self.summary.file.path).map_err(bad)?;
        let metadata: Metadata = file.metadata().map_err(bad)?;
        self.summary.size = metadata.len();
        self.summary.modified = metadata.modified().ok();
        let container = match xfrm::inspect(&mut file) {
            Ok(container) => container,
            Err(XfrmError::Truncated(_) | XfrmError::BadTrailer(_)) => {
                return Err(FileState::Unfinished);
            }
            Err(error) => return Err(FileState::Bad(error.to_string())),
        };
        self.summary.encrypted = container.is_encrypted();
        self.summary.compressed = container.is_compressed();
        let is_raw = matches!(container, Container::Raw);
        self.container = Some(container);
        if self.summary.encrypted && (secret.is_none() || self.summary.file.kind != FileKind::Ctl) {
            // Deriving a key takes a while: one file of each set is enough to know the rest.
            return Err(FileState::Sealed);
        }
        file.rewind().map_err(bad)?;
        let header = if is_raw {
            FileHeader::read(&mut file)
        } else {
            let reader = xfrm::open(&mut file, secret);
            let reader = reader.map_err(|error| FileState::Bad(error.to_string()))?;
            FileHeader::read(reader)
        };
        let header = match header {
            Ok(header) => header,
            Err(BackupError::Truncated { .. }) => return Err(FileState::Unfinished),
            Err(error) => return Err(FileState::Bad(in_full(&error))),
        };
        self.check_header(backup_id, &header)?;
        let is_whole = !is_raw || self.has_end(&mut file).map_err(bad)?;
        self.header = Some(header);
        if is_whole {
            Ok(())
        } else {
            Err(FileState::Unfinished)
        }
    }

    fn check_header(&mut self, backup_id: u32, header: &FileHeader) -> Result<(), FileState> {
        let is_right = match self.summary.file.kind {
            FileKind::Ctl => header.file_type == FileType::Ctl,
            FileKind::Data => header.file_type == FileType::Data,
            FileKind::Log => {
                self.snapshot = match header.file_type {
                    FileType::RedoLog => Some(SnapshotPoint::End),
                    FileType::UndoLog => Some(SnapshotPoint::Start),
                    _ => None,
                };
                self.snapshot.is_some()
            }
        };
        if !is_right {
            let number = header.file_type.number();
            return Err(FileState::Bad(format!(
                "its header says file type {number}"
            )));
        }
        if header.backup_id != backup_id {
            let id = header.backup_id;
            return Err(FileState::Bad(format!("its header says backup {id}")));
        }
        Ok(())
    }

    /// True if a raw file has the end that a completed backup gives it.
    fn has_end(&self, file: &mut File) -> io::Result<bool> {
        let size = self.summary.size;
        let tail = size.min(32);
        file.seek(SeekFrom::Start(size - tail))?;
        let mut bytes = Vec::new();
        file.take(tail).read_to_end(&mut bytes)?;
        let from_end = |length: usize| bytes.get(bytes.len().wrapping_sub(length)..);
        let begins = |length: usize, first: u32, second: u32| {
            let section = from_end(length);
            section.is_some_and(|it| be_word(it, 0) == first && be_word(it, 1) == second)
        };
        Ok(match self.summary.file.kind {
            FileKind::Ctl => begins(32, 7, 8) || begins(16, 6, 4),
            FileKind::Data => {
                // With ODirect zeros fill the last block; a part can be without a fragment.
                let is_padded = size.is_multiple_of(32768) && bytes.iter().all(|it| *it == 0);
                begins(FOOTER as usize, 3, 6) || is_padded || size <= 48
            }
            FileKind::Log => from_end(4).is_some_and(|it| it == [0; 4]) && size > 48,
        })
    }
}

/// An error and its causes.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// The ctl file of the master, whose counts cover all nodes; else any that can be read.
fn read_ctl(backup_id: u32, looked: &[Looked], secret: Option<&Secret>) -> Option<CtlFile> {
    let mut candidates: Vec<&Looked> = looked
        .iter()
        .filter(|it| it.summary.file.kind == FileKind::Ctl)
        .collect();
    candidates.sort_by_key(|it| {
        let header = it.header.as_ref();
        let master = header.map_or(0, |header| header.backup_key[0] >> 16);
        let file = &it.summary.file;
        (master != file.node.get(), file.part, file.node)
    });
    candidates.into_iter().find_map(|it| {
        let file = File::open(&it.summary.file.path).ok()?;
        let ctl = CtlFile::read(xfrm::open(file, secret).ok()?).ok()?;
        (ctl.header.backup_id == backup_id).then_some(ctl)
    })
}

/// The nodes that hold replicas of tables with rows.
fn replica_nodes(ctl: &CtlFile) -> Option<Vec<NodeId>> {
    let tables = ctl.tables().filter(|table| table.kind.has_rows());
    let placements = tables.flat_map(|table| &table.fragments);
    let nodes: BTreeSet<NodeId> = placements
        .flat_map(|placement| &placement.nodes)
        .filter_map(|id| NodeId::new(u32::from(*id)))
        .collect();
    (!nodes.is_empty()).then(|| nodes.into_iter().collect())
}

/// Rows of all tables, if this is the ctl file that counts them.
fn rows_of(ctl: &CtlFile) -> Option<u64> {
    let rows: u64 = ctl.fragments.iter().map(|it| it.records).sum();
    (rows > 0).then_some(rows)
}

/// An encrypted log tells its kind with the password only, or if the other files are
/// compressed: an undo log never is.
fn snapshot_of_locked(looked: &[Looked], secret: Option<&Secret>) -> Option<SnapshotPoint> {
    let log = looked
        .iter()
        .find(|it| it.summary.file.kind == FileKind::Log && it.summary.encrypted)?;
    if secret.is_some() {
        let file = File::open(&log.summary.file.path).ok()?;
        let header = FileHeader::read(xfrm::open(file, secret).ok()?).ok()?;
        return match header.file_type {
            FileType::RedoLog => Some(SnapshotPoint::End),
            FileType::UndoLog => Some(SnapshotPoint::Start),
            _ => None,
        };
    }
    let others_are = looked.iter().any(|it| it.summary.compressed);
    match (others_are, log.summary.compressed) {
        (true, false) => Some(SnapshotPoint::Start),
        (true, true) => Some(SnapshotPoint::End),
        (false, _) => None,
    }
}

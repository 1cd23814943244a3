//! The files of a data node's backup: all of them are made or none, and all are removed.
//!
//! They have their final names from the start, as on a real data node, and are made exclusively.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::backup::{FileKind, NodeFiles, Part};
use crate::cluster::{BackupId, NodeId};

/// Modes of the directories and files that a backup makes; the umask can only narrow them.
const DIRECTORY_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o640;

/// The files of one part as they were made.
pub(super) struct Opened {
    pub(super) ctl: File,
    pub(super) log: File,
    pub(super) data: File,
}

/// Where a node's files go, one place for each part.
#[derive(Debug, Clone)]
pub(super) struct Places(Vec<NodeFiles>);

impl Places {
    /// One part needs no directory of its own.
    pub(super) fn new(base: &Path, id: BackupId, node: NodeId, parts: u32) -> Self {
        let files = NodeFiles::below(base, id, node);
        if parts <= 1 {
            return Places(vec![files]);
        }
        let part = |number| Part::new(number, parts);
        let parts = (1..=parts).filter_map(part);
        Places(parts.map(|part| files.clone().in_part(part)).collect())
    }

    /// Where an earlier run may have left files, in whatever parts.
    fn found(base: &Path, id: BackupId, node: NodeId) -> Self {
        let files = NodeFiles::below(base, id, node);
        let mut places = vec![files.clone()];
        let entries = fs::read_dir(files.set_directory());
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let part = name.to_str().and_then(Part::parse_directory_name);
            let of_backup = part.filter(|(backup, _)| *backup == id);
            places.extend(of_backup.map(|(_, part)| files.clone().in_part(part)));
        }
        Places(places)
    }

    /// Makes all files.
    ///
    /// # Errors
    ///
    /// If one can't be made, or exists: then none is left that was not there before.
    pub(super) fn create(&self) -> io::Result<Vec<Opened>> {
        let mut made = Vec::new();
        let opened: io::Result<Vec<Opened>> = self
            .0
            .iter()
            .map(|files| create_part(files, &mut made))
            .collect();
        if opened.is_err() {
            for path in made {
                remove_file(&path);
            }
            self.remove_directories();
        }
        opened
    }

    /// Removes the files, and the directories once they are empty. How many files there were.
    pub(super) fn remove(&self) -> usize {
        let paths = self.0.iter().flat_map(|files| {
            let path = |kind| files.path(kind);
            FileKind::ALL.map(path)
        });
        let removed = paths.filter(|path| remove_file(path)).count();
        self.remove_directories();
        removed
    }

    /// Other nodes may share the directories: only the last can remove them.
    fn remove_directories(&self) {
        for files in &self.0 {
            let _ = fs::remove_dir(files.directory());
        }
        if let Some(files) = self.0.first() {
            let _ = fs::remove_dir(files.set_directory());
        }
    }
}

fn create_part(files: &NodeFiles, made: &mut Vec<PathBuf>) -> io::Result<Opened> {
    DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(files.directory())?;
    let mut create = |kind| {
        let path = files.path(kind);
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(FILE_MODE);
        let file = options.open(&path)?;
        made.push(path);
        io::Result::Ok(file)
    };
    Ok(Opened {
        ctl: create(FileKind::Ctl)?,
        log: create(FileKind::Log)?,
        data: create(FileKind::Data)?,
    })
}

/// True if there was a file.
fn remove_file(path: &Path) -> bool {
    match fs::remove_file(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => {
            tracing::warn!("cannot remove {}: {error}", path.display());
            false
        }
    }
}

/// Removes what a backup that never completed has left. How many files there were.
pub(super) fn remove_unfinished(base: &Path, id: BackupId, node: NodeId) -> usize {
    Places::found(base, id, node).remove()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(base: &Path, parts: u32) -> Places {
        let id = BackupId::new(7).unwrap();
        Places::new(base, id, NodeId::new(2).unwrap(), parts)
    }

    #[test]
    fn a_file_that_exists_is_left_alone_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let set = directory.path().join("BACKUP/BACKUP-7");
        let there = set.join("BACKUP-7-PART-2-OF-3/BACKUP-7.2.log");
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::write(&there, "rows").unwrap();
        let error = places(directory.path(), 3).create().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&there).unwrap(), b"rows");
        assert_eq!(fs::read_dir(&set).unwrap().count(), 1);
        assert_eq!(fs::read_dir(there.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_unfinished_is_removed_whatever_its_parts() {
        for parts in [1, 4] {
            let directory = tempfile::tempdir().unwrap();
            let opened = places(directory.path(), parts).create().unwrap();
            assert_eq!(opened.len() as u32, parts);
            let (id, node) = (BackupId::new(7).unwrap(), NodeId::new(2).unwrap());
            let removed = remove_unfinished(directory.path(), id, node);
            assert_eq!(removed as u32, 3 * parts);
            let backups = directory.path().join("BACKUP");
            assert_eq!(fs::read_dir(backups).unwrap().count(), 0);
        }
    }
}

//! Finding the files of backup sets.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ndbmgm::backup::SetFile;
use ndbmgm::cli::Exit;
use ndbmgm::cluster::BackupId;

use crate::Failure;

/// How deep sets are looked for: DIR/cluster/node/BACKUP/BACKUP-7/BACKUP-7-PART-1-OF-2.
const DEPTH_MAX: u32 = 6;

/// A set that was found.
pub(crate) struct FoundSet {
    pub(crate) backup_id: u32,
    pub(crate) files: Vec<SetFile>,
}

/// The sets under these directories, by id; the current directory if there are none. Files of
/// one id in several directories are one set, unless they have the same names.
pub(crate) fn find_sets(directories: &[PathBuf]) -> Result<Vec<FoundSet>, Failure> {
    let here = [PathBuf::from(".")];
    let directories = if directories.is_empty() {
        &here[..]
    } else {
        directories
    };
    // The directory of a set, and its files.
    let mut found: BTreeMap<(BackupId, PathBuf), Vec<SetFile>> = BTreeMap::new();
    for directory in directories {
        let unreadable = |error: io::Error| {
            let message = format!("cannot read {}: {error}", directory.display());
            Failure::new(Exit::Failure, message)
        };
        fs::read_dir(directory).map_err(unreadable)?;
        walk(directory, DEPTH_MAX, &mut found);
    }
    let mut sets: Vec<FoundSet> = Vec::new();
    for ((backup, _), files) in found {
        let backup_id = backup.get();
        let clashes = |set: &&mut FoundSet| {
            let mut names = set.files.iter().map(|it| &it.name);
            names.any(|name| files.iter().any(|it| it.name == *name))
        };
        let of_id = sets.iter_mut().filter(|set| set.backup_id == backup_id);
        match of_id.into_iter().find(|set| !clashes(set)) {
            Some(set) => set.files.extend(files),
            None => sets.push(FoundSet { backup_id, files }),
        }
    }
    for set in &mut sets {
        set.files.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(sets)
}

/// The id of a backup.
pub(crate) fn parse_id(id: &str) -> Result<BackupId, Failure> {
    id.parse().ok().and_then(BackupId::new).ok_or_else(|| {
        let message = format!("'{id}' is no backup id: those are numbers from 1 to 4294967294");
        Failure::new(Exit::BadUsage, message)
    })
}

/// The one set with this id.
pub(crate) fn find_set(directories: &[PathBuf], id: &str) -> Result<FoundSet, Failure> {
    let backup_id = parse_id(id)?.get();
    let mut sets = find_sets(directories)?;
    sets.retain(|set| set.backup_id == backup_id);
    match (sets.pop(), sets.pop()) {
        (Some(set), None) => Ok(set),
        (Some(one), Some(other)) => {
            let place = |set: &FoundSet| {
                let parent = set.files.first().and_then(|it| it.path.parent());
                parent.map_or_else(String::new, |it| it.display().to_string())
            };
            let message = format!(
                "there are several copies of backup {backup_id}, such as in {} and {}: name the \
                 directory of one",
                place(&other),
                place(&one)
            );
            Err(Failure::new(Exit::BadUsage, message))
        }
        (None, _) => {
            let message = format!("there is no backup {backup_id} here");
            Err(Failure::new(Exit::NoSuchSet, message))
        }
    }
}

/// Bytes of files.
pub(crate) fn size_of(files: &[SetFile]) -> u64 {
    let size = |file: &SetFile| fs::metadata(&file.path).map_or(0, |it| it.len());
    files.iter().map(size).sum()
}

/// Makes a directory and those above it.
pub(crate) fn make_directory(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| {
        let message = format!("cannot make the directory {}: {error}", path.display());
        Failure::new(Exit::Failure, message)
    })
}

fn walk(directory: &Path, depth: u32, found: &mut BTreeMap<(BackupId, PathBuf), Vec<SetFile>>) {
    // A directory that can't be read below the one that was asked for holds no set of ours.
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(file_type) = entry.file_type() else {
            continue;
        };
        if file_type.is_dir() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if depth > 0 && !name.starts_with('.') && !is_file_system(&name) {
                walk(&entry.path(), depth - 1, found);
            }
        } else if let Some(file) = SetFile::at(&entry.path()) {
            let key = (file.backup, file.set_directory().to_owned());
            found.entry(key).or_default().push(file);
        }
    }
}

/// The data of a node itself, where no backup lies.
fn is_file_system(name: &str) -> bool {
    name.starts_with("ndb_") && name.ends_with("_fs")
}

//! What lies beside a backup set: its manifest, when it was verified, and that it is to be kept.
//!
//! | file | says |
//! |---|---|
//! | `BACKUP-<id>.manifest.json` | what each file was ([`Manifest`]) |
//! | `BACKUP-<id>.verified.json` | when all of it was last read and compared ([`Verified`]) |
//! | `BACKUP-<id>.keep` | it is not to be removed; its text says why |
//!
//! They lie in the directory of the set's files, or the one above its parts' directories.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::SetFile;
use super::manifest::{Manifest, write_whole};

/// A verification that found nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Version of this form, 1.
    pub schema: u32,
    /// Id of the backup.
    pub backup_id: u32,
    /// Key of the backup that was verified.
    pub backup_key: Option<[u32; 2]>,
    /// When, RFC 3339.
    pub at: String,
    /// Contents were compared with the manifest.
    pub proven: bool,
    /// What verified: program and version.
    pub by: String,
}

impl Verified {
    /// Name of the record of this backup.
    pub fn file_name(backup_id: u32) -> String {
        format!("BACKUP-{backup_id}.verified.json")
    }

    /// Reads the record of a set; none if there is none that can be read.
    pub fn read(directory: &Path, backup_id: u32) -> Option<Self> {
        let text = fs::read(directory.join(Verified::file_name(backup_id))).ok()?;
        let record: Verified = serde_json::from_slice(&text).ok()?;
        (record.schema == 1 && record.backup_id == backup_id).then_some(record)
    }

    /// Writes the record.
    ///
    /// # Errors
    ///
    /// If the directory can't be written.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self).expect("a record is JSON");
        text.push(b'\n');
        write_whole(&directory.join(Verified::file_name(self.backup_id)), &text)
    }
}

/// Name of the file that pins a backup.
pub fn keep_file_name(backup_id: u32) -> String {
    format!("BACKUP-{backup_id}.keep")
}

/// The directories of a set in which its manifest can lie: those of its files, or the ones
/// above its parts' directories. The first is where new ones are written.
pub fn set_directories(files: &[SetFile]) -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = Vec::new();
    for file in files {
        let directory = file.set_directory();
        if !directories.iter().any(|it| it == directory) {
            directories.push(directory.to_owned());
        }
    }
    directories
}

/// Path of the set's manifest, if it has one.
pub fn manifest_of(files: &[SetFile], backup_id: u32) -> Option<PathBuf> {
    set_directories(files)
        .into_iter()
        .map(|directory| directory.join(Manifest::file_name(backup_id)))
        .find(|path| path.exists())
}

/// The set's record of its last verification.
pub fn verified_of(files: &[SetFile], backup_id: u32) -> Option<Verified> {
    set_directories(files)
        .iter()
        .find_map(|directory| Verified::read(directory, backup_id))
}

/// True if the set is not to be removed.
pub fn is_kept(files: &[SetFile], backup_id: u32) -> bool {
    set_directories(files)
        .iter()
        .any(|directory| directory.join(keep_file_name(backup_id)).exists())
}

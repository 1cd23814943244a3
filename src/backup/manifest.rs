//! The manifest of a backup set: what each file was when it was known to be good.
//!
//! A plain backup file has no checksum, so a flipped bit in an integer column is a valid row.
//! Only a digest that was taken when the files were gathered tells the two apart. The manifest
//! holds one for each file, and a digest of itself; it is JSON, and it is written whole or not
//! at all.
//!
//! Files are known by their name inside the set (`BACKUP-7.2.ctl`, or with its part's
//! directory `BACKUP-7-PART-1-OF-2/BACKUP-7.2.ctl`), so a manifest goes with its files wherever
//! they are moved, also where each node's files lie in a directory of its own.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of the manifest's form that is written and read.
pub const MANIFEST_SCHEMA: u32 = 1;

/// Largest manifest that is read, in bytes.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// SHA-256 of a file's bytes, as they lie on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileDigest(pub [u8; 32]);

impl std::fmt::Display for FileDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a set was when its manifest was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_SCHEMA`].
    pub schema: u32,
    /// Id of the backup.
    pub backup_id: u32,
    /// Key of the backup, the same in all its files; none if they could not be decrypted.
    pub backup_key: Option<[u32; 2]>,
    /// NDB version of the nodes that wrote it; none if the files could not be decrypted.
    pub ndb_version: Option<String>,
    /// GCP at which it started.
    pub start_gcp: Option<u32>,
    /// GCP at which it stopped.
    pub stop_gcp: Option<u32>,
    /// `start` or `end`: the moment whose state it holds.
    pub snapshot: Option<String>,
    /// Data nodes that wrote it.
    pub nodes: Vec<u32>,
    /// Parts of each node's files.
    pub parts: u32,
    /// Tables that users made.
    pub tables: Option<u64>,
    /// Rows, by the files' own counts.
    pub rows: Option<u64>,
    /// Bytes of all files.
    pub bytes: u64,
    /// The files are encrypted.
    pub encrypted: bool,
    /// The files are compressed.
    pub compressed: bool,
    /// When the manifest was made, RFC 3339.
    pub made_at: String,
    /// What made it: program and version.
    pub made_by: String,
    /// The files, sorted by name.
    pub files: Vec<ManifestFile>,
}

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name inside the set.
    pub name: String,
    /// Data node that wrote it.
    pub node: u32,
    /// Its part, from 1.
    pub part: u32,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

/// The file: the manifest and a digest of it.
#[derive(Serialize, Deserialize)]
struct Envelope {
    manifest: serde_json::Value,
    sha256: String,
}

/// Why a manifest can't be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It can't be read or written.
    #[error("cannot {action} the manifest {}", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// Its path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is no manifest, or a damaged one.
    #[error("the manifest {} is damaged: {why}", path.display())]
    Damaged {
        /// Its path.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was made by a later version of this program.
    #[error("the manifest {} has schema {found}, the newest known is {MANIFEST_SCHEMA}", path.display())]
    Schema {
        /// Its path.
        path: PathBuf,
        /// The schema found.
        found: u64,
    },
}

impl Manifest {
    /// Name of the manifest of this backup.
    pub fn file_name(backup_id: u32) -> String {
        format!("BACKUP-{backup_id}.manifest.json")
    }

    /// The file with this name inside the set.
    pub fn file(&self, name: &str) -> Option<&ManifestFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Reads a manifest and checks its own digest.
    ///
    /// # Errors
    ///
    /// If it can't be read, or is not what was written.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let io_error = |source| ManifestError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        };
        let damaged = |why: String| ManifestError::Damaged {
            path: path.to_owned(),
            why,
        };
        let mut text = Vec::new();
        File::open(path)
            .map_err(io_error)?
            .take(MANIFEST_BYTES_MAX)
            .read_to_end(&mut text)
            .map_err(io_error)?;
        let envelope: Envelope =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if digest_of(&envelope.manifest).to_string() != envelope.sha256 {
            return Err(damaged("its own checksum does not fit".to_owned()));
        }
        match envelope.manifest.get("schema").and_then(|it| it.as_u64()) {
            Some(found) if found != u64::from(MANIFEST_SCHEMA) => {
                return Err(ManifestError::Schema {
                    path: path.to_owned(),
                    found,
                });
            }
            _ => {}
        }
        serde_json::from_value(envelope.manifest).map_err(|error| damaged(error.to_string()))
    }

    /// Writes the manifest into this directory, whole or not at all, and gives its path. One
    /// that is there is replaced.
    ///
    /// # Errors
    ///
    /// If the directory can't be written.
    pub fn write(&self, directory: &Path) -> Result<PathBuf, ManifestError> {
        let path = directory.join(Manifest::file_name(self.backup_id));
        let manifest = serde_json::to_value(self).expect("a manifest is JSON");
        let sha256 = digest_of(&manifest).to_string();
        let mut text =
            serde_json::to_vec_pretty(&Envelope { manifest, sha256 }).expect("a manifest is JSON");
        text.push(b'\n');
        write_whole(&path, &text).map_err(|source| ManifestError::Io {
            action: "write",
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }
}

/// Digest of the compact form, in which keys are sorted.
fn digest_of(manifest: &serde_json::Value) -> FileDigest {
    FileDigest(Sha256::digest(manifest.to_string().as_bytes()).into())
}

/// Writes a file whole or not at all, and makes it durable: a temporary file beside it takes
/// its name once it is on disk.
///
/// # Errors
///
/// If the directory can't be written; what was there is untouched then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".ndb_backup-")
        .tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_directory(directory)
}

/// Makes the names in a directory durable.
///
/// # Errors
///
/// If the system refuses.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            schema: MANIFEST_SCHEMA,
            backup_id: 7,
            backup_key: Some([0x2_0007, 99]),
            ndb_version: Some("9.7.2".to_owned()),
            start_gcp: Some(3),
            stop_gcp: Some(5),
            snapshot: Some("end".to_owned()),
            nodes: vec![2],
            parts: 1,
            tables: Some(6),
            rows: Some(1000),
            bytes: 52,
            encrypted: false,
            compressed: false,
            made_at: "2026-11-25T18:00:00Z".to_owned(),
            made_by: "ndb_backup 0.1.0".to_owned(),
            files: vec![ManifestFile {
                name: "BACKUP-7.2.log".to_owned(),
                node: 2,
                part: 1,
                size: 52,
                sha256: "00".repeat(32),
            }],
        }
    }

    #[test]
    fn reads_back_what_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = manifest().write(directory.path()).unwrap();
        assert_eq!(path.file_name().unwrap(), "BACKUP-7.manifest.json");
        assert_eq!(Manifest::read(&path).unwrap(), manifest());
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = manifest().write(directory.path()).unwrap();
        let text = fs::read(&path).unwrap();
        for index in 0..text.len() {
            let mut bad = text.clone();
            bad[index] ^= 1;
            fs::write(&path, &bad).unwrap();
            let read = Manifest::read(&path);
            // White space may be another without a change of meaning.
            if !text[index].is_ascii_whitespace() {
                assert!(read.is_err(), "byte {index} of {}", text.len());
            }
        }
    }
}

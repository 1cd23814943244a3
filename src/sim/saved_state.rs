//! The simulator's own directory: who uses it, and what outlives a restart.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::model::SavedState;
use crate::cluster::{BackupId, Gci};

const LOCK_NAME: &str = "ndb_sim.lock";
const STATE_NAME: &str = "ndb_sim.state";

/// A state file is short; anything longer is none.
const STATE_BYTES_MAX: u64 = 4096;

/// The directory is in use, or cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Another simulator uses it.
    #[error("{} is in use by the simulator with process id {pid}", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// The other process, as it wrote it down.
        pid: String,
    },
    /// It cannot be made, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The directory or the file in it.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The state file is damaged.
    #[error("{}: not a state file of the simulator", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// The simulator's directory while this process uses it.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Locked until it is dropped.
    lock: File,
}

impl Drop for Directory {
    /// Closing alone would leave the lock with a child that is just being spawned.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl Directory {
    /// Makes the directory if it is missing and takes its lock.
    pub(super) fn open(path: &Path) -> Result<Self, DirectoryError> {
        let fault = |path: &Path, source| DirectoryError::Io {
            path: path.to_owned(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o750)
            .create(path)
            .map_err(|source| fault(path, source))?;
        let path = path.canonicalize().map_err(|source| fault(path, source))?;
        let lock_path = path.join(LOCK_NAME);
        let mut lock = open_lock(&lock_path).map_err(|source| fault(&lock_path, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = lock.take(20).read_to_string(&mut pid);
                return Err(DirectoryError::InUse {
                    directory: path,
                    pid: pid.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(fault(&lock_path, source)),
        }
        let pid = format!("{}\n", std::process::id());
        let write = |lock: &mut File| {
            lock.set_len(0)?;
            lock.rewind()?;
            lock.write_all(pid.as_bytes())
        };
        write(&mut lock).map_err(|source| fault(&lock_path, source))?;
        Ok(Directory { path, lock })
    }

    /// The absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What an earlier run kept; the defaults if there was none.
    pub(super) fn load(&self) -> Result<SavedState, DirectoryError> {
        let path = self.path.join(STATE_NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(SavedState::default());
            }
            Err(source) => return Err(DirectoryError::Io { path, source }),
        };
        let mut text = String::new();
        if let Err(source) = file.take(STATE_BYTES_MAX).read_to_string(&mut text) {
            return Err(DirectoryError::Io { path, source });
        }
        parse_state(&text).ok_or(DirectoryError::Damaged { path })
    }

    /// Keeps the state: the file is always whole, the old or the new one.
    pub(super) fn save(&self, state: SavedState) -> Result<(), DirectoryError> {
        let path = self.path.join(STATE_NAME);
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
            file.write_all(render_state(state).as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|source| DirectoryError::Io {
            path: path.clone(),
            source,
        })
    }
}

/// Opens the lock file, or makes it. What is no file of its own is refused: writing through a
/// symbolic link would change the file it leads to.
fn open_lock(path: &Path) -> io::Result<File> {
    let not_a_file = || io::Error::other("not a regular file; remove it and start again");
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o640);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(not_a_file());
    }
    let file = options.open(path)?;
    // It may have been replaced meanwhile.
    let (opened, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    if (opened.dev(), opened.ino()) != (named.dev(), named.ino()) {
        return Err(not_a_file());
    }
    Ok(file)
}

fn render_state(state: SavedState) -> String {
    let unfinished = state.unfinished.map_or(0, BackupId::get);
    format!(
        "backup_sequence={}\ngci={}\nunfinished={unfinished}\n",
        state.backup_sequence, state.gci
    )
}

fn parse_state(text: &str) -> Option<SavedState> {
    let mut state = SavedState::default();
    for line in text.lines() {
        let (name, value) = line.split_once('=')?;
        let number: u32 = value.parse().ok()?;
        match name {
            "backup_sequence" => state.backup_sequence = number,
            "gci" => state.gci = Gci(number),
            "unfinished" => state.unfinished = BackupId::new(number),
            _ => return None,
        }
    }
    Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_survives_and_a_damaged_file_is_named() {
        let root = tempfile::tempdir().unwrap();
        let directory = Directory::open(root.path()).unwrap();
        assert_eq!(directory.load().unwrap(), SavedState::default());
        let state = SavedState {
            backup_sequence: 41,
            gci: Gci(77),
            unfinished: BackupId::new(42),
        };
        directory.save(state).unwrap();
        assert_eq!(directory.load().unwrap(), state);
        fs::write(root.path().join(STATE_NAME), "backup_sequence=x\n").unwrap();
        assert!(
            directory
                .load()
                .unwrap_err()
                .to_string()
                .contains("ndb_sim.state")
        );
    }

    #[test]
    fn a_lock_that_is_a_symbolic_link_is_refused_and_its_target_kept() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("precious");
        fs::write(&target, "precious").unwrap();
        let lock = root.path().join(LOCK_NAME);
        for target in [&target, &root.path().join("missing")] {
            std::os::unix::fs::symlink(target, &lock).unwrap();
            let error = Directory::open(root.path()).unwrap_err().to_string();
            assert!(
                error.contains("ndb_sim.lock: not a regular file"),
                "{error}"
            );
            fs::remove_file(&lock).unwrap();
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
        assert!(!root.path().join("missing").exists());
    }

    #[test]
    fn a_second_user_learns_who_holds_the_directory() {
        let root = tempfile::tempdir().unwrap();
        let first = Directory::open(root.path()).unwrap();
        let error = Directory::open(root.path()).unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        drop(first);
        assert!(Directory::open(root.path()).is_ok());
    }
}

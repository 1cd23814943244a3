//! A file that nobody sees before it is complete.

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat};
use tempfile::NamedTempFile;
use tokio::signal::unix::{SignalKind, signal};

/// Only the user may look into a file that is not complete: its data may be secret.
const MODE: u32 = 0o600;

/// Longest part of the final name in a temporary one, in bytes: both have to fit 255.
const PREFIX_MAX: usize = 200;

/// A file that gets its name when it is complete.
pub(crate) enum HiddenFile {
    /// Without a name: whatever ends the program, nothing is left.
    Nameless(File),
    /// Under a temporary name beside the final one, where the file system has no other way.
    Named(NamedTempFile),
}

impl HiddenFile {
    /// Creates the file in the directory of `path`, which is to become its name.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        match nameless_in(directory_of(path)) {
            Some(file) => Ok(Self::Nameless(file)),
            None => Self::named(path),
        }
    }

    fn named(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().as_bytes();
        let mut prefix = name[..name.len().min(PREFIX_MAX)].to_vec();
        prefix.push(b'.');
        let file = tempfile::Builder::new()
            .prefix(&OsString::from_vec(prefix))
            .suffix(".tmp")
            .permissions(Permissions::from_mode(MODE))
            .tempfile_in(directory_of(path))
            .map_err(plain_error)?;
        remove_on_signal(file.path().to_owned())?;
        Ok(Self::Named(file))
    }

    pub(crate) fn as_file(&self) -> &File {
        match self {
            Self::Nameless(file) => file,
            Self::Named(file) => file.as_file(),
        }
    }

    /// Gives it its name, which no other file may have.
    pub(crate) fn publish(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Nameless(file) => {
                let descriptor = link_to(&file);
                Ok(linkat(
                    CWD,
                    &descriptor,
                    CWD,
                    path,
                    AtFlags::SYMLINK_FOLLOW,
                )?)
            }
            Self::Named(file) => match file.persist_noclobber(path) {
                Ok(_) => Ok(()),
                Err(error) => Err(plain_error(error.error)),
            },
        }
    }
}

/// Where a file of this name is.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// A file without a name, if it can get one later.
fn nameless_in(directory: &Path) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = rustix::fs::open(directory, flags, Mode::from_raw_mode(MODE)).ok()?;
    let file = File::from(file);
    link_to(&file).symlink_metadata().is_ok().then_some(file)
}

/// The link to an open file, by which it can be given a name.
fn link_to(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// The system's error without the path that `tempfile` wraps it in.
fn plain_error(error: io::Error) -> io::Error {
    let source = error
        .get_ref()
        .and_then(|inner| inner.source())
        .and_then(|source| source.downcast_ref::<io::Error>())
        .and_then(io::Error::raw_os_error);
    source.map_or(error, io::Error::from_raw_os_error)
}

/// A signal that ends the program must not leave the temporary file behind.
fn remove_on_signal(path: PathBuf) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    // Caught from here on, and waited for in the thread.
    let context = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    drop(context);
    let wait = move || {
        let kind = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
                _ = hang_up.recv() => SignalKind::hangup(),
                _ = quit.recv() => SignalKind::quit(),
            }
        });
        // Gone already if the program has just finished.
        let _ = std::fs::remove_file(&path);
        std::process::exit(128 + kind.as_raw_value());
    };
    thread::Builder::new().spawn(wait).map(drop)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    /// Both ways, whatever the file system of the tests has.
    fn both(path: &Path) -> Vec<HiddenFile> {
        let nameless = nameless_in(directory_of(path)).map(HiddenFile::Nameless);
        let named = HiddenFile::named(path).unwrap();
        nameless.into_iter().chain([named]).collect()
    }

    #[test]
    fn a_file_is_complete_or_absent_and_takes_no_name_that_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        for file in both(&path) {
            assert!(!path.exists());
            let mode = file.as_file().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            file.as_file().write_all(b"data").unwrap();
            file.publish(&path).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"data");
            for other in both(&path) {
                let error = other.publish(&path).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            }
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_temporary_name_begins_with_the_final_one() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["BACKUP-7.2.ctl".to_owned(), "n".repeat(255)] {
            let file = HiddenFile::named(&directory.path().join(&name)).unwrap();
            let entry = fs::read_dir(directory.path()).unwrap().next().unwrap();
            let temporary = entry.unwrap().file_name().into_string().unwrap();
            let prefix = &name[..name.len().min(PREFIX_MAX)];
            assert!(temporary.starts_with(&format!("{prefix}.")), "{temporary}");
            drop(file);
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        }
    }
}

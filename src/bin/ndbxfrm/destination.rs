//! What is written: a file that is complete or absent, or stdout.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Stdout, Write};
use std::os::unix::fs::PermissionsExt;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tempfile::NamedTempFile;
use tokio::signal::unix::{SignalKind, signal};

use crate::source::DASH;

/// Something to write to.
pub(crate) enum Destination {
    /// A file under a temporary name beside the final one.
    File {
        file: NamedTempFile,
        path: PathBuf,
        flusher: Flusher,
    },
    /// Stdout, which is a terminal if `plain_only`.
    Stdout { stdout: Stdout, plain_only: bool },
}

impl Destination {
    /// Creates the file, which must not exist. Stdout is refused for binary output if it
    /// is a terminal.
    pub(crate) fn create(path: &Path, is_container: bool) -> io::Result<Self> {
        if path == Path::new(DASH) {
            let stdout = io::stdout();
            let plain_only = stdout.is_terminal();
            if plain_only && is_container {
                return Err(binary_to_terminal());
            }
            return Ok(Self::Stdout { stdout, plain_only });
        }
        match path.symlink_metadata() {
            Ok(_) => return Err(io::Error::from_raw_os_error(EEXIST)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let file = tempfile::Builder::new()
            .prefix(".ndbxfrm-")
            // As any new file: the umask decides.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory_of(path))
            .map_err(plain_error)?;
        remove_on_signal(file.path().to_owned())?;
        Ok(Self::File {
            flusher: Flusher::start(file.as_file())?,
            file,
            path: path.to_owned(),
        })
    }

    /// Gives the complete file its name once it is on disk; another file that got the name
    /// meanwhile stays.
    pub(crate) fn publish(self) -> io::Result<()> {
        match self {
            Self::File {
                file,
                path,
                flusher,
            } => {
                flusher.finish()?;
                file.as_file().sync_all()?;
                let published = file.persist_noclobber(&path);
                published.map_err(|error| plain_error(error.error))?;
                // The name too should outlive a power cut, where the file system can do that.
                if let Ok(directory) = File::open(directory_of(&path)) {
                    let _ = directory.sync_all();
                }
                Ok(())
            }
            Self::Stdout { mut stdout, .. } => stdout.flush(),
        }
    }
}

const EEXIST: i32 = 17;

/// Bytes that may wait in memory before the disk is set to work.
const FLUSH_EVERY: usize = 16 << 20;

/// Has the disk write while the rest of a large file is being made, so that the sync at the
/// end, which is the one that counts, is short.
pub(crate) struct Flusher {
    unflushed: usize,
    requests: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Flusher {
    fn start(file: &File) -> io::Result<Self> {
        let file = file.try_clone()?;
        let (requests, requested) = sync_channel(1);
        let flush = move || requested.into_iter().try_for_each(|()| file.sync_data());
        Ok(Self {
            unflushed: 0,
            requests,
            thread: thread::Builder::new().spawn(flush)?,
        })
    }

    fn written(&mut self, count: usize) {
        self.unflushed += count;
        if self.unflushed >= FLUSH_EVERY {
            self.unflushed = 0;
            // With a flush under way and one waiting there is no need for a third.
            let _ = self.requests.try_send(());
        }
    }

    /// Waits for what is under way. The system reports a fault once, so a fault seen here
    /// would be missing from the sync at the end.
    fn finish(self) -> io::Result<()> {
        drop(self.requests);
        match self.thread.join() {
            Ok(flushed) => flushed,
            Err(cause) => panic::resume_unwind(cause),
        }
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { file, flusher, .. } => {
                let count = file.as_file_mut().write(bytes)?;
                flusher.written(count);
                Ok(count)
            }
            Self::Stdout { plain_only, .. } if *plain_only && !is_text(bytes) => {
                Err(binary_to_terminal())
            }
            Self::Stdout { stdout, .. } => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { file, .. } => file.as_file_mut().flush(),
            Self::Stdout { stdout, .. } => stdout.flush(),
        }
    }
}

fn binary_to_terminal() -> io::Error {
    io::Error::other("binary output is not written to a terminal")
}

fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| *byte >= 0x20 && *byte != 0x7F || matches!(byte, b'\t' | b'\n' | b'\r'))
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
    drop(context);
    let wait = move || {
        let kind = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
                _ = hang_up.recv() => SignalKind::hangup(),
            }
        });
        // Gone already if the program has just finished.
        let _ = std::fs::remove_file(&path);
        std::process::exit(128 + kind.as_raw_value());
    };
    thread::Builder::new().spawn(wait).map(drop)
}

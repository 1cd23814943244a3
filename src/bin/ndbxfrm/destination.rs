//! What is written: a file that is complete or absent, or a stream.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Stdout, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::hidden::{HiddenFile, directory_of};
use crate::source::DASH;

/// The name of stdout for programs that know no `-`.
const STDOUT: &str = "/dev/stdout";

/// Something to write to.
pub(crate) enum Destination {
    /// A file that gets its name when it is complete.
    File {
        file: HiddenFile,
        path: PathBuf,
        flusher: Flusher,
    },
    /// A device or a pipe, which is a terminal if `plain_only`.
    Device { device: File, plain_only: bool },
    /// Stdout, which is a terminal if `plain_only`.
    Stdout { stdout: Stdout, plain_only: bool },
}

impl Destination {
    /// Creates the file, which must not exist. Binary output to a terminal is refused.
    pub(crate) fn create(path: &Path, is_container: bool) -> io::Result<Self> {
        if path == Path::new(DASH) || path == Path::new(STDOUT) {
            let stdout = io::stdout();
            let plain_only = may_be_binary(stdout.is_terminal(), is_container)?;
            return Ok(Self::Stdout { stdout, plain_only });
        }
        if is_stream(path) {
            let device = File::options().write(true).open(path)?;
            let plain_only = may_be_binary(device.is_terminal(), is_container)?;
            return Ok(Self::Device { device, plain_only });
        }
        match path.symlink_metadata() {
            Ok(_) => return Err(io::Error::from_raw_os_error(EEXIST)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let file = HiddenFile::create(path)?;
        Ok(Self::File {
            flusher: Flusher::start(file.as_file())?,
            file,
            path: path.to_owned(),
        })
    }

    /// Gives the complete file its mode and its name once it is on disk; another file that got
    /// the name meanwhile stays.
    pub(crate) fn publish(self, mode: u32) -> io::Result<()> {
        match self {
            Self::File {
                file,
                path,
                flusher,
            } => {
                flusher.finish()?;
                let permissions = Permissions::from_mode(mode);
                file.as_file().set_permissions(permissions)?;
                file.as_file().sync_all()?;
                file.publish(&path)?;
                // The name too should outlive a power cut, where the file system can do that.
                if let Ok(directory) = File::open(directory_of(&path)) {
                    let _ = directory.sync_all();
                }
                Ok(())
            }
            Self::Device { mut device, .. } => device.flush(),
            Self::Stdout { mut stdout, .. } => stdout.flush(),
        }
    }
}

/// True for what exists and takes what is written to it without becoming a file.
fn is_stream(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| {
        let file_type = metadata.file_type();
        file_type.is_char_device() || file_type.is_fifo()
    })
}

/// A container is not written to a terminal; what else is shown there has to be text, which is
/// found out later.
fn may_be_binary(is_terminal: bool, is_container: bool) -> io::Result<bool> {
    if is_terminal && is_container {
        return Err(binary_to_terminal());
    }
    Ok(is_terminal)
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

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { file, flusher, .. } => {
                let count = file.as_file().write(bytes)?;
                flusher.written(count);
                Ok(count)
            }
            Self::Stdout { plain_only, .. } | Self::Device { plain_only, .. }
                if *plain_only && !is_text(bytes) =>
            {
                Err(binary_to_terminal())
            }
            Self::Device { device, .. } => device.write(bytes),
            Self::Stdout { stdout, .. } => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { file, .. } => file.as_file().flush(),
            Self::Device { device, .. } => device.flush(),
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

//! A file whose every byte is counted and hashed once, in whatever order it is read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::backup::FileDigest;

/// Bytes read at a time of what nobody asked for.
const PIECE: usize = 256 * 1024;

/// How far the file was hashed.
struct Progress {
    /// Every byte before this one was counted, and hashed if that is wanted.
    upto: u64,
    hasher: Option<Sha256>,
}

/// A file that is hashed while it is read.
///
/// A container is read from its header, its trailer, then its payload; the bytes that continue
/// what was hashed are hashed as they come by, so that nothing is read twice.
pub(super) struct Hashed {
    file: File,
    size: u64,
    position: u64,
    progress: Arc<Mutex<Progress>>,
    counter: Arc<AtomicU64>,
}

/// What [`Hashed`] leaves behind when its reader is gone.
pub(super) struct Rest {
    file: File,
    progress: Arc<Mutex<Progress>>,
    counter: Arc<AtomicU64>,
}

impl Hashed {
    /// Opens a file. `counter` counts its bytes as they are read.
    pub(super) fn open(
        path: &Path,
        with_digest: bool,
        counter: &Arc<AtomicU64>,
    ) -> io::Result<(Self, Rest)> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let progress = Arc::new(Mutex::new(Progress {
            upto: 0,
            hasher: with_digest.then(Sha256::new),
        }));
        let rest = Rest {
            file: File::open(path)?,
            progress: Arc::clone(&progress),
            counter: Arc::clone(counter),
        };
        let hashed = Hashed {
            file,
            size,
            position: 0,
            progress,
            counter: Arc::clone(counter),
        };
        Ok((hashed, rest))
    }

    /// Size of the file when it was opened.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

fn take_bytes(progress: &Mutex<Progress>, counter: &AtomicU64, position: u64, bytes: &[u8]) {
    let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
    let end = position + bytes.len() as u64;
    if position > progress.upto || end <= progress.upto {
        return;
    }
    let new = &bytes[(progress.upto - position) as usize..];
    if let Some(hasher) = &mut progress.hasher {
        hasher.update(new);
    }
    counter.fetch_add(new.len() as u64, Ordering::Relaxed);
    progress.upto = end;
}

impl Read for Hashed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        take_bytes(&self.progress, &self.counter, self.position, &out[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Hashed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}

impl Rest {
    /// Reads what was not read, and gives the digest of the whole file.
    pub(super) fn finish(mut self) -> io::Result<Option<FileDigest>> {
        let upto = || {
            let progress = self.progress.lock();
            progress.unwrap_or_else(PoisonError::into_inner).upto
        };
        let mut position = upto();
        self.file.seek(SeekFrom::Start(position))?;
        let mut piece = vec![0; PIECE];
        loop {
            match self.file.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => {
                    take_bytes(&self.progress, &self.counter, position, &piece[..count]);
                    position += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let hasher = progress.hasher.take();
        Ok(hasher.map(|hasher| FileDigest(hasher.finalize().into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_file_whatever_was_read_of_it() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, &bytes).unwrap();
        let expected = FileDigest(Sha256::digest(&bytes).into());
        let counter = Arc::new(AtomicU64::new(0));
        let (mut file, rest) = Hashed::open(&path, true, &counter).unwrap();
        file.read_exact(&mut [0; 1000]).unwrap();
        file.seek(SeekFrom::End(-56)).unwrap();
        file.read_exact(&mut [0; 56]).unwrap();
        file.seek(SeekFrom::Start(512)).unwrap();
        file.read_exact(&mut [0; 200_000]).unwrap();
        drop(file);
        assert_eq!(rest.finish().unwrap(), Some(expected));
        assert_eq!(counter.load(Ordering::Relaxed), bytes.len() as u64);
        let (_, rest) = Hashed::open(&path, false, &counter).unwrap();
        assert_eq!(rest.finish().unwrap(), None);
    }
}

//! A data node's disk: paced, with room for faults, and given up when the backup is.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::signal::Signal;

/// Written at once; the pace is kept between such chunks.
const CHUNK_BYTES: usize = 32 * 1024;

/// What a node's disk can do, config.ini and the scripted faults together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct DiskLimits {
    /// Bytes per second; none for as fast as it goes.
    pub(super) bytes_per_second: Option<u64>,
    /// Bytes until the disk is full.
    pub(super) capacity: Option<u64>,
}

#[derive(Debug)]
struct Usage {
    written: u64,
    since: Option<Instant>,
}

/// The disk that the files of one node and one backup share.
#[derive(Debug)]
pub(super) struct Disk {
    limits: DiskLimits,
    signal: Arc<Signal>,
    usage: Mutex<Usage>,
}

impl Disk {
    pub(super) fn new(limits: DiskLimits, signal: Arc<Signal>) -> Arc<Self> {
        Arc::new(Disk {
            limits,
            signal,
            usage: Mutex::new(Usage {
                written: 0,
                since: None,
            }),
        })
    }

    /// Waits until `bytes` more may be written.
    fn take(&self, bytes: u64) -> io::Result<()> {
        let (written, since) = {
            let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
            let since = *usage.since.get_or_insert_with(Instant::now);
            usage.written = usage.written.saturating_add(bytes);
            (usage.written, since)
        };
        if self
            .limits
            .capacity
            .is_some_and(|capacity| written > capacity)
        {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let Some(speed) = self.limits.bytes_per_second.filter(|speed| *speed > 0) else {
            return self.signal.pause(Duration::ZERO);
        };
        let due = Duration::from_secs_f64(written as f64 / speed as f64);
        self.signal.pause(due.saturating_sub(since.elapsed()))
    }
}

/// A file on such a disk.
#[derive(Debug)]
pub(super) struct PacedFile {
    file: File,
    disk: Arc<Disk>,
}

impl PacedFile {
    pub(super) fn new(file: File, disk: Arc<Disk>) -> Self {
        PacedFile { file, disk }
    }
}

impl Write for PacedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let chunk = &bytes[..bytes.len().min(CHUNK_BYTES)];
        self.disk.take(chunk.len() as u64)?;
        self.file.write_all(chunk)?;
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::signal::Command;
    use super::*;

    fn paced(limits: DiskLimits) -> (PacedFile, Arc<Signal>) {
        let signal = Arc::new(Signal::new());
        let disk = Disk::new(limits, Arc::clone(&signal));
        let file = tempfile::tempfile().unwrap();
        (PacedFile::new(file, disk), signal)
    }

    #[test]
    fn a_disk_is_full_after_its_capacity() {
        let (mut file, _signal) = paced(DiskLimits {
            capacity: Some(100_000),
            ..DiskLimits::default()
        });
        file.write_all(&[0; 100_000]).unwrap();
        let error = file.write_all(&[0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_slow_disk_lets_go_when_the_backup_is_aborted() {
        let (mut file, signal) = paced(DiskLimits {
            bytes_per_second: Some(1),
            ..DiskLimits::default()
        });
        let writer = std::thread::spawn(move || file.write_all(&[0; 100]).is_err());
        signal.set(Command::Remove);
        assert!(writer.join().unwrap());
    }
}

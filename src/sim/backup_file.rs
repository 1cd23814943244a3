//! A file of a backup: plain, compressed or encrypted, on a paced disk.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use super::disk::{Disk, PacedFile};
use crate::cluster::BackupPassword;
use crate::xfrm::{Options, Secret, XfrmError, XfrmWriter};

/// How a file's contents are protected (backup format, 6).
#[derive(Debug)]
pub(super) struct Protection<'a> {
    pub(super) password: Option<&'a BackupPassword>,
    pub(super) compress: bool,
}

/// The destination of a backup writer.
pub(super) struct BackupFile(XfrmWriter<PacedFile>);

impl BackupFile {
    /// Begins the container. An encrypted file derives its own key, of its own salt.
    pub(super) fn new(
        file: File,
        disk: Arc<Disk>,
        protection: &Protection<'_>,
    ) -> Result<Self, XfrmError> {
        let secret = protection
            .password
            .map(|password| Secret::new(password.expose().to_vec()));
        let options = Options::backup(protection.compress, secret.as_ref());
        XfrmWriter::new(PacedFile::new(file, disk), options).map(BackupFile)
    }

    /// Completes the container. Made-up rows need not survive a power failure, so the file
    /// is not synced.
    pub(super) fn finish(self) -> io::Result<()> {
        self.0.finish()?.flush()
    }
}

impl Write for BackupFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

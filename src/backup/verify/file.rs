//! Reading one file of a set, every byte of it.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::finding::{Finding, FindingKind};
use super::hashed::Hashed;
use super::seen::{Dictionary, FileRead};
use super::{data, log};
use crate::backup::ctl::{CTL_BYTES_MAX, CtlReader, CtlSection};
use crate::backup::{BackupError, CtlFile, FileKind};
use crate::xfrm::{self, Container, ReadAhead, Secret};

/// Bytes that a compressed file without encryption is a multiple of (backup format, 6.1).
const AZ31_BLOCK: u64 = 512;

/// What is asked of a reading.
pub(super) struct Reading<'a> {
    pub(super) secret: Option<&'a Secret>,
    pub(super) with_digest: bool,
    /// A thread of its own decrypts and inflates: there are more cores than files. Otherwise
    /// the data would only travel from one core's cache to another's.
    pub(super) ahead: bool,
    pub(super) counter: &'a Arc<AtomicU64>,
}

/// Reads every byte of a file. Without a dictionary rows are only counted.
pub(super) fn read_file(
    path: &Path,
    name: &str,
    kind: FileKind,
    dictionary: Option<&Dictionary>,
    reading: &Reading<'_>,
) -> FileRead {
    let mut read = FileRead::default();
    let unreadable = |error: io::Error| {
        let expected = "a file that can be read";
        Finding::new(
            FindingKind::Unreadable,
            name,
            None,
            error.to_string(),
            expected,
        )
    };
    let (hashed, rest) = match Hashed::open(path, reading.with_digest, reading.counter) {
        Ok(opened) => opened,
        Err(error) => {
            read.findings.push(unreadable(error));
            return read;
        }
    };
    read.size = hashed.size();
    match xfrm::open(hashed, reading.secret) {
        Err(error) => read.findings.push(Finding::of_container(name, error)),
        Ok(reader) => {
            read.encrypted = reader.container().is_encrypted();
            read.compressed = reader.container().is_compressed();
            if let Container::Az31(_) = reader.container()
                && !read.size.is_multiple_of(AZ31_BLOCK)
            {
                read.findings.push(cut_padding(name, read.size));
            }
            if !reading.ahead {
                read.contents(reader, name, kind, dictionary);
            } else {
                match ReadAhead::start(reader) {
                    Ok(reader) => read.contents(reader, name, kind, dictionary),
                    Err(error) => read.findings.push(unreadable(error)),
                }
            }
        }
    }
    match rest.finish() {
        Ok(digest) => read.digest = digest,
        Err(error) => read.findings.push(unreadable(error)),
    }
    read
}

/// The data of such a file is whole, the file is not.
fn cut_padding(name: &str, size: u64) -> Finding {
    let expected = "zeros up to a multiple of 512 bytes after the end of the container";
    let found = format!("{size} bytes");
    Finding::new(FindingKind::Container, name, None, found, expected)
}

impl FileRead {
    fn contents(
        &mut self,
        mut reader: impl Read,
        name: &str,
        kind: FileKind,
        dictionary: Option<&Dictionary>,
    ) {
        let outcome = match kind {
            FileKind::Ctl => self.ctl(&mut reader),
            FileKind::Data => data::read(self, &mut reader, name, dictionary),
            FileKind::Log => log::read(self, &mut reader, name, dictionary),
        };
        let container_failed = matches!(&outcome, Err(BackupError::Read { .. }));
        if let Err(error) = outcome {
            let encrypted = self.encrypted;
            self.findings
                .push(Finding::of_contents(name, error, encrypted));
        }
        if container_failed {
            return;
        }
        // A container shows that it is whole at its end only; and the thread that reads has to
        // come to its end before the digest is taken.
        if let Err(error) = io::copy(&mut reader, &mut io::sink()) {
            self.findings
                .push(Finding::of_container(name, error.into()));
        }
    }

    fn ctl(&mut self, reader: impl Read) -> Result<(), BackupError> {
        let mut reader = CtlReader::new(reader.take(CTL_BYTES_MAX))?;
        self.header = Some(reader.header().clone());
        let mut ctl = CtlFile::without_sections(reader.header().clone());
        while let Some(section) = reader.next_section()? {
            self.ended |= matches!(section, CtlSection::Gcp(_));
            ctl.add(section);
        }
        self.ctl = Some(ctl);
        Ok(())
    }
}

//! What is read: a file, or stdin.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ndbmgm::xfrm::{self, Container, XfrmError};

/// Enough of stdin to know a container by.
const SNIFFED: u64 = 512;

/// Bytes that tell the kinds of backup files apart.
const MAGIC_SIZE: u64 = 8;

/// Mode of what has none.
const PIPED_MODE: u32 = 0o600;

/// Stands for stdin and stdout.
pub(crate) const DASH: &str = "-";

/// Something to read.
pub(crate) enum Source {
    /// A file that can be searched for a trailer.
    File(File),
    /// Raw data from a pipe: what was read to find that out, and the rest.
    Pipe(io::Chain<Cursor<Vec<u8>>, File>),
}

impl Source {
    /// Opens a file, or stdin for `-`. A container from a pipe goes through a nameless
    /// temporary file, because its trailer is needed first.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = if path == Path::new(DASH) {
            File::from(io::stdin().as_fd().try_clone_to_owned()?)
        } else {
            File::open(path)?
        };
        // A password may have been read from the beginning of stdin.
        if file.metadata()?.is_file() && file.stream_position()? == 0 {
            return Ok(Self::File(file));
        }
        let mut first = Vec::new();
        file.by_ref().take(SNIFFED).read_to_end(&mut first)?;
        if first.len() < SNIFFED as usize || xfrm::begins_as_container(&first) {
            let mut spool = tempfile::tempfile()?;
            io::copy(&mut Cursor::new(first).chain(file), &mut spool)?;
            spool.seek(SeekFrom::Start(0))?;
            Ok(Self::File(spool))
        } else {
            Ok(Self::Pipe(Cursor::new(first).chain(file)))
        }
    }

    /// What it is.
    pub(crate) fn inspect(self) -> Result<Container, XfrmError> {
        match self {
            Self::File(file) => xfrm::inspect(file),
            Self::Pipe(_) => Ok(Container::Raw),
        }
    }

    /// The first bytes, as many as a magic has, without taking them.
    pub(crate) fn first_bytes(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::File(file) => {
                let mut first = Vec::new();
                file.by_ref().take(MAGIC_SIZE).read_to_end(&mut first)?;
                file.seek(SeekFrom::Start(0))?;
                Ok(first)
            }
            Self::Pipe(pipe) => {
                let first = pipe.get_ref().0.get_ref();
                Ok(first.iter().take(MAGIC_SIZE as usize).copied().collect())
            }
        }
    }

    /// Who may do what with it. What came through a pipe is for its user alone.
    pub(crate) fn mode(&self) -> u32 {
        match self {
            Self::File(file) => file
                .metadata()
                .map_or(PIPED_MODE, |metadata| metadata.permissions().mode() & 0o777),
            Self::Pipe(_) => PIPED_MODE,
        }
    }

    /// Its size, if known.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::File(file) => file.metadata().ok().map(|metadata| metadata.len()),
            Self::Pipe(_) => None,
        }
    }
}

//! What is read: a file, or stdin.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::Path;

use ndbmgm::xfrm::{self, Container, XfrmError};

/// Enough of stdin to know a container by.
const SNIFFED: u64 = 512;

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

    /// Its size, if known.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::File(file) => file.metadata().ok().map(|metadata| metadata.len()),
            Self::Pipe(_) => None,
        }
    }
}

//! Buffered reading with a position: the bottom of every reader.

use std::io::{self, Read};

use super::BackupError;

/// Bytes asked of the source at once, and of one that turned out to be long.
const CHUNK: usize = 64 * 1024;
const CHUNK_OF_LONG: usize = 256 * 1024;

/// A reader that knows its offset and lends slices of its buffer.
///
/// The buffer grows to the largest slice asked for; callers check lengths against the format's
/// limits before they ask.
pub(crate) struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(inner: R) -> Self {
        Source {
            inner,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
        }
    }

    /// Offset of the next byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next `length` bytes without consuming them; fewer at the end of the input.
    pub(crate) fn peek(&mut self, length: usize, what: &'static str) -> Result<&[u8], BackupError> {
        if self.end - self.start < length {
            self.fill(length, what)?;
        }
        let length = length.min(self.end - self.start);
        Ok(&self.buffer[self.start..self.start + length])
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize, what: &'static str) -> Result<&[u8], BackupError> {
        if self.end - self.start < length {
            self.fill(length, what)?;
            if self.end - self.start < length {
                return Err(BackupError::Truncated {
                    what,
                    offset: self.offset,
                });
            }
        }
        let start = self.start;
        self.start += length;
        self.offset += length as u64;
        Ok(&self.buffer[start..start + length])
    }

    /// The next word, big-endian as all framing is.
    pub(crate) fn word(&mut self, what: &'static str) -> Result<u32, BackupError> {
        let bytes = self.take(4, what)?;
        Ok(be_word(bytes, 0))
    }

    /// True when no byte is left.
    pub(crate) fn at_end(&mut self, what: &'static str) -> Result<bool, BackupError> {
        Ok(self.peek(1, what)?.is_empty())
    }

    fn fill(&mut self, wanted: usize, what: &'static str) -> Result<(), BackupError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let size = match self.offset {
            offset if offset < CHUNK as u64 => wanted,
            _ => wanted.max(CHUNK_OF_LONG),
        };
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        while self.end < wanted && !self.ended {
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(BackupError::Read {
                        what,
                        offset: self.offset,
                        source,
                    });
                }
            }
        }
        Ok(())
    }
}

/// A reader of which the part that nobody asked for can be read too: a container shows that it
/// is whole, and of the right password, at its end only.
pub(crate) struct Counted<R> {
    inner: R,
    position: u64,
}

impl<R: Read> Counted<R> {
    pub(crate) fn new(inner: R) -> Self {
        Counted { inner, position: 0 }
    }

    /// Reads what is left.
    pub(crate) fn exhaust(&mut self) -> Result<(), BackupError> {
        let offset = self.position;
        match io::copy(self, &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(source) => Err(BackupError::Read {
                what: "rest of the file",
                offset,
                source,
            }),
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.position += count as u64;
        Ok(count)
    }
}

/// Word number `index` of `bytes`, big-endian; zero beyond the end.
pub(crate) fn be_word(bytes: &[u8], index: usize) -> u32 {
    word_at(bytes, index).map_or(0, u32::from_be_bytes)
}

/// The bytes of word number `index`.
pub(crate) fn word_at(bytes: &[u8], index: usize) -> Option<[u8; 4]> {
    let start = index.checked_mul(4)?;
    bytes.get(start..)?.first_chunk::<4>().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte per read, with an interruption before each.
    struct Trickle<'a>(&'a [u8], bool);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn short_reads_and_interruptions_do_not_show() {
        let mut source = Source::new(Trickle(&[0, 0, 1, 2, 9], false));
        assert_eq!(source.word("word").unwrap(), 0x102);
        assert_eq!(source.offset(), 4);
        assert_eq!(source.peek(4, "rest").unwrap(), [9]);
        assert!(matches!(
            source.take(2, "rest"),
            Err(BackupError::Truncated {
                what: "rest",
                offset: 4
            })
        ));
    }
}

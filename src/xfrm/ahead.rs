//! Reading in the background.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;

use super::XfrmReader;

/// Pieces that wait for their user.
const WAITING_MAX: usize = 2;

/// Data of a file, read, decrypted and inflated by a thread of its own a few pieces ahead of
/// whoever uses it.
///
/// The promise of [`XfrmReader`] holds: the end is only reported after the whole was found
/// right, and after an error every further read fails. Dropping it ends the thread at its
/// next piece.
pub struct ReadAhead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    used: Sender<Vec<u8>>,
    piece: Vec<u8>,
    position: usize,
    is_ended: bool,
}

impl ReadAhead {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// The system has no thread to give.
    pub fn start<R: Read + Send + 'static>(mut reader: XfrmReader<R>) -> io::Result<Self> {
        let (to_user, pieces) = sync_channel(WAITING_MAX);
        let (used, spare) = channel();
        thread::Builder::new().name("read".into()).spawn(move || {
            loop {
                let piece = reader.next_piece(spare.try_recv().unwrap_or_default());
                let is_last = piece.as_ref().map_or(true, Vec::is_empty);
                if to_user.send(piece).is_err() || is_last {
                    break;
                }
            }
        })?;
        Ok(Self {
            pieces,
            used,
            piece: Vec::new(),
            position: 0,
            is_ended: false,
        })
    }
}

impl BufRead for ReadAhead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.piece.len() && !self.is_ended {
            let used = std::mem::take(&mut self.piece);
            self.position = 0;
            // The thread is gone after the last piece.
            let _ = self.used.send(used);
            let piece = self.pieces.recv().map_err(|_| ended_early())??;
            self.is_ended = piece.is_empty();
            self.piece = piece;
        }
        Ok(&self.piece[self.position..])
    }

    fn consume(&mut self, count: usize) {
        self.position = (self.position + count).min(self.piece.len());
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut ready = self.fill_buf()?;
        let count = ready.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

fn ended_early() -> io::Error {
    io::Error::other("reading has ended before the end")
}

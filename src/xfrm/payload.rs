//! The payload of a container: read, decrypted and freed of its padding, piece by piece.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use aes::Block;
use crc32fast::Hasher;

use super::cipher::{self, PayloadCipher};
use super::lanes::Lanes;
use super::{Fault, XfrmError};

/// Bytes read and decrypted at a time, a multiple of the cipher's block.
const PIECE: usize = 256 * 1024;

/// Bytes that stay in memory of buffers that were used up.
const SPARE_MAX: usize = 8;

/// A piece of the payload in the clear, with its CRC-32 if a worker made it.
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) crc: Option<Hasher>,
}

/// A piece of ciphertext.
struct Job {
    bytes: Vec<u8>,
    offset: u64,
    previous: Block,
}

/// Reads the payload in pieces.
pub(super) struct Payload<R> {
    source: R,
    /// Payload bytes not yet read.
    left: u64,
    /// Position in the payload of the next byte to read.
    offset: u64,
    cipher: Option<Arc<PayloadCipher>>,
    lanes: Option<Lanes<Job, Piece>>,
    is_padded: bool,
    /// Last block of ciphertext read.
    previous: Block,
    /// Pieces not yet handed out.
    unreturned: u64,
    /// Used buffers, to be filled again.
    spare: VecDeque<Vec<u8>>,
}

impl<R: Read> Payload<R> {
    /// A payload of `size` bytes at the source's position.
    pub(super) fn new(source: R, size: u64) -> Self {
        Self {
            source,
            left: size,
            offset: 0,
            cipher: None,
            lanes: None,
            is_padded: false,
            previous: Block::default(),
            unreturned: size.div_ceil(PIECE as u64),
            spare: VecDeque::new(),
        }
    }

    /// Decrypts with this cipher, in the background if `threads` is more than 1.
    pub(super) fn decrypt_with(
        &mut self,
        cipher: PayloadCipher,
        is_padded: bool,
        threads: usize,
    ) -> io::Result<()> {
        let cipher = Arc::new(cipher);
        if threads > 1 && self.unreturned > 1 {
            self.lanes = Some(Lanes::start((0..threads).map(|_| {
                let cipher = Arc::clone(&cipher);
                move |job| decrypt(&cipher, job)
            }))?);
        }
        self.cipher = Some(cipher);
        self.is_padded = is_padded;
        Ok(())
    }

    /// The next piece, never empty but for a payload of nothing but padding; `None` at the end.
    pub(super) fn next_piece(&mut self) -> Result<Option<Piece>, XfrmError> {
        if self.unreturned == 0 {
            return Ok(None);
        }
        let mut piece = match &self.cipher {
            None => Piece {
                bytes: self.read_piece()?.bytes,
                crc: None,
            },
            Some(cipher) => {
                let cipher = Arc::clone(cipher);
                match self.take_from_lanes()? {
                    Some(piece) => piece,
                    None => {
                        let mut job = self.read_piece()?;
                        cipher.decrypt(&mut job.bytes, job.offset, &job.previous);
                        Piece {
                            bytes: job.bytes,
                            crc: None,
                        }
                    }
                }
            }
        };
        self.unreturned -= 1;
        if self.unreturned == 0 && self.is_padded {
            remove_padding(&mut piece.bytes)?;
            piece.crc = None;
        }
        Ok(Some(piece))
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.offset
    }

    /// Takes a used buffer back.
    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        if self.spare.len() < SPARE_MAX {
            self.spare.push_back(buffer);
        }
    }

    /// Keeps the lanes busy and takes the next piece from them, if there are lanes.
    fn take_from_lanes(&mut self) -> Result<Option<Piece>, XfrmError> {
        let Some(mut lanes) = self.lanes.take() else {
            return Ok(None);
        };
        while self.left > 0 && !lanes.is_full() {
            let job = self.read_piece()?;
            lanes.push(job)?;
        }
        let piece = lanes.pop()?;
        self.lanes = Some(lanes);
        Ok(piece)
    }

    fn read_piece(&mut self) -> Result<Job, XfrmError> {
        let length = self.left.min(PIECE as u64) as usize;
        let mut bytes = self.spare.pop_front().unwrap_or_default();
        bytes.resize(length, 0);
        self.source.read_exact(&mut bytes).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                XfrmError::Truncated("it became shorter while it was read")
            } else {
                XfrmError::Io(error)
            }
        })?;
        let job = Job {
            offset: self.offset,
            previous: self.previous,
            bytes,
        };
        if let Some(last) = job.bytes.last_chunk::<{ cipher::BLOCK }>() {
            self.previous = (*last).into();
        }
        self.left -= length as u64;
        self.offset += length as u64;
        Ok(job)
    }
}

fn decrypt(cipher: &PayloadCipher, mut job: Job) -> Piece {
    cipher.decrypt(&mut job.bytes, job.offset, &job.previous);
    let mut crc = Hasher::new();
    crc.update(&job.bytes);
    Piece {
        bytes: job.bytes,
        crc: Some(crc),
    }
}

/// Takes the PKCS padding from the last piece: k bytes of value k, 1 to 16. A piece begins
/// at a multiple of 16, so k fits the size of the data whenever the padding is whole.
fn remove_padding(bytes: &mut Vec<u8>) -> Result<(), XfrmError> {
    let wrong = XfrmError::WrongSecretOrDamaged(Fault::Padding);
    let Some(last) = bytes.last().copied() else {
        return Err(wrong);
    };
    let count = usize::from(last);
    if !(1..=cipher::BLOCK).contains(&count) || count > bytes.len() {
        return Err(wrong);
    }
    let data = bytes.len() - count;
    if bytes[data..].iter().any(|byte| *byte != last) {
        return Err(wrong);
    }
    bytes.truncate(data);
    Ok(())
}

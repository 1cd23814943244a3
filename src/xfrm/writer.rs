//! Writing a container.

use std::io::{self, Write};

use aes::Block;
use crc32fast::Hasher;

use super::cipher::{self, PayloadCipher};
use super::deflate::{self, Deflater};
use super::header::{Cipher, FIXED_HEADER_SIZE, Flags, HEADER_MAX, Header, KeySource};
use super::lanes::Lanes;
use super::trailer::{CRC_IN_TRAILER, FIXED_TRAILER_SIZE, Trailer};
use super::{OptionsError, Secret, XfrmError, az31, keys};

/// File block size of backups.
pub const FILE_BLOCK_SIZE: u32 = 512;

/// PBKDF2 iterations of backups (backup format, 7.5).
pub const ITERATIONS: u32 = 100_000;

/// How to write. The options decide on the container: encrypted is NDBXFRM1, compressed
/// only is AZ31, and neither is the data as it is (backup format, 6.1 and 7).
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Compress the data (raw deflate).
    pub compress: bool,
    /// Encrypt the data.
    pub encryption: Option<Encryption<'a>>,
    /// The file's size is made a multiple of this many bytes: a power of two, 512 to 16384,
    /// or 0 for no padding. 512 for compression without encryption.
    pub file_block_size: u32,
    /// Threads that compress and encrypt in the background; up to 1 means that the caller's
    /// does.
    pub threads: usize,
}

/// How to encrypt (backup format, 7.5).
#[derive(Debug, Clone, Copy)]
pub struct Encryption<'a> {
    /// Password or key.
    pub secret: &'a Secret,
    /// CBC for backups.
    pub cipher: Cipher,
    /// What is done with the secret.
    pub keys: Keys,
    /// Bytes that are encrypted on their own: 0 for stream CBC, else a multiple of 16.
    pub data_unit_size: u32,
    /// Size of the data, if known: with data units it decides on the number of keys.
    pub size_hint: Option<u64>,
}

/// What is done with the secret (backup format, 7.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Keys are derived from it with this many iterations of PBKDF2-HMAC-SHA256, at least 1.
    Derived {
        /// [`ITERATIONS`] for backups.
        iterations: u32,
    },
    /// It is a 32-byte key that wraps random keys.
    Wrapped,
}

impl Default for Options<'_> {
    /// The data as it is.
    fn default() -> Self {
        Self {
            compress: false,
            encryption: None,
            file_block_size: FILE_BLOCK_SIZE,
            threads: 1,
        }
    }
}

impl<'a> Options<'a> {
    /// As a data node writes: with CBC and PBKDF2 if there is a password, and compressed on
    /// demand (backup format, 6).
    pub fn backup(compress: bool, password: Option<&'a Secret>) -> Self {
        Self {
            compress,
            encryption: password.map(Encryption::backup),
            ..Self::default()
        }
    }
}

impl<'a> Encryption<'a> {
    /// As a data node encrypts: stream CBC with a key derived in 100000 iterations.
    pub fn backup(secret: &'a Secret) -> Self {
        Self {
            secret,
            cipher: Cipher::Cbc,
            keys: Keys::Derived {
                iterations: ITERATIONS,
            },
            data_unit_size: 0,
            size_hint: None,
        }
    }

    fn key_source(&self) -> KeySource {
        match self.keys {
            Keys::Derived { .. } => KeySource::Pbkdf2,
            Keys::Wrapped => KeySource::KeyWrap,
        }
    }

    fn iterations(&self) -> u32 {
        match self.keys {
            Keys::Derived { iterations } => iterations.max(1),
            Keys::Wrapped => 0,
        }
    }

    /// Number of pairs of key and iv: the square root of the number of uses, so that no
    /// combination is used twice (backup format, 7.5).
    fn pair_count(&self, file_block_size: u32) -> usize {
        if self.data_unit_size == 0 {
            return 1;
        }
        let (units_per_use, most) = match (self.cipher, self.keys) {
            (Cipher::Cbc, Keys::Derived { .. }) => (1, 500),
            (Cipher::Xts, Keys::Derived { .. }) => (0x1_0000, 511),
            (_, Keys::Wrapped) => (
                match self.cipher {
                    Cipher::Cbc => 1,
                    Cipher::Xts => 0x1_0000,
                },
                499,
            ),
        };
        let Some(size) = self.size_hint else {
            // As many as there is room for.
            let room = u32::try_from(HEADER_MAX)
                .unwrap_or(u32::MAX)
                .min(if file_block_size == 0 {
                    16384
                } else {
                    file_block_size
                })
                - FIXED_HEADER_SIZE;
            let fit = match self.keys {
                Keys::Derived { .. } => room / 32,
                Keys::Wrapped => (room - 8) / 64,
            };
            return (fit as usize).clamp(1, most);
        };
        let uses = size.div_ceil(u64::from(self.data_unit_size) * units_per_use);
        let root = uses.isqrt();
        let root = if root * root < uses { root + 1 } else { root };
        usize::try_from(root).unwrap_or(most).clamp(1, most)
    }
}

/// Writes a container (backup format, 6.1 or 7) around the data written to it. It is complete only after
/// [`XfrmWriter::finish`]; dropped before, it leaves a file that readers refuse.
///
/// `W` gets the header first and the trailer last, and need not be able to seek.
pub struct XfrmWriter<W> {
    sink: Sink<W>,
    ending: Ending,
    deflater: Option<Deflater>,
    /// Data that doesn't fill a block yet.
    block: Vec<u8>,
    size: u64,
    crc: Hasher,
    has_failed: bool,
}

/// What follows the payload.
enum Ending {
    Raw,
    Az31,
    Ndbxfrm(Box<Header>),
}

impl<W: Write> XfrmWriter<W> {
    /// Makes salts and keys and writes the header.
    ///
    /// # Errors
    ///
    /// [`XfrmError::Options`] before anything is written, or the error of the destination.
    pub fn new(mut inner: W, options: Options<'_>) -> Result<Self, XfrmError> {
        check(&options)?;
        let mut cipher = None;
        let ending = if let Some(encryption) = &options.encryption {
            let (header, pairs) = new_header(&options, encryption)?;
            inner.write_all(&header.encode())?;
            cipher = Some(PayloadCipher::new(
                encryption.cipher,
                encryption.data_unit_size,
                &pairs,
            ));
            Ending::Ndbxfrm(Box::new(header))
        } else if options.compress {
            inner.write_all(&az31::header())?;
            Ending::Az31
        } else {
            Ending::Raw
        };
        let deflater = match options.compress {
            true => Some(Deflater::new(options.threads)?),
            false => None,
        };
        // Compression is so much slower that encryption needs no thread beside it.
        let sink_threads = if options.compress { 1 } else { options.threads };
        Ok(Self {
            sink: Sink::new(inner, cipher, sink_threads)?,
            ending,
            deflater,
            block: Vec::with_capacity(deflate::BLOCK),
            size: 0,
            crc: Hasher::new(),
            has_failed: false,
        })
    }

    /// Writes what is left, and the trailer; returns the destination, which is not flushed.
    ///
    /// # Errors
    ///
    /// Those of the destination.
    pub fn finish(mut self) -> io::Result<W> {
        if self.has_failed {
            return Err(io::Error::other("writing failed before"));
        }
        self.write_block(true)?;
        while let Some(bytes) = self.deflater.as_mut().map_or(Ok(None), Deflater::pop)? {
            self.sink.put(bytes)?;
        }
        let crc = self.crc.finalize();
        match &self.ending {
            Ending::Raw => self.sink.finish_payload(false)?,
            Ending::Az31 => {
                self.sink.finish_payload(false)?;
                let trailer = az31::trailer(crc, self.size, self.sink.written);
                self.sink.inner.write_all(&trailer)?;
            }
            Ending::Ndbxfrm(header) => {
                self.sink.finish_payload(header.flags.is_padded())?;
                let trailer = Trailer {
                    flags: CRC_IN_TRAILER,
                    data_size: self.size,
                    data_checksum: crc.to_le_bytes(),
                    trailer_size: trailer_size(header, self.sink.written),
                    ..Trailer::default()
                };
                self.sink
                    .inner
                    .write_all(&trailer.encode(header.byte_order))?;
            }
        }
        Ok(self.sink.inner)
    }

    /// Passes the block on.
    fn write_block(&mut self, is_last: bool) -> io::Result<()> {
        let next = if is_last { 0 } else { deflate::BLOCK };
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(next));
        self.size += block.len() as u64;
        self.crc.update(&block);
        match &mut self.deflater {
            Some(deflater) => match deflater.push(block, is_last)? {
                Some(bytes) => self.sink.put(bytes),
                None => Ok(()),
            },
            None => self.sink.put(block),
        }
    }

    fn write_some(&mut self, data: &[u8]) -> io::Result<usize> {
        if matches!(self.ending, Ending::Raw) {
            return self.sink.inner.write(data);
        }
        let count = data.len().min(deflate::BLOCK - self.block.len());
        self.block.extend_from_slice(&data[..count]);
        if self.block.len() == deflate::BLOCK {
            self.write_block(false)?;
        }
        Ok(count)
    }
}

impl<W: Write> Write for XfrmWriter<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.has_failed {
            return Err(io::Error::other("writing failed before"));
        }
        let written = self.write_some(data);
        self.has_failed = written.is_err();
        written
    }

    /// Flushes the destination. What doesn't fill a block yet stays here until
    /// [`XfrmWriter::finish`].
    fn flush(&mut self) -> io::Result<()> {
        self.sink.inner.flush()
    }
}

fn check(options: &Options<'_>) -> Result<(), OptionsError> {
    let size = options.file_block_size;
    if !options.compress && options.encryption.is_none() {
        return Ok(());
    }
    if size != 0 && !(size.is_power_of_two() && (512..=16384).contains(&size)) {
        return Err(OptionsError::FileBlockSize(size));
    }
    match &options.encryption {
        None if options.compress && size != FILE_BLOCK_SIZE => {
            Err(OptionsError::Az31BlockSize(size))
        }
        None => Ok(()),
        Some(encryption) if !encryption.data_unit_size.is_multiple_of(16) => {
            Err(OptionsError::DataUnitSize(encryption.data_unit_size))
        }
        Some(encryption) if encryption.cipher == Cipher::Xts && encryption.data_unit_size == 0 => {
            Err(OptionsError::XtsNeedsDataUnits)
        }
        Some(_) => Ok(()),
    }
}

fn new_header(
    options: &Options<'_>,
    encryption: &Encryption<'_>,
) -> Result<(Header, Vec<keys::KeyPair>), XfrmError> {
    let count = encryption.pair_count(options.file_block_size);
    let source = encryption.key_source();
    let material = match source {
        KeySource::Pbkdf2 => count * 32,
        KeySource::KeyWrap => count * 64 + 8,
    };
    // Checked before the keys are derived, which takes time.
    let needed = FIXED_HEADER_SIZE + u32::try_from(material).unwrap_or(u32::MAX / 2);
    let header_size = match options.file_block_size {
        0 => needed,
        size => size,
    };
    if needed > header_size {
        return Err(OptionsError::HeaderTooSmall {
            needed,
            file_block_size: header_size,
        }
        .into());
    }
    let (pairs, octets) = keys::create(source, encryption.secret, encryption.iterations(), count)?;

    let xts_compressed = options.compress && encryption.cipher == Cipher::Xts;
    let flags = u64::from(options.compress) << 8
        | (encryption.cipher as u64) << 12
        | (source as u64) << 16
        | if xts_compressed { 1 << 28 } else { 1 << 20 }
        | if count > 1 { 2 << 24 } else { 0 };
    let header = Header {
        header_size,
        flags: Flags(flags),
        file_block_size: options.file_block_size,
        iterations: encryption.iterations(),
        keying_material_size: match source {
            KeySource::Pbkdf2 => 32,
            KeySource::KeyWrap => octets.len() as u32,
        },
        keying_material_count: match source {
            KeySource::Pbkdf2 => count as u32,
            KeySource::KeyWrap => 1,
        },
        data_unit_size: encryption.data_unit_size,
        octets,
        ..Header::default()
    };
    Ok((header, pairs))
}

/// The trailer and the zeros that make the file's size a multiple of its block size.
fn trailer_size(header: &Header, payload_size: u64) -> u32 {
    let end = u64::from(header.header_size) + payload_size + u64::from(FIXED_TRAILER_SIZE);
    let padding = match header.file_block_size {
        0 => 0,
        size => end.next_multiple_of(u64::from(size)) - end,
    };
    FIXED_TRAILER_SIZE + padding as u32
}

/// Encrypts the payload and writes it.
struct Sink<W> {
    inner: W,
    encryption: Encrypting,
    /// Bytes that don't fill a cipher block yet.
    rest: Vec<u8>,
    /// Bytes of payload written.
    written: u64,
}

enum Encrypting {
    Not,
    Inline(Chain),
    Thread(Lanes<Vec<u8>, Vec<u8>>),
}

/// The cipher and where it is in the payload.
struct Chain {
    cipher: PayloadCipher,
    offset: u64,
    previous: Block,
}

impl Chain {
    fn encrypt(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        self.cipher.encrypt(&mut bytes, self.offset, &self.previous);
        self.offset += bytes.len() as u64;
        if let Some(last) = bytes.last_chunk::<{ cipher::BLOCK }>() {
            self.previous = (*last).into();
        }
        bytes
    }
}

impl<W: Write> Sink<W> {
    fn new(inner: W, cipher: Option<PayloadCipher>, threads: usize) -> io::Result<Self> {
        let encryption = match cipher {
            None => Encrypting::Not,
            Some(cipher) => {
                let mut chain = Chain {
                    cipher,
                    offset: 0,
                    previous: Block::default(),
                };
                if threads > 1 {
                    let work = move |bytes| chain.encrypt(bytes);
                    Encrypting::Thread(Lanes::start([work])?)
                } else {
                    Encrypting::Inline(chain)
                }
            }
        };
        Ok(Self {
            inner,
            encryption,
            rest: Vec::new(),
            written: 0,
        })
    }

    /// Takes the next bytes of the payload.
    fn put(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        if matches!(self.encryption, Encrypting::Not) {
            return self.write(&bytes);
        }
        let mut whole = if self.rest.is_empty() {
            bytes
        } else {
            let mut joined = std::mem::take(&mut self.rest);
            joined.extend_from_slice(&bytes);
            joined
        };
        self.rest = whole.split_off(whole.len() / cipher::BLOCK * cipher::BLOCK);
        self.encrypt(whole)
    }

    fn encrypt(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        let encrypted = match &mut self.encryption {
            Encrypting::Not => Some(bytes),
            Encrypting::Inline(chain) => Some(chain.encrypt(bytes)),
            Encrypting::Thread(lanes) => {
                let ready = if lanes.is_full() { lanes.pop()? } else { None };
                lanes.push(bytes)?;
                ready
            }
        };
        encrypted.map_or(Ok(()), |bytes| self.write(&bytes))
    }

    /// Pads, and writes what is left.
    fn finish_payload(&mut self, is_padded: bool) -> io::Result<()> {
        if is_padded {
            let count = cipher::BLOCK - self.rest.len() % cipher::BLOCK;
            let mut last = std::mem::take(&mut self.rest);
            last.resize(last.len() + count, count as u8);
            self.encrypt(last)?;
        }
        while let Encrypting::Thread(lanes) = &mut self.encryption {
            match lanes.pop()? {
                Some(bytes) => self.write(&bytes)?,
                None => break,
            }
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

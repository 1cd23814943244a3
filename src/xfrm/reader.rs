//! Reading a container, or a file that is none.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

use super::cipher::{self, PayloadCipher};
use super::header::{HEADER_MAX, Header, MAGIC};
use super::payload::{Payload, Piece};
use super::trailer::{self, Trailer};
use super::{Container, Fault, Secret, XfrmError, az31, keys};

/// Bytes inflated at a time. Who has room for them gets them where they are wanted; less at a
/// time would cost more, as the window is put aside each time.
const INFLATED: usize = 128 * 1024;

/// While no more than this was inflated, a fault says that the password may be wrong: bytes
/// decrypted with a wrong key fail as deflate much sooner.
const WRONG_SECRET_SHOWS_WITHIN: u64 = 64 * 1024;

/// Rounds of key derivation that a file may ask for unless the caller says otherwise; they
/// take a few seconds.
pub const KEY_DERIVATION_MAX: u64 = 10_000_000;

/// How to read.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// Threads that decrypt in the background; up to 1 means that the caller's does.
    pub threads: usize,
    /// Most rounds of key derivation: iterations times salts, both from the header. The
    /// default, [`KEY_DERIVATION_MAX`], is 100 times what a backup needs.
    pub key_derivation_max: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            key_derivation_max: KEY_DERIVATION_MAX,
        }
    }
}

/// Opens a file and finds out what it is: NDBXFRM1, AZ31, or raw.
///
/// All that can be checked without reading the data is checked. The secret is not looked
/// at for a file that is not encrypted.
///
/// # Errors
///
/// [`XfrmError::SecretNeeded`] without a secret for an encrypted file, and an error that
/// names what is wrong for a damaged or truncated container (backup format, 7.4).
pub fn open<R: Read + Seek>(
    source: R,
    secret: Option<&Secret>,
) -> Result<XfrmReader<R>, XfrmError> {
    open_with(source, secret, ReadOptions::default())
}

/// Like [`open`], with options.
///
/// # Errors
///
/// As [`open`].
pub fn open_with<R: Read + Seek>(
    mut source: R,
    secret: Option<&Secret>,
    options: ReadOptions,
) -> Result<XfrmReader<R>, XfrmError> {
    let (container, file_size) = identify(&mut source)?;
    let (start, end) = match &container {
        Container::Raw => (0, file_size),
        Container::Az31(trailer) => (az31::BLOCK, trailer.payload_end),
        Container::Ndbxfrm(header, trailer) => (
            u64::from(header.header_size),
            file_size - u64::from(trailer.trailer_size),
        ),
    };
    source.seek(SeekFrom::Start(start))?;
    let mut payload = Payload::new(source, end - start);
    if let Container::Ndbxfrm(header, trailer) = &container {
        check_payload_size(header, trailer, end - start)?;
        if let Some(cipher) = header.cipher() {
            let secret = secret.ok_or(XfrmError::SecretNeeded)?;
            let pairs = keys::open(header, secret, options.key_derivation_max)?;
            payload.decrypt_with(
                PayloadCipher::new(cipher, header.data_unit_size, &pairs),
                header.flags.is_padded(),
                options.threads,
            )?;
        }
    }
    Ok(XfrmReader {
        inflater: container.is_compressed().then(Inflater::new),
        container,
        payload,
        ready: Vec::new(),
        position: 0,
        size: 0,
        crc: Hasher::new(),
        state: State::Reading,
    })
}

/// Finds out what a file is (backup format, 7.4), without a secret and without reading its
/// data.
///
/// # Errors
///
/// As [`open`], but for what concerns the secret.
pub fn inspect<R: Read + Seek>(mut source: R) -> Result<Container, XfrmError> {
    identify(&mut source).map(|(container, _)| container)
}

/// True if a file with these first bytes is a container or a damaged one, false if it is
/// raw. A header's 160 bytes are enough to tell, and all of a shorter file.
pub fn begins_as_container(first: &[u8]) -> bool {
    first.starts_with(&az31::MAGIC) || (first.starts_with(MAGIC) && looks_like_header(first))
}

fn identify<R: Read + Seek>(source: &mut R) -> Result<(Container, u64), XfrmError> {
    let file_size = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(0))?;
    let mut first = Vec::new();
    source
        .by_ref()
        .take(HEADER_MAX as u64)
        .read_to_end(&mut first)?;

    if first.starts_with(&az31::MAGIC) {
        let header = first
            .get(..az31::BLOCK as usize)
            .ok_or(XfrmError::Truncated("it ends within the header"))?;
        if header != az31::header() {
            return Err(XfrmError::BadHeader("AZ31 header"));
        }
        let trailer = az31::locate(source, file_size)?;
        return Ok((Container::Az31(trailer), file_size));
    }
    if first.starts_with(MAGIC) && looks_like_header(&first) {
        let header = Header::decode(&first)?;
        let trailer = Trailer::locate(source, file_size, &header)?;
        return Ok((Container::Ndbxfrm(header, trailer), file_size));
    }
    check_is_raw(source, &first, file_size)?;
    Ok((Container::Raw, file_size))
}

/// A file of less than 32 bytes is raw even with the magic (backup format, 7.4), unless it
/// goes on as only a header that was cut off does.
fn looks_like_header(first: &[u8]) -> bool {
    let marker = super::header::ENDIAN_MARKER;
    let rest = &first[MAGIC.len()..first.len().min(16)];
    first.len() >= 32
        || marker.to_le_bytes().starts_with(rest)
        || marker.to_be_bytes().starts_with(rest)
}

/// Refuses what can only be a container with a damaged magic: copied as raw it would pass
/// for the data.
fn check_is_raw<R: Read + Seek>(
    source: &mut R,
    first: &[u8],
    file_size: u64,
) -> Result<(), XfrmError> {
    let magic = az31::MAGIC.len();
    if first
        .get(magic..az31::BLOCK as usize)
        .is_some_and(|rest| *rest == az31::header()[magic..])
    {
        return Err(XfrmError::MagicDamaged("header"));
    }
    let mut last = Vec::new();
    source.seek(SeekFrom::Start(file_size.saturating_sub(az31::BLOCK)))?;
    source.by_ref().take(az31::BLOCK).read_to_end(&mut last)?;
    let is_trailer = last.last_chunk().is_some_and(trailer::is_trailer);
    if is_trailer || az31::is_end(&last, file_size) {
        return Err(XfrmError::MagicDamaged("trailer"));
    }
    Ok(())
}

/// Compares the payload's size with the one that follows from the size of the data.
fn check_payload_size(header: &Header, trailer: &Trailer, found: u64) -> Result<(), XfrmError> {
    let block = cipher::BLOCK as u64;
    if header.flags.is_encrypted() && !found.is_multiple_of(block) {
        return Err(XfrmError::PayloadSize {
            found,
            expected: found / block * block,
        });
    }
    if header.flags.is_compressed() {
        return Ok(());
    }
    let data_size = trailer.data_size;
    let expected = if header.flags.is_padded() {
        (data_size / block).saturating_add(1).saturating_mul(block)
    } else {
        data_size
    };
    if found == expected {
        Ok(())
    } else {
        Err(XfrmError::PayloadSize { found, expected })
    }
}

/// The data of a file, whatever container it is in (backup format, 6.1 and 7); made by
/// [`open`].
///
/// The end of the data is only reported ([`Read::read`] returns 0) after size and checksum
/// were found right, so whoever reads to the end and gets no error has the whole data.
/// After an error every further read fails. Memory is bounded whatever the file's size.
pub struct XfrmReader<R> {
    container: Container,
    payload: Payload<R>,
    inflater: Option<Inflater>,
    /// Data to hand out, from `position` on.
    ready: Vec<u8>,
    position: usize,
    /// Bytes that went through `ready`, and their CRC-32.
    size: u64,
    crc: Hasher,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Failed,
}

impl<R: Read> XfrmReader<R> {
    /// What the file is.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// Bytes of the payload that were read from the source, for a progress bar.
    pub fn payload_position(&self) -> u64 {
        self.payload.position()
    }

    /// The next piece of the data in exchange for a buffer that is no longer needed, so
    /// that another thread can use the piece without a copy. Empty at the verified end.
    ///
    /// # Errors
    ///
    /// As reading.
    pub fn next_piece(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        self.fill_buf()?;
        let handed_out = std::mem::replace(&mut self.position, used.len());
        let mut piece = std::mem::replace(&mut self.ready, used);
        piece.drain(..handed_out);
        Ok(piece)
    }

    /// Makes more data ready; nothing is ready afterwards only at the verified end.
    fn advance(&mut self) -> Result<(), XfrmError> {
        self.position = 0;
        loop {
            let crc = match &mut self.inflater {
                None => {
                    let used = std::mem::take(&mut self.ready);
                    self.payload.give_back(used);
                    match self.payload.next_piece()? {
                        Some(Piece { bytes, crc }) => {
                            self.ready = bytes;
                            crc
                        }
                        None => return self.end(),
                    }
                }
                Some(inflater) => {
                    self.ready.resize(INFLATED, 0);
                    let filled = inflater.fill(&mut self.payload, &mut self.ready)?;
                    self.ready.truncate(filled);
                    if filled == 0 {
                        return self.end();
                    }
                    None
                }
            };
            match crc {
                Some(crc) => self.crc.combine(&crc),
                None if matches!(self.container, Container::Raw) => {}
                None => self.crc.update(&self.ready),
            }
            self.size += self.ready.len() as u64;
            self.check_size_so_far()?;
            if !self.ready.is_empty() {
                return Ok(());
            }
        }
    }

    /// Inflates right into this buffer; 0 at the verified end.
    fn inflate_into(&mut self, buffer: &mut [u8]) -> Result<usize, XfrmError> {
        let Some(inflater) = &mut self.inflater else {
            return Ok(0);
        };
        self.ready.clear();
        self.position = 0;
        let filled = inflater.fill(&mut self.payload, buffer)?;
        self.crc.update(&buffer[..filled]);
        self.size += filled as u64;
        self.check_size_so_far()?;
        if filled == 0 {
            self.end()?;
        }
        Ok(filled)
    }

    /// Stops as soon as there is more data than there should be, so that a forged file
    /// can't fill the disk.
    fn check_size_so_far(&self) -> Result<(), XfrmError> {
        match &self.container {
            Container::Ndbxfrm(_, trailer) if self.size > trailer.data_size => {
                Err(self.damaged(Fault::Size {
                    found: self.size,
                    expected: trailer.data_size,
                }))
            }
            _ => Ok(()),
        }
    }

    /// Checks size and checksum of the whole.
    fn end(&mut self) -> Result<(), XfrmError> {
        self.ready.clear();
        let (expected_size, size, crc) = match &self.container {
            Container::Raw => (self.size, self.size, None),
            Container::Az31(trailer) => (
                u64::from(trailer.size),
                self.size & u64::from(u32::MAX),
                Some(trailer.crc),
            ),
            Container::Ndbxfrm(_, trailer) => (trailer.data_size, self.size, trailer.crc()),
        };
        if size != expected_size {
            return Err(self.damaged(Fault::Size {
                found: size,
                expected: expected_size,
            }));
        }
        let found = self.crc.clone().finalize();
        match crc {
            Some(expected) if found != expected => {
                Err(self.damaged(Fault::Checksum { found, expected }))
            }
            _ => {
                self.state = State::Ended;
                Ok(())
            }
        }
    }

    /// Deflate and padding found valid speak against a wrong password.
    fn damaged(&self, fault: Fault) -> XfrmError {
        let was_seen_right = match &self.container {
            Container::Ndbxfrm(header, _) if header.flags.is_encrypted() => {
                header.flags.is_compressed() || header.flags.is_padded()
            }
            _ => true,
        };
        if was_seen_right {
            XfrmError::Damaged(fault)
        } else {
            XfrmError::WrongSecretOrDamaged(fault)
        }
    }
}

impl<R: Read> BufRead for XfrmReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.ready.len() {
            match self.state {
                State::Reading => {
                    if let Err(error) = self.advance() {
                        return Err(self.fail(error));
                    }
                }
                State::Ended => {}
                State::Failed => return Err(io::Error::other("reading failed before")),
            }
        }
        Ok(&self.ready[self.position..])
    }

    fn consume(&mut self, count: usize) {
        self.position = (self.position + count).min(self.ready.len());
    }
}

impl<R: Read> XfrmReader<R> {
    fn fail(&mut self, error: XfrmError) -> io::Error {
        self.ready.clear();
        self.position = 0;
        self.state = State::Failed;
        self.explain(error).into()
    }

    /// Without a password in play, a fault is damage.
    fn explain(&self, error: XfrmError) -> XfrmError {
        match error {
            XfrmError::WrongSecretOrDamaged(fault) if !self.container.is_encrypted() => {
                XfrmError::Damaged(fault)
            }
            other => other,
        }
    }
}

impl<R: Read> Read for XfrmReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let nothing_is_ready = self.position == self.ready.len() && self.state == State::Reading;
        if nothing_is_ready && self.inflater.is_some() && buffer.len() >= INFLATED {
            return self.inflate_into(buffer).map_err(|error| self.fail(error));
        }
        let mut ready = self.fill_buf()?;
        let count = ready.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Inflates the payload.
struct Inflater {
    state: Decompress,
    piece: Vec<u8>,
    position: usize,
    is_end: bool,
}

impl Inflater {
    fn new() -> Self {
        Self {
            state: Decompress::new(false),
            piece: Vec::new(),
            position: 0,
            is_end: false,
        }
    }

    /// Fills `ready`, and says how far. Less than all of it only at the end of the stream, which
    /// must be the end of the payload.
    fn fill<R: Read>(
        &mut self,
        payload: &mut Payload<R>,
        ready: &mut [u8],
    ) -> Result<usize, XfrmError> {
        if self.is_end {
            return Ok(0);
        }
        let mut filled = 0;
        // The state can hold output of input that it has consumed, so more input is asked
        // for only once it leaves room in `ready`.
        loop {
            let (inputs, outputs) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(
                    &self.piece[self.position..],
                    &mut ready[filled..],
                    FlushDecompress::None,
                )
                .map_err(|_| self.fault(Fault::Deflate))?;
            self.position += (self.state.total_in() - inputs) as usize;
            filled += (self.state.total_out() - outputs) as usize;
            if status == Status::StreamEnd {
                self.check_end(payload)?;
                break;
            }
            if filled == ready.len() {
                break;
            }
            if self.position == self.piece.len() {
                payload.give_back(std::mem::take(&mut self.piece));
                self.position = 0;
                match payload.next_piece()? {
                    Some(piece) => self.piece = piece.bytes,
                    None => return Err(self.fault(Fault::DeflateEnd)),
                }
            } else if self.state.total_in() == inputs && self.state.total_out() == outputs {
                return Err(self.fault(Fault::Deflate));
            }
        }
        Ok(filled)
    }

    fn check_end<R: Read>(&mut self, payload: &mut Payload<R>) -> Result<(), XfrmError> {
        self.is_end = true;
        let mut rest = self.piece.len() - self.position;
        while rest == 0 {
            match payload.next_piece()? {
                Some(piece) => rest = piece.bytes.len(),
                None => return Ok(()),
            }
        }
        Err(self.fault(Fault::DeflateEnd))
    }

    fn fault(&self, fault: Fault) -> XfrmError {
        if self.state.total_out() < WRONG_SECRET_SHOWS_WITHIN {
            XfrmError::WrongSecretOrDamaged(fault)
        } else {
            XfrmError::Damaged(fault)
        }
    }
}

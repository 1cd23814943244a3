//! The trailer of an NDBXFRM1 container (backup format, 7.3).

use std::io::{self, Read, Seek, SeekFrom};

use super::XfrmError;
use super::header::{ByteOrder, ENDIAN_MARKER, Header, MAGIC, is_zero};

/// Size of the trailer without the padding before it.
pub const FIXED_TRAILER_SIZE: u32 = 56;

/// Where the flags say how the data can be checked: 0 for not at all.
const CHECKSUM_FLAGS: u64 = 0xF0;

/// These flags when the trailer holds the CRC-32 of the data, the only checksum there is.
pub(super) const CRC_IN_TRAILER: u64 = 0x30;

/// How far before the end a trailer is looked for when there is none at the end, to tell
/// trailing garbage from truncation.
const GARBAGE_SEARCH: u64 = 1 << 20;

/// Trailer of an NDBXFRM1 container (backup format, 7.3), the last 56 bytes of the file.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | flags; `0x30`: the CRC-32 of the data is here |
/// | 8 | 8 | size of the data, in bytes |
/// | 16 | 4 | checksum of the file, unused |
/// | 20 | 4 | CRC-32 of the data, always little-endian |
/// | 24 | 8 | zeros |
/// | 32 | 4 | fixed trailer size, 56 |
/// | 36 | 4 | trailer size: 56 and the zeros before it |
/// | 40 | 8 | endian marker |
/// | 48 | 8 | magic `NDBXFRM1` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// What the trailer holds.
    pub flags: u64,
    /// Size of the data before compression and encryption, in bytes.
    pub data_size: u64,
    /// Unused.
    pub file_checksum: [u8; 4],
    /// CRC-32 of the data before compression and encryption, little-endian.
    pub data_checksum: [u8; 4],
    /// Offset 24, zero; no reader looks at it.
    pub zeros: [u32; 2],
    /// Size of the trailer with the zeros before it, in bytes.
    pub trailer_size: u32,
}

impl Default for Trailer {
    /// The block that is shown for a file without a trailer (backup format, 9.4).
    fn default() -> Self {
        Self {
            flags: 0,
            data_size: 0,
            file_checksum: [0; 4],
            data_checksum: [0; 4],
            zeros: [0; 2],
            trailer_size: FIXED_TRAILER_SIZE,
        }
    }
}

impl Trailer {
    /// CRC-32 of the data, if the trailer holds it.
    pub fn crc(&self) -> Option<u32> {
        (self.flags & CHECKSUM_FLAGS == CRC_IN_TRAILER)
            .then(|| u32::from_le_bytes(self.data_checksum))
    }

    /// Reads the trailer from a file's last 56 bytes.
    ///
    /// The magic is not looked at, as in the original (backup format, 7.4). The original does
    /// not look at the flags either, and checks nothing if they are damaged; here they are
    /// those of a CRC-32 or of no checksum.
    pub fn decode(bytes: &[u8; 56], order: ByteOrder) -> Result<Self, XfrmError> {
        if order.u64(bytes, 40) != ENDIAN_MARKER {
            return Err(XfrmError::BadTrailer("endian marker"));
        }
        if order.u32(bytes, 32) != FIXED_TRAILER_SIZE {
            return Err(XfrmError::BadTrailer("fixed trailer size"));
        }
        let flags = order.u64(bytes, 0);
        if !matches!(flags & CHECKSUM_FLAGS, 0 | CRC_IN_TRAILER) {
            return Err(XfrmError::BadTrailer("checksum flags"));
        }
        let mut file_checksum = [0; 4];
        file_checksum.copy_from_slice(&bytes[16..20]);
        let mut data_checksum = [0; 4];
        data_checksum.copy_from_slice(&bytes[20..24]);
        Ok(Self {
            flags,
            data_size: order.u64(bytes, 8),
            file_checksum,
            data_checksum,
            zeros: [order.u32(bytes, 24), order.u32(bytes, 28)],
            trailer_size: order.u32(bytes, 36),
        })
    }

    /// The trailer's bytes with the zeros before it, `trailer_size` of them.
    ///
    /// # Panics
    ///
    /// If `trailer_size` is less than 56.
    pub fn encode(&self, order: ByteOrder) -> Vec<u8> {
        let mut bytes = vec![0; self.trailer_size as usize];
        let at = bytes.len() - FIXED_TRAILER_SIZE as usize;
        let fixed = &mut bytes[at..];
        order.put_u64(fixed, 0, self.flags);
        order.put_u64(fixed, 8, self.data_size);
        fixed[16..20].copy_from_slice(&self.file_checksum);
        fixed[20..24].copy_from_slice(&self.data_checksum);
        order.put_u32(fixed, 24, self.zeros[0]);
        order.put_u32(fixed, 28, self.zeros[1]);
        order.put_u32(fixed, 32, FIXED_TRAILER_SIZE);
        order.put_u32(fixed, 36, self.trailer_size);
        order.put_u64(fixed, 40, ENDIAN_MARKER);
        fixed[48..].copy_from_slice(MAGIC);
        bytes
    }

    /// Reads and checks the trailer of a file of `file_size` bytes.
    pub(super) fn locate<R: Read + Seek>(
        source: &mut R,
        file_size: u64,
        header: &Header,
    ) -> Result<Self, XfrmError> {
        let header_size = u64::from(header.header_size);
        if file_size < header_size + u64::from(FIXED_TRAILER_SIZE) {
            return Err(XfrmError::Truncated("it has no trailer"));
        }
        let fixed_at = file_size - u64::from(FIXED_TRAILER_SIZE);
        let mut fixed = [0; FIXED_TRAILER_SIZE as usize];
        source.seek(SeekFrom::Start(fixed_at))?;
        source.read_exact(&mut fixed)?;
        let order = header.byte_order;
        let marker_found = order.u64(&fixed, 40) == ENDIAN_MARKER;
        if !marker_found && fixed[48..] != *MAGIC {
            return Err(without_trailer(source, file_size, header)?);
        }
        let trailer = Self::decode(&fixed, order)?;

        let size = u64::from(trailer.trailer_size);
        if size < u64::from(FIXED_TRAILER_SIZE) || size > file_size - header_size {
            return Err(XfrmError::BadTrailer("trailer size"));
        }
        source.seek(SeekFrom::Start(file_size - size))?;
        let padding = size - u64::from(FIXED_TRAILER_SIZE);
        if !next_are_zero(source, padding)? {
            return Err(XfrmError::BadTrailer("bytes before it that are not zero"));
        }
        Ok(trailer)
    }
}

fn next_are_zero<R: Read>(source: &mut R, mut count: u64) -> io::Result<bool> {
    let mut piece = [0; 4096];
    while count > 0 {
        let length = count.min(piece.len() as u64) as usize;
        source.read_exact(&mut piece[..length])?;
        if !is_zero(&piece[..length]) {
            return Ok(false);
        }
        count -= length as u64;
    }
    Ok(true)
}

/// The error for a file that doesn't end with a trailer: garbage if there is one before.
fn without_trailer<R: Read + Seek>(
    source: &mut R,
    file_size: u64,
    header: &Header,
) -> io::Result<XfrmError> {
    let from = file_size
        .saturating_sub(GARBAGE_SEARCH)
        .max(u64::from(header.header_size));
    let mut tail = Vec::new();
    source.seek(SeekFrom::Start(from))?;
    source
        .by_ref()
        .take(GARBAGE_SEARCH)
        .read_to_end(&mut tail)?;
    let mut pattern = [0; 16];
    header.byte_order.put_u64(&mut pattern, 0, ENDIAN_MARKER);
    pattern[8..].copy_from_slice(MAGIC);
    let end = tail.windows(16).rposition(|window| window == pattern);
    Ok(match end {
        Some(at) => XfrmError::TrailingGarbage {
            bytes: file_size - from - at as u64 - 16,
        },
        None => XfrmError::Truncated("it has no trailer"),
    })
}

/// True if these last 56 bytes of a file can only be a trailer.
pub(super) fn is_trailer(bytes: &[u8; 56]) -> bool {
    let mut marker = [0; 8];
    marker.copy_from_slice(&bytes[40..48]);
    ByteOrder::of_marker(marker)
        .is_some_and(|order| bytes[48..] == *MAGIC && order.u32(bytes, 32) == FIXED_TRAILER_SIZE)
}

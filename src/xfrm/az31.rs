//! The AZ31 container: compressed, never encrypted (backup format, 6.1).
//!
//! | part | size | content |
//! |---|---|---|
//! | header | 512 | always the same bytes |
//! | payload | n | raw deflate of the data |
//! | trailer | 12 | CRC-32 of the data, size of the data modulo 2^32, `DBDN`; little-endian |
//! | padding | 0..511 | zeros, to a multiple of 512 |

use std::io::{Read, Seek, SeekFrom};

use super::XfrmError;
use super::header::is_zero;

/// First bytes of the header; a file with them is AZ31 or nothing.
pub(super) const MAGIC: [u8; 3] = [0xFE, 0x03, 0x01];

/// Header and block size.
pub(super) const BLOCK: u64 = 512;

const END: &[u8; 4] = b"DBDN";

/// The trailer is looked for in this many bytes at the end of the file.
const TAIL: u64 = 1024;

/// How far before the end a trailer is looked for when the tail holds none, to tell
/// trailing garbage from truncation.
const GARBAGE_SEARCH: u64 = 1 << 20;

/// Trailer of an AZ31 container (backup format, 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Az31Trailer {
    /// CRC-32 of the data.
    pub crc: u32,
    /// Size of the data modulo 2^32.
    pub size: u32,
    /// Where the payload ends, in bytes from the beginning of the file.
    pub(super) payload_end: u64,
}

/// The header, byte for byte.
pub(super) fn header() -> [u8; BLOCK as usize] {
    let mut header = [0; BLOCK as usize];
    header[..3].copy_from_slice(&MAGIC);
    header[3] = 0x10;
    header[6] = 0x02;
    header[22] = 0x02;
    header[77] = 0x01;
    header
}

/// The trailer and the padding after `payload_size` bytes of payload.
pub(super) fn trailer(crc: u32, data_size: u64, payload_size: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BLOCK as usize);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.extend_from_slice(&(data_size as u32).to_le_bytes());
    bytes.extend_from_slice(END);
    let end = payload_size + bytes.len() as u64;
    let padding = end.next_multiple_of(BLOCK) - end;
    bytes.resize(bytes.len() + padding as usize, 0);
    bytes
}

/// True if a file with these last bytes ends as an AZ31 container does.
pub(super) fn is_end(last: &[u8], file_size: u64) -> bool {
    let used = last
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    file_size > BLOCK && last.len() - used < BLOCK as usize && last[..used].ends_with(END)
}

/// Finds the trailer: the last bytes of the file that are not zero end with `DBDN`.
pub(super) fn locate<R: Read + Seek>(
    source: &mut R,
    file_size: u64,
) -> Result<Az31Trailer, XfrmError> {
    let tail_at = file_size.saturating_sub(TAIL).max(BLOCK);
    let tail = read_from(source, tail_at, TAIL)?;
    let used = tail
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    let tail = &tail[..used];
    if used < 12 || !tail.ends_with(END) {
        return Err(without_trailer(source, file_size)?);
    }
    let fields = &tail[used - 12..];
    let word = |at: usize| {
        u32::from_le_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]])
    };
    Ok(Az31Trailer {
        crc: word(0),
        size: word(4),
        payload_end: tail_at + used as u64 - 12,
    })
}

/// The error for a file that doesn't end with a trailer: garbage if there is one before.
fn without_trailer<R: Read + Seek>(source: &mut R, file_size: u64) -> Result<XfrmError, XfrmError> {
    let from = file_size.saturating_sub(GARBAGE_SEARCH).max(BLOCK);
    let tail = read_from(source, from, GARBAGE_SEARCH)?;
    let Some(at) = tail.windows(END.len()).rposition(|window| window == END) else {
        return Ok(XfrmError::Truncated("it has no trailer"));
    };
    let used = from + (at + END.len()) as u64;
    let end = used.next_multiple_of(BLOCK);
    let padding = tail.get((used - from) as usize..(end - from) as usize);
    Ok(match padding {
        Some(padding) if is_zero(padding) && end < file_size => XfrmError::TrailingGarbage {
            bytes: file_size - end,
        },
        _ => XfrmError::BadTrailer("bytes after it that are not zero"),
    })
}

fn read_from<R: Read + Seek>(source: &mut R, at: u64, most: u64) -> Result<Vec<u8>, XfrmError> {
    let mut bytes = Vec::new();
    source.seek(SeekFrom::Start(at))?;
    source.by_ref().take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

//! Raw deflate in independent blocks (RFC 1951; backup format, 6).
//!
//! Each block of 128 KiB is compressed by itself, with the 32 KiB before it as dictionary,
//! and all but the last end at a byte boundary (sync flush). Put together they are one
//! deflate stream, so blocks can be compressed in parallel and any reader takes the result.

use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::lanes::Lanes;

/// Bytes of data in a block.
pub(super) const BLOCK: usize = 128 * 1024;

/// How far back deflate can refer.
const WINDOW: usize = 32 * 1024;

/// On rows of real size the output is as small as that of zlib's level 6, and level 7 takes
/// twice the time for one or two percent less (`benches/tools.sh`).
const LEVEL: u32 = 6;

/// A block to compress.
struct Job {
    dictionary: Vec<u8>,
    block: Vec<u8>,
    is_last: bool,
}

/// Compresses blocks in the caller's thread or in several.
pub(super) struct Deflater {
    workers: Workers,
    /// The last bytes that were pushed.
    window: Vec<u8>,
}

enum Workers {
    Inline,
    Threads(Lanes<Job, io::Result<Vec<u8>>>),
}

impl Deflater {
    /// `threads` of 0 or 1 means: in the caller's thread.
    pub(super) fn new(threads: usize) -> io::Result<Self> {
        let workers = if threads > 1 {
            Workers::Threads(Lanes::start(
                (0..threads).map(|_| |job: Job| compress(&job)),
            )?)
        } else {
            Workers::Inline
        };
        Ok(Self {
            workers,
            window: Vec::new(),
        })
    }

    /// Takes the next block. Returns compressed bytes that are ready, of this block or of
    /// an earlier one.
    pub(super) fn push(&mut self, block: Vec<u8>, is_last: bool) -> io::Result<Option<Vec<u8>>> {
        let keep = block.len().saturating_sub(WINDOW);
        let next_window = block[keep..].to_vec();
        let job = Job {
            dictionary: std::mem::replace(&mut self.window, next_window),
            block,
            is_last,
        };
        match &mut self.workers {
            Workers::Inline => compress(&job).map(Some),
            Workers::Threads(lanes) => {
                let ready = if lanes.is_full() {
                    lanes.pop()?.transpose()?
                } else {
                    None
                };
                lanes.push(job)?;
                Ok(ready)
            }
        }
    }

    /// The next compressed bytes of the blocks under way; `None` after the last.
    pub(super) fn pop(&mut self) -> io::Result<Option<Vec<u8>>> {
        match &mut self.workers {
            Workers::Inline => Ok(None),
            Workers::Threads(lanes) => lanes.pop()?.transpose(),
        }
    }
}

fn compress(job: &Job) -> io::Result<Vec<u8>> {
    // A new state for each block: in one that is reset, earlier blocks still sway the search
    // for matches, and the same data would give different files.
    let mut state = Compress::new(Compression::new(LEVEL), false);
    if !job.dictionary.is_empty() {
        state
            .set_dictionary(&job.dictionary)
            .map_err(io::Error::other)?;
    }
    let flush = if job.is_last {
        FlushCompress::Finish
    } else {
        FlushCompress::Sync
    };
    let mut out = Vec::with_capacity(job.block.len() / 2 + 64);
    loop {
        let done = state.total_in() as usize;
        let status = state
            .compress_vec(&job.block[done..], &mut out, flush)
            .map_err(io::Error::other)?;
        let is_done = match status {
            Status::StreamEnd => true,
            // A flush is complete when room for output is left.
            Status::Ok | Status::BufError => {
                !job.is_last
                    && state.total_in() as usize == job.block.len()
                    && out.len() < out.capacity()
            }
        };
        if is_done {
            return Ok(out);
        }
        out.reserve(out.capacity());
    }
}

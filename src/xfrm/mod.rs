//! The containers of backup files: NDBXFRM1 (encrypted, and compressed if wanted) and AZ31
//! (compressed only).
//!
//! The module knows bytes and nothing of what they mean. It reads and writes streams with a
//! bounded amount of memory whatever the file's size.
//!
//! * [`open`] finds out what a file is and gives an [`XfrmReader`] of its data;
//! * [`ReadAhead`] reads it in a thread of its own;
//! * [`XfrmWriter`] writes a container around the data written to it;
//! * [`inspect`] tells what a file is without its password.
//!
//! # NDBXFRM1 (backup format, 7)
//!
//! | part | size | content |
//! |---|---|---|
//! | [`Header`] | `header_size` | 160 bytes of fields, keying material, zeros |
//! | payload | n | the data, deflated if so flagged, padded, encrypted |
//! | zeros | to the block size | |
//! | [`Trailer`] | 56 | size and CRC-32 of the data |
//!
//! The order is always data, deflate, padding, encryption. Size and checksum are those of
//! the data. Nothing else in the file depends on the password, so a wrong one shows only in
//! what comes out; the errors say how sure they are ([`XfrmError`]).
//!
//! # AZ31 (backup format, 6.1)
//!
//! | part | size | content |
//! |---|---|---|
//! | header | 512 | always the same, `FE 03 01 10 ..` |
//! | payload | n | the data, deflated |
//! | trailer | 12 | CRC-32 of the data, size modulo 2^32, `DBDN` |
//! | zeros | to 512 | |
//!
//! # Example
//!
//! ```
//! use std::io::{Cursor, Read, Write};
//! use ndbmgm::xfrm::{Options, Secret, XfrmWriter};
//!
//! let password = Secret::new(b"open sesame".to_vec());
//! let mut writer = XfrmWriter::new(Vec::new(), Options::backup(true, Some(&password)))?;
//! writer.write_all(b"the data")?;
//! let file = writer.finish()?;
//!
//! let mut data = Vec::new();
//! ndbmgm::xfrm::open(Cursor::new(file), Some(&password))?.read_to_end(&mut data)?;
//! assert_eq!(data, b"the data");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ahead;
mod az31;
mod cipher;
mod deflate;
mod describe;
mod error;
mod header;
mod keys;
mod lanes;
mod payload;
mod reader;
mod secret;
mod trailer;
mod writer;

pub use ahead::ReadAhead;
pub use az31::Az31Trailer;
pub use describe::Container;
pub use error::{Fault, OptionsError, XfrmError};
pub use header::{ByteOrder, Cipher, FIXED_HEADER_SIZE, Flags, Header, KeySource};
pub(crate) use lanes::Lanes;
pub use reader::{
    KEY_DERIVATION_MAX, ReadOptions, XfrmReader, begins_as_container, inspect, open, open_with,
};
pub use secret::Secret;
pub use trailer::{FIXED_TRAILER_SIZE, Trailer};
pub use writer::{Encryption, FILE_BLOCK_SIZE, ITERATIONS, Keys, Options, XfrmWriter};

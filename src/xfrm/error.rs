//! What can be wrong with a container, its password, or the options for writing one.

use std::io;

/// Why a container can't be read or written.
///
/// [`Read`](io::Read) and [`Write`](io::Write) can only fail with [`io::Error`]; there the
/// error is wrapped with kind [`InvalidData`](io::ErrorKind::InvalidData), and
/// `XfrmError::from(io_error)` gives it back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum XfrmError {
    /// The source or the destination failed.
    #[error(transparent)]
    Io(io::Error),
    /// The file is encrypted and no password or key was given.
    #[error("the file is encrypted: its password or key is needed")]
    SecretNeeded,
    /// The key that wraps the file's keys is not the one given (backup format, 7.5).
    #[error("wrong key: the file's keys can't be unwrapped with it")]
    WrongKey,
    /// The decrypted bytes make no sense from the start, as with a wrong password. The
    /// format has no test of the password, so damage can look the same.
    #[error("wrong password or key, or a damaged file: {0}")]
    WrongSecretOrDamaged(Fault),
    /// The contents are damaged: a right password could be seen, or none is needed.
    #[error("damaged file: {0}")]
    Damaged(Fault),
    /// The file ends before its trailer.
    #[error("truncated file: {0}")]
    Truncated(&'static str),
    /// Bytes follow the end of the container.
    #[error("{bytes} bytes of trailing garbage after the end of the container")]
    TrailingGarbage {
        /// How many.
        bytes: u64,
    },
    /// The beginning or the end of a container whose magic is damaged.
    #[error("damaged file: the {0} of a container without its magic")]
    MagicDamaged(&'static str),
    /// A header field has a value that no reader accepts (backup format, 7.4).
    #[error("damaged header: {0}")]
    BadHeader(&'static str),
    /// A trailer field has a value that no reader accepts (backup format, 7.4).
    #[error("damaged trailer: {0}")]
    BadTrailer(&'static str),
    /// Payload and trailer disagree about the size of the file.
    #[error("the payload has {found} bytes, by its trailer it should have {expected}")]
    PayloadSize {
        /// Bytes between header and trailer.
        found: u64,
        /// Bytes that the trailer's `data_size` makes.
        expected: u64,
    },
    /// Deriving the keys would take too long: see
    /// [`ReadOptions::key_derivation_max`](super::ReadOptions::key_derivation_max).
    #[error("the header asks for {rounds} rounds of key derivation, the limit is {limit}")]
    KeyDerivationTooLong {
        /// Iterations times the number of salts.
        rounds: u64,
        /// The limit in force.
        limit: u64,
    },
    /// The options given for writing can't be put into a container.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The system gave no random bytes for salts or keys.
    #[error("no random numbers from the system: {0}")]
    Random(getrandom::Error),
}

/// What is wrong with the contents of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The padding after the data is not PKCS padding.
    #[error("the padding is not valid")]
    Padding,
    /// The compressed data is not a deflate stream.
    #[error("the compressed data is not valid")]
    Deflate,
    /// The deflate stream doesn't end where the payload ends.
    #[error("the compressed data ends too early or too late")]
    DeflateEnd,
    /// The size of the data differs from the trailer's.
    #[error("the size of the data is {found}, it should be {expected}")]
    Size {
        /// Bytes delivered, or found to be more than expected.
        found: u64,
        /// Bytes by the trailer.
        expected: u64,
    },
    /// The CRC-32 of the data differs from the trailer's.
    #[error("the checksum of the data is {found:08x}, it should be {expected:08x}")]
    Checksum {
        /// CRC-32 of what was delivered.
        found: u32,
        /// CRC-32 by the trailer.
        expected: u32,
    },
}

/// Options that no container can hold (backup format, 7.1, 7.4 and 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// A cipher number other than 1 (CBC) and 2 (XTS).
    #[error("there is no cipher {0}; 1 is CBC and 2 is XTS")]
    Cipher(u32),
    /// The file block size is neither 0 nor a power of two in 512..=16384.
    #[error("the file block size must be 0 or a power of two between 512 and 16384, not {0}")]
    FileBlockSize(u32),
    /// Compression without encryption has blocks of 512 bytes only.
    #[error("compression without encryption needs a file block size of 512, not {0}")]
    Az31BlockSize(u32),
    /// The data unit size is not a multiple of the cipher's 16-byte block.
    #[error("the encryption block size must be a multiple of 16, not {0}")]
    DataUnitSize(u32),
    /// XTS has no stream mode.
    #[error("XTS needs an encryption block size")]
    XtsNeedsDataUnits,
    /// Key wrap needs a 32-byte key.
    #[error("key wrap needs a key of 32 bytes, not {0}")]
    WrapKeySize(usize),
    /// Salts or wrapped keys don't fit the header's block.
    #[error("the keys need a file block size of at least {needed} bytes, not {file_block_size}")]
    HeaderTooSmall {
        /// Fixed header and keying material, in bytes.
        needed: u32,
        /// The block size given.
        file_block_size: u32,
    },
}

impl From<io::Error> for XfrmError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<XfrmError>() {
            Ok(wrapped) => wrapped,
            Err(plain) => Self::Io(plain),
        }
    }
}

impl From<XfrmError> for io::Error {
    fn from(error: XfrmError) -> Self {
        match error {
            XfrmError::Io(plain) => plain,
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        }
    }
}

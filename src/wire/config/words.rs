//! Big-endian words, out and in.

use super::{ConfigError, Value};

/// How texts are padded with zero bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    /// Version 1: at least one byte beyond the length that is sent.
    Version1,
    /// Version 2: only up to a whole word.
    Version2,
}

impl Padding {
    /// Bytes that a text of `length` bytes takes, its zero byte included in `length`.
    fn padded(self, length: usize) -> usize {
        match self {
            Padding::Version1 => (length / 4 + 1) * 4,
            Padding::Version2 => length.div_ceil(4) * 4,
        }
    }
}

/// Words being written.
pub(super) struct Words(Vec<u8>);

impl Words {
    pub(super) fn new(magic: [u8; 8]) -> Self {
        Words(magic.to_vec())
    }

    pub(super) fn extend(&mut self, words: impl IntoIterator<Item = u32>) {
        for word in words {
            self.0.extend_from_slice(&word.to_be_bytes());
        }
    }

    /// Words so far.
    pub(super) fn count(&self) -> usize {
        self.0.len() / 4
    }

    /// Overwrites a word that has been written.
    pub(super) fn set(&mut self, at: usize, word: u32) {
        self.0[at * 4..at * 4 + 4].copy_from_slice(&word.to_be_bytes());
    }

    pub(super) fn entry(&mut self, key: u32, value: &Value, padding: Padding) {
        match value {
            Value::Int(number) => self.extend([1 << 28 | key, *number]),
            Value::Int64(number) => self.extend([
                4 << 28 | key,
                (number >> 32) as u32,
                (number & u64::from(u32::MAX)) as u32,
            ]),
            Value::Text(text) => {
                let length = text.len() + 1;
                self.extend([2 << 28 | key, length as u32]);
                let end = self.0.len() + padding.padded(length);
                self.0.extend_from_slice(text.as_bytes());
                self.0.resize(end, 0);
            }
        }
    }

    /// Adds the checksum.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let checksum = checksum(&self.0);
        self.extend([checksum]);
        self.0
    }
}

/// All words, combined by exclusive or.
fn checksum(bytes: &[u8]) -> u32 {
    words(bytes).fold(0, |sum, word| sum ^ word)
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| u32::from_be_bytes(*word))
}

/// Words being read: the magic checked, the checksum checked and left off.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], magic: &'static str) -> Result<Self, ConfigError> {
        let size = bytes.len();
        if size > super::PACKED_MAX || !size.is_multiple_of(4) || size < 12 {
            return Err(ConfigError::BadSize(size));
        }
        if !bytes.starts_with(magic.as_bytes()) {
            return Err(ConfigError::BadMagic(magic));
        }
        if checksum(bytes) != 0 {
            return Err(ConfigError::BadChecksum);
        }
        Ok(Reader {
            bytes: &bytes[..size - 4],
            at: 2,
        })
    }

    /// Position in words, for errors.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Words in all, without the checksum.
    pub(super) fn count(&self) -> usize {
        self.bytes.len() / 4
    }

    pub(super) fn word(&mut self) -> Result<u32, ConfigError> {
        let word = self.take(4)?;
        Ok(word
            .first_chunk()
            .map_or(0, |word: &[u8; 4]| u32::from_be_bytes(*word)))
    }

    pub(super) fn skip(&mut self, words: usize) -> Result<(), ConfigError> {
        let bytes = words.checked_mul(4);
        self.take(bytes.ok_or(ConfigError::CutShort(self.at))?)
            .map(|_| ())
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], ConfigError> {
        let start = self.at * 4;
        let taken = start
            .checked_add(bytes)
            .and_then(|end| self.bytes.get(start..end))
            .ok_or(ConfigError::CutShort(self.at))?;
        self.at += bytes / 4;
        Ok(taken)
    }

    /// The value after an entry's first word.
    pub(super) fn value(
        &mut self,
        value_type: u32,
        padding: Padding,
    ) -> Result<Value, ConfigError> {
        let damaged = ConfigError::Damaged(self.at);
        match value_type {
            1 => Ok(Value::Int(self.word()?)),
            4 => {
                let high = self.word()?;
                let low = self.word()?;
                Ok(Value::Int64(u64::from(high) << 32 | u64::from(low)))
            }
            2 => {
                let length = self.word()? as usize;
                if length == 0 || length > self.bytes.len() {
                    return Err(damaged);
                }
                let bytes = self.take(padding.padded(length))?;
                let (text, zeros) = bytes.split_at(length - 1);
                if text.contains(&0) || zeros.iter().any(|byte| *byte != 0) {
                    return Err(damaged);
                }
                match std::str::from_utf8(text) {
                    Ok(text) => Ok(Value::Text(text.to_owned())),
                    Err(_) => Err(damaged),
                }
            }
            _ => Err(damaged),
        }
    }
}

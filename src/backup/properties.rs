//! The property stream of the dictionary descriptions (backup format, 3.4).
//!
//! A sequence of items, each a whole number of big-endian words:
//!
//! | item | first word | then |
//! |---|---|---|
//! | number | 0 << 16 \| key | the value |
//! | text | 1 << 16 \| key | byte length with the final NUL; the bytes, zero padded to a word |
//! | binary | 2 << 16 \| key | byte length; the bytes, zero padded to a word |
//!
//! Any other type of value ends the stream.

use super::BackupError;
use super::source::be_word;

/// One item of a description (backup format, 3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// What the item means; the numbers depend on the kind of object.
    pub key: u16,
    /// The item's value.
    pub value: PropertyValue,
}

/// Value of a [`Property`] (backup format, 3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyValue {
    /// A number.
    Number(u32),
    /// Text, without its final NUL.
    Text(Vec<u8>),
    /// Bytes.
    Binary(Vec<u8>),
}

/// A value as it lies in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RawValue<'a> {
    Number(u32),
    /// With its final NUL, if it has one.
    Text(&'a [u8]),
    Binary(&'a [u8]),
}

/// Walks over the items of one section.
pub(crate) struct Properties<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Offset of the first item in the file, for errors.
    base: u64,
}

const WHAT: &str = "property";

impl<'a> Properties<'a> {
    pub(crate) fn new(bytes: &'a [u8], base: u64) -> Self {
        Properties {
            bytes,
            position: 0,
            base,
        }
    }

    /// Offset of the next item in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.position as u64
    }

    /// The next item; none at the end of the stream.
    pub(crate) fn next_item(&mut self) -> Result<Option<(u16, RawValue<'a>)>, BackupError> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let truncated = BackupError::Truncated {
            what: WHAT,
            offset: self.offset(),
        };
        if rest.len() < 8 {
            return Err(truncated);
        }
        let (head, word) = (be_word(rest, 0), be_word(rest, 1));
        let key = (head & 0xFFFF) as u16;
        let length = word as usize;
        let (value, size) = match head >> 16 {
            0 => (RawValue::Number(word), 8),
            kind @ (1 | 2) => {
                let Some(bytes) = rest[8..].get(..length) else {
                    return Err(truncated);
                };
                let value = if kind == 1 {
                    RawValue::Text(bytes)
                } else {
                    RawValue::Binary(bytes)
                };
                (value, 8 + length.next_multiple_of(4))
            }
            _ => return Ok(None),
        };
        self.position += size;
        Ok(Some((key, value)))
    }
}

impl RawValue<'_> {
    /// The number, if it is one.
    pub(crate) fn number(self) -> Option<u32> {
        match self {
            RawValue::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The text up to its final NUL, if it is text of at most `max` bytes with the NUL.
    pub(crate) fn text(self, max: usize) -> Option<String> {
        match self {
            RawValue::Text(bytes) if bytes.len() <= max => {
                let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            _ => None,
        }
    }

    /// The bytes, if it is binary.
    pub(crate) fn binary(self) -> Option<Vec<u8>> {
        match self {
            RawValue::Binary(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }

    pub(crate) fn to_value(self) -> PropertyValue {
        match self {
            RawValue::Number(number) => PropertyValue::Number(number),
            RawValue::Text(bytes) => {
                PropertyValue::Text(bytes.strip_suffix(&[0]).unwrap_or(bytes).to_vec())
            }
            RawValue::Binary(bytes) => PropertyValue::Binary(bytes.to_vec()),
        }
    }
}

/// Appends items to a buffer.
pub(crate) struct PropertyWriter<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> PropertyWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        PropertyWriter { out }
    }

    pub(crate) fn number(&mut self, key: u16, value: u32) {
        self.words(u32::from(key), value);
    }

    /// Text; the final NUL is added here.
    pub(crate) fn text(&mut self, key: u16, text: &[u8]) {
        self.words(1 << 16 | u32::from(key), text.len() as u32 + 1);
        self.out.extend_from_slice(text);
        self.out.push(0);
        self.pad(text.len() + 1);
    }

    pub(crate) fn binary(&mut self, key: u16, bytes: &[u8]) {
        self.words(2 << 16 | u32::from(key), bytes.len() as u32);
        self.out.extend_from_slice(bytes);
        self.pad(bytes.len());
    }

    pub(crate) fn property(&mut self, property: &Property) {
        match &property.value {
            PropertyValue::Number(number) => self.number(property.key, *number),
            PropertyValue::Text(text) => self.text(property.key, text),
            PropertyValue::Binary(bytes) => self.binary(property.key, bytes),
        }
    }

    fn words(&mut self, head: u32, word: u32) {
        self.out.extend_from_slice(&head.to_be_bytes());
        self.out.extend_from_slice(&word.to_be_bytes());
    }

    fn pad(&mut self, length: usize) {
        let padding = length.next_multiple_of(4) - length;
        self.out.extend_from_slice(&[0; 3][..padding]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_back() {
        let items = [
            Property {
                key: 1,
                value: PropertyValue::Text(b"db1/def/t1".to_vec()),
            },
            Property {
                key: 2,
                value: PropertyValue::Number(7),
            },
            Property {
                key: 27,
                value: PropertyValue::Binary(vec![]),
            },
            Property {
                key: 138,
                value: PropertyValue::Binary(vec![1, 2, 3, 4, 5]),
            },
        ];
        let mut bytes = Vec::new();
        let mut writer = PropertyWriter::new(&mut bytes);
        items.iter().for_each(|item| writer.property(item));
        assert_eq!(bytes.len(), 20 + 8 + 8 + 16);
        let mut stream = Properties::new(&bytes, 0);
        for item in &items {
            let (key, value) = stream.next_item().unwrap().unwrap();
            assert_eq!((key, &value.to_value()), (item.key, &item.value));
        }
        assert_eq!(stream.next_item().unwrap(), None);
    }

    #[test]
    fn an_unknown_type_of_value_ends_the_stream() {
        let bytes = [0, 3, 0, 1, 0, 0, 0, 0];
        assert_eq!(Properties::new(&bytes, 0).next_item().unwrap(), None);
    }

    #[test]
    fn a_length_beyond_the_section_is_an_error() {
        let bytes = [0, 2, 0, 27, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4];
        assert!(matches!(
            Properties::new(&bytes, 100).next_item(),
            Err(BackupError::Truncated { offset: 100, .. })
        ));
    }
}

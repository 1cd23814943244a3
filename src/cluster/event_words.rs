//! The words of an event, numbered as the management protocol numbers them.

use std::ops::Index;

/// The words d1, d2 .. of an event (management protocol, 4.4). Words that were not sent
/// count as 0, as in the original.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a>(pub(super) &'a [u32]);

impl Index<usize> for Words<'_> {
    type Output = u32;

    /// `words[1]` is d1.
    fn index(&self, number: usize) -> &u32 {
        number
            .checked_sub(1)
            .and_then(|index| self.0.get(index))
            .unwrap_or(&0)
    }
}

impl<'a> Words<'a> {
    /// A word that the original prints with a sign.
    pub(super) fn int(self, number: usize) -> i32 {
        self[number].cast_signed()
    }

    /// A quantity of 64 bits.
    pub(super) fn wide(self, low: usize, high: usize) -> u64 {
        u64::from(self[high]) << 32 | u64::from(self[low])
    }

    /// How many words were sent.
    pub(super) fn count(self) -> usize {
        self.0.len()
    }

    /// `count` of the words from `first` on, or as many as were sent.
    pub(super) fn slice(self, first: usize, count: usize) -> &'a [u32] {
        let rest = first
            .checked_sub(1)
            .and_then(|index| self.0.get(index..))
            .unwrap_or_default();
        &rest[..count.min(rest.len())]
    }

    /// Text packed into the words, first byte lowest, ended by a zero byte. What follows it
    /// is whatever the sender had in memory. Bytes that are not UTF-8 are read as Latin-1; a
    /// carriage return at the end is left off.
    pub(super) fn text(self) -> String {
        let bytes: Vec<u8> = self
            .0
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .take_while(|byte| *byte != 0)
            .collect();
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            error
                .as_bytes()
                .iter()
                .map(|byte| char::from(*byte))
                .collect()
        });
        text.trim_end_matches('\r').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_from_one_and_missing_ones_are_zero() {
        let words = Words(&[7, u32::MAX]);
        assert_eq!(
            (words[0], words[1], words[2], words[3]),
            (0, 7, u32::MAX, 0)
        );
        assert_eq!((words.int(2), words.int(9)), (-1, 0));
        assert_eq!(words.wide(1, 2), 0xFFFF_FFFF_0000_0007);
        assert_eq!(words.slice(2, 9), [u32::MAX]);
        assert!(words.slice(4, 2).is_empty() && words.slice(0, 2).is_empty());
    }

    #[test]
    fn text_ends_at_a_zero_byte_and_is_never_lost() {
        let word = u32::from_le_bytes;
        assert_eq!(Words(&[word(*b"abc\r"), 0, 1]).text(), "abc");
        assert_eq!(Words(&[word([b'a', 0, b'b', b'c'])]).text(), "a");
        assert_eq!(Words(&[word([0xFF, b'a', 0, 0])]).text(), "\u{ff}a");
        assert_eq!(Words(&[word([0xC3, 0xA9, 0, 0])]).text(), "\u{e9}");
    }
}

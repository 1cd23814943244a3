//! Fast formatting of numbers into a large output buffer.

use std::io::{self, Write};

/// Bytes collected before they are written.
const SLICE: usize = 64 * 1024;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Digits of the largest number of 64 bits.
const DECIMAL_MAX: usize = 20;

/// `00` to `99`.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

/// Collects text and writes it in large slices.
pub(crate) struct TextOut<'a> {
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
}

impl<'a> TextOut<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        TextOut {
            out,
            buffer: Vec::with_capacity(2 * SLICE),
        }
    }

    /// Writes what is collected, if it is enough to be worth it.
    #[inline]
    pub(crate) fn offer(&mut self) -> io::Result<()> {
        if self.buffer.len() < SLICE {
            return Ok(());
        }
        self.write_out()
    }

    /// Writes all that is collected.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.out.flush()
    }

    fn write_out(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.buffer);
        self.buffer.clear();
        written
    }

    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    #[inline]
    pub(crate) fn text(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// `text`, then the number, then a line end.
    pub(crate) fn line(&mut self, text: &str, number: u32) {
        self.text(text);
        self.decimal(number);
        self.buffer.push(b'\n');
    }

    /// The number in decimal.
    pub(crate) fn decimal(&mut self, number: u32) {
        push_decimal(&mut self.buffer, number.into());
    }

    /// The number in hexadecimal, without leading zeros.
    pub(crate) fn hex(&mut self, number: u32) {
        let zeros = (number.leading_zeros() / 4).min(7);
        let digits = hex_digits(number << (4 * zeros));
        push_first(&mut self.buffer, digits, 8 - zeros as usize);
    }

    /// The number as eight hexadecimal digits after `0x`.
    pub(crate) fn hex_word(&mut self, number: u32) {
        self.buffer.extend_from_slice(b"0x");
        self.buffer.extend_from_slice(&hex_digits(number));
    }

    /// Every word (little-endian) as `0x`, eight hexadecimal digits and a space.
    pub(crate) fn hex_words(&mut self, bytes: &[u8]) {
        let start = self.buffer.len();
        self.buffer.resize(start + bytes.len() / 4 * 11, b' ');
        let slots = self.buffer[start..].chunks_exact_mut(11);
        for (slot, word) in slots.zip(bytes.chunks_exact(4)) {
            let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            slot[..2].copy_from_slice(b"0x");
            slot[2..10].copy_from_slice(&hex_digits(word));
        }
    }
}

/// Eight digits at once: one nibble per byte, then '0' or 'a' - 10 added to each.
fn hex_digits(number: u32) -> [u8; 8] {
    let mut spread = u64::from(number);
    spread = (spread << 16 | spread) & 0x0000_FFFF_0000_FFFF;
    spread = (spread << 8 | spread) & 0x00FF_00FF_00FF_00FF;
    spread = (spread << 4 | spread) & 0x0F0F_0F0F_0F0F_0F0F;
    let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let digits = spread + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'0' - 10);
    digits.to_be_bytes()
}

/// The number in decimal.
#[inline]
pub(crate) fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; DECIMAL_MAX];
    let count = number.checked_ilog10().unwrap_or(0) as usize + 1;
    let mut at = count;
    while at >= 2 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if at == 1 {
        digits[0] = b'0' + number as u8;
    }
    push_first(out, digits, count);
}

/// Appends the first `count` of the bytes. Copying all of them, a number that the compiler
/// knows, and cutting off is faster than copying a few.
#[inline]
fn push_first<const N: usize>(out: &mut Vec<u8>, bytes: [u8; N], count: usize) {
    let end = out.len() + count;
    out.extend_from_slice(&bytes);
    out.truncate(end);
}

/// Lowercase hexadecimal digits of bytes.
pub(crate) fn push_hex_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + 2 * bytes.len(), 0);
    let (words, rest) = bytes.as_chunks::<4>();
    let (word_slots, rest_slots) = out[start..].split_at_mut(8 * words.len());
    for (slot, word) in word_slots.chunks_exact_mut(8).zip(words) {
        slot.copy_from_slice(&hex_digits(u32::from_be_bytes(*word)));
    }
    for (slot, byte) in rest_slots.chunks_exact_mut(2).zip(rest) {
        slot[0] = DIGITS[usize::from(byte >> 4)];
        slot[1] = DIGITS[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_printf_prints_them() {
        let numbers = [
            0,
            1,
            9,
            10,
            15,
            16,
            0x9ABC,
            0xFFF3_0004,
            u32::MAX,
            1_000_000_000,
        ];
        for number in numbers {
            let mut sink = Vec::new();
            let mut out = TextOut::new(&mut sink);
            out.decimal(number);
            out.text(" ");
            out.hex(number);
            out.text(" ");
            out.hex_word(number);
            out.text(" ");
            out.hex_words(&number.to_le_bytes());
            out.flush().unwrap();
            assert_eq!(
                String::from_utf8(sink).unwrap(),
                format!("{number} {number:x} 0x{number:08x} 0x{number:08x} ")
            );
        }
    }
    #[test]
    fn bytes_are_two_digits_each_whatever_their_number() {
        let bytes: Vec<u8> = (0..=255).rev().collect();
        for length in [0, 1, 3, 4, 5, 8, 255, 256] {
            let mut out = vec![b'x'];
            push_hex_bytes(&mut out, &bytes[..length]);
            let digits: String = bytes[..length]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(String::from_utf8(out).unwrap(), format!("x{digits}"));
        }
        let mut out = Vec::new();
        push_decimal(&mut out, u64::MAX);
        assert_eq!(out, b"18446744073709551615");
    }
}

//! Parsing of one line (management protocol, 1.3 and 1.4).

use std::fmt::Arguments;
use std::io::Write;

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// Without blanks at both ends.
fn strip(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., last] = line
        && is_blank(*last)
    {
        line = rest;
    }
    while let [b' ' | b'\t', rest @ ..] = line {
        line = rest;
    }
    line
}

/// True for a line that ends a message.
pub(super) fn is_empty(line: &[u8]) -> bool {
    strip(line).is_empty()
}

/// Without blanks at both ends, then without one pair of double quotes.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    match strip(line) {
        [b'"'] => &[],
        [b'"', inner @ .., b'"'] => inner,
        bare => bare,
    }
}

/// Name and value of an argument line, split at the first `:` or `=`. Without either the
/// whole line is the name and there is no value.
pub(super) fn split(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let line = trim(line);
    match line.iter().position(|byte| matches!(byte, b':' | b'=')) {
        Some(at) => (trim(&line[..at]), Some(trim(&line[at + 1..]))),
        None => (line, None),
    }
}

/// A number as C's `sscanf("%u")` reads it: blanks, a sign, decimal digits; the rest is
/// ignored. What needs more than 64 bits is 0xFFFFFFFF, the rest keeps its low 32 bits.
pub(super) fn parse_int(value: &[u8]) -> Option<u32> {
    let value = value.trim_ascii_start();
    let (negative, digits) = match value {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    digits.first().filter(|byte| byte.is_ascii_digit())?;
    let mut number: u64 = 0;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        let next = number
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(u64::from(digit - b'0')));
        match next {
            Some(next) => number = next,
            None => return Some(u32::MAX),
        }
    }
    let number = (number & u64::from(u32::MAX)) as u32;
    Some(if negative {
        number.wrapping_neg()
    } else {
        number
    })
}

/// Text of bytes from the wire, which knows no encoding.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Appends a line. Newlines and zero bytes inside become blanks: no value can end a line.
pub(super) fn push_line(out: &mut Vec<u8>, line: Arguments<'_>) {
    let start = out.len();
    // Writing to a Vec cannot fail.
    let _ = out.write_fmt(line);
    for byte in &mut out[start..] {
        if matches!(*byte, b'\n' | 0) {
            *byte = b' ';
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_by_scanf() {
        for (text, number) in [
            ("5", Some(5)),
            ("5x", Some(5)),
            ("-5", Some(4_294_967_291)),
            ("+7", Some(7)),
            ("0x10", Some(0)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", Some(0)),
            ("18446744073709551616", Some(u32::MAX)),
            ("999999999999999999999999999999", Some(u32::MAX)),
            ("", None),
            ("x", None),
            ("-", None),
            ("- 5", None),
        ] {
            assert_eq!(parse_int(text.as_bytes()), number, "{text}");
        }
    }

    #[test]
    fn arguments_split_at_the_first_separator() {
        for line in [
            &b"id: 5"[..],
            b"id:5",
            b"id=5",
            b"id:\"5\"",
            b"  id  :  5  ",
            b"\"id: 5\"",
        ] {
            assert_eq!(split(line), (&b"id"[..], Some(&b"5"[..])));
        }
        assert_eq!(split(b"a:b=c"), (&b"a"[..], Some(&b"b=c"[..])));
        assert_eq!(split(b"id 5"), (&b"id 5"[..], None));
        assert_eq!(split(b"p:\"ab \"c\"").1, Some(&b"ab \"c"[..]));
        assert_eq!(split(b"p:\"").1, Some(&b""[..]));
        assert_eq!(split(b"p:\" x \"").1, Some(&b" x "[..]));
    }
}

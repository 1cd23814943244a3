//! The packed decimal: groups of nine digits in four bytes, most significant byte first.
//!
//! A group of fewer digits takes 1, 1, 2, 2, 3, 3, 4 and 4 bytes for 1 to 8 digits. The digits
//! before the point start with their short group, those after it end with theirs. The top bit
//! of the first byte is inverted, and all bits are for a negative number, so that the bytes
//! sort as the numbers do.

/// Bytes of a group of 0 to 9 digits.
const GROUP_BYTES: [u64; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// Bytes of a decimal of `precision` digits, `scale` of them after the point.
pub(crate) fn decimal_size(precision: u64, scale: u64) -> u64 {
    let whole = precision.saturating_sub(scale);
    digits_size(whole) + digits_size(scale)
}

fn digits_size(digits: u64) -> u64 {
    digits / 9 * 4 + GROUP_BYTES[(digits % 9) as usize]
}

/// The digit counts of the groups, in the order they are stored.
fn groups(precision: u64, scale: u64) -> impl Iterator<Item = usize> {
    let whole = precision.saturating_sub(scale);
    let group = |count: u64| std::iter::repeat_n(9, usize::try_from(count).unwrap_or(0));
    let short = |digits: u64| std::iter::once((digits % 9) as usize).filter(|digits| *digits > 0);
    short(whole)
        .chain(group(whole / 9))
        .chain(group(scale / 9))
        .chain(short(scale))
}

/// The number in decimal notation, with all digits after the point and none needless before it.
pub(crate) fn render_decimal(bytes: &[u8], precision: u64, scale: u64) -> Option<String> {
    if bytes.len() as u64 != decimal_size(precision, scale) || bytes.is_empty() {
        return None;
    }
    let negative = bytes[0] & 0x80 == 0;
    let mask = if negative { 0xFF } else { 0 };
    let mut plain: Vec<u8> = bytes.iter().map(|byte| byte ^ mask).collect();
    plain[0] ^= 0x80;
    let mut digits = String::new();
    let mut rest = &plain[..];
    for count in groups(precision, scale) {
        let (group, after) = rest.split_at_checked(GROUP_BYTES[count] as usize)?;
        rest = after;
        let number = group
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        if number >= 10_u64.pow(count as u32) {
            return None;
        }
        digits.push_str(&format!("{number:0count$}"));
    }
    let split = digits.len().checked_sub(usize::try_from(scale).ok()?)?;
    let (whole, fraction) = digits.split_at(split);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let sign = if negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Appends the text of [`render_decimal`]; false, with some of it appended, if the bytes are none.
pub(crate) fn push_decimal_digits(
    out: &mut Vec<u8>,
    bytes: &[u8],
    precision: u64,
    scale: u64,
) -> bool {
    if bytes.len() as u64 != decimal_size(precision, scale) || bytes.is_empty() || scale > precision
    {
        return false;
    }
    let mask = if bytes[0] & 0x80 == 0 { 0xFF } else { 0 };
    if mask != 0 {
        out.push(b'-');
    }
    let start = out.len();
    let whole = precision - scale;
    let (mut at, mut digits) = (0, 0);
    for count in groups(precision, scale) {
        if digits == whole {
            trim_zeros(out, start);
            out.push(b'.');
        }
        let end = at + GROUP_BYTES[count] as usize;
        let mut number = 0_u32;
        for (byte, index) in bytes[at..end].iter().zip(at..) {
            let plain = byte ^ mask ^ if index == 0 { 0x80 } else { 0 };
            number = number << 8 | u32::from(plain);
        }
        if number >= 10_u32.pow(count as u32) {
            return false;
        }
        let mut text = [b'0'; 9];
        for slot in text[..count].iter_mut().rev() {
            *slot = b'0' + (number % 10) as u8;
            number /= 10;
        }
        out.extend_from_slice(&text[..count]);
        at = end;
        digits += count as u64;
    }
    if scale == 0 {
        trim_zeros(out, start);
    }
    true
}

/// Removes needless zeros before the point; one digit stays.
fn trim_zeros(out: &mut Vec<u8>, start: usize) {
    let zeros = out[start..]
        .iter()
        .take_while(|byte| **byte == b'0')
        .count();
    let all = out.len() - start;
    if zeros == all {
        out.truncate(start);
        out.push(b'0');
    } else {
        out.drain(start..start + zeros);
    }
}

/// Packs a number in decimal notation; none if it has more digits than the column.
pub(crate) fn parse_decimal(text: &str, precision: u64, scale: u64) -> Option<Vec<u8>> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole_digits = usize::try_from(precision.saturating_sub(scale)).ok()?;
    let scale_digits = usize::try_from(scale).ok()?;
    if whole.len() > whole_digits || fraction.len() > scale_digits {
        return None;
    }
    let digits = format!("{whole:0>whole_digits$}{fraction:0<scale_digits$}");
    let mut bytes = Vec::new();
    let mut rest = &digits[..];
    for count in groups(precision, scale) {
        let (group, after) = rest.split_at_checked(count)?;
        rest = after;
        let number: u64 = group.parse().ok()?;
        bytes.extend_from_slice(&number.to_be_bytes()[8 - GROUP_BYTES[count] as usize..]);
    }
    *bytes.first_mut()? ^= 0x80;
    if negative {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_as_mysql_documents_it() {
        // 1234567890.1234 as DECIMAL(14,4): 81 0D FB 38 D2 04 D2.
        let bytes = parse_decimal("1234567890.1234", 14, 4).unwrap();
        assert_eq!(bytes, [0x81, 0x0D, 0xFB, 0x38, 0xD2, 0x04, 0xD2]);
        let negative = parse_decimal("-1234567890.1234", 14, 4).unwrap();
        assert_eq!(negative, [0x7E, 0xF2, 0x04, 0xC7, 0x2D, 0xFB, 0x2D]);
    }

    #[test]
    fn numbers_read_back() {
        for (text, precision, scale) in [
            ("0", 1, 0),
            ("-0.01", 10, 2),
            ("99999999.99", 10, 2),
            ("-1", 65, 0),
            ("0.123456789012345678901234567890", 30, 30),
            ("1234567890123.1", 20, 1),
            ("-123456789", 9, 0),
            ("0.000000001", 18, 9),
        ] {
            let bytes = parse_decimal(text, precision, scale).unwrap();
            assert_eq!(bytes.len() as u64, decimal_size(precision, scale));
            assert_eq!(render_decimal(&bytes, precision, scale).unwrap(), text);
            let mut pushed = Vec::new();
            assert!(push_decimal_digits(&mut pushed, &bytes, precision, scale));
            assert_eq!(pushed, text.as_bytes());
        }
    }

    #[test]
    fn too_many_digits_and_other_text_are_refused() {
        for text in ["100", "1.23", "x", "", "1e2", "."] {
            assert_eq!(parse_decimal(text, 3, 1), None, "{text}");
        }
        assert_eq!(render_decimal(&[0xE4], 2, 0), None);
        assert!(!push_decimal_digits(&mut Vec::new(), &[0xE4], 2, 0));
    }
}

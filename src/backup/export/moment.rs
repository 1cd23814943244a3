//! Dates and times as text, straight from their storage form.

use crate::backup::column::{Column, ColumnType};

/// `00` to `99`.
fn push_pair(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&[b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
}

fn push_date(out: &mut Vec<u8>, year: u32, month: u32, day: u32) {
    push_pair(out, year / 100);
    push_pair(out, year);
    out.push(b'-');
    push_pair(out, month);
    out.push(b'-');
    push_pair(out, day);
}

fn push_clock(out: &mut Vec<u8>, hour: u32, minute: u32, second: u32) {
    if hour >= 100 {
        out.push(b'0' + (hour / 100) as u8);
    }
    push_pair(out, hour);
    out.push(b':');
    push_pair(out, minute);
    out.push(b':');
    push_pair(out, second);
}

/// So many digits of a fraction that is stored in so many bytes.
fn push_fraction(out: &mut Vec<u8>, stored: u32, digits: u16) {
    if digits == 0 {
        return;
    }
    let digits = usize::from(digits.min(6));
    let held = digits.next_multiple_of(2);
    let text = format!("{stored:0held$}");
    out.push(b'.');
    out.extend_from_slice(&text.as_bytes()[..digits.min(text.len())]);
}

/// The day of the calendar that is so many days after 1970-01-01.
fn civil(days: u32) -> (u32, u32, u32) {
    // Days since 0000-03-01, in eras of 400 years.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + 400 * era + u32::from(month <= 2);
    (year, month, day)
}

fn push_seconds(out: &mut Vec<u8>, seconds: u32, fraction: u32) {
    if seconds == 0 && fraction == 0 {
        // What the server calls zero.
        out.extend_from_slice(b"0000-00-00 00:00:00");
        return;
    }
    let (year, month, day) = civil(seconds / 86_400);
    push_date(out, year, month, day);
    out.push(b' ');
    let of_day = seconds % 86_400;
    push_clock(out, of_day / 3600, of_day / 60 % 60, of_day % 60);
}

fn be(bytes: &[u8]) -> u64 {
    let fold = |number, byte: &u8| number << 8 | u64::from(*byte);
    bytes.iter().fold(0, fold)
}

/// Appends a value of a date or time column, little-endian where that matters; timestamps are
/// in UTC. False, and nothing appended, if the column is of another type or the bytes are none.
pub(super) fn push_moment(out: &mut Vec<u8>, column: &Column, bytes: &[u8]) -> bool {
    use ColumnType as T;
    let precision = column.precision;
    let fraction = usize::from(precision.min(6).div_ceil(2));
    match (column.column_type, bytes) {
        (T::Date, &[a, b, c]) => {
            let packed = u32::from_le_bytes([a, b, c, 0]);
            push_date(out, packed >> 9, packed >> 5 & 15, packed & 31);
        }
        (T::Time, &[a, b, c]) => {
            let raw = i32::from_le_bytes([0, a, b, c]) >> 8;
            let digits = raw.unsigned_abs();
            if raw < 0 {
                out.push(b'-');
            }
            push_clock(out, digits / 10_000, digits / 100 % 100, digits % 100);
        }
        (T::Datetime, _) if bytes.len() == 8 => {
            let packed = u64::from_le_bytes(*bytes.first_chunk().unwrap_or(&[0; 8]));
            if packed > 99_991_231_235_959 {
                return false;
            }
            let (date, time) = ((packed / 1_000_000) as u32, (packed % 1_000_000) as u32);
            push_date(out, date / 10_000, date / 100 % 100, date % 100);
            out.push(b' ');
            push_clock(out, time / 10_000, time / 100 % 100, time % 100);
        }
        (T::Timestamp, &[a, b, c, d]) => push_seconds(out, u32::from_le_bytes([a, b, c, d]), 0),
        (T::Time2, _) if bytes.len() == 3 + fraction => {
            let shift = 8 * fraction as u32;
            let zero = 0x80_0000_u64 << shift;
            let raw = be(bytes);
            let packed = raw.abs_diff(zero);
            let whole = (packed >> shift) as u32;
            if raw < zero {
                out.push(b'-');
            }
            push_clock(out, whole >> 12 & 0x3FF, whole >> 6 & 0x3F, whole & 0x3F);
            push_fraction(out, (packed & ((1 << shift) - 1)) as u32, precision);
        }
        (T::Datetime2, _) if bytes.len() == 5 + fraction => {
            let packed = be(&bytes[..5]);
            let months = (packed >> 22 & 0x1_FFFF) as u32;
            push_date(out, months / 13, months % 13, (packed >> 17 & 0x1F) as u32);
            out.push(b' ');
            let part = |shift: u32, mask: u64| (packed >> shift & mask) as u32;
            push_clock(out, part(12, 0x1F), part(6, 0x3F), part(0, 0x3F));
            push_fraction(out, be(&bytes[5..]) as u32, precision);
        }
        (T::Timestamp2, _) if bytes.len() == 4 + fraction => {
            let stored = be(&bytes[4..]) as u32;
            push_seconds(out, be(&bytes[..4]) as u32, stored);
            push_fraction(out, stored, precision);
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(column: Column, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        assert!(push_moment(&mut out, &column, bytes));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn moments_are_written_with_the_digits_of_their_column() {
        let column = |column_type, digits| Column::temporal("c", column_type, digits);
        let datetime = [0x99, 0xB2, 0xBB, 0x7E, 0xFA, 12];
        assert_eq!(
            text(column(ColumnType::Datetime2, 2), &datetime),
            "2024-02-29 23:59:58.12"
        );
        assert_eq!(
            text(column(ColumnType::Datetime2, 1), &datetime),
            "2024-02-29 23:59:58.1"
        );
        assert_eq!(
            text(column(ColumnType::Datetime2, 0), &datetime[..5]),
            "2024-02-29 23:59:58"
        );
        let time = [0x7F, 0xFF, 0xFF, 0xFF];
        assert_eq!(text(column(ColumnType::Time2, 2), &time), "-00:00:00.01");
        assert_eq!(
            text(column(ColumnType::Time2, 0), &[0xB4, 0x6E, 0xFB]),
            "838:59:59"
        );
        let stamp = [0x5F, 0x5E, 0x10, 0, 0x04, 0xD2];
        assert_eq!(
            text(column(ColumnType::Timestamp2, 3), &stamp),
            "2020-09-13 12:26:40.123"
        );
        assert_eq!(
            text(column(ColumnType::Timestamp2, 0), &[0; 4]),
            "0000-00-00 00:00:00"
        );
        let date = (1999_u32 << 9 | 12 << 5 | 31).to_le_bytes();
        assert_eq!(text(column(ColumnType::Date, 0), &date[..3]), "1999-12-31");
        let old = 19_991_231_235_958_u64.to_le_bytes();
        assert_eq!(
            text(column(ColumnType::Datetime, 0), &old),
            "1999-12-31 23:59:58"
        );
        let clock = (-8_385_959_i32).to_le_bytes();
        assert_eq!(text(column(ColumnType::Time, 0), &clock[..3]), "-838:59:59");
        assert_eq!(
            text(column(ColumnType::Timestamp, 0), &u32::MAX.to_le_bytes()),
            "2106-02-07 06:28:15"
        );
    }

    #[test]
    fn every_day_follows_the_day_before() {
        let mut expected = (1970, 1, 1);
        for days in 0..49_710 {
            assert_eq!(civil(days), expected);
            let (year, month, day) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = [
                31,
                if leap { 29 } else { 28 },
                31,
                30,
                31,
                30,
                31,
                31,
                30,
                31,
                30,
                31,
            ][month as usize - 1];
            expected = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (month, day) if day == last => (year, month + 1, 1),
                (month, day) => (year, month, day + 1),
            };
        }
    }
}

//! Dates and times as the columns store them.
//!
//! | type | bytes | content |
//! |---|---|---|
//! | Date | 3 | little-endian: year << 9 \| month << 5 \| day |
//! | Time | 3 | little-endian, signed: hours * 10000 + minutes * 100 + seconds |
//! | Year | 1 | years since 1900; 0 is the year 0 |
//! | Datetime | 8 | little-endian: the digits YYYYMMDDhhmmss as a number |
//! | Timestamp | 4 | little-endian: seconds since 1970 |
//! | Time2 | 3 + f | big-endian: 0x800000 + (hours << 12 \| minutes << 6 \| seconds), fraction |
//! | Datetime2 | 5 + f | big-endian: 1 << 39 \| (year * 13 + month) << 22 \| day << 17 \| hour << 12 \| minute << 6 \| second, fraction |
//! | Timestamp2 | 4 + f | big-endian: seconds since 1970, fraction |
//!
//! The fraction of `precision` digits takes f = (precision + 1) / 2 bytes and counts hundredths
//! (1 byte), ten thousandths (2) or millionths (3) of a second. A negative Time2 is the
//! complement of the whole number, fraction included.

use std::fmt;

/// A day of the calendar; zero parts are possible. Prints as `2024-02-29`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct Date {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

/// A duration, or a time of the day. Prints as `-23:59:58`, with `.120000` if there are
/// microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct Time {
    pub negative: bool,
    pub hours: u16,
    pub minutes: u8,
    pub seconds: u8,
    pub microseconds: u32,
}

/// A moment without a time zone. Prints as a [`Date`] and a [`Time`] with a space between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct DateTime {
    pub date: Date,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub microsecond: u32,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(
            f,
            "{sign}{:02}:{:02}:{:02}",
            self.hours, self.minutes, self.seconds
        )?;
        write_fraction(f, self.microseconds)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:02}:{:02}:{:02}",
            self.date, self.hour, self.minute, self.second
        )?;
        write_fraction(f, self.microsecond)
    }
}

fn write_fraction(f: &mut fmt::Formatter<'_>, microseconds: u32) -> fmt::Result {
    if microseconds == 0 {
        return Ok(());
    }
    write!(f, ".{microseconds:06}")
}

/// Bytes that hold the fraction of a second.
fn fraction_bytes(precision: u16) -> usize {
    usize::from(precision.div_ceil(2)).min(3)
}

/// Millionths in the unit of a fraction of so many bytes.
fn fraction_unit(bytes: usize) -> u32 {
    match bytes {
        0 => 1_000_000,
        1 => 10_000,
        2 => 100,
        _ => 1,
    }
}

fn be_number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn push_be(number: u64, bytes: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_be_bytes()[8 - bytes.min(8)..]);
}

pub(crate) fn decode_date(bytes: [u8; 3]) -> Date {
    let packed = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
    Date {
        year: (packed >> 9) as u16,
        month: (packed >> 5 & 15) as u8,
        day: (packed & 31) as u8,
    }
}

pub(crate) fn encode_date(date: Date) -> Option<[u8; 3]> {
    if date.year > 0x7FFF || date.month > 15 || date.day > 31 {
        return None;
    }
    let packed = u32::from(date.year) << 9 | u32::from(date.month) << 5 | u32::from(date.day);
    let [a, b, c, _] = packed.to_le_bytes();
    Some([a, b, c])
}

pub(crate) fn decode_time(bytes: [u8; 3]) -> Time {
    let raw = i32::from_le_bytes([0, bytes[0], bytes[1], bytes[2]]) >> 8;
    let digits = raw.unsigned_abs();
    Time {
        negative: raw < 0,
        hours: (digits / 10_000) as u16,
        minutes: (digits / 100 % 100) as u8,
        seconds: (digits % 100) as u8,
        microseconds: 0,
    }
}

pub(crate) fn encode_time(time: Time) -> Option<[u8; 3]> {
    if time.hours > 838 || time.minutes > 99 || time.seconds > 99 || time.microseconds != 0 {
        return None;
    }
    let digits =
        i32::from(time.hours) * 10_000 + i32::from(time.minutes) * 100 + i32::from(time.seconds);
    let [a, b, c, _] = if time.negative { -digits } else { digits }.to_le_bytes();
    Some([a, b, c])
}

pub(crate) fn decode_datetime(packed: u64) -> Option<DateTime> {
    let part = |divisor: u64| (packed / divisor % 100) as u8;
    Some(DateTime {
        date: Date {
            year: u16::try_from(packed / 10_000_000_000).ok()?,
            month: part(100_000_000),
            day: part(1_000_000),
        },
        hour: part(10_000),
        minute: part(100),
        second: part(1),
        microsecond: 0,
    })
}

pub(crate) fn encode_datetime(moment: DateTime) -> Option<u64> {
    let parts = [
        moment.date.month,
        moment.date.day,
        moment.hour,
        moment.minute,
        moment.second,
    ];
    if parts.iter().any(|part| *part > 99) || moment.microsecond != 0 {
        return None;
    }
    Some(
        parts
            .iter()
            .fold(u64::from(moment.date.year), |packed, part| {
                packed * 100 + u64::from(*part)
            }),
    )
}

/// Time2: all bytes form one number, complemented when negative.
pub(crate) fn decode_time2(bytes: &[u8], precision: u16) -> Option<Time> {
    let fraction = fraction_bytes(precision);
    if bytes.len() != 3 + fraction {
        return None;
    }
    let shift = 8 * fraction as u32;
    let zero = 0x80_0000_u64 << shift;
    let raw = be_number(bytes);
    let packed = raw.abs_diff(zero);
    let whole = packed >> shift;
    Some(Time {
        negative: raw < zero,
        hours: (whole >> 12 & 0x3FF) as u16,
        minutes: (whole >> 6 & 0x3F) as u8,
        seconds: (whole & 0x3F) as u8,
        microseconds: (packed & ((1 << shift) - 1)) as u32 * fraction_unit(fraction),
    })
}

pub(crate) fn encode_time2(time: Time, precision: u16) -> Option<Vec<u8>> {
    let fraction = fraction_bytes(precision);
    let unit = fraction_unit(fraction);
    let fits = time.hours < 1024 && time.minutes < 64 && time.seconds < 64;
    if !fits || !fraction_fits(time.microseconds, unit) {
        return None;
    }
    let whole =
        u64::from(time.hours) << 12 | u64::from(time.minutes) << 6 | u64::from(time.seconds);
    let shift = 8 * fraction as u32;
    let packed = whole << shift | u64::from(time.microseconds / unit);
    let zero = 0x80_0000_u64 << shift;
    let raw = if time.negative {
        zero - packed
    } else {
        zero + packed
    };
    let mut out = Vec::new();
    push_be(raw, 3 + fraction, &mut out);
    Some(out)
}

fn fraction_fits(microseconds: u32, unit: u32) -> bool {
    microseconds < 1_000_000 && microseconds.is_multiple_of(unit)
}

pub(crate) fn decode_datetime2(bytes: &[u8], precision: u16) -> Option<DateTime> {
    let fraction = fraction_bytes(precision);
    let (whole, rest) = bytes.split_at_checked(5)?;
    if rest.len() != fraction {
        return None;
    }
    let packed = be_number(whole);
    let months = packed >> 22 & 0x1_FFFF;
    Some(DateTime {
        date: Date {
            year: (months / 13) as u16,
            month: (months % 13) as u8,
            day: (packed >> 17 & 0x1F) as u8,
        },
        hour: (packed >> 12 & 0x1F) as u8,
        minute: (packed >> 6 & 0x3F) as u8,
        second: (packed & 0x3F) as u8,
        microsecond: be_number(rest) as u32 * fraction_unit(fraction),
    })
}

pub(crate) fn encode_datetime2(moment: DateTime, precision: u16) -> Option<Vec<u8>> {
    let fraction = fraction_bytes(precision);
    let unit = fraction_unit(fraction);
    let date = moment.date;
    let fits = date.year <= 9999
        && date.month <= 12
        && date.day < 32
        && moment.hour < 32
        && moment.minute < 64
        && moment.second < 64;
    if !fits || !fraction_fits(moment.microsecond, unit) {
        return None;
    }
    let months = u64::from(date.year) * 13 + u64::from(date.month);
    let packed = 1 << 39
        | months << 22
        | u64::from(date.day) << 17
        | u64::from(moment.hour) << 12
        | u64::from(moment.minute) << 6
        | u64::from(moment.second);
    let mut out = Vec::new();
    push_be(packed, 5, &mut out);
    push_be(u64::from(moment.microsecond / unit), fraction, &mut out);
    Some(out)
}

/// Timestamp2: seconds and microseconds.
pub(crate) fn decode_timestamp2(bytes: &[u8], precision: u16) -> Option<(u32, u32)> {
    let fraction = fraction_bytes(precision);
    let (whole, rest) = bytes.split_at_checked(4)?;
    (rest.len() == fraction).then(|| {
        (
            be_number(whole) as u32,
            be_number(rest) as u32 * fraction_unit(fraction),
        )
    })
}

pub(crate) fn encode_timestamp2(
    seconds: u32,
    microseconds: u32,
    precision: u16,
) -> Option<Vec<u8>> {
    let fraction = fraction_bytes(precision);
    let unit = fraction_unit(fraction);
    if !fraction_fits(microseconds, unit) {
        return None;
    }
    let mut out = seconds.to_be_bytes().to_vec();
    push_be(u64::from(microseconds / unit), fraction, &mut out);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datetime_packs_months_in_base_13() {
        let moment = DateTime {
            date: Date {
                year: 2024,
                month: 2,
                day: 29,
            },
            hour: 23,
            minute: 59,
            second: 58,
            microsecond: 120_000,
        };
        let bytes = encode_datetime2(moment, 2).unwrap();
        assert_eq!(bytes, [0x99, 0xB2, 0xBB, 0x7E, 0xFA, 12]);
        assert_eq!(decode_datetime2(&bytes, 2), Some(moment));
        assert_eq!(moment.to_string(), "2024-02-29 23:59:58.120000");
        assert_eq!(encode_datetime2(moment, 0), None);
    }

    #[test]
    fn a_negative_time_is_the_complement_fraction_included() {
        let time = Time {
            negative: true,
            hours: 0,
            minutes: 0,
            seconds: 0,
            microseconds: 10_000,
        };
        let bytes = encode_time2(time, 2).unwrap();
        assert_eq!(bytes, [0x7F, 0xFF, 0xFF, 0xFF]);
        assert_eq!(decode_time2(&bytes, 2), Some(time));
        assert_eq!(time.to_string(), "-00:00:00.010000");
    }

    #[test]
    fn the_old_types_read_back() {
        let date = Date {
            year: 1999,
            month: 12,
            day: 31,
        };
        assert_eq!(decode_date(encode_date(date).unwrap()), date);
        let time = Time {
            negative: true,
            hours: 838,
            minutes: 59,
            seconds: 59,
            microseconds: 0,
        };
        assert_eq!(decode_time(encode_time(time).unwrap()), time);
        let moment = decode_datetime(19_991_231_235_958).unwrap();
        assert_eq!(moment.to_string(), "1999-12-31 23:59:58");
        assert_eq!(encode_datetime(moment), Some(19_991_231_235_958));
    }
}

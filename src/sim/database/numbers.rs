//! Numbers that look like chance and are the same each time.

use crate::backup::{Date, Value};

/// Spreads a number over 64 bits; the same input gives the same output on every machine.
pub(in crate::sim) fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// One of eight words.
pub(super) fn pick<'a>(words: &[&'a str; 8], hash: u64) -> &'a str {
    words[(hash & 7) as usize]
}

/// A day of the years 2005 to 2024.
pub(super) fn day(hash: u64) -> Date {
    Date {
        year: 2005 + (hash % 20) as u16,
        month: 1 + (hash >> 8) as u8 % 12,
        day: 1 + (hash >> 16) as u8 % 28,
    }
}

/// A sum of money below 10,000.
pub(super) fn amount(hash: u64) -> Value {
    Value::Decimal(format!("{}.{:02}", hash % 10_000, hash >> 32 & 0x3F))
}

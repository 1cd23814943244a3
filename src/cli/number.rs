//! Numbers among the options.

/// A numeric option and its range. Takes K, M and G after the digits.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    /// Its long name.
    pub option: &'static str,
    /// Smallest value.
    pub min: i64,
    /// Largest value.
    pub max: i64,
}

impl Number {
    /// How often a connection is tried; 0 and 1 once, -1 for ever.
    pub const CONNECT_RETRIES: Number = Number {
        option: "connect-retries",
        min: -1,
        max: i32::MAX as i64,
    };
    /// Seconds between two tries.
    pub const CONNECT_RETRY_DELAY: Number = Number {
        option: "connect-retry-delay",
        min: 1,
        max: i32::MAX as i64,
    };
    /// Seconds that a management server has for a reply.
    pub const REQUEST_TIMEOUT: Number = Number {
        option: "request-timeout",
        min: 1,
        max: 86_400,
    };
}

/// A decimal number, with K, M or G for powers of 1024.
pub(super) fn parse_number(text: &str) -> Option<i128> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1 << 10),
        b'm' | b'M' => (&text[..text.len() - 1], 1 << 20),
        b'g' | b'G' => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    digits.parse::<i128>().ok()?.checked_mul(factor)
}

//! Base64 text of a packed configuration.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::CONFIG_REPLY_MAX;
use super::ConfigError;

/// Characters of a line.
const COLUMNS: usize = 76;

/// Base64 in lines of 76 characters, without a newline at the end.
pub fn encode_text(packed: &[u8]) -> String {
    let whole = STANDARD.encode(packed);
    let mut text = String::with_capacity(whole.len() + whole.len() / COLUMNS);
    for (index, character) in whole.chars().enumerate() {
        if index > 0 && index % COLUMNS == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text
}

/// Reads base64 with white space anywhere.
///
/// # Errors
/// Anything else.
pub fn decode_text(text: &[u8]) -> Result<Vec<u8>, ConfigError> {
    if text.len() > CONFIG_REPLY_MAX {
        return Err(ConfigError::BadSize(text.len()));
    }
    let mut bare = Vec::with_capacity(text.len());
    for part in text.split(u8::is_ascii_whitespace) {
        bare.extend_from_slice(part);
    }
    STANDARD.decode(bare).map_err(|_| ConfigError::NotBase64)
}

//! Base64 text of a packed configuration.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::CONFIG_REPLY_MAX;
use super::ConfigError;

/// Characters of a line.
const COLUMNS: usize = 76;

/// Characters that stand for three bytes.
const GROUP: usize = 4;

/// Characters decoded at a time, or a line more.
const BARE_MAX: usize = 16 * 1024;

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
    let mut decoder = TextDecoder::new();
    decoder.push(text)?;
    decoder.finish()
}

/// Reads base64 with white space anywhere, part by part: the text of a large cluster takes
/// megabytes and need not be in memory as a whole.
#[derive(Debug, Default)]
pub struct TextDecoder {
    packed: Vec<u8>,
    /// Characters without white space that are not decoded yet.
    bare: Vec<u8>,
    size: usize,
    is_ended: bool,
}

impl TextDecoder {
    /// A decoder before the first part.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next part.
    ///
    /// # Errors
    /// No base64, or more than any configuration has.
    pub fn push(&mut self, part: &[u8]) -> Result<(), ConfigError> {
        self.size = self.size.saturating_add(part.len());
        if self.size > CONFIG_REPLY_MAX {
            return Err(ConfigError::BadSize(self.size));
        }
        for line in part.split(|byte| *byte == b'\n') {
            for word in line.split(u8::is_ascii_whitespace) {
                self.bare.extend_from_slice(word);
            }
            if self.bare.len() >= BARE_MAX {
                self.decode_bare()?;
            }
        }
        Ok(())
    }

    /// What was read.
    ///
    /// # Errors
    /// The text has ended early.
    pub fn finish(mut self) -> Result<Vec<u8>, ConfigError> {
        self.decode_bare()?;
        match self.bare.is_empty() {
            true => Ok(self.packed),
            false => Err(ConfigError::NotBase64),
        }
    }

    /// Decodes whole groups of four characters.
    fn decode_bare(&mut self) -> Result<(), ConfigError> {
        let whole = self.bare.len() / GROUP * GROUP;
        let groups = &self.bare[..whole];
        if self.is_ended && !groups.is_empty() {
            return Err(ConfigError::NotBase64);
        }
        self.is_ended |= groups.ends_with(b"=");
        STANDARD
            .decode_vec(groups, &mut self.packed)
            .map_err(|_| ConfigError::NotBase64)?;
        self.bare.drain(..whole);
        Ok(())
    }
}

//! Text of unknown origin on a terminal.

use std::io::{self, Write};

/// Passes text on with every character that a terminal would obey, or that hides or turns
/// others, shown as `?`. Bytes that are not UTF-8 are shown so, too.
pub struct TerminalText<W> {
    inner: W,
    shown: Vec<u8>,
}

impl<W: Write> TerminalText<W> {
    /// For a terminal.
    pub fn new(inner: W) -> Self {
        TerminalText {
            inner,
            shown: Vec::new(),
        }
    }
}

impl<W: Write> Write for TerminalText<W> {
    /// Takes all of it. A character that is cut between two writes is shown as `?`.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.shown.clear();
        for chunk in bytes.utf8_chunks() {
            for letter in chunk.valid().chars() {
                let shown = if is_harmful(letter) { '?' } else { letter };
                let mut utf8 = [0; 4];
                self.shown
                    .extend_from_slice(shown.encode_utf8(&mut utf8).as_bytes());
            }
            self.shown.extend(chunk.invalid().iter().map(|_| b'?'));
        }
        self.inner.write_all(&self.shown)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// True if a terminal would obey the character, or if it hides or turns others.
pub fn is_harmful(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        // Zero width, and the direction of what follows.
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' => true,
        '\u{FEFF}' | '\u{061C}' | '\u{00AD}' => true,
        letter => letter.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_a_question_mark() {
        for (text, shown) in [
            (&b"plain\n\ttext"[..], "plain\n\ttext"),
            (b"\x1b[31m\x07\r\x7f", "?[31m???"),
            ("\u{9b}31m \u{202e}x\u{200b}".as_bytes(), "?31m ?x?"),
            ("größer 漢".as_bytes(), "größer 漢"),
            (b"\xff\xc3", "??"),
        ] {
            let mut out = Vec::new();
            TerminalText::new(&mut out).write_all(text).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), shown);
        }
    }
}

//! Bytes to lines, with a limit (management protocol, 1.2).

use zeroize::{Zeroize, Zeroizing};

use super::WireError;

/// Splits pushed bytes into lines. What it holds is wiped when it is dropped, as a line may
/// carry a password.
pub struct Framer {
    buffer: Zeroizing<Vec<u8>>,
    /// Start of what has not been handed out.
    start: usize,
    /// End of what has been searched for a newline.
    searched: usize,
    limit: usize,
    /// A line was too long; there is no way on.
    failed: bool,
}

impl Framer {
    /// A framer for lines of fewer than `limit` bytes, newline included; a line that ends
    /// in `\r\n` may have `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Framer {
            buffer: Zeroizing::new(Vec::new()),
            start: 0,
            searched: 0,
            limit,
            failed: false,
        }
    }

    /// Adds received bytes. Ask for lines until there are none before the next call: then
    /// at most `limit` bytes are kept.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed {
            return;
        }
        if self.start > 0 {
            let kept = self.buffer.len() - self.start;
            self.buffer.copy_within(self.start.., 0);
            self.buffer[kept..].zeroize();
            self.buffer.truncate(kept);
            self.searched = self.searched.saturating_sub(self.start);
            self.start = 0;
        }
        self.make_room(bytes.len());
        self.buffer.extend_from_slice(bytes);
    }

    /// Grows by hand, so that the old allocation is wiped.
    fn make_room(&mut self, more: usize) {
        let needed = self.buffer.len() + more;
        if needed > self.buffer.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.buffer.capacity()));
            larger.extend_from_slice(&self.buffer);
            self.buffer = Zeroizing::new(larger);
        }
    }

    /// The next line without its newline, and without a `\r` before it unless the line is
    /// `\r\n` alone. A zero byte ends the line early. None: more bytes are needed.
    ///
    /// # Errors
    /// A line over the limit; every later call says so again.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, WireError> {
        let too_long = WireError::LineTooLong { limit: self.limit };
        if self.failed {
            return Err(too_long);
        }
        let from = self.searched.max(self.start);
        let window_end = self.buffer.len().min(self.start + self.limit);
        let newline = self.buffer[from..window_end]
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|at| from + at);
        let Some(newline) = newline else {
            if window_end - self.start == self.limit {
                self.fail();
                return Err(too_long);
            }
            self.searched = window_end;
            return Ok(None);
        };
        let mut end = newline;
        let size = newline + 1 - self.start;
        let has_return = size >= 3 && self.buffer[newline - 1] == b'\r';
        if has_return {
            end -= 1;
        } else if size == self.limit {
            self.fail();
            return Err(too_long);
        }
        let line = &self.buffer[self.start..end];
        self.start = newline + 1;
        self.searched = self.start;
        Ok(Some(match line.iter().position(|byte| *byte == 0) {
            Some(zero) => &line[..zero],
            None => line,
        }))
    }

    /// The next `count` bytes, whatever they are; none if they are not all there yet. The
    /// caller bounds `count`.
    pub fn take_bytes(&mut self, count: usize) -> Option<&[u8]> {
        if self.failed || self.buffer.len() - self.start < count {
            return None;
        }
        Some(self.take_up_to(count))
    }

    /// The bytes that wait, whatever they are, but no more than `most`.
    pub fn take_up_to(&mut self, most: usize) -> &[u8] {
        let end = self.buffer.len().min(self.start.saturating_add(most));
        let taken = self.start..end;
        self.start = end;
        self.searched = end;
        &self.buffer[taken]
    }

    /// True if no byte waits.
    pub fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }

    /// How many bytes wait.
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.start
    }

    fn fail(&mut self) {
        self.failed = true;
        self.buffer.zeroize();
        self.start = 0;
        self.searched = 0;
    }
}

impl std::fmt::Debug for Framer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Framer({} bytes)", self.buffer.len() - self.start)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All lines, and whether the end was a failure.
    fn lines<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, bool) {
        let mut framer = Framer::new(16);
        let mut lines = Vec::new();
        for chunk in chunks {
            framer.push(chunk);
            loop {
                match framer.next_line() {
                    Ok(Some(line)) => lines.push(line.to_vec()),
                    Ok(None) => break,
                    Err(_) => return (lines, true),
                }
            }
            assert!(framer.buffer.len() - framer.start < 16);
        }
        (lines, false)
    }

    #[test]
    fn the_limit_counts_the_newline_but_forgives_a_return() {
        let line = |content: usize, end: &str| format!("{}{end}", "x".repeat(content));
        assert_eq!(lines([line(14, "\n").as_bytes()]).0[0].len(), 14);
        assert!(lines([line(15, "\n").as_bytes()]).1);
        assert_eq!(lines([line(14, "\r\n").as_bytes()]).0[0].len(), 14);
        assert!(lines([line(15, "\r\n").as_bytes()]).1);
        assert!(lines([line(16, "").as_bytes()]).1);
    }

    #[test]
    fn a_return_alone_stays() {
        assert_eq!(
            lines([&b"\r\nx\r\n\n"[..]]).0,
            [&b"\r"[..], &b"x"[..], &b""[..]]
        );
    }

    #[test]
    fn an_endless_line_fails_and_keeps_nothing() {
        let mut framer = Framer::new(16);
        for _ in 0..1000 {
            framer.push(&[b'x'; 100]);
            assert!(framer.next_line().is_err());
            assert!(framer.is_empty());
        }
    }

    #[test]
    fn bytes_can_be_taken_between_lines() {
        let mut framer = Framer::new(16);
        framer.push(b"4\nab");
        assert_eq!(framer.next_line(), Ok(Some(&b"4"[..])));
        assert_eq!(framer.take_bytes(4), None);
        framer.push(b"\nd\nend\n");
        assert_eq!(framer.take_bytes(4), Some(&b"ab\nd"[..]));
        assert_eq!(framer.next_line(), Ok(Some(&b""[..])));
        assert_eq!(framer.next_line(), Ok(Some(&b"end"[..])));
        assert_eq!(framer.next_line(), Ok(None));
        framer.push(b"abc\n");
        assert_eq!(framer.take_up_to(2), b"ab");
        assert_eq!(framer.take_up_to(usize::MAX), b"c\n");
        assert_eq!(framer.take_up_to(1), b"");
    }

    proptest! {
        #[test]
        fn chunking_changes_nothing(
            parts in prop::collection::vec("[a\r\n\0]{0,20}", 0..20),
        ) {
            let whole: String = parts.concat();
            let chunked = lines(parts.iter().map(String::as_bytes));
            prop_assert_eq!(lines([whole.as_bytes()]), chunked.clone());
            prop_assert_eq!(lines(whole.as_bytes().chunks(1)), chunked);
        }
    }
}

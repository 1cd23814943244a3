//! The keys that are pressed while TOP has the terminal.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::read;
use tokio::time::{sleep, timeout};

use super::screen::Key;

/// How often is looked for a key.
const LOOK: Duration = Duration::from_millis(25);

/// How long the rest of a key's bytes may take that begin as those of Escape.
const REST: Duration = Duration::from_millis(100);

/// Bytes that begin no key are not gathered for ever.
const SEQUENCE_MAX: usize = 16;

const ESCAPE: u8 = 0x1b;

/// What was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// A key of the screen.
    Key(Key),
    /// Ctrl-Z: the program is to stop for a while.
    Stop,
    /// Ctrl-L: the terminal shows something else than it should.
    Redraw,
    /// The terminal is gone.
    Gone,
}

/// The terminal on which is typed: standard input, or that of the program if commands come from
/// elsewhere.
pub(in crate::shell) fn keyboard() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    match stdin.is_terminal() {
        true => stdin.as_fd().try_clone_to_owned(),
        false => Ok(File::open("/dev/tty")?.into()),
    }
}

/// Reads keys one after the other.
pub(super) struct Keys {
    keyboard: OwnedFd,
    /// Bytes that are no key yet.
    waiting: Vec<u8>,
}

impl Keys {
    pub(super) fn new(keyboard: OwnedFd) -> Self {
        Keys {
            keyboard,
            waiting: Vec::new(),
        }
    }

    /// The next key. Nothing is lost when this is called off.
    pub(super) async fn next(&mut self) -> Typed {
        loop {
            match decode(&self.waiting) {
                Decoded::Key(typed, length) => {
                    self.waiting.drain(..length);
                    if let Some(typed) = typed {
                        return typed;
                    }
                    continue;
                }
                Decoded::Incomplete if !self.waiting.is_empty() => {
                    match timeout(REST, self.fill()).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Typed::Gone,
                        Err(_) => {
                            let is_escape = self.waiting == [ESCAPE];
                            self.waiting.clear();
                            if is_escape {
                                return Typed::Key(Key::Escape);
                            }
                        }
                    }
                }
                Decoded::Incomplete => {
                    if self.fill().await.is_err() {
                        return Typed::Gone;
                    }
                }
            }
        }
    }

    /// Waits for bytes and takes them.
    async fn fill(&mut self) -> io::Result<()> {
        loop {
            let mut polled = [PollFd::new(&self.keyboard, PollFlags::IN)];
            // The terminal may be one that makes its readers wait.
            if poll(&mut polled, Some(&Timespec::default()))? == 0 {
                sleep(LOOK).await;
                continue;
            }
            let mut bytes = [0; 256];
            return match read(&self.keyboard, &mut bytes)? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                count => {
                    self.waiting.extend_from_slice(&bytes[..count]);
                    Ok(())
                }
            };
        }
    }
}

/// What bytes begin with.
#[derive(Debug, PartialEq, Eq)]
enum Decoded {
    /// A key of so many bytes; none if it means nothing here.
    Key(Option<Typed>, usize),
    /// More bytes have to tell.
    Incomplete,
}

/// Reads the first key, in the spellings of ECMA-48 and xterm.
fn decode(bytes: &[u8]) -> Decoded {
    let key = |key| Decoded::Key(Some(Typed::Key(key)), 1);
    match bytes {
        [] => Decoded::Incomplete,
        [0x03, ..] => key(Key::CtrlC),
        [b'\t', ..] => key(Key::Tab),
        [0x0c, ..] => Decoded::Key(Some(Typed::Redraw), 1),
        [0x1a, ..] => Decoded::Key(Some(Typed::Stop), 1),
        [ESCAPE] => Decoded::Incomplete,
        [ESCAPE, b'[' | b'O', rest @ ..] => sequence(rest),
        // Escape, and then another key at once; or Alt and that key.
        [ESCAPE, ..] => key(Key::Escape),
        [byte, ..] if byte.is_ascii_control() => Decoded::Key(None, 1),
        bytes => character(bytes),
    }
}

/// What stands behind `ESC [` or `ESC O`.
fn sequence(rest: &[u8]) -> Decoded {
    let Some(end) = rest.iter().position(|byte| (0x40..0x7f).contains(byte)) else {
        return match rest.len() < SEQUENCE_MAX {
            true => Decoded::Incomplete,
            false => Decoded::Key(None, 2 + rest.len()),
        };
    };
    let key = match (&rest[..end], rest[end]) {
        (_, b'A') => Some(Key::Up),
        (_, b'B') => Some(Key::Down),
        (_, b'C') => Some(Key::Right),
        (_, b'D') => Some(Key::Left),
        (_, b'H') | (b"1" | b"7", b'~') => Some(Key::Home),
        (_, b'F') | (b"4" | b"8", b'~') => Some(Key::End),
        (b"5", b'~') => Some(Key::PageUp),
        (b"6", b'~') => Some(Key::PageDown),
        _ => None,
    };
    Decoded::Key(key.map(Typed::Key), 2 + end + 1)
}

/// A character of UTF-8.
fn character(bytes: &[u8]) -> Decoded {
    let length = match bytes[0] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    let Some(letter) = bytes.get(..length) else {
        return Decoded::Incomplete;
    };
    let letter = std::str::from_utf8(letter).ok();
    let letter = letter.and_then(|letter| letter.chars().next());
    match letter {
        Some(letter) => Decoded::Key(Some(Typed::Key(Key::Char(letter))), length),
        None => Decoded::Key(None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Typed> {
        let (mut keys, mut at) = (Vec::new(), 0);
        while let Decoded::Key(typed, length) = decode(&bytes[at..]) {
            keys.extend(typed);
            at += length;
        }
        assert_eq!(at, bytes.len(), "{bytes:?}");
        keys
    }

    #[test]
    fn keys_are_told_apart_in_every_spelling() {
        for (bytes, key) in [
            (&b"q"[..], Key::Char('q')),
            (" ".as_bytes(), Key::Char(' ')),
            ("\u{e9}".as_bytes(), Key::Char('\u{e9}')),
            (b"\t", Key::Tab),
            (b"\x03", Key::CtrlC),
            (b"\x1b[A", Key::Up),
            (b"\x1bOB", Key::Down),
            (b"\x1b[1;5C", Key::Right),
            (b"\x1b[D", Key::Left),
            (b"\x1b[5~", Key::PageUp),
            (b"\x1b[6~", Key::PageDown),
            (b"\x1b[H", Key::Home),
            (b"\x1b[1~", Key::Home),
            (b"\x1b[7~", Key::Home),
            (b"\x1bOF", Key::End),
            (b"\x1b[4~", Key::End),
            (b"\x1b[8~", Key::End),
        ] {
            assert_eq!(keys(bytes), [Typed::Key(key)], "{bytes:?}");
        }
        assert_eq!(keys(b"\x1a\x0c"), [Typed::Stop, Typed::Redraw]);
    }

    #[test]
    fn what_means_nothing_is_passed_over_and_what_follows_it_is_not() {
        let q = Typed::Key(Key::Char('q'));
        for bytes in [
            &b"\r\nq"[..],
            b"\x1b[200~q",
            b"\x1b[3~q",
            b"\x1bOPq",
            b"\xff\xc0\xe4(q",
        ] {
            let found = keys(bytes);
            assert_eq!(found.last(), Some(&q), "{bytes:?}: {found:?}");
        }
        let endless = [&b"\x1b["[..], &[b'1'; SEQUENCE_MAX]].concat();
        assert_eq!(decode(&endless), Decoded::Key(None, endless.len()));
    }

    #[test]
    fn a_key_whose_bytes_are_under_way_is_waited_for() {
        for bytes in [&b""[..], b"\x1b", b"\x1b[", b"\x1b[1;", b"\xe2\x82"] {
            assert_eq!(decode(bytes), Decoded::Incomplete, "{bytes:?}");
        }
        assert_eq!(keys(b"\x1bx").first(), Some(&Typed::Key(Key::Escape)));
    }
}

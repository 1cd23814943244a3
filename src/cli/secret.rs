//! What a secret is, and what may be wrong with one.

use std::fmt;

use zeroize::Zeroizing;

/// Longest password, in bytes.
pub const SECRET_MAX: usize = 1024;
/// Longest key, in bytes; twice as many digits.
pub const KEY_MAX: usize = 512;

/// Error number of a call that a signal ended.
pub(super) const EINTR: i32 = 4;

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// Bytes as they are.
    Password,
    /// Hexadecimal digits.
    Key,
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SecretKind::Password => "password",
            SecretKind::Key => "key",
        })
    }
}

/// A secret that a program takes: `backup password`, `decrypt key`. Its options are
/// `--<prefix>-<kind>`, `--<prefix>-<kind>-from-stdin` and `--<prefix>-<kind>-source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretOption {
    /// `backup`, `encrypt` or `decrypt`.
    pub prefix: &'static str,
    /// Password or key.
    pub kind: SecretKind,
}

impl fmt::Display for SecretOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.prefix, self.kind)
    }
}

/// What is wrong with a secret; never shows it. Prints as the original's message, to which the
/// program adds its frame (`Error: ` or `Error: backup password: `).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretError {
    /// The secret that could not be had.
    pub option: SecretOption,
    /// Why.
    pub fault: SecretFault,
}

/// Why a secret could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretFault {
    /// Both the plain and the from-stdin option were given.
    SeveralSources,
    /// The option for the source was given, and one of the other two.
    SourceAmongSeveral,
    /// The input ended before the first byte.
    NoEnd,
    /// More than [`SECRET_MAX`] bytes, or a key of more than [`KEY_MAX`].
    TooLong,
    /// A byte that is not printable ASCII, or not a hexadecimal digit.
    BadCharacter,
    /// A carriage return at the end of what is fine otherwise.
    CarriageReturn,
    /// A key with half a byte at its end.
    OddDigits,
    /// It was typed twice, and not alike.
    Differs,
    /// Stdin failed with this error number of the system.
    StdinFailed(i32),
    /// There is no terminal, or it failed with this error number of the system.
    TerminalFailed(i32),
    /// The source that an option names is none.
    Source(SourceFault),
}

impl From<SourceFault> for SecretFault {
    fn from(fault: SourceFault) -> Self {
        SecretFault::Source(fault)
    }
}

/// Why a secret can't be taken from the source that an option names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceFault {
    /// There is no such variable. Its name is not shown: who writes `env:$NAME` has put the
    /// secret there.
    #[error("env: names a variable that is not set (it takes the name, without $)")]
    NoVariable,
    /// It can't be opened or read.
    #[error("cannot read {place}: {reason}")]
    Unreadable {
        /// The file or descriptor.
        place: String,
        /// The system's error.
        reason: String,
    },
    /// A directory, a device, or a pipe that nobody may ever write to.
    #[error("{0} is not a file (a pipe is given as fd:N)")]
    NoFile(String),
    /// A file that others may read or write.
    #[error("{place} can be read or written by others (mode {mode:04o}): chmod 600 {place}")]
    OpenToOthers {
        /// The file.
        place: String,
        /// Its permissions.
        mode: u32,
    },
    /// A file that somebody else could change.
    #[error("{place} belongs to user {user}, not to root or to the user of this process")]
    ForeignFile {
        /// The file.
        place: String,
        /// Its owner.
        user: u32,
    },
    /// Not a single byte.
    #[error("{0} is empty")]
    Empty(String),
    /// What is no secret alone is probably the wrong file.
    #[error("{0} has more than one line")]
    SeveralLines(String),
}

impl SecretError {
    /// True if the user typed Ctrl-C or Ctrl-D instead of a secret.
    pub fn is_given_up(&self) -> bool {
        matches!(
            self.fault,
            SecretFault::NoEnd | SecretFault::TerminalFailed(EINTR)
        )
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SecretOption { prefix, kind } = self.option;
        match &self.fault {
            // Two blanks between the sentences, as in the original.
            SecretFault::SeveralSources => write!(
                f,
                "Multiple options for same {kind} used.  Select one of --{prefix}-{kind} and \
                 --{prefix}-{kind}-from-stdin."
            ),
            SecretFault::SourceAmongSeveral => write!(
                f,
                "Multiple options for same {kind} used.  Select one of --{prefix}-{kind}, \
                 --{prefix}-{kind}-from-stdin and --{prefix}-{kind}-source."
            ),
            SecretFault::NoEnd => write!(f, "{prefix} {kind} has no end."),
            SecretFault::TooLong => write!(f, "{prefix} {kind} too long."),
            SecretFault::BadCharacter => write!(f, "{prefix} {kind} has some bad character."),
            SecretFault::CarriageReturn => write!(
                f,
                "{prefix} {kind} has some bad character.  Its line ends in a carriage return \
                 (CR LF): write it with a newline alone."
            ),
            SecretFault::OddDigits => {
                write!(f, "{prefix} {kind} need even number of hex digits.")
            }
            SecretFault::Differs => write!(f, "the two {prefix} {kind}s differ."),
            SecretFault::StdinFailed(errno) => {
                write!(
                    f,
                    "Failed to read {prefix} {kind} from stdin (errno {errno})."
                )
            }
            SecretFault::TerminalFailed(errno) => {
                write!(
                    f,
                    "Failed to read {prefix} {kind} from tty (errno {errno})."
                )
            }
            SecretFault::Source(fault) => {
                write!(f, "Failed to read {prefix} {kind}: {fault}.")
            }
        }
    }
}

impl std::error::Error for SecretError {}

/// What was typed or read.
pub(super) type Line = Result<Zeroizing<Vec<u8>>, SecretFault>;

/// Checks what was read and decodes keys. Bytes of a `--X-password=VALUE` may be any.
pub(super) fn check(
    kind: SecretKind,
    secret: Zeroizing<Vec<u8>>,
    is_line: bool,
) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    match kind {
        SecretKind::Password if secret.len() > SECRET_MAX => Err(SecretFault::TooLong),
        SecretKind::Password => {
            let printable = |byte: &u8| (0x20..=0x7E).contains(byte);
            match secret.split_last() {
                _ if !is_line || secret.iter().all(printable) => Ok(secret),
                Some((b'\r', rest)) if rest.iter().all(printable) => {
                    Err(SecretFault::CarriageReturn)
                }
                _ => Err(SecretFault::BadCharacter),
            }
        }
        SecretKind::Key => decode_hex(&secret),
    }
}

fn decode_hex(digits: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    if digits.len() > 2 * KEY_MAX {
        return Err(SecretFault::TooLong);
    }
    if !digits.len().is_multiple_of(2) {
        return Err(SecretFault::OddDigits);
    }
    let digit = |byte: u8| (byte as char).to_digit(16).ok_or(SecretFault::BadCharacter);
    let mut key = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks_exact(2) {
        key.push((digit(pair[0])? << 4 | digit(pair[1])?) as u8);
    }
    Ok(key)
}

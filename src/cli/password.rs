//! Passwords and keys: one rule for every program (backup format, 8).
//!
//! An option `--X-password` (or `--X-key`) takes its secret from one of three places:
//!
//! | form | source |
//! |---|---|
//! | `--X-password=VALUE` | the command line or an option file, any bytes |
//! | `--X-password` | the terminal, asked for with `Enter X password: `, not echoed |
//! | `--X-password-from-stdin` | one line of stdin, never a byte more: commands may follow it |
//!
//! Lines hold at most [`SECRET_MAX`] bytes of printable ASCII. The end of input may stand for the
//! newline, but input without a single byte is no secret. Keys are written as hexadecimal digits.
//!
//! Secrets are wiped from this process's memory when they are dropped. A value given on the command
//! line can be read by anyone in the list of processes for a moment, until the program has
//! started itself anew without it, and stays in the shell's history: prefer the other two.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use rpassword::{ConfigBuilder, prompt_password_with_config};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Longest password, in bytes.
pub const SECRET_MAX: usize = 1024;
/// Longest key, in bytes; twice as many digits.
pub const KEY_MAX: usize = 512;

const EBADF: i32 = 9;
const EIO: i32 = 5;
const EINTR: i32 = 4;

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
/// `--<prefix>-<kind>` and `--<prefix>-<kind>-from-stdin`.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretError {
    /// The secret that could not be had.
    pub option: SecretOption,
    /// Why.
    pub fault: SecretFault,
}

/// Why a secret could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretFault {
    /// Both the plain and the from-stdin option were given.
    SeveralSources,
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
        match self.fault {
            // Two blanks between the sentences, as in the original.
            SecretFault::SeveralSources => write!(
                f,
                "Multiple options for same {kind} used.  Select one of --{prefix}-{kind} and \
                 --{prefix}-{kind}-from-stdin."
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
        }
    }
}

impl std::error::Error for SecretError {}

/// What was typed or read after a prompt.
type Line = Result<Zeroizing<Vec<u8>>, SecretFault>;

/// Where a secret comes from.
pub(super) enum Source {
    Value(Zeroizing<Vec<u8>>),
    Terminal,
    Stdin,
}

/// The secrets that the options ask for, not yet read: nothing is asked before every option
/// has been understood.
pub struct SecretRequests {
    declared: &'static [SecretOption],
    /// In the order of the last occurrence of each option.
    requests: Vec<(SecretOption, Source)>,
}

impl SecretRequests {
    pub(super) fn new(declared: &'static [SecretOption]) -> Self {
        SecretRequests {
            declared,
            requests: Vec::new(),
        }
    }

    pub(super) fn ask(&mut self, option: SecretOption, source: Source) {
        self.cancel(option, matches!(source, Source::Stdin));
        self.requests.push((option, source));
    }

    pub(super) fn cancel(&mut self, option: SecretOption, from_stdin: bool) {
        self.requests.retain(|(asked, source)| {
            *asked != option || matches!(source, Source::Stdin) != from_stdin
        });
    }

    /// True if no option asks for a secret.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// True if one will be asked for at the terminal.
    pub fn asks_terminal(&self) -> bool {
        self.requests
            .iter()
            .any(|(_, source)| matches!(source, Source::Terminal))
    }

    /// True if a line of stdin will be taken.
    pub fn reads_stdin(&self) -> bool {
        self.requests
            .iter()
            .any(|(_, source)| matches!(source, Source::Stdin))
    }

    /// Takes the secrets from where the options say, asking at the terminal and reading stdin
    /// in the order of the options.
    ///
    /// # Errors
    ///
    /// One for each secret that is wrong without reading anything, in the order of
    /// the program's declaration; else the first that could not be read.
    pub fn read(self) -> Result<Secrets, Vec<SecretError>> {
        self.read_from(&mut prompt_at_terminal, &mut read_line_of_stdin)
    }

    fn read_from(
        self,
        terminal: &mut dyn FnMut(&str) -> Line,
        stdin: &mut dyn FnMut(&str) -> Line,
    ) -> Result<Secrets, Vec<SecretError>> {
        let errors = self.errors_without_reading();
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut secrets = Secrets(Vec::new());
        for (option, source) in self.requests {
            let secret = match source {
                Source::Value(value) => check(option.kind, value, false),
                Source::Terminal => typed(option, terminal),
                Source::Stdin => {
                    stdin(&prompt_text(option)).and_then(|line| check(option.kind, line, true))
                }
            };
            let secret = secret.map_err(|fault| vec![SecretError { option, fault }])?;
            secrets.0.push((option, secret));
        }
        Ok(secrets)
    }

    fn errors_without_reading(&self) -> Vec<SecretError> {
        let mut errors = Vec::new();
        for &option in self.declared {
            let mut sources = self.requests.iter().filter(|(asked, _)| *asked == option);
            let fault = match (sources.next(), sources.next()) {
                (Some(_), Some(_)) => Some(SecretFault::SeveralSources),
                (Some((_, Source::Value(value))), None) => {
                    check(option.kind, value.clone(), false).err()
                }
                _ => None,
            };
            errors.extend(fault.map(|fault| SecretError { option, fault }));
        }
        errors
    }
}

/// Secrets that were read.
pub struct Secrets(Vec<(SecretOption, Zeroizing<Vec<u8>>)>);

impl Secrets {
    /// Hands one secret out: a password's bytes, or the bytes that a key's digits stand for.
    pub fn take(&mut self, prefix: &str, kind: SecretKind) -> Option<Zeroizing<Vec<u8>>> {
        let is_asked =
            |(option, _): &(SecretOption, _)| option.prefix == prefix && option.kind == kind;
        let index = self.0.iter().position(is_asked)?;
        Some(self.0.swap_remove(index).1)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// Asks for a secret at the terminal with `prompt`, without echo; blocks until it is typed.
///
/// # Errors
///
/// There is no terminal, the user gave up, or what was typed breaks the rules for lines.
pub fn prompt_secret(
    option: SecretOption,
    prompt: &str,
) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    prompt_at_terminal(prompt)
        .and_then(|line| check(option.kind, line, true))
        .map_err(|fault| SecretError { option, fault })
}

/// Asks for a secret; twice if data is to be encrypted with it, which a slip of the finger
/// would lose.
fn typed(option: SecretOption, terminal: &mut dyn FnMut(&str) -> Line) -> Line {
    let first = check(option.kind, terminal(&prompt_text(option))?, true)?;
    if option.prefix == "encrypt" {
        let again = terminal(&format!("Enter {option} again: "))?;
        let again = check(option.kind, again, true).map_err(|_| SecretFault::Differs)?;
        if !bool::from(first.ct_eq(&again)) {
            return Err(SecretFault::Differs);
        }
    }
    Ok(first)
}

/// Asks at the terminal for the pass phrase of the private key in this file; `None` without a
/// terminal, or if nothing is typed.
pub fn ask_pass_phrase(key: &Path) -> Option<Zeroizing<String>> {
    // A terminal that nobody looks at must not hold up a script.
    if !io::stdin().is_terminal() && !io::stderr().is_terminal() {
        return None;
    }
    let prompt = format!("Enter pass phrase for {}: ", key.display());
    let mut typed = prompt_at_terminal(&prompt).ok()?;
    String::from_utf8(std::mem::take(&mut *typed))
        .map(Zeroizing::new)
        .map_err(|error| error.into_bytes().zeroize())
        .ok()
}

fn prompt_text(option: SecretOption) -> String {
    format!("Enter {option}: ")
}

/// Checks what was read and decodes keys. Bytes of a `--X-password=VALUE` may be any.
fn check(
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

fn prompt_at_terminal(prompt: &str) -> Line {
    // The original reports a bad descriptor, not the reason why there is none.
    File::open(TERMINAL).map_err(|_| SecretFault::TerminalFailed(EBADF))?;
    type_line(prompt, TERMINAL, TERMINAL, SecretFault::TerminalFailed)
}

const TERMINAL: &str = "/dev/tty";

/// Asks for a line on one terminal and reads it from another.
fn type_line(prompt: &str, input: &str, output: &str, failed: fn(i32) -> SecretFault) -> Line {
    let config = ConfigBuilder::new()
        .input_file_path(input)
        .output_file_path(output)
        .build();
    let typed = hold_interrupts(|| prompt_password_with_config(prompt, config))
        .unwrap_or_else(|errno| Err(errno.into()));
    match typed {
        Ok(line) => Ok(Zeroizing::new(line.into_bytes())),
        Err(error) => {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                // What follows belongs on a line of its own, and Ctrl-D ends none.
                let terminal = File::options().write(true).open(output);
                let _ = terminal.and_then(|mut terminal| terminal.write_all(b"\n"));
            }
            Err(fault_of_typing(&error, failed))
        }
    }
}

/// Does it with SIGINT held back. The prompt answers Ctrl-C with that signal, which would end
/// the program before the terminal is as it was.
fn hold_interrupts<T>(prompt: impl FnOnce() -> T) -> Result<T, Errno> {
    let before = SigSet::from(Signal::SIGINT).thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let done = prompt();
    before.thread_set_mask()?;
    Ok(done)
}

fn fault_of_typing(error: &io::Error, failed: fn(i32) -> SecretFault) -> SecretFault {
    match error.kind() {
        io::ErrorKind::InvalidData => SecretFault::BadCharacter,
        io::ErrorKind::UnexpectedEof => SecretFault::NoEnd,
        io::ErrorKind::Interrupted => failed(EINTR),
        _ => failed(error.raw_os_error().unwrap_or(EIO)),
    }
}

fn read_line_of_stdin(prompt: &str) -> Line {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let output = if io::stdout().is_terminal() {
            "/dev/stdout"
        } else {
            "/dev/stderr"
        };
        return type_line(prompt, "/dev/stdin", output, SecretFault::StdinFailed);
    }
    // Through std's own buffer a read would take commands that follow the line.
    let descriptor = stdin.as_fd().try_clone_to_owned();
    let mut file = descriptor.map(File::from).map_err(stdin_failed)?;
    read_line(&mut file)
}

fn stdin_failed(error: io::Error) -> SecretFault {
    SecretFault::StdinFailed(error.raw_os_error().unwrap_or(EIO))
}

/// Reads up to a newline, byte by byte, and not beyond what a line may hold.
fn read_line(input: &mut impl Read) -> Line {
    // Room for all of it: growing would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(SECRET_MAX));
    let mut byte = [0];
    loop {
        match input.read(&mut byte) {
            Ok(0) if line.is_empty() => return Err(SecretFault::NoEnd),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() == SECRET_MAX => return Err(SecretFault::TooLong),
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(stdin_failed(error)),
        }
    }
    byte.zeroize();
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: SecretOption = SecretOption {
        prefix: "decrypt",
        kind: SecretKind::Password,
    };
    const KEY: SecretOption = SecretOption {
        prefix: "encrypt",
        kind: SecretKind::Key,
    };

    fn requests(asked: Vec<(SecretOption, Source)>) -> SecretRequests {
        let mut requests = SecretRequests::new(&[PASSWORD, KEY]);
        for (option, source) in asked {
            requests.ask(option, source);
        }
        requests
    }

    fn value(text: &str) -> Source {
        Source::Value(Zeroizing::new(text.as_bytes().to_vec()))
    }

    /// Reads with `input` as stdin and a terminal at which the prompt itself is typed.
    fn read(requests: SecretRequests, mut input: &[u8]) -> Result<Secrets, String> {
        requests
            .read_from(
                &mut |prompt| Ok(Zeroizing::new(prompt.trim().as_bytes().to_vec())),
                &mut |_| read_line(&mut input),
            )
            .map_err(|errors| {
                let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
                lines.join("\n")
            })
    }

    fn password_of(source: Source, input: &[u8]) -> Result<Vec<u8>, String> {
        let mut secrets = read(requests(vec![(PASSWORD, source)]), input)?;
        let password = secrets.take("decrypt", SecretKind::Password).unwrap();
        Ok(password.to_vec())
    }

    #[test]
    fn a_line_is_checked_as_the_original_checks_it() {
        let long = [b"x".repeat(1024), b"\n".to_vec()].concat();
        assert_eq!(password_of(Source::Stdin, &long), Ok(b"x".repeat(1024)));
        assert_eq!(password_of(Source::Stdin, b"\n"), Ok(vec![]));
        assert_eq!(
            password_of(Source::Stdin, b" a b \nSHOW\n"),
            Ok(b" a b ".to_vec())
        );
        let table: [(&[u8], &str); 5] = [
            (b"", "decrypt password has no end."),
            (&[b'x'; 1025], "decrypt password too long."),
            (
                b"secret\r\n",
                "decrypt password has some bad character.  Its line ends in a carriage return \
                 (CR LF): write it with a newline alone.",
            ),
            (b"a\tb\n", "decrypt password has some bad character."),
            (b"\xC3\xA4\n", "decrypt password has some bad character."),
        ];
        for (input, message) in table {
            assert_eq!(password_of(Source::Stdin, input), Err(message.to_owned()));
        }
    }

    #[test]
    fn end_of_input_ends_a_line_too() {
        assert_eq!(
            password_of(Source::Stdin, b"secret"),
            Ok(b"secret".to_vec())
        );
    }

    #[test]
    fn nothing_after_the_newline_is_read() {
        let mut input: &[u8] = b"secret\nSTART BACKUP 1\n";
        read_line(&mut input).unwrap();
        assert_eq!(input, b"START BACKUP 1\n");
    }

    #[test]
    fn reading_stops_where_a_line_is_too_long() {
        let mut long: &[u8] = &[b'x'; 5_000_000];
        assert_eq!(read_line(&mut long).err(), Some(SecretFault::TooLong));
        assert_eq!(long.len(), 5_000_000 - SECRET_MAX - 1);
    }

    #[test]
    fn a_value_may_hold_any_bytes() {
        assert_eq!(
            password_of(value("ä\u{1}"), b""),
            Ok("ä\u{1}".as_bytes().to_vec())
        );
        assert_eq!(password_of(value(""), b""), Ok(vec![]));
        let long = "x".repeat(1025);
        let message = Err("decrypt password too long.".to_owned());
        assert_eq!(password_of(value(&long), b""), message);
    }

    #[test]
    fn the_terminal_is_asked_with_the_originals_prompt() {
        let typed = password_of(Source::Terminal, b"");
        assert_eq!(typed, Ok(b"Enter decrypt password:".to_vec()));
    }

    #[test]
    fn a_secret_to_encrypt_with_is_typed_twice() {
        let option = SecretOption {
            prefix: "encrypt",
            kind: SecretKind::Password,
        };
        let typed_as = |lines: [&str; 2]| {
            let mut prompts = Vec::new();
            let mut lines = lines.into_iter();
            let read = typed(option, &mut |prompt| {
                prompts.push(prompt.to_owned());
                Ok(Zeroizing::new(lines.next().unwrap().as_bytes().to_vec()))
            });
            (read.map(|it| it.to_vec()), prompts)
        };
        let (read, prompts) = typed_as(["secret", "secret"]);
        assert_eq!(read, Ok(b"secret".to_vec()));
        let expected = ["Enter encrypt password: ", "Enter encrypt password again: "];
        assert_eq!(prompts, expected);
        assert_eq!(typed_as(["secret", "Secret"]).0, Err(SecretFault::Differs));
        // What is wrong at first is said at once.
        let (read, prompts) = typed_as(["a\tb", "a\tb"]);
        assert_eq!(read, Err(SecretFault::BadCharacter));
        assert_eq!(prompts.len(), 1);
    }

    #[test]
    fn keys_are_hexadecimal() {
        let key_of = |digits: &str| -> Result<Vec<u8>, String> {
            let mut secrets = read(requests(vec![(KEY, value(digits))]), b"")?;
            let key = secrets.take("encrypt", SecretKind::Key).unwrap();
            Ok(key.to_vec())
        };
        assert_eq!(key_of("00fFA1"), Ok(vec![0, 0xFF, 0xA1]));
        let table = [
            (
                "001".to_owned(),
                "encrypt key need even number of hex digits.",
            ),
            ("00zz".to_owned(), "encrypt key has some bad character."),
            ("00".repeat(513), "encrypt key too long."),
        ];
        for (digits, message) in table {
            assert_eq!(key_of(&digits), Err(message.to_owned()));
        }
    }

    #[test]
    fn two_sources_for_one_secret_are_an_error_and_nothing_is_read() {
        let asked = requests(vec![(PASSWORD, value("x")), (PASSWORD, Source::Stdin)]);
        assert!(asked.reads_stdin());
        let message = "Multiple options for same password used.  Select one of \
                       --decrypt-password and --decrypt-password-from-stdin.";
        assert_eq!(read(asked, b"").err().as_deref(), Some(message));
    }

    #[test]
    fn the_last_occurrence_wins_and_decides_the_order_of_reading() {
        let asked = requests(vec![
            (PASSWORD, Source::Stdin),
            (KEY, Source::Stdin),
            (PASSWORD, Source::Stdin),
        ]);
        let mut secrets = read(asked, b"0a\npw\n").unwrap();
        let key = secrets.take("encrypt", SecretKind::Key).unwrap();
        assert_eq!(key.as_slice(), [0x0A]);
        let password = secrets.take("decrypt", SecretKind::Password).unwrap();
        assert_eq!(password.as_slice(), b"pw");
    }
}

//! Secrets that are typed, or are a line of stdin.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use rpassword::{ConfigBuilder, prompt_password_with_config};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::secret::{EINTR, Line, SECRET_MAX, SecretError, SecretFault, SecretOption, check};

const EBADF: i32 = 9;
const EIO: i32 = 5;

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
pub(super) fn typed(option: SecretOption, terminal: &mut dyn FnMut(&str) -> Line) -> Line {
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

pub(super) fn prompt_text(option: SecretOption) -> String {
    format!("Enter {option}: ")
}

pub(super) fn prompt_at_terminal(prompt: &str) -> Line {
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

pub(super) fn read_line_of_stdin(prompt: &str) -> Line {
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
pub(super) fn read_line(input: &mut impl Read) -> Line {
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

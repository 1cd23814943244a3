//! Passwords and keys: one rule for every program (backup format, 8).
//!
//! The options of a password (and of a key) say where it comes from:
//!
//! | form | source |
//! |---|---|
//! | `--X-password=VALUE` | the command line or an option file, any bytes |
//! | `--X-password` | the terminal, asked for with `Enter X password: `, not echoed |
//! | `--X-password-from-stdin` | one line of stdin, never a byte more: commands may follow it |
//! | `--X-password-source=stdin`, `=prompt` | the same two |
//! | `--X-password-source=env:NAME` | a variable of the environment, which no child inherits |
//! | `--X-password-source=file:PATH` | a file of this user or of root that nobody else can write to, nor read, but for a group that root lets read its own file: credentials of systemd are such files |
//! | `--X-password-source=fd:N` | an open file or pipe, which is closed then |
//!
//! Lines hold at most [`SECRET_MAX`](super::SECRET_MAX) bytes of printable ASCII. The end of input may stand for the
//! newline, but input without a single byte is no secret. What `--X-password-source` names holds
//! one line, which may end in CR LF. Keys are written as hexadecimal digits.
//!
//! Secrets are wiped from this process's memory when they are dropped. A value given on the command
//! line can be read by anyone in the list of processes for a moment, until the program has
//! started itself anew without it, and stays in the shell's history: prefer the others.

use std::ffi::OsString;
use std::fmt;

use zeroize::Zeroizing;

use super::prompt::{prompt_at_terminal, prompt_text, read_line_of_stdin, typed};
use super::secret::{Line, SecretError, SecretFault, SecretKind, SecretOption, check};
use super::source::{Source, read_descriptor, read_file, read_value, strip_line_end};

/// Which of its three options asks for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `--X-password`, with a value or without.
    Plain,
    /// `--X-password-from-stdin`.
    FromStdin,
    /// `--X-password-source`.
    Source,
}

struct SecretRequest {
    option: SecretOption,
    form: Form,
    source: Source,
}

/// A variable of the environment, and what it held when the program was started.
pub(super) type Variable = (OsString, Zeroizing<Vec<u8>>);

/// The secrets that the options ask for, not yet read: nothing is asked before every option
/// has been understood.
pub struct SecretRequests {
    declared: &'static [SecretOption],
    /// In the order of the last occurrence of each option.
    requests: Vec<SecretRequest>,
    /// What the environment no longer holds.
    variables: Vec<Variable>,
}

impl SecretRequests {
    pub(super) fn new(declared: &'static [SecretOption]) -> Self {
        SecretRequests {
            declared,
            requests: Vec::new(),
            variables: Vec::new(),
        }
    }

    pub(super) fn ask(&mut self, option: SecretOption, form: Form, source: Source) {
        self.cancel(option, form);
        self.requests.push(SecretRequest {
            option,
            form,
            source,
        });
    }

    pub(super) fn cancel(&mut self, option: SecretOption, form: Form) {
        self.requests
            .retain(|asked| (asked.option, asked.form) != (option, form));
    }

    /// True if no option asks for a secret.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// True if one will be asked for at the terminal.
    pub fn asks_terminal(&self) -> bool {
        let mut sources = self.requests.iter().map(|asked| &asked.source);
        sources.any(|source| matches!(source, Source::Terminal))
    }

    /// True if a line of stdin will be taken.
    pub fn reads_stdin(&self) -> bool {
        let mut sources = self.requests.iter().map(|asked| &asked.source);
        sources.any(|source| matches!(source, Source::Stdin))
    }

    /// Names of the variables that hold secrets.
    pub(super) fn variables(&self) -> Vec<OsString> {
        let name = |asked: &SecretRequest| match &asked.source {
            Source::Variable(name) => Some(name.clone()),
            _ => None,
        };
        self.requests.iter().filter_map(name).collect()
    }

    /// Hands over what those of them held that were set.
    pub(super) fn provide(&mut self, variables: Vec<Variable>) {
        self.variables = variables;
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
        for request in self.requests {
            let option = request.option;
            let line = |read: Line| read.and_then(|line| check(option.kind, line, true));
            let secret = match request.source {
                Source::Value(value) => check(option.kind, value, false),
                Source::Terminal => typed(option, terminal),
                Source::Stdin => {
                    let mut read = stdin(&prompt_text(option));
                    if let (Form::Source, Ok(line)) = (request.form, &mut read) {
                        strip_line_end(line);
                    }
                    line(read)
                }
                Source::Variable(name) => {
                    let mut held = self.variables.iter();
                    let held = held.find(|(held, _)| *held == name);
                    line(read_value(held.map(|(_, value)| value.as_slice())))
                }
                Source::File(path) => line(read_file(&path)),
                Source::Descriptor(number) => line(read_descriptor(number)),
            };
            let secret = secret.map_err(|fault| vec![SecretError { option, fault }])?;
            secrets.0.push((option, secret));
        }
        Ok(secrets)
    }

    fn errors_without_reading(&self) -> Vec<SecretError> {
        let mut errors = Vec::new();
        for &option in self.declared {
            let asked = self.requests.iter().filter(|asked| asked.option == option);
            let asked: Vec<&SecretRequest> = asked.collect();
            let fault = match asked.as_slice() {
                [] => None,
                [request] => match &request.source {
                    Source::Value(value) => check(option.kind, value.clone(), false).err(),
                    _ => None,
                },
                several if several.iter().any(|asked| asked.form == Form::Source) => {
                    Some(SecretFault::SourceAmongSeveral)
                }
                _ => Some(SecretFault::SeveralSources),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::SECRET_MAX;
    use crate::cli::prompt::read_line;

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
            let form = match source {
                Source::Value(_) | Source::Terminal => Form::Plain,
                Source::Stdin => Form::FromStdin,
                Source::Variable(_) | Source::File(_) | Source::Descriptor(_) => Form::Source,
            };
            requests.ask(option, form, source);
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
    #[test]
    fn a_source_besides_another_option_is_an_error_and_nothing_is_read() {
        let mut asked = requests(vec![(PASSWORD, Source::File("/none".into()))]);
        asked.ask(PASSWORD, Form::FromStdin, Source::Stdin);
        let message = "Multiple options for same password used.  Select one of \
                       --decrypt-password, --decrypt-password-from-stdin and \
                       --decrypt-password-source.";
        assert_eq!(read(asked, b"").err().as_deref(), Some(message));
    }

    #[test]
    fn a_variable_is_what_it_held_at_the_start() {
        let name = || OsString::from("BACKUP_SECRET");
        let mut asked = requests(vec![(PASSWORD, Source::Variable(name()))]);
        assert_eq!(asked.variables(), [name()]);
        asked.provide(vec![(name(), Zeroizing::new(b"s3 cret\n".to_vec()))]);
        let mut secrets = read(asked, b"").unwrap();
        let password = secrets.take("decrypt", SecretKind::Password).unwrap();
        assert_eq!(password.as_slice(), b"s3 cret");
        let missing = requests(vec![(PASSWORD, Source::Variable(name()))]);
        let message = "Failed to read decrypt password: env: names a variable that is not set \
                       (it takes the name, without $).";
        assert_eq!(read(missing, b"").err().as_deref(), Some(message));
    }

    #[test]
    fn a_line_of_stdin_that_is_named_as_the_source_may_end_in_cr_lf() {
        let mut asked = SecretRequests::new(&[PASSWORD]);
        asked.ask(PASSWORD, Form::Source, Source::Stdin);
        let mut secrets = read(asked, b"secret\r\nSHOW\n").unwrap();
        let password = secrets.take("decrypt", SecretKind::Password).unwrap();
        assert_eq!(password.as_slice(), b"secret");
    }
}

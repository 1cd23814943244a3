//! MySQL-style arguments to the canonical ones that clap reads.
//!
//! `_` stands for `-` in names, unique prefixes name an option, `--skip-x` turns `--x` off, flags
//! take `=0` and `=1`, optional values need `=`, options may follow other arguments, and of
//! an option given twice the last counts.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::{ArgAction, Command};
use zeroize::Zeroizing;

use super::defaults::{LEADING_OPTIONS, underscore_to_dash};
use super::number::{Number, parse_number};
use super::password::{Form, SecretRequests};
use super::secret::SecretOption;
use super::source::Source;

/// Most letters of an option's name that may be wrong for it to be recognised, and how many
/// letters there must be for each.
const WRONG_MAX: usize = 2;
const LETTERS_FOR_ONE_WRONG: usize = 3;

/// Id of the help option that every program has.
pub(super) const HELP: &str = "help";
/// Id of the option that takes commands of the management client.
const COMMANDS: &str = "execute";
/// Id of the version option that every program has.
pub(super) const VERSION: &str = "version";

/// A fault in the arguments, in words that follow `<prog>: [ERROR] `.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UsageError {
    #[error("unknown option '{0}'.")]
    UnknownOption(String),
    #[error("unknown option '{given}'. Did you mean '--{meant}'?")]
    MistypedOption { given: String, meant: String },
    #[error("ambiguous option '{given}' ({candidates}).")]
    AmbiguousOption { given: String, candidates: String },
    #[error("option '{0}' requires an argument.")]
    MissingValue(String),
    #[error("option '{option}': '{value}' is not a number.")]
    NotANumber { option: String, value: String },
    #[error("option '{option}': '{value}' is neither 0 nor 1.")]
    NotASwitch { option: String, value: String },
    #[error("option '{0}' takes {forms}.", forms = Source::FORMS)]
    UnknownSource(String),
    #[error("option '{0}' only counts before all other arguments.")]
    NotLeading(String),
    #[error("{0}")]
    Other(String),
}

/// What the arguments ask for.
pub(super) enum Request {
    /// Run with these canonical arguments.
    Run(Normalised),
    /// Print the help.
    Help,
    /// Print the version.
    Version,
}

/// Arguments that clap can read, without the secrets.
pub(super) struct Normalised {
    pub(super) arguments: Vec<OsString>,
    pub(super) secrets: SecretRequests,
    /// Sentences that follow `<prog>: [Warning] `.
    pub(super) warnings: Vec<String>,
    /// Arguments of the command line that hold a secret, counted from its end; the last is 1.
    pub(super) exposed: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    /// `--x` or `--x=value`.
    Optional,
    /// `--x value` or `--x=value`.
    One,
}

struct Entry {
    id: String,
    /// Long names; the first is the canonical one. Empty for an option with a letter only.
    names: Vec<String>,
    letters: Vec<char>,
    takes: Takes,
    /// Every occurrence counts, not just the last.
    repeats: bool,
}

impl Entry {
    fn canonical(&self) -> String {
        match (self.names.first(), self.letters.first()) {
            (Some(name), _) => format!("--{name}"),
            (None, Some(letter)) => format!("-{letter}"),
            (None, None) => self.id.clone(),
        }
    }
}

struct Walk<'a> {
    table: &'a [Entry],
    numbers: &'a [Number],
    secret_options: &'static [SecretOption],
    /// Id and canonical argument of each option that counts.
    options: Vec<(String, OsString)>,
    positionals: Vec<OsString>,
    secrets: SecretRequests,
    warnings: Vec<String>,
    exposed: Vec<usize>,
    /// The argument of the command line that is looked at, counted from its end.
    place: usize,
    asked: Option<Request>,
}

/// Walks the options of files, then the command line.
pub(super) fn normalise(
    command: &Command,
    numbers: &[Number],
    secret_options: &'static [SecretOption],
    from_files: Vec<Zeroizing<Vec<u8>>>,
    command_line: Vec<OsString>,
) -> Result<Request, UsageError> {
    let table = table_of(command);
    let mut walk = Walk {
        table: &table,
        numbers,
        secret_options,
        options: Vec::new(),
        positionals: Vec::new(),
        secrets: SecretRequests::new(secret_options),
        warnings: Vec::new(),
        exposed: Vec::new(),
        place: 0,
        asked: None,
    };
    for argument in &from_files {
        walk.long(argument.get(2..).unwrap_or_default(), None)?;
    }
    walk.command_line(command_line)?;
    if let Some(asked) = walk.asked {
        return Ok(asked);
    }
    let mut arguments: Vec<OsString> = walk.options.into_iter().map(|(_, text)| text).collect();
    if !walk.positionals.is_empty() {
        arguments.push("--".into());
        arguments.append(&mut walk.positionals);
    }
    Ok(Request::Run(Normalised {
        arguments,
        secrets: walk.secrets,
        warnings: walk.warnings,
        exposed: walk.exposed,
    }))
}

fn table_of(command: &Command) -> Vec<Entry> {
    let mut table = Vec::new();
    for argument in command
        .get_arguments()
        .filter(|argument| !argument.is_positional())
    {
        let mut names: Vec<String> = Vec::new();
        names.extend(argument.get_long().map(str::to_owned));
        let aliases = argument.get_all_aliases().unwrap_or_default();
        names.extend(aliases.into_iter().map(str::to_owned));
        let mut letters: Vec<char> = argument.get_short().into_iter().collect();
        letters.extend(argument.get_all_short_aliases().unwrap_or_default());
        let action = argument.get_action();
        let takes = if !action.takes_values() {
            Takes::Nothing
        } else if argument
            .get_num_args()
            .is_some_and(|range| range.min_values() == 0)
        {
            Takes::Optional
        } else {
            Takes::One
        };
        table.push(Entry {
            id: argument.get_id().to_string(),
            names,
            letters,
            takes,
            repeats: matches!(action, ArgAction::Append | ArgAction::Count),
        });
    }
    table
}

/// Arguments that are still to be read; values may be taken from it.
type Rest = std::vec::IntoIter<OsString>;

impl Walk<'_> {
    fn command_line(&mut self, command_line: Vec<OsString>) -> Result<(), UsageError> {
        let mut rest = command_line.into_iter();
        while let Some(argument) = rest.next() {
            // What `--help` or `--version` stood before is not looked at.
            if self.asked.is_some() {
                return Ok(());
            }
            self.place = rest.len() + 1;
            let bytes = Zeroizing::new(argument.into_vec());
            match bytes.as_slice() {
                b"--" => {
                    self.positionals.extend(rest);
                    return Ok(());
                }
                [b'-', b'-', long @ ..] => self.long(long, Some(&mut rest))?,
                [b'-', letters @ ..] if !letters.is_empty() => {
                    self.letters(letters, &mut rest)?;
                }
                _ => self.positionals.push(OsString::from_vec(bytes.to_vec())),
            }
        }
        Ok(())
    }

    /// One `name` or `name=value`. Without `rest` it comes from an option file.
    fn long(&mut self, text: &[u8], rest: Option<&mut Rest>) -> Result<(), UsageError> {
        let (name, value) = match text.iter().position(|byte| *byte == b'=') {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let name: Vec<u8> = name.iter().map(underscore_to_dash).collect();
        let name = String::from_utf8_lossy(&name).into_owned();
        let (name, is_loose) = match name.strip_prefix("loose-") {
            Some(name) => (name.to_owned(), true),
            None => (name, false),
        };
        match self.find(&name) {
            Ok(entry) => self.option(entry, value, rest),
            Err(UsageError::UnknownOption(_)) => {
                if let Some((word, name)) = switch_prefix(&name)
                    && let Ok(entry) = self.find(name)
                    && (entry.takes != Takes::One || self.can_be_skipped(entry, word))
                {
                    return self.switch(entry, word, value);
                }
                let given = format!("--{name}");
                if LEADING_OPTIONS.contains(&name.as_str()) {
                    return Err(UsageError::NotLeading(given));
                }
                if is_loose {
                    self.warnings
                        .push(format!("unknown option '--loose-{name}'."));
                    return Ok(());
                }
                Err(match self.meant(&name) {
                    Some(meant) => UsageError::MistypedOption { given, meant },
                    None => UsageError::UnknownOption(given),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The name that is nearest to a mistyped one: at most two letters are wrong, of three each.
    fn meant(&self, name: &str) -> Option<String> {
        let allowed = (name.len() / LETTERS_FOR_ONE_WRONG).min(WRONG_MAX);
        let names = self.table.iter().flat_map(|entry| &entry.names);
        let scored = names.map(|known| (strsim::osa_distance(name, known), known));
        let (_, meant) = scored
            .filter(|(wrong, _)| *wrong <= allowed)
            .min_by_key(|(wrong, _)| *wrong)?;
        Some(meant.clone())
    }

    /// The option with this name, or the only one that it is a prefix of.
    fn find<'t>(&self, name: &str) -> Result<&'t Entry, UsageError>
    where
        Self: 't,
    {
        let table = self.table;
        let given = format!("--{name}");
        let is_exact = |entry: &&Entry| entry.names.iter().any(|known| known == name);
        if let Some(entry) = table.iter().find(is_exact) {
            return Ok(entry);
        }
        if name.is_empty() {
            return Err(UsageError::UnknownOption(given));
        }
        let mut found: Vec<&Entry> = Vec::new();
        let mut candidates = Vec::new();
        for entry in table {
            let mut names = entry.names.iter().filter(|known| known.starts_with(name));
            if let Some(known) = names.next() {
                found.push(entry);
                candidates.push(known.clone());
            }
        }
        match found.as_slice() {
            [] => Err(UsageError::UnknownOption(given)),
            [entry] => Ok(entry),
            _ => Err(UsageError::AmbiguousOption {
                given,
                candidates: candidates.join(", "),
            }),
        }
    }

    /// A word of letters after one dash: `-vt1`, `-Ppassword`, `-e COMMAND`.
    fn letters(&mut self, letters: &[u8], rest: &mut Rest) -> Result<(), UsageError> {
        for (index, &letter) in letters.iter().enumerate() {
            let entry = self.letter(letter)?;
            if entry.takes == Takes::Nothing {
                self.option(entry, None, None)?;
                continue;
            }
            let glued = &letters[index + 1..];
            let glued = (!glued.is_empty()).then_some(glued);
            return self.option(entry, glued, Some(rest));
        }
        Ok(())
    }

    fn letter<'t>(&self, letter: u8) -> Result<&'t Entry, UsageError>
    where
        Self: 't,
    {
        let letter = char::from(letter);
        self.table
            .iter()
            .find(|entry| entry.letters.contains(&letter))
            .ok_or_else(|| UsageError::UnknownOption(format!("-{letter}")))
    }

    fn option(
        &mut self,
        entry: &Entry,
        value: Option<&[u8]>,
        rest: Option<&mut Rest>,
    ) -> Result<(), UsageError> {
        match entry.id.as_str() {
            HELP => self.asked = Some(Request::Help),
            VERSION => self.asked = Some(Request::Version),
            _ => {
                match self.secret_of(entry) {
                    Some((option, Form::Source)) => {
                        let value = self.value_of(entry, value, rest)?;
                        return self.source(entry, option, &value);
                    }
                    Some((option, Form::FromStdin)) => {
                        return self.stdin(entry, option, value);
                    }
                    Some((option, Form::Plain)) => {
                        self.secret(option, value, rest.is_some());
                        return Ok(());
                    }
                    None => {}
                }
                return match (entry.takes, value) {
                    (Takes::Nothing, None) => self.set(entry, None),
                    (Takes::Nothing, Some(value)) => self.switch_to(entry, value),
                    (Takes::Optional, value) => self.set(entry, value),
                    (Takes::One, value) => {
                        let value = self.value_of(entry, value, rest)?;
                        self.set(entry, Some(&value))
                    }
                };
            }
        }
        Ok(())
    }

    /// The value of an option that has one: behind its `=`, or the next argument.
    fn value_of(
        &mut self,
        entry: &Entry,
        value: Option<&[u8]>,
        rest: Option<&mut Rest>,
    ) -> Result<Zeroizing<Vec<u8>>, UsageError> {
        if let Some(value) = value {
            return Ok(Zeroizing::new(value.to_vec()));
        }
        let missing = || UsageError::MissingValue(entry.canonical());
        let rest = rest.ok_or_else(missing)?;
        let value = Zeroizing::new(rest.next().ok_or_else(missing)?.into_vec());
        self.place = rest.len() + 1;
        Ok(value)
    }

    /// `--skip-x`, `--disable-x` and `--enable-x`.
    fn switch(
        &mut self,
        entry: &Entry,
        word: Switch,
        value: Option<&[u8]>,
    ) -> Result<(), UsageError> {
        if let Some(value) = value {
            return Err(UsageError::NotASwitch {
                option: entry.canonical(),
                value: String::from_utf8_lossy(value).into_owned(),
            });
        }
        match (word, self.secret_of(entry)) {
            (Switch::On, None) => return self.set(entry, None),
            (Switch::On, Some((option, form))) => {
                let source = match form {
                    Form::FromStdin => Source::Stdin,
                    Form::Plain | Form::Source => Source::Terminal,
                };
                self.secrets.ask(option, form, source);
            }
            (Switch::Off, None) => self.unset(entry),
            (Switch::Off, Some((option, form))) => self.secrets.cancel(option, form),
        }
        Ok(())
    }

    /// The source of a secret that an option file names must not bind the command line.
    fn can_be_skipped(&self, entry: &Entry, word: Switch) -> bool {
        matches!((word, self.secret_of(entry)), (Switch::Off, Some(_)))
    }

    fn switch_to(&mut self, entry: &Entry, value: &[u8]) -> Result<(), UsageError> {
        match switch_value(entry, value)? {
            true => self.set(entry, None),
            false => {
                self.unset(entry);
                Ok(())
            }
        }
    }

    /// The secret that an option is about, and which of its options it is.
    fn secret_of(&self, entry: &Entry) -> Option<(SecretOption, Form)> {
        let name = entry.names.first()?;
        let with = |ending, form| Some((name.strip_suffix(ending)?, form));
        let (plain, form) = with("-from-stdin", Form::FromStdin)
            .or_else(|| with("-source", Form::Source))
            .unwrap_or((name, Form::Plain));
        let is_named =
            |option: &&SecretOption| format!("{}-{}", option.prefix, option.kind) == plain;
        let option = self.secret_options.iter().find(is_named)?;
        Some((*option, form))
    }

    /// `--X-password`, with its value or without.
    fn secret(&mut self, option: SecretOption, value: Option<&[u8]>, is_command_line: bool) {
        let source = match value {
            None => Source::Terminal,
            Some(value) => {
                if is_command_line {
                    self.expose();
                }
                Source::Value(Zeroizing::new(value.to_vec()))
            }
        };
        self.secrets.ask(option, Form::Plain, source);
    }

    /// `--X-password-from-stdin`, perhaps with `=0` or `=1`.
    fn stdin(
        &mut self,
        entry: &Entry,
        option: SecretOption,
        value: Option<&[u8]>,
    ) -> Result<(), UsageError> {
        match value.map_or(Ok(true), |value| switch_value(entry, value))? {
            true => self.secrets.ask(option, Form::FromStdin, Source::Stdin),
            false => self.secrets.cancel(option, Form::FromStdin),
        }
        Ok(())
    }

    /// `--X-password-source`.
    fn source(
        &mut self,
        entry: &Entry,
        option: SecretOption,
        value: &[u8],
    ) -> Result<(), UsageError> {
        // What is said instead may be the secret itself.
        let unknown = || UsageError::UnknownSource(entry.canonical());
        let source = Source::parse(value).ok_or_else(unknown)?;
        self.secrets.ask(option, Form::Source, source);
        Ok(())
    }

    /// The argument that is looked at holds a secret.
    fn expose(&mut self) {
        self.exposed.push(self.place);
        self.warnings
            .push("Using a password on the command line interface can be insecure.".into());
    }

    fn unset(&mut self, entry: &Entry) {
        self.options.retain(|(id, _)| *id != entry.id);
    }

    fn set(&mut self, entry: &Entry, value: Option<&[u8]>) -> Result<(), UsageError> {
        if !entry.repeats {
            self.unset(entry);
        }
        // An option file has no place on the command line.
        if self.place > 0 && entry.id == COMMANDS && value.and_then(password_in).is_some() {
            self.expose();
        }
        let mut argument = entry.canonical().into_bytes();
        if let Some(value) = value {
            argument.push(b'=');
            match self
                .numbers
                .iter()
                .find(|number| entry.names.iter().any(|n| n == number.option))
            {
                Some(number) => argument.extend(self.number(number, value)?.into_bytes()),
                None => argument.extend_from_slice(value),
            }
        }
        self.options
            .push((entry.id.clone(), OsString::from_vec(argument)));
        Ok(())
    }

    /// Brings a number into its range, with a warning, as the original does.
    fn number(&mut self, number: &Number, value: &[u8]) -> Result<String, UsageError> {
        let text = String::from_utf8_lossy(value);
        let given = parse_number(text.trim()).ok_or_else(|| UsageError::NotANumber {
            option: number.option.to_owned(),
            value: text.clone().into_owned(),
        })?;
        let adjusted = given.clamp(i128::from(number.min), i128::from(number.max));
        if adjusted != given {
            let sign = if number.min < 0 || given < 0 {
                "signed"
            } else {
                "unsigned"
            };
            self.warnings.push(format!(
                "option '{}': {sign} value {given} adjusted to {adjusted}.",
                number.option
            ));
        }
        Ok(adjusted.to_string())
    }
}

/// Where the value of a password begins in a command, if it has one, sound or not.
fn password_in(command: &[u8]) -> Option<usize> {
    const WORD: &[u8] = b"password";
    (0..command.len()).find_map(|start| {
        let end = start + WORD.len();
        let word = command.get(start..end)?;
        let rest = command[end..].trim_ascii_start();
        let is_given = word.eq_ignore_ascii_case(WORD) && rest.first() == Some(&b'=');
        is_given.then(|| command.len() - rest.len() + 1)
    })
}

#[derive(Clone, Copy)]
enum Switch {
    On,
    Off,
}

fn switch_prefix(name: &str) -> Option<(Switch, &str)> {
    let off = name.strip_prefix("skip-").or(name.strip_prefix("disable-"));
    off.map(|name| (Switch::Off, name))
        .or(name.strip_prefix("enable-").map(|name| (Switch::On, name)))
}

fn switch_value(entry: &Entry, value: &[u8]) -> Result<bool, UsageError> {
    match value.to_ascii_lowercase().as_slice() {
        b"1" | b"on" | b"true" => Ok(true),
        b"0" | b"off" | b"false" => Ok(false),
        _ => Err(UsageError::NotASwitch {
            option: entry.canonical(),
            value: String::from_utf8_lossy(value).into_owned(),
        }),
    }
}

/// An argument as it may be shown: without the value of a password or a key, also of one within
/// a command (`PASSWORD='..'`) or after a letter.
pub(super) fn without_secret(argument: &[u8]) -> String {
    let text = String::from_utf8_lossy(argument);
    // The letters of every program's passwords and keys.
    for letter in ["-P", "-K"] {
        if text.len() > letter.len() && text.starts_with(letter) {
            return format!("{letter}*****");
        }
    }
    match text.split_once('=') {
        Some((name, _)) if is_secret(&name.to_ascii_lowercase()) => format!("{name}=*****"),
        _ => match password_in(argument) {
            Some(value) => format!("{}*****", String::from_utf8_lossy(&argument[..value])),
            None => text.into_owned(),
        },
    }
}

fn is_secret(name: &str) -> bool {
    name.contains("password") || name.contains("key")
}

//! Arguments of a request, and fields of a reply, while they are collected.

use zeroize::Zeroizing;

use super::line;

/// How the value of an argument is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Text,
    /// May go on in lines whose name begins with `+`.
    LongText,
}

/// One argument of a command, or one name of a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    name: &'static str,
    kind: Kind,
    mandatory: bool,
}

pub(super) const fn int(name: &'static str) -> Argument {
    argument(name, Kind::Int, true)
}

pub(super) const fn optional_int(name: &'static str) -> Argument {
    argument(name, Kind::Int, false)
}

pub(super) const fn text(name: &'static str) -> Argument {
    argument(name, Kind::Text, true)
}

pub(super) const fn optional_text(name: &'static str) -> Argument {
    argument(name, Kind::Text, false)
}

pub(super) const fn optional_long_text(name: &'static str) -> Argument {
    argument(name, Kind::LongText, false)
}

const fn argument(name: &'static str, kind: Kind, mandatory: bool) -> Argument {
    Argument {
        name,
        kind,
        mandatory,
    }
}

/// Longest long text, over all its lines.
const LONG_TEXT_MAX: usize = 4096;

/// Why a line is refused. The numbers are the statuses of the original's parser
/// (management protocol, 1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    UnknownArgument = 5,
    TypeMismatch = 6,
    GivenTwice = 10,
    Missing = 12,
}

impl Fault {
    pub(super) fn text(self) -> &'static str {
        match self {
            Fault::UnknownArgument => "Unknown argument",
            Fault::TypeMismatch => "Type mismatch",
            Fault::GivenTwice => "Argument given twice",
            Fault::Missing => "Missing arg.",
        }
    }
}

enum Value {
    Int(u32),
    Text(Zeroizing<Vec<u8>>),
}

/// Values by name, checked against what a command or a reply may hold.
pub(super) struct Arguments {
    allowed: &'static [Argument],
    values: Vec<(&'static str, Value)>,
}

impl Arguments {
    pub(super) fn new(allowed: &'static [Argument]) -> Self {
        Arguments {
            allowed,
            values: Vec::new(),
        }
    }

    /// Adds one argument as it stands in the message, `+` included.
    pub(super) fn add(&mut self, name: &[u8], value: Option<&[u8]>) -> Result<(), Fault> {
        let (bare, goes_on) = match name {
            [b'+', bare @ ..] => (bare, true),
            bare => (bare, false),
        };
        let (Some(argument), Some(value)) = (
            self.allowed
                .iter()
                .find(|argument| argument.name.as_bytes() == bare),
            value,
        ) else {
            return Err(Fault::UnknownArgument);
        };
        if goes_on {
            return self.append(argument, value);
        }
        let value = match argument.kind {
            Kind::Int => Value::Int(line::parse_int(value).ok_or(Fault::TypeMismatch)?),
            Kind::Text | Kind::LongText => Value::Text(Zeroizing::new(value.to_vec())),
        };
        if self.find(argument.name).is_some() {
            return Err(Fault::GivenTwice);
        }
        self.values.push((argument.name, value));
        Ok(())
    }

    fn append(&mut self, argument: &Argument, value: &[u8]) -> Result<(), Fault> {
        if argument.kind != Kind::LongText {
            return Err(Fault::TypeMismatch);
        }
        let earlier = self
            .values
            .iter_mut()
            .find(|(name, _)| *name == argument.name);
        // The original's process dies of a continuation without a beginning.
        let Some((_, Value::Text(text))) = earlier else {
            return Err(Fault::GivenTwice);
        };
        if text.len() + value.len() > LONG_TEXT_MAX {
            return Err(Fault::TypeMismatch);
        }
        let mut longer = Vec::with_capacity(text.len() + value.len());
        longer.extend_from_slice(text);
        longer.extend_from_slice(value);
        *text = Zeroizing::new(longer);
        Ok(())
    }

    /// After the last argument: is everything mandatory there?
    pub(super) fn check_complete(&self) -> Result<(), Fault> {
        let missing =
            |argument: &Argument| argument.mandatory && self.find(argument.name).is_none();
        if self.allowed.iter().any(missing) {
            return Err(Fault::Missing);
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    pub(super) fn int(&self, name: &str) -> Option<u32> {
        match self.find(name)? {
            Value::Int(number) => Some(*number),
            Value::Text(_) => None,
        }
    }

    /// A number that [`Arguments::check_complete`] has found; 0 otherwise.
    pub(super) fn mandatory_int(&self, name: &str) -> u32 {
        self.int(name).unwrap_or(0)
    }

    /// A switch; off if it is not there.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.mandatory_int(name) != 0
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.find(name)? {
            Value::Text(bytes) => Some(bytes),
            Value::Int(_) => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.bytes(name).map(line::text)
    }

    /// A text that [`Arguments::check_complete`] has found; empty otherwise.
    pub(super) fn mandatory_text(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }
}

//! What clap has to say, in our words.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What clap refused, in the style of the other messages.
pub(super) fn sentence_of(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    let option = argument.split([' ', '=', '[']).next().unwrap_or_default();
    let value = context(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::InvalidValue => {
            let valid = context(ContextKind::ValidValue);
            format!("option '{option}': '{value}' is not one of {valid}.")
        }
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(source) => format!("option '{option}': '{value}': {source}."),
            None => format!("option '{option}': '{value}' is not a value it takes."),
        },
        ErrorKind::TooManyValues => format!("unexpected argument '{value}'."),
        ErrorKind::UnknownArgument => format!("unexpected argument '{argument}'."),
        ErrorKind::MissingRequiredArgument => format!("missing argument {argument}."),
        ErrorKind::ArgumentConflict => {
            let other = context(ContextKind::PriorArg);
            format!("options '{option}' and '{other}' exclude each other.")
        }
        ErrorKind::InvalidUtf8 => "an argument is not valid UTF-8.".to_owned(),
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.trim_start_matches("error: ").to_owned()
        }
    }
}

//! What is fixed for a command of the protocol, and the fields of its reply.

use super::Request;
use crate::wire::arguments::{Argument, Arguments, Fault};
use crate::wire::{Block, ReplyError};

/// A command: its name, what a server takes with it, and how its reply begins.
pub(in crate::wire) struct Command {
    pub(in crate::wire) name: &'static str,
    /// First line of the reply; empty if it has none.
    reply: &'static str,
    pub(in crate::wire) arguments: &'static [Argument],
    /// The request of complete arguments. `set config` and `set ports` come without what
    /// follows their empty line.
    pub(in crate::wire) read: fn(&Arguments) -> Request,
}

pub(super) const fn command(
    name: &'static str,
    reply: &'static str,
    arguments: &'static [Argument],
    read: fn(&Arguments) -> Request,
) -> Command {
    Command {
        name,
        reply,
        arguments,
        read,
    }
}

/// First line of the reply to a command; none where the reply has no such line, or there is
/// no reply.
pub(super) fn reply_header(name: &str) -> Option<&'static str> {
    let header = super::find(name.as_bytes())?.reply;
    (!header.is_empty()).then_some(header)
}

/// True for the line that a reply to the command begins with.
pub fn is_reply_header(command: &str, line: &str) -> bool {
    reply_header(command) == Some(line)
}

/// Is this the reply to the command?
pub(super) fn check_header(command: &'static str, block: &Block) -> Result<(), ReplyError> {
    if let Some(error) = block.not_authorized() {
        return Err(error);
    }
    if Some(block.header.as_str()) != reply_header(command) {
        return Err(unexpected(command, 4, &block.header));
    }
    Ok(())
}

/// A reply that the original's parser refuses with this status.
pub(super) fn unexpected(command: &'static str, status: u32, current: &str) -> ReplyError {
    ReplyError::Unexpected {
        command,
        status,
        current: current.to_owned(),
    }
}

/// Checks the header and every line against what the reply to `command` may hold, as
/// strictly as the original does. What is missing is for [`Fields::check_complete`] to say: a
/// refusal may lack the rest.
pub(super) fn fields(
    command: &'static str,
    block: &Block,
    allowed: &'static [Argument],
) -> Result<Fields, ReplyError> {
    check_header(command, block)?;
    let mut arguments = Arguments::new(allowed);
    for (name, value) in &block.fields {
        arguments
            .add(name.as_bytes(), Some(value.as_bytes()))
            .map_err(|fault: Fault| unexpected(command, fault as u32, name))?;
    }
    Ok(Fields { command, arguments })
}

/// The fields of a reply whose names are known.
pub(super) struct Fields {
    command: &'static str,
    pub(super) arguments: Arguments,
}

impl Fields {
    /// Is everything mandatory there?
    pub(super) fn check_complete(&self) -> Result<(), ReplyError> {
        let unexpected = |fault| unexpected(self.command, fault as u32, "\n");
        self.arguments.check_complete().map_err(unexpected)
    }

    /// Everything mandatory is there, and `result:` is `Ok`.
    pub(super) fn check_ok(&self) -> Result<(), ReplyError> {
        match self.arguments.text("result") {
            Some(result) if result != "Ok" => Err(ReplyError::Refused(result)),
            _ => self.check_complete(),
        }
    }
}

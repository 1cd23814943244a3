//! Replies about the configuration.

use super::super::block::Block;
use super::super::command::{Argument, int, optional_int, optional_text, reply_header, text};
use super::super::line::push_line;
use super::super::{CONFIG_REPLY_MAX, ReplyError, config};
use crate::cluster::NodeId;

/// Reply to `get config` and `get config_v2` that is no refusal; the text of the
/// configuration follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigReply {
    /// Bytes of the base64 text, without its last newline: at most
    /// [`CONFIG_REPLY_MAX`]. Read them with [`super::super::ReplyReader::take_body`].
    pub content_length: usize,
}

impl ConfigReply {
    /// Appends the reply and the packed configuration.
    pub fn encode(packed: &[u8], out: &mut Vec<u8>) {
        let body = config::encode_text(packed);
        push_line(out, format_args!("get config reply"));
        push_line(out, format_args!("result: Ok"));
        push_line(out, format_args!("Content-Length: {}", body.len()));
        push_line(out, format_args!("Content-Type: ndbconfig/octet-stream"));
        push_line(out, format_args!("Content-Transfer-Encoding: base64"));
        out.push(b'\n');
        out.extend_from_slice(body.as_bytes());
        out.push(b'\n');
    }

    /// Reads the reply without the configuration.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's text, or, with the texts of the original,
    /// for a type, an encoding or a length that cannot be read.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[
            text("result"),
            int("Content-Length"),
            text("Content-Type"),
            text("Content-Transfer-Encoding"),
        ];
        let reply = block.expect("get config_v2", FIELDS)?;
        reply.check_ok()?;
        let content_type = reply.arguments.mandatory_text("Content-Type");
        if content_type != "ndbconfig/octet-stream" {
            return Err(ReplyError::BadConfig(format!(
                "Unhandled response type: {content_type}"
            )));
        }
        let encoding = reply.arguments.mandatory_text("Content-Transfer-Encoding");
        if encoding != "base64" {
            return Err(ReplyError::BadConfig(format!(
                "Unhandled encoding: {encoding}"
            )));
        }
        let length = reply.arguments.mandatory_int("Content-Length") as usize;
        if length > CONFIG_REPLY_MAX {
            return Err(ReplyError::BadConfig("Failed to decode buffer".to_owned()));
        }
        Ok(ConfigReply {
            content_length: length,
        })
    }
}

/// Reply to `get nodeid` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetNodeidReply {
    /// The node id given out.
    pub node: NodeId,
}

impl GetNodeidReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("get nodeid reply"));
        push_line(out, format_args!("nodeid: {}", self.node));
        push_line(out, format_args!("result: Ok"));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] or [`ReplyError::RefusedWithCode`] with the server's text.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[
            optional_int("nodeid"),
            text("result"),
            optional_int("error_code"),
        ];
        let reply = block.expect("get nodeid", FIELDS)?;
        match (reply.check_ok(), reply.arguments.int("error_code")) {
            (Err(ReplyError::Refused(text)), Some(code)) => {
                Err(ReplyError::RefusedWithCode { code, text })
            }
            (Err(error), _) => Err(error),
            (Ok(()), _) => reply
                .arguments
                .int("nodeid")
                .and_then(NodeId::new)
                .map(|node| GetNodeidReply { node })
                .ok_or(ReplyError::Illegal),
        }
    }
}

/// Reply to `show config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowConfigReply {
    /// Sections, such as `ndbd(DB)`, and their parameters in order.
    pub sections: Vec<(String, Vec<(String, String)>)>,
}

impl ShowConfigReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("show config reply"));
        for (section, parameters) in &self.sections {
            push_line(out, format_args!("[{section}]"));
            for (name, value) in parameters {
                push_line(out, format_args!("{name}={value}"));
            }
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        check_header("show config", block)?;
        let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
        for (name, value) in &block.fields {
            let section = name
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            match (section, sections.last_mut()) {
                (Some(section), _) => sections.push((section.to_owned(), Vec::new())),
                (None, Some((_, parameters))) => {
                    parameters.push((name.clone(), value.clone()));
                }
                (None, None) => {
                    return Err(ReplyError::Unexpected {
                        command: "show config",
                        status: 5,
                        current: name.clone(),
                    });
                }
            }
        }
        Ok(ShowConfigReply { sections })
    }
}

fn check_header(command: &'static str, block: &Block) -> Result<(), ReplyError> {
    if let Some(error) = block.not_authorized() {
        return Err(error);
    }
    if Some(block.header.as_str()) != reply_header(command) {
        return Err(ReplyError::Unexpected {
            command,
            status: 4,
            current: block.header.clone(),
        });
    }
    Ok(())
}

/// Reply to `show variables`: the server's variables in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowVariablesReply {
    /// Names and values.
    pub variables: Vec<(String, String)>,
}

impl ShowVariablesReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("show variables reply"));
        for (name, value) in &self.variables {
            push_line(out, format_args!("{name}: {value}"));
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// A reply that is none.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        check_header("show variables", block)?;
        Ok(ShowVariablesReply {
            variables: block.fields.clone(),
        })
    }
}

/// Reply to `set parameter` that is no refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetParameterReply {
    /// The server's words, `Success`.
    pub message: String,
}

impl SetParameterReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("set parameter reply"));
        push_line(out, format_args!("message: {}", self.message));
        push_line(out, format_args!("result: 0"));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's words.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("message"), int("result")];
        let reply = block.expect("set parameter", FIELDS)?;
        reply.check_complete()?;
        let message = reply.arguments.mandatory_text("message");
        match reply.arguments.mandatory_int("result") {
            0 => Ok(SetParameterReply { message }),
            _ => Err(ReplyError::Refused(message)),
        }
    }
}

/// Reply to `set connection parameter` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetConnectionParameterReply;

impl SetConnectionParameterReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("set connection parameter reply"));
        push_line(out, format_args!("message: "));
        push_line(out, format_args!("result: Ok"));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's words.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[optional_text("message"), text("result")];
        let reply = block.expect("set connection parameter", FIELDS)?;
        reply.check_ok().map_err(|error| match error {
            ReplyError::Refused(_) => {
                ReplyError::Refused(reply.arguments.mandatory_text("message"))
            }
            other => other,
        })?;
        Ok(SetConnectionParameterReply)
    }
}

/// Reply to `get connection parameter` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetConnectionParameterReply {
    /// The parameter's value.
    pub value: i32,
}

impl GetConnectionParameterReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("get connection parameter reply"));
        push_line(out, format_args!("value: {}", self.value));
        push_line(out, format_args!("result: Ok"));
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's text.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[optional_int("value"), text("result")];
        let reply = block.expect("get connection parameter", FIELDS)?;
        reply.check_ok()?;
        Ok(GetConnectionParameterReply {
            value: reply.arguments.mandatory_int("value").cast_signed(),
        })
    }
}

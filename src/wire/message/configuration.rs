//! The configuration.

use std::sync::Arc;

use super::Request;
use super::command::{Command, check_header, command, fields};
use crate::wire::arguments::{Argument, Arguments, int, optional_int, optional_text, text};
use crate::wire::line::push_line;
use crate::wire::writer::Writer;
use crate::wire::{Block, CONFIG_REPLY_MAX, ReplyError, config};

/// Requests about the configuration.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum ConfigurationRequest {
    /// `get config` or `get config_v2`. `node` is 0 or the asking node; `node_type` is
    /// 0 data, 1 API, 2 management, 4294967295 unknown.
    GetConfig {
        version2: bool,
        node: u32,
        node_type: u32,
        from_node: Option<u32>,
    },
    /// `set config` or `set config_v2`: base64 text. The server leaves `body` empty when
    /// type, encoding or length are not acceptable (1 to [`crate::wire::CONFIG_TEXT_MAX`]
    /// bytes of `ndbconfig/octet-stream` in `base64`).
    SetConfig {
        version2: bool,
        length: u32,
        content_type: String,
        encoding: String,
        body: Vec<u8>,
    },
    /// `show config`
    ShowConfig {
        section: Option<String>,
        node: Option<u32>,
        name: Option<String>,
    },
    /// `reload config`
    ReloadConfig {
        config_filename: Option<String>,
        mycnf: Option<u32>,
        force: Option<u32>,
    },
    /// `show variables`
    ShowVariables,
    /// `set parameter`
    SetParameter {
        node: u32,
        parameter: u32,
        value: String,
    },
    /// `set connection parameter`
    SetConnectionParameter {
        node1: u32,
        node2: u32,
        param: u32,
        value: u32,
    },
    /// `get connection parameter`
    GetConnectionParameter { node1: u32, node2: u32, param: u32 },
    /// `set ports`: pairs of a node and its dynamic port (negative)
    SetPorts { node: u32, ports: Vec<(u32, i32)> },
}

pub(super) const COMMANDS: &[Command] = &[
    command(
        "get config",
        "get config reply",
        GET_CONFIG_ARGUMENTS,
        |from| read_get_config(from, false),
    ),
    command(
        "get config_v2",
        "get config reply",
        GET_CONFIG_ARGUMENTS,
        |from| read_get_config(from, true),
    ),
    command(
        "set config",
        "set config reply",
        SET_CONFIG_ARGUMENTS,
        |from| read_set_config(from, false),
    ),
    command(
        "set config_v2",
        "set config reply",
        SET_CONFIG_ARGUMENTS,
        |from| read_set_config(from, true),
    ),
    command(
        "show config",
        "show config reply",
        &[
            optional_text("Section"),
            optional_int("NodeId"),
            optional_text("Name"),
        ],
        |from| {
            Request::Configuration(ConfigurationRequest::ShowConfig {
                section: from.text("Section"),
                node: from.int("NodeId"),
                name: from.text("Name"),
            })
        },
    ),
    command(
        "reload config",
        "reload config reply",
        &[
            optional_text("config_filename"),
            optional_int("mycnf"),
            optional_int("force"),
        ],
        |from| {
            Request::Configuration(ConfigurationRequest::ReloadConfig {
                config_filename: from.text("config_filename"),
                mycnf: from.int("mycnf"),
                force: from.int("force"),
            })
        },
    ),
    command("show variables", "show variables reply", &[], |_| {
        Request::Configuration(ConfigurationRequest::ShowVariables)
    }),
    command(
        "set parameter",
        "set parameter reply",
        &[int("node"), int("parameter"), text("value")],
        |from| {
            Request::Configuration(ConfigurationRequest::SetParameter {
                node: from.mandatory_int("node"),
                parameter: from.mandatory_int("parameter"),
                value: from.mandatory_text("value"),
            })
        },
    ),
    command(
        "set connection parameter",
        "set connection parameter reply",
        &[int("node1"), int("node2"), int("param"), int("value")],
        |from| {
            Request::Configuration(ConfigurationRequest::SetConnectionParameter {
                node1: from.mandatory_int("node1"),
                node2: from.mandatory_int("node2"),
                param: from.mandatory_int("param"),
                value: from.mandatory_int("value"),
            })
        },
    ),
    command(
        "get connection parameter",
        "get connection parameter reply",
        &[int("node1"), int("node2"), int("param")],
        |from| {
            Request::Configuration(ConfigurationRequest::GetConnectionParameter {
                node1: from.mandatory_int("node1"),
                node2: from.mandatory_int("node2"),
                param: from.mandatory_int("param"),
            })
        },
    ),
    command(
        "set ports",
        "set ports reply",
        &[int("node"), int("num_ports")],
        |from| {
            Request::Configuration(ConfigurationRequest::SetPorts {
                node: from.mandatory_int("node"),
                ports: Vec::new(),
            })
        },
    ),
];

const GET_CONFIG_ARGUMENTS: &[Argument] = &[
    int("version"),
    optional_int("node"),
    optional_int("nodetype"),
    optional_int("from_node"),
];

fn read_get_config(from: &Arguments, version2: bool) -> Request {
    Request::Configuration(ConfigurationRequest::GetConfig {
        version2,
        node: from.mandatory_int("node"),
        node_type: from.int("nodetype").unwrap_or(u32::MAX),
        from_node: from.int("from_node"),
    })
}

const SET_CONFIG_ARGUMENTS: &[Argument] = &[
    int("Content-Length"),
    text("Content-Type"),
    text("Content-Transfer-Encoding"),
];

fn read_set_config(from: &Arguments, version2: bool) -> Request {
    Request::Configuration(ConfigurationRequest::SetConfig {
        version2,
        length: from.mandatory_int("Content-Length"),
        content_type: from.mandatory_text("Content-Type"),
        encoding: from.mandatory_text("Content-Transfer-Encoding"),
        body: Vec::new(),
    })
}

impl ConfigurationRequest {
    pub(super) fn name(&self) -> &'static str {
        match self {
            ConfigurationRequest::GetConfig { version2, .. } if *version2 => "get config_v2",
            ConfigurationRequest::GetConfig { .. } => "get config",
            ConfigurationRequest::SetConfig { version2, .. } if *version2 => "set config_v2",
            ConfigurationRequest::SetConfig { .. } => "set config",
            ConfigurationRequest::ShowConfig { .. } => "show config",
            ConfigurationRequest::ReloadConfig { .. } => "reload config",
            ConfigurationRequest::ShowVariables => "show variables",
            ConfigurationRequest::SetParameter { .. } => "set parameter",
            ConfigurationRequest::SetConnectionParameter { .. } => "set connection parameter",
            ConfigurationRequest::GetConnectionParameter { .. } => "get connection parameter",
            ConfigurationRequest::SetPorts { .. } => "set ports",
        }
    }

    pub(super) fn write(&self, to: &mut Writer<'_>) {
        match self {
            ConfigurationRequest::GetConfig {
                node,
                node_type,
                from_node,
                ..
            } => {
                to.optional_int("from_node", *from_node)
                    .int("nodetype", *node_type)
                    .int("node", *node)
                    .int("version", 0);
            }
            ConfigurationRequest::SetConfig {
                content_type,
                encoding,
                body,
                ..
            } => {
                to.text("Content-Transfer-Encoding", encoding)
                    .text("Content-Type", content_type)
                    .int("Content-Length", body.len() as u32)
                    .body(body);
            }
            ConfigurationRequest::ShowConfig {
                section,
                node,
                name,
            } => {
                to.optional_text("Name", name)
                    .optional_int("NodeId", *node)
                    .optional_text("Section", section);
            }
            ConfigurationRequest::ReloadConfig {
                config_filename,
                mycnf,
                force,
            } => {
                to.optional_int("force", *force)
                    .optional_int("mycnf", *mycnf)
                    .optional_text("config_filename", config_filename);
            }
            ConfigurationRequest::ShowVariables => {}
            ConfigurationRequest::SetParameter {
                node,
                parameter,
                value,
            } => {
                to.text("value", value)
                    .int("parameter", *parameter)
                    .int("node", *node);
            }
            ConfigurationRequest::SetConnectionParameter {
                node1,
                node2,
                param,
                value,
            } => {
                to.int("value", *value)
                    .int("param", *param)
                    .int("node2", *node2)
                    .int("node1", *node1);
            }
            ConfigurationRequest::GetConnectionParameter {
                node1,
                node2,
                param,
            } => {
                to.int("param", *param)
                    .int("node2", *node2)
                    .int("node1", *node1);
            }
            ConfigurationRequest::SetPorts { node, ports } => {
                let lines = ports.iter().map(|(node, port)| format!("{node}={port}\n"));
                to.int("num_ports", ports.len() as u32)
                    .int("node", *node)
                    .body(lines.collect::<String>().as_bytes());
            }
        }
    }
}

/// Reply to `get config` and `get config_v2` that is no refusal; the text of the
/// configuration follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigReply {
    /// Bytes of the base64 text, without its last newline: at most
    /// [`CONFIG_REPLY_MAX`]. Read them with [`crate::wire::ReplyReader::take_body`].
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
        let reply = fields("get config_v2", block, FIELDS)?;
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

/// The reply to `get config` or `get config_v2`, encoded once and sent often.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedConfig(pub(super) Arc<[u8]>);

impl EncodedConfig {
    /// The reply with this packed configuration.
    pub fn new(packed: &[u8]) -> Self {
        let mut bytes = Vec::new();
        ConfigReply::encode(packed, &mut bytes);
        EncodedConfig(Arc::from(bytes))
    }
}

impl std::fmt::Debug for EncodedConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncodedConfig({} bytes)", self.0.len())
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
        let reply = fields("set parameter", block, FIELDS)?;
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
        let reply = fields("set connection parameter", block, FIELDS)?;
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
        let reply = fields("get connection parameter", block, FIELDS)?;
        reply.check_ok()?;
        Ok(GetConnectionParameterReply {
            value: reply.arguments.mandatory_int("value").cast_signed(),
        })
    }
}

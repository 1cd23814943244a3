//! Requests to bytes, in the order and with the quotes of the original client.

use super::{LINE_MAX, Request, WireError};
use crate::cluster::NodeType;

/// Writes the lines of one request. Keeps the first fault until the end.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    fault: Option<WireError>,
}

impl Writer<'_> {
    fn int(&mut self, name: &'static str, value: u32) -> &mut Self {
        self.line(name, b": ", value.to_string().as_bytes(), b"")
    }

    fn flag(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.int(name, u32::from(value))
    }

    fn optional_int(&mut self, name: &'static str, value: Option<u32>) -> &mut Self {
        match value {
            Some(value) => self.int(name, value),
            None => self,
        }
    }

    fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.line(name, b":\"", value.as_bytes(), b"\"")
    }

    fn optional_text(&mut self, name: &'static str, value: &Option<String>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    fn password(&mut self, value: &[u8]) -> &mut Self {
        let sendable = |byte: &u8| (32..=126).contains(byte);
        if let Some(position) = value.iter().position(|byte| !sendable(byte)) {
            return self.fail(WireError::PasswordNotSendable { position });
        }
        self.int("password_length", value.len() as u32);
        self.line("encryption_password", b":\"", value, b"\"")
    }

    fn line(&mut self, name: &'static str, before: &[u8], value: &[u8], after: &[u8]) -> &mut Self {
        // The original's own bound; a few bytes below what a server accepts.
        if 5 + name.len() + value.len() > LINE_MAX {
            return self.fail(WireError::ArgumentTooLong { argument: name });
        }
        if value.iter().any(|byte| matches!(byte, b'\n' | 0)) {
            return self.fail(WireError::ArgumentNotSendable { argument: name });
        }
        for part in [name.as_bytes(), before, value, after, b"\n"] {
            self.out.extend_from_slice(part);
        }
        self
    }

    fn fail(&mut self, fault: WireError) -> &mut Self {
        self.fault.get_or_insert(fault);
        self
    }
}

impl Request {
    /// Appends the request. A password goes into `out` in the clear: wipe it after sending.
    ///
    /// # Errors
    /// An argument that does not fit in a line of the server or would break out of it;
    /// `out` is then as before.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let start = out.len();
        // Growing would leave a copy of a password behind.
        out.reserve(2 * LINE_MAX);
        out.extend_from_slice(self.name().as_bytes());
        out.push(b'\n');
        let mut writer = Writer { out, fault: None };
        self.write_arguments(&mut writer);
        let fault = writer.fault;
        if let Some(fault) = fault {
            out.truncate(start);
            return Err(fault);
        }
        out.push(b'\n');
        match self {
            Request::SetConfig { body, .. } => {
                out.extend_from_slice(body);
                out.push(b'\n');
            }
            Request::SetPorts { ports, .. } => {
                for (node, port) in ports {
                    out.extend_from_slice(format!("{node}={port}\n").as_bytes());
                }
                out.push(b'\n');
            }
            _ => {}
        }
        Ok(())
    }

    fn write_arguments(&self, to: &mut Writer<'_>) {
        match self {
            Request::StartBackup {
                wait,
                id,
                point,
                password,
            } => {
                if let Some(password) = password {
                    to.password(password.expose());
                }
                to.int("backuppoint", *point)
                    .optional_int("backupid", *id)
                    .int("completed", *wait);
            }
            Request::AbortBackup { id } | Request::GetSession { id } => {
                to.int("id", *id);
            }
            Request::SetClientVersion { version } => {
                to.int("build", version.build())
                    .int("minor", version.minor())
                    .int("major", version.major());
            }
            Request::GetStatus { types: Some(types) } => {
                let list: Vec<u8> = types
                    .iter()
                    .map(|node_type| format!("{} ", NodeType::wire_name(*node_type)))
                    .collect::<String>()
                    .into_bytes();
                to.line("types", b": ", &list, b"");
            }
            Request::ListenEvent { filter, parsable } => {
                to.text("filter", filter).flag("parsable", *parsable);
            }
            Request::DumpEvents { kind, nodes } => {
                to.optional_text("nodes", nodes).int("type", *kind);
            }
            Request::SetLogfilter { level, enable } => {
                to.int("enable", enable.cast_unsigned())
                    .int("level", *level);
            }
            Request::SetLoglevel {
                node,
                category,
                level,
            }
            | Request::SetClusterLoglevel {
                node,
                category,
                level,
            } => {
                to.int("level", *level)
                    .int("category", *category)
                    .int("node", *node);
            }
            Request::Stop { .. }
            | Request::StopAll { .. }
            | Request::RestartNode { .. }
            | Request::RestartAll { .. }
            | Request::Start { .. }
            | Request::EnterSingleUser { .. }
            | Request::DumpState { .. }
            | Request::InsertError { .. }
            | Request::SetTrace { .. }
            | Request::LogSignals { .. }
            | Request::StartSignallog { .. }
            | Request::StopSignallog { .. }
            | Request::CreateNodegroup { .. }
            | Request::DropNodegroup { .. } => self.write_node_arguments(to),
            _ => self.write_configuration_arguments(to),
        }
    }

    /// Arguments of the orders to nodes.
    fn write_node_arguments(&self, to: &mut Writer<'_>) {
        match self {
            Request::Stop {
                nodes,
                abort,
                force,
            } => {
                to.optional_int("force", force.map(u32::from))
                    .flag("abort", *abort)
                    .text("node", nodes);
            }
            Request::StopAll { abort, stop } => {
                to.optional_text("stop", stop).flag("abort", *abort);
            }
            Request::RestartNode {
                nodes,
                initial,
                nostart,
                abort,
                force,
            } => {
                to.optional_int("force", force.map(u32::from))
                    .flag("nostart", *nostart)
                    .flag("initialstart", *initial)
                    .flag("abort", *abort)
                    .text("node", nodes);
            }
            Request::RestartAll {
                initial,
                nostart,
                abort,
            } => {
                to.flag("nostart", *nostart)
                    .flag("initialstart", *initial)
                    .flag("abort", *abort);
            }
            Request::Start { node }
            | Request::StartSignallog { node }
            | Request::StopSignallog { node } => {
                to.int("node", *node);
            }
            Request::EnterSingleUser { node } => {
                to.int("nodeId", *node);
            }
            Request::DumpState { node, args } => {
                to.text("args", args).int("node", *node);
            }
            Request::InsertError { node, error, extra } => {
                to.optional_int("extra", *extra)
                    .int("error", *error)
                    .int("node", *node);
            }
            Request::SetTrace { node, trace } => {
                to.int("trace", *trace).int("node", *node);
            }
            Request::LogSignals {
                node,
                blocks,
                r#in,
                out,
            } => {
                to.int("out", *out)
                    .int("in", *r#in)
                    .text("blocks", blocks)
                    .int("node", *node);
            }
            Request::CreateNodegroup { nodes } => {
                to.text("nodes", nodes);
            }
            Request::DropNodegroup { nodegroup } => {
                to.int("ng", *nodegroup);
            }
            _ => {}
        }
    }

    /// Arguments of the requests around the configuration; all others have none.
    fn write_configuration_arguments(&self, to: &mut Writer<'_>) {
        match self {
            Request::GetConfig {
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
            Request::SetConfig {
                content_type,
                encoding,
                body,
                ..
            } => {
                to.text("Content-Transfer-Encoding", encoding)
                    .text("Content-Type", content_type)
                    .int("Content-Length", body.len() as u32);
            }
            Request::GetNodeid {
                version,
                node_type,
                node,
                user,
                password,
                public_key,
                transporter,
                endian,
                name,
                timeout,
                log_event,
            } => {
                to.optional_int("log_event", *log_event)
                    .optional_int("timeout", *timeout)
                    .optional_text("name", name)
                    .optional_text("endian", endian)
                    .text("public key", public_key)
                    .text("password", password)
                    .text("user", user)
                    .int("nodeid", *node)
                    .optional_text("transporter", transporter)
                    .int("nodetype", *node_type)
                    .int("version", *version);
            }
            Request::ShowConfig {
                section,
                node,
                name,
            } => {
                to.optional_text("Name", name)
                    .optional_int("NodeId", *node)
                    .optional_text("Section", section);
            }
            Request::ReloadConfig {
                config_filename,
                mycnf,
                force,
            } => {
                to.optional_int("force", *force)
                    .optional_int("mycnf", *mycnf)
                    .optional_text("config_filename", config_filename);
            }
            Request::SetParameter {
                node,
                parameter,
                value,
            } => {
                to.text("value", value)
                    .int("parameter", *parameter)
                    .int("node", *node);
            }
            Request::SetConnectionParameter {
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
            Request::GetConnectionParameter {
                node1,
                node2,
                param,
            } => {
                to.int("param", *param)
                    .int("node2", *node2)
                    .int("node1", *node1);
            }
            Request::SetPorts { node, ports } => {
                to.int("num_ports", ports.len() as u32).int("node", *node);
            }
            Request::ReportEvent { words } => {
                let list: Vec<String> = words.iter().map(u32::to_string).collect();
                to.text("data", &list.join(" "))
                    .int("length", words.len() as u32);
            }
            _ => {}
        }
    }
}

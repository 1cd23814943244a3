//! Requests and their replies, a file for each noun.
//!
//! A file holds side by side what belongs to a request: its argument rows, how a server reads
//! it and a client writes it, and the encoder and decoder of its reply (management protocol, 3).

mod backup;
mod command;
mod configuration;
mod diagnostics;
mod events;
mod logs;
mod nodes;
mod refusal;
mod reply;
mod session;
mod session_list;
mod status;

pub use crate::cluster::NodeState;
pub use backup::{BackupRequest, StartBackupReply};
pub use command::is_reply_header;
pub use configuration::{
    ConfigReply, ConfigurationRequest, EncodedConfig, GetConnectionParameterReply,
    SetConnectionParameterReply, SetParameterReply, ShowConfigReply, ShowVariablesReply,
};
pub use diagnostics::DiagnosticsRequest;
pub use events::{DumpEventsReply, EventsRequest, ListenReply};
pub use logs::{ClusterLoglevelReply, ClusterlogReply, LogfilterReply, LogsRequest};
pub use nodes::{CreateNodegroupReply, NodesRequest, RestartReply, StartAllReply, StopReply};
pub use refusal::Refusal;
pub use reply::{Reply, ResultReply};
pub use session::{GetNodeidReply, MgmdNodeidReply, SessionIdReply, SessionRequest, VersionReply};
pub use session_list::{
    Certificate, ListCertsReply, ListSessionsReply, SessionReply, SessionState, TlsStatsReply,
};
pub use status::{StatusReply, StatusRequest};

use super::writer::Writer;
use super::{LINE_MAX, WireError};
pub(super) use command::Command;

/// A request, by noun. Numbers are the protocol's; node lists are texts of ids separated by
/// blanks.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// About the session and the server that it is with.
    Session(SessionRequest),
    /// About the states of the nodes.
    Status(StatusRequest),
    /// About backups.
    Backup(BackupRequest),
    /// Orders to nodes.
    Nodes(NodesRequest),
    /// About events.
    Events(EventsRequest),
    /// About the cluster log and the levels of events.
    Logs(LogsRequest),
    /// Looks into data nodes.
    Diagnostics(DiagnosticsRequest),
    /// About the configuration.
    Configuration(ConfigurationRequest),
}

/// Every command that a server knows.
const COMMANDS: [&[Command]; 8] = [
    session::COMMANDS,
    status::COMMANDS,
    backup::COMMANDS,
    nodes::COMMANDS,
    events::COMMANDS,
    logs::COMMANDS,
    diagnostics::COMMANDS,
    configuration::COMMANDS,
];

/// The command with this name.
pub(super) fn find(name: &[u8]) -> Option<&'static Command> {
    let mut all = COMMANDS.into_iter().flatten();
    all.find(|command| command.name.as_bytes() == name)
}

impl Request {
    /// True if a server knows a command of this name.
    pub fn is_name(name: &str) -> bool {
        find(name.as_bytes()).is_some()
    }

    /// The command line.
    pub fn name(&self) -> &'static str {
        match self {
            Request::Session(request) => request.name(),
            Request::Status(request) => request.name(),
            Request::Backup(request) => request.name(),
            Request::Nodes(request) => request.name(),
            Request::Events(request) => request.name(),
            Request::Logs(request) => request.name(),
            Request::Diagnostics(request) => request.name(),
            Request::Configuration(request) => request.name(),
        }
    }

    /// First line of the reply; none where the reply has no such line, or there is no
    /// reply.
    pub fn reply_header(&self) -> Option<&'static str> {
        command::reply_header(self.name())
    }

    /// Appends the request, in the order and with the quotes of the original client. A
    /// password goes into `out` in the clear: wipe it after sending.
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
        let mut writer = Writer::new(out);
        match self {
            Request::Session(request) => request.write(&mut writer),
            Request::Status(request) => request.write(&mut writer),
            Request::Backup(request) => request.write(&mut writer),
            Request::Nodes(request) => request.write(&mut writer),
            Request::Events(request) => request.write(&mut writer),
            Request::Logs(request) => request.write(&mut writer),
            Request::Diagnostics(request) => request.write(&mut writer),
            Request::Configuration(request) => request.write(&mut writer),
        }
        let written = writer.finish();
        if written.is_err() {
            out.truncate(start);
        }
        written
    }
}

#[cfg(test)]
mod tests;

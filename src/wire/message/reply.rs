//! All replies as one type: what a server answers, before it is bytes.

use std::sync::Arc;

use super::command::{fields, reply_header};
use super::{
    ClusterLoglevelReply, ClusterlogReply, CreateNodegroupReply, DumpEventsReply, EncodedConfig,
    GetConnectionParameterReply, GetNodeidReply, ListCertsReply, ListSessionsReply, ListenReply,
    LogfilterReply, MgmdNodeidReply, Refusal, RestartReply, SessionIdReply, SessionReply,
    SetConnectionParameterReply, SetParameterReply, ShowConfigReply, ShowVariablesReply,
    StartAllReply, StartBackupReply, StatusReply, StopReply, TlsStatsReply, VersionReply,
};
use crate::cluster::Event;
use crate::wire::arguments::{Argument, text};
use crate::wire::line::push_line;
use crate::wire::{Block, ReplyError};

/// A reply: one variant per layout. A client reads each with the `decode` of the same type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// Not a byte. `log signals` with a switch that is neither 0 nor 1 gets no reply at all.
    Nothing,
    /// `result: Ok` alone.
    Done {
        /// Name of the command that is answered, as of [`super::Request::name`].
        command: &'static str,
    },
    /// The request is not carried out.
    Refused(Refusal),
    /// To `end session`: a header without an empty line.
    EndSession,
    /// To `get version`.
    Version(VersionReply),
    /// To `get mgmd nodeid`.
    MgmdNodeid(MgmdNodeidReply),
    /// To `get session id`.
    SessionId(SessionIdReply),
    /// To `get session`.
    Session(SessionReply),
    /// To `list sessions`.
    ListSessions(ListSessionsReply),
    /// To `list certs`.
    ListCerts(ListCertsReply),
    /// To `get tls stats`.
    TlsStats(TlsStatsReply),
    /// To `get status`.
    Status(StatusReply),
    /// To `start backup`.
    StartBackup(StartBackupReply),
    /// To `stop`, `stop v2` and `stop all`.
    Stop(StopReply),
    /// To `restart node`, `restart node v2` and `restart all`.
    Restart(RestartReply),
    /// To `start all`.
    StartAll(StartAllReply),
    /// To `create nodegroup`.
    CreateNodegroup(CreateNodegroupReply),
    /// To `get info clusterlog`.
    Clusterlog(ClusterlogReply),
    /// To `get cluster loglevel`.
    ClusterLoglevel(ClusterLoglevelReply),
    /// To `set logfilter`.
    Logfilter(LogfilterReply),
    /// To `listen event`.
    Listen(ListenReply),
    /// To `dump events`: the records.
    DumpEvents(Vec<Event>),
    /// To `get config` and `get config_v2`.
    Config(EncodedConfig),
    /// To `get nodeid`.
    GetNodeid(GetNodeidReply),
    /// To `show config`.
    ShowConfig(ShowConfigReply),
    /// To `show variables`.
    ShowVariables(ShowVariablesReply),
    /// To `set parameter`.
    SetParameter(SetParameterReply),
    /// To `set connection parameter`.
    SetConnectionParameter(SetConnectionParameterReply),
    /// To `get connection parameter`.
    GetConnectionParameter(GetConnectionParameterReply),
}

impl Reply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Reply::Nothing => {}
            Reply::Done { command } => ResultReply::encode(command, out),
            Reply::Refused(refusal) => refusal.encode(out),
            Reply::EndSession => push_line(out, format_args!("end session reply")),
            Reply::Version(reply) => reply.encode(out),
            Reply::MgmdNodeid(reply) => reply.encode(out),
            Reply::SessionId(reply) => reply.encode(out),
            Reply::Session(reply) => reply.encode(out),
            Reply::ListSessions(reply) => reply.encode(out),
            Reply::ListCerts(reply) => reply.encode(out),
            Reply::TlsStats(reply) => reply.encode(out),
            Reply::Status(reply) => reply.encode(out),
            Reply::StartBackup(reply) => reply.encode(out),
            Reply::Stop(reply) => reply.encode(out),
            Reply::Restart(reply) => reply.encode(out),
            Reply::StartAll(reply) => reply.encode(out),
            Reply::CreateNodegroup(reply) => reply.encode(out),
            Reply::Clusterlog(reply) => reply.encode(out),
            Reply::ClusterLoglevel(reply) => reply.encode(out),
            Reply::Logfilter(reply) => reply.encode(out),
            Reply::Listen(reply) => reply.encode(out),
            Reply::DumpEvents(events) => DumpEventsReply::encode(events, out),
            Reply::Config(EncodedConfig(bytes)) => out.extend_from_slice(bytes),
            Reply::GetNodeid(reply) => reply.encode(out),
            Reply::ShowConfig(reply) => reply.encode(out),
            Reply::ShowVariables(reply) => reply.encode(out),
            Reply::SetParameter(reply) => reply.encode(out),
            Reply::SetConnectionParameter(reply) => reply.encode(out),
            Reply::GetConnectionParameter(reply) => reply.encode(out),
        }
    }

    /// The reply's bytes; those of an [`EncodedConfig`] are shared, not copied.
    pub fn into_bytes(self) -> Arc<[u8]> {
        match self {
            Reply::Config(EncodedConfig(bytes)) => bytes,
            reply => {
                let mut bytes = Vec::new();
                reply.encode(&mut bytes);
                Arc::from(bytes)
            }
        }
    }
}

/// Reply with nothing but `result: Ok`, of every request that has no type of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultReply;

impl ResultReply {
    /// Appends the reply to the command.
    pub fn encode(command: &str, out: &mut Vec<u8>) {
        if let Some(header) = reply_header(command) {
            push_line(out, format_args!("{header}"));
        }
        match command {
            "report event" => push_line(out, format_args!("result: ok")),
            _ => push_line(out, format_args!("result: Ok")),
        }
        out.push(b'\n');
    }

    /// Reads the reply to the command.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's text for every other result.
    pub fn decode(command: &'static str, block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("result")];
        let reply = fields(command, block, FIELDS)?;
        if command == "report event" && reply.arguments.text("result").as_deref() == Some("ok") {
            return Ok(ResultReply);
        }
        reply.check_ok()?;
        Ok(ResultReply)
    }
}

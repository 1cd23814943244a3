//! All replies as one type: what a server answers, before it is bytes.

use std::sync::Arc;

use super::line::push_line;
use super::{
    ClusterLoglevelReply, ClusterlogReply, ConfigReply, CreateNodegroupReply, DumpEventsReply,
    GetConnectionParameterReply, GetNodeidReply, ListCertsReply, ListSessionsReply, ListenReply,
    LogfilterReply, MgmdNodeidReply, Refusal, RestartReply, ResultReply, SessionIdReply,
    SessionReply, SetConnectionParameterReply, SetParameterReply, ShowConfigReply,
    ShowVariablesReply, StartAllReply, StartBackupReply, StatusReply, StopReply, TlsStatsReply,
    VersionReply,
};
use crate::cluster::Event;

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

/// The reply to `get config` or `get config_v2`, encoded once and sent often.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedConfig(Arc<[u8]>);

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

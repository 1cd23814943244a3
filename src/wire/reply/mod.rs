//! Typed replies. Each appends itself for a server (`encode`) and reads itself for a client
//! (`decode`). A refusal by the server is [`super::ReplyError::Refused`] on the client's
//! side and [`super::Refusal`] on the server's.

mod configuration;
mod log;
mod node;
mod session;

pub use configuration::{
    ConfigReply, GetConnectionParameterReply, GetNodeidReply, SetConnectionParameterReply,
    SetParameterReply, ShowConfigReply, ShowVariablesReply,
};
pub use log::{
    ClusterLoglevelReply, ClusterlogReply, DumpEventsReply, ListenReply, LogfilterReply,
};
pub use node::{CreateNodegroupReply, RestartReply, StartAllReply, StartBackupReply, StopReply};
pub use session::{
    Certificate, ListCertsReply, ListSessionsReply, MgmdNodeidReply, ResultReply, SessionIdReply,
    SessionReply, SessionState, TlsStatsReply, VersionReply, encode_not_authorized,
};

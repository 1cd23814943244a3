//! Requests of the management protocol (management protocol, 3).

use crate::cluster::{NodeType, Version};

use super::WirePassword;

/// A request, one variant for each command. Numbers are the protocol's; node lists are
/// texts of ids separated by blanks.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum Request {
    /// `check connection`
    CheckConnection,
    /// `get version`
    GetVersion,
    /// `set clientversion`
    SetClientVersion { version: Version },
    /// `get mgmd nodeid`
    GetMgmdNodeid,
    /// `start tls`
    StartTls,
    /// `end session`
    EndSession,
    /// `bye`
    Bye,
    /// `get status`. Without types: data nodes, management servers, API nodes. At most three
    /// types count.
    GetStatus { types: Option<Vec<NodeType>> },
    /// `get config` or `get config_v2`. `node` is 0 or the asking node; `node_type` is
    /// 0 data, 1 API, 2 management, 4294967295 unknown.
    GetConfig {
        version2: bool,
        node: u32,
        node_type: u32,
        from_node: Option<u32>,
    },
    /// `set config` or `set config_v2`: base64 text. The server leaves `body` empty when
    /// type, encoding or length are not acceptable (1 to [`super::CONFIG_TEXT_MAX`] bytes of
    /// `ndbconfig/octet-stream` in `base64`).
    SetConfig {
        version2: bool,
        length: u32,
        content_type: String,
        encoding: String,
        body: Vec<u8>,
    },
    /// `get nodeid`
    GetNodeid {
        version: u32,
        node_type: u32,
        node: u32,
        user: String,
        password: String,
        public_key: String,
        transporter: Option<String>,
        endian: Option<String>,
        name: Option<String>,
        timeout: Option<u32>,
        log_event: Option<u32>,
    },
    /// `start backup`. `wait` is 0 nothing, 1 started, 2 completed; `point` is 1 for a
    /// snapshot at the start. Without an id the cluster chooses.
    StartBackup {
        wait: u32,
        id: Option<u32>,
        point: u32,
        password: Option<WirePassword>,
    },
    /// `abort backup`
    AbortBackup { id: u32 },
    /// `stop`, or `stop v2` when `force` is given
    Stop {
        nodes: String,
        abort: bool,
        force: Option<bool>,
    },
    /// `stop all`; `stop` is `db`, `mgm` or `mgm,db`
    StopAll { abort: bool, stop: Option<String> },
    /// `restart node`, or `restart node v2` when `force` is given
    RestartNode {
        nodes: String,
        initial: bool,
        nostart: bool,
        abort: bool,
        force: Option<bool>,
    },
    /// `restart all`
    RestartAll {
        initial: bool,
        nostart: bool,
        abort: bool,
    },
    /// `start`
    Start { node: u32 },
    /// `start all`
    StartAll,
    /// `enter single user`
    EnterSingleUser { node: u32 },
    /// `exit single user`
    ExitSingleUser,
    /// `dump state`; `args` are decimal numbers separated by blanks
    DumpState { node: u32, args: String },
    /// `insert error`
    InsertError {
        node: u32,
        error: u32,
        extra: Option<u32>,
    },
    /// `set trace`
    SetTrace { node: u32, trace: u32 },
    /// `log signals`; `blocks` are separated by `|`
    LogSignals {
        node: u32,
        blocks: String,
        r#in: u32,
        out: u32,
    },
    /// `start signallog`
    StartSignallog { node: u32 },
    /// `stop signallog`
    StopSignallog { node: u32 },
    /// `set loglevel`
    SetLoglevel {
        node: u32,
        category: u32,
        level: u32,
    },
    /// `set cluster loglevel`
    SetClusterLoglevel {
        node: u32,
        category: u32,
        level: u32,
    },
    /// `get cluster loglevel`
    GetClusterLoglevel,
    /// `get info clusterlog`
    GetInfoClusterlog,
    /// `set logfilter`; `level` is a severity, 0 the whole log, 7 all; `enable` is 0 off,
    /// positive on, negative toggle
    SetLogfilter { level: u32, enable: i32 },
    /// `dump events`; `nodes` is a list such as `1,2,5-7`
    DumpEvents { kind: u32, nodes: Option<String> },
    /// `listen event`
    ListenEvent { filter: String, parsable: bool },
    /// `list sessions`
    ListSessions,
    /// `get session id`
    GetSessionId,
    /// `get session`
    GetSession { id: u32 },
    /// `purge stale sessions`
    PurgeStaleSessions,
    /// `list certs`
    ListCerts,
    /// `get tls stats`
    GetTlsStats,
    /// `transporter connect`
    TransporterConnect,
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
    /// `create nodegroup`
    CreateNodegroup { nodes: String },
    /// `drop nodegroup`
    DropNodegroup { nodegroup: u32 },
    /// `report event`; word 0 holds the type and the node << 16
    ReportEvent { words: Vec<u32> },
}

impl Request {
    /// The command line.
    pub fn name(&self) -> &'static str {
        match self {
            Request::CheckConnection => "check connection",
            Request::GetVersion => "get version",
            Request::SetClientVersion { .. } => "set clientversion",
            Request::GetMgmdNodeid => "get mgmd nodeid",
            Request::StartTls => "start tls",
            Request::EndSession => "end session",
            Request::Bye => "bye",
            Request::GetStatus { .. } => "get status",
            Request::GetConfig { version2: true, .. } => "get config_v2",
            Request::GetConfig { .. } => "get config",
            Request::SetConfig { version2: true, .. } => "set config_v2",
            Request::SetConfig { .. } => "set config",
            Request::GetNodeid { .. } => "get nodeid",
            Request::StartBackup { .. } => "start backup",
            Request::AbortBackup { .. } => "abort backup",
            Request::Stop { force: Some(_), .. } => "stop v2",
            Request::Stop { .. } => "stop",
            Request::StopAll { .. } => "stop all",
            Request::RestartNode { force: Some(_), .. } => "restart node v2",
            Request::RestartNode { .. } => "restart node",
            Request::RestartAll { .. } => "restart all",
            Request::Start { .. } => "start",
            Request::StartAll => "start all",
            Request::EnterSingleUser { .. } => "enter single user",
            Request::ExitSingleUser => "exit single user",
            Request::DumpState { .. } => "dump state",
            Request::InsertError { .. } => "insert error",
            Request::SetTrace { .. } => "set trace",
            Request::LogSignals { .. } => "log signals",
            Request::StartSignallog { .. } => "start signallog",
            Request::StopSignallog { .. } => "stop signallog",
            Request::SetLoglevel { .. } => "set loglevel",
            Request::SetClusterLoglevel { .. } => "set cluster loglevel",
            Request::GetClusterLoglevel => "get cluster loglevel",
            Request::GetInfoClusterlog => "get info clusterlog",
            Request::SetLogfilter { .. } => "set logfilter",
            Request::DumpEvents { .. } => "dump events",
            Request::ListenEvent { .. } => "listen event",
            Request::ListSessions => "list sessions",
            Request::GetSessionId => "get session id",
            Request::GetSession { .. } => "get session",
            Request::PurgeStaleSessions => "purge stale sessions",
            Request::ListCerts => "list certs",
            Request::GetTlsStats => "get tls stats",
            Request::TransporterConnect => "transporter connect",
            Request::ShowConfig { .. } => "show config",
            Request::ReloadConfig { .. } => "reload config",
            Request::ShowVariables => "show variables",
            Request::SetParameter { .. } => "set parameter",
            Request::SetConnectionParameter { .. } => "set connection parameter",
            Request::GetConnectionParameter { .. } => "get connection parameter",
            Request::SetPorts { .. } => "set ports",
            Request::CreateNodegroup { .. } => "create nodegroup",
            Request::DropNodegroup { .. } => "drop nodegroup",
            Request::ReportEvent { .. } => "report event",
        }
    }

    /// First line of the reply; none where the reply has no such line, or there is no
    /// reply.
    pub fn reply_header(&self) -> Option<&'static str> {
        super::command::reply_header(self.name())
    }

    /// True for the commands that a session may use before it is authorized (management
    /// protocol, 1.8).
    pub fn is_bootstrap(&self) -> bool {
        matches!(
            self,
            Request::GetVersion
                | Request::SetClientVersion { .. }
                | Request::StartTls
                | Request::EndSession
                | Request::CheckConnection
                | Request::GetMgmdNodeid
        )
    }
}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::*;
    use crate::wire::{Incoming, RequestReader, WireError};

    type Parts = (u32, u32, u32, u32, bool, bool, bool, String, String);

    /// One request of every kind, made of the parts.
    fn all((a, b, c, d, x, y, z, s, t): &Parts) -> Vec<Request> {
        let (a, b, c, d, x, y, z) = (*a, *b, *c, *d, *x, *y, *z);
        let text = || s.clone();
        let maybe_text = || z.then(|| t.clone());
        let maybe = z.then_some(d);
        let maybe_flag = z.then_some(y);
        let mut requests = vec![
            Request::CheckConnection,
            Request::GetVersion,
            Request::SetClientVersion {
                version: Version(a & 0xFF_FFFF),
            },
            Request::GetMgmdNodeid,
            Request::StartTls,
            Request::EndSession,
            Request::Bye,
            Request::GetStatus { types: None },
            Request::GetStatus {
                types: Some(
                    vec![NodeType::Ndb, NodeType::Mgm, NodeType::Api][..a as usize % 4].to_vec(),
                ),
            },
            Request::GetConfig {
                version2: x,
                node: a,
                node_type: b,
                from_node: maybe,
            },
            Request::SetConfig {
                version2: x,
                length: s.len() as u32,
                content_type: "ndbconfig/octet-stream".to_owned(),
                encoding: "base64".to_owned(),
                body: s.clone().into_bytes(),
            },
            Request::GetNodeid {
                version: a,
                node_type: b,
                node: c,
                user: text(),
                password: text(),
                public_key: text(),
                transporter: maybe_text(),
                endian: maybe_text(),
                name: maybe_text(),
                timeout: maybe,
                log_event: maybe,
            },
            Request::StartBackup {
                wait: a,
                id: z.then_some(b.max(1)),
                point: c,
                password: x.then(|| {
                    WirePassword::new(Zeroizing::new(
                        s.bytes().filter(|byte| (32..=126).contains(byte)).collect(),
                    ))
                }),
            },
            Request::AbortBackup { id: a },
            Request::Stop {
                nodes: text(),
                abort: x,
                force: maybe_flag,
            },
            Request::StopAll {
                abort: x,
                stop: maybe_text(),
            },
            Request::RestartNode {
                nodes: text(),
                initial: x,
                nostart: y,
                abort: z,
                force: maybe_flag,
            },
            Request::RestartAll {
                initial: x,
                nostart: y,
                abort: z,
            },
            Request::Start { node: a },
            Request::StartAll,
            Request::EnterSingleUser { node: a },
            Request::ExitSingleUser,
            Request::DumpState {
                node: a,
                args: text(),
            },
            Request::InsertError {
                node: a,
                error: b,
                extra: maybe,
            },
            Request::SetTrace { node: a, trace: b },
            Request::LogSignals {
                node: a,
                blocks: text(),
                r#in: b,
                out: c,
            },
            Request::StartSignallog { node: a },
            Request::StopSignallog { node: a },
            Request::SetLoglevel {
                node: a,
                category: b,
                level: c,
            },
            Request::SetClusterLoglevel {
                node: a,
                category: b,
                level: c,
            },
            Request::GetClusterLoglevel,
            Request::GetInfoClusterlog,
            Request::SetLogfilter {
                level: a,
                enable: b.cast_signed(),
            },
            Request::DumpEvents {
                kind: a,
                nodes: maybe_text(),
            },
            Request::ListenEvent {
                filter: text(),
                parsable: x,
            },
        ];
        requests.extend([
            Request::ListSessions,
            Request::GetSessionId,
            Request::GetSession { id: a },
            Request::PurgeStaleSessions,
            Request::ListCerts,
            Request::GetTlsStats,
            Request::TransporterConnect,
            Request::ShowConfig {
                section: maybe_text(),
                node: maybe,
                name: maybe_text(),
            },
            Request::ReloadConfig {
                config_filename: maybe_text(),
                mycnf: maybe,
                force: maybe,
            },
            Request::ShowVariables,
            Request::SetParameter {
                node: a,
                parameter: b,
                value: text(),
            },
            Request::SetConnectionParameter {
                node1: a,
                node2: b,
                param: c,
                value: d,
            },
            Request::GetConnectionParameter {
                node1: a,
                node2: b,
                param: c,
            },
            Request::SetPorts {
                node: 1 + a % 255,
                ports: vec![(b, c.cast_signed()); 1 + (d % 3) as usize],
            },
            Request::CreateNodegroup { nodes: text() },
            Request::DropNodegroup { nodegroup: a },
            Request::ReportEvent {
                words: vec![a, b, c],
            },
        ]);
        requests
    }

    fn parts() -> impl Strategy<Value = Parts> {
        let text = "[ -~\u{e4}\t\r\"]{1,40}";
        (
            any::<u32>(),
            any::<u32>(),
            any::<u32>(),
            any::<u32>(),
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            text,
            text,
        )
    }

    proptest! {
        #[test]
        fn requests_read_back(parts in parts(), chunk in 1..50usize) {
            let requests = all(&parts);
            let mut bytes = Vec::new();
            for request in &requests {
                request.encode(&mut bytes).expect("short enough");
            }
            let mut reader = RequestReader::new();
            let mut read = Vec::new();
            for chunk in bytes.chunks(chunk) {
                reader.push(chunk);
                loop {
                    match reader.next() {
                        Incoming::Request(request) => read.push(request),
                        Incoming::NeedMore => break,
                        other => panic!("{other:?}"),
                    }
                }
            }
            prop_assert!(reader.is_idle());
            prop_assert_eq!(read, requests);
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..600),
                "((start backup|set ports|get status|report event)\n|(\\+?encryption_password|length|types|data|node|num_ports|id)[:=][0-9a ]{0,3}\n|\n){0,20}"
                    .prop_map(String::into_bytes),
            ],
        ) {
            let mut reader = RequestReader::new();
            reader.push(&bytes);
            let mut ended = false;
            for _ in 0..bytes.len() + 1 {
                match reader.next() {
                    Incoming::NeedMore | Incoming::Close => {
                        ended = true;
                        break;
                    }
                    Incoming::Refused(reply) => prop_assert!(reply.ends_with("\n\n")),
                    Incoming::Request(_) => {}
                }
            }
            prop_assert!(ended, "more requests than bytes");
        }
    }

    #[test]
    fn an_argument_that_does_not_fit_is_refused_and_nothing_written() {
        let backup = |password: Vec<u8>| Request::StartBackup {
            wait: 2,
            id: None,
            point: 0,
            password: Some(WirePassword::new(Zeroizing::new(password))),
        };
        let mut out = b"before".to_vec();
        // 488 bytes is the longest password that the original's client sends.
        let error = backup(vec![b'x'; 489])
            .encode(&mut out)
            .expect_err("too long");
        assert_eq!(
            error.to_string(),
            "Line length exceeded due to argument: encryption_password"
        );
        assert_eq!(out, b"before");
        assert_eq!(backup(vec![b'x'; 488]).encode(&mut out), Ok(()));
        assert_eq!(
            backup(b"ab\x1f".to_vec())
                .encode(&mut out)
                .map_err(|error| error.to_string()),
            Err("Encryption password has invalid character at position 2".to_owned())
        );
        let broken_out = Request::CreateNodegroup {
            nodes: "1\n\nbye".to_owned(),
        };
        assert_eq!(
            broken_out.encode(&mut out),
            Err(WireError::ArgumentNotSendable { argument: "nodes" })
        );
    }

    #[test]
    fn debug_shows_no_password() {
        let request = Request::StartBackup {
            wait: 2,
            id: None,
            point: 0,
            password: Some(WirePassword::new(Zeroizing::new(b"sesame".to_vec()))),
        };
        let shown = format!("{request:?}");
        assert!(shown.contains("WirePassword(..)"), "{shown}");
        assert!(!shown.contains("sesame"), "{shown}");
    }
}

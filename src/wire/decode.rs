//! Collected arguments to requests.

use zeroize::Zeroizing;

use super::arguments::Arguments;
use super::{Request, WirePassword, line};
use crate::cluster::{NodeType, Version};

/// At most this many types count in `get status`.
const STATUS_TYPES_MAX: usize = 3;

/// The request of a known command with complete arguments. `set config` and `set ports`
/// come without what follows their empty line.
pub(super) fn request(command: &str, from: &Arguments) -> Option<Request> {
    session_request(command, from)
        .or_else(|| cluster_request(command, from))
        .or_else(|| node_request(command, from))
        .or_else(|| log_request(command, from))
        .or_else(|| configuration_request(command, from))
}

fn session_request(command: &str, from: &Arguments) -> Option<Request> {
    Some(match command {
        "check connection" => Request::CheckConnection,
        "get version" => Request::GetVersion,
        "set clientversion" => {
            let byte = |name: &str| from.mandatory_int(name) & 0xFF;
            Request::SetClientVersion {
                version: Version(byte("major") << 16 | byte("minor") << 8 | byte("build")),
            }
        }
        "get mgmd nodeid" => Request::GetMgmdNodeid,
        "start tls" => Request::StartTls,
        "end session" => Request::EndSession,
        "bye" => Request::Bye,
        "list sessions" => Request::ListSessions,
        "get session id" => Request::GetSessionId,
        "get session" => Request::GetSession {
            id: from.mandatory_int("id"),
        },
        "purge stale sessions" => Request::PurgeStaleSessions,
        "list certs" => Request::ListCerts,
        "get tls stats" => Request::GetTlsStats,
        "transporter connect" => Request::TransporterConnect,
        _ => return None,
    })
}

fn cluster_request(command: &str, from: &Arguments) -> Option<Request> {
    Some(match command {
        "get status" => Request::GetStatus {
            types: from.text("types").map(|types| status_types(&types)),
        },
        "start backup" => Request::StartBackup {
            wait: from.int("completed").unwrap_or(2),
            id: from.int("backupid").filter(|id| *id != 0),
            point: from.int("backuppoint").unwrap_or(0),
            password: backup_password(from),
        },
        "abort backup" => Request::AbortBackup {
            id: from.mandatory_int("id"),
        },
        "enter single user" => Request::EnterSingleUser {
            node: from.mandatory_int("nodeId"),
        },
        "exit single user" => Request::ExitSingleUser,
        "create nodegroup" => Request::CreateNodegroup {
            nodes: from.mandatory_text("nodes"),
        },
        "drop nodegroup" => Request::DropNodegroup {
            nodegroup: from.mandatory_int("ng"),
        },
        "start all" => Request::StartAll,
        "stop all" => Request::StopAll {
            abort: from.mandatory_int("abort") != 0,
            stop: from.text("stop"),
        },
        "restart all" => Request::RestartAll {
            initial: flag(from, "initialstart"),
            nostart: flag(from, "nostart"),
            abort: flag(from, "abort"),
        },
        _ => return None,
    })
}

/// Reading stops at the first unknown or empty word.
fn status_types(list: &str) -> Vec<NodeType> {
    list.split(' ')
        .map_while(|word| match word {
            "NDB" | "DB" | "ndbd" => Some(NodeType::Ndb),
            "API" | "mysqld" => Some(NodeType::Api),
            "MGM" | "ndb_mgmd" => Some(NodeType::Mgm),
            _ => None,
        })
        .take(STATUS_TYPES_MAX)
        .collect()
}

/// The original trusts `password_length`; here it only shortens. Without it the password is
/// empty, which the data nodes refuse.
fn backup_password(from: &Arguments) -> Option<WirePassword> {
    let password = from.bytes("encryption_password")?;
    let length = usize::try_from(from.mandatory_int("password_length")).unwrap_or(usize::MAX);
    let password = &password[..length.min(password.len())];
    Some(WirePassword::new(Zeroizing::new(password.to_vec())))
}

fn flag(from: &Arguments, name: &str) -> bool {
    from.int(name).is_some_and(|value| value != 0)
}

fn node_request(command: &str, from: &Arguments) -> Option<Request> {
    let node = from.mandatory_int("node");
    Some(match command {
        "stop" | "stop v2" => Request::Stop {
            nodes: from.mandatory_text("node"),
            abort: flag(from, "abort"),
            force: (command == "stop v2").then(|| flag(from, "force")),
        },
        "restart node" | "restart node v2" => Request::RestartNode {
            nodes: from.mandatory_text("node"),
            initial: flag(from, "initialstart"),
            nostart: flag(from, "nostart"),
            abort: flag(from, "abort"),
            force: (command == "restart node v2").then(|| flag(from, "force")),
        },
        "start" => Request::Start { node },
        "dump state" => Request::DumpState {
            node,
            args: from.mandatory_text("args"),
        },
        "insert error" => Request::InsertError {
            node,
            error: from.mandatory_int("error"),
            extra: from.int("extra"),
        },
        "set trace" => Request::SetTrace {
            node,
            trace: from.mandatory_int("trace"),
        },
        "log signals" => Request::LogSignals {
            node,
            blocks: from.mandatory_text("blocks"),
            r#in: from.mandatory_int("in"),
            out: from.mandatory_int("out"),
        },
        "start signallog" => Request::StartSignallog { node },
        "stop signallog" => Request::StopSignallog { node },
        _ => return None,
    })
}

fn log_request(command: &str, from: &Arguments) -> Option<Request> {
    let node = from.mandatory_int("node");
    let category = from.mandatory_int("category");
    let level = from.mandatory_int("level");
    Some(match command {
        "set loglevel" => Request::SetLoglevel {
            node,
            category,
            level,
        },
        "set cluster loglevel" => Request::SetClusterLoglevel {
            node,
            category,
            level,
        },
        "get cluster loglevel" => Request::GetClusterLoglevel,
        "get info clusterlog" => Request::GetInfoClusterlog,
        "set logfilter" => Request::SetLogfilter {
            level,
            enable: from.mandatory_int("enable").cast_signed(),
        },
        "dump events" => Request::DumpEvents {
            kind: from.mandatory_int("type"),
            nodes: from.text("nodes"),
        },
        "listen event" => Request::ListenEvent {
            filter: from.mandatory_text("filter"),
            parsable: flag(from, "parsable"),
        },
        "report event" => Request::ReportEvent {
            words: event_words(from),
        },
        _ => return None,
    })
}

/// As many words of `data` as `length` says, fewer than 25.
fn event_words(from: &Arguments) -> Vec<u32> {
    let length = from.mandatory_int("length").min(24) as usize;
    from.mandatory_text("data")
        .split_ascii_whitespace()
        .map_while(|word| line::parse_int(word.as_bytes()))
        .take(length)
        .collect()
}

fn configuration_request(command: &str, from: &Arguments) -> Option<Request> {
    Some(match command {
        "get config" | "get config_v2" => Request::GetConfig {
            version2: command == "get config_v2",
            node: from.mandatory_int("node"),
            node_type: from.int("nodetype").unwrap_or(u32::MAX),
            from_node: from.int("from_node"),
        },
        "set config" | "set config_v2" => Request::SetConfig {
            version2: command == "set config_v2",
            length: from.mandatory_int("Content-Length"),
            content_type: from.mandatory_text("Content-Type"),
            encoding: from.mandatory_text("Content-Transfer-Encoding"),
            body: Vec::new(),
        },
        "get nodeid" => Request::GetNodeid {
            version: from.mandatory_int("version"),
            node_type: from.mandatory_int("nodetype"),
            node: from.mandatory_int("nodeid"),
            user: from.mandatory_text("user"),
            password: from.mandatory_text("password"),
            public_key: from.mandatory_text("public key"),
            transporter: from.text("transporter"),
            endian: from.text("endian"),
            name: from.text("name"),
            timeout: from.int("timeout"),
            log_event: from.int("log_event"),
        },
        "show config" => Request::ShowConfig {
            section: from.text("Section"),
            node: from.int("NodeId"),
            name: from.text("Name"),
        },
        "reload config" => Request::ReloadConfig {
            config_filename: from.text("config_filename"),
            mycnf: from.int("mycnf"),
            force: from.int("force"),
        },
        "show variables" => Request::ShowVariables,
        "set parameter" => Request::SetParameter {
            node: from.mandatory_int("node"),
            parameter: from.mandatory_int("parameter"),
            value: from.mandatory_text("value"),
        },
        "set connection parameter" => Request::SetConnectionParameter {
            node1: from.mandatory_int("node1"),
            node2: from.mandatory_int("node2"),
            param: from.mandatory_int("param"),
            value: from.mandatory_int("value"),
        },
        "get connection parameter" => Request::GetConnectionParameter {
            node1: from.mandatory_int("node1"),
            node2: from.mandatory_int("node2"),
            param: from.mandatory_int("param"),
        },
        "set ports" => Request::SetPorts {
            node: from.mandatory_int("node"),
            ports: Vec::new(),
        },
        _ => return None,
    })
}

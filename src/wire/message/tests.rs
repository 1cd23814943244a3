//! Requests there and back.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::cluster::{NodeType, Version};
use crate::wire::{Incoming, RequestReader, WirePassword};

type Parts = (u32, u32, u32, u32, bool, bool, bool, String, String);

/// One request of every kind, made of the parts.
fn all((a, b, c, d, x, y, z, s, t): &Parts) -> Vec<Request> {
    let (a, b, c, d, x, y, z) = (*a, *b, *c, *d, *x, *y, *z);
    let text = || s.clone();
    let maybe_text = || z.then(|| t.clone());
    let maybe = z.then_some(d);
    let maybe_flag = z.then_some(y);
    let mut requests = vec![
        Request::Session(SessionRequest::CheckConnection),
        Request::Session(SessionRequest::GetVersion),
        Request::Session(SessionRequest::SetClientVersion {
            version: Version(a & 0xFF_FFFF),
        }),
        Request::Session(SessionRequest::GetMgmdNodeid),
        Request::Session(SessionRequest::StartTls),
        Request::Session(SessionRequest::EndSession),
        Request::Session(SessionRequest::Bye),
        Request::Status(StatusRequest::GetStatus { types: None }),
        Request::Status(StatusRequest::GetStatus {
            types: Some(
                vec![NodeType::Ndb, NodeType::Mgm, NodeType::Api][..a as usize % 4].to_vec(),
            ),
        }),
        Request::Configuration(ConfigurationRequest::GetConfig {
            version2: x,
            node: a,
            node_type: b,
            from_node: maybe,
        }),
        Request::Configuration(ConfigurationRequest::SetConfig {
            version2: x,
            length: s.len() as u32,
            content_type: "ndbconfig/octet-stream".to_owned(),
            encoding: "base64".to_owned(),
            body: s.clone().into_bytes(),
        }),
        Request::Session(SessionRequest::GetNodeid {
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
        }),
        Request::Backup(BackupRequest::StartBackup {
            wait: a,
            id: z.then_some(b.max(1)),
            point: c,
            password: x.then(|| {
                WirePassword::new(Zeroizing::new(
                    s.bytes().filter(|byte| (32..=126).contains(byte)).collect(),
                ))
            }),
        }),
        Request::Backup(BackupRequest::AbortBackup { id: a }),
        Request::Nodes(NodesRequest::Stop {
            nodes: text(),
            abort: x,
            force: maybe_flag,
        }),
        Request::Nodes(NodesRequest::StopAll {
            abort: x,
            stop: maybe_text(),
        }),
        Request::Nodes(NodesRequest::RestartNode {
            nodes: text(),
            initial: x,
            nostart: y,
            abort: z,
            force: maybe_flag,
        }),
        Request::Nodes(NodesRequest::RestartAll {
            initial: x,
            nostart: y,
            abort: z,
        }),
        Request::Nodes(NodesRequest::Start { node: a }),
        Request::Nodes(NodesRequest::StartAll),
        Request::Nodes(NodesRequest::EnterSingleUser { node: a }),
        Request::Nodes(NodesRequest::ExitSingleUser),
        Request::Diagnostics(DiagnosticsRequest::DumpState {
            node: a,
            args: text(),
        }),
        Request::Diagnostics(DiagnosticsRequest::InsertError {
            node: a,
            error: b,
            extra: maybe,
        }),
        Request::Diagnostics(DiagnosticsRequest::SetTrace { node: a, trace: b }),
        Request::Diagnostics(DiagnosticsRequest::LogSignals {
            node: a,
            blocks: text(),
            r#in: b,
            out: c,
        }),
        Request::Diagnostics(DiagnosticsRequest::StartSignallog { node: a }),
        Request::Diagnostics(DiagnosticsRequest::StopSignallog { node: a }),
        Request::Logs(LogsRequest::SetLoglevel {
            node: a,
            category: b,
            level: c,
        }),
        Request::Logs(LogsRequest::SetClusterLoglevel {
            node: a,
            category: b,
            level: c,
        }),
        Request::Logs(LogsRequest::GetClusterLoglevel),
        Request::Logs(LogsRequest::GetInfoClusterlog),
        Request::Logs(LogsRequest::SetLogfilter {
            level: a,
            enable: b.cast_signed(),
        }),
        Request::Events(EventsRequest::DumpEvents {
            kind: a,
            nodes: maybe_text(),
        }),
        Request::Events(EventsRequest::ListenEvent {
            filter: text(),
            parsable: x,
        }),
    ];
    requests.extend([
        Request::Session(SessionRequest::ListSessions),
        Request::Session(SessionRequest::GetSessionId),
        Request::Session(SessionRequest::GetSession { id: a }),
        Request::Session(SessionRequest::PurgeStaleSessions),
        Request::Session(SessionRequest::ListCerts),
        Request::Session(SessionRequest::GetTlsStats),
        Request::Session(SessionRequest::TransporterConnect),
        Request::Configuration(ConfigurationRequest::ShowConfig {
            section: maybe_text(),
            node: maybe,
            name: maybe_text(),
        }),
        Request::Configuration(ConfigurationRequest::ReloadConfig {
            config_filename: maybe_text(),
            mycnf: maybe,
            force: maybe,
        }),
        Request::Configuration(ConfigurationRequest::ShowVariables),
        Request::Configuration(ConfigurationRequest::SetParameter {
            node: a,
            parameter: b,
            value: text(),
        }),
        Request::Configuration(ConfigurationRequest::SetConnectionParameter {
            node1: a,
            node2: b,
            param: c,
            value: d,
        }),
        Request::Configuration(ConfigurationRequest::GetConnectionParameter {
            node1: a,
            node2: b,
            param: c,
        }),
        Request::Configuration(ConfigurationRequest::SetPorts {
            node: 1 + a % 255,
            ports: vec![(b, c.cast_signed()); 1 + (d % 3) as usize],
        }),
        Request::Nodes(NodesRequest::CreateNodegroup { nodes: text() }),
        Request::Nodes(NodesRequest::DropNodegroup { nodegroup: a }),
        Request::Events(EventsRequest::ReportEvent {
            words: vec![a, b, c],
        }),
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
    let backup = |password: Vec<u8>| {
        Request::Backup(BackupRequest::StartBackup {
            wait: 2,
            id: None,
            point: 0,
            password: Some(WirePassword::new(Zeroizing::new(password))),
        })
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
    let broken_out = Request::Nodes(NodesRequest::CreateNodegroup {
        nodes: "1\n\nbye".to_owned(),
    });
    assert_eq!(
        broken_out.encode(&mut out),
        Err(WireError::ArgumentNotSendable { argument: "nodes" })
    );
}

#[test]
fn debug_shows_no_password() {
    let request = Request::Backup(BackupRequest::StartBackup {
        wait: 2,
        id: None,
        point: 0,
        password: Some(WirePassword::new(Zeroizing::new(b"sesame".to_vec()))),
    });
    let shown = format!("{request:?}");
    assert!(shown.contains("WirePassword(..)"), "{shown}");
    assert!(!shown.contains("sesame"), "{shown}");
}

//! The codec against the recordings: every request and every reply of every console trace
//! decodes, and encodes back to the same bytes.

use std::fs;
use std::path::Path;

use crate::wire_exchanges::EXCHANGES;
use ndbmgm::cluster::{ErrorNumber, NodeType};
use ndbmgm::wire::{
    BackupRequest, Block, ClusterLoglevelReply, ClusterlogReply, ConfigReply, ConfigurationRequest,
    CreateNodegroupReply, DumpEventsReply, EncodedConfig, EventItem, EventReader, EventsRequest,
    GetConnectionParameterReply, GetNodeidReply, Incoming, ListCertsReply, ListSessionsReply,
    ListenReply, LogfilterReply, LogsRequest, MgmdNodeidReply, NodesRequest, PING, Refusal, Reply,
    ReplyError, ReplyReader, Request, RequestReader, RestartReply, ResultReply, SessionIdReply,
    SessionReply, SessionRequest, SetConnectionParameterReply, SetParameterReply, ShowConfigReply,
    ShowVariablesReply, StartAllReply, StartBackupReply, StatusReply, StatusRequest, StopReply,
    TlsStatsReply, VersionReply, config, decode_event, encode_event,
};

/// What one connection of a trace carried.
#[derive(Default)]
struct Conversation {
    name: String,
    client: Vec<u8>,
    server: Vec<u8>,
}

fn conversations() -> Vec<Conversation> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/console");
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).expect("the fixtures are there") {
        let path = entry.expect("a readable directory").path();
        let name = path.display().to_string();
        let trace = fs::read_to_string(&path).expect("a readable trace");
        for line in trace.lines() {
            if line.starts_with("# connection") {
                all.push(Conversation {
                    name: name.clone(),
                    ..Conversation::default()
                });
            }
            let Some(conversation) = all.last_mut() else {
                continue;
            };
            let (to, bytes) = match line.split_at_checked(3) {
                Some(("C: ", rest)) => (&mut conversation.client, rest),
                Some(("S: ", rest)) => (&mut conversation.server, rest),
                _ => continue,
            };
            to.extend_from_slice(bytes.as_bytes());
            to.push(b'\n');
        }
    }
    all
}

fn requests(bytes: &[u8]) -> Vec<Request> {
    let mut reader = RequestReader::new();
    reader.push(bytes);
    let mut requests = Vec::new();
    loop {
        match reader.next() {
            Incoming::Request(request) => requests.push(request),
            Incoming::NeedMore => {
                assert!(reader.is_idle());
                return requests;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Compares line by line, so that a failure shows one line.
fn assert_same(name: &str, written: &[u8], recorded: &[u8]) {
    let (written, recorded) = (
        String::from_utf8_lossy(written),
        String::from_utf8_lossy(recorded),
    );
    for (number, (written, recorded)) in written.lines().zip(recorded.lines()).enumerate() {
        assert_eq!(written, recorded, "{name}, line {}", number + 1);
    }
    assert_eq!(written.len(), recorded.len(), "{name}");
}

#[test]
fn every_recorded_request_reads_and_writes_back() {
    let mut count = 0;
    for conversation in conversations() {
        let mut written = Vec::new();
        for request in requests(&conversation.client) {
            request.encode(&mut written).expect("was sent once");
            count += 1;
        }
        assert_same(&conversation.name, &written, &conversation.client);
    }
    assert!(count > 390, "only {count} requests");
}

/// Reads the reply to `request` as a server would have it; panics at whatever does not fit.
fn read_reply(
    request: &Request,
    block: &Block,
    reader: &mut ReplyReader,
) -> Result<Reply, ReplyError> {
    Ok(match request {
        Request::Session(SessionRequest::GetVersion) => {
            Reply::Version(VersionReply::decode(block)?)
        }
        Request::Status(StatusRequest::GetStatus { types }) => {
            let mut reply = StatusReply::decode(block)?;
            // The server's order; within a type it is that of the ids already.
            let types = types.as_deref().unwrap_or(&[NodeType::Ndb, NodeType::Mgm]);
            reply.nodes.sort_by_key(|state| {
                let position = types.iter().position(|of| *of == state.node_type);
                position.unwrap_or(types.len())
            });
            Reply::Status(reply)
        }
        Request::Configuration(ConfigurationRequest::GetConfig { .. }) => {
            let reply = ConfigReply::decode(block)?;
            let body = reader.take_body(reply.content_length + 1);
            assert_eq!(body.len(), reply.content_length + 1);
            let packed = config::decode_text(body).expect("base64");
            let config = config::ClusterConfig::decode_v2(&packed).expect("a configuration");
            assert!(config.nodes().len() > 3);
            assert_eq!(config::decode_nodes(&packed), Ok(config.nodes()));
            Reply::Config(EncodedConfig::new(&config.encode_v2()))
        }
        Request::Backup(BackupRequest::StartBackup { .. }) => {
            Reply::StartBackup(StartBackupReply::decode(block)?)
        }
        Request::Nodes(NodesRequest::Stop { .. })
        | Request::Nodes(NodesRequest::StopAll { .. }) => Reply::Stop(StopReply::decode(block)?),
        Request::Nodes(NodesRequest::RestartNode { .. })
        | Request::Nodes(NodesRequest::RestartAll { .. }) => {
            Reply::Restart(RestartReply::decode(block)?)
        }
        Request::Nodes(NodesRequest::StartAll) => Reply::StartAll(StartAllReply::decode(block)?),
        Request::Nodes(NodesRequest::CreateNodegroup { .. }) => {
            Reply::CreateNodegroup(CreateNodegroupReply::decode(block)?)
        }
        Request::Logs(LogsRequest::GetInfoClusterlog) => {
            Reply::Clusterlog(ClusterlogReply::decode(block)?)
        }
        Request::Logs(LogsRequest::SetLogfilter { .. }) => {
            Reply::Logfilter(LogfilterReply::decode(block)?)
        }
        Request::Events(EventsRequest::ListenEvent { .. }) => {
            Reply::Listen(ListenReply::decode(block)?)
        }
        Request::Session(SessionRequest::ListCerts) => {
            Reply::ListCerts(ListCertsReply::decode(block)?)
        }
        Request::Session(SessionRequest::GetTlsStats) => {
            Reply::TlsStats(TlsStatsReply::decode(block)?)
        }
        Request::Session(SessionRequest::GetMgmdNodeid) => {
            Reply::MgmdNodeid(MgmdNodeidReply::decode(block)?)
        }
        Request::Session(SessionRequest::ListSessions) => {
            Reply::ListSessions(ListSessionsReply::decode(block)?)
        }
        Request::Session(SessionRequest::GetSessionId) => {
            Reply::SessionId(SessionIdReply::decode(block)?)
        }
        Request::Session(SessionRequest::GetSession { .. }) => {
            Reply::Session(SessionReply::decode(block)?)
        }
        Request::Logs(LogsRequest::GetClusterLoglevel) => {
            Reply::ClusterLoglevel(ClusterLoglevelReply::decode(block)?)
        }
        Request::Configuration(ConfigurationRequest::ShowConfig { .. }) => {
            Reply::ShowConfig(ShowConfigReply::decode(block)?)
        }
        Request::Configuration(ConfigurationRequest::ShowVariables) => {
            Reply::ShowVariables(ShowVariablesReply::decode(block)?)
        }
        Request::Session(SessionRequest::GetNodeid { .. }) => {
            Reply::GetNodeid(GetNodeidReply::decode(block)?)
        }
        Request::Configuration(ConfigurationRequest::SetParameter { .. }) => {
            Reply::SetParameter(SetParameterReply::decode(block)?)
        }
        Request::Configuration(ConfigurationRequest::SetConnectionParameter { .. }) => {
            Reply::SetConnectionParameter(SetConnectionParameterReply::decode(block)?)
        }
        Request::Configuration(ConfigurationRequest::GetConnectionParameter { .. }) => {
            Reply::GetConnectionParameter(GetConnectionParameterReply::decode(block)?)
        }
        Request::Events(EventsRequest::DumpEvents { .. }) => {
            let reply = DumpEventsReply::decode(block)?;
            let mut events = Vec::new();
            for _ in 0..reply.events {
                let record = reader.next().expect("no fault").expect("all are there");
                match decode_event(&record).expect("an event") {
                    EventItem::Event(event) => events.push(event),
                    other => panic!("{other:?}"),
                }
            }
            Reply::DumpEvents(events)
        }
        _ => {
            let command = request.name();
            ResultReply::decode(command, block)?;
            Reply::Done { command }
        }
    })
}

/// The error of the table with this text.
fn error_with(text: &str) -> ErrorNumber {
    let numbers = (1..6000).map(ErrorNumber);
    let mut found = numbers.filter(|number| number.text() == text);
    found.next().unwrap_or_else(|| panic!("no error: {text}"))
}

/// The number before a text.
fn numbered(text: &str) -> ErrorNumber {
    let number = text.split_once('-').and_then(|(it, _)| it.parse().ok());
    ErrorNumber(number.unwrap_or_else(|| panic!("no number: {text}")))
}

/// The refusal of `request` that a client reads as this error.
fn refusal(request: &Request, error: ReplyError) -> Refusal {
    let (code, text) = match error {
        ReplyError::Refused(text) => (None, text),
        ReplyError::RefusedWithCode { code, text } => (Some(code), text),
        error => panic!("{}: {error}", request.name()),
    };
    let stop = |is_told: bool| Refusal::Stop {
        error: error_with(&text),
        stopped: 0,
        disconnect: is_told.then_some(false),
    };
    let restart = |is_told: bool| Refusal::Restart {
        error: numbered(&text),
        restarted: 0,
        disconnect: is_told.then_some(false),
    };
    match request {
        Request::Events(EventsRequest::ListenEvent { .. }) => Refusal::Listen { text },
        Request::Nodes(NodesRequest::Stop { force, .. }) => stop(force.is_some()),
        Request::Nodes(NodesRequest::StopAll { stop: kinds, .. }) => stop(kinds.is_some()),
        Request::Nodes(NodesRequest::RestartNode { force, .. }) => restart(force.is_some()),
        Request::Nodes(NodesRequest::RestartAll { .. }) => restart(false),
        Request::Session(SessionRequest::GetNodeid { .. }) => Refusal::GetNodeid { text, code },
        Request::Configuration(ConfigurationRequest::SetParameter { .. }) => {
            Refusal::SetParameter { text }
        }
        Request::Configuration(ConfigurationRequest::SetConnectionParameter { .. }) => {
            Refusal::SetConnectionParameter { text }
        }
        Request::Configuration(ConfigurationRequest::GetConnectionParameter { .. }) => {
            Refusal::GetConnectionParameter { text }
        }
        Request::Nodes(NodesRequest::CreateNodegroup { .. }) => {
            let error = numbered(&text);
            assert_eq!(Some(error.0), code);
            Refusal::CreateNodegroup { error }
        }
        Request::Nodes(NodesRequest::DropNodegroup { .. }) => {
            let code = text.strip_prefix("error: ").and_then(|it| it.parse().ok());
            Refusal::DropNodegroup {
                code: code.expect("a number"),
            }
        }
        _ => Refusal::Result {
            command: request.name(),
            text,
        },
    }
}

/// Reads the reply to `request` and appends it again; true if it is a refusal.
fn rewrite_reply(
    request: &Request,
    block: &Block,
    reader: &mut ReplyReader,
    out: &mut Vec<u8>,
) -> bool {
    match read_reply(request, block, reader) {
        Ok(reply) => {
            reply.encode(out);
            false
        }
        Err(error) => {
            Reply::Refused(refusal(request, error)).encode(out);
            true
        }
    }
}

#[test]
fn replies_recorded_outside_the_console_read_and_write_back() {
    for (sent, reply) in EXCHANGES {
        let requests = requests(sent.as_bytes());
        let [request] = &requests[..] else {
            panic!("{sent:?} is {requests:?}");
        };
        let mut reader = ReplyReader::new();
        reader.push(reply.as_bytes());
        let mut written = Vec::new();
        if *request == Request::Session(SessionRequest::EndSession) {
            let line = reader.next_line().expect("no fault").expect("a line");
            assert_eq!(Some(line.as_str()), request.reply_header());
            Reply::EndSession.encode(&mut written);
        } else {
            let block = reader.next().expect("no fault").expect("a reply");
            rewrite_reply(request, &block, &mut reader, &mut written);
        }
        // Blanks at the end of a line are lost in reading.
        let written = String::from_utf8_lossy(&written).replace(" \n", "\n");
        let reply = reply.replace(" \n", "\n");
        assert_same(sent, written.as_bytes(), reply.as_bytes());
    }
}

#[test]
fn every_recorded_reply_reads_and_writes_back() {
    let mut refused = 0;
    for conversation in conversations() {
        let name = &conversation.name;
        let mut reader = ReplyReader::new();
        reader.push(&conversation.server);
        let mut written = Vec::new();
        for request in requests(&conversation.client) {
            let block = reader.next().expect("no fault").expect("a reply");
            if rewrite_reply(&request, &block, &mut reader, &mut written) {
                refused += 1;
            }
            if matches!(request, Request::Events(EventsRequest::ListenEvent { .. })) {
                let mut events = EventReader::new();
                events.push(&conversation.server[written.len()..]);
                while let Some(item) = events.next().expect("events") {
                    match item {
                        EventItem::Ping => written.extend_from_slice(PING),
                        EventItem::Event(event) => encode_event(&event, &mut written),
                        EventItem::Unknown { kind } => panic!("{name}: type {kind}"),
                    }
                }
            }
        }
        assert_same(name, &written, &conversation.server);
    }
    assert!(refused > 5, "only {refused} refusals");
}

/// What the server's reader makes of the bytes: requests by name, refusals as they are.
fn answers(bytes: &[u8]) -> String {
    let mut reader = RequestReader::new();
    reader.push(bytes);
    let mut answers = String::new();
    loop {
        match reader.next() {
            Incoming::Request(request) => answers.push_str(&format!("<{}>", request.name())),
            Incoming::Refused(reply) => answers.push_str(&reply),
            Incoming::Close => return answers + "<close>",
            Incoming::NeedMore => return answers,
        }
    }
}

#[test]
fn malformed_requests_are_answered_as_by_the_original() {
    for (sent, answer) in [
        (
            "foo bar\na: 1\nb: 2\n\n",
            "result: Unknown command, 'foo bar'\n\nresult: Unknown command, 'a: 1'\n\n\
             result: Unknown command, 'b: 2'\n\n",
        ),
        (
            "get version\nfoo: 1\nbar: 2\n\n",
            "result: Unknown argument, 'foo'\n\nresult: Unknown command, 'bar: 2'\n\n",
        ),
        ("get config\n\n", "result: Missing arg., '\n'\n\n"),
        ("abort backup\n\n", "result: Missing arg., '\n'\n\n"),
        (
            "set clientversion\nmajor: 9\nminor: 7\n\n",
            "result: Missing arg., '\n'\n\n",
        ),
        (
            "abort backup\nid: abc\n\n",
            "result: Type mismatch, 'id'\n\n",
        ),
        (
            "abort backup\nid: 5\nid: 6\n\n",
            "result: Argument given twice, 'id'\n\n",
        ),
        (
            "abort backup\n+id: 5\n\n",
            "result: Type mismatch, '+id'\n\n",
        ),
        (
            "abort backup\nid 5\n\n",
            "result: Unknown argument, 'id 5'\n\n",
        ),
        ("get version\r\n\r\n", "result: Unknown argument, '\r'\n\n"),
        ("  get version \t\n\n", "<get version>"),
        (
            "get  version\n\n",
            "result: Unknown command, 'get  version'\n\n",
        ),
        (
            "GET VERSION\n\n",
            "result: Unknown command, 'GET VERSION'\n\n",
        ),
        ("abort backup\nid=5\n\n", "<abort backup>"),
        ("abort backup\nid:\"5\"\n\n", "<abort backup>"),
        ("\"get version\"\n\n", "<get version>"),
        ("abort backup\nid: -5\n\n", "<abort backup>"),
        ("\n\n\nget mgmd nodeid\n\n", "<get mgmd nodeid>"),
        (
            "set parameter\nnode: 1\nparam: 167\nvalue: 5\n\n",
            "result: Unknown argument, 'param'\n\nresult: Unknown command, 'value: 5'\n\n",
        ),
        (
            "set config_v2\nContent-Length: 4\nContent-Type: x\n\
             Content-Transfer-Encoding: base64\n\nAAAA\n",
            "<set config_v2>result: Unknown command, 'AAAA'\n\n",
        ),
        (
            "set config_v2\nContent-Length: 4\nContent-Type: ndbconfig/octet-stream\n\
             Content-Transfer-Encoding: base64\n\nAAAA\nbye\n\n",
            "<set config_v2><bye>",
        ),
        (
            "set ports\nnode: 1\nnum_ports: 1\n\n2=-12345\n\n",
            "<set ports>",
        ),
        (
            "set ports\nnode: 0\nnum_ports: 1\n\n2=-12345\n\nbye\n\n",
            "set ports reply\nresult: Illegal value for argument node: 0\n\n<bye>",
        ),
        (
            "set ports\nnode: 1\nnum_ports: 0\n\n2=-12345\n\n",
            "set ports reply\nresult: Illegal value for argument num_ports: 0\n\n",
        ),
        (
            "set ports\nnode: 1\nnum_ports: 2\n\n2=-12345\n\n",
            "set ports reply\nresult: Failed to parse line, expected name=value pair\n\n",
        ),
        (
            "set ports\nnode: 1\nnum_ports: 1\n\nx\n\n",
            "set ports reply\nresult: Failed to parse line, expected name=value pair\n\n",
        ),
        (
            "set ports\nnode: 1\nnum_ports: 1\n\n2=-1\n3=-4\n\n",
            "set ports reply\nresult: Failed to parse line, expected empty line\n\n",
        ),
    ] {
        assert_eq!(answers(sent.as_bytes()), answer, "{sent:?}");
        let mut reader = RequestReader::new();
        let mut in_pieces = String::new();
        for byte in sent.bytes() {
            reader.push(&[byte]);
            loop {
                match reader.next() {
                    Incoming::Request(request) => {
                        in_pieces.push_str(&format!("<{}>", request.name()));
                    }
                    Incoming::Refused(reply) => in_pieces.push_str(&reply),
                    _ => break,
                }
            }
        }
        assert_eq!(in_pieces, answer, "{sent:?}, byte by byte");
    }
}

#[test]
fn a_command_line_of_510_bytes_is_the_longest() {
    let line = "x".repeat(510);
    assert_eq!(
        answers(format!("{line}\n\n").as_bytes()),
        format!("result: Unknown command, '{line}'\n\n")
    );
    assert_eq!(answers(format!("{line}x\n\n").as_bytes()), "<close>");
}

#[test]
fn an_argument_line_over_the_limit_never_runs_the_command() {
    let password = "a".repeat(600);
    let sent = format!("start backup\nencryption_password: {password}\npassword_length: 1\n\n");
    assert_eq!(answers(sent.as_bytes()), "<close>");
}

#[test]
fn a_request_without_its_end_never_runs() {
    let mut reader = RequestReader::new();
    reader.push(b"abort backup\nid: 5\n");
    assert_eq!(reader.next(), Incoming::NeedMore);
    assert!(!reader.is_idle());
    assert_eq!(reader.end_of_input(), Incoming::Close);
    reader.push(b"\n");
    assert_eq!(reader.next(), Incoming::Close);
}

#[test]
fn a_text_given_twice_is_refused() {
    let twice = |name: &str| format!("result: Argument given twice, '{name}'\n\n");
    assert_eq!(
        answers(b"get status\ntypes: NDB\ntypes: NDB\n\n"),
        twice("types")
    );
    assert_eq!(
        answers(b"start backup\n+encryption_password: b\n\n"),
        twice("+encryption_password")
    );
}

#[test]
fn a_long_text_goes_on_in_lines_with_a_plus() {
    let read = requests(
        b"start backup\nencryption_password:\"ab \"c\"\n+encryption_password:cd\n\
          password_length: 7\n\n",
    );
    let [
        Request::Backup(BackupRequest::StartBackup {
            wait: 2,
            id: None,
            point: 0,
            password: Some(password),
        }),
    ] = &read[..]
    else {
        panic!("{read:?}");
    };
    assert_eq!(password.expose(), b"ab \"ccd");
    assert!(!format!("{read:?}").contains("ccd"));
}

#[test]
fn a_refusal_has_no_header_and_is_named_as_the_original_names_it() {
    let mut reader = ReplyReader::new();
    reader.push(b"result: Unknown argument, 'completed'\n\n");
    let block = reader.next().expect("no fault").expect("complete");
    let error = StartBackupReply::decode(&block).expect_err("no reply to start backup");
    assert_eq!(
        error.to_string(),
        "Error in mgm protocol parser. cmd: >start backup< status: 4 \
         curr: result: Unknown argument, 'completed'"
    );
    reader.push(b"Authorization failed\nError: Requires TLS\n\n");
    let block = reader.next().expect("no fault").expect("complete");
    assert_eq!(
        StartBackupReply::decode(&block),
        Err(ReplyError::NotAuthorized("Requires TLS".to_owned()))
    );
    for (reply, status, current) in [
        ("start backup reply\nresult: Ok\ncolour: 1\n\n", 5, "colour"),
        ("start backup reply\nresult: Ok\nid: x\n\n", 6, "id"),
        ("start backup reply\nid: 1\nid: 1\n\n", 10, "id"),
        ("start backup reply\nid: 1\n\n", 12, "\n"),
    ] {
        reader.push(reply.as_bytes());
        let block = reader.next().expect("no fault").expect("complete");
        assert_eq!(
            StartBackupReply::decode(&block),
            Err(ReplyError::Unexpected {
                command: "start backup",
                status,
                current: current.to_owned()
            })
        );
    }
    reader.push(b"start backup reply\nid: -1\nresult: Ok\n\n");
    let block = reader.next().expect("no fault").expect("complete");
    assert_eq!(
        StartBackupReply::decode(&block),
        Ok(StartBackupReply { id: Some(u32::MAX) })
    );
}

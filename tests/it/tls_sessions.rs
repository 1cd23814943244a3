//! Sessions over TLS: our client against our simulator, and both against those that do not keep
//! to the rules.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndbmgm::client::{self, ClientError, ClientTls, Session, TlsError, TlsPolicy, Verification};
use ndbmgm::cluster::{EventCategory, LogLevel};
use ndbmgm::sim::{self, SimConfig, SimError, SimHandle};
use ndbmgm::tls::{CertificateKind, SearchPath};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig, ClientConnection, RootCertStore, Stream};
use tokio::time::timeout;

use crate::server::ask;
use crate::tls_fake::{
    Ask, FakeTlsServer, HANDSHAKE_FAILURE, Manner, PROTOCOL_VERSION, client_tls, config, once,
};
use crate::tls_keys::{CLIENT_SERIAL, Keys, fixture, fixtures};

/// What anything may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Events that come all the time.
const CHECKPOINTS: [(EventCategory, LogLevel); 1] = [(EventCategory::Checkpoint, LogLevel::MAX)];

const CONFIG: &str = "\
[ndbd default]
NoOfReplicas=1
[ndb_mgmd]
NodeId=1
HostName=localhost
{MORE}
[ndbd]
NodeId=2
[mysqld]
NodeId=3
";

/// A simulated cluster with TLS.
struct Cluster {
    handle: SimHandle,
    directory: tempfile::TempDir,
}

fn settings(keys: &Path, more: &str) -> (SimConfig, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut config = SimConfig::new(directory.path());
    let text = CONFIG.replace("{MORE}", more);
    config.topology = sim::parse_config_file(&text, Path::new("config.ini")).unwrap();
    config.tls.search_path = SearchPath::parse(keys.to_str().unwrap(), |_| None);
    (config, directory)
}

impl Cluster {
    fn start(keys: &Path, more: &str) -> Self {
        let (config, directory) = settings(keys, more);
        Cluster::with(config, directory)
    }

    fn with(config: SimConfig, directory: tempfile::TempDir) -> Self {
        // Its start blocks, which a test's runtime does not take.
        let started = std::thread::spawn(move || sim::start(config)).join();
        let handle = started.unwrap().unwrap();
        Cluster { handle, directory }
    }

    /// A connection that speaks for itself.
    fn line(&self) -> TcpStream {
        let line = TcpStream::connect(self.handle.address()).unwrap();
        line.set_read_timeout(Some(LIMIT)).unwrap();
        line
    }

    /// The texts of the cluster log.
    fn log(&self) -> Vec<String> {
        log(self.directory.path())
    }

    /// Waits until the cluster log has a line with this.
    async fn until_logged(&self, text: &str) {
        let logged = async {
            while !self.log().iter().any(|line| line.contains(text)) {
                tokio::task::yield_now().await;
            }
        };
        let logged = timeout(LIMIT, logged).await;
        assert!(logged.is_ok(), "{text} is not in {:#?}", self.log());
    }
}

fn log(directory: &Path) -> Vec<String> {
    let text = fs::read_to_string(directory.join("node-1/ndb_1_cluster.log")).unwrap_or_default();
    let texts = text.lines().filter_map(|line| line.split_once("-- "));
    texts.map(|(_, text)| text.to_owned()).collect()
}

fn client(keys: &Keys, directory: &str) -> ClientTls {
    client_tls(keys, CertificateKind::Client, directory)
}

async fn connect(port: u16, tls: ClientTls) -> Result<Session, ClientError> {
    client::connect(&once(port, TlsPolicy::Required(tls))).await
}

/// Why TLS with this server fails.
async fn reason(port: u16, tls: ClientTls) -> String {
    match connect(port, tls).await {
        Err(ClientError::Tls(TlsError::Handshake { reason, .. })) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_original_s_certificates_are_accepted_by_both_ends() {
    let cluster = Cluster::start(&fixtures().join("keys/mgmd"), "RequireTls=1");
    let load = |kind, name: &str| {
        let path = fixtures().join("keys").join(name);
        let path = SearchPath::parse(path.to_str().unwrap(), |_| None);
        let identity = ndbmgm::tls::Identity::load(kind, &path, &mut |_| None).unwrap();
        ClientTls::new(identity, Verification::Full)
    };
    let port = cluster.handle.port();
    for (kind, name) in [
        (CertificateKind::Client, "client"),
        (CertificateKind::DataNode, "datanode"),
    ] {
        let mut session = connect(port, load(kind, name)).await.unwrap();
        assert!(session.is_tls());
        assert_eq!(session.get_status(None).await.unwrap().len(), 3);
    }
    let foreign = reason(port, load(CertificateKind::Client, "foreign")).await;
    assert!(
        foreign.contains("is not signed by a CA in this client's"),
        "{foreign}"
    );
}

#[tokio::test]
async fn a_rejected_client_learns_why_and_has_no_tls() {
    let keys = Keys::make();
    let cluster = Cluster::start(&keys.directory("mgmd"), "");
    let node = "TLS AUTH: Rejected node certificate 'NDB Node";
    let cases = [
        (
            "future",
            "not valid, most often",
            "error 9: certificate is not yet valid.",
        ),
        (
            "client-ekuserver",
            "extended key usage",
            "error 26: unsuitable certificate purpose.",
        ),
        (
            "foreign-leaf-bothca",
            "not signed by a CA that the server trusts",
            "error 20: unable to get local issuer certificate.",
        ),
    ];
    for (directory, sentence, logged) in cases {
        let reason = reason(cluster.handle.port(), client(&keys, directory)).await;
        assert!(
            reason.contains("rejected this client's certificate"),
            "{reason}"
        );
        assert!(reason.contains(sentence), "{reason}");
        cluster.until_logged(logged).await;
    }
    let serial = CLIENT_SERIAL.map(|byte| format!("{byte:02X}")).join(":");
    cluster
        .until_logged(&format!("{node} Jan 2030' ({serial})."))
        .await;
    let verify = "NDB TLS handshake failed in server: error:0A000086:SSL routines";
    cluster.until_logged(verify).await;
    // Nobody was counted as verified but the server itself.
    let other = once(cluster.handle.port(), TlsPolicy::Never);
    let stats = client::connect(&other).await.unwrap().get_tls_stats().await;
    assert_eq!(stats.unwrap().upgraded, 1);
}

#[tokio::test]
async fn a_server_that_is_not_the_right_one_is_refused_by_name() {
    let keys = Keys::make();
    let cases = [
        ("foreign-mgmd", "is not signed by a CA in this client's"),
        ("selfsigned-mgmd", "is not signed by a CA in this client's"),
        ("expired-mgmd", "it has expired"),
        ("eku-mgmd", "its extended key usage is not that of a server"),
        (
            "mgmd-wronghost",
            "bound to host wrong.example.com, not to 'localhost'",
        ),
        ("odd-mgmd", "made out to 'some.server'"),
        ("client-mgmd", "made out to 'NDB Node Nov 2026'"),
        ("datanode-mgmd", "made out to 'NDB Data Node Nov 2026'"),
    ];
    for (directory, sentence) in cases {
        let server = config(&keys, directory, &Ask::Any, None);
        let server = FakeTlsServer::with(Manner::Tls(server));
        let reason = reason(server.port, client(&keys, "client")).await;
        assert!(reason.contains(sentence), "{directory}: {reason}");
    }
}

#[tokio::test]
async fn the_opt_out_leaves_type_and_host_out_and_nothing_else() {
    let keys = Keys::make();
    let lenient = || {
        let path = SearchPath::parse(keys.directory("client").to_str().unwrap(), |_| None);
        let kind = CertificateKind::Client;
        let identity = ndbmgm::tls::Identity::load(kind, &path, &mut |_| None).unwrap();
        ClientTls::new(identity, Verification::Ca)
    };
    for directory in ["mgmd-wronghost", "odd-mgmd", "client-mgmd", "datanode-mgmd"] {
        let server = config(&keys, directory, &Ask::Any, None);
        let server = FakeTlsServer::with(Manner::Tls(server));
        connect(server.port, lenient()).await.unwrap();
    }
    for directory in [
        "foreign-mgmd",
        "expired-mgmd",
        "eku-mgmd",
        "selfsigned-mgmd",
    ] {
        let server = config(&keys, directory, &Ask::Any, None);
        let server = FakeTlsServer::with(Manner::Tls(server));
        reason(server.port, lenient()).await;
    }
}

#[tokio::test]
async fn a_server_without_manners_is_given_up_in_time_with_a_sentence() {
    let keys = Keys::make();
    let mute = config(&keys, "mgmd", &Ask::Any, None);
    let cases = [
        (Manner::Close, "closed the connection"),
        (
            Manner::Answer(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            "is no TLS",
        ),
        (Manner::Answer(PROTOCOL_VERSION), "does not speak TLS 1.3"),
        (
            Manner::Answer(HANDSHAKE_FAILURE),
            "no cipher suite or curve in common",
        ),
        (
            Manner::Answer(b""),
            "did not finish the handshake within 4 s",
        ),
        (
            Manner::Mute(mute),
            "did not finish the handshake within 4 s",
        ),
    ];
    for (manner, sentence) in cases {
        let server = FakeTlsServer::with(manner);
        let tls = TlsPolicy::Required(client(&keys, "client"));
        let mut options = once(server.port, tls);
        // Whoever answers at all does it in less, on a busy machine, too.
        options.timeout = Duration::from_secs(4);
        let began = Instant::now();
        let error = client::connect(&options).await.unwrap_err();
        assert!(error.to_string().contains(sentence), "{error}");
        assert_eq!(error.number(), 1016);
        assert!(began.elapsed() < LIMIT);
    }
}

/// The original server sends two tickets with its first answer, and breaks off if one is used.
#[tokio::test]
async fn tickets_are_neither_input_nor_used() {
    let keys = Keys::make();
    let server = config(&keys, "mgmd", &Ask::Any, None);
    assert!(server.send_tls13_tickets > 0);
    let server = FakeTlsServer::with(Manner::Tls(server));
    for _ in 0..2 {
        let mut session = connect(server.port, client(&keys, "client")).await.unwrap();
        // The connection is looked at before each request.
        session.get_mgmd_nodeid().await.unwrap();
        session.get_mgmd_nodeid().await.unwrap();
    }
}

#[tokio::test]
async fn a_client_without_manners_is_dropped_and_logged() {
    let keys = Keys::make();
    let cluster = Cluster::start(&keys.directory("mgmd"), "");

    let mut cleartext = cluster.line();
    let reply = ask(&mut cleartext, "start tls\n\nget version\n\n");
    assert_eq!(reply, "start tls reply\nresult: Ok\n\n");
    // What comes is an alert, if anything.
    let _ = cleartext.read_to_end(&mut Vec::new());
    cluster.until_logged("routines::wrong version number").await;

    let mut nameless = cluster.line();
    ask(&mut nameless, "start tls\n\n");
    let alert = without_certificate(&keys, &mut nameless);
    assert_eq!(alert, Some(AlertDescription::CertificateRequired));
    cluster
        .until_logged("peer did not return a certificate")
        .await;

    let mut fleeting = cluster.line();
    ask(&mut fleeting, "start tls\n\n");
    drop(fleeting);
    cluster
        .until_logged("the client closed the connection")
        .await;
}

#[tokio::test]
async fn a_client_that_does_not_shake_hands_is_dropped_in_time_and_logged() {
    let keys = Keys::make();
    let (mut config, directory) = settings(&keys.directory("mgmd"), "");
    config.tls.handshake_limit = Duration::from_millis(500);
    let cluster = Cluster::with(config, directory);
    let mut silent = cluster.line();
    ask(&mut silent, "start tls\n\n");
    let began = Instant::now();
    let _ = silent.read_to_end(&mut Vec::new());
    assert!(began.elapsed() < LIMIT);
    cluster
        .until_logged("the client did not finish within 0.5 s")
        .await;
}

/// Speaks TLS without a certificate; the alert that comes back.
fn without_certificate(keys: &Keys, line: &mut TcpStream) -> Option<AlertDescription> {
    let pem = fs::read(keys.directory("mgmd").join("ndb-mgm-server-cert")).unwrap();
    let chain: Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let mut roots = RootCertStore::empty();
    roots.add(chain.unwrap()[1].clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tls = Stream::new(&mut connection, line);
    let _ = tls.write_all(b"get mgmd nodeid\n\n");
    let error = tls.read(&mut [0; 64]).unwrap_err();
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

#[tokio::test]
async fn nobody_waits_for_a_stalled_handshake() {
    let keys = Keys::make();
    let cluster = Cluster::start(&keys.directory("mgmd"), "RequireTls=1");
    let tls = client(&keys, "client");
    let port = cluster.handle.port();
    /// The least that a connection and its answer take.
    async fn least(port: u16, tls: &ClientTls) -> Duration {
        let mut least = Duration::MAX;
        for _ in 0..15 {
            let began = Instant::now();
            let mut session = connect(port, tls.clone()).await.unwrap();
            session.get_status(None).await.unwrap();
            session.list_sessions().await.unwrap();
            least = least.min(began.elapsed());
        }
        least
    }
    // What else the machine does changes meanwhile, so both are measured again and again.
    let mut measured = Vec::new();
    for _ in 0..5 {
        let alone = least(port, &tls).await;
        let stalled: Vec<TcpStream> = (0..200)
            .map(|_| {
                let mut line = cluster.line();
                ask(&mut line, "start tls\n\n");
                line
            })
            .collect();
        let beside = least(port, &tls).await;
        assert_eq!(stalled.len(), 200);
        measured.push((alone, beside));
        if beside <= 2 * alone {
            return;
        }
    }
    panic!("alone, and beside them: {measured:?}");
}

#[tokio::test]
async fn certificates_and_counts_are_told_as_the_original_tells_them() {
    let keys = Keys::make();
    let cluster = Cluster::start(&keys.directory("mgmd"), "");
    let port = cluster.handle.port();
    let mut session = connect(port, client(&keys, "client")).await.unwrap();
    let id = session.get_session_id().await.unwrap();
    let told = |session: u64, name: &str, serial: &str, address: &str, expires: &str| {
        format!("{session} {address} {serial} {name} {expires}")
    };
    let server = told(
        1,
        "NDB Management Node Nov 2026",
        "68:B9:86:EC:D7:07:02:2E:80:4A",
        "127.0.0.1",
        "21-Apr-2045",
    );
    let serial = "58:D5:36:DB:52:6A:78:6A:24:25";
    let ours = told(id, "NDB Node Nov 2026", serial, "127.0.0.1", "31-Mar-2045");
    let certificates = |list: Vec<client::Certificate>| -> Vec<String> {
        let list = list.into_iter();
        list.map(|it| told(it.session, &it.name, &it.serial, &it.address, &it.expires))
            .collect()
    };
    let list = session.list_certs().await.unwrap();
    assert_eq!(certificates(list), [server.clone(), ours.clone()]);
    let stats = session.get_tls_stats().await.unwrap();
    let counts = (stats.accepted, stats.upgraded, stats.current, stats.tls);
    assert_eq!((counts, stats.authfail), ((2, 2, 2, 2), 0));
    assert!(session.get_session(id as u32).await.unwrap().unwrap().tls);
    assert!(
        session
            .list_sessions()
            .await
            .unwrap()
            .iter()
            .all(|it| it.tls)
    );

    // A listener is no session any more, but is named once.
    let listener = connect(port, client(&keys, "client")).await.unwrap();
    let stream = listener.listen_to(&CHECKPOINTS).await.unwrap();
    let list = session.list_certs().await.unwrap();
    let leaving = told(id + 1, "NDB Node Nov 2026", serial, "::", "31-Mar-2045");
    assert_eq!(certificates(list), [server.clone(), ours.clone(), leaving]);
    let list = session.list_certs().await.unwrap();
    assert_eq!(certificates(list), [server, ours]);
    assert_eq!(session.get_tls_stats().await.unwrap().current, 2);
    drop(stream);
}

#[tokio::test]
async fn a_session_changes_once_and_events_come_over_tls() {
    let keys = Keys::make();
    let cluster = Cluster::start(&keys.directory("mgmd"), "");
    let tls = client(&keys, "client");
    let options = once(cluster.handle.port(), TlsPolicy::Never);
    let mut session = client::connect(&options).await.unwrap();
    assert!(!session.is_tls());
    assert!(session.is_local());
    session.get_status(None).await.unwrap();
    session.start_tls(&tls).await.unwrap();
    let again = session.start_tls(&tls).await.unwrap_err();
    assert_eq!(
        (again.number(), again.description()),
        (1014, "Socket already has TLS".into())
    );
    session.get_status(None).await.unwrap();
    let mut events = session.listen_to(&CHECKPOINTS).await.unwrap();
    let event = events.next_within(LIMIT).await.unwrap();
    assert!(event.is_some());
}

#[test]
fn the_hello_may_come_with_the_request() {
    let keys = Keys::make();
    let cluster = Cluster::start(&keys.directory("mgmd"), "");
    let mut line = cluster.line();
    let request = "get mgmd nodeid\n\nstart tls\n\n";
    line.write_all(request.as_bytes()).unwrap();
    // The first flight, whose reading must begin right after the empty line.
    let alert = {
        let mut both = Vec::new();
        let expected = b"get mgmd nodeid reply\nnodeid:1\n\nstart tls reply\nresult: Ok\n\n";
        while both.len() < expected.len() {
            let mut byte = [0];
            line.read_exact(&mut byte).unwrap();
            both.push(byte[0]);
        }
        assert_eq!(both, expected);
        without_certificate(&keys, &mut line)
    };
    assert_eq!(alert, Some(AlertDescription::CertificateRequired));
}

/// What the original answered in cleartext, request by request, when it required TLS.
#[test]
fn a_server_that_requires_tls_answers_as_the_original_does() {
    let keys = Keys::make();
    let cluster = Cluster::start(&keys.directory("mgmd"), "RequireTls=1");
    let text = fixture("console/protocol-raw.txt");
    let (_, section) = text
        .split_once("### RequireTls server cleartext, per command\n")
        .unwrap();
    let section = section.split("### ").next().unwrap();
    let mut line = cluster.line();
    let mut count = 0;
    let mut lines = section.lines();
    while let Some(request) = lines.next() {
        let request = bytes(request.strip_prefix("C> b").unwrap());
        let reply = bytes(lines.next().unwrap().strip_prefix("S< b").unwrap());
        line.write_all(&request).unwrap();
        let mut ours = vec![0; reply.len()];
        line.read_exact(&mut ours).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&ours),
            String::from_utf8_lossy(&reply),
            "{}",
            String::from_utf8_lossy(&request)
        );
        count += 1;
    }
    assert_eq!(count, 30);
}

/// A Python literal of bytes, without its `b`.
fn bytes(literal: &str) -> Vec<u8> {
    let literal = &literal[1..literal.len() - 1];
    let mut bytes = Vec::new();
    let mut letters = literal.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\\' => match letters.next().unwrap() {
                'n' => '\n',
                'r' => '\r',
                other => other,
            },
            letter => letter,
        };
        bytes.push(u8::try_from(letter).unwrap());
    }
    bytes
}

/// The original's starts with every kind of certificate: whether it serves, what it answers, and
/// what its log says about TLS.
#[test]
fn a_server_starts_or_does_not_as_the_original_does() {
    let keys = Keys::make();
    let mut count = 0;
    for entry in fs::read_dir(fixtures().join("console")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_log = name.contains("-log-") || name.contains("-strict-");
        if !name.starts_with("ndb_mgmd-") || is_log {
            continue;
        }
        let text = fixture(&format!("console/{name}"));
        let mut lines = text.lines();
        let argv = lines.next().unwrap();
        let directory = argv.split_once("<dir>/keys/").unwrap().1;
        let more = lines.next().unwrap().split('\'').nth(1).unwrap();
        let exit = lines.next().unwrap();
        let (config, data) = settings(&keys.directory(directory), more);
        let path = keys.path().to_str().unwrap();
        let expected = about_tls(text.lines().filter_map(|it| Some(it.split_once("-- ")?.1)));
        let ours = |log: Vec<String>| {
            let log: Vec<String> = log
                .iter()
                .map(|line| line.replace(path, "<dir>/keys"))
                .collect();
            about_tls(log.iter().map(String::as_str))
        };
        if exit == "exit: 1" {
            let error = sim::start(config).err();
            assert!(
                matches!(error, Some(SimError::NoCertificate { .. })),
                "{name}"
            );
            // The original loses its last lines at times.
            let ours = ours(log(data.path()));
            assert!(
                expected.iter().all(|line| ours.contains(line)),
                "{name}: {ours:?}"
            );
        } else {
            let cluster = Cluster::with(config, data);
            // A connection that closes after OK is a failed handshake in the log: it stays open.
            let mut line = cluster.line();
            let reply = ask(&mut line, "start tls\n\n").replace('\n', "\\n");
            assert!(exit.contains(&reply), "{name}: {reply}");
            assert_eq!(ours(cluster.log()), expected, "{name}");
        }
        count += 1;
    }
    assert_eq!(count, 17);
}

/// The lines about TLS, each once; without OpenSSL's own.
fn about_tls<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<String> {
    let mut about: Vec<String> = lines
        .filter(|line| line.contains("TLS") && !line.contains("PEM_read_PrivateKey"))
        .map(str::to_owned)
        .collect();
    about.dedup();
    about
}

#[tokio::test]
async fn each_of_several_servers_has_its_own_certificate() {
    let keys = Keys::make();
    let both = keys.path().join("both");
    for (id, from) in [("1", "mgmd"), ("9", "foreign-mgmd")] {
        fs::create_dir_all(both.join(id)).unwrap();
        for file in ["ndb-mgm-server-private-key", "ndb-mgm-server-cert"] {
            fs::copy(keys.directory(from).join(file), both.join(id).join(file)).unwrap();
        }
    }
    let more = "[ndb_mgmd]\nNodeId=9\nHostName=localhost\nPortNumber=0";
    let (config, directory) = settings(&both, more);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let simulator = sim::prepare(listener, config).await.unwrap();
    let ports: Vec<u16> = simulator.addresses().values().map(|it| it.port()).collect();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(simulator.run(async { drop(ended.await) }));
    for (port, good, bad) in [
        (ports[0], "client", "foreign-client"),
        (ports[1], "foreign-client", "client"),
    ] {
        connect(port, client(&keys, good)).await.unwrap();
        reason(port, client(&keys, bad)).await;
    }
    drop(end);
    running.await.unwrap().unwrap();
    drop(directory);
}

//! Management servers with TLS that the simulator is not: other certificates, other ciphers,
//! no manners. They know `start tls` and `get mgmd nodeid`.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ndbmgm::client::{self, ClientTls, ConnectOptions, Session, TlsPolicy, Verification};
use ndbmgm::cluster::{ConnectString, NodeId, NodeStatus};
use ndbmgm::tls::{CertificateKind, Identity, SearchPath};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{cipher_suite, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, Stream};

use crate::tls_keys::Keys;

const LIMIT: Duration = Duration::from_secs(60);
const OK: &[u8] = b"start tls reply\nresult: Ok\n\n";

/// What the server does once `start tls` has been asked.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Says Ok and speaks TLS; accepts any client, or whom this configuration accepts.
    Tls(Arc<ServerConfig>),
    /// Says Ok, takes the client's hello, writes these bytes and waits for the client's end.
    Answer(&'static [u8]),
    /// Says Ok and closes.
    Close,
    /// Speaks TLS, but says nothing over it.
    Mute(Arc<ServerConfig>),
}

/// An alert that ends a handshake.
pub(crate) const HANDSHAKE_FAILURE: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
pub(crate) const PROTOCOL_VERSION: &[u8] = &[21, 3, 3, 0, 2, 2, 70];

/// A server that ends with its test.
pub(crate) struct FakeTlsServer {
    pub(crate) port: u16,
}

impl FakeTlsServer {
    /// The server of this recorded run.
    pub(crate) fn start(keys: &Keys, name: &str) -> Self {
        let any_client = |directory: &str| Manner::Tls(config(keys, directory, &Ask::Any, None));
        FakeTlsServer::with(match name {
            "fakeserver-TLS_AES_128_CCM_SHA256" => Manner::Answer(HANDSHAKE_FAILURE),
            "fakeserver-tls12-only" => Manner::Answer(PROTOCOL_VERSION),
            "fakeserver-TLS_AES_128_GCM_SHA256" => {
                let suite = Some(cipher_suite::TLS13_AES_128_GCM_SHA256);
                Manner::Tls(config(keys, "mgmd", &Ask::Any, suite))
            }
            "fakeserver-TLS_CHACHA20_POLY1305_SHA256" => {
                let suite = Some(cipher_suite::TLS13_CHACHA20_POLY1305_SHA256);
                Manner::Tls(config(keys, "mgmd", &Ask::Any, suite))
            }
            "fakeserver-good-trace" | "fakeserver-leaf+chain" => any_client("mgmd"),
            "fakeserver-leaf-only" => any_client("m-no-chain"),
            "fakeserver-no-client-cert-request" => {
                Manner::Tls(config(keys, "mgmd", &Ask::Nobody, None))
            }
            "fakeserver-server-rejects-client" => {
                Manner::Tls(config(keys, "mgmd", &Ask::Of("foreign-mgmd"), None))
            }
            "fakeserver-oddcn" => any_client("odd-mgmd"),
            "fakeserver-wronghost" => any_client("mgmd-wronghost"),
            "fakeserver-client-cert-as-server" => any_client("client-mgmd"),
            "fakeserver-datanode-cert-as-server" => any_client("datanode-mgmd"),
            "fakeserver-eku-clientauth-only" => any_client("eku-mgmd"),
            "fakeserver-expired-server" => any_client("expired-mgmd"),
            "fakeserver-foreign-server" => any_client("foreign-mgmd"),
            "fakeserver-selfsigned" => any_client("selfsigned-mgmd"),
            "fakeserver-rotated-ca-server-leaf-only" => any_client("rotated-mgmd"),
            name => panic!("no server for {name}"),
        })
    }

    /// A server of this manner.
    pub(crate) fn with(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let manner = manner.clone();
                // A client may go away at any time.
                thread::spawn(move || drop(serve(stream, &manner)));
            }
        });
        FakeTlsServer { port }
    }
}

fn serve(mut stream: TcpStream, manner: &Manner) -> io::Result<()> {
    stream.set_read_timeout(Some(LIMIT))?;
    let mut request = [0; 11];
    stream.read_exact(&mut request)?;
    assert_eq!(&request, b"start tls\n\n");
    stream.write_all(OK)?;
    match manner {
        Manner::Close => Ok(()),
        Manner::Answer(bytes) => {
            let mut hello = [0; 4096];
            assert!(stream.read(&mut hello)? > 0);
            stream.write_all(bytes)?;
            io::copy(&mut stream, &mut io::sink()).map(drop)
        }
        Manner::Tls(config) => talk(&mut stream, config, true),
        Manner::Mute(config) => talk(&mut stream, config, false),
    }
}

fn talk(stream: &mut TcpStream, config: &Arc<ServerConfig>, answers: bool) -> io::Result<()> {
    let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut tls = Stream::new(&mut connection, stream);
    let mut request = [0; 17];
    loop {
        tls.read_exact(&mut request)?;
        assert_eq!(&request, b"get mgmd nodeid\n\n");
        if answers {
            tls.write_all(b"get mgmd nodeid reply\nnodeid:1\n\n")?;
        }
    }
}

/// Whose certificate a server asks for.
pub(crate) enum Ask {
    /// Nobody's.
    Nobody,
    /// Anybody's of its own CA, as far as a client has one.
    Any,
    /// That of the CA of this directory.
    Of(&'static str),
}

/// A server with the certificates of a directory.
pub(crate) fn config(
    keys: &Keys,
    directory: &str,
    ask: &Ask,
    suite: Option<rustls::SupportedCipherSuite>,
) -> Arc<ServerConfig> {
    let path = keys.directory(directory);
    let provider = Arc::new(CryptoProvider {
        cipher_suites: suite.map_or_else(|| default_provider().cipher_suites, |it| vec![it]),
        ..default_provider()
    });
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap();
    let of = |directory: &Path| {
        let mut roots = RootCertStore::empty();
        for authority in &chain(directory)[1..] {
            roots.add(authority.clone()).unwrap();
        }
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
    };
    let builder = match ask {
        Ask::Nobody => builder.with_no_client_auth(),
        // The verifier wants a root; which does not matter where everybody is let in.
        Ask::Any => {
            let verifier = of(&keys.directory("mgmd")).allow_unauthenticated();
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
        Ask::Of(directory) => {
            let verifier = of(&keys.directory(directory));
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = fs::read(path.join("ndb-mgm-server-private-key")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&key).unwrap();
    let config = builder.with_single_cert(chain(&path), key).unwrap();
    Arc::new(config)
}

fn chain(directory: &Path) -> Vec<CertificateDer<'static>> {
    let pem = fs::read(directory.join("ndb-mgm-server-cert")).unwrap();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    chain.unwrap()
}

/// What a client needs of the keys in a directory.
pub(crate) fn client_tls(keys: &Keys, kind: CertificateKind, directory: &str) -> ClientTls {
    let path = keys.directory(directory);
    let path = SearchPath::parse(path.to_str().unwrap(), |_| None);
    let identity = Identity::load(kind, &path, &mut |_| None).unwrap();
    ClientTls::new(identity, Verification::Full)
}

/// How to connect once, with a limit that a test can wait for.
pub(crate) fn once(port: u16, tls: TlsPolicy) -> ConnectOptions {
    let mut options = ConnectOptions::once(ConnectString::to_server("localhost", port));
    options.timeout = LIMIT;
    options.tls = tls;
    options
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Waits until data node 2 starts.
pub(crate) fn until_starting(keys: &Keys, port: u16) {
    let tls = client_tls(keys, CertificateKind::Client, "client");
    runtime().block_on(async {
        let with_tls = once(port, TlsPolicy::Required(tls));
        let mut session = client::connect(&with_tls).await.unwrap();
        let node = NodeId::new(2).unwrap();
        let starts = async {
            loop {
                let state = session.get_node_status(node).await.unwrap().unwrap();
                if state.status == NodeStatus::Starting {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, starts).await.unwrap();
    });
}

/// A connection over TLS, as a data node has it.
pub(crate) struct DataNode {
    _session: Session,
    _runtime: tokio::runtime::Runtime,
}

/// Connects as a data node, and lets one more connection come and go.
pub(crate) fn data_node(keys: &Keys, port: u16) -> DataNode {
    let runtime = runtime();
    let tls = client_tls(keys, CertificateKind::DataNode, "datanode");
    let session = runtime.block_on(async {
        let with_tls = once(port, TlsPolicy::Required(tls));
        let mut session = client::connect(&with_tls).await.unwrap();
        let other = once(port, TlsPolicy::Never);
        drop(client::connect(&other).await.unwrap());
        let gone = async {
            while session.get_tls_stats().await.unwrap().current != 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, gone).await.unwrap();
        session
    });
    DataNode {
        _session: session,
        _runtime: runtime,
    }
}

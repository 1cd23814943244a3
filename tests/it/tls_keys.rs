//! Keys and certificates in every state that the recorded runs of the original have them in:
//! two CAs of the same name, and what they and others signed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, PKCS_ECDSA_P384_SHA384, SanType, SerialNumber, date_time_ymd,
};

/// What the recorded certificates say, but with an end that no run of these tests will see.
pub(crate) const CLIENT_SERIAL: [u8; 10] =
    [0x58, 0xd5, 0x36, 0xdb, 0x52, 0x6a, 0x78, 0x6a, 0x24, 0x25];
const SERVER_SERIAL: [u8; 10] = [0x68, 0xb9, 0x86, 0xec, 0xd7, 0x07, 0x02, 0x2e, 0x80, 0x4a];
const DATA_NODE_SERIAL: [u8; 10] = [0x2c, 0xc6, 0x6f, 0xd2, 0x9a, 0xc4, 0xab, 0xa9, 0x5e, 0xf1];

const CLIENT: &str = "NDB Node Nov 2026";
const SERVER: &str = "NDB Management Node Nov 2026";

type Date = (i32, u8, u8);

const START: Date = (2026, 11, 20);
const CLIENT_END: Date = (2045, 3, 31);
const SERVER_END: Date = (2045, 4, 21);
const DATA_NODE_END: Date = (2045, 4, 3);

/// What a leaf is to be.
struct Leaf {
    name: &'static str,
    serial: [u8; 10],
    hosts: &'static [&'static str],
    start: Date,
    end: Date,
    usage: Option<ExtendedKeyUsagePurpose>,
}

impl Leaf {
    fn client() -> Self {
        Leaf {
            name: CLIENT,
            serial: CLIENT_SERIAL,
            hosts: &["localhost"],
            start: START,
            end: CLIENT_END,
            usage: None,
        }
    }

    fn server() -> Self {
        Leaf {
            name: SERVER,
            serial: SERVER_SERIAL,
            end: SERVER_END,
            ..Leaf::client()
        }
    }
}

fn params(name: &str, serial: &[u8], start: Date, end: Date) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.not_before = date_time_ymd(start.0, start.1, start.2);
    params.not_after = date_time_ymd(end.0, end.1, end.2);
    params
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn authority(name: &str, signed_by: Option<&Authority>) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = params(name, &[1, 2, 3], (2026, 1, 1), (2046, 1, 1));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = match signed_by {
        None => params.self_signed(&key).unwrap(),
        Some(above) => params.signed_by(&key, &above.issuer).unwrap(),
    }
    .pem();
    let issuer = Issuer::new(params, key);
    Authority { issuer, pem }
}

impl Authority {
    fn sign(&self, leaf: &Leaf, key: &KeyPair) -> String {
        let mut params = params(leaf.name, &leaf.serial, leaf.start, leaf.end);
        for host in leaf.hosts {
            let host = (*host).try_into().unwrap();
            params.subject_alt_names.push(SanType::DnsName(host));
        }
        params.extended_key_usages.extend(leaf.usage.clone());
        params.signed_by(key, &self.issuer).unwrap().pem()
    }
}

/// Directories of keys and certificates, named as in the recordings.
pub(crate) struct Keys {
    root: tempfile::TempDir,
}

impl Keys {
    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        let path = self.root.path().join(name);
        assert!(path.is_dir(), "no keys of the name {name}");
        path
    }

    fn put(&self, directory: &str, file: &str, text: &str, mode: u32) {
        let directory = self.root.path().join(directory);
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join(file);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    fn client(&self, directory: &str, key: &str, certificate: &str) {
        self.put(directory, "ndb-api-private-key", key, 0o400);
        self.put(directory, "ndb-api-cert", certificate, 0o644);
    }

    fn server(&self, directory: &str, key: &str, certificate: &str) {
        self.put(directory, "ndb-mgm-server-private-key", key, 0o400);
        self.put(directory, "ndb-mgm-server-cert", certificate, 0o644);
    }

    /// Makes them all.
    pub(crate) fn make() -> Self {
        let keys = Keys {
            root: tempfile::tempdir().unwrap(),
        };
        let first = authority("MySQL NDB Cluster First Certificate", None);
        let second = authority("MySQL NDB Cluster Second Certificate", Some(&first));
        let foreign = authority("MySQL NDB Cluster First Certificate", None);
        // A key of which there is an encrypted form.
        let key = KeyPair::from_pem(&fixture("keys/client/ndb-api-private-key")).unwrap();
        keys.make_clients(&key, [&first, &second, &foreign]);
        keys.make_broken_clients(&key, &first);
        keys.make_servers(&key, [&first, &second, &foreign]);
        keys
    }

    fn make_clients(&self, key: &KeyPair, [first, second, foreign]: [&Authority; 3]) {
        let pem = key.serialize_pem();
        let good = format!("{}{}", first.sign(&Leaf::client(), key), first.pem);
        self.client("client", &pem, &good);
        self.client("badmode", &pem, &good);
        self.put("badmode", "ndb-api-private-key", &pem, 0o666);
        self.put("split-key", "ndb-api-private-key", &pem, 0o400);
        self.put("split-cert", "ndb-api-cert", &good, 0o644);
        self.client("encrypted", &fixture("key-forms/aes.pem"), &good);
        let of_first = |directory: &str, leaf: &Leaf| {
            let chain = format!("{}{}", first.sign(leaf, key), first.pem);
            self.client(directory, &pem, &chain);
        };
        let client = Leaf::client;
        of_first(
            "client-nohost",
            &Leaf {
                hosts: &[],
                ..client()
            },
        );
        of_first(
            "odd-cn",
            &Leaf {
                name: "some.client",
                ..client()
            },
        );
        let usage = Some(ExtendedKeyUsagePurpose::ServerAuth);
        of_first("client-ekuserver", &Leaf { usage, ..client() });
        let future = Leaf {
            name: "NDB Node Jan 2030",
            start: (2045, 1, 1),
            ..client()
        };
        of_first("future", &future);
        let end = (2026, 11, 25);
        of_first("expired", &Leaf { end, ..client() });
        let end = (2026, 11, 19);
        of_first("expired-neg", &Leaf { end, ..client() });
        let of_second = second.sign(&client(), key);
        let rotated = format!("{of_second}{}{}", second.pem, first.pem);
        self.client("client-rotated", &pem, &rotated);
        let of_foreign = foreign.sign(&client(), key);
        let chain = format!("{of_foreign}{}", foreign.pem);
        self.client("foreign-client", &pem, &chain);
        let both = format!("{of_foreign}{}{}", foreign.pem, first.pem);
        self.client("foreign-leaf-bothca", &pem, &both);
        let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let chain = format!("{}{}", first.sign(&client(), &p384), first.pem);
        self.client("client-p384", &p384.serialize_pem(), &chain);
    }

    fn make_broken_clients(&self, key: &KeyPair, first: &Authority) {
        let pem = key.serialize_pem();
        let leaf = first.sign(&Leaf::client(), key);
        let good = format!("{leaf}{}", first.pem);
        fs::create_dir(self.root.path().join("nocert")).unwrap();
        self.client("no-chain", &pem, &leaf);
        let other = KeyPair::generate().unwrap();
        self.client("mismatch", &other.serialize_pem(), &good);
        self.put("keyonly", "ndb-api-private-key", &pem, 0o400);
        self.client("garbage", &pem, "no certificate\n");
        self.client("garbagekey", "no key\n", &good);
        // Nobody can read a directory as a file, root neither.
        self.put("unreadable", "ndb-api-cert", &good, 0o644);
        fs::create_dir(self.root.path().join("unreadable/ndb-api-private-key")).unwrap();
    }

    fn make_servers(&self, key: &KeyPair, [first, second, foreign]: [&Authority; 3]) {
        let pem = key.serialize_pem();
        let server = Leaf::server;
        let by = |authority: &Authority, leaf: &Leaf| {
            format!("{}{}", authority.sign(leaf, key), authority.pem)
        };
        let good = by(first, &server());
        self.server("mgmd", &pem, &good);
        self.server("mgmdfiles-only", &pem, &good);
        self.server("foreign-mgmd", &pem, &by(foreign, &server()));
        let hosts = &["wrong.example.com"];
        let elsewhere = Leaf { hosts, ..server() };
        self.server("mgmd-wronghost", &pem, &by(first, &elsewhere));
        let end = (2026, 11, 25);
        self.server("expired-mgmd", &pem, &by(first, &Leaf { end, ..server() }));
        let usage = Some(ExtendedKeyUsagePurpose::ClientAuth);
        self.server("eku-mgmd", &pem, &by(first, &Leaf { usage, ..server() }));
        let name = "some.server";
        self.server("odd-mgmd", &pem, &by(first, &Leaf { name, ..server() }));
        self.server("client-mgmd", &pem, &by(first, &Leaf::client()));
        let data_node = Leaf {
            name: "NDB Data Node Nov 2026",
            serial: DATA_NODE_SERIAL,
            hosts: &[],
            end: DATA_NODE_END,
            ..server()
        };
        let data_node = by(first, &data_node);
        self.server("datanode-mgmd", &pem, &data_node);
        self.put("datanode", "ndb-data-node-private-key", &pem, 0o400);
        self.put("datanode", "ndb-data-node-cert", &data_node, 0o644);
        self.server("rotated-mgmd", &pem, &by(second, &server()));
        let mut alone = params(SERVER, &SERVER_SERIAL, START, SERVER_END);
        alone.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
        self.server(
            "selfsigned-mgmd",
            &pem,
            &alone.self_signed(key).unwrap().pem(),
        );
        self.server("m-no-chain", &pem, &first.sign(&server(), key));
        let other = KeyPair::generate().unwrap();
        self.server("m-mismatch", &other.serialize_pem(), &good);
        self.put("m-keyonly", "ndb-mgm-server-private-key", &pem, 0o400);
        self.server("m-garbage", &pem, "no certificate\n");
        self.server("m-garbagekey", "no key\n", &good);
    }
}

/// A file of the TLS fixtures.
pub(crate) fn fixture(name: &str) -> String {
    let path = fixtures().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls")
}

//! One's own key and certificate.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::certificate::date_text;
use super::key::{self, AskPassPhrase, KeyError};
use super::{CertificateDescription, CertificateKind, SearchPath, certificate_file, key_file};

/// A key or a chain of certificates is a few kilobytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// A key, its certificate, and the CAs that are trusted because the certificate's file holds
/// them.
#[derive(Clone)]
pub struct Identity {
    certificate_file: PathBuf,
    leaf: CertificateDescription,
    pub(crate) certified: Arc<CertifiedKey>,
    pub(crate) roots: Arc<RootCertStore>,
    warnings: Vec<IdentityWarning>,
}

/// Something about one's own files that does not stop their use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityWarning {
    /// The other side will refuse the certificate.
    #[error(
        "{}: the certificate is not valid before {starts}, so the other side will refuse it; \
         is this machine's clock right?",
        path.display()
    )]
    NotYetValid {
        /// The certificate's file.
        path: PathBuf,
        /// Its first day.
        starts: String,
    },
    /// Others may read the private key.
    #[error(
        "{}: the private key can be read by others (mode {mode:04o}); chmod 0400 is right",
        path.display()
    )]
    KeyIsOpen {
        /// The key's file.
        path: PathBuf,
        /// The permissions.
        mode: u32,
    },
}

/// Why there is no key and certificate that can be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No key in any directory.
    #[error("no file {file} in the TLS search path '{path}'")]
    KeyNotFound {
        /// Name of the file.
        file: &'static str,
        /// Where it was looked for.
        path: String,
    },
    /// The key's file cannot be read.
    #[error("cannot read the private key {}: {source}", path.display())]
    KeyUnreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The key cannot be used.
    #[error("cannot use the private key {}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: KeyError,
    },
    /// A key, but no certificate in any directory.
    #[error("a private key, but no file {file} in the TLS search path '{path}'")]
    CertificateNotFound {
        /// Name of the file.
        file: &'static str,
        /// Where it was looked for.
        path: String,
    },
    /// The certificate's file cannot be read, or holds none.
    #[error("cannot read the certificate {}: {reason}", path.display())]
    CertificateUnreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Key and certificate do not belong together.
    #[error(
        "the certificate {} was not made for the private key {}",
        path.display(), key.display()
    )]
    WrongKey {
        /// The certificate's file.
        path: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The first certificate of the file is none.
    #[error("the first certificate of {} cannot be understood", path.display())]
    NotValid {
        /// The file.
        path: PathBuf,
    },
    /// Its validity is over.
    #[error("the certificate {} expired on {expired}; make a new one with ndb_sign_keys", path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// Its last day.
        expired: String,
    },
    /// The file holds a leaf and nothing else.
    #[error(
        "{} holds no CA certificate after the first certificate, so nobody can be trusted",
        path.display()
    )]
    NoCa {
        /// The file.
        path: PathBuf,
    },
}

impl IdentityError {
    /// True if there is nothing at all, so that TLS is simply not in use here.
    pub fn is_absent(&self) -> bool {
        matches!(self, IdentityError::KeyNotFound { .. })
    }

    /// What a server of the original writes to its log; `None` if nothing.
    pub fn log_text(&self, path: &SearchPath) -> Option<String> {
        let text = match self {
            IdentityError::KeyNotFound { .. } => return None,
            IdentityError::KeyUnreadable { .. } | IdentityError::Key { .. } => {
                "cannot read active key file"
            }
            IdentityError::CertificateNotFound { .. } => "active certificate not found",
            IdentityError::CertificateUnreadable { .. } => "cannot read active certificate file",
            IdentityError::WrongKey { .. } => "node certificate has wrong public key",
            IdentityError::NotValid { .. } => "active node certificate is not valid",
            IdentityError::Expired { .. } => "active node certificate has expired",
            IdentityError::NoCa { path } => {
                let path = path.display();
                return Some(format!(
                    "NDB TLS: No CA chain in active certificate: {path}"
                ));
            }
        };
        Some(format!("TLS key error: {text} (with path: {path})."))
    }
}

impl Identity {
    /// Finds and checks the key and the certificate of this kind. Key and certificate are
    /// looked for separately; the first file that is found has to be good.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn load(
        kind: CertificateKind,
        path: &SearchPath,
        ask: &mut AskPassPhrase<'_>,
    ) -> Result<Self, IdentityError> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Identity::load_at(kind, path, ask, now)
    }

    fn load_at(
        kind: CertificateKind,
        path: &SearchPath,
        ask: &mut AskPassPhrase<'_>,
        now: Duration,
    ) -> Result<Self, IdentityError> {
        let file = key_file(kind);
        let key_path = path.find(file).ok_or_else(|| IdentityError::KeyNotFound {
            file,
            path: path.to_string(),
        })?;
        let unreadable = |source| IdentityError::KeyUnreadable {
            path: key_path.clone(),
            source,
        };
        let (text, mode) = read_file(&key_path).map_err(unreadable)?;
        let text = std::str::from_utf8(&text).unwrap_or_default();
        let signing_key = key::read(text, &key_path, ask).map_err(|source| IdentityError::Key {
            path: key_path.clone(),
            source,
        })?;
        let file = certificate_file(kind);
        let found = path.find(file);
        let path = found.ok_or_else(|| IdentityError::CertificateNotFound {
            file,
            path: path.to_string(),
        })?;
        let chain = read_chain(&path)?;
        let not_valid = || IdentityError::NotValid { path: path.clone() };
        let leaf = chain
            .first()
            .and_then(|der| CertificateDescription::read(der));
        let leaf = leaf.ok_or_else(not_valid)?;
        if let Some(public_key) = signing_key.public_key()
            && public_key.as_ref() != leaf.public_key
        {
            let key = key_path;
            return Err(IdentityError::WrongKey { path, key });
        }
        if now >= leaf.not_after {
            let expired = leaf.expires_text();
            return Err(IdentityError::Expired { path, expired });
        }
        let mut roots = RootCertStore::empty();
        for authority in &chain[1..] {
            roots.add(authority.clone()).map_err(|_| not_valid())?;
        }
        if roots.is_empty() {
            return Err(IdentityError::NoCa { path });
        }
        let mut warnings = Vec::new();
        if mode & 0o077 != 0 {
            warnings.push(IdentityWarning::KeyIsOpen {
                path: key_path,
                mode,
            });
        }
        if now < leaf.not_before {
            warnings.push(IdentityWarning::NotYetValid {
                path: path.clone(),
                starts: date_text(leaf.not_before),
            });
        }
        Ok(Identity {
            certificate_file: path,
            leaf,
            certified: Arc::new(CertifiedKey::new(chain, signing_key)),
            roots: Arc::new(roots),
            warnings,
        })
    }

    /// The file that the certificate came from.
    pub fn certificate_file(&self) -> &Path {
        &self.certificate_file
    }

    /// What the certificate says.
    pub fn certificate(&self) -> &CertificateDescription {
        &self.leaf
    }

    /// What its owner should know.
    pub fn warnings(&self) -> &[IdentityWarning] {
        &self.warnings
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificate_file", &self.certificate_file)
            .field("leaf", &self.leaf.name)
            .finish_non_exhaustive()
    }
}

/// The bytes of a file, to be wiped, and its permissions.
fn read_file(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, u32)> {
    let file = File::open(path)?;
    let status = file.metadata()?;
    if status.len() > FILE_BYTES_MAX {
        return Err(io::Error::other("it is too large for a key or certificate"));
    }
    // One byte more than it has, so that reading to its end does not copy it elsewhere.
    let size = usize::try_from(status.len()).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok((bytes, permissions(&status)))
}

#[cfg(unix)]
fn permissions(status: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;

    status.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn permissions(_: &std::fs::Metadata) -> u32 {
    0o400
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let unreadable = |reason: String| IdentityError::CertificateUnreadable {
        path: path.to_owned(),
        reason,
    };
    let (bytes, _) = read_file(path).map_err(|error| unreadable(error.to_string()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) | Err(_) => Err(unreadable("it holds no certificate in PEM form".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const PASS_PHRASE: &str = "wonderland";

    fn fixture(name: &str) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        root.join("tests/fixtures/tls").join(name)
    }

    /// A directory with a client's files from the fixtures; `None` leaves one out.
    fn client(key: Option<&str>, certificate: Option<&str>) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (from, to) in [(key, "ndb-api-private-key"), (certificate, "ndb-api-cert")] {
            if let Some(from) = from {
                fs::copy(fixture(from), directory.path().join(to)).unwrap();
            }
        }
        directory
    }

    fn load(directory: &Path) -> Result<Identity, IdentityError> {
        load_asking(directory, &mut |_| None)
    }

    fn load_asking(
        directory: &Path,
        ask: &mut AskPassPhrase<'_>,
    ) -> Result<Identity, IdentityError> {
        let path = SearchPath::parse(directory.to_str().unwrap(), |_| None);
        Identity::load(CertificateKind::Client, &path, ask)
    }

    fn why(directory: &Path) -> String {
        load(directory).unwrap_err().to_string()
    }

    #[test]
    fn the_original_s_certificates_say_what_it_shows() {
        let directory = client(
            Some("keys/client/ndb-api-private-key"),
            Some("keys/client/ndb-api-cert"),
        );
        let identity = load(directory.path()).unwrap();
        let leaf = identity.certificate();
        assert_eq!(leaf.name, "NDB Node Nov 2026");
        assert_eq!(leaf.kind(), Some(CertificateKind::Client));
        assert_eq!(leaf.serial_text(), "08:90:05:9C:C5:DA:C0:3A:CD:E8");
        assert_eq!(leaf.expires_text(), "30-Nov-2045");
        assert_eq!(leaf.starts_text(), "25-Nov-2026");
        assert_eq!(leaf.hosts, ["localhost"]);
        assert!(leaf.is_version_3);
        assert_eq!(identity.roots.len(), 1);
        for (kind, file) in [
            (CertificateKind::ManagementServer, "keys/mgmd"),
            (CertificateKind::DataNode, "keys/datanode"),
        ] {
            let path = SearchPath::parse(fixture(file).to_str().unwrap(), |_| None);
            let identity = Identity::load(kind, &path, &mut |_| None).unwrap();
            assert_eq!(identity.certificate().kind(), Some(kind));
        }
    }

    #[test]
    fn each_fault_of_the_files_has_its_sentence_and_the_original_s_log_text() {
        let key = Some("keys/client/ndb-api-private-key");
        let certificate = Some("keys/client/ndb-api-cert");
        let leaf_alone = client(key, certificate);
        let file = leaf_alone.path().join("ndb-api-cert");
        let text = fs::read_to_string(&file).unwrap();
        let end = text.find("-----END CERTIFICATE-----").unwrap() + 26;
        fs::write(&file, &text[..end]).unwrap();
        let directory_as_key = client(None, certificate);
        fs::create_dir(directory_as_key.path().join("ndb-api-private-key")).unwrap();
        let junk_in_pem = client(key, certificate);
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        fs::write(junk_in_pem.path().join("ndb-api-cert"), junk).unwrap();
        let cases = [
            (client(None, None), "no file ndb-api-private-key", ""),
            (client(None, certificate), "no file ndb-api-private-key", ""),
            (
                directory_as_key,
                "cannot read the private key",
                "cannot read active key file",
            ),
            (
                client(Some("README.md"), certificate),
                "holds no private key in PEM form",
                "cannot read active key file",
            ),
            (
                client(key, None),
                "no file ndb-api-cert",
                "active certificate not found",
            ),
            (
                client(key, Some("README.md")),
                "holds no certificate in PEM form",
                "cannot read active certificate file",
            ),
            (
                client(Some("keys/foreign/ndb-api-private-key"), certificate),
                "was not made for the private key",
                "node certificate has wrong public key",
            ),
            (
                junk_in_pem,
                "cannot be understood",
                "active node certificate is not valid",
            ),
            (
                client(
                    Some("keys/expired/ndb-api-private-key"),
                    Some("keys/expired/ndb-api-cert"),
                ),
                "expired on 25-Nov-2026",
                "active node certificate has expired",
            ),
            (
                leaf_alone,
                "holds no CA certificate",
                "No CA chain in active certificate",
            ),
        ];
        for (directory, sentence, log) in cases {
            let error = load(directory.path()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(sentence), "{text}");
            let path = SearchPath::parse(directory.path().to_str().unwrap(), |_| None);
            let logged = error.log_text(&path).unwrap_or_default();
            assert!(logged.contains(log), "{logged}");
            assert_eq!(logged.is_empty(), error.is_absent());
        }
    }

    #[test]
    fn nothing_is_tried_past_a_broken_first_hit() {
        let good = client(
            Some("keys/client/ndb-api-private-key"),
            Some("keys/client/ndb-api-cert"),
        );
        let expired = client(
            Some("keys/expired/ndb-api-private-key"),
            Some("keys/expired/ndb-api-cert"),
        );
        let [good, expired] = [&good, &expired].map(|directory| directory.path().display());
        let path = SearchPath::parse(&format!("{expired}:{good}"), |_| None);
        let found = Identity::load(CertificateKind::Client, &path, &mut |_| None);
        assert!(matches!(found, Err(IdentityError::Expired { .. })));
        let path = SearchPath::parse(&format!("{good}:{expired}"), |_| None);
        Identity::load(CertificateKind::Client, &path, &mut |_| None).unwrap();
    }

    #[test]
    fn key_and_certificate_may_lie_apart() {
        let key = client(Some("keys/client/ndb-api-private-key"), None);
        let certificate = client(None, Some("keys/client/ndb-api-cert"));
        let [key, certificate] = [&key, &certificate].map(|directory| directory.path().display());
        let path = SearchPath::parse(&format!("{certificate}:{key}"), |_| None);
        Identity::load(CertificateKind::Client, &path, &mut |_| None).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn an_open_key_and_an_early_certificate_are_warned_of() {
        use std::os::unix::fs::PermissionsExt;

        let directory = client(
            Some("keys/client/ndb-api-private-key"),
            Some("keys/client/ndb-api-cert"),
        );
        let key = directory.path().join("ndb-api-private-key");
        let path = SearchPath::parse(directory.path().to_str().unwrap(), |_| None);
        let warnings = |mode, now| {
            fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
            let found = Identity::load_at(CertificateKind::Client, &path, &mut |_| None, now);
            found.unwrap().warnings().to_vec()
        };
        let then = Duration::from_secs(1_800_000_000);
        assert_eq!(warnings(0o400, then), []);
        let text = warnings(0o640, then)[0].to_string();
        assert!(text.contains("can be read by others (mode 0640)"), "{text}");
        let text = warnings(0o600, Duration::from_secs(1))[0].to_string();
        assert!(text.contains("not valid before 25-Nov-2026"), "{text}");
    }

    #[test]
    fn an_encrypted_key_asks_for_its_pass_phrase() {
        for form in ["aes", "des3", "scrypt"] {
            let directory = client(
                Some(&format!("key-forms/{form}.pem")),
                Some("keys/client/ndb-api-cert"),
            );
            let mut asked = Vec::new();
            let found = load_asking(directory.path(), &mut |path| {
                asked.push(path.to_owned());
                Some(Zeroizing::new(PASS_PHRASE.to_owned()))
            });
            found.unwrap();
            assert_eq!(asked, [directory.path().join("ndb-api-private-key")]);
            let error = load_asking(directory.path(), &mut |_| {
                Some(Zeroizing::new("looking-glass".to_owned()))
            });
            let text = error.unwrap_err().to_string();
            assert!(text.contains("pass phrase is wrong"), "{text}");
            assert!(!text.contains("looking-glass"));
            let text = why(directory.path());
            assert!(
                text.contains("no terminal to ask for its pass phrase"),
                "{text}"
            );
        }
    }

    #[test]
    fn unusual_keys_are_read_or_named() {
        let cases = [
            ("trad", "encrypted in a form that is not supported"),
            ("pbe1", "encrypted in a form that is not supported"),
            ("k1", "its curve 1.3.132.0.10 is not supported"),
            #[cfg(not(feature = "aws-lc-rs"))]
            (
                "p521",
                "its curve is P-521, for which this program has to be built",
            ),
            // Read, and so it can be compared.
            #[cfg(feature = "aws-lc-rs")]
            ("p521", "was not made for the private key"),
        ];
        for (form, sentence) in cases {
            let directory = client(
                Some(&format!("key-forms/{form}.pem")),
                Some("keys/client/ndb-api-cert"),
            );
            let text = why(directory.path());
            assert!(text.contains(sentence), "{form}: {text}");
        }
        let sec1 = client(Some("key-forms/sec1.pem"), Some("keys/client/ndb-api-cert"));
        load(sec1.path()).unwrap();
    }

    #[test]
    fn nothing_of_a_key_is_shown() {
        let directory = client(
            Some("keys/client/ndb-api-private-key"),
            Some("keys/client/ndb-api-cert"),
        );
        let shown = format!("{:?}", load(directory.path()).unwrap());
        assert!(shown.contains("NDB Node Nov 2026"), "{shown}");
        assert!(!shown.contains("key"), "{shown}");
    }
}

//! `ndb_sim --make-certificates`: a CA, and a certificate for a server and for a client, to
//! practise with.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType,
    SerialNumber, date_time_ymd,
};
use zeroize::Zeroizing;

use crate::tls::{CERTIFICATE_MODE, CertificateKind, KEY_MODE, certificate_file, key_file};

const DAY: Duration = Duration::from_secs(86_400);
/// Lifetimes as `ndb_sign_keys` gives them.
const CA_DAYS: u32 = 1461;
const SERVER_DAYS: u32 = 150;
const CLIENT_DAYS: u32 = 120;

const CA_NAME: &str = "MySQL NDB Cluster Practice Certificate";
const CA_FILE: &str = "NDB-Cluster-cert";

/// Certificates that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeCertificatesError {
    /// A file is there already; nothing was written.
    #[error("{} is there already; nothing was written", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The library refused.
    #[error("cannot make a certificate: {0}")]
    Make(String),
}

impl From<rcgen::Error> for MakeCertificatesError {
    fn from(error: rcgen::Error) -> Self {
        MakeCertificatesError::Make(error.to_string())
    }
}

/// Writes a new CA's certificate, and key and certificate of a management server and of a
/// client for this machine (`localhost`), with the names and modes of `ndb_sign_keys`. The CA's
/// key is not kept, so nothing more can be signed.
///
/// # Errors
///
/// If a file of that name is there, or cannot be written.
pub fn make_certificates(directory: &Path) -> Result<Vec<PathBuf>, MakeCertificatesError> {
    let files = files()?;
    make_directory(directory)?;
    let paths: Vec<PathBuf> = files.iter().map(|file| directory.join(file.name)).collect();
    for path in &paths {
        if path.symlink_metadata().is_ok() {
            return Err(MakeCertificatesError::Exists { path: path.clone() });
        }
    }
    for (file, path) in files.iter().zip(&paths) {
        write(directory, path, file).map_err(|source| MakeCertificatesError::Write {
            path: path.clone(),
            source,
        })?;
    }
    Ok(paths)
}

struct NewFile {
    name: &'static str,
    text: Zeroizing<String>,
    mode: u32,
}

fn files() -> Result<Vec<NewFile>, MakeCertificatesError> {
    let ca_key = KeyPair::generate()?;
    let mut ca = params(CA_NAME.to_owned(), CA_DAYS)?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key)?.pem();
    let issuer = Issuer::new(ca, ca_key);
    let mut files = vec![NewFile {
        name: CA_FILE,
        text: Zeroizing::new(ca_certificate.clone()),
        mode: CERTIFICATE_MODE,
    }];
    for (kind, days) in [
        (CertificateKind::ManagementServer, SERVER_DAYS),
        (CertificateKind::Client, CLIENT_DAYS),
    ] {
        let key = KeyPair::generate()?;
        let month = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%b %Y");
        let mut leaf = params(format!("NDB {} {month}", kind.noun()), days)?;
        let localhost = "localhost".try_into()?;
        leaf.subject_alt_names = vec![SanType::DnsName(localhost)];
        let certificate = leaf.signed_by(&key, &issuer)?.pem();
        files.push(NewFile {
            name: key_file(kind),
            text: Zeroizing::new(key.serialize_pem()),
            mode: KEY_MODE,
        });
        files.push(NewFile {
            name: certificate_file(kind),
            text: Zeroizing::new(format!("{certificate}{ca_certificate}")),
            mode: CERTIFICATE_MODE,
        });
    }
    Ok(files)
}

fn params(name: String, days: u32) -> Result<CertificateParams, MakeCertificatesError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let mut serial = [0; 10];
    getrandom::fill(&mut serial).map_err(|error| MakeCertificatesError::Make(error.to_string()))?;
    // Positive, and not shorter than it looks.
    serial[0] = serial[0] & 0x7f | 0x01;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = Duration::from_secs(now.unwrap_or_default().as_secs());
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now;
    params.not_after = epoch + now + DAY * days;
    Ok(params)
}

fn make_directory(directory: &Path) -> Result<(), MakeCertificatesError> {
    fs::create_dir_all(directory).map_err(|source| MakeCertificatesError::Write {
        path: directory.to_owned(),
        source,
    })
}

/// The file is whole or not there, and never takes another's place.
fn write(directory: &Path, path: &Path, file: &NewFile) -> io::Result<()> {
    let mut temporary = tempfile::Builder::new();
    temporary.prefix(".ndb-certificate-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        temporary.permissions(fs::Permissions::from_mode(file.mode | 0o200));
    }
    let mut temporary = temporary.tempfile_in(directory)?;
    temporary.write_all(file.text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::Permissions::from_mode(file.mode);
        temporary.as_file().set_permissions(mode)?;
    }
    temporary.as_file().sync_all()?;
    temporary
        .persist_noclobber(path)
        .map_err(|error| error.error)?;
    OpenOptions::new().read(true).open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{Identity, SearchPath};

    #[test]
    fn what_is_made_can_be_used_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("new");
        let made = make_certificates(&directory).unwrap();
        assert_eq!(made.len(), 5);
        let path = SearchPath::parse(directory.to_str().unwrap(), |_| None);
        for kind in [CertificateKind::ManagementServer, CertificateKind::Client] {
            let identity = Identity::load(kind, &path, &mut |_| None).unwrap();
            assert_eq!(identity.certificate().kind(), Some(kind));
            assert_eq!(identity.certificate().hosts, ["localhost"]);
            assert_eq!(identity.certificate().serial.len(), 10);
            assert_eq!(identity.warnings(), []);
        }
        let mut names: Vec<_> = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        // No key of the CA, and nothing half made.
        let expected = [
            "NDB-Cluster-cert",
            "ndb-api-cert",
            "ndb-api-private-key",
            "ndb-mgm-server-cert",
            "ndb-mgm-server-private-key",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn no_file_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("ndb-api-private-key");
        fs::write(&key, "precious").unwrap();
        let error = make_certificates(directory.path()).unwrap_err();
        assert!(matches!(error, MakeCertificatesError::Exists { path } if path == key));
        assert_eq!(fs::read_to_string(&key).unwrap(), "precious");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}

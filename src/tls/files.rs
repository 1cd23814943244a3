//! Names and modes of the files, as `ndb_sign_keys` writes them.

use super::CertificateKind;

/// Mode of a private key's file: only its owner reads it.
pub const KEY_MODE: u32 = 0o400;
/// Mode of a certificate's file.
pub const CERTIFICATE_MODE: u32 = 0o644;

/// Name of the file with the active private key. It holds no node id: all nodes of a kind on a
/// host use the same one.
pub const fn key_file(kind: CertificateKind) -> &'static str {
    match kind {
        CertificateKind::ManagementServer => "ndb-mgm-server-private-key",
        CertificateKind::DataNode => "ndb-data-node-private-key",
        CertificateKind::Client => "ndb-api-private-key",
    }
}

/// Name of the file with the active certificate: the leaf, then the CA's certificates.
pub const fn certificate_file(kind: CertificateKind) -> &'static str {
    match kind {
        CertificateKind::ManagementServer => "ndb-mgm-server-cert",
        CertificateKind::DataNode => "ndb-data-node-cert",
        CertificateKind::Client => "ndb-api-cert",
    }
}

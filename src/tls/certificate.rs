//! What a certificate says about its owner.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use x509_cert::certificate::{Certificate, Version};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Whose certificate it is, which `ndb_sign_keys` writes into its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKind {
    /// `NDB Management Node ..`
    ManagementServer,
    /// `NDB Data Node ..`
    DataNode,
    /// `NDB Node ..`: every API program and tool, this client too.
    Client,
}

impl CertificateKind {
    const ALL: [CertificateKind; 3] = [
        CertificateKind::ManagementServer,
        CertificateKind::DataNode,
        CertificateKind::Client,
    ];

    /// What stands between `NDB ` and the date in a certificate's name.
    pub const fn noun(self) -> &'static str {
        match self {
            CertificateKind::ManagementServer => "Management Node",
            CertificateKind::DataNode => "Data Node",
            CertificateKind::Client => "Node",
        }
    }

    /// Reads a common name: `NDB `, the noun, and nothing or a blank and anything.
    pub fn of_name(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("NDB ")?;
        CertificateKind::ALL.into_iter().find(|kind| {
            let tail = rest.strip_prefix(kind.noun());
            tail.is_some_and(|tail| tail.is_empty() || tail.starts_with(' '))
        })
    }
}

/// A certificate, read but not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateDescription {
    /// Common name of the subject; empty if it has none. Control characters are replaced.
    pub name: String,
    /// Serial number, the most significant byte first.
    pub serial: Vec<u8>,
    /// Start of its validity, since 1970.
    pub not_before: Duration,
    /// End of its validity, since 1970.
    pub not_after: Duration,
    /// The hosts it is bound to: DNS names, and IP addresses as text. Empty if to none.
    pub hosts: Vec<String>,
    /// False for X.509 version 1, which `ndb_sign_keys --remote-openssl` makes.
    pub is_version_3: bool,
    /// DER of its public key.
    pub public_key: Vec<u8>,
}

impl CertificateDescription {
    /// Reads a certificate; `None` if it is none.
    pub fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let body = certificate.tbs_certificate();
        let name = body.subject().common_name().ok()?;
        let hosts = match body.get_extension::<SubjectAltName>().ok()? {
            Some((_, names)) => names.0.iter().filter_map(host).collect(),
            None => Vec::new(),
        };
        Some(CertificateDescription {
            name: name.map_or_else(String::new, |name| printable(&name.value())),
            serial: body.serial_number().as_bytes().to_vec(),
            not_before: body.validity().not_before.to_unix_duration(),
            not_after: body.validity().not_after.to_unix_duration(),
            hosts,
            is_version_3: body.version() == Version::V3,
            public_key: body.subject_public_key_info().to_der().ok()?,
        })
    }

    /// Whose it is, by its name.
    pub fn kind(&self) -> Option<CertificateKind> {
        CertificateKind::of_name(&self.name)
    }

    /// The serial number as `list certs` shows it: `58:D5:36:DB`.
    pub fn serial_text(&self) -> String {
        let bytes: Vec<String> = self.serial.iter().map(|b| format!("{b:02X}")).collect();
        bytes.join(":")
    }

    /// Its last day as `list certs` shows it, in UTC: `31-Mar-2027`.
    pub fn expires_text(&self) -> String {
        date_text(self.not_after)
    }

    /// Its first day, in the same form.
    pub fn starts_text(&self) -> String {
        date_text(self.not_before)
    }
}

/// A day as `list certs` shows it.
pub(super) fn date_text(since_1970: Duration) -> String {
    // Certificates end with the year 9999, and so does the calendar.
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    at.to_zoned(TimeZone::UTC).strftime("%d-%b-%Y").to_string()
}

fn host(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(printable(name.as_str())),
        GeneralName::IpAddress(bytes) => address_text(bytes.as_bytes()),
        _ => None,
    }
}

fn address_text(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(bytes).to_string());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(bytes).to_string())
}

/// Names are printed on terminals and sent as lines.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_certificate_it_is() {
        use CertificateKind::*;
        let cases = [
            ("NDB Management Node Nov 2026", Some(ManagementServer)),
            ("NDB Management Node", Some(ManagementServer)),
            ("NDB Data Node Nov 2026 Cluster 4FA012", Some(DataNode)),
            ("NDB Node Nov 2026", Some(Client)),
            ("NDB Node", Some(Client)),
            ("NDB Nodes", None),
            ("NDB  Node", None),
            ("NDB Management", None),
            ("ndb node", None),
            ("some.client", None),
            ("", None),
        ];
        for (name, kind) in cases {
            assert_eq!(CertificateKind::of_name(name), kind, "{name}");
        }
    }

    #[test]
    fn names_keep_to_one_line() {
        assert_eq!(printable("a\nname: b\u{1b}[2J"), "a?name: b?[2J");
    }

    #[test]
    fn junk_is_no_certificate() {
        for junk in [&b""[..], b"\x30\x80", b"\x30\x03\x02\x01\x01", &[0xff; 64]] {
            assert_eq!(CertificateDescription::read(junk), None);
        }
    }
}

//! Which host a certificate was made for.

use std::net::IpAddr;

use super::{CertificateDescription, CertificateKind};

/// A certificate that verifies, but is not that of the management server that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingFault {
    /// Its name says something else, or nothing.
    #[error(
        "it is made out to '{name}', which is no management server \
         (--ndb-tls-verify=ca accepts it all the same)"
    )]
    Kind {
        /// The name.
        name: String,
    },
    /// It is bound to other hosts.
    #[error(
        "it is bound to host {}, not to '{host}' as it was connected to \
         (connect by that name, or --ndb-tls-verify=ca accepts it all the same)",
        hosts.join(", ")
    )]
    Host {
        /// The host that was asked for.
        host: String,
        /// The hosts of the certificate.
        hosts: Vec<String>,
    },
}

/// Checks that a verified certificate is that of a management server on `host`, the name or
/// address of the connect string without brackets.
///
/// A certificate without host names is good for every host; one for `localhost` alone for this
/// machine; any other has to name the host letter for letter, an IP address too.
///
/// # Errors
///
/// What is wrong.
pub fn check_host(leaf: &CertificateDescription, host: &str) -> Result<(), BindingFault> {
    if leaf.kind() != Some(CertificateKind::ManagementServer) {
        return Err(BindingFault::Kind {
            name: leaf.name.clone(),
        });
    }
    let is_bound = match leaf.hosts.as_slice() {
        [] => true,
        [only] if only == "localhost" => host == "localhost" || is_loopback(host),
        hosts => hosts.iter().any(|bound| bound == host),
    };
    if is_bound {
        return Ok(());
    }
    Err(BindingFault::Host {
        host: host.to_owned(),
        hosts: leaf.hosts.clone(),
    })
}

fn is_loopback(host: &str) -> bool {
    host.parse::<IpAddr>()
        .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn leaf(name: &str, hosts: &[&str]) -> CertificateDescription {
        CertificateDescription {
            name: name.to_owned(),
            serial: vec![1],
            not_before: Duration::ZERO,
            not_after: Duration::MAX,
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            is_version_3: true,
            public_key: Vec::new(),
        }
    }

    #[test]
    fn a_host_has_to_be_named_unless_none_is() {
        let cases: [(&[&str], &str, bool); 14] = [
            (&[], "anything", true),
            (&["localhost"], "localhost", true),
            (&["localhost"], "127.0.0.1", true),
            (&["localhost"], "::1", true),
            (&["localhost"], "mgm1", false),
            (&["localhost"], "10.0.0.1", false),
            (&["mgm1"], "mgm1", true),
            (&["mgm1"], "MGM1", false),
            (&["mgm1"], "mgm1.example.com", false),
            (&["mgm1"], "localhost", false),
            (&["127.0.0.1"], "127.0.0.1", true),
            (&["*.example.com"], "mgm1.example.com", false),
            (&["localhost", "mgm1"], "mgm1", true),
            (&["localhost", "mgm1"], "127.0.0.1", false),
        ];
        for (hosts, host, expected) in cases {
            let found = check_host(&leaf("NDB Management Node Nov 2026", hosts), host);
            assert_eq!(found.is_ok(), expected, "{hosts:?} {host}: {found:?}");
        }
    }

    #[test]
    fn only_a_management_server_s_certificate_is_one() {
        for name in ["NDB Node Nov 2026", "NDB Data Node Nov 2026", "some.client"] {
            let error = check_host(&leaf(name, &[]), "localhost").unwrap_err();
            assert_eq!(error, BindingFault::Kind { name: name.into() });
        }
    }
}

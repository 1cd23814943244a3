//! TLS as a management server: the handshake, and whom it accepts as a client.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ServerConfig, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{
    AlertDescription, CertificateError, DigitallySignedStruct, DistinguishedName, PeerIncompatible,
    SignatureScheme,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::config::SimTls;
use crate::cluster::NodeId;
use crate::tls::{
    self, CertificateDescription, CertificateFault, CertificateKind, Identity, Prefixed,
    certificate_fault,
};

/// A connection over which TLS is spoken.
pub(super) type TlsConnection = TlsStream<Prefixed>;

/// What a management server needs to speak TLS.
#[derive(Debug)]
pub(super) struct ServerTls {
    identity: Identity,
    verifier: Arc<dyn ClientCertVerifier>,
    limit: Duration,
}

/// A server's certificate, or why it has none, and what its log says about that.
pub(super) struct OwnCertificate {
    pub(super) tls: Result<ServerTls, String>,
    pub(super) log: Vec<String>,
}

impl OwnCertificate {
    /// Looks for the certificate of one server.
    pub(super) fn find(server: NodeId, settings: &SimTls) -> Self {
        let path = &settings.search_path;
        let own = path.with_subdirectory(&server.to_string());
        let mut ask = settings.ask_pass_phrase;
        match Identity::load(CertificateKind::ManagementServer, &own, &mut ask) {
            Ok(identity) => {
                let warnings = identity.warnings().iter();
                let log = warnings.map(ToString::to_string).collect();
                let tls = ServerTls::new(identity, settings.handshake_limit);
                OwnCertificate { tls, log }
            }
            Err(error) => OwnCertificate {
                log: error.log_text(path).into_iter().collect(),
                tls: Err(error.to_string()),
            },
        }
    }
}

/// A handshake that failed: what the cluster log says about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HandshakeFailed {
    pub(super) log: Vec<String>,
}

impl ServerTls {
    /// With this key and certificate, whose CAs are the ones that are trusted.
    fn new(identity: Identity, limit: Duration) -> Result<Self, String> {
        let roots = Arc::clone(&identity.roots);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, tls::provider())
            // The original names no CA either.
            .clear_root_hint_subjects()
            .build()
            .map_err(|error| error.to_string())?;
        Ok(ServerTls {
            identity,
            verifier,
            limit,
        })
    }

    /// The file with the server's own certificate.
    pub(super) fn certificate_file(&self) -> &Path {
        self.identity.certificate_file()
    }

    /// The server's own certificate.
    pub(super) fn certificate(&self) -> &CertificateDescription {
        self.identity.certificate()
    }

    /// Changes a connection to TLS. `surplus` was read from it past `start tls`.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        surplus: Vec<u8>,
    ) -> Result<(Box<TlsConnection>, CertificateDescription), HandshakeFailed> {
        let verifier = Arc::new(ClientVerifier {
            inner: Arc::clone(&self.verifier),
            rejected: Mutex::new(None),
        });
        let config = self
            .config(&verifier)
            .map_err(|error| failed(Vec::new(), &error.to_string()))?;
        let accept = TlsAcceptor::from(Arc::new(config)).accept(Prefixed::new(surplus, stream));
        match timeout(self.limit, accept).await {
            Ok(Ok(stream)) => {
                let leaf = stream.get_ref().1.peer_certificates();
                let leaf = leaf.and_then(|chain| CertificateDescription::read(chain.first()?));
                // The verifier has read it, so that is none.
                let leaf = leaf.ok_or_else(|| failed(Vec::new(), "no client certificate"))?;
                Ok((Box::new(stream), leaf))
            }
            Ok(Err(error)) => Err(verifier.explain(&error)),
            Err(_) => {
                let limit = self.limit.as_secs_f32();
                let text = format!("the client did not finish within {limit} s");
                Err(failed(Vec::new(), &text))
            }
        }
    }

    fn config(&self, verifier: &Arc<ClientVerifier>) -> Result<ServerConfig, rustls::Error> {
        let own = SingleCertAndKey::from(Arc::clone(&self.identity.certified));
        let mut config = ServerConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::clone(verifier) as Arc<dyn ClientCertVerifier>)
            .with_cert_resolver(Arc::new(own));
        // Nobody may resume a session.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

fn failed(mut log: Vec<String>, reason: &str) -> HandshakeFailed {
    log.push(format!("NDB TLS handshake failed in server: {reason}"));
    HandshakeFailed { log }
}

/// Verifies a client's certificate as webpki does, and remembers the one that it refused.
#[derive(Debug)]
struct ClientVerifier {
    inner: Arc<dyn ClientCertVerifier>,
    rejected: Mutex<Option<(CertificateDescription, CertificateFault)>>,
}

impl ClientVerifier {
    /// The lines that the original writes, as far as the cause is one of its causes.
    fn explain(&self, error: &io::Error) -> HandshakeFailed {
        let rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((leaf, fault)) = rejected.as_ref() {
            let word = if leaf.kind().is_some() { "node " } else { "" };
            let (name, serial) = (&leaf.name, leaf.serial_text());
            let (number, text) = match fault {
                CertificateFault::NotYetValid => (9, "certificate is not yet valid"),
                CertificateFault::Expired => (10, "certificate has expired"),
                CertificateFault::UnknownIssuer => (20, "unable to get local issuer certificate"),
                CertificateFault::Purpose => (26, "unsuitable certificate purpose"),
                CertificateFault::Other => (24, "invalid CA certificate"),
            };
            let log = vec![
                format!("TLS AUTH: Rejected {word}certificate '{name}' ({serial})."),
                format!("TLS AUTH: Rejected at eval depth 0, error {number}: {text}."),
            ];
            let reason = "error:0A000086:SSL routines::certificate verify failed";
            return failed(log, reason);
        }
        failed(Vec::new(), &reason(error))
    }
}

/// The original's text, where it has one.
fn reason(error: &io::Error) -> String {
    use rustls::Error;

    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(Error::NoCertificatesPresented) => {
            "error:0A0000C7:SSL routines::peer did not return a certificate".to_owned()
        }
        Some(Error::InvalidMessage(_) | Error::InappropriateMessage { .. }) => {
            "error:0A00010B:SSL routines::wrong version number".to_owned()
        }
        Some(Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        )) => "error:0A000102:SSL routines::unsupported protocol".to_owned(),
        Some(Error::AlertReceived(alert)) => alert_text(*alert),
        Some(error) => error.to_string(),
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                "the client closed the connection".to_owned()
            }
            _ => error.to_string(),
        },
    }
}

fn alert_text(alert: AlertDescription) -> String {
    // OpenSSL's reason is 1000 and the alert.
    let number = 1000 + u32::from(u8::from(alert));
    let text = match alert {
        AlertDescription::UnknownCA => "tlsv1 alert unknown ca".to_owned(),
        AlertDescription::BadCertificate => "sslv3 alert bad certificate".to_owned(),
        AlertDescription::CertificateExpired => "sslv3 alert certificate expired".to_owned(),
        AlertDescription::CertificateUnknown => "sslv3 alert certificate unknown".to_owned(),
        alert => format!("alert {alert:?}"),
    };
    format!("error:0A000{number:03X}:SSL routines::{text}")
}

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self
            .inner
            .verify_client_cert(end_entity, intermediates, now);
        let error = match verified {
            Ok(verified) => return Ok(verified),
            Err(error) => error,
        };
        let fault = certificate_fault(&error);
        if let Some(leaf) = CertificateDescription::read(end_entity) {
            let mut rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
            *rejected = Some((leaf, fault));
        }
        Err(match fault {
            // The alerts of the original are 42 and 48 here; the library's 45 and 51.
            CertificateFault::NotYetValid => CertificateError::BadEncoding.into(),
            CertificateFault::UnknownIssuer => CertificateError::UnknownIssuer.into(),
            CertificateFault::Expired | CertificateFault::Purpose | CertificateFault::Other => {
                error
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

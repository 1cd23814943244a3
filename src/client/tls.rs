//! TLS as the client: the handshake, and whom it accepts as a management server.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::SingleCertAndKey;
use rustls::{
    AlertDescription, CertificateError, DigitallySignedStruct, OtherError, PeerIncompatible,
    SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::tls::{
    self, BindingFault, CertificateDescription, CertificateFault, CertificateKind, Identity,
    IdentityError, Prefixed, SearchPath, certificate_fault, check_host,
};

/// How strictly the management server's certificate is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// Chain, validity and purpose, and that it is a management server's on the host that was
    /// asked for.
    #[default]
    Full,
    /// Chain, validity and purpose, as the original does: any certificate of the cluster's CA
    /// is accepted, a client's too.
    Ca,
}

/// What this client needs to speak TLS.
#[derive(Debug, Clone)]
pub struct ClientTls {
    identity: Arc<Identity>,
    verification: Verification,
}

impl ClientTls {
    /// With this key and certificate, whose CAs are the ones that are trusted.
    pub fn new(identity: Identity, verification: Verification) -> Self {
        ClientTls {
            identity: Arc::new(identity),
            verification,
        }
    }

    /// The client's own key and certificate.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Changes a connection to `host` to TLS. `surplus` was read from it past the reply to
    /// `start tls`. The caller limits the time.
    ///
    /// In TLS 1.3 the client is done first: whether the server accepts the client's certificate
    /// shows only when something has been answered.
    pub(super) async fn handshake(
        &self,
        stream: TcpStream,
        surplus: Vec<u8>,
        host: &str,
    ) -> io::Result<TlsTransport> {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};

        let config = self.config(host).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(config));
        // Neither sent nor compared: the verifier knows the host.
        let name = ServerName::try_from("management.server").map_err(io::Error::other)?;
        let stream = connector
            .connect(name, Prefixed::new(surplus, stream))
            .await
            .map_err(|error| match error.kind() {
                UnexpectedEof | ConnectionReset | BrokenPipe => io::Error::new(
                    error.kind(),
                    "the management server closed the connection in the handshake",
                ),
                _ => in_words(error),
            })?;
        Ok(TlsTransport { stream })
    }

    fn config(&self, host: &str) -> Result<ClientConfig, rustls::Error> {
        let provider = tls::provider();
        let verifier = ServerVerifier {
            identity: Arc::clone(&self.identity),
            verification: self.verification,
            host: host.to_owned(),
            provider: Arc::clone(&provider),
        };
        let own = SingleCertAndKey::from(Arc::clone(&self.identity.certified));
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(own));
        config.enable_sni = false;
        // The original server hands tickets out and breaks off if one is used.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// Whether a connection changes to TLS before anything else is sent.
#[derive(Debug, Clone, Default)]
pub enum TlsPolicy {
    /// Not by itself.
    #[default]
    Never,
    /// If the server has TLS. A handshake that fails is an error all the same: it may be an
    /// attack.
    IfOffered(ClientTls),
    /// In any case.
    Required(ClientTls),
}

impl TlsPolicy {
    /// Of a program that nobody can be asked for a pass phrase: with the key and certificate of
    /// the search path. Without any there is no TLS, unless it `is_required`.
    ///
    /// # Errors
    ///
    /// The key or certificate cannot be used, or is missing and required.
    pub fn unattended(
        path: &SearchPath,
        is_required: bool,
        verification: Verification,
    ) -> Result<Self, IdentityError> {
        match Identity::load(CertificateKind::Client, path, &mut |_| None) {
            Ok(identity) => {
                let tls = ClientTls::new(identity, verification);
                Ok(match is_required {
                    true => TlsPolicy::Required(tls),
                    false => TlsPolicy::IfOffered(tls),
                })
            }
            Err(error) if !is_required && error.is_absent() => Ok(TlsPolicy::Never),
            Err(error) => Err(error),
        }
    }
}

/// Verifies a management server's certificate.
///
/// Chain, validity, purpose and signatures are webpki's, unchanged. In the place of webpki's
/// host name check, which knows neither certificates without names nor IP addresses written as
/// DNS names, stands the host binding of `ndb_sign_keys`.
struct ServerVerifier {
    identity: Arc<Identity>,
    verification: Verification,
    host: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let leaf = CertificateDescription::read(end_entity)
            .ok_or(rustls::Error::from(CertificateError::BadEncoding))?;
        if !leaf.is_version_3 {
            return Err(refused(ServerFault::Version1));
        }
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(end_entity)?,
            &self.identity.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        )?;
        match self.verification {
            Verification::Ca => {}
            Verification::Full => check_host(&leaf, &self.host)
                .map_err(|fault| refused(ServerFault::Binding(fault)))?,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // Without the library's feature for it, a server that wants 1.2 is refused earlier.
        Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

impl fmt::Debug for ServerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerVerifier")
            .field("verification", &self.verification)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// What webpki does not find.
#[derive(Debug, thiserror::Error)]
enum ServerFault {
    #[error(transparent)]
    Binding(BindingFault),
    #[error(
        "it is of X.509 version 1, which cannot be verified; \
         `ndb_sign_keys --remote-openssl` makes such, sign it without that option"
    )]
    Version1,
}

fn refused(fault: ServerFault) -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(fault))).into()
}

/// A connection over which TLS is spoken. Dropped, it says goodbye and is closed.
pub(super) struct TlsTransport {
    stream: TlsStream<Prefixed>,
}

impl TlsTransport {
    /// The connection below.
    pub(super) fn stream(&self) -> &TcpStream {
        self.stream.get_ref().0.stream()
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = self.stream.write_all(bytes).await;
        sent.map_err(in_words)?;
        self.stream.flush().await.map_err(in_words)
    }

    pub(super) async fn receive(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        self.stream.read(chunk).await.map_err(in_words)
    }

    /// As [`Transport::has_stray_input`](super::transport::Transport::has_stray_input); the
    /// tickets that a server sends unasked are none.
    pub(super) fn has_stray_input(&mut self) -> bool {
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        let polled = Pin::new(&mut self.stream).poll_read(&mut context, &mut buffer);
        matches!(polled, Poll::Ready(_))
    }
}

impl Drop for TlsTransport {
    fn drop(&mut self) {
        let (io, connection) = self.stream.get_mut();
        connection.send_close_notify();
        let mut record = Vec::new();
        if connection.write_tls(&mut record).is_ok() {
            // A server that does not listen any more needs no goodbye.
            let _ = io.stream().try_write(&record);
        }
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}

/// What the TLS library says, as a sentence about the server.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct TlsFault(String);

fn in_words(error: io::Error) -> io::Error {
    let sentence = match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error) => sentence(error),
        None => return error,
    };
    io::Error::new(error.kind(), TlsFault(sentence))
}

fn sentence(error: &rustls::Error) -> String {
    use rustls::Error;

    match error {
        Error::AlertReceived(alert) => rejection(*alert),
        Error::InvalidCertificate(CertificateError::Other(OtherError(fault))) => {
            format!("the management server's certificate is refused: {fault}")
        }
        Error::InvalidCertificate(_) => {
            let fault = match certificate_fault(error) {
                CertificateFault::Expired => "it has expired",
                CertificateFault::NotYetValid => "it is not valid yet; compare the clocks",
                CertificateFault::UnknownIssuer => {
                    "it is not signed by a CA in this client's certificate file"
                }
                CertificateFault::Purpose => "its extended key usage is not that of a server",
                CertificateFault::Other => {
                    return format!("the management server's certificate is refused: {error}");
                }
            };
            format!("the management server's certificate is refused: {fault}")
        }
        Error::NoCertificatesPresented => "the management server showed no certificate".to_owned(),
        Error::PeerIncompatible(_) => {
            format!("the management server does not speak TLS 1.3 as it should: {error}")
        }
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => {
            "what the management server sent is no TLS".to_owned()
        }
        Error::InappropriateHandshakeMessage { .. } | Error::PeerMisbehaved(_) => {
            format!("the management server does not keep to the rules of TLS 1.3: {error}")
        }
        error => error.to_string(),
    }
}

/// Why the server broke off (RFC 8446, 6.2, and what the original uses the alerts for).
fn rejection(alert: AlertDescription) -> String {
    let of_certificate = match alert {
        AlertDescription::CertificateExpired => "it has expired",
        AlertDescription::BadCertificate => {
            "it is not valid, most often because it is not valid yet; compare the clocks"
        }
        AlertDescription::UnsupportedCertificate => {
            "its extended key usage is not that of a client"
        }
        AlertDescription::UnknownCA => "it is not signed by a CA that the server trusts",
        AlertDescription::CertificateRequired => "none was sent",
        AlertDescription::CertificateRevoked => "it is revoked",
        AlertDescription::CertificateUnknown => "the server does not say why",
        AlertDescription::DecryptError => "a signature does not fit",
        AlertDescription::AccessDenied => "access is denied",
        AlertDescription::ProtocolVersion => {
            return "the management server does not speak TLS 1.3".to_owned();
        }
        AlertDescription::HandshakeFailure => {
            return "the management server has no cipher suite or curve in common with this client"
                .to_owned();
        }
        AlertDescription::InternalError => {
            return "the management server failed in the handshake (internal error)".to_owned();
        }
        alert => return format!("the management server broke off the handshake: {alert:?}"),
    };
    format!("the server rejected this client's certificate: {of_certificate}")
}

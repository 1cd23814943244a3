//! The change of a session to TLS (management protocol, `start tls`).

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::{ClientError, TlsError};
use super::session::{Exchange, Session};
use super::tls::ClientTls;
use super::transport::Transport;
use crate::wire::{Request, ResultReply, SessionRequest};

/// Longest handshake, the server's first answer included.
pub const HANDSHAKE_LIMIT: Duration = Duration::from_secs(30);

impl Session {
    /// True if the connection is encrypted and the server has accepted this client's
    /// certificate.
    pub fn is_tls(&self) -> bool {
        self.transport.as_ref().is_some_and(Transport::is_tls)
    }

    /// Changes the connection to TLS, and has the server answer something over it: the original
    /// believes that TLS is there before the server has looked at its certificate.
    ///
    /// # Errors
    ///
    /// [`ClientError::Tls`]. After [`TlsError::Refused`] and [`TlsError::AlreadyInUse`] the
    /// session is as before, after [`TlsError::Handshake`] it is closed.
    pub async fn start_tls(&mut self, tls: &ClientTls) -> Result<(), ClientError> {
        if self.is_tls() {
            return Err(TlsError::AlreadyInUse.into());
        }
        let request = Request::Session(SessionRequest::StartTls);
        let mut exchange = self.begin(&request, self.timeout()).await?;
        let block = exchange.block().await?;
        if ResultReply::decode(request.name(), &block).is_err() {
            // `Failed`, or a server from before there was TLS that does not know the request.
            exchange.end();
            return Err(TlsError::Refused.into());
        }
        let (stream, surplus) = exchange.into_cleartext()?;
        let host = self.host().to_owned();
        let limit = self.timeout().min(HANDSHAKE_LIMIT);
        let failed = |reason: String| TlsError::Handshake {
            host: host.clone(),
            reason,
        };
        let silent = || {
            let seconds = limit.as_secs_f32();
            failed(format!(
                "the management server did not finish the handshake within {seconds} s"
            ))
        };
        let attempt = async {
            let handshake = tls.handshake(stream, surplus, &host).await;
            let stream = handshake.map_err(|error| failed(error.to_string()))?;
            self.transport = Some(Transport::Tls(Box::new(stream)));
            self.get_mgmd_nodeid().await.map_err(|error| match error {
                ClientError::Socket { source, .. } => failed(source.to_string()),
                ClientError::Disconnected { .. } => failed(
                    "the management server closed the connection without giving a reason; \
                     most often it does not accept this client's certificate, and its log \
                     says why"
                        .to_owned(),
                ),
                ClientError::TimedOut { .. } => silent(),
                error => failed(error.to_string()),
            })
        };
        let result = match timeout(limit, attempt).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => silent(),
        };
        self.transport = None;
        Err(result.into())
    }
}

impl Exchange<'_> {
    /// The connection below, and what was read past the reply.
    fn into_cleartext(mut self) -> Result<(TcpStream, Vec<u8>), ClientError> {
        let surplus = self.reader.take_body(usize::MAX).to_vec();
        match self.transport {
            Transport::Cleartext(stream) => Ok((stream, surplus)),
            Transport::Tls(_) => Err(TlsError::AlreadyInUse.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::client::mock::Step::{self, AwaitClose, Expect, Send};
    use crate::client::mock::serve;
    use crate::client::tls::Verification;
    use crate::tls::{CertificateKind, Identity, SearchPath};

    const OK: &str = "start tls reply\nresult: Ok\n\n";

    fn tls() -> ClientTls {
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls/keys/client");
        let path = SearchPath::parse(keys.to_str().unwrap(), |_| None);
        let identity = Identity::load(CertificateKind::Client, &path, &mut |_| None);
        ClientTls::new(identity.unwrap(), Verification::Full)
    }

    /// Why the change fails after these steps, and whether the session is still of use.
    async fn fault(limit: Duration, steps: Vec<Step>) -> (TlsError, bool) {
        let (mut session, server) = serve(steps).await;
        session.set_timeout(limit);
        let ClientError::Tls(error) = session.start_tls(&tls()).await.unwrap_err() else {
            panic!("another error");
        };
        assert!(!session.is_tls());
        let is_open = session.is_open();
        drop(session);
        server.await.unwrap();
        (error, is_open)
    }

    async fn handshake_fault(limit: Duration, steps: Vec<Step>) -> String {
        match fault(limit, steps).await {
            (TlsError::Handshake { reason, .. }, false) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_refusal_leaves_the_session_as_it_was() {
        let limit = Duration::from_secs(5);
        for reply in [
            "start tls reply\nresult: Failed\n\n",
            "result: Unknown command, 'start tls'\n\n",
        ] {
            let (error, is_open) = fault(limit, vec![Expect("start tls\n\n"), Send(reply)]).await;
            assert_eq!(error, TlsError::Refused);
            assert!(is_open);
        }
    }

    #[tokio::test]
    async fn a_server_that_closes_or_talks_something_else_is_no_tls() {
        let limit = Duration::from_secs(5);
        let reason = handshake_fault(limit, vec![Expect("start tls\n\n"), Send(OK)]).await;
        assert!(reason.contains("closed the connection"), "{reason}");
        let garbage = "start tls reply\nresult: Ok\n\nhello yourself";
        let steps = vec![Expect("start tls\n\n"), Send(garbage)];
        let reason = handshake_fault(limit, steps).await;
        assert!(reason.contains("is no TLS"), "{reason}");
    }

    #[tokio::test]
    async fn a_server_that_stalls_in_the_handshake_is_given_up() {
        let limit = Duration::from_millis(200);
        let steps = vec![
            Expect("start tls\n\n"),
            Send(OK),
            // The client's first message, and then its end.
            Step::Skip,
            AwaitClose,
        ];
        let reason = handshake_fault(limit, steps).await;
        assert!(
            reason.contains("did not finish the handshake within 0.2 s"),
            "{reason}"
        );
    }
}

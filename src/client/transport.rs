//! The connection that carries the bytes of a session or of an event stream.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::tls::TlsTransport;

/// A connection to a management server. Dropped, it is closed.
#[derive(Debug)]
pub(super) enum Transport {
    /// Bytes go as they are.
    Cleartext(TcpStream),
    /// Bytes are encrypted, and both ends have shown a certificate.
    Tls(Box<TlsTransport>),
}

impl Transport {
    /// True if nobody on the way can read or change what is sent.
    pub(super) fn is_tls(&self) -> bool {
        match self {
            Transport::Cleartext(_) => false,
            Transport::Tls(_) => true,
        }
    }

    /// True if the server is on this machine.
    pub(super) fn is_local(&self) -> bool {
        let stream = match self {
            Transport::Cleartext(stream) => stream,
            Transport::Tls(stream) => stream.stream(),
        };
        match (stream.peer_addr(), stream.local_addr()) {
            (Ok(peer), Ok(own)) => peer.ip().is_loopback() || peer.ip() == own.ip(),
            _ => false,
        }
    }

    /// Writes all of these bytes.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Transport::Cleartext(stream) => stream.write_all(bytes).await,
            Transport::Tls(stream) => stream.send(bytes).await,
        }
    }

    /// Reads what has come, or waits for it; 0 at the end. A dropped future loses no byte.
    pub(super) async fn receive(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Cleartext(stream) => stream.read(chunk).await,
            Transport::Tls(stream) => stream.receive(chunk).await,
        }
    }

    /// True if the server closed the connection or wrote without being asked. Then the
    /// connection is of no use any more: a byte may be gone.
    pub(super) fn has_stray_input(&mut self) -> bool {
        match self {
            Transport::Cleartext(stream) => match stream.try_read(&mut [0]) {
                Err(error) => error.kind() != io::ErrorKind::WouldBlock,
                Ok(_) => true,
            },
            Transport::Tls(stream) => stream.has_stray_input(),
        }
    }
}

//! The connection that carries the bytes of a session or of an event stream.

use std::io;
use std::net::IpAddr;

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
            (Ok(peer), Ok(own)) => is_same_machine(peer.ip(), own.ip()),
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

/// True if an address is this machine's own: loopback, also as IPv6 writes an address of IPv4, or
/// the one that the connection has at this end.
fn is_same_machine(peer: IpAddr, own: IpAddr) -> bool {
    let peer = peer.to_canonical();
    peer.is_loopback() || peer == own.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::is_same_machine;

    /// A backup's password is warned about on the way to every other machine.
    #[test]
    fn only_an_address_of_this_end_is_this_machine() {
        for (peer, own, expected) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.2", "192.0.2.7", true),
            ("::1", "::1", true),
            ("::ffff:127.0.0.1", "::ffff:127.0.0.2", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
            ("192.0.2.8", "192.0.2.7", false),
            ("10.0.0.1", "127.0.0.1", false),
            ("2001:db8::2", "2001:db8::1", false),
        ] {
            let found = is_same_machine(peer.parse().unwrap(), own.parse().unwrap());
            assert_eq!(found, expected, "{peer} from {own}");
        }
    }
}

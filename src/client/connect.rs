//! The walk over a connect string (management protocol, 2.3).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{sleep, timeout};

use super::error::{ClientError, TlsError};
use super::session::Session;
use super::tls::TlsPolicy;
use super::transport::Transport;
use crate::cluster::{ConnectHost, ConnectString, HostPort};

/// Longest wait for one answer, and for one TCP connection, unless told otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// How to reach a management server.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// The servers, tried in order.
    pub connect_string: ConnectString,
    /// How often all of them are tried.
    pub retries: Retries,
    /// Pause between two passes over the servers.
    pub delay: Duration,
    /// Limit of one TCP connection, and of one request unless the request has its own.
    pub timeout: Duration,
    /// Whether the connection changes to TLS.
    pub tls: TlsPolicy,
}

/// How many passes over the connect string are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retries {
    /// So many passes in total; 0 counts as 1.
    Attempts(u32),
    /// Until a server answers.
    Endless,
}

impl Retries {
    /// The value of `--connect-retries`: -1 is endless, 0 and 1 are one attempt.
    pub fn from_option(value: i32) -> Self {
        u32::try_from(value).map_or(Retries::Endless, Retries::Attempts)
    }
}

impl ConnectOptions {
    /// One attempt, with the default time limit.
    pub fn once(connect_string: ConnectString) -> Self {
        ConnectOptions {
            connect_string,
            retries: Retries::Attempts(1),
            delay: Duration::from_secs(5),
            timeout: DEFAULT_TIMEOUT,
            tls: TlsPolicy::Never,
        }
    }
}

/// What happens while connecting: the values of the original's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectProgress {
    /// No host's name could be resolved; there will be no retry.
    Unresolvable {
        /// The canonical connect string.
        connect_string: String,
    },
    /// The first pass failed. Reported once.
    FirstPassFailed {
        /// The canonical connect string.
        connect_string: String,
    },
    /// Retries begin. Reported once, before the first [`ConnectProgress::Retry`].
    RetriesBegin {
        /// Pause before each.
        delay: Duration,
        /// False if they go on until a server answers.
        is_finite: bool,
    },
    /// A pause and another pass follow.
    Retry {
        /// Passes that are left, this one included; `None` if endless.
        attempts_left: Option<u32>,
    },
    /// The last retry failed too.
    RetriesExhausted,
    /// A retry succeeded.
    ConnectedAfterRetry,
}

/// Connects to the first server of the connect string that can be reached.
///
/// Every address of a name is tried, IPv4 first. TCP_NODELAY is set. Nothing is sent but what
/// the change to TLS needs; if that fails no other server is tried.
///
/// # Errors
///
/// [`ClientError::Unreachable`], with the fault of the last host; [`ClientError::Tls`].
pub async fn connect(options: &ConnectOptions) -> Result<Session, ClientError> {
    connect_with_progress(options, &mut |_| {}).await
}

/// As [`connect`], and tells `progress` what happens on the way.
///
/// # Errors
///
/// As [`connect`].
pub async fn connect_with_progress(
    options: &ConnectOptions,
    progress: &mut (dyn FnMut(ConnectProgress) + Send),
) -> Result<Session, ClientError> {
    let connect_string = options.connect_string.to_string();
    let mut left = match options.retries {
        Retries::Attempts(attempts) => Some(attempts.saturating_sub(1)),
        Retries::Endless => None,
    };
    let mut is_retrying = false;
    loop {
        let failed = match pass(options).await {
            Ok((transport, host)) => {
                if is_retrying {
                    progress(ConnectProgress::ConnectedAfterRetry);
                }
                tracing::debug!(host = %host.address, "connected");
                let mut session = Session::new(transport, host, options.timeout);
                // A handshake's state is large, and every future around this one would be so, too.
                Box::pin(secure(&mut session, &options.tls)).await?;
                return Ok(session);
            }
            Err(failed) => failed,
        };
        let unreachable = ClientError::Unreachable {
            connect_string: connect_string.clone(),
            cause: failed.cause,
        };
        tracing::debug!(error = %unreachable, "no server answered");
        if failed.is_unresolvable {
            progress(ConnectProgress::Unresolvable { connect_string });
            return Err(unreachable);
        }
        if !is_retrying {
            progress(ConnectProgress::FirstPassFailed {
                connect_string: connect_string.clone(),
            });
        }
        if left == Some(0) {
            if is_retrying {
                progress(ConnectProgress::RetriesExhausted);
            }
            return Err(unreachable);
        }
        if !is_retrying {
            progress(ConnectProgress::RetriesBegin {
                delay: options.delay,
                is_finite: left.is_some(),
            });
            is_retrying = true;
        }
        progress(ConnectProgress::Retry {
            attempts_left: left,
        });
        left = left.map(|left| left - 1);
        sleep(options.delay).await;
    }
}

/// Changes a new connection to TLS as it is wanted.
async fn secure(session: &mut Session, policy: &TlsPolicy) -> Result<(), ClientError> {
    match policy {
        TlsPolicy::Never => Ok(()),
        TlsPolicy::Required(tls) => session.start_tls(tls).await,
        TlsPolicy::IfOffered(tls) => match session.start_tls(tls).await {
            Err(ClientError::Tls(TlsError::Refused)) if session.is_open() => Ok(()),
            result => result,
        },
    }
}

/// Why no server of a pass could be reached.
struct PassFailed {
    is_unresolvable: bool,
    cause: Option<String>,
}

/// Tries every server once.
async fn pass(options: &ConnectOptions) -> Result<(Transport, ConnectHost), PassFailed> {
    let mut failed = PassFailed {
        is_unresolvable: true,
        cause: None,
    };
    for host in &options.connect_string.hosts {
        let addresses = match resolve(&host.address, options.timeout).await {
            Ok(addresses) => addresses,
            Err(error) => {
                failed.cause = Some(format!("{}: {error}", host.address));
                continue;
            }
        };
        failed.is_unresolvable = false;
        for address in addresses {
            match open(address, host.bind_address.as_ref(), options.timeout).await {
                Ok(stream) => return Ok((Transport::Cleartext(stream), host.clone())),
                Err(error) => failed.cause = Some(format!("{}: {error}", host.address)),
            }
        }
    }
    Err(failed)
}

/// The addresses of a host, IPv4 first; link-local IPv6 addresses need a scope and are left out.
async fn resolve(host: &HostPort, limit: Duration) -> io::Result<Vec<SocketAddr>> {
    let lookup = lookup_host((host.host.as_str(), host.port));
    let found = timeout(limit, lookup).await.map_err(|_| timed_out())??;
    let is_usable = |address: &SocketAddr| match address {
        SocketAddr::V4(_) => true,
        SocketAddr::V6(v6) => !v6.ip().is_unicast_link_local(),
    };
    let mut addresses: Vec<SocketAddr> = found.filter(is_usable).collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.dedup();
    if addresses.is_empty() {
        return Err(io::Error::other("the name has no usable address"));
    }
    Ok(addresses)
}

async fn open(
    address: SocketAddr,
    bind_address: Option<&HostPort>,
    limit: Duration,
) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(bind_address) = bind_address {
        let local = resolve(bind_address, limit).await?;
        let is_same_family = |local: &SocketAddr| local.is_ipv4() == address.is_ipv4();
        let local = local.into_iter().find(is_same_family).ok_or_else(|| {
            io::Error::other(format!("bind address {bind_address} is of another family"))
        })?;
        if local.port() != 0 {
            // The port of an earlier session may still wait for stray packets.
            socket.set_reuseaddr(true)?;
        }
        socket.bind(local)?;
    }
    // A wait for a backup may last two days: a machine that vanished must not.
    socket.set_keepalive(true)?;
    let stream = timeout(limit, socket.connect(address))
        .await
        .map_err(|_| timed_out())??;
    // One request is one write; waiting for more would only delay it.
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "timed out")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    fn options(connect_string: &str, retries: Retries) -> ConnectOptions {
        ConnectOptions {
            connect_string: ConnectString::parse(connect_string).unwrap(),
            retries,
            delay: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            tls: TlsPolicy::Never,
        }
    }

    async fn listen(address: &str) -> (TcpListener, u16) {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    /// A port of this machine at which nobody listens.
    async fn closed_port() -> u16 {
        listen("127.0.0.1:0").await.1
    }

    async fn walk(
        options: &ConnectOptions,
    ) -> (Result<Session, ClientError>, Vec<ConnectProgress>) {
        let mut seen = Vec::new();
        let result = connect_with_progress(options, &mut |progress| seen.push(progress)).await;
        (result, seen)
    }

    #[tokio::test]
    async fn the_first_server_that_answers_is_taken() {
        let (_listener, port) = listen("127.0.0.1:0").await;
        let closed = closed_port().await;
        let string = format!("nodeid=7,127.0.0.1:{closed},localhost:{port},127.0.0.1:{closed}");
        let (session, seen) = walk(&options(&string, Retries::Attempts(1))).await;
        let session = session.unwrap();
        assert_eq!((session.host(), session.port()), ("localhost", port));
        assert_eq!(seen, []);
    }

    #[tokio::test]
    async fn an_ipv6_server_is_reached() {
        let Ok(listener) = TcpListener::bind("[::1]:0").await else {
            return; // this machine has no IPv6
        };
        let port = listener.local_addr().unwrap().port();
        let string = format!("[::1]:{port}");
        let (session, _) = walk(&options(&string, Retries::Attempts(1))).await;
        assert_eq!(session.unwrap().host(), "::1");
    }

    #[tokio::test]
    async fn every_address_of_a_name_is_tried() {
        let Ok(listener) = TcpListener::bind("[::1]:0").await else {
            return;
        };
        let port = listener.local_addr().unwrap().port();
        let mut found = lookup_host(("localhost", port)).await.unwrap();
        if !found.any(|address| address.is_ipv6()) {
            return; // localhost is IPv4 only here
        }
        let string = format!("localhost:{port}");
        let (session, _) = walk(&options(&string, Retries::Attempts(1))).await;
        assert!(session.is_ok());
    }

    #[tokio::test]
    async fn the_bind_address_is_used() {
        let (listener, port) = listen("127.0.0.1:0").await;
        let string = format!("127.0.0.1:{port},bind-address=127.0.0.2");
        let (session, _) = walk(&options(&string, Retries::Attempts(1))).await;
        assert!(session.is_ok());
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.ip(), Ipv4Addr::new(127, 0, 0, 2));
    }

    #[tokio::test]
    async fn a_host_whose_bind_address_fails_is_passed_over() {
        let (_listener, port) = listen("127.0.0.1:0").await;
        // 192.0.2.0/24 is for documentation: no machine has it.
        let string = format!("127.0.0.1:{port},bind-address=192.0.2.1,localhost:{port}");
        let (session, _) = walk(&options(&string, Retries::Attempts(1))).await;
        assert_eq!(session.unwrap().host(), "localhost");
    }

    #[tokio::test]
    async fn one_attempt_reports_no_retries() {
        let string = format!("127.0.0.1:{}", closed_port().await);
        for attempts in [0, 1] {
            let (result, seen) = walk(&options(&string, Retries::Attempts(attempts))).await;
            let error = result.unwrap_err();
            let connect_string = format!("nodeid=0,{string}");
            assert_eq!(error.number(), 1011);
            assert_eq!(
                error.description(),
                format!("ERROR: Unable to connect with connect string: {connect_string}")
            );
            assert!(error.to_string().contains("refused"), "{error}");
            assert_eq!(seen, [ConnectProgress::FirstPassFailed { connect_string }]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retries_count_down_and_pause() {
        let string = format!("127.0.0.1:{}", closed_port().await);
        let start = tokio::time::Instant::now();
        let (result, seen) = walk(&options(&string, Retries::Attempts(3))).await;
        assert!(result.is_err());
        assert_eq!(start.elapsed().as_secs(), 2);
        let connect_string = format!("nodeid=0,{string}");
        assert_eq!(
            seen,
            [
                ConnectProgress::FirstPassFailed { connect_string },
                ConnectProgress::RetriesBegin {
                    delay: Duration::from_secs(1),
                    is_finite: true
                },
                ConnectProgress::Retry {
                    attempts_left: Some(2)
                },
                ConnectProgress::Retry {
                    attempts_left: Some(1)
                },
                ConnectProgress::RetriesExhausted,
            ]
        );
    }

    #[tokio::test]
    async fn a_server_that_comes_up_ends_endless_retries() {
        let port = closed_port().await;
        let mut options = options(&format!("127.0.0.1:{port}"), Retries::Endless);
        options.delay = Duration::from_millis(1);
        let mut listener = None;
        let mut last = None;
        let session = connect_with_progress(&options, &mut |progress| {
            if let ConnectProgress::Retry { attempts_left } = progress {
                assert_eq!(attempts_left, None);
                let server = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
                listener = Some(server);
            }
            last = Some(progress);
        })
        .await;
        assert!(session.is_ok());
        assert_eq!(last, Some(ConnectProgress::ConnectedAfterRetry));
    }

    #[tokio::test]
    async fn names_that_nobody_knows_end_the_walk_at_once() {
        let options = options("a.invalid,b.invalid", Retries::Endless);
        let (result, seen) = walk(&options).await;
        assert_eq!(result.unwrap_err().number(), 1011);
        let connect_string = "nodeid=0,a.invalid:1186,b.invalid:1186".to_owned();
        assert_eq!(seen, [ConnectProgress::Unresolvable { connect_string }]);
    }

    #[tokio::test]
    async fn a_known_name_beside_an_unknown_one_is_retried() {
        let string = format!("a.invalid,127.0.0.1:{}", closed_port().await);
        let (_, seen) = walk(&options(&string, Retries::Attempts(1))).await;
        assert!(matches!(
            seen[..],
            [ConnectProgress::FirstPassFailed { .. }]
        ));
    }

    #[test]
    fn the_option_counts_attempts() {
        let table = [
            (-1, Retries::Endless),
            (0, Retries::Attempts(0)),
            (12, Retries::Attempts(12)),
        ];
        for (value, retries) in table {
            assert_eq!(Retries::from_option(value), retries);
        }
    }
}

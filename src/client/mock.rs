//! A server for tests that knows nothing of the protocol: it expects bytes and sends bytes.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::connect::{ConnectOptions, connect};
use super::session::Session;
use crate::cluster::ConnectString;

/// What the server does next.
pub(super) enum Step {
    /// One read must return exactly this: a whole request in one write.
    Expect(&'static str),
    /// One read must return something.
    Skip,
    /// Writes this.
    Send(&'static str),
    /// Writes this, byte by byte, each with its own system call.
    Trickle(&'static str),
    /// Writes this many bytes `x`, or fewer if the client goes away.
    Flood(usize),
    /// Writes a blank every second until the client goes away.
    Dribble,
    /// Waits until the client closes the connection, and writes nothing.
    AwaitClose,
}

use Step::{AwaitClose, Expect, Flood, Send, Trickle};

/// `get version` and `set clientversion` with a 9.7.2 server.
pub(super) const GREETING: [Step; 4] = [
    Expect("get version\n\n"),
    Send(
        "version\nid: 591618\nmajor: 9\nminor: 7\nbuild: 2\nstring: mysql-9.7.2 ndb-9.7.2\n\
         mysql_major: 9\nmysql_minor: 7\nmysql_build: 2\n\n",
    ),
    Expect("set clientversion\nbuild: 2\nminor: 7\nmajor: 9\n\n"),
    Send("set clientversion reply\nresult: Ok\n\n"),
];

/// Serves one connection with these steps, then closes it. The task panics where the client
/// does something else.
pub(super) async fn serve(steps: Vec<Step>) -> (Session, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        run(stream, steps).await;
    });
    let options = ConnectOptions::once(ConnectString::to_server("127.0.0.1", port));
    let session = connect(&options).await.unwrap();
    (session, server)
}

async fn run(mut stream: TcpStream, steps: Vec<Step>) {
    for step in steps {
        match step {
            Expect(text) => {
                let mut buffer = vec![0; 4096];
                let size = stream.read(&mut buffer).await.unwrap();
                assert_eq!(String::from_utf8_lossy(&buffer[..size]), text);
            }
            Step::Skip => {
                assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            }
            Send(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Trickle(text) => {
                stream.set_nodelay(true).unwrap();
                for byte in text.as_bytes() {
                    stream.write_all(&[*byte]).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
            Flood(count) => {
                for _ in 0..count / 1000 {
                    if stream.write_all(&[b'x'; 1000]).await.is_err() {
                        return;
                    }
                }
            }
            Step::Dribble => {
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            AwaitClose => {
                let mut buffer = [0; 16];
                let closed = stream.read(&mut buffer);
                let closed = tokio::time::timeout(Duration::from_secs(200_000), closed).await;
                assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
            }
        }
    }
}

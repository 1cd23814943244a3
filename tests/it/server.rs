//! A simulated cluster within the test, and plain connections to it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use ndbmgm::sim::{self, SimConfig, SimHandle};
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// Longest wait for a byte.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    /// Its files, and those of the test.
    pub(crate) directory: TempDir,
    pub(crate) handle: SimHandle,
}

impl Server {
    /// A quick cluster with few rows, adjusted by the test, which may put files into its directory.
    pub(crate) fn start(adjust: impl FnOnce(&mut SimConfig, &Path)) -> Server {
        let directory = tempfile::tempdir().unwrap();
        let mut config = SimConfig::new(directory.path());
        config.phase_time = Duration::from_millis(2);
        config.rows = 100;
        adjust(&mut config, directory.path());
        Server {
            handle: sim::start(config).unwrap(),
            directory,
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.handle.port())
    }
}

/// An address where nobody listens, and where nobody else can begin to.
pub(crate) struct Nobody {
    pub(crate) address: String,
    _socket: TcpSocket,
}

impl Nobody {
    pub(crate) fn new() -> Nobody {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Nobody {
            address: socket.local_addr().unwrap().to_string(),
            _socket: socket,
        }
    }

    pub(crate) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }
}

/// A connection to any server of the cluster.
pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Writes a request and reads one reply, to the empty line at its end.
pub(crate) fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = Vec::new();
    while !reply.ends_with(b"\n\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        reply.extend(byte);
    }
    String::from_utf8(reply).unwrap()
}

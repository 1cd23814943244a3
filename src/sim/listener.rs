//! The sockets at which the management servers are reached.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedSender;

use super::error::SimError;
use super::topology::Topology;
use crate::cluster::{NodeId, NodeType};

/// Connections that wait to be accepted, at most.
const BACKLOG: u32 = 1024;

/// A connection to a management server.
pub(super) struct Accepted {
    pub(super) server: NodeId,
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
}

/// Binds a listener for each management server and writes its port into the configuration.
pub(super) async fn bind_servers(
    topology: &mut Topology,
    first: TcpListener,
) -> Result<Vec<(NodeId, TcpListener)>, SimError> {
    let host = first.local_addr().map_err(SimError::Listen)?.ip();
    let servers: Vec<NodeId> = topology
        .of_type(NodeType::Mgm)
        .map(|node| node.id)
        .collect();
    let mut first = Some(first);
    let mut listeners = Vec::new();
    for id in servers {
        let Some(node) = topology.nodes.get_mut(&id) else {
            continue;
        };
        let listener = match first.take() {
            Some(listener) => listener,
            None => {
                let port = node.set_number("PortNumber").unwrap_or(0);
                let port = u16::try_from(port).unwrap_or(0);
                TcpListener::bind((host, port))
                    .await
                    .map_err(SimError::Listen)?
            }
        };
        let port = listener.local_addr().map_err(SimError::Listen)?.port();
        node.set_port(port);
        listeners.push((id, listener));
    }
    Ok(listeners)
}

/// Listens again where a management server did before.
pub(super) fn listen_again(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Hands over what connects to a management server.
pub(super) async fn accept_loop(
    server: NodeId,
    listener: TcpListener,
    accepted: UnboundedSender<Accepted>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                let new = Accepted {
                    server,
                    stream,
                    peer,
                };
                if accepted.send(new).is_err() {
                    return;
                }
            }
            // Out of file descriptors, most likely: others may be closed meanwhile.
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

//! The connection on which events come.

use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::time::sleep;

use crate::client::{ClientError, ConnectOptions, EventStream, connect};
use crate::cluster::{Event, EventCategory, LogLevel};

use super::looks::{Servers, within};

/// Pause before a lost connection is made again.
const PAUSE: Duration = Duration::from_secs(1);

/// The levels of the cluster log of a server that nobody has told otherwise, as recorded, and every
/// counter. Warnings have no name in a filter.
const FILTER: [(EventCategory, u32); 12] = [
    (EventCategory::Startup, 7),
    (EventCategory::Shutdown, 7),
    (EventCategory::Statistics, 15),
    (EventCategory::Checkpoint, 7),
    (EventCategory::NodeRestart, 7),
    (EventCategory::Connection, 8),
    (EventCategory::Info, 7),
    (EventCategory::Error, 15),
    (EventCategory::Congestion, 7),
    (EventCategory::Debug, 7),
    (EventCategory::Backup, 15),
    (EventCategory::Schema, 7),
];

/// What the event connection has to tell.
pub(super) enum Heard {
    /// An event.
    Event(Event),
    /// The connection is there again after it was lost: events may be missing.
    Again,
}

/// Listens until nobody wants to hear any more, and goes on at another server when one is lost.
pub(super) async fn listen(servers: Servers, heard: Sender<Heard>) {
    let mut is_first = true;
    loop {
        for server in servers.each() {
            let Ok(mut stream) = within(server.timeout, open(server)).await else {
                continue;
            };
            if !is_first && heard.send(Heard::Again).await.is_err() {
                return;
            }
            is_first = false;
            while let Ok(event) = stream.next().await {
                if heard.send(Heard::Event(event)).await.is_err() {
                    return;
                }
            }
        }
        sleep(PAUSE).await;
    }
}

async fn open(server: &ConnectOptions) -> Result<EventStream, ClientError> {
    let level = |(category, level)| (category, LogLevel::new(level).unwrap_or(LogLevel::MAX));
    connect(server).await?.listen_to(&FILTER.map(level)).await
}

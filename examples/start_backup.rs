//! Starts a backup and follows it to its end.
//!
//! ```sh
//! cargo run --example start_backup -- localhost:1186        # the cluster chooses the id
//! cargo run --example start_backup -- localhost:1186 42
//! ```
//!
//! The backup's files are written by the data nodes, on their machines. The program ends when
//! the backup has ended, and after ten minutes at the latest; the backup itself goes on then.

use std::error::Error;
use std::time::Duration;

use ndbmgm::client::{ConnectOptions, StartBackupOptions, connect};
use ndbmgm::cluster::{
    BackupId, ConnectString, EventBody, EventCategory, LogLevel, SnapshotPoint, WaitFor,
};

const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let connect_string = ConnectString::choose(arguments.next().as_deref(), None)?;
    let id = match arguments.next() {
        Some(id) => Some(BackupId::new(id.parse()?).ok_or("backup ids begin at 1")?),
        None => None,
    };
    tokio::time::timeout(PATIENCE, back_up(connect_string, id)).await?
}

async fn back_up(
    connect_string: ConnectString,
    id: Option<BackupId>,
) -> Result<(), Box<dyn Error>> {
    let options = ConnectOptions::once(connect_string);

    // Events come on a connection of their own. Listen before the start: nothing is missed then.
    let listener = connect(&options).await?;
    let level = LogLevel::new(15).ok_or("levels end at 15")?;
    let mut events = listener
        .listen_to(&[(EventCategory::Backup, level)])
        .await?;

    let mut session = connect(&options).await?;
    let id = session
        .start_backup(StartBackupOptions {
            id,
            wait: WaitFor::Started,
            snapshot: SnapshotPoint::End,
            password: None,
        })
        .await?
        .ok_or("the server named no backup id")?;
    println!("Backup {id} runs on the nodes of {}", session.host());

    loop {
        let event = events.next().await?;
        match event.body {
            EventBody::BackupStatus {
                backup_id, totals, ..
            } if backup_id == id.get() => {
                println!("Node {}: {} rows so far", event.source, totals.records);
            }
            EventBody::BackupCompleted {
                backup_id, totals, ..
            } if backup_id == id.get() => {
                println!("Complete: {} rows, {} bytes", totals.records, totals.bytes);
                return Ok(());
            }
            EventBody::BackupAborted {
                backup_id, error, ..
            } if backup_id == id.get() => return Err(error.text().into()),
            _ => {}
        }
    }
}

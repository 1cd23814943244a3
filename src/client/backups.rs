//! Backups and events.

use std::cmp::Reverse;
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::{ClientError, LISTEN};
use super::events::{EventStream, SILENCE_LIMIT};
use super::session::Session;
use crate::cluster::{
    BackupId, BackupPassword, Event, EventBody, EventCategory, LogLevel, SnapshotPoint, Version,
    WaitFor,
};
use crate::wire::{
    DumpEventsReply, EventItem, ListenReply, Request, StartBackupReply, WireError, WirePassword,
    decode_event,
};

const COULD_NOT_START_BACKUP: u32 = 3001;
const COULD_NOT_ABORT_BACKUP: u32 = 3002;

/// More events than the reports of a whole cluster hold.
const DUMPED_EVENTS_MAX: u32 = 1_000_000;

/// What `start backup` is to do.
#[derive(Debug)]
pub struct StartBackupOptions {
    /// The id; `None` lets the cluster choose the next one.
    pub id: Option<BackupId>,
    /// When the server is to answer.
    pub wait: WaitFor,
    /// The moment whose state is saved.
    pub snapshot: SnapshotPoint,
    /// Encrypts the backup.
    pub password: Option<BackupPassword>,
}

impl Session {
    /// Starts a backup. The answer comes at once, when the backup has started (within
    /// 10 minutes), or when it is complete (within 48 hours), as `wait` says; it holds the id
    /// unless nothing was waited for.
    ///
    /// # Errors
    ///
    /// 3001 with the server's text; [`ClientError::NotSupported`] for a password if the server
    /// is older than 8.0.22.
    pub async fn start_backup(
        &mut self,
        options: StartBackupOptions,
    ) -> Result<Option<BackupId>, ClientError> {
        let version = self.server_version().await?;
        let password = match &options.password {
            Some(_) if version < Version::ENCRYPTED_BACKUP => {
                return Err(ClientError::NotSupported {
                    number: COULD_NOT_START_BACKUP,
                    text: "MGM server does not support encrypted backup, try without ENCRYPT \
                           PASSWORD=<password>",
                });
            }
            Some(password) => {
                let bytes = Zeroizing::new(password.expose().to_vec());
                Some(WirePassword::new(bytes))
            }
            None => None,
        };
        let (wait, limit) = match options.wait {
            WaitFor::Nothing => (0, self.timeout()),
            WaitFor::Started => (1, Duration::from_secs(10 * 60)),
            WaitFor::Completed => (2, Duration::from_secs(48 * 3600)),
        };
        let request = Request::StartBackup {
            wait,
            id: options.id.map(BackupId::get),
            point: u32::from(options.snapshot == SnapshotPoint::Start),
            password,
        };
        let block = self.exchange(&request, limit).await?;
        let reply = StartBackupReply::decode(&block).map_err(|error| {
            ClientError::from_reply(error, COULD_NOT_START_BACKUP, "ndb_mgm_start_backup")
        })?;
        Ok(reply.id.and_then(BackupId::new))
    }

    /// Orders the abort of a backup. The server also accepts ids of backups that do not run.
    ///
    /// # Errors
    ///
    /// 3002 with the server's text.
    pub async fn abort_backup(&mut self, id: BackupId) -> Result<(), ClientError> {
        let request = Request::AbortBackup { id: id.get() };
        self.order(&request, COULD_NOT_ABORT_BACKUP, "ndb_mgm_abort_backup")
            .await
    }

    /// Lets data nodes report: `kind` is 62 for the backup status, 50 for memory usage, 81
    /// for saved events; `nodes` is a list such as `2,5-7`, or `None` for all.
    /// Sorted by node; of one node, data memory before index memory. Nodes without a
    /// connection do not report.
    ///
    /// # Errors
    ///
    /// A kind or node list that the server does not know.
    pub async fn dump_events(
        &mut self,
        kind: u32,
        nodes: Option<String>,
    ) -> Result<Vec<Event>, ClientError> {
        let request = Request::DumpEvents { kind, nodes };
        let mut exchange = self.begin(&request, self.timeout()).await?;
        let block = exchange.block().await?;
        let reply = match DumpEventsReply::decode(&block) {
            Ok(reply) => reply,
            Err(error) => {
                exchange.end();
                return Err(ClientError::from_reply(error, 1006, "ndb_mgm_dump_events"));
            }
        };
        if reply.events > DUMPED_EVENTS_MAX {
            let limit = DUMPED_EVENTS_MAX as usize;
            return Err(exchange.protocol_error(WireError::ReplyTooLong { limit }));
        }
        let mut events = Vec::new();
        for _ in 0..reply.events {
            let block = exchange.block().await?;
            match decode_event(&block) {
                Ok(EventItem::Event(event)) => events.push(event),
                Ok(_) => {}
                Err(source) => return Err(exchange.protocol_error(source)),
            }
        }
        exchange.end();
        let block = |event: &Event| match event.body {
            EventBody::MemoryUsage { block, .. } => block,
            _ => 0,
        };
        events.sort_by_key(|event| (event.source, Reverse(block(event))));
        Ok(events)
    }

    /// Makes this session an event stream. `filter` has items `category=level`, separated
    /// by blanks: `261=15 250=1`.
    ///
    /// # Errors
    ///
    /// A filter that the server does not understand; not authorized (number 0, as in the
    /// original, whose call does not look at the reply).
    pub async fn listen(mut self, filter: &str) -> Result<EventStream, ClientError> {
        let request = Request::ListenEvent {
            filter: filter.to_owned(),
            parsable: true,
        };
        let mut exchange = self.begin(&request, self.timeout()).await?;
        let block = exchange.block().await?;
        ListenReply::decode(&block).map_err(|error| ClientError::from_reply(error, 0, LISTEN))?;
        let (transport, reader) = exchange.into_events();
        let mut events = EventStream::new(transport, reader);
        events.set_silence_limit(SILENCE_LIMIT.min(self.timeout()));
        Ok(events)
    }

    /// Makes this session a stream of the events of these categories, up to these levels.
    ///
    /// # Errors
    ///
    /// As [`Session::listen`].
    pub async fn listen_to(
        self,
        filter: &[(EventCategory, LogLevel)],
    ) -> Result<EventStream, ClientError> {
        let items: Vec<String> = filter
            .iter()
            .map(|(category, level)| format!("{}={level}", category.number()))
            .collect();
        self.listen(&items.join(" ")).await
    }
}

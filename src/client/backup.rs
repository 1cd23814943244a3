//! Backups.

use std::time::Duration;

use super::error::{Call, ClientError};
use super::session::Session;
use crate::cluster::{BackupId, BackupPassword, SnapshotPoint, Version, WaitFor};
use crate::wire::{BackupRequest, Request, StartBackupReply, WirePassword};

const COULD_NOT_START_BACKUP: u32 = 3001;
const COULD_NOT_ABORT_BACKUP: u32 = 3002;

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
        let password = match options.password {
            Some(_) if version < Version::ENCRYPTED_BACKUP => {
                return Err(ClientError::NotSupported {
                    number: COULD_NOT_START_BACKUP,
                    text: "MGM server does not support encrypted backup, try without ENCRYPT \
                           PASSWORD=<password>",
                });
            }
            password => password.map(|password| WirePassword::new(password.into_bytes())),
        };
        let (wait, limit) = match options.wait {
            WaitFor::Nothing => (0, self.timeout()),
            WaitFor::Started => (1, Duration::from_secs(10 * 60)),
            WaitFor::Completed => (2, Duration::from_secs(48 * 3600)),
        };
        let request = Request::Backup(BackupRequest::StartBackup {
            wait,
            id: options.id.map(BackupId::get),
            point: u32::from(options.snapshot == SnapshotPoint::Start),
            password,
        });
        let call = Call(COULD_NOT_START_BACKUP, "ndb_mgm_start_backup");
        let command = request.name();
        let exchange = self.begin(&request, limit).await?;
        // The answer may take two days; the password is not needed any more.
        drop(request);
        let block = exchange.only_block().await?;
        let reply = StartBackupReply::decode(&block)
            .map_err(|error| ClientError::from_reply(error.for_command(command), call))?;
        Ok(reply.id.and_then(BackupId::new))
    }

    /// Orders the abort of a backup. The server also accepts ids of backups that do not run.
    ///
    /// # Errors
    ///
    /// 3002 with the server's text.
    pub async fn abort_backup(&mut self, id: BackupId) -> Result<(), ClientError> {
        let request = Request::Backup(BackupRequest::AbortBackup { id: id.get() });
        let call = Call(COULD_NOT_ABORT_BACKUP, "ndb_mgm_abort_backup");
        self.order(&request, call).await
    }
}

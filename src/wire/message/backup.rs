//! Backups.

use zeroize::Zeroizing;

use super::Request;
use super::command::{Command, command, fields};
use crate::wire::arguments::{Argument, Arguments, int, optional_int, optional_long_text, text};
use crate::wire::line::push_line;
use crate::wire::writer::Writer;
use crate::wire::{Block, ReplyError, WirePassword};

/// Requests about backups.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields carry the protocol's own names
pub enum BackupRequest {
    /// `start backup`. `wait` is 0 nothing, 1 started, 2 completed; `point` is 1 for a
    /// snapshot at the start. Without an id the cluster chooses.
    StartBackup {
        wait: u32,
        id: Option<u32>,
        point: u32,
        password: Option<WirePassword>,
    },
    /// `abort backup`
    AbortBackup { id: u32 },
}

pub(super) const COMMANDS: &[Command] = &[
    command(
        "start backup",
        "start backup reply",
        &[
            optional_int("completed"),
            optional_int("backupid"),
            optional_int("backuppoint"),
            optional_long_text("encryption_password"),
            optional_int("password_length"),
        ],
        |from| {
            Request::Backup(BackupRequest::StartBackup {
                wait: from.int("completed").unwrap_or(2),
                id: from.int("backupid").filter(|id| *id != 0),
                point: from.int("backuppoint").unwrap_or(0),
                password: password(from),
            })
        },
    ),
    command("abort backup", "abort backup reply", &[int("id")], |from| {
        let id = from.mandatory_int("id");
        Request::Backup(BackupRequest::AbortBackup { id })
    }),
];

/// The original trusts `password_length`; here it only shortens. Without it the password is
/// empty, which the data nodes refuse.
fn password(from: &Arguments) -> Option<WirePassword> {
    let password = from.bytes("encryption_password")?;
    let length = usize::try_from(from.mandatory_int("password_length")).unwrap_or(usize::MAX);
    let password = &password[..length.min(password.len())];
    Some(WirePassword::new(Zeroizing::new(password.to_vec())))
}

impl BackupRequest {
    pub(super) fn name(&self) -> &'static str {
        match self {
            BackupRequest::StartBackup { .. } => "start backup",
            BackupRequest::AbortBackup { .. } => "abort backup",
        }
    }

    pub(super) fn write(&self, to: &mut Writer<'_>) {
        match self {
            BackupRequest::StartBackup {
                wait,
                id,
                point,
                password,
            } => {
                if let Some(password) = password {
                    to.password(password.expose());
                }
                to.int("backuppoint", *point)
                    .optional_int("backupid", *id)
                    .int("completed", *wait);
            }
            BackupRequest::AbortBackup { id } => {
                to.int("id", *id);
            }
        }
    }
}

/// Reply to `start backup` that is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartBackupReply {
    /// Id of the backup; none if the request did not wait.
    pub id: Option<u32>,
}

impl StartBackupReply {
    /// Appends the reply.
    pub fn encode(&self, out: &mut Vec<u8>) {
        push_line(out, format_args!("start backup reply"));
        push_line(out, format_args!("result: Ok"));
        if let Some(id) = self.id {
            // Printed as signed by the original.
            push_line(out, format_args!("id: {}", id.cast_signed()));
        }
        out.push(b'\n');
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the text of the error.
    pub fn decode(block: &Block) -> Result<Self, ReplyError> {
        const FIELDS: &[Argument] = &[text("result"), optional_int("id")];
        let reply = fields("start backup", block, FIELDS)?;
        reply.check_ok()?;
        Ok(StartBackupReply {
            id: reply.arguments.int("id"),
        })
    }
}

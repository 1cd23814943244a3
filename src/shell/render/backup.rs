//! START BACKUP and ABORT BACKUP (management protocol, 6.5 and 6.6).

use crate::cluster::{BackupId, WaitFor};

/// What START BACKUP prints before it sends anything; NOWAIT prints nothing.
pub(in crate::shell) fn render_waiting(wait: WaitFor) -> &'static str {
    match wait {
        WaitFor::Nothing => "",
        WaitFor::Started => "Waiting for started, this may take several minutes\n",
        WaitFor::Completed => "Waiting for completed, this may take several minutes\n",
    }
}

/// A default password exists, yet this backup is not encrypted.
pub(in crate::shell) const UNENCRYPTED_WARNING: &str =
    "Warning, unencrypted backup requested although backup password is provided.\n";

/// START BACKUP was refused or its backup ended in failure; the reason follows.
pub(in crate::shell) const BACKUP_FAILED: &str = "Backup failed\n";

/// For standard error: the management server did not say what became of START BACKUP.
pub(in crate::shell) const BACKUP_UNKNOWN: &str = "\
Error: the management server did not answer; the backup may run, be complete or not exist.
       ALL REPORT BackupStatus and the cluster log tell, once the server is back.
";

/// For standard error: Ctrl-C or Ctrl-D at the password.
pub(in crate::shell) const NO_PASSWORD_TYPED: &str = "No password was typed. Nothing was sent.\n";

/// The event connection of a one-shot WAIT could not be made; the reason follows.
pub(in crate::shell) const BACKUP_EVENTS_FAILED: &str = "Initializing start of backup failed\n";

/// No matching event came, three times in a row.
pub(in crate::shell) const BACKUP_EVENTS_LOST: &str = "get backup event failed for 3 times\n";

/// START BACKUP that the password makes impossible. `command` begins with `BACKUP`.
pub(in crate::shell) fn render_invalid_backup(command: &str, fault: &str) -> String {
    format!("Invalid command: {command}\n{fault}\nType HELP for help.\n\n")
}

/// Fault: encryption without a password, and nobody to ask.
pub(in crate::shell) const PASSWORD_NEEDED: &str = "Encryption need password";

/// Fault: the password was typed in two ways.
pub(in crate::shell) const PASSWORDS_DIFFER: &str = "The two passwords differ";

/// ABORT BACKUP was sent.
pub(in crate::shell) fn render_abort_ordered(id: BackupId) -> String {
    format!("Abort of backup {id} ordered\n")
}

/// ABORT BACKUP was refused; the reason follows.
pub(in crate::shell) fn render_abort_failed(id: BackupId) -> String {
    format!("Abort of backup {id} failed\n")
}

/// For standard error: ABORT BACKUP of a backup that does not run.
pub(in crate::shell) fn render_not_running(id: BackupId) -> String {
    format!("Note: backup {id} is not running on any data node, nothing was aborted.\n")
}

/// For standard error: a one-shot START BACKUP without an id.
pub(in crate::shell) const ID_NEEDED: &str = "\
Error: with -e, START BACKUP needs a backup id, as in \"START BACKUP 7\". Nothing was sent.
       To let the cluster choose the id, give --auto-backup-id (or set NDB_MGM_AUTO_BACKUP_ID=1).
";

/// For standard error: the password is empty, which the data nodes refuse.
pub(in crate::shell) const EMPTY_PASSWORD_WARNING: &str = "Warning: the backup password is empty, which is not recommended and which data nodes may refuse.\n";

/// Ctrl-C during a WAIT: the backup is not touched.
pub(in crate::shell) fn render_detached(id: Option<u32>) -> String {
    match id {
        Some(id) => format!(
            "Backup {id} goes on. Follow it with ALL REPORT BackupStatus, \
             or abort it with ABORT BACKUP {id}.\n"
        ),
        None => "The backup goes on. Follow it with ALL REPORT BackupStatus, which shows its id; \
                 ABORT BACKUP <id> aborts it.\n"
            .to_owned(),
    }
}

/// For standard error: the backup ended otherwise than START BACKUP was told to wait for.
pub(in crate::shell) fn render_unexpected_end(id: u32) -> String {
    format!("Error: backup {id} started, but was aborted.\n")
}

/// For standard error: the backup's end was not seen, because the event connection ended for
/// a reason, or because no event of it came.
pub(in crate::shell) fn render_events_ended(id: Option<u32>, reason: Option<&str>) -> String {
    let backup = id.map_or("The backup".to_owned(), |id| format!("Backup {id}"));
    let fault = match reason {
        Some(reason) => format!("the event connection was lost ({reason})"),
        None => "no event told how the backup ended".to_owned(),
    };
    format!(
        "Error: {fault}. {backup} was accepted by the cluster; \
         ALL REPORT BackupStatus and the cluster log tell how it went on.\n"
    )
}

/// For standard error: why there is no event connection.
pub(in crate::shell) fn render_no_event_connection(reason: &str) -> String {
    format!("Error: no event connection, so nothing was started: {reason}\n")
}

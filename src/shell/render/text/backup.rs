//! Backups, beyond what commands give: advice (management protocol, 6.5 and 6.6).

use crate::cluster::{BackupId, HostPort};

/// For standard error: ABORT BACKUP of a backup that does not run.
pub(in crate::shell) fn render_not_running(id: BackupId) -> String {
    format!("Note: backup {id} is not running on any data node, nothing was aborted.\n")
}

/// For standard error: the password is empty, which the data nodes refuse.
pub(in crate::shell) const EMPTY_PASSWORD_WARNING: &str = "Warning: the backup password is empty, which is not recommended and which data nodes may refuse.\n";

/// For standard error: the management server was lost in the middle of a WAIT.
pub(in crate::shell) fn render_server_lost(id: Option<u32>, server: Option<&HostPort>) -> String {
    let backup = id.map_or("The backup".to_owned(), |id| format!("Backup {id}"));
    let server = server.map_or(String::new(), |server| format!(" {server}"));
    format!(
        "Note: the management server{server} was lost. {backup} can go on without it; \
         the servers of the connect string are asked how it ends.\n"
    )
}

/// Ctrl-C during a WAIT: the backup is not touched.
pub(super) fn detached(id: Option<u32>) -> String {
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

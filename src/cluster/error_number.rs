//! Error numbers of the cluster and of the client, with their texts (management protocol, 8).

/// Number of an error that a management server or a data node reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorNumber(pub u32);

/// What kind of fault an error is; decides its status too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Application,
    Configuration,
    UserDefined,
    InsufficientSpace,
    Internal,
    TemporaryResource,
    Timeout,
}

impl Class {
    fn status_and_classification(self) -> &'static str {
        match self {
            Class::Application => "Permanent error: Application error",
            Class::Configuration => "Permanent error: Configuration or application error",
            Class::UserDefined => "Permanent error: User defined error",
            Class::InsufficientSpace => "Permanent error: Insufficient space",
            Class::Internal => "Permanent error: Internal error",
            Class::TemporaryResource => "Temporary error: Temporary Resource error",
            Class::Timeout => "Temporary error: Timeout expired",
        }
    }
}

const TABLE: [(u32, &str, Class); 47] = [
    (
        320,
        "Invalid node(s) specified for new nodegroup, wrong number of nodes",
        Class::Application,
    ),
    (
        322,
        "Invalid node(s) specified for new nodegroup, node already in nodegroup",
        Class::Application,
    ),
    (1300, "Undefined error", Class::Internal),
    (
        1301,
        "Backup issued to not master (reissue command to master)",
        Class::Internal,
    ),
    (1302, "A backup is already running", Class::Application),
    (1303, "Out of resources", Class::InsufficientSpace),
    (1304, "Sequence failure", Class::Internal),
    (1305, "Backup definition not implemented", Class::Internal),
    (
        1306,
        "Backup not supported in diskless mode (change Diskless)",
        Class::Application,
    ),
    (
        1307,
        "Encrypted backup is not supported by the data node/s",
        Class::Internal,
    ),
    (
        1308,
        "Data node/s configured to have encryption but password not provided",
        Class::Configuration,
    ),
    (
        1309,
        "Encryption password has bad character/s (see 'HELP START BACKUP')",
        Class::Configuration,
    ),
    (
        1310,
        "Encryption password is too long (see 'HELP START BACKUP')",
        Class::Configuration,
    ),
    (
        1311,
        "Encryption password is of zero length",
        Class::Configuration,
    ),
    (1321, "Backup aborted by user request", Class::UserDefined),
    (1322, "Backup already completed", Class::Internal),
    (1323, "1323", Class::Internal),
    (1324, "Backup log buffer full", Class::Internal),
    (1325, "File or scan error", Class::Internal),
    (1326, "Backup aborted due to node failure", Class::Internal),
    (1327, "1327", Class::Internal),
    (
        1329,
        "Backup during software upgrade not supported",
        Class::Application,
    ),
    (1340, "Backup undefined error", Class::Internal),
    (
        1342,
        "Backup failed to allocate buffers (check configuration)",
        Class::Application,
    ),
    (
        1343,
        "Backup failed to setup fs buffers (check configuration)",
        Class::Application,
    ),
    (
        1344,
        "Backup failed to allocate tables (check configuration)",
        Class::Application,
    ),
    (
        1345,
        "Backup failed to insert file header (check configuration)",
        Class::Application,
    ),
    (
        1346,
        "Backup failed to insert table list (check configuration)",
        Class::Application,
    ),
    (
        1347,
        "Backup failed to allocate table memory (check configuration)",
        Class::Application,
    ),
    (
        1348,
        "Backup failed to allocate file record (check configuration)",
        Class::Application,
    ),
    (
        1349,
        "Backup failed to allocate attribute record (check configuration)",
        Class::Application,
    ),
    (
        1350,
        "Backup failed: file already exists (use 'START BACKUP <backup id>')",
        Class::TemporaryResource,
    ),
    (
        5000,
        "No contact with the process (dead ?).",
        Class::Application,
    ),
    (
        5002,
        "The process has wrong type. Expected a DB process.",
        Class::Application,
    ),
    (
        5005,
        "Send to process or receive failed.",
        Class::Application,
    ),
    (
        5007,
        "Invalid error number. Should be >= 0.",
        Class::Application,
    ),
    (5008, "Invalid trace number.", Class::Application),
    (5010, "Invalid block name", Class::Application),
    (
        5024,
        "Time-out due to node shutdown not starting in time",
        Class::Timeout,
    ),
    (
        5025,
        "Time-out due to node shutdown not completing in time",
        Class::Timeout,
    ),
    (5026, "Node shutdown in progress", Class::Application),
    (5027, "System shutdown in progress", Class::Application),
    (
        5028,
        "Node shutdown would cause system crash",
        Class::Application,
    ),
    (5030, "No contact with database nodes", Class::Application),
    (
        5031,
        "Unsupported multi node shutdown. Abort option required.",
        Class::Application,
    ),
    (
        5062,
        "The specified node is not an API node.",
        Class::Application,
    ),
    (
        5063,
        "Operation not allowed while nodes are starting or stopping.",
        Class::Application,
    ),
];

impl ErrorNumber {
    /// Backup: a backup is already running.
    pub const BACKUP_ALREADY_RUNNING: ErrorNumber = ErrorNumber(1302);
    /// Backup: the nodes cannot encrypt.
    pub const ENCRYPTION_NOT_SUPPORTED: ErrorNumber = ErrorNumber(1307);
    /// Backup: RequireEncryptedBackup is on and no password came.
    pub const PASSWORD_REQUIRED: ErrorNumber = ErrorNumber(1308);
    /// Backup: the password has a byte that the data nodes refuse.
    pub const PASSWORD_BAD_CHARACTER: ErrorNumber = ErrorNumber(1309);
    /// Backup: the password is longer than 256 bytes.
    pub const PASSWORD_TOO_LONG: ErrorNumber = ErrorNumber(1310);
    /// Backup: the password is empty.
    pub const PASSWORD_EMPTY: ErrorNumber = ErrorNumber(1311);
    /// Backup: aborted by a user.
    pub const BACKUP_ABORTED_BY_USER: ErrorNumber = ErrorNumber(1321);
    /// Backup: aborted because the coordinating node said so.
    pub const BACKUP_ABORTED_BY_ORDER: ErrorNumber = ErrorNumber(1323);
    /// Backup: a file could not be written or a scan failed.
    pub const BACKUP_FILE_OR_SCAN: ErrorNumber = ErrorNumber(1325);
    /// Backup: a data node failed.
    pub const BACKUP_NODE_FAILURE: ErrorNumber = ErrorNumber(1326);
    /// Backup: the files of that id exist.
    pub const BACKUP_FILE_EXISTS: ErrorNumber = ErrorNumber(1350);
    /// No contact with the process.
    pub const NO_CONTACT_WITH_PROCESS: ErrorNumber = ErrorNumber(5000);
    /// The node is not a data node.
    pub const WRONG_PROCESS_TYPE: ErrorNumber = ErrorNumber(5002);
    /// The request could not be sent to a data node.
    pub const SEND_OR_RECEIVE_FAILED: ErrorNumber = ErrorNumber(5005);
    /// The server does not wait any longer for a node to begin to go down.
    pub const SHUTDOWN_NOT_STARTING: ErrorNumber = ErrorNumber(5024);
    /// The server does not wait any longer for a node to be down.
    pub const SHUTDOWN_NOT_COMPLETING: ErrorNumber = ErrorNumber(5025);
    /// Stopping the node would stop the cluster.
    pub const SYSTEM_CRASH: ErrorNumber = ErrorNumber(5028);
    /// No data node is connected.
    pub const NO_CONTACT_WITH_DATA_NODES: ErrorNumber = ErrorNumber(5030);
    /// Several nodes can only be stopped with abort.
    pub const MULTI_NODE_SHUTDOWN: ErrorNumber = ErrorNumber(5031);
    /// The node is not an API node.
    pub const NOT_AN_API_NODE: ErrorNumber = ErrorNumber(5062);
    /// A data node is starting or stopping.
    pub const NODES_STARTING_OR_STOPPING: ErrorNumber = ErrorNumber(5063);

    /// True for what ends a backup that has begun; other numbers refuse one before.
    pub fn ends_backup(self) -> bool {
        (1321..=1340).contains(&self.0)
    }

    /// True if the text, of a `result:` line, tells what ends a backup that has begun.
    pub fn text_ends_backup(text: &str) -> bool {
        let mut ends = TABLE
            .iter()
            .filter(|(number, ..)| ErrorNumber(*number).ends_backup());
        ends.any(|(number, ..)| ErrorNumber(*number).text() == text)
    }

    /// The message alone, such as `A backup is already running`.
    pub fn message(self) -> Option<&'static str> {
        self.entry().map(|(_, message, _)| *message)
    }

    /// `<message>: <status>: <classification>`, the form of `result:` lines and of aborts
    /// at the prompt. An unknown number has a text too, the original's.
    pub fn text(self) -> String {
        match self.entry() {
            Some((_, message, class)) => {
                format!("{message}: {}", class.status_and_classification())
            }
            None => "Unknown error code: Unknown result: Unknown error code".to_owned(),
        }
    }

    fn entry(self) -> Option<&'static (u32, &'static str, Class)> {
        TABLE.iter().find(|(number, _, _)| *number == self.0)
    }
}

impl std::fmt::Display for ErrorNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Generic message of a client error, as the prompt prints it after the number
/// (management protocol, 8.3). Numbers without a text of their own are `Error`.
pub fn generic_message(number: u32) -> &'static str {
    match number {
        0 => "No error",
        1001 => "Illegal connect string",
        1005 => "Illegal server handle",
        1006 => "Illegal reply from server",
        1007 => "Illegal number of nodes",
        1008 => "Illegal node status",
        1009 => "Out of memory",
        1010 => "Management server not connected",
        1011 => "Could not connect to socket",
        1013 => "Illegal bind address",
        1501 => "Not Authorized",
        1502 => "Not Authorized: TLS Required",
        1503 => "Not Authorized: Valid TLS Certificate Required",
        2001 => "Start failed",
        2002 => "Stop failed",
        2003 => "Restart failed",
        3001 => "Could not start backup",
        3002 => "Could not abort backup",
        4001 => "Could not enter single user mode",
        4002 => "Could not exit single user mode",
        4011 => "Failed to complete configuration change",
        4012 => "Failed to get configuration",
        5001 => "Usage error",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_recordings() {
        assert_eq!(
            ErrorNumber(1350).text(),
            "Backup failed: file already exists (use 'START BACKUP <backup id>'): \
             Temporary error: Temporary Resource error"
        );
        assert_eq!(
            ErrorNumber(1323).text(),
            "1323: Permanent error: Internal error"
        );
        assert_eq!(
            ErrorNumber(5030).text(),
            "No contact with database nodes: Permanent error: Application error"
        );
        assert_eq!(
            ErrorNumber(77).text(),
            "Unknown error code: Unknown result: Unknown error code"
        );
        assert_eq!(generic_message(3001), "Could not start backup");
        assert_eq!(generic_message(110), "Error");
    }

    #[test]
    fn numbers_are_ascending_and_unique() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

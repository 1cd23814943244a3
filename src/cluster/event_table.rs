//! The table of event types (management protocol, 4.4).

use super::EventKind;
use super::level::{EventCategory, Severity};

/// What is fixed for all events of one type.
pub(super) struct Row {
    /// Name of the type.
    pub(super) name: &'static str,
    pub(super) category: EventCategory,
    /// An event reaches a listener whose level in this category is at least this.
    pub(super) threshold: u32,
    pub(super) severity: Severity,
    /// Keys of a parsable record in their order; none for types sent as one `data=` line.
    pub(super) keys: Option<&'static [&'static str]>,
}

const fn row(
    name: &'static str,
    category: EventCategory,
    threshold: u32,
    severity: Severity,
    keys: Option<&'static [&'static str]>,
) -> Row {
    Row {
        name,
        category,
        threshold,
        severity,
        keys,
    }
}

/// Rows 0 to 60 are types 0 to 60, the others types 62 to 88: type 61 does not exist.
pub(super) const ROWS: [Row; 88] = [
    row(
        "Connected",
        EventCategory::Connection,
        8,
        Severity::Info,
        Some(&["node"]),
    ),
    row(
        "Disconnected",
        EventCategory::Connection,
        8,
        Severity::Alert,
        Some(&["node"]),
    ),
    row(
        "CommunicationClosed",
        EventCategory::Connection,
        8,
        Severity::Info,
        Some(&["node"]),
    ),
    row(
        "CommunicationOpened",
        EventCategory::Connection,
        8,
        Severity::Info,
        Some(&["node"]),
    ),
    row(
        "GlobalCheckpointStarted",
        EventCategory::Checkpoint,
        9,
        Severity::Info,
        Some(&["gci"]),
    ),
    row(
        "GlobalCheckpointCompleted",
        EventCategory::Checkpoint,
        10,
        Severity::Info,
        Some(&["gci"]),
    ),
    row(
        "LocalCheckpointStarted",
        EventCategory::Checkpoint,
        7,
        Severity::Info,
        Some(&["lci", "keep_gci", "restore_gci"]),
    ),
    row(
        "LocalCheckpointCompleted",
        EventCategory::Checkpoint,
        7,
        Severity::Info,
        Some(&["lci"]),
    ),
    row(
        "LCPStoppedInCalcKeepGci",
        EventCategory::Checkpoint,
        0,
        Severity::Alert,
        None,
    ),
    row(
        "LCPFragmentCompleted",
        EventCategory::Checkpoint,
        11,
        Severity::Info,
        Some(&["node", "table_id", "fragment_id"]),
    ),
    row(
        "NDBStartStarted",
        EventCategory::Startup,
        1,
        Severity::Info,
        Some(&["version"]),
    ),
    row(
        "NDBStartCompleted",
        EventCategory::Startup,
        1,
        Severity::Info,
        Some(&["version"]),
    ),
    row(
        "STTORRYRecieved",
        EventCategory::Startup,
        15,
        Severity::Info,
        None,
    ),
    row(
        "StartPhaseCompleted",
        EventCategory::Startup,
        4,
        Severity::Info,
        Some(&["phase", "starttype"]),
    ),
    row(
        "CM_REGCONF",
        EventCategory::Startup,
        3,
        Severity::Info,
        Some(&["own_id", "president_id", "dynamic_id"]),
    ),
    row(
        "CM_REGREF",
        EventCategory::Startup,
        8,
        Severity::Info,
        Some(&["own_id", "other_id", "cause"]),
    ),
    row(
        "FIND_NEIGHBOURS",
        EventCategory::Startup,
        8,
        Severity::Info,
        Some(&["own_id", "left_id", "right_id", "dynamic_id"]),
    ),
    row(
        "NDBStopStarted",
        EventCategory::Startup,
        1,
        Severity::Info,
        Some(&["stoptype"]),
    ),
    row(
        "NDBStopAborted",
        EventCategory::Startup,
        1,
        Severity::Info,
        None,
    ),
    row(
        "StartREDOLog",
        EventCategory::Startup,
        4,
        Severity::Info,
        Some(&["node", "keep_gci", "completed_gci", "restorable_gci"]),
    ),
    row(
        "StartLog",
        EventCategory::Startup,
        10,
        Severity::Info,
        Some(&["log_part", "start_mb", "stop_mb", "gci"]),
    ),
    row(
        "UNDORecordsExecuted",
        EventCategory::Startup,
        15,
        Severity::Info,
        Some(&[
            "block", "data1", "data2", "data3", "data4", "data5", "data6", "data7", "data8",
            "data9", "data10",
        ]),
    ),
    row(
        "NR_CopyDict",
        EventCategory::NodeRestart,
        7,
        Severity::Info,
        None,
    ),
    row(
        "NR_CopyDistr",
        EventCategory::NodeRestart,
        7,
        Severity::Info,
        None,
    ),
    row(
        "NR_CopyFragsStarted",
        EventCategory::NodeRestart,
        7,
        Severity::Info,
        Some(&["dest_node"]),
    ),
    row(
        "NR_CopyFragDone",
        EventCategory::NodeRestart,
        10,
        Severity::Info,
        Some(&["dest_node", "table_id", "fragment_id"]),
    ),
    row(
        "NR_CopyFragsCompleted",
        EventCategory::NodeRestart,
        7,
        Severity::Info,
        Some(&["dest_node"]),
    ),
    row(
        "NodeFailCompleted",
        EventCategory::NodeRestart,
        8,
        Severity::Alert,
        Some(&["block", "failed_node", "completing_node"]),
    ),
    row(
        "NODE_FAILREP",
        EventCategory::NodeRestart,
        8,
        Severity::Alert,
        Some(&["failed_node", "failure_state"]),
    ),
    row(
        "ArbitState",
        EventCategory::NodeRestart,
        6,
        Severity::Info,
        Some(&["code", "arbit_node", "ticket_0", "ticket_1"]),
    ),
    row(
        "ArbitResult",
        EventCategory::NodeRestart,
        2,
        Severity::Alert,
        Some(&["code", "arbit_node", "ticket_0", "ticket_1"]),
    ),
    row(
        "GCP_TakeoverStarted",
        EventCategory::NodeRestart,
        7,
        Severity::Info,
        None,
    ),
    row(
        "GCP_TakeoverCompleted",
        EventCategory::NodeRestart,
        7,
        Severity::Info,
        None,
    ),
    row(
        "LCP_TakeoverStarted",
        EventCategory::NodeRestart,
        7,
        Severity::Info,
        None,
    ),
    row(
        "LCP_TakeoverCompleted",
        EventCategory::NodeRestart,
        7,
        Severity::Info,
        Some(&["state"]),
    ),
    row(
        "TransReportCounters",
        EventCategory::Statistics,
        8,
        Severity::Info,
        Some(&[
            "trans_count",
            "commit_count",
            "read_count",
            "simple_read_count",
            "write_count",
            "attrinfo_count",
            "conc_op_count",
            "abort_count",
            "scan_count",
            "range_scan_count",
        ]),
    ),
    row(
        "OperationReportCounters",
        EventCategory::Statistics,
        8,
        Severity::Info,
        Some(&["ops"]),
    ),
    row(
        "TableCreated",
        EventCategory::Statistics,
        7,
        Severity::Info,
        Some(&["table_id"]),
    ),
    row(
        "UndoLogBlocked",
        EventCategory::Checkpoint,
        7,
        Severity::Info,
        Some(&["acc_count", "tup_count"]),
    ),
    row(
        "JobStatistic",
        EventCategory::Statistics,
        9,
        Severity::Info,
        Some(&["mean_loop_count"]),
    ),
    row(
        "SendBytesStatistic",
        EventCategory::Statistics,
        9,
        Severity::Info,
        Some(&["to_node", "mean_sent_bytes"]),
    ),
    row(
        "ReceiveBytesStatistic",
        EventCategory::Statistics,
        9,
        Severity::Info,
        Some(&["from_node", "mean_received_bytes"]),
    ),
    row(
        "TransporterError",
        EventCategory::Error,
        2,
        Severity::Error,
        Some(&["to_node", "code"]),
    ),
    row(
        "TransporterWarning",
        EventCategory::Error,
        8,
        Severity::Warning,
        Some(&["to_node", "code"]),
    ),
    row(
        "MissedHeartbeat",
        EventCategory::Error,
        8,
        Severity::Warning,
        Some(&["node", "count"]),
    ),
    row(
        "DeadDueToHeartbeat",
        EventCategory::Error,
        8,
        Severity::Alert,
        Some(&["node"]),
    ),
    row(
        "WarningEvent",
        EventCategory::Error,
        2,
        Severity::Warning,
        None,
    ),
    row(
        "SentHeartbeat",
        EventCategory::Info,
        12,
        Severity::Info,
        Some(&["node"]),
    ),
    row(
        "CreateLogBytes",
        EventCategory::Info,
        11,
        Severity::Info,
        Some(&["node"]),
    ),
    row("InfoEvent", EventCategory::Info, 2, Severity::Info, None),
    row(
        "MemoryUsage",
        EventCategory::Statistics,
        5,
        Severity::Info,
        Some(&[
            "gth",
            "page_size_bytes",
            "pages_used",
            "pages_total",
            "block",
        ]),
    ),
    row(
        "ConnectedApiVersion",
        EventCategory::Connection,
        8,
        Severity::Info,
        Some(&["node", "version"]),
    ),
    row(
        "SingleUser",
        EventCategory::Info,
        7,
        Severity::Info,
        Some(&["type", "node_id"]),
    ),
    row(
        "NDBStopCompleted",
        EventCategory::Startup,
        1,
        Severity::Info,
        Some(&["action", "signum"]),
    ),
    row(
        "BackupStarted",
        EventCategory::Backup,
        7,
        Severity::Info,
        Some(&["starting_node", "backup_id"]),
    ),
    row(
        "BackupFailedToStart",
        EventCategory::Backup,
        7,
        Severity::Alert,
        Some(&["starting_node", "error"]),
    ),
    row(
        "BackupCompleted",
        EventCategory::Backup,
        7,
        Severity::Info,
        Some(&[
            "starting_node",
            "backup_id",
            "start_gci",
            "stop_gci",
            "n_bytes",
            "n_records",
            "n_log_bytes",
            "n_log_records",
            "n_bytes_hi",
            "n_records_hi",
            "n_log_bytes_hi",
            "n_log_records_hi",
        ]),
    ),
    row(
        "BackupAborted",
        EventCategory::Backup,
        7,
        Severity::Alert,
        Some(&["starting_node", "backup_id", "error"]),
    ),
    row(
        "EventBufferStatus",
        EventCategory::Info,
        7,
        Severity::Info,
        Some(&[
            "usage",
            "alloc",
            "max",
            "apply_gci_l",
            "apply_gci_h",
            "latest_gci_l",
            "latest_gci_h",
        ]),
    ),
    row(
        "NDBStopForced",
        EventCategory::Startup,
        1,
        Severity::Alert,
        Some(&["action", "signum", "error", "sphase", "extra"]),
    ),
    row(
        "StartReport",
        EventCategory::Startup,
        4,
        Severity::Info,
        None,
    ),
    row(
        "BackupStatus",
        EventCategory::Backup,
        7,
        Severity::Info,
        Some(&[
            "starting_node",
            "backup_id",
            "n_bytes_lo",
            "n_bytes_hi",
            "n_records_lo",
            "n_records_hi",
            "n_log_bytes_lo",
            "n_log_bytes_hi",
            "n_log_records_lo",
            "n_log_records_hi",
        ]),
    ),
    row(
        "RestoreMetaData",
        EventCategory::Backup,
        7,
        Severity::Info,
        Some(&[
            "backup_id",
            "node_id",
            "n_tables",
            "n_tablespaces",
            "n_logfilegroups",
            "n_datafiles",
            "n_undofiles",
        ]),
    ),
    row(
        "RestoreData",
        EventCategory::Backup,
        7,
        Severity::Info,
        Some(&[
            "backup_id",
            "node_id",
            "n_records_lo",
            "n_records_hi",
            "n_bytes_lo",
            "n_bytes_hi",
        ]),
    ),
    row(
        "RestoreLog",
        EventCategory::Backup,
        7,
        Severity::Info,
        Some(&[
            "backup_id",
            "node_id",
            "n_records_lo",
            "n_records_hi",
            "n_bytes_lo",
            "n_bytes_hi",
        ]),
    ),
    row(
        "RestoreStarted",
        EventCategory::Backup,
        7,
        Severity::Info,
        Some(&["backup_id", "node_id"]),
    ),
    row(
        "RestoreCompleted",
        EventCategory::Backup,
        7,
        Severity::Info,
        Some(&["backup_id", "node_id"]),
    ),
    row(
        "ThreadConfigLoop",
        EventCategory::Statistics,
        9,
        Severity::Info,
        None,
    ),
    row(
        "SubscriptionStatus",
        EventCategory::Error,
        4,
        Severity::Warning,
        None,
    ),
    row(
        "MTSignalStatistics",
        EventCategory::Statistics,
        9,
        Severity::Info,
        Some(&[
            "mt_deliver_thread",
            "mt_prioa_count",
            "mt_prioa_size",
            "mt_priob_count",
            "mt_priob_size",
        ]),
    ),
    row(
        "LogFileInitStatus",
        EventCategory::Startup,
        7,
        Severity::Info,
        Some(&[
            "node_id",
            "total_files",
            "file_done",
            "total_mbytes",
            "mbytes_done",
        ]),
    ),
    row(
        "LogFileInitCompStatus",
        EventCategory::Startup,
        7,
        Severity::Info,
        None,
    ),
    row(
        "RedoStatus",
        EventCategory::Checkpoint,
        7,
        Severity::Info,
        Some(&[
            "log_part",
            "head_file_no",
            "head_mbyte",
            "tail_file_no",
            "tail_mbyte",
            "total_hi",
            "total_lo",
            "free_hi",
            "free_lo",
            "no_logfiles",
            "logfilesize",
        ]),
    ),
    row(
        "CreateSchemaObject",
        EventCategory::Schema,
        8,
        Severity::Info,
        None,
    ),
    row(
        "AlterSchemaObject",
        EventCategory::Schema,
        8,
        Severity::Info,
        None,
    ),
    row(
        "DropSchemaObject",
        EventCategory::Schema,
        8,
        Severity::Info,
        None,
    ),
    row(
        "StartReadLCP",
        EventCategory::Startup,
        10,
        Severity::Info,
        None,
    ),
    row(
        "ReadLCPComplete",
        EventCategory::Startup,
        10,
        Severity::Info,
        None,
    ),
    row("RunRedo", EventCategory::Startup, 8, Severity::Info, None),
    row(
        "RebuildIndex",
        EventCategory::Startup,
        10,
        Severity::Info,
        None,
    ),
    row("SavedEvent", EventCategory::Info, 7, Severity::Info, None),
    row(
        "ConnectCheckStarted",
        EventCategory::NodeRestart,
        6,
        Severity::Info,
        None,
    ),
    row(
        "ConnectCheckCompleted",
        EventCategory::NodeRestart,
        6,
        Severity::Info,
        None,
    ),
    row(
        "NodeFailRejected",
        EventCategory::NodeRestart,
        6,
        Severity::Alert,
        None,
    ),
    row(
        "EventBufferStatus2",
        EventCategory::Info,
        7,
        Severity::Info,
        Some(&[
            "usage",
            "alloc",
            "max",
            "latest_consumed_epoch_l",
            "latest_consumed_epoch_h",
            "latest_buffered_epoch_l",
            "latest_buffered_epoch_h",
            "ndb_reference",
            "report_reason",
        ]),
    ),
    row(
        "LCPRestored",
        EventCategory::Startup,
        7,
        Severity::Info,
        Some(&["restored_lcp_id"]),
    ),
    row(
        "EventBufferStatus3",
        EventCategory::Info,
        7,
        Severity::Info,
        Some(&[
            "usage_l",
            "alloc_l",
            "max_l",
            "latest_consumed_epoch_l",
            "latest_consumed_epoch_h",
            "latest_buffered_epoch_l",
            "latest_buffered_epoch_h",
            "ndb_reference",
            "report_reason",
            "usage_h",
            "alloc_h",
            "max_h",
        ]),
    ),
    row(
        "LateHeartbeat",
        EventCategory::Error,
        8,
        Severity::Warning,
        Some(&["node", "ms"]),
    ),
];

/// The types by name.
impl EventKind {
    /// Type 0, `Connected`.
    pub const CONNECTED: EventKind = EventKind(0);
    /// Type 1, `Disconnected`.
    pub const DISCONNECTED: EventKind = EventKind(1);
    /// Type 2, `CommunicationClosed`.
    pub const COMMUNICATION_CLOSED: EventKind = EventKind(2);
    /// Type 3, `CommunicationOpened`.
    pub const COMMUNICATION_OPENED: EventKind = EventKind(3);
    /// Type 4, `GlobalCheckpointStarted`.
    pub const GLOBAL_CHECKPOINT_STARTED: EventKind = EventKind(4);
    /// Type 5, `GlobalCheckpointCompleted`.
    pub const GLOBAL_CHECKPOINT_COMPLETED: EventKind = EventKind(5);
    /// Type 6, `LocalCheckpointStarted`.
    pub const LOCAL_CHECKPOINT_STARTED: EventKind = EventKind(6);
    /// Type 7, `LocalCheckpointCompleted`.
    pub const LOCAL_CHECKPOINT_COMPLETED: EventKind = EventKind(7);
    /// Type 8, `LCPStoppedInCalcKeepGci`.
    pub const LCP_STOPPED_IN_CALC_KEEP_GCI: EventKind = EventKind(8);
    /// Type 9, `LCPFragmentCompleted`.
    pub const LCP_FRAGMENT_COMPLETED: EventKind = EventKind(9);
    /// Type 10, `NDBStartStarted`.
    pub const NODE_START_STARTED: EventKind = EventKind(10);
    /// Type 11, `NDBStartCompleted`.
    pub const NODE_START_COMPLETED: EventKind = EventKind(11);
    /// Type 12, `STTORRYRecieved`.
    pub const STTORRY_RECEIVED: EventKind = EventKind(12);
    /// Type 13, `StartPhaseCompleted`.
    pub const START_PHASE_COMPLETED: EventKind = EventKind(13);
    /// Type 14, `CM_REGCONF`.
    pub const CM_REGCONF: EventKind = EventKind(14);
    /// Type 15, `CM_REGREF`.
    pub const CM_REGREF: EventKind = EventKind(15);
    /// Type 16, `FIND_NEIGHBOURS`.
    pub const FIND_NEIGHBOURS: EventKind = EventKind(16);
    /// Type 17, `NDBStopStarted`.
    pub const NODE_STOP_STARTED: EventKind = EventKind(17);
    /// Type 18, `NDBStopAborted`.
    pub const NODE_STOP_ABORTED: EventKind = EventKind(18);
    /// Type 19, `StartREDOLog`.
    pub const START_REDO_LOG: EventKind = EventKind(19);
    /// Type 20, `StartLog`.
    pub const START_LOG: EventKind = EventKind(20);
    /// Type 21, `UNDORecordsExecuted`.
    pub const UNDO_RECORDS_EXECUTED: EventKind = EventKind(21);
    /// Type 22, `NR_CopyDict`.
    pub const NODE_RESTART_COPY_DICT: EventKind = EventKind(22);
    /// Type 23, `NR_CopyDistr`.
    pub const NODE_RESTART_COPY_DISTR: EventKind = EventKind(23);
    /// Type 24, `NR_CopyFragsStarted`.
    pub const NODE_RESTART_COPY_FRAGS_STARTED: EventKind = EventKind(24);
    /// Type 25, `NR_CopyFragDone`.
    pub const NODE_RESTART_COPY_FRAG_DONE: EventKind = EventKind(25);
    /// Type 26, `NR_CopyFragsCompleted`.
    pub const NODE_RESTART_COPY_FRAGS_COMPLETED: EventKind = EventKind(26);
    /// Type 27, `NodeFailCompleted`.
    pub const NODE_FAIL_COMPLETED: EventKind = EventKind(27);
    /// Type 28, `NODE_FAILREP`.
    pub const NODE_FAILREP: EventKind = EventKind(28);
    /// Type 29, `ArbitState`.
    pub const ARBIT_STATE: EventKind = EventKind(29);
    /// Type 30, `ArbitResult`.
    pub const ARBIT_RESULT: EventKind = EventKind(30);
    /// Type 31, `GCP_TakeoverStarted`.
    pub const GCP_TAKEOVER_STARTED: EventKind = EventKind(31);
    /// Type 32, `GCP_TakeoverCompleted`.
    pub const GCP_TAKEOVER_COMPLETED: EventKind = EventKind(32);
    /// Type 33, `LCP_TakeoverStarted`.
    pub const LCP_TAKEOVER_STARTED: EventKind = EventKind(33);
    /// Type 34, `LCP_TakeoverCompleted`.
    pub const LCP_TAKEOVER_COMPLETED: EventKind = EventKind(34);
    /// Type 35, `TransReportCounters`.
    pub const TRANS_REPORT_COUNTERS: EventKind = EventKind(35);
    /// Type 36, `OperationReportCounters`.
    pub const OPERATION_REPORT_COUNTERS: EventKind = EventKind(36);
    /// Type 37, `TableCreated`.
    pub const TABLE_CREATED: EventKind = EventKind(37);
    /// Type 38, `UndoLogBlocked`.
    pub const UNDO_LOG_BLOCKED: EventKind = EventKind(38);
    /// Type 39, `JobStatistic`.
    pub const JOB_STATISTIC: EventKind = EventKind(39);
    /// Type 40, `SendBytesStatistic`.
    pub const SEND_BYTES_STATISTIC: EventKind = EventKind(40);
    /// Type 41, `ReceiveBytesStatistic`.
    pub const RECEIVE_BYTES_STATISTIC: EventKind = EventKind(41);
    /// Type 42, `TransporterError`.
    pub const TRANSPORTER_ERROR: EventKind = EventKind(42);
    /// Type 43, `TransporterWarning`.
    pub const TRANSPORTER_WARNING: EventKind = EventKind(43);
    /// Type 44, `MissedHeartbeat`.
    pub const MISSED_HEARTBEAT: EventKind = EventKind(44);
    /// Type 45, `DeadDueToHeartbeat`.
    pub const DEAD_DUE_TO_HEARTBEAT: EventKind = EventKind(45);
    /// Type 46, `WarningEvent`.
    pub const WARNING_EVENT: EventKind = EventKind(46);
    /// Type 47, `SentHeartbeat`.
    pub const SENT_HEARTBEAT: EventKind = EventKind(47);
    /// Type 48, `CreateLogBytes`.
    pub const CREATE_LOG_BYTES: EventKind = EventKind(48);
    /// Type 49, `InfoEvent`.
    pub const INFO_EVENT: EventKind = EventKind(49);
    /// Type 50, `MemoryUsage`.
    pub const MEMORY_USAGE: EventKind = EventKind(50);
    /// Type 51, `ConnectedApiVersion`.
    pub const CONNECTED_API_VERSION: EventKind = EventKind(51);
    /// Type 52, `SingleUser`.
    pub const SINGLE_USER: EventKind = EventKind(52);
    /// Type 53, `NDBStopCompleted`.
    pub const NODE_STOP_COMPLETED: EventKind = EventKind(53);
    /// Type 54, `BackupStarted`.
    pub const BACKUP_STARTED: EventKind = EventKind(54);
    /// Type 55, `BackupFailedToStart`.
    pub const BACKUP_FAILED_TO_START: EventKind = EventKind(55);
    /// Type 56, `BackupCompleted`.
    pub const BACKUP_COMPLETED: EventKind = EventKind(56);
    /// Type 57, `BackupAborted`.
    pub const BACKUP_ABORTED: EventKind = EventKind(57);
    /// Type 58, `EventBufferStatus`.
    pub const EVENT_BUFFER_STATUS: EventKind = EventKind(58);
    /// Type 59, `NDBStopForced`.
    pub const NODE_STOP_FORCED: EventKind = EventKind(59);
    /// Type 60, `StartReport`.
    pub const START_REPORT: EventKind = EventKind(60);
    /// Type 62, `BackupStatus`.
    pub const BACKUP_STATUS: EventKind = EventKind(62);
    /// Type 63, `RestoreMetaData`.
    pub const RESTORE_META_DATA: EventKind = EventKind(63);
    /// Type 64, `RestoreData`.
    pub const RESTORE_DATA: EventKind = EventKind(64);
    /// Type 65, `RestoreLog`.
    pub const RESTORE_LOG: EventKind = EventKind(65);
    /// Type 66, `RestoreStarted`.
    pub const RESTORE_STARTED: EventKind = EventKind(66);
    /// Type 67, `RestoreCompleted`.
    pub const RESTORE_COMPLETED: EventKind = EventKind(67);
    /// Type 68, `ThreadConfigLoop`.
    pub const THREAD_CONFIG_LOOP: EventKind = EventKind(68);
    /// Type 69, `SubscriptionStatus`.
    pub const SUBSCRIPTION_STATUS: EventKind = EventKind(69);
    /// Type 70, `MTSignalStatistics`.
    pub const MT_SIGNAL_STATISTICS: EventKind = EventKind(70);
    /// Type 71, `LogFileInitStatus`.
    pub const LOG_FILE_INIT_STATUS: EventKind = EventKind(71);
    /// Type 72, `LogFileInitCompStatus`.
    pub const LOG_FILE_INIT_COMP_STATUS: EventKind = EventKind(72);
    /// Type 73, `RedoStatus`.
    pub const REDO_STATUS: EventKind = EventKind(73);
    /// Type 74, `CreateSchemaObject`.
    pub const CREATE_SCHEMA_OBJECT: EventKind = EventKind(74);
    /// Type 75, `AlterSchemaObject`.
    pub const ALTER_SCHEMA_OBJECT: EventKind = EventKind(75);
    /// Type 76, `DropSchemaObject`.
    pub const DROP_SCHEMA_OBJECT: EventKind = EventKind(76);
    /// Type 77, `StartReadLCP`.
    pub const START_READ_LCP: EventKind = EventKind(77);
    /// Type 78, `ReadLCPComplete`.
    pub const READ_LCP_COMPLETE: EventKind = EventKind(78);
    /// Type 79, `RunRedo`.
    pub const RUN_REDO: EventKind = EventKind(79);
    /// Type 80, `RebuildIndex`.
    pub const REBUILD_INDEX: EventKind = EventKind(80);
    /// Type 81, `SavedEvent`.
    pub const SAVED_EVENT: EventKind = EventKind(81);
    /// Type 82, `ConnectCheckStarted`.
    pub const CONNECT_CHECK_STARTED: EventKind = EventKind(82);
    /// Type 83, `ConnectCheckCompleted`.
    pub const CONNECT_CHECK_COMPLETED: EventKind = EventKind(83);
    /// Type 84, `NodeFailRejected`.
    pub const NODE_FAIL_REJECTED: EventKind = EventKind(84);
    /// Type 85, `EventBufferStatus2`.
    pub const EVENT_BUFFER_STATUS2: EventKind = EventKind(85);
    /// Type 86, `LCPRestored`.
    pub const LCP_RESTORED: EventKind = EventKind(86);
    /// Type 87, `EventBufferStatus3`.
    pub const EVENT_BUFFER_STATUS3: EventKind = EventKind(87);
    /// Type 88, `LateHeartbeat`.
    pub const LATE_HEARTBEAT: EventKind = EventKind(88);
}

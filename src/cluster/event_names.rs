//! The event types by name (management protocol, 4.4).

use super::EventKind;

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

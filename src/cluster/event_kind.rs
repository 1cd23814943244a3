//! The table of event types: what is fixed for each, and its text (management protocol, 4.4
//! and 4.5).

use super::event_words::Words;
use super::level::{EventCategory, LogLevel, Severity};
use super::{event_text as text, restart_text};

/// Type of an event: 0 to 88 without 61.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind(u8);

/// What is fixed for all events of one type.
#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    category: EventCategory,
    threshold: u32,
    severity: Severity,
    /// None for types that are sent as one `data=` line.
    keys: Option<&'static [&'static str]>,
    /// The text without a `Node n: ` prefix.
    text: fn(Words<'_>) -> String,
}

/// Makes a constant and a row of the table of each line: constant, number, name; category,
/// threshold, severity; keys of a parsable record in their order, or `data`; text.
macro_rules! event_kinds {
    (@keys data) => { None };
    (@keys [$($key:literal),*]) => { Some(&[$($key),*]) };
    ($(
        $constant:ident = $number:literal $name:literal,
        $category:ident $threshold:literal $severity:ident,
        $keys:tt,
        $text:expr;
    )*) => {
        impl EventKind {
            $(
                #[doc = concat!("Type ", $number, ", `", $name, "`.")]
                pub const $constant: EventKind = EventKind($number);
            )*
        }

        /// By number.
        static ROWS: [Option<Row>; 89] = {
            let mut rows = [None; 89];
            $(
                rows[$number] = Some(Row {
                    name: $name,
                    category: EventCategory::$category,
                    threshold: $threshold,
                    severity: Severity::$severity,
                    keys: event_kinds!(@keys $keys),
                    text: $text,
                });
            )*
            rows
        };
    };
}

event_kinds! {
    CONNECTED = 0 "Connected", Connection 8 Info, ["node"],
        |d| format!("Node {} Connected", d[1]);
    DISCONNECTED = 1 "Disconnected", Connection 8 Alert, ["node"],
        |d| format!("Node {} Disconnected", d[1]);
    COMMUNICATION_CLOSED = 2 "CommunicationClosed", Connection 8 Info, ["node"],
        |d| format!("Communication to Node {} closed", d[1]);
    COMMUNICATION_OPENED = 3 "CommunicationOpened", Connection 8 Info, ["node"],
        |d| format!("Communication to Node {} opened", d[1]);
    GLOBAL_CHECKPOINT_STARTED = 4 "GlobalCheckpointStarted", Checkpoint 9 Info, ["gci"],
        |d| format!("Global checkpoint {} started", d[1]);
    GLOBAL_CHECKPOINT_COMPLETED = 5 "GlobalCheckpointCompleted", Checkpoint 10 Info, ["gci"],
        |d| format!("Global checkpoint {} completed", d[1]);
    LOCAL_CHECKPOINT_STARTED = 6 "LocalCheckpointStarted", Checkpoint 7 Info,
        ["lci", "keep_gci", "restore_gci"],
        |d| format!(
            "Local checkpoint {} started. Keep GCI = {} oldest restorable GCI = {}",
            d[1], d[2], d[3]
        );
    LOCAL_CHECKPOINT_COMPLETED = 7 "LocalCheckpointCompleted", Checkpoint 7 Info, ["lci"],
        |d| format!("Local checkpoint {} completed", d[1]);
    LCP_STOPPED_IN_CALC_KEEP_GCI = 8 "LCPStoppedInCalcKeepGci", Checkpoint 0 Alert, data,
        |_| String::new();
    LCP_FRAGMENT_COMPLETED = 9 "LCPFragmentCompleted", Checkpoint 11 Info,
        ["node", "table_id", "fragment_id"],
        restart_text::fragment_checkpointed;
    NODE_START_STARTED = 10 "NDBStartStarted", Startup 1 Info, ["version"],
        |d| format!("Start initiated ({})", text::version(d[1], d[2]));
    NODE_START_COMPLETED = 11 "NDBStartCompleted", Startup 1 Info, ["version"],
        |d| format!("Started ({})", text::version(d[1], d[2]));
    STTORRY_RECEIVED = 12 "STTORRYRecieved", Startup 15 Info, data,
        |_| "STTORRY received after restart finished".to_owned();
    START_PHASE_COMPLETED = 13 "StartPhaseCompleted", Startup 4 Info, ["phase", "starttype"],
        restart_text::start_phase;
    CM_REGCONF = 14 "CM_REGCONF", Startup 3 Info, ["own_id", "president_id", "dynamic_id"],
        |d| format!(
            "CM_REGCONF president = {}, own Node = {}, our dynamic id = {}/{}",
            d[2], d[1], d[3] >> 16, d[3] & 0xFFFF
        );
    CM_REGREF = 15 "CM_REGREF", Startup 8 Info, ["own_id", "other_id", "cause"],
        restart_text::registration_refused;
    FIND_NEIGHBOURS = 16 "FIND_NEIGHBOURS", Startup 8 Info,
        ["own_id", "left_id", "right_id", "dynamic_id"],
        |d| format!(
            "We are Node {} with dynamic ID {}, our left neighbour is Node {}, our right is \
             Node {}",
            d[1], d[4], d[2], d[3]
        );
    NODE_STOP_STARTED = 17 "NDBStopStarted", Startup 1 Info, ["stoptype"],
        text::stop_started;
    NODE_STOP_ABORTED = 18 "NDBStopAborted", Startup 1 Info, data,
        |_| "Node shutdown aborted".to_owned();
    START_REDO_LOG = 19 "StartREDOLog", Startup 4 Info,
        ["node", "keep_gci", "completed_gci", "restorable_gci"],
        |d| format!(
            "Node: {} StartLog: [GCI Keep: {} LastCompleted: {} NewestRestorable: {}]",
            d.int(1), d.int(2), d.int(3), d.int(4)
        );
    START_LOG = 20 "StartLog", Startup 10 Info, ["log_part", "start_mb", "stop_mb", "gci"],
        |d| format!(
            "Log part {}, start MB {}, stop MB {}, last GCI, log exec {}",
            d[1], d[2], d[3], d[4]
        );
    UNDO_RECORDS_EXECUTED = 21 "UNDORecordsExecuted", Startup 15 Info,
        ["block", "data1", "data2", "data3", "data4", "data5", "data6", "data7", "data8",
        "data9", "data10"],
        restart_text::undo_records;
    NODE_RESTART_COPY_DICT = 22 "NR_CopyDict", NodeRestart 7 Info, data,
        |d| restart_text::copied("dictionary", d);
    NODE_RESTART_COPY_DISTR = 23 "NR_CopyDistr", NodeRestart 7 Info, data,
        |d| restart_text::copied("distribution", d);
    NODE_RESTART_COPY_FRAGS_STARTED = 24 "NR_CopyFragsStarted", NodeRestart 7 Info, ["dest_node"],
        |d| format!("Node restart starting to copy the fragments to Node {}", d[1]);
    NODE_RESTART_COPY_FRAG_DONE = 25 "NR_CopyFragDone", NodeRestart 10 Info,
        ["dest_node", "table_id", "fragment_id"],
        restart_text::fragment_copied;
    NODE_RESTART_COPY_FRAGS_COMPLETED = 26 "NR_CopyFragsCompleted", NodeRestart 7 Info,
        ["dest_node"],
        |d| format!("Node restart completed copying the fragments to Node {}", d[1]);
    NODE_FAIL_COMPLETED = 27 "NodeFailCompleted", NodeRestart 8 Alert,
        ["block", "failed_node", "completing_node"],
        restart_text::failure_completed;
    NODE_FAILREP = 28 "NODE_FAILREP", NodeRestart 8 Alert, ["failed_node", "failure_state"],
        |d| format!("Node {} has failed. The Node state at failure was {}", d[1], d[2]);
    ARBIT_STATE = 29 "ArbitState", NodeRestart 6 Info,
        ["code", "arbit_node", "ticket_0", "ticket_1"],
        restart_text::arbitration_state;
    ARBIT_RESULT = 30 "ArbitResult", NodeRestart 2 Alert,
        ["code", "arbit_node", "ticket_0", "ticket_1"],
        restart_text::arbitration_result;
    GCP_TAKEOVER_STARTED = 31 "GCP_TakeoverStarted", NodeRestart 7 Info, data,
        |_| "GCP Take over started".to_owned();
    GCP_TAKEOVER_COMPLETED = 32 "GCP_TakeoverCompleted", NodeRestart 7 Info, data,
        |_| "GCP Take over completed".to_owned();
    LCP_TAKEOVER_STARTED = 33 "LCP_TakeoverStarted", NodeRestart 7 Info, data,
        |_| "LCP Take over started".to_owned();
    LCP_TAKEOVER_COMPLETED = 34 "LCP_TakeoverCompleted", NodeRestart 7 Info, ["state"],
        |d| format!("LCP Take over completed (state = {})", d.int(1));
    TRANS_REPORT_COUNTERS = 35 "TransReportCounters", Statistics 8 Info,
        ["trans_count", "commit_count", "read_count", "simple_read_count", "write_count",
        "attrinfo_count", "conc_op_count", "abort_count", "scan_count", "range_scan_count"],
        text::transaction_counters;
    OPERATION_REPORT_COUNTERS = 36 "OperationReportCounters", Statistics 8 Info, ["ops"],
        |d| format!("Operations={}", d[1]);
    TABLE_CREATED = 37 "TableCreated", Statistics 7 Info, ["table_id"],
        |d| format!("Table with ID =  {} created", d[1]);
    UNDO_LOG_BLOCKED = 38 "UndoLogBlocked", Checkpoint 7 Info, ["acc_count", "tup_count"],
        |d| format!("ACC Blocked {} and TUP Blocked {} times last second", d[1], d[2]);
    JOB_STATISTIC = 39 "JobStatistic", Statistics 9 Info, ["mean_loop_count"],
        |d| format!("Mean loop Counter in doJob last 8192 times = {}", d[1]);
    SEND_BYTES_STATISTIC = 40 "SendBytesStatistic", Statistics 9 Info,
        ["to_node", "mean_sent_bytes"],
        |d| format!("Mean send size to Node = {} last 4096 sends = {} bytes", d.int(1), d[2]);
    RECEIVE_BYTES_STATISTIC = 41 "ReceiveBytesStatistic", Statistics 9 Info,
        ["from_node", "mean_received_bytes"],
        |d| format!("Mean receive size to Node = {} last 4096 sends = {} bytes", d.int(1), d[2]);
    TRANSPORTER_ERROR = 42 "TransporterError", Error 2 Error, ["to_node", "code"],
        text::transporter_error;
    TRANSPORTER_WARNING = 43 "TransporterWarning", Error 8 Warning, ["to_node", "code"],
        text::transporter_error;
    MISSED_HEARTBEAT = 44 "MissedHeartbeat", Error 8 Warning, ["node", "count"],
        |d| format!("Node {} missed heartbeat {}", d.int(1), d.int(2));
    DEAD_DUE_TO_HEARTBEAT = 45 "DeadDueToHeartbeat", Error 8 Alert, ["node"],
        |d| format!("Node {} declared dead due to missed heartbeat", d.int(1));
    WARNING_EVENT = 46 "WarningEvent", Error 2 Warning, data,
        |d| d.text();
    SENT_HEARTBEAT = 47 "SentHeartbeat", Info 12 Info, ["node"],
        |d| format!("Node Sent Heartbeat to node = {}", d.int(1));
    CREATE_LOG_BYTES = 48 "CreateLogBytes", Info 11 Info, ["node"],
        |d| format!("Log part {}, log file {}, MB {}", d[1], d[2], d[3]);
    INFO_EVENT = 49 "InfoEvent", Info 2 Info, data,
        |d| d.text();
    MEMORY_USAGE = 50 "MemoryUsage", Statistics 5 Info,
        ["gth", "page_size_bytes", "pages_used", "pages_total", "block"],
        text::memory_usage;
    CONNECTED_API_VERSION = 51 "ConnectedApiVersion", Connection 8 Info, ["node", "version"],
        |d| format!("Node {}: API {}", d[1], text::version(d[2], d[3]));
    SINGLE_USER = 52 "SingleUser", Info 7 Info, ["type", "node_id"],
        text::single_user;
    NODE_STOP_COMPLETED = 53 "NDBStopCompleted", Startup 1 Info, ["action", "signum"],
        text::stop_completed;
    BACKUP_STARTED = 54 "BackupStarted", Backup 7 Info, ["starting_node", "backup_id"],
        |d| format!("Backup {} started from node {}", d[2], d.int(1));
    BACKUP_FAILED_TO_START = 55 "BackupFailedToStart", Backup 7 Alert, ["starting_node", "error"],
        |d| format!("Backup request from {} failed to start. Error: {}", d.int(1), d.int(2));
    BACKUP_COMPLETED = 56 "BackupCompleted", Backup 7 Info,
        ["starting_node", "backup_id", "start_gci", "stop_gci", "n_bytes", "n_records",
        "n_log_bytes", "n_log_records", "n_bytes_hi", "n_records_hi", "n_log_bytes_hi",
        "n_log_records_hi"],
        text::backup_completed;
    BACKUP_ABORTED = 57 "BackupAborted", Backup 7 Alert, ["starting_node", "backup_id", "error"],
        |d| format!(
            "Backup {} started from {} has been aborted. Error: {}",
            d[2], d.int(1), d.int(3)
        );
    EVENT_BUFFER_STATUS = 58 "EventBufferStatus", Info 7 Info,
        ["usage", "alloc", "max", "apply_gci_l", "apply_gci_h", "latest_gci_l", "latest_gci_h"],
        text::event_buffer;
    NODE_STOP_FORCED = 59 "NDBStopForced", Startup 1 Alert,
        ["action", "signum", "error", "sphase", "extra"],
        text::stop_forced;
    START_REPORT = 60 "StartReport", Startup 4 Info, data,
        restart_text::start_report;
    BACKUP_STATUS = 62 "BackupStatus", Backup 7 Info,
        ["starting_node", "backup_id", "n_bytes_lo", "n_bytes_hi", "n_records_lo",
        "n_records_hi", "n_log_bytes_lo", "n_log_bytes_hi", "n_log_records_lo",
        "n_log_records_hi"],
        text::backup_status;
    RESTORE_META_DATA = 63 "RestoreMetaData", Backup 7 Info,
        ["backup_id", "node_id", "n_tables", "n_tablespaces", "n_logfilegroups", "n_datafiles",
        "n_undofiles"],
        |d| format!(
            "Restore meta data: backup {} from node {} #Tables: {}\n #Tablespaces: {} \
             #Logfilegroups: {} #datafiles: {} #undofiles: {}",
            d[1], d[2], d[3], d[4], d[5], d[6], d[7]
        );
    RESTORE_DATA = 64 "RestoreData", Backup 7 Info,
        ["backup_id", "node_id", "n_records_lo", "n_records_hi", "n_bytes_lo", "n_bytes_hi"],
        |d| format!(
            "Restore data: backup {} from node {} #Records: {} Data: {} bytes",
            d[1], d[2], d.wide(3, 4), d.wide(5, 6)
        );
    RESTORE_LOG = 65 "RestoreLog", Backup 7 Info,
        ["backup_id", "node_id", "n_records_lo", "n_records_hi", "n_bytes_lo", "n_bytes_hi"],
        |d| format!(
            "Restore log: backup {} from node {} #Records: {} Data: {} bytes",
            d[1], d[2], d.wide(3, 4), d.wide(5, 6)
        );
    RESTORE_STARTED = 66 "RestoreStarted", Backup 7 Info, ["backup_id", "node_id"],
        |d| format!("Restore started: backup {} from node {}", d[1], d[2]);
    RESTORE_COMPLETED = 67 "RestoreCompleted", Backup 7 Info, ["backup_id", "node_id"],
        |d| format!("Restore completed: backup {} from node {}", d[1], d[2]);
    THREAD_CONFIG_LOOP = 68 "ThreadConfigLoop", Statistics 9 Info, data,
        |d| format!(
            "8192 loops,tot {} usec,exec {} extra:loops = {},time {},const {}",
            d[1], d[3], d[4], d[5], d[2]
        );
    SUBSCRIPTION_STATUS = 69 "SubscriptionStatus", Error 4 Warning, data,
        text::subscription_status;
    MT_SIGNAL_STATISTICS = 70 "MTSignalStatistics", Statistics 9 Info,
        ["mt_deliver_thread", "mt_prioa_count", "mt_prioa_size", "mt_priob_count",
        "mt_priob_size"],
        |d| format!(
            "Signals delivered from thread {}: prio A {} ({} bytes) prio B {} ({} bytes)",
            d[1], d[2], d[3], d[4], d[5]
        );
    LOG_FILE_INIT_STATUS = 71 "LogFileInitStatus", Startup 7 Info,
        ["node_id", "total_files", "file_done", "total_mbytes", "mbytes_done"],
        |d| format!(
            "Local redo log file initialization status: #Total files: {}, Completed: {} \
             #Total MBytes: {}, Completed: {}",
            d[2], d[3], d[4], d[5]
        );
    LOG_FILE_INIT_COMP_STATUS = 72 "LogFileInitCompStatus", Startup 7 Info, data,
        |d| format!(
            "Local redo log file initialization completed: #Total files: {}, Completed: {} \
             #Total MBytes: {}, Completed: {}",
            d[2], d[3], d[4], d[5]
        );
    REDO_STATUS = 73 "RedoStatus", Checkpoint 7 Info,
        ["log_part", "head_file_no", "head_mbyte", "tail_file_no", "tail_mbyte", "total_hi",
        "total_lo", "free_hi", "free_lo", "no_logfiles", "logfilesize"],
        text::redo_status;
    CREATE_SCHEMA_OBJECT = 74 "CreateSchemaObject", Schema 8 Info, data,
        |d| format!("create object id: {} version: {} (from {})", d[1], d[2], d[4]);
    ALTER_SCHEMA_OBJECT = 75 "AlterSchemaObject", Schema 8 Info, data,
        |d| format!("alter object id: {} version: {} (from {})", d[1], d[2], d[4]);
    DROP_SCHEMA_OBJECT = 76 "DropSchemaObject", Schema 8 Info, data,
        |d| format!("drop object id: {} version: {} (from {})", d[1], d[2], d[4]);
    START_READ_LCP = 77 "StartReadLCP", Startup 10 Info, data,
        |d| format!("Start reading LCP for table {} fragment: {}", d[1], d[2]);
    READ_LCP_COMPLETE = 78 "ReadLCPComplete", Startup 10 Info, data,
        |d| format!("Restored LCP for table {} fragment: {} rows: {}", d[1], d[2], d.wide(4, 3));
    RUN_REDO = 79 "RunRedo", Startup 8 Info, data,
        restart_text::run_redo;
    REBUILD_INDEX = 80 "RebuildIndex", Startup 10 Info, data,
        |d| format!("instace: {} rebuild index: {}", d[1], d[2]);
    SAVED_EVENT = 81 "SavedEvent", Info 7 Info, data,
        text::saved_event;
    CONNECT_CHECK_STARTED = 82 "ConnectCheckStarted", NodeRestart 6 Info, data,
        restart_text::connect_check_started;
    CONNECT_CHECK_COMPLETED = 83 "ConnectCheckCompleted", NodeRestart 6 Info, data,
        restart_text::connect_check_completed;
    NODE_FAIL_REJECTED = 84 "NodeFailRejected", NodeRestart 6 Alert, data,
        restart_text::failure_rejected;
    EVENT_BUFFER_STATUS2 = 85 "EventBufferStatus2", Info 7 Info,
        ["usage", "alloc", "max", "latest_consumed_epoch_l", "latest_consumed_epoch_h",
        "latest_buffered_epoch_l", "latest_buffered_epoch_h", "ndb_reference", "report_reason"],
        text::event_buffer_2;
    LCP_RESTORED = 86 "LCPRestored", Startup 7 Info, ["restored_lcp_id"],
        |d| format!("Node Start completed restore of LCP id: {}", d[1]);
    EVENT_BUFFER_STATUS3 = 87 "EventBufferStatus3", Info 7 Info,
        ["usage_l", "alloc_l", "max_l", "latest_consumed_epoch_l", "latest_consumed_epoch_h",
        "latest_buffered_epoch_l", "latest_buffered_epoch_h", "ndb_reference", "report_reason",
        "usage_h", "alloc_h", "max_h"],
        text::event_buffer_3;
    LATE_HEARTBEAT = 88 "LateHeartbeat", Error 8 Warning, ["node", "ms"],
        |d| format!("Node {} late heartbeat {}ms", d.int(1), d.int(2));
}

impl EventKind {
    /// Every type, in ascending order of their numbers.
    pub fn all() -> impl Iterator<Item = EventKind> {
        (0..=u32::from(u8::MAX)).filter_map(EventKind::from_number)
    }

    /// The type with this number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        let kind = EventKind(u8::try_from(number).ok()?);
        let row = ROWS.get(usize::from(kind.0))?;
        row.is_some().then_some(kind)
    }

    /// The number, as in `type=54`.
    pub fn number(self) -> u32 {
        u32::from(self.0)
    }

    /// Name of the type, such as `BackupStarted`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The category whose level decides who gets the event.
    pub fn category(self) -> EventCategory {
        self.row().category
    }

    /// Lowest level of the category at which a listener gets the event.
    pub fn threshold(self) -> LogLevel {
        LogLevel::new(self.row().threshold).unwrap_or(LogLevel::MAX)
    }

    /// Severity in the cluster log.
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// Keys of a parsable record in their order; none for the types whose words are sent
    /// in one `data=` line.
    pub fn keys(self) -> Option<&'static [&'static str]> {
        self.row().keys
    }

    /// The text of an event of this type with these words.
    pub(super) fn text(self, words: &[u32]) -> String {
        (self.row().text)(Words(words))
    }

    fn row(self) -> &'static Row {
        ROWS[usize::from(self.0)]
            .as_ref()
            .expect("a kind is made of the number of a row")
    }
}

impl std::fmt::Debug for EventKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventKind({} {})", self.0, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_but_61_has_a_row() {
        assert_eq!(EventKind::all().count(), 88);
        assert_eq!(EventKind::from_number(61), None);
        assert_eq!(EventKind::from_number(89), None);
        assert_eq!(EventKind::from_number(u32::MAX), None);
        assert_eq!(EventKind::START_REPORT.name(), "StartReport");
        assert_eq!(EventKind::BACKUP_STATUS.name(), "BackupStatus");
        assert_eq!(EventKind::LATE_HEARTBEAT.keys(), Some(&["node", "ms"][..]));
    }

    #[test]
    fn thresholds_are_levels() {
        for kind in EventKind::all() {
            assert_eq!(kind.threshold().get(), kind.row().threshold, "{kind:?}");
        }
        assert_eq!(EventKind::BACKUP_ABORTED.severity(), Severity::Alert);
        assert_eq!(EventKind::BACKUP_ABORTED.category(), EventCategory::Backup);
    }

    #[test]
    fn no_words_make_a_text_fail() {
        for kind in EventKind::all() {
            for word in [0, 1, 2, 4, 7, 0x8000, i32::MAX as u32, 1 << 31, u32::MAX] {
                for count in [0, 1, 2, 3, 4, 5, 8, 12, 24, 25, 64] {
                    kind.text(&vec![word; count]);
                }
            }
        }
    }

    fn assert_texts(rows: &[(EventKind, &[u32], &str)]) {
        for (kind, words, text) in rows {
            assert_eq!(kind.text(words), *text, "{kind:?} {words:?}");
        }
    }

    #[test]
    fn versions_are_those_of_ndb_and_then_of_mysql() {
        assert_texts(&[
            (
                EventKind::NODE_START_COMPLETED,
                &[460_316, 329_516],
                "Started (mysql-5.7.44 ndb-7.6.28)",
            ),
            (
                EventKind::NODE_START_STARTED,
                &[591_618],
                "Start initiated (ndb-9.7.2)",
            ),
            (
                EventKind::CONNECTED_API_VERSION,
                &[3, 460_316, 329_516],
                "Node 3: API mysql-5.7.44 ndb-7.6.28",
            ),
        ]);
    }

    #[test]
    fn unknown_codes_are_printed_as_they_came() {
        assert_texts(&[
            (
                EventKind::SINGLE_USER,
                &[4_294_967_290],
                "Unknown single user report -6",
            ),
            (
                EventKind::ARBIT_STATE,
                &[7 << 16 | 90, 3],
                "Lost arbitrator node 3 - unknown error [code=90] [state=7]",
            ),
            (
                EventKind::ARBIT_RESULT,
                &[1 << 31],
                "Arbitration failure - unknown error [code=0] [state=32768]",
            ),
            (
                EventKind::TRANSPORTER_WARNING,
                &[u32::MAX, 0x80],
                "Transporter to node -1 reported error 0x80: unknown error",
            ),
            (
                EventKind::NODE_FAIL_REJECTED,
                &[99, 1, 2],
                "Received FAIL_REP (Unknown (99)) for node 1 sourced by suspect node 2.  \
                 Rejecting as failure of node 2.",
            ),
            (EventKind::SUBSCRIPTION_STATUS, &[4, 1, 2], ""),
            (
                EventKind::START_PHASE_COMPLETED,
                &[9, u32::MAX],
                "Start phase 9 completed (unknown = -1)",
            ),
        ]);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_texts(&[
            (
                EventKind::MEMORY_USAGE,
                &[0, 32_768, 5, 0, 249],
                "Data usage is 0%(5 32K pages of total 0)",
            ),
            (
                EventKind::REDO_STATUS,
                &[1],
                "Logpart: 1 head=[ file: 0 mbyte: 0 ] tail=[ file: 0 mbyte: 0 ] total mb: 0 \
                 free mb: 0 free%: 0",
            ),
            (
                EventKind::EVENT_BUFFER_STATUS2,
                &[7],
                "Event buffer status (0x0): max=0B used=7B(0% of max) \
                 alloc=0Blatest_consumed_epoch=0/0 latest_buffered_epoch=0/0 \
                 report_reason=NO_REPORT",
            ),
        ]);
    }

    #[test]
    fn every_cause_of_a_stop_is_told() {
        let signal = [0, 0, 0, 255, 0];
        assert_texts(&[
            (
                EventKind::NODE_STOP_FORCED,
                &signal,
                "Forced node shutdown completed.",
            ),
            (
                EventKind::NODE_STOP_FORCED,
                &[1, 9, 0, 5, 0],
                "Forced node shutdown completed, restarting. Occurred during startphase 5. \
                 Initiated by signal 9.",
            ),
            (
                EventKind::NODE_STOP_FORCED,
                &[1, 0, 2801, 255, 0],
                "Forced node shutdown completed. Caused by error 2801: 'No file system \
                 path(Internal error, programming error or missing error message, please report \
                 a bug). Temporary error, restart node'.",
            ),
            (
                EventKind::NODE_STOP_COMPLETED,
                &[6, 0],
                "Node shutdown completed, restarting, no start, initial.",
            ),
        ]);
    }

    #[test]
    fn start_reports_take_sets_of_any_size() {
        let sets = [0b1110, 0b0110, 0, 0b1000, 1];
        let report = |state: u32| [&[state, 30, 1], &sets[..]].concat();
        let all = "nodes [ all: 1, 2 and 3 connected: 1 and 2";
        for (state, text) in [
            (
                1,
                format!("Initial start, waiting for 3 to connect,  {all} no-wait:  ]"),
            ),
            (
                5,
                format!("Waiting 30 sec for non partitioned start, {all} missing: 3 no-wait:  ]"),
            ),
            (
                6,
                format!(
                    "Initial start, waiting 30 for 0 to connect, {all} missing: 3 no-wait:  \
                 no-nodegroup: 0 ]"
                ),
            ),
            (0x8001, "Start with all nodes 1 and 2".to_owned()),
            (
                0x9000,
                "Unknown startreport: 0x9000 [ 1, 2 and 3 1 and 2  3 ]".to_owned(),
            ),
        ] {
            assert_eq!(EventKind::START_REPORT.text(&report(state)), text);
        }
        let four_sets = &report(7)[..7];
        assert_eq!(
            EventKind::START_REPORT.text(four_sets),
            format!(
                "Waiting 30 sec for nodes 3 to connect, {all} no-wait:  no-nodegroup: <unknown> ]"
            )
        );
        assert_eq!(
            EventKind::START_REPORT.text(&[0x8001, 0, u32::MAX, 1, 1]),
            "Start with all nodes "
        );
    }
}

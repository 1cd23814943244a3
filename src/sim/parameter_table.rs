//! The rows of the configuration parameters, one table for each kind of section (management
//! protocol, 5.4; keys without a name are those of the recorded payloads).

/// Largest value of most 32-bit parameters.
const NUMBER_MAX: u64 = 0xFFFF_FEFF;

/// What a parameter accepts and what it is without being set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// 32 bits: default, smallest, largest.
    Number(u32, u64, u64),
    /// 32 bits without a default: smallest, largest.
    Unset(u64, u64),
    /// 64 bits: default, smallest, largest.
    Number64(u64, u64, u64),
    /// Yes or no, with its default.
    Flag(u32),
    /// A text with its default.
    Text(&'static str),
    /// A text that is absent unless set.
    UnsetText,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    /// Key in the packed configuration; 0 if the parameter is accepted but not packed.
    pub(super) key: u32,
    /// Name in config.ini, in the original's spelling; empty if it cannot be set there.
    pub(super) name: &'static str,
    /// What it accepts.
    pub(super) range: Range,
}

/// Binary units of sizes.
pub(super) const KI: u64 = 1 << 10;
/// See [`KI`].
pub(super) const MI: u64 = 1 << 20;
/// See [`KI`].
pub(super) const GI: u64 = 1 << 30;

const fn row(key: u32, name: &'static str, range: Range) -> Parameter {
    Parameter { key, name, range }
}

const fn number(key: u32, name: &'static str, default: u32) -> Parameter {
    row(key, name, Range::Number(default, 0, NUMBER_MAX))
}

const fn flag(key: u32, name: &'static str, default: u32) -> Parameter {
    row(key, name, Range::Flag(default))
}

const fn bytes(key: u32, name: &'static str, default: u64) -> Parameter {
    row(key, name, Range::Number64(default, 0, 16384 * GI))
}

const fn level(key: u32, name: &'static str, default: u32) -> Parameter {
    row(key, name, Range::Number(default, 0, 15))
}

const NODE_ID: Parameter = row(3, "NodeId", Range::Unset(1, 255));
const SEND_BUFFER: Parameter = row(
    9,
    "TotalSendBufferMemory",
    Range::Number(0, 256 * KI, NUMBER_MAX),
);
const LOCATION: Parameter = row(10, "LocationDomainId", Range::Unset(0, 16));
const DEDICATED: Parameter = flag(11, "Dedicated", 0);
const EXTRA_SEND: Parameter = row(203, "ExtraSendBufferMemory", Range::Number64(0, 0, 32 * GI));

/// Parameters of a data node.
pub(super) const DATA_NODE: &[Parameter] = &[
    row(1, "", Range::Number(2, 0, NUMBER_MAX)),
    row(3, "NodeId", Range::Unset(1, 144)),
    row(5, "HostName", Range::Text("localhost")),
    row(7, "DataDir", Range::Text(".")),
    SEND_BUFFER,
    LOCATION,
    DEDICATED,
    flag(12, "RequireCertificate", 0),
    number(100, "MaxNoOfSavedMessages", 25),
    row(101, "NoOfReplicas", Range::Number(2, 1, 4)),
    row(102, "MaxNoOfTables", Range::Number(128, 8, 20320)),
    row(
        103,
        "MaxNoOfAttributes",
        Range::Number(1000, 32, NUMBER_MAX),
    ),
    number(105, "MaxNoOfTriggers", 768),
    row(
        106,
        "MaxNoOfConcurrentTransactions",
        Range::Number(4096, 32, NUMBER_MAX),
    ),
    row(
        107,
        "MaxNoOfConcurrentOperations",
        Range::Number(32768, 32, NUMBER_MAX),
    ),
    row(108, "MaxNoOfConcurrentScans", Range::Number(256, 2, 500)),
    number(109, "MaxNoOfFiredTriggers", 4000),
    number(110, "MaxNoOfConcurrentIndexOperations", 8192),
    row(
        111,
        "TransactionBufferMemory",
        Range::Number(MI as u32, KI, NUMBER_MAX),
    ),
    row(112, "DataMemory", Range::Number64(98 * MI, MI, 16384 * GI)),
    row(113, "IndexMemory", Range::Number64(0, 0, 1024 * GI)),
    row(114, "LockPagesInMainMemory", Range::Number(0, 0, 2)),
    number(115, "StartPartialTimeout", 30000),
    number(116, "StartPartitionedTimeout", 0),
    number(117, "StartFailureTimeout", 0),
    row(
        118,
        "HeartbeatIntervalDbDb",
        Range::Number(5000, 10, NUMBER_MAX),
    ),
    row(
        119,
        "HeartbeatIntervalDbApi",
        Range::Number(1500, 100, NUMBER_MAX),
    ),
    row(120, "TimeBetweenLocalCheckpoints", Range::Number(20, 0, 31)),
    row(
        121,
        "TimeBetweenGlobalCheckpoints",
        Range::Number(2000, 20, 32000),
    ),
    row(
        122,
        "ArbitrationTimeout",
        Range::Number(7500, 10, NUMBER_MAX),
    ),
    row(
        123,
        "TimeBetweenWatchDogCheck",
        Range::Number(6000, 70, NUMBER_MAX),
    ),
    flag(124, "StopOnError", 1),
    row(125, "FileSystemPath", Range::UnsetText),
    row(
        126,
        "NoOfFragmentLogFiles",
        Range::Number(16, 3, NUMBER_MAX),
    ),
    number(129, "TimeBetweenInactiveTransactionAbortCheck", 1000),
    number(130, "TransactionInactiveTimeout", NUMBER_MAX as u32),
    row(
        131,
        "TransactionDeadlockDetectionTimeout",
        Range::Number(1200, 50, NUMBER_MAX),
    ),
    row(132, "ParallelBackups", Range::Number(1, 1, 1)),
    number(133, "BackupMemory", 32 * MI as u32),
    row(
        134,
        "BackupDataBufferSize",
        Range::Number(MI as u32, 512 * KI, NUMBER_MAX),
    ),
    row(
        135,
        "BackupLogBufferSize",
        Range::Number(16 * MI as u32, 2 * MI, NUMBER_MAX),
    ),
    row(
        136,
        "BackupWriteSize",
        Range::Number(256 * KI as u32, 32 * KI, NUMBER_MAX),
    ),
    row(
        139,
        "BackupMaxWriteSize",
        Range::Number(MI as u32, 256 * KI, NUMBER_MAX),
    ),
    row(
        140,
        "FragmentLogFileSize",
        Range::Number(16 * MI as u32, 4 * MI, GI),
    ),
    row(
        141,
        "TimeBetweenWatchDogCheckInitial",
        Range::Number(6000, 70, NUMBER_MAX),
    ),
    number(142, "", 1),
    flag(148, "Diskless", 0),
    number(149, "MaxNoOfOrderedIndexes", 128),
    number(150, "MaxNoOfUniqueHashIndexes", 64),
    number(153, "", 256),
    number(154, "", 2 * MI as u32),
    number(155, "", 16 * MI as u32),
    row(
        156,
        "RedoBuffer",
        Range::Number(32 * MI as u32, MI, NUMBER_MAX),
    ),
    row(
        157,
        "LongMessageBuffer",
        Range::Number(64 * MI as u32, 512 * KI, NUMBER_MAX),
    ),
    row(158, "BackupDataDir", Range::UnsetText),
    bytes(160, "DiskPageBufferMemory", 64 * MI),
    number(161, "", 5),
    number(162, "", 27),
    row(
        163,
        "DiskSyncSize",
        Range::Number(4 * MI as u32, 32 * KI, NUMBER_MAX),
    ),
    number(166, "MemReportFrequency", 0),
    number(167, "BackupReportFrequency", 0),
    flag(168, "ODirect", 0),
    number(169, "", 32 * MI as u32),
    row(170, "TimeBetweenEpochs", Range::Number(100, 0, 32000)),
    row(171, "TimeBetweenEpochsTimeout", Range::Number(0, 0, 256000)),
    flag(172, "CompressedBackup", 0),
    flag(173, "CompressedLCP", 0),
    number(174, "", 50),
    flag(175, "", 0),
    number(176, "", 0),
    flag(179, "RealtimeScheduler", 0),
    number(180, "", 0),
    number(181, "", 256),
    number(182, "MaxBufferedEpochs", 100),
    number(184, "StartupStatusReportFrequency", 0),
    row(185, "Nodegroup", Range::Unset(0, 65536)),
    number(186, "", 0),
    row(189, "InitFragmentLogFiles", Range::Text("sparse")),
    number(190, "", 2),
    bytes(198, "SharedGlobalMemory", 128 * MI),
    EXTRA_SEND,
    number(205, "", 10),
    number(206, "", 120_000),
    level(250, "LogLevelStartup", 8),
    level(251, "LogLevelShutdown", 8),
    level(252, "LogLevelStatistic", 0),
    level(253, "LogLevelCheckpoint", 0),
    level(254, "LogLevelNodeRestart", 8),
    level(255, "LogLevelConnection", 8),
    level(256, "LogLevelInfo", 0),
    // The recorded payloads have these two only where they are set.
    row(257, "LogLevelWarning", Range::Unset(0, 15)),
    level(258, "LogLevelError", 8),
    level(259, "LogLevelCongestion", 0),
    row(260, "LogLevelDebug", Range::Unset(0, 15)),
    level(261, "LogLevelBackup", 0),
    level(262, "LogLevelSchema", 0),
    row(
        350,
        "MaxBufferedEpochBytes",
        Range::Number(25 * MI as u32, 25 * MI, NUMBER_MAX),
    ),
    number(605, "", 0),
    number(606, "", 128),
    number(607, "", 0),
    number(609, "", 3),
    number(610, "", 0),
    number(611, "", 20),
    number(612, "", 3),
    number(613, "", 8192),
    number(614, "", 1),
    number(615, "", 1),
    number(616, "", 1),
    number(617, "", 256),
    number(618, "", 0),
    number(619, "", 15000),
    number(620, "", 1),
    number(621, "", 1),
    number(622, "", 32768),
    number(623, "", 100),
    number(624, "", 100),
    number(625, "", 100),
    number(626, "", 60),
    row(627, "", Range::Number(u32::MAX, 0, u32::MAX as u64)),
    row(628, "ThreadConfig", Range::Text("")),
    number(629, "", 1),
    number(630, "", 5),
    number(631, "", 180),
    row(632, "NoOfFragmentLogParts", Range::Number(4, 4, 32)),
    number(633, "", 0),
    number(634, "", 0),
    row(635, "ServerPort", Range::Unset(1, 65535)),
    number(636, "", 0),
    number(637, "", 120_000),
    row(
        638,
        "MinDiskWriteSpeed",
        Range::Number64(10 * MI, MI, 1024 * GI),
    ),
    row(
        639,
        "MaxDiskWriteSpeed",
        Range::Number64(20 * MI, MI, 1024 * GI),
    ),
    row(
        640,
        "MaxDiskWriteSpeedOtherNodeRestart",
        Range::Number64(50 * MI, MI, 1024 * GI),
    ),
    row(
        641,
        "MaxDiskWriteSpeedOwnRestart",
        Range::Number64(200 * MI, MI, 1024 * GI),
    ),
    number(642, "__debug_mixology_level", 0),
    number(643, "", 0),
    number(644, "", 0),
    row(645, "BackupDiskWriteSpeedPct", Range::Number(50, 0, 90)),
    number(646, "", 5),
    number(647, "", 16),
    number(648, "", 1),
    number(649, "", 1),
    number(650, "", 0),
    number(651, "", 64),
    number(652, "", 64),
    number(653, "", 64),
    number(654, "", 60),
    number(655, "", 0),
    number(656, "", 40),
    number(657, "", 0),
    number(658, "", 1),
    row(659, "EnableMultithreadedBackup", Range::Number(1, 0, 1)),
    number(660, "", 0),
    number(661, "", 0),
    number(662, "", 0),
    number(663, "", 0),
    number(664, "", 0),
    number(665, "", 0),
    number(666, "", 0),
    bytes(667, "TransactionMemory", 0),
    number(668, "", 0),
    number(669, "", 1),
    number(670, "", 0),
    row(671, "SpinMethod", Range::Text("StaticSpinning")),
    row(673, "RequireEncryptedBackup", Range::Number(0, 0, 1)),
    number(674, "", 2),
    number(675, "", 1),
    number(676, "", 0),
    number(677, "", 0),
    number(678, "", 60000),
    number(679, "", 0),
    row(680, "EncryptedFileSystem", Range::Number(0, 0, 1)),
    flag(681, "RequireTls", 0),
    number(682, "", 600),
    number(806, "", 0),
    number(0, "MaxNoOfExecutionThreads", 0),
    number(0, "MaxNoOfOpenFiles", 0),
    number(0, "InitialNoOfOpenFiles", 27),
    number(0, "HeartbeatOrder", 0),
    number(0, "ConnectCheckIntervalDelay", 0),
    number(0, "SchedulerSpinTimer", 0),
    number(0, "SchedulerExecutionTimer", 50),
    row(0, "AutomaticThreadConfig", Range::Flag(0)),
    number(0, "NumCPUs", 0),
    number(0, "Numa", 1),
    number(0, "DefaultHashmapSize", 0),
    number(0, "PartitionsPerNode", 2),
];

/// Parameters of a management server.
pub(super) const MANAGEMENT_SERVER: &[Parameter] = &[
    NODE_ID,
    row(5, "HostName", Range::Text("")),
    row(7, "DataDir", Range::Text("")),
    SEND_BUFFER,
    LOCATION,
    DEDICATED,
    flag(12, "RequireCertificate", 0),
    row(147, "LogDestination", Range::UnsetText),
    row(200, "ArbitrationRank", Range::Number(1, 0, 2)),
    number(201, "ArbitrationDelay", 0),
    EXTRA_SEND,
    row(
        204,
        "HeartbeatIntervalMgmdMgmd",
        Range::Number(1500, 100, NUMBER_MAX),
    ),
    row(300, "PortNumber", Range::Number(1186, 0, 65535)),
    flag(301, "RequireTls", 0),
    number(642, "__debug_mixology_level", 0),
];

/// Parameters of an API node.
pub(super) const API_NODE: &[Parameter] = &[
    NODE_ID,
    row(5, "HostName", Range::Text("")),
    SEND_BUFFER,
    LOCATION,
    DEDICATED,
    row(200, "ArbitrationRank", Range::Number(0, 0, 2)),
    number(201, "ArbitrationDelay", 0),
    EXTRA_SEND,
    number(642, "__debug_mixology_level", 0),
    row(
        800,
        "MaxScanBatchSize",
        Range::Number(256 * KI as u32, 1, 16 * MI),
    ),
    row(801, "BatchByteSize", Range::Number(16 * KI as u32, KI, MI)),
    row(802, "BatchSize", Range::Number(256, 1, 992)),
    flag(803, "AutoReconnect", 1),
    row(
        805,
        "DefaultOperationRedoProblemAction",
        Range::Number(1, 0, 1),
    ),
    number(806, "DefaultHashmapSize", 0),
    number(807, "ConnectBackoffMaxTime", 1500),
    number(808, "StartConnectBackoffMaxTime", 0),
];

/// Parameters of a TCP connection.
pub(super) const TCP: &[Parameter] = &[
    row(400, "NodeId1", Range::Unset(1, 255)),
    row(401, "NodeId2", Range::Unset(1, 255)),
    flag(402, "SendSignalId", 1),
    flag(403, "Checksum", 0),
    row(406, "PortNumber", Range::Unset(0, u32::MAX as u64)),
    row(407, "HostName1", Range::UnsetText),
    row(408, "HostName2", Range::UnsetText),
    row(409, "Group", Range::Number(55, 0, 200)),
    row(410, "NodeIdServer", Range::Unset(1, 255)),
    number(411, "", 0),
    number(412, "", 0),
    number(413, "", 0),
    row(414, "PreferIPVersion", Range::Number(4, 4, 6)),
    row(
        454,
        "SendBufferMemory",
        Range::Number(2 * MI as u32, 256 * KI, NUMBER_MAX),
    ),
    row(
        455,
        "ReceiveBufferMemory",
        Range::Number(2 * MI as u32, 16 * KI, NUMBER_MAX),
    ),
    number(457, "OverloadLimit", 0),
    number(458, "TCP_SND_BUF_SIZE", 0),
    number(459, "TCP_RCV_BUF_SIZE", 0),
    number(460, "TCP_MAXSEG_SIZE", 0),
    flag(461, "TcpBind_INADDR_ANY", 0),
    number(462, "", 0),
];

/// Parameters of the system section.
pub(super) const SYSTEM: &[Parameter] = &[
    row(1, "PrimaryMGMNode", Range::Unset(0, 255)),
    row(2, "ConfigGenerationNumber", Range::Number(1, 0, NUMBER_MAX)),
    row(3, "Name", Range::UnsetText),
];

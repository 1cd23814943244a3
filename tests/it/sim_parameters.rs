//! config.ini: every parameter of the protocol's table with its type, default, range and unit, as
//! the management server packs it for its clients, and every fault by file, line and name.

use std::collections::BTreeMap;
use std::path::Path;

use ndbmgm::cluster::NodeId;
use ndbmgm::sim::{Topology, parse_config_file};
use ndbmgm::wire::config::{ClusterConfig, Section, SectionKind, Value, decode_text};

use crate::trace::{Side, Trace};

/// Key, name, sections, type, default, smallest, largest (management protocol, 5.4). Sections: D
/// data node, A API node, M management server, C connection, S system. A default of `-` is none;
/// `=DataDir` is that parameter's value; `D:` and `M:` are the defaults of those sections.
const TABLE: &str = "\
5   HostName                          D   text  localhost 0 0
5   HostName                          AM  text  '' 0 0
7   DataDir                           D   text  . 0 0
7   DataDir                           M   text  '' 0 0
9   TotalSendBufferMemory             DAM int   0 256K 4294967039
10  LocationDomainId                  DAM int   - 0 16
11  Dedicated                         DAM bool  0 0 1
12  RequireCertificate                DM  bool  0 0 1
132 ParallelBackups                   D   int   1 1 1
133 BackupMemory                      D   int   32M 0 4294967039
134 BackupDataBufferSize              D   int   1M 512K 4294967039
135 BackupLogBufferSize               D   int   16M 2M 4294967039
136 BackupWriteSize                   D   int   256K 32K 4294967039
139 BackupMaxWriteSize                D   int   1M 256K 4294967039
125 FileSystemPath                    D   text  =DataDir 0 0
148 Diskless                          D   bool  0 0 1
158 BackupDataDir                     D   text  =FileSystemPath 0 0
163 DiskSyncSize                      D   int   4M 32K 4294967039
166 MemReportFrequency                D   int   0 0 4294967039
167 BackupReportFrequency             D   int   0 0 4294967039
168 ODirect                           D   bool  0 0 1
172 CompressedBackup                  D   bool  0 0 1
173 CompressedLCP                     D   bool  0 0 1
184 StartupStatusReportFrequency      D   int   0 0 4294967039
200 ArbitrationRank                   A   int   0 0 2
200 ArbitrationRank                   M   int   1 0 2
201 ArbitrationDelay                  AM  int   0 0 4294967039
203 ExtraSendBufferMemory             DAM int64 0 0 32G
204 HeartbeatIntervalMgmdMgmd         M   int   1500 100 4294967039
250 LogLevelStartup                   D   int   8 0 15
251 LogLevelShutdown                  D   int   8 0 15
252 LogLevelStatistics                D   int   0 0 15
253 LogLevelCheckpoint                D   int   0 0 15
254 LogLevelNodeRestart               D   int   8 0 15
255 LogLevelConnection                D   int   8 0 15
256 LogLevelInfo                      D   int   0 0 15
257 LogLevelWarning                   D   int   - 0 15
258 LogLevelError                     D   int   8 0 15
259 LogLevelCongestion                D   int   0 0 15
260 LogLevelDebug                     D   int   - 0 15
261 LogLevelBackup                    D   int   0 0 15
262 LogLevelSchema                    D   int   0 0 15
300 PortNumber                        M   int   1186 0 65535
301 RequireTls                        M   bool  0 0 1
147 LogDestination                    M   text  - 0 0
635 ServerPort                        D   int   - 1 65535
638 MinDiskWriteSpeed                 D   int64 10M 1M 1024G
639 MaxDiskWriteSpeed                 D   int64 20M 1M 1024G
640 MaxDiskWriteSpeedOtherNodeRestart D   int64 50M 1M 1024G
641 MaxDiskWriteSpeedOwnRestart       D   int64 200M 1M 1024G
645 BackupDiskWriteSpeedPct           D   int   50 0 90
659 EnableMultithreadedBackup         D   int   1 0 1
673 RequireEncryptedBackup            D   int   0 0 1
680 EncryptedFileSystem               D   int   0 0 1
681 RequireTls                        D   bool  0 0 1
406 PortNumber                        C   int   0 0 4294967295
407 HostName1                         C   text  localhost 0 0
408 HostName2                         C   text  localhost 0 0
410 NodeIdServer                      C   int   1 1 255
1   PrimaryMGMNode                    S   int   49 0 255
2   ConfigGenerationNumber            S   int   1 0 4294967039
3   Name                              S   text  simulated 0 0
";

/// One line of the table for one kind of section.
struct Row {
    key: u32,
    name: &'static str,
    section: char,
    kind: &'static str,
    default: &'static str,
    smallest: u64,
    largest: u64,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for line in TABLE.lines() {
        let words: Vec<&'static str> = line.split_ascii_whitespace().collect();
        let [key, name, sections, kind, default, smallest, largest] = words[..] else {
            panic!("a row has seven columns: {line}");
        };
        for section in sections.chars() {
            rows.push(Row {
                key: key.parse().unwrap(),
                name,
                section,
                kind,
                default,
                smallest: number(smallest),
                largest: number(largest),
            });
        }
    }
    rows
}

fn number(text: &str) -> u64 {
    let unit = match text.chars().last().unwrap() {
        'K' => 1 << 10,
        'M' => 1 << 20,
        'G' => 1 << 30,
        _ => return text.parse().unwrap(),
    };
    text[..text.len() - 1].parse::<u64>().unwrap() * unit
}

/// The line of [`config_with`] that sets the parameter.
const LINE: usize = 3;

/// A cluster in which `line` stands in one section of the kind, on line [`LINE`] of the file.
fn config_with(section: char, line: &str) -> String {
    let nodes = [
        ('D', "[ndbd]\nNodeId=1"),
        ('M', "[ndb_mgmd]\nNodeId=49"),
        ('A', "[mysqld]\nNodeId=50"),
    ];
    let mut first = match section {
        // The node ids come behind, so that the parameter's line is the same in every section.
        'C' => format!("[tcp]\n\n{line}\nNodeId1=1\nNodeId2=2\n"),
        'S' => format!("[system]\n\n{line}\n"),
        _ => String::new(),
    };
    let mut rest = String::new();
    for (kind, text) in nodes {
        if kind == section {
            first = format!("{text}\n{line}\n");
        } else {
            rest.push_str(text);
            rest.push('\n');
        }
    }
    format!("{first}{rest}[ndbd]\nNodeId=2\n[api]\nNodeId=51\n")
}

fn load(text: &str) -> Result<Topology, String> {
    parse_config_file(text, Path::new("conf/config.ini")).map_err(|error| error.to_string())
}

/// The configuration as the management server of this config.ini gives it to a client.
fn packed(text: &str) -> ClusterConfig {
    let topology = load(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    topology.to_config().unwrap()
}

/// The parameter of the section that [`config_with`] puts it in.
fn value(config: &ClusterConfig, section: char, key: u32) -> Option<Value> {
    let node = |id| config.parameter(NodeId::new(id).unwrap(), key).cloned();
    match section {
        'D' => node(1),
        'M' => node(49),
        'A' => node(50),
        'S' => config.system().get(key).cloned(),
        _ => {
            let pair =
                |section: &&Section| section.int(400) == Some(1) && section.int(401) == Some(2);
            let own = config.connection_sections().iter().find(pair).unwrap();
            let shared = config.defaults(SectionKind::Tcp).unwrap();
            own.get(key).or_else(|| shared.get(key)).cloned()
        }
    }
}

fn numeric(kind: &str, number: u64) -> Value {
    match kind {
        "int64" => Value::Int64(number),
        _ => Value::Int(u32::try_from(number).expect("32 bits")),
    }
}

#[test]
fn every_parameter_is_packed_under_its_key_with_its_default() {
    let config = packed(&config_with('D', ""));
    for row in rows() {
        let want = match (row.kind, row.default) {
            (_, "-") => None,
            ("text", "''") => Some(Value::Text(String::new())),
            ("text", "=DataDir" | "=FileSystemPath") => Some(Value::Text(".".to_owned())),
            ("text", text) => Some(Value::Text(text.to_owned())),
            (kind, default) => Some(numeric(kind, number(default))),
        };
        let have = value(&config, row.section, row.key);
        assert_eq!(have, want, "{} of {}", row.name, row.section);
    }
}

#[test]
fn every_number_takes_its_smallest_and_largest_value_and_nothing_beyond() {
    let mut refused = 0;
    for row in rows().iter().filter(|row| row.kind != "text") {
        let (name, section) = (row.name, row.section);
        for number in [row.smallest, row.largest] {
            let config = packed(&config_with(section, &format!("{name}={number}")));
            let want = Some(numeric(row.kind, number));
            assert_eq!(
                value(&config, section, row.key),
                want,
                "{name} of {section}"
            );
        }
        let beyond = [row.smallest.checked_sub(1), Some(row.largest + 1)];
        for number in beyond.into_iter().flatten() {
            let error = load(&config_with(section, &format!("{name}={number}")))
                .map(|_| ())
                .unwrap_err();
            let why = match row.kind {
                "bool" => "is neither true nor false".to_owned(),
                _ => format!("is out of range, {} to {}", row.smallest, row.largest),
            };
            // The name as the table of the program has it.
            let shown = name.replace("LogLevelStatistics", "LogLevelStatistic");
            let want = format!("conf/config.ini: line {LINE}: {shown}={number}: {why}");
            assert_eq!(error, want);
            refused += 1;
        }
    }
    assert!(refused > 70, "{refused}");
}

#[test]
fn numbers_take_binary_units_in_either_case_and_nothing_else() {
    let mut checked = 0;
    for row in rows().iter().filter(|row| row.kind.starts_with("int")) {
        let (name, section) = (row.name, row.section);
        for (unit, letters) in [(1 << 10, "kK"), (1 << 20, "mM"), (1 << 30, "gG")] {
            let count = row.smallest.div_ceil(unit).max(1);
            if count * unit > row.largest {
                continue;
            }
            for letter in letters.chars() {
                let config = packed(&config_with(section, &format!("{name}={count}{letter}")));
                let want = Some(numeric(row.kind, count * unit));
                assert_eq!(
                    value(&config, section, row.key),
                    want,
                    "{name}={count}{letter}"
                );
                checked += 1;
            }
        }
        for bad in ["", "K", "1T", "1.5M", "-1", "+1", "0x10", "1 000", "one"] {
            let error = load(&config_with(section, &format!("{name}={bad}")))
                .map(|_| ())
                .unwrap_err();
            let place = format!("conf/config.ini: line {LINE}: ");
            assert!(error.starts_with(&place), "{error}");
            assert!(error.ends_with("is not a number"), "{error}");
        }
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn flags_take_the_usual_words() {
    for row in rows().iter().filter(|row| row.kind == "bool") {
        let (name, section) = (row.name, row.section);
        let words = [
            ("Y", 1),
            ("true", 1),
            ("YES", 1),
            ("n", 0),
            ("False", 0),
            ("no", 0),
        ];
        for (word, number) in words {
            let config = packed(&config_with(section, &format!("{name} : {word}")));
            let want = Some(Value::Int(number));
            assert_eq!(value(&config, section, row.key), want, "{name}={word}");
        }
    }
}

#[test]
fn texts_are_packed_as_written_and_directories_follow_each_other() {
    for row in rows().iter().filter(|row| row.kind == "text") {
        let text = "/a dir/With.Case-1:2";
        let config = packed(&config_with(row.section, &format!("{}={text}", row.name)));
        let want = Some(Value::Text(text.to_owned()));
        assert_eq!(value(&config, row.section, row.key), want, "{}", row.name);
    }
    let config = packed(&config_with('D', "DataDir=/data"));
    for key in [7, 125, 158] {
        let want = Some(Value::Text("/data".to_owned()));
        assert_eq!(value(&config, 'D', key), want, "key {key}");
    }
    let config = packed(&config_with('D', "FileSystemPath=/fs"));
    assert_eq!(
        value(&config, 'D', 158),
        Some(Value::Text("/fs".to_owned()))
    );
    assert_eq!(value(&config, 'D', 7), Some(Value::Text(".".to_owned())));
}

#[test]
fn node_ids_nodegroups_and_replicas_have_their_ranges() {
    let refusals = [
        (
            "[ndbd]\nNodeId=0\n",
            2,
            "NodeId=0: is out of range, 1 to 144",
        ),
        (
            "[ndbd]\nId=145\n",
            2,
            "NodeId=145: is out of range, 1 to 144",
        ),
        (
            "[api]\nNodeId=256\n",
            2,
            "NodeId=256: is out of range, 1 to 255",
        ),
        (
            "[mgm]\nNodeId=256\n",
            2,
            "NodeId=256: is out of range, 1 to 255",
        ),
        (
            "[ndbd]\nNodegroup=65537\n",
            2,
            "Nodegroup=65537: is out of range, 0 to 65536",
        ),
        (
            "[ndbd]\nNoOfReplicas=0\n",
            2,
            "NoOfReplicas=0: is out of range, 1 to 4",
        ),
        (
            "[db default]\nNoOfReplicas=5\n",
            2,
            "NoOfReplicas=5: is out of range, 1 to 4",
        ),
        (
            "[tcp]\nNodeId1=0\n",
            2,
            "NodeId1=0: is out of range, 1 to 255",
        ),
        (
            "[tcp]\nNodeId2=256\n",
            2,
            "NodeId2=256: is out of range, 1 to 255",
        ),
    ];
    for (text, line, why) in refusals {
        let want = format!("conf/config.ini: line {line}: {why}");
        assert_eq!(load(text).map(|_| ()), Err(want));
    }
    for replicas in 1..=4 {
        let text = format!(
            "[ndbd default]\nNoOfReplicas={replicas}\n[ndb_mgmd]\nId=49\n[api]\nId=255\n\
             [ndbd]\nId=1\n[ndbd]\nId=2\n[ndbd]\nId=3\nNodegroup=65536\n[ndbd]\n\
             Id=144\nNodegroup=65536\n"
        );
        let loaded = load(&text);
        if replicas < 3 {
            let config = packed(&text);
            let node = |id, key| config.parameter(NodeId::new(id).unwrap(), key).cloned();
            assert_eq!(node(144, 101), Some(Value::Int(replicas)));
            assert_eq!(node(144, 185), Some(Value::Int(65536)));
            assert_eq!(node(1, 185), Some(Value::Int(0)));
            assert_eq!(config.nodes().last().unwrap().node.get(), 255);
        } else {
            // Two data nodes in nodegroups do not make one of three.
            assert!(loaded.unwrap_err().contains("NoOfReplicas"));
        }
    }
    let both =
        "[ndbd default]\nNoOfReplicas=4\n[mgm]\nId=49\n[api]\n[ndbd]\n[ndbd]\n[ndbd]\n[ndbd]\n";
    let config = packed(both);
    assert_eq!(
        config.parameter(NodeId::new(1).unwrap(), 101),
        Some(&Value::Int(4))
    );
}

#[test]
fn what_is_in_no_table_is_refused_with_file_line_and_name() {
    // A parameter of another kind of section is as unknown as one that does not exist.
    let foreign = [
        ('D', "ArbitrationRank=1"),
        ('D', "PortNumber=1186"),
        ('D', "HostName1=a"),
        ('A', "NoOfReplicas=2"),
        ('A', "DataDir=/d"),
        ('M', "BackupDataDir=/d"),
        ('M', "CompressedBackup=1"),
        ('C', "NodeId=1"),
        ('S', "HostName=a"),
    ];
    for (section, line) in foreign {
        let error = load(&config_with(section, line)).map(|_| ()).unwrap_err();
        let name = line.split('=').next().unwrap();
        let want = format!("conf/config.ini: line {LINE}: unknown parameter {name}");
        assert_eq!(error, want);
    }
    for row in rows() {
        let (name, section) = (row.name, row.section);
        let error = load(&config_with(section, &format!("{name}x=1"))).map(|_| ());
        let want = format!("conf/config.ini: line {LINE}: unknown parameter {name}x");
        assert_eq!(error, Err(want));
        let good = match row.kind {
            "text" => "a".to_owned(),
            _ => row.smallest.to_string(),
        };
        let twice = format!("{name}={good}\n{}={good}", name.to_uppercase());
        let error = load(&config_with(section, &twice)).map(|_| ()).unwrap_err();
        let place = format!("conf/config.ini: line {}: ", LINE + 1);
        assert!(error.starts_with(&place), "{error}");
        assert!(error.ends_with(" is set twice in this section"), "{error}");
    }
}

/// The packed configuration of the recorded cluster, as the original client got it.
fn recorded() -> ClusterConfig {
    let trace = Trace::read("show");
    let chunks = trace.connections.iter().flatten();
    let texts = chunks
        .filter(|chunk| chunk.side == Side::Server)
        .filter_map(|chunk| {
            let at = chunk
                .lines
                .iter()
                .position(|line| line.starts_with("TkRC"))?;
            Some(chunk.lines[at..].join("\n"))
        });
    let text: String = texts.collect();
    ClusterConfig::decode_v2(&decode_text(text.as_bytes()).unwrap()).unwrap()
}

/// The recorded cluster without what its config.ini sets to fit a small, slow machine.
const RECORDED_CLUSTER: &str = "\
[ndb_mgmd]
NodeId=1
HostName=localhost
PortNumber=11860
DataDir=/var/lib/mysql-cluster/mgm
[ndbd]
NodeId=2
DataDir=/var/lib/mysql-cluster/2
[ndbd]
NodeId=3
DataDir=/var/lib/mysql-cluster/3
[mysqld]
NodeId=10
[mysqld]
NodeId=11
[mysqld]
NodeId=12
[mysqld]
NodeId=13
[system]
Name=MC_20261122070957
";

/// What the recorded config.ini sets on its data nodes: key, recorded value, default.
const RECORDED_SETTINGS: [(u32, &str, &str); 14] = [
    (107, "10000", "32768"),
    (112, "134217728", "102760448"),
    (118, "15000", "5000"),
    (119, "15000", "1500"),
    (123, "60000", "6000"),
    (126, "3", "16"),
    (131, "60000", "1200"),
    (140, "4194304", "16777216"),
    (156, "8388608", "33554432"),
    (160, "8388608", "67108864"),
    (167, "1", "0"),
    (198, "33554432", "134217728"),
    (
        628,
        "main={count=1},ldm={count=1},tc={count=1},recv={count=1}",
        "",
    ),
    (667, "16777216", "0"),
];

/// All values of a connection by key, its own before those of all.
fn whole(config: &ClusterConfig, section: &Section) -> BTreeMap<u32, Value> {
    let shared = config.defaults(SectionKind::Tcp).unwrap().entries();
    shared.iter().chain(section.entries()).cloned().collect()
}

#[test]
fn the_default_payload_equals_the_recorded_one_key_by_key() {
    let (recorded, ours) = (recorded(), packed(RECORDED_CLUSTER));
    for (kind, differences) in [
        (SectionKind::DataNode, &RECORDED_SETTINGS[..]),
        (SectionKind::ApiNode, &[]),
        (SectionKind::ManagementServer, &[]),
        (SectionKind::Tcp, &[]),
        (SectionKind::SharedMemory, &[]),
    ] {
        let entries = |config: &ClusterConfig| config.defaults(kind).unwrap().entries().to_vec();
        let mut want = entries(&recorded);
        for (key, set, default) in differences {
            let entry = want.iter_mut().find(|(other, _)| other == key).unwrap();
            assert_eq!(entry.1.to_string(), *set, "key {key}");
            entry.1 = match &entry.1 {
                Value::Int(_) => Value::Int(default.parse().unwrap()),
                Value::Int64(_) => Value::Int64(default.parse().unwrap()),
                Value::Text(_) => Value::Text((*default).to_owned()),
            };
        }
        assert_eq!(entries(&ours), want, "{kind:?}");
    }
    assert_eq!(ours.system(), recorded.system());
    let nodes = |config: &ClusterConfig| config.node_sections().to_vec();
    assert_eq!(nodes(&ours), nodes(&recorded));
}

#[test]
fn connections_have_the_recorded_host_names_and_servers() {
    let (recorded, ours) = (recorded(), packed(RECORDED_CLUSTER));
    let connections = |config: &ClusterConfig| -> Vec<BTreeMap<u32, Value>> {
        let sections = config.connection_sections().iter();
        sections.map(|section| whole(config, section)).collect()
    };
    let mut want = connections(&recorded);
    for connection in &mut want {
        // Between other than management servers the port is what a data node has told.
        if connection[&400] != Value::Int(1) {
            connection.insert(406, Value::Int(0));
        }
    }
    assert_eq!(want.len(), 11);
    assert_eq!(connections(&ours), want);
}

#[test]
fn a_connections_own_section_overrides_the_nodes_host_names() {
    let text = RECORDED_CLUSTER.to_owned()
        + "[tcp]\nNodeId1=2\nNodeId2=1\nHostName1=data\nHostName2=mgm\n";
    let config = packed(&text);
    let ends = |section: &&Section| (section.int(400), section.int(401)) == (Some(1), Some(2));
    let section = config.connection_sections().iter().find(ends).unwrap();
    let values = whole(&config, section);
    assert_eq!(values[&407], Value::Text("mgm".to_owned()));
    assert_eq!(values[&408], Value::Text("data".to_owned()));
}

//! Several management servers, the restart of one, and changes of the configuration.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use ndbmgm::cluster::{NodeId, NodeType};
use ndbmgm::sim::{self, FaultPlan, SimConfig, read_config_file};
use ndbmgm::wire::config::{ClusterConfig, Section, SectionKind, Value, decode_text, encode_text};

use crate::server::{self, Server};

const LIMIT: Duration = Duration::from_secs(60);

const CONFIG: &str = "\
[ndbd default]
NoOfReplicas=2
[ndbd]
NodeId=2
[ndbd]
NodeId=3
[ndb_mgmd]
NodeId=9
[ndb_mgmd]
NodeId=10
[mysqld]
NodeId=50
";

/// Keys of a node's section.
const NODE_ID: u32 = 3;
const MAX_SCAN_BATCH_SIZE: u32 = 800;

/// A cluster of two management servers, started from a file.
struct Servers(Server);

impl Servers {
    fn start() -> Self {
        Servers::with(FaultPlan::default())
    }

    fn with(faults: FaultPlan) -> Self {
        Servers(Server::start(|config, directory| {
            let file = directory.join("config.ini");
            std::fs::write(&file, CONFIG).unwrap();
            config.topology = read_config_file(&file).unwrap();
            config.faults = faults;
        }))
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.directory.path().join("config.ini")
    }

    fn first(&self) -> Line {
        Line::connect(self.0.handle.port())
    }

    fn second(&self) -> Line {
        let reply = self
            .first()
            .ask("show config\nNodeId: 10\nName: PortNumber\n\n");
        let port = reply
            .lines()
            .find_map(|line| line.strip_prefix("PortNumber="));
        Line::connect(port.unwrap().parse().unwrap())
    }

    fn log(&self, server: u32) -> String {
        let path = format!("node-{server}/ndb_{server}_cluster.log");
        std::fs::read_to_string(self.0.directory.path().join(path)).unwrap()
    }
}

struct Line(TcpStream);

impl Line {
    fn connect(port: u16) -> Line {
        Line(server::connect(port))
    }

    fn ask(&mut self, request: &str) -> String {
        self.0.write_all(request.as_bytes()).unwrap();
        self.block()
    }

    fn block(&mut self) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\n\n") {
            bytes.push(self.byte());
        }
        String::from_utf8(bytes).unwrap()
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.0
            .read_exact(&mut byte)
            .expect("a byte within the limit");
        byte[0]
    }

    /// The next record of a listener, after any PINGs.
    fn record(&mut self) -> String {
        let block = self.block();
        block.replace("<PING>\n", "")
    }

    fn config(&mut self) -> ClusterConfig {
        let head = self.ask("get config_v2\nversion: 0\n\n");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "));
        let length: usize = length.unwrap().parse().unwrap();
        let text: Vec<u8> = (0..=length).map(|_| self.byte()).collect();
        ClusterConfig::decode_v2(&decode_text(&text).unwrap()).unwrap()
    }

    fn set_config(&mut self, config: &ClusterConfig) -> String {
        let text = encode_text(&config.encode_v2());
        let length = text.len();
        self.ask(&format!(
            "set config_v2\nContent-Length: {length}\nContent-Type: ndbconfig/octet-stream\n\
             Content-Transfer-Encoding: base64\n\n{text}\n"
        ))
    }

    /// What comes until the server closes.
    fn rest(&mut self) -> String {
        let mut text = String::new();
        let _ = self.0.read_to_string(&mut text);
        text
    }
}

fn parameter(config: &ClusterConfig, node: u32, key: u32) -> u64 {
    match config.parameter(NodeId::new(node).unwrap(), key).unwrap() {
        Value::Int(number) => u64::from(*number),
        Value::Int64(number) => *number,
        Value::Text(text) => panic!("{text}"),
    }
}

fn generation(config: &ClusterConfig) -> u32 {
    config.system().int(2).unwrap()
}

#[test]
fn each_management_server_has_its_own_log_filters_and_sessions() {
    let servers = Servers::start();
    let (mut first, mut second) = (servers.first(), servers.second());
    assert_eq!(
        first.ask("get mgmd nodeid\n\n"),
        "get mgmd nodeid reply\nnodeid:9\n\n"
    );
    assert_eq!(
        second.ask("get mgmd nodeid\n\n"),
        "get mgmd nodeid reply\nnodeid:10\n\n"
    );
    let off = "set logfilter\nlevel: 2\nenable: 0\n\n";
    assert_eq!(second.ask(off), "set logfilter reply\nresult: 0\n\n");
    let quiet = "set cluster loglevel\nnode: 0\ncategory: 250\nlevel: 0\n\n";
    assert_eq!(
        second.ask(quiet),
        "set cluster loglevel reply\nresult: Ok\n\n"
    );
    assert!(first.ask("get info clusterlog\n\n").contains("info: 1\n"));
    assert!(second.ask("get info clusterlog\n\n").contains("info: 0\n"));
    assert!(
        first
            .ask("get cluster loglevel\n\n")
            .contains("startup: 7\n")
    );
    assert!(
        second
            .ask("get cluster loglevel\n\n")
            .contains("startup: 0\n")
    );
    // An event that a data node sends reaches both, and each decides.
    let reply = second.ask("start backup\nbackupid: 77\n\n");
    assert_eq!(reply, "start backup reply\nresult: Ok\nid: 77\n\n");
    let line = "Node 2: Backup 77 started from node 10\n";
    assert!(servers.log(9).contains(line), "{}", servers.log(9));
    assert!(
        !servers.log(10).contains("Backup 77"),
        "{}",
        servers.log(10)
    );
    // Sessions are those of one server.
    let sessions = |line: &mut Line| {
        let reply = line.ask("list sessions\n\n");
        reply
            .lines()
            .filter(|line| line.starts_with("session: "))
            .count()
    };
    let third = servers.second();
    let deadline = Instant::now() + LIMIT;
    while sessions(&mut second) < 3 {
        assert!(Instant::now() < deadline, "the third session is not listed");
    }
    drop(third);
    let status = second.ask("get status\ntypes: MGM\n\n");
    assert!(status.contains("node.9.status: CONNECTED\n"), "{status}");
    // One goes, the other serves on.
    let stop = "stop v2\nnode: 9\nabort: 0\nforce: 0\n\n";
    assert!(second.ask(stop).ends_with("disconnect: 0\n\n"));
    assert_eq!(first.rest(), "");
    assert_eq!(servers.log(9).matches("Shutting down server...").count(), 1);
    let status = second.ask("get status\ntypes: MGM\n\n");
    assert!(status.contains("node.9.status: NO_CONTACT\n"), "{status}");
    assert!(status.contains("node.10.status: CONNECTED\n"), "{status}");
}

#[test]
fn what_a_server_reports_itself_stays_with_its_listeners() {
    let servers = Servers::start();
    let (mut first, mut second) = (servers.first(), servers.second());
    for line in [&mut first, &mut second] {
        let reply = line.ask("listen event\nfilter: 255=8\nparsable: 1\n\n");
        assert_eq!(reply, "listen event\nresult: 0\n\n");
    }
    let mut other = servers.first();
    let stop = "stop v2\nnode: 3\nabort: 0\nforce: 0\n\n";
    assert_eq!(
        other.ask(stop),
        "stop reply\nresult: Ok\nstopped: 1\ndisconnect: 0\n\n"
    );
    for (line, server) in [(&mut first, 9), (&mut second, 10)] {
        let lost = |source: u32| {
            format!("log event reply\ntype=1\ntime=0\nsource_nodeid={source}\nnode=3\n\n")
        };
        assert_eq!(line.record(), lost(server));
        assert_eq!(
            line.record(),
            lost(2),
            "then the data node's, not the other server's"
        );
    }
}

#[test]
fn a_management_server_that_is_restarted_ends_its_sessions_and_is_back() {
    let servers = Servers::start();
    let (mut first, mut second) = (servers.first(), servers.second());
    first.ask("set logfilter\nlevel: 2\nenable: 0\n\n");
    let reply = first.ask("restart node v2\nnode: 9\nabort: 0\nforce: 0\n\n");
    assert_eq!(
        reply,
        "restart reply\nresult: Ok\nrestarted: 1\ndisconnect: 1\n\n"
    );
    assert_eq!(first.rest(), "");
    assert!(
        servers
            .first()
            .ask("get info clusterlog\n\n")
            .contains("info: 1\n")
    );
    let reply = second.ask("restart node v2\nnode: 9\nabort: 0\nforce: 0\n\n");
    assert_eq!(
        reply,
        "restart reply\nresult: Ok\nrestarted: 1\ndisconnect: 0\n\n"
    );
}

#[test]
fn a_changed_file_is_loaded_and_an_unusable_one_changes_nothing() {
    let servers = Servers::start();
    let mut line = servers.first();
    let before = line.config();
    assert_eq!(
        line.ask("reload config\n\n"),
        "reload config reply\nresult: Ok\n\n"
    );
    assert_eq!(line.config(), before, "nothing has changed");
    let changed = CONFIG.replace("NoOfReplicas=2", "NoOfReplicas=2\nBackupReportFrequency=7");
    std::fs::write(servers.file(), changed).unwrap();
    assert_eq!(
        line.ask("reload config\n\n"),
        "reload config reply\nresult: Ok\n\n"
    );
    let after = line.config();
    assert_eq!(parameter(&after, 3, 167), 7);
    assert_eq!(
        parameter(&after, 9, 300),
        parameter(&before, 9, 300),
        "the port stays"
    );
    assert_eq!(generation(&after), generation(&before) + 1);
    let file = servers.file();
    let refused = format!(
        "reload config reply\nresult: Could not load configuration from '{}'\n\n",
        file.display()
    );
    std::fs::write(&file, "[ndbd]\nFrobnicate=1\n").unwrap();
    assert_eq!(line.ask("reload config\n\n"), refused);
    assert!(
        servers
            .log(9)
            .contains("config.ini: line 2: unknown parameter Frobnicate\n")
    );
    std::fs::write(&file, format!("{CONFIG}[api]\nNodeId=51\n")).unwrap();
    let reply = line.ask("reload config\n\n");
    assert!(reply.contains("keeps its nodes"), "{reply}");
    assert_eq!(line.config(), after);
    let other = "reload config\nconfig_filename: /dev/zero\n\n";
    let reply = line.ask(other);
    assert!(
        reply.ends_with("Could not load configuration from '/dev/zero'\n\n"),
        "{reply}"
    );
}

#[test]
fn a_packed_configuration_is_taken_over_and_one_of_other_nodes_is_not() {
    let servers = Servers::start();
    let mut line = servers.first();
    let before = line.config();
    assert_eq!(line.set_config(&before), "set config reply\nresult: Ok\n\n");
    assert_eq!(line.config(), before);
    let reply = line.ask("set parameter\nnode: 3\nparameter: 645\nvalue: 25\n\n");
    assert_eq!(
        reply,
        "set parameter reply\nmessage: Success\nresult: 0\n\n"
    );
    let changed = line.config();
    assert_eq!(parameter(&changed, 2, 645), 50);
    assert_eq!(parameter(&changed, 3, 645), 25);
    for value in ["91", "many"] {
        let request = format!("set parameter\nnode: 3\nparameter: 645\nvalue: {value}\n\n");
        assert!(line.ask(&request).ends_with("result: -1\n\n"));
    }
    assert_eq!(line.config(), changed);
    // Back to what it was.
    assert_eq!(line.set_config(&before), "set config reply\nresult: Ok\n\n");
    let restored = line.config();
    assert_eq!(parameter(&restored, 3, 645), 50);
    assert_eq!(generation(&restored), generation(&before) + 1);
    // What was read before the change is stale.
    let reply = line.set_config(&before);
    let (stale, current) = (generation(&before), generation(&restored));
    assert_eq!(
        reply,
        format!(
            "set config reply\nresult: Invalid generation in configuration: {stale}, \
             expected {current}\n\n"
        )
    );
    assert_eq!(line.config(), restored);
    let other = Path::new("config.ini");
    let text = CONFIG.replace("NodeId=50", "NodeId=51");
    let mut config = SimConfig::new(servers.0.directory.path().join("other"));
    config.topology = sim::parse_config_file(&text, other).unwrap();
    let handle = sim::start(config).unwrap();
    let foreign = Line::connect(handle.port()).config();
    let reply = line.set_config(&foreign);
    assert!(reply.contains("keeps its nodes"), "{reply}");
    assert_eq!(line.config(), restored);
}

/// The configuration with a parameter of one node changed.
fn with(config: &ClusterConfig, node: u32, key: u32, value: u32) -> ClusterConfig {
    let kinds = [
        SectionKind::of_node(NodeType::Ndb),
        SectionKind::of_node(NodeType::Api),
        SectionKind::of_node(NodeType::Mgm),
        SectionKind::Tcp,
    ];
    let defaults = kinds.map(|kind| config.defaults(kind).unwrap().clone());
    let mut nodes = config.node_sections().to_vec();
    let own = |section: &&mut Section| section.int(NODE_ID) == Some(node);
    let section = nodes.iter_mut().find(own).unwrap();
    section.set(key, Value::Int(value));
    let connections = config.connection_sections().to_vec();
    ClusterConfig::new(defaults.into(), config.system().clone(), nodes, connections).unwrap()
}

#[test]
fn a_packed_value_has_the_range_of_the_servers_own_table() {
    let servers = Servers::start();
    let mut line = servers.first();
    let before = line.config();
    for value in [0, (16 << 20) + 1] {
        let reply = line.set_config(&with(&before, 50, MAX_SCAN_BATCH_SIZE, value));
        assert_eq!(
            reply,
            "set config reply\nresult: MaxScanBatchSize of node 50: is out of range, \
             1 to 16777216\n\n"
        );
    }
    assert_eq!(line.config(), before);
    let reply = line.set_config(&with(&before, 50, MAX_SCAN_BATCH_SIZE, 10));
    assert_eq!(reply, "set config reply\nresult: Ok\n\n");
    let after = line.config();
    assert_eq!(parameter(&after, 50, MAX_SCAN_BATCH_SIZE), 10);
    assert_eq!(generation(&after), generation(&before) + 1);
}

#[test]
fn a_server_says_once_that_it_shuts_down() {
    let servers = Servers::start();
    let mut line = servers.first();
    let reply = line.ask("stop all\nabort: 0\nstop: mgm,db\n\n");
    assert_eq!(
        reply,
        "stop reply\nresult: Ok\nstopped: 4\ndisconnect: 1\n\n"
    );
    let deadline = Instant::now() + LIMIT;
    while !servers.0.handle.has_ended() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    for server in [9, 10] {
        let log = servers.log(server);
        assert_eq!(log.matches("Shutting down server...").count(), 1, "{log}");
    }
}

#[test]
fn data_nodes_finish_their_backup_while_the_servers_are_dead_and_serve_them_again() {
    // It takes some seven seconds.
    let script = "slow-disk 2 5K\nslow-disk 3 5K\n\
                  in-backup 50ms kill-server\nin-backup 150ms start-server\n";
    let servers = Servers::with(FaultPlan::parse(script).unwrap());
    let mut line = servers.first();
    let reply = line.ask("start backup\ncompleted: 1\nbackupid: 7\n\n");
    assert_eq!(reply, "start backup reply\nresult: Ok\nid: 7\n\n");
    assert_eq!(line.rest(), "", "the connection ends without a word");
    let deadline = Instant::now() + LIMIT;
    let port = servers.0.handle.port();
    let stream = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => break stream,
            Err(_) => assert!(Instant::now() < deadline, "no server comes back"),
        }
        std::thread::yield_now();
    };
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut line = Line(stream);
    let mut listener = servers.first();
    let reply = listener.ask("listen event\nfilter: backup=15\nparsable: 1\n\n");
    assert_eq!(reply, "listen event\nresult: 0\n\n");
    let status = line.ask("get status\ntypes: NDB\n\n");
    assert_eq!(status.matches("status: STARTED\n").count(), 2, "{status}");
    assert_eq!(servers.0.handle.backups_running(), 1);
    let ended = listener.record();
    assert!(ended.starts_with("log event reply\ntype=56\n"), "{ended}");
    assert!(ended.contains("\nbackup_id=7\n"), "{ended}");
    for node in [2, 3] {
        let ctl = format!("node-{node}/BACKUP/BACKUP-7/BACKUP-7.{node}.ctl");
        assert!(servers.0.directory.path().join(ctl).exists());
    }
    for server in [9, 10] {
        let log = servers.log(server);
        assert!(!log.contains("Shutting down server"), "{log}");
        assert_eq!(log.matches(" started (simulated cluster)\n").count(), 2);
        assert!(log.contains(": Node 3 Connected\n"), "{log}");
    }
}

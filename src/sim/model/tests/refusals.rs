//! Every refusal that a simulated cluster can be brought to, by its number (management protocol,
//! 8.2), and the behaviours of the original that a client can trip over (9).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::*;
use super::LOOPBACK;
use crate::sim::parse_config_file;
use crate::wire::{Incoming, RequestReader};

/// Management server 1, data nodes 2 and 3, API nodes 10 and 11, of them 11 on another host.
const CONFIG: &str = "\
[ndb_mgmd]
NodeId=1
[ndbd default]
NoOfReplicas=2
[ndbd]
NodeId=2
[ndbd]
NodeId=3
[mysqld]
NodeId=10
[mysqld]
NodeId=11
HostName=192.0.2.7
";

const PHASE: Duration = Duration::from_millis(10);

/// A cluster that is asked in the protocol's own bytes; its clock moves only when told.
struct Asked {
    cluster: Cluster,
    now: Now,
    session: SessionId,
    attempt: u64,
}

impl Asked {
    fn new(config: &str) -> Self {
        let topology = parse_config_file(config, Path::new("config.ini")).unwrap();
        let pace = Pace {
            phase: PHASE,
            ..Pace::default()
        };
        let now = Duration::from_secs(1_000_000);
        let saved = SavedState::default();
        let mut cluster = Cluster::new(Arc::new(topology), pace, saved, now);
        let session = cluster.session_opened(NodeId::new(1).unwrap(), LOOPBACK);
        cluster.take_effects();
        Asked {
            cluster,
            now,
            session,
            attempt: 0,
        }
    }

    /// The reply so far; empty if it comes later.
    fn ask(&mut self, request: &str) -> String {
        let mut reader = RequestReader::new();
        reader.push(request.as_bytes());
        let Incoming::Request(request) = reader.next() else {
            panic!("no request: {request:?}");
        };
        let (session, now) = (self.session, self.now);
        self.cluster.apply(session, request, now);
        self.replies()
    }

    fn replies(&mut self) -> String {
        let mut text = String::new();
        for effect in self.cluster.take_effects() {
            match effect {
                Effect::Reply { reply, .. } => {
                    text.push_str(std::str::from_utf8(&reply.into_bytes()).unwrap());
                }
                Effect::DefineBackup(order) => self.attempt = order.attempt,
                _ => {}
            }
        }
        text
    }

    /// Lets so many phases pass.
    fn pass(&mut self, phases: u32) -> String {
        self.live(phases);
        self.replies()
    }

    fn live(&mut self, phases: u32) {
        let end = self.now + PHASE * phases;
        while self.now < end {
            self.now = self.cluster.next_deadline().max(self.now).min(end);
            let now = self.now;
            self.cluster.tick(now);
        }
    }

    fn report(&mut self, progress: NodeProgress) {
        for node in [2, 3] {
            let report = NodeReport {
                attempt: self.attempt,
                node: NodeId::new(node).unwrap(),
                progress,
            };
            let now = self.now;
            self.cluster.node_report(report, now);
        }
    }

    fn fail(&mut self, node: u32) {
        let now = self.now;
        self.cluster.fail_node(NodeId::new(node).unwrap(), now);
        self.cluster.take_effects();
    }
}

/// The result line of a refusal.
fn refusal(number: u32) -> String {
    format!("result: {}\n", ErrorNumber(number).text())
}

fn assert_refused(asked: &mut Asked, request: &str, number: u32) {
    let reply = asked.ask(request);
    assert!(reply.contains(&refusal(number)), "{request:?}: {reply:?}");
}

const NO_REPLICA_LEFT: &str = "stop v2\nnode: 2\nabort: 0\nforce: 0\n\n";

#[test]
fn orders_that_a_cluster_in_service_refuses() {
    let cases = [
        ("dump state\nnode: 10\nargs: 1\n\n", 5002),
        ("dump state\nnode: 99\nargs: 1\n\n", 5002),
        ("start\nnode: 1\n\n", 5002),
        ("stop v2\nnode: 10\nabort: 0\nforce: 0\n\n", 5002),
        ("insert error\nnode: 2\nerror: -5\n\n", 5007),
        ("set trace\nnode: 2\ntrace: -1\n\n", 5008),
        (
            "log signals\nnode: 2\nblocks: DBTC|NOBLOCK\nin: 1\nout: 0\n\n",
            5010,
        ),
        ("stop v2\nnode: 2 3\nabort: 0\nforce: 0\n\n", 5031),
        ("stop v2\nnode: 2 3\nabort: 1\nforce: 0\n\n", 5028),
        ("enter single user\nnodeId: 2\n\n", 5062),
        ("enter single user\nnodeId: 99\n\n", 5062),
        (
            "start backup\nencryption_password: a\"b\npassword_length: 3\n\n",
            1309,
        ),
        (
            "start backup\nencryption_password: a`b\npassword_length: 3\n\n",
            1309,
        ),
        ("start backup\nencryption_password: abc\n\n", 1311),
        ("dump state\nnode: 2\nargs: 12345678901234\n\n", 0),
    ];
    for (request, number) in cases {
        assert_refused(&mut Asked::new(CONFIG), request, number);
    }
    let mut asked = Asked::new(CONFIG);
    let long = "x".repeat(257);
    let request = format!("start backup\nencryption_password: {long}\npassword_length: 257\n\n");
    assert_refused(&mut asked, &request, 1310);
    for request in [
        "insert error\nnode: 2\nerror: 5\n\n",
        "set trace\nnode: 2\ntrace: 5\n\n",
        "log signals\nnode: 2\nblocks: DBTC|\nin: 1\nout: 0\n\n",
        "log signals\nnode: 2\nblocks:\"\"\nin: 1\nout: 1\n\n",
    ] {
        let reply = asked.ask(request);
        assert!(
            reply.ends_with(" reply\nresult: Ok\n\n"),
            "{request:?}: {reply:?}"
        );
    }
    assert_eq!(
        asked.ask("log signals\nnode: 2\nblocks: ALL\nin: 2\nout: 1\n\n"),
        ""
    );
}

#[test]
fn a_cluster_that_goes_down_takes_no_second_order() {
    let mut asked = Asked::new(CONFIG);
    assert_eq!(asked.ask("stop v2\nnode: 3\nabort: 0\nforce: 0\n\n"), "");
    assert_refused(&mut asked, "stop v2\nnode: 3\nabort: 0\nforce: 0\n\n", 5026);
    assert_refused(&mut asked, "stop all\nabort: 0\n\n", 5026);
    assert_eq!(
        asked.pass(6),
        "stop reply\nresult: Ok\nstopped: 1\ndisconnect: 0\n\n"
    );
    assert_refused(&mut asked, "stop v2\nnode: 3\nabort: 0\nforce: 0\n\n", 5005);
    assert_refused(&mut asked, "dump state\nnode: 3\nargs: 1\n\n", 5000);
    assert_refused(&mut asked, NO_REPLICA_LEFT, 5028);
    assert_eq!(asked.ask("stop all\nabort: 0\nstop: db\n\n"), "");
    assert_refused(&mut asked, "stop v2\nnode: 2\nabort: 0\nforce: 1\n\n", 5027);
    let reply = asked.ask("restart node v2\nnode: 2\nforce: 1\n\n");
    let system = ErrorNumber(5027).text();
    assert_eq!(
        reply,
        format!("restart reply\nresult: 5027-{system}\nrestarted: 0\ndisconnect: 0\n\n")
    );
    assert_eq!(
        asked.pass(6),
        "stop reply\nresult: Ok\nstopped: 1\ndisconnect: 0\n\n"
    );
    assert_refused(&mut asked, "abort backup\nid: 1\n\n", 5030);
    assert_refused(&mut asked, "start backup\n\n", 5005);
    assert_refused(
        &mut asked,
        "start backup\nencryption_password: a\npassword_length: 1\n\n",
        1307,
    );
    assert_eq!(
        asked.ask("exit single user\n\n"),
        "exit single user reply\nresult: Ok\n\n"
    );
}

#[test]
fn while_a_node_starts_nothing_is_stopped_unless_it_is_aborted() {
    let mut asked = Asked::new(CONFIG);
    assert_eq!(
        asked.ask("restart node v2\nnode: 3\nnostart: 1\nforce: 0\n\n"),
        ""
    );
    let reply = asked.pass(8);
    assert_eq!(
        reply,
        "restart reply\nresult: Ok\nrestarted: 1\ndisconnect: 0\n\n"
    );
    assert_eq!(
        asked.ask("start\nnode: 3\n\n"),
        "start reply\nresult: Ok\n\n"
    );
    asked.pass(3);
    assert_refused(&mut asked, NO_REPLICA_LEFT, 5063);
    assert_refused(&mut asked, "stop all\nabort: 0\n\n", 5063);
    assert_refused(&mut asked, "enter single user\nnodeId: 10\n\n", 5063);
    let text = ErrorNumber(5063).text();
    let refused = format!("restart reply\nresult: 5063-{text}\nrestarted: 0\n\n");
    assert_eq!(asked.ask("restart all\n\n"), refused);
    assert_eq!(asked.ask("restart node\nnode: 3\n\n"), refused);
    assert_eq!(asked.ask("stop all\nabort: 1\n\n"), "", "it is carried out");
}

#[test]
fn single_user_mode_refuses_the_restart_of_single_nodes() {
    let mut asked = Asked::new(CONFIG);
    asked.ask("enter single user\nnodeId: 10\n\n");
    assert_eq!(asked.pass(2), "enter single user reply\nresult: Ok\n\n");
    let reply = asked.ask("restart node v2\nnode: 3\nforce: 0\n\n");
    assert!(
        reply.starts_with("restart reply\nresult: 5063-Operation not"),
        "{reply:?}"
    );
}

#[test]
fn backups_are_refused_and_fail_with_their_numbers() {
    let mut asked = Asked::new(CONFIG);
    assert_eq!(asked.ask("start backup\nbackupid: 7\n\n"), "");
    assert_refused(&mut asked, "start backup\ncompleted: 1\n\n", 1302);
    // Without waiting the same refusal is an event only.
    let reply = asked.ask("start backup\ncompleted: 0\n\n");
    assert_eq!(reply, "start backup reply\nresult: Ok\n\n");
    asked.report(NodeProgress::Defined);
    assert_eq!(
        asked.ask("abort backup\nid: 4711\n\n"),
        "abort backup reply\nresult: Ok\n\n"
    );
    assert_eq!(
        asked.ask("abort backup\nid: 7\n\n"),
        "abort backup reply\nresult: Ok\n\n"
    );
    asked.report(NodeProgress::Removed);
    assert_eq!(
        asked.replies(),
        format!("start backup reply\n{}\n", refusal(1321))
    );
    for number in [1325, 1350] {
        asked.ask("start backup\nbackupid: 3\n\n");
        asked.report(match number {
            1350 => NodeProgress::Refused(ErrorNumber(number)),
            _ => NodeProgress::Failed(ErrorNumber(number)),
        });
        asked.report(NodeProgress::Removed);
        assert_eq!(
            asked.replies(),
            format!("start backup reply\n{}\n", refusal(number))
        );
    }
    // The given id has moved the sequence, although nothing was written under it.
    asked.ask("start backup\ncompleted: 1\n\n");
    asked.report(NodeProgress::Defined);
    assert_eq!(asked.replies(), "start backup reply\nresult: Ok\nid: 4\n\n");
    for (setting, number) in [("Diskless", 1306), ("RequireEncryptedBackup", 1308)] {
        let config = CONFIG.replace("NoOfReplicas=2", &format!("NoOfReplicas=2\n{setting}=1"));
        assert_refused(&mut Asked::new(&config), "start backup\n\n", number);
    }
    let mut asked = Asked::new(CONFIG);
    asked.ask("start backup\n\n");
    asked.report(NodeProgress::Defined);
    asked.fail(2);
    asked.report(NodeProgress::Removed);
    assert_eq!(
        asked.replies(),
        format!("start backup reply\n{}\n", refusal(1326))
    );
}

fn nodeid_request(arguments: &str) -> String {
    format!(
        "get nodeid\nversion: 591618\nuser: mysqld\npassword: mysqld\n\
         public key: a public key\nlog_event: 0\n{arguments}\n\n"
    )
}

#[test]
fn node_ids_are_handed_out_once_and_to_the_right_host() {
    let mut asked = Asked::new(CONFIG);
    let cases = [
        ("nodetype: 1\nnodeid: 10", "nodeid: 10\nresult: Ok"),
        (
            "nodetype: 1\nnodeid: 10",
            "result: Id 10 already allocated by another node.\nerror_code: 1101",
        ),
        (
            "nodetype: 1",
            "result: No free node id found for mysqld(API).\nerror_code: 1101",
        ),
        (
            "nodetype: 0",
            "result: No free node id found for ndbd(NDB).\nerror_code: 1101",
        ),
        (
            "nodetype: 2",
            "result: No free node id found for ndb_mgmd(MGM).\nerror_code: 1101",
        ),
        (
            "nodetype: 1\nnodeid: 1",
            "result: Id 1 configured as ndb_mgmd(MGM), connect attempted as mysqld(API).\n\
             error_code: 1102",
        ),
        (
            "nodetype: 1\nnodeid: 11",
            "result: Connection with id 11 done from host ip 127.0.0.1, not matching expected \
             192.0.2.7(192.0.2.7).\nerror_code: 1103",
        ),
        (
            "nodetype: 0\nnodeid: 2",
            "result: Id 2 already allocated by another node.\nerror_code: 1101",
        ),
        (
            "nodetype: 2\nnodeid: 1",
            "result: Id 1 is already allocated by this ndb_mgmd\nerror_code: 1102",
        ),
    ];
    for (arguments, reply) in cases {
        let want = format!("get nodeid reply\n{reply}\n\n");
        assert_eq!(asked.ask(&nodeid_request(arguments)), want, "{arguments}");
    }
    asked.fail(3);
    let want = "get nodeid reply\nnodeid: 3\nresult: Ok\n\n";
    assert_eq!(asked.ask(&nodeid_request("nodetype: 0\nnodeid: 0")), want);
    // An id is free again once its session is gone.
    let session = asked.session;
    asked.cluster.session_closed(session);
    asked.session = asked
        .cluster
        .session_opened(NodeId::new(1).unwrap(), LOOPBACK);
    let want = "get nodeid reply\nnodeid: 10\nresult: Ok\n\n";
    assert_eq!(asked.ask(&nodeid_request("nodetype: 1")), want);
    let elsewhere = CONFIG.replace("NodeId=10", "NodeId=10\nHostName=192.0.2.8");
    let want = "get nodeid reply\nresult: Connection done from host ip 127.0.0.1, not matching \
                any (resolved) configured address.\nerror_code: 1103\n\n";
    assert_eq!(
        Asked::new(&elsewhere).ask(&nodeid_request("nodetype: 1")),
        want
    );
    let two = format!("{CONFIG}[mgm]\nNodeId=8\n");
    let want = "get nodeid reply\nresult: Ambiguous node id's 1 and 8. Suggest specifying node id \
                in connectstring, or specifying unique host names in config file.\n\
                error_code: 1102\n\n";
    assert_eq!(Asked::new(&two).ask(&nodeid_request("nodetype: 2")), want);
}

#[test]
fn a_session_keeps_all_node_ids_that_it_has_got() {
    let api_nodes: String = (12..=17)
        .map(|id| format!("[api]\nNodeId={id}\n"))
        .collect();
    let mut asked = Asked::new(&format!("{CONFIG}{api_nodes}"));
    for id in [10, 12, 13, 14, 15, 16, 17] {
        let want = format!("get nodeid reply\nnodeid: {id}\nresult: Ok\n\n");
        assert_eq!(asked.ask(&nodeid_request("nodetype: 1")), want);
    }
    let none = "get nodeid reply\nresult: No free node id found for mysqld(API).\n\
                error_code: 1101\n\n";
    for _ in 0..2 {
        assert_eq!(asked.ask(&nodeid_request("nodetype: 1")), none);
    }
    let session = asked.session;
    asked.cluster.session_closed(session);
    asked.session = asked
        .cluster
        .session_opened(NodeId::new(1).unwrap(), LOOPBACK);
    let want = "get nodeid reply\nnodeid: 10\nresult: Ok\n\n";
    assert_eq!(asked.ask(&nodeid_request("nodetype: 1")), want);
}

#[test]
fn the_last_node_of_a_nodegroup_stops_when_it_is_aborted_and_takes_the_cluster_down() {
    let four = CONFIG.replace(
        "[mysqld]\nNodeId=10",
        "[ndbd]\nNodeId=4\n[ndbd]\nNodeId=5\n[mysqld]\nNodeId=10",
    );
    let mut asked = Asked::new(&four);
    asked.ask("stop v2\nnode: 3\nabort: 0\nforce: 0\n\n");
    let stopped = "stop reply\nresult: Ok\nstopped: 1\ndisconnect: 0\n\n";
    assert_eq!(asked.pass(6), stopped);
    assert_refused(&mut asked, NO_REPLICA_LEFT, 5028);
    assert_eq!(asked.ask("stop v2\nnode: 2\nabort: 1\nforce: 0\n\n"), "");
    assert_eq!(asked.pass(6), stopped);
    let status = asked.ask("get status\ntypes: NDB\n\n");
    assert_eq!(
        status.matches("status: NO_CONTACT\n").count(),
        4,
        "{status}"
    );
}

#[test]
fn a_shutdown_counts_the_servers_that_end_with_others() {
    for (servers, stopped) in [("", 2), ("[mgm]\nNodeId=20\n", 4)] {
        let mut asked = Asked::new(&format!("{CONFIG}{servers}"));
        assert_eq!(asked.ask("stop all\nabort: 0\nstop: mgm,db\n\n"), "");
        let want = format!("stop reply\nresult: Ok\nstopped: {stopped}\ndisconnect: 1\n\n");
        assert_eq!(asked.pass(6), want);
    }
}

/// A request of every command that has a reply, as few of them refused as can be.
const COMMANDS: [&str; 52] = [
    "check connection\n\n",
    "get version\n\n",
    "set clientversion\nmajor: 9\nminor: 7\nbuild: 2\n\n",
    "get mgmd nodeid\n\n",
    "start tls\n\n",
    "end session\n\n",
    "get status\n\n",
    "get config\nversion: 0\n\n",
    "get config_v2\nversion: 0\n\n",
    "get config_v2\nversion: 0\nfrom_node: 99\n\n",
    "set config\nContent-Length: 0\nContent-Type: ndbconfig/octet-stream\n\
     Content-Transfer-Encoding: base64\n\n",
    "set config_v2\nContent-Length: 0\nContent-Type: ndbconfig/octet-stream\n\
     Content-Transfer-Encoding: base64\n\n",
    "get nodeid\nversion: 1\nnodetype: 1\nuser: a\npassword: a\npublic key: a\n\n",
    "start backup\ncompleted: 0\n\n",
    "abort backup\nid: 1\n\n",
    "stop\nnode: 10\nabort: 0\n\n",
    "stop v2\nnode: 10\nabort: 0\n\n",
    "stop all\nabort: 0\n\n",
    "restart node\nnode: 10\n\n",
    "restart node v2\nnode: 10\n\n",
    "restart all\n\n",
    "start\nnode: 2\n\n",
    "start all\n\n",
    "enter single user\nnodeId: 10\n\n",
    "exit single user\n\n",
    "dump state\nnode: 2\nargs: 1\n\n",
    "insert error\nnode: 2\nerror: 5\n\n",
    "set trace\nnode: 2\ntrace: 5\n\n",
    "log signals\nnode: 2\nblocks: DBTC\nin: 1\nout: 0\n\n",
    "start signallog\nnode: 2\n\n",
    "stop signallog\nnode: 2\n\n",
    "set loglevel\nnode: 2\ncategory: 250\nlevel: 5\n\n",
    "set cluster loglevel\nnode: 2\ncategory: 250\nlevel: 5\n\n",
    "get cluster loglevel\n\n",
    "get info clusterlog\n\n",
    "set logfilter\nlevel: 1\nenable: 1\n\n",
    "dump events\ntype: 62\n\n",
    "listen event\nfilter: backup=15\n\n",
    "get session id\n\n",
    "get session\nid: 1\n\n",
    "purge stale sessions\n\n",
    "list certs\n\n",
    "get tls stats\n\n",
    "show config\n\n",
    "reload config\nmycnf: 1\n\n",
    "show variables\n\n",
    "set parameter\nnode: 2\nparameter: 645\nvalue: 25\n\n",
    "set connection parameter\nnode1: 2\nnode2: 3\nparam: 406\nvalue: 5\n\n",
    "get connection parameter\nnode1: 2\nnode2: 3\nparam: 406\n\n",
    "set ports\nnode: 2\nnum_ports: 1\n\n3=5\n\n",
    "create nodegroup\nnodes: 2 3\n\n",
    "drop nodegroup\nng: 0\n\n",
];

#[test]
fn every_request_is_answered_once_and_under_its_own_name() {
    for text in COMMANDS {
        let mut asked = Asked::new(CONFIG);
        let mut reader = RequestReader::new();
        reader.push(text.as_bytes());
        let Incoming::Request(request) = reader.next() else {
            panic!("no request: {text:?}");
        };
        let header = request.reply_header().expect("it has a reply");
        let (session, now) = (asked.session, asked.now);
        asked.cluster.apply(session, request, now);
        asked.live(40);
        let mut replies =
            asked
                .cluster
                .take_effects()
                .into_iter()
                .filter_map(|effect| match effect {
                    Effect::Reply { reply, .. } => Some(reply.into_bytes()),
                    _ => None,
                });
        let reply = replies
            .next()
            .unwrap_or_else(|| panic!("{text:?} is not answered"));
        let reply = String::from_utf8_lossy(&reply).into_owned();
        assert_eq!(reply.lines().next(), Some(header), "{text:?}");
        assert_eq!(replies.next(), None, "{text:?} is answered twice");
    }
}

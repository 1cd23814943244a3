//! The state machine without sockets: requests and reports in, effects out.

mod backup;
mod life;
mod refusals;
mod stop_verdicts;

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::cluster::{EventBody, Membership, NodeStatus, Nodegroup};
use crate::sim::parse_config_file;
use crate::wire::{
    BackupRequest, CreateNodegroupReply, EventItem, EventReader, EventsRequest, LogfilterReply,
    LogsRequest, NodeState, NodesRequest, Refusal, RestartReply, SessionRequest, StartAllReply,
    StartBackupReply, StatusRequest, StopReply, WirePassword,
};

const PHASE: Duration = Duration::from_millis(10);
/// Where all clients are.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const START: Now = Duration::from_secs(1_000_000);

/// A cluster with a clock that only the test moves.
struct Table {
    cluster: Cluster,
    now: Now,
    session: SessionId,
    effects: Vec<Effect>,
}

fn node(id: u32) -> NodeId {
    NodeId::new(id).unwrap()
}

impl Table {
    fn new(config: Option<&str>) -> Self {
        let topology = match config {
            Some(text) => parse_config_file(text, Path::new("config.ini")).unwrap(),
            None => Topology::default(),
        };
        let server = topology.of_type(NodeType::Mgm).next().unwrap().id;
        let pace = Pace {
            phase: PHASE,
            ..Pace::default()
        };
        let mut cluster = Cluster::new(Arc::new(topology), pace, SavedState::default(), START);
        let session = cluster.session_opened(server, LOOPBACK);
        cluster.take_effects();
        Table {
            cluster,
            now: START,
            session,
            effects: Vec::new(),
        }
    }

    fn collect(&mut self) {
        self.effects.extend(self.cluster.take_effects());
    }

    fn send(&mut self, request: Request) {
        let (session, now) = (self.session, self.now);
        self.cluster.apply(session, request, now);
        self.collect();
    }

    /// The replies so far.
    fn replies(&mut self) -> Vec<Reply> {
        let mut replies = Vec::new();
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Reply { reply, .. } => replies.push(reply),
                other => self.effects.push(other),
            }
        }
        replies
    }

    fn ask(&mut self, request: Request) -> Reply {
        self.send(request);
        let mut replies = self.replies();
        assert_eq!(replies.len(), 1, "{replies:?}");
        replies.remove(0)
    }

    /// One data node as `get status` shows it.
    fn state(&mut self, id: u32) -> NodeState {
        let Reply::Status(status) =
            self.ask(Request::Status(StatusRequest::GetStatus { types: None }))
        else {
            panic!("no node list");
        };
        let mut nodes = status.nodes.into_iter();
        nodes.find(|state| state.node.get() == id).unwrap()
    }

    /// Lets time pass until nothing but checkpoints is due.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now = self.cluster.next_deadline().max(self.now).min(end);
            let now = self.now;
            self.cluster.tick(now);
            self.collect();
            if self.now == end {
                break;
            }
        }
    }

    fn start(&mut self, wait: u32, id: Option<u32>) {
        self.send(Request::Backup(BackupRequest::StartBackup {
            wait,
            id,
            point: 0,
            password: None,
        }));
    }

    fn attempt(&self) -> u64 {
        let attempts = self.effects.iter().filter_map(|effect| match effect {
            Effect::DefineBackup(order) => Some(order.attempt),
            _ => None,
        });
        attempts.max().unwrap()
    }

    fn report(&mut self, id: u32, progress: NodeProgress) {
        let attempt = self.attempt();
        let report = NodeReport {
            attempt,
            node: node(id),
            progress,
        };
        let now = self.now;
        self.cluster.node_report(report, now);
        self.collect();
    }

    fn report_all(&mut self, progress: NodeProgress) {
        for id in [2, 3] {
            self.report(id, progress);
        }
    }

    fn listen(&mut self, filter: &str) -> SessionId {
        let listener = self.cluster.session_opened(node(1), LOOPBACK);
        let request = Request::Events(EventsRequest::ListenEvent {
            filter: filter.to_owned(),
            parsable: true,
        });
        let now = self.now;
        self.cluster.apply(listener, request, now);
        self.cluster.take_effects();
        listener
    }

    /// What listeners have got: source and body.
    fn events(&mut self) -> Vec<(u32, EventBody)> {
        let mut reader = EventReader::new();
        for effect in &self.effects {
            if let Effect::Event { bytes, .. } = effect {
                reader.push(bytes);
            }
        }
        let mut events = Vec::new();
        while let Some(item) = reader.next().unwrap() {
            if let EventItem::Event(event) = item {
                events.push((event.source.get(), event.body));
            }
        }
        self.effects
            .retain(|effect| !matches!(effect, Effect::Event { .. }));
        events
    }
}

fn backup_started(id: Option<u32>) -> Reply {
    Reply::StartBackup(StartBackupReply { id })
}

fn refused(command: &'static str, error: ErrorNumber) -> Reply {
    Reply::Refused(Refusal::error(command, error))
}

fn backup_refused(error: ErrorNumber) -> Reply {
    refused("start backup", error)
}

fn stop_refused(error: ErrorNumber) -> Reply {
    Reply::Refused(Refusal::Stop {
        error,
        stopped: 0,
        disconnect: Some(false),
    })
}

#[test]
fn a_listener_gets_what_its_filter_lets_through() {
    let mut table = Table::new(None);
    table.listen("startup=1");
    table.start(0, None);
    assert!(table.events().is_empty());
    let now = table.now;
    let stop = Request::Nodes(NodesRequest::Stop {
        nodes: "3".to_owned(),
        abort: false,
        force: Some(false),
    });
    let session = table.session;
    table.cluster.apply(session, stop, now);
    table.collect();
    let events = table.events();
    assert_eq!(events, [(3, EventBody::NodeStopStarted { cluster: false })]);
}

#[test]
fn a_node_stops_and_the_last_of_its_nodegroup_does_not() {
    let mut table = Table::new(None);
    let stop = |nodes: &str| {
        Request::Nodes(NodesRequest::Stop {
            nodes: nodes.to_owned(),
            abort: false,
            force: Some(false),
        })
    };
    table.send(stop("3"));
    assert_eq!(table.replies(), []);
    assert_eq!(table.state(3).status, NodeStatus::ShuttingDown);
    table.pass(PHASE * 6);
    let stopped = StopReply {
        stopped: 1,
        disconnect: Some(false),
    };
    assert_eq!(table.replies(), [Reply::Stop(stopped)]);
    assert_eq!(table.state(3).status, NodeStatus::NoContact);
    for (nodes, error) in [
        ("2", ErrorNumber::SYSTEM_CRASH),
        ("3", ErrorNumber::SEND_OR_RECEIVE_FAILED),
        ("4", ErrorNumber::WRONG_PROCESS_TYPE),
    ] {
        assert_eq!(table.ask(stop(nodes)), stop_refused(error));
    }
}

#[test]
fn a_restart_passes_through_not_started_and_the_phases() {
    let mut table = Table::new(None);
    table.send(Request::Nodes(NodesRequest::RestartNode {
        nodes: "3".to_owned(),
        initial: false,
        nostart: true,
        abort: false,
        force: Some(false),
    }));
    table.pass(PHASE * 8);
    let restarted = RestartReply {
        restarted: 1,
        disconnect: Some(false),
    };
    assert_eq!(table.replies(), [Reply::Restart(restarted)]);
    assert_eq!(table.state(3).status, NodeStatus::NotStarted);
    let command = "start";
    let started = table.ask(Request::Nodes(NodesRequest::Start { node: 3 }));
    assert_eq!(started, Reply::Done { command });
    table.pass(PHASE * 3);
    assert_eq!(table.state(3).status, NodeStatus::Starting);
    table.pass(PHASE * 20);
    let state = table.state(3);
    assert_eq!(
        (state.status, state.dynamic_id),
        (NodeStatus::Started, Some(3))
    );
    assert_eq!(table.state(2).dynamic_id, Some(-1));
}

#[test]
fn single_user_mode_names_its_api_node() {
    let mut table = Table::new(None);
    table.ask(Request::Session(SessionRequest::SetClientVersion {
        version: crate::cluster::Version::OURS,
    }));
    let command = "enter single user";
    assert_eq!(
        table.ask(Request::Nodes(NodesRequest::EnterSingleUser { node: 2 })),
        refused(command, ErrorNumber::NOT_AN_API_NODE)
    );
    table.send(Request::Nodes(NodesRequest::EnterSingleUser { node: 5 }));
    table.pass(PHASE * 2);
    assert_eq!(table.replies(), [Reply::Done { command }]);
    assert_eq!(table.state(2).status, NodeStatus::SingleUserMode);
    assert!(table.state(5).is_single_user);
    assert!(!table.state(4).is_single_user);
    table.ask(Request::Nodes(NodesRequest::ExitSingleUser));
    assert_eq!(table.state(2).status, NodeStatus::Started);
}

#[test]
fn without_data_nodes_requests_fail_as_recorded() {
    let mut table = Table::new(None);
    for id in [2, 3] {
        let now = table.now;
        table.cluster.fail_node(node(id), now);
    }
    table.collect();
    let backup = |password: Option<&str>| {
        Request::Backup(BackupRequest::StartBackup {
            wait: 0,
            id: None,
            point: 0,
            password: password.map(|text| WirePassword::new(text.as_bytes().to_vec().into())),
        })
    };
    assert_eq!(
        table.ask(backup(None)),
        backup_refused(ErrorNumber::SEND_OR_RECEIVE_FAILED)
    );
    assert_eq!(
        table.ask(backup(Some("x"))),
        backup_refused(ErrorNumber::ENCRYPTION_NOT_SUPPORTED)
    );
    assert_eq!(
        table.ask(Request::Backup(BackupRequest::AbortBackup { id: 5 })),
        refused("abort backup", ErrorNumber::NO_CONTACT_WITH_DATA_NODES)
    );
    let started = StartAllReply { started: 0 };
    assert_eq!(
        table.ask(Request::Nodes(NodesRequest::StartAll)),
        Reply::StartAll(started)
    );
    assert_eq!(table.state(4).status, NodeStatus::Unknown);
}

#[test]
fn the_cluster_log_takes_what_levels_and_severities_let_through() {
    let mut table = Table::new(None);
    let logged = |table: &mut Table| {
        let lines = table.effects.iter().filter_map(|effect| match effect {
            Effect::Log { text, .. } => Some(text.clone()),
            _ => None,
        });
        let lines: Vec<String> = lines.collect();
        table.effects.clear();
        lines
    };
    table.start(0, Some(1));
    table.report_all(NodeProgress::Defined);
    assert_eq!(logged(&mut table), ["Node 2: Backup 1 started from node 1"]);
    let toggle = Request::Logs(LogsRequest::SetLogfilter {
        level: 0,
        enable: -1,
    });
    let off = LogfilterReply { enabled: false };
    assert_eq!(table.ask(toggle), Reply::Logfilter(off));
    let now = table.now;
    table.cluster.fail_node(node(3), now);
    table.collect();
    assert!(logged(&mut table).is_empty());
}

#[test]
fn nodegroups_are_created_from_free_nodes_only() {
    let config = "[ndbd default]\nNoOfReplicas=2\n[ndbd]\n[ndbd]\n\
                  [ndbd]\nNodegroup=65536\n[ndbd]\nNodegroup=65536\n[mgm]\n[api]\n";
    let mut table = Table::new(Some(config));
    let create = |nodes: &str| {
        Request::Nodes(NodesRequest::CreateNodegroup {
            nodes: nodes.to_owned(),
        })
    };
    let refused = |number| {
        let error = ErrorNumber(number);
        Reply::Refused(Refusal::CreateNodegroup { error })
    };
    for (nodes, number) in [
        ("1 2", 322),
        ("x", 320),
        ("3", 320),
        ("3 4 5", 320),
        ("3 9", 321),
    ] {
        assert_eq!(table.ask(create(nodes)), refused(number), "{nodes}");
    }
    let created = CreateNodegroupReply { nodegroup: 1 };
    assert_eq!(table.ask(create("3 4")), Reply::CreateNodegroup(created));
    assert_eq!(table.state(4).nodegroup, Membership::Of(Nodegroup(1)));
    let drop = |nodegroup| Request::Nodes(NodesRequest::DropNodegroup { nodegroup });
    for (nodegroup, code) in [(0, -2), (9, -2), (65535, -2), (65536, -1), (u32::MAX, -1)] {
        let refused = Reply::Refused(Refusal::DropNodegroup { code });
        assert_eq!(table.ask(drop(nodegroup)), refused, "{nodegroup}");
    }
    let command = "drop nodegroup";
    assert_eq!(table.ask(drop(1)), Reply::Done { command });
    assert_eq!(table.state(4).nodegroup, Membership::None);
}

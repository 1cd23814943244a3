//! The simulated management server, byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ndbmgm::sim::{FaultPlan, parse_config_file};

use crate::server::{self, Server};

const LIMIT: Duration = Duration::from_secs(60);

/// Sends the bytes and expects exactly these back.
fn exchange(stream: &mut TcpStream, request: &[u8], reply: &str) {
    stream.write_all(request).unwrap();
    let mut bytes = vec![0; reply.len()];
    stream.read_exact(&mut bytes).unwrap();
    let shown = String::from_utf8_lossy(request);
    assert_eq!(String::from_utf8_lossy(&bytes), reply, "to {shown:?}");
}

fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

const VERSION: &str = "version\nid: 591618\nmajor: 9\nminor: 7\nbuild: 2\n\
                       string: mysql-9.7.2 ndb-9.7.2\n\
                       mysql_major: 9\nmysql_minor: 7\nmysql_build: 2\n\n";

#[test]
fn requests_are_answered_as_recorded() {
    let server = Server::start(|_, _| {});
    let mut stream = server.connect();
    let exchanges: [(&str, &str); 31] = [
        ("get version\n\n", VERSION),
        ("  get version \t\n\n", VERSION),
        ("\"get version\"\n\n", VERSION),
        (
            "set clientversion\nmajor: 9\nminor: 7\nbuild: 2\n\n",
            "set clientversion reply\nresult: Ok\n\n",
        ),
        (
            "\n\n\nget mgmd nodeid\n\n",
            "get mgmd nodeid reply\nnodeid:1\n\n",
        ),
        (
            "check connection\n\n",
            "check connection reply\nresult: Ok\n\n",
        ),
        ("get status\ntypes: JUNK\n\n", "node status\nnodes: 0\n\n"),
        (
            "foo bar\na: 1\nb: 2\n\n",
            "result: Unknown command, 'foo bar'\n\nresult: Unknown command, 'a: 1'\n\n\
             result: Unknown command, 'b: 2'\n\n",
        ),
        (
            "get version\nfoo: 1\nbar: 2\n\n",
            "result: Unknown argument, 'foo'\n\nresult: Unknown command, 'bar: 2'\n\n",
        ),
        ("abort backup\n\n", "result: Missing arg., '\n'\n\n"),
        (
            "abort backup\nid: abc\n\n",
            "result: Type mismatch, 'id'\n\n",
        ),
        (
            "abort backup\nid: 5\nid: 6\n\n",
            "result: Argument given twice, 'id'\n\n",
        ),
        (
            "abort backup\nid 5\n\n",
            "result: Unknown argument, 'id 5'\n\n",
        ),
        ("get version\r\n\r\n", "result: Unknown argument, '\r'\n\n"),
        (
            "abort backup\nid=5\n\n",
            "abort backup reply\nresult: Ok\n\n",
        ),
        ("start tls\n\n", "start tls reply\nresult: Failed\n\n"),
        ("list certs\n\n", "list certs reply\n\n"),
        (
            "get info clusterlog\n\n",
            "clusterlog\nenabled: 1\ndebug: 0\ninfo: 1\nwarning: 1\nerror: 1\ncritical: 1\n\
             alert: 1\n\n",
        ),
        (
            "get cluster loglevel\n\n",
            "get cluster loglevel\nstartup: 7\nshutdown: 7\nstatistics: 7\ncheckpoint: 7\n\
             noderestart: 7\nconnection: 8\ninfo: 7\nwarning: 7\nerror: 15\ncongestion: 7\n\
             debug: 7\nbackup: 15\nschema: 7\n\n",
        ),
        (
            "purge stale sessions\n\n",
            "purge stale sessions reply\nresult: Ok\n\n",
        ),
        (
            "set loglevel\nnode: 1\ncategory: 261\nlevel: 16\n\n",
            "set loglevel reply\nresult: Invalid loglevel: \n\n",
        ),
        (
            "set cluster loglevel\nnode: 1\ncategory: 249\nlevel: 15\n\n",
            "set cluster loglevel reply\nresult: Invalid category -1\n\n",
        ),
        (
            "set logfilter\nlevel: 1\nenable: -1\n\n",
            "set logfilter reply\nresult: 1\n\n",
        ),
        (
            "dump events\ntype: 54\n\n",
            "dump events reply\nresult: ndb_logevent_type 54 not supported\n\n",
        ),
        (
            "dump events\ntype: 62\nnodes: 1,200\n\n",
            "dump events reply\nresult: invalid nodes: '1,200'\n\n",
        ),
        (
            "get nodeid\nversion: 591618\nnodetype: 0\nnodeid: 5\nuser: mysqld\n\
             password: mysqld\npublic key: a public key\nlog_event: 0\n\n",
            "get nodeid reply\nresult: Id 5 configured as mysqld(API), \
             connect attempted as ndbd(NDB).\nerror_code: 1102\n\n",
        ),
        (
            "get config_v2\nversion: 0\nfrom_node: 1\n\n",
            "get config reply\nresult: Node 1 is not a data node. \n\n",
        ),
        (
            "set connection parameter\nnode1: 1\nnode2: 2\nparam: 406\nvalue: 4294967290\n\n",
            "set connection parameter reply\nmessage: \nresult: Ok\n\n",
        ),
        (
            "get connection parameter\nnode1: 1\nnode2: 2\nparam: 406\n\n",
            "get connection parameter reply\nvalue: -6\nresult: Ok\n\n",
        ),
        (
            "create nodegroup\nnodes: 2 3\n\n",
            "create nodegroup reply\nng: -1\nerror_code: 322\nresult: 322-Invalid node(s) \
             specified for new nodegroup, node already in nodegroup: Permanent error: \
             Application error\n\n",
        ),
        ("end session\n\n", "end session reply\n"),
    ];
    for (request, reply) in exchanges {
        exchange(&mut stream, request.as_bytes(), reply);
    }
    stream.write_all(b"bye\n\n").unwrap();
    assert_eq!(read_to_end(&mut stream), b"");
}

#[test]
fn requests_sent_at_once_are_answered_in_order() {
    let server = Server::start(|_, _| {});
    let mut stream = server.connect();
    exchange(
        &mut stream,
        b"get mgmd nodeid\n\nstart backup\ncompleted: 2\n\ncheck connection\n\n",
        "get mgmd nodeid reply\nnodeid:1\n\n\
         start backup reply\nresult: Ok\nid: 1\n\n\
         check connection reply\nresult: Ok\n\n",
    );
}

#[test]
fn a_bad_filter_leaves_the_session_usable() {
    let server = Server::start(|_, _| {});
    let mut stream = server.connect();
    let cases = [
        (
            "BACKUP",
            "Invalid filter specification: >BACKUP< >BACKUP< 1",
        ),
        ("FOO=1", "Unknown category: >FOO<"),
        ("BACKUP=16", "Invalid level: >16<"),
        ("", "Invalid filter specification: >< >< 1"),
    ];
    for (filter, message) in cases {
        let request = format!("listen event\nfilter:{filter}\n\n");
        let reply = format!("listen event\nresult: -1\nmsg: {message}\n\n");
        exchange(&mut stream, request.as_bytes(), &reply);
    }
    exchange(
        &mut stream,
        b"listen event\nfilter: backup=15\n\n",
        "listen event\nresult: 0\n\n<PING>\n<PING>\n",
    );
}

#[test]
fn a_line_over_the_limit_closes_the_session_and_runs_nothing() {
    let server = Server::start(|_, _| {});
    let mut stream = server.connect();
    let long = "x".repeat(600);
    let request = format!("start backup\nencryption_password: {long}\n\n");
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(read_to_end(&mut stream), b"");
    assert_eq!(server.handle.backups_running(), 0);
    // A half-closed request is not run either.
    let mut stream = server.connect();
    stream.write_all(b"start backup\ncompleted: 0\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&mut stream), b"");
    let mut stream = server.connect();
    exchange(
        &mut stream,
        b"start backup\n\n",
        "start backup reply\nresult: Ok\nid: 1\n\n",
    );
}

#[test]
fn all_listeners_get_all_events_in_order_and_one_that_does_not_read_is_dropped() {
    const LISTENERS: usize = 20;
    const EVENTS: u32 = 5000;
    let server = Server::start(|_, _| {});
    let listen = || {
        let mut stream = server.connect();
        exchange(
            &mut stream,
            b"listen event\nfilter: 256=15\nparsable: 1\n\n",
            "listen event\nresult: 0\n\n",
        );
        stream
    };
    let silent = listen();
    let readers: Vec<_> = (0..LISTENERS)
        .map(|_| {
            let mut stream = listen();
            std::thread::spawn(move || {
                let mut text = String::new();
                let mut buffer = [0; 65536];
                let last = format!("node={EVENTS}\n");
                let deadline = Instant::now() + Duration::from_secs(60);
                let mut done = false;
                while !done && Instant::now() < deadline {
                    let count = match stream.read(&mut buffer) {
                        Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                        read => read.unwrap(),
                    };
                    assert!(count > 0, "a reading listener was dropped");
                    // The last record may have begun before this part.
                    let from = text.len().saturating_sub(100);
                    text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
                    done = text[from..].contains(&last);
                }
                let nodes = text.lines().filter_map(|line| line.strip_prefix("node="));
                nodes
                    .map(|node| node.parse().unwrap())
                    .collect::<Vec<u32>>()
            })
        })
        .collect();
    let mut injector = server.connect();
    for number in 1..=EVENTS {
        // Type 47, node 2.
        let request = format!("report event\nlength: 2\ndata: 131119 {number}\n\n");
        exchange(
            &mut injector,
            request.as_bytes(),
            "report event reply\nresult: ok\n\n",
        );
    }
    let expected: Vec<u32> = (1..=EVENTS).collect();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), expected);
    }
    drop(silent);
}

#[test]
fn late_and_missing_replies_and_a_killed_server_can_be_scripted() {
    let script = "late-reply 200ms get version\nno-reply get status\nlose-events 54\n";
    let server = Server::start(|config, _| config.faults = FaultPlan::parse(script).unwrap());
    let mut stream = server.connect();
    let before = Instant::now();
    exchange(&mut stream, b"get version\n\n", VERSION);
    assert!(before.elapsed() >= Duration::from_millis(200));
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    stream.write_all(b"get status\n\n").unwrap();
    assert!(stream.read(&mut [0]).is_err(), "no reply comes");

    let killed = Server::start(|config, _| {
        config.faults = FaultPlan::parse("in-backup 1ms kill-server\n").unwrap();
    });
    let mut stream = killed.connect();
    stream.write_all(b"start backup\ncompleted: 2\n\n").unwrap();
    assert_eq!(read_to_end(&mut stream), b"");
}

#[test]
fn every_management_server_of_the_configuration_serves() {
    let config = "[ndbd]\n[ndbd]\n[mgm]\nId=9\n[mgm]\nId=10\n[api]\n";
    let topology = parse_config_file(config, "config.ini".as_ref()).unwrap();
    let server = Server::start(|config, _| config.topology = topology);
    let mut stream = server.connect();
    exchange(
        &mut stream,
        b"get mgmd nodeid\n\n",
        "get mgmd nodeid reply\nnodeid:9\n\n",
    );
    stream
        .write_all(b"show config\nNodeId: 10\nName: PortNumber\n\n")
        .unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\n\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.extend(byte);
    }
    let text = String::from_utf8(bytes).unwrap();
    let port: u16 = text
        .lines()
        .find_map(|line| line.strip_prefix("PortNumber="))
        .unwrap()
        .parse()
        .unwrap();
    let mut other = server::connect(port);
    exchange(
        &mut other,
        b"get mgmd nodeid\n\n",
        "get mgmd nodeid reply\nnodeid:10\n\n",
    );
}

#[test]
fn stop_all_with_the_management_server_ends_the_simulator() {
    let server = Server::start(|_, _| {});
    let mut stream = server.connect();
    exchange(
        &mut stream,
        b"stop all\nstop:\"mgm,db\"\nabort: 0\n\n",
        "stop reply\nresult: Ok\nstopped: 2\ndisconnect: 1\n\n",
    );
    assert_eq!(read_to_end(&mut stream), b"");
    let deadline = Instant::now() + LIMIT;
    while !server.handle.has_ended() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

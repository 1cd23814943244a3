//! Sessions against a server that knows nothing of the protocol, well-behaved and hostile.

use std::time::Duration;

use zeroize::Zeroizing;

use super::mock::{GREETING, Step, serve};
use super::*;
use crate::cluster::{
    BackupId, BackupPassword, EventBody, EventCategory, LogLevel, NodeId, NodeType, ReportKind,
    SnapshotPoint, WaitFor,
};
use Step::{AwaitClose, Expect, Flood, Send, Trickle};

/// What any test may take.
const LIMIT: Duration = Duration::from_secs(5);

fn backup(wait: WaitFor) -> StartBackupOptions {
    StartBackupOptions {
        id: BackupId::new(7),
        wait,
        snapshot: SnapshotPoint::End,
        password: None,
    }
}

/// The steps that follow what every backup begins with.
fn after_greeting(steps: Vec<Step>) -> Vec<Step> {
    GREETING.into_iter().chain(steps).collect()
}

const START_7: &str = "start backup\nbackuppoint: 0\nbackupid: 7\ncompleted: 2\n\n";

async fn start_7(steps: Vec<Step>) -> (Result<Option<BackupId>, ClientError>, Session) {
    let (mut session, server) = serve(after_greeting(steps)).await;
    let result = session.start_backup(backup(WaitFor::Completed)).await;
    let is_open = session.is_open();
    if !is_open {
        server.await.unwrap();
    }
    (result, session)
}

fn number_and_description(error: &ClientError) -> (u32, String) {
    (error.number(), error.description())
}

#[tokio::test]
async fn a_backup_is_one_write_and_its_id_comes_back() {
    let password = BackupPassword::new(Zeroizing::new(b"ab c".to_vec())).unwrap();
    let (mut session, server) = serve(after_greeting(vec![
        Expect(
            "start backup\npassword_length: 4\nencryption_password:\"ab c\"\nbackuppoint: 1\n\
             backupid: 7\ncompleted: 1\n\n",
        ),
        Send("start backup reply\nid: 7\nresult: Ok\n\n"),
        Expect("start backup\nbackuppoint: 0\ncompleted: 0\n\n"),
        Send("start backup reply\nresult: Ok\n\n"),
    ]))
    .await;
    let with_password = StartBackupOptions {
        snapshot: SnapshotPoint::Start,
        password: Some(password),
        ..backup(WaitFor::Started)
    };
    let id = session.start_backup(with_password).await.unwrap();
    assert_eq!(id, BackupId::new(7));
    let without_id = StartBackupOptions {
        id: None,
        ..backup(WaitFor::Nothing)
    };
    // The version is asked for once only.
    assert_eq!(session.start_backup(without_id).await.unwrap(), None);
    server.await.unwrap();
}

#[tokio::test]
async fn a_refusal_has_the_requests_number_and_the_servers_text() {
    let text = "A backup is already running: Permanent error: Application error";
    let (result, session) = start_7(vec![
        Expect(START_7),
        Send(
            "start backup reply\nresult: A backup is already running: Permanent error: \
             Application error\n\n",
        ),
    ])
    .await;
    assert_eq!(
        number_and_description(&result.unwrap_err()),
        (3001, text.to_owned())
    );
    assert!(session.is_open());
}

#[tokio::test]
async fn a_reply_in_single_bytes_is_read() {
    let (result, _) = start_7(vec![
        Expect(START_7),
        Trickle("start backup reply\nresult: Ok\nid: 7\n\n"),
    ])
    .await;
    assert_eq!(result.unwrap(), BackupId::new(7));
}

#[tokio::test]
async fn half_a_reply_and_a_close_is_one_clear_error() {
    let (result, session) = start_7(vec![
        Expect(START_7),
        Send("start backup reply\nresult: Ok\nid: 7\n"),
    ])
    .await;
    let error = result.unwrap_err();
    assert!(matches!(error, ClientError::Disconnected { .. }), "{error}");
    assert_eq!(number_and_description(&error), (1006, String::new()));
    assert!(!session.is_open());
}

#[tokio::test]
async fn a_closed_session_stays_closed() {
    let (mut session, _server) = serve(vec![]).await;
    for _ in 0..3 {
        let error = session.check_connection().await.unwrap_err();
        assert!(matches!(error, ClientError::Disconnected { .. }), "{error}");
        assert!(!session.is_open());
    }
}

#[tokio::test]
async fn garbage_is_told_as_the_originals_parser_tells_it() {
    let (result, session) = start_7(vec![
        Expect(START_7),
        Send("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\n"),
    ])
    .await;
    let error = result.unwrap_err();
    assert_eq!(number_and_description(&error), (1006, String::new()));
    assert_eq!(
        error.parser_line().as_deref(),
        Some(
            "Error in mgm protocol parser. cmd: >start backup< status: 4 \
             curr: HTTP/1.1 400 Bad Request"
        )
    );
    assert!(session.is_open());
}

#[tokio::test]
async fn an_endless_line_is_refused_at_its_limit() {
    let (result, session) = start_7(vec![Expect(START_7), Flood(100_000_000)]).await;
    let error = result.unwrap_err();
    assert!(matches!(error, ClientError::Protocol { .. }), "{error}");
    assert_eq!(error.number(), 1006);
    assert!(!session.is_open());
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_limit_of_the_wait() {
    let table = [
        (WaitFor::Completed, 2, 172_800_000_u64),
        (WaitFor::Started, 1, 600_000),
        (WaitFor::Nothing, 0, 60_000),
    ];
    for (wait, completed, milliseconds) in table {
        let request = match completed {
            2 => START_7,
            1 => "start backup\nbackuppoint: 0\nbackupid: 7\ncompleted: 1\n\n",
            _ => "start backup\nbackuppoint: 0\nbackupid: 7\ncompleted: 0\n\n",
        };
        let (mut session, server) = serve(after_greeting(vec![Expect(request), AwaitClose])).await;
        let start = tokio::time::Instant::now();
        let error = session.start_backup(backup(wait)).await.unwrap_err();
        assert_eq!(
            start.elapsed().as_millis() / 100,
            u128::from(milliseconds / 100)
        );
        assert_eq!(
            number_and_description(&error),
            (
                110,
                format!(
                    "cmd: start backup, error: Time out talking to management server, \
                     timeout: {milliseconds}"
                )
            )
        );
        // A late reply would be taken for another request's.
        assert!(!session.is_open());
        server.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_trickle_does_not_extend_the_limit() {
    let (mut session, _server) = serve(vec![
        Expect("check connection\n\n"),
        Send("check connection reply\n"),
        AwaitClose,
    ])
    .await;
    session.set_timeout(Duration::from_secs(3));
    let error = session.check_connection().await.unwrap_err();
    assert!(matches!(error, ClientError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_request_given_up_closes_the_session() {
    let (mut session, server) = serve(vec![Expect("check connection\n\n"), AwaitClose]).await;
    let given_up = tokio::time::timeout(Duration::from_millis(20), session.check_connection());
    assert!(given_up.await.is_err());
    assert!(!session.is_open());
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_that_says_more_than_asked_is_left() {
    let (mut session, _server) = serve(vec![
        Expect("check connection\n\n"),
        Send("check connection reply\nresult: Ok\n\nstart backup reply\nresult: Ok\n\n"),
        AwaitClose,
    ])
    .await;
    session.check_connection().await.unwrap();
    assert!(!session.is_open());
}

#[tokio::test]
async fn authorization_failures_have_their_own_numbers() {
    let table = [
        ("Authorization failed\nError: Requires TLS\n\n", 1502),
        (
            "Authorization failed\nError: Requires TLS Client Certificate\n\n",
            1503,
        ),
        ("Authorization failed\nError: No\n\n", 1501),
    ];
    for (reply, number) in table {
        let (result, _) = start_7(vec![Expect(START_7), Send(reply)]).await;
        assert_eq!(
            number_and_description(&result.unwrap_err()),
            (number, "Executing: ndb_mgm_start_backup".to_owned())
        );
    }
}

#[tokio::test]
async fn an_old_server_gets_no_password_and_no_client_version() {
    let password = BackupPassword::new(Zeroizing::new(b"pw".to_vec())).unwrap();
    let (mut session, _server) = serve(vec![
        Expect("get version\n\n"),
        Send(
            "version\nid: 524307\nmajor: 8\nminor: 0\nbuild: 19\nstring: x\nmysql_major: 8\n\
             mysql_minor: 0\nmysql_build: 19\n\n",
        ),
        AwaitClose,
    ])
    .await;
    let encrypted = StartBackupOptions {
        password: Some(password),
        ..backup(WaitFor::Nothing)
    };
    let error = session.start_backup(encrypted).await.unwrap_err();
    assert_eq!(
        number_and_description(&error),
        (
            3001,
            "MGM server does not support encrypted backup, try without ENCRYPT \
             PASSWORD=<password>"
                .to_owned()
        )
    );
    assert!(session.is_open());
}

#[tokio::test]
async fn an_argument_too_long_is_never_sent() {
    let (mut session, _server) = serve(vec![Expect("check connection\n\n")]).await;
    let nodes: Vec<NodeId> = (1..=255).filter_map(NodeId::new).collect();
    let error = session.create_nodegroup(&nodes).await.unwrap_err();
    assert_eq!(
        number_and_description(&error),
        (
            5001,
            "Line length exceeded due to argument: nodes".to_owned()
        )
    );
    assert!(session.is_open());
}

#[tokio::test]
async fn the_status_of_one_type_is_asked_and_sorted() {
    let (mut session, _server) = serve(after_greeting(vec![
        Expect("get status\ntypes: NDB \n\n"),
        Send("node status\nnodes: 2\nnode.3.type: NDB\nnode.2.type: NDB\n\n"),
    ]))
    .await;
    let nodes = session.get_status(Some(vec![NodeType::Ndb])).await.unwrap();
    let ids: Vec<u32> = nodes.iter().map(|state| state.node.get()).collect();
    assert_eq!(ids, [2, 3]);
}

#[tokio::test]
async fn dumped_events_are_sorted_by_node_and_block() {
    let (mut session, _server) = serve(vec![
        Expect("dump events\ntype: 50\n\n"),
        Send(
            "dump events reply\nresult: Ok\nevents: 3\n\n\
             log event reply\ntype=50\ntime=0\nsource_nodeid=3\ngth=0\npage_size_bytes=32768\n\
             pages_used=1\npages_total=9\nblock=249\n\n\
             log event reply\ntype=50\ntime=0\nsource_nodeid=2\ngth=0\npage_size_bytes=32768\n\
             pages_used=2\npages_total=9\nblock=248\n\n\
             log event reply\ntype=50\ntime=0\nsource_nodeid=2\ngth=0\npage_size_bytes=32768\n\
             pages_used=3\npages_total=9\nblock=249\n\n",
        ),
    ])
    .await;
    let events = session
        .dump_events(ReportKind::MemoryUsage, &[])
        .await
        .unwrap();
    let used = |body: &EventBody| match body {
        EventBody::MemoryUsage { pages_used, .. } => *pages_used,
        _ => 0,
    };
    let used: Vec<u32> = events.iter().map(|event| used(&event.body)).collect();
    assert_eq!(used, [3, 2, 1]);
    assert!(session.is_open());
}

#[tokio::test]
async fn more_events_than_there_can_be_are_refused() {
    let (mut session, _server) = serve(vec![
        Expect("dump events\nnodes:\"2\"\ntype: 62\n\n"),
        Send("dump events reply\nresult: Ok\nevents: 4000000000\n\n"),
        AwaitClose,
    ])
    .await;
    let two = [NodeId::new(2).unwrap()];
    let result = session.dump_events(ReportKind::BackupStatus, &two).await;
    assert_eq!(result.unwrap_err().number(), 1006);
    assert!(!session.is_open());
}

fn filter() -> [(EventCategory, LogLevel); 2] {
    [
        (EventCategory::Backup, LogLevel::new(15).unwrap()),
        (EventCategory::Startup, LogLevel::new(1).unwrap()),
    ]
}

const LISTEN: &str = "listen event\nfilter:\"261=15 250=1\"\nparsable: 1\n\n";

#[tokio::test]
async fn events_come_in_order_and_pings_are_skipped() {
    let (session, _server) = serve(vec![
        Expect(LISTEN),
        // The first event may come with the reply.
        Send(
            "listen event\nresult: 0\n\nlog event reply\ntype=54\ntime=0\nsource_nodeid=2\n\
             starting_node=1\nbackup_id=7\n\n<PING>\nlog event reply\ntype=17\n",
        ),
        Trickle("time=0\nsource_nodeid=3\nstoptype=1\n\n<PING>\n"),
    ])
    .await;
    let mut stream = session.listen_to(&filter()).await.unwrap();
    let first = tokio::time::timeout(LIMIT, stream.next())
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(
        first.body,
        EventBody::BackupStarted { backup_id: 7, .. }
    ));
    let second = stream.next_within(LIMIT).await.unwrap().unwrap();
    assert!(matches!(
        second.body,
        EventBody::NodeStopStarted { cluster: true }
    ));
    for _ in 0..2 {
        let error = stream.next().await.unwrap_err();
        assert!(matches!(error, ClientError::Disconnected { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_refused_filter_is_an_error() {
    let (session, _server) = serve(vec![
        Expect(LISTEN),
        Send("listen event\nresult: -1\nmsg: Invalid level: >15<\n\n"),
    ])
    .await;
    let error = session.listen_to(&filter()).await.unwrap_err();
    assert_eq!(error.description(), "Invalid level: >15<");
}

#[tokio::test]
async fn listening_without_authorization_has_the_originals_number() {
    let (session, _server) = serve(vec![
        Expect(LISTEN),
        Send("Authorization failed\nError: Requires TLS\n\n"),
    ])
    .await;
    let error = session.listen_to(&filter()).await.unwrap_err();
    assert!(matches!(error, ClientError::NotAuthorized { .. }));
    assert_eq!(
        number_and_description(&error),
        (0, "Executing: ndb_mgm_listen_event".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_without_pings_is_noticed() {
    let (session, server) = serve(vec![
        Expect(LISTEN),
        Send("listen event\nresult: 0\n\n"),
        AwaitClose,
    ])
    .await;
    let mut stream = session.listen_to(&filter()).await.unwrap();
    let pause = Duration::from_secs(20);
    assert_eq!(stream.next_within(pause).await.unwrap(), None);
    let error = stream.next_within(pause).await.unwrap_err();
    assert!(matches!(error, ClientError::Silent { .. }), "{error}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_record_that_lacks_a_key_ends_the_stream() {
    let (session, _server) = serve(vec![
        Expect(LISTEN),
        Send("listen event\nresult: 0\n\nlog event reply\ntype=54\ntime=0\nsource_nodeid=2\n\n"),
        AwaitClose,
    ])
    .await;
    let mut stream = session.listen_to(&filter()).await.unwrap();
    let error = stream.next().await.unwrap_err();
    assert!(matches!(error, ClientError::Protocol { .. }), "{error}");
    assert!(stream.next().await.is_err());
}

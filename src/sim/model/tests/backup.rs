//! Backups: who is told what, and when.

use super::*;

#[test]
fn a_backup_runs_through_its_steps_and_its_reply_comes_last() {
    let mut table = Table::new(None);
    table.listen("backup=15");
    table.start(2, Some(9));
    assert_eq!(table.replies(), [], "the reply waits");
    table.report_all(NodeProgress::Defined);
    table.report_all(NodeProgress::Scanned(BackupTotals::default()));
    let totals = BackupTotals {
        bytes: 10,
        records: 2,
        log_bytes: 0,
        log_records: 0,
    };
    assert_eq!(table.replies(), []);
    table.report_all(NodeProgress::Completed(totals));
    assert_eq!(table.replies(), [backup_started(Some(9))]);
    let events = table.events();
    assert_eq!(
        events[0],
        (
            2,
            EventBody::BackupStarted {
                starting_node: 1,
                backup_id: 9
            }
        )
    );
    let (
        2,
        EventBody::BackupCompleted {
            start_gci,
            stop_gci,
            totals,
            ..
        },
    ) = &events[1]
    else {
        panic!("{events:?}");
    };
    assert_eq!(stop_gci.0, start_gci.0 + 3);
    assert_eq!((totals.bytes, totals.records), (20, 4));
    assert!(!table.cluster.backup_is_running());
}

#[test]
fn waiting_decides_when_the_reply_comes() {
    let mut table = Table::new(None);
    table.start(0, Some(1));
    assert_eq!(table.replies(), [backup_started(None)]);
    let mut table = Table::new(None);
    table.start(1, None);
    assert_eq!(table.replies(), []);
    table.report_all(NodeProgress::Defined);
    assert_eq!(table.replies(), [backup_started(Some(1))]);
}

#[test]
fn a_second_backup_is_refused_and_only_an_event_tells_without_waiting() {
    let mut table = Table::new(None);
    table.listen("backup=15");
    table.start(0, None);
    table.replies();
    table.start(0, None);
    assert_eq!(table.replies(), [backup_started(None)]);
    table.start(1, None);
    let already = ErrorNumber::BACKUP_ALREADY_RUNNING;
    assert_eq!(table.replies(), [backup_refused(already)]);
    let refused = EventBody::BackupFailedToStart {
        starting_node: 1,
        error: ErrorNumber::BACKUP_ALREADY_RUNNING,
    };
    assert_eq!(table.events(), [(2, refused.clone()), (2, refused)]);
}

#[test]
fn an_explicit_id_sets_the_sequence_even_downwards() {
    let mut table = Table::new(None);
    for (given, expected) in [(Some(101), 101), (Some(50), 50), (None, 51)] {
        table.start(2, given);
        table.report_all(NodeProgress::Defined);
        table.report_all(NodeProgress::Scanned(BackupTotals::default()));
        table.report_all(NodeProgress::Completed(BackupTotals::default()));
        assert_eq!(table.replies(), [backup_started(Some(expected))]);
    }
    assert_eq!(table.cluster.saved_state().backup_sequence, 51);
}

#[test]
fn an_id_above_two_to_the_31_is_printed_signed() {
    let mut table = Table::new(None);
    table.start(1, Some(4_294_967_294));
    table.report_all(NodeProgress::Defined);
    let replies = table.replies();
    assert_eq!(replies, [backup_started(Some(4_294_967_294))]);
    let mut bytes = Vec::new();
    replies[0].encode(&mut bytes);
    assert_eq!(bytes, b"start backup reply\nresult: Ok\nid: -2\n\n");
    assert_eq!(table.cluster.next_backup_id(), 1);
}

#[test]
fn files_that_exist_refuse_a_given_id_and_move_on_from_an_automatic_one() {
    let mut table = Table::new(None);
    table.listen("backup=15");
    table.start(2, Some(7));
    table.report(2, NodeProgress::Defined);
    table.report(3, NodeProgress::Refused(ErrorNumber::BACKUP_FILE_EXISTS));
    assert_eq!(table.replies(), [], "node 2 still has files");
    table.report(2, NodeProgress::Removed);
    let exists = ErrorNumber::BACKUP_FILE_EXISTS;
    assert_eq!(table.replies(), [backup_refused(exists)]);
    assert!(matches!(
        table.events()[..],
        [(
            2,
            EventBody::BackupAborted {
                backup_id: 7,
                error: ErrorNumber(1350),
                ..
            }
        )]
    ));
    table.start(1, None);
    table.report_all(NodeProgress::Refused(ErrorNumber::BACKUP_FILE_EXISTS));
    table.report_all(NodeProgress::Defined);
    assert_eq!(table.replies(), [backup_started(Some(9))], "8 is in use");
}

#[test]
fn an_abort_is_reported_by_every_node_the_first_with_the_reason() {
    let mut table = Table::new(None);
    table.listen("backup=15");
    table.start(2, Some(3));
    table.report_all(NodeProgress::Defined);
    table.events();
    let unknown = table.ask(Request::Backup(BackupRequest::AbortBackup { id: 4 }));
    let command = "abort backup";
    assert_eq!(unknown, Reply::Done { command });
    assert!(table.events().is_empty());
    table.send(Request::Backup(BackupRequest::AbortBackup { id: 3 }));
    table.replies();
    table.report(3, NodeProgress::Removed);
    assert_eq!(table.replies(), []);
    table.report(2, NodeProgress::Removed);
    let by_user = ErrorNumber::BACKUP_ABORTED_BY_USER;
    assert_eq!(table.replies(), [backup_refused(by_user)]);
    let aborted = |error| EventBody::BackupAborted {
        starting_node: 1,
        backup_id: 3,
        error: ErrorNumber(error),
    };
    assert_eq!(table.events(), [(3, aborted(1321)), (2, aborted(1323))]);
}

#[test]
fn a_node_failure_aborts_the_backup_and_the_next_master_reports_it() {
    let mut table = Table::new(None);
    table.listen("backup=15");
    table.start(2, Some(3));
    table.report_all(NodeProgress::Defined);
    table.events();
    let now = table.now;
    table.cluster.fail_node(node(2), now);
    table.collect();
    table.report_all(NodeProgress::Removed);
    let failure = ErrorNumber::BACKUP_NODE_FAILURE;
    assert_eq!(table.replies(), [backup_refused(failure)]);
    let events = table.events();
    assert!(
        matches!(
            events[..],
            [(
                3,
                EventBody::BackupAborted {
                    error: ErrorNumber(1326),
                    ..
                }
            )]
        ),
        "{events:?}"
    );
}

#[test]
fn passwords_are_checked_before_anything_is_written() {
    let config = "[ndbd default]\nRequireEncryptedBackup=1\n[ndbd]\n[ndbd]\n[mgm]\n[api]\n";
    let mut table = Table::new(Some(config));
    let mut try_password = |password: Option<&str>| {
        table.send(Request::Backup(BackupRequest::StartBackup {
            wait: 2,
            id: None,
            point: 0,
            password: password.map(|text| WirePassword::new(text.as_bytes().to_vec().into())),
        }));
        table.replies()
    };
    let long = "x".repeat(257);
    for (password, error) in [
        (None, ErrorNumber::PASSWORD_REQUIRED),
        (Some(""), ErrorNumber::PASSWORD_EMPTY),
        (Some("a'b"), ErrorNumber::PASSWORD_BAD_CHARACTER),
        (Some(&long), ErrorNumber::PASSWORD_TOO_LONG),
    ] {
        assert_eq!(try_password(password), [backup_refused(error)]);
    }
    assert_eq!(try_password(Some("good one")), []);
}

#[test]
fn status_events_come_from_each_node_at_the_configured_interval() {
    let config = "[ndbd default]\nBackupReportFrequency=2\n[ndbd]\n[ndbd]\n[mgm]\nId=9\n[api]\n";
    let mut table = Table::new(Some(config));
    table.listen("backup=15");
    table.start(0, None);
    let attempt = table.attempt();
    for id in [1, 2] {
        for progress in [
            NodeProgress::Defined,
            NodeProgress::Written(BackupTotals {
                bytes: 5,
                ..BackupTotals::default()
            }),
        ] {
            let now = table.now;
            let node = node(id);
            let report = NodeReport {
                attempt,
                node,
                progress,
            };
            table.cluster.node_report(report, now);
        }
    }
    table.collect();
    table.events();
    table.pass(Duration::from_millis(4100));
    let sources: Vec<u32> = table.events().iter().map(|(source, _)| *source).collect();
    assert_eq!(sources, [1, 2, 1, 2]);
}

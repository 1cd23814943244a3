//! An operator's work on a simulated cluster, with the real client: four data nodes in two
//! nodegroups.

use crate::simulator::Simulator;

const FOUR_NODES: &str = "\
[ndbd default]
NoOfReplicas=2
BackupReportFrequency=1
[ndb_mgmd]
NodeId=5
HostName=localhost
[ndbd]
NodeId=1
[ndbd]
NodeId=2
[ndbd]
NodeId=3
[ndbd]
NodeId=4
[mysqld]
NodeId=10
[mysqld]
NodeId=11
";

/// Shell functions: `mgm COMMAND` runs one command quietly, `until_state ID STATE` waits.
const FUNCTIONS: &str = r#"
    mgm() { ndb_mgm -c "$C" --verbose=0 -e "$1"; }
    until_state() { until mgm "$1 STATUS" | grep -q "Node $1: $2"; do :; done; }
"#;

fn four_nodes() -> Simulator {
    Simulator::start(FOUR_NODES, &["--rows", "300"])
}

fn good(simulator: &Simulator, script: &str) -> String {
    simulator.good(&format!("{FUNCTIONS}{script}"))
}

fn refused(simulator: &Simulator, command: &str) -> String {
    simulator.bad(&format!("{FUNCTIONS}mgm '{command}'"), 255)
}

#[test]
fn a_node_waits_after_restart_n_and_starts_when_told() {
    let simulator = four_nodes();
    let text = good(
        &simulator,
        "mgm '1 RESTART -n' && until_state 1 'not started' && mgm SHOW | grep '^id=1[^0-9]'
        mgm '1 START' && until_state 1 started && mgm '1 STATUS'",
    );
    assert_eq!(
        text,
        "Node 1 is being restarted\n\n\
         id=1\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, not started)\n\
         Database node 1 is being started.\n\n\
         Node 1: started (mysql-9.7.2 ndb-9.7.2)"
    );
}

#[test]
fn every_option_of_restart_brings_the_node_back() {
    let simulator = four_nodes();
    for options in ["", "-i", "-a", "-f", "-i -a -f", "-I -A"] {
        good(
            &simulator,
            &format!("mgm '1 RESTART {options}' && until_state 1 started"),
        );
    }
    let refusal = refused(&simulator, "1 RESTART -x");
    assert_eq!(
        refusal,
        "Invalid option: -x. Expecting -A,-N,-I or -F after RESTART\n\n"
    );
}

#[test]
fn the_last_node_of_a_nodegroup_is_not_stopped_unless_forced() {
    let simulator = four_nodes();
    good(&simulator, "mgm '1 STOP' && until_state 1 'not connected'");
    assert_eq!(
        refused(&simulator, "2 STOP"),
        "Shutdown failed.\n\
         *  2002: Stop failed\n\
         *        Node shutdown would cause system crash: Permanent error: Application error\n\n"
    );
    let states = good(
        &simulator,
        "mgm '2 STOP -f' >/dev/null && until_state 4 'not connected' && mgm 'ALL STATUS'",
    );
    let expected: Vec<String> = (1..=4)
        .map(|id| format!("Node {id}: not connected"))
        .collect();
    assert_eq!(states, expected.join("\n"));
}

#[test]
fn several_nodes_are_restarted_and_started_together() {
    let simulator = four_nodes();
    let refusal = refused(&simulator, "1 2 RESTART");
    assert!(
        refusal.contains("5031-Unsupported multi node shutdown"),
        "{refusal}"
    );
    let text = good(
        &simulator,
        "mgm '1 3 RESTART -n -i -a' && until_state 1 'not started' && until_state 3 'not started'
        mgm '1 3 START' && until_state 1 started && until_state 3 started",
    );
    assert_eq!(
        text,
        "Node 1 3 is being restarted\nNode 1 3 is being started"
    );
    good(
        &simulator,
        "mgm 'ALL RESTART -n' && until_state 4 'not started' && mgm 'ALL START' && until_state 4 started",
    );
}

#[test]
fn single_user_mode_admits_one_api_node() {
    let simulator = four_nodes();
    let refusal = refused(&simulator, "ENTER SINGLE USER MODE 2");
    assert!(
        refusal.contains("The specified node is not an API node."),
        "{refusal}"
    );
    good(
        &simulator,
        "mgm 'ENTER SINGLE USER MODE 10' && until_state 4 'single user mode'",
    );
    let shown = good(&simulator, "mgm SHOW | grep -E 'single user'");
    assert_eq!(shown.lines().count(), 5, "{shown}");
    assert!(
        shown.ends_with(
            "id=10 (not connected, accepting connect from any host, allowed single user)"
        )
    );
    let refusal = refused(&simulator, "1 RESTART");
    assert_eq!(refusal, "Cannot restart nodes: single user mode\n\n");
    good(
        &simulator,
        "mgm 'EXIT SINGLE USER MODE' && until_state 4 started",
    );
}

#[test]
fn levels_and_severities_decide_what_the_cluster_log_takes() {
    let simulator = four_nodes();
    let log = "grep -c 'Backup . started from node 5 completed' \"$LOG\"";
    let directory = simulator.cluster().join("node-5/ndb_5_cluster.log");
    let log = format!("LOG='{}'; {log}", directory.display());
    good(&simulator, "mgm 'START BACKUP 1'");
    assert_eq!(good(&simulator, &log), "1");
    good(
        &simulator,
        "mgm 'ALL CLUSTERLOG BACKUP=0' && mgm 'START BACKUP 2'",
    );
    assert_eq!(good(&simulator, &log), "1");
    good(
        &simulator,
        "mgm 'ALL CLUSTERLOG BACKUP=15' && mgm 'CLUSTERLOG OFF INFO' && mgm 'START BACKUP 3'",
    );
    assert_eq!(good(&simulator, &log), "1");
    let text = good(
        &simulator,
        "mgm 'CLUSTERLOG ON INFO' && mgm 'CLUSTERLOG INFO' && mgm 'START BACKUP 4'",
    );
    assert!(
        text.starts_with("INFO enabled\nSeverities enabled: INFO WARNING ERROR CRITICAL ALERT"),
        "{text}"
    );
    assert_eq!(good(&simulator, &log), "2");
}

#[test]
fn all_severities_are_switched_at_once() {
    let simulator = four_nodes();
    for (command, answer, enabled) in [
        ("CLUSTERLOG OFF ALL", "ALL disabled", ""),
        (
            "clusterlog on all",
            "ALL enabled",
            "DEBUG INFO WARNING ERROR CRITICAL ALERT ",
        ),
        ("CLUSTERLOG TOGGLE ALL", "ALL disabled", ""),
        (
            "CLUSTERLOG FILTER ALL INFO",
            "ALL enabled\nINFO disabled",
            "DEBUG WARNING ERROR CRITICAL ALERT ",
        ),
    ] {
        let text = good(
            &simulator,
            &format!("mgm '{command}' && mgm 'CLUSTERLOG INFO'"),
        );
        assert_eq!(
            text,
            format!("{answer}\nSeverities enabled: {enabled}"),
            "{command}"
        );
    }
}

#[test]
fn a_nodes_failure_aborts_the_backup_for_all_to_see_and_leaves_no_file() {
    let config = FOUR_NODES.replacen(
        "NoOfReplicas=2\n",
        "NoOfReplicas=2\nMaxDiskWriteSpeed=1M\nMinDiskWriteSpeed=1M\n",
        1,
    );
    let faults = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&faults, "in-backup 200ms fail-node 3\n").unwrap();
    let script = faults.path().to_str().unwrap();
    let simulator = Simulator::start(&config, &["--rows", "100000", "--faults", script]);
    // The prompt's user hears of it, too.
    let heard = good(
        &simulator,
        "(echo 'START BACKUP 6 NOWAIT'; until grep -q aborted heard; do :; done) \
           | ndb_mgm -c $C > heard; grep aborted heard",
    );
    assert_eq!(
        heard,
        "Node 1: Backup 6 started from 5 has been aborted. Error: 1326 - \
         Backup aborted due to node failure: Permanent error: Internal error"
    );
    let files = || good(&simulator, "find cluster -path '*BACKUP-6*' -type f");
    assert_eq!(files(), "");
    let log = good(
        &simulator,
        "grep -h aborted cluster/node-5/ndb_5_cluster.log",
    );
    assert!(
        log.ends_with(
            "[MgmtSrvr] ALERT    -- Node 1: Backup 6 started from 5 has been aborted. Error: 1326"
        ),
        "{log}"
    );
    assert_eq!(
        good(&simulator, "mgm SHOW | grep '^id=3'"),
        "id=3 (not connected, accepting connect from localhost)"
    );
}

#[test]
fn a_client_that_waits_for_the_backup_is_told_of_the_nodes_failure() {
    let config = FOUR_NODES.replacen(
        "NoOfReplicas=2\n",
        "NoOfReplicas=2\nMaxDiskWriteSpeed=1M\nMinDiskWriteSpeed=1M\n",
        1,
    );
    let faults = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&faults, "in-backup 200ms fail-node 1\n").unwrap();
    let script = faults.path().to_str().unwrap();
    let simulator = Simulator::start(&config, &["--rows", "100000", "--faults", script]);
    assert_eq!(
        refused(&simulator, "START BACKUP 7"),
        "Waiting for completed, this may take several minutes\n\
         Backup failed\n\
         *  3001: Could not start backup\n\
         *        Backup aborted due to node failure: Permanent error: Internal error\n"
    );
    // Node 1 was the master: another one is now.
    let masters = good(
        &simulator,
        "mgm SHOW | grep -F ', *)' | grep -c '^id=[234]'",
    );
    assert_eq!(masters, "1");
}

#[test]
fn a_second_management_server_carries_on_when_the_first_is_stopped() {
    let config = FOUR_NODES.replacen(
        "[ndbd]",
        "[ndb_mgmd]\nNodeId=6\nHostName=localhost\n[ndbd]",
        1,
    );
    let simulator = Simulator::start(&config, &["--rows", "300"]);
    let port = simulator.port_of(6);
    let script = format!(
        "second() {{ ndb_mgm -c $H:{port} --verbose=0 -e \"$1\"; }}
        second '5 STOP' && until second '5 STATUS' | grep -q 'not connected'; do :; done
        C=$C,$H:{port}
        mgm SHOW | grep -A 2 MGM && mgm 'START BACKUP 3' | grep completed$"
    );
    assert_eq!(
        good(&simulator, &script),
        "Node 5 has shutdown.\n\n\
         [ndb_mgmd(MGM)]\t2 node(s)\n\
         id=5 (not connected, accepting connect from localhost)\n\
         id=6\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2)\n\
         Node 1: Backup 3 started from node 6 completed"
    );
}

#[test]
fn the_rarer_commands_do_what_they_say() {
    let simulator = four_nodes();
    let cases = [
        (
            "1 DUMP 1000 0x10",
            "Sending dump signal with data:\n0x000003e8 0x00000010 \n\n",
        ),
        (
            "1 LOGLEVEL BACKUP=3",
            "Executing LOGLEVEL on node 1 OK!\n\n",
        ),
        ("1 NODELOG DEBUG ON", "\n"),
        (
            "ALL REPORT B",
            "Node 1: Backup not started\nNode 2: Backup not started\n\
                          Node 3: Backup not started\nNode 4: Backup not started\n\n",
        ),
        ("PURGE STALE SESSIONS", "No sessions purged\n"),
        ("CLUSTERLOG TOGGLE DEBUG", "DEBUG enabled\n"),
        ("4 TESTON", "\n"),
        ("4 LOG", "\n"),
        ("4 TESTOFF", "\n"),
    ];
    for (command, text) in cases {
        let outcome = simulator.bash(&format!("{FUNCTIONS}mgm '{command}'"));
        assert_eq!(
            (outcome.stdout.as_str(), outcome.status),
            (text, 0),
            "{command}"
        );
        assert_eq!(outcome.stderr, "", "{command}");
    }
    let text = good(&simulator, "mgm 'TLS INFO'");
    assert!(
        text.contains("Main interactive connection is using cleartext."),
        "{text}"
    );
    let text = refused(&simulator, "CREATE NODEGROUP 1,2");
    assert!(
        text.contains("322-Invalid node(s) specified for new nodegroup"),
        "{text}"
    );
    let text = good(&simulator, "mgm SHUTDOWN");
    assert_eq!(
        text,
        "4 NDB Cluster node(s) have shutdown.\nDisconnecting to allow management server to shutdown."
    );
}

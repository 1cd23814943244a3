//! How operators script the client: expressions taken from public scripts, run with the real
//! bash, grep, sed, awk and perl against our client and simulator.
//!
//! Each test names the scripts its calls come from.

use crate::server::Nobody;
use crate::simulator::{Simulator, TWO_NODES};

fn two_nodes() -> Simulator {
    Simulator::start(TWO_NODES, &["--rows", "300"])
}

/// mysql-ndb-operator, mgmd-startup-probe.sh: an option after `-e`.
#[test]
fn pattern_01_a_probe_finds_the_management_server_connected() {
    two_nodes().good(
        r#"nodeId=1
        ndb_mgm -c "$C" -e "${nodeId} status" --connect-retries=1 | grep -q "Node ${nodeId}: connected""#,
    );
}

/// mysql-ndb-operator, mgmd-startup-probe.sh: two servers must tell the same.
#[test]
fn pattern_02_a_probe_compares_what_two_management_servers_show() {
    let config = TWO_NODES.replacen(
        "[ndbd]",
        "[ndb_mgmd]\nNodeId=4\nHostName=localhost\n[ndbd]",
        1,
    );
    let simulator = Simulator::start(&config, &[]);
    let port = simulator.port_of(4);
    let script = format!(
        r#"nodes() {{
          local show mgm count
          show=$(ndb_mgm -c "$1" --connect-retries=1 -e show) || exit 1
          sed -n '/ndb_mgmd(MGM)/,+2p' <<<"$show"
          count=$(grep -Po '\[ndbd\(NDB\)\]\t\K[0-9]+(?= node\(s\))' <<<"$show") || exit 1
          sed -n "/ndbd(NDB)/,+${{count}}p" <<<"$show"
        }}
        first=$(nodes "$C"); second=$(nodes "$H:{port}")
        [ "$first" = "$second" ] && cat <<<"$first""#
    );
    assert_eq!(
        simulator.good(&script),
        "[ndb_mgmd(MGM)]\t2 node(s)\n\
         id=1\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2)\n\
         id=4\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2)\n\
         [ndbd(NDB)]\t2 node(s)\n\
         id=2\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, Nodegroup: 0, *)\n\
         id=3\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, Nodegroup: 0)"
    );
}

/// mysql-ndb-operator, ndbmtd-startup-probe.sh.
#[test]
fn pattern_03_a_probe_finds_a_data_node_started() {
    let simulator = two_nodes();
    let probe = r#"NDB_CONNECTSTRING=$C; nodeId=2
        ndb_mgm -c "${NDB_CONNECTSTRING}" -e "${nodeId} status" --connect-retries=1 \
          | grep "Node ${nodeId}: started""#;
    assert_eq!(
        simulator.good(probe),
        "Node 2: started (mysql-9.7.2 ndb-9.7.2)"
    );
    simulator.good("ndb_mgm -c $C -e '2 stop'");
    simulator.bad(probe, 1);
}

/// rondb-helm, mgmd.yaml: the readiness probe is killed after two seconds.
#[test]
fn pattern_04_show_alone_ends_within_a_probes_patience() {
    // One of several on a machine that is busy with other tests.
    two_nodes().good(
        "export NDB_CONNECTSTRING=$C
        for turn in 1 2 3 4 5; do timeout 2 ndb_mgm -e show && exit 0; done; exit 1",
    );
}

/// rondb-helm, backups/create.yaml: SNAPSHOTEND before WAIT, the exit status decides.
#[test]
fn pattern_05_a_backup_jobs_exit_status_tells_success() {
    let simulator = two_nodes();
    let job = r#"X=$C; BACKUP_ID=264712
        ndb_mgm --ndb-connectstring=$X -e "START BACKUP $BACKUP_ID SNAPSHOTEND WAIT COMPLETED""#;
    let text = simulator.good(job);
    assert!(text.contains("Backup 264712 started from node 1 completed\n"));
    let text = simulator.bad(job, 255);
    assert!(text.contains("Backup failed\n*  3001: Could not start backup\n"));
}

/// rondb-helm, ndbmtds.sh. ACTIVATE and DEACTIVATE are RonDB's own: here they are refused, as
/// by the original.
#[test]
fn pattern_06_commands_of_rondb_are_refused() {
    let simulator = two_nodes();
    for word in ["activate", "deactivate"] {
        let call = format!(r#"NODE_ID=2; ndb_mgm -c $C --connect-retries=1 -e "$NODE_ID {word}""#);
        let text = simulator.bad(&call, 255);
        assert!(text.contains(&format!("Invalid command: {word}")), "{text}");
    }
}

/// rondb-helm, wait_ndbmtds.sh and wait_mgmd.sh. (`ndb_waiter` is another program.)
#[test]
fn pattern_07_waiting_loops_end() {
    let simulator = two_nodes();
    simulator.good(
        r#"until ndb_mgm --ndb-connectstring "$C" -e "show"; do :; done
        ndb_mgm -c $C -e "3 restart" || exit 1
        while STATUS=$(ndb_mgm --ndb-connectstring $C -e "3 status"); [[ "$STATUS" != *"started"* ]]; do :; done"#,
    );
}

/// ndb-chef, native_ndb_backup.sh.erb: the second field is `@host`.
#[test]
fn pattern_08_hosts_of_the_nodegroups_and_a_backup_into_a_log() {
    let simulator = two_nodes();
    let hosts = simulator.good(
        r#"MGM_CONN=$C
        ndb_mgm -c $MGM_CONN -e "SHOW" | grep Nodegroup | awk -F ' ' '{print $2}' | cut -c2-"#,
    );
    assert_eq!(hosts, "127.0.0.1\n127.0.0.1");
    let log = simulator.good(
        r#"id=5
        ndb_mgm -c $C -e "START BACKUP $id SNAPSHOTEND WAIT COMPLETED" >> log 2>&1
        [ $? -eq 0 ] && cat log"#,
    );
    assert!(
        log.contains("Node 2: Backup 5 started from node 1\n"),
        "{log}"
    );
}

/// ndb-chef, cluster-init.sh.erb and mgm-consul.hcl.erb.
#[test]
fn pattern_09_only_the_exit_status_is_asked_for() {
    let simulator = two_nodes();
    let calls = "ndb_mgm -c $C -t 2 -e show 1> /dev/null || exit 1
        ndb_mgm --connect-retries=3 --connect-retry-delay=5 -c $C -e show > /dev/null 2>&1";
    assert_eq!(simulator.good(calls), "");
    let nobody = Nobody::new();
    let port = nobody.port();
    simulator.bad(
        &format!("ndb_mgm -c $H:{port} -t 1 -e show > /dev/null 2>&1"),
        255,
    );
}

/// ndb-chef: nobody is asked to confirm.
#[test]
fn pattern_10_single_user_mode_and_shutdown_by_script() {
    let simulator = two_nodes();
    simulator.good(r#"ndb_mgm -c $C -e "ENTER SINGLE USER MODE 10""#);
    simulator.bad(r#"ndb_mgm -c $C -e "ENTER SINGLE USER MODE 99""#, 255);
    simulator.good(r#"ndb_mgm -c $C -e "EXIT SINGLE USER MODE""#);
    simulator.good(r#"ndb_mgm -c $C -e "shutdown""#);
    simulator.bad(r#"ndb_mgm -c $C -t 1 -e "shutdown""#, 255);
}

/// mysqlcluster-sandbox. Its backup names no id: that is refused unless it is allowed.
#[test]
fn pattern_11_lower_case_commands_and_stopped_nodes() {
    let simulator = two_nodes();
    let backup = r#"ndb_mgm -c $C -e "start backup wait completed""#;
    simulator.bad(backup, 255);
    simulator.good(&format!("export NDB_MGM_AUTO_BACKUP_ID=1; {backup}"));
    simulator.good(
        r#"ndb_mgm -c $C -e "3 stop -a" || exit 1
        until ndb_mgm -c $C -e "3 STATUS" | grep "Node 3: not connected"; do :; done
        ndb_mgm -c $C -e "all status" | grep "Node 2: started" || exit 1
        ndb_mgm -c $C -e "all stop""#,
    );
}

/// seikath, epg.mysql.cluster.restore.sh: a blank line ends a section.
#[test]
fn pattern_12_sections_are_cut_out_and_single_user_nodes_counted() {
    let simulator = two_nodes();
    let api = r#"ndb_mgm --ndb-mgmd-host=$H:1,$C -e 'show' | sed '/^\[mysqld(API)\]/,$!d;/^ *$/d'"#;
    assert_eq!(
        simulator.good(api),
        "[mysqld(API)]\t2 node(s)\n\
         id=10 (not connected, accepting connect from any host)\n\
         id=11 (not connected, accepting connect from any host)"
    );
    let count = "ndb_mgm --ndb-mgmd-host=$C -e 'show' \
        | sed '/ndbd/,/^ *$/!d;/^ *$/d;/^id/!d;/single user mode/!d' | wc -l";
    assert_eq!(simulator.good(count), "0");
    simulator.good("ndb_mgm -c $C -e 'enter single user mode 10'");
    assert_eq!(simulator.good(count), "2");
}

/// seikath, run_backup.sh. It names no id: a failure, which the script notices.
#[test]
fn pattern_13_a_backup_without_an_id_is_noticed_by_its_script() {
    let simulator = two_nodes();
    let script = r#"export NDB_CONNECTSTRING=$C
        ndb_mgm -e "start backup" 2>&1 >> log
        if [ $? -gt 0 ]; then echo failed; else echo done; fi"#;
    assert!(simulator.good(script).ends_with("failed"));
    let allowed = format!("export NDB_MGM_AUTO_BACKUP_ID=1; {script}");
    assert_eq!(simulator.good(&allowed), "done");
}

/// nagios-ndb, check_ndb_usage.sh: a shortened report name, field 6.
#[test]
fn pattern_14_a_check_reads_the_data_and_index_usage() {
    let simulator = two_nodes();
    for usage in ["Data usage is", "Index usage is"] {
        let script = format!(
            r#"ndb_mgm -c $C -e "2 report memory" | grep "{usage}" | awk '{{print $6}}' | awk -F "%" '{{print $1}}'"#
        );
        let percent: u32 = simulator.good(&script).parse().expect("a number");
        assert!(percent <= 100);
    }
    simulator.bad(
        r#"ndb_mgm -c $C -e "2 status" | grep -i "not connected""#,
        1,
    );
    simulator.bad(r#"ndb_mgm -c $C -e "2 status" | grep "starting""#, 1);
    simulator.good("ndb_mgm -c $C -e '2 stop -a'");
    simulator.good(r#"ndb_mgm -c $C -e "2 status" | grep -i "not connected""#);
}

/// ganglia, ganglia_mysql_cluster.pl.
#[test]
fn pattern_15_a_metric_reads_the_memory_usage() {
    let script = r#"id=3; ndb_mgm -c $C -e "$id REPORT MemoryUsage" \
        | perl -ne 'print "$1 $2\n" if /^Node (.*): (.*) usage is (\S+)(\%)/'"#;
    assert_eq!(two_nodes().good(script), "3 Data\n3 Index");
}

/// aa_monitor, MySQLNDB.pm and MySQLNDBUsage.pm.
#[test]
fn pattern_16_a_monitor_reads_nodes_and_piped_reports() {
    let simulator = two_nodes();
    let nodes = simulator.good(
        r#"ndb_mgm -t 1 -c "$H:$P" -e SHOW | perl -ne '
          print "count $1\n" if /^\[ndbd\(NDB\)\]\s+(\d+)\s+node/;
          print "node $1 $2 ($3)\n" if /^id=(\d+)\s+\@([\d\.]+)\s+\(([^\)]+)\)/;
          print "starting\n" if /,\s*starting\s*,/'"#,
    );
    assert_eq!(
        nodes,
        "count 2\n\
         node 2 127.0.0.1 (mysql-9.7.2 ndb-9.7.2, Nodegroup: 0, *)\n\
         node 3 127.0.0.1 (mysql-9.7.2 ndb-9.7.2, Nodegroup: 0)\n\
         node 1 127.0.0.1 (mysql-9.7.2 ndb-9.7.2)"
    );
    let report = r#"printf 'ALL REPORT MemoryUsage\nQUIT\n' | ndb_mgm -c $C \
        | perl -ne 'print "$1 $3\n" if /^Node (\d+): Data usage is (\d+)%\((.*)\)$/'"#;
    let report = simulator.good(report);
    let lines: Vec<&str> = report.lines().collect();
    assert!(
        lines[0].starts_with("2 ") && lines[1].starts_with("3 "),
        "{report}"
    );
    let nobody = Nobody::new();
    let port = nobody.port();
    simulator.good(&format!(
        r#"ndb_mgm -t 1 -c "$H:{port}" -e SHOW 2>&1 | perl -ne '$n++ if m/Unable to connect/i; END {{ exit !$n }}'"#
    ));
}

/// ndb_top.pl. It strips the banner of old versions; today's banner stays, one line, and the
/// hosts are found all the same.
#[test]
fn pattern_17_the_old_banner_is_gone_and_hosts_are_still_found() {
    let script = r#"ndb_mgm -c $C -e SHOW | perl -0pe 's/Connected to Management Server at: (.*?):1186\n//' \
        | perl -ne 'print "$1\n" if /@([^ ]+) /; print if $. == 1'"#;
    let simulator = two_nodes();
    let banner = format!(
        "Connected to management server at 127.0.0.1 port {} (using cleartext)",
        simulator.port
    );
    let want = format!("{banner}\n127.0.0.1\n127.0.0.1\n127.0.0.1");
    assert_eq!(simulator.good(script), want);
    simulator.bad(
        r#"ndb_mgm -c $C -e "ALL REPORT MemoryUsage" | grep -P '\b\([5-9]{2}%\)'"#,
        1,
    );
}

/// An init script: `-t1` glued together, after `-e`; it documents 0 and 255.
#[test]
fn pattern_18_an_init_script_tells_alive_from_unreachable() {
    let simulator = two_nodes();
    let sections = r#"export NDB_CONNECTSTRING=$C
        ndb_mgm -e "show" -t1 | awk -F "NDB|MGM|API" '/node\(s\)/ {print $2}'"#;
    assert_eq!(
        simulator.good(sections),
        ")]\t2 node(s)\n)]\t1 node(s)\n)]\t2 node(s)"
    );
    let nobody = Nobody::new();
    let port = nobody.port();
    simulator.bad(
        &format!(r#"export NDB_CONNECTSTRING=$H:{port}; ndb_mgm -e "show" -t1"#),
        255,
    );
}

/// mysql-cluster-docker-setup, start-mysql-cluster.sh.
#[test]
fn pattern_19_an_address_is_looked_for_in_show() {
    let simulator = two_nodes();
    simulator.good(r#"ip=127.0.0.1; M=$C; ndb_mgm -c $M -e show 2>/dev/null | grep -q "@$ip""#);
    simulator.bad(
        r#"ip=10.1.2.3; M=$C; ndb_mgm -c $M -e show 2>/dev/null | grep -q "@$ip""#,
        1,
    );
}

/// A compose file's health check: no shell, the connect string last.
#[test]
fn pattern_20_a_health_check_puts_the_connect_string_last() {
    two_nodes().good(r#"exec ndb_mgm "-e" "show" "--ndb-connectstring=$C""#);
}

/// A start script: nodes that are not in service.
#[test]
fn pattern_21_nodes_out_of_service_are_found() {
    let simulator = two_nodes();
    let script = r"ndb_mgm -c $C --try-reconnect=1 -e show \
        | grep -E -q '^id=(3|4)[[:space:]].*(not connected|starting)'";
    simulator.bad(script, 1);
    simulator.good("ndb_mgm -c $C -e '3 stop'");
    simulator.good(script);
}

/// Fabric and capistrano tasks.
#[test]
fn pattern_22_nodes_are_stopped_and_restarted_and_shutdown_may_fail() {
    let simulator = two_nodes();
    simulator.good(r#"id=3; ndb_mgm -c $C -e "$id restart""#);
    // In single quotes the shell leaves the variable alone.
    simulator.bad("id=3; ndb_mgm -c $C -e '$id stop'", 255);
    simulator.good(
        r#"id=3
        until ndb_mgm -c $C -e "$id status" | grep -q "Node $id: started"; do :; done
        ndb_mgm -c $C -e "$id stop" || exit 1
        ndb_mgm -c $C -t 1 -e shutdown || true
        ndb_mgm -c $C -t 1 -e shutdown || true"#,
    );
}

/// A script that adds data nodes.
#[test]
fn pattern_23_ids_are_cut_out_and_a_nodegroup_is_made() {
    let config = TWO_NODES.replacen(
        "[mysqld]",
        "[ndbd]\nNodeId=5\nNodegroup=65536\n[ndbd]\nNodeId=6\nNodegroup=65536\n[mysqld]",
        1,
    );
    let simulator = Simulator::start(&config, &[]);
    let ids = r"ndb_mgm -c $C -e show | grep 127..*odegroup | sed 's/id=\([0-9]*\).*/\1/'";
    assert_eq!(simulator.good(ids), "2\n3\n5\n6");
    let text = simulator.good(r#"ndb_mgm -c $C -e "CREATE NODEGROUP 5,6""#);
    assert!(text.ends_with("Nodegroup 1 created"), "{text}");
    assert_eq!(
        simulator.good("ndb_mgm -c $C -e show | grep -c 'Nodegroup: 1'"),
        "2"
    );
}

/// Cron lines of blogs. Without an id: refused; with one made of the date: works.
#[test]
fn pattern_24_cron_lines_with_positional_servers() {
    let simulator = two_nodes();
    let log = simulator.bad(
        r#"export NDB_CONNECTSTRING=$C
        ndb_mgm -e "START BACKUP" >> log 2>&1; status=$?; cat log; exit $status"#,
        255,
    );
    assert!(log.contains("--auto-backup-id"), "{log}");
    let dated = r#"ndb_mgm $H:$P -e "START BACKUP $(date +'%y%m%d%H%M')""#;
    assert!(simulator.good(dated).contains(" completed\n"));
    simulator.good("ndb_mgm $H $P -e show");
}

/// Tests of MySQL itself.
#[test]
fn pattern_25_verbose_0_prints_no_banner() {
    let text = two_nodes().good("ndb_mgm --no-defaults --ndb-connectstring=$C --verbose=0 -e show");
    assert!(text.starts_with("Cluster Configuration\n"), "{text}");
}

/// PmaControl, MgmShowParser.php. Its banner expression is for old versions; the rest holds.
#[test]
fn pattern_26_a_parser_reads_nodes_and_skips_the_new_banner() {
    let simulator = two_nodes();
    let script = r#"ndb_mgm -c $C -e SHOW | perl -ne '
        print "old banner\n" if /^Connected to Management Server at:\s*([\w\.\-]+):(\d+)/;
        print "$1|$2|$3|$4|", ($5 ? "master" : ""), "\n"
          if /^id=(\d+)\s+\@(\S+)\s+\(mysql-(\S+) ndb-[\d.]+(?:, Nodegroup: (\d+))?(, \*)?\)/;
        print "$1|down\n" if /^id=(\d+) \(not connected/'"#;
    assert_eq!(
        simulator.good(script),
        "2|127.0.0.1|9.7.2|0|master\n\
         3|127.0.0.1|9.7.2|0|\n\
         1|127.0.0.1|9.7.2||\n\
         10|down\n\
         11|down"
    );
}

/// One option with several commands, as with a shell.
#[test]
fn commands_of_one_option_run_up_to_the_first_that_fails() {
    let simulator = two_nodes();
    let text = simulator.good("ndb_mgm -c $C -e '2 STATUS; # a; b' -e '3 STATUS;'");
    let nodes: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("Node"))
        .collect();
    assert_eq!(nodes.len(), 2, "{text}");
    let text = simulator.bad("ndb_mgm -c $C -e '2 STATUS; 9 STATUS; 3 STATUS'", 255);
    assert!(text.contains("Node 2: started"), "{text}");
    assert!(!text.contains("Node 3"), "{text}");
    let encrypted = "ndb_mgm -c $C -e \"START BACKUP 1 ENCRYPT PASSWORD='a;b' WAIT COMPLETED; SHOW\" \
         && ndbxfrm --decrypt-password='a;b' cluster/node-2/BACKUP/BACKUP-1/BACKUP-1.2.ctl plain";
    assert!(simulator.good(encrypted).contains("[ndbd(NDB)]"));
}

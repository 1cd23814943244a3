//! HEALTH in every state and every format, whole.
//!
//! The outputs are in `tests/health`, without ports and times; `NDBMGM_WRITE_HEALTH=1` writes them
//! anew.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use crate::data_schema::objects;
use crate::fake_server::{Answer, FakeServer};
use crate::four_nodes::{CONFIG, Done, FourNodes, begin};
use crate::server::Nobody;

const WRITE: &str = "NDBMGM_WRITE_HEALTH";

/// The formats, and the ends of the files' names.
const FORMATS: [(&str, &str); 4] = [
    ("text", "txt"),
    ("json", "json"),
    ("nagios", "nagios"),
    ("prometheus", "prom"),
];

/// HEALTH of the server at this address in all formats must be what is kept, and end so.
fn check(state: &str, address: &str, options: &[&str], status: i32) {
    for (format, end) in FORMATS {
        let output = format!("--output={format}");
        let arguments = [&[&*output, "-e", "HEALTH"], options].concat();
        let done = begin(address, &arguments).wait();
        assert_eq!(done.status, status, "{state}: {done:#?}");
        if format == "json" {
            objects(&done.stdout);
        }
        compare(&format!("{state}.{end}"), &plain(&done, address));
    }
}

/// The output without what differs from run to run.
fn plain(done: &Done, address: &str) -> String {
    let port = address.rsplit(':').next().unwrap();
    let is_time = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("\"began\"") || line.starts_with("\"ended\"")
    };
    let lines = done.stdout.lines().filter(|line| !is_time(line));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    text.replace(&format!(":{port}"), ":PORT")
        .replace(&format!("port {port}"), "port PORT")
}

fn compare(name: &str, have: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/health")
        .join(name);
    if env::var_os(WRITE).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, have).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(have, kept, "{name}");
}

fn cluster_in(state: &str, config: &str, options: &[&str], status: i32, commands: &[&str]) {
    let cluster = FourNodes::with(config, 5);
    for command in commands {
        cluster.good(command);
    }
    check(state, &cluster.address(), options, status);
}

#[test]
fn a_cluster_with_all_nodes_is_ok() {
    cluster_in("ok", CONFIG, &[], 0, &[]);
}

#[test]
fn a_cluster_that_lacks_a_node_is_degraded() {
    cluster_in("node_down", CONFIG, &[], 1, &["3 STOP"]);
}

#[test]
fn a_node_that_waits_for_its_start_is_missing() {
    let commands = ["5 RESTART -N", "WAIT FOR 5 NOT STARTED TIMEOUT 50"];
    cluster_in("not_started", CONFIG, &[], 1, &commands);
}

#[test]
fn a_cluster_that_lacks_a_nodegroup_is_offline() {
    let cluster = FourNodes::start(5);
    cluster.fault("after 0s fail-node 2\nafter 0s fail-node 3");
    cluster.good("WAIT FOR ALL NO CONTACT TIMEOUT 50");
    check("offline", &cluster.address(), &[], 2);
}

#[test]
fn single_user_mode_is_a_warning() {
    cluster_in(
        "single_user",
        CONFIG,
        &[],
        1,
        &["ENTER SINGLE USER MODE 10"],
    );
}

#[test]
fn memory_above_its_limits_is_a_warning_or_critical() {
    let small = CONFIG.replace("NoOfReplicas=2\n", "NoOfReplicas=2\nDataMemory=1M\n");
    let options = ["--memory-warning=1", "--memory-critical=3"];
    cluster_in("memory", &small, &options, 2, &[]);
    let options = ["--memory-warning=2", "--memory-critical=50"];
    cluster_in("memory_warning", &small, &options, 1, &[]);
}

#[test]
fn a_management_server_that_is_down_is_a_warning() {
    let second = "[ndb_mgmd]\nNodeId=50\nHostName=localhost\n[mysqld]\n";
    let cluster = FourNodes::with(&CONFIG.replace("[mysqld]\n", second), 5);
    cluster.fault("after 0s kill-server 50");
    cluster.good("WAIT FOR 50 NO CONTACT TIMEOUT 50");
    check("server_down", &cluster.address(), &[], 1);
}

#[test]
fn without_contact_the_state_is_unknown() {
    check("unreachable", &Nobody::new().address, &[], 3);
}

#[test]
fn a_server_that_wants_tls_leaves_the_state_unknown_and_is_not_unhealthy() {
    let server = FakeServer::lying(&[(
        "get status",
        Answer::Say("Authorization failed\nError: Requires TLS\n\n"),
    )]);
    check("not_authorized", &server.address, &[], 3);
}

#[test]
fn a_silent_server_is_unknown_within_the_limit() {
    let server = FakeServer::lying(&[("get status", Answer::Freeze)]);
    let began = Instant::now();
    let done = begin(
        &server.address,
        &["--request-timeout=4", "--output=nagios", "-e", "HEALTH"],
    )
    .wait();
    assert_eq!(done.status, 3, "{done:#?}");
    let text = "NDB UNKNOWN - the management server does not answer: ";
    assert!(done.stdout.starts_with(text), "{done:#?}");
    // Generous: the limit is 4 s for each of two steps.
    assert!(began.elapsed() < Duration::from_secs(60));
    let server = FakeServer::lying(&[
        ("get version", Answer::Freeze),
        ("check connection", Answer::Freeze),
    ]);
    let done = begin(&server.address, &["--timeout=4", "-e", "HEALTH"]).wait();
    assert_eq!(done.status, 3, "{done:#?}");
    assert!(done.stdout.contains("Cluster is UNKNOWN: "), "{done:#?}");
}

#[test]
fn the_formats_of_monitoring_are_for_health_only() {
    let cluster = FourNodes::start(5);
    for arguments in [
        &["--output=nagios", "-e", "SHOW"][..],
        &["--output=prometheus", "-e", "HEALTH", "-e", "SHOW"],
        &["--output=nagios"],
    ] {
        let done = cluster.run(arguments);
        assert_eq!((done.status, done.stdout.as_str()), (3, ""), "{done:#?}");
        assert!(done.stderr.contains("are for -e HEALTH only"), "{done:#?}");
    }
}

#[test]
fn servers_that_see_the_nodes_in_different_states_are_told_of() {
    let cluster = FourNodes::start(5);
    // It knows of no nodes at all.
    let other = FakeServer::lying(&[(
        "get mgmd nodeid",
        Answer::Say("get mgmd nodeid reply\nnodeid:50\n\n"),
    )]);
    let both = format!("{},{}", cluster.address(), other.address);
    let done = begin(&both, &["-e", "HEALTH"]).wait();
    assert_eq!(done.status, 1, "{done:#?}");
    let line = format!(
        "WARNING: management servers differ: node 2 is started here, but not configured for \
         management server 50 at {}\n",
        other.address
    );
    assert!(done.stdout.contains(&line), "{done:#?}");
    assert!(
        done.stdout.contains("Management servers: 2 of 2 asked\n"),
        "{done:#?}"
    );
    let roll = begin(&both, &["-e", "ROLLING RESTART DRY RUN"]).wait();
    assert_eq!(roll.status, 255, "{roll:#?}");
    assert!(
        roll.stdout
            .contains("Obstacle: management servers differ: node 2"),
        "{roll:#?}"
    );
}

#[test]
fn every_metric_is_in_the_document_and_every_one_of_the_document_is_told() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/metrics.md")).unwrap();
    let (of_health, _) = document.split_once("\n## ndb_exporter\n").unwrap();
    let rows = of_health
        .lines()
        .filter_map(|line| line.strip_prefix("| `"));
    let mut listed: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let told = fs::read_to_string(root.join("tests/health/ok.prom")).unwrap();
    let types = told.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut told: Vec<&str> = types.filter_map(|line| line.split(' ').next()).collect();
    listed.sort_unstable();
    told.sort_unstable();
    assert_eq!(listed, told);
}

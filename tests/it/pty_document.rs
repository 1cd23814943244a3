//! The document's sessions at the prompt, with the document's cluster simulated.

use std::path::Path;

use ndbmgm::sim::{FaultPlan, SimConfig, SimHandle, parse_config_file};

use crate::terminal::Terminal;

/// The document's cluster: management server 5 and four data nodes.
const DOCUMENT_CLUSTER: &str = "\
[ndbd default]
NoOfReplicas=2
[ndb_mgmd]
NodeId=5
[ndbd]
NodeId=1
[ndbd]
NodeId=2
[ndbd]
NodeId=3
[ndbd]
NodeId=4
[mysqld]
NodeId=6
";

/// Disks that make a backup of the default database take about six seconds: there is time to do
/// something meanwhile.
const SLOW_DISKS: &str = "slow-disk 1 64K\nslow-disk 2 64K\nslow-disk 3 64K\nslow-disk 4 64K\n";

/// The document's cluster, simulated; it ends when it is dropped.
struct Cluster {
    simulator: SimHandle,
    directory: tempfile::TempDir,
}

impl Cluster {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = SimConfig::new(directory.path());
        config.topology = parse_config_file(DOCUMENT_CLUSTER, Path::new("config.ini")).unwrap();
        config.faults = FaultPlan::parse(SLOW_DISKS).unwrap();
        Self {
            simulator: ndbmgm::sim::start(config).unwrap(),
            directory,
        }
    }

    fn client(&self) -> Terminal {
        let server = self.simulator.address().to_string();
        let terminal = Terminal::start(&["--no-defaults", "-c", &server, "--connect-retries=1"]);
        terminal.wait_for_line("");
        terminal
    }

    fn has_file(&self, node: u32, path: &str) -> bool {
        let node = self.directory.path().join(format!("node-{node}/BACKUP"));
        node.join(path).exists()
    }
}

/// The client with the document's cluster simulated inside it.
fn with_simulated_cluster(arguments: &[&str]) -> Terminal {
    with_simulation_of(DOCUMENT_CLUSTER, arguments)
}

/// The same with disks that take 1 MiB per second, some 40000 rows.
fn with_slow_simulated_cluster(arguments: &[&str]) -> Terminal {
    let slow = "[ndbd default]\nMinDiskWriteSpeed=1M\nMaxDiskWriteSpeed=1M\n";
    with_simulation_of(
        &DOCUMENT_CLUSTER.replace("[ndbd default]\n", slow),
        arguments,
    )
}

fn with_simulation_of(cluster: &str, arguments: &[&str]) -> Terminal {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.ini"), cluster).unwrap();
    let always = ["--no-defaults", "--sim=config.ini"];
    let terminal = Terminal::start_in(home, &[&always, arguments].concat());
    terminal.wait_for_line("");
    terminal
}

#[test]
fn the_client_says_that_its_cluster_is_simulated() {
    let terminal = with_simulated_cluster(&[]);
    let text = terminal.quit();
    assert!(text.contains("SIMULATED"), "{text}");
    assert!(
        text.contains("The cluster is simulated inside this process"),
        "{text}"
    );
}

#[test]
fn the_documents_session_with_the_default_wait() {
    let cluster = Cluster::start();
    let mut terminal = cluster.client();
    let screen = terminal.run_command("START BACKUP");
    let story = [
        "ndb_mgm> START BACKUP\n",
        "Waiting for completed, this may take several minutes\n",
        "Node 1: Backup 1 started from node 5\n",
        "Node 1: Backup 1 started from node 5 completed\n StartGCP: ",
    ];
    let mut from = 0;
    for line in story {
        let found = screen[from..].find(line);
        from += found.unwrap_or_else(|| panic!("no {line} in\n{screen}")) + line.len();
    }
    let screen = &screen[from..];
    assert!(
        screen.contains(" StopGCP: ") && screen.contains("\n #Records: "),
        "{screen}"
    );
    assert!(screen.contains(" bytes Log: 0 bytes\nndb_mgm>"), "{screen}");
    for node in 1..=4 {
        let file = format!("BACKUP-1/BACKUP-1.{node}.ctl");
        assert!(cluster.has_file(node, &file), "node {node}");
    }
    terminal.quit();
}

#[test]
fn the_documents_session_with_wait_started() {
    let cluster = Cluster::start();
    let mut terminal = cluster.client();
    let screen = terminal.run_command("START BACKUP 3 WAIT STARTED");
    assert!(
        screen.contains(
            "Waiting for started, this may take several minutes\n\
             Node 1: Backup 3 started from node 5\n\
             ndb_mgm>"
        ),
        "{screen}"
    );
    terminal.wait_for("Node 1: Backup 3 started from node 5 completed");
    terminal.wait_for_line("");
    terminal.quit();
}

#[test]
fn the_documents_session_with_nowait() {
    let cluster = Cluster::start();
    let mut terminal = cluster.client();
    terminal.run_command("ALL STATUS");
    terminal.type_keys("START BACKUP NOWAIT\r");
    // The prompt can be used while the backup is under way.
    terminal.wait_for("Node 1: Backup 1 started from node 5");
    let screen = terminal.run_command("ALL REPORT BackupStatus");
    assert!(screen.contains("backup 1 started from node 5"), "{screen}");
    terminal.wait_for("Node 1: Backup 1 started from node 5 completed");
    let text = terminal.quit();
    assert!(!text.contains("Waiting for"), "{text}");
}

#[test]
fn the_documents_session_with_abort() {
    let cluster = Cluster::start();
    let mut terminal = cluster.client();
    terminal.run_command("START BACKUP 3 NOWAIT");
    terminal.wait_for("Node 1: Backup 3 started from node 5");
    terminal.type_keys("ABORT BACKUP 3\r");
    terminal.wait_for("Abort of backup 3 ordered");
    let aborted = |node: u32, error: &str| {
        format!("Node {node}: Backup 3 started from 5 has been aborted. Error: {error}\n")
    };
    let by_user = "1321 - Backup aborted by user request: Permanent error: User defined error";
    let by_order = "1323 - 1323: Permanent error: Internal error";
    let screen = terminal.wait_until("four aborted nodes", |screen| {
        (1..=4).all(|node| {
            screen.contains(&aborted(node, by_user)) || screen.contains(&aborted(node, by_order))
        })
    });
    assert_eq!(screen.matches(by_user).count(), 1, "{screen}");
    assert_eq!(screen.matches(by_order).count(), 3, "{screen}");
    terminal.wait_for_line("");
    let screen = terminal.run_command("ABORT BACKUP 3");
    // Nothing on standard output, as in the document; the note is on standard error.
    let note = "Note: backup 3 is not running on any data node, nothing was aborted.";
    assert!(
        screen.contains(&format!("ndb_mgm> ABORT BACKUP 3\n{note}\nndb_mgm>")),
        "{screen}"
    );
    for node in 1..=4 {
        assert!(!cluster.has_file(node, "BACKUP-3"), "node {node}");
    }
    terminal.quit();
}

#[test]
fn an_existing_backup_fails_after_its_event() {
    let mut terminal = with_simulated_cluster(&[]);
    terminal.run_command("START BACKUP 4");
    let screen = terminal.run_command("START BACKUP 4");
    assert!(
        screen.contains(
            "Node 1: Backup 4 started from 5 has been aborted. Error: 1350 - Backup failed: file \
             already exists"
        ),
        "{screen}"
    );
    let event = screen.rfind("Error: 1350");
    assert!(
        event < screen.rfind("Backup failed\n*  3001: Could not start backup"),
        "{screen}"
    );
    terminal.quit();
}

#[test]
fn a_simulated_cluster_ends_after_its_backup() {
    let mut terminal = with_slow_simulated_cluster(&["--sim-rows=200000"]);
    terminal.run_command("START BACKUP 5 NOWAIT");
    terminal.type_keys("QUIT\r");
    terminal.wait_for("still writing a backup");
    assert_eq!(terminal.wait_for_end(), 0);
    let backup = "ndb-sim-data/node-4/BACKUP/BACKUP-5/BACKUP-5.4.ctl";
    assert!(terminal.home.path().join(backup).is_file());
}

#[test]
fn control_c_ends_a_simulated_cluster_and_aborts_its_backup() {
    let mut terminal = with_slow_simulated_cluster(&["--sim-rows=2000000"]);
    terminal.run_command("START BACKUP 5 NOWAIT");
    terminal.type_keys("QUIT\r");
    terminal.wait_for("still writing a backup");
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    let backup = "ndb-sim-data/node-4/BACKUP/BACKUP-5";
    assert!(!terminal.home.path().join(backup).exists());
}

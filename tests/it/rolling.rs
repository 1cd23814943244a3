//! ROLLING RESTART on a simulated cluster: never an outage, never one node too many.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ndbmgm::client::{ConnectOptions, NodeState, connect};
use ndbmgm::cluster::{ConnectString, NodeStatus, NodeType};

use crate::four_nodes::{CONFIG, FourNodes};

/// Data nodes and their nodegroups.
const NODEGROUPS: [(u32, u32); 4] = [(2, 0), (3, 0), (4, 1), (5, 1)];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn options(address: &str) -> ConnectOptions {
    ConnectOptions::once(ConnectString::parse(address).unwrap())
}

/// The data nodes as the server sees them now.
fn data_nodes(cluster: &FourNodes) -> Vec<NodeState> {
    runtime().block_on(async {
        let mut session = connect(&options(&cluster.address())).await.unwrap();
        let types = Some(vec![NodeType::Ndb]);
        session.get_status(types).await.unwrap()
    })
}

/// Which life each data node lives: its place in the order of joining.
fn lives(cluster: &FourNodes) -> BTreeMap<u32, Option<i32>> {
    let nodes = data_nodes(cluster).into_iter();
    nodes
        .map(|node| (node.node.get(), node.dynamic_id))
        .collect()
}

/// Asks for the states ten times a second until told to stop; what was wrong.
fn poll(address: String, stop: &AtomicBool) -> Vec<String> {
    runtime().block_on(async {
        let mut session = connect(&options(&address)).await.unwrap();
        let mut faults = Vec::new();
        while !stop.load(Ordering::Acquire) {
            let nodes = session.get_status(None).await.unwrap();
            let started = |id: u32| {
                let is_up =
                    |node: &&NodeState| node.node.get() == id && node.status == NodeStatus::Started;
                nodes.iter().find(is_up).is_some()
            };
            for nodegroup in [0, 1] {
                let members = NODEGROUPS.iter().filter(|(_, of)| *of == nodegroup);
                if !members.clone().any(|(id, _)| started(*id)) {
                    faults.push(format!(
                        "nodegroup {nodegroup} is out of service: {nodes:?}"
                    ));
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        faults
    })
}

fn restarts_everything_without_an_outage(command: &str) {
    let cluster = FourNodes::start(20);
    let before = lives(&cluster);
    let stop = AtomicBool::new(false);
    let faults = thread::scope(|scope| {
        let address = cluster.address();
        let stop = &stop;
        let poller = scope.spawn(move || poll(address, stop));
        let told = cluster.good(command);
        assert!(
            told.ends_with("Rolling restart done: nodes 2, 3, 4, 5\n") || command.contains("PER"),
            "{told}"
        );
        stop.store(true, Ordering::Release);
        poller.join().unwrap()
    });
    assert_eq!(faults, Vec::<String>::new());
    let after = lives(&cluster);
    for (node, life) in before {
        assert_ne!(after[&node], life, "node {node} was not restarted");
    }
}

#[test]
fn no_nodegroup_is_ever_without_a_started_node() {
    restarts_everything_without_an_outage("ROLLING RESTART");
}

#[test]
fn nor_is_one_while_one_of_each_is_restarted() {
    restarts_everything_without_an_outage("ROLLING RESTART ALL PER NODEGROUP INITIAL");
}

/// A node of the other nodegroup dies while another one is down for its restart. The moments are
/// spread over the restart.
fn a_node_dies_in_the_middle(seed: u64) {
    let phase = 10;
    let cluster = FourNodes::start(phase);
    let restarted = [2, 3, 4][seed as usize % 3];
    let others = match restarted {
        2 | 3 => [4, 5],
        _ => [2, 3],
    };
    let victim = others[seed as usize / 3 % 2];
    let moment = seed * 17 * phase / 20;
    cluster.fault(&format!(
        "in-restart {restarted} {moment}ms fail-node {victim}"
    ));
    let before = lives(&cluster);
    let done = cluster.command("ROLLING RESTART");
    assert_eq!(done.status, 255, "seed {seed}: {done:#?}");
    let expected: Vec<u32> = (2..=restarted).collect();
    let list = |nodes: &[u32]| {
        let nodes: Vec<String> = nodes.iter().map(u32::to_string).collect();
        nodes.join(", ")
    };
    let told = format!("Restarted: {}\n", list(&expected));
    assert!(done.stdout.contains(&told), "seed {seed}: {done:#?}");
    let after = lives(&cluster);
    for (node, life) in &before {
        let is_new = after[node] != *life;
        let may_be = expected.contains(node) || *node == victim;
        assert_eq!(is_new, may_be, "seed {seed}, node {node}: {done:#?}");
    }
    let resume = done
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("Resume with: "));
    let resume = resume.unwrap_or_else(|| panic!("seed {seed}: {done:#?}"));
    cluster.fault(&format!("after 0s launch-node {victim}"));
    cluster.good("WAIT FOR ALL STARTED TIMEOUT 50");
    let middle = lives(&cluster);
    cluster.good(resume);
    let end = lives(&cluster);
    for node in 2..=5 {
        let is_new = end[&node] != middle[&node];
        assert_eq!(
            is_new,
            !expected.contains(&node),
            "seed {seed}, node {node}: {resume}"
        );
    }
}

#[test]
fn the_death_of_another_node_ends_the_roll_and_the_printed_command_resumes_it() {
    thread::scope(|scope| {
        for part in 0..4 {
            scope.spawn(move || (part * 5..part * 5 + 5).for_each(a_node_dies_in_the_middle));
        }
    });
}

#[test]
fn a_node_lost_in_the_last_step_is_not_passed_over() {
    let cluster = FourNodes::start(10);
    cluster.fault("in-restart 5 30ms fail-node 2");
    let done = cluster.command("ROLLING RESTART");
    assert_eq!(done.status, 255, "{done:#?}");
    let end = "\
Rolling restart stopped: node 2 is not connected
Restarted: 2, 3, 4, 5
Not restarted: none
";
    assert!(done.stdout.ends_with(end), "{done:#?}");
}

#[test]
fn what_stands_against_a_step_ends_the_roll_before_it() {
    let cluster = FourNodes::start(10);
    cluster.good("ENTER SINGLE USER MODE 10");
    let done = cluster.command("ROLLING RESTART 3 2");
    let told = "\
Rolling restart of 2 node(s) in 2 step(s)
Management server 1 is left out: clients lose a server that restarts. Name it to restart it.
Rolling restart stopped: the cluster is in single user mode
Restarted: none
Not restarted: 3, 2
Resume with: ROLLING RESTART 3 2
";
    assert_eq!((done.stdout.as_str(), done.status), (told, 255));
    let planned = cluster.command("ROLLING RESTART 3 2 DRY RUN");
    assert_eq!(planned.status, 255);
    let end = "Obstacle: the cluster is in single user mode\nNothing was done.\n";
    assert!(planned.stdout.ends_with(end), "{planned:#?}");
    cluster.good("EXIT SINGLE USER MODE");
    cluster.good("5 STOP");
    let done = cluster.command("ROLLING RESTART ALL INITIAL TIMEOUT 9");
    let end = "\
Rolling restart stopped: node 5 is not connected
Restarted: none
Not restarted: 2, 3, 4, 5
First: start node 5 on its host, then WAIT FOR 5 STARTED
Resume with: ROLLING RESTART 2 3 4 5 INITIAL TIMEOUT 9
";
    assert!(done.stdout.ends_with(end), "{done:#?}");
}

#[test]
fn a_dry_run_prints_the_plan_and_restarts_nothing() {
    let cluster = FourNodes::start(10);
    let before = lives(&cluster);
    let told = cluster.good("ROLLING RESTART 1 2 3 4 PER NODEGROUP DRY RUN");
    let plan = "\
Rolling restart of 4 node(s) in 3 step(s)
Step 1: management server 1
Step 2: nodes 2, 4
Step 3: node 3
Nothing stands against the first step. Nothing was done.
";
    assert_eq!(told, plan);
    assert_eq!(lives(&cluster), before);
}

#[test]
fn nodes_that_cannot_be_restarted_are_refused() {
    let cluster = FourNodes::start(10);
    for (command, told) in [
        ("ROLLING RESTART 2 99", "99: Node not found\n"),
        (
            "ROLLING RESTART 10",
            "Node 10 is an API node, which a management server does not restart\n",
        ),
    ] {
        let done = cluster.command(command);
        assert_eq!((done.stdout.as_str(), done.status), (told, 255));
    }
}

#[test]
fn ctrl_c_ends_the_roll_after_the_current_node() {
    // The node is away for some four seconds.
    let cluster = FourNodes::start(300);
    let mut roll = cluster.begin(&["-e", "ROLLING RESTART 2 3"]);
    roll.wait_for("Node 2: has left");
    roll.interrupt();
    let done = roll.wait();
    assert_eq!(done.status, 130, "{done:#?}");
    let end = "\
Node 2: started
Rolling restart stopped: Ctrl-C
Restarted: 2
Not restarted: 3
Resume with: ROLLING RESTART 3
";
    assert!(done.stdout.ends_with(end), "{done:#?}");
    let states = data_nodes(&cluster);
    assert!(states.iter().all(|node| node.status == NodeStatus::Started));
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_says_what_goes_on() {
    let cluster = FourNodes::start(500);
    let mut roll = cluster.begin(&["-e", "ROLLING RESTART 2 3"]);
    roll.wait_for("Node 2: has left");
    roll.interrupt();
    // Two signals that nobody has seen yet are one.
    roll.wait_for_advice("Ctrl-C: the rolling restart ends after this step.");
    roll.interrupt();
    let done = roll.wait();
    assert_eq!(done.status, 130, "{done:#?}");
    let end = "\
Rolling restart stopped: Ctrl-C; the order of this step is still carried out
Restarted: none
Not restarted: 2, 3
First: WAIT FOR 2 STARTED
Resume with: ROLLING RESTART 2 3
";
    assert!(done.stdout.ends_with(end), "{done:#?}");
}

#[test]
fn a_node_that_does_not_come_back_in_time_ends_the_roll() {
    let cluster = FourNodes::start(10);
    cluster.fault("in-restart 2 60ms fail-node 2");
    let done = cluster.command("ROLLING RESTART TIMEOUT 2");
    assert_eq!(done.status, 7, "{done:#?}");
    let end = "\
Restarted: none
Not restarted: 2, 3, 4, 5
First: start node 2 on its host, then WAIT FOR 2 STARTED
Resume with: ROLLING RESTART 2 3 4 5 TIMEOUT 2
";
    assert!(done.stdout.ends_with(end), "{done:#?}");
    assert!(
        done.stdout.contains("Rolling restart stopped: "),
        "{done:#?}"
    );
}

#[test]
fn stop_only_runs_a_command_for_each_node_and_waits_for_its_start() {
    let cluster = FourNodes::start(10);
    let place = cluster.server.directory.path().to_owned();
    let told = place.join("told");
    // Whoever starts the nodes does it once the command has said which.
    let command = format!("echo $NDB_NODE_ID >> '{}'", told.display());
    let mut roll = cluster.begin(&[
        "--post-stop-command",
        &command,
        "-e",
        "ROLLING RESTART 2 4 STOP ONLY",
    ]);
    for node in [2, 4] {
        roll.wait_for(&format!("Running the post-stop command for node {node}"));
        cluster.good(&format!("WAIT FOR {node} NO CONTACT TIMEOUT 50"));
        cluster.fault(&format!("after 0s launch-node {node}"));
    }
    let done = roll.wait();
    assert_eq!(done.status, 0, "{done:#?}");
    assert_eq!(std::fs::read_to_string(told).unwrap(), "2\n4\n");
    let done = cluster.run(&[
        "--post-stop-command=echo no >&2; exit 3",
        "-e",
        "ROLLING RESTART 3 STOP ONLY",
    ]);
    let end = "\
Rolling restart stopped: post-stop command for node 3: exit status: 3
Restarted: none
Not restarted: 3
First: start node 3 on its host, then WAIT FOR 3 STARTED
Give --post-stop-command again.
Resume with: ROLLING RESTART 3 STOP ONLY
";
    assert!(done.stdout.ends_with(end), "{done:#?}");
    assert_eq!((done.status, done.stderr.as_str()), (255, "no\n"));
    // As long as that was not done, nothing goes on.
    let refused = cluster.command("ROLLING RESTART 3 STOP ONLY");
    assert_eq!(refused.status, 255, "{refused:#?}");
    cluster.fault("after 0s launch-node 3");
    cluster.good("WAIT FOR 3 STARTED");
    let mut roll = cluster.begin(&["--stop-only", "-e", "ROLLING RESTART 3"]);
    roll.wait_for("Waiting until somebody starts node 3");
    cluster.good("WAIT FOR 3 NO CONTACT");
    cluster.fault("after 0s launch-node 3");
    assert_eq!(roll.wait().status, 0);
}

#[test]
fn ctrl_c_lets_the_post_stop_command_end_and_a_second_one_does_not() {
    let cluster = FourNodes::start(10);
    // As from a terminal, it goes to the group of the client, which is not that of the command.
    let mut roll = cluster.begin(&[
        "--post-stop-command=kill -s INT $PPID; kill -s 0 -- -$$ && echo still here >&2",
        "-e",
        "ROLLING RESTART 2 4 STOP ONLY",
    ]);
    roll.wait_for("Running the post-stop command for node 2");
    cluster.good("WAIT FOR 2 NO CONTACT TIMEOUT 50");
    cluster.fault("after 0s launch-node 2");
    let done = roll.wait();
    assert_eq!(done.status, 130, "{done:#?}");
    let end = "\
Rolling restart stopped: Ctrl-C
Restarted: 2
Not restarted: 4
Give --post-stop-command again.
Resume with: ROLLING RESTART 4 STOP ONLY
";
    assert!(done.stdout.ends_with(end), "{done:#?}");
    assert!(done.stderr.contains("still here\n"), "{done:#?}");
    let done = cluster.run(&[
        "--post-stop-command=while kill -s INT $PPID; do sleep 0.1; done",
        "-e",
        "ROLLING RESTART 3 STOP ONLY",
    ]);
    assert_eq!(done.status, 130, "{done:#?}");
    let stopped = "Rolling restart stopped: Ctrl-C; the order of this step is still carried out\n";
    assert!(done.stdout.contains(stopped), "{done:#?}");
}

/// True while the process is at work; a zombie is not.
fn is_at_work(id: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let state = status.lines().find(|line| line.starts_with("State:"));
    state.is_some_and(|state| !state.contains('Z') && !state.contains('X'))
}

#[test]
fn all_that_a_post_stop_command_has_started_ends_with_it() {
    let cluster = FourNodes::start(10);
    let place = cluster.server.directory.path();
    let number = |name: &str| {
        let text = std::fs::read_to_string(place.join(name)).unwrap();
        text.trim().to_owned()
    };
    // A child that lasts, and one that cannot be asked to end, behind a shell that waits for them.
    let children = format!(
        "cd '{}'; sleep 1000 & echo $! > asked; \
         sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $! > deaf; ",
        place.display()
    );
    let command = format!("--post-stop-command={children} wait");
    let late = "ROLLING RESTART 2 STOP ONLY TIMEOUT 8";
    let done = cluster.run(&[&command, "-e", late]);
    assert_eq!(done.status, 255, "{done:#?}");
    let reason = "post-stop command for node 2: took too long and was ended\n";
    assert!(done.stdout.contains(reason), "{done:#?}");
    assert!(!is_at_work(&number("asked")), "{done:#?}");
    assert!(!is_at_work(&number("deaf")), "{done:#?}");
    cluster.fault("after 0s launch-node 2");
    cluster.good("WAIT FOR 2 STARTED");
    let command =
        format!("--post-stop-command={children} while kill -s INT $PPID; do sleep 0.1; done");
    let done = cluster.run(&[&command, "-e", "ROLLING RESTART 2 --stop-only"]);
    assert_eq!(done.status, 130, "{done:#?}");
    assert!(!is_at_work(&number("asked")), "{done:#?}");
    assert!(!is_at_work(&number("deaf")), "{done:#?}");
}

#[test]
fn the_words_of_the_options_print_the_plan_too() {
    let cluster = FourNodes::start(10);
    let before = lives(&cluster);
    let plan = cluster.good("ROLLING RESTART ALL DRY RUN");
    assert!(plan.contains("Step 4: node 5\n"), "{plan}");
    assert_eq!(cluster.good("ROLLING RESTART ALL --dry-run"), plan);
    let done = cluster.run(&["--dry-run", "-e", "ROLLING RESTART ALL"]);
    assert!(
        done.status == 0 && done.stdout.ends_with(&plan),
        "{done:#?}"
    );
    let done = cluster.run(&["--dry-run", "--stop-only", "-e", "ROLLING RESTART"]);
    assert!(
        done.status == 0 && done.stdout.ends_with(&plan),
        "{done:#?}"
    );
    assert_eq!(lives(&cluster), before);
}

#[test]
fn management_servers_that_are_named_come_first_and_come_back() {
    let two = CONFIG.replace(
        "[ndbd]\nNodeId=2\n",
        "[ndb_mgmd]\nNodeId=50\nHostName=localhost\n[ndbd]\nNodeId=2\n",
    );
    let cluster = FourNodes::with(&two, 10);
    let told = cluster.good("ROLLING RESTART 2 50 1");
    let steps: Vec<&str> = told
        .lines()
        .filter(|line| line.starts_with("Step"))
        .collect();
    assert_eq!(
        steps,
        [
            "Step 1 of 3: restarting node 50",
            "Step 2 of 3: restarting node 1",
            "Step 3 of 3: restarting node 2"
        ]
    );
    assert!(
        told.ends_with("Rolling restart done: nodes 50, 1, 2\n"),
        "{told}"
    );
}

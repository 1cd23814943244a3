//! WAIT FOR and OK TO STOP on a simulated cluster.

use serde_json::Value;

use crate::data_schema::objects;
use crate::four_nodes::{CONFIG, Done, FourNodes, without_connection};

#[test]
fn a_restarted_node_is_waited_for_although_it_is_still_started() {
    let cluster = FourNodes::start(20);
    let done = cluster.run(&[
        "-e",
        "3 RESTART",
        "-e",
        "WAIT FOR 3 STARTED AFTER RESTART TIMEOUT 50",
    ]);
    assert_eq!(done.status, 0, "{done:#?}");
    let told = without_connection(&done.stdout);
    assert!(told.starts_with("Node 3 is being restarted\n\n"), "{told}");
    assert!(told.contains("Node 3: has left\n"), "{told}");
    assert!(told.ends_with("Node 3: started\n"), "{told}");
}

#[test]
fn every_state_can_be_waited_for_of_one_of_several_and_of_all() {
    let cluster = FourNodes::start(5);
    cluster.good("3 STOP");
    assert_eq!(
        cluster.good("WAIT FOR 3 NO CONTACT"),
        "Node 3: not connected\n"
    );
    cluster.good("5 RESTART -N");
    assert_eq!(
        cluster.good("WAIT FOR 5, 5 NOT STARTED TIMEOUT 50"),
        "Node 5: not started\n"
    );
    cluster.good("5 START");
    cluster.fault("after 0s launch-node 3");
    let told = cluster.good("WAIT FOR ALL STARTED TIMEOUT 50");
    for node in 2..=5 {
        assert!(told.contains(&format!("Node {node}: started\n")), "{told}");
    }
    assert_eq!(cluster.good("WAIT FOR 1 STARTED"), "Node 1: started\n");
}

#[test]
fn a_wait_that_is_over_says_where_the_nodes_are() {
    let cluster = FourNodes::start(5);
    cluster.good("3 STOP");
    let done = cluster.command("WAIT FOR 2,3 STARTED TIMEOUT 0");
    let told = "\
Node 2: started
Node 3: not connected
STARTED not reached within 0 s: node 3 is not connected
";
    assert_eq!((done.stdout.as_str(), done.status), (told, 7));
    let done = cluster.run(&["--wait-timeout=1", "-e", "WAIT FOR 2 NO CONTACT"]);
    let told = "NO CONTACT not reached within 1 s: node 2 is started\n";
    assert!(done.stdout.ends_with(told), "{done:#?}");
    let done = cluster.command("WAIT FOR 99 STARTED");
    assert_eq!(
        (done.stdout.as_str(), done.status),
        ("99: Node not found\n", 255)
    );
}

#[test]
fn a_wait_goes_on_when_the_management_server_is_back() {
    let cluster = FourNodes::start(5);
    cluster.good("3 STOP");
    let mut wait = cluster.begin(&["-e", "WAIT FOR 3 STARTED TIMEOUT 50"]);
    wait.wait_for("Node 3: not connected");
    cluster.fault("after 0s kill-server");
    wait.wait_for_advice("Note: no management server answers");
    cluster.fault("after 0s start-server\nafter 0s launch-node 3");
    let done = wait.wait();
    assert_eq!(done.status, 0, "{done:#?}");
}

#[test]
fn ok_to_stop_answers_with_the_reason_and_a_status() {
    let cluster = FourNodes::start(5);
    for (command, told, status) in [
        ("OK TO STOP 2", "OK to stop node 2: yes\n", 0),
        (
            "ok to stop 4,2",
            "OK to stop nodes 2, 4: yes\nNote: stop them one after another: a server stops several \
             at once only with -A (error 5031)\n",
            0,
        ),
        (
            "OK TO STOP 2 3 4",
            "OK to stop nodes 2, 3, 4: no\nReason: nodegroup 0 would have no node in service: 2, 3 \
             are its last (error 5028)\n",
            1,
        ),
        (
            "OK TO STOP 1",
            "OK to stop node 1: yes\nNote: no management server would be left: nodes could not \
             join the cluster\n",
            0,
        ),
        (
            "OK TO STOP 10",
            "OK to stop node 10: no\nReason: node 10 is an API node, which a management server \
             does not stop (error 5002)\n",
            1,
        ),
        ("OK TO STOP 99", "99: Node not found\n", 255),
    ] {
        let done = cluster.command(command);
        assert_eq!(
            (done.stdout.as_str(), done.status),
            (told, status),
            "{command}"
        );
    }
    cluster.good("3 STOP");
    let done = cluster.command("OK TO STOP 3 2");
    assert_eq!(done.status, 1);
    let told = "Reason: nodegroup 0 would have no node in service: 2 is its last (error 5028)\n";
    assert!(done.stdout.ends_with(told), "{done:#?}");
    assert_eq!(
        cluster.good("OK TO STOP 3"),
        "OK to stop node 3: yes\nNote: node 3 is not connected\n"
    );
}

#[test]
fn ok_to_stop_says_no_in_json_too_and_agrees_with_the_server() {
    let cluster = FourNodes::start(5);
    cluster.good("3 STOP");
    let done = cluster.run(&["--output=json", "-e", "OK TO STOP 2"]);
    assert_eq!(done.status, 1);
    let object = &objects(&done.stdout)[0];
    assert_eq!(object["ok"], false);
    assert_eq!(object["result"]["type"], "stop_verdict");
    assert_eq!(object["result"]["ok"], false);
    let reason = &object["result"]["reasons"][0];
    assert_eq!(reason["kind"], "last_of_nodegroup");
    assert_eq!(reason["error"], 5028);
    let refused = cluster.command("2 STOP");
    let text = "Node shutdown would cause system crash";
    assert!(refused.stdout.contains(text), "{refused:#?}");
}

#[test]
fn what_to_think_of_before_a_stop_is_noted() {
    let cluster = FourNodes::start(5);
    cluster.good("ENTER SINGLE USER MODE 10");
    assert_eq!(
        cluster.good("OK TO STOP 2"),
        "OK to stop node 2: yes\nNote: the cluster is in single user mode\n"
    );
    cluster.good("EXIT SINGLE USER MODE");
    // A backup of so many rows takes minutes at this speed.
    let slow = CONFIG.replace("NoOfReplicas=2\n", "NoOfReplicas=2\nMaxDiskWriteSpeed=1M\n");
    let cluster = FourNodes::with_rows(&slow, 5, 200_000);
    cluster.good("START BACKUP 7 WAIT STARTED");
    assert_eq!(
        cluster.good("OK TO STOP 2"),
        "OK to stop node 2: yes\nNote: backup 7 runs and would be aborted\n"
    );
    let done = cluster.command("ROLLING RESTART 2");
    assert!(
        done.stdout
            .contains("Rolling restart stopped: backup 7 runs\n"),
        "{done:#?}"
    );
    cluster.good("ABORT BACKUP 7");
}

#[test]
fn rolls_and_waits_are_objects_with_their_steps() {
    let cluster = FourNodes::start(5);
    let done = cluster.run(&["--output=json", "-e", "ROLLING RESTART 2"]);
    assert_eq!(done.status, 0, "{done:#?}");
    let object = &objects(&done.stdout)[0];
    assert_eq!(object["result"]["type"], "rolled");
    assert_eq!(object["result"]["nodes"][0], 2);
    let steps = object["steps"].as_array().unwrap();
    let types: Vec<&str> = steps.iter().map(type_of).collect();
    for step in [
        "roll_begins",
        "roll_step_begins",
        "node_left",
        "node_arrived",
    ] {
        assert!(types.contains(&step), "{step}: {types:?}");
    }
    assert!(done.stderr.contains("Node 2: has left\n"), "{done:#?}");
    cluster.good("3 STOP");
    let done = cluster.run(&["--output=json", "-e", "ROLLING RESTART 2 4"]);
    assert_eq!(done.status, 255);
    let object = &objects(&done.stdout)[0];
    assert_eq!(object["error"]["kind"], "refused");
    assert_eq!(object["result"]["type"], "roll_end");
    assert_eq!(object["result"]["resume"], "ROLLING RESTART 2 4");
    let done = cluster.run(&["--output=json", "-e", "WAIT FOR 3 STARTED TIMEOUT 0"]);
    let object = &objects(&done.stdout)[0];
    assert_eq!(object["error"]["kind"], "still_running");
    assert_eq!(object["result"]["nodes"][0]["state"], "no_contact");
    let done = cluster.run(&["--output=json", "-e", "ROLLING RESTART DRY RUN"]);
    let object = &objects(&done.stdout)[0];
    assert_eq!(object["result"]["obstacles"][0]["kind"], "not_started");
}

fn type_of(object: &Value) -> &str {
    object["type"].as_str().unwrap()
}

/// The steps that came as lines of their own, and the object of the command, which comes last.
fn lines(done: &Done) -> (Vec<Value>, Value) {
    let mut objects = objects(&done.stdout);
    let last = objects.pop().unwrap();
    assert_eq!(type_of(&last), "command", "{done:#?}");
    assert!(objects.iter().all(|line| type_of(line) == "step"));
    let steps = objects.iter().map(|line| line["step"].clone());
    (steps.collect(), last)
}

#[test]
fn each_step_of_a_roll_is_a_line_as_it_comes() {
    let cluster = FourNodes::start(5);
    let done = cluster.run(&["--output=jsonl", "-e", "ROLLING RESTART 2 4"]);
    assert_eq!(done.status, 0, "{done:#?}");
    assert_eq!(done.stdout.lines().count(), objects(&done.stdout).len());
    assert!(!done.stderr.contains("Node 2"), "{done:#?}");
    let (steps, command) = lines(&done);
    assert_eq!(command["result"]["type"], "rolled");
    let mut types: Vec<&str> = steps.iter().map(type_of).collect();
    // How often a node is seen on its way, and whether before the order is confirmed, is chance.
    types.retain(|step| !["node_moved", "roll_ordered"].contains(step));
    let step = [
        "roll_checked",
        "roll_step_begins",
        "node_left",
        "node_arrived",
        "roll_step_done",
    ];
    assert_eq!(types[0], "roll_begins");
    assert_eq!(types[1..], [step, step].concat());
    let ordered: Vec<&Value> = steps
        .iter()
        .filter(|step| type_of(step) == "roll_ordered")
        .map(|step| &step["nodes"][0])
        .collect();
    assert_eq!(ordered, [2, 4]);
    let checked = steps
        .iter()
        .find(|it| type_of(it) == "roll_checked")
        .unwrap();
    assert_eq!(checked["obstacles"].as_array().unwrap().len(), 0);
    assert_eq!((&checked["step"], &checked["of"]), (&1.into(), &2.into()));
    cluster.good("3 STOP");
    let done = cluster.run(&["--output=jsonl", "-e", "ROLLING RESTART 4"]);
    let (steps, command) = lines(&done);
    let last = steps.last().unwrap();
    assert_eq!(type_of(last), "roll_checked");
    assert_eq!(last["obstacles"][0]["kind"], "not_started");
    let out = &command["result"]["out_of_service"][0];
    assert_eq!(
        (&out["node"], &out["state"]),
        (&3.into(), &"no_contact".into())
    );
}

#[test]
fn each_sighting_of_a_wait_is_a_line_as_it_comes() {
    let cluster = FourNodes::start(5);
    let done = cluster.run(&["--output=jsonl", "-e", "WAIT FOR 2 STARTED"]);
    let (steps, command) = lines(&done);
    let there = serde_json::json!({"type": "node_arrived", "node": 2, "state": "started"});
    assert_eq!(steps, [there]);
    assert_eq!(command["ok"], true);
}

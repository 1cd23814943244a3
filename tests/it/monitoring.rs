//! The examples of monitoring: their metrics exist, and the script writes whole files only.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::four_nodes::FourNodes;
use crate::server::Nobody;

fn example(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("examples/monitoring").join(name)
}

/// The names of our metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_lowercase() && c != '_')
        .filter(|word| word.starts_with("ndb_") && *word != "ndb_mgm")
        .collect()
}

#[test]
fn alerts_and_dashboard_use_metrics_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/metrics.md")).unwrap();
    let known = metrics(&document);
    for name in ["alerts.yml", "dashboard.json"] {
        let text = fs::read_to_string(example(name)).unwrap();
        let used = metrics(&text);
        assert!(used.len() > 5, "{name}: {used:?}");
        assert!(used.is_subset(&known), "{name}: {used:?}");
    }
}

#[test]
fn the_dashboard_is_json_whose_panels_have_numbers_of_their_own() {
    let text = fs::read_to_string(example("dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels {
        assert!(panel["targets"][0]["expr"].is_string(), "{panel}");
    }
}

#[test]
fn every_alert_says_when_how_bad_and_what() {
    let text = fs::read_to_string(example("alerts.yml")).unwrap();
    let rules: Vec<&str> = text.split("- alert: ").skip(1).collect();
    assert!(rules.len() >= 10);
    for rule in rules {
        for part in ["\n        expr: ", "labels: {severity: ", "summary: "] {
            assert!(rule.contains(part), "{part}: {rule}");
        }
    }
}

/// Runs the script; its status.
fn write_textfile(directory: &Path, arguments: &[&str]) -> i32 {
    let programs = Path::new(env!("CARGO_BIN_EXE_ndb_mgm")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let status = Command::new("sh")
        .arg(example("ndb-health-textfile"))
        .arg(directory)
        .args(arguments)
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("HOME", directory)
        .env_remove("NDB_CONNECTSTRING")
        .status();
    status.unwrap().code().unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_textfile_is_whole_or_the_last_one_stays() {
    let cluster = FourNodes::start(5);
    let place = tempfile::tempdir().unwrap();
    let (directory, address) = (place.path(), cluster.address());
    assert_eq!(write_textfile(directory, &["-c", &address]), 0);
    assert_eq!(names(directory), ["ndb.prom"]);
    let file = directory.join("ndb.prom");
    let good = fs::read_to_string(&file).unwrap();
    assert!(good.contains("\nndb_health_grade 0\n"), "{good}");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    // A mistake leaves the file alone, and says so.
    assert_ne!(
        write_textfile(directory, &["-c", &address, "--no-such-option"]),
        0
    );
    assert_eq!(names(directory), ["ndb.prom"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), good);
    // That nothing is known is known.
    let nobody = Nobody::new();
    assert_eq!(write_textfile(directory, &["-c", &nobody.address]), 0);
    let unknown = fs::read_to_string(&file).unwrap();
    assert!(unknown.contains("ndb_cluster_condition{condition=\"unknown\"} 1\n"));
}

//! `ndb_backup gather`, `run`, `expire`, `keep`: no source goes before its copy is proven, and no
//! good set before its time, wherever a run is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::simulator::{Simulator, TWO_NODES};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/backups")
}

/// Files of backup 4 as two data nodes have them, and a place to gather them in.
struct Nodes {
    place: TempDir,
}

const NAMES: [[&str; 3]; 2] = [
    ["BACKUP-4.2.ctl", "BACKUP-4-0.2.Data", "BACKUP-4.2.log"],
    ["BACKUP-4.3.ctl", "BACKUP-4-0.3.Data", "BACKUP-4.3.log"],
];

impl Nodes {
    fn new() -> Self {
        let nodes = Nodes {
            place: tempfile::tempdir().unwrap(),
        };
        nodes.fill();
        nodes
    }

    fn fill(&self) {
        for (node, names) in [2, 3].iter().zip(NAMES) {
            let directory = self.source(*node);
            fs::create_dir_all(&directory).unwrap();
            for name in names {
                fs::copy(fixtures().join("BACKUP-4").join(name), directory.join(name)).unwrap();
            }
        }
    }

    fn source(&self, node: u32) -> PathBuf {
        self.place
            .path()
            .join(format!("node {node}/BACKUP/BACKUP-4"))
    }

    fn to(&self) -> PathBuf {
        self.place.path().join("sets")
    }

    /// The sources that are there.
    fn sources(&self) -> usize {
        let count = |node| fs::read_dir(self.source(node)).map_or(0, Iterator::count);
        count(2) + count(3)
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ndb_backup"));
        let from = |node| format!("--from={node}={}/node {node}", self.place.path().display());
        command
            .args(["--no-defaults", "gather", "4", &from(2), &from(3)])
            .arg(format!("--to={}", self.to().display()))
            .args(options);
        command
    }

    fn gather(&self, options: &[&str]) -> Output {
        self.command(options).output().unwrap()
    }

    fn is_proven(&self) -> bool {
        let output = Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
            .args([
                "--no-defaults",
                "verify",
                "--require-manifest",
                "--no-record",
                "4",
            ])
            .arg(self.to())
            .output()
            .unwrap();
        output.status.success()
    }
}

fn told(output: &Output) -> String {
    let both = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8(both).unwrap()
}

#[test]
fn a_set_is_gathered_proven_and_only_then_its_sources_go() {
    let nodes = Nodes::new();
    let output = nodes.gather(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("Copies equal their sources and are sound."));
    assert_eq!(nodes.sources(), 6);
    assert!(nodes.is_proven());
    // Again: it is there already; and the sources may go.
    let output = nodes.gather(&["--remove-sources", "--output=json"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["sources_removed"], true);
    assert_eq!(json["nodes"], serde_json::json!([2, 3]));
    assert_eq!(nodes.sources(), 0);
    assert!(!nodes.source(2).exists());
    assert!(nodes.is_proven());
}

/// Places where a gathering run can be killed.
const GATHER_DIES_AT: [&str; 10] = [
    "gather-begun",
    "gather-one-file",
    "gather-copied",
    "gather-verified",
    "gather-manifest",
    "gather-named",
    "gather-proven",
    "gather-stored",
    "gather-removed-file",
    "gather-removed-one",
];

#[test]
fn a_gathering_that_is_killed_removes_nothing_unproven_and_the_next_one_completes() {
    for point in GATHER_DIES_AT {
        let nodes = Nodes::new();
        let store = format!(
            "--store-command=cp -r \"$DIR\" '{}/stored'",
            nodes.place.path().display()
        );
        let options = ["--remove-sources", &store];
        let output = nodes
            .command(&options)
            .env("NDB_BACKUP_DIES_AT", point)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), None, "{point} {}", told(&output));
        let left = nodes.sources();
        assert!(left == 6 || nodes.is_proven(), "{point}: {left} sources");
        assert_eq!(left < 6, point.contains("-removed-"), "{point}");
        // What looks like a set is one.
        assert!(
            !nodes.to().join("BACKUP-4").exists() || nodes.is_proven(),
            "{point}"
        );
        let _ = fs::remove_dir_all(nodes.place.path().join("stored"));
        let output = nodes.gather(&options);
        assert_eq!(output.status.code(), Some(0), "{point} {}", told(&output));
        assert!(nodes.is_proven(), "{point}");
        assert_eq!(nodes.sources(), 0, "{point}");
    }
}

#[test]
fn a_copy_that_fails_removes_nothing_and_the_next_one_goes_on() {
    for (names, _) in NAMES.iter().zip([2, 3]) {
        for name in names {
            let nodes = Nodes::new();
            // A directory stands where the copy is to get its name.
            let hidden = nodes.to().join(".BACKUP-4.gathering");
            fs::create_dir_all(hidden.join(name).join("x")).unwrap();
            let output = nodes.gather(&["--remove-sources"]);
            assert_eq!(output.status.code(), Some(1), "{name} {}", told(&output));
            assert_eq!(nodes.sources(), 6, "{name}");
            assert!(!nodes.to().join("BACKUP-4").exists());
            fs::remove_dir_all(hidden.join(name)).unwrap();
            let output = nodes.gather(&["--remove-sources"]);
            assert_eq!(output.status.code(), Some(0), "{name} {}", told(&output));
            assert_eq!(nodes.sources(), 0);
            assert!(nodes.is_proven());
        }
    }
}

#[test]
fn a_full_disk_removes_nothing() {
    let nodes = Nodes::new();
    // No file may be larger than 100 KiB: writing more fails, as on a full disk.
    let mut limited = Command::new("bash");
    let command = nodes.command(&["--remove-sources"]);
    limited.args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$@\"", "bash"]);
    limited.arg(command.get_program()).args(command.get_args());
    let output = limited.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("cannot copy"), "{}", told(&output));
    assert_eq!(nodes.sources(), 6);
    let output = nodes.gather(&["--remove-sources"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(nodes.is_proven());
}

#[test]
fn a_copy_that_differs_from_its_source_is_made_anew() {
    let nodes = Nodes::new();
    let output = nodes
        .command(&[])
        .env("NDB_BACKUP_DIES_AT", "gather-copied")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), None);
    // A bit of a row flips in the copy: the row is one still.
    let copy = nodes.to().join(".BACKUP-4.gathering/BACKUP-4-0.2.Data");
    let mut bytes = fs::read(&copy).unwrap();
    let at = bytes.len() - 60;
    bytes[at] ^= 1;
    fs::write(&copy, bytes).unwrap();
    let output = nodes.gather(&["--remove-sources"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(nodes.sources(), 6);
    let output = nodes.gather(&["--remove-sources"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(nodes.is_proven());
}

#[test]
fn what_is_incomplete_or_damaged_is_not_gathered() {
    let nodes = Nodes::new();
    fs::remove_file(nodes.source(3).join("BACKUP-4.3.log")).unwrap();
    let output = nodes.gather(&["--remove-sources"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    fs::remove_dir_all(nodes.source(3)).unwrap();
    let output = nodes.gather(&["--remove-sources"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    assert!(
        told(&output).contains("node 3: no file of backup 4"),
        "{}",
        told(&output)
    );
    nodes.fill();
    let path = nodes.source(2).join("BACKUP-4-0.2.Data");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 16]).unwrap();
    let output = nodes.gather(&["--remove-sources"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(!nodes.to().join("BACKUP-4").exists());
    // As it was before: the cut copy is made anew.
    nodes.fill();
    assert_eq!(nodes.gather(&[]).status.code(), Some(0));
}

/// A stand-in for ssh: runs the script here, and fails at its `$FAILS_AT`-th use.
fn ssh(directory: &Path) -> String {
    let path = directory.join("ssh.sh");
    let text = format!(
        "n=$(cat '{0}/count' 2>/dev/null || echo 0); n=$((n + 1)); echo $n > '{0}/count'\n\
         [ \"$n\" = \"$FAILS_AT\" ] && {{ echo 'no route' >&2; exit 255; }}\n\
         shift; exec sh -c \"$1\"\n",
        directory.display()
    );
    fs::write(&path, text).unwrap();
    format!("--ssh-command=sh {}", path.display())
}

#[test]
fn other_hosts_are_reached_through_ssh_and_tar_and_each_failure_removes_nothing() {
    let mut failures = 0;
    for fails_at in 1..=12 {
        let nodes = Nodes::new();
        let command = || {
            let from = |node| {
                format!(
                    "--from={node}=db{node}:{}/node {node}",
                    nodes.place.path().display()
                )
            };
            let mut command = Command::new(env!("CARGO_BIN_EXE_ndb_backup"));
            command
                .args([
                    "--no-defaults",
                    "gather",
                    "4",
                    "--remove-sources",
                    &from(2),
                    &from(3),
                ])
                .arg(ssh(nodes.place.path()))
                .arg(format!("--to={}", nodes.to().display()));
            command
        };
        let output = command()
            .env("FAILS_AT", fails_at.to_string())
            .output()
            .unwrap();
        let count: u32 = fs::read_to_string(nodes.place.path().join("count"))
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        if output.status.success() {
            assert!(count < fails_at, "{}", told(&output));
        } else {
            failures += 1;
            assert!(nodes.sources() == 6 || nodes.is_proven(), "{fails_at}");
            let output = command().output().unwrap();
            assert_eq!(
                output.status.code(),
                Some(0),
                "{fails_at} {}",
                told(&output)
            );
        }
        assert!(nodes.is_proven(), "{fails_at}");
        assert_eq!(nodes.sources(), 0, "{fails_at}");
        assert!(!nodes.source(3).exists());
    }
    assert!(failures >= 6, "{failures}");
}

#[test]
fn what_was_stored_is_read_back_against_the_manifest() {
    let nodes = Nodes::new();
    let stored = nodes.place.path().join("stored");
    let store = format!("--store-command=cp -r \"$DIR\" '{}'", stored.display());
    let fetch = format!("--fetch-command=cp -r '{}'/. \"$DIR\"", stored.display());
    let spoil = format!(
        "{store} && printf x >> '{}/BACKUP-4.3.log'",
        stored.display()
    );
    let output = nodes.gather(&["--remove-sources", &spoil, &fetch]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(
        told(&output).contains("came back changed"),
        "{}",
        told(&output)
    );
    assert_eq!(nodes.sources(), 6);
    fs::remove_dir_all(&stored).unwrap();
    let output = nodes.gather(&["--remove-sources", "--store-command=false"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(nodes.sources(), 6);
    let output = nodes.gather(&["--remove-sources", &store, &fetch]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("Stored, read back, equal."));
    assert_eq!(nodes.sources(), 0);
}

#[test]
fn the_nightly_job_backs_up_gathers_and_expires() {
    // The configuration says where the nodes keep their backups: DataDir, or BackupDataDir.
    let homes = tempfile::tempdir().unwrap();
    let home = |node: u32| {
        homes
            .path()
            .join(format!("node-{node}"))
            .display()
            .to_string()
    };
    let config = TWO_NODES
        .replace("NodeId=2\n", &format!("NodeId=2\nDataDir={}\n", home(2)))
        .replace(
            "NodeId=3\n",
            &format!("NodeId=3\nBackupDataDir={}\n", home(3)),
        );
    let simulator = Simulator::start(&config, &["--rows", "1000", "--updates", "100"]);
    let job = "ndb_backup --no-defaults run -c \"$C\" --to=sets --remove-sources --keep-last=2";
    simulator.good(&format!(
        "set -e
        for night in 1 2 3 4; do {job} > report.$night; done
        grep -q 'Backup 2 was removed' report.4
        ls -d sets/BACKUP-* > left; printf 'sets/BACKUP-3\\nsets/BACKUP-4\\n' | cmp - left
        ndb_backup verify --require-manifest 4 sets > /dev/null
        test -d '{homes}/node-2/BACKUP' && test -d '{homes}/node-3/BACKUP'
        ! ls '{homes}'/node-*/BACKUP/BACKUP-*",
        homes = homes.path().display()
    ));
    let state = fs::read(simulator.place.path().join("sets/ndb_backup.state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&state).unwrap();
    assert_eq!(state["last"]["backup_id"], 4);
    assert_eq!(state["last"]["result"], "ok");
    assert_eq!(state["last_success"]["backup_id"], 4);
    assert!(state["last"]["bytes"].as_u64().unwrap() > 10_000);

    // Encrypted, with the password on standard input; ids go on after a run that was killed.
    simulator.good(&format!(
        "set -e
        ! NDB_BACKUP_DIES_AT=run-backed-up {job} > /dev/null 2>&1
        ! NDB_BACKUP_DIES_AT=run-gathered {job} > /dev/null 2>&1
        ndb_backup verify --require-manifest 6 sets > /dev/null
        echo secret | {job} --backup-password-from-stdin --output=json > report
        grep -q '\"backup_id\":7' report
        ndb_backup verify -Psecret --require-manifest 7 sets > /dev/null"
    ));
    // Each step's failure has its status; what was there stays.
    simulator.bad(
        &format!("{job} --id=6 2>/dev/null; s=$?; ls sets/BACKUP-6 >/dev/null; exit $s"),
        21,
    );
    simulator.bad(&format!("{job} --ssh-command= 2>/dev/null"), 21);
    let text = simulator.bad(
        "ndb_backup run -c 127.0.0.1:1 -t1 --to=sets --from=2=cluster/node-2 --output=json 2>/dev/null",
        20,
    );
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&report["failed_step"], &report["exit_status"]),
        (&"backup".into(), &20.into())
    );
    let state = fs::read(simulator.place.path().join("sets/ndb_backup.state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&state).unwrap();
    assert_eq!(state["last"]["result"], "failed");
    assert_eq!(state["last_success"]["backup_id"], 7);
}

#[test]
fn a_job_that_is_killed_loses_no_backup_and_the_next_one_completes() {
    let simulator = Simulator::start(TWO_NODES, &["--rows", "300", "--updates", "20"]);
    let points = ["run-backed-up"]
        .iter()
        .chain(&GATHER_DIES_AT)
        .chain(&["run-gathered"]);
    let job = "ndb_backup --no-defaults run -c \"$C\" --to=sets --remove-sources --min-redundancy=99 \
               --keep-last=99 --store-command=true --from=2=cluster/node-2 --from=3=cluster/node-3";
    let mut night = 0;
    for point in points {
        night += 2;
        let killed = night - 1;
        let status = format!("NDB_BACKUP_DIES_AT={point} {job} > told 2>&1; test $? -gt 128");
        simulator.good(&status);
        let sources = |id: u32| -> usize {
            let files =
                |node| fs::read_dir(simulator.backup_dir(node, id)).map_or(0, Iterator::count);
            files(2) + files(3)
        };
        let proven = |id: u32| {
            let script =
                format!("ndb_backup verify --require-manifest --no-record {id} sets > told");
            simulator.bash(&script).status == 0
        };
        assert!(sources(killed) == 6 || proven(killed), "{point}");
        // The next night is not disturbed, and what the killed one left is gathered.
        simulator.good(&format!("{job} > told 2>&1"));
        assert!(proven(night), "{point}");
        assert_eq!(sources(night), 0, "{point}");
        simulator.good(&format!(
            "ndb_backup --no-defaults gather {killed} --to=sets --remove-sources \
             --from=2=cluster/node-2 --from=3=cluster/node-3 > told 2>&1 || \
             ndb_backup verify --require-manifest --no-record {killed} sets"
        ));
        assert!(proven(killed), "{point}");
        assert_eq!(sources(killed), 0, "{point}");
    }
    assert_eq!(night, 24);
}

#[test]
fn a_second_job_does_not_run_beside_the_first() {
    let place = tempfile::tempdir().unwrap();
    let lock = fs::File::create(place.path().join(".ndb_backup.lock")).unwrap();
    lock.lock().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
        .args(["--no-defaults", "run", "--from=2=/nowhere"])
        .arg(format!("--to={}", place.path().display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(23), "{}", told(&output));
    assert!(told(&output).contains("another run is at work"));
}

/// Sets of backup 4 under other ids, the oldest first, each a day after the one before.
fn nights(count: u32) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for night in 1..=count {
        let directory = place.path().join(format!("BACKUP-{night}"));
        fs::create_dir(&directory).unwrap();
        for name in NAMES.concat() {
            let mut bytes = fs::read(fixtures().join("BACKUP-4").join(name)).unwrap();
            bytes[24..28].copy_from_slice(&night.to_be_bytes());
            let path = directory.join(name.replace("BACKUP-4", &format!("BACKUP-{night}")));
            fs::write(&path, bytes).unwrap();
            let age = Duration::from_secs(86_400 * u64::from(count - night) + 3600);
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
    }
    place
}

fn expire(place: &TempDir, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
        .args(["--no-defaults", "expire"])
        .arg(place.path())
        .args(options)
        .output()
        .unwrap()
}

fn ids(place: &TempDir) -> Vec<String> {
    let names = fs::read_dir(place.path()).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("BACKUP-"))
        .collect();
    names.sort();
    names
}

#[test]
fn only_sets_that_no_rule_keeps_go() {
    let place = nights(5);
    // 5 is incomplete: it counts for nothing.
    fs::remove_file(place.path().join("BACKUP-5/BACKUP-5.3.log")).unwrap();
    let keep = |command: &str, id: &str| {
        let status = Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
            .args(["--no-defaults", command, id])
            .arg(place.path())
            .status()
            .unwrap();
        assert!(status.success());
    };
    keep("keep", "1");
    let output = expire(&place, &["--keep-last=2", "--dry-run"]);
    assert!(told(&output).contains("Backup 2 of "), "{}", told(&output));
    assert!(told(&output).contains("would go"), "{}", told(&output));
    assert_eq!(ids(&place).len(), 5);
    let output = expire(&place, &["--keep-last=2"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(
        ids(&place),
        ["BACKUP-1", "BACKUP-3", "BACKUP-4", "BACKUP-5"]
    );
    keep("release", "1");
    let output = expire(&place, &["--keep-days=1", "--min-redundancy=2"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(ids(&place), ["BACKUP-3", "BACKUP-4", "BACKUP-5"]);
    // Nothing was verified, so nothing counts, and nothing goes.
    let output = expire(&place, &["--keep-last=1", "--verified-only"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(ids(&place).len(), 3);
    assert_eq!(expire(&place, &[]).status.code(), Some(2));
}

#[test]
fn a_removal_that_is_killed_leaves_no_set_that_looks_whole_and_is_ended_later() {
    for point in ["expire-journalled", "expire-first", "expire-files"] {
        let place = nights(3);
        let output = Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
            .args(["--no-defaults", "expire", "--keep-last=2", "--yes"])
            .arg(place.path())
            .env("NDB_BACKUP_DIES_AT", point)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), None, "{point} {}", told(&output));
        let output = Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
            .args(["--no-defaults", "list", "--output=json"])
            .arg(place.path())
            .output()
            .unwrap();
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        for set in list["sets"].as_array().unwrap() {
            let is_whole = set["state"] == "complete";
            let expected = set["backup_id"] != 1 || point == "expire-journalled";
            assert_eq!(is_whole, expected, "{point} {set}");
        }
        assert_eq!(expire(&place, &["--keep-last=2"]).status.code(), Some(0));
        assert_eq!(ids(&place), ["BACKUP-2", "BACKUP-3"], "{point}");
        let left = fs::read_dir(place.path()).unwrap().count();
        assert_eq!(left, 2, "{point}: the journal is gone");
    }
}

//! The units of examples/systemd.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::simulator::{Simulator, TWO_NODES};

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/systemd")
}

/// What the service runs, as one line.
fn command() -> String {
    let text = fs::read_to_string(units().join("ndb-backup.service")).unwrap();
    let text = text.replace("\\\n", " ");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    line.unwrap().to_owned()
}

/// With the built program in place of the installed one.
#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let place = tempfile::tempdir().unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]);
    for name in ["ndb-backup.service", "ndb-backup.timer"] {
        let text = fs::read_to_string(units().join(name)).unwrap();
        let text = text.replace("/usr/bin/ndb_backup", env!("CARGO_BIN_EXE_ndb_backup"));
        fs::write(place.path().join(name), text).unwrap();
        verify.arg(place.path().join(name));
    }
    let output = match verify.output() {
        Ok(output) => output,
        Err(error) => {
            // On a machine without systemd the command itself is tested all the same.
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
            return;
        }
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains(&*place.path().to_string_lossy()), "{said}");
}

/// The shell expands the variables of systemd as systemd does.
#[test]
fn the_services_command_makes_an_encrypted_backup() {
    let nodes = tempfile::tempdir().unwrap();
    let with_directory = |config: String, node: u32| {
        let node = format!("NodeId={node}\n");
        let directory = nodes.path().join(node.trim());
        let there = format!("{node}DataDir={}\n", directory.display());
        config.replacen(&format!("[ndbd]\n{node}"), &format!("[ndbd]\n{there}"), 1)
    };
    let config = [2, 3]
        .into_iter()
        .fold(TWO_NODES.to_owned(), with_directory);
    let simulator = Simulator::start(&config, &["--rows", "100"]);
    let credential = simulator.place.path().join("password");
    fs::write(&credential, "of the night\n").unwrap();
    // systemd's own are such: only to be read, by the service's user alone.
    fs::set_permissions(&credential, fs::Permissions::from_mode(0o400)).unwrap();
    let command = command()
        .replace("/usr/bin/ndb_backup", "ndb_backup")
        .replace("-c mgm1,mgm2", "-c $C");
    simulator.good(&format!(
        "export STATE_DIRECTORY=$PWD/sets CREDENTIALS_DIRECTORY=$PWD
         {command} && ndbxfrm --info sets/BACKUP-1/BACKUP-1.2.ctl | grep encryption=yes"
    ));
    let outcome = simulator.bash(&format!("unset CREDENTIALS_DIRECTORY; {command}"));
    assert_eq!(outcome.status, 2, "{outcome:#?}");
    // The sources went once they were proven, and nothing came after them.
    let left = nodes.path().join("NodeId=2/BACKUP");
    assert_eq!(fs::read_dir(left).map_or(0, Iterator::count), 0);
}

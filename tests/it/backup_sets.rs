//! `ndb_backup list`, `show`, `verify` and `manifest`: what is wrong with a set is found, told
//! apart, and never more is claimed than was checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ndbmgm::backup::{FindingKind, SetFile, SetReport, VerifyOptions, verify};
use ndbmgm::xfrm::Secret;
use tempfile::TempDir;

/// Password of the recorded backups that are encrypted.
pub(crate) const PASSWORD: &str = "Fixture pass #1 (a-z)";
pub(crate) const ENCRYPTED: [u32; 3] = [2, 5, 7];

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/backups")
}

pub(crate) fn secret() -> Secret {
    Secret::new(PASSWORD.as_bytes().to_vec())
}

/// A recorded set in a directory of its own.
pub(crate) struct Copy {
    pub(crate) place: TempDir,
    pub(crate) id: u32,
}

impl Copy {
    pub(crate) fn of(id: u32) -> Self {
        let place = tempfile::tempdir().unwrap();
        let source = fixtures().join(format!("BACKUP-{id}"));
        for entry in fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, place.path().join(path.file_name().unwrap())).unwrap();
        }
        Copy { place, id }
    }

    pub(crate) fn files(&self) -> Vec<SetFile> {
        let mut files: Vec<SetFile> = fs::read_dir(self.place.path())
            .unwrap()
            .filter_map(|entry| SetFile::at(&entry.unwrap().path()))
            .collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// `ndb_backup COMMAND ID DIR` with these options.
    pub(crate) fn run(&self, command: &str, options: &[&str]) -> (i32, String) {
        let id = self.id.to_string();
        let directory = self.place.path().to_str().unwrap();
        let password = format!("--backup-password={PASSWORD}");
        let mut arguments = vec![command];
        if ENCRYPTED.contains(&self.id) && !options.iter().any(|it| it.contains("password")) {
            arguments.push(&password);
        }
        arguments.extend(options);
        arguments.extend([&id[..], directory]);
        ndb_backup(&arguments)
    }

    pub(crate) fn verify(&self, options: &[&str]) -> (i32, String) {
        self.run("verify", options)
    }

    /// Verifies inside this process.
    pub(crate) fn report(&self, options: &VerifyOptions<'_>) -> SetReport {
        verify(self.id, &self.files(), options)
    }
}

/// Runs the program; its status, and what it printed.
pub(crate) fn ndb_backup(arguments: &[&str]) -> (i32, String) {
    let output = raw(arguments);
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

fn raw(arguments: &[&str]) -> Output {
    let mut words = arguments.iter();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ndb_backup"));
    command.arg("--no-defaults").args(&mut words);
    command.output().unwrap()
}

/// JSON of a command that ends with this status.
fn json(arguments: &[&str], status: i32) -> serde_json::Value {
    let output = raw(&[arguments, &["--output=json"]].concat());
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_recorded_set_is_sound_but_for_the_node_that_is_not_there() {
    for id in 1..=8 {
        let secret = secret();
        let options = VerifyOptions {
            secret: Some(&secret),
            ..VerifyOptions::default()
        };
        let copy = Copy::of(id);
        let report = copy.report(&options);
        let kinds: Vec<FindingKind> = report.findings.iter().map(|it| it.kind).collect();
        let expected = if id == 4 {
            vec![]
        } else {
            vec![FindingKind::MissingNode]
        };
        assert_eq!(kinds, expected, "{id}: {:?}", report.findings);
        if !ENCRYPTED.contains(&id) {
            let expected = if id == 4 { 0 } else { 3 };
            assert_eq!(copy.verify(&["--no-record"]).0, expected);
        }
        let (status, text) = copy.verify(&["--no-record", "--node=2"]);
        assert_eq!(status, 0, "{text}");
        assert!(text.contains("structure: ok, content: unproven (no manifest)\n"));
    }
}

/// Offset of the first place where these words stand.
pub(crate) fn find(bytes: &[u8], words: &[u32]) -> usize {
    let wanted: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    (0..bytes.len())
        .step_by(4)
        .find(|at| bytes[*at..].starts_with(&wanted))
        .unwrap()
}

#[test]
fn a_backup_that_never_completed_is_told_from_damage() {
    let copy = Copy::of(4);
    for node in [2, 3] {
        for (name, left) in [
            (format!("BACKUP-4.{node}.ctl"), 1000),
            (format!("BACKUP-4-0.{node}.Data"), 4000),
            (format!("BACKUP-4.{node}.log"), 56),
        ] {
            let path = copy.path(&name);
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..left]).unwrap();
        }
    }
    let (status, text) = copy.verify(&[]);
    assert_eq!(status, 3, "{text}");
    assert!(text.contains("structure: unfinished"), "{text}");
    assert_eq!(text.matches("unfinished: BACKUP-4").count(), 6, "{text}");
    // The files were written a moment ago.
    let (_, text) = ndb_backup(&["list", copy.place.path().to_str().unwrap()]);
    assert!(text.contains(" running "), "{text}");
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 30);
    for file in copy.files() {
        let file = fs::File::options().append(true).open(file.path).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    let (_, text) = ndb_backup(&["list", copy.place.path().to_str().unwrap()]);
    assert!(
        text.contains(" unfinished  2004-01-10 13:37:04Z "),
        "{text}"
    );
}

#[test]
fn contents_are_proven_by_a_manifest_only() {
    let copy = Copy::of(4);
    let (status, text) = copy.verify(&["--require-manifest"]);
    assert_eq!(status, 4, "{text}");
    assert!(
        text.contains("structure: ok, content: unproven (no manifest)\n"),
        "{text}"
    );
    let (status, text) = copy.run("manifest", &[]);
    assert_eq!(status, 0, "{text}");
    let (status, text) = copy.verify(&["--require-manifest"]);
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains("structure: ok, content: proven by the manifest\n"),
        "{text}"
    );
    let (_, text) = ndb_backup(&["list", copy.place.path().to_str().unwrap()]);
    assert!(text.contains("  manifest, verified 20"), "{text}");

    // A manifest is not replaced by accident: it would make damage the truth.
    let (status, text) = copy.run("manifest", &[]);
    assert_eq!(status, 1, "{text}");

    let path = copy.path("BACKUP-4-0.2.Data");
    let mut bytes = fs::read(&path).unwrap();
    let header = find(&bytes, &[2, 5, 7, 0]);
    bytes[header + 40] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (status, text) = copy.verify(&[]);
    assert_eq!(status, 1, "{text}");
    assert!(
        text.contains("checksum: BACKUP-4-0.2.Data: found SHA-256 "),
        "{text}"
    );
    assert!(
        text.ends_with("structure: damaged, content: not proven\n"),
        "{text}"
    );

    let manifest = copy.path("BACKUP-4.manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"rows\"", "\"rowz\"")).unwrap();
    let (status, text) = copy.verify(&[]);
    assert_eq!(status, 1, "{text}");
    assert!(
        text.contains("manifest: BACKUP-4.manifest.json: "),
        "{text}"
    );
}

#[test]
fn no_manifest_says_that_a_damaged_set_is_good() {
    let copy = Copy::of(4);
    let path = copy.path("BACKUP-4.2.log");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    let (status, text) = copy.run("manifest", &[]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("no manifest was written"), "{text}");
    assert!(!copy.path("BACKUP-4.manifest.json").exists());
}

#[test]
fn all_subsets_together_read_every_file() {
    let copy = Copy::of(4);
    let directory = copy.place.path().to_str().unwrap();
    let mut names = Vec::new();
    for number in 1..=4 {
        let subset = format!("--subset={number}/4");
        let report = json(&["verify", &subset, "4", directory], 0);
        assert_eq!(report["subset"], format!("{number}/4"));
        let files = report["files"].as_array().unwrap();
        let read = files
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned());
        names.extend(read.filter(|name| !name.ends_with(".ctl")));
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4);
    assert!(
        !copy.path("BACKUP-4.verified.json").exists(),
        "a part is not the whole"
    );
    let (status, _) = copy.verify(&["--subset=5/4"]);
    assert_eq!(status, 2);
}

#[test]
fn findings_name_file_offset_and_what_was_expected_in_json_too() {
    let copy = Copy::of(4);
    let path = copy.path("BACKUP-4-0.2.Data");
    let mut bytes = fs::read(&path).unwrap();
    let footer = find(&bytes, &[3, 6, 7, 0]);
    bytes[footer + 19] += 1;
    fs::write(&path, &bytes).unwrap();
    let report = json(&["verify", "4", copy.place.path().to_str().unwrap()], 1);
    assert_eq!(report["schema"], 1);
    assert_eq!(report["structure"], "damaged");
    assert_eq!(report["content"], "unproven");
    assert_eq!(report["exit_status"], 1);
    let finding = &report["findings"][0];
    assert_eq!(finding["kind"], "count");
    assert_eq!(finding["file"], "BACKUP-4-0.2.Data");
    assert_eq!(finding["offset"], footer);
    assert!(
        finding["expected"]
            .as_str()
            .unwrap()
            .ends_with("by the footer of the fragment")
    );
}

#[test]
fn sets_are_found_in_node_directories_parts_and_gathered() {
    // As two data nodes have them, in parts, and another one gathered into one directory.
    let place = tempfile::tempdir().unwrap();
    for node in [2, 3] {
        let directory = place.path().join(format!("node-{node}/BACKUP/BACKUP-4"));
        for part in [1, 2] {
            let part = directory.join(format!("BACKUP-4-PART-{part}-OF-2"));
            fs::create_dir_all(&part).unwrap();
            for name in [
                format!("BACKUP-4.{node}.ctl"),
                format!("BACKUP-4-0.{node}.Data"),
                format!("BACKUP-4.{node}.log"),
            ] {
                fs::copy(fixtures().join("BACKUP-4").join(&name), part.join(&name)).unwrap();
            }
        }
    }
    let root = place.path().to_str().unwrap();
    let list = json(&["list", root], 0);
    let set = &list["sets"][0];
    assert_eq!(list["sets"].as_array().unwrap().len(), 1);
    assert_eq!((&set["backup_id"], &set["parts"]), (&4.into(), &2.into()));
    assert_eq!(set["nodes"], serde_json::json!([2, 3]));
    assert_eq!(set["state"], "complete");
    assert_eq!(set["snapshot"], "end");
    assert_eq!(
        (&set["start_gcp"], &set["stop_gcp"]),
        (&174.into(), &177.into())
    );
    assert_eq!((&set["tables"], &set["rows"]), (&6.into(), &362.into()));
    assert_eq!(set["manifest"], false);

    fs::remove_file(
        place
            .path()
            .join("node-3/BACKUP/BACKUP-4/BACKUP-4-PART-2-OF-2/BACKUP-4-0.3.Data"),
    )
    .unwrap();
    let list = json(&["list", root], 0);
    let set = &list["sets"][0];
    assert_eq!(set["state"], "incomplete");
    assert_eq!(
        set["reasons"],
        serde_json::json!(["the Data file of node 3, part 2 of 2, is missing"])
    );
    let list = json(&["list", fixtures().to_str().unwrap()], 0);
    let states: Vec<&str> = list["sets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| set["state"].as_str().unwrap())
        .collect();
    let (incomplete, sealed) = ("incomplete", "sealed");
    assert_eq!(
        states,
        [
            incomplete, sealed, incomplete, "complete", sealed, incomplete, sealed, incomplete
        ]
    );
}

#[test]
fn show_tells_tables_indexes_and_files() {
    let copy = Copy::of(4);
    let show = json(&["show", "4", copy.place.path().to_str().unwrap()], 0);
    assert_eq!(show["ndb_version"], "9.7.2");
    let tables = show["table_list"].as_array().unwrap();
    let t1 = tables
        .iter()
        .find(|it| it["name"] == "TEST_DB/def/T1")
        .unwrap();
    assert_eq!(t1["rows"], 60);
    assert_eq!(t1["columns"][0]["type"], "Unsigned");
    assert_eq!(t1["fragments"].as_array().unwrap().len(), 2);
    let indexed = |it: &&serde_json::Value| !it["indexes"].as_array().unwrap().is_empty();
    let with_index = tables.iter().find(indexed).unwrap();
    assert_eq!(with_index["name"], "TEST_DB/def/I1");
    assert_eq!(show["files"].as_array().unwrap().len(), 6);

    // Without the password there is nothing to show but the files.
    let copy = Copy::of(2);
    let (status, text) = copy.run("show", &["--skip-backup-password"]);
    assert_eq!(status, 12, "{text}");
    assert!(text.contains("BACKUP-2-0.2.Data"), "{text}");
}

#[test]
fn bad_usage_is_status_2() {
    for arguments in [
        &[][..],
        &["nothing"],
        &["verify"],
        &["verify", "x"],
        &["verify", "0"],
        &["list", "--bogus"],
        &["verify", "--subset=x", "4"],
    ] {
        let place = Copy::of(4);
        let output = Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
            .args(arguments)
            .current_dir(place.place.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_result_that_can_not_be_written_is_no_success() {
    let copy = Copy::of(4);
    let directory = copy.place.path().to_str().unwrap();
    for arguments in [
        &["--help"][..],
        &["list", directory],
        &["list", "--output=json", directory],
        &["verify", "--no-record", "4", directory],
    ] {
        let run = |stdout: Stdio| {
            Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
                .args(arguments)
                .stdout(stdout)
                .output()
                .unwrap()
        };
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let ended = run(full.into());
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("ndb_backup: could not write to standard output: "),
            "{arguments:?}: {said}"
        );
        // Who reads no more has seen enough.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(run(writer.into()).status.code(), Some(0), "{arguments:?}");
    }
}

//! `ndb_backup verify` of each recorded set with something wrong: what it is, where, and a status
//! of its own. Sets 2, 5 and 7 are encrypted; 6, 7 and 8 are compressed; 3, 5 and 8 have an undo
//! log. Of all but 4 one of two nodes is here.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use ndbmgm::backup::{
    DataItem, DataReader, Finding, FindingKind, Manifest, SetFile, Severity, Slice, Verdict,
    VerifyOptions, verify,
};
use ndbmgm::xfrm::{self, Encryption, Keys, Options, XfrmWriter};

use crate::backup_sets::{Copy, ENCRYPTED, find, fixtures, ndb_backup, secret};

/// Looks at the nodes that are here only.
fn here(id: u32) -> &'static [&'static str] {
    match id {
        4 => &["--no-record"],
        _ => &["--no-record", "--node=2"],
    }
}

/// Every set must be refused with this status, and the text must hold this.
fn expect(copy: &Copy, options: &[&str], status: i32, text: &str) {
    let (found, told) = copy.verify(options);
    assert_eq!(found, status, "set {}: {told}", copy.id);
    assert!(
        told.contains(text),
        "set {}: no {text:?} in {told}",
        copy.id
    );
}

/// Writes a manifest of the set as it is, without looking at whether it is good.
fn manifest(copy: &Copy) -> Manifest {
    let report = copy.report(&VerifyOptions {
        with_digests: true,
        ..VerifyOptions::default()
    });
    report.manifest("now", "this test")
}

/// Flips every `step`-th byte of every file in turn, and reads each file as all of its set. Without
/// a password an encrypted file is only compared with the manifest, which costs no key.
fn flip_bytes(id: u32, step: usize) {
    let copy = Copy::of(id);
    let manifest = manifest(&copy);
    let options = VerifyOptions {
        manifest: Some(&manifest),
        slice: Some(Slice { number: 1, of: 1 }),
        threads: 1,
        ..VerifyOptions::default()
    };
    for file in copy.files() {
        let mut bytes = fs::read(&file.path).unwrap();
        for at in (0..bytes.len()).step_by(step) {
            bytes[at] ^= 1 << (at % 8);
            fs::write(&file.path, &bytes).unwrap();
            let report = verify(id, std::slice::from_ref(&file), &options);
            let is_told = |it: &Finding| {
                it.kind == FindingKind::Checksum && it.file.as_ref() == Some(&file.name)
            };
            let findings = &report.findings;
            assert!(
                findings.iter().any(is_told) && report.verdict() == Verdict::Damaged,
                "{} byte {at}: {findings:?}",
                file.name
            );
            bytes[at] ^= 1 << (at % 8);
        }
        fs::write(&file.path, &bytes).unwrap();
    }
}

#[test]
fn with_a_manifest_every_flipped_byte_of_a_plain_set_is_found() {
    flip_bytes(1, 97);
}

#[test]
fn with_a_manifest_every_flipped_byte_of_a_set_with_an_undo_log_is_found() {
    flip_bytes(3, 97);
}

#[test]
fn with_a_manifest_every_flipped_byte_of_two_nodes_is_found() {
    flip_bytes(4, 97);
}

#[test]
fn with_a_manifest_every_flipped_byte_of_a_compressed_set_is_found() {
    for id in [6, 8] {
        flip_bytes(id, 97);
    }
}

#[test]
fn with_a_manifest_every_flipped_byte_of_an_encrypted_set_is_found() {
    for id in ENCRYPTED {
        flip_bytes(id, 97);
    }
}

#[test]
fn a_flipped_byte_has_the_status_of_damage_with_the_password_and_without() {
    for id in 1..=8 {
        let copy = Copy::of(id);
        manifest(&copy).write(copy.place.path()).unwrap();
        for file in copy.files() {
            let good = fs::read(&file.path).unwrap();
            let mut bad = good.clone();
            // Behind all headers.
            let at = bad.len() - 40;
            bad[at] ^= 1;
            fs::write(&file.path, &bad).unwrap();
            let checksum = format!("checksum: {}: found SHA-256", file.name);
            let options = [here(id), &["--skip-backup-password"]].concat();
            expect(&copy, &options, 1, &checksum);
            if ENCRYPTED.contains(&id) && file.name.ends_with(".log") {
                expect(&copy, here(id), 1, &checksum);
            }
            fs::write(&file.path, &good).unwrap();
        }
    }
}

#[test]
fn without_a_manifest_a_flipped_byte_is_found_or_the_contents_are_unproven() {
    for (id, step) in [
        (1, 9973),
        (2, 160_001),
        (3, 9973),
        (4, 9973),
        (5, 160_001),
        (6, 997),
    ] {
        let copy = Copy::of(id);
        let (mut flips, mut found) = (0, 0);
        for file in copy.files().iter().filter(|it| !it.name.ends_with(".ctl")) {
            let bytes = fs::read(&file.path).unwrap();
            for at in (0..bytes.len()).step_by(step) {
                let mut bad = bytes.clone();
                bad[at] ^= 4;
                fs::write(&file.path, &bad).unwrap();
                let (status, text) = copy.verify(here(id));
                assert!(text.contains("content: unproven (no manifest)"), "{text}");
                flips += 1;
                found += i32::from(status == 1 || status == 12);
                assert!(
                    status == 1 || status == 12 || text.contains("structure: ok"),
                    "{id} {at}: {status} {text}"
                );
            }
            fs::write(&file.path, &bytes).unwrap();
        }
        assert!(found > 0);
        // A container has a checksum of its own.
        assert!(
            [1, 3, 4].contains(&id) || found == flips,
            "{id}: {found} of {flips}"
        );
    }
}

#[test]
fn a_file_that_is_cut_is_damaged() {
    for id in 1..=8 {
        let copy = Copy::of(id);
        let secret = secret();
        let encrypted = ENCRYPTED.contains(&id);
        let options = VerifyOptions {
            secret: Some(&secret),
            // Each file by itself, where every other one costs a key derivation.
            slice: encrypted.then_some(Slice { number: 1, of: 1 }),
            ..VerifyOptions::default()
        };
        for file in copy.files() {
            let bytes = fs::read(&file.path).unwrap();
            for cut in [1, 16, 512] {
                let Some(left) = bytes.len().checked_sub(cut) else {
                    continue;
                };
                fs::write(&file.path, &bytes[..left]).unwrap();
                let report = match options.slice {
                    Some(_) => verify(id, std::slice::from_ref(&file), &options),
                    None => copy.report(&options),
                };
                assert_eq!(report.verdict(), Verdict::Damaged, "{} - {cut}", file.name);
                let of_file = |it: &Finding| {
                    it.file.as_ref() == Some(&file.name) && it.kind.severity() == Severity::Damage
                };
                assert!(report.findings.iter().any(of_file), "{} - {cut}", file.name);
                if !encrypted || (cut == 16 && file.name.ends_with(".log")) {
                    expect(&copy, here(id), 1, &file.name);
                }
            }
            fs::write(&file.path, &bytes).unwrap();
        }
    }
}

#[test]
fn a_file_that_is_missing_is_told_from_damage() {
    for id in 1..=8 {
        for kind in ["ctl", "Data", "log"] {
            let copy = Copy::of(id);
            let files = copy.files();
            let file = files.iter().rfind(|it| it.name.ends_with(kind)).unwrap();
            fs::remove_file(&file.path).unwrap();
            let text = format!("missing_file: found no {kind} file of node {}", file.node);
            expect(&copy, here(id), 3, &text);
        }
    }
}

#[test]
fn a_node_that_is_missing_is_told_from_a_file() {
    for id in 1..=8 {
        let copy = Copy::of(id);
        for file in copy.files().iter().filter(|it| it.node.get() == 3) {
            fs::remove_file(&file.path).unwrap();
        }
        let text = "missing_node: found no file of node 3, expected its Data file with";
        expect(&copy, &["--no-record"], 3, text);
        let (_, text) = copy.verify(&["--no-record"]);
        assert!(text.contains("structure: incomplete"), "{text}");
    }
    let copy = Copy::of(4);
    let (status, text) = ndb_backup(&["verify", "99", copy.place.path().to_str().unwrap()]);
    assert_eq!(
        (status, &text[..]),
        (10, "ndb_backup verify: there is no backup 99 here\n")
    );
}

#[test]
fn a_file_of_another_backup_is_found() {
    for (id, other) in [
        (1, 3),
        (2, 5),
        (3, 1),
        (4, 3),
        (5, 7),
        (6, 8),
        (7, 2),
        (8, 6),
    ] {
        let copy = Copy::of(id);
        let foreign = fixtures().join(format!("BACKUP-{other}/BACKUP-{other}-0.2.Data"));
        let name = format!("BACKUP-{id}-0.2.Data");
        fs::copy(foreign, copy.path(&name)).unwrap();
        let line = format!(
            "foreign: {name}: offset 24: found a file of backup {other}, expected one of backup \
             {id}"
        );
        expect(&copy, here(id), 1, &line);
    }
}

/// Gives a file other contents, in a container like its own.
fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let secret = secret();
    let mut reader = xfrm::open(File::open(path).unwrap(), Some(&secret)).unwrap();
    let container = reader.container();
    let (is_encrypted, is_compressed) = (container.is_encrypted(), container.is_compressed());
    let mut contents = Vec::new();
    reader.read_to_end(&mut contents).unwrap();
    change(&mut contents);
    let options = Options::backup(is_compressed, is_encrypted.then_some(&secret));
    // One round is enough for a test.
    let encryption = options.encryption.map(|encryption| Encryption {
        keys: Keys::Derived { iterations: 1 },
        ..encryption
    });
    let options = Options {
        encryption,
        ..options
    };
    let mut writer = XfrmWriter::new(File::create(path).unwrap(), options).unwrap();
    writer.write_all(&contents).unwrap();
    writer.finish().unwrap();
}

/// Node 2's Data file.
fn data(copy: &Copy) -> SetFile {
    let files = copy.files();
    let name = format!("BACKUP-{}-0.2.Data", copy.id);
    files.into_iter().find(|file| file.name == name).unwrap()
}

/// A fragment of a Data file with rows: its table, its number, and where its header and footer
/// are.
#[derive(Debug, Clone, Copy)]
struct Fragment {
    table: u32,
    number: u32,
    header: usize,
    footer: usize,
}

fn fragments(contents: &[u8]) -> Vec<Fragment> {
    let mut reader = DataReader::new(contents).unwrap();
    let mut found = Vec::new();
    let mut rows = 0;
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            DataItem::FragmentHeader { .. } => rows = 0,
            DataItem::Record { .. } => rows += 1,
            DataItem::FragmentFooter {
                table_id, fragment, ..
            } if rows > 0 => found.push(Fragment {
                table: table_id,
                number: fragment,
                header: find(contents, &[2, 5, table_id, fragment]),
                footer: find(contents, &[3, 6, table_id, fragment]),
            }),
            _ => {}
        }
    }
    found
}

#[test]
fn a_swapped_fragment_is_found() {
    for id in 1..=8 {
        // Two fragments of different tables in each other's place.
        let copy = Copy::of(id);
        let file = data(&copy);
        rewrite(&file.path, |contents| {
            let all = fragments(contents);
            let first = all[0];
            let other = *all.iter().rfind(|it| it.table != first.table).unwrap();
            for (place, named) in [(first, other), (other, first)] {
                for at in [place.header, place.footer] {
                    contents[at + 8..at + 12].copy_from_slice(&named.table.to_be_bytes());
                    contents[at + 12..at + 16].copy_from_slice(&named.number.to_be_bytes());
                }
            }
        });
        expect(&copy, here(id), 1, &format!("row: {}: offset ", file.name));
    }
    // Two of one table look alike, and only all nodes' files together tell.
    let copy = Copy::of(4);
    rewrite(&data(&copy).path, |contents| {
        let first = fragments(contents)[0];
        for at in [first.header, first.footer] {
            contents[at + 15] ^= 1;
        }
    });
    expect(&copy, here(4), 1, "duplicate_fragment: BACKUP-4-0.3.Data");
    let text = "lost_fragment: found no Data file with fragment 0";
    expect(&copy, here(4), 1, text);
}

#[test]
fn a_count_that_is_off_by_one_is_found() {
    for id in 1..=8 {
        let copy = Copy::of(id);
        let file = data(&copy);
        let mut footer = 0;
        rewrite(&file.path, |contents| {
            footer = fragments(contents)[0].footer;
            contents[footer + 19] += 1;
        });
        let text = format!("count: {}: offset {footer}: found", file.name);
        expect(&copy, here(id), 1, &text);

        // The same in the ctl file of the master, which counts the rows of all nodes.
        let copy = Copy::of(id);
        let mut masters = 0;
        for file in copy.files().iter().filter(|it| it.name.ends_with("ctl")) {
            let good = fs::read(&file.path).unwrap();
            let counted = first_count(&copy);
            let mut counts = false;
            rewrite(&file.path, |contents| {
                let entry = find(contents, &[7, 8, counted.table, counted.number]);
                counts = contents[entry + 16..entry + 20] != [0; 4];
                contents[entry + 19] += 1;
            });
            if counts {
                masters += 1;
                expect(&copy, here(id), 1, &format!("count: {}: found", file.name));
            }
            fs::write(&file.path, good).unwrap();
        }
        assert_eq!(masters, 1, "set {id}");
    }
}

/// The first fragment of node 2's Data file.
fn first_count(copy: &Copy) -> Fragment {
    let mut contents = Vec::new();
    let file = File::open(data(copy).path).unwrap();
    let mut reader = xfrm::open(file, Some(&secret())).unwrap();
    reader.read_to_end(&mut contents).unwrap();
    fragments(&contents)[0]
}

#[test]
fn a_wrong_password_is_told_from_damage() {
    for id in ENCRYPTED {
        let copy = Copy::of(id);
        let (status, text) = copy.verify(&["--backup-password=wrong"]);
        assert_eq!(status, 12, "{text}");
        assert!(text.contains("structure: wrong password"), "{text}");
        assert!(
            !text.contains("wrong_password: found"),
            "each names its file: {text}"
        );
        let (status, text) = copy.verify(&["--skip-backup-password"]);
        assert_eq!(status, 12, "{text}");
        assert!(text.contains("password_needed: "), "{text}");
        assert!(text.contains("structure: password needed"), "{text}");
        assert!(text.ends_with("-P asks for its password.\n"), "{text}");
        if id != 2 {
            continue;
        }

        // With the right password the same complaint about one file is damage.
        let path = copy.path(&format!("BACKUP-{id}.2.ctl"));
        let mut bytes = fs::read(&path).unwrap();
        bytes[520] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let (status, text) = copy.verify(&[]);
        assert_eq!(status, 1, "{text}");
        assert!(
            text.contains(&format!("container: BACKUP-{id}.2.ctl")),
            "{text}"
        );
    }
}

//! The fuzz targets, run on stable over their corpora, the fixtures and cuts of both.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/targets.rs"]
mod targets;

/// A target's name, the target, and the fixtures that are its seeds.
type Target = (&'static str, fn(&[u8]), &'static [&'static str]);

const TARGETS: [Target; 10] = [
    ("command", targets::command, &[]),
    ("wire_reply", targets::wire_reply, &[]),
    ("wire_request", targets::wire_request, &[]),
    (
        "event",
        targets::event,
        &["events/cluster-life.parsable.txt"],
    ),
    ("config", targets::config, &[]),
    (
        "container",
        targets::container,
        &[
            "backups/BACKUP-2/BACKUP-2.2.log",
            "backups/BACKUP-6/BACKUP-6.2.ctl",
        ],
    ),
    (
        "header",
        targets::header,
        &[
            "backups/BACKUP-7/BACKUP-7.2.ctl",
            "backups/BACKUP-8/BACKUP-8.2.ctl",
        ],
    ),
    ("ctl", targets::ctl, &["backups/BACKUP-1/BACKUP-1.2.ctl"]),
    (
        "data",
        targets::data,
        &["backups/BACKUP-1/BACKUP-1-0.2.Data"],
    ),
    (
        "log",
        targets::log,
        &[
            "backups/BACKUP-3/BACKUP-3.2.log",
            "backups/BACKUP-4/BACKUP-4.2.log",
        ],
    ),
];

/// Inputs per seed that are cut short, spread over its length.
const CUTS: usize = 16;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn seeds(target: &str, fixtures: &[&str]) -> Vec<PathBuf> {
    let mut seeds: Vec<PathBuf> = fixtures
        .iter()
        .map(|name| root().join("tests/fixtures").join(name))
        .collect();
    let corpus = root().join("fuzz/corpus").join(target);
    if let Ok(entries) = fs::read_dir(corpus) {
        seeds.extend(entries.map(|entry| entry.expect("a readable corpus").path()));
    }
    seeds
}

#[test]
fn every_corpus_replays() {
    for (name, target, fixtures) in TARGETS {
        let seeds = seeds(name, fixtures);
        assert!(!seeds.is_empty(), "{name} has no corpus");
        for seed in seeds {
            let bytes = fs::read(&seed).expect("a readable seed");
            target(&bytes);
            // Deriving a key for each cut of an encrypted file would only heat the machine.
            let cuts = if name == "container" { 2 } else { CUTS };
            for cut in 0..cuts {
                target(&bytes[..bytes.len() * cut / cuts]);
            }
        }
    }
}

#[test]
fn every_target_is_built_and_has_a_file() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("fuzz/Cargo.toml");
    for (name, _, _) in TARGETS {
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} in fuzz/Cargo.toml"
        );
        let file = root().join("fuzz/fuzz_targets").join(format!("{name}.rs"));
        assert!(file.exists(), "{}", file.display());
    }
}

//! `manifest`: verify a set and write down what its files are.

use ndbmgm::backup::{SetReport, Verdict, manifest_of, set_directories};
use ndbmgm::cli::Exit;
use ndbmgm::xfrm::Secret;
use serde_json::json;

use crate::Failure;
use crate::options::{ManifestOptions, Output};
use crate::output::{self, say, say_json};
use crate::sets::{find_set, make_directory};
use crate::verify::{Check, exit_of, render, to_json};

pub(crate) fn run(options: ManifestOptions, secret: Option<Secret>) -> Result<Exit, Failure> {
    let set = find_set(&options.set.directories, &options.set.id)?;
    if let Some(path) = manifest_of(&set.files, set.backup_id).filter(|_| !options.replace) {
        let message = format!(
            "there is a manifest already: {}; 'ndb_backup verify' compares with it, --replace \
             makes the files as they are now the truth",
            path.display()
        );
        return Err(Failure::new(Exit::Failure, message));
    }
    let check = Check {
        secret: secret.as_ref(),
        manifest: None,
        with_digests: true,
        slice: None,
        nodes: &[],
        threads: 0,
        quiet: options.quiet,
    };
    let report = check.read(&set);
    if report.verdict() != Verdict::Sound {
        let exit = exit_of(&report, false);
        match options.common.output {
            Output::Text => say(&render(&report, false)),
            Output::Json => say_json(&to_json(&report, exit)),
        }
        return Err(Failure::new(
            exit,
            "no manifest was written: it would say that these files are good",
        ));
    }
    let directory = match options.to {
        Some(directory) => {
            make_directory(&directory)?;
            directory
        }
        None => match set_directories(&set.files).into_iter().next() {
            Some(directory) => directory,
            None => return Err(Failure::new(Exit::NoSuchSet, "the set has no files")),
        },
    };
    let manifest = report.manifest(&output::now(), &output::made_by());
    let path = manifest
        .write(&directory)
        .map_err(|error| Failure::of(Exit::Failure, &error))?;
    crate::verify::record(&set, &proven(report));
    match options.common.output {
        Output::Text => say(&format!(
            "Backup {}: {} files, {}: {}\n",
            set.backup_id,
            manifest.files.len(),
            output::bytes(manifest.bytes),
            path.display()
        )),
        Output::Json => say_json(&json!({
            "schema": 1,
            "command": "manifest",
            "backup_id": set.backup_id,
            "path": path.display().to_string(),
            "files": manifest.files.len(),
            "bytes": manifest.bytes,
        })),
    }
    Ok(Exit::Success)
}

/// The files were read to make the manifest, so they are what it says.
fn proven(report: SetReport) -> SetReport {
    SetReport {
        proof: ndbmgm::backup::Proof::Manifest,
        ..report
    }
}

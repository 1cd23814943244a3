//! `verify`: read everything and say what is wrong.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread;

use ndbmgm::backup::{
    self, Finding, FindingKind, Manifest, Proof, SetReport, Slice, Verdict, Verified, manifest_of,
    set_directories,
};
use ndbmgm::cli::Exit;
use ndbmgm::cluster::NodeId;
use ndbmgm::xfrm::Secret;
use serde_json::{Value, json};

use crate::Failure;
use crate::options::{Output, VerifyOptions};
use crate::output::{self, Progress, complain, say, say_json};
use crate::sets::{FoundSet, find_set, size_of};

pub(crate) fn run(options: VerifyOptions, secret: Option<Secret>) -> Result<Exit, Failure> {
    let set = find_set(&options.set.directories, &options.set.id)?;
    let slice = options.subset.as_deref().map(parse_slice).transpose()?;
    let nodes = options.node.iter().map(|id| {
        NodeId::new(*id)
            .ok_or_else(|| Failure::new(Exit::BadUsage, format!("there is no node {id}")))
    });
    let nodes: Vec<NodeId> = nodes.collect::<Result<_, _>>()?;
    let mut fault = None;
    let manifest = read_manifest(&set).unwrap_or_else(|finding| {
        fault = Some(*finding);
        None
    });
    let check = Check {
        secret: secret.as_ref(),
        manifest: manifest.as_ref(),
        with_digests: false,
        slice,
        nodes: &nodes,
        threads: options.threads,
        quiet: options.quiet,
    };
    let mut report = check.read(&set);
    report.findings.extend(fault);
    let is_whole = slice.is_none() && nodes.is_empty();
    if is_whole && report.verdict() == Verdict::Sound && !options.no_record {
        record(&set, &report);
    }
    let exit = exit_of(&report, options.require_manifest);
    match options.common.output {
        Output::Text => say(&render(&report, options.require_manifest)),
        Output::Json => say_json(&to_json(&report, exit)),
    }
    Ok(exit)
}

/// What to look at of a set, and what to compare it with.
pub(crate) struct Check<'a> {
    pub(crate) secret: Option<&'a Secret>,
    pub(crate) manifest: Option<&'a Manifest>,
    pub(crate) with_digests: bool,
    pub(crate) slice: Option<Slice>,
    pub(crate) nodes: &'a [NodeId],
    /// 0: as many as there are cores.
    pub(crate) threads: u32,
    pub(crate) quiet: bool,
}

impl Check<'_> {
    /// Reads the files, with a progress bar.
    pub(crate) fn read(&self, set: &FoundSet) -> SetReport {
        let counter = Arc::new(AtomicU64::new(0));
        let _progress = Progress::start(size_of(&set.files), &counter, self.quiet);
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = match self.threads {
            // Each takes some memory, and a disk has its limit too.
            0 => cores.min(16),
            threads => threads as usize,
        };
        backup::verify(
            set.backup_id,
            &set.files,
            &backup::VerifyOptions {
                secret: self.secret,
                manifest: self.manifest,
                with_digests: self.with_digests,
                slice: self.slice,
                nodes: self.nodes,
                threads,
                counter,
            },
        )
    }
}

/// The set's manifest; a finding if it is there and can't be used.
pub(crate) fn read_manifest(set: &FoundSet) -> Result<Option<Manifest>, Box<Finding>> {
    let Some(path) = manifest_of(&set.files, set.backup_id) else {
        return Ok(None);
    };
    Manifest::read(&path).map(Some).map_err(|error| {
        let Failure { message, .. } = Failure::of(Exit::Failure, &error);
        Box::new(Finding {
            kind: FindingKind::Manifest,
            file: Some(Manifest::file_name(set.backup_id)),
            offset: None,
            found: message,
            expected: "a manifest as it was written".to_owned(),
        })
    })
}

fn parse_slice(text: &str) -> Result<Slice, Failure> {
    let slice = text.split_once('/').and_then(|(number, of)| {
        let slice = Slice {
            number: number.parse().ok()?,
            of: of.parse().ok()?,
        };
        (1..=slice.of).contains(&slice.number).then_some(slice)
    });
    slice.ok_or_else(|| {
        let message = format!("--subset takes N/M with 1 <= N <= M, not '{text}'");
        Failure::new(Exit::BadUsage, message)
    })
}

/// Leaves a record that the set was found sound. Not to have it is no failure: the set may lie
/// where nothing can be written.
pub(crate) fn record(set: &FoundSet, report: &SetReport) {
    let verified = Verified {
        schema: 1,
        backup_id: set.backup_id,
        backup_key: report.header.as_ref().map(|header| header.backup_key),
        at: output::now(),
        proven: report.proof == Proof::Manifest,
        by: output::made_by(),
    };
    let directories = set_directories(&set.files);
    let Some(directory) = directories.first() else {
        return;
    };
    if let Err(error) = verified.write(directory) {
        complain(&format!(
            "Note: no record of the verification in {}: {error}",
            directory.display()
        ));
    }
}

pub(crate) fn exit_of(report: &SetReport, require_manifest: bool) -> Exit {
    match report.verdict() {
        Verdict::Sound if require_manifest && report.proof == Proof::Unproven => Exit::Unproven,
        Verdict::Sound => Exit::Success,
        Verdict::Incomplete | Verdict::Unfinished => Exit::Incomplete,
        Verdict::Damaged => Exit::Failure,
        Verdict::PasswordNeeded | Verdict::WrongPassword => Exit::WrongPassword,
    }
}

/// One word for the verdict.
fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Sound => "ok",
        Verdict::Incomplete => "incomplete",
        Verdict::Unfinished => "unfinished",
        Verdict::Damaged => "damaged",
        Verdict::PasswordNeeded => "password needed",
        Verdict::WrongPassword => "wrong password",
    }
}

/// What the text says of the contents; never more than was checked.
fn content_of(report: &SetReport) -> &'static str {
    match (report.proof, report.verdict()) {
        (Proof::Unproven, _) => "unproven (no manifest)",
        (Proof::Manifest, Verdict::Sound) => match report.slice {
            None => "proven by the manifest",
            Some(_) => "proven by the manifest for these files",
        },
        (Proof::Manifest, _) => "not proven",
    }
}

pub(crate) fn render(report: &SetReport, require_manifest: bool) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&format!("{}: {finding}\n", finding.kind.name()));
    }
    for node in &report.absent_nodes {
        if report.slice.is_none() && report.verdict() == Verdict::Sound {
            text.push_str(&format!(
                "Note: node {node} wrote nothing; every fragment is in other nodes' files.\n"
            ));
        }
    }
    if report.rows_not_decoded {
        text.push_str(
            "Note: rows were counted, not decoded: their form is that of versions before 6.3.11.\n",
        );
    }
    let slice = report.slice.map_or_else(String::new, |it| {
        format!(" (subset {}/{})", it.number, it.of)
    });
    text.push_str(&format!(
        "Backup {}{slice}: {} files of {} node(s), {} rows, {} log entries, {} read\n",
        report.backup_id,
        report.files.len(),
        report.nodes.len(),
        report.rows,
        report.log_entries,
        output::bytes(report.bytes)
    ));
    text.push_str(&format!(
        "structure: {}, content: {}\n",
        verdict_name(report.verdict()),
        content_of(report)
    ));
    if report.verdict() == Verdict::PasswordNeeded {
        text.push_str("The set is encrypted: -P asks for its password.\n");
    }
    if exit_of(report, require_manifest) == Exit::Unproven {
        text.push_str("A manifest was required: 'ndb_backup manifest' makes one.\n");
    }
    text
}

pub(crate) fn to_json(report: &SetReport, exit: Exit) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|it| {
            json!({
                "kind": it.kind.name(),
                "file": it.file,
                "offset": it.offset,
                "found": it.found,
                "expected": it.expected,
            })
        })
        .collect();
    let files: Vec<Value> = report
        .files
        .iter()
        .map(|it| {
            json!({
                "name": it.name,
                "node": it.node.get(),
                "part": it.part,
                "size": it.size,
                "sha256": it.digest.map(|digest| digest.to_string()),
                "records": it.records,
            })
        })
        .collect();
    let ids = |nodes: &[NodeId]| nodes.iter().map(|it| it.get()).collect::<Vec<u32>>();
    json!({
        "schema": 1,
        "command": "verify",
        "backup_id": report.backup_id,
        "structure": verdict_name(report.verdict()),
        "content": match (report.proof, report.verdict()) {
            (Proof::Manifest, Verdict::Sound) => "proven",
            (Proof::Manifest, _) | (Proof::Unproven, _) => "unproven",
        },
        "manifest": report.proof == Proof::Manifest,
        "exit_status": exit.status(),
        "subset": report.slice.map(|it| format!("{}/{}", it.number, it.of)),
        "nodes": ids(&report.nodes),
        "absent_nodes": ids(&report.absent_nodes),
        "rows": report.rows,
        "rows_decoded": !report.rows_not_decoded,
        "log_entries": report.log_entries,
        "bytes": report.bytes,
        "files": files,
        "findings": findings,
    })
}

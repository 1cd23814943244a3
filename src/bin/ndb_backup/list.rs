//! `list`: the sets that are there, complete or not.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use ndbmgm::backup::{SetState, SetSummary, summarise};
use ndbmgm::cli::Exit;
use ndbmgm::cluster::{NodeId, SnapshotPoint};
use ndbmgm::xfrm::Secret;
use serde_json::{Value, json};

use crate::Failure;
use crate::options::{ListOptions, Output};
use crate::output::{self, moment, say, say_json, table};
use crate::sets::{FoundSet, find_sets};

pub(crate) fn run(options: ListOptions, secret: Option<Secret>) -> Result<Exit, Failure> {
    let sets = find_sets(&options.directories)?;
    let summaries = summarise_all(&sets, secret.as_ref());
    match options.common.output {
        Output::Text if summaries.is_empty() => say("No backup sets.\n"),
        Output::Text => say(&render(&summaries)),
        Output::Json => {
            let sets: Vec<Value> = summaries.iter().map(to_json).collect();
            say_json(&json!({"schema": 1, "command": "list", "sets": sets}));
        }
    }
    Ok(Exit::Success)
}

/// Looks at all sets, on all cores.
pub(crate) fn summarise_all(sets: &[FoundSet], secret: Option<&Secret>) -> Vec<SetSummary> {
    let now = SystemTime::now();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(sets.len()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(set) = sets.get(index) else {
                return;
            };
            let mut summary = summarise(set.backup_id, &set.files, secret, now);
            // A list has no use for the columns of a thousand sets.
            summary.ctl = None;
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((index, summary));
        }
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        for _ in 1..cores.min(16) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, summary)| summary).collect()
}

fn render(summaries: &[SetSummary]) -> String {
    let header = [
        "ID>", "STATE", "WRITTEN", "NODES", "PARTS>", "FORM", "SNAPSHOT", "GCP", "TABLES>",
        "ROWS>", "SIZE>", "PROOF",
    ];
    let rows: Vec<Vec<String>> = summaries.iter().map(row).collect();
    let mut text = table(&header, &rows);
    for summary in summaries {
        for reason in reasons(summary) {
            text.push_str(&format!("Backup {}: {reason}\n", summary.backup_id));
        }
    }
    text
}

fn row(summary: &SetSummary) -> Vec<String> {
    let or_unknown = |number: Option<u64>| number.map_or("?".to_owned(), |it| it.to_string());
    let expected = summary.expected_nodes.as_ref().map(|it| it.len() as u64);
    let form = match (summary.encrypted, summary.compressed) {
        (false, false) => "plain",
        (true, false) => "encrypted",
        (false, true) => "compressed",
        (true, true) => "encrypted+compressed",
    };
    let gcp = summary.gcp.map_or("?".to_owned(), |gcp| {
        format!("{}-{}", gcp.start, gcp.stop())
    });
    let kept = if summary.kept { ", kept" } else { "" };
    vec![
        summary.backup_id.to_string(),
        state_name(&summary.state).to_owned(),
        summary.modified.map_or("?".to_owned(), moment),
        format!("{}/{}", summary.nodes.len(), or_unknown(expected)),
        summary.parts.to_string(),
        form.to_owned(),
        snapshot_name(summary.snapshot).unwrap_or("?").to_owned(),
        gcp,
        or_unknown(summary.tables),
        or_unknown(summary.rows),
        output::bytes(summary.bytes),
        format!("{}{kept}", proof_of(summary)),
    ]
}

/// How sure it is that the contents are what they were.
fn proof_of(summary: &SetSummary) -> String {
    let verified = summary
        .verified
        .as_ref()
        .map(|it| format!("verified {}", it.at));
    match (&summary.manifest, &summary.manifest_fault, verified) {
        (_, Some(_), _) => "damaged manifest".to_owned(),
        (Some(_), None, Some(verified)) => format!("manifest, {verified}"),
        (Some(_), None, None) => "manifest".to_owned(),
        (None, None, Some(verified)) => format!("none, structure {verified}"),
        (None, None, None) => "none".to_owned(),
    }
}

pub(crate) fn state_name(state: &SetState) -> &'static str {
    match state {
        SetState::Complete => "complete",
        SetState::Sealed => "sealed",
        SetState::Running => "running",
        SetState::Unfinished => "unfinished",
        SetState::Incomplete(_) => "incomplete",
        SetState::Damaged(_) => "damaged",
    }
}

pub(crate) fn snapshot_name(snapshot: Option<SnapshotPoint>) -> Option<&'static str> {
    snapshot.map(|it| match it {
        SnapshotPoint::Start => "start",
        SnapshotPoint::End => "end",
    })
}

/// Why the set is not simply complete.
pub(crate) fn reasons(summary: &SetSummary) -> Vec<String> {
    let mut reasons = match &summary.state {
        SetState::Complete => Vec::new(),
        SetState::Sealed => vec![
            "encrypted, all files were closed; which nodes belong to it shows with the password"
                .to_owned(),
        ],
        SetState::Running => vec!["its files are being written".to_owned()],
        SetState::Unfinished => {
            vec!["it never completed: it was aborted, or its nodes stopped".to_owned()]
        }
        SetState::Incomplete(missing) => missing.clone(),
        SetState::Damaged(why) => vec![why.clone()],
    };
    reasons.extend(summary.manifest_fault.clone());
    reasons
}

pub(crate) fn to_json(summary: &SetSummary) -> Value {
    let ids = |nodes: &[NodeId]| nodes.iter().map(|it| it.get()).collect::<Vec<u32>>();
    json!({
        "backup_id": summary.backup_id,
        "state": state_name(&summary.state),
        "reasons": reasons(summary),
        "written": summary.modified.and_then(output::rfc3339),
        "nodes": ids(&summary.nodes),
        "expected_nodes": summary.expected_nodes.as_deref().map(ids),
        "parts": summary.parts,
        "encrypted": summary.encrypted,
        "compressed": summary.compressed,
        "snapshot": snapshot_name(summary.snapshot),
        "start_gcp": summary.gcp.map(|it| it.start.0),
        "stop_gcp": summary.gcp.map(|it| it.stop().0),
        "ndb_version": summary.header.as_ref().map(|it| it.ndb_version.to_string()),
        "tables": summary.tables,
        "rows": summary.rows,
        "bytes": summary.bytes,
        "manifest": summary.manifest.is_some(),
        "verified": summary.verified.as_ref().map(|it| it.at.clone()),
        "verified_contents": summary.verified.as_ref().map(|it| it.proven),
        "kept": summary.kept,
    })
}

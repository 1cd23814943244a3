//! `expire`, `keep` and `release`: which sets stay.
//!
//! A removal is journalled: `.BACKUP-7.expiring.json` lists the files before the first is gone, and
//! ctl files go first, so that what a killed run leaves is no set that looks whole; the next
//! run ends what was begun.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ndbmgm::backup::{
    Candidate, Decision, FileKind, KeepRules, Manifest, SetState, SetSummary, Verified, Worth,
    decide, keep_file_name, set_directories, sync_directory, write_whole,
};
use ndbmgm::cli::Exit;
use ndbmgm::xfrm::Secret;
use serde_json::{Value, json};

use crate::Failure;
use crate::fault::crash_point;
use crate::list::{reasons, state_name, summarise_all};
use crate::options::{ExpireOptions, KeepOptions, Output, ReleaseOptions};
use crate::output::{self, moment, say, say_json};
use crate::sets::{FoundSet, find_set, find_sets};

pub(crate) fn run(options: ExpireOptions, secret: Option<Secret>) -> Result<Exit, Failure> {
    let rules = KeepRules {
        last: options.keep_last.unwrap_or(0),
        days: options.keep_days.unwrap_or(0),
        weekly: options.keep_weekly.unwrap_or(0),
        min_redundancy: options.min_redundancy,
    };
    if rules.last == 0 && rules.days == 0 && rules.weekly == 0 {
        let message = "say what is to stay: --keep-last, --keep-days or --keep-weekly";
        return Err(Failure::new(Exit::BadUsage, message));
    }
    // On a terminal somebody should see first what would go.
    let is_dry = options.dry_run || (!options.yes && io::stdout().is_terminal());
    let expiry = expire(
        &options.directory,
        rules,
        options.verified_only,
        is_dry,
        secret.as_ref(),
    )?;
    match options.common.output {
        Output::Text => say(&expiry.render()),
        Output::Json => say_json(&expiry.to_json()),
    }
    Ok(Exit::Success)
}

/// What was decided, and done unless it was a dry run.
pub(crate) struct Expiry {
    sets: Vec<(SetSummary, Decision)>,
    is_dry: bool,
}

/// Decides on the sets under a directory, and removes those that are to go.
pub(crate) fn expire(
    directory: &Path,
    rules: KeepRules,
    verified_only: bool,
    is_dry: bool,
    secret: Option<&Secret>,
) -> Result<Expiry, Failure> {
    if !is_dry {
        end_what_was_begun(directory)?;
    }
    let found = find_sets(&[directory.to_owned()])?;
    let summaries = summarise_all(&found, secret);
    let candidates: Vec<Candidate> = summaries
        .iter()
        .map(|summary| candidate(summary, verified_only))
        .collect();
    let now = seconds(SystemTime::now());
    let decisions = decide(&candidates, rules, now);
    if !is_dry {
        for (set, decision) in found.iter().zip(&decisions) {
            if let Decision::Remove(_) = decision {
                remove_set(directory, set)?;
            }
        }
    }
    Ok(Expiry {
        sets: summaries.into_iter().zip(decisions).collect(),
        is_dry,
    })
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.map_or(0, |it| i64::try_from(it.as_secs()).unwrap_or(i64::MAX))
}

fn candidate(summary: &SetSummary, verified_only: bool) -> Candidate {
    let is_verified = summary.verified.as_ref().is_some_and(|it| {
        let key = summary.header.as_ref().map(|header| header.backup_key);
        // A record of another backup of the same id says nothing.
        it.backup_key.is_none() || key.is_none() || it.backup_key == key
    });
    Candidate {
        backup_id: summary.backup_id,
        written: summary.modified.map_or(0, seconds),
        worth: match &summary.state {
            SetState::Complete if summary.manifest_fault.is_some() => Worth::Broken,
            SetState::Complete if verified_only && !is_verified => Worth::Unverified,
            SetState::Complete => Worth::Good,
            SetState::Sealed | SetState::Running => Worth::Unknown,
            SetState::Unfinished | SetState::Incomplete(_) | SetState::Damaged(_) => Worth::Broken,
        },
        kept: summary.kept,
    }
}

impl Expiry {
    /// Sets that went, or would go.
    pub(crate) fn removed(&self) -> Vec<u32> {
        let gone = self
            .sets
            .iter()
            .filter(|(_, decision)| matches!(decision, Decision::Remove(_)));
        gone.map(|(summary, _)| summary.backup_id).collect()
    }

    fn render(&self) -> String {
        let mut text = String::new();
        for (summary, decision) in &self.sets {
            let (verb, why) = match decision {
                Decision::Keep(why) => ("stays", why),
                Decision::Remove(why) if self.is_dry => ("would go", why),
                Decision::Remove(why) => ("removed", why),
            };
            let when = summary.modified.map_or("?".to_owned(), moment);
            text.push_str(&format!(
                "Backup {} of {when} ({}) {verb}: {why}\n",
                summary.backup_id,
                state_name(&summary.state)
            ));
            for reason in reasons(summary) {
                text.push_str(&format!("  {reason}\n"));
            }
        }
        if self.is_dry && !self.removed().is_empty() {
            text.push_str("Nothing was removed: --yes removes.\n");
        }
        text
    }

    fn to_json(&self) -> Value {
        let sets: Vec<Value> = self
            .sets
            .iter()
            .map(|(summary, decision)| {
                let (keep, why) = match decision {
                    Decision::Keep(why) => (true, why),
                    Decision::Remove(why) => (false, why),
                };
                json!({
                    "backup_id": summary.backup_id,
                    "state": state_name(&summary.state),
                    "written": summary.modified.and_then(output::rfc3339),
                    "keep": keep,
                    "why": why,
                    "bytes": summary.bytes,
                })
            })
            .collect();
        json!({"schema": 1, "command": "expire", "dry_run": self.is_dry, "sets": sets})
    }
}

fn journal_name(backup_id: u32) -> String {
    format!(".BACKUP-{backup_id}.expiring.json")
}

/// Removes a set: the journal first, then ctl files, the rest, what lies beside them, and the
/// directories that are empty then.
fn remove_set(directory: &Path, set: &FoundSet) -> Result<(), Failure> {
    let mut files: Vec<&ndbmgm::backup::SetFile> = set.files.iter().collect();
    files.sort_by_key(|file| file.kind != FileKind::Ctl);
    let mut paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    for place in set_directories(&set.files) {
        for name in [
            Manifest::file_name(set.backup_id),
            Verified::file_name(set.backup_id),
        ] {
            paths.push(place.join(name));
        }
    }
    let paths: Vec<PathBuf> = paths
        .into_iter()
        .map(|path| std::path::absolute(&path).unwrap_or(path))
        .collect();
    let listed: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let journal = directory.join(journal_name(set.backup_id));
    let text = json!({"schema": 1, "files": listed}).to_string();
    write_whole(&journal, text.as_bytes()).map_err(|error| cannot("write", &journal, &error))?;
    crash_point("expire-journalled");
    remove_listed(&journal, &paths)
}

/// Ends removals that a run before this one began.
pub(crate) fn end_what_was_begun(directory: &Path) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(".BACKUP-") || !name.ends_with(".expiring.json") {
            continue;
        }
        let journal = entry.path();
        let text = fs::read(&journal).map_err(|error| cannot("read", &journal, &error))?;
        let value: Value = serde_json::from_slice(&text).unwrap_or_default();
        let files = value["files"].as_array().cloned().unwrap_or_default();
        let paths: Vec<PathBuf> = files
            .iter()
            .filter_map(Value::as_str)
            .map(PathBuf::from)
            .collect();
        remove_listed(&journal, &paths)?;
    }
    Ok(())
}

fn remove_listed(journal: &Path, paths: &[PathBuf]) -> Result<(), Failure> {
    for (number, path) in paths.iter().enumerate() {
        match fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot("remove", path, &error)),
        }
        if number == 0 {
            crash_point("expire-first");
        }
    }
    crash_point("expire-files");
    let mut directories: Vec<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
    directories.sort();
    directories.dedup();
    // Parts' directories before the set's.
    for directory in directories.iter().rev() {
        remove_if_named_after_a_backup(directory);
    }
    fs::remove_file(journal).map_err(|error| cannot("remove", journal, &error))?;
    if let Some(directory) = journal.parent() {
        sync_directory(directory).map_err(|error| cannot("sync", directory, &error))?;
    }
    Ok(())
}

/// An empty directory that was a set's or a part's; others, and those with more in them, stay.
pub(crate) fn remove_if_named_after_a_backup(directory: &Path) {
    let name = directory
        .file_name()
        .map(|it| it.to_string_lossy().into_owned());
    if name.is_some_and(|name| name.starts_with("BACKUP-")) {
        // Not empty, or gone already: both are fine.
        let _ = fs::remove_dir(directory);
    }
}

fn cannot(action: &str, path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot {action} {}: {error}", path.display());
    Failure::new(Exit::Failure, message)
}

pub(crate) fn keep(options: KeepOptions, _secret: Option<Secret>) -> Result<Exit, Failure> {
    let set = find_set(&options.set.directories, &options.set.id)?;
    let directories = set_directories(&set.files);
    let Some(directory) = directories.first() else {
        return Err(Failure::new(Exit::NoSuchSet, "the set has no files"));
    };
    let path = directory.join(keep_file_name(set.backup_id));
    let text = format!("{} {}\n", output::now(), options.why.unwrap_or_default());
    write_whole(&path, text.as_bytes()).map_err(|error| cannot("write", &path, &error))?;
    report(options.common.output, "keep", set.backup_id, true);
    Ok(Exit::Success)
}

pub(crate) fn release(options: ReleaseOptions, _secret: Option<Secret>) -> Result<Exit, Failure> {
    let set = find_set(&options.set.directories, &options.set.id)?;
    for directory in set_directories(&set.files) {
        let path = directory.join(keep_file_name(set.backup_id));
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot("remove", &path, &error)),
        }
    }
    report(options.common.output, "release", set.backup_id, false);
    Ok(Exit::Success)
}

fn report(output: Output, command: &str, backup_id: u32, kept: bool) {
    match output {
        Output::Text if kept => say(&format!(
            "Backup {backup_id} is kept until it is released.\n"
        )),
        Output::Text => say(&format!("Backup {backup_id} is not kept any more.\n")),
        Output::Json => say_json(&json!({
            "schema": 1,
            "command": command,
            "backup_id": backup_id,
            "kept": kept,
        })),
    }
}

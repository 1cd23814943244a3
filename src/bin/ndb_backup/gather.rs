//! `gather`: one set from all data nodes, in one directory, proven.
//!
//! Files are copied into a hidden directory, compared with their sources, verified, described by
//! a manifest and made durable; only then the directory gets its name. Sources are removed last,
//! and only what was compared. A run that ends early leaves the hidden directory, from which the
//! next one goes on.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use ndbmgm::backup::{
    FileKind, FindingKind, Manifest, Proof, SetFile, SetReport, Verdict, directory_name,
    sync_directory,
};
use ndbmgm::cli::Exit;
use ndbmgm::cluster::BackupId;
use ndbmgm::xfrm::Secret;

use crate::Failure;
use crate::copy::copy_nodes;
use crate::expire::remove_if_named_after_a_backup;
use crate::fault::crash_point;
use crate::gathered::Gathered;
use crate::options::{GatherOptions, Output};
use crate::origin::{NodeFiles, Origin, Ssh, digest_of, local_path, quoted};
use crate::output::{self, complain, say, say_json};
use crate::sets::{FoundSet, make_directory, parse_id};
use crate::verify::{Check, record, render};

/// Where a set comes from and goes to.
pub(crate) struct Gather<'a> {
    pub(crate) backup: BackupId,
    pub(crate) to: &'a Path,
    pub(crate) origins: Vec<Origin>,
    pub(crate) ssh: Ssh,
    pub(crate) secret: Option<&'a Secret>,
    pub(crate) store_command: Option<&'a str>,
    pub(crate) fetch_command: Option<&'a str>,
    pub(crate) remove_sources: bool,
    pub(crate) quiet: bool,
}

pub(crate) fn run(options: GatherOptions, secret: Option<Secret>) -> Result<Exit, Failure> {
    let backup = parse_id(&options.id)?;
    let origins = options.source.origins(&options.connection)?;
    let gathered = Gather {
        backup,
        to: &options.to,
        origins,
        ssh: Ssh::new(&options.source.ssh_command)?,
        secret: secret.as_ref(),
        store_command: options.source.store_command.as_deref(),
        fetch_command: options.source.fetch_command.as_deref(),
        remove_sources: options.source.remove_sources,
        quiet: options.quiet,
    }
    .run()?;
    match options.common.output {
        Output::Text => say(&gathered.render()),
        Output::Json => say_json(&gathered.to_json()),
    }
    Ok(Exit::Success)
}

impl Gather<'_> {
    pub(crate) fn run(&self) -> Result<Gathered, Failure> {
        make_directory(self.to)?;
        let place = self.to.join(directory_name(self.backup));
        let (nodes, without) = self.find_nodes()?;
        let (report, is_sealed) = if place.exists() {
            // A run before this one came so far; its manifest says what was copied.
            let proven = self.prove_again(&place)?;
            let changed = self.differing(&self.manifest_of(&place)?, &nodes)?;
            self.expect_none(&changed, &place)?;
            proven
        } else {
            self.copy(&place, &nodes, without)?
        };
        let manifest = self.manifest_of(&place)?;
        let mut gathered = Gathered {
            directory: place.clone(),
            manifest,
            is_sealed,
            is_stored: false,
            is_fetched: false,
            sources_removed: false,
        };
        if !is_sealed {
            record(&found_in(self.backup, &place)?, &report);
        }
        crash_point("gather-proven");
        self.store(&mut gathered)?;
        if self.remove_sources {
            if gathered.is_stored && !gathered.is_fetched {
                complain("Note: what was stored was not read back (no --fetch-command).");
            }
            for node in &nodes {
                self.remove_source(node)?;
                crash_point("gather-removed-one");
            }
            gathered.sources_removed = true;
        }
        Ok(gathered)
    }

    /// The files of each node, and the nodes that have none: they may have been down while the
    /// backup was made, or the set was gathered already and their files are removed.
    fn find_nodes(&self) -> Result<(Vec<NodeFiles>, Vec<Failure>), Failure> {
        if self.origins.is_empty() {
            return Err(Failure::new(
                Exit::BadUsage,
                "there is no data node to gather from",
            ));
        }
        let (mut nodes, mut without) = (Vec::new(), Vec::new());
        for origin in &self.origins {
            match origin.find(self.backup, &self.ssh) {
                Ok(found) => nodes.push(found),
                Err(failure) if failure.exit == Exit::Incomplete => without.push(failure),
                Err(failure) => return Err(failure),
            }
        }
        Ok((nodes, without))
    }

    /// Copies all files into the hidden directory, verifies them, and gives it its name.
    fn copy(
        &self,
        place: &Path,
        nodes: &[NodeFiles],
        without: Vec<Failure>,
    ) -> Result<(SetReport, bool), Failure> {
        if nodes.is_empty() {
            let message = format!("no data node has a file of backup {}", self.backup);
            return Err(Failure::new(Exit::NoSuchSet, message));
        }
        let hidden = self
            .to
            .join(format!(".{}.gathering", directory_name(self.backup)));
        make_directory(&hidden)?;
        crash_point("gather-begun");
        copy_nodes(&hidden, nodes, &self.ssh, self.quiet)?;
        crash_point("gather-copied");
        let set = found_in(self.backup, &hidden)?;
        let check = Check {
            secret: self.secret,
            manifest: None,
            with_digests: true,
            slice: None,
            nodes: &[],
            threads: 0,
            quiet: self.quiet,
        };
        let report = check.read(&set);
        let manifest = report.manifest(&output::now(), &output::made_by());
        let changed = self.differing(&manifest, nodes)?;
        for name in &changed {
            // It will be copied anew.
            let _ = fs::remove_file(hidden.join(name));
        }
        self.expect_none(&changed, &hidden)?;
        let is_sealed = is_sealed(&report);
        if report.verdict() != Verdict::Sound && !is_sealed {
            without
                .iter()
                .for_each(|failure| complain(&failure.message));
            return Err(not_sound(&report, "the data nodes' files are not sound"));
        }
        if is_sealed {
            // Only the rows can tell whether a node that wrote nothing is missed.
            if let Some(failure) = without.into_iter().next() {
                return Err(failure);
            }
            self.expect_all_kinds(&set)?;
        }
        crash_point("gather-verified");
        let written = manifest.write(&hidden);
        written.map_err(|error| Failure::of(Exit::Failure, &error))?;
        sync_tree(&hidden)?;
        crash_point("gather-manifest");
        fs::rename(&hidden, place).map_err(|error| Failure::cannot("rename", &hidden, &error))?;
        sync_directory(self.to).map_err(|error| Failure::cannot("sync", self.to, &error))?;
        crash_point("gather-named");
        let report = SetReport {
            proof: Proof::Manifest,
            ..report
        };
        Ok((report, is_sealed))
    }

    /// Encrypted files whose rows can't be looked at: at least each node's three have to be there.
    fn expect_all_kinds(&self, set: &FoundSet) -> Result<(), Failure> {
        for origin in &self.origins {
            for kind in FileKind::ALL {
                let is_there = |it: &SetFile| it.node == origin.node && it.kind == kind;
                if !set.files.iter().any(is_there) {
                    let message = format!(
                        "node {}: the {} file is missing",
                        origin.node,
                        kind.suffix()
                    );
                    return Err(Failure::new(Exit::Incomplete, message));
                }
            }
        }
        Ok(())
    }

    /// Reads a gathered set again, against its manifest.
    fn prove_again(&self, place: &Path) -> Result<(SetReport, bool), Failure> {
        let manifest = self.manifest_of(place)?;
        let set = found_in(self.backup, place)?;
        let check = Check {
            secret: self.secret,
            manifest: Some(&manifest),
            with_digests: false,
            slice: None,
            nodes: &[],
            threads: 0,
            quiet: self.quiet,
        };
        let report = check.read(&set);
        let is_sealed = is_sealed(&report);
        if report.verdict() != Verdict::Sound && !is_sealed {
            return Err(not_sound(
                &report,
                "the set that was gathered before is not sound",
            ));
        }
        Ok((report, is_sealed))
    }

    fn manifest_of(&self, place: &Path) -> Result<Manifest, Failure> {
        let path = place.join(Manifest::file_name(self.backup.get()));
        Manifest::read(&path).map_err(|error| {
            let Failure { message, .. } = Failure::of(Exit::Failure, &error);
            let message = format!("{} is there, and {message}", place.display());
            Failure::new(Exit::Failure, message)
        })
    }

    fn expect_none(&self, changed: &[String], place: &Path) -> Result<(), Failure> {
        let Some(name) = changed.first() else {
            return Ok(());
        };
        let message = format!(
            "{name} in {} is not what its node has; nothing was removed",
            place.display()
        );
        Err(Failure::new(Exit::Failure, message))
    }

    /// The files that are not, at their source, what the manifest says of the copy.
    fn differing(&self, manifest: &Manifest, nodes: &[NodeFiles]) -> Result<Vec<String>, Failure> {
        let mut differing = Vec::new();
        for node in nodes {
            let Some(digests) = self.source_digests(node)? else {
                continue;
            };
            for file in &node.files {
                let known = manifest.file(&file.name).map(|it| &it.sha256);
                if known.is_none() || known != digests.get(&file.name) {
                    differing.push(file.name.clone());
                }
            }
        }
        Ok(differing)
    }

    /// SHA-256 of a node's files, read where they lie; none if its host can't tell.
    fn source_digests(
        &self,
        node: &NodeFiles,
    ) -> Result<Option<BTreeMap<String, String>>, Failure> {
        let names: Vec<String> = node.files.iter().map(|it| it.name.clone()).collect();
        let Some(host) = &node.origin.host else {
            let digest = |name: &String| {
                let path = local_path(node, name);
                let digest =
                    digest_of(&path).map_err(|error| Failure::cannot("read", &path, &error))?;
                Ok((name.clone(), digest))
            };
            return names
                .iter()
                .map(digest)
                .collect::<Result<_, Failure>>()
                .map(Some);
        };
        match self.ssh.digests(host, &node.directory, &names)? {
            Some(digests) => Ok(Some(digests.into_iter().collect())),
            None if self.remove_sources => {
                let message = format!(
                    "{host} has neither sha256sum nor shasum: nothing proves that the copies are \
                     its files, which therefore stay"
                );
                Err(Failure::new(Exit::Unproven, message))
            }
            None => {
                complain(&format!(
                    "Note: {host} has neither sha256sum nor shasum; its files were not compared \
                     with their copies."
                ));
                Ok(None)
            }
        }
    }

    /// Lets the user's commands put the set elsewhere and bring it back.
    fn store(&self, gathered: &mut Gathered) -> Result<(), Failure> {
        let Some(store) = self.store_command else {
            return Ok(());
        };
        self.user_command("--store-command", store, &gathered.directory)?;
        gathered.is_stored = true;
        crash_point("gather-stored");
        let Some(fetch) = self.fetch_command else {
            return Ok(());
        };
        let back = tempfile::Builder::new()
            .prefix(".ndb_backup-fetched-")
            .tempdir_in(self.to)
            .map_err(|error| Failure::cannot("make a directory in", self.to, &error))?;
        self.user_command("--fetch-command", fetch, back.path())?;
        for known in &gathered.manifest.files {
            let path = back.path().join(&known.name);
            let digest = digest_of(&path).map_err(|error| {
                let message = format!("what was stored lacks {}: {error}", known.name);
                Failure::new(Exit::Incomplete, message)
            })?;
            if digest != known.sha256 {
                let message = format!("what was stored as {} came back changed", known.name);
                return Err(Failure::new(Exit::Failure, message));
            }
        }
        gathered.is_fetched = true;
        Ok(())
    }

    /// Runs a command of the user with the shell. It finds the directory, the set's name and id
    /// in its environment; nothing is put into its text.
    fn user_command(&self, option: &str, command: &str, directory: &Path) -> Result<(), Failure> {
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        let status = Command::new("sh")
            .arg("-c")
            .arg(command)
            .env("DIR", directory)
            .env("NAME", directory_name(self.backup))
            .env("ID", self.backup.to_string())
            .stdin(Stdio::null())
            // Results are ours alone.
            .stdout(io::stderr())
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let message = format!("{option} failed: {status}");
                Err(Failure::new(Exit::Failure, message))
            }
            Err(error) => {
                let message = format!("{option} cannot be run: {error}");
                Err(Failure::new(Exit::Failure, message))
            }
        }
    }

    /// Removes what was compared, and directories that are empty then.
    fn remove_source(&self, node: &NodeFiles) -> Result<(), Failure> {
        let Some(host) = &node.origin.host else {
            for file in &node.files {
                let path = local_path(node, &file.name);
                fs::remove_file(&path).map_err(|error| Failure::cannot("remove", &path, &error))?;
                crash_point("gather-removed-file");
                if let Some(parent) = path.parent() {
                    remove_if_named_after_a_backup(parent);
                }
            }
            remove_if_named_after_a_backup(Path::new(&node.directory));
            return Ok(());
        };
        let files: Vec<String> = node.files.iter().map(|file| quoted(&file.name)).collect();
        let mut parts: Vec<String> = node
            .files
            .iter()
            .filter_map(|file| file.name.split_once('/'))
            .map(|(part, _)| quoted(part))
            .collect();
        parts.dedup();
        let mut script = format!(
            "cd {} && rm -f -- {}",
            quoted(&node.directory),
            files.join(" ")
        );
        if !parts.is_empty() {
            script.push_str(&format!(" && rmdir -- {}", parts.join(" ")));
        }
        let is_own = node.directory.ends_with(&directory_name(self.backup));
        if is_own {
            script.push_str(&format!(" && cd / && rmdir -- {}", quoted(&node.directory)));
        }
        self.ssh.good(host, &script).map(drop)
    }
}

/// Nothing was found but that the password is missing.
fn is_sealed(report: &SetReport) -> bool {
    let is_locked = |kind: FindingKind| kind == FindingKind::PasswordNeeded;
    !report.findings.is_empty() && report.findings.iter().all(|it| is_locked(it.kind))
}

fn not_sound(report: &SetReport, what: &str) -> Failure {
    for line in render(report, false).lines() {
        complain(line);
    }
    Failure::new(
        crate::verify::exit_of(report, false),
        format!("{what}; no source was removed"),
    )
}

/// The set in one directory.
fn found_in(backup: BackupId, directory: &Path) -> Result<FoundSet, Failure> {
    let mut files = Vec::new();
    let directories =
        fs::read_dir(directory).map_err(|error| Failure::cannot("read", directory, &error))?;
    for entry in directories.flatten() {
        let path = entry.path();
        if path.is_dir() {
            let inner =
                fs::read_dir(&path).map_err(|error| Failure::cannot("read", &path, &error))?;
            files.extend(inner.flatten().filter_map(|it| SetFile::at(&it.path())));
        } else {
            files.extend(SetFile::at(&path));
        }
    }
    files.retain(|file| file.backup == backup);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(FoundSet {
        backup_id: backup.get(),
        files,
    })
}

/// Makes all files and directories below this one durable.
fn sync_tree(directory: &Path) -> Result<(), Failure> {
    let entries =
        fs::read_dir(directory).map_err(|error| Failure::cannot("read", directory, &error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            let synced = File::open(&path).and_then(|file| file.sync_all());
            synced.map_err(|error| Failure::cannot("sync", &path, &error))?;
        }
    }
    sync_directory(directory).map_err(|error| Failure::cannot("sync", directory, &error))
}

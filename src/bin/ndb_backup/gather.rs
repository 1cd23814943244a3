//! `gather`: one set from all data nodes, in one directory, proven.
//!
//! Files are copied into a hidden directory, compared with their sources, verified, described by
//! a manifest and made durable; only then the directory gets its name. Sources are removed last,
//! and only what was compared. A run that ends early leaves the hidden directory, from which the
//! next one goes on.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ndbmgm::backup::{
    FileKind, FindingKind, Manifest, Proof, SetFile, SetReport, Verdict, directory_name,
    sync_directory,
};
use ndbmgm::cli::Exit;
use ndbmgm::cluster::{BackupId, NodeId};
use ndbmgm::xfrm::Secret;
use serde_json::{Value, json};

use crate::Failure;
use crate::expire::remove_if_named_after_a_backup;
use crate::fault::crash_point;
use crate::options::{GatherOptions, Output};
use crate::origin::{NodeFiles, Origin, Ssh, digest_of, local_path, quoted};
use crate::output::{self, Progress, complain, say, say_json};
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

/// What became of it.
pub(crate) struct Gathered {
    pub(crate) directory: PathBuf,
    pub(crate) manifest: Manifest,
    /// The rows were not looked at: encrypted, and no password.
    pub(crate) is_sealed: bool,
    pub(crate) is_stored: bool,
    pub(crate) is_fetched: bool,
    pub(crate) sources_removed: bool,
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
        self.copy_nodes(&hidden, nodes)?;
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
        fs::rename(&hidden, place).map_err(|error| cannot("rename", &hidden, &error))?;
        sync_directory(self.to).map_err(|error| cannot("sync", self.to, &error))?;
        crash_point("gather-named");
        let report = SetReport {
            proof: Proof::Manifest,
            ..report
        };
        Ok((report, is_sealed))
    }

    /// Copies the nodes' files, all nodes at the same time.
    fn copy_nodes(&self, hidden: &Path, nodes: &[NodeFiles]) -> Result<(), Failure> {
        let counter = Arc::new(AtomicU64::new(0));
        let total = nodes
            .iter()
            .flat_map(|it| &it.files)
            .map(|it| it.size)
            .sum();
        let _progress = Progress::start(total, &counter, self.quiet);
        let results: Vec<Result<(), Failure>> = thread::scope(|scope| {
            let copies: Vec<_> = nodes
                .iter()
                .map(|node| scope.spawn(|| self.copy_node(hidden, node, &counter)))
                .collect();
            copies
                .into_iter()
                .map(|copy| {
                    copy.join().unwrap_or_else(|_| {
                        Err(Failure::new(Exit::Failure, "a copying thread failed"))
                    })
                })
                .collect()
        });
        results.into_iter().collect()
    }

    fn copy_node(
        &self,
        hidden: &Path,
        node: &NodeFiles,
        counter: &AtomicU64,
    ) -> Result<(), Failure> {
        let mut missing = Vec::new();
        for file in &node.files {
            let path = hidden.join(&file.name);
            if let Some(parent) = path.parent() {
                make_directory(parent)?;
            }
            // A file with its name was copied whole; the proof comes later for all of them.
            if fs::metadata(&path).is_ok_and(|it| it.len() == file.size) {
                counter.fetch_add(file.size, Ordering::Relaxed);
                continue;
            }
            missing.push(file.name.clone());
        }
        if missing.is_empty() {
            return Ok(());
        }
        match &node.origin.host {
            None => copy_local(hidden, node, &missing, counter),
            Some(host) => self.copy_remote(hidden, node, host, &missing, counter),
        }
        .map_err(|failure| {
            let message = format!("node {}: {}", node.origin.node, failure.message);
            Failure::new(failure.exit, message)
        })
    }

    /// Through the user's ssh and tar. What arrives gets its name when all of it has.
    fn copy_remote(
        &self,
        hidden: &Path,
        node: &NodeFiles,
        host: &str,
        names: &[String],
        counter: &AtomicU64,
    ) -> Result<(), Failure> {
        let arriving = hidden.join(format!(".arriving-{}", node.origin.node));
        let _ = fs::remove_dir_all(&arriving);
        make_directory(&arriving)?;
        let list: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let script = format!(
            "cd {} && tar -cf - -- {}",
            quoted(&node.directory),
            list.join(" ")
        );
        let mut sender = self
            .ssh
            .command(host, &script)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| Failure::new(Exit::Failure, format!("cannot run ssh: {error}")))?;
        let stream = sender.stdout.take().map_or_else(Stdio::null, Stdio::from);
        let unpacked = Command::new("tar")
            .arg("-xf")
            .arg("-")
            .arg("-C")
            .arg(&arriving)
            .stdin(stream)
            .status();
        let sent = sender.wait();
        let is_good = |status: &io::Result<std::process::ExitStatus>| {
            status.as_ref().is_ok_and(std::process::ExitStatus::success)
        };
        if !is_good(&unpacked) || !is_good(&sent) {
            let message = format!("the copy from {host} failed");
            return Err(Failure::new(Exit::Failure, message));
        }
        for name in names {
            let (from, to) = (arriving.join(name), hidden.join(name));
            let size = fs::metadata(&from).map_or(0, |it| it.len());
            fs::rename(&from, &to).map_err(|error| cannot("rename", &from, &error))?;
            counter.fetch_add(size, Ordering::Relaxed);
        }
        fs::remove_dir_all(&arriving).map_err(|error| cannot("remove", &arriving, &error))
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
                let digest = digest_of(&path).map_err(|error| cannot("read", &path, &error))?;
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
            .map_err(|error| cannot("make a directory in", self.to, &error))?;
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
                fs::remove_file(&path).map_err(|error| cannot("remove", &path, &error))?;
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

/// Copies files of this machine. Each gets its name when it is whole and on disk.
fn copy_local(
    hidden: &Path,
    node: &NodeFiles,
    names: &[String],
    counter: &AtomicU64,
) -> Result<(), Failure> {
    for name in names {
        let (from, to) = (local_path(node, name), hidden.join(name));
        let partial = hidden.join(format!("{name}.partial"));
        let copied = (|| {
            let mut source = File::open(&from)?;
            let mut copy = File::create(&partial)?;
            let size = io::copy(&mut source, &mut copy)?;
            copy.sync_all()?;
            fs::rename(&partial, &to)?;
            Ok(size)
        })();
        let size = copied.map_err(|error: io::Error| cannot("copy", &from, &error))?;
        counter.fetch_add(size, Ordering::Relaxed);
        crash_point("gather-one-file");
    }
    Ok(())
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
    let directories = fs::read_dir(directory).map_err(|error| cannot("read", directory, &error))?;
    for entry in directories.flatten() {
        let path = entry.path();
        if path.is_dir() {
            let inner = fs::read_dir(&path).map_err(|error| cannot("read", &path, &error))?;
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
    let entries = fs::read_dir(directory).map_err(|error| cannot("read", directory, &error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            let synced = File::open(&path).and_then(|file| file.sync_all());
            synced.map_err(|error| cannot("sync", &path, &error))?;
        }
    }
    sync_directory(directory).map_err(|error| cannot("sync", directory, &error))
}

fn cannot(action: &str, path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot {action} {}: {error}", path.display());
    Failure::new(Exit::Failure, message)
}

impl Gathered {
    pub(crate) fn render(&self) -> String {
        let manifest = &self.manifest;
        let nodes: Vec<String> = manifest.nodes.iter().map(u32::to_string).collect();
        let mut text = format!(
            "Backup {}: {} files of nodes {}, {}, in {}\n",
            manifest.backup_id,
            manifest.files.len(),
            nodes.join(", "),
            output::bytes(manifest.bytes),
            self.directory.display()
        );
        text.push_str(if self.is_sealed {
            "Copies equal their sources; their structure was not looked at (encrypted, no password).\n"
        } else {
            "Copies equal their sources and are sound.\n"
        });
        match (self.is_stored, self.is_fetched) {
            (true, true) => text.push_str("Stored, read back, equal.\n"),
            (true, false) => text.push_str("Stored, not read back.\n"),
            (false, _) => {}
        }
        if self.sources_removed {
            text.push_str("Sources were removed.\n");
        }
        text
    }

    pub(crate) fn to_json(&self) -> Value {
        let nodes: Vec<NodeId> = self
            .manifest
            .nodes
            .iter()
            .filter_map(|id| NodeId::new(*id))
            .collect();
        json!({
            "schema": 1,
            "command": "gather",
            "backup_id": self.manifest.backup_id,
            "directory": self.directory.display().to_string(),
            "nodes": nodes.iter().map(|it| it.get()).collect::<Vec<u32>>(),
            "files": self.manifest.files.len(),
            "bytes": self.manifest.bytes,
            "rows": self.manifest.rows,
            "structure_verified": !self.is_sealed,
            "stored": self.is_stored,
            "fetched": self.is_fetched,
            "sources_removed": self.sources_removed,
        })
    }
}

//! Copies of the data nodes' files, in the hidden directory of a set that is being gathered.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ndbmgm::cli::Exit;

use crate::Failure;
use crate::fault::crash_point;
use crate::origin::{NodeFiles, Ssh, local_path, quoted};
use crate::output::Progress;
use crate::sets::make_directory;

/// Copies the nodes' files, all nodes at the same time.
pub(crate) fn copy_nodes(
    hidden: &Path,
    nodes: &[NodeFiles],
    ssh: &Ssh,
    quiet: bool,
) -> Result<(), Failure> {
    let counter = Arc::new(AtomicU64::new(0));
    let total = nodes
        .iter()
        .flat_map(|it| &it.files)
        .map(|it| it.size)
        .sum();
    let _progress = Progress::start(total, &counter, quiet);
    let results: Vec<Result<(), Failure>> = thread::scope(|scope| {
        let copies: Vec<_> = nodes
            .iter()
            .map(|node| scope.spawn(|| copy_node(hidden, node, ssh, &counter)))
            .collect();
        copies
            .into_iter()
            .map(|copy| {
                copy.join()
                    .unwrap_or_else(|_| Err(Failure::new(Exit::Failure, "a copying thread failed")))
            })
            .collect()
    });
    results.into_iter().collect()
}

fn copy_node(
    hidden: &Path,
    node: &NodeFiles,
    ssh: &Ssh,
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
        Some(host) => copy_remote(hidden, node, (ssh, host), &missing, counter),
    }
    .map_err(|failure| {
        let message = format!("node {}: {}", node.origin.node, failure.message);
        Failure::new(failure.exit, message)
    })
}

/// Through the user's ssh and tar. What arrives gets its name when all of it has.
fn copy_remote(
    hidden: &Path,
    node: &NodeFiles,
    (ssh, host): (&Ssh, &str),
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
    let mut sender = ssh
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
        fs::rename(&from, &to).map_err(|error| Failure::cannot("rename", &from, &error))?;
        counter.fetch_add(size, Ordering::Relaxed);
    }
    fs::remove_dir_all(&arriving).map_err(|error| Failure::cannot("remove", &arriving, &error))
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
        let size = copied.map_err(|error: io::Error| Failure::cannot("copy", &from, &error))?;
        counter.fetch_add(size, Ordering::Relaxed);
        crash_point("gather-one-file");
    }
    Ok(())
}

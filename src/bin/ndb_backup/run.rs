//! `run`: the nightly job. Back up, gather, verify, expire; each step only if the one before it
//! succeeded.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ndbmgm::backup::{KeepRules, write_whole};
use ndbmgm::cli::Exit;
use ndbmgm::cluster::{BackupId, BackupPassword};
use ndbmgm::xfrm::Secret;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::Failure;
use crate::expire::{end_what_was_begun, expire};
use crate::fault::crash_point;
use crate::gather::Gather;
use crate::gathered::Gathered;
use crate::options::{Output, RunOptions, Snapshot};
use crate::origin::Ssh;
use crate::output::{self, complain, say, say_json};
use crate::sets::{find_sets, make_directory, parse_id};

/// The state file's name.
pub(crate) const STATE_FILE: &str = "ndb_backup.state.json";
const LOCK_FILE: &str = ".ndb_backup.lock";

/// How many ids are tried if the files of one are there already.
const IDS_TRIED: u32 = 10;
/// `ndb_restore` before 7.6.36, 8.0.44 and 9.5.0 takes no larger id.
const ID_MAX: u32 = i32::MAX as u32;

/// The data nodes' error for a backup whose files are there.
const FILE_EXISTS: &str = "1350";

/// Steps of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Lock,
    Backup,
    Gather,
    Expire,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Step::Lock => "lock",
            Step::Backup => "backup",
            Step::Gather => "gather",
            Step::Expire => "expire",
        }
    }

    /// How the job ends when this step fails.
    fn exit(self) -> Exit {
        match self {
            Step::Lock => Exit::AlreadyRunning,
            Step::Backup => Exit::BackupFailed,
            Step::Gather => Exit::GatherFailed,
            Step::Expire => Exit::ExpireFailed,
        }
    }
}

/// What came of the job.
#[derive(Default)]
struct Job {
    backup_id: Option<u32>,
    started: String,
    gathered: Option<Gathered>,
    expired: Vec<u32>,
    failure: Option<(Step, String)>,
}

pub(crate) fn run(
    options: RunOptions,
    password: Option<Zeroizing<Vec<u8>>>,
) -> Result<Exit, Failure> {
    make_directory(&options.to)?;
    let lock = match lock(&options.to) {
        Ok(lock) => lock,
        Err(message) => return Err(Failure::new(Step::Lock.exit(), message)),
    };
    let mut job = Job {
        started: output::now(),
        ..Job::default()
    };
    job.failure = work(&options, password, &mut job).err();
    let exit = job
        .failure
        .as_ref()
        .map_or(Exit::Success, |(step, _)| step.exit());
    let state = write_state(&options.to, &job, exit);
    drop(lock);
    match options.output {
        Output::Text => say(&job.render()),
        Output::Json => say_json(&job.to_json(exit)),
    }
    state.map(|()| exit)
}

/// One job at a time; the system lets go of the lock when the process ends, however it ends.
fn lock(directory: &Path) -> Result<File, String> {
    let path = directory.join(LOCK_FILE);
    let file =
        File::create(&path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(format!("another run is at work in {}", directory.display()))
        }
        Err(TryLockError::Error(error)) => Err(format!("cannot lock {}: {error}", path.display())),
    }
}

fn work(
    options: &RunOptions,
    password: Option<Zeroizing<Vec<u8>>>,
    job: &mut Job,
) -> Result<(), (Step, String)> {
    let of = |step: Step| move |failure: Failure| (step, failure.message);
    let origins = options
        .source
        .origins(&options.connection)
        .map_err(of(Step::Backup))?;
    let id = back_up(options, password.as_ref()).map_err(of(Step::Backup))?;
    job.backup_id = Some(id.get());
    crash_point("run-backed-up");
    let secret = password.map(Secret::new);
    let gather = Gather {
        backup: id,
        to: &options.to,
        origins,
        ssh: Ssh::new(&options.source.ssh_command).map_err(of(Step::Gather))?,
        secret: secret.as_ref(),
        store_command: options.source.store_command.as_deref(),
        fetch_command: options.source.fetch_command.as_deref(),
        remove_sources: options.source.remove_sources,
        quiet: options.quiet,
    };
    job.gathered = Some(gather.run().map_err(of(Step::Gather))?);
    crash_point("run-gathered");
    let rules = KeepRules {
        last: options.keep_last.unwrap_or(0),
        days: options.keep_days.unwrap_or(0),
        weekly: options.keep_weekly.unwrap_or(0),
        min_redundancy: options.min_redundancy,
    };
    if rules.last > 0 || rules.days > 0 || rules.weekly > 0 {
        let expiry = expire(
            &options.to,
            rules,
            options.verified_only,
            false,
            secret.as_ref(),
        );
        job.expired = expiry.map_err(of(Step::Expire))?.removed();
    } else {
        end_what_was_begun(&options.to).map_err(of(Step::Expire))?;
    }
    Ok(())
}

/// Makes a backup with the management client, whose waits and limits are proven.
fn back_up(
    options: &RunOptions,
    password: Option<&Zeroizing<Vec<u8>>>,
) -> Result<BackupId, Failure> {
    if let Some(password) = password {
        BackupPassword::new(password.clone())
            .map_err(|error| Failure::of(Exit::BadUsage, &error))?;
    }
    let given = options.id.as_deref().map(parse_id).transpose()?;
    let mut next = match given {
        Some(id) => id.get(),
        None => next_id(&options.to)?,
    };
    for _ in 0..IDS_TRIED {
        let id = BackupId::new(next)
            .ok_or_else(|| Failure::new(Exit::BadUsage, "there is no backup id left"))?;
        note_id(&options.to, id)?;
        match start(options, id, password)? {
            Started::Completed => return Ok(id),
            Started::FilesExist if given.is_none() => next += 1,
            Started::FilesExist => {
                let message = format!("the data nodes have files of backup {id} already");
                return Err(Failure::new(Exit::Failure, message));
            }
        }
    }
    let message = format!("the data nodes have files of all backups up to {next}; give --id");
    Err(Failure::new(Exit::Failure, message))
}

enum Started {
    Completed,
    FilesExist,
}

fn start(
    options: &RunOptions,
    id: BackupId,
    password: Option<&Zeroizing<Vec<u8>>>,
) -> Result<Started, Failure> {
    let mut command = format!("START BACKUP {id}");
    if password.is_some() {
        command.push_str(" ENCRYPT");
    }
    command.push_str(match options.snapshot {
        Snapshot::Start => " SNAPSHOTSTART",
        Snapshot::End => " SNAPSHOTEND",
    });
    command.push_str(" WAIT COMPLETED");
    let client = client_path();
    let mut process = Command::new(&client);
    process
        .arg("--no-defaults")
        .args(options.connection.arguments());
    if password.is_some() {
        // Not among the arguments, where everybody could read it.
        process.arg("--backup-password-from-stdin");
    }
    process
        .arg(format!("--execute={command}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let cannot = |error: io::Error| {
        let message = format!("cannot run {}: {error}", client.display());
        Failure::new(Exit::Failure, message)
    };
    let mut process = process.spawn().map_err(cannot)?;
    if let (Some(mut stdin), Some(password)) = (process.stdin.take(), password) {
        let mut line = Zeroizing::new(Vec::with_capacity(password.len() + 1));
        line.extend_from_slice(password);
        line.push(b'\n');
        stdin.write_all(&line).map_err(cannot)?;
    }
    let ended = process.wait_with_output().map_err(cannot)?;
    if ended.status.success() {
        return Ok(Started::Completed);
    }
    let told = [ended.stdout, ended.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    if told.contains(FILE_EXISTS) {
        return Ok(Started::FilesExist);
    }
    complain(told.trim_end());
    let line = told
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("nothing was said");
    let message = format!("START BACKUP {id} failed ({}): {line}", ended.status);
    Err(Failure::new(Exit::Failure, message))
}

/// The client beside this program, else the one on the path.
fn client_path() -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .map(|path| path.with_file_name("ndb_mgm"));
    beside
        .filter(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from("ndb_mgm"))
}

/// One more than the largest id that was gathered or tried here.
fn next_id(directory: &Path) -> Result<u32, Failure> {
    let sets = find_sets(&[directory.to_owned()])?;
    let largest = sets
        .iter()
        .map(|set| set.backup_id)
        .filter(|id| *id < ID_MAX)
        .max();
    let state = read_state(directory);
    let tried = state["last"]["backup_id"]
        .as_u64()
        .and_then(|id| u32::try_from(id).ok());
    let tried = tried.filter(|id| *id < ID_MAX);
    Ok(largest.unwrap_or(0).max(tried.unwrap_or(0)) + 1)
}

fn read_state(directory: &Path) -> Value {
    let text = fs::read(directory.join(STATE_FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Notes the id before the backup begins: a run that is killed has used it up.
fn note_id(directory: &Path, id: BackupId) -> Result<(), Failure> {
    let last = json!({
        "schema": 1,
        "command": "run",
        "backup_id": id.get(),
        "started": output::now(),
        "result": "running",
    });
    let success = read_state(directory)["last_success"].clone();
    put_state(
        directory,
        &json!({"schema": 1, "last": last, "last_success": success}),
    )
}

/// What monitoring reads: the last run, and the last one that succeeded.
fn write_state(directory: &Path, job: &Job, exit: Exit) -> Result<(), Failure> {
    let last = job.to_json(exit);
    let success = match exit {
        Exit::Success => last.clone(),
        _ => read_state(directory)["last_success"].clone(),
    };
    put_state(
        directory,
        &json!({"schema": 1, "last": last, "last_success": success}),
    )
}

fn put_state(directory: &Path, state: &Value) -> Result<(), Failure> {
    let path = directory.join(STATE_FILE);
    write_whole(&path, format!("{state:#}\n").as_bytes()).map_err(|error| {
        let message = format!("cannot write {}: {error}", path.display());
        Failure::new(Exit::Failure, message)
    })
}

impl Job {
    fn render(&self) -> String {
        let mut text = String::new();
        if let Some(id) = self.backup_id {
            text.push_str(&format!("Backup {id} completed.\n"));
        }
        if let Some(gathered) = &self.gathered {
            text.push_str(&gathered.render());
        }
        for id in &self.expired {
            text.push_str(&format!("Backup {id} was removed.\n"));
        }
        match &self.failure {
            Some((step, message)) => {
                text.push_str(&format!("Failed: {}: {message}\n", step.name()))
            }
            None => text.push_str("All done.\n"),
        }
        text
    }

    fn to_json(&self, exit: Exit) -> Value {
        json!({
            "schema": 1,
            "command": "run",
            "backup_id": self.backup_id,
            "started": self.started,
            "ended": output::now(),
            "result": if self.failure.is_none() { "ok" } else { "failed" },
            "failed_step": self.failure.as_ref().map(|(step, _)| step.name()),
            "message": self.failure.as_ref().map(|(_, message)| message),
            "exit_status": exit.status(),
            "bytes": self.gathered.as_ref().map(|it| it.manifest.bytes),
            "rows": self.gathered.as_ref().and_then(|it| it.manifest.rows),
            "gathered": self.gathered.as_ref().map(Gathered::to_json),
            "removed": self.expired,
        })
    }
}

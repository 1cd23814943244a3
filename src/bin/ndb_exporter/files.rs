//! The files: what is remembered of the last backup, the nightly job's state, and the textfile.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;
use ndbmgm::metrics::{LastBackup, NightlyRun, NightlyRuns};
use serde::{Deserialize, Serialize};

/// More than any state file has.
const STATE_MAX: u64 = 1 << 20;

/// Form of the state file.
const SCHEMA: u32 = 1;

/// What the exporter remembers.
#[derive(Serialize, Deserialize)]
struct Remembered {
    schema: u32,
    last_backup: Option<LastBackup>,
}

/// The last backup that was remembered; none if there is no file yet.
///
/// # Errors
///
/// The file cannot be read, or is none of ours.
pub(crate) fn read_last_backup(path: &Path) -> io::Result<Option<LastBackup>> {
    let text = match read_bounded(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let remembered: Remembered = serde_json::from_str(&text)?;
    if remembered.schema != SCHEMA {
        let message = format!("it has the form {}, not {SCHEMA}", remembered.schema);
        return Err(io::Error::new(ErrorKind::InvalidData, message));
    }
    Ok(remembered.last_backup)
}

pub(crate) fn write_last_backup(path: &Path, last_backup: LastBackup) -> io::Result<()> {
    let remembered = Remembered {
        schema: SCHEMA,
        last_backup: Some(last_backup),
    };
    let mut text = serde_json::to_string_pretty(&remembered)?;
    text.push('\n');
    write_whole(path, &text)
}

/// The state file of `ndb_backup run`, as far as it is looked at.
#[derive(Deserialize)]
struct NightlyState {
    last: Run,
    last_success: Option<Run>,
}

#[derive(Deserialize)]
struct Run {
    backup_id: Option<u32>,
    started: Option<String>,
    ended: Option<String>,
    exit_status: Option<u8>,
    bytes: Option<u64>,
}

impl From<Run> for NightlyRun {
    fn from(run: Run) -> Self {
        let seconds = |time: Option<String>| {
            let moment = time?.parse::<Timestamp>().ok()?;
            Some(moment.as_second())
        };
        NightlyRun {
            backup_id: run.backup_id,
            started: seconds(run.started),
            ended: seconds(run.ended),
            exit_status: run.exit_status,
            bytes: run.bytes,
        }
    }
}

/// # Errors
///
/// The file cannot be read, or is none of the nightly job's.
pub(crate) fn read_nightly(path: &Path) -> io::Result<NightlyRuns> {
    let state: NightlyState = serde_json::from_str(&read_bounded(path)?)?;
    Ok(NightlyRuns {
        last: state.last.into(),
        last_success: state.last_success.map(NightlyRun::from),
    })
}

fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(STATE_MAX)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Writes a file that others may read whole, or not at all. Its name until then is none that
/// node_exporter reads.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".ndb_exporter-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

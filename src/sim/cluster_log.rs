//! The cluster log: lines, repeats, rotation (management protocol, 4.6).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::cluster::{NodeId, Severity};

/// Size at which the file is rotated.
const FILE_BYTES_MAX: u64 = 1_000_000;

/// Files kept: the current one and `.1` to `.5`.
const FILES_MAX: u32 = 6;

/// An identical line is suppressed for this long.
const REPEAT_INTERVAL: Duration = Duration::from_secs(3);

/// Name of the program in every line.
const CATEGORY: &str = "MgmtSrvr";

#[derive(Debug)]
struct Last {
    severity: Severity,
    text: String,
    written_at: Duration,
    repeated: u32,
}

/// Writes `ndb_<id>_cluster.log` in a management server's directory.
#[derive(Debug)]
pub(super) struct ClusterLog {
    path: PathBuf,
    file: File,
    size: u64,
    last: Option<Last>,
}

impl ClusterLog {
    /// Opens the log for appending.
    pub(super) fn open(directory: &Path, server: NodeId) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o750)
            .create(directory)?;
        let path = directory.join(format!("ndb_{server}_cluster.log"));
        let file = open_log(&path)?;
        let size = file.metadata()?.len();
        Ok(ClusterLog {
            path,
            file,
            size,
            last: None,
        })
    }

    /// Writes a line; `now` is the time since 1970.
    pub(super) fn write(
        &mut self,
        severity: Severity,
        text: &str,
        now: Duration,
    ) -> io::Result<()> {
        if let Some(last) = &mut self.last
            && last.severity == severity
            && last.text == text
            && now.saturating_sub(last.written_at) < REPEAT_INTERVAL
        {
            last.repeated += 1;
            return Ok(());
        }
        self.flush_repeats(now)?;
        self.write_line(severity, text, now)?;
        self.last = Some(Last {
            severity,
            text: text.to_owned(),
            written_at: now,
            repeated: 0,
        });
        Ok(())
    }

    /// Writes the line that stands for suppressed ones.
    pub(super) fn flush_repeats(&mut self, now: Duration) -> io::Result<()> {
        match self.last.take() {
            Some(Last {
                severity,
                text,
                repeated,
                ..
            }) if repeated > 0 => {
                let text = match repeated {
                    1 => text,
                    times => format!("{text} - Repeated {times} times"),
                };
                self.write_line(severity, &text, now)
            }
            _ => Ok(()),
        }
    }

    fn write_line(&mut self, severity: Severity, text: &str, now: Duration) -> io::Result<()> {
        let line = render_line(severity, text, now);
        if self.size > 0 && self.size + line.len() as u64 > FILE_BYTES_MAX {
            self.rotate()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.size += line.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let numbered = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (1..FILES_MAX - 1).rev() {
            match fs::rename(numbered(number), numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, numbered(1))?;
        self.file = open_log(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

/// Nobody but the owner and the group may read it, whatever the umask is.
fn open_log(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o640).open(path)
}

fn render_line(severity: Severity, text: &str, now: Duration) -> String {
    let time = i64::try_from(now.as_micros())
        .ok()
        .and_then(|microseconds| Timestamp::from_microsecond(microseconds).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.6} [{CATEGORY}] {:<8} -- {text}\n", severity.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(directory: &Path) -> ClusterLog {
        ClusterLog::open(directory, NodeId::new(1).unwrap()).unwrap()
    }

    fn text(directory: &Path) -> String {
        fs::read_to_string(directory.join("ndb_1_cluster.log")).unwrap()
    }

    #[test]
    fn a_line_has_the_originals_form() {
        let at = Duration::from_micros(1_795_331_944_987_012);
        assert_eq!(
            render_line(Severity::Alert, "Node 1: Backup 4 x", at),
            "2026-11-22T07:19:04.987012Z [MgmtSrvr] ALERT    -- Node 1: Backup 4 x\n"
        );
        let whole = Duration::from_secs(1_795_331_944);
        assert!(
            render_line(Severity::Info, "x", whole).starts_with("2026-11-22T07:19:04.000000Z ")
        );
    }

    #[test]
    fn identical_lines_within_three_seconds_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = log(directory.path());
        let at = Duration::from_secs;
        for second in [100, 101, 102] {
            log.write(Severity::Info, "again", at(second)).unwrap();
        }
        log.write(Severity::Info, "other", at(102)).unwrap();
        log.write(Severity::Info, "other", at(103)).unwrap();
        log.write(Severity::Warning, "other", at(104)).unwrap();
        let texts: Vec<String> = text(directory.path())
            .lines()
            .map(|line| line.split_once("] ").unwrap().1.to_owned())
            .collect();
        assert_eq!(
            texts,
            [
                "INFO     -- again",
                "INFO     -- again - Repeated 2 times",
                "INFO     -- other",
                "INFO     -- other",
                "WARNING  -- other",
            ]
        );
    }

    #[test]
    fn a_full_file_is_rotated_and_six_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = log(directory.path());
        let long = "x".repeat(200_000);
        for number in 0..60 {
            let text = format!("{number} {long}");
            log.write(Severity::Info, &text, Duration::from_secs(number))
                .unwrap();
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 6);
        assert!(text(directory.path()).len() as u64 <= FILE_BYTES_MAX);
    }
}

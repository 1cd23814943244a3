//! The history file of the prompt.
//!
//! Format: the one that libedit writes, which the original client reads too. The first line is
//! `_HiStOrY_V2_`; every other line is one entry in which white space, backslashes and bytes
//! outside printable ASCII are octal escapes (`\040`).

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use rustix::fs::{Mode, OFlags};

const HEADER: &str = "_HiStOrY_V2_";

/// Entries kept between runs.
pub(super) const ENTRIES_MAX: usize = 1000;

/// Largest file that is read, in bytes.
const FILE_MAX: u64 = 4 << 20;

/// `$NDB_MGM_HISTFILE`, else `.ndb_mgm_history` in the home directory.
pub(super) fn path() -> Option<PathBuf> {
    let named = env::var_os("NDB_MGM_HISTFILE").filter(|name| !name.is_empty());
    named.map(PathBuf::from).or_else(|| {
        let home = env::var_os("HOME").filter(|home| !home.is_empty())?;
        Some(Path::new(&home).join(".ndb_mgm_history"))
    })
}

/// Reads the entries, oldest first. A file that is missing or not a history has none.
pub(super) fn load(path: &Path) -> Vec<String> {
    let readable = fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= FILE_MAX);
    if !readable {
        return Vec::new();
    }
    let Ok(content) = fs::read_to_string(path) else {
        return Vec::new();
    };
    let mut lines = content.lines();
    if lines.next() != Some(HEADER) {
        return Vec::new();
    }
    lines
        .map(decode)
        .filter(|entry| !entry.is_empty())
        .collect()
}

/// Writes the entries, oldest first, complete or not at all, readable by the owner only.
/// Something at `path` that is not a regular file is left alone.
///
/// # Errors
///
/// `path` is a symbolic link, whose target may be anybody's file; or the system's.
pub(super) fn save<'a>(path: &Path, entries: impl Iterator<Item = &'a str>) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => return Err(symbolic_link()),
        Ok(found) if !found.is_file() => return Ok(()),
        Ok(_) | Err(_) => {}
    }
    let mut content = format!("{HEADER}\n");
    for entry in entries {
        encode(entry, &mut content);
        content.push('\n');
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // Made with mode 0600.
    let mut file = tempfile::Builder::new()
        .prefix(".ndb_mgm_history")
        .tempfile_in(directory)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Adds an entry to what [`save`] wrote, in one write, so that clients that run at the same
/// time keep each other's entries.
///
/// # Errors
///
/// As [`save`]; also if the file is gone.
pub(super) fn append(path: &Path, entry: &str) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::empty());
    let mut file = File::from(opened.map_err(|error| match error {
        rustix::io::Errno::LOOP => symbolic_link(),
        error => error.into(),
    })?);
    if !file.metadata()?.is_file() {
        return Ok(());
    }
    let mut line = String::new();
    encode(entry, &mut line);
    line.push('\n');
    file.write_all(line.as_bytes())
}

fn symbolic_link() -> io::Error {
    io::Error::other("it is a symbolic link")
}

fn encode(entry: &str, out: &mut String) {
    for byte in entry.bytes() {
        if byte.is_ascii_graphic() && byte != b'\\' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("\\{byte:03o}"));
        }
    }
}

fn decode(line: &str) -> String {
    let bytes = line.as_bytes();
    let mut entry = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let (value, length) = match &bytes[at..] {
            [b'\\', octal @ ..] => decode_escape(octal),
            _ => (byte, 1),
        };
        // A newline inside an entry can't be typed at our prompt.
        entry.push(if value == b'\n' { b' ' } else { value });
        at += length;
    }
    String::from_utf8_lossy(&entry).into_owned()
}

/// The byte of an escape and the escape's length, from what follows its backslash.
fn decode_escape(rest: &[u8]) -> (u8, usize) {
    if let [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] = rest {
        return ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), 4);
    }
    match rest {
        [b'\\', ..] => (b'\\', 2),
        [b's', ..] => (b' ', 2),
        [b't', ..] => (b'\t', 2),
        _ => (b'\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn entries_read_back_and_look_as_libedit_writes_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        let entries = ["ALL STATUS", "prompt a\\b", "prompt é\tx"];
        save(&path, entries.into_iter()).unwrap();
        let content = fs::read_to_string(&path).unwrap();
        assert!(content.starts_with("_HiStOrY_V2_\nALL\\040STATUS\n"));
        assert_eq!(load(&path), entries);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_wide_open_file_becomes_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        fs::write(&path, "_HiStOrY_V2_\nSHOW\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        save(&path, ["SHOW"].into_iter()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_no_history_has_no_entries() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        assert!(load(&path).is_empty());
        fs::write(&path, "SHOW\n").unwrap();
        assert!(load(&path).is_empty());
        fs::write(&path, b"_HiStOrY_V2_\n\xff\xfe\n").unwrap();
        assert!(load(&path).is_empty());
    }

    #[test]
    fn something_that_is_not_a_file_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        save(directory.path(), ["SHOW"].into_iter()).unwrap();
        assert!(directory.path().is_dir());
        save(Path::new("/dev/null"), ["SHOW"].into_iter()).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn an_entry_is_added_to_those_of_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        save(&path, ["SHOW"].into_iter()).unwrap();
        append(&path, "ALL STATUS").unwrap();
        append(&path, "HELP").unwrap();
        assert_eq!(load(&path), ["SHOW", "ALL STATUS", "HELP"]);
        fs::remove_file(&path).unwrap();
        assert!(append(&path, "HELP").is_err());
    }

    #[test]
    fn a_symbolic_link_is_refused_and_its_target_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (target, path) = (
            directory.path().join("target"),
            directory.path().join("link"),
        );
        fs::write(&target, "_HiStOrY_V2_\nSHOW\n").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        for refused in [save(&path, ["HELP"].into_iter()), append(&path, "HELP")] {
            assert_eq!(refused.unwrap_err().to_string(), "it is a symbolic link");
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "_HiStOrY_V2_\nSHOW\n");
        let mode = fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
    }

    #[test]
    fn a_broken_escape_is_kept_as_it_is() {
        assert_eq!(decode("a\\"), "a\\");
        assert_eq!(decode("a\\9b\\134"), "a\\9b\\");
    }
}

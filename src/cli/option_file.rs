//! Syntax of MySQL option files (`my.cnf`).

use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Largest option file that is read, in bytes.
const FILE_MAX: u64 = 1024 * 1024;
/// How deep `!include` and `!includedir` may nest.
const DEPTH_MAX: usize = 10;

/// What is wrong with an option file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionFileError {
    /// The file cannot be read.
    #[error("cannot read option file '{}': {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is larger than any sane option file.
    #[error("option file '{}' is larger than {FILE_MAX} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A line means nothing.
    #[error("option file '{}', line {line}: {fault}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Files include each other without end.
    #[error("option file '{}' is included more than {DEPTH_MAX} levels deep", path.display())]
    TooDeep {
        /// The file.
        path: PathBuf,
    },
}

/// Arguments gathered from option files, in the order of the files' lines.
#[derive(Default)]
pub(super) struct Gathered {
    /// `--name` or `--name=value`, each as it would stand on the command line.
    pub(super) arguments: Vec<Zeroizing<Vec<u8>>>,
    /// Complete sentences without the program's name.
    pub(super) warnings: Vec<String>,
}

/// One line of an option file.
#[derive(Debug, PartialEq)]
enum Line {
    Blank,
    Group(Vec<u8>),
    Setting(Zeroizing<Vec<u8>>),
    Include(PathBuf),
    IncludeDirectory(PathBuf),
}

/// Reads `path` and the files it includes, and adds the options of `groups`.
pub(super) fn gather(
    path: &Path,
    groups: &[String],
    depth: usize,
    into: &mut Gathered,
) -> Result<(), OptionFileError> {
    if depth > DEPTH_MAX {
        let path = path.to_owned();
        return Err(OptionFileError::TooDeep { path });
    }
    let Some(text) = read(path, into)? else {
        return Ok(());
    };
    let mut group = None;
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let bad_line = |fault| OptionFileError::BadLine {
            path: path.to_owned(),
            line: index + 1,
            fault,
        };
        match parse_line(line).map_err(bad_line)? {
            Line::Blank => {}
            Line::Group(name) => {
                group = Some(groups.iter().any(|wanted| wanted.as_bytes() == name));
            }
            Line::Setting(argument) => match group {
                Some(true) => into.arguments.push(argument),
                Some(false) => {}
                None => return Err(bad_line("an option stands before the first [group]")),
            },
            Line::Include(file) => gather(&beside(path, &file), groups, depth + 1, into)?,
            Line::IncludeDirectory(directory) => {
                for file in files_of(&beside(path, &directory))? {
                    gather(&file, groups, depth + 1, into)?;
                }
            }
        }
    }
    Ok(())
}

/// The text of an option file; `None`, with a warning, if anybody may write to it.
fn read(path: &Path, into: &mut Gathered) -> Result<Option<Zeroizing<Vec<u8>>>, OptionFileError> {
    let unreadable = |source| OptionFileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    // A pipe that the shell has made is there to be read; any other would be waited for for ever.
    let of_the_shell = path.starts_with("/dev") || path.starts_with("/proc");
    let file_type = fs::metadata(path).map_err(unreadable)?.file_type();
    if file_type.is_fifo() && !of_the_shell {
        return Err(unreadable(io::Error::other("a named pipe, not a file")));
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    // A pipe or /dev/null may be named on purpose; only a regular file can be tampered with.
    if metadata.is_file() && metadata.permissions().mode() & 0o002 != 0 {
        into.warnings.push(format!(
            "World-writable option file '{}' is ignored.",
            path.display()
        ));
        return Ok(None);
    }
    let mut text = Zeroizing::new(Vec::new());
    file.take(FILE_MAX + 1)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > FILE_MAX {
        let path = path.to_owned();
        return Err(OptionFileError::TooLarge { path });
    }
    Ok(Some(text))
}

/// Included paths are relative to the including file's directory.
fn beside(file: &Path, included: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(included)
}

/// The `*.cnf` files of a directory, by name.
fn files_of(directory: &Path) -> Result<Vec<PathBuf>, OptionFileError> {
    let unreadable = |source| OptionFileError::Unreadable {
        path: directory.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "cnf") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn parse_line(line: &[u8]) -> Result<Line, &'static str> {
    let line = line.trim_ascii();
    match line.first() {
        None | Some(b'#' | b';') => return Ok(Line::Blank),
        Some(b'!') => return parse_directive(&line[1..]),
        Some(_) => {}
    }
    let line = without_comment(line).trim_ascii();
    if let Some(rest) = line.strip_prefix(b"[") {
        let name = rest.strip_suffix(b"]").ok_or("a [group] has no ']'")?;
        return Ok(Line::Group(name.trim_ascii().to_vec()));
    }
    let equals = line.iter().position(|byte| *byte == b'=');
    let (name, value) = match equals {
        Some(at) => (line[..at].trim_ascii(), Some(line[at + 1..].trim_ascii())),
        None => (line, None),
    };
    if name.is_empty() {
        return Err("a value has no option before its '='");
    }
    let mut argument = Zeroizing::new(b"--".to_vec());
    argument.extend_from_slice(name);
    if let Some(value) = value {
        argument.push(b'=');
        unescape(without_quotes(value), &mut argument);
    }
    Ok(Line::Setting(argument))
}

fn parse_directive(text: &[u8]) -> Result<Line, &'static str> {
    let path = |rest: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(rest.to_vec()));
    // The longer word first: one is the other's prefix.
    let (rest, directory) = if let Some(rest) = text.strip_prefix(b"includedir") {
        (rest, true)
    } else if let Some(rest) = text.strip_prefix(b"include") {
        (rest, false)
    } else {
        return Err("only !include and !includedir may follow '!'");
    };
    let target = rest.trim_ascii();
    if target.is_empty() || !rest[0].is_ascii_whitespace() {
        return Err("an !include names no file");
    }
    Ok(if directory {
        Line::IncludeDirectory(path(target))
    } else {
        Line::Include(path(target))
    })
}

/// Cuts a `#` comment off; within quotes, and after a backslash, `#` is text.
fn without_comment(line: &[u8]) -> &[u8] {
    let mut quote = None;
    let mut escaped = false;
    for (index, &byte) in line.iter().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match (byte, quote) {
            (b'\\', _) => escaped = true,
            (b'#', None) => return &line[..index],
            (b'\'' | b'"', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    line
}

fn without_quotes(value: &[u8]) -> &[u8] {
    match value {
        [open @ (b'\'' | b'"'), inner @ .., close] if open == close => inner,
        _ => value,
    }
}

/// `\n`, `\t`, `\r`, `\b`, `\s` (blank), `\\` and quotes; any other backslash is itself.
fn unescape(value: &[u8], into: &mut Vec<u8>) {
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            into.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => into.push(b'\n'),
            Some(b't') => into.push(b'\t'),
            Some(b'r') => into.push(b'\r'),
            Some(b'b') => into.push(0x08),
            Some(b's') => into.push(b' '),
            Some(literal @ (b'\\' | b'\'' | b'"' | b'#')) => into.push(literal),
            Some(other) => into.extend_from_slice(&[b'\\', other]),
            None => into.push(b'\\'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(text: &str) -> Line {
        Line::Setting(Zeroizing::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn lines_are_read_as_mysql_reads_them() {
        let table = [
            ("", Line::Blank),
            ("  # text", Line::Blank),
            ("; text", Line::Blank),
            ("[ndb_mgm]", Line::Group(b"ndb_mgm".to_vec())),
            (" [ ndb_mgm ] # mine", Line::Group(b"ndb_mgm".to_vec())),
            ("encrypt-backup", setting("--encrypt-backup")),
            ("a=b", setting("--a=b")),
            (" a \t=  b c \r", setting("--a=b c")),
            ("a=", setting("--a=")),
            ("a=b=c", setting("--a=b=c")),
            ("a=b # c", setting("--a=b")),
            ("a='b # c' # d", setting("--a=b # c")),
            ("a=\" b \"", setting("--a= b ")),
            ("a='it\"s'", setting("--a=it\"s")),
            (r"a=\s\t\\n\#\q\'", setting("--a= \t\\n#\\q'")),
            ("!include x y.cnf", Line::Include("x y.cnf".into())),
            ("!includedir /d", Line::IncludeDirectory("/d".into())),
        ];
        for (text, expected) in table {
            assert_eq!(parse_line(text.as_bytes()), Ok(expected), "{text}");
        }
        for bad in ["[open", "=x", "!load x", "!include", "!includes"] {
            assert!(parse_line(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn files_that_include_themselves_end_in_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("my.cnf");
        fs::write(&path, "!include my.cnf\n").unwrap();
        let error = gather(&path, &[], 0, &mut Gathered::default()).unwrap_err();
        assert!(matches!(error, OptionFileError::TooDeep { .. }));
    }

    #[test]
    fn an_included_directory_is_read_by_name_and_only_its_cnf_files() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("my.cnf");
        let parts = directory.path().join("conf.d");
        fs::create_dir(&parts).unwrap();
        fs::write(&path, "[g]\nfirst\n!includedir conf.d\nlast\n[h]\nother\n").unwrap();
        fs::write(parts.join("b.cnf"), "[g]\nb=2\n").unwrap();
        fs::write(parts.join("a.cnf"), "[g]\na=1\n[x]\nno\n").unwrap();
        fs::write(parts.join("c.txt"), "[g]\nc=3\n").unwrap();
        let mut gathered = Gathered::default();
        gather(&path, &["g".to_owned()], 0, &mut gathered).unwrap();
        let arguments: Vec<&[u8]> = gathered.arguments.iter().map(|a| a.as_slice()).collect();
        let expected: [&[u8]; 4] = [b"--first", b"--a=1", b"--b=2", b"--last"];
        assert_eq!(arguments, expected);
    }

    #[test]
    fn a_world_writable_file_is_ignored_with_a_warning() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("my.cnf");
        fs::write(&path, "[g]\na\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let mut gathered = Gathered::default();
        gather(&path, &["g".to_owned()], 0, &mut gathered).unwrap();
        assert!(gathered.arguments.is_empty());
        assert!(gathered.warnings[0].starts_with("World-writable option file"));
    }

    #[test]
    fn an_option_before_any_group_names_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("my.cnf");
        fs::write(&path, "# x\n\na=1\n").unwrap();
        let error = gather(&path, &[], 0, &mut Gathered::default()).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("line 3: an option stands before the first [group]")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60)) {
            if let Ok(Line::Setting(argument)) = parse_line(&line) {
                proptest::prop_assert!(argument.starts_with(b"--"));
            }
        }
    }
}

//! Where a secret comes from, and the sources that are neither typed nor a line of stdin.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use zeroize::Zeroizing;

use super::secret::{SECRET_MAX, SecretFault, SourceFault};

/// Where a secret comes from.
pub(super) enum Source {
    /// What the option says.
    Value(Zeroizing<Vec<u8>>),
    /// It is typed.
    Terminal,
    /// One line of stdin.
    Stdin,
    /// A variable of the environment.
    Variable(OsString),
    /// A file that nobody else may read.
    File(PathBuf),
    /// An open file or pipe, from 3 on.
    Descriptor(RawFd),
}

impl Source {
    /// What an option of the form `--X-password-source=SOURCE` may say.
    pub(super) const FORMS: &str = "env:NAME, file:PATH, fd:N, stdin or prompt";

    /// A source in one of [`Source::FORMS`].
    pub(super) fn parse(text: &[u8]) -> Option<Source> {
        let place = |kind: &[u8]| match text.strip_prefix(kind)? {
            [] => None,
            place => Some(OsString::from_vec(place.to_vec())),
        };
        match text {
            b"stdin" | b"fd:0" => Some(Source::Stdin),
            b"prompt" => Some(Source::Terminal),
            _ => None,
        }
        .or_else(|| place(b"env:").map(Source::Variable))
        .or_else(|| place(b"file:").map(|path| Source::File(path.into())))
        .or_else(|| {
            let number = place(b"fd:")?.into_string().ok()?.parse().ok()?;
            // 1 and 2 are stdout and stderr.
            (number > 2).then_some(Source::Descriptor(number))
        })
    }
}

/// Reads the only line of a file that nobody but its owner can read.
pub(super) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    let name = || path.display().to_string();
    let unreadable = |error: io::Error| SourceFault::Unreadable {
        place: name(),
        reason: error.to_string(),
    };
    // A pipe that the shell has made is there to be read; any other would be waited for for ever.
    let of_the_shell = path.starts_with("/dev") || path.starts_with("/proc");
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let is_readable = metadata.is_file() || (of_the_shell && metadata.file_type().is_fifo());
    if !is_readable {
        return Err(SourceFault::NoFile(name()).into());
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    check_owner(&name(), metadata.uid(), metadata.mode())?;
    read_only_line(file, &name())
}

/// Only its owner and root may read the file or change it. One of root's may be readable by a
/// group: so systemd and container platforms hand a secret to a service's user.
fn check_owner(name: &str, owner: u32, mode: u32) -> Result<(), SourceFault> {
    let this_user = rustix::process::geteuid().as_raw();
    let allowed = match owner {
        0 => 0o740,
        user if user == this_user => 0o700,
        user => {
            return Err(SourceFault::ForeignFile {
                place: name.to_owned(),
                user,
            });
        }
    };
    let mode = mode & 0o777;
    if mode & !allowed == 0 {
        return Ok(());
    }
    Err(SourceFault::OpenToOthers {
        place: name.to_owned(),
        mode,
    })
}

/// Reads the only line of an open file or pipe, and closes it: no child is to inherit it.
pub(super) fn read_descriptor(number: RawFd) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    let name = format!("descriptor {number}");
    let opened = take_descriptor(number).map_err(|error| SourceFault::Unreadable {
        place: name.clone(),
        reason: error.to_string(),
    })?;
    // It was open a moment ago, and what is gone need not be closed.
    let _ = nix::unistd::close(number);
    read_only_line(File::from(opened), &name)
}

/// The same open file under a number of our own. Older systems only open it anew by its
/// name, which they do not for what this user could not open.
fn take_descriptor(number: RawFd) -> io::Result<OwnedFd> {
    let of_this_process = pidfd_open(getpid(), PidfdFlags::empty());
    let taken = of_this_process.and_then(|it| pidfd_getfd(it, number, PidfdGetfdFlags::empty()));
    match taken {
        Ok(descriptor) => Ok(descriptor),
        Err(rustix::io::Errno::BADF) => Err(rustix::io::Errno::BADF.into()),
        Err(_) => Ok(File::open(format!("/proc/self/fd/{number}"))?.into()),
    }
}

/// Reads to the end what must be one line, and takes its LF or CR LF away.
fn read_only_line(input: impl Read, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    const ENDING_MAX: usize = b"\r\n".len();
    let size_max = SECRET_MAX + ENDING_MAX + 1;
    // Room for all of it: growing would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(size_max));
    input
        .take(size_max as u64)
        .read_to_end(&mut text)
        .map_err(|error| SourceFault::Unreadable {
            place: name.to_owned(),
            reason: error.to_string(),
        })?;
    if text.is_empty() {
        return Err(SourceFault::Empty(name.to_owned()).into());
    }
    strip_line_end(&mut text);
    if text.contains(&b'\n') {
        return Err(SourceFault::SeveralLines(name.to_owned()).into());
    }
    Ok(text)
}

/// What a variable holds. A copy of it is all that is left of it in this process.
pub(super) fn read_value(value: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    match value {
        None => Err(SourceFault::NoVariable.into()),
        Some(value) => read_only_line(value, "the variable"),
    }
}

/// Takes LF or CR LF away from the end.
pub(super) fn strip_line_end(line: &mut Vec<u8>) {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::IntoRawFd;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(text: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    fn text_of(read: Result<Zeroizing<Vec<u8>>, SecretFault>) -> Result<Vec<u8>, SecretFault> {
        read.map(|it| it.to_vec())
    }

    #[test]
    fn a_source_has_one_of_five_forms() {
        for good in ["env:NAME", "file:/a b", "fd:3", "fd:0", "stdin", "prompt"] {
            assert!(Source::parse(good.as_bytes()).is_some(), "{good}");
        }
        for bad in [
            "",
            "env:",
            "file:",
            "fd:",
            "fd:1",
            "fd:2",
            "fd:-3",
            "fd:3x",
            "fd:99999999999",
            "s3cret",
            "pass:s3cret",
            "STDIN",
            "stdin:",
        ] {
            assert!(Source::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_end_of_the_line_is_no_part_of_the_secret() {
        for (text, secret) in [
            (&b"s3cret"[..], &b"s3cret"[..]),
            (b"s3cret\n", b"s3cret"),
            (b"s3cret\r\n", b"s3cret"),
            (b"s3cret\r", b"s3cret"),
            (b" s3 cret \n", b" s3 cret "),
            (b"\n", b""),
        ] {
            let file = file(text, 0o600);
            assert_eq!(text_of(read_file(file.path())), Ok(secret.to_vec()));
            assert_eq!(text_of(read_value(Some(text))), Ok(secret.to_vec()));
            let descriptor = File::open(file.path()).unwrap().into_raw_fd();
            assert_eq!(text_of(read_descriptor(descriptor)), Ok(secret.to_vec()));
        }
    }

    #[test]
    fn a_source_that_is_no_single_line_is_refused() {
        let file = file(b"one\ntwo\n", 0o600);
        let name = file.path().display().to_string();
        let several = SourceFault::SeveralLines(name).into();
        assert_eq!(text_of(read_file(file.path())), Err(several));
        for text in [b"a\n\n", b"\na\n"] {
            let fault = text_of(read_value(Some(text))).unwrap_err();
            assert!(matches!(
                fault,
                SecretFault::Source(SourceFault::SeveralLines(_))
            ));
        }
        let fault = text_of(read_value(Some(b""))).unwrap_err();
        assert!(matches!(fault, SecretFault::Source(SourceFault::Empty(_))));
        assert_eq!(
            text_of(read_value(None)),
            Err(SourceFault::NoVariable.into())
        );
    }

    #[test]
    fn no_more_is_read_than_a_secret_may_hold() {
        let endless = io::repeat(b'x');
        let text = read_only_line(endless, "x").unwrap();
        assert_eq!(text.len(), SECRET_MAX + 3);
    }

    #[test]
    fn a_file_that_others_can_read_or_change_is_refused() {
        let own = rustix::process::geteuid().as_raw();
        // The tests may run as root, whose files may be readable by a group.
        let is_root = own == 0;
        for (mode, is_good) in [
            (0o400, true),
            (0o600, true),
            (0o700, true),
            (0o440, is_root),
            (0o640, is_root),
            (0o460, false),
            (0o604, false),
            (0o602, false),
            (0o644, false),
            (0o666, false),
        ] {
            assert_eq!(check_owner("x", own, mode).is_ok(), is_good, "{mode:o}");
        }
        for mode in [0o440, 0o640] {
            assert_eq!(check_owner("x", 0, mode), Ok(()));
        }
        let foreign = check_owner("x", own + 1, 0o400);
        assert!(matches!(foreign, Err(SourceFault::ForeignFile { .. })));
        let file = file(b"s3cret\n", 0o644);
        let fault = text_of(read_file(file.path())).unwrap_err();
        let said = match fault {
            SecretFault::Source(fault) => fault.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(said.contains("(mode 0644): chmod 600 "), "{said}");
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        for path in [pipe.as_path(), directory.path(), Path::new("/dev/null")] {
            let no_file = SourceFault::NoFile(path.display().to_string()).into();
            assert_eq!(text_of(read_file(path)), Err(no_file));
        }
    }

    #[test]
    fn a_descriptor_is_closed_once_it_was_read() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"s3cret\n").unwrap();
        drop(writer);
        let descriptor = OwnedFd::from(reader).into_raw_fd();
        let path = PathBuf::from(format!("/proc/self/fd/{descriptor}"));
        let pipe = fs::read_link(&path).unwrap();
        assert_eq!(text_of(read_descriptor(descriptor)), Ok(b"s3cret".to_vec()));
        // Another test may have opened a file of that number since.
        assert_ne!(fs::read_link(&path).ok(), Some(pipe));
        let fault = text_of(read_descriptor(i32::MAX)).unwrap_err();
        assert!(matches!(
            fault,
            SecretFault::Source(SourceFault::Unreadable { .. })
        ));
    }
}

//! Secrets on the command line, hidden from the list of processes.
//!
//! Anyone on the machine can read a process's arguments as long as it runs. Nothing safe can
//! change them in place, so a program that was given a secret there starts itself anew, once
//! and before it does anything: the same process, with the secret masked in its arguments, and
//! the true ones in a file in memory that only its user can open.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};
use zeroize::{Zeroize, Zeroizing};

use super::normalise::without_secret;

/// Name of the file in memory.
const NAME: &str = "ndbmgm-arguments";

/// The first argument of a program that was started anew, with the number of the file.
const MARK: &str = "--arguments-in-descriptor=";

/// The arguments of this process, its name first.
pub(super) struct ProcessArguments {
    arguments: Vec<OsString>,
    /// They came in a file: the list of processes has them masked.
    are_hidden: bool,
}

impl ProcessArguments {
    pub(super) fn read() -> Self {
        let given: Vec<OsString> = std::env::args_os().collect();
        match given.get(1).and_then(|mark| read_hidden(mark.as_bytes())) {
            Some(arguments) => ProcessArguments {
                arguments,
                are_hidden: true,
            },
            None => ProcessArguments {
                arguments: given,
                are_hidden: false,
            },
        }
    }

    /// A copy of them.
    pub(super) fn to_vec(&self) -> Vec<OsString> {
        self.arguments.clone()
    }

    /// Starts the program anew with those masked that stand so far from the end. Only returns
    /// if there is none, they are masked already, or the system does not let it: then it goes
    /// on as it is, and the warning about passwords on the command line has said enough.
    pub(super) fn hide(&self, from_the_end: &[usize]) {
        if !self.are_hidden && !from_the_end.is_empty() {
            let failed = self.start_anew(from_the_end);
            tracing::debug!("cannot hide the arguments: {failed}");
        }
    }

    fn start_anew(&self, from_the_end: &[usize]) -> io::Error {
        let file = match self.in_a_file() {
            Ok(file) => file,
            Err(error) => return error,
        };
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return error,
        };
        let mut command = Command::new(program);
        if let Some(name) = self.arguments.first() {
            command.arg0(name);
        }
        command.arg(format!("{MARK}{}", file.as_raw_fd()));
        let count = self.arguments.len();
        for (index, argument) in self.arguments.iter().enumerate().skip(1) {
            if from_the_end.contains(&(count - index)) {
                command.arg(masked(argument.as_bytes()));
            } else {
                command.arg(argument);
            }
        }
        command.exec()
    }

    /// The arguments in a file without a name, each with a NUL behind it; it stays open when
    /// the program is started anew.
    fn in_a_file(&self) -> io::Result<File> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.size()));
        for argument in &self.arguments {
            text.extend_from_slice(argument.as_bytes());
            text.push(0);
        }
        let mut file = File::from(memfd_create(NAME, MemfdFlags::CLOEXEC)?);
        file.write_all(&text)?;
        fcntl_setfd(&file, FdFlags::empty())?;
        Ok(file)
    }

    fn size(&self) -> usize {
        self.arguments.iter().map(|it| it.len() + 1).sum()
    }
}

impl Drop for ProcessArguments {
    fn drop(&mut self) {
        for argument in self.arguments.drain(..) {
            argument.into_vec().zeroize();
        }
    }
}

/// The arguments that the file of this mark holds, which is emptied.
fn read_hidden(mark: &[u8]) -> Option<Vec<OsString>> {
    let number: u32 = std::str::from_utf8(mark.strip_prefix(MARK.as_bytes())?)
        .ok()?
        .parse()
        .ok()?;
    let path = format!("/proc/self/fd/{number}");
    // Anyone can write the mark; only this module makes such a file.
    let target = std::fs::read_link(&path).ok()?;
    if !target
        .as_os_str()
        .as_bytes()
        .starts_with(format!("/memfd:{NAME}").as_bytes())
    {
        return None;
    }
    let mut file = File::options().read(true).write(true).open(&path).ok()?;
    let size = usize::try_from(file.metadata().ok()?.len()).ok()?;
    let mut text = Zeroizing::new(Vec::with_capacity(size + 1));
    file.read_to_end(&mut text).ok()?;
    file.rewind().ok()?;
    file.write_all(&vec![0; text.len()]).ok()?;
    file.set_len(0).ok()?;
    let arguments = text.strip_suffix(&[0])?.split(|byte| *byte == 0);
    Some(
        arguments
            .map(|it| OsString::from_vec(it.to_vec()))
            .collect(),
    )
}

/// An argument that holds a secret, as others may see it.
fn masked(argument: &[u8]) -> String {
    let shown = without_secret(argument);
    if shown.as_bytes() != argument {
        return shown;
    }
    // A letter with its value among other letters.
    let start = argument.get(..2).unwrap_or_default();
    format!("{}*****", String::from_utf8_lossy(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_see_holds_no_secret() {
        for (argument, shown) in [
            ("--backup-password=secret", "--backup-password=*****"),
            ("--decrypt_key=00ff", "--decrypt_key=*****"),
            ("-Psecret", "-P*****"),
            ("-vPsecret", "-v*****"),
            (
                "start backup 1 encrypt password='secret' nowait",
                "start backup 1 encrypt password=*****",
            ),
            (
                "-eSTART BACKUP 1 ENCRYPT PASSWORD = 'secret'",
                "-eSTART BACKUP 1 ENCRYPT PASSWORD =*****",
            ),
            (
                "--execute=START BACKUP ENCRYPT PASSWORD='secret'",
                "--execute=START BACKUP ENCRYPT PASSWORD=*****",
            ),
        ] {
            assert_eq!(masked(argument.as_bytes()), shown);
        }
    }

    #[test]
    fn a_mark_without_its_file_is_an_argument_like_any() {
        let file = tempfile::tempfile().unwrap();
        let mark = format!("{MARK}{}", file.as_raw_fd());
        assert_eq!(read_hidden(mark.as_bytes()), None);
        for mark in [
            "--arguments-in-descriptor=",
            "--arguments-in-descriptor=x",
            "-P",
        ] {
            assert_eq!(read_hidden(mark.as_bytes()), None);
        }
    }

    #[test]
    fn arguments_are_read_from_their_file_once() {
        let given = ["ndb_mgm", "", "-e", "SHOW"].map(OsString::from).to_vec();
        let arguments = ProcessArguments {
            arguments: given.clone(),
            are_hidden: false,
        };
        let file = arguments.in_a_file().unwrap();
        let mark = format!("{MARK}{}", file.as_raw_fd());
        assert_eq!(read_hidden(mark.as_bytes()), Some(given));
        assert_eq!(read_hidden(mark.as_bytes()), None);
    }
}

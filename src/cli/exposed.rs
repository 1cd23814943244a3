//! Secrets in the arguments and the environment, hidden from the list of processes.
//!
//! Anyone on the machine can read a process's arguments as long as it runs, and its children
//! inherit its environment. Nothing safe can change the ones in place, nor the other while threads
//! may read it, so a program that was given a secret there starts itself anew, once and before it
//! does anything: the same process, with the secret masked in its arguments and without the
//! variable, and the true ones in a file in memory that only its user can open.

use std::ffi::{OsStr, OsString};
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
use super::password::Variable;

/// Name of the file in memory.
const NAME: &str = "ndbmgm-arguments";

/// The first argument of a program that was started anew, with the number of the file.
const MARK: &str = "--arguments-in-descriptor=";

/// What this process was started with: its arguments, its name first.
pub struct ProcessArguments {
    /// Without the command of a program that has several.
    arguments: Vec<OsString>,
    command: Option<OsString>,
    /// They came in a file: the list of processes has them masked.
    are_hidden: bool,
    /// The variables that came with them.
    variables: Vec<Variable>,
}

impl ProcessArguments {
    /// Reads them. Those of a program that was started anew are read only once.
    pub fn read() -> Self {
        let given: Vec<OsString> = std::env::args_os().collect();
        let mark = given
            .get(1)
            .filter(|mark| mark.as_bytes().starts_with(MARK.as_bytes()));
        match mark.and_then(|mark| read_hidden(mark.as_bytes())) {
            Some(hidden) => hidden,
            None => ProcessArguments {
                arguments: given,
                command: None,
                are_hidden: false,
                variables: Vec::new(),
            },
        }
    }

    /// A copy of them, without the command that was taken.
    pub fn to_vec(&self) -> Vec<OsString> {
        self.arguments.clone()
    }

    /// Takes the first that is no option and follows the name: the command of a program that
    /// has several.
    pub fn take_command(&mut self) -> Option<&OsStr> {
        let is_command = |argument: &OsString| !argument.as_bytes().starts_with(b"-");
        let index = self.arguments.iter().skip(1).position(is_command)?;
        self.command = Some(self.arguments.remove(index + 1));
        self.command.as_deref()
    }

    /// What the variables held that this process was started without.
    pub(super) fn into_variables(mut self) -> Vec<Variable> {
        std::mem::take(&mut self.variables)
    }

    /// Starts the program anew with those masked that stand so far from the end, and without
    /// these variables. Only returns if there is nothing to hide, it is hidden already, or the
    /// system does not let it. Then a program with a secret in its arguments goes on as it is:
    /// the warning about passwords on the command line has said enough.
    ///
    /// # Errors
    ///
    /// A variable could not be hidden.
    pub(super) fn hide(&self, from_the_end: &[usize], variables: &[OsString]) -> io::Result<()> {
        let is_set = |name: &&OsString| std::env::var_os(name).is_some();
        let variables: Vec<&OsString> = variables.iter().filter(is_set).collect();
        if self.are_hidden || (from_the_end.is_empty() && variables.is_empty()) {
            return Ok(());
        }
        let failed = self.start_anew(from_the_end, &variables);
        if variables.is_empty() {
            tracing::debug!("cannot hide the arguments: {failed}");
            return Ok(());
        }
        Err(failed)
    }

    fn start_anew(&self, from_the_end: &[usize], variables: &[&OsString]) -> io::Error {
        let file = match self.in_a_file(variables) {
            Ok(file) => file,
            Err(error) => return error,
        };
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return error,
        };
        let mut process = Command::new(program);
        if let Some(name) = self.arguments.first() {
            process.arg0(name);
        }
        process.arg(format!("{MARK}{}", file.as_raw_fd()));
        process.args(&self.command);
        let count = self.arguments.len();
        for (index, argument) in self.arguments.iter().enumerate().skip(1) {
            if from_the_end.contains(&(count - index)) {
                process.arg(masked(argument.as_bytes()));
            } else {
                process.arg(argument);
            }
        }
        for variable in variables {
            process.env_remove(variable);
        }
        process.exec()
    }

    /// In a file without a name: the number of arguments, they, and the variables as
    /// `NAME=value`, each with a NUL behind it. It stays open when the program is started anew.
    fn in_a_file(&self, variables: &[&OsString]) -> io::Result<File> {
        let name = self.arguments.iter().take(1);
        let rest = self.arguments.iter().skip(1);
        let arguments: Vec<&OsString> = name.chain(&self.command).chain(rest).collect();
        let count = arguments.len().to_string();
        let mut fields = vec![Zeroizing::new(count.into_bytes())];
        let bytes = |it: &&OsString| Zeroizing::new(it.as_bytes().to_vec());
        fields.extend(arguments.iter().map(bytes));
        for name in variables {
            let value = Zeroizing::new(std::env::var_os(name).unwrap_or_default().into_vec());
            let parts = [name.as_bytes(), b"=", &value];
            fields.push(Zeroizing::new(parts.concat()));
        }
        // Room for all of it: growing would leave copies behind.
        let size = fields.iter().map(|field| field.len() + 1).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(size));
        for field in &fields {
            text.extend_from_slice(field);
            text.push(0);
        }
        let mut file = File::from(memfd_create(NAME, MemfdFlags::CLOEXEC)?);
        file.write_all(&text)?;
        fcntl_setfd(&file, FdFlags::empty())?;
        Ok(file)
    }
}

impl Drop for ProcessArguments {
    fn drop(&mut self) {
        for argument in self.arguments.drain(..) {
            argument.into_vec().zeroize();
        }
    }
}

/// What the file of this mark holds, which is emptied and closed.
fn read_hidden(mark: &[u8]) -> Option<ProcessArguments> {
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
    let mut fields = text.strip_suffix(&[0])?.split(|byte| *byte == 0);
    let count: usize = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let arguments = fields.by_ref().take(count);
    let arguments = arguments
        .map(|it| OsString::from_vec(it.to_vec()))
        .collect();
    let variable = |field: &[u8]| {
        let at = field.iter().position(|byte| *byte == b'=')?;
        let name = OsStr::from_bytes(&field[..at]).to_owned();
        Some((name, Zeroizing::new(field[at + 1..].to_vec())))
    };
    Some(ProcessArguments {
        arguments,
        command: None,
        are_hidden: true,
        variables: fields.filter_map(variable).collect(),
    })
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
        assert!(read_hidden(mark.as_bytes()).is_none());
        for mark in [
            "--arguments-in-descriptor=",
            "--arguments-in-descriptor=x",
            "-P",
        ] {
            assert!(read_hidden(mark.as_bytes()).is_none());
        }
    }

    #[test]
    fn arguments_are_read_from_their_file_once() {
        let mut arguments = ProcessArguments {
            arguments: ["ndb_backup", "-v", "run", "", "--to=x"]
                .map(OsString::from)
                .to_vec(),
            command: None,
            are_hidden: false,
            variables: Vec::new(),
        };
        assert_eq!(arguments.take_command(), Some(OsStr::new("run")));
        assert_eq!(arguments.to_vec(), ["ndb_backup", "-v", "", "--to=x"]);
        let path = OsString::from("PATH");
        let file = arguments.in_a_file(&[&path]).unwrap();
        let mark = format!("{MARK}{}", file.as_raw_fd());
        let hidden = read_hidden(mark.as_bytes()).unwrap();
        assert!(hidden.are_hidden);
        assert_eq!(hidden.to_vec(), ["ndb_backup", "run", "-v", "", "--to=x"]);
        let value = std::env::var_os(&path).unwrap().into_vec();
        assert_eq!(hidden.into_variables(), [(path, Zeroizing::new(value))]);
        assert!(read_hidden(mark.as_bytes()).is_none());
    }
}

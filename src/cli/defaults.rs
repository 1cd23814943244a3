//! Which option files are read, and how they join the command line.
//!
//! Read in this order, later ones win, and the command line wins over all:
//! `/etc/my.cnf`, `/etc/mysql/my.cnf`, `$MYSQL_HOME/my.cnf`, the file of `--defaults-extra-file`,
//! `~/.my.cnf`. Only as the **first** arguments of a program:
//!
//! | argument | meaning |
//! |---|---|
//! | `--no-defaults` | read no option file |
//! | `--defaults-file=FILE` | read this file only; it must exist |
//! | `--defaults-extra-file=FILE` | read this file too; it must exist |
//! | `--defaults-group-suffix=TEXT` | read the groups with this suffix as well (`$MYSQL_GROUP_SUFFIX`) |
//! | `--print-defaults` | print the arguments that result, and end |
//! | `--login-path=NAME`, `--no-login-paths` | accepted; no login file is ever read |

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::option_file::{Gathered, OptionFileError, gather};

/// What of the process's surroundings decides where option files are. The default has none.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Files read before all others; missing ones do not matter.
    pub system_files: Vec<PathBuf>,
    /// `$MYSQL_HOME`.
    pub mysql_home: Option<PathBuf>,
    /// `$HOME`.
    pub home: Option<PathBuf>,
    /// `$MYSQL_GROUP_SUFFIX`.
    pub group_suffix: Option<OsString>,
}

impl Environment {
    /// The surroundings of this process.
    pub fn of_process() -> Self {
        let directory = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        Environment {
            system_files: vec!["/etc/my.cnf".into(), "/etc/mysql/my.cnf".into()],
            mysql_home: directory("MYSQL_HOME"),
            home: directory("HOME"),
            group_suffix: std::env::var_os("MYSQL_GROUP_SUFFIX"),
        }
    }
}

/// Arguments of a program, still apart: those of option files and those of the command line.
pub struct Arguments {
    /// The name the program was called by, without its directory.
    pub program: String,
    /// `--name[=value]` of the option files, in their order. Wiped when dropped.
    pub from_files: Vec<Zeroizing<Vec<u8>>>,
    /// The command line without the arguments that choose option files.
    pub command_line: Vec<OsString>,
    /// Sentences for stderr.
    pub warnings: Vec<String>,
    /// True for `--print-defaults`.
    pub print: bool,
}

/// Why the option files could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DefaultsError {
    /// An option file is bad, or one that was asked for is missing.
    #[error(transparent)]
    File(#[from] OptionFileError),
    /// An argument that chooses option files lacks its value.
    #[error("option '{0}' requires an argument, written {0}=..")]
    MissingValue(&'static str),
}

/// The leading arguments that choose option files.
#[derive(Default)]
struct Choice {
    no_defaults: bool,
    file: Option<PathBuf>,
    extra_file: Option<PathBuf>,
    group_suffix: Option<OsString>,
    print: bool,
}

/// Names that only count as first arguments.
pub(super) const LEADING_OPTIONS: [&str; 7] = [
    "no-defaults",
    "print-defaults",
    "defaults-file",
    "defaults-extra-file",
    "defaults-group-suffix",
    "login-path",
    "no-login-paths",
];

/// Reads the option files that `arguments` (the program's name first) and `environment` name.
///
/// # Errors
///
/// A file that was named and cannot be read, or any file with a line that means nothing.
pub fn collect_arguments(
    arguments: impl IntoIterator<Item = OsString>,
    default_name: &str,
    groups: &[&str],
    environment: &Environment,
) -> Result<Arguments, DefaultsError> {
    let mut arguments = arguments.into_iter();
    let program = arguments
        .next()
        .and_then(|path| {
            let name = PathBuf::from(path)
                .file_name()?
                .to_string_lossy()
                .into_owned();
            Some(name)
        })
        .unwrap_or_else(|| default_name.to_owned());
    let mut command_line: Vec<OsString> = arguments.collect();
    let choice = take_choice(&mut command_line)?;
    let mut gathered = Gathered::default();
    if !choice.no_defaults {
        read_files(&choice, groups, environment, &mut gathered)?;
    }
    Ok(Arguments {
        program,
        from_files: gathered.arguments,
        command_line,
        warnings: gathered.warnings,
        print: choice.print,
    })
}

fn take_choice(command_line: &mut Vec<OsString>) -> Result<Choice, DefaultsError> {
    let mut choice = Choice::default();
    let mut used = 0;
    for argument in command_line.iter() {
        let Some(text) = argument.as_bytes().strip_prefix(b"--") else {
            break;
        };
        let (name, value) = match text.iter().position(|byte| *byte == b'=') {
            Some(at) => (
                &text[..at],
                Some(OsString::from_vec(text[at + 1..].to_vec())),
            ),
            None => (text, None),
        };
        let name = name
            .to_vec()
            .iter()
            .map(underscore_to_dash)
            .collect::<Vec<u8>>();
        let value_of = |name| value.clone().ok_or(DefaultsError::MissingValue(name));
        match name.as_slice() {
            b"no-defaults" => choice.no_defaults = true,
            b"print-defaults" => choice.print = true,
            b"defaults-file" => choice.file = Some(value_of("--defaults-file")?.into()),
            b"defaults-extra-file" => {
                choice.extra_file = Some(value_of("--defaults-extra-file")?.into());
            }
            b"defaults-group-suffix" => {
                choice.group_suffix = Some(value_of("--defaults-group-suffix")?);
            }
            b"login-path" => drop(value_of("--login-path")?),
            b"no-login-paths" => {}
            _ => break,
        }
        used += 1;
    }
    command_line.drain(..used);
    Ok(choice)
}

/// `_` may stand for `-` in the names of options.
pub(super) fn underscore_to_dash(byte: &u8) -> u8 {
    if *byte == b'_' { b'-' } else { *byte }
}

fn read_files(
    choice: &Choice,
    groups: &[&str],
    environment: &Environment,
    gathered: &mut Gathered,
) -> Result<(), DefaultsError> {
    let mut wanted: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    let suffix = choice
        .group_suffix
        .as_ref()
        .or(environment.group_suffix.as_ref());
    if let Some(suffix) = suffix.filter(|suffix| !suffix.is_empty()) {
        let suffix = suffix.to_string_lossy();
        wanted.extend(groups.iter().map(|group| format!("{group}{suffix}")));
    }
    if let Some(file) = &choice.file {
        return Ok(gather(file, &wanted, 0, gathered)?);
    }
    for file in &environment.system_files {
        gather_if_present(file.clone(), &wanted, gathered)?;
    }
    if let Some(directory) = &environment.mysql_home {
        gather_if_present(directory.join("my.cnf"), &wanted, gathered)?;
    }
    if let Some(file) = &choice.extra_file {
        gather(file, &wanted, 0, gathered)?;
    }
    if let Some(directory) = &environment.home {
        gather_if_present(directory.join(".my.cnf"), &wanted, gathered)?;
    }
    Ok(())
}

fn gather_if_present(
    file: PathBuf,
    groups: &[String],
    gathered: &mut Gathered,
) -> Result<(), DefaultsError> {
    match gather(&file, groups, 0, gathered) {
        Err(OptionFileError::Unreadable { path, source }) if path == file => {
            // A file nobody asked for must not keep the program from working.
            if source.kind() != std::io::ErrorKind::NotFound {
                let path = path.display();
                gathered
                    .warnings
                    .push(format!("Option file '{path}' is ignored: {source}."));
            }
            Ok(())
        }
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn collect(arguments: &[&str], environment: &Environment) -> Result<Vec<String>, String> {
        let arguments = arguments.iter().map(OsString::from);
        collect_arguments(arguments, "prog", &["g", "h"], environment)
            .map(|arguments| {
                let files = arguments.from_files.iter();
                let mut all: Vec<String> = files
                    .map(|argument| String::from_utf8_lossy(argument).into_owned())
                    .collect();
                all.push("|".to_owned());
                let rest = arguments.command_line.iter();
                all.extend(rest.map(|argument| argument.to_string_lossy().into_owned()));
                all
            })
            .map_err(|error| error.to_string())
    }

    fn home() -> (tempfile::TempDir, Environment) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::write(path.join("etc.cnf"), "[g]\netc=1\n[other]\nno\n").unwrap();
        fs::write(path.join("my.cnf"), "[h]\nmysql-home\n").unwrap();
        fs::write(path.join(".my.cnf"), "[g]\nhome\n[g_two]\nsuffixed\n").unwrap();
        fs::write(path.join("extra.cnf"), "[g]\nextra\n").unwrap();
        let environment = Environment {
            system_files: vec![path.join("missing.cnf"), path.join("etc.cnf")],
            mysql_home: Some(path.to_owned()),
            home: Some(path.to_owned()),
            group_suffix: None,
        };
        (directory, environment)
    }

    #[test]
    fn files_come_in_order_and_before_the_command_line() {
        let (directory, environment) = home();
        let extra = format!(
            "--defaults-extra-file={}/extra.cnf",
            directory.path().display()
        );
        assert_eq!(
            collect(&["/bin/prog", &extra, "-e", "x"], &environment).unwrap(),
            [
                "--etc=1",
                "--mysql-home",
                "--extra",
                "--home",
                "|",
                "-e",
                "x"
            ]
        );
        assert_eq!(
            collect(&["prog", "--no-defaults", "-e", "x"], &environment).unwrap(),
            ["|", "-e", "x"]
        );
    }

    #[test]
    fn one_file_only_and_it_must_exist() {
        let (directory, environment) = home();
        let path = directory.path().display();
        let only = format!("--defaults_file={path}/extra.cnf");
        assert_eq!(
            collect(&["prog", &only], &environment).unwrap(),
            ["--extra", "|"]
        );
        let missing = format!("--defaults-file={path}/none.cnf");
        let error = collect(&["prog", &missing], &environment).unwrap_err();
        assert!(
            error.contains("none.cnf': No such file or directory"),
            "{error}"
        );
        let error = collect(&["prog", "--defaults-file", "x"], &environment).unwrap_err();
        assert!(
            error.contains("'--defaults-file' requires an argument"),
            "{error}"
        );
    }

    #[test]
    fn a_suffix_adds_groups() {
        let (_directory, mut environment) = home();
        let plain = collect(&["prog"], &environment).unwrap();
        assert!(!plain.contains(&"--suffixed".to_owned()));
        let option = collect(&["prog", "--defaults-group-suffix=_two"], &environment).unwrap();
        assert!(option.contains(&"--suffixed".to_owned()));
        environment.group_suffix = Some("_two".into());
        let variable = collect(&["prog"], &environment).unwrap();
        assert_eq!(variable, option);
    }

    #[test]
    fn only_leading_arguments_choose_files() {
        let (_directory, environment) = home();
        let arguments = [
            "prog",
            "--no-login-paths",
            "--login-path=x",
            "-e",
            "--no-defaults",
        ];
        let collected = collect(&arguments, &environment).unwrap();
        assert_eq!(collected.last().unwrap(), "--no-defaults");
        assert!(collected.contains(&"--etc=1".to_owned()));
    }
}

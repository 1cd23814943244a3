//! Manual pages and completions, made from the definitions that the programs parse with.

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use ndbmgm::cli::{Examples, Exit, ExitTable, Program};
use ndbmgm::shell;
use roff::{Roff, bold, roman};

#[path = "../src/bin/ndb_backup/options.rs"]
#[allow(
    dead_code,
    reason = "only the definitions are looked at, not the values"
)]
mod backup_options;
#[path = "../src/bin/ndb_backup/programs.rs"]
mod backup_programs;
#[path = "../src/bin/ndb_exporter/options.rs"]
#[allow(
    dead_code,
    reason = "only the definitions are looked at, not the values"
)]
mod exporter_options;
#[path = "../src/bin/ndb_print_backup_file/options.rs"]
#[allow(
    dead_code,
    reason = "only the definitions are looked at, not the values"
)]
mod print_options;
#[path = "../src/bin/ndb_sim/options.rs"]
#[allow(
    dead_code,
    reason = "only the definitions are looked at, not the values"
)]
mod sim_options;
#[path = "../src/bin/ndbxfrm/options.rs"]
#[allow(
    dead_code,
    reason = "only the definitions are looked at, not the values"
)]
mod xfrm_options;

/// A file that is to be installed.
#[derive(Clone)]
pub(crate) struct Page {
    /// From the directory for all of them: `man/ndb_mgm.1`.
    pub(crate) path: String,
    pub(crate) text: Vec<u8>,
}

/// A program, or a command of one.
pub(crate) struct Described {
    /// `ndb_backup verify`.
    pub(crate) name: &'static str,
    pub(crate) command: Command,
    pub(crate) examples: Examples,
    pub(crate) exits: ExitTable,
    pub(crate) detailed_exits: ExitTable,
    /// What it says of option files.
    option_files: Option<String>,
}

impl Described {
    fn of<T: CommandFactory>(program: &Program) -> Self {
        Described {
            name: program.name,
            command: program.command::<T>(),
            examples: program.examples,
            exits: program.exits,
            detailed_exits: program.detailed_exits,
            option_files: Some(program.option_files()),
        }
    }

    /// `ndb_backup-verify`.
    fn page_name(&self) -> String {
        self.name.replace(' ', "-")
    }
}

/// The programs, and the commands of `ndb_backup` behind it.
pub(crate) fn described() -> Vec<Described> {
    let mut all = vec![
        Described::of::<shell::Options>(&shell::PROGRAM),
        Described {
            name: "ndb_sim",
            // What its help ends with has sections of its own here.
            command: sim_options::Options::command().after_help(None::<&str>),
            examples: sim_options::EXAMPLES,
            exits: Exit::OF_NDB_SIM,
            detailed_exits: &[],
            option_files: None,
        },
        Described::of::<xfrm_options::Options>(&xfrm_options::PROGRAM),
        Described::of::<print_options::Options>(&print_options::PROGRAM),
        Described::of::<exporter_options::Options>(&exporter_options::PROGRAM),
    ];
    let commands = backup_commands();
    all.push(Described {
        name: "ndb_backup",
        command: ndb_backup(&commands),
        examples: backup_programs::EXAMPLES,
        exits: Exit::OF_NDB_BACKUP,
        detailed_exits: &[],
        option_files: None,
    });
    all.extend(commands);
    all
}

fn backup_commands() -> Vec<Described> {
    use backup_options as options;
    use backup_programs as programs;

    vec![
        Described::of::<options::ListOptions>(&programs::LIST),
        Described::of::<options::ShowOptions>(&programs::SHOW),
        Described::of::<options::VerifyOptions>(&programs::VERIFY),
        Described::of::<options::ManifestOptions>(&programs::MANIFEST),
        Described::of::<options::ExportOptions>(&programs::EXPORT),
        Described::of::<options::GatherOptions>(&programs::GATHER),
        Described::of::<options::ExpireOptions>(&programs::EXPIRE),
        Described::of::<options::KeepOptions>(&programs::KEEP),
        Described::of::<options::ReleaseOptions>(&programs::RELEASE),
        Described::of::<options::RunOptions>(&programs::RUN),
    ]
}

/// The program that has these commands.
fn ndb_backup(commands: &[Described]) -> Command {
    let about = backup_programs::OVERVIEW.lines().next().unwrap_or_default();
    let inner = commands.iter().map(|it| {
        let name = it.name.rsplit(' ').next().unwrap_or_default();
        it.command.clone().name(name)
    });
    Command::new("ndb_backup")
        .about(about)
        .override_usage("ndb_backup COMMAND [options] [arguments]")
        .subcommand_help_heading("COMMANDS")
        .disable_help_subcommand(true)
        .subcommands(inner)
}

/// A page of the first section for each.
pub(crate) fn manual() -> Vec<Page> {
    described().into_iter().map(man_page).collect()
}

fn man_page(described: Described) -> Page {
    let name = described.page_name();
    let mut text = Vec::new();
    let mut sections = Roff::new();
    if let Some(option_files) = &described.option_files {
        sections.control("SH", ["OPTION FILES"]);
        verbatim(&mut sections, option_files);
    }
    sections.control("SH", ["EXIT STATUS"]);
    statuses(&mut sections, described.exits);
    if !described.detailed_exits.is_empty() {
        sections.control("SS", ["With --exit-codes=detailed"]);
        statuses(&mut sections, described.detailed_exits);
    }
    sections.control("SH", ["EXAMPLES"]);
    for (command, purpose) in described.examples {
        sections.control("TP", []);
        sections.text([bold(*command)]);
        sections.text([roman(*purpose)]);
    }
    let source = format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let command = described.command.display_name(name.clone());
    let page = Man::new(command).source(source).manual("NDB Cluster");
    page.render(&mut text)
        .and_then(|()| sections.to_writer(&mut text))
        .expect("memory takes everything");
    Page {
        path: format!("man/{name}.1"),
        text,
    }
}

fn statuses(roff: &mut Roff, exits: ExitTable) {
    for (exit, meaning) in exits {
        roff.control("TP", []);
        roff.text([bold(exit.status().to_string())]);
        roff.text([roman(*meaning)]);
    }
}

/// Lines as they are.
fn verbatim(roff: &mut Roff, text: &str) {
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// Completions of each program for each shell, under the names that the shell looks for.
pub(crate) fn completions() -> Vec<Page> {
    let programs = described().into_iter().filter(|it| !it.name.contains(' '));
    let mut pages = Vec::new();
    for Described { name, command, .. } in programs {
        for (shell, path) in [
            (Shell::Bash, format!("bash/{name}")),
            (Shell::Zsh, format!("zsh/_{name}")),
            (Shell::Fish, format!("fish/{name}.fish")),
        ] {
            let mut text = Vec::new();
            generate(shell, &mut command.clone(), name, &mut text);
            if shell == Shell::Fish {
                text = quote_question_marks(&text);
            }
            pages.push(Page { path, text });
        }
    }
    pages
}

/// `-s ?` would be a pattern for names of files.
fn quote_question_marks(fish: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(fish);
    text.replace(" -s ? ", " -s '?' ").into_bytes()
}

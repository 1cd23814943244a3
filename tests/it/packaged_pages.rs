//! Help, manual pages and documents tell the same of options, examples and exit
//! statuses.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::Command as Definition;
use ndbmgm::cli::{Exit, ExitTable, help_ending};

use crate::pages::{Described, described, manual};

/// Long names of the options.
pub(crate) fn options(definition: &Definition) -> Vec<String> {
    let arguments = definition.get_arguments();
    let names = arguments.filter_map(|it| it.get_long());
    names.map(|name| format!("--{name}")).collect()
}

/// A program of ours with these arguments; what it printed on stdout.
fn run(name: &str, arguments: &[&str]) -> String {
    let program = match name {
        "ndb_mgm" => env!("CARGO_BIN_EXE_ndb_mgm"),
        "ndb_sim" => env!("CARGO_BIN_EXE_ndb_sim"),
        "ndbxfrm" => env!("CARGO_BIN_EXE_ndbxfrm"),
        "ndb_print_backup_file" => env!("CARGO_BIN_EXE_ndb_print_backup_file"),
        "ndb_backup" => env!("CARGO_BIN_EXE_ndb_backup"),
        "ndb_exporter" => env!("CARGO_BIN_EXE_ndb_exporter"),
        other => panic!("{other} has no page"),
    };
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{name} {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_help_ends_with_examples_and_exit_statuses() {
    for Described {
        name,
        examples,
        exits,
        detailed_exits,
        ..
    } in described()
    {
        let mut words = name.split(' ');
        let program = words.next().unwrap();
        let arguments: Vec<&str> = words.chain(["--help"]).collect();
        let help = run(program, &arguments);
        let ending = help_ending(examples, exits, detailed_exits);
        assert!(help.contains(&ending), "{name}: {help}");
        assert!(
            examples
                .iter()
                .all(|(command, _)| command.starts_with(name) || name == "ndb_backup")
        );
    }
}

#[test]
fn every_program_and_command_has_a_page_that_names_its_options_and_statuses() {
    let pages = manual();
    let all = described();
    assert_eq!(pages.len(), all.len());
    for (page, described) in pages.iter().zip(&all) {
        let name = described.name.replace(' ', "-");
        assert_eq!(page.path, format!("man/{name}.1"));
        let text = String::from_utf8(page.text.clone()).unwrap();
        let text = text.replace("\\-", "-").replace("\\*(Aq", "'");
        for option in options(&described.command) {
            assert!(text.contains(&option), "{name}: {option}");
        }
        let (_, statuses) = text.split_once(".SH \"EXIT STATUS\"").unwrap();
        for (exit, meaning) in described.exits.iter().chain(described.detailed_exits) {
            assert!(
                statuses.contains(&format!("\\fB{}\\fR", exit.status())),
                "{name}"
            );
            assert!(statuses.contains(meaning), "{name}: {meaning}");
        }
    }
    let overview = run("ndb_backup", &["--help"]);
    let listed = overview.lines().filter_map(|line| line.strip_prefix("  "));
    let listed = listed.take_while(|line| !line.starts_with("ndb_backup"));
    let mut names = BTreeSet::new();
    for line in listed.filter(|line| !line.starts_with(' ')) {
        let line = line.split("   ").next().unwrap();
        let commands = line.split(", ").filter_map(|it| it.split(' ').next());
        names.extend(commands.map(|it| format!("ndb_backup {it}")));
    }
    let with_page = all.iter().map(|it| it.name.to_owned());
    let with_page: BTreeSet<String> = with_page.filter(|it| it.contains(' ')).collect();
    assert_eq!(names, with_page);
}

/// Who adds a program adds it to the package, too.
#[test]
fn every_program_is_in_the_package_with_its_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let described = described();
    for entry in fs::read_dir(root.join("src/bin")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let asset = format!("[\"target/release/{name}\", \"usr/bin/\", \"755\"]");
        assert!(manifest.contains(&asset), "{name} is not in the package");
        assert!(
            described.iter().any(|it| it.name == name),
            "{name} has no page"
        );
    }
}

/// With the program that shows manual pages, where there is one.
#[test]
fn the_pages_are_good_for_groff() {
    for page in manual() {
        let groff = Command::new("groff")
            .args(["-man", "-ww", "-z"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut groff = match groff {
            Ok(groff) => groff,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
                return;
            }
        };
        groff.stdin.take().unwrap().write_all(&page.text).unwrap();
        let output = groff.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (said.as_ref(), output.status.success()),
            ("", true),
            "{}",
            page.path
        );
    }
}

/// The rows `| 0 | meaning |` below the first line that begins so.
fn documented(file: &str, heading: &str) -> Vec<(u8, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with(heading));
    let rows = lines.skip_while(|line| !line.starts_with("| status | mean"));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].parse().unwrap(), cells[1].replace('`', ""))
    })
    .collect()
}

#[test]
fn the_documents_have_the_statuses_of_the_code() {
    let tables: [(&str, &str, ExitTable); 4] = [
        (
            "README.md",
            "## Exit statuses of `ndb_mgm`",
            Exit::OF_NDB_MGM,
        ),
        (
            "README.md",
            "With `--exit-codes=detailed`",
            Exit::OF_NDB_MGM_DETAILED,
        ),
        ("docs/backups.md", "## verify", Exit::OF_VERIFY),
        ("docs/backups.md", "## run", Exit::OF_RUN),
    ];
    for (file, heading, table) in tables {
        let of_code = table
            .iter()
            .map(|(exit, meaning)| (exit.status(), (*meaning).to_owned()));
        assert_eq!(
            documented(file, heading),
            of_code.collect::<Vec<_>>(),
            "{file}: {heading}"
        );
    }
}

/// What a shell makes of an example's arguments is understood by the program's definition.
#[test]
fn the_examples_are_understood() {
    for Described {
        name,
        command,
        examples,
        ..
    } in described()
    {
        for (example, _) in examples {
            let program = name.split(' ').next().unwrap();
            // jq may be missing.
            let script = format!(
                "{program}() {{ for word; do printf '%s\\0' \"$word\"; done >words; }}
                 jq() {{ cat; }}
                 {example}"
            );
            let place = tempfile::tempdir().unwrap();
            let status = Command::new("bash")
                .args(["-c", &script])
                .current_dir(place.path())
                .status();
            assert!(status.unwrap().success(), "{example}");
            let text = fs::read_to_string(place.path().join("words")).unwrap();
            let skipped = name.split(' ').count() - 1;
            let given = text.split_terminator('\0').skip(skipped);
            let definition = command.clone().no_binary_name(true);
            let understood = definition.try_get_matches_from(given);
            assert!(understood.is_ok(), "{example}: {:?}", understood.err());
            let commands = understood.unwrap();
            if name == "ndb_mgm" {
                for command in commands.get_many::<String>("execute").into_iter().flatten() {
                    for line in ndbmgm::command::split(command) {
                        let understood = ndbmgm::command::parse(line);
                        assert!(understood.is_ok(), "{line}");
                    }
                }
            }
        }
    }
}

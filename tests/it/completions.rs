//! Each shell takes its completions and offers what the programs understand.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packaged_pages::options;
use crate::pages::{Described, completions, described};
use crate::terminal::Terminal;

/// Words of a line, the last of which is being typed, and what is offered for it.
const WORDS: [(&[&str], &[&str]); 3] = [
    (&["ndb_backup", "ver"], &["verify"]),
    (
        &["ndb_backup", "export", "--format", ""],
        &["csv", "jsonl", "sql"],
    ),
    (
        &["ndb_mgm", "--output", ""],
        &["json", "jsonl", "nagios", "prometheus", "text"],
    ),
];

/// Writes the completions to a directory, as they are installed.
fn write_pages(directory: &Path) {
    for page in completions() {
        let path = directory.join(page.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, page.text).unwrap();
    }
}

/// Where a shell is; none, and a word about it, where it is not installed.
fn find(shell: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|directory| directory.join(shell));
    let found = found.into_iter().find(|program| program.is_file());
    if found.is_none() {
        eprintln!("NOT CHECKED: {shell} is not installed");
    }
    found
}

/// What `offered` gives for a line of words is what the programs understand.
fn check(mut offered: impl FnMut(&[&str]) -> Vec<String>) {
    for Described { name, command, .. } in described() {
        let words: Vec<&str> = name.split(' ').chain(["--"]).collect();
        let offered = offered(&words);
        for option in options(&command) {
            assert!(
                offered.contains(&option),
                "{name}: {option} not in {offered:?}"
            );
        }
    }
    for (words, expected) in WORDS {
        let mut offered = offered(words);
        offered.sort();
        assert_eq!(offered, expected, "{words:?}");
    }
}

#[test]
fn bash_completes_options_commands_and_words() {
    let place = tempfile::tempdir().unwrap();
    write_pages(place.path());
    let script = "source \"bash/$1\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))
         \"_$1\" \"$1\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"
         printf '%s\\n' \"${COMPREPLY[@]}\"";
    check(|words| {
        let mut bash = Command::new("bash");
        bash.args(["-c", script, "bash"]).args(words);
        printed(bash.current_dir(place.path()))
    });
}

#[test]
fn fish_completes_options_commands_and_words() {
    let Some(fish) = find("fish") else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    write_pages(place.path());
    check(|words| {
        let (program, line) = (words[0], words.join(" "));
        let script = format!("source fish/{program}.fish; complete -C '{line}' | cut -f 1");
        let mut fish = Command::new(&fish);
        fish.args(["--no-config", "-c", &script]);
        printed(fish.current_dir(place.path()).env("HOME", place.path()))
    });
}

/// The words that a shell printed, and no complaint.
fn printed(shell: &mut Command) -> Vec<String> {
    let output = shell.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

/// Tab writes what would be offered to the file `offered` instead, and says so on the screen.
const ZSH: &str = r#"
PS1='ready> '
fpath=($PWD/zsh $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
  local -a hits
  # These fill arrays of the caller, and offer nothing.
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    builtin compadd -A hits "$@"
    all+=($hits)
  fi
  builtin compadd "$@"
}
keep_quiet() { compstate[insert]= compstate[list]= }
complete() { comppostfuncs=(keep_quiet); _main_complete }
zle -C complete complete-word complete
offer() {
  all=()
  zle complete
  print -rl -- $all >offered
  zle -M "offer $((++count)) is written"
}
zle -N offer
bindkey '^I' offer
"#;

#[test]
fn zsh_completes_options_commands_and_words() {
    let Some(zsh) = find("zsh") else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    write_pages(place.path());
    fs::write(place.path().join("setup"), ZSH).unwrap();
    let mut terminal = Terminal::run(zsh.to_str().unwrap(), place, &["-f"]);
    terminal.type_keys("source ./setup\r");
    terminal.wait_for("ready>");
    let mut count = 0;
    check(|words| {
        count += 1;
        // Ctrl-U empties the line.
        terminal.type_keys(&format!("\x15{}\t", words.join(" ")));
        terminal.wait_for(&format!("offer {count} is written"));
        let text = fs::read_to_string(terminal.home.path().join("offered")).unwrap();
        text.split_whitespace().map(str::to_owned).collect()
    });
}

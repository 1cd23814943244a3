//! What a help page ends with: examples and exit statuses.

use super::exit::{Exit, ExitTable};

/// Commands to begin with, each with what it does.
pub type Examples = &'static [(&'static str, &'static str)];

/// Columns of a page.
const WIDTH: usize = 80;

/// The sections behind the options. Who has no detailed statuses has an empty table of them.
pub fn help_ending(examples: Examples, exits: ExitTable, detailed: ExitTable) -> String {
    let mut text = String::from("Examples:\n");
    for (command, purpose) in examples {
        text.push_str(&format!("  {command}\n{}\n", wrapped(purpose, 6)));
    }
    text.push_str("\nExit status:\n");
    text.push_str(&exit_lines(exits));
    if !detailed.is_empty() {
        text.push_str("\nExit status with --exit-codes=detailed:\n");
        text.push_str(&exit_lines(detailed));
    }
    text
}

fn exit_lines(exits: ExitTable) -> String {
    let line = |(exit, meaning): &(Exit, &str)| {
        let meaning = wrapped(meaning, 7);
        format!("  {:>3}  {}\n", exit.status(), meaning.trim_start())
    };
    exits.iter().map(line).collect()
}

/// The words in lines of at most [`WIDTH`] columns, each indented by so many blanks.
fn wrapped(text: &str, indent: usize) -> String {
    let blanks = " ".repeat(indent);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{blanks}{word}")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_its_number_in_three_columns_and_its_text_beside_it() {
        let text = help_ending(
            &[("ndb_mgm -e SHOW", "the nodes")],
            &[
                (Exit::Success, "done"),
                (
                    Exit::CommandFailed,
                    "what is longer than a line of eighty columns has to go on below where it \
                     began",
                ),
            ],
            &[(Exit::BadUsage, "wrong option")],
        );
        assert_eq!(
            text,
            "Examples:\n  ndb_mgm -e SHOW\n      the nodes\n\nExit status:\n    0  done\n  \
             255  what is longer than a line of eighty columns has to go on below where it\n       \
             began\n\nExit status with --exit-codes=detailed:\n    2  wrong option\n"
        );
    }
}

//! Every sentence of the prompt: values to text.
//!
//! Pure: no IO, no clock. Each function gives whole lines, the last newline included. The texts are
//! those of the original client (management protocol, 2.3 and 6), so that scripts which read them
//! keep working; text of our own goes to standard error and is marked so.

mod backup;
mod connect;
mod event;
mod node;
mod report;
mod status;
mod tls;

pub(super) use backup::*;
pub(super) use connect::*;
pub(super) use event::*;
pub(super) use node::*;
pub(super) use report::*;
pub(super) use status::*;
pub(super) use tls::*;

use std::path::Path;

use crate::cluster::generic_message;

/// First line that an interactive or piped run prints.
pub(super) const BANNER: &str = "-- NDB Cluster -- Management Client --\n";

/// Line below the banner when the cluster lives in this process.
pub(super) const SIMULATED: &str =
    "The cluster is simulated inside this process: nothing here is a real backup.\n";

/// For standard error: the cluster is simulated.
pub(super) fn render_simulated(directory: &Path) -> String {
    format!(
        "ndb_mgm: the cluster is SIMULATED inside this process, its files are in {}\n",
        directory.display()
    )
}

/// For standard error: the end is put off.
pub(super) const SIMULATED_BACKUP_RUNS: &str = "\
ndb_mgm: the simulated cluster is still writing a backup and ends after it; Ctrl-C aborts the backup.
         (ndb_sim is the simulated cluster that stays.)
";

/// A line of standard input that can't be a command.
pub(super) const LINE_TOO_LONG: &str = "Invalid command: the line is too long\n\
    Type HELP for help.\n\n";

/// For standard error: the results could not be written.
pub(super) fn render_output_failure(reason: &str) -> String {
    format!("Error: could not write to standard output: {reason}\n")
}

/// Prompt until PROMPT sets another.
pub(super) const DEFAULT_PROMPT: &str = "ndb_mgm> ";

/// The two lines that say why a request failed (management protocol, 6.3).
pub(super) fn render_error(number: u32, description: &str) -> String {
    format!(
        "* {number:>5}: {}\n*        {description}\n",
        generic_message(number)
    )
}

/// For standard error: Ctrl-C while connecting, or while a request was under way.
pub(super) fn render_interrupted(was_connected: bool) -> &'static str {
    if was_connected {
        "Interrupted. What was sent to the management server is still carried out.\n"
    } else {
        "Interrupted. Nothing was sent.\n"
    }
}

/// PROMPT.
pub(super) fn render_prompt_set(prompt: Option<&str>) -> String {
    match prompt {
        Some(text) => format!("Prompt set to {text} \n"),
        None => format!("Returning to default prompt of {DEFAULT_PROMPT}\n"),
    }
}

/// HELP about something that has no page.
pub(super) fn render_no_help(topic: &str) -> String {
    format!("No help for {topic} available\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_its_number_in_five_columns_and_its_text_below() {
        assert_eq!(
            render_error(3001, "A backup is already running"),
            "*  3001: Could not start backup\n*        A backup is already running\n"
        );
        assert_eq!(render_error(322, "x"), "*   322: Error\n*        x\n");
        assert_eq!(
            render_error(1006, ""),
            "*  1006: Illegal reply from server\n*        \n"
        );
    }

    #[test]
    fn the_prompt_says_what_it_became() {
        assert_eq!(render_prompt_set(Some("abc")), "Prompt set to abc \n");
        assert_eq!(
            render_prompt_set(None),
            "Returning to default prompt of ndb_mgm> \n"
        );
    }
}

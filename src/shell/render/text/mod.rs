//! Every sentence of the prompt: values to text.
//!
//! Pure: no IO, no clock. Each function gives whole lines, the last newline included. The texts are
//! those of the original client (management protocol, 2.3 and 6), so that scripts which read them
//! keep working; text of our own goes to standard error and is marked so.

mod backup;
mod connect;
mod event;
mod failure;
mod fold;
mod health;
mod outcome;
mod plan;
mod progress;
mod rolling;
mod status;
mod tls;

pub(in crate::shell) use backup::{EMPTY_PASSWORD_WARNING, render_not_running, render_server_lost};
pub(in crate::shell) use connect::*;
pub(in crate::shell) use event::{
    BackupFate, STOPPED_WITH_OTHERS, grouped, render_event, render_events_back, render_events_lost,
    render_left_out, render_saved_event, render_stopped_with_others,
};
pub use failure::render_parse_error;
pub(in crate::shell) use failure::{render_advice, render_failure};
pub(in crate::shell) use fold::fold;
pub(in crate::shell) use health::render_finding;
pub(in crate::shell::render) use health::{
    render_caution, render_member_state, render_refusal, render_unknown_cause,
};
pub(in crate::shell) use outcome::{ending, render_outcome, render_step};
pub(in crate::shell) use plan::{
    render_check, render_danger, render_endless_line, render_unreadable_file,
};
pub(in crate::shell) use progress::{
    bytes, clock, render_folded, render_look, render_node_progress,
};
pub(in crate::shell::render) use rolling::render_obstacle;
pub(in crate::shell) use rolling::{
    ROLL_ENDS_AFTER_STEP, render_no_server_answers, render_not_started, render_server_gave_up,
};
pub(in crate::shell) use status::state_words;
pub(in crate::shell) use tls::{
    NO_CERTIFICATE, PASSWORD_IN_CLEARTEXT, SERVER_WITHOUT_TLS, TLS_REQUIRED_DEFERRED,
    render_tls_not_used, render_tls_required, render_tls_warning,
};

use backup::detached;

use std::path::Path;

use jiff::Zoned;

use crate::cluster::{NodeId, generic_message};
use crate::command::Command;

/// First line that an interactive or piped run prints.
pub(in crate::shell) const BANNER: &str = "-- NDB Cluster -- Management Client --\n";

/// Line below the banner when the cluster lives in this process.
pub(in crate::shell) const SIMULATED: &str =
    "The cluster is simulated inside this process: nothing here is a real backup.\n";

/// For standard error: the cluster is simulated.
pub(in crate::shell) fn render_simulated(directory: &Path) -> String {
    format!(
        "ndb_mgm: the cluster is SIMULATED inside this process, its files are in {}\n",
        directory.display()
    )
}

/// For standard error: the end is put off.
pub(in crate::shell) const SIMULATED_BACKUP_RUNS: &str = "\
ndb_mgm: the simulated cluster is still writing a backup and ends after it; Ctrl-C aborts the backup.
         (ndb_sim is the simulated cluster that stays.)
";

/// A line that can't be a command.
pub(in crate::shell) const LINE_TOO_LONG: &str = "Invalid command: the line is too long\n\
    Type HELP for help.\n\n";

/// For standard error: why a line that is no command is not repeated.
pub(in crate::shell) const HIDDEN_LINE: &str = "this line is not shown, as it may be the password of the backup before it; \
     give that with --backup-password-from-stdin";

/// In the place of what a terminal did not take while somebody typed.
pub(in crate::shell) const NOT_TAKEN: &str =
    "Some text is missing here: the terminal did not take it while a key waited.\n";

/// For standard error: a format that only HEALTH has.
pub(in crate::shell) const ONLY_HEALTH: &str =
    "ndb_mgm: --output=nagios and --output=prometheus are for -e HEALTH only\n";

/// For standard error: the results could not be written.
pub(in crate::shell) fn render_output_failure(reason: &str) -> String {
    format!("Error: could not write to standard output: {reason}\n")
}

/// Prompt until PROMPT sets another.
const DEFAULT_PROMPT: &str = "ndb_mgm> ";

/// The two lines that say why a request failed (management protocol, 6.3).
pub(in crate::shell) fn render_error(number: u32, description: &str) -> String {
    format!(
        "* {number:>5}: {}\n*        {description}\n",
        generic_message(number)
    )
}

/// The prompt, as PROMPT set it or by default.
pub(in crate::shell) fn render_prompt(prompt: Option<&str>) -> String {
    prompt.map_or(DEFAULT_PROMPT.to_owned(), |text| format!("{text} "))
}

/// Above a turn of `\WATCH`: `2026-11-30 21:20:11 \WATCH 2 SHOW`.
pub(in crate::shell) fn render_turn_title(now: &Zoned, watch: &Command) -> String {
    format!("{} {watch}\n", now.strftime("%Y-%m-%d %H:%M:%S"))
}

/// For standard error: a pager that can't be used, in place of which the screen is.
pub(in crate::shell) fn render_no_pager(program: &str, reason: &str) -> String {
    format!("Error: the pager '{program}' can't be used: {reason}\n")
}

/// ` 1 2`: node ids as the prompt lists them after `Node`.
fn node_list(nodes: &[NodeId]) -> String {
    nodes.iter().map(|node| format!(" {node}")).collect()
}

/// `2, 3, 4`
fn comma_list(nodes: &[NodeId]) -> String {
    let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    nodes.join(", ")
}

/// `node 2`, or `nodes 2, 3`
fn counted_nodes(nodes: &[NodeId]) -> String {
    match nodes {
        [node] => format!("node {node}"),
        nodes => format!("nodes {}", comma_list(nodes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::outcome::Outcome;

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
        let set = |text: Option<&str>| render_outcome(&Outcome::Prompt(text.map(Into::into)));
        assert_eq!(set(Some("abc")), "Prompt set to abc \n");
        assert_eq!(set(None), "Returning to default prompt of ndb_mgm> \n");
    }
}

//! Completion of the word at the cursor.

use super::keyword::Keyword;
use super::redact::redact;
use super::syntax::{BACKUP_ID, NODE_ID, NODE_IDS, NODEGROUP, Next, next};
use super::text::{is_blank, words};

/// Ids that only the cluster knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveIds {
    /// Of all nodes.
    Nodes,
    /// Of API nodes.
    ApiNodes,
    /// Of data nodes that belong to no nodegroup; several are separated by commas.
    NodesWithoutNodegroup,
    /// Of nodegroups.
    Nodegroups,
    /// Of backups that run.
    RunningBackups,
}

/// The words that fit at a place of a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// Byte at which the word to replace begins; it ends at the cursor.
    pub start: usize,
    /// Whole words, in the case that the user types in.
    pub candidates: Vec<String>,
    /// Ids that fit there, too.
    pub live: Option<LiveIds>,
}

impl Completion {
    /// Adds those ids that begin as the word of the line does.
    pub fn add_ids(&mut self, line: &str, pos: usize, ids: &[u32]) {
        let word = line.get(self.start..pos).unwrap_or_default();
        let ids = ids.iter().map(u32::to_string);
        self.candidates
            .extend(ids.filter(|id| id.starts_with(word)));
    }
}

/// Completes the word that ends at byte `pos` of `line`; a `pos` that is not at a character
/// boundary of the line has no completion.
pub fn complete(line: &str, pos: usize) -> Completion {
    let Some(typed) = line.get(..pos) else {
        return Completion::default();
    };
    let start = typed.rfind(is_blank).map_or(0, |at| at + 1);
    let (before, word) = typed.split_at(start);
    let mut completion = Completion {
        start,
        ..Completion::default()
    };
    // Within a password nothing is a keyword: one that stood here would be hidden.
    let keyword = Keyword::Nowait.text();
    let redacted = redact(&format!("{before}{keyword}"));
    let Some(before) = redacted.strip_suffix(keyword) else {
        return completion;
    };
    let lower = types_lower_case(before, word);
    let next = next(before);
    completion.live = next.iter().find_map(|next| live_ids(*next, before));
    if completion.live == Some(LiveIds::NodesWithoutNodegroup) {
        completion.start += word.rfind(',').map_or(0, |at| at + 1);
    }
    if !typed[completion.start..]
        .bytes()
        .all(|byte| byte.is_ascii_digit())
    {
        completion.live = None;
    }
    completion.candidates = next
        .into_iter()
        .filter_map(Next::word)
        .filter(|candidate| begins_with(candidate, word))
        .map(|candidate| match lower {
            true => candidate.to_ascii_lowercase(),
            false => candidate.to_owned(),
        })
        .collect();
    completion
}

/// The ids for a place behind `before`; a backup that is to start has a new one.
fn live_ids(next: Next, before: &str) -> Option<LiveIds> {
    let Next::Place(place) = next else {
        return None;
    };
    let first = words(before).next();
    let is_behind = |keyword: Keyword| first.is_some_and(|word| keyword.is(word));
    match place {
        NODE_ID if is_behind(Keyword::Enter) => Some(LiveIds::ApiNodes),
        NODE_ID => Some(LiveIds::Nodes),
        NODE_IDS => Some(LiveIds::NodesWithoutNodegroup),
        NODEGROUP => Some(LiveIds::Nodegroups),
        BACKUP_ID if is_behind(Keyword::Abort) => Some(LiveIds::RunningBackups),
        _ => None,
    }
}

/// The case of the word itself, if it has begun, else that of the line.
fn types_lower_case(before: &str, word: &str) -> bool {
    let letters = |text: &str| text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let sample = if letters(word) { word } else { before };
    letters(sample) && !sample.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn begins_with(candidate: &str, word: &str) -> bool {
    candidate
        .get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(line: &str) -> Vec<String> {
        complete(line, line.len()).candidates
    }

    #[test]
    fn the_next_keywords_of_a_backup_are_offered() {
        assert_eq!(at_end("START "), ["BACKUP", "TLS"]);
        assert_eq!(at_end("star"), ["start"]);
        assert_eq!(at_end("start b"), ["backup"]);
        assert_eq!(
            at_end("START BACKUP 7 ENCRYPT PASSWORD='a b' "),
            ["WAIT", "NOWAIT", "SNAPSHOTSTART", "SNAPSHOTEND"]
        );
        assert_eq!(at_end("START BACKUP SNAPSHOTEND w"), ["wait"]);
        assert_eq!(at_end("start backup wait "), ["started", "completed"]);
        assert_eq!(at_end("START BACKUP ENCRYPT PASS"), ["PASSWORD='"]);
        assert_eq!(at_end("ABORT "), ["BACKUP"]);
    }

    #[test]
    fn node_commands_follow_a_node() {
        assert_eq!(at_end("2 ST"), ["STATUS", "START", "STOP"]);
        assert_eq!(at_end("2 3 "), ["START", "STOP", "RESTART"]);
        assert_eq!(
            at_end("ALL REPORT "),
            ["BackupStatus", "MemoryUsage", "EventLog"]
        );
        assert_eq!(at_end("all report b"), ["backupstatus"]);
        assert_eq!(at_end("AL"), ["ALL"]);
        assert_eq!(at_end("ALL CLUSTERLOG BA"), ["BACKUP="]);
        assert!(at_end("CLUSTERLOG ON DEBUG D").is_empty());
        assert_eq!(at_end("ALL RESTART -"), ["-N", "-I", "-A", "-F"]);
    }

    #[test]
    fn only_the_word_before_the_cursor_counts() {
        let found = complete("START  BA NOWAIT", 9);
        assert_eq!((found.start, found.candidates), (7, vec!["BACKUP".into()]));
        assert_eq!(complete("SHOW", 99), Completion::default());
        assert_eq!(complete("\u{e9}", 1), Completion::default());
    }

    #[test]
    fn ids_stand_where_the_cluster_knows_them() {
        for (line, expected) in [
            ("", Some(LiveIds::Nodes)),
            ("1", Some(LiveIds::Nodes)),
            ("2 ", Some(LiveIds::Nodes)),
            ("2 ST", None),
            ("enter single user mode ", Some(LiveIds::ApiNodes)),
            ("CREATE NODEGROUP 5,", Some(LiveIds::NodesWithoutNodegroup)),
            ("DROP NODEGROUP ", Some(LiveIds::Nodegroups)),
            ("ABORT BACKUP 7", Some(LiveIds::RunningBackups)),
            ("ABORT BACKUP 7 ", None),
            ("START BACKUP ", None),
            ("ALL DUMP ", None),
            ("START BACKUP ENCRYPT PASSWORD='a ", None),
        ] {
            assert_eq!(complete(line, line.len()).live, expected, "{line}");
        }
        let line = "CREATE NODEGROUP 50,1";
        let mut completion = complete(line, line.len());
        completion.add_ids(line, line.len(), &[1, 2, 13, 51]);
        assert_eq!(completion.start, 20);
        assert_eq!(completion.candidates, ["1", "13"]);
    }

    #[test]
    fn a_password_is_not_completed() {
        assert!(at_end("START BACKUP ENCRYPT PASSWORD='abc NOW").is_empty());
        assert!(at_end("START BACKUP ENCRYPT PASSWORD='abc ").is_empty());
        assert!(at_end("START BACKUP ENCRYPT PASSWORD='abc").is_empty());
    }
}

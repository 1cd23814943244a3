//! Scripted faults, for tests and for training.
//!
//! A text of one fault per line; `#` begins a comment. Times are numbers with `ms` or `s`,
//! sizes numbers with an optional binary K, M or G.
//!
//! | line | effect |
//! |---|---|
//! | `after 5s fail-node 3` | 5 s after the start data node 3 dies |
//! | `after 5s launch-node 3` | its process comes back and starts |
//! | `after 5s kill-server` | the management servers drop all connections and end; data nodes go on |
//! | `after 5s kill-server 49` | only management server 49 does |
//! | `after 9s start-server` | those that were killed are started again, or the one that is named |
//! | `in-backup 200ms fail-node 3` | the same, 200 ms after a backup has begun; also the other three |
//! | `in-restart 3 50ms fail-node 5` | the same, 50 ms after data node 3 begins to go down for a restart |
//! | `slow-disk 2 64K` | node 2 writes 64 KiB per second of a backup |
//! | `disk-full 2 1M` | node 2 has room for 1 MiB of each backup |
//! | `lose-events 56` | no listener gets events of type 56 |
//! | `late-reply 3s start backup` | replies to `start backup` come 3 s late |
//! | `no-reply get status` | replies to `get status` never come |

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::disk::DiskLimits;
use super::text_file::read_text_file;
use super::topology::Topology;
use crate::cluster::{EventKind, NodeId, NodeType};
use crate::wire::Request;

/// Longest time in a script.
const TIME_MAX: u64 = 30 * 24 * 3600 * 1000;

/// A line of a fault script that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct FaultError {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: String,
}

/// A fault script with lines that cannot be used: all of them, so that one look mends them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.lines())]
pub struct FaultErrors(
    /// The lines, in their order.
    pub Vec<FaultError>,
);

impl FaultErrors {
    fn lines(&self) -> String {
        let texts = self.0.iter().map(|error| format!("fault script, {error}"));
        texts.collect::<Vec<_>>().join("\n")
    }
}

/// A fault script that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultFileError {
    /// It could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Some of its lines say nothing that can be done.
    #[error(transparent)]
    Lines(#[from] FaultErrors),
}

/// When a timed fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// So long after the start of the simulator.
    AfterStart(Duration),
    /// So long after a backup has begun.
    InBackup(Duration),
    /// So long after this data node has begun to go down for a restart.
    InRestart(NodeId, Duration),
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultAction {
    FailNode(NodeId),
    LaunchNode(NodeId),
    /// The management server that is named, or all.
    KillServer(Option<NodeId>),
    StartServer(Option<NodeId>),
}

/// What happens to the replies of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyFault {
    Late(Duration),
    Missing,
}

/// All faults of a run; the default has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultPlan {
    pub(super) timed: Vec<(Trigger, FaultAction)>,
    pub(super) disks: BTreeMap<NodeId, DiskLimits>,
    pub(super) lost_events: BTreeSet<EventKind>,
    pub(super) replies: BTreeMap<String, ReplyFault>,
}

impl FaultPlan {
    /// Reads a fault script.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is none, or has lines that cannot be used.
    pub fn read(path: &Path) -> Result<Self, FaultFileError> {
        let text = read_text_file(path).map_err(|source| FaultFileError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(FaultPlan::parse(&text)?)
    }

    /// Reads a script.
    ///
    /// # Errors
    ///
    /// All lines that are no faults.
    pub fn parse(text: &str) -> Result<Self, FaultErrors> {
        let mut plan = FaultPlan::default();
        let mut errors = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            if let Err(fault) = plan.add(&words) {
                let line = index + 1;
                errors.push(FaultError { line, fault });
            }
        }
        match errors.is_empty() {
            true => Ok(plan),
            false => Err(FaultErrors(errors)),
        }
    }

    /// Nodes that faults name and that are not of the type that the fault is for: nothing would
    /// ever happen to them.
    pub(super) fn unknown_nodes(&self, topology: &Topology) -> BTreeSet<NodeId> {
        let timed = self.timed.iter().filter_map(|(_, action)| match action {
            FaultAction::FailNode(node) | FaultAction::LaunchNode(node) => {
                Some((*node, NodeType::Ndb))
            }
            FaultAction::KillServer(server) | FaultAction::StartServer(server) => {
                server.map(|server| (server, NodeType::Mgm))
            }
        });
        let disks = self.disks.keys().map(|node| (*node, NodeType::Ndb));
        let is_there = |(id, of): &(NodeId, NodeType)| {
            let node = topology.nodes.get(id);
            node.is_some_and(|node| node.node_type == *of)
        };
        let restarted = self.timed.iter().filter_map(|(trigger, _)| match trigger {
            Trigger::InRestart(node, _) => Some((*node, NodeType::Ndb)),
            Trigger::AfterStart(_) | Trigger::InBackup(_) => None,
        });
        let named = timed.chain(restarted).chain(disks);
        let unknown = named.filter(|named| !is_there(named));
        unknown.map(|(id, _)| id).collect()
    }

    fn add(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            [] => {}
            ["after", time, action @ ..] => {
                let trigger = Trigger::AfterStart(parse_time(time)?);
                self.timed.push((trigger, parse_action(action)?));
            }
            ["in-backup", time, action @ ..] => {
                let trigger = Trigger::InBackup(parse_time(time)?);
                self.timed.push((trigger, parse_action(action)?));
            }
            ["in-restart", node, time, action @ ..] => {
                let trigger = Trigger::InRestart(parse_node(node)?, parse_time(time)?);
                self.timed.push((trigger, parse_action(action)?));
            }
            ["slow-disk", node, speed] => {
                let disk = self.disks.entry(parse_node(node)?).or_default();
                disk.bytes_per_second = Some(parse_size(speed)?.max(1));
            }
            ["disk-full", node, capacity] => {
                let disk = self.disks.entry(parse_node(node)?).or_default();
                disk.capacity = Some(parse_size(capacity)?);
            }
            ["lose-events", number] => {
                let kind = number.parse().ok().and_then(EventKind::from_number);
                let kind = kind.ok_or_else(|| format!("{number} is no event type"))?;
                self.lost_events.insert(kind);
            }
            ["late-reply", time, command @ ..] if !command.is_empty() => {
                let fault = ReplyFault::Late(parse_time(time)?);
                self.replies.insert(parse_command(command)?, fault);
            }
            ["no-reply", command @ ..] if !command.is_empty() => {
                self.replies
                    .insert(parse_command(command)?, ReplyFault::Missing);
            }
            _ => return Err(unusable(words)),
        }
        Ok(())
    }
}

fn parse_action(words: &[&str]) -> Result<FaultAction, String> {
    match words {
        ["fail-node", node] => parse_node(node).map(FaultAction::FailNode),
        ["launch-node", node] => parse_node(node).map(FaultAction::LaunchNode),
        ["kill-server"] => Ok(FaultAction::KillServer(None)),
        ["kill-server", node] => parse_node(node).map(|node| FaultAction::KillServer(Some(node))),
        ["start-server"] => Ok(FaultAction::StartServer(None)),
        ["start-server", node] => parse_node(node).map(|node| FaultAction::StartServer(Some(node))),
        [] => Err("what is to happen then? For example: after 5s fail-node 3".to_owned()),
        _ => Err(unusable(words)),
    }
}

/// What is wrong with a line whose first word may be one of a fault.
fn unusable(words: &[&str]) -> String {
    let (needs, example) = match words.first().copied() {
        Some("no-reply") => (
            "the command whose replies never come",
            "no-reply get status",
        ),
        Some("late-reply") => (
            "a time and the command whose replies are late",
            "late-reply 3s start backup",
        ),
        Some("after" | "in-backup") => ("a time and what happens then", "after 5s fail-node 3"),
        Some("in-restart") => (
            "a node, a time and what happens then",
            "in-restart 3 50ms fail-node 5",
        ),
        Some("slow-disk") => ("a node and bytes per second", "slow-disk 2 64K"),
        Some("disk-full") => ("a node and a number of bytes", "disk-full 2 1M"),
        Some("lose-events") => ("one event type", "lose-events 56"),
        Some("fail-node") => ("a node", "after 5s fail-node 3"),
        Some("launch-node") => ("a node", "after 5s launch-node 3"),
        _ => return format!("unknown fault: {}", words.join(" ")),
    };
    format!("{} needs {needs}, such as: {example}", words[0])
}

impl fmt::Display for FaultAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultAction::FailNode(node) => write!(f, "data node {node} dies"),
            FaultAction::LaunchNode(node) => write!(f, "data node {node} is started again"),
            FaultAction::KillServer(None) => {
                f.write_str("the management servers die; the data nodes go on")
            }
            FaultAction::KillServer(Some(server)) => {
                write!(f, "management server {server} dies; the data nodes go on")
            }
            FaultAction::StartServer(None) => {
                f.write_str("the management servers are started again")
            }
            FaultAction::StartServer(Some(server)) => {
                write!(f, "management server {server} is started again")
            }
        }
    }
}

/// A command whose replies are late or missing; of one that nobody sends, nothing would be.
fn parse_command(words: &[&str]) -> Result<String, String> {
    let name = words.join(" ");
    match Request::is_name(&name) {
        true => Ok(name),
        false => Err(format!("{name} is no command of the management protocol")),
    }
}

fn parse_node(text: &str) -> Result<NodeId, String> {
    let id = text.parse().ok().and_then(NodeId::new);
    id.ok_or_else(|| format!("{text} is no node id"))
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let milliseconds = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => number.parse().ok(),
        (None, Some(number)) => number.parse().ok().and_then(|it: u64| it.checked_mul(1000)),
        (None, None) => None,
    };
    milliseconds
        .filter(|milliseconds| *milliseconds <= TIME_MAX)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("{text} is no time"))
}

fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 10),
        None => match text.strip_suffix(['M', 'm']) {
            Some(digits) => (digits, 20),
            None => match text.strip_suffix(['G', 'g']) {
                Some(digits) => (digits, 30),
                None => (text, 0),
            },
        },
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| format!("{text} is no size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_table_is_read() {
        let text = "after 5s fail-node 3 # first\n\
                    after 5s launch-node 3\n\
                    in-backup 200ms kill-server\n\
                    in-restart 2 50ms fail-node 3\n\
                    after 5s start-server\n\
                    slow-disk 2 64K\ndisk-full 2 1M\nlose-events 56\n\
                    late-reply 3s start backup\nno-reply get status\n\n";
        let plan = FaultPlan::parse(text).unwrap();
        assert_eq!(plan.timed.len(), 5);
        let after = Trigger::AfterStart(Duration::from_secs(5));
        assert_eq!(plan.timed[4], (after, FaultAction::StartServer(None)));
        let node = NodeId::new(2).unwrap();
        assert_eq!(
            plan.disks[&node],
            DiskLimits {
                bytes_per_second: Some(65536),
                capacity: Some(1 << 20)
            }
        );
        assert_eq!(plan.replies["get status"], ReplyFault::Missing);
    }

    #[test]
    fn a_bad_line_is_named() {
        let cases = [
            (
                "\nafter 5 fail-node 3",
                "fault script, line 2: 5 is no time",
            ),
            ("slow-disk 0 1K", "fault script, line 1: 0 is no node id"),
            (
                "disk-full 2 99999999999999G",
                "fault script, line 1: 99999999999999G is no size",
            ),
            ("explode", "fault script, line 1: unknown fault: explode"),
            (
                "no-reply get status now",
                "fault script, line 1: get status now is no command of the management protocol",
            ),
            (
                "late-reply 3s start bakup",
                "fault script, line 1: start bakup is no command of the management protocol",
            ),
            (
                "no-reply",
                "fault script, line 1: no-reply needs the command whose replies never come, such as: no-reply get status",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(FaultPlan::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn all_bad_lines_are_named_at_once() {
        let text = "explode\nlose-events 56\nno-reply\nslow-disk 2\n";
        let lines: Vec<usize> = FaultPlan::parse(text)
            .unwrap_err()
            .0
            .iter()
            .map(|error| error.line)
            .collect();
        assert_eq!(lines, [1, 3, 4]);
    }
}

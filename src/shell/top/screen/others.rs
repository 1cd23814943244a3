//! What is not in the table: management servers, API nodes and backups.

use std::time::Duration;

use ratatui::style::Style;

use crate::cluster::live::{LiveBackup, LiveNode, Snapshot};
use crate::cluster::{NodeId, NodeStatus, NodeType};
use crate::shell::render::{self, Look};

use super::numbers::UNKNOWN;
use super::paint::Pen;

/// Rows of backups at most, on a screen that has room and on one that has not.
const BACKUPS_MAX: u16 = 3;
const BACKUPS_FEW: u16 = 1;

/// How many rows the backups take where there are so many rows for nodes, backups and events.
pub(super) fn backup_rows(snapshot: &Snapshot, rows: u16) -> u16 {
    let most = if rows < 10 { BACKUPS_FEW } else { BACKUPS_MAX };
    u16::try_from(snapshot.backups.len())
        .unwrap_or(u16::MAX)
        .min(most)
}

/// Draws the running backups on so many rows; the last one tells of those without a row.
pub(super) fn draw_backups(pen: &mut Pen<'_>, snapshot: &Snapshot, (top, rows): (u16, u16)) {
    let backups = &snapshot.backups;
    let is_cut = backups.len() > usize::from(rows);
    let shown = usize::from(rows) - usize::from(is_cut && rows > 0);
    for (y, backup) in (top..).zip(backups.iter().take(shown)) {
        draw_backup(pen, y, backup, snapshot);
    }
    if is_cut && rows > 0 {
        let more = match shown {
            0 => format!("{} backups run", backups.len()),
            shown => format!(".. {} more backups run", backups.len() - shown),
        };
        pen.text((0, top + rows - 1), pen.width(), &more, Style::new());
    }
}

/// `Backup 6   ~43%   27.2 MiB   0:01:12   60,299 records   log 1.2 MiB   data nodes 2-5`
fn draw_backup(pen: &mut Pen<'_>, y: u16, backup: &LiveBackup, snapshot: &Snapshot) {
    /// As long as `~100%`, as `1023.9 GiB` and as `999:59:59`.
    const SHARE: u16 = 5;
    const BYTES: u16 = 10;
    const TIME: u16 = 9;
    /// As long as `9,999,999,999`, and as `1023.9 GiB`.
    const RECORDS: usize = 13;
    const LOG: usize = 10;

    let title = pen.style(Look::Special);
    let plain = Style::new();
    let name = format!("Backup {:<3}", backup.id);
    let mut x = pen.text((0, y), pen.width(), &name, title) + 1;
    // None if the clock was set back.
    let elapsed = backup
        .started
        .and_then(|started| Duration::try_from(snapshot.at.duration_since(started)).ok());
    let elapsed = elapsed.map_or(UNKNOWN.to_owned(), render::clock);
    for (text, width) in [
        (share(backup), SHARE),
        (render::bytes(backup.bytes), BYTES),
        (elapsed, TIME),
    ] {
        pen.right((x, y), width, &text, plain);
        x += width + 1;
    }
    // The rest, as far as there is room for all of a part.
    let records = render::grouped(backup.records);
    let log = render::bytes(backup.log_bytes);
    for part in [
        format!("{records:>RECORDS$} records"),
        format!(", log {log:>LOG$}"),
        format!(", from node {}", backup.starting_node),
        format!(", {}", of_nodes(&backup.nodes)),
    ] {
        if usize::from(pen.width().saturating_sub(x)) < part.len() {
            return;
        }
        x = pen.text((x, y), pen.width(), &part, plain);
    }
}

/// `~43%`: how much of a backup is done, as far as can be guessed.
fn share(backup: &LiveBackup) -> String {
    let percent = backup.estimated_total.and_then(|total| {
        let percent = u128::from(backup.bytes) * 100;
        percent.checked_div(u128::from(total))
    });
    match percent {
        Some(percent) if percent < 100 => format!("~{percent}%"),
        _ => UNKNOWN.to_owned(),
    }
}

fn of_nodes(nodes: &[NodeId]) -> String {
    match nodes {
        [node] => format!("data node {node}"),
        nodes => format!("data nodes {}", ranges(nodes.iter().copied())),
    }
}

/// How many rows management servers and API nodes take where there is room.
pub(super) fn other_rows(snapshot: &Snapshot) -> u16 {
    let has = |node_type| {
        let mut nodes = snapshot.nodes.iter();
        nodes.any(|live| live.node.node_type == node_type)
    };
    u16::from(has(NodeType::Mgm)) + u16::from(has(NodeType::Api))
}

/// Draws a row for the management servers and one for the API nodes.
pub(super) fn draw_others(pen: &mut Pen<'_>, snapshot: &Snapshot, mut y: u16) {
    for (node_type, title) in [(NodeType::Mgm, "MGM "), (NodeType::Api, "API ")] {
        let nodes = snapshot.nodes.iter();
        let mut nodes = nodes
            .filter(|live| live.node.node_type == node_type)
            .peekable();
        if nodes.peek().is_some() {
            let x = pen.text((0, y), pen.width(), title, pen.style(Look::Special));
            let room = pen.width().saturating_sub(x);
            pen.text((x, y), room, &others(nodes, room), Style::new());
            y += 1;
        }
    }
}

/// `1 at 10.0.0.1, 10 at 10.0.0.9; not connected: 11-15`, and what does not fit is cut.
fn others<'a>(nodes: impl Iterator<Item = &'a LiveNode>, room: u16) -> String {
    let mut text = String::new();
    let mut absent = Vec::new();
    for live in nodes {
        let node = &live.node;
        if node.status != NodeStatus::Connected {
            absent.push(node.node);
        } else if text.len() <= usize::from(room) {
            let comma = if text.is_empty() { "" } else { ", " };
            let address = node.address.as_deref().unwrap_or(UNKNOWN);
            let alone = if node.is_single_user {
                " (single user)"
            } else {
                ""
            };
            text.push_str(&format!("{comma}{} at {address}{alone}", node.node));
        }
    }
    if absent.is_empty() {
        return text;
    }
    let semicolon = if text.is_empty() { "" } else { "; " };
    let absent = ranges(absent.into_iter());
    format!("{text}{semicolon}not connected: {absent}")
}

/// `2-5, 7`
fn ranges(nodes: impl Iterator<Item = NodeId>) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for node in nodes.map(NodeId::get) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == node => *last = node,
            _ => ranges.push((node, node)),
        }
    }
    let ranges: Vec<String> = ranges
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first}, {last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    ranges.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_row_are_a_range() {
        let of = |ids: &[u32]| ranges(ids.iter().filter_map(|id| NodeId::new(*id)));
        assert_eq!(of(&[]), "");
        assert_eq!(of(&[7]), "7");
        assert_eq!(of(&[2, 3]), "2, 3");
        assert_eq!(of(&[2, 3, 4, 6, 254, 255]), "2-4, 6, 254, 255");
    }
}

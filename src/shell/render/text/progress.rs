//! How far a backup is, for standard error.

use std::time::Duration;

use jiff::Timestamp;

use crate::cluster::{BackupTotals, Event, EventBody};
use crate::shell::outcome::{Look, NodeProgress};

use super::event::grouped;

/// Bytes of a unit, largest first.
const UNITS: [(u64, &str); 4] = [
    (1 << 40, "TiB"),
    (1 << 30, "GiB"),
    (1 << 20, "MiB"),
    (1 << 10, "KiB"),
];

/// The live line of a data node.
pub(in crate::shell) fn render_node_progress(look: &Look, node: &NodeProgress) -> String {
    format!(
        "Node {}: backup {}, {}, {}/s, {}{}",
        node.node,
        look.id,
        written(node.totals),
        bytes(node.rate),
        clock(look.elapsed),
        estimate(node.estimate)
    )
}

/// A line for logs: all data nodes together.
pub(in crate::shell) fn render_look(look: &Look, now: Timestamp) -> String {
    let mut totals = BackupTotals::default();
    for node in &look.nodes {
        totals.bytes = totals.bytes.saturating_add(node.totals.bytes);
        totals.records = totals.records.saturating_add(node.totals.records);
    }
    let rate = look.nodes.iter().map(|node| node.rate).sum();
    let shares: Vec<u64> = look
        .nodes
        .iter()
        .filter_map(|node| node.estimate.map(u64::from))
        .collect();
    let share = match shares.as_slice() {
        [] => None,
        shares => u8::try_from(shares.iter().sum::<u64>() / shares.len() as u64).ok(),
    };
    let nodes = look.nodes.len();
    format!(
        "{} backup {}: {nodes} data node{}, {}, {}/s, {}{}\n",
        now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        look.id,
        if nodes == 1 { "" } else { "s" },
        written(totals),
        bytes(rate),
        clock(look.elapsed),
        estimate(share)
    )
}

/// A status event on one line.
pub(in crate::shell) fn render_folded(event: &Event) -> Option<String> {
    match event.body {
        EventBody::BackupStatus {
            starting_node,
            backup_id,
            totals,
        } if starting_node != 0 => Some(format!(
            "Node {}: backup {backup_id}, {}, {} log records, {} of log\n",
            event.source,
            written(totals),
            grouped(totals.log_records),
            bytes(totals.log_bytes)
        )),
        _ => None,
    }
}

fn written(totals: BackupTotals) -> String {
    let records = grouped(totals.records);
    format!("{records} records, {}", bytes(totals.bytes))
}

fn estimate(percent: Option<u8>) -> String {
    percent.map_or(String::new(), |percent| {
        format!(", about {percent} % (estimated)")
    })
}

/// `27.2 MiB`
pub(in crate::shell) fn bytes(count: u64) -> String {
    match UNITS.into_iter().find(|(unit, _)| count >= *unit) {
        Some((unit, name)) => {
            let tenths = u128::from(count) * 10 / u128::from(unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{count} B"),
    }
}

/// `1:02:03`
pub(in crate::shell) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::NodeId;

    #[test]
    fn a_look_at_a_backup_takes_a_line_a_node_or_one_in_all() {
        let of = |node, estimate| NodeProgress {
            node: NodeId::new(node).expect("a node id"),
            totals: BackupTotals {
                bytes: 3 << 20,
                records: 1_234_567,
                ..BackupTotals::default()
            },
            rate: 1536,
            estimate,
        };
        let look = Look {
            id: 6,
            elapsed: Duration::from_secs(3_723),
            nodes: vec![of(2, Some(40)), of(3, None)],
        };
        assert_eq!(
            render_node_progress(&look, &look.nodes[0]),
            "Node 2: backup 6, 1,234,567 records, 3.0 MiB, 1.5 KiB/s, 1:02:03, \
             about 40 % (estimated)"
        );
        assert_eq!(
            render_look(&look, Timestamp::UNIX_EPOCH),
            "1970-01-01T00:00:00Z backup 6: 2 data nodes, 2,469,134 records, 6.0 MiB, \
             3.0 KiB/s, 1:02:03, about 40 % (estimated)\n"
        );
    }
}

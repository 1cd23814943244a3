//! Which columns the table of data nodes has, and how wide they are.

use crate::cluster::live::{LiveNode, Snapshot};
use crate::cluster::state::Finding;
use crate::cluster::{Membership, NodeType};

use super::numbers::HUMAN_WIDTH;
use super::paint::{clean, columns};

/// A column of the table of data nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Id,
    Nodegroup,
    Version,
    Host,
    State,
    Phase,
    DataMemory,
    IndexMemory,
    Operations,
    Transactions,
    Aborts,
    Reads,
    Writes,
    Scans,
    Missed,
}

impl Column {
    /// What stands above it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Column::Id => "Id",
            Column::Nodegroup => "NG",
            Column::Version => "Version",
            Column::Host => "Host",
            Column::State => "State",
            Column::Phase => "Ph",
            Column::DataMemory => "Data",
            Column::IndexMemory => "Index",
            Column::Operations => "Ops/s",
            Column::Transactions => "Tx/s",
            Column::Aborts => "Aborts",
            Column::Reads => "Reads",
            Column::Writes => "Writes",
            Column::Scans => "Scans",
            Column::Missed => "Missed",
        }
    }

    /// True for words, which begin where their column does; numbers end where it does.
    pub(super) fn is_word(self) -> bool {
        match self {
            Column::Version | Column::Host | Column::State => true,
            Column::Id
            | Column::Nodegroup
            | Column::Phase
            | Column::DataMemory
            | Column::IndexMemory
            | Column::Operations
            | Column::Transactions
            | Column::Aborts
            | Column::Reads
            | Column::Writes
            | Column::Scans
            | Column::Missed => false,
        }
    }

    fn width(self) -> u16 {
        match self {
            Column::Id => 3,
            Column::Nodegroup => 2,
            // As long as `255.255.255`.
            Column::Version => 11,
            Column::Host => HOST_MIN,
            // As long as `shutting down`.
            Column::State => 13,
            Column::Phase => 3,
            Column::DataMemory => 4,
            Column::IndexMemory => 5,
            Column::Operations | Column::Transactions | Column::Reads | Column::Scans => {
                HUMAN_WIDTH
            }
            Column::Aborts | Column::Writes | Column::Missed => 6,
        }
    }
}

/// A column and how wide it is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) column: Column,
    pub(super) width: u16,
}

/// Below this, an address says too little.
const HOST_MIN: u16 = 9;

/// As long as an address of IPv6 can be.
const HOST_MAX: usize = 39;

/// A bar that shows something, one with brackets, a good one, and the widest.
const BARS: [u16; 4] = [8, 10, 14, 26];

/// What a table has to make room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand {
    /// Columns of the longest address, and of the longest number of a nodegroup.
    host: u16,
    nodegroup: u16,
    /// The nodes run different versions.
    is_mixed: bool,
}

impl Demand {
    /// What all data nodes need, so that columns stay where they are when rows scroll.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let nodes = || {
            let nodes = snapshot.nodes.iter();
            nodes.filter(|live| live.node.node_type == NodeType::Ndb)
        };
        let host = nodes().map(host_width).max().unwrap_or_default();
        let nodegroup = nodes().map(|live| match live.place {
            Membership::Of(nodegroup) if nodegroup.0 > 99 => 5,
            _ => Column::Nodegroup.width(),
        });
        let is_mixed = |finding: &Finding| matches!(finding, Finding::MixedVersions(_));
        Demand {
            host: u16::try_from(host.min(HOST_MAX)).unwrap_or(HOST_MIN),
            nodegroup: nodegroup.max().unwrap_or(Column::Nodegroup.width()),
            is_mixed: snapshot.findings.iter().any(is_mixed),
        }
    }
}

fn host_width(live: &LiveNode) -> usize {
    let address = live.node.address.as_deref();
    address.map_or(0, |address| columns(&clean(address)))
}

/// The columns that fit, in their order. The most important ones are given room first: what a node
/// is and does, then its memory, its rates, its address, and longer bars.
pub(super) fn placed(width: u16, demand: Demand) -> Vec<Placed> {
    let mut table = Table {
        columns: Vec::new(),
        room: width,
    };
    for column in [
        Column::Id,
        Column::Nodegroup,
        Column::State,
        Column::Phase,
        Column::DataMemory,
        Column::IndexMemory,
    ] {
        let width = match column {
            Column::Nodegroup => demand.nodegroup,
            column => column.width(),
        };
        table.add(column, width);
    }
    if demand.is_mixed {
        table.add(Column::Version, Column::Version.width());
    }
    for column in [
        Column::Operations,
        Column::Transactions,
        Column::Aborts,
        Column::Missed,
    ] {
        table.add(column, column.width());
    }
    let [short, framed, good, wide] = BARS;
    table.widen_bars(short);
    // An address is better cut than absent.
    let host = demand.host.min(table.room.saturating_sub(1));
    table.add(Column::Host, host.max(HOST_MIN));
    table.widen_bars(framed);
    table.widen_bars(good);
    for column in [Column::Reads, Column::Writes, Column::Scans] {
        table.add(column, column.width());
    }
    table.widen_bars(wide);
    table.columns.sort_by_key(|placed| placed.column as u8);
    table.columns
}

struct Table {
    columns: Vec<Placed>,
    room: u16,
}

impl Table {
    /// Adds a column if there is room for it, and a blank between it and the one before.
    fn add(&mut self, column: Column, width: u16) {
        let taken = width + u16::from(!self.columns.is_empty());
        if self.take(taken) {
            self.columns.push(Placed { column, width });
        }
    }

    /// Makes both bars so wide, if there is room.
    fn widen_bars(&mut self, width: u16) {
        let is_bar = |placed: &&mut Placed| {
            matches!(placed.column, Column::DataMemory | Column::IndexMemory)
        };
        let now: u16 = self
            .columns
            .iter_mut()
            .filter(is_bar)
            .map(|placed| placed.width)
            .sum();
        if self.take((2 * width).saturating_sub(now)) {
            self.columns
                .iter_mut()
                .filter(is_bar)
                .for_each(|placed| placed.width = width);
        }
    }

    /// Takes room. What does not fit leaves none for what weighs less.
    fn take(&mut self, width: u16) -> bool {
        let room = self.room.checked_sub(width);
        self.room = room.unwrap_or(0);
        room.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Demand = Demand {
        host: 12,
        nodegroup: 2,
        is_mixed: false,
    };

    fn titles(width: u16, demand: Demand) -> String {
        let titles = placed(width, demand);
        let titles: Vec<&str> = titles.iter().map(|placed| placed.column.title()).collect();
        titles.join(" ")
    }

    #[test]
    fn columns_come_by_their_weight_and_stand_in_their_order() {
        let mixed = Demand {
            is_mixed: true,
            ..PLAIN
        };
        for (width, demand, expected) in [
            (40, PLAIN, "Id NG State Ph Data Index"),
            (41, PLAIN, "Id NG State Ph Data Index Ops/s"),
            (40, mixed, "Id NG State Ph Data Index"),
            (47, mixed, "Id NG Version State Ph Data Index"),
            (
                80,
                PLAIN,
                "Id NG Host State Ph Data Index Ops/s Tx/s Aborts Missed",
            ),
            (
                200,
                mixed,
                "Id NG Version Host State Ph Data Index Ops/s Tx/s Aborts Reads Writes Scans Missed",
            ),
        ] {
            assert_eq!(titles(width, demand), expected, "{width}");
        }
    }

    #[test]
    fn no_table_is_wider_than_its_screen_or_loses_a_column_on_a_wider_one() {
        for demand in [
            PLAIN,
            Demand {
                host: 39,
                nodegroup: 5,
                is_mixed: true,
            },
        ] {
            let mut before = 0;
            for width in 0..=250 {
                let placed = placed(width, demand);
                let blanks = placed.len().saturating_sub(1);
                let taken: u16 = placed.iter().map(|placed| placed.width).sum();
                assert!(usize::from(taken) + blanks <= usize::from(width), "{width}");
                if width >= 40 {
                    assert!(placed.len() >= before, "{width}");
                    before = placed.len();
                }
            }
        }
    }
}

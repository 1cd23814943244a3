//! The table of data nodes.

use std::cmp::{Ordering, Reverse};

use ratatui::style::{Modifier, Style};

use crate::cluster::live::{Contact, LiveNode, Rates, Snapshot};
use crate::cluster::state::{Condition, MemoryUse, NodegroupHealth};
use crate::cluster::{Membership, NodeStatus, NodeType, Nodegroup};
use crate::shell::render::{self, Look};

use super::ScreenOptions;
use super::columns::{Column, Demand, Placed, placed};
use super::numbers::{UNKNOWN, bar, human, human_count};
use super::paint::{Pen, clean, columns};
use super::view::{Sort, View, Window};

/// Draws titles at a row, and below them so many rows: the last one says how many nodes are on no
/// row, if some are. How many data nodes there are, and how many are on the screen.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    (snapshot, nodegroups): (&Snapshot, &[NodegroupHealth]),
    view: &View,
    options: &ScreenOptions,
    (top, rows): (u16, u16),
) -> Window {
    let nodes = sorted(snapshot, view.sort);
    let is_cut = nodes.len() > usize::from(rows);
    let shown = match is_cut {
        true => usize::from(rows).saturating_sub(1).max(1),
        false => nodes.len(),
    };
    let window = Window {
        total: nodes.len(),
        shown,
    };
    let above = view.nodes_above.min(window.furthest());
    let table = Table {
        columns: placed(pen.width(), Demand::of(snapshot)),
        nodegroups,
        is_past: matches!(snapshot.contact, Contact::Lost { .. }),
        options,
    };
    table.draw_titles(pen, top);
    for (y, live) in (top + 1..).zip(nodes.iter().skip(above).take(shown)) {
        table.draw_row(pen, y, live);
    }
    if is_cut && rows > 1 {
        let below = window.furthest() - above;
        let style = pen.style(Look::Hint);
        let more = match (above, below) {
            (0, below) => format!(".. {below} more below"),
            (above, 0) => format!(".. {above} more above"),
            (above, below) => format!(".. {above} more above, {below} more below"),
        };
        pen.text((0, top + rows), pen.width(), &more, style);
    }
    window
}

/// The data nodes in an order.
fn sorted(snapshot: &Snapshot, sort: Sort) -> Vec<&LiveNode> {
    let nodes = snapshot.nodes.iter();
    let mut nodes: Vec<&LiveNode> = nodes
        .filter(|live| live.node.node_type == NodeType::Ndb)
        .collect();
    nodes.sort_by_key(|live| (place_order(live.place), live.node.node));
    match sort {
        Sort::Nodegroup => {}
        Sort::State => nodes.sort_by_key(|live| severity_order(live.node.status)),
        Sort::Memory => nodes.sort_by_key(|live| Reverse(fullest(live))),
        Sort::Operations => nodes.sort_by(|one, other| busier(operations(one), operations(other))),
    }
    nodes
}

/// By nodegroup, then those without one, then those of which it is not known.
fn place_order(place: Membership) -> (u8, Option<Nodegroup>) {
    match place {
        Membership::Of(nodegroup) => (0, Some(nodegroup)),
        Membership::None => (1, None),
        Membership::Unknown => (2, None),
    }
}

/// The farther from service, the earlier.
fn severity_order(status: NodeStatus) -> u8 {
    match status {
        NodeStatus::NoContact => 0,
        NodeStatus::Unknown => 1,
        NodeStatus::NotStarted => 2,
        NodeStatus::ShuttingDown => 3,
        NodeStatus::Restarting => 4,
        NodeStatus::Starting => 5,
        NodeStatus::Resume => 6,
        NodeStatus::SingleUserMode => 7,
        NodeStatus::Started | NodeStatus::Connected => 8,
    }
}

/// Ten-thousandths of the memory that is fuller; none if nothing is known.
fn fullest(live: &LiveNode) -> Option<u64> {
    let share = |memory: Option<MemoryUse>| {
        let memory = memory?;
        (u64::from(memory.used) * 10_000).checked_div(u64::from(memory.total))
    };
    share(known(live, live.data_memory)).max(share(known(live, live.index_memory)))
}

/// What a node that is there has reported: it says nothing once the node is gone.
fn known<T>(live: &LiveNode, reported: Option<T>) -> Option<T> {
    let is_gone = matches!(
        live.node.status,
        NodeStatus::NoContact | NodeStatus::Unknown
    );
    reported.filter(|_| !is_gone)
}

fn operations(live: &LiveNode) -> Option<f64> {
    known(live, live.rates)?.operations
}

/// The larger first, what is not known last.
fn busier(one: Option<f64>, other: Option<f64>) -> Ordering {
    let order = |rate: Option<f64>| rate.unwrap_or(f64::NEG_INFINITY);
    order(other).total_cmp(&order(one))
}

struct Table<'a> {
    columns: Vec<Placed>,
    /// By number.
    nodegroups: &'a [NodegroupHealth],
    /// Without contact, states are those that were seen last.
    is_past: bool,
    options: &'a ScreenOptions,
}

impl Table<'_> {
    fn draw_titles(&self, pen: &mut Pen<'_>, y: u16) {
        let style = Style::new().add_modifier(Modifier::REVERSED);
        pen.row_style(y, style);
        let mut x = 0;
        for Placed { column, width } in &self.columns {
            let title = match column {
                Column::State if self.is_past => "Last state",
                column => column.title(),
            };
            match column.is_word() {
                true => {
                    pen.text((x, y), *width, title, style);
                }
                false => pen.right((x, y), *width, title, style),
            }
            x += width + 1;
        }
    }

    fn draw_row(&self, pen: &mut Pen<'_>, y: u16, live: &LiveNode) {
        let mut x = 0;
        for Placed { column, width } in &self.columns {
            let (text, look) = self.cell(live, *column, *width);
            let style = look.map_or(Style::new(), |look| pen.style(look));
            // Addresses differ at their ends.
            let is_cut_left =
                *column == Column::Host && columns(&clean(&text)) > usize::from(*width);
            match column.is_word() && !is_cut_left {
                true => {
                    pen.text((x, y), *width, &text, style);
                }
                false => pen.right((x, y), *width, &text, style),
            }
            x += width + 1;
        }
    }

    fn cell(&self, live: &LiveNode, column: Column, width: u16) -> (String, Option<Look>) {
        let node = &live.node;
        let rate =
            |of: fn(Rates) -> Option<f64>| (human(known(live, live.rates).and_then(of)), None);
        match column {
            Column::Id => (node.node.to_string(), None),
            Column::Nodegroup => self.nodegroup(live.place),
            Column::Version => (
                node.version
                    .map_or(UNKNOWN.to_owned(), |version| version.to_string()),
                None,
            ),
            Column::Host => (node.address.as_deref().unwrap_or(UNKNOWN).to_owned(), None),
            Column::State => {
                let look = Look::of_status(node.status);
                (state(node.status).to_owned(), Some(look))
            }
            Column::Phase => match node.status {
                NodeStatus::Starting | NodeStatus::ShuttingDown => {
                    (node.start_phase.to_string(), Some(Look::Attention))
                }
                _ => (String::new(), None),
            },
            Column::DataMemory => self.memory(known(live, live.data_memory), width),
            Column::IndexMemory => self.memory(known(live, live.index_memory), width),
            Column::Operations => rate(|rates| rates.operations),
            Column::Transactions => rate(|rates| rates.transactions),
            Column::Aborts => rate(|rates| rates.aborts),
            Column::Reads => rate(|rates| rates.reads),
            Column::Writes => rate(|rates| rates.writes),
            Column::Scans => rate(|rates| rates.scans),
            Column::Missed => {
                let look = (live.missed_heartbeats > 0).then_some(Look::Attention);
                (human_count(live.missed_heartbeats), look)
            }
        }
    }

    fn nodegroup(&self, place: Membership) -> (String, Option<Look>) {
        match place {
            Membership::Of(nodegroup) => {
                let found = self
                    .nodegroups
                    .binary_search_by_key(&nodegroup, |health| health.nodegroup);
                let condition = found.map_or(Condition::Unknown, |index| {
                    self.nodegroups[index].condition()
                });
                let look = (condition != Condition::Ok).then(|| Look::of_condition(condition));
                (nodegroup.to_string(), look)
            }
            Membership::None => ("no".to_owned(), None),
            Membership::Unknown => (UNKNOWN.to_owned(), None),
        }
    }

    fn memory(&self, memory: Option<MemoryUse>, width: u16) -> (String, Option<Look>) {
        // No percentage of nothing.
        let Some(memory) = memory.filter(|memory| memory.total > 0) else {
            return (UNKNOWN.to_owned(), None);
        };
        let percent = memory.percent();
        let look = match percent {
            critical if critical >= u64::from(self.options.limits.critical) => Look::Bad,
            warning if warning >= u64::from(self.options.limits.warning) => Look::Attention,
            _ => Look::Good,
        };
        (bar(percent, usize::from(width)), Some(look))
    }
}

/// A state in a word or two, as SHOW has it.
fn state(status: NodeStatus) -> &'static str {
    match status {
        // The words of SHOW would be the longest by far.
        NodeStatus::SingleUserMode => "single user",
        status => render::state_words(status),
    }
}

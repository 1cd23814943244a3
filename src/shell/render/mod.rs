//! Values for their readers: [`text`] is what the prompt prints, [`json`] are objects for programs.
//!
//! Pure: no IO, no clock.

mod color;
pub(super) mod json;
mod monitor;
mod screen;
mod text;

pub(super) use color::{Look, color, color_hint, color_pages, color_saved_event, color_typed};
pub(super) use monitor::{render_nagios, render_nagios_failure, render_prometheus};
pub(super) use screen::{ENTER, LEAVE, Size, fit, redraw};
pub use text::render_parse_error;
pub(super) use text::*;

use crate::client::NodeState;
use crate::cluster::NodeType;

/// The dynamic id that marks the master: the least one of the connected data nodes, where the
/// president that was elected at the cluster's start has -1.
fn master_dynamic_id(nodes: &[NodeState]) -> Option<i32> {
    nodes
        .iter()
        .filter(|node| node.node_type == NodeType::Ndb && node.version.is_some())
        .filter_map(|node| node.dynamic_id)
        .min()
}

/// True if the node is the one that `master`, of [`master_dynamic_id`], marks.
fn is_master(node: &NodeState, master: Option<i32>) -> bool {
    node.node_type == NodeType::Ndb && master.is_some() && master == node.dynamic_id
}

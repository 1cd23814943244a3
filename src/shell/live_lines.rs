//! Lines on a terminal's standard error that tell how far a backup is.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cluster::NodeId;

use super::outcome::Look;
use super::render;

/// Lines on a terminal that are drawn anew and are gone at the end.
#[derive(Default)]
pub(super) struct LiveLines {
    lines: BTreeMap<NodeId, ProgressBar>,
    screen: Option<MultiProgress>,
}

impl LiveLines {
    /// Shows what has come of a backup.
    pub(super) fn show(&mut self, look: &Look) {
        let screen = self
            .screen
            .get_or_insert_with(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        for node in &look.nodes {
            let line = self.lines.entry(node.node).or_insert_with(|| {
                let plain = ProgressStyle::with_template("{msg}");
                let style = plain.unwrap_or_else(|_| ProgressStyle::default_bar());
                screen.add(ProgressBar::no_length().with_style(style))
            });
            line.set_message(render::render_node_progress(look, node));
        }
    }

    /// Writes something else in between.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.screen {
            Some(screen) => screen.suspend(write),
            None => write(),
        }
    }

    /// Takes the lines away.
    pub(super) fn end(&mut self) {
        for line in std::mem::take(&mut self.lines).into_values() {
            line.finish_and_clear();
        }
        self.screen = None;
    }
}

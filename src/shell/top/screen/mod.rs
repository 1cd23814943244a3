//! The screen of TOP: a snapshot and what its user chose, as cells of a terminal.
//!
//! Pure: no IO, no clock, no terminal. A terminal of [`WIDTH_MIN`] by [`HEIGHT_MIN`] shows the most
//! important of everything, a larger one more. What is not known is `-`, an estimate begins with
//! `~`, and nothing is told by colour alone.

mod columns;
mod events;
mod header;
mod help;
mod keys;
mod log;
mod nodes;
mod numbers;
mod others;
mod paint;
#[cfg(test)]
mod tests;
mod view;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::cluster::NodeType;
use crate::cluster::live::Snapshot;
use crate::cluster::state::MemoryLimits;

use header::Header;
use log::Log;
use paint::Pen;
use view::{Extent, View};

pub(in crate::shell) use view::{Key, Pressed};

/// Columns and rows of the smallest terminal that TOP has something to show on.
const WIDTH_MIN: u16 = 40;
const HEIGHT_MIN: u16 = 12;

/// From here on management servers and API nodes have rows of their own.
const OTHERS_FROM: (u16, u16) = (60, 20);

/// What does not change while the screen is shown.
#[derive(Debug, Clone)]
pub(in crate::shell) struct ScreenOptions {
    /// From which percentage on memory is a finding.
    pub(in crate::shell) limits: MemoryLimits,
    /// Colours are used.
    pub(in crate::shell) colored: bool,
    /// Where the clock of the one who looks goes.
    pub(in crate::shell) zone: TimeZone,
}

impl ScreenOptions {
    /// `2026-11-22 07:34:11`
    fn moment(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `07:34:11`
    fn clock(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        at.strftime("%H:%M:%S").to_string()
    }
}

/// What the screen shows, what it has heard, and what its user chose.
#[derive(Debug)]
pub(in crate::shell) struct Screen {
    options: ScreenOptions,
    view: View,
    /// The snapshot on the screen; none before the first.
    shown: Option<Snapshot>,
    log: Log,
    frozen: Option<Frozen>,
    extent: Extent,
}

/// What has come since the picture stands still.
#[derive(Debug, Default)]
struct Frozen {
    /// The last snapshot.
    next: Option<Snapshot>,
    log: Log,
    /// How many events were heard, those included that no log shows.
    heard: u64,
}

impl Screen {
    /// A screen that has nothing to show yet.
    pub(in crate::shell) fn new(options: ScreenOptions) -> Self {
        Screen {
            options,
            view: View::default(),
            shown: None,
            log: Log::default(),
            frozen: None,
            extent: Extent::default(),
        }
    }

    /// Takes the next snapshot, in the order of time.
    pub(in crate::shell) fn take(&mut self, snapshot: Snapshot) {
        match &mut self.frozen {
            Some(frozen) => {
                let heard = snapshot.events.len() as u64;
                let heard = heard.saturating_add(snapshot.lost);
                frozen.heard = frozen.heard.saturating_add(heard);
                frozen.log.add(&snapshot, self.view.least);
                frozen.next = Some(snapshot);
            }
            None => {
                let added = self.log.add(&snapshot, self.view.least);
                // Who has scrolled back goes on reading where he is.
                if self.view.events_below > 0 {
                    self.view.events_below += added;
                }
                self.shown = Some(snapshot);
            }
        }
    }

    /// Takes a key; what follows.
    pub(in crate::shell) fn press(&mut self, key: Key) -> Pressed {
        let pressed = self.view.press(key, self.extent);
        // There is no picture yet that could stand still.
        self.view.frozen &= self.shown.is_some();
        if self.view.frozen && self.frozen.is_none() {
            self.frozen = Some(Frozen::default());
        }
        if !self.view.frozen
            && let Some(frozen) = self.frozen.take()
        {
            self.log.append(frozen.log);
            self.view.events_below = 0;
            self.shown = frozen.next.or(self.shown.take());
        }
        pressed
    }

    /// Draws all of the buffer, which is empty.
    pub(in crate::shell) fn draw(&mut self, buffer: &mut Buffer) {
        let mut pen = Pen::new(buffer, self.options.colored);
        if pen.width() < WIDTH_MIN || pen.height() < HEIGHT_MIN {
            draw_too_small(&mut pen);
            return;
        }
        if self.view.help {
            help::draw(&mut pen);
            return;
        }
        match &self.shown {
            Some(snapshot) => self.extent = self.draw_snapshot(&mut pen, snapshot),
            None => {
                pen.text(
                    (0, 0),
                    pen.width(),
                    "Asking the management server ..",
                    Style::new(),
                );
                keys::draw(&mut pen, &self.view, Extent::default(), None);
            }
        }
    }

    fn draw_snapshot(&self, pen: &mut Pen<'_>, snapshot: &Snapshot) -> Extent {
        let frozen = self.frozen.as_ref();
        let nodegroups = snapshot.nodegroups();
        let header = Header::new(snapshot, &nodegroups, frozen, &self.options, pen.height());
        let rows = Rows::of(pen, snapshot, header.rows());
        header.draw(pen);
        let nodes = nodes::draw(
            pen,
            (snapshot, &nodegroups),
            &self.view,
            &self.options,
            (header.rows(), rows.nodes),
        );
        let mut y = header.rows() + 1 + rows.nodes;
        if rows.others > 0 {
            others::draw_others(pen, snapshot, y);
            y += rows.others;
        }
        others::draw_backups(pen, snapshot, (y, rows.backups));
        y += rows.backups;
        let (events, beyond) =
            events::draw(pen, &self.log, &self.view, &self.options, (y, rows.events));
        let extent = Extent {
            nodes,
            events,
            beyond,
        };
        let heard = frozen.map(|frozen| frozen.heard);
        keys::draw(pen, &self.view, extent, heard);
        extent
    }
}

/// How the rows of a screen are shared out.
struct Rows {
    nodes: u16,
    others: u16,
    backups: u16,
    events: u16,
}

impl Rows {
    /// Nodes come first, but a quarter of what there is to share is the events'.
    fn of(pen: &Pen<'_>, snapshot: &Snapshot, header: u16) -> Self {
        /// Two titles, and the keys.
        const FIXED: u16 = 3;
        let (width, height) = OTHERS_FROM;
        let others = match pen.width() >= width && pen.height() >= height {
            true => others::other_rows(snapshot),
            false => 0,
        };
        let room = pen.height().saturating_sub(header + FIXED + others);
        let backups = others::backup_rows(snapshot, room);
        let events_min = (room / 4).max(1);
        let wanted = u16::try_from(data_nodes(snapshot)).unwrap_or(u16::MAX);
        let nodes = wanted.min(room.saturating_sub(backups + events_min));
        Rows {
            nodes,
            others,
            backups,
            events: room.saturating_sub(backups + nodes),
        }
    }
}

fn data_nodes(snapshot: &Snapshot) -> usize {
    let nodes = snapshot.nodes.iter();
    nodes
        .filter(|live| live.node.node_type == NodeType::Ndb)
        .count()
}

/// One sentence, on as many rows as it takes.
fn draw_too_small(pen: &mut Pen<'_>) {
    let sentence = format!(
        "TOP needs {WIDTH_MIN}x{HEIGHT_MIN}, this terminal has {}x{}.",
        pen.width(),
        pen.height()
    );
    let room = usize::from(pen.width());
    let mut row = String::new();
    let mut y = 0;
    for word in sentence.split(' ') {
        if !row.is_empty() && row.len() + 1 + word.len() > room {
            pen.text((0, y), pen.width(), &row, Style::new());
            row.clear();
            y += 1;
        }
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(word);
    }
    pen.text((0, y), pen.width(), &row, Style::new());
}

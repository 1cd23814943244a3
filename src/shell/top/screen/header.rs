//! The rows above the nodes: how the cluster is, why, and how many nodes it has.

use std::cmp::Reverse;

use jiff::Timestamp;
use ratatui::style::{Modifier, Style};

use crate::cluster::live::{Contact, Snapshot};
use crate::cluster::state::{Condition, Grade, NodegroupHealth};
use crate::cluster::{NodeStatus, NodeType};
use crate::shell::render::{self, Look};

use super::paint::{Pen, columns};
use super::{Frozen, ScreenOptions};

/// From so many rows of a screen on, so many are for reasons at most; fewer where there are fewer
/// reasons.
const REASONS: [(u16, u16); 2] = [(30, 4), (20, 2)];

/// Below this, few words have to do.
const NARROW: u16 = 60;

/// Columns between what stands left and what stands right.
const GAP: usize = 2;

/// The header of a snapshot.
pub(super) struct Header<'a> {
    snapshot: &'a Snapshot,
    frozen: Option<&'a Frozen>,
    options: &'a ScreenOptions,
    /// Why the cluster is not OK, worst first.
    reasons: Vec<Reason>,
    /// How many of the reasons have a row.
    shown: u16,
}

/// Something in a line, the fullest text first.
struct Reason {
    texts: Vec<String>,
    look: Option<Look>,
}

impl<'a> Header<'a> {
    /// For a screen of so many rows.
    pub(super) fn new(
        snapshot: &'a Snapshot,
        nodegroups: &[NodegroupHealth],
        frozen: Option<&'a Frozen>,
        options: &'a ScreenOptions,
        height: u16,
    ) -> Self {
        let reasons = reasons(snapshot, nodegroups, options);
        let room = REASONS.iter().find(|(from, _)| height >= *from);
        let room = room.map_or(1, |(_, most)| *most);
        let wanted = u16::try_from(reasons.len()).unwrap_or(u16::MAX);
        Header {
            snapshot,
            frozen,
            options,
            reasons,
            shown: wanted.clamp(1, room),
        }
    }

    /// Rows that it takes.
    pub(super) fn rows(&self) -> u16 {
        2 + self.shown
    }

    /// Draws it on the first rows.
    pub(super) fn draw(&self, pen: &mut Pen<'_>) {
        draw_condition(pen, self.snapshot, self.frozen, self.options);
        let shown = usize::from(self.shown);
        for (index, reason) in self.reasons.iter().take(shown).enumerate() {
            let more = match self.reasons.len() - shown.min(self.reasons.len()) {
                more if more > 0 && index + 1 == shown => match pen.width() < NARROW {
                    true => format!(" (+{more})"),
                    false => format!(" (and {more} more)"),
                },
                _ => String::new(),
            };
            let room = usize::from(pen.width()).saturating_sub(more.len());
            let texts = &reason.texts;
            let text = texts.iter().find(|text| columns(text) <= room);
            let style = reason.look.map_or(Style::new(), |look| pen.style(look));
            let at = (0, 1 + index as u16);
            if let Some(text) = text.or(texts.last()) {
                let end = pen.text(at, room as u16, text, style);
                pen.text((end, at.1), pen.width(), &more, style);
            }
        }
        draw_counts(pen, 1 + self.shown, self.snapshot);
    }
}

/// `Cluster is OK    localhost:1186 (node 1)  2026-11-22 07:34:11`
fn draw_condition(
    pen: &mut Pen<'_>,
    snapshot: &Snapshot,
    frozen: Option<&Frozen>,
    options: &ScreenOptions,
) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let word = snapshot.condition.name();
    let look = pen.style(Look::of_condition(snapshot.condition));
    let end = pen.text((0, 0), pen.width(), "Cluster is ", bold);
    let end = pen.text((end, 0), pen.width(), word, bold.patch(look));
    let room = usize::from(pen.width() - end).saturating_sub(GAP);
    let (texts, style) = match frozen {
        Some(frozen) => (
            stands_still(snapshot, frozen, options),
            bold.patch(pen.style(Look::Attention)),
        ),
        None => (moves_on(snapshot, options), Style::new()),
    };
    if let Some(text) = texts.iter().find(|text| columns(text) <= room) {
        pen.right((0, 0), pen.width(), text, style);
    }
}

/// Server and time, the fullest text first.
fn moves_on(snapshot: &Snapshot, options: &ScreenOptions) -> Vec<String> {
    let moment = options.moment(snapshot.at);
    let clock = options.clock(snapshot.at);
    match &snapshot.contact {
        Contact::Held { server, id } => {
            let node = id.map_or(String::new(), |id| format!(" (node {id})"));
            vec![
                format!("{server}{node}  {moment}"),
                format!("{server}  {clock}"),
                clock,
            ]
        }
        Contact::Lost { .. } => vec![moment, clock],
    }
}

/// That the picture is not the present, the fullest text first.
fn stands_still(snapshot: &Snapshot, frozen: &Frozen, options: &ScreenOptions) -> Vec<String> {
    let clock = options.clock(snapshot.at);
    let heard = render::grouped(frozen.heard);
    let events = if frozen.heard == 1 { "event" } else { "events" };
    let now = match &frozen.next {
        Some(next) if next.condition != snapshot.condition => {
            format!(", {} now", next.condition.name())
        }
        _ => String::new(),
    };
    let moment = options.moment(snapshot.at);
    vec![
        format!("FROZEN since {moment}{now}, {heard} {events} since"),
        format!("FROZEN since {clock}{now}, {heard} {events}"),
        format!("FROZEN since {clock}"),
        format!("FROZEN at {clock}"),
        "FROZEN".to_owned(),
    ]
}

/// Why the cluster is not OK, worst first; or that nothing was found.
fn reasons(
    snapshot: &Snapshot,
    nodegroups: &[NodegroupHealth],
    options: &ScreenOptions,
) -> Vec<Reason> {
    if let Contact::Lost { since, reason } = &snapshot.contact {
        let since = options.moment_near(*since, snapshot.at);
        return vec![Reason {
            texts: vec![format!("No contact since {since}: {reason}")],
            look: Some(Look::Bad),
        }];
    }
    let mut broken: Vec<&NodegroupHealth> = nodegroups
        .iter()
        .filter(|nodegroup| nodegroup.condition() != Condition::Ok)
        .collect();
    broken.sort_by_key(|nodegroup| Reverse(nodegroup.condition()));
    let mut reasons: Vec<Reason> = broken.into_iter().map(of_nodegroup).collect();
    for finding in &snapshot.findings {
        let look = match finding.grade() {
            Grade::Ok => None,
            Grade::Warning => Some(Look::Attention),
            Grade::Critical | Grade::Unknown => Some(Look::Bad),
        };
        let texts = vec![render::render_finding(finding, options.limits)];
        reasons.push(Reason { texts, look });
    }
    if reasons.is_empty() && snapshot.condition == Condition::Ok {
        reasons.push(Reason {
            texts: vec![
                "All data nodes of all nodegroups are in service".to_owned(),
                "All data nodes are in service".to_owned(),
            ],
            look: None,
        });
    }
    reasons
}

/// As HEALTH says it.
fn of_nodegroup(nodegroup: &NodegroupHealth) -> Reason {
    let condition = nodegroup.condition();
    let (in_service, all) = (nodegroup.in_service(), nodegroup.size());
    let short = format!(
        "Nodegroup {}: {}, {in_service} of {all}",
        nodegroup.nodegroup,
        condition.name()
    );
    Reason {
        texts: vec![format!("{short} data nodes in service"), short],
        look: Some(Look::of_condition(condition)),
    }
}

/// How many nodes of each type there are, and how many of them are there.
fn draw_counts(pen: &mut Pen<'_>, y: u16, snapshot: &Snapshot) {
    let count = |node_type, is_there: fn(NodeStatus) -> bool| {
        let of_type = || {
            let nodes = snapshot.nodes.iter().map(|live| &live.node);
            nodes.filter(|node| node.node_type == node_type)
        };
        let there = of_type().filter(|node| is_there(node.status)).count();
        (there, of_type().count())
    };
    let (data, data_all) = count(NodeType::Ndb, NodeStatus::is_in_service);
    let is_connected = |status| status == NodeStatus::Connected;
    let (servers, servers_all) = count(NodeType::Mgm, is_connected);
    let (api, api_all) = count(NodeType::Api, is_connected);
    if snapshot.nodes.is_empty() {
        pen.text((0, y), pen.width(), "No node was seen yet", Style::new());
        return;
    }
    // Without contact that is how it was.
    let then = match snapshot.contact {
        Contact::Held { .. } => "",
        Contact::Lost { .. } => "Seen last: ",
    };
    let texts = [
        format!(
            "{then}Data nodes: {data} of {data_all} in service   Management servers: {servers} of \
             {servers_all}   API nodes: {api} of {api_all}"
        ),
        format!(
            "{then}NDB {data} of {data_all}, MGM {servers} of {servers_all}, API {api} of {api_all}"
        ),
        format!("{then}NDB {data}/{data_all} MGM {servers}/{servers_all} API {api}/{api_all}"),
    ];
    let room = usize::from(pen.width());
    let fitting = texts.iter().find(|text| text.len() <= room);
    if let Some(text) = fitting.or(texts.last()) {
        pen.text((0, y), pen.width(), text, Style::new());
    }
}

impl ScreenOptions {
    /// `07:34:11`, or with the date if it is not the day of `now`.
    fn moment_near(&self, at: Timestamp, now: Timestamp) -> String {
        let day = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
        match day(at) == day(now) {
            true => self.clock(at),
            false => self.moment(at),
        }
    }
}

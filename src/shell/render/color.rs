//! Colours for a terminal: states of nodes, severities and faults in finished text, and keywords in
//! what is typed and in the pages of HELP.
//!
//! Pure. A colour stands around words and changes none: a text without its escape sequences is the
//! text as it was.

use std::ops::Range;

use crate::cluster::state::Condition;
use crate::cluster::{NodeStatus, Severity};
use crate::command;

use super::text::state_words;

/// What stretches of text look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Look {
    /// As it should be.
    Good,
    /// On its way, or worth a look.
    Attention,
    /// Something is wrong.
    Bad,
    /// Neither good nor bad.
    Special,
    /// A word with a meaning in the grammar.
    Keyword,
    /// Not typed, only shown.
    Hint,
}

impl Look {
    /// The parameters of SGR (ECMA-48, 8.3.117): the eight colours that every terminal has.
    fn parameters(self) -> &'static str {
        match self {
            Look::Good => "32",
            Look::Attention => "33",
            Look::Bad => "31",
            Look::Special => "35",
            Look::Keyword => "1;36",
            Look::Hint => "2",
        }
    }

    pub(in crate::shell) fn of_status(status: NodeStatus) -> Look {
        match status {
            NodeStatus::Started | NodeStatus::Connected => Look::Good,
            NodeStatus::NotStarted
            | NodeStatus::Starting
            | NodeStatus::ShuttingDown
            | NodeStatus::Restarting => Look::Attention,
            NodeStatus::SingleUserMode | NodeStatus::Resume => Look::Special,
            NodeStatus::NoContact | NodeStatus::Unknown => Look::Bad,
        }
    }

    pub(in crate::shell) const fn of_condition(condition: Condition) -> Look {
        match condition {
            Condition::Ok => Look::Good,
            Condition::Degraded => Look::Attention,
            Condition::Offline | Condition::Unknown => Look::Bad,
        }
    }

    pub(in crate::shell) fn of_severity(severity: Severity) -> Look {
        match severity {
            Severity::Debug => Look::Special,
            Severity::Info => Look::Good,
            Severity::Warning => Look::Attention,
            Severity::Error | Severity::Critical | Severity::Alert => Look::Bad,
        }
    }
}

/// The states that texts name, each by its words.
const STATES: [NodeStatus; 8] = [
    NodeStatus::NoContact,
    NodeStatus::NotStarted,
    NodeStatus::Starting,
    NodeStatus::Started,
    NodeStatus::ShuttingDown,
    NodeStatus::Restarting,
    NodeStatus::SingleUserMode,
    NodeStatus::Unknown,
];

/// API nodes and management servers, whose state has a word in STATUS only.
const CONNECTED: &str = "connected";

/// How lines begin that tell of a fault, or warn of one.
const HEADS: [(&str, Look); 8] = [
    ("ERROR:", Look::Bad),
    ("Error:", Look::Bad),
    ("Invalid command:", Look::Bad),
    ("ndb_mgm: [Warning]", Look::Attention),
    ("Warning:", Look::Attention),
    ("Warning,", Look::Attention),
    ("Note:", Look::Special),
    ("Hint:", Look::Special),
];

/// How the texts of those events go on that the prompt shows and whose severity is
/// [`Severity::Alert`].
const ALERTS: [&str; 3] = [
    "Forced node shutdown completed",
    "has been aborted. Error:",
    "failed to start. Error:",
];

/// The text of a result, an event or a message.
pub(in crate::shell) fn color(text: &str) -> String {
    let mut colored = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        weave(
            line,
            spans_of_line(line.trim_end_matches('\n')),
            &mut colored,
        );
    }
    colored
}

/// A line of REPORT EventLog: the event is coloured that asks for a look or for action.
pub(in crate::shell) fn color_saved_event(line: &str, severity: Severity) -> String {
    let text = line.trim_end_matches('\n');
    // Behind the time, whose colons have no blank behind them, and the node.
    let from = text.find(": ").map_or(0, |at| at + ": ".len());
    let spans = match severity {
        Severity::Debug | Severity::Info => Vec::new(),
        Severity::Warning | Severity::Error | Severity::Critical | Severity::Alert => {
            vec![(from..text.len(), Look::of_severity(severity))]
        }
    };
    let mut colored = String::with_capacity(line.len() + 16);
    weave(line, spans, &mut colored);
    colored
}

/// The pages of HELP.
pub(in crate::shell) fn color_pages(text: &str) -> String {
    let mut colored = String::with_capacity(2 * text.len());
    let spans = command::keywords_of_page(text);
    let spans = spans.into_iter().map(|span| (span, Look::Keyword));
    weave(text, spans.collect(), &mut colored);
    colored
}

/// A line that is being typed.
pub(in crate::shell) fn color_typed(line: &str) -> String {
    let mut colored = String::with_capacity(2 * line.len());
    let spans = command::keywords(line);
    let spans = spans.into_iter().map(|span| (span, Look::Keyword));
    weave(line, spans.collect(), &mut colored);
    colored
}

/// What may still be typed.
pub(in crate::shell) fn color_hint(hint: &str) -> String {
    let mut colored = String::with_capacity(hint.len() + 8);
    weave(hint, vec![(0..hint.len(), Look::Hint)], &mut colored);
    colored
}

type Spans = Vec<(Range<usize>, Look)>;

/// Writes the text with its spans, which are in order, in their colours.
fn weave(text: &str, spans: Spans, out: &mut String) {
    let mut at = 0;
    for (span, look) in spans {
        out.push_str(&text[at..span.start]);
        out.push_str("\x1b[");
        out.push_str(look.parameters());
        out.push('m');
        out.push_str(&text[span.clone()]);
        out.push_str("\x1b[0m");
        at = span.end;
    }
    out.push_str(&text[at..]);
}

fn spans_of_line(line: &str) -> Spans {
    let from = line.len() - line.trim_start_matches(' ').len();
    let text = &line[from..];
    if let Some(rest) = after_node(text) {
        return spans_of_node(line, line.len() - rest.len());
    }
    if text.starts_with("id=") {
        return spans_of_show(line);
    }
    spans_of_message(line, from)
}

/// What follows `Node 2: `.
fn after_node(text: &str) -> Option<&str> {
    let (node, rest) = text.strip_prefix("Node ")?.split_once(": ")?;
    let is_id = !node.is_empty() && node.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then_some(rest)
}

/// STATUS: a state, and nothing else or more in parentheses. Else it is an event.
fn spans_of_node(line: &str, from: usize) -> Spans {
    let text = &line[from..];
    let words = text.split(" (").next().unwrap_or_default();
    let end = from + words.len();
    if let Some(look) = look_of_state(words) {
        return vec![(from..end, look)];
    }
    match ALERTS.iter().any(|alert| text.contains(alert)) {
        true => vec![(from..line.len(), Look::of_severity(Severity::Alert))],
        false => Vec::new(),
    }
}

fn look_of_state(words: &str) -> Option<Look> {
    let named = STATES.iter().find(|status| state_words(**status) == words);
    let status = named.copied();
    let status = status.or((words == CONNECTED).then_some(NodeStatus::Connected));
    status.map(Look::of_status)
}

/// SHOW: the states among what stands in parentheses, separated by commas.
fn spans_of_show(line: &str) -> Spans {
    let Some(open) = line.rfind('(') else {
        return Vec::new();
    };
    let mut spans = Vec::new();
    let mut at = open + 1;
    for part in line[at..].trim_end_matches(')').split(", ") {
        if let Some(look) = look_of_state(part) {
            spans.push((at..at + part.len(), look));
        }
        at += part.len() + ", ".len();
    }
    spans
}

fn spans_of_message(line: &str, from: usize) -> Spans {
    let text = &line[from..];
    let head = HEADS.iter().find(|(head, _)| text.starts_with(head));
    if let Some((head, look)) = head {
        return vec![(from..from + head.len(), *look)];
    }
    if let Some(number) = text.strip_prefix("* ") {
        let digits = number.trim_start_matches(' ').split_once(": ");
        let is_error = digits.is_some_and(|(digits, _)| digits.bytes().all(|b| b.is_ascii_digit()));
        return match is_error {
            true => vec![(from..line.len(), Look::Bad)],
            false => Vec::new(),
        };
    }
    spans_of_health(line, from).unwrap_or_else(|| spans_of_severities(line, from))
}

/// Words of HEALTH and OK TO STOP.
const CONDITIONS: [(&str, Look); 6] = [
    ("OK", Look::of_condition(Condition::Ok)),
    ("DEGRADED", Look::of_condition(Condition::Degraded)),
    ("OFFLINE", Look::of_condition(Condition::Offline)),
    ("UNKNOWN", Look::of_condition(Condition::Unknown)),
    ("yes", Look::Good),
    ("no", Look::Bad),
];

/// `Cluster is DEGRADED`, `Nodegroup 0: OK, 2 of 2 ..`, `UNKNOWN: ..` and `OK to stop node 2: no`.
fn spans_of_health(line: &str, from: usize) -> Option<Spans> {
    let text = &line[from..];
    let (start, rest) = if let Some(rest) = text.strip_prefix("Cluster is ") {
        (line.len() - rest.len(), rest)
    } else if text.starts_with("Nodegroup ") || text.starts_with("OK to stop ") {
        let (_, rest) = text.rsplit_once(": ")?;
        (line.len() - rest.len(), rest)
    } else if text.starts_with("UNKNOWN: ") {
        (from, text)
    } else {
        return None;
    };
    let word = rest.split([',', ':']).next()?;
    let (word, look) = CONDITIONS.iter().find(|(known, _)| *known == word)?;
    Some(vec![(start..start + word.len(), *look)])
}

/// `Severities enabled: INFO ..`, `INFO enabled` and `WARNING: ..`.
fn spans_of_severities(line: &str, from: usize) -> Spans {
    let text = &line[from..];
    let severity = |word: &str| Severity::ALL.into_iter().find(|found| found.name() == word);
    if let Some(names) = text.strip_prefix("Severities enabled: ") {
        let mut spans = Vec::new();
        let mut at = line.len() - names.len();
        for name in names.split(' ') {
            if let Some(severity) = severity(name) {
                spans.push((at..at + name.len(), Look::of_severity(severity)));
            }
            at += name.len() + 1;
        }
        return spans;
    }
    let end = text.find([' ', ':']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let is_about_it = rest.starts_with(':') || matches!(rest, " enabled" | " disabled");
    match severity(word).filter(|_| is_about_it) {
        Some(severity) => vec![(from..from + end, Look::of_severity(severity))],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Event, EventBody, EventKind, NodeId};

    /// With `<red:..>` for escape sequences.
    fn marked(text: &str) -> String {
        let mut marked = color(text).replace("\x1b[0m", ">");
        for (look, name) in [
            (Look::Good, "green"),
            (Look::Attention, "yellow"),
            (Look::Bad, "red"),
            (Look::Special, "magenta"),
        ] {
            let start = format!("\x1b[{}m", look.parameters());
            marked = marked.replace(&start, &format!("<{name}:"));
        }
        assert!(!marked.contains('\x1b'), "{marked:?}");
        marked
    }

    #[test]
    fn states_have_the_colour_of_their_meaning() {
        for (text, expected) in [
            (
                "Node 2: started (mysql-9.7.2 ndb-9.7.2)\n",
                "Node 2: <green:started> (mysql-9.7.2 ndb-9.7.2)\n",
            ),
            (
                "Node 3: starting (Last completed phase 4) (mysql-9.7.2 ndb-9.7.2)\n",
                "Node 3: <yellow:starting> (Last completed phase 4) (mysql-9.7.2 ndb-9.7.2)\n",
            ),
            ("Node 4: not connected\n", "Node 4: <red:not connected>\n"),
            ("Node 5: not started\n", "Node 5: <yellow:not started>\n"),
            (
                "id=2\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, shutting down, Nodegroup: 0, *)\n",
                "id=2\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, <yellow:shutting down>, Nodegroup: 0, *)\n",
            ),
            (
                "id=3 (not connected, accepting connect from any host)\n",
                "id=3 (<red:not connected>, accepting connect from any host)\n",
            ),
            (
                "id=3\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, single user mode, Nodegroup: 0)\n",
                "id=3\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, <magenta:single user mode>, Nodegroup: 0)\n",
            ),
        ] {
            assert_eq!(marked(text), expected);
        }
    }

    #[test]
    fn severities_and_faults_are_told_apart() {
        for (text, expected) in [
            (
                "Severities enabled: INFO WARNING ALERT \n",
                "Severities enabled: <green:INFO> <yellow:WARNING> <red:ALERT> \n",
            ),
            ("DEBUG disabled\n", "<magenta:DEBUG> disabled\n"),
            ("WARNING: a limit\n", "<yellow:WARNING>: a limit\n"),
            ("Cluster is OK\n", "Cluster is <green:OK>\n"),
            (
                "Cluster is UNKNOWN: why\n",
                "Cluster is <red:UNKNOWN>: why\n",
            ),
            ("UNKNOWN: why\n", "<red:UNKNOWN>: why\n"),
            (
                "Nodegroup 0: DEGRADED, 1 of 2 data nodes in service\n  Node 3: starting (last completed phase 4)\n",
                "Nodegroup 0: <yellow:DEGRADED>, 1 of 2 data nodes in service\n  Node 3: <yellow:starting> (last completed phase 4)\n",
            ),
            ("OK to stop node 2: no\n", "OK to stop node 2: <red:no>\n"),
            (
                "Backup failed\n*  3001: Could not start backup\n*        A reason\n",
                "Backup failed\n<red:*  3001: Could not start backup>\n*        A reason\n",
            ),
            ("Invalid command: SHWO\n", "<red:Invalid command:> SHWO\n"),
            (
                "Hint: did you mean SHOW?\n",
                "<magenta:Hint:> did you mean SHOW?\n",
            ),
        ] {
            assert_eq!(marked(text), expected);
        }
    }

    #[test]
    fn a_saved_event_has_the_colour_of_its_severity() {
        let line = "2026-11-30T21:20:11.000000Z Node 2: Redo status: 97% used\n";
        let yellow =
            "2026-11-30T21:20:11.000000Z Node 2: \u{1b}[33mRedo status: 97% used\u{1b}[0m\n";
        for (severity, shown) in [
            (Severity::Info, line.to_owned()),
            (Severity::Debug, line.to_owned()),
            (Severity::Warning, yellow.to_owned()),
            (Severity::Alert, yellow.replace("[33m", "[31m")),
        ] {
            assert_eq!(color_saved_event(line, severity), shown);
        }
    }

    #[test]
    fn words_that_are_no_states_stay_as_they_are() {
        for text in [
            "",
            "\n",
            "Waiting for started, this may take several minutes\n",
            "Node 2: Backup 6 started from node 1\n",
            "Node 2: Backup 6 started from node 1 completed\n",
            "Node x: started\n",
            "INFO about this\n",
            "started",
            "id=2",
            "* not a number: x\n",
            "Node 2: Started (version 9.7.2)\n",
        ] {
            assert_eq!(color(text), text);
        }
    }

    #[test]
    fn every_alert_at_the_prompt_is_red_and_no_other_event() {
        let source = NodeId::new(3).expect("an id");
        let mut told = 0;
        for kind in EventKind::all() {
            let body = EventBody::Other {
                kind,
                words: vec![1; 16],
            };
            let Some(text) = (Event { source, body }).render_prompt() else {
                continue;
            };
            told += 1;
            let is_alert = kind.severity() == Severity::Alert;
            assert_eq!(color(&text) != text, is_alert, "{text}");
        }
        assert!(told >= 10, "{told}");
    }
}

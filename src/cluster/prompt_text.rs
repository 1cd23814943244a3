//! Events as the prompt shows them (management protocol, 6.4).

use super::event::Event;
use super::event_kind::EventKind;
use super::event_text as text;
use super::event_words::Words;
use super::{ErrorNumber, Version};

impl Event {
    /// `Node n: ` and the text at the prompt, or `None` for events that the prompt leaves
    /// out. Some differ from the cluster log's texts: a completed backup takes four lines
    /// here, and the reason of an abort follows its number.
    pub fn render_prompt(&self) -> Option<String> {
        let (kind, words) = self.body.parts();
        let d = Words(&words);
        let text = match kind {
            EventKind::BACKUP_STARTED
            | EventKind::BACKUP_STATUS
            | EventKind::NODE_STOP_STARTED
            | EventKind::NODE_STOP_ABORTED
            | EventKind::NODE_STOP_COMPLETED => kind.text(&words),
            EventKind::MEMORY_USAGE if d[1] != 0 => kind.text(&words),
            EventKind::BACKUP_FAILED_TO_START => {
                kind.text(&words) + &text::error_and_reason(ErrorNumber(d[2]))
            }
            EventKind::BACKUP_ABORTED => {
                kind.text(&words) + &text::error_and_reason(ErrorNumber(d[3]))
            }
            EventKind::BACKUP_COMPLETED => text::backup_completed_at_prompt(d),
            EventKind::NODE_START_STARTED => {
                format!("Start initiated (version {})", Version(d[1]))
            }
            EventKind::NODE_START_COMPLETED => format!("Started (version {})", Version(d[1])),
            EventKind::NODE_STOP_FORCED => text::stop_forced_at_prompt(d),
            _ => return None,
        };
        Some(format!("Node {}: {text}", self.source))
    }
}

//! Why commands failed.

use serde::Serialize;

use crate::cluster::EventBody;
use crate::shell::outcome::{Failure, FailureKind};
use crate::shell::render::{render_advice, render_failure};

/// Why a command, or a part of it, failed.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Error"))]
pub(super) struct ErrorReport {
    /// What a program can tell apart.
    kind: FailureKind,
    /// Number of the error, of the management client, the server or a data node; null if it has
    /// none.
    number: Option<u32>,
    /// What failed, and why.
    message: String,
    /// What to do next; null if there is nothing to say.
    advice: Option<String>,
}

impl ErrorReport {
    /// A failure, with what standard error says about it.
    pub(super) fn of(failure: &Failure, advice: &str) -> Self {
        let (number, message) = told(failure);
        let advice = on_one_line(advice);
        ErrorReport {
            kind: failure.kind(),
            number,
            advice: Some(advice).filter(|advice| !advice.is_empty() && *advice != message),
            message,
        }
    }
}

fn told(failure: &Failure) -> (Option<u32>, String) {
    match failure {
        Failure::Request { error, .. } | Failure::Unreachable { error, .. } => {
            (Some(error.number()), error.to_string())
        }
        Failure::BackupUnheard(error) => (
            Some(error.number()),
            format!("no event connection, so nothing was started: {error}"),
        ),
        Failure::BackupAborted { id, event } => {
            let error = match &event.body {
                EventBody::BackupAborted { error, .. } => Some(*error),
                _ => None,
            };
            let reason = error.map_or(String::new(), |error| format!(": {}", error.text()));
            (
                error.map(|error| error.0),
                format!("backup {id} was aborted{reason}"),
            )
        }
        Failure::ConnectionLost => (None, "the connection was lost".to_owned()),
        failure => {
            let shown = on_one_line(&render_failure(failure));
            let said = match shown.is_empty() {
                true => on_one_line(&render_advice(failure)),
                false => shown,
            };
            match said.is_empty() {
                true => (None, "interrupted".to_owned()),
                false => (None, said),
            }
        }
    }
}

/// Lines as one sentence, without the word that begins them on standard error.
fn on_one_line(text: &str) -> String {
    let text = text.trim().trim_start_matches("Error: ");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

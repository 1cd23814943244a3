//! The word that was probably meant.

use crate::cluster::{EventCategory, ReportKind};

use super::ast::ItemError;
use super::error::ParseErrorKind;
use super::keyword::Keyword;
use super::nearest::{did_you_mean, nearest};
use super::syntax::{self, Next};
use super::text::{body, words};

/// A hint about `word`, which stands behind `before` where `next` was expected, and before
/// `after`.
pub(super) fn advice(
    before: &str,
    word: &str,
    after: &str,
    kind: ParseErrorKind,
    next: &[Next],
) -> Option<String> {
    let candidates: Vec<&'static str> = next.iter().filter_map(|next| next.word()).collect();
    if word.is_empty() {
        let is_told = matches!(
            kind,
            ParseErrorKind::BackupOption
                | ParseErrorKind::AnotherWordExpected
                | ParseErrorKind::SecondsExpected
        );
        let what: Vec<&str> = match kind {
            ParseErrorKind::BackupOption => candidates,
            _ => next.iter().map(|next| next.text()).collect(),
        };
        return (is_told && !what.is_empty())
            .then(|| format!("the command goes on with {}", what.join(" or ")));
    }
    if word.contains(';') && !word.contains(['\'', '"']) {
        return Some("a line is one command: semicolons do not separate commands".into());
    }
    let particular = match kind {
        ParseErrorKind::BackupOption => backup_advice(before, word, &candidates),
        ParseErrorKind::PasswordNotQuoted if is_redacted(word) => Some(
            "the history hides passwords: write yours in quotes where the asterisks are".into(),
        ),
        ParseErrorKind::PasswordNotQuoted => {
            Some("write PASSWORD='..' or PASSWORD=\"..\", without blanks before the quote".into())
        }
        ParseErrorKind::ClusterLogArgumentUnknown if word.contains('=') => Some(format!(
            "write ALL CLUSTERLOG {word}, or <node id> CLUSTERLOG {word}"
        )),
        ParseErrorKind::NotACommand if before.trim().is_empty() => command_advice(word, after),
        ParseErrorKind::NotACommand if Keyword::Start.is(before.trim()) => {
            nodes_first(Keyword::Start.text(), &format!("{word} {after}"))
        }
        ParseErrorKind::ReportTypeUnknown => report_advice(word),
        ParseErrorKind::NotANodeCommand => node_command_advice(word),
        ParseErrorKind::DumpWordIllegal if word.starts_with('0') => {
            Some("write the number without leading zeros, or as 0x..".into())
        }
        ParseErrorKind::OptionRepeated => Some("each kind of option can be given once".into()),
        _ => None,
    };
    particular
        .or_else(|| nearest(word, &candidates).map(did_you_mean))
        .or_else(|| expected_instead(kind, next))
}

/// What may stand where another word does.
fn expected_instead(kind: ParseErrorKind, next: &[Next]) -> Option<String> {
    let is_told = matches!(
        kind,
        ParseErrorKind::AnotherWordExpected | ParseErrorKind::SecondsExpected
    );
    let what: Vec<&str> = next.iter().map(|next| next.text()).collect();
    (is_told && !what.is_empty()).then(|| format!("expected here: {}", what.join(" or ")))
}

fn backup_advice(before: &str, word: &str, candidates: &[&str]) -> Option<String> {
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("the backup id stands directly after BACKUP".into());
    }
    let after_encrypt = words(before)
        .last()
        .is_some_and(|last| Keyword::Encrypt.is(last));
    let starts_password = word
        .get(..Keyword::Password.text().len())
        .is_some_and(|start| Keyword::Password.is(start));
    if starts_password {
        return Some(match after_encrypt {
            true => "write PASSWORD='..' without blanks around the equals sign".into(),
            false => "PASSWORD='..' stands directly after ENCRYPT".into(),
        });
    }
    let known = |key: &Keyword| key.is(word) && !candidates.contains(&key.text());
    [
        Keyword::Encrypt,
        Keyword::Wait,
        Keyword::Nowait,
        Keyword::SnapshotStart,
        Keyword::SnapshotEnd,
    ]
    .iter()
    .any(known)
    .then(|| "each kind of option can be given once".into())
}

/// True for a password as the history has it.
fn is_redacted(word: &str) -> bool {
    let value = word.get(Keyword::Password.text().len()..);
    value.is_some_and(|value| value.starts_with("=***"))
}

/// Reports may be misspelt in whole or in their first word.
fn report_advice(word: &str) -> Option<String> {
    let first = words(word).next()?;
    let is_meant = |kind: &ReportKind| nearest(first, &[kind.name(), kind.words().0]).is_some();
    let meant = ReportKind::ALL.into_iter().find(is_meant)?;
    Some(did_you_mean(meant.name()))
}

/// A node command with its nodes behind it. Further words are not repeated, they could be
/// anything.
fn nodes_first(command: &str, after: &str) -> Option<String> {
    let is_node =
        |word: &&str| Keyword::All.is(word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let mut rest = words(body(after)).peekable();
    let mut line: Vec<&str> = Vec::new();
    while let Some(node) = rest.next_if(is_node) {
        line.push(node);
    }
    if line.is_empty() {
        return None;
    }
    line.push(command);
    line.extend(rest.peek().map(|_| ".."));
    Some(format!("nodes stand first: {}", line.join(" ")))
}

/// Node commands need a node.
fn command_advice(word: &str, after: &str) -> Option<String> {
    let command = syntax::next("ALL")
        .into_iter()
        .filter_map(Next::word)
        .find(|command| command.eq_ignore_ascii_case(word))?;
    nodes_first(command, after)
        .or_else(|| Some(format!("write ALL {command}, or <node id> {command}")))
}

/// Other commands have none.
fn node_command_advice(word: &str) -> Option<String> {
    let command = syntax::next("")
        .into_iter()
        .filter_map(Next::word)
        .find(|command| command.eq_ignore_ascii_case(word))?;
    Some(format!("{command} stands alone, without a node"))
}

impl ItemError {
    /// A hint for the user, to be printed on stderr: `did you mean BACKUP?`
    pub fn advice(&self) -> Option<String> {
        match self {
            ItemError::UnknownSeverity(word) => {
                nearest(word, &syntax::severity_words()).map(did_you_mean)
            }
            ItemError::UnknownCategory { category, .. } => {
                let names: Vec<&str> = EventCategory::named().map(EventCategory::name).collect();
                nearest(category, &names).map(did_you_mean)
            }
            ItemError::NotALevel(_) => Some("write <category>=<level>, as BACKUP=15".into()),
            ItemError::LevelOutOfRange { .. } => Some("a level is a number from 0 to 15".into()),
        }
    }
}

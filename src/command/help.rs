//! The help pages, made from the table of syntaxes.

use std::fmt::Write;

use super::ast::HelpTopic;
use super::keyword::Keyword;
use super::pages;
use super::syntax::{SYNTAXES, Syntax};
use super::text::words;

/// Help: the overview, or the pages of a topic. Complete lines.
pub fn help(topic: Option<&HelpTopic>) -> String {
    match topic {
        Some(topic) => pages_of(&topic.0).expect("HelpTopic::new found a page"),
        None => overview(),
    }
}

impl HelpTopic {
    /// A topic that has a page: the beginning of a command (`START BACKUP`, or `START` for all
    /// that begin so), with or without the node before it, or any keyword (`SNAPSHOTSTART`), in
    /// any case.
    pub fn new(text: &str) -> Option<Self> {
        let upper: Vec<String> = words(text).map(str::to_ascii_uppercase).collect();
        let topic = upper.join(" ");
        pages_of(&topic).is_some().then_some(HelpTopic(topic))
    }
}

fn pages_of(topic: &str) -> Option<String> {
    let mut topic: Vec<&str> = words(topic).collect();
    if let [word] = topic.as_slice()
        && Keyword::All.is(word)
    {
        return Some(pages::NODES.to_owned());
    }
    let is_target =
        |word: &str| Keyword::All.is(word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let targets = topic.iter().take_while(|word| is_target(word)).count();
    topic.drain(..targets);
    if topic.is_empty() {
        return None;
    }
    let found = of_command(&topic);
    let found = match topic.as_slice() {
        [word] if found.is_empty() => mentioning(word),
        _ => found,
    };
    let pages: Vec<String> = found.into_iter().map(page).collect();
    (!pages.is_empty()).then(|| pages.join("\n"))
}

/// The commands that begin with these words.
fn of_command(topic: &[&str]) -> Vec<&'static Syntax> {
    let begins = |syntax: &&Syntax| {
        topic.len() <= syntax.words.len()
            && syntax
                .words
                .iter()
                .zip(topic)
                .all(|(keyword, word)| keyword.is(word))
    };
    SYNTAXES.iter().filter(begins).collect()
}

/// The commands in which this keyword has a place.
fn mentioning(word: &str) -> Vec<&'static Syntax> {
    if !Keyword::ALL.iter().any(|keyword| keyword.is(word)) {
        return Vec::new();
    }
    let mentions = |syntax: &&Syntax| {
        syntax
            .usage
            .split(|c: char| !c.is_ascii_alphabetic())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    SYNTAXES.iter().filter(mentions).collect()
}

fn page(syntax: &Syntax) -> String {
    format!(
        "{}\n\n  {}\n\n{}",
        syntax.usage, syntax.summary, syntax.page
    )
}

fn overview() -> String {
    let mut text = String::from(pages::OVERVIEW_START);
    for syntax in &SYNTAXES {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}\n    {}", syntax.usage, syntax.summary);
    }
    text.push_str(pages::OVERVIEW_END);
    text
}

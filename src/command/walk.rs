//! Tests that hold the table of syntaxes, the grammar, the help and GRAMMAR.md together.

use std::collections::BTreeSet;

use crate::cluster::EventCategory;

use super::keyword::Keyword;
use super::syntax::{Next, SYNTAXES, next};
use super::{HelpTopic, help, parse};

const GRAMMAR: &str = include_str!("../../GRAMMAR.md");

const SOURCES: [&str; 7] = [
    include_str!("grammar/mod.rs"),
    include_str!("grammar/lexical.rs"),
    include_str!("grammar/backup.rs"),
    include_str!("grammar/general.rs"),
    include_str!("grammar/node.rs"),
    include_str!("grammar/log.rs"),
    include_str!("grammar/care.rs"),
];

/// Something of the kind that the table names.
fn sample(next: Next) -> String {
    match next.text() {
        "PASSWORD='" => "PASSWORD='a b'".into(),
        "<backup id>" => "7".into(),
        "<node id>" => "2".into(),
        "<node id>,<node id>.." => "2,3".into(),
        "<nodegroup>" => "0".into(),
        "<number>" => "1000".into(),
        "<seconds>" => "1".into(),
        "<program>" => "less".into(),
        "<connect string>" => "localhost:1186".into(),
        "<text>" => "ndb>".into(),
        level if level.ends_with('=') => format!("{level}15"),
        word => word.into(),
    }
}

/// Every line that the table leads to, up to this many words.
fn lines(words: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..words {
        last = last
            .iter()
            .flat_map(|line| {
                next(line)
                    .into_iter()
                    .map(move |next| format!("{line}{} ", sample(next)))
            })
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

#[test]
fn the_grammar_takes_every_line_of_the_table() {
    for line in lines(5) {
        if let Err(error) = parse(&line) {
            assert!(
                error.span().start >= line.trim_end().len(),
                "{line}: {error:?}"
            );
            assert!(!error.expected().is_empty(), "{line}: {error:?}");
        }
    }
}

#[test]
fn every_keyword_is_completed() {
    let offered: BTreeSet<&str> = lines(4)
        .iter()
        .flat_map(|line| next(line))
        .map(|next| next.text().trim_end_matches("='"))
        .collect();
    for keyword in Keyword::ALL {
        assert!(offered.contains(keyword.text()), "{}", keyword.text());
    }
}

fn page_of(topic: &str) -> String {
    help(Some(&HelpTopic::new(topic).expect(topic)))
}

#[test]
fn every_keyword_is_in_the_help() {
    let overview = help(None);
    for keyword in Keyword::ALL.map(Keyword::text) {
        assert!(overview.contains(keyword), "{keyword} in the overview");
        let page = page_of(keyword);
        assert!(page.contains(keyword), "HELP {keyword}");
    }
    let levels = page_of("CLUSTERLOG");
    for category in EventCategory::named() {
        assert!(levels.contains(category.name()), "{category}");
    }
}

#[test]
fn every_command_has_a_page_of_its_own() {
    for syntax in &SYNTAXES {
        let words: Vec<&str> = syntax.words.iter().map(|word| word.text()).collect();
        let page = page_of(&words.join(" "));
        assert!(page.contains(syntax.page), "{}", syntax.usage);
        assert!(syntax.usage.contains(&words.join(" ")), "{}", syntax.usage);
        for line in syntax.page.lines().chain([syntax.summary]) {
            assert!(line.len() <= 80, "{line}");
        }
    }
}

#[test]
fn the_page_of_start_backup_states_the_password_rules() {
    let page = page_of("start backup");
    for rule in ["256", "printable ASCII", "! ' \" $ % \\ ^", "quotes"] {
        assert!(page.contains(rule), "{rule}");
    }
}

/// The productions in the doc comments: fenced blocks of `///` lines.
fn productions() -> Vec<String> {
    let mut found = Vec::new();
    for source in SOURCES {
        let mut block: Option<String> = None;
        for line in source.lines() {
            let Some(text) = line.trim_start().strip_prefix("///") else {
                continue;
            };
            let text = text.strip_prefix(' ').unwrap_or(text);
            match (text, &mut block) {
                ("```text", None) => block = Some(String::new()),
                ("```", Some(_)) => found.extend(block.take()),
                (text, Some(block)) => *block += &format!("{text}\n"),
                (_, None) => (),
            }
        }
    }
    found
}

#[test]
fn grammar_md_has_every_production() {
    let productions = productions();
    assert!(productions.len() > 40);
    for production in &productions {
        assert!(GRAMMAR.contains(production), "{production}");
    }
    for keyword in Keyword::ALL.map(Keyword::text) {
        let quoted = format!("\"{keyword}");
        assert!(GRAMMAR.contains(&quoted), "{keyword}");
    }
}

#[test]
fn every_name_of_a_production_is_defined() {
    let text = productions().concat();
    let defined: BTreeSet<&str> = text
        .lines()
        .filter(|line| !line.starts_with([' ', '|']))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name.trim()))
        .collect();
    for line in text.lines() {
        let line = line.split(';').next().unwrap_or_default();
        let names = without_literals(line);
        for name in names
            .split(|c: char| !(c.is_ascii_lowercase() || c == '-'))
            .filter(|name| name.len() > 1)
        {
            assert!(defined.contains(name), "{name} in: {line}");
        }
    }
}

/// The line without quoted literals and `? .. ?` descriptions.
fn without_literals(line: &str) -> String {
    let mut out = String::new();
    let mut inside: Option<char> = None;
    for c in line.chars() {
        match inside {
            Some(end) if c == end => inside = None,
            Some(_) => (),
            None if matches!(c, '"' | '\'' | '?') => inside = Some(c),
            None => out.push(c),
        }
    }
    out
}

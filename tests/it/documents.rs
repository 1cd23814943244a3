//! The documents hold what the code cites.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::layers::sources;

/// How the code calls a document, and its file.
const DOCUMENTS: [(&str, &str); 2] = [
    ("management protocol, ", "docs/protocol.md"),
    ("backup format, ", "docs/backup-format.md"),
];

/// What the headings of a document can be cited by: their numbers, and names in backticks of
/// those without one.
struct Headings {
    numbers: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Headings {
    fn of(file: &str) -> Headings {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = fs::read_to_string(path).expect("a document");
        let mut found = Headings {
            numbers: BTreeSet::new(),
            names: BTreeSet::new(),
        };
        for line in text.lines().filter(|line| line.starts_with("##")) {
            let title = line.trim_start_matches('#').trim();
            let number = title.split(' ').next().unwrap_or_default();
            let number = number.trim_end_matches('.');
            if number.starts_with(|first: char| first.is_ascii_digit()) {
                let is_new = found.numbers.insert(number.to_owned());
                assert!(is_new, "{file} has {number} twice");
            } else {
                found.names.extend(title.split(", ").map(str::to_owned));
            }
        }
        found
    }

    fn has(&self, cited: &str) -> bool {
        self.numbers.contains(cited) || self.names.contains(cited)
    }
}

/// The comments of a source as one line of text.
fn comments(code: &str) -> String {
    let lines = code.lines().map(str::trim_start);
    let comments = lines.filter_map(|line| line.strip_prefix("//"));
    let texts = comments.map(|line| line.trim_start_matches(['/', '!']).trim());
    texts.collect::<Vec<_>>().join(" ")
}

/// What is cited at the start of this text: `3.2`, `6.5 and 6.6`, `7.1, 7.4 and 9.1`, `` `get status` ``.
fn cited(mut text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(quoted) = text.strip_prefix('`') {
        return vec![quoted.split('`').next().unwrap_or_default().to_owned()];
    }
    loop {
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let number = text[..end.unwrap_or(text.len())].trim_end_matches('.');
        if number.is_empty() {
            return found;
        }
        found.push(number.to_owned());
        text = &text[number.len()..];
        let next = [", ", " and ", " or ", " to "];
        match next.iter().find_map(|word| text.strip_prefix(word)) {
            Some(rest) => text = rest,
            None => return found,
        }
    }
}

#[test]
fn lists_of_numbers_are_understood() {
    for (text, numbers) in [
        ("3.2).", &["3.2"][..]),
        ("4.", &["4"]),
        ("6.5 and 6.6) and more", &["6.5", "6.6"]),
        ("7.1, 7.4 and 9.1)", &["7.1", "7.4", "9.1"]),
        ("7.4, points 2 to 6 and 10)", &["7.4"]),
        ("`dump state`)", &["dump state"]),
        ("one for one", &[]),
    ] {
        assert_eq!(cited(text), numbers, "{text}");
    }
}

#[test]
fn every_cited_number_is_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = DOCUMENTS.map(|(name, file)| (name, file, Headings::of(file)));
    let mut count = 0;
    let mut missing = Vec::new();
    for directory in ["src", "tests", "benches", "examples", "fuzz/fuzz_targets"] {
        for path in sources(&root.join(directory)) {
            let text = comments(&fs::read_to_string(&path).expect("UTF-8 source"));
            for (name, file, headings) in &documents {
                for rest in text.split(name).skip(1) {
                    for cited in cited(rest) {
                        count += 1;
                        if !headings.has(&cited) {
                            missing.push(format!("{}: {file} has no {cited}", path.display()));
                        }
                    }
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(count >= 100, "only {count} citations were found");
}

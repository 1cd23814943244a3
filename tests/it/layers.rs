//! Dependencies point down only: what each module may use of the crate.

use std::fs;
use std::path::{Path, PathBuf};

/// Module, and what it may name after `crate::`.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("cluster", &[]),
    ("command", &["cluster"]),
    ("wire", &["cluster"]),
    ("client", &["wire", "tls", "cluster"]),
    ("tls", &[]),
    ("xfrm", &[]),
    ("backup", &["xfrm", "cluster"]),
    ("sim", &["wire", "tls", "backup", "xfrm", "cluster"]),
    ("shell", &["command", "client", "tls", "cli", "cluster"]),
    ("cli", &[]),
];

/// Modules without IO, clock or printing.
const PURE: [&str; 3] = ["cluster", "command", "wire"];

pub(crate) fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a source directory") {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn each_source(module: &str, mut look: impl FnMut(&Path, &str)) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(module);
    for path in sources(&directory) {
        let text = fs::read_to_string(&path).expect("UTF-8 source");
        // What a test uses is its own business.
        let code = text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .to_owned();
        look(&path, &code);
    }
}

#[test]
fn no_module_reaches_up() {
    let mut wrong = Vec::new();
    for (module, allowed) in MAY_USE {
        each_source(module, |path, code| {
            for (index, line) in code.lines().enumerate() {
                let line = line.trim_start();
                if line.starts_with("//") {
                    continue;
                }
                for part in line.split("crate::").skip(1) {
                    let used = part
                        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                        .next();
                    let used = used.unwrap_or_default();
                    let names_a_module = MAY_USE.iter().any(|(name, _)| *name == used);
                    if names_a_module && used != module && !allowed.contains(&used) {
                        wrong.push(format!("{}:{}: crate::{used}", path.display(), index + 1));
                    }
                }
            }
        });
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn pure_modules_have_no_io_and_no_clock() {
    let mut wrong = Vec::new();
    for module in PURE {
        each_source(module, |path, code| {
            for word in [
                "std::net",
                "std::fs",
                "std::time::Instant",
                "SystemTime",
                "tokio",
                "println!",
                "async fn",
            ] {
                if code.contains(word) {
                    wrong.push(format!("{}: {word}", path.display()));
                }
            }
        });
    }
    assert_eq!(wrong, Vec::<String>::new());
}

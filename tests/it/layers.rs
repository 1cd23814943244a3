//! Dependencies point down only, and no circle joins two files of one folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules without IO, clock or printing.
const PURE: [&str; 4] = ["cluster", "command", "metrics", "wire"];

/// Each module and what it may use, from the table in `src/lib.rs`.
fn table() -> BTreeMap<String, Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = fs::read_to_string(file).expect("UTF-8 source");
    let rows = text.lines().filter_map(|line| line.split_once("| [`"));
    let found: BTreeMap<_, _> = rows
        .map(|(_, row)| {
            let (module, rest) = row.split_once('`').expect("a name");
            let may_use = rest.rsplit('|').nth(1).expect("a last column");
            let names = may_use.split('`').skip(1).step_by(2);
            (module.to_owned(), names.map(str::to_owned).collect())
        })
        .collect();
    assert!(found.len() >= 9, "{found:?}");
    found
}

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

/// `["wire", "reply", "log"]` for `src/wire/reply/log.rs`; that of a `mod.rs` ends with its folder.
type ModulePath = Vec<String>;

/// A file of the library: its code without comments and tests, and the paths that it names.
struct Source {
    file: PathBuf,
    code: String,
    imports: Vec<Import>,
    /// Paths within the code that begin with `crate`, `super` or `self`.
    paths: Vec<Vec<String>>,
}

/// `use a::b as c`: the path `a::b` and the name `c`.
struct Import {
    path: Vec<String>,
    name: String,
}

/// The modules of the library, but for those of its tests.
fn library() -> BTreeMap<ModulePath, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = BTreeMap::new();
    let mut of_tests = BTreeSet::new();
    for file in sources(&root) {
        let relative = file.strip_prefix(&root).expect("it was found there");
        let parts = relative.with_extension("");
        let mut path: ModulePath = parts
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if path[0] == "bin" {
            continue;
        }
        if path
            .last()
            .is_some_and(|last| last == "mod" || last == "lib")
        {
            path.pop();
        }
        let text = fs::read_to_string(&file).expect("UTF-8 source");
        let (code, tests) = without_tests(&text);
        of_tests.extend(tests.into_iter().map(|name| [&path[..], &[name]].concat()));
        let (imports, rest) = split_imports(&code);
        let paths = inline_paths(&rest);
        modules.insert(
            path,
            Source {
                file,
                code,
                imports,
                paths,
            },
        );
    }
    modules.retain(|path, _| !of_tests.iter().any(|test| path.starts_with(test)));
    modules
}

/// The code without comments and tests, and the names of the modules that are for tests only.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let mut code = String::new();
    let mut tests = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.split("//").next().unwrap_or_default();
        if line.trim() != "#[cfg(test)]" {
            code.push_str(line);
            code.push('\n');
            continue;
        }
        let item = lines.next().unwrap_or_default().trim();
        let module = item.strip_prefix("pub(crate) ").unwrap_or(item);
        match module.strip_prefix("mod ") {
            // A module of tests is the last thing in its file.
            Some(name) if name.ends_with('{') => break,
            Some(name) => tests.push(name.trim_end_matches(';').to_owned()),
            None => {
                code.push_str(item);
                code.push('\n');
            }
        }
    }
    (code, tests)
}

/// What is imported, and the rest of the code.
fn split_imports(code: &str) -> (Vec<Import>, String) {
    let mut imports = Vec::new();
    let mut rest = String::new();
    let mut statement: Option<String> = None;
    for line in code.lines() {
        let trimmed = line.trim();
        let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
        let begun = begins.iter().find_map(|word| trimmed.strip_prefix(word));
        match (&mut statement, begun) {
            (Some(statement), _) => statement.push_str(trimmed),
            (None, Some(tree)) => statement = Some(tree.to_owned()),
            (None, None) => {
                rest.push_str(line);
                rest.push('\n');
            }
        }
        if let Some(tree) = statement.take_if(|tree| tree.ends_with(';')) {
            expand(tree.trim_end_matches(';'), &[], &mut imports);
        }
    }
    (imports, rest)
}

/// The paths of `a::{b, c::d as e}`.
fn expand(tree: &str, before: &[String], imports: &mut Vec<Import>) {
    if let Some((path, list)) = tree.split_once('{') {
        let mut path_before = before.to_vec();
        path_before.extend(segments(path));
        let mut depth = 0;
        let mut item = String::new();
        let list = list.strip_suffix('}').unwrap_or(list);
        for letter in list.chars().chain([',']) {
            match letter {
                ',' if depth == 0 => {
                    if !item.trim().is_empty() {
                        expand(item.trim(), &path_before, imports);
                    }
                    item.clear();
                    continue;
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            item.push(letter);
        }
        return;
    }
    let (path, alias) = match tree.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim().to_owned())),
        None => (tree, None),
    };
    let mut path = [before, &segments(path)[..]].concat();
    let own_name = path.last().cloned().unwrap_or_default();
    // `a::{self}` is a.
    if own_name == "self" && path.len() > 1 {
        path.pop();
    }
    let name = alias.unwrap_or_else(|| path.last().cloned().unwrap_or_default());
    imports.push(Import { path, name });
}

fn segments(path: &str) -> Vec<String> {
    let parts = path.split("::").map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

fn inline_paths(code: &str) -> Vec<Vec<String>> {
    let is_of_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    code.split(|letter: char| !is_of_path(letter))
        .map(segments)
        .filter(|path| matches!(path.first(), Some(first) if ["crate", "super", "self"].contains(&first.as_str())))
        .filter(|path| path.len() > 1)
        .collect()
}

/// The file that defines what a path in a module names; `None` for another crate's.
fn resolve(
    modules: &BTreeMap<ModulePath, Source>,
    within: &ModulePath,
    path: &[String],
) -> Option<ModulePath> {
    let mut at = within.clone();
    for (index, segment) in path.iter().enumerate() {
        match segment.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop();
            }
            name => {
                let child = [&at[..], &[name.to_owned()]].concat();
                if modules.contains_key(&child) {
                    at = child;
                    continue;
                }
                if index == 0 {
                    return None;
                }
                let import = modules[&at]
                    .imports
                    .iter()
                    .find(|import| import.name == name);
                return match import {
                    Some(import) => resolve(modules, &at, &import.path).or(Some(at)),
                    None => Some(at),
                };
            }
        }
    }
    Some(at)
}

/// Which file names something that which other file defines.
fn uses(modules: &BTreeMap<ModulePath, Source>) -> BTreeSet<(ModulePath, ModulePath)> {
    let mut found = BTreeSet::new();
    for (module, source) in modules {
        let imported = source.imports.iter().map(|import| &import.path);
        for path in imported.chain(&source.paths) {
            if let Some(target) = resolve(modules, module, path) {
                found.insert((module.clone(), target));
            }
        }
    }
    found
}

/// The circles among the members of each folder: its files, and its folders as wholes. What a
/// `mod.rs` defines belongs to the folder, and its files may use it.
fn circles(modules: &BTreeMap<ModulePath, Source>) -> Vec<(String, Vec<String>)> {
    let uses = uses(modules);
    let folders: BTreeSet<&[String]> = modules
        .keys()
        .filter_map(|path| path.split_last())
        .map(|(_, folder)| folder)
        .collect();
    let mut found = Vec::new();
    for folder in folders {
        let member = |path: &ModulePath| path.strip_prefix(folder)?.first().cloned();
        let mut reaches: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in &uses {
            if let (Some(from), Some(to)) = (member(from), member(to))
                && from != to
            {
                reaches.entry(from).or_default().insert(to);
            }
        }
        // All that is reached, in however many steps.
        loop {
            let further: Vec<(String, String)> = reaches
                .iter()
                .flat_map(|(from, next)| next.iter().map(move |next| (from, next)))
                .flat_map(|(from, next)| {
                    reaches
                        .get(next)
                        .into_iter()
                        .flatten()
                        .map(move |to| (from, to))
                })
                .filter(|(from, to)| !reaches[*from].contains(*to))
                .map(|(from, to)| (from.clone(), to.clone()))
                .collect();
            if further.is_empty() {
                break;
            }
            for (from, to) in further {
                reaches.entry(from).or_default().insert(to);
            }
        }
        let joined = |one: &String, other: &String| {
            reaches.get(one).is_some_and(|found| found.contains(other))
                && reaches.get(other).is_some_and(|found| found.contains(one))
        };
        let mut seen = BTreeSet::new();
        for name in reaches.keys() {
            let circle: Vec<String> = reaches
                .keys()
                .filter(|other| joined(name, other))
                .cloned()
                .collect();
            if !circle.is_empty() && seen.insert(circle.clone()) {
                found.push((folder.join("/"), circle));
            }
        }
    }
    found
}

#[test]
fn no_circle_joins_two_files_of_a_folder() {
    assert_eq!(circles(&library()), Vec::new());
}

/// Otherwise the test of circles would not see what they bring.
#[test]
fn no_file_imports_all_of_its_folder() {
    for (path, source) in library() {
        for import in source.imports {
            let is_above = import
                .path
                .first()
                .is_some_and(|first| first == "super" || first == "crate");
            assert!(
                !(is_above && import.name == "*"),
                "{path:?}: {:?}",
                import.path
            );
        }
    }
}

/// A library of two files in a folder, from their code.
#[cfg(test)]
fn library_of(files: &[(&str, &str)]) -> BTreeMap<ModulePath, Source> {
    let module = |(path, text): &(&str, &str)| {
        let (code, _) = without_tests(text);
        let (imports, rest) = split_imports(&code);
        let source = Source {
            file: PathBuf::new(),
            paths: inline_paths(&rest),
            code,
            imports,
        };
        (segments(path), source)
    };
    files.iter().map(module).collect()
}

#[test]
fn circles_are_found_wherever_a_name_comes_from() {
    let folder = "mod one;\nmod two;\npub use one::{One, Other as Another};\npub use two::Two;\n";
    let cases = [
        ("use super::two::Two;", "use super::one::One;"),
        ("use super::Two;", "use super::Another;"),
        ("use crate::a::{Two};", "fn f(one: super::one::One) {}"),
        (
            "use super::{\n    two::{\n        self, Two,\n    },\n};",
            "use crate::{a::One};",
        ),
    ];
    for (one, two) in cases {
        let library = library_of(&[
            ("", "mod a;"),
            ("a", folder),
            ("a::one", one),
            ("a::two", two),
        ]);
        let circle = vec!["one".to_owned(), "two".to_owned()];
        assert_eq!(circles(&library), [("a".to_owned(), circle)], "{one} {two}");
    }
    let harmless = [
        ("use super::Two;", "use super::Three;"),
        ("use super::Two;", "// use super::One;"),
        (
            "use super::Two;",
            "#[cfg(test)]\nmod tests {\n    use crate::a::One;\n}",
        ),
        ("use super::Two;", "use std::one::One;"),
    ];
    for (one, two) in harmless {
        let library = library_of(&[
            ("", "mod a;"),
            ("a", folder),
            ("a::one", one),
            ("a::two", two),
        ]);
        assert_eq!(circles(&library), [], "{one} {two}");
    }
}

/// Module of the library, module that one of its files names, and that file.
fn named_modules() -> BTreeSet<(String, String, PathBuf)> {
    let library = library();
    let mut found = BTreeSet::new();
    for (module, source) in &library {
        let imported = source.imports.iter().map(|import| &import.path);
        for path in imported.chain(&source.paths) {
            let above = path.iter().take_while(|part| *part == "super").count();
            let named = match path.first().map(String::as_str) {
                Some("crate") => path.get(1),
                Some("super") if above == module.len() => path.get(above),
                _ => None,
            };
            if let (Some(top), Some(named)) = (module.first(), named)
                && top != named
                && library.contains_key(std::slice::from_ref(named))
            {
                found.insert((top.clone(), named.clone(), source.file.clone()));
            }
        }
    }
    found
}

#[test]
fn no_module_reaches_up() {
    let table = table();
    for (from, to, file) in named_modules() {
        let may_use = table.get(&from);
        let may_use = may_use.unwrap_or_else(|| panic!("{from} is not in the table of src/lib.rs"));
        assert!(may_use.contains(&to), "{}: crate::{to}", file.display());
    }
}

#[test]
fn pure_modules_have_no_io_and_no_clock() {
    let mut wrong = Vec::new();
    for (path, source) in library() {
        if !path.first().is_some_and(|top| PURE.contains(&top.as_str())) {
            continue;
        }
        for word in [
            "std::net",
            "std::fs",
            "std::time::Instant",
            "SystemTime",
            "tokio",
            "println!",
            "async fn",
        ] {
            if source.code.contains(word) {
                wrong.push(format!("{}: {word}", source.file.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

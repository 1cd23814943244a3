//! The directories in which keys and certificates are looked for.

use std::fmt;
use std::path::{Path, PathBuf};

const SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// The directories of `--ndb-tls-search-path`, in order of precedence.
///
/// An empty element and `.` mean the current directory. One `$NAME` of each element is replaced
/// by the environment variable; an element that is nothing then is left out. `~` is a name like
/// any other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPath {
    directories: Vec<PathBuf>,
}

impl SearchPath {
    /// What is searched unless an option says otherwise.
    pub const DEFAULT: &'static str = "$HOME/ndb-tls";

    /// Splits the value of the option. An empty value means no directory at all.
    pub fn parse(text: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut directories = Vec::new();
        if !text.is_empty() {
            for element in text.split(SEPARATOR) {
                match expand(element, &variable).as_str() {
                    "" if element.is_empty() => directories.push(PathBuf::from(".")),
                    "" => {}
                    expanded => directories.push(PathBuf::from(expanded)),
                }
            }
        }
        SearchPath { directories }
    }

    /// Splits the value of the option, with this process's environment.
    pub fn from_environment(text: &str) -> Self {
        SearchPath::parse(text, |name| std::env::var(name).ok())
    }

    /// The first directory that has such a file decides, also if a later one has a better file.
    pub fn find(&self, file: &str) -> Option<PathBuf> {
        self.directories
            .iter()
            .map(|directory| directory.join(file))
            .find(|path| path.symlink_metadata().is_ok())
    }

    /// The same path for one of several nodes: before each directory comes its subdirectory of
    /// this name.
    pub fn with_subdirectory(&self, name: &str) -> Self {
        let both = |directory: &PathBuf| [directory.join(name), directory.clone()];
        SearchPath {
            directories: self.directories.iter().flat_map(both).collect(),
        }
    }

    /// The directories.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.directories.iter().map(PathBuf::as_path)
    }
}

impl fmt::Display for SearchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, directory) in self.directories.iter().enumerate() {
            if index > 0 {
                write!(f, "{SEPARATOR}")?;
            }
            write!(f, "{}", directory.display())?;
        }
        Ok(())
    }
}

/// Replaces the first `$NAME`.
fn expand(element: &str, variable: &impl Fn(&str) -> Option<String>) -> String {
    let Some((before, after)) = element.split_once('$') else {
        return element.to_owned();
    };
    let end = after
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(after.len());
    let (name, rest) = after.split_at(end);
    let value = variable(name).unwrap_or_default();
    format!("{before}{value}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directories(text: &str) -> Vec<String> {
        let variable = |name: &str| match name {
            "KD" => Some("/keys".to_owned()),
            "HOME" => Some("/home/me".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        SearchPath::parse(text, variable)
            .directories()
            .map(|directory| directory.display().to_string())
            .collect()
    }

    #[test]
    fn elements_follow_the_original_s_rules() {
        let cases: [(&str, &[&str]); 10] = [
            ("", &[]),
            (":", &[".", "."]),
            (".", &["."]),
            ("/a:/b", &["/a", "/b"]),
            ("/a::/b", &["/a", ".", "/b"]),
            (SearchPath::DEFAULT, &["/home/me/ndb-tls"]),
            ("$KD/client", &["/keys/client"]),
            ("/x/$KD_/y:$EMPTY:$NONE", &["/x//y"]),
            ("$KD$HOME", &["/keys$HOME"]),
            ("~/ndb-tls", &["~/ndb-tls"]),
        ];
        for (text, expected) in cases {
            assert_eq!(directories(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_directory_with_the_file_decides() {
        let root = tempfile::tempdir().unwrap();
        let (first, second) = (root.path().join("a"), root.path().join("b"));
        for directory in [&first, &second] {
            std::fs::create_dir(directory).unwrap();
        }
        std::fs::write(second.join("key"), "2").unwrap();
        let text = format!("{}:{}", first.display(), second.display());
        let path = SearchPath::parse(&text, |_| None);
        assert_eq!(path.to_string(), text);
        assert_eq!(path.find("key"), Some(second.join("key")));
        std::fs::write(first.join("key"), "1").unwrap();
        assert_eq!(path.find("key"), Some(first.join("key")));
        assert_eq!(path.find("cert"), None);
    }
}

//! Where data nodes keep the files of a backup, and how they are reached.

use std::fs;
use std::io::{self, Read};
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ndbmgm::backup::{FileName, Part, SetFile, directory_name};
use ndbmgm::cli::Exit;
use ndbmgm::client::ClusterConfig;
use ndbmgm::cluster::{BackupId, NodeId, NodeType};
use sha2::{Digest, Sha256};

use crate::Failure;
use crate::options::{ConnectionOptions, SourceOptions};

/// Parameters of data nodes (management protocol, 4.4).
const HOST_NAME: u32 = 5;
const DATA_DIR: u32 = 7;
const FILE_SYSTEM_PATH: u32 = 125;
const BACKUP_DATA_DIR: u32 = 158;

impl SourceOptions {
    /// The origins that were given; none means that the cluster knows them.
    fn given(&self) -> Result<Vec<Origin>, Failure> {
        let origin = |text: &String| {
            Origin::parse(text).ok_or_else(|| {
                let message = format!("--from takes NODE=[HOST:]DIR, not '{text}'");
                Failure::new(Exit::BadUsage, message)
            })
        };
        self.from.iter().map(origin).collect()
    }

    /// Where the data nodes' files are.
    pub(crate) fn origins(&self, connection: &ConnectionOptions) -> Result<Vec<Origin>, Failure> {
        let given = self.given()?;
        if !given.is_empty() {
            return Ok(given);
        }
        Ok(Origin::of_config(&connection.configuration()?))
    }
}

/// Where one data node's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) node: NodeId,
    /// None: on this machine.
    pub(crate) host: Option<String>,
    /// A directory that has `BACKUP/BACKUP-7`, `BACKUP-7`, or the files.
    pub(crate) directory: String,
}

/// A file at its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OriginFile {
    /// Name inside the set.
    pub(crate) name: String,
    pub(crate) size: u64,
}

/// The files of one node, found.
#[derive(Debug, Clone)]
pub(crate) struct NodeFiles {
    pub(crate) origin: Origin,
    /// The directory that names are relative to.
    pub(crate) directory: String,
    pub(crate) files: Vec<OriginFile>,
}

impl Origin {
    /// `NODE=[HOST:]DIR`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (node, place) = text.split_once('=')?;
        let node = NodeId::new(node.parse().ok()?)?;
        // A colon after a slash belongs to the directory.
        let remote = place
            .split_once(':')
            .filter(|(host, _)| !host.contains('/'));
        let (host, directory) = match remote {
            Some((host, directory)) if !host.is_empty() => (Some(host.to_owned()), directory),
            _ => (None, place),
        };
        (!directory.is_empty()).then(|| Origin {
            node,
            host,
            directory: directory.to_owned(),
        })
    }

    /// The data nodes of a configuration.
    pub(crate) fn of_config(config: &ClusterConfig) -> Vec<Self> {
        let nodes = config.nodes();
        let data_nodes = nodes.iter().filter(|it| it.node_type == NodeType::Ndb);
        let origin = |node: NodeId| {
            let text = |key: u32| match config.parameter(node, key)? {
                ndbmgm::wire::config::Value::Text(text) if !text.is_empty() => Some(text.clone()),
                _ => None,
            };
            let host = text(HOST_NAME).filter(|host| !is_this_machine(host));
            let directory = text(BACKUP_DATA_DIR)
                .or_else(|| text(FILE_SYSTEM_PATH))
                .or_else(|| text(DATA_DIR));
            Origin {
                node,
                host,
                directory: directory.unwrap_or_else(|| ".".to_owned()),
            }
        };
        data_nodes.map(|it| origin(it.node)).collect()
    }

    /// The places where the files of a backup can be below the directory.
    fn candidates(&self, backup: BackupId) -> [String; 3] {
        let base = self.directory.trim_end_matches('/');
        let name = directory_name(backup);
        [
            format!("{base}/BACKUP/{name}"),
            format!("{base}/{name}"),
            base.to_owned(),
        ]
    }

    /// Finds the node's files of a backup.
    pub(crate) fn find(&self, backup: BackupId, ssh: &Ssh) -> Result<NodeFiles, Failure> {
        for directory in self.candidates(backup) {
            let listed = match &self.host {
                None => list_local(Path::new(&directory)),
                Some(host) => ssh.list(host, &directory)?,
            };
            let mut files: Vec<OriginFile> = listed
                .into_iter()
                .filter(|file| {
                    let found = SetFile::at(&Path::new(&directory).join(&file.name));
                    found.is_some_and(|it| {
                        it.backup == backup && it.node == self.node && it.name == file.name
                    })
                })
                .collect();
            if files.is_empty() {
                continue;
            }
            files.sort_by(|a, b| a.name.cmp(&b.name));
            return Ok(NodeFiles {
                origin: self.clone(),
                directory,
                files,
            });
        }
        let message = format!("node {}: no file of backup {backup} {self}", self.node);
        Err(Failure::new(Exit::Incomplete, message))
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            None => write!(f, "in {}", self.directory),
            Some(host) => write!(f, "in {} on {host}", self.directory),
        }
    }
}

/// True if a host's addresses are this machine's own.
fn is_this_machine(host: &str) -> bool {
    let Ok(addresses) = (host, 0).to_socket_addrs() else {
        return false;
    };
    // Only an address of this machine can be bound.
    let is_own = |address: IpAddr| address.is_loopback() || UdpSocket::bind((address, 0)).is_ok();
    addresses.into_iter().any(|it| is_own(it.ip()))
}

/// Files in a directory and in its parts' directories.
fn list_local(directory: &Path) -> Vec<OriginFile> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(directory) else {
        return files;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let size = |path: &Path| fs::metadata(path).map(|it| it.len());
        if Part::parse_directory_name(&name).is_some() {
            for inner in fs::read_dir(entry.path()).into_iter().flatten().flatten() {
                let inner_name = inner.file_name().to_string_lossy().into_owned();
                if let Ok(size) = size(&inner.path()) {
                    files.push(OriginFile {
                        name: format!("{name}/{inner_name}"),
                        size,
                    });
                }
            }
        } else if FileName::parse(&name).is_some()
            && let Ok(size) = size(&entry.path())
        {
            files.push(OriginFile { name, size });
        }
    }
    files
}

/// The user's ssh: a command and its first arguments.
#[derive(Debug, Clone)]
pub(crate) struct Ssh {
    words: Vec<String>,
}

impl Ssh {
    pub(crate) fn new(command: &str) -> Result<Self, Failure> {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            return Err(Failure::new(Exit::BadUsage, "--ssh-command is empty"));
        }
        Ok(Ssh { words })
    }

    /// A command that runs a script of the shell on a host.
    pub(crate) fn command(&self, host: &str, script: &str) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).arg(host).arg(script);
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, host: &str, script: &str) -> Result<Output, Failure> {
        let output = self.command(host, script).output();
        output.map_err(|error| {
            let message = format!("cannot run {}: {error}", self.words[0]);
            Failure::new(Exit::Failure, message)
        })
    }

    /// Runs a script that has to end well; what it printed.
    pub(crate) fn good(&self, host: &str, script: &str) -> Result<String, Failure> {
        let output = self.run(host, script)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let told = told.lines().last().unwrap_or("nothing was said");
        let message = format!("on {host}: {told} ({})", output.status);
        Err(Failure::new(Exit::Failure, message))
    }

    /// Sizes and names of the files in a directory; none if there is no such directory.
    fn list(&self, host: &str, directory: &str) -> Result<Vec<OriginFile>, Failure> {
        let directory = quoted(directory);
        let script = format!(
            "if [ -d {directory} ]; then cd {directory} && \
             find . -name 'BACKUP-*' -type f -exec wc -c '{{}}' ';'; fi"
        );
        let printed = self.good(host, &script)?;
        let line = |line: &str| {
            let (size, name) = line.trim_start().split_once(' ')?;
            Some(OriginFile {
                name: name.trim_start().strip_prefix("./")?.to_owned(),
                size: size.parse().ok()?,
            })
        };
        Ok(printed.lines().filter_map(line).collect())
    }

    /// SHA-256 of files as the host computes it; none if it has no program for that.
    pub(crate) fn digests(
        &self,
        host: &str,
        directory: &str,
        names: &[String],
    ) -> Result<Option<Vec<(String, String)>>, Failure> {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let script = format!(
            "cd {} && if command -v sha256sum >/dev/null; then sha256sum -- {names}; \
             elif command -v shasum >/dev/null; then shasum -a 256 -- {names}; fi",
            quoted(directory),
            names = names.join(" ")
        );
        let printed = self.good(host, &script)?;
        let lines: Vec<(String, String)> = printed
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(digest, name)| (name.to_owned(), digest.to_owned()))
            .collect();
        Ok((!lines.is_empty()).then_some(lines))
    }
}

/// A word of the shell.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// SHA-256 of a file here, in hexadecimal.
pub(crate) fn digest_of(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => hasher.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ndbmgm::backup::FileDigest(hasher.finalize().into()).to_string())
}

/// Path of a file of a node here.
pub(crate) fn local_path(node: &NodeFiles, name: &str) -> PathBuf {
    Path::new(&node.directory).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_node_a_host_and_a_directory() {
        let origin = |text: &str| {
            Origin::parse(text).map(|it| (it.node.get(), it.host.unwrap_or_default(), it.directory))
        };
        let found =
            |node, host: &str, directory: &str| Some((node, host.to_owned(), directory.to_owned()));
        assert_eq!(origin("2=/data/2"), found(2, "", "/data/2"));
        assert_eq!(origin("3=db3:/data"), found(3, "db3", "/data"));
        assert_eq!(origin("3=me@db3:data"), found(3, "me@db3", "data"));
        assert_eq!(origin("3=/odd:name"), found(3, "", "/odd:name"));
        for text in ["x=/d", "0=/d", "/d", "2=", "2=host:"] {
            assert_eq!(origin(text), None, "{text}");
        }
    }

    #[test]
    fn words_are_safe_in_a_shell() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}

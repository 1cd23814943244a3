//! Words to configurations.

use std::collections::HashSet;

use super::words::{Padding, Reader};
use super::{ClusterConfig, ConfigError, ConfigNode, KEY_MASK, Section, SectionKind, Value};

/// Room is made beforehand for this many entries of a section; more make their own.
const ENTRIES_EXPECTED: u32 = 64;

/// Reads the nodes alone from the packed configuration of `get config_v2`. A cluster has a
/// hundred times as many connections as nodes; they are only counted here.
///
/// # Errors
/// As [`ClusterConfig::decode_v2`], but for what is in connections.
pub fn decode_nodes(packed: &[u8]) -> Result<Vec<ConfigNode>, ConfigError> {
    ClusterConfig::decode(packed, Connections::Skipped).map(|config| config.nodes())
}

/// What is done with the sections of connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connections {
    Read,
    Skipped,
}

impl ClusterConfig {
    /// Reads the packed configuration of `get config_v2`.
    ///
    /// # Errors
    /// Anything that could not be encoded back to the same bytes.
    pub fn decode_v2(packed: &[u8]) -> Result<Self, ConfigError> {
        Self::decode(packed, Connections::Read)
    }

    fn decode(packed: &[u8], on_connections: Connections) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(packed, "NDBCONF2")?;
        // Word 2 counts the checksum, which the reader has taken off.
        if reader.word()? as usize != reader.count() + 1 {
            return Err(ConfigError::Damaged(2));
        }
        let version = reader.word()?;
        if version != 2 {
            return Err(ConfigError::BadVersion(version));
        }
        if reader.word()? as usize != SectionKind::WITH_DEFAULTS.len() {
            return Err(ConfigError::Damaged(4));
        }
        let kinds = [
            SectionKind::DataNode,
            SectionKind::ApiNode,
            SectionKind::ManagementServer,
        ];
        let announced = [reader.word()?, reader.word()?, reader.word()?];
        let connection_count = reader.word()?;
        let mut defaults = SectionKind::WITH_DEFAULTS.map(Section::new);
        for slot in &mut defaults {
            *slot = section(&mut reader, |found| found == slot.kind)?;
        }
        let system = section(&mut reader, |found| found == SectionKind::System)?;
        let mut nodes = Vec::new();
        let node_count: u64 = announced.iter().map(|count| u64::from(*count)).sum();
        for _ in 0..node_count {
            nodes.push(section(&mut reader, |kind| kind.node_type().is_some())?);
        }
        let mut connections = Vec::new();
        for _ in 0..connection_count {
            match on_connections {
                Connections::Read => connections.push(section(&mut reader, is_connection)?),
                Connections::Skipped => skip_section(&mut reader, is_connection)?,
            }
        }
        if reader.at() != reader.count() {
            return Err(ConfigError::Damaged(reader.at()));
        }
        for (kind, count) in kinds.into_iter().zip(announced) {
            let found = nodes.iter().filter(|node| node.kind == kind).count();
            if found != count as usize {
                return Err(ConfigError::Damaged(5));
            }
        }
        let config = ClusterConfig {
            defaults,
            system,
            nodes,
            connections,
        };
        config.check_ids()?;
        Ok(config)
    }
}

fn is_connection(kind: SectionKind) -> bool {
    matches!(kind, SectionKind::Tcp | SectionKind::SharedMemory)
}

/// What a section begins with.
struct Start {
    /// In words, from the first word of the start on.
    length: usize,
    count: u32,
    kind: SectionKind,
}

const START_WORDS: usize = 3;

fn section_start(
    reader: &mut Reader<'_>,
    allowed: impl Fn(SectionKind) -> bool,
) -> Result<Start, ConfigError> {
    let start = reader.at();
    let length = reader.word()? as usize;
    let count = reader.word()?;
    let kind = SectionKind::from_number(reader.word()?)
        .filter(|kind| allowed(*kind))
        .ok_or(ConfigError::Damaged(start))?;
    Ok(Start {
        length,
        count,
        kind,
    })
}

fn section(
    reader: &mut Reader<'_>,
    allowed: impl Fn(SectionKind) -> bool,
) -> Result<Section, ConfigError> {
    let at = reader.at();
    let start = section_start(reader, allowed)?;
    let mut section = Section::new(start.kind);
    section
        .entries
        .reserve_exact(start.count.min(ENTRIES_EXPECTED) as usize);
    for _ in 0..start.count {
        let first = reader.word()?;
        let value = reader.value(first >> 28, Padding::Version2)?;
        section.entries.push((first & KEY_MASK, value));
    }
    if reader.at() - at != start.length || has_repeated_key(&section.entries) {
        return Err(ConfigError::Damaged(at));
    }
    Ok(section)
}

fn skip_section(
    reader: &mut Reader<'_>,
    allowed: impl Fn(SectionKind) -> bool,
) -> Result<(), ConfigError> {
    let at = reader.at();
    let start = section_start(reader, allowed)?;
    let rest = start.length.checked_sub(START_WORDS);
    reader.skip(rest.ok_or(ConfigError::Damaged(at))?)
}

/// Large clusters have tens of thousands of sections, nearly all in ascending order.
fn has_repeated_key(entries: &[(u32, Value)]) -> bool {
    if entries.is_sorted_by(|one, next| one.0 < next.0) {
        return false;
    }
    let mut keys = HashSet::new();
    entries.iter().any(|(key, _)| !keys.insert(*key))
}

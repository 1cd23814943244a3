//! Version 1 of the packed configuration: a flat list of entries (management protocol, 5.3).

use std::collections::{BTreeMap, HashSet};

use super::words::{Padding, Reader, Words};
use super::{ClusterConfig, ConfigError, Section, SectionKind, Value};

const MAGIC: &str = "NDBCONFV";
/// Type of an entry whose value is the number of a section, shifted as in a key.
const SECTION_REFERENCE: u32 = 3;
const SECTION_SHIFT: u32 = 14;
const KEY_MASK: u32 = (1 << SECTION_SHIFT) - 1;

/// Keys of section 0, which point to the others.
const SYSTEM_POINTER: u32 = 1000;
const NODES_POINTER: u32 = 2000;
const CONNECTIONS_POINTER: u32 = 3000;
/// What a section describes: [`section_type`].
const SECTION_TYPE: u32 = 999;
const PARENT: u32 = 16382;

/// Value of [`SECTION_TYPE`]; nodes and connections count separately.
fn section_type(kind: SectionKind) -> u32 {
    match kind {
        SectionKind::DataNode | SectionKind::Tcp => 0,
        SectionKind::ApiNode | SectionKind::SharedMemory => 1,
        SectionKind::ManagementServer => 2,
        SectionKind::System => 1000,
    }
}

struct Writer {
    words: Words,
}

impl Writer {
    fn entry(&mut self, section: u32, key: u32, value: &Value) {
        self.words
            .entry(section << SECTION_SHIFT | key, value, Padding::Version1);
    }

    fn reference(&mut self, key: u32, section: u32) {
        self.words
            .extend([SECTION_REFERENCE << 28 | key, section << SECTION_SHIFT]);
    }

    fn pointers(&mut self, section: u32, targets: impl IntoIterator<Item = u32>) {
        for (index, target) in (0..).zip(targets) {
            self.entry(section, index, &Value::Int(target << SECTION_SHIFT));
        }
    }

    fn section(&mut self, number: u32, section: &Section) {
        for (key, value) in &section.entries {
            self.entry(number, key & KEY_MASK, value);
        }
        self.entry(
            number,
            SECTION_TYPE,
            &Value::Int(section_type(section.kind)),
        );
        self.entry(number, PARENT, &Value::Int(0));
    }
}

impl ClusterConfig {
    /// The packed configuration of `get config`: every value in full, no defaults.
    pub fn encode_v1(&self) -> Vec<u8> {
        let of = |kind: SectionKind| self.nodes.iter().filter(move |node| node.kind == kind);
        let front: Vec<&Section> = of(SectionKind::ManagementServer)
            .chain(of(SectionKind::ApiNode))
            .collect();
        let data: Vec<&Section> = of(SectionKind::DataNode).collect();
        // Numbers: 1 the nodes' pointers, then the nodes but the data nodes, the system's
        // pointer and the system, the connections' pointers, the connections, the data nodes.
        let front_start = 2;
        let system_pointer = front_start + front.len() as u32;
        let connection_pointer = system_pointer + 2;
        let connection_start = connection_pointer + 1;
        let data_start = connection_start + self.connections.len() as u32;
        let mut writer = Writer {
            words: Words::new(*b"NDBCONFV"),
        };
        writer.reference(SYSTEM_POINTER, system_pointer);
        writer.reference(NODES_POINTER, 1);
        writer.reference(CONNECTIONS_POINTER, connection_pointer);
        writer.pointers(
            1,
            (front_start..system_pointer).chain(data_start..data_start + data.len() as u32),
        );
        for (number, section) in (front_start..).zip(front) {
            writer.section(number, &self.expanded(section));
        }
        writer.pointers(system_pointer, [system_pointer + 1]);
        writer.section(system_pointer + 1, &self.system);
        writer.pointers(connection_pointer, connection_start..data_start);
        for (number, section) in (connection_start..).zip(&self.connections) {
            writer.section(number, &self.expanded(section));
        }
        for (number, section) in (data_start..).zip(data) {
            writer.section(number, &self.expanded(section));
        }
        writer.words.finish()
    }

    /// Reads the packed configuration of `get config`. Defaults are found as
    /// [`ClusterConfig::from_expanded`] finds them.
    ///
    /// # Errors
    /// What is no such configuration.
    pub fn decode_v1(packed: &[u8]) -> Result<Self, ConfigError> {
        let sections = read_entries(packed)?;
        let pointer = |key: u32| match sections.get(&0).and_then(|entries| entries.get(&key)) {
            Some(Value::Int(target)) => Ok(target >> SECTION_SHIFT),
            _ => Err(ConfigError::Damaged(2)),
        };
        let targets = |pointers: u32| -> Vec<u32> {
            let entries = sections.get(&pointers);
            entries
                .into_iter()
                .flatten()
                .filter_map(|(_, value)| match value {
                    Value::Int(target) => Some(target >> SECTION_SHIFT),
                    Value::Int64(_) | Value::Text(_) => None,
                })
                .collect()
        };
        let read = |pointers: u32, kinds: &[SectionKind]| -> Result<Vec<Section>, ConfigError> {
            let mut seen = HashSet::new();
            targets(pointers)
                .into_iter()
                .map(|number| {
                    // Two pointers to one section would make much of little.
                    if !seen.insert(number) {
                        return Err(ConfigError::Damaged(2));
                    }
                    let entries = sections.get(&number).ok_or(ConfigError::Damaged(2))?;
                    read_section(entries, kinds)
                })
                .collect()
        };
        let nodes = read(
            pointer(NODES_POINTER)?,
            &[
                SectionKind::DataNode,
                SectionKind::ApiNode,
                SectionKind::ManagementServer,
            ],
        )?;
        let connections = read(
            pointer(CONNECTIONS_POINTER)?,
            &[SectionKind::Tcp, SectionKind::SharedMemory],
        )?;
        let mut systems = read(pointer(SYSTEM_POINTER)?, &[SectionKind::System])?;
        let system = systems.pop().ok_or(ConfigError::Damaged(2))?;
        ClusterConfig::from_expanded(system, nodes, connections)
    }
}

type Entries = BTreeMap<u32, Value>;

/// All entries by section and key.
fn read_entries(packed: &[u8]) -> Result<BTreeMap<u32, Entries>, ConfigError> {
    let mut reader = Reader::new(packed, MAGIC)?;
    let mut sections: BTreeMap<u32, Entries> = BTreeMap::new();
    while reader.at() < reader.count() {
        let at = reader.at();
        let first = reader.word()?;
        let value = match first >> 28 {
            SECTION_REFERENCE => Value::Int(reader.word()?),
            value_type => reader.value(value_type, Padding::Version1)?,
        };
        let (section, key) = (first >> SECTION_SHIFT & KEY_MASK, first & KEY_MASK);
        if sections
            .entry(section)
            .or_default()
            .insert(key, value)
            .is_some()
        {
            return Err(ConfigError::Damaged(at));
        }
    }
    Ok(sections)
}

fn read_section(entries: &Entries, kinds: &[SectionKind]) -> Result<Section, ConfigError> {
    let found = match entries.get(&SECTION_TYPE) {
        Some(Value::Int(found)) => *found,
        _ => return Err(ConfigError::Damaged(2)),
    };
    let kind = kinds
        .iter()
        .find(|kind| section_type(**kind) == found)
        .ok_or(ConfigError::Damaged(2))?;
    let mut section = Section::new(*kind);
    section.entries = entries
        .iter()
        .filter(|(key, _)| !matches!(**key, SECTION_TYPE | PARENT))
        .map(|(key, value)| (*key, value.clone()))
        .collect();
    Ok(section)
}

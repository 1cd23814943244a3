//! Configurations to words.

use super::words::{Padding, Words};
use super::{ClusterConfig, SectionKind};

impl ClusterConfig {
    /// The packed configuration of `get config_v2`.
    pub fn encode_v2(&self) -> Vec<u8> {
        let count = |kind: SectionKind| {
            self.nodes
                .iter()
                .filter(|section| section.kind == kind)
                .count() as u32
        };
        let mut packed = Words::new(*b"NDBCONF2");
        // The total length is known at the end.
        packed.extend([
            0,
            2,
            self.defaults.len() as u32,
            count(SectionKind::DataNode),
            count(SectionKind::ApiNode),
            count(SectionKind::ManagementServer),
            self.connections.len() as u32,
        ]);
        for section in self
            .defaults
            .iter()
            .chain([&self.system])
            .chain(&self.nodes)
            .chain(&self.connections)
        {
            let start = packed.count();
            packed.extend([0, section.entries.len() as u32, section.kind.number()]);
            for (key, value) in &section.entries {
                packed.entry(*key, value, Padding::Version2);
            }
            packed.set(start, (packed.count() - start) as u32);
        }
        packed.set(2, packed.count() as u32 + 1);
        packed.finish()
    }
}

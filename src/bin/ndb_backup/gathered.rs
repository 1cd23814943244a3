//! What became of a set that was gathered.

use std::path::PathBuf;

use ndbmgm::backup::Manifest;
use ndbmgm::cluster::NodeId;
use serde_json::{Value, json};

use crate::output;

/// A set that lies in one directory.
pub(crate) struct Gathered {
    pub(crate) directory: PathBuf,
    pub(crate) manifest: Manifest,
    /// The rows were not looked at: encrypted, and no password.
    pub(crate) is_sealed: bool,
    pub(crate) is_stored: bool,
    pub(crate) is_fetched: bool,
    pub(crate) sources_removed: bool,
}

impl Gathered {
    pub(crate) fn render(&self) -> String {
        let manifest = &self.manifest;
        let nodes: Vec<String> = manifest.nodes.iter().map(u32::to_string).collect();
        let mut text = format!(
            "Backup {}: {} files of nodes {}, {}, in {}\n",
            manifest.backup_id,
            manifest.files.len(),
            nodes.join(", "),
            output::bytes(manifest.bytes),
            self.directory.display()
        );
        text.push_str(if self.is_sealed {
            "Copies equal their sources; their structure was not looked at (encrypted, no password).\n"
        } else {
            "Copies equal their sources and are sound.\n"
        });
        match (self.is_stored, self.is_fetched) {
            (true, true) => text.push_str("Stored, read back, equal.\n"),
            (true, false) => text.push_str("Stored, not read back.\n"),
            (false, _) => {}
        }
        if self.sources_removed {
            text.push_str("Sources were removed.\n");
        }
        text
    }

    pub(crate) fn to_json(&self) -> Value {
        let nodes: Vec<NodeId> = self
            .manifest
            .nodes
            .iter()
            .filter_map(|id| NodeId::new(*id))
            .collect();
        json!({
            "schema": 1,
            "command": "gather",
            "backup_id": self.manifest.backup_id,
            "directory": self.directory.display().to_string(),
            "nodes": nodes.iter().map(|it| it.get()).collect::<Vec<u32>>(),
            "files": self.manifest.files.len(),
            "bytes": self.manifest.bytes,
            "rows": self.manifest.rows,
            "structure_verified": !self.is_sealed,
            "stored": self.is_stored,
            "fetched": self.is_fetched,
            "sources_removed": self.sources_removed,
        })
    }
}

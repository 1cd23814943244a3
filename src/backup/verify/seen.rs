//! What was read from a file, and the tables it was read with.

use std::collections::HashMap;

use super::finding::Finding;
use crate::backup::layout::Layout;
use crate::backup::{CtlFile, FileDigest, FileHeader, FragmentEntry, Table};
use crate::cluster::Gci;

/// Findings that are kept of one file; more would say no more.
const FINDINGS_MAX: usize = 20;

/// The tables of a set, ready to check rows with.
pub(super) struct Dictionary {
    pub(super) ctl: CtlFile,
    layouts: HashMap<u32, Layout>,
    by_id: HashMap<u32, usize>,
}

impl Dictionary {
    pub(super) fn new(ctl: CtlFile) -> Self {
        let by_id = ctl
            .tables()
            .zip(0..)
            .map(|(table, index)| (table.id, index));
        Dictionary {
            by_id: by_id.collect(),
            layouts: ctl
                .tables()
                .map(|table| (table.id, Layout::new(&table.columns)))
                .collect(),
            ctl,
        }
    }

    pub(super) fn table(&self, id: u32) -> Option<(&Table, &Layout)> {
        let index = *self.by_id.get(&id)?;
        Some((self.ctl.tables().nth(index)?, self.layouts.get(&id)?))
    }
}

/// A fragment of a Data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentSeen {
    /// Id of its table.
    pub table_id: u32,
    /// Its number.
    pub fragment: u32,
    /// Rows read.
    pub rows: u64,
    /// Where its header begins.
    pub offset: u64,
}

/// What a log file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogSeen {
    /// Entries read.
    pub entries: u64,
    /// Lowest and highest GCI of the entries.
    pub gcis: Option<(Gci, Gci)>,
}

/// What was read from a file.
#[derive(Debug, Default)]
pub(super) struct FileRead {
    pub(super) size: u64,
    pub(super) digest: Option<FileDigest>,
    pub(super) encrypted: bool,
    pub(super) compressed: bool,
    pub(super) header: Option<FileHeader>,
    /// The mark that a completed backup leaves in this file was seen: a ctl's GCP entry, the
    /// last footer of a Data file, a log's end word, a container's trailer.
    pub(super) ended: bool,
    pub(super) ctl: Option<CtlFile>,
    /// The fragments of a ctl file that counts their rows.
    pub(super) counted: Vec<FragmentEntry>,
    pub(super) fragments: Vec<FragmentSeen>,
    pub(super) log: LogSeen,
    pub(super) findings: Vec<Finding>,
}

impl FileRead {
    /// Keeps a finding about a part of the contents, if there are not too many already.
    pub(super) fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

//! What only the files together can tell.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, FindingKind, Severity};
use super::seen::{Dictionary, FileRead};
use super::{FileReport, Proof, Seen, SetReport, VerifyOptions, snapshot_of};
use crate::backup::{
    CtlFile, DictObject, FileKind, FileType, FragmentEntry, Manifest, SetFile, Table,
};
use crate::cluster::{NodeId, Version};

/// Findings of one kind about fragments that are listed; more would say no more.
const LISTED_MAX: usize = 20;

/// First version whose ctl files are known to describe every fragment (backup format, 3.9).
const FRAGMENTS_SINCE: Version = Version::new(8, 0, 0);

/// Checks a ctl file by itself and against the first one of the set.
pub(super) fn check_ctl(
    read: &mut FileRead,
    file: &SetFile,
    ctl: &CtlFile,
    first: Option<&CtlFile>,
) {
    let name = &file.name[..];
    let mut find = |found: String, expected: &str| {
        let kind = FindingKind::Dictionary;
        read.find(Finding::new(kind, name, None, found, expected));
    };
    let mut listed: BTreeSet<u32> = ctl.table_list.iter().copied().collect();
    if listed.len() != ctl.table_list.len() {
        find(
            "an object twice in the table list".into(),
            "every object once",
        );
    }
    for object in &ctl.objects {
        let id = match object {
            DictObject::Table(table) => table.id,
            DictObject::HashMap(map) => map.id,
            DictObject::Other { .. } => continue,
        };
        if !listed.remove(&id) {
            find(
                format!("a description of object {id}"),
                "one description of each object of the table list",
            );
        }
    }
    if ctl.gcp.start > ctl.gcp.stop() {
        find(
            format!(
                "start GCP {} after stop GCP {}",
                ctl.gcp.start,
                ctl.gcp.stop()
            ),
            "a stop GCP that is not before the start GCP",
        );
    }
    if let Some(fault) = fragments_fault(ctl) {
        find(fault, "an entry for each fragment of each table");
    }
    if let Some(first) = first.filter(|_| ctl.header.backup_key == first_key(first)) {
        if ctl.gcp != first.gcp {
            find(
                format!("GCPs {} to {}", ctl.gcp.start, ctl.gcp.stop()),
                "the GCPs of the set's other ctl files",
            );
        }
        if let Some(id) = differing_table(ctl, first) {
            find(
                format!("another description of object {id}"),
                "that of the set's other ctl files",
            );
        }
    }
    read.counted = ctl.fragments.clone();
    if read.counted.iter().all(|entry| entry.records == 0) {
        read.counted = Vec::new();
    }
}

fn first_key(first: Option<&CtlFile>) -> [u32; 2] {
    first.map_or([0; 2], |ctl| ctl.header.backup_key)
}

/// Number of fragments of a table with rows.
fn fragment_count(table: &Table) -> u32 {
    match table.fragment_count {
        0 => table.fragments.len() as u32,
        count => count,
    }
}

/// What is wrong with the fragment entries, if anything is.
fn fragments_fault(ctl: &CtlFile) -> Option<String> {
    let mut entries = BTreeSet::new();
    for FragmentEntry {
        table_id, fragment, ..
    } in &ctl.fragments
    {
        if ctl.table(*table_id).is_none() {
            return Some(format!(
                "an entry for fragment {fragment} of table {table_id}"
            ));
        }
        if !entries.insert((*table_id, *fragment)) {
            return Some(format!(
                "two entries for fragment {fragment} of table {table_id}"
            ));
        }
    }
    if ctl.header.ndb_version < FRAGMENTS_SINCE {
        return None;
    }
    let tables = ctl.tables().filter(|table| table.kind.has_rows());
    let mut expected = tables
        .flat_map(|table| (0..fragment_count(table)).map(move |fragment| (table.id, fragment)));
    let (table, fragment) = expected.find(|key| !entries.contains(key))?;
    Some(format!("no entry for fragment {fragment} of table {table}"))
}

/// Id of a table that two nodes describe differently. The order of the objects is arbitrary.
fn differing_table(ctl: &CtlFile, first: &CtlFile) -> Option<u32> {
    let by_id = |ctl: &CtlFile| -> BTreeMap<u32, usize> {
        ctl.tables()
            .zip(0..)
            .map(|(table, index)| (table.id, index))
            .collect()
    };
    let (ours, theirs) = (by_id(ctl), by_id(first));
    for id in ours.keys().chain(theirs.keys()) {
        let (Some(_), Some(_)) = (ours.get(id), theirs.get(id)) else {
            return Some(*id);
        };
        let (Some(a), Some(b)) = (ctl.table(*id), first.table(*id)) else {
            return Some(*id);
        };
        let same = a.name == b.name && a.version == b.version && a.columns == b.columns;
        if !same || a.fragment_count != b.fragment_count {
            return Some(*id);
        }
    }
    None
}

/// Puts together what was read.
pub(super) fn report(
    backup_id: u32,
    files: &[&SetFile],
    mut seen: Vec<Seen<'_>>,
    dictionary: Option<&Dictionary>,
    options: &VerifyOptions<'_>,
) -> SetReport {
    let mut findings = Vec::new();
    check_headers(backup_id, &mut seen, dictionary);
    check_manifest(backup_id, files, &mut seen, options, &mut findings);
    settle_passwords(&mut seen, options.manifest);
    let mut absent_nodes = Vec::new();
    if options.slice.is_none() {
        settle_unfinished(&mut seen);
        check_files(files, &mut findings);
        if let Some(dictionary) = dictionary {
            absent_nodes = check_fragments(&mut seen, dictionary, options, &mut findings);
            check_counts(&mut seen);
        }
    }
    let nodes: BTreeSet<NodeId> = files.iter().map(|file| file.node).collect();
    let header_of = |kind: FileKind| {
        let of_kind = seen.iter().filter(move |it| it.file.kind == kind);
        of_kind.filter_map(|it| it.read.header.as_ref())
    };
    let types: BTreeSet<u32> = header_of(FileKind::Log)
        .map(|it| it.file_type.number())
        .collect();
    let snapshot = match types.first() {
        Some(number) if types.len() == 1 => snapshot_of(FileType::from_number(*number)),
        _ => None,
    };
    let rows_not_decoded = header_of(FileKind::Data).any(|header| !header.has_packed_rows());
    let reports = seen.iter().map(file_report).collect();
    let total = |count: fn(&FileRead) -> u64| seen.iter().map(|it| count(&it.read)).sum();
    let tables = |ctl: &CtlFile| ctl.tables().filter(|it| it.is_user_table()).count() as u64;
    let mut all: Vec<Finding> = Vec::new();
    let (rows, log_entries, bytes) = (
        total(|read| read.fragments.iter().map(|it| it.rows).sum()),
        total(|read| read.log.entries),
        total(|read| read.size),
    );
    let encrypted = seen.iter().any(|it| it.read.encrypted);
    let compressed = seen.iter().any(|it| it.read.compressed);
    for it in seen {
        all.extend(it.read.findings);
    }
    all.extend(findings);
    SetReport {
        backup_id,
        files: reports,
        findings: all,
        proof: match options.manifest {
            Some(_) => Proof::Manifest,
            None => Proof::Unproven,
        },
        nodes: nodes.into_iter().collect(),
        absent_nodes,
        header: dictionary.map(|it| it.ctl.header.clone()),
        gcp: dictionary.map(|it| it.ctl.gcp),
        snapshot,
        tables: dictionary.map(|it| tables(&it.ctl)),
        rows,
        log_entries,
        bytes,
        encrypted,
        compressed,
        rows_not_decoded,
        slice: options.slice,
    }
}

fn file_report(seen: &Seen<'_>) -> FileReport {
    let rows: u64 = seen.read.fragments.iter().map(|it| it.rows).sum();
    FileReport {
        name: seen.file.name.clone(),
        node: seen.file.node,
        part: seen.file.part,
        kind: seen.file.kind,
        size: seen.read.size,
        digest: seen.read.digest,
        records: rows + seen.read.log.entries,
    }
}

/// All headers are of one backup, and of what the names say.
fn check_headers(backup_id: u32, seen: &mut [Seen<'_>], dictionary: Option<&Dictionary>) {
    let first = dictionary.map(|it| &it.ctl.header);
    for Seen { file, read } in seen {
        let Some(header) = read.header.clone() else {
            continue;
        };
        let mut find = |offset, found: String, expected: String| {
            let kind = FindingKind::Foreign;
            read.find(Finding::new(
                kind,
                &file.name,
                Some(offset),
                found,
                expected,
            ));
        };
        if header.backup_id != backup_id {
            let found = format!("a file of backup {}", header.backup_id);
            find(24, found, format!("one of backup {backup_id}"));
            continue;
        }
        let Some(first) = first else { continue };
        if header.backup_key != first.backup_key {
            find(
                28,
                format!("backup key {:08x?}", header.backup_key),
                format!(
                    "{:08x?}, that of the set's first ctl file",
                    first.backup_key
                ),
            );
        }
        let version = |it: &crate::backup::FileHeader| (it.backup_version, it.ndb_version.0);
        if version(&header) != version(first) {
            find(
                8,
                format!("version {}", header.ndb_version),
                format!("{}, that of the set's first ctl file", first.ndb_version),
            );
        }
    }
}

/// Sizes and digests are the manifest's, and the files are those it knows.
fn check_manifest(
    backup_id: u32,
    files: &[&SetFile],
    seen: &mut [Seen<'_>],
    options: &VerifyOptions<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(manifest) = options.manifest else {
        return;
    };
    if manifest.backup_id != backup_id {
        findings.push(Finding {
            kind: FindingKind::Manifest,
            file: Some(Manifest::file_name(backup_id)),
            offset: None,
            found: format!("a manifest of backup {}", manifest.backup_id),
            expected: format!("one of backup {backup_id}"),
        });
        return;
    }
    for Seen { file, read } in seen {
        let Some(known) = manifest.file(&file.name) else {
            let kind = FindingKind::NotInManifest;
            let found = "a file that the manifest does not know";
            read.findings.insert(
                0,
                Finding::new(kind, &file.name, None, found, "a file of the manifest"),
            );
            continue;
        };
        if read.size != known.size {
            let (found, expected) = (read.size, known.size);
            read.findings.insert(
                0,
                Finding::new(
                    FindingKind::Size,
                    &file.name,
                    None,
                    format!("{found} bytes"),
                    format!("{expected} bytes, by the manifest"),
                ),
            );
        } else if let Some(digest) = read.digest
            && digest.to_string() != known.sha256
        {
            read.findings.insert(
                0,
                Finding::new(
                    FindingKind::Checksum,
                    &file.name,
                    None,
                    format!("SHA-256 {digest}"),
                    format!("{}, by the manifest", known.sha256),
                ),
            );
        }
    }
    let wanted =
        |node: u32| options.nodes.is_empty() || options.nodes.iter().any(|it| it.get() == node);
    let known = manifest.files.iter().filter(|file| wanted(file.node));
    for missing in known.filter(|file| files.iter().all(|it| it.name != file.name)) {
        let kind = FindingKind::MissingFile;
        let expected = "the file that the manifest knows";
        findings.push(Finding::new(kind, &missing.name, None, "no file", expected));
    }
}

/// A file that can't be decrypted is damaged if another one of the set could be, or if it is
/// the one of the manifest after all.
fn settle_passwords(seen: &mut [Seen<'_>], manifest: Option<&Manifest>) {
    let password_is_right = seen
        .iter()
        .any(|it| it.read.encrypted && it.read.header.is_some());
    if !password_is_right {
        return;
    }
    for Seen { file, read } in seen {
        let as_it_was = manifest
            .and_then(|it| it.file(&file.name))
            .is_some_and(|known| read.digest.is_some_and(|it| it.to_string() == known.sha256));
        if as_it_was && read.header.is_none() {
            continue;
        }
        for finding in &mut read.findings {
            if finding.kind == FindingKind::WrongPassword {
                finding.kind = FindingKind::Container;
                finding.expected = "a sound file: others decrypt with this password".to_owned();
            }
        }
    }
}

/// Files of a backup that never completed lack their marks, all of them; a file alone that
/// lacks it was cut off later.
fn settle_unfinished(seen: &mut [Seen<'_>]) {
    let mut ends: BTreeMap<(NodeId, u32), bool> = BTreeMap::new();
    for Seen { file, read } in seen.iter() {
        let nothing_in_it = file.kind == FileKind::Data && read.fragments.is_empty();
        let is_locked = read.findings.iter().any(|finding| {
            let severity = finding.kind.severity();
            severity == Severity::Password || finding.kind == FindingKind::Unreadable
        });
        let is_whole = (read.ended && !nothing_in_it) || is_locked;
        *ends.entry((file.node, file.part)).or_default() |= is_whole;
    }
    for Seen { file, read } in seen {
        if ends.get(&(file.node, file.part)).copied().unwrap_or(true) {
            continue;
        }
        let expected = match file.kind {
            FileKind::Ctl => "a ctl file with its GCP entry",
            FileKind::Data => "a Data file with the footers of its fragments",
            FileKind::Log => "a log with its end word",
        };
        let found = format!("{} bytes of a backup that did not complete", read.size);
        let kind = FindingKind::Unfinished;
        read.findings
            .retain(|it| matches!(it.kind, FindingKind::Foreign | FindingKind::Unreadable));
        read.findings
            .push(Finding::new(kind, &file.name, None, found, expected));
    }
}

/// Each node and part that is there has its three files.
fn check_files(files: &[&SetFile], findings: &mut Vec<Finding>) {
    let mut parts: BTreeMap<NodeId, u32> = BTreeMap::new();
    for file in files {
        let most = parts.entry(file.node).or_default();
        *most = file.parts.max(*most);
    }
    for (node, parts) in parts {
        for part in 1..=parts {
            for kind in FileKind::ALL {
                let is_there = |it: &&&SetFile| (it.node, it.part, it.kind) == (node, part, kind);
                if files.iter().any(|it| is_there(&it)) {
                    continue;
                }
                let suffix = kind.suffix();
                let of = if parts > 1 {
                    format!(", part {part} of {parts}")
                } else {
                    String::new()
                };
                findings.push(Finding {
                    kind: FindingKind::MissingFile,
                    file: None,
                    offset: None,
                    found: format!("no {suffix} file of node {node}{of}"),
                    expected: "one ctl, one Data and one log file".to_owned(),
                });
            }
        }
    }
}

/// Every fragment is in one Data file. Gives the nodes that wrote nothing and are not missed.
fn check_fragments(
    seen: &mut [Seen<'_>],
    dictionary: &Dictionary,
    options: &VerifyOptions<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<NodeId> {
    let mut places: BTreeMap<(u32, u32), String> = BTreeMap::new();
    let mut all_read = true;
    for Seen { file, read } in seen.iter_mut() {
        if file.kind != FileKind::Data {
            continue;
        }
        all_read &= read.ended && read.header.is_some();
        for fragment in read.fragments.clone() {
            let key = (fragment.table_id, fragment.fragment);
            let Some(other) = places.insert(key, file.name.clone()) else {
                continue;
            };
            read.find(Finding::new(
                FindingKind::DuplicateFragment,
                &file.name,
                Some(fragment.offset),
                format!("fragment {} of table {}, also in {other}", key.1, key.0),
                "each fragment once",
            ));
        }
    }
    let present: BTreeSet<NodeId> = seen.iter().map(|it| it.file.node).collect();
    let without_data = nodes_without_data(seen);
    let mut holders: BTreeSet<NodeId> = BTreeSet::new();
    let mut lost = Vec::new();
    let mut missing: BTreeMap<NodeId, Vec<String>> = BTreeMap::new();
    let mut unplaced = Vec::new();
    for table in dictionary.ctl.tables().filter(|it| it.kind.has_rows()) {
        for fragment in 0..fragment_count(table) {
            let nodes = table.fragments.get(fragment as usize);
            let nodes: Vec<NodeId> = nodes.map_or_else(Vec::new, |placement| {
                let ids = placement.nodes.iter();
                ids.filter_map(|id| NodeId::new(u32::from(*id))).collect()
            });
            holders.extend(&nodes);
            let is_copy = table.fully_replicated && fragment >= table.partition_count;
            if places.contains_key(&(table.id, fragment)) || is_copy {
                continue;
            }
            let text = format!("fragment {fragment} of {}", table.name);
            match nodes.iter().find(|node| !present.contains(node)) {
                Some(node) => missing.entry(*node).or_default().push(text),
                // It may be in the Data file that is missing, which has been told.
                None if nodes.iter().any(|node| without_data.contains(node)) => {}
                None if nodes.is_empty() => unplaced.push(text),
                None => lost.push(text),
            }
        }
    }
    let absent: Vec<NodeId> = holders.difference(&present).copied().collect();
    if !options.nodes.is_empty() || !all_read {
        // Who left files out on purpose, or could not read them, has been told.
        return absent;
    }
    for (node, fragments) in &missing {
        findings.push(Finding {
            kind: FindingKind::MissingNode,
            file: None,
            offset: None,
            found: format!("no file of node {node}"),
            expected: format!("its Data file with {}", listed(fragments)),
        });
    }
    for (kind, fragments) in [
        (FindingKind::LostFragment, &lost),
        (FindingKind::MissingFragment, &unplaced),
    ] {
        for text in fragments.iter().take(LISTED_MAX) {
            findings.push(Finding {
                kind,
                file: None,
                offset: None,
                found: format!("no Data file with {text}"),
                expected: "each fragment once".to_owned(),
            });
        }
    }
    absent
        .into_iter()
        .filter(|node| !missing.contains_key(node))
        .collect()
}

/// Nodes with files, but not with a Data file of each part.
fn nodes_without_data(seen: &[Seen<'_>]) -> BTreeSet<NodeId> {
    let mut missing: BTreeMap<NodeId, BTreeSet<u32>> = BTreeMap::new();
    for Seen { file, .. } in seen {
        missing.entry(file.node).or_default().extend(1..=file.parts);
    }
    for Seen { file, .. } in seen.iter().filter(|it| it.file.kind == FileKind::Data) {
        if let Some(parts) = missing.get_mut(&file.node) {
            parts.remove(&file.part);
        }
    }
    missing.retain(|_, parts| !parts.is_empty());
    missing.into_keys().collect()
}

fn listed(fragments: &[String]) -> String {
    match fragments {
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        [] => String::new(),
    }
}

/// The counts of the master's ctl file are those of the rows read.
fn check_counts(seen: &mut [Seen<'_>]) {
    let mut rows: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for Seen { read, .. } in seen.iter() {
        for fragment in &read.fragments {
            rows.insert((fragment.table_id, fragment.fragment), fragment.rows);
        }
    }
    for Seen { file, read } in seen {
        let is_new = |it: &crate::backup::FileHeader| it.ndb_version >= FRAGMENTS_SINCE;
        if !read.header.as_ref().is_some_and(is_new) {
            continue;
        }
        for entry in std::mem::take(&mut read.counted) {
            let Some(found) = rows.get(&(entry.table_id, entry.fragment)) else {
                continue;
            };
            if *found != entry.records {
                read.find(Finding::new(
                    FindingKind::Count,
                    &file.name,
                    None,
                    format!(
                        "{} rows by its entry for fragment {} of table {}",
                        entry.records, entry.fragment, entry.table_id
                    ),
                    format!("{found} rows, as read"),
                ));
            }
        }
    }
}

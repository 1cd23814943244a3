//! The backup files of a real cluster: read whole, written again, cut and mutated.

use std::fs;
use std::path::{Path, PathBuf};

use ndbmgm::backup::{
    self, BackupError, CtlFile, DataItem, DataReader, DataWriter, DictObject, FileKind, FileName,
    FileType, HashMap, LogKind, LogReader, LogWriter, NodeFiles, PrintOptions, Printed, Row, Table,
    Value, directory_name,
};
use ndbmgm::cluster::{BackupId, Gci, NodeId};

/// Backups that are neither encrypted nor compressed, and the nodes whose files are here.
const PLAIN: [(u32, u32); 4] = [(1, 2), (3, 2), (4, 2), (4, 3)];

fn fixture(path: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of a data node's backup, below its `BackupDataDir`; its kind as its name ends.
pub(crate) fn backup_path(base: &Path, node: u32, id: u32, kind: &str) -> PathBuf {
    let kind = FileKind::ALL.into_iter().find(|it| it.suffix() == kind);
    let backup = BackupId::new(id).unwrap();
    NodeFiles::below(base, backup, NodeId::new(node).unwrap()).path(kind.unwrap())
}

fn recorded(backup: u32, node: u32, kind: FileKind) -> Vec<u8> {
    let backup = BackupId::new(backup).unwrap();
    let node = NodeId::new(node).unwrap();
    let name = FileName { backup, node, kind };
    let directory = directory_name(backup);
    fixture(&format!("backups/{directory}/{name}"))
}

fn ctl_bytes(backup: u32, node: u32) -> Vec<u8> {
    recorded(backup, node, FileKind::Ctl)
}

fn data_bytes(backup: u32, node: u32) -> Vec<u8> {
    recorded(backup, node, FileKind::Data)
}

fn log_bytes(backup: u32, node: u32) -> Vec<u8> {
    recorded(backup, node, FileKind::Log)
}

fn ctl(backup: u32, node: u32) -> CtlFile {
    CtlFile::read(&ctl_bytes(backup, node)[..]).unwrap()
}

#[test]
fn a_ctl_file_is_written_again_as_it_was() {
    for (backup, node) in PLAIN {
        let bytes = ctl_bytes(backup, node);
        let ctl = CtlFile::read(&bytes[..]).unwrap();
        let mut again = Vec::new();
        ctl.write(&mut again).unwrap();
        assert!(again == bytes, "BACKUP-{backup}.{node}.ctl");
    }
}

#[test]
fn a_ctl_file_describes_the_test_tables() {
    let ctl = ctl(1, 2);
    assert_eq!(ctl.header.file_type, FileType::Ctl);
    assert_eq!((ctl.gcp.start, ctl.gcp.stop()), (Gci(20), Gci(23)));
    let names: Vec<&str> = ctl.tables().map(|table| table.name.as_str()).collect();
    assert_eq!(names.len(), 9);
    assert!(names.contains(&"TEST_DB/def/T6") && names.contains(&"sys/def/SYSTAB_0"));
    let t2 = ctl
        .tables()
        .find(|table| table.name.ends_with("T2"))
        .unwrap();
    let key: Vec<&str> = t2
        .key_columns()
        .map(|(_, column)| column.name.as_str())
        .collect();
    assert_eq!(key, ["KOL1"]);
    assert_eq!(t2.fragments[0].nodes, [2, 3]);
    assert_eq!(t2.fragments[1].nodes, [3, 2]);
    let map = ctl.objects.iter().find_map(|object| match object {
        DictObject::HashMap(map) => Some(map),
        _ => None,
    });
    assert_eq!(map, Some(&HashMap::default_for(2, 1)));
}

/// Reads every row of a Data file; gives the rows and the file written from them.
fn rewrite_data(bytes: &[u8], ctl: &CtlFile) -> (Vec<(u32, Row)>, Vec<u8>) {
    let mut reader = DataReader::new(bytes).unwrap();
    let header = reader.header().clone();
    let mut writer = DataWriter::new(Vec::new(), &header);
    let mut rows = Vec::new();
    let mut table: Option<&Table> = None;
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            DataItem::FragmentHeader {
                table_id, fragment, ..
            } => {
                table = ctl.table(table_id);
                writer.begin_fragment(table_id, fragment).unwrap();
            }
            DataItem::Record { kind, payload } => {
                assert_eq!(kind, 0);
                let table = table.unwrap();
                let row = Row::decode(table, payload, header.byte_order).unwrap();
                writer.write_row(table, &row).unwrap();
                rows.push((table.id, row));
            }
            _ => {}
        }
    }
    (rows, writer.finish().unwrap())
}

#[test]
fn rows_are_written_again_as_they_were_but_for_pad_bytes() {
    for (backup, node) in PLAIN {
        let ctl = ctl(backup, node);
        let bytes = data_bytes(backup, node);
        let (rows, again) = rewrite_data(&bytes, &ctl);
        assert!(rows.len() > 100);
        let (rows_again, third) = rewrite_data(&again, &ctl);
        assert!(rows == rows_again, "BACKUP-{backup}-0.{node}.Data");
        assert!(again == third);
        assert_eq!(again.len(), bytes.len());
        let raw = |value: &Value| matches!(value, Value::Raw(_));
        assert!(!rows.iter().any(|(_, row)| row.0.iter().any(raw)));
        // Where the bytes differ we wrote a pad byte, which is zero.
        let differing = bytes.iter().zip(&again).filter(|(was, is)| was != is);
        assert!(differing.clone().all(|(_, is)| *is == 0));
        assert!(differing.count() < bytes.len() / 20);
    }
}

#[test]
fn logs_are_written_again_as_they_were() {
    for (backup, node) in PLAIN {
        let ctl = ctl(backup, node);
        let bytes = log_bytes(backup, node);
        let mut reader = LogReader::new(&bytes[..]).unwrap();
        let kind = reader.kind();
        assert_eq!(kind == LogKind::Undo, backup == 3);
        let mut writer = LogWriter::new(Vec::new(), &reader.header().clone(), kind);
        while let Some(entry) = reader.next_entry().unwrap() {
            let table = ctl.table(entry.table_id).unwrap();
            let values = entry.values(table).unwrap();
            let values: Vec<(u16, &Value)> = values
                .iter()
                .map(|value| (value.column, &value.value))
                .collect();
            writer
                .write_values(table, entry.fragment, entry.gci, entry.event, &values)
                .unwrap();
        }
        assert_eq!(writer.entries() > 0, backup != 1);
        assert!(
            writer.finish().unwrap() == bytes,
            "BACKUP-{backup}.{node}.log"
        );
    }
}

fn printed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let printed = backup::print(bytes, &mut out, PrintOptions::default()).unwrap();
    assert!(matches!(printed, Printed::Whole));
    out
}

#[test]
fn plain_files_are_printed_as_the_original_prints_them() {
    for (bytes, name) in [
        (ctl_bytes(1, 2), "BACKUP-1.2.ctl"),
        (data_bytes(1, 2), "BACKUP-1-0.2.Data"),
        (log_bytes(1, 2), "BACKUP-1.2.log"),
        (log_bytes(3, 2), "BACKUP-3.2.log"),
        (log_bytes(4, 2), "BACKUP-4.2.log"),
        (log_bytes(4, 3), "BACKUP-4.3.log"),
        (log_bytes(8, 2), "BACKUP-8.2.log"),
    ] {
        let golden = fixture(&format!("golden/{name}.print.txt"));
        assert!(printed(&bytes) == golden, "{name}");
    }
}

/// The files of every plain backup.
fn plain_files() -> Vec<Vec<u8>> {
    PLAIN
        .iter()
        .flat_map(|(backup, node)| {
            [
                ctl_bytes(*backup, *node),
                data_bytes(*backup, *node),
                log_bytes(*backup, *node),
            ]
        })
        .collect()
}

/// Reads a file with every reader; none may panic, whatever the bytes are.
pub(crate) fn read_any(bytes: &[u8], ctl: &CtlFile) {
    let options = PrintOptions {
        verbose: true,
        header_words: true,
    };
    let _ = backup::print(bytes, &mut std::io::sink(), options);
    let _ = backup::print_json(bytes, &mut std::io::sink(), None);
    let _ = backup::print_json(bytes, &mut std::io::sink(), Some(ctl));
    if let Ok(ctl) = CtlFile::read(bytes) {
        let _ = ctl.write(std::io::sink());
    }
    if let Ok(mut reader) = DataReader::new(bytes) {
        let order = reader.header().byte_order;
        let mut table = None;
        while let Ok(Some(item)) = reader.next_item() {
            match item {
                DataItem::FragmentHeader { table_id, .. } => table = ctl.table(table_id),
                DataItem::Record { payload, .. } => {
                    let row = table.map(|table| (table, Row::decode(table, payload, order)));
                    if let Some((table, Ok(row))) = row {
                        row.encode(table, &mut Vec::new()).unwrap();
                    }
                }
                _ => {}
            }
        }
    }
    if let Ok(mut reader) = LogReader::new(bytes) {
        while let Ok(Some(entry)) = reader.next_entry() {
            let _ = ctl.table(entry.table_id).map(|table| entry.values(table));
        }
    }
}

#[test]
fn cut_files_give_an_error_or_a_value() {
    let ctl = ctl(4, 2);
    for bytes in plain_files() {
        let step = (bytes.len() / 20).max(1);
        for length in (0..bytes.len()).step_by(step) {
            read_any(&bytes[..length], &ctl);
        }
        assert!(CtlFile::read(&bytes[..bytes.len() - 1]).is_err());
    }
}

#[test]
fn a_huge_length_is_refused_and_not_allocated() {
    let header = &ctl_bytes(1, 2)[..48];
    let list = [header, &4_u32.to_be_bytes(), &u32::MAX.to_be_bytes()].concat();
    let refused = CtlFile::read(&list[..]).unwrap_err();
    assert!(matches!(refused, BackupError::TooLong { offset: 48, .. }));
    let header = &log_bytes(1, 2)[..48];
    let entry = [header, &u32::MAX.to_be_bytes()].concat();
    let refused = LogReader::new(&entry[..])
        .unwrap()
        .next_entry()
        .unwrap_err();
    assert!(matches!(refused, BackupError::TooLong { offset: 48, .. }));
}

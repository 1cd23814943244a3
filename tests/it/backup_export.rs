//! `ndb_backup export`: the rows of a table at the snapshot point.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use ndbmgm::backup::{
    Column, ColumnType, CtlFile, DataItem, DataReader, DataWriter, DictObject, FileHeader,
    FileKind, FileType, FragmentEntry, GcpEntry, HashMap, LogEvent, LogKind, LogReader, LogWriter,
    Row, SetFile, Table, Value, open_file, read_ctl,
};
use ndbmgm::cluster::{BackupId, Gci, NodeId};
use ndbmgm::xfrm::{ReadOptions, Secret};

use crate::backup_sets::{Copy, ndb_backup};
use crate::simulator::{Simulator, TWO_NODES};

const PASSWORD: &str = "Fixture pass #1 (a-z)";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Rows that the program exports, sorted, without the line of names; and the status.
fn export(arguments: &[&str]) -> (i32, Vec<String>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ndb_backup"))
        .args(["--no-defaults", "export"])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut rows: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    rows.sort();
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), rows, told)
}

/// A value as CSV has it, from the decoder that prints files, not the one that exports.
fn csv(column: &Column, value: &Value) -> String {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|it| format!("{it:02X}"))
            .collect::<String>()
    };
    match value {
        Value::Null => "\\N".to_owned(),
        Value::Signed(number) => number.to_string(),
        Value::Unsigned(number) => number.to_string(),
        Value::Float(number) if number.abs() >= 16_777_216.0 => f64::from(*number).to_string(),
        Value::Float(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Decimal(text) => text.clone(),
        Value::Bits(words) => format!("0x{:X}", words[0]),
        Value::Bytes(bytes) if bytes.is_empty() => "\"\"".to_owned(),
        Value::Bytes(bytes) if column.charset == 0 => format!("0x{}", hex(bytes)),
        other => panic!("{other:?} in column {}", column.name),
    }
}

/// Rows of a table by their key, all values as CSV has them.
type Rows = BTreeMap<Vec<String>, Vec<String>>;

/// The rows of a recorded set, decoded by readers that the exporter does not use.
fn decoded(directory: &Path, id: u32, table: &str, secret: Option<&Secret>) -> Rows {
    let mut files: Vec<SetFile> = fs::read_dir(directory.join(format!("BACKUP-{id}")))
        .unwrap()
        .filter_map(|entry| SetFile::at(&entry.unwrap().path()))
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let of = |kind| files.iter().filter(move |file| file.kind == kind);
    let options = ReadOptions::default;
    let ctl = read_ctl(&of(FileKind::Ctl).next().unwrap().path, secret, options()).unwrap();
    let table = ctl.tables().find(|it| it.name == table).unwrap();
    let key_of = |row: &[String]| -> Vec<String> {
        table
            .key_columns()
            .map(|(id, _)| row[usize::from(id)].clone())
            .collect()
    };
    let mut rows = Rows::new();
    for file in of(FileKind::Data) {
        let mut reader =
            DataReader::new(open_file(&file.path, secret, options()).unwrap()).unwrap();
        let order = reader.header().byte_order;
        let mut open = 0;
        while let Some(item) = reader.next_item().unwrap() {
            match item {
                DataItem::FragmentHeader { table_id, .. } => open = table_id,
                DataItem::Record { payload, .. } if open == table.id => {
                    let Row(values) = Row::decode(table, payload, order).unwrap();
                    let pairs = table.columns.iter().zip(&values);
                    let row: Vec<String> = pairs.map(|(column, it)| csv(column, it)).collect();
                    rows.insert(key_of(&row), row);
                }
                _ => {}
            }
        }
    }
    for file in of(FileKind::Log) {
        let mut reader = LogReader::new(open_file(&file.path, secret, options()).unwrap()).unwrap();
        let kind = reader.kind();
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            let counts = match kind {
                LogKind::Redo => entry.gci <= ctl.gcp.stop(),
                LogKind::Undo => entry.gci > ctl.gcp.start,
            };
            if entry.table_id == table.id && counts {
                let text = |it: ndbmgm::backup::LogValue| {
                    let column = usize::from(it.column);
                    (column, csv(&table.columns[column], &it.value))
                };
                let values = entry.values(table).unwrap().into_iter().map(text);
                entries.push((entry.event, values.collect::<Vec<(usize, String)>>()));
            }
        }
        if kind == LogKind::Undo {
            entries.reverse();
        }
        for (event, values) in entries {
            let keys = table.key_columns().count();
            let key: Vec<String> = values[..keys].iter().map(|(_, it)| it.clone()).collect();
            let creates = match kind {
                LogKind::Redo => event == LogEvent::Insert,
                LogKind::Undo => event == LogEvent::Delete,
            };
            if creates {
                rows.insert(key.clone(), vec!["\\N".to_owned(); table.columns.len()]);
            } else if event != LogEvent::Update {
                rows.remove(&key);
            }
            if let Some(row) = rows.get_mut(&key) {
                for (column, value) in values {
                    row[column] = value;
                }
            }
        }
    }
    rows
}

#[test]
fn recorded_sets_are_exported_as_another_decoder_reads_them() {
    let directory = fixtures().join("backups");
    for id in 1..=8_u32 {
        let secret = Secret::new(PASSWORD.as_bytes().to_vec());
        for table in ["T1", "T2", "T3", "T6", "T13", "I1"] {
            if [2, 5, 7].contains(&id) && !["T6", "T13"].contains(&table) {
                // Each costs some key derivations.
                continue;
            }
            let name = format!("TEST_DB/def/{table}");
            let expected = decoded(&directory, id, &name, Some(&secret));
            let mut expected: Vec<String> = expected.values().map(|row| row.join(",")).collect();
            expected.sort();
            let password = format!("--backup-password={PASSWORD}");
            let id = id.to_string();
            let arguments = [&password[..], &id, table, directory.to_str().unwrap()];
            let (status, rows, told) = export(&arguments);
            assert_eq!(rows, expected, "{id} {table}");
            assert!(!expected.is_empty());
            assert_eq!(status, if id == "4" { 0 } else { 3 }, "{told}");
        }
    }
}

/// Rows and log entries of a table that the original's `ndb_restore` printed, applied in order.
fn printed(file: &str, table: &str, rows: &mut BTreeMap<String, Vec<String>>) -> usize {
    let packed = fs::read(fixtures().join("golden/restore-print").join(file)).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut bytes)
        .unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (mut open, mut entries) = (false, 0);
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("Processing data in table: ") {
            open = rest.starts_with(&format!("TEST_DB/def/{table}("));
        } else if let Some(rest) = line.strip_prefix(&format!("UPDATE TEST_DB/def/{table} ")) {
            entries += 1;
            let values: Vec<&str> = rest
                .split(", ")
                .map(|it| it.split_once('=').unwrap().1)
                .collect();
            // All columns of these tables were changed in each update.
            let row = rows.get_mut(values[0]).unwrap();
            assert_eq!(values.len(), row.len());
            *row = values.iter().map(|it| (*it).to_owned()).collect();
        } else if open && line.contains('\t') {
            let row: Vec<String> = line.split('\t').map(str::to_owned).collect();
            rows.insert(row[0].clone(), row);
        }
    }
    entries
}

#[test]
fn rows_are_those_that_the_original_prints_with_its_log_applied() {
    for (id, nodes) in [(1, &[2][..]), (3, &[2]), (4, &[2, 3]), (6, &[2]), (8, &[2])] {
        let (mut rows, mut entries) = (BTreeMap::new(), 0);
        for node in nodes {
            let file = format!("BACKUP-{id}.{node}.restore-print.txt.gz");
            entries += printed(&file, "T1", &mut rows);
        }
        let mut expected: Vec<String> = rows.values().map(|row| row.join(",")).collect();
        expected.sort();
        let directory = fixtures().join("backups");
        let id = id.to_string();
        let (_, rows, _) = export(&[&id, "T1", directory.to_str().unwrap()]);
        assert_eq!(rows, expected, "{id}");
        assert!(id == "1" || entries > 0);
    }
}

#[test]
fn a_set_of_the_start_and_one_of_the_end_have_the_rows_of_their_moment() {
    let simulator = Simulator::start(TWO_NODES, &["--rows", "2000", "--updates", "400"]);
    // Rows change during backups only: 2 starts as 1 ended, and 3 ends as 4 started.
    let text = simulator.good(
        r#"mgm() { ndb_mgm -c "$C" -e "$1" > /dev/null; }
        mgm 'START BACKUP 1 SNAPSHOTEND'
        mgm 'START BACKUP 2 SNAPSHOTSTART'
        mgm 'START BACKUP 3 SNAPSHOTEND'
        mgm 'START BACKUP 4 SNAPSHOTSTART'
        for table in customer product order_line; do
            for id in 1 2 3 4; do
                ndb_backup export $id $table cluster | sort > $id.$table || exit 1
                ndb_backup export --index-entries=50 $id $table cluster | sort |
                    cmp - $id.$table || exit 1
            done
            cmp 1.$table 2.$table && cmp 3.$table 4.$table && ! cmp -s 1.$table 3.$table || exit 1
            wc -l < 1.$table
        done"#,
    );
    let counts: Vec<u32> = text.lines().map(|it| it.trim().parse().unwrap()).collect();
    assert_eq!(counts.len(), 3);
    assert!(counts.iter().all(|it| *it > 200), "{text}");
}

#[test]
fn a_blob_is_put_together_from_its_parts() {
    let simulator = Simulator::start(TWO_NODES, &["--rows", "1600"]);
    simulator.good(r#"ndb_mgm -c "$C" -e "START BACKUP 1" > /dev/null"#);
    let text = simulator
        .good("ndb_backup export --format=jsonl --columns=id,description 1 shop.product cluster");
    let mut whole = 0;
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(digits) = row["description"].as_str() else {
            continue;
        };
        let sentence = format!("Product {} of the simulated shop. ", row["id"]);
        let letters = (0..digits.len()).step_by(2);
        let bytes: Vec<u8> = letters
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
            .collect();
        let expected: Vec<u8> = sentence.bytes().cycle().take(bytes.len()).collect();
        assert_eq!(bytes, expected);
        whole += usize::from(bytes.len() > 256);
    }
    assert!(whole >= 10, "{whole}");
}

/// A set of one node with one table, written by the library.
pub(crate) struct Made {
    pub(crate) place: tempfile::TempDir,
    table: Table,
    header: FileHeader,
}

impl Made {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        let backup = BackupId::new(7).unwrap();
        let node = NodeId::new(2).unwrap();
        Made {
            place: tempfile::tempdir().unwrap(),
            table: Table::new("db/def/t", 9, columns, 1, &[vec![2]]),
            header: FileHeader::new(FileType::Ctl, backup, node, 5),
        }
    }

    pub(crate) fn write(&self, rows: &[Row], log: impl Fn(&Table, &mut LogWriter<Vec<u8>>)) {
        let path = |name: &str| self.place.path().join(name);
        let ctl = CtlFile {
            header: self.header.clone(),
            objects: vec![
                DictObject::Table(self.table.clone()),
                DictObject::HashMap(HashMap::default_for(1, 1)),
            ],
            table_list: vec![9, 1],
            gcp: GcpEntry::new(Gci(10), Gci(20)),
            fragments: vec![FragmentEntry {
                table_id: 9,
                fragment: 0,
                records: rows.len() as u64,
            }],
        };
        let mut bytes = Vec::new();
        ctl.write(&mut bytes).unwrap();
        fs::write(path("BACKUP-7.2.ctl"), bytes).unwrap();
        let mut data = DataWriter::new(Vec::new(), &self.header);
        data.begin_fragment(9, 0).unwrap();
        for row in rows {
            data.write_row(&self.table, row).unwrap();
        }
        fs::write(path("BACKUP-7-0.2.Data"), data.finish().unwrap()).unwrap();
        let mut writer = LogWriter::new(Vec::new(), &self.header, LogKind::Redo);
        log(&self.table, &mut writer);
        fs::write(path("BACKUP-7.2.log"), writer.finish().unwrap()).unwrap();
    }

    /// What is exported with these options, the line of names included.
    pub(crate) fn export(&self, options: &[&str]) -> (i32, String) {
        let directory = self.place.path().to_str().unwrap();
        ndb_backup(&[&["export"], options, &["7", "t", directory]].concat())
    }
}

fn text(name: &str, column_type: ColumnType, length: u32, charset: u16) -> Column {
    Column::text(name, column_type, length, charset).nullable()
}

fn every_type() -> (Vec<Column>, Row) {
    use ColumnType as T;
    use ndbmgm::backup::{Date, DateTime, Time};
    let date = Date {
        year: 2024,
        month: 2,
        day: 29,
    };
    let moment = DateTime {
        date,
        hour: 23,
        minute: 59,
        second: 58,
        microsecond: 0,
    };
    let time = Time {
        negative: true,
        hours: 12,
        minutes: 1,
        seconds: 2,
        microseconds: 0,
    };
    let bytes = |text: &str| Value::Bytes(text.as_bytes().to_vec());
    let columns: Vec<(Column, Value)> = vec![
        (
            Column::new("k", T::Unsigned).primary_key(),
            Value::Unsigned(7),
        ),
        (Column::new("ti", T::Tinyint), Value::Signed(-128)),
        (Column::new("tu", T::Tinyunsigned), Value::Unsigned(255)),
        (Column::new("si", T::Smallint), Value::Signed(-32768)),
        (Column::new("su", T::Smallunsigned), Value::Unsigned(65535)),
        (Column::new("mi", T::Mediumint), Value::Signed(-8_388_608)),
        (
            Column::new("mu", T::Mediumunsigned),
            Value::Unsigned(16_777_215),
        ),
        (Column::new("i", T::Int), Value::Signed(-2_147_483_648)),
        (Column::new("bi", T::Bigint), Value::Signed(i64::MIN)),
        (Column::new("bu", T::Bigunsigned), Value::Unsigned(u64::MAX)),
        (Column::new("f", T::Float), Value::Float(0.1)),
        (Column::new("d", T::Double), Value::Double(-1.5e300)),
        (
            Column::decimal("de", 10, 2),
            Value::Decimal("-12345678.90".to_owned()),
        ),
        (Column::sized("b", T::Bit, 12), Value::Bits(vec![0xABC])),
        (
            Column::sized("b64", T::Bit, 64),
            Value::Bits(vec![1, 0x8000_0000]),
        ),
        (text("c", T::Char, 8, 8), Value::Bytes(b"caf\xE9".to_vec())),
        (text("v", T::Varchar, 20, 255), bytes("a,\"b\"\n日本")),
        (
            text("lv", T::Longvarchar, 600, 13),
            Value::Bytes(b"\x93\xFA\x96\x7B".to_vec()),
        ),
        (
            text("u", T::Varchar, 20, 35),
            Value::Bytes(b"\x04\x1C\0i\0r".to_vec()),
        ),
        (
            text("bad", T::Varchar, 20, 255),
            Value::Bytes(b"\xFF".to_vec()),
        ),
        (text("e", T::Varchar, 20, 255), bytes("")),
        (text("n", T::Varchar, 20, 255), Value::Null),
        (text("nn", T::Varchar, 20, 255), bytes("\\N")),
        (text("q", T::Varchar, 20, 255), bytes("it's")),
        (
            Column::sized("bin", T::Binary, 3),
            Value::Bytes(vec![0, 1, 255]),
        ),
        (
            Column::sized("vb", T::Varbinary, 20),
            Value::Bytes(vec![0xAB]),
        ),
        (
            Column::sized("lb", T::Longvarbinary, 300),
            Value::Bytes(vec![]),
        ),
        (Column::new("da", T::Date), Value::Date(date)),
        (Column::new("y", T::Year), Value::Year(1999)),
        (Column::new("t1", T::Time), Value::Time(time)),
        (Column::new("dt1", T::Datetime), Value::DateTime(moment)),
        (
            Column::new("ts1", T::Timestamp),
            Value::Timestamp {
                seconds: 1_600_000_000,
                microseconds: 0,
            },
        ),
        (
            Column::temporal("t2", T::Time2, 3),
            Value::Time(Time {
                microseconds: 120_000,
                ..time
            }),
        ),
        (
            Column::temporal("dt2", T::Datetime2, 6),
            Value::DateTime(DateTime {
                microsecond: 123_456,
                ..moment
            }),
        ),
        (
            Column::temporal("ts2", T::Timestamp2, 2),
            Value::Timestamp {
                seconds: 1_600_000_000,
                microseconds: 250_000,
            },
        ),
        (
            Column::blob("bl").nullable(),
            Value::Blob {
                length: 3,
                inline: vec![1, 2, 3],
            },
        ),
    ];
    let (columns, values) = columns.into_iter().unzip();
    (columns, Row(values))
}

#[test]
fn every_type_is_written_in_every_format() {
    let (columns, row) = every_type();
    let made = Made::new(columns);
    made.write(&[row], |_, _| {});
    let (status, csv) = made.export(&[]);
    assert_eq!(status, 0, "{csv}");
    let (names, rest) = csv.split_once('\n').unwrap();
    assert!(names.starts_with("k,ti,tu,si,"), "{names}");
    let expected = "7,-128,255,-32768,65535,-8388608,16777215,-2147483648,-9223372036854775808,\
        18446744073709551615,0.1,-1500000000000";
    assert!(rest.starts_with(expected), "{rest}");
    let expected = ",-12345678.90,0xABC,0x8000000000000001,café,\"a,\"\"b\"\"\n日本\",日本,Мir,0xFF,\"\",\\N,\
        \"\\N\",it's,0x0001FF,0xAB,\"\",2024-02-29,1999,-12:01:02,2024-02-29 23:59:58,2020-09-13 12:26:40,\
        -12:01:02.120,2024-02-29 23:59:58.123456,2020-09-13 12:26:40.25,0x010203\n\
        Note: 1 text value(s) are none of their character set; their bytes were written.\n";
    assert!(rest.ends_with(expected), "{rest}");

    let (status, json) = made.export(&["--format=jsonl"]);
    assert_eq!(status, 0, "{json}");
    let row: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(row["bu"], u64::MAX);
    assert_eq!(row["de"], "-12345678.90");
    assert_eq!(row["b"], 0xABC);
    assert_eq!(
        (&row["c"], &row["v"]),
        (&"café".into(), &"a,\"b\"\n日本".into())
    );
    assert_eq!(row["bad"], serde_json::json!({"hex": "ff"}));
    assert_eq!(
        (&row["e"], &row["n"]),
        (&"".into(), &serde_json::Value::Null)
    );
    assert_eq!(
        (&row["ts2"], &row["bl"]),
        (&"2020-09-13 12:26:40.25".into(), &"010203".into())
    );

    let (status, sql) = made.export(&["--format=sql", "--columns=k,v,q,bad,b,bin,n,dt2,de"]);
    assert_eq!(status, 0, "{sql}");
    let expected = "INSERT INTO `db`.`t` (`k`,`v`,`q`,`bad`,`b`,`bin`,`n`,`dt2`,`de`) VALUES\n\
        (7,_utf8mb4 X'612c2262220ae697a5e69cac','it''s',_utf8mb4 X'ff',b'101010111100',X'0001ff',NULL,\
        '2024-02-29 23:59:58.123456',-12345678.90);\n";
    assert!(sql.contains(expected), "{sql}");
}

fn pair(key: u64, value: &str) -> Row {
    Row(vec![
        Value::Unsigned(key),
        match value {
            "" => Value::Null,
            value => Value::Bytes(value.as_bytes().to_vec()),
        },
    ])
}

fn two_columns() -> Made {
    Made::new(vec![
        Column::new("id", ColumnType::Unsigned).primary_key(),
        text("v", ColumnType::Varchar, 20, 8),
    ])
}

#[test]
fn the_log_is_applied_up_to_the_snapshot_point() {
    use ndbmgm::backup::Change;
    let made = two_columns();
    let rows = [pair(1, "one"), pair(2, "two"), pair(3, "three")];
    made.write(&rows, |table, log| {
        let mut write = |gci: u32, change: Change<'_>| {
            log.write_change(table, 0, Gci(gci), change).unwrap();
        };
        write(11, Change::Insert(&pair(4, "four")));
        let (two, neu) = (pair(2, "two"), pair(2, "neu"));
        write(
            12,
            Change::Update {
                before: &two,
                after: &neu,
            },
        );
        write(13, Change::Delete(&pair(3, "three")));
        write(13, Change::Insert(&pair(5, "gone")));
        write(14, Change::Delete(&pair(5, "gone")));
        let (one, late) = (pair(1, "one"), pair(1, "late"));
        // After the stop GCP: this is not of the backup.
        write(
            21,
            Change::Update {
                before: &one,
                after: &late,
            },
        );
        write(15, Change::Insert(&pair(3, "again")));
    });
    let expected = "id,v\n1,one\n2,neu\n3,again\n4,four\n";
    let (status, text) = made.export(&[]);
    assert_eq!(status, 0);
    assert_eq!(text, expected);
    for entries in ["1", "2", "3"] {
        let (_, text) = made.export(&[&format!("--index-entries={entries}")]);
        let mut lines: Vec<&str> = text.lines().skip(1).collect();
        lines.sort_unstable();
        // Two entries of one row have to be kept together.
        if entries != "1" {
            assert_eq!(
                format!("id,v\n{}\n", lines.join("\n")),
                expected,
                "{entries}"
            );
        }
    }
}

#[test]
fn keys_columns_and_limits_choose() {
    let made = two_columns();
    made.write(&[pair(1, "one"), pair(2, "two"), pair(3, "")], |_, _| {});
    assert_eq!(
        made.export(&["--where-key=2"]),
        (0, "id,v\n2,two\n".to_owned())
    );
    assert_eq!(made.export(&["--where-key=9"]), (0, "id,v\n".to_owned()));
    assert_eq!(
        made.export(&["--columns=v"]),
        (0, "v\none\ntwo\n\\N\n".to_owned())
    );
    assert_eq!(
        made.export(&["--limit=2"]),
        (0, "id,v\n1,one\n2,two\n".to_owned())
    );
    assert_eq!(made.export(&["--limit=0"]), (0, "id,v\n".to_owned()));
    let (status, text) = made.export(&["--columns=w"]);
    assert_eq!(status, 1);
    assert!(text.contains("has no column 'w'; it has id, v"), "{text}");
    let (status, text) = made.export(&["--where-key=1,2"]);
    assert_eq!(status, 1);
    assert!(text.contains("has 1 column(s), 2 value(s)"), "{text}");
    let directory = made.place.path().to_str().unwrap();
    let (status, text) = ndb_backup(&["export", "7", "none", directory]);
    assert_eq!(status, 1);
    assert!(
        text.contains("there is no table 'none'; the set has db/def/t"),
        "{text}"
    );
}

#[test]
fn files_of_the_other_byte_order_are_read() {
    // A table with an unsigned key and a varchar, as a big-endian node writes it.
    let made = two_columns();
    made.write(&[], |_, _| {});
    let path = |name: &str| made.place.path().join(name);
    let mut ctl = fs::read(path("BACKUP-7.2.ctl")).unwrap();
    ctl[36..40].copy_from_slice(&[0x12, 0x34, 0x56, 0x78]);
    fs::write(path("BACKUP-7.2.ctl"), &ctl).unwrap();
    let header = |file_type: u8| {
        let mut header = ctl[..48].to_vec();
        header[23] = file_type;
        header
    };
    let words =
        |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|it| it.to_be_bytes()).collect() };
    let mut data = header(3);
    data.extend(words(&[2, 5, 9, 0, 0]));
    // Header, bitmap, key, `five` with its length byte and three bytes of nothing.
    data.extend(words(&[5, 0xFFF3_0004, 3, 7, 0x0466_6976, 0x6500_0000]));
    data.extend(words(&[3, 0xFFF3_0004, 7, 8]));
    data.extend(words(&[0, 3, 6, 9, 0, 2, 0]));
    fs::write(path("BACKUP-7-0.2.Data"), data).unwrap();
    let mut log = header(2);
    // Insert 9 with `hi`, in GCP 11: the attribute headers are big-endian too.
    log.extend(words(&[
        10,
        9,
        0x1_0000,
        0,
        0x0000_0004,
        9,
        0x0000_0004,
        9,
        0x0001_0003,
        0x0268_6900,
        11,
    ]));
    log.extend(words(&[0]));
    fs::write(path("BACKUP-7.2.log"), log).unwrap();
    assert_eq!(
        made.export(&[]),
        (0, "id,v\n7,five\n8,\\N\n9,hi\n".to_owned())
    );
}

#[test]
fn what_is_missing_or_damaged_has_its_own_status() {
    let copy = Copy::of(1);
    let directory = copy.place.path().to_str().unwrap();
    let (status, rows, told) = export(&["1", "T1", directory]);
    assert_eq!(status, 3);
    assert!(!rows.is_empty());
    assert!(
        told.contains("the rows of fragment 1 of TEST_DB/def/T1 are missing"),
        "{told}"
    );
    let path = copy.place.path().join("BACKUP-1-0.2.Data");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    let (status, _, told) = export(&["1", "T1", directory]);
    assert_eq!(status, 1);
    assert!(
        told.contains("BACKUP-1-0.2.Data: the file ends inside the"),
        "{told}"
    );
    let copy = Copy::of(2);
    let directory = copy.place.path().to_str().unwrap();
    for password in ["--backup-password=wrong", "--skip-backup-password"] {
        let (status, _, told) = export(&[password, "2", "T1", directory]);
        assert_eq!(status, 12, "{told}");
    }
}

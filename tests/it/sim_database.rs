//! The simulator's made-up database: every type, index and layout of files, sound and exportable
//! however it is backed up.

use std::collections::BTreeSet;
use std::fs;

use ndbmgm::backup::{CtlFile, DataItem, DataReader, DictObject, TableKind};

use crate::simulator::{Simulator, TWO_NODES};

/// Tables that users made.
const TABLES: &str = "customer product order_line review every_type";

/// Two data nodes with these parameters more.
fn two_nodes(parameters: &str) -> String {
    TWO_NODES.replace("NoOfReplicas=2", &format!("NoOfReplicas=2\n{parameters}"))
}

/// Several LDM threads on each node: a part for each.
const IN_PARTS: &str = "ThreadConfig=main,ldm={count=2,cpubind=0,1},io";

/// What every script here begins with. Set `$E` is encrypted, which makes each look at it cost a
/// key for each file.
const FUNCTIONS: &str = r#"
    set -e
    start() {
        text="START BACKUP $*"
        if [ $1 = $E ]; then text="START BACKUP $1 ENCRYPT PASSWORD='secret' $2"; fi
        ndb_mgm -c "$C" -e "$text" > /dev/null
    }
    password() { if [ $1 = $E ]; then echo -Psecret; fi; }
    export_table() {
        ndb_backup export $(password $1) $1 $2 cluster 2> told | sort > $1.$2
        ! grep -v 'on the command line interface can be insecure' told
    }
"#;

/// Backs the cluster up in every way: 1 and 3 hold its state at their end, 2 and 4 that at their
/// start.
const BACK_UP: &str = "
    start 1 SNAPSHOTEND
    start 2 SNAPSHOTSTART
    start 3 SNAPSHOTEND
    start 4 SNAPSHOTSTART
";

fn run(simulator: &Simulator, encrypted: u32, script: &str) -> String {
    simulator.good(&format!("E={encrypted}\n{FUNCTIONS}{script}"))
}

/// Verifies, shows and exports backups of a cluster with these parameters, in which clients
/// change rows during backups only: 2 begins as 1 ended, and 4 as 3 ended.
fn sound_shown_and_exported(parameters: &str, encrypted: u32) {
    let config = two_nodes(parameters);
    let simulator = Simulator::start(&config, &["--rows", "1000", "--updates", "300"]);
    run(&simulator, encrypted, BACK_UP);
    let text = run(
        &simulator,
        encrypted,
        r#"for id in 1 2 3 4; do
            ndb_backup verify $(password $id) $id cluster
            if [ $id = $E ]; then continue; fi
            ndb_backup show $id cluster > shown
            grep -q '5/8/review_of_product: shop/def/review references shop/def/product' shown
            grep -q 'index product (product)' shown
            grep -q 'unique index email$unique (email)' shown
        done"#,
    );
    let sound = "structure: ok, content: unproven (no manifest)";
    assert_eq!(text.matches(sound).count(), 4, "{text}");
    assert_eq!(text.matches(", 600 log entries,").count(), 4, "{text}");
    run(
        &simulator,
        encrypted,
        &format!(
            r#"for id in 1 2 3 4; do export_table $id every_type; done
            cmp 1.every_type 2.every_type
            cmp 3.every_type 4.every_type
            for table in {TABLES}; do
                export_table 1 $table
                export_table 4 $table
                ! cmp -s 1.$table 4.$table
            done"#
        ),
    );
}

#[test]
fn every_set_of_one_part_is_sound_shown_and_exported() {
    sound_shown_and_exported("", 2);
}

#[test]
fn every_compressed_set_of_one_part_is_sound_shown_and_exported() {
    sound_shown_and_exported("CompressedBackup=1", 3);
}

#[test]
fn every_set_of_several_parts_is_sound_shown_and_exported() {
    sound_shown_and_exported(IN_PARTS, 3);
}

#[test]
fn every_compressed_set_of_several_parts_is_sound_shown_and_exported() {
    sound_shown_and_exported(&format!("CompressedBackup=1\n{IN_PARTS}"), 2);
}

#[test]
fn start_and_end_of_an_unchanged_database_are_the_same() {
    let simulator = Simulator::start(&two_nodes(IN_PARTS), &["--rows", "1000"]);
    run(&simulator, 3, BACK_UP);
    let text = run(
        &simulator,
        3,
        &format!(
            r#"for table in {TABLES}; do
                export_table 1 $table
                export_table 4 $table
                cmp 1.$table 4.$table
                wc -l < 1.$table
            done
            for id in 2 3; do
                export_table $id every_type
                cmp 1.every_type $id.every_type
            done"#
        ),
    );
    let lines: Vec<u32> = text.lines().map(|it| it.trim().parse().unwrap()).collect();
    // Rows, and the line of names.
    assert_eq!(lines[..4], [251, 126, 449, 63], "{text}");
}

/// Names of the columns of the table with every type, by a ctl file.
fn every_type_columns(simulator: &Simulator) -> Vec<String> {
    let ctl = CtlFile::read(&fs::read(simulator.backup_file(2, 1, "ctl")).unwrap()[..]).unwrap();
    let table = ctl.tables().find(|it| it.name == "shop/def/every_type");
    let columns = &table.unwrap().columns;
    columns.iter().map(|column| column.name.clone()).collect()
}

#[test]
fn every_type_is_exported_as_it_was_made_up() {
    let simulator = Simulator::start(TWO_NODES, &["--rows", "3200"]);
    simulator.good(r#"ndb_mgm -c "$C" -e 'START BACKUP 1' > /dev/null"#);
    let columns = every_type_columns(&simulator);
    // The widest numbers are more than the reader of JSON here can take.
    let (wide, others): (Vec<&str>, Vec<&str>) = columns
        .iter()
        .map(|name| &name[..])
        .partition(|name| ["float", "double"].contains(name));
    assert_eq!(wide.len(), 2);
    let text = simulator.good(&format!(
        "ndb_backup export --format=jsonl --columns={} 1 every_type cluster",
        others.join(",")
    ));
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 100);
    let row = |id: u32| rows.iter().find(|row| row["id"] == id).unwrap();
    let nines = |count: usize| "9".repeat(count);
    let decimal = format!("{}.{}", nines(35), nines(30));
    let least = serde_json::json!({
        "tinyint": -128, "tinyunsigned": 0, "smallint": -32768, "smallunsigned": 0,
        "mediumint": -8_388_608, "mediumunsigned": 0, "int": i32::MIN, "unsigned": 0,
        "bigint": i64::MIN, "bigunsigned": 0, "olddecimal": "-999.99",
        "olddecimalunsigned": "0.00", "decimal": format!("-{decimal}"), "decimalunsigned": "0",
        "char": "", "varchar": "", "longvarchar": "", "binary": "00000000000000",
        "varbinary": "", "longvarbinary": "", "bit": 0, "bits": 0, "more_bits": 0,
        "date": "1000-01-01", "time": "-838:59:59", "datetime": "1000-01-01 00:00:00",
        "timestamp": "1970-01-01 00:00:01", "year": 1901, "time2": "-838:59:59",
        "time2_6": "-838:59:59.000000", "datetime2": "1000-01-01 00:00:00.000",
        "timestamp2": "1970-01-01 00:00:01.00", "timestamp2_6": "1970-01-01 00:00:01.000000",
        "enum": 0, "set": 0,
    });
    let most = serde_json::json!({
        "tinyint": 127, "tinyunsigned": 255, "smallint": 32767, "smallunsigned": 65535,
        "mediumint": 8_388_607, "mediumunsigned": 16_777_215, "int": i32::MAX,
        "unsigned": u32::MAX, "bigint": i64::MAX, "bigunsigned": u64::MAX,
        "olddecimal": "999.99", "olddecimalunsigned": "999.99", "decimal": decimal,
        "decimalunsigned": "99999", "char": "zzzzzzzzz", "varchar": "z".repeat(60),
        "longvarchar": "z".repeat(400), "binary": "ff".repeat(7), "varbinary": "ff".repeat(30),
        "longvarbinary": "ff".repeat(300), "bit": 1, "bits": (1_u64 << 37) - 1,
        "more_bits": u64::MAX, "date": "9999-12-31", "time": "838:59:59",
        "datetime": "9999-12-31 23:59:59", "timestamp": "2038-01-19 03:14:07", "year": 2155,
        "time2": "838:59:59", "time2_6": "838:59:59.000000",
        "datetime2": "9999-12-31 23:59:59.999", "timestamp2": "2038-01-19 03:14:07.99",
        "timestamp2_6": "2038-01-19 03:14:07.999999", "enum": 255, "set": 65535,
    });
    for (id, expected) in [(1, &least), (2, &most)] {
        for (column, value) in expected.as_object().unwrap() {
            assert_eq!(row(id)[column], *value, "{id} {column}");
        }
    }
    let numbers =
        simulator.good("ndb_backup export --columns=id,float,double 1 every_type cluster");
    for (id, sign) in [("1", -1.0), ("2", 1.0)] {
        let line = numbers
            .lines()
            .find_map(|it| it.strip_prefix(&format!("{id},")));
        let (float, double) = line.unwrap().split_once(',').unwrap();
        assert_eq!(float.parse(), Ok(f32::MAX * sign as f32), "{id}");
        assert_eq!(double.parse(), Ok(f64::MAX * sign), "{id}");
    }
    let nulls = |id: u32| {
        row(id)
            .as_object()
            .unwrap()
            .values()
            .filter(|it| it.is_null())
            .count()
    };
    // But for the three blobs, of which any row may lack one.
    assert!((15..=17).contains(&nulls(3)), "{}", row(3));

    let sentence = "Größe: 5 µm – 日本語\n";
    let unhex = |digits: &str| -> String {
        let pairs = (0..digits.len()).step_by(2);
        let bytes = pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
        String::from_utf8(bytes.collect()).unwrap()
    };
    let mut lengths = BTreeSet::new();
    for row in &rows {
        let blobs = [
            row["text"].as_str().map(str::to_owned),
            row["blob"].as_str().map(unhex),
            row["document"].as_str().map(unhex),
        ];
        for blob in blobs.into_iter().flatten() {
            assert!(blob == sentence.repeat(blob.len() / sentence.len()));
            lengths.insert(blob.len());
        }
    }
    // Nothing, within the row, in one part, in three.
    for range in [0..=0, 1..=256, 257..=2256, 4257..=6256] {
        assert!(lengths.range(range.clone()).next().is_some(), "{range:?}");
    }
}

#[test]
fn the_dictionary_has_indexes_defaults_and_a_foreign_key() {
    let simulator = Simulator::start(TWO_NODES, &["--rows", "100"]);
    simulator.good(r#"ndb_mgm -c "$C" -e 'START BACKUP 1' > /dev/null"#);
    let bytes = fs::read(simulator.backup_file(2, 1, "ctl")).unwrap();
    let ctl = CtlFile::read(&bytes[..]).unwrap();
    let mut again = Vec::new();
    ctl.write(&mut again).unwrap();
    assert!(again == bytes);
    let listed: Vec<Option<u32>> = ctl.table_list.iter().copied().map(Some).collect();
    let described: Vec<Option<u32>> = ctl.objects.iter().map(DictObject::id).collect();
    assert_eq!(listed, described);
    let kinds: BTreeSet<u32> = ctl.objects.iter().map(DictObject::kind).collect();
    assert_eq!(kinds, BTreeSet::from([1, 2, 3, 6, 24, 25]));
    let ordered = ctl.tables().find(|it| it.kind == TableKind::OrderedIndex);
    let ordered = ordered.unwrap();
    assert_eq!((ordered.fragment_type, ordered.hash_map), (8, None));
    let columns: Vec<(&str, bool)> = ordered
        .columns
        .iter()
        .map(|it| (&it.name[..], it.key))
        .collect();
    assert_eq!(columns, [("product", false), ("NDB$TNODE", true)]);
    // Indexes have neither rows nor fragment entries.
    assert!(
        ctl.fragments
            .iter()
            .all(|it| ctl.table(it.table_id).unwrap().kind.has_rows())
    );
}

/// Fragments of the Data file of a part.
fn fragments(simulator: &Simulator, node: u32, part: u32) -> BTreeSet<u32> {
    let directory = simulator.backup_dir(node, 1);
    let path = directory.join(format!("BACKUP-1-PART-{part}-OF-2/BACKUP-1-0.{node}.Data"));
    let bytes = fs::read(path).unwrap();
    let mut reader = DataReader::new(&bytes[..]).unwrap();
    let mut found = BTreeSet::new();
    while let Some(item) = reader.next_item().unwrap() {
        if let DataItem::FragmentHeader { fragment, .. } = item {
            found.insert(fragment);
        }
    }
    found
}

#[test]
fn each_ldm_writes_a_part_with_its_fragments_and_the_masters_first_one_counts() {
    let simulator = Simulator::start(&two_nodes(IN_PARTS), &["--rows", "300", "--updates", "5"]);
    simulator.good(
        r#"set -e
        ndb_mgm -c "$C" -e 'START BACKUP 1' > /dev/null
        ndb_backup gather 1 --from=2=cluster/node-2 --from=3=cluster/node-3 --to=sets
        ndb_backup verify --require-manifest 1 sets
        ls -d sets/BACKUP-1/BACKUP-1-PART-2-OF-2"#,
    );
    let mut all = Vec::new();
    let mut counted = Vec::new();
    for (node, part) in [(2, 1), (2, 2), (3, 1), (3, 2)] {
        all.extend(fragments(&simulator, node, part));
        let directory = simulator.backup_dir(node, 1);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
        let path = directory.join(format!("BACKUP-1-PART-{part}-OF-2/BACKUP-1.{node}.ctl"));
        let ctl = CtlFile::read(&fs::read(path).unwrap()[..]).unwrap();
        if ctl.fragments.iter().any(|it| it.records > 0) {
            let master = ctl.header.backup_key[0] >> 16;
            assert_eq!((node, part), (master, 1));
            counted.push(ctl.fragments.iter().map(|it| it.records).sum::<u64>());
        }
    }
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3], "each part has a fragment of its own");
    assert_eq!(counted.len(), 1);
    assert!((300..320).contains(&counted[0]), "{counted:?}");
}

#[test]
fn a_backup_has_one_part_if_a_node_has_one_ldm_or_parts_are_off() {
    let off = two_nodes(&format!("{IN_PARTS}\nEnableMultithreadedBackup=0"));
    let one = TWO_NODES.replace("NodeId=3\n", "NodeId=3\nThreadConfig=main,ldm={count=4}\n");
    for config in [off, one] {
        let simulator = Simulator::start(&config, &["--rows", "100"]);
        simulator.good(
            r#"ndb_mgm -c "$C" -e 'START BACKUP 1' > /dev/null && ndb_backup verify 1 cluster"#,
        );
        assert!(simulator.backup_file(2, 1, "Data").is_file());
        assert_eq!(fs::read_dir(simulator.backup_dir(3, 1)).unwrap().count(), 3);
    }
}

#[test]
fn an_aborted_backup_in_parts_leaves_nothing_and_an_existing_id_is_refused() {
    let config = two_nodes(&format!("{IN_PARTS}\nMaxDiskWriteSpeed=1G"));
    let simulator = Simulator::start(&config, &["--rows", "300"]);
    simulator.good(r#"ndb_mgm -c "$C" -e 'START BACKUP 1' > /dev/null"#);
    let before = fragments(&simulator, 2, 2);
    simulator.bad(
        r#"ndb_mgm -c "$C" -e 'START BACKUP 1' > /dev/null 2>&1 || exit 9"#,
        9,
    );
    assert_eq!(fragments(&simulator, 2, 2), before);

    let disk = simulator.place.path().join("faults");
    fs::write(&disk, "disk-full 3 10K\n").unwrap();
    let faults = ["--rows", "300", "--faults", disk.to_str().unwrap()];
    let simulator = Simulator::start(&config, &faults);
    simulator.bad(
        r#"ndb_mgm -c "$C" -e 'START BACKUP 1' > /dev/null 2>&1 || exit 9"#,
        9,
    );
    for node in [2, 3] {
        assert!(!simulator.backup_dir(node, 1).exists(), "{node}");
    }
}

//! The smallest complete fileset, which the original's restore tool accepts, and packed rows of
//! many types: written from table definitions and read back.

use ndbmgm::backup::{
    ByteOrder, Change, Column, ColumnDefault, ColumnType, CtlFile, DataItem, DataReader,
    DataWriter, DictObject, FileHeader, FileType, FragmentEntry, GcpEntry, LATIN1, LogEvent,
    LogKind, LogReader, LogWriter, Row, Table, Value,
};
use ndbmgm::backup::{Date, DateTime, Time};
use ndbmgm::cluster::{BackupId, Gci, NodeId};
use proptest::prelude::*;

const CTL: &str = "
    4e44 4242 434b 5550 0006 030b 0000 0001
    0000 0009 0000 0001 0000 0001 0002 0001
    0000 1234 7856 3412 0009 0702 0009 0702
    0000 0004 0000 0003 0000 0007 0000 0005
    0000 00b2 0000 0002 0001 0001 0000 000b
    6462 312f 6465 662f 7431 0000 0000 0002
    0000 0007 0000 0003 0000 0001 0000 0005
    0000 0001 0000 0006 0000 0002 0000 0007
    0000 0001 0000 0008 0000 0000 0000 000c
    0000 0001 0000 0004 0000 0001 0000 0096
    0000 0001 0000 0097 0000 0001 0000 001c
    0000 0000 0000 001d 0000 0000 0000 009e
    0000 0000 0000 009f 0000 0000 0000 000a
    0000 004e 0000 000b 0000 0050 0000 0009
    0000 0006 0000 000d 0000 0009 0000 0012
    0000 0002 0000 008b 0000 0000 0000 008c
    0000 0000 0000 008d 0000 0001 0000 008e
    0000 0001 0000 007f ffff fffe 0000 0080
    0000 0002 0000 008f 0000 0000 0000 0090
    0000 0000 0000 0098 0000 0000 0000 0099
    0000 0001 0000 009b 0000 0002 0000 009c
    0000 0000 0000 009d 0000 0000 0000 00a0
    0000 0002 0000 00a1 ffff ff00 0000 009a
    0000 0001 0000 0089 0000 0010 0002 008a
    0000 0010 0002 0002 0000 0002 0003 0001
    0003 0002 0000 001a 0000 0000 0002 001b
    0000 0000 0000 0085 0000 0000 0000 0081
    0000 0000 0002 0082 0000 0000 0000 0087
    0000 0000 0002 0088 0000 0000 0001 03e8
    0000 0003 6964 0000 0000 03e9 0000 0000
    0000 03ee 0000 0001 0000 03eb 0000 0005
    0000 03ed 0000 0001 0000 03fb 0000 0000
    0000 03f0 0000 0000 0000 03f1 0000 0000
    0000 03f2 0000 0000 0000 03f5 0000 0008
    0000 03f6 0000 0000 0000 03f7 0000 0000
    0000 03f8 0000 0001 0000 03f9 0000 0000
    0000 03ef 0000 0000 0000 03fc 0000 0000
    0002 03fd 0000 0000 0000 07cf 0000 0001
    0001 03e8 0000 0002 7600 0000 0000 03e9
    0000 0001 0000 03ee 0000 0000 0000 03eb
    0000 0003 0000 03ed 0000 0015 0000 03fb
    0000 0001 0000 03f0 0000 0001 0000 03f1
    0000 0000 0000 03f2 0000 0000 0000 03f5
    0000 000f 0000 03f6 0008 0000 0000 03f7
    0000 0000 0000 03f8 0000 0014 0000 03f9
    0000 0000 0000 03ef 0000 0000 0000 03fc
    0000 0008 0002 03fd 0000 0008 0000 0003
    0261 6200 0000 07cf 0000 0001 0000 03e7
    0000 0001 0000 0006 0000 0004 0000 0064
    0000 0068 0000 0007 0000 0008 0000 0007
    0000 0000 0000 0002 0000 0000 0000 0000
    0000 0000
";

const DATA: &str = "
    4e44 4242 434b 5550 0006 030b 0000 0001
    0000 0009 0000 0003 0000 0001 0002 0001
    0000 1234 7856 3412 0009 0702 0009 0702
    0000 0002 0000 0005 0000 0007 0000 0000
    0000 0000 0000 0005 0400 f3ff 0300 0000
    0100 0000 0568 656c 6c6f 0000 0000 0003
    0400 f3ff 0700 0000 0200 0000 0000 0000
    0000 0003 0000 0006 0000 0007 0000 0000
    0000 0002 0000 0000
";

const REDO: &str = "
    4e44 4242 434b 5550 0006 030b 0000 0001
    0000 0009 0000 0002 0000 0001 0002 0001
    0000 1234 7856 3412 0009 0702 0009 0702
    0000 000a 0000 0007 0001 0000 0000 0000
    0400 0000 0300 0000 0400 0000 0300 0000
    0300 0100 0268 6900 0000 0065 0000 0006
    0000 0007 0000 0002 0000 0000 0400 0000
    0100 0000 0000 0100 0000 0006 0000 0007
    0001 0001 0000 0000 0400 0000 0200 0000
    0000 0066 0000 0000
";

const UNDO: &str = "
    4e44 4242 434b 5550 0006 030b 0000 0001
    0000 0009 0000 0005 0000 0001 0002 0001
    0000 1234 7856 3412 0009 0702 0009 0702
    0000 0006 0000 0007 0001 0000 0000 0000
    0400 0000 0300 0000 0000 0065 0000 0006
    0000 0008 0000 0007 0001 0002 0000 0000
    0400 0000 0100 0000 0400 0100 036f 6c64
    0000 0066 0000 0008 0000 0009 0000 0007
    0001 0001 0000 0000 0400 0000 0200 0000
    0400 0000 0200 0000 0000 0100 0000 0067
    0000 0009 0000 0000
";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] << 4 | pair[1]) as u8)
        .collect()
}

fn header(file_type: FileType) -> FileHeader {
    let backup = BackupId::new(1).unwrap();
    FileHeader::new(file_type, backup, NodeId::new(2).unwrap(), 0x1234)
}

/// `id` Unsigned, primary key; `v` Varchar(20), latin1, nullable, default 'ab'.
fn table() -> Table {
    let columns = vec![
        Column::new("id", ColumnType::Unsigned)
            .primary_key()
            .without_default(),
        Column::text("v", ColumnType::Varchar, 20, LATIN1)
            .nullable()
            .with_default(&text("ab"))
            .unwrap(),
    ];
    Table::new("db1/def/t1", 7, columns, 1, &[vec![2, 3], vec![3, 2]])
}

fn text(text: &str) -> Value {
    Value::Bytes(text.as_bytes().to_vec())
}

fn row(id: u64, v: Value) -> Row {
    Row(vec![Value::Unsigned(id), v])
}

#[test]
fn the_smallest_ctl_is_written_and_read() {
    let ctl = CtlFile {
        header: header(FileType::Ctl),
        table_list: vec![7],
        objects: vec![DictObject::Table(table())],
        gcp: GcpEntry::new(Gci(100), Gci(105)),
        fragments: vec![FragmentEntry {
            table_id: 7,
            fragment: 0,
            records: 2,
        }],
    };
    let mut written = Vec::new();
    ctl.write(&mut written).unwrap();
    assert_eq!(written, bytes(CTL));
    assert_eq!(CtlFile::read(&written[..]).unwrap(), ctl);
    let ColumnDefault::Stored(default) = &table().columns[1].default else {
        panic!("the column has a default");
    };
    assert_eq!(default, &[2, b'a', b'b']);
}

#[test]
fn the_smallest_data_file_is_written_and_read() {
    let rows = [row(1, text("hello")), row(2, Value::Null)];
    let mut writer = DataWriter::new(Vec::new(), &header(FileType::Data));
    writer.begin_fragment(7, 0).unwrap();
    for row in &rows {
        writer.write_row(&table(), row).unwrap();
    }
    let written = writer.finish().unwrap();
    assert_eq!(written, bytes(DATA));
    let mut reader = DataReader::new(&written[..]).unwrap();
    let mut read = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        if let DataItem::Record { payload, .. } = item {
            read.push(Row::decode(&table(), payload, ByteOrder::Little).unwrap());
        }
    }
    assert_eq!(read, rows);
}

/// Inserts row 3, updates row 1 and deletes row 2.
fn write_log(kind: LogKind, rows: [&Row; 4], gcis: [u32; 3]) -> Vec<u8> {
    let [inserted, before, after, deleted] = rows;
    let changes = [
        Change::Insert(inserted),
        Change::Update { before, after },
        Change::Delete(deleted),
    ];
    let mut writer = LogWriter::new(Vec::new(), &header(FileType::RedoLog), kind);
    for (change, gci) in changes.into_iter().zip(gcis) {
        writer.write_change(&table(), 0, Gci(gci), change).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn the_smallest_logs_are_written_and_read() {
    let inserted = row(3, text("hi"));
    let (old, null) = (row(1, text("old")), row(1, Value::Null));
    let deleted = row(2, Value::Null);
    let redo = write_log(
        LogKind::Redo,
        [&inserted, &old, &null, &deleted],
        [101, 101, 102],
    );
    assert_eq!(redo, bytes(REDO));
    let undo = write_log(
        LogKind::Undo,
        [&inserted, &old, &null, &deleted],
        [101, 102, 103],
    );
    assert_eq!(undo, bytes(UNDO));
    let mut events = Vec::new();
    let mut reader = LogReader::new(&redo[..]).unwrap();
    while let Some(entry) = reader.next_entry().unwrap() {
        events.push((
            entry.event,
            entry.gci.0,
            entry.values(&table()).unwrap().len(),
        ));
    }
    assert_eq!(
        events,
        [
            (LogEvent::Insert, 101, 3),
            (LogEvent::Update, 101, 2),
            (LogEvent::Delete, 102, 1)
        ]
    );
}

/// A table with columns of many sizes, so that rows have gaps and shared words.
fn mixed() -> Table {
    let columns = vec![
        Column::new("id", ColumnType::Unsigned).primary_key(),
        Column::text("vc", ColumnType::Varchar, 20, LATIN1).nullable(),
        Column::text("c", ColumnType::Char, 5, LATIN1).nullable(),
        Column::new("i16", ColumnType::Smallint),
        Column::sized("b3", ColumnType::Bit, 3),
        Column::sized("b40", ColumnType::Bit, 40).nullable(),
        Column::new("bi", ColumnType::Bigint).nullable(),
        Column::sized("lvb", ColumnType::Longvarbinary, 300),
        Column::new("ti", ColumnType::Tinyint),
    ];
    Table::new("db1/def/t2", 8, columns, 1, &[vec![2]])
}

/// Words as they are printed, that is little-endian.
fn words(text: &str) -> Vec<u8> {
    let word = |word: &str| u32::from_str_radix(word, 16).unwrap().to_le_bytes();
    text.split_whitespace().flat_map(word).collect()
}

/// Reads the row and writes it again.
fn check_row(payload: &[u8], expected: &Row) {
    let row = Row::decode(&mixed(), payload, ByteOrder::Little).unwrap();
    assert_eq!(&row, expected);
    let mut again = Vec::new();
    row.encode(&mixed(), &mut again).unwrap();
    assert_eq!(again, payload);
}

#[test]
fn packed_rows_of_many_types_are_read() {
    let first = words(
        "fff30004 00001aeb 00000001 6c656805 62616f6c fb202063 000000ff 6f78091d 0000055e \
         ffffffff ffffffff 02010005 f97a7978",
    );
    let expected = Row(vec![
        Value::Unsigned(1),
        text("hello"),
        text("abc  "),
        Value::Signed(-5),
        Value::Bits(vec![5]),
        Value::Bits(vec![0xCDEF_0123, 0xAB]),
        Value::Signed(-1),
        Value::Bytes(vec![1, 2, b'x', b'y', b'z']),
        Value::Signed(-7),
    ]);
    check_row(&first, &expected);
    let second = words("fff30004 00001fff 00000002 00000007 00000002 00030000");
    let expected = Row(vec![
        Value::Unsigned(2),
        Value::Null,
        Value::Null,
        Value::Signed(7),
        Value::Bits(vec![2]),
        Value::Null,
        Value::Null,
        Value::Bytes(vec![]),
        Value::Signed(3),
    ]);
    check_row(&second, &expected);
}

#[test]
fn records_of_a_real_cluster_are_read() {
    let unsigned = |name| Column::new(name, ColumnType::Unsigned);
    let columns = vec![
        unsigned("KOL1").primary_key(),
        unsigned("KOL2"),
        unsigned("KOL3"),
        unsigned("KOL4"),
        unsigned("KOL5"),
    ];
    let t1 = Table::new("TEST_DB/def/T1", 4, columns, 1, &[vec![2, 3]]);
    let payload = bytes("0400f3ff 1f000000 00000000 3c7376ef 72e6ecde a95963ce 00000000");
    let row = Row::decode(&t1, &payload, ByteOrder::Little).unwrap();
    let numbers = [0, 0xEF76_733C, 0xDEEC_E672, 0xCE63_59A9, 0];
    assert_eq!(row, Row(numbers.map(Value::Unsigned).to_vec()));
    let columns = vec![
        unsigned("SYSKEY_0").primary_key(),
        Column::new("NEXTID", ColumnType::Bigunsigned),
    ];
    let systab = Table::new("sys/def/SYSTAB_0", 2, columns, 1, &[vec![2, 3]]).into_system();
    let payload = bytes("0400f3ff 03000000 0000001f 01000000 00000000");
    let row = Row::decode(&systab, &payload, ByteOrder::Little).unwrap();
    assert_eq!(
        row,
        Row(vec![Value::Unsigned(0x1F00_0000), Value::Unsigned(1)])
    );
}

#[test]
fn a_row_of_the_other_byte_order_holds_the_same_values() {
    // id = 1, i16 = 2, b = 0b101 of the row (1, 2, 5).
    let columns = vec![
        Column::new("id", ColumnType::Unsigned).primary_key(),
        Column::new("i16", ColumnType::Smallint),
        Column::sized("b", ColumnType::Bit, 3),
    ];
    let table = Table::new("a/def/b", 9, columns, 1, &[vec![2]]);
    let payload = bytes("fff30004 00000007 00000001 00020000 00000005");
    let row = Row::decode(&table, &payload, ByteOrder::Big).unwrap();
    let expected = Row(vec![
        Value::Unsigned(1),
        Value::Signed(2),
        Value::Bits(vec![5]),
    ]);
    assert_eq!(row, expected);
}

#[test]
fn a_value_longer_than_its_column_is_refused() {
    // The length byte of `v`, a Varchar(20), says 21.
    let mut payload = bytes("0400f3ff 03000000 01000000 15");
    payload.resize(36, b'x');
    let refused = Row::decode(&table(), &payload, ByteOrder::Little).unwrap_err();
    assert!(
        refused.to_string().contains("longer than its column"),
        "{refused}"
    );
}

fn moment() -> impl Strategy<Value = DateTime> {
    let date = (0_u16..=9999, 0_u8..=12, 0_u8..=31);
    let time = (0_u8..24, 0_u8..60, 0_u8..60, 0_u32..1_000_000);
    (date, time).prop_map(
        |((year, month, day), (hour, minute, second, microsecond))| DateTime {
            date: Date { year, month, day },
            hour,
            minute,
            second,
            microsecond,
        },
    )
}

/// A column and a value that it holds.
fn column_and_value() -> impl Strategy<Value = (Column, Value)> {
    let new = |column_type| Column::new("c", column_type);
    let bytes = |max| prop::collection::vec(any::<u8>(), 0..=max);
    prop_oneof![
        any::<i8>().prop_map(move |n| (new(ColumnType::Tinyint), Value::Signed(n.into()))),
        any::<u16>().prop_map(move |n| (new(ColumnType::Smallunsigned), Value::Unsigned(n.into()))),
        (-0x80_0000_i64..0x80_0000)
            .prop_map(move |n| (new(ColumnType::Mediumint), Value::Signed(n))),
        any::<u32>().prop_map(move |n| (new(ColumnType::Unsigned), Value::Unsigned(n.into()))),
        any::<i64>().prop_map(move |n| (new(ColumnType::Bigint), Value::Signed(n))),
        prop::num::f32::NORMAL.prop_map(move |n| (new(ColumnType::Float), Value::Float(n))),
        prop::num::f64::NORMAL.prop_map(move |n| (new(ColumnType::Double), Value::Double(n))),
        (-999_999_i64..=999_999).prop_map(|n| {
            let sign = if n < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:03}", n.abs() / 1000, n.abs() % 1000);
            (Column::decimal("c", 6, 3), Value::Decimal(text))
        }),
        bytes(255).prop_map(|b| (
            Column::text("c", ColumnType::Varchar, 255, LATIN1),
            Value::Bytes(b)
        )),
        bytes(700).prop_map(|b| (
            Column::sized("c", ColumnType::Longvarbinary, 700),
            Value::Bytes(b)
        )),
        prop::collection::vec(any::<u8>(), 7)
            .prop_map(|b| (Column::sized("c", ColumnType::Binary, 7), Value::Bytes(b))),
        (1_u32..100, prop::collection::vec(any::<u32>(), 4)).prop_map(|(bits, words)| {
            let mut words = words[..bits.div_ceil(32) as usize].to_vec();
            if let Some(last) = words.last_mut().filter(|_| bits % 32 != 0) {
                *last &= (1 << (bits % 32)) - 1;
            }
            (
                Column::sized("c", ColumnType::Bit, bits),
                Value::Bits(words),
            )
        }),
        moment().prop_map(|m| (
            Column::temporal("c", ColumnType::Datetime2, 6),
            Value::DateTime(m)
        )),
        moment().prop_map(move |m| (new(ColumnType::Date), Value::Date(m.date))),
        (any::<bool>(), moment()).prop_map(|(negative, m)| {
            let time = Time {
                negative,
                hours: m.hour.into(),
                minutes: m.minute,
                seconds: m.second,
                microseconds: m.microsecond + 1 - m.microsecond / 999_999,
            };
            (
                Column::temporal("c", ColumnType::Time2, 6),
                Value::Time(time),
            )
        }),
        (any::<u32>(), 0_u32..1000).prop_map(|(seconds, thousandths)| (
            Column::temporal("c", ColumnType::Timestamp2, 4),
            Value::Timestamp {
                seconds,
                microseconds: thousandths * 1000
            }
        )),
        (1901_u16..=2155).prop_map(move |year| (new(ColumnType::Year), Value::Year(year))),
        (any::<u64>(), bytes(256))
            .prop_map(|(length, inline)| (Column::blob("c"), Value::Blob { length, inline })),
        prop::collection::vec(any::<u32>(), 3).prop_map(|numbers| (
            Column::sized("c", ColumnType::Unsigned, 3),
            Value::Array(
                numbers
                    .into_iter()
                    .map(|n| Value::Unsigned(n.into()))
                    .collect()
            )
        )),
    ]
}

/// A table and a row of it; nullable columns are NULL now and then.
fn table_and_row() -> impl Strategy<Value = (Table, Row)> {
    let columns = (column_and_value(), 0_u8..4);
    prop::collection::vec(columns, 1..40).prop_map(|columns| {
        let mut row = Vec::new();
        let mut described = Vec::new();
        for ((column, value), null) in columns {
            described.push(if null < 2 { column.nullable() } else { column });
            row.push(if null == 0 { Value::Null } else { value });
        }
        let table = Table::new("a/def/b", 9, described, 1, &[vec![2]]);
        (table, Row(row))
    })
}

proptest! {
    #[test]
    fn any_row_reads_back((table, row) in table_and_row()) {
        let mut payload = Vec::new();
        row.encode(&table, &mut payload).unwrap();
        prop_assert!(payload.len().is_multiple_of(4));
        prop_assert!(payload.len() <= table.max_row_bytes());
        prop_assert_eq!(Row::decode(&table, &payload, ByteOrder::Little).unwrap(), row);
    }

    #[test]
    fn any_table_reads_back((table, _) in table_and_row()) {
        let ctl = CtlFile {
            header: header(FileType::Ctl),
            table_list: vec![9],
            objects: vec![DictObject::Table(table)],
            gcp: GcpEntry::new(Gci(1), Gci(2)),
            fragments: vec![],
        };
        let mut bytes = Vec::new();
        ctl.write(&mut bytes).unwrap();
        prop_assert_eq!(CtlFile::read(&bytes[..]).unwrap(), ctl);
    }

    #[test]
    fn any_bytes_are_a_row_or_an_error(
        (table, _) in table_and_row(),
        words in prop::collection::vec(any::<u32>(), 0..200),
    ) {
        let bitmap = (2 * table.columns.len()).div_ceil(32) as u32;
        for bytes in 1..=bitmap {
            let mut payload = vec![0xFFF3_0000 | (4 * bytes)];
            payload.extend(std::iter::repeat_n(u32::MAX, bytes as usize));
            payload.extend_from_slice(&words);
            let payload: Vec<u8> = payload.iter().flat_map(|word| word.to_le_bytes()).collect();
            for order in [ByteOrder::Little, ByteOrder::Big] {
                if let Ok(row) = Row::decode(&table, &payload, order) {
                    let mut again = Vec::new();
                    row.encode(&table, &mut again).unwrap();
                }
            }
        }
    }
}

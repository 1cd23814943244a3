//! The text of backup files that no recording has: long lists and values, other kinds of record,
//! the other byte order, and files that are not whole.

use std::fs;
use std::process::{Command, Output};

use ndbmgm::backup::{self, BackupError, DataItem, DataReader, PrintOptions, Printed};

use crate::xfrm::{backup_file, fixture_password, plaintexts, read_all};

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A file header of this type.
fn header(file_type: u32) -> Vec<u8> {
    let mut bytes = b"NDBBCKUP".to_vec();
    bytes.extend(words(&[0x0006_030B, 1, 9, file_type, 5, 0x0002_0005, 77]));
    bytes.extend([0x78, 0x56, 0x34, 0x12]);
    bytes.extend(words(&[0x0009_0702, 0x0009_0702]));
    bytes
}

fn header_text(file_type: u32, byte_order: &str) -> String {
    format!(
        "-- FileHeader:\nMagic: NDBBCKUP\nBackupVersion: 0x0006030b\nSectionType: 1\n\
         SectionLength: 9\nFileType: {file_type}\nBackupId: 5\n\
         BackupKey: [ 0x00020005 0x0000004d ]\nByteOrder: {byte_order}\n\n"
    )
}

const PLAIN: PrintOptions = PrintOptions {
    verbose: false,
    header_words: false,
};

const VERBOSE: PrintOptions = PrintOptions {
    verbose: true,
    header_words: true,
};

/// The text after that of the header.
#[track_caller]
fn printed(file: &[u8], options: PrintOptions) -> String {
    let mut text = Vec::new();
    backup::print(file, &mut text, options).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (_, rest) = text.split_once("\n\n").unwrap();
    rest.to_owned()
}

fn ctl(ids: u32, description: &[u8]) -> Vec<u8> {
    let mut file = header(1);
    file.extend(words(&[4, 2 + ids]));
    file.extend((1..=ids).flat_map(u32::to_be_bytes));
    for _ in 0..ids {
        file.extend(words(&[5, 3 + description.len() as u32 / 4, 2]));
        file.extend(description);
    }
    file.extend(words(&[6, 4, 18, 20]));
    file
}

#[test]
fn a_list_of_tables_has_sixteen_in_a_line() {
    let numbers =
        |range: std::ops::RangeInclusive<u32>| range.map(|id| format!("{id} ")).collect::<String>();
    for (count, list) in [
        (1, "1 \n\n".to_owned()),
        (15, format!("{}\n\n", numbers(1..=15))),
        (16, format!("{}\n\n\n", numbers(1..=16))),
        (17, format!("{}\n17 \n\n", numbers(1..=16))),
        (
            32,
            format!("{}\n{}\n\n\n", numbers(1..=16), numbers(17..=32)),
        ),
    ] {
        let text = printed(&ctl(count, &[]), PLAIN);
        let expected = format!(
            "-- Table List:\nSectionType: 4\nSectionLength: {}\nTables: {list}",
            2 + count
        );
        assert!(text.starts_with(&expected), "{count}: {text}");
        assert_eq!(
            text.matches("-- Table Description:").count(),
            count as usize
        );
        assert!(text.ends_with(
            "-- GCP Entry:\nSectionType: 6\nSectionLength: 4\nStart GCP: 18\nStop GCP: 20\n\n"
        ));
    }
}

/// An item of a description: type 1 is text, 2 is binary.
fn item(kind: u32, key: u32, length: usize) -> Vec<u8> {
    let mut bytes = words(&[kind << 16 | key, length as u32]);
    let content = std::iter::repeat_n(b'a', length.saturating_sub(1));
    bytes.extend(content);
    bytes.resize(8 + length.next_multiple_of(4), 0);
    bytes
}

#[test]
fn long_values_are_not_shown_and_their_length_is_modulo_65536() {
    let text_of_1022 = "a".repeat(1022);
    for (item, expected) in [
        (words(&[9, 77]), "Key: 9 value(4) : 77\n".to_owned()),
        (item(1, 1, 4), "Key: 1 value(4) : \"aaa\"\n".to_owned()),
        (
            item(1, 1, 1023),
            format!("Key: 1 value(1023) : \"{text_of_1022}\"\n"),
        ),
        (
            item(1, 1, 1024),
            "Key: 1 value(1024) : \"<TOO LONG>\"\n".to_owned(),
        ),
        (
            item(1, 1, 65_537),
            "Key: 1 value(1) : \"<TOO LONG>\"\n".to_owned(),
        ),
        (
            item(2, 138, 0),
            "Key: 138 binary value len = 0\n".to_owned(),
        ),
        (
            item(2, 138, 1023),
            "Key: 138 binary value len = 1023\n".to_owned(),
        ),
        (
            item(2, 30, 1024),
            "Key: 30 value(1024) : \"<TOO LONG>\"\n".to_owned(),
        ),
        (
            item(2, 30, 70_000),
            "Key: 30 value(4464) : \"<TOO LONG>\"\n".to_owned(),
        ),
    ] {
        let text = printed(&ctl(1, &item), PLAIN);
        let expected = format!(
            "-- Table Description:\nSectionType: 5\nSectionLength: {}\nTableType: 2\n{expected}\n\
             -- GCP Entry:",
            3 + item.len() / 4
        );
        assert!(text.contains(&expected), "{expected}: {text}");
    }
}

/// One fragment with a record of each kind.
fn data(payload_order: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let mut file = words(&[2, 5, 7, 1, 0]);
    for kind in 0..5_u32 {
        file.extend(words(&[kind << 16 | 3]));
        for word in [0xABCD, 10 + kind, 99] {
            file.extend(payload_order(word));
        }
    }
    file.extend(words(&[0, 3, 6, 7, 1, 5, 0]));
    file
}

const FRAGMENT: &str = "-- Fragment header:\nSectionType: 2\nSectionLength: 5\nTableId: 7\n\
    FragmentNo: 1\nChecksumType: 0\n\n";

const RECORDS: &str = "INSERT: RecNo: 0: Len: 3, page(43981,10)\n\
    WRITE: RecNo: 1: Len: 3, page(43981,11)\n\
    DELETE_BY_ROWID: RecNo: 2: Len: 3, page(43981,12)\n\
    DELETE_BY_PAGEID: RecNo: 3: Len: 3, page(43981)\n\
    Wrong header type 4\n";

const FOOTER: &str = "Found 1 INSERT records\nFound 1 WRITE records\n\
    Found 1 DELETE BY ROWID records\nFound 1 DELETE BY PAGEID records\nFound 1 IGNOREd records\n\
    Found 5 records\n-- Fragment footer:\nSectionType: 3\nSectionLength: 6\nTableId: 7\n\
    FragmentNo: 1\nNoOfRecords: 5\nChecksum: 0\n\n";

#[test]
fn every_kind_of_record_has_its_line() {
    let file = [header(3), data(u32::to_le_bytes)].concat();
    let expected = [FRAGMENT, RECORDS, FOOTER].concat();
    assert_eq!(printed(&file, PLAIN), expected);
}

#[test]
fn records_of_the_other_byte_order_are_turned() {
    let mut head = header(3);
    head[36..40].reverse();
    let file = [head, data(u32::to_be_bytes)].concat();
    let mut text = Vec::new();
    backup::print(&file[..], &mut text, PLAIN).unwrap();
    let expected = [&header_text(3, "0x78563412"), FRAGMENT, RECORDS, FOOTER].concat();
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn an_empty_entry_ends_the_text() {
    let whole = [header(3), data(u32::to_le_bytes)].concat();
    let padded = [&whole[..], &words(&[8, 4, 0, 0])].concat();
    assert_eq!(printed(&padded, PLAIN), printed(&whole, PLAIN));
}

#[test]
fn the_words_of_recorded_rows_are_those_of_the_file() {
    let mut count = 0;
    for (name, _, _) in plaintexts() {
        if !name.ends_with(".Data") {
            continue;
        }
        let file = fs::read(backup_file(&name)).unwrap();
        let file = read_all(&file, Some(&fixture_password())).unwrap();
        let text = printed(&file, VERBOSE);
        let mut lines = text.lines().filter(|line| line.starts_with("-> "));
        let mut heads = text
            .lines()
            .filter(|line| line.starts_with("Header_words["));
        let mut reader = DataReader::new(&file[..]).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            let DataItem::Record { payload, .. } = item else {
                continue;
            };
            let (chunks, _) = payload.as_chunks::<4>();
            let stored: Vec<u32> = chunks
                .iter()
                .map(|word| u32::from_le_bytes(*word))
                .collect();
            let shown = stored.iter().map(|word| format!("0x{word:08x} "));
            let expected = format!("-> {}", shown.collect::<String>());
            assert_eq!(lines.next(), Some(expected.as_str()), "{name}");
            let at = |index: usize| stored.get(index).copied().unwrap_or(0);
            let expected = format!(
                "Header_words[Header:{:x},GCI:{},Checksum: {:x}, X: {:x}]",
                at(2),
                at(3),
                at(4),
                at(5)
            );
            assert_eq!(heads.next(), Some(expected.as_str()), "{name}");
            count += 1;
        }
        assert_eq!((lines.next(), heads.next()), (None, None));
    }
    assert!(count > 1000, "{count}");
}

#[test]
fn an_undo_log_and_one_without_its_end_are_printed() {
    // Lengths, table, event with a GCI, fragment, attribute 0 of 4 bytes, attribute 1 NULL, GCI.
    let mut entry = words(&[7, 7, 0x1_0002, 0]);
    entry.extend(4_u32.to_le_bytes());
    entry.extend([1, 2, 3, 4]);
    entry.extend((1_u32 << 16).to_le_bytes());
    entry.extend(words(&[101]));
    let expected = "LogEntry Table: 7 Event: 2 Length: 3 GCP: 101\n \
         Attribut: 0 Size: 1\n Attribut: 1 Size: 0\n";
    let redo = [header(2), entry.clone()].concat();
    let undo = [header(5), entry, words(&[7])].concat();
    for log in [redo, undo] {
        let ended = [&log[..], &words(&[0])].concat();
        assert_eq!(printed(&ended, VERBOSE), expected);
        // Without its end it is not whole, but nothing less is shown.
        let mut text = Vec::new();
        let error = backup::print(&log[..], &mut text, VERBOSE).unwrap_err();
        assert!(matches!(error, BackupError::Truncated { .. }), "{error}");
        assert!(String::from_utf8(text).unwrap().ends_with(expected));
    }
}

fn run(name: &str, bytes: &[u8]) -> (Output, String) {
    run_with(name, bytes, &[])
}

fn run_with(name: &str, bytes: &[u8], arguments: &[&str]) -> (Output, String) {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join(name), bytes).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ndb_print_backup_file"))
        .arg("--no-defaults")
        .args(arguments)
        .arg(name)
        .current_dir(place.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

#[test]
fn a_file_that_is_not_whole_has_the_originals_text_and_is_a_failure() {
    let ctl = ctl(2, &[]);
    let described = header_text(1, "0x12345678")
        + "-- Table List:\nSectionType: 4\nSectionLength: 4\nTables: 1 2 \n\n";
    let description = "-- Table Description:\nSectionType: 5\nSectionLength: 3\nTableType: 2\n\n";
    let mut newer = header(1);
    newer[8..12].copy_from_slice(&[0, 9, 7, 3]);
    let mut other_section = header(1);
    other_section[15] = 2;
    let whole = header_text(1, "0x12345678") + &printed(&ctl, PLAIN);
    let garbage = [&ctl[..], b"more"].concat();
    let cut_fragment = [&ctl[..], &words(&[7, 8, 1, 0])].concat();
    let cases: [(&[u8], &str, String); 12] = [
        (
            b"",
            "ends inside the file header",
            "Invalid file!\n".to_owned(),
        ),
        (
            &ctl[..47],
            "ends inside the file header",
            "Invalid file!\n".to_owned(),
        ),
        (
            &other_section,
            "section type is not 1",
            "Invalid file!\n".to_owned(),
        ),
        (
            &newer,
            "later than",
            "incorrect versions, file: 0x90703 expect: 0x90702\nInvalid file!\n".to_owned(),
        ),
        (
            &ctl[..48],
            "ends inside the table list at offset 48",
            header_text(1, "0x12345678") + "Invalid file! No table list\n",
        ),
        (
            &ctl[..52],
            "ends inside the table list at offset 48",
            header_text(1, "0x12345678") + "Invalid file! No table list\n",
        ),
        (
            &ctl[..70],
            "ends inside the table description at offset 64",
            format!("{described}Invalid file missing table description\nInvalid file! GCP ENtry\n"),
        ),
        (
            &ctl[..ctl.len() - 4],
            "ends inside the GCP entry",
            format!("{described}{description}{description}Invalid file! GCP ENtry\n"),
        ),
        (
            &header(9),
            "file type 9",
            header_text(9, "0x12345678") + "Unsupported file type for printer: 9\n",
        ),
        (
            &header(6),
            "a local checkpoint file, not a backup",
            header_text(6, "0x12345678") + "Unsupported file type for printer: 6\n",
        ),
        (&garbage, "ends inside the fragment entry", whole.clone()),
        (
            &cut_fragment,
            "ends inside the fragment entry",
            whole.clone(),
        ),
    ];
    for (bytes, reason, expected) in cases {
        let (output, text) = run("f", bytes);
        assert_eq!(text, expected);
        assert_eq!(output.status.code(), Some(1), "{expected}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(reason), "{said}");
    }
    let (output, text) = run("f", &ctl);
    assert_eq!((output.status.code(), text), (Some(0), whole));
    assert!(output.stderr.is_empty());
}

/// Every file of a backup, cut anywhere or with something after its end, fails as text and as
/// JSON alike.
#[test]
fn no_cut_file_looks_good_as_text() {
    for name in ["BACKUP-3.2.log", "BACKUP-1-0.2.Data"] {
        let file = fs::read(backup_file(name)).unwrap();
        let fails = |bytes: &[u8]| {
            let text = backup::print(bytes, &mut Vec::new(), PLAIN);
            let json = backup::print_json(bytes, &mut Vec::new(), None);
            let text_fails = !matches!(text, Ok(Printed::Whole));
            assert_eq!(text_fails, json.is_err(), "{name} {} {json:?}", bytes.len());
            text_fails
        };
        assert!(!fails(&file));
        assert!(fails(&[&file[..], &[1]].concat()));
        assert!(fails(&[&file[..], &[0; 8]].concat()));
        let step = (file.len() / 400).max(1);
        let cuts = (0..file.len())
            .step_by(step)
            .chain(file.len() - 60..file.len());
        let failed = cuts.filter(|cut| fails(&file[..*cut])).count();
        assert!(failed > 400, "{name} {failed}");
    }
    let ctl = fs::read(backup_file("BACKUP-1.2.ctl")).unwrap();
    let fragments = ctl
        .windows(8)
        .position(|bytes| bytes == [0, 0, 0, 6, 0, 0, 0, 4]);
    let fragments = fragments.unwrap() + 16;
    for cut in (0..ctl.len()).step_by(61) {
        // Fragment entries may be any number.
        let is_whole = cut >= fragments && (cut - fragments).is_multiple_of(32);
        let printed = backup::print(&ctl[..cut], &mut Vec::new(), PLAIN);
        assert_eq!(matches!(printed, Ok(Printed::Whole)), is_whole, "{cut}");
    }
}

#[test]
fn a_footer_of_another_fragment_is_printed_and_a_failure() {
    let mut file = header(3);
    file.extend(words(&[2, 5, 7, 0, 0, 1, 99, 0, 3, 6, 7, 0, 2, 0]));
    let (output, text) = run("f", &file);
    assert!(text.ends_with("TableId: 7\nFragmentNo: 0\nNoOfRecords: 2\nChecksum: 0\n\n"));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("fragment footer"), "{said}");
}

#[test]
fn what_follows_padding_is_checked_though_not_shown() {
    let padded = [header(3), words(&[8, 3, 0])].concat();
    let (output, shown) = run("f", &padded);
    assert_eq!(output.status.code(), Some(0));
    let (output, text) = run("f", &[&padded[..], b"garbage!"].concat());
    assert_eq!((output.status.code(), text), (Some(1), shown));
}

#[test]
fn a_checkpoint_file_is_called_one() {
    let mut rows = header(4);
    rows.extend(words(&[2, 5, 7, 0, 0, 1, 99, 0xFFFF_FFFF]));
    for file in [rows, header(6)] {
        for arguments in [&[][..], &["--output=json"]] {
            let (output, _) = run_with("T2F0.Data", &file, arguments);
            assert_eq!(output.status.code(), Some(1));
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                said.contains("a local checkpoint file, not a backup"),
                "{said}"
            );
        }
    }
    let (output, _) = run_with("f", &ctl(1, &[]), &["-c", "1", "-U", "-i"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "Note: without effect, because they are for local checkpoint files: -c, -i, --print-rows\n"
    );
}

#[test]
fn a_log_that_ends_in_an_entry_or_has_a_bad_tail_is_an_error() {
    let entry = words(&[4, 7, 0x1_0002, 0, 101]);
    let cut = [header(2), entry.clone(), words(&[4, 7])].concat();
    let bad_tail = [header(5), entry, words(&[3, 0])].concat();
    for (bytes, entries) in [(cut, 1), (bad_tail, 0)] {
        let (output, text) = run("f", &bytes);
        assert_eq!(text.matches("LogEntry Table: 7 Event: 2").count(), entries);
        assert_eq!(output.status.code(), Some(1));
        assert!(!output.stderr.is_empty());
    }
}

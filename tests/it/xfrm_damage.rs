//! Damaged containers: an error that says what is wrong, or the right data.

use std::fs;
use std::io::Cursor;

use ndbmgm::xfrm::{Encryption, Fault, Header, Options, ReadOptions, Secret, XfrmError, open_with};

use crate::xfrm::{FEW, backup_file, every_way, read_all, sample, write_all};

fn secret32() -> Secret {
    Secret::new((0..32).collect::<Vec<u8>>())
}

fn error_of(file: &[u8], secret: &Secret) -> XfrmError {
    XfrmError::from(read_all(file, Some(secret)).expect_err("a damaged file was read"))
}

fn encrypted(data: &[u8], compress: bool, secret: &Secret) -> Vec<u8> {
    let options = Options {
        compress,
        encryption: Some(Encryption {
            keys: FEW,
            ..Encryption::backup(secret)
        }),
        ..Options::default()
    };
    write_all(data, options)
}

#[test]
fn every_flipped_bit_is_an_error_or_harmless() {
    let secret = secret32();
    let data = sample(40);
    for options in every_way(&secret, data.len()) {
        let is_container = options.encryption.is_some() || options.compress;
        if !is_container {
            continue;
        }
        // Without padding there are fewer bits; one way is enough to flip those.
        let is_backup = options
            .encryption
            .is_none_or(|way| way.data_unit_size == 0 && way.keys == FEW);
        let options = Options {
            file_block_size: if is_backup { 512 } else { 0 },
            ..options
        };
        let file = write_all(&data, options);
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(found) = read_cheaply(&damaged, &secret) {
                assert!(found == data, "bit {bit} of {options:?}");
            }
        }
    }
}

/// Without going through the iterations that a damaged header asks for.
fn read_cheaply(file: &[u8], secret: &Secret) -> Result<Vec<u8>, XfrmError> {
    let options = ReadOptions {
        key_derivation_max: 300,
        ..ReadOptions::default()
    };
    let mut reader = open_with(Cursor::new(file), Some(secret), options)?;
    let mut data = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut data)?;
    Ok(data)
}

#[test]
fn a_flipped_bit_in_the_data_is_damage_not_a_wrong_password() {
    let secret = secret32();
    for compress in [false, true] {
        let mut file = encrypted(&sample(300_000), compress, &secret);
        let middle = file.len() / 2;
        file[middle] ^= 1;
        let error = error_of(&file, &secret);
        assert!(matches!(error, XfrmError::Damaged(_)), "{error}");
    }
}

#[test]
fn a_wrong_password_is_named_as_such_or_as_damage_by_chance() {
    let data = sample(5000);
    for compress in [false, true] {
        let file = encrypted(&data, compress, &secret32());
        let mut named = 0;
        for attempt in 0..64 {
            match error_of(&file, &Secret::new(vec![attempt; 9])) {
                XfrmError::WrongSecretOrDamaged(_) => named += 1,
                // One wrong password in 256 gives padding that looks right.
                XfrmError::Damaged(_) => {}
                other => panic!("{other}"),
            }
        }
        assert!(named >= 60, "{named}");
    }
}

#[test]
fn a_missing_password_is_asked_for() {
    let file = encrypted(b"x", false, &secret32());
    let error = XfrmError::from(read_all(&file, None).unwrap_err());
    assert!(matches!(error, XfrmError::SecretNeeded), "{error}");
}

#[test]
fn every_truncation_is_an_error() {
    let secret = secret32();
    let data = sample(700);
    let files = [
        encrypted(&data, false, &secret),
        encrypted(&data, true, &secret),
    ];
    for file in files {
        for size in 8..file.len() {
            let error = error_of(&file[..size], &secret);
            assert!(matches!(error, XfrmError::Truncated(_)), "{size}: {error}");
        }
    }
    let az31 = write_all(&data, Options::backup(true, None));
    for size in 3..az31.len() {
        match read_all(&az31[..size], None) {
            // Only padding is missing.
            Ok(found) => assert!(found == data, "{size}"),
            Err(error) => {
                let error = XfrmError::from(error);
                assert!(matches!(error, XfrmError::Truncated(_)), "{size}: {error}");
            }
        }
    }
}

#[test]
fn trailing_garbage_is_counted() {
    let secret = secret32();
    let data = sample(700);
    let mut files = vec![write_all(&data, Options::backup(true, None))];
    files.push(encrypted(&data, false, &secret));
    files.push(encrypted(&data, true, &secret));
    for file in files {
        for garbage in [
            &b"x"[..],
            b"garbage at the end",
            &[0xFF; 5000],
            &sample(100_000),
        ] {
            let mut longer = file.clone();
            longer.extend_from_slice(garbage);
            match error_of(&longer, &secret) {
                XfrmError::TrailingGarbage { bytes } => assert_eq!(bytes, garbage.len() as u64),
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn a_piece_missing_from_the_middle_is_an_error_of_size() {
    let secret = secret32();
    let mut file = encrypted(&sample(5000), false, &secret);
    file.drain(1000..1512);
    let error = error_of(&file, &secret);
    assert!(matches!(error, XfrmError::PayloadSize { .. }), "{error}");
}

#[test]
fn a_wrong_size_or_checksum_in_the_trailer_is_named() {
    let data = sample(700);
    let az31 = write_all(&data, Options::backup(true, None));
    let end = az31.windows(4).rposition(|bytes| bytes == b"DBDN").unwrap();
    for (at, is_size) in [(end - 4, true), (end - 8, false)] {
        let mut damaged = az31.clone();
        damaged[at] ^= 1;
        match error_of(&damaged, &secret32()) {
            XfrmError::Damaged(Fault::Size {
                found: 700,
                expected: 701,
            }) => {
                assert!(is_size);
            }
            XfrmError::Damaged(Fault::Checksum { .. }) => assert!(!is_size),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_forged_iteration_count_does_not_hang_the_reader() {
    let secret = secret32();
    let mut file = encrypted(b"data", false, &secret);
    file[132..136].fill(0xFF);
    let error = ndbmgm::xfrm::open(Cursor::new(&file), Some(&secret))
        .err()
        .unwrap();
    assert!(
        matches!(
            error,
            XfrmError::KeyDerivationTooLong {
                rounds: 0xFFFF_FFFF,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_forged_size_stops_the_inflater() {
    let secret = secret32();
    let mut file = encrypted(&vec![0; 4 << 20], true, &secret);
    let size_at = file.len() - 48;
    file[size_at..size_at + 8].copy_from_slice(&10_u64.to_le_bytes());
    let error = error_of(&file, &secret);
    assert!(
        matches!(error, XfrmError::Damaged(Fault::Size { expected: 10, found }) if found < 1 << 20),
        "{error}"
    );
}

#[test]
fn a_short_text_that_begins_like_a_container_is_raw() {
    for text in [&b"NDBXFRM1 is a magic\n"[..], b"NDBX", b""] {
        assert_eq!(read_all(text, None).unwrap(), text);
    }
}

#[test]
fn header_fields_out_of_range_are_named() {
    let secret = secret32();
    let file = encrypted(b"data", false, &secret);
    for (at, value, name) in [
        (8, 0, "endian marker"),
        (16, 9, "header size"),
        (20, 8, "fixed header size"),
        (46, 1, "size of the keying material"),
        (50, 1, "file block size"),
        (33, 0x30, "cipher"),
        (34, 0x13, "key management"),
        (34, 0x31, "encryption padding"),
        (35, 3, "key selection"),
        (35, 0x10, "compression padding"),
        (136, 31, "keying material"),
        (140, 2, "keying material"),
        (132, 0, "iteration count"),
        (144, 1, "data unit size"),
        (300, 1, "bytes after the keying material"),
    ] {
        let mut damaged = file.clone();
        damaged[at] = value;
        match Header::decode(&damaged) {
            Err(XfrmError::BadHeader(found)) => assert_eq!(found, name),
            other => panic!("{at} = {value}: {other:?}"),
        }
    }
}

/// A simple generator, so that a failure can be repeated.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

pub(crate) fn mutate(file: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut damaged = file.to_vec();
    // Half of the time where the structure is.
    let at = match dice.roll(4) {
        0 => dice.roll(file.len().min(200)),
        1 => file.len() - 1 - dice.roll(file.len().min(80)),
        _ => dice.roll(file.len()),
    };
    let length = dice.roll(40).min(file.len() - at);
    match dice.roll(7) {
        0 | 1 => damaged[at] ^= 1 << dice.roll(8),
        2 => damaged[at] = dice.roll(256) as u8,
        3 => damaged.truncate(at),
        4 => drop(damaged.drain(at..at + length)),
        5 => damaged.extend((0..dice.roll(600)).map(|_| 0xA5)),
        _ => {
            let copied = damaged[at..at + length].to_vec();
            damaged.splice(at..at, copied);
        }
    }
    damaged
}

fn check_mutations(name: &str, file: &[u8], secret: &Secret, data: &[u8], count: usize) {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for turn in 0..count {
        let damaged = mutate(file, &mut dice);
        if let Ok(found) = read_cheaply(&damaged, secret) {
            // Less than the magic can't be told from raw data.
            let is_raw = damaged.len() < 8 && found == damaged;
            assert!(found == data || is_raw, "{name}, mutation {turn}");
        }
    }
}

/// The ways in which backups are written, and XTS; the other ways differ less.
fn is_common(options: &Options<'_>) -> bool {
    options
        .encryption
        .is_none_or(|way| way.keys == FEW && (way.data_unit_size == 0 || way.data_unit_size == 512))
}

#[test]
fn ten_thousand_mutations_of_a_container_are_errors_or_harmless() {
    let secret = secret32();
    let data = fs::read(backup_file("BACKUP-1.2.log")).unwrap();
    for options in every_way(&secret, data.len()) {
        if options.encryption.is_some() || options.compress {
            let file = write_all(&data, options);
            let count = if is_common(&options) { 10_000 } else { 500 };
            check_mutations("BACKUP-1.2.log", &file, &secret, &data, count);
        }
    }
}

//! What is written is read back, by this library and by the second opinion.

use std::io::{Cursor, Read, Write};

use ndbmgm::xfrm::{
    self, Cipher, Encryption, Header, Keys, Options, ReadAhead, ReadOptions, Secret, XfrmWriter,
};
use proptest::prelude::*;

use crate::second_opinion;
use crate::xfrm::{FEW, every_way, read_all_with, sample, secret32, write_all};

#[test]
fn twenty_thousand_bytes_in_units_of_512_have_seven_salts() {
    let secret = Secret::new(b"secret".to_vec());
    let data = sample(20_000);
    let file = write_all(
        &data,
        Options {
            encryption: Some(Encryption {
                data_unit_size: 512,
                size_hint: Some(20_000),
                keys: FEW,
                ..Encryption::backup(&secret)
            }),
            ..Options::default()
        },
    );
    let header = Header::decode(&file).unwrap();
    assert_eq!(header.flags.0, 0x0211_1000);
    assert_eq!(header.octets.len(), 224);
    assert_eq!(header.keying_material_count, 7);
    assert_eq!(second_opinion::read(&file, b"secret"), data);
}

#[test]
fn the_second_opinion_decrypts_what_was_written() {
    let secret = secret32();
    for size in [0, 15, 16, 500, 20_000, 70_000] {
        let data = sample(size);
        for options in every_way(&secret, size) {
            if options.encryption.is_some() {
                let file = write_all(&data, options);
                let found = second_opinion::read(&file, &(0..32).collect::<Vec<u8>>());
                assert!(found == data, "{size} {options:?}");
            }
        }
    }
}

const MIB: usize = 1 << 20;

/// Sizes around the edges of blocks, pieces and data units.
const SIZES: [usize; 14] = [
    0,
    1,
    15,
    16,
    17,
    511,
    512,
    513,
    32767,
    32768,
    32769,
    MIB - 1,
    MIB,
    MIB + 1,
];

#[test]
fn what_was_written_is_read_back_for_every_size_way_and_number_of_threads() {
    let secret = secret32();
    for size in SIZES {
        let data = sample(size);
        for options in every_way(&secret, size) {
            for threads in [1, 2] {
                let options = Options { threads, ..options };
                let file = write_all(&data, options);
                let is_container = options.compress || options.encryption.is_some();
                if is_container && options.file_block_size > 0 {
                    assert_eq!(file.len() % 512, 0, "{size} {options:?}");
                }
                let read_options = ReadOptions {
                    threads,
                    ..ReadOptions::default()
                };
                let found = read_all_with(&file, Some(&secret), read_options).unwrap();
                assert!(found == data, "{size} {options:?}");
            }
        }
    }
}

/// The flags that the original's files have (backup format, 7.2).
#[test]
fn the_flags_are_those_of_the_original() {
    let secret = secret32();
    for (compress, cipher, keys, data_unit_size, flags) in [
        (false, Cipher::Cbc, FEW, 0, 0x0011_1000),
        (true, Cipher::Cbc, FEW, 0, 0x0011_1100),
        (false, Cipher::Cbc, Keys::Wrapped, 0, 0x0012_1000),
        (false, Cipher::Xts, FEW, 512, 0x0011_2000),
        (true, Cipher::Xts, FEW, 512, 0x1001_2100),
        (false, Cipher::Cbc, FEW, 16, 0x0211_1000),
    ] {
        let encryption = Encryption {
            secret: &secret,
            cipher,
            keys,
            data_unit_size,
            size_hint: Some(100),
        };
        let options = Options {
            compress,
            encryption: Some(encryption),
            ..Options::default()
        };
        let header = Header::decode(&write_all(&sample(100), options)).unwrap();
        assert_eq!(header.flags.0, flags, "{:#x}", header.flags.0);
    }
}

#[test]
fn reading_ahead_gives_the_same_data_and_errors() {
    let secret = secret32();
    let read_ahead = |file: &[u8]| {
        let reader = xfrm::open(Cursor::new(file.to_vec()), Some(&secret)).unwrap();
        let mut ahead = ReadAhead::start(reader).unwrap();
        let mut found = Vec::new();
        let result = ahead.read_to_end(&mut found);
        (result.map(|_| found), ahead.read(&mut [0]))
    };
    for size in [0, 1, 600_000, 3_000_001] {
        let data = sample(size);
        let mut file = write_all(&data, Options::backup(false, Some(&secret)));
        let (found, further) = read_ahead(&file);
        assert!(found.unwrap() == data, "{size}");
        assert_eq!(further.unwrap(), 0, "{size}");
        let middle = 512 + size / 2;
        file[middle] ^= 1;
        let (found, further) = read_ahead(&file);
        assert!(found.is_err() && further.is_err(), "{size}");
    }
}

#[test]
fn several_threads_give_the_same_data() {
    let secret = secret32();
    let data = sample(3_000_001);
    for options in every_way(&secret, 20_000) {
        let threaded = Options {
            threads: 3,
            ..options
        };
        let file = write_all(&data, threaded);
        if options.encryption.is_none() {
            assert!(file == write_all(&data, options), "{options:?}");
        }
        let read_options = ReadOptions {
            threads: 3,
            ..ReadOptions::default()
        };
        let found = read_all_with(&file, Some(&secret), read_options).unwrap();
        assert!(found == data, "{options:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cuts_of_writing_and_reading_do_not_matter(
        size in 0_usize..400_000,
        way in 0_usize..26,
        threads in 1_usize..3,
        write_cut in 1_usize..200_000,
        read_cut in 1_usize..200_000,
    ) {
        let secret = secret32();
        let data = sample(size);
        let options = Options { threads, ..every_way(&secret, size)[way] };
        let mut writer = XfrmWriter::new(Vec::new(), options).unwrap();
        for piece in data.chunks(write_cut) {
            writer.write_all(piece).unwrap();
        }
        let file = writer.finish().unwrap();
        let read_options = ReadOptions { threads, ..ReadOptions::default() };
        let mut reader = xfrm::open_with(Cursor::new(file), Some(&secret), read_options).unwrap();
        let mut found = Vec::new();
        let mut piece = vec![0; read_cut];
        loop {
            let count = reader.read(&mut piece).unwrap();
            if count == 0 {
                break;
            }
            found.extend_from_slice(&piece[..count]);
            // The same without a copy, from wherever the read has ended.
            let owned = reader.next_piece(vec![0; write_cut]).unwrap();
            found.extend_from_slice(&owned);
        }
        prop_assert!(found == data);
    }
}

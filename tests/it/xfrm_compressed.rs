//! Compressed files of every size around the edges of the pieces in which they are read.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::process::Command;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use ndbmgm::backup::{DataWriter, FileHeader, FileType};
use ndbmgm::cluster::{BackupId, NodeId};
use ndbmgm::xfrm::{self, Cipher, Encryption, Header, Keys, Options, ReadOptions, Secret, Trailer};

use crate::xfrm::{FEW, fixtures, secret32, write_all};

/// Bytes that are inflated at a time, and that our writer compresses at a time.
const PIECE: usize = 128 * 1024;

/// Every size around every multiple of the piece, up to three.
fn sizes() -> impl Iterator<Item = usize> {
    (0..=3).flat_map(|multiple: usize| {
        let edge = multiple * PIECE;
        edge.saturating_sub(300)..=edge + 300
    })
}

/// Rows of 20 bytes, of which few differ from the one before.
fn rows(size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 20);
    for index in 0_u32.. {
        if bytes.len() >= size {
            break;
        }
        bytes.extend([0, 0, 0, 7, 4, 0, 0xF3, 0xFF]);
        bytes.extend((index / 64).to_le_bytes());
        bytes.extend(b"\x05name");
        bytes.extend([(index % 7) as u8, 0, 0]);
    }
    bytes.truncate(size);
    bytes
}

/// Bytes that don't become smaller.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Who compresses.
#[derive(Debug, Clone, Copy)]
enum Deflater {
    /// Our writer, with this many threads.
    Ours(usize),
    /// One stream of zlib at this level.
    Zlib(u32),
}

const DEFLATERS: [Deflater; 5] = [
    Deflater::Ours(1),
    Deflater::Ours(2),
    Deflater::Zlib(1),
    Deflater::Zlib(6),
    Deflater::Zlib(9),
];

/// The containers that can be compressed: AZ31, and encrypted in every mode.
fn containers(secret: &Secret) -> [Options<'_>; 5] {
    let az31 = Options {
        compress: true,
        ..Options::default()
    };
    let encrypted = |cipher, keys, data_unit_size| Options {
        encryption: Some(Encryption {
            secret,
            cipher,
            keys,
            data_unit_size,
            size_hint: Some(1),
        }),
        ..az31
    };
    [
        az31,
        encrypted(Cipher::Cbc, FEW, 0),
        encrypted(Cipher::Cbc, Keys::Wrapped, 512),
        encrypted(Cipher::Xts, FEW, 512),
        encrypted(Cipher::Xts, Keys::Wrapped, 1 << 20),
    ]
}

/// A file of `data` in such a container.
fn compressed(data: &[u8], deflater: Deflater, options: Options<'_>) -> Vec<u8> {
    match deflater {
        Deflater::Ours(threads) => write_all(data, Options { threads, ..options }),
        Deflater::Zlib(level) => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
            encoder.write_all(data).unwrap();
            contain(data, &encoder.finish().unwrap(), options)
        }
    }
}

/// Puts a deflate stream in a container: written as if the stream were the data, with
/// header and trailer changed to say what it is.
fn contain(data: &[u8], stream: &[u8], options: Options<'_>) -> Vec<u8> {
    let empty = write_all(b"", options);
    if options.encryption.is_none() {
        let mut file = empty[..512].to_vec();
        file.extend(stream);
        file.extend(crc32fast::hash(data).to_le_bytes());
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(b"DBDN");
        file.resize(file.len().next_multiple_of(512), 0);
        return file;
    }
    let stored = Options {
        compress: false,
        ..options
    };
    let mut file = write_all(stream, stored);
    let mut header = Header::decode(&file).unwrap();
    header.flags.0 |= 1 << 8;
    file.splice(..header.header_size as usize, header.encode());
    let trailer = Trailer::decode(file.last_chunk().unwrap(), header.byte_order).unwrap();
    let payload_end = file.len() - trailer.trailer_size as usize;
    let trailer = Trailer {
        data_size: data.len() as u64,
        data_checksum: crc32fast::hash(data).to_le_bytes(),
        ..trailer
    };
    file.truncate(payload_end);
    file.extend(trailer.encode(header.byte_order));
    file
}

fn assert_reads_back(file: Vec<u8>, data: &[u8], secret: &Secret, threads: usize, what: &str) {
    let options = ReadOptions {
        threads,
        ..ReadOptions::default()
    };
    let mut found = Vec::with_capacity(data.len());
    let result = xfrm::open_with(Cursor::new(file), Some(secret), options)
        .map_err(std::io::Error::from)
        .and_then(|mut reader| reader.read_to_end(&mut found));
    assert!(result.is_ok(), "{what}: {result:?}");
    assert!(found == data, "{what}");
}

/// Every size with every deflater, or with `some` of them in turn; the kinds of container
/// and the number of threads change from size to size.
fn every_size_reads_back(
    sizes: impl Iterator<Item = usize>,
    make: fn(usize) -> Vec<u8>,
    some: usize,
) {
    let secret = secret32();
    let containers = containers(&secret);
    for (turn, size) in sizes.enumerate() {
        let data = make(size);
        for step in 0..some {
            let deflater = DEFLATERS[(turn + step) % DEFLATERS.len()];
            let kind = (turn / DEFLATERS.len() + step) % containers.len();
            let file = compressed(&data, deflater, containers[kind]);
            let what = format!("{size} bytes, {deflater:?}, container {kind}");
            assert_reads_back(file, &data, &secret, 1 + turn % 2, &what);
        }
    }
}

#[test]
fn zeros_of_every_size_around_a_piece_are_read_back_from_a_compressed_file() {
    every_size_reads_back(sizes(), |size| vec![0; size], DEFLATERS.len());
}

#[test]
fn rows_of_every_size_around_a_piece_are_read_back_from_a_compressed_file() {
    every_size_reads_back(sizes(), rows, 1);
}

#[test]
fn noise_of_many_sizes_around_a_piece_is_read_back_from_a_compressed_file() {
    // It takes long to compress, so that of two and three pieces not every size is tried.
    let is_tried = |size: &usize| *size < 3 * PIECE / 2 || size.is_multiple_of(7);
    every_size_reads_back(sizes().filter(is_tried), noise, 1);
}

/// The sizes at which all input is consumed while output is held: every way of writing.
#[test]
fn what_the_inflater_holds_at_the_end_of_a_piece_is_read_in_every_container() {
    let secret = secret32();
    for edge in [PIECE, 2 * PIECE, 1 << 20] {
        for (data, beyond) in [
            (vec![0; edge + 40], &[0, 1, 19, 26, 34, 40][..]),
            (rows(edge + 260), &[0, 1, 130, 131, 200, 257, 260]),
        ] {
            for beyond in beyond {
                let data = &data[..edge + beyond];
                for (kind, options) in containers(&secret).into_iter().enumerate() {
                    for deflater in DEFLATERS {
                        let file = compressed(data, deflater, options);
                        let what = format!("{edge} + {beyond}, {deflater:?}, container {kind}");
                        assert_reads_back(file, data, &secret, 1, &what);
                    }
                }
            }
        }
    }
}

/// A deflate stream of stored blocks, as level 0 makes it.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for block in data.chunks(0xFFFF) {
        let size = block.len() as u16;
        stream.push(0);
        stream.extend(size.to_le_bytes());
        stream.extend((!size).to_le_bytes());
        stream.extend(block);
    }
    stream.extend([1, 0, 0, 0xFF, 0xFF]);
    stream
}

#[test]
fn streams_of_other_deflaters_are_read_however_they_were_flushed() {
    let secret = secret32();
    let (zeros, rows) = (vec![0; PIECE + 20], rows(PIECE + 200));
    let mut streams = vec![
        ("stored".to_owned(), stored(&zeros), &zeros),
        ("stored rows".to_owned(), stored(&rows), &rows),
    ];
    for entry in fs::read_dir(fixtures().join("deflate")).unwrap() {
        let path = entry.unwrap().path();
        let data = match path.extension().and_then(|kind| kind.to_str()) {
            Some("zeros") => &zeros,
            Some("rows") => &rows,
            _ => continue,
        };
        streams.push((path.display().to_string(), fs::read(&path).unwrap(), data));
    }
    assert_eq!(streams.len(), 2 + RECORDED);
    for (what, stream, data) in streams {
        for options in containers(&secret) {
            let file = contain(data, &stream, options);
            assert_reads_back(file, data, &secret, 1, &what);
        }
    }
}

/// Streams in `tests/fixtures/deflate`.
const RECORDED: usize = 15;

/// A Data file of about this many bytes, of rows that compress well.
fn data_file(about: usize) -> Vec<u8> {
    let header = FileHeader::new(
        FileType::Data,
        BackupId::new(7).unwrap(),
        NodeId::new(2).unwrap(),
        1,
    );
    let mut writer = DataWriter::new(Vec::new(), &header);
    writer.begin_fragment(7, 0).unwrap();
    let payload = [0; 12];
    // What the rows don't fill: the header, the fragment's header, the end and the footer.
    for _ in 0..(about - 48 - 20 - 28) / 16 {
        writer.write_packed(&payload).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn compressed_data_files_around_a_piece_are_printed_as_they_are_uncompressed() {
    let secret = Secret::new(b"secret".to_vec());
    let directory = tempfile::tempdir().unwrap();
    let print = |file: &[u8], arguments: &[&str]| {
        let path = directory.path().join("BACKUP-7-0.2.Data");
        fs::write(&path, file).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ndb_print_backup_file"))
            .args(["--no-defaults", "-Psecret"])
            .args(arguments)
            .arg(&path)
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{} {errors}", file.len());
        output.stdout
    };
    for beyond in (0..320).step_by(32) {
        let plain = data_file(PIECE + beyond);
        assert!(plain.len().abs_diff(PIECE + beyond) < 16);
        let expected = print(&plain, &[]);
        for options in &containers(&secret)[..2] {
            for deflater in [Deflater::Ours(1), Deflater::Zlib(9)] {
                let file = compressed(&plain, deflater, *options);
                assert!(print(&file, &[]) == expected, "{beyond} {deflater:?}");
            }
        }
    }
}

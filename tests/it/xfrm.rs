//! The containers: recorded files, known vectors, and files that no known writer makes.

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use ndbmgm::xfrm::{
    self, ByteOrder, Cipher, Encryption, Flags, Header, Keys, Options, ReadOptions, Secret,
    Trailer, XfrmWriter,
};
use sha2::{Digest, Sha256};

pub(crate) const FIXTURE_PASSWORD: &[u8] = b"Fixture pass #1 (a-z)";

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub(crate) fn fixture_password() -> Secret {
    Secret::new(FIXTURE_PASSWORD.to_vec())
}

/// `BACKUP-4` for `BACKUP-4-0.3.Data` and `BACKUP-4.3.ctl`.
pub(crate) fn directory_of(name: &str) -> &str {
    &name[.."BACKUP-0".len()]
}

pub(crate) fn backup_file(name: &str) -> PathBuf {
    fixtures()
        .join("backups")
        .join(directory_of(name))
        .join(name)
}

/// Names of the recorded files and the SHA-256 and size of their plaintext.
pub(crate) fn plaintexts() -> Vec<(String, String, usize)> {
    let list = fs::read_to_string(fixtures().join("golden/plaintext.sha256")).unwrap();
    let entry = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let sum = words.next().unwrap();
        let size = words.next().unwrap().parse().unwrap();
        (words.next().unwrap(), sum, size)
    };
    list.lines().map(entry).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

pub(crate) fn read_all(file: &[u8], secret: Option<&Secret>) -> io::Result<Vec<u8>> {
    let options = ReadOptions {
        key_derivation_max: 200_000,
        ..ReadOptions::default()
    };
    read_all_with(file, secret, options)
}

pub(crate) fn read_all_with(
    file: &[u8],
    secret: Option<&Secret>,
    options: ReadOptions,
) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    xfrm::open_with(Cursor::new(file), secret, options)?.read_to_end(&mut data)?;
    Ok(data)
}

pub(crate) fn write_all(data: &[u8], options: Options<'_>) -> Vec<u8> {
    let mut writer = XfrmWriter::new(Vec::new(), options).unwrap();
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

/// Bytes that are neither constant nor incompressible.
pub(crate) fn sample(size: usize) -> Vec<u8> {
    let mut state = 12345_u32;
    (0..size)
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if index % 3 == 0 {
                (state >> 24) as u8
            } else {
                (index / 50) as u8
            }
        })
        .collect()
}

/// Cheap to derive.
pub(crate) const FEW: Keys = Keys::Derived { iterations: 3 };

/// Every way to write, with a secret of 32 bytes.
pub(crate) fn every_way(secret: &Secret, size: usize) -> Vec<Options<'_>> {
    let mut ways = Vec::new();
    for compress in [false, true] {
        ways.push(Options {
            compress,
            ..Options::default()
        });
        for (cipher, data_unit_size) in [
            (Cipher::Cbc, 0),
            (Cipher::Cbc, 512),
            (Cipher::Cbc, 48),
            (Cipher::Xts, 16),
            (Cipher::Xts, 512),
            (Cipher::Xts, 1 << 20),
        ] {
            for keys in [FEW, Keys::Wrapped] {
                ways.push(Options {
                    compress,
                    encryption: Some(Encryption {
                        secret,
                        cipher,
                        keys,
                        data_unit_size,
                        size_hint: Some(size as u64),
                    }),
                    // Many data units need more keys than a block of 512 bytes holds.
                    file_block_size: if size > 1000 && data_unit_size > 0 {
                        0
                    } else {
                        512
                    },
                    threads: 1,
                });
            }
        }
    }
    ways
}

pub(crate) fn secret32() -> Secret {
    Secret::new((0..32).collect::<Vec<u8>>())
}

#[test]
fn every_recorded_file_gives_its_plaintext() {
    let list = plaintexts();
    assert_eq!(list.len(), 27);
    for (name, sum, size) in list {
        let file = File::open(backup_file(&name)).unwrap();
        let mut data = Vec::new();
        xfrm::open(file, Some(&fixture_password()))
            .unwrap()
            .read_to_end(&mut data)
            .unwrap();
        assert_eq!(data.len(), size, "{name}");
        assert_eq!(sha256(&data), sum, "{name}");
    }
}

#[test]
fn every_recorded_file_is_described_as_by_the_original() {
    let mut count = 0;
    for entry in fs::read_dir(fixtures().join("golden")).unwrap() {
        let path = entry.unwrap().path();
        let file_name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (name, detailed) = if let Some(name) = file_name.strip_suffix(".detailed-info.txt") {
            (name, true)
        } else if let Some(name) = file_name.strip_suffix(".info.txt") {
            (name, false)
        } else {
            continue;
        };
        let container = xfrm::inspect(File::open(backup_file(name)).unwrap()).unwrap();
        let mut text = container.render_line(&format!("{}/{name}", directory_of(name)));
        if detailed {
            text.push_str(&container.render_detailed());
        }
        assert_eq!(text, fs::read_to_string(&path).unwrap(), "{file_name}");
        count += 1;
    }
    assert_eq!(count, 54);
}

/// The plaintext of the vectors.
const P: &[u8] = b"Hello, NDB! This is plain text.\n";
const P_CRC: u32 = 0xF063_0EEC;

fn trailer_of_p(payload_size: u32) -> Trailer {
    Trailer {
        flags: 0x30,
        data_size: P.len() as u64,
        data_checksum: P_CRC.to_le_bytes(),
        trailer_size: 512 - payload_size,
        ..Trailer::default()
    }
}

fn container_of_p(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut file = header.encode();
    file.extend_from_slice(payload);
    file.extend(trailer_of_p(payload.len() as u32).encode(header.byte_order));
    file
}

fn password_header(flags: u64, salt: &str) -> Header {
    Header {
        header_size: 512,
        flags: Flags(flags),
        file_block_size: 512,
        iterations: 100_000,
        keying_material_size: 32,
        keying_material_count: 1,
        octets: unhex(salt),
        ..Header::default()
    }
}

#[test]
fn the_vector_of_an_az31_file_is_read() {
    let mut file = vec![0; 1024];
    let mut put = |at: usize, text: &str| {
        let bytes = unhex(text);
        file[at..at + bytes.len()].copy_from_slice(&bytes);
    };
    put(0x00, "fe03 0110 0000 0200");
    put(0x10, "0000 0000 0000 0200");
    put(0x40, "0000 0000 0000 0000 0000 0000 0001 0000");
    put(0x200, "f348 cdc9 c9d7 51f0 7371 5254 08c9 c82c");
    put(0x210, "5600 a282 9cc4 cc3c 8592 d48a 123d 2e00");
    put(0x220, "ec0e 63f0 2000 0000 4442 444e");
    assert_eq!(read_all(&file, None).unwrap(), P);

    let ours = write_all(P, Options::backup(true, None));
    assert_eq!(ours.len(), 1024);
    assert_eq!(ours[..512], file[..512]);
    assert_eq!(read_all(&ours, None).unwrap(), P);
}

#[test]
fn the_vectors_of_encrypted_files_are_read() {
    let secret = Secret::new(b"secret".to_vec());
    let cbc = password_header(
        0x0011_1000,
        "a6c633d6a266d3cb6278 19bc4c1cbdd307e5a8b3dbca17fba81c4084188759e8",
    );
    let payload = unhex(
        "c31d8cab1db64bf6ec7b7120155e65d5 bf80ad9579a2bf304f1051a247955177
         a6c77afb02c31bc04a4493713ea1c8d3",
    );
    let file = container_of_p(&cbc, &payload);
    assert_eq!(file.len(), 1024);
    assert_eq!(
        hex(&file[0x3f0..]),
        "1032547698badcfe4e444258 46524d31".replace(' ', "")
    );
    assert_eq!(read_all(&file, Some(&secret)).unwrap(), P);

    let deflated = password_header(
        0x0011_1100,
        "db465747ce249e30467645885e31bc70d009dc1af13f3809afca94cf3aa6c668",
    );
    let payload = unhex(
        "36e9a48a76a3a45b0e100c6180b911f71124d2e2655be2cf31389e0d144486bc
         d4e8e8c78ba7be41340b2ef1b76b4125",
    );
    let file = container_of_p(&deflated, &payload);
    assert_eq!(read_all(&file, Some(&secret)).unwrap(), P);

    let xts = Header {
        data_unit_size: 512,
        ..password_header(
            0x0011_2000,
            "54d03657e6eda5a9f8a08c69a23fe985de3d3513ca4efc5438ff8df674811beb",
        )
    };
    let payload = unhex(
        "0e5e9cc285c6af6429c01557ccdd5f467a052713eccad0f9064ad372e2b6bd22
         6b814242ada7b9e87048233ddeb7d488",
    );
    let file = container_of_p(&xts, &payload);
    assert_eq!(read_all(&file, Some(&secret)).unwrap(), P);
}

#[test]
fn the_vector_of_wrapped_keys_is_read() {
    let header = Header {
        iterations: 0,
        keying_material_size: 72,
        ..password_header(
            0x0012_1000,
            "a3cf939da3d7d40d92bbef62fdb0dfc1a82a7951f45703f3a3cf5062120e9237
             666d99522e4a926d61eab0f7c6a59ccaf7e1a3229b8b355892b7a5660a24280c
             554cf43b38d89236",
        )
    };
    let payload = unhex(
        "dda0abc332e14848cfbbda64990aa38539c69d76dfc616322daf229dfaad4983
         a1130248711b98dfc081595b21541777",
    );
    let file = container_of_p(&header, &payload);
    assert_eq!(read_all(&file, Some(&secret32())).unwrap(), P);
    let wrong = Secret::new(vec![7; 32]);
    let error = xfrm::XfrmError::from(read_all(&file, Some(&wrong)).unwrap_err());
    assert!(matches!(error, xfrm::XfrmError::WrongKey), "{error}");
}

/// The files that the original accepts although no known writer makes them.
#[test]
fn unusual_files_that_the_original_reads_are_read() {
    let plain = Header {
        header_size: 512,
        file_block_size: 512,
        ..Header::default()
    };
    let deflated = Header {
        flags: Flags(0x100),
        ..plain.clone()
    };
    let stream = unhex("f348cdc9c9d751f07371525408c9c82c5600a2829cc4cc3c8592d48a123d2e00");
    for (what, header, payload) in [
        ("deflate only", deflated.clone(), &stream[..]),
        ("no transformation", plain.clone(), P),
        (
            "zeros that are not",
            Header {
                zeros: [1, 2],
                zeros01: 3,
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "unknown flag 63",
            Header {
                flags: Flags(1 << 63 | 0x100),
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "fixed header of 200 bytes",
            Header {
                fixed_header_size: 200,
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "header of 192 bytes",
            Header {
                header_size: 192,
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "header of 200 bytes",
            Header {
                header_size: 200,
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "no block size",
            Header {
                file_block_size: 0,
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "blocks of 4096",
            Header {
                file_block_size: 4096,
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "small trailer_max_size",
            Header {
                trailer_max_size: 56,
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "large trailer_max_size",
            Header {
                trailer_max_size: 600,
                ..deflated.clone()
            },
            &stream,
        ),
        (
            "big-endian",
            Header {
                byte_order: ByteOrder::Big,
                ..deflated.clone()
            },
            &stream,
        ),
    ] {
        let file = container_of_p(&header, payload);
        let found = read_all(&file, None);
        assert_eq!(found.unwrap(), P, "{what}");
    }

    let mut file = container_of_p(&deflated, &stream);
    let end = file.len();
    file[end - 8..].fill(b'x');
    assert_eq!(
        read_all(&file, None).unwrap(),
        P,
        "trailer magic overwritten"
    );
    let mut file = container_of_p(&deflated, &stream);
    file[end - 56] = 0;
    assert_eq!(read_all(&file, None).unwrap(), P, "no checksum");
}

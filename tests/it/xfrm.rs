//! The containers: recorded files, known vectors, and round trips.

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use ndbmgm::xfrm::{self, Cipher, Encryption, Keys, Options, Secret, XfrmWriter};
use sha2::{Digest, Sha256};

const FIXTURE_PASSWORD: &[u8] = b"Fixture pass #1 (a-z)";

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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_all(file: &[u8], secret: &Secret) -> std::io::Result<Vec<u8>> {
    let mut data = Vec::new();
    xfrm::open(Cursor::new(file), Some(secret))?.read_to_end(&mut data)?;
    Ok(data)
}

#[test]
fn every_recorded_file_gives_its_plaintext() {
    let list = fs::read_to_string(fixtures().join("golden/plaintext.sha256")).unwrap();
    let mut count = 0;
    for line in list.lines() {
        let mut words = line.split_whitespace();
        let (sum, size, name) = (
            words.next().unwrap(),
            words.next().unwrap(),
            words.next().unwrap(),
        );
        let file = File::open(backup_file(name)).unwrap();
        let mut data = Vec::new();
        xfrm::open(file, Some(&fixture_password()))
            .unwrap()
            .read_to_end(&mut data)
            .unwrap();
        assert_eq!(data.len().to_string(), size, "{name}");
        assert_eq!(hex(&Sha256::digest(&data)), sum, "{name}");
        count += 1;
    }
    assert_eq!(count, 27);
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
        let path_of_file = backup_file(name);
        let relative = format!("{}/{name}", directory_of(name));
        let file = File::open(&path_of_file).unwrap();
        let container = xfrm::inspect(file).unwrap();
        let mut text = container.render_line(&relative);
        if detailed {
            text.push_str(&container.render_detailed());
        }
        assert_eq!(text, fs::read_to_string(&path).unwrap(), "{file_name}");
        count += 1;
    }
    assert!(count >= 50, "only {count} files");
}

#[test]
fn what_was_written_is_read_back() {
    let data: Vec<u8> = (0..300_000_u32).map(|n| (n / 7 % 251) as u8).collect();
    let secret = Secret::new(b"secret".to_vec());
    for threads in [1, 3] {
        for compress in [false, true] {
            for encrypt in [false, true] {
                let options = Options {
                    threads,
                    encryption: encrypt.then(|| Encryption {
                        keys: Keys::Derived { iterations: 7 },
                        cipher: Cipher::Cbc,
                        ..Encryption::backup(&secret)
                    }),
                    ..Options::backup(compress, None)
                };
                let mut writer = XfrmWriter::new(Vec::new(), options).unwrap();
                writer.write_all(&data).unwrap();
                let file = writer.finish().unwrap();
                assert!(read_all(&file, &secret).unwrap() == data);
            }
        }
    }
}

//! Every recorded backup file, mutated at random: an error or the right data, never a panic,
//! in bounded memory.
//!
//! A fuller run, with at most 1 GiB of address space:
//!
//! ```text
//! NDBMGM_MUTATIONS=10000 prlimit --as=1073741824 cargo test --release --test it mutations::
//! ```

use std::fs;
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use aes_kw::{KeyInit, KwAes256};
use ndbmgm::backup::{self, CtlFile, PrintOptions, Printed};
use ndbmgm::xfrm::{self, Header, ReadOptions, Secret, XfrmReader};

use crate::backup_files::read_any;
use crate::second_opinion;
use crate::xfrm::{FIXTURE_PASSWORD, backup_file, plaintexts, sha256};
use crate::xfrm_damage::{Dice, mutate};

/// Wraps the keys of the encrypted files.
const WRAPPING_KEY: [u8; 32] = [0x5A; 32];

/// How often each file is mutated.
fn count() -> usize {
    std::env::var("NDBMGM_MUTATIONS").map_or(10, |count| count.parse().unwrap())
}

/// Most rounds of key derivation. Only a full run derives the keys of mutated headers: without
/// optimisation one takes most of a second.
fn derivation_max() -> u64 {
    if count() < 1000 { 1000 } else { 200_000 }
}

/// Does it for each file, on all cores.
fn for_each_file(names: &[String], check: impl Fn(&str) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(name);
                }
            });
        }
    });
    assert_memory_is_bounded();
}

/// The most memory that the process ever had; other tests have some of it.
fn assert_memory_is_bounded() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = line.and_then(|line| line.split_whitespace().next());
    let kib: u64 = peak.unwrap().parse().unwrap();
    assert!(kib < 512 << 10, "{kib} KiB");
}

fn is_container(file: &[u8]) -> bool {
    file.starts_with(b"NDBXFRM1") || file.starts_with(&[0xFE, 3, 1])
}

/// Names of the recorded files that are in a container, or those of the others.
fn names(in_container: bool) -> Vec<String> {
    let names = plaintexts().into_iter().map(|(name, _, _)| name);
    names
        .filter(|name| is_container(&fs::read(backup_file(name)).unwrap()) == in_container)
        .collect()
}

/// A recorded file, and what it takes to read it.
struct Container {
    file: Vec<u8>,
    password: Secret,
    /// For an encrypted file: a header with the same keys, wrapped instead of derived.
    quick_header: Option<Vec<u8>>,
    quick_secret: Secret,
    data: Vec<u8>,
    text: Vec<u8>,
}

impl Container {
    fn open(name: &str, sum: &str) -> Container {
        let file = fs::read(backup_file(name)).unwrap();
        let mut container = Container {
            quick_header: file.starts_with(b"NDBXFRM1").then(|| quick_header(&file)),
            quick_secret: Secret::new(WRAPPING_KEY.to_vec()),
            password: Secret::new(FIXTURE_PASSWORD.to_vec()),
            data: Vec::new(),
            text: Vec::new(),
            file,
        };
        container.data = container.read(container.file.clone()).unwrap();
        assert_eq!(sha256(&container.data), sum, "{name}");
        container.text = container.print(container.file.clone()).unwrap();
        container
    }

    /// What to read instead of `damaged`, and the secret for it. Deriving the keys takes a
    /// thousand times as long as anything else; with the header as it was they are known.
    fn quick(&self, mut damaged: Vec<u8>) -> (Vec<u8>, &Secret) {
        match &self.quick_header {
            Some(quick) if damaged.get(..quick.len()) == self.file.get(..quick.len()) => {
                damaged[..quick.len()].copy_from_slice(quick);
                (damaged, &self.quick_secret)
            }
            _ => (damaged, &self.password),
        }
    }

    fn open_damaged(&self, damaged: Vec<u8>) -> io::Result<XfrmReader<Cursor<Vec<u8>>>> {
        let (damaged, secret) = self.quick(damaged);
        let options = ReadOptions {
            key_derivation_max: derivation_max(),
            ..ReadOptions::default()
        };
        Ok(xfrm::open_with(
            Cursor::new(damaged),
            Some(secret),
            options,
        )?)
    }

    fn read(&self, damaged: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut data = Vec::new();
        self.open_damaged(damaged)?.read_to_end(&mut data)?;
        Ok(data)
    }

    fn print(&self, damaged: Vec<u8>) -> io::Result<Vec<u8>> {
        print(self.open_damaged(damaged)?)
    }
}

/// The header with its key wrapped.
fn quick_header(file: &[u8]) -> Vec<u8> {
    let derived = Header::decode(file).unwrap();
    let salt = &derived.octets[..32];
    let keys = second_opinion::derive(FIXTURE_PASSWORD, salt, derived.iterations);
    let mut wrapped = vec![0; keys.len() + 8];
    let wrapping = KwAes256::new(&WRAPPING_KEY.into());
    wrapping.wrap_key(&keys, &mut wrapped).unwrap();
    let mut header = Header {
        iterations: 0,
        keying_material_size: wrapped.len() as u32,
        keying_material_count: 1,
        octets: wrapped,
        ..derived
    };
    // The source of the keys is 2, key wrap.
    header.flags.0 = header.flags.0 & !0xF_0000 | 0x2_0000;
    header.encode()
}

/// The text of a file that is a backup file and whole.
fn print(reader: impl io::Read) -> io::Result<Vec<u8>> {
    let options = PrintOptions {
        verbose: true,
        header_words: true,
    };
    let mut text = Vec::new();
    match backup::print(reader, &mut text, options) {
        Ok(Printed::Whole) => Ok(text),
        Ok(Printed::Invalid(error)) | Err(error) => Err(io::Error::other(error)),
    }
}

#[test]
fn a_mutated_container_gives_an_error_or_the_right_data() {
    let names = names(true);
    assert_eq!(names.len(), 14);
    let sums = plaintexts();
    for_each_file(&names, |name| {
        let sum = sums.iter().find(|(found, _, _)| found == name).unwrap();
        let container = Container::open(name, &sum.1);
        let mut dice = Dice(42);
        for turn in 0..count() {
            let damaged = mutate(&container.file, &mut dice);
            // Less than the magic can't be told from raw data.
            let is_raw = damaged.len() < 8;
            if let Ok(found) = container.read(damaged.clone()) {
                assert!(found == container.data || is_raw, "{name}, mutation {turn}");
            }
            if let Ok(text) = container.print(damaged) {
                assert!(text == container.text, "{name}, mutation {turn} printed");
            }
        }
    });
}

/// Changes a few bytes to those that make bad lengths; half of them in the first KiB, where
/// the lengths of a ctl file are dense.
fn poke(file: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut damaged = file.to_vec();
    for _ in 0..=dice.roll(3) {
        let range = if dice.roll(2) == 0 {
            file.len().min(1024)
        } else {
            file.len()
        };
        let at = dice.roll(range);
        damaged[at] = [0, 0x7F, 0x80, 0xFF, dice.roll(256) as u8][dice.roll(5)];
    }
    damaged
}

#[test]
fn a_mutated_plain_file_gives_an_error_or_a_value() {
    let names = names(false);
    assert_eq!(names.len(), 13);
    let ctl = fs::read(backup_file("BACKUP-4.2.ctl")).unwrap();
    let ctl = CtlFile::read(&ctl[..]).unwrap();
    for_each_file(&names, |name| {
        let file = fs::read(backup_file(name)).unwrap();
        let mut dice = Dice(43);
        for _ in 0..count() {
            let damaged = match dice.roll(3) {
                0 => mutate(&file, &mut dice),
                _ => poke(&file, &mut dice),
            };
            read_any(&damaged, &ctl);
        }
    });
}

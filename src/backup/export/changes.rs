//! What happened to rows, found by their key.
//!
//! Entries lie one after the other, in memory as long as they are few and in a nameless temporary
//! file after that; only a hash, an order and a place of each are kept in memory. A store holds
//! the keys of one slice: if a table has more entries than may be kept, it is exported slice by
//! slice, each in a pass over the files.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::backup::{LogEvent, LogKind};

/// Bytes of entries that are kept in memory.
const MEMORY_MAX: usize = 16 << 20;
/// Bytes that are written to the temporary file at once.
const SLICE: usize = 1 << 20;

/// A stored value, little-endian; none is NULL.
pub(super) type Stored = Option<Vec<u8>>;

/// A slice of all keys: those whose hash leaves this number.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeySlice {
    pub(super) number: u64,
    pub(super) of: u64,
}

impl KeySlice {
    pub(super) fn holds(self, hash: u64) -> bool {
        hash % self.of == self.number
    }

    /// Two slices that hold the same keys together.
    pub(super) fn halves(self) -> [KeySlice; 2] {
        let KeySlice { number, of } = self;
        let half = |number| KeySlice { number, of: 2 * of };
        [half(number + of), half(number)]
    }
}

/// FNV-1a, mixed so that every bit counts: who has many rows wants no surprise from a hash that
/// differs from run to run.
pub(super) fn hash_of(key: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
    let hash = key.iter().fold(0xCBF2_9CE4_8422_2325, fold);
    let hash = (hash ^ hash >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ hash >> 32
}

/// Where an entry lies, and when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    hash: u64,
    order: u64,
    offset: u64,
}

/// What an entry does to its row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// The row is this, whatever it was.
    Put(Vec<(u16, Stored)>),
    /// These columns of the row are this, if it is there.
    Set(Vec<(u16, Stored)>),
    /// The row is gone.
    Remove,
}

impl Effect {
    /// What an entry of a log does when the log is applied; none for an unknown event.
    pub(super) fn of(kind: LogKind, event: LogEvent, values: Vec<(u16, Stored)>) -> Option<Self> {
        Some(match (kind, event) {
            (LogKind::Redo, LogEvent::Insert) | (LogKind::Undo, LogEvent::Delete) => {
                Effect::Put(values)
            }
            (LogKind::Redo, LogEvent::Delete) | (LogKind::Undo, LogEvent::Insert) => Effect::Remove,
            (_, LogEvent::Update) => Effect::Set(values),
            (_, LogEvent::Other(_)) => return None,
        })
    }
}

/// Entries that are being collected.
pub(super) struct Collector {
    places: Vec<Place>,
    limit: usize,
    memory: Vec<u8>,
    file: Option<File>,
    /// Bytes in the file.
    written: u64,
}

/// The store would hold more entries than it may.
pub(super) struct TooMany;

impl Collector {
    /// Collects at most `limit` entries.
    pub(super) fn new(limit: usize) -> Self {
        Collector {
            places: Vec::new(),
            limit,
            memory: Vec::new(),
            file: None,
            written: 0,
        }
    }

    /// Adds an entry. Those of one key take effect in the order of `order`.
    pub(super) fn add(
        &mut self,
        key: &[u8],
        order: u64,
        effect: &Effect,
    ) -> io::Result<Result<(), TooMany>> {
        if self.places.len() >= self.limit {
            return Ok(Err(TooMany));
        }
        self.places.push(Place {
            hash: hash_of(key),
            order,
            offset: self.written + self.memory.len() as u64,
        });
        let start = self.memory.len();
        self.memory.extend_from_slice(&[0; 4]);
        encode(key, effect, &mut self.memory);
        let length = (self.memory.len() - start - 4) as u32;
        self.memory[start..start + 4].copy_from_slice(&length.to_le_bytes());
        let limit = if self.file.is_some() {
            SLICE
        } else {
            MEMORY_MAX
        };
        if self.memory.len() > limit {
            self.spill()?;
        }
        Ok(Ok(()))
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            // Nobody else can open it, and it is gone with this process.
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.write_all(&self.memory)?;
        self.written += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    /// Makes the entries findable.
    pub(super) fn finish(mut self) -> io::Result<Changes> {
        if self.file.is_some() {
            self.spill()?;
        }
        self.places.sort_unstable();
        Ok(Changes {
            used: self.places.iter().map(|_| AtomicBool::new(false)).collect(),
            places: self.places,
            memory: self.memory,
            file: self.file,
        })
    }
}

/// Entries that can be found by the key of their row.
pub(super) struct Changes {
    places: Vec<Place>,
    /// The first entry of a key was asked for.
    used: Vec<AtomicBool>,
    memory: Vec<u8>,
    file: Option<File>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The effects on the row of a key, in order. It counts as asked for.
    pub(super) fn of_key(&self, key: &[u8]) -> io::Result<Vec<Effect>> {
        let hash = hash_of(key);
        let first = self.places.partition_point(|place| place.hash < hash);
        let mut effects = Vec::new();
        for (place, used) in self.places[first..].iter().zip(&self.used[first..]) {
            if place.hash != hash {
                break;
            }
            let (found, effect) = self.entry(place)?;
            if found == key {
                used.store(true, Ordering::Relaxed);
                effects.push(effect);
            }
        }
        Ok(effects)
    }

    /// True if no key has this hash, which is most of the time and quickly known.
    pub(super) fn has_none(&self, hash: u64) -> bool {
        let first = self.places.partition_point(|place| place.hash < hash);
        self.places
            .get(first)
            .is_none_or(|place| place.hash != hash)
    }

    /// Keys that nobody asked for, one at a time.
    pub(super) fn next_unused(&self, from: &mut usize) -> io::Result<Option<Vec<u8>>> {
        while let Some(place) = self.places.get(*from) {
            let used = self.used[*from].load(Ordering::Relaxed);
            *from += 1;
            if !used {
                return self.entry(place).map(|(key, _)| Some(key));
            }
        }
        Ok(None)
    }

    fn entry(&self, place: &Place) -> io::Result<(Vec<u8>, Effect)> {
        let at = place.offset;
        let bytes = match &self.file {
            Some(file) => {
                let mut length = [0; 4];
                file.read_exact_at(&mut length, at)?;
                let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
                file.read_exact_at(&mut bytes, at + 4)?;
                bytes
            }
            None => {
                let rest = self.memory.get(at as usize..).unwrap_or_default();
                let length = rest
                    .first_chunk::<4>()
                    .map_or(0, |it| u32::from_le_bytes(*it));
                rest.get(4..4 + length as usize)
                    .unwrap_or_default()
                    .to_vec()
            }
        };
        decode(&bytes).ok_or_else(|| io::Error::other("the temporary file is not what was written"))
    }
}

const PUT: u8 = 0;
const SET: u8 = 1;
const REMOVE: u8 = 2;

/// Length of the key, the key, what is done, then for each column its number, 1 and the length
/// and bytes of the value, or 0 for NULL.
fn encode(key: &[u8], effect: &Effect, out: &mut Vec<u8>) {
    out.extend_from_slice(&(key.len() as u32).to_le_bytes());
    out.extend_from_slice(key);
    let (tag, values) = match effect {
        Effect::Put(values) => (PUT, &values[..]),
        Effect::Set(values) => (SET, &values[..]),
        Effect::Remove => (REMOVE, &[][..]),
    };
    out.push(tag);
    for (column, value) in values {
        out.extend_from_slice(&column.to_le_bytes());
        match value {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                out.extend_from_slice(&(value.len() as u32).to_le_bytes());
                out.extend_from_slice(value);
            }
        }
    }
}

fn decode(bytes: &[u8]) -> Option<(Vec<u8>, Effect)> {
    let (key, rest) = take_long(bytes)?;
    let (tag, mut rest) = rest.split_first()?;
    let mut values = Vec::new();
    while let Some((column, after)) = rest.split_first_chunk::<2>() {
        let (is_value, after) = after.split_first()?;
        let (value, after) = match is_value {
            0 => (None, after),
            _ => {
                let (value, after) = take_long(after)?;
                (Some(value.to_vec()), after)
            }
        };
        values.push((u16::from_le_bytes(*column), value));
        rest = after;
    }
    let effect = match *tag {
        PUT => Effect::Put(values),
        SET => Effect::Set(values),
        REMOVE => Effect::Remove,
        _ => return None,
    };
    Some((key.to_vec(), effect))
}

fn take_long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(number: u64, size: usize) -> Effect {
        Effect::Put(vec![(0, Some(vec![number as u8; size])), (1, None)])
    }

    #[test]
    fn effects_of_a_key_come_in_their_order_from_memory_and_from_a_file() {
        for size in [10, 100_000] {
            let mut collector = Collector::new(1000);
            for number in (0..300_u64).rev() {
                let key = (number % 100).to_le_bytes();
                assert!(
                    collector
                        .add(&key, number, &put(number, size))
                        .unwrap()
                        .is_ok()
                );
            }
            let changes = collector.finish().unwrap();
            assert_eq!(changes.file.is_some(), size > 10);
            for number in 0..99_u64 {
                let key = number.to_le_bytes();
                assert!(!changes.has_none(hash_of(&key)));
                let expected = [number, number + 100, number + 200].map(|it| put(it, size));
                assert_eq!(changes.of_key(&key).unwrap(), expected);
            }
            assert!(changes.of_key(b"none").unwrap().is_empty());
            let (mut from, mut unused) = (0, Vec::new());
            while let Some(key) = changes.next_unused(&mut from).unwrap() {
                unused.push(key);
            }
            assert_eq!(unused, vec![99_u64.to_le_bytes().to_vec(); 3]);
        }
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let mut collector = Collector::new(2);
        for number in 0..3 {
            let added = collector.add(b"k", number, &Effect::Remove).unwrap();
            assert_eq!(added.is_ok(), number < 2);
        }
    }
}

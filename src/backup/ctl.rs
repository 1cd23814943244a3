//! The ctl file: the dictionary, the GCP range and the fragments (backup format, 3).
//!
//! File header, then sections of big-endian words. The length counts all words of the section:
//!
//! | section | words |
//! |---|---|
//! | table list | 4, 2 + n, n object ids |
//! | description, once per id | 5, 3 + n, kind of object, n words of properties |
//! | GCP entry | 6, 4, start GCI, stop GCI - 1 |
//! | fragment, any number | 7, 8, table id, fragment, records (low, high), 0, 0 |

use std::io::{Read, Write};
use std::ops::RangeInclusive;

use super::BackupError;
use super::header::{ByteOrder, FileHeader, FileType};
use super::properties::{Properties, Property, PropertyValue, PropertyWriter};
use super::source::{Source, be_word};
use super::table::{Table, TableKind};
use crate::cluster::Gci;

/// Longest description in words; no writer is known to come near it.
pub(crate) const DESCRIPTION_WORDS_MAX: u32 = 1 << 16;
/// Longest table list in words.
const LIST_WORDS_MAX: u32 = 1 << 17;
/// Most buckets of a hash map.
pub(crate) const HASH_MAP_BUCKETS_MAX: usize = 23040;
/// Most items of an object that is neither a table nor a hash map, and has a few dozen.
const PROPERTIES_MAX: usize = 1024;
/// Largest ctl file that [`CtlFile::read`] holds in memory, in bytes.
pub(crate) const CTL_BYTES_MAX: u64 = 256 << 20;

/// A kind of section, and how long it can be.
pub(crate) struct SectionKind {
    number: u32,
    what: &'static str,
    /// Fewest and most words.
    words: RangeInclusive<u32>,
}

pub(crate) const TABLE_LIST: SectionKind = SectionKind {
    number: 4,
    what: "table list",
    words: 2..=LIST_WORDS_MAX,
};
pub(crate) const DESCRIPTION: SectionKind = SectionKind {
    number: 5,
    what: "table description",
    words: 3..=DESCRIPTION_WORDS_MAX,
};
pub(crate) const GCP_ENTRY: SectionKind = SectionKind {
    number: 6,
    what: "GCP entry",
    words: 4..=4,
};
pub(crate) const FRAGMENT: SectionKind = SectionKind {
    number: 7,
    what: "fragment entry",
    words: 8..=8,
};

/// Kind numbers of the objects that are no tables (backup format, 3.3).
const TABLESPACE: u32 = 20;
const LOGFILE_GROUP: u32 = 21;
const DATA_FILE: u32 = 22;
const UNDO_FILE: u32 = 23;
const HASH_MAP: u32 = 24;
const FOREIGN_KEY: u32 = 25;

/// An object of the dictionary: the content of a description section (backup format, 3.3).
// Nearly all objects are tables: boxing them would save nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DictObject {
    /// A table or an index.
    Table(Table),
    /// A hash map.
    HashMap(HashMap),
    /// Filegroups (20, 21), files (22, 23), foreign keys (25): their items as they are.
    Other {
        /// Kind of object.
        kind: u32,
        /// The items in file order (backup format, 3.7).
        properties: Vec<Property>,
    },
}

impl DictObject {
    /// Kind of object, as the description's third word gives it.
    pub fn kind(&self) -> u32 {
        match self {
            DictObject::Table(table) => table.kind.number(),
            DictObject::HashMap(_) => HASH_MAP,
            DictObject::Other { kind, .. } => *kind,
        }
    }

    /// Id in the dictionary; none if the description has none.
    pub fn id(&self) -> Option<u32> {
        let (kind, properties) = match self {
            DictObject::Table(table) => return Some(table.id),
            DictObject::HashMap(map) => return Some(map.id),
            DictObject::Other { kind, properties } => (*kind, properties),
        };
        let key = match kind {
            TABLESPACE | LOGFILE_GROUP => 3,
            DATA_FILE | UNDO_FILE => 103,
            FOREIGN_KEY => 2,
            _ => return None,
        };
        let of_key = properties.iter().rfind(|item| item.key == key);
        of_key.and_then(|item| match item.value {
            PropertyValue::Number(id) => Some(id),
            PropertyValue::Text(_) | PropertyValue::Binary(_) => None,
        })
    }
}

/// Maps the hash of a row's key to a fragment (backup format, 3.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashMap {
    /// Name, such as `DEFAULT-HASHMAP-3840-2`.
    pub name: String,
    /// Id in the dictionary.
    pub id: u32,
    /// Schema version.
    pub version: u32,
    /// The fragment of each bucket.
    pub buckets: Vec<u16>,
}

impl HashMap {
    /// The map a cluster makes by itself for tables of `fragments` fragments: 3840 buckets,
    /// dealt out in turn.
    pub fn default_for(fragments: u16, id: u32) -> Self {
        HashMap {
            name: format!("DEFAULT-HASHMAP-3840-{fragments}"),
            id,
            version: 1,
            buckets: (0..3840).map(|bucket| bucket % fragments.max(1)).collect(),
        }
    }

    /// The fragment of a row whose key hashes to `hash`.
    pub fn fragment(&self, hash: u32) -> u16 {
        match self.buckets.len() {
            0 => 0,
            count => self.buckets[hash as usize % count],
        }
    }

    fn encode(&self, order: ByteOrder, bytes: &mut Vec<u8>) -> Result<(), BackupError> {
        if self.buckets.len() > HASH_MAP_BUCKETS_MAX || self.name.len() >= 128 {
            return Err(BackupError::Unencodable {
                what: "hash map",
                why: "it has at most 23040 buckets and a name of at most 127 bytes",
            });
        }
        let values: Vec<u8> = self
            .buckets
            .iter()
            .flat_map(|fragment| match order {
                ByteOrder::Little => fragment.to_le_bytes(),
                ByteOrder::Big => fragment.to_be_bytes(),
            })
            .collect();
        let mut out = PropertyWriter::new(bytes);
        out.text(1, self.name.as_bytes());
        // The item called "buckets" holds the byte length of the values.
        out.number(2, values.len() as u32);
        out.number(153, self.id);
        out.number(154, self.version);
        out.binary(3, &values);
        Ok(())
    }

    fn decode(bytes: &[u8], base: u64, order: ByteOrder) -> Result<Self, BackupError> {
        let mut map = HashMap {
            name: String::new(),
            id: u32::MAX,
            version: 0,
            buckets: Vec::new(),
        };
        let mut items = Properties::new(bytes, base);
        loop {
            let offset = items.offset();
            let Some((key, value)) = items.next_item()? else {
                return Ok(map);
            };
            let taken = match key {
                1 => value.text(128).map(|name| map.name = name),
                2 => value.number().map(drop),
                3 => value
                    .binary()
                    .filter(|values| values.len() <= 2 * HASH_MAP_BUCKETS_MAX)
                    .map(|values| {
                        let half_words = values.chunks_exact(2);
                        map.buckets = half_words
                            .map(|pair| order.half_word([pair[0], pair[1]]))
                            .collect();
                    }),
                153 => value.number().map(|id| map.id = id),
                154 => value.number().map(|version| map.version = version),
                _ => Some(()),
            };
            if taken.is_none() {
                return Err(BackupError::Malformed {
                    what: "hash map",
                    offset,
                    why: "an item has a value it cannot have",
                });
            }
        }
    }
}

/// The GCP range of a backup (backup format, 3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcpEntry {
    /// GCP when the backup started.
    pub start: Gci,
    /// Stop GCP as the file stores it: one lower than the one reported.
    pub stored_stop: Gci,
}

impl GcpEntry {
    /// The entry for a backup from `start` to `stop`, as its events report them.
    pub fn new(start: Gci, stop: Gci) -> Self {
        GcpEntry {
            start,
            stored_stop: Gci(stop.0.wrapping_sub(1)),
        }
    }

    /// Stop GCP as reported.
    pub fn stop(self) -> Gci {
        Gci(self.stored_stop.0.wrapping_add(1))
    }
}

/// A fragment of a table and its size (backup format, 3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentEntry {
    /// Id of the table.
    pub table_id: u32,
    /// Number of the fragment, from 0.
    pub fragment: u32,
    /// Records in the backup; only the master's ctl has counts, elsewhere all are 0.
    pub records: u64,
}

/// One section of a ctl file (backup format, 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CtlSection {
    /// Ids of all objects, in dictionary order.
    TableList(Vec<u32>),
    /// Description of one object.
    Object(Box<DictObject>),
    /// The GCP range.
    Gcp(GcpEntry),
    /// One fragment.
    Fragment(FragmentEntry),
}

/// Reads a ctl file section by section, holding one at a time (backup format, 3).
pub(crate) struct CtlReader<R> {
    source: Source<R>,
    header: FileHeader,
    expected: Expected,
}

/// What comes next in the file.
enum Expected {
    TableList,
    Descriptions(usize),
    Gcp,
    Fragments,
}

impl<R: Read> CtlReader<R> {
    /// Reads the file header.
    ///
    /// # Errors
    ///
    /// If it is not that of a ctl file.
    pub(crate) fn new(reader: R) -> Result<Self, BackupError> {
        let mut source = Source::new(reader);
        let header = FileHeader::take(&mut source)?;
        header.expect_type(&[FileType::Ctl], "1 (ctl)")?;
        Ok(Self::after_header(source, header))
    }

    pub(crate) fn after_header(source: Source<R>, header: FileHeader) -> Self {
        CtlReader {
            source,
            header,
            expected: Expected::TableList,
        }
    }

    /// The file header.
    pub(crate) fn header(&self) -> &FileHeader {
        &self.header
    }

    /// The next section; none at the end of the file.
    ///
    /// # Errors
    ///
    /// If the section is not the one that the format has here, or is malformed.
    pub(crate) fn next_section(&mut self) -> Result<Option<CtlSection>, BackupError> {
        match self.expected {
            Expected::TableList => {
                let list = self.table_list()?;
                self.expected = match list.len() {
                    0 => Expected::Gcp,
                    count => Expected::Descriptions(count),
                };
                Ok(Some(CtlSection::TableList(list)))
            }
            Expected::Descriptions(left) => {
                let object = self.description()?;
                self.expected = match left {
                    0 | 1 => Expected::Gcp,
                    left => Expected::Descriptions(left - 1),
                };
                Ok(Some(CtlSection::Object(Box::new(object))))
            }
            Expected::Gcp => {
                let (bytes, _) = take_section(&mut self.source, &GCP_ENTRY)?;
                let entry = GcpEntry {
                    start: Gci(be_word(bytes, 2)),
                    stored_stop: Gci(be_word(bytes, 3)),
                };
                self.expected = Expected::Fragments;
                Ok(Some(CtlSection::Gcp(entry)))
            }
            Expected::Fragments if self.source.at_end(FRAGMENT.what)? => Ok(None),
            Expected::Fragments => {
                let (bytes, _) = take_section(&mut self.source, &FRAGMENT)?;
                Ok(Some(CtlSection::Fragment(FragmentEntry {
                    table_id: be_word(bytes, 2),
                    fragment: be_word(bytes, 3),
                    records: u64::from(be_word(bytes, 5)) << 32 | u64::from(be_word(bytes, 4)),
                })))
            }
        }
    }

    fn table_list(&mut self) -> Result<Vec<u32>, BackupError> {
        let (bytes, _) = take_section(&mut self.source, &TABLE_LIST)?;
        Ok((2..bytes.len() / 4)
            .map(|index| be_word(bytes, index))
            .collect())
    }

    fn description(&mut self) -> Result<DictObject, BackupError> {
        let order = self.header.byte_order;
        let (bytes, offset) = take_section(&mut self.source, &DESCRIPTION)?;
        let kind = be_word(bytes, 2);
        let (bytes, base) = (&bytes[12..], offset + 12);
        if let Some(kind) = TableKind::from_number(kind) {
            return Ok(DictObject::Table(Table::decode(kind, bytes, base)?));
        }
        if kind == HASH_MAP {
            return Ok(DictObject::HashMap(HashMap::decode(bytes, base, order)?));
        }
        let mut properties = Vec::new();
        let mut items = Properties::new(bytes, base);
        while let Some((key, value)) = items.next_item()? {
            if properties.len() == PROPERTIES_MAX {
                return Err(BackupError::TooLong {
                    what: "list of properties",
                    offset,
                    length: PROPERTIES_MAX as u64 + 1,
                    limit: PROPERTIES_MAX as u64,
                });
            }
            properties.push(Property {
                key,
                value: value.to_value(),
            });
        }
        Ok(DictObject::Other { kind, properties })
    }
}

/// The whole next section and its offset. If it is of another kind, or too long or not whole,
/// nothing is taken.
pub(crate) fn take_section<'a, R: Read>(
    source: &'a mut Source<R>,
    kind: &SectionKind,
) -> Result<(&'a [u8], u64), BackupError> {
    let what = kind.what;
    let offset = source.offset();
    let head = source.peek(8, what)?;
    if head.len() < 8 {
        return Err(BackupError::Truncated { what, offset });
    }
    let (found, length) = (be_word(head, 0), be_word(head, 1));
    if found != kind.number {
        return Err(BackupError::Malformed {
            what,
            offset,
            why: "another section stands in its place",
        });
    }
    if length > *kind.words.end() {
        return Err(BackupError::TooLong {
            what,
            offset,
            length: length.into(),
            limit: (*kind.words.end()).into(),
        });
    }
    if length < *kind.words.start() {
        return Err(BackupError::Malformed {
            what,
            offset,
            why: "the section is too short",
        });
    }
    let bytes = source.take(4 * length as usize, what)?;
    Ok((bytes, offset))
}

/// A whole ctl file (backup format, 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CtlFile {
    /// The file header.
    pub header: FileHeader,
    /// The objects in dictionary order, which is arbitrary.
    pub objects: Vec<DictObject>,
    /// Ids of the objects, in the same order.
    pub table_list: Vec<u32>,
    /// The GCP range.
    pub gcp: GcpEntry,
    /// All fragments of the tables with rows.
    pub fragments: Vec<FragmentEntry>,
}

impl CtlFile {
    /// Reads a whole ctl file.
    ///
    /// # Errors
    ///
    /// If a section is not the one that the format has in its place, or is malformed; also if
    /// the file is larger than 256 MiB.
    pub fn read(reader: impl Read) -> Result<Self, BackupError> {
        CtlFile::read_at_most(reader, CTL_BYTES_MAX)
    }

    /// [`CtlFile::read`] with another limit on the file's size, in bytes.
    pub(crate) fn read_at_most(reader: impl Read, limit: u64) -> Result<Self, BackupError> {
        let mut reader = CtlReader::new(reader)?;
        let mut ctl = CtlFile::without_sections(reader.header().clone());
        while let Some(section) = reader.next_section()? {
            let length = reader.source.offset();
            if length > limit {
                return Err(BackupError::TooLong {
                    what: "ctl file",
                    offset: 0,
                    length,
                    limit,
                });
            }
            ctl.add(section);
        }
        Ok(ctl)
    }

    /// A file of which no section has been read.
    pub(crate) fn without_sections(header: FileHeader) -> Self {
        CtlFile {
            header,
            objects: Vec::new(),
            table_list: Vec::new(),
            gcp: GcpEntry::new(Gci(0), Gci(0)),
            fragments: Vec::new(),
        }
    }

    /// Takes the next section.
    pub(crate) fn add(&mut self, section: CtlSection) {
        match section {
            CtlSection::TableList(list) => self.table_list = list,
            CtlSection::Object(object) => self.objects.push(*object),
            CtlSection::Gcp(entry) => self.gcp = entry,
            CtlSection::Fragment(fragment) => self.fragments.push(fragment),
        }
    }

    /// Writes the file. The table list is `table_list`, whatever the objects are.
    ///
    /// # Errors
    ///
    /// If an object can't be described, or the destination fails.
    pub fn write(&self, mut writer: impl Write) -> Result<(), BackupError> {
        let mut out = Vec::new();
        self.header.encode(&mut out);
        let list: Vec<u8> = self
            .table_list
            .iter()
            .flat_map(|id| id.to_be_bytes())
            .collect();
        push_section(&TABLE_LIST, &list, &mut out)?;
        let mut body = Vec::new();
        for object in &self.objects {
            body.clear();
            body.extend_from_slice(&object.kind().to_be_bytes());
            match object {
                DictObject::Table(table) => table.encode(&mut body)?,
                DictObject::HashMap(map) => map.encode(self.header.byte_order, &mut body)?,
                DictObject::Other { properties, .. } => {
                    let mut items = PropertyWriter::new(&mut body);
                    properties.iter().for_each(|item| items.property(item));
                }
            }
            push_section(&DESCRIPTION, &body, &mut out)?;
            writer.write_all(&out)?;
            out.clear();
        }
        push_words(
            &mut out,
            &[
                GCP_ENTRY.number,
                4,
                self.gcp.start.0,
                self.gcp.stored_stop.0,
            ],
        );
        for fragment in &self.fragments {
            let records = fragment.records;
            push_words(
                &mut out,
                &[
                    FRAGMENT.number,
                    8,
                    fragment.table_id,
                    fragment.fragment,
                    records as u32,
                    (records >> 32) as u32,
                    0,
                    0,
                ],
            );
        }
        writer.write_all(&out)?;
        Ok(())
    }

    /// The tables and indexes.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.objects.iter().filter_map(|object| match object {
            DictObject::Table(table) => Some(table),
            _ => None,
        })
    }

    /// The table with this id.
    pub fn table(&self, id: u32) -> Option<&Table> {
        self.tables().find(|table| table.id == id)
    }
}

pub(crate) fn push_words(out: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

fn push_section(kind: &SectionKind, body: &[u8], out: &mut Vec<u8>) -> Result<(), BackupError> {
    let words = 2 + body.len() / 4;
    if words > *kind.words.end() as usize {
        return Err(BackupError::Unencodable {
            what: kind.what,
            why: "it is too long",
        });
    }
    push_words(out, &[kind.number, words as u32]);
    out.extend_from_slice(body);
    Ok(())
}

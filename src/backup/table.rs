//! Tables and indexes, and their descriptions (backup format, 3.5).

use super::BackupError;
use super::column::{COLUMNS_MAX, Column, ColumnDefault, ROW_BYTES_MAX};
use super::properties::{Properties, PropertyWriter, RawValue};

/// "No object": what an id holds that names nothing (backup format, 3.5).
pub const NO_OBJECT: u32 = 0xFFFF_FF00;

/// Longest name of a table, with its NUL.
const NAME_MAX: usize = 128;
/// Longest metadata that is stored under items 26 and 27.
const FRM_MAX: usize = 6000;

/// Kind of a table object (backup format, 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// A table of the cluster itself.
    System,
    /// A table of a user, or the part table of a blob.
    User,
    /// The table behind a unique key.
    UniqueHashIndex,
    /// A hash index that is not unique; not in use.
    HashIndex,
    /// A unique ordered index; not in use.
    UniqueOrderedIndex,
    /// An ordered index.
    OrderedIndex,
}

impl TableKind {
    /// The number in the description.
    pub fn number(self) -> u32 {
        match self {
            TableKind::System => 1,
            TableKind::User => 2,
            TableKind::UniqueHashIndex => 3,
            TableKind::HashIndex => 4,
            TableKind::UniqueOrderedIndex => 5,
            TableKind::OrderedIndex => 6,
        }
    }

    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => TableKind::System,
            2 => TableKind::User,
            3 => TableKind::UniqueHashIndex,
            4 => TableKind::HashIndex,
            5 => TableKind::UniqueOrderedIndex,
            6 => TableKind::OrderedIndex,
            _ => return None,
        })
    }

    /// True for the kinds whose rows are in the Data files.
    pub fn has_rows(self) -> bool {
        matches!(self, TableKind::System | TableKind::User)
    }
}

/// Where one fragment of a table lies (backup format, 3.5, item 138).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentPlacement {
    /// Part of the node's log that its changes go to.
    pub log_part: u16,
    /// The nodes that hold it, the primary replica first.
    pub nodes: Vec<u16>,
}

/// What only the description of an index holds (backup format, 3.5, items 19 to 25).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexOf {
    /// Internal name of the base table.
    pub primary_table: String,
    /// Id of the base table.
    pub primary_table_id: u32,
    /// State; 4 is online.
    pub state: u32,
    /// Trigger that maintains the index, [`NO_OBJECT`] if none.
    pub custom_trigger_id: u32,
}

/// A table or index with its columns (backup format, 3.5).
///
/// [`Table::new`] fills every item as a data node writes it for a table made with default
/// options; the fields are public for what differs. Counts that follow from the columns (key
/// columns, nullable columns, key length) are not fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Kind of object.
    pub kind: TableKind,
    /// Internal name, `database/schema/table`.
    pub name: String,
    /// Id in the dictionary.
    pub id: u32,
    /// Schema version: major in the low 24 bits, minor in the high 8.
    pub version: u32,
    /// The columns; a column's id is its index.
    pub columns: Vec<Column>,
    /// Changes are logged to disk.
    pub logged: bool,
    /// Rows carry the GCI of their last change.
    pub row_gci: bool,
    /// Rows carry a checksum.
    pub row_checksum: bool,
    /// Gone after a restart.
    pub temporary: bool,
    /// Rows have a variable part though no column needs one.
    pub force_var_part: bool,
    /// Reads use any replica.
    pub read_backup: bool,
    /// Every node holds all rows.
    pub fully_replicated: bool,
    /// Storage parameters: minimum load factor, maximum load factor, K value.
    pub hash_parameters: [u32; 3],
    /// How rows are distributed: 9 hash map, 8 ordered index, 6 user defined.
    pub fragment_type: u32,
    /// Expected number of rows at most, 0 if not given.
    pub max_rows: u64,
    /// Expected number of rows at least, 0 if not given.
    pub min_rows: u64,
    /// The number of partitions was not given.
    pub default_partitions: bool,
    /// Linear hash inside a fragment.
    pub linear_hash: bool,
    /// How the number of fragments follows from the cluster, 0xFFFFFFFE by default.
    pub partition_balance: u32,
    /// Number of fragments.
    pub fragment_count: u32,
    /// Number of partitions; differs from the fragments only if fully replicated.
    pub partition_count: u32,
    /// Use in single user mode: 0 locked, 1 read only, 2 read and write.
    pub single_user_mode: u32,
    /// Hash map's id and version, if rows are distributed by one.
    pub hash_map: Option<(u32, u32)>,
    /// Storage: 0 memory, 1 disk, 2 by column.
    pub storage_type: u32,
    /// Bits of an epoch kept beyond the 16 of the row's GCI.
    pub extra_row_gci_bits: u32,
    /// Bits that say who changed a row last.
    pub extra_row_author_bits: u32,
    /// Trigger that copies rows to all nodes, [`NO_OBJECT`] if none.
    pub fully_replicated_trigger: u32,
    /// The fragments; all have the same number of replicas.
    pub fragments: Vec<FragmentPlacement>,
    /// Set for an index.
    pub index_of: Option<IndexOf>,
    /// The SQL node's description of the table, opaque here.
    pub metadata: Vec<u8>,
    /// Nodegroups of the fragments in native byte order; normally empty.
    pub fragment_nodegroups: Vec<u8>,
    /// Range or list partitions in native byte order; normally empty.
    pub ranges: Vec<u8>,
    /// Tablespace id and version, of a table with columns on disk.
    pub tablespace: Option<(u32, u32)>,
}

impl Table {
    /// A user table, its fragments distributed by a hash map (the object with `hash_map_id`,
    /// version 1). `fragments` lists the nodes of each fragment, the primary replica first.
    pub fn new(
        name: &str,
        id: u32,
        columns: Vec<Column>,
        hash_map_id: u32,
        fragments: &[Vec<u16>],
    ) -> Self {
        let mut table = Table::undescribed(TableKind::User);
        table.name = name.to_owned();
        table.id = id;
        table.version = 1;
        table.columns = columns;
        table.row_gci = true;
        table.row_checksum = true;
        table.fragment_count = fragments.len() as u32;
        table.partition_count = fragments.len() as u32;
        table.hash_map = Some((hash_map_id, 1));
        table.fragments = fragments
            .iter()
            .enumerate()
            .map(|(index, nodes)| FragmentPlacement {
                log_part: index as u16,
                nodes: nodes.clone(),
            })
            .collect();
        table
    }

    /// The same table as a table of the cluster itself, such as `sys/def/SYSTAB_0`.
    pub fn into_system(mut self) -> Self {
        self.kind = TableKind::System;
        self.single_user_mode = 2;
        for column in &mut self.columns {
            column.default = ColumnDefault::Absent;
        }
        self
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The primary key's columns with their ids.
    pub fn key_columns(&self) -> impl Iterator<Item = (u16, &Column)> {
        let numbered = self.columns.iter().zip(0..);
        numbered
            .filter(|(column, _)| column.key)
            .map(|(column, id)| (id, column))
    }

    /// Every item at the format's default.
    fn undescribed(kind: TableKind) -> Self {
        Table {
            kind,
            name: String::new(),
            id: u32::MAX,
            version: 0,
            columns: Vec::new(),
            logged: true,
            row_gci: true,
            row_checksum: true,
            temporary: false,
            force_var_part: false,
            read_backup: false,
            fully_replicated: false,
            hash_parameters: [78, 80, 6],
            fragment_type: 9,
            max_rows: 0,
            min_rows: 0,
            default_partitions: true,
            linear_hash: true,
            partition_balance: 0xFFFF_FFFE,
            fragment_count: 0,
            partition_count: 0,
            single_user_mode: 0,
            hash_map: None,
            storage_type: 2,
            extra_row_gci_bits: 0,
            extra_row_author_bits: 0,
            fully_replicated_trigger: NO_OBJECT,
            fragments: Vec::new(),
            index_of: None,
            metadata: Vec::new(),
            fragment_nodegroups: Vec::new(),
            ranges: Vec::new(),
            tablespace: None,
        }
    }

    /// Why the table can't be written, if it can't.
    fn fault(&self) -> Option<&'static str> {
        let replicas = self.fragments.first().map_or(0, |first| first.nodes.len());
        if self.name.is_empty() || self.name.len() >= NAME_MAX || self.name.contains('\0') {
            Some("its name is 1 to 127 bytes long and holds no NUL")
        } else if self.columns.is_empty() || self.columns.len() > 512 {
            Some("it has 1 to 512 columns")
        } else if self
            .columns
            .iter()
            .any(|column| column.key && column.nullable)
        {
            Some("a key column is not nullable")
        } else if self.fragments.iter().any(|f| f.nodes.len() != replicas) {
            Some("all fragments have the same number of replicas")
        } else if self.fragments.len() * (replicas + 1) > 0x7000 {
            Some("it has too many fragments")
        } else {
            self.columns.iter().find_map(Column::fault)
        }
    }

    /// Appends the items of the description in the order a data node writes them.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), BackupError> {
        if let Some(why) = self.fault() {
            return Err(BackupError::Unencodable {
                what: "table description",
                why,
            });
        }
        let mut out = PropertyWriter::new(bytes);
        self.encode_table_part(&mut out);
        for (id, column) in self.columns.iter().enumerate() {
            column.encode(id as u32, &mut out);
        }
        out.number(999, 1);
        Ok(())
    }

    fn encode_table_part(&self, out: &mut PropertyWriter<'_>) {
        let count = |condition: fn(&Column) -> bool| {
            self.columns
                .iter()
                .filter(|column| condition(column))
                .count() as u32
        };
        let key_words: u64 = self
            .key_columns()
            .map(|(_, column)| column.key_words())
            .sum();
        out.text(1, self.name.as_bytes());
        let (hash_map_id, hash_map_version) = self.hash_map.unwrap_or((NO_OBJECT, NO_OBJECT));
        for (key, value) in [
            (2, self.id),
            (3, self.version),
            (5, count(|column| column.key)),
            (6, self.columns.len() as u32),
            (7, count(|column| column.nullable)),
            (8, 0),
            (12, key_words as u32),
            (4, self.logged.into()),
            (150, self.row_gci.into()),
            (151, self.row_checksum.into()),
            (28, self.temporary.into()),
            (29, self.force_var_part.into()),
            (158, self.read_backup.into()),
            (159, self.fully_replicated.into()),
            (10, self.hash_parameters[0]),
            (11, self.hash_parameters[1]),
            (9, self.hash_parameters[2]),
            (13, self.fragment_type),
            (18, self.kind.number()),
            (139, self.max_rows as u32),
            (140, (self.max_rows >> 32) as u32),
            (141, self.default_partitions.into()),
            (142, self.linear_hash.into()),
            (127, self.partition_balance),
            (128, self.fragment_count),
            (143, self.min_rows as u32),
            (144, (self.min_rows >> 32) as u32),
            (152, self.single_user_mode),
            (153, hash_map_id),
            (155, self.storage_type),
            (156, self.extra_row_gci_bits),
            (157, self.extra_row_author_bits),
            (160, self.partition_count),
            (161, self.fully_replicated_trigger),
        ] {
            out.number(key, value);
        }
        if self.hash_map.is_some() {
            out.number(154, hash_map_version);
        }
        let replicas = encode_fragments(&self.fragments);
        out.number(137, replicas.len() as u32);
        out.binary(138, &replicas);
        if let Some(index) = &self.index_of {
            out.text(19, index.primary_table.as_bytes());
            out.number(20, index.primary_table_id);
            out.number(21, index.state);
            out.number(25, index.custom_trigger_id);
        }
        if self.metadata.len() > FRM_MAX {
            out.binary(30, &self.metadata);
        } else {
            out.number(26, self.metadata.len() as u32);
            out.binary(27, &self.metadata);
        }
        out.number(133, 0);
        out.number(129, self.fragment_nodegroups.len() as u32);
        out.binary(130, &self.fragment_nodegroups);
        out.number(135, self.ranges.len() as u32);
        out.binary(136, &self.ranges);
        if let Some((id, version)) = self.tablespace {
            out.number(131, id);
            out.number(132, version);
        }
    }

    /// Reads the items of a description. `base` is the offset of the first.
    pub(crate) fn decode(kind: TableKind, bytes: &[u8], base: u64) -> Result<Self, BackupError> {
        let malformed = |offset, why| BackupError::Malformed {
            what: "table description",
            offset,
            why,
        };
        let mut table = Table::undescribed(kind);
        let mut items = Properties::new(bytes, base);
        let mut declared = 0;
        let mut open: Option<Column> = None;
        loop {
            let offset = items.offset();
            let Some((key, value)) = items.next_item()? else {
                break;
            };
            let taken = match (key, &mut open) {
                (999, None) => break,
                (1000, None) => {
                    let mut column = Column::undescribed();
                    let named = column.take(key, value);
                    open = Some(column);
                    named
                }
                (1000, Some(_)) => return Err(malformed(offset, "a column does not end")),
                (1999, slot) => {
                    let column = slot.take();
                    let ended = column.is_some();
                    if table.columns.len() == COLUMNS_MAX {
                        return Err(malformed(offset, "a table has at most 512 columns"));
                    }
                    if column.as_ref().is_some_and(Column::is_too_long) {
                        return Err(malformed(offset, "a column is longer than a row can be"));
                    }
                    table.columns.extend(column);
                    ended
                }
                (_, Some(column)) => column.take(key, value),
                (6, None) => value.number().map(|count| declared = count).is_some(),
                (_, None) => table.take(key, value),
            };
            if !taken {
                return Err(malformed(offset, "an item has a value it cannot have"));
            }
        }
        if open.is_some() {
            return Err(malformed(items.offset(), "the last column does not end"));
        }
        if table.columns.is_empty() {
            return Err(malformed(base, "a table without columns"));
        }
        if table.columns.len() as u64 != u64::from(declared) {
            return Err(malformed(
                base,
                "the number of columns is not the one declared",
            ));
        }
        Ok(table)
    }

    /// Takes one item of the table part; false if it is malformed.
    fn take(&mut self, key: u16, value: RawValue<'_>) -> bool {
        match key {
            1 => return value.text(NAME_MAX).map(|name| self.name = name).is_some(),
            19 => {
                let name = value.text(NAME_MAX);
                return name.map(|name| self.index().primary_table = name).is_some();
            }
            27 | 30 => {
                // A table has one of the two; an empty item 27 says nothing.
                let metadata = value.binary();
                return metadata.map(|bytes| self.metadata = bytes).is_some();
            }
            130 => {
                return value
                    .binary()
                    .map(|b| self.fragment_nodegroups = b)
                    .is_some();
            }
            136 => return value.binary().map(|bytes| self.ranges = bytes).is_some(),
            138 => {
                let fragments = value.binary().and_then(|bytes| decode_fragments(&bytes));
                return fragments.map(|f| self.fragments = f).is_some();
            }
            _ => {}
        }
        let Some(number) = value.number() else {
            return !matches!(key, 2..=29 | 127..=161);
        };
        self.take_number(key, number);
        true
    }

    fn take_number(&mut self, key: u16, number: u32) {
        let flag = number != 0;
        let wide = u64::from(number);
        match key {
            2 => self.id = number,
            3 => self.version = number,
            4 => self.logged = flag,
            150 => self.row_gci = flag,
            151 => self.row_checksum = flag,
            28 => self.temporary = flag,
            29 => self.force_var_part = flag,
            158 => self.read_backup = flag,
            159 => self.fully_replicated = flag,
            10 => self.hash_parameters[0] = number,
            11 => self.hash_parameters[1] = number,
            9 => self.hash_parameters[2] = number,
            13 => self.fragment_type = number,
            139 => self.max_rows = self.max_rows >> 32 << 32 | wide,
            140 => self.max_rows = wide << 32 | self.max_rows & 0xFFFF_FFFF,
            143 => self.min_rows = self.min_rows >> 32 << 32 | wide,
            144 => self.min_rows = wide << 32 | self.min_rows & 0xFFFF_FFFF,
            141 => self.default_partitions = flag,
            142 => self.linear_hash = flag,
            127 => self.partition_balance = number,
            128 => self.fragment_count = number,
            152 => self.single_user_mode = number,
            153 if number == NO_OBJECT => self.hash_map = None,
            153 => self.hash_map = Some((number, self.hash_map.map_or(NO_OBJECT, |map| map.1))),
            154 => {
                if let Some(map) = &mut self.hash_map {
                    map.1 = number;
                }
            }
            155 => self.storage_type = number,
            156 => self.extra_row_gci_bits = number,
            157 => self.extra_row_author_bits = number,
            160 => self.partition_count = number,
            161 => self.fully_replicated_trigger = number,
            20 => self.index().primary_table_id = number,
            21 => self.index().state = number,
            25 => self.index().custom_trigger_id = number,
            131 => self.tablespace = Some((number, self.tablespace.map_or(u32::MAX, |t| t.1))),
            132 => self.tablespace = Some((self.tablespace.map_or(NO_OBJECT, |t| t.0), number)),
            // 5, 7, 8, 12 follow from the columns, lengths from what they measure, 18 from the
            // section; others are unknown and ignored, as the format asks.
            _ => {}
        }
    }

    fn index(&mut self) -> &mut IndexOf {
        self.index_of.get_or_insert_with(|| IndexOf {
            primary_table: String::new(),
            primary_table_id: NO_OBJECT,
            state: u32::MAX,
            custom_trigger_id: NO_OBJECT,
        })
    }

    /// Longest row of the table when packed, in bytes; at most the longest that a record can hold.
    pub fn max_row_bytes(&self) -> usize {
        let columns: u64 = self
            .columns
            .iter()
            .map(|column| 4 * column.key_words())
            .sum();
        let bitmap = (2 * self.columns.len() as u64).div_ceil(32) * 4;
        (4 + bitmap + columns).min(ROW_BYTES_MAX as u64) as usize
    }
}

/// Item 138: replicas, fragments, and for each fragment its log part and nodes, big-endian.
fn encode_fragments(fragments: &[FragmentPlacement]) -> Vec<u8> {
    let replicas = fragments.first().map_or(0, |first| first.nodes.len());
    let mut words = vec![replicas as u16, fragments.len() as u16];
    for fragment in fragments {
        words.push(fragment.log_part);
        words.extend_from_slice(&fragment.nodes);
    }
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Most replicas of a fragment.
const REPLICAS_MAX: u16 = 4;

fn decode_fragments(bytes: &[u8]) -> Option<Vec<FragmentPlacement>> {
    let half_words: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect();
    let [replicas, fragments, rest @ ..] = &half_words[..] else {
        return bytes.is_empty().then(Vec::new);
    };
    if !(1..=REPLICAS_MAX).contains(replicas) {
        return (*fragments == 0).then(Vec::new);
    }
    let size = 1 + usize::from(*replicas);
    let rest = rest.get(..size * usize::from(*fragments))?;
    let placement = |words: &[u16]| FragmentPlacement {
        log_part: words[0],
        nodes: words[1..].to_vec(),
    };
    Some(rest.chunks_exact(size).map(placement).collect())
}

#[cfg(test)]
mod tests {
    use super::super::column::ColumnType;
    use super::*;

    fn table() -> Table {
        let columns = vec![
            Column::new("id", ColumnType::Unsigned).primary_key(),
            Column::sized("b", ColumnType::Bit, 3).nullable(),
        ];
        Table::new("db1/def/t1", 7, columns, 1, &[vec![2, 3], vec![3, 2]])
    }

    #[test]
    fn a_description_reads_back() {
        let mut table = table();
        table.max_rows = 5 << 32 | 6;
        table.min_rows = 7 << 32 | 8;
        table.tablespace = Some((4, 5));
        table.metadata = vec![9; FRM_MAX + 1];
        let mut bytes = Vec::new();
        table.encode(&mut bytes).unwrap();
        assert_eq!(Table::decode(TableKind::User, &bytes, 0).unwrap(), table);
    }

    #[test]
    fn what_a_table_cannot_be_is_refused() {
        let refused = |change: fn(&mut Table)| {
            let mut table = table();
            change(&mut table);
            table.encode(&mut Vec::new()).is_err()
        };
        assert!(refused(|table| table.name.clear()));
        assert!(refused(|table| table.columns.clear()));
        assert!(refused(|table| table.columns[0].nullable = true));
        assert!(refused(|table| table.fragments[1].nodes.clear()));
        assert!(refused(|table| table.columns[1].charset = 8));
        assert!(!refused(|_| {}));
    }

    #[test]
    fn a_description_without_all_its_columns_is_refused() {
        let mut bytes = Vec::new();
        table().encode(&mut bytes).unwrap();
        let end = bytes.len();
        // Without the end of the last column.
        bytes.drain(end - 16..end - 8);
        assert!(Table::decode(TableKind::User, &bytes, 0).is_err());
    }
}

//! The synthetic database: deterministic rows, made when they are read.
//!
//! A row is a function of its table, its key and how often it was changed, so no table is
//! ever held in memory. Only the changes that a workload made are kept, and they touch a
//! bounded number of keys.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::topology::Topology;
use crate::backup::{
    Column, ColumnType, Date, DateTime, DictObject, HashMap, IndexOf, LATIN1, Row, Table,
    TableKind, UTF8MB4, Value,
};
use crate::cluster::NodeId;

/// Buckets of the hash map.
const BUCKETS: u64 = 3840;

const HASH_MAP_ID: u32 = 1;

/// Product keys that are multiples of this have a description with a part of its own.
const LONG_DESCRIPTION_EVERY: u64 = 16;

/// Inline bytes of a blob.
const INLINE_BYTES: usize = 256;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Sequences,
    Customers,
    Products,
    ProductParts,
    OrderLines,
}

/// What a workload did to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// It has these values: the row's generation.
    Generation(u32),
    Deleted,
}

/// A table with rows.
#[derive(Debug)]
pub(super) struct SyntheticTable {
    /// Its description.
    pub(super) table: Table,
    content: Content,
    /// Keys below this have rows from the start.
    initial_rows: u64,
    changes: Mutex<BTreeMap<u64, Change>>,
}

/// A change of one row, with both its sides.
#[derive(Debug)]
pub(super) enum RowChange {
    Inserted(Row),
    Deleted(Row),
    Updated { old: Row, new: Row },
}

/// The database of the whole cluster. Data nodes read the fragments assigned to them.
#[derive(Debug)]
pub(super) struct Database {
    objects: Vec<DictObject>,
    tables: Vec<SyntheticTable>,
    /// The nodes that hold each fragment, the primary replica first.
    placement: Vec<Vec<NodeId>>,
}

/// Spreads a number over 64 bits; the same input gives the same output on every machine.
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// One nodegroup after the other, each node primary in turn.
fn place_fragments(topology: &Topology) -> Vec<Vec<NodeId>> {
    let mut groups: BTreeMap<u16, Vec<NodeId>> = BTreeMap::new();
    for (node, group) in topology.nodegroups() {
        if let Some(group) = group {
            groups.entry(group).or_default().push(node);
        }
    }
    let replicas = topology.replicas();
    let mut placement = Vec::new();
    for turn in 0..replicas {
        for nodes in groups.values() {
            let mut nodes = nodes.clone();
            let turn = turn % nodes.len().max(1);
            nodes.rotate_left(turn);
            placement.push(nodes);
        }
    }
    placement
}

impl Database {
    /// A database of about `rows` rows.
    pub(super) fn new(topology: &Topology, rows: u64) -> Self {
        let placement = place_fragments(topology);
        let nodes: Vec<Vec<u16>> = placement
            .iter()
            .map(|nodes| nodes.iter().map(|id| id.get() as u16).collect())
            .collect();
        let fragments = nodes.len() as u64;
        let customers = rows / 4;
        let products = rows / 8;
        let parts = products.div_ceil(LONG_DESCRIPTION_EVERY);
        let lines = rows.saturating_sub(customers + products + parts);
        let table = |content, initial_rows, table: Table| SyntheticTable {
            table,
            content,
            initial_rows,
            changes: Mutex::new(BTreeMap::new()),
        };
        let new = |name: &str, id, columns| Table::new(name, id, columns, HASH_MAP_ID, &nodes);
        let sequences = new("sys/def/SYSTAB_0", 2, sequence_columns()).into_system();
        let customer = new("shop/def/customer", 3, customer_columns());
        let product = new("shop/def/product", 5, product_columns());
        let part = new("shop/def/NDB$BLOB_5_6", 6, part_columns());
        let line = new("shop/def/order_line", 7, order_line_columns());
        let by_email = email_index(&customer, &nodes);
        let map = HashMap::default_for(nodes.len() as u16, HASH_MAP_ID);
        let objects = vec![
            DictObject::Table(line.clone()),
            DictObject::Table(part.clone()),
            DictObject::Table(customer.clone()),
            DictObject::HashMap(map),
            DictObject::Table(by_email),
            DictObject::Table(sequences.clone()),
            DictObject::Table(product.clone()),
        ];
        Database {
            objects,
            // In the order of the objects, as the Data files of a real node have them.
            tables: vec![
                table(Content::OrderLines, lines, line),
                // The key of a part is that of its product.
                table(Content::ProductParts, products, part),
                table(Content::Customers, customers, customer),
                table(Content::Sequences, fragments, sequences),
                table(Content::Products, products, product),
            ],
            placement,
        }
    }

    /// All dictionary objects, in the order of the table list.
    pub(super) fn objects(&self) -> &[DictObject] {
        &self.objects
    }

    /// Ids of all dictionary objects, in the order of the table list.
    pub(super) fn object_ids(&self) -> Vec<u32> {
        let id = |object: &DictObject| match object {
            DictObject::Table(table) => Some(table.id),
            DictObject::HashMap(map) => Some(map.id),
            DictObject::Other { .. } => None,
        };
        self.objects.iter().filter_map(id).collect()
    }

    /// The tables with rows, in the order of the table list.
    pub(super) fn tables(&self) -> &[SyntheticTable] {
        &self.tables
    }

    /// Number of fragments of every table.
    pub(super) fn fragments(&self) -> u32 {
        self.placement.len() as u32
    }

    /// The fragments that `node` reads in a backup of these nodes: those whose first
    /// participating replica it is (backup format, 1.3).
    pub(super) fn fragments_of(&self, node: NodeId, participants: &[NodeId]) -> Vec<u32> {
        let reader = |replicas: &Vec<NodeId>| {
            replicas
                .iter()
                .copied()
                .find(|id| participants.contains(id))
        };
        (0u32..)
            .zip(&self.placement)
            .filter(|(_, replicas)| reader(replicas) == Some(node))
            .map(|(fragment, _)| fragment)
            .collect()
    }

    /// The fragment of a key.
    pub(super) fn fragment_of(&self, key: u64) -> u32 {
        let fragments = self.placement.len().max(1) as u64;
        (key % BUCKETS % fragments) as u32
    }

    /// Bytes of rows, roughly, for the memory report.
    pub(super) fn approximate_bytes(&self) -> u64 {
        self.tables
            .iter()
            .map(|table| {
                let bytes = match table.content {
                    Content::Sequences => 24,
                    Content::Customers => 112,
                    Content::Products => 200,
                    Content::ProductParts => 64,
                    Content::OrderLines => 76,
                };
                table.initial_rows.saturating_mul(bytes)
            })
            .fold(0, u64::saturating_add)
    }
}

impl SyntheticTable {
    fn changes(&self) -> MutexGuard<'_, BTreeMap<u64, Change>> {
        // A map of plain values is whole even if a writer died while it held the lock.
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more than the largest key that has or had a row.
    pub(super) fn key_end(&self) -> u64 {
        let changed = self
            .changes()
            .last_key_value()
            .map_or(0, |(key, _)| key + 1);
        changed.max(self.initial_rows)
    }

    /// True if a workload may insert and delete rows; the parts of a product do not follow it.
    pub(super) fn grows(&self) -> bool {
        matches!(self.content, Content::Customers | Content::OrderLines)
    }

    /// True if a workload may change rows.
    pub(super) fn changes_in_service(&self) -> bool {
        self.grows() || self.content == Content::Products
    }

    /// How many keys have rows from the start.
    pub(super) fn initial_rows(&self) -> u64 {
        self.initial_rows
    }

    fn has_initially(&self, key: u64) -> bool {
        key < self.initial_rows
            && (self.content != Content::ProductParts || key.is_multiple_of(LONG_DESCRIPTION_EVERY))
    }

    fn state(&self, key: u64, changes: &BTreeMap<u64, Change>) -> Option<u32> {
        match changes.get(&key) {
            Some(Change::Generation(generation)) => Some(*generation),
            Some(Change::Deleted) => None,
            None => self.has_initially(key).then_some(0),
        }
    }

    /// The row of this key as it is now.
    pub(super) fn row(&self, key: u64) -> Option<Row> {
        let generation = self.state(key, &self.changes())?;
        Some(self.make(key, generation))
    }

    /// Inserts the row if it is absent, else deletes or updates it.
    pub(super) fn change(&self, key: u64, delete: bool) -> RowChange {
        let mut changes = self.changes();
        match self.state(key, &changes) {
            None => {
                let generation = (mix(key) & 0xFF) as u32 + 1;
                changes.insert(key, Change::Generation(generation));
                RowChange::Inserted(self.make(key, generation))
            }
            Some(generation) if delete && self.grows() => {
                changes.insert(key, Change::Deleted);
                RowChange::Deleted(self.make(key, generation))
            }
            Some(generation) => {
                let next = generation.wrapping_add(1);
                changes.insert(key, Change::Generation(next));
                RowChange::Updated {
                    old: self.make(key, generation),
                    new: self.make(key, next),
                }
            }
        }
    }

    fn make(&self, key: u64, generation: u32) -> Row {
        let fixed = mix(key.wrapping_add(u64::from(self.table.id) << 48));
        let varied = mix(fixed ^ u64::from(generation));
        match self.content {
            Content::Sequences => sequence_row(key, generation),
            Content::Customers => customer_row(key, fixed, varied),
            Content::Products => product_row(key, fixed, varied),
            Content::ProductParts => part_row(key),
            Content::OrderLines => order_line_row(key, fixed, varied),
        }
    }
}

fn sequence_columns() -> Vec<Column> {
    vec![
        Column::new("SYSKEY_0", ColumnType::Unsigned).primary_key(),
        Column::new("NEXTID", ColumnType::Bigunsigned),
    ]
}

fn customer_columns() -> Vec<Column> {
    vec![
        Column::new("id", ColumnType::Unsigned)
            .primary_key()
            .auto_increment(),
        Column::text("name", ColumnType::Varchar, 120, UTF8MB4),
        Column::text("email", ColumnType::Varchar, 100, LATIN1),
        Column::decimal("credit", 10, 2),
        Column::new("rating", ColumnType::Double).nullable(),
        Column::temporal("joined", ColumnType::Datetime2, 0),
        Column::sized("active", ColumnType::Bit, 1),
        Column::sized("options", ColumnType::Bit, 12),
    ]
}

fn product_columns() -> Vec<Column> {
    vec![
        Column::new("id", ColumnType::Unsigned).primary_key(),
        Column::text("sku", ColumnType::Char, 12, LATIN1),
        Column::decimal("price", 8, 2),
        Column::new("stock", ColumnType::Int),
        Column::new("weight", ColumnType::Float).nullable(),
        Column::new("listed", ColumnType::Date),
        Column::blob("description").nullable(),
    ]
}

fn part_columns() -> Vec<Column> {
    vec![
        Column::new("id", ColumnType::Unsigned).primary_key(),
        Column::new("NDB$PART", ColumnType::Unsigned).primary_key(),
        Column::new("NDB$PKID", ColumnType::Unsigned),
        Column::sized("NDB$DATA", ColumnType::Longvarbinary, 2000),
    ]
}

fn order_line_columns() -> Vec<Column> {
    vec![
        Column::new("order_id", ColumnType::Bigunsigned).primary_key(),
        Column::new("line", ColumnType::Smallunsigned).primary_key(),
        Column::new("product", ColumnType::Unsigned),
        Column::new("quantity", ColumnType::Smallint),
        Column::decimal("price", 8, 2),
        Column::temporal("placed", ColumnType::Timestamp2, 3),
        Column::sized("token", ColumnType::Binary, 8),
        Column::sized("note", ColumnType::Varbinary, 40).nullable(),
    ]
}

/// The table behind a unique key of `customer.email`; such tables have no rows of their own
/// in a backup.
fn email_index(customer: &Table, nodes: &[Vec<u16>]) -> Table {
    let email = Column::text("email", ColumnType::Varchar, 100, LATIN1);
    let columns = vec![
        email.primary_key().without_default(),
        // The base table's key, one word, and its fragment.
        Column::sized("NDB$PK", ColumnType::Unsigned, 2).without_default(),
    ];
    let mut index = Table::new("sys/def/3/email$unique", 4, columns, HASH_MAP_ID, nodes);
    index.kind = TableKind::UniqueHashIndex;
    index.single_user_mode = 2;
    index.index_of = Some(IndexOf {
        primary_table: customer.name.clone(),
        primary_table_id: customer.id,
        state: 4,
        custom_trigger_id: 0,
    });
    index
}

fn sequence_row(key: u64, generation: u32) -> Row {
    Row(vec![
        Value::Unsigned(key),
        Value::Unsigned(1 + u64::from(generation)),
    ])
}

const FIRST_NAMES: [&str; 8] = [
    "Ada", "Björn", "Chiara", "Dmitri", "Elif", "Femi", "Grace", "Hiro",
];
const LAST_NAMES: [&str; 8] = [
    "Andersson",
    "Brown",
    "Costa",
    "Dvořák",
    "Eriksen",
    "Fischer",
    "García",
    "Haddad",
];

fn pick<'a>(words: &[&'a str; 8], hash: u64) -> &'a str {
    words[(hash & 7) as usize]
}

fn day(hash: u64) -> Date {
    Date {
        year: 2005 + (hash % 20) as u16,
        month: 1 + (hash >> 8) as u8 % 12,
        day: 1 + (hash >> 16) as u8 % 28,
    }
}

fn amount(hash: u64) -> Value {
    Value::Decimal(format!("{}.{:02}", hash % 10_000, hash >> 32 & 0x3F))
}

fn customer_row(key: u64, fixed: u64, varied: u64) -> Row {
    let first = pick(&FIRST_NAMES, fixed);
    let last = pick(&LAST_NAMES, fixed >> 8);
    let rating = match varied & 7 {
        0 => Value::Null,
        _ => Value::Double((varied >> 16 & 0x3FF) as f64 / 100.0),
    };
    Row(vec![
        Value::Unsigned(key + 1),
        Value::Bytes(format!("{first} {last}").into_bytes()),
        Value::Bytes(format!("customer{}@shop.example", key + 1).into_bytes()),
        amount(varied),
        rating,
        Value::DateTime(DateTime {
            date: day(fixed),
            hour: (fixed >> 24) as u8 % 24,
            minute: (fixed >> 32) as u8 % 60,
            second: (fixed >> 40) as u8 % 60,
            microsecond: 0,
        }),
        Value::Bits(vec![(varied >> 40 & 1) as u32]),
        Value::Bits(vec![(varied >> 44 & 0xFFF) as u32]),
    ])
}

/// The whole description of a product; some are longer than what lies in the row.
fn description(key: u64) -> Vec<u8> {
    let length = match key % LONG_DESCRIPTION_EVERY {
        0 => INLINE_BYTES + 1 + (mix(key) % 600) as usize,
        _ => 16 + (mix(key) % 64) as usize,
    };
    let sentence = format!("Product {} of the simulated shop. ", key + 1);
    sentence
        .into_bytes()
        .into_iter()
        .cycle()
        .take(length)
        .collect()
}

fn product_row(key: u64, fixed: u64, varied: u64) -> Row {
    let weight = match fixed & 3 {
        0 => Value::Null,
        _ => Value::Float((fixed >> 8 & 0xFFF) as f32 / 10.0),
    };
    let text = if fixed >> 24 & 7 == 1 && !key.is_multiple_of(LONG_DESCRIPTION_EVERY) {
        Value::Null
    } else {
        let mut inline = description(key);
        let length = inline.len() as u64;
        inline.truncate(INLINE_BYTES);
        Value::Blob { length, inline }
    };
    Row(vec![
        Value::Unsigned(key + 1),
        Value::Bytes(format!("SKU-{:08}", key + 1).into_bytes()),
        amount(varied),
        Value::Signed((varied >> 40 & 0x3FF) as i64 - 24),
        weight,
        Value::Date(day(fixed)),
        text,
    ])
}

/// The part of a description that does not lie in the product's row.
fn part_row(key: u64) -> Row {
    Row(vec![
        Value::Unsigned(key + 1),
        Value::Unsigned(0),
        Value::Unsigned(0),
        Value::Bytes(description(key).split_off(INLINE_BYTES)),
    ])
}

fn order_line_row(key: u64, fixed: u64, varied: u64) -> Row {
    let note = match varied & 3 {
        0 => Value::Null,
        1 => Value::Bytes(Vec::new()),
        _ => Value::Bytes(format!("changed {:x}", varied >> 48).into_bytes()),
    };
    Row(vec![
        Value::Unsigned(1 + key / 4),
        Value::Unsigned(1 + key % 4),
        Value::Unsigned(1 + fixed % 1000),
        Value::Signed(1 + (varied >> 8 & 0x1F) as i64),
        amount(fixed >> 16),
        Value::Timestamp {
            seconds: 1_600_000_000 + (fixed >> 32) as u32 % 100_000_000,
            microseconds: (fixed >> 8) as u32 % 1000 * 1000,
        },
        Value::Bytes(fixed.to_le_bytes().to_vec()),
        note,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_fits_its_table_and_is_the_same_each_time() {
        let database = Database::new(&Topology::default(), 1000);
        for table in database.tables() {
            for key in 0..table.key_end() {
                let Some(row) = table.row(key) else {
                    continue;
                };
                let mut packed = Vec::new();
                row.encode(&table.table, &mut packed)
                    .unwrap_or_else(|error| panic!("{} {key}: {error}", table.table.name));
                assert_eq!(table.row(key), Some(row));
            }
        }
    }

    #[test]
    fn each_fragment_is_read_by_one_participant() {
        let text = "[ndbd]\n[ndbd]\n[ndbd]\n[ndbd]\n[mgm]\n[api]\n";
        let path = std::path::Path::new("config.ini");
        let topology = crate::sim::parse_config_file(text, path).unwrap();
        let database = Database::new(&topology, 10);
        let nodes: Vec<NodeId> = topology.nodegroups().into_keys().collect();
        for participants in [&nodes[..], &nodes[1..], &nodes[..3]] {
            let mut read: Vec<u32> = participants
                .iter()
                .flat_map(|node| database.fragments_of(*node, participants))
                .collect();
            read.sort_unstable();
            assert_eq!(read, [0, 1, 2, 3], "{participants:?}");
        }
    }

    #[test]
    fn a_row_is_inserted_updated_and_deleted() {
        let database = Database::new(&Topology::default(), 100);
        let customers = database
            .tables()
            .iter()
            .find(|it| it.table.id == 3)
            .unwrap();
        let key = customers.key_end();
        assert_eq!(customers.row(key), None);
        assert!(matches!(
            customers.change(key, false),
            RowChange::Inserted(_)
        ));
        let RowChange::Updated { old, new } = customers.change(key, false) else {
            panic!("the row exists");
        };
        assert_ne!(old, new);
        assert_eq!(old.0[0], new.0[0], "the key stays");
        assert_eq!(customers.row(key), Some(new));
        assert!(matches!(customers.change(key, true), RowChange::Deleted(_)));
        assert_eq!(customers.row(key), None);
        assert_eq!(customers.key_end(), key + 1);
    }
}

//! The synthetic database: deterministic rows, made when they are read.
//!
//! A row is a function of its table, its key and how often it was changed, so no table is
//! ever held in memory. Only the changes that a workload made are kept, and they touch a
//! bounded number of keys.

mod every_type;
mod numbers;
mod placement;
mod review;
mod shop;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::topology::Topology;
use crate::backup::{Column, DictObject, HashMap, Row, Table};
use crate::cluster::NodeId;
pub(super) use numbers::mix;
use placement::{Fragment, place_fragments};
use shop::LONG_DESCRIPTION_EVERY;

/// Buckets of the hash map.
const BUCKETS: u64 = 3840;

const HASH_MAP_ID: u32 = 1;

/// Most rows of the table with a column of every type: it is there for its columns.
const EVERY_TYPE_ROWS_MAX: u64 = 512;

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Sequences,
    Customers,
    Products,
    ProductParts,
    OrderLines,
    /// Of so many products.
    Reviews {
        products: u64,
    },
    EveryType,
    /// Parts of the blobs in this column of the table with every type. Their keys count
    /// [`every_type::PARTS_MAX`] for each row of it.
    Parts {
        place: usize,
        column: Box<Column>,
    },
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
    /// No key from this on has a row from the start.
    initial_keys: u64,
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
    placement: Vec<Fragment>,
}

impl Database {
    /// A database of about `rows` rows.
    pub(super) fn new(topology: &Topology, rows: u64) -> Self {
        let placement = place_fragments(topology);
        let nodes: Vec<Vec<u16>> = placement
            .iter()
            .map(|fragment| fragment.nodes.iter().map(|id| id.get() as u16).collect())
            .collect();
        let (objects, contents) = describe(&nodes, rows / 8);
        Database {
            objects,
            tables: fill(contents, rows, nodes.len() as u64),
            placement,
        }
    }

    /// All dictionary objects, in the order of the table list.
    pub(super) fn objects(&self) -> &[DictObject] {
        &self.objects
    }

    /// Ids of all dictionary objects, in the order of the table list.
    pub(super) fn object_ids(&self) -> Vec<u32> {
        self.objects.iter().filter_map(DictObject::id).collect()
    }

    /// The tables with rows, in the order of the table list.
    pub(super) fn tables(&self) -> &[SyntheticTable] {
        &self.tables
    }

    /// Number of fragments of every table.
    pub(super) fn fragments(&self) -> u32 {
        self.placement.len() as u32
    }

    /// The fragments that `node` reads in a backup of these nodes, and the LDM that does: those
    /// whose first participating replica it is (backup format, 1.3).
    pub(super) fn fragments_of(&self, node: NodeId, participants: &[NodeId]) -> Vec<(u32, u32)> {
        let reader = |fragment: &Fragment| {
            let mut nodes = fragment.nodes.iter().copied();
            nodes.find(|id| participants.contains(id))
        };
        (0u32..)
            .zip(&self.placement)
            .filter(|(_, fragment)| reader(fragment) == Some(node))
            .map(|(number, fragment)| (number, fragment.ldm))
            .collect()
    }

    /// The fragment of a table that has this key.
    pub(super) fn fragment_of(&self, table: &SyntheticTable, key: u64) -> u32 {
        let fragments = self.placement.len().max(1) as u64;
        (table.distribution_key(key) % BUCKETS % fragments) as u32
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
                    Content::Reviews { .. } => 60,
                    Content::EveryType => 800,
                    Content::Parts { .. } => 400,
                };
                table.initial_keys.saturating_mul(bytes)
            })
            .fold(0, u64::saturating_add)
    }
}

/// The dictionary objects, in the order of the table list, and what is in the tables with rows,
/// in the same order, as the Data files of a real node have them.
fn describe(nodes: &[Vec<u16>], products: u64) -> (Vec<DictObject>, Vec<(Content, Table)>) {
    let new = |name: &str, id, columns| Table::new(name, id, columns, HASH_MAP_ID, nodes);
    let sequences = new("sys/def/SYSTAB_0", 2, shop::sequence_columns()).into_system();
    let customer = new("shop/def/customer", 3, shop::customer_columns());
    let by_email = shop::email_index(&customer, HASH_MAP_ID, nodes);
    let product = new("shop/def/product", 5, shop::product_columns());
    let part = new("shop/def/NDB$BLOB_5_6", 6, shop::part_columns());
    let line = new("shop/def/order_line", 7, shop::order_line_columns());
    let review = new("shop/def/review", 8, review::columns());
    let by_product = review::index_by_product(&review, 9, nodes);
    let every_type = new("shop/def/every_type", 10, every_type::columns());

    let mut objects = vec![
        DictObject::Table(line.clone()),
        DictObject::Table(part.clone()),
        DictObject::Table(customer.clone()),
        DictObject::HashMap(HashMap::default_for(nodes.len() as u16, HASH_MAP_ID)),
        DictObject::Table(by_email),
        DictObject::Table(sequences.clone()),
        DictObject::Table(product.clone()),
        DictObject::Table(review.clone()),
        DictObject::Table(by_product.clone()),
        DictObject::Table(every_type.clone()),
    ];
    let mut parts = Vec::new();
    let mut id = every_type.id;
    for blob in every_type::blobs(&every_type.columns) {
        id += 1;
        let name = format!("shop/def/NDB$BLOB_{}_{}", every_type.id, blob.place);
        let table = new(&name, id, blob.columns);
        objects.push(DictObject::Table(table.clone()));
        let content = Content::Parts {
            place: blob.place,
            column: Box::new(every_type.columns[blob.place].clone()),
        };
        parts.push((content, table));
    }
    objects.push(review::foreign_key(&product, &review, &by_product, id + 1));

    let mut contents = vec![
        (Content::OrderLines, line),
        (Content::ProductParts, part),
        (Content::Customers, customer),
        (Content::Sequences, sequences),
        (Content::Products, product),
        (Content::Reviews { products }, review),
        (Content::EveryType, every_type),
    ];
    contents.extend(parts);
    (objects, contents)
}

/// Deals out `rows` rows to the tables: order lines take what the others leave.
fn fill(contents: Vec<(Content, Table)>, rows: u64, fragments: u64) -> Vec<SyntheticTable> {
    let of_every_type = (rows / 32).min(EVERY_TYPE_ROWS_MAX);
    let keys = |content: &Content| match content {
        Content::Sequences => fragments,
        Content::Customers => rows / 4,
        // The key of a part is that of its product.
        Content::Products | Content::ProductParts => rows / 8,
        Content::Reviews { .. } => rows / 16,
        Content::EveryType => of_every_type,
        Content::Parts { .. } => of_every_type * every_type::PARTS_MAX,
        Content::OrderLines => 0,
    };
    let mut tables: Vec<SyntheticTable> = contents
        .into_iter()
        .map(|(content, table)| SyntheticTable::new(keys(&content), content, table))
        .collect();
    let taken: u64 = tables
        .iter()
        .filter(|table| table.content != Content::Sequences)
        .map(SyntheticTable::initial_rows)
        .sum();
    for table in &mut tables {
        if table.content == Content::OrderLines {
            table.initial_keys = rows.saturating_sub(taken);
        }
    }
    tables
}

impl SyntheticTable {
    fn new(initial_keys: u64, content: Content, table: Table) -> Self {
        SyntheticTable {
            table,
            content,
            initial_keys,
            changes: Mutex::new(BTreeMap::new()),
        }
    }

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
        changed.max(self.initial_keys)
    }

    /// What decides on the fragment: of a part the key of its blob's row.
    fn distribution_key(&self, key: u64) -> u64 {
        match self.content {
            Content::Parts { .. } => key / every_type::PARTS_MAX,
            _ => key,
        }
    }

    /// True if a workload may insert and delete rows; parts do not follow their blobs, and
    /// reviews need products.
    pub(super) fn grows(&self) -> bool {
        match self.content {
            Content::Customers | Content::OrderLines => true,
            Content::Reviews { products } => products > 0,
            Content::Sequences
            | Content::Products
            | Content::ProductParts
            | Content::EveryType
            | Content::Parts { .. } => false,
        }
    }

    /// True if a workload may change rows.
    pub(super) fn changes_in_service(&self) -> bool {
        self.grows() || matches!(self.content, Content::Products | Content::EveryType)
    }

    /// No key from this on has a row from the start.
    pub(super) fn initial_keys(&self) -> u64 {
        self.initial_keys
    }

    /// How many rows there are from the start.
    pub(super) fn initial_rows(&self) -> u64 {
        match self.content {
            Content::ProductParts => self.initial_keys.div_ceil(LONG_DESCRIPTION_EVERY),
            Content::Parts { .. } => {
                let has_row = |key: &u64| self.has_initially(*key);
                (0..self.initial_keys).filter(has_row).count() as u64
            }
            _ => self.initial_keys,
        }
    }

    fn has_initially(&self, key: u64) -> bool {
        key < self.initial_keys
            && match &self.content {
                Content::ProductParts => key.is_multiple_of(LONG_DESCRIPTION_EVERY),
                Content::Parts { place, column } => {
                    let (row, part) = (key / every_type::PARTS_MAX, key % every_type::PARTS_MAX);
                    part < every_type::parts_of(column, *place, row)
                }
                _ => true,
            }
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
        match &self.content {
            Content::Sequences => shop::sequence_row(key, generation),
            Content::Customers => shop::customer_row(key, fixed, varied),
            Content::Products => shop::product_row(key, fixed, varied),
            Content::ProductParts => shop::part_row(key),
            Content::OrderLines => shop::order_line_row(key, fixed, varied),
            Content::Reviews { products } => review::row(key, *products, fixed, varied),
            Content::EveryType => every_type::row(&self.table, key, generation, varied),
            Content::Parts { place, column } => {
                let (row, part) = (key / every_type::PARTS_MAX, key % every_type::PARTS_MAX);
                every_type::part_row(column, *place, row, part)
            }
        }
    }
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
                .map(|(fragment, _)| fragment)
                .collect();
            read.sort_unstable();
            assert_eq!(read, [0, 1, 2, 3], "{participants:?}");
        }
    }

    #[test]
    fn each_ldm_of_each_node_reads_a_fragment() {
        let text =
            "[ndbd default]\nThreadConfig=main,ldm={count=3},io\n[ndbd]\n[ndbd]\n[mgm]\n[api]\n";
        let path = std::path::Path::new("config.ini");
        let topology = crate::sim::parse_config_file(text, path).unwrap();
        let database = Database::new(&topology, 10);
        assert_eq!(database.fragments(), 6);
        let nodes: Vec<NodeId> = topology.nodegroups().into_keys().collect();
        for node in &nodes {
            let ldms = database.fragments_of(*node, &nodes);
            let ldms: Vec<u32> = ldms.into_iter().map(|(_, ldm)| ldm).collect();
            assert_eq!(ldms, [0, 1, 2]);
        }
    }

    #[test]
    fn there_are_as_many_rows_as_wanted() {
        for rows in [0, 1, 7, 100, 7000, 100_000] {
            let database = Database::new(&Topology::default(), rows);
            let mut found = 0;
            for table in database.tables() {
                let keys = 0..table.key_end();
                let there = keys.filter(|key| table.row(*key).is_some()).count() as u64;
                assert_eq!(there, table.initial_rows(), "{}", table.table.name);
                found += there;
            }
            // The system table is not counted.
            assert_eq!(found, rows + 2, "{rows}");
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

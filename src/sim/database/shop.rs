//! The tables of a shop.

use super::numbers::{amount, day, mix, pick};
use crate::backup::{
    Column, ColumnType, DateTime, IndexOf, LATIN1, Row, Table, TableKind, UTF8MB4, Value,
};

/// Product keys that are multiples of this have a description with a part of its own.
pub(super) const LONG_DESCRIPTION_EVERY: u64 = 16;

/// Inline bytes of a description.
const INLINE_BYTES: usize = 256;

pub(super) fn sequence_columns() -> Vec<Column> {
    vec![
        Column::new("SYSKEY_0", ColumnType::Unsigned).primary_key(),
        Column::new("NEXTID", ColumnType::Bigunsigned),
    ]
}

pub(super) fn customer_columns() -> Vec<Column> {
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

pub(super) fn product_columns() -> Vec<Column> {
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

pub(super) fn part_columns() -> Vec<Column> {
    vec![
        Column::new("id", ColumnType::Unsigned).primary_key(),
        Column::new("NDB$PART", ColumnType::Unsigned).primary_key(),
        Column::new("NDB$PKID", ColumnType::Unsigned),
        Column::sized("NDB$DATA", ColumnType::Longvarbinary, 2000),
    ]
}

pub(super) fn order_line_columns() -> Vec<Column> {
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
pub(super) fn email_index(customer: &Table, hash_map_id: u32, nodes: &[Vec<u16>]) -> Table {
    let email = Column::text("email", ColumnType::Varchar, 100, LATIN1);
    let columns = vec![
        email.primary_key().without_default(),
        // The base table's key, one word, and its fragment.
        Column::sized("NDB$PK", ColumnType::Unsigned, 2).without_default(),
    ];
    let mut index = Table::new("sys/def/3/email$unique", 4, columns, hash_map_id, nodes);
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

pub(super) fn sequence_row(key: u64, generation: u32) -> Row {
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

pub(super) fn customer_row(key: u64, fixed: u64, varied: u64) -> Row {
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

pub(super) fn product_row(key: u64, fixed: u64, varied: u64) -> Row {
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
pub(super) fn part_row(key: u64) -> Row {
    Row(vec![
        Value::Unsigned(key + 1),
        Value::Unsigned(0),
        Value::Unsigned(0),
        Value::Bytes(description(key).split_off(INLINE_BYTES)),
    ])
}

pub(super) fn order_line_row(key: u64, fixed: u64, varied: u64) -> Row {
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

//! Reviews of the shop's products: a table with an ordered index and a foreign key.

use super::numbers::pick;
use crate::backup::{
    Column, ColumnType, Date, DateTime, DictObject, IndexOf, NO_OBJECT, Property, PropertyValue,
    Row, Table, TableKind, UTF8MB4, Value,
};

/// Place of the product in the columns.
const PRODUCT: u32 = 1;

/// Fragment type of an ordered index (backup format, 3.5).
const OF_ORDERED_INDEX: u32 = 8;

/// Words of an ordered index's nodes.
const NODE_WORDS: u32 = 64;

/// Kind of a foreign key, and what one does when its parent goes (backup format, 3.3, 3.7).
const FOREIGN_KEY: u32 = 25;
const NO_ACTION: u32 = 0;

pub(super) fn columns() -> Vec<Column> {
    vec![
        Column::new("id", ColumnType::Unsigned)
            .primary_key()
            .auto_increment(),
        Column::new("product", ColumnType::Unsigned),
        Column::new("stars", ColumnType::Tinyunsigned),
        Column::text("words", ColumnType::Varchar, 100, UTF8MB4).nullable(),
        Column::temporal("written", ColumnType::Datetime2, 6),
    ]
}

/// The review with this key of one of so many products.
pub(super) fn row(key: u64, products: u64, fixed: u64, varied: u64) -> Row {
    const WORDS: [&str; 8] = [
        "very good",
        "bardzo dobre",
        "sehr gut",
        "très bien",
        "とても良い",
        "очень хорошо",
        "",
        "it's \"fine\"",
    ];
    let words = match varied >> 8 & 15 {
        0 => Value::Null,
        hash => Value::Bytes(pick(&WORDS, hash).as_bytes().to_vec()),
    };
    Row(vec![
        Value::Unsigned(key + 1),
        Value::Unsigned(1 + fixed % products.max(1)),
        Value::Unsigned(1 + varied % 5),
        words,
        Value::DateTime(DateTime {
            date: Date {
                year: 2020,
                month: 1 + (fixed >> 8) as u8 % 12,
                day: 1 + (fixed >> 16) as u8 % 28,
            },
            hour: (fixed >> 24) as u8 % 24,
            minute: (fixed >> 32) as u8 % 60,
            second: (fixed >> 40) as u8 % 60,
            microsecond: (varied >> 32) as u32 % 1_000_000,
        }),
    ])
}

/// The ordered index of the reviews by their product. Indexes have no rows in a backup.
pub(super) fn index_by_product(review: &Table, id: u32, nodes: &[Vec<u16>]) -> Table {
    let columns = vec![
        Column::new("product", ColumnType::Unsigned).without_default(),
        Column::sized("NDB$TNODE", ColumnType::Unsigned, NODE_WORDS)
            .primary_key()
            .without_default(),
    ];
    let name = format!("sys/def/{}/product", review.id);
    let mut index = Table::new(&name, id, columns, 0, nodes);
    index.kind = TableKind::OrderedIndex;
    index.hash_map = None;
    index.fragment_type = OF_ORDERED_INDEX;
    index.single_user_mode = 2;
    index.index_of = Some(IndexOf {
        primary_table: review.name.clone(),
        primary_table_id: review.id,
        state: 4,
        custom_trigger_id: 0,
    });
    index
}

/// The foreign key from a review to its product, by the product's primary key.
pub(super) fn foreign_key(product: &Table, review: &Table, index: &Table, id: u32) -> DictObject {
    let number = PropertyValue::Number;
    let text = |text: &str| PropertyValue::Text(text.as_bytes().to_vec());
    let column = |number: u32| PropertyValue::Binary(number.to_le_bytes().to_vec());
    let name = format!("{}/{}/review_of_product", product.id, review.id);
    let items = [
        (1, text(&name)),
        (14, text(&product.name)),
        // No name: the primary key.
        (15, text("")),
        (16, text(&review.name)),
        (17, text(&index.name)),
        (2, number(id)),
        (3, number(1)),
        (4, number(product.id)),
        (5, number(product.version)),
        (6, number(review.id)),
        (7, number(review.version)),
        (8, number(NO_OBJECT)),
        (9, number(0)),
        (10, number(index.id)),
        (11, number(index.version)),
        (12, number(NO_ACTION)),
        (13, number(NO_ACTION)),
        (18, number(4)),
        (19, column(0)),
        (20, number(4)),
        (21, column(PRODUCT)),
    ];
    DictObject::Other {
        kind: FOREIGN_KEY,
        properties: items
            .into_iter()
            .map(|(key, value)| Property { key, value })
            .collect(),
    }
}

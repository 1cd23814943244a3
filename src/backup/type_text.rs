//! The type of a column in words.

use super::charset::Charset;
use super::column::{Column, ColumnType};

impl Column {
    /// The type as the format names it, with its length or digits and its character set:
    /// `Varchar(20) latin1`, `Decimal(10,2)`, `Datetime2(3)`. Lengths are bytes or bits.
    pub fn type_text(&self) -> String {
        use ColumnType as T;
        let name = self.column_type.name();
        let mut text = match self.column_type {
            T::Char
            | T::Varchar
            | T::Longvarchar
            | T::Binary
            | T::Varbinary
            | T::Longvarbinary
            | T::Bit => format!("{name}({})", self.length),
            T::Decimal | T::Decimalunsigned | T::Olddecimal | T::Olddecimalunsigned => {
                format!("{name}({},{})", self.precision, self.scale)
            }
            T::Time2 | T::Datetime2 | T::Timestamp2 => format!("{name}({})", self.precision),
            T::Blob | T::Text => {
                format!("{name}({} inline, parts of {})", self.precision, self.scale)
            }
            T::Tinyint
            | T::Tinyunsigned
            | T::Smallint
            | T::Smallunsigned
            | T::Mediumint
            | T::Mediumunsigned
            | T::Int
            | T::Unsigned
            | T::Bigint
            | T::Bigunsigned
            | T::Float
            | T::Double
            | T::Datetime
            | T::Date
            | T::Time
            | T::Year
            | T::Timestamp => match self.length {
                0 | 1 => name.to_owned(),
                length => format!("{name}[{length}]"),
            },
        };
        if self.column_type.is_character() {
            let charset = Charset::of_collation(self.charset).map(Charset::name);
            text.push(' ');
            match charset {
                Some(charset) => text.push_str(charset),
                None => text.push_str(&format!("collation {}", self.charset)),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::LATIN1;
    use super::*;

    #[test]
    fn types_are_named_with_what_sizes_them() {
        let text = |column: Column| column.type_text();
        assert_eq!(
            text(Column::new("c", ColumnType::Bigunsigned)),
            "Bigunsigned"
        );
        assert_eq!(text(Column::decimal("c", 10, 2)), "Decimal(10,2)");
        assert_eq!(
            text(Column::temporal("c", ColumnType::Time2, 3)),
            "Time2(3)"
        );
        let varchar = Column::text("c", ColumnType::Varchar, 20, LATIN1);
        assert_eq!(text(varchar), "Varchar(20) latin1");
        assert_eq!(text(Column::sized("c", ColumnType::Int, 4)), "Int[4]");
        assert_eq!(text(Column::blob("c")), "Blob(256 inline, parts of 2000)");
    }
}

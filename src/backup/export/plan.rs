//! What is exported of which table.

use std::io::Write;

use super::cell::{Shown, push_string_of};
use super::{ExportError, ExportFormat, ExportOptions};
use crate::backup::column::{ArrayType, Column, ColumnType};
use crate::backup::json_object::push_string;
use crate::backup::layout::Layout;
use crate::backup::{CtlFile, GcpEntry, Table};

/// Names of an error text.
const NAMES_MAX: usize = 20;

/// How a blob's head and parts look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlobForm {
    /// The length alone before the inline part; the parts' key is packed.
    Old,
    /// Sixteen bytes, two of which are the length of what is stored.
    New,
}

/// A blob column whose parts lie in a table of their own.
pub(super) struct BlobPlan {
    /// The part table.
    pub(super) parts: Table,
    pub(super) layout: Layout,
    pub(super) form: BlobForm,
    /// Columns of the part table that are the key of the row.
    pub(super) row_key: Vec<usize>,
    /// Its column with the number of the part.
    pub(super) part: usize,
    /// Its column with the bytes.
    pub(super) data: usize,
}

/// A column that is written.
pub(super) struct ShownColumn {
    /// Its place in the table.
    pub(super) index: usize,
    pub(super) shown: Shown,
    /// Number of its blob plan.
    pub(super) blob: Option<usize>,
    /// `"name":`
    pub(super) json_key: Vec<u8>,
}

/// What is exported of which table.
pub(super) struct Plan {
    pub(super) table: Table,
    pub(super) layout: Layout,
    pub(super) format: ExportFormat,
    /// Columns of the key, in their order.
    pub(super) key: Vec<usize>,
    pub(super) key_shown: Vec<Shown>,
    pub(super) columns: Vec<ShownColumn>,
    pub(super) blobs: Vec<BlobPlan>,
    /// The key to look for, as CSV has it.
    pub(super) wanted_key: Option<Vec<Vec<u8>>>,
    /// Number of its fragments.
    pub(super) fragments: u32,
    pub(super) gcp: GcpEntry,
}

impl Plan {
    pub(super) fn new(
        ctl: &CtlFile,
        name: &str,
        options: &ExportOptions<'_>,
    ) -> Result<Self, ExportError> {
        let table = find_table(ctl, name)?.clone();
        let key: Vec<usize> = table.key_columns().map(|(id, _)| usize::from(id)).collect();
        let mut blobs = Vec::new();
        let mut columns = Vec::new();
        for index in chosen_columns(&table, options.columns)? {
            let column = &table.columns[index];
            let blob = blob_plan(ctl, &table, index);
            let mut json_key = Vec::new();
            push_string(&mut json_key, &column.name);
            json_key.push(b':');
            columns.push(ShownColumn {
                index,
                shown: Shown::new(column),
                blob: blob.is_some().then_some(blobs.len()),
                json_key,
            });
            blobs.extend(blob);
        }
        if let Some(values) = options.key
            && values.len() != key.len()
        {
            return Err(ExportError::KeyLength {
                table: table.name,
                expected: key.len(),
                found: values.len(),
            });
        }
        let wanted_key = options
            .key
            .map(|values| values.iter().map(|it| it.as_bytes().to_vec()).collect());
        Ok(Plan {
            layout: Layout::new(&table.columns),
            format: options.format,
            key_shown: key
                .iter()
                .map(|id| Shown::new(&table.columns[*id]))
                .collect(),
            key,
            columns,
            blobs,
            wanted_key,
            fragments: match table.fragment_count {
                0 => table.fragments.len() as u32,
                count if table.fully_replicated => count.min(table.partition_count.max(1)),
                count => count,
            },
            gcp: ctl.gcp,
            table,
        })
    }

    /// What comes before the first row.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self.format {
            ExportFormat::Csv => {
                for (column, index) in self.columns.iter().zip(0..) {
                    if index > 0 {
                        out.push(b',');
                    }
                    push_string_of(self.format, &column.shown.column.name, &mut out);
                }
                out.push(b'\n');
            }
            ExportFormat::JsonLines => {}
            ExportFormat::Sql => {
                out.extend_from_slice(
                    b"SET NAMES utf8mb4;\nSET time_zone = '+00:00';\n\
                      SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';\n",
                );
            }
        }
        out
    }

    /// `INSERT INTO ..` up to the first row.
    pub(super) fn push_insert(&self, out: &mut Vec<u8>) {
        let (database, table) = sql_names(&self.table.name);
        out.extend_from_slice(b"INSERT INTO ");
        if let Some(database) = database {
            push_name(out, database);
            out.push(b'.');
        }
        push_name(out, table);
        out.extend_from_slice(b" (");
        for (column, index) in self.columns.iter().zip(0..) {
            if index > 0 {
                out.push(b',');
            }
            push_name(out, &column.shown.column.name);
        }
        out.extend_from_slice(b") VALUES\n");
    }
}

/// Database and table of an internal name, `db/schema/table`.
fn sql_names(name: &str) -> (Option<&str>, &str) {
    let mut parts = name.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(database), Some(_), Some(table)) => (Some(database), table),
        _ => (None, name),
    }
}

fn push_name(out: &mut Vec<u8>, name: &str) {
    let quoted = name.replace('`', "``");
    write!(out, "`{quoted}`").expect("a vector takes all writes");
}

/// The table with rows that is called so.
fn find_table<'a>(ctl: &'a CtlFile, name: &str) -> Result<&'a Table, ExportError> {
    let with_rows = || ctl.tables().filter(|table| table.kind.has_rows());
    if let Some(table) = with_rows().find(|table| table.name == name) {
        return Ok(table);
    }
    let is_called_so = |table: &&Table| {
        let (database, short) = sql_names(&table.name);
        short == name
            || database.is_some_and(|database| {
                let dotted = name
                    .strip_prefix(database)
                    .and_then(|it| it.strip_prefix('.'));
                dotted == Some(short)
            })
    };
    let found: Vec<&Table> = with_rows().filter(is_called_so).collect();
    let names = |tables: &[&Table]| {
        let mut names: Vec<&str> = tables.iter().map(|table| &table.name[..]).collect();
        names.sort_unstable();
        let more = names.len().saturating_sub(NAMES_MAX);
        names.truncate(NAMES_MAX);
        let mut text = names.join(", ");
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        text
    };
    match found[..] {
        [table] => Ok(table),
        [] => {
            let user: Vec<&Table> = with_rows().filter(|it| it.is_user_table()).collect();
            Err(ExportError::NoTable {
                name: name.to_owned(),
                known: if user.is_empty() {
                    "no tables of users".to_owned()
                } else {
                    names(&user)
                },
            })
        }
        _ => Err(ExportError::Ambiguous {
            name: name.to_owned(),
            known: names(&found),
        }),
    }
}

fn chosen_columns(table: &Table, names: &[String]) -> Result<Vec<usize>, ExportError> {
    if names.is_empty() {
        return Ok((0..table.columns.len()).collect());
    }
    let index_of = |name: &String| {
        let found = table.columns.iter().position(|column| column.name == *name);
        found.ok_or_else(|| {
            let known: Vec<&str> = table.columns.iter().map(|it| &it.name[..]).collect();
            ExportError::NoColumn {
                table: table.name.clone(),
                name: name.clone(),
                known: known.join(", "),
            }
        })
    };
    names.iter().map(index_of).collect()
}

/// The parts of a blob column, if it has a table of them.
fn blob_plan(ctl: &CtlFile, table: &Table, index: usize) -> Option<BlobPlan> {
    let column = &table.columns[index];
    if !matches!(column.column_type, ColumnType::Blob | ColumnType::Text) || column.scale == 0 {
        return None;
    }
    let short = format!("NDB$BLOB_{}_{index}", table.id);
    let parts = ctl
        .tables()
        .filter(|it| it.kind.has_rows())
        .find(|it| it.name.rsplit('/').next() == Some(&short))?;
    let place = |name: &str| parts.columns.iter().position(|it| it.name == name);
    let form = match column.array_type {
        ArrayType::MediumVar => BlobForm::New,
        ArrayType::Fixed | ArrayType::ShortVar | ArrayType::NoneVar => BlobForm::Old,
    };
    let (row_key, part, data) = match form {
        BlobForm::Old => (vec![place("PK")?], place("PART")?, place("DATA")?),
        BlobForm::New => {
            let names = table
                .key_columns()
                .map(|(_, column): (u16, &Column)| &column.name[..]);
            let key: Option<Vec<usize>> = names.map(place).collect();
            (key?, place("NDB$PART")?, place("NDB$DATA")?)
        }
    };
    Some(BlobPlan {
        layout: Layout::new(&parts.columns),
        parts: parts.clone(),
        form,
        row_key,
        part,
        data,
    })
}

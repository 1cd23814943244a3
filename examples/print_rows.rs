//! Prints the rows of a Data file.
//!
//! ```text
//! cargo run --example print_rows -- BACKUP-7.2.ctl BACKUP-7-0.2.Data < password.txt
//! ```
//!
//! The ctl file describes the tables, the Data file has the rows; both may be compressed or
//! encrypted (then the password is the first line of stdin). Without arguments the example
//! makes a small backup in memory and prints that.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::process::ExitCode;

use ndbmgm::backup::{
    Column, ColumnType, CtlFile, DataItem, DataReader, DataWriter, FileHeader, FileType, LATIN1,
    Row, Table, Value,
};
use ndbmgm::cluster::{BackupId, NodeId};
use ndbmgm::xfrm::{self, Secret};
use zeroize::Zeroizing;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("print_rows: {}", explain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// The error and what caused it.
fn explain(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", explain(cause)),
        None => error.to_string(),
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => print_made_up(),
        [ctl, data] => {
            let is_encrypted = xfrm::inspect(open(ctl)?)?.is_encrypted();
            let secret = is_encrypted.then(password_from_stdin).transpose()?;
            let ctl = CtlFile::read(xfrm::open(open(ctl)?, secret.as_ref())?)?;
            let data = xfrm::open(open(data)?, secret.as_ref())?;
            let tables: Vec<Table> = ctl.tables().cloned().collect();
            print_rows(data, &tables)
        }
        _ => Err("give a ctl file and a Data file".into()),
    }
}

fn open(path: &str) -> Result<File, String> {
    File::open(path).map_err(|error| format!("{path}: {error}"))
}

/// One line, without the newline; wiped when dropped.
fn password_from_stdin() -> io::Result<Secret> {
    let mut line = Zeroizing::new(Vec::with_capacity(1024));
    io::stdin().lock().read_until(b'\n', &mut line)?;
    if line.ends_with(b"\n") {
        line.pop();
    }
    Ok(Secret::new(line))
}

/// The heart of it: one item after the other, a row is decoded with its table.
fn print_rows(data: impl Read, tables: &[Table]) -> Result<(), Box<dyn Error>> {
    let mut reader = DataReader::new(data)?;
    let order = reader.header().byte_order;
    let mut table = None;
    while let Some(item) = reader.next_item()? {
        match item {
            DataItem::FragmentHeader {
                table_id, fragment, ..
            } => {
                let found = tables.iter().find(|table| table.id == table_id);
                let found = found.ok_or("a table is missing in the ctl file")?;
                println!("{} fragment {fragment}", found.name);
                table = Some(found);
            }
            DataItem::Record { payload, .. } => {
                let table = table.ok_or("a record before its fragment header")?;
                let Row(values) = Row::decode(table, payload, order)?;
                let named = table.columns.iter().zip(&values);
                let shown: Vec<String> = named
                    .map(|(column, value)| format!("{}={}", column.name, show(value)))
                    .collect();
                println!("  {}", shown.join(", "));
            }
            _ => {}
        }
    }
    Ok(())
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Signed(number) => number.to_string(),
        Value::Unsigned(number) => number.to_string(),
        Value::Bytes(bytes) => format!("'{}'", bytes.escape_ascii()),
        other => format!("{other:?}"),
    }
}

fn print_made_up() -> Result<(), Box<dyn Error>> {
    let columns = vec![
        Column::new("id", ColumnType::Unsigned).primary_key(),
        Column::text("name", ColumnType::Varchar, 20, LATIN1).nullable(),
    ];
    let table = Table::new("shop/def/customer", 7, columns, 1, &[vec![2, 3]]);
    let backup = BackupId::new(7).ok_or("a backup id is 1 or more")?;
    let master = NodeId::new(2).ok_or("a node id is 1 to 255")?;
    let header = FileHeader::new(FileType::Data, backup, master, 0);
    let mut writer = DataWriter::new(Vec::new(), &header);
    writer.begin_fragment(table.id, 0)?;
    for (id, name) in [(1, Value::Bytes(b"Ada".to_vec())), (2, Value::Null)] {
        writer.write_row(&table, &Row(vec![Value::Unsigned(id), name]))?;
    }
    let file = writer.finish()?;
    print_rows(&file[..], &[table])
}

//! `show`: what a set holds.

use std::time::SystemTime;

use ndbmgm::backup::{
    CtlFile, DictObject, FileState, FileSummary, PropertyValue, SetSummary, Table, summarise,
};
use ndbmgm::cli::Exit;
use ndbmgm::xfrm::Secret;
use serde_json::{Value, json};

use crate::Failure;
use crate::list::{reasons, snapshot_name, state_name};
use crate::options::{Output, ShowOptions};
use crate::output::{self, moment, say, say_json, table};
use crate::sets::find_set;

/// Kind number of a foreign key (backup format, 3.3).
const FOREIGN_KEY: u32 = 25;

pub(crate) fn run(options: ShowOptions, secret: Option<Secret>) -> Result<Exit, Failure> {
    let set = find_set(&options.set.directories, &options.set.id)?;
    let summary = summarise(
        set.backup_id,
        &set.files,
        secret.as_ref(),
        SystemTime::now(),
    );
    match options.common.output {
        Output::Text => say(&render(&summary)),
        Output::Json => say_json(&to_json(&summary)),
    }
    if summary.ctl.is_some() {
        return Ok(Exit::Success);
    }
    if summary.encrypted && secret.is_none() {
        let message = "the set is encrypted: its tables show with the password (-P asks for it)";
        return Err(Failure::new(Exit::WrongPassword, message));
    }
    if summary.encrypted {
        let message = "no ctl file can be decrypted: the password is wrong, or they are damaged";
        return Err(Failure::new(Exit::WrongPassword, message));
    }
    Err(Failure::new(
        Exit::Failure,
        "the set has no ctl file that can be read",
    ))
}

fn render(summary: &SetSummary) -> String {
    let mut text = format!(
        "Backup {}: {}\n",
        summary.backup_id,
        state_name(&summary.state)
    );
    for reason in reasons(summary) {
        text.push_str(&format!("  {reason}\n"));
    }
    if let Some(header) = &summary.header {
        text.push_str(&format!("  NDB {}", header.ndb_version));
        if header.mysql_version.0 != 0 {
            text.push_str(&format!(", MySQL {}", header.mysql_version));
        }
        text.push('\n');
    }
    if let Some(gcp) = summary.gcp {
        let snapshot = snapshot_name(summary.snapshot).unwrap_or("?");
        text.push_str(&format!(
            "  GCP {} to {}, rows as of the {snapshot}\n",
            gcp.start,
            gcp.stop()
        ));
    }
    if let Some(ctl) = &summary.ctl {
        for table in ctl.tables().filter(|table| table.kind.has_rows()) {
            render_table(&mut text, ctl, table);
        }
        let keys: Vec<ForeignKey> = foreign_keys(ctl).collect();
        if !keys.is_empty() {
            text.push_str("\nForeign keys\n");
        }
        for key in keys {
            text.push_str(&format!(
                "  {}: {} references {}\n",
                key.name, key.child, key.parent
            ));
        }
    }
    text.push_str("\nFiles\n");
    let header = ["NAME", "SIZE>", "WRITTEN", "STATE"];
    let rows: Vec<Vec<String>> = summary
        .files
        .iter()
        .map(|it| {
            vec![
                it.file.name.clone(),
                it.size.to_string(),
                it.modified.map_or("?".to_owned(), moment),
                file_state(it),
            ]
        })
        .collect();
    for line in table(&header, &rows).lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

fn file_state(file: &FileSummary) -> String {
    let state = match &file.state {
        FileState::Whole => "whole",
        FileState::Sealed => "closed",
        FileState::Unfinished => "without its end",
        FileState::Bad(why) => return why.clone(),
    };
    let mut text = state.to_owned();
    if file.encrypted {
        text.push_str(", encrypted");
    }
    if file.compressed {
        text.push_str(", compressed");
    }
    text
}

fn render_table(text: &mut String, ctl: &CtlFile, table: &Table) {
    let rows = rows_of(ctl, table).map_or_else(String::new, |rows| format!(", {rows} rows"));
    text.push_str(&format!("\nTable {} (id {}{rows})\n", table.name, table.id));
    for column in &table.columns {
        let null = if column.nullable { "" } else { " not null" };
        let key = if column.key { ", key" } else { "" };
        let disk = if column.on_disk { ", on disk" } else { "" };
        let counter = if column.auto_increment {
            ", auto increment"
        } else {
            ""
        };
        text.push_str(&format!(
            "  {} {}{null}{key}{counter}{disk}\n",
            column.name,
            column.type_text()
        ));
    }
    for index in indexes(ctl, table) {
        let names: Vec<&str> = indexed_columns(index).collect();
        let unique = if index.kind.number() == 3 {
            "unique "
        } else {
            ""
        };
        text.push_str(&format!(
            "  {unique}index {} ({})\n",
            short_name(&index.name),
            names.join(", ")
        ));
    }
    let placed: Vec<String> = table
        .fragments
        .iter()
        .zip(0..)
        .map(|(fragment, number)| {
            let nodes: Vec<String> = fragment.nodes.iter().map(u16::to_string).collect();
            format!("{number} on {}", nodes.join("+"))
        })
        .collect();
    text.push_str(&format!("  fragments: {}\n", placed.join(", ")));
}

/// Rows of a table, by the ctl file that counts them.
fn rows_of(ctl: &CtlFile, table: &Table) -> Option<u64> {
    let counted = ctl.fragments.iter().any(|it| it.records > 0);
    let of_table = ctl.fragments.iter().filter(|it| it.table_id == table.id);
    counted.then(|| of_table.map(|it| it.records).sum())
}

fn indexes<'a>(ctl: &'a CtlFile, table: &'a Table) -> impl Iterator<Item = &'a Table> {
    let belongs = |index: &&Table| {
        let of = index.index_of.as_ref();
        of.is_some_and(|of| of.primary_table_id == table.id || of.primary_table == table.name)
    };
    ctl.tables()
        .filter(|it| !it.kind.has_rows())
        .filter(belongs)
}

/// The columns that are indexed, without those that the index itself adds.
fn indexed_columns(index: &Table) -> impl Iterator<Item = &str> {
    let names = index.columns.iter().map(|column| &column.name[..]);
    names.filter(|name| !name.starts_with("NDB$"))
}

/// `sys/def/10/name` to `name`.
fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

struct ForeignKey {
    name: String,
    parent: String,
    child: String,
}

fn foreign_keys(ctl: &CtlFile) -> impl Iterator<Item = ForeignKey> {
    ctl.objects.iter().filter_map(|object| match object {
        DictObject::Other {
            kind: FOREIGN_KEY,
            properties,
        } => {
            let text = |key: u16| {
                properties
                    .iter()
                    .filter(|it| it.key == key)
                    .find_map(|it| match &it.value {
                        PropertyValue::Text(text) => {
                            Some(String::from_utf8_lossy(text).into_owned())
                        }
                        PropertyValue::Number(_) | PropertyValue::Binary(_) => None,
                    })
                    .unwrap_or_default()
            };
            Some(ForeignKey {
                name: text(1),
                parent: text(14),
                child: text(16),
            })
        }
        DictObject::Table(_) | DictObject::HashMap(_) | DictObject::Other { .. } => None,
    })
}

fn to_json(summary: &SetSummary) -> Value {
    let mut object = crate::list::to_json(summary);
    let files: Vec<Value> = summary
        .files
        .iter()
        .map(|it| {
            json!({
                "name": it.file.name,
                "path": it.file.path.display().to_string(),
                "node": it.file.node.get(),
                "part": it.file.part,
                "kind": it.file.kind.suffix(),
                "size": it.size,
                "written": it.modified.and_then(output::rfc3339),
                "encrypted": it.encrypted,
                "compressed": it.compressed,
                "state": match &it.state {
                    FileState::Whole => "whole",
                    FileState::Sealed => "closed",
                    FileState::Unfinished => "unfinished",
                    FileState::Bad(_) => "bad",
                },
                "reason": match &it.state {
                    FileState::Bad(why) => Some(why),
                    FileState::Whole | FileState::Sealed | FileState::Unfinished => None,
                },
            })
        })
        .collect();
    object["schema"] = json!(1);
    object["command"] = json!("show");
    object["files"] = json!(files);
    if let Some(ctl) = &summary.ctl {
        let with_rows = ctl.tables().filter(|table| table.kind.has_rows());
        let tables: Vec<Value> = with_rows.map(|table| table_json(ctl, table)).collect();
        object["table_list"] = json!(tables);
        let keys: Vec<Value> = foreign_keys(ctl)
            .map(|it| json!({"name": it.name, "parent": it.parent, "child": it.child}))
            .collect();
        object["foreign_keys"] = json!(keys);
    }
    object
}

fn table_json(ctl: &CtlFile, table: &Table) -> Value {
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|it| {
            json!({
                "name": it.name,
                "type": it.type_text(),
                "nullable": it.nullable,
                "key": it.key,
                "auto_increment": it.auto_increment,
                "on_disk": it.on_disk,
            })
        })
        .collect();
    let indexes: Vec<Value> = indexes(ctl, table)
        .map(|it| {
            json!({
                "name": short_name(&it.name),
                "unique": it.kind.number() == 3,
                "columns": indexed_columns(it).collect::<Vec<&str>>(),
            })
        })
        .collect();
    let fragments: Vec<Value> = table
        .fragments
        .iter()
        .zip(0..)
        .map(|(it, number)| json!({"fragment": number, "nodes": it.nodes}))
        .collect();
    json!({
        "name": table.name,
        "id": table.id,
        "user": table.is_user_table(),
        "rows": rows_of(ctl, table),
        "columns": columns,
        "indexes": indexes,
        "fragments": fragments,
    })
}

//! `export`: the rows of a table.

use std::io::{self, BufWriter, ErrorKind, Write};

use ndbmgm::backup::{
    self, CtlFile, ExportError, ExportFormat, ExportReport, FileError, FileKind, read_ctl,
};
use ndbmgm::cli::Exit;
use ndbmgm::xfrm::{ReadOptions, Secret, XfrmError};
use serde_json::json;

use crate::Failure;
use crate::options::{ExportOptions, Format, Output};
use crate::output::complain;
use crate::sets::{FoundSet, find_set};

pub(crate) fn run(options: ExportOptions, secret: Option<Secret>) -> Result<Exit, Failure> {
    let set = find_set(&options.directories, &options.id)?;
    let ctl = ctl_of(&set, secret.as_ref())?;
    let columns = options.columns.as_deref().map(fields).unwrap_or_default();
    let key = options.where_key.as_deref().map(fields);
    let how = backup::ExportOptions {
        format: match options.format {
            Format::Csv => ExportFormat::Csv,
            Format::Jsonl => ExportFormat::JsonLines,
            Format::Sql => ExportFormat::Sql,
        },
        columns: &columns,
        key: key.as_deref(),
        limit: options.limit,
        secret: secret.as_ref(),
        index_max: options.index_entries,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let exported = backup::export(&set.files, &ctl, &options.table, &how, &mut out);
    let flushed = out.flush();
    let report = match (exported, flushed) {
        (Ok(report), Ok(())) => report,
        (Err(ExportError::Write(error)), _) | (Ok(_), Err(error)) => {
            // Nobody listens any more: that is how `head` ends.
            if error.kind() == ErrorKind::BrokenPipe {
                return Err(Failure::new(Exit::Failure, ""));
            }
            return Err(Failure::of(Exit::Failure, &ExportError::Write(error)));
        }
        (Err(error), _) => return Err(Failure::of(exit_of(&error), &error)),
    };
    if options.common.output == Output::Json {
        complain(&to_json(set.backup_id, &report));
    }
    notes(&report);
    if report.missing_fragments.is_empty() || report.is_limited {
        return Ok(Exit::Success);
    }
    let missing: Vec<String> = report
        .missing_fragments
        .iter()
        .map(u32::to_string)
        .collect();
    let message = format!(
        "the rows of fragment {} of {} are missing: they are in no Data file here",
        missing.join(", "),
        report.table
    );
    Err(Failure::new(Exit::Incomplete, message))
}

/// The first ctl file of the set that can be read: each of them has all tables.
fn ctl_of(set: &FoundSet, secret: Option<&Secret>) -> Result<CtlFile, Failure> {
    let mut first = None;
    for file in set.files.iter().filter(|file| file.kind == FileKind::Ctl) {
        match read_ctl(&file.path, secret, ReadOptions::default()) {
            Ok(ctl) => return Ok(ctl),
            Err(error) => {
                let source = error;
                let file = file.name.clone();
                first.get_or_insert(ExportError::Open { file, source });
            }
        }
    }
    Err(match first {
        Some(error) => Failure::of(exit_of(&error), &error),
        None => Failure::new(Exit::Incomplete, "the set has no ctl file"),
    })
}

fn exit_of(error: &ExportError) -> Exit {
    let ExportError::Open { source, .. } = error else {
        return Exit::Failure;
    };
    match source {
        FileError::WrongSecret(_) => Exit::WrongPassword,
        FileError::Container(
            XfrmError::SecretNeeded | XfrmError::WrongKey | XfrmError::WrongSecretOrDamaged(_),
        ) => Exit::WrongPassword,
        // A wrong password can show when the first bytes are read.
        FileError::Contents(backup::BackupError::Read { source, .. }) => {
            let inner = source
                .get_ref()
                .and_then(|it| it.downcast_ref::<XfrmError>());
            match inner {
                Some(XfrmError::WrongSecretOrDamaged(_)) => Exit::WrongPassword,
                _ => Exit::Failure,
            }
        }
        _ => Exit::Failure,
    }
}

fn notes(report: &ExportReport) {
    let texts = report.undecoded.texts;
    if texts > 0 {
        complain(&format!(
            "Note: {texts} text value(s) are none of their character set; their bytes were written."
        ));
    }
    let values = report.undecoded.values;
    if values > 0 {
        complain(&format!(
            "Note: {values} value(s) are none of their type; their bytes were written."
        ));
    }
}

fn to_json(backup_id: u32, report: &ExportReport) -> String {
    let value = json!({
        "schema": 1,
        "command": "export",
        "backup_id": backup_id,
        "table": report.table,
        "rows": report.rows,
        "limited": report.is_limited,
        "missing_fragments": report.missing_fragments,
        "undecoded_texts": report.undecoded.texts,
        "undecoded_values": report.undecoded.values,
    });
    value.to_string()
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut fields, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            letter => push(&mut fields, letter),
        }
    }
    fields
}

fn push(fields: &mut [String], letter: char) {
    if let Some(field) = fields.last_mut() {
        field.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn a_line_has_fields_with_commas_between_them() {
        assert_eq!(fields("1,2"), ["1", "2"]);
        assert_eq!(fields(r#""a,b",,"c""d""#), ["a,b", "", r#"c"d"#]);
    }
}

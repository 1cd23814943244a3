//! The JSON Schema files of `docs/schema`, made from the types and compared with what is there.

use std::path::Path;
use std::{env, fs};

use schemars::Schema;
use schemars::generate::SchemaSettings;

use super::CommandReport;
use super::event::EventReport;
use super::progress::ProgressReport;
use super::step::StepLine;
use super::top::SnapshotReport;

/// Set to write the files anew.
const WRITE: &str = "NDBMGM_WRITE_SCHEMAS";

#[test]
fn the_schema_files_are_those_of_the_types() {
    let of = || {
        SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
    };
    let schemas = [
        ("command", of().into_root_schema_for::<CommandReport<'_>>()),
        ("progress", of().into_root_schema_for::<ProgressReport>()),
        ("event", of().into_root_schema_for::<EventReport>()),
        ("step", of().into_root_schema_for::<StepLine>()),
        ("top", of().into_root_schema_for::<SnapshotReport>()),
    ];
    for (name, schema) in schemas {
        compare(name, &schema);
    }
}

fn compare(name: &str, schema: &Schema) {
    let file = format!("docs/schema/{name}.schema.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
    let made = serde_json::to_string_pretty(schema).expect("JSON") + "\n";
    if env::var_os(WRITE).is_some() {
        fs::write(&path, &made).expect("a directory for schemas");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "{file} is stale: {WRITE}=1 cargo test --lib schema writes it anew"
    );
}

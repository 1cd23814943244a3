//! Objects of `--output=json`, held against the schema files.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Deserializer, Value};

static COMMAND: LazyLock<Validator> =
    LazyLock::new(|| validator(include_str!("../../docs/schema/command.schema.json")));
static EVENT: LazyLock<Validator> =
    LazyLock::new(|| validator(include_str!("../../docs/schema/event.schema.json")));

static PROGRESS: LazyLock<Validator> =
    LazyLock::new(|| validator(include_str!("../../docs/schema/progress.schema.json")));

static STEP: LazyLock<Validator> =
    LazyLock::new(|| validator(include_str!("../../docs/schema/step.schema.json")));

static TOP: LazyLock<Validator> =
    LazyLock::new(|| validator(include_str!("../../docs/schema/top.schema.json")));

fn validator(schema: &str) -> Validator {
    let schema = serde_json::from_str(schema).expect("a schema file is JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

/// All objects of an output, which holds nothing else; each is of its schema.
#[track_caller]
pub(crate) fn objects(stdout: &str) -> Vec<Value> {
    let read: Result<Vec<Value>, _> = Deserializer::from_str(stdout).into_iter().collect();
    let objects = read.unwrap_or_else(|error| panic!("{error}: {stdout}"));
    for object in &objects {
        check(object);
    }
    objects
}

#[track_caller]
pub(crate) fn check(object: &Value) {
    let schema = match object["type"].as_str() {
        Some("command") => &COMMAND,
        Some("event") => &EVENT,
        Some("progress") => &PROGRESS,
        Some("step") => &STEP,
        Some("top") => &TOP,
        _ => panic!("of no schema: {object}"),
    };
    let faults: Vec<String> = schema
        .iter_errors(object)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:?}: {object}");
}

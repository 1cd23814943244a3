//! The client's table of methods names them all, and every command of the protocol.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(path).unwrap()
}

/// One column of the table: 0 the methods, 1 the commands.
fn column(index: usize) -> String {
    let text = read("src/client/mod.rs");
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    rows.filter_map(|row| row.split(" | ").nth(index))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_request_method_is_in_the_table() {
    let methods = column(0);
    let mut count = 0;
    for file in [
        "backup",
        "configuration",
        "diagnostics",
        "events",
        "logs",
        "nodes",
        "session",
        "status",
    ] {
        let code = read(&format!("src/client/{file}.rs"));
        let (_, code) = code.split_once("\nimpl Session {").unwrap();
        for rest in code.split("\n    pub async fn ").skip(1) {
            let name: String = rest.chars().take_while(|it| !"(<".contains(*it)).collect();
            assert!(
                methods.contains(&format!("[`{name}`](Session::{name})")),
                "{name}"
            );
            count += 1;
        }
    }
    assert!(count > 40, "only {count} methods found");
}

#[test]
fn every_command_of_the_protocol_is_in_the_table() {
    let commands = column(1);
    let mut count = 0;
    let messages = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire/message");
    for file in fs::read_dir(messages).unwrap() {
        let code = fs::read_to_string(file.unwrap().path()).unwrap();
        for rest in code.split("    command(").skip(1) {
            let Some(name) = rest.trim_start().strip_prefix('"') else {
                continue;
            };
            let name = name.split('"').next().unwrap();
            assert!(commands.contains(&format!("`{name}`")), "{name}");
            count += 1;
        }
    }
    assert!(count > 45, "only {count} commands found");
}

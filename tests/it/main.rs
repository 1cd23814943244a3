//! Integration tests: one binary, one module per concern.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backup_files;
mod backup_vectors;
mod client_table;
mod encrypted_backups;
mod events;
mod fake_server;
mod fuzz_corpus;
mod grammar;
mod grammar_properties;
mod hostile_clients;
mod hostile_server;
mod json_values;
mod layers;
mod mutations;
mod operations;
mod print_backup_file;
mod printed_text;
mod pty;
mod pty_document;
mod replay_client;
mod replay_sim;
mod scripted;
mod shell;
mod sim;
mod sim_protocol;
mod simulator;
mod terminal;
mod tools_on_terminal;
mod trace;
mod wire;
mod wire_exchanges;
mod xfrm;
mod xfrm_damage;
mod xfrm_tool;

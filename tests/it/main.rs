//! Integration tests: one binary, one module per concern.

mod backup_files;
mod backup_vectors;
mod events;
mod fuzz_corpus;
mod grammar;
mod grammar_properties;
mod layers;
mod print_backup_file;
mod pty;
mod replay_client;
mod sim;
mod trace;
mod wire;
mod wire_exchanges;
mod xfrm;
mod xfrm_damage;
mod xfrm_tool;

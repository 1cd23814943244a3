//! Integration tests: one binary, one module per concern.
// Helpers of tests panic as tests do.
#![allow(clippy::unwrap_used)]

mod backup_files;
mod backup_vectors;
mod events;
mod fuzz_corpus;
mod grammar;
mod grammar_properties;
mod layers;
mod print_backup_file;
mod wire;
mod wire_exchanges;
mod xfrm;

//! The management client.
fn main() {}

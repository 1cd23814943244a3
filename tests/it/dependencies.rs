//! What building and testing must never need.

use std::fs;
use std::path::Path;

#[test]
fn no_dependency_needs_a_library_or_tool_of_the_system() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap();
    for name in ["openssl-sys", "pkg-config", "cmake", "bindgen", "libz-sys"] {
        let line = format!("name = \"{name}\"");
        assert!(!lock.lines().any(|found| found == line), "{name}");
    }
}

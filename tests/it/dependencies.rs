//! What building and testing must never need.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn no_dependency_needs_a_library_or_tool_of_the_system() {
    // The lock file also names what no build has unless it asks for a feature.
    let built = crates("all", &[]);
    for name in ["openssl-sys", "pkg-config", "cmake", "bindgen", "libz-sys"] {
        assert!(!built.iter().any(|found| found == name), "{name}");
    }
}

/// Names of the crates that a build links, but for tests.
fn linked_crates(arguments: &[&str]) -> Vec<String> {
    crates("normal", arguments)
}

/// Names of the crates along such edges of the graph of dependencies.
fn crates(edges: &str, arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "-e", edges])
        .args(["--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    lines.lines().map(name).collect()
}

#[test]
fn the_library_alone_links_nothing_that_only_the_programs_use() {
    let lean = linked_crates(&["--no-default-features"]);
    let full = linked_crates(&[]);
    for name in [
        "clap",
        "indicatif",
        "nix",
        "ratatui",
        "rcgen",
        "rpassword",
        "rustyline",
        "signal-hook-registry",
        "tracing-subscriber",
        "zeroizing-alloc",
    ] {
        assert!(!lean.iter().any(|found| found == name), "{name}");
        assert!(full.iter().any(|found| found == name), "{name} is not used");
    }
}

/// Otherwise the library's users would build the program.
#[test]
fn every_program_needs_the_feature() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let sections: Vec<&str> = manifest.split("\n[").collect();
    for entry in fs::read_dir(root.join("src/bin")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let has_its_own = sections.iter().any(|section| {
            section.starts_with("[bin]]")
                && section.contains(&format!("name = \"{name}\"\n"))
                && section.contains("required-features = [\"programs\"]")
        });
        assert!(has_its_own, "{name}");
    }
}

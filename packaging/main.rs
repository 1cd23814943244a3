//! Writes manual pages and completions into the directory that is named, for a package.

mod pages;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: cargo run --example pages -- DIRECTORY");
        return ExitCode::from(2);
    };
    for page in [pages::manual(), pages::completions()].concat() {
        let path = directory.join(&page.path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = made.and_then(|()| fs::write(&path, &page.text)) {
            eprintln!("cannot write {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

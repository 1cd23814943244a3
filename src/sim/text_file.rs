//! Files that a user names: config.ini and the fault script.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Longest of them, in bytes.
const FILE_MAX: u64 = 16 << 20;

/// The text of a file. A named pipe would be waited for for ever and is refused, unless the
/// shell has made it (`<(..)`).
pub(super) fn read_text_file(path: &Path) -> io::Result<String> {
    let of_the_shell = path.starts_with("/dev") || path.starts_with("/proc");
    if !of_the_shell && !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(FILE_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(io::Error::other("larger than 16 MiB"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

//! Decrypts (and decompresses) one backup file, using only the public library:
//!
//! ```text
//! cargo run --example decrypt_file -- BACKUP-7.2.ctl out.ctl < password.txt
//! ```
//!
//! The password is the first line of stdin, so that it is in no list of processes. It is not
//! needed for a file that is not encrypted. If anything is wrong with the source, the
//! destination is removed again.

use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead};
use std::process::ExitCode;

use ndbmgm::xfrm::{self, Container, Secret, XfrmError};
use zeroize::Zeroizing;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("decrypt_file: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(source), Some(destination)) = (arguments.next(), arguments.next()) else {
        return Err("usage: decrypt_file <source> <destination>".into());
    };

    // What the file is can be told without the password.
    let container = xfrm::inspect(open(&source)?)?;
    let secret = if container.is_encrypted() {
        Some(password_from_stdin()?)
    } else {
        None
    };
    match &container {
        Container::Ndbxfrm(_, trailer) => eprintln!("{} bytes of data", trailer.data_size),
        _ => eprintln!("not encrypted"),
    }

    // `open` checks all that can be checked before the data is read, and a read only returns
    // 0 when size and checksum were found right. So `copy` succeeds or the data is not whole.
    let mut reader = xfrm::open(open(&source)?, secret.as_ref())?;
    let mut output = File::create_new(&destination)
        .map_err(|error| format!("{}: {error}", destination.display()))?;
    if let Err(error) = io::copy(&mut reader, &mut output) {
        fs::remove_file(&destination)?;
        return Err(match XfrmError::from(error) {
            XfrmError::WrongSecretOrDamaged(fault) => {
                format!("is the password right? ({fault})").into()
            }
            other => other.into(),
        });
    }
    Ok(())
}

fn open(path: &OsStr) -> Result<File, String> {
    File::open(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// One line, without the newline; wiped when dropped.
fn password_from_stdin() -> io::Result<Secret> {
    let mut line = Zeroizing::new(Vec::with_capacity(1024));
    io::stdin().lock().read_until(b'\n', &mut line)?;
    if line.ends_with(b"\n") {
        line.pop();
    }
    Ok(Secret::new(line))
}

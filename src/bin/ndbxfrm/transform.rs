//! From source to destination.

use std::io::{self, IsTerminal, Read, Write};
use std::panic;
use std::path::Path;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ndbmgm::backup::MAGIC;
use ndbmgm::cli::Exit;
use ndbmgm::xfrm::{
    self, Cipher, Container, Encryption, Keys, OptionsError, ReadOptions, Secret, XfrmError,
    XfrmReader, XfrmWriter,
};

use crate::destination::Destination;
use crate::options::Options;
use crate::source::Source;
use crate::{Secrets, complain, explain, perror};

/// Smaller files are done before a progress bar could be read.
const BAR_FROM: u64 = 64 << 20;

/// Bytes taken at a time from a pipe.
const PIECE: usize = 128 * 1024;

/// Pieces that wait to be written.
const WAITING_MAX: usize = 4;

/// More threads than this only use memory.
const THREADS_MAX: usize = 8;

/// Decrypted data is for its user alone.
const SECRET_MODE: u32 = 0o600;

/// Why nothing was made of the source.
pub(crate) struct Failure {
    /// For stderr, the original's line first.
    pub(crate) lines: Vec<String>,
    pub(crate) exit: Exit,
}

impl Failure {
    fn new(exit: Exit, first: String) -> Self {
        Self {
            lines: vec![first],
            exit,
        }
    }

    fn because(mut self, line: String) -> Self {
        self.lines.push(line);
        self
    }
}

/// Writes the destination, or nothing.
pub(crate) fn transform(
    source_path: &Path,
    destination_path: &Path,
    options: &Options,
    secrets: &Secrets,
) -> Result<(), Failure> {
    let encrypt = secrets.encrypt.as_ref();
    let is_container = options.compress || encrypt.is_some();
    let destination = Destination::create(destination_path, is_container)
        .map_err(|error| not_created(destination_path, &error))?;
    let mut source = Source::open(source_path).map_err(|error| {
        let name = source_path.display();
        let line = format!("Error: Could not open file '{name}' for read.");
        Failure::new(Exit::Failure, line).because(perror(source_path, &error))
    })?;
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(THREADS_MAX));
    let size = source.size();
    let first = source
        .first_bytes()
        .map_err(|error| not_opened(source_path, &error.into()))?;
    let source_mode = source.mode();
    let mut reader = Input::open(source, options, secrets.decrypt.as_ref(), threads)
        .map_err(|error| not_opened(source_path, &error))?;
    if secrets.decrypt.is_some() {
        check_is_decrypted(source_path, &reader, &first)?;
    }
    if reader.is_unchecked() {
        let name = source_path.display();
        complain(&format!(
            "{name}: its contents can't be checked: it holds no checksum"
        ));
    }
    let mode = match encrypt {
        None if reader.is_encrypted() => SECRET_MODE,
        _ => source_mode,
    };

    let write_options = write_options(options, encrypt, size, threads)
        .map_err(|error| not_initialised(destination_path, &error))?;
    let writer = XfrmWriter::new(destination, write_options).map_err(|error| match error {
        XfrmError::Io(error) => not_written(destination_path, &error),
        other => not_initialised(destination_path, &other),
    })?;

    let writer = copy(&mut reader, writer, size).map_err(|fault| match fault {
        CopyFault::Read(error) => not_read(source_path, &error, reader.is_encrypted()),
        CopyFault::Write(error) => not_written(destination_path, &error),
    })?;
    let destination = writer
        .finish()
        .map_err(|error| not_written(destination_path, &error))?;
    destination
        .publish(mode)
        .map_err(|error| not_created(destination_path, &error))
}

/// For whoever wants a source decrypted: it must not pass for decrypted data in silence if
/// there was nothing to decrypt. The original copies it.
fn check_is_decrypted(path: &Path, reader: &Input, first: &[u8]) -> Result<(), Failure> {
    if reader.is_container() {
        return Ok(());
    }
    let name = path.display();
    if first.len() < MAGIC.len() {
        let line = format!("Error: Can not read file {name}, bad password or key?");
        let reason = format!("{name}: the file is too short to be a backup file");
        return Err(Failure::new(Exit::Failure, line).because(reason));
    }
    if *first != MAGIC {
        complain(&format!(
            "{name}: nothing was decrypted: the file is not encrypted"
        ));
    }
    Ok(())
}

/// The data of the source.
enum Input {
    Container(Box<XfrmReader<std::fs::File>>),
    Pipe(Box<dyn io::Read>),
}

impl Input {
    fn open(
        source: Source,
        options: &Options,
        secret: Option<&Secret>,
        threads: usize,
    ) -> Result<Self, XfrmError> {
        match source {
            Source::File(file) => {
                let read_options = ReadOptions {
                    threads,
                    key_derivation_max: options.decrypt_kdf_iter_max,
                };
                let reader = xfrm::open_with(file, secret, read_options)?;
                Ok(Self::Container(Box::new(reader)))
            }
            Source::Pipe(pipe) => Ok(Self::Pipe(Box::new(pipe))),
        }
    }

    fn is_container(&self) -> bool {
        match self {
            Self::Container(reader) => !matches!(reader.container(), Container::Raw),
            Self::Pipe(_) => false,
        }
    }

    fn is_unchecked(&self) -> bool {
        match self {
            Self::Container(reader) => reader.container().is_unchecked(),
            Self::Pipe(_) => false,
        }
    }

    fn is_encrypted(&self) -> bool {
        match self {
            Self::Container(reader) => reader.container().is_encrypted(),
            Self::Pipe(_) => false,
        }
    }

    /// The next piece of the data in exchange for a used buffer; empty at the end.
    fn next_piece(&mut self, mut used: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::Container(reader) => reader.next_piece(used),
            Self::Pipe(pipe) => {
                used.resize(PIECE, 0);
                let count = loop {
                    match pipe.read(&mut used) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        read => break read?,
                    }
                };
                used.truncate(count);
                Ok(used)
            }
        }
    }

    /// Bytes of the source that were read.
    fn position(&self) -> u64 {
        match self {
            Self::Container(reader) => reader.payload_position(),
            Self::Pipe(_) => 0,
        }
    }
}

enum CopyFault {
    Read(io::Error),
    Write(io::Error),
}

/// Copies all of the data. Reading and writing are each most of the work where a cipher or
/// deflate has threads of its own, so they go on side by side.
fn copy(
    reader: &mut Input,
    mut writer: XfrmWriter<Destination>,
    size: Option<u64>,
) -> Result<XfrmWriter<Destination>, CopyFault> {
    let bar = progress_bar(size);
    let (pieces, to_write) = sync_channel::<Vec<u8>>(WAITING_MAX);
    let (used, spare) = channel();
    thread::scope(|scope| {
        let writing = scope.spawn(move || {
            for piece in to_write {
                writer.write_all(&piece)?;
                // Of no use to a reader that is at the end.
                let _ = used.send(piece);
            }
            Ok(writer)
        });
        let read = loop {
            match reader.next_piece(spare.try_recv().unwrap_or_default()) {
                Ok(piece) if piece.is_empty() => break Ok(()),
                Ok(piece) => {
                    bar.set_position(reader.position());
                    if pieces.send(piece).is_err() {
                        // Writing has failed, and says why below.
                        break Ok(());
                    }
                }
                Err(error) => break Err(CopyFault::Read(error)),
            }
        };
        drop(pieces);
        let written = writing.join();
        bar.finish_and_clear();
        read?;
        match written {
            Ok(written) => written.map_err(CopyFault::Write),
            Err(cause) => panic::resume_unwind(cause),
        }
    })
}

/// A bar on stderr for a large file and a person to see it, else none.
fn progress_bar(size: Option<u64>) -> ProgressBar {
    match size {
        Some(size) if size >= BAR_FROM && io::stderr().is_terminal() => {
            let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
            let template =
                "{bar:40} {percent:>3}%  {bytes} of {total_bytes}  {bytes_per_sec}  {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            // At once: the thread that goes on with it may be late.
            bar.tick();
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        }
        _ => ProgressBar::hidden(),
    }
}

fn write_options<'a>(
    options: &Options,
    secret: Option<&'a Secret>,
    size: Option<u64>,
    threads: usize,
) -> Result<xfrm::Options<'a>, XfrmError> {
    let encryption = match secret {
        None => None,
        Some(secret) => Some(Encryption {
            secret,
            cipher: match options.encrypt_cipher {
                1 => Cipher::Cbc,
                2 => Cipher::Xts,
                other => return Err(OptionsError::Cipher(other).into()),
            },
            keys: match options.encrypt_kdf_iter_count {
                0 => Keys::Wrapped,
                iterations => Keys::Derived { iterations },
            },
            data_unit_size: options.encrypt_block_size,
            size_hint: size,
        }),
    };
    Ok(xfrm::Options {
        compress: options.compress,
        encryption,
        file_block_size: options.file_block_size,
        threads,
    })
}

fn not_created(path: &Path, error: &io::Error) -> Failure {
    let line = format!("Error: Could not create file '{}'.", path.display());
    Failure::new(Exit::Failure, line).because(perror(path, error))
}

fn not_initialised(path: &Path, error: &XfrmError) -> Failure {
    let line = format!("Error: Can not initialize file {}.", path.display());
    Failure::new(Exit::Failure, line).because(explain(path, error))
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let line = format!("Error: Can not write file {}.", path.display());
    Failure::new(Exit::BadUsage, line).because(perror(path, error))
}

/// The source is no file that can be read.
fn not_opened(path: &Path, error: &XfrmError) -> Failure {
    let name = path.display();
    let question = format!("Error: Can not read file {name}, bad password or key?");
    let plain = format!("Error: Can not read file {name}.");
    match error {
        XfrmError::SecretNeeded => Failure::new(Exit::Failure, question).because(format!(
            "{} (--decrypt-password asks for the password)",
            explain(path, error)
        )),
        XfrmError::BadHeader(_)
        | XfrmError::BadTrailer(_)
        | XfrmError::Truncated(_)
        | XfrmError::TrailingGarbage { .. }
        | XfrmError::WrongKey => {
            Failure::new(Exit::Failure, question).because(explain(path, error))
        }
        XfrmError::KeyDerivationTooLong { .. } => Failure::new(Exit::Failure, plain)
            .because(explain(path, error))
            .because(format!("{name}: --decrypt-kdf-iter-max raises the limit")),
        _ => Failure::new(Exit::Failure, plain).because(explain(path, error)),
    }
}

/// The source's data is not right.
fn not_read(path: &Path, error: &io::Error, is_encrypted: bool) -> Failure {
    let name = path.display();
    let line = if is_encrypted {
        format!("Error: Can not read file {name}, bad password or key?")
    } else {
        format!("Error: Can not read file {name}.")
    };
    let failure = Failure::new(Exit::BadUsage, line);
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        // The line says all that is known.
        Some(XfrmError::WrongSecretOrDamaged(_)) => failure,
        Some(known) => failure.because(explain(path, known)),
        None => failure.because(perror(path, error)),
    }
}

//! The options of `ndbxfrm` (backup format, 9.1).

use std::path::PathBuf;

use ndbmgm::cli::{Exit, Number, Program, SecretKind, SecretOption};
use ndbmgm::xfrm::KEY_DERIVATION_MAX;

/// Transforms a backup file: decrypts and decompresses the source, then compresses and
/// encrypts as the options say.
///
/// The source may be raw, compressed (AZ31), or an NDBXFRM1 container; that is found out.
/// The destination must not exist; it appears only when it is complete, with the mode of the
/// source, or 0600 if it is decrypted or came through a pipe.
#[derive(clap::Parser)]
#[command(
    name = "ndbxfrm",
    override_usage = "ndbxfrm [options] <source> <destination>\n       \
                      ndbxfrm --info|--detailed-info <file>..."
)]
pub(crate) struct Options {
    /// Compress the destination
    #[arg(short, long)]
    pub(crate) compress: bool,

    /// Password to decrypt the source with; without a value it is asked for
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "PASSWORD")]
    decrypt_password: Option<Option<String>>,

    /// Read the password to decrypt with from stdin, one line
    #[arg(long)]
    decrypt_password_from_stdin: bool,

    /// Take the password to decrypt with from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    decrypt_password_source: Option<String>,

    /// Password to encrypt the destination with; without a value it is asked for, twice
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "PASSWORD")]
    encrypt_password: Option<Option<String>>,

    /// Read the password to encrypt with from stdin, one line
    #[arg(long)]
    encrypt_password_from_stdin: bool,

    /// Take the password to encrypt with from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    encrypt_password_source: Option<String>,

    /// Key to decrypt the source with, as hexadecimal digits; without a value it is asked for
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "HEX")]
    decrypt_key: Option<Option<String>>,

    /// Read the key to decrypt with from stdin, one line
    #[arg(long)]
    decrypt_key_from_stdin: bool,

    /// Take the digits of the key to decrypt with from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    decrypt_key_source: Option<String>,

    /// Key to encrypt the destination with, as hexadecimal digits; without a value it is
    /// asked for. It is used like a password unless --encrypt-kdf-iter-count is 0
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "HEX")]
    encrypt_key: Option<Option<String>>,

    /// Read the key to encrypt with from stdin, one line
    #[arg(long)]
    encrypt_key_from_stdin: bool,

    /// Take the digits of the key to encrypt with from env:NAME, file:PATH, fd:N, stdin or prompt
    #[arg(long, value_name = "SOURCE")]
    encrypt_key_source: Option<String>,

    /// Cipher: 1 is AES-256-CBC, as in backups, 2 is AES-256-XTS
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) encrypt_cipher: u32,

    /// Bytes that are encrypted on their own, a multiple of 16; 0 is one stream (CBC only)
    #[arg(long, default_value_t = 0, value_name = "BYTES")]
    pub(crate) encrypt_block_size: u32,

    /// Iterations of PBKDF2-HMAC-SHA256 that turn the password into the key; 0 takes
    /// the 32-byte password or key to wrap a random key instead
    #[arg(short = 'k', long, default_value_t = 100_000, value_name = "N")]
    pub(crate) encrypt_kdf_iter_count: u32,

    /// Most iterations to go through for a source, summed over its keys: a forged or damaged
    /// file could ask for hours of them
    #[arg(long, default_value_t = KEY_DERIVATION_MAX, value_name = "N")]
    pub(crate) decrypt_kdf_iter_max: u64,

    /// The size of an encrypted destination is a multiple of this: a power of two
    /// between 512 and 16384, or 0 for no padding
    #[arg(long, default_value_t = 512, value_name = "BYTES")]
    pub(crate) file_block_size: u32,

    /// Print for each file whether it is compressed and encrypted; needs no password
    #[arg(short, long)]
    pub(crate) info: bool,

    /// Like --info, with all fields of header and trailer
    #[arg(long)]
    pub(crate) detailed_info: bool,

    /// Source and destination, or the files to inspect. `-` is stdin or stdout; /dev/stdout,
    /// /dev/null and pipes are destinations, too: trust what went there only if the status is 0
    pub(crate) files: Vec<PathBuf>,
}

/// Largest value of the options that are an `int` in the original.
const INT_MAX: i64 = i32::MAX as i64;

/// What the program tells about itself. The secrets are in the order of their errors.
pub(crate) const PROGRAM: Program = Program {
    name: "ndbxfrm",
    groups: &["ndbxfrm"],
    numbers: &[
        Number {
            option: "encrypt-cipher",
            min: 0,
            max: INT_MAX,
        },
        Number {
            option: "encrypt-block-size",
            min: 0,
            max: INT_MAX,
        },
        Number {
            option: "encrypt-kdf-iter-count",
            min: 0,
            max: INT_MAX,
        },
        Number {
            option: "decrypt-kdf-iter-max",
            min: 1,
            max: i64::MAX,
        },
        Number {
            option: "file-block-size",
            min: 0,
            max: INT_MAX,
        },
    ],
    secrets: &[
        SecretOption {
            prefix: "decrypt",
            kind: SecretKind::Key,
        },
        SecretOption {
            prefix: "decrypt",
            kind: SecretKind::Password,
        },
        SecretOption {
            prefix: "encrypt",
            kind: SecretKind::Key,
        },
        SecretOption {
            prefix: "encrypt",
            kind: SecretKind::Password,
        },
    ],
    bad_usage: Exit::BadUsage,
    help_after_error: false,
    examples: &[
        (
            "ndbxfrm --info BACKUP-6.2.ctl",
            "is it encrypted, is it compressed?",
        ),
        (
            "ndbxfrm --decrypt-password BACKUP-6.2.ctl plain.ctl",
            "decrypt a file with a password that is asked for",
        ),
        (
            "ndbxfrm --compress --encrypt-password-source=file:password plain.ctl new.ctl",
            "compress and encrypt a file",
        ),
    ],
    exits: Exit::OF_NDBXFRM,
    detailed_exits: &[],
};

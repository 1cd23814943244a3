//! The edge the binaries share: option files, MySQL-style arguments, secrets, exit statuses, logging.
//!
//! A binary describes itself once with a [`Program`] and a clap struct, and gets its options back:
//!
//! ```
//! use ndbmgm::cli::{Environment, Exit, Number, Program};
//!
//! #[derive(clap::Parser)]
//! struct Options {
//!     /// Seconds between two attempts
//!     #[arg(long, default_value_t = 5)]
//!     connect_retry_delay: u32,
//!     /// Host, or host and port
//!     host: Vec<String>,
//! }
//!
//! const PROGRAM: Program = Program {
//!     name: "ndb_mgm",
//!     groups: &["mysql_cluster", "ndb_mgm"],
//!     numbers: &[Number { option: "connect-retry-delay", min: 1, max: u32::MAX as i64 }],
//!     secrets: &[],
//!     bad_usage: Exit::BadUsage,
//!     help_after_error: false,
//!     examples: &[("ndb_mgm somewhere", "the management server on that host")],
//!     exits: Exit::OF_NDB_MGM,
//!     detailed_exits: Exit::OF_NDB_MGM_DETAILED,
//! };
//!
//! let arguments = ["ndb_mgm", "somewhere", "--connect_retry=7"].map(Into::into);
//! let parsed = PROGRAM
//!     .parse_from::<Options>(arguments, &Environment::default())
//!     .expect("these options are known");
//! assert_eq!(parsed.options.connect_retry_delay, 7);
//! assert_eq!(parsed.options.host, ["somewhere"]);
//! ```

mod args;
mod clap_error;
mod defaults;
mod exit;
mod exposed;
mod help;
mod logging;
mod normalise;
mod number;
mod option_file;
mod password;
mod prompt;
mod secret;
mod server;
mod source;
mod stop;
mod terminal;

pub use args::{Parsed, Program, version_text};
pub use defaults::{Arguments, DefaultsError, Environment, collect_arguments};
pub use exit::{Exit, ExitTable};
pub use exposed::ProcessArguments;
pub use help::{Examples, help_ending};
pub use logging::{LOG_VARIABLE, start_logging};
pub use number::Number;
pub use option_file::OptionFileError;
pub use password::{SecretRequests, Secrets};
pub use prompt::{ask_pass_phrase, prompt_secret};
pub use secret::{
    KEY_MAX, SECRET_MAX, SecretError, SecretFault, SecretKind, SecretOption, SourceFault,
};
pub use server::{ServerOptions, Tls, TlsVerify};
pub use stop::Stop;
pub use terminal::{TerminalText, is_harmful};

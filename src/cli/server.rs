//! How programs without a user reach a management server.

use clap::{Args, ValueEnum};

use crate::client::{TlsPolicy, Verification};
use crate::cluster::{ConnectString, ConnectStringError};
use crate::tls::{IdentityError, SearchPath};

/// What TLS the connections must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    /// TLS if both sides can
    Relaxed,
    /// No connection without
    Strict,
}

/// What is demanded of a management server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TlsVerify {
    /// It is a management server's, on the host that was asked for
    #[default]
    Full,
    /// It is one of the cluster's
    Ca,
}

impl From<TlsVerify> for Verification {
    fn from(verify: TlsVerify) -> Self {
        match verify {
            TlsVerify::Full => Verification::Full,
            TlsVerify::Ca => Verification::Ca,
        }
    }
}

/// Where the management servers are, and what of TLS their connections have.
#[derive(Debug, Args)]
pub struct ServerOptions {
    /// Management servers, as "host1:1186,host2" [default: NDB_CONNECTSTRING, localhost:1186]
    #[arg(short = 'c', long = "ndb-connectstring", value_name = "STRING",
          visible_aliases = ["connect-string", "ndb-mgmd-host"])]
    pub connect_string: Option<String>,
    /// TLS of the connections
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Tls::Relaxed)]
    pub ndb_mgm_tls: Tls,
    /// Directories of TLS keys and certificates, with colons between them
    #[arg(long, value_name = "PATH", default_value = SearchPath::DEFAULT)]
    pub ndb_tls_search_path: String,
    /// What is demanded of a management server's certificate
    #[arg(long, value_name = "HOW", value_enum, default_value_t = TlsVerify::Full)]
    pub ndb_tls_verify: TlsVerify,
}

impl ServerOptions {
    /// The servers: of the option, else of NDB_CONNECTSTRING, else the one on this machine.
    ///
    /// # Errors
    ///
    /// The connect string has no meaning.
    pub fn connect_string(&self) -> Result<ConnectString, ConnectStringError> {
        let variable = std::env::var("NDB_CONNECTSTRING").ok();
        ConnectString::choose(self.connect_string.as_deref(), variable.as_deref())
    }

    /// TLS of the connections; nobody is there to be asked for a pass phrase.
    ///
    /// # Errors
    ///
    /// As [`TlsPolicy::unattended`].
    pub fn tls(&self) -> Result<TlsPolicy, IdentityError> {
        let path = SearchPath::from_environment(&self.ndb_tls_search_path);
        let is_required = self.ndb_mgm_tls == Tls::Strict;
        TlsPolicy::unattended(&path, is_required, self.ndb_tls_verify.into())
    }

    /// The same options for the management client.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("--ndb-mgm-tls={}", word(self.ndb_mgm_tls)),
            format!("--ndb-tls-search-path={}", self.ndb_tls_search_path),
            format!("--ndb-tls-verify={}", word(self.ndb_tls_verify)),
        ];
        if let Some(string) = &self.connect_string {
            arguments.push(format!("--ndb-connectstring={string}"));
        }
        arguments
    }
}

/// How a value is written on the command line.
fn word(value: impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

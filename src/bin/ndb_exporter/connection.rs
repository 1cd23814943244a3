//! How the management servers are reached.

use std::time::Duration;

use ndbmgm::cli::{Exit, Stop};
use ndbmgm::client::{ConnectOptions, TlsPolicy, Verification};
use ndbmgm::cluster::ConnectString;
use ndbmgm::tls::SearchPath;

use crate::options::{Options, Tls, TlsVerify};
use crate::stop;

impl Options {
    /// The connection that a scrape makes: each server is tried once, and has this long.
    pub(crate) fn connect_options(&self, timeout: Duration) -> Result<ConnectOptions, Stop> {
        let variable = std::env::var("NDB_CONNECTSTRING").ok();
        let connect_string =
            ConnectString::choose(self.connect_string.as_deref(), variable.as_deref())
                .map_err(|error| stop(&error, Exit::BadUsage))?;
        Ok(ConnectOptions {
            timeout,
            tls: self.tls()?,
            ..ConnectOptions::once(connect_string)
        })
    }

    /// Nobody is there to be asked for a pass phrase.
    fn tls(&self) -> Result<TlsPolicy, Stop> {
        let path = SearchPath::from_environment(&self.ndb_tls_search_path);
        let verification = match self.ndb_tls_verify {
            TlsVerify::Full => Verification::Full,
            TlsVerify::Ca => Verification::Ca,
        };
        let is_required = self.ndb_mgm_tls == Tls::Strict;
        TlsPolicy::unattended(&path, is_required, verification)
            .map_err(|error| stop(&error, Exit::Failure))
    }
}

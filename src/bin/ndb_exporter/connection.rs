//! How the management servers are reached.

use std::time::Duration;

use ndbmgm::cli::{Exit, Stop};
use ndbmgm::client::{ClientTls, ConnectOptions, TlsPolicy, Verification};
use ndbmgm::cluster::ConnectString;
use ndbmgm::tls::{CertificateKind, Identity, SearchPath};

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
        let identity = Identity::load(CertificateKind::Client, &path, &mut |_| None);
        match (identity, self.ndb_mgm_tls) {
            (Ok(identity), Tls::Relaxed) => {
                Ok(TlsPolicy::IfOffered(ClientTls::new(identity, verification)))
            }
            (Ok(identity), Tls::Strict) => {
                Ok(TlsPolicy::Required(ClientTls::new(identity, verification)))
            }
            (Err(error), Tls::Relaxed) if error.is_absent() => Ok(TlsPolicy::Never),
            (Err(error), _) => Err(stop(&error, Exit::Failure)),
        }
    }
}

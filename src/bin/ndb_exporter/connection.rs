//! How the management servers are reached.

use std::time::Duration;

use ndbmgm::cli::{Exit, Stop};
use ndbmgm::client::ConnectOptions;

use crate::options::Options;
use crate::stop;

impl Options {
    /// The connection that a scrape makes: each server is tried once, and has this long.
    pub(crate) fn connect_options(&self, timeout: Duration) -> Result<ConnectOptions, Stop> {
        let servers = self.server.connect_string();
        let servers = servers.map_err(|error| stop(&error, Exit::BadUsage))?;
        let tls = self.server.tls();
        Ok(ConnectOptions {
            timeout,
            tls: tls.map_err(|error| stop(&error, Exit::Failure))?,
            ..ConnectOptions::once(servers)
        })
    }
}

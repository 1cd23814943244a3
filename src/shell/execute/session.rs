//! The management server: CONNECT, PURGE STALE SESSIONS, TLS INFO.

use crate::cluster::ConnectString;

use super::super::Shell;
use super::super::outcome::{Attempt, Failure, Outcome, Step};

impl Shell {
    /// CONNECT: a new string replaces the old one for good.
    pub(super) async fn reconnect(&mut self, string: Option<String>) -> Result<Outcome, Failure> {
        if let Some(string) = string {
            self.settings.connect.connect_string =
                ConnectString::parse(&string).map_err(Failure::ConnectString)?;
        }
        self.disconnect();
        self.connect().await?;
        Ok(Outcome::Done)
    }

    pub(super) async fn purge_stale_sessions(&mut self) -> Result<Outcome, Failure> {
        let purged = self.session()?.purge_stale_sessions().await;
        purged
            .map(Outcome::SessionsPurged)
            .map_err(Attempt::PurgeSessions.failed())
    }

    pub(super) async fn tls_info(&mut self) -> Result<Outcome, Failure> {
        self.step(Step::Connections {
            events: self.has_events(),
        });
        let session = self.session()?;
        let certificates = session.list_certs().await;
        let certificates = certificates.map_err(Attempt::TlsInfo.failed())?;
        let stats = session.get_tls_stats().await;
        Ok(Outcome::Tls {
            certificates,
            stats: stats.map_err(Attempt::TlsInfo.failed())?,
        })
    }
}

//! The management server: CONNECT, PURGE STALE SESSIONS, TLS INFO, START TLS.

use crate::client::{ClientError, TlsError};
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
        let main_is_tls = self.session()?.is_tls();
        self.step(Step::Connections {
            main_is_tls,
            events_are_tls: self.feed_is_tls(),
        });
        let session = self.session()?;
        let told = async {
            let certificates = session.list_certs().await?;
            let stats = session.get_tls_stats().await?;
            Ok((certificates, stats))
        };
        match told.await {
            Ok((certificates, stats)) => Ok(Outcome::Tls {
                certificates,
                stats,
            }),
            Err(error) => {
                // As in the original, whatever the reason.
                self.session = None;
                Err(Attempt::TlsInfo.failed()(error))
            }
        }
    }

    /// START TLS: the connections of the prompt, both of them.
    pub(super) async fn start_tls(&mut self) -> Result<Outcome, Failure> {
        let tls = match &self.settings.tls.client {
            Ok(tls) => Ok(tls.clone()),
            Err(_) => Err(ClientError::Tls(TlsError::NoCertificate)),
        };
        let started = match tls {
            Ok(tls) => self.session()?.start_tls(&tls).await,
            Err(error) => Err(error),
        };
        started.map_err(Attempt::StartTls.failed())?;
        if self.has_prompt() {
            self.reopen_feed().await;
        }
        Ok(Outcome::TlsStarted)
    }
}

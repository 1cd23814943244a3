//! The management servers beside that of the main connection.

use std::time::Duration;

use crate::client::{ClientError, ConnectOptions, Questions, Retries, Session, Surroundings};
use crate::shell::tls::TlsRequirement;

use super::super::Shell;

/// Longest wait for a server that is asked for its view.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(5);

impl Shell {
    /// Asks the main connection's server for everything, and the others for their view.
    pub(super) async fn look_around(
        &mut self,
        questions: Questions,
    ) -> Result<Surroundings, ClientError> {
        let limit = self.settings.connect.timeout.min(ANSWER_LIMIT);
        let others = self.session.as_ref();
        let others = others.map(|session| self.options_for_servers(session, limit));
        match (&mut self.session, others) {
            (Some(session), Some(others)) => session.look_around(questions, &others).await,
            _ => Err(ClientError::Disconnected {
                command: "get status",
            }),
        }
    }

    /// How a further server is reached: once, and with TLS as the main connection is.
    pub(super) fn options_for_servers(&self, session: &Session, limit: Duration) -> ConnectOptions {
        let tls = match self.settings.tls.requirement {
            TlsRequirement::Deferred => self.settings.tls.policy_beside(session),
            TlsRequirement::Relaxed | TlsRequirement::Strict => self.settings.tls.policy(),
        };
        ConnectOptions {
            retries: Retries::Attempts(1),
            timeout: limit,
            tls,
            ..self.settings.connect.clone()
        }
    }
}

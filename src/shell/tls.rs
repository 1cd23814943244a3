//! What this client has for TLS, and when its connections use it.

use crate::client::{ClientError, ClientTls, Session, TlsError, TlsPolicy};
use crate::tls::IdentityError;

use super::outcome::Failure;
use super::{Shell, render};

/// What TLS the connections must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsRequirement {
    /// TLS if both sides can.
    #[default]
    Relaxed,
    /// No connection without.
    Strict,
    /// None until START TLS.
    Deferred,
}

impl TlsRequirement {
    /// Reads a word, a beginning of one, or its number.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [
            ("relaxed", TlsRequirement::Relaxed),
            ("strict", TlsRequirement::Strict),
            ("deferred", TlsRequirement::Deferred),
        ];
        if let Ok(number) = text.parse::<usize>() {
            return all.get(number).map(|(_, requirement)| *requirement);
        }
        let text = text.to_ascii_lowercase();
        let mut found = all.iter().filter(|(word, _)| word.starts_with(&text));
        match (text.as_str(), found.next(), found.next()) {
            ("", _, _) | (_, _, Some(_)) => None,
            (_, found, None) => found.map(|(_, requirement)| *requirement),
        }
    }
}

/// When connections change to TLS, and with which key and certificate.
#[derive(Debug)]
pub struct TlsSettings {
    /// When.
    pub requirement: TlsRequirement,
    /// With what, or why there is nothing.
    pub client: Result<ClientTls, IdentityError>,
}

impl TlsSettings {
    /// TLS is needed and cannot be had.
    pub(super) fn is_hopeless(&self) -> bool {
        self.requirement == TlsRequirement::Strict && self.client.is_err()
    }

    /// What a new main connection does.
    pub(super) fn policy(&self) -> TlsPolicy {
        match (&self.client, self.requirement) {
            (Ok(tls), TlsRequirement::Relaxed) => TlsPolicy::IfOffered(tls.clone()),
            (Ok(tls), TlsRequirement::Strict) => TlsPolicy::Required(tls.clone()),
            (Ok(_), TlsRequirement::Deferred) | (Err(_), _) => TlsPolicy::Never,
        }
    }

    /// What a further connection to the main connection's server does: the same.
    pub(super) fn policy_beside(&self, main: &Session) -> TlsPolicy {
        match &self.client {
            Ok(tls) if main.is_tls() => TlsPolicy::Required(tls.clone()),
            Ok(_) | Err(_) => TlsPolicy::Never,
        }
    }
}

impl Shell {
    /// Says on standard error what is odd about the client's own key and certificate.
    pub(super) fn warn_of_own_certificate(&self) {
        if self.settings.verbose == 0 {
            return;
        }
        let tls = &self.settings.tls;
        match &tls.client {
            Ok(client) => {
                for warning in client.identity().warnings() {
                    let text = render::render_tls_warning(&warning.to_string());
                    self.output.advise(&text);
                }
            }
            // Most clusters do not use TLS; strict says it in any case.
            Err(error) if error.is_absent() || tls.is_hopeless() => {}
            Err(error) => {
                let text = render::render_tls_not_used(&error.to_string());
                self.output.advise(&text);
            }
        }
    }

    /// Says that both could speak TLS, but the server has no certificate.
    pub(super) fn warn_of_cleartext(&self, session: &Session) {
        let could = self.settings.tls.requirement == TlsRequirement::Relaxed
            && self.settings.tls.client.is_ok();
        if could && !session.is_tls() && !self.settings.simulated && self.settings.verbose > 0 {
            let text = render::render_tls_warning(render::SERVER_WITHOUT_TLS);
            self.output.advise(&text);
        }
    }

    /// Says that a password can be read by others on its way.
    pub(super) fn warn_of_readable_password(&self) {
        let is_safe = |session: &Session| session.is_tls() || session.is_local();
        if self.settings.verbose > 0 && !self.session.as_ref().is_none_or(is_safe) {
            let text = render::render_tls_warning(render::PASSWORD_IN_CLEARTEXT);
            self.output.advise(&text);
        }
    }

    /// What standard error says about a failure that has to do with TLS.
    pub(super) fn tls_advice(&self, failure: &Failure) -> Option<String> {
        let tls = &self.settings.tls;
        let error = match (failure, &tls.client) {
            (Failure::Request { error, .. }, _) => error,
            (Failure::NoValidCertificate, Err(reason)) => {
                return Some(render::render_unreachable(&reason.to_string()));
            }
            _ => return None,
        };
        match (error, &tls.client) {
            (ClientError::Tls(TlsError::NoCertificate), Err(reason)) => {
                Some(render::render_tls_not_used(&reason.to_string()))
            }
            (ClientError::Tls(error), _) => Some(render::render_unreachable(&error.to_string())),
            (ClientError::NotAuthorized { .. }, Err(reason)) => {
                Some(render::render_tls_required(&reason.to_string()))
            }
            (ClientError::NotAuthorized { .. }, Ok(_)) => {
                Some(render::TLS_REQUIRED_DEFERRED.to_owned())
            }
            _ => None,
        }
    }
}

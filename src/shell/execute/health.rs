//! HEALTH.

use std::time::Duration;

use tokio::time::timeout;

use crate::client::{ConnectOptions, Questions, Retries};
use crate::cluster::state::{ClusterState, Health, UnknownCause};

use super::super::Shell;
use super::super::outcome::{Failure, HealthReport, Outcome};
use super::others::ANSWER_LIMIT;
use super::out_of_time;

/// Memory, but not backups, for which data nodes take their time.
const QUESTIONS: Questions = Questions {
    backups: false,
    memory: true,
};

impl Shell {
    /// Whatever goes wrong is an answer, too: UNKNOWN.
    pub(super) async fn health(&mut self) -> Outcome {
        let limits = self.settings.memory_limits;
        let limit = self.settings.limits.command;
        let examined = tokio::select! {
            examined = self.examine() => examined,
            limit = out_of_time(limit) => Err(no_answer(limit)),
        };
        let (health, state) = match examined {
            Ok(state) => (state.health(limits), Some(state)),
            Err(cause) => (Health::unknown(cause), None),
        };
        Outcome::Health(Box::new(HealthReport {
            health,
            state,
            limits,
        }))
    }

    async fn examine(&mut self) -> Result<ClusterState, UnknownCause> {
        let limit = self.settings.connect.timeout.min(ANSWER_LIMIT);
        let ready = timeout(limit, Box::pin(self.prepare_once())).await;
        match ready {
            Ok(ready) => ready.map_err(cause_of_failure)?,
            Err(_) => {
                self.session = None;
                return Err(no_answer(limit));
            }
        }
        let seen = Box::pin(self.look_around(QUESTIONS)).await;
        seen.map(|seen| seen.state)
            .map_err(|error| UnknownCause::from(&error))
    }

    /// A connection that answers; each server of the connect string is tried once.
    async fn prepare_once(&mut self) -> Result<(), Failure> {
        if let Some(session) = &mut self.session
            && session.check_connection().await.is_ok()
        {
            return Ok(());
        }
        self.session = None;
        let options = ConnectOptions {
            retries: Retries::Attempts(1),
            timeout: self.settings.connect.timeout.min(ANSWER_LIMIT),
            ..self.settings.connect.clone()
        };
        self.connect_with(options).await
    }
}

fn no_answer(limit: Duration) -> UnknownCause {
    UnknownCause::NoAnswer(format!("no answer within {} s", limit.as_secs()))
}

fn cause_of_failure(failure: Failure) -> UnknownCause {
    match failure {
        Failure::Unreachable { error, .. } | Failure::Request { error, .. } => {
            UnknownCause::from(&error)
        }
        Failure::ConnectOutOfTime(limit) => no_answer(limit),
        Failure::NoValidCertificate => {
            UnknownCause::NotAuthorized("this client has no valid certificate".to_owned())
        }
        _ => UnknownCause::NoContact("the connection was lost".to_owned()),
    }
}

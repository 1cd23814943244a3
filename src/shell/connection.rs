//! The main connection: made when a command first needs it, checked before every command.

use std::io::{self, IsTerminal};

use crate::client::{self, ClientError, ConnectOptions, ConnectProgress, Session};
use crate::cluster::ConnectString;

use super::events::{EventFeed, NoFeed};
use super::execute::out_of_time;
use super::outcome::{Attempt, Failure};
use super::{Shell, render};

impl Shell {
    /// Makes sure that there is a main connection that answers; connects if there is none or it
    /// died (management protocol, 3.1).
    pub(super) async fn prepare(&mut self) -> Result<(), Failure> {
        if let Some(session) = &mut self.session
            && session.check_connection().await.is_ok()
        {
            return Ok(());
        }
        self.session = None;
        self.connect().await?;
        if let Some(session) = &mut self.session
            && let Err(error) = session.check_connection().await
        {
            self.session = None;
            return Err(Attempt::Connection.failed()(error));
        }
        Ok(())
    }

    /// Makes the main connection and, at the prompt, the event connection.
    pub(super) async fn connect(&mut self) -> Result<(), Failure> {
        let options = self.settings.connect.clone();
        self.connect_with(options).await
    }

    /// The same with other limits, which do not stay.
    pub(super) async fn connect_with(
        &mut self,
        mut options: ConnectOptions,
    ) -> Result<(), Failure> {
        if self.settings.tls.is_hopeless() {
            return Err(Failure::NoValidCertificate);
        }
        options.tls = self.settings.tls.policy();
        self.settings.connect.tls = options.tls.clone();
        let output = self.output.clone();
        let mut advised = self.advised;
        let mut is_unresolvable = false;
        let mut line_is_open = false;
        let mut tell = |progress| {
            line_is_open = matches!(
                progress,
                ConnectProgress::RetriesBegin { .. } | ConnectProgress::Retry { .. }
            );
            output.talk(&render::render_connect_progress(&progress));
            is_unresolvable |= matches!(progress, ConnectProgress::Unresolvable { .. });
            if matches!(progress, ConnectProgress::FirstPassFailed { .. })
                && !advised
                && io::stderr().is_terminal()
            {
                output.advise(render::SIM_ADVICE);
                advised = true;
            }
        };
        let connecting = client::connect_with_progress(&options, &mut tell);
        let limit = self.settings.limits.connect;
        let connected = tokio::select! {
            connected = connecting => connected,
            limit = out_of_time(limit) => {
                if line_is_open {
                    self.output.talk("\n");
                }
                return Err(Failure::ConnectOutOfTime(limit));
            }
        };
        self.advised = advised;
        let session = connected.map_err(|error| match error {
            ClientError::Unreachable { .. } => Failure::Unreachable {
                error,
                // Who mistyped a name has a cluster.
                hint: !is_unresolvable && !std::mem::replace(&mut self.advised, true),
            },
            error => Attempt::Connection.failed()(error),
        })?;
        // Who had a server does not look for a cluster to try.
        self.advised = true;
        if self.has_prompt() && !self.has_events() {
            self.open_feed(&session).await;
        }
        if self.has_prompt() || self.settings.verbose > 0 {
            self.output.talk(&render::render_connected(
                session.host(),
                session.port(),
                session.is_tls(),
            ));
        }
        self.last_server = Some(session.server().address.clone());
        self.warn_of_cleartext(&session);
        self.session = Some(session);
        Ok(())
    }

    /// The event connection of the prompt is there and shows signs of life.
    pub(super) fn has_events(&self) -> bool {
        self.feed.as_ref().is_some_and(EventFeed::is_running)
    }

    /// Makes the event connection anew, as the main connection is now.
    pub(super) async fn reopen_feed(&mut self) {
        if let Some(session) = self.session.take() {
            self.open_feed(&session).await;
            self.session = Some(session);
        }
    }

    /// How the event connection is protected; none: there is none.
    pub(super) fn feed_is_tls(&self) -> Option<bool> {
        match &self.feed {
            Some(feed) if feed.is_running() => Some(feed.is_tls()),
            // The original leaves it open, and says so.
            _ => self.feed_needs_tls.then_some(false),
        }
    }

    async fn open_feed(&mut self, session: &Session) {
        self.feed = None;
        self.feed_needs_tls = false;
        let server = self.same_server(session);
        match EventFeed::open(&server, self.settings.connect.clone(), self.output.clone()).await {
            Ok(feed) => self.feed = Some(feed),
            Err(NoFeed::NeedsTls) => {
                self.feed_needs_tls = true;
                self.output.talk(&render::render_events_need_tls());
            }
            Err(NoFeed::Failed(error)) => self.output.talk(&render::render_events_unavailable(
                error.number(),
                &error.description(),
            )),
        }
    }

    /// How to reach the server of the main connection once more.
    pub(super) fn same_server(&self, session: &Session) -> ConnectOptions {
        ConnectOptions {
            connect_string: ConnectString {
                node_id: 0,
                hosts: vec![session.server().clone()],
            },
            tls: self.settings.tls.policy_beside(session),
            ..self.settings.connect.clone()
        }
    }

    /// Drops the connection if it does not answer any more.
    pub(super) async fn check_after_error(&mut self) {
        if let Some(session) = &mut self.session
            && session.check_connection().await.is_err()
        {
            self.session = None;
        }
    }
}

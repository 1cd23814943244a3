//! The step of a rolling restart that restarts a management server.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::client::{ClientError, ConnectOptions, Session, Surroundings, connect};
use crate::cluster::state::{AwaitedState, Sighting};
use crate::cluster::{ConnectHost, NodeId, NodeStatus, RestartOptions, StopOptions};
use crate::command::RollingRestart;

use super::super::interrupt::Interrupts;
use super::super::outcome::{RollFault, Step};
use super::super::{Shell, render};
use super::lookout::INTERVAL;
use super::rolling::{Patience, StepFault};

impl Shell {
    /// A connection to the server ends when it leaves; it is back when it answers to its id again.
    pub(super) async fn roll_server(
        &mut self,
        server: NodeId,
        rolling: &RollingRestart,
        seen: &Surroundings,
        limit: Duration,
        interrupts: Option<&Interrupts>,
    ) -> Result<(), StepFault> {
        let deadline = Instant::now() + limit;
        let options = self.options_for(server, seen)?;
        let mut witness = Some(connect_to(&options, server).await?);
        self.order_server(server, rolling).await?;
        let patience = Patience::new(interrupts);
        let mut is_started = !rolling.stop_only;
        loop {
            tokio::select! {
                () = sleep(INTERVAL) => {}
                () = patience.first() => self.output.advise(render::ROLL_ENDS_AFTER_STEP),
                () = patience.second() => return Err(RollFault::Abandoned.into()),
            }
            if let Some(session) = &mut witness {
                if session.check_connection().await.is_err() {
                    witness = None;
                    self.sighted(Sighting::Left(server));
                }
            } else if !is_started {
                is_started = true;
                self.after_stop(&[server], deadline, &patience).await?;
            } else if connect_to(&options, server).await.is_ok() {
                self.sighted(Sighting::Arrived(server));
                return Ok(());
            }
            if Instant::now() >= deadline {
                let has_left = witness.is_none();
                let status = has_left.then_some(NodeStatus::NoContact);
                return Err(StepFault::from(RollFault::NotBack {
                    nodes: vec![(server, status, has_left)],
                    limit,
                }));
            }
        }
    }

    fn sighted(&self, sighting: Sighting) {
        self.step(Step::Sighted(sighting, AwaitedState::Started));
    }

    /// How to reach this server and no other.
    fn options_for(
        &self,
        server: NodeId,
        seen: &Surroundings,
    ) -> Result<ConnectOptions, RollFault> {
        let lost = || RollFault::NoSuchServer(format!("where server {server} listens is unknown"));
        let session = self.session.as_ref().ok_or_else(lost)?;
        let at: ConnectHost = match seen.own == Some(server) {
            true => session.server().clone(),
            false => {
                let mut known = seen.servers.iter();
                let (_, address) = known.find(|(id, _)| *id == server).ok_or_else(lost)?;
                ConnectHost {
                    address: address.clone(),
                    bind_address: None,
                }
            }
        };
        let limit = self.settings.connect.timeout;
        Ok(self.options_for_servers(session, limit).to_host(at))
    }

    async fn order_server(
        &mut self,
        server: NodeId,
        rolling: &RollingRestart,
    ) -> Result<(), RollFault> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        let ordered = match rolling.stop_only {
            true => {
                let stopped = session.stop(&[server], StopOptions::default()).await;
                stopped.map(|stopped| stopped.disconnect)
            }
            false => {
                let restarted = session.restart(&[server], RestartOptions::default()).await;
                restarted.map(|restarted| restarted.disconnect)
            }
        };
        match ordered {
            Ok(true) => self.session = None,
            Ok(false) => {}
            // It may have gone before its answer left.
            Err(error) if error.is_unanswered() => self.session_lost(&error),
            Err(error) => return Err(RollFault::Refused(error)),
        }
        Ok(())
    }
}

async fn connect_to(options: &ConnectOptions, server: NodeId) -> Result<Session, RollFault> {
    let connected = async {
        let mut session = connect(options).await?;
        let id = session.get_mgmd_nodeid().await?;
        Ok::<_, ClientError>((session, id))
    };
    match connected.await {
        Ok((session, id)) if id == server => Ok(session),
        Ok((_, id)) => {
            let hosts = options.connect_string.hosts.iter();
            let at: Vec<String> = hosts.map(|host| host.address.to_string()).collect();
            let text = format!("{} is management server {id}, not {server}", at.join(","));
            Err(RollFault::NoSuchServer(text))
        }
        Err(error) => Err(RollFault::NoServer(error)),
    }
}

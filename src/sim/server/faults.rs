//! Faults that come at their time: nodes that fail, management servers that go and come back.

use std::io;
use std::time::Duration;

use super::super::fault::{FaultAction, FaultPlan, Trigger};
use super::super::listener::listen_again;
use super::super::model::Now;
use super::Loop;
use crate::cluster::NodeId;

/// How long a management server that is started again tries to get its port, and how often.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);
const LISTEN_INTERVAL: Duration = Duration::from_millis(20);

/// Something that happens at its time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    Fault(FaultAction),
    /// A management server takes its port again, which may be free only now.
    Listen {
        server: NodeId,
        /// Given up then.
        until: Now,
    },
}

/// True for the server that a fault names, and for each if it names none.
fn is_named(named: Option<NodeId>, server: NodeId) -> bool {
    named.is_none_or(|named| named == server)
}

impl Loop {
    /// Faults that are added while the simulator runs; times after the start count from now on.
    pub(super) fn add_faults(&mut self, plan: FaultPlan) {
        let now = self.now();
        for (trigger, action) in plan.timed {
            match trigger {
                Trigger::AfterStart(time) => self.timed.push((now + time, Due::Fault(action))),
                Trigger::InBackup(_) | Trigger::InRestart(..) => {
                    self.faults.timed.push((trigger, action));
                }
            }
        }
        self.faults.lost_events.extend(plan.lost_events);
        self.faults.replies.extend(plan.replies);
    }

    pub(super) fn start_faults(&mut self, now: Now) {
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.timed)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.timed = later;
        for (_, due) in due {
            if let Due::Fault(action) = due {
                (self.narrate)(&format!("fault: {action}"));
            }
            match due {
                Due::Fault(FaultAction::FailNode(node)) => self.cluster.fail_node(node, now),
                Due::Fault(FaultAction::LaunchNode(node)) => {
                    self.cluster.launch_node(node, true, now);
                }
                Due::Fault(FaultAction::KillServer(named)) => self.kill_servers(named),
                Due::Fault(FaultAction::StartServer(named)) => {
                    let killed = self.killed.clone();
                    for server in killed.into_iter().filter(|server| is_named(named, *server)) {
                        self.start_server(server, now, now + LISTEN_TIMEOUT);
                    }
                }
                Due::Listen { server, until } => self.start_server(server, now, until),
            }
        }
    }

    /// The management servers' processes are gone: nobody says a word more.
    fn kill_servers(&mut self, named: Option<NodeId>) {
        for (server, accepting) in self
            .accepting
            .extract_if(.., |server, _| is_named(named, *server))
        {
            accepting.abort();
            self.killed.insert(server);
            self.cluster.kill_server(server);
        }
        self.connections.retain(|_, connection| {
            let is_dead = is_named(named, connection.server);
            if is_dead {
                connection.task.abort();
            }
            !is_dead
        });
    }

    /// A killed management server's process is started again.
    fn start_server(&mut self, server: NodeId, now: Now, until: Now) {
        let address = self.addresses.get(&server).copied();
        let Some(address) = address.filter(|_| self.killed.contains(&server)) else {
            return;
        };
        match listen_again(address) {
            Ok(listener) => {
                self.killed.remove(&server);
                self.cluster.start_server(server, now);
                self.serve(server, listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && now < until => {
                let again = Due::Listen { server, until };
                self.timed.push((now + LISTEN_INTERVAL, again));
            }
            Err(error) => {
                (self.narrate)(&format!(
                    "management server {server} cannot listen at {address}: {error}"
                ));
            }
        }
    }

    pub(super) fn arm_backup_faults(&mut self) {
        self.arm_faults(|trigger| match trigger {
            Trigger::InBackup(time) => Some(time),
            Trigger::InRestart(..) | Trigger::AfterStart(_) => None,
        });
    }

    pub(super) fn arm_restart_faults(&mut self, node: NodeId) {
        self.arm_faults(|trigger| match trigger {
            Trigger::InRestart(of, time) if of == node => Some(time),
            Trigger::InRestart(..) | Trigger::InBackup(_) | Trigger::AfterStart(_) => None,
        });
    }

    fn arm_faults(&mut self, after: impl Fn(Trigger) -> Option<Duration>) {
        let now = self.now();
        for (trigger, action) in &self.faults.timed {
            if let Some(time) = after(*trigger) {
                self.timed.push((now + time, Due::Fault(*action)));
            }
        }
    }
}

//! The data nodes' diagnostics: DUMP, NODELOG DEBUG, LOG, TESTON and TESTOFF.

use crate::cluster::NodeId;
use crate::command::Target;

use super::super::Shell;
use super::super::outcome::{Attempt, Failure, Outcome, Step};

/// Dump codes that switch a data node's debug log on and off.
const NODELOG_DEBUG_ON: u32 = 103_001;
const NODELOG_DEBUG_OFF: u32 = 103_002;

impl Shell {
    pub(super) async fn node_log_debug(
        &mut self,
        target: Target,
        on: bool,
    ) -> Result<Outcome, Failure> {
        let code = if on {
            NODELOG_DEBUG_ON
        } else {
            NODELOG_DEBUG_OFF
        };
        for node in self.nodes_of(target).await? {
            self.dump_state(node, &[code]).await?;
        }
        Ok(Outcome::Done)
    }

    pub(super) async fn dump(&mut self, target: Target, words: &[u32]) -> Result<Outcome, Failure> {
        for node in self.nodes_of(target).await? {
            self.step(Step::Dumping(words.to_vec()));
            self.dump_state(node, words).await?;
        }
        Ok(Outcome::Done)
    }

    async fn dump_state(&mut self, node: NodeId, words: &[u32]) -> Result<(), Failure> {
        let dumped = self.session()?.dump_state(node, words).await;
        dumped.map_err(Attempt::Dump.failed())
    }

    pub(super) async fn log_signals(&mut self, target: Target) -> Result<Outcome, Failure> {
        for node in self.nodes_of(target).await? {
            let logged = self.session()?.log_signals(node, true, true, "").await;
            logged.map_err(Attempt::LogSignals(node).failed())?;
        }
        Ok(Outcome::Done)
    }

    pub(super) async fn signal_log(
        &mut self,
        target: Target,
        on: bool,
    ) -> Result<Outcome, Failure> {
        for node in self.nodes_of(target).await? {
            let session = self.session()?;
            let switched = match on {
                true => session.start_signallog(node).await,
                false => session.stop_signallog(node).await,
            };
            switched.map_err(Attempt::SignalLog { on }.failed())?;
        }
        Ok(Outcome::Done)
    }
}

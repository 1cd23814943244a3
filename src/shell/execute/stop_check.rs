//! OK TO STOP.

use crate::cluster::state::ClusterState;
use crate::cluster::{NodeId, ReportKind};

use super::super::Shell;
use super::super::outcome::{Failure, Outcome};

impl Shell {
    pub(super) async fn ok_to_stop(&mut self, nodes: Vec<NodeId>) -> Result<Outcome, Failure> {
        let mut state = ClusterState::new(self.all_nodes().await?, None);
        if let Some(unknown) = nodes.iter().find(|id| state.node(**id).is_none()) {
            return Err(Failure::NodeNotFound(*unknown));
        }
        let nodes = nodes.into_iter().collect();
        let mut verdict = state.may_stop(&nodes);
        if verdict.is_ok() {
            let asked = self.session()?.dump_events(ReportKind::BackupStatus, &[]);
            if let Ok(events) = asked.await {
                state = state.with_backup_status(&events);
                verdict = state.may_stop(&nodes);
            }
        }
        Ok(Outcome::StopVerdict(verdict))
    }
}

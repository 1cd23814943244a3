//! SHOW and STATUS.

use crate::cluster::NodeType;
use crate::command::Target;

use super::super::Shell;
use super::super::outcome::{Attempt, Failure, Outcome};

impl Shell {
    pub(super) async fn show(&mut self) -> Result<Outcome, Failure> {
        let session = self.session()?;
        let nodes = session.get_status(None).await;
        let nodes = nodes.map_err(Attempt::Status.failed())?;
        let configured = session.get_config_nodes().await;
        let hosts = configured
            .map_err(Attempt::Configuration.failed())?
            .into_iter()
            .map(|known| (known.node, known.host_name))
            .collect();
        Ok(Outcome::Show { nodes, hosts })
    }

    pub(super) async fn status(&mut self, target: Target) -> Result<Outcome, Failure> {
        let session = self.session()?;
        match target {
            Target::All => {
                let nodes = session.get_status(Some(vec![NodeType::Ndb])).await;
                nodes.map(Outcome::Status).map_err(Attempt::Status.failed())
            }
            Target::Node(id) => {
                let found = session.get_node_status(id).await;
                found
                    .map_err(Attempt::NodeStatus(id).failed())?
                    .map(|node| Outcome::Status(vec![node]))
                    .ok_or(Failure::NodeNotFound(id))
            }
        }
    }
}

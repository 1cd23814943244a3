//! SHOW and STATUS.

use crate::cli::Exit;
use crate::cluster::NodeType;
use crate::command::Target;

use super::super::{Shell, render};

impl Shell {
    pub(super) async fn show(&mut self) -> Result<(), Exit> {
        let nodes = match self.session()?.get_status(None).await {
            Ok(nodes) => nodes,
            Err(error) => return Err(self.fail(render::STATUS_UNAVAILABLE, &error).await),
        };
        let configured = match self.session()?.get_config_nodes().await {
            Ok(nodes) => nodes,
            Err(error) => return Err(self.fail(render::CONFIG_UNAVAILABLE, &error).await),
        };
        let text = render::render_show(&nodes, |node| {
            let index = configured.binary_search_by_key(&node, |known| known.node);
            Some(configured[index.ok()?].host_name.as_str())
        });
        self.output.print(&text);
        Ok(())
    }

    pub(super) async fn status(&mut self, target: Target) -> Result<(), Exit> {
        match target {
            Target::All => {
                let types = Some(vec![NodeType::Ndb]);
                match self.session()?.get_status(types).await {
                    Ok(nodes) => {
                        let text: String = nodes.iter().map(render::render_status).collect();
                        self.output.print(&text);
                        Ok(())
                    }
                    Err(error) => Err(self.fail(render::STATUS_UNAVAILABLE, &error).await),
                }
            }
            Target::Node(id) => {
                let nodes = match self.session()?.get_status(None).await {
                    Ok(nodes) => nodes,
                    Err(error) => {
                        let text = render::render_node_status_unavailable(id);
                        return Err(self.fail(&text, &error).await);
                    }
                };
                let Some(node) = nodes.iter().find(|node| node.node == id) else {
                    self.output.print(&render::render_node_not_found(id));
                    return Err(Exit::CommandFailed);
                };
                self.output.print(&render::render_status(node));
                Ok(())
            }
        }
    }
}

//! Single user mode, nodegroups, sessions, TLS, and CONNECT.

use crate::cli::Exit;
use crate::cluster::{ConnectString, NodeId, Nodegroup};

use super::super::{Shell, render};

/// Client error: TLS cannot be started (management protocol, `start tls`).
const TLS_ERROR: u32 = 1014;

impl Shell {
    pub(super) async fn enter_single_user_mode(&mut self, node: NodeId) -> Result<(), Exit> {
        match self.session()?.enter_single_user(node).await {
            Ok(()) => {
                self.output.print(&render::render_single_user_entered(node));
                Ok(())
            }
            Err(error) => {
                let text = render::render_single_user_refused(node);
                Err(self.fail(&text, &error).await)
            }
        }
    }

    pub(super) async fn exit_single_user_mode(&mut self) -> Result<(), Exit> {
        match self.session()?.exit_single_user().await {
            Ok(()) => {
                self.output.print(render::SINGLE_USER_EXITING);
                Ok(())
            }
            Err(error) => Err(self.fail(render::SINGLE_USER_EXIT_FAILED, &error).await),
        }
    }

    pub(super) async fn create_nodegroup(&mut self, nodes: &[NodeId]) -> Result<(), Exit> {
        match self.session()?.create_nodegroup(nodes).await {
            Ok(nodegroup) => {
                self.output
                    .print(&render::render_nodegroup_created(nodegroup));
                Ok(())
            }
            Err(error) => Err(self.fail("", &error).await),
        }
    }

    pub(super) async fn drop_nodegroup(&mut self, nodegroup: Nodegroup) -> Result<(), Exit> {
        match self.session()?.drop_nodegroup(nodegroup).await {
            Ok(()) => {
                self.output
                    .print(&render::render_nodegroup_dropped(nodegroup));
                Ok(())
            }
            Err(error) => Err(self.fail("", &error).await),
        }
    }

    pub(super) async fn purge_stale_sessions(&mut self) -> Result<(), Exit> {
        match self.session()?.purge_stale_sessions().await {
            Ok(purged) => {
                self.output
                    .print(&render::render_sessions_purged(purged.as_deref()));
                Ok(())
            }
            Err(_) => {
                self.output.print(render::PURGE_FAILED);
                Err(Exit::CommandFailed)
            }
        }
    }

    pub(super) async fn tls_info(&mut self) -> Result<(), Exit> {
        let events = self.feed.as_ref().is_some_and(|feed| feed.is_running());
        self.output.print(&render::render_tls_connections(events));
        let certificates = match self.session()?.list_certs().await {
            Ok(certificates) => certificates,
            Err(error) => return Err(self.fail(render::TLS_INFO_FAILED, &error).await),
        };
        let stats = match self.session()?.get_tls_stats().await {
            Ok(stats) => stats,
            Err(error) => return Err(self.fail(render::TLS_INFO_FAILED, &error).await),
        };
        self.output
            .print(&render::render_tls_info(&certificates, &stats));
        Ok(())
    }

    /// This client has no certificate, without which the original asks the server nothing.
    pub(super) async fn start_tls(&mut self) -> Result<(), Exit> {
        self.output
            .print(&render::render_error(TLS_ERROR, "SSL CTX required"));
        self.check_after_error().await;
        Err(Exit::CommandFailed)
    }

    /// CONNECT: a new string replaces the old one for good.
    pub(super) async fn reconnect(&mut self, string: Option<String>) -> Result<(), Exit> {
        if let Some(string) = string {
            match ConnectString::parse(&string) {
                Ok(connect_string) => self.settings.connect.connect_string = connect_string,
                Err(error) => {
                    self.output
                        .print(&render::render_illegal_connect_string(&error.text));
                    return Err(Exit::CommandFailed);
                }
            }
        }
        self.disconnect();
        self.connect().await
    }
}

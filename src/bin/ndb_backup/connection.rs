//! Reaching the cluster: a management server, and what its configuration says of the data nodes.

use std::time::Duration;

use ndbmgm::cli::Exit;
use ndbmgm::client::{ClusterConfig, ConnectOptions, Retries, connect};

use crate::Failure;
use crate::options::ConnectionOptions;

impl ConnectionOptions {
    /// The same options for the management client.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("--connect-retries={}", self.connect_retries),
            format!("--connect-retry-delay={}", self.connect_retry_delay),
            format!("--request-timeout={}", self.request_timeout),
        ];
        arguments.extend(self.server.arguments());
        arguments
    }

    fn connect_options(&self) -> Result<ConnectOptions, Failure> {
        let servers = self.server.connect_string();
        let tls = self.server.tls();
        Ok(ConnectOptions {
            connect_string: servers.map_err(|error| Failure::of(Exit::BadUsage, &error))?,
            retries: Retries::from_option(self.connect_retries),
            delay: Duration::from_secs(u64::from(self.connect_retry_delay)),
            timeout: Duration::from_secs(self.request_timeout),
            tls: tls.map_err(|error| Failure::of(Exit::Failure, &error))?,
        })
    }

    /// The configuration of the cluster.
    pub(crate) fn configuration(&self) -> Result<ClusterConfig, Failure> {
        let options = self.connect_options()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::of(Exit::Failure, &error))?;
        runtime.block_on(async {
            let mut session = connect(&options)
                .await
                .map_err(|error| Failure::of(Exit::Failure, &error))?;
            let config = session.get_config().await;
            config.map_err(|error| Failure::of(Exit::Failure, &error))
        })
    }
}

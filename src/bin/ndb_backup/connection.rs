//! Reaching the cluster: a management server, and what its configuration says of the data nodes.

use std::time::Duration;

use ndbmgm::cli::Exit;
use ndbmgm::client::{ClusterConfig, ConnectOptions, Retries, TlsPolicy, Verification, connect};
use ndbmgm::cluster::ConnectString;
use ndbmgm::tls::SearchPath;

use crate::Failure;
use crate::options::{ConnectionOptions, Tls, TlsVerify};

impl Tls {
    fn word(self) -> &'static str {
        match self {
            Tls::Relaxed => "relaxed",
            Tls::Strict => "strict",
        }
    }
}

impl ConnectionOptions {
    /// The same options for the management client.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("--connect-retries={}", self.connect_retries),
            format!("--connect-retry-delay={}", self.connect_retry_delay),
            format!("--request-timeout={}", self.request_timeout),
            format!("--ndb-mgm-tls={}", self.ndb_mgm_tls.word()),
            format!("--ndb-tls-search-path={}", self.ndb_tls_search_path),
            format!(
                "--ndb-tls-verify={}",
                match self.ndb_tls_verify {
                    TlsVerify::Full => "full",
                    TlsVerify::Ca => "ca",
                }
            ),
        ];
        if let Some(string) = &self.connect_string {
            arguments.push(format!("--ndb-connectstring={string}"));
        }
        arguments
    }

    fn connect_options(&self) -> Result<ConnectOptions, Failure> {
        let variable = std::env::var("NDB_CONNECTSTRING").ok();
        let connect_string =
            ConnectString::choose(self.connect_string.as_deref(), variable.as_deref())
                .map_err(|error| Failure::of(Exit::BadUsage, &error))?;
        Ok(ConnectOptions {
            connect_string,
            retries: Retries::from_option(self.connect_retries),
            delay: Duration::from_secs(u64::from(self.connect_retry_delay)),
            timeout: Duration::from_secs(self.request_timeout),
            tls: self.tls()?,
        })
    }

    fn tls(&self) -> Result<TlsPolicy, Failure> {
        let path = SearchPath::from_environment(&self.ndb_tls_search_path);
        let verification = match self.ndb_tls_verify {
            TlsVerify::Full => Verification::Full,
            TlsVerify::Ca => Verification::Ca,
        };
        let is_required = self.ndb_mgm_tls == Tls::Strict;
        TlsPolicy::unattended(&path, is_required, verification)
            .map_err(|error| Failure::of(Exit::Failure, &error))
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

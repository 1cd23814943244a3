//! A session with a management server.
//!
//! [`connect`] walks over a connect string and gives a [`Session`], whose methods are the
//! requests of the management protocol, one for one, with typed results:
//!
//! | method | request |
//! |---|---|
//! | [`check_connection`](Session::check_connection) | `check connection` |
//! | [`server_version`](Session::server_version) | `get version`, `set clientversion` |
//! | [`start_backup`](Session::start_backup), [`abort_backup`](Session::abort_backup) | `start backup`, `abort backup` |
//! | [`dump_events`](Session::dump_events), [`dump_saved_events`](Session::dump_saved_events) | `dump events` |
//! | [`listen_to`](Session::listen_to) | `listen event` |
//! | [`get_status`](Session::get_status) | `get status` |
//! | [`get_node_status`](Session::get_node_status) | `get status`, of one node |
//! | [`stop`](Session::stop), [`stop_all`](Session::stop_all) | `stop v2` or `stop`, `stop all` |
//! | [`restart`](Session::restart), [`restart_all`](Session::restart_all) | `restart node v2` or `restart node`, `restart all` |
//! | [`start`](Session::start), [`start_all`](Session::start_all) | `start`, `start all` |
//! | [`enter_single_user`](Session::enter_single_user), [`exit_single_user`](Session::exit_single_user) | `enter single user`, `exit single user` |
//! | [`create_nodegroup`](Session::create_nodegroup), [`drop_nodegroup`](Session::drop_nodegroup) | `create nodegroup`, `drop nodegroup` |
//! | [`dump_state`](Session::dump_state), [`insert_error`](Session::insert_error), [`set_trace`](Session::set_trace) | `dump state`, `insert error`, `set trace` |
//! | [`log_signals`](Session::log_signals), [`start_signallog`](Session::start_signallog), [`stop_signallog`](Session::stop_signallog) | `log signals`, `start signallog`, `stop signallog` |
//! | [`get_info_clusterlog`](Session::get_info_clusterlog), [`set_logfilter`](Session::set_logfilter) | `get info clusterlog`, `set logfilter` |
//! | [`get_cluster_loglevel`](Session::get_cluster_loglevel), [`set_cluster_loglevel`](Session::set_cluster_loglevel), [`set_loglevel`](Session::set_loglevel) | `get cluster loglevel`, `set cluster loglevel`, `set loglevel` |
//! | [`get_config`](Session::get_config), [`get_config_nodes`](Session::get_config_nodes), [`get_layout`](Session::get_layout), [`get_config_from`](Session::get_config_from) | `get config_v2` |
//! | [`set_config`](Session::set_config), [`reload_config`](Session::reload_config) | `set config_v2`, `reload config` |
//! | [`show_config`](Session::show_config), [`show_variables`](Session::show_variables) | `show config`, `show variables` |
//! | [`set_parameter`](Session::set_parameter) | `set parameter` |
//! | [`set_connection_parameter`](Session::set_connection_parameter), [`get_connection_parameter`](Session::get_connection_parameter) | `set connection parameter`, `get connection parameter` |
//! | [`set_ports`](Session::set_ports) | `set ports` |
//! | [`get_nodeid`](Session::get_nodeid), [`get_mgmd_nodeid`](Session::get_mgmd_nodeid) | `get nodeid`, `get mgmd nodeid` |
//! | [`list_sessions`](Session::list_sessions), [`get_session`](Session::get_session) | `list sessions`, `get session` |
//! | [`get_session_id`](Session::get_session_id), [`purge_stale_sessions`](Session::purge_stale_sessions) | `get session id`, `purge stale sessions` |
//! | [`list_certs`](Session::list_certs), [`get_tls_stats`](Session::get_tls_stats) | `list certs`, `get tls stats` |
//! | [`report_event`](Session::report_event) | `report event` |
//! | [`end_session`](Session::end_session), [`bye`](Session::bye) | `end session`, `bye` |
//! | none: for servers older than 8.0.18 | `get config`, `set config` |
//! | [`start_tls`](Session::start_tls) | `start tls` |
//! | none: it turns the connection into a data node's | `transporter connect` |
//!
//! ```no_run
//! use ndbmgm::client::{ConnectOptions, connect};
//! use ndbmgm::cluster::ConnectString;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let options = ConnectOptions::once(ConnectString::parse("mgm1,mgm2:1187")?);
//! let mut session = connect(&options).await?;
//! for node in session.get_status(None).await? {
//!     println!("{} {:?} {:?}", node.node, node.node_type, node.status);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Every wait has a limit: a server that stalls, closes, or sends what is no protocol ends the
//! request with one [`ClientError`].

mod backup;
mod configuration;
mod connect;
mod diagnostics;
mod error;
mod events;
mod layout;
mod logs;
#[cfg(test)]
mod mock;
mod nodes;
mod session;
mod start_tls;
mod status;
mod surroundings;
#[cfg(test)]
mod tests;
mod tls;
mod transport;

pub use backup::StartBackupOptions;
pub use connect::{
    ConnectOptions, ConnectProgress, DEFAULT_TIMEOUT, Retries, connect, connect_with_progress,
};
pub use error::{ClientError, TlsError};
pub use events::{EventStream, SILENCE_LIMIT};
pub use layout::ConfiguredLayout;
pub use logs::ClusterLogFilter;
pub use nodes::{Restarted, Stopped};
pub use session::{NodeIdRequest, Session};
pub use start_tls::HANDSHAKE_LIMIT;
pub use surroundings::{Questions, Surroundings};
pub use tls::{ClientTls, TlsPolicy, Verification};

pub use crate::wire::config::ClusterConfig;
pub use crate::wire::{Certificate, NodeState, SessionState, TlsStatsReply as TlsStats};

//! What each request is answered by.

use super::nodes::Restart;
use super::{Cluster, Now, SessionId};
use crate::wire::{
    BackupRequest, ConfigurationRequest, DiagnosticsRequest, EventsRequest, LogsRequest,
    NodesRequest, Reply, Request, SessionRequest, StatusRequest,
};

impl Cluster {
    /// One match over all requests, noun by noun: the table of contents of the management
    /// server.
    pub(super) fn dispatch(&mut self, session: SessionId, request: Request, now: Now) {
        match request {
            Request::Session(request) => self.session_request(session, request),
            Request::Status(StatusRequest::GetStatus { types }) => {
                self.get_status(session, types.as_deref());
            }
            Request::Backup(request) => self.backup_request(session, request, now),
            Request::Nodes(request) => self.nodes_request(session, request, now),
            Request::Events(request) => self.events_request(session, request, now),
            Request::Logs(request) => self.logs_request(session, request),
            Request::Diagnostics(request) => self.diagnostics_request(session, request, now),
            Request::Configuration(request) => self.configuration_request(session, request),
        }
    }

    fn session_request(&mut self, session: SessionId, request: SessionRequest) {
        match request {
            SessionRequest::CheckConnection => self.done(session, "check connection"),
            SessionRequest::GetVersion => self.get_version(session),
            SessionRequest::SetClientVersion { version } => {
                self.set_client_version(session, version)
            }
            SessionRequest::GetMgmdNodeid => self.get_mgmd_nodeid(session),
            SessionRequest::GetNodeid {
                node_type,
                node,
                endian,
                log_event,
                ..
            } => self.get_nodeid(session, (node_type, node), endian.as_deref(), log_event),
            SessionRequest::StartTls => self.start_tls(session),
            SessionRequest::EndSession => self.reply(session, Reply::EndSession),
            SessionRequest::Bye | SessionRequest::TransporterConnect => self.close_session(session),
            SessionRequest::ListSessions => self.list_sessions(session),
            SessionRequest::GetSessionId => self.get_session_id(session),
            SessionRequest::GetSession { id } => self.get_session(session, id),
            SessionRequest::PurgeStaleSessions => self.done(session, "purge stale sessions"),
            SessionRequest::ListCerts => self.list_certs(session),
            SessionRequest::GetTlsStats => self.get_tls_stats(session),
        }
    }

    fn backup_request(&mut self, session: SessionId, request: BackupRequest, now: Now) {
        match request {
            BackupRequest::StartBackup {
                wait,
                id,
                point,
                password,
            } => self.start_backup(session, wait, id, point, password, now),
            BackupRequest::AbortBackup { id } => self.abort_backup(session, id),
        }
    }

    fn nodes_request(&mut self, session: SessionId, request: NodesRequest, now: Now) {
        match request {
            NodesRequest::Stop {
                nodes,
                abort,
                force,
            } => self.stop_nodes(session, &nodes, abort, force, now),
            NodesRequest::StopAll { abort, stop } => self.stop_all(session, abort, stop, now),
            NodesRequest::RestartNode {
                nodes,
                initial,
                nostart,
                abort,
                force,
            } => {
                let restart = Restart { initial, nostart };
                self.restart_nodes(session, &nodes, restart, abort, force, now);
            }
            NodesRequest::RestartAll {
                initial,
                nostart,
                abort,
            } => self.restart_all(session, Restart { initial, nostart }, abort, now),
            NodesRequest::Start { node } => self.start_one(session, node, now),
            NodesRequest::StartAll => self.start_all(session, now),
            NodesRequest::EnterSingleUser { node } => self.enter_single_user(session, node, now),
            NodesRequest::ExitSingleUser => self.exit_single_user(session, now),
            NodesRequest::CreateNodegroup { nodes } => self.create_nodegroup(session, &nodes),
            NodesRequest::DropNodegroup { nodegroup } => self.drop_nodegroup(session, nodegroup),
        }
    }

    fn events_request(&mut self, session: SessionId, request: EventsRequest, now: Now) {
        match request {
            EventsRequest::ListenEvent { filter, parsable } => {
                self.listen_event(session, &filter, parsable);
            }
            EventsRequest::DumpEvents { kind, nodes } => {
                self.dump_events(session, kind, nodes.as_deref());
            }
            EventsRequest::ReportEvent { words } => self.report_event(session, &words, now),
        }
    }

    fn logs_request(&mut self, session: SessionId, request: LogsRequest) {
        match request {
            LogsRequest::SetLoglevel { level, .. } => self.set_loglevel(session, level),
            LogsRequest::SetClusterLoglevel {
                category, level, ..
            } => self.set_cluster_loglevel(session, category, level),
            LogsRequest::GetClusterLoglevel => self.get_cluster_loglevel(session),
            LogsRequest::GetInfoClusterlog => self.get_info_clusterlog(session),
            LogsRequest::SetLogfilter { level, enable } => {
                self.set_logfilter(session, level, enable)
            }
        }
    }

    fn diagnostics_request(&mut self, session: SessionId, request: DiagnosticsRequest, now: Now) {
        match request {
            DiagnosticsRequest::DumpState { node, args } => {
                self.dump_state(session, node, &args, now)
            }
            DiagnosticsRequest::InsertError { node, error, .. } => {
                self.insert_error(session, node, error)
            }
            DiagnosticsRequest::SetTrace { node, trace } => self.set_trace(session, node, trace),
            DiagnosticsRequest::LogSignals {
                node,
                blocks,
                r#in,
                out,
            } => self.log_signals(session, node, &blocks, (r#in, out)),
            DiagnosticsRequest::StartSignallog { node } => {
                self.node_order(session, "start signallog", node);
            }
            DiagnosticsRequest::StopSignallog { node } => {
                self.node_order(session, "stop signallog", node);
            }
        }
    }

    fn configuration_request(&mut self, session: SessionId, request: ConfigurationRequest) {
        match request {
            ConfigurationRequest::GetConfig {
                version2,
                node,
                from_node,
                ..
            } => self.get_config(session, version2, node, from_node),
            ConfigurationRequest::SetConfig {
                version2,
                length,
                content_type,
                encoding,
                body,
            } => self.set_config(session, version2, length, &content_type, &encoding, &body),
            ConfigurationRequest::ShowConfig {
                section,
                node,
                name,
            } => self.show_config(session, section.as_deref(), node, name.as_deref()),
            ConfigurationRequest::ReloadConfig {
                config_filename,
                mycnf,
                ..
            } => self.reload_config(session, config_filename.as_deref(), mycnf),
            ConfigurationRequest::ShowVariables => self.show_variables(session),
            ConfigurationRequest::SetParameter {
                node,
                parameter,
                value,
            } => self.set_parameter(session, node, parameter, &value),
            ConfigurationRequest::SetConnectionParameter {
                node1,
                node2,
                param,
                value,
            } => self.set_connection_parameter(session, (node1, node2), param, value),
            ConfigurationRequest::GetConnectionParameter {
                node1,
                node2,
                param,
            } => self.get_connection_parameter(session, (node1, node2), param),
            ConfigurationRequest::SetPorts { node, ports } => self.set_ports(session, node, &ports),
        }
    }
}

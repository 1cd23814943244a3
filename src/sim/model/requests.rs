//! What each request is answered by.

use super::nodes::Restart;
use super::{Cluster, Now, SessionId};
use crate::wire::{Reply, Request};

impl Cluster {
    /// One match over all requests: the table of contents of the management server.
    pub(super) fn dispatch(&mut self, session: SessionId, request: Request, now: Now) {
        match request {
            Request::CheckConnection => self.done(session, "check connection"),
            Request::GetVersion => self.get_version(session),
            Request::SetClientVersion { version } => self.set_client_version(session, version),
            Request::GetMgmdNodeid => self.get_mgmd_nodeid(session),
            Request::StartTls => self.start_tls(session),
            Request::EndSession => self.reply(session, Reply::EndSession),
            Request::Bye | Request::TransporterConnect => self.close_session(session),
            Request::GetStatus { types } => self.get_status(session, types.as_deref()),
            Request::GetConfig {
                version2,
                node,
                from_node,
                ..
            } => self.get_config(session, version2, node, from_node),
            Request::SetConfig {
                version2,
                length,
                content_type,
                encoding,
                body,
            } => self.set_config(session, version2, length, &content_type, &encoding, &body),
            Request::StartBackup {
                wait,
                id,
                point,
                password,
            } => self.start_backup(session, wait, id, point, password, now),
            Request::AbortBackup { id } => self.abort_backup(session, id),
            Request::ListenEvent { filter, parsable } => {
                self.listen_event(session, &filter, parsable);
            }
            Request::DumpEvents { kind, nodes } => {
                self.dump_events(session, kind, nodes.as_deref());
            }
            Request::GetInfoClusterlog => self.get_info_clusterlog(session),
            Request::SetLogfilter { level, enable } => self.set_logfilter(session, level, enable),
            Request::GetClusterLoglevel => self.get_cluster_loglevel(session),
            Request::SetClusterLoglevel {
                category, level, ..
            } => self.set_cluster_loglevel(session, category, level),
            Request::SetLoglevel { level, .. } => self.set_loglevel(session, level),
            Request::ListSessions => self.list_sessions(session),
            Request::GetSessionId => self.get_session_id(session),
            Request::GetSession { id } => self.get_session(session, id),
            Request::PurgeStaleSessions => self.done(session, "purge stale sessions"),
            Request::ListCerts => self.list_certs(session),
            Request::GetTlsStats => self.get_tls_stats(session),
            Request::Stop {
                nodes,
                abort,
                force,
            } => self.stop_nodes(session, &nodes, abort, force, now),
            Request::StopAll { abort, stop } => self.stop_all(session, abort, stop, now),
            Request::RestartNode {
                nodes,
                initial,
                nostart,
                abort,
                force,
            } => {
                let restart = Restart { initial, nostart };
                self.restart_nodes(session, &nodes, restart, abort, force, now);
            }
            Request::RestartAll {
                initial,
                nostart,
                abort,
            } => self.restart_all(session, Restart { initial, nostart }, abort, now),
            Request::Start { node } => self.start_one(session, node, now),
            Request::StartAll => self.start_all(session, now),
            Request::EnterSingleUser { node } => self.enter_single_user(session, node, now),
            Request::ExitSingleUser => self.exit_single_user(session, now),
            Request::DumpState { node, args } => self.dump_state(session, node, &args, now),
            Request::InsertError { node, error, .. } => self.insert_error(session, node, error),
            Request::SetTrace { node, trace } => self.set_trace(session, node, trace),
            Request::LogSignals {
                node,
                blocks,
                r#in,
                out,
            } => self.log_signals(session, node, &blocks, (r#in, out)),
            Request::StartSignallog { node } => {
                self.node_order(session, "start signallog", node);
            }
            Request::StopSignallog { node } => {
                self.node_order(session, "stop signallog", node);
            }
            Request::CreateNodegroup { nodes } => self.create_nodegroup(session, &nodes),
            Request::DropNodegroup { nodegroup } => self.drop_nodegroup(session, nodegroup),
            Request::ReportEvent { words } => self.report_event(session, &words, now),
            Request::GetNodeid {
                node_type,
                node,
                endian,
                log_event,
                ..
            } => self.get_nodeid(session, (node_type, node), endian.as_deref(), log_event),
            Request::ShowConfig {
                section,
                node,
                name,
            } => self.show_config(session, section.as_deref(), node, name.as_deref()),
            Request::ReloadConfig {
                config_filename,
                mycnf,
                ..
            } => self.reload_config(session, config_filename.as_deref(), mycnf),
            Request::ShowVariables => self.show_variables(session),
            Request::SetParameter {
                node,
                parameter,
                value,
            } => self.set_parameter(session, node, parameter, &value),
            Request::SetConnectionParameter {
                node1,
                node2,
                param,
                value,
            } => self.set_connection_parameter(session, (node1, node2), param, value),
            Request::GetConnectionParameter {
                node1,
                node2,
                param,
            } => self.get_connection_parameter(session, (node1, node2), param),
            Request::SetPorts { node, ports } => self.set_ports(session, node, &ports),
        }
    }
}

//! Looking into data nodes, and making them fail.

use super::error::{Call, ClientError, INVALID_ARGUMENT};
use super::session::Session;
use crate::cluster::NodeId;
use crate::wire::{DiagnosticsRequest, Request};

impl Session {
    /// Sends a dump code and its arguments to a data node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn dump_state(&mut self, node: NodeId, words: &[u32]) -> Result<(), ClientError> {
        let words: Vec<String> = words.iter().map(u32::to_string).collect();
        let request = Request::Diagnostics(DiagnosticsRequest::DumpState {
            node: node.get(),
            args: words.join(" "),
        });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_dump_state");
        self.order(&request, call).await
    }

    /// Makes a data node fail on purpose.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn insert_error(
        &mut self,
        node: NodeId,
        error: u32,
        extra: Option<u32>,
    ) -> Result<(), ClientError> {
        let request = Request::Diagnostics(DiagnosticsRequest::InsertError {
            node: node.get(),
            error,
            extra,
        });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_insert_error");
        self.order(&request, call).await
    }

    /// Sets the trace number of a data node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn set_trace(&mut self, node: NodeId, trace: u32) -> Result<(), ClientError> {
        let request = Request::Diagnostics(DiagnosticsRequest::SetTrace {
            node: node.get(),
            trace,
        });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_set_trace");
        self.order(&request, call).await
    }

    /// Logs signals that a data node receives and sends; `blocks` are separated by `|`,
    /// none means all.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn log_signals(
        &mut self,
        node: NodeId,
        received: bool,
        sent: bool,
        blocks: &str,
    ) -> Result<(), ClientError> {
        let request = Request::Diagnostics(DiagnosticsRequest::LogSignals {
            node: node.get(),
            blocks: blocks.to_owned(),
            r#in: u32::from(received),
            out: u32::from(sent),
        });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_log_signals");
        self.order(&request, call).await
    }

    /// Starts the signal log of a data node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn start_signallog(&mut self, node: NodeId) -> Result<(), ClientError> {
        let request = Request::Diagnostics(DiagnosticsRequest::StartSignallog { node: node.get() });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_start_signallog");
        self.order(&request, call).await
    }

    /// Stops the signal log of a data node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn stop_signallog(&mut self, node: NodeId) -> Result<(), ClientError> {
        let request = Request::Diagnostics(DiagnosticsRequest::StopSignallog { node: node.get() });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_stop_signallog");
        self.order(&request, call).await
    }
}

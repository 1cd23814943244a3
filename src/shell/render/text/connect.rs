//! Connecting: the loop over the connect string and its result (management protocol, 2.3 and 6.4).

use crate::client::ConnectProgress;

/// `Connected to management server at localhost port 1186 (using cleartext)`.
pub(in crate::shell) fn render_connected(host: &str, port: u16, tls: bool) -> String {
    let how = if tls { "TLS" } else { "cleartext" };
    format!("Connected to management server at {host} port {port} (using {how})\n")
}

/// The event connection could not be made; the prompt works, but shows no events.
pub(in crate::shell) fn render_events_unavailable(number: u32, description: &str) -> String {
    format!(
        "Warning, event connect failed, degraded printouts as result\n\
         code: {number}, msg: {description}\n"
    )
}

/// The server wants TLS, which the event connection does not have. The original's number is that
/// of no error.
pub(in crate::shell) fn render_events_need_tls() -> String {
    let unavailable = render_events_unavailable(0, "No error");
    format!("Server requires TLS. Not starting event thread.\n{unavailable}")
}

/// For standard error: where to find a cluster to try things on.
pub(in crate::shell) const SIM_ADVICE: &str = "Hint: no management server answers there. To try ndb_mgm without a cluster, start it with --sim.\n";

/// A step of the walk over the connect string. The texts of the retries make up one line.
pub(in crate::shell) fn render_connect_progress(progress: &ConnectProgress) -> String {
    match progress {
        ConnectProgress::Unresolvable { connect_string } => {
            format!("Unable to resolve any of the address in connect string: {connect_string}\n")
        }
        ConnectProgress::FirstPassFailed { connect_string } => {
            format!("ERROR: Unable to connect with connect string: {connect_string}\n")
        }
        ConnectProgress::RetriesBegin { delay, is_finite } => {
            let ending = if *is_finite {
                ". Attempts left:"
            } else {
                ", until connected."
            };
            format!("Retrying every {} seconds{ending}", delay.as_secs())
        }
        ConnectProgress::Retry {
            attempts_left: Some(left),
        } => format!(" {left}"),
        ConnectProgress::Retry {
            attempts_left: None,
        } => ".".to_owned(),
        ConnectProgress::RetriesExhausted => ", failed.\n".to_owned(),
        ConnectProgress::ConnectedAfterRetry => "\n".to_owned(),
    }
}

/// For standard error: why the last host could not be reached.
pub(in crate::shell) fn render_unreachable(reason: &str) -> String {
    format!("Error: {reason}\n")
}

/// A connect string that has no meaning.
pub(in crate::shell) fn render_illegal_connect_string(text: &str) -> String {
    super::render_error(1001, text)
}

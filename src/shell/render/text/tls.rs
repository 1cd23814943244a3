//! TLS INFO and START TLS (management protocol, 6.6).

use crate::client::{Certificate, TlsStats};

/// For strict TLS without a certificate of our own.
pub(in crate::shell) const NO_CERTIFICATE: &str = "No valid certificate.\n";

/// How the two connections of the prompt are protected; the lines with one blank are the
/// original's.
pub(super) fn render_tls_connections(events_connected: bool) -> String {
    let events = if events_connected {
        "using cleartext"
    } else {
        "not connected"
    };
    format!(
        " \nMain interactive connection is using cleartext.\n\
         Event listener connection is {events}.\n \n"
    )
}

/// The sessions that use TLS, and the server's counts since it started.
pub(super) fn render_tls_info(certificates: &[Certificate], stats: &TlsStats) -> String {
    let mut text = format!("Server reports {} TLS connections.\n\n", certificates.len());
    for certificate in certificates {
        text.push_str(&format!(
            "  Session ID:          {}\n  Peer address:        {}\n  \
             Certificate name:    {}\n  Certificate serial:  {}\n  \
             Certificate expires: {}\n\n",
            certificate.session,
            certificate.address,
            certificate.name,
            certificate.serial,
            certificate.expires
        ));
    }
    text.push_str(&format!(
        " \n    Server statistics since restart\n  \
         Total accepted connections:        {}\n  \
         Total connections upgraded to TLS: {}\n  \
         Current connections:               {}\n  \
         Current connections using TLS:     {}\n  \
         Authorization failures:            {}\n",
        stats.accepted, stats.upgraded, stats.current, stats.tls, stats.authfail
    ));
    text
}

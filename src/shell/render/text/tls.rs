//! TLS INFO and START TLS (management protocol, 6.6).

use crate::client::{Certificate, TlsStats};

/// For strict TLS without a certificate of our own.
pub(in crate::shell) const NO_CERTIFICATE: &str = "No valid certificate.\n";

/// For standard error, after [`render_tls_warning`]'s beginning.
pub(in crate::shell) const SERVER_WITHOUT_TLS: &str = "this client has a certificate, but the management server has none: the connection is cleartext";

/// See [`SERVER_WITHOUT_TLS`].
pub(in crate::shell) const PASSWORD_IN_CLEARTEXT: &str = "the backup password goes to the \
    management server in cleartext, and others on the way can read it; TLS protects it \
    (see START TLS and --ndb-tls-search-path)";

/// For standard error: the client has a certificate, but was told to wait.
pub(in crate::shell) const TLS_REQUIRED_DEFERRED: &str = "\
Error: this management server accepts TLS only. START TLS changes the connection to it; without
       --ndb-mgm-tls=deferred that is done at once.
";

/// For standard error: the client has no certificate.
pub(in crate::shell) fn render_tls_required(reason: &str) -> String {
    format!(
        "Error: this management server accepts TLS only, and TLS cannot be used here: {reason}\n       \
         ndb_sign_keys with --node-type=api makes key and certificate; --ndb-tls-search-path says \
         where they are.\n"
    )
}

/// For standard error.
pub(in crate::shell) fn render_tls_not_used(reason: &str) -> String {
    format!("ndb_mgm: TLS is not used: {reason}\n")
}

/// For standard error.
pub(in crate::shell) fn render_tls_warning(warning: &str) -> String {
    format!("ndb_mgm: [Warning] {warning}\n")
}

/// How the two connections of the prompt are protected; the lines with one blank are the
/// original's, and so is where a full stop is missing.
pub(super) fn render_tls_connections(main_is_tls: bool, events_are_tls: Option<bool>) -> String {
    let how = |is_tls| match is_tls {
        Some(true) => "is using TLS",
        Some(false) => "is using cleartext.",
        None => "is not connected.",
    };
    format!(
        " \nMain interactive connection {}\nEvent listener connection {}\n",
        how(Some(main_is_tls)),
        how(events_are_tls)
    )
}

/// The sessions that use TLS, the last one first, and the server's counts since it started.
pub(super) fn render_tls_info(certificates: &[Certificate], stats: &TlsStats) -> String {
    let (count, plural) = match certificates.len() {
        1 => (1, ""),
        count => (count, "s"),
    };
    let mut text = format!(" \nServer reports {count} TLS connection{plural}.\n\n");
    for certificate in certificates.iter().rev() {
        text.push_str(&format!(
            "  Session ID:          {}\n  Peer address:        {}\n  \
             Certificate name:    {}\n  Certificate serial:  {}\n  \
             Certificate expires: {}\n \n",
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

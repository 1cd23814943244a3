//! Diagnostics for developers, on stderr and off by default.
//!
//! No layer of the crate logs a password, a key or the bytes of a request that carries one.

use std::io;

use tracing_subscriber::EnvFilter;

/// Environment variable with the filter, such as `debug` or `ndbmgm::client=trace`.
pub const LOG_VARIABLE: &str = "NDB_MGM_LOG";

/// Starts logging to stderr when `filter` (a program's option) or else [`LOG_VARIABLE`] asks
/// for it. A second call changes nothing; a filter that does not parse is an error text.
pub fn start_logging(filter: Option<&str>) -> Result<(), String> {
    let from_environment = std::env::var(LOG_VARIABLE).ok();
    let Some(filter) = filter.or(from_environment.as_deref()) else {
        return Ok(());
    };
    if filter.is_empty() {
        return Ok(());
    }
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| format!("'{filter}' is not a log filter: {error}"))?;
    // Fails only if a subscriber is set already, and that one then serves.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .try_init();
    Ok(())
}

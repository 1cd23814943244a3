//! Places where a test can let the program die.

/// Variable with the name of the place.
const VARIABLE: &str = "NDB_BACKUP_DIES_AT";

/// Ends the process at once if a test asked for it here; programs that are released never do.
pub(crate) fn crash_point(name: &str) {
    if cfg!(debug_assertions) && std::env::var_os(VARIABLE).is_some_and(|it| it == name) {
        std::process::abort();
    }
}

//! TOP: a live view of the cluster on the whole terminal.

#[allow(
    dead_code,
    reason = "what shows the screen on a terminal is not here yet"
)]
mod screen;

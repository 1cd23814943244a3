//! The command that ROLLING RESTART .. STOP ONLY runs once a node is down, to start it again.

use std::io;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cluster::NodeId;

/// How often it is looked whether the command has ended.
const INTERVAL: Duration = Duration::from_millis(50);

/// A terminal's Ctrl-C goes to all its programs. The first one is to let the step end well, and it
/// is in no group of its own, as it may have to ask at the terminal.
const IGNORES_CTRL_C: &str = "trap '' INT";

/// Runs the command for a node, until a moment at the latest.
///
/// Its standard output goes to our standard error; it has no standard input.
///
/// # Errors
///
/// It could not be run, did not end well, or took too long and was killed.
pub(super) async fn run(command: &str, node: NodeId, deadline: Instant) -> Result<(), String> {
    let failed = |reason: String| format!("post-stop command for node {node}: {reason}");
    let child = Command::new("sh")
        .args(["-c", &format!("{IGNORES_CTRL_C}\n{command}")])
        .env("NDB_NODE_ID", node.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::from(io::stderr()))
        .spawn();
    let mut child = Running(child.map_err(|error| failed(format!("sh: {error}")))?);
    loop {
        match child.0.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(failed(status.to_string())),
            Ok(None) if Instant::now() >= deadline => {
                return Err(failed("took too long and was killed".to_owned()));
            }
            Ok(None) => sleep(INTERVAL).await,
            Err(error) => return Err(failed(error.to_string())),
        }
    }
}

/// A command that is killed if nobody waits for it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

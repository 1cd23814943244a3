//! The command that ROLLING RESTART .. STOP ONLY runs once a node is down, to start it again.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, kill_process_group, test_kill_process_group, waitpid,
};
use tokio::time::{Instant, sleep};

use crate::cluster::NodeId;

/// How often it is looked whether the command has ended.
const INTERVAL: Duration = Duration::from_millis(50);

/// How long a command that is told to end has for that.
const GRACE: Duration = Duration::from_secs(5);

/// The command at work: a shell, and whatever it has started, in a process group of their own. A
/// terminal's Ctrl-C does not reach them: the first one is to let the step end well.
pub(super) struct PostStop {
    node: NodeId,
    group: Pid,
    /// The shell has ended, and its number may be another's.
    has_ended: bool,
}

impl PostStop {
    /// Starts the command for a node. Its standard output goes to our standard error; it has no
    /// standard input.
    ///
    /// # Errors
    ///
    /// There is no shell.
    pub(super) fn start(command: &str, node: NodeId) -> Result<Self, String> {
        let child = Command::new("sh")
            .args(["-c", command])
            .env("NDB_NODE_ID", node.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::from(io::stderr()))
            .process_group(0)
            .spawn();
        // It is waited for by its number, which tells of a stop, too.
        let child = child.map_err(|error| failed(node, &format!("sh: {error}")))?;
        Ok(PostStop {
            node,
            group: Pid::from_child(&child),
            has_ended: false,
        })
    }

    /// Waits for its end, until a moment at the latest. May be called again if nobody waited to
    /// the end.
    ///
    /// # Errors
    ///
    /// It did not end well, took too long, or wanted to ask at the terminal; then it has been ended.
    pub(super) async fn ended(&mut self, deadline: Instant) -> Result<(), String> {
        loop {
            match self.look() {
                Ok(None) if Instant::now() >= deadline => {
                    self.end().await;
                    return Err(failed(self.node, "took too long and was ended"));
                }
                Ok(None) => sleep(INTERVAL).await,
                Ok(Some(status)) if status.stopped() => {
                    self.end().await;
                    let reason = "was stopped, perhaps since it wanted to ask at the terminal, and was ended";
                    return Err(failed(self.node, reason));
                }
                Ok(Some(status)) => return self.judge(status),
                Err(error) => return Err(failed(self.node, &error.to_string())),
            }
        }
    }

    fn judge(&self, status: WaitStatus) -> Result<(), String> {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(0), _) => Ok(()),
            (Some(status), _) => Err(failed(self.node, &format!("exit status: {status}"))),
            (_, Some(signal)) => Err(failed(self.node, &format!("signal: {signal}"))),
            (None, None) => Err(failed(self.node, "ended in an unknown way")),
        }
    }

    /// Its end, or that it was stopped; none while it runs.
    fn look(&mut self) -> rustix::io::Result<Option<WaitStatus>> {
        let how = WaitOptions::NOHANG | WaitOptions::UNTRACED;
        let seen = waitpid(Some(self.group), how)?.map(|(_, status)| status);
        self.has_ended |= seen.is_some_and(|status| !status.stopped());
        Ok(seen)
    }

    /// Ends it and all that it has started: asked first, and killed after a while.
    pub(super) async fn end(&mut self) {
        let until = Instant::now() + GRACE;
        // One that was stopped obeys once it goes on.
        for signal in [Signal::TERM, Signal::CONT] {
            let _ = kill_process_group(self.group, signal);
        }
        while self.is_there() && Instant::now() < until {
            sleep(INTERVAL).await;
        }
        self.kill();
    }

    /// True while a process of the group is left.
    fn is_there(&mut self) -> bool {
        let _ = self.look();
        test_kill_process_group(self.group).is_ok()
    }

    fn kill(&mut self) {
        let _ = kill_process_group(self.group, Signal::KILL);
        if !self.has_ended {
            self.has_ended = waitpid(Some(self.group), WaitOptions::empty()).is_ok();
        }
    }
}

/// Nobody waits for it any more.
impl Drop for PostStop {
    fn drop(&mut self) {
        if !self.has_ended {
            self.kill();
        }
    }
}

fn failed(node: NodeId, reason: &str) -> String {
    format!("post-stop command for node {node}: {reason}")
}

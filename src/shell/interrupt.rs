//! Ctrl-C while a command runs, and the signals that end a prompt.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cli::Exit;

/// Whether Ctrl-C ends the command that runs, or the program, as usual.
#[derive(Clone, Copy)]
pub(super) struct Interrupt {
    ends_command: bool,
}

impl Interrupt {
    /// Ctrl-C ends the program.
    pub(super) const ENDS_PROGRAM: Interrupt = Interrupt {
        ends_command: false,
    };

    /// From now on Ctrl-C never ends the program.
    pub(super) fn end_command() -> io::Result<Self> {
        // The handler stays when what listens to it is dropped.
        drop(signal(SignalKind::interrupt())?);
        Ok(Self { ends_command: true })
    }

    /// Waits for a Ctrl-C that comes after this call; for ever, if it ends the program.
    pub(super) async fn next(self) {
        if self.ends_command
            && let Ok(mut signal) = signal(SignalKind::interrupt())
        {
            signal.recv().await;
        } else {
            pending().await
        }
    }
}

/// Counts Ctrl-C for a command that goes on for a while after the first one.
pub(super) struct Interrupts {
    count: watch::Receiver<u32>,
    task: JoinHandle<()>,
}

impl Interrupts {
    /// From now on Ctrl-C never ends the program.
    pub(super) fn listen() -> io::Result<Self> {
        let mut signal = signal(SignalKind::interrupt())?;
        let (sender, count) = watch::channel(0);
        let task = tokio::spawn(async move {
            while signal.recv().await.is_some() {
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { count, task })
    }

    /// How many have come.
    pub(super) fn count(&self) -> u32 {
        *self.count.borrow()
    }

    /// Waits until so many have come.
    pub(super) async fn reach(&self, count: u32) {
        let mut receiver = self.count.clone();
        if receiver.wait_for(|come| *come >= count).await.is_err() {
            pending().await
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The end of a run of commands that a signal, or a terminal that is gone, asks for.
#[derive(Clone)]
pub(super) struct Ending(watch::Sender<Option<Exit>>);

impl Ending {
    /// Signals end the program by themselves.
    pub(super) fn new() -> Self {
        Ending(watch::Sender::new(None))
    }

    /// From now on SIGTERM and SIGHUP do not end the program by themselves: the run ends with their
    /// status, and whatever it has begun is dropped in order.
    pub(super) fn catch_signals(&self) -> io::Result<()> {
        let termination = Termination::listen()?;
        let ending = self.clone();
        tokio::spawn(async move { ending.end(termination.next().await) });
        Ok(())
    }

    /// The run ends with this status.
    pub(super) fn end(&self, exit: Exit) {
        self.0.send_replace(Some(exit));
    }

    /// Waits until the run is to end; the status.
    pub(super) async fn next(self) -> Exit {
        let mut receiver = self.0.subscribe();
        let ended = receiver.wait_for(Option::is_some).await;
        match ended.ok().and_then(|exit| *exit) {
            Some(exit) => exit,
            None => pending().await,
        }
    }
}

/// SIGTERM, and SIGHUP, which comes when the terminal is closed.
pub(super) struct Termination {
    terminate: Signal,
    hang_up: Signal,
}

impl Termination {
    /// From now on they do not end the program by themselves.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one; the status that tells which.
    pub(super) async fn next(mut self) -> Exit {
        tokio::select! {
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.hang_up.recv() => Exit::HungUp,
        }
    }
}

//! A terminal that takes nothing, or not fast enough: its window is frozen, its line is cut.
//!
//! Who writes to it waits, and so does the editor, which sees no key meanwhile; a command sees no
//! Ctrl-C. When a key or Ctrl-C waits, what the terminal has not taken is dropped, so that it is
//! obeyed. A thread of its own sees to that, as any other may be the one that waits.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{Action, QueueSelector, tcflow, tcflush};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::interrupt::Termination;
use super::type_ahead::{TerminalModes, bytes_waiting};

/// How long a terminal may take nothing while a key waits.
const TICK: Duration = Duration::from_millis(500);

/// So many looks in a row that find nothing written are taken for the end of what Ctrl-C was about.
/// One may fall between two writes of the same text.
const CALM_LOOKS: u32 = 4;

/// How long a program that was told to end may need for it.
const END_LIMIT: Duration = Duration::from_secs(5);

/// How long the editor has the terminal for itself once text was dropped.
pub(super) const QUIET: Duration = Duration::from_secs(2);

/// What is being done with the terminal.
#[derive(Default)]
pub(super) struct TerminalUse {
    /// Writes of commands; odd while one is under way.
    writes: AtomicU64,
    /// The rest of the text that is written is not wanted.
    is_rest_unwanted: AtomicBool,
    /// The editor reads keys, or should.
    is_line_read: AtomicBool,
    /// Text was dropped while a line was read.
    is_text_missing: AtomicBool,
    /// Keys that the editor has taken, as far as it tells: it shows them next.
    keys: AtomicU64,
    /// Length of the line that is typed and the cursor's place in it, in one number.
    line: AtomicU64,
}

impl TerminalUse {
    /// Writes something for a command.
    pub(super) fn write<T>(&self, write: impl FnOnce() -> T) -> T {
        self.writes.fetch_add(1, Ordering::SeqCst);
        let done = write();
        self.writes.fetch_add(1, Ordering::SeqCst);
        done
    }

    /// True once after a write of which the rest is not wanted.
    pub(super) fn take_rest_unwanted(&self) -> bool {
        self.is_rest_unwanted.swap(false, Ordering::SeqCst)
    }

    /// Says whether a line is being read.
    pub(super) fn set_line_read(&self, is_line_read: bool) {
        self.is_line_read.store(is_line_read, Ordering::SeqCst);
    }

    /// Says what the editor is about to show; another line than before is a key's.
    pub(super) fn note_line(&self, length: usize, position: usize) {
        let line = (length as u64) << 32 | position as u64;
        if self.line.swap(line, Ordering::SeqCst) != line {
            self.note_key();
        }
    }

    /// Says that the editor has taken a key.
    pub(super) fn note_key(&self) {
        self.keys.fetch_add(1, Ordering::SeqCst);
    }

    /// True once after text was dropped while a line was read.
    pub(super) fn take_text_missing(&self) -> bool {
        self.is_text_missing.swap(false, Ordering::SeqCst)
    }

    fn write_under_way(&self) -> Option<u64> {
        let count = self.writes.load(Ordering::SeqCst);
        (!count.is_multiple_of(2)).then_some(count)
    }
}

/// Drops what the terminal has not taken.
fn drop_text() {
    let stdout = io::stdout();
    let _ = tcflush(&stdout, QueueSelector::OFlush);
    // Who waits looks again.
    let _ = tcflow(&stdout, Action::OOff);
    let _ = tcflow(&stdout, Action::OOn);
}

fn takes_text() -> bool {
    let stdout = io::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::OUT)];
    // An error is seen by who writes.
    !matches!(poll(&mut polled, Some(&Timespec::default())), Ok(0))
}

/// Looks at the terminal again and again.
struct Watch {
    terminal: Arc<TerminalUse>,
    /// Ctrl-C came while a command wrote.
    is_interrupted: bool,
    /// Looks in a row that found nothing written.
    calm: u32,
    /// What the last look found.
    write: Option<u64>,
    /// At the last look the terminal took nothing, and a key waited.
    key_waited: bool,
    /// Keys of the editor at the last look, and those that are surely shown.
    keys: u64,
    keys_shown: u64,
}

impl Watch {
    fn look(&mut self) {
        let write = self.terminal.write_under_way();
        let is_stuck = !takes_text();
        let is_line_read = self.terminal.is_line_read.load(Ordering::SeqCst);
        self.calm = match write {
            Some(_) => 0,
            None => self.calm + 1,
        };
        self.is_interrupted &= !is_line_read && self.calm < CALM_LOOKS;
        let is_same = write.is_some() && write == self.write;
        if self.is_interrupted && is_stuck && is_same {
            let unwanted = &self.terminal.is_rest_unwanted;
            unwanted.store(true, Ordering::SeqCst);
            drop_text();
        }
        self.write = write;
        let keys = self.terminal.keys.load(Ordering::SeqCst);
        if !is_stuck && keys == self.keys {
            self.keys_shown = keys;
        }
        self.keys = keys;
        // One that the editor has taken waits, too, while the editor cannot show it.
        let waits = bytes_waiting() > 0 || keys != self.keys_shown;
        let key_waits = is_line_read && is_stuck && waits;
        if key_waits && self.key_waited {
            let missing = &self.terminal.is_text_missing;
            missing.store(true, Ordering::SeqCst);
            drop_text();
        }
        self.key_waited = key_waits;
    }
}

/// Watches the terminal in a thread of its own, from now on. A program that was told to end by a
/// signal, and does not, is ended with the terminal in these modes.
pub(super) fn watch(terminal: Arc<TerminalUse>, modes: TerminalModes) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupts, termination) = {
        let _context = runtime.enter();
        (signal(SignalKind::interrupt())?, Termination::listen()?)
    };
    let mut watch = Watch {
        terminal,
        is_interrupted: false,
        calm: 0,
        write: None,
        key_waited: false,
        keys: 0,
        keys_shown: 0,
    };
    let watching = async move {
        let mut looks = interval(TICK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => watch.look(),
                _ = interrupts.recv() => {
                    watch.is_interrupted = true;
                    watch.calm = 0;
                }
            }
        }
    };
    let ending = async move {
        let exit = termination.next().await;
        sleep(END_LIMIT).await;
        modes.restore();
        std::process::exit(i32::from(exit.status()))
    };
    let both = async {
        tokio::select! {
            () = watching => {}
            () = ending => {}
        }
    };
    thread::Builder::new()
        .name("stuck-terminal".to_owned())
        .spawn(move || runtime.block_on(both))?;
    Ok(())
}

//! Work done in the background, results in order.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Pieces that wait before and after each lane's work.
const DEPTH: usize = 2;

/// Threads that each run the same work on pieces dealt out in turn; the results come back
/// in the order of the pieces. What is under way is bounded by [`Lanes::is_full`].
pub(crate) struct Lanes<T, U> {
    lanes: Vec<Lane<T, U>>,
    pushed: usize,
    popped: usize,
}

struct Lane<T, U> {
    pieces: Option<SyncSender<T>>,
    results: Receiver<U>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static, U: Send + 'static> Lanes<T, U> {
    /// Starts one thread for each piece of work.
    pub(crate) fn start<F>(works: impl IntoIterator<Item = F>) -> io::Result<Self>
    where
        F: FnMut(T) -> U + Send + 'static,
    {
        let lanes = works
            .into_iter()
            .map(Lane::start)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            lanes,
            pushed: 0,
            popped: 0,
        })
    }

    /// No more pieces may be pushed before a result was popped.
    pub(crate) fn is_full(&self) -> bool {
        self.pushed - self.popped >= self.lanes.len() * DEPTH
    }

    /// Hands a piece to the next lane. Doesn't wait unless the lanes are full.
    pub(crate) fn push(&mut self, piece: T) -> io::Result<()> {
        let lane = &self.lanes[self.pushed % self.lanes.len()];
        let pieces = lane.pieces.as_ref().ok_or_else(gone)?;
        pieces.send(piece).map_err(|_| gone())?;
        self.pushed += 1;
        Ok(())
    }

    /// Waits for the next result; `None` if no piece is under way.
    pub(crate) fn pop(&mut self) -> io::Result<Option<U>> {
        if self.pushed == self.popped {
            return Ok(None);
        }
        let lane = &self.lanes[self.popped % self.lanes.len()];
        let result = lane.results.recv().map_err(|_| gone())?;
        self.popped += 1;
        Ok(Some(result))
    }
}

impl<T: Send + 'static, U: Send + 'static> Lane<T, U> {
    fn start<F>(mut work: F) -> io::Result<Self>
    where
        F: FnMut(T) -> U + Send + 'static,
    {
        let (pieces, todo) = sync_channel::<T>(DEPTH);
        let (done, results) = sync_channel::<U>(DEPTH);
        let thread = thread::Builder::new().name("xfrm".into()).spawn(move || {
            while let Ok(piece) = todo.recv() {
                if done.send(work(piece)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self {
            pieces: Some(pieces),
            results,
            thread: Some(thread),
        })
    }
}

impl<T, U> Drop for Lanes<T, U> {
    fn drop(&mut self) {
        for lane in &mut self.lanes {
            // A lane ends when no more pieces can come. Its results always fit the channel.
            lane.pieces = None;
        }
        for lane in &mut self.lanes {
            if let Some(thread) = lane.thread.take() {
                // A panic of the work was seen as a missing result.
                let _ = thread.join();
            }
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("a worker thread ended early")
}

//! What clients have sent of requests that are not complete: bounded for all of them together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An unfinished request of up to this many bytes is always held.
const SMALL_BYTES: usize = 16 * 1024;

/// All larger ones together hold this many bytes.
const LARGE_BYTES_MAX: usize = 16 << 20;

/// The bytes that large unfinished requests of all sessions hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Unfinished(Arc<AtomicUsize>);

/// One session's part of it, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    all: Unfinished,
    own: usize,
}

impl Held {
    pub(super) fn new(all: Unfinished) -> Self {
        Held { all, own: 0 }
    }

    /// Takes down that the session holds so many bytes now; false if they are too many together
    /// with those of the others.
    pub(super) fn may_hold(&mut self, bytes: usize) -> bool {
        let counted = if bytes > SMALL_BYTES { bytes } else { 0 };
        let all = &self.all.0;
        all.fetch_sub(self.own, Ordering::AcqRel);
        self.own = counted;
        let others = all.fetch_add(counted, Ordering::AcqRel);
        counted == 0 || others + counted <= LARGE_BYTES_MAX
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.own, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_unfinished_requests_are_bounded_in_all_and_small_ones_pass() {
        let all = Unfinished::default();
        let mut sessions: Vec<Held> = (0..17).map(|_| Held::new(all.clone())).collect();
        let (last, first) = sessions.split_last_mut().unwrap();
        assert!(first.iter_mut().all(|session| session.may_hold(1 << 20)));
        assert!(!last.may_hold(1 << 20));
        assert!(last.may_hold(SMALL_BYTES));
        first[0].may_hold(0);
        assert!(last.may_hold(1 << 20));
        drop(sessions);
        assert_eq!(all.0.load(Ordering::Acquire), 0);
    }
}

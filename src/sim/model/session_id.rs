//! What a session is called.

/// Id of a session, from 2; 1 is the server's connection to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::sim) struct SessionId(pub(super) u64);

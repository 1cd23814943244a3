//! A session with a management server.

//! The management protocol: bytes to requests, replies and events, and back.

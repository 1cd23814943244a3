//! The management protocol: bytes to requests, replies and events, and back.
//!
//! Pure and sans-IO: readers are pushed bytes and asked for what is complete; writers
//! append to a buffer. Everything read is hostile and bounded.
//!
//! | direction | server | client |
//! |---|---|---|
//! | requests | [`RequestReader`] | [`Request::encode`] |
//! | replies | [`Reply::encode`] | [`ReplyReader`], then `decode` of the reply types |
//! | events | [`encode_event`], [`PING`] | [`EventReader`], [`decode_event`] |
//! | configuration | [`config::ClusterConfig::encode_v2`] | [`config::ClusterConfig::decode_v2`] |

mod arguments;
mod block;
pub mod config;
mod error;
mod event;
mod filter;
mod framing;
mod line;
mod message;
mod password;
mod reader;
mod writer;

pub use block::{Block, ReplyReader};
pub use error::{ReplyError, WireError};
pub use event::{EventItem, EventReader, PING, decode_event, encode_event};
pub use filter::{encode_filter, parse_filter};
pub use framing::Framer;
pub use message::*;
pub use password::WirePassword;
pub use reader::{Incoming, RequestReader};

/// Token buffer of the server and of most of the client (management protocol, 1.2): a line
/// has at most one byte less, its newline included.
pub const LINE_MAX: usize = 512;

/// Token buffer of the client for `get status`, `list certs` and event records.
pub const LONG_LINE_MAX: usize = 1024;

/// Longest configuration a client may send, in base64 text bytes.
pub const CONFIG_TEXT_MAX: usize = 1_048_576;

/// Longest configuration a client takes, in base64 text bytes: 144 data nodes with 100 other
/// nodes have 25000 connections.
pub const CONFIG_REPLY_MAX: usize = 16 << 20;

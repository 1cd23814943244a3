//! What can go wrong on the wire.

/// Bytes that are no protocol, or a value that the protocol cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// A received line exceeds the limit; nothing after it can be understood.
    #[error("a received line is longer than {limit} bytes")]
    LineTooLong {
        /// The limit of the reader, in bytes.
        limit: usize,
    },
    /// A received reply exceeds what a reply may reasonably hold.
    #[error("a received reply is longer than {limit} bytes")]
    ReplyTooLong {
        /// The limit of the reader, in bytes.
        limit: usize,
    },
    /// An argument does not fit in a line of the server (error 5001 of the client).
    #[error("Line length exceeded due to argument: {argument}")]
    ArgumentTooLong {
        /// Name of the argument.
        argument: &'static str,
    },
    /// An argument holds a newline or a zero byte, which would end it early.
    #[error("argument {argument} has a character that cannot be sent")]
    ArgumentNotSendable {
        /// Name of the argument.
        argument: &'static str,
    },
    /// A password byte outside 32 to 126 (error 5001 of the client).
    #[error("Encryption password has invalid character at position {position}")]
    PasswordNotSendable {
        /// Position of the byte, from 0.
        position: usize,
    },
    /// An event record lacks a key, or a key has no number.
    #[error("an event record lacks {key}")]
    BadEvent {
        /// The key.
        key: &'static str,
    },
    /// Too much between two events that is no event.
    #[error("more than {limit} bytes that are no events")]
    NotEvents {
        /// Most bytes.
        limit: usize,
    },
    /// An event record has more lines than any type has keys.
    #[error("an event record is longer than {limit} lines")]
    EventTooLong {
        /// The limit of the reader, in lines.
        limit: usize,
    },
}

/// A reply that is not the one asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The server understood the request and refused it: the text of `result:`.
    #[error("{0}")]
    Refused(String),
    /// Refused, with an error number beside the text (`get nodeid`).
    #[error("{text}")]
    RefusedWithCode {
        /// Number in `error_code:`.
        code: u32,
        /// Text of `result:`.
        text: String,
    },
    /// `Authorization failed`: the text of `Error:`.
    #[error("{0}")]
    NotAuthorized(String),
    /// A reply that the strict parser of the original refuses (management protocol, 1.6;
    /// error 1006). The text is what the original prints to stdout.
    #[error("Error in mgm protocol parser. cmd: >{command}< status: {status} curr: {current}")]
    Unexpected {
        /// The command that was sent.
        command: &'static str,
        /// Status of the parser: 4 wrong header, 5 unknown name, 6 no number, 10 given
        /// twice, 12 missing.
        status: u32,
        /// The token the parser was at.
        current: String,
    },
    /// A reply to `get status` or `check connection` that does not begin as it must (error
    /// 1006, without a text).
    #[error("illegal reply from server")]
    Illegal,
    /// A node list that cannot be read (error 1008): `Unknown field`, `Node count mismatch`
    /// or `Illegal node id`.
    #[error("{0}")]
    BadStatus(&'static str),
    /// A configuration of a type, encoding or length that cannot be read (error 4012). The
    /// text is what the original prints to stdout.
    #[error("{0}")]
    BadConfig(String),
}

impl ReplyError {
    /// The same fault, for a command whose reply has another command's header, such as
    /// `stop v2`.
    pub fn for_command(mut self, sent: &'static str) -> Self {
        if let ReplyError::Unexpected { command, .. } = &mut self {
            *command = sent;
        }
        self
    }
}

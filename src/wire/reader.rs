//! The server's side of requests: bytes to [`Request`], and the answers to what is none.

use super::arguments::Arguments;
use super::message::{self, Command};
use super::{CONFIG_TEXT_MAX, ConfigurationRequest, Framer, LINE_MAX, Request, WireError, line};

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Nothing complete.
    NeedMore,
    /// A complete request.
    Request(Request),
    /// A malformed request, and the complete reply to it. The lines that follow the fault
    /// are read as commands of their own, as the original does.
    Refused(String),
    /// The session cannot go on: a line is over the limit, or the input ended. The original
    /// runs a command whose argument line is too long without that argument; here it is
    /// not run.
    Close,
}

/// Reads requests one after the other.
///
/// Safer than the original where that one fails: an argument given twice is refused, and
/// a request without its empty line is never run.
pub struct RequestReader {
    framer: Framer,
    state: State,
    takes_bodies: bool,
}

enum State {
    Idle,
    Arguments(&'static Command, Arguments),
    /// The text of `set config` is on its way.
    ConfigText(Request, usize),
    /// The lines of `set ports` are on their way.
    Ports(PortLines),
    Closed,
}

struct PortLines {
    node: u32,
    count: u32,
    ports: Vec<(u32, i32)>,
}

impl Default for RequestReader {
    fn default() -> Self {
        Self::new()
    }
}

impl RequestReader {
    /// A reader at the start of a session.
    pub fn new() -> Self {
        RequestReader {
            framer: Framer::new(LINE_MAX),
            state: State::Idle,
            takes_bodies: true,
        }
    }

    /// A reader for a session that has to change to TLS first: requests with a body are
    /// refused, so that their bodies are read as commands, as the original does.
    pub fn without_bodies() -> Self {
        RequestReader {
            takes_bodies: false,
            ..RequestReader::new()
        }
    }

    /// Takes what was read past the last request: `start tls` is followed by TLS.
    pub fn take_rest(&mut self) -> Vec<u8> {
        self.framer.take_up_to(usize::MAX).to_vec()
    }

    /// Adds received bytes. Call [`RequestReader::next`] until it needs more before the
    /// next call.
    pub fn push(&mut self, bytes: &[u8]) {
        self.framer.push(bytes);
    }

    /// True between requests: no byte of the next one has come.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.framer.is_empty()
    }

    /// Bytes of an unfinished request that are held, as they came.
    pub fn waiting(&self) -> usize {
        self.framer.waiting()
    }

    /// The input ended. What is incomplete is dropped, never run.
    pub fn end_of_input(&mut self) -> Incoming {
        self.state = State::Closed;
        Incoming::Close
    }

    /// The next request, refusal or end. Not an iterator: more bytes may follow
    /// [`Incoming::NeedMore`].
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Incoming {
        match self.advance() {
            Ok(incoming) => incoming,
            Err(_) => self.end_of_input(),
        }
    }

    fn advance(&mut self) -> Result<Incoming, WireError> {
        loop {
            let state = std::mem::replace(&mut self.state, State::Idle);
            match state {
                State::Closed => {
                    self.state = State::Closed;
                    return Ok(Incoming::Close);
                }
                State::ConfigText(mut request, length) => {
                    let Some(text) = self.framer.take_bytes(length) else {
                        self.state = State::ConfigText(request, length);
                        return Ok(Incoming::NeedMore);
                    };
                    if let Request::Configuration(ConfigurationRequest::SetConfig {
                        body, ..
                    }) = &mut request
                    {
                        *body = text.to_vec();
                    }
                    return Ok(Incoming::Request(request));
                }
                state => {
                    let Some(line) = self.framer.next_line()? else {
                        self.state = state;
                        return Ok(Incoming::NeedMore);
                    };
                    let step = match state {
                        State::Arguments(command, arguments) => {
                            argument_line(command, arguments, line, self.takes_bodies)
                        }
                        State::Ports(ports) => port_line(ports, line),
                        _ => command_line(line),
                    };
                    match step {
                        Step::Go(state) => self.state = state,
                        Step::Done(incoming) => return Ok(incoming),
                    }
                }
            }
        }
    }
}

enum Step {
    Go(State),
    Done(Incoming),
}

fn command_line(line: &[u8]) -> Step {
    if line::is_empty(line) {
        return Step::Go(State::Idle);
    }
    let name = line::trim(line);
    match message::find(name) {
        Some(command) => Step::Go(State::Arguments(command, Arguments::new(command.arguments))),
        None => refused("Unknown command", name),
    }
}

fn argument_line(
    command: &'static Command,
    mut arguments: Arguments,
    line: &[u8],
    takes_bodies: bool,
) -> Step {
    if line::is_empty(line) {
        return match arguments.check_complete() {
            // The token is the last line read: a newline.
            Err(fault) => refused(fault.text(), b"\n"),
            Ok(()) => complete(command, &arguments, takes_bodies),
        };
    }
    let (name, value) = line::split(line);
    match arguments.add(name, value) {
        Ok(()) => Step::Go(State::Arguments(command, arguments)),
        Err(fault) => refused(fault.text(), name),
    }
}

fn refused(text: &str, token: &[u8]) -> Step {
    let reply = format!("result: {text}, '{}'\n\n", line::text(token));
    Step::Done(Incoming::Refused(reply))
}

fn complete(command: &Command, arguments: &Arguments, takes_bodies: bool) -> Step {
    let request = (command.read)(arguments);
    if !takes_bodies {
        return Step::Done(Incoming::Request(request));
    }
    match &request {
        Request::Configuration(ConfigurationRequest::SetConfig {
            length,
            content_type,
            encoding,
            ..
        }) => {
            let length = usize::try_from(*length).unwrap_or(usize::MAX);
            let acceptable = content_type == "ndbconfig/octet-stream"
                && encoding == "base64"
                && (1..=CONFIG_TEXT_MAX).contains(&length);
            if acceptable {
                Step::Go(State::ConfigText(request, length))
            } else {
                Step::Done(Incoming::Request(request))
            }
        }
        Request::Configuration(ConfigurationRequest::SetPorts { node, .. }) => {
            Step::Go(State::Ports(PortLines {
                node: *node,
                count: arguments.mandatory_int("num_ports"),
                ports: Vec::new(),
            }))
        }
        _ => Step::Done(Incoming::Request(request)),
    }
}

/// `set ports` has as many lines `node=port` as it announced, then an empty line.
fn port_line(mut lines: PortLines, line: &[u8]) -> Step {
    let ports_refused = |text: String| {
        Step::Done(Incoming::Refused(format!(
            "set ports reply\nresult: {text}\n\n"
        )))
    };
    let PortLines { node, count, .. } = lines;
    if !(1..=255).contains(&node) || !(1..=255).contains(&count) {
        // What was announced wrongly is passed over up to the empty line.
        if !line::is_empty(line) {
            return Step::Go(State::Ports(lines));
        }
        return ports_refused(if (1..=255).contains(&node) {
            format!("Illegal value for argument num_ports: {count}")
        } else {
            format!("Illegal value for argument node: {node}")
        });
    }
    if lines.ports.len() == count as usize {
        if !line::is_empty(line) {
            return ports_refused("Failed to parse line, expected empty line".to_owned());
        }
        let ports = lines.ports;
        let request = ConfigurationRequest::SetPorts { node, ports };
        return Step::Done(Incoming::Request(Request::Configuration(request)));
    }
    let pair = line.iter().position(|byte| *byte == b'=').and_then(|at| {
        let node = line::parse_int(&line[..at])?;
        let port = line::parse_int(&line[at + 1..])?;
        Some((node, port.cast_signed()))
    });
    match pair {
        Some(pair) => {
            lines.ports.push(pair);
            Step::Go(State::Ports(lines))
        }
        None => ports_refused("Failed to parse line, expected name=value pair".to_owned()),
    }
}

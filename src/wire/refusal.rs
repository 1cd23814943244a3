//! Replies that refuse a request (management protocol, 3 and 8.1).

use super::Request;
use super::line::push_line;
use crate::cluster::ErrorNumber;

impl Request {
    /// Appends the reply that refuses this request: the text of `result:` with the lines
    /// that the original sends beside it. Nothing for requests that have no such reply.
    pub fn encode_refusal(&self, text: &str, out: &mut Vec<u8>) {
        let Some(header) = self.reply_header() else {
            return;
        };
        push_line(out, format_args!("{header}"));
        let result = |out: &mut Vec<u8>| push_line(out, format_args!("result: {text}"));
        match self {
            Request::ListenEvent { .. } => {
                push_line(out, format_args!("result: -1"));
                push_line(out, format_args!("msg: {text}"));
            }
            Request::Stop { force, .. } => {
                result(out);
                push_line(out, format_args!("stopped: 0"));
                push_disconnect(force.is_some(), out);
            }
            Request::StopAll { stop, .. } => {
                result(out);
                push_line(out, format_args!("stopped: 0"));
                push_disconnect(stop.is_some(), out);
            }
            Request::RestartNode { force, .. } => {
                result(out);
                push_line(out, format_args!("restarted: 0"));
                push_disconnect(force.is_some(), out);
            }
            Request::RestartAll { .. } => {
                result(out);
                push_line(out, format_args!("restarted: 0"));
            }
            Request::CreateNodegroup { .. } => {
                let code = super::line::parse_int(text.as_bytes()).unwrap_or(0);
                push_line(out, format_args!("ng: -1"));
                push_line(out, format_args!("error_code: {code}"));
                result(out);
            }
            Request::SetParameter { .. } => {
                push_line(out, format_args!("message: {text}"));
                push_line(out, format_args!("result: -1"));
            }
            Request::SetConnectionParameter { .. } => {
                push_line(out, format_args!("message: {text}"));
                push_line(out, format_args!("result: Failed"));
            }
            Request::GetConnectionParameter { .. } => {
                push_line(out, format_args!("value: 0"));
                result(out);
            }
            _ => result(out),
        }
        out.push(b'\n');
    }

    /// As [`Request::encode_refusal`], for an error of the table.
    pub fn encode_error(&self, error: ErrorNumber, out: &mut Vec<u8>) {
        let text = match self {
            Request::RestartNode { .. }
            | Request::RestartAll { .. }
            | Request::CreateNodegroup { .. } => format!("{error}-{}", error.text()),
            Request::DropNodegroup { .. } => format!("error: {error}"),
            _ => error.text(),
        };
        self.encode_refusal(&text, out);
    }

    /// Appends the refusal of `get nodeid` that carries a number.
    pub fn encode_refusal_with_code(&self, code: u32, text: &str, out: &mut Vec<u8>) {
        let start = out.len();
        self.encode_refusal(text, out);
        if out.len() > start {
            out.pop();
            push_line(out, format_args!("error_code: {code}"));
            out.push(b'\n');
        }
    }
}

fn push_disconnect(wanted: bool, out: &mut Vec<u8>) {
    if wanted {
        push_line(out, format_args!("disconnect: 0"));
    }
}

//! The client's side of requests: arguments to lines.

use super::{LINE_MAX, WireError};

/// Writes the lines of one request. Keeps the first fault until the end.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    body: Vec<u8>,
    fault: Option<WireError>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Writer {
            out,
            body: Vec::new(),
            fault: None,
        }
    }

    pub(super) fn int(&mut self, name: &'static str, value: u32) -> &mut Self {
        self.line(name, b": ", value.to_string().as_bytes(), b"")
    }

    pub(super) fn flag(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.int(name, u32::from(value))
    }

    pub(super) fn optional_int(&mut self, name: &'static str, value: Option<u32>) -> &mut Self {
        match value {
            Some(value) => self.int(name, value),
            None => self,
        }
    }

    pub(super) fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.line(name, b":\"", value.as_bytes(), b"\"")
    }

    /// A text without quotes.
    pub(super) fn bare_text(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.line(name, b": ", value.as_bytes(), b"")
    }

    pub(super) fn optional_text(
        &mut self,
        name: &'static str,
        value: &Option<String>,
    ) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub(super) fn password(&mut self, value: &[u8]) -> &mut Self {
        let sendable = |byte: &u8| (32..=126).contains(byte);
        if let Some(position) = value.iter().position(|byte| !sendable(byte)) {
            return self.fail(WireError::PasswordNotSendable { position });
        }
        self.int("password_length", value.len() as u32);
        self.line("encryption_password", b":\"", value, b"\"")
    }

    /// What follows the empty line of the request, itself followed by a newline.
    pub(super) fn body(&mut self, bytes: &[u8]) {
        self.body.extend_from_slice(bytes);
        self.body.push(b'\n');
    }

    fn line(&mut self, name: &'static str, before: &[u8], value: &[u8], after: &[u8]) -> &mut Self {
        // The original's own bound; a few bytes below what a server accepts.
        if 5 + name.len() + value.len() > LINE_MAX {
            return self.fail(WireError::ArgumentTooLong { argument: name });
        }
        if value.iter().any(|byte| matches!(byte, b'\n' | 0)) {
            return self.fail(WireError::ArgumentNotSendable { argument: name });
        }
        for part in [name.as_bytes(), before, value, after, b"\n"] {
            self.out.extend_from_slice(part);
        }
        self
    }

    fn fail(&mut self, fault: WireError) -> &mut Self {
        self.fault.get_or_insert(fault);
        self
    }

    /// Ends the request.
    pub(super) fn finish(self) -> Result<(), WireError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.out.push(b'\n');
        self.out.extend_from_slice(&self.body);
        Ok(())
    }
}

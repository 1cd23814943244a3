//! Writing JSON straight into the output buffer.

use std::io::Write;

use super::text::{TextOut, push_decimal, push_hex_bytes};

/// An object that is being written.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    /// Begins the object of a section, which is a line of its own.
    pub(super) fn section(out: &'a mut TextOut<'_>, section: &str) -> Self {
        let mut object = Object::new(out.buffer());
        object.text("section", section);
        object
    }

    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, first: true }
    }

    /// Writes the key, and gives the buffer for its value.
    pub(super) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        self.separate();
        push_string(self.out, key);
        self.out.push(b':');
        self.out
    }

    /// Like `key`, for one that is JSON already.
    pub(super) fn ready_key(&mut self, key: &Key) -> &mut Vec<u8> {
        self.separate();
        self.out.extend_from_slice(&key.0);
        self.out
    }

    fn separate(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        push_string(self.key(key), text);
    }

    pub(super) fn number(&mut self, key: &str, number: u64) {
        push_decimal(self.key(key), number);
    }

    pub(super) fn flag(&mut self, key: &str, flag: bool) {
        self.key(key)
            .extend_from_slice(if flag { b"true" } else { b"false" });
    }

    pub(super) fn hex(&mut self, key: &str, bytes: &[u8]) {
        push_hex_string(self.key(key), bytes);
    }

    pub(super) fn list<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        push: impl FnMut(&mut Vec<u8>, T),
    ) {
        push_list(self.key(key), items, push);
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    pub(super) fn end_line(self) {
        self.out.extend_from_slice(b"}\n");
    }
}

/// A key that many objects have: the string and its colon.
pub(super) struct Key(Vec<u8>);

impl Key {
    pub(super) fn new(name: &str) -> Self {
        let mut json = Vec::new();
        push_string(&mut json, name);
        json.push(b':');
        Key(json)
    }
}

pub(super) fn push_string(out: &mut Vec<u8>, text: &str) {
    let is_special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    // Counting looks at all bytes at once, a search at one after the other.
    if text.bytes().filter(is_special).count() > 0 {
        serde_json::to_writer(out, text).expect("a string is JSON and a vector takes all writes");
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

pub(super) fn push_number(out: &mut Vec<u8>, number: impl Into<u64>) {
    push_decimal(out, number.into());
}

pub(super) fn push_display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("a vector takes all writes");
}

pub(super) fn push_hex_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    push_hex_bytes(out, bytes);
    out.push(b'"');
}

pub(super) fn push_list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}

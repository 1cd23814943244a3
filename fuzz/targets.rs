//! What each fuzz target does with its bytes: read them, and where something came of it, print it
//! and read it again. Shared with the test that replays the corpora on stable.
#![allow(dead_code, unreachable_pub)]

use std::io::{Cursor, Read, sink};

use ndbmgm::backup::{self, CtlFile, DataReader, LogReader, PrintOptions};
use ndbmgm::wire::config::ClusterConfig;
use ndbmgm::wire::{EventReader, ReplyReader, RequestReader};
use ndbmgm::{command, wire, xfrm};

/// Password of the encrypted fixtures.
const PASSWORD: &[u8] = b"Fixture pass #1 (a-z)";

/// A line of the prompt: its canonical spelling means the same.
pub fn command(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else {
        return;
    };
    command::split(line);
    match command::parse(line) {
        Ok(command) => {
            let canonical = command.to_string();
            if !canonical.contains("PASSWORD=") {
                assert_eq!(command::parse(&canonical).ok().as_ref(), Some(&command));
            }
        }
        Err(error) => {
            let _ = (error.to_string(), error.advice());
        }
    }
}

/// What a management server answers.
pub fn wire_reply(data: &[u8]) {
    let mut reader = ReplyReader::new();
    reader.push(data);
    while let Ok(Some(_)) = reader.next() {}
}

/// What a client asks.
pub fn wire_request(data: &[u8]) {
    let mut reader = RequestReader::new();
    reader.push(data);
    // Every turn takes at least a byte, so that many turns are enough for anything.
    for _ in 0..=data.len() {
        match reader.next() {
            wire::Incoming::NeedMore | wire::Incoming::Close => break,
            wire::Incoming::Request(request) => {
                let _ = request.encode(&mut Vec::new());
            }
            wire::Incoming::Refused(_) => {}
        }
    }
    let _ = reader.end_of_input();
}

/// What comes over an event connection.
pub fn event(data: &[u8]) {
    let mut reader = EventReader::new();
    reader.push(data);
    while let Ok(Some(item)) = reader.next() {
        if let wire::EventItem::Event(event) = item {
            let _ = (event.render_text(), event.render_pretty());
        }
    }
}

/// A packed configuration; one that decodes encodes to what decodes the same.
pub fn config(data: &[u8]) {
    if let Ok(config) = ClusterConfig::decode_v2(data) {
        let again = ClusterConfig::decode_v2(&config.encode_v2());
        assert_eq!(again.ok().as_ref(), Some(&config));
    }
    let _ = ClusterConfig::decode_v1(data);
}

/// A whole container, with the fixtures' password.
pub fn container(data: &[u8]) {
    let password = xfrm::Secret::new(PASSWORD.to_vec());
    if let Ok(reader) = xfrm::open(Cursor::new(data), Some(&password)) {
        // A small file can hold a lot of zeros; more than this shows nothing new.
        let _ = std::io::copy(&mut reader.take(1 << 22), &mut sink());
    }
}

/// A container's header and trailer, without a password.
pub fn header(data: &[u8]) {
    if let Ok(container) = xfrm::inspect(Cursor::new(data)) {
        let _ = (container.render_line("f"), container.render_detailed());
    }
}

/// A backup file of any kind, as text and as JSON.
fn print(data: &[u8]) {
    let options = PrintOptions {
        verbose: true,
        header_words: true,
    };
    let _ = backup::print(data, &mut sink(), options);
    let _ = backup::print_json(data, &mut sink(), None);
}

/// A ctl file; one that reads is written as it was.
pub fn ctl(data: &[u8]) {
    print(data);
    if let Ok(file) = CtlFile::read(data) {
        let mut written = Vec::new();
        file.write(&mut written)
            .expect("what was read can be written");
        let again = CtlFile::read(written.as_slice()).expect("what was written can be read");
        let mut twice = Vec::new();
        again
            .write(&mut twice)
            .expect("what was read can be written");
        assert_eq!(written, twice);
    }
}

/// A Data file.
pub fn data(data: &[u8]) {
    print(data);
    if let Ok(mut reader) = DataReader::new(data) {
        while let Ok(Some(_)) = reader.next_item() {}
    }
}

/// A redo or undo log.
pub fn log(data: &[u8]) {
    print(data);
    if let Ok(mut reader) = LogReader::new(data) {
        while let Ok(Some(entry)) = reader.next_entry() {
            for attribute in entry.attributes() {
                if attribute.is_err() {
                    break;
                }
            }
        }
    }
}

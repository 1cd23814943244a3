//! Raw requests and the replies of a real server to them, byte by byte.
//!
//! A file is a sequence of blocks, each a heading and one connection's exchanges: `>` what was sent,
//! `<` what came back, as byte strings with `\n`, `\r`, `\t`, `\\` and quotes escaped.

/// One request, or several bytes that are none, and the reply.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) request: String,
    pub(crate) reply: String,
}

/// The exchanges of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) exchanges: Vec<Exchange>,
}

/// Reads `tests/fixtures/exchanges/<name>.txt`.
pub(crate) fn read(name: &str) -> Vec<Block> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/exchanges")
        .join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            blocks.push(Block {
                name: name.to_owned(),
                exchanges: Vec::new(),
            });
            continue;
        }
        let block = blocks.last_mut().expect("a heading comes first");
        if let Some(sent) = line.strip_prefix("> ") {
            block.exchanges.push(Exchange {
                request: literal(sent),
                reply: String::new(),
            });
        } else if let Some(received) = line.strip_prefix("< ") {
            let exchange = block.exchanges.last_mut().expect("a request comes first");
            exchange.reply = literal(received);
        } else {
            panic!("neither sent nor received: {line:?}");
        }
    }
    blocks
}

/// The text of `b'..'` or `b".."`.
fn literal(text: &str) -> String {
    let inner = text
        .strip_prefix("b'")
        .and_then(|rest| rest.strip_suffix('\''))
        .or_else(|| {
            text.strip_prefix("b\"")
                .and_then(|rest| rest.strip_suffix('"'))
        })
        .unwrap_or_else(|| panic!("no byte string: {text}"));
    let mut plain = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        plain.push(match letters.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(quoted @ ('\\' | '\'' | '"')) => quoted,
            other => panic!("unknown escape {other:?} in {text}"),
        });
    }
    plain
}

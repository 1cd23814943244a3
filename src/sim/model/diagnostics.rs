//! Diagnostics of data nodes: `dump state`, `insert error`, traces, signal logs.

use super::{Cluster, Now, SessionId};
use crate::cluster::{ErrorNumber, NodeType};
use crate::wire::Reply;

/// `DUMP 1000`: report memory usage as events.
const DUMP_MEMORY: u32 = 1000;

/// Most words of `dump state`, and longest word.
const DUMP_WORDS_MAX: usize = 25;
const DUMP_WORD_LENGTH_MAX: usize = 11;

/// What a data node says to numbers below 0 and to names of no block.
const INVALID_ERROR_NUMBER: ErrorNumber = ErrorNumber(5007);
const INVALID_TRACE_NUMBER: ErrorNumber = ErrorNumber(5008);
const INVALID_BLOCK_NAME: ErrorNumber = ErrorNumber(5010);

/// Names of a data node's blocks, and the one that means all of them.
const BLOCKS: [&str; 28] = [
    "ALL", "BACKUP", "CMVMI", "DBACC", "DBDICT", "DBDIH", "DBINFO", "DBLQH", "DBQACC", "DBQLQH",
    "DBQTUP", "DBQTUX", "DBSPJ", "DBTC", "DBTUP", "DBTUX", "DBUTIL", "LGMAN", "NDBCNTR", "NDBFS",
    "PGMAN", "QMGR", "RESTORE", "SUMA", "THRMAN", "TRIX", "TRPMAN", "TSMAN",
];

/// A number that the protocol has as 32 bits and its users as signed.
fn is_negative(number: u32) -> bool {
    number.cast_signed() < 0
}

impl Cluster {
    pub(super) fn dump_state(&mut self, session: SessionId, node: u32, args: &str, now: Now) {
        const COMMAND: &str = "dump state";
        let Some(words) = parse_dump_words(args) else {
            // The original answers with a number that has no text.
            return self.conclude(session, COMMAND, Err(ErrorNumber(0)));
        };
        let is_server = |node: u32| {
            self.topology
                .node(node)
                .is_some_and(|node| node.node_type == NodeType::Mgm)
        };
        if is_server(node) {
            return self.done(session, COMMAND);
        }
        let target = self.check_data_node(node);
        self.conclude(session, COMMAND, target.map(|_| ()));
        if let (Ok(source), Some(&DUMP_MEMORY)) = (target, words.first()) {
            self.report_memory(source, now);
        }
    }

    pub(super) fn insert_error(&mut self, session: SessionId, node: u32, error: u32) {
        let result = match self.topology.node(node).map(|node| node.node_type) {
            Some(NodeType::Mgm) => Ok(()),
            Some(NodeType::Ndb) => match self.check_data_node(node) {
                Ok(_) if is_negative(error) => Err(INVALID_ERROR_NUMBER),
                Ok(_) => Ok(()),
                Err(_) => Err(ErrorNumber::SEND_OR_RECEIVE_FAILED),
            },
            _ => Err(ErrorNumber::WRONG_PROCESS_TYPE),
        };
        self.conclude(session, "insert error", result);
    }

    /// An order that a connected data node takes without any effect in the simulator.
    pub(super) fn node_order(&mut self, session: SessionId, command: &'static str, node: u32) {
        let result = self.check_data_node(node).map(|_| ());
        self.conclude(session, command, result);
    }

    pub(super) fn set_trace(&mut self, session: SessionId, node: u32, trace: u32) {
        let result = match self.check_data_node(node) {
            Ok(_) if is_negative(trace) => Err(INVALID_TRACE_NUMBER),
            result => result.map(|_| ()),
        };
        self.conclude(session, "set trace", result);
    }

    pub(super) fn log_signals(
        &mut self,
        session: SessionId,
        node: u32,
        blocks: &str,
        (r#in, out): (u32, u32),
    ) {
        if r#in > 1 || out > 1 {
            return self.reply(session, Reply::Nothing);
        }
        let mut names = blocks.split('|').filter(|name| !name.is_empty());
        let result = match self.check_data_node(node) {
            Ok(_) if !names.all(|name| BLOCKS.contains(&name)) => Err(INVALID_BLOCK_NAME),
            result => result.map(|_| ()),
        };
        self.conclude(session, "log signals", result);
    }
}

fn parse_dump_words(args: &str) -> Option<Vec<u32>> {
    let words: Vec<&str> = args.split_ascii_whitespace().collect();
    if words.len() > DUMP_WORDS_MAX || words.iter().any(|it| it.len() > DUMP_WORD_LENGTH_MAX) {
        return None;
    }
    words.iter().map(|word| word.parse().ok()).collect()
}

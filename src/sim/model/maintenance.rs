//! Reports and maintenance orders: `dump events`, `dump state`, `report event` and the like.

use std::collections::BTreeSet;

use super::reply::Reply;
use super::{Cluster, Now, SessionId};
use crate::cluster::{ErrorNumber, Event, EventBody, EventKind, NodeId, NodeType};
use crate::wire;

/// Size of a page of data memory in bytes.
const PAGE_BYTES: u32 = 32768;

/// Blocks of the memory report: data, then index.
const DATA_BLOCK: u32 = 249;
const INDEX_BLOCK: u32 = 248;

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
    pub(super) fn dump_events(&mut self, session: SessionId, number: u32, nodes: Option<&str>) {
        let reply = Reply::new("dump events reply");
        let kind = match EventKind::from_number(number) {
            Some(
                kind
                @ (EventKind::BACKUP_STATUS | EventKind::MEMORY_USAGE | EventKind::SAVED_EVENT),
            ) => kind,
            _ => {
                let text = format!("ndb_logevent_type {number} not supported");
                return self.reply(session, reply.field("result", text).end());
            }
        };
        let wanted = match nodes.map(|list| (list, parse_node_ranges(list))) {
            None => None,
            Some((_, Some(wanted))) => Some(wanted),
            Some((list, None)) => {
                let text = format!("invalid nodes: '{list}'");
                return self.reply(session, reply.field("result", text).end());
            }
        };
        let events: Vec<Event> = self
            .data_nodes
            .values()
            .filter(|node| node.is_connected())
            .map(|node| node.id)
            .filter(|id| wanted.as_ref().is_none_or(|set| set.contains(&id.get())))
            .flat_map(|id| self.node_reports(id, kind))
            .collect();
        let mut bytes = reply
            .field("result", "Ok")
            .field("events", events.len())
            .end();
        for event in &events {
            wire::encode_event(event, &mut bytes);
        }
        self.reply(session, bytes);
    }

    fn node_reports(&self, source: NodeId, kind: EventKind) -> Vec<Event> {
        let bodies = match kind {
            EventKind::BACKUP_STATUS => vec![self.backup_status(source)],
            EventKind::MEMORY_USAGE => self.memory_usage(source).to_vec(),
            _ => self.saved_events(source),
        };
        let event = |body| Event { source, body };
        bodies.into_iter().map(event).collect()
    }

    /// Data memory and index memory of a node.
    pub(super) fn memory_usage(&self, node: NodeId) -> [EventBody; 2] {
        let total = self
            .topology
            .nodes
            .get(&node)
            .map_or(0, |node| node.number("DataMemory"));
        let pages = |bytes: u64| u32::try_from(bytes / u64::from(PAGE_BYTES)).unwrap_or(u32::MAX);
        let usage = |pages_used: u32, block| EventBody::MemoryUsage {
            change: 0,
            page_size: PAGE_BYTES,
            pages_used,
            pages_total: pages(total).max(pages_used),
            block,
        };
        let data = pages(self.pace.data_bytes) + 1;
        let index = pages(self.pace.data_bytes / 8) + 1;
        [usage(data, DATA_BLOCK), usage(index, INDEX_BLOCK)]
    }

    /// The events a node has kept: length, sequence number, seconds, then the signal.
    fn saved_events(&self, node: NodeId) -> Vec<EventBody> {
        let Some(node) = self.data_nodes.get(&node) else {
            return Vec::new();
        };
        let body = |(sequence, seconds, event): &(u32, u32, Event)| {
            let signal = signal_words(event);
            let mut words = vec![signal.len() as u32, *sequence, *seconds];
            words.extend(signal);
            EventBody::Other {
                kind: EventKind::SAVED_EVENT,
                words,
            }
        };
        node.saved_events.iter().map(body).collect()
    }

    pub(super) fn dump_state(&mut self, session: SessionId, node: u32, args: &str, now: Now) {
        let reply = Reply::new("dump state reply");
        let Some(words) = parse_dump_words(args) else {
            // The original answers with a number that has no text.
            return self.reply(session, reply.result(Err(ErrorNumber(0))).end());
        };
        let is_server = |node: u32| {
            self.topology
                .node(node)
                .is_some_and(|node| node.node_type == NodeType::Mgm)
        };
        if is_server(node) {
            return self.reply(session, reply.result(Ok(())).end());
        }
        let target = self.check_data_node(node);
        self.reply(session, reply.result(target.map(|_| ())).end());
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
        let reply = Reply::new("insert error reply").result(result);
        self.reply(session, reply.end());
    }

    /// An order that a connected data node takes without any effect in the simulator.
    pub(super) fn node_order(&mut self, session: SessionId, header: &str, node: u32) {
        let result = self.check_data_node(node).map(|_| ());
        self.reply(session, Reply::new(header).result(result).end());
    }

    pub(super) fn set_trace(&mut self, session: SessionId, node: u32, trace: u32) {
        let result = match self.check_data_node(node) {
            Ok(_) if is_negative(trace) => Err(INVALID_TRACE_NUMBER),
            result => result.map(|_| ()),
        };
        let reply = Reply::new("set trace reply").result(result);
        self.reply(session, reply.end());
    }

    pub(super) fn log_signals(
        &mut self,
        session: SessionId,
        node: u32,
        blocks: &str,
        (r#in, out): (u32, u32),
    ) {
        if r#in > 1 || out > 1 {
            // No reply at all.
            return self.reply(session, Vec::new());
        }
        let mut names = blocks.split('|').filter(|name| !name.is_empty());
        let result = match self.check_data_node(node) {
            Ok(_) if !names.all(|name| BLOCKS.contains(&name)) => Err(INVALID_BLOCK_NAME),
            result => result.map(|_| ()),
        };
        let reply = Reply::new("log signals reply").result(result);
        self.reply(session, reply.end());
    }

    /// Injects an event; word 0 is its type and its node.
    pub(super) fn report_event(&mut self, session: SessionId, words: &[u32], now: Now) {
        if let [first, signal @ ..] = words {
            let kind = EventKind::from_number(first & 0xFFFF);
            let source = NodeId::new(first >> 16);
            let body = kind.and_then(|kind| EventBody::from_signal(kind, signal));
            if let (Some(source), Some(body)) = (source, body) {
                self.emit(Event { source, body }, now);
            }
        }
        let reply = Reply::new("report event reply").field("result", "ok");
        self.reply(session, reply.end());
    }
}

/// The words of an event as its node sent them, first its type and its node.
fn signal_words(event: &Event) -> Vec<u32> {
    let kind = event.body.kind();
    let mut words = vec![kind.number() | event.source.get() << 16];
    words.extend(event.body.words());
    if kind == EventKind::BACKUP_COMPLETED {
        // Two words of the signal are not part of the record.
        words.splice(9..9, [0, 0]);
    }
    words
}

/// A list such as `1,2,5-7`; ids 1 to 144.
fn parse_node_ranges(list: &str) -> Option<BTreeSet<u32>> {
    let mut nodes = BTreeSet::new();
    for item in list.split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let id = |text: &str| {
            let id: u32 = text.trim().parse().ok()?;
            (1..=u32::from(NodeId::DATA_NODE_MAX))
                .contains(&id)
                .then_some(id)
        };
        nodes.extend(id(first)?..=id(last)?);
    }
    Some(nodes)
}

fn parse_dump_words(args: &str) -> Option<Vec<u32>> {
    let words: Vec<&str> = args.split_ascii_whitespace().collect();
    if words.len() > DUMP_WORDS_MAX || words.iter().any(|it| it.len() > DUMP_WORD_LENGTH_MAX) {
        return None;
    }
    words.iter().map(|word| word.parse().ok()).collect()
}

//! What a cluster reports while one of its nodes starts, in the order of the recorded restarts
//! (management protocol, 4.4).
//!
//! The figures are those of a small database: its size is the one that the memory report has.

use super::node::StartKind;
use super::{Cluster, Now};
use crate::cluster::{Event, EventBody, EventKind, NodeId, NodeType, Version};

/// Dictionary objects that a starting node creates, and their types: tables, a unique index, an
/// ordered index.
const OBJECTS: [(u32, u32); 9] = [
    (2, 1),
    (3, 1),
    (4, 2),
    (5, 2),
    (6, 2),
    (7, 2),
    (8, 2),
    (9, 2),
    (10, 3),
];

/// Fragments of each of them on a node.
const FRAGMENTS: u32 = 2;

/// Size of a row, about.
const ROW_BYTES: u64 = 256;

/// Parts of a node's redo log.
const LOG_PARTS: u32 = 4;

/// The words of a set of nodes in a start report.
const NODE_SET_WORDS: u32 = 5;

impl Cluster {
    /// A free text of a node.
    pub(super) fn emit_info(&mut self, source: NodeId, text: &str, now: Now) {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        let words = bytes.chunks(4).map(|chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            u32::from_le_bytes(word)
        });
        self.emit_words(source, EventKind::INFO_EVENT, words.collect(), now);
    }

    /// The coordinator's view of how far a node's restart or failure handling is.
    pub(super) fn emit_restart_status(&mut self, id: NodeId, new: &'static str, now: Now) {
        let (Some(master), Some(node)) = (self.master(), self.data_nodes.get_mut(&id)) else {
            return;
        };
        let old = std::mem::replace(&mut node.restart_status, new);
        let text = format!("NR Status: node={id},OLD={old},NEW={new}");
        self.emit_info(master, &text, now);
    }

    /// A node's place in the ring of heartbeats.
    pub(super) fn emit_neighbours(&mut self, source: NodeId, now: Now) {
        let mut ring: Vec<(u32, NodeId)> = self
            .data_nodes
            .values()
            .filter(|node| node.dynamic_id > 0)
            .map(|node| (node.dynamic_id, node.id))
            .collect();
        ring.sort_unstable();
        let Some(at) = ring.iter().position(|(_, id)| *id == source) else {
            return;
        };
        let next = match ring[(at + 1) % ring.len()].1 {
            alone if alone == source => 65535,
            next => next.get(),
        };
        // Both neighbours come from the same word.
        let words = vec![source.get(), next, next, ring[at].0];
        self.emit_words(source, EventKind::FIND_NEIGHBOURS, words, now);
    }

    /// A process is there again, and the management servers know it.
    pub(super) fn report_connection(&mut self, id: NodeId, now: Now) {
        self.emit_restart_status(id, "Allocated node id", now);
        self.log_allocation(id, NodeType::Ndb);
        for source in self.started_nodes() {
            self.emit_words(source, EventKind::COMMUNICATION_OPENED, vec![id.get()], now);
        }
        for source in self.serving() {
            let body = EventBody::Connected { node: id.get() };
            self.emit(Event { source, body }, now);
        }
    }

    /// What comes before the end of a start phase.
    pub(super) fn report_before_phase(&mut self, id: NodeId, phase: u32, now: Now) {
        let Some(master) = self.master() else {
            if phase == 1 {
                self.report_formation(id, now);
            }
            return;
        };
        match phase {
            1 => self.report_inclusion(id, master, now),
            5 => self.report_durability(id, master, now),
            _ => {}
        }
    }

    /// What comes after it.
    pub(super) fn report_after_phase(&mut self, id: NodeId, phase: u32, kind: StartKind, now: Now) {
        match phase {
            0 => self.report_election(id, kind, now),
            50 => self.report_handover(id, now),
            _ => {}
        }
        let Some(master) = self.master() else {
            return;
        };
        match phase {
            1 => {
                let how = match kind {
                    StartKind::InitialNodeRestart => "initial node restart",
                    _ => "node restart",
                };
                self.emit_info(master, &format!("Start node: {id} using {how}"), now);
                self.emit_restart_status(id, "NDBCNTR master permitted us", now);
            }
            2 => {
                let text = format!("DICT: locked by node {id} for NodeRestart");
                self.emit_info(master, &text, now);
                self.emit_restart_status(id, "All nodes permitted us", now);
            }
            4 => {
                self.report_dictionary(id, master, now);
                self.report_restore(id, now);
                self.report_copy(id, now);
            }
            8 => {
                for server in self.serving() {
                    let words = api_version(server);
                    self.emit_words(id, EventKind::CONNECTED_API_VERSION, words, now);
                }
            }
            101 => self.emit_restart_status(id, "Restart completed", now),
            _ => {}
        }
    }

    /// After the event that the node is started.
    pub(super) fn report_unlock(&mut self, id: NodeId, kind: StartKind, now: Now) {
        let is_restart = matches!(kind, StartKind::NodeRestart | StartKind::InitialNodeRestart);
        if let Some(master) = self.master().filter(|_| is_restart) {
            let text = format!("DICT: unlocked by node {id} for NodeRestart");
            self.emit_info(master, &text, now);
        }
    }

    /// The node asks itself for an election, and waits for the others: those in service, or all
    /// if there is none yet.
    fn report_election(&mut self, id: NodeId, kind: StartKind, now: Now) {
        let own = id.get();
        self.emit_words(id, EventKind::CM_REGREF, vec![own, own, 4], now);
        let in_service = self.started_nodes();
        let awaited = match in_service.is_empty() {
            true => self.data_nodes.keys().copied().collect(),
            false => in_service,
        };
        let others: Vec<NodeId> = awaited.into_iter().filter(|other| *other != id).collect();
        let missing = node_set(&others);
        let itself = node_set(&[id]);
        let all: Vec<u32> = missing.iter().zip(&itself).map(|(a, b)| a | b).collect();
        let none = node_set(&[]);
        // A start from nothing waits for all, for ever; another one so many seconds.
        let (state, seconds) = match kind {
            StartKind::Initial => (1, u32::MAX),
            _ => (3, 30),
        };
        let mut words = vec![state, seconds, NODE_SET_WORDS];
        // The sets: all, connected, no-wait, missing, without nodegroup.
        words.extend([all, itself, none.clone(), missing, none].concat());
        self.emit_words(id, EventKind::START_REPORT, words, now);
    }

    /// Nodes that start together meet; the first of them is the president.
    fn report_formation(&mut self, id: NodeId, now: Now) {
        let others: Vec<NodeId> = self
            .data_nodes
            .values()
            .filter(|node| node.id != id && node.is_starting() && node.is_connected())
            .map(|node| node.id)
            .collect();
        for other in &others {
            self.emit_words(id, EventKind::COMMUNICATION_OPENED, vec![other.get()], now);
        }
        for other in &others {
            let body = EventBody::Connected { node: other.get() };
            self.emit(Event { source: id, body }, now);
        }
        let member = |node: NodeId| self.data_nodes.get(&node).map_or(0, |node| node.dynamic_id);
        let joined = self.data_nodes.keys().copied().filter(|id| member(*id) > 0);
        let president = joined.min_by_key(|id| member(*id)).unwrap_or(id);
        let words = vec![id.get(), president.get(), member(id)];
        self.emit_words(id, EventKind::CM_REGCONF, words, now);
        self.emit_neighbours(id, now);
    }

    /// The node and those in service connect, and the president admits it.
    fn report_inclusion(&mut self, id: NodeId, master: NodeId, now: Now) {
        let others = self.started_nodes();
        for other in &others {
            self.emit_words(id, EventKind::COMMUNICATION_OPENED, vec![other.get()], now);
        }
        for other in &others {
            let connected = |node: NodeId| EventBody::Connected { node: node.get() };
            for (source, node) in [(id, *other), (*other, id)] {
                let body = connected(node);
                self.emit(Event { source, body }, now);
            }
        }
        for other in &others {
            self.emit_neighbours(*other, now);
        }
        let dynamic_id = self.data_nodes.get(&id).map_or(0, |node| node.dynamic_id);
        let words = vec![id.get(), master.get(), dynamic_id];
        self.emit_words(id, EventKind::CM_REGCONF, words, now);
        for other in &others {
            let words = api_version(id);
            self.emit_words(*other, EventKind::CONNECTED_API_VERSION, words, now);
        }
        self.emit_restart_status(id, "Included in heartbeat protocol", now);
        self.emit_neighbours(id, now);
        for other in &others {
            let words = api_version(*other);
            self.emit_words(id, EventKind::CONNECTED_API_VERSION, words, now);
        }
    }

    fn report_dictionary(&mut self, id: NodeId, master: NodeId, now: Now) {
        let own = id.get();
        self.emit_restart_status(id, "Wait for LCP complete to copy meta data", now);
        self.emit_restart_status(id, "Copy meta data to start node", now);
        self.emit_words(master, EventKind::NODE_RESTART_COPY_DISTR, vec![own], now);
        self.emit_info(id, "Starting to restore schema", now);
        for (object, object_type) in OBJECTS {
            let words = vec![object, 1, object_type, own];
            self.emit_words(id, EventKind::CREATE_SCHEMA_OBJECT, words, now);
        }
        self.emit_info(id, "Restore of schema complete", now);
        let index = "DICT: activate index 10 done (sys/def/9/ordered_index)";
        self.emit_info(id, index, now);
        self.emit_words(master, EventKind::NODE_RESTART_COPY_DICT, vec![own], now);
        self.emit_restart_status(id, "Include node in LCP/GCP protocols", now);
        self.emit_restart_status(id, "Restore fragments ongoing", now);
    }

    /// Fragments and rows on a node.
    fn contents(&self) -> (u32, u32) {
        let fragments = OBJECTS.len() as u32 * FRAGMENTS;
        let rows = u32::try_from(self.pace.data_bytes / ROW_BYTES).unwrap_or(u32::MAX);
        (fragments, rows)
    }

    /// The node reads its last local checkpoint and its redo log.
    fn report_restore(&mut self, id: NodeId, now: Now) {
        let own = id.get();
        let (fragments, rows) = self.contents();
        self.emit_words(
            id,
            EventKind::NODE_RESTART_COPY_FRAGS_STARTED,
            vec![own],
            now,
        );
        let text = format!("Restore Database Off-line Starting on node {id}");
        self.emit_info(id, &text, now);
        let newest = self.saved.gci.0;
        let (keep, last) = (newest.saturating_sub(8), newest.saturating_sub(1));
        for (index, (table, _)) in OBJECTS.into_iter().enumerate() {
            for fragment in 0..FRAGMENTS {
                let words = vec![table, fragment];
                self.emit_words(id, EventKind::START_READ_LCP, words, now);
                if index == 0 && fragment == 0 {
                    let words = vec![own, keep, last, newest];
                    self.emit_words(id, EventKind::START_REDO_LOG, words, now);
                }
                let words = vec![table, fragment, 0, rows / fragments];
                self.emit_words(id, EventKind::READ_LCP_COMPLETE, words, now);
            }
        }
        let time = u32::try_from(self.pace.phase.as_millis()).map_or(u32::MAX, |it| it.max(1));
        let speed = u64::from(rows) * 1000 / u64::from(time);
        let text = format!(
            "LDM instance 1: Restored LCP : {fragments} fragments, {rows} rows, \
             {time} millis, {speed} rows/s"
        );
        self.emit_info(id, &text, now);
        let checkpoint = self.local_checkpoint;
        self.emit_words(id, EventKind::LCP_RESTORED, vec![checkpoint], now);
        self.emit_restart_status(id, "Undo Disk data ongoing", now);
        self.emit_restart_status(id, "Execute REDO logs ongoing", now);
        for current in [keep, last] {
            for part in 0..LOG_PARTS {
                let words = vec![part, 0, keep, current, last, 0, 0, 0, 0, 0, 0];
                self.emit_words(id, EventKind::RUN_REDO, words, now);
            }
        }
        self.emit_restart_status(id, "Build indexes ongoing", now);
        self.emit_restart_status(id, "Synchronize start node with live nodes", now);
        let text = format!("Restore Database Off-line Completed on node {id}");
        self.emit_info(id, &text, now);
    }

    /// The node fetches from the others what has changed since.
    fn report_copy(&mut self, id: NodeId, now: Now) {
        let (fragments, _) = self.contents();
        let text = format!("Bring Database On-line Starting on node {id}");
        self.emit_info(id, &text, now);
        for (table, _) in OBJECTS {
            for fragment in 0..FRAGMENTS {
                // Rows and bytes follow what a parsable record has.
                let words = vec![id.get(), table, fragment, 0, 0, 0, 0];
                self.emit_words(id, EventKind::NODE_RESTART_COPY_FRAG_DONE, words, now);
            }
        }
        let words = vec![id.get()];
        self.emit_words(id, EventKind::NODE_RESTART_COPY_FRAGS_COMPLETED, words, now);
        let text = format!("Bring Database On-line Completed on node {id}");
        self.emit_info(id, &text, now);
        self.emit_info(id, &format!("Starting REDO logging on node {id}"), now);
        let text = format!(
            "LDM(1): CopyFrag complete. {fragments} frags, +0/-0 rows, 0 bytes/1 ms 0 bytes/s."
        );
        self.emit_info(id, &text, now);
        if let Some((arbitrator, ticket)) = self.arbitrator() {
            let words = vec![23, arbitrator.get(), ticket.0, ticket.1];
            self.emit_words(id, EventKind::ARBIT_STATE, words, now);
        }
    }

    /// A local checkpoint makes durable what was copied.
    fn report_durability(&mut self, id: NodeId, master: NodeId, now: Now) {
        let (fragments, rows) = self.contents();
        let completed = |rows: u32| {
            format!(
                "LDM(1): Completed LCP, #frags = {fragments} #records = {rows}, #bytes = {}",
                u64::from(rows) * ROW_BYTES
            )
        };
        self.emit_info(id, &completed(rows), now);
        self.local_checkpoint = self.local_checkpoint.wrapping_add(1);
        let number = self.local_checkpoint;
        let text = format!(
            "Make On-line Database recoverable by waiting for LCP Starting on node {id}, \
             LCP id {number}"
        );
        self.emit_info(master, &text, now);
        self.emit_restart_status(id, "Wait LCP to ensure durability", now);
        let keep = self.saved.gci.0.saturating_sub(4);
        let words = vec![number, keep, keep];
        self.emit_words(master, EventKind::LOCAL_CHECKPOINT_STARTED, words, now);
        for source in self.started_nodes() {
            self.emit_info(source, &completed(0), now);
        }
        self.emit_info(id, &completed(rows), now);
        self.emit_restart_status(id, "Wait handover of subscriptions", now);
        self.emit_words(
            master,
            EventKind::LOCAL_CHECKPOINT_COMPLETED,
            vec![number],
            now,
        );
        let text = format!("Suma: asking node {master} to recreate subscriptions on me");
        self.emit_info(id, &text, now);
        let text = format!("Suma: node {master} has completed restoring me");
        self.emit_info(id, &text, now);
    }

    /// The node takes its share of the subscriptions back and lets API nodes in.
    fn report_handover(&mut self, id: NodeId, now: Now) {
        if let Some((nodes, gci)) = self.handover_partners(id) {
            let text = format!(
                "Suma: initiate handover for startup with nodes {} GCI: {gci}",
                hexadecimal(&nodes)
            );
            self.emit_info(id, &text, now);
            if let Some(first) = nodes.first() {
                let text =
                    format!("Suma: handover from node {first} gci: {gci} buckets: 00000002 (2)");
                self.emit_info(id, &text, now);
            }
        }
        let api_nodes: Vec<NodeId> = self
            .topology
            .of_type(NodeType::Api)
            .map(|it| it.id)
            .collect();
        for node in api_nodes {
            self.emit_words(id, EventKind::COMMUNICATION_OPENED, vec![node.get()], now);
        }
    }

    /// The nodes in service that share a nodegroup with this one, and the checkpoint at which
    /// they hand over; none if there is nobody.
    pub(super) fn handover_partners(&self, id: NodeId) -> Option<(Vec<NodeId>, u32)> {
        let group = self.data_nodes.get(&id)?.nodegroup?;
        let nodes: Vec<NodeId> = self
            .data_nodes
            .values()
            .filter(|node| node.is_started() && node.id != id && node.nodegroup == Some(group))
            .map(|node| node.id)
            .collect();
        let gci = self.saved.gci.0.saturating_add(3);
        (!nodes.is_empty()).then_some((nodes, gci))
    }
}

/// The words of `ConnectedApiVersion`: node, version of NDB, version of MySQL.
fn api_version(node: NodeId) -> Vec<u32> {
    vec![node.get(), Version::OURS.0, Version::OURS.0]
}

/// One bit for each node.
fn node_set(nodes: &[NodeId]) -> Vec<u32> {
    let mut words = vec![0; NODE_SET_WORDS as usize];
    for node in nodes {
        let number = node.get() as usize;
        if let Some(word) = words.get_mut(number / 32) {
            *word |= 1 << (number % 32);
        }
    }
    words
}

/// A set of nodes as its 40 hexadecimal digits.
pub(super) fn hexadecimal(nodes: &[NodeId]) -> String {
    let words = node_set(nodes);
    words
        .iter()
        .rev()
        .map(|word| format!("{word:08x}"))
        .collect()
}

//! The client's side of replies: bytes to blocks of lines (management protocol, 1.6).

use super::{Framer, LONG_LINE_MAX, ReplyError, WireError, line};

/// Longest reply, its lines and their bookkeeping together. The longest real ones, `show
/// config` and `list sessions`, stay far below.
const REPLY_MAX: usize = 8 << 20;

/// Bytes that a stored line takes beside its text.
const LINE_COST: usize = 48;

/// A reply as it stands: the header and the names and values that follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The first line.
    pub header: String,
    /// Names and values in the order of the lines. A line without a separator is a name
    /// with an empty value.
    pub fields: Vec<(String, String)>,
}

impl Block {
    /// The first value of a name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The text of `Authorization failed`, if this is that reply.
    pub(super) fn not_authorized(&self) -> Option<ReplyError> {
        (self.header == "Authorization failed")
            .then(|| ReplyError::NotAuthorized(self.field("Error").unwrap_or_default().to_owned()))
    }
}

/// Collects replies, one block after the other.
#[derive(Debug)]
pub struct ReplyReader {
    framer: Framer,
    block: Option<Block>,
    size: usize,
}

impl Default for ReplyReader {
    fn default() -> Self {
        Self::new()
    }
}

impl ReplyReader {
    /// A reader before the first reply.
    pub fn new() -> Self {
        ReplyReader {
            framer: Framer::new(LONG_LINE_MAX),
            block: None,
            size: 0,
        }
    }

    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.framer.push(bytes);
    }

    /// The next complete reply; none if more bytes are needed. Not an iterator: more may
    /// follow.
    ///
    /// # Errors
    /// A line or a reply over the limit.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Block>, WireError> {
        while let Some(bytes) = self.framer.next_line()? {
            if line::is_empty(bytes) {
                // Empty lines before a reply mean nothing, but they don't come for ever.
                if let Some(block) = self.block.take() {
                    self.size = 0;
                    return Ok(Some(block));
                }
            }
            self.size += bytes.len() + LINE_COST;
            if self.size > REPLY_MAX {
                return Err(WireError::ReplyTooLong { limit: REPLY_MAX });
            }
            if line::is_empty(bytes) {
                continue;
            }
            match &mut self.block {
                None => {
                    self.block = Some(Block {
                        header: line::text(line::trim(bytes)),
                        fields: Vec::new(),
                    });
                }
                Some(block) => {
                    let (name, value) = line::split(bytes);
                    let value = value.unwrap_or_default();
                    block.fields.push((line::text(name), line::text(value)));
                }
            }
        }
        Ok(None)
    }

    /// The next line alone, for the reply to `end session`, which has no empty line.
    ///
    /// # Errors
    /// A line over the limit.
    pub fn next_line(&mut self) -> Result<Option<String>, WireError> {
        Ok(self.framer.next_line()?.map(line::text))
    }

    /// What has come of the body of `get config`, which follows its reply, but no more than
    /// `most` bytes. The body has one newline more than the reply says.
    pub fn take_body(&mut self, most: usize) -> &[u8] {
        self.framer.take_up_to(most)
    }

    /// What was received past the last reply.
    pub(super) fn into_framer(self) -> Framer {
        self.framer
    }

    /// The first line of a reply whose end has not come.
    pub fn unfinished_header(&self) -> Option<&str> {
        self.block.as_ref().map(|block| block.header.as_str())
    }

    /// True if nothing has come of a further reply.
    pub fn is_empty(&self) -> bool {
        self.block.is_none() && self.framer.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cluster::{Membership, NodeId, NodeStatus, NodeType, Nodegroup, Version};
    use crate::wire::*;

    fn blocks(bytes: &[u8]) -> (Vec<Block>, Option<WireError>) {
        let mut reader = ReplyReader::new();
        let mut blocks = Vec::new();
        for chunk in bytes.chunks(700) {
            reader.push(chunk);
            loop {
                match reader.next() {
                    Ok(Some(block)) => blocks.push(block),
                    Ok(None) => break,
                    Err(error) => return (blocks, Some(error)),
                }
            }
        }
        (blocks, None)
    }

    #[test]
    fn an_endless_reply_and_an_endless_line_are_errors() {
        let endless = b"header\n".iter().chain(b"name: value\n".iter().cycle());
        let bytes: Vec<u8> = endless.take(4 << 20).copied().collect();
        assert_eq!(
            blocks(&bytes).1,
            Some(WireError::ReplyTooLong { limit: REPLY_MAX })
        );
        assert_eq!(
            blocks(&vec![b'\n'; 1 << 20]).1,
            Some(WireError::ReplyTooLong { limit: REPLY_MAX })
        );
        assert_eq!(
            blocks(&[b'x'; 2000]).1,
            Some(WireError::LineTooLong { limit: 1024 })
        );
    }

    /// Every decoder that takes a block.
    fn decode_all(block: &Block) {
        let _ = VersionReply::decode(block);
        let _ = StatusReply::decode(block);
        let _ = StartBackupReply::decode(block);
        let _ = StopReply::decode(block);
        let _ = RestartReply::decode(block);
        let _ = StartAllReply::decode(block);
        let _ = CreateNodegroupReply::decode(block);
        let _ = ClusterlogReply::decode(block);
        let _ = ClusterLoglevelReply::decode(block);
        let _ = LogfilterReply::decode(block);
        let _ = ListenReply::decode(block);
        let _ = DumpEventsReply::decode(block);
        let _ = ConfigReply::decode(block);
        let _ = GetNodeidReply::decode(block);
        let _ = ShowConfigReply::decode(block);
        let _ = ShowVariablesReply::decode(block);
        let _ = SetParameterReply::decode(block);
        let _ = SetConnectionParameterReply::decode(block);
        let _ = GetConnectionParameterReply::decode(block);
        let _ = MgmdNodeidReply::decode(block);
        let _ = SessionIdReply::decode(block);
        let _ = SessionReply::decode(block);
        let _ = ListSessionsReply::decode(block);
        let _ = ListCertsReply::decode(block);
        let _ = TlsStatsReply::decode(block);
        let _ = ResultReply::decode("abort backup", block);
        let _ = decode_event(block);
    }

    fn any_state() -> impl Strategy<Value = NodeState> {
        (
            1..=255u32,
            prop::sample::select(vec![NodeType::Ndb, NodeType::Mgm, NodeType::Api]),
            any::<(u32, u32, u32, i32, i32, u32, bool)>(),
            "[0-9a-f.:]{0,40}",
        )
            .prop_map(|(node, node_type, numbers, address)| NodeState {
                node: NodeId::new(node).expect("in range"),
                node_type,
                status: NodeStatus::SingleUserMode,
                version: (numbers.0 != 0).then_some(Version(numbers.0)),
                mysql_version: (numbers.1 != 0).then_some(Version(numbers.1)),
                start_phase: numbers.2,
                dynamic_id: (numbers.3 != 0).then_some(numbers.3),
                nodegroup: [
                    Membership::Of(Nodegroup(numbers.4 as u16)),
                    Membership::None,
                    Membership::Unknown,
                ][numbers.4.rem_euclid(3) as usize],
                connect_count: numbers.5,
                address: (!address.is_empty()).then_some(address),
                is_single_user: numbers.6,
            })
    }

    proptest! {
        #[test]
        fn node_lists_read_back(mut nodes in prop::collection::vec(any_state(), 1..20)) {
            nodes.sort_by_key(|state| state.node);
            nodes.dedup_by_key(|state| state.node);
            let reply = StatusReply { nodes, single_user: true };
            let mut bytes = Vec::new();
            reply.encode(&mut bytes);
            let (blocks, error) = blocks(&bytes);
            prop_assert_eq!(error, None);
            prop_assert_eq!(StatusReply::decode(&blocks[0]), Ok(reply));
        }

        #[test]
        fn arbitrary_replies_never_panic(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..600),
                "(node status|version|list certs reply|show config reply|start backup reply)\n\
                 ((nodes|node\\.[0-9]{1,3}\\.(type|status)|session|result|id|\\[x\\])[:=] ?[0-9A-Z]{0,4}\n){0,9}\n"
                    .prop_map(String::into_bytes),
            ],
        ) {
            for block in blocks(&bytes).0 {
                decode_all(&block);
            }
        }
    }
}

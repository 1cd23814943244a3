//! Every value of a configuration, there and back.

use proptest::prelude::*;

use super::*;

fn section(kind: SectionKind, entries: &[(u32, Value)]) -> Section {
    let mut section = Section::new(kind);
    for (key, value) in entries {
        section.set(*key, value.clone());
    }
    section
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Every value in full: two data nodes, a management server, an API node.
fn config() -> ClusterConfig {
    let node = |kind, id, host: &str| {
        section(
            kind,
            &[
                (key::NODE_ID, Value::Int(id)),
                (key::HOST_NAME, text(host)),
                (203, Value::Int64(1 << 40)),
            ],
        )
    };
    let tcp = |first, second| {
        section(
            SectionKind::Tcp,
            &[
                (key::NODE_1, Value::Int(first)),
                (key::NODE_2, Value::Int(second)),
                (406, Value::Int(1186)),
            ],
        )
    };
    ClusterConfig::from_expanded(
        section(SectionKind::System, &[(3, text("MC_1"))]),
        vec![
            node(SectionKind::ApiNode, 50, ""),
            node(SectionKind::DataNode, 3, "host-3"),
            node(SectionKind::DataNode, 2, "host"),
            node(SectionKind::ManagementServer, 49, "mgm"),
        ],
        vec![tcp(49, 2), tcp(2, 3)],
    )
    .expect("every section has its ids")
}

#[test]
fn defaults_are_the_values_of_the_first_section() {
    let config = config();
    let defaults = config.defaults(SectionKind::DataNode).expect("data nodes");
    assert_eq!(defaults.get(key::HOST_NAME), Some(&text("host")));
    assert_eq!(defaults.get(key::NODE_ID), None);
    assert_eq!(config.node_sections()[0].entries().len(), 1);
    assert_eq!(config.node_sections()[1].entries().len(), 2);
    let node = |id| NodeId::new(id).expect("in range");
    assert_eq!(config.parameter(node(2), 203), Some(&Value::Int64(1 << 40)));
    let hosts: Vec<(u32, String)> = config
        .nodes()
        .into_iter()
        .map(|node| (node.node.get(), node.host_name))
        .collect();
    assert_eq!(
        hosts,
        [(2, "host"), (3, "host-3"), (49, "mgm"), (50, "")].map(|(id, host)| (id, host.to_owned()))
    );
    assert_eq!(config.for_node(node(3)).connection_sections().len(), 1);
}

#[test]
fn both_versions_read_back() {
    let config = config();
    assert_eq!(
        ClusterConfig::decode_v2(&config.encode_v2()),
        Ok(config.clone())
    );
    assert_eq!(ClusterConfig::decode_v1(&config.encode_v1()), Ok(config));
}

#[test]
fn nodes_need_ids_of_their_own() {
    let node = |id| section(SectionKind::DataNode, &[(key::NODE_ID, Value::Int(id))]);
    let with = |nodes| {
        ClusterConfig::new(
            Vec::new(),
            Section::new(SectionKind::System),
            nodes,
            Vec::new(),
        )
    };
    assert!(with(vec![node(1), node(2)]).is_ok());
    assert_eq!(with(vec![node(1), node(1)]), Err(ConfigError::NoNodeId));
    assert_eq!(with(vec![node(256)]), Err(ConfigError::NoNodeId));
}

#[test]
fn text_is_base64_in_lines_of_76() {
    let packed = config().encode_v2();
    let text = encode_text(&packed);
    let (first, _) = text.split_once('\n').expect("several lines");
    assert_eq!(first.len(), 76);
    assert!(first.starts_with("TkRCQ09ORjIAAA"));
    assert!(!text.ends_with('\n'));
    assert_eq!(encode_text(&[0; 57]).len(), 76);
    assert_eq!(decode_text(text.as_bytes()).as_ref(), Ok(&packed));
    for part_size in [1, 3, 76, 500] {
        let mut decoder = TextDecoder::new();
        for part in text.as_bytes().chunks(part_size) {
            assert_eq!(decoder.push(part), Ok(()));
        }
        assert_eq!(decoder.finish().as_ref(), Ok(&packed));
    }
    for wrong in ["AA?=", "AAA", "AA==AAAA", "AA==\nAAAA"] {
        assert_eq!(decode_text(wrong.as_bytes()), Err(ConfigError::NotBase64));
    }
    assert_eq!(
        decode_nodes(&packed).as_deref(),
        Ok(&*config().nodes()),
        "without a look into the connections"
    );
}

#[test]
fn connections_that_are_skipped_still_fill_the_configuration() {
    let sealed = |mut packed: Vec<u8>| {
        let words = packed.len() as u32 / 4 + 1;
        packed[8..12].copy_from_slice(&words.to_be_bytes());
        let checksum = packed.chunks(4).fold(0, |sum, word| {
            sum ^ word.iter().fold(0, |all, byte| all << 8 | u32::from(*byte))
        });
        packed.extend_from_slice(&checksum.to_be_bytes());
        packed
    };
    let mut packed = config().encode_v2();
    packed.truncate(packed.len() - 4);
    assert!(decode_nodes(&sealed(packed.clone())).is_ok());
    let shorter = packed[..packed.len() - 4].to_vec();
    assert!(decode_nodes(&sealed(shorter)).is_err());
    packed.extend_from_slice(&[0; 4]);
    assert!(decode_nodes(&sealed(packed)).is_err());
}

#[test]
fn every_cut_and_every_flipped_bit_is_an_error() {
    for packed in [config().encode_v2(), config().encode_v1()] {
        let read = |bytes: &[u8]| {
            decode_nodes(bytes).is_ok()
                || ClusterConfig::decode_v2(bytes).is_ok()
                || ClusterConfig::decode_v1(bytes).is_ok()
        };
        assert!(read(&packed));
        for bit in 0..packed.len() * 8 {
            let mut damaged = packed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(!read(&damaged), "bit {bit}");
        }
        for end in 0..packed.len() {
            assert!(!read(&packed[..end]), "cut at {end}");
        }
    }
}

proptest! {
    /// The checksum is made right again, so that the reader sees the damage.
    #[test]
    fn what_reads_writes_back_and_nothing_panics(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 0..4),
        small in any::<bool>(),
        first in any::<bool>(),
    ) {
        let mut packed = if first { config().encode_v1() } else { config().encode_v2() };
        for (index, word) in damage {
            let at = index.index(packed.len() / 4) * 4;
            let word = if small { word % 64 } else { word };
            packed[at..at + 4].copy_from_slice(&word.to_be_bytes());
        }
        let end = packed.len() - 4;
        let checksum = packed[..end].chunks(4).fold([0; 4], |mut sum: [u8; 4], word| {
            for (sum, byte) in sum.iter_mut().zip(word) {
                *sum ^= byte;
            }
            sum
        });
        packed[end..].copy_from_slice(&checksum);
        let nodes = decode_nodes(&packed);
        if let Ok(config) = ClusterConfig::decode_v2(&packed) {
            prop_assert_eq!(nodes, Ok(config.nodes()));
            prop_assert_eq!(config.encode_v2(), packed.clone());
            config.nodes();
        }
        if let Ok(config) = ClusterConfig::decode_v1(&packed) {
            config.encode_v1();
        }
    }
}

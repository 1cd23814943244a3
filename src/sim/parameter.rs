//! The configuration parameters: names, keys in the packed configuration, ranges, defaults
//! (management protocol, 5.4; keys without a name are those of the recorded payloads).

use std::collections::BTreeMap;

pub(super) use super::parameter_table::Parameter;
use super::parameter_table::{
    API_NODE, DATA_NODE, GI, KI, MANAGEMENT_SERVER, MI, Range, SYSTEM, TCP,
};
use crate::cluster::NodeType;
use crate::wire::config::Value;

/// Kind of section a parameter belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SectionKind {
    /// A node of this type.
    Node(NodeType),
    /// A TCP connection between two nodes.
    Tcp,
    /// The system section.
    System,
}

/// The table of a kind of section.
pub(super) fn table(section: SectionKind) -> &'static [Parameter] {
    match section {
        SectionKind::Node(NodeType::Ndb) => DATA_NODE,
        SectionKind::Node(NodeType::Mgm) => MANAGEMENT_SERVER,
        SectionKind::Node(NodeType::Api) => API_NODE,
        SectionKind::Tcp => TCP,
        SectionKind::System => SYSTEM,
    }
}

/// Names that mean the same parameter as another one.
const OTHER_NAMES: [(&str, &str); 2] = [
    ("Id", "NodeId"),
    ("LogLevelStatistics", "LogLevelStatistic"),
];

/// The parameter with this name in any case.
pub(super) fn find(section: SectionKind, name: &str) -> Option<&'static Parameter> {
    let name = OTHER_NAMES
        .iter()
        .find(|(other, _)| other.eq_ignore_ascii_case(name))
        .map_or(name, |(_, own)| own);
    table(section)
        .iter()
        .find(|parameter| !parameter.name.is_empty() && parameter.name.eq_ignore_ascii_case(name))
}

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ValueError {
    #[error("is not a number")]
    NotANumber,
    #[error("is neither true nor false")]
    NotAFlag,
    #[error("is out of range, {smallest} to {largest}")]
    OutOfRange { smallest: u64, largest: u64 },
}

impl Parameter {
    /// Reads a value as config.ini spells it: numbers with an optional binary suffix K, M or
    /// G; flags as 0, 1, true, false, yes, no, Y, N.
    pub(super) fn parse_value(&self, text: &str) -> Result<Value, ValueError> {
        match self.range {
            Range::Text(_) | Range::UnsetText => Ok(Value::Text(text.to_owned())),
            Range::Flag(_) => parse_flag(text).map(Value::Int),
            Range::Number(_, smallest, largest) | Range::Unset(smallest, largest) => {
                let number = in_range(text, smallest, largest)?;
                u32::try_from(number)
                    .map(Value::Int)
                    .map_err(|_| ValueError::OutOfRange { smallest, largest })
            }
            Range::Number64(_, smallest, largest) => {
                in_range(text, smallest, largest).map(Value::Int64)
            }
        }
    }

    /// What the parameter is when nobody sets it.
    pub(super) fn default_value(&self) -> Option<Value> {
        match self.range {
            Range::Number(default, _, _) | Range::Flag(default) => Some(Value::Int(default)),
            Range::Number64(default, _, _) => Some(Value::Int64(default)),
            Range::Text(default) => Some(Value::Text(default.to_owned())),
            Range::Unset(..) | Range::UnsetText => None,
        }
    }
}

/// The defaults of a section's packed parameters, by key.
pub(super) fn packed_defaults(section: SectionKind) -> BTreeMap<u32, Value> {
    table(section)
        .iter()
        .filter(|parameter| parameter.key != 0)
        .filter_map(|parameter| Some((parameter.key, parameter.default_value()?)))
        .collect()
}

fn parse_flag(text: &str) -> Result<u32, ValueError> {
    let is_any = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_any(&["1", "true", "yes", "y", "on"]) {
        Ok(1)
    } else if is_any(&["0", "false", "no", "n", "off"]) {
        Ok(0)
    } else {
        Err(ValueError::NotAFlag)
    }
}

fn in_range(text: &str, smallest: u64, largest: u64) -> Result<u64, ValueError> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], KI),
        Some(b'm' | b'M') => (&text[..text.len() - 1], MI),
        Some(b'g' | b'G') => (&text[..text.len() - 1], GI),
        _ => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ValueError::NotANumber);
    }
    let number = digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    match number {
        Some(number) if (smallest..=largest).contains(&number) => Ok(number),
        _ => Err(ValueError::OutOfRange { smallest, largest }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: SectionKind = SectionKind::Node(NodeType::Ndb);

    fn value(name: &str, text: &str) -> Result<Value, ValueError> {
        find(DATA, name).expect("a known name").parse_value(text)
    }

    #[test]
    fn keys_are_unique_within_a_section() {
        for section in [
            DATA,
            SectionKind::Node(NodeType::Mgm),
            SectionKind::Node(NodeType::Api),
            SectionKind::Tcp,
            SectionKind::System,
        ] {
            let mut keys: Vec<u32> = table(section)
                .iter()
                .map(|parameter| parameter.key)
                .filter(|key| *key != 0)
                .collect();
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{section:?}");
            keys.dedup();
        }
    }

    #[test]
    fn suffixes_are_binary_and_names_ignore_case() {
        assert_eq!(value("maxdiskwritespeed", "2M"), Ok(Value::Int64(2 << 20)));
        assert_eq!(
            value("BACKUPLOGBUFFERSIZE", "4096k"),
            Ok(Value::Int(4 << 20))
        );
        assert_eq!(value("id", "7"), Ok(Value::Int(7)));
    }

    #[test]
    fn values_outside_the_range_are_refused() {
        assert_eq!(
            value("NodeId", "145"),
            Err(ValueError::OutOfRange {
                smallest: 1,
                largest: 144
            })
        );
        assert!(value("MaxDiskWriteSpeed", "99999999999999999999G").is_err());
        assert_eq!(value("NoOfReplicas", "two"), Err(ValueError::NotANumber));
        assert_eq!(value("CompressedBackup", "2"), Err(ValueError::NotAFlag));
        assert_eq!(value("CompressedBackup", "Yes"), Ok(Value::Int(1)));
    }
}

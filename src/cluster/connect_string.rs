//! Where the management servers are (management protocol, 2.1 and 2.2).

use std::fmt;

/// Port of a management server that names none.
pub const DEFAULT_PORT: u16 = 1186;

/// How much of `NDB_CONNECTSTRING` counts, in bytes.
const VARIABLE_MAX: usize = 254;

/// Hosts of management servers, in the order in which they are tried.
///
/// Entries are separated by `,` or `;`: `nodeid=N`, `bind-address=HOST[:PORT]`, and hosts as
/// `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT`, an IPv6 address without brackets, or `HOST PORT`;
/// a host may be marked with `host=`, `host://` or `mgmd=`. Names are not resolved here.
///
/// `Display` gives the canonical form of messages: `nodeid=0,localhost:1186`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectString {
    /// Own node id, 0 for any.
    pub node_id: u16,
    /// The management servers.
    pub hosts: Vec<ConnectHost>,
}

/// One management server of a connect string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectHost {
    /// Where it listens.
    pub address: HostPort,
    /// Local address to connect from; port 0 is any.
    pub bind_address: Option<HostPort>,
}

/// A host's name or address as it was written, without brackets, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Name, IPv4 or IPv6 address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// A connect string that has no meaning (error 1001 of the client).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Illegal connect string: {text}")]
pub struct ConnectStringError {
    /// The string as it was given.
    pub text: String,
}

impl ConnectString {
    /// Reads a connect string. It may name no host at all, see [`ConnectString::choose`].
    ///
    /// # Errors
    ///
    /// A port or node id that is no number from 0 to 65535, a second node id, text in brackets
    /// that is no IPv6 address, or an empty host name.
    pub fn parse(text: &str) -> Result<Self, ConnectStringError> {
        let illegal = || ConnectStringError {
            text: text.to_owned(),
        };
        let mut connect_string = ConnectString::default();
        let mut default_bind = None;
        for entry in text.split([',', ';']).map(str::trim) {
            match parse_entry(entry).ok_or_else(illegal)? {
                Entry::Ignored => {}
                Entry::NodeId(id) => {
                    if connect_string.node_id != 0 && id != 0 {
                        return Err(illegal());
                    }
                    connect_string.node_id = id;
                }
                Entry::BindAddress(address) => match connect_string.hosts.last_mut() {
                    Some(host) => host.bind_address = Some(address),
                    None => default_bind = Some(address),
                },
                Entry::Host(address) => connect_string.hosts.push(ConnectHost {
                    address,
                    bind_address: default_bind.clone(),
                }),
            }
        }
        Ok(connect_string)
    }

    /// The connect string that counts: `explicit` if it names a host, else that of the variable
    /// `NDB_CONNECTSTRING`, else `localhost:1186`. As in the original, a node id of a
    /// string without a host is lost.
    ///
    /// # Errors
    ///
    /// The first string that is looked at and has no meaning.
    pub fn choose(
        explicit: Option<&str>,
        variable: Option<&str>,
    ) -> Result<Self, ConnectStringError> {
        let variable = variable.map(|text| &text[..text.floor_char_boundary(VARIABLE_MAX)]);
        for text in [explicit, variable].into_iter().flatten() {
            let parsed = Self::parse(text)?;
            if !parsed.hosts.is_empty() {
                return Ok(parsed);
            }
        }
        Ok(Self::to_server("localhost", DEFAULT_PORT))
    }

    /// The connect string of one server, for a further connection to it.
    pub fn to_server(host: &str, port: u16) -> Self {
        let address = HostPort {
            host: host.to_owned(),
            port,
        };
        ConnectString {
            node_id: 0,
            hosts: vec![ConnectHost {
                address,
                bind_address: None,
            }],
        }
    }
}

impl fmt::Display for ConnectString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nodeid={}", self.node_id)?;
        for host in &self.hosts {
            write!(f, ",{}", host.address)?;
            if let Some(address) = &host.bind_address {
                write!(f, ";bind-address={address}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

enum Entry {
    /// Empty, a comment, or a file: files are never used to connect.
    Ignored,
    NodeId(u16),
    BindAddress(HostPort),
    Host(HostPort),
}

/// The first prefix that matches decides; the order is the protocol's.
fn parse_entry(entry: &str) -> Option<Entry> {
    if entry.is_empty() {
        return Some(Entry::Ignored);
    }
    if let Some(id) = entry.strip_prefix("nodeid=") {
        return parse_u16(id).map(Entry::NodeId);
    }
    if let Some(address) = entry.strip_prefix("bind-address=") {
        return parse_host_port(address, 0).map(Entry::BindAddress);
    }
    if let Some(address) = entry.strip_prefix("host=") {
        return parse_host_port(address, DEFAULT_PORT).map(Entry::Host);
    }
    if let Some(id) = entry.strip_prefix("OwnProcessId ") {
        return parse_u16(id).map(Entry::NodeId);
    }
    if entry.starts_with("file://") || entry.starts_with("file=") || entry.starts_with('#') {
        return Some(Entry::Ignored);
    }
    let address = entry
        .strip_prefix("host://")
        .or_else(|| entry.strip_prefix("mgmd="))
        .unwrap_or(entry);
    parse_host_port(address, DEFAULT_PORT).map(Entry::Host)
}

fn parse_host_port(text: &str, default_port: u16) -> Option<HostPort> {
    let text = text.trim();
    let (host, port) = match text.split_once([' ', '\t']) {
        Some((host, port)) => (strip_brackets(host)?, Some(port)),
        None if text.starts_with('[') => {
            let close = text.find(']')?;
            let port = match &text[close + 1..] {
                "" => None,
                rest => Some(rest.strip_prefix(':')?),
            };
            (strip_brackets(&text[..=close])?, port)
        }
        None if text.matches(':').count() == 1 => {
            let (host, port) = text.split_once(':')?;
            (host, Some(port))
        }
        None => (text, None),
    };
    if host.is_empty() {
        return None;
    }
    let port = match port {
        Some(port) => parse_u16(port)?,
        None => default_port,
    };
    Some(HostPort {
        host: host.to_owned(),
        port,
    })
}

/// Brackets hold an IPv6 address, so there must be a colon in them.
fn strip_brackets(host: &str) -> Option<&str> {
    let Some(rest) = host.strip_prefix('[') else {
        return Some(host);
    };
    rest.strip_suffix(']')
        .filter(|address| address.contains(':'))
}

/// A number as C's `strtol` with base 0 reads it: decimal, `0x` hexadecimal or `0` octal.
fn parse_u16(text: &str) -> Option<u16> {
    let text = text.trim();
    // `from_str_radix` would take a sign after the prefix.
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u16::from_str_radix(digits, 16).ok();
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u16::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        let table = [
            ("", "nodeid=0"),
            ("localhost", "nodeid=0,localhost:1186"),
            ("a:1,b:2;c", "nodeid=0,a:1,b:2,c:1186"),
            (",;a,,", "nodeid=0,a:1186"),
            ("nodeid=5,localhost:1", "nodeid=5,localhost:1"),
            ("a,nodeid=0x10", "nodeid=16,a:1186"),
            ("OwnProcessId 7,a", "nodeid=7,a:1186"),
            ("nodeid=0,nodeid=3,a", "nodeid=3,a:1186"),
            ("host=a:010", "nodeid=0,a:8"),
            ("host://a:1;mgmd=b", "nodeid=0,a:1,b:1186"),
            ("file:///x,file=y,#z,a", "nodeid=0,a:1186"),
            ("1.2.3.4:65535", "nodeid=0,1.2.3.4:65535"),
            ("[::1]", "nodeid=0,[::1]:1186"),
            ("[fe80::2]:12", "nodeid=0,[fe80::2]:12"),
            ("::1", "nodeid=0,[::1]:1186"),
            ("a 12", "nodeid=0,a:12"),
            ("[::1]  12", "nodeid=0,[::1]:12"),
            ("foo=bar", "nodeid=0,foo=bar:1186"),
            (
                "localhost:1,bind-address=127.0.0.1",
                "nodeid=0,localhost:1;bind-address=127.0.0.1:0",
            ),
            (
                "bind-address=x:9,a,b,bind-address=[::1]",
                "nodeid=0,a:1186;bind-address=x:9,b:1186;bind-address=[::1]:0",
            ),
        ];
        for (text, canonical) in table {
            let parsed = ConnectString::parse(text);
            assert_eq!(
                parsed.map(|c| c.to_string()),
                Ok(canonical.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn the_canonical_form_reads_back() {
        for text in ["a,[::1]:3,b:7", "nodeid=3,bind-address=q,a,b"] {
            let parsed = ConnectString::parse(text).unwrap();
            assert_eq!(ConnectString::parse(&parsed.to_string()), Ok(parsed));
        }
    }

    #[test]
    fn illegal_strings_are_refused_with_their_text() {
        for text in [
            "a:65536",
            "a:x",
            "a:",
            "a:-1",
            "a:+1",
            ":1186",
            "host=",
            "nodeid=",
            "nodeid=65536",
            "nodeid=1,nodeid=2",
            "[127.0.0.1]:1",
            "[::1",
            "[::1]x",
            "[::1]:",
            "a b c",
            "bind-address=",
        ] {
            let error = ConnectString::parse(text).expect_err(text);
            assert_eq!(error.text, text);
        }
    }

    #[test]
    fn the_first_source_that_names_a_host_wins() {
        let choose = |explicit, variable| {
            ConnectString::choose(explicit, variable).map(|chosen| chosen.to_string())
        };
        let expected = |text: &str| Ok(text.to_owned());
        assert_eq!(choose(Some("a"), Some("b")), expected("nodeid=0,a:1186"));
        assert_eq!(choose(Some(""), Some("b")), expected("nodeid=0,b:1186"));
        assert_eq!(choose(None, Some("")), expected("nodeid=0,localhost:1186"));
        assert_eq!(
            choose(Some("nodeid=5"), None),
            expected("nodeid=0,localhost:1186")
        );
        assert!(choose(None, Some("a:x")).is_err());
        assert_eq!(choose(Some("a"), Some("a:x")), expected("nodeid=0,a:1186"));
    }

    #[test]
    fn only_254_bytes_of_the_variable_count() {
        let long = format!("{},b", "a".repeat(253));
        let chosen = ConnectString::choose(None, Some(&long)).unwrap();
        assert_eq!(chosen.hosts.len(), 1);
        // The cut never splits a character.
        let wide = "é".repeat(200);
        let chosen = ConnectString::choose(None, Some(&wide)).unwrap();
        assert_eq!(chosen.hosts[0].address.host.chars().count(), 127);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            text in "([a-z0-9.:\\[\\]=,; /#-]|nodeid=|bind-address=|host=|é){0,40}",
        ) {
            match ConnectString::parse(&text) {
                Ok(parsed) => proptest::prop_assert!(parsed.to_string().starts_with("nodeid=")),
                Err(error) => proptest::prop_assert_eq!(error.text, text),
            }
        }
    }
}

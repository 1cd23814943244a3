//! Version numbers as the management protocol packs them.

use std::fmt;

/// A version, packed as `major << 16 | minor << 8 | build` (9.7.2 is 591618).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

impl Version {
    /// The version this crate speaks for, on the wire and in files.
    pub const OURS: Version = Version::new(9, 7, 2);
    /// First server that takes `set clientversion`.
    pub const SET_CLIENTVERSION: Version = Version::new(8, 0, 20);
    /// First server that has `get config_v2`.
    pub const CONFIG_V2: Version = Version::new(8, 0, 18);
    /// First version that encrypts backups, and that reports single user mode per API node.
    pub const ENCRYPTED_BACKUP: Version = Version::new(8, 0, 22);

    /// Packs a version.
    pub const fn new(major: u8, minor: u8, build: u8) -> Self {
        Version((major as u32) << 16 | (minor as u32) << 8 | build as u32)
    }

    /// First number. The highest byte is no part of it.
    pub const fn major(self) -> u32 {
        self.0 >> 16 & 0xFF
    }

    /// Second number.
    pub const fn minor(self) -> u32 {
        self.0 >> 8 & 0xFF
    }

    /// Third number.
    pub const fn build(self) -> u32 {
        self.0 & 0xFF
    }

    /// The long form of SHOW and STATUS: `mysql-9.7.2 ndb-9.7.2`.
    pub fn product_string(mysql: Version, ndb: Version) -> String {
        format!("mysql-{mysql} ndb-{ndb}")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major(), self.minor(), self.build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_as_on_the_wire() {
        assert_eq!(Version::OURS.0, 591_618);
        assert_eq!(Version(591_618).to_string(), "9.7.2");
        assert_eq!(Version(u32::MAX).to_string(), "255.255.255");
    }
}

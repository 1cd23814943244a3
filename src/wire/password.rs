//! A password on its way to the server.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of a backup password as sent, unchecked: the server decides about them.
///
/// Wiped when dropped, never cloned, and its `Debug` shows nothing of it.
pub struct WirePassword(Zeroizing<Vec<u8>>);

impl WirePassword {
    /// Takes the bytes.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        WirePassword(bytes)
    }

    /// The bytes, for the wire or the rules of START BACKUP only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Gives the bytes away.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

impl PartialEq for WirePassword {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for WirePassword {}

impl fmt::Debug for WirePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WirePassword(..)")
    }
}

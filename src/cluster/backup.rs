//! Backups: ids, global checkpoints, options and the password.

use std::fmt;

use zeroize::Zeroizing;

/// Largest backup id.
pub const BACKUP_ID_MAX: u32 = 4_294_967_294;

/// Longest backup password, in bytes.
pub const BACKUP_PASSWORD_MAX: usize = 256;

/// Id of a backup, 1 to [`BACKUP_ID_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupId(u32);

impl BackupId {
    /// The backup id, if it is in range.
    pub fn new(id: u32) -> Option<Self> {
        (1..=BACKUP_ID_MAX).contains(&id).then_some(Self(id))
    }

    /// The id as a number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Index of a global checkpoint (GCP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gci(pub u32);

impl fmt::Display for Gci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What START BACKUP waits for before control returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WaitFor {
    /// NOWAIT: not even for the start.
    Nothing,
    /// WAIT STARTED.
    Started,
    /// WAIT COMPLETED, the default.
    #[default]
    Completed,
}

/// The moment whose state a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SnapshotPoint {
    /// SNAPSHOTSTART: when the backup began; the node writes an undo log.
    Start,
    /// SNAPSHOTEND, the default: when the backup ended; the node writes a redo log.
    #[default]
    End,
}

/// Password of an encrypted backup.
///
/// Wiped when dropped, never cloned, and its `Debug` shows nothing of it.
pub struct BackupPassword(Zeroizing<Vec<u8>>);

/// A password that breaks a rule of START BACKUP. Names the rule, never the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// A byte outside the allowed set; positions count from 1.
    #[error(
        "Encryption password has a character that is not allowed at position {position} \
         (allowed: printable ASCII except ! ' \" $ % \\ and ^)"
    )]
    BadCharacter {
        /// Position of the first offending byte, from 1.
        position: usize,
    },
    /// More than [`BACKUP_PASSWORD_MAX`] bytes.
    #[error("Encryption password is {length} characters long, the limit is {BACKUP_PASSWORD_MAX}")]
    TooLong {
        /// Length of what was given, in bytes.
        length: usize,
    },
}

impl BackupPassword {
    /// Checks the rules of START BACKUP: at most 256 printable ASCII characters, none of
    /// `!`, `'`, `"`, `$`, `%`, `\` and `^`. The empty password is allowed here.
    pub fn new(password: Zeroizing<Vec<u8>>) -> Result<Self, PasswordError> {
        let allowed = |byte: &u8| (0x20..=0x7E).contains(byte) && !b"!'\"$%\\^".contains(byte);
        if let Some(index) = password.iter().position(|byte| !allowed(byte)) {
            return Err(PasswordError::BadCharacter {
                position: index + 1,
            });
        }
        if password.len() > BACKUP_PASSWORD_MAX {
            return Err(PasswordError::TooLong {
                length: password.len(),
            });
        }
        Ok(Self(password))
    }

    /// The password's bytes, for the wire or the key derivation only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Gives the bytes away, for the wire only.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// True for `''`, which the data nodes refuse.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for BackupPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupPassword(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Result<BackupPassword, PasswordError> {
        BackupPassword::new(Zeroizing::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn a_backup_id_is_1_to_4294967294() {
        assert_eq!(BackupId::new(0), None);
        assert_eq!(BackupId::new(u32::MAX), None);
        assert_eq!(
            BackupId::new(BACKUP_ID_MAX).map(BackupId::get),
            Some(BACKUP_ID_MAX)
        );
    }

    #[test]
    fn the_password_rules_are_the_documents() {
        for bad in b"!'\"$%\\^\x1f\x7f" {
            let text = format!("ab{}", *bad as char);
            assert_eq!(
                password(&text).err(),
                Some(PasswordError::BadCharacter { position: 3 }),
                "byte {bad}"
            );
        }
        assert!(password("").is_ok_and(|empty| empty.is_empty()));
        assert!(password(&"y".repeat(256)).is_ok());
        assert_eq!(
            password(&"y".repeat(257)).err(),
            Some(PasswordError::TooLong { length: 257 })
        );
    }

    #[test]
    fn debug_shows_nothing_of_the_password() {
        let shown = format!("{:?}", password("open sesame").unwrap());
        assert_eq!(shown, "BackupPassword(..)");
    }
}

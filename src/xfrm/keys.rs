//! Keys of a container: derived from a password, or random and wrapped (backup format, 7.5).

use aes_kw::{IV_LEN, KeyInit, KwAes256};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::header::{Header, KeySource, SALT_SIZE};
use super::{OptionsError, Secret, XfrmError};

/// A key and the bytes its initialisation vectors come from. One salt gives one pair.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct KeyPair {
    pub(super) key: [u8; 32],
    pub(super) iv: [u8; 32],
}

const PAIR_SIZE: usize = 64;

impl KeyPair {
    fn from_bytes(bytes: &[u8]) -> Self {
        let mut pair = Self {
            key: [0; 32],
            iv: [0; 32],
        };
        pair.key.copy_from_slice(&bytes[..32]);
        pair.iv.copy_from_slice(&bytes[32..PAIR_SIZE]);
        pair
    }
}

/// The pairs of a container with this header.
///
/// More than `derivation_max` rounds of key derivation are refused, so that a forged
/// header can't keep the reader busy for hours.
pub(super) fn open(
    header: &Header,
    secret: &Secret,
    derivation_max: u64,
) -> Result<Vec<KeyPair>, XfrmError> {
    match header.key_source() {
        Some(KeySource::Pbkdf2) => {
            let count = header.keying_material_count as usize;
            let rounds = u64::from(header.iterations) * count as u64;
            if rounds > derivation_max {
                return Err(XfrmError::KeyDerivationTooLong {
                    rounds,
                    limit: derivation_max,
                });
            }
            let salts = header.octets.chunks_exact(SALT_SIZE).take(count);
            Ok(salts
                .map(|salt| derive(secret, salt, header.iterations))
                .collect())
        }
        Some(KeySource::KeyWrap) => {
            let wrapped = &header.octets[..header.keying_material_size as usize];
            unwrap(secret, wrapped)
        }
        None => Err(XfrmError::BadHeader("key management")),
    }
}

/// New pairs, and the octets from which [`open`] finds them again.
pub(super) fn create(
    source: KeySource,
    secret: &Secret,
    iterations: u32,
    count: usize,
) -> Result<(Vec<KeyPair>, Vec<u8>), XfrmError> {
    match source {
        KeySource::Pbkdf2 => {
            let mut salts = vec![0; count * SALT_SIZE];
            getrandom::fill(&mut salts).map_err(XfrmError::Random)?;
            let pairs = salts
                .chunks_exact(SALT_SIZE)
                .map(|salt| derive(secret, salt, iterations))
                .collect();
            Ok((pairs, salts))
        }
        KeySource::KeyWrap => {
            let wrapping = wrapping_key(secret).ok_or(OptionsError::WrapKeySize(secret.len()))?;
            let mut keys = Zeroizing::new(vec![0; count * PAIR_SIZE]);
            getrandom::fill(&mut keys).map_err(XfrmError::Random)?;
            let mut wrapped = vec![0; keys.len() + IV_LEN];
            wrapping
                .wrap_key(&keys, &mut wrapped)
                .expect("the sizes are multiples of 8 and fit");
            let pairs = keys
                .chunks_exact(PAIR_SIZE)
                .map(KeyPair::from_bytes)
                .collect();
            Ok((pairs, wrapped))
        }
    }
}

fn derive(secret: &Secret, salt: &[u8], iterations: u32) -> KeyPair {
    let mut bytes = Zeroizing::new([0; PAIR_SIZE]);
    pbkdf2::pbkdf2_hmac::<Sha256>(secret.expose(), salt, iterations, &mut *bytes);
    KeyPair::from_bytes(&*bytes)
}

fn unwrap(secret: &Secret, wrapped: &[u8]) -> Result<Vec<KeyPair>, XfrmError> {
    let wrapping = wrapping_key(secret).ok_or(XfrmError::WrongKey)?;
    let mut keys = Zeroizing::new(vec![0; wrapped.len().saturating_sub(IV_LEN)]);
    wrapping
        .unwrap_key(wrapped, &mut keys)
        .map_err(|_| XfrmError::WrongKey)?;
    Ok(keys
        .chunks_exact(PAIR_SIZE)
        .map(KeyPair::from_bytes)
        .collect())
}

fn wrapping_key(secret: &Secret) -> Option<KwAes256> {
    KwAes256::new_from_slice(secret.expose()).ok()
}

//! Encryption of the payload: AES-256 in CBC and XTS, by position (backup format, 7.5).

use aes::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit,
    KeyInit,
};
use aes::{Aes256, Block};
use zeroize::Zeroizing;

use super::header::Cipher;
use super::keys::KeyPair;

/// Size of a cipher block, in bytes.
pub(super) const BLOCK: usize = 16;

/// Blocks of XTS that are encrypted together: enough to keep the processor's lanes busy.
const XTS_BATCH: usize = 64;

/// The cipher and keys of one payload.
///
/// Everything follows from the position in the payload, so pieces can be decrypted in any
/// order and in parallel. Pieces begin and end at multiples of 16 bytes. Encryption in CBC
/// is a chain, so pieces are encrypted in order, each with the last block of the one before.
pub(super) struct PayloadCipher {
    cipher: Cipher,
    /// Bytes of a data unit, 0 for one stream.
    unit_size: u64,
    keys: Vec<Aes256>,
    /// The pairs' second halves: for CBC the initialisation vectors.
    ivs: Zeroizing<Vec<[u8; 32]>>,
    /// The pairs' second halves as keys: for XTS the keys of the tweaks.
    tweak_keys: Vec<Aes256>,
}

/// A part of a piece that lies in one data unit.
struct Segment<'a> {
    bytes: &'a mut [u8],
    /// Number of the data unit.
    unit: u64,
    /// Where in the unit the part begins, in bytes.
    at: u64,
}

impl PayloadCipher {
    pub(super) fn new(cipher: Cipher, unit_size: u32, pairs: &[KeyPair]) -> Self {
        let tweak_pairs = match cipher {
            Cipher::Cbc => &pairs[..0],
            Cipher::Xts => pairs,
        };
        Self {
            cipher,
            unit_size: u64::from(unit_size),
            keys: pairs
                .iter()
                .map(|pair| Aes256::new(&pair.key.into()))
                .collect(),
            ivs: Zeroizing::new(pairs.iter().map(|pair| pair.iv).collect()),
            tweak_keys: tweak_pairs
                .iter()
                .map(|pair| Aes256::new(&pair.iv.into()))
                .collect(),
        }
    }

    /// Decrypts a piece in place. `offset` is its position in the payload, `previous` the
    /// block of ciphertext before it; that of the first piece is not looked at.
    pub(super) fn decrypt(&self, bytes: &mut [u8], offset: u64, previous: &Block) {
        self.each_segment(bytes, offset, |segment| match self.cipher {
            Cipher::Cbc => {
                let iv = self.cbc_iv(&segment, previous);
                let key = &self.keys[self.key_index(segment.unit)];
                let (blocks, _) = Array::slice_as_chunks_mut(segment.bytes);
                cbc::Decryptor::inner_iv_init(key, &iv).decrypt_blocks(blocks);
            }
            Cipher::Xts => self.xts(segment, |key, blocks| key.decrypt_blocks(blocks)),
        });
    }

    /// Encrypts a piece in place; see [`PayloadCipher::decrypt`].
    pub(super) fn encrypt(&self, bytes: &mut [u8], offset: u64, previous: &Block) {
        self.each_segment(bytes, offset, |segment| match self.cipher {
            Cipher::Cbc => {
                let iv = self.cbc_iv(&segment, previous);
                let key = &self.keys[self.key_index(segment.unit)];
                let (blocks, _) = Array::slice_as_chunks_mut(segment.bytes);
                cbc::Encryptor::inner_iv_init(key, &iv).encrypt_blocks(blocks);
            }
            Cipher::Xts => self.xts(segment, |key, blocks| key.encrypt_blocks(blocks)),
        });
    }

    fn each_segment(&self, mut bytes: &mut [u8], offset: u64, mut run: impl FnMut(Segment)) {
        if self.unit_size == 0 {
            run(Segment {
                bytes,
                unit: 0,
                at: offset,
            });
            return;
        }
        let mut offset = offset;
        while !bytes.is_empty() {
            let at = offset % self.unit_size;
            let length = (self.unit_size - at).min(bytes.len() as u64);
            let (part, rest) = bytes.split_at_mut(length as usize);
            run(Segment {
                bytes: part,
                unit: offset / self.unit_size,
                at,
            });
            bytes = rest;
            offset += length;
        }
    }

    /// Index that selects the key and iv of a unit. XTS numbers 65536 units with 16 bits,
    /// then changes the keys.
    fn pair_index(&self, unit: u64) -> u64 {
        match self.cipher {
            Cipher::Cbc => unit,
            Cipher::Xts => unit >> 16,
        }
    }

    fn key_index(&self, unit: u64) -> usize {
        let count = self.keys.len() as u64;
        (self.pair_index(unit) / count % count) as usize
    }

    fn iv_index(&self, unit: u64) -> usize {
        (self.pair_index(unit) % self.keys.len() as u64) as usize
    }

    fn cbc_iv(&self, segment: &Segment, previous: &Block) -> Block {
        if segment.at > 0 {
            return *previous;
        }
        let mut iv = Block::default();
        iv.copy_from_slice(&self.ivs[self.iv_index(segment.unit)][..BLOCK]);
        iv
    }

    fn xts(&self, segment: Segment, run: impl Fn(&Aes256, &mut [Block])) {
        let key = &self.keys[self.key_index(segment.unit)];
        let mut first = Block::default();
        first[14..].copy_from_slice(&((segment.unit & 0xFFFF) as u16).to_be_bytes());
        self.tweak_keys[self.iv_index(segment.unit)].encrypt_block(&mut first);
        let mut tweak = u128::from_le_bytes(first.0);
        if segment.at > 0 {
            tweak = xts_advance(tweak, segment.at / BLOCK as u64);
        }

        let mut tweaks = [0_u128; XTS_BATCH];
        let (blocks, _) = Array::slice_as_chunks_mut(segment.bytes);
        for batch in blocks.chunks_mut(XTS_BATCH) {
            for (block, kept) in batch.iter_mut().zip(&mut tweaks) {
                *kept = tweak;
                *block = xor(block, tweak);
                tweak = xts_double(tweak);
            }
            run(key, batch);
            for (block, kept) in batch.iter_mut().zip(&tweaks) {
                *block = xor(block, *kept);
            }
        }
    }
}

fn xor(block: &Block, mask: u128) -> Block {
    (u128::from_le_bytes(block.0) ^ mask).to_le_bytes().into()
}

/// The tweak of the next block: multiplication by x in GF(2^128), IEEE 1619.
fn xts_double(tweak: u128) -> u128 {
    (tweak << 1) ^ if tweak >> 127 == 1 { 0x87 } else { 0 }
}

/// The tweak `blocks` blocks on: multiplication by x to that power.
fn xts_advance(tweak: u128, blocks: u64) -> u128 {
    let mut tweak = tweak;
    let mut power = 2; // x
    let mut left = blocks;
    while left > 0 {
        if left & 1 == 1 {
            tweak = multiply(tweak, power);
        }
        power = multiply(power, power);
        left >>= 1;
    }
    tweak
}

fn multiply(a: u128, b: u128) -> u128 {
    let mut product = 0;
    let mut shifted = a;
    for bit in 0..128 {
        if b >> bit & 1 == 1 {
            product ^= shifted;
        }
        shifted = xts_double(shifted);
    }
    product
}

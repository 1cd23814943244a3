//! Reads a container as the format says, with plain code of its own: what our writer makes must
//! be right in another's eyes. OpenSSL's vectors (`fixtures/vectors`) vouch for both.

use std::fs;
use std::io::Read;

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes_kw::KwAes256;
use ndbmgm::xfrm::{Cipher, Flags, Header, Trailer};
use sha2::Sha256;

use crate::xfrm::{fixtures, read_all, sample, secret32, unhex};

/// The data of an encrypted container.
pub(crate) fn read(file: &[u8], password: &[u8]) -> Vec<u8> {
    let header = Header::decode(file).unwrap();
    let fixed = file.last_chunk::<56>().unwrap();
    let trailer = Trailer::decode(fixed, header.byte_order).unwrap();
    let end = file.len() - trailer.trailer_size as usize;
    let payload = &file[header.header_size as usize..end];
    let pairs: Vec<Vec<u8>> = if header.iterations == 0 {
        let keys = unwrap(password, &header.octets);
        keys.chunks(64).map(<[u8]>::to_vec).collect()
    } else {
        let salts = header.octets.chunks(32);
        let pair = |salt: &[u8]| derive(password, salt, header.iterations);
        salts.map(pair).collect()
    };
    let unit_size = match header.data_unit_size {
        0 => payload.len().max(16),
        size => size as usize,
    };
    let count = pairs.len();
    let mut data = Vec::new();
    for (unit, bytes) in payload.chunks(unit_size).enumerate() {
        let is_xts = header.cipher() == Some(Cipher::Xts);
        let index = if is_xts { unit >> 16 } else { unit };
        let key = &pairs[index / count % count][..32];
        let iv = &pairs[index % count][32..];
        if is_xts {
            let mut tweak = [0; 16];
            tweak[14..].copy_from_slice(&(unit as u16).to_be_bytes());
            data.extend(decrypt_xts(&[key, iv].concat(), &tweak, bytes));
        } else {
            data.extend(decrypt_cbc(key, &iv[..16], bytes));
        }
    }
    let padding = usize::from(*data.last().unwrap());
    assert!((1..=16).contains(&padding));
    assert!(data.ends_with(&vec![padding as u8; padding]));
    data.truncate(data.len() - padding);
    if header.flags.0 & 0xF00 == 0x100 {
        let stream = std::mem::take(&mut data);
        let mut inflater = flate2::read::DeflateDecoder::new(&stream[..]);
        inflater.read_to_end(&mut data).unwrap();
    }
    assert_eq!(data.len() as u64, trailer.data_size);
    assert_eq!(trailer.crc(), Some(crc32fast::hash(&data)));
    data
}

/// A key and an initialisation vector from a password.
pub(crate) fn derive(password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
    let mut pair = vec![0; 64];
    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut pair);
    pair
}

fn unwrap(key: &[u8], wrapped: &[u8]) -> Vec<u8> {
    let mut keys = vec![0; wrapped.len() - 8];
    let wrapping = KwAes256::new_from_slice(key).unwrap();
    wrapping.unwrap_key(wrapped, &mut keys).unwrap();
    keys
}

fn decrypt_block(key: &Aes256, block: &[u8]) -> [u8; 16] {
    let mut block = Array::try_from(block).unwrap();
    key.decrypt_block(&mut block);
    block.into()
}

fn xor(left: &[u8; 16], right: &[u8]) -> [u8; 16] {
    std::array::from_fn(|index| left[index] ^ right[index])
}

fn decrypt_cbc(key: &[u8], iv: &[u8], bytes: &[u8]) -> Vec<u8> {
    let key = Aes256::new_from_slice(key).unwrap();
    let previous = std::iter::once(iv).chain(bytes.chunks(16));
    let blocks = bytes.chunks(16).zip(previous);
    blocks
        .flat_map(|(block, previous)| xor(&decrypt_block(&key, block), previous))
        .collect()
}

/// Whole blocks only: a container pads.
fn decrypt_xts(keys: &[u8], tweak: &[u8], bytes: &[u8]) -> Vec<u8> {
    let key = Aes256::new_from_slice(&keys[..32]).unwrap();
    let mut tweak = Array::try_from(tweak).unwrap();
    Aes256::new_from_slice(&keys[32..])
        .unwrap()
        .encrypt_block(&mut tweak);
    let mut tweak = u128::from_le_bytes(tweak.into());
    let mut data = Vec::new();
    for block in bytes.chunks(16) {
        let mask = tweak.to_le_bytes();
        data.extend(xor(&decrypt_block(&key, &xor(&mask, block)), &mask));
        // Times x in the field of 2^128 elements.
        tweak = tweak << 1 ^ if tweak >> 127 == 1 { 0x87 } else { 0 };
    }
    data
}

fn vectors(name: &str) -> String {
    fs::read_to_string(fixtures().join("vectors").join(name)).unwrap()
}

#[test]
fn the_second_opinion_is_that_of_openssl() {
    let mut seen = [0; 4];
    for line in vectors("primitives.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["pbkdf2", password, salt, iterations, pair] => {
                let iterations = iterations.parse().unwrap();
                let found = derive(&unhex(password), &unhex(salt), iterations);
                assert_eq!(found, unhex(pair), "{line}");
                seen[0] += 1;
            }
            ["wrap", key, keys, wrapped] => {
                assert_eq!(unwrap(&unhex(key), &unhex(wrapped)), unhex(keys), "{line}");
                seen[1] += 1;
            }
            ["cbc", key, iv, data, encrypted] => {
                let found = decrypt_cbc(&unhex(key), &unhex(iv), &unhex(encrypted));
                assert_eq!(found, unhex(data), "{line}");
                seen[2] += 1;
            }
            ["xts", keys, tweak, data, encrypted] => {
                let found = decrypt_xts(&unhex(keys), &unhex(tweak), &unhex(encrypted));
                assert_eq!(found, unhex(data), "{line}");
                seen[3] += 1;
            }
            _ => panic!("{line}"),
        }
    }
    assert_eq!(seen, [3, 2, 3, 3]);
}

/// A container around a payload that OpenSSL has encrypted, and its data.
fn container(line: &str) -> (Vec<u8>, Vec<u8>) {
    let words: Vec<&str> = line.split(' ').collect();
    let [
        cipher,
        unit_size,
        count,
        iterations,
        compressed,
        size,
        octets,
        payload,
    ] = words[..]
    else {
        panic!("{line}");
    };
    let number = |text: &str| text.parse::<u32>().unwrap();
    let is_compressed = compressed == "1";
    let is_xts = cipher == "xts";
    let (octets, payload) = (unhex(octets), unhex(payload));
    let mut flags = if is_xts { 0x2000 } else { 0x1000 };
    flags |= u64::from(is_compressed) << 8;
    flags |= if iterations == "0" {
        0x2_0000
    } else {
        0x1_0000
    };
    flags |= match is_compressed && is_xts {
        true => 0x1000_0000,
        false => 0x10_0000,
    };
    flags |= if count == "1" { 0 } else { 0x200_0000 };
    let derived = number(iterations) > 0;
    let header = Header {
        header_size: 512,
        flags: Flags(flags),
        file_block_size: 512,
        iterations: number(iterations),
        keying_material_size: if derived { 32 } else { octets.len() as u32 },
        keying_material_count: if derived { number(count) } else { 1 },
        data_unit_size: number(unit_size),
        octets,
        ..Header::default()
    };
    let data = sample(number(size) as usize);
    let trailer = Trailer {
        flags: 0x30,
        data_size: data.len() as u64,
        data_checksum: crc32fast::hash(&data).to_le_bytes(),
        trailer_size: 512 - (payload.len() + 56) as u32 % 512 + 56,
        ..Trailer::default()
    };
    let file = [
        header.encode(),
        payload,
        trailer.encode(header.byte_order).to_vec(),
    ]
    .concat();
    (file, data)
}

#[test]
fn containers_that_openssl_has_encrypted_are_read() {
    let list = vectors("containers.txt");
    assert_eq!(list.lines().count(), 85);
    for line in list.lines() {
        let (file, data) = container(line);
        let what = &line[..line.len().min(60)];
        assert_eq!(file.len() % 512, 0, "{what}");
        assert!(
            read_all(&file, Some(&secret32())).unwrap() == data,
            "{what}"
        );
        let second = read(&file, &(0..32).collect::<Vec<u8>>());
        assert!(second == data, "{what}: the second opinion");
    }
}

//! The header of an NDBXFRM1 container (backup format, 7.1 and 7.2).

use super::XfrmError;

/// First and last eight bytes of a container.
pub(super) const MAGIC: &[u8; 8] = b"NDBXFRM1";

/// Follows the magic, in the writer's byte order.
pub(super) const ENDIAN_MARKER: u64 = 0xFEDC_BA98_7654_3210;

/// Size in bytes of the part of the header before the keying material (backup format, 7.1).
pub const FIXED_HEADER_SIZE: u32 = 160;

/// The header, and with it the largest file block, lies in this many bytes at the
/// beginning of the file.
pub(super) const HEADER_MAX: usize = 32768;

/// Most bytes of keying material.
const OCTETS_MAX: u32 = 32000;

/// What the writer names as its version, 9.7.2; no reader looks at it.
pub(super) const WRITER_VERSION: u32 = 0x0009_0702;

/// Salt of PBKDF2, in bytes.
pub(super) const SALT_SIZE: usize = 32;

/// Byte order of the numbers in header and trailer (backup format, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// As written on every machine in use.
    Little,
    /// As a big-endian machine would write.
    Big,
}

impl ByteOrder {
    pub(super) fn of_marker(bytes: [u8; 8]) -> Option<Self> {
        match (u64::from_le_bytes(bytes), u64::from_be_bytes(bytes)) {
            (ENDIAN_MARKER, _) => Some(Self::Little),
            (_, ENDIAN_MARKER) => Some(Self::Big),
            _ => None,
        }
    }

    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let mut word = [0; 4];
        word.copy_from_slice(&bytes[at..at + 4]);
        match self {
            Self::Little => u32::from_le_bytes(word),
            Self::Big => u32::from_be_bytes(word),
        }
    }

    pub(super) fn u64(self, bytes: &[u8], at: usize) -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at..at + 8]);
        match self {
            Self::Little => u64::from_le_bytes(word),
            Self::Big => u64::from_be_bytes(word),
        }
    }

    pub(super) fn put_u32(self, bytes: &mut [u8], at: usize, value: u32) {
        bytes[at..at + 4].copy_from_slice(&match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        });
    }

    pub(super) fn put_u64(self, bytes: &mut [u8], at: usize, value: u64) {
        bytes[at..at + 8].copy_from_slice(&match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        });
    }
}

/// How the payload is encrypted (backup format, 7.5); the numbers are those of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cipher {
    /// AES-256-CBC, as one stream or in data units.
    Cbc = 1,
    /// AES-256-XTS in data units.
    Xts = 2,
}

/// Where the keys come from (backup format, 7.5); the numbers are those of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeySource {
    /// PBKDF2-HMAC-SHA256 of the password, one salt for each key.
    Pbkdf2 = 1,
    /// Random keys, wrapped with a 32-byte key (RFC 3394).
    KeyWrap = 2,
}

/// The header's flags (backup format, 7.2).
///
/// | bits | meaning |
/// |---|---|
/// | `0x0000000F`, `0x000000F0` | checksums in the header, unused |
/// | `0x00000F00` | compression: 0 none, 1 deflate |
/// | `0x0000F000` | cipher: 0 none, 1 CBC, 2 XTS |
/// | `0x000F0000` | key source: 1 PBKDF2, 2 key wrap |
/// | `0x00F00000` | 1: PKCS padding before encryption |
/// | `0x0F000000` | key selection: 0 same, 1 pair, 2 mixed pair |
/// | `0xF0000000` | 1: PKCS padding belonging to the compression (deflate with XTS) |
/// | `2^63` | extended, never set |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub u64);

impl Flags {
    pub(super) const EXTENDED: u64 = 1 << 63;
    pub(super) const UNUSED: u64 = 0xFFFF_FFFF_ECEC_CECC;

    pub(super) fn nibble(self, shift: u32) -> u64 {
        self.0 >> shift & 0xF
    }

    pub(super) fn compression(self) -> u64 {
        self.nibble(8)
    }

    pub(super) fn cipher(self) -> u64 {
        self.nibble(12)
    }

    pub(super) fn key_source(self) -> u64 {
        self.nibble(16)
    }

    pub(super) fn encryption_padding(self) -> u64 {
        self.nibble(20)
    }

    pub(super) fn key_selection(self) -> u64 {
        self.nibble(24)
    }

    pub(super) fn compression_padding(self) -> u64 {
        self.nibble(28)
    }

    /// The payload is a deflate stream.
    pub fn is_compressed(self) -> bool {
        self.0 & 0xF000_0F00 != 0
    }

    /// The payload is encrypted.
    pub fn is_encrypted(self) -> bool {
        self.0 & 0x0FFF_F000 != 0
    }

    /// The payload ends with PKCS padding.
    pub fn is_padded(self) -> bool {
        self.encryption_padding() != 0 || self.compression_padding() != 0
    }
}

/// Header of an NDBXFRM1 container (backup format, 7.1).
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | magic `NDBXFRM1` |
/// | 8 | 8 | endian marker `0xFEDCBA9876543210` |
/// | 16 | 4 | header size, bytes before the payload |
/// | 20 | 4 | fixed header size, 160 |
/// | 24 | 8 | zeros |
/// | 32 | 8 | [flags](Flags) |
/// | 40 | 4 | version of the writer |
/// | 44 | 4 | size of the keying material that follows the fixed header |
/// | 48 | 4 | file block size |
/// | 52 | 4 | largest trailer, 80 |
/// | 56 | 8 | file and data checksum, unused |
/// | 64 | 4 | zeros |
/// | 68 | 64 | version blocks, zero |
/// | 132 | 4 | PBKDF2 iterations, 0 for key wrap |
/// | 136 | 4 | size of a salt (32), or of the wrapped keys |
/// | 140 | 4 | number of salts, 1 for key wrap |
/// | 144 | 4 | data unit size, 0 for stream CBC |
/// | 148 | 12 | position of the keying material, key count, zeros: all 0 |
/// | 160 | | keying material, then zeros up to the header size |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Byte order of header and trailer.
    pub byte_order: ByteOrder,
    /// Bytes before the payload.
    pub header_size: u32,
    /// Bytes before the keying material.
    pub fixed_header_size: u32,
    /// Offset 24, zero; no reader looks at it.
    pub zeros: [u32; 2],
    /// What was done to the data.
    pub flags: Flags,
    /// Version of the writer, for people.
    pub writer_version: u32,
    /// The file's size is a multiple of this many bytes, unless 0.
    pub file_block_size: u32,
    /// What the writer names as the size of the largest trailer.
    pub trailer_max_size: u32,
    /// Unused.
    pub file_checksum: [u8; 4],
    /// Unused.
    pub data_checksum: [u8; 4],
    /// Offset 64, zero; no reader looks at it.
    pub zeros01: u32,
    /// PBKDF2 iterations, 0 for key wrap.
    pub iterations: u32,
    /// Size of a salt, or of the wrapped keys, in bytes.
    pub keying_material_size: u32,
    /// Number of salts, 1 for key wrap.
    pub keying_material_count: u32,
    /// Bytes that are encrypted on their own, 0 for stream CBC.
    pub data_unit_size: u32,
    /// Offset 152; no reader looks at it.
    pub key_count: u32,
    /// Salts or wrapped keys.
    pub octets: Vec<u8>,
}

impl Default for Header {
    /// The block that is shown for a file without a header (backup format, 9.4).
    fn default() -> Self {
        Self {
            byte_order: ByteOrder::Little,
            header_size: FIXED_HEADER_SIZE,
            fixed_header_size: FIXED_HEADER_SIZE,
            zeros: [0; 2],
            flags: Flags(0),
            writer_version: WRITER_VERSION,
            file_block_size: 0,
            trailer_max_size: 80,
            file_checksum: [0; 4],
            data_checksum: [0; 4],
            zeros01: 0,
            iterations: 0,
            keying_material_size: 0,
            keying_material_count: 0,
            data_unit_size: 0,
            key_count: 0,
            octets: Vec::new(),
        }
    }
}

impl Header {
    /// Reads and checks the header at the beginning of `bytes`, which are the file's first
    /// 32768 bytes or the whole of a shorter file.
    ///
    /// The checks are those of backup format, 7.4, points 2 to 6 and 10; what no reader
    /// looks at (zeros, versions, unknown flags) is taken as it is.
    pub fn decode(bytes: &[u8]) -> Result<Self, XfrmError> {
        let mut marker = [0; 8];
        match bytes.get(8..24) {
            Some(found) => marker.copy_from_slice(&found[..8]),
            None => return Err(XfrmError::Truncated("it ends within the header")),
        }
        let order = ByteOrder::of_marker(marker).ok_or(XfrmError::BadHeader("endian marker"))?;
        let header_size = order.u32(bytes, 16);
        if header_size < 24 || !header_size.is_multiple_of(8) || header_size as usize > HEADER_MAX {
            return Err(XfrmError::BadHeader("header size"));
        }
        let whole = bytes
            .get(..header_size as usize)
            .ok_or(XfrmError::Truncated("it ends within the header"))?;

        let fixed_header_size = order.u32(whole, 20);
        if !(24..=header_size).contains(&fixed_header_size) {
            return Err(XfrmError::BadHeader("fixed header size"));
        }
        let (fixed, rest) = whole.split_at(fixed_header_size as usize);
        let known = fixed.len().min(FIXED_HEADER_SIZE as usize);
        if !is_zero(&fixed[known..]) {
            return Err(XfrmError::BadHeader("bytes after the fixed header"));
        }
        // A shorter fixed header is one whose last fields are zero.
        let mut fields = [0; FIXED_HEADER_SIZE as usize];
        fields[..known].copy_from_slice(&fixed[..known]);

        let octets_size = order.u32(&fields, 44);
        if octets_size > OCTETS_MAX || octets_size as usize > rest.len() {
            return Err(XfrmError::BadHeader("size of the keying material"));
        }
        let (octets, padding) = rest.split_at(octets_size as usize);
        if !is_zero(padding) {
            return Err(XfrmError::BadHeader("bytes after the keying material"));
        }
        if order.u32(&fields, 148) != 0 {
            return Err(XfrmError::BadHeader("position of the keying material"));
        }
        let mut header = Self::from_fields(order, &fields);
        header.octets = octets.to_vec();
        header.check()?;
        Ok(header)
    }

    fn from_fields(order: ByteOrder, fields: &[u8; FIXED_HEADER_SIZE as usize]) -> Self {
        let mut file_checksum = [0; 4];
        file_checksum.copy_from_slice(&fields[56..60]);
        let mut data_checksum = [0; 4];
        data_checksum.copy_from_slice(&fields[60..64]);
        Self {
            byte_order: order,
            header_size: order.u32(fields, 16),
            fixed_header_size: order.u32(fields, 20),
            zeros: [order.u32(fields, 24), order.u32(fields, 28)],
            flags: Flags(order.u64(fields, 32)),
            writer_version: order.u32(fields, 40),
            file_block_size: order.u32(fields, 48),
            trailer_max_size: order.u32(fields, 52),
            file_checksum,
            data_checksum,
            zeros01: order.u32(fields, 64),
            iterations: order.u32(fields, 132),
            keying_material_size: order.u32(fields, 136),
            keying_material_count: order.u32(fields, 140),
            data_unit_size: order.u32(fields, 144),
            key_count: order.u32(fields, 152),
            octets: Vec::new(),
        }
    }

    fn check(&self) -> Result<(), XfrmError> {
        let flags = self.flags;
        if self.file_block_size as usize > HEADER_MAX {
            return Err(XfrmError::BadHeader("file block size"));
        }
        if flags.compression() > 1 {
            return Err(XfrmError::BadHeader("compression method"));
        }
        let padded_by_compression = flags.compression_padding() != 0;
        if flags.compression_padding() > 1
            || (padded_by_compression
                && (!flags.is_encrypted()
                    || flags.encryption_padding() != 0
                    || flags.compression() == 0))
        {
            return Err(XfrmError::BadHeader("compression padding"));
        }
        if flags.is_encrypted() {
            self.check_encryption()?;
        }
        Ok(())
    }

    fn check_encryption(&self) -> Result<(), XfrmError> {
        let flags = self.flags;
        let cipher = self.cipher().ok_or(XfrmError::BadHeader("cipher"))?;
        let source = self
            .key_source()
            .ok_or(XfrmError::BadHeader("key management"))?;
        if flags.encryption_padding() > 1 {
            return Err(XfrmError::BadHeader("encryption padding"));
        }
        if flags.key_selection() > 2 {
            return Err(XfrmError::BadHeader("key selection"));
        }
        if cipher == Cipher::Xts && flags.is_compressed() && !flags.is_padded() {
            return Err(XfrmError::BadHeader("no padding after compressed data"));
        }
        if !self.data_unit_size.is_multiple_of(16)
            || (cipher == Cipher::Xts && self.data_unit_size == 0)
        {
            return Err(XfrmError::BadHeader("data unit size"));
        }
        let material = u64::from(self.keying_material_size);
        let count = u64::from(self.keying_material_count);
        let material_is_right = match source {
            KeySource::Pbkdf2 => material == SALT_SIZE as u64 && count > 0,
            // 64 bytes for each pair of key and iv, and the 8 bytes of the wrap.
            KeySource::KeyWrap => count == 1 && material >= 72 && material % 64 == 8,
        };
        if !material_is_right || material * count > self.octets.len() as u64 {
            return Err(XfrmError::BadHeader("keying material"));
        }
        if (self.iterations == 0) != (source == KeySource::KeyWrap) {
            return Err(XfrmError::BadHeader("iteration count"));
        }
        Ok(())
    }

    /// The cipher, if there is one and it is known.
    pub fn cipher(&self) -> Option<Cipher> {
        match self.flags.cipher() {
            1 => Some(Cipher::Cbc),
            2 => Some(Cipher::Xts),
            _ => None,
        }
    }

    /// The source of the keys, if there is one and it is known.
    pub fn key_source(&self) -> Option<KeySource> {
        match self.flags.key_source() {
            1 => Some(KeySource::Pbkdf2),
            2 => Some(KeySource::KeyWrap),
            _ => None,
        }
    }

    /// The header's bytes, `header_size` of them.
    ///
    /// # Panics
    ///
    /// If `header_size` is too small for the fixed header and the keying material.
    pub fn encode(&self) -> Vec<u8> {
        let order = self.byte_order;
        let octets_at = self.fixed_header_size as usize;
        let mut bytes = vec![0; self.header_size as usize];
        bytes[..8].copy_from_slice(MAGIC);
        order.put_u64(&mut bytes, 8, ENDIAN_MARKER);
        order.put_u32(&mut bytes, 16, self.header_size);
        order.put_u32(&mut bytes, 20, self.fixed_header_size);
        order.put_u32(&mut bytes, 24, self.zeros[0]);
        order.put_u32(&mut bytes, 28, self.zeros[1]);
        order.put_u64(&mut bytes, 32, self.flags.0);
        order.put_u32(&mut bytes, 40, self.writer_version);
        order.put_u32(&mut bytes, 44, self.octets.len() as u32);
        order.put_u32(&mut bytes, 48, self.file_block_size);
        order.put_u32(&mut bytes, 52, self.trailer_max_size);
        bytes[56..60].copy_from_slice(&self.file_checksum);
        bytes[60..64].copy_from_slice(&self.data_checksum);
        order.put_u32(&mut bytes, 64, self.zeros01);
        order.put_u32(&mut bytes, 132, self.iterations);
        order.put_u32(&mut bytes, 136, self.keying_material_size);
        order.put_u32(&mut bytes, 140, self.keying_material_count);
        order.put_u32(&mut bytes, 144, self.data_unit_size);
        order.put_u32(&mut bytes, 152, self.key_count);
        bytes[octets_at..octets_at + self.octets.len()].copy_from_slice(&self.octets);
        bytes
    }
}

pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

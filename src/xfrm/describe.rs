//! What a file is, and the text that says so (backup format, 9.3 and 9.4).

use std::fmt::Write;

use super::az31::Az31Trailer;
use super::header::{ENDIAN_MARKER, Flags, Header, MAGIC};
use super::trailer::{FIXED_TRAILER_SIZE, Trailer};

/// What a file is (backup format, 6.1 and 7).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// No container: the file is the data.
    Raw,
    /// Compressed, with the older container.
    Az31(Az31Trailer),
    /// An NDBXFRM1 container.
    Ndbxfrm(Header, Trailer),
}

impl Container {
    /// The data is compressed.
    pub fn is_compressed(&self) -> bool {
        match self {
            Self::Raw => false,
            Self::Az31(_) => true,
            Self::Ndbxfrm(header, _) => header.flags.is_compressed(),
        }
    }

    /// The data is encrypted.
    pub fn is_encrypted(&self) -> bool {
        match self {
            Self::Raw | Self::Az31(_) => false,
            Self::Ndbxfrm(header, _) => header.flags.is_encrypted(),
        }
    }

    /// A container without a checksum of its data, as a data node makes of files that it does
    /// not write from end to end.
    pub fn is_unchecked(&self) -> bool {
        match self {
            Self::Raw | Self::Az31(_) => false,
            Self::Ndbxfrm(_, trailer) => trailer.crc().is_none(),
        }
    }

    /// The line of `ndbxfrm --info`, with newline. `name` is printed as given.
    pub fn render_line(&self, name: &str) -> String {
        format!(
            "File={name}, compression={}, encryption={}\n",
            yes_or_no(self.is_compressed()),
            yes_or_no(self.is_encrypted())
        )
    }

    /// The block that follows the line in `ndbxfrm --detailed-info`, with newline. A file
    /// without header and trailer shows default ones.
    pub fn render_detailed(&self) -> String {
        let (header, trailer) = match self {
            Self::Raw => (&Header::default(), &Trailer::default()),
            Self::Az31(_) => {
                let header = Header {
                    flags: Flags(0x100),
                    ..Header::default()
                };
                (&header.clone(), &Trailer::default())
            }
            Self::Ndbxfrm(header, trailer) => (header, trailer),
        };
        format!("{}{}", render_header(header), render_trailer(trailer))
    }
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

fn render_bytes(bytes: &[u8]) -> String {
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    numbers.join(", ")
}

fn render_header(header: &Header) -> String {
    let flags = header.flags;
    format!(
        "header: {{
  fixed_header: {{
    magic: {{
      magic: {{ {magic} }},
      endian: {ENDIAN_MARKER},
      header_size: {header_size},
      fixed_header_size: {fixed_header_size},
      zeros: {{ {zeros0}, {zeros1} }}
    }},
    flags: {flags},
    flag_extended: {extended},
    flag_zeros: {unused},
    flag_file_checksum: {flag_file_checksum},
    flag_data_checksum: {flag_data_checksum},
    flag_compress: {compress},
    flag_compress_method: {compress_method},
    flag_compress_padding: {compress_padding},
    flag_encrypt: {encrypt},
    flag_encrypt_cipher: {cipher},
    flag_encrypt_krm: {krm},
    flag_encrypt_padding: {encrypt_padding},
    flag_encrypt_key_selection_mode: {selection},
    dbg_writer_ndb_version: {version},
    octets_size: {octets_size},
    file_block_size: {file_block_size},
    trailer_max_size: {trailer_max_size},
    file_checksum: {{ {file_checksum} }},
    data_checksum: {{ {data_checksum} }},
    zeros01: {{ {zeros01} }},
    compress_dbg_writer_header_version: {{ ... }},
    compress_dbg_writer_library_version: {{ ... }},
    encrypt_dbg_writer_header_version: {{ ... }},
    encrypt_dbg_writer_library_version: {{ ... }},
    encrypt_key_definition_iterator_count: {iterations},
    encrypt_krm_keying_material_size: {material_size},
    encrypt_krm_keying_material_count: {material_count},
    encrypt_key_data_unit_size: {unit_size},
    encrypt_krm_keying_material_position_in_octets: 0,
  }},
  octets: {{
{octets}  }}
}}
",
        magic = render_bytes(MAGIC),
        header_size = header.header_size,
        fixed_header_size = header.fixed_header_size,
        zeros0 = header.zeros[0],
        zeros1 = header.zeros[1],
        flags = flags.0,
        extended = flags.0 & Flags::EXTENDED,
        unused = flags.0 & Flags::UNUSED,
        flag_file_checksum = flags.0 & 0xF,
        flag_data_checksum = flags.nibble(4),
        compress = (flags.0 & 0xF000_0F00) >> 8,
        compress_method = flags.compression(),
        compress_padding = flags.compression_padding(),
        encrypt = (flags.0 & 0x0FFF_F000) >> 12,
        cipher = flags.cipher(),
        krm = flags.key_source(),
        encrypt_padding = flags.encryption_padding(),
        selection = flags.key_selection(),
        version = header.writer_version,
        octets_size = header.octets.len(),
        file_block_size = header.file_block_size,
        trailer_max_size = header.trailer_max_size,
        file_checksum = render_bytes(&header.file_checksum),
        data_checksum = render_bytes(&header.data_checksum),
        zeros01 = header.zeros01,
        iterations = header.iterations,
        material_size = header.keying_material_size,
        material_count = header.keying_material_count,
        unit_size = header.data_unit_size,
        octets = render_octets(&header.octets),
    )
}

/// Sixteen to a line.
fn render_octets(octets: &[u8]) -> String {
    let mut text = String::new();
    for line in octets.chunks(16) {
        text.push_str("    ");
        for octet in line {
            write!(text, " {octet},").expect("a String takes everything");
        }
        text.push('\n');
    }
    text
}

fn render_trailer(trailer: &Trailer) -> String {
    format!(
        "trailer: {{
  fixed_trailer: {{
    flags: {flags},
    flag_extended: {extended},
    flag_zeros: {unused},
    flag_file_checksum: {flag_file_checksum},
    flag_data_checksum: {flag_data_checksum},
    data_size: {data_size},
    file_checksum: {{ {file_checksum} }},
    data_checksum: {{ {data_checksum} }},
    magic: {{
      zeros: {{ {zeros0}, {zeros1} }}
      fixed_trailer_size: {FIXED_TRAILER_SIZE},
      trailer_size: {trailer_size},
      endian: {ENDIAN_MARKER},
      magic: {{ {magic} }},
    }},
  }}
}}
",
        flags = trailer.flags,
        extended = trailer.flags & Flags::EXTENDED,
        unused = trailer.flags & 0xFFFF_FFFF_FFFF_FFCC,
        flag_file_checksum = trailer.flags & 0xF,
        flag_data_checksum = (trailer.flags & 0xF0) >> 4,
        data_size = trailer.data_size,
        file_checksum = render_bytes(&trailer.file_checksum),
        data_checksum = render_bytes(&trailer.data_checksum),
        zeros0 = trailer.zeros[0],
        zeros1 = trailer.zeros[1],
        trailer_size = trailer.trailer_size,
        magic = render_bytes(MAGIC),
    )
}

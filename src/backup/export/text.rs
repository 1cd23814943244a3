//! Text of a column's character set as UTF-8.

use std::borrow::Cow;

use encoding_rs::{self as e, Encoding};

use super::code_pages::{self, UpperHalf};
use crate::backup::Charset;

/// How the text of a column becomes UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) enum Decoder {
    /// It is UTF-8.
    Utf8,
    /// ASCII; other bytes have no meaning that is known here.
    Ascii,
    /// ASCII, in which some punctuation stands for letters.
    Swedish,
    /// One byte for each character, ASCII in the lower half.
    CodePage(&'static UpperHalf),
    /// As this encoding has it.
    Other(&'static Encoding),
    /// Four bytes for each character, most significant first.
    Utf32,
}

impl Decoder {
    pub(super) fn of_collation(number: u16) -> Self {
        use Charset as C;
        let Some(charset) = Charset::of_collation(number) else {
            return Decoder::Ascii;
        };
        Decoder::Other(match charset {
            C::Utf8mb3 | C::Utf8mb4 | C::Binary => return Decoder::Utf8,
            C::Utf32 => return Decoder::Utf32,
            C::Swe7 => return Decoder::Swedish,
            C::Ascii | C::Armscii8 | C::Geostd8 | C::Keybcs2 => return Decoder::Ascii,
            C::Cp850 => return Decoder::CodePage(&code_pages::CP850),
            C::Cp852 => return Decoder::CodePage(&code_pages::CP852),
            C::Dec8 => return Decoder::CodePage(&code_pages::DEC8),
            C::Hp8 => return Decoder::CodePage(&code_pages::HP8),
            C::Macce => return Decoder::CodePage(&code_pages::MACCE),
            C::Big5 => e::BIG5,
            C::Cp1250 => e::WINDOWS_1250,
            C::Cp1251 => e::WINDOWS_1251,
            C::Cp1256 => e::WINDOWS_1256,
            C::Cp1257 => e::WINDOWS_1257,
            C::Cp866 => e::IBM866,
            C::Cp932 | C::Sjis => e::SHIFT_JIS,
            C::Eucjpms | C::Ujis => e::EUC_JP,
            C::Euckr => e::EUC_KR,
            C::Gb18030 => e::GB18030,
            C::Gb2312 | C::Gbk => e::GBK,
            C::Greek => e::ISO_8859_7,
            C::Hebrew => e::ISO_8859_8,
            C::Koi8r => e::KOI8_R,
            C::Koi8u => e::KOI8_U,
            // The server's latin1 has the letters of Windows, as the web's has.
            C::Latin1 => e::WINDOWS_1252,
            C::Latin2 => e::ISO_8859_2,
            C::Latin5 => e::WINDOWS_1254,
            C::Latin7 => e::ISO_8859_13,
            C::Macroman => e::MACINTOSH,
            C::Tis620 => e::WINDOWS_874,
            C::Ucs2 | C::Utf16 => e::UTF_16BE,
            C::Utf16le => e::UTF_16LE,
        })
    }

    /// The text; none if the bytes are no text of the character set.
    pub(super) fn decode<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        match self {
            Decoder::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Decoder::Ascii => ascii(bytes).map(Cow::Borrowed),
            Decoder::Swedish => code_pages::decode_swedish(bytes).map(Cow::Owned),
            Decoder::CodePage(upper) => match ascii(bytes) {
                Some(text) => Some(Cow::Borrowed(text)),
                None => code_pages::decode(upper, bytes).map(Cow::Owned),
            },
            Decoder::Other(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
            Decoder::Utf32 => {
                let (words, rest) = bytes.as_chunks::<4>();
                let letters = words
                    .iter()
                    .map(|word| char::from_u32(u32::from_be_bytes(*word)));
                let text: Option<String> = letters.collect();
                text.filter(|_| rest.is_empty()).map(Cow::Owned)
            }
        }
    }
}

fn ascii(bytes: &[u8]) -> Option<&str> {
    bytes
        .is_ascii()
        .then(|| std::str::from_utf8(bytes).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_character_set_becomes_utf_8() {
        for (collation, bytes, text) in [
            (8, &b"caf\xE9 \x80"[..], Some("café €")),
            (255, "日本".as_bytes(), Some("日本")),
            (255, b"\xFF", None),
            (13, b"\x93\xFA\x96\x7B", Some("日本")),
            (12, b"\xC6\xFC\xCB\xDC", Some("日本")),
            (28, b"\xC8\xD5\xB1\xBE", Some("日本")),
            (51, b"\xCC\xE8\xF0", Some("Мир")),
            (7, b"\xED\xC9\xD2", Some("Мир")),
            (35, b"\x04\x1C\x00a", Some("Мa")),
            (54, b"\xD8\x3D\xDE\x00", Some("😀")),
            (56, b"a\0", Some("a")),
            (60, b"\0\x01\xF6\0", Some("😀")),
            (60, b"\0\x01\xF6", None),
            (11, b"\xE9", None),
            (4, b"plain", Some("plain")),
            (4, b"gr\x81n", Some("grün")),
            (40, b"\xA6", Some("Ž")),
            (38, b"\xEC", Some("ž")),
            (6, b"\xCF", Some("ü")),
            (3, b"\xDD", Some("Ÿ")),
            (10, b"sm|rg}s", Some("smörgås")),
            (32, b"\xB2", None),
            (0, b"a", Some("a")),
        ] {
            let decoded = Decoder::of_collation(collation).decode(bytes);
            assert_eq!(decoded.as_deref(), text, "{collation} {bytes:02x?}");
        }
    }
}

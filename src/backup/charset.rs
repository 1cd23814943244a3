//! Character sets, by the collation numbers that columns carry.

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the server's own
pub enum Charset {
    Armscii8,
    Ascii,
    Big5,
    Binary,
    Cp1250,
    Cp1251,
    Cp1256,
    Cp1257,
    Cp850,
    Cp852,
    Cp866,
    Cp932,
    Dec8,
    Eucjpms,
    Euckr,
    Gb18030,
    Gb2312,
    Gbk,
    Geostd8,
    Greek,
    Hebrew,
    Hp8,
    Keybcs2,
    Koi8r,
    Koi8u,
    Latin1,
    Latin2,
    Latin5,
    Latin7,
    Macce,
    Macroman,
    Sjis,
    Swe7,
    Tis620,
    Ucs2,
    Ujis,
    Utf16,
    Utf16le,
    Utf32,
    Utf8mb3,
    Utf8mb4,
}

impl Charset {
    /// The character set of a collation.
    pub fn of_collation(number: u16) -> Option<Self> {
        use Charset as C;
        Some(match number {
            32 | 64 => C::Armscii8,
            11 | 65 => C::Ascii,
            1 | 84 => C::Big5,
            63 => C::Binary,
            26 | 34 | 44 | 66 | 99 => C::Cp1250,
            14 | 23 | 50..=52 => C::Cp1251,
            57 | 67 => C::Cp1256,
            29 | 58 | 59 => C::Cp1257,
            4 | 80 => C::Cp850,
            40 | 81 => C::Cp852,
            36 | 68 => C::Cp866,
            95 | 96 => C::Cp932,
            3 | 69 => C::Dec8,
            97 | 98 => C::Eucjpms,
            19 | 85 => C::Euckr,
            248..=250 => C::Gb18030,
            24 | 86 => C::Gb2312,
            28 | 87 => C::Gbk,
            92 | 93 => C::Geostd8,
            25 | 70 => C::Greek,
            16 | 71 => C::Hebrew,
            6 | 72 => C::Hp8,
            37 | 73 => C::Keybcs2,
            7 | 74 => C::Koi8r,
            22 | 75 => C::Koi8u,
            5 | 8 | 15 | 31 | 47..=49 | 94 => C::Latin1,
            2 | 9 | 21 | 27 | 77 => C::Latin2,
            30 | 78 => C::Latin5,
            20 | 41 | 42 | 79 => C::Latin7,
            38 | 43 => C::Macce,
            39 | 53 => C::Macroman,
            13 | 88 => C::Sjis,
            10 | 82 => C::Swe7,
            18 | 89 => C::Tis620,
            35 | 90 | 128..=151 | 159 => C::Ucs2,
            12 | 91 => C::Ujis,
            54 | 55 | 101..=124 => C::Utf16,
            56 | 62 => C::Utf16le,
            60 | 61 | 160..=183 => C::Utf32,
            33 | 76 | 83 | 192..=215 | 223 => C::Utf8mb3,
            45 | 46 | 224..=247 | 255..=323 => C::Utf8mb4,
            _ => return None,
        })
    }

    /// The server's name for it.
    pub fn name(self) -> &'static str {
        use Charset as C;
        match self {
            C::Armscii8 => "armscii8",
            C::Ascii => "ascii",
            C::Big5 => "big5",
            C::Binary => "binary",
            C::Cp1250 => "cp1250",
            C::Cp1251 => "cp1251",
            C::Cp1256 => "cp1256",
            C::Cp1257 => "cp1257",
            C::Cp850 => "cp850",
            C::Cp852 => "cp852",
            C::Cp866 => "cp866",
            C::Cp932 => "cp932",
            C::Dec8 => "dec8",
            C::Eucjpms => "eucjpms",
            C::Euckr => "euckr",
            C::Gb18030 => "gb18030",
            C::Gb2312 => "gb2312",
            C::Gbk => "gbk",
            C::Geostd8 => "geostd8",
            C::Greek => "greek",
            C::Hebrew => "hebrew",
            C::Hp8 => "hp8",
            C::Keybcs2 => "keybcs2",
            C::Koi8r => "koi8r",
            C::Koi8u => "koi8u",
            C::Latin1 => "latin1",
            C::Latin2 => "latin2",
            C::Latin5 => "latin5",
            C::Latin7 => "latin7",
            C::Macce => "macce",
            C::Macroman => "macroman",
            C::Sjis => "sjis",
            C::Swe7 => "swe7",
            C::Tis620 => "tis620",
            C::Ucs2 => "ucs2",
            C::Ujis => "ujis",
            C::Utf16 => "utf16",
            C::Utf16le => "utf16le",
            C::Utf32 => "utf32",
            C::Utf8mb3 => "utf8mb3",
            C::Utf8mb4 => "utf8mb4",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_collations_are_of_their_character_sets() {
        for (number, name) in [
            (8, "latin1"),
            (33, "utf8mb3"),
            (45, "utf8mb4"),
            (255, "utf8mb4"),
            (63, "binary"),
            (35, "ucs2"),
            (54, "utf16"),
            (13, "sjis"),
            (28, "gbk"),
            (51, "cp1251"),
        ] {
            assert_eq!(Charset::of_collation(number).unwrap().name(), name);
        }
        assert_eq!(Charset::of_collation(0), None);
        assert_eq!(Charset::of_collation(17), None);
    }
}

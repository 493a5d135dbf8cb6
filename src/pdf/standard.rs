//! Names that ISO 32000 lists, for whoever mends and whoever checks.

/// The rendering intents (ISO 32000-1, table 70).
pub(crate) const RENDERING_INTENTS: [&[u8]; 4] =
    [b"RelativeColorimetric", b"AbsoluteColorimetric", b"Perceptual", b"Saturation"];

/// The blend modes (ISO 32000-1, tables 136 and 137), and `Compatible`, the name that an early one had.
pub(crate) const BLEND_MODES: [&[u8]; 17] = [
    b"Normal",
    b"Compatible",
    b"Multiply",
    b"Screen",
    b"Overlay",
    b"Darken",
    b"Lighten",
    b"ColorDodge",
    b"ColorBurn",
    b"HardLight",
    b"SoftLight",
    b"Difference",
    b"Exclusion",
    b"Hue",
    b"Saturation",
    b"Color",
    b"Luminosity",
];

/// Whether content may have an operator (ISO 32000-1, annex A; PDF 1.4 has the same). `ID` and `EI` come with their `BI`; alone they are none. It is asked of each operation, so
/// that the list is a match.
#[rustfmt::skip]
pub(crate) fn is_operator(operator: &[u8]) -> bool {
    matches!(
        operator,
        b"b" | b"B" | b"b*" | b"B*" | b"BDC" | b"BI" | b"BMC" | b"BT" | b"BX" | b"c" | b"cm" | b"CS" | b"cs" | b"d"
            | b"d0" | b"d1" | b"Do" | b"DP" | b"EI" | b"EMC" | b"ET" | b"EX" | b"f" | b"F" | b"f*" | b"G" | b"g" | b"gs"
            | b"h" | b"i" | b"j" | b"J" | b"K" | b"k" | b"l" | b"m" | b"M" | b"MP" | b"n" | b"q" | b"Q" | b"re" | b"RG"
            | b"rg" | b"ri" | b"s" | b"S" | b"SC" | b"sc" | b"SCN" | b"scn" | b"sh" | b"T*" | b"Tc" | b"Td" | b"TD"
            | b"Tf" | b"Tj" | b"TJ" | b"TL" | b"Tm" | b"Tr" | b"Ts" | b"Tw" | b"Tz" | b"v" | b"w" | b"W" | b"W*" | b"y"
            | b"'" | b"\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_of_the_standard_are_known_and_no_others() {
        assert!([&b"BX"[..], b"T*", b"\"", b"sh", b"d1"].into_iter().all(is_operator));
        assert!(![&b"ID"[..], b"PS", b"bdc", b"", b"endstream"].into_iter().any(is_operator));
    }
}

//! The operators of content streams (ISO 32000-1, annex A). Part 1 stands on PDF 1.4, which has the same.

/// Whether an operator is defined. `ID` and `EI` come with their `BI`; alone they are none. It is asked of each operation, so
/// that the list is a match.
#[rustfmt::skip]
pub(super) fn is_defined(operator: &[u8]) -> bool {
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

/// What an operator paints with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Paint {
    /// The colour for filling.
    pub(super) fills: bool,
    /// The colour for stroking.
    pub(super) strokes: bool,
}

impl Paint {
    /// Of an operator that paints a path or text in a text rendering mode; images and shadings are not painted so.
    pub(super) fn of(operator: &[u8], render_mode: i64) -> Self {
        match operator {
            b"f" | b"F" | b"f*" => Self { fills: true, strokes: false },
            b"S" | b"s" => Self { fills: false, strokes: true },
            b"B" | b"B*" | b"b" | b"b*" => Self { fills: true, strokes: true },
            b"Tj" | b"TJ" | b"'" | b"\"" => {
                Self { fills: matches!(render_mode, 0 | 2 | 4 | 6), strokes: matches!(render_mode, 1 | 2 | 5 | 6) }
            }
            _ => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_of_the_standard_are_known_and_no_others() {
        assert!([&b"BX"[..], b"T*", b"\"", b"sh", b"d1"].into_iter().all(is_defined));
        assert!(![&b"ID"[..], b"PS", b"bdc", b"", b"endstream"].into_iter().any(is_defined));
    }

    #[test]
    fn text_is_painted_by_its_rendering_mode() {
        assert_eq!(Paint::of(b"Tj", 3), Paint::default());
        assert_eq!(Paint::of(b"TJ", 6), Paint { fills: true, strokes: true });
        assert_eq!(Paint::of(b"n", 0), Paint::default());
    }
}

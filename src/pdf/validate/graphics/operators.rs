//! What operators paint with.

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
    fn text_is_painted_by_its_rendering_mode() {
        assert_eq!(Paint::of(b"Tj", 3), Paint::default());
        assert_eq!(Paint::of(b"TJ", 6), Paint { fills: true, strokes: true });
        assert_eq!(Paint::of(b"n", 0), Paint::default());
    }
}

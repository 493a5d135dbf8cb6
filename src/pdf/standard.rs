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

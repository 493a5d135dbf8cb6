//! What a profile says of a TIFF.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the pages of a TIFF are drawn and packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TiffSettings {
    /// Dots per inch, 72 to 1,200; 300 when nothing is said.
    pub resolution: DotsPerInch,
    /// The colours that pages keep.
    pub colour: Colour,
    /// How pages in black and white are made of those that have more.
    pub bitonal: BitonalMethod,
    /// How pages in grey and colour are packed. Those in black and white are always packed by G4 (ITU-T T.6).
    pub compression: Compression,
    /// The quality of pages that are packed by JPEG, 1 to 100; 85 when nothing is said.
    pub jpeg_quality: JpegQuality,
}

/// The colours that pages keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Colour {
    /// Each page what it has: black and white, grey, or colour.
    #[default]
    Auto,
    /// Black and white.
    Bitonal,
    /// Grey of 8 bits.
    Grey,
    /// Colour of 24 bits.
    Colour,
}

/// How black and white are made of what is neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BitonalMethod {
    /// By error diffusion on pages with pictures or shades, else by a threshold.
    #[default]
    Auto,
    /// What is darker than half is black: best for text.
    Threshold,
    /// By the error diffusion of Floyd and Steinberg: best for pictures.
    ErrorDiffusion,
}

/// How grey and colour are packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Compression {
    /// Deflate with the horizontal predictor; without loss.
    #[default]
    Deflate,
    /// LZW with the horizontal predictor; without loss, larger, and read by the oldest readers.
    Lzw,
    /// JPEG; small, with loss.
    Jpeg,
}

/// Dots per inch that pages may be drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
pub struct DotsPerInch(u32);

impl DotsPerInch {
    /// The fewest.
    pub const MIN: u32 = 72;
    /// The most.
    pub const MAX: u32 = 1_200;

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for DotsPerInch {
    fn default() -> Self {
        Self(300)
    }
}

impl TryFrom<u32> for DotsPerInch {
    type Error = OutOfRange;

    fn try_from(dots: u32) -> Result<Self, OutOfRange> {
        (Self::MIN..=Self::MAX)
            .contains(&dots)
            .then_some(Self(dots))
            .ok_or(OutOfRange { min: Self::MIN, max: Self::MAX })
    }
}

impl From<DotsPerInch> for u32 {
    fn from(dots: DotsPerInch) -> Self {
        dots.0
    }
}

/// The quality of a JPEG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
pub struct JpegQuality(u8);

impl JpegQuality {
    /// The lowest.
    pub const MIN: u8 = 1;
    /// The highest.
    pub const MAX: u8 = 100;

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for JpegQuality {
    fn default() -> Self {
        Self(85)
    }
}

impl TryFrom<u8> for JpegQuality {
    type Error = OutOfRange;

    fn try_from(quality: u8) -> Result<Self, OutOfRange> {
        let range = OutOfRange { min: u32::from(Self::MIN), max: u32::from(Self::MAX) };
        (Self::MIN..=Self::MAX).contains(&quality).then_some(Self(quality)).ok_or(range)
    }
}

impl From<JpegQuality> for u8 {
    fn from(quality: JpegQuality) -> Self {
        quality.0
    }
}

/// Says that a number is not one that a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number from {min} to {max} is expected")]
pub struct OutOfRange {
    min: u32,
    max: u32,
}

//! What a page shows: a picture of one or more bands, each with its data as a PDF holds them.

use std::borrow::Cow;

use super::placement::{Orientation, Resolution};

/// A picture that becomes one page.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    /// Columns as stored, before it is turned upright.
    pub(super) width: u32,
    /// Rows as stored, over all bands.
    pub(super) height: u32,
    pub(super) resolution: Resolution,
    pub(super) orientation: Orientation,
    /// From the top down; together as high as the picture.
    pub(super) bands: Vec<Image<'a>>,
}

/// One image object, as wide as its picture.
#[derive(Debug)]
pub(super) struct Image<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: u8,
    pub(super) colours: Colours,
    /// An embedded profile that `profile::usable` accepted.
    pub(super) profile: Option<Cow<'a, [u8]>>,
    /// The highest sample means no light or no ink, against the habit of the colour space.
    pub(super) inverted: bool,
    pub(super) filter: Filter,
    /// Written one after the other: the parts of one stream.
    pub(super) data: Vec<Cow<'a, [u8]>>,
    pub(super) mask: Option<Mask>,
}

/// The colour space of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Colours {
    Gray,
    Rgb,
    Cmyk,
    /// Indices into a table of RGB triples.
    Indexed(Vec<u8>),
    /// The data say it themselves; only JPEG 2000 does.
    InData,
}

impl Colours {
    /// Samples of one pixel; `InData` has no fixed number.
    pub(super) fn samples(&self) -> u8 {
        match self {
            Self::Gray | Self::Indexed(_) => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
            Self::InData => 0,
        }
    }
}

/// How the data are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// JPEG. The field overrides whether three or four samples are stored as brightness and colour difference.
    Jpeg { colour_transform: Option<bool> },
    /// JPEG 2000. The field says whether a channel of it is opacity.
    Jpeg2000 { opacity: Option<Opacity> },
    /// JBIG2, as segments of one page.
    Jbig2,
    /// Deflate over rows that each begin with the number of a PNG filter.
    Rows,
    /// CCITT fax.
    Fax { k: i8, byte_aligned: bool, black_is_1: bool },
}

/// What an opacity channel inside JPEG 2000 data means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opacity {
    Straight,
    Premultiplied,
}

/// The opacity of an image, with the same number of pixels, coded as `Filter::Rows`.
#[derive(Debug)]
pub(super) struct Mask {
    pub(super) bits: u8,
    pub(super) data: Vec<u8>,
    /// The colours were multiplied with the opacity already.
    pub(super) premultiplied: bool,
}

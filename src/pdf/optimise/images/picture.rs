//! What the dictionary of an image says of its samples.

use lopdf::{Document, Object, Stream};

use crate::pdf::{filters, object, stream};

/// Longest side of an image that is looked into; JPEG and G4 count with 16 bits.
const SIDE_MAX: u32 = 65_500;

/// Most bytes of a palette: 256 colours of four components.
const PALETTE_BYTES_MAX: usize = 1024;

/// The last filter of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// Samples as they are, packed by filters for any bytes.
    Samples,
    /// JPEG.
    Jpeg,
    /// JPEG 2000.
    Jpeg2000,
    /// Fax, groups 3 and 4.
    Fax,
    /// JBIG2.
    Jbig2,
}

/// What samples stand for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Space {
    /// Amounts of so many components that JPEG may blend: grey, RGB, CMYK, or one colorant.
    Amounts(u8),
    /// Amounts that JPEG must not blend: Lab, or several colorants.
    Special(u8),
    /// Places in a palette of colours of a space.
    Palette {
        /// The space, as it is written.
        base: Object,
        /// How many components it has; 0 for one of which an image cannot be made alone.
        channels: u8,
        /// The colours.
        table: Vec<u8>,
    },
}

/// An image, by its dictionary.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample; those of JPEG 2000 are in its data.
    pub(super) bits: u8,
    /// `None` where only the data of JPEG 2000 tell.
    pub(super) space: Option<Space>,
    /// Whether it paints where its bits say so, rather than showing them.
    pub(super) is_stencil: bool,
    /// Whether its `Decode` says anything but the usual.
    pub(super) is_remapped: bool,
    /// Whether a bit of 1 stands for ink.
    pub(super) ink_is_1: bool,
    /// Whether a range of its colours is transparent, so that no sample may change.
    pub(super) has_colour_key: bool,
    pub(super) codec: Codec,
    /// Whether its samples are fit to be changed in size; those with a matte have to match their image.
    pub(super) may_shrink: bool,
}

impl Picture {
    /// Reads a dictionary; `None` for one that is left alone.
    pub(super) fn read(document: &Document, held: &Stream) -> Option<Self> {
        let dictionary = &held.dict;
        let side = |key: &[u8]| {
            let side = object::integer(document, dictionary, key).and_then(|side| u32::try_from(side).ok());
            side.filter(|side| (1..=SIDE_MAX).contains(side))
        };
        let (width, height) = (side(b"Width")?, side(b"Height")?);
        let is_alpha_inside = object::integer(document, dictionary, b"SMaskInData").is_some_and(|alpha| alpha != 0);
        if is_alpha_inside || dictionary.has(b"F") {
            return None;
        }
        let codec = codec(&stream::filters(document, held))?;
        let is_stencil = object::get(document, dictionary, b"ImageMask")
            .is_some_and(|is_stencil| is_stencil.as_bool().unwrap_or(false));
        let bits = match codec {
            Codec::Fax | Codec::Jbig2 => 1,
            Codec::Jpeg => 8,
            _ if is_stencil => 1,
            Codec::Samples => u8::try_from(object::integer(document, dictionary, b"BitsPerComponent")?).ok()?,
            Codec::Jpeg2000 => 8,
        };
        let space = match object::get(document, dictionary, b"ColorSpace") {
            _ if is_stencil => Some(Space::Amounts(1)),
            Some(space) => Some(Space::read(document, space)?),
            None if codec == Codec::Jpeg2000 => None,
            None => return None,
        };
        let decode: Option<Vec<f32>> = object::array(document, dictionary, b"Decode")
            .map(|numbers| numbers.iter().filter_map(|number| object::number(document, number)).collect());
        let usual = usual(&decode, space.as_ref(), bits);
        let matte = object::dictionary(document, dictionary, b"SMask").is_some_and(|mask| mask.has(b"Matte"));
        Some(Self {
            width,
            height,
            bits,
            is_stencil,
            is_remapped: !usual,
            ink_is_1: decode.is_some_and(|decode| decode.first() > decode.get(1)),
            has_colour_key: matches!(object::get(document, dictionary, b"Mask"), Some(Object::Array(_))),
            codec,
            may_shrink: !matte && !dictionary.has(b"Matte"),
            space,
        })
    }
}

/// Whether a `Decode` array changes nothing (ISO 32000-1, table 90).
fn usual(decode: &Option<Vec<f32>>, space: Option<&Space>, bits: u8) -> bool {
    let Some(decode) = decode else { return true };
    let highest = match space {
        Some(Space::Palette { .. }) => f32::from((1_u16 << bits.min(8)) - 1),
        // The usual one of Lab has ranges of its own.
        Some(Space::Special(_)) => return false,
        Some(Space::Amounts(_)) | None => 1.0,
    };
    decode.chunks(2).all(|pair| pair == [0.0, highest])
}

/// The filter of an image's own; `None` for one that nobody undoes, or that does not come last.
fn codec(filters: &[Vec<u8>]) -> Option<Codec> {
    let kind = |name: &[u8]| match name {
        b"DCTDecode" => Some(Codec::Jpeg),
        b"JPXDecode" => Some(Codec::Jpeg2000),
        b"CCITTFaxDecode" => Some(Codec::Fax),
        b"JBIG2Decode" => Some(Codec::Jbig2),
        name => filters::is_plain(name).then_some(Codec::Samples),
    };
    let Some((last, before)) = filters.split_last() else { return Some(Codec::Samples) };
    let is_plain = before.iter().all(|name| kind(name) == Some(Codec::Samples));
    kind(last).filter(|_| is_plain)
}

impl Space {
    /// Reads a colour space; `None` for one that no image has.
    fn read(document: &Document, space: &Object) -> Option<Self> {
        if let Object::Name(name) = space {
            return Self::named(name);
        }
        let parts = space.as_array().ok()?;
        let part = |at: usize| parts.get(at).map(|part| object::resolve(document, part));
        match part(0)?.as_name().ok()? {
            b"Indexed" | b"I" => {
                let base = part(1)?;
                let channels = match Self::direct(document, base)? {
                    Self::Amounts(channels) => channels,
                    // The palette of these is scaled in its own way.
                    Self::Special(_) | Self::Palette { .. } => 0,
                };
                let table = match part(3)?.as_str() {
                    Ok(bytes) => bytes.to_vec(),
                    Err(_) => stream::unpack_within(part(3)?.as_stream().ok()?, PALETTE_BYTES_MAX * 4).ok()?,
                };
                let table = table.get(..table.len().min(PALETTE_BYTES_MAX))?.to_vec();
                Some(Self::Palette { base: parts.get(1)?.clone(), channels, table })
            }
            _ => Self::direct(document, space),
        }
    }

    /// Reads a space that is no palette.
    fn direct(document: &Document, space: &Object) -> Option<Self> {
        let space = object::resolve(document, space);
        if let Object::Name(name) = space {
            return Self::named(name);
        }
        let parts = space.as_array().ok()?;
        let part = |at: usize| parts.get(at).map(|part| object::resolve(document, part));
        let name = part(0)?.as_name().ok()?;
        match name {
            b"ICCBased" => {
                let profile = object::as_dictionary(part(1)?)?;
                match object::integer(document, profile, b"N")? {
                    1 => Some(Self::Amounts(1)),
                    3 => {
                        let alternate =
                            object::get(document, profile, b"Alternate").and_then(|held| held.as_array().ok());
                        let family = alternate.and_then(|parts| parts.first()?.as_name().ok());
                        Some(if family == Some(b"Lab") { Self::Special(3) } else { Self::Amounts(3) })
                    }
                    4 => Some(Self::Amounts(4)),
                    _ => None,
                }
            }
            b"CalGray" | b"Separation" => Some(Self::Amounts(1)),
            b"CalRGB" => Some(Self::Amounts(3)),
            b"Lab" => Some(Self::Special(3)),
            b"DeviceN" => {
                let colorants = u8::try_from(part(1)?.as_array().ok()?.len()).ok()?;
                Some(Self::Special(colorants)).filter(|_| colorants > 0)
            }
            _ if parts.len() == 1 => Self::named(name),
            _ => None,
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"DeviceGray" | b"G" | b"CalGray" => Some(Self::Amounts(1)),
            b"DeviceRGB" | b"RGB" | b"CalRGB" => Some(Self::Amounts(3)),
            b"DeviceCMYK" | b"CMYK" => Some(Self::Amounts(4)),
            _ => None,
        }
    }

    /// How many samples a pixel has.
    pub(super) fn channels(&self) -> u8 {
        match self {
            Self::Amounts(channels) | Self::Special(channels) => *channels,
            Self::Palette { .. } => 1,
        }
    }
}

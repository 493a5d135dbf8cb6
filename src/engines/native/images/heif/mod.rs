//! HEIC and AVIF, decoded by libheif where it is installed.

mod library;

#[cfg(test)]
mod tests;

use crate::{
    domain::{Event, EventCode},
    engines::{Error, settings::Frames},
};

use super::{
    corrupt,
    picture::{Colours, Picture},
    placement::{Orientation, Resolution},
    profile,
    raster::{self, Opacity, Raster},
    unsupported,
    writer::Document,
};

use library::{Decoded, Failure, Library};

pub(in crate::engines) use library::LIBRARY;

/// Transfer functions of pictures that are brighter than paper (ITU-T H.273): SMPTE ST 2084 and HLG.
const HIGH_DYNAMIC_RANGE: [i32; 2] = [16, 18];

/// Primaries that are as good as those of sRGB: BT.709, unknown, and those of old television.
const USUAL_PRIMARIES: [i32; 5] = [1, 2, 5, 6, 7];

/// The version of libheif, if it is installed.
///
/// # Errors
/// What is missing.
pub fn version() -> Result<String, String> {
    match Library::open() {
        Ok(library) => Ok(library.version()),
        Err(Failure::Missing(what) | Failure::Limit(what) | Failure::Unsupported(what) | Failure::Damaged(what)) => {
            Err(what)
        }
    }
}

/// Adds the picture that is to be shown first, or all of them.
pub(super) fn add_pages(
    bytes: &[u8],
    frames: Frames,
    document: &mut Document,
    events: &mut Vec<Event>,
) -> Result<(), Error> {
    let library = Library::open()?;
    let file = library.read(bytes)?;
    let ids = file.ids()?;
    let count = ids.len();
    let shown = match frames {
        Frames::First => 1,
        Frames::All => count,
    };
    let mut is_told = false;
    for id in ids.into_iter().take(shown) {
        let picture = file.picture(id)?;
        let (width, height) = picture.size();
        let sample_bytes = if picture.bits() > 8 { 2 } else { 1 };
        let samples = if picture.has_opacity() { 4 } else { 3 };
        let pixels = u64::from(width) * u64::from(height);
        raster::check_size(width, height, pixels.saturating_mul(samples * sample_bytes))?;
        let profile = picture.profile(profile::PROFILE_BYTES_MAX);
        if profile.is_none() && !is_told {
            is_told = tell_of_colours(picture.colour_numbers(), events);
        }
        let opacity = match (picture.has_opacity(), picture.is_premultiplied()) {
            (false, _) => Opacity::None,
            (true, false) => Opacity::Straight,
            (true, true) => Opacity::Premultiplied,
        };
        document.add_page(set(picture.decode()?, opacity, profile)?);
    }
    if shown < count {
        let message = format!("The file holds {count} pictures: the main one is shown.");
        events.push(Event::info(EventCode::PartialExtraction, message));
    }
    Ok(())
}

/// Says so when colours cannot be shown as they are meant.
fn tell_of_colours(numbers: Option<(i32, i32)>, events: &mut Vec<Event>) -> bool {
    let Some((primaries, transfer)) = numbers else { return false };
    let message = if HIGH_DYNAMIC_RANGE.contains(&transfer) {
        "The picture is of high dynamic range, which paper has not: it is shown darker."
    } else if !USUAL_PRIMARIES.contains(&primaries) {
        "The picture names a wide range of colours without a profile of them: it is shown as sRGB."
    } else {
        return false;
    };
    events.push(Event::warning(EventCode::Colorants, message));
    true
}

fn set(decoded: Decoded, opacity: Opacity, profile: Option<Vec<u8>>) -> Result<Picture<'static>, Error> {
    let Decoded { width, height, bits, mut bytes } = decoded;
    if bits > 8 {
        stretch(&mut bytes, bits);
    }
    let samples = if opacity == Opacity::None { 3 } else { 4 };
    let bits = if bits > 8 { 16 } else { 8 };
    let raster =
        Raster { width, height, bits, colours: Colours::Rgb, samples, opacity, inverted: false, profile, bytes };
    let bands = vec![raster.into_image()?];
    Ok(Picture { width, height, resolution: Resolution::default(), orientation: Orientation::default(), bands })
}

/// Makes samples of 9 to 15 bits use all 16, so that white stays white.
fn stretch(bytes: &mut [u8], bits: u8) {
    let bits = u32::from(bits.clamp(9, 16));
    for pair in bytes.as_chunks_mut::<2>().0 {
        let sample = u32::from(u16::from_be_bytes(*pair));
        let stretched = (sample << (16 - bits)) | (sample >> (2 * bits - 16));
        *pair = u16::try_from(stretched).unwrap_or(u16::MAX).to_be_bytes();
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing(what) => Self::Unavailable { what },
            Failure::Limit(which) => Self::Limit { which },
            Failure::Unsupported(what) => unsupported(format!("a kind of HEIF that libheif does not read ({what})")),
            Failure::Damaged(what) => corrupt(format!("the picture cannot be decoded ({what})")),
        }
    }
}

//! GIF, BMP and WebP: always decoded. Of an animation the first frame is shown, or each on a page of its own.

use std::io::Cursor;

use image::{
    AnimationDecoder, Frame, ImageDecoder,
    codecs::{bmp::BmpDecoder, gif::GifDecoder, webp::WebPDecoder},
};

use crate::{
    domain::{Event, EventCode, limits},
    engines::{Error, settings::Frames},
};

use super::{
    picture::{Colours, Picture},
    placement::{Orientation, Resolution},
    raster::{self, Opacity, Raster},
    writer::Document,
};

/// Where a BMP file holds its pixels per metre.
const BMP_RESOLUTION_AT: usize = 38;

/// Shows a GIF file.
pub(super) fn add_gif(
    bytes: &[u8],
    frames: Frames,
    document: &mut Document,
    events: &mut Vec<Event>,
) -> Result<(), Error> {
    let decoder = GifDecoder::new(Cursor::new(bytes)).map_err(raster::failed)?;
    add(decoder, gif_frames(bytes), frames, document, events)
}

/// Shows a Windows bitmap.
pub(super) fn bmp(bytes: &[u8]) -> Result<Picture<'static>, Error> {
    let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(raster::failed)?;
    let raster = raster::decode(decoder)?;
    let per_metre = |at: usize| {
        let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
        field.map_or(0.0, |field| f64::from(u32::from_le_bytes(*field)))
    };
    let (x, y) = (per_metre(BMP_RESOLUTION_AT), per_metre(BMP_RESOLUTION_AT + 4));
    picture(raster, Orientation::default(), Resolution::plausible(x * 0.0254, y * 0.0254))
}

/// Shows a WebP file.
pub(super) fn add_webp(
    bytes: &[u8],
    frames: Frames,
    document: &mut Document,
    events: &mut Vec<Event>,
) -> Result<(), Error> {
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(raster::failed)?;
    add(decoder, webp_frames(bytes), frames, document, events)
}

/// Adds the first frame, or all of them. A later frame that is broken ends the animation.
fn add<'a>(
    mut decoder: impl ImageDecoder + AnimationDecoder<'a>,
    count: usize,
    frames: Frames,
    document: &mut Document,
    events: &mut Vec<Event>,
) -> Result<(), Error> {
    let orientation = decoder.orientation().map_or(1, image::metadata::Orientation::to_exif);
    let orientation = Orientation::from_number(u64::from(orientation));
    if count <= 1 || frames == Frames::First {
        document.add_page(picture(raster::decode(decoder)?, orientation, None)?);
        tell_of_frames(count, events);
        return Ok(());
    }
    let (width, height) = decoder.dimensions();
    raster::check_size(width, height, decoder.total_bytes())?;
    decoder.set_limits(raster::decoder_limits()).map_err(raster::failed)?;
    let profile = decoder.icc_profile().ok().flatten();
    let most = frames_max(width, height);
    let mut shown = 0;
    for frame in decoder.into_frames().take(most) {
        match frame.map_err(raster::failed) {
            Ok(frame) => document.add_page(picture(frame_raster(frame, profile.clone()), orientation, None)?),
            Err(error) if shown == 0 => return Err(error),
            Err(error) => {
                let message = format!("Of the {count} frames {shown} are shown; then {error}.");
                events.push(Event::warning(EventCode::PartialExtraction, message));
                return Ok(());
            }
        }
        shown += 1;
    }
    if shown < count {
        let message = format!("Of the {count} frames the first {shown} are shown.");
        events.push(Event::warning(EventCode::PartialExtraction, message));
    }
    Ok(())
}

/// How many frames of a size are shown at most.
fn frames_max(width: u32, height: u32) -> usize {
    let pixels = (u64::from(width) * u64::from(height)).max(1);
    let by_pixels = usize::try_from(limits::FRAMES_PIXELS_MAX / pixels).unwrap_or(usize::MAX);
    by_pixels.clamp(1, limits::FRAMES_MAX)
}

fn frame_raster(frame: Frame, profile: Option<Vec<u8>>) -> Raster {
    let buffer = frame.into_buffer();
    let (width, height) = buffer.dimensions();
    Raster {
        width,
        height,
        bits: 8,
        colours: Colours::Rgb,
        samples: 4,
        opacity: Opacity::Straight,
        inverted: false,
        profile,
        bytes: buffer.into_raw(),
    }
}

fn picture(
    raster: Raster,
    orientation: Orientation,
    resolution: Option<Resolution>,
) -> Result<Picture<'static>, Error> {
    let (width, height) = (raster.width, raster.height);
    let bands = vec![raster.into_image()?];
    Ok(Picture { width, height, resolution: resolution.unwrap_or_default(), orientation, bands })
}

fn tell_of_frames(count: usize, events: &mut Vec<Event>) {
    if count > 1 {
        let message = format!("The picture is animated: the first of {count} frames is shown.");
        events.push(Event::info(EventCode::PartialExtraction, message));
    }
}

/// Counts the frames of a GIF file by walking its blocks, up to where it breaks off.
fn gif_frames(bytes: &[u8]) -> usize {
    let table_bytes = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut count = 0;
    let mut at = 13 + bytes.get(10).map_or(0, |flags| table_bytes(*flags));
    loop {
        let blocks = match bytes.get(at) {
            Some(0x2c) => {
                count += 1;
                // The descriptor, its colour table, and the size of the codes.
                at + 11 + bytes.get(at + 9).map_or(0, |flags| table_bytes(*flags))
            }
            Some(0x21) => at + 2,
            _ => return count,
        };
        at = blocks;
        while let Some(length @ 1..) = bytes.get(at).copied() {
            at += 1 + usize::from(length);
        }
        at += 1;
    }
}

/// Counts the frames of a WebP file by walking its chunks.
fn webp_frames(bytes: &[u8]) -> usize {
    let mut count = 0;
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((name, after)) = rest.split_first_chunk::<4>() {
        count += usize::from(name == b"ANMF");
        let Some(length) = after.first_chunk().and_then(|field| usize::try_from(u32::from_le_bytes(*field)).ok())
        else {
            break;
        };
        // Chunks are padded to an even length.
        rest = after.get(4 + length.next_multiple_of(2)..).unwrap_or_default();
    }
    count
}

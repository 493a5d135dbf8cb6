//! GIF, BMP and WebP: always decoded, and only the first frame of an animation is shown.

use std::io::Cursor;

use image::{
    ImageDecoder as _,
    codecs::{bmp::BmpDecoder, gif::GifDecoder, webp::WebPDecoder},
};

use crate::{
    domain::{Event, EventCode},
    engines::Error,
};

use super::{
    picture::Picture,
    placement::{Orientation, Resolution},
    raster::{self, Raster},
};

/// Where a BMP file holds its pixels per metre.
const BMP_RESOLUTION_AT: usize = 38;

/// Shows the first frame of a GIF file.
pub(super) fn gif(bytes: &[u8], events: &mut Vec<Event>) -> Result<Picture<'static>, Error> {
    let decoder = GifDecoder::new(Cursor::new(bytes)).map_err(raster::failed)?;
    let raster = raster::decode(decoder)?;
    tell_of_frames(gif_frames(bytes), events);
    picture(raster, Orientation::default(), None)
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

/// Shows the first frame of a WebP file.
pub(super) fn webp(bytes: &[u8], events: &mut Vec<Event>) -> Result<Picture<'static>, Error> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(raster::failed)?;
    let orientation = decoder.orientation().map_or(1, image::metadata::Orientation::to_exif);
    let raster = raster::decode(decoder)?;
    tell_of_frames(webp_frames(bytes), events);
    picture(raster, Orientation::from_number(u64::from(orientation)), None)
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

//! Pictures and pages as shades of grey.

use std::io::Cursor;

use hayro::{
    RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, hayro_syntax::Pdf,
    vello_cpu::color::palette::css::WHITE,
};
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};

use crate::{domain::limits, engines::Error};

/// What scans are usually made with, and what Tesseract was trained on.
pub(crate) const DOTS_PER_INCH: u32 = 300;
/// Fewest with which a page is drawn to keep within the limit of pixels; text is not legible with less.
const DOTS_PER_INCH_MIN: f32 = 36.0;
/// Units of a page in an inch.
const UNITS_PER_INCH: f32 = 72.0;

/// A picture in shades of grey, one byte a pixel, rows from the top.
#[derive(Debug)]
pub(super) struct Grey {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: Vec<u8>,
}

/// Decodes a picture and turns it as it is shown.
pub(super) fn decode(bytes: &[u8]) -> Result<Grey, Error> {
    let broken = |error: image::ImageError| Error::Corrupt { what: format!("the picture cannot be decoded ({error})") };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| Error::Internal { doing: "read a picture".to_owned(), source: Some(error) })?;
    let mut decoder_limits = Limits::default();
    decoder_limits.max_alloc = Some(limits::OCR_PIXELS_MAX * 16);
    reader.limits(decoder_limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if !fits(width, height) {
        let which = format!(
            "a picture of {width} x {height} pixels; text is recognised in at most {} Mi",
            limits::OCR_PIXELS_MAX >> 20
        );
        return Err(Error::Limit { which });
    }
    let orientation = decoder.orientation().map_err(broken)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width(), picture.height());
    let bytes = if picture.color().has_alpha() {
        // What shows through is paper.
        picture.into_luma_alpha8().pixels().map(|pixel| on_paper(pixel.0)).collect()
    } else {
        picture.into_luma8().into_raw()
    };
    Ok(Grey { width, height, bytes })
}

fn on_paper([shade, opacity]: [u8; 2]) -> u8 {
    let (shade, opacity) = (u32::from(shade), u32::from(opacity));
    u8::try_from((shade * opacity + 255 * (255 - opacity)) / 255).unwrap_or(u8::MAX)
}

/// Draws a page of a PDF as it is shown, and says with how many dots per inch.
pub(super) fn draw(bytes: Vec<u8>, number: usize, dots_per_inch: Option<u32>) -> Result<(Grey, u32), Error> {
    let corrupt = |what: String| Error::Corrupt { what };
    let pdf = Pdf::new(bytes).map_err(|error| corrupt(format!("the PDF cannot be read to be drawn ({error:?})")))?;
    let pages = pdf.pages();
    let page = pages.get(number).ok_or_else(|| corrupt(format!("the PDF has no page {}", number + 1)))?;
    let (width, height) = page.render_dimensions();
    let wanted = dots_per_inch.unwrap_or(DOTS_PER_INCH).clamp(1, 10 * DOTS_PER_INCH);
    let dots = dots_within(width, height, wanted);
    if dots < DOTS_PER_INCH_MIN {
        let which = format!("a page of {:.0} x {:.0} inches to recognise text on", width / 72.0, height / 72.0);
        return Err(Error::Limit { which });
    }
    let scale = dots / UNITS_PER_INCH;
    let settings = RenderSettings { x_scale: scale, y_scale: scale, bg_color: WHITE, ..RenderSettings::default() };
    let drawn = hayro::render(page, &RenderCache::new(), &InterpreterSettings::default(), &settings);
    let (width, height) = (u32::from(drawn.width()), u32::from(drawn.height()));
    if width == 0 || height == 0 {
        return Err(corrupt("the page has no area".to_owned()));
    }
    let bytes = drawn.data().iter().map(|pixel| luminance(pixel.r, pixel.g, pixel.b)).collect();
    Ok((Grey { width, height, bytes }, whole(dots)))
}

/// The dots per inch with which a page of so many units has no more pixels than there may be.
#[expect(clippy::cast_precision_loss, reason = "both are limits of less than 2^28")]
fn dots_within(width: f32, height: f32, wanted: u32) -> f32 {
    let inches = (width / UNITS_PER_INCH, height / UNITS_PER_INCH);
    let by_area = (limits::OCR_PIXELS_MAX as f32 / (inches.0 * inches.1)).sqrt();
    let by_side = limits::OCR_SIDE_MAX as f32 / inches.0.max(inches.1);
    (wanted as f32).min(by_area).min(by_side)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 36 and 3,000")]
fn whole(dots: f32) -> u32 {
    dots.round() as u32
}

fn fits(width: u32, height: u32) -> bool {
    width > 0
        && height > 0
        && width.max(height) <= limits::OCR_SIDE_MAX
        && u64::from(width) * u64::from(height) <= limits::OCR_PIXELS_MAX
}

/// How bright a colour is, as of a printed page (ITU-R BT.601).
fn luminance(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    u8::try_from(sum / 1000).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_through_is_paper() {
        assert_eq!(on_paper([0, 0]), 255);
        assert_eq!(on_paper([0, 255]), 0);
        assert_eq!(on_paper([100, 255]), 100);
    }

    #[test]
    fn a_large_page_is_drawn_with_fewer_dots_and_stays_within_the_limits() {
        assert_eq!(whole(dots_within(595.0, 842.0, 300)), 300);
        for (width, height) in [(14_400.0, 14_400.0), (14_400.0, 10.0), (3_000.0, 4_000.0)] {
            let scale = dots_within(width, height, 300) / UNITS_PER_INCH;
            assert!(width * scale * height * scale <= limits::OCR_PIXELS_MAX as f32 * 1.001);
            assert!(width.max(height) * scale <= limits::OCR_SIDE_MAX as f32 * 1.001);
        }
    }
}

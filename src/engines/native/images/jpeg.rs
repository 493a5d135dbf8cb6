//! JPEG goes into the PDF as it is; only its headers are read.

use std::borrow::Cow;

use crate::{
    domain::{Event, EventCode},
    engines::Error,
};

use super::{
    corrupt, exif,
    picture::{Colours, Filter, Image, Picture},
    placement::{Orientation, Resolution},
    profile, unsupported,
};

/// What the segments of a file say.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    pub(super) frame: Option<Frame>,
    /// The colour transform of an Adobe segment; its presence alone says that CMYK is stored inverted.
    adobe: Option<u8>,
    density: Option<Resolution>,
    exif: Option<&'a [u8]>,
    profile_parts: Vec<&'a [u8]>,
    has_scan: bool,
    /// Where the picture ends, when it does.
    end: Option<usize>,
}

/// What a frame header says.
#[derive(Debug)]
pub(super) struct Frame {
    coding: u8,
    bits: u8,
    pub(super) width: u32,
    pub(super) height: u32,
    component_ids: Vec<u8>,
}

/// Reads a file.
pub(super) fn picture<'a>(bytes: &'a [u8], events: &mut Vec<Event>) -> Result<Picture<'a>, Error> {
    let headers = Headers::read(bytes)?;
    let frame = headers.checked_frame()?;
    let (colours, inverted) = headers.colours(frame)?;
    let (orientation, exif_resolution) = headers.exif.map_or((Orientation::default(), None), exif::read);
    let samples = colours.samples();
    let image = Image {
        width: frame.width,
        height: frame.height,
        bits: 8,
        profile: headers.profile().and_then(|bytes| profile::usable(bytes, samples)).map(Cow::Owned),
        filter: Filter::Jpeg { colour_transform: headers.colour_transform(frame) },
        colours,
        inverted,
        data: data(bytes, headers.end, events),
        mask: None,
    };
    Ok(Picture {
        width: frame.width,
        height: frame.height,
        resolution: headers.density.or(exif_resolution).unwrap_or_default(),
        orientation,
        bands: vec![image],
    })
}

/// The file up to the end of its picture; what cameras append, such as a second picture, stays out.
fn data<'a>(bytes: &'a [u8], end: Option<usize>, events: &mut Vec<Event>) -> Vec<Cow<'a, [u8]>> {
    if let Some(end) = end {
        return vec![Cow::Borrowed(bytes.get(..end).unwrap_or(bytes))];
    }
    let message = "The JPEG image is cut off; what is left of it is shown.";
    events.push(Event::warning(EventCode::CorruptionRepaired, message));
    vec![Cow::Borrowed(bytes), Cow::Borrowed(&[0xff, 0xd9])]
}

impl<'a> Headers<'a> {
    /// Walks the segments and scans to the end of the picture, or to where the file breaks off.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        if !bytes.starts_with(&[0xff, 0xd8]) {
            return Err(corrupt("the JPEG image does not begin with its marker"));
        }
        let mut headers = Self::default();
        let mut at = 2;
        while let Some((marker, after)) = next_marker(bytes, at) {
            at = after;
            match marker {
                0xd9 => {
                    headers.end = Some(at);
                    break;
                }
                // Restart marks and the like stand alone, without a length.
                0x01 | 0xd0..=0xd8 => continue,
                _ => {}
            }
            let Some(body) = segment(bytes, at) else { break };
            headers.take(marker, body);
            at += 2 + body.len();
        }
        Ok(headers)
    }

    fn take(&mut self, marker: u8, body: &'a [u8]) {
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf if self.frame.is_none() => {
                self.frame = Frame::read(marker, body);
            }
            0xda => self.has_scan = true,
            0xe0 if body.starts_with(b"JFIF\0") => self.density = density(body),
            0xe1 if body.starts_with(b"Exif\0\0") && self.exif.is_none() => self.exif = Some(body),
            0xe2 => self.profile_parts.extend(body.strip_prefix(b"ICC_PROFILE\0")),
            0xee if body.starts_with(b"Adobe") => self.adobe = Some(body.get(11).copied().unwrap_or(0)),
            _ => {}
        }
    }

    /// The frame, if a PDF can hold it.
    pub(super) fn checked_frame(&self) -> Result<&Frame, Error> {
        let frame = self.frame.as_ref().ok_or_else(|| corrupt("the JPEG image is cut off before its size"))?;
        match frame.coding {
            0xc0..=0xc2 => {}
            0xc3 => return Err(unsupported("lossless JPEG coding")),
            0xc9..=0xcb | 0xcd..=0xcf => return Err(unsupported("arithmetic JPEG coding")),
            _ => return Err(unsupported("hierarchical JPEG coding")),
        }
        if frame.bits != 8 {
            return Err(unsupported(format!("JPEG samples of {} bits", frame.bits)));
        }
        if frame.width == 0 || frame.height == 0 {
            return Err(corrupt("the JPEG image names no size"));
        }
        if !self.has_scan {
            return Err(corrupt("the JPEG image is cut off before its first scan"));
        }
        Ok(frame)
    }

    fn colours(&self, frame: &Frame) -> Result<(Colours, bool), Error> {
        match frame.component_ids.len() {
            1 => Ok((Colours::Gray, false)),
            3 => Ok((Colours::Rgb, false)),
            // Adobe's programs store ink as light. Files without their mark follow the standard.
            4 => Ok((Colours::Cmyk, self.adobe.is_some())),
            count => Err(unsupported(format!("JPEG data of {count} components"))),
        }
    }

    /// Says how samples are stored where the data do not: PDF takes three unmarked components for brightness and
    /// colour difference, also when they are named R, G and B.
    fn colour_transform(&self, frame: &Frame) -> Option<bool> {
        (self.adobe.is_none() && frame.component_ids == b"RGB").then_some(false)
    }

    /// Puts the parts of a profile together in the order they are numbered in.
    fn profile(&self) -> Option<Vec<u8>> {
        let mut parts = self.profile_parts.clone();
        let count = usize::from(*parts.first()?.get(1)?);
        parts.sort_by_key(|part| part.first().copied());
        let is_whole = parts.iter().zip(1..=u8::MAX).all(|(part, number)| part.first() == Some(&number));
        (is_whole && parts.len() == count)
            .then(|| parts.iter().filter_map(|part| part.get(2..)).flatten().copied().collect())
    }
}

impl Frame {
    fn read(coding: u8, body: &[u8]) -> Option<Self> {
        let [bits, height_high, height_low, width_high, width_low, count] = *body.first_chunk()?;
        let components = body.get(6..6 + 3 * usize::from(count))?;
        Some(Self {
            coding,
            bits,
            width: u32::from(u16::from_be_bytes([width_high, width_low])),
            height: u32::from(u16::from_be_bytes([height_high, height_low])),
            component_ids: components.chunks(3).filter_map(|component| component.first().copied()).collect(),
        })
    }
}

fn density(body: &[u8]) -> Option<Resolution> {
    let [unit, x_high, x_low, y_high, y_low] = *body.get(7..)?.first_chunk()?;
    let inches = match unit {
        1 => 1.0,
        2 => 2.54,
        _ => return None,
    };
    let x = f64::from(u16::from_be_bytes([x_high, x_low]));
    let y = f64::from(u16::from_be_bytes([y_high, y_low]));
    Resolution::plausible(x * inches, y * inches)
}

/// The body of the segment whose length stands at `at`.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    bytes.get(at + 2..at + length.max(2))
}

/// The next marker and where it ends; skips the data of a scan, in which 0xff is followed by 0x00.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)? + 1;
        match bytes.get(at)? {
            0x00 => at += 1,
            0xff => {}
            marker => return Some((*marker, at + 1)),
        }
    }
}

//! The file: the strips of each page, and its directory of tags behind them.

use std::{
    borrow::Cow,
    io::{self, Seek, Write},
};

use serde::{Deserialize, Serialize};
use tiff::{
    TiffError, TiffResult,
    encoder::{DirectoryEncoder, Rational, TiffEncoder, TiffKindStandard, TiffValue},
    tags::{Tag, Type},
};
use time::OffsetDateTime;

use super::{
    samples::Kind,
    settings::Compression,
    strips::{Packing, Strips},
};
use crate::{
    domain::limits,
    pdf::{Error, OutputError, drawing::Size, metadata::PRODUCER, profiles},
};

/// Bytes of a directory without its strips and their places: three texts, two profiles and thirty tags.
const DIRECTORY_BYTES: u64 = 16 << 10;
/// A resolution is written in parts of this.
const RESOLUTION_PARTS: u32 = 1_000;
/// Tag of the name of the document (TIFF 6.0, section 12), which `tiff` does not name.
const DOCUMENT_NAME: Tag = Tag::Unknown(269);
/// Tag of the number of the page (TIFF 6.0, section 12).
const PAGE_NUMBER: Tag = Tag::Unknown(297);
/// Tag of the options of G4 (TIFF 6.0, section 11).
const T6_OPTIONS: Tag = Tag::Unknown(293);
/// Tag of what black and white are (TIFF 6.0, section 20).
const REFERENCE_BLACK_WHITE: Tag = Tag::Unknown(532);
/// The kind of a page among others (TIFF 6.0, section 8).
const PAGE_OF_SEVERAL: u32 = 2;

/// What every page says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Description<'a> {
    /// What the document is called.
    pub(super) name: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) author: Option<&'a str>,
    pub(super) now: OffsetDateTime,
}

/// How large a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layout {
    columns: u16,
    rows: u16,
    /// Dots per inch across and down, in parts of [`RESOLUTION_PARTS`].
    resolution: [u32; 2],
}

impl Layout {
    pub(super) fn of(size: &Size) -> Self {
        Self { columns: size.columns, rows: size.rows, resolution: size.dots_per_inch().map(parts) }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number; more is held at the end"
)]
fn parts(dots_per_inch: f32) -> u32 {
    (dots_per_inch * RESOLUTION_PARTS as f32).round().max(1.0) as u32
}

/// A TIFF that is being written.
pub(super) struct File<'a, W: Write + Seek> {
    encoder: TiffEncoder<&'a mut W, TiffKindStandard>,
    bytes_left: u64,
}

impl<'a, W: Write + Seek> File<'a, W> {
    /// Starts at the beginning of what is written to.
    pub(super) fn start(out: &'a mut W) -> Result<Self, OutputError> {
        out.rewind().map_err(OutputError::Output)?;
        Ok(Self { encoder: TiffEncoder::new(out).map_err(failed)?, bytes_left: limits::TIFF_BYTES_MAX })
    }

    /// Adds a page: its number from 0, and how many there are.
    pub(super) fn add(
        &mut self,
        layout: &Layout,
        strips: &Strips,
        numbers: [usize; 2],
        description: &Description<'_>,
    ) -> Result<(), OutputError> {
        // A place and a length each.
        let packed: u64 = strips.bytes.iter().map(|strip| strip.len() as u64 + 8).sum();
        let left = self.bytes_left.checked_sub(packed + DIRECTORY_BYTES);
        self.bytes_left = left.ok_or_else(|| Error::limit("a TIFF of more than 4 GiB"))?;
        let mut directory = self.encoder.image_directory().map_err(failed)?;
        write_strips(&mut directory, strips)
            .and_then(|()| write_layout(&mut directory, layout, strips))
            .and_then(|()| write_colours(&mut directory, strips))
            .and_then(|()| write_description(&mut directory, numbers, description))
            .and_then(|()| directory.finish())
            .map_err(failed)
    }
}

fn failed(error: TiffError) -> OutputError {
    match error {
        TiffError::IoError(error) => OutputError::Output(error),
        TiffError::IntSizeError | TiffError::LimitsExceeded => Error::limit("a TIFF of more than 4 GiB").into(),
        // What this module asks for is what TIFF takes; none of these comes of a document.
        other @ (TiffError::FormatError(_) | TiffError::UnsupportedError(_) | TiffError::UsageError(_)) => {
            OutputError::Output(io::Error::other(other))
        }
    }
}

type Directory<'a, W> = DirectoryEncoder<'a, W, TiffKindStandard>;

fn write_strips<W: Write + Seek>(directory: &mut Directory<'_, W>, strips: &Strips) -> TiffResult<()> {
    let (mut places, mut lengths) = (Vec::new(), Vec::new());
    for strip in &strips.bytes {
        places.push(u32::try_from(directory.write_data(strip.as_slice())?)?);
        lengths.push(u32::try_from(strip.len())?);
    }
    directory.write_tag(Tag::StripOffsets, places.as_slice())?;
    directory.write_tag(Tag::StripByteCounts, lengths.as_slice())
}

fn write_layout<W: Write + Seek>(directory: &mut Directory<'_, W>, layout: &Layout, strips: &Strips) -> TiffResult<()> {
    directory.write_tag(Tag::NewSubfileType, PAGE_OF_SEVERAL)?;
    directory.write_tag(Tag::ImageWidth, u32::from(layout.columns))?;
    directory.write_tag(Tag::ImageLength, u32::from(layout.rows))?;
    directory.write_tag(Tag::RowsPerStrip, u32::from(strips.rows_each))?;
    // The first row on top, the first column on the left, the first pixel in the high bits.
    directory.write_tag(Tag::Orientation, 1_u16)?;
    directory.write_tag(Tag::PlanarConfiguration, 1_u16)?;
    directory.write_tag(Tag::FillOrder, 1_u16)?;
    let [across, down] = layout.resolution.map(|n| Rational { n, d: RESOLUTION_PARTS });
    directory.write_tag(Tag::XResolution, across)?;
    directory.write_tag(Tag::YResolution, down)?;
    // Inches.
    directory.write_tag(Tag::ResolutionUnit, 2_u16)
}

fn write_colours<W: Write + Seek>(directory: &mut Directory<'_, W>, strips: &Strips) -> TiffResult<()> {
    let (bits, photometric): (&[u16], u16) = match (strips.kind, strips.packing) {
        (Kind::Bitonal, _) => (&[1], 0),
        (Kind::Grey, _) => (&[8], 1),
        (Kind::Rgb, Packing::Bytes(Compression::Jpeg)) => (&[8, 8, 8], 6),
        (Kind::Rgb, _) => (&[8, 8, 8], 2),
    };
    directory.write_tag(Tag::BitsPerSample, bits)?;
    directory.write_tag(Tag::SamplesPerPixel, if strips.kind == Kind::Rgb { 3_u16 } else { 1 })?;
    directory.write_tag(Tag::PhotometricInterpretation, photometric)?;
    match strips.packing {
        Packing::G4 => {
            directory.write_tag(Tag::Compression, 4_u16)?;
            directory.write_tag(T6_OPTIONS, 0_u32)?;
        }
        Packing::Bytes(Compression::Jpeg) => {
            directory.write_tag(Tag::Compression, 7_u16)?;
            if strips.kind == Kind::Rgb {
                // All of the colour is kept, and every value of a byte is used.
                directory.write_tag(Tag::ChromaSubsampling, [1_u16, 1].as_slice())?;
                let reference = [0, 255, 128, 255, 128, 255].map(|n| Rational { n, d: 1 });
                directory.write_tag(REFERENCE_BLACK_WHITE, reference.as_slice())?;
            }
        }
        Packing::Bytes(packing @ (Compression::Deflate | Compression::Lzw)) => {
            directory.write_tag(Tag::Compression, if packing == Compression::Lzw { 5_u16 } else { 8 })?;
            directory.write_tag(Tag::Predictor, 2_u16)?;
        }
    }
    match strips.kind {
        Kind::Bitonal => Ok(()),
        Kind::Grey => directory.write_tag(Tag::IccProfile, Profile(profiles::GREY)),
        Kind::Rgb => directory.write_tag(Tag::IccProfile, Profile(profiles::SRGB)),
    }
}

fn write_description<W: Write + Seek>(
    directory: &mut Directory<'_, W>,
    numbers: [usize; 2],
    description: &Description<'_>,
) -> TiffResult<()> {
    if let [Ok(number), Ok(count)] = numbers.map(u16::try_from) {
        directory.write_tag(PAGE_NUMBER, [number, count].as_slice())?;
    }
    let now = description.now;
    let moment = format!(
        "{:04}:{:02}:{:02} {:02}:{:02}:{:02}",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    );
    let texts = [
        (Tag::Software, Some(PRODUCER)),
        (Tag::DateTime, Some(moment.as_str())),
        (DOCUMENT_NAME, Some(description.name)),
        (Tag::ImageDescription, description.title),
        (Tag::Artist, description.author),
    ];
    for (tag, text) in texts {
        if let Some(text) = text.map(clean).filter(|text| !text.is_empty()) {
            directory.write_tag(tag, Text(text))?;
        }
    }
    Ok(())
}

/// A text ends at the first zero byte, and is one line in most readers.
pub(super) fn clean(text: &str) -> String {
    let kept = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    kept.take(limits::TIFF_TEXT_CHARS_MAX).collect::<String>().trim().to_owned()
}

/// A text in UTF-8. TIFF 6.0 knows ASCII alone; readers take what is more as UTF-8, or show other characters.
struct Text(String);

impl TiffValue for Text {
    const BYTE_LEN: u8 = 1;
    const FIELD_TYPE: Type = Type::ASCII;

    fn count(&self) -> usize {
        self.0.len() + 1
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned([self.0.as_bytes(), &[0]].concat())
    }
}

/// A colour profile, which is bytes that mean nothing to a TIFF.
struct Profile(&'static [u8]);

impl TiffValue for Profile {
    const BYTE_LEN: u8 = 1;
    const FIELD_TYPE: Type = Type::UNDEFINED;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.0)
    }
}

//! Pictures to PDF: JPEG, PNG, TIFF, GIF, BMP, WebP, JPEG 2000, JBIG2, Photoshop,
//! and by libheif HEIC and AVIF; one page a picture.
//!
//! Knows no file, process, clock or environment: bytes in, a document out. The result is a complete PDF 1.7 that only lacks
//! what `pdf::archive` adds to make it PDF/A: metadata, an output intent and a file identifier.
//!
//! 1. What a PDF can hold as it is, is not decoded: JPEG, JPEG 2000, JBIG2, fax strips, the data of most PNG files.
//! 2. What must be decoded is measured from its header first, by [`raster::check_size`].
//! 3. A picture is shown whole and upright, at its own resolution, on a page that PDF/A allows.

mod exif;
mod frames;
mod heif;
mod ifd;
mod jbig2;
mod jp2;
mod jpeg;
mod picture;
mod placement;
mod png;
mod profile;
mod psd;
mod raster;
mod tiff;
mod writer;

#[cfg(test)]
mod tests;

use crate::{
    domain::{Event, Format},
    engines::{Error, settings::Images},
    pdf,
};

pub(in crate::engines) use heif::LIBRARY as LIBHEIF;
pub use heif::version as libheif;

use writer::Document;

/// A picture as a PDF.
#[derive(Debug)]
pub struct Converted {
    /// The whole document, flat and without encryption.
    pub pdf: pdf::Document,
    /// How many pages it has.
    pub pages: usize,
    /// What the client is told.
    pub events: Vec<Event>,
}

/// Turns a picture into a PDF whose pages show it, without re-compressing what a PDF can hold as it is.
///
/// # Errors
/// `Corrupt` when too little of the picture is there, `Limit` when it is too large to be decoded, `UnsupportedFeature`
/// for a way of coding that no PDF can hold and no decoder of ours reads, `UnsupportedFormat` for any other format.
pub fn to_pdf(bytes: &[u8], format: Format, settings: Images) -> Result<Converted, Error> {
    let mut document = Document::new();
    let mut events = Vec::new();
    match format {
        Format::Jpeg => document.add_page(jpeg::picture(bytes, &mut events)?),
        Format::Png => document.add_page(png::picture(bytes, &mut events)?),
        Format::Tiff => tiff::add_pages(bytes, &mut document, &mut events)?,
        Format::Gif => frames::add_gif(bytes, settings.frames, &mut document, &mut events)?,
        Format::Bmp => document.add_page(frames::bmp(bytes)?),
        Format::Webp => frames::add_webp(bytes, settings.frames, &mut document, &mut events)?,
        Format::Jp2 => document.add_page(jp2::picture(bytes)?),
        Format::Jbig2 => jbig2::add_pages(bytes, &mut document)?,
        Format::Psd => document.add_page(psd::picture(bytes)?),
        Format::Heic | Format::Avif => heif::add_pages(bytes, settings.frames, &mut document, &mut events)?,
        Format::Pdf
        | Format::Svg
        | Format::Metafile
        | Format::Text
        | Format::Markdown
        | Format::Csv
        | Format::Doc
        | Format::Docx
        | Format::Rtf
        | Format::WordXml
        | Format::Xls
        | Format::Xlsx
        | Format::Xlsb
        | Format::ExcelXml
        | Format::Ppt
        | Format::Pptx
        | Format::Odt
        | Format::Ods
        | Format::Odp
        | Format::Odg
        | Format::Fodt
        | Format::Fods
        | Format::Fodp
        | Format::EncryptedOffice
        | Format::Html
        | Format::Mhtml
        | Format::Eml
        | Format::Msg
        | Format::Tnef
        | Format::Mbox
        | Format::Zip
        | Format::Xml
        | Format::Unknown => {
            return Err(Error::UnsupportedFormat {
                what: format!("it is {}, which is not set as a picture", format.described()),
            });
        }
    }
    let pages = document.page_count();
    Ok(Converted { pdf: document.finish()?, pages, events })
}

/// Says what is wrong with a picture.
fn corrupt(what: impl Into<String>) -> Error {
    Error::Corrupt { what: what.into() }
}

/// Says what a picture uses that cannot be shown.
fn unsupported(feature: impl Into<String>) -> Error {
    Error::UnsupportedFeature { feature: feature.into() }
}

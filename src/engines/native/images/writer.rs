//! Writes the PDF: numbered objects, streams and pages. What the data of pictures are is spelt as a file has it, and read; the
//! data themselves are large and are put in afterwards, as they are.

use std::{borrow::Cow, fmt::Write as _};

use lopdf::{Object, ObjectId};

use crate::{engines::Error, pdf};

use super::{
    picture::{Colours, Filter, Image, Opacity, Picture},
    placement::Placement,
};

/// Number of the catalog.
const CATALOG: usize = 1;
/// Number of the root of the page tree.
const PAGES: usize = 2;

/// A PDF that grows page by page, so that only one picture is in memory beside it.
#[derive(Debug)]
pub(super) struct Document {
    /// The file without the data of its streams.
    bytes: Vec<u8>,
    /// Where each object begins; index 0 is object 1. The first two are written last.
    offsets: Vec<usize>,
    pages: Vec<usize>,
    /// The data of streams, by the numbers of their objects.
    streams: Vec<(usize, Vec<u8>)>,
}

impl Document {
    /// Begins a file without pages.
    pub(super) fn new() -> Self {
        Self { bytes: b"%PDF-1.7\n".to_vec(), offsets: vec![0, 0], pages: Vec::new(), streams: Vec::new() }
    }

    /// How many pages were added.
    pub(super) fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// Adds a page that shows a picture and nothing else.
    pub(super) fn add_page(&mut self, picture: Picture<'_>) {
        let placement = Placement::new(picture.width, picture.height, picture.resolution, picture.orientation);
        let mut content = String::new();
        let mut resources = String::new();
        let mut top = 0;
        for (index, band) in picture.bands.into_iter().enumerate() {
            let height = band.height;
            let image = self.add_image(band);
            let matrix = placement.band_matrix(top, height).map(number).join(" ");
            put(&mut content, format_args!("q {matrix} cm /I{index} Do Q\n"));
            put(&mut resources, format_args!("/I{index} {image} 0 R "));
            top += height;
        }
        let content = self.add_stream("", content.into_bytes());
        let (width, height) = (number(placement.width), number(placement.height));
        let page = self.add(&format!(
            "<</Type/Page/Parent {PAGES} 0 R/MediaBox[0 0 {width} {height}]\
             /Resources<</XObject<<{resources}>>>>/Contents {content} 0 R>>"
        ));
        self.pages.push(page);
    }

    /// Ends the file.
    ///
    /// # Errors
    /// `Internal` when it cannot be read, which is a mistake of ours.
    pub(super) fn finish(mut self) -> Result<pdf::Document, Error> {
        let count = self.pages.len();
        let mut kids = String::new();
        for page in &self.pages {
            put(&mut kids, format_args!("{page} 0 R "));
        }
        self.write(CATALOG, &format!("<</Type/Catalog/Pages {PAGES} 0 R>>"));
        self.write(PAGES, &format!("<</Type/Pages/Count {count}/Kids[{kids}]>>"));
        let start = self.bytes.len();
        let size = self.offsets.len() + 1;
        let mut end = format!("xref\n0 {size}\n0000000000 65535 f \n");
        for offset in &self.offsets {
            put(&mut end, format_args!("{offset:010} 00000 n \n"));
        }
        put(&mut end, format_args!("trailer\n<</Size {size}/Root {CATALOG} 0 R>>\nstartxref\n{start}\n%%EOF\n"));
        self.bytes.extend_from_slice(end.as_bytes());
        let read = pdf::Document::load_mem(&self.bytes).map_err(std::io::Error::other);
        let mut document = read.map_err(|source| not_written(Some(source)))?;
        for (number, data) in self.streams {
            let id: Option<ObjectId> = u32::try_from(number).ok().map(|number| (number, 0));
            let stream = id.and_then(|id| document.objects.get_mut(&id));
            let stream = stream.and_then(|object| Object::as_stream_mut(object).ok());
            stream.ok_or_else(|| not_written(None))?.set_content(data);
        }
        Ok(document)
    }

    fn add_image(&mut self, image: Image<'_>) -> usize {
        let mut dict = format!("/Type/XObject/Subtype/Image/Width {}/Height {}", image.width, image.height);
        if image.colours != Colours::InData {
            let space = self.colour_space(&image);
            put(&mut dict, format_args!("/ColorSpace {space}/BitsPerComponent {}", image.bits));
        }
        if image.inverted {
            let pairs = vec!["1 0"; usize::from(image.colours.samples())].join(" ");
            put(&mut dict, format_args!("/Decode[{pairs}]"));
        }
        if let Some(mask) = image.mask {
            let matte = match (&image.colours, mask.premultiplied) {
                (Colours::Gray, true) => "/Matte[0]",
                (Colours::Rgb, true) => "/Matte[0 0 0]",
                (Colours::Cmyk, true) => "/Matte[0 0 0 0]",
                (Colours::Indexed(_) | Colours::InData, true) | (_, false) => "",
            };
            let mask_dict = format!(
                "/Type/XObject/Subtype/Image/Width {}/Height {}/ColorSpace/DeviceGray/BitsPerComponent {}{matte}{}",
                image.width,
                image.height,
                mask.bits,
                filter_entries(Filter::Rows, image.width, image.height, 1, mask.bits),
            );
            let mask = self.add_stream(&mask_dict, mask.data);
            put(&mut dict, format_args!("/SMask {mask} 0 R"));
        }
        dict.push_str(&filter_entries(image.filter, image.width, image.height, image.colours.samples(), image.bits));
        self.add_stream(&dict, joined(image.data))
    }

    fn colour_space(&mut self, image: &Image<'_>) -> String {
        let (device, samples) = match &image.colours {
            Colours::Gray => ("/DeviceGray", 1),
            Colours::Rgb | Colours::Indexed(_) | Colours::InData => ("/DeviceRGB", 3),
            Colours::Cmyk => ("/DeviceCMYK", 4),
        };
        let base = match &image.profile {
            Some(profile) => {
                let dict = format!("/N {samples}/Alternate {device}");
                let stream = self.add_stream(&dict, profile.to_vec());
                format!("[/ICCBased {stream} 0 R]")
            }
            None => device.to_owned(),
        };
        match &image.colours {
            Colours::Indexed(table) => {
                let last = (table.len() / 3).saturating_sub(1);
                let mut hex = String::with_capacity(table.len() * 2);
                for byte in table {
                    put(&mut hex, format_args!("{byte:02x}"));
                }
                format!("[/Indexed {base} {last} <{hex}>]")
            }
            Colours::Gray | Colours::Rgb | Colours::Cmyk | Colours::InData => base,
        }
    }

    fn add(&mut self, body: &str) -> usize {
        self.offsets.push(0);
        let number = self.offsets.len();
        self.write(number, body);
        number
    }

    fn add_stream(&mut self, dict: &str, data: Vec<u8>) -> usize {
        let number = self.add(&format!("<<{dict}/Length 0>>\nstream\n\nendstream"));
        self.streams.push((number, data));
        number
    }

    fn write(&mut self, number: usize, body: &str) {
        self.offsets[number - 1] = self.bytes.len();
        self.bytes.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
}

/// The parts of one stream as one; what is one already is not copied.
fn joined(parts: Vec<Cow<'_, [u8]>>) -> Vec<u8> {
    match <[_; 1]>::try_from(parts) {
        Ok([whole]) => whole.into_owned(),
        Err(parts) => parts.concat(),
    }
}

fn not_written(source: Option<std::io::Error>) -> Error {
    Error::Internal { doing: "write a picture as a PDF".to_owned(), source }
}

fn filter_entries(filter: Filter, width: u32, height: u32, samples: u8, bits: u8) -> String {
    match filter {
        Filter::Jpeg { colour_transform: None } => "/Filter/DCTDecode".to_owned(),
        Filter::Jpeg { colour_transform: Some(transform) } => {
            format!("/Filter/DCTDecode/DecodeParms<</ColorTransform {}>>", u8::from(transform))
        }
        Filter::Jpeg2000 { opacity } => {
            let mask = match opacity {
                None => "",
                Some(Opacity::Straight) => "/SMaskInData 1",
                Some(Opacity::Premultiplied) => "/SMaskInData 2",
            };
            format!("{mask}/Filter/JPXDecode")
        }
        Filter::Jbig2 => "/Filter/JBIG2Decode".to_owned(),
        Filter::Rows => format!(
            "/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors {samples}/BitsPerComponent {bits}/Columns {width}>>"
        ),
        Filter::Fax { k, byte_aligned, black_is_1 } => format!(
            "/Filter/CCITTFaxDecode/DecodeParms\
             <</K {k}/Columns {width}/Rows {height}/EncodedByteAlign {byte_aligned}/BlackIs1 {black_is_1}>>"
        ),
    }
}

/// A number as PDF spells it: no exponent, no more digits than a viewer can use.
fn number(value: f64) -> String {
    let text = format!("{value:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string cannot fail");
}

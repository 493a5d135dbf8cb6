//! Documents that say in their pages which job and which upload they belong to, and the reading of results.

use std::io::Cursor;

use anyhow::Context as _;
use image::{DynamicImage, ImageFormat, RgbImage};
use lopdf::{Object, ObjectId, Stream, dictionary};

use crate::random::Random;

/// A document to upload.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// Its file name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// What its pages look like in the result; none when it cannot be converted.
    pub(crate) pages: Vec<Page>,
}

/// What tells a page from every other page of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Page {
    /// A page of a PDF, by its size in points.
    Sized(i64, i64),
    /// A picture, by its size in pixels.
    Picture(i64, i64),
    /// Pages of text, as many as there are, by the mark that is on each of them.
    Text(String),
    /// Nothing that the run has made.
    Strange(String),
}

/// Document `index` of a job.
pub(crate) fn document(job: u64, index: u64, random: &mut Random) -> Document {
    match random.within(0..100) {
        0..35 => text(job, index, 1),
        35..40 => text(job, index, 400),
        40..65 => png(job, index),
        _ => pdf(job, index, random.within(1..4)),
    }
}

/// A document that no engine takes.
pub(crate) fn broken(job: u64, index: u64) -> Document {
    let bytes = b"%PDF-1.7\nthis is no PDF, whatever its first line says\n".to_vec();
    Document { name: format!("broken-{job}-{index}.pdf"), bytes, pages: Vec::new() }
}

fn mark(job: u64, index: u64) -> String {
    format!("chaos-{job}-{index}-mark")
}

fn text(job: u64, index: u64, lines: usize) -> Document {
    let mark = mark(job, index);
    let bytes = format!("A line of {mark} and of nothing else.\n").repeat(lines).into_bytes();
    Document { name: format!("text-{job}-{index}.txt"), bytes, pages: vec![Page::Text(mark)] }
}

fn png(job: u64, index: u64) -> Document {
    let (width, height) = (16 + job % 100 * 4 + index, 16 + job / 100);
    let size = |side: u64| u32::try_from(side).unwrap_or(16);
    let shade = |value: u64| u8::try_from(value % 256).unwrap_or_default();
    let color = image::Rgb([shade(job), shade(job / 256), shade(index * 80)]);
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(RgbImage::from_pixel(size(width), size(height), color));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let pages = vec![Page::Picture(i64::from(size(width)), i64::from(size(height)))];
    Document { name: format!("picture-{job}-{index}.png"), bytes: bytes.into_inner(), pages }
}

fn pdf(job: u64, index: u64, count: u64) -> Document {
    let side = |number: u64| i64::try_from(number).unwrap_or_default();
    let sizes: Vec<_> =
        (0..count).map(|page| (side(200 + job % 900), side(200 + job / 900 * 16 + index * 4 + page))).collect();
    let mut document = lopdf::Document::with_version("1.7");
    let root = document.new_object_id();
    let mut kids: Vec<Object> = Vec::new();
    for (width, height) in &sizes {
        let drawing = b"0.2 0.4 0.6 rg 20 20 60 60 re f".to_vec();
        let content = document.add_object(Stream::new(dictionary! {}, drawing));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => dictionary! {},
            "MediaBox" => vec![0.into(), 0.into(), (*width).into(), (*height).into()],
        });
        kids.push(page.into());
    }
    let pages = dictionary! { "Type" => "Pages", "Count" => side(count), "Kids" => kids };
    document.objects.insert(root, pages.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let pages = sizes.into_iter().map(|(width, height)| Page::Sized(width, height)).collect();
    Document { name: format!("pages-{job}-{index}.pdf"), bytes, pages }
}

/// What a result holds.
pub(crate) struct Read {
    /// Its pages; one entry for all pages of one text.
    pub(crate) pages: Vec<Page>,
    /// Its title.
    pub(crate) title: String,
}

/// Reads a result.
pub(crate) fn read(bytes: &[u8]) -> anyhow::Result<Read> {
    let document = lopdf::Document::load_mem(bytes).context("the result is no PDF")?;
    let mut pages = Vec::new();
    for (number, id) in document.get_pages() {
        let page = recognise(&document, number, id);
        let goes_on = matches!(page, Page::Text(_)) && pages.last() == Some(&page);
        if !goes_on {
            pages.push(page);
        }
    }
    let info = document.trailer.get(b"Info").and_then(|info| document.dereference(info));
    let title = info.and_then(|(_, info)| info.as_dict()).and_then(|info| info.get(b"Title"));
    let title = title.and_then(lopdf::decode_text_string).unwrap_or_default();
    Ok(Read { pages, title })
}

fn recognise(document: &lopdf::Document, number: u32, id: ObjectId) -> Page {
    if let Ok(images) = document.get_page_images(id)
        && let [image] = images.as_slice()
    {
        return Page::Picture(image.width, image.height);
    }
    let text = document.extract_text(&[number]).unwrap_or_default();
    if let Some((_, rest)) = text.split_once("chaos-")
        && let Some((mark, _)) = rest.split_once("-mark")
    {
        return Page::Text(format!("chaos-{mark}-mark"));
    }
    match size(document, id) {
        Some((width, height)) if text.trim().is_empty() => Page::Sized(width, height),
        size => Page::Strange(format!("{size:?} {text:?}")),
    }
}

fn size(document: &lopdf::Document, id: ObjectId) -> Option<(i64, i64)> {
    let page = document.get_dictionary(id).ok()?;
    let area = document.dereference(page.get(b"MediaBox").ok()?).ok()?.1.as_array().ok()?;
    let side = |index: usize| {
        let number = document.dereference(area.get(index)?).ok()?.1;
        // Page sizes of the run are whole numbers.
        number.as_i64().ok().or_else(|| format!("{:.0}", number.as_float().ok()?).parse().ok())
    };
    Some((side(2)?, side(3)?))
}

/// Whether pages are those of the documents in their order; a document whose upload had no answer may be missing.
pub(crate) fn fits(pages: &[Page], documents: &[(Vec<Page>, bool)]) -> bool {
    let Some(((expected, sure), rest)) = documents.split_first() else { return pages.is_empty() };
    let taken = match (expected.as_slice(), pages.strip_prefix(expected.as_slice())) {
        (_, Some(after)) if fits(after, rest) => true,
        // The same text twice in a row reads like one longer text.
        ([Page::Text(_)], Some(_)) => rest.first().is_some_and(|(next, _)| next == expected) && fits(pages, rest),
        _ => false,
    };
    taken || (!sure && fits(pages, rest))
}

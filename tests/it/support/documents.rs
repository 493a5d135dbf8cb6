//! Tiny real documents.

use std::{
    io::{Cursor, Write as _},
    path::PathBuf,
};

use image::{DynamicImage, ImageFormat, RgbImage};
use lopdf::{EncryptionState, EncryptionVersion, Object, Permissions, Stream, dictionary};
use zip::{ZipWriter, write::SimpleFileOptions};

/// A file to upload.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// Its name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// A document of any bytes.
pub(crate) fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Document {
    Document { name: name.to_owned(), bytes: bytes.into() }
}

/// Plain text of one page.
pub(crate) fn text(name: &str) -> Document {
    file(name, "Hello, world.\nGrüße aus der Buchbinderei.\n")
}

/// A text of some sixty pages, which takes long enough to be caught at it.
pub(crate) fn long_text() -> Document {
    file("long.txt", "A line that is long enough to be one, and a few more words to fill it.\n".repeat(3_000))
}

/// A small photo-like picture as PNG.
pub(crate) fn png(name: &str) -> Document {
    file(name, picture(ImageFormat::Png))
}

/// The same as JPEG.
pub(crate) fn jpeg(name: &str) -> Document {
    file(name, picture(ImageFormat::Jpeg))
}

/// A JPEG of high quality and so many pixels each way at 600 to the inch, with more in it than a small one can hold.
pub(crate) fn photograph(name: &str, side: u32) -> Document {
    let mut seed = 1_u32;
    let pixels = RgbImage::from_fn(side, side, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let shade = |value: u32| u8::try_from((value + (seed >> 27)) % 256).unwrap();
        image::Rgb([shade(x / 6), shade(y / 6), shade((x + y) / 12)])
    });
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_pixel_density(image::codecs::jpeg::PixelDensity::dpi(600));
    encoder.encode_image(&pixels).unwrap();
    file(name, bytes)
}

fn picture(format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(60, 40, |x, y| {
        let shade = |value: u32| u8::try_from(value % 256).unwrap();
        image::Rgb([shade(x * 4), shade(y * 6), 128])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A PDF with one page for each width in points, so that a page shows where it came from. It uses no font.
pub(crate) fn pdf(name: &str, widths: &[i64]) -> Document {
    let mut bytes = Vec::new();
    pages(widths).save_to(&mut bytes).unwrap();
    file(name, bytes)
}

/// The same under a password, by AES with 256 bits.
pub(crate) fn encrypted_pdf(name: &str, password: &str) -> Document {
    use std::{collections::BTreeMap, sync::Arc};

    use lopdf::encryption::crypt_filters::{Aes256CryptFilter, CryptFilter};
    let mut document = pages(&[300]);
    document
        .trailer
        .set("ID", vec![Object::string_literal("0123456789abcdef"), Object::string_literal("0123456789abcdef")]);
    let filter: Arc<dyn CryptFilter> = Arc::new(Aes256CryptFilter);
    let state = EncryptionState::try_from(EncryptionVersion::V5 {
        encrypt_metadata: true,
        crypt_filters: BTreeMap::from([(b"StdCF".to_vec(), filter)]),
        file_encryption_key: &[7; 32],
        stream_filter: b"StdCF".to_vec(),
        string_filter: b"StdCF".to_vec(),
        owner_password: "owner",
        user_password: password,
        permissions: Permissions::all(),
    })
    .unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    file(name, bytes)
}

fn pages(widths: &[i64]) -> lopdf::Document {
    let mut document = lopdf::Document::with_version("1.7");
    let root = document.new_object_id();
    let mut kids: Vec<Object> = Vec::new();
    for width in widths {
        let drawing = b"0.2 0.4 0.6 rg 20 20 60 60 re f".to_vec();
        let content = document.add_object(Stream::new(dictionary! {}, drawing));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => dictionary! {},
            "MediaBox" => vec![0.into(), 0.into(), (*width).into(), 200.into()],
        });
        kids.push(page.into());
    }
    let count = i64::try_from(widths.len()).unwrap();
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    document
}

/// A Word document of one page.
pub(crate) fn docx(name: &str) -> Document {
    const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
    const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
    const BODY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Hello from a Word document.</w:t></w:r></w:p></w:body></w:document>"#;
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    for (part, content) in [("[Content_Types].xml", TYPES), ("_rels/.rels", RELATIONS), ("word/document.xml", BODY)] {
        package.start_file(part, SimpleFileOptions::default()).unwrap();
        package.write_all(content.as_bytes()).unwrap();
    }
    file(name, package.finish().unwrap().into_inner())
}

/// A ZIP archive of documents.
pub(crate) fn archive(name: &str, entries: &[Document]) -> Document {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        archive.start_file(&entry.name, SimpleFileOptions::default()).unwrap();
        archive.write_all(&entry.bytes).unwrap();
    }
    file(name, archive.finish().unwrap().into_inner())
}

/// An RTF document of one page.
pub(crate) fn rtf(name: &str) -> Document {
    file(name, br"{\rtf1\ansi\deff0{\fonttbl{\f0 Liberation Serif;}}\f0\fs24 Hello from an RTF document.\par}".to_vec())
}

/// Bytes that are no document at all, the same each time.
pub(crate) fn noise(name: &str, count: usize) -> Document {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let bytes = (0..count).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    });
    file(name, bytes.collect::<Vec<u8>>())
}

/// A folder of documents that are no part of the project: below `BINDERY_SHARED`, else in `shared` beside the project. `None`
/// where there is none, which is told.
#[expect(clippy::disallowed_methods, reason = "says where documents are that are no part of the project")]
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let root = std::env::var_os("BINDERY_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let found = root.join(folder);
    let is_there = found.is_dir();
    if !is_there {
        eprintln!("{} is not there: nothing was compared", found.display());
    }
    is_there.then_some(found)
}

//! The documents: made here, so that all subjects and all machines have the same ones.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};

use crate::peers::Peers;

/// Files in a folder.
pub(crate) struct Inputs {
    pub(crate) docx_10: PathBuf,
    office: Vec<(&'static str, PathBuf)>,
    pictures: Vec<(&'static str, PathBuf)>,
    pages: Vec<(&'static str, PathBuf)>,
    pub(crate) text: PathBuf,
    pub(crate) small_text: PathBuf,
    pub(crate) small_picture: PathBuf,
}

const SENTENCE: &str = "The quarterly report names every figure that the board has asked for, and each of them twice. ";
/// Paragraphs of a page.
const PARAGRAPHS: usize = 9;

impl Inputs {
    pub(crate) async fn make(folder: &Path, peers: &Peers) -> Self {
        let folder = folder.join("inputs");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let write = |name: &str, bytes: &[u8]| {
            let file = folder.join(name);
            std::fs::write(&file, bytes).expect("a document can be written");
            file
        };
        let mut office = Vec::new();
        for (name, flat, format, content) in [
            ("DOCX, 1 page", "text-1.fodt", "docx", text_document(1)),
            ("DOCX, 10 pages", "text-10.fodt", "docx", text_document(10)),
            ("XLSX, 1 page", "sheet-1.fods", "xlsx", workbook(40)),
            ("XLSX, 10 pages", "sheet-10.fods", "xlsx", workbook(500)),
            ("PPTX, 1 slide", "slides-1.fodp", "pptx", slides(1)),
            ("PPTX, 10 slides", "slides-10.fodp", "pptx", slides(10)),
        ] {
            let flat = write(flat, content.as_bytes());
            let made = peers.soffice_to(&flat, format).await;
            assert!(made.exists(), "LibreOffice made no {format} of {}", flat.display());
            let kept = folder.join(made.file_name().unwrap_or_default());
            std::fs::rename(made, &kept).expect("it can be moved");
            office.push((name, kept));
        }
        let picture = |name: &str, format, picture: image::DynamicImage| {
            let file = folder.join(name);
            picture.save_with_format(&file, format).expect("a picture can be written");
            file
        };
        let pictures = vec![
            ("JPEG, 12 MP", picture("photo.jpg", ImageFormat::Jpeg, photo(4000, 3000).into())),
            ("PNG, 2 MP", picture("photo.png", ImageFormat::Png, photo(1600, 1250).into())),
            ("PNG, grey, 300 dpi", picture("scan.png", ImageFormat::Png, scan(2480, 3508).into())),
        ];
        let pages = vec![
            ("an invoice of 1 page", write("invoice.html", invoice(12).as_bytes())),
            ("a report of about 30 pages", write("report.html", report().as_bytes())),
        ];
        Self {
            docx_10: office.get(1).map(|(_, file)| file.clone()).unwrap_or_default(),
            office,
            pictures,
            pages,
            text: write("plain.txt", SENTENCE.repeat(66_000 / SENTENCE.len()).replace(". ", ".\n").as_bytes()),
            small_text: write("small.txt", SENTENCE.as_bytes()),
            small_picture: picture("small.jpg", ImageFormat::Jpeg, photo(320, 200).into()),
        }
    }

    pub(crate) fn office(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.office.iter().map(|(name, file)| (*name, file.as_path()))
    }

    pub(crate) fn pictures(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.pictures.iter().map(|(name, file)| (*name, file.as_path()))
    }

    pub(crate) fn pages(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.pages.iter().map(|(name, file)| (*name, file.as_path()))
    }
}

fn flat(kind: &str, body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.{kind}"><office:automatic-styles><style:style style:name="P" style:family="paragraph"><style:paragraph-properties fo:break-before="page"/></style:style></office:automatic-styles><office:body>{body}</office:body></office:document>"#
    )
}

fn text_document(pages: usize) -> String {
    let mut body = String::from("<office:text>");
    for page in 1..=pages {
        let style = if page > 1 { " text:style-name=\"P\"" } else { "" };
        write!(body, "<text:h text:outline-level=\"1\"{style}>Chapter {page}</text:h>").expect("text grows");
        for _ in 0..PARAGRAPHS {
            write!(body, "<text:p>{}</text:p>", SENTENCE.repeat(3)).expect("text grows");
        }
        let row = format!(
            "<table:table-row>{}</table:table-row>",
            "<table:table-cell><text:p>cell</text:p></table:table-cell>".repeat(4)
        );
        write!(
            body,
            "<table:table><table:table-column table:number-columns-repeated=\"4\"/>{}</table:table>",
            row.repeat(5)
        )
        .expect("text grows");
    }
    flat("text", &(body + "</office:text>"))
}

fn workbook(rows: usize) -> String {
    let mut body = String::from("<office:spreadsheet><table:table table:name=\"Figures\">");
    for row in 1..=rows {
        body.push_str("<table:table-row>");
        write!(body, "<table:table-cell office:value-type=\"string\"><text:p>Item {row}</text:p></table:table-cell>")
            .expect("text grows");
        for column in 1..=5 {
            let value = row * column;
            write!(body, "<table:table-cell office:value-type=\"float\" office:value=\"{value}\"><text:p>{value}</text:p></table:table-cell>").expect("text grows");
        }
        body.push_str("</table:table-row>");
    }
    flat("spreadsheet", &(body + "</table:table></office:spreadsheet>"))
}

fn slides(count: usize) -> String {
    let mut body = String::from("<office:presentation>");
    for slide in 1..=count {
        write!(body, "<draw:page draw:name=\"Slide {slide}\">").expect("text grows");
        for line in 0..6 {
            let at = 2 + line * 3;
            write!(body, "<draw:frame svg:x=\"2cm\" svg:y=\"{at}cm\" svg:width=\"20cm\" svg:height=\"2cm\"><draw:text-box><text:p>Point {line} of slide {slide}</text:p></draw:text-box></draw:frame><draw:rect svg:x=\"23cm\" svg:y=\"{at}cm\" svg:width=\"3cm\" svg:height=\"2cm\"/>").expect("text grows");
        }
        body.push_str("</draw:page>");
    }
    flat("presentation", &(body + "</office:presentation>"))
}

/// Something like a photograph: smooth, with a grain.
fn photo(width: u32, height: u32) -> RgbImage {
    let mut grain = 1_u32;
    RgbImage::from_fn(width, height, |x, y| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = grain >> 28;
        let shade = |value: u32| u8::try_from(value + noise).unwrap_or(u8::MAX);
        Rgb([shade(x * 200 / width), shade(y * 200 / height), shade((x + y) * 120 / (width + height))])
    })
}

/// Something like a page of text that was scanned.
fn scan(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        let is_ink = (y / 20) % 3 == 0 && (x / 7 + y / 5) % 4 == 0;
        Luma([if is_ink { 30 } else { 250 }])
    })
}

const LOOK: &str = "<style>body { font: 11pt sans-serif } table { border-collapse: collapse; width: 100% } td, th { border: 1px solid #999; padding: 4px } h1 { color: #036 } .sum { float: right; background: #eef; padding: 8px }</style>";

fn invoice(rows: usize) -> String {
    let row = "<tr><td>A thing</td><td>2</td><td>10.00</td><td>20.00</td></tr>";
    format!(
        "<!doctype html><html lang=en><title>Invoice</title>{LOOK}<h1>Invoice 4711</h1><p>{SENTENCE}<table><tr><th>Item<th>Count<th>Price<th>Sum</tr>{}</table><p class=sum>240.00</p>",
        row.repeat(rows)
    )
}

fn report() -> String {
    let chapter = |number: usize| {
        format!(
            "<h1>Chapter {number}</h1>{}<table>{}</table>",
            format!("<p>{}</p>", SENTENCE.repeat(6)).repeat(8),
            "<tr><td>one</td><td>two</td><td>three</td></tr>".repeat(15)
        )
    };
    format!("<!doctype html><html lang=en><title>Report</title>{LOOK}{}", (1..=20).map(chapter).collect::<String>())
}

//! Small jobs, at least one of each workflow.

use std::io::Cursor;

use bindery::{domain::limits::TIFF_PIECE_PAGES, workflows::Kind};
use hayro::{
    RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, hayro_syntax::Pdf,
    vello_cpu::color::palette::css::WHITE,
};
use image::{DynamicImage, GrayImage, ImageFormat};
use serde_json::{Value, json};

use super::super::{invoice, mail::mail, other_files::holding};
use crate::support::{
    Document,
    documents::{archive, file, pdf, png, text},
};

/// A job.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) workflow: &'static str,
    /// Settings of the profile; the argument is where time stamps are to be had.
    pub(super) settings: fn(&str) -> Value,
    pub(super) documents: fn() -> Vec<Document>,
    /// The kinds of its tasks, but for the purge.
    pub(super) kinds: &'static [Kind],
    /// How the job ends.
    pub(super) outcome: &'static str,
}

const PLAIN: Case = Case {
    name: "",
    workflow: "",
    settings: |_| json!({}),
    documents: || vec![text("a.txt"), png("b.png")],
    kinds: &[Kind::Convert, Kind::Assemble],
    outcome: "success",
};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "archive_pdfa1_signed",
        workflow: "Archive PDF/A-1",
        settings: |_| json!({ "signature": { "certificate": "office" } }),
        ..PLAIN
    },
    Case {
        name: "archive_pdfa2_with_a_mail",
        workflow: "Archive PDF/A-2",
        documents: || {
            let inner = archive("c.zip", &[pdf("d.pdf", &[301]), file("e.exe", "MZ")]);
            vec![mail("a.eml", "a", &[text("b.txt"), file("run.exe", "MZ"), inner]), pdf("f.pdf", &[302])]
        },
        outcome: "warning",
        ..PLAIN
    },
    Case {
        name: "archive_pdfa3_as_a_collection",
        workflow: "Archive PDF/A-3",
        settings: |_| json!({ "children": { "collect": "collection", "failure": "original" } }),
        documents: || {
            vec![archive("a.zip", &[text("b.txt"), file("broken.pdf", "%PDF-1.7 and no more"), png("c.png")])]
        },
        outcome: "warning",
        ..PLAIN
    },
    Case {
        name: "scans_with_their_text",
        workflow: "Archive PDF/A-2",
        settings: |_| json!({ "textRecognition": { "mode": "missing", "dotsPerInch": 100 } }),
        documents: || vec![scan("a.png"), scan("b.png")],
        kinds: &[Kind::Convert, Kind::Recognise, Kind::Assemble],
        ..PLAIN
    },
    Case {
        name: "conversion_by_way_of_another_lane",
        workflow: "Conversion",
        // Its name does not say that it is for a browser.
        documents: || vec![file("page", "<!DOCTYPE html><title>A</title><p>Text of a page</p>"), text("b.txt")],
        ..PLAIN
    },
    Case {
        name: "dossier",
        workflow: "Dossier",
        settings: |_| json!({ "pdfa": "pdfa2", "signature": { "certificate": "office" } }),
        documents: || vec![text("a.txt"), archive("b.zip", &[pdf("c.pdf", &[301, 302])])],
        ..PLAIN
    },
    Case {
        name: "invoice_signed",
        workflow: "Invoice",
        settings: |_| json!({ "signature": { "certificate": "office" } }),
        documents: || vec![text("a.txt"), file("data.xml", invoice::XML), png("receipt.png")],
        ..PLAIN
    },
    Case {
        name: "tiff",
        workflow: "Archive TIFF",
        documents: || vec![pdf("a.pdf", &[90]), pdf("b.pdf", &[91])],
        ..PLAIN
    },
    Case {
        name: "tiff_in_pieces",
        workflow: "Archive TIFF",
        settings: |_| json!({ "tiff": { "resolution": 72 } }),
        documents: || {
            let sizes: Vec<i64> = (40..).take(TIFF_PIECE_PAGES).collect();
            vec![pdf("a.pdf", &sizes), pdf("b.pdf", &[30, 31])]
        },
        kinds: &[Kind::Convert, Kind::Draw, Kind::Assemble],
        ..PLAIN
    },
    Case {
        name: "extract_xml",
        workflow: "Extract XML",
        documents: || vec![holding("a.pdf", &[("a.xml", b"<a/>")]), holding("b.pdf", &[("b.xml", b"<b/>")])],
        ..PLAIN
    },
    Case { name: "convert_to_xml", workflow: "Convert to XML", ..PLAIN },
    Case {
        name: "sign_with_a_time_stamp",
        workflow: "Sign",
        settings: |url| json!({ "certificate": "office", "timeStamp": { "url": url } }),
        documents: || vec![archived("a.pdf"), archived("b.pdf")],
        ..PLAIN
    },
    Case {
        name: "a_document_that_cannot_be_converted",
        workflow: "Archive PDF/A-2",
        documents: || vec![text("a.txt"), file("broken.pdf", "%PDF-1.7 and no more"), png("c.png")],
        kinds: &[Kind::Convert],
        outcome: "error",
        ..PLAIN
    },
];

/// The first lines of the flyer among the samples as a scanner sees them.
fn scan(name: &str) -> Document {
    let flyer = Pdf::new(include_bytes!("../../../samples/flyer.pdf").to_vec()).unwrap();
    let settings = RenderSettings { x_scale: 1.5, y_scale: 1.5, bg_color: WHITE, ..RenderSettings::default() };
    let drawn = hayro::render(&flyer.pages()[0], &RenderCache::new(), &InterpreterSettings::default(), &settings);
    let pixels = drawn.data().iter().map(|pixel| pixel.g).collect();
    let page = GrayImage::from_raw(drawn.width().into(), drawn.height().into(), pixels).unwrap();
    let part = DynamicImage::ImageLuma8(page).crop_imm(0, 0, 800, 300);
    let mut bytes = Cursor::new(Vec::new());
    part.write_to(&mut bytes, ImageFormat::Png).unwrap();
    file(name, bytes.into_inner())
}

/// A PDF that is PDF/A-2 as it is.
fn archived(name: &str) -> Document {
    let document = bindery::pdf::read(pdf(name, &[300]).bytes, &[]).unwrap().document;
    let fonts = bindery::pdf::fonts::FontFolder::open(&[]);
    let wanted = bindery::pdf::gate::Wanted {
        part: bindery::pdf::validate::Part::Two,
        metadata: &bindery::domain::metadata::Metadata::default(),
        now: time::OffsetDateTime::UNIX_EPOCH,
        fonts: &fonts,
        writer: None,
    };
    file(name, bindery::pdf::gate::pass(document, &wanted).unwrap().bytes)
}

//! The trailer, the catalog, and the pages' own entries.

use lopdf::{Dictionary, Document, Object};

use super::Findings;
use crate::{
    domain::limits,
    pdf::{object, pages, stream},
};

/// Shortest side of a page in points (6.1.13).
const PAGE_POINTS_MIN: f32 = 3.0;

/// Most bytes of metadata that are looked at.
const PACKET_BYTES_MAX: usize = 8 << 20;

/// Checks what belongs to the document as a whole.
pub(super) fn check(document: &Document, findings: &mut Findings) {
    if document.trailer.has(b"Encrypt") {
        findings.add("6.1.3", "The document is encrypted.");
    }
    let Some(catalog) = object::catalog(document) else {
        findings.add("6.1.2", "The document has no catalog.");
        return;
    };
    if pages::list(document).is_empty() {
        findings.add("6.1.2", "The document has no pages.");
    }
    for (key, clause, message) in [
        ("AA", "6.5.2", "The document has additional actions."),
        ("NeedsRendering", "6.4.2", "The document is a dynamic form."),
        ("Requirements", "6.11", "The document has requirements to its reader."),
        ("Perms", "6.1.12", "The document has permissions by signature."),
        ("Collection", "6.8", "The document is a portfolio."),
    ] {
        if catalog.has(key.as_bytes()) {
            findings.add(clause, message);
        }
    }
    if let Some(names) = object::dictionary(document, catalog, b"Names") {
        for (key, clause, message) in [
            ("JavaScript", "6.5.1", "The document has scripts."),
            ("EmbeddedFiles", "6.8", "The document has embedded files."),
            ("AlternatePresentations", "6.10", "The document has alternate presentations."),
        ] {
            if names.has(key.as_bytes()) {
                findings.add(clause, message);
            }
        }
    }
    if let Some(form) = object::dictionary(document, catalog, b"AcroForm") {
        if form.has(b"XFA") {
            findings.add("6.4.2", "The document has an XFA form.");
        }
        if object::get(document, form, b"NeedAppearances").is_some_and(|value| value.as_bool().unwrap_or(false)) {
            findings.add("6.4.1", "The form leaves its looks to the reader.");
        }
    }
    layers(document, catalog, findings);
    intents(document, catalog, findings);
    metadata(document, catalog, findings);
    for page in pages::list(document) {
        if let Some(page) = object::at(document, page) {
            sizes(document, page, findings);
        }
    }
}

fn layers(document: &Document, catalog: &Dictionary, findings: &mut Findings) {
    let Some(properties) = object::dictionary(document, catalog, b"OCProperties") else { return };
    let default = object::dictionary(document, properties, b"D").into_iter();
    let others = object::array(document, properties, b"Configs").unwrap_or_default();
    let others = others.iter().filter_map(|other| object::as_dictionary(object::resolve(document, other)));
    let mut names = Vec::new();
    for configuration in default.chain(others) {
        if configuration.has(b"AS") {
            findings.add("6.9", "A configuration of layers changes by events.");
        }
        match object::text(document, configuration, b"Name") {
            Some(name) if !name.is_empty() && !names.contains(&name) => names.push(name),
            Some(_) | None => findings.add("6.9", "A configuration of layers has no name of its own."),
        }
    }
}

fn intents(document: &Document, catalog: &Dictionary, findings: &mut Findings) {
    let intents = object::array(document, catalog, b"OutputIntents").unwrap_or_default();
    let count = intents
        .iter()
        .filter_map(|intent| object::as_dictionary(object::resolve(document, intent)))
        .filter(|intent| object::name(document, intent, b"S") == Some(b"GTS_PDFA1"))
        .count();
    if count > 1 {
        findings.add("6.2.3", "The document has more than one output intent.");
    }
}

fn metadata(document: &Document, catalog: &Dictionary, findings: &mut Findings) {
    let Some(Object::Stream(held)) = object::get(document, catalog, b"Metadata") else {
        findings.add("6.6.2.1", "The document has no metadata.");
        return;
    };
    let packet = stream::unpack_within(held, PACKET_BYTES_MAX).unwrap_or_default();
    let packet = String::from_utf8_lossy(&packet);
    let claims = ["<pdfaid:part>2<", "pdfaid:part=\"2\"", "pdfaid:part='2'"];
    if !packet.contains("http://www.aiim.org/pdfa/ns/id/") || !claims.iter().any(|claim| packet.contains(claim)) {
        findings.add("6.6.4", "The metadata do not claim PDF/A-2.");
    }
    let info = object::dictionary(document, &document.trailer, b"Info");
    for (key, property) in
        [("Title", "dc:title"), ("Author", "dc:creator"), ("Keywords", "pdf:Keywords"), ("Producer", "pdf:Producer")]
    {
        let said = info.and_then(|info| object::text(document, info, key.as_bytes())).filter(|text| !text.is_empty());
        if said.is_some() && !packet.contains(property) {
            findings.add("6.6.2.3", format!("The metadata lack what the document information calls {key}."));
        }
    }
}

fn sizes(document: &Document, page: &Dictionary, findings: &mut Findings) {
    for key in ["MediaBox", "CropBox", "BleedBox", "TrimBox", "ArtBox"] {
        let Some([left, bottom, right, top]) = object::rectangle(document, page, key.as_bytes()) else { continue };
        let sides = [(right - left).abs(), (top - bottom).abs()];
        if sides.iter().any(|side| *side < PAGE_POINTS_MIN || *side > limits::PAGE_POINTS_MAX) {
            let [width, height] = sides;
            findings.add(
                "6.1.13",
                format!("A page of {width} by {height} points is outside the limits of 3 to 14,400 points."),
            );
        }
    }
    if page.has(b"PresSteps") {
        findings.add("6.10", "A page has presentation steps.");
    }
    if page.has(b"AA") {
        findings.add("6.5.2", "A page has additional actions.");
    }
}

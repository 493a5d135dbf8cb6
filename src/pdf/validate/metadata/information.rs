//! The document information dictionary (part 1: 6.7.3): what `Info` says, the metadata say as well. Later parts ask
//! readers to look at the metadata alone.

use lopdf::{Dictionary, Object};

use super::{
    dates,
    schemas::namespace::{DC, PDF, XMP},
    types,
    xmp::{Form, List, Model, Node},
};
use crate::pdf::{
    object,
    validate::{rule::Findings, subject::Subject},
};

/// `Title` is the default of `dc:title` (6.7.3 of part 1).
pub(super) fn title(subject: &Subject<'_>, findings: &mut Findings) {
    compare(subject, findings, "Title", "dc:title", |model| by_default(model, model.property(DC, "title")?));
}

/// `Author` is the only item of `dc:creator` (6.7.3 of part 1).
pub(super) fn author(subject: &Subject<'_>, findings: &mut Findings) {
    compare(subject, findings, "Author", "dc:creator", |model| {
        let creators = model.property(DC, "creator")?;
        let is_ordered = matches!(creators.form, Form::List(List::Seq | List::Alt, _));
        let mut items = model.held(creators);
        let (Some(creator), None, true) = (items.next(), items.next(), is_ordered) else { return None };
        creator.text()
    });
}

/// `Subject` is the default of `dc:description` (6.7.3 of part 1).
pub(super) fn subject(subject: &Subject<'_>, findings: &mut Findings) {
    compare(subject, findings, "Subject", "dc:description", |model| {
        by_default(model, model.property(DC, "description")?)
    });
}

/// `Keywords` is `pdf:Keywords` (6.7.3 of part 1).
pub(super) fn keywords(subject: &Subject<'_>, findings: &mut Findings) {
    compare(subject, findings, "Keywords", "pdf:Keywords", |model| model.property(PDF, "Keywords")?.text());
}

/// `Creator` is `xmp:CreatorTool` (6.7.3 of part 1).
pub(super) fn creator(subject: &Subject<'_>, findings: &mut Findings) {
    compare(subject, findings, "Creator", "xmp:CreatorTool", |model| model.property(XMP, "CreatorTool")?.text());
}

/// `Producer` is `pdf:Producer` (6.7.3 of part 1).
pub(super) fn producer(subject: &Subject<'_>, findings: &mut Findings) {
    compare(subject, findings, "Producer", "pdf:Producer", |model| model.property(PDF, "Producer")?.text());
}

/// `CreationDate` is the same instant as `xmp:CreateDate`, where there are both (6.7.3 of part 1).
pub(super) fn creation_date(subject: &Subject<'_>, findings: &mut Findings) {
    compare_dates(subject, findings, "CreationDate", "CreateDate");
}

/// `ModDate` is the same instant as `xmp:ModifyDate`, where there are both (6.7.3 of part 1).
pub(super) fn modification_date(subject: &Subject<'_>, findings: &mut Findings) {
    compare_dates(subject, findings, "ModDate", "ModifyDate");
}

/// What `Info` holds under a key, as text.
fn said(subject: &Subject<'_>, key: &str) -> Option<String> {
    let info: &Dictionary = object::dictionary(subject.document, &subject.document.trailer, b"Info")?;
    let value = object::get(subject.document, info, key.as_bytes())?;
    let Object::String(bytes, _) = value else { return Some("something other than a text".to_owned()) };
    let text = lopdf::decode_text_string(value).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
    Some(text.strip_suffix('\0').map(str::to_owned).unwrap_or(text))
}

fn model<'s>(subject: &'s Subject<'_>) -> Option<&'s Model> {
    subject.packets().main()?.xmp.as_ref().ok().map(|xmp| &xmp.model)
}

fn compare(
    subject: &Subject<'_>,
    findings: &mut Findings,
    key: &str,
    name: &str,
    property: impl Fn(&Model) -> Option<&str>,
) {
    let Some(said) = said(subject, key) else { return };
    let found = model(subject).and_then(property);
    if found != Some(said.as_str()) {
        let found = found.map_or_else(|| "does not say it alone".to_owned(), |text| format!("says \"{text}\""));
        findings.add_document(&format!("Info says {key} \"{said}\", but {name} {found}."));
    }
}

fn compare_dates(subject: &Subject<'_>, findings: &mut Findings, key: &str, name: &str) {
    let property = model(subject).and_then(|model| model.property(XMP, name)).and_then(Node::text);
    let (Some(said), Some(property)) = (said(subject, key), property) else { return };
    let Some(instant) = dates::xmp_instant(property) else { return };
    if dates::pdf_instant(&said) != Some(instant) {
        findings.add_document(&format!("Info says {key} \"{said}\", but xmp:{name} says \"{property}\"."));
    }
}

/// The text for readers of no particular language: the one that is marked so, else the first.
fn by_default<'m>(model: &'m Model, node: &'m Node) -> Option<&'m str> {
    if !types::is_languages(model, node) || model.held(node).any(|item| item.language.is_none()) {
        return None;
    }
    let is_default = |item: &&Node| item.language.as_deref() == Some("x-default");
    model.held(node).find(is_default).or_else(|| model.held(node).next())?.text()
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Object, dictionary};

    use crate::pdf::validate::{
        Flavour,
        metadata::testing::{breaks_in, description, document, packet},
    };

    const SAID: &str = r#"<dc:title><rdf:Alt><rdf:li xml:lang="de">Titel</rdf:li><rdf:li xml:lang="x-default">Title</rdf:li></rdf:Alt></dc:title>
        <dc:description><rdf:Alt><rdf:li xml:lang="en">About</rdf:li></rdf:Alt></dc:description>
        <dc:creator><rdf:Seq><rdf:li>Ann</rdf:li></rdf:Seq></dc:creator>
        <pdf:Keywords>a, b</pdf:Keywords><pdf:Producer>P</pdf:Producer><xmp:CreatorTool>T</xmp:CreatorTool>
        <xmp:CreateDate>2026-01-31T12:00:00+01:00</xmp:CreateDate><xmp:ModifyDate>2026-01-31</xmp:ModifyDate>"#;

    fn breaks(rule: &str, xmp: &str, info: Dictionary) -> bool {
        let mut document = document(&packet(&description(xmp)));
        document.trailer.set("Info", info);
        breaks_in(rule, Flavour::A1B, &document)
    }

    #[test]
    fn info_that_says_something_else_is_refused() {
        let cases = [
            ("info-title", "Title", "Title", "Titel"),
            ("info-subject", "Subject", "About", ""),
            ("info-author", "Author", "Ann", "Bob"),
            ("info-keywords", "Keywords", "a, b\0", "a"),
            ("info-creator", "Creator", "T", "P"),
            ("info-producer", "Producer", "P", "T"),
            ("info-creation-date", "CreationDate", "D:20260131110000Z", "D:20260131120000Z"),
            ("info-creation-date", "CreationDate", "D:20260131060000-05'00'", "20260131110000Z"),
            ("info-modification-date", "ModDate", "D:20260131", "D:202602"),
        ];
        for (rule, key, same, other) in cases {
            let info = |text| dictionary! { key => Object::string_literal(text) };
            assert!(!breaks(rule, SAID, info(same)), "{rule} {same}");
            assert!(breaks(rule, SAID, info(other)), "{rule} {other}");
            assert!(!breaks(rule, SAID, Dictionary::new()), "{rule} without it");
            assert_eq!(breaks(rule, "", info(same)), !rule.ends_with("date"), "{rule} without metadata");
        }
        let two = SAID.replace("<rdf:li>Ann</rdf:li>", "<rdf:li>Ann</rdf:li><rdf:li>Bob</rdf:li>");
        assert!(breaks("info-author", &two, dictionary! { "Author" => Object::string_literal("Ann") }));
    }
}

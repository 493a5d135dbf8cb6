//! What the tests of this chapter share.

use lopdf::{Document, Object, Stream, dictionary, xref::XrefType};

use crate::pdf::validate::{Flavour, Report, rule::Rule, validate};

/// A file of one page with an identifier, changed by the test.
pub(in crate::pdf::validate) fn file(change: impl FnOnce(&mut Document)) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    document.reference_table.cross_reference_type = XrefType::CrossReferenceTable;
    let content = document.add_object(Stream::new(dictionary! {}, b"0 0 1 1 re f".to_vec()));
    let pages = document.new_object_id();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content, "Resources" => dictionary! {},
        "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
    });
    document.objects.insert(pages, dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    document.trailer.set("ID", vec![Object::string_literal("a"), Object::string_literal("a")]);
    change(&mut document);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// The file with another content of its page.
pub(in crate::pdf::validate) fn drawing(content: &str) -> Vec<u8> {
    file(|document| {
        let page = document.page_iter().next().unwrap();
        let id = document.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
        document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set("Contents", id);
    })
}

/// The file with an entry in its catalog.
pub(in crate::pdf::validate) fn with_catalog(key: &str, value: impl Into<Object>) -> Vec<u8> {
    file(|document| document.catalog_mut().unwrap().set(key, value))
}

/// The file with its catalog's `/Type` preceded by other bytes; the table is not mended.
pub(in crate::pdf::validate) fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = memchr::memmem::find(bytes, from.as_bytes()).expect("the text is there");
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

/// A file of which a part of the body is replaced, with a table that is right again.
pub(in crate::pdf::validate) fn rewritten(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let bytes = replaced(bytes, from, to);
    let table = memchr::memmem::rfind(&bytes, b"\nxref\n").unwrap() + 1;
    let root = Document::load_mem(&file(|_| {})).unwrap().trailer.get(b"Root").unwrap().as_reference().unwrap();
    let mut offsets: Vec<(u32, usize)> = Vec::new();
    for at in memchr::memmem::find_iter(&bytes[..table], b" obj") {
        let start = bytes[..at].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
        let number = std::str::from_utf8(&bytes[start..at]).unwrap().split_whitespace().next().unwrap();
        offsets.push((number.parse().unwrap(), start));
    }
    let rows: String = offsets.iter().map(|(number, at)| format!("{number} 1\n{at:010} 00000 n \n")).collect();
    let tail = format!("xref\n{rows}trailer\n<</Size 99/Root {} 0 R/ID[(a)(a)]>>\nstartxref\n{table}\n%%EOF\n", root.0);
    [&bytes[..table], tail.as_bytes()].concat()
}

/// Whether a file breaks a rule.
pub(in crate::pdf::validate) fn breaks(rule: &Rule, bytes: &[u8], flavour: Flavour) -> bool {
    let Report { failed, .. } = validate(bytes, flavour);
    assert!(failed.iter().all(|failure| failure.rule != "readable"), "{failed:?}");
    failed.iter().any(|failure| failure.rule == rule.name && Some(failure.clause) == rule.clause_for(flavour))
}

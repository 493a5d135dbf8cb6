//! Small documents for the tests of annotations, forms, actions and logical structure.

use lopdf::{Dictionary, Document, Object, dictionary};

use crate::pdf::validate::{Flavour, rule::Rule, subject::Subject};

/// A document of one page, with more entries of the catalog and of the page.
pub(in crate::pdf::validate) fn document(catalog: Dictionary, page: Dictionary) -> Document {
    let mut document = Document::with_version("1.7");
    let pages = document.new_object_id();
    let mut page = page;
    page.set("Type", "Page");
    page.set("Parent", pages);
    let page = document.add_object(page);
    document.set_object(pages, dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 });
    let mut catalog = catalog;
    catalog.set("Type", "Catalog");
    catalog.set("Pages", pages);
    let root = document.add_object(catalog);
    document.trailer.set("Root", root);
    document
}

/// A document with one annotation.
pub(in crate::pdf::validate) fn annotated(annotation: Dictionary) -> Document {
    document(dictionary! {}, dictionary! { "Annots" => vec![Object::Dictionary(annotation)] })
}

/// The names of the rules that a document breaks.
pub(in crate::pdf::validate) fn broken(document: &Document, flavour: Flavour, rules: &[Rule]) -> Vec<&'static str> {
    let subject = Subject::new(b"", 0, document, flavour);
    rules.iter().filter_map(|rule| rule.run(&subject)).map(|failure| failure.rule).collect()
}

/// Whether a document breaks a rule.
pub(in crate::pdf::validate) fn breaks(document: &Document, flavour: Flavour, rules: &[Rule], name: &str) -> bool {
    broken(document, flavour, rules).contains(&name)
}
